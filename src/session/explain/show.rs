//! Proofs as readers are shown them: every tuple and rule with its text and its place.

use super::cite::Asserted;
use super::view::{Because, ByRule, Citation, FilePlace, ShownPremise, ShownProof, ShownStep};
use crate::analysis::{Goal, template};
use crate::engine::{Model, Tables};
use crate::model::program::Literal;
use crate::model::schema::PredKind;
use crate::model::{Rule, Value};
use crate::provenance::Graph;
use crate::provenance::proof::{Node, Proof, Step, Support, Why};
use crate::provenance::text::{self, Writer};
use crate::session::Session;
use crate::session::check::Texts;
use crate::storage::Word;

/// Assertions of one tuple that are shown.
const ASSERTIONS: usize = 20;
/// Rows of one aggregate that are shown.
const ROWS: usize = 64;

/// What proofs are shown with.
#[derive(Clone, Copy)]
pub(super) struct Shower<'s> {
    pub session: &'s Session,
    /// The goals of the evaluation.
    pub goals: &'s [Rule],
    /// The goal whose answer is explained.
    pub goal: Option<&'s Goal>,
    pub model: &'s Model,
    pub tables: &'s dyn Tables,
    pub texts: Option<Texts<'s>>,
}

impl Shower<'_> {
    pub fn proof(&self, proof: &Proof) -> ShownProof {
        let negates =
            |support: &Support| matches!(support, Support::Absent { .. } | Support::Aggregate { .. });
        let may_fall = proof.nodes.iter().any(|node| match &node.why {
            Why::Rule(step) => step.premises.iter().any(negates),
            Why::Stated => false,
        });
        let steps = proof.nodes.iter().map(|node| self.step(node));
        ShownProof { steps: steps.collect(), may_fall, cut: proof.cut }
    }

    fn step(&self, node: &Node) -> ShownStep {
        let schema = self.session.schema();
        let because = match &node.why {
            Why::Stated => Because::Stated { assertions: self.citations(node) },
            Why::Rule(step) => Because::Rule(self.by_rule(step)),
        };
        let rule = match &node.why {
            Why::Rule(step) => step.rule.find(self.session.program(), self.goals).map(|rule| (rule, step)),
            Why::Stated => None,
        };
        let sentence =
            rule.and_then(|(rule, step)| Some(filled(rule.label.as_deref()?, rule, &step.binding)));
        let answer = self.goal.filter(|goal| goal.rule.head == node.pred);
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
            gave_way: self.gave_way(node),
            because,
        }
    }

    /// The assertions behind a stated tuple: the firmest first, of equally firm ones those that repeat
    /// no other source.
    fn citations(&self, node: &Node) -> Vec<Citation> {
        let database = &self.session.base.database;
        let words: Option<Vec<Word>> =
            node.tuple.iter().map(|value| database.interner().get(value)).collect();
        let Some(words) =
            words.filter(|words| self.tables.table(node.pred).is_some_and(|table| table.contains(words)))
        else {
            return Vec::new();
        };
        let behind = Asserted { database }.behind(node.pred, &words);
        let mut cited: Vec<Citation> = behind
            .into_iter()
            .map(|stated| self.session.citation(database.assertion(stated), self.texts))
            .collect();
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

    /// What a tuple that was there for a while gave way to.
    fn gave_way(&self, node: &Node) -> Option<String> {
        let session = self.session;
        let words: Option<Vec<Word>> =
            node.tuple.iter().map(|value| session.base.database.interner().get(value)).collect();
        let words = words?;
        self.model.gone(node.pred, &words)?;
        if session.table_of(node.pred, self.model).is_some_and(|table| table.contains(&words)) {
            return None;
        }
        let other = session.gives_way(node.pred, &node.tuple, self.model);
        Some(other.unwrap_or_else(|| "another that gave way in turn".to_owned()))
    }

    fn by_rule(&self, step: &Step) -> ByRule {
        let Some(rule) = step.rule.find(self.session.program(), self.goals) else {
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
            place: self.session.file_place(rule.span),
            alternative: (alternatives > 1).then_some(step.alternative + 1),
            assumptions: rule.assume.iter().map(|assume| filled(assume, rule, &step.binding)).collect(),
            binding: named.collect(),
            premises: self.premises(rule, literals, &step.binding, &step.premises),
        }
    }

    fn premises(
        &self,
        rule: &Rule,
        literals: &[Literal],
        binding: &[Option<Value>],
        premises: &[Support],
    ) -> Vec<ShownPremise> {
        let writer = Writer { schema: self.session.schema(), rule, binding };
        let shown = |(literal, support): (&Literal, &Support)| match support {
            Support::Node(at) => ShownPremise::Step(*at),
            Support::Absent { over } => ShownPremise::Absent { text: writer.literal(literal), over: *over },
            Support::Holds => ShownPremise::Holds { text: writer.literal(literal) },
            Support::Aggregate { value, total, rows } => {
                let inside = |row: &crate::provenance::proof::Row| {
                    let body = Graph::aggregate_of(literal)
                        .and_then(|aggregate| aggregate.body.alternatives.get(row.alternative));
                    self.premises(rule, body.map_or(&[], Vec::as_slice), &row.binding, &row.premises)
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
