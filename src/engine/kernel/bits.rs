//! Loops over relations of three columns and more that are kept as bits: the words before the last
//! are worked out once for each row of bits.

use super::{Halted, Kernel};
use crate::engine::batch::{Batch, Columns, Cursor, Places};
use crate::engine::machine::matches;
use crate::plan::{Operation, Reg};
use crate::storage::Word;
use crate::storage::pairs::{Layout, Words};

impl<'p> Kernel<'p, '_, '_, '_> {
    /// The loop over the rows of such a relation, or over what a round has added to it.
    pub(super) fn bits(
        &mut self,
        at: usize,
        read: usize,
        cursor: Cursor<'p>,
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        let witness = self.plan.enough[at];
        match cursor {
            Cursor::Bits { pairs, places, mut from, to, .. } => {
                let last = places.column_at(pairs.layout().width - 1);
                while let Some((row, bits)) = pairs.next_row(from, to) {
                    from = row + 1;
                    let words = places.pick(&pairs.layout().words_of(row));
                    let found = match last {
                        Some(last) => self.row(at, read, words, (last, Columns::new(bits)), operations)?,
                        None => self.turn(at, read, &words, operations)?,
                    };
                    if found && witness {
                        return Ok(true);
                    }
                }
            }
            Cursor::Pieces { chunks, layout, places, .. } => {
                let last = places.column_at(layout.width - 1);
                let mut known: Option<(Word, Words)> = None;
                for [row, chunk, bits] in chunks {
                    let words = match known {
                        Some((of, words)) if of == *row => words,
                        _ => places.pick(&layout.words_of(*row)),
                    };
                    known = Some((*row, words));
                    let found = match last {
                        Some(last) => {
                            let columns = Columns::new_chunk(*chunk, *bits);
                            self.row(at, read, words, (last, columns), operations)?
                        }
                        None => self.turn(at, read, &words, operations)?,
                    };
                    if found && witness {
                        return Ok(true);
                    }
                }
            }
            _ => {}
        }
        Ok(false)
    }

    /// The loop over the columns of a row of bits. `words` are the others, in the order of the read's
    /// columns, and `last` is where the column stands among them.
    #[inline]
    fn row(
        &mut self,
        at: usize,
        read: usize,
        mut words: Words,
        (last, columns): (usize, Columns<'p>),
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        let witness = self.plan.enough[at];
        for column in columns {
            words[last] = column;
            if self.turn(at, read, &words, operations)? && witness {
                return Ok(true);
            }
        }
        Ok(false)
    }

    #[inline]
    fn turn(
        &mut self,
        at: usize,
        read: usize,
        row: &Words,
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        self.visited[read] += 1;
        self.turns(1)?;
        Ok(matches(operations, row, &mut self.registers) && self.step(at + 1)?)
    }

    /// The outermost loop over chunks of which every column does the same, and so do rows that begin
    /// with the same words as far as anybody asks.
    pub(super) fn whole_pieces(
        &mut self,
        chunks: &'p [[Word; 3]],
        read: usize,
        layout: &Layout,
        places: Places,
        operations: &'p [Operation],
    ) -> Result<bool, Halted> {
        self.visited[read] += chunks.len() as u64;
        let columns = self.plan.same_behind;
        let several = columns + 1 < layout.width;
        self.pieces = several.then_some(operations);
        let together = layout.rows_together(columns);
        let group = |piece: &[Word; 3]| if several { piece[0] / together } else { piece[0] };
        for same in chunks.chunk_by(|a, b| group(a) == group(b)) {
            let Some([row, ..]) = same.first() else { continue };
            self.chunks = same;
            self.turns(same.len() as u64)?;
            if several {
                self.rows.clear();
                let mut end = 0;
                for row in same.chunk_by(|a, b| a[0] == b[0]) {
                    end += row.len();
                    self.rows.extend(row.first().map(|[row, ..]| (end, places.pick(&layout.words_of(*row)))));
                }
            }
            // The last column's register holds anything; nobody reads it.
            let words = places.pick(&layout.words_of(*row));
            if matches(operations, &words, &mut self.registers)
                && self.step(1)?
                && self.plan.witness_from == 0
            {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds whole rows of bits that begin with the key, each to the row of the head that its words
    /// say; returns how many columns there were.
    pub(super) fn whole_rows(
        &mut self,
        batches: &[Batch<'p>],
        key: &[Reg],
        operations: &[Operation],
        leading: &[Reg],
    ) -> u64 {
        let Kernel { registers, sink, .. } = self;
        let Some(sink) = sink.pairs() else { return 0 };
        let mut count = 0;
        for batch in batches {
            let Batch::Bits { pairs, places } = *batch else { continue };
            let words = places.key(key.iter().map(|reg| registers[*reg]));
            let (mut from, to) = pairs.layout().rows_behind(words[..key.len()].iter().copied());
            while let Some((row, bits)) = pairs.next_row(from, to) {
                from = row + 1;
                let words = places.pick(&pairs.layout().words_of(row));
                if matches(operations, &words, registers) {
                    sink.select_behind(leading.iter().map(|reg| registers[*reg]));
                    count += sink.add_row(bits);
                }
            }
        }
        count
    }
}
