//! Why a tuple does not hold: how far the rules got, what comes near, and which facts are missing,
//! each set of them tried before it is shown.

use std::collections::HashSet;
use std::sync::Arc;

use super::near::Nearby;
use super::view::FilePlace;
use crate::analysis::{Pattern, ground};
use crate::base::{Budget, Diagnostic, Span};
use crate::engine::RuleRef;
use crate::model::schema::PredId;
use crate::model::{Assertion, Fact, Literal, Value};
use crate::provenance::Graph;
use crate::provenance::candidates::{Reach, can_hinder, candidates};
use crate::provenance::remedy::{Change, Exchange, Remedies, Stated, exchanges, remedies};
use crate::provenance::repair::{Missing, repairs};
use crate::provenance::text::{self, Writer};
use crate::provenance::trial::Trial;
use crate::provenance::whynot::{Attempt, Reached, attempts};
use crate::session::supposing::Supposing;
use crate::session::{Error, Session};
use crate::storage::Word;

/// Attempts that are shown.
const ATTEMPTS: usize = 8;
/// Sets of missing facts that are shown.
const SETS: usize = 5;
/// Rows that all trials together may produce before no more are made: on a model of millions one
/// trial takes long, on a small one hundreds do not.
const ROWS: u64 = 30_000_000;
/// What a trial counts for at least.
const ROWS_A_TRIAL: u64 = 20_000;

/// Why a tuple does not hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct WhyNot {
    /// What was asked about, as the language writes it.
    pub text: String,
    /// A tuple that holds all the same; the rest is then empty.
    pub holds: Option<String>,
    /// Whether it would give way to another tuple, which is then told under what comes near: neither a
    /// rule nor a fact could help it.
    pub gives_way: bool,
    /// Whether it is stated all the same, but not seen: what comes near says why.
    pub stated: bool,
    /// What comes near to it among what is stated, a sentence each.
    pub near: Vec<String>,
    /// How far the rules got that could have derived it, the nearest first.
    pub attempts: Vec<ShownAttempt>,
    /// Attempts that are not shown.
    pub more: usize,
    /// Rules of the relation that derive only other tuples.
    pub others: Vec<FilePlace>,
    /// The smallest sets of facts that would make it hold, each tried.
    pub sets: Vec<Vec<MissingFact>>,
    /// Whether sets may exist that were not found: the search was cut.
    pub cut: bool,
    /// The smallest sets of stated facts without which it would hold, each tried.
    pub without: Vec<Vec<StatedFact>>,
    /// Whether there may be others of these.
    pub cut_without: bool,
    /// The smallest sets of facts of which some would have to be stated and others not, each tried.
    pub both: Vec<ShownExchange>,
    /// Whether there may be others of these.
    pub cut_both: bool,
    /// What a reader has to know beside all this, one sentence each.
    pub notes: Vec<String>,
}

/// Facts to state together with facts not to state.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownExchange {
    /// What would have to be stated.
    pub with: Vec<MissingFact>,
    /// What would have to be taken back.
    pub without: Vec<StatedFact>,
}

/// A fact that nobody states.
#[derive(Clone, Debug, PartialEq)]
pub struct MissingFact {
    /// The fact.
    pub fact: Fact,
    /// Columns in which any value would do.
    pub any: Vec<Arc<str>>,
}

/// A fact that is stated.
#[derive(Clone, Debug, PartialEq)]
pub struct StatedFact {
    /// The fact, whoever states it.
    pub fact: Fact,
    /// Where each assertion stands.
    pub places: Vec<FilePlace>,
}

/// How far a rule got.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownAttempt {
    /// Where the rule stands.
    pub place: FilePlace,
    /// What it would have derived.
    pub head: String,
    /// Which alternative of its body, from 1, where it has several.
    pub alternative: Option<usize>,
    /// How many of its conditions are met.
    pub met: usize,
    /// Its conditions.
    pub conditions: Vec<Condition>,
}

/// A literal of a rule that was tried.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// With the values known.
    pub text: String,
    /// What came of it.
    pub outcome: ConditionOutcome,
    /// What stands in the way, comes near or is the case instead, a sentence each.
    pub remarks: Vec<String>,
    /// How far the rules got that could have derived it.
    pub inner: Vec<ShownAttempt>,
}

/// What came of a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ConditionOutcome {
    /// It is met.
    Met,
    /// It is not.
    Unmet,
    /// It could not be tried.
    Open,
}

impl Session {
    /// Why no tuple fits an atom; what it leaves out is any. Warnings name ids that nothing declares.
    pub fn whynot(&mut self, pattern: &str) -> Result<(WhyNot, Vec<Diagnostic>), Error> {
        let (pattern, warnings) = self.tuple_pattern(pattern)?;
        self.whynot_pattern(&pattern, warnings)
    }

    pub(in crate::session) fn whynot_pattern(
        &mut self,
        pattern: &Pattern,
        warnings: Vec<Diagnostic>,
    ) -> Result<(WhyNot, Vec<Diagnostic>), Error> {
        if let Some((field, _)) = pattern.meta.first() {
            return Err(Diagnostic::new(
                crate::base::codes::analysis::MISPLACED_METADATA,
                format!("`{field}` speaks of who states a fact, not of why a tuple is missing"),
            )
            .help("ask for the tuple alone: what is stated of it is shown")
            .into());
        }
        let mut within = self.enter(&[])?;
        let found = within.explain_absence(pattern)?;
        let warnings = if found.holds.is_some() { Vec::new() } else { warnings };
        Ok((found, warnings))
    }

    fn explain_absence(&mut self, pattern: &Pattern) -> Result<WhyNot, Error> {
        let pred = pattern.predicate;
        let model = self.evaluate_traced(&[], &[pred])?;
        let mut found = WhyNot { text: self.pattern_text(pattern), notes: self.notes(), ..WhyNot::default() };
        if let Some(tuple) = self.tuples_that_fit(pattern, &model, 1)?.0.first() {
            let interner = self.base.database.interner();
            let values: Vec<Value> = tuple.row.iter().map(|word| interner.value(*word)).collect();
            found.holds = Some(text::tuple(self.schema(), pred, &values));
            return Ok(found);
        }
        let whole: Option<Vec<Value>> = pattern.columns.iter().cloned().collect();
        if let Some(other) = whole.and_then(|tuple| self.gives_way(pred, &tuple, &model)) {
            found.gives_way = true;
            found.near.push(format!("it would give way to {other}"));
            return Ok(found);
        }
        let can_be_hindered;
        let (proposals, all) = {
            let tables = self.stated_tables();
            let budget = Budget::new(self.limits.clone(), self.cancel.clone());
            let interner = self.base.database.interner();
            let graph = Graph::new(self.program(), &[], &tables, &model, interner, &budget);
            let wanted = wanted_words(&graph, pattern);
            let stopped = |stop| self.stopped(stop);
            let (tried, others) = attempts(&graph, pred, &wanted).map_err(stopped)?;
            let nearby = &Nearby::new(self, &model);
            found.stated = nearby.is_stated(pred, &pattern.columns);
            found.near = nearby.near(pred, &pattern.columns);
            found.more = tried.len().saturating_sub(ATTEMPTS);
            let mut told = HashSet::new();
            let shown = tried.iter().take(ATTEMPTS);
            found.attempts = shown.map(|attempt| self.shown_attempt(attempt, nearby, &mut told)).collect();
            found.others = others.iter().filter_map(|rule| self.rule_place(*rule)).collect();
            let proposals = repairs(&graph, pred, &wanted).map_err(stopped)?;
            // What is proposed by itself, where nothing is negated, does.
            can_be_hindered = can_hinder(&graph, pred);
            let alone = proposals.sets.iter().any(|set| set.len() == 1) && !can_be_hindered;
            let all = (!alone)
                .then(|| candidates(&graph, pred, &wanted, Reach::Either).map_err(stopped))
                .transpose()?;
            (proposals, all)
        };
        let mut spent = 0;
        let mut trial = |change: Change<'_>| self.holds_under(pattern, change, &mut spent);
        let mut remedies = remedies(&proposals, all.as_ref(), SETS, &mut trial)?;
        let room = remedies.room_for_both();
        if room > 1 && can_be_hindered {
            let candidates = {
                let tables = self.stated_tables();
                let budget = Budget::new(self.limits.clone(), self.cancel.clone());
                let interner = self.base.database.interner();
                let graph = Graph::new(self.program(), &[], &tables, &model, interner, &budget);
                let wanted = wanted_words(&graph, pattern);
                candidates(&graph, pred, &wanted, Reach::Both).map_err(|stop| self.stopped(stop))?
            };
            let mut trial = |change: Change<'_>| self.holds_under(pattern, change, &mut spent);
            (remedies.both, remedies.cut_both) = exchanges(&candidates, room, SETS, &mut trial)?;
        }
        self.show_remedies(remedies, &mut found);
        Ok(found)
    }

    /// Whether a tuple that fits holds under a change. `spent` are the rows of all trials so far; at
    /// least one is made.
    fn holds_under(
        &mut self,
        pattern: &Pattern,
        change: Change<'_>,
        spent: &mut u64,
    ) -> Result<Trial, Error> {
        if *spent > ROWS {
            return Ok(Trial::Enough);
        }
        let span = self.rule_span();
        let with: Vec<Fact> = change.with.iter().map(|missing| fact_of(missing, span)).collect();
        let supposing = Supposing::changed(self, &with, change.without);
        let session = &mut *supposing.session;
        let model = session.evaluate(&[], &[pattern.predicate]);
        *spent += session.cancel.rows().max(ROWS_A_TRIAL);
        match model {
            Ok(model) => Ok(match session.tuples_that_fit(pattern, &model, 1)?.0.is_empty() {
                true => Trial::DoesNot,
                false => Trial::Does,
            }),
            Err(Error::Failed(_)) => Ok(Trial::Unknown),
            // What there is can be evaluated; with this many facts more it takes too much.
            Err(Error::Limit(_)) => Ok(Trial::Enough),
            Err(error) => Err(error),
        }
    }

    /// A place for facts that stand nowhere.
    fn rule_span(&self) -> Span {
        self.program().rules.first().map_or(Span::new(crate::base::FileId(0), 0, 0), |rule| rule.span)
    }

    fn show_remedies(&self, remedies: Remedies, found: &mut WhyNot) {
        let span = self.rule_span();
        let missing = |missing: &Missing| {
            let predicate = self.schema().predicate(missing.pred);
            let names = missing.any.iter().filter_map(|at| predicate.columns.get(*at));
            let any = names.map(|column| column.name.clone()).collect();
            MissingFact { fact: fact_of(missing, span), any }
        };
        found.sets = remedies.sets.iter().map(|set| set.iter().map(missing).collect()).collect();
        found.cut = remedies.cut;
        let stated = |stated: &Stated| self.stated_fact(stated, span);
        found.without = remedies.without.iter().map(|set| set.iter().map(stated).collect()).collect();
        found.cut_without = remedies.cut_without;
        let both = |Exchange { with, without }: &Exchange| ShownExchange {
            with: with.iter().map(missing).collect(),
            without: without.iter().map(stated).collect(),
        };
        found.both = remedies.both.iter().map(both).collect();
        found.cut_both = remedies.cut_both;
    }

    fn stated_fact(&self, (predicate, tuple): &Stated, span: Span) -> StatedFact {
        let database = &self.base.database;
        let words: Option<Vec<Word>> = tuple.iter().map(|value| database.interner().get(value)).collect();
        let assertions = words.map(|words| database.assertions_of(*predicate, &words)).unwrap_or_default();
        let mut places: Vec<FilePlace> = assertions.iter().map(|one| self.file_place(one.span)).collect();
        places.sort_by(|a, b| (&a.file, a.line).cmp(&(&b.file, b.line)));
        let assertion = Assertion::background(span);
        StatedFact { fact: Fact { predicate: *predicate, tuple: tuple.clone(), assertion }, places }
    }

    fn pattern_text(&self, pattern: &Pattern) -> String {
        let predicate = self.schema().predicate(pattern.predicate);
        let shape = |at: usize| pattern.shapes.iter().find(|(of, _)| *of == at).map(|(_, shape)| shape);
        let columns = predicate.columns.iter().zip(&pattern.columns).enumerate();
        let texts: Vec<String> = columns
            .filter_map(|(at, (column, value))| {
                let text = value.as_ref().map(ToString::to_string).or_else(|| Some(shape(at)?.to_string()));
                Some(format!("{}: {}", column.name, text?))
            })
            .collect();
        format!("{}({})", predicate.name, texts.join(", "))
    }

    fn rule_place(&self, rule: RuleRef) -> Option<FilePlace> {
        Some(self.file_place(rule.find(self.program(), &[])?.span))
    }

    /// `told` are the tuples of which it was told why they are missing: that is done once.
    fn shown_attempt(
        &self,
        attempt: &Attempt,
        nearby: &Nearby<'_>,
        told: &mut HashSet<(PredId, Vec<Option<Value>>)>,
    ) -> ShownAttempt {
        let Some(rule) = attempt.rule.find(self.program(), &[]) else {
            return ShownAttempt {
                place: FilePlace { file: String::new(), line: 0 },
                head: String::new(),
                alternative: None,
                met: 0,
                conditions: Vec::new(),
            };
        };
        let writer = Writer { schema: self.schema(), rule, binding: &attempt.binding };
        let literals = rule.body.alternatives.get(attempt.alternative).map_or(&[][..], Vec::as_slice);
        let condition = |(literal, reached): (&Literal, &Reached)| {
            let mut text = writer.literal(literal);
            let mut remarks = Vec::new();
            let mut inner = Vec::new();
            let outcome = match reached {
                Reached::Met(tuple) => {
                    if let (Some(tuple), Literal::Atom(atom)) = (tuple, literal) {
                        text = text::tuple(self.schema(), atom.pred, tuple);
                    }
                    ConditionOutcome::Met
                }
                Reached::Open => ConditionOutcome::Open,
                Reached::NoTuple { pred, columns, inner: tried } => {
                    if told.insert((*pred, columns.clone())) {
                        remarks = nearby.near(*pred, columns);
                        inner =
                            tried.iter().map(|attempt| self.shown_attempt(attempt, nearby, told)).collect();
                    } else if !tried.is_empty() {
                        remarks.push("as above".to_owned());
                    }
                    ConditionOutcome::Unmet
                }
                Reached::InTheWay(blockers) => {
                    remarks = blockers.iter().map(|(pred, tuple)| nearby.blocker(*pred, tuple)).collect();
                    ConditionOutcome::Unmet
                }
                Reached::Value(value) => {
                    let is =
                        value.as_ref().map_or("it has no value".to_owned(), |value| format!("it is {value}"));
                    remarks.push(is);
                    ConditionOutcome::Unmet
                }
                Reached::False => ConditionOutcome::Unmet,
            };
            Condition { text, outcome, remarks, inner }
        };
        let told = |(literal, reached): &(&Literal, &Reached)| {
            !(literal.takes_apart() && matches!(reached, Reached::Met(_)))
        };
        let conditions: Vec<Condition> =
            literals.iter().zip(&attempt.reached).filter(told).map(condition).collect();
        ShownAttempt {
            place: self.file_place(rule.span),
            head: head_text(&writer),
            alternative: (rule.body.alternatives.len() > 1).then_some(attempt.alternative + 1),
            met: conditions.iter().filter(|condition| condition.outcome == ConditionOutcome::Met).count(),
            conditions,
        }
    }
}

fn wanted_words(graph: &Graph<'_>, pattern: &Pattern) -> Vec<Option<Word>> {
    pattern.columns.iter().map(|value| value.as_ref().map(|value| graph.word(value))).collect()
}

/// What a rule would have derived, as far as its values are known.
fn head_text(writer: &Writer<'_>) -> String {
    let Some(predicate) = writer.schema.predicates.get(writer.rule.head.0 as usize) else {
        return String::new();
    };
    let args = predicate.columns.iter().zip(&writer.rule.args);
    let texts: Vec<String> =
        args.map(|(column, arg)| format!("{}: {}", column.name, writer.expr(arg))).collect();
    format!("{}({})", predicate.name, texts.join(", "))
}

fn fact_of(missing: &Missing, span: Span) -> Fact {
    let mut assertion = Assertion::background(span);
    for (field, value) in &missing.meta {
        ground::set_meta(&mut assertion, field, value.clone());
    }
    Fact { predicate: missing.pred, tuple: missing.tuple.clone(), assertion }
}
