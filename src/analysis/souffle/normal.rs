//! Clauses in the form that the rest works on: one head, one conjunction of atoms, negated atoms,
//! comparisons and tests.

use crate::base::codes::analysis::TOO_MANY_ALTERNATIVES;
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{CompareOp, Disjunction, Expr, ExprKind, Literal};

/// Alternatives that the disjunctions of one clause may multiply out to.
const MAX_ALTERNATIVES: usize = 4096;

/// The alternatives of a body. Negation stands only before atoms and tests; what is always true is
/// gone, and what is never true is `Bool(false)`.
pub(super) fn alternatives(
    body: &Disjunction,
    span: Span,
    diagnostics: &mut Vec<Diagnostic>,
) -> Option<Vec<Vec<Literal>>> {
    let found = expand(body, false);
    if found.is_none() {
        let message = format!("the alternatives of this body multiply out to more than {MAX_ALTERNATIVES}");
        diagnostics.push(
            Diagnostic::new(TOO_MANY_ALTERNATIVES, message)
                .at(span)
                .help("define a relation for one of the disjunctions"),
        );
    }
    found
}

fn expand(body: &Disjunction, negated: bool) -> Option<Vec<Vec<Literal>>> {
    // The negation of a disjunction is the conjunction of its alternatives' negations.
    if negated {
        return product(body.iter().map(|literals| {
            let mut all = Vec::new();
            for literal in literals {
                all.extend(of_literal(literal, true)?);
            }
            Some(all)
        }));
    }
    let mut all = Vec::new();
    for literals in body {
        all.extend(product(literals.iter().map(|literal| of_literal(literal, false)))?);
        if all.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(all)
}

/// One of each of the `parts`, in every way.
fn product(parts: impl Iterator<Item = Option<Vec<Vec<Literal>>>>) -> Option<Vec<Vec<Literal>>> {
    let mut all: Vec<Vec<Literal>> = vec![Vec::new()];
    for part in parts {
        let mut part = part?;
        if part.len() == 1 {
            let only = part.pop().unwrap_or_default();
            all.iter_mut().for_each(|literals| literals.extend(only.iter().cloned()));
            continue;
        }
        if all.len().saturating_mul(part.len()) > MAX_ALTERNATIVES {
            return None;
        }
        let mut next = Vec::with_capacity(all.len() * part.len());
        for left in &all {
            next.extend(part.iter().map(|right| [left.as_slice(), right].concat()));
        }
        all = next;
    }
    Some(all)
}

fn of_literal(literal: &Literal, negated: bool) -> Option<Vec<Vec<Literal>>> {
    let one = |literal: Literal| Some(vec![vec![literal]]);
    match literal {
        Literal::Not(inner, _) => of_literal(inner, !negated),
        Literal::Group(body) => expand(body, negated),
        Literal::Bool(value) => {
            Some(if *value != negated { vec![Vec::new()] } else { vec![vec![Literal::Bool(false)]] })
        }
        Literal::Compare(op, left, right, span) => {
            let op = if negated { opposite(*op) } else { *op };
            let mut literals = Vec::new();
            compare(op, left, right, *span, &mut literals);
            Some(vec![literals])
        }
        Literal::Atom(atom) if negated => one(Literal::Not(Box::new(literal.clone()), atom.span)),
        Literal::Test(.., span) if negated => one(Literal::Not(Box::new(literal.clone()), *span)),
        Literal::Atom(_) | Literal::Test(..) => one(literal.clone()),
    }
}

/// A comparison; records that are equal are so field by field, and any is equal to `_`.
fn compare(op: CompareOp, left: &Expr, right: &Expr, span: Span, literals: &mut Vec<Literal>) {
    match (op, &left.kind, &right.kind) {
        (CompareOp::Eq, ExprKind::Record(a), ExprKind::Record(b)) if a.len() == b.len() => {
            for (left, right) in a.iter().zip(b) {
                let any = [left, right].iter().any(|side| matches!(side.kind, ExprKind::Wildcard));
                if !any {
                    compare(op, left, right, span, literals);
                }
            }
        }
        (CompareOp::Eq, ExprKind::Wildcard, ExprKind::Record(_))
        | (CompareOp::Eq, ExprKind::Record(_), ExprKind::Wildcard) => {}
        _ => literals.push(Literal::Compare(op, left.clone(), right.clone(), span)),
    }
}

pub(super) fn opposite(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Eq => CompareOp::Ne,
        CompareOp::Ne => CompareOp::Eq,
        CompareOp::Lt => CompareOp::Ge,
        CompareOp::Ge => CompareOp::Lt,
        CompareOp::Gt => CompareOp::Le,
        CompareOp::Le => CompareOp::Gt,
    }
}

/// Calls `visit` for every argument in the literal, those of aggregates' bodies apart.
pub(super) fn each_expr<'l>(literal: &'l Literal, visit: &mut dyn FnMut(&'l Expr)) {
    match literal {
        Literal::Atom(atom) => atom.args.iter().for_each(visit),
        Literal::Compare(_, left, right, _) | Literal::Test(_, left, right, _) => {
            visit(left);
            visit(right);
        }
        Literal::Not(inner, _) => each_expr(inner, visit),
        Literal::Group(body) => {
            for literal in body.iter().flatten() {
                each_expr(literal, visit);
            }
        }
        Literal::Bool(_) => {}
    }
}

/// Calls `visit` for every name of a variable in `expr`, those in aggregates apart.
pub(super) fn each_var<'e>(expr: &'e Expr, visit: &mut dyn FnMut(&'e std::sync::Arc<str>, Span)) {
    expr.walk(&mut |expr| {
        if let ExprKind::Var(name) = &expr.kind {
            visit(name, expr.span);
        }
    });
}
