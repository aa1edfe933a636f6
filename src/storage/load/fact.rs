//! One fact: its fields into its tuple and its metadata.

use super::columns::{Plan, Target};
use super::metadata::Record;
use super::mistakes::{self, Mistakes};
use super::values::Values;
use crate::base::diagnostic::nearest;
use crate::model::Predicate;
use crate::storage::interner::Word;
use crate::syntax::ron::Node;

/// A fact while it is read.
pub(super) struct Reading<'r, 'd> {
    pub(super) predicate: &'d Predicate,
    pub(super) plan: &'r mut Plan,
    pub(super) values: &'r mut Values<'d>,
    pub(super) mistakes: &'r mut Mistakes,
    /// Its metadata; begins as the file's defaults.
    pub(super) record: Record,
    /// Whether metadata other than `_src` and `_at` has been given.
    pub(super) changed: bool,
    /// Whether no mistake has been found in it.
    pub(super) good: bool,
}

impl Reading<'_, '_> {
    /// Reads a fact with named fields into `tuple`, which holds the defaults.
    #[inline]
    pub(super) fn fields(&mut self, node: Node<'_>, tuple: &mut [Word]) {
        self.plan.given.fill(false);
        for (at, field) in node.fields().enumerate() {
            match self.plan.target(self.predicate, at, field.name) {
                Target::Column(column) => self.column(column, field.value, tuple),
                Target::Metadata(known) => match self.record.set(known, field.value, self.values) {
                    Ok(changed) => self.changed |= changed,
                    Err(wrong) => {
                        self.good = false;
                        self.mistakes.push_opt(mistakes::metadata(known, field.name, wrong));
                    }
                },
                Target::Unknown => {
                    self.good = false;
                    let span = field.value.field_span().unwrap_or(node.span());
                    self.mistakes.push(mistakes::unknown_field(self.predicate, field.name, span));
                }
            }
        }
        let missing = |(given, optional): (&bool, &bool)| !given && !optional;
        if self.plan.given.iter().zip(&self.plan.optional).any(missing) {
            self.incomplete(node);
        }
    }

    /// Reads a fact by position.
    pub(super) fn positions(&mut self, node: Node<'_>, tuple: &mut [Word]) {
        let found = node.children().count();
        // `Flag()` and `Flag` say nothing of positions.
        if found == 0 && self.predicate.arity() > 0 {
            return self.fields(node, tuple);
        }
        if found != self.predicate.arity() {
            self.good = false;
            if !node.is_broken() {
                self.mistakes.push(mistakes::arity(self.predicate, found, node.span()));
            }
            return;
        }
        for (column, child) in node.children().enumerate() {
            self.column(column, child, tuple);
        }
    }

    #[inline]
    fn column(&mut self, column: usize, node: Node<'_>, tuple: &mut [Word]) {
        let plan = &mut *self.plan;
        let (Some(shape), Some(given), Some(slot)) =
            (plan.shapes.get(column), plan.given.get_mut(column), tuple.get_mut(column))
        else {
            return;
        };
        *given = true;
        let nil = self.predicate.columns.get(column).is_some_and(|column| column.optional);
        match self.values.column(node, shape, nil) {
            Ok(word) => *slot = word,
            Err(wrong) => {
                self.good = false;
                let why = mistakes::value(self.values.schema, self.predicate, column, node, wrong);
                self.mistakes.push_opt(why);
            }
        }
    }

    /// Whether a field of the fact is probably this column, misspelt: that has been told.
    fn meant(&self, node: Node<'_>, column: &str) -> bool {
        let columns = || self.predicate.columns.iter().map(|column| &*column.name);
        node.fields()
            .filter(|field| self.predicate.column(field.name).is_none())
            .any(|field| nearest(field.name, columns()).first() == Some(&column))
    }

    #[cold]
    fn incomplete(&mut self, node: Node<'_>) {
        self.good = false;
        // What is missing from a fact that the parser could not read whole may only be unread.
        if node.is_broken() {
            return;
        }
        let columns = self.predicate.columns.iter().zip(self.plan.given.iter().zip(&self.plan.optional));
        let names: Vec<&str> = columns
            .filter(|(_, (given, optional))| !**given && !**optional)
            .map(|(column, _)| &*column.name)
            .filter(|name| !self.meant(node, name))
            .collect();
        if names.is_empty() {
            return;
        }
        self.mistakes.push(mistakes::missing(self.predicate, &names, node.span()));
    }
}
