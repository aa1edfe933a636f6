//! Words for values that a search computes: those of the interner where it has one, others behind
//! them for as long as the search lasts.

use std::cell::RefCell;
use std::cmp::Ordering;
use std::collections::HashMap;

use crate::model::Value;
use crate::storage::{Interner, Word};

/// The words of an interner and of the values that a search has added, which no table holds.
#[derive(Debug)]
pub(super) struct Words<'a> {
    interner: &'a Interner,
    /// The first word that the interner has not given out.
    base: usize,
    added: RefCell<Added>,
}

#[derive(Debug, Default)]
struct Added {
    values: Vec<Value>,
    words: HashMap<Value, Word>,
}

impl<'a> Words<'a> {
    pub fn new(interner: &'a Interner) -> Self {
        Words { interner, base: interner.len(), added: RefCell::default() }
    }

    /// The word of a value.
    pub fn word(&self, value: &Value) -> Word {
        if let Some(word) = self.interner.get(value) {
            return word;
        }
        let mut added = self.added.borrow_mut();
        if let Some(word) = added.words.get(value) {
            return *word;
        }
        let word = (self.base + added.values.len()) as Word;
        added.values.push(value.clone());
        added.words.insert(value.clone(), word);
        word
    }

    /// The value of a word.
    pub fn value(&self, word: Word) -> Value {
        match (word as usize).checked_sub(self.base) {
            Some(at) => {
                let added = self.added.borrow();
                added.values.get(at).cloned().unwrap_or_else(|| self.interner.value(word))
            }
            None => self.interner.value(word),
        }
    }

    /// The order of the values.
    pub fn compare(&self, a: Word, b: Word) -> Ordering {
        match (a as usize).max(b as usize) {
            _ if a == b => Ordering::Equal,
            high if high < self.base => self.interner.compare(a, b),
            _ => self.value(a).cmp(&self.value(b)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_that_the_interner_lacks_have_words_too() {
        let mut interner = Interner::new();
        let a = interner.symbol("a");
        let words = Words::new(&interner);
        let new = words.word(&Value::symbol("b"));
        assert_eq!(words.word(&Value::symbol("a")), a);
        assert_eq!(words.word(&Value::symbol("b")), new);
        assert_ne!(words.word(&Value::float(0.5)), new);
        assert_eq!(words.value(new), Value::symbol("b"));
        assert_eq!(words.value(words.word(&Value::Number(7))), Value::Number(7));
        assert!(words.compare(a, new).is_lt() && words.compare(new, a).is_gt());
    }
}
