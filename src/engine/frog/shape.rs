//! In which shape a relation is kept: as bits where its words are known to lie in spans that are
//! not wide beside the rows that feed it, and else as numbered rows.

use std::collections::HashMap;

use crate::model::PredId;
use crate::plan::{Code, Operation, Read, RulePlan, Step};
use crate::storage::pairs::{Layout, Span};
use crate::storage::{Interner, Word};

/// Spans that still grow after so many rounds may grow without end: `n(x + 1) :- n(x)`.
const SETTLING_ROUNDS: usize = 16;
/// Rows of bits that are always allowed.
const FEW_ROWS: f64 = 65_536.0;
/// Rows of bits allowed for each row that feeds a relation.
const ROWS_A_ROW: f64 = 4.0;
/// The same of three and more columns, of which there are more rows than words as a rule.
const WIDE_ROWS_A_ROW: f64 = 16.0;

const ANY: Span = (0, Word::MAX);

/// The span of each column of a relation, `None` where it has no rows.
pub(super) type Spans = Vec<Option<Span>>;

/// What the columns of the stratum's relations can hold, from what their rules read. `stated` are
/// the spans of their stated rows, `of` those of complete relations.
pub(super) fn spans(
    plans: &[&RulePlan],
    stated: HashMap<PredId, Spans>,
    interner: &Interner,
    of: impl Fn(PredId, usize) -> Option<Span>,
) -> HashMap<PredId, Spans> {
    let mut spans = stated;
    for round in 0.. {
        let mut changed = false;
        for plan in plans {
            let known = |read: &Read, place: usize| {
                let column = *read.columns.get(place)?;
                match spans.get(&read.pred) {
                    Some(growing) => *growing.get(column)?,
                    None => of(read.pred, column),
                }
            };
            let Some(output) = output(plan, interner, known) else { continue };
            let Some(head) = spans.get_mut(&plan.head) else { continue };
            for (column, found) in head.iter_mut().zip(output) {
                let joined = column.map_or(found, |known| (known.0.min(found.0), known.1.max(found.1)));
                if *column != Some(joined) {
                    *column = Some(if round < SETTLING_ROUNDS { joined } else { ANY });
                    changed = true;
                }
            }
        }
        if !changed {
            break;
        }
    }
    spans
}

/// The spans of what a plan derives; `None` if that is nothing.
fn output(
    plan: &RulePlan,
    interner: &Interner,
    known: impl Fn(&Read, usize) -> Option<Span>,
) -> Option<Vec<Span>> {
    let mut registers = vec![ANY; plan.registers];
    for (reg, value) in &plan.constants {
        if let (Some(slot), Some(word)) = (registers.get_mut(*reg), interner.get(value)) {
            *slot = (word, word);
        }
    }
    for step in &plan.steps {
        let mut narrow = |read: usize, place: usize, reg: usize| {
            let (low, high) = known(plan.reads.get(read)?, place)?;
            let slot = registers.get_mut(reg)?;
            *slot = (slot.0.max(low), slot.1.min(high));
            (slot.0 <= slot.1).then_some(())
        };
        match step {
            Step::Scan(scan) => {
                for (place, reg) in scan.key.iter().enumerate() {
                    narrow(scan.read, place, *reg)?;
                }
                for operation in &scan.operations {
                    if let Operation::Bind(place, reg) | Operation::Same(place, reg) = operation {
                        narrow(scan.read, *place, *reg)?;
                    }
                }
            }
            Step::Probe { read, key, negated: false } => {
                for (place, reg) in key.iter().enumerate() {
                    narrow(*read, place, *reg)?;
                }
            }
            Step::Intersect(meet) => {
                for part in &meet.parts {
                    for (place, reg) in part.key.iter().chain([&meet.target]).enumerate() {
                        narrow(part.read, place, *reg)?;
                    }
                }
            }
            Step::Let { target, value: Code::Reg(from), .. } => {
                let span = *registers.get(*from)?;
                *registers.get_mut(*target)? = span;
            }
            _ => {}
        }
    }
    plan.output.iter().map(|reg| registers.get(*reg).copied()).collect()
}

/// The layout of a relation as bits with these spans, if that suits it. `feeding` are the rows of
/// everything that its rules read.
pub(super) fn layout(spans: &[Option<Span>], feeding: f64, shards: usize) -> Option<Layout> {
    let spans: Vec<Span> = spans.iter().map(|span| span.unwrap_or((0, 0))).collect();
    let layout = Layout::new(&spans, shards)?;
    let rows = f64::from(layout.rows.1 - layout.rows.0) + 1.0;
    let each = if layout.width > 2 { WIDE_ROWS_A_ROW } else { ROWS_A_ROW };
    (rows <= FEW_ROWS.max(each * feeding)).then_some(layout)
}

/// Rows that a plan is expected to produce.
pub(super) fn expected(plan: &RulePlan) -> f64 {
    let estimates = plan.steps.iter().filter_map(|step| match step {
        Step::Scan(scan) => Some(scan.estimate),
        Step::Intersect(meet) => Some(meet.estimate),
        _ => None,
    });
    estimates.product()
}
