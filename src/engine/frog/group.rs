//! What a round has brought, put together by what the steps behind need of it: they find their
//! solutions once for all rows that are the same to them.

use super::growing::Growing;
use crate::base::{Budget, Stop};
use crate::engine::kernel::Grouped;
use crate::model::PredId;
use crate::plan::{Access, Operation, Reg, RulePlan, Step};
use crate::storage::interner::NIL;
use crate::storage::{Word, sort};

/// Rows for which it is worth the sorting.
const WORTH_SORTING: usize = 64;

/// The rows that the outermost loop of a plan goes through, grouped; `None` where every step needs
/// all of them, where they are kept as bits, which the kernel groups itself, or are few.
pub(super) fn grouped<'g>(
    plan: &RulePlan,
    growing: impl Fn(PredId) -> Option<&'g Growing>,
    budget: &Budget,
) -> Result<Option<Grouped>, Stop> {
    let Some((Step::Scan(scan), inner)) = plan.steps.split_first() else { return Ok(None) };
    let Some(read) = plan.reads.get(scan.read).filter(|read| read.access == Access::Delta) else {
        return Ok(None);
    };
    let Some(rows) = growing(read.pred).and_then(Growing::recent_rows) else { return Ok(None) };
    if inner.is_empty()
        || rows.iter().map(|(words, width)| words.len() / width).sum::<usize>() < WORTH_SORTING
    {
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
    for (block, stride) in rows {
        budget.check()?;
        for row in block.chunks_exact(stride) {
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
        }
    }
    sort::sort_distinct(width, &mut words, &mut || budget.check())?;
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
