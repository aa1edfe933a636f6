//! Which proof to show first, and which next.
//!
//! The graph behind a tuple is explored; where it is small, the best choice at every tuple is found
//! exactly, firmest first and then shortest, by D. E. Knuth's generalization of Dijkstra's algorithm
//! to AND-OR graphs (1977): the cost of an instance is the worst firmness of its premises and one
//! more than the sum of their sizes, which is more than that of any of them, so that no choice
//! rests on itself. Where the graph is large, each tuple takes the best instance whose premises come
//! before it in the order of evaluation.
//!
//! Further proofs differ from those before in the choice at one tuple (as in E. L. Lawler's
//! enumeration of best solutions, 1972); one that would rest on itself is passed over.

use std::cmp::{Ordering, Reverse};
use std::collections::{BinaryHeap, HashMap};
use std::ops::ControlFlow;

use super::goal::as_aggregate;
use super::graph::{Contribution, Graph, Instance, Premise, Tuple};
use super::proof::{Firmness, Proof, Statements};
use crate::base::Stop;
use crate::engine::RuleRef;
use crate::model::program::{Aggregate, Literal};
use crate::model::{Rule, Status};
use crate::storage::Word;
use crate::storage::interner::MISSING;

/// Tuples explored for the best proof.
const EXPLORED: usize = 4_000;
/// Premises of instances noted while exploring.
const NOTED: usize = 40_000;
/// Instances of one tuple that are looked at when the graph is too large to explore.
const EXAMINED: usize = 20_000;
/// Rows of an aggregate that are proved.
const ROWS: usize = 64;
/// Rows of an aggregate that are put in order.
const ORDERED: usize = 50_000;

/// The best proofs of a tuple of the model, best first: `most` of them, or all there are.
///
/// # Errors
/// The budget's.
pub fn proofs(
    graph: &Graph<'_>,
    statements: &dyn Statements,
    tuple: &Tuple,
    most: usize,
) -> Result<Vec<Proof>, Stop> {
    if most == 0 || !graph.holds(tuple) {
        return Ok(Vec::new());
    }
    let mut search =
        Search { graph, statements, nodes: Vec::new(), index: HashMap::new(), noted: 0, cut: false };
    let root = search.node(tuple.clone());
    if search.explore()? {
        search.settle();
    } else {
        search.restart(tuple);
        search.cut = true;
        if most > 1 {
            search.other_choices(root)?;
        }
    }
    search.best(root, most)
}

pub(super) struct Search<'s, 'a> {
    pub graph: &'s Graph<'a>,
    statements: &'s dyn Statements,
    pub nodes: Vec<Known>,
    index: HashMap<Tuple, usize>,
    /// Premises noted.
    noted: usize,
    /// Whether the graph was too large.
    pub cut: bool,
}

/// A tuple with the ways to prove it.
pub(super) struct Known {
    tuple: Tuple,
    /// Best first once they are in order; empty before they have been looked for.
    pub choices: Vec<Choice>,
}

/// A way to prove a tuple.
#[derive(Clone)]
pub(super) struct Choice {
    pub kind: Kind,
    /// The tuples it needs, by index.
    pub needs: Vec<usize>,
    /// How firm it is apart from these.
    pub own: Firmness,
    cost: Cost,
}

#[derive(Clone)]
pub(super) enum Kind {
    Stated,
    Instance(Box<Derived>),
}

#[derive(Clone)]
pub(super) struct Derived {
    pub rule: RuleRef,
    pub alternative: usize,
    pub binding: Box<[Word]>,
    pub premises: Vec<Need>,
}

/// A premise with tuples by index.
#[derive(Clone)]
pub(super) enum Need {
    Tuple(usize),
    Absent(usize),
    Aggregate { value: Word, total: usize, rows: Vec<(usize, Box<[Word]>, Vec<Need>)> },
    Holds,
}

/// Weakness, then size.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Cost(pub u8, pub u64);

const UNKNOWN: Cost = Cost(u8::MAX, u64::MAX);

impl Search<'_, '_> {
    fn node(&mut self, tuple: Tuple) -> usize {
        if let Some(at) = self.index.get(&tuple) {
            return *at;
        }
        let at = self.nodes.len();
        self.nodes.push(Known { tuple: tuple.clone(), choices: Vec::new() });
        self.index.insert(tuple, at);
        at
    }

    pub fn tuple(&self, at: usize) -> Option<&Tuple> {
        self.nodes.get(at).map(|node| &node.tuple)
    }

    /// Finds every choice at every tuple behind the first; false if there are too many.
    fn explore(&mut self) -> Result<bool, Stop> {
        let mut at = 0;
        while at < self.nodes.len() {
            if at >= EXPLORED || !self.expand(at)? {
                return Ok(false);
            }
            at += 1;
        }
        Ok(true)
    }

    /// Forgets what was explored but for the tuple asked about.
    fn restart(&mut self, tuple: &Tuple) {
        self.nodes.clear();
        self.index.clear();
        self.noted = 0;
        self.node(tuple.clone());
    }

    /// Finds the choices at a tuple; false if too much has been noted.
    fn expand(&mut self, at: usize) -> Result<bool, Stop> {
        let Some(tuple) = self.tuple(at).cloned() else { return Ok(true) };
        let mut choices = Vec::new();
        if self.graph.is_stated(&tuple) {
            choices.push(self.stated(&tuple));
        }
        let mut instances = Vec::new();
        let room = NOTED.saturating_sub(self.noted);
        let mut noted = 0;
        self.graph.instances(&tuple, &mut |instance| {
            noted += instance.premises.len() + 1;
            instances.push(instance);
            if noted > room { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })?;
        self.noted += noted;
        for instance in instances {
            choices.push(self.derived(instance)?);
        }
        if let Some(node) = self.nodes.get_mut(at) {
            node.choices = choices;
        }
        Ok(self.noted <= NOTED)
    }

    fn stated(&self, tuple: &Tuple) -> Choice {
        let own = self.statements.firmness(tuple);
        Choice { kind: Kind::Stated, needs: Vec::new(), own, cost: Cost(own.weakness(), 1) }
    }

    fn derived(&mut self, instance: Instance) -> Result<Choice, Stop> {
        let Instance { rule, alternative, binding, premises } = instance;
        let mut needs = Vec::new();
        let mut own = Firmness::FULL;
        let mut found = Vec::new();
        if let Some(known) = self.graph.rule(rule) {
            if !known.assume.is_empty() {
                own.status = Status::Planned;
            }
            let literals = known.body.alternatives.get(alternative).map_or(&[][..], Vec::as_slice);
            found = self.premises(known, literals, &binding, premises, &mut needs, &mut own)?;
        }
        needs.sort_unstable();
        needs.dedup();
        let derived = Derived { rule, alternative, binding, premises: found };
        Ok(Choice { kind: Kind::Instance(Box::new(derived)), needs, own, cost: UNKNOWN })
    }

    fn premises(
        &mut self,
        rule: &Rule,
        literals: &[Literal],
        binding: &[Word],
        premises: Vec<Premise>,
        needs: &mut Vec<usize>,
        own: &mut Firmness,
    ) -> Result<Vec<Need>, Stop> {
        let mut found = Vec::with_capacity(premises.len());
        for (literal, premise) in literals.iter().zip(premises) {
            found.push(match premise {
                Premise::Tuple(tuple) => {
                    let at = self.node(tuple);
                    needs.push(at);
                    Need::Tuple(at)
                }
                Premise::Absent => match literal {
                    Literal::Not(body, _) => Need::Absent(self.graph.over(body)),
                    _ => Need::Holds,
                },
                Premise::Aggregate(value) => match as_aggregate(literal) {
                    Some((aggregate, _)) => self.aggregate(rule, aggregate, binding, value, needs, own)?,
                    None => Need::Holds,
                },
                Premise::Holds => Need::Holds,
            });
        }
        Ok(found)
    }

    /// An aggregate with the first of its rows. The others count in its firmness as far as they
    /// are stated.
    fn aggregate(
        &mut self,
        rule: &Rule,
        aggregate: &Aggregate,
        binding: &[Word],
        value: Word,
        needs: &mut Vec<usize>,
        own: &mut Firmness,
    ) -> Result<Need, Stop> {
        let mut total = 0;
        let mut kept: Vec<Contribution> = Vec::new();
        let mut cut = false;
        self.graph.contributions(aggregate, binding, &mut |contribution| {
            total += 1;
            if kept.len() < ORDERED {
                kept.push(contribution);
            } else {
                cut |= self.weigh(&contribution, own);
            }
            ControlFlow::Continue(())
        })?;
        let graph = self.graph;
        kept.sort_by(|a, b| {
            (a.alternative.cmp(&b.alternative))
                .then_with(|| by_value(graph, &a.binding, &b.binding))
                .then_with(|| by_rows(graph, &a.premises, &b.premises))
        });
        for contribution in kept.iter().skip(ROWS) {
            cut |= self.weigh(contribution, own);
        }
        kept.truncate(ROWS);
        self.cut |= cut;
        let mut rows = Vec::with_capacity(kept.len());
        for Contribution { alternative, binding, premises } in kept {
            let literals = aggregate.body.alternatives.get(alternative).map_or(&[][..], Vec::as_slice);
            let found = self.premises(rule, literals, &binding, premises, needs, own)?;
            rows.push((alternative, binding, found));
        }
        Ok(Need::Aggregate { value, total, rows })
    }

    /// Takes into account how firm the stated tuples of a row are that is not proved; whether some of
    /// its tuples are not stated.
    fn weigh(&self, contribution: &Contribution, own: &mut Firmness) -> bool {
        let mut derived = false;
        for premise in &contribution.premises {
            if let Premise::Tuple(tuple) = premise {
                if self.graph.is_stated(tuple) {
                    *own = own.and(self.statements.firmness(tuple));
                } else {
                    derived = true;
                }
            }
        }
        derived
    }

    /// Finds the cost of every choice, and puts the choices at each tuple in order.
    fn settle(&mut self) {
        let mut waiting: Vec<Vec<(usize, usize)>> = vec![Vec::new(); self.nodes.len()];
        let mut missing: Vec<Vec<usize>> = Vec::with_capacity(self.nodes.len());
        let mut queue = BinaryHeap::new();
        for (at, node) in self.nodes.iter().enumerate() {
            missing.push(node.choices.iter().map(|choice| choice.needs.len()).collect());
            for (number, choice) in node.choices.iter().enumerate() {
                for need in &choice.needs {
                    waiting[*need].push((at, number));
                }
                if choice.needs.is_empty() {
                    queue.push(Reverse((Cost(choice.own.weakness(), 1), at)));
                }
            }
        }
        let mut costs: Vec<Option<Cost>> = vec![None; self.nodes.len()];
        while let Some(Reverse((cost, at))) = queue.pop() {
            if costs[at].is_some() {
                continue;
            }
            costs[at] = Some(cost);
            for (above, number) in std::mem::take(&mut waiting[at]) {
                missing[above][number] -= 1;
                if missing[above][number] == 0 {
                    queue.push(Reverse((cost_of(&self.nodes[above].choices[number], &costs), above)));
                }
            }
        }
        for at in 0..self.nodes.len() {
            let mut choices = std::mem::take(&mut self.nodes[at].choices);
            for choice in &mut choices {
                choice.cost = cost_of(choice, &costs);
            }
            choices.retain(|choice| choice.cost != UNKNOWN);
            choices.sort_by(|a, b| a.cost.cmp(&b.cost).then_with(|| self.tie(a, b)));
            self.nodes[at].choices = choices;
        }
    }

    /// Finds the choices at a tuple of a graph too large to explore, the best first and then the
    /// others, in order without knowing their costs.
    fn other_choices(&mut self, at: usize) -> Result<(), Stop> {
        self.first_choice(at)?;
        let Some(tuple) = self.tuple(at).cloned() else { return Ok(()) };
        let mut choices =
            self.nodes.get_mut(at).map(|node| std::mem::take(&mut node.choices)).unwrap_or_default();
        self.expand(at)?;
        let others = self.nodes.get_mut(at).map(|node| std::mem::take(&mut node.choices)).unwrap_or_default();
        let mut keyed: Vec<(Key, Choice)> = others
            .into_iter()
            .filter(|other| choices.iter().all(|first| self.tie(first, other).is_ne()))
            .map(|choice| (self.key(&tuple, &choice), choice))
            .collect();
        keyed.sort_by(|(x, a), (y, b)| x.cmp(y).then_with(|| self.tie(a, b)));
        choices.extend(keyed.into_iter().map(|(_, choice)| choice));
        if let Some(node) = self.nodes.get_mut(at) {
            node.choices = choices;
        }
        Ok(())
    }

    /// What speaks for a choice when its cost is not known: that its tuples come before; how firm
    /// what it states is; that they come early; that it needs few.
    fn key(&self, tuple: &Tuple, choice: &Choice) -> Key {
        let rank = self.graph.rank(tuple);
        let mut weakness = choice.own.weakness();
        let mut late = false;
        let mut round = 0;
        for need in choice.needs.iter().filter_map(|need| self.tuple(*need)) {
            let other = self.graph.rank(need);
            if other.stratum == rank.stratum && rank.stratum != 0 {
                late |= other.round >= rank.round;
                round = round.max(other.round + 1);
            }
            if self.graph.is_stated(need) {
                weakness = weakness.max(self.statements.firmness(need).weakness());
            }
        }
        (late, weakness, round, choice.needs.len())
    }

    fn tie(&self, a: &Choice, b: &Choice) -> Ordering {
        match (&a.kind, &b.kind) {
            (Kind::Stated, Kind::Stated) => Ordering::Equal,
            (Kind::Stated, Kind::Instance(_)) => Ordering::Less,
            (Kind::Instance(_), Kind::Stated) => Ordering::Greater,
            (Kind::Instance(a), Kind::Instance(b)) => (number(a.rule), a.alternative)
                .cmp(&(number(b.rule), b.alternative))
                .then_with(|| by_value(self.graph, &a.binding, &b.binding))
                .then_with(|| self.by_needs(&a.premises, &b.premises)),
        }
    }

    fn by_needs(&self, a: &[Need], b: &[Need]) -> Ordering {
        a.iter()
            .zip(b)
            .map(|(a, b)| match (a, b) {
                (Need::Tuple(a), Need::Tuple(b)) if a != b => match (self.tuple(*a), self.tuple(*b)) {
                    (Some(a), Some(b)) => by_value(self.graph, &a.row, &b.row),
                    _ => Ordering::Equal,
                },
                _ => Ordering::Equal,
            })
            .find(|order| order.is_ne())
            .unwrap_or(Ordering::Equal)
    }

    /// The best choice at a tuple of a graph too large to explore.
    pub fn first_choice(&mut self, at: usize) -> Result<(), Stop> {
        if self.nodes.get(at).is_none_or(|node| !node.choices.is_empty()) {
            return Ok(());
        }
        let Some(tuple) = self.tuple(at).cloned() else { return Ok(()) };
        if self.graph.is_stated(&tuple) {
            let choice = self.stated(&tuple);
            self.nodes[at].choices = vec![choice];
            return Ok(());
        }
        let graph = self.graph;
        let statements = self.statements;
        let rank = graph.rank(&tuple);
        let mut best: Option<(Key, Instance)> = None;
        let mut examined = 0;
        graph.instances(&tuple, &mut |instance| {
            examined += 1;
            let key = instance_key(graph, statements, rank, &instance);
            let better = match &best {
                None => true,
                Some((known, other)) => {
                    key.cmp(known).then_with(|| by_instance(graph, &instance, other)) == Ordering::Less
                }
            };
            if better && !key.0 {
                best = Some((key, instance));
            }
            if examined < EXAMINED || best.is_none() {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
        if let Some((_, instance)) = best {
            let choice = self.derived(instance)?;
            self.nodes[at].choices = vec![choice];
        }
        Ok(())
    }
}

/// Whether its tuples fail to come before; weakness; last round; tuples.
type Key = (bool, u8, u32, usize);

fn instance_key(
    graph: &Graph<'_>,
    statements: &dyn Statements,
    rank: super::graph::Rank,
    instance: &Instance,
) -> Key {
    let (mut late, mut weakness, mut round, mut tuples) = (false, 0, 0, 0);
    for premise in &instance.premises {
        let Premise::Tuple(tuple) = premise else { continue };
        tuples += 1;
        let other = graph.rank(tuple);
        if other.stratum == rank.stratum && rank.stratum != 0 {
            late |= other.round >= rank.round;
            round = round.max(other.round + 1);
        }
        if graph.is_stated(tuple) {
            weakness = weakness.max(statements.firmness(tuple).weakness());
        }
    }
    (late, weakness, round, tuples)
}

fn cost_of(choice: &Choice, costs: &[Option<Cost>]) -> Cost {
    let mut cost = Cost(choice.own.weakness(), 1);
    for need in &choice.needs {
        match costs.get(*need).copied().flatten() {
            Some(other) => cost = Cost(cost.0.max(other.0), cost.1.saturating_add(other.1)),
            None => return UNKNOWN,
        }
    }
    cost
}

fn number(rule: RuleRef) -> (u8, usize) {
    match rule {
        RuleRef::Rule(id) => (0, id.0 as usize),
        RuleRef::Goal(at) => (1, at),
    }
}

fn by_instance(graph: &Graph<'_>, a: &Instance, b: &Instance) -> Ordering {
    (number(a.rule), a.alternative)
        .cmp(&(number(b.rule), b.alternative))
        .then_with(|| by_value(graph, &a.binding, &b.binding))
        .then_with(|| by_rows(graph, &a.premises, &b.premises))
}

/// Rows by the values of their words; a word that is missing comes first.
fn by_value(graph: &Graph<'_>, a: &[Word], b: &[Word]) -> Ordering {
    let order = |(a, b): (&Word, &Word)| match (*a == MISSING, *b == MISSING) {
        (false, false) => graph.compare(*a, *b),
        (a, b) => b.cmp(&a),
    };
    a.iter().zip(b).map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}

fn by_rows(graph: &Graph<'_>, a: &[Premise], b: &[Premise]) -> Ordering {
    let order = |(a, b): (&Premise, &Premise)| match (a, b) {
        (Premise::Tuple(a), Premise::Tuple(b)) => by_value(graph, &a.row, &b.row),
        _ => Ordering::Equal,
    };
    a.iter().zip(b).map(order).find(|order| order.is_ne()).unwrap_or(Ordering::Equal)
}
