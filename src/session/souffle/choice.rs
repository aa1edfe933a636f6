//! What a `choice-domain` lets into a relation: for each value of a key the first tuple that has it.

use std::collections::HashSet;

use crate::storage::Word;

/// The values of the keys that are taken.
pub(super) struct Taken {
    /// Columns, and the values that they have in the tuples let in.
    keys: Vec<(Vec<usize>, HashSet<Box<[Word]>>)>,
}

impl Taken {
    /// Of a relation without tuples, with these columns as keys.
    pub fn new(keys: &[Vec<usize>]) -> Taken {
        Taken { keys: keys.iter().map(|columns| (columns.clone(), HashSet::new())).collect() }
    }

    /// A tuple is there, whatever else has its values.
    pub fn note(&mut self, row: &[Word]) {
        for (columns, taken) in &mut self.keys {
            taken.insert(value(columns, row));
        }
    }

    /// Lets a tuple in if none of its values is taken.
    pub fn admit(&mut self, row: &[Word]) -> bool {
        let free = self.keys.iter().all(|(columns, taken)| !taken.contains(&value(columns, row)));
        if free {
            self.note(row);
        }
        free
    }
}

fn value(columns: &[usize], row: &[Word]) -> Box<[Word]> {
    columns.iter().filter_map(|at| row.get(*at).copied()).collect()
}
