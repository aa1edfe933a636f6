//! Aggregates over the solutions of a body, by value.

use crate::model::functor;
use crate::model::program::{Aggregate, AggregateOp};
use crate::model::{Float, Functor, Value};

/// The aggregate of `values`, one for each distinct assignment, in any order; `None` if it has none
/// or it cannot be computed.
pub(super) fn fold(aggregate: &Aggregate, mut values: Vec<Value>) -> Option<Value> {
    values.sort_unstable();
    let all = values.len();
    let floats = |values: &[Value]| -> f64 {
        let floats = values.iter().filter_map(|value| match value {
            Value::Float(float) => Some(*float),
            _ => None,
        });
        functor::float_sum(floats.collect())
    };
    let whole = |values: &[Value]| -> i128 {
        let numbers =
            values.iter().map(|value| if let Value::Number(n) = value { i128::from(*n) } else { 0 });
        numbers.sum()
    };
    match aggregate.op {
        AggregateOp::Count => {
            if aggregate.arg.is_some() {
                values.dedup();
            }
            return Some(Value::Number(i64::try_from(values.len()).ok()?));
        }
        AggregateOp::List => return (all <= functor::MAX_LIST_ITEMS).then(|| Value::list(values)),
        _ => values.retain(|value| !value.is_nil()),
    }
    match aggregate.op {
        AggregateOp::Min => values.into_iter().next(),
        AggregateOp::Max => values.into_iter().next_back(),
        AggregateOp::Sum if aggregate.float => Some(Value::Float(Float::new(floats(&values)))),
        AggregateOp::Sum if aggregate.wraps => Some(Value::Number(whole(&values) as i64)),
        AggregateOp::Sum => i64::try_from(whole(&values)).ok().map(Value::Number),
        AggregateOp::Mean if values.is_empty() => None,
        AggregateOp::Mean => {
            let sum = if aggregate.float { floats(&values) } else { whole(&values) as f64 };
            Some(Value::float(sum / values.len() as f64))
        }
        AggregateOp::Concat => {
            let mut parts = Vec::with_capacity(2 * values.len());
            for value in values {
                if !parts.is_empty() {
                    parts.push(Value::Symbol(aggregate.separator.clone()));
                }
                parts.push(value);
            }
            functor::apply(Functor::Cat, &parts).ok().flatten()
        }
        AggregateOp::Count | AggregateOp::List => None,
    }
}
