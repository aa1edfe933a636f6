//! How many distinct words a column has, estimated in one pass.

use crate::storage::Word;

/// Bits of a hash that choose a register: the standard error is 1.04 / √2¹¹, about 2.3 %.
const INDEX_BITS: u32 = 11;
const REGISTERS: usize = 1 << INDEX_BITS;
/// Columns of so many rows and fewer are counted exactly.
const EXACT: usize = 1024;

/// The distinct words of a column of `words`, which are rows of `width`: exact for few rows, else by
/// HyperLogLog (Flajolet, Fusy, Gandouet, Meunier, 2007). Rows are not sampled: where a few words are
/// frequent, a sample says little about the many others.
pub(super) fn distinct(words: &[Word], width: usize, column: usize) -> f64 {
    let of_column = || words.iter().skip(column).step_by(width.max(1)).copied();
    if words.len() / width.max(1) <= EXACT {
        let mut all: Vec<Word> = of_column().collect();
        all.sort_unstable();
        all.dedup();
        return all.len() as f64;
    }
    let mut registers = [0_u8; REGISTERS];
    let mut last = None;
    for word in of_column() {
        // Words of sorted rows come in runs.
        if last.replace(word) == Some(word) {
            continue;
        }
        let hash = mix(word);
        let rank = ((hash << INDEX_BITS) | 1 << (INDEX_BITS - 1)).leading_zeros() as u8 + 1;
        if let Some(register) = registers.get_mut((hash >> (u64::BITS - INDEX_BITS)) as usize) {
            *register = rank.max(*register);
        }
    }
    let size = REGISTERS as f64;
    let empty = registers.iter().filter(|rank| **rank == 0).count() as f64;
    let sum: f64 = registers.iter().map(|rank| (-f64::from(*rank)).exp2()).sum();
    let estimate = 0.7213 / (1.0 + 1.079 / size) * size * size / sum;
    // Registers that were never met tell more while they are many.
    if estimate <= 2.5 * size && empty > 0.0 { size * (size / empty).ln() } else { estimate }
}

/// Spreads a word over 64 bits (the finalizer of SplitMix64).
fn mix(word: Word) -> u64 {
    let mut hash = (u64::from(word) + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    hash = (hash ^ (hash >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    hash = (hash ^ (hash >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_rows_are_counted_and_many_estimated_whatever_is_frequent() {
        let few: Vec<Word> = (0..900).flat_map(|i| [i % 7, i]).collect();
        assert_eq!((distinct(&few, 2, 0), distinct(&few, 2, 1)), (7.0, 900.0));
        for many in [2_000_u32, 50_000, 400_000] {
            // Nine rows of ten have one of ten words, and each other row a word of its own.
            let column = |i: u32| if i.is_multiple_of(10) { i / 10 } else { i % 10 };
            let words: Vec<Word> = (0..10 * many).flat_map(|i| [5, column(i)]).collect();
            assert!((distinct(&words, 2, 0) - 1.0).abs() < 0.01);
            let share = distinct(&words, 2, 1) / f64::from(many);
            assert!((0.9..1.1).contains(&share), "{share} of {many}");
        }
    }
}
