//! What an order costs: how often each loop is expected to turn, and the work of each turn.
//!
//! The work of a plan is that of its loops: a lookup for each time a loop is entered and a turn for
//! each row found. Rows found are estimated as in System R (Selinger et al. 1979): values are spread
//! evenly, columns are independent, and of two columns that meet the one with fewer values has no
//! values of its own.

use super::bits::Bits;
use super::ir::{Access, Read, RulePlan, Step};
use super::problem::{AtomShape, LoopKind, Problem, Slot, Var};
use super::statistics::{self, Statistics};
use crate::model::PredId;

/// What to do next.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Action {
    /// Go through this loop.
    Loop(usize),
    /// Give a variable the values that these loops, atoms all, have in common.
    Meet(Var, Vec<usize>),
}

/// An order so far.
#[derive(Clone, Debug)]
pub(super) struct State {
    /// Variables with a value.
    pub bound: Bits,
    /// Loops that need not be looked at any more.
    pub done: Bits,
    /// Distinct values that each variable may have, if it has one.
    domain: Vec<f64>,
    /// Turns of the innermost loop that pass all tests.
    pub card: f64,
    /// Work.
    pub cost: f64,
    /// Whether whole columns were intersected: what that leaves is known as well as their distinct
    /// values are, which is not well where few of them are frequent.
    pub vague: bool,
}

/// A lookup where no index has to be made; a row gone through is 1.
const LOOKUP: f64 = 2.0;
/// A lookup in a relation that grows, which has several batches.
const LOOKUP_GROWING: f64 = 4.0;
/// Looking for a value of one list in another that is sorted.
const MATCH: f64 = 0.7;
/// Putting a row into an index.
const INDEX: f64 = 6.0;
/// The same if the relation grows.
const INDEX_GROWING: f64 = 8.0;
/// Nothing is expected to be quite impossible, or more than this.
const LEAST: f64 = 1e-9;
const MOST: f64 = 1e100;

/// Variables that have got a value but whose tests have yet to be done.
#[derive(Default)]
struct Settling {
    queue: Vec<Var>,
    /// Those that are or were in the queue.
    pending: Bits,
    /// Tests that gave one of them its value.
    gave: Bits,
}

/// What a lookup finds.
struct Found {
    /// Columns looked up by, rising.
    key: Vec<usize>,
    /// Rows that have the key.
    rows: f64,
    /// Of these, rows that have the same value wherever a variable stands twice.
    matches: f64,
}

impl Problem<'_> {
    /// The state before the first loop.
    pub fn start(&self) -> State {
        let mut state = State {
            bound: Bits::default(),
            done: Bits::default(),
            domain: vec![1.0; self.regs.len()],
            card: self.runs,
            cost: 0.0,
            vague: false,
        };
        for (at, each) in self.loops.iter().enumerate() {
            if let (LoopKind::Atom(atom), true) = (&each.kind, each.vars.is_empty()) {
                self.probe(&mut state, at, atom);
            }
        }
        let mut settling = Settling::default();
        for test in 0..self.tests.len() {
            self.test(&mut state, test, &mut settling);
        }
        self.settle_from(&mut state, settling);
        state
    }

    /// Does what `action` says, without the tests that it makes possible: what the loop is expected
    /// to find for each time it is entered, and the variables that have a value now.
    pub fn enter(&self, state: &mut State, action: &Action) -> (f64, Vec<Var>) {
        let enough = self.enough(state);
        let (found, fresh) = match action {
            Action::Loop(at) => self.enter_loop(state, *at, enough),
            Action::Meet(var, loops) => (self.enter_meet(state, *var, loops), vec![*var]),
        };
        // One solution is enough: between one turn and all of them.
        let turns = if enough && found > 1.0 { found.sqrt() } else { found };
        state.card = (state.card * turns).clamp(LEAST, MOST);
        (found, fresh)
    }

    /// Notes that `fresh` variables have values, and does all tests that have what they need.
    /// Returns the variables that have a value now.
    pub fn settle(&self, state: &mut State, fresh: Vec<Var>) -> Vec<Var> {
        let pending = fresh.iter().copied().collect();
        self.settle_from(state, Settling { queue: fresh, pending, gave: Bits::default() })
    }

    fn enter_loop(&self, state: &mut State, at: usize, enough: bool) -> (f64, Vec<Var>) {
        let Some(each) = self.loops.get(at) else { return (1.0, Vec::new()) };
        state.done.insert(at);
        let fresh: Vec<Var> = each.vars.iter().copied().filter(|var| !state.bound.contains(*var)).collect();
        let atom = match &each.kind {
            LoopKind::List { items, .. } => {
                state.cost += state.card * (LOOKUP + items);
                for var in &fresh {
                    self.set_domain(state, *var, *items * state.card.max(1.0));
                }
                return (*items, fresh);
            }
            LoopKind::Atom(atom) => atom,
        };
        let found = self.find(state, atom, false);
        let lookup = if found.key.is_empty() { 0.0 } else { lookup(atom) };
        let turns = if enough && found.rows > 1.0 { found.rows.sqrt() } else { found.rows };
        state.cost += state.card * (lookup + turns) + self.index(atom, &found.key, None);
        self.narrow(state, atom, state.card * found.matches);
        (found.matches, fresh)
    }

    fn enter_meet(&self, state: &mut State, var: Var, loops: &[usize]) -> f64 {
        let (mut least, mut most_values, mut found) = (f64::INFINITY, 1.0_f64, 1.0);
        let (mut work, mut whole) = (0.0, true);
        for at in loops {
            let Some((atom, column)) = self.part(*at, var) else { continue };
            let rows = self.find(state, atom, false);
            let distinct = distinct(atom, column);
            let values = rows.rows.min(distinct);
            least = least.min(values);
            most_values = most_values.max(distinct);
            found *= values;
            work += lookup(atom) + if atom.grows { MATCH } else { 0.0 };
            state.cost += self.index(atom, &rows.key, Some(column));
            whole &= rows.key.is_empty();
        }
        state.vague |= whole;
        found /= most_values.powi(loops.len() as i32 - 1);
        let checks = MATCH * loops.len().saturating_sub(1) as f64;
        state.cost += state.card * (work + least * (1.0 + checks));
        let card = state.card * found;
        let mut values = f64::INFINITY;
        for at in loops {
            let Some((atom, column)) = self.part(*at, var) else { continue };
            values = values.min(distinct(atom, column));
            self.narrow(state, atom, card);
            let whole = |other: &Var| *other == var || state.bound.contains(*other);
            if self.loops.get(*at).is_some_and(|each| each.vars.iter().all(whole)) {
                state.done.insert(*at);
            }
        }
        self.set_domain(state, var, values.min(card.max(1.0)));
        found
    }

    /// The atom of a loop and the one column in it where the variable stands.
    pub fn part(&self, at: usize, var: Var) -> Option<(&AtomShape, usize)> {
        match &self.loops.get(at)?.kind {
            LoopKind::Atom(atom) => Some((atom, atom.column_of(var)?)),
            LoopKind::List { .. } => None,
        }
    }

    fn settle_from(&self, state: &mut State, mut settling: Settling) -> Vec<Var> {
        let mut bound = Vec::new();
        while let Some(var) = settling.queue.pop() {
            if !state.bound.insert(var) {
                continue;
            }
            bound.push(var);
            for test in self.tests_of.get(var).into_iter().flatten() {
                self.test(state, *test, &mut settling);
            }
            for at in self.loops_of.get(var).into_iter().flatten() {
                let Some(each) = self.loops.get(*at).filter(|_| !state.done.contains(*at)) else { continue };
                if !each.vars.iter().chain(each.needs()).all(|var| state.bound.contains(*var)) {
                    continue;
                }
                match &each.kind {
                    LoopKind::Atom(atom) => self.probe(state, *at, atom),
                    LoopKind::List { .. } => {
                        state.done.insert(*at);
                        state.cost += state.card * LOOKUP;
                        state.card *= 0.3;
                    }
                }
            }
        }
        bound
    }

    fn test(&self, state: &mut State, at: usize, settling: &mut Settling) {
        let Some(test) = self.tests.get(at).filter(|_| !settling.gave.contains(at)) else { return };
        if test.vars.iter().all(|var| state.bound.contains(*var)) {
            state.cost += state.card * test.cost;
            state.card = (state.card * test.selectivity).max(LEAST);
            return;
        }
        let given = test.gives.iter().find(|(var, needs)| {
            !state.bound.contains(*var)
                && !settling.pending.contains(*var)
                && needs.iter().all(|var| state.bound.contains(*var))
        });
        if let Some((var, needs)) = given {
            let values = needs.iter().map(|var| self.domain(state, *var)).product();
            self.set_domain(state, *var, values);
            state.cost += state.card * test.cost;
            settling.gave.insert(at);
            settling.pending.insert(*var);
            settling.queue.push(*var);
        }
    }

    fn probe(&self, state: &mut State, at: usize, atom: &AtomShape) {
        state.done.insert(at);
        let found = self.find(state, atom, true);
        state.cost += state.card * lookup(atom) + self.index(atom, &found.key, None);
        self.narrow(state, atom, state.card);
        state.card = (state.card * found.matches.min(1.0)).max(LEAST);
    }

    /// What a lookup by all that is known finds. `probe`: whether there is a row is all that counts.
    fn find(&self, state: &State, atom: &AtomShape, probe: bool) -> Found {
        let mut found = Found { key: Vec::new(), rows: atom.rows, matches: 1.0 };
        let mut seen: Vec<Var> = Vec::new();
        let mut share = 1.0;
        for (column, slot) in atom.slots.iter().enumerate() {
            let distinct = distinct(atom, column);
            match *slot {
                Slot::Any => {}
                Slot::Known => {
                    found.rows /= distinct;
                    found.key.push(column);
                }
                Slot::Var(var) if state.bound.contains(var) => {
                    found.rows /= distinct.max(self.domain(state, var));
                    found.rows *= self.skew(state, atom, column, var);
                    found.key.push(column);
                }
                Slot::Var(var) if seen.contains(&var) => share /= distinct,
                Slot::Var(var) => seen.push(var),
            }
        }
        if atom.access == Access::Delta {
            found.key.clear();
        }
        if !found.key.is_empty()
            && !probe
            && let Some(rows) = self.statistics.observed(atom.pred, &found.key)
        {
            found.rows = rows;
        }
        if atom.key.as_ref().is_some_and(|key| key.iter().all(|column| found.key.contains(column))) {
            found.rows = found.rows.min(1.0);
        }
        found.matches = found.rows * share;
        found
    }

    /// By how much more rows than the average has a word that comes from another row of the relation,
    /// from the same column: frequent words come often.
    fn skew(&self, state: &State, atom: &AtomShape, column: usize, var: Var) -> f64 {
        let is_twin = |at: &usize| match self.loops.get(*at).map(|each| &each.kind) {
            Some(LoopKind::Atom(other)) => {
                state.done.contains(*at)
                    && !std::ptr::eq(atom, other)
                    && other.pred == atom.pred
                    && other.slots.get(column) == Some(&Slot::Var(var))
            }
            _ => false,
        };
        if atom.grows || !self.loops_of.get(var).into_iter().flatten().any(is_twin) {
            return 1.0;
        }
        let average = atom.rows / distinct(atom, column);
        self.statistics.alike(atom.pred, column).map_or(1.0, |alike| (alike / average).max(1.0))
    }

    /// Work to have the rows in an order that begins with the key. `last` is the column behind the key
    /// when no others are to be there.
    fn index(&self, atom: &AtomShape, key: &[usize], last: Option<usize>) -> f64 {
        if key.is_empty() && last.is_none() {
            return 0.0;
        }
        let columns = match last {
            Some(last) => key.iter().copied().chain([last]).collect(),
            None => columns_read(key.to_vec(), atom.slots.len(), |column| {
                atom.slots.get(column) != Some(&Slot::Any)
            }),
        };
        if self.statistics.ready(atom.pred, &columns) {
            return 0.0;
        }
        atom.rows * if atom.grows { INDEX_GROWING } else { INDEX / self.statistics.uses() }
    }

    /// Its variables have no values now but those that the atom has; `card` solutions cannot have
    /// more values than they are.
    fn narrow(&self, state: &mut State, atom: &AtomShape, card: f64) {
        for (column, slot) in atom.slots.iter().enumerate() {
            let Slot::Var(var) = *slot else { continue };
            let values = distinct(atom, column);
            let known = if state.bound.contains(var) { self.domain(state, var) } else { values };
            self.set_domain(state, var, known.min(values).min(card.max(1.0)));
        }
    }

    fn domain(&self, state: &State, var: Var) -> f64 {
        state.domain.get(var).copied().unwrap_or(1.0).min(state.card.max(1.0))
    }

    fn set_domain(&self, state: &mut State, var: Var, values: f64) {
        if let Some(slot) = state.domain.get_mut(var) {
            *slot = values.max(1.0);
        }
    }

    /// Whether one solution of what is left is enough.
    fn enough(&self, state: &State) -> bool {
        self.wanted.as_ref().is_some_and(|wanted| wanted.iter().all(|var| state.bound.contains(var)))
    }

    /// Rows that the loop is expected to find, and whether it is looked up by something that an
    /// earlier one has found.
    pub fn score(&self, state: &State, at: usize) -> Option<(f64, bool)> {
        match &self.loops.get(at)?.kind {
            LoopKind::List { needs, items } => {
                needs.iter().all(|var| state.bound.contains(*var)).then_some((*items, true))
            }
            LoopKind::Atom(atom) => {
                let found = self.find(state, atom, false);
                let joins = |column: &usize| matches!(atom.slots.get(*column), Some(Slot::Var(_)));
                Some((found.rows, found.key.iter().any(joins)))
            }
        }
    }
}

/// The orders of columns that a plan has made to look rows up, each with the work that is in the plan's
/// cost for it. The first plan that needs one pays for all.
pub fn indexes(plan: &RulePlan, statistics: &dyn Statistics, growing: &[PredId]) -> Vec<(Read, f64)> {
    let mut reads: Vec<usize> = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Scan(scan) if !scan.key.is_empty() => reads.push(scan.read),
            Step::Probe { read, negated: false, .. } => reads.push(*read),
            Step::Intersect(meet) => reads.extend(meet.parts.iter().map(|part| part.read)),
            _ => {}
        }
    }
    reads.sort_unstable();
    reads.dedup();
    let cost = |read: &Read| {
        let size = statistics::size(statistics, read.pred, Access::Full, read.columns.len());
        let row = if growing.contains(&read.pred) { INDEX_GROWING } else { INDEX / statistics.uses() };
        size.rows * row
    };
    let made = |read: &&Read| read.access != Access::Delta && !statistics.ready(read.pred, &read.columns);
    let reads = reads.into_iter().filter_map(|read| plan.reads.get(read));
    reads.filter(made).map(|read| (Read { access: Access::Full, ..read.clone() }, cost(read))).collect()
}

/// The columns, in order, of a read whose rows are looked up by `key`: in place if that can be, else
/// without those that nobody wants.
pub(super) fn columns_read(mut key: Vec<usize>, width: usize, wanted: impl Fn(usize) -> bool) -> Vec<usize> {
    let in_place = key.iter().enumerate().all(|(i, column)| i == *column);
    let rest = (0..width).filter(|column| !key.contains(column) && (in_place || wanted(*column)));
    let rest: Vec<usize> = rest.collect();
    key.extend(rest);
    key
}

fn distinct(atom: &AtomShape, column: usize) -> f64 {
    atom.distinct.get(column).copied().unwrap_or(1.0)
}

fn lookup(atom: &AtomShape) -> f64 {
    if atom.grows { LOOKUP_GROWING } else { LOOKUP }
}
