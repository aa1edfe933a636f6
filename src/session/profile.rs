//! What an evaluation did, for people: where time and tuples went, rule by rule.

use std::collections::HashMap;
use std::time::Duration;

use super::{Error, Session};
use crate::base::escape;
use crate::engine::{Profile, RuleRef};
use crate::model::Schema;

/// What became of one rule's plans together.
#[derive(Default)]
struct Total {
    time: Duration,
    runs: u64,
    produced: u64,
    visited: u64,
}

impl Session {
    /// Evaluates a goal and says where time and tuples went.
    pub fn profile(&mut self, text: &str) -> Result<String, Error> {
        let (goal, _) = self.goal(text)?;
        let model = self.enter(&goal.under)?.evaluate_noting(&[goal.rule], &[])?;
        Ok(self.profile_text(model.profile()))
    }

    /// Two tables: rules, the slowest first, and the relations they define.
    pub fn profile_text(&self, profile: &Profile) -> String {
        let mut totals: HashMap<RuleRef, Total> = HashMap::new();
        for plan in &profile.plans {
            let total = totals.entry(plan.rule).or_default();
            total.time += plan.time;
            total.runs += plan.runs;
            total.produced += plan.produced;
            total.visited += plan.visited.iter().sum::<u64>();
        }
        let schema = self.evaluated(profile);
        let mut rules: Vec<(String, Total)> =
            totals.into_iter().map(|(rule, total)| (self.name_of(rule, profile, &schema), total)).collect();
        rules.sort_by(|a, b| b.1.time.cmp(&a.1.time).then_with(|| a.0.cmp(&b.0)));
        let mut lines = vec![["time", "runs", "read", "produced", "rule"].map(str::to_owned)];
        for (name, total) in rules {
            lines.push([
                format!("{:.1} ms", total.time.as_secs_f64() * 1e3),
                total.runs.to_string(),
                total.visited.to_string(),
                total.produced.to_string(),
                name,
            ]);
        }
        let mut text = aligned(&lines);
        let mut lines = vec![["rows", "stated", "produced", "rounds", "relation"].map(str::to_owned)];
        for relation in &profile.relations {
            let known = schema.predicates.get(relation.pred.0 as usize);
            // A query's answer is a relation behind those of the schema.
            let name = known.map_or("answer".to_owned(), |predicate| predicate.name.to_string());
            lines.push([
                relation.rows.to_string(),
                relation.stated.to_string(),
                relation.produced.to_string(),
                relation.rounds.to_string(),
                name,
            ]);
        }
        text.push('\n');
        text.push_str(&aligned(&lines));
        text
    }

    /// The rule's relation and place.
    fn name_of(&self, rule: RuleRef, profile: &Profile, schema: &Schema) -> String {
        match rule {
            RuleRef::Goal(index) => format!("query {}", index + 1),
            RuleRef::Rule(id) => {
                let program = match &profile.demand {
                    Some(Ok(demanded)) => &demanded.program,
                    _ => self.program(),
                };
                let Some(rule) = program.rules.get(id.0 as usize) else { return String::new() };
                let head = &schema.predicate(rule.head).name;
                format!("{head} ({})", escape::printable(&self.sources().place(rule.span)))
            }
        }
    }
}

/// Columns to the right, but the last.
fn aligned(lines: &[[String; 5]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].len()).max().unwrap_or(0);
    let widths = [width(0), width(1), width(2), width(3)];
    let mut text = String::new();
    for [a, b, c, d, name] in lines {
        let [wa, wb, wc, wd] = widths;
        text.push_str(&format!("{a:>wa$}  {b:>wb$}  {c:>wc$}  {d:>wd$}  {name}\n"));
    }
    text
}
