//! Finding facts by what they mention, and things by their names.

use super::database::Database;
use super::interner::{NIL, Word};
use crate::model::schema::PredKind;
use crate::model::{Fact, PredId, TypeDef};

/// Name of the relation whose facts give things further names, if a project has one: a column
/// `entity` with an id and a column `text`.
const ALIAS: &str = "Alias";

impl Database {
    /// Every name of the things that `entity` declares, with the id of what it names: the id
    /// itself, its `name`, and the `text` of each `Alias` of it. Sorted, each pair once.
    pub fn names_of(&self, entity: PredId) -> Vec<(String, String)> {
        let mut names = Vec::new();
        let predicate = self.schema().predicate(entity);
        let (Some([id]), Some(extent)) = (predicate.key.as_deref(), self.extent(entity)) else {
            return names;
        };
        let text = |tuple: &[Word], column: usize| {
            self.interner().symbol_text(tuple.get(column).copied().unwrap_or(NIL))
        };
        let name = predicate.column("name");
        let mut ids = rustc_hash::FxHashSet::default();
        for tuple in extent.tuples().iter() {
            let Some(key) = text(tuple, *id) else { continue };
            ids.insert(key);
            names.push((key.to_owned(), key.to_owned()));
            if let Some(name) = name.and_then(|column| text(tuple, column)) {
                names.push((name.to_owned(), key.to_owned()));
            }
        }
        if let Some(alias) = self.schema().find(ALIAS)
            && let predicate = self.schema().predicate(alias)
            && let (Some(of), Some(is)) = (predicate.column("entity"), predicate.column("text"))
            && let Some(extent) = self.extent(alias)
        {
            for tuple in extent.tuples().iter() {
                if let (Some(key), Some(name)) = (text(tuple, of), text(tuple, is))
                    && ids.contains(key)
                {
                    names.push((name.to_owned(), key.to_owned()));
                }
            }
        }
        names.sort();
        names.dedup();
        names
    }

    /// The relations that declare types of things.
    pub fn entity_relations(&self) -> Vec<PredId> {
        let entities = self.schema().types.iter().filter_map(|ty| match ty.def {
            TypeDef::Entity(predicate) => Some(predicate),
            _ => None,
        });
        let mut entities: Vec<PredId> = entities.collect();
        entities.sort();
        entities.dedup();
        entities
    }

    /// All names of all things, as [`Database::names_of`], for completion.
    pub fn names(&self) -> Vec<(String, String)> {
        let mut names: Vec<_> =
            self.entity_relations().into_iter().flat_map(|entity| self.names_of(entity)).collect();
        names.sort();
        names.dedup();
        names
    }

    /// The facts that have the symbol `id` in a column or in a list in one, or name it as their
    /// source, by relation.
    pub fn mentions(&self, id: &str) -> Vec<Fact> {
        let Some(word) = self.interner().get(&crate::model::Value::symbol(id)) else { return Vec::new() };
        let declared = self.schema().iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared);
        let mut facts = Vec::new();
        for (predicate, _) in declared {
            let Some(extent) = self.extent(predicate) else { continue };
            for (row, tuple) in extent.tuples().iter().enumerate() {
                let inside = tuple.iter().any(|value| self.holds(*value, word));
                let stated = extent.assertions(row).iter().filter(|stated| inside || stated.src == word);
                facts.extend(stated.map(|stated| Fact {
                    predicate,
                    tuple: tuple.iter().map(|word| self.interner().value(*word)).collect(),
                    assertion: self.assertion(stated),
                }));
            }
        }
        facts
    }

    fn holds(&self, value: Word, word: Word) -> bool {
        value == word
            || self
                .interner()
                .list_items(value)
                .is_some_and(|items| items.iter().any(|item| self.holds(*item, word)))
    }
}
