//! The part of the proof graph that lies behind some tuples, written out.

use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::graph::{Contribution, Graph, Instance, Premise, Tuple};
use super::leaf::{self, Leaf};
use crate::analysis::template;
use crate::base::Stop;
use crate::model::Rule;
use crate::model::program::Literal;
use crate::model::schema::PredKind;
use crate::storage::interner::MISSING;
use crate::storage::{Database, Word};

/// Steps between two looks at the budget.
const BLOCK: usize = 1024;

/// Why a part of the graph was not written out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unfinished {
    /// A limit was reached, or somebody cancelled.
    Stopped(Stop),
    /// It has more steps and premises than this.
    TooLarge(usize),
}

impl From<Stop> for Unfinished {
    fn from(stop: Stop) -> Self {
        Unfinished::Stopped(stop)
    }
}

/// A finite AND-OR graph: a node holds by any of its steps, a step by all of its premises. Nodes are
/// tuples, and the assignments that an aggregate ranges over where there are several ways to one.
///
/// Tuples that a certain background fact states are left out: they are worth as much as a premise
/// can be. So are negations, and comparisons.
#[derive(Debug, Default)]
pub(super) struct Derivations {
    /// How many nodes there are.
    pub nodes: usize,
    pub steps: Vec<Step>,
    /// By node, the steps in which it is a premise.
    pub used: Vec<Vec<u32>>,
    pub leaves: Vec<Leaf>,
    /// Assumptions that steps make.
    pub assumptions: Vec<String>,
    /// `None` for a tuple that is certain.
    index: HashMap<Tuple, Option<u32>>,
}

/// One way in which a node holds.
#[derive(Debug)]
pub(super) struct Step {
    pub head: u32,
    /// Distinct nodes.
    pub premises: Box<[u32]>,
    /// Of a stated tuple, the assertion.
    pub leaf: Option<u32>,
    /// What the rule assumes, by [`Derivations::assumptions`].
    pub assumes: Box<[u32]>,
}

impl Derivations {
    /// Everything behind `tuples`, as long as it has at most `most` steps and premises.
    ///
    /// # Errors
    /// The budget's, or there is more.
    pub fn behind(
        graph: &Graph<'_>,
        database: &Database,
        tuples: &[Tuple],
        most: usize,
    ) -> Result<Derivations, Unfinished> {
        let mut explorer = Explorer {
            graph,
            database,
            made: Derivations::default(),
            texts: HashMap::new(),
            open: Vec::new(),
            size: 0,
            most,
        };
        for tuple in tuples {
            explorer.node(tuple);
        }
        while let Some((node, tuple)) = explorer.open.pop() {
            explorer.explore(node, &tuple)?;
        }
        let mut made = explorer.made;
        made.used = vec![Vec::new(); made.nodes];
        for (at, step) in made.steps.iter().enumerate() {
            for premise in &step.premises {
                if let Some(used) = made.used.get_mut(*premise as usize) {
                    used.push(at as u32);
                }
            }
        }
        Ok(made)
    }

    /// The node of a tuple that was asked for; `None` if it is certain.
    pub fn node_of(&self, tuple: &Tuple) -> Option<u32> {
        self.index.get(tuple).copied().flatten()
    }
}

struct Explorer<'e, 'g> {
    graph: &'e Graph<'g>,
    database: &'e Database,
    made: Derivations,
    texts: HashMap<String, u32>,
    open: Vec<(u32, Tuple)>,
    size: usize,
    most: usize,
}

impl Explorer<'_, '_> {
    /// The node of a tuple, to be explored if it is new; `None` if it is certain.
    fn node(&mut self, tuple: &Tuple) -> Option<u32> {
        if let Some(known) = self.made.index.get(tuple) {
            return *known;
        }
        let certain = self.leaves(tuple).iter().any(Leaf::is_certain);
        let node = (!certain).then(|| self.new_node());
        self.made.index.insert(tuple.clone(), node);
        if let Some(node) = node {
            self.open.push((node, tuple.clone()));
        }
        node
    }

    fn new_node(&mut self) -> u32 {
        let node = self.made.nodes as u32;
        self.made.nodes += 1;
        node
    }

    /// The assertions behind a tuple.
    fn leaves(&self, tuple: &Tuple) -> Vec<Leaf> {
        let predicate = self.graph.program().schema.predicates.get(tuple.pred.0 as usize);
        match predicate.map(|predicate| predicate.kind) {
            Some(PredKind::Declared) => leaf::of_tuple(self.database, tuple.pred, &tuple.row),
            Some(PredKind::Assertions(of)) => {
                leaf::of_assertion(self.database, of, &tuple.row).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn explore(&mut self, node: u32, tuple: &Tuple) -> Result<(), Unfinished> {
        for leaf in self.leaves(tuple) {
            let at = self.made.leaves.len() as u32;
            self.made.leaves.push(leaf);
            self.step(Step {
                head: node,
                premises: Box::default(),
                leaf: Some(at),
                assumes: Box::default(),
            })?;
        }
        let mut seen = HashSet::new();
        let mut stopped = None;
        let graph = self.graph;
        graph.instances(tuple, &mut |instance| match self.instance(node, &instance, &mut seen) {
            Ok(()) => ControlFlow::Continue(()),
            Err(unfinished) => {
                stopped = Some(unfinished);
                ControlFlow::Break(())
            }
        })?;
        stopped.map_or(Ok(()), Err)
    }

    fn instance(
        &mut self,
        node: u32,
        instance: &Instance,
        seen: &mut HashSet<(Vec<u32>, Vec<u32>)>,
    ) -> Result<(), Unfinished> {
        let Some(rule) = self.graph.rule(instance.rule) else { return Ok(()) };
        let Some(literals) = rule.body.alternatives.get(instance.alternative) else { return Ok(()) };
        let premises = self.premises(literals, &instance.premises, &instance.binding)?;
        let assumes = self.assumes(rule, &instance.binding);
        // A tuple that rests on itself is no way to it.
        if premises.contains(&node) || !seen.insert((premises.clone(), assumes.clone())) {
            self.size += 1;
            return self.look();
        }
        self.step(Step { head: node, premises: premises.into(), leaf: None, assumes: assumes.into() })
    }

    /// The nodes behind the premises of a conjunction; what aggregates range over counts, too.
    fn premises(
        &mut self,
        literals: &[Literal],
        premises: &[Premise],
        binding: &[Word],
    ) -> Result<Vec<u32>, Unfinished> {
        let mut nodes = Vec::new();
        for (literal, premise) in literals.iter().zip(premises) {
            match premise {
                Premise::Tuple(tuple) => nodes.extend(self.node(tuple)),
                Premise::Aggregate(_) => {
                    let Some(aggregate) = Graph::aggregate_of(literal) else { continue };
                    let mut ways: Vec<Vec<Contribution>> = Vec::new();
                    let mut held = 0;
                    let most = self.most;
                    self.graph.ways_to_contribute(aggregate, binding, &mut |number, way| {
                        if ways.len() <= number {
                            ways.resize_with(number + 1, Vec::new);
                        }
                        ways[number].push(way);
                        held += 1;
                        if held > most { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                    })?;
                    if held > most {
                        return Err(Unfinished::TooLarge(most));
                    }
                    for ways in ways {
                        self.assignment(&aggregate.body.alternatives, &ways, &mut nodes)?;
                    }
                }
                Premise::Absent | Premise::Holds => {}
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        Ok(nodes)
    }

    /// Adds the nodes behind one assignment of an aggregate's body, or a node of its own where there
    /// are several ways to it.
    fn assignment(
        &mut self,
        alternatives: &[Vec<Literal>],
        ways: &[Contribution],
        nodes: &mut Vec<u32>,
    ) -> Result<(), Unfinished> {
        let mut found = Vec::new();
        for way in ways {
            let Some(literals) = alternatives.get(way.alternative) else { continue };
            found.push(self.premises(literals, &way.premises, &way.binding)?);
        }
        match found.as_slice() {
            [] => {}
            [one] => nodes.extend(one),
            // Nothing is firmer than a way that needs nothing.
            several if several.iter().any(Vec::is_empty) => {}
            several => {
                let head = self.new_node();
                nodes.push(head);
                for premises in several {
                    let premises = premises.as_slice().into();
                    self.step(Step { head, premises, leaf: None, assumes: Box::default() })?;
                }
            }
        }
        Ok(())
    }

    /// What a rule assumes under a binding.
    fn assumes(&mut self, rule: &Rule, binding: &[Word]) -> Vec<u32> {
        let mut found: Vec<u32> = Vec::new();
        for text in &rule.assume {
            let value = |name: &str| {
                let at =
                    rule.vars.iter().zip(binding).find(|(var, word)| *var.name == *name && **word != MISSING);
                at.map(|(_, word)| self.graph.value(*word).plain())
            };
            let text = template::fill(text, value);
            let next = self.texts.len() as u32;
            let at = *self.texts.entry(text.clone()).or_insert(next);
            if at == next {
                self.made.assumptions.push(text);
            }
            found.push(at);
        }
        found.sort_unstable();
        found.dedup();
        found
    }

    fn step(&mut self, step: Step) -> Result<(), Unfinished> {
        self.size += 1 + step.premises.len();
        self.made.steps.push(step);
        self.look()
    }

    fn look(&mut self) -> Result<(), Unfinished> {
        if self.size > self.most {
            return Err(Unfinished::TooLarge(self.most));
        }
        if self.made.steps.len().is_multiple_of(BLOCK) {
            self.graph.check()?;
        }
        Ok(())
    }
}
