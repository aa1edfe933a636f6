//! Relations that grow: each order of columns of each is a datafrog `Variable`.
//!
//! datafrog carries rows from "to add" through "recent" to "stable". Rows are handed to it sorted,
//! distinct and new, and its stable batches are merged here before it would do so itself, so that
//! nothing it does takes long and all of it can be stopped.

use std::cell::Ref;

use datafrog::{Iteration, Relation, Variable};

use crate::base::{Budget, Stop};
use crate::engine::machine::Batch;
use crate::plan::Access;
use crate::storage::{Word, sort};

/// The most columns a recursive relation may have.
pub(super) const MAX_COLUMNS: usize = 128;

/// A growing set of rows, of any width.
pub(super) trait Index {
    /// Its rows as they are now.
    fn batches(&self) -> Box<dyn Batches + '_>;

    /// Moves the recent rows to the stable ones.
    fn settle(&self, budget: &Budget) -> Result<(), Stop>;

    /// Takes in those of some sorted, distinct rows that it does not have, to be recent in the next
    /// round; returns them. Call it on a settled index.
    fn admit(&self, rows: &[Word], budget: &Budget) -> Result<Vec<Word>, Stop>;

    /// All rows, which must be settled, out of it.
    fn finish(&self, budget: &Budget) -> Result<Vec<Word>, Stop>;

    /// Bytes in use.
    fn bytes(&self) -> u64;
}

/// Rows borrowed for a round.
pub(super) trait Batches {
    /// The batches that `access` means.
    fn of(&self, access: Access) -> Vec<Batch<'_>>;
}

/// An index for rows of `width` words, which may be padded; `None` if that is too wide.
pub(super) fn index(iteration: &mut Iteration, name: &str, width: usize) -> Option<Box<dyn Index>> {
    macro_rules! widths {
        ($($n:literal)*) => {
            $(if width <= $n {
                // The rows are new already: datafrog need not compare them again.
                let variable = iteration.variable_indistinct::<[Word; $n]>(name);
                return Some(Box::new(Growing { variable, width }));
            })*
        };
    }
    widths!(1 2 3 4 5 6 7 8 12 16 32 64 128);
    None
}

struct Growing<const N: usize> {
    variable: Variable<[Word; N]>,
    width: usize,
}

struct Borrowed<'a, const N: usize> {
    recent: Ref<'a, Relation<[Word; N]>>,
    stable: Ref<'a, Vec<Relation<[Word; N]>>>,
}

impl<const N: usize> Growing<N> {
    fn padded(&self, rows: &[Word]) -> Vec<[Word; N]> {
        if self.width == N {
            return rows.as_chunks::<N>().0.to_vec();
        }
        let pad = |row: &[Word]| {
            let mut padded = [0; N];
            padded.iter_mut().zip(row).for_each(|(slot, word)| *slot = *word);
            padded
        };
        rows.chunks_exact(self.width).map(pad).collect()
    }

    fn flat(&self, rows: &[[Word; N]]) -> Vec<Word> {
        if self.width == N {
            return rows.as_flattened().to_vec();
        }
        rows.iter().flat_map(|row| row.iter().take(self.width)).copied().collect()
    }
}

impl<const N: usize> Index for Growing<N> {
    fn batches(&self) -> Box<dyn Batches + '_> {
        Box::new(Borrowed { recent: self.variable.recent.borrow(), stable: self.variable.stable.borrow() })
    }

    fn settle(&self, budget: &Budget) -> Result<(), Stop> {
        let mut rows = std::mem::take(&mut self.variable.recent.borrow_mut().elements);
        if rows.is_empty() {
            return Ok(());
        }
        let mut stable = self.variable.stable.borrow_mut();
        // Batches shrink by half at least from each to the next, so that there are few.
        while let Some(last) = stable.pop_if(|last| last.len() <= 2 * rows.len()) {
            rows = sort::merge(rows, last.elements, &mut || budget.check())?;
        }
        stable.push(Relation { elements: rows });
        Ok(())
    }

    fn admit(&self, rows: &[Word], budget: &Budget) -> Result<Vec<Word>, Stop> {
        let mut rows = self.padded(rows);
        for batch in self.variable.stable.borrow().iter() {
            sort::subtract(&mut rows, &batch.elements, &mut || budget.check())?;
        }
        rows.shrink_to_fit();
        let fresh = self.flat(&rows);
        self.variable.insert(Relation { elements: rows });
        Ok(fresh)
    }

    fn finish(&self, budget: &Budget) -> Result<Vec<Word>, Stop> {
        let mut stable = self.variable.stable.borrow_mut();
        let mut rows = Vec::new();
        while let Some(batch) = stable.pop() {
            rows = sort::merge(rows, batch.elements, &mut || budget.check())?;
        }
        if self.width == N { Ok(rows.into_flattened()) } else { Ok(self.flat(&rows)) }
    }

    fn bytes(&self) -> u64 {
        let stable = self.variable.stable.borrow();
        let rows: usize = stable.iter().map(|batch| batch.elements.capacity()).sum();
        ((rows + self.variable.recent.borrow().elements.capacity()) * size_of::<[Word; N]>()) as u64
    }
}

impl<const N: usize> Batches for Borrowed<'_, N> {
    fn of(&self, access: Access) -> Vec<Batch<'_>> {
        let stable = if access == Access::Delta { &[] } else { self.stable.as_slice() };
        let recent = if access == Access::Old { &[] } else { std::slice::from_ref(&*self.recent) };
        stable
            .iter()
            .chain(recent)
            .filter(|rows| !rows.elements.is_empty())
            .map(|rows| Batch::Plain { words: rows.elements.as_flattened(), stride: N })
            .collect()
    }
}
