//! The search for the order that costs least.
//!
//! Few loops: every order that can matter, cheapest first (Dijkstra's algorithm over sets of
//! variables, which is dynamic programming over subsets that leaves out what costs too much). More:
//! the best few after each step. Very many: what finds least comes next.
//!
//! Two ways to give the same variables their values need not leave the same solutions: an
//! intersection may look at more and leave fewer. Of such states each is followed that costs less or
//! leaves less than all others: in plans that begin with the rows of the last round, where rounds
//! correct what was guessed. Without that a guess of what is left is not worth an index: intersections
//! of whole columns that seemed to leave little cost triangles a third more time.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};

use super::bits::Bits;
use super::cost::{Action, State};
use super::problem::{LoopKind, Problem, Var};

/// Loops up to which all orders are compared.
const ALL_ORDERS: usize = 10;
/// States looked at before that is given up.
const MOST_STATES: usize = 4_000;
/// Loops up to which several orders are followed at once, and how many.
const BEAM_LOOPS: usize = 40;
const BEAM_WIDTH: usize = 8;
/// Ways to give the same variables values that are followed at once.
const MOST_WAYS: usize = 4;
/// What a way that costs more has to leave of the solutions, at most, to be followed.
const FEWER: f64 = 0.9;

/// An action and what is expected of it.
#[derive(Clone, Debug)]
pub(super) struct Move {
    pub action: Action,
    /// What the loop finds each time it is entered.
    pub found: f64,
    /// What it finds in all.
    pub card: f64,
    /// How much of that the tests behind it let through.
    pub left: f64,
}

/// An order.
#[derive(Debug, Default)]
pub(super) struct Order {
    /// What passes the tests that need no loop.
    pub start: f64,
    pub moves: Vec<Move>,
    /// Work expected of all.
    pub cost: f64,
}

/// The order that costs least, as far as one was looked for; `first` is the loop to begin with.
/// Every atom is in it, or tested on the way.
pub(super) fn order(problem: &Problem<'_>, first: Option<usize>) -> Order {
    let mut state = problem.start();
    let mut actions: Vec<Action> = first.map(Action::Loop).into_iter().collect();
    for action in &actions {
        advance(problem, &mut state, action);
    }
    let loops = problem.loops.len();
    let several = first.is_some();
    let found = match loops {
        0..=1 => None,
        _ if loops <= ALL_ORDERS => {
            all_orders(problem, &state, several).or_else(|| Some(beam(problem, &state, several)))
        }
        _ if loops <= BEAM_LOOPS => Some(beam(problem, &state, several)),
        _ => None,
    };
    actions.extend(found.unwrap_or_else(|| greedy(problem, &mut state)));
    replay(problem, actions)
}

fn replay(problem: &Problem<'_>, actions: Vec<Action>) -> Order {
    let mut state = problem.start();
    let mut order = Order { start: state.card, ..Order::default() };
    for action in actions {
        let (found, fresh) = problem.enter(&mut state, &action);
        let card = state.card;
        problem.settle(&mut state, fresh);
        order.moves.push(Move { action, found, card, left: state.card });
    }
    order.cost = state.cost;
    order
}

fn advance(problem: &Problem<'_>, state: &mut State, action: &Action) -> Vec<Var> {
    let (_, fresh) = problem.enter(state, action);
    problem.settle(state, fresh)
}

/// What can be done next, in an order that does not depend on how the body was written.
fn choices(problem: &Problem<'_>, state: &State) -> Vec<Action> {
    let open = |at: &usize| !state.done.contains(*at);
    let mut actions = Vec::new();
    let mut seen = Bits::default();
    for at in (0..problem.loops.len()).filter(open) {
        let Some(each) = problem.loops.get(at) else { continue };
        match &each.kind {
            LoopKind::Atom(_) => actions.push(Action::Loop(at)),
            LoopKind::List { needs, .. } if needs.iter().all(|var| state.bound.contains(*var)) => {
                actions.push(Action::Loop(at));
            }
            LoopKind::List { .. } => {}
        }
        for var in each.vars.iter().copied().filter(|var| problem.cyclic.contains(*var)) {
            if !state.bound.contains(var) && seen.insert(var) {
                actions.extend(meets(problem, state, var));
            }
        }
    }
    actions
}

/// The ways to intersect the values of a variable: in all open atoms, and in those that are looked
/// up by something known.
fn meets(problem: &Problem<'_>, state: &State, var: Var) -> Vec<Action> {
    let of = problem.loops_of.get(var).into_iter().flatten().copied();
    let all: Vec<usize> =
        of.filter(|at| !state.done.contains(*at) && problem.part(*at, var).is_some()).collect();
    let keyed = |at: &usize| {
        problem.loops.get(*at).is_some_and(|each| each.vars.iter().any(|var| state.bound.contains(*var)))
    };
    let known: Vec<usize> = all.iter().copied().filter(keyed).collect();
    let mut actions = Vec::new();
    if known.len() >= 2 && known.len() < all.len() {
        actions.push(Action::Meet(var, known));
    }
    if all.len() >= 2 {
        actions.push(Action::Meet(var, all));
    }
    actions
}

/// A state on the way, and how it was reached.
struct Node {
    state: State,
    action: Option<Action>,
    from: usize,
}

fn path(nodes: &[Node], mut at: usize) -> Vec<Action> {
    let mut actions = Vec::new();
    while let Some(node) = nodes.get(at)
        && let Some(action) = &node.action
    {
        actions.push(action.clone());
        at = node.from;
    }
    actions.reverse();
    actions
}

/// The costs and solutions of the ways to one set of variables, none of which costs as little as
/// another and leaves as few.
#[derive(Default)]
struct Ways(Vec<(f64, f64)>);

impl Ways {
    /// Takes a state in, and out what it surpasses; `false` if it is surpassed itself. Without
    /// `several` only what it costs counts.
    fn admit(&mut self, state: &State, several: bool) -> bool {
        let (cost, card) = (state.cost, state.card);
        let several = several && !state.vague;
        if self.0.iter().any(|(least, few)| *least <= cost && (!several || FEWER * few <= card)) {
            return false;
        }
        self.0.retain(|(other, many)| *other < cost || several && FEWER * *many < card);
        let cheapest = self.0.iter().all(|(least, _)| *least > cost);
        if self.0.len() >= MOST_WAYS && !cheapest {
            return false;
        }
        self.0.push((cost, card));
        true
    }

    /// Whether a state taken in is still among them.
    fn holds(&self, state: &State) -> bool {
        self.0.iter().any(|(cost, card)| *cost == state.cost && *card == state.card)
    }
}

/// The cheapest order of all; `None` if there are too many.
fn all_orders(problem: &Problem<'_>, start: &State, several: bool) -> Option<Vec<Action>> {
    let mut nodes = vec![Node { state: start.clone(), action: None, from: 0 }];
    let mut best: HashMap<Bits, Ways> = HashMap::new();
    let mut queue = BinaryHeap::from([Reverse((Cost(start.cost), 0))]);
    while let Some(Reverse((_, at))) = queue.pop() {
        let state = nodes.get(at)?.state.clone();
        if best.get(&state.bound).is_some_and(|ways| !ways.holds(&state)) {
            continue;
        }
        let choices = choices(problem, &state);
        if choices.is_empty() {
            return Some(path(&nodes, at));
        }
        for action in choices {
            let mut next = state.clone();
            advance(problem, &mut next, &action);
            if !best.entry(next.bound.clone()).or_default().admit(&next, several) {
                continue;
            }
            queue.push(Reverse((Cost(next.cost), nodes.len())));
            nodes.push(Node { state: next, action: Some(action), from: at });
            if nodes.len() > MOST_STATES {
                return None;
            }
        }
    }
    None
}

/// A good order: the cheapest few states after each step are followed.
fn beam(problem: &Problem<'_>, start: &State, several: bool) -> Vec<Action> {
    let mut nodes = vec![Node { state: start.clone(), action: None, from: 0 }];
    let mut front = vec![0];
    let mut finished: Option<(f64, usize)> = None;
    while !front.is_empty() {
        let mut next: Vec<Node> = Vec::new();
        let mut known: HashMap<Bits, Ways> = HashMap::new();
        for at in &front {
            let Some(state) = nodes.get(*at).map(|node| node.state.clone()) else { continue };
            let choices = choices(problem, &state);
            if choices.is_empty() && finished.is_none_or(|(least, _)| state.cost < least) {
                finished = Some((state.cost, *at));
            }
            for action in choices {
                let mut state = state.clone();
                advance(problem, &mut state, &action);
                let node = Node { state, action: Some(action), from: *at };
                if known.entry(node.state.bound.clone()).or_default().admit(&node.state, several) {
                    next.push(node);
                }
            }
        }
        next.retain(|node| known.get(&node.state.bound).is_some_and(|ways| ways.holds(&node.state)));
        // What comes of a state costs at least a turn for each of its solutions.
        next.sort_by_key(|node| Cost(node.state.cost + node.state.card));
        next.truncate(BEAM_WIDTH);
        front = (nodes.len()..nodes.len() + next.len()).collect();
        nodes.append(&mut next);
    }
    finished.map_or(Vec::new(), |(_, at)| path(&nodes, at))
}

/// An order found quickly: what finds least is next, and what nothing connects comes last.
fn greedy(problem: &Problem<'_>, state: &mut State) -> Vec<Action> {
    let mut actions = Vec::new();
    let mut scores: Vec<Option<Cost>> = vec![None; problem.loops.len()];
    let mut queue = BinaryHeap::new();
    let mut stale: Vec<usize> = (0..problem.loops.len()).collect();
    loop {
        for at in stale.drain(..).filter(|at| !state.done.contains(*at)) {
            let Some((found, connected)) = problem.score(state, at) else { continue };
            let score = Cost(if connected || found <= 1.0 { found } else { 1e6 * found });
            if let Some(slot) = scores.get_mut(at).filter(|slot| **slot != Some(score)) {
                *slot = Some(score);
                queue.push(Reverse((score, at)));
            }
        }
        let Some(Reverse((score, at))) = queue.pop() else { return actions };
        if state.done.contains(at) || scores.get(at) != Some(&Some(score)) {
            continue;
        }
        let action = Action::Loop(at);
        for var in advance(problem, state, &action) {
            stale.extend(problem.loops_of.get(var).into_iter().flatten());
        }
        actions.push(action);
    }
}

/// Costs in their order.
#[derive(Clone, Copy, Debug)]
struct Cost(f64);

impl PartialEq for Cost {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Cost {}

impl PartialOrd for Cost {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Cost {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.0.total_cmp(&other.0)
    }
}
