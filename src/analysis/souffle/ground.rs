//! Which variables the positive literals of a body give a value.

use std::collections::HashSet;
use std::sync::Arc;

use super::normal::each_var;
use crate::syntax::souffle::ast::{CompareOp, Expr, ExprKind, Literal};

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

/// Whether all variables of `expr` have a value. An aggregate has one whatever its own are.
pub(super) fn is_ground(expr: &Expr, bound: &Names) -> bool {
    let mut ground = true;
    each_var(expr, &mut |name, _| ground &= bound.contains(name));
    expr.walk(&mut |expr| ground &= !matches!(expr.kind, ExprKind::Wildcard));
    ground
}
