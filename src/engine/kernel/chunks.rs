//! Columns of bits added to the result many at a time.

use super::{Halted, Kernel};
use crate::engine::batch::Batch;
use crate::engine::machine::matches;
use crate::plan::{Operation, Reg};
use crate::storage::Word;
use crate::storage::interner::NIL;

impl<'p> Kernel<'p, '_, '_, '_> {
    /// The outermost loop over chunks of which every column does the same.
    pub(super) fn whole_chunks(
        &mut self,
        chunks: &'p [[Word; 3]],
        read: usize,
        columns: &[usize],
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        self.visited[read] += chunks.len() as u64;
        for same in chunks.chunk_by(|a, b| a[0] == b[0]) {
            let Some([word, ..]) = same.first() else { continue };
            self.chunks = same;
            self.turns(same.len() as u64)?;
            let holds = operations.iter().all(|operation| match *operation {
                Operation::Bind(place, reg) if columns.get(place) == Some(&0) => {
                    self.registers[reg] = *word;
                    true
                }
                Operation::Bind(..) => true,
                Operation::Same(_, reg) => self.registers[reg] == *word,
                Operation::NotNil(_) => *word != NIL,
            });
            if holds && self.step(1)? && self.plan.witness_from == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the chunks at hand to the row that the head says.
    #[inline]
    pub(super) fn add_chunks(&mut self) {
        let mut count = 0;
        let Kernel { plan, registers, sink, chunks, pieces, rows, .. } = self;
        if let (Some(pairs), Some((_, leading))) = (sink.pairs(), plan.output.split_last()) {
            let mut add = |chunks: &[[Word; 3]], registers: &[Word]| {
                pairs.select_behind(leading.iter().map(|reg| registers[*reg]));
                for [_, chunk, bits] in chunks {
                    pairs.add_chunk(*chunk, *bits);
                    count += u64::from(bits.count_ones());
                }
            };
            match pieces {
                None => add(chunks, registers),
                Some(operations) => {
                    let mut from = 0;
                    for (end, words) in rows {
                        matches(operations, words, registers);
                        add(&chunks[from..*end], registers);
                        from = *end;
                    }
                }
            }
        }
        self.turns += self.chunks.len() as u64;
        self.sink.count(count);
    }

    /// Adds a column of the rows that begin with the key to a row of bits; returns how many.
    #[inline]
    pub(super) fn columns(
        &mut self,
        batch: Batch<'p>,
        near: usize,
        key: &[Reg],
        place: usize,
        leading: &[Reg],
    ) -> u64 {
        let Kernel { registers, near: nears, sink, .. } = self;
        let Some(pairs) = sink.pairs() else { return 0 };
        pairs.select_behind(leading.iter().map(|reg| registers[*reg]));
        match (batch, key) {
            (Batch::Sorted(sorted), [reg]) => {
                let word = registers[*reg];
                if let Some(chunks) = sorted.chunks_of(word) {
                    return pairs.add_chunks(chunks);
                }
                let near = &mut nears[near];
                let (low, high) = sorted.range_of(word, *near);
                *near = low;
                let width = sorted.width();
                let words = sorted.words()[low * width..high * width].iter().skip(place).step_by(width);
                pairs.add_sorted(words.copied());
                (high - low) as u64
            }
            (Batch::Pairs { pairs: known, columns: [_, _], .. }, [reg]) => {
                pairs.add_row(known.row(registers[*reg]))
            }
            (Batch::Pairs { pairs: known, columns: [_], .. }, []) if known.layout().width == 1 => {
                pairs.add_row(known.row(0))
            }
            (Batch::Bits { pairs: known, places }, key) if key.len() + 1 == known.layout().width => {
                let words = places.key(key.iter().map(|reg| registers[*reg]));
                let row = known.layout().row_of(words[..key.len()].iter().copied());
                pairs.add_row(known.row(row))
            }
            _ => {
                let key: Vec<Word> = key.iter().map(|reg| registers[*reg]).collect();
                let mut cursor = batch.open(&key, &mut nears[near]);
                let (mut scratch, mut count) = (Vec::new(), 0);
                while let Some(row) = cursor.next(&mut scratch) {
                    pairs.add(row[place]);
                    count += 1;
                }
                count
            }
        }
    }
}
