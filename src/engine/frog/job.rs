//! Plans at work: what they read is got ready once, and they are run once or once a round, on one
//! thread or several.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::{Evaluation, Pool, named};
use crate::base::{Budget, Stop};
use crate::engine::batch::Batch;
use crate::engine::kernel::{Compiled, Grouped, Kernel, compile};
use crate::engine::machine::{self, Env, Halt, Memory};
use crate::engine::sink::{Sink, Target};
use crate::engine::{EvalError, RoundProfile, RuleRef};
use crate::model::{PredId, Rule};
use crate::plan::{Access, Growth, Planner, Read, RulePlan, Step};
use crate::storage::{Interner, Sorted, Word};

/// Work that is worth several threads.
const WORTH_THREADS: Duration = Duration::from_micros(150);
/// What a unit of the outermost loop is taken to cost before the first was run.
const UNIT: Duration = Duration::from_nanos(100);

/// What a read of a complete relation finds.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Rows in order, in pieces without a row in common.
    Sorted(Vec<Arc<Sorted>>),
    /// Rows in no order, all columns of the relation, to be read from end to end.
    Unsorted(Arc<Vec<Word>>, usize),
    /// A relation of the stratum.
    Growing,
}

/// A plan with the complete relations it reads.
pub(super) struct Job<'r> {
    pub by: RuleRef,
    pub rule: &'r Rule,
    pub plan: RulePlan,
    /// By read.
    pub sources: Vec<Source>,
    /// The same for the careful plan.
    pub careful: Vec<Source>,
    pub memory: Memory,
    pub time: Duration,
    pub runs: u64,
    pub produced: u64,
    /// Rows produced by plans before this one.
    pub produced_before: u64,
    /// Whether the plan stays, whatever it finds.
    pub settled: bool,
    /// What it did round by round, if wanted.
    pub per_round: Vec<RoundProfile>,
    /// Time spent for a unit of the outermost loop when last run.
    unit: Duration,
}

/// The batches of every read.
pub(super) type Batches<'s> = Vec<Vec<Batch<'s>>>;

/// What a run reads.
pub(super) struct Inputs<'i, 's> {
    /// By read.
    pub sources: &'i Batches<'s>,
    /// By read of the careful plan.
    pub careful: &'i Batches<'s>,
    /// What the outermost loop goes through, if that has been put together.
    pub grouped: Option<&'i Grouped>,
}

impl<'a> Evaluation<'a, '_> {
    /// Plans the rules and gets ready what the plans read of complete relations.
    pub(super) fn jobs(
        &mut self,
        rules: &[(RuleRef, &'a Rule)],
        recursive: &[PredId],
    ) -> Result<Vec<Job<'a>>, EvalError> {
        let mut jobs = Vec::new();
        let sizes = self.sizes(recursive);
        let bodies: Vec<&Rule> = rules.iter().map(|(_, rule)| *rule).collect();
        let statistics = Growth::new(&bodies, recursive, &sizes);
        let planner = Planner { schema: &self.request.program.schema, statistics: &statistics, recursive };
        for (by, rule) in rules {
            for plan in planner.plans(rule) {
                self.env.budget.check().map_err(|stop| EvalError::Stopped { stop, rule: Some(*by) })?;
                let sources = self.sources(&plan, recursive, *by)?;
                let careful = match &plan.careful {
                    Some(careful) => self.sources(careful, recursive, *by)?,
                    None => Vec::new(),
                };
                let job = Job {
                    by: *by,
                    rule,
                    plan,
                    sources,
                    careful,
                    memory: Memory::default(),
                    time: Duration::ZERO,
                    runs: 0,
                    produced: 0,
                    produced_before: 0,
                    settled: false,
                    per_round: Vec::new(),
                    unit: UNIT,
                };
                job.index();
                jobs.push(job);
            }
        }
        Ok(jobs)
    }

    pub(super) fn sources(
        &self,
        plan: &RulePlan,
        recursive: &[PredId],
        by: RuleRef,
    ) -> Result<Vec<Source>, EvalError> {
        let budget = self.env.budget;
        // The outermost loop may read its rows as they came; the rows of others are looked up, or counted.
        let outermost = match plan.steps.first() {
            Some(Step::Scan(scan)) if scan.key.is_empty() => Some(scan.read),
            _ => None,
        };
        let source = |(number, read): (usize, &Read)| -> Result<Source, Stop> {
            if recursive.contains(&read.pred) {
                return Ok(Source::Growing);
            }
            let Some(table) = self.table(read.pred) else {
                let nothing = Sorted::from_sorted(read.columns.len(), Vec::new(), 0);
                return Ok(Source::Sorted(vec![Arc::new(nothing)]));
            };
            match table.unsorted() {
                Some(words) if outermost == Some(number) && table.width() > 0 => {
                    Ok(Source::Unsorted(words, table.width()))
                }
                _ => table.pieces(&read.columns, &mut || budget.check()).map(Source::Sorted),
            }
        };
        plan.reads
            .iter()
            .enumerate()
            .map(source)
            .collect::<Result<_, _>>()
            .map_err(|stop| EvalError::Stopped { stop, rule: Some(by) })
    }
}

/// The batches of reads of complete relations; none of others.
pub(super) fn complete<'s>(reads: &'s [Read], sources: &'s [Source]) -> Batches<'s> {
    let batch = |(read, source): (&'s Read, &'s Source)| match source {
        Source::Sorted(pieces) => pieces.iter().map(|piece| Batch::Sorted(piece)).collect(),
        Source::Unsorted(words, stride) => {
            vec![Batch::Unsorted { words, stride: *stride, columns: &read.columns }]
        }
        Source::Growing => Vec::new(),
    };
    reads.iter().zip(sources).map(batch).collect()
}

/// How many columns the keys have with which a plan looks up each of its reads.
pub(super) fn key_lengths(plan: &RulePlan) -> Vec<Vec<usize>> {
    let mut lengths = vec![Vec::new(); plan.reads.len()];
    let mut note = |read: usize, length| {
        if let Some(lengths) = lengths.get_mut(read) {
            lengths.push(length);
        }
    };
    for step in &plan.steps {
        match step {
            Step::Scan(scan) => note(scan.read, scan.key.len()),
            Step::Probe { read, key, .. } => note(*read, key.len()),
            Step::Intersect(meet) => {
                for part in &meet.parts {
                    // Gone through, or asked for each value.
                    note(part.read, part.key.len());
                    note(part.read, part.key.len() + 1);
                }
            }
            _ => {}
        }
    }
    lengths
}

impl<'r> Job<'r> {
    /// Whether it reads rows of the last round.
    pub fn is_recursive(&self) -> bool {
        self.plan.reads.iter().any(|read| read.access == Access::Delta)
    }

    /// Puts another plan in the place of this one, which comes back with what it did.
    pub fn replace(&mut self, plan: RulePlan, sources: Vec<Source>, careful: Vec<Source>) -> Job<'r> {
        let next = Job {
            by: self.by,
            rule: self.rule,
            plan,
            sources,
            careful,
            memory: Memory::default(),
            time: Duration::ZERO,
            runs: 0,
            produced: self.produced,
            produced_before: self.produced,
            settled: false,
            per_round: Vec::new(),
            unit: self.unit,
        };
        next.index();
        std::mem::replace(self, next)
    }

    /// Makes indexes for what is looked up often, and keeps what the innermost loop of a recursion
    /// reads as bits besides, where that may help.
    pub fn index(&self) {
        let mut turns = 1.0;
        for step in &self.plan.steps {
            let often = |read: usize| match self.sources.get(read) {
                Some(Source::Sorted(pieces)) => {
                    let worth = |piece: &Arc<Sorted>| self.is_recursive() || 4.0 * turns > piece.len() as f64;
                    pieces.iter().filter(|piece| worth(piece)).for_each(|piece| piece.index());
                }
                _ => {}
            };
            match step {
                Step::Scan(scan) if !scan.key.is_empty() => often(scan.read),
                Step::Probe { read, key, .. } if !key.is_empty() => often(*read),
                Step::Intersect(meet) => {
                    meet.parts.iter().filter(|part| !part.key.is_empty()).for_each(|part| often(part.read));
                }
                _ => {}
            }
            turns *= match step {
                Step::Scan(scan) => scan.estimate,
                Step::Intersect(meet) => meet.estimate,
                _ => 1.0,
            };
        }
        if self.is_recursive() {
            self.compress();
        }
    }

    fn compress(&self) {
        if let Some(Step::Scan(scan)) = self.plan.steps.last()
            && let Some(Source::Sorted(pieces)) = self.sources.get(scan.read)
            && scan.key.len() == 1
        {
            pieces.iter().for_each(|piece| piece.compress());
        }
    }

    /// Runs it. Where an early computation failed, the careful plan says whether that counts. Of a
    /// list, its rows come back: their words, and how many there are, repeated ones included.
    pub fn run(
        &mut self,
        inputs: &Inputs<'_, '_>,
        env: &mut Env<'_>,
        target: Target<'_>,
        pool: &Pool,
    ) -> Result<(Vec<Word>, usize), EvalError> {
        let started = Instant::now();
        let pairs = matches!(target, Target::Pairs { .. });
        let Job { plan, memory, produced, unit, .. } = self;
        let outcome = match compile(plan, inputs.sources, inputs.grouped, pairs, env.interner) {
            Some(compiled) => {
                let threads = Threads { pool, unit };
                threads.run(&compiled, env.interner, env.budget, target).map_err(Halt::Stop)
            }
            None => run_machine(plan, inputs.sources, inputs.careful, memory, env, target),
        };
        self.time += started.elapsed();
        self.runs += 1;
        match outcome {
            Ok(part) => {
                memory.visited.resize(plan.reads.len(), 0);
                memory.visited.iter_mut().zip(part.visited).for_each(|(sum, more)| *sum += more);
                memory.entered.resize(plan.steps.len(), 0);
                memory.entered.iter_mut().zip(part.entered).for_each(|(sum, more)| *sum += more);
                *produced += part.produced;
                Ok((part.words, part.len))
            }
            Err(Halt::Stop(stop)) => Err(EvalError::Stopped { stop, rule: Some(self.by) }),
            Err(Halt::Fail { error, span, binding }) => {
                let binding = named(Some(self.rule), &binding, env.interner);
                Err(EvalError::Runtime { error, rule: self.by, span, binding })
            }
        }
    }
}

/// What a run, or one thread of it, did.
#[derive(Default)]
struct Part {
    /// Rows looked at by each read; empty where they were counted otherwise.
    visited: Vec<u64>,
    /// How often each step was tried; likewise.
    entered: Vec<u64>,
    produced: u64,
    /// Rows of a list.
    words: Vec<Word>,
    len: usize,
}

fn run_machine(
    plan: &RulePlan,
    sources: &Batches<'_>,
    careful: &Batches<'_>,
    memory: &mut Memory,
    env: &mut Env<'_>,
    target: Target<'_>,
) -> Result<Part, Halt> {
    let budget = env.budget;
    let mut sink = Sink::new(target, budget);
    let early = machine::execute(plan, sources, memory, env, &mut sink)?;
    if let (true, Some(plan)) = (early, &plan.careful) {
        let mut unused = Sink::new(Target::List { width: plan.output.len() }, budget);
        machine::execute(plan, careful, &mut Memory::default(), env, &mut unused)?;
    }
    let produced = sink.produced();
    let (words, len) = sink.finish()?;
    Ok(Part { visited: Vec::new(), entered: Vec::new(), produced, words, len })
}

struct Threads<'t> {
    pool: &'t Pool,
    /// Time spent for a unit of the outermost loop when last run.
    unit: &'t mut Duration,
}

impl Threads<'_> {
    fn run(
        self,
        compiled: &Compiled<'_>,
        interner: &Interner,
        budget: &Budget,
        target: Target<'_>,
    ) -> Result<Part, Stop> {
        let started = Instant::now();
        let units = compiled.units().unwrap_or(0);
        let worth = *self.unit * u32::try_from(units).unwrap_or(u32::MAX) > WORTH_THREADS;
        let total = if units > 0 && self.pool.shares(worth) {
            let mut total = Part::default();
            for part in parallel(compiled, interner, budget, target, self.pool, units)? {
                total.add(part);
            }
            total
        } else {
            let mut sink = Sink::new(target, budget);
            let mut kernel = Kernel::new(compiled, interner, &mut sink);
            kernel.run()?;
            finished(kernel.into_counts(), sink)?
        };
        if let Some(units) = u32::try_from(units).ok().filter(|units| *units > 0) {
            *self.unit = started.elapsed() / units;
        }
        Ok(total)
    }
}

impl Part {
    fn add(&mut self, part: Part) {
        self.visited.resize(part.visited.len(), 0);
        self.visited.iter_mut().zip(part.visited).for_each(|(sum, more)| *sum += more);
        self.entered.resize(part.entered.len(), 0);
        self.entered.iter_mut().zip(part.entered).for_each(|(sum, more)| *sum += more);
        self.produced += part.produced;
        self.len += part.len;
        if self.words.is_empty() {
            self.words = part.words;
        } else {
            self.words.extend(part.words);
        }
    }
}

fn finished((visited, entered): (Vec<u64>, Vec<u64>), sink: Sink<'_>) -> Result<Part, Stop> {
    let produced = sink.produced();
    let (words, len) = sink.finish()?;
    Ok(Part { visited, entered, produced, words, len })
}

/// Runs a plan on all threads: each takes the next few units until none is left.
fn parallel(
    compiled: &Compiled<'_>,
    interner: &Interner,
    budget: &Budget,
    target: Target<'_>,
    pool: &Pool,
    units: usize,
) -> Result<Vec<Part>, Stop> {
    let next = AtomicUsize::new(0);
    let enough = AtomicBool::new(false);
    let few = (units / (32 * pool.jobs())).clamp(1, 1 << 16);
    let work = |_| {
        let mut sink = Sink::new(target, budget);
        let mut kernel = Kernel::new(compiled, interner, &mut sink);
        loop {
            let from = next.fetch_add(few, Ordering::Relaxed);
            if from >= units || enough.load(Ordering::Relaxed) {
                break;
            }
            match kernel.run_part(from, units.min(from + few)) {
                Ok(false) => {}
                ended => {
                    enough.store(true, Ordering::Relaxed);
                    ended?;
                }
            }
        }
        finished(kernel.into_counts(), sink)
    };
    pool.install(|| (0..pool.jobs()).into_par_iter().map(work).collect())
}
