//! What an evaluation did, for people: where time and tuples went, rule by rule.

use std::collections::HashMap;
use std::time::Duration;

use super::{Error, Session};
use crate::base::escape;
use crate::engine::{Profile, RoundProfile, RuleRef};
use crate::model::{PredId, Schema};

/// Rounds shown one by one; later ones are taken together, twice as many each time.
const SINGLE_ROUNDS: usize = 8;

/// What became of one rule's plans together.
#[derive(Default)]
struct Total {
    time: Duration,
    runs: u64,
    produced: u64,
    visited: u64,
    per_round: Vec<RoundProfile>,
}

impl Session {
    /// Evaluates a goal and says where time and tuples went.
    pub fn profile(&mut self, text: &str) -> Result<String, Error> {
        let (goal, _) = self.goal(text)?;
        let model = self.enter(&goal.under)?.evaluate_noting(&[goal.rule], &[])?;
        Ok(self.profile_text(model.profile()))
    }

    /// Three tables: rules, the slowest first; the relations they define; and, if there were any,
    /// the rounds of each recursive rule.
    pub fn profile_text(&self, profile: &Profile) -> String {
        let is_shared = |pred| profile.shared.iter().any(|shared| shared.made.pred == pred);
        let mut totals: HashMap<(RuleRef, Option<PredId>), Total> = HashMap::new();
        for plan in &profile.plans {
            let made = Some(plan.plan.head).filter(|pred| is_shared(*pred));
            let total = totals.entry((plan.rule, made)).or_default();
            total.time += plan.time;
            total.runs += plan.runs;
            total.produced += plan.produced;
            total.visited += plan.visited.iter().sum::<u64>();
            let rounds = total.per_round.len().max(plan.per_round.len());
            total.per_round.resize(rounds, RoundProfile::default());
            for (sum, round) in total.per_round.iter_mut().zip(&plan.per_round) {
                add(sum, round);
            }
        }
        let schema = self.evaluated(profile);
        let mut rules: Vec<(String, Total)> = totals
            .into_iter()
            .map(|((rule, made), total)| (self.name_of(rule, made, profile, &schema), total))
            .collect();
        rules.sort_by(|a, b| b.1.time.cmp(&a.1.time).then_with(|| a.0.cmp(&b.0)));
        let mut lines = vec![["time", "runs", "read", "produced", "rule"].map(str::to_owned)];
        for (name, total) in &rules {
            lines.push([
                milliseconds(total.time),
                total.runs.to_string(),
                total.visited.to_string(),
                total.produced.to_string(),
                name.clone(),
            ]);
        }
        let mut text = aligned(&lines);
        let heads = ["rows", "stated", "produced", "repeated", "rounds", "relation"];
        let mut lines = vec![heads.map(str::to_owned)];
        for relation in &profile.relations {
            let known = schema.predicates.get(relation.pred.0 as usize);
            // A query's answer is a relation behind those of the schema.
            let name = known.map_or("answer".to_owned(), |predicate| predicate.name.to_string());
            let derived = relation.rows.saturating_sub(relation.stated);
            lines.push([
                relation.rows.to_string(),
                relation.stated.to_string(),
                relation.produced.to_string(),
                relation.produced.saturating_sub(derived).to_string(),
                relation.rounds.to_string(),
                name,
            ]);
        }
        text.push('\n');
        text.push_str(&aligned(&lines));
        let heads = ["round", "time", "produced", "new", "repeated", "rule"];
        let mut lines = vec![heads.map(str::to_owned)];
        for (name, total) in &rules {
            for (rounds, sum) in grouped(&total.per_round) {
                lines.push([
                    rounds,
                    milliseconds(sum.time),
                    sum.produced.to_string(),
                    sum.fresh.to_string(),
                    sum.produced.saturating_sub(sum.fresh).to_string(),
                    name.clone(),
                ]);
            }
        }
        if lines.len() > 1 {
            text.push('\n');
            text.push_str(&aligned(&lines));
        }
        if !profile.shared.is_empty() {
            text.push_str(&format!("\n{}\n", self.shared(profile).join("\n")));
        }
        text
    }

    /// The rule's relation and place; `made` is the relation of what several rules share.
    fn name_of(&self, rule: RuleRef, made: Option<PredId>, profile: &Profile, schema: &Schema) -> String {
        match rule {
            RuleRef::Goal(index) => {
                let shared = made.and_then(|made| schema.predicates.get(made.0 as usize));
                shared.map_or_else(|| format!("query {}", index + 1), |shared| shared.name.to_string())
            }
            RuleRef::Rule(id) => {
                let program = match &profile.demand {
                    Some(Ok(demanded)) => &demanded.program,
                    _ => self.program(),
                };
                let Some(rule) = program.rules.get(id.0 as usize) else { return String::new() };
                let head = &schema.predicate(made.unwrap_or(rule.head)).name;
                format!("{head} ({})", escape::printable(&self.sources().place(rule.span)))
            }
        }
    }
}

fn add(sum: &mut RoundProfile, round: &RoundProfile) {
    sum.time += round.time;
    sum.produced += round.produced;
    sum.fresh += round.fresh;
}

fn milliseconds(time: Duration) -> String {
    format!("{:.1} ms", time.as_secs_f64() * 1e3)
}

/// The first rounds one by one, then 9 to 16, 17 to 32 and so on, each under its name.
fn grouped(rounds: &[RoundProfile]) -> Vec<(String, RoundProfile)> {
    let mut groups = Vec::new();
    let mut from = 0;
    while from < rounds.len() {
        let to = if from < SINGLE_ROUNDS { from + 1 } else { (2 * from).min(rounds.len()) };
        let mut sum = RoundProfile::default();
        rounds.iter().take(to).skip(from).for_each(|round| add(&mut sum, round));
        let name = if to == from + 1 { to.to_string() } else { format!("{}–{to}", from + 1) };
        groups.push((name, sum));
        from = to;
    }
    groups
}

/// Columns to the right, but the last.
fn aligned<const N: usize>(lines: &[[String; N]]) -> String {
    let width = |column: usize| lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let mut text = String::new();
    for line in lines {
        for (column, (cell, width)) in line.iter().zip(widths).enumerate() {
            if column + 1 == N {
                text.push_str(cell);
            } else {
                text.push_str(&format!("{cell:>width$}  "));
            }
        }
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn late_rounds_are_taken_together() {
        let rounds: Vec<RoundProfile> =
            (1..=20).map(|i| RoundProfile { time: Duration::ZERO, produced: i, fresh: 1 }).collect();
        let shown: Vec<(String, u64, u64)> =
            grouped(&rounds).into_iter().map(|(name, sum)| (name, sum.produced, sum.fresh)).collect();
        assert_eq!(shown.len(), 10);
        assert_eq!(shown[7], ("8".to_owned(), 8, 1));
        // 9 + 10 + … + 16 and 17 + … + 20.
        assert_eq!(shown[8], ("9–16".to_owned(), 100, 8));
        assert_eq!(shown[9], ("17–20".to_owned(), 74, 4));
    }

    #[test]
    fn columns_stand_to_the_right() {
        let line = |a: &str, b: &str| [a.to_owned(), b.to_owned()];
        assert_eq!(aligned(&[line("rows", "rule"), line("7", "P")]), "rows  rule\n   7  P\n");
    }
}
