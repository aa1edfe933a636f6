//! Relations that only rules define: their columns come from the first head that names them.

use std::sync::Arc;

use super::types::builtin;
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::schema::{Column, PredId, PredKind, Predicate, Schema};
use crate::syntax::datalog::ast::{Args, Atom, Item, ItemKind};

/// Adds a relation for each undeclared head and reports heads that disagree about its columns.
pub(super) fn declare_derived(schema: &mut Schema, items: &[&Item], diagnostics: &mut Vec<Diagnostic>) {
    let heads = || {
        items.iter().filter_map(|item| match &item.kind {
            ItemKind::Clause(clause) => Some(&clause.heads),
            _ => None,
        })
    };
    // The first named head decides, the first positional one where none is named.
    for named in [true, false] {
        for head in heads().flatten() {
            let is_named = matches!(head.args, Args::Named(_));
            if schema.find(&head.name.text).is_none() && is_named == named {
                add(schema, head, columns(head));
            }
        }
    }
    for head in heads().flatten() {
        if let Some(pred) = schema.find(&head.name.text)
            && schema.predicate(pred).kind == PredKind::Derived
        {
            agree(schema, pred, head, diagnostics);
        }
    }
}

fn columns(head: &Atom) -> Vec<Arc<str>> {
    match &head.args {
        Args::Positional(args) => (1..=args.len()).map(|index| format!("c{index}").into()).collect(),
        Args::Named(args) => {
            let mut names: Vec<Arc<str>> = Vec::new();
            for arg in args {
                let name = arg.name.text.as_str();
                // A name given twice, or metadata, is reported where the head is resolved.
                if !name.starts_with('_') && !names.iter().any(|known| **known == *name) {
                    names.push(name.into());
                }
            }
            names
        }
    }
}

fn add(schema: &mut Schema, head: &Atom, names: Vec<Arc<str>>) {
    let id = PredId(schema.predicates.len() as u32);
    let name: Arc<str> = head.name.text.as_str().into();
    schema.predicate_names.insert(name.clone(), id);
    schema.predicates.push(Predicate {
        name,
        columns: names
            .into_iter()
            .map(|name| Column { name, ty: builtin::SYMBOL, optional: false, default: None })
            .collect(),
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Derived,
        span: Some(head.name.span),
    });
}

fn agree(schema: &Schema, pred: PredId, head: &Atom, diagnostics: &mut Vec<Diagnostic>) {
    let predicate = schema.predicate(pred);
    let Args::Named(args) = &head.args else { return };
    let mut report = |message: String, span: Span, help: Option<String>| {
        let mut diagnostic = Diagnostic::new(codes::INCONSISTENT_HEADS, message).at(span).help_opt(help);
        if let Some(first) = predicate.span {
            diagnostic = diagnostic.also(first, "its columns come from this head");
        }
        diagnostics.push(diagnostic);
    };
    for column in &predicate.columns {
        if !args.iter().any(|arg| *arg.name.text == *column.name) {
            report(
                format!("this head of `{}` leaves out the column `{}`", predicate.name, column.name),
                head.span,
                Some(format!(
                    "every rule of an undeclared relation gives all columns; `.decl {}` can set defaults",
                    predicate.name
                )),
            );
        }
    }
    for arg in args {
        let name = arg.name.text.as_str();
        if !name.starts_with('_') && predicate.column(name).is_none() {
            let near = nearest(name, predicate.columns.iter().map(|column| &*column.name));
            report(
                format!("`{}` has no column `{name}` in its first head", predicate.name),
                arg.name.span,
                did_you_mean(&near),
            );
        }
    }
}
