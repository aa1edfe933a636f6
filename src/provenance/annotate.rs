//! How firmly a tuple is known: annotations as values of semirings over the proof graph.
//!
//! Status, confidence and day are bottlenecks (a proof is worth its weakest premise, a tuple its best
//! proof), found exactly on graphs with cycles by Knuth's generalisation of Dijkstra's algorithm
//! (Information Processing Letters 6, 1977): nodes are settled best first. Sources and assumptions
//! are antichains of sets, a fixpoint in rounds from nothing; tuples that rest only on themselves
//! stay without.

use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;

use super::derivations::{Derivations, Step};
use super::graph::{Graph, Tuple};
use super::leaf::{self, LEVELS, Leaf};
use super::sets::Sets;
use crate::base::Stop;
use crate::model::program::Body;
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, Date, Float, PredId, Rule, Status};
use crate::storage::extent::Extent;
use crate::storage::{Database, Word};

pub use super::derivations::Unfinished;
pub use super::leaf::Since;
pub use super::sets::MOST as MOST_ALTERNATIVES;

/// Premises between two looks at the budget.
const BLOCK: usize = 4096;

/// Which annotations are wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// `_status`
    pub status: bool,
    /// `_conf`
    pub conf: bool,
    /// `_since`
    pub since: bool,
    /// `_sources`
    pub sources: bool,
    /// `_assumptions`
    pub assumptions: bool,
}

impl Wanted {
    /// The names that `--annotate` knows, in the order of the columns.
    pub const NAMES: [&str; 5] = ["status", "conf", "since", "sources", "assumptions"];

    /// All of them.
    pub const ALL: Wanted =
        Wanted { status: true, conf: true, since: true, sources: true, assumptions: true };

    /// The status alone.
    pub const STATUS: Wanted =
        Wanted { status: true, conf: false, since: false, sources: false, assumptions: false };

    /// Wants the one of that name, too; false if there is none.
    pub fn add(&mut self, name: &str) -> bool {
        let slot = match name {
            "status" => &mut self.status,
            "conf" => &mut self.conf,
            "since" => &mut self.since,
            "sources" => &mut self.sources,
            "assumptions" => &mut self.assumptions,
            _ => return false,
        };
        *slot = true;
        true
    }

    /// The names, each with whether it is wanted.
    pub fn names(self) -> [(&'static str, bool); 5] {
        let on = [self.status, self.conf, self.since, self.sources, self.assumptions];
        std::array::from_fn(|at| (Wanted::NAMES[at], on[at]))
    }

    /// Whether none is.
    pub fn is_none(self) -> bool {
        self == Wanted::default()
    }
}

/// How firmly a tuple is known. What was not wanted is as of a tuple that nothing weakens.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// The firmest proof's weakest premise; `None` if every proof needs an assertion that denies or
    /// cancels.
    pub status: Option<Status>,
    /// The best proof's least confidence.
    pub conf: f64,
    /// When the latest premise of the earliest proof was recorded.
    pub since: Since,
    /// Alternative sets of sources, each of which is enough; the smallest first.
    pub sources: Vec<Vec<Arc<str>>>,
    /// Whether there are more alternatives than are kept.
    pub sources_cut: bool,
    /// What the firmest proof assumes; of several such proofs the one that assumes least.
    pub assumptions: Vec<String>,
}

impl Annotation {
    /// That of what nothing weakens.
    pub fn certain() -> Annotation {
        Annotation {
            status: Some(Status::Held),
            conf: 1.0,
            since: Since::Always,
            sources: vec![Vec::new()],
            sources_cut: false,
            assumptions: Vec::new(),
        }
    }

    /// The day since which it is known; `None` for background and for what bears no date.
    pub fn day(&self) -> Option<&Date> {
        match &self.since {
            Since::By(_, date) => Some(date),
            Since::Always | Since::Undated => None,
        }
    }
}

/// The annotations of some tuples of a model, in their order. `most` bounds the part of the proof
/// graph that is gone through.
///
/// # Errors
/// The budget's, or the part of the graph is larger.
pub fn annotate(
    graph: &Graph<'_>,
    database: &Database,
    tuples: &[Tuple],
    wanted: Wanted,
    most: usize,
) -> Result<Vec<Annotation>, Unfinished> {
    let derivations = Derivations::behind(graph, database, tuples, most)?;
    let nodes: Vec<Option<u32>> = tuples.iter().map(|tuple| derivations.node_of(tuple)).collect();
    let mut found = vec![Annotation::certain(); tuples.len()];
    let levels = if wanted.status || wanted.assumptions {
        derivations.bottleneck(
            |leaf| u32::from(leaf.level),
            |step| if step.assumes.is_empty() { u32::MAX } else { u32::from(leaf::level(Status::Planned)) },
        )
    } else {
        Vec::new()
    };
    let level =
        |node: u32| levels.get(node as usize).copied().flatten().map_or(4, |level| level.min(4) as u8);
    if wanted.status {
        for (node, annotation) in nodes.iter().zip(&mut found) {
            if let Some(node) = node {
                annotation.status = LEVELS.get(usize::from(level(*node))).copied().flatten();
            }
        }
    }
    if wanted.conf {
        let values = Ranks::of(derivations.leaves.iter().map(|leaf| leaf.conf));
        let best = derivations.bottleneck(|leaf| values.rank(&leaf.conf), |_| u32::MAX);
        for (node, annotation) in nodes.iter().zip(&mut found) {
            let value = node.and_then(|node| values.value(best.get(node as usize).copied().flatten()?));
            annotation.conf = value.map_or(1.0, |value: &Float| value.get());
        }
    }
    if wanted.since {
        let values = Ranks::of(derivations.leaves.iter().map(|leaf| std::cmp::Reverse(leaf.since.clone())));
        let best =
            derivations.bottleneck(|leaf| values.rank(&std::cmp::Reverse(leaf.since.clone())), |_| u32::MAX);
        for (node, annotation) in nodes.iter().zip(&mut found) {
            let value = node.and_then(|node| values.value(best.get(node as usize).copied().flatten()?));
            annotation.since = value.map_or(Since::Always, |value| value.0.clone());
        }
    }
    if wanted.sources {
        derivations.sources(graph, database, &nodes, &mut found)?;
    }
    if wanted.assumptions && !derivations.assumptions.is_empty() {
        derivations.assumed(graph, &nodes, &level, &mut found)?;
    }
    Ok(found)
}

/// Whether no answer over what goals and relations reach can be less than held: nothing stated there
/// is, and no rule assumes anything.
pub fn all_held(program: &CheckedProgram, goals: &[Rule], reached: &[PredId], database: &Database) -> bool {
    let assumes = |pred: &PredId| {
        let rules = program.rules_of.get(pred).into_iter().flatten();
        rules.into_iter().any(|id| !program.rule(*id).assume.is_empty())
    };
    if goals.iter().any(|goal| !goal.assume.is_empty()) || reached.iter().any(assumes) {
        return false;
    }
    let stated = |pred: &PredId| match program.schema.predicates.get(pred.0 as usize).map(|known| known.kind)
    {
        Some(PredKind::Declared) => Some(*pred),
        Some(PredKind::Assertions(of)) => Some(of),
        _ => None,
    };
    let mut relations: Vec<PredId> = reached.iter().filter_map(stated).collect();
    relations.sort();
    relations.dedup();
    relations.into_iter().all(|pred| database.extent(pred).is_none_or(Extent::is_held))
}

/// Whether a body has a negation or an aggregate: its answers may fall when facts are added.
pub fn can_fall(body: &Body) -> bool {
    let mut found = false;
    body.atoms(&mut |_, positive| found |= !positive);
    found
}

impl Derivations {
    /// The best of all proofs by their weakest premise, by node; greater is better. A node that
    /// nothing weakens has `u32::MAX`, one without a finite proof none.
    fn bottleneck(&self, worth: impl Fn(&Leaf) -> u32, cap: impl Fn(&Step) -> u32) -> Vec<Option<u32>> {
        let mut best: Vec<Option<u32>> = vec![None; self.nodes];
        let mut waits: Vec<u32> = self.steps.iter().map(|step| step.premises.len() as u32).collect();
        let mut open: BinaryHeap<(u32, u32)> = BinaryHeap::new();
        let own = |step: &Step| {
            let leaf = step.leaf.and_then(|at| self.leaves.get(at as usize));
            leaf.map_or(u32::MAX, &worth).min(cap(step))
        };
        open.extend(
            self.steps.iter().filter(|step| step.premises.is_empty()).map(|step| (own(step), step.head)),
        );
        while let Some((value, node)) = open.pop() {
            let Some(slot) = best.get_mut(node as usize) else { continue };
            if slot.is_some() {
                continue;
            }
            *slot = Some(value);
            for at in self.used.get(node as usize).into_iter().flatten() {
                let (Some(wait), Some(step)) = (waits.get_mut(*at as usize), self.steps.get(*at as usize))
                else {
                    continue;
                };
                *wait -= 1;
                if *wait == 0 {
                    // Premises are settled best first: the last is the weakest.
                    open.push((value.min(own(step)), step.head));
                }
            }
        }
        best
    }

    /// The alternatives of every node, by rounds, so that where they are cut the order in which the
    /// graph was found decides nothing. Only steps that `keep` picks count.
    fn alternatives(
        &self,
        graph: &Graph<'_>,
        own: impl Fn(&Step) -> Sets,
        keep: impl Fn(&Step) -> bool,
    ) -> Result<Vec<Sets>, Stop> {
        let mut values: Vec<Sets> = vec![Sets::default(); self.nodes];
        let mut due: Vec<u32> = (0..self.steps.len() as u32).collect();
        due.retain(|at| self.steps.get(*at as usize).is_some_and(&keep));
        let kept: Vec<bool> = self.steps.iter().map(&keep).collect();
        let mut work = 0;
        while !due.is_empty() {
            let mut better: HashMap<u32, Sets> = HashMap::new();
            for at in due.drain(..) {
                let Some(step) = self.steps.get(at as usize) else { continue };
                let mut value = own(step);
                for premise in &step.premises {
                    work += 1;
                    if work % BLOCK == 0 {
                        graph.check()?;
                    }
                    match values.get(*premise as usize) {
                        Some(known) if !value.is_empty() => value = value.and(known),
                        _ => break,
                    }
                }
                if !value.is_empty() {
                    let slot = better.entry(step.head).or_default();
                    *slot = slot.or(&value);
                }
            }
            let mut changed = Vec::new();
            for (node, value) in better {
                let Some(slot) = values.get_mut(node as usize) else { continue };
                let value = slot.or(&value);
                if *slot != value {
                    *slot = value;
                    changed.push(node);
                }
            }
            due.extend(changed.iter().filter_map(|node| self.used.get(*node as usize)).flatten());
            due.retain(|at| kept.get(*at as usize) == Some(&true));
            due.sort_unstable();
            due.dedup();
        }
        Ok(values)
    }

    fn sources(
        &self,
        graph: &Graph<'_>,
        database: &Database,
        nodes: &[Option<u32>],
        found: &mut [Annotation],
    ) -> Result<(), Stop> {
        let (context, interner) = (database.context(), database.interner());
        let roots: Vec<Vec<Word>> = self.leaves.iter().map(|leaf| leaf.roots(&context, interner)).collect();
        let mut names: Vec<Word> = roots.iter().flatten().copied().collect();
        names.sort_unstable_by(|a, b| interner.compare(*a, *b));
        names.dedup();
        let numbers: HashMap<Word, u32> = names.iter().zip(0..).map(|(word, at)| (*word, at)).collect();
        let leaves: Vec<Sets> = roots
            .iter()
            .map(|roots| match roots.as_slice() {
                [] => Sets::one(),
                roots => roots
                    .iter()
                    .filter_map(|word| numbers.get(word))
                    .fold(Sets::default(), |sets, at| sets.or(&Sets::all([*at]))),
            })
            .collect();
        let own = |step: &Step| match step.leaf.and_then(|at| leaves.get(at as usize)) {
            Some(sets) => sets.clone(),
            None => Sets::one(),
        };
        let values = self.alternatives(graph, own, |_| true)?;
        let name = |at: &u32| {
            let text = names.get(*at as usize).and_then(|word| interner.symbol_text(*word));
            Arc::from(text.unwrap_or_default())
        };
        for (node, annotation) in nodes.iter().zip(found) {
            let Some(sets) = node.and_then(|node| values.get(node as usize)) else { continue };
            annotation.sources = sets.iter().map(|set| set.iter().map(name).collect()).collect();
            annotation.sources_cut = sets.is_cut();
        }
        Ok(())
    }

    /// What the firmest proofs assume.
    fn assumed(
        &self,
        graph: &Graph<'_>,
        nodes: &[Option<u32>],
        level: &impl Fn(u32) -> u8,
        found: &mut [Annotation],
    ) -> Result<(), Stop> {
        let mut sorted: Vec<&str> = self.assumptions.iter().map(String::as_str).collect();
        sorted.sort_unstable();
        let numbers: HashMap<&str, u32> = sorted.iter().zip(0..).map(|(text, at)| (*text, at)).collect();
        let number = |at: &u32| numbers.get(self.assumptions.get(*at as usize)?.as_str()).copied();
        let own = |step: &Step| Sets::all(step.assumes.iter().filter_map(number));
        let planned = leaf::level(Status::Planned);
        let of_step = |step: &Step| {
            let stated = step.leaf.and_then(|at| self.leaves.get(at as usize)).map_or(4, |leaf| leaf.level);
            let capped = if step.assumes.is_empty() { stated } else { stated.min(planned) };
            step.premises.iter().map(|premise| level(*premise)).fold(capped, u8::min)
        };
        // Firmer answers assume nothing.
        for wanted in 0..=planned {
            let asked = |node: &Option<u32>| node.is_some_and(|node| level(node) == wanted);
            if !nodes.iter().any(asked) {
                continue;
            }
            let values = self.alternatives(graph, own, |step| of_step(step) >= wanted)?;
            for (node, annotation) in nodes.iter().zip(found.iter_mut()) {
                let Some(node) = node.filter(|node| level(*node) == wanted) else { continue };
                let least = values.get(node as usize).and_then(|sets| sets.iter().next()).unwrap_or(&[]);
                annotation.assumptions =
                    least.iter().filter_map(|at| Some((*sorted.get(*at as usize)?).to_owned())).collect();
            }
        }
        Ok(())
    }
}

/// Values by their place in their order.
struct Ranks<T> {
    sorted: Vec<T>,
}

impl<T: Ord> Ranks<T> {
    fn of(values: impl Iterator<Item = T>) -> Self {
        let mut sorted: Vec<T> = values.collect();
        sorted.sort_unstable();
        sorted.dedup();
        Ranks { sorted }
    }

    fn rank(&self, value: &T) -> u32 {
        self.sorted.binary_search(value).unwrap_or(0) as u32
    }

    /// `None` for the rank of what nothing weakens.
    fn value(&self, rank: u32) -> Option<&T> {
        self.sorted.get(rank as usize)
    }
}
