//! What steps read: rows of complete relations, and of growing ones in the shape they are kept in.

use super::store::Known;
use crate::storage::bits::{self, CHUNK, RowRef};
use crate::storage::pairs::{Layout, MOST_COLUMNS, Pairs, Words};
use crate::storage::{Sorted, Word};

/// Where a read finds its columns in a relation of three columns and more that is kept as bits.
#[derive(Clone, Copy, Debug)]
pub struct Places {
    /// By the read's columns, behind which it means nothing.
    at: [u8; MOST_COLUMNS],
    /// How many columns the read names.
    len: u8,
}

impl Places {
    /// Of `columns` where the places of the bits stand for the relation's columns `stands`.
    pub fn new(columns: &[usize], stands: &[usize]) -> Self {
        let mut at = [0; MOST_COLUMNS];
        for (slot, column) in at.iter_mut().zip(columns) {
            *slot = stands.iter().position(|other| other == column).unwrap_or(0) as u8;
        }
        Places { at, len: columns.len() as u8 }
    }

    /// The place of one of the read's columns.
    #[inline]
    pub fn of(&self, column: usize) -> usize {
        self.at.get(column).map_or(MOST_COLUMNS, |place| usize::from(*place))
    }

    /// Which of the read's columns has this place.
    #[inline]
    pub fn column_at(&self, place: usize) -> Option<usize> {
        self.at[..usize::from(self.len)].iter().position(|at| usize::from(*at) == place)
    }

    /// The words of a row in the order of the read's columns; behind them they mean nothing.
    #[inline]
    pub fn pick(&self, words: &Words) -> Words {
        self.at.map(|place| words[usize::from(place) % MOST_COLUMNS])
    }

    /// How many columns the read names.
    #[inline]
    pub fn len(&self) -> usize {
        usize::from(self.len)
    }

    /// A key's words by their places, which are the first ones.
    #[inline]
    pub fn key(&self, key: impl Iterator<Item = Word>) -> Words {
        let mut words = [0; MOST_COLUMNS];
        for (place, word) in self.at.iter().zip(key) {
            words[usize::from(*place) % MOST_COLUMNS] = word;
        }
        words
    }
}

/// Rows that a step reads. The words of a row stand in the order of the read's columns, unless it
/// says otherwise.
#[derive(Clone, Copy, Debug)]
pub enum Batch<'a> {
    /// A whole relation, with its index.
    Sorted(&'a Sorted),
    /// Rows in no order, to be read from end to end, with all columns of the relation.
    Unsorted {
        /// The rows.
        words: &'a [Word],
        /// Words of a row.
        stride: usize,
        /// The columns that the read names.
        columns: &'a [usize],
    },
    /// A growing relation as bits: looked up by a key, a row for each word of the read's first
    /// column; read from end to end, a row for each word of the relation's first column.
    Pairs {
        /// The relation.
        pairs: &'a Pairs,
        /// The columns that the read names.
        columns: &'a [usize],
        /// Whether its rows stand for words of the relation's second column.
        swapped: bool,
    },
    /// What the last round added to one, with all columns of the relation.
    Chunks {
        /// A row's word, a chunk of its columns and the bits in it; of a relation of one column the
        /// first means nothing.
        chunks: &'a [[Word; 3]],
        /// Columns of the relation: 1 or 2.
        width: usize,
        /// The columns that the read names.
        columns: &'a [usize],
    },
    /// A growing relation of three columns or more as bits.
    Bits {
        /// The relation, its columns in an order in which those of every key come first.
        pairs: &'a Pairs,
        /// Where the columns stand that the read names.
        places: Places,
    },
    /// What the last round added to one.
    Pieces {
        /// Row, chunk and bits; see [`Layout::words_of`].
        chunks: &'a [[Word; 3]],
        /// Of the relation.
        layout: &'a Layout,
        /// Where the columns stand that the read names.
        places: Places,
    },
    /// Rows of a growing relation by their numbers, with all columns of the relation.
    Stored {
        /// All rows.
        known: &'a Known,
        /// The first row meant, and the one behind the last.
        range: (usize, usize),
        /// The columns that the read names. There is an index for each key that it is looked up by.
        columns: &'a [usize],
    },
}

impl<'a> Batch<'a> {
    /// The rows that begin with `key`; the search begins where `near` says, which is set to where
    /// it ended.
    pub fn open(self, key: &[Word], near: &mut usize) -> Cursor<'a> {
        match self {
            Batch::Sorted(sorted) => {
                let (low, high) = sorted.range_near(key, *near);
                *near = low;
                let width = sorted.width().max(1);
                // The only row of a relation without columns has no word.
                match sorted.width() {
                    0 => Cursor::Empty { rows: high - low },
                    _ => Cursor::Words {
                        words: &sorted.words()[low * width..high * width],
                        stride: width,
                        columns: None,
                    },
                }
            }
            Batch::Unsorted { words, stride, columns } => {
                Cursor::Words { words, stride, columns: Some(columns) }
            }
            Batch::Pairs { pairs, columns, swapped } => match (pairs.layout().width, key) {
                (1, []) => Cursor::row(0, pairs.row(0), true),
                (1, [column, ..]) => Cursor::Empty { rows: usize::from(pairs.contains(&[*column])) },
                (_, [row, column, ..]) => {
                    Cursor::Empty { rows: usize::from(pairs.contains(&[*row, *column])) }
                }
                (_, [row]) if columns.len() == 2 => Cursor::row(*row, pairs.row(*row), false),
                (_, [row]) => Cursor::Empty { rows: usize::from(!pairs.row(*row).is_empty()) },
                (_, []) => {
                    let row = Columns::default();
                    let left = usize::MAX;
                    Cursor::Pairs { pairs, shard: 0, number: 0, left, row, word: 0, columns, swapped }
                }
            },
            Batch::Chunks { chunks, width, columns } => {
                Cursor::Chunks { chunks, at: 0, bits: 0, width, columns }
            }
            Batch::Bits { pairs, places } => {
                let layout = pairs.layout();
                let words = places.key(key.iter().copied());
                if key.len() >= layout.width {
                    return Cursor::Empty { rows: usize::from(pairs.contains(&words[..layout.width])) };
                }
                let (from, to) = layout.rows_behind(words[..key.len()].iter().copied());
                Cursor::Bits { pairs, places, from, to, words, row: Columns::default() }
            }
            Batch::Pieces { chunks, layout, places } => {
                Cursor::Pieces { chunks, layout, places, words: [0; MOST_COLUMNS], row: Columns::default() }
            }
            Batch::Stored { known, range, columns } if key.is_empty() => {
                Cursor::Words { words: known.rows(range), stride: known.width(), columns: Some(columns) }
            }
            Batch::Stored { known, range, columns } => {
                let index = columns.get(..key.len()).and_then(|columns| known.index_of(columns));
                debug_assert!(index.is_some(), "an index for each key");
                let index = index.unwrap_or(0);
                Cursor::Chain { known, next: known.last(index, key), index, range, columns }
            }
        }
    }

    /// The values behind `key`, if those are a row of bits.
    #[inline]
    pub fn row(self, key: &[Word]) -> Option<RowRef<'a>> {
        match (self, key) {
            (Batch::Pairs { pairs, columns: [_, _], .. }, [row]) => Some(pairs.row(*row)),
            (Batch::Bits { pairs, places }, key) if key.len() + 1 == pairs.layout().width => {
                let words = places.key(key.iter().copied());
                Some(pairs.row(pairs.layout().row_of(words[..key.len()].iter().copied())))
            }
            _ => None,
        }
    }

    /// Whether a row begins with `key`.
    pub fn has(self, key: &[Word], near: &mut usize) -> bool {
        match self {
            Batch::Sorted(sorted) => {
                let (low, high) = sorted.range_near(key, *near);
                *near = low;
                low < high
            }
            Batch::Pairs { pairs, columns, .. } => match (pairs.layout().width, key) {
                (_, []) => !pairs.is_empty(),
                (1, [column, ..]) => pairs.contains(&[*column]),
                (_, [row]) => !pairs.row(*row).is_empty(),
                (_, [row, column, ..]) => {
                    debug_assert_eq!(columns.len(), 2);
                    pairs.contains(&[*row, *column])
                }
            },
            Batch::Bits { pairs, places } => pairs.has_prefix(&places.key(key.iter().copied())[..key.len()]),
            _ => self.open(key, near).next(&mut Vec::new()).is_some(),
        }
    }

    /// Of how many parts it can be put together: rows, chunks of bits, or rows of bits.
    pub fn units(self) -> usize {
        match self {
            Batch::Sorted(sorted) => sorted.len(),
            Batch::Unsorted { words, stride, .. } => words.len() / stride.max(1),
            Batch::Pairs { pairs, .. } if pairs.layout().width == 1 => pairs.row(0).chunks(),
            Batch::Pairs { pairs, .. } => pairs.shards().iter().map(|shard| shard.len()).sum(),
            Batch::Bits { pairs, .. } => pairs.len(),
            Batch::Chunks { chunks, .. } | Batch::Pieces { chunks, .. } => chunks.len(),
            Batch::Stored { range, .. } => range.1 - range.0,
        }
    }

    /// A part of what is read from end to end; `None` where it cannot be parted.
    pub fn part(self, from: usize, to: usize) -> Option<Cursor<'a>> {
        match self {
            Batch::Sorted(sorted) if sorted.width() > 0 => {
                let width = sorted.width();
                Some(Cursor::Words {
                    words: &sorted.words()[from * width..to * width],
                    stride: width,
                    columns: None,
                })
            }
            Batch::Unsorted { words, stride, columns } => Some(Cursor::Words {
                words: &words[from * stride..to * stride],
                stride,
                columns: Some(columns),
            }),
            Batch::Chunks { chunks, width, columns } => {
                Some(Cursor::Chunks { chunks: &chunks[from..to], at: 0, bits: 0, width, columns })
            }
            Batch::Pieces { chunks, layout, places } => {
                Some(Batch::Pieces { chunks: &chunks[from..to], layout, places }.open(&[], &mut 0))
            }
            Batch::Stored { known, range, columns } => Some(Cursor::Words {
                words: known.rows((range.0 + from, range.0 + to)),
                stride: known.width(),
                columns: Some(columns),
            }),
            Batch::Pairs { pairs, .. } if pairs.layout().width == 1 => {
                Some(Cursor::row(0, pairs.row(0).part(from, to), true))
            }
            Batch::Pairs { pairs, columns, swapped } => {
                let (mut shard, mut number) = (0, from);
                while let Some(rows) = pairs.shards().get(shard).filter(|rows| number >= rows.len()) {
                    number -= rows.len();
                    shard += 1;
                }
                let row = Columns::default();
                Some(Cursor::Pairs { pairs, shard, number, left: to - from, row, word: 0, columns, swapped })
            }
            _ => None,
        }
    }
}

/// The columns in a row of bits that are still to come.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a> {
    row: RowRef<'a>,
    at: usize,
    chunk: u32,
    bits: u32,
    /// Only columns that begin rows of it.
    mask: Option<&'a Sorted>,
}

impl Default for Columns<'_> {
    fn default() -> Self {
        Columns { row: RowRef::Sparse(&[]), at: 0, chunk: 0, bits: 0, mask: None }
    }
}

impl<'a> Columns<'a> {
    /// All columns of a row.
    pub fn new(row: RowRef<'a>) -> Self {
        Columns { row, ..Columns::default() }
    }

    /// Those that begin rows of a table.
    #[inline]
    pub fn masked(self, mask: Option<&'a Sorted>) -> Self {
        Columns { mask, ..self }
    }

    /// The columns of a chunk.
    #[inline]
    pub fn new_chunk(chunk: u32, bits: u32) -> Self {
        Columns { chunk, bits, ..Columns::default() }
    }
}

impl Iterator for Columns<'_> {
    type Item = Word;

    #[inline]
    fn next(&mut self) -> Option<Word> {
        while self.bits == 0 {
            match self.row {
                RowRef::Sparse(entries) => {
                    let entry = *entries.get(self.at)?;
                    (self.chunk, self.bits) = ((entry >> 32) as u32, entry as u32);
                }
                RowRef::Dense { bits, first } => {
                    (self.chunk, self.bits) = (first + self.at as u32, *bits.get(self.at)?);
                }
            }
            self.at += 1;
            if let Some(mask) = self.mask {
                self.bits &= mask.first_words(self.chunk);
            }
        }
        let column = self.chunk * CHUNK + self.bits.trailing_zeros();
        self.bits &= self.bits - 1;
        Some(column)
    }
}

/// A row of bits with nothing in it.
const NONE: RowRef<'static> = RowRef::Sparse(&[]);

/// A loop over the rows of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Cursor<'a> {
    /// Rows of which no word is wanted.
    Empty {
        /// How many.
        rows: usize,
    },
    /// Rows one after the other.
    Words {
        /// Those to come.
        words: &'a [Word],
        /// Words of a row.
        stride: usize,
        /// Where the columns wanted stand, if not in this order.
        columns: Option<&'a [usize]>,
    },
    /// A row of bits.
    Row {
        /// Its word.
        word: Word,
        /// The columns to come.
        row: Columns<'a>,
        /// Whether the relation has one column.
        only: bool,
    },
    /// All rows of bits.
    Pairs {
        /// The relation.
        pairs: &'a Pairs,
        /// The shard of the row that comes next.
        shard: usize,
        /// Its number there.
        number: usize,
        /// How many rows of bits are to come.
        left: usize,
        /// What is left of the row at hand.
        row: Columns<'a>,
        /// Its word.
        word: Word,
        /// The columns wanted.
        columns: &'a [usize],
        /// Whether its rows stand for words of the second column.
        swapped: bool,
    },
    /// What a round added to bits.
    Chunks {
        /// All chunks.
        chunks: &'a [[Word; 3]],
        /// The chunk that comes next.
        at: usize,
        /// What is left of the one before.
        bits: u32,
        /// Columns of the relation.
        width: usize,
        /// Those wanted.
        columns: &'a [usize],
    },
    /// Rows of bits of three columns or more.
    Bits {
        /// The relation.
        pairs: &'a Pairs,
        /// Where the columns wanted stand.
        places: Places,
        /// The row of bits that comes next, if none is empty.
        from: Word,
        /// The one behind the last.
        to: Word,
        /// The words of the row at hand.
        words: Words,
        /// What is left of it.
        row: Columns<'a>,
    },
    /// What a round added to them.
    Pieces {
        /// Chunks to come.
        chunks: &'a [[Word; 3]],
        /// Of the relation.
        layout: &'a Layout,
        /// Where the columns wanted stand.
        places: Places,
        /// The words of the row at hand.
        words: Words,
        /// What is left of the chunk at hand.
        row: Columns<'a>,
    },
    /// Rows that have a key in common, from the last to the first.
    Chain {
        /// All rows.
        known: &'a Known,
        /// The row that comes next.
        next: Option<usize>,
        /// Which index holds the chain.
        index: usize,
        /// The rows meant.
        range: (usize, usize),
        /// Where the columns wanted stand.
        columns: &'a [usize],
    },
}

impl<'a> Cursor<'a> {
    fn row(word: Word, row: RowRef<'a>, only: bool) -> Self {
        Cursor::Row { word, row: Columns::new(row), only }
    }

    /// The same rows with all columns of the relation in their order, where they lie one after the
    /// other.
    #[inline]
    pub fn whole(self) -> Self {
        match self {
            Cursor::Words { words, stride, .. } => Cursor::Words { words, stride, columns: None },
            other => other,
        }
    }

    /// The next row, in the order of the read's columns; `scratch` may hold it.
    #[inline]
    pub fn next<'s>(&'s mut self, scratch: &'s mut Vec<Word>) -> Option<&'s [Word]> {
        match self {
            Cursor::Empty { rows } => {
                *rows = rows.checked_sub(1)?;
                Some(&[])
            }
            Cursor::Words { words, stride, columns } => {
                let (row, rest) = words.split_at_checked(*stride).filter(|(row, _)| !row.is_empty())?;
                *words = rest;
                match columns {
                    None => Some(row),
                    Some(columns) => {
                        scratch.clear();
                        scratch.extend(columns.iter().map(|column| row[*column]));
                        Some(scratch)
                    }
                }
            }
            Cursor::Row { word, row, only } => {
                let column = row.next()?;
                scratch.clear();
                if !*only {
                    scratch.push(*word);
                }
                scratch.push(column);
                Some(scratch)
            }
            Cursor::Pairs { pairs, shard, number, left, row, word, columns, swapped } => loop {
                if let Some(column) = row.next() {
                    let row = if *swapped { [column, *word] } else { [*word, column] };
                    scratch.clear();
                    scratch.extend(columns.iter().map(|column| row[*column]));
                    return Some(scratch);
                }
                let rows = pairs.shards().get(*shard)?;
                if *number >= rows.len() {
                    (*shard, *number) = (*shard + 1, 0);
                    continue;
                }
                *left = left.checked_sub(1)?;
                let next = rows.row(*number);
                *word = pairs.layout().row_word(*shard, *number as u32);
                *number += 1;
                match columns {
                    [only] if *only == usize::from(*swapped) && next.is_empty() => {}
                    [only] if *only == usize::from(*swapped) => {
                        scratch.clear();
                        scratch.push(*word);
                        return Some(scratch);
                    }
                    _ => *row = Columns::new(next),
                }
            },
            Cursor::Chunks { chunks, at, bits, width, columns } => {
                while *bits == 0 {
                    *bits = chunks.get(*at)?[2];
                    *at += 1;
                }
                let [word, chunk, _] = chunks[*at - 1];
                let column = bits::columns(chunk, *bits).next().unwrap_or(0);
                *bits &= *bits - 1;
                let row = if *width == 1 { [column, column] } else { [word, column] };
                scratch.clear();
                scratch.extend(columns.iter().map(|column| row[*column]));
                Some(scratch)
            }
            Cursor::Bits { pairs, places, from, to, words, row } => {
                let last = pairs.layout().width - 1;
                let column = match row.next() {
                    Some(column) => column,
                    None => {
                        let (next, bits) = pairs.next_row(*from, *to)?;
                        *from = next + 1;
                        *words = pairs.layout().words_of(next);
                        // Where nobody wants the columns, the row counts once.
                        *row = Columns::new(if places.column_at(last).is_some() { bits } else { NONE });
                        row.next().unwrap_or(0)
                    }
                };
                words[last] = column;
                scratch.clear();
                scratch.extend_from_slice(&places.pick(words)[..places.len()]);
                Some(scratch)
            }
            Cursor::Pieces { chunks, layout, places, words, row } => {
                let column = match row.next() {
                    Some(column) => column,
                    None => {
                        let ([next, chunk, bits], rest) = chunks.split_first()?;
                        *chunks = rest;
                        *words = layout.words_of(*next);
                        *row = Columns::new_chunk(*chunk, *bits);
                        row.next().unwrap_or(0)
                    }
                };
                words[layout.width - 1] = column;
                scratch.clear();
                scratch.extend_from_slice(&places.pick(words)[..places.len()]);
                Some(scratch)
            }
            Cursor::Chain { known, next, index, range, columns } => loop {
                let at = (*next).filter(|at| *at >= range.0)?;
                *next = known.before(*index, at);
                if at < range.1 {
                    let row = known.row(at);
                    scratch.clear();
                    scratch.extend(columns.iter().map(|column| row[*column]));
                    return Some(scratch);
                }
            },
        }
    }
}
