//! Relations of one or two columns as bits, in shards by their first column.

use super::bits::{self, BitRows, RowRef};
use super::interner::Word;

/// Which words there can be in a column, both ends included.
pub type Span = (Word, Word);

/// Where the rows of a relation kept as bits are. A relation of one column is one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// 1 or 2.
    pub width: usize,
    /// The words of the first of two columns; of the only row for one.
    pub rows: Span,
    /// The words of the last column.
    pub columns: Span,
    /// Rows of a shard, as a power of two.
    shift: u32,
}

impl Layout {
    /// For the words given in each column, in about `shards` shards.
    pub fn new(spans: &[Span], shards: usize) -> Option<Layout> {
        let (rows, columns) = match spans {
            [columns] => ((0, 0), *columns),
            [rows, columns] => (*rows, *columns),
            _ => return None,
        };
        let count = u64::from(rows.1 - rows.0) + 1;
        let shift = count.div_ceil(shards.max(1) as u64).next_power_of_two().trailing_zeros();
        Some(Layout { width: spans.len(), rows, columns, shift })
    }

    /// The shard of a row and its number there.
    #[inline]
    pub fn place(&self, row: Word) -> (usize, usize) {
        let at = row.wrapping_sub(self.rows.0) as u64;
        ((at >> self.shift) as usize, (at & ((1 << self.shift) - 1)) as usize)
    }

    /// The row at a place.
    pub fn row_word(&self, shard: usize, number: u32) -> Word {
        self.rows.0 + (((shard as u64) << self.shift) as u32 | number)
    }

    /// How many shards there are.
    pub fn shards(&self) -> usize {
        ((u64::from(self.rows.1 - self.rows.0) >> self.shift) + 1) as usize
    }

    /// How many pairs there can be.
    pub fn cells(&self) -> f64 {
        (f64::from(self.rows.1 - self.rows.0) + 1.0) * (f64::from(self.columns.1 - self.columns.0) + 1.0)
    }

    /// Empty rows of a shard.
    pub fn shard(&self, number: usize, dense_at_once: bool) -> BitRows {
        let from = (number as u64) << self.shift;
        let rest = u64::from(self.rows.1 - self.rows.0) + 1 - from;
        BitRows::new(rest.min(1 << self.shift) as usize, self.columns, dense_at_once)
    }
}

/// A relation of one or two columns as bits.
#[derive(Clone, Debug)]
pub struct Pairs {
    layout: Layout,
    shards: Vec<BitRows>,
}

impl Pairs {
    /// No rows.
    pub fn new(layout: Layout, dense_at_once: bool) -> Self {
        let shards = (0..layout.shards()).map(|shard| layout.shard(shard, dense_at_once)).collect();
        Pairs { layout, shards }
    }

    /// Adds the rows of another relation with the same layout. `check` is asked once a row of bits.
    pub fn add<E>(&mut self, other: &Pairs, check: &mut dyn FnMut() -> Result<(), E>) -> Result<(), E> {
        debug_assert_eq!(self.layout, other.layout);
        for (rows, more) in self.shards.iter_mut().zip(&other.shards) {
            more.for_each(|row, chunks| {
                check()?;
                for entry in chunks {
                    rows.or(row as usize, (entry >> 32) as u32, *entry as u32);
                }
                Ok(())
            })?;
        }
        Ok(())
    }

    /// Where its rows are.
    #[inline]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// Its shards.
    #[inline]
    pub fn shards(&self) -> &[BitRows] {
        &self.shards
    }

    /// Its shards, to add rows.
    #[inline]
    pub fn shards_mut(&mut self) -> &mut [BitRows] {
        &mut self.shards
    }

    /// How many rows of the relation there are.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| shard.pairs() as usize).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.shards.iter().all(BitRows::is_empty)
    }

    /// The columns that stand behind a word; of a relation of one column, all, whatever the word.
    #[inline]
    pub fn row(&self, word: Word) -> RowRef<'_> {
        let (shard, number) = if self.layout.width == 1 { (0, 0) } else { self.layout.place(word) };
        match self.shards.get(shard) {
            Some(rows) => rows.row(number),
            None => RowRef::Sparse(&[]),
        }
    }

    /// Whether `row` is one of the rows.
    pub fn contains(&self, row: &[Word]) -> bool {
        match *row {
            [word] if self.layout.width == 1 => self.row(0).contains(word),
            [first, second] if self.layout.width == 2 => self.row(first).contains(second),
            _ => false,
        }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        self.shards.iter().map(BitRows::bytes).sum()
    }

    /// The rows one after the other, sorted. `check` is asked once a row of bits.
    pub fn words<E>(&self, mut check: impl FnMut() -> Result<(), E>) -> Result<Vec<Word>, E> {
        let mut words = Vec::with_capacity(self.len() * self.layout.width);
        for (number, shard) in self.shards.iter().enumerate() {
            shard.for_each(|row, chunks| {
                check()?;
                let first = self.layout.row_word(number, row);
                for entry in chunks {
                    let columns = bits::columns((entry >> 32) as u32, *entry as u32);
                    if self.layout.width == 1 {
                        words.extend(columns);
                    } else {
                        words.extend(columns.flat_map(|second| [first, second]));
                    }
                }
                Ok(())
            })?;
        }
        Ok(words)
    }

    /// Gives back the room that is not used.
    pub fn shrink(&mut self) {
        self.shards.iter_mut().for_each(BitRows::shrink);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// Adds pseudorandom pairs both here and to a set, and compares.
    fn agree(rows: u32, columns: u32, pairs: usize, dense_at_once: bool, shards: usize) {
        let (low, base) = (7, 100);
        let layout = Layout::new(&[(low, low + rows - 1), (base, base + columns - 1)], shards).unwrap();
        let mut kept = Pairs::new(layout, dense_at_once);
        let mut set = BTreeSet::new();
        let mut state = 12_345_u64;
        let mut next = |below: u32| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 33) as u32 % below
        };
        for _ in 0..pairs {
            let (row, column) = (low + next(rows), base + next(columns));
            let (shard, number) = layout.place(row);
            let fresh = kept.shards_mut()[shard].or(number, column / 32, 1 << (column % 32));
            assert_eq!(fresh != 0, set.insert((row, column)), "{row} {column}");
        }
        assert_eq!(kept.len(), set.len());
        let words: Vec<Word> = set.iter().flat_map(|(row, column)| [*row, *column]).collect();
        assert_eq!(kept.words(|| Ok::<(), ()>(())), Ok(words));
        for (row, column) in &set {
            assert!(kept.contains(&[*row, *column]));
            assert_eq!(kept.contains(&[*row, column + 1]), set.contains(&(*row, column + 1)));
        }
        assert!(!kept.contains(&[low + rows, base]) && !kept.contains(&[low - 1, base]));
    }

    #[test]
    fn rows_of_bits_are_sets_of_pairs() {
        agree(1, 40, 100, false, 1);
        agree(50, 5_000, 3_000, false, 1);
        agree(50, 5_000, 3_000, true, 3);
        agree(3, 100_000, 20_000, false, 2);
        agree(1_000, 64, 10_000, false, 8);
    }

    #[test]
    fn one_column_is_one_row() {
        let layout = Layout::new(&[(3, 90)], 8).unwrap();
        let mut kept = Pairs::new(layout, false);
        for column in [90, 3, 40, 41, 40] {
            kept.shards_mut()[0].or(0, column / 32, 1 << (column % 32));
        }
        assert_eq!(kept.words(|| Ok::<(), ()>(())), Ok(vec![3, 40, 41, 90]));
        assert!(kept.contains(&[41]) && !kept.contains(&[42]) && !kept.contains(&[91]));
    }

    #[test]
    fn cleared_rows_are_empty_and_can_be_filled_again() {
        let layout = Layout::new(&[(0, 9), (0, 9_999)], 1).unwrap();
        let mut kept = Pairs::new(layout, false);
        for round in 0..3 {
            for column in 0..300 {
                assert_eq!(kept.shards_mut()[0].or(4, column, 1 << round), 1 << round);
                assert_eq!(kept.shards_mut()[0].or(4, column, 1 << round), 0);
            }
            assert_eq!(kept.shards()[0].occupied(), [4]);
            kept.shards_mut()[0].clear();
            assert!(kept.is_empty() && kept.row(4).is_empty());
        }
    }
}
