//! What a round has brought, put together by what the steps behind need of it: they find their
//! solutions once for all rows that are the same to them.

use super::growing::Growing;
use crate::base::{Budget, Stop};
use crate::engine::kernel::Grouped;
use crate::model::PredId;
use crate::plan::{Access, Operation, Reg, RulePlan, Step};
use crate::storage::interner::NIL;
use crate::storage::{Word, bits, sort};

/// Pieces between two looks at the budget.
const BLOCK: usize = 1 << 14;
/// Rows for which it is worth the sorting.
const WORTH_SORTING: usize = 64;

/// Rows after which one can tell whether grouping them pays.
const ENOUGH: usize = 4096;

/// The rows that the outermost loop of a plan goes through, grouped; `None` where every step needs
/// all of them, where the kernel groups bits itself, or where they are few. Of bits, `ungrouped` is
/// set where groups turn out to be hardly fewer than rows.
pub(super) fn grouped<'g>(
    plan: &RulePlan,
    growing: impl Fn(PredId) -> Option<&'g Growing>,
    ungrouped: &mut bool,
    budget: &Budget,
) -> Result<Option<Grouped>, Stop> {
    let Some((Step::Scan(scan), inner)) = plan.steps.split_first() else { return Ok(None) };
    let Some(read) = plan.reads.get(scan.read).filter(|read| read.access == Access::Delta) else {
        return Ok(None);
    };
    let Some(growing) = growing(read.pred) else { return Ok(None) };
    let is_bits = growing.recent_rows().is_none();
    // One loop alone costs less than the sorting.
    if inner.is_empty() || is_bits && (*ungrouped || inner.len() == 1) {
        return Ok(None);
    }
    let (mut key, mut rest): (Vec<Reg>, Vec<Reg>) = (Vec::new(), Vec::new());
    for operation in &scan.operations {
        if let Operation::Bind(_, reg) = operation {
            if is_read(inner, *reg) {
                key.push(*reg);
            } else if plan.output.contains(reg) {
                rest.push(*reg);
            }
        }
    }
    let constant = |operation: &Operation| match operation {
        Operation::Same(_, reg) => !key.contains(reg) && !rest.contains(reg),
        _ => false,
    };
    if rest.is_empty() || scan.operations.iter().any(constant) {
        return Ok(None);
    }
    let column = |place: usize| read.columns.get(place).copied().unwrap_or(0);
    let place_of = |reg: Reg| {
        scan.operations.iter().find_map(|operation| match operation {
            Operation::Bind(place, to) if *to == reg => Some(column(*place)),
            _ => None,
        })
    };
    let columns: Vec<usize> = key.iter().chain(&rest).filter_map(|reg| place_of(*reg)).collect();
    let width = columns.len();
    let mut words: Vec<Word> = Vec::new();
    let mut take = |row: &[Word]| {
        let holds = scan.operations.iter().all(|operation| match operation {
            Operation::Bind(..) => true,
            Operation::NotNil(place) => row.get(column(*place)) != Some(&NIL),
            Operation::Same(place, reg) => {
                place_of(*reg).is_some_and(|first| row.get(first) == row.get(column(*place)))
            }
        });
        if holds {
            words.extend(columns.iter().filter_map(|column| row.get(*column)));
        }
    };
    if let Some(rows) = growing.recent_rows() {
        if rows.iter().map(|(words, width)| words.len() / width).sum::<usize>() < WORTH_SORTING {
            return Ok(None);
        }
        for (block, stride) in rows {
            budget.check()?;
            block.chunks_exact(stride).for_each(&mut take);
        }
    } else {
        let recent = growing.recent();
        let Some(layout) = growing.layout().filter(|layout| layout.width > 2) else { return Ok(None) };
        let last = layout.width - 1;
        let whole = rest.iter().any(|reg| plan.output.last() == Some(reg) && place_of(*reg) == Some(last));
        if whole || recent.len() < WORTH_SORTING {
            return Ok(None);
        }
        for block in recent.elements.chunks(BLOCK) {
            budget.check()?;
            for [row, chunk, bits] in block {
                let mut words = layout.words_of(*row);
                for column in bits::columns(*chunk, *bits) {
                    words[last] = column;
                    take(&words[..=last]);
                }
            }
        }
    }
    let rows = sort::sort_distinct(width, &mut words, &mut || budget.check())?;
    if is_bits && rows >= ENOUGH {
        let of = |row: &[Word]| row.get(..key.len()).map(<[Word]>::to_vec);
        let step = width * (rows / ENOUGH);
        let pairs = words.chunks(step).filter_map(|run| run.get(..2 * width));
        let (mut all, mut same) = (0, 0);
        for pair in pairs {
            let (one, other) = pair.split_at(width);
            all += 1;
            same += usize::from(of(one) == of(other));
        }
        *ungrouped = 2 * same < all;
    }
    Ok(Some(Grouped { words, width, key, rest }))
}

fn is_read(steps: &[Step], reg: Reg) -> bool {
    let mut read = false;
    for step in steps {
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
