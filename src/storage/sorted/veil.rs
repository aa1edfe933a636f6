//! A table without the rows of some first words, at the cost of these alone: it shares the rows and
//! all that finds them with the table that it is made of.
//!
//! Such a table is for lookups by a word and more, and for reading in [`Sorted::runs`].

use std::sync::Arc;

use super::Sorted;
use crate::storage::interner::Word;

/// What is hidden of a table.
#[derive(Debug)]
pub(super) struct Veil {
    of: Arc<Sorted>,
    /// First words whose rows are hidden, sorted.
    words: Box<[Word]>,
}

impl Veil {
    #[inline]
    pub fn of(&self) -> &Sorted {
        &self.of
    }

    #[cold]
    pub fn range_near(&self, key: &[Word], near: usize) -> (usize, usize) {
        debug_assert!(!key.is_empty(), "hidden rows stand between others");
        match key.first() {
            Some(word) if !self.hides(*word) => self.of.range_near(key, near),
            _ => (0, 0),
        }
    }

    #[cold]
    pub fn chunks_of(&self, word: Word) -> Option<&[u64]> {
        let chunks = self.of.chunks_of(word)?;
        Some(if self.hides(word) { &[] } else { chunks })
    }

    pub fn bytes(&self) -> usize {
        size_of_val(&*self.words)
    }

    fn hides(&self, word: Word) -> bool {
        self.words.binary_search(&word).is_ok()
    }
}

impl Sorted {
    /// This without the rows that begin with one of `words`, which are sorted.
    pub(in crate::storage) fn veiled(of: Arc<Sorted>, words: Vec<Word>) -> Sorted {
        debug_assert!(of.veil.is_none() && words.is_sorted());
        let hidden: usize = words.iter().map(|word| of.range(&[*word])).map(|(low, high)| high - low).sum();
        let (width, len) = (of.width, of.len - hidden);
        Sorted { width, len, veil: Some(Veil { of, words: words.into() }), ..Sorted::default() }
    }

    /// The rows in order, as many at a time as stand one behind the other.
    pub fn runs(&self) -> Vec<&[Word]> {
        let (words, width) = (self.words(), self.width);
        let mut runs = Vec::new();
        let mut from = 0;
        for hidden in self.veil.iter().flat_map(|veil| &veil.words) {
            let (low, high) = self.veil.as_ref().map_or((from, from), |veil| veil.of.range(&[*hidden]));
            runs.extend(words.get(from * width..low * width).filter(|run| !run.is_empty()));
            from = high;
        }
        runs.extend(words.get(from * width..));
        runs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_rows_are_neither_found_nor_read() {
        // Few first words, so that there are offsets, and words far apart, so that there are none.
        for apart in [1, 1_000_003] {
            let rows: Vec<Word> = (0..300).flat_map(|i| [7 + i / 10 * apart, i % 10]).collect();
            let whole = Arc::new(Sorted::from_sorted(2, rows, 0));
            for indexed in [false, true] {
                if indexed {
                    whole.index();
                    whole.index_twos();
                    whole.compress();
                }
                let word = |i: u32| 7 + i * apart;
                let veiled = Sorted::veiled(Arc::clone(&whole), vec![word(0), word(4), word(5), word(29)]);
                assert_eq!(veiled.len(), 260);
                for i in 0..31 {
                    let hidden = [0, 4, 5, 29].contains(&i);
                    let found = if hidden { (0, 0) } else { whole.range(&[word(i)]) };
                    assert_eq!(veiled.range(&[word(i)]), found);
                    assert_eq!(veiled.range_of(word(i), 3), found);
                    assert_eq!(veiled.has_prefix(&[word(i), 3]), !hidden && i < 30);
                    let chunks = whole.chunks_of(word(i)).map(|chunks| if hidden { &[] } else { chunks });
                    assert_eq!(veiled.chunks_of(word(i)), chunks);
                }
                let runs: Vec<usize> = veiled.runs().iter().map(|run| run.len() / 2).collect();
                assert_eq!(runs, [30, 230, 0]);
                assert!(
                    veiled
                        .runs()
                        .concat()
                        .chunks(2)
                        .all(|row| ![word(0), word(4), word(5)].contains(&row[0]))
                );
            }
        }
        let whole = Sorted::from_sorted(0, Vec::new(), 1);
        assert_eq!(whole.runs(), vec![&[] as &[Word]]);
    }
}
