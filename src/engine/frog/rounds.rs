//! Strata in which tuples give way to others (subsumption) or whose recursion ends at a size
//! (`.limitsize`).
//!
//! They go round by round: each round evaluates the rules over what the rounds before it left, once
//! for each premise that can read what the last round brought, and then takes out what gives way.
//! A tuple gives way when some other tuple of its relation is before it and does not give way to it
//! in turn; of two that give way to each other, the one that sorts first stays. All of a round is
//! looked at at once, so that the outcome does not depend on the order in which tuples are found.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use super::share::Share;
use super::{Evaluation, RuleRef, Table};
use crate::base::Stop;
use crate::engine::profile::RelationProfile;
use crate::engine::rows::Held;
use crate::engine::{Engine, EvalError, Frog, Model, Past, Request, Tables, Tuning};
use crate::model::program::Subsumption;
use crate::model::{Body, CheckedProgram, Literal, PredId, Rule, Stratum};
use crate::storage::Word;

type Row = Box<[Word]>;

/// Whether a stratum goes round by round.
pub(super) fn is_guarded(program: &CheckedProgram, stratum: &Stratum) -> bool {
    stratum.predicates.iter().any(|pred| program.is_guarded(*pred))
}

/// Evaluates such a stratum.
pub(super) fn evaluate(
    evaluation: &mut Evaluation<'_, '_>,
    stratum: &Stratum,
    rules: &[(RuleRef, &Rule)],
) -> Result<(), EvalError> {
    let program = evaluation.request.program;
    let next = program.schema.predicates.len() as u32;
    let next = evaluation.request.goals.iter().fold(next, |next, goal| next.max(goal.head.0 + 1));
    let mut run = Run { program, stratum, states: HashMap::new(), over: HashMap::new(), next };
    run.evaluate(evaluation, rules)
}

struct Run<'a> {
    program: &'a CheckedProgram,
    stratum: &'a Stratum,
    states: HashMap<PredId, State>,
    /// The stratum's relations as they are, and what the last round brought to them.
    over: HashMap<PredId, Arc<Table>>,
    /// An id that no relation has.
    next: u32,
}

/// A relation of the stratum.
struct State {
    width: usize,
    /// What the last round brought, and the id under which rules read it.
    delta: PredId,
    rows: Arc<Table>,
    recent: Arc<Table>,
    /// What this round has found.
    fresh: HashSet<Row>,
    /// The round in which each row appeared first.
    first: HashMap<Row, u32>,
    /// The round in which each row that gave way did so first.
    gone: HashMap<Row, u32>,
    produced: u64,
    stated: u64,
}

/// Relations with those of the stratum over them.
struct Layered<'t> {
    over: &'t HashMap<PredId, Arc<Table>>,
    model: &'t HashMap<PredId, Arc<Table>>,
    stored: &'t dyn Tables,
}

impl Tables for Layered<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        let derived = self.over.get(&pred).or_else(|| self.model.get(&pred));
        derived.map(|table| &**table).or_else(|| self.stored.table(pred))
    }
}

impl State {
    /// Notes when rows came and when they gave way.
    fn note(&self, pred: PredId, model: &mut Model) {
        let with_round = |(row, round): (&Row, &u32)| row.iter().copied().chain([*round]).collect::<Vec<_>>();
        let rounds = self.first.iter().flat_map(with_round).collect();
        model.rounds.insert(pred, Table::from_rows(self.width + 1, rounds));
        if !self.gone.is_empty() {
            let gone = Table::from_rows(self.width + 1, self.gone.iter().flat_map(with_round).collect());
            let rows = Arc::new(table(self.width, self.first.keys()));
            model.past.insert(pred, Past { rows, gone });
        }
    }
}

impl Run<'_> {
    fn evaluate(
        &mut self,
        evaluation: &mut Evaluation<'_, '_>,
        rules: &[(RuleRef, &Rule)],
    ) -> Result<(), EvalError> {
        let first = rules.first().map(|(by, _)| *by);
        let budget = evaluation.env.budget;
        let stopped = |stop: Stop| EvalError::Stopped { stop, rule: first };
        let mut held = Held::new(budget);
        for pred in &self.stratum.predicates {
            let width = self.program.schema.predicates.get(pred.0 as usize).map_or(0, |found| found.arity());
            let delta = PredId(self.next);
            self.next += 1;
            let empty = Arc::new(table(width, std::iter::empty()));
            let stated = evaluation.tables.table(*pred);
            let fresh: HashSet<Row> =
                stated.map(|table| table.iter().map(Row::from).collect()).unwrap_or_default();
            let stated = fresh.len() as u64;
            let (rows, recent) = (Arc::clone(&empty), empty);
            let (first, gone) = (HashMap::new(), HashMap::new());
            let state = State { width, delta, rows, recent, fresh, first, gone, produced: 0, stated };
            self.states.insert(*pred, state);
        }
        for (by, rule) in rules {
            for literals in &rule.body.alternatives {
                if self.own_atoms(literals).is_empty() {
                    self.derive(evaluation, *by, rule, literals.clone())?;
                }
            }
        }
        let mut round = 0;
        loop {
            budget.round(u64::from(round) + 1).map_err(stopped)?;
            self.settle(evaluation, round, first)?;
            held.set(self.states.values().map(|state| 3 * state.rows.bytes()).sum()).map_err(stopped)?;
            let ended = self.states.values().all(|state| state.recent.is_empty());
            let full = self.states.iter().any(|(pred, state)| {
                self.program.limits.get(pred).is_some_and(|limit| state.rows.len() as u64 >= *limit)
            });
            if ended || full || !self.stratum.recursive {
                break;
            }
            for (by, rule) in rules {
                for literals in &rule.body.alternatives {
                    for at in self.own_atoms(literals) {
                        let mut literals = literals.clone();
                        if let Some(Literal::Atom(atom)) = literals.get_mut(at)
                            && let Some(state) = self.states.get(&atom.pred)
                        {
                            atom.pred = state.delta;
                        }
                        self.derive(evaluation, *by, rule, literals)?;
                    }
                }
            }
            round += 1;
        }
        self.over.clear();
        for pred in &self.stratum.predicates {
            let Some(state) = self.states.remove(pred) else { continue };
            if evaluation.request.rounds {
                state.note(*pred, &mut evaluation.model);
            }
            if evaluation.request.profile {
                evaluation.model.profile.relations.push(RelationProfile {
                    pred: *pred,
                    rounds: u64::from(round) + 1,
                    produced: state.produced,
                    rows: state.rows.len() as u64,
                    stated: state.stated,
                });
            }
            evaluation.derived(*pred, Table::clone(&state.rows)).map_err(stopped)?;
        }
        evaluation.note_values().map_err(stopped)
    }

    /// Places of the premises that read a relation of the stratum.
    fn own_atoms(&self, literals: &[Literal]) -> Vec<usize> {
        let is_own = |literal: &Literal| matches!(literal, Literal::Atom(atom) if self.states.contains_key(&atom.pred));
        literals.iter().enumerate().filter(|(_, literal)| is_own(literal)).map(|(at, _)| at).collect()
    }

    /// Adds what one alternative of a rule derives to the fresh rows of its head.
    fn derive(
        &mut self,
        evaluation: &mut Evaluation<'_, '_>,
        by: RuleRef,
        rule: &Rule,
        literals: Vec<Literal>,
    ) -> Result<(), EvalError> {
        let alternative = Rule { body: Body { alternatives: vec![literals] }, ..rule.clone() };
        let rows = self.rows(evaluation, by, alternative)?;
        let Some(state) = self.states.get_mut(&rule.head) else { return Ok(()) };
        state.produced += rows.len() as u64;
        for row in rows.iter() {
            if !state.rows.contains(row) {
                state.fresh.insert(Row::from(row));
            }
        }
        Ok(())
    }

    /// The rows of a rule's head.
    fn rows(
        &self,
        evaluation: &mut Evaluation<'_, '_>,
        by: RuleRef,
        rule: Rule,
    ) -> Result<Arc<Table>, EvalError> {
        let head = PredId(self.next);
        let width = rule.args.len();
        let goals = [Rule { head, ..rule }];
        let program =
            CheckedProgram { schema: Arc::clone(&self.program.schema), ..CheckedProgram::default() };
        let tuning = Tuning { share: Share::Never, ..evaluation.request.tuning };
        let request = Request { tuning, ..Request::new(&program, &goals, &[]) };
        let layered =
            Layered { over: &self.over, model: &evaluation.model.tables, stored: evaluation.tables };
        let env = &mut evaluation.env;
        let model = Frog.evaluate(&request, &layered, env.interner, env.budget);
        // It knows only its own goal.
        let model = model.map_err(|error| match error {
            EvalError::Stopped { stop, .. } => EvalError::Stopped { stop, rule: Some(by) },
            EvalError::Runtime { error, span, binding, .. } => {
                EvalError::Runtime { error, rule: by, span, binding }
            }
        })?;
        let found = model.table(head).cloned();
        Ok(found.unwrap_or_else(|| Arc::new(table(width, std::iter::empty()))))
    }

    /// Makes the fresh rows of each relation recent ones, without what gives way.
    fn settle(
        &mut self,
        evaluation: &mut Evaluation<'_, '_>,
        round: u32,
        first: Option<RuleRef>,
    ) -> Result<(), EvalError> {
        for pred in &self.stratum.predicates {
            let Some(state) = self.states.get_mut(pred) else { continue };
            let fresh = std::mem::take(&mut state.fresh);
            let (width, old) = (state.width, Arc::clone(&state.rows));
            let subsumptions: Vec<&Subsumption> =
                self.program.subsumptions.iter().filter(|found| found.pred == *pred).collect();
            let mut new = Arc::new(table(width, fresh.iter()));
            let mut all = Arc::new(joined(width, &old, &new));
            let mut gave_way: Vec<Row> = Vec::new();
            if !subsumptions.is_empty() && !new.is_empty() {
                let by = first.unwrap_or(RuleRef::Goal(0));
                let mut pairs: HashSet<(Row, Row)> = HashSet::new();
                for subsumption in subsumptions {
                    self.pairs(evaluation, by, subsumption, &new, &all, &mut pairs)?;
                    self.pairs(evaluation, by, subsumption, &old, &new, &mut pairs)?;
                }
                let compare = |a: &Row, b: &Row| {
                    let orders = a.iter().zip(b.iter()).map(|(a, b)| evaluation.env.interner.compare(*a, *b));
                    orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
                };
                let gone: BTreeSet<&Row> = pairs
                    .iter()
                    .filter(|(less, greater)| {
                        let mutual = pairs.contains(&(greater.clone(), less.clone()));
                        !mutual || compare(less, greater).is_gt()
                    })
                    .map(|(less, _)| less)
                    .collect();
                if evaluation.request.rounds {
                    gave_way =
                        gone.iter().filter(|row| old.contains(row)).map(|row| (*row).clone()).collect();
                }
                let kept = |from: &Table| {
                    let rows: Vec<Row> =
                        from.iter().map(Row::from).filter(|row| !gone.contains(row)).collect();
                    Arc::new(table(width, rows.iter()))
                };
                (new, all) = (kept(&new), kept(&all));
            }
            let Some(state) = self.states.get_mut(pred) else { continue };
            if evaluation.request.rounds {
                for row in new.iter() {
                    state.first.entry(Row::from(row)).or_insert(round);
                }
                for row in gave_way {
                    state.gone.entry(row).or_insert(round);
                }
            }
            (state.rows, state.recent) = (all, new);
        }
        for (pred, state) in &self.states {
            self.over.insert(*pred, Arc::clone(&state.rows));
            self.over.insert(state.delta, Arc::clone(&state.recent));
        }
        Ok(())
    }

    /// Adds the pairs of which the first tuple gives way to the second.
    fn pairs(
        &mut self,
        evaluation: &mut Evaluation<'_, '_>,
        by: RuleRef,
        subsumption: &Subsumption,
        less: &Arc<Table>,
        greater: &Arc<Table>,
        pairs: &mut HashSet<(Row, Row)>,
    ) -> Result<(), EvalError> {
        if less.is_empty() || greater.is_empty() {
            return Ok(());
        }
        self.over.insert(subsumption.less, Arc::clone(less));
        self.over.insert(subsumption.greater, Arc::clone(greater));
        let found = self.rows(evaluation, by, subsumption.rule.clone());
        self.over.remove(&subsumption.less);
        self.over.remove(&subsumption.greater);
        for row in found?.iter() {
            let (low, high) = row.split_at(row.len() / 2);
            if low != high {
                pairs.insert((Row::from(low), Row::from(high)));
            }
        }
        Ok(())
    }
}

fn table<'r>(width: usize, rows: impl Iterator<Item = &'r Row>) -> Table {
    if width == 0 {
        return Table::nullary(rows.count() > 0);
    }
    Table::from_rows(width, rows.flat_map(|row| row.iter().copied()).collect())
}

fn joined(width: usize, a: &Table, b: &Table) -> Table {
    if width == 0 {
        return Table::nullary(!a.is_empty() || !b.is_empty());
    }
    Table::from_rows(width, a.rows().words().iter().chain(b.rows().words()).copied().collect())
}
