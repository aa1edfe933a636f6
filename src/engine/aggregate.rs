//! Aggregates: folding the assignments of a body into one value.

use std::cmp::Ordering;
use std::sync::Arc;

use super::compute::{Core, Failure};
use crate::base::Span;
use crate::model::functor::{self, FunctorError};
use crate::model::program::AggregateOp;
use crate::model::{Float, Value};
use crate::plan::{Fold, Site};
use crate::storage::interner::{MISSING, NIL};
use crate::storage::{Interner, Word};

/// One aggregate at work. Feed it every assignment, then [`Folding::finish`].
#[derive(Debug)]
pub struct Folding<'p> {
    fold: &'p Fold,
    /// Assignments counted so far.
    count: i64,
    /// The best of `min` and `max`.
    best: Option<Word>,
    /// Values, where all are needed at the end.
    values: Vec<Word>,
    /// Assignments with their value behind them, where equal ones may come twice.
    rows: Vec<Word>,
    /// Sum of integers: 2^63 values of 64 bits cannot overflow it.
    sum: i128,
}

impl<'p> Folding<'p> {
    /// Nothing folded yet.
    pub fn new(fold: &'p Fold) -> Self {
        Folding { fold, count: 0, best: None, values: Vec::new(), rows: Vec::new(), sum: 0 }
    }

    /// Takes in the assignment that the registers hold, found in `alternative`.
    pub fn add(&mut self, core: &mut Core<'_>, alternative: usize) -> Result<(), Failure> {
        let value = match &self.fold.arg {
            None => NIL,
            Some(code) => match core.value(code)? {
                Some(value) => value,
                None => return Ok(()),
            },
        };
        match self.fold.assignments.get(alternative) {
            Some(columns) => {
                self.rows.extend(columns.iter().map(|reg| reg.map_or(MISSING, |reg| core.reg(reg))));
                self.rows.push(value);
            }
            None => self.take(core.interner, value),
        }
        Ok(())
    }

    /// Where the aggregate stands.
    pub fn site(&self) -> &'p Site {
        &self.fold.site
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        ((self.values.capacity() + self.rows.capacity()) * size_of::<Word>()) as u64
    }

    fn take(&mut self, interner: &Interner, value: Word) {
        let op = self.fold.op;
        if value == NIL && self.fold.arg.is_some() && !matches!(op, AggregateOp::Count | AggregateOp::List) {
            return;
        }
        self.count += 1;
        match op {
            AggregateOp::Count if self.fold.arg.is_none() => {}
            AggregateOp::Min | AggregateOp::Max => {
                let wanted = if op == AggregateOp::Min { Ordering::Less } else { Ordering::Greater };
                if self.best.is_none_or(|best| interner.compare(value, best) == wanted) {
                    self.best = Some(value);
                }
            }
            AggregateOp::Sum | AggregateOp::Mean => match interner.number_of(value) {
                Some(number) => self.sum += i128::from(number),
                None => self.values.push(value),
            },
            AggregateOp::Count | AggregateOp::List | AggregateOp::Concat => self.values.push(value),
        }
    }

    /// The value; `None` when there is none.
    pub fn finish(mut self, interner: &mut Interner) -> Result<Option<Word>, Failure> {
        if let Some(columns) = self.fold.assignments.first() {
            let width = columns.len() + 1;
            let mut rows: Vec<&[Word]> = self.rows.chunks_exact(width).collect();
            rows.sort_unstable();
            rows.dedup();
            let values: Vec<Word> = rows.iter().filter_map(|row| row.last().copied()).collect();
            for value in values {
                self.take(interner, value);
            }
        }
        let span = self.fold.site.span;
        match self.fold.op {
            AggregateOp::Count if self.fold.arg.is_some() => {
                self.values.sort_unstable();
                self.values.dedup();
                Ok(Some(interner.number(self.values.len() as i64)))
            }
            AggregateOp::Count => Ok(Some(interner.number(self.count))),
            AggregateOp::Min | AggregateOp::Max => Ok(self.best),
            AggregateOp::Sum if self.fold.float => {
                let sum = self.float_sum(interner, span)?;
                Ok(Some(interner.float(Float::new(sum))))
            }
            AggregateOp::Sum => {
                let sum = i64::try_from(self.sum).map_err(|_| overflow(span))?;
                Ok(Some(interner.number(sum)))
            }
            AggregateOp::Mean if self.count == 0 => Ok(None),
            AggregateOp::Mean if self.values.is_empty() => {
                Ok(Some(interner.float(Float::new(self.sum as f64 / self.count as f64))))
            }
            AggregateOp::Mean => {
                let mean = self.float_sum(interner, span)? / self.count as f64;
                Ok(Some(interner.float(Float::new(mean))))
            }
            AggregateOp::List => {
                self.sort_values(interner);
                if self.values.len() > functor::MAX_LIST_ITEMS {
                    return Err(Failure { error: FunctorError::TooLong, span });
                }
                Ok(Some(interner.list(&self.values)))
            }
            AggregateOp::Concat => self.concat(interner, span).map(Some),
        }
    }

    fn sort_values(&mut self, interner: &Interner) {
        self.values.sort_unstable_by(|a, b| interner.compare(*a, *b));
    }

    fn float_sum(&self, interner: &Interner, span: Span) -> Result<f64, Failure> {
        let floats: Vec<Float> = self
            .values
            .iter()
            .filter_map(|word| match interner.value(*word) {
                Value::Float(float) => Some(float),
                _ => None,
            })
            .collect();
        let finite = floats.iter().all(|float| float.get().is_finite());
        let sum = functor::float_sum(floats) + self.sum as f64;
        if finite && sum.is_infinite() { Err(overflow(span)) } else { Ok(sum) }
    }

    fn concat(&mut self, interner: &mut Interner, span: Span) -> Result<Word, Failure> {
        self.sort_values(interner);
        let mut parts: Vec<Value> = Vec::with_capacity(2 * self.values.len());
        for word in &self.values {
            if !parts.is_empty() {
                parts.push(Value::Symbol(Arc::clone(&self.fold.separator)));
            }
            parts.push(interner.value(*word));
        }
        match functor::apply(crate::model::Functor::Cat, &parts) {
            Ok(Some(text)) => Ok(interner.intern(&text)),
            Ok(None) => Ok(NIL),
            Err(error) => Err(Failure { error, span }),
        }
    }
}

fn overflow(span: Span) -> Failure {
    Failure { error: FunctorError::Overflow, span }
}
