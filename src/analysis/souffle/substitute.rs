//! Arguments in the place of variables.

use std::collections::HashMap;
use std::sync::Arc;

use super::scope::{each_arg_mut, each_expr_mut};
use crate::syntax::souffle::ast::{Atom, Expr, ExprKind, Literal};

/// What stands in the place of which variable.
pub(super) type Replacements = HashMap<Arc<str>, Expr>;

/// Replaces variables in an expression, those in aggregates too.
pub(super) fn in_expr(expr: &mut Expr, by: &Replacements) {
    match &mut expr.kind {
        ExprKind::Var(name) => {
            if let Some(new) = by.get(name) {
                *expr = new.clone();
            }
        }
        ExprKind::Aggregate(aggregate) => {
            aggregate.arg.iter_mut().for_each(|arg| in_expr(arg, by));
            aggregate.body.iter_mut().flatten().for_each(|literal| in_literal(literal, by));
        }
        _ => each_arg_mut(expr, &mut |arg| in_expr(arg, by)),
    }
}

/// Replaces variables in a literal.
pub(super) fn in_literal(literal: &mut Literal, by: &Replacements) {
    each_expr_mut(literal, &mut |expr| in_expr(expr, by));
}

/// Replaces variables in an atom.
pub(super) fn in_atom(atom: &mut Atom, by: &Replacements) {
    atom.args.iter_mut().for_each(|arg| in_expr(arg, by));
}

/// Calls `visit` for each variable of an expression, those in aggregates too.
pub(super) fn each_name(expr: &Expr, visit: &mut dyn FnMut(&Arc<str>)) {
    expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Var(name) => visit(name),
        ExprKind::Aggregate(aggregate) => {
            aggregate.arg.iter().for_each(|arg| each_name(arg, visit));
            for literal in aggregate.body.iter().flatten() {
                super::normal::each_expr(literal, &mut |expr| each_name(expr, visit));
            }
        }
        _ => {}
    });
}
