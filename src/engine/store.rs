//! Growing relations of any width: rows in the order in which they came, a hash table that tells
//! which are known, and chains of the rows that have a key in common.
//!
//! Rows keep their numbers, so that those of the last round are the last ones, and an index is a
//! number for each row.

use crate::storage::Word;

/// A hash table of row numbers: a tag in the high half of a slot, the number plus one in the low.
#[derive(Clone, Debug, Default)]
struct Slots {
    slots: Vec<u64>,
    used: usize,
}

/// Mixes words into 64 bits (multiply and rotate, as in FxHash; the high bits are the good ones).
#[inline]
pub(super) fn hash(words: impl Iterator<Item = Word>) -> u64 {
    let mut state = 0_u64;
    for word in words {
        state = (state.rotate_left(26) ^ u64::from(word)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
    (state ^ state >> 32).wrapping_mul(0xd6e8_feb8_6659_fd93)
}

/// Whether two rows of one width are the same. They are short: a call would cost more.
#[inline]
fn same(one: &[Word], other: &[Word]) -> bool {
    one.iter().zip(other).all(|(one, other)| one == other)
}

impl Slots {
    /// Where to look first for a hash.
    #[inline]
    fn first(&self, hash: u64) -> usize {
        (hash >> (64 - self.slots.len().trailing_zeros())) as usize & (self.slots.len() - 1)
    }

    /// The slot of the number that `same` accepts, or of none: an empty one.
    #[inline]
    fn find(&self, hash: u64, same: impl Fn(usize) -> bool) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let mut at = self.first(hash);
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            if (slot >> 32) as u32 == hash as u32 && same((slot as u32 - 1) as usize) {
                return Ok(at);
            }
            at = (at + 1) & mask;
        }
    }

    fn set(&mut self, at: usize, hash: u64, number: usize) {
        self.slots[at] = u64::from(hash as u32) << 32 | (number as u64 + 1);
    }

    /// Makes room for one more; `hash_of` gives the hash of a number again.
    #[inline]
    fn reserve(&mut self, hash_of: impl Fn(usize) -> u64) {
        if 10 * (self.used + 1) > 7 * self.slots.len() {
            self.grow(hash_of);
        }
    }

    #[cold]
    fn grow(&mut self, hash_of: impl Fn(usize) -> u64) {
        let size = (2 * self.slots.len()).max(16);
        let old = std::mem::replace(&mut self.slots, vec![0; size]);
        for slot in old.into_iter().filter(|slot| *slot != 0) {
            let hash = hash_of((slot as u32 - 1) as usize);
            if let Err(at) = self.find(hash, |_| false) {
                self.slots[at] = slot;
            }
        }
    }

    fn bytes(&self) -> u64 {
        (self.slots.capacity() * size_of::<u64>()) as u64
    }
}

/// For each key the last row that has it, and for each row the one before with the same.
#[derive(Clone, Debug)]
struct Chains {
    columns: Box<[usize]>,
    last: Slots,
    before: Vec<u32>,
}

impl Chains {
    /// Takes in the rows of `words` from number `from` on.
    fn extend(&mut self, width: usize, words: &[Word], from: usize) {
        let Chains { columns, last, before } = self;
        let row = |number: usize| &words[number * width..(number + 1) * width];
        let of = |number: usize| hash(columns.iter().map(|column| row(number)[*column]));
        before.reserve(words.len() / width - from);
        for number in from..words.len() / width {
            last.reserve(of);
            let key = |other: usize| columns.iter().all(|column| row(other)[*column] == row(number)[*column]);
            let hash = of(number);
            match last.find(hash, key) {
                Ok(at) => {
                    before.push(last.slots[at] as u32);
                    last.set(at, hash, number);
                }
                Err(at) => {
                    before.push(0);
                    last.set(at, hash, number);
                    last.used += 1;
                }
            }
        }
    }
}

/// Rows that readers see, with the indexes they use.
#[derive(Clone, Debug, Default)]
pub struct Known {
    width: usize,
    words: Vec<Word>,
    chains: Vec<Chains>,
}

impl Known {
    /// No rows of `width` columns.
    pub fn new(width: usize) -> Self {
        Known { width, ..Known::default() }
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.words.len() / self.width
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// A row.
    #[inline]
    pub fn row(&self, number: usize) -> &[Word] {
        &self.words[number * self.width..(number + 1) * self.width]
    }

    /// Rows one after the other.
    pub fn rows(&self, (from, to): (usize, usize)) -> &[Word] {
        &self.words[from * self.width..to * self.width]
    }

    /// All words, for good.
    pub fn into_words(self) -> Vec<Word> {
        self.words
    }

    /// The number of an index by these columns, made if there is none. Keys list their words in the
    /// order of `columns`.
    pub fn index(&mut self, columns: &[usize]) -> usize {
        if let Some(at) = self.index_of(columns) {
            return at;
        }
        self.chains.push(Chains { columns: columns.into(), last: Slots::default(), before: Vec::new() });
        let Known { width, words, chains } = self;
        if let Some(chains) = chains.last_mut() {
            chains.extend(*width, words, 0);
        }
        self.chains.len() - 1
    }

    /// The number of the index by these columns.
    pub fn index_of(&self, columns: &[usize]) -> Option<usize> {
        self.chains.iter().position(|chains| *chains.columns == *columns)
    }

    /// The last row with this key.
    #[inline]
    pub fn last(&self, index: usize, key: &[Word]) -> Option<usize> {
        let chains = &self.chains[index];
        if chains.last.used == 0 {
            return None;
        }
        let same = |number: usize| {
            let row = self.row(number);
            chains.columns.iter().zip(key).all(|(column, word)| row[*column] == *word)
        };
        let at = chains.last.find(hash(key.iter().copied()), same).ok()?;
        Some((chains.last.slots[at] as u32 - 1) as usize)
    }

    /// The row before `number` that has the same key.
    #[inline]
    pub fn before(&self, index: usize, number: usize) -> Option<usize> {
        self.chains[index].before[number].checked_sub(1).map(|number| number as usize)
    }

    /// Takes in new rows, which readers see from now on.
    pub fn append(&mut self, rows: &mut Vec<Word>) {
        let from = self.len();
        self.words.append(rows);
        let Known { width, words, chains } = self;
        for chains in chains {
            chains.extend(*width, words, from);
        }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let chains: u64 =
            self.chains.iter().map(|chains| chains.last.bytes() + 4 * chains.before.capacity() as u64).sum();
        (self.words.capacity() * size_of::<Word>()) as u64 + chains
    }
}

/// Which rows are known, and those found since readers last looked.
#[derive(Clone, Debug, Default)]
pub struct Found {
    slots: Slots,
    words: Vec<Word>,
}

impl Found {
    /// Adds a row, whose hash this is, if it is neither known nor found already; whether it was added.
    #[inline]
    fn insert(&mut self, hash_of_row: u64, row: &[Word], known: &Known) -> bool {
        let Found { slots, words } = self;
        let width = known.width;
        let at = |number: usize| {
            let from = number * width;
            match from.checked_sub(known.words.len()) {
                None => &known.words[from..from + width],
                Some(from) => &words[from..from + width],
            }
        };
        slots.reserve(|number| hash(at(number).iter().copied()));
        match slots.find(hash_of_row, |number| same(at(number), row)) {
            Ok(_) => false,
            Err(slot) => {
                let number = (known.words.len() + words.len()) / width;
                slots.set(slot, hash_of_row, number);
                slots.used += 1;
                words.extend_from_slice(row);
                true
            }
        }
    }

    /// Adds rows, one after the other, if they are neither known nor found already; `hashes` is room
    /// to work in. All slots are asked for before the first is needed, so that they are waited for
    /// together and not one by one.
    pub fn insert_all(&mut self, rows: &[Word], known: &Known, hashes: &mut Vec<u64>) {
        hashes.clear();
        hashes.extend(rows.chunks_exact(known.width).map(|row| hash(row.iter().copied())));
        if !self.slots.slots.is_empty() {
            let touch = |sum, hash: &u64| sum ^ self.slots.slots[self.slots.first(*hash)];
            std::hint::black_box(hashes.iter().fold(0, touch));
        }
        for (row, hash) in rows.chunks_exact(known.width).zip(hashes.iter()) {
            self.insert(*hash, row, known);
        }
    }

    /// The rows found, to be taken out.
    pub fn words(&mut self) -> &mut Vec<Word> {
        &mut self.words
    }

    /// How many words of rows were found.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        self.slots.bytes() + (self.words.capacity() * size_of::<Word>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    #[test]
    fn rows_are_found_once_and_by_their_keys() {
        let mut known = Known::new(3);
        let by_first = known.index(&[0]);
        let by_others = known.index(&[1, 2]);
        let mut found = Found::default();
        let mut set = BTreeSet::new();
        let mut state = 1_u64;
        for _ in 0..5 {
            for _ in 0..400 {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(99);
                let row = [(state >> 33) as u32 % 20, (state >> 43) as u32 % 9, (state >> 53) as u32 % 9];
                let hash = hash(row.iter().copied());
                assert_eq!(found.insert(hash, &row, &known), set.insert(row));
            }
            known.append(found.words());
        }
        assert_eq!(known.len(), set.len());
        let chain = |index: usize, key: &[Word]| {
            let mut rows = BTreeSet::new();
            let mut next = known.last(index, key);
            while let Some(number) = next {
                assert!(rows.insert(known.row(number).to_vec()), "a row twice");
                next = known.before(index, number);
            }
            rows
        };
        let mut firsts: BTreeMap<u32, BTreeSet<Vec<u32>>> = BTreeMap::new();
        for row in &set {
            firsts.entry(row[0]).or_default().insert(row.to_vec());
        }
        for first in 0..21 {
            assert_eq!(chain(by_first, &[first]), firsts.get(&first).cloned().unwrap_or_default());
        }
        for (b, c) in [(0, 0), (3, 4), (8, 8), (9, 0)] {
            let expected = set.iter().filter(|row| row[1..] == [b, c]).map(|row| row.to_vec()).collect();
            assert_eq!(chain(by_others, &[b, c]), expected);
        }
    }
}
