//! In which order premises are looked up: a greedy choice by expected rows.
//!
//! What cannot fail and has its variables is tested at once; then comes the atom with the fewest
//! rows expected for the values known; what can fail comes last, all of it whether or not the rest
//! holds, so that neither answers nor errors depend on the order in which a rule was written.

use std::collections::HashSet;

use super::ir::{Access, Code, Fold, Group, Operation, Read, Reg, Scan, Site, Step};
use super::item::{self, Column, Folded, Item, Kind, Nested, Scope};
use crate::base::Span;
use crate::model::program::CompareOp;
use crate::model::{PredId, Schema};

/// What is known of a relation's size.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Rows.
    pub rows: f64,
    /// Distinct values of each column.
    pub distinct: Vec<f64>,
}

/// Sizes of relations.
pub trait Statistics {
    /// What is known of the relation; `None` while it grows.
    fn estimate(&self, pred: PredId) -> Option<Estimate>;
}

/// Rows assumed of a relation that is still growing.
const GROWING_ROWS: f64 = 1e6;
/// Distinct values assumed of each of its columns.
const GROWING_DISTINCT: f64 = 1e3;
/// Items assumed of a list.
const LIST_ITEMS: f64 = 8.0;

pub(super) struct Scheduler<'a> {
    pub schema: &'a Schema,
    pub statistics: &'a dyn Statistics,
    /// Named variables: the registers before this one.
    pub variables: Reg,
    pub reads: Vec<Read>,
    pub memos: usize,
    /// Compute nothing early that can fail.
    pub careful: bool,
    /// Whether something was.
    pub early: bool,
}

/// What is placed of a body and what is still to be.
struct Progress<'s> {
    scope: &'s Scope,
    left: Vec<usize>,
    bound: HashSet<Reg>,
    steps: Vec<Step>,
}

impl Progress<'_> {
    fn item(&self, at: usize) -> Option<&Item> {
        self.scope.items.get(at)
    }

    fn site(&self, span: Span, variables: Reg) -> Site {
        let mut bound: Vec<Reg> = self.bound.iter().copied().filter(|reg| *reg < variables).collect();
        bound.sort_unstable();
        Site { span, bound }
    }
}

impl Scheduler<'_> {
    /// The steps of an alternative. `bound` holds the registers that have a value before it;
    /// `first` is the item to begin with.
    pub fn scope(&mut self, scope: &Scope, bound: &HashSet<Reg>, first: Option<usize>) -> Vec<Step> {
        let left = (0..scope.items.len()).collect();
        let mut progress = Progress { scope, left, bound: bound.clone(), steps: Vec::new() };
        if let Some(first) = first {
            self.place_loop(&mut progress, first);
        }
        loop {
            while self.place_test(&mut progress) {}
            match self.cheapest(&progress) {
                Some((at, early)) => {
                    for compute in early {
                        self.place_early(&mut progress, compute);
                    }
                    self.place_loop(&mut progress, at);
                }
                None => break,
            }
        }
        self.place_rest(&mut progress);
        if !progress.left.is_empty() {
            // Safe rules leave nothing; an unsafe one has no solutions.
            progress.steps.push(Step::Never);
        }
        progress.steps
    }

    /// Places one item that cannot fail and has what it needs.
    fn place_test(&mut self, progress: &mut Progress<'_>) -> bool {
        let ready = progress.left.iter().copied().find_map(|at| {
            let item = progress.item(at).filter(|item| !item::can_fail(item))?;
            Some((at, self.deterministic(item, progress, false)?))
        });
        let Some((at, (step, target))) = ready else { return false };
        progress.left.retain(|other| *other != at);
        progress.bound.extend(target);
        progress.steps.push(step);
        true
    }

    fn place_early(&mut self, progress: &mut Progress<'_>, at: usize) {
        let placed = progress.item(at).and_then(|item| self.deterministic(item, progress, true));
        let Some((step, target)) = placed else { return };
        self.early = true;
        progress.left.retain(|other| *other != at);
        progress.bound.extend(target);
        progress.steps.push(step);
    }

    /// Places what is left: all that can be computed at one go, then a list that can fail, and so on.
    fn place_rest(&mut self, progress: &mut Progress<'_>) {
        loop {
            let mut block = Vec::new();
            while let Some((at, (step, target))) = progress
                .left
                .iter()
                .copied()
                .find_map(|at| Some((at, self.deterministic(progress.item(at)?, progress, false)?)))
            {
                progress.left.retain(|other| *other != at);
                progress.bound.extend(target);
                block.push(step);
            }
            match block.len() {
                0 => {}
                1 => progress.steps.append(&mut block),
                _ => progress.steps.push(Step::All(block)),
            }
            let list = progress
                .left
                .iter()
                .copied()
                .find(|at| progress.item(*at).is_some_and(|item| enumerable(item, &progress.bound)));
            match list {
                Some(at) => self.place_loop(progress, at),
                None => return,
            }
        }
    }

    /// The atom or list with the fewest rows expected, with the computations that can fail but give
    /// it a key.
    fn cheapest(&self, progress: &Progress<'_>) -> Option<(usize, Vec<usize>)> {
        let computable = if self.careful { Vec::new() } else { early_computations(progress) };
        let mut known = progress.bound.clone();
        known.extend(computable.iter().map(|(_, target)| *target));
        let mut best: Option<(f64, usize)> = None;
        for at in &progress.left {
            let cost = match progress.item(*at) {
                Some(Item { kind: Kind::Atom { pred, columns, access }, .. }) => {
                    self.expected(*pred, *access, columns, &known)
                }
                Some(item) if enumerable(item, &progress.bound) && !item::can_fail(item) => LIST_ITEMS,
                _ => continue,
            };
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, *at));
            }
        }
        let (_, at) = best?;
        let mut needed = HashSet::new();
        if let Some(item) = progress.item(at) {
            item::uses(item, &mut |reg| {
                needed.insert(reg);
            });
        }
        let mut early = Vec::new();
        for (compute, target) in computable.iter().rev() {
            if needed.contains(target)
                && progress.item(at).is_some_and(|item| matches!(item.kind, Kind::Atom { .. }))
            {
                early.push(*compute);
                if let Some(item) = progress.item(*compute) {
                    item::uses(item, &mut |reg| {
                        needed.insert(reg);
                    });
                }
            }
        }
        early.reverse();
        Some((at, early))
    }

    /// Rows of a relation expected to match when the registers of `known` have values.
    fn expected(&self, pred: PredId, access: Access, columns: &[Column], known: &HashSet<Reg>) -> f64 {
        let estimate = self.statistics.estimate(pred);
        let mut rows = estimate.as_ref().map_or(GROWING_ROWS, |estimate| estimate.rows);
        if access == Access::Delta {
            rows /= GROWING_DISTINCT;
        }
        let mut bound = Vec::new();
        let mut seen = HashSet::new();
        for (i, column) in columns.iter().enumerate() {
            let Column::Is(reg) = column else { continue };
            if known.contains(reg) || !seen.insert(*reg) {
                let distinct = estimate.as_ref().and_then(|estimate| estimate.distinct.get(i)).copied();
                rows /= distinct.unwrap_or(GROWING_DISTINCT).max(1.0);
                bound.push(i);
            }
        }
        let key = self.schema.predicates.get(pred.0 as usize).and_then(|predicate| predicate.key.as_ref());
        match key {
            Some(key) if key.iter().all(|column| bound.contains(column)) => rows.min(1.0),
            _ => rows,
        }
    }

    /// The step of an item that holds in one way at most, if all it needs has a value, and the
    /// register that receives one.
    fn deterministic(
        &mut self,
        item: &Item,
        progress: &Progress<'_>,
        early: bool,
    ) -> Option<(Step, Option<Reg>)> {
        let bound = &progress.bound;
        let site = || progress.site(item.span, self.variables);
        let step = match &item.kind {
            Kind::Atom { pred, columns, access } => {
                let regs = columns.iter().filter_map(|column| match column {
                    Column::Is(reg) => Some(*reg),
                    Column::Any => None,
                });
                if !regs.clone().all(|reg| bound.contains(&reg)) {
                    return None;
                }
                let (read, key, _) = self.read(*pred, *access, columns, bound);
                Step::Probe { read, key, negated: false }
            }
            Kind::Compare { op, possibly, left, right } => {
                if !is_ready(left, bound) || !is_ready(right, bound) {
                    let (target, value) = binding(item, bound, &progress.scope.results)?;
                    return Some((
                        Step::Let { target, value: value.clone(), nil: false, early, site: site() },
                        Some(target),
                    ));
                }
                let (left, right) = (left.clone(), right.clone());
                Step::Compare { op: *op, possibly: *possibly, left, right, site: site() }
            }
            Kind::IsNil { value, negated, nil } => {
                if !is_ready(value, bound) {
                    let Code::Reg(target) = *value else { return None };
                    if *negated || progress.scope.results.contains(&target) {
                        return None;
                    }
                    let step = Step::Let { target, value: Code::Reg(*nil), nil: true, early, site: site() };
                    return Some((step, Some(target)));
                }
                Step::IsNil { value: value.clone(), negated: *negated, site: site() }
            }
            Kind::Test { op, left, right } if is_ready(left, bound) && is_ready(right, bound) => {
                Step::Test { op: *op, left: left.clone(), right: right.clone(), site: site() }
            }
            Kind::In { item, list } if is_ready(item, bound) && is_ready(list, bound) => {
                Step::Member { item: item.clone(), list: list.clone(), site: site() }
            }
            Kind::Not(nested) if nested.shared.iter().all(|reg| bound.contains(reg)) => {
                self.negation(nested, bound)
            }
            Kind::Aggregate(folded) if folded.nested.shared.iter().all(|reg| bound.contains(reg)) => {
                let site = site();
                return Some((self.fold(folded, bound, site), Some(folded.target)));
            }
            Kind::Never => Step::Never,
            Kind::Test { .. } | Kind::In { .. } | Kind::Not(_) | Kind::Aggregate(_) => return None,
        };
        Some((step, None))
    }

    fn negation(&mut self, nested: &Nested, bound: &HashSet<Reg>) -> Step {
        let group = self.group(nested, bound);
        // A single atom needs no loop around it.
        if let [steps] = group.alternatives.as_slice()
            && let [Step::Probe { read, key, negated: false }] = steps.as_slice()
        {
            return Step::Probe { read: *read, key: key.clone(), negated: true };
        }
        Step::Not(group)
    }

    fn fold(&mut self, folded: &Folded, bound: &HashSet<Reg>, site: Site) -> Step {
        let group = self.group(&folded.nested, bound);
        Step::Aggregate(Box::new(Fold {
            group,
            op: folded.op,
            arg: folded.arg.clone(),
            separator: folded.separator.clone(),
            float: folded.float,
            assignments: folded.assignments.clone(),
            target: folded.target,
            site,
        }))
    }

    fn group(&mut self, nested: &Nested, bound: &HashSet<Reg>) -> Group {
        // A nested body reads whole relations and is small beside the loops around it: nothing in it
        // is computed early.
        let careful = std::mem::replace(&mut self.careful, true);
        let alternatives = nested.scopes.iter().map(|scope| self.scope(scope, bound, None)).collect();
        self.careful = careful;
        let memo = self.memos;
        self.memos += 1;
        Group { alternatives, shared: nested.shared.clone(), exhaustive: item::nested_can_fail(nested), memo }
    }

    fn place_loop(&mut self, progress: &mut Progress<'_>, at: usize) {
        let Some(item) = progress.scope.items.get(at) else { return };
        progress.left.retain(|other| *other != at);
        match &item.kind {
            Kind::Atom { pred, columns, access } => {
                let estimate = self.expected(*pred, *access, columns, &progress.bound);
                let (read, key, kept) = self.read(*pred, *access, columns, &progress.bound);
                let operations = operations(progress, columns, &kept, key.len());
                progress.steps.push(Step::Scan(Scan { read, key, operations, estimate }));
            }
            Kind::In { item: Code::Reg(target), list } => {
                let site = progress.site(item.span, self.variables);
                progress.bound.insert(*target);
                progress.steps.push(Step::Enumerate { target: *target, list: list.clone(), site });
            }
            _ => progress.left.push(at),
        }
    }

    /// The read for an atom: its index, the key, and the columns in their order there.
    fn read(
        &mut self,
        pred: PredId,
        access: Access,
        columns: &[Column],
        bound: &HashSet<Reg>,
    ) -> (usize, Vec<Reg>, Vec<usize>) {
        let known = |column: usize| match columns.get(column) {
            Some(Column::Is(reg)) if bound.contains(reg) => Some(*reg),
            _ => None,
        };
        let mut kept: Vec<usize> = (0..columns.len()).filter(|column| known(*column).is_some()).collect();
        if access == Access::Delta {
            // Read once from end to end; no order serves better than the relation's own.
            kept.clear();
        }
        let keys = kept.len();
        let in_place = kept.iter().enumerate().all(|(i, column)| i == *column);
        let wanted = |column: &usize| in_place || matches!(columns.get(*column), Some(Column::Is(_)));
        let rest: Vec<usize> =
            (0..columns.len()).filter(|column| !kept.contains(column)).filter(wanted).collect();
        kept.extend(rest);
        let key = kept.iter().take(keys).filter_map(|column| known(*column)).collect();
        let read = Read { pred, access, columns: kept.clone() };
        let at = self.reads.len();
        self.reads.push(read);
        (at, key, kept)
    }
}

/// What to do with the columns behind the key.
fn operations(progress: &mut Progress<'_>, columns: &[Column], kept: &[usize], key: usize) -> Vec<Operation> {
    let mut operations = Vec::new();
    let mut binds = Vec::new();
    for (place, column) in kept.iter().enumerate().skip(key) {
        let Some(Column::Is(reg)) = columns.get(*column).copied() else { continue };
        if !progress.bound.insert(reg) {
            operations.push(Operation::Same(place, reg));
            continue;
        }
        if progress.scope.strict.contains(&reg) {
            operations.push(Operation::NotNil(place));
        }
        binds.push(reg);
        operations.push(Operation::Bind(place, reg));
    }
    // Checks against values known before come first.
    operations.sort_by_key(|operation| match operation {
        Operation::Same(_, reg) if !binds.contains(reg) => 0,
        Operation::NotNil(_) => 1,
        Operation::Bind(..) => 2,
        Operation::Same(..) => 3,
    });
    operations
}

fn is_ready(code: &Code, bound: &HashSet<Reg>) -> bool {
    let mut ready = true;
    code.regs(&mut |reg| ready &= bound.contains(&reg));
    ready
}

/// The variable that an equality gives a value, and the value.
fn binding<'i>(item: &'i Item, bound: &HashSet<Reg>, results: &HashSet<Reg>) -> Option<(Reg, &'i Code)> {
    let Kind::Compare { op: CompareOp::Eq, possibly: false, left, right } = &item.kind else { return None };
    [(left, right), (right, left)].into_iter().find_map(|(target, value)| match target {
        Code::Reg(target)
            if !bound.contains(target) && !results.contains(target) && is_ready(value, bound) =>
        {
            Some((*target, value))
        }
        _ => None,
    })
}

fn enumerable(item: &Item, bound: &HashSet<Reg>) -> bool {
    match &item.kind {
        Kind::In { item: Code::Reg(target), list } => !bound.contains(target) && is_ready(list, bound),
        _ => false,
    }
}

/// Equalities that can fail and would bind a variable, in an order in which they can be computed.
fn early_computations(progress: &Progress<'_>) -> Vec<(usize, Reg)> {
    let mut known = progress.bound.clone();
    let mut found: Vec<(usize, Reg)> = Vec::new();
    loop {
        let next = progress.left.iter().copied().find_map(|at| {
            let (target, _) = binding(progress.item(at)?, &known, &progress.scope.results)?;
            Some((at, target))
        });
        match next {
            Some((at, target)) => {
                known.insert(target);
                found.push((at, target));
            }
            None => return found,
        }
    }
}
