//! Expressions, comparisons and aggregates over the values of one assignment.

use std::collections::BTreeSet;

use super::Fault;
use super::solve::{Env, Halt};
use crate::base::Span;
use crate::model::date::Date;
use crate::model::fact::STATUS_ENUM;
use crate::model::functor::{self, FunctorError, Patterns};
use crate::model::program::{Aggregate, AggregateOp, Arg, Body, CompareOp, Expr, Literal, TestOp, VarId};
use crate::model::value::Value;

/// What an expression comes to under an assignment.
pub(super) enum Computed {
    /// A variable in it has no value yet.
    NotYet,
    /// It has none: nil or an imprecise date where a functor needs more.
    NoValue,
    /// Its value.
    Value(Value),
    /// It should have one, and that cannot be computed.
    Failed(Fault),
}

/// The value of an expression without aggregates.
pub(super) fn expr(expr: &Expr, env: &Env) -> Computed {
    match expr {
        Expr::Var(var) => env.get(*var),
        Expr::Const(value) => Computed::Value(value.clone()),
        Expr::List(items) => match all(items, env) {
            Ok(values) => Computed::Value(Value::list(values)),
            Err(other) => other,
        },
        Expr::Struct(of, fields, span) => match all(fields, env) {
            Ok(values) => match of.build(values) {
                Ok(Some(value)) => Computed::Value(value),
                Ok(None) => Computed::NoValue,
                Err(error) => Computed::Failed(Fault { span: *span, what: error.to_string() }),
            },
            Err(other) => other,
        },
        Expr::Call(functor, args, span) => match all(args, env) {
            Ok(values) if values.iter().any(Value::is_nil) => Computed::NoValue,
            Ok(values) => match functor::apply(*functor, &values) {
                Ok(Some(value)) => Computed::Value(value),
                Ok(None) => Computed::NoValue,
                Err(error) => Computed::Failed(Fault { span: *span, what: error.to_string() }),
            },
            Err(other) => other,
        },
        // Nowhere but beside `=`, where the search looks for it.
        Expr::Aggregate(_) => Computed::NotYet,
    }
}

/// The values of all, or what keeps one from having a value: an open variable before a failure
/// before a missing value.
fn all(items: &[Expr], env: &Env) -> Result<Vec<Value>, Computed> {
    let mut values = Vec::new();
    let mut worst = None;
    for item in items {
        worst = match (expr(item, env), worst) {
            (Computed::Value(value), worst) => {
                values.push(value);
                worst
            }
            (Computed::NotYet, _) | (_, Some(Computed::NotYet)) => Some(Computed::NotYet),
            (_, worst @ Some(Computed::Failed(_))) => worst,
            (new, _) => Some(new),
        };
    }
    worst.map_or(Ok(values), Err)
}

/// Two operands at once, as [`all`].
pub(super) fn both(a: Computed, b: Computed) -> Result<(Value, Value), Computed> {
    match (a, b) {
        (Computed::Value(a), Computed::Value(b)) => Ok((a, b)),
        (Computed::NotYet, _) | (_, Computed::NotYet) => Err(Computed::NotYet),
        (failed @ Computed::Failed(_), _) | (_, failed @ Computed::Failed(_)) => Err(failed),
        (Computed::NoValue, _) | (_, Computed::NoValue) => Err(Computed::NoValue),
    }
}

/// The value under a finished assignment, `None` without one.
pub(super) fn decided(computed: Computed, env: &Env) -> Result<Option<Value>, Halt> {
    match computed {
        Computed::Value(value) => Ok(Some(value)),
        Computed::NoValue => Ok(None),
        Computed::NotYet => Err(Halt::Unsafe),
        Computed::Failed(fault) => Err(Halt::Fault(fault, Box::new(env.clone()))),
    }
}

/// A comparison; `with_nil` says that one operand is the constant nil.
pub(super) fn compare(op: CompareOp, a: &Value, b: &Value, possibly: bool, with_nil: bool) -> bool {
    if a.is_nil() || b.is_nil() {
        return with_nil
            && match op {
                CompareOp::Eq => a == b,
                CompareOp::Ne => a != b,
                CompareOp::Lt | CompareOp::Le | CompareOp::Gt | CompareOp::Ge => false,
            };
    }
    if let (Value::Date(a), Value::Date(b)) = (a, b) {
        return compare_dates(op, a, b, possibly);
    }
    let outside = |value: &Value| match value {
        Value::Enum(constant) => {
            constant.ty == STATUS_ENUM && ["Denied", "Cancelled"].contains(&&*constant.name)
        }
        _ => false,
    };
    if (outside(a) || outside(b)) && a != b {
        return op == CompareOp::Ne;
    }
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        _ if std::mem::discriminant(a) != std::mem::discriminant(b) => false,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}

/// Written out in days rather than with the helpers of [`Date`], so that it checks them.
fn compare_dates(op: CompareOp, a: &Date, b: &Date, possibly: bool) -> bool {
    let open = |date: &Date| date.latest() == Date::OPEN_END;
    match (op, possibly) {
        (CompareOp::Gt, _) => compare_dates(CompareOp::Lt, b, a, possibly),
        (CompareOp::Ge, _) => compare_dates(CompareOp::Le, b, a, possibly),
        (CompareOp::Eq, false) => a == b,
        (CompareOp::Ne, false) => a != b,
        (CompareOp::Lt, false) => a.latest() < b.earliest(),
        (CompareOp::Le, false) => a == b || (a.latest() <= b.earliest() && !open(a)),
        (CompareOp::Eq, true) => a.earliest() <= b.latest() && b.earliest() <= a.latest(),
        (CompareOp::Ne, true) => a.day().is_none() || a.day() != b.day(),
        (CompareOp::Lt, true) => a.earliest() < b.latest(),
        (CompareOp::Le, true) => a.earliest() <= b.latest(),
    }
}

/// A test of two values; false for nil.
pub(super) fn test(op: TestOp, a: &Value, b: &Value, span: Span) -> Result<bool, Fault> {
    Ok(match (op, a, b) {
        (TestOp::Contains, Value::Symbol(part), Value::Symbol(text)) => text.contains(&**part),
        (TestOp::Match, Value::Symbol(_), Value::Symbol(_)) => {
            let tested = Patterns::default().test(op, a, b);
            return tested.map_err(|error| Fault { span, what: error.to_string() });
        }
        (TestOp::Within, Value::Date(a), Value::Date(b)) => {
            b.earliest() <= a.earliest() && a.latest() <= b.latest()
        }
        (TestOp::Overlaps, Value::Date(a), Value::Date(b)) => {
            a.earliest() <= b.latest() && b.earliest() <= a.latest()
        }
        _ => false,
    })
}

/// The aggregate of `values`, one for each distinct solution of the body.
pub(super) fn aggregate(aggregate: &Aggregate, mut values: Vec<Value>) -> Computed {
    values.sort();
    let known: Vec<&Value> = values.iter().filter(|value| !value.is_nil()).collect();
    let value = match aggregate.op {
        AggregateOp::Count => {
            if aggregate.arg.is_some() {
                values.dedup();
            }
            Some(Value::Number(values.len() as i64))
        }
        AggregateOp::Min => known.first().map(|value| (*value).clone()),
        AggregateOp::Max => known.last().map(|value| (*value).clone()),
        AggregateOp::Sum if aggregate.float => Some(Value::float(float_sum(&known))),
        AggregateOp::Sum if aggregate.wraps => Some(Value::Number(whole_sum(&known) as i64)),
        AggregateOp::Sum => match i64::try_from(whole_sum(&known)) {
            Ok(sum) => Some(Value::Number(sum)),
            Err(_) => {
                return Computed::Failed(Fault {
                    span: aggregate.span,
                    what: FunctorError::Overflow.to_string(),
                });
            }
        },
        AggregateOp::Mean if known.is_empty() => None,
        AggregateOp::Mean => {
            let sum = if aggregate.float { float_sum(&known) } else { whole_sum(&known) as f64 };
            Some(Value::float(sum / known.len() as f64))
        }
        AggregateOp::List => Some(Value::list(values)),
        AggregateOp::Concat => {
            let texts: Vec<&str> = known.iter().filter_map(|value| text_of(value)).collect();
            Some(Value::symbol(texts.join(&aggregate.separator)))
        }
    };
    value.map_or(Computed::NoValue, Computed::Value)
}

fn text_of(value: &Value) -> Option<&str> {
    if let Value::Symbol(text) = value { Some(text) } else { None }
}

/// The sum in 128 bits, which no number of 64-bit values that fits in memory overflows.
fn whole_sum(values: &[&Value]) -> i128 {
    values.iter().map(|value| if let Value::Number(n) = value { i128::from(*n) } else { 0 }).sum()
}

/// The sum in ascending order: the rounding must not depend on the order of discovery.
fn float_sum(values: &[&Value]) -> f64 {
    values.iter().map(|value| if let Value::Float(x) = value { x.get() } else { 0.0 }).sum()
}

/// Adds the variables of a body's literals; with `nested`, those inside its negations and
/// aggregates too.
pub(super) fn body_vars(body: &Body, nested: bool, vars: &mut BTreeSet<VarId>) {
    for literal in body.alternatives.iter().flatten() {
        literal_vars(literal, nested, vars);
    }
}

/// The same of one literal.
pub(super) fn literal_vars(literal: &Literal, nested: bool, vars: &mut BTreeSet<VarId>) {
    let operand = |expr: &Expr, vars: &mut BTreeSet<VarId>| match expr {
        Expr::Aggregate(aggregate) if nested => aggregate_vars(aggregate, vars),
        other => other.vars(&mut |var| {
            vars.insert(var);
        }),
    };
    match literal {
        Literal::Atom(atom) => {
            for arg in &atom.args {
                if let Arg::Is(expr) = arg {
                    operand(expr, vars);
                }
            }
        }
        Literal::Not(body, _) if nested => body_vars(body, nested, vars),
        Literal::Not(..) | Literal::Bool(_) => {}
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            operand(left, vars);
            operand(right, vars);
        }
        Literal::In { item, list, .. } => {
            operand(item, vars);
            operand(list, vars);
        }
    }
}

/// All variables of an aggregate.
pub(super) fn aggregate_vars(aggregate: &Aggregate, vars: &mut BTreeSet<VarId>) {
    body_vars(&aggregate.body, true, vars);
    if let Some(arg) = &aggregate.arg {
        arg.vars(&mut |var| {
            vars.insert(var);
        });
    }
}
