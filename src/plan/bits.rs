//! Sets of small numbers.

/// A set of numbers, a bit each. Nothing is ever taken out but by [`Bits::remove`], without which
/// equal sets are equal words.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(super) struct Bits(Vec<u64>);

impl Bits {
    /// Adds a number; whether it was not there.
    pub fn insert(&mut self, number: usize) -> bool {
        let (word, bit) = (number / 64, 1 << (number % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        let Some(slot) = self.0.get_mut(word) else { return false };
        let new = *slot & bit == 0;
        *slot |= bit;
        new
    }

    /// Takes a number out.
    pub fn remove(&mut self, number: usize) {
        if let Some(slot) = self.0.get_mut(number / 64) {
            *slot &= !(1 << (number % 64));
        }
    }

    /// Whether the number is there.
    pub fn contains(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word & (1 << (number % 64)) != 0)
    }

    /// The numbers, rising.
    pub fn iter(&self) -> impl Iterator<Item = usize> {
        self.0.iter().enumerate().flat_map(|(i, word)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                let bit = rest.checked_ilog2().map(|_| rest.trailing_zeros())?;
                rest &= rest - 1;
                Some(i * 64 + bit as usize)
            })
        })
    }
}

impl FromIterator<usize> for Bits {
    fn from_iter<I: IntoIterator<Item = usize>>(numbers: I) -> Self {
        let mut bits = Bits::default();
        for number in numbers {
            bits.insert(number);
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in() {
        let mut bits: Bits = [3, 64, 200, 3].into_iter().collect();
        assert_eq!(bits.iter().collect::<Vec<_>>(), [3, 64, 200]);
        assert!(!bits.insert(64) && bits.insert(0) && bits.contains(200) && !bits.contains(1000));
        bits.remove(64);
        bits.remove(5000);
        assert_eq!(bits.iter().collect::<Vec<_>>(), [0, 3, 200]);
    }
}
