//! What has been stated of one relation: its distinct tuples, sorted, each with its assertions.

mod few;

use super::assertions::Stated;
use super::interner::{NIL, Word};
use super::sort;
use super::sources::{Context, Recorded};
use super::table::{Sorted, Table};
use crate::model::Status;

/// The tuples stated of one relation. Never changed once made: a change makes another.
#[derive(Clone, Debug)]
pub struct Extent {
    width: usize,
    /// Every tuple stated, seen or not.
    tuples: Table,
    /// Where the assertions of each tuple begin, and one past the end. Nothing where every tuple
    /// has one and the same assertion, which is then all of `stated`.
    first: Vec<u32>,
    stated: Vec<Stated>,
    /// The tuples that a plain atom sees.
    visible: Table,
    /// Whether something accepted speaks against a tuple.
    contested: bool,
    /// Whether every assertion is `Held`.
    held: bool,
}

/// Facts of one relation on their way into its [`Extent`], in the order in which they came.
#[derive(Clone, Debug, Default)]
pub struct Staged {
    /// Their tuples, one after the other.
    pub words: Vec<Word>,
    /// Their assertions.
    pub stated: Vec<Stated>,
}

impl Extent {
    /// Nothing stated of a relation of `width` columns.
    pub fn new(width: usize) -> Self {
        let empty = table(width, Vec::new(), 0);
        Extent {
            width,
            tuples: empty.clone(),
            first: vec![0],
            stated: Vec::new(),
            visible: empty,
            contested: false,
            held: true,
        }
    }

    /// Tuples of which each has this one assertion, by which a plain atom sees it: bulk data, at no
    /// more cost than its words.
    pub fn uniform(width: usize, tuples: Table, stated: Stated) -> Self {
        let mut extent = Extent::new(width);
        if !tuples.is_empty() {
            extent.visible = tuples.clone();
            extent.tuples = tuples;
            extent.first = Vec::new();
            extent.stated = vec![stated];
        }
        extent
    }

    /// All tuples, seen or not.
    pub fn tuples(&self) -> &Table {
        &self.tuples
    }

    /// The tuples that a plain atom sees.
    pub fn visible(&self) -> &Table {
        &self.visible
    }

    /// Number of assertions.
    pub fn len(&self) -> usize {
        if self.first.is_empty() { self.tuples.len() } else { self.stated.len() }
    }

    /// Whether nothing is stated.
    pub fn is_empty(&self) -> bool {
        self.stated.is_empty()
    }

    /// Whether an accepted assertion denies or cancels something.
    pub fn is_contested(&self) -> bool {
        self.contested
    }

    /// Whether every assertion is `Held`.
    pub fn is_held(&self) -> bool {
        self.held
    }

    /// Assertions of the tuple in row `row` of [`Extent::tuples`], in the order of loading.
    pub fn assertions(&self, row: usize) -> &[Stated] {
        if self.first.is_empty() {
            return &self.stated;
        }
        let bound = |at: usize| self.first.get(at).map_or(self.stated.len(), |first| *first as usize);
        self.stated.get(bound(row)..bound(row + 1)).unwrap_or(&[])
    }

    /// Row of a tuple in [`Extent::tuples`].
    pub fn find(&self, tuple: &[Word]) -> Option<usize> {
        if tuple.len() != self.width {
            return None;
        }
        let (low, high) = self.tuples.rows().range(tuple);
        (low < high).then_some(low)
    }

    /// Bytes in use, copies in other column orders included.
    pub fn bytes(&self) -> u64 {
        let visible = if self.visible.is_same(&self.tuples) { 0 } else { self.visible.bytes() };
        let beside = self.first.capacity() * size_of::<u32>() + self.stated.capacity() * size_of::<Stated>();
        self.tuples.bytes() + visible + beside as u64
    }

    /// This with more facts. Linear in both, apart from sorting the new ones.
    pub fn with(&self, staged: Staged, context: &Context<'_>) -> Extent {
        let new = Groups::sort(self.width, staged);
        if self.dwarfs(new.stated.len()) {
            return self.with_few(&new, context);
        }
        let total = self.len() + new.stated.len();
        let mut merged = Merged {
            words: Vec::with_capacity((self.tuples.len() + new.len()) * self.width),
            first: Vec::with_capacity(self.tuples.len() + new.len() + 1),
            stated: Vec::with_capacity(total),
        };
        let (mut old_row, mut new_row) = (0, 0);
        while old_row < self.tuples.len() || new_row < new.len() {
            let old = (old_row < self.tuples.len()).then(|| self.tuples.row(old_row));
            let fresh = (new_row < new.len()).then(|| new.row(new_row));
            let order = match (old, fresh) {
                (Some(old), Some(fresh)) => old.cmp(fresh),
                (Some(_), None) => std::cmp::Ordering::Less,
                (None, _) => std::cmp::Ordering::Greater,
            };
            merged.begin(if order.is_le() { old } else { fresh }.unwrap_or(&[]));
            if order.is_le() {
                merged.stated.extend_from_slice(self.assertions(old_row));
                old_row += 1;
            }
            if order.is_ge() {
                merged.stated.extend(new.assertions(new_row));
                new_row += 1;
            }
        }
        merged.finish(self.width, context)
    }

    /// This without the assertions that `drop` picks of tuples that begin with `prefix`, given the
    /// row of their tuple; tuples without assertion go too. `None` if nothing was picked.
    pub fn without(
        &self,
        context: &Context<'_>,
        prefix: &[Word],
        mut drop: impl FnMut(usize, &Stated) -> bool,
    ) -> Option<Extent> {
        let mut dropped: Vec<usize> = Vec::new();
        let (from, to) = self.tuples.rows().range(prefix);
        for row in from..to {
            let start = self.first.get(row).map_or(row, |first| *first as usize);
            let all = self.assertions(row).iter().enumerate();
            dropped.extend(all.filter(|(_, stated)| drop(row, stated)).map(|(i, _)| start + i));
        }
        if dropped.is_empty() {
            return None;
        }
        if self.dwarfs(dropped.len()) {
            return Some(self.without_few(&dropped, context));
        }
        let mut kept = Merged { words: Vec::new(), first: Vec::new(), stated: Vec::new() };
        let (mut dropped, mut place) = (dropped.into_iter().peekable(), 0..);
        for row in 0..self.tuples.len() {
            let before = kept.stated.len();
            for (stated, place) in self.assertions(row).iter().zip(&mut place) {
                if dropped.next_if_eq(&place).is_none() {
                    kept.stated.push(*stated);
                }
            }
            if kept.stated.len() > before {
                kept.first.push(before as u32);
                kept.words.extend_from_slice(self.tuples.row(row));
            }
        }
        Some(kept.finish(self.width, context))
    }

    /// This with what a plain atom sees found again, after the sources' dates, or the reviews that count,
    /// have changed.
    pub fn reconsidered(&self, context: &Context<'_>) -> Extent {
        let mut extent = self.clone();
        extent.visible = extent.seen(context);
        extent.contested = extent.stated.iter().any(|stated| context.opposes(stated));
        extent
    }

    fn seen(&self, context: &Context<'_>) -> Table {
        let visible = |row: usize| {
            let assertions = self.assertions(row);
            assertions.iter().any(|stated| sees(stated, assertions, context))
        };
        let Some(hidden) = (0..self.tuples.len()).find(|row| !visible(*row)) else {
            // Tables share their rows when cloned.
            return self.tuples.clone();
        };
        let rows: Vec<usize> =
            (0..hidden).chain((hidden + 1..self.tuples.len()).filter(|row| visible(*row))).collect();
        let words = rows.iter().flat_map(|row| self.tuples.row(*row)).copied().collect();
        table(self.width, words, rows.len())
    }
}

/// Whether a plain atom sees a tuple through `stated`, one of `all` of its assertions: it is
/// accepted and speaks for the tuple, and, unless it is `Held`, was recorded certainly later than
/// every accepted assertion that denies or cancels it.
pub fn sees(stated: &Stated, all: &[Stated], context: &Context<'_>) -> bool {
    let meta = context.metas.get(stated.meta);
    if !context.supports(stated) {
        return false;
    }
    meta.status == Status::Held
        || all.iter().filter(|other| context.opposes(other)).all(|other| {
            match (context.recorded(other), context.recorded(stated)) {
                (Recorded::On(denied), Recorded::On(said)) => denied.latest < said.earliest,
                _ => false,
            }
        })
}

/// A table of rows that are sorted and distinct.
fn table(width: usize, words: Vec<Word>, len: usize) -> Table {
    Table::from(Sorted::from_sorted(width, words, len))
}

/// Rows and assertions of an extent in the making.
struct Merged {
    words: Vec<Word>,
    first: Vec<u32>,
    stated: Vec<Stated>,
}

impl Merged {
    fn begin(&mut self, row: &[Word]) {
        self.first.push(self.stated.len() as u32);
        self.words.extend_from_slice(row);
    }

    fn finish(mut self, width: usize, context: &Context<'_>) -> Extent {
        let len = self.first.len();
        self.first.push(self.stated.len() as u32);
        self.words.shrink_to_fit();
        self.first.shrink_to_fit();
        let tuples = table(width, self.words, len);
        let contested = self.stated.iter().any(|stated| context.opposes(stated));
        let held = self.stated.iter().all(|stated| context.metas.get(stated.meta).status == Status::Held);
        let mut extent = Extent {
            width,
            visible: tuples.clone(),
            tuples,
            first: self.first,
            stated: self.stated,
            contested,
            held,
        };
        extent.visible = extent.seen(context);
        extent
    }
}

/// Staged facts sorted by tuple, those of one tuple together in the order in which they came.
struct Groups {
    width: usize,
    /// Rows with the number of their fact behind them, sorted.
    keyed: Vec<Word>,
    /// Where each group begins in `keyed`, counted in rows, and one past the end.
    starts: Vec<u32>,
    stated: Vec<Stated>,
}

impl Groups {
    fn sort(width: usize, staged: Staged) -> Groups {
        let Staged { words, stated } = staged;
        let mut keyed = Vec::with_capacity(stated.len() * (width + 1));
        for number in 0..stated.len() {
            keyed.extend_from_slice(words.get(number * width..(number + 1) * width).unwrap_or(&[]));
            keyed.push(number as Word);
        }
        // The numbers differ, so that no row is dropped as a repetition.
        match sort::sort_distinct(width + 1, &mut keyed, &mut sort::never) {
            Ok(_) => {}
        }
        let mut starts = Vec::new();
        let mut last: Option<&[Word]> = None;
        for (at, row) in keyed.chunks_exact(width + 1).enumerate() {
            let tuple = row.get(..width).unwrap_or(&[]);
            if last != Some(tuple) {
                starts.push(at as u32);
                last = Some(tuple);
            }
        }
        starts.push(stated.len() as u32);
        Groups { width, keyed, starts, stated }
    }

    fn len(&self) -> usize {
        self.starts.len() - 1
    }

    fn keyed_row(&self, at: usize) -> &[Word] {
        self.keyed.get(at * (self.width + 1)..(at + 1) * (self.width + 1)).unwrap_or(&[NIL])
    }

    fn row(&self, group: usize) -> &[Word] {
        let at = self.starts.get(group).map_or(0, |start| *start as usize);
        self.keyed_row(at).get(..self.width).unwrap_or(&[])
    }

    fn assertions(&self, group: usize) -> impl Iterator<Item = Stated> {
        let bound = |at: usize| self.starts.get(at).map_or(0, |start| *start as usize);
        (bound(group)..bound(group + 1))
            .filter_map(|at| self.keyed_row(at).last())
            .filter_map(|number| self.stated.get(*number as usize))
            .copied()
    }
}
