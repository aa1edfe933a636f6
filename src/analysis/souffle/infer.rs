//! The types of a clause's variables, found from the columns and functors where they stand.

use std::collections::HashMap;
use std::sync::Arc;

use super::Relations;
use super::normal::each_expr;
use super::types::{FLOAT, Kind, NUMBER, SYMBOL, Ty, Types, UNSIGNED};
use crate::syntax::souffle::ast::{AggregateOp, Atom, Builtin, Expr, ExprKind, Literal};

/// What is known of a clause's types.
pub(super) struct Typing<'a> {
    pub types: &'a Types,
    pub relations: &'a Relations,
    pub vars: HashMap<Arc<str>, Ty>,
    changed: bool,
}

impl<'a> Typing<'a> {
    pub fn new(types: &'a Types, relations: &'a Relations) -> Self {
        Typing { types, relations, vars: HashMap::new(), changed: false }
    }

    /// Finds the types of the variables in a clause.
    pub fn run(&mut self, head: &Atom, body: &[Literal]) {
        loop {
            self.changed = false;
            body.iter().for_each(|literal| self.literal(literal));
            self.atom(head);
            if !self.changed {
                return;
            }
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Atom(atom) => self.atom(atom),
            Literal::Not(inner, _) => self.literal(inner),
            Literal::Test(_, left, right, _) => {
                self.push(left, SYMBOL);
                self.push(right, SYMBOL);
            }
            Literal::Compare(_, left, right, _) => {
                if let Some(ty) = self.type_of(left) {
                    self.push(right, ty);
                }
                if let Some(ty) = self.type_of(right) {
                    self.push(left, ty);
                }
            }
            Literal::Group(_) | Literal::Bool(_) => {}
        }
        each_expr(literal, &mut |expr| self.visit(expr));
    }

    fn atom(&mut self, atom: &Atom) {
        if let Some(relation) = self.relations.get(&atom.name.text) {
            for (arg, (_, ty)) in atom.args.iter().zip(&relation.columns) {
                self.push(arg, *ty);
            }
        }
        atom.args.iter().for_each(|arg| self.visit(arg));
    }

    /// What functors and branches ask of their arguments, wherever they stand.
    fn visit(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Call(functor, args) => match functor {
                Builtin::Strlen | Builtin::Cat => args.iter().for_each(|arg| self.push(arg, SYMBOL)),
                Builtin::Substr => {
                    for (arg, ty) in args.iter().zip([SYMBOL, NUMBER, NUMBER]) {
                        self.push(arg, ty);
                    }
                }
                Builtin::Min | Builtin::Max | Builtin::Range => {
                    if let Some(ty) = args.iter().find_map(|arg| self.type_of(arg)) {
                        args.iter().for_each(|arg| self.push(arg, ty));
                    }
                }
                _ => {}
            },
            ExprKind::Binary(_, left, right) => {
                if let Some(ty) = self.type_of(left).or_else(|| self.type_of(right)) {
                    let ty = self.primitive(ty);
                    self.push(left, ty);
                    self.push(right, ty);
                }
            }
            ExprKind::Branch(name, args) => {
                let types = self.types;
                if let Some((_, _, fields)) = types.branch(&name.text) {
                    for (arg, ty) in args.iter().zip(fields) {
                        self.push(arg, *ty);
                    }
                }
            }
            ExprKind::Aggregate(aggregate) => {
                aggregate.body.iter().flatten().for_each(|literal| self.literal(literal));
                if let Some(arg) = &aggregate.arg {
                    self.visit(arg);
                }
            }
            _ => {}
        }
        expr.each_arg(&mut |arg| self.visit(arg));
    }

    /// Notes that `expr` has a type, and what follows for its parts.
    pub fn push(&mut self, expr: &Expr, ty: Ty) {
        match &expr.kind {
            ExprKind::Var(name) => {
                if !self.vars.contains_key(name) {
                    self.vars.insert(Arc::clone(name), ty);
                    self.changed = true;
                }
            }
            ExprKind::Record(args) => {
                let types = self.types;
                if let Some(fields) = types.fields(ty) {
                    for (arg, (_, ty)) in args.iter().zip(fields) {
                        self.push(arg, *ty);
                    }
                }
            }
            ExprKind::Binary(_, left, right) => {
                let ty = self.primitive(ty);
                self.push(left, ty);
                self.push(right, ty);
            }
            ExprKind::Call(
                Builtin::Neg | Builtin::Bnot | Builtin::Lnot | Builtin::Min | Builtin::Max | Builtin::Range,
                args,
            ) => {
                let ty = self.primitive(ty);
                args.iter().for_each(|arg| self.push(arg, ty));
            }
            ExprKind::Aggregate(aggregate) => {
                if let (Some(arg), AggregateOp::Min | AggregateOp::Max | AggregateOp::Sum) =
                    (&aggregate.arg, aggregate.op)
                {
                    self.push(arg, ty);
                }
            }
            _ => {}
        }
    }

    /// The type of an expression, where it alone or its variables tell.
    pub fn type_of(&self, expr: &Expr) -> Option<Ty> {
        Some(match &expr.kind {
            ExprKind::Var(name) => *self.vars.get(name)?,
            ExprKind::Text(_) => SYMBOL,
            ExprKind::Unsigned(_) => UNSIGNED,
            ExprKind::Float(_) => FLOAT,
            ExprKind::Counter | ExprKind::Iteration => NUMBER,
            ExprKind::Branch(name, _) => self.types.branch(&name.text)?.0,
            ExprKind::Cast(_, ty) => self.types.get(&ty.text)?,
            ExprKind::Call(functor, args) => match functor {
                Builtin::Cat | Builtin::ToString | Builtin::Substr => SYMBOL,
                Builtin::Ord | Builtin::Strlen | Builtin::ToNumber => NUMBER,
                Builtin::ToUnsigned => UNSIGNED,
                Builtin::ToFloat => FLOAT,
                Builtin::Neg
                | Builtin::Bnot
                | Builtin::Lnot
                | Builtin::Min
                | Builtin::Max
                | Builtin::Range => self.primitive(args.iter().find_map(|arg| self.type_of(arg))?),
            },
            ExprKind::Binary(_, left, right) => {
                self.primitive(self.type_of(left).or_else(|| self.type_of(right))?)
            }
            ExprKind::Aggregate(aggregate) => match aggregate.op {
                AggregateOp::Count => NUMBER,
                AggregateOp::Mean => FLOAT,
                _ => self.type_of(aggregate.arg.as_ref()?)?,
            },
            ExprKind::Wildcard
            | ExprKind::Number(_)
            | ExprKind::Nil
            | ExprKind::Record(_)
            | ExprKind::User(..) => return None,
        })
    }

    /// The built-in type below a type of numbers or text.
    pub fn primitive(&self, ty: Ty) -> Ty {
        match self.types.kind(ty) {
            Kind::Number => NUMBER,
            Kind::Unsigned => UNSIGNED,
            Kind::Float => FLOAT,
            Kind::Symbol => SYMBOL,
            Kind::Record | Kind::Adt => ty,
        }
    }
}
