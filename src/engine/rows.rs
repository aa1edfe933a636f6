//! Where a rule's rows gather before repeated ones are dropped.

use super::machine::Halt;
use crate::base::{Budget, Stop};
use crate::storage::{Word, sort};

/// Words gathered before repeated rows are dropped for the first time.
const FIRST_COMPACTION: usize = 1 << 22;

/// Bytes noted in a budget, given back in the end.
#[derive(Debug)]
pub struct Held<'b> {
    budget: &'b Budget,
    bytes: u64,
}

impl<'b> Held<'b> {
    /// Nothing yet.
    pub fn new(budget: &'b Budget) -> Self {
        Held { budget, bytes: 0 }
    }

    /// Notes that `bytes` are in use now, in place of what was.
    pub fn set(&mut self, bytes: u64) -> Result<(), Stop> {
        let before = std::mem::replace(&mut self.bytes, bytes);
        if bytes > before {
            self.budget.allocate(bytes - before)
        } else {
            self.budget.release(before - bytes);
            Ok(())
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.budget.release(self.bytes);
    }
}

/// Rows of one width, in the order they were produced, some of them more than once.
#[derive(Debug)]
pub struct Rows<'b> {
    width: usize,
    words: Vec<Word>,
    /// Rows in it, which `words` cannot tell without columns.
    len: usize,
    /// Rows produced since the budget heard of them.
    unaccounted: u64,
    /// Rows ever produced.
    produced: u64,
    compact_at: usize,
    budget: &'b Budget,
    held: Held<'b>,
}

impl<'b> Rows<'b> {
    /// No rows of `width` columns.
    pub fn new(width: usize, budget: &'b Budget) -> Self {
        Rows {
            width,
            words: Vec::new(),
            len: 0,
            unaccounted: 0,
            produced: 0,
            compact_at: FIRST_COMPACTION,
            budget,
            held: Held::new(budget),
        }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Rows ever produced.
    pub fn produced(&self) -> u64 {
        self.produced
    }

    /// Whether nothing is in it.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Adds a row.
    pub fn push(&mut self, row: impl Iterator<Item = Word>) {
        self.words.extend(row);
        self.len += 1;
        self.unaccounted += 1;
    }

    /// Adds `rows` rows to be filled in column by column.
    pub fn extend(&mut self, rows: usize) -> Fresh<'_> {
        let from = self.words.len();
        self.words.resize(from + rows * self.width, 0);
        self.len += rows;
        self.unaccounted += rows as u64;
        Fresh { words: &mut self.words[from..], width: self.width }
    }

    /// Tells the budget of the rows produced, and drops repeated ones when there are many.
    pub fn account(&mut self) -> Result<(), Halt> {
        let produced = std::mem::take(&mut self.unaccounted);
        self.produced += produced;
        self.budget.produced(produced)?;
        self.held.set((self.words.capacity() * size_of::<Word>()) as u64)?;
        if self.words.len() > self.compact_at && self.width > 0 {
            let budget = self.budget;
            self.len = sort::sort_distinct(self.width, &mut self.words, &mut || budget.check())?;
            self.compact_at = (2 * self.words.len()).max(FIRST_COMPACTION);
        }
        if self.width == 0 {
            self.len = self.len.min(1);
        }
        Ok(())
    }

    /// Takes the rows out, sorted and distinct: their words and their number.
    pub fn take_sorted(&mut self) -> Result<(Vec<Word>, usize), Halt> {
        self.account()?;
        let mut words = std::mem::take(&mut self.words);
        let len = std::mem::take(&mut self.len).min(if self.width == 0 { 1 } else { usize::MAX });
        self.compact_at = FIRST_COMPACTION;
        if self.width == 0 {
            return Ok((words, len));
        }
        let budget = self.budget;
        let len = sort::sort_distinct(self.width, &mut words, &mut || budget.check())?;
        self.held.set(0)?;
        Ok((words, len))
    }
}

/// Rows to be filled in.
#[derive(Debug)]
pub struct Fresh<'r> {
    words: &'r mut [Word],
    width: usize,
}

impl Fresh<'_> {
    /// Fills column `column`, a word a row.
    pub fn column(&mut self, column: usize, words: impl Iterator<Item = Word>) {
        for (slot, word) in self.words.iter_mut().skip(column).step_by(self.width).zip(words) {
            *slot = word;
        }
    }
}
