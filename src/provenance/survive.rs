//! What still holds when assertions are taken away: one bit a removal and tuple, a fixpoint over
//! the proof graph.
//!
//! Exact where nothing behind the tuples is negated, aggregated or denied: there a tuple holds after
//! a removal just if it has a proof left.

use std::collections::{HashMap, HashSet};

use super::derivations::{Derivations, Unfinished};
use super::graph::{Graph, Tuple};
use super::leaf::{self, Leaf};
use crate::model::program::Rule;
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, PredId};
use crate::storage::assertions::Stated;
use crate::storage::sources::Struck;
use crate::storage::{Database, Interner};

/// Steps between two looks at the budget.
const BLOCK: usize = 4096;
/// Bits of a word.
const WORD: usize = u64::BITS as usize;

/// Assertions that are taken away.
#[derive(Clone, Copy, Debug)]
pub enum Removal<'r> {
    /// Those that fall with struck sources.
    Struck(&'r Struck),
    /// Those that rest on somebody without a name.
    Unnamed,
}

impl Removal<'_> {
    fn takes(&self, leaf: &Leaf, interner: &Interner) -> bool {
        match self {
            Removal::Struck(struck) => leaf.falls(struck, interner),
            Removal::Unnamed => leaf.unnamed,
        }
    }
}

/// For each tuple, the removals after which it has no proof left, by their number.
///
/// # Errors
/// The budget's, or more than `most` steps and premises lie behind the tuples.
pub fn ends(
    graph: &Graph<'_>,
    database: &Database,
    tuples: &[Tuple],
    removals: &[Removal<'_>],
    most: usize,
) -> Result<Vec<Vec<usize>>, Unfinished> {
    let derivations = Derivations::behind(graph, database, tuples, most)?;
    let width = removals.len().div_ceil(WORD).max(1);
    let interner = database.interner();
    let own: Vec<Vec<u64>> = derivations
        .leaves
        .iter()
        .map(|leaf| {
            let mut bits = vec![u64::MAX; width];
            for (at, removal) in
                removals.iter().enumerate().filter(|(_, removal)| removal.takes(leaf, interner))
            {
                let _ = removal;
                if let Some(word) = bits.get_mut(at / WORD) {
                    *word &= !(1 << (at % WORD));
                }
            }
            bits
        })
        .collect();
    let mut alive = vec![0_u64; derivations.nodes * width];
    let of = |node: u32| node as usize * width..(node as usize + 1) * width;
    let mut due: Vec<u32> = (0..derivations.steps.len() as u32).collect();
    let mut done = 0_usize;
    while let Some(at) = due.pop() {
        done += 1;
        if done.is_multiple_of(BLOCK) {
            graph.check()?;
        }
        let Some(step) = derivations.steps.get(at as usize) else { continue };
        let leaf = step.leaf.and_then(|leaf| own.get(leaf as usize));
        let mut bits = leaf.cloned().unwrap_or_else(|| vec![u64::MAX; width]);
        for premise in &step.premises {
            let words = alive.get(of(*premise)).unwrap_or(&[]);
            bits.iter_mut().zip(words).for_each(|(bit, word)| *bit &= word);
        }
        let head = alive.get_mut(of(step.head)).unwrap_or(&mut []);
        if head.iter().zip(&bits).any(|(known, new)| new & !known != 0) {
            head.iter_mut().zip(&bits).for_each(|(known, new)| *known |= new);
            due.extend(derivations.used.get(step.head as usize).into_iter().flatten());
        }
    }
    let ended = |tuple: &Tuple| {
        let Some(node) = derivations.node_of(tuple) else { return Vec::new() };
        let words = alive.get(of(node)).unwrap_or(&[]);
        let gone = |at: &usize| words.get(at / WORD).is_some_and(|word| word & 1 << (at % WORD) == 0);
        (0..removals.len()).filter(gone).collect()
    };
    Ok(tuples.iter().map(ended).collect())
}

/// The assertions of relations that rest on somebody without a name, by relation.
pub fn unnamed(database: &Database, relations: &[PredId]) -> HashMap<PredId, HashSet<Stated>> {
    let mut found: HashMap<PredId, HashSet<Stated>> = HashMap::new();
    for pred in relations {
        let Some(extent) = database.extent(*pred) else { continue };
        for row in 0..extent.tuples().len() {
            let unnamed = leaf::unnamed_of(database, extent.assertions(row));
            if !unnamed.is_empty() {
                found.entry(*pred).or_default().extend(unnamed);
            }
        }
    }
    found
}

/// Whether what goals and relations reach only ever loses tuples when it loses assertions: nothing
/// is negated or aggregated, and nothing is denied that somebody else says.
pub fn only_loses(program: &CheckedProgram, goals: &[Rule], reached: &[PredId], database: &Database) -> bool {
    let rules = reached.iter().flat_map(|pred| program.rules_of.get(pred).into_iter().flatten());
    let positive = |rule: &Rule| !super::annotate::can_fall(&rule.body);
    let stated = |pred: &PredId| match program.schema.predicates.get(pred.0 as usize).map(|known| known.kind)
    {
        Some(PredKind::Assertions(of)) => of,
        _ => *pred,
    };
    goals.iter().all(positive)
        && rules.into_iter().all(|id| positive(program.rule(*id)))
        && reached
            .iter()
            .all(|pred| database.extent(stated(pred)).is_none_or(|extent| !extent.is_contested()))
}
