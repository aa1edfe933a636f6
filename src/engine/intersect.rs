//! Values that stand in several relations at once: one step of a generic join.
//!
//! The part with the fewest rows is gone through, and each of its values is looked for in the
//! others: by galloping from where the last one was found where rows are sorted, so that the work
//! is that of the smallest part times the logarithm of the gaps in the others, as in a leapfrog
//! join (Veldhuizen 2014), and by a lookup elsewhere.

use super::batch::{Batch, Cursor};
use crate::storage::Word;
use crate::storage::interner::NIL;

/// One of the relations, cut down to the rows that begin with a key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a, 'k> {
    /// Its read's number.
    pub read: usize,
    /// Its rows.
    pub batches: &'a [Batch<'a>],
    /// What they begin with.
    pub key: &'k [Word],
}

/// The values behind one key, in order: every `stride`th word from the first on.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    words: &'a [Word],
    stride: usize,
}

impl<'a> Run<'a> {
    fn of(part: &Part<'a, '_>, near: &mut usize) -> Option<Run<'a>> {
        let [Batch::Sorted(sorted)] = part.batches else { return None };
        let (low, high) = match part.key {
            [word] => sorted.range_of(*word, *near),
            key => sorted.range_near(key, *near),
        };
        *near = low;
        if sorted.width() == 2 && part.key.len() == 1 {
            return Some(Run { words: &sorted.seconds()[low..high], stride: 1 });
        }
        let (stride, column) = (sorted.width(), part.key.len());
        let words = &sorted.words()[low * stride..high * stride];
        Some(Run { words: words.get(column..).unwrap_or(&[]), stride })
    }

    #[inline]
    fn len(&self) -> usize {
        self.words.len().div_ceil(self.stride)
    }

    #[inline]
    fn value(&self, row: usize) -> Word {
        self.words[row * self.stride]
    }

    /// The first row from `at` on whose value is not below `value`.
    #[inline]
    fn seek(&self, at: usize, value: Word) -> usize {
        let len = self.len();
        let below = |row: usize| row < len && self.value(row) < value;
        if !below(at) {
            return at;
        }
        // Rows before `low` are below the value, those from `high` are not.
        let (mut low, mut step) = (at + 1, 1);
        while below(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step - 1).min(len);
        while low < high {
            let middle = low + (high - low) / 2;
            if below(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }

    /// Drops those values, which are in order, that are not in the run.
    #[inline]
    fn retain(&self, found: &mut Vec<Word>) {
        if self.len() >= FAR * found.len() {
            let mut row = 0;
            found.retain(|value| {
                row = self.seek(row, *value);
                row < self.len() && self.value(row) == *value
            });
        } else if self.stride == 1 {
            side_by_side(self.words.iter(), found);
        } else {
            side_by_side(self.words.iter().step_by(self.stride), found);
        }
    }
}

/// From so many times as many values on, those in between are leapt over.
const FAR: usize = 16;

/// [`Run::retain`] where most values are looked at.
#[inline]
fn side_by_side<'w>(mut values: impl Iterator<Item = &'w Word>, found: &mut Vec<Word>) {
    let mut kept = 0;
    let mut next = values.next();
    for at in 0..found.len() {
        let value = found[at];
        while next.is_some_and(|next| *next < value) {
            next = values.next();
        }
        let Some(found_next) = next else { break };
        found[kept] = value;
        kept += usize::from(*found_next == value);
    }
    found.truncate(kept);
}

/// Puts the values that stand behind the keys of all parts into `found`, in order. `near` are the
/// places where the lookups of the parts ended, part by part; `visited` counts values looked at, by
/// read.
pub(super) fn meet(parts: &[Part<'_, '_>], near: &mut [usize], visited: &mut [u64], found: &mut Vec<Word>) {
    found.clear();
    let mut runs: [Option<Run<'_>>; 8] = [None; 8];
    let runs = match runs.get_mut(..parts.len()) {
        Some(runs) => runs,
        None => &mut vec![None; parts.len()],
    };
    for ((part, near), run) in parts.iter().zip(near.iter_mut()).zip(runs.iter_mut()) {
        *run = Run::of(part, near);
        if run.is_some_and(|run| run.words.is_empty()) {
            return;
        }
    }
    let driver = runs.iter().enumerate().filter_map(|(at, run)| Some((run.as_ref()?.len(), at))).min();
    let Some((rows, driver)) = driver else {
        return look_up(parts, 0, near, visited, found);
    };
    visited[parts[driver].read] += rows as u64;
    let Some(first) = runs[driver] else { return };
    match first.stride {
        1 => found.extend(first.words.iter().filter(|value| **value != NIL)),
        stride => found.extend(first.words.iter().step_by(stride).filter(|value| **value != NIL)),
    }
    for at in (0..parts.len()).filter(|at| *at != driver) {
        visited[parts[at].read] += found.len() as u64;
        match runs[at] {
            Some(run) => run.retain(found),
            None => retain_known(&parts[at], &mut near[at], found),
        }
        if found.is_empty() {
            return;
        }
    }
}

/// Values that some parts have in common, for as long as their keys stay the same.
#[derive(Debug, Default)]
pub(super) struct Met {
    valid: bool,
    keys: Vec<Word>,
    /// In order.
    values: Vec<Word>,
    /// The same as bits, the first for the value `base`.
    bits: Vec<u64>,
    base: Word,
    /// What they have in common with parts whose keys change.
    pub memo: Memo,
}

impl Met {
    /// Whether it is for these keys.
    pub fn is_of(&self, keys: &[Word]) -> bool {
        self.valid && self.keys == keys
    }

    /// Makes it one for other keys, whose values `find` gives.
    pub fn renew(&mut self, keys: &[Word], find: impl FnOnce(&mut Vec<Word>)) {
        for value in &self.values {
            let at = (*value - self.base) as usize / 64;
            if let Some(bits) = self.bits.get_mut(at) {
                *bits = 0;
            }
        }
        self.memo.renew();
        self.valid = true;
        self.keys.clear();
        self.keys.extend_from_slice(keys);
        find(&mut self.values);
        let (Some(first), Some(last)) = (self.values.first(), self.values.last()) else { return };
        self.base = *first;
        let words = (last - first) as usize / 64 + 1;
        // Bits for values that lie far apart would take more room than they are worth.
        if words > MOST_BITS / 64 {
            self.bits.clear();
            return;
        }
        if self.bits.len() < words {
            self.bits.resize(words, 0);
        }
        for value in &self.values {
            let at = value - self.base;
            self.bits[at as usize / 64] |= 1 << (at % 64);
        }
    }

    /// Puts those of a run's values into `found` that are among these.
    #[inline]
    fn pick(&self, run: &Run<'_>, found: &mut Vec<Word>) {
        // Whether a value is there cannot be foretold: every one is written, and most are written over.
        found.resize(run.len(), 0);
        let mut kept = 0;
        let mut keep = |value: Word| {
            let at = value.wrapping_sub(self.base);
            let bits = self.bits.get(at as usize / 64).map_or(0, |bits| bits >> (at % 64) & 1);
            if let Some(slot) = found.get_mut(kept) {
                *slot = value;
            }
            kept += bits as usize;
        };
        if run.stride == 1 {
            for value in run.words {
                keep(*value);
            }
        } else {
            for value in run.words.iter().step_by(run.stride) {
                keep(*value);
            }
        }
        found.truncate(kept);
    }
}

/// What was met for a key of one word while another stays: with loops in between that bind neither,
/// the same is asked again and again (a cache in a leapfrog join: Kalinsky, Etsion, Kimelfeld 2017).
/// A place for each key, which the last one has.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Key, turn, and where its values begin and how many they are.
    slots: Vec<[Word; 4]>,
    values: Vec<Word>,
    turn: Word,
    /// How often it was asked and had an answer, until that was often enough to know.
    asked: u32,
    had: u32,
    useless: bool,
}

/// How often a memo is asked before it is given up for want of answers.
const TRIALS: u32 = 1 << 14;
/// Keys of a memo.
const KEYS: usize = 1 << 14;
/// The most values of a memo.
const MOST_VALUES: usize = 1 << 20;

impl Memo {
    /// Forgets everything, as what stayed has changed.
    pub fn renew(&mut self) {
        self.values.clear();
        match self.turn.checked_add(1) {
            Some(next) => self.turn = next,
            None => {
                self.slots.clear();
                self.turn = 1;
            }
        }
    }

    /// The values for a key.
    #[inline]
    pub fn get(&mut self, key: Word) -> Option<&[Word]> {
        if self.useless {
            return None;
        }
        let slot = self.slots.get(Memo::place(key)).filter(|slot| slot[0] == key && slot[1] == self.turn);
        if self.asked < TRIALS {
            self.asked += 1;
            self.had += u32::from(slot.is_some());
            self.useless = self.asked == TRIALS && self.had < TRIALS / 8;
        }
        let [_, _, from, len] = *slot?;
        self.values.get(from as usize..from as usize + len as usize)
    }

    /// Notes the values of a key.
    pub fn set(&mut self, key: Word, values: &[Word]) {
        if self.useless {
            return;
        }
        if self.values.len() + values.len() > MOST_VALUES || self.turn == 0 {
            self.renew();
        }
        if self.slots.is_empty() {
            self.slots.resize(KEYS, [0; 4]);
        }
        if let Some(slot) = self.slots.get_mut(Memo::place(key)) {
            *slot = [key, self.turn, self.values.len() as Word, values.len() as Word];
            self.values.extend_from_slice(values);
        }
    }

    /// Fibonacci hashing (Knuth, TAOCP 6.4).
    #[inline]
    fn place(key: Word) -> usize {
        (key.wrapping_mul(0x9e37_79b9) >> (32 - KEYS.trailing_zeros())) as usize
    }
}

/// The most bits that are kept of values that stay.
const MOST_BITS: usize = 1 << 23;

/// Puts those of the values met that stand behind the keys of all parts into `found`, in order.
pub(super) fn narrow(
    known: &Met,
    parts: &[Part<'_, '_>],
    near: &mut [usize],
    visited: &mut [u64],
    found: &mut Vec<Word>,
) {
    found.clear();
    if known.values.is_empty() {
        return;
    }
    let mut rest = 0;
    if let (Some(part), Some(near), false) = (parts.first(), near.first_mut(), known.bits.is_empty())
        && let Some(run) = Run::of(part, near)
        && run.len() < FAR * known.values.len()
    {
        visited[part.read] += run.len() as u64;
        known.pick(&run, found);
        rest = 1;
    } else {
        found.extend_from_slice(&known.values);
    }
    for (part, near) in parts.iter().zip(near).skip(rest) {
        if found.is_empty() {
            return;
        }
        visited[part.read] += found.len() as u64;
        match Run::of(part, near) {
            Some(run) => run.retain(found),
            None => retain_known(part, near, found),
        }
    }
}

/// The same where no part is sorted.
fn look_up(
    parts: &[Part<'_, '_>],
    driver: usize,
    near: &mut [usize],
    visited: &mut [u64],
    found: &mut Vec<Word>,
) {
    let (mut scratch, column) = (Vec::new(), parts[driver].key.len());
    for batch in parts[driver].batches {
        let mut cursor: Cursor<'_> = batch.open(parts[driver].key, &mut near[driver]);
        while let Some(row) = cursor.next(&mut scratch) {
            found.extend(row.get(column).filter(|value| **value != NIL));
        }
    }
    visited[parts[driver].read] += found.len() as u64;
    found.sort_unstable();
    found.dedup();
    for at in (0..parts.len()).filter(|at| *at != driver) {
        visited[parts[at].read] += found.len() as u64;
        retain_known(&parts[at], &mut near[at], found);
    }
}

fn retain_known(part: &Part<'_, '_>, near: &mut usize, found: &mut Vec<Word>) {
    if let [batch] = part.batches
        && let Some(row) = batch.row(part.key)
    {
        return found.retain(|value| row.contains(*value));
    }
    let mut key = part.key.to_vec();
    key.push(NIL);
    found.retain(|value| {
        if let Some(last) = key.last_mut() {
            *last = *value;
        }
        part.batches.iter().any(|batch| batch.has(&key, near))
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::storage::Sorted;

    /// The values that all parts have behind their keys.
    fn met(parts: &[(&[Word], usize, &[Word])]) -> (Vec<Word>, Vec<u64>) {
        let tables: Vec<Sorted> =
            parts.iter().map(|(words, width, _)| Sorted::from_sorted(*width, words.to_vec(), 0)).collect();
        let batches: Vec<[Batch<'_>; 1]> = tables.iter().map(|table| [Batch::Sorted(table)]).collect();
        let parts: Vec<Part<'_, '_>> = batches
            .iter()
            .zip(parts)
            .enumerate()
            .map(|(read, (batches, (_, _, key)))| Part { read, batches, key })
            .collect();
        let (mut near, mut visited, mut found) = (vec![0; parts.len()], vec![0; parts.len()], vec![7]);
        meet(&parts, &mut near, &mut visited, &mut found);
        (found, visited)
    }

    #[test]
    fn values_of_all_parts_are_found_once() {
        let (found, _) = met(&[(&[1, 3, 5, 7], 1, &[]), (&[2, 3, 4, 7, 9], 1, &[])]);
        assert_eq!(found, [3, 7]);
        assert_eq!(met(&[(&[1, 3, 5, 7], 1, &[]), (&[2, 3, 7], 1, &[]), (&[1, 7], 1, &[])]).0, [7]);
        assert_eq!(met(&[(&[1, 2], 1, &[]), (&[], 1, &[])]).0, [0; 0]);
    }

    #[test]
    fn nil_meets_nothing() {
        assert_eq!(met(&[(&[NIL, 2], 1, &[]), (&[NIL, 2], 1, &[])]).0, [2]);
    }

    #[test]
    fn galloping_finds_every_value() {
        let all: Vec<Word> = (1..1001).collect();
        for step in [1, 2, 3, 17, 250, 999] {
            let some: Vec<Word> = (1..1001).step_by(step).collect();
            assert_eq!(met(&[(&all, 1, &[]), (&some, 1, &[])]).0, some);
            assert_eq!(met(&[(&some, 1, &[]), (&all, 1, &[]), (&all, 1, &[])]).0, some);
        }
    }

    #[test]
    fn a_memo_answers_what_it_was_told_since_it_was_renewed() {
        let mut memo = Memo::default();
        assert_eq!(memo.get(5), None);
        memo.set(5, &[1, 2]);
        memo.set(6, &[]);
        assert_eq!(memo.get(5), Some(&[1, 2][..]));
        assert_eq!(memo.get(7), None);
        assert_eq!(memo.get(6), Some(&[][..]));
        memo.renew();
        assert_eq!(memo.get(5), None);
        for key in 0..3 * KEYS as Word {
            memo.set(key, &[key; 9]);
            assert_eq!(memo.get(key), Some(&[key; 9][..]));
        }
        // Nobody asks for the same twice.
        let mut memo = Memo::default();
        (0..TRIALS).for_each(|key| assert_eq!(memo.get(key), None));
        memo.set(5, &[1]);
        assert_eq!(memo.get(5), None);
    }

    #[test]
    fn only_rows_with_the_key_count() {
        let pairs = [3, 8, 4, 2, 4, 6, 5, 6];
        assert_eq!(met(&[(&pairs, 2, &[4]), (&[5, 6, 8], 1, &[])]), (vec![6], vec![2, 2]));
        assert_eq!(met(&[(&pairs, 2, &[9]), (&[5, 6, 8], 1, &[])]).0, [0; 0]);
    }
}
