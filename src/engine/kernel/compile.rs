//! From plans to loops over the shapes in which relations are kept.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::nested::{Folded, Nested, Rows};
use super::{Compiled, Grouped, Op};
use crate::engine::batch::Batch;
use crate::engine::groups::Groups;
use crate::model::program::AggregateOp;
use crate::plan::build::binds;
use crate::plan::{Code, Fold, Group, Intersect, Operation, Reg, RulePlan, Scan, Step};
use crate::storage::Interner;
use crate::storage::interner::MISSING;

/// Longer plans are left to the machine, which does not nest a call in each step.
const MOST_STEPS: usize = 64;

/// Whether a plan is one for a kernel.
pub fn is_compiled(plan: &RulePlan) -> bool {
    steps_in(&plan.steps) <= MOST_STEPS
}

fn steps_in(steps: &[Step]) -> usize {
    let in_group = |group: &Group| group.alternatives.iter().map(|steps| steps_in(steps)).sum::<usize>();
    let in_step = |step: &Step| match step {
        Step::Not(group) => in_group(group),
        Step::Aggregate(fold) => in_group(&fold.group),
        Step::All(steps) => steps_in(steps),
        _ => 0,
    };
    steps.len() + steps.iter().map(in_step).sum::<usize>()
}

/// The plan compiled; `None` if it is one for the machine. `pairs` says whether its rows go to a
/// relation kept as bits; `grouped` are the rows of the outermost loop, if they have been put
/// together; `folds` are, by group, aggregates that have been made for all keys at once.
pub fn compile<'p>(
    plan: &'p RulePlan,
    sources: &'p [Vec<Batch<'p>>],
    grouped: Option<&'p Grouped>,
    folds: &'p [Option<Groups>],
    pairs: bool,
    interner: &Interner,
) -> Option<Compiled<'p>> {
    if !is_compiled(plan) {
        return None;
    }
    let whole_chunks = pairs && whole_chunks(plan, sources);
    let last = if pairs && !whole_chunks && grouped.is_none() { last_column(plan) } else { None };
    let mut making = Making {
        sources,
        groups: folds,
        ops: Vec::with_capacity(plan.steps.len() + 1),
        enough: Vec::new(),
        later: VecDeque::new(),
        near: 0,
        folds: 0,
        memos: vec![0; plan.memos],
        makes_values: false,
    };
    making.steps(&plan.steps, grouped, last);
    if let Some(Step::Scan(scan)) = last.map(|last| &plan.steps[last])
        && let [Operation::Bind(place, _)] = scan.operations[..]
    {
        let (read, batches, near) = making.batches(scan.read);
        if last == Some(plan.steps.len() - 1) {
            making.ops.pop();
        }
        let leading = &plan.output[..plan.output.len() - 1];
        making.ops.push(Op::Columns { read, batches, near, key: &scan.key, place, leading });
    } else if pairs
        && !whole_chunks
        && grouped.is_none()
        && last.is_none()
        && let Some((scan, leading)) = whole_rows(plan, sources)
    {
        making.ops.pop();
        let (read, batches) = (scan.read, sources[scan.read].as_slice());
        making.ops.push(Op::Rows { read, batches, key: &scan.key, operations: &scan.operations, leading });
    } else {
        making.ops.push(Op::Emit);
    }
    making.enough.extend((0..making.ops.len()).map(|at| at >= plan.witness_from));
    making.nested();
    let mut ops = making.ops;
    for at in 1..ops.len() {
        let (before, behind) = ops.split_at_mut(at);
        if let (Some(Op::Scan { operations, mask, .. }), Some(next)) = (before.last_mut(), behind.first())
            && let (
                Some(Operation::Bind(_, bound)),
                Op::Scan { key: [reg, ..], batches: [Batch::Sorted(sorted)], .. }
                | Op::Columns { key: [reg, ..], batches: [Batch::Sorted(sorted)], .. }
                | Op::Probe { key: [reg, ..], batches: [Batch::Sorted(sorted)], negated: false, .. },
            ) = (operations.last(), next)
            && reg == bound
        {
            *mask = Some(sorted);
        }
    }
    let mut registers = vec![MISSING; plan.registers];
    for (reg, value) in &plan.constants {
        // A value without a word is in no relation; whoever runs this gives it one before.
        registers[*reg] = interner.get(value)?;
    }
    let same_behind = if whole_chunks { columns_read(plan, sources) } else { 0 };
    Some(Compiled {
        ops,
        output: &plan.output,
        whole_chunks,
        same_behind,
        alike: None,
        witness_from: plan.witness_from,
        registers,
        reads: plan.reads.len(),
        steps: plan.steps.len(),
        batches: making.near,
        enough: making.enough,
        memos: making.memos,
        folds: making.folds,
        makes_values: making.makes_values,
    })
}

/// A plan being compiled.
struct Making<'p> {
    sources: &'p [Vec<Batch<'p>>],
    groups: &'p [Option<Groups>],
    ops: Vec<Op<'p>>,
    enough: Vec<bool>,
    /// Operations that lead to others, which come behind the plan's own.
    later: VecDeque<(usize, &'p Step)>,
    /// Batches so far.
    near: usize,
    folds: usize,
    memos: Vec<usize>,
    makes_values: bool,
}

impl<'p> Making<'p> {
    /// The batches of a read, and the number of the first among all.
    fn batches(&mut self, read: usize) -> (usize, &'p [Batch<'p>], usize) {
        let batches = self.sources[read].as_slice();
        self.near += batches.len();
        (read, batches, self.near - batches.len())
    }

    /// Adds the operations of steps; `last` is the loop that is done in the end, for all columns at
    /// once.
    fn steps(&mut self, steps: &'p [Step], grouped: Option<&'p Grouped>, last: Option<usize>) {
        for (at, step) in steps.iter().enumerate() {
            let before = at.checked_sub(1).and_then(|at| steps.get(at));
            let op = match (step, grouped) {
                (Step::Scan(scan), Some(grouped)) if at == 0 => Op::Groups { grouped, read: scan.read },
                // Here it counts whether there is any.
                (Step::Scan(scan), _) if last == Some(at) => self.probe(scan.read, &scan.key, false),
                _ => self.op(step, before),
            };
            self.ops.push(op);
        }
    }

    fn probe(&mut self, read: usize, key: &'p [Reg], negated: bool) -> Op<'p> {
        let (read, batches, near) = self.batches(read);
        Op::Probe { read, batches, near, key, negated }
    }

    fn op(&mut self, step: &'p Step, before: Option<&Step>) -> Op<'p> {
        let at = self.ops.len();
        match step {
            Step::Scan(scan) => {
                let (read, batches, near) = self.batches(scan.read);
                let mut operations = Cow::Borrowed(scan.operations.as_slice());
                let mut whole = false;
                if let ([Batch::Unsorted { columns, .. }], []) = (batches, scan.key.as_slice()) {
                    // Each column where it stands in the relation.
                    (operations, whole) = (scan.operations.iter().map(|op| op.at(columns)).collect(), true);
                }
                Op::Scan { read, batches, near, key: &scan.key, operations, whole, mask: None }
            }
            Step::Probe { read, key, negated } => self.probe(*read, key, *negated),
            Step::Intersect(meet) => {
                self.near += meet.parts.len();
                let (order, fixed) = staying(meet, before);
                let near = self.near - meet.parts.len();
                Op::Meet { meet, sources: self.sources, near, order, fixed }
            }
            Step::Compare { op, possibly, left: Code::Reg(left), right: Code::Reg(right), .. } => {
                Op::Compare { op: *op, possibly: *possibly, left: *left, right: *right }
            }
            Step::IsNil { value: Code::Reg(reg), negated, .. } => Op::IsNil { reg: *reg, negated: *negated },
            Step::Let { target, value: Code::Reg(from), nil, .. } => {
                Op::Copy { target: *target, from: *from, nil: *nil }
            }
            Step::Never => Op::Never,
            _ => {
                self.makes_values = true;
                match step {
                    Step::Let { target, value, nil, early, .. } => {
                        Op::Let { target: *target, value, nil: *nil, early: *early }
                    }
                    Step::Compare { op, possibly, left, right, .. } => {
                        Op::Holds { op: *op, possibly: *possibly, left, right }
                    }
                    Step::Enumerate { target, list, .. } => Op::Enumerate { target: *target, list },
                    Step::Not(group) => {
                        self.later.push_back((at, step));
                        Op::Not(self.nested_in(group))
                    }
                    Step::Aggregate(fold) => {
                        self.later.push_back((at, step));
                        Op::Aggregate(Box::new(self.folded(fold)))
                    }
                    Step::All(_) => {
                        self.later.push_back((at, step));
                        Op::Go(at)
                    }
                    _ => Op::Test(step),
                }
            }
        }
    }

    fn nested_in(&mut self, group: &'p Group) -> Nested<'p> {
        self.memos[group.memo] = group.shared.len();
        Nested { group, starts: Vec::new() }
    }

    fn folded(&mut self, fold: &'p Fold) -> Folded<'p> {
        let groups = self.groups.get(fold.group.memo).and_then(Option::as_ref);
        let rows = match (groups, bulk(fold)) {
            (None, Some((scan, place))) => {
                let (read, batches, near) = self.batches(scan.read);
                Some(Rows { read, batches, near, key: &scan.key, place })
            }
            _ => None,
        };
        self.folds += 1;
        Folded { fold, nested: self.nested_in(&fold.group), number: self.folds - 1, groups, rows }
    }

    /// Adds the operations that others lead to, and those that these lead to.
    fn nested(&mut self) {
        while let Some((at, step)) = self.later.pop_front() {
            match step {
                Step::All(steps) => {
                    let start = self.ops.len();
                    self.steps(steps, None, None);
                    self.ops.push(Op::Go(at + 1));
                    self.ops[at] = Op::Go(start);
                    self.enough.resize(self.ops.len(), false);
                }
                Step::Not(group) => {
                    let starts = self.bodies(group, !group.exhaustive, |_| Op::Found);
                    if let Op::Not(nested) = &mut self.ops[at] {
                        nested.starts = starts;
                    }
                }
                Step::Aggregate(fold) => {
                    let Op::Aggregate(folded) = &self.ops[at] else { continue };
                    if folded.groups.is_some() || folded.rows.is_some() {
                        continue;
                    }
                    let (number, arg) = (folded.number, fold.arg.as_ref());
                    let gather = |alternative| Op::Gather { number, alternative, arg };
                    let starts = self.bodies(&fold.group, false, gather);
                    if let Op::Aggregate(folded) = &mut self.ops[at] {
                        folded.nested.starts = starts;
                    }
                }
                _ => {}
            }
        }
    }

    /// Adds a group's alternatives, each with its end; where they begin.
    fn bodies(&mut self, group: &'p Group, enough: bool, end: impl Fn(usize) -> Op<'p>) -> Vec<usize> {
        let mut starts = Vec::with_capacity(group.alternatives.len());
        for (alternative, steps) in group.alternatives.iter().enumerate() {
            starts.push(self.ops.len());
            self.steps(steps, None, None);
            self.ops.push(end(alternative));
            self.enough.resize(self.ops.len(), enough);
        }
        starts
    }
}

/// The loop of an aggregate that goes through the rows of a key and does nothing else, and the column
/// that is aggregated, unless rows are counted.
fn bulk(fold: &Fold) -> Option<(&Scan, Option<usize>)> {
    let [steps] = fold.group.alternatives.as_slice() else { return None };
    let [Step::Scan(scan)] = steps.as_slice() else { return None };
    let mut bound = Vec::new();
    for operation in &scan.operations {
        match operation {
            Operation::Bind(place, reg) => bound.push((*reg, *place)),
            Operation::Same(..) | Operation::NotNil(_) => return None,
        }
    }
    match (&fold.arg, fold.op) {
        _ if !fold.assignments.is_empty() => None,
        (None, AggregateOp::Count) => Some((scan, None)),
        (Some(Code::Reg(arg)), _) => {
            bound.iter().find(|(reg, _)| reg == arg).map(|(_, place)| (scan, Some(*place)))
        }
        _ => None,
    }
}

/// The parts of an intersection in order, those first whose keys the step before changes seldom if
/// at all; and how many these are.
fn staying(meet: &Intersect, before: Option<&Step>) -> (Vec<usize>, usize) {
    let mut bound = before.map(binds).unwrap_or_default();
    if let Some(Step::Scan(scan)) = before
        && scan.key.is_empty()
    {
        // Rows come in the order of their first column.
        let first = |operation: &Operation| match operation {
            Operation::Bind(0, reg) => Some(*reg),
            _ => None,
        };
        let first = scan.operations.iter().find_map(first);
        bound.retain(|reg| Some(*reg) != first);
    }
    let changes = |part: &usize| meet.parts[*part].key.iter().any(|reg| bound.contains(reg));
    let (moving, mut order): (Vec<usize>, Vec<usize>) = (0..meet.parts.len()).partition(changes);
    let fixed = if moving.is_empty() { 0 } else { order.len() };
    order.extend(moving);
    (order, fixed)
}

/// The loop that gives the head's last column and nothing else, if no step behind it needs that:
/// all columns can be added at once when the rest is known.
fn last_column(plan: &RulePlan) -> Option<usize> {
    let (last, others) = plan.output.split_last()?;
    let binds = |step: &Step| match step {
        Step::Scan(scan) => matches!(scan.operations[..], [Operation::Bind(_, reg)] if reg == *last),
        _ => false,
    };
    let at = plan.steps.iter().skip(1).position(binds)? + 1;
    (!others.contains(last) && !read_behind(plan, at, *last)).then_some(at)
}

/// The innermost loop, if it goes through whole rows of bits of which only the words before the last
/// are needed one by one; and the head's columns but the last, which is theirs.
fn whole_rows<'p>(plan: &'p RulePlan, sources: &[Vec<Batch<'_>>]) -> Option<(&'p Scan, &'p [Reg])> {
    let (last, leading) = plan.output.split_last()?;
    let (Step::Scan(scan), [_, ..]) = plan.steps.split_last()? else { return None };
    let of_last = |operation: &&Operation| {
        let is_last = |batch: &Batch<'_>| match batch {
            Batch::Bits { pairs, places } => places.of(place_of(operation)) + 1 == pairs.layout().width,
            _ => false,
        };
        sources[scan.read].iter().all(is_last)
    };
    let is_bits = |batch: &Batch<'_>| matches!(batch, Batch::Bits { .. });
    let mut on_last = scan.operations.iter().filter(of_last);
    let only_bound =
        matches!((on_last.next(), on_last.next()), (Some(Operation::Bind(_, reg)), None) if reg == last);
    let compared = |operation: &Operation| matches!(operation, Operation::Same(_, reg) if reg == last);
    let fits = only_bound
        && !scan.key.is_empty()
        && sources[scan.read].iter().all(is_bits)
        && !leading.contains(last)
        && !scan.operations.iter().any(compared);
    fits.then_some((scan, leading))
}

/// How many of the first columns of what a round has added, of three columns and more, steps behind
/// need to know or the loop itself compares: rows that agree in these are the same to them.
fn columns_read(plan: &RulePlan, sources: &[Vec<Batch<'_>>]) -> usize {
    let Some(Step::Scan(scan)) = plan.steps.first() else { return 0 };
    let [Batch::Pieces { layout, places, .. }] = sources[scan.read][..] else { return 0 };
    let needed = |operation: &&Operation| match operation {
        Operation::Bind(_, reg) => read_behind(plan, 0, *reg),
        Operation::Same(..) | Operation::NotNil(_) => true,
    };
    let of = |operation: &Operation| places.of(place_of(operation)) + 1;
    let columns = scan.operations.iter().filter(needed).map(of).max();
    columns.unwrap_or(1).min(layout.width - 1)
}

fn place_of(operation: &Operation) -> usize {
    match operation {
        Operation::Bind(place, _) | Operation::Same(place, _) | Operation::NotNil(place) => *place,
    }
}

/// Whether a step behind `at` reads the register.
fn read_behind(plan: &RulePlan, at: usize, reg: Reg) -> bool {
    let mut read = false;
    for step in plan.steps.iter().skip(at + 1) {
        step.reads(&mut |other| read |= other == reg);
        if let Step::Scan(scan) = step {
            read |= scan
                .operations
                .iter()
                .any(|operation| matches!(operation, Operation::Same(_, other) if *other == reg));
        }
    }
    read
}

/// Whether the outermost loop goes through chunks of what is the head's last column, and no step
/// needs its values.
fn whole_chunks(plan: &RulePlan, sources: &[Vec<Batch<'_>>]) -> bool {
    let (Some(Step::Scan(scan)), Some((last, others))) = (plan.steps.first(), plan.output.split_last())
    else {
        return false;
    };
    let is_last = |place: usize| match sources[scan.read][..] {
        [Batch::Chunks { width: 2, columns, .. }] => columns.get(place) == Some(&1),
        [Batch::Pieces { layout, places, .. }] => places.of(place) + 1 == layout.width,
        _ => false,
    };
    let of_last = |operation: &Operation| is_last(place_of(operation));
    let mut on_last = scan.operations.iter().filter(|operation| of_last(operation));
    let only_bound =
        matches!((on_last.next(), on_last.next()), (Some(Operation::Bind(_, reg)), None) if reg == last);
    only_bound
        && !others.contains(last)
        && !read_behind(plan, 0, *last)
        && plan.witness_from > 0
        && plan.steps.len() > 1
}
