//! How firmly tuples are known, by one evaluation a level: what is derived when the positive atoms
//! keep only what is firm enough, and negations and aggregates read everything.
//!
//! It costs a few evaluations however many proofs there are, where `annotate` goes through them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::annotate::Since;
use super::graph::Tuple;
use super::leaf::{self, LEVELS, Leaf};
use super::lower::{Lowered, weak};
use crate::base::Budget;
use crate::engine::{Engine, EvalError, Model, Request, Tables, Tuning};
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, Float, PredId, Rule, Status};
use crate::storage::{Database, Interner, Table, Word};

/// Levels of confidence, or days, for which as many evaluations are made.
const MOST_LEVELS: usize = 8;

/// What was evaluated.
#[derive(Clone, Copy)]
pub struct Evaluated<'a, E> {
    /// The rules.
    pub program: &'a CheckedProgram,
    /// The goals.
    pub goals: &'a [Rule],
    /// What they and the tuples reach.
    pub reached: &'a [PredId],
    /// What is stated.
    pub database: &'a Database,
    /// Its tables.
    pub tables: &'a dyn Tables,
    /// What came of it; where a relation is there, it is whole.
    pub model: &'a Model,
    /// What evaluates.
    pub engine: &'a E,
    /// How it goes about it.
    pub tuning: Tuning,
}

impl<E> std::fmt::Debug for Evaluated<'_, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Evaluated").finish_non_exhaustive()
    }
}

/// What an assertion is worth, greater being better, and a rule that assumes something at most.
struct Scale<'s> {
    worth: &'s dyn Fn(&Leaf) -> u32,
    cap: u32,
    /// Whether all that is stated of a relation is surely worth most.
    is_top: &'s dyn Fn(PredId) -> bool,
}

impl<E: Engine> Evaluated<'_, E> {
    /// The status of tuples of `head`, in their order; `None` for one of which every proof needs what
    /// denies or cancels.
    ///
    /// # Errors
    /// Those of the evaluations.
    pub fn statuses(
        &self,
        head: PredId,
        tuples: &[Tuple],
        interner: &mut Interner,
        budget: &dyn Fn() -> Budget,
    ) -> Result<Vec<Option<Status>>, EvalError> {
        let scale = Scale {
            worth: &|leaf| u32::from(leaf.level),
            cap: u32::from(leaf::level(Status::Planned)),
            is_top: &|pred| self.database.extent(pred).is_none_or(|extent| extent.is_held()),
        };
        let found = self.best(head, tuples, &scale, &[4, 3, 2, 1], interner, budget)?;
        Ok(found.into_iter().map(|level| LEVELS.get(level? as usize).copied().flatten()).collect())
    }

    /// The confidence of tuples of `head`; `None` if there are too many levels of it.
    ///
    /// # Errors
    /// Those of the evaluations.
    pub fn confidences(
        &self,
        head: PredId,
        tuples: &[Tuple],
        interner: &mut Interner,
        budget: &dyn Fn() -> Budget,
    ) -> Result<Option<Vec<f64>>, EvalError> {
        let found = self.ranked(head, tuples, &|leaf| leaf.conf, interner, budget)?;
        let conf = |value: Option<Float>| value.map_or(1.0, |value| value.get());
        Ok(found.map(|values| values.into_iter().map(conf).collect()))
    }

    /// Since when tuples of `head` are known; `None` if there are too many days.
    ///
    /// # Errors
    /// Those of the evaluations.
    pub fn days(
        &self,
        head: PredId,
        tuples: &[Tuple],
        interner: &mut Interner,
        budget: &dyn Fn() -> Budget,
    ) -> Result<Option<Vec<Since>>, EvalError> {
        let worth = |leaf: &Leaf| std::cmp::Reverse(leaf.since.clone());
        let found = self.ranked(head, tuples, &worth, interner, budget)?;
        let since = |value: Option<std::cmp::Reverse<Since>>| value.map_or(Since::Always, |value| value.0);
        Ok(found.map(|values| values.into_iter().map(since).collect()))
    }

    /// The best of any values by their order; no value is better than all.
    fn ranked<T: Ord + Clone>(
        &self,
        head: PredId,
        tuples: &[Tuple],
        worth: &dyn Fn(&Leaf) -> T,
        interner: &mut Interner,
        budget: &dyn Fn() -> Budget,
    ) -> Result<Option<Vec<Option<T>>>, EvalError> {
        let mut values: BTreeSet<T> = BTreeSet::new();
        for pred in self.reached {
            for row in self.tables.table(*pred).into_iter().flat_map(Table::iter) {
                values.extend(self.leaves(*pred, row).iter().map(worth));
                if values.len() > MOST_LEVELS {
                    return Ok(None);
                }
            }
        }
        let values: Vec<T> = values.into_iter().collect();
        let rank = |leaf: &Leaf| values.binary_search(&worth(leaf)).unwrap_or(0) as u32 + 1;
        let scale = Scale { worth: &rank, cap: u32::MAX, is_top: &|_| false };
        let mut levels = vec![u32::MAX];
        levels.extend((1..=values.len() as u32).rev());
        let found = self.best(head, tuples, &scale, &levels, interner, budget)?;
        let value = |rank: Option<u32>| values.get(rank?.checked_sub(1)? as usize).cloned();
        Ok(Some(found.into_iter().map(value).collect()))
    }

    fn leaves(&self, pred: PredId, row: &[Word]) -> Vec<Leaf> {
        match self.program.schema.predicates.get(pred.0 as usize).map(|predicate| predicate.kind) {
            Some(PredKind::Declared) => leaf::of_tuple(self.database, pred, row),
            Some(PredKind::Assertions(of)) => {
                leaf::of_assertion(self.database, of, row).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    /// The highest of `levels`, given from the highest on, at which each tuple is derived.
    fn best(
        &self,
        head: PredId,
        tuples: &[Tuple],
        scale: &Scale<'_>,
        levels: &[u32],
        interner: &mut Interner,
        budget: &dyn Fn() -> Budget,
    ) -> Result<Vec<Option<u32>>, EvalError> {
        // Of each stated relation what its tuples are worth, where it is not all the most.
        let top = levels.first().copied().unwrap_or(u32::MAX);
        let mut worth: HashMap<PredId, Vec<u32>> = HashMap::new();
        for pred in self.reached {
            let stated = match self.program.schema.predicates.get(pred.0 as usize).map(|it| it.kind) {
                Some(PredKind::Assertions(of)) => of,
                _ => *pred,
            };
            let Some(table) = self.tables.table(*pred).filter(|_| !(scale.is_top)(stated)) else { continue };
            let of_row = |row: &[Word]| self.leaves(*pred, row).iter().map(scale.worth).max().unwrap_or(0);
            let rows: Vec<u32> = table.iter().map(of_row).collect();
            if rows.iter().any(|worth| *worth < top) {
                worth.insert(*pred, rows);
            }
        }
        let weak = weak(self.program, self.goals, self.reached, |pred| worth.contains_key(&pred));
        let mut found: Vec<Option<u32>> = vec![None; tuples.len()];
        if !weak.contains(&head) {
            return Ok(vec![levels.first().copied(); tuples.len()]);
        }
        let known: HashMap<PredId, Arc<Table>> = self
            .reached
            .iter()
            .filter_map(|pred| Some((*pred, Arc::clone(self.model.table(*pred)?))))
            .collect();
        let is_goal = self.goals.iter().any(|goal| goal.head == head);
        for level in levels {
            let lowered = Lowered::new(self.program, self.goals, weak.clone(), *level <= scale.cap);
            let cut = |(pred, rows): (&PredId, &Vec<u32>)| {
                let table = self.tables.table(*pred)?;
                let kept = table.iter().zip(rows).filter(|(_, worth)| *worth >= level).map(|(row, _)| row);
                let table = match table.width() {
                    0 => Table::nullary(kept.count() > 0),
                    width => Table::from_rows(width, kept.flatten().copied().collect()),
                };
                Some((lowered.of(*pred), table))
            };
            let tables = AtLevel {
                all: self.tables,
                cut: worth.iter().filter_map(cut).collect(),
                lowered: &lowered,
                weak_stated: worth.keys().copied().collect(),
            };
            let heads: Vec<PredId> = if is_goal { Vec::new() } else { vec![lowered.of(head)] };
            let goals: Vec<Rule> = match is_goal {
                true => {
                    lowered.goals.iter().filter(|goal| goal.head == lowered.head(head)).cloned().collect()
                }
                false => Vec::new(),
            };
            let known = Some(&known);
            let request = Request {
                demand: true,
                known,
                tuning: self.tuning,
                ..Request::new(&lowered.program, &goals, &heads)
            };
            let model = self.engine.evaluate(&request, &tables, interner, &budget())?;
            let asked = if is_goal { lowered.head(head) } else { lowered.of(head) };
            let derived = model.table(asked).map(AsRef::as_ref);
            let table = derived.or_else(|| tables.table(asked));
            for (tuple, slot) in tuples.iter().zip(&mut found).filter(|(_, slot)| slot.is_none()) {
                if table.is_some_and(|table| table.contains(&tuple.row)) {
                    *slot = Some(*level);
                }
            }
            if found.iter().all(Option::is_some) {
                break;
            }
        }
        Ok(found)
    }
}

/// What is stated, and beside it what is firm enough.
struct AtLevel<'t> {
    all: &'t dyn Tables,
    cut: HashMap<PredId, Table>,
    lowered: &'t Lowered,
    weak_stated: HashSet<PredId>,
}

impl Tables for AtLevel<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        match self.lowered.original(pred) {
            Some(original) if self.weak_stated.contains(&original) => self.cut.get(&pred),
            // Its rules make it weak; what is stated of it is firm.
            Some(original) => self.all.table(original),
            None => self.all.table(pred),
        }
    }
}
