//! Strata: components of mutually recursive relations, bottom-up, none of which depends on its own
//! negation or aggregate.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::ops::RangeInclusive;

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::program::{Rule, RuleId, Stratum};
use crate::model::schema::{PredId, Schema};

/// How a rule reads a relation.
#[derive(Clone, Copy)]
struct Edge {
    /// Under a negation or in an aggregate.
    negative: bool,
    span: Span,
}

/// The strata of `rules`, or a diagnostic for each cycle through negation or aggregation.
pub(super) fn stratify(schema: &Schema, rules: &[Rule]) -> (Vec<Stratum>, Vec<Diagnostic>) {
    let mut rules_of: BTreeMap<PredId, Vec<RuleId>> = BTreeMap::new();
    let mut edges: BTreeMap<(PredId, PredId), Edge> = BTreeMap::new();
    for (index, rule) in rules.iter().enumerate() {
        rules_of.entry(rule.head).or_default().push(RuleId(index as u32));
        rule.body.atoms(&mut |atom, positive| {
            let edge = Edge { negative: !positive, span: atom.span };
            let known = edges.entry((rule.head, atom.pred)).or_insert(edge);
            if edge.negative && !known.negative {
                *known = edge;
            }
        });
    }
    let mut graph: DiGraph<PredId, ()> = DiGraph::new();
    let nodes: HashMap<PredId, NodeIndex> =
        rules_of.keys().map(|pred| (*pred, graph.add_node(*pred))).collect();
    for (head, read) in edges.keys() {
        if let Some(to) = nodes.get(read) {
            graph.add_edge(nodes[head], *to, ());
        }
    }
    let mut strata = Vec::new();
    let mut diagnostics = Vec::new();
    // Components come with their dependencies first. Not by Tarjan's algorithm, which petgraph
    // implements by recursion: a long chain of relations would overflow the stack.
    for component in kosaraju_scc(&graph) {
        let mut predicates: Vec<PredId> = component.iter().map(|node| graph[*node]).collect();
        predicates.sort();
        let members: HashSet<PredId> = predicates.iter().copied().collect();
        let inside = || {
            let read_by = predicates.iter().flat_map(|head| edges.range(all_of(*head)));
            read_by.filter(|((_, read), _)| members.contains(read))
        };
        if let Some(((head, read), edge)) = inside().find(|(_, edge)| edge.negative) {
            diagnostics.push(cycle(schema, *head, *read, *edge, &edges, &members));
        }
        let mut own: Vec<RuleId> =
            predicates.iter().flat_map(|pred| rules_of[pred].iter().copied()).collect();
        own.sort();
        let recursive = inside().next().is_some();
        strata.push(Stratum { recursive, predicates, rules: own });
    }
    (strata, diagnostics)
}

/// The keys of the edges from one relation.
fn all_of(head: PredId) -> RangeInclusive<(PredId, PredId)> {
    (head, PredId(0))..=(head, PredId(u32::MAX))
}

/// Draws the shortest cycle that goes through a negative edge.
fn cycle(
    schema: &Schema,
    head: PredId,
    read: PredId,
    edge: Edge,
    edges: &BTreeMap<(PredId, PredId), Edge>,
    members: &HashSet<PredId>,
) -> Diagnostic {
    let mut previous: HashMap<PredId, PredId> = HashMap::new();
    let mut queue = VecDeque::from([read]);
    while let Some(at) = queue.pop_front() {
        if at == head {
            break;
        }
        for ((from, to), _) in edges.range(all_of(at)).filter(|((_, to), _)| members.contains(to)) {
            if *to != read && !previous.contains_key(to) {
                previous.insert(*to, *from);
                queue.push_back(*to);
            }
        }
    }
    let mut path = vec![head];
    let mut at = head;
    while at != read {
        let Some(before) = previous.get(&at) else { break };
        at = *before;
        path.push(at);
    }
    path.reverse();
    let name = |pred: PredId| schema.predicate(pred).name.to_string();
    let mut drawn = format!("{} ─not→ {}", name(head), name(read));
    let mut diagnostic = Diagnostic::new(
        codes::UNSTRATIFIED,
        format!("`{}` depends on its own negation or aggregate", name(head)),
    )
    .labelled(edge.span, format!("`{}` is read here under a negation or in an aggregate", name(read)));
    for pair in path.windows(2) {
        let step = edges[&(pair[0], pair[1])];
        drawn.push_str(if step.negative { " ─not→ " } else { " ─→ " });
        drawn.push_str(&name(pair[1]));
        diagnostic = diagnostic.also(step.span, format!("`{}` needs `{}`", name(pair[0]), name(pair[1])));
    }
    diagnostic
        .note(format!("the cycle is {drawn}"))
        .help("what is negated or counted must be complete before: break the cycle with another relation")
}
