//! Why a tuple or an answer holds: proofs from an evaluation made for the purpose, each checked
//! before anybody sees it.
//!
//! - `cite`: assertions with their sources · `view`: what readers are shown
//! - `whynot`: why a tuple does not hold · `near`: what comes near to it

mod cite;
mod dominated;
mod near;
mod view;
mod whynot;

pub use view::{Because, ByRule, Citation, Explanation, FilePlace, ShownPremise, ShownProof, ShownStep};
pub use whynot::{Condition, ConditionOutcome, MissingFact, ShownAttempt, StatedFact, WhyNot};

use super::check::Texts;
use super::fault::Fault;
use super::{Error, Session};
use crate::analysis::{Goal, Pattern, ground, template};
use crate::base::{Budget, Diagnostic, Stop};
use crate::engine::{EvalError, Model, Tables};
use crate::model::program::Literal;
use crate::model::schema::PredKind;
use crate::model::{Rule, Value};
use crate::provenance::proof::{Node, Proof, Step, Support, Why};
use crate::provenance::text::{self, Writer};
use crate::provenance::{Graph, Rejection, Tuple, Verifier, proofs};
use crate::storage::Word;
use crate::syntax::datalog;
use crate::syntax::datalog::ast;
pub(super) use cite::Asserted;

/// Tuples that fit one pattern and are explained.
const TUPLES: usize = 10;
/// Assertions of one tuple that are shown.
const ASSERTIONS: usize = 20;
/// Rows of one aggregate that are shown.
const ROWS: usize = 64;

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
        let proofs = match tuple {
            Some(tuple) => within.proofs_of(goals, Some(goal), &model, &[tuple], most, texts)?,
            None => Vec::new(),
        };
        Ok(Explanation { proofs, more: 0, notes: within.notes() })
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
        Ok(Explanation { proofs, more, notes: self.notes() })
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
    ) -> Result<Vec<ShownProof>, Error> {
        let tables = self.stated_tables();
        let budget = Budget::new(self.limits.clone(), self.cancel.clone());
        let interner = self.base.database.interner();
        let graph = Graph::new(self.program(), goals, &tables, model, interner, &budget);
        let asserted = Asserted { database: &self.base.database };
        let verifier =
            Verifier { program: self.program(), goals, tables: &tables, model, interner, budget: &budget };
        let mut shown = Vec::new();
        for tuple in tuples {
            let found = proofs(&graph, &asserted, tuple, most).map_err(|stop| self.stopped(stop))?;
            if found.is_empty() && most > 0 && graph.holds(tuple) {
                return Err(Error::Internal(Fault::of("a tuple of the model has no proof")));
            }
            for proof in found {
                verifier.verify(&proof).map_err(|rejection| match rejection {
                    Rejection::Stopped(stop) => self.stopped(stop),
                    wrong => Error::Internal(Fault::of(wrong.to_string())),
                })?;
                shown.push(self.shown(&proof, goals, goal, &tables, texts));
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

    fn shown(
        &self,
        proof: &Proof,
        goals: &[Rule],
        goal: Option<&Goal>,
        tables: &dyn Tables,
        texts: Option<Texts<'_>>,
    ) -> ShownProof {
        let negates =
            |support: &Support| matches!(support, Support::Absent { .. } | Support::Aggregate { .. });
        let may_fall = proof.nodes.iter().any(|node| match &node.why {
            Why::Rule(step) => step.premises.iter().any(negates),
            Why::Stated => false,
        });
        let steps = proof.nodes.iter().map(|node| self.shown_step(node, goals, goal, tables, texts));
        ShownProof { steps: steps.collect(), may_fall, cut: proof.cut }
    }

    fn shown_step(
        &self,
        node: &Node,
        goals: &[Rule],
        goal: Option<&Goal>,
        tables: &dyn Tables,
        texts: Option<Texts<'_>>,
    ) -> ShownStep {
        let schema = self.schema();
        let because = match &node.why {
            Why::Stated => Because::Stated { assertions: self.citations(node, tables, texts) },
            Why::Rule(step) => Because::Rule(self.by_rule(step, goals)),
        };
        let rule = match &node.why {
            Why::Rule(step) => step.rule.find(self.program(), goals).map(|rule| (rule, step)),
            Why::Stated => None,
        };
        let sentence =
            rule.and_then(|(rule, step)| Some(filled(rule.label.as_deref()?, rule, &step.binding)));
        let answer = goal.filter(|goal| goal.rule.head == node.pred);
        let (relation, columns, text) = match answer {
            Some(goal) => {
                let columns: Vec<_> = goal.columns.iter().cloned().zip(node.tuple.iter().cloned()).collect();
                let pairs: Vec<String> =
                    columns.iter().map(|(name, value)| format!("{name} = {value}")).collect();
                let text = if pairs.is_empty() { "yes".to_owned() } else { pairs.join(", ") };
                (None, columns, text)
            }
            None => {
                let predicate = schema.predicate(node.pred);
                let shown = match predicate.kind {
                    PredKind::Assertions(of) => schema.predicate(of).arity(),
                    _ => predicate.arity(),
                };
                let names = predicate.columns.iter().take(shown).map(|column| column.name.clone());
                let columns = names.zip(node.tuple.iter().cloned()).collect();
                (Some(predicate.name.clone()), columns, text::tuple(schema, node.pred, &node.tuple))
            }
        };
        ShownStep {
            relation,
            columns,
            text,
            sentence,
            status: node.firmness.status,
            conf: node.firmness.conf,
            because,
        }
    }

    /// The assertions behind a stated tuple: the firmest first, of equally firm ones those that repeat
    /// no other source.
    fn citations(&self, node: &Node, tables: &dyn Tables, texts: Option<Texts<'_>>) -> Vec<Citation> {
        let database = &self.base.database;
        let words: Option<Vec<Word>> =
            node.tuple.iter().map(|value| database.interner().get(value)).collect();
        let Some(words) =
            words.filter(|words| tables.table(node.pred).is_some_and(|table| table.contains(words)))
        else {
            return Vec::new();
        };
        let behind = Asserted { database }.behind(node.pred, &words);
        let mut cited: Vec<Citation> =
            behind.into_iter().map(|stated| self.citation(database.assertion(stated), texts)).collect();
        cited.sort_by(|a, b| {
            let repeats = a.based_on.is_empty().cmp(&b.based_on.is_empty()).reverse();
            let place = |cited: &Citation| (cited.source.clone(), cited.place.file.clone(), cited.place.line);
            (b.status.cmp(&a.status))
                .then(b.conf.total_cmp(&a.conf))
                .then(repeats)
                .then_with(|| place(a).cmp(&place(b)))
        });
        cited.truncate(ASSERTIONS);
        cited
    }

    fn by_rule(&self, step: &Step, goals: &[Rule]) -> ByRule {
        let Some(rule) = step.rule.find(self.program(), goals) else {
            return ByRule {
                place: FilePlace { file: String::new(), line: 0 },
                alternative: None,
                assumptions: Vec::new(),
                binding: Vec::new(),
                premises: Vec::new(),
            };
        };
        let named = rule.vars.iter().zip(&step.binding).filter_map(|(var, value)| {
            let written = !var.name.starts_with(|first: char| first.is_ascii_digit());
            written.then(|| Some((var.name.clone(), value.clone()?))).flatten()
        });
        let literals = rule.body.alternatives.get(step.alternative).map_or(&[][..], Vec::as_slice);
        let alternatives = rule.body.alternatives.len();
        ByRule {
            place: self.file_place(rule.span),
            alternative: (alternatives > 1).then_some(step.alternative + 1),
            assumptions: rule.assume.iter().map(|assume| filled(assume, rule, &step.binding)).collect(),
            binding: named.collect(),
            premises: self.shown_premises(rule, literals, &step.binding, &step.premises),
        }
    }

    fn shown_premises(
        &self,
        rule: &Rule,
        literals: &[Literal],
        binding: &[Option<Value>],
        premises: &[Support],
    ) -> Vec<ShownPremise> {
        let writer = Writer { schema: self.schema(), rule, binding };
        let shown = |(literal, support): (&Literal, &Support)| match support {
            Support::Node(at) => ShownPremise::Step(*at),
            Support::Absent { over } => ShownPremise::Absent { text: writer.literal(literal), over: *over },
            Support::Holds => ShownPremise::Holds { text: writer.literal(literal) },
            Support::Aggregate { value, total, rows } => {
                let inside = |row: &crate::provenance::proof::Row| {
                    let body = Graph::aggregate_of(literal)
                        .and_then(|aggregate| aggregate.body.alternatives.get(row.alternative));
                    self.shown_premises(rule, body.map_or(&[], Vec::as_slice), &row.binding, &row.premises)
                };
                ShownPremise::Aggregate {
                    text: writer.literal(literal),
                    value: value.clone(),
                    total: *total,
                    rows: rows.iter().take(ROWS).map(inside).collect(),
                }
            }
        };
        // What a pattern says of the parts of a value shows in the value.
        let told = |(literal, support): &(&Literal, &Support)| {
            !(literal.takes_apart() && matches!(support, Support::Holds))
        };
        literals.iter().zip(premises).filter(told).map(shown).collect()
    }
}

/// A label or an assumption with the values of its variables.
fn filled(sentence: &str, rule: &Rule, binding: &[Option<Value>]) -> String {
    template::fill(sentence, |name| {
        let at = rule.vars.iter().position(|var| *var.name == *name)?;
        binding.get(at)?.as_ref().map(Value::plain)
    })
}
