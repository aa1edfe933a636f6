//! Missing facts, and the small steps of the search for them.

use std::collections::HashSet;

use crate::model::program::{Arg, Atom, Expr, VarId};
use crate::model::{PredId, Value};
use crate::storage::Word;
use crate::storage::interner::MISSING;

/// Sets of one size that are formed.
const SETS: usize = 4_000;

/// A fact that is not stated.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Missing {
    /// The relation.
    pub pred: PredId,
    /// The tuple.
    pub tuple: Vec<Value>,
    /// Columns whose values do not matter.
    pub any: Vec<usize>,
    /// Metadata that its assertion has to have, by field.
    pub meta: Vec<(&'static str, Value)>,
}

impl Missing {
    /// Whether it is what another is missing for, of which some columns do not matter.
    pub(super) fn serves_as(&self, other: &Missing, unimportant: &HashSet<usize>) -> bool {
        let mut columns = (0..other.tuple.len()).filter(|at| !unimportant.contains(at));
        self.pred == other.pred
            && other.meta.iter().all(|field| self.meta.contains(field))
            && columns.all(|at| self.tuple.get(at) == other.tuple.get(at))
    }
}

/// Sets of missing facts.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Repairs {
    /// The sets, smallest first; only the smallest that were found, each without a part that would do.
    pub sets: Vec<Vec<Missing>>,
    /// Whether there may be others.
    pub cut: bool,
}

/// The values of the variables once an atom is this tuple; `None` if it cannot be.
pub(super) fn bound(atom: &Atom, slots: &[Word], tuple: &[Word]) -> Option<Vec<Word>> {
    let mut slots = slots.to_vec();
    for (arg, word) in atom.args.iter().zip(tuple) {
        if let Arg::Is(Expr::Var(var)) = arg {
            match slots.get_mut(var.0 as usize) {
                Some(slot) if *slot == MISSING => *slot = *word,
                Some(slot) if slot != word => return None,
                _ => {}
            }
        }
    }
    Some(slots)
}

/// The columns of an atom in which any value would do.
pub(super) fn unimportant(atom: &Atom, free: &HashSet<VarId>) -> HashSet<usize> {
    let any = |arg: &Arg| match arg {
        Arg::Any => true,
        Arg::Is(Expr::Var(var)) => free.contains(var),
        Arg::Is(_) => false,
    };
    atom.args.iter().enumerate().filter(|(_, arg)| any(arg)).map(|(column, _)| column).collect()
}

/// The next combination of choices, the last turning fastest; false behind the last one.
pub(super) fn turned(at: &mut [usize], choices: &[Vec<Word>]) -> bool {
    for (at, choices) in at.iter_mut().zip(choices).rev() {
        *at += 1;
        if *at < choices.len() {
            return true;
        }
        *at = 0;
    }
    false
}

/// The subsets of at least one and at most `most` items, small ones first.
pub(super) fn subsets(items: &[usize], most: usize) -> Vec<Vec<usize>> {
    let mut all: Vec<Vec<usize>> = Vec::new();
    let mut last: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..most {
        let longer = |set: &Vec<usize>| {
            let after = set.last().copied();
            items.iter().filter(move |item| after.is_none_or(|after| **item > after)).map({
                let set = set.clone();
                move |item| set.iter().copied().chain([*item]).collect::<Vec<usize>>()
            })
        };
        last = last.iter().flat_map(longer).take(SETS).collect();
        all.extend(last.iter().cloned());
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_come_small_ones_first() {
        assert_eq!(subsets(&[2, 5, 7], 2), [vec![2], vec![5], vec![7], vec![2, 5], vec![2, 7], vec![5, 7]]);
    }
}
