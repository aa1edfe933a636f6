//! A table with some rows less and some more, at the cost of a copy: its orders stay orders.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock};

use super::{Inner, Sorted, Table};
use crate::storage::interner::Word;
use crate::storage::sort;

/// Rows compared at a time where two tables are the same.
const BLOCK: usize = 1024;

impl Table {
    /// These rows without `gone`, and with `come`; both have the width of the table.
    pub fn changed(&self, gone: &Sorted, come: &Sorted) -> Table {
        let width = self.width();
        let rows = Arc::new(merged(self.rows(), gone, come));
        let mut orders = HashMap::new();
        for (columns, order) in self.lock().iter() {
            let is_whole = columns.len() == width;
            // What a projection loses may be there through another row.
            if !is_whole && !gone.is_empty() || columns.is_empty() {
                continue;
            }
            let order = merged(order, &picked(gone, columns), &picked(come, columns));
            orders.insert(columns.clone(), Arc::new(order));
        }
        Table(Arc::new(Inner {
            width,
            rows: OnceLock::from(rows),
            orders: Mutex::new(orders),
            ..Inner::default()
        }))
    }

    /// What has gone from `self` and what has come to it to make it `now`.
    pub fn difference(&self, now: &Table) -> (Sorted, Sorted) {
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
    Sorted::from_sorted(width, words, 0)
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
