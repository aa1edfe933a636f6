//! The rows of a relation that have given words in some columns.
//!
//! Rows are looked up by a prefix of the columns where that serves, else in another order of the
//! columns, which costs a sort once. Whether that pays is decided as a skier decides to buy: when
//! as many rows have been gone through for the lack of an order as the sort would have cost.

use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::Arc;

use crate::base::{Budget, Stop};
use crate::model::PredId;
use crate::storage::{Sorted, Table, Word};

/// Rows that are gone through rather than sorted.
const FEW: usize = 64;
/// What sorting a row costs, in rows gone through.
const SORT_COST: usize = 2;

/// The orders made so far, and what their lack has cost.
#[derive(Debug, Default)]
pub(super) struct Indexes {
    known: RefCell<HashMap<Key, Index>>,
}

/// A relation, and columns that are given.
type Key = (PredId, Box<[usize]>);

#[derive(Debug)]
enum Index {
    /// Rows gone through that the order would have spared.
    Wanted(usize),
    Made(Order),
}

/// Rows with the columns in another order.
#[derive(Clone, Debug)]
struct Order {
    rows: Arc<Sorted>,
    /// Where each column of the relation stands in a row.
    place: Arc<[usize]>,
}

/// A run of rows.
#[derive(Debug)]
pub(super) struct Run {
    rows: Arc<Sorted>,
    place: Option<Arc<[usize]>>,
    at: usize,
    end: usize,
}

impl Run {
    /// Puts the next row into `row`, in the order of the relation's columns; false when there is none.
    /// Columns that were not asked for may differ from those given.
    pub fn next(&mut self, row: &mut Vec<Word>) -> bool {
        if self.at >= self.end {
            return false;
        }
        let words = self.rows.row(self.at);
        self.at += 1;
        row.clear();
        match &self.place {
            None => row.extend_from_slice(words),
            Some(place) => row.extend(place.iter().filter_map(|at| words.get(*at))),
        }
        true
    }
}

/// What a lookup costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimate {
    /// Rows that it goes through.
    pub rows: f64,
    /// Rows that it would go through with an order that has not been made.
    pub with_order: Option<f64>,
}

/// The columns that are given, ascending, and their words.
#[derive(Clone, Debug, Default)]
pub(super) struct Given {
    pub columns: Vec<usize>,
    pub words: Vec<Word>,
}

impl Given {
    /// How many of the relation's first columns are given.
    fn prefix(&self) -> usize {
        self.columns.iter().enumerate().take_while(|(at, column)| at == *column).count()
    }
}

impl Indexes {
    /// How many rows a lookup is expected to go through.
    pub fn estimate(&self, pred: PredId, table: &Table, given: &Given) -> Estimate {
        let (low, high) = natural(table, given);
        let count = high - low;
        let exact = |rows: usize| Estimate { rows: rows as f64, with_order: None };
        if given.prefix() == given.columns.len() || count <= FEW {
            return exact(count);
        }
        match self.known.borrow().get(&(pred, given.columns.as_slice().into())) {
            Some(Index::Made(order)) => {
                let (low, high) = order.rows.range(&given.words);
                exact(high - low)
            }
            Some(Index::Wanted(spent)) if *spent >= SORT_COST * table.len() => {
                Estimate { rows: spread(table, given), with_order: None }
            }
            _ => Estimate { rows: count as f64, with_order: Some(spread(table, given)) },
        }
    }

    /// Notes that `rows` rows were gone through instead of a lookup by these columns.
    pub fn lacking(&self, pred: PredId, given: &Given, rows: f64) {
        let mut known = self.known.borrow_mut();
        let index = known.entry((pred, given.columns.as_slice().into())).or_insert(Index::Wanted(0));
        if let Index::Wanted(spent) = index {
            *spent = spent.saturating_add(rows as usize);
        }
    }

    /// The rows that have the given words. Some others may be among them.
    pub fn rows(&self, pred: PredId, table: &Table, given: &Given, budget: &Budget) -> Result<Run, Stop> {
        let (low, high) = natural(table, given);
        let plain = Run { rows: Arc::clone(table.rows()), place: None, at: low, end: high };
        if given.prefix() == given.columns.len() || high - low <= FEW {
            return Ok(plain);
        }
        let key = (pred, given.columns.as_slice().into());
        let spent = match self.known.borrow().get(&key) {
            Some(Index::Made(order)) => return Ok(order.run(given)),
            Some(Index::Wanted(spent)) => *spent,
            None => 0,
        };
        if spent < SORT_COST * table.len() {
            self.lacking(pred, given, (high - low) as f64);
            return Ok(plain);
        }
        let order = Order::of(table, given, budget)?;
        let run = order.run(given);
        self.known.borrow_mut().insert(key, Index::Made(order));
        Ok(run)
    }
}

impl Order {
    fn of(table: &Table, given: &Given, budget: &Budget) -> Result<Order, Stop> {
        let mut columns = given.columns.clone();
        columns.extend((0..table.width()).filter(|column| !given.columns.contains(column)));
        let mut place = vec![0; table.width()];
        for (at, column) in columns.iter().enumerate() {
            if let Some(slot) = place.get_mut(*column) {
                *slot = at;
            }
        }
        let rows = table.order(&columns, &mut || budget.check())?;
        Ok(Order { rows, place: place.into() })
    }

    fn run(&self, given: &Given) -> Run {
        let (at, end) = self.rows.range(&given.words);
        Run { rows: Arc::clone(&self.rows), place: Some(Arc::clone(&self.place)), at, end }
    }
}

/// The rows that begin with those words that are given for the first columns.
fn natural(table: &Table, given: &Given) -> (usize, usize) {
    table.rows().range(given.words.get(..given.prefix()).unwrap_or(&[]))
}

/// Rows expected if the words were spread evenly.
fn spread(table: &Table, given: &Given) -> f64 {
    let distinct = table.distinct();
    let of = |column: &usize| distinct.get(*column).copied().unwrap_or(1.0).max(1.0);
    table.len() as f64 / given.columns.iter().map(of).product::<f64>()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookups_by_any_columns_find_what_a_scan_finds() {
        let rows: Vec<[Word; 3]> = (0..3000).map(|i| [i % 7, i % 31, i]).collect();
        let table = Table::from_rows(3, rows.as_flattened().to_vec());
        let (indexes, budget) = (Indexes::default(), Budget::unlimited());
        for mask in 0..8_usize {
            let columns: Vec<usize> = (0..3).filter(|column| mask >> column & 1 == 1).collect();
            // Often enough for an order to be made.
            for wanted in rows.iter().step_by(61) {
                let given =
                    Given { words: columns.iter().map(|c| wanted[*c]).collect(), columns: columns.clone() };
                let fits = |row: &[Word]| columns.iter().all(|c| row[*c] == wanted[*c]);
                let mut run = indexes.rows(PredId(0), &table, &given, &budget).unwrap();
                let (mut row, mut found) = (Vec::new(), 0);
                while run.next(&mut row) {
                    found += usize::from(fits(&row));
                }
                assert_eq!(found, rows.iter().filter(|row| fits(row.as_slice())).count(), "{columns:?}");
            }
        }
        let made = indexes.known.borrow().values().filter(|index| matches!(index, Index::Made(_))).count();
        assert!(made >= 2, "{made}");
    }
}
