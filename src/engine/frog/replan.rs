//! Plans made again between rounds, where those at work found far more or less than was expected.

use std::collections::HashMap;

use super::fixpoint::Member;
use super::job::{Job, key_lengths};
use super::orders::Need;
use super::{Evaluation, Sizes};
use crate::engine::EvalError;
use crate::model::PredId;
use crate::plan::{Estimate, Observed, Planner, RulePlan, Statistics, replan_needed};

/// Share of a relation's rows that a round is taken to bring at least.
const LEAST_SHARE: f64 = 0.02;

/// How many times more rows a plan that stayed must have produced before it is looked at again.
const SETTLED: u64 = 4;

/// What is known when some rounds have run.
struct Grown<'a> {
    sizes: Sizes<'a>,
    growing: HashMap<PredId, Estimate>,
    recent: HashMap<PredId, f64>,
    observed: &'a Observed,
}

impl Statistics for Grown<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        self.growing.get(&pred).cloned().or_else(|| self.sizes.estimate(pred))
    }

    fn recent(&self, pred: PredId) -> Option<f64> {
        self.recent.get(&pred).copied()
    }

    fn ready(&self, pred: PredId, columns: &[usize]) -> bool {
        self.sizes.ready(pred, columns)
    }

    fn alike(&self, pred: PredId, column: usize) -> Option<f64> {
        self.sizes.alike(pred, column)
    }

    fn uses(&self) -> f64 {
        self.sizes.uses()
    }

    fn observed(&self, pred: PredId, key: &[usize]) -> Option<f64> {
        self.observed.rows(pred, key)
    }
}

/// Looks at the plans of a stratum after a round, and replaces those for which another is expected to
/// serve better.
pub(super) fn replan(
    evaluation: &mut Evaluation<'_, '_>,
    jobs: &mut [Job<'_>],
    members: &mut [Member<'_>],
    recursive: &[PredId],
    observed: &mut Observed,
) -> Result<(), EvalError> {
    let open = |job: &&mut Job<'_>| job.is_recursive() && job.produced >= SETTLED * job.settled;
    for job in jobs.iter_mut().filter(open) {
        if !replan_needed(&job.plan, &job.memory.entered, job.produced - job.produced_before) {
            continue;
        }
        observed.note(&job.plan, &job.memory.entered, &job.memory.visited);
        let statistics = Grown {
            sizes: evaluation.sizes(recursive),
            growing: members.iter().map(|member| (member.pred, member.growing.estimate())).collect(),
            recent: members.iter().map(recent).collect(),
            observed,
        };
        let schema = &evaluation.request.program.schema;
        let plan = Planner { schema, statistics: &statistics, recursive }.replan(job.rule, &job.plan);
        if same(&plan, &job.plan) || !ready(&plan, members) {
            // What there is to learn for now has been learnt.
            job.settled = job.produced.max(1);
            continue;
        }
        prepare(&plan, members);
        if let Some(careful) = &plan.careful {
            prepare(careful, members);
        }
        let next = evaluation.ready(job.replaced(plan), recursive)?;
        let done = std::mem::replace(job, next);
        evaluation.retired(done);
    }
    Ok(())
}

/// Rows to expect of a round. One that brought few may be followed by one that brings many, and an
/// order is good for few of anything.
fn recent(member: &Member<'_>) -> (PredId, f64) {
    let known = member.growing.estimate().rows;
    (member.pred, (member.added as f64).max(LEAST_SHARE * known))
}

/// Whether two plans of the same premises take them in the same order.
fn same(one: &RulePlan, other: &RulePlan) -> bool {
    one.reads == other.reads && one.steps.len() == other.steps.len()
}

/// Whether the growing relations can be read as the plan does.
fn ready(plan: &RulePlan, members: &[Member<'_>]) -> bool {
    let plans = [Some(plan), plan.careful.as_deref()];
    plans.into_iter().flatten().all(|plan| {
        plan.reads.iter().zip(key_lengths(plan)).all(|(read, lengths)| {
            let member = members.iter().find(|member| member.pred == read.pred);
            member.is_none_or(|member| member.growing.is_ready(&Need::new(read, lengths)))
        })
    })
}

fn prepare(plan: &RulePlan, members: &mut [Member<'_>]) {
    for (read, lengths) in plan.reads.iter().zip(key_lengths(plan)) {
        if let Some(member) = members.iter_mut().find(|member| member.pred == read.pred) {
            member.growing.prepare(&[Need::new(read, lengths)]);
        }
    }
}
