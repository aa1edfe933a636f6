//! How a goal is evaluated: its plans with what was expected and what happened.

use std::sync::Arc;

use super::{Answer, Error, Session};
use crate::analysis::types::builtin;
use crate::engine::{Profile, RuleRef, SharedProfile};
use crate::model::schema::{Column, PredKind, Predicate, Schema};
use crate::model::{PredId, Rule};
use crate::plan::demand::Unused;
use crate::plan::show::{self, Actual, Shown};

/// An answer with the plans that found it.
#[derive(Debug)]
pub struct Explained {
    /// The answer.
    pub answer: Answer,
    /// The plans in the order in which they ran; the goal's comes last. `plan::show` makes text and
    /// graphs of them.
    pub plans: Vec<Shown>,
    /// Which relations were asked for what the goal gives, or why none were; `None` where there is
    /// nothing to derive.
    pub demand: Option<String>,
    /// Joins that several rules have in common and that were made once: a line for each.
    pub shared: Vec<String>,
}

impl Explained {
    /// The plans as text, and below them what `demand` and `shared` say.
    pub fn text(&self) -> String {
        let mut text = show::text(&self.plans);
        if let Some(demand) = &self.demand {
            text.push_str(&format!("{demand}\n"));
        }
        self.shared.iter().for_each(|shared| text.push_str(&format!("{shared}\n")));
        text
    }
}

impl Session {
    /// Answers a goal and shows how.
    pub fn explain_plan(&mut self, text: &str) -> Result<Explained, Error> {
        let (goal, _) = self.goal(text)?;
        let goals = [goal.rule.clone()];
        let mut within = self.enter(&goal.under)?;
        let model = within.evaluate_noting(&goals, &[])?;
        let answer = within.rows(&goal, &model, None)?;
        let profile = model.profile();
        let (plans, shared) = (within.plans(&goals, profile), within.shared(profile));
        Ok(Explained { answer, plans, demand: demand_text(profile), shared })
    }

    /// The plans of a profile, for people.
    pub fn plans(&self, goals: &[Rule], profile: &Profile) -> Vec<Shown> {
        let program = self.evaluated(profile);
        let (goals, rules) = match &profile.demand {
            Some(Ok(demanded)) => (&*demanded.goals, &demanded.program.rules),
            _ => (goals, &self.program().rules),
        };
        profile
            .plans
            .iter()
            .filter_map(|done| {
                let rule = match done.rule {
                    RuleRef::Rule(id) => rules.get(id.0 as usize)?,
                    RuleRef::Goal(index) => goals.get(index)?,
                };
                let actual = Actual {
                    visited: &done.visited,
                    entered: &done.entered,
                    produced: done.produced,
                    runs: done.runs,
                };
                Some(show::show(&program, &with_names(rule), &done.plan, Some(actual)))
            })
            .collect()
    }

    /// What was joined once for several rules, a line for each.
    pub(super) fn shared(&self, profile: &Profile) -> Vec<String> {
        let schema = self.evaluated(profile);
        let name = |pred: &PredId| {
            schema.predicates.get(pred.0 as usize).map_or("answer", |predicate| &predicate.name).to_owned()
        };
        let line = |shared: &SharedProfile| {
            let relations: Vec<String> = shared.relations.iter().map(name).collect();
            let (joined, rules) = (relations.join(", "), shared.readers.len());
            let readers = if rules == 1 { "one rule".to_owned() } else { format!("{rules} rules") };
            format!("{}: {joined} joined once for {readers}", shared.made.name)
        };
        profile.shared.iter().map(line).collect()
    }

    /// The schema with the relations that an evaluation made.
    pub(super) fn evaluated(&self, profile: &Profile) -> Arc<Schema> {
        let demanded = match &profile.demand {
            Some(Ok(demanded)) => demanded.made.as_slice(),
            _ => &[],
        };
        if demanded.is_empty() && profile.shared.is_empty() {
            return Arc::clone(self.schema());
        }
        let mut schema = Schema::clone(self.schema());
        let relation = |name: &str, columns: &[String]| Predicate {
            name: name.into(),
            columns: columns
                .iter()
                .map(|name| Column {
                    name: name.as_str().into(),
                    ty: builtin::SYMBOL,
                    optional: false,
                    default: None,
                })
                .collect(),
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Derived,
            span: None,
        };
        for made in demanded.iter().chain(profile.shared.iter().map(|shared| &shared.made)) {
            // The goals' own ids lie between.
            while schema.predicates.len() < made.pred.0 as usize {
                schema.predicates.push(relation("answer", &[]));
            }
            schema.predicates.push(relation(&made.name, &made.columns));
        }
        Arc::new(schema)
    }
}

/// The rule with names for variables that nobody wrote; those begin with a digit, so that they clash
/// with nothing.
fn with_names(rule: &Rule) -> Rule {
    let mut rule = rule.clone();
    for var in &mut rule.vars {
        if let Some(name) = var.name.strip_prefix('0') {
            var.name = name.into();
        }
    }
    rule
}

fn demand_text(profile: &Profile) -> Option<String> {
    match profile.demand.as_ref()? {
        Ok(demanded) => {
            let asked = demanded.made.iter().filter_map(|made| made.name.strip_prefix("demand "));
            Some(format!("by demand: {}", asked.collect::<Vec<_>>().join(", ")))
        }
        Err(Unused::NothingDerived) => None,
        Err(unused) => Some(unused.to_string()),
    }
}
