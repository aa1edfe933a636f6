//! What an aggregate with several premises ranges over: the values of its named variables.
//!
//! Soufflé evaluates such a body as a relation of its own, of which the named variables are the
//! columns, so that what stands for `_` counts once. Where a body is one atom, its tuples are what is
//! counted, `_` or not.

use std::sync::Arc;

use super::normal::each_expr;
use super::scope::{each_arg_mut, each_expr_mut};
use super::substitute::each_name;
use crate::base::Span;
use crate::syntax::souffle::ast::{Aggregate, Atom, Expr, ExprKind, Literal, Name};

/// A relation to be made up: some columns of another.
#[derive(Debug)]
pub(super) struct Projection {
    /// Its name, which cannot be written.
    pub name: String,
    /// The other.
    pub of: String,
    /// The columns.
    pub columns: Vec<usize>,
    /// Where it is needed.
    pub span: Span,
}

impl Projection {
    /// The rule that defines it, where the other relation has `width` columns.
    pub fn rule(&self, width: usize) -> (Atom, Vec<Literal>) {
        let span = self.span;
        let var = |at: usize| Expr { kind: ExprKind::Var(format!("column@{at}").into()), span };
        let wildcard = || Expr { kind: ExprKind::Wildcard, span };
        let atom = |name: &str, args| Atom { name: Name { text: name.to_owned(), span }, args, span };
        let head = atom(&self.name, self.columns.iter().map(|at| var(*at)).collect());
        let args = (0..width).map(|at| if self.columns.contains(&at) { var(at) } else { wildcard() });
        (head, vec![Literal::Atom(atom(&self.of, args.collect()))])
    }
}

/// Takes `_` out of the aggregates of a clause by reading fewer columns.
pub(super) fn aggregates(head: &mut Atom, body: &mut [Literal]) -> Vec<Projection> {
    let mut found = Vec::new();
    head.args.iter_mut().for_each(|arg| expr(arg, &mut found));
    body.iter_mut().for_each(|literal| each_expr_mut(literal, &mut |arg| expr(arg, &mut found)));
    found
}

fn expr(it: &mut Expr, found: &mut Vec<Projection>) {
    let ExprKind::Aggregate(aggregate) = &mut it.kind else {
        return each_arg_mut(it, &mut |arg| expr(arg, found));
    };
    let by_names = by_names(aggregate);
    aggregate.arg.iter_mut().for_each(|arg| expr(arg, found));
    for literal in aggregate.body.iter_mut().flatten() {
        each_expr_mut(literal, &mut |arg| expr(arg, found));
        if let (Literal::Atom(atom), true) = (literal, by_names) {
            found.extend(project(atom));
        }
    }
}

fn project(atom: &mut Atom) -> Option<Projection> {
    let is_named = |arg: &Expr| !matches!(arg.kind, ExprKind::Wildcard);
    let columns: Vec<usize> =
        atom.args.iter().enumerate().filter(|(_, arg)| is_named(arg)).map(|(at, _)| at).collect();
    if columns.len() == atom.args.len() {
        return None;
    }
    atom.args.retain(is_named);
    let listed: Vec<String> = columns.iter().map(usize::to_string).collect();
    let name = format!("{}@{}", atom.name.text, listed.join("_"));
    let of = std::mem::replace(&mut atom.name.text, name.clone());
    Some(Projection { name, of, columns, span: atom.span })
}

/// Whether the body is more than one atom with conditions: it has several atoms, or an aggregate, or
/// a variable that the atom names twice.
fn by_names(aggregate: &Aggregate) -> bool {
    let literals = || aggregate.body.iter().flatten();
    let atoms: Vec<&Atom> = literals()
        .filter_map(|literal| match literal {
            Literal::Atom(atom) => Some(atom),
            _ => None,
        })
        .collect();
    let mut nested = false;
    let mut see = |expr: &Expr| expr.walk(&mut |expr| nested |= matches!(expr.kind, ExprKind::Aggregate(_)));
    aggregate.arg.iter().for_each(&mut see);
    literals().for_each(|literal| each_expr(literal, &mut see));
    let mut names: Vec<Arc<str>> = Vec::new();
    let args = atoms.iter().flat_map(|atom| &atom.args);
    args.for_each(|arg| each_name(arg, &mut |name| names.push(Arc::clone(name))));
    let all = names.len();
    names.sort();
    names.dedup();
    atoms.len() > 1 || nested || names.len() < all
}
