//! Which names a body speaks of, and how its disjunctions multiply out.

use std::collections::{BTreeMap, BTreeSet};

use crate::base::Span;
use crate::syntax::datalog::ast::{
    Args, Atom, Body, Expr, ExprKind, Literal, LiteralKind, NamedArg, NamedValue,
};

/// More alternatives than this a single body may not have.
pub(super) const MAX_ALTERNATIVES: usize = 4096;

/// `body` as a disjunction of conjunctions of literals that are not groups; `None` when there are
/// more than [`MAX_ALTERNATIVES`].
pub(super) fn alternatives(body: &Body) -> Option<Vec<Vec<&Literal>>> {
    let mut all = Vec::new();
    for conjunction in &body.alternatives {
        let mut product: Vec<Vec<&Literal>> = vec![Vec::new()];
        for literal in conjunction {
            match &literal.kind {
                LiteralKind::Group(group) => {
                    let inner = alternatives(group)?;
                    if product.len().checked_mul(inner.len())? > MAX_ALTERNATIVES {
                        return None;
                    }
                    product = product
                        .iter()
                        .flat_map(|left| inner.iter().map(move |right| [left.as_slice(), right].concat()))
                        .collect();
                }
                _ => product.iter_mut().for_each(|conjunction| conjunction.push(literal)),
            }
        }
        all.append(&mut product);
        if all.len() > MAX_ALTERNATIVES {
            return None;
        }
    }
    Some(all)
}

/// The names that belong to the scope of a conjunction: those that occur outside its negations and
/// aggregates, and those that several of its negations share. A name that only one negation or
/// only aggregates mention is local to it.
pub(super) fn own_names<'a>(literals: &[&'a Literal]) -> BTreeSet<&'a str> {
    let mut own = BTreeSet::new();
    let mut negations: BTreeMap<&str, usize> = BTreeMap::new();
    for literal in literals {
        match &literal.kind {
            LiteralKind::Not(inner) => {
                let mut names = BTreeSet::new();
                literal_names(inner, &mut |name| {
                    names.insert(name);
                });
                for name in names {
                    *negations.entry(name).or_default() += 1;
                }
            }
            _ => literal_names(literal, &mut |name| {
                own.insert(name);
            }),
        }
    }
    own.extend(negations.into_iter().filter(|(_, count)| *count > 1).map(|(name, _)| name));
    own
}

/// A variable where it stands.
pub(super) struct Occurrence<'a> {
    pub name: &'a str,
    pub span: Span,
    /// Whether it is the name of a column or field as well: `leader:`.
    pub pun: bool,
    /// Whether it stands in an aggregate.
    pub aggregated: bool,
}

/// Every variable name in a literal, negated parts included, aggregates left out.
pub(super) fn literal_names<'a>(literal: &'a Literal, visit: &mut impl FnMut(&'a str)) {
    in_literal(literal, false, &mut outside_aggregates(visit));
}

/// Every variable name in an atom's arguments, aggregates left out.
pub(super) fn atom_names<'a>(atom: &'a Atom, visit: &mut impl FnMut(&'a str)) {
    in_args(&atom.args, false, &mut outside_aggregates(visit));
}

/// Every variable name in an expression, aggregates left out.
pub(super) fn expr_names<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a str)) {
    in_expr(expr, false, &mut outside_aggregates(visit));
}

fn outside_aggregates<'a>(visit: &mut impl FnMut(&'a str)) -> impl FnMut(Occurrence<'a>) {
    |found| {
        if !found.aggregated {
            visit(found.name);
        }
    }
}

/// Every occurrence of a variable in a body.
pub(super) fn occurrences<'a>(body: &'a Body, visit: &mut impl FnMut(Occurrence<'a>)) {
    in_body(body, false, visit);
}

/// Every occurrence of a variable in a literal.
pub(super) fn literal_occurrences<'a>(literal: &'a Literal, visit: &mut impl FnMut(Occurrence<'a>)) {
    in_literal(literal, false, visit);
}

/// Every occurrence of a variable in an atom.
pub(super) fn atom_occurrences<'a>(atom: &'a Atom, visit: &mut impl FnMut(Occurrence<'a>)) {
    in_args(&atom.args, false, visit);
}

fn in_body<'a>(body: &'a Body, aggregated: bool, visit: &mut impl FnMut(Occurrence<'a>)) {
    for literal in body.alternatives.iter().flatten() {
        in_literal(literal, aggregated, visit);
    }
}

fn in_literal<'a>(literal: &'a Literal, aggregated: bool, visit: &mut impl FnMut(Occurrence<'a>)) {
    match &literal.kind {
        LiteralKind::Atom(atom) => in_args(&atom.args, aggregated, visit),
        LiteralKind::Not(inner) => in_literal(inner, aggregated, visit),
        LiteralKind::Group(body) => in_body(body, aggregated, visit),
        LiteralKind::Compare { left, right, .. }
        | LiteralKind::In(left, right)
        | LiteralKind::Test(_, left, right) => {
            in_expr(left, aggregated, visit);
            in_expr(right, aggregated, visit);
        }
        LiteralKind::Bool(_) => {}
    }
}

fn in_args<'a>(args: &'a Args, aggregated: bool, visit: &mut impl FnMut(Occurrence<'a>)) {
    match args {
        Args::Positional(args) => args.iter().for_each(|arg| in_expr(arg, aggregated, visit)),
        Args::Named(args) => {
            for NamedArg { name, value, .. } in args {
                match value {
                    NamedValue::Pun => {
                        visit(Occurrence { name: &name.text, span: name.span, pun: true, aggregated });
                    }
                    NamedValue::Is(expr) | NamedValue::Compare(_, expr) => in_expr(expr, aggregated, visit),
                }
            }
        }
    }
}

fn in_expr<'a>(expr: &'a Expr, aggregated: bool, visit: &mut impl FnMut(Occurrence<'a>)) {
    match &expr.kind {
        ExprKind::Var(name) => visit(Occurrence { name, span: expr.span, pun: false, aggregated }),
        ExprKind::Neg(inner) | ExprKind::Unary(_, inner) | ExprKind::As(inner, _) => {
            in_expr(inner, aggregated, visit);
        }
        ExprKind::Binary(_, left, right) => {
            in_expr(left, aggregated, visit);
            in_expr(right, aggregated, visit);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => {
            args.iter().for_each(|arg| in_expr(arg, aggregated, visit));
        }
        ExprKind::Record(args) | ExprKind::Variant { args, .. } => in_args(args, aggregated, visit),
        ExprKind::Aggregate(aggregate) => {
            aggregate.arg.iter().for_each(|arg| in_expr(arg, true, visit));
            in_body(&aggregate.body, true, visit);
        }
        ExprKind::Wildcard | ExprKind::Const(_) => {}
    }
}
