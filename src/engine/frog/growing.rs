//! Relations that grow: what is known of them, what a round has found, and the datafrog `Variable`
//! that carries what is new from round to round.
//!
//! datafrog's life cycle of a tuple is "to add", "recent", "stable". Tuples are new when they are
//! handed to the `Variable` here, since whatever finds them asks at once whether they are known;
//! and once they are no longer recent they are taken out of it, since rules read stable tuples
//! in the shapes below, which find them faster than sorted batches. What travels in it are pieces
//! of three words: of bits a row, a chunk and its bits; of numbered rows a shard and the numbers of
//! the first row and of the one behind the last.

use std::cell::Ref;
use std::sync::atomic::AtomicU64;
use std::sync::{Mutex, PoisonError};

use datafrog::{Iteration, Relation, Variable};
use rayon::prelude::*;

use super::Pool;
use crate::base::{Budget, Stop};
use crate::engine::batch::Batch;
use crate::engine::sink::{Target, note};
use crate::engine::store::{Found, Known};
use crate::plan::{Access, Estimate, Read};
use crate::storage::bits::{BitRows, CHUNK, columns};
use crate::storage::pairs::{Layout, Pairs};
use crate::storage::table::sampled_distinct;
use crate::storage::{Sorted, Table, Word};

/// Pieces of work that are worth another thread.
const WORTH_THREADS: usize = 1 << 14;
/// Rows of bits between two looks at the budget.
const TURNS: usize = 1 << 10;
/// Bits of a relation that are kept dense from the first.
const DENSE_BITS: f64 = (1_u64 << 25) as f64;

type Piece = [Word; 3];

/// A growing relation.
pub(super) struct Growing {
    variable: Variable<Piece>,
    kept: Kept,
    /// Bytes of what a round has found that the budget knows of.
    noted: AtomicU64,
}

enum Kept {
    Pairs {
        known: Pairs,
        /// A set for each thread that has found any.
        found: Mutex<Vec<Pairs>>,
        /// The same by the second column, if a rule looks it up so.
        swapped: Option<Pairs>,
    },
    Stored {
        width: usize,
        known: Vec<Known>,
        found: Vec<Mutex<Found>>,
        /// For each shard the first row of the last round.
        recent: Vec<usize>,
    },
}

/// Which of a relation's rows a round added, for as long as it is read.
pub(super) type Recent<'a> = Ref<'a, Relation<Piece>>;

impl Growing {
    /// An empty relation: as bits if there is a layout for it, and else as numbered rows in `shards`
    /// shards.
    pub fn new(
        iteration: &mut Iteration,
        name: &str,
        width: usize,
        layout: Option<Layout>,
        shards: usize,
    ) -> Growing {
        // What is handed over is new: datafrog need not compare it with all the rest again.
        let variable = iteration.variable_indistinct(name);
        let kept = match layout {
            Some(layout) => {
                let known = Pairs::new(layout, layout.cells() <= DENSE_BITS);
                Kept::Pairs { known, found: Mutex::default(), swapped: None }
            }
            None => Kept::Stored {
                width,
                known: vec![Known::new(width.max(1)); shards],
                found: (0..shards).map(|_| Mutex::default()).collect(),
                recent: vec![0; shards],
            },
        };
        Growing { variable, kept, noted: AtomicU64::new(0) }
    }

    /// Gets ready to be read so, with a key of so many columns.
    pub fn prepare(&mut self, read: &Read, key: usize) {
        match &mut self.kept {
            Kept::Pairs { known, swapped, .. } => {
                if read.columns.first() == Some(&1) && key > 0 && swapped.is_none() {
                    *swapped = turned(known);
                }
            }
            Kept::Stored { known, .. } => {
                if let Some(key) = read.columns.get(..key).filter(|key| !key.is_empty()) {
                    for known in known {
                        known.index(key);
                    }
                }
            }
        }
    }

    /// Whether it can be read so, which not every relation kept as bits can by its second column.
    pub fn is_ready(&self, read: &Read) -> bool {
        match &self.kept {
            Kept::Pairs { swapped, .. } => read.columns.first() != Some(&1) || swapped.is_some(),
            Kept::Stored { .. } => true,
        }
    }

    /// Its size now.
    pub fn estimate(&self) -> Estimate {
        match &self.kept {
            Kept::Pairs { known, swapped, .. } => {
                let rows = known.len() as f64;
                let of = |pairs: &Pairs| pairs.occupied() as f64;
                let span = |(low, high): (Word, Word)| (f64::from(high - low) + 1.0).min(rows);
                let layout = known.layout();
                let last = swapped.as_ref().map_or(span(layout.columns), of);
                let distinct = if layout.width == 1 { vec![rows] } else { vec![of(known), last] };
                Estimate { rows, distinct }
            }
            Kept::Stored { width, known, .. } => {
                let rows: usize = known.iter().map(Known::len).sum();
                let whole = known.first().map_or(&[][..], |known| known.rows((0, known.len())));
                let distinct = (0..*width).map(|column| sampled_distinct(whole, *width, column));
                let distinct = distinct.map(|distinct| distinct.min(rows as f64)).collect();
                Estimate { rows: rows as f64, distinct }
            }
        }
    }

    /// What the last round added.
    pub fn recent(&self) -> Recent<'_> {
        self.variable.recent.borrow()
    }

    /// The rows that the last round added, shard by shard with their width; `None` where they are
    /// bits.
    pub fn recent_rows(&self) -> Option<Vec<(&[Word], usize)>> {
        match &self.kept {
            Kept::Stored { width, known, recent, .. } if *width > 0 => Some(
                known
                    .iter()
                    .zip(recent)
                    .map(|(known, from)| (known.rows((*from, known.len())), *width))
                    .collect(),
            ),
            _ => None,
        }
    }

    /// The batches of a read; `keyed` says whether it is looked up by a key.
    pub fn batches<'a>(&'a self, read: &'a Read, keyed: bool, recent: &'a Recent<'_>) -> Vec<Batch<'a>> {
        let columns = read.columns.as_slice();
        match &self.kept {
            Kept::Pairs { known, .. } if read.access == Access::Delta => {
                vec![Batch::Chunks { chunks: &recent.elements, width: known.layout().width, columns }]
            }
            Kept::Pairs { known, swapped, .. } => match (swapped, columns) {
                (Some(swapped), [1, ..]) if keyed => {
                    vec![Batch::Pairs { pairs: swapped, columns, swapped: true }]
                }
                _ => vec![Batch::Pairs { pairs: known, columns, swapped: false }],
            },
            Kept::Stored { known, recent: starts, .. } => known
                .iter()
                .zip(starts)
                .map(|(known, start)| {
                    let range = match read.access {
                        Access::Full => (0, known.len()),
                        Access::Delta => (*start, known.len()),
                        Access::Old => (0, *start),
                    };
                    Batch::Stored { known, range, columns }
                })
                .collect(),
        }
    }

    /// Where new rows go.
    pub fn target(&self) -> Target<'_> {
        let noted = &self.noted;
        match &self.kept {
            Kept::Pairs { known, found, .. } => Target::Pairs { known, found, noted },
            Kept::Stored { known, found, .. } => Target::Stored { known, found, noted },
        }
    }

    /// Rows found since the last round began; one that several threads found counts for each.
    pub fn found(&self) -> u64 {
        match &self.kept {
            Kept::Pairs { found, .. } => {
                found.lock().map_or(0, |found| found.iter().map(|found| found.len() as u64).sum())
            }
            Kept::Stored { width, found, .. } => {
                let words: usize =
                    found.iter().map(|found| found.lock().map_or(0, |found| found.len())).sum();
                (words / (*width).max(1)) as u64
            }
        }
    }

    /// Takes the recent rows out of the `Variable`, before it would make them stable.
    pub fn settle(&self) {
        self.variable.recent.borrow_mut().elements = Vec::new();
    }

    /// Makes known what the round has found, to be recent in the next. Returns how many rows that
    /// were, and adds them to `noted_rows` with `round` behind each, if given.
    pub fn admit(
        &mut self,
        pool: &Pool,
        budget: &Budget,
        round: Word,
        noted_rows: Option<&mut Vec<Word>>,
    ) -> Result<u64, Stop> {
        let mut added = 0;
        let pieces = match &mut self.kept {
            Kept::Pairs { known, found, swapped } => {
                let layout = *known.layout();
                let sets = found.get_mut().unwrap_or_else(PoisonError::into_inner);
                // What each shard finds, set by set.
                let mut shards: Vec<Vec<&mut BitRows>> = known.shards().iter().map(|_| Vec::new()).collect();
                let mut count = 0;
                for set in sets {
                    for (shard, found) in shards.iter_mut().zip(set.shards_mut()) {
                        if !found.is_empty() {
                            count += found.pairs();
                            shard.push(found);
                        }
                    }
                }
                let parts: Vec<_> = known.shards_mut().iter_mut().zip(shards).enumerate().collect();
                let before: u64 = parts.iter().map(|(_, (known, _))| known.pairs()).sum();
                let take = |(number, (known, found)): (usize, (&mut BitRows, Vec<&mut BitRows>))| {
                    take_in(&layout, number, known, found, budget)
                };
                let pieces: Vec<Vec<Piece>> = if pool.shares(count as usize > WORTH_THREADS) {
                    pool.install(|| parts.into_par_iter().map(take).collect::<Result<_, Stop>>())?
                } else {
                    parts.into_iter().map(take).collect::<Result<_, Stop>>()?
                };
                added = known.len() as u64 - before;
                let pieces = match <[Vec<Piece>; 1]>::try_from(pieces) {
                    Ok([pieces]) => pieces,
                    Err(pieces) => pieces.concat(),
                };
                if let Some(swapped) = swapped {
                    add_swapped(swapped, &pieces, pool, budget)?;
                }
                if let Some(rows) = noted_rows {
                    for [row, chunk, bits] in &pieces {
                        for column in columns(*chunk, *bits) {
                            rows.extend([*row, column].iter().skip(2 - layout.width).chain([&round]));
                        }
                    }
                }
                pieces
            }
            Kept::Stored { width, known, found, recent } => {
                let mut pieces = Vec::new();
                let mut rows = noted_rows;
                for (shard, (known, found)) in known.iter_mut().zip(found.iter_mut()).enumerate() {
                    budget.check()?;
                    let found = found.get_mut().unwrap_or_else(PoisonError::into_inner);
                    let from = known.len();
                    if let Some(start) = recent.get_mut(shard) {
                        *start = from;
                    }
                    known.append(found.words());
                    if known.len() > from {
                        added += (known.len() - from) as u64;
                        pieces.push([shard as Word, from as Word, known.len() as Word]);
                    }
                    if let Some(rows) = &mut rows {
                        for number in from..known.len() {
                            rows.extend(known.row(number).iter().take(*width).chain([&round]));
                        }
                    }
                }
                pieces
            }
        };
        if !pieces.is_empty() {
            self.variable.insert(Relation { elements: pieces });
        }
        note(&self.noted, 0, budget)?;
        Ok(added)
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        let kept = match &self.kept {
            Kept::Pairs { known, found, swapped } => {
                let found = found.lock().map_or(0, |found| found.iter().map(Pairs::bytes).sum());
                known.bytes() + swapped.as_ref().map_or(0, Pairs::bytes) + found
            }
            Kept::Stored { known, found, .. } => {
                let found = found.iter().map(|found| found.lock().map_or(0, |found| found.bytes()));
                known.iter().map(Known::bytes).sum::<u64>() + found.sum::<u64>()
            }
        };
        kept + (self.variable.recent.borrow().elements.capacity() * size_of::<Piece>()) as u64
    }

    /// All rows.
    pub fn finish(self, pool: &Pool, budget: &Budget) -> Result<Table, Stop> {
        match self.kept {
            Kept::Pairs { mut known, .. } => {
                known.shrink();
                Ok(Table::from_bits(known))
            }
            Kept::Stored { width: 0, known, .. } => {
                Ok(Table::nullary(known.iter().any(|known| !known.is_empty())))
            }
            Kept::Stored { width, known, found, .. } => {
                drop(found);
                let mut words = Vec::new();
                for known in known {
                    match words.is_empty() {
                        true => words = known.into_words(),
                        false => words.extend(known.into_words()),
                    }
                }
                let len = pool.sort(width, &mut words, budget)?;
                Ok(Table::from(Sorted::from_sorted(width, words, len)))
            }
        }
    }
}

/// A relation the other way round.
fn turned(pairs: &Pairs) -> Option<Pairs> {
    let layout = pairs.layout();
    let layout = Layout::new(&[layout.columns, layout.rows], pairs.shards().len())?;
    let mut turned = Pairs::new(layout, layout.cells() <= DENSE_BITS);
    let from = *pairs.layout();
    for (number, shard) in pairs.shards().iter().enumerate() {
        let add = |row, chunks: &[u64]| {
            let row = from.row_word(number, row);
            for entry in chunks {
                for column in columns((entry >> 32) as u32, *entry as u32) {
                    let (shard, number) = layout.place(column);
                    if let Some(rows) = turned.shards_mut().get_mut(shard) {
                        rows.or(number, row / CHUNK, 1 << (row % CHUNK));
                    }
                }
            }
            Ok::<(), std::convert::Infallible>(())
        };
        match shard.for_each(add) {
            Ok(()) => {}
        }
    }
    Some(turned)
}

/// Moves what was found to what is known; returns what is new in pieces, in order.
fn take_in(
    layout: &Layout,
    shard: usize,
    known: &mut BitRows,
    found: Vec<&mut BitRows>,
    budget: &Budget,
) -> Result<Vec<Piece>, Stop> {
    let mut pieces = Vec::new();
    let mut chunks = Vec::new();
    let mut sets = found.into_iter();
    let Some(found) = sets.next() else { return Ok(pieces) };
    for set in sets {
        budget.check()?;
        for row in set.occupied() {
            set.row(*row as usize).sorted(&mut chunks);
            for entry in &chunks {
                found.or(*row as usize, (entry >> 32) as u32, *entry as u32);
            }
        }
        set.clear();
    }
    found.order();
    for (turn, row) in found.occupied().iter().enumerate() {
        if turn % TURNS == 0 {
            budget.check()?;
        }
        found.row(*row as usize).sorted(&mut chunks);
        let word = layout.row_word(shard, *row);
        for entry in &chunks {
            let (chunk, bits) = ((entry >> 32) as u32, *entry as u32);
            known.or(*row as usize, chunk, bits);
            pieces.push([word, chunk, bits]);
        }
    }
    found.clear();
    Ok(pieces)
}

/// Adds pieces to the relation the other way round.
fn add_swapped(swapped: &mut Pairs, pieces: &[Piece], pool: &Pool, budget: &Budget) -> Result<(), Stop> {
    let layout = *swapped.layout();
    let shards = swapped.shards_mut();
    if !pool.shares(shards.len() > 1 && pieces.len() >= WORTH_THREADS) {
        for (turn, [row, chunk, bits]) in pieces.iter().enumerate() {
            if turn % WORTH_THREADS == 0 {
                budget.check()?;
            }
            for column in columns(*chunk, *bits) {
                let (shard, number) = layout.place(column);
                if let Some(rows) = shards.get_mut(shard) {
                    rows.or(number, row / CHUNK, 1 << (row % CHUNK));
                }
            }
        }
        return Ok(());
    }
    // Each thread picks what is for its shards.
    let each = shards.len().div_ceil(pool.jobs());
    let add = |(group, shards): (usize, &mut [BitRows])| {
        let first = group * each;
        let range = first..first + shards.len();
        let own = |column: Word| range.contains(&layout.place(column).0);
        for (turn, [row, chunk, bits]) in pieces.iter().enumerate() {
            if turn % WORTH_THREADS == 0 {
                budget.check()?;
            }
            let low = (chunk * CHUNK).max(layout.rows.0);
            if !own(low) && !own((chunk * CHUNK + (CHUNK - 1)).min(layout.rows.1)) {
                continue;
            }
            for column in columns(*chunk, *bits) {
                let (shard, number) = layout.place(column);
                if let Some(rows) = shard.checked_sub(first).and_then(|shard| shards.get_mut(shard)) {
                    rows.or(number, row / CHUNK, 1 << (row % CHUNK));
                }
            }
        }
        Ok(())
    };
    pool.install(|| shards.par_chunks_mut(each).enumerate().try_for_each(add))
}
