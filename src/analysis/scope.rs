//! Which names a body speaks of, and how its disjunctions multiply out.

use std::collections::{BTreeMap, BTreeSet};

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

/// Every variable name in a literal, negated parts included, aggregates' bodies not.
pub(super) fn literal_names<'a>(literal: &'a Literal, visit: &mut impl FnMut(&'a str)) {
    match &literal.kind {
        LiteralKind::Atom(atom) => atom_names(atom, visit),
        LiteralKind::Not(inner) => literal_names(inner, visit),
        LiteralKind::Group(body) => {
            for literal in body.alternatives.iter().flatten() {
                literal_names(literal, visit);
            }
        }
        LiteralKind::Compare { left, right, .. }
        | LiteralKind::In(left, right)
        | LiteralKind::Test(_, left, right) => {
            expr_names(left, visit);
            expr_names(right, visit);
        }
        LiteralKind::Bool(_) => {}
    }
}

/// Every variable name in an atom's arguments.
pub(super) fn atom_names<'a>(atom: &'a Atom, visit: &mut impl FnMut(&'a str)) {
    args_names(&atom.args, visit);
}

fn args_names<'a>(args: &'a Args, visit: &mut impl FnMut(&'a str)) {
    match args {
        Args::Positional(args) => args.iter().for_each(|arg| expr_names(arg, visit)),
        Args::Named(args) => args.iter().for_each(|arg| named_names(arg, visit)),
    }
}

fn named_names<'a>(arg: &'a NamedArg, visit: &mut impl FnMut(&'a str)) {
    match &arg.value {
        NamedValue::Pun => visit(&arg.name.text),
        NamedValue::Is(expr) | NamedValue::Compare(_, expr) => expr_names(expr, visit),
    }
}

/// Every variable name in an expression, aggregates left out.
pub(super) fn expr_names<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a str)) {
    match &expr.kind {
        ExprKind::Var(name) => visit(name),
        ExprKind::Neg(inner) | ExprKind::Unary(_, inner) => expr_names(inner, visit),
        ExprKind::Binary(_, left, right) => {
            expr_names(left, visit);
            expr_names(right, visit);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => {
            args.iter().for_each(|arg| expr_names(arg, visit));
        }
        ExprKind::Record(args) | ExprKind::Variant { args, .. } => args_names(args, visit),
        ExprKind::As(inner, _) => expr_names(inner, visit),
        ExprKind::Wildcard | ExprKind::Const(_) | ExprKind::Aggregate(_) => {}
    }
}

/// Every occurrence of a variable in a body, aggregates included.
pub(super) fn occurrences<'a>(body: &'a Body, visit: &mut impl FnMut(&'a str, crate::base::Span)) {
    for literal in body.alternatives.iter().flatten() {
        literal_occurrences(literal, visit);
    }
}

/// Every occurrence of a variable in a literal, aggregates included.
pub(super) fn literal_occurrences<'a>(
    literal: &'a Literal,
    visit: &mut impl FnMut(&'a str, crate::base::Span),
) {
    match &literal.kind {
        LiteralKind::Atom(atom) => atom_occurrences(atom, visit),
        LiteralKind::Not(inner) => literal_occurrences(inner, visit),
        LiteralKind::Group(body) => occurrences(body, visit),
        LiteralKind::Compare { left, right, .. }
        | LiteralKind::In(left, right)
        | LiteralKind::Test(_, left, right) => {
            expr_occurrences(left, visit);
            expr_occurrences(right, visit);
        }
        LiteralKind::Bool(_) => {}
    }
}

/// Every occurrence of a variable in an atom, aggregates included.
pub(super) fn atom_occurrences<'a>(atom: &'a Atom, visit: &mut impl FnMut(&'a str, crate::base::Span)) {
    args_occurrences(&atom.args, visit);
}

fn args_occurrences<'a>(args: &'a Args, visit: &mut impl FnMut(&'a str, crate::base::Span)) {
    match args {
        Args::Positional(args) => args.iter().for_each(|arg| expr_occurrences(arg, visit)),
        Args::Named(args) => {
            for arg in args {
                match &arg.value {
                    NamedValue::Pun => visit(&arg.name.text, arg.name.span),
                    NamedValue::Is(expr) | NamedValue::Compare(_, expr) => expr_occurrences(expr, visit),
                }
            }
        }
    }
}

fn expr_occurrences<'a>(expr: &'a Expr, visit: &mut impl FnMut(&'a str, crate::base::Span)) {
    match &expr.kind {
        ExprKind::Var(name) => visit(name, expr.span),
        ExprKind::Neg(inner) | ExprKind::Unary(_, inner) => expr_occurrences(inner, visit),
        ExprKind::Binary(_, left, right) => {
            expr_occurrences(left, visit);
            expr_occurrences(right, visit);
        }
        ExprKind::Call(_, args) | ExprKind::List(args) => {
            args.iter().for_each(|arg| expr_occurrences(arg, visit));
        }
        ExprKind::Aggregate(aggregate) => {
            if let Some(arg) = &aggregate.arg {
                expr_occurrences(arg, visit);
            }
            occurrences(&aggregate.body, visit);
        }
        ExprKind::Record(args) | ExprKind::Variant { args, .. } => args_occurrences(args, visit),
        ExprKind::As(inner, _) => expr_occurrences(inner, visit),
        ExprKind::Wildcard | ExprKind::Const(_) => {}
    }
}
