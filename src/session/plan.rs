//! How a goal is evaluated: its plans with what was expected and what happened.

use super::{Answer, Error, Session};
use crate::engine::{Profile, RuleRef};
use crate::model::Rule;
use crate::plan::show::{self, Actual, Shown};

/// An answer with the plans that found it.
#[derive(Debug)]
pub struct Explained {
    /// The answer.
    pub answer: Answer,
    /// The plans in the order in which they ran; the goal's comes last. `plan::show` makes text and
    /// graphs of them.
    pub plans: Vec<Shown>,
}

impl Session {
    /// Answers a goal and shows how.
    pub fn explain_plan(&mut self, text: &str) -> Result<Explained, Error> {
        let (goal, _) = self.goal(text)?;
        let goals = [goal.rule.clone()];
        let mut within = self.enter(&goal.under)?;
        let model = within.evaluate(&goals, &[], true)?;
        let answer = within.rows(&goal, &model, None)?;
        Ok(Explained { answer, plans: within.plans(&goals, model.profile()) })
    }

    /// The plans of a profile, for people.
    pub fn plans(&self, goals: &[Rule], profile: &Profile) -> Vec<Shown> {
        let program = self.program();
        profile
            .plans
            .iter()
            .filter_map(|done| {
                let rule = match done.rule {
                    RuleRef::Rule(id) => program.rules.get(id.0 as usize)?,
                    RuleRef::Goal(index) => goals.get(index)?,
                };
                let actual = Actual { visited: &done.visited, produced: done.produced };
                Some(show::show(&program.schema, rule, &done.plan, Some(actual)))
            })
            .collect()
    }
}
