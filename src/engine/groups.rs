//! An aggregate over all groups of its body at once: one pass through the rows, in whatever order they
//! come, in place of a lookup for each turn of the loops around it.

use super::aggregate::Folding;
use super::compute::Failure;
use super::store::hash;
use crate::model::program::AggregateOp;
use crate::plan::Fold;
use crate::storage::interner::{MISSING, NIL, inlined};
use crate::storage::pairs::Span;
use crate::storage::{Interner, Word};

/// Distinct keys, all of one width, numbered as they come: a cell for each key that there can be, where
/// these are few, and else a hash table of their numbers.
#[derive(Clone, Debug, Default)]
pub struct Keys {
    width: usize,
    words: Vec<Word>,
    len: usize,
    /// The first word of each column, and how many there are.
    spans: Vec<(Word, usize)>,
    /// Numbers plus one of the keys in these spans.
    cells: Vec<u32>,
    /// Of all others: a tag in the high half, the number plus one in the low.
    slots: Vec<u64>,
}

impl Keys {
    /// No keys of `width` words.
    pub fn new(width: usize) -> Self {
        Keys { width, ..Keys::default() }
    }

    /// No keys, one word for each of `spans`. There is a cell for every key in these.
    pub fn within(spans: &[Span]) -> Self {
        let spans: Vec<_> = spans.iter().map(|(low, high)| (*low, (high - low) as usize + 1)).collect();
        let cells = vec![0; spans.iter().map(|(_, words)| *words).product()];
        Keys { width: spans.len(), spans, cells, ..Keys::default() }
    }

    /// The cell of a key, if it has one.
    #[inline]
    fn cell(&self, key: &[Word]) -> Option<usize> {
        if self.cells.is_empty() {
            return None;
        }
        let mut cell = 0;
        for ((low, words), word) in self.spans.iter().zip(key) {
            let at = word.wrapping_sub(*low) as usize;
            if at >= *words {
                return None;
            }
            cell = cell * words + at;
        }
        Some(cell)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.len
    }

    /// A key by its number.
    pub fn key(&self, number: usize) -> &[Word] {
        &self.words[number * self.width..(number + 1) * self.width]
    }

    /// The number of a key, if it has one.
    #[inline]
    pub fn find(&self, key: &[Word]) -> Option<usize> {
        if let Some(cell) = self.cell(key) {
            return self.cells[cell].checked_sub(1).map(|number| number as usize);
        }
        if self.slots.is_empty() {
            return None;
        }
        self.slot(hash(key.iter().copied()), key).ok()
    }

    /// The number of a key, given one if it has none.
    #[inline]
    pub fn number(&mut self, key: &[Word]) -> usize {
        if let Some(cell) = self.cell(key) {
            let number = self.cells[cell];
            if number != 0 {
                return number as usize - 1;
            }
            self.cells[cell] = self.len as u32 + 1;
            self.words.extend_from_slice(key);
            self.len += 1;
            return self.len - 1;
        }
        if 10 * (self.len + 1) > 7 * self.slots.len() {
            self.grow();
        }
        let hash = hash(key.iter().copied());
        match self.slot(hash, key) {
            Ok(number) => number,
            Err(at) => {
                self.slots[at] = u64::from(hash as u32) << 32 | (self.len as u64 + 1);
                self.words.extend_from_slice(key);
                self.len += 1;
                self.len - 1
            }
        }
    }

    /// The number of a key, or the slot where it could be.
    #[inline]
    fn slot(&self, hash: u64, key: &[Word]) -> Result<usize, usize> {
        let mask = self.slots.len() - 1;
        let mut at = (hash >> (64 - self.slots.len().trailing_zeros())) as usize & mask;
        loop {
            let slot = self.slots[at];
            if slot == 0 {
                return Err(at);
            }
            let number = (slot as u32 - 1) as usize;
            if (slot >> 32) as u32 == hash as u32 && same(self.key(number), key) {
                return Ok(number);
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn grow(&mut self) {
        self.slots = vec![0; (2 * self.slots.len()).max(16)];
        let mask = self.slots.len() - 1;
        for number in 0..self.len {
            if self.cell(self.key(number)).is_some() {
                continue;
            }
            let hash = hash(self.key(number).iter().copied());
            let mut at = (hash >> (64 - self.slots.len().trailing_zeros())) as usize & mask;
            while self.slots[at] != 0 {
                at = (at + 1) & mask;
            }
            self.slots[at] = u64::from(hash as u32) << 32 | (number as u64 + 1);
        }
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let words = self.words.capacity() + self.cells.capacity();
        (self.slots.capacity() * size_of::<u64>() + words * size_of::<Word>()) as u64
    }
}

/// Whether two keys of one width are the same; most are short.
#[inline]
fn same(one: &[Word], other: &[Word]) -> bool {
    match (one, other) {
        ([a], [b]) => a == b,
        ([a, b], [c, d]) => a == c && b == d,
        _ => one == other,
    }
}

/// Results by key, for a key that is asked for again.
#[derive(Debug, Default)]
pub struct Memo {
    keys: Keys,
    results: Vec<Word>,
    asked: u64,
    known: u64,
    /// Bytes that a budget knows of.
    pub noted: u64,
}

/// Questions after which a memo that seldom knows is not asked any more.
const TRIAL: u64 = 4096;

impl Memo {
    /// For keys of `width` words.
    pub fn new(width: usize) -> Self {
        Memo { keys: Keys::new(width), ..Memo::default() }
    }

    /// The result, if it is known.
    #[inline]
    pub fn get(&mut self, key: &[Word]) -> Option<Word> {
        if !self.is_useful() {
            return None;
        }
        self.asked += 1;
        let number = self.keys.find(key)?;
        self.known += 1;
        self.results.get(number).copied()
    }

    /// Remembers a result.
    #[inline]
    pub fn put(&mut self, key: &[Word], result: Word) {
        if self.is_useful() && self.keys.len() < u32::MAX as usize - 1 {
            let number = self.keys.number(key);
            self.results.resize(self.keys.len(), result);
            self.results[number] = result;
        }
    }

    fn is_useful(&self) -> bool {
        self.asked < TRIAL || 8 * self.known > self.asked
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        self.keys.bytes() + (self.results.capacity() * size_of::<Word>()) as u64
    }
}

/// What is gathered of each group while rows come.
#[derive(Debug)]
pub struct Tally {
    op: AggregateOp,
    /// Whether a value stands behind the key of each row.
    valued: bool,
    keys: Keys,
    counts: Vec<u64>,
    /// Of `sum` and `mean`.
    sums: Vec<i128>,
    /// Of `min` and `max`, where [`MISSING`] is none yet.
    best: Vec<Word>,
    /// Values that must be looked at, each with the number of its group.
    values: Vec<(u32, Word)>,
}

impl Tally {
    /// Nothing yet; `spans` are what the keys lie in, if these are to have cells.
    pub fn new(fold: &Fold, spans: &[Span]) -> Self {
        let width = fold.group.shared.len();
        let keys = if spans.is_empty() { Keys::new(width) } else { Keys::within(spans) };
        Tally {
            op: fold.op,
            valued: fold.arg.is_some(),
            keys,
            counts: Vec::new(),
            sums: Vec::new(),
            best: Vec::new(),
            values: Vec::new(),
        }
    }

    /// Takes in a row: the key and, if the aggregate has an argument, its value.
    #[inline]
    pub fn add(&mut self, row: &[Word]) {
        let (key, value) = match row.split_last() {
            Some((value, key)) if self.valued => (key, *value),
            _ => (row, NIL),
        };
        let number = self.group(key);
        if !self.valued {
            self.counts[number] += 1;
            return;
        }
        match (self.op, inlined(value)) {
            (AggregateOp::Sum | AggregateOp::Mean, Some(small)) => {
                self.counts[number] += 1;
                self.sums[number] += i128::from(small);
            }
            (AggregateOp::Min, Some(_)) => {
                let best = &mut self.best[number];
                *best = if *best == MISSING { value } else { value.min(*best) };
            }
            (AggregateOp::Max, Some(_)) => {
                let best = &mut self.best[number];
                // No small integer has a lower word than this.
                *best = value.max(*best);
            }
            _ => self.values.push((number as u32, value)),
        }
    }

    /// The number of a group, begun if it is new.
    #[inline]
    fn group(&mut self, key: &[Word]) -> usize {
        let number = self.keys.number(key);
        if number == self.counts.len() {
            self.counts.push(0);
            match self.op {
                AggregateOp::Sum | AggregateOp::Mean => self.sums.push(0),
                AggregateOp::Min | AggregateOp::Max => self.best.push(MISSING),
                _ => {}
            }
        }
        number
    }

    /// Takes in what another has gathered of other rows.
    pub fn merge(&mut self, other: &Tally) {
        let numbers: Vec<u32> =
            (0..other.keys.len()).map(|number| self.group(other.keys.key(number)) as u32).collect();
        for (from, to) in numbers.iter().enumerate() {
            let to = *to as usize;
            self.counts[to] += other.counts[from];
            match self.op {
                AggregateOp::Sum | AggregateOp::Mean => self.sums[to] += other.sums[from],
                AggregateOp::Min | AggregateOp::Max => {
                    let (mine, theirs) = (self.best[to], other.best[from]);
                    self.best[to] = match self.op {
                        AggregateOp::Min if mine != MISSING && theirs != MISSING => mine.min(theirs),
                        AggregateOp::Min if mine != MISSING => mine,
                        AggregateOp::Min => theirs,
                        _ => mine.max(theirs),
                    };
                }
                _ => {}
            }
        }
        self.values.extend(other.values.iter().map(|(number, value)| (numbers[*number as usize], *value)));
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let counts = self.counts.capacity() * size_of::<u64>() + self.sums.capacity() * size_of::<i128>();
        let words =
            self.best.capacity() * size_of::<Word>() + self.values.capacity() * size_of::<(u32, Word)>();
        self.keys.bytes() + (counts + words) as u64
    }

    /// The aggregate of each group. Fails if that of any does, wanted or not.
    pub fn finish(mut self, fold: &Fold, interner: &mut Interner) -> Result<Groups, Failure> {
        self.values.sort_unstable_by_key(|(number, _)| *number);
        let mut rest = self.values.as_slice();
        let mut results = Vec::with_capacity(self.keys.len());
        let mut others = Vec::new();
        for number in 0..self.keys.len() {
            let own = rest.partition_point(|(of, _)| *of as usize <= number);
            let (values, behind) = rest.split_at(own);
            rest = behind;
            let sum = self.sums.get(number).copied().unwrap_or(0);
            let best = self.best.get(number).copied().filter(|best| *best != MISSING);
            let count = self.counts.get(number).map_or(0, |count| *count as i64);
            let values = values.iter().map(|(_, value)| *value);
            let folding = Folding::resumed(fold, (count, sum, best), values, interner);
            results.push(match folding.finish_small() {
                Some(result) => result.unwrap_or(MISSING),
                None => {
                    others.push((number, folding));
                    MISSING
                }
            });
        }
        // In an order that does not tell which thread met which group first: values are made here.
        others.sort_unstable_by(|(a, _), (b, _)| self.keys.key(*a).cmp(self.keys.key(*b)));
        for (number, folding) in others {
            results[number] = folding.finish(interner)?.unwrap_or(MISSING);
        }
        let empty = Folding::new(fold).finish(interner)?.unwrap_or(MISSING);
        Ok(Groups { keys: self.keys, results, empty })
    }
}

/// The aggregate of each group.
#[derive(Debug)]
pub struct Groups {
    keys: Keys,
    results: Vec<Word>,
    /// Of a group without solutions.
    empty: Word,
}

impl Groups {
    /// The aggregate of a group, [`MISSING`] if it has none.
    #[inline]
    pub fn get(&self, key: &[Word]) -> Word {
        self.keys.find(key).and_then(|number| self.results.get(number)).copied().unwrap_or(self.empty)
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        self.keys.bytes() + (self.results.capacity() * size_of::<Word>()) as u64
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn keys_keep_their_numbers() {
        let spans = [(3, 12), (0, 20)];
        // In a hash table, or in cells where those are that lie in the spans.
        for (width, spans) in [(0, 0), (1, 0), (2, 0), (3, 0), (1, 1), (2, 2)].map(|(a, b)| (a, &spans[..b]))
        {
            let mut keys = if spans.is_empty() { Keys::new(width) } else { Keys::within(spans) };
            let mut known: BTreeMap<Vec<Word>, usize> = BTreeMap::new();
            let mut state = 5_u32;
            for _ in 0..3000 {
                let key: Vec<Word> = (0..width)
                    .map(|_| {
                        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                        (state >> 16) % 29
                    })
                    .collect();
                assert_eq!(keys.find(&key), known.get(&key).copied());
                let next = known.len();
                let number = *known.entry(key.clone()).or_insert(next);
                assert_eq!(keys.number(&key), number);
                assert_eq!(keys.key(number), key);
            }
            assert_eq!(keys.len(), known.len());
        }
    }

    #[test]
    fn a_memo_that_never_knows_is_given_up() {
        let mut memo = Memo::new(1);
        for word in 0..2 * TRIAL as Word {
            assert_eq!(memo.get(&[word]), None);
            memo.put(&[word], word);
        }
        assert!(memo.keys.len() <= TRIAL as usize + 1);
        let mut memo = Memo::new(1);
        for word in 0..4 * TRIAL as Word {
            let key = [word % 50];
            assert_eq!(memo.get(&key).is_some(), word >= 50);
            memo.put(&key, word % 50 + 7);
        }
        assert_eq!(memo.get(&[3]), Some(10));
    }
}
