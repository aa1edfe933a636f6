//! Which variables the positive literals of a body give a value.

use std::collections::HashSet;
use std::sync::Arc;

use super::normal::{each_expr, each_var};
use crate::base::Span;
use crate::syntax::souffle::ast::{Atom, CompareOp, Expr, ExprKind, Literal};

pub(super) type Names = HashSet<Arc<str>>;

/// Adds to `bound` the variables that `literals` bind when those in it have a value.
pub(super) fn bind(literals: &[Literal], bound: &mut Names) {
    for literal in literals {
        if let Literal::Atom(atom) = literal {
            atom.args.iter().for_each(|arg| bind_pattern(arg, bound));
        }
    }
    loop {
        let before = bound.len();
        for literal in literals {
            if let Literal::Compare(CompareOp::Eq, left, right, _) = literal {
                unify(left, right, bound);
            }
        }
        if bound.len() == before {
            return;
        }
    }
}

/// The variables that a value in the place of `expr` gives one.
pub(super) fn bind_pattern(expr: &Expr, bound: &mut Names) {
    match &expr.kind {
        ExprKind::Var(name) => {
            bound.insert(Arc::clone(name));
        }
        ExprKind::Record(args) | ExprKind::Branch(_, args) => {
            args.iter().for_each(|arg| bind_pattern(arg, bound))
        }
        // A value is the same under another type.
        ExprKind::Cast(arg, _) => bind_pattern(arg, bound),
        _ => {}
    }
}

pub(super) fn unify(left: &Expr, right: &Expr, bound: &mut Names) {
    if is_ground(left, bound) {
        bind_pattern(right, bound);
    }
    if is_ground(right, bound) {
        bind_pattern(left, bound);
    }
    if let (ExprKind::Record(a), ExprKind::Record(b)) = (&left.kind, &right.kind) {
        a.iter().zip(b).for_each(|(a, b)| unify(a, b, bound));
    }
}

/// Whether all variables of `expr` have a value. Those of an aggregate that its own body binds are no
/// matter.
pub(super) fn is_ground(expr: &Expr, bound: &Names) -> bool {
    let mut ground = true;
    each_var(expr, &mut |name, _| ground &= bound.contains(name));
    expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Wildcard => ground = false,
        ExprKind::Aggregate(aggregate) if aggregate.shared.is_some() => {
            ground &= aggregate.shared.iter().flatten().all(|name| bound.contains(name));
        }
        ExprKind::Aggregate(aggregate) => {
            let mut inner = bound.clone();
            let body: Vec<&Literal> = aggregate.body.iter().flatten().collect();
            for literal in &body {
                bind(std::slice::from_ref(*literal), &mut inner);
            }
            for literal in &body {
                bind(std::slice::from_ref(*literal), &mut inner);
                each_expr(literal, &mut |expr| {
                    // A wildcard in an atom is no matter.
                    each_var(expr, &mut |name, _| ground &= inner.contains(name));
                });
            }
            if let Some(arg) = &aggregate.arg {
                each_var(arg, &mut |name, _| ground &= inner.contains(name));
            }
        }
        _ => {}
    });
    ground
}

/// The variables of a clause that nothing gives a value, with their places.
pub(super) fn unbound(head: &Atom, body: &[Literal], known: &[Arc<str>], found: &mut Vec<(Arc<str>, Span)>) {
    let mut bound: Names = known.iter().cloned().collect();
    bind(body, &mut bound);
    let mut missing = |expr: &Expr, bound: &Names| {
        each_var(expr, &mut |name, span| {
            if !bound.contains(name) {
                found.push((Arc::clone(name), span));
            }
        });
    };
    head.args.iter().for_each(|arg| missing(arg, &bound));
    let mut open: Vec<(&[Literal], Names)> = vec![(body, bound.clone())];
    let in_aggregates = |expr: &Expr, bound: &Names, open: &mut Vec<(Vec<Literal>, Option<Expr>, Names)>| {
        let mut found = Vec::new();
        expr.walk(&mut |expr| {
            if let ExprKind::Aggregate(aggregate) = &expr.kind {
                found.push((**aggregate).clone());
            }
        });
        for aggregate in found {
            let body = aggregate.body.into_iter().next().unwrap_or_default();
            let mut inner = bound.clone();
            bind(&body, &mut inner);
            open.push((body, aggregate.arg, inner));
        }
    };
    let mut nested = Vec::new();
    head.args.iter().for_each(|arg| in_aggregates(arg, &bound, &mut nested));
    while let Some((literals, bound)) = open.pop() {
        for literal in literals {
            each_expr(literal, &mut |expr| {
                missing(expr, &bound);
                in_aggregates(expr, &bound, &mut nested);
            });
        }
    }
    while let Some((literals, arg, bound)) = nested.pop() {
        let mut see = |expr: &Expr| {
            missing(expr, &bound);
            in_aggregates(expr, &bound, &mut nested);
        };
        literals.iter().for_each(|literal| each_expr(literal, &mut see));
        arg.iter().for_each(&mut see);
    }
}
