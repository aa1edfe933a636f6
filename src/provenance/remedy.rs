//! What would make a tuple hold: small sets of facts to state, not to state, or some of both, each
//! of them tried.

use super::candidates::Candidates;
use super::repair::{MOST_FACTS, Missing, Repairs};
use super::trial::{Patience, Trial, smallest, smallest_of_both};
use crate::model::{PredId, Value};

/// Trials of candidates.
const TRIALS: usize = 600;
/// The same of stated facts that could be in the way.
const TRIALS_WITHOUT: usize = 200;
/// The same of both together.
const TRIALS_OF_BOTH: usize = 400;
/// Sets of stated facts in the way that are looked for.
const WITHOUT: usize = 3;

/// A stated tuple.
pub type Stated = (PredId, Vec<Value>);

/// A change to what is stated.
#[derive(Clone, Copy, Debug, Default)]
pub struct Change<'c> {
    /// These facts are stated, too.
    pub with: &'c [&'c Missing],
    /// Nobody states these.
    pub without: &'c [&'c Stated],
}

impl<'c> Change<'c> {
    /// With these facts.
    pub fn with(facts: &'c [&'c Missing]) -> Self {
        Change { with: facts, without: &[] }
    }

    /// Without these facts.
    pub fn without(facts: &'c [&'c Stated]) -> Self {
        Change { with: &[], without: facts }
    }
}

/// Facts to state, and others not to state.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Exchange {
    /// What is to be stated.
    pub with: Vec<Missing>,
    /// What is not.
    pub without: Vec<Stated>,
}

/// What would make a tuple hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Remedies {
    /// Sets of facts to state, all of one size; none of fewer facts would do.
    pub sets: Vec<Vec<Missing>>,
    /// Whether there may be others as small, or smaller ones.
    pub cut: bool,
    /// Sets of facts not to state, likewise.
    pub without: Vec<Vec<Stated>>,
    /// Whether there may be others of these.
    pub cut_without: bool,
    /// Sets of facts of which some are to be stated and others not, all of one size; nothing smaller
    /// would do.
    pub both: Vec<Exchange>,
    /// Whether there may be others of these.
    pub cut_both: bool,
}

impl Remedies {
    /// How many facts a set that takes some of both kinds may have at most, so that nothing smaller
    /// does; less than two if there is no room for one.
    pub fn room_for_both(&self) -> usize {
        let least =
            self.sets.first().map(Vec::len).into_iter().chain(self.without.first().map(Vec::len)).min();
        least.unwrap_or(MOST_FACTS)
    }
}

/// The smallest sets of which some facts are to be stated and others not, at most `size` in all, and
/// whether there may be others. `candidates` are those of [`super::candidates::Reach::Both`].
///
/// # Errors
/// Those of the trials.
pub fn exchanges<E>(
    candidates: &Candidates,
    size: usize,
    most: usize,
    trial: &mut dyn FnMut(Change<'_>) -> Result<Trial, E>,
) -> Result<(Vec<Exchange>, bool), E> {
    let Candidates { missing, stated, .. } = candidates;
    let parts = |set: &[usize]| -> (Vec<&Missing>, Vec<&Stated>) {
        let with = set.iter().filter_map(|at| missing.get(*at)).collect();
        let without = set.iter().filter_map(|at| stated.get(at.checked_sub(missing.len())?)).collect();
        (with, without)
    };
    let patience = Patience { trials: TRIALS_OF_BOTH, sets: most };
    let monotone = candidates.monotone && candidates.monotone_without;
    let counts = [missing.len(), stated.len()];
    let found = smallest_of_both(counts, size, monotone, patience, &mut |set| {
        let (with, without) = parts(set);
        trial(Change { with: &with, without: &without })
    })?;
    let exchange = |set: &Vec<usize>| {
        let (with, without) = parts(set);
        let (with, without) = (with.into_iter().cloned().collect(), without.into_iter().cloned().collect());
        Exchange { with, without }
    };
    let cut = found.cut || candidates.cut || candidates.cut_without;
    Ok((found.sets.iter().map(exchange).collect(), cut))
}

/// Of proposals and candidates the smallest sets that have the effect, at most `most`. `trial` says
/// whether a change makes the tuple hold. Candidates that are left out are taken not to be needed:
/// the proposals are facts that do by themselves.
///
/// # Errors
/// Those of the trials.
pub fn remedies<E>(
    proposals: &Repairs,
    candidates: Option<&Candidates>,
    most: usize,
    trial: &mut dyn FnMut(Change<'_>) -> Result<Trial, E>,
) -> Result<Remedies, E> {
    let mut found = Remedies { cut: proposals.cut, ..Remedies::default() };
    for set in &proposals.sets {
        if found.sets.len() >= most {
            found.cut = true;
            break;
        }
        let set: Vec<&Missing> = set.iter().collect();
        match trial(Change::with(&set))? {
            Trial::Does => {
                let least = least(set, trial)?;
                found.sets.push(least.into_iter().cloned().collect());
            }
            // What the facts make fail is no proposal either.
            Trial::DoesNot | Trial::Unknown => {}
            Trial::Enough => {
                found.cut = true;
                break;
            }
        }
    }
    found.keep_smallest();
    let Some(candidates) = candidates else {
        found.cut |= found.sets.is_empty();
        return Ok(found);
    };
    let smaller = found.sets.first().map_or(MOST_FACTS, |set| set.len() - 1);
    if smaller > 0 {
        found.look_for_smaller(candidates, smaller, most, trial)?;
    }
    let stated = &candidates.stated;
    let patience = Patience { trials: TRIALS_WITHOUT, sets: WITHOUT };
    let without = smallest(stated.len(), MOST_FACTS, candidates.monotone_without, patience, &mut |set| {
        let set: Vec<&Stated> = set.iter().filter_map(|at| stated.get(*at)).collect();
        trial(Change::without(&set))
    })?;
    found.cut_without = candidates.cut_without || without.cut;
    let sets = without.sets.iter();
    found.without = sets.map(|set| set.iter().filter_map(|at| stated.get(*at)).cloned().collect()).collect();
    Ok(found)
}

/// A part of a set that does and has no part that does, by leaving out one fact after the other.
fn least<'m, E>(
    mut set: Vec<&'m Missing>,
    trial: &mut dyn FnMut(Change<'_>) -> Result<Trial, E>,
) -> Result<Vec<&'m Missing>, E> {
    let mut at = 0;
    while set.len() > 1 && at < set.len() {
        let mut less = set.clone();
        less.remove(at);
        match trial(Change::with(&less))? {
            Trial::Does => set = less,
            _ => at += 1,
        }
    }
    Ok(set)
}

impl Remedies {
    fn keep_smallest(&mut self) {
        let least = self.sets.iter().map(Vec::len).min().unwrap_or(0);
        let mut kept: Vec<Vec<Missing>> = Vec::new();
        for set in std::mem::take(&mut self.sets) {
            if set.len() == least && !kept.contains(&set) {
                kept.push(set);
            }
        }
        self.sets = kept;
    }

    /// Looks among the candidates for sets of at most `size` facts, those that contradict nothing
    /// first.
    fn look_for_smaller<E>(
        &mut self,
        candidates: &Candidates,
        size: usize,
        most: usize,
        trial: &mut dyn FnMut(Change<'_>) -> Result<Trial, E>,
    ) -> Result<(), E> {
        let all = candidates.missing.len();
        let mut cut = candidates.cut;
        for count in [candidates.contradicting, all] {
            let patience = Patience { trials: TRIALS, sets: most };
            let smaller = smallest(count, size, candidates.monotone, patience, &mut |set| {
                let set: Vec<&Missing> = set.iter().filter_map(|at| candidates.missing.get(*at)).collect();
                trial(Change::with(&set))
            })?;
            cut |= smaller.cut;
            if !smaller.sets.is_empty() {
                let facts = |set: &Vec<usize>| {
                    set.iter().filter_map(|at| candidates.missing.get(*at)).cloned().collect()
                };
                self.sets = smaller.sets.iter().map(facts).collect();
                self.cut = cut;
                return Ok(());
            }
            if count == all {
                break;
            }
        }
        match self.sets.is_empty() {
            // Nothing that was proposed does: what counts is how far the candidates went.
            true => self.cut = cut,
            false => self.cut |= cut,
        }
        Ok(())
    }
}
