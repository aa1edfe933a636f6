//! From plans to loops over the shapes in which relations are kept.

use super::{Compiled, Grouped, Op};
use crate::engine::batch::Batch;
use crate::plan::build::binds;
use crate::plan::{Code, Intersect, Operation, Reg, RulePlan, Scan, Step};
use crate::storage::Interner;
use crate::storage::interner::MISSING;

/// Longer plans are left to the machine, which does not nest a call in each step.
const MOST_STEPS: usize = 64;

/// The plan compiled; `None` if it makes values, or is one for the machine. `pairs` says whether
/// its rows go to a relation kept as bits; `grouped` are the rows of the outermost loop, if they have
/// been put together.
pub fn compile<'p>(
    plan: &'p RulePlan,
    sources: &'p [Vec<Batch<'p>>],
    grouped: Option<&'p Grouped>,
    pairs: bool,
    interner: &Interner,
) -> Option<Compiled<'p>> {
    if plan.steps.len() > MOST_STEPS {
        return None;
    }
    let mut near = 0;
    let mut ops = Vec::with_capacity(plan.steps.len() + 1);
    let whole_chunks = pairs && whole_chunks(plan, sources);
    let last = if pairs && !whole_chunks && grouped.is_none() { last_column(plan) } else { None };
    for (at, step) in plan.steps.iter().enumerate() {
        ops.push(match step {
            Step::Scan(scan) if at == 0 && grouped.is_some() => {
                Op::Groups { grouped: grouped?, read: scan.read }
            }
            Step::Scan(scan) => {
                let (read, batches, key) = (scan.read, sources[scan.read].as_slice(), scan.key.as_slice());
                near += batches.len();
                let near = near - batches.len();
                match (last, scan.operations.as_slice()) {
                    // Done in the end, for all columns at once; here it counts whether there is any.
                    (Some(last), _) if last == at => Op::Probe { read, batches, near, key, negated: false },
                    (_, operations) => Op::Scan { read, batches, near, key, operations, mask: None },
                }
            }
            Step::Probe { read, key, negated } => {
                let batches = sources[*read].as_slice();
                near += batches.len();
                Op::Probe { read: *read, batches, near: near - batches.len(), key, negated: *negated }
            }
            Step::Intersect(meet) => {
                near += meet.parts.len();
                let (order, fixed) = staying(meet, at.checked_sub(1).and_then(|at| plan.steps.get(at)));
                Op::Meet { meet, sources, near: near - meet.parts.len(), order, fixed }
            }
            Step::Compare { op, possibly, left: Code::Reg(left), right: Code::Reg(right), .. } => {
                Op::Compare { op: *op, possibly: *possibly, left: *left, right: *right }
            }
            Step::IsNil { value: Code::Reg(reg), negated, .. } => Op::IsNil { reg: *reg, negated: *negated },
            Step::Let { target, value: Code::Reg(from), nil, .. } => {
                Op::Copy { target: *target, from: *from, nil: *nil }
            }
            Step::Never => Op::Never,
            _ => return None,
        });
    }
    if let Some(Step::Scan(scan)) = last.map(|last| &plan.steps[last])
        && let [Operation::Bind(place, _)] = scan.operations[..]
    {
        let (read, batches) = (scan.read, sources[scan.read].as_slice());
        if last == Some(plan.steps.len() - 1) {
            ops.pop();
        }
        let leading = &plan.output[..plan.output.len() - 1];
        ops.push(Op::Columns { read, batches, near, key: &scan.key, place, leading });
        near += batches.len();
    }
    if pairs
        && !whole_chunks
        && grouped.is_none()
        && last.is_none()
        && let Some((scan, leading)) = whole_rows(plan, sources)
    {
        ops.pop();
        let (read, batches) = (scan.read, sources[scan.read].as_slice());
        ops.push(Op::Rows { read, batches, key: &scan.key, operations: &scan.operations, leading });
    }
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
        // A value without a word is in no relation; the machine gives it one.
        registers[*reg] = interner.get(value)?;
    }
    let same_behind = if whole_chunks { columns_read(plan, sources) } else { 0 };
    Some(Compiled {
        ops,
        output: &plan.output,
        whole_chunks,
        same_behind,
        witness_from: plan.witness_from,
        registers,
        reads: plan.reads.len(),
        steps: plan.steps.len(),
        batches: near,
    })
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
