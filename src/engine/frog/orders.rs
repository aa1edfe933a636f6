//! The orders of columns in which a relation is kept as bits, so that the columns of each key that
//! rules look it up by come first.

use super::job::key_lengths;
use crate::model::PredId;
use crate::plan::{Read, RulePlan};
use crate::storage::pairs::{Layout, Span};

/// How a plan reads a relation.
#[derive(Clone, Debug)]
pub(super) struct Need {
    /// The read's columns.
    columns: Vec<usize>,
    /// How many of them are the keys that it is looked up by.
    lengths: Vec<usize>,
}

impl Need {
    pub fn new(read: &Read, lengths: Vec<usize>) -> Need {
        Need { columns: read.columns.clone(), lengths }
    }

    /// Whether it is looked up at all.
    pub fn is_keyed(&self) -> bool {
        self.lengths.iter().any(|length| *length > 0)
    }

    /// The columns of each key.
    pub fn keys(&self) -> impl Iterator<Item = &[usize]> {
        self.lengths.iter().filter_map(|length| self.columns.get(..*length)).filter(|key| !key.is_empty())
    }

    /// Whether the order has the columns of each key in front, in whatever order of their own. Of two
    /// columns, a row of bits stands for the key.
    pub fn is_served(&self, stands: &[usize]) -> bool {
        if let [first, _] = stands {
            return self.lengths.iter().all(|length| *length == 0) || self.columns.first() == Some(first);
        }
        self.lengths.iter().all(|length| {
            let (key, own) = (self.columns.get(..*length), stands.get(..*length));
            *length >= stands.len()
                || key.zip(own).is_some_and(|(key, own)| key.iter().all(|column| own.contains(column)))
        })
    }
}

/// What the plans need of a relation, the longest keys first.
pub(super) fn needs<'p>(plans: impl Iterator<Item = &'p RulePlan>, pred: PredId) -> Vec<Need> {
    let mut needs = Vec::new();
    for plan in plans {
        for (read, lengths) in plan.reads.iter().zip(key_lengths(plan)) {
            if read.pred == pred {
                needs.push(Need::new(read, lengths));
            }
        }
    }
    needs
}

/// Orders besides those that there are.
pub(super) fn missing(width: usize, needs: &[Need], known: &[Vec<usize>]) -> Vec<Vec<usize>> {
    let mut made: Vec<Vec<usize>> = Vec::new();
    let mut open: Vec<&Need> = needs.iter().collect();
    let inner = |need: &Need| need.lengths.iter().copied().filter(|length| *length < width).max();
    // What serves a long key may serve a short one too.
    open.sort_by_key(|need| std::cmp::Reverse(inner(need)));
    for need in &open {
        if known.iter().chain(&made).any(|stands| need.is_served(stands)) {
            continue;
        }
        let mut stands: Vec<usize> = Vec::new();
        let mut lengths = need.lengths.clone();
        lengths.sort_unstable();
        for length in lengths {
            let mut block: Vec<usize> = need.columns.iter().take(length).copied().collect();
            block.retain(|column| !stands.contains(column));
            let alone = |column: &usize| {
                open.iter().any(|other| other.lengths.contains(&1) && other.columns.first() == Some(column))
            };
            block.sort_unstable_by_key(|column| (!alone(column), *column));
            stands.append(&mut block);
        }
        let rest: Vec<usize> = (0..width).filter(|column| !stands.contains(column)).collect();
        stands.extend(rest);
        made.push(stands);
    }
    made
}

/// The words of the columns in another order.
pub(super) fn turned(layout: &Layout, stands: &[usize]) -> Vec<Span> {
    stands.iter().map(|column| layout.span(*column)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn need(columns: &[usize], lengths: &[usize]) -> Need {
        Need { columns: columns.to_vec(), lengths: lengths.to_vec() }
    }

    #[test]
    fn every_key_finds_its_columns_in_front() {
        let own = vec![vec![0, 1, 2]];
        let needs = [need(&[2], &[1]), need(&[1, 2, 0], &[2]), need(&[0, 1, 2], &[1]), need(&[1, 0], &[2])];
        let made = missing(3, &needs, &own);
        // One order serves both the key of two columns and that of its second.
        assert_eq!(made, [[2, 1, 0]]);
        for need in &needs {
            assert!(own.iter().chain(&made).any(|stands| need.is_served(stands)), "{need:?}");
        }
        assert!(missing(3, &[need(&[2, 0, 1], &[3]), need(&[0, 1, 2], &[0])], &own).is_empty());
    }

    #[test]
    fn keys_one_inside_the_other_are_served_by_one_order() {
        assert_eq!(missing(4, &[need(&[3, 1, 0], &[1, 2])], &[vec![0, 1, 2, 3]]), [[3, 1, 0, 2]]);
        assert_eq!(missing(2, &[need(&[1, 0], &[1]), need(&[0, 1], &[2])], &[vec![0, 1]]), [[1, 0]]);
    }
}
