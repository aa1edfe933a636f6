//! A table with some rows less and some more: at the cost of a copy of its words, with its orders and
//! its offsets carried over, or at the cost of what changes, with that beside it. How it came about
//! is known.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use super::{Inner, Sorted, Table};
use crate::storage::interner::Word;
use crate::storage::pairs::Span;
use crate::storage::sort::{self, Check};

/// Rows of a table for each that has come to it, from which on these are kept beside it.
const MANY: usize = 64;
/// Rows compared at a time where two tables are the same.
const BLOCK: usize = 1024;

/// How a table was made of another.
#[derive(Debug)]
pub(super) struct Step {
    before: Weak<Inner>,
    /// Rows of the one before that are not in this one.
    gone: Sorted,
    /// Rows that are in this one and were not in the one before.
    come: Sorted,
}

/// Runs of rows to which a table without some rows may fall apart.
const MANY_RUNS: usize = 1024;

/// A table of which few rows have gone and to which few have come: these are kept beside it, and
/// readers go through both.
#[derive(Debug)]
pub(super) struct Over {
    base: Table,
    /// Rows of `base` that are there no more.
    gone: Table,
    /// Rows that are not in `base`.
    come: Table,
    /// By columns: the pieces without what has gone.
    pieces: Mutex<HashMap<Box<[usize]>, Vec<Arc<Sorted>>>>,
}

impl Over {
    pub fn len(&self) -> usize {
        self.base.len() - self.gone.len() + self.come.len()
    }

    pub fn contains(&self, row: &[Word]) -> bool {
        self.base.contains(row) && !self.gone.contains(row) || self.come.contains(row)
    }

    pub fn bytes(&self) -> u64 {
        let pieces: u64 = self.lock().values().flatten().map(|piece| piece.bytes()).sum();
        self.base.bytes() + self.gone.bytes() + self.come.bytes() + pieces
    }

    pub fn has_order(&self, columns: &[usize]) -> bool {
        self.base.has_order(columns)
    }

    /// Whether rows of `base` have gone.
    pub fn has_gaps(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Pieces without a row in common, of all columns. Where rows have gone, those that begin with
    /// the same word stand in the second one, and the first is [veiled](Sorted::veiled).
    pub fn pieces<E>(&self, columns: &[usize], check: Check<'_, E>) -> Result<Vec<Arc<Sorted>>, E> {
        let (base, come) = (self.base.order(columns, check)?, self.come.order(columns, check)?);
        if !self.has_gaps() {
            return Ok(vec![base, come]);
        }
        if let Some(known) = self.lock().get(columns) {
            return Ok(known.clone());
        }
        let gone = self.gone.order(columns, check)?;
        let (mut hidden, mut rows) = (Vec::new(), Vec::new());
        for word in gone.iter().filter_map(|row| row.first()) {
            if hidden.last() != Some(word) {
                hidden.push(*word);
                let (low, high) = base.range(&[*word]);
                let width = base.width();
                rows.extend_from_slice(base.words().get(low * width..high * width).unwrap_or(&[]));
                check()?;
            }
        }
        let rows = Sorted::from_sorted(base.width(), rows, 0);
        let pieces = vec![Arc::new(Sorted::veiled(base, hidden)), Arc::new(merged(&rows, &gone, &come))];
        self.lock().insert(columns.into(), pieces.clone());
        Ok(pieces)
    }

    /// All in one, with some columns in another order, or as they are.
    pub fn order<E>(&self, columns: Option<&[usize]>, check: Check<'_, E>) -> Result<Arc<Sorted>, E> {
        let of = |table: &Table, check: Check<'_, E>| match columns {
            Some(columns) => table.order(columns, check),
            None => table.rows_checked(check).cloned(),
        };
        let (base, gone, come) = (of(&self.base, check)?, of(&self.gone, check)?, of(&self.come, check)?);
        check()?;
        Ok(Arc::new(merged(&base, &gone, &come)))
    }

    /// What has gone from `base` and come to it when of these rows some go, all of which are here, and
    /// others come, of which none is.
    fn after(&self, gone: &Sorted, come: &Sorted) -> (Sorted, Sorted) {
        let within = |rows: &Sorted, inside: bool| kept(rows, |row| self.base.contains(row) == inside);
        (
            merged(self.gone.rows(), &within(come, true), &within(gone, true)),
            merged(self.come.rows(), &within(gone, false), &within(come, false)),
        )
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<[usize]>, Vec<Arc<Sorted>>>> {
        self.pieces.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    /// These rows without `gone` and with `come`, as long as those are few: then at no more cost
    /// than theirs and that of what stands beside the table already.
    pub fn stepped(&self, gone: &Sorted, come: &Sorted) -> Table {
        let width = self.width();
        let gone = kept(gone, |row| self.contains(row) && !come.has_prefix(row));
        let come = kept(come, |row| !self.contains(row));
        let (base, less, more) = match &self.0.over {
            Some(over) => {
                let (less, more) = over.after(&gone, &come);
                (&over.base, less, more)
            }
            None => (self, copy(&gone), copy(&come)),
        };
        if width == 0 || (less.len() + more.len()) * MANY > base.len() {
            return self.changed(&gone, &come);
        }
        let over = Over {
            base: base.clone(),
            gone: Table::from(less),
            come: Table::from(more),
            pieces: Mutex::default(),
        };
        let inner = Inner { width, over: Some(over), ..Inner::default() };
        inner.distinct.get_or_init(|| self.distinct().into());
        inner.spans.get_or_init(|| joined(self.spans(), &come));
        let step = Step { before: Arc::downgrade(&self.0), gone, come };
        Table(Arc::new(Inner { step: Some(step), ..inner }))
    }

    /// These rows without `gone`, and with `come`; both have the width of the table.
    pub fn changed(&self, gone: &Sorted, come: &Sorted) -> Table {
        let gone = kept(gone, |row| self.contains(row) && !come.has_prefix(row));
        let come = kept(come, |row| !self.contains(row));
        let made = match &self.0.over {
            // What is beside the other table goes where it belongs.
            Some(over) => {
                let (less, more) = over.after(&gone, &come);
                over.base.copied(&less, &more)
            }
            None => self.copied(&gone, &come),
        };
        let step = Step { before: Arc::downgrade(&self.0), gone, come };
        Table(Arc::new(Inner { step: Some(step), ..made }))
    }

    /// The rows in the order of all columns for who goes through them once, in as many pieces as
    /// [`Sorted::runs`] gives.
    pub fn natural<E>(&self, check: Check<'_, E>) -> Result<Vec<Arc<Sorted>>, E> {
        let columns: Vec<usize> = (0..self.width()).collect();
        let few = |over: &&Over| over.gone.len() <= MANY_RUNS;
        match self.0.over.as_ref().filter(few) {
            Some(over) if self.0.rows.get().is_none() => over.pieces(&columns, check),
            _ => Ok(vec![Arc::clone(self.rows_checked(check)?)]),
        }
    }

    /// A copy without `gone`, all of which is there, and with `come`, of which nothing is.
    fn copied(&self, gone: &Sorted, come: &Sorted) -> Inner {
        let width = self.width();
        let rows = Arc::new(merged(self.rows(), gone, come));
        let mut orders = HashMap::new();
        for (columns, order) in self.lock().iter() {
            let mut leaving = picked(gone, columns);
            if columns.len() < width && !gone.is_empty() {
                // What a projection loses may be there through another row.
                if columns.iter().enumerate().any(|(place, column)| place != *column) {
                    continue;
                }
                leaving = kept(&leaving, |row| !rows.has_prefix(row));
            }
            if columns.is_empty() {
                continue;
            }
            let order = merged(order, &leaving, &picked(come, columns));
            orders.insert(columns.clone(), Arc::new(order));
        }
        let inner =
            Inner { width, rows: OnceLock::from(rows), orders: Mutex::new(orders), ..Inner::default() };
        if let Some(distinct) = self.0.distinct.get() {
            // An estimate, which few rows leave as good as it was.
            inner.distinct.get_or_init(|| distinct.clone());
        }
        if let Some(spans) = self.0.spans.get() {
            inner.spans.get_or_init(|| joined(spans, come));
        }
        inner
    }

    /// What has gone from `self` and what has come to it to make it `now`.
    pub fn difference(&self, now: &Table) -> (Sorted, Sorted) {
        let made = |table: &Table, of: &Table| {
            let step = table.0.step.as_ref().filter(|step| step.before.as_ptr() == Arc::as_ptr(&of.0));
            step.map(|step| (copy(&step.gone), copy(&step.come)))
        };
        if self.is_same(now) {
            return (
                Sorted::from_sorted(self.width(), Vec::new(), 0),
                Sorted::from_sorted(self.width(), Vec::new(), 0),
            );
        }
        if let Some((gone, come)) = made(now, self) {
            return (gone, come);
        }
        if let Some((gone, come)) = made(self, now) {
            return (come, gone);
        }
        let width = self.width();
        let (old, new) = (self.rows(), now.rows());
        if width == 0 {
            let only = |a: &Sorted, b: &Sorted| usize::from(!a.is_empty() && b.is_empty());
            let one = |len| Sorted::from_sorted(0, Vec::new(), len);
            return (one(only(old, new)), one(only(new, old)));
        }
        let (mut gone, mut come) = (Vec::new(), Vec::new());
        let (mut a, mut b) = (old.words(), new.words());
        let block = BLOCK * width;
        loop {
            // Most rows are the same, side by side.
            while a.len() >= block && b.len() >= block && a.get(..block) == b.get(..block) {
                (a, b) = (a.get(block..).unwrap_or(&[]), b.get(block..).unwrap_or(&[]));
            }
            let (Some(left), Some(right)) = (a.get(..width), b.get(..width)) else { break };
            let order = left.cmp(right);
            if order.is_le() {
                a = a.get(width..).unwrap_or(&[]);
            }
            if order.is_ge() {
                b = b.get(width..).unwrap_or(&[]);
            }
            if order.is_lt() {
                gone.extend_from_slice(left);
            } else if order.is_gt() {
                come.extend_from_slice(right);
            }
        }
        gone.extend_from_slice(a);
        come.extend_from_slice(b);
        (Sorted::from_sorted(width, gone, 0), Sorted::from_sorted(width, come, 0))
    }
}

fn copy(rows: &Sorted) -> Sorted {
    Sorted::from_sorted(rows.width(), rows.words().to_vec(), rows.len())
}

/// Spans wide enough for more rows, too.
fn joined(spans: &[Option<Span>], more: &Sorted) -> Box<[Option<Span>]> {
    let more = super::spans_of(more.words(), spans.len());
    let joined = spans.iter().zip(&more).map(|(span, more)| match (span, more) {
        (Some(span), Some(more)) => Some((span.0.min(more.0), span.1.max(more.1))),
        (span, more) => span.or(*more),
    });
    joined.collect()
}

/// The rows that `keep` picks.
fn kept(rows: &Sorted, keep: impl Fn(&[Word]) -> bool) -> Sorted {
    let (mut words, mut len) = (Vec::new(), 0);
    for row in rows.iter().filter(|row| keep(row)) {
        words.extend_from_slice(row);
        len += 1;
    }
    Sorted::from_sorted(rows.width(), words, len)
}

fn picked(rows: &Sorted, columns: &[usize]) -> Sorted {
    let mut words = Vec::with_capacity(rows.len() * columns.len());
    for row in rows.iter() {
        words.extend(columns.iter().filter_map(|column| row.get(*column)));
    }
    match Sorted::new(columns.len(), words, &mut sort::never) {
        Ok(sorted) => sorted,
    }
}

/// The rows without those gone and with those that come, copied piece by piece.
fn merged(rows: &Sorted, gone: &Sorted, come: &Sorted) -> Sorted {
    let width = rows.width();
    if width == 0 {
        let holds = !come.is_empty() || !rows.is_empty() && gone.is_empty();
        return Sorted::from_sorted(0, Vec::new(), usize::from(holds));
    }
    let mut words: Vec<Word> = Vec::with_capacity(rows.words().len() + come.words().len());
    let part = |from: usize, to: usize| rows.words().get(from * width..to * width).unwrap_or(&[]);
    let mut copied = 0;
    let (mut leaving, mut coming) = (gone.iter().peekable(), come.iter().peekable());
    loop {
        let next = match (leaving.peek(), coming.peek()) {
            (Some(left), Some(new)) if new <= left => *new,
            (Some(left), _) => *left,
            (None, Some(new)) => *new,
            (None, None) => break,
        };
        // What goes and comes stays.
        let comes = coming.next_if_eq(&next).is_some();
        leaving.next_if_eq(&next);
        let low = rows.first_not_below(next);
        let high = low + usize::from(rows.row(low) == next);
        words.extend_from_slice(part(copied, low));
        if comes {
            words.extend_from_slice(next);
        }
        copied = high;
    }
    words.extend_from_slice(part(copied, rows.len()));
    Sorted::from_sorted(width, words, 0).with_offsets_of(rows, gone, come)
}

impl Sorted {
    /// The number of rows below `row`.
    pub fn first_not_below(&self, row: &[Word]) -> usize {
        let (mut low, mut high) = (0, self.len());
        while low < high {
            let middle = low + (high - low) / 2;
            if self.row(middle) < row {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        low
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(rows: &[[u32; 2]]) -> Table {
        Table::from_rows(2, rows.as_flattened().to_vec())
    }

    #[test]
    fn rows_go_and_come_in_every_order() {
        let table = pairs(&[[1, 9], [2, 8], [2, 9], [4, 1]]);
        for columns in [&[1, 0][..], &[1]] {
            table.order::<()>(columns, &mut || Ok(())).unwrap();
        }
        let gone = pairs(&[[2, 8], [4, 1], [7, 7]]);
        let come = pairs(&[[0, 3], [2, 9], [4, 1], [5, 5]]);
        let changed = table.changed(gone.rows(), come.rows());
        assert_eq!(changed.iter().collect::<Vec<_>>(), [[0, 3], [1, 9], [2, 9], [4, 1], [5, 5]]);
        let order =
            |columns: &[usize]| changed.order::<()>(columns, &mut || Ok(())).unwrap().words().to_vec();
        assert_eq!(order(&[1, 0]), [1, 4, 3, 0, 5, 5, 9, 1, 9, 2]);
        assert_eq!(order(&[1]), [1, 3, 5, 9]);
    }

    #[test]
    fn rows_come_before_between_and_behind_many() {
        let rows: Vec<[u32; 2]> = (0..300).map(|i| [100 + i / 3, i]).collect();
        let come = pairs(&[[5, 5], [100, 7], [150, 0], [900, 1]]);
        let changed = pairs(&rows).changed(pairs(&[]).rows(), come.rows());
        let mut expected = rows.clone();
        expected.extend([[5, 5], [100, 7], [150, 0], [900, 1]]);
        expected.sort_unstable();
        assert_eq!(changed.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn offsets_are_as_if_made_anew() {
        let rows: Vec<[u32; 2]> = (0..500).map(|i| [100 + i / 3 * 2, i % 3]).collect();
        let old = pairs(&rows);
        old.rows().index();
        assert_eq!(old.rows().range(&[102]), (3, 6));
        // Between, beside, before the first and behind the last; one first word loses all it had.
        for come in [vec![[101, 7], [102, 0], [102, 9]], vec![[99, 1]], vec![[900, 1]], vec![]] {
            for gone in [vec![[100, 0], [104, 0], [104, 1], [104, 2]], vec![[432, 1]], vec![]] {
                let new = old.changed(pairs(&gone).rows(), pairs(&come).rows());
                let anew = pairs(new.rows().words().as_chunks::<2>().0);
                for word in 95..=905 {
                    assert_eq!(
                        new.rows().range(&[word]),
                        anew.rows().range(&[word]),
                        "{word} {come:?} {gone:?}"
                    );
                }
                let known = |chunk| new.rows().first_words(chunk) & anew.rows().first_words(chunk);
                assert!((0..40).all(|chunk| known(chunk) == anew.rows().first_words(chunk)));
            }
        }
    }

    #[test]
    fn projections_keep_what_other_rows_have() {
        let table = Table::from_rows(3, vec![1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 1, 1]);
        let order = |table: &Table, columns: &[usize]| {
            table.order::<()>(columns, &mut || Ok(())).unwrap().words().to_vec()
        };
        order(&table, &[0, 1]);
        order(&table, &[1]);
        let gone = Table::from_rows(3, vec![1, 1, 1, 1, 2, 1]);
        let come = Table::from_rows(3, vec![1, 1, 9, 3, 5, 1]);
        let changed = table.changed(gone.rows(), come.rows());
        assert_eq!(order(&changed, &[0, 1]), [1, 1, 2, 1, 3, 5]);
        assert_eq!(order(&changed, &[1]), [1, 5]);
        assert_eq!(changed.spans(), [Some((1, 3)), Some((1, 5)), Some((1, 9))]);
    }

    #[test]
    fn few_rows_stand_beside_many() {
        let rows: Vec<[u32; 2]> = (0..640).map(|i| [i, i % 7]).collect();
        let table = pairs(&rows);
        let order = |table: &Table, columns: &[usize]| {
            table.order::<()>(columns, &mut || Ok(())).unwrap().words().to_vec()
        };
        order(&table, &[1, 0]);
        let nothing = Sorted::from_sorted(2, Vec::new(), 0);
        let one = table.stepped(&nothing, pairs(&[[3, 3], [5, 9]]).rows());
        let two = one.stepped(&nothing, pairs(&[[5, 9], [700, 8]]).rows());
        let pieces = |columns: &[usize]| two.pieces::<()>(columns, false, &mut || Ok(())).unwrap();
        assert_eq!(pieces(&[1, 0]).iter().map(|piece| piece.len()).collect::<Vec<_>>(), [640, 2]);
        assert!(Arc::ptr_eq(&pieces(&[0, 1])[0], table.rows()) && two.has_order(&[1, 0]));
        assert!(
            two.len() == 642 && two.contains(&[5, 9]) && two.contains(&[3, 3]) && !one.contains(&[700, 8])
        );
        assert_eq!(two.spans(), [Some((0, 700)), Some((0, 9))]);
        let (gone, come) = one.difference(&two);
        assert_eq!((gone.words(), come.words()), (&[][..], &[700, 8][..]));
        // A row of each goes; then all are wanted in order.
        let three = two.changed(pairs(&[[5, 9], [4, 4], [9, 9]]).rows(), pairs(&[[4, 5]]).rows());
        let mut expected = rows.clone();
        expected.retain(|row| *row != [4, 4]);
        expected.extend([[700, 8], [4, 5]]);
        expected.sort_unstable();
        assert_eq!(three.iter().collect::<Vec<_>>(), expected);
        let (gone, come) = two.difference(&three);
        assert_eq!((gone.words(), come.words()), (&[4, 4, 5, 9][..], &[4, 5][..]));
        let mut turned: Vec<[u32; 2]> = expected.iter().map(|[a, b]| [*b, *a]).collect();
        turned.sort_unstable();
        assert_eq!(order(&three, &[1, 0]), turned.as_flattened());
        assert_eq!(order(&two, &[1]), [0, 1, 2, 3, 4, 5, 6, 8, 9]);
        assert_eq!(two.rows().len(), 642);
        assert_eq!(pieces(&[0, 1]).len(), 1);
        // Many are merged at once.
        let many: Vec<[u32; 2]> = (0..40).map(|i| [i, 100]).collect();
        let all = two.stepped(&nothing, pairs(&many).rows());
        assert_eq!(all.pieces::<()>(&[0, 1], false, &mut || Ok(())).unwrap().len(), 1);
    }

    #[test]
    fn rows_go_come_and_come_back_beside_many() {
        // Each step against a set; all orders of columns, by key, end to end and cut down.
        let mut expected: std::collections::BTreeSet<[u32; 2]> = (0..2000).map(|i| [i / 5, i % 5]).collect();
        let mut table = pairs(&expected.iter().copied().collect::<Vec<_>>());
        table.order::<()>(&[1, 0], &mut || Ok(())).unwrap();
        let steps: [(&[[u32; 2]], &[[u32; 2]]); 6] = [
            (&[[7, 1], [7, 3], [399, 4], [500, 0]], &[]),
            (&[[0, 0]], &[[7, 3], [7, 9], [600, 1]]),
            (&[[7, 9], [600, 1]], &[[0, 0], [0, 7]]),
            (&[[8, 0], [8, 1], [8, 2], [8, 3], [8, 4]], &[[8, 0]]),
            (&[[0, 7]], &[[7, 1], [8, 4]]),
            (&[], &[[8, 1], [8, 2], [8, 3], [399, 4]]),
        ];
        for (number, (gone, come)) in steps.into_iter().enumerate() {
            let before = table.clone();
            let old = expected.clone();
            table = table.stepped(pairs(gone).rows(), pairs(come).rows());
            for row in gone.iter().filter(|row| !come.contains(row)) {
                expected.remove(row);
            }
            expected.extend(come);
            assert_eq!(table.len(), expected.len(), "step {number}");
            for first in [0, 6, 7, 8, 399, 500, 600] {
                for second in 0..10 {
                    let row = [first, second];
                    assert_eq!(table.contains(&row), expected.contains(&row), "step {number}");
                    for (columns, key) in [([0, 1], row), ([1, 0], [second, first])] {
                        let pieces = table.pieces::<()>(&columns, true, &mut || Ok(())).unwrap();
                        assert_eq!(pieces.len(), 2);
                        let has = pieces.iter().filter(|piece| piece.has_prefix(&key)).count();
                        assert_eq!(has, usize::from(expected.contains(&row)), "step {number}: {row:?}");
                        let of_first = |row: &&[u32; 2]| row[columns[0]] == key[0];
                        let sizes = pieces.iter().map(|piece| piece.range(&key[..1]));
                        let found: usize = sizes.map(|(low, high)| high - low).sum();
                        assert_eq!(found, expected.iter().filter(of_first).count(), "step {number}");
                    }
                }
            }
            let natural = table.natural::<()>(&mut || Ok(())).unwrap();
            let mut read: Vec<[u32; 2]> =
                natural.iter().flat_map(|piece| piece.runs().concat().as_chunks().0.to_vec()).collect();
            read.sort_unstable();
            assert!(read.iter().eq(&expected), "step {number}");
            let (gone, come) = before.difference(&table);
            let gone: Vec<_> = gone.iter().map(<[u32]>::to_vec).collect();
            assert!(old.difference(&expected).map(|row| row.to_vec()).eq(gone), "step {number}");
            let come: Vec<_> = come.iter().map(<[u32]>::to_vec).collect();
            assert!(expected.difference(&old).map(|row| row.to_vec()).eq(come), "step {number}");
            // A copy of the same, for all that wants one.
            let again = table.stepped(&Sorted::from_sorted(2, Vec::new(), 0), pairs(&[[9, 9]]).rows());
            let again = again.changed(pairs(&[[9, 9]]).rows(), &Sorted::from_sorted(2, Vec::new(), 0));
            assert!(again.iter().eq(expected.iter().map(|row| &row[..])), "step {number}");
            let seconds: std::collections::BTreeSet<u32> = expected.iter().map(|row| row[1]).collect();
            let order = again.order::<()>(&[1], &mut || Ok(())).unwrap();
            assert!(order.words().iter().eq(&seconds), "step {number}");
            let cut = table.stepped(&Sorted::from_sorted(2, Vec::new(), 0), pairs(&[[9, 9]]).rows());
            let order = cut.order::<()>(&[1], &mut || Ok(())).unwrap();
            assert!(order.words().iter().eq(seconds.union(&[9].into())), "step {number}");
        }
        assert_eq!(expected.len(), 2000);
    }

    #[test]
    fn the_way_back_is_known_too() {
        let old = pairs(&[[1, 1], [2, 2], [3, 3]]);
        // One is there already, another never was.
        let new = old.changed(pairs(&[[2, 2], [7, 7]]).rows(), pairs(&[[3, 3], [4, 4]]).rows());
        let words = |(gone, come): (Sorted, Sorted)| (gone.words().to_vec(), come.words().to_vec());
        assert_eq!(words(old.difference(&new)), (vec![2, 2], vec![4, 4]));
        assert_eq!(words(new.difference(&old)), (vec![4, 4], vec![2, 2]));
        assert_eq!(words(new.difference(&new.clone())), (vec![], vec![]));
    }

    #[test]
    fn the_difference_leads_from_one_to_the_other() {
        let rows: Vec<[u32; 2]> = (0..5000).map(|i| [i, i * 7 % 13]).collect();
        let old = pairs(&rows);
        let mut changed = rows.clone();
        changed.remove(4100);
        changed.remove(17);
        changed.push([3000, 99]);
        let new = pairs(&changed);
        let (gone, come) = old.difference(&new);
        assert_eq!(gone.words(), [rows[17], rows[4100]].as_flattened());
        assert_eq!(come.words(), [3000, 99]);
        assert_eq!(old.changed(&gone, &come).rows().words(), new.rows().words());
        let (gone, come) = new.difference(&new);
        assert!(gone.is_empty() && come.is_empty());
        let (gone, come) = Table::nullary(true).difference(&Table::nullary(false));
        assert_eq!((gone.len(), come.len()), (1, 0));
        assert!(Table::nullary(true).changed(&gone, &come).is_empty());
    }
}
