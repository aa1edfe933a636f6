//! The smallest sets of changes that have an effect, found by trying them.
//!
//! Where more changes never undo what fewer do, a group that has no effect has no part with one:
//! groups are halved only as long as they have (group testing; Dorfman, Annals of Mathematical
//! Statistics 14, 1943), several at once where a set takes several changes. Elsewhere every set is
//! tried by itself.

use std::ops::Range;

/// What came of a trial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trial {
    /// It has the effect.
    Does,
    /// It has not.
    DoesNot,
    /// It cannot be told; parts of it may have the effect.
    Unknown,
    /// No more can be tried.
    Enough,
}

/// Sets of changes, by their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Those of one size, in order of their numbers.
    pub sets: Vec<Vec<usize>>,
    /// Whether there may be others as small, or smaller ones.
    pub cut: bool,
}

/// Changes of one kind that are tried with all of another, to find out which are worth more.
const PROMISING: usize = 60;

/// How long to search.
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// Trials of all.
    pub trials: usize,
    /// Sets that are looked for.
    pub sets: usize,
}

/// The smallest sets, of at most `most` out of `count` changes, that have an effect. `monotone` says
/// that more changes never undo what fewer do.
///
/// # Errors
/// Those of the trials.
pub fn smallest<E>(
    count: usize,
    most: usize,
    monotone: bool,
    patience: Patience,
    trial: &mut dyn FnMut(&[usize]) -> Result<Trial, E>,
) -> Result<Found, E> {
    let mut search =
        Search { trial, left: patience.trials, most: patience.sets, sets: Vec::new(), cut: false };
    let all: Vec<usize> = (0..count).collect();
    // Of what does nothing together no part does anything.
    if monotone && (all.is_empty() || search.attempt(&all)? == Trial::DoesNot) {
        return Ok(Found::default());
    }
    for size in 1..=most.min(count) {
        match monotone {
            true => search.halve(vec![(0..count, size)])?,
            false => search.of_size(&mut Vec::new(), &all, size)?,
        }
        if !search.sets.is_empty() || search.cut {
            break;
        }
    }
    Ok(search.found())
}

/// The smallest sets, of at most `most` changes, that take some of each of two kinds: of the
/// `counts[0]` changes numbered from 0, and of the `counts[1]` behind them. That no set of one kind
/// as small does is taken for granted.
///
/// # Errors
/// Those of the trials.
pub fn smallest_of_both<E>(
    counts: [usize; 2],
    most: usize,
    monotone: bool,
    patience: Patience,
    trial: &mut dyn FnMut(&[usize]) -> Result<Trial, E>,
) -> Result<Found, E> {
    let [first, second] = counts;
    let mut search =
        Search { trial, left: patience.trials, most: patience.sets, sets: Vec::new(), cut: false };
    let all: Vec<usize> = (0..first + second).collect();
    if first == 0 || second == 0 || (monotone && search.attempt(&all)? == Trial::DoesNot) {
        return Ok(search.found());
    }
    let shapes = (2..=most).flat_map(|size| (1..size).rev().map(move |some| [some, size - some]));
    let mut order: Option<(Vec<usize>, usize)> = None;
    for shape in shapes.filter(|[some, others]| *some <= first && *others <= second) {
        let [some, others] = shape;
        let size = some + others;
        if search.sets.first().is_some_and(|set| set.len() < size) || search.cut {
            break;
        }
        if monotone {
            search.halve(vec![(0..first, some), (first..first + second, others)])?;
            continue;
        }
        let (order, promising) = match &order {
            Some(known) => known,
            None => order.insert(search.promising(first, second)?),
        };
        search.each_of_both(order, *promising, first..first + second, shape)?;
    }
    Ok(search.found())
}

struct Search<'t, E> {
    trial: &'t mut dyn FnMut(&[usize]) -> Result<Trial, E>,
    /// Trials that may still be made.
    left: usize,
    most: usize,
    sets: Vec<Vec<usize>>,
    cut: bool,
}

/// Groups of changes with how many of each a set takes.
type Groups = Vec<(Range<usize>, usize)>;

impl<E> Search<'_, E> {
    fn attempt(&mut self, set: &[usize]) -> Result<Trial, E> {
        if self.left == 0 {
            self.cut = true;
            return Ok(Trial::Enough);
        }
        self.left -= 1;
        let outcome = (self.trial)(set)?;
        if outcome == Trial::Enough {
            self.left = 0;
            self.cut = true;
        }
        Ok(outcome)
    }

    fn found(mut self) -> Found {
        self.sets.sort_unstable();
        Found { sets: self.sets, cut: self.cut }
    }

    /// Whether there is no room for more; it is then said to be cut.
    fn is_full(&mut self) -> bool {
        let full = self.sets.len() >= self.most || self.left == 0;
        self.cut |= full;
        full
    }

    /// Sets with so many out of each group, of which it is known that all together can have the
    /// effect.
    fn halve(&mut self, groups: Groups) -> Result<(), E> {
        let mut open: Vec<(Groups, bool)> = vec![(groups, true)];
        while let Some((groups, known)) = open.pop() {
            if self.is_full() {
                return Ok(());
            }
            let whole = groups.iter().all(|(group, count)| group.len() == *count);
            if whole || !known {
                let set: Vec<usize> = groups.iter().flat_map(|(group, _)| group.clone()).collect();
                match self.attempt(&set)? {
                    Trial::DoesNot => continue,
                    Trial::Does if whole => {
                        self.sets.push(set);
                        continue;
                    }
                    _ if whole => continue,
                    _ => {}
                }
            }
            let slack = |at: &usize| groups.get(*at).map_or(0, |(group, count)| group.len() - count);
            let Some(at) = (0..groups.len()).rev().max_by_key(slack) else { continue };
            let Some((group, count)) = groups.get(at).cloned() else { continue };
            let middle = group.start + group.len() / 2;
            let (low, high) = (group.start..middle, middle..group.end);
            // Those of the first half come first, and thus go on the stack last.
            for from_low in 0..=count {
                let from_high = count - from_low;
                if from_low > low.len() || from_high > high.len() {
                    continue;
                }
                let mut parts = groups.clone();
                let halves = [(low.clone(), from_low), (high.clone(), from_high)];
                parts.splice(at..=at, halves.into_iter().filter(|(_, count)| *count > 0));
                // Of both halves: the changes are the same as before.
                open.push((parts, from_low > 0 && from_high > 0));
            }
        }
        Ok(())
    }

    /// Sets of `begun` and `size` more out of `rest`, one by one.
    fn of_size(&mut self, begun: &mut Vec<usize>, rest: &[usize], size: usize) -> Result<(), E> {
        for (at, first) in rest.iter().enumerate() {
            let Some(after) = rest.get(at + 1..).filter(|after| after.len() + 1 >= size) else { break };
            if self.is_full() {
                break;
            }
            begun.push(*first);
            if size > 1 {
                self.of_size(begun, after, size - 1)?;
            } else if self.attempt(begun)? == Trial::Does {
                self.sets.push(begun.clone());
            }
            begun.pop();
        }
        Ok(())
    }

    /// The first kind of changes, those first that have the effect together with all of the second, and
    /// how many these are: the others are less likely to have it with a few of the second.
    fn promising(&mut self, first: usize, second: usize) -> Result<(Vec<usize>, usize), E> {
        let others: Vec<usize> = (first..first + second).collect();
        let mut order = Vec::with_capacity(first);
        let mut last = Vec::new();
        for at in 0..first {
            let together: Vec<usize> = [at].into_iter().chain(others.iter().copied()).collect();
            let tried = order.len() + last.len() < PROMISING && self.left > 0;
            match tried && self.attempt(&together)? == Trial::Does {
                true => order.push(at),
                false => last.push(at),
            }
        }
        let promising = order.len();
        order.extend(last);
        Ok((order, promising))
    }

    /// Sets of so many of two kinds, one by one, those with the first of each kind before others.
    fn each_of_both(
        &mut self,
        first: &[usize],
        promising: usize,
        second: Range<usize>,
        shape: [usize; 2],
    ) -> Result<(), E> {
        let second: Vec<usize> = second.collect();
        // As many of each as there are trials for.
        let mut most = [first.len(), second.len()];
        let sets = |most: [usize; 2]| {
            most.iter().zip(shape).map(|(count, of)| combinations(*count, of)).fold(1, usize::saturating_mul)
        };
        while sets(most) > self.left.saturating_mul(4) {
            let larger = usize::from(most[0] <= promising.max(shape[0]) && most[1] > most[0]);
            most[larger] -= 1 + most[larger] / 64;
            self.cut = true;
        }
        let chosen = most.map(|count| (0..count).collect::<Vec<usize>>());
        let of = |places: &[usize], size: usize| {
            let mut found = vec![Vec::new()];
            for _ in 0..size {
                let longer = |set: &Vec<usize>| {
                    let after = set.last().map_or(0, |last| last + 1);
                    let set = set.clone();
                    places
                        .iter()
                        .filter(move |at| **at >= after)
                        .map(move |at| set.iter().copied().chain([*at]).collect::<Vec<usize>>())
                };
                found = found.iter().flat_map(longer).collect();
            }
            found
        };
        let (some, others) = (of(&chosen[0], shape[0]), of(&chosen[1], shape[1]));
        // By what is not promising, then by how far from the front.
        let rank = |a: &[usize], b: &[usize]| {
            let others = a.iter().filter(|at| **at >= promising).count();
            (others, a.iter().chain(b).sum::<usize>())
        };
        let mut pairs: Vec<_> =
            some.iter().flat_map(|a| others.iter().map(move |b| (rank(a, b), a, b))).collect();
        pairs.sort_unstable();
        for (_, a, b) in pairs {
            if self.is_full() {
                break;
            }
            let mut set: Vec<usize> = a.iter().filter_map(|at| first.get(*at)).copied().collect();
            set.sort_unstable();
            set.extend(b.iter().filter_map(|at| second.get(*at)));
            if self.attempt(&set)? == Trial::Does {
                self.sets.push(set);
            }
        }
        Ok(())
    }
}

/// In how many ways `of` out of `count` can be chosen, for small numbers.
fn combinations(count: usize, of: usize) -> usize {
    (0..of).fold(1, |ways: usize, at| ways.saturating_mul(count.saturating_sub(at)) / (at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(count: usize, monotone: bool, trials: usize, does: impl Fn(&[usize]) -> bool) -> (Found, usize) {
        let mut made = 0;
        let mut trial = |set: &[usize]| {
            made += 1;
            Ok::<Trial, ()>(if does(set) { Trial::Does } else { Trial::DoesNot })
        };
        let found = smallest(count, 3, monotone, Patience { trials, sets: 10 }, &mut trial).unwrap();
        (found, made)
    }

    fn holds(set: &[usize], part: &[usize]) -> bool {
        part.iter().all(|one| set.contains(one))
    }

    #[test]
    fn one_of_a_thousand_takes_few_trials() {
        let (one, made) = found(1000, true, 100, |set| holds(set, &[613]));
        assert_eq!(one, Found { sets: vec![vec![613]], cut: false });
        assert!(made < 30, "{made}");
    }

    #[test]
    fn where_all_together_do_nothing_one_trial_tells() {
        assert_eq!(found(1000, true, 100, |_| false), (Found::default(), 1));
        assert_eq!(found(0, true, 100, |_| true).0, Found::default());
    }

    #[test]
    fn the_smallest_sets_are_found_and_no_larger_ones() {
        let does = |set: &[usize]| holds(set, &[2, 5]) || holds(set, &[0, 7]) || holds(set, &[1, 3, 4]);
        let expected = Found { sets: vec![vec![0, 7], vec![2, 5]], cut: false };
        assert_eq!(found(9, true, 1000, does).0, expected);
        let three = found(9, true, 1000, |set| holds(set, &[1, 3, 8])).0;
        assert_eq!(three, Found { sets: vec![vec![1, 3, 8]], cut: false });
        assert_eq!(found(9, true, 1000, |set| holds(set, &[1, 3, 4, 8])).0, Found::default());
    }

    #[test]
    fn what_more_changes_undo_is_found_all_the_same() {
        // Either of two, but not both.
        let does = |set: &[usize]| set.contains(&3) != set.contains(&4);
        assert_eq!(found(8, false, 1000, does).0, Found { sets: vec![vec![3], vec![4]], cut: false });
    }

    #[test]
    fn it_says_when_trials_run_out() {
        assert!(found(1000, true, 5, |set| holds(set, &[613])).0.cut);
        assert!(found(100, false, 50, |set| set == [70]).0.cut);
        assert!(!found(100, false, 100, |set| set == [70]).0.cut);
        let many = found(100, true, 1000, |_| true).0;
        assert!(many.cut && many.sets.len() == 10);
    }

    fn found_of_both(counts: [usize; 2], monotone: bool, does: impl Fn(&[usize]) -> bool) -> (Found, usize) {
        let mut made = 0;
        let mut trial = |set: &[usize]| {
            made += 1;
            Ok::<Trial, ()>(if does(set) { Trial::Does } else { Trial::DoesNot })
        };
        let patience = Patience { trials: 400, sets: 10 };
        let found = smallest_of_both(counts, 3, monotone, patience, &mut trial).unwrap();
        (found, made)
    }

    #[test]
    fn sets_take_some_of_both_kinds() {
        let does = |set: &[usize]| holds(set, &[3, 12]) || holds(set, &[4, 15]) || holds(set, &[1, 11, 13]);
        let expected = Found { sets: vec![vec![3, 12], vec![4, 15]], cut: false };
        assert_eq!(found_of_both([10, 6], true, does).0, expected);
        assert_eq!(found_of_both([10, 6], false, does).0, expected);
        let three = |set: &[usize]| holds(set, &[1, 5, 9]) || holds(set, &[0, 8, 10]);
        let expected = Found { sets: vec![vec![0, 8, 10], vec![1, 5, 9]], cut: false };
        assert_eq!(found_of_both([8, 4], true, three).0, expected);
        assert_eq!(found_of_both([8, 4], false, three).0.sets, expected.sets);
    }

    #[test]
    fn one_of_a_thousand_and_one_of_a_hundred_take_few_trials() {
        let (found, made) = found_of_both([1000, 100], true, |set| holds(set, &[613, 1042]));
        assert_eq!(found, Found { sets: vec![vec![613, 1042]], cut: false });
        assert!(made < 60, "{made}");
        // Where more can undo it, what does with all of the others is looked at first.
        let does = |set: &[usize]| holds(set, &[41, 1042]) && !set.contains(&40);
        let (found, _) = found_of_both([1000, 100], false, does);
        assert_eq!(found, Found { sets: vec![vec![41, 1042]], cut: true });
        assert_eq!(found_of_both([0, 100], true, |_| true).0, Found::default());
    }
}
