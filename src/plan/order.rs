//! From an order to steps: loops in the order that the search found, and each test as soon as it can
//! be done.
//!
//! What cannot fail and has its variables is tested at once, what is cheap before what is dear; what
//! can fail comes last, all of it whether or not the rest holds, so that neither answers nor errors
//! depend on the order in which a rule was written.

use std::collections::HashMap;

use super::bits::Bits;
use super::cost::{Action, columns_read};
use super::ir::{Access, Code, Fold, Group, Intersect, Operation, Part, Read, Reg, Scan, Site, Step};
use super::item::{self, Column, Folded, Item, Kind, Nested, Scope};
use super::problem::{Problem, Setting, Wanted};
use super::progress::{Progress, binding, enumerable, is_ready};
use super::search::{self, Move};
use crate::model::PredId;

pub(super) struct Scheduler<'a> {
    pub setting: Setting<'a>,
    /// Named variables: the registers before this one.
    pub variables: Reg,
    pub reads: Vec<Read>,
    pub memos: usize,
    /// Whether something that can fail is computed early.
    pub early: bool,
    /// How often the body at hand is expected to be entered, and the values of registers around it.
    pub runs: f64,
    pub values: HashMap<Reg, f64>,
}

/// The steps of an alternative and what is expected of them.
#[derive(Debug, Default)]
pub(super) struct Scheduled {
    pub steps: Vec<Step>,
    /// How often each step is tried, and behind that how many solutions there are.
    pub expected: Vec<f64>,
    pub cost: f64,
}

impl Scheduler<'_> {
    /// The steps of an alternative. `bound` holds the registers that have a value before it;
    /// `first` is the item to begin with.
    pub fn scope(
        &mut self,
        scope: &Scope,
        bound: &Bits,
        first: Option<usize>,
        wanted: Wanted<'_>,
    ) -> Scheduled {
        let mut progress = Progress::new(scope, bound);
        let loops = first.is_some() || scope.items.iter().any(|item| can_loop(item, bound));
        if !loops {
            self.place_tests(&mut progress);
            self.place_rest(&mut progress);
            let expected = vec![1.0; progress.steps.len() + 1];
            return Scheduled { steps: progress.steps, expected, cost: 1.0 };
        }
        let mut problem = Problem::new(&self.setting, scope, bound, wanted);
        problem.runs = self.runs;
        problem.values(|reg, values| {
            let known = self.values.entry(reg).or_insert(values);
            *known = known.min(values);
        });
        let first = first.and_then(|item| problem.loops.iter().position(|each| each.item == item));
        let order = search::order(&problem, first);
        let mut expected = Vec::new();
        let (runs, mut reached) = (self.runs, self.runs);
        // The rows of the last round come first of all.
        if first.is_none() {
            self.place_tests(&mut progress);
            self.place_early_probes(&mut progress);
            fill(&mut expected, progress.steps.len(), reached, order.start);
            reached = order.start;
        }
        for step in &order.moves {
            self.runs = step.card;
            self.place_move(&mut progress, &problem, step);
            fill(&mut expected, progress.steps.len(), reached, reached);
            self.place_tests(&mut progress);
            self.place_early_probes(&mut progress);
            fill(&mut expected, progress.steps.len(), step.card, step.left);
            reached = step.left;
        }
        self.runs = reached;
        self.place_rest(&mut progress);
        self.runs = runs;
        fill(&mut expected, progress.steps.len() + 1, reached, reached);
        Scheduled { steps: progress.steps, expected, cost: order.cost }
    }

    /// Places the items that cannot fail and have what they need.
    fn place_tests(&mut self, progress: &mut Progress<'_>) {
        while let Some((_, at)) = progress.ready.pop_first() {
            let Some(item) = progress.item(at).filter(|_| progress.open.contains(at)) else { continue };
            if let Some((step, target)) = self.deterministic(item, progress, false) {
                progress.steps.push(step);
                progress.place(at, target);
            }
        }
    }

    fn place_early(&mut self, progress: &mut Progress<'_>, at: usize) {
        let placed = progress.item(at).and_then(|item| self.deterministic(item, progress, true));
        let Some((step, target)) = placed else { return };
        self.early = true;
        progress.steps.push(step);
        progress.place(at, target);
    }

    /// Places what is left: all that can be computed at one go, then a list that can fail, and so on.
    fn place_rest(&mut self, progress: &mut Progress<'_>) {
        let is_list = |at: &usize| {
            matches!(progress.item(*at).map(|item| &item.kind), Some(Kind::In { item: Code::Reg(_), .. }))
        };
        let mut lists: Vec<usize> = progress.open.iter().filter(is_list).collect();
        loop {
            let mut block = Vec::new();
            while let Some(at) =
                progress.ready.pop_first().map(|(_, at)| at).or_else(|| progress.late.pop_first())
            {
                let Some(item) = progress.item(at).filter(|_| progress.open.contains(at)) else { continue };
                if let Some((step, target)) = self.deterministic(item, progress, false) {
                    block.push(step);
                    progress.place(at, target);
                }
            }
            match block.len() {
                0 => {}
                1 => progress.steps.append(&mut block),
                _ => progress.steps.push(Step::All(block)),
            }
            lists.retain(|at| progress.open.contains(*at));
            let next = lists
                .iter()
                .copied()
                .find(|at| progress.item(*at).is_some_and(|item| enumerable(item, &progress.bound)));
            match next {
                Some(at) => self.place_loop(progress, at, 1.0),
                None => break,
            }
        }
        if progress.open.iter().next().is_some() {
            // Safe rules leave nothing; an unsafe one has no solutions.
            progress.steps.push(Step::Never);
        }
    }

    /// Places a loop, and before it the computations that can fail but give it a key.
    fn place_move(&mut self, progress: &mut Progress<'_>, problem: &Problem<'_>, step: &Move) {
        let items: Vec<usize> = match &step.action {
            Action::Loop(at) => vec![*at],
            Action::Meet(_, loops) => loops.clone(),
        }
        .into_iter()
        .filter_map(|at| problem.loops.get(at).map(|each| each.item))
        .collect();
        if !self.setting.careful && !progress.equalities.is_empty() {
            let computable = progress.computable();
            for compute in progress.needed_by(&computable, &items) {
                self.place_early(progress, compute);
            }
        }
        match &step.action {
            Action::Loop(_) => items.into_iter().for_each(|at| self.place_loop(progress, at, step.found)),
            Action::Meet(var, _) => {
                if let Some(target) = problem.regs.get(*var) {
                    self.place_meet(progress, *target, &items, step.found);
                }
            }
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
        let site = || self.site(item, progress, early);
        let step = match &item.kind {
            Kind::Atom { pred, columns, access } => {
                let regs = columns.iter().filter_map(|column| match column {
                    Column::Is(reg) => Some(*reg),
                    Column::Any => None,
                });
                if !regs.clone().all(|reg| bound.contains(reg)) {
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
            Kind::Not(nested) if nested.shared.iter().all(|reg| bound.contains(*reg)) => {
                self.negation(nested, bound)
            }
            Kind::Aggregate(folded) if folded.nested.shared.iter().all(|reg| bound.contains(*reg)) => {
                let site = site();
                return Some((self.fold(folded, bound, site), Some(folded.target)));
            }
            Kind::Never => Step::Never,
            Kind::Test { .. } | Kind::In { .. } | Kind::Not(_) | Kind::Aggregate(_) => return None,
        };
        Some((step, None))
    }

    fn negation(&mut self, nested: &Nested, bound: &Bits) -> Step {
        let group = self.group(nested, bound, Wanted::Regs(&[]));
        // A single atom needs no loop around it.
        if let [steps] = group.alternatives.as_slice()
            && let [Step::Probe { read, key, negated: false }] = steps.as_slice()
        {
            return Step::Probe { read: *read, key: key.clone(), negated: true };
        }
        Step::Not(group)
    }

    fn fold(&mut self, folded: &Folded, bound: &Bits, site: Site) -> Step {
        let group = self.group(&folded.nested, bound, Wanted::Every);
        Step::Aggregate(Box::new(Fold {
            group,
            op: folded.op,
            arg: folded.arg.clone(),
            separator: folded.separator.clone(),
            float: folded.float,
            wraps: folded.wraps,
            assignments: folded.assignments.clone(),
            target: folded.target,
            site,
        }))
    }

    fn group(&mut self, nested: &Nested, bound: &Bits, wanted: Wanted<'_>) -> Group {
        // A nested body reads whole relations and is small beside the loops around it: nothing in it
        // is computed early.
        let careful = std::mem::replace(&mut self.setting.careful, true);
        // What it found is remembered by what it shares with the outside.
        let of = |reg: &Reg| self.values.get(reg).copied().unwrap_or(1.0);
        let keys = nested.shared.iter().map(of).product::<f64>().max(1.0);
        let runs = self.runs;
        self.runs = runs.min(keys).max(1.0);
        let alternatives =
            nested.scopes.iter().map(|scope| self.scope(scope, bound, None, wanted).steps).collect();
        self.setting.careful = careful;
        self.runs = runs;
        let memo = self.memos;
        self.memos += 1;
        Group { alternatives, shared: nested.shared.clone(), exhaustive: item::nested_can_fail(nested), memo }
    }

    /// Places atoms of which all is known once something that can fail has been computed.
    fn place_early_probes(&mut self, progress: &mut Progress<'_>) {
        if self.setting.careful || progress.equalities.is_empty() {
            return;
        }
        let computable = progress.computable();
        let mut known = progress.bound.clone();
        for (_, target) in &computable {
            known.insert(*target);
        }
        let is_known = |at: &usize| match progress.item(*at) {
            Some(item @ Item { kind: Kind::Atom { .. }, .. }) => {
                let mut all = progress.open.contains(*at);
                item::uses(item, &mut |reg| all &= known.contains(reg));
                all
            }
            _ => false,
        };
        let users = computable.iter().filter_map(|(_, target)| progress.users.get(target)).flatten();
        let atoms: Vec<usize> = users.copied().filter(is_known).collect();
        for compute in progress.needed_by(&computable, &atoms) {
            self.place_early(progress, compute);
        }
        self.place_tests(progress);
    }

    fn place_loop(&mut self, progress: &mut Progress<'_>, at: usize, estimate: f64) {
        let Some(item) = progress.item(at).filter(|_| progress.open.contains(at)) else { return };
        match &item.kind {
            Kind::Atom { pred, columns, access } => {
                let (read, key, kept) = self.read(*pred, *access, columns, &progress.bound);
                let (operations, binds) = operations(progress, columns, &kept, key.len());
                progress.steps.push(Step::Scan(Scan { read, key, operations, estimate }));
                progress.place(at, None);
                binds.into_iter().for_each(|reg| progress.bind(reg));
            }
            // What needs a value that can fail waits until the end.
            Kind::In { item: Code::Reg(target), list } if enumerable(item, &progress.bound) => {
                let site = self.site(item, progress, false);
                progress.steps.push(Step::Enumerate { target: *target, list: list.clone(), site });
                progress.place(at, Some(*target));
            }
            _ => {}
        }
    }

    /// Places the intersection of some atoms' values; those of which nothing is then left are done.
    fn place_meet(&mut self, progress: &mut Progress<'_>, target: Reg, items: &[usize], estimate: f64) {
        let mut parts = Vec::with_capacity(items.len());
        for at in items {
            let Some(Item { kind: Kind::Atom { pred, columns, access }, .. }) = progress.item(*at) else {
                continue;
            };
            let known = |column: &usize| match columns.get(*column) {
                Some(Column::Is(reg)) if progress.bound.contains(*reg) => Some(*reg),
                _ => None,
            };
            let mut kept: Vec<usize> = (0..columns.len()).filter(|column| known(column).is_some()).collect();
            let key = kept.iter().filter_map(known).collect();
            kept.extend(columns.iter().position(|column| *column == Column::Is(target)));
            parts.push(Part { read: self.reads.len(), key });
            let whole = columns.iter().all(|column| match column {
                Column::Is(reg) => *reg == target || progress.bound.contains(*reg),
                Column::Any => true,
            });
            self.reads.push(Read { pred: *pred, access: *access, columns: kept });
            if whole {
                progress.open.remove(*at);
            }
        }
        progress.steps.push(Step::Intersect(Intersect { target, parts, estimate }));
        progress.bind(target);
    }

    /// Where a failure of the item is told to be; what cannot fail needs no telling.
    fn site(&self, item: &Item, progress: &Progress<'_>, early: bool) -> Site {
        if early || item::can_fail(item) {
            progress.site(item, self.variables)
        } else {
            Site { span: item.span, bound: Vec::new() }
        }
    }

    /// The read for an atom: its index, the key, and the columns in their order there.
    fn read(
        &mut self,
        pred: PredId,
        access: Access,
        columns: &[Column],
        bound: &Bits,
    ) -> (usize, Vec<Reg>, Vec<usize>) {
        let known = |column: usize| match columns.get(column) {
            Some(Column::Is(reg)) if bound.contains(*reg) => Some(*reg),
            _ => None,
        };
        let mut kept: Vec<usize> = (0..columns.len()).filter(|column| known(*column).is_some()).collect();
        if access == Access::Delta {
            // Read once from end to end; no order serves better than the relation's own.
            kept.clear();
        }
        let keys = kept.len();
        let kept =
            columns_read(kept, columns.len(), |column| matches!(columns.get(column), Some(Column::Is(_))));
        let key = kept.iter().take(keys).filter_map(|column| known(*column)).collect();
        let read = Read { pred, access, columns: kept.clone() };
        let at = self.reads.len();
        self.reads.push(read);
        (at, key, kept)
    }
}

/// What to do with the columns behind the key, and the registers that get a value.
fn operations(
    progress: &Progress<'_>,
    columns: &[Column],
    kept: &[usize],
    key: usize,
) -> (Vec<Operation>, Vec<Reg>) {
    let mut operations = Vec::new();
    let mut binds = Vec::new();
    for (place, column) in kept.iter().enumerate().skip(key) {
        let Some(Column::Is(reg)) = columns.get(*column).copied() else { continue };
        if progress.bound.contains(reg) || binds.contains(&reg) {
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
    (operations, binds)
}

/// Goes on with what is expected at each step, up to step `upto`: `from` at the first of these, and
/// evenly less up to `to` behind the last.
fn fill(expected: &mut Vec<f64>, upto: usize, from: f64, to: f64) {
    let steps = upto.saturating_sub(expected.len());
    let ratio = to / from;
    expected.extend((0..steps).map(|i| from * ratio.powf(i as f64 / steps as f64)));
}

/// Whether an item can hold in several ways while only `bound` has values.
fn can_loop(item: &Item, bound: &Bits) -> bool {
    match &item.kind {
        Kind::Atom { columns, .. } => {
            columns.iter().any(|column| matches!(column, Column::Is(reg) if !bound.contains(*reg)))
        }
        Kind::In { item: Code::Reg(target), list } => !bound.contains(*target) && !item::list_can_fail(list),
        _ => false,
    }
}
