//! Aggregates: folding the assignments of a body into one value.

use std::cmp::Ordering;
use std::sync::Arc;

use super::compute::{Core, Failure};
use crate::base::Span;
use crate::model::functor::{self, FunctorError};
use crate::model::program::AggregateOp;
use crate::model::{Float, Value};
use crate::plan::{Fold, Reg, Site};
use crate::storage::interner::{MISSING, NIL, inline_number, inlined};
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

    /// What others have folded: how many assignments, the sum of their integers, the least or the
    /// greatest value, and the values that have yet to be taken in.
    pub fn resumed(
        fold: &'p Fold,
        (count, sum, best): (i64, i128, Option<Word>),
        values: impl Iterator<Item = Word>,
        interner: &Interner,
    ) -> Self {
        let mut folding = Folding { count, sum, best, ..Folding::new(fold) };
        values.for_each(|value| folding.take(interner, value));
        folding
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
        self.add_value(core.interner, &core.regs, alternative, value);
        Ok(())
    }

    /// The same with the value of the aggregated expression, nil if there is none.
    pub fn add_value(&mut self, interner: &Interner, regs: &[Word], alternative: usize, value: Word) {
        match self.fold.assignments.get(alternative) {
            Some(columns) => {
                let word = |reg: &Option<Reg>| reg.and_then(|reg| regs.get(reg)).copied().unwrap_or(MISSING);
                self.rows.extend(columns.iter().map(word));
                self.rows.push(value);
            }
            None => self.take(interner, value),
        }
    }

    /// Takes in the value of an assignment unlike all others if that needs no look at any value: a
    /// small integer that is counted, summed up or compared with others. Whether it did.
    #[inline]
    pub fn take_small(&mut self, value: Word) -> bool {
        let number = match self.fold.op {
            _ if !self.fold.assignments.is_empty() => None,
            AggregateOp::Count => self.fold.arg.is_none().then_some(0),
            _ => inlined(value),
        };
        let Some(number) = number else { return false };
        match self.fold.op {
            AggregateOp::Count => {}
            // Their order is that of their words.
            AggregateOp::Min | AggregateOp::Max => match self.best {
                Some(best) if inlined(best).is_none() => return false,
                Some(best) if self.fold.op == AggregateOp::Min => self.best = Some(best.min(value)),
                Some(best) => self.best = Some(best.max(value)),
                None => self.best = Some(value),
            },
            AggregateOp::Sum | AggregateOp::Mean => self.sum += i128::from(number),
            AggregateOp::List | AggregateOp::Concat => return false,
        }
        self.count += 1;
        true
    }

    /// Counts assignments that have nothing to be looked at.
    #[inline]
    pub fn count_more(&mut self, assignments: usize) {
        self.count += assignments as i64;
    }

    /// The value, or none, where no value need be made or looked at for it.
    #[inline]
    pub fn finish_small(&self) -> Option<Option<Word>> {
        if !self.fold.assignments.is_empty() || !self.values.is_empty() {
            return None;
        }
        match self.fold.op {
            AggregateOp::Count if self.fold.arg.is_none() => inline_number(self.count).map(Some),
            AggregateOp::Min | AggregateOp::Max => Some(self.best),
            AggregateOp::Sum if !self.fold.float => {
                i64::try_from(self.sum).ok().and_then(inline_number).map(Some)
            }
            _ => None,
        }
    }

    /// Where the aggregate stands.
    pub fn site(&self) -> &'p Site {
        &self.fold.site
    }

    /// Bytes held.
    pub fn bytes(&self) -> u64 {
        ((self.values.capacity() + self.rows.capacity()) * size_of::<Word>()) as u64
    }

    /// Takes in the value of an assignment unlike all others.
    pub fn take(&mut self, interner: &Interner, value: Word) {
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
            AggregateOp::Sum if self.fold.wraps => Ok(Some(interner.number(self.sum as i64))),
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
