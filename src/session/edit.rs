//! Steps of a session: assert, retract, define, undo, reload. A step that fails changes nothing.

use std::path::Path;
use std::sync::Arc;

use super::base::{Base, Loading, Unit};
use super::input;
use super::{Answer, Error, Session};
use crate::analysis::{self, Analysis, ground};
use crate::base::codes::analysis as analysis_codes;
use crate::base::codes::project as codes;
use crate::base::{Diagnostic, diagnostic};
use crate::files::{self, FileText, Trust};
use crate::model::Fact;
use crate::model::schema::{PredId, Schema};
use crate::storage::load::{self, FactText};
use crate::storage::{Pattern, Snapshot};
use crate::syntax::datalog;
use crate::syntax::datalog::ast::{self, Line};

/// What a step was and what it takes to undo it.
pub(super) struct Step {
    pub change: Change,
    declared: Arc<Schema>,
    snapshot: Snapshot,
    /// The units and their analysis, when the step changed them.
    rules: Option<(Vec<Unit>, Analysis)>,
}

/// What a step did.
#[derive(Clone, Debug, PartialEq)]
pub enum Change {
    /// Facts were asserted: how many, and how many of their tuples are new.
    Asserted {
        /// Facts stated.
        facts: usize,
        /// Tuples that nobody had stated before.
        new: usize,
    },
    /// So many assertions were retracted.
    Retracted(usize),
    /// So many items (rules, declarations, checks) were added.
    Defined(usize),
}

/// What came of a line.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// A query's answer.
    Answer(Answer),
    /// A step was taken.
    Changed(Change),
}

impl Session {
    /// Runs a line of the REPL that is not a command. Warnings come with the outcome.
    pub fn line(&mut self, text: &str) -> Result<(Outcome, Vec<Diagnostic>), Error> {
        self.line_within(text, None)
    }

    /// As [`Session::line`], keeping at most `most` rows of an answer, the first in its order;
    /// [`Answer::more`] says how many there are beside them.
    pub fn line_within(
        &mut self,
        text: &str,
        most: Option<usize>,
    ) -> Result<(Outcome, Vec<Diagnostic>), Error> {
        let file = self.add_text("<input>", text);
        let (line, diagnostics) = datalog::parse_line(file, text);
        let Some(line) = line.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return Err(self.unreadable(text, diagnostics));
        };
        self.ready()?;
        match line {
            Line::Query(goal) => {
                let (goal, warnings) = self.checked_goal(&goal)?;
                let answer = self.enter(&goal.under)?.answer(&goal, most)?;
                Ok((Outcome::Answer(answer), warnings))
            }
            Line::Items(items) => {
                let unit = Unit { file, path: None, program: Arc::new(ast::Program { items }) };
                self.add_unit(unit).map(|(change, warnings)| (Outcome::Changed(change), warnings))
            }
            Line::Assert(atom) => {
                let fact = ground::fact(self.schema(), &atom).map_err(Error::Invalid)?;
                let warnings = self.unknown_in_fact(&fact);
                let change = self.assert_facts(vec![fact])?;
                Ok((Outcome::Changed(change), warnings))
            }
            Line::Retract(atom) => {
                let pattern = ground::pattern(self.schema(), &atom).map_err(Error::Invalid)?;
                Ok((Outcome::Changed(self.retract_pattern(&pattern)?), Vec::new()))
            }
        }
    }

    /// Asserts facts whose tuples fit their relations.
    pub fn assert_facts(&mut self, facts: Vec<Fact>) -> Result<Change, Error> {
        self.ready()?;
        let before = self.stated(facts.iter().map(|fact| fact.predicate));
        let snapshot = self.base.database.snapshot();
        self.base.database.assert(&facts);
        let new = self.stated(facts.iter().map(|fact| fact.predicate)) - before;
        let change = Change::Asserted { facts: facts.len(), new };
        self.record(change.clone(), snapshot, None);
        Ok(change)
    }

    /// Asserts the fact that an atom writes (`Attended(leader: "x", …)`, with or without `+`).
    pub fn assert(&mut self, text: &str) -> Result<Change, Error> {
        let atom = self.atom(text)?;
        let fact = ground::fact(self.schema(), &atom).map_err(Error::Invalid)?;
        self.assert_facts(vec![fact])
    }

    /// Retracts the assertions that a pattern picks; what it leaves out is any.
    pub fn retract(&mut self, text: &str) -> Result<Change, Error> {
        let atom = self.atom(text)?;
        let pattern = ground::pattern(self.schema(), &atom).map_err(Error::Invalid)?;
        self.retract_pattern(&pattern)
    }

    pub(super) fn atom(&mut self, text: &str) -> Result<ast::Atom, Error> {
        let file = self.add_text("<input>", text);
        let (atom, diagnostics) = datalog::parse_atom_pattern(file, text);
        match atom {
            Some(atom) if !diagnostics.iter().any(Diagnostic::is_error) => Ok(atom),
            _ => Err(Error::Invalid(diagnostics)),
        }
    }

    pub(super) fn retract_pattern(&mut self, pattern: &ground::Pattern) -> Result<Change, Error> {
        self.ready()?;
        let snapshot = self.base.database.snapshot();
        let removed = self.base.database.retract(&Pattern {
            predicate: pattern.predicate,
            columns: pattern.columns.clone(),
            fits: &|tuple, assertion| pattern.fits_parts(tuple) && pattern.fits(assertion),
        });
        let change = Change::Retracted(removed.len());
        if !removed.is_empty() {
            self.record(change.clone(), snapshot, None);
        }
        Ok(change)
    }

    /// Adds rules, declarations, checks and facts written as in a rule file.
    pub fn define(&mut self, text: &str) -> Result<(Change, Vec<Diagnostic>), Error> {
        self.define_named("<input>", text)
    }

    /// Adds the rules of a file.
    pub fn load_rules(&mut self, path: &Path) -> Result<(Change, Vec<Diagnostic>), Error> {
        let file = self.read_named(path)?;
        self.define_named(&file.name, &file.text)
    }

    /// Adds the facts of a fact file.
    pub fn load_facts(&mut self, path: &Path) -> Result<(Change, Vec<Diagnostic>), Error> {
        let read = self.read_named(path)?;
        let file = self.add_text(&read.name, &read.text);
        self.ready()?;
        let before = self.all_stated();
        let snapshot = self.base.database.snapshot();
        let text = FactText { file, text: &read.text, inbox: false };
        let loaded = load::load(&mut self.base.database, &[text], &mut |_| {}).map_err(Error::Invalid)?;
        let change = Change::Asserted { facts: loaded.facts, new: self.all_stated() - before };
        self.record(change.clone(), snapshot, None);
        Ok((change, loaded.remarks))
    }

    fn read_named(&self, path: &Path) -> Result<FileText, Error> {
        match &self.project {
            Some(project) => Ok(project.read(path, Trust::CommandLine)?),
            None => {
                let text = files::read_text(path)?;
                Ok(FileText { name: path.display().to_string(), text: text.into() })
            }
        }
    }

    fn define_named(&mut self, name: &str, text: &str) -> Result<(Change, Vec<Diagnostic>), Error> {
        let file = self.add_text(name, text);
        let (program, diagnostics) = datalog::parse_program(file, text);
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Error::Invalid(diagnostics));
        }
        self.ready()?;
        self.add_unit(Unit { file, path: None, program: Arc::new(program) })
    }

    /// Analyses everything with one more unit; only if that succeeds does anything change.
    fn add_unit(&mut self, unit: Unit) -> Result<(Change, Vec<Diagnostic>), Error> {
        let file = unit.file;
        let count = unit.program.items.len();
        not_included(&unit.program)?;
        let mut units = self.base.units.clone();
        units.push(unit);
        let written: Vec<&ast::Program> = units.iter().map(|unit| &*unit.program).collect();
        let (expanded, problems) = analysis::components::expand(&written);
        let programs: Vec<&ast::Program> = expanded.iter().map(|program| &**program).collect();
        let known = Schema::clone(&self.base.declared);
        let (schema, mut diagnostics) = analysis::declare::extend(known, &programs[programs.len() - 1..]);
        diagnostics.extend(problems);
        let declared = Arc::new(schema.clone());
        let mut analysis = analysis::analyze(schema, &programs);
        diagnostics.extend_from_slice(&analysis.diagnostics);
        diagnostic::sort(&mut diagnostics);
        // What was there before has been reported before.
        diagnostics.retain(|diagnostic| {
            diagnostic.is_error() || diagnostic.span().is_some_and(|span| span.file == file)
        });
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(Error::Invalid(diagnostics));
        }
        let snapshot = self.base.database.snapshot();
        if self.base.database.extend_schema(Arc::clone(&declared)).is_err() {
            return Err(Diagnostic::new(
                codes::BROKEN_BASE,
                "these declarations change relations that hold facts already; reload instead",
            )
            .into());
        }
        // Clauses without a body that were rules become facts once their relation is declared.
        let first_new = PredId(self.base.declared.predicates.len() as u32);
        let facts: Vec<Fact> = analysis
            .facts
            .drain(..)
            .filter(|fact| fact.assertion.span.file == file || fact.predicate >= first_new)
            .collect();
        self.base.database.assert(&facts);
        let unit = &units[units.len() - 1..];
        let means = self.means();
        let database = &mut self.base.database;
        let problems =
            input::load(self.project.as_ref(), &analysis, unit, &means, &mut self.sources, database, None);
        if !problems.is_empty() {
            self.base.database.rewind(Arc::clone(&self.base.declared), snapshot);
            return Err(Error::Invalid(problems));
        }
        let before = std::mem::replace(&mut self.base.analysis, analysis);
        self.kept.rules_changed(&before.program, &self.base.analysis.program);
        let old_units = std::mem::replace(&mut self.base.units, units);
        let change = Change::Defined(count);
        self.record(change.clone(), snapshot, Some((old_units, before)));
        self.base.declared = declared;
        Ok((change, diagnostics))
    }

    /// Notes a step that has been taken; `self.base.declared` is still what it was before.
    fn record(&mut self, change: Change, snapshot: Snapshot, rules: Option<(Vec<Unit>, Analysis)>) {
        self.steps.push(Step { change, declared: Arc::clone(&self.base.declared), snapshot, rules });
    }

    /// Takes the last step back and says what it was; `None` when there is none.
    pub fn undo(&mut self) -> Option<Change> {
        let step = self.steps.pop()?;
        self.base.database.rewind(Arc::clone(&step.declared), step.snapshot);
        self.base.declared = step.declared;
        if let Some((units, analysis)) = step.rules {
            self.base.units = units;
            let before = std::mem::replace(&mut self.base.analysis, analysis);
            self.kept.rules_changed(&before.program, &self.base.analysis.program);
        }
        Some(step.change)
    }

    /// How many steps can be undone.
    pub fn steps(&self) -> usize {
        self.steps.len()
    }

    /// Reads the project's files again and forgets the session's steps. When the files have errors
    /// everything stays as it is. Returns the warnings.
    pub fn reload(&mut self) -> Result<Vec<Diagnostic>, Error> {
        self.reload_with(&mut |_| {})
    }

    /// As [`Session::reload`], telling `progress` how far it is.
    pub fn reload_with(&mut self, progress: &mut dyn FnMut(Loading)) -> Result<Vec<Diagnostic>, Error> {
        if let Some(project) = &self.project {
            let fresh = crate::files::Project::open(project.root(), &mut self.sources)?;
            let base = Base::load(Some(&fresh), &self.options, &self.means(), &mut self.sources, progress)
                .map_err(Error::Invalid)?;
            if fresh.settings().limits() != self.settings.limits() {
                self.limits = self.options.limits.over(fresh.settings().limits());
            }
            self.settings = fresh.settings().clone();
            self.project = Some(fresh);
            self.base = base;
        } else {
            self.base = Base::empty();
        }
        self.kept.clear();
        self.steps.clear();
        self.broken.clear();
        Ok(self.base.warnings.clone())
    }

    /// Rules and declarations that were typed in, as they were written.
    pub fn typed_in(&self) -> Vec<&str> {
        let typed = self.base.units.iter().filter(|unit| unit.path.is_none());
        typed.filter_map(|unit| Some(self.sources.file(unit.file).text()?.trim())).collect()
    }

    /// Distinct tuples stated in all relations.
    fn all_stated(&self) -> usize {
        self.stated(self.base.declared.iter().map(|(id, _)| id))
    }

    /// Distinct tuples stated in some relations.
    fn stated(&self, predicates: impl Iterator<Item = PredId>) -> usize {
        let mut ids: Vec<PredId> = predicates.collect();
        ids.sort();
        ids.dedup();
        ids.iter().filter_map(|id| self.base.database.extent(*id)).map(|extent| extent.tuples().len()).sum()
    }
}

/// Refuses `.include` in what is added to a session: only the project's own files are followed.
fn not_included(program: &ast::Program) -> Result<(), Error> {
    let refuse = |item: &ast::Item| match &item.kind {
        ast::ItemKind::Include { span, .. } => Some(
            Diagnostic::new(analysis_codes::NOT_HERE, "`.include` works in the rule files of a project only")
                .at(*span)
                .help("add the file with `:load`, or include it in a rule file and reload"),
        ),
        _ => None,
    };
    let problems: Vec<Diagnostic> = program.items.iter().filter_map(refuse).collect();
    if problems.is_empty() { Ok(()) } else { Err(Error::Invalid(problems)) }
}
