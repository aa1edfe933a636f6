//! From choices to proofs, the best first.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::proof::{Firmness, Node, Proof, Row, Step, Support, Why};
use super::search::{Cost, Derived, Kind, Need, Search};
use crate::base::Stop;
use crate::model::Value;
use crate::storage::Word;
use crate::storage::interner::MISSING;

/// Tuples of a proof whose other choices are tried for further proofs.
const VARIED: usize = 64;
/// Further proofs tried for each one wanted.
const TRIED: usize = 64;

/// For some nodes, ascending, which of their choices is taken; for the others it is the first.
type Changes = Vec<(usize, usize)>;

/// Proofs built and not yet shown, best first.
type Candidates = BTreeMap<(Cost, Vec<(usize, usize)>), (Changes, Built)>;

/// A proof that has been built.
struct Built {
    cost: Cost,
    /// Its nodes.
    order: Vec<usize>,
    /// Where in it another choice than the first is taken, and which: what tells it apart from others
    /// of the same cost, whatever the nodes' numbers.
    places: Vec<(usize, usize)>,
    proof: Proof,
}

impl Search<'_, '_> {
    /// The best proofs, best first.
    pub fn best(&mut self, root: usize, most: usize) -> Result<Vec<Proof>, Stop> {
        // The same proof can be reached by changing choices in another order.
        let mut seen: HashSet<Changes> = HashSet::new();
        let mut candidates: Candidates = BTreeMap::new();
        let mut proofs: Vec<Proof> = Vec::new();
        let mut tries = TRIED.saturating_mul(most);
        let mut open = vec![Vec::new()];
        loop {
            for changes in open.drain(..) {
                if !seen.insert(changes.clone()) || (tries == 0 && !proofs.is_empty()) {
                    continue;
                }
                tries = tries.saturating_sub(1);
                if let Some(built) = self.build(root, &changes)? {
                    candidates.entry((built.cost, built.places.clone())).or_insert((changes, built));
                }
            }
            let Some((_, (changes, Built { order, proof, .. }))) = candidates.pop_first() else { break };
            if !proofs.iter().any(|known| known.nodes == proof.nodes) {
                proofs.push(proof);
            }
            if proofs.len() >= most {
                break;
            }
            for at in order.into_iter().take(VARIED) {
                let chosen = changes.iter().find(|(node, _)| *node == at).map_or(0, |(_, choice)| *choice);
                if self.nodes.get(at).is_some_and(|node| chosen + 1 < node.choices.len()) {
                    let mut more: Changes = changes.iter().filter(|(node, _)| *node != at).copied().collect();
                    more.push((at, chosen + 1));
                    more.sort_unstable();
                    open.push(more);
                }
            }
        }
        Ok(proofs)
    }

    /// The proof with the first choice everywhere but where `changes` say otherwise; `None` if it
    /// would rest on itself.
    fn build(&mut self, root: usize, changes: &[(usize, usize)]) -> Result<Option<Built>, Stop> {
        let mut order = vec![root];
        let mut place: HashMap<usize, usize> = HashMap::from([(root, 0)]);
        let mut chosen = Vec::new();
        let mut at = 0;
        while let Some(node) = order.get(at).copied() {
            self.graph.turn()?;
            if self.cut {
                self.first_choice(node)?;
            }
            let number =
                changes.iter().find(|(changed, _)| *changed == node).map_or(0, |(_, choice)| *choice);
            let Some(choice) = self.nodes.get(node).and_then(|known| known.choices.get(number)) else {
                return Ok(None);
            };
            // In the order of the premises, so that a proof reads from top to bottom.
            let mut needs = Vec::new();
            if let Kind::Instance(derived) = &choice.kind {
                tuples_of(&derived.premises, &mut needs);
            }
            for need in needs {
                place.entry(need).or_insert_with(|| {
                    order.push(need);
                    order.len() - 1
                });
            }
            chosen.push(number);
            at += 1;
        }
        let choice = |at: usize| {
            let (node, number) = (order.get(at)?, chosen.get(at)?);
            self.nodes.get(*node)?.choices.get(*number)
        };
        let needs = |at: usize| -> Vec<usize> {
            let needs = choice(at).map_or(&[][..], |choice| &choice.needs);
            needs.iter().filter_map(|need| place.get(need).copied()).collect()
        };
        let Some(bottom_up) = bottom_up(order.len(), needs) else { return Ok(None) };
        let mut firmness = vec![Firmness::FULL; order.len()];
        for at in bottom_up {
            let own = choice(at).map_or(Firmness::FULL, |choice| choice.own);
            firmness[at] = needs(at).into_iter().fold(own, |known, need| known.and(firmness[need]));
        }
        let nodes = (0..order.len()).filter_map(|at| {
            let tuple = self.tuple(*order.get(at)?)?;
            let why = match &choice(at)?.kind {
                Kind::Stated => Why::Stated,
                Kind::Instance(derived) => Why::Rule(self.step(derived, &place)),
            };
            Some(Node {
                pred: tuple.pred,
                tuple: self.graph.values(&tuple.row),
                why,
                firmness: *firmness.get(at)?,
            })
        });
        let proof = Proof { nodes: nodes.collect(), cut: self.cut };
        let cost = Cost(firmness.first().map_or(0, |first| first.weakness()), order.len() as u64);
        let places = chosen.iter().copied().enumerate().filter(|(_, number)| *number > 0).collect();
        Ok(Some(Built { cost, order, places, proof }))
    }

    fn step(&self, derived: &Derived, place: &HashMap<usize, usize>) -> Step {
        Step {
            rule: derived.rule,
            alternative: derived.alternative,
            binding: self.binding(&derived.binding),
            premises: self.supports(&derived.premises, place),
        }
    }

    fn supports(&self, needs: &[Need], place: &HashMap<usize, usize>) -> Vec<Support> {
        let support = |need: &Need| match need {
            Need::Tuple(at) => Support::Node(place.get(at).copied().unwrap_or(usize::MAX)),
            Need::Absent(over) => Support::Absent { over: *over },
            Need::Holds => Support::Holds,
            Need::Aggregate { value, total, rows } => Support::Aggregate {
                value: self.graph.value(*value),
                total: *total,
                rows: rows
                    .iter()
                    .map(|(alternative, binding, premises)| Row {
                        alternative: *alternative,
                        binding: self.binding(binding),
                        premises: self.supports(premises, place),
                    })
                    .collect(),
            },
        };
        needs.iter().map(support).collect()
    }

    fn binding(&self, words: &[Word]) -> Vec<Option<Value>> {
        words.iter().map(|word| (*word != MISSING).then(|| self.graph.value(*word))).collect()
    }
}

fn tuples_of(needs: &[Need], found: &mut Vec<usize>) {
    for need in needs {
        match need {
            Need::Tuple(at) => found.push(*at),
            Need::Aggregate { rows, .. } => rows.iter().for_each(|(_, _, needs)| tuples_of(needs, found)),
            Need::Absent(_) | Need::Holds => {}
        }
    }
}

/// The nodes of a graph, each behind all that it needs; `None` if there is a cycle.
fn bottom_up(len: usize, needs: impl Fn(usize) -> Vec<usize>) -> Option<Vec<usize>> {
    let mut above: Vec<Vec<usize>> = vec![Vec::new(); len];
    let mut missing = vec![0_usize; len];
    for (at, missing) in missing.iter_mut().enumerate() {
        for need in needs(at) {
            above[need].push(at);
            *missing += 1;
        }
    }
    let mut order: Vec<usize> = (0..len).filter(|at| missing[*at] == 0).collect();
    let mut next = 0;
    while let Some(at) = order.get(next).copied() {
        for user in &above[at] {
            missing[*user] -= 1;
            if missing[*user] == 0 {
                order.push(*user);
            }
        }
        next += 1;
    }
    (order.len() == len).then_some(order)
}
