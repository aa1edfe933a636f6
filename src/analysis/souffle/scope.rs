//! Which variables of an aggregate are its own: they get names of their own.
//!
//! A variable is shared with the outside if something outside gives it a value. What only `min` or
//! `max` give a value and the outside uses is a witness: a row that has the extreme value. The
//! aggregate's body then stands outside too, joined with its result. Where an aggregate around it has
//! no use for the witness but what is around that has, body and result stand there.

use std::collections::HashMap;
use std::sync::Arc;

use super::ground::{self, Names};
use super::normal::{self, each_expr, each_var};
use crate::base::codes::analysis::UNBOUND_IN_AGGREGATE;
use crate::base::codes::syntax::AGGREGATE_FORM;
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{Aggregate, AggregateOp, Atom, CompareOp, Expr, ExprKind, Literal};

pub(super) struct Scoper<'d> {
    pub diagnostics: &'d mut Vec<Diagnostic>,
    fresh: usize,
    /// What witnesses need farther out than where their aggregate stands.
    hoisted: Vec<(Vec<Arc<str>>, Vec<Literal>)>,
}

/// The names that stand around a place.
#[derive(Clone, Default)]
struct Around {
    /// Those that have a value.
    bound: Names,
    /// Those that stand in the same scope.
    near: Names,
    /// Those that stand in the scopes around it.
    far: Names,
}

/// Witnesses with the body and the value that they stand for.
struct Witnesses {
    names: Vec<Arc<str>>,
    body: Vec<Literal>,
    arg: Expr,
}

/// The witnesses of one aggregate.
#[derive(Default)]
struct Exported {
    near: Option<Witnesses>,
    far: Option<Witnesses>,
}

/// Renames the variables of aggregates in a clause. The body grows by what witnesses need.
pub(super) fn resolve(head: &mut Atom, body: &mut Vec<Literal>, diagnostics: &mut Vec<Diagnostic>) {
    let mut scoper = Scoper { diagnostics, fresh: 0, hoisted: Vec::new() };
    let mut near = mentioned(body);
    head.args.iter().for_each(|arg| {
        each_var(arg, &mut |name, _| {
            near.insert(Arc::clone(name));
        })
    });
    let mut args = std::mem::take(&mut head.args);
    scoper.literals(body, &Around { near, ..Around::default() }, &mut args);
    head.args = args;
}

fn mentioned(body: &[Literal]) -> Names {
    let mut names = Names::new();
    for literal in body {
        each_expr(literal, &mut |expr| {
            each_var(expr, &mut |name, _| {
                names.insert(Arc::clone(name));
            })
        });
    }
    names
}

impl Scoper<'_> {
    /// Resolves the aggregates in `body` and in `others`, which stand in its scope.
    fn literals(&mut self, body: &mut Vec<Literal>, around: &Around, others: &mut [Expr]) {
        let mut around = around.clone();
        ground::bind(body, &mut around.bound);
        let mut more = Vec::new();
        for literal in body.iter_mut() {
            each_expr_mut(literal, &mut |expr| self.expr(expr, &around, &mut more));
        }
        others.iter_mut().for_each(|expr| self.expr(expr, &around, &mut more));
        body.extend(more);
    }

    fn expr(&mut self, expr: &mut Expr, around: &Around, more: &mut Vec<Literal>) {
        let span = expr.span;
        let ExprKind::Aggregate(aggregate) = &mut expr.kind else {
            return each_arg_mut(expr, &mut |arg| self.expr(arg, around, more));
        };
        let exported = self.aggregate(aggregate, span, around);
        let var = |name: &Arc<str>| Expr { kind: ExprKind::Var(Arc::clone(name)), span };
        // A name for the result, what it is the result of, and where that comes from.
        let joined = |result: &Arc<str>, aggregate: Expr, witnesses: Witnesses| {
            let equal = |value: Expr| Literal::Compare(CompareOp::Eq, var(result), value, span);
            let mut literals = vec![equal(aggregate)];
            literals.extend(witnesses.body);
            literals.push(equal(witnesses.arg));
            literals
        };
        for (names, literals) in std::mem::take(&mut self.hoisted) {
            match names.iter().any(|name| around.near.contains(name)) {
                true => more.extend(literals),
                false => self.hoisted.push((names, literals)),
            }
        }
        if let Some(witnesses) = exported.far {
            let (names, result) = (witnesses.names.clone(), self.name("result"));
            self.hoisted.push((names, joined(&result, expr.clone(), witnesses)));
        }
        if let Some(witnesses) = exported.near {
            let result = self.name("result");
            let found = std::mem::replace(expr, var(&result));
            more.extend(joined(&result, found, witnesses));
        }
    }

    /// Returns what witnesses need outside.
    fn aggregate(&mut self, aggregate: &mut Aggregate, span: Span, around: &Around) -> Exported {
        let bound = &around.bound;
        let mut exported = Exported::default();
        let Some(alternatives) = normal::alternatives(&aggregate.body, span, self.diagnostics) else {
            return exported;
        };
        let mut alternatives = alternatives.into_iter();
        let (mut body, more) = (alternatives.next().unwrap_or_default(), alternatives.next().is_some());
        if more {
            let message = "an aggregate's body has no alternatives";
            self.diagnostics.push(Diagnostic::new(AGGREGATE_FORM, message).at(span));
        }
        let mut inside = Names::new();
        ground::bind(&body, &mut inside);
        let mut own = mentioned(&body);
        // What is aggregated is the aggregate's own, whatever goes by that name outside.
        let mut aggregated = Names::new();
        if let Some(arg) = &aggregate.arg {
            each_var(arg, &mut |name, _| {
                own.insert(Arc::clone(name));
                if inside.contains(name) {
                    aggregated.insert(Arc::clone(name));
                }
            });
        }
        let is_shared = |name: &Arc<str>| bound.contains(name) && !aggregated.contains(name);
        let mut shared: Vec<Arc<str>> = own.iter().filter(|name| is_shared(name)).cloned().collect();
        own.retain(|name| !is_shared(name));
        let mut witnesses: Vec<Arc<str>> =
            own.iter().filter(|name| inside.contains(*name) && !bound.contains(*name)).cloned().collect();
        witnesses.sort();
        let (near, far): (Vec<_>, Vec<_>) = witnesses
            .into_iter()
            .filter(|name| around.near.contains(name) || around.far.contains(name))
            .partition(|name| around.near.contains(name));
        let extreme = matches!(aggregate.op, AggregateOp::Min | AggregateOp::Max);
        if let (Some(arg), true) = (&aggregate.arg, extreme) {
            for (names, slot) in [(near, &mut exported.near), (far, &mut exported.far)] {
                if names.is_empty() {
                    continue;
                }
                let (mut body, mut arg) = (body.clone(), arg.clone());
                let locals = self.renaming(own.iter().filter(|name| !names.contains(name)).cloned());
                body.iter_mut().for_each(|literal| rename_literal(literal, &locals));
                rename(&mut arg, &locals);
                *slot = Some(Witnesses { names, body, arg });
            }
        } else if let Some(name) = near.first() {
            let message = format!("`{name}` is bound only inside this aggregate and used outside of it");
            self.diagnostics.push(
                Diagnostic::new(UNBOUND_IN_AGGREGATE, message)
                    .at(span)
                    .help("only `min` and `max` say which rows they come from"),
            );
        }
        let names = self.renaming(own.iter().cloned());
        body.iter_mut().for_each(|literal| rename_literal(literal, &names));
        let mut arg: Vec<Expr> = aggregate.arg.take().into_iter().collect();
        arg.iter_mut().for_each(|arg| rename(arg, &names));
        let mut near = mentioned(&body);
        near.extend(bound.iter().cloned());
        let far = around.near.union(&around.far).cloned().collect();
        self.literals(&mut body, &Around { bound: bound.clone(), near, far }, &mut arg);
        // What an aggregate within shares with the outside, this one does too.
        let mut see = |expr: &Expr| {
            expr.walk(&mut |expr| {
                if let ExprKind::Aggregate(inner) = &expr.kind {
                    let names = inner.shared.iter().flatten().filter(|name| bound.contains(*name));
                    shared.extend(names.cloned());
                }
            })
        };
        body.iter().for_each(|literal| each_expr(literal, &mut see));
        arg.iter().for_each(&mut see);
        shared.sort();
        shared.dedup();
        aggregate.arg = arg.pop();
        aggregate.body = vec![body];
        aggregate.shared = Some(shared);
        exported
    }

    fn renaming(&mut self, names: impl Iterator<Item = Arc<str>>) -> HashMap<Arc<str>, Arc<str>> {
        let mut names: Vec<Arc<str>> = names.collect();
        names.sort();
        names.into_iter().map(|name| (Arc::clone(&name), self.name(&name))).collect()
    }

    /// A name that no variable of the program has.
    fn name(&mut self, like: &str) -> Arc<str> {
        self.fresh += 1;
        let like = like.split('@').next().unwrap_or("");
        format!("{like}@{}", self.fresh).into()
    }
}

fn rename(expr: &mut Expr, names: &HashMap<Arc<str>, Arc<str>>) {
    match &mut expr.kind {
        ExprKind::Var(name) => {
            if let Some(new) = names.get(name) {
                *name = Arc::clone(new);
            }
        }
        ExprKind::Aggregate(aggregate) => {
            if let Some(arg) = &mut aggregate.arg {
                rename(arg, names);
            }
            aggregate.body.iter_mut().flatten().for_each(|literal| rename_literal(literal, names));
        }
        _ => each_arg_mut(expr, &mut |arg| rename(arg, names)),
    }
}

fn rename_literal(literal: &mut Literal, names: &HashMap<Arc<str>, Arc<str>>) {
    each_expr_mut(literal, &mut |expr| rename(expr, names));
}

pub(super) fn each_expr_mut(literal: &mut Literal, visit: &mut dyn FnMut(&mut Expr)) {
    match literal {
        Literal::Atom(atom) => atom.args.iter_mut().for_each(visit),
        Literal::Compare(_, left, right, _) | Literal::Test(_, left, right, _) => {
            visit(left);
            visit(right);
        }
        Literal::Not(inner, _) => each_expr_mut(inner, visit),
        Literal::Group(body) => {
            for literal in body.iter_mut().flatten() {
                each_expr_mut(literal, visit);
            }
        }
        Literal::Bool(_) => {}
    }
}

pub(super) fn each_arg_mut(expr: &mut Expr, visit: &mut dyn FnMut(&mut Expr)) {
    match &mut expr.kind {
        ExprKind::Record(args)
        | ExprKind::Branch(_, args)
        | ExprKind::User(_, args)
        | ExprKind::Call(_, args) => args.iter_mut().for_each(visit),
        ExprKind::Cast(arg, _) => visit(arg),
        ExprKind::Binary(_, left, right) => {
            visit(left);
            visit(right);
        }
        _ => {}
    }
}
