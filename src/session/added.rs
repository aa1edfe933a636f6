//! What was added to a base since its files were loaded, and where things come from.

use std::collections::HashSet;

use super::edit::Change;
use super::{Error, Session};
use crate::base::codes::facts as fact_codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, FileId, Severity};
use crate::model::Fact;
use crate::model::schema::{PredId, PredKind};

/// What a session's steps have added.
#[derive(Clone, Debug, PartialEq)]
pub struct Added<'s> {
    /// Facts asserted or loaded, in their order by relation and value.
    pub facts: Vec<Fact>,
    /// Texts of rules and declarations, in the order in which they came.
    pub rules: Vec<&'s str>,
    /// How many rules and declarations these are.
    pub definitions: usize,
    /// How many assertions were retracted.
    pub retracted: usize,
}

/// A source and what it states.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceSummary {
    /// The facts of `Source` for its id.
    pub facts: Vec<Fact>,
    /// Relations with the number of assertions that name it as `_src`, by name.
    pub stated: Vec<(String, usize)>,
}

impl Session {
    /// What the steps of this session have added to the base.
    pub fn added(&self) -> Added<'_> {
        let units: Vec<_> = self.base.units.iter().filter(|unit| unit.path.is_none()).collect();
        let typed_in = |fact: &Fact| {
            let file = fact.assertion.span.file;
            file >= self.base.end && !units.iter().any(|unit| unit.file == file)
        };
        let mut facts: Vec<Fact> =
            self.declared_relations().flat_map(|id| self.base.database.facts(id)).filter(typed_in).collect();
        let name = |fact: &Fact| self.schema().predicate(fact.predicate).name.clone();
        facts.sort_by(|a, b| {
            (name(a), &a.tuple, a.assertion.span).cmp(&(name(b), &b.tuple, b.assertion.span))
        });
        let retracted = self.steps.iter().map(|step| match step.change {
            Change::Retracted(n) => n,
            Change::Asserted { .. } | Change::Defined(_) => 0,
        });
        Added {
            facts,
            rules: self.typed_in(),
            definitions: units.iter().map(|unit| unit.program.items.len()).sum(),
            retracted: retracted.sum(),
        }
    }

    /// The rules of the project's files, as written, each with its place.
    pub fn project_rules(&self) -> Vec<String> {
        let files: HashSet<FileId> =
            self.base.units.iter().filter(|unit| unit.path.is_some()).map(|unit| unit.file).collect();
        self.rules_where(|rule| files.contains(&rule.span.file))
    }

    /// Facts of all relations: a tuple with two assertions is two of them.
    pub fn stated_total(&self) -> usize {
        let extents = self.declared_relations().filter_map(|id| self.base.database.extent(id));
        extents.map(|extent| extent.len()).sum()
    }

    /// A source with the number of facts it states, or a diagnostic with the nearest ids.
    pub fn source(&self, id: &str) -> Result<SourceSummary, Error> {
        let is_of = |fact: &Fact| fact.assertion.src.as_deref() == Some(id);
        let mut stated = Vec::new();
        for relation in self.declared_relations() {
            let n = self.base.database.facts(relation).filter(is_of).count();
            if n > 0 {
                stated.push((self.schema().predicate(relation).name.to_string(), n));
            }
        }
        stated.sort();
        let names = self.entity_names();
        let sources = names.iter().filter(|name| &*name.relation == "Source");
        let known: Vec<&str> = sources.map(|name| &*name.id).collect();
        let facts: Vec<Fact> = self.facts("Source")?;
        let facts: Vec<Fact> = facts
            .into_iter()
            .filter(|fact| fact.tuple.first().is_some_and(|key| key.plain() == id))
            .collect();
        if facts.is_empty() && stated.is_empty() {
            let mut diagnostic =
                Diagnostic::new(fact_codes::UNRESOLVED_REFERENCE, format!("no `Source` has the id `{id}`"))
                    .help_opt(did_you_mean(&nearest(id, known)));
            diagnostic.severity = Severity::Error;
            return Err(diagnostic.into());
        }
        Ok(SourceSummary { facts, stated })
    }

    fn declared_relations(&self) -> impl Iterator<Item = PredId> {
        let relations = self.schema().iter();
        relations.filter(|(_, predicate)| predicate.kind == PredKind::Declared).map(|(id, _)| id)
    }
}
