//! Aggregates that are made for all groups at once: one pass through the rows of the body as they are
//! kept, before the plan first runs. The plan would look each group up, by an order of columns that
//! would have to be made first.

use std::sync::{Mutex, PoisonError};

use super::Pool;
use super::job::{Batches, Threads, UNIT};
use crate::engine::groups::{Groups, Tally};
use crate::engine::kernel::{Ended, compile};
use crate::engine::machine::Env;
use crate::engine::sink::Target;
use crate::plan::{Code, Fold, Group, Operation, Reg, RulePlan, Scan, Step};
use crate::storage::Table;
use crate::storage::pairs::Span;

/// Cells that are always allowed.
const FEW_CELLS: f64 = 4_096.0;
/// Cells allowed for each row.
const CELLS_A_ROW: f64 = 2.0;

/// An aggregate whose groups can all be made at once.
#[derive(Clone, Debug)]
pub(super) struct Whole {
    /// Its group's number.
    pub memo: usize,
    /// The read that it goes through, in the plan's numbers and in its own.
    pub read: usize,
    /// The aggregate.
    pub fold: Fold,
    /// The columns of the relation where what is shared stands.
    pub columns: Vec<usize>,
    /// The spans of these, if keys are to have cells.
    pub spans: Vec<Span>,
    /// A row for each assignment: what the body shares with the outside, and the value aggregated.
    plan: RulePlan,
}

/// The aggregates of a plan that can be made so: of a body that goes through the rows of one relation,
/// in which everything stands that it shares with the outside.
pub(super) fn wholes(plan: &RulePlan) -> Vec<Whole> {
    let mut found = Vec::new();
    for step in &plan.steps {
        match step {
            Step::Aggregate(fold) => found.extend(whole(plan, fold)),
            Step::All(steps) => {
                for step in steps {
                    if let Step::Aggregate(fold) = step {
                        found.extend(whole(plan, fold));
                    }
                }
            }
            _ => {}
        }
    }
    found
}

fn whole(plan: &RulePlan, fold: &Fold) -> Option<Whole> {
    let Group { alternatives, shared, exhaustive: false, memo } = &fold.group else { return None };
    let [body] = alternatives.as_slice() else { return None };
    let at = body.iter().position(Step::is_loop)?;
    let Step::Scan(scan) = &body[at] else { return None };
    let tests = || body[..at].iter().chain(&body[at + 1..]);
    let constant = |reg: &Reg| plan.constants.iter().any(|(constant, _)| constant == reg);
    let whole = tests().all(is_test)
        && fold.assignments.is_empty()
        && scan.key.iter().all(|reg| shared.contains(reg) || constant(reg))
        && shared.iter().all(|reg| scan.key.contains(reg));
    if !whole {
        return None;
    }
    let mut operations = Vec::new();
    let mut bound: Vec<Reg> = Vec::new();
    for (place, reg) in scan.key.iter().enumerate() {
        if constant(reg) || bound.contains(reg) {
            operations.push(Operation::Same(place, *reg));
        } else {
            operations.push(Operation::Bind(place, *reg));
            bound.push(*reg);
        }
    }
    operations.extend(&scan.operations);
    let rows = Scan { read: scan.read, key: Vec::new(), operations, estimate: scan.estimate };
    let mut steps: Vec<Step> = std::iter::once(Step::Scan(rows)).chain(tests().cloned()).collect();
    let mut output = shared.clone();
    match &fold.arg {
        None => {}
        Some(Code::Reg(reg)) => output.push(*reg),
        Some(value) => {
            let (target, value, site) = (plan.registers, value.clone(), fold.site.clone());
            steps.push(Step::Let { target, value, nil: true, early: false, site });
            output.push(target);
        }
    }
    let own = RulePlan {
        head: plan.head,
        output,
        witness_from: steps.len(),
        steps,
        registers: plan.registers + 1,
        constants: plan.constants.clone(),
        reads: plan.reads.clone(),
        memos: 0,
        alternative: plan.alternative,
        variant: None,
        expected: Vec::new(),
        cost: 0.0,
        careful: None,
    };
    let read = plan.reads.get(scan.read)?;
    let column = |reg: &Reg| scan.key.iter().position(|key| key == reg).and_then(|at| read.columns.get(at));
    let columns = shared.iter().filter_map(column).copied().collect();
    Some(Whole { memo: *memo, read: scan.read, fold: fold.clone(), columns, spans: Vec::new(), plan: own })
}

/// Whether a step is neither a loop nor a body.
fn is_test(step: &Step) -> bool {
    match step {
        Step::Probe { .. }
        | Step::Let { .. }
        | Step::Compare { .. }
        | Step::IsNil { .. }
        | Step::Test { .. }
        | Step::Member { .. } => true,
        Step::Scan(_)
        | Step::Intersect(_)
        | Step::Enumerate { .. }
        | Step::Not(_)
        | Step::Aggregate(_)
        | Step::All(_)
        | Step::Never => false,
    }
}

impl Whole {
    /// Gives each key a cell, if there cannot be many more keys than rows.
    pub fn lay_out(&mut self, table: &Table) {
        let span = |column: &usize| table.spans().get(*column).copied().flatten();
        let spans: Option<Vec<Span>> = self.columns.iter().map(span).collect();
        let cells =
            |spans: &Vec<Span>| spans.iter().map(|(low, high)| f64::from(high - low) + 1.0).product::<f64>();
        let most = FEW_CELLS.max(CELLS_A_ROW * table.rough_len() as f64);
        self.spans = spans.filter(|spans| cells(spans) <= most).unwrap_or_default();
    }

    /// Whether a row that comes twice is the same as one that comes once.
    pub fn takes_repeated(&self) -> bool {
        use crate::model::program::AggregateOp::{Count, Max, Min};
        match self.fold.op {
            Min | Max => true,
            Count => self.fold.arg.is_some(),
            _ => false,
        }
    }

    /// Makes the aggregate of every group; adds the rows looked at to `visited`, by read.
    pub fn make(
        &self,
        sources: &Batches<'_>,
        env: &mut Env<'_>,
        pool: &Pool,
        visited: &mut [u64],
    ) -> Result<Groups, Box<Ended>> {
        let failure = || Box::new(Ended::Failure);
        let gathered: Mutex<Vec<Tally>> = Mutex::default();
        let target = Target::Groups { fold: &self.fold, spans: &self.spans, gathered: &gathered };
        let compiled = compile(&self.plan, sources, None, &[], false, env.interner).ok_or_else(failure)?;
        let (mut unit, mut alone, remembered) = (UNIT, false, Mutex::default());
        let threads = Threads { pool, unit: &mut unit, alone: &mut alone, remembered: &remembered };
        let part = threads.run(&compiled, env, target)?;
        visited.iter_mut().zip(part.visited).for_each(|(sum, more)| *sum += more);
        let mut tallies = gathered.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        let mut tally = tallies.next().unwrap_or_else(|| Tally::new(&self.fold, &self.spans));
        for other in tallies {
            env.budget.check()?;
            tally.merge(&other);
        }
        let groups = tally.finish(&self.fold, env.interner).map_err(|_| failure())?;
        env.budget.allocate(groups.bytes())?;
        Ok(groups)
    }
}
