//! Sorting rows of words, and finding rows by their first columns.

use std::cmp::Ordering;
use std::convert::Infallible;

use super::interner::Word;

/// Asked once a block of work whether to go on.
pub type Check<'a, E> = &'a mut dyn FnMut() -> Result<(), E>;

/// A [`Check`] that never stops the work.
pub fn never() -> Result<(), Infallible> {
    Ok(())
}

/// Rows sorted at a stretch, without asking.
const BLOCK: usize = 1 << 16;

/// Sorts the rows of `words`, `width` words each, and drops repeated ones. Returns how many are
/// left. Without columns there is nothing to sort and no row left. Ended by `check`, it leaves all
/// rows behind, in some order.
pub fn sort_distinct<E>(width: usize, words: &mut Vec<Word>, check: Check<'_, E>) -> Result<usize, E> {
    macro_rules! by_width {
        ($($n:literal)*) => {
            match width {
                0 => { words.clear(); Ok(0) }
                $($n => {
                    let len = sort_rows::<$n, E>(words.as_chunks_mut::<$n>().0, check)?;
                    words.truncate(len * $n);
                    Ok(len)
                })*
                _ => sort_wide(width, words, check),
            }
        };
    }
    by_width!(1 2 3 4 5 6 7 8)
}

/// Whether the rows are sorted and distinct.
pub fn is_sorted(width: usize, words: &[Word]) -> bool {
    words.chunks_exact(width.max(1)).is_sorted_by(|a, b| a < b)
}

/// Sorts `rows` and moves the distinct ones to the front; returns their number.
pub fn sort_rows<const N: usize, E>(rows: &mut [[Word; N]], check: Check<'_, E>) -> Result<usize, E> {
    if rows.len() <= if N <= 4 { BLOCK >> 4 } else { BLOCK } {
        check()?;
        match N {
            1 | 2 => rows.sort_unstable_by_key(short_key),
            3 | 4 => rows.sort_unstable_by_key(long_key),
            _ => rows.sort_unstable(),
        }
        return Ok(dedup(rows));
    }
    if rows.is_sorted_by(|a, b| a < b) {
        return Ok(rows.len());
    }
    radix_sort(rows, sorted_from(rows), check)?;
    check()?;
    Ok(dedup(rows))
}

/// The first column by which and those behind it the rows are in order already, which rows often are
/// as they were found; as many as there are columns if there is none.
fn sorted_from<const N: usize>(rows: &[[Word; N]]) -> usize {
    let mut from = N;
    while from > 0 && rows.is_sorted_by(|a, b| a[from - 1..] <= b[from - 1..]) {
        from -= 1;
    }
    from
}

/// The first two words as one integer, whose order is the words'.
fn short_key<const N: usize>(row: &[Word; N]) -> u64 {
    row.iter().take(2).fold(0, |key, word| key << 32 | u64::from(*word))
}

/// The first four words as one integer.
fn long_key<const N: usize>(row: &[Word; N]) -> u128 {
    row.iter().take(4).fold(0, |key, word| key << 32 | u128::from(*word))
}

/// Whether `a` comes before `b`.
fn before<const N: usize>(a: &[Word; N], b: &[Word; N]) -> bool {
    match N {
        1 | 2 => short_key(a) < short_key(b),
        3 | 4 => long_key(a) < long_key(b),
        _ => a < b,
    }
}

/// Merges two sorted lists that have no row in common.
pub fn merge<const N: usize, E>(
    left: Vec<[Word; N]>,
    right: Vec<[Word; N]>,
    check: Check<'_, E>,
) -> Result<Vec<[Word; N]>, E> {
    let (mut first, mut second) = if left.first() <= right.first() { (left, right) } else { (right, left) };
    let (Some(last), Some(next)) = (first.last(), second.first()) else {
        return Ok(if first.is_empty() { second } else { first });
    };
    if before(last, next) {
        first.append(&mut second);
        return Ok(first);
    }
    let mut merged = Vec::with_capacity(first.len() + second.len());
    let (mut a, mut b) = (first.as_slice(), second.as_slice());
    while !a.is_empty() && !b.is_empty() {
        check()?;
        // In a block neither side can run out unnoticed.
        for _ in 0..BLOCK {
            let (Some(x), Some(y)) = (a.first(), b.first()) else { break };
            if before(x, y) {
                merged.push(*x);
                a = &a[1..];
            } else {
                merged.push(*y);
                b = &b[1..];
            }
        }
    }
    merged.extend_from_slice(a);
    merged.extend_from_slice(b);
    Ok(merged)
}

/// Drops those of the sorted `rows` that are among the sorted `known`.
pub fn subtract<const N: usize, E>(
    rows: &mut Vec<[Word; N]>,
    known: &[[Word; N]],
    check: Check<'_, E>,
) -> Result<(), E> {
    let sparse = known.len() > 8 * rows.len();
    let mut rest = known;
    let mut kept = 0;
    for i in 0..rows.len() {
        if i % BLOCK == 0 {
            check()?;
        }
        let row = rows[i];
        if sparse {
            let mut step = 1;
            while step < rest.len() && before(&rest[step], &row) {
                rest = &rest[step..];
                step *= 2;
            }
            let skip = rest[..rest.len().min(step + 1)].partition_point(|other| before(other, &row));
            rest = &rest[skip..];
        } else {
            while rest.first().is_some_and(|other| before(other, &row)) {
                rest = &rest[1..];
            }
        }
        if rest.first() != Some(&row) {
            rows[kept] = row;
            kept += 1;
        }
    }
    rows.truncate(kept);
    Ok(())
}

/// Least significant digit first, a byte at a time, skipping bytes in which all rows agree. By the
/// columns from `sorted` on the rows are in order already.
fn radix_sort<const N: usize, E>(
    rows: &mut [[Word; N]],
    sorted: usize,
    check: Check<'_, E>,
) -> Result<(), E> {
    if sorted == 0 {
        return Ok(());
    }
    let mut other = vec![[0; N]; rows.len()];
    let mut in_rows = true;
    for column in (0..sorted).rev() {
        for shift in [0, 8, 16, 24] {
            let (from, to): (&mut [[Word; N]], &mut [[Word; N]]) =
                if in_rows { (&mut *rows, &mut other) } else { (&mut other, &mut *rows) };
            match radix_pass(from, to, column, shift, check) {
                Ok(moved) => in_rows ^= moved,
                Err(error) => {
                    if !in_rows {
                        rows.copy_from_slice(&other);
                    }
                    return Err(error);
                }
            }
        }
    }
    if !in_rows {
        rows.copy_from_slice(&other);
    }
    Ok(())
}

/// Whether rows moved: not if all have the same digit.
fn radix_pass<const N: usize, E>(
    from: &[[Word; N]],
    to: &mut [[Word; N]],
    column: usize,
    shift: u32,
    check: Check<'_, E>,
) -> Result<bool, E> {
    let digit = |row: &[Word; N]| ((row[column] >> shift) & 0xff) as usize;
    let mut starts = [0_usize; 256];
    for block in from.chunks(BLOCK << 4) {
        check()?;
        block.iter().for_each(|row| starts[digit(row)] += 1);
    }
    if starts.contains(&from.len()) {
        return Ok(false);
    }
    let mut total = 0;
    for start in &mut starts {
        total += std::mem::replace(start, total);
    }
    for block in from.chunks(BLOCK << 4) {
        check()?;
        for row in block {
            let at = &mut starts[digit(row)];
            to[*at] = *row;
            *at += 1;
        }
    }
    Ok(true)
}

/// Moves the distinct rows of a sorted slice to the front; returns their number.
fn dedup<const N: usize>(rows: &mut [[Word; N]]) -> usize {
    let Some(mut last) = rows.first().copied() else { return 0 };
    let mut len = 1;
    for i in 1..rows.len() {
        let row = rows[i];
        if row != last {
            rows[len] = row;
            last = row;
            len += 1;
        }
    }
    len
}

/// Wide rows stay where they are while their numbers are sorted: runs of a block each, then merges.
fn sort_wide<E>(width: usize, words: &mut Vec<Word>, check: Check<'_, E>) -> Result<usize, E> {
    let len = words.len() / width;
    let row = |i: usize| &words[i * width..(i + 1) * width];
    let mut numbers: Vec<usize> = (0..len).collect();
    let run = BLOCK >> 2;
    for block in numbers.chunks_mut(run) {
        check()?;
        block.sort_unstable_by(|a, b| row(*a).cmp(row(*b)));
    }
    let mut size = run;
    while size < len {
        let mut merged = Vec::with_capacity(len);
        for pair in numbers.chunks(2 * size) {
            let (mut left, mut right) = pair.split_at(size.min(pair.len()));
            while let (Some(a), Some(b)) = (left.first(), right.first()) {
                if merged.len() % run == 0 {
                    check()?;
                }
                let side = if row(*b) < row(*a) { &mut right } else { &mut left };
                merged.extend(side.split_off_first().copied());
            }
            merged.extend_from_slice(left);
            merged.extend_from_slice(right);
        }
        numbers = merged;
        size *= 2;
    }
    numbers.dedup_by(|a, b| row(*a) == row(*b));
    check()?;
    let sorted = numbers.iter().flat_map(|i| row(*i)).copied().collect();
    *words = sorted;
    Ok(numbers.len())
}

/// The rows among `low..high` that begin with `key`, as a range of row numbers. The rows are
/// sorted; `key` is not longer than they are wide. The search begins at row `near`.
pub fn prefix_range(
    words: &[Word],
    width: usize,
    (low, high): (usize, usize),
    near: usize,
    key: &[Word],
) -> (usize, usize) {
    match key {
        [word] => {
            gallop(low, high, near, |i| words.get(i * width).map_or(Ordering::Greater, |at| at.cmp(word)))
        }
        _ => gallop(low, high, near, |i| {
            words.get(i * width..i * width + key.len()).map_or(Ordering::Greater, |at| at.cmp(key))
        }),
    }
}

/// The numbers of `low..high` that compare equal; numbers are in order.
fn gallop(low: usize, high: usize, near: usize, compare: impl Fn(usize) -> Ordering) -> (usize, usize) {
    // Lookups come in order as a rule: the next match is a little behind the last one.
    let (mut from, mut to) = (low, high);
    if low < near && near < high {
        if compare(near).is_lt() {
            from = near + 1;
            let mut step = 1;
            while near + step < high && compare(near + step).is_lt() {
                from = near + step + 1;
                step *= 2;
            }
            to = high.min(near + step);
        } else {
            to = near;
        }
    }
    let first = partition(from, to, |i| compare(i).is_lt());
    // The matches are few as a rule: look for their end from near by.
    let mut step = 1;
    let mut last = first;
    while last + step <= high && compare(last + step - 1).is_le() {
        last += step;
        step *= 2;
    }
    (first, partition(last, high.min(last + step), |i| compare(i).is_le()))
}

/// The first number of `low..high` for which `before` is false; it is true for all smaller ones.
fn partition(mut low: usize, mut high: usize, before: impl Fn(usize) -> bool) -> usize {
    while low < high {
        let middle = low + (high - low) / 2;
        if before(middle) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(width: usize, rows: usize, spread: u32) {
        let mut state = 7_u32;
        let mut next = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) % spread
        };
        let mut words: Vec<Word> = (0..rows * width).map(|_| next()).collect();
        let mut expected: Vec<Vec<Word>> = words.chunks(width).map(<[Word]>::to_vec).collect();
        expected.sort();
        expected.dedup();
        assert_eq!(sort_distinct(width, &mut words, &mut never), Ok(expected.len()));
        assert_eq!(words, expected.concat());
    }

    #[test]
    fn every_width_and_size_sorts_alike() {
        for width in [1, 2, 3, 4, 8, 9, 40] {
            check(width, 0, 10);
            check(width, 1000, 10);
            check(width, 1000, 1 << 24);
        }
        check(2, 200_000, 300);
        // In order by the last columns as they come.
        for step in [1, 3] {
            let row = |i: u32| [i.wrapping_mul(2_654_435_761) % 1000, i / step, i / step];
            let mut words: Vec<Word> = (0..90_000).flat_map(row).collect();
            let mut expected: Vec<[Word; 3]> = (0..90_000).map(row).collect();
            expected.sort_unstable();
            expected.dedup();
            assert_eq!(sort_distinct(3, &mut words, &mut never), Ok(expected.len()));
            assert_eq!(words, expected.concat());
        }
        check(3, 200_000, 1 << 24);
        check(9, 70_000, 3);
    }

    #[test]
    fn merging_and_subtracting_agree_with_sets() {
        use std::collections::BTreeSet;
        for spread in [3, 7, 1000] {
            let left: BTreeSet<[Word; 2]> = (0..400).map(|i| [i * 7 % spread, i * 31 % 101]).collect();
            for size in [0, 1, 20, 300] {
                let right: BTreeSet<[Word; 2]> = (0..size).map(|i| [i * 5 % spread, i * 17 % 103]).collect();
                let mut rows: Vec<[Word; 2]> = right.iter().copied().collect();
                let known: Vec<[Word; 2]> = left.iter().copied().collect();
                subtract(&mut rows, &known, &mut never).unwrap();
                assert_eq!(rows, right.difference(&left).copied().collect::<Vec<_>>());
                let merged = merge(known, rows, &mut never).unwrap();
                assert_eq!(merged, left.union(&right).copied().collect::<Vec<_>>());
            }
        }
    }

    #[test]
    fn a_check_that_fails_ends_the_work() {
        let mut calls = 0;
        let mut words: Vec<Word> = (0..400_000_u32).map(|i| i.wrapping_mul(2_654_435_761)).collect();
        let result = sort_distinct(2, &mut words, &mut || {
            calls += 1;
            if calls > 3 { Err("stop") } else { Ok(()) }
        });
        assert_eq!(result, Err("stop"));
    }
}
