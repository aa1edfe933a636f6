//! Rows sorted and distinct, with what finds them by their first word: offsets where first words lie
//! close together, and else a hash table; and with a hash table of their first two words, where rows
//! with the same first word are many.

mod veil;

use std::sync::OnceLock;

use self::veil::Veil;
use super::bits::CHUNK;
use super::interner::Word;
use super::sort::{self, Check};

/// Distinct rows, all of one width, sorted by word, one after the other.
///
/// A relation without columns holds no row or the empty one.
#[derive(Debug, Default)]
pub struct Sorted {
    width: usize,
    len: usize,
    words: Vec<Word>,
    starts: OnceLock<Option<Starts>>,
    groups: OnceLock<Groups>,
    twos: OnceLock<Option<Twos>>,
    chunks: OnceLock<Option<Chunks>>,
    seconds: OnceLock<Box<[Word]>>,
    /// The table that it is but for some rows; then nothing else is here.
    veil: Option<Veil>,
}

/// The second column of a table of two as chunks of bits, by the first.
#[derive(Debug)]
struct Chunks {
    /// The chunk in the high half, its bits in the low one.
    entries: Vec<u64>,
    /// Where those of each first word begin; as in [`Starts`].
    starts: Vec<u32>,
}

/// Where the rows of each first word begin, for tables whose first words lie far apart: a hash
/// table of words with the number of their group.
#[derive(Debug)]
struct Groups {
    /// The word in the high half, the number plus one in the low.
    slots: Vec<u64>,
    /// One for each group, and one past the end.
    rows: Vec<u32>,
}

/// Where the rows of each first two words begin.
#[derive(Debug)]
enum Twos {
    /// An offset for each two words there can be, and one past the end.
    Offsets {
        low: [Word; 2],
        /// How many first and second words there can be.
        counts: [Word; 2],
        rows: Vec<u32>,
    },
    /// A hash table of the words, the first row and the one behind the last, which is 0 where there
    /// is nothing.
    Slots(Vec<[Word; 4]>),
}

/// Where the rows of each first word begin, for tables whose first words lie close together.
#[derive(Debug)]
struct Starts {
    base: Word,
    /// One for each word from `base`, and one past the end.
    rows: Vec<u32>,
    /// Which words begin rows, a chunk of bits after the other from that of `base`.
    words: Vec<u32>,
}

impl Sorted {
    /// The distinct ones of `words`' rows, sorted. `check` is asked now and then; its error ends
    /// the work, and the rows come back with it, in some order.
    pub fn new<E>(width: usize, mut words: Vec<Word>, check: Check<'_, E>) -> Result<Self, (E, Vec<Word>)> {
        let len = match sort::sort_distinct(width, &mut words, check) {
            Ok(len) => len,
            Err(error) => return Err((error, words)),
        };
        words.shrink_to_fit();
        Ok(Sorted { width, len, words, ..Sorted::default() })
    }

    /// Rows that are sorted and distinct already. A relation without columns has `len` 0 or 1;
    /// for others `len` is ignored.
    pub fn from_sorted(width: usize, words: Vec<Word>, len: usize) -> Self {
        let len = words.len().checked_div(width).unwrap_or(len.min(1));
        debug_assert!(width == 0 || words.chunks(width).is_sorted_by(|a, b| a < b));
        Sorted { width, len, words, ..Sorted::default() }
    }

    /// Number of columns.
    #[inline]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// This with the offsets of `before`, of which it was made by taking rows away and adding others,
    /// where that is little work.
    pub(super) fn with_offsets_of(self, before: &Sorted, gone: &Sorted, come: &Sorted) -> Self {
        if let Some(Some(starts)) = before.starts.get()
            && u32::try_from(self.len).is_ok()
            && let Some(starts) = starts.changed(gone, come)
        {
            return Sorted { starts: OnceLock::from(Some(starts)), ..self };
        }
        self
    }

    /// All rows, one after the other; behind a veil, hidden ones too.
    #[inline]
    pub fn words(&self) -> &[Word] {
        match &self.veil {
            None => &self.words,
            Some(veil) => veil.of().words(),
        }
    }

    /// Row `i`; empty when there is none.
    pub fn row(&self, i: usize) -> &[Word] {
        self.words().get(i * self.width..(i + 1) * self.width).unwrap_or(&[])
    }

    /// The rows in order.
    pub fn iter(&self) -> impl Iterator<Item = &[Word]> {
        (0..self.len).map(|i| self.row(i))
    }

    /// The rows in order, some at a time.
    pub fn blocks(&self, rows: usize) -> impl Iterator<Item = impl Iterator<Item = &[Word]>> {
        (0..self.len)
            .step_by(rows.max(1))
            .map(move |from| (from..self.len.min(from + rows.max(1))).map(|i| self.row(i)))
    }

    /// The rows that begin with `key`, as a range of row numbers.
    pub fn range(&self, key: &[Word]) -> (usize, usize) {
        self.range_near(key, 0)
    }

    /// [`Sorted::range`], fastest when the range begins not far behind row `near`.
    pub fn range_near(&self, key: &[Word], near: usize) -> (usize, usize) {
        if let Some(veil) = &self.veil {
            return veil.range_near(key, near);
        }
        let Some(first) = key.first() else { return (0, self.len) };
        if let ([_, second, ..], Some(Some(twos))) = (key, self.twos.get()) {
            let rows = twos.rows_of(*first, *second);
            return match key.len() {
                2 => rows,
                _ => sort::prefix_range(&self.words, self.width, rows, 0, key),
            };
        }
        let rows = match (self.starts(), self.groups.get()) {
            (Some(starts), _) => starts.rows_of(*first),
            (None, Some(groups)) => groups.rows_of(*first),
            (None, None) => return sort::prefix_range(&self.words, self.width, (0, self.len), near, key),
        };
        if key.len() == 1 { rows } else { sort::prefix_range(&self.words, self.width, rows, 0, key) }
    }

    /// The rows that begin with `word`.
    #[inline]
    pub fn range_of(&self, word: Word, near: usize) -> (usize, usize) {
        if let Some(veil) = &self.veil {
            return veil.range_near(&[word], near);
        }
        match (self.starts(), self.groups.get()) {
            (Some(starts), _) => starts.rows_of(word),
            (None, Some(groups)) => groups.rows_of(word),
            (None, None) => sort::prefix_range(&self.words, self.width, (0, self.len), near, &[word]),
        }
    }

    /// Which words of a chunk begin rows, or more where that is not known.
    #[inline]
    pub fn first_words(&self, chunk: u32) -> u32 {
        if let Some(veil) = &self.veil {
            return veil.of().first_words(chunk);
        }
        match self.starts() {
            Some(starts) => {
                let at = chunk.wrapping_sub(starts.base / CHUNK) as usize;
                starts.words.get(at).copied().unwrap_or(0)
            }
            None => u32::MAX,
        }
    }

    /// Gets ready for many lookups.
    pub fn index(&self) {
        if let Some(veil) = &self.veil {
            return veil.of().index();
        }
        if self.width > 0 && self.len >= SMALL && u32::try_from(self.len).is_ok() && self.starts().is_none() {
            self.groups.get_or_init(|| Groups::of(self));
        }
    }

    /// Gets ready for many lookups by two words and more.
    pub fn index_twos(&self) {
        if let Some(veil) = &self.veil {
            return veil.of().index_twos();
        }
        if self.width > 1 && self.len >= SMALL && u32::try_from(self.len).is_ok() {
            self.twos.get_or_init(|| Twos::of(self));
        }
        if !matches!(self.twos.get(), Some(Some(_))) {
            self.index();
        }
    }

    /// The second column of the rows that begin with `word`, as chunks of bits; `None` if the table
    /// is not kept so, which pays only where neighbours are many.
    #[inline]
    pub fn chunks_of(&self, word: Word) -> Option<&[u64]> {
        if let Some(veil) = &self.veil {
            return veil.chunks_of(word);
        }
        let chunks = self.chunks.get()?.as_ref()?;
        let at = word.wrapping_sub(self.starts()?.base) as usize;
        match (chunks.starts.get(at), chunks.starts.get(at.wrapping_add(1))) {
            (Some(low), Some(high)) => Some(&chunks.entries[*low as usize..*high as usize]),
            _ => Some(&[]),
        }
    }

    /// The second column of each row of [`Sorted::words`].
    #[inline]
    pub fn seconds(&self) -> &[Word] {
        if let Some(veil) = &self.veil {
            return veil.of().seconds();
        }
        self.seconds.get_or_init(|| self.words.iter().skip(1).step_by(self.width.max(1)).copied().collect())
    }

    /// Keeps a table of two columns as chunks of bits besides, if neighbours are many.
    pub fn compress(&self) {
        if let Some(veil) = &self.veil {
            return veil.of().compress();
        }
        self.chunks.get_or_init(|| Chunks::of(self));
    }

    /// Whether a row begins with `key`.
    pub fn has_prefix(&self, key: &[Word]) -> bool {
        let (low, high) = self.range(key);
        low < high
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let starts = self.starts.get().and_then(Option::as_ref).map_or(0, |starts| starts.rows.len());
        let groups = self.groups.get().map_or(0, |groups| 2 * groups.slots.len() + groups.rows.len());
        let chunks = self.chunks.get().and_then(Option::as_ref);
        let chunks = chunks.map_or(0, |chunks| 2 * chunks.entries.len() + chunks.starts.len()) + groups;
        let seconds = self.seconds.get().map_or(0, |seconds| seconds.len());
        let twos = self.twos.get().and_then(Option::as_ref).map_or(0, Twos::bytes);
        let veil = self.veil.as_ref().map_or(0, Veil::bytes);
        ((self.words.capacity() + starts + chunks + seconds) * size_of::<Word>() + twos + veil) as u64
    }

    #[inline]
    fn starts(&self) -> Option<&Starts> {
        self.starts.get_or_init(|| Starts::of(&self.words, self.width, self.len)).as_ref()
    }
}

/// Rows with a first word in common for which a table of two words is made.
const FEW_IN_COMMON: usize = 6;
/// Tables up to so many rows are searched by halving.
const SMALL: usize = 64;

impl Groups {
    fn of(sorted: &Sorted) -> Groups {
        let (width, words) = (sorted.width, &sorted.words);
        let mut rows = Vec::new();
        let mut last = None;
        for (number, row) in words.chunks_exact(width).enumerate() {
            if last != row.first() {
                rows.push(number as u32);
                last = row.first();
            }
        }
        let mut slots = vec![0_u64; (2 * rows.len()).next_power_of_two()];
        let mask = slots.len() - 1;
        for (group, row) in rows.iter().enumerate() {
            let word = words[*row as usize * width];
            let mut at = Groups::place(word, slots.len());
            while slots[at & mask] != 0 {
                at += 1;
            }
            slots[at & mask] = u64::from(word) << 32 | (group as u64 + 1);
        }
        rows.push(sorted.len as u32);
        Groups { slots, rows }
    }

    /// Fibonacci hashing (Knuth, TAOCP 6.4).
    #[inline]
    fn place(word: Word, slots: usize) -> usize {
        (u64::from(word).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (64 - slots.trailing_zeros())) as usize
    }

    #[inline]
    fn rows_of(&self, word: Word) -> (usize, usize) {
        let mask = self.slots.len() - 1;
        let mut at = Groups::place(word, self.slots.len());
        loop {
            let slot = self.slots[at & mask];
            if slot == 0 {
                return (0, 0);
            }
            if (slot >> 32) as u32 == word {
                let group = slot as u32 as usize;
                return (self.rows[group - 1] as usize, self.rows[group] as usize);
            }
            at += 1;
        }
    }
}

impl Twos {
    /// None where so few rows have a first word in common that halving finds them as soon.
    fn of(sorted: &Sorted) -> Option<Twos> {
        let (width, words) = (sorted.width, &sorted.words);
        let (mut firsts, mut groups) = (0_usize, 0_usize);
        let mut last: &[Word] = &[];
        for row in words.chunks_exact(width) {
            firsts += usize::from(last.first() != row.first());
            groups += usize::from(last.get(..2) != row.get(..2));
            last = row;
        }
        if sorted.len < FEW_IN_COMMON * firsts {
            return None;
        }
        if let Some(offsets) = Twos::offsets(sorted) {
            return Some(offsets);
        }
        let mut slots = vec![[0; 4]; (groups + groups / 3 + 1).next_power_of_two()];
        let mask = slots.len() - 1;
        let two = |row: usize| [words[row * width], words[row * width + 1]];
        let mut from = 0;
        while from < sorted.len {
            let [first, second] = two(from);
            let mut to = from + 1;
            while to < sorted.len && two(to) == [first, second] {
                to += 1;
            }
            let mut at = Twos::place(first, second, slots.len());
            while slots[at & mask][3] != 0 {
                at += 1;
            }
            slots[at & mask] = [first, second, from as u32, to as u32];
            from = to;
        }
        Some(Twos::Slots(slots))
    }

    /// Where the words lie close together.
    fn offsets(sorted: &Sorted) -> Option<Twos> {
        let (width, words) = (sorted.width, &sorted.words);
        let (first, last) = (words.first()?, words.get(words.len().checked_sub(width)?)?);
        let seconds = || words.iter().skip(1).step_by(width);
        let (low, high) = (seconds().min()?, seconds().max()?);
        let counts = [(last - first).checked_add(1)?, (high - low).checked_add(1)?];
        let all = counts[0].checked_mul(counts[1])? as usize;
        if all > 8 * sorted.len {
            return None;
        }
        let mut rows = Vec::with_capacity(all + 1);
        for (number, row) in words.chunks_exact(width).enumerate() {
            let at = (row[0] - first) * counts[1] + (row[1] - low);
            while rows.len() <= at as usize {
                rows.push(number as u32);
            }
        }
        rows.resize(all + 1, sorted.len as u32);
        Some(Twos::Offsets { low: [*first, *low], counts, rows })
    }

    fn bytes(&self) -> usize {
        match self {
            Twos::Offsets { rows, .. } => size_of_val(rows.as_slice()),
            Twos::Slots(slots) => size_of_val(slots.as_slice()),
        }
    }

    #[inline]
    fn place(first: Word, second: Word, slots: usize) -> usize {
        let key = u64::from(first) << 32 | u64::from(second);
        // The high half says little about the product's high bits otherwise.
        let mixed = (key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        (mixed >> (64 - slots.trailing_zeros())) as usize
    }

    #[inline]
    fn rows_of(&self, first: Word, second: Word) -> (usize, usize) {
        let slots = match self {
            Twos::Offsets { low, counts, rows } => {
                let at = [first.wrapping_sub(low[0]), second.wrapping_sub(low[1])];
                if at[0] >= counts[0] || at[1] >= counts[1] {
                    return (0, 0);
                }
                let at = (at[0] * counts[1] + at[1]) as usize;
                return (rows[at] as usize, rows[at + 1] as usize);
            }
            Twos::Slots(slots) => slots,
        };
        let mask = slots.len() - 1;
        let mut at = Twos::place(first, second, slots.len());
        loop {
            let [one, two, low, high] = slots[at & mask];
            if high == 0 {
                return (0, 0);
            }
            if one == first && two == second {
                return (low as usize, high as usize);
            }
            at += 1;
        }
    }
}

impl Chunks {
    /// None where rows have too few neighbours.
    fn of(sorted: &Sorted) -> Option<Chunks> {
        let base = sorted.starts().filter(|_| sorted.width == 2)?.base;
        let rows = sorted.words.as_chunks::<2>().0;
        let together =
            |pair: &[[Word; 2]]| pair[0][0] == pair[1][0] && pair[0][1] / CHUNK == pair[1][1] / CHUNK;
        // From some runs of rows, spread over all of them.
        let step = (rows.len() / 64).max(1);
        let sample = || rows.chunks(step).filter_map(|run| run.get(..64.min(run.len())));
        let neighbours = sample().flat_map(|run| run.windows(2)).filter(|pair| together(pair)).count();
        if 3 * neighbours < sample().map(<[_]>::len).sum() {
            return None;
        }
        let (mut entries, mut starts) = (Vec::with_capacity(rows.len() / 2), Vec::new());
        let mut last = None;
        for [first, second] in rows {
            while starts.len() <= (first - base) as usize {
                starts.push(entries.len() as u32);
            }
            let (chunk, bit) = (second / CHUNK, 1_u64 << (second % CHUNK));
            match entries.last_mut() {
                Some(entry) if last == Some((*first, chunk)) => *entry |= bit,
                _ => entries.push(u64::from(chunk) << 32 | bit),
            }
            last = Some((*first, chunk));
        }
        starts.push(entries.len() as u32);
        entries.shrink_to_fit();
        Some(Chunks { entries, starts })
    }
}

impl Starts {
    /// The same after some rows have gone and others come; `None` if those begin with words beyond.
    fn changed(&self, gone: &Sorted, come: &Sorted) -> Option<Starts> {
        let mut words = self.words.clone();
        let mut steps: Vec<(usize, bool)> = Vec::new();
        for (rows, comes) in [(gone, false), (come, true)] {
            for row in rows.iter() {
                let word = *row.first()?;
                let at = word.checked_sub(self.base)? as usize;
                if at + 1 >= self.rows.len() {
                    return None;
                }
                steps.push((at, comes));
                if comes {
                    *words.get_mut((word / CHUNK - self.base / CHUNK) as usize)? |= 1 << (word % CHUNK);
                }
            }
        }
        steps.sort_unstable();
        let mut rows: Vec<u32> = Vec::with_capacity(self.rows.len());
        let mut moved = 0_u32;
        for (at, comes) in steps {
            let next = self.rows.get(rows.len()..=at).unwrap_or(&[]);
            rows.extend(next.iter().map(|row| row.wrapping_add(moved)));
            moved = if comes { moved.wrapping_add(1) } else { moved.wrapping_sub(1) };
        }
        rows.extend(self.rows.get(rows.len()..)?.iter().map(|row| row.wrapping_add(moved)));
        Some(Starts { base: self.base, rows, words })
    }

    /// None where the index would be larger than the rows warrant.
    fn of(words: &[Word], width: usize, len: usize) -> Option<Starts> {
        let (first, last) = (*words.first()?, *words.get(words.len().checked_sub(width)?)?);
        let span = (last - first) as usize + 1;
        if len < SMALL || span > 8 * len || u32::try_from(len).is_err() {
            return None;
        }
        let mut rows = Vec::with_capacity(span + 1);
        let first_chunk = first / CHUNK;
        let mut bits = vec![0; (last / CHUNK - first_chunk) as usize + 1];
        for (i, row) in words.chunks_exact(width).enumerate() {
            let word = row.first().copied().unwrap_or(first);
            bits[(word / CHUNK - first_chunk) as usize] |= 1 << (word % CHUNK);
            while rows.len() <= (word - first) as usize {
                rows.push(i as u32);
            }
        }
        rows.push(len as u32);
        Some(Starts { base: first, rows, words: bits })
    }

    #[inline]
    fn rows_of(&self, word: Word) -> (usize, usize) {
        let at = word.wrapping_sub(self.base) as usize;
        match (self.rows.get(at), self.rows.get(at.wrapping_add(1))) {
            (Some(low), Some(high)) => (*low as usize, *high as usize),
            _ => (0, 0),
        }
    }
}
