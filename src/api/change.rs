//! What a step did, what a run produced, what relations there are.

use super::{Answer, Diagnostic};
use crate::model::schema::Schema;
use crate::session;

/// What a step did.
#[derive(Clone, Debug)]
pub struct Change {
    kind: ChangeKind,
    count: usize,
    new: usize,
    warnings: Vec<Diagnostic>,
}

/// What sort of step it was.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ChangeKind {
    /// Facts were asserted.
    Asserted,
    /// Assertions were retracted.
    Retracted,
    /// Declarations, rules, checks or facts were added as a rule file holds them.
    Defined,
}

impl Change {
    pub(super) fn new(change: &session::Change, warnings: Vec<Diagnostic>) -> Change {
        let (kind, count, new) = match change {
            session::Change::Asserted { facts, new } => (ChangeKind::Asserted, *facts, *new),
            session::Change::Retracted(n) => (ChangeKind::Retracted, *n, 0),
            session::Change::Defined(n) => (ChangeKind::Defined, *n, 0),
        };
        Change { kind, count, new, warnings }
    }

    /// What sort of step it was.
    pub fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// How many facts, assertions or definitions it was about.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Of facts that were asserted: how many of their tuples nobody had stated before.
    pub fn new_tuples(&self) -> usize {
        self.new
    }

    /// What is odd about it, such as a variable that occurs once, or an id that nothing declares.
    /// Of more than a thousand facts [`Session::check`](crate::Session::check) alone says the latter.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }
}

/// What the rules ask to be written; see [`Session::run`](crate::Session::run).
#[derive(Clone, Debug)]
pub struct Outputs {
    relations: Vec<(String, Answer)>,
    queries: Vec<(String, Answer)>,
    sizes: Vec<(String, usize)>,
    notes: Vec<String>,
}

impl Outputs {
    pub(super) fn new(batch: session::Batch) -> Outputs {
        let answer = |answer| Answer::new(answer, Vec::new());
        Outputs {
            relations: batch.outputs.into_iter().map(|it| (it.relation, answer(it.answer))).collect(),
            queries: batch.queries.into_iter().map(|it| (it.text, answer(it.answer))).collect(),
            sizes: batch.sizes.into_iter().map(|size| (size.relation, size.rows)).collect(),
            notes: batch.notes,
        }
    }

    /// The rows of an `.output` relation.
    pub fn get(&self, relation: &str) -> Option<&Answer> {
        self.relations.iter().find(|(name, _)| name == relation).map(|(_, answer)| answer)
    }

    /// The `.output` relations with their rows, in the order of the directives.
    pub fn relations(&self) -> impl ExactSizeIterator<Item = (&str, &Answer)> {
        self.relations.iter().map(|(name, answer)| (name.as_str(), answer))
    }

    /// The `?-` lines with their answers, in their order.
    pub fn queries(&self) -> impl ExactSizeIterator<Item = (&str, &Answer)> {
        self.queries.iter().map(|(text, answer)| (text.as_str(), answer))
    }

    /// The `.printsize` relations with the number of their tuples.
    pub fn sizes(&self) -> impl ExactSizeIterator<Item = (&str, usize)> {
        self.sizes.iter().map(|(name, rows)| (name.as_str(), *rows))
    }

    /// What a reader has to know beside all this, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.notes
    }
}

/// A relation of a session.
#[derive(Clone, Debug)]
pub struct Relation {
    info: session::RelationInfo,
    columns: Vec<String>,
}

impl Relation {
    pub(super) fn new(info: session::RelationInfo, schema: &Schema) -> Relation {
        let columns = schema.find(&info.name).map(|id| &schema.predicate(id).columns);
        let columns = columns.into_iter().flatten().map(|column| column.name.to_string()).collect();
        Relation { info, columns }
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.info.name
    }

    /// Names of its columns, in order.
    pub fn columns(&self) -> &[String] {
        &self.columns
    }

    /// Its declaration as the language writes it; of a relation that only rules define, what they
    /// make of it.
    pub fn declaration(&self) -> &str {
        &self.info.declaration
    }

    /// Whether it is declared, so that facts can be stated of it.
    pub fn is_declared(&self) -> bool {
        self.info.declared
    }

    /// Distinct tuples that are stated.
    pub fn stated(&self) -> usize {
        self.info.stated
    }

    /// Rules that define it.
    pub fn rules(&self) -> usize {
        self.info.rules
    }
}
