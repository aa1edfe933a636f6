//! The declarations of relations: columns, qualifiers, and what they ask for beside rules.

use std::collections::HashMap;
use std::sync::Arc;

use super::lower;
use super::special::{self, Special};
use super::types::{self, Ty, Types};
use super::{Analysis, Relation, Relations};
use crate::analysis::types::builtin;
use crate::base::codes::{analysis as codes, souffle};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::PredId;
use crate::model::schema::{Column, PredKind, Predicate, Schema, Type, TypeDef};
use crate::syntax::souffle::ast;

/// Types and relations have names of their own.
pub(super) fn check_names(unit: &ast::Unit, diagnostics: &mut Vec<Diagnostic>) {
    let types: HashMap<&str, Span> =
        unit.types.iter().map(|decl| (decl.name.text.as_str(), decl.name.span)).collect();
    for decl in &unit.relations {
        if let Some(first) = types.get(decl.name.text.as_str()) {
            let message = format!("`{}` is the name of a type already", decl.name.text);
            diagnostics.push(
                Diagnostic::new(codes::DUPLICATE_DECLARATION, message)
                    .at(decl.name.span)
                    .also(*first, "this one"),
            );
        }
    }
}

pub(super) fn declare(
    decls: &[ast::Relation],
    types: &Types,
    diagnostics: &mut Vec<Diagnostic>,
) -> Relations {
    let mut relations = Relations::default();
    for decl in decls {
        let name = &decl.name.text;
        if let Some(first) = relations.get(name) {
            let message = format!("the relation `{name}` is declared twice");
            let diagnostic = Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(decl.name.span);
            diagnostics.push(diagnostic.also(first.span, "first here"));
            continue;
        }
        let mut columns: Vec<(String, Ty)> = Vec::new();
        for field in &decl.fields {
            if columns.iter().any(|(known, _)| *known == field.name.text) {
                let message = format!("`{name}` has the column `{}` twice", field.name.text);
                diagnostics.push(Diagnostic::new(codes::DUPLICATE_COLUMN, message).at(field.name.span));
            }
            let ty = types.find(&field.ty, diagnostics).unwrap_or(types::SYMBOL);
            columns.push((field.name.text.clone(), ty));
        }
        let pred = PredId(relations.all.len() as u32);
        relations.by_name.insert(name.clone(), relations.all.len());
        relations.all.push(Relation { name: name.clone(), columns, pred, span: decl.name.span });
    }
    relations
}

/// What the declarations ask for beside rules; relations are made up for what it takes.
pub(super) fn specials(
    unit: &ast::Unit,
    relations: &mut Relations,
    diagnostics: &mut Vec<Diagnostic>,
) -> Special {
    let mut special = Special::default();
    for decl in &unit.relations {
        let Some(relation) = relations.get(&decl.name.text) else { continue };
        let (pred, columns) = (relation.pred, relation.columns.clone());
        if let Some(qualifier) = decl.qualifiers.iter().find(|qualifier| qualifier.text == "eqrel") {
            special.equivalence.insert(pred);
            let name = &decl.name.text;
            let message = match columns.as_slice() {
                [(_, a), (_, b)] if a == b => None,
                [_, _] => {
                    Some(format!("the columns of the equivalence relation `{name}` have different types"))
                }
                _ => Some(format!("the equivalence relation `{name}` has to have two columns")),
            };
            diagnostics.extend(
                message.map(|message| Diagnostic::new(souffle::BAD_RELATION, message).at(qualifier.span)),
            );
        }
        let mut keys = Vec::new();
        for key in &decl.choice {
            let mut places = Vec::new();
            for name in key {
                match columns.iter().position(|(column, _)| *column == name.text) {
                    Some(at) => places.push(at),
                    None => {
                        let message = format!("`{}` has no column `{}`", decl.name.text, name.text);
                        let near = nearest(&name.text, columns.iter().map(|(column, _)| column.as_str()));
                        diagnostics.push(
                            Diagnostic::new(codes::UNKNOWN_COLUMN, message)
                                .at(name.span)
                                .help_opt(did_you_mean(&near)),
                        );
                    }
                }
            }
            keys.push(places);
        }
        if !keys.is_empty() {
            special.choice.insert(pred, keys);
        }
        let subsumes = |clause: &&ast::Clause| {
            clause.subsumes && clause.heads.iter().any(|head| head.name.text == decl.name.text)
        };
        if let Some(clause) = unit.clauses.iter().find(subsumes) {
            relations.make_up(special::less(&decl.name.text), columns.clone(), clause.span);
            relations.make_up(special::greater(&decl.name.text), columns.clone(), clause.span);
            let both = columns.iter().chain(&columns).cloned().collect();
            relations.make_up(special::pair(&decl.name.text), both, clause.span);
        }
    }
    for decl in &unit.relations {
        let Some(of) = &decl.delta_of else { continue };
        let (Some(delta), Some(relation)) = (relations.get(&decl.name.text), relations.get(&of.text)) else {
            let message = format!("there is no relation `{}`", of.text);
            diagnostics.push(Diagnostic::new(codes::UNKNOWN_RELATION, message).at(of.span));
            continue;
        };
        let mut columns = relation.columns.clone();
        let (delta, relation) = (delta.pred, relation.pred);
        columns.push(("iteration".to_owned(), types::NUMBER));
        if let Some(slot) = relations.all.get_mut(delta.0 as usize) {
            slot.columns = columns;
        }
        special.deltas.insert(relation, delta);
    }
    if let Some(first) = unit.clauses.first() {
        let column = vec![("iteration".to_owned(), types::NUMBER)];
        relations.make_up(special::ITERATION.to_owned(), column, first.span);
    }
    special
}

/// What the planner and the engine need to know of the relations.
pub(super) fn schema(analysis: &Analysis) -> Schema {
    let mut schema = Schema::default();
    let builtin = [
        (builtin::SYMBOL, "symbol", TypeDef::Symbol),
        (builtin::NUMBER, "number", TypeDef::Number),
        (builtin::FLOAT, "float", TypeDef::Float),
        (builtin::BOOL, "bool", TypeDef::Bool),
        (builtin::DATE, "date", TypeDef::Date),
    ];
    for (id, name, def) in builtin {
        debug_assert_eq!(id.0 as usize, schema.types.len());
        schema.types.push(Type { name: name.into(), def, span: None });
        schema.type_names.insert(name.into(), id);
    }
    for relation in analysis.relations.all() {
        let columns = relation.columns.iter().map(|(name, ty)| Column {
            name: name.as_str().into(),
            ty: lower::model_type(analysis.types.kind(*ty)),
            optional: false,
            default: None,
        });
        let name: Arc<str> = relation.name.as_str().into();
        schema.predicate_names.insert(Arc::clone(&name), relation.pred);
        schema.predicates.push(Predicate {
            name,
            columns: columns.collect(),
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: Some(relation.span),
        });
    }
    schema
}
