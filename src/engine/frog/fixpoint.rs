//! Semi-naive evaluation of one recursive stratum.

use datafrog::Iteration;

use super::relation::{self, Batches, Index, MAX_COLUMNS};
use super::{Evaluation, Job, run};
use crate::base::Stop;
use crate::engine::machine::Batch;
use crate::engine::profile::RelationProfile;
use crate::engine::rows::{Held, Rows};
use crate::engine::{EvalError, RuleRef};
use crate::model::{PredId, Rule, Stratum};
use crate::plan::{Access, Read};
use crate::storage::{Sorted, Table, Word};

/// A relation of the stratum.
struct Growing<'b> {
    pred: PredId,
    width: usize,
    /// One of its rules, to be named when work on its rows is stopped.
    by: Option<RuleRef>,
    /// Its orders; the first holds all columns in place.
    orders: Vec<Order>,
    /// What rules produced in this round.
    rows: Rows<'b>,
    /// Each row with the round of its first appearance behind it, if wanted.
    rounds: Option<Vec<Word>>,
    held: Held<'b>,
    stated: u64,
}

struct Order {
    columns: Vec<usize>,
    index: Box<dyn Index>,
}

pub(super) fn evaluate<'a>(
    evaluation: &mut Evaluation<'a, '_>,
    stratum: &Stratum,
    rules: &[(RuleRef, &'a Rule)],
) -> Result<(), EvalError> {
    let mut iteration = Iteration::new();
    let mut jobs = evaluation.jobs(rules, &stratum.predicates)?;
    let mut relations = relations(evaluation, stratum, rules, &jobs, &mut iteration)?;

    // What does not read the stratum runs once, before the first round.
    for job in jobs.iter_mut().filter(|job| !is_recursive(job)) {
        if let Some(relation) = relations.iter_mut().find(|relation| relation.pred == job.plan.head) {
            job.run_once(&mut evaluation.env, &mut relation.rows)?;
        }
    }
    for relation in &mut relations {
        relation.begin(evaluation)?;
    }
    let mut round = 0;
    while iteration.changed() {
        round += 1;
        let first = relations.first().and_then(|relation| relation.by);
        let limit = |stop| EvalError::Stopped { stop, rule: first };
        evaluation.env.budget.round(round).map_err(limit)?;
        evaluation.note_values().map_err(limit)?;
        for at in 0..jobs.len() {
            if let Some(job) = jobs.get_mut(at).filter(|job| is_recursive(job)) {
                run_round(evaluation, job, &mut relations)?;
            }
        }
        for relation in &mut relations {
            relation.end_round(evaluation, round)?;
        }
    }
    // It shares the relations, whose orders are to be given back one after the other.
    drop(iteration);
    let mut profiles = Vec::new();
    for relation in relations {
        profiles.push(relation.finish(evaluation, round.max(1))?);
    }
    evaluation.finished(jobs, profiles);
    Ok(())
}

fn is_recursive(job: &Job<'_>) -> bool {
    job.plan.reads.iter().any(|read| read.access == Access::Delta)
}

fn run_round<'b>(
    evaluation: &mut Evaluation<'_, 'b>,
    job: &mut Job<'_>,
    relations: &mut [Growing<'b>],
) -> Result<(), EvalError> {
    let Some(target) = relations.iter().position(|relation| relation.pred == job.plan.head) else {
        return Ok(());
    };
    let Some(width) = relations.get(target).map(|relation| relation.width) else { return Ok(()) };
    // Out of the way while the relations are borrowed.
    let placeholder = Rows::new(width, evaluation.env.budget);
    let Some(mut rows) =
        relations.get_mut(target).map(|relation| std::mem::replace(&mut relation.rows, placeholder))
    else {
        return Ok(());
    };
    let complete = job.complete.clone();
    let careful = job.careful.clone();
    let result = {
        let borrowed = borrow(&job.plan.reads, relations);
        let sources = sources(&job.plan.reads, &complete, &borrowed);
        let careful_reads = job.plan.careful.as_ref().map_or(&[][..], |plan| &plan.reads).to_vec();
        let careful_borrowed = borrow(&careful_reads, relations);
        let careful_sources = self::sources(&careful_reads, &careful, &careful_borrowed);
        run(job, &sources, &careful_sources, &mut evaluation.env, &mut rows)
    };
    if let Some(relation) = relations.get_mut(target) {
        relation.rows = rows;
    }
    result
}

/// The stratum's relations as each read wants them.
fn borrow<'r>(reads: &[Read], relations: &'r [Growing<'_>]) -> Vec<Option<Box<dyn Batches + 'r>>> {
    let of = |read: &Read| {
        let relation = relations.iter().find(|relation| relation.pred == read.pred)?;
        let order = relation.orders.iter().find(|order| order.columns == read.columns)?;
        Some(order.index.batches())
    };
    reads.iter().map(of).collect()
}

fn sources<'s>(
    reads: &[Read],
    complete: &'s [Option<std::sync::Arc<Sorted>>],
    borrowed: &'s [Option<Box<dyn Batches + 's>>],
) -> Vec<Vec<Batch<'s>>> {
    reads
        .iter()
        .zip(complete.iter().zip(borrowed))
        .map(|(read, sources)| match sources {
            (Some(sorted), _) => vec![Batch::Sorted(sorted)],
            (None, Some(batches)) => batches.of(read.access),
            (None, None) => Vec::new(),
        })
        .collect()
}

/// The stratum's relations with every order that a plan reads.
fn relations<'b>(
    evaluation: &Evaluation<'_, 'b>,
    stratum: &Stratum,
    rules: &[(RuleRef, &Rule)],
    jobs: &[Job<'_>],
    iteration: &mut Iteration,
) -> Result<Vec<Growing<'b>>, EvalError> {
    let schema = &evaluation.request.program.schema;
    let budget = evaluation.env.budget;
    let mut relations = Vec::new();
    for pred in &stratum.predicates {
        let own = rules.iter().find(|(_, rule)| rule.head == *pred);
        let declared = schema.predicates.get(pred.0 as usize);
        let width =
            own.map(|(_, rule)| rule.args.len()).or(declared.map(|predicate| predicate.arity())).unwrap_or(0);
        let by = own.or(rules.first()).map(|(by, _)| *by);
        let mut orders: Vec<Vec<usize>> = vec![(0..width).collect()];
        let careful = jobs.iter().filter_map(|job| job.plan.careful.as_ref()).flat_map(|plan| &plan.reads);
        for read in jobs.iter().flat_map(|job| &job.plan.reads).chain(careful) {
            if read.pred == *pred && !orders.contains(&read.columns) {
                orders.push(read.columns.clone());
            }
        }
        let name = declared.map_or("", |predicate| &predicate.name);
        let mut indexed = Vec::with_capacity(orders.len());
        for columns in orders {
            let index =
                relation::index(iteration, name, columns.len().max(1)).ok_or_else(|| EvalError::TooWide {
                    rule: by.unwrap_or(RuleRef::Goal(usize::MAX)),
                    columns: width,
                    limit: MAX_COLUMNS,
                })?;
            indexed.push(Order { columns, index });
        }
        relations.push(Growing {
            pred: *pred,
            width,
            by,
            orders: indexed,
            rows: Rows::new(width, budget),
            rounds: evaluation.request.rounds.then(Vec::new),
            held: Held::new(budget),
            stated: 0,
        });
    }
    Ok(relations)
}

impl<'b> Growing<'b> {
    /// Takes in the stated rows and those of the rules that read nothing of the stratum.
    fn begin(&mut self, evaluation: &Evaluation<'_, 'b>) -> Result<(), EvalError> {
        let (mut words, mut len) = self.rows.take_sorted().map_err(|halt| evaluation.error(halt, self.by))?;
        if let Some(stated) = evaluation.tables.table(self.pred) {
            self.stated = stated.len() as u64;
            words.extend_from_slice(stated.rows().words());
            len = len.max(stated.len());
            let by = self.by;
            let sorted = evaluation
                .sorted(self.width, words, len)
                .map_err(|stop| EvalError::Stopped { stop, rule: by })?;
            words = sorted.words().to_vec();
            len = sorted.len();
        }
        self.admit(words, len, evaluation, 0).map_err(|stop| EvalError::Stopped { stop, rule: self.by })
    }

    /// Makes stable what was recent, and recent what the round found new.
    fn end_round(&mut self, evaluation: &Evaluation<'_, 'b>, round: u64) -> Result<(), EvalError> {
        let budget = evaluation.env.budget;
        for order in &self.orders {
            order.index.settle(budget).map_err(|stop| EvalError::Stopped { stop, rule: self.by })?;
        }
        if self.rows.is_empty() {
            return Ok(());
        }
        let (words, len) = self.rows.take_sorted().map_err(|halt| evaluation.error(halt, self.by))?;
        self.admit(words, len, evaluation, round).map_err(|stop| EvalError::Stopped { stop, rule: self.by })
    }

    fn admit(
        &mut self,
        mut words: Vec<Word>,
        len: usize,
        evaluation: &Evaluation<'_, 'b>,
        round: u64,
    ) -> Result<(), Stop> {
        let budget = evaluation.env.budget;
        if self.width == 0 {
            // The empty row is stored as a word.
            words = vec![0; len];
        }
        let Some((primary, others)) = self.orders.split_first() else { return Ok(()) };
        let fresh = primary.index.admit(&words, budget)?;
        drop(words);
        for order in others {
            let width = order.columns.len();
            let mut picked = Vec::with_capacity(fresh.len() / self.width.max(1) * width);
            for row in fresh.chunks_exact(self.width.max(1)) {
                picked.extend(order.columns.iter().filter_map(|column| row.get(*column)));
            }
            let sorted = evaluation.sorted(width, picked, 0)?;
            order.index.admit(sorted.words(), budget)?;
        }
        if let Some(rounds) = &mut self.rounds {
            for row in fresh.chunks_exact(self.width.max(1)) {
                rounds.extend(row.iter().take(self.width).copied().chain([round as Word]));
            }
        }
        let rounds = self.rounds.as_ref().map_or(0, |rounds| rounds.capacity() * size_of::<Word>());
        let bytes: u64 = self.orders.iter().map(|order| order.index.bytes()).sum();
        self.held.set(bytes + rounds as u64)
    }

    fn finish(self, evaluation: &mut Evaluation<'_, 'b>, rounds: u64) -> Result<RelationProfile, EvalError> {
        let by = self.by;
        let stopped = |stop| EvalError::Stopped { stop, rule: by };
        let budget = evaluation.env.budget;
        let mut orders = self.orders.into_iter();
        let primary = orders.next().map(|order| order.index);
        // The other orders may be as large; give them back first.
        drop(orders);
        let words = match primary {
            Some(index) => index.finish(budget).map_err(stopped)?,
            None => Vec::new(),
        };
        let len = words.len();
        let words = if self.width == 0 { Vec::new() } else { words };
        let table = Table::from(Sorted::from_sorted(self.width, words, len));
        let profile = RelationProfile {
            pred: self.pred,
            rounds,
            produced: self.rows.produced(),
            rows: table.len() as u64,
            stated: self.stated,
        };
        if let Some(rounds) = self.rounds {
            let sorted = evaluation.sorted(self.width + 1, rounds, 0).map_err(stopped)?;
            evaluation.model.rounds.insert(self.pred, Table::from(sorted));
        }
        drop(self.held);
        evaluation.derived(self.pred, table).map_err(stopped)?;
        Ok(profile)
    }
}
