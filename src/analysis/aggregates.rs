//! Aggregates resolved: their bodies are scopes of their own.

use std::collections::{BTreeSet, HashMap};

use super::raw::{RawAggregate, RawExpr, RawExprKind};
use super::resolve::{Hoist, Resolver, RuleScope, assign, span_in};
use super::scope;
use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::VarId;
use crate::syntax::datalog::ast::{Aggregate, AggregateOp, Const, ConstKind, ExprKind};

impl<'a> Resolver<'a> {
    /// An aggregate as an expression.
    pub fn aggregate(&mut self, aggregate: &'a Aggregate, span: Span, scope: &mut RuleScope<'a>) -> RawExpr {
        RawExpr { kind: RawExprKind::Aggregate(Box::new(self.aggregate_parts(aggregate, scope))), span }
    }

    /// An aggregate in a scope of its own.
    pub fn aggregate_parts(&mut self, aggregate: &'a Aggregate, scope: &mut RuleScope<'a>) -> RawAggregate {
        let separator = self.separator(aggregate);
        let Some(alternatives) = scope::alternatives(&aggregate.body) else {
            self.report(
                Diagnostic::new(
                    codes::TOO_MANY_ALTERNATIVES,
                    "this aggregate's body has too many alternatives",
                )
                .at(aggregate.body.span),
            );
            return RawAggregate { op: aggregate.op, arg: None, separator, alternatives: Vec::new() };
        };
        // The value aggregated is computed in the scope of the body: its names are the body's.
        let mut locals: HashMap<&'a str, VarId> = HashMap::new();
        let mut arg_names = BTreeSet::new();
        if let Some(arg) = &aggregate.arg {
            scope::expr_names(arg, &mut |name| {
                arg_names.insert(name);
            });
        }
        let level = scope.stack.len();
        let arg_var = aggregate.arg.as_ref().map(|arg| {
            let name = format!("{}#", scope.vars.len());
            (arg, scope.declare(name, arg.span, level))
        });
        let mut resolved = Vec::with_capacity(alternatives.len());
        for literals in &alternatives {
            let mut map = HashMap::new();
            let mut names = scope::own_names(literals);
            names.extend(arg_names.iter().copied());
            for name in names {
                if self.lookup(name, scope).is_none() {
                    let span = aggregate
                        .arg
                        .as_ref()
                        .filter(|_| arg_names.contains(name))
                        .map_or_else(|| span_in(literals, name, aggregate.body.span), |arg| arg.span);
                    let id =
                        *locals.entry(name).or_insert_with(|| scope.declare(name.to_owned(), span, level));
                    map.insert(name, id);
                }
            }
            scope.stack.push(map);
            let mut out = Vec::with_capacity(literals.len());
            for literal in literals {
                self.literal(literal, scope, &mut out);
            }
            if let Some((arg, var)) = &arg_var
                && !matches!(arg.kind, ExprKind::Var(_))
            {
                // A computed value gets a variable, so that every alternative computes its own.
                let value = self.expr(arg, scope, &mut Hoist::Now(&mut out));
                out.push(assign(*var, value, arg.span));
            }
            scope.stack.pop();
            resolved.push(out);
        }
        let arg = arg_var.map(|(arg, var)| match &arg.kind {
            ExprKind::Var(name) => {
                let var =
                    locals.get(name.as_str()).copied().or_else(|| self.lookup(name, scope)).unwrap_or(var);
                RawExpr::var(var, arg.span)
            }
            _ => RawExpr::var(var, arg.span),
        });
        RawAggregate { op: aggregate.op, arg, separator, alternatives: resolved }
    }

    /// `concat x, ", " : {…}`: the separator, by default a comma and a space.
    fn separator(&mut self, aggregate: &Aggregate) -> String {
        match (aggregate.op, aggregate.extra.as_slice()) {
            (AggregateOp::Concat, []) => ", ".to_owned(),
            (AggregateOp::Concat, [Const { kind: ConstKind::String(text), .. }]) => text.clone(),
            (AggregateOp::Concat, [other, ..]) => {
                self.report(
                    Diagnostic::new(codes::TYPE_MISMATCH, "the separator of `concat` is one text")
                        .at(other.span),
                );
                String::new()
            }
            (_, [extra, ..]) => {
                self.report(
                    Diagnostic::new(codes::FUNCTOR_ARITY, "only `concat` takes a second value")
                        .at(extra.span),
                );
                String::new()
            }
            (_, []) => String::new(),
        }
    }
}
