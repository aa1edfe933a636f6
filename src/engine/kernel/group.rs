//! The outermost loop over rows that are put together by what the steps behind need of them.

use super::{Halted, Kernel};
use crate::plan::Reg;
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

impl<'p> Kernel<'p, '_, '_, '_> {
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
