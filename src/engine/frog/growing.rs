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
use super::orders::{self, Need};
use crate::base::{Budget, Stop};
use crate::engine::batch::{Batch, Places};
use crate::engine::rows::Held;
use crate::engine::sink::{Target, note};
use crate::engine::store::{Found, Known};
use crate::plan::{Access, Estimate, Read};
use crate::storage::bits::{BitRows, columns};
use crate::storage::pairs::{Layout, Pairs, Turn};
use crate::storage::table::sampled_distinct;
use crate::storage::{Sorted, Table, Word};

/// Pieces of work that are worth another thread.
const WORTH_THREADS: usize = 1 << 12;
/// Rows of bits between two looks at the budget.
const TURNS: usize = 1 << 10;
/// Rows of bits that another order may always have.
const FEW_ROWS: Word = 1 << 16;
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
        /// The same in other orders of columns, for rules that look it up by these.
        orders: Vec<Order>,
    },
    Stored {
        width: usize,
        known: Vec<Known>,
        found: Vec<Mutex<Found>>,
        /// For each shard the first row of the last round.
        recent: Vec<usize>,
    },
}

/// A relation kept as bits in another order of columns.
struct Order {
    /// The relation's column in each place.
    stands: Vec<usize>,
    pairs: Pairs,
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
                Kept::Pairs { known, found: Mutex::default(), orders: Vec::new() }
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

    /// Gets ready to be read so.
    pub fn prepare(&mut self, needs: &[Need]) {
        match &mut self.kept {
            Kept::Pairs { known, orders, .. } => {
                let width = known.layout().width;
                let mut there = vec![(0..width).collect::<Vec<usize>>()];
                there.extend(orders.iter().map(|order| order.stands.clone()));
                let missing = orders::missing(width, needs, &there);
                orders.extend(missing.into_iter().filter_map(|stands| Order::of(known, stands)));
            }
            Kept::Stored { known, .. } => {
                for key in needs.iter().flat_map(Need::keys) {
                    for known in &mut *known {
                        known.index(key);
                    }
                }
            }
        }
    }

    /// Whether it can be read so, or got ready for it, which not every relation kept as bits can.
    pub fn is_ready(&self, need: &Need) -> bool {
        match &self.kept {
            Kept::Pairs { known, orders, .. } => {
                let layout = known.layout();
                let own: Vec<usize> = (0..layout.width).collect();
                let is_served = |stands: &Vec<usize>| need.is_served(stands);
                is_served(&own)
                    || orders.iter().any(|order| is_served(&order.stands))
                    || layout.width > 2
                        && orders::missing(layout.width, std::slice::from_ref(need), &[own]).iter().all(
                            |stands| {
                                let turned = Layout::new(&orders::turned(layout, stands), 1);
                                turned.is_some_and(|turned| turned.rows.1 <= layout.rows.1.max(FEW_ROWS))
                            },
                        )
            }
            Kept::Stored { .. } => true,
        }
    }

    /// Its size now.
    pub fn estimate(&self) -> Estimate {
        match &self.kept {
            Kept::Pairs { known, orders, .. } => {
                let rows = known.len() as f64;
                let of = |pairs: &Pairs| pairs.occupied() as f64;
                let distinct = match known.layout().width {
                    1 => vec![rows],
                    2 => {
                        let last = orders.first().map(|order| of(&order.pairs));
                        vec![of(known), last.unwrap_or_else(|| known.distinct(1))]
                    }
                    width => (0..width).map(|column| known.distinct(column)).collect(),
                };
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

    /// How it is kept as bits, if it is.
    pub fn layout(&self) -> Option<&Layout> {
        match &self.kept {
            Kept::Pairs { known, .. } => Some(known.layout()),
            Kept::Stored { .. } => None,
        }
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

    /// The batches of a read that is looked up as `need` says.
    pub fn batches<'a>(&'a self, read: &'a Read, need: &Need, recent: &'a Recent<'_>) -> Vec<Batch<'a>> {
        let columns = read.columns.as_slice();
        match &self.kept {
            Kept::Pairs { known, orders, .. } if known.layout().width > 2 => {
                let layout = known.layout();
                let own = [0, 1, 2, 3];
                let own = own.get(..layout.width).unwrap_or(&[]);
                if read.access == Access::Delta {
                    let places = Places::new(columns, own);
                    return vec![Batch::Pieces { chunks: &recent.elements, layout, places }];
                }
                let order = orders.iter().find(|order| !need.is_served(own) && need.is_served(&order.stands));
                let (pairs, stands) =
                    order.map_or((known, own), |order| (&order.pairs, order.stands.as_slice()));
                vec![Batch::Bits { pairs, places: Places::new(columns, stands) }]
            }
            Kept::Pairs { known, .. } if read.access == Access::Delta => {
                vec![Batch::Chunks { chunks: &recent.elements, width: known.layout().width, columns }]
            }
            Kept::Pairs { known, orders, .. } => match (orders.first(), columns) {
                (Some(Order { pairs, .. }), [1, ..]) if need.is_keyed() => {
                    vec![Batch::Pairs { pairs, columns, swapped: true }]
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
            Kept::Pairs { known, found, orders } => {
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
                    pool.install(|| {
                        parts.into_par_iter().with_max_len(1).map(take).collect::<Result<_, Stop>>()
                    })?
                } else {
                    parts.into_iter().map(take).collect::<Result<_, Stop>>()?
                };
                added = known.len() as u64 - before;
                let pieces = match <[Vec<Piece>; 1]>::try_from(pieces) {
                    Ok([pieces]) => pieces,
                    Err(pieces) => pieces.concat(),
                };
                for order in orders {
                    order.add(&layout, &pieces, pool, budget)?;
                }
                if let Some(rows) = noted_rows {
                    for [row, chunk, bits] in &pieces {
                        let words = layout.words_of(*row);
                        for column in columns(*chunk, *bits) {
                            rows.extend(words.iter().take(layout.width - 1).chain([&column, &round]));
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
            Kept::Pairs { known, found, orders } => {
                let found = found.lock().map_or(0, |found| found.iter().map(Pairs::bytes).sum());
                known.bytes() + orders.iter().map(|order| order.pairs.bytes()).sum::<u64>() + found
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

impl Order {
    /// What is known, in an order where the relation's columns stand so.
    fn of(known: &Pairs, stands: Vec<usize>) -> Option<Order> {
        let from = known.layout();
        let layout = Layout::new(&orders::turned(from, &stands), known.shards().len())?;
        let mut pairs = Pairs::new(layout, layout.cells() <= DENSE_BITS);
        for (number, shard) in known.shards().iter().enumerate() {
            let add = |row, chunks: &[u64]| {
                let turn = Turn::of(from, from.row_word(number, row), &layout, &stands);
                for entry in chunks {
                    turn.add(&layout, pairs.shards_mut(), 0, ((entry >> 32) as u32, *entry as u32));
                }
                Ok::<(), std::convert::Infallible>(())
            };
            match shard.for_each(add) {
                Ok(()) => {}
            }
        }
        Some(Order { stands, pairs })
    }

    /// Adds pieces of the relation.
    fn add(&mut self, from: &Layout, pieces: &[Piece], pool: &Pool, budget: &Budget) -> Result<(), Stop> {
        let layout = *self.pairs.layout();
        let stands = self.stands.as_slice();
        let shards = self.pairs.shards_mut();
        let turn = |row: Word| Turn::of(from, row, &layout, stands);
        if !pool.shares(shards.len() > 1 && pieces.len() >= WORTH_THREADS) {
            for block in pieces.chunks(WORTH_THREADS) {
                budget.check()?;
                for [row, chunk, bits] in block {
                    turn(*row).add(&layout, shards, 0, (*chunk, *bits));
                }
            }
            return Ok(());
        }
        // First which pieces go to each shard, a part of them at a time; then each shard its own.
        let parts: Vec<&[Piece]> = pieces.chunks(pieces.len().div_ceil(4 * pool.jobs()).max(1)).collect();
        let count = shards.len();
        let mut held = Held::new(budget);
        held.set((pieces.len() * size_of::<u32>()) as u64)?;
        let sort = |part: &&[Piece]| {
            let mut goes = vec![Vec::new(); count];
            for (block, from) in part.chunks(WORTH_THREADS).zip((0..).step_by(WORTH_THREADS)) {
                budget.check()?;
                for ([row, chunk, bits], at) in block.iter().zip(from..) {
                    turn(*row).shards(&layout, (*chunk, *bits), |shard| {
                        if let Some(own) = goes.get_mut(shard) {
                            own.push(at);
                        }
                    });
                }
            }
            Ok(goes)
        };
        pool.install(|| {
            let goes: Vec<Vec<Vec<u32>>> =
                parts.par_iter().with_max_len(1).map(sort).collect::<Result<_, Stop>>()?;
            let add = |(number, shard): (usize, &mut BitRows)| {
                let shard = std::slice::from_mut(shard);
                for (part, goes) in parts.iter().zip(&goes) {
                    for block in goes.get(number).map_or(&[][..], Vec::as_slice).chunks(WORTH_THREADS) {
                        budget.check()?;
                        for [row, chunk, bits] in block.iter().filter_map(|at| part.get(*at as usize)) {
                            turn(*row).add(&layout, shard, number, (*chunk, *bits));
                        }
                    }
                }
                Ok(())
            };
            shards.par_iter_mut().enumerate().with_max_len(1).try_for_each(add)
        })
    }
}

/// Moves what was found, by however many threads, to what is known; returns what is new in pieces, in
/// order.
fn take_in(
    layout: &Layout,
    shard: usize,
    known: &mut BitRows,
    mut found: Vec<&mut BitRows>,
    budget: &Budget,
) -> Result<Vec<Piece>, Stop> {
    let mut pieces = Vec::new();
    let (mut chunks, mut more) = (Vec::new(), Vec::new());
    found.iter_mut().for_each(|set| set.order());
    let mut next = vec![0; found.len()];
    for turn in 0.. {
        let of = |(set, at): (&&mut BitRows, &usize)| set.occupied().get(*at).copied();
        let Some(row) = found.iter().zip(&next).filter_map(of).min() else { break };
        if turn % TURNS == 0 {
            budget.check()?;
        }
        let mut sets = 0;
        for (set, at) in found.iter().zip(&mut next) {
            if set.occupied().get(*at) != Some(&row) {
                continue;
            }
            *at += 1;
            sets += 1;
            set.row(row as usize).sorted(if sets == 1 { &mut chunks } else { &mut more });
            if sets > 1 {
                join(&mut chunks, &more);
            }
        }
        let word = layout.row_word(shard, row);
        for entry in &chunks {
            let (chunk, bits) = ((entry >> 32) as u32, *entry as u32);
            known.or(row as usize, chunk, bits);
            pieces.push([word, chunk, bits]);
        }
    }
    found.iter_mut().for_each(|set| set.clear());
    Ok(pieces)
}

/// Adds chunks to others, both in order.
fn join(chunks: &mut Vec<u64>, more: &[u64]) {
    chunks.extend_from_slice(more);
    // Two runs: a merge.
    chunks.sort();
    chunks.dedup_by(|next, kept| {
        let same = *next >> 32 == *kept >> 32;
        if same {
            *kept |= *next;
        }
        same
    });
}
