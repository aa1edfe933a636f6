//! Strata: components of mutually recursive relations, bottom-up, none of which depends on its own
//! negation or aggregate.

use std::collections::{BTreeMap, HashMap, VecDeque};

use petgraph::algo::kosaraju_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::program::{Rule, RuleId, Stratum, Subsumption};
use crate::model::schema::{PredId, Schema};

/// How a rule reads a relation.
#[derive(Clone, Copy)]
struct Edge {
    /// Under a negation or in an aggregate.
    negative: bool,
    span: Span,
}

/// The strata of `rules`, or a diagnostic for each cycle through negation or aggregation.
///
/// What a subsumption reads beside its own relation has to be whole before that relation is.
pub(super) fn stratify(
    schema: &Schema,
    rules: &[Rule],
    subsumptions: &[Subsumption],
) -> (Vec<Stratum>, Vec<Diagnostic>) {
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
    for subsumption in subsumptions {
        rules_of.entry(subsumption.pred).or_default();
        subsumption.rule.body.atoms(&mut |atom, _| {
            if atom.pred != subsumption.less && atom.pred != subsumption.greater {
                let edge = Edge { negative: true, span: atom.span };
                edges.insert((subsumption.pred, atom.pred), edge);
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
    // Components come with their dependencies first. Not by Tarjan's algorithm, which petgraph
    // implements by recursion: a long chain of relations would overflow the stack.
    let components = kosaraju_scc(&graph);
    let mut component_of: HashMap<PredId, usize> = HashMap::new();
    for (index, component) in components.iter().enumerate() {
        component_of.extend(component.iter().map(|node| (graph[*node], index)));
    }
    let mut inside: Vec<BTreeMap<PredId, Vec<(PredId, Edge)>>> = vec![BTreeMap::new(); components.len()];
    for ((head, read), edge) in &edges {
        if let (Some(of_head), Some(of_read)) = (component_of.get(head), component_of.get(read))
            && of_head == of_read
        {
            inside[*of_head].entry(*head).or_default().push((*read, *edge));
        }
    }
    let mut strata = Vec::new();
    let mut diagnostics = Vec::new();
    for (component, reads) in components.iter().zip(&inside) {
        let mut predicates: Vec<PredId> = component.iter().map(|node| graph[*node]).collect();
        predicates.sort();
        let negative = reads.iter().find_map(|(head, reads)| {
            reads.iter().find(|(_, edge)| edge.negative).map(|(read, edge)| (*head, *read, *edge))
        });
        if let Some((head, read, edge)) = negative {
            diagnostics.push(cycle(schema, head, read, edge, reads));
        }
        let mut own: Vec<RuleId> =
            predicates.iter().flat_map(|pred| rules_of[pred].iter().copied()).collect();
        own.sort();
        strata.push(Stratum { recursive: !reads.is_empty(), predicates, rules: own });
    }
    (strata, diagnostics)
}

/// Draws the shortest cycle that goes through a negative edge. `reads` are the edges of the
/// component that holds it, by their head.
fn cycle(
    schema: &Schema,
    head: PredId,
    read: PredId,
    edge: Edge,
    reads: &BTreeMap<PredId, Vec<(PredId, Edge)>>,
) -> Diagnostic {
    // How each relation was first reached.
    let mut previous: HashMap<PredId, (PredId, Edge)> = HashMap::new();
    let mut queue = VecDeque::from([read]);
    while let Some(at) = queue.pop_front() {
        if at == head {
            break;
        }
        for (to, edge) in reads.get(&at).into_iter().flatten() {
            if *to != read && !previous.contains_key(to) {
                previous.insert(*to, (at, *edge));
                queue.push_back(*to);
            }
        }
    }
    let mut path = Vec::new();
    let mut at = head;
    while at != read {
        let Some((before, edge)) = previous.get(&at) else { break };
        path.push((*before, at, *edge));
        at = *before;
    }
    path.reverse();
    let name = |pred: PredId| schema.predicate(pred).name.to_string();
    let mut drawn = format!("{} ─not→ {}", name(head), name(read));
    let mut diagnostic = Diagnostic::new(
        codes::UNSTRATIFIED,
        format!("`{}` depends on its own negation or aggregate", name(head)),
    )
    .labelled(edge.span, format!("`{}` is read here under a negation or in an aggregate", name(read)));
    for (from, to, step) in path {
        drawn.push_str(if step.negative { " ─not→ " } else { " ─→ " });
        drawn.push_str(&name(to));
        diagnostic = diagnostic.also(step.span, format!("`{}` needs `{}`", name(from), name(to)));
    }
    diagnostic
        .note(format!("the cycle is {drawn}"))
        .help("what is negated or counted must be complete before: break the cycle with another relation")
}
