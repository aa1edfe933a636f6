//! The stated facts (the extensional database): for each declared relation its tuples with their
//! assertions, and the tables that rules read.
//!
//! Changes are made relation by relation, each leaving the others' tables as they are; a
//! [`Snapshot`] is as many reference counts as there are relations, so that undo costs nothing.
//! The interner and the shared metadata only grow and belong to all snapshots.

use std::sync::{Arc, OnceLock};

use super::assertions::{self, Meta, Metas, Stated};
use super::extent::{Extent, Staged};
use super::interner::{Interner, NIL, Word};
use super::sources::{Context, Reviews, SOURCE, Sources, Struck};
use super::table::Table;
use super::views::{self, EnumWords};
use crate::base::Span;
use crate::model::schema::PredKind;
use crate::model::{Assertion, Fact, PredId, Schema, Value};

/// The facts of a project or session.
#[derive(Clone, Debug)]
pub struct Database {
    pub(super) schema: Arc<Schema>,
    pub(super) interner: Interner,
    pub(super) metas: Metas,
    sources: Arc<Sources>,
    /// By [`PredId`]; empty ones for relations of which nothing can be stated.
    pub(super) relations: Vec<Arc<Relation>>,
    words: EnumWords,
    reviews: Reviews,
    struck: Arc<Struck>,
}

/// A relation's extent with the table of its assertions, made when first asked for.
#[derive(Debug)]
pub(super) struct Relation {
    extent: Arc<Extent>,
    assertions: OnceLock<Table>,
}

/// The facts as they were at one time.
#[derive(Clone, Debug)]
pub struct Snapshot {
    sources: Arc<Sources>,
    relations: Vec<Arc<Relation>>,
    reviews: Reviews,
    struck: Arc<Struck>,
}

impl Snapshot {
    /// Whether both hold the very same facts, unchanged in between; false says nothing.
    pub fn is(&self, other: &Snapshot) -> bool {
        Arc::ptr_eq(&self.sources, &other.sources)
            && self.reviews == other.reviews
            && self.struck == other.struck
            && self.relations.len() == other.relations.len()
            && self.relations.iter().zip(&other.relations).all(|(a, b)| Arc::ptr_eq(a, b))
    }
}

/// The tables of a database, for an evaluation.
#[derive(Clone, Copy)]
pub struct Stored<'d> {
    schema: &'d Schema,
    context: Context<'d>,
    relations: &'d [Arc<Relation>],
    words: &'d EnumWords,
}

impl<'d> Stored<'d> {
    /// The table that an atom of `predicate` reads: of a declared relation the tuples that a plain
    /// atom sees, of a [`PredKind::Assertions`] one the stated tuples with their metadata, made
    /// when first asked for. `None` for relations that only rules fill.
    pub fn table(self, predicate: PredId) -> Option<&'d Table> {
        match self.schema.predicates.get(predicate.0 as usize)?.kind {
            PredKind::Declared => Some(self.relations.get(predicate.0 as usize)?.extent.visible()),
            PredKind::Assertions(stated) => {
                let relation = self.relations.get(stated.0 as usize)?;
                let make = || views::assertion_table(&relation.extent, &self.context, self.words);
                Some(relation.assertions.get_or_init(make))
            }
            PredKind::Derived | PredKind::Answer => None,
        }
    }
}

impl<'d> Stored<'d> {
    /// The same, if it is there already.
    pub fn ready(self, predicate: PredId) -> Option<&'d Table> {
        match self.schema.predicates.get(predicate.0 as usize)?.kind {
            PredKind::Assertions(stated) => self.relations.get(stated.0 as usize)?.assertions.get(),
            _ => self.table(predicate),
        }
    }
}

/// Which facts to retract.
pub struct Pattern<'p> {
    /// Of which relation.
    pub predicate: PredId,
    /// For each column the value it must have, or `None` for any.
    pub columns: Vec<Option<Value>>,
    /// What the tuple and its assertion must be; only such assertions are removed.
    pub fits: &'p dyn Fn(&[Value], &Assertion) -> bool,
}

/// What tells how much assertions count, leaving the other fields free to change.
macro_rules! context {
    ($database:ident) => {
        Context {
            metas: &$database.metas,
            sources: &$database.sources,
            reviews: $database.reviews,
            struck: &$database.struck,
        }
    };
}

impl Database {
    /// Without facts.
    pub fn new(schema: Arc<Schema>) -> Self {
        let relations =
            schema.iter().map(|(_, predicate)| Relation::new(Extent::new(predicate.arity()))).collect();
        let mut interner = Interner::new();
        let words = EnumWords::new(&schema, &mut interner);
        Database {
            schema,
            interner,
            words,
            metas: Metas::default(),
            sources: Arc::default(),
            relations,
            reviews: Reviews::default(),
            struck: Arc::default(),
        }
    }

    /// Types and relations.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// Takes a schema that has more types and relations behind those known so far, whose ids stay
    /// what they were. Fails, changing nothing, if it is not such a schema.
    pub fn extend_schema(&mut self, schema: Arc<Schema>) -> Result<(), Arc<Schema>> {
        let same = |(old, new): (&crate::model::Predicate, &crate::model::Predicate)| {
            old.name == new.name
                && old.kind == new.kind
                && old.arity() == new.arity()
                && old.columns.iter().zip(&new.columns).all(|(a, b)| a.name == b.name && a.ty == b.ty)
        };
        let old = &self.schema;
        let extends = schema.predicates.len() >= old.predicates.len()
            && schema.types.len() >= old.types.len()
            && schema.enums.len() >= old.enums.len()
            && old.predicates.iter().zip(&schema.predicates).all(same)
            && old.types.iter().zip(&schema.types).all(|(a, b)| a.name == b.name && a.def == b.def)
            && old.enums.iter().zip(&schema.enums).all(|(a, b)| a.constants == b.constants);
        if !extends {
            return Err(schema);
        }
        let more = schema.predicates.iter().skip(self.relations.len());
        self.relations.extend(more.map(|predicate| Relation::new(Extent::new(predicate.arity()))));
        self.words = EnumWords::new(&schema, &mut self.interner);
        self.schema = schema;
        Ok(())
    }

    /// What words mean.
    pub fn interner(&self) -> &Interner {
        &self.interner
    }

    /// The interner, to give words to more values. Facts stay what they are.
    pub fn interner_mut(&mut self) -> &mut Interner {
        &mut self.interner
    }

    /// What the facts of `Source` say.
    pub fn sources(&self) -> &Sources {
        &self.sources
    }

    /// What tells how much assertions count.
    pub fn context(&self) -> Context<'_> {
        context!(self)
    }

    /// What has been stated of a relation; `None` for an id that the schema does not know.
    pub fn extent(&self, predicate: PredId) -> Option<&Extent> {
        self.relations.get(predicate.0 as usize).map(|relation| &*relation.extent)
    }

    /// The tables that rules read.
    pub fn stored(&self) -> Stored<'_> {
        Stored {
            schema: &self.schema,
            context: self.context(),
            relations: &self.relations,
            words: &self.words,
        }
    }

    /// The tables that rules read, and the interner in which an evaluation notes new values.
    pub fn split(&mut self) -> (Stored<'_>, &mut Interner) {
        let context = context!(self);
        let stored = Stored { schema: &self.schema, context, relations: &self.relations, words: &self.words };
        (stored, &mut self.interner)
    }

    /// The table that an atom of `predicate` reads, as [`Stored::table`].
    pub fn table(&self, predicate: PredId) -> Option<&Table> {
        self.stored().table(predicate)
    }

    /// The facts as they are now.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot {
            sources: Arc::clone(&self.sources),
            relations: self.relations.clone(),
            reviews: self.reviews,
            struck: Arc::clone(&self.struck),
        }
    }

    /// Makes the facts what they were when `snapshot` was taken. Relations that the schema has
    /// gained since then are empty.
    pub fn restore(&mut self, snapshot: Snapshot) {
        self.sources = snapshot.sources;
        self.relations = snapshot.relations;
        self.reviews = snapshot.reviews;
        self.struck = snapshot.struck;
        let more = self.schema.predicates.iter().skip(self.relations.len());
        self.relations.extend(more.map(|predicate| Relation::new(Extent::new(predicate.arity()))));
    }

    /// Makes schema and facts what they were: `schema` is the one that was in force when `snapshot`
    /// was taken.
    pub fn rewind(&mut self, schema: Arc<Schema>, snapshot: Snapshot) {
        self.words = EnumWords::new(&schema, &mut self.interner);
        self.schema = schema;
        self.restore(snapshot);
    }

    /// Adds facts, whose tuples have the relations' arities and types. Another assertion of a
    /// known tuple is kept beside the others, an equal one too.
    pub fn assert(&mut self, facts: &[Fact]) {
        let mut staged = Vec::new();
        staged.resize_with(self.relations.len(), Staged::default);
        for fact in facts {
            let Some(slot) = staged.get_mut(fact.predicate.0 as usize) else { continue };
            debug_assert_eq!(fact.tuple.len(), self.schema.predicate(fact.predicate).arity());
            slot.words.extend(fact.tuple.iter().map(|value| self.interner.intern(value)));
            slot.stated.push(assertions::pack(&fact.assertion, &mut self.interner, &mut self.metas));
        }
        self.add(staged);
    }

    /// Adds background facts of one relation, whose rows are words of this database's interner;
    /// `places` tells where each stands.
    pub fn assert_rows(&mut self, predicate: PredId, words: Vec<Word>, places: &[Span]) {
        let meta = self.metas.intern(Meta::background(&mut self.interner));
        let stated = places.iter().map(|span| Stated { src: NIL, at: NIL, meta, span: *span }).collect();
        self.add_to(predicate, Staged { words, stated });
    }

    /// The same for bulk data, which is placed as a whole: a repeated row is one assertion, and, of
    /// a relation of which nothing else is stated, rows take no more room than their words.
    pub fn assert_bulk(&mut self, predicate: PredId, words: Vec<Word>, len: usize, span: Span) {
        let Some(relation) = self.relations.get(predicate.0 as usize) else { return };
        let width = self.schema.predicate(predicate).arity();
        let tuples = if width == 0 { Table::nullary(len > 0) } else { Table::from_rows(width, words) };
        let empty = relation.extent.is_empty() && Some(predicate) != self.schema.find(SOURCE);
        if empty {
            let meta = self.metas.intern(Meta::background(&mut self.interner));
            let stated = Stated { src: NIL, at: NIL, meta, span };
            self.put(predicate, Extent::uniform(width, tuples, stated));
        } else {
            let words = tuples.iter().flatten().copied().collect();
            self.assert_rows(predicate, words, &vec![span; tuples.len()]);
        }
    }

    fn add_to(&mut self, predicate: PredId, staged: Staged) {
        let mut all = Vec::new();
        all.resize_with(self.relations.len(), Staged::default);
        if let Some(slot) = all.get_mut(predicate.0 as usize) {
            *slot = staged;
        }
        self.add(all);
    }

    /// Removes the assertions that fit `pattern`; a tuple that has none left is gone. Returns the
    /// facts removed.
    pub fn retract(&mut self, pattern: &Pattern<'_>) -> Vec<Fact> {
        let Some(relation) = self.relations.get(pattern.predicate.0 as usize) else { return Vec::new() };
        let context = self.context();
        let wanted: Option<Vec<Option<Word>>> = pattern
            .columns
            .iter()
            .map(|column| match column {
                None => Some(None),
                Some(value) => self.interner.get(value).map(Some),
            })
            .collect();
        // A value without a word occurs nowhere.
        let Some(wanted) = wanted else { return Vec::new() };
        let tuples = relation.extent.tuples();
        let mut removed = Vec::new();
        let prefix: Vec<Word> = wanted.iter().map_while(|wanted| *wanted).collect();
        let without = relation.extent.without(&context, &prefix, |row, stated| {
            let row = tuples.row(row);
            let fits =
                row.iter().zip(&wanted).all(|(word, wanted)| wanted.is_none_or(|wanted| wanted == *word));
            if !fits {
                return false;
            }
            let assertion = assertions::unpack(stated, &self.interner, &self.metas);
            let tuple: Vec<Value> = row.iter().map(|word| self.interner.value(*word)).collect();
            let fits = (pattern.fits)(&tuple, &assertion);
            if fits {
                removed.push(Fact { predicate: pattern.predicate, tuple, assertion });
            }
            fits
        });
        if let Some(extent) = without {
            self.put(pattern.predicate, extent);
            self.settle(pattern.predicate);
        }
        removed
    }

    /// Keeps of all assertions those that `keep` picks, for a scenario; what the sources say of
    /// them stays. Returns how many are gone. [`Database::restore`] brings them back.
    pub fn restrict(
        &mut self,
        mut keep: impl FnMut(PredId, &Stated, &Context<'_>, &Interner) -> bool,
    ) -> usize {
        let before = self.len();
        let context = context!(self);
        let interner = &self.interner;
        for (at, relation) in self.relations.iter_mut().enumerate() {
            let predicate = PredId(at as u32);
            if let Some(extent) = relation
                .extent
                .without(&context, &[], |_, stated| !keep(predicate, stated, &context, interner))
            {
                *relation = Relation::new(extent);
            }
        }
        before - self.len()
    }

    /// Notes which sources a scenario strikes. [`Database::restore`] takes it back.
    pub(super) fn strike(&mut self, struck: Struck) {
        self.struck = Arc::new(struck);
    }

    /// Makes the assertions of these reviews count, and no others. [`Database::restore`] of a
    /// snapshot taken before takes it back.
    pub(super) fn take_reviews(&mut self, reviews: Reviews) {
        self.reviews = reviews;
        let context = context!(self);
        for relation in &mut self.relations {
            *relation = Relation::new(relation.extent.reconsidered(&context));
        }
    }

    /// Adds staged facts, by [`PredId`].
    pub(super) fn add(&mut self, staged: Vec<Staged>) {
        // Sources first: what other relations show can depend on their dates.
        let source = self.schema.find(SOURCE);
        let mut staged: Vec<(PredId, Staged)> =
            staged.into_iter().enumerate().map(|(at, staged)| (PredId(at as u32), staged)).collect();
        staged.sort_by_key(|(predicate, _)| Some(*predicate) != source);
        for (predicate, staged) in staged {
            if staged.stated.is_empty() {
                continue;
            }
            let Some(relation) = self.relations.get(predicate.0 as usize) else { continue };
            let extent = relation.extent.with(staged, &self.context());
            self.put(predicate, extent);
            self.settle(predicate);
        }
    }

    fn put(&mut self, predicate: PredId, extent: Extent) {
        if let Some(slot) = self.relations.get_mut(predicate.0 as usize) {
            *slot = Relation::new(extent);
        }
    }

    /// After a change of `Source`: finds again what depends on it.
    fn settle(&mut self, changed: PredId) {
        if Some(changed) != self.schema.find(SOURCE) {
            return;
        }
        let Some(table) = self.extent(changed).map(Extent::tuples) else { return };
        let sources = Sources::of(&self.schema, table, &self.interner);
        let dates_stay = sources.same_dates(&self.sources);
        self.sources = Arc::new(sources);
        let context = context!(self);
        for relation in &mut self.relations {
            if relation.extent.is_contested() && !dates_stay {
                *relation = Relation::new(relation.extent.reconsidered(&context));
            } else {
                // Not the same relation even if nobody has asked for its assertions: a snapshot
                // may share it, and would get a table made from these sources.
                *relation = Relation::new(Arc::clone(&relation.extent));
            }
        }
    }

    /// The assertions of a tuple, in the order of loading; none if nobody states it.
    pub fn assertions_of(&self, predicate: PredId, tuple: &[Word]) -> Vec<Assertion> {
        self.stated_of(predicate, tuple)
            .iter()
            .map(|stated| assertions::unpack(stated, &self.interner, &self.metas))
            .collect()
    }

    /// The same, packed.
    pub fn stated_of(&self, predicate: PredId, tuple: &[Word]) -> &[Stated] {
        self.extent(predicate).and_then(|extent| Some(extent.assertions(extent.find(tuple)?))).unwrap_or(&[])
    }

    /// An assertion as the model has it.
    pub fn assertion(&self, stated: &Stated) -> Assertion {
        assertions::unpack(stated, &self.interner, &self.metas)
    }

    /// The facts of a relation, by word; each tuple with each of its assertions.
    pub fn facts(&self, predicate: PredId) -> impl Iterator<Item = Fact> + '_ {
        let extent = self.extent(predicate);
        let rows = extent.map_or(0, |extent| extent.tuples().len());
        (0..rows).filter_map(move |row| extent.map(|extent| (extent, row))).flat_map(move |(extent, row)| {
            extent.assertions(row).iter().map(move |stated| Fact {
                predicate,
                tuple: extent.tuples().row(row).iter().map(|word| self.interner.value(*word)).collect(),
                assertion: self.assertion(stated),
            })
        })
    }

    /// Number of assertions, over all relations.
    pub fn len(&self) -> usize {
        self.relations.iter().map(|relation| relation.extent.len()).sum()
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let relations: u64 = self.relations.iter().map(|relation| relation.bytes()).sum();
        self.interner.bytes() + self.metas.bytes() + relations
    }
}

impl Relation {
    fn new(extent: impl Into<Arc<Extent>>) -> Arc<Relation> {
        Arc::new(Relation { extent: extent.into(), assertions: OnceLock::new() })
    }

    fn bytes(&self) -> u64 {
        self.extent.bytes() + self.assertions.get().map_or(0, Table::bytes)
    }
}
