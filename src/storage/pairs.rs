//! Relations of few columns as bits: a row of bits for the words of all columns but the last, in
//! shards by these.
//!
//! A relation of one column is one row. Of two, rows are known by the first word. Of more, by a
//! number made of the words before the last, the first one's share being the greatest (mixed radix),
//! so that rows that begin with the same words follow one another.

use super::bits::{self, BitRows, CHUNK, RowRef};
use super::interner::Word;
use super::table::sampled_distinct;

/// Which words there can be in a column, both ends included.
pub type Span = (Word, Word);

/// The most columns of a relation that is kept as bits.
pub const MOST_COLUMNS: usize = 4;

/// Rows whose memory is taken at once where several threads share them.
const MOST_WRITTEN: Word = 1 << 20;

/// Rows looked at for an estimate.
const SAMPLE: usize = 4096;

/// A row's words, in the order of a relation's columns; behind its width they mean nothing.
pub type Words = [Word; MOST_COLUMNS];

/// Where the rows of a relation kept as bits are. A relation of one column is one row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// From 1 to [`MOST_COLUMNS`].
    pub width: usize,
    /// What rows are known by: the words of the first of two columns, numbers from 0 for more; 0 is
    /// the only row for one.
    pub rows: Span,
    /// The words of the last column.
    pub columns: Span,
    /// Rows of a shard, as a power of two.
    shift: u32,
    /// The words of the columns before the last.
    leading: [Span; MOST_COLUMNS - 1],
}

impl Layout {
    /// For the words given in each column, in about `shards` shards.
    pub fn new(spans: &[Span], shards: usize) -> Option<Layout> {
        let (columns, before) = spans.split_last()?;
        let mut leading = [(0, 0); MOST_COLUMNS - 1];
        leading.get_mut(..before.len())?.copy_from_slice(before);
        let rows = match before {
            [] => (0, 0),
            [rows] => *rows,
            _ => {
                let size = |(low, high): &Span| (high - low).checked_add(1);
                let count = before.iter().try_fold(1_u32, |all, span| all.checked_mul(size(span)?))?;
                (0, count - 1)
            }
        };
        let count = u64::from(rows.1 - rows.0) + 1;
        let shift = count.div_ceil(shards.max(1) as u64).next_power_of_two().trailing_zeros();
        Some(Layout { width: spans.len(), rows, columns: *columns, shift, leading })
    }

    /// The words that a column may hold.
    pub fn span(&self, column: usize) -> Span {
        match self.leading.get(column) {
            Some(span) if column + 1 < self.width => *span,
            _ => self.columns,
        }
    }

    /// What the row is known by that stands behind these words, of all columns but the last;
    /// [`Word::MAX`] where there can be none.
    #[inline]
    pub fn row_of(&self, mut words: impl Iterator<Item = Word>) -> Word {
        match self.width {
            1 => 0,
            2 => words.next().unwrap_or(Word::MAX),
            _ => self.number(words).map_or(Word::MAX, |(number, _)| number),
        }
    }

    /// The words before the last of a row that is known by this.
    #[inline]
    pub fn words_of(&self, row: Word) -> Words {
        let mut words = [0; MOST_COLUMNS];
        match self.width {
            1 => {}
            2 => words[0] = row,
            width => {
                let mut rest = row;
                for at in (1..width - 1).rev() {
                    let (low, high) = self.leading[at];
                    let count = high - low + 1;
                    words[at] = low + rest % count;
                    rest /= count;
                }
                words[0] = self.leading[0].0 + rest;
            }
        }
        words
    }

    /// Which rows begin with these words, of a relation of three and more columns: the first and the
    /// one behind the last, by what they are known by.
    #[inline]
    pub fn rows_behind(&self, key: impl Iterator<Item = Word>) -> (Word, Word) {
        match self.number(key) {
            Some((first, 0)) => (first, first + 1),
            Some((prefix, columns)) => {
                let each = self.rows_together(self.width - 1 - columns);
                (prefix * each, (prefix + 1) * each)
            }
            None => (0, 0),
        }
    }

    /// The number that the first words make, and how many leading columns are left.
    #[inline]
    fn number(&self, words: impl Iterator<Item = Word>) -> Option<(Word, usize)> {
        let (mut number, mut left) = (0, self.width - 1);
        for (word, (low, high)) in words.zip(&self.leading[..self.width - 1]) {
            if !(*low..=*high).contains(&word) {
                return None;
            }
            number = number * (high - low + 1) + (word - low);
            left -= 1;
        }
        Some((number, left))
    }

    /// How many rows there can be that begin with the same words of so many columns.
    #[inline]
    pub fn rows_together(&self, columns: usize) -> Word {
        let spans = self.leading.get(columns..self.width - 1).unwrap_or(&[]);
        spans.iter().map(|(low, high)| high - low + 1).product()
    }

    /// How much a word more in a leading column adds to what a row is known by.
    fn stride(&self, column: usize) -> Word {
        self.rows_together(column + 1)
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
        let rows = BitRows::new(rest.min(1 << self.shift) as usize, self.columns, dense_at_once);
        let shared = self.shards() > 1 && self.rows.1 - self.rows.0 < MOST_WRITTEN;
        let rows = if shared { rows.shared() } else { rows };
        if self.width > 2 { rows.marked() } else { rows }
    }
}

/// Where a row of bits goes in another order of columns.
#[derive(Clone, Copy, Debug)]
pub enum Turn {
    /// The last column stays the last: to a row.
    Whole(Word),
    /// Each column to a row of its own.
    Each {
        /// The row of column 0.
        base: Word,
        /// How far apart the rows of neighbours are.
        stride: Word,
        /// The column of all of them.
        column: Word,
    },
}

impl Turn {
    /// Where the row of bits of `from` goes in `to`, whose places stand for the columns `stands`.
    #[inline]
    pub fn of(from: &Layout, row: Word, to: &Layout, stands: &[usize]) -> Turn {
        let words = from.words_of(row);
        let last = from.width - 1;
        match stands.split_last() {
            Some((column, leading)) if *column != last => {
                let (mut base, mut stride): (Word, Word) = (0, 0);
                for (place, column) in leading.iter().enumerate() {
                    let each = to.stride(place);
                    // A word of two columns is its row.
                    let low = if to.width == 2 { 0 } else { to.leading[place].0 };
                    let word = if *column == last {
                        stride = each;
                        0
                    } else {
                        words[*column]
                    };
                    base = base.wrapping_add(word.wrapping_sub(low).wrapping_mul(each));
                }
                Turn::Each { base, stride, column: words[*column] }
            }
            Some((_, leading)) => Turn::Whole(to.row_of(leading.iter().map(|column| words[*column]))),
            None => Turn::Whole(row),
        }
    }

    /// Calls `visit` with the shards that columns of a chunk go to.
    #[inline]
    pub fn shards(self, to: &Layout, (chunk, bits): (u32, u32), mut visit: impl FnMut(usize)) {
        match self {
            Turn::Whole(row) => visit(to.place(row).0),
            Turn::Each { base, stride, .. } => {
                let of = |bit: u32| to.place(base.wrapping_add((chunk * CHUNK + bit).wrapping_mul(stride))).0;
                let (first, last) = (of(bits.trailing_zeros()), of(CHUNK - 1 - (bits | 1).leading_zeros()));
                if first == last {
                    return visit(first);
                }
                let mut before = None;
                for bit in bits::columns(0, bits) {
                    let shard = of(bit);
                    if before.replace(shard) != Some(shard) {
                        visit(shard);
                    }
                }
            }
        }
    }

    /// Adds columns of a chunk, as far as their rows are in `shards`, of which the first is number
    /// `first`.
    #[inline]
    pub fn add(self, to: &Layout, shards: &mut [BitRows], first: usize, (chunk, bits): (u32, u32)) {
        let of = |shard: usize| shard.wrapping_sub(first);
        match self {
            Turn::Whole(row) => {
                let (shard, number) = to.place(row);
                if let Some(rows) = shards.get_mut(of(shard)) {
                    rows.or(number, chunk, bits);
                }
            }
            Turn::Each { base, stride, column } => {
                let row = |word: Word| base.wrapping_add(word.wrapping_mul(stride));
                for word in bits::columns(chunk, bits) {
                    let (shard, number) = to.place(row(word));
                    if let Some(rows) = shards.get_mut(of(shard)) {
                        rows.or(number, column / CHUNK, 1 << (column % CHUNK));
                    }
                }
            }
        }
    }
}

/// A relation of few columns as bits.
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

    /// Distinct words of a column, roughly.
    pub fn distinct(&self, column: usize) -> f64 {
        let (low, high) = self.layout.span(column);
        let most = (f64::from(high - low) + 1.0).min(self.len() as f64);
        if self.layout.width < 3 || column + 1 >= self.layout.width {
            return most;
        }
        let step = self.occupied().div_ceil(SAMPLE).max(1);
        let rows = self.shards.iter().enumerate().flat_map(|(shard, rows)| {
            let each = rows.occupied().iter().step_by(step);
            each.map(move |number| self.layout.row_word(shard, *number))
        });
        let words: Vec<Word> =
            rows.filter_map(|row| self.layout.words_of(row).get(column).copied()).collect();
        sampled_distinct(&words, 1, 0).min(most)
    }

    /// How many rows of bits hold something.
    pub fn occupied(&self) -> usize {
        self.shards.iter().map(|shard| shard.occupied().len()).sum()
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

    /// The first row of bits from `from` on and before `to` that holds something, of a relation of
    /// three and more columns, with what it is known by.
    #[inline]
    pub fn next_row(&self, from: Word, to: Word) -> Option<(Word, RowRef<'_>)> {
        let mut at = from;
        while at < to {
            let (shard, number) = self.layout.place(at);
            let rows = self.shards.get(shard)?;
            let rest = (to - at) as usize;
            if let Some(number) = rows.next_marked(number, rest) {
                return Some((self.layout.row_word(shard, number as u32), rows.row(number)));
            }
            let behind = (shard as u64 + 1) << self.layout.shift;
            at = Word::try_from(behind).ok()?;
        }
        None
    }

    /// Whether a row begins with these words, of three columns and more.
    pub fn has_prefix(&self, key: &[Word]) -> bool {
        match key.split_last() {
            Some((last, leading)) if key.len() == self.layout.width => {
                self.row(self.layout.row_of(leading.iter().copied())).contains(*last)
            }
            _ => {
                let (from, to) = self.layout.rows_behind(key.iter().copied());
                self.next_row(from, to).is_some()
            }
        }
    }

    /// Whether `row` is one of the rows.
    pub fn contains(&self, row: &[Word]) -> bool {
        match *row {
            [word] if self.layout.width == 1 => self.row(0).contains(word),
            [first, second] if self.layout.width == 2 => self.row(first).contains(second),
            [.., _] if self.layout.width > 2 && row.len() == self.layout.width => self.has_prefix(row),
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
                let row = self.layout.row_word(number, row);
                let leading = self.layout.words_of(row);
                for entry in chunks {
                    let columns = bits::columns((entry >> 32) as u32, *entry as u32);
                    match self.layout.width {
                        1 => words.extend(columns),
                        2 => words.extend(columns.flat_map(|second| [row, second])),
                        width => {
                            for column in columns {
                                words.extend_from_slice(&leading[..width - 1]);
                                words.push(column);
                            }
                        }
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
    fn rows_of_three_and_four_columns_are_found_by_what_they_begin_with() {
        let spans = [(3, 9), (100, 140), (7, 8), (50, 400)];
        for width in [3, 4] {
            for (shards, dense) in [(1, false), (8, false), (8, true)] {
                let layout = Layout::new(&spans[4 - width..], shards).unwrap();
                let mut kept = Pairs::new(layout, dense);
                let mut set = BTreeSet::new();
                let mut state = 99_u64;
                for _ in 0..600 {
                    let row: Vec<Word> = spans[4 - width..]
                        .iter()
                        .map(|(low, high)| {
                            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                            low + (state >> 33) as u32 % (high - low + 1)
                        })
                        .collect();
                    let place = layout.row_of(row[..width - 1].iter().copied());
                    assert_eq!(layout.words_of(place)[..width - 1], row[..width - 1]);
                    let (shard, number) = layout.place(place);
                    let fresh =
                        kept.shards_mut()[shard].or(number, row[width - 1] / 32, 1 << (row[width - 1] % 32));
                    assert_eq!(fresh != 0, set.insert(row));
                }
                let words: Vec<Word> = set.iter().flatten().copied().collect();
                assert_eq!(kept.words(|| Ok::<(), ()>(())), Ok(words));
                assert!(set.iter().all(|row| (1..=width).all(|key| kept.has_prefix(&row[..key]))));
                for first in 0..300 {
                    let key = [first];
                    assert_eq!(kept.has_prefix(&key), set.iter().any(|row| row[..1] == key), "{first}");
                    let (from, to) = layout.rows_behind(key.into_iter());
                    let (mut at, mut rows) = (from, BTreeSet::new());
                    while let Some((row, _)) = kept.next_row(at, to) {
                        rows.insert(layout.words_of(row)[..width - 1].to_vec());
                        at = row + 1;
                    }
                    let expected = set.iter().filter(|row| row[0] == first);
                    assert_eq!(rows, expected.map(|row| row[..width - 1].to_vec()).collect());
                }
                assert!(!kept.contains(&[3, 100]) && !kept.has_prefix(&[3, 500, 50]));
            }
        }
    }

    #[test]
    fn other_orders_hold_the_same() {
        let spans = [(3, 9), (10, 80), (5, 90)];
        let columns = [[0, 1, 2], [1, 0, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1], [2, 0, 1]];
        let rows: BTreeSet<[Word; 3]> =
            (0..300_u32).map(|i| [3 + i * 7 % 7, 10 + i * 31 % 71, 5 + i * 17 % 86]).collect();
        for stands in columns {
            let from = Layout::new(&spans, 3).unwrap();
            let to = Layout::new(&stands.map(|column| spans[column]), 4).unwrap();
            let mut turned = Pairs::new(to, false);
            for [a, b, c] in &rows {
                let turn = Turn::of(&from, from.row_of([*a, *b].into_iter()), &to, &stands);
                turn.add(&to, turned.shards_mut(), 0, (c / 32, 1 << (c % 32)));
            }
            let expected: BTreeSet<[Word; 3]> = rows.iter().map(|row| stands.map(|at| row[at])).collect();
            let expected: Vec<Word> = expected.into_iter().flatten().collect();
            assert_eq!(turned.words(|| Ok::<(), ()>(())), Ok(expected));
        }
        // Two columns, whose words are their rows.
        let from = Layout::new(&spans[..2], 2).unwrap();
        let to = Layout::new(&[spans[1], spans[0]], 2).unwrap();
        let mut turned = Pairs::new(to, false);
        let turn = Turn::of(&from, 4, &to, &[1, 0]);
        turn.add(&to, turned.shards_mut(), 0, (1, 0b101));
        assert_eq!(turned.words(|| Ok::<(), ()>(())), Ok(vec![32, 4, 34, 4]));
    }

    #[test]
    fn each_shard_gets_what_goes_there() {
        let spans = [(3, 9), (10, 80), (5, 90)];
        let pieces: Vec<(Word, u32, u32)> = (0..200_u32)
            .map(|i| {
                (i * 7 % 497, i % 3, 0x9e37_79b9_u32.rotate_left(i) & if i % 3 == 0 { !31 } else { 0x3ff })
            })
            .filter(|(_, _, bits)| *bits != 0)
            .collect();
        for stands in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [0, 2, 1]] {
            let from = Layout::new(&spans, 3).unwrap();
            let to = Layout::new(&stands.map(|column| spans[column]), 16).unwrap();
            let (mut whole, mut by_shard) = (Pairs::new(to, false), Pairs::new(to, true));
            for (row, chunk, bits) in &pieces {
                let turn = Turn::of(&from, *row, &to, &stands);
                turn.add(&to, whole.shards_mut(), 0, (*chunk, *bits));
                turn.shards(&to, (*chunk, *bits), |shard| {
                    turn.add(&to, &mut by_shard.shards_mut()[shard..=shard], shard, (*chunk, *bits));
                });
            }
            assert!(to.shards() > 8 && whole.len() > 1000);
            assert_eq!(whole.words(|| Ok::<(), ()>(())), by_shard.words(|| Ok::<(), ()>(())));
        }
    }

    #[test]
    fn cleared_rows_are_empty_and_can_be_filled_again() {
        let layout = Layout::new(&[(0, 999), (0, 9_999)], 1).unwrap();
        let mut kept = Pairs::new(layout, false);
        for round in 0..3 {
            let row = 4 + 300 * round;
            for column in 0..300 {
                assert_eq!(kept.shards_mut()[0].or(row, column, 1 << round), 1 << round);
                assert_eq!(kept.shards_mut()[0].or(row, column, 1 << round), 0);
                kept.shards_mut()[0].or(row + 1, column, 1);
            }
            assert_eq!(kept.shards()[0].occupied(), [row as u32, row as u32 + 1]);
            assert_eq!((kept.row(row as u32).len(), kept.row(row as u32 + 2).len()), (300, 0));
            kept.shards_mut()[0].clear();
            assert!(kept.is_empty() && kept.row(row as u32).is_empty());
        }
    }
}
