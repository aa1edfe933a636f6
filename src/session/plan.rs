//! How a goal is evaluated, for people.

use super::{Answer, Error, Session};
use crate::plan::show;

/// An answer with the plan that found it.
#[derive(Debug)]
pub struct Explained {
    /// The answer.
    pub answer: Answer,
    /// The plans, for people.
    pub text: String,
    /// As a Graphviz graph.
    pub dot: String,
    /// As a Mermaid graph.
    pub mermaid: String,
    /// As JSON.
    pub json: String,
}

impl Session {
    /// Answers a goal and shows how.
    pub fn explain_plan(&mut self, text: &str) -> Result<Explained, Error> {
        let (goal, _) = self.goal(text)?;
        let goals = [goal.rule.clone()];
        let model = self.evaluate(&goals, &[], true)?;
        let answer = self.rows(&goal, &model);
        let program = self.program();
        Ok(Explained {
            answer,
            text: show::text(program, &goals, model.profile(), &self.sources),
            dot: show::dot(program, &goals, model.profile(), &self.sources),
            mermaid: show::mermaid(program, &goals, model.profile(), &self.sources),
            json: show::json(program, &goals, model.profile(), &self.sources),
        })
    }
}
