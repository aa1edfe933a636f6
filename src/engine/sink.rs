//! Where the rows of rules go: each is dropped at once if it is known, and else kept until the
//! round is over.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use super::groups::Tally;
use super::rows::Held;
use super::store::{Found, Known, hash};
use crate::base::{Budget, Stop};
use crate::plan::Fold;
use crate::storage::bits::{BitRows, CHUNK, RowRef};
use crate::storage::pairs::{Pairs, Span, Words};
use crate::storage::{Word, sort};

/// Rows gathered for one shard before they are handed over.
const HANDFUL: usize = 512;
/// Words gathered in a list before repeated rows are dropped for the first time.
const FIRST_COMPACTION: usize = 1 << 22;
/// The most rows of a shard: they are numbered in 32 bits.
const MOST_ROWS: usize = u32::MAX as usize - (1 << 16);

/// Where rows go, shared by all that produce them.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// Bits beside those known.
    Pairs {
        /// Known rows.
        known: &'a Pairs,
        /// Found ones, a set for each thread that has produced any. A thread takes one, or begins
        /// one, and gives it back.
        found: &'a Mutex<Vec<Pairs>>,
        /// Bytes of the found ones that the budget knows of.
        noted: &'a AtomicU64,
    },
    /// Numbered rows, in shards by their hash.
    Stored {
        /// Known rows by shard.
        known: &'a [Known],
        /// Found ones.
        found: &'a [Mutex<Found>],
        /// Bytes of the found ones that the budget knows of.
        noted: &'a AtomicU64,
    },
    /// A list, of which repeated rows are dropped in the end.
    List {
        /// Words of a row.
        width: usize,
        /// Whether no row comes twice, so that there is none to be dropped.
        distinct: bool,
    },
    /// The groups of an aggregate.
    Groups {
        /// The aggregate.
        fold: &'a Fold,
        /// What its keys lie in, if these are to have cells.
        spans: &'a [Span],
        /// What threads have gathered, each for itself.
        gathered: &'a Mutex<Vec<Tally>>,
    },
}

/// Where the rows go that one thread produces.
#[derive(Debug)]
pub struct Sink<'a> {
    kind: Kind<'a>,
    budget: &'a Budget,
    noted: Option<&'a AtomicU64>,
    held: Held<'a>,
    /// Rows produced, and how many of them the budget has heard of.
    produced: u64,
    told: u64,
    /// Rows that aggregates ranged over since the budget last heard of any.
    ranged: u64,
    /// What an aggregate at work holds.
    gathered: Held<'a>,
}

#[derive(Debug)]
enum Kind<'a> {
    Pairs(PairsSink<'a>),
    Stored { known: &'a [Known], found: &'a [Mutex<Found>], handfuls: Vec<Vec<Word>>, hashes: Vec<u64> },
    List { width: usize, words: Vec<Word>, len: usize, compact_at: usize },
    Groups { tally: Tally, row: Vec<Word>, gathered: &'a Mutex<Vec<Tally>> },
}

/// Adds to rows of bits.
#[derive(Debug)]
pub struct PairsSink<'a> {
    known: &'a Pairs,
    found: Pairs,
    /// The row at hand: its word, what is known of it, and where it is.
    word: Word,
    row: RowRef<'a>,
    shard: usize,
    number: usize,
    /// Where what was found goes in the end.
    sets: &'a Mutex<Vec<Pairs>>,
}

impl<'a> PairsSink<'a> {
    /// Turns to a row, by what it is known by; for a relation of one column that means nothing.
    #[inline]
    pub fn select(&mut self, word: Word) {
        if self.word == word && self.shard != usize::MAX {
            return;
        }
        self.word = word;
        self.row = self.known.row(word);
        (self.shard, self.number) =
            if self.known.layout().width == 1 { (0, 0) } else { self.known.layout().place(word) };
    }

    /// Turns to the row behind the words of all columns but the last.
    #[inline]
    pub fn select_behind(&mut self, leading: impl Iterator<Item = Word>) {
        let row = self.known.layout().row_of(leading);
        self.select(row);
    }

    /// Adds a row.
    #[inline]
    fn push(&mut self, mut row: impl Iterator<Item = Word>) {
        let width = self.known.layout().width;
        let (Some(first), second) = (row.next(), row.next()) else { return };
        match second {
            None => {
                self.select(0);
                self.add(first);
            }
            Some(second) if width == 2 => {
                self.select(first);
                self.add(second);
            }
            Some(second) => {
                let mut words: Words = [first, second, 0, 0];
                words.iter_mut().skip(2).zip(row).for_each(|(slot, word)| *slot = word);
                self.select_behind(words[..width - 1].iter().copied());
                self.add(words[width - 1]);
            }
        }
    }

    /// Adds a column to the row at hand.
    #[inline]
    pub fn add(&mut self, column: Word) {
        self.add_chunk(column / CHUNK, 1 << (column % CHUNK));
    }

    /// Adds columns of a chunk to the row at hand.
    #[inline]
    pub fn add_chunk(&mut self, chunk: u32, bits: u32) {
        let rest = bits & !self.row.chunk(chunk);
        if rest != 0 {
            let number = self.number;
            self.shard().or(number, chunk, rest);
        }
    }

    /// Adds columns given as chunks; returns how many there were, known ones included.
    #[inline]
    pub fn add_chunks(&mut self, entries: &[u64]) -> u64 {
        let mut count = 0;
        for entry in entries {
            count += u64::from((*entry as u32).count_ones());
            if *entry != 0 {
                self.add_chunk((entry >> 32) as u32, *entry as u32);
            }
        }
        count
    }

    /// Adds columns in ascending order.
    #[inline]
    pub fn add_sorted(&mut self, columns: impl Iterator<Item = Word>) {
        let (mut chunk, mut bits) = (0, 0);
        for column in columns {
            if column / CHUNK != chunk {
                if bits != 0 {
                    self.add_chunk(chunk, bits);
                }
                (chunk, bits) = (column / CHUNK, 0);
            }
            bits |= 1 << (column % CHUNK);
        }
        if bits != 0 {
            self.add_chunk(chunk, bits);
        }
    }

    /// Adds a row of bits to the row at hand; returns how many there were, known ones included.
    pub fn add_row(&mut self, row: RowRef<'_>) -> u64 {
        let (bits, first) = match row {
            RowRef::Sparse(entries) => return self.add_chunks(entries),
            RowRef::Dense { bits, first } => (bits, first),
        };
        let mut count = 0;
        match self.row {
            RowRef::Dense { bits: known, first: known_first }
                if known_first == first && known.len() == bits.len() =>
            {
                // Most blocks bring nothing new.
                let blocks = bits.chunks(8).zip(known.chunks(8));
                for (at, (block, known)) in blocks.enumerate() {
                    let mut any = 0;
                    for (bits, known) in block.iter().zip(known) {
                        any |= bits & !known;
                        count += u64::from(bits.count_ones());
                    }
                    if any != 0 {
                        let chunks = (first + 8 * at as u32..).zip(block.iter().zip(known));
                        for (chunk, (bits, known)) in chunks {
                            if bits & !known != 0 {
                                let number = self.number;
                                self.shard().or(number, chunk, bits & !known);
                            }
                        }
                    }
                }
            }
            _ => {
                for (chunk, bits) in (first..).zip(bits) {
                    if *bits != 0 {
                        count += u64::from(bits.count_ones());
                        self.add_chunk(chunk, *bits);
                    }
                }
            }
        }
        count
    }

    #[inline]
    fn shard(&mut self) -> &mut BitRows {
        &mut self.found.shards_mut()[self.shard]
    }
}

impl<'a> Sink<'a> {
    /// A way to `target`.
    pub fn new(target: Target<'a>, budget: &'a Budget) -> Self {
        let noted = match target {
            Target::Pairs { noted, .. } | Target::Stored { noted, .. } => Some(noted),
            Target::List { .. } | Target::Groups { .. } => None,
        };
        let kind = match target {
            Target::Pairs { known, found: sets, noted } => {
                let taken = sets.lock().unwrap_or_else(PoisonError::into_inner).pop();
                if let Some(taken) = &taken {
                    // It counts as this thread's own meanwhile.
                    let bytes = taken.bytes().min(noted.load(Ordering::Relaxed));
                    noted.fetch_sub(bytes, Ordering::Relaxed);
                    budget.release(bytes);
                }
                Kind::Pairs(PairsSink {
                    known,
                    found: taken.unwrap_or_else(|| Pairs::new(*known.layout(), false)),
                    word: 0,
                    row: RowRef::Sparse(&[]),
                    shard: usize::MAX,
                    number: 0,
                    sets,
                })
            }
            Target::Stored { known, found, .. } => {
                Kind::Stored { known, found, handfuls: vec![Vec::new(); found.len()], hashes: Vec::new() }
            }
            Target::List { width, distinct } => {
                let compact_at = if distinct { usize::MAX } else { FIRST_COMPACTION };
                Kind::List { width, words: Vec::new(), len: 0, compact_at }
            }
            Target::Groups { fold, spans, gathered } => {
                Kind::Groups { tally: Tally::new(fold, spans), row: Vec::new(), gathered }
            }
        };
        let (held, gathered) = (Held::new(budget), Held::new(budget));
        Sink { kind, budget, noted, held, gathered, produced: 0, told: 0, ranged: 0 }
    }

    /// The budget that is told.
    pub fn budget(&self) -> &'a Budget {
        self.budget
    }

    /// Counts rows that an aggregate ranges over: a product inside one would have no end else.
    #[inline]
    pub fn ranged(&mut self, rows: u64) {
        self.ranged += rows;
    }

    /// Notes the bytes that an aggregate at work holds.
    pub fn hold(&mut self, bytes: u64) -> Result<(), Stop> {
        self.gathered.set(bytes)
    }

    /// Rows produced so far.
    pub fn produced(&self) -> u64 {
        self.produced
    }

    /// The rows of bits to add to, if that is where rows go; tell it with [`Sink::count`] how many
    /// were added.
    #[inline]
    pub fn pairs(&mut self) -> Option<&mut PairsSink<'a>> {
        match &mut self.kind {
            Kind::Pairs(pairs) => Some(pairs),
            _ => None,
        }
    }

    /// Counts rows that were added by way of [`Sink::pairs`].
    #[inline]
    pub fn count(&mut self, rows: u64) {
        self.produced += rows;
    }

    /// Takes rows added since the budget last heard of any for what no rule produced.
    pub fn uncount(&mut self) {
        self.produced = self.told;
    }

    /// Adds a row.
    #[inline]
    pub fn push(&mut self, row: impl Iterator<Item = Word> + Clone) {
        self.produced += 1;
        match &mut self.kind {
            Kind::Pairs(pairs) => pairs.push(row),
            Kind::Stored { known, found, handfuls, hashes } => {
                let shard = if handfuls.len() == 1 { 0 } else { shard_of(hash(row.clone()), handfuls.len()) };
                let handful = &mut handfuls[shard];
                let before = handful.len();
                handful.extend(row);
                if handful.len() == before {
                    // The row without columns is stored as a word.
                    handful.push(0);
                }
                if handful.len() >= HANDFUL * known[shard].width() {
                    hand_over(handful, &known[shard], &found[shard], hashes);
                }
            }
            Kind::List { words, len, .. } => {
                words.extend(row);
                *len += 1;
            }
            Kind::Groups { tally, row: words, .. } => {
                words.clear();
                words.extend(row);
                tally.add(words);
            }
        }
    }

    /// Tells the budget what was produced, and drops repeated rows of a long list. To be called
    /// once a block of work.
    pub fn account(&mut self) -> Result<(), Stop> {
        self.budget.produced(self.produced - self.told + std::mem::take(&mut self.ranged))?;
        self.told = self.produced;
        let noted = self.noted;
        let note = |bytes| noted.map_or(Ok(()), |noted| note(noted, bytes, self.budget));
        match &mut self.kind {
            Kind::Pairs(pairs) => self.held.set(pairs.found.bytes()),
            Kind::Groups { tally, .. } => self.held.set(tally.bytes()),
            Kind::Stored { known, found, .. } => {
                let mut bytes = 0;
                for (known, found) in known.iter().zip(*found) {
                    let found = found.lock().unwrap_or_else(PoisonError::into_inner);
                    bytes += found.bytes();
                    if known.len() + found.len() / known.width() > MOST_ROWS {
                        return Err(Stop::Rows(MOST_ROWS as u64));
                    }
                }
                note(bytes)
            }
            Kind::List { width, words, len, compact_at } => {
                self.held.set((words.capacity() * size_of::<Word>()) as u64)?;
                if *width == 0 {
                    *len = (*len).min(1);
                } else if words.len() > *compact_at {
                    let budget = self.budget;
                    *len = sort::sort_distinct(*width, words, &mut || budget.check())?;
                    *compact_at = (2 * words.len()).max(FIRST_COMPACTION);
                }
                Ok(())
            }
        }
    }

    /// Hands over what is left; of a list its words and the number of its rows, repeated ones
    /// included.
    pub fn finish(mut self) -> Result<(Vec<Word>, usize), Stop> {
        self.account()?;
        match self.kind {
            Kind::Pairs(PairsSink { found, sets, .. }) => {
                if let Some(noted) = self.noted {
                    noted.fetch_add(found.bytes(), Ordering::Relaxed);
                    self.budget.allocate(found.bytes())?;
                }
                sets.lock().unwrap_or_else(PoisonError::into_inner).push(found);
                Ok((Vec::new(), 0))
            }
            Kind::Stored { known, found, mut handfuls, mut hashes } => {
                for ((handful, known), found) in handfuls.iter_mut().zip(known).zip(found) {
                    hand_over(handful, known, found, &mut hashes);
                }
                Ok((Vec::new(), 0))
            }
            Kind::List { words, len, .. } => Ok((words, len)),
            Kind::Groups { tally, gathered, .. } => {
                gathered.lock().unwrap_or_else(PoisonError::into_inner).push(tally);
                Ok((Vec::new(), 0))
            }
        }
    }
}

/// Tells the budget that `bytes` are in use in place of what was noted.
pub fn note(noted: &AtomicU64, bytes: u64, budget: &Budget) -> Result<(), Stop> {
    let before = noted.swap(bytes, Ordering::Relaxed);
    if bytes > before {
        budget.allocate(bytes - before)
    } else {
        budget.release(before - bytes);
        Ok(())
    }
}

fn shard_of(hash: u64, shards: usize) -> usize {
    // Other bits than those that choose a slot.
    (hash >> 8) as usize % shards
}

fn hand_over(handful: &mut Vec<Word>, known: &Known, found: &Mutex<Found>, hashes: &mut Vec<u64>) {
    let mut found = found.lock().unwrap_or_else(PoisonError::into_inner);
    found.insert_all(handful, known, hashes);
    handful.clear();
}
