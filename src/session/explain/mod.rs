//! Why a tuple or an answer holds: proofs from an evaluation made for the purpose, each checked
//! before anybody sees it.
//!
//! - `show`: proofs for readers · `cite`: assertions with their sources · `view`: what readers are shown
//! - `dominated`: what gives way · `whynot`: why a tuple does not hold · `near`: what comes near to it

mod cite;
mod dominated;
mod near;
mod show;
mod view;
mod whynot;

pub use view::{Because, ByRule, Citation, Explanation, FilePlace, ShownPremise, ShownProof, ShownStep};
pub use whynot::{Condition, ConditionOutcome, MissingFact, ShownAttempt, ShownExchange, StatedFact, WhyNot};

use super::check::Texts;
use super::fault::Fault;
use super::query::values;
use super::{Error, Session};
use crate::analysis::{Goal, Pattern, ground};
use crate::base::{Budget, Diagnostic, Stop};
use crate::engine::{EvalError, Model};
use crate::model::{Rule, Value};
use crate::provenance::text;
use crate::provenance::{Graph, Rejection, Tuple, Verifier, proofs};
use crate::storage::Word;
use crate::syntax::datalog;
use crate::syntax::datalog::ast;
pub(super) use cite::Asserted;
use show::Shower;

/// Tuples that fit one pattern and are explained.
const TUPLES: usize = 10;

impl Session {
    /// Proofs of the tuples, stated or derived, that an atom picks; what it leaves out is any. At
    /// most `most` proofs of each, best first. Without any such tuple there are no proofs; the
    /// diagnostics say what may be meant. `texts` gives the text of a source, for its words.
    pub fn why(
        &mut self,
        pattern: &str,
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<(Explanation, Vec<Diagnostic>), Error> {
        let (pattern, warnings) = self.tuple_pattern(pattern)?;
        self.why_pattern(&pattern, warnings, most, texts)
    }

    pub(super) fn why_pattern(
        &mut self,
        pattern: &Pattern,
        warnings: Vec<Diagnostic>,
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<(Explanation, Vec<Diagnostic>), Error> {
        let mut within = self.enter(&[])?;
        let explanation = within.explain_tuples(pattern, most, texts)?;
        let warnings = if explanation.proofs.is_empty() { warnings } else { Vec::new() };
        Ok((explanation, warnings))
    }

    /// Proofs of a row of a goal's answer, at most `most`, best first; none if the answer has no such
    /// row.
    pub fn why_answer(
        &mut self,
        goal: &str,
        row: &[Value],
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<Explanation, Error> {
        let (goal, _) = self.goal(goal)?;
        self.why_row(&goal, row, most, texts)
    }

    pub(super) fn why_row(
        &mut self,
        goal: &Goal,
        row: &[Value],
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<Explanation, Error> {
        let mut within = self.enter(&goal.under)?;
        let goals = std::slice::from_ref(&goal.rule);
        let model = within.evaluate_traced(goals, &[])?;
        let words: Option<Vec<Word>> =
            row.iter().map(|value| within.base.database.interner().get(value)).collect();
        let tuple = words.map(|words| Tuple { pred: goal.rule.head, row: words.into() });
        let tuples: Vec<Tuple> = tuple.into_iter().collect();
        within.proofs_of(goals, Some(goal), &model, &tuples, most, texts)
    }

    /// What picks tuples of any relation; with warnings for ids that nothing declares.
    pub(super) fn tuple_pattern(&mut self, text: &str) -> Result<(Pattern, Vec<Diagnostic>), Error> {
        let text = text.trim().trim_end_matches(['.', '?']);
        let file = self.add_text("<input>", text);
        let (atom, diagnostics) = datalog::parse_atom_pattern(file, text);
        let atom = match atom {
            Some(atom) if !diagnostics.iter().any(Diagnostic::is_error) => atom,
            _ => return Err(Error::Invalid(diagnostics)),
        };
        self.checked_pattern(&atom)
    }

    pub(super) fn checked_pattern(&self, atom: &ast::Atom) -> Result<(Pattern, Vec<Diagnostic>), Error> {
        self.ready()?;
        let pattern = ground::tuples(self.schema(), atom).map_err(Error::Invalid)?;
        let warnings = self.unknown_in_pattern(&pattern, atom.span);
        Ok((pattern, warnings))
    }

    fn explain_tuples(
        &mut self,
        pattern: &Pattern,
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<Explanation, Error> {
        let model = self.evaluate_traced(&[], &[pattern.predicate])?;
        let (tuples, more) = self.tuples_that_fit(pattern, &model, TUPLES)?;
        let proofs = self.proofs_of(&[], None, &model, &tuples, most, texts)?;
        Ok(Explanation { more, ..proofs })
    }

    /// The first tuples that fit, by value, and how many more there are.
    pub(super) fn tuples_that_fit(
        &self,
        pattern: &Pattern,
        model: &Model,
        most: usize,
    ) -> Result<(Vec<Tuple>, usize), Error> {
        let database = &self.base.database;
        let wanted: Option<Vec<Option<Word>>> = pattern
            .columns
            .iter()
            .map(|column| match column {
                None => Some(None),
                Some(value) => database.interner().get(value).map(Some),
            })
            .collect();
        let (Some(wanted), Some(table)) = (wanted, self.table_of(pattern.predicate, model)) else {
            return Ok((Vec::new(), 0));
        };
        let key: Vec<Word> = wanted.iter().map_while(|word| *word).collect();
        let (low, high) = table.rows().range(&key);
        let mut found: Vec<&[Word]> = Vec::new();
        for at in low..high {
            if at % 4096 == 0 && self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            let row = table.row(at);
            let fits =
                row.iter().zip(&wanted).all(|(word, wanted)| wanted.is_none_or(|wanted| wanted == *word));
            let stated = || {
                let assertions = database.assertions_of(pattern.predicate, row);
                assertions.iter().any(|assertion| pattern.fits(assertion))
            };
            let fits =
                fits && (pattern.shapes.is_empty() || pattern.fits_parts(&values(database.interner(), row)));
            if fits && (pattern.meta.is_empty() || stated()) {
                found.push(row);
            }
        }
        let interner = database.interner();
        let by_value = |a: &&[Word], b: &&[Word]| {
            let order = |(a, b): (&Word, &Word)| interner.compare(*a, *b);
            a.iter().zip(b.iter()).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        };
        if found.len() > most && most > 0 {
            found.select_nth_unstable_by(most - 1, by_value);
        }
        let more = found.len().saturating_sub(most);
        found.truncate(most);
        found.sort_by(by_value);
        let tuple = |row: &[Word]| Tuple { pred: pattern.predicate, row: row.into() };
        Ok((found.into_iter().map(tuple).collect(), more))
    }

    /// Verified proofs of tuples of a model.
    fn proofs_of(
        &self,
        goals: &[Rule],
        goal: Option<&Goal>,
        model: &Model,
        tuples: &[Tuple],
        most: usize,
        texts: Option<Texts<'_>>,
    ) -> Result<Explanation, Error> {
        let tables = self.stated_tables();
        let budget = Budget::new(self.limits.clone(), self.cancel.clone());
        let interner = self.base.database.interner();
        let graph = Graph::new(self.program(), goals, &tables, model, interner, &budget);
        let asserted = Asserted { database: &self.base.database };
        let verifier =
            Verifier { program: self.program(), goals, tables: &tables, model, interner, budget: &budget };
        let shower = Shower { session: self, goals, goal, model, tables: &tables, texts };
        let mut shown = Explanation { notes: self.notes(), ..Explanation::default() };
        for tuple in tuples {
            let found = proofs(&graph, &asserted, tuple, most).map_err(|stop| self.stopped(stop))?;
            if found.is_empty() && most > 0 && graph.holds(tuple) {
                if !model.gave_way() {
                    return Err(Error::Internal(Fault::of("a tuple of the model has no proof")));
                }
                let text = text::tuple(self.schema(), tuple.pred, &graph.values(&tuple.row));
                shown.notes.push(format!(
                    "{text} holds, but no proof of it is left: what it was derived from gave way and came back"
                ));
            }
            for proof in found {
                verifier.verify(&proof).map_err(|rejection| match rejection {
                    Rejection::Stopped(stop) => self.stopped(stop),
                    wrong => Error::Internal(Fault::of(wrong.to_string())),
                })?;
                shown.proofs.push(shower.proof(&proof));
            }
        }
        Ok(shown)
    }

    /// Why a search ended early.
    pub(super) fn stopped(&self, stop: Stop) -> Error {
        match stop {
            Stop::Cancelled => Error::Cancelled,
            stop => {
                let error = EvalError::Stopped { stop, rule: None };
                Error::Limit(Box::new(error.diagnostic(self.program(), &[])))
            }
        }
    }
}
