//! Relations as flat tables of words: rows sorted and distinct, with copies in other column orders.

mod change;
mod distinct;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use super::interner::{Interner, Word, inlined};
use super::pairs::{Pairs, Span};
use super::sort::{self, Check};
pub use super::sorted::Sorted;

/// A relation: its rows in the order of their columns, and, made when first asked for and kept,
/// in other orders.
///
/// Rows that came in no order are sorted, and rows kept as bits written out, when they are first
/// asked for in order.
///
/// Clones are the same relation: what one finds out, all know.
#[derive(Clone, Debug, Default)]
pub struct Table(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    width: usize,
    rows: OnceLock<Arc<Sorted>>,
    unsorted: Mutex<Option<Arc<Vec<Word>>>>,
    /// Whether no unsorted row is there twice.
    distinct_rows: bool,
    bits: Option<Pairs>,
    orders: Mutex<HashMap<Box<[usize]>, Arc<Sorted>>>,
    distinct: OnceLock<Box<[f64]>>,
    alike: OnceLock<Box<[f64]>>,
    spans: OnceLock<Box<[Option<Span>]>>,
    /// How it was made of another, if it was.
    step: Option<change::Step>,
    /// The table that it is but for some more rows, as long as nobody wants all of them in order.
    over: Option<change::Over>,
}

impl Table {
    /// The relation of these rows, in any order and with repetitions: `width` words a row. Without
    /// columns see [`Table::nullary`].
    pub fn from_rows(width: usize, words: Vec<Word>) -> Self {
        let unsorted = Mutex::new(Some(Arc::new(words)));
        Table(Arc::new(Inner { width, unsorted, ..Inner::default() }))
    }

    /// The same of rows that are distinct: they can be counted before they are put in order.
    pub fn from_distinct(width: usize, words: Vec<Word>) -> Self {
        let unsorted = Mutex::new(Some(Arc::new(words)));
        Table(Arc::new(Inner { width, unsorted, distinct_rows: true, ..Inner::default() }))
    }

    /// The relation without columns that holds (`true`) or does not.
    pub fn nullary(holds: bool) -> Self {
        Self::from(Sorted::from_sorted(0, Vec::new(), usize::from(holds)))
    }

    /// The relation of these pairs.
    pub fn from_bits(bits: Pairs) -> Self {
        let width = bits.layout().width;
        Table(Arc::new(Inner { width, bits: Some(bits), ..Inner::default() }))
    }

    /// Whether this is a clone of `other`.
    pub fn is_same(&self, other: &Table) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    /// Whether it is known to have the rows of `other`.
    pub fn shares(&self, other: &Table) -> bool {
        let rows = || Some(Arc::ptr_eq(self.0.rows.get()?, other.0.rows.get()?));
        self.is_same(other) || rows() == Some(true)
    }

    /// Number of columns.
    pub fn width(&self) -> usize {
        self.0.width
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        match (&self.0.bits, &self.0.over) {
            (Some(bits), _) => bits.len(),
            (None, Some(over)) => over.len(),
            (None, None) => match self.unsorted().filter(|_| self.0.distinct_rows) {
                Some(words) => words.len() / self.0.width.max(1),
                None => self.rows().len(),
            },
        }
    }

    /// Number of rows, perhaps with repetitions: never takes long.
    pub fn rough_len(&self) -> usize {
        match (&self.0.bits, self.unsorted()) {
            (None, Some(words)) => words.len() / self.0.width.max(1),
            _ => self.len(),
        }
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rough_len() == 0
    }

    /// Row `i`; empty when there is none.
    pub fn row(&self, i: usize) -> &[Word] {
        self.rows().row(i)
    }

    /// The rows, sorted by word.
    pub fn iter(&self) -> impl Iterator<Item = &[Word]> {
        self.rows().iter()
    }

    /// Whether `row` is one of the rows.
    pub fn contains(&self, row: &[Word]) -> bool {
        match (&self.0.bits, &self.0.over) {
            (Some(bits), _) => bits.contains(row),
            (None, Some(over)) => over.contains(row),
            (None, None) => row.len() == self.0.width && self.rows().has_prefix(row),
        }
    }

    /// The rows in the order of the columns.
    pub fn rows(&self) -> &Arc<Sorted> {
        match self.rows_checked(&mut sort::never) {
            Ok(rows) => rows,
        }
    }

    /// [`Table::rows`], which can be stopped.
    pub fn rows_checked<E>(&self, check: Check<'_, E>) -> Result<&Arc<Sorted>, E> {
        if let Some(rows) = self.0.rows.get() {
            return Ok(rows);
        }
        let sorted = self.sort(check)?;
        Ok(self.0.rows.get_or_init(|| sorted))
    }

    /// The rows as they came, perhaps with repetitions, as long as nobody wanted them in order.
    pub fn unsorted(&self) -> Option<Arc<Vec<Word>>> {
        self.0.unsorted.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The relation as bits, if it is kept so.
    pub fn bits(&self) -> Option<&Pairs> {
        self.0.bits.as_ref()
    }

    /// Whether it is kept as bits and nobody wanted rows.
    pub fn only_bits(&self) -> bool {
        self.0.bits.is_some() && self.0.rows.get().is_none()
    }

    fn sort<E>(&self, check: Check<'_, E>) -> Result<Arc<Sorted>, E> {
        if let Some(bits) = &self.0.bits {
            let words = bits.words(check)?;
            return Ok(Arc::new(Sorted::from_sorted(self.0.width, words, 0)));
        }
        if let Some(over) = &self.0.over {
            return over.order(None, check);
        }
        // Held to the end, so that nobody finds neither the one nor the other.
        let mut unsorted = self.0.unsorted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(rows) = self.0.rows.get() {
            return Ok(Arc::clone(rows));
        }
        let words = unsorted.take().map_or_else(Vec::new, Arc::unwrap_or_clone);
        match Sorted::new(self.0.width, words, check) {
            Ok(sorted) => {
                let sorted = Arc::new(sorted);
                Ok(Arc::clone(self.0.rows.get_or_init(|| sorted)))
            }
            Err((error, words)) => {
                *unsorted = Some(Arc::new(words));
                Err(error)
            }
        }
    }

    /// The rows cut down to `columns`, in that order, sorted and distinct. Made on first use.
    pub fn order<E>(&self, columns: &[usize], check: Check<'_, E>) -> Result<Arc<Sorted>, E> {
        if columns.len() == self.width() && columns.iter().enumerate().all(|(i, column)| i == *column) {
            return self.rows_checked(check).cloned();
        }
        if let Some(known) = self.lock().get(columns) {
            return Ok(Arc::clone(known));
        }
        // What a cut down order loses may be there through another row.
        if let Some(over) = &self.0.over
            && (columns.len() == self.0.width || !over.has_gaps())
        {
            let sorted = over.order(Some(columns), check)?;
            self.lock().insert(columns.into(), Arc::clone(&sorted));
            return Ok(sorted);
        }
        let rows = self.rows_checked(check)?;
        let mut words = Vec::with_capacity(if columns.is_empty() { 0 } else { rows.len() * columns.len() });
        if columns.iter().enumerate().all(|(i, column)| i == *column) {
            // What begins rows is in order.
            for row in rows.iter() {
                let begin = row.get(..columns.len()).unwrap_or(row);
                if words.len() < columns.len() || words.get(words.len() - columns.len()..) != Some(begin) {
                    words.extend_from_slice(begin);
                }
            }
            words.shrink_to_fit();
        } else {
            for row in rows.iter() {
                words.extend(columns.iter().filter_map(|column| row.get(*column)));
            }
        }
        let sorted = Arc::new(if columns.is_empty() {
            Sorted::from_sorted(0, words, self.len())
        } else {
            Sorted::new(columns.len(), words, check).map_err(|(error, _)| error)?
        });
        self.lock().insert(columns.into(), Arc::clone(&sorted));
        Ok(sorted)
    }

    /// The same in pieces without a row in common, where the columns are all of the relation's: at no
    /// cost for a table of which few rows have gone, if they are `keyed`, looked up by a word and
    /// more, and to which few have come.
    pub fn pieces<E>(
        &self,
        columns: &[usize],
        keyed: bool,
        check: Check<'_, E>,
    ) -> Result<Vec<Arc<Sorted>>, E> {
        match &self.0.over {
            Some(over)
                if columns.len() == self.0.width && (keyed || !over.has_gaps()) && !self.is_made(columns) =>
            {
                over.pieces(columns, check)
            }
            _ => Ok(vec![self.order(columns, check)?]),
        }
    }

    /// Whether rows have gone that [`Table::pieces`] leaves out only where they are keyed.
    pub fn has_gaps(&self) -> bool {
        self.0.over.as_ref().is_some_and(change::Over::has_gaps)
    }

    /// Whether [`Table::order`], or [`Table::pieces`] for all columns, has these ready.
    pub fn has_order(&self, columns: &[usize]) -> bool {
        if let Some(over) = &self.0.over
            && columns.len() == self.0.width
        {
            return over.has_order(columns);
        }
        self.is_made(columns)
    }

    fn is_made(&self, columns: &[usize]) -> bool {
        let in_place =
            columns.len() == self.0.width && columns.iter().enumerate().all(|(i, column)| i == *column);
        if in_place { self.0.rows.get().is_some() } else { self.lock().contains_key(columns) }
    }

    /// Estimated numbers of distinct words in the columns.
    pub fn distinct(&self) -> &[f64] {
        self.0.distinct.get_or_init(|| {
            if let (Some(bits), None) = (&self.0.bits, self.0.rows.get()) {
                return (0..self.0.width).map(|column| bits.distinct(column)).collect();
            }
            match self.unsorted() {
                Some(words) => {
                    (0..self.0.width).map(|column| distinct::distinct(&words, self.0.width, column)).collect()
                }
                None => {
                    let words = self.rows().words();
                    (0..self.0.width).map(|column| distinct::distinct(words, self.0.width, column)).collect()
                }
            }
        })
    }

    /// How many rows have the same word in a column as one of them taken at random, itself included:
    /// more than rows by distinct words where some words are frequent. Estimated from a sample.
    pub fn alike(&self, column: usize) -> Option<f64> {
        let alike = self.0.alike.get_or_init(|| {
            let of = |words: &[Word]| {
                (0..self.0.width).map(|column| sampled_alike(words, self.0.width, column)).collect()
            };
            match (self.0.rows.get(), self.unsorted()) {
                (Some(rows), _) => of(rows.words()),
                (None, Some(words)) => of(&words),
                // Bits would have to be written out.
                (None, None) => Box::default(),
            }
        });
        alike.get(column).copied()
    }

    /// The least and the greatest word of each column, or a little beyond; `None` without rows.
    pub fn spans(&self) -> &[Option<Span>] {
        self.0.spans.get_or_init(|| {
            if let Some(bits) = &self.0.bits {
                return (0..self.0.width).map(|column| Some(bits.layout().span(column))).collect();
            }
            match self.unsorted() {
                Some(words) => spans_of(&words, self.0.width),
                None => spans_of(self.rows().words(), self.0.width),
            }
        })
    }

    /// Bytes in use, other orders included.
    pub fn bytes(&self) -> u64 {
        let rows = self.0.rows.get().map_or(0, |rows| rows.bytes());
        let unsorted = self.unsorted().map_or(0, |words| words.capacity() * size_of::<Word>());
        let bits = self.0.bits.as_ref().map_or(0, |bits| bits.bytes());
        let bits = bits + self.0.over.as_ref().map_or(0, change::Over::bytes);
        rows + unsorted as u64 + bits + self.lock().values().map(|order| order.bytes()).sum::<u64>()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, HashMap<Box<[usize]>, Arc<Sorted>>> {
        // A thread that died while it held the lock left whole entries behind.
        self.0.orders.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The distinct words of a column, from a sample of rows (I. J. Good 1953: the share of words seen once
/// estimates the share unseen).
pub fn sampled_distinct(words: &[Word], width: usize, column: usize) -> f64 {
    const SAMPLE: usize = 1024;
    let len = words.len() / width.max(1);
    let step = len.div_ceil(SAMPLE).max(1);
    let word = |i: usize| words.get(i * width + column).copied();
    let mut sample: Vec<Word> = (0..len).step_by(step).filter_map(word).collect();
    sample.sort_unstable();
    let runs = || sample.chunk_by(|a, b| a == b);
    let (seen, once) = (runs().count() as f64, runs().filter(|run| run.len() == 1).count() as f64);
    if step == 1 {
        return seen;
    }
    let coverage = 1.0 - once / sample.len().max(1) as f64;
    (seen / coverage.max(seen / len as f64)).min(len as f64)
}

/// Numbers below `end` at random, but the same each time (Knuth's MMIX).
fn random_places(end: usize) -> impl Iterator<Item = usize> {
    let mut state = 1_u64;
    std::iter::repeat_with(move || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as usize % end
    })
}

/// [`Table::alike`]: the share of pairs of sampled rows that agree estimates the share of all.
fn sampled_alike(words: &[Word], width: usize, column: usize) -> f64 {
    const SAMPLE: usize = 2048;
    let len = words.len() / width.max(1);
    let word = |i: usize| words.get(i * width + column).copied();
    let mut sample: Vec<Word> = if len <= SAMPLE {
        (0..len).filter_map(word).collect()
    } else {
        // Rows that stand side by side are alike.
        random_places(len).take(SAMPLE).filter_map(word).collect()
    };
    sample.sort_unstable();
    let size = sample.len() as f64;
    let squares = |counts: &dyn Fn(f64) -> f64| -> f64 {
        sample.chunk_by(|a, b| a == b).map(|run| counts(run.len() as f64)).sum()
    };
    if len <= SAMPLE {
        return squares(&|count| count * count) / size.max(1.0);
    }
    1.0 + len as f64 * squares(&|count| count * (count - 1.0)) / (size * (size - 1.0))
}

fn spans_of(words: &[Word], width: usize) -> Box<[Option<Span>]> {
    let mut spans = vec![None; width];
    for row in words.chunks_exact(width.max(1)) {
        for (span, word) in spans.iter_mut().zip(row) {
            *span = Some(span.map_or((*word, *word), |(low, high): Span| (low.min(*word), high.max(*word))));
        }
    }
    spans.into()
}

impl From<Sorted> for Table {
    fn from(rows: Sorted) -> Self {
        let (width, rows) = (rows.width(), OnceLock::from(Arc::new(rows)));
        Table(Arc::new(Inner { width, rows, ..Inner::default() }))
    }
}

/// The rows of `words`, `width` each, sorted by value: as answers are shown.
pub fn sort_by_value(interner: &Interner, width: usize, words: &[Word]) -> Vec<Word> {
    if width == 0 || words.is_empty() {
        return words.to_vec();
    }
    let mut distinct = words.to_vec();
    distinct.sort_unstable();
    distinct.dedup();
    // Small integers sort last among the words and by number among themselves.
    let firsts = distinct.partition_point(|word| inlined(*word).is_none());
    let mut rows: Vec<&[Word]> = words.chunks_exact(width).collect();
    if firsts == 0 {
        rows.sort_unstable();
    } else {
        let mut by_value: Vec<u32> = (0..distinct.len() as u32).collect();
        let word = |at: u32| distinct.get(at as usize).copied().unwrap_or(0);
        by_value.sort_unstable_by(|a, b| interner.compare(word(*a), word(*b)));
        let mut ranks = vec![0_u32; distinct.len()];
        for (rank, at) in by_value.iter().enumerate() {
            if let Some(slot) = ranks.get_mut(*at as usize) {
                *slot = rank as u32;
            }
        }
        let rank = |word: &Word| distinct.binary_search(word).ok().and_then(|at| ranks.get(at));
        rows.sort_by_cached_key(|row| row.iter().map(|word| rank(word).copied()).collect::<Vec<_>>());
    }
    rows.concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;

    fn pairs(rows: &[[u32; 2]]) -> Table {
        Table::from_rows(2, rows.as_flattened().to_vec())
    }

    fn order(table: &Table, columns: &[usize]) -> Vec<Word> {
        table.order::<()>(columns, &mut || Ok(())).unwrap().words().to_vec()
    }

    #[test]
    fn rows_are_sorted_and_distinct() {
        let table = pairs(&[[3, 1], [1, 2], [3, 1], [1, 1]]);
        assert_eq!(table.iter().collect::<Vec<_>>(), [[1, 1], [1, 2], [3, 1]]);
        assert!(table.contains(&[1, 2]) && !table.contains(&[2, 1]) && !table.contains(&[1]));
    }

    #[test]
    fn distinct_rows_are_counted_as_they_came_and_put_in_order_later() {
        let table = Table::from_distinct(2, vec![3, 1, 1, 2, 1, 1]);
        assert_eq!((table.len(), table.unsorted().is_some()), (3, true));
        assert_eq!(table.iter().collect::<Vec<_>>(), [[1, 1], [1, 2], [3, 1]]);
        assert_eq!((table.len(), table.unsorted().is_some()), (3, false));
    }

    #[test]
    fn frequent_words_make_rows_alike() {
        // Half the rows have one word, all others one of their own.
        let rows =
            |count: u32| (0..count).map(|i| [if i % 2 == 0 { 7 } else { 100 + i }, i]).collect::<Vec<_>>();
        assert_eq!(pairs(&rows(8)).alike(0), Some((16.0 + 4.0) / 8.0));
        assert_eq!(pairs(&rows(8)).alike(1), Some(1.0));
        let many = pairs(&rows(40_000));
        assert!((8_000.0..12_000.0).contains(&many.alike(0).unwrap()), "{:?}", many.alike(0));
        assert!(many.alike(1).unwrap() < 50.0);
    }

    #[test]
    fn other_orders_are_sorted_and_projections_distinct() {
        let table = pairs(&[[1, 9], [2, 8], [2, 9]]);
        assert_eq!(order(&table, &[1, 0]), [8, 2, 9, 1, 9, 2]);
        assert_eq!(order(&table, &[1]), [8, 9]);
        assert_eq!(table.order::<()>(&[], &mut || Ok(())).unwrap().len(), 1);
    }

    #[test]
    fn a_relation_without_columns_holds_or_not() {
        assert_eq!(Table::nullary(true).iter().count(), 1);
        assert!(Table::nullary(true).contains(&[]));
        assert!(Table::nullary(false).is_empty() && !Table::nullary(false).contains(&[]));
    }

    #[test]
    fn ranges_by_prefix_agree_with_a_scan() {
        for spread in [1, 1000] {
            let rows: Vec<[u32; 3]> = (0..300).map(|i| [(i * 7 % 50) * spread, i * 11 % 13, i]).collect();
            let table = Table::from_rows(3, rows.as_flattened().to_vec());
            for first in 0..52 {
                let key = [first * spread];
                let (low, high) = table.rows().range(&key);
                let expected = rows.iter().filter(|row| row[0] == key[0]).count();
                assert_eq!(high - low, expected);
                assert!((low..high).all(|i| table.row(i)[0] == key[0]));
                let (low, high) = table.rows().range(&[key[0], 5]);
                assert_eq!(high - low, rows.iter().filter(|row| row[0] == key[0] && row[1] == 5).count());
            }
        }
    }

    #[test]
    fn ranges_by_two_words_agree_with_a_scan() {
        // Close together, far apart, and few with a first word in common.
        for (spread, firsts) in [(1, 7), (100_000, 7), (1, 400)] {
            let row = |i: u32| [(i * 13 % firsts) * spread, (i * 29 % 40) * spread, i % 11];
            let rows: std::collections::BTreeSet<[u32; 3]> = (0..900).map(row).collect();
            let table = Table::from_rows(3, rows.iter().flatten().copied().collect());
            table.rows().index_twos();
            for (first, second) in
                (0..firsts + 1).flat_map(|first| (0..41).map(move |second| (first, second)))
            {
                let key = [first * spread, second * spread];
                let (low, high) = table.rows().range(&key);
                assert_eq!(high - low, rows.iter().filter(|row| row[..2] == key).count());
                assert!((low..high).all(|i| table.row(i)[..2] == key));
                for third in [0, 5, 12] {
                    let (low, high) = table.rows().range(&[key[0], key[1], third]);
                    assert_eq!(high - low, usize::from(rows.contains(&[key[0], key[1], third])));
                }
            }
        }
    }

    #[test]
    fn answers_sort_by_value_not_by_word() {
        let mut interner = Interner::new();
        let b = interner.symbol("b");
        let a = interner.symbol("a");
        let two = interner.intern(&Value::Number(2));
        let one = interner.intern(&Value::Number(1));
        let sorted = sort_by_value(&interner, 2, &[b, one, a, two, a, one]);
        assert_eq!(sorted, [a, one, a, two, b, one]);
    }
}
