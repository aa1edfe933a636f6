//! Variables that are only other names for a record: `r = [x, y], s = r, s = [v, w]`.
//!
//! No column says what type such a variable has, and none has to: the record stands in its place.

use std::collections::HashMap;
use std::sync::Arc;

use super::substitute::{self, Replacements};
use super::types::Ty;
use crate::syntax::souffle::ast::{Atom, CompareOp, Expr, ExprKind, Literal};

/// Replacements in one clause: records within records double with each.
const MAX_ALIASES: usize = 12;

/// Puts records in the place of variables that nothing gives a type. Whether anything has changed.
pub(super) fn resolve(head: &mut Atom, body: &mut Vec<Literal>, typed: &HashMap<Arc<str>, Ty>) -> bool {
    let mut changed = false;
    for _ in 0..MAX_ALIASES {
        let found = body.iter().enumerate().find_map(|(at, literal)| Some((at, alias(literal, typed)?)));
        let Some((at, (name, record))) = found else { break };
        body.remove(at);
        let by = Replacements::from([(name, record)]);
        substitute::in_atom(head, &by);
        body.iter_mut().for_each(|literal| substitute::in_literal(literal, &by));
        changed = true;
    }
    changed
}

/// A variable without a type, with what it is equal to.
fn alias(literal: &Literal, typed: &HashMap<Arc<str>, Ty>) -> Option<(Arc<str>, Expr)> {
    let Literal::Compare(CompareOp::Eq, left, right, _) = literal else { return None };
    let of = |variable: &Expr, value: &Expr| {
        let ExprKind::Var(name) = &variable.kind else { return None };
        let plain = match &value.kind {
            ExprKind::Record(_) => true,
            ExprKind::Var(other) => !typed.contains_key(other),
            _ => false,
        };
        let mut within = false;
        substitute::each_name(value, &mut |other| within |= other == name);
        (plain && !within && !typed.contains_key(name)).then(|| (Arc::clone(name), value.clone()))
    };
    of(left, right).or_else(|| of(right, left))
}
