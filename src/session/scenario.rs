//! Scenarios: questions answered as if some assertions were not there, and others were.
//!
//! A scenario is entered for one question and left with it, whatever comes of the question: the
//! facts are put aside as a snapshot, changed, and put back. Nothing else of the session knows.

use std::ops::{Deref, DerefMut};

use super::kept::Kept;
use super::{Error, Session};
use crate::analysis::scenario::{Scenario, scenario};
use crate::base::codes::facts as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Severity, Span};
use crate::model::Value;
use crate::storage::{Snapshot, Supposed};
use crate::syntax::datalog;
use crate::syntax::datalog::ast::{CompareOp, Const, ConstKind, Name, UnderOption};
use crate::syntax::datalog::print::under_text;

/// One option of a scenario, as a program gives it; they mean what they do in the language.
#[derive(Clone, Debug, PartialEq)]
pub enum ScenarioOption {
    /// `as_of:` an EDTF date.
    AsOf(String),
    /// `without:` the id of a source.
    Without(String),
    /// `assume:` a fact.
    Assume(String),
    /// `retract:` a pattern of facts.
    Retract(String),
    /// `_status >=` a status.
    Status(String),
    /// `_conf >=` a confidence.
    MinConf(f64),
    /// `_by:` a member of the chain of attribution.
    By(String),
    /// `_review:` a review.
    Review(String),
}

/// The scenario that a session is in until it is told otherwise.
pub(super) struct Standing {
    options: Vec<UnderOption>,
    text: String,
}

/// The facts of the scenario that was entered last, as long as nothing changes.
pub(super) struct Prepared {
    text: String,
    outside: Snapshot,
    inside: Snapshot,
    supposed: Supposed,
    /// What was kept of evaluations inside.
    kept: Kept,
}

impl Prepared {
    /// The facts as they are outside.
    pub fn outside(&self) -> &Snapshot {
        &self.outside
    }
}

/// A session inside a scenario, which it leaves when this goes.
pub(super) struct Within<'s> {
    session: &'s mut Session,
    /// The facts, and what was kept of their evaluations.
    outside: Option<(Snapshot, Kept)>,
}

impl Session {
    /// From now on everything is asked in the scenario that all of these options make together;
    /// without options in none. Warnings name what nothing declares.
    pub fn set_scenario(&mut self, options: &[ScenarioOption]) -> Result<Vec<Diagnostic>, Error> {
        self.ready()?;
        let mut made = Vec::new();
        let mut problems = Vec::new();
        for option in options {
            match self.option(option) {
                Ok(option) => made.push(option),
                Err(found) => problems.extend(found),
            }
        }
        if problems.is_empty() { self.stand(made) } else { Err(Error::Invalid(problems)) }
    }

    /// The same for a scenario as the language writes it: `(as_of: d"2025-10-28")`, with or without
    /// `under` before it and with or without the brackets.
    pub fn set_scenario_text(&mut self, text: &str) -> Result<Vec<Diagnostic>, Error> {
        let file = self.add_text("<under>", text);
        let (options, diagnostics) = datalog::parse_scenario(file, text);
        let Some(options) = options.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) else {
            return Err(Error::Invalid(diagnostics));
        };
        self.ready()?;
        self.stand(options)
    }

    /// From now on nothing is asked in a scenario but what says so itself.
    pub fn clear_scenario(&mut self) {
        self.standing = None;
        self.prepared = None;
    }

    /// The scenario in which everything is asked, as the language writes it: `under (…)`.
    pub fn scenario(&self) -> Option<&str> {
        self.standing.as_ref().map(|standing| standing.text.as_str())
    }

    fn stand(&mut self, options: Vec<UnderOption>) -> Result<Vec<Diagnostic>, Error> {
        let made = scenario(self.schema(), &options).map_err(Error::Invalid)?;
        let warnings = self.unknown_in_scenario(&made);
        let text = under_text(&options);
        self.standing = (!options.is_empty()).then_some(Standing { options, text });
        self.prepared = None;
        Ok(warnings)
    }

    /// An option as the parser would have read it.
    fn option(&mut self, option: &ScenarioOption) -> Result<UnderOption, Vec<Diagnostic>> {
        let mut whole = |flag: &str, text: &str| {
            let file = self.add_text(&format!("<{flag}>"), text);
            Span::new(file, 0, text.len())
        };
        let name = |text: &str, span: Span| Name { text: text.to_owned(), span };
        let (flag, field, text) = match option {
            ScenarioOption::AsOf(text) => ("--as-of", "as_of", text),
            ScenarioOption::Without(text) => ("--without", "without", text),
            ScenarioOption::By(text) => ("--by", "_by", text),
            ScenarioOption::Status(text) => ("--status", "_status", text),
            ScenarioOption::Review(text) => ("--review", "_review", text),
            ScenarioOption::MinConf(conf) => {
                let span = whole("--min-conf", &conf.to_string());
                let value = Const { kind: ConstKind::Float(*conf), span };
                return Ok(UnderOption::Compare(name("_conf", span), CompareOp::Ge, value));
            }
            ScenarioOption::Assume(text) | ScenarioOption::Retract(text) => {
                let (flag, field) = match option {
                    ScenarioOption::Assume(_) => ("--assume", "assume"),
                    _ => ("--retract", "retract"),
                };
                let span = whole(flag, text);
                let (atom, diagnostics) = datalog::parse_atom_pattern(span.file, text);
                return match atom.filter(|_| !diagnostics.iter().any(Diagnostic::is_error)) {
                    Some(atom) => Ok(UnderOption::Atom(name(field, span), atom)),
                    None => Err(diagnostics),
                };
            }
        };
        let span = whole(flag, text);
        let kind = match option {
            ScenarioOption::Status(_) | ScenarioOption::Review(_) => ConstKind::Name(text.clone()),
            _ => ConstKind::String(text.clone()),
        };
        let value = Const { kind, span };
        Ok(match option {
            ScenarioOption::Status(_) => UnderOption::Compare(name(field, span), CompareOp::Ge, value),
            _ => UnderOption::Value(name(field, span), value),
        })
    }

    /// Enters the scenario that the session stands in together with the options of one goal. Inside
    /// of one already, it stays there.
    pub(super) fn enter(&mut self, own: &[UnderOption]) -> Result<Within<'_>, Error> {
        if self.inside {
            return Ok(Within { session: self, outside: None });
        }
        self.scenario_notes.clear();
        let mut options = self.standing.as_ref().map(|standing| standing.options.clone()).unwrap_or_default();
        options.extend_from_slice(own);
        if options.is_empty() {
            return Ok(Within { session: self, outside: None });
        }
        let made = scenario(self.schema(), &options).map_err(Error::Invalid)?;
        let outside = self.base.database.snapshot();
        let text = under_text(&options);
        let known = self.prepared.take().filter(|known| known.text == text && known.outside.is(&outside));
        let mut prepared = match known {
            Some(prepared) => {
                self.base.database.restore(prepared.inside.clone());
                prepared
            }
            None => {
                let supposed = self.base.database.suppose(&made);
                let inside = self.base.database.snapshot();
                Prepared { text, outside: outside.clone(), inside, supposed, kept: Kept::default() }
            }
        };
        self.scenario_notes = notes(prepared.supposed);
        // Nothing that was found outside is found inside, nor the other way round.
        let kept = std::mem::replace(&mut self.kept, std::mem::take(&mut prepared.kept));
        self.prepared = Some(prepared);
        self.inside = true;
        Ok(Within { session: self, outside: Some((outside, kept)) })
    }

    /// Warnings for ids in a scenario that nothing declares.
    pub(super) fn unknown_in_scenario(&self, scenario: &Scenario) -> Vec<Diagnostic> {
        let mut found: Vec<Diagnostic> =
            scenario.assume.iter().flat_map(|fact| self.unknown_in_fact(fact)).collect();
        for (id, span) in &scenario.without {
            if !self.is_source(id) {
                let names = self.entity_names();
                let near = nearest(
                    id,
                    names.iter().filter(|name| &*name.relation == "Source").map(|name| &*name.id),
                );
                let message = format!("no `Source` has the id `{id}`, so nothing is struck");
                let mut warning = Diagnostic::new(codes::UNRESOLVED_SOURCE, message)
                    .at(*span)
                    .help_opt(did_you_mean(&near));
                warning.severity = Severity::Warning;
                found.push(warning);
            }
        }
        found
    }

    /// Whether a `Source` has that id, or an assertion names it.
    pub(super) fn is_source(&self, id: &str) -> bool {
        let database = &self.base.database;
        let Some(word) = database.interner().get(&Value::symbol(id)) else { return false };
        let named = |extent: &crate::storage::extent::Extent| {
            (0..extent.tuples().len())
                .any(|row| extent.assertions(row).iter().any(|stated| stated.src == word))
        };
        database.sources().get(word).is_some()
            || self.schema().iter().filter_map(|(id, _)| database.extent(id)).any(named)
    }
}

/// What a reader of an answer has to know of its scenario.
fn notes(supposed: Supposed) -> Vec<String> {
    let mut notes = Vec::new();
    match supposed.undated {
        0 => {}
        1 => notes.push("one assertion of a source without a date is left out".to_owned()),
        n => notes.push(format!("{n} assertions of sources without a date are left out")),
    }
    match supposed.unmet {
        0 => {}
        1 => notes.push("an assumed fact does not fit the rest of the scenario and is left out".to_owned()),
        n => notes.push(format!("{n} assumed facts do not fit the rest of the scenario and are left out")),
    }
    notes
}

impl Deref for Within<'_> {
    type Target = Session;

    fn deref(&self) -> &Session {
        self.session
    }
}

impl DerefMut for Within<'_> {
    fn deref_mut(&mut self) -> &mut Session {
        self.session
    }
}

impl Drop for Within<'_> {
    fn drop(&mut self) {
        if let Some((outside, kept)) = self.outside.take() {
            self.session.base.database.restore(outside);
            let inside = std::mem::replace(&mut self.session.kept, kept);
            if let Some(prepared) = &mut self.session.prepared {
                prepared.kept = inside;
            }
            self.session.inside = false;
        }
    }
}
