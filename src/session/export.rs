//! Relations for other programs: their rows as words, in order.

use super::{Error, Session, shapes};
use crate::interop::Column;
use crate::model::schema::{PredId, PredKind};
use crate::model::{Fact, Value};
use crate::storage::table::sort_by_value;
use crate::storage::{Interner, Table, Word};

/// A relation's rows.
#[derive(Clone, Debug)]
pub struct Exported {
    /// Its name.
    pub relation: String,
    /// Its columns.
    pub columns: Vec<Column>,
    /// How many rows there are.
    pub len: usize,
    /// They, one after the other, sorted by value, in words of [`Session::interner`].
    pub words: Vec<Word>,
    /// Its id.
    pub predicate: PredId,
}

impl Exported {
    /// A row.
    pub fn row(&self, at: usize) -> &[Word] {
        let width = self.columns.len();
        self.words.get(at * width..(at + 1) * width).unwrap_or(&[])
    }
}

impl Session {
    /// The rows of relations, derived ones evaluated; without names of all relations that there
    /// are, but for an empty `Source` that nobody declared.
    ///
    /// # Errors
    /// There is no such relation; those of evaluation.
    pub fn export(&mut self, names: &[String]) -> Result<Vec<Exported>, Error> {
        self.ready()?;
        let mut wanted: Vec<PredId> = Vec::new();
        for name in names {
            let predicate = self.relation(name)?;
            if !wanted.contains(&predicate) {
                wanted.push(predicate);
            }
        }
        let schema = self.schema().clone();
        if names.is_empty() {
            let kept = |(id, found): &(PredId, &crate::model::Predicate)| match found.kind {
                PredKind::Declared => {
                    found.span.is_some() || self.database().extent(*id).is_some_and(|it| !it.is_empty())
                }
                PredKind::Derived => true,
                PredKind::Assertions(_) | PredKind::Answer => false,
            };
            wanted.extend(schema.iter().filter(kept).map(|(id, _)| id));
            wanted.sort_by_key(|id| schema.predicate(*id).name.clone());
        }
        let model = self.evaluate(&[], &wanted)?;
        let interner = self.base.database.interner();
        let exported = wanted.into_iter().map(|predicate| {
            let found = schema.predicate(predicate);
            let table = self.table_of(predicate, &model);
            let words: Vec<Word> =
                table.into_iter().flat_map(|table| table.iter()).flatten().copied().collect();
            Exported {
                relation: found.name.to_string(),
                columns: shapes::columns(&schema, predicate),
                len: table.map_or(0, Table::len),
                words: sort_by_value(interner, found.arity(), &words),
                predicate,
            }
        });
        Ok(exported.collect())
    }

    /// What words mean.
    pub fn interner(&self) -> &Interner {
        self.base.database.interner()
    }

    /// The facts of an exported relation: what is stated, each assertion by itself, and what is
    /// derived beside it. Sorted by value, then by the source and the place in it.
    pub fn exported_facts(&self, exported: &Exported) -> Vec<Fact> {
        let mut facts: Vec<Fact> = self.database().facts(exported.predicate).collect();
        let extent = self.database().extent(exported.predicate);
        let stated = |row: &[Word]| extent.is_some_and(|extent| extent.find(row).is_some());
        let derived = (0..exported.len).map(|at| exported.row(at)).filter(|row| !stated(row));
        let span = crate::base::Span::new(crate::base::FileId(0), 0, 0);
        facts.extend(derived.map(|row| Fact {
            predicate: exported.predicate,
            tuple: row.iter().map(|word| self.interner().value(*word)).collect::<Vec<Value>>(),
            assertion: crate::model::Assertion::background(span),
        }));
        let key = |fact: &Fact| (fact.assertion.src.clone(), fact.assertion.at.clone(), fact.assertion.span);
        facts.sort_by(|a, b| a.tuple.cmp(&b.tuple).then_with(|| key(a).cmp(&key(b))));
        facts
    }
}
