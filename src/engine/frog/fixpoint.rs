//! Semi-naive evaluation of one recursive stratum: datafrog's `Iteration` goes round until its
//! variables bring nothing new.

use std::collections::HashMap;

use datafrog::Iteration;

use super::growing::{Growing, Recent};
use super::job::{self, Batches, Inputs, Job};
use super::orders::{self, Need};
use super::replan::replan;
use super::sources::{Source, complete};
use super::{Evaluation, group, shape};
use crate::base::Stop;
use crate::engine::profile::RelationProfile;
use crate::engine::rows::Held;
use crate::engine::sink::{Sink, Target};
use crate::engine::{EvalError, RoundProfile, RuleRef};
use crate::model::{PredId, Rule, Stratum};
use crate::plan::{Observed, Read, RulePlan};
use crate::storage::pairs::Layout;
use crate::storage::{Sorted, Table, Word};

/// Rows looked at that are soon forgotten.
const LITTLE_WORK: u64 = 1 << 16;

/// A relation of the stratum.
pub(super) struct Member<'b> {
    pub pred: PredId,
    width: usize,
    /// One of its rules, to be named when work on its rows is stopped.
    by: Option<RuleRef>,
    pub growing: Growing,
    /// Rows that the last round added.
    pub added: u64,
    /// Each row with the round of its first appearance behind it, if wanted.
    rounds: Option<Vec<Word>>,
    held: Held<'b>,
    stated: u64,
}

pub(super) fn evaluate(
    evaluation: &mut Evaluation<'_, '_>,
    stratum: &Stratum,
    rules: &[(RuleRef, &Rule)],
) -> Result<(), EvalError> {
    let mut iteration = Iteration::new();
    let mut jobs = evaluation.jobs(rules, &stratum.predicates)?;
    let mut members = members(evaluation, stratum, rules, &jobs, &mut iteration);

    // What does not read the stratum runs once, before the first round.
    for job in jobs.iter_mut().filter(|job| !job.is_recursive()) {
        if let Some(member) = members.iter().find(|member| member.pred == job.plan.head) {
            evaluation.run_once(job, member.growing.target())?;
        }
    }
    for member in &mut members {
        member.begin(evaluation)?;
        member.admit(evaluation, 0)?;
    }
    let mut round: u64 = 0;
    let mut observed = Observed::default();
    let mut looked_at = 0;
    while iteration.changed() {
        round += 1;
        let first = members.first().and_then(|member| member.by);
        let limit = |stop| EvalError::Stopped { stop, rule: first };
        evaluation.env.budget.round(round).map_err(limit)?;
        evaluation.note_values().map_err(limit)?;
        for job in jobs.iter_mut().filter(|job| job.is_recursive()) {
            if !evaluation.request.profile {
                run_round(evaluation, job, &members)?;
                continue;
            }
            let found = || members.iter().map(|member| member.growing.found()).sum::<u64>();
            let (time, produced, known) = (job.time, job.produced, found());
            run_round(evaluation, job, &members)?;
            job.per_round.resize(round as usize - 1, RoundProfile::default());
            job.per_round.push(RoundProfile {
                time: job.time - time,
                produced: job.produced - produced,
                fresh: found() - known,
            });
        }
        for member in &mut members {
            member.growing.settle();
            member.admit(evaluation, round)?;
        }
        // Relations may grow for many rounds before they are large.
        let work = jobs.iter().flat_map(|job| &job.memory.visited).sum::<u64>();
        if round.is_power_of_two() || work > looked_at * 2 {
            looked_at = work.max(LITTLE_WORK);
            replan(evaluation, &mut jobs, &mut members, &stratum.predicates, &mut observed)?;
        }
    }
    // It shares the variables, whose memory is to be given back with the relations.
    drop(iteration);
    let mut profiles = Vec::new();
    for member in members {
        let produced = jobs.iter().filter(|job| job.plan.head == member.pred).map(|job| job.produced).sum();
        profiles.push(member.finish(evaluation, round.max(1), produced)?);
    }
    evaluation.finished(jobs, profiles);
    Ok(())
}

fn run_round(
    evaluation: &mut Evaluation<'_, '_>,
    job: &mut Job<'_>,
    members: &[Member<'_>],
) -> Result<(), EvalError> {
    let Some(target) = members.iter().find(|member| member.pred == job.plan.head) else { return Ok(()) };
    let recent: HashMap<PredId, Recent<'_>> =
        members.iter().map(|member| (member.pred, member.growing.recent())).collect();
    let delta = job.plan.reads.iter().filter(|read| read.access == crate::plan::Access::Delta);
    if delta.filter_map(|read| recent.get(&read.pred)).any(|recent| recent.is_empty()) {
        return Ok(());
    }
    let reads = job.plan.reads.clone();
    let keys = job::key_lengths(&job.plan);
    let (careful_reads, careful_keys) = match &job.plan.careful {
        Some(plan) => (plan.reads.clone(), job::key_lengths(plan)),
        None => (Vec::new(), Vec::new()),
    };
    loop {
        // Out of the job while it is run.
        let (sources, careful) = (std::mem::take(&mut job.sources), std::mem::take(&mut job.careful));
        let result = {
            let batches = batches(&reads, &keys, &sources, members, &recent);
            let careful_batches = self::batches(&careful_reads, &careful_keys, &careful, members, &recent);
            let target = target.growing.target();
            let growing =
                |pred| members.iter().find(|member| member.pred == pred).map(|member| &member.growing);
            let by = job.by;
            let grouped = group::grouped(&job.plan, growing, &mut job.ungrouped, evaluation.env.budget)
                .map_err(|stop| EvalError::Stopped { stop, rule: Some(by) })?;
            let inputs = Inputs { sources: &batches, careful: &careful_batches, grouped: grouped.as_ref() };
            job.run(&inputs, &mut evaluation.env, target, evaluation.pool)
        };
        (job.sources, job.careful) = (sources, careful);
        match result? {
            Some(_) => return Ok(()),
            None => {
                let recursive: Vec<PredId> = members.iter().map(|member| member.pred).collect();
                evaluation.leave_to_machine(job, &recursive)?;
            }
        }
    }
}

fn batches<'s>(
    reads: &'s [Read],
    keys: &[Vec<usize>],
    sources: &'s [Source],
    members: &'s [Member<'_>],
    recent: &'s HashMap<PredId, Recent<'_>>,
) -> Batches<'s> {
    let mut batches = complete(reads, sources);
    for ((read, key), batches) in reads.iter().zip(keys).zip(&mut batches) {
        let member = members.iter().find(|member| member.pred == read.pred);
        if let (Some(member), Some(recent)) = (member, recent.get(&read.pred)) {
            *batches = member.growing.batches(read, &Need::new(read, key.clone()), recent);
        }
    }
    batches
}

/// The stratum's relations, each in a shape that suits it and ready for every read.
fn members<'b>(
    evaluation: &Evaluation<'_, 'b>,
    stratum: &Stratum,
    rules: &[(RuleRef, &Rule)],
    jobs: &[Job<'_>],
    iteration: &mut Iteration,
) -> Vec<Member<'b>> {
    let schema = &evaluation.request.program.schema;
    let width_of = |pred: PredId| {
        let rule = rules.iter().find(|(_, rule)| rule.head == pred).map(|(_, rule)| rule.args.len());
        let declared = schema.predicates.get(pred.0 as usize).map(|predicate| predicate.arity());
        rule.or(declared).unwrap_or(0)
    };
    let layouts = layouts(evaluation, stratum, jobs, width_of);
    let plans = || jobs.iter().flat_map(|job| [Some(&job.plan), job.plan.careful.as_deref()]).flatten();
    let member = |pred: &PredId| {
        let own = rules.iter().find(|(_, rule)| rule.head == *pred);
        let width = width_of(*pred);
        let name = schema.predicates.get(pred.0 as usize).map_or("", |predicate| &predicate.name);
        let shards = if evaluation.pool.jobs() == 1 { 1 } else { 2 * evaluation.pool.jobs() };
        let layout = layouts.get(pred).copied().flatten();
        let mut growing = Growing::new(iteration, name, width, layout, shards);
        growing.prepare(&orders::needs(plans(), *pred));
        Member {
            pred: *pred,
            width,
            by: own.or(rules.first()).map(|(by, _)| *by),
            growing,
            added: 0,
            rounds: evaluation.request.rounds.then(Vec::new),
            held: Held::new(evaluation.env.budget),
            stated: 0,
        }
    };
    stratum.predicates.iter().map(member).collect()
}

/// The layout of each relation that is best kept as bits.
fn layouts(
    evaluation: &Evaluation<'_, '_>,
    stratum: &Stratum,
    jobs: &[Job<'_>],
    width_of: impl Fn(PredId) -> usize,
) -> HashMap<PredId, Option<Layout>> {
    let plans: Vec<&RulePlan> = jobs.iter().map(|job| &job.plan).collect();
    let stated = |pred: &PredId| {
        let table = evaluation.tables.table(*pred).filter(|table| !table.is_empty());
        (*pred, table.map_or_else(|| vec![None; width_of(*pred)], |table| table.spans().to_vec()))
    };
    let spans = shape::spans(
        &plans,
        stratum.predicates.iter().map(stated).collect(),
        evaluation.env.interner,
        |pred, column| evaluation.span(pred, column),
    );
    let mut read: Vec<PredId> = plans.iter().flat_map(|plan| &plan.reads).map(|read| read.pred).collect();
    read.extend(&stratum.predicates);
    read.sort_unstable();
    read.dedup();
    let feeding: usize = read.iter().filter_map(|pred| evaluation.table(*pred)).map(Table::rough_len).sum();
    let shards = if evaluation.pool.jobs() == 1 { 1 } else { 16 * evaluation.pool.jobs() };
    let plans = || jobs.iter().flat_map(|job| [Some(&job.plan), job.plan.careful.as_deref()]).flatten();
    let layout = |(pred, spans): (PredId, shape::Spans)| {
        let bits = evaluation.request.tuning.bits;
        let layout = shape::layout(&spans, feeding as f64, shards).filter(|_| bits);
        // Where rules look it up by other columns, there are rows for the words of those too.
        let own = (0..spans.len()).collect();
        let mut other = orders::missing(spans.len(), &orders::needs(plans(), pred), &[own]).into_iter();
        let fits = other.all(|stands| {
            let turned: shape::Spans = stands.iter().filter_map(|at| spans.get(*at).copied()).collect();
            shape::layout(&turned, feeding as f64, shards).is_some()
        });
        (pred, layout.filter(|_| fits))
    };
    spans.into_iter().map(layout).collect()
}

impl<'b> Member<'b> {
    /// Takes in the stated rows.
    fn begin(&mut self, evaluation: &Evaluation<'_, 'b>) -> Result<(), EvalError> {
        let Some(stated) = evaluation.tables.table(self.pred).filter(|stated| !stated.is_empty()) else {
            return Ok(());
        };
        let stopped = |stop| EvalError::Stopped { stop, rule: self.by };
        let budget = evaluation.env.budget;
        self.stated = stated.len() as u64;
        let target: Target<'_> = self.growing.target();
        let mut sink = Sink::new(target, budget);
        for block in stated.rows_checked(&mut || budget.check()).map_err(stopped)?.blocks(1 << 12) {
            budget.check().map_err(stopped)?;
            block.for_each(|row| sink.push(row.iter().copied()));
        }
        sink.uncount();
        sink.finish().map_err(stopped).map(|_| ())
    }

    /// Makes recent what has been found.
    fn admit(&mut self, evaluation: &Evaluation<'_, 'b>, round: u64) -> Result<(), EvalError> {
        let by = self.by;
        let stopped = |stop: Stop| EvalError::Stopped { stop, rule: by };
        let budget = evaluation.env.budget;
        let admitted = self.growing.admit(evaluation.pool, budget, round as Word, self.rounds.as_mut());
        self.added = admitted.map_err(stopped)?;
        let rounds = self.rounds.as_ref().map_or(0, |rounds| rounds.capacity() * size_of::<Word>());
        self.held.set(self.growing.bytes() + rounds as u64).map_err(stopped)
    }

    fn finish(
        self,
        evaluation: &mut Evaluation<'_, 'b>,
        rounds: u64,
        produced: u64,
    ) -> Result<RelationProfile, EvalError> {
        let by = self.by;
        let stopped = |stop| EvalError::Stopped { stop, rule: by };
        let budget = evaluation.env.budget;
        let table = self.growing.finish(evaluation.pool, budget).map_err(stopped)?;
        let profile = RelationProfile {
            pred: self.pred,
            rounds,
            produced,
            rows: table.len() as u64,
            stated: self.stated,
        };
        if let Some(mut words) = self.rounds {
            let width = self.width + 1;
            let len = evaluation.pool.sort(width, &mut words, budget).map_err(stopped)?;
            let sorted = Sorted::from_sorted(width, words, len);
            evaluation.model.rounds.insert(self.pred, Table::from(sorted));
        }
        drop(self.held);
        evaluation.derived(self.pred, table).map_err(stopped)?;
        Ok(profile)
    }
}
