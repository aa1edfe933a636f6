//! Goals to answers.

use super::kept::Over;
use super::{Answer, Error, Session};
use crate::analysis::{self, Goal};
use crate::base::{Budget, CancelToken, Diagnostic, Limits, Stop};
use crate::engine::{Engine, EvalError, Model, Request, Tables, Tuning};
use crate::model::schema::{PredId, PredKind, Schema};
use crate::model::{CheckedProgram, Rule, Value};
use crate::storage::{Database, Interner, Stored, Table, Word};
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
            return Err(self.unreadable(text, diagnostics));
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

    /// Evaluates goals, by demand where that is on, and relations, whole, under the session's
    /// limits. What is known from before is not evaluated again, and what has been is kept.
    pub(super) fn evaluate(&mut self, goals: &[Rule], wanted: &[PredId]) -> Result<Model, Error> {
        let model = self.evaluate_once(goals, wanted)?;
        if !self.options.forget {
            let program = &self.base.analysis.program;
            self.kept.keep(program, self.base.database.stored(), &model);
            let most = self.limits.memory.map_or(u64::MAX, |limit| limit / 2);
            if self.kept.bytes() > most {
                self.kept.clear();
            }
        }
        Ok(model)
    }

    /// The same, keeping nothing.
    pub(super) fn evaluate_once(&mut self, goals: &[Rule], wanted: &[PredId]) -> Result<Model, Error> {
        let program = &self.base.analysis.program;
        let demand = !self.options.whole;
        let tuning = self.tuning();
        let found = loop {
            let known = self.kept.current(
                &mut Over {
                    program,
                    database: &mut self.base.database,
                    engine: &self.engine,
                    limits: &self.limits,
                    cancel: &self.cancel,
                },
                goals,
                wanted,
            );
            let known = Some(&known);
            let request = Request { demand, known, tuning, ..Request::new(program, goals, wanted) };
            let database = &mut self.base.database;
            let held = self.kept.bytes();
            match evaluated(&self.engine, &request, database, &self.limits, &self.cancel, held) {
                // Rather nothing kept than no answer.
                Err(EvalError::Stopped { stop: Stop::Memory(_), .. }) if !self.kept.is_empty() => {
                    self.kept.clear();
                }
                found => break found,
            }
        };
        found.map_err(|error| failed(program, goals, &error))
    }

    /// Evaluates everything anew and notes how.
    pub(super) fn evaluate_noting(&mut self, goals: &[Rule], wanted: &[PredId]) -> Result<Model, Error> {
        let mut request = Request::new(&self.base.analysis.program, goals, wanted);
        request.profile = true;
        request.rounds = self.is_guarded(wanted);
        request.demand = !self.options.whole;
        request.tuning = self.tuning();
        let database = &mut self.base.database;
        evaluate(&self.engine, &request, database, &self.limits, &self.cancel)
    }

    pub(super) fn tuning(&self) -> Tuning {
        Tuning { jobs: self.options.threads(), ..Tuning::default() }
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

    /// Whether tuples of some of these relations can give way, or their number is limited.
    pub(super) fn is_guarded(&self, relations: &[PredId]) -> bool {
        relations.iter().any(|pred| self.program().is_guarded(*pred))
    }

    /// Evaluates for a look at proofs of what goals and wanted relations reach: what gave way is noted
    /// where anything does.
    pub(super) fn evaluate_for_proofs(&mut self, goals: &[Rule], reached: &[PredId]) -> Result<Model, Error> {
        match self.is_guarded(reached) {
            true => self.evaluate_traced(goals, reached),
            false => self.evaluate(goals, reached),
        }
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
pub(super) fn reached(program: &CheckedProgram, goals: &[Rule], wanted: &[PredId]) -> Vec<PredId> {
    let mut open = wanted.to_vec();
    goals.iter().for_each(|goal| goal.body.atoms(&mut |atom, _| open.push(atom.pred)));
    let mut reached = std::collections::BTreeSet::new();
    while let Some(pred) = open.pop() {
        if reached.insert(pred) {
            for id in program.rules_of.get(&pred).into_iter().flatten() {
                program.rule(*id).body.atoms(&mut |atom, _| open.push(atom.pred));
            }
            program.guard_reads(pred, &mut |read| open.push(read));
        }
    }
    reached.into_iter().collect()
}

/// Evaluates a request over a database.
pub(super) fn evaluate(
    engine: &impl Engine,
    request: &Request<'_>,
    database: &mut Database,
    limits: &Limits,
    cancel: &CancelToken,
) -> Result<Model, Error> {
    evaluated(engine, request, database, limits, cancel, 0)
        .map_err(|error| failed(request.program, request.goals, &error))
}

/// The same; `held` bytes count from the start.
fn evaluated(
    engine: &impl Engine,
    request: &Request<'_>,
    database: &mut Database,
    limits: &Limits,
    cancel: &CancelToken,
    held: u64,
) -> Result<Model, EvalError> {
    let (stored, interner) = database.split();
    let tables = Stated { schema: &request.program.schema, stored };
    let budget = Budget::new(limits.clone(), cancel.clone());
    budget.allocate(held).map_err(|stop| EvalError::Stopped { stop, rule: None })?;
    engine.evaluate(request, &tables, interner, &budget)
}

/// Why an evaluation has no result.
pub(super) fn failed(program: &CheckedProgram, goals: &[Rule], error: &EvalError) -> Error {
    match error {
        EvalError::Stopped { stop: Stop::Cancelled, .. } => Error::Cancelled,
        EvalError::Stopped { .. } => Error::Limit(Box::new(error.diagnostic(program, goals))),
        _ => Error::Failed(Box::new(error.diagnostic(program, goals))),
    }
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
