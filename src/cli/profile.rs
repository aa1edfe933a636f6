//! What `run --profile` says: where time and tuples went, rule by rule.

use std::collections::HashMap;
use std::time::Duration;

use crate::base::escape;
use crate::engine::{Profile, RuleRef};
use crate::session::Session;

/// What became of one rule's plans together.
#[derive(Default)]
struct Total {
    time: Duration,
    runs: u64,
    produced: u64,
    visited: u64,
}

/// Two tables: rules, the slowest first, and the relations they define.
pub(super) fn render(profile: &Profile, session: &Session) -> String {
    let mut totals: HashMap<RuleRef, Total> = HashMap::new();
    for plan in &profile.plans {
        let total = totals.entry(plan.rule).or_default();
        total.time += plan.time;
        total.runs += plan.runs;
        total.produced += plan.produced;
        total.visited += plan.visited.iter().sum::<u64>();
    }
    let mut rules: Vec<(String, Total)> =
        totals.into_iter().map(|(rule, total)| (name(rule, session), total)).collect();
    rules.sort_by(|a, b| b.1.time.cmp(&a.1.time).then_with(|| a.0.cmp(&b.0)));
    let mut lines = vec![["time", "runs", "read", "produced", "rule"].map(str::to_owned)];
    for (name, total) in rules {
        let time = format!("{:.1} ms", total.time.as_secs_f64() * 1e3);
        lines.push([
            time,
            total.runs.to_string(),
            total.visited.to_string(),
            total.produced.to_string(),
            name,
        ]);
    }
    let mut text = aligned(&lines);
    let mut lines = vec![["rows", "stated", "produced", "rounds", "relation"].map(str::to_owned)];
    for relation in &profile.relations {
        let name = session
            .schema()
            .predicates
            .get(relation.pred.0 as usize)
            .map(|predicate| predicate.name.to_string());
        // A query's answer is a relation behind those of the schema.
        let name = name.unwrap_or("answer".to_owned());
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
fn name(rule: RuleRef, session: &Session) -> String {
    match rule {
        RuleRef::Goal(index) => format!("query {}", index + 1),
        RuleRef::Rule(id) => {
            let Some(rule) = session.program().rules.get(id.0 as usize) else { return String::new() };
            let head = &session.schema().predicate(rule.head).name;
            format!("{head} ({})", escape::printable(&session.sources().place(rule.span)))
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
