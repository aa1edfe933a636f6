//! The outermost loop over rows that are put together by what the steps behind need of them.

use super::{Compiled, Halted, Kernel, Op};
use crate::engine::batch::Batch;
use crate::engine::machine::matches;
use crate::plan::{Operation, Reg};
use crate::storage::Word;

/// Rows for the outermost loop, sorted: first the registers that later steps read, then those that
/// only the head needs.
#[derive(Debug)]
pub struct Grouped {
    /// The rows.
    pub words: Vec<Word>,
    /// Words of a row.
    pub width: usize,
    /// The registers that later steps read.
    pub key: Vec<Reg>,
    /// The others.
    pub rest: Vec<Reg>,
}

impl Compiled<'_> {
    /// Lets the outermost loop take one of the rows of a sorted relation that agree in all that is asked
    /// of them. Not for what counts its rows.
    pub fn once_alike(&mut self) {
        let Some(Op::Scan { batches, key: [], operations, .. }) = self.ops.first() else { return };
        let place = |operation: &Operation| match operation {
            Operation::Bind(place, _) | Operation::Same(place, _) | Operation::NotNil(place) => *place + 1,
        };
        let read = operations.iter().map(place).max().unwrap_or(0);
        let fits = |batch: &Batch<'_>| matches!(batch, Batch::Sorted(sorted) if read < sorted.width());
        self.alike = (read > 0 && batches.iter().all(fits)).then_some(read);
    }
}

impl<'p> Kernel<'p, '_, '_, '_> {
    /// The first of the rows `from..to` of the outermost loop that is not the same to all steps as the
    /// one before it, which belongs to another part.
    pub(super) fn first_unlike(&self, batch: &Batch<'_>, from: usize, to: usize) -> usize {
        let (Batch::Sorted(sorted), Some(alike)) = (batch, self.plan.alike) else { return from };
        let (words, width) = (sorted.words(), sorted.width());
        let key = |row: usize| &words[row * width..row * width + alike];
        (from..to).find(|row| *row == 0 || key(*row) != key(*row - 1)).unwrap_or(to)
    }

    /// The outermost loop over sorted rows, of which those that agree in the first columns are the same
    /// to all steps.
    pub(super) fn unlike(
        &mut self,
        read: usize,
        words: &[Word],
        width: usize,
        alike: usize,
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        let mut before: &[Word] = &[];
        self.visited[read] += (words.len() / width) as u64;
        for row in words.chunks_exact(width) {
            self.turns(1)?;
            let key = &row[..alike];
            if key == before {
                continue;
            }
            before = key;
            if matches(operations, row, &mut self.registers) && self.step(1)? && self.plan.enough[0] {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The outermost loop over those groups that begin in `from..to`.
    pub(super) fn groups(
        &mut self,
        grouped: &'p Grouped,
        read: usize,
        from: usize,
        to: usize,
    ) -> Result<bool, Halted> {
        let (width, keys) = (grouped.width, grouped.key.len());
        let row = |number: usize| &grouped.words[number * width..(number + 1) * width];
        let rows = grouped.words.len() / width;
        let is_new = |number: usize| number == 0 || row(number)[..keys] != row(number - 1)[..keys];
        let mut start = from;
        while start < to && !is_new(start) {
            start += 1;
        }
        while start < to {
            let mut end = start + 1;
            while end < rows && !is_new(end) {
                end += 1;
            }
            for (reg, word) in grouped.key.iter().zip(row(start)) {
                self.registers[*reg] = *word;
            }
            self.group = &grouped.words[start * width..end * width];
            self.visited[read] += (end - start) as u64;
            self.turns((end - start) as u64)?;
            if self.step(1)? && self.plan.witness_from == 0 {
                return Ok(true);
            }
            start = end;
        }
        Ok(false)
    }

    /// Adds a row for each of the group.
    pub(super) fn add_group(&mut self, grouped: &Grouped) {
        let (group, width, keys) = (self.group, grouped.width, grouped.key.len());
        self.turns += (group.len() / width) as u64;
        if let (Some((last, leading)), [rest]) = (self.plan.output.split_last(), &grouped.rest[..])
            && last == rest
            && !leading.contains(last)
            && let Some(pairs) = self.sink.pairs()
        {
            pairs.select_behind(leading.iter().map(|reg| self.registers[*reg]));
            pairs.add_sorted(group.iter().skip(keys).step_by(width).copied());
            self.sink.count((group.len() / width) as u64);
            return;
        }
        for row in group.chunks_exact(width) {
            for (reg, word) in grouped.rest.iter().zip(&row[keys..]) {
                self.registers[*reg] = *word;
            }
            self.sink.push(self.plan.output.iter().map(|reg| self.registers[*reg]));
        }
    }
}
