//! Steps that change few of many tuples: copies piece by piece, and orders of columns that stay.

use super::{Extent, Groups, sees};
use crate::model::Status;
use crate::storage::assertions::Stated;
use crate::storage::interner::Word;
use crate::storage::sources::Context;
use crate::storage::table::Sorted;

/// Tuples for each that changes, from which on it is worth looking at those alone.
const MANY: usize = 64;

impl Extent {
    /// Whether so many facts are few beside those there are.
    pub(super) fn dwarfs(&self, facts: usize) -> bool {
        self.width > 0 && !self.first.is_empty() && facts * MANY <= self.tuples.len()
    }

    /// [`Extent::with`] for few facts.
    pub(super) fn with_few(&self, new: &Groups, context: &Context<'_>) -> Extent {
        let mut first = Vec::with_capacity(self.first.len() + new.len());
        let mut stated = Vec::with_capacity(self.stated.len() + new.stated.len());
        let mut come: Vec<Word> = Vec::new();
        // The first row that is not copied yet.
        let mut next = 0;
        for group in 0..new.len() {
            let tuple = new.row(group);
            let at = self.tuples.rows().first_not_below(tuple);
            let known = self.tuples.row(at) == tuple;
            // With the assertions that a known tuple has.
            self.copy(next..at + usize::from(known), &mut first, &mut stated);
            if !known {
                come.extend_from_slice(tuple);
                first.push(stated.len() as u32);
            }
            stated.extend(new.assertions(group));
            next = at + usize::from(known);
        }
        self.copy(next..self.tuples.len(), &mut first, &mut stated);
        first.push(stated.len() as u32);
        let come = Sorted::from_sorted(self.width, come, 0);
        let nothing = Sorted::from_sorted(self.width, Vec::new(), 0);
        let contested = self.contested || new.stated.iter().any(|stated| context.opposes(stated));
        let is_held = |stated: &Stated| context.metas.get(stated.meta).status == Status::Held;
        let held = self.held && new.stated.iter().all(is_held);
        let tuples = self.tuples.changed(&nothing, &come);
        let (width, visible) = (self.width, tuples.clone());
        let extent = Extent { width, visible, tuples, first, stated, contested, held };
        extent.seen_as(self, (0..new.len()).map(|group| new.row(group)), context)
    }

    /// This without the assertions at these places in `stated`, which are in order and few.
    pub(super) fn without_few(&self, dropped: &[usize], context: &Context<'_>) -> Extent {
        let mut first = Vec::with_capacity(self.first.len());
        let mut stated = Vec::with_capacity(self.stated.len());
        let (mut gone, mut touched) = (Vec::new(), Vec::new());
        let mut next = 0;
        for places in dropped.chunk_by(|a, b| self.row_of(*a) == self.row_of(*b)) {
            let Some(row) = places.first().map(|place| self.row_of(*place)) else { continue };
            self.copy(next..row, &mut first, &mut stated);
            next = row + 1;
            touched.push(self.tuples.row(row));
            let before = stated.len();
            let start = self.first.get(row).map_or(0, |first| *first as usize);
            let kept =
                self.assertions(row).iter().enumerate().filter(|(i, _)| !places.contains(&(start + i)));
            stated.extend(kept.map(|(_, stated)| *stated));
            if stated.len() > before {
                first.push(before as u32);
            } else {
                gone.extend_from_slice(self.tuples.row(row));
            }
        }
        self.copy(next..self.tuples.len(), &mut first, &mut stated);
        first.push(stated.len() as u32);
        let contested = self.contested && stated.iter().any(|stated| context.opposes(stated));
        let is_held = |stated: &Stated| context.metas.get(stated.meta).status == Status::Held;
        let held = self.held || stated.iter().all(is_held);
        let gone = Sorted::from_sorted(self.width, gone, 0);
        let nothing = Sorted::from_sorted(self.width, Vec::new(), 0);
        let tuples = self.tuples.changed(&gone, &nothing);
        let (width, visible) = (self.width, tuples.clone());
        let extent = Extent { width, visible, tuples, first, stated, contested, held };
        extent.seen_as(self, touched.into_iter(), context)
    }

    /// Appends the assertions of some rows, and where those of each row begin.
    fn copy(&self, rows: std::ops::Range<usize>, first: &mut Vec<u32>, stated: &mut Vec<Stated>) {
        let bound = |at: usize| self.first.get(at).map_or(self.stated.len(), |first| *first as usize);
        let (from, to) = (bound(rows.start), bound(rows.end));
        let before = stated.len();
        let shifted = |start: &u32| (*start as usize - from + before) as u32;
        first.extend(self.first.get(rows).unwrap_or(&[]).iter().map(shifted));
        stated.extend_from_slice(self.stated.get(from..to).unwrap_or(&[]));
    }

    /// The row to which an assertion belongs.
    fn row_of(&self, place: usize) -> usize {
        self.first.partition_point(|start| *start as usize <= place).saturating_sub(1)
    }

    /// This, seeing what `before` saw but for some tuples, which are looked at again.
    fn seen_as<'t>(
        mut self,
        before: &Extent,
        touched: impl Iterator<Item = &'t [Word]>,
        context: &Context<'_>,
    ) -> Extent {
        let (mut hidden, mut shown) = (Vec::new(), Vec::new());
        for tuple in touched {
            let assertions = self.find(tuple).map_or(&[][..], |row| self.assertions(row));
            let is_seen = assertions.iter().any(|stated| sees(stated, assertions, context));
            if is_seen { &mut shown } else { &mut hidden }.extend_from_slice(tuple);
        }
        let hidden = Sorted::from_sorted(self.width, hidden, 0);
        let shown = Sorted::from_sorted(self.width, shown, 0);
        let all_seen = before.visible.len() == before.tuples.len();
        let all_seen_now = all_seen && hidden.iter().all(|tuple| !self.tuples.contains(tuple));
        if !all_seen_now {
            self.visible = before.visible.changed(&hidden, &shown);
        }
        self
    }
}
