//! Ids that refer to things which nothing declares.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};

use super::fields::{self, Part};
use super::{Evidence, further, relations, tuples};
use crate::analysis::types::Base;
use crate::base::codes::facts::UNRESOLVED_REFERENCE;
use crate::base::diagnostic::nearest;
use crate::base::{Diagnostic, Span, escape};
use crate::model::{PredId, Schema, TypeDef, TypeId};
use crate::storage::database::Database;
use crate::storage::interner::{NIL, Word};

/// Comparing spellings is slow, so hints stop after as many comparisons as take about a second.
const COMPARISONS: usize = 2_000_000;

pub(super) fn check(database: &Database, evidence: &Evidence<'_>, found: &mut Vec<Diagnostic>) {
    let schema = database.schema();
    let mut declared: FxHashMap<PredId, FxHashSet<Word>> = FxHashMap::default();
    // By what was looked for and where, so that one mistake made often is one finding.
    let mut missing: BTreeMap<(Arc<str>, Vec<PredId>), Vec<(Span, PredId, usize)>> = BTreeMap::new();
    for (relation, predicate, extent) in relations(database) {
        let targets: Vec<(usize, Vec<PredId>)> = (predicate.columns.iter().enumerate())
            .map(|(at, column)| (at, entities(schema, column.ty)))
            .filter(|(_, entities)| !entities.is_empty())
            .collect();
        for (at, entities) in &targets {
            for entity in entities {
                declared.entry(*entity).or_insert_with(|| ids(database, *entity));
            }
            for (tuple, stated) in tuples(extent) {
                let word = tuple.get(*at).copied().unwrap_or(NIL);
                each_id(database, word, &mut |id| {
                    let known = entities.iter().any(|entity| {
                        declared.get(entity).is_some_and(|ids| ids.contains(&id))
                            || evidence.derived.is_some_and(|derived| derived(*entity, id))
                    });
                    if !known && let Some(text) = database.interner().symbol_text(id) {
                        let places = missing.entry((text.into(), entities.clone())).or_default();
                        places.extend(stated.iter().map(|stated| (stated.span, relation, *at)));
                    }
                });
            }
        }
    }
    for (relation, predicate, extent) in relations(database) {
        let columns = predicate.columns.iter().enumerate().filter(|(_, column)| has_parts(schema, column.ty));
        for (at, column) in columns {
            for (tuple, stated) in tuples(extent) {
                let word = tuple.get(at).copied().unwrap_or(NIL);
                each_part(database, column.ty, word, &mut |entities, id| {
                    let known = entities.iter().any(|entity| {
                        declared.entry(*entity).or_insert_with(|| ids(database, *entity)).contains(&id)
                            || evidence.derived.is_some_and(|derived| derived(*entity, id))
                    });
                    if !known && let Some(text) = database.interner().symbol_text(id) {
                        let places = missing.entry((text.into(), entities)).or_default();
                        places.extend(stated.iter().map(|stated| (stated.span, relation, at)));
                    }
                });
            }
        }
    }
    let mut hints = Hints { database, names: FxHashMap::default(), budget: COMPARISONS };
    for ((id, entities), mut places) in missing {
        places.sort();
        places.dedup_by_key(|(fact, _, _)| *fact);
        let Some((first, relation, column)) = places.first() else { continue };
        let types: Vec<String> =
            entities.iter().map(|entity| format!("`{}`", schema.predicate(*entity).name)).collect();
        let message = format!("no {} has the id {}", types.join(" or "), escape::quoted(&id));
        let diagnostic = Diagnostic::new(UNRESOLVED_REFERENCE, message);
        let within = |fact: Span, relation: PredId, column: usize| {
            fields::place(evidence, fact, Part::Column(schema.predicate(relation), column), Some(&id))
        };
        let diagnostic = match (within(*first, *relation, *column), hints.nearest(&id, &entities)) {
            (Some(place), Some((best, help))) => diagnostic.at(place).fix(place, escape::quoted(best), help),
            (place, near) => diagnostic.at(place.unwrap_or(*first)).help_opt(near.map(|(_, help)| help)),
        };
        let places = places.iter().map(|(fact, relation, column)| (*fact, within(*fact, *relation, *column)));
        found.push(further(diagnostic, places, "and here"));
    }
}

/// Calls `visit` for the id that a word is, or for each in the list that it is.
pub(super) fn each_id(database: &Database, word: Word, visit: &mut dyn FnMut(Word)) {
    match database.interner().list_items(word) {
        Some(items) => items.iter().for_each(|item| each_id(database, *item, visit)),
        None if word != NIL => visit(word),
        None => {}
    }
}

/// Whether values of a type are records or variants, or lists of them.
fn has_parts(schema: &Schema, ty: TypeId) -> bool {
    match schema.base(ty) {
        Base::Struct(_) => true,
        Base::List(item) => has_parts(schema, item),
        _ => false,
    }
}

/// Calls `visit` for every id within a value of a type, with the relations that can declare it.
fn each_part(database: &Database, ty: TypeId, word: Word, visit: &mut dyn FnMut(Vec<PredId>, Word)) {
    let (schema, interner) = (database.schema(), database.interner());
    match schema.base(ty) {
        Base::List(item) => {
            let items = interner.list_items(word).unwrap_or(&[]);
            items.iter().for_each(|word| each_part(database, item, *word, visit));
        }
        Base::Struct(id) => {
            let Some((of, fields)) = interner.structure_parts(word) else { return };
            let variant = schema.struct_def(id).variants.get(of.ordinal as usize);
            for (ty, field) in variant.into_iter().flat_map(|variant| &variant.types).zip(fields) {
                each_part(database, *ty, *field, visit);
            }
        }
        _ => {
            let entities = entities(schema, ty);
            if !entities.is_empty() && word != NIL {
                visit(entities, word);
            }
        }
    }
}

/// The relations that declare the things to which values of a type refer; none for plain values.
pub(super) fn entities(schema: &Schema, ty: TypeId) -> Vec<PredId> {
    // Each type once: unions may share their members.
    let mut found = Vec::new();
    let mut seen = HashSet::from([ty]);
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        match &schema.ty(ty).def {
            TypeDef::Entity(predicate) => found.push(*predicate),
            TypeDef::Subtype(ty) | TypeDef::List(ty) => open.extend(seen.insert(*ty).then_some(*ty)),
            TypeDef::Union(members) => open.extend(members.iter().filter(|ty| seen.insert(**ty))),
            TypeDef::Symbol
            | TypeDef::Number
            | TypeDef::Float
            | TypeDef::Bool
            | TypeDef::Date
            | TypeDef::Enum(_)
            | TypeDef::Struct(_) => {}
        }
    }
    found.sort();
    found.dedup();
    found
}

/// Column of an entity relation that holds the ids.
pub(super) fn id_column(schema: &Schema, entity: PredId) -> Option<usize> {
    match schema.predicate(entity).key.as_deref() {
        Some([column]) => Some(*column),
        _ => None,
    }
}

/// The ids that facts declare.
fn ids(database: &Database, entity: PredId) -> FxHashSet<Word> {
    let Some(column) = id_column(database.schema(), entity) else { return FxHashSet::default() };
    let Some(extent) = database.extent(entity) else { return FxHashSet::default() };
    extent.tuples().iter().filter_map(|tuple| tuple.get(column)).copied().collect()
}

/// Finds what was probably meant.
struct Hints<'d> {
    database: &'d Database,
    names: FxHashMap<PredId, Vec<(String, String)>>,
    budget: usize,
}

impl Hints<'_> {
    /// The id that was most likely meant, and a sentence with all that may have been.
    fn nearest(&mut self, id: &str, entities: &[PredId]) -> Option<(&str, String)> {
        for entity in entities {
            let database = self.database;
            self.names.entry(*entity).or_insert_with(|| database.names_of(*entity));
        }
        let names: Vec<&(String, String)> =
            entities.iter().filter_map(|entity| self.names.get(entity)).flatten().collect();
        self.budget = self.budget.checked_sub(names.len())?;
        let best = nearest(id, names.iter().map(|(name, _)| name.as_str()));
        let mut meant: Vec<(&str, String)> = Vec::new();
        for name in best {
            let Some((_, id)) = names.iter().find(|(known, _)| known == name) else { continue };
            if meant.iter().any(|(known, _)| known == id) {
                continue;
            }
            let told = if id == name {
                escape::quoted(id)
            } else {
                format!("{} ({})", escape::quoted(id), escape::printable(name))
            };
            meant.push((id, told));
        }
        let best = meant.first()?.0;
        let told: Vec<&str> = meant.iter().map(|(_, told)| told.as_str()).collect();
        let (last, rest) = told.split_last()?;
        let help = if rest.is_empty() {
            format!("did you mean {last}?")
        } else {
            format!("did you mean {} or {last}?", rest.join(", "))
        };
        Some((best, help))
    }
}
