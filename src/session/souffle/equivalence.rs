//! Equivalence classes by union-find.

use std::collections::{BTreeMap, HashMap};

use crate::storage::Word;

/// The classes of what has been said to be equal.
#[derive(Debug, Default)]
pub(super) struct Classes {
    numbers: HashMap<Word, usize>,
    words: Vec<Word>,
    parents: Vec<usize>,
}

impl Classes {
    /// The least equivalence that holds these pairs.
    pub fn of(pairs: impl Iterator<Item = (Word, Word)>) -> Classes {
        let mut classes = Classes::default();
        for (a, b) in pairs {
            let (a, b) = (classes.number(a), classes.number(b));
            let (a, b) = (classes.root(a), classes.root(b));
            if let Some(parent) = classes.parents.get_mut(a.max(b)) {
                *parent = a.min(b);
            }
        }
        classes
    }

    fn number(&mut self, word: Word) -> usize {
        if let Some(number) = self.numbers.get(&word) {
            return *number;
        }
        let number = self.words.len();
        self.numbers.insert(word, number);
        self.words.push(word);
        self.parents.push(number);
        number
    }

    fn root(&mut self, mut at: usize) -> usize {
        while let Some(parent) = self.parents.get(at).copied().filter(|parent| *parent != at) {
            // Halves the path, so that it stays short.
            let above = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at) {
                *slot = above;
            }
            at = above;
        }
        at
    }

    /// All pairs of equal values.
    pub fn pairs(mut self) -> Vec<(Word, Word)> {
        let mut classes: BTreeMap<usize, Vec<Word>> = BTreeMap::new();
        for at in 0..self.words.len() {
            let root = self.root(at);
            if let Some(word) = self.words.get(at) {
                classes.entry(root).or_default().push(*word);
            }
        }
        let class = |words: &Vec<Word>| -> Vec<(Word, Word)> {
            words.iter().flat_map(|a| words.iter().map(move |b| (*a, *b))).collect()
        };
        classes.values().flat_map(class).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_closed() {
        let mut pairs = Classes::of([(1, 2), (2, 3), (7, 7)].into_iter()).pairs();
        pairs.sort_unstable();
        let expected = [(1, 1), (1, 2), (1, 3), (2, 1), (2, 2), (2, 3), (3, 1), (3, 2), (3, 3), (7, 7)];
        assert_eq!(pairs, expected);
    }
}
