//! What would make a tuple hold: small sets of facts to state, or not to state, each of them tried.

use super::candidates::Candidates;
use super::repair::{MOST_FACTS, Missing, Repairs};
use super::trial::{Patience, Trial, smallest};
use crate::model::{PredId, Value};

/// Trials of candidates.
const TRIALS: usize = 600;
/// The same of stated facts that could be in the way.
const TRIALS_WITHOUT: usize = 200;
/// Sets of stated facts in the way that are looked for.
const WITHOUT: usize = 3;

/// A stated tuple.
pub type Stated = (PredId, Vec<Value>);

/// A change to what is stated.
#[derive(Clone, Copy, Debug)]
pub enum Change<'c> {
    /// These facts are stated, too.
    With(&'c [&'c Missing]),
    /// Nobody states these.
    Without(&'c [&'c Stated]),
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
        match trial(Change::With(&set))? {
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
        trial(Change::Without(&set))
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
        match trial(Change::With(&less))? {
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
                trial(Change::With(&set))
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
