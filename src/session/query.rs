//! Goals to answers.

use super::{Answer, Error, Session};
use crate::analysis::{self, Goal};
use crate::base::{Budget, Diagnostic, Stop};
use crate::engine::{Engine, EvalError, Model, Request, Tables};
use crate::model::schema::{PredId, PredKind, Schema};
use crate::model::{CheckedProgram, Rule, Value};
use crate::storage::Stored;
use crate::storage::{Interner, Table, Word};
use crate::syntax::datalog;

impl Session {
    /// Answers a goal, written `?- … .`, `…?` or bare. Warnings come with the answer.
    pub fn query(&mut self, text: &str) -> Result<(Answer, Vec<Diagnostic>), Error> {
        let (goal, warnings) = self.goal(text)?;
        let answer = self.enter(&goal.under)?.answer(&goal, None)?;
        Ok((answer, warnings))
    }

    pub(super) fn goal(&mut self, text: &str) -> Result<(Goal, Vec<Diagnostic>), Error> {
        let file = self.add_text("<query>", text);
        let (goal, diagnostics) = datalog::parse_goal(file, text);
        let Some(goal) = goal.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return Err(Error::Invalid(diagnostics));
        };
        self.ready()?;
        self.checked_goal(&goal)
    }

    /// Checks a parsed goal against the rules in force.
    pub(super) fn checked_goal(&self, goal: &datalog::ast::Goal) -> Result<(Goal, Vec<Diagnostic>), Error> {
        let (goal, mut warnings) = analysis::goal(self.program(), goal).map_err(Error::Invalid)?;
        warnings.extend(self.unknown_ids(&goal.rule));
        if !goal.under.is_empty() {
            let made = analysis::scenario::scenario(self.schema(), &goal.under).map_err(Error::Invalid)?;
            warnings.extend(self.unknown_in_scenario(&made));
        }
        Ok((goal, warnings))
    }

    /// Evaluates a checked goal; at most `most` rows of the answer are kept.
    pub(super) fn answer(&mut self, goal: &Goal, most: Option<usize>) -> Result<Answer, Error> {
        let goals = std::slice::from_ref(&goal.rule);
        let model = self.evaluate(goals, &[], false)?;
        self.rows(goal, &model, most)
    }

    /// Evaluates goals and relations under the session's limits.
    pub(super) fn evaluate(
        &mut self,
        goals: &[Rule],
        wanted: &[PredId],
        profile: bool,
    ) -> Result<Model, Error> {
        let program = &self.base.analysis.program;
        let mut request = Request::new(program, goals, wanted);
        request.profile = profile;
        evaluate(&self.engine, &request, &mut self.base.database, &self.limits, &self.cancel)
    }

    /// Evaluates goals and relations with everything they reach, noting rounds: what a
    /// [`Graph`](crate::provenance::Graph) is made of.
    pub(super) fn evaluate_traced(&mut self, goals: &[Rule], wanted: &[PredId]) -> Result<Model, Error> {
        let program = &self.base.analysis.program;
        let reached = reached(program, goals, wanted);
        let mut request = Request::new(program, goals, &reached);
        request.rounds = true;
        evaluate(&self.engine, &request, &mut self.base.database, &self.limits, &self.cancel)
    }

    /// The stated tables under the ids of the program's schema.
    pub(super) fn stated_tables(&self) -> Stated<'_> {
        Stated { schema: self.schema(), stored: self.base.database.stored() }
    }

    /// What a reader of the last answer has to know: files left out, and what its scenario left out
    /// beside what it says.
    pub fn notes(&self) -> Vec<String> {
        let mut notes = match self.base.left_out.as_slice() {
            [] => Vec::new(),
            [file] => vec![format!("without {file}, which does not load")],
            files => vec![format!("without {} files that do not load: {}", files.len(), files.join(", "))],
        };
        notes.extend_from_slice(&self.scenario_notes);
        notes
    }
}

/// The relations that goals and wanted ones depend on, these included.
fn reached(program: &CheckedProgram, goals: &[Rule], wanted: &[PredId]) -> Vec<PredId> {
    let mut open = wanted.to_vec();
    goals.iter().for_each(|goal| goal.body.atoms(&mut |atom, _| open.push(atom.pred)));
    let mut reached = std::collections::BTreeSet::new();
    while let Some(pred) = open.pop() {
        if reached.insert(pred) {
            for id in program.rules_of.get(&pred).into_iter().flatten() {
                program.rule(*id).body.atoms(&mut |atom, _| open.push(atom.pred));
            }
        }
    }
    reached.into_iter().collect()
}

/// Evaluates a request over a database.
pub(super) fn evaluate(
    engine: &impl Engine,
    request: &Request<'_>,
    database: &mut crate::storage::Database,
    limits: &crate::base::Limits,
    cancel: &crate::base::CancelToken,
) -> Result<Model, Error> {
    let program = request.program;
    let (stored, interner) = database.split();
    let tables = Stated { schema: &program.schema, stored };
    let budget = Budget::new(limits.clone(), cancel.clone());
    engine.evaluate(request, &tables, interner, &budget).map_err(|error| match &error {
        EvalError::Stopped { stop: Stop::Cancelled, .. } => Error::Cancelled,
        EvalError::Stopped { .. } => Error::Limit(Box::new(error.diagnostic(program, request.goals))),
        _ => Error::Failed(Box::new(error.diagnostic(program, request.goals))),
    })
}

/// The database's tables under the ids of a program's schema, which knows derived relations too.
pub(super) struct Stated<'a> {
    schema: &'a Schema,
    stored: Stored<'a>,
}

impl Tables for Stated<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        match self.schema.predicates.get(pred.0 as usize)?.kind {
            PredKind::Declared | PredKind::Assertions(_) => self.stored.table(pred),
            PredKind::Derived | PredKind::Answer => None,
        }
    }
}

/// The values of a row.
pub(super) fn values(interner: &Interner, row: &[Word]) -> Vec<Value> {
    row.iter().map(|word| interner.value(*word)).collect()
}

/// A program with the schema of another and no rules, for goals over a model that is there already.
pub(super) fn without_rules(program: &CheckedProgram) -> CheckedProgram {
    CheckedProgram { schema: program.schema.clone(), ..CheckedProgram::default() }
}
