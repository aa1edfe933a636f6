//! The smallest sets of changes that have an effect, found by trying them.
//!
//! Where more changes never undo what fewer do, a group that has no effect has no part with one:
//! groups are halved only as long as they have (group testing; Dorfman, Annals of Mathematical
//! Statistics 14, 1943). Elsewhere every set is tried by itself.

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
        Search { trial, left: patience.trials, most: patience.sets, monotone, sets: Vec::new(), cut: false };
    let all: Vec<usize> = (0..count).collect();
    // Of what does nothing together no part does anything.
    if monotone && (all.is_empty() || search.attempt(&all)? == Trial::DoesNot) {
        return Ok(Found::default());
    }
    for size in 1..=most.min(count) {
        search.of_size(&mut Vec::new(), &all, size)?;
        if !search.sets.is_empty() || search.cut {
            break;
        }
    }
    Ok(Found { sets: search.sets, cut: search.cut })
}

struct Search<'t, E> {
    trial: &'t mut dyn FnMut(&[usize]) -> Result<Trial, E>,
    /// Trials that may still be made.
    left: usize,
    most: usize,
    monotone: bool,
    sets: Vec<Vec<usize>>,
    cut: bool,
}

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

    /// Sets of `begun` and `size` more out of `rest`.
    fn of_size(&mut self, begun: &mut Vec<usize>, rest: &[usize], size: usize) -> Result<(), E> {
        if size == 1 {
            return self.single(begun, rest);
        }
        for (at, first) in rest.iter().enumerate() {
            let Some(after) = rest.get(at + 1..).filter(|after| after.len() + 1 >= size) else { break };
            if self.left == 0 || self.sets.len() >= self.most {
                self.cut = true;
                break;
            }
            begun.push(*first);
            let together: Vec<usize> = begun.iter().chain(after).copied().collect();
            if !self.monotone || self.attempt(&together)? != Trial::DoesNot {
                self.of_size(begun, after, size - 1)?;
            }
            begun.pop();
        }
        Ok(())
    }

    /// Each of `rest` that has the effect together with `begun`.
    fn single(&mut self, begun: &[usize], rest: &[usize]) -> Result<(), E> {
        let mut groups: Vec<&[usize]> = match self.monotone {
            true => vec![rest],
            false => rest.chunks(1).rev().collect(),
        };
        while let Some(group) = groups.pop() {
            if group.is_empty() {
                continue;
            }
            if self.sets.len() >= self.most || self.left == 0 {
                self.cut = true;
                return Ok(());
            }
            let set: Vec<usize> = begun.iter().chain(group).copied().collect();
            match (self.attempt(&set)?, group) {
                (Trial::DoesNot, _) => {}
                (Trial::Does, [_]) => self.sets.push(set),
                (_, [_]) => {}
                (_, several) => {
                    let (first, second) = several.split_at(several.len() / 2);
                    groups.extend([second, first]);
                }
            }
        }
        Ok(())
    }
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
}
