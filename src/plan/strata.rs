//! Rewritten rules in the order in which they can be evaluated.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::model::{PredId, Rule, RuleId, Stratum};

/// The strata of `rules`, bottom-up, or the relations that are read under a negation or in an
/// aggregate within their own stratum.
pub(super) fn stratify(rules: &[Rule]) -> Result<Vec<Stratum>, BTreeSet<PredId>> {
    let mut rules_of: BTreeMap<PredId, Vec<RuleId>> = BTreeMap::new();
    let mut edges: BTreeMap<(PredId, PredId), bool> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        rules_of.entry(rule.head).or_default().push(RuleId(index as u32));
        rule.body.atoms(&mut |atom, positive| {
            *edges.entry((rule.head, atom.pred)).or_default() |= !positive;
        });
    }
    let mut graph: DiGraph<PredId, ()> = DiGraph::new();
    let nodes: HashMap<PredId, NodeIndex> =
        rules_of.keys().map(|pred| (*pred, graph.add_node(*pred))).collect();
    for (head, read) in edges.keys() {
        if let (Some(from), Some(to)) = (nodes.get(head), nodes.get(read)) {
            graph.add_edge(*from, *to, ());
        }
    }
    // Not by Tarjan's algorithm, which petgraph implements by recursion.
    let components = kosaraju_scc(&graph);
    let mut component_of: HashMap<PredId, usize> = HashMap::new();
    for (index, component) in components.iter().enumerate() {
        component_of.extend(component.iter().map(|node| (graph[*node], index)));
    }
    let mut recursive = vec![false; components.len()];
    let mut negated = BTreeSet::new();
    for ((head, read), negative) in &edges {
        if let (Some(of_head), Some(of_read)) = (component_of.get(head), component_of.get(read))
            && of_head == of_read
        {
            if let Some(recursive) = recursive.get_mut(*of_head) {
                *recursive = true;
            }
            if *negative {
                negated.insert(*read);
            }
        }
    }
    if !negated.is_empty() {
        return Err(negated);
    }
    let stratum = |(component, recursive): (&Vec<NodeIndex>, bool)| {
        let mut predicates: Vec<PredId> = component.iter().map(|node| graph[*node]).collect();
        predicates.sort();
        let mut rules: Vec<RuleId> =
            predicates.iter().filter_map(|pred| rules_of.get(pred)).flatten().copied().collect();
        rules.sort();
        Stratum { predicates, rules, recursive }
    };
    Ok(components.iter().zip(recursive).map(stratum).collect())
}
