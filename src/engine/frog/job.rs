//! Plans at work: what they read is got ready once, and they are run once or once a round, on one
//! thread or several.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::whole::{Whole, wholes};
use super::{Evaluation, Pool, named};
use crate::base::{Budget, Stop};
use crate::engine::batch::{Batch, Places};
use crate::engine::groups::{Groups, Memo};
use crate::engine::kernel::{Compiled, Ended, Grouped, Kernel, Left, Making, Values, compile, is_compiled};
use crate::engine::machine::{self, Env, Halt, Memory};
use crate::engine::sink::{Sink, Target};
use crate::engine::{EvalError, RoundProfile, RuleRef};
use crate::model::program::AggregateOp;
use crate::model::{PredId, Rule};
use crate::plan::{Access, Fold, Group, Growth, Planner, Read, RulePlan, Step};
use crate::storage::{Sorted, Table, Word};

/// Work that is worth several threads.
const WORTH_THREADS: Duration = Duration::from_micros(150);
/// What a unit of the outermost loop is taken to cost before the first was run.
pub(super) const UNIT: Duration = Duration::from_nanos(100);

/// What a read of a complete relation finds.
#[derive(Clone, Debug)]
pub(super) enum Source {
    /// Rows in order, in pieces without a row in common.
    Sorted(Vec<Arc<Sorted>>),
    /// Rows in no order, all columns of the relation, to be read from end to end.
    Unsorted(Arc<Vec<Word>>, usize),
    /// Rows with all columns of the relation, to be read from end to end.
    Natural(Vec<Arc<Sorted>>),
    /// A relation kept as bits, looked up by its first column or read from end to end.
    Bits(Table),
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
    /// Aggregates to be made for all groups at once; by group, those made.
    pub whole: Vec<Whole>,
    groups: Vec<Option<Groups>>,
    /// What threads remember of bodies from run to run.
    remembered: Remembered,
    /// Whether it is left to the machine: a computation has failed.
    by_machine: bool,
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

/// Results of bodies, group by group, by each thread that has looked for some.
type Remembered = Mutex<Vec<Vec<Memo>>>;

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
                let job = Job {
                    by: *by,
                    rule,
                    sources: Vec::new(),
                    careful: Vec::new(),
                    memory: Memory::default(),
                    whole: Vec::new(),
                    groups: Vec::new(),
                    remembered: Mutex::default(),
                    by_machine: false,
                    time: Duration::ZERO,
                    runs: 0,
                    produced: 0,
                    produced_before: 0,
                    settled: false,
                    per_round: Vec::new(),
                    unit: UNIT,
                    plan,
                };
                jobs.push(self.ready(job, recursive)?);
            }
        }
        Ok(jobs)
    }

    /// Gets ready what a job reads of complete relations.
    pub(super) fn ready<'r>(&self, mut job: Job<'r>, recursive: &[PredId]) -> Result<Job<'r>, EvalError> {
        job.whole = self.wholes(&job.plan, recursive, job.by);
        job.sources = self.sources(&job.plan, recursive, job.by, &job.whole)?;
        if let Some(careful) = &job.plan.careful {
            job.careful = self.sources(careful, recursive, job.by, &[])?;
        }
        job.index();
        Ok(job)
    }

    /// The aggregates that are better made for all groups at once: those for which an order of columns
    /// would have to be made, of which a goal may have more use later on.
    fn wholes(&self, plan: &RulePlan, recursive: &[PredId], by: RuleRef) -> Vec<Whole> {
        if matches!(by, RuleRef::Goal(_)) || !is_compiled(plan) {
            return Vec::new();
        }
        let mut found = wholes(plan);
        found.retain(|whole| {
            let Some(read) = plan.reads.get(whole.read).filter(|read| !recursive.contains(&read.pred)) else {
                return false;
            };
            let in_place = read.columns.iter().enumerate().all(|(at, column)| at == *column);
            self.table(read.pred).is_some_and(|table| {
                // Only a row that comes once in the relation comes once when cut down to all columns.
                let once = whole.takes_repeated() || read.columns.len() == table.width();
                let kept = in_place && read.columns.len() == table.width();
                once && table.width() > 0 && !kept && !table.has_order(&read.columns)
            })
        });
        found
    }

    fn sources(
        &self,
        plan: &RulePlan,
        recursive: &[PredId],
        by: RuleRef,
        whole: &[Whole],
    ) -> Result<Vec<Source>, EvalError> {
        let budget = self.env.budget;
        // The outermost loop may read its rows as they came; the rows of others are looked up, or counted.
        let outermost = match plan.steps.first() {
            Some(Step::Scan(scan)) if scan.key.is_empty() => Some(scan.read),
            _ => None,
        };
        // Reads of which nothing is asked but whether a row begins with a key.
        let probe = |step: &Step| match step {
            Step::Probe { read, .. } => Some(*read),
            Step::Aggregate(fold) => counted(fold),
            _ => None,
        };
        let probed: Vec<usize> = plan.steps.iter().filter_map(probe).collect();
        let source = |(number, read): (usize, &Read)| -> Result<Source, Stop> {
            if recursive.contains(&read.pred) {
                return Ok(Source::Growing);
            }
            let Some(table) = self.table(read.pred) else {
                let nothing = Sorted::from_sorted(read.columns.len(), Vec::new(), 0);
                return Ok(Source::Sorted(vec![Arc::new(nothing)]));
            };
            if let Some(whole) = whole.iter().find(|whole| whole.read == number) {
                return self.as_kept(table, whole.takes_repeated());
            }
            let first = outermost == Some(number) && table.width() > 0;
            match table.unsorted() {
                Some(words) if first => return Ok(Source::Unsorted(words, table.width())),
                _ => {}
            }
            let in_place = read.columns.iter().enumerate().all(|(at, column)| at == *column);
            if table.only_bits() && in_place && (first || probed.contains(&number)) {
                return Ok(Source::Bits(table.clone()));
            }
            // A copy of some columns, only to go through them once, costs more than repeated rows.
            if first && plan.steps.len() == 1 && !in_place && !table.has_order(&read.columns) {
                return self.as_kept(table, true);
            }
            table.pieces(&read.columns, &mut || budget.check()).map(Source::Sorted)
        };
        plan.reads
            .iter()
            .enumerate()
            .map(source)
            .collect::<Result<_, _>>()
            .map_err(|stop| EvalError::Stopped { stop, rule: Some(by) })
    }

    /// A relation to be read from end to end as it is kept, perhaps with repeated rows if that does
    /// not matter.
    fn as_kept(&self, table: &Table, repeated: bool) -> Result<Source, Stop> {
        if table.only_bits() {
            return Ok(Source::Bits(table.clone()));
        }
        match table.unsorted().filter(|_| repeated) {
            Some(words) => Ok(Source::Unsorted(words, table.width())),
            None => {
                let columns: Vec<usize> = (0..table.width()).collect();
                table.pieces(&columns, &mut || self.env.budget.check()).map(Source::Natural)
            }
        }
    }

    /// Gets ready a job that the machine has to run, on which a kernel has given up.
    pub(super) fn leave_to_machine(&self, job: &mut Job<'_>, recursive: &[PredId]) -> Result<(), EvalError> {
        job.sources = self.sources(&job.plan, recursive, job.by, &[])?;
        Ok(())
    }
}

/// The read of which an aggregate asks how many rows begin with a key, if it asks nothing else.
fn counted(fold: &Fold) -> Option<usize> {
    match (fold.op, &fold.arg, fold.group.alternatives.as_slice()) {
        (AggregateOp::Count, None, [steps]) => match steps.as_slice() {
            [Step::Scan(scan)] if scan.key.len() == 1 => Some(scan.read),
            _ => None,
        },
        _ => None,
    }
}

/// The batches of reads of complete relations; none of others.
pub(super) fn complete<'s>(reads: &'s [Read], sources: &'s [Source]) -> Batches<'s> {
    let batch = |(read, source): (&'s Read, &'s Source)| match source {
        Source::Sorted(pieces) => pieces.iter().map(|piece| Batch::Sorted(piece)).collect(),
        Source::Unsorted(words, stride) => {
            vec![Batch::Unsorted { words, stride: *stride, columns: &read.columns }]
        }
        Source::Natural(pieces) => pieces
            .iter()
            .map(|piece| Batch::Unsorted {
                words: piece.words(),
                stride: piece.width(),
                columns: &read.columns,
            })
            .collect(),
        Source::Bits(table) => match table.bits() {
            Some(pairs) if pairs.layout().width > 2 => {
                let own: Vec<usize> = (0..pairs.layout().width).collect();
                vec![Batch::Bits { pairs, places: Places::new(&read.columns, &own) }]
            }
            Some(pairs) => vec![Batch::Pairs { pairs, columns: &read.columns, swapped: false }],
            None => Vec::new(),
        },
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

    /// The job with another plan, not ready yet.
    pub fn replaced(&self, plan: RulePlan) -> Job<'r> {
        Job {
            by: self.by,
            rule: self.rule,
            plan,
            sources: Vec::new(),
            careful: Vec::new(),
            memory: Memory::default(),
            whole: Vec::new(),
            groups: Vec::new(),
            remembered: Mutex::default(),
            by_machine: self.by_machine,
            time: Duration::ZERO,
            runs: 0,
            produced: self.produced,
            produced_before: self.produced,
            settled: false,
            per_round: Vec::new(),
            unit: self.unit,
        }
    }

    /// Bytes that the budget knows of.
    pub fn bytes(&mut self) -> u64 {
        let remembered = self.remembered.get_mut().unwrap_or_else(PoisonError::into_inner);
        let memos: u64 = remembered.iter().flatten().map(|memo| memo.noted).sum();
        let groups: u64 = self.groups.iter().flatten().map(Groups::bytes).sum();
        self.memory.bytes + memos + groups
    }

    /// Makes indexes for what is looked up often, and keeps what the innermost loop of a recursion
    /// reads as bits besides, where that may help.
    pub fn index(&self) {
        let mut turns = 1.0;
        for step in &self.plan.steps {
            let often = |read: usize, key: usize| match self.sources.get(read) {
                Some(Source::Sorted(pieces)) => {
                    let worth = |piece: &Arc<Sorted>| self.is_recursive() || 4.0 * turns > piece.len() as f64;
                    for piece in pieces.iter().filter(|piece| worth(piece)) {
                        match key {
                            0 => {}
                            1 => piece.index(),
                            _ => piece.index_twos(),
                        }
                    }
                }
                _ => {}
            };
            match step {
                Step::Scan(scan) => often(scan.read, scan.key.len()),
                Step::Probe { read, key, .. } => often(*read, key.len()),
                Step::Intersect(meet) => {
                    meet.parts.iter().for_each(|part| often(part.read, part.key.len()));
                }
                Step::Not(group) => looked_up(group).for_each(|(read, key)| often(read, key)),
                Step::Aggregate(fold) => looked_up(&fold.group).for_each(|(read, key)| often(read, key)),
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
    ///
    /// Nothing comes back where a kernel has given up: then [`Evaluation::leave_to_machine`] makes
    /// the job ready to be run again.
    pub fn run(
        &mut self,
        inputs: &Inputs<'_, '_>,
        env: &mut Env<'_>,
        target: Target<'_>,
        pool: &Pool,
    ) -> Result<Option<(Vec<Word>, usize)>, EvalError> {
        let started = Instant::now();
        let outcome = self.run_kernel(inputs, env, target, pool);
        let outcome = match outcome {
            Ok(Some(part)) => Ok(part),
            Ok(None) if !self.whole.is_empty() => {
                env.budget.release(self.groups.iter().flatten().map(Groups::bytes).sum());
                (self.whole, self.groups) = (Vec::new(), Vec::new());
                self.time += started.elapsed();
                return Ok(None);
            }
            Ok(None) => {
                run_machine(&self.plan, inputs.sources, inputs.careful, &mut self.memory, env, target)
            }
            Err(halt) => Err(halt),
        };
        self.time += started.elapsed();
        self.runs += 1;
        let Job { plan, memory, produced, .. } = self;
        match outcome {
            Ok(part) => {
                memory.visited.resize(plan.reads.len(), 0);
                memory.visited.iter_mut().zip(part.visited).for_each(|(sum, more)| *sum += more);
                memory.entered.resize(plan.steps.len(), 0);
                memory.entered.iter_mut().zip(part.entered).for_each(|(sum, more)| *sum += more);
                *produced += part.produced;
                Ok(Some((part.words, part.len)))
            }
            Err(Halt::Stop(stop)) => Err(EvalError::Stopped { stop, rule: Some(self.by) }),
            Err(Halt::Fail { error, span, binding }) => {
                let binding = named(Some(self.rule), &binding, env.interner);
                Err(EvalError::Runtime { error, rule: self.by, span, binding })
            }
        }
    }

    /// Runs it compiled; nothing comes back where the machine has to run it.
    fn run_kernel(
        &mut self,
        inputs: &Inputs<'_, '_>,
        env: &mut Env<'_>,
        target: Target<'_>,
        pool: &Pool,
    ) -> Result<Option<Part>, Halt> {
        if self.by_machine {
            return Ok(None);
        }
        let Job { plan, unit, whole, groups, remembered, by_machine, .. } = self;
        for (_, value) in &plan.constants {
            env.interner.intern(value);
        }
        let mut ran = || -> Result<Option<Part>, Box<Ended>> {
            if groups.is_empty() && !whole.is_empty() {
                groups.resize_with(plan.memos, || None);
                for whole in whole.iter() {
                    let made = whole.make(inputs.sources, env, pool)?;
                    if let Some(slot) = groups.get_mut(whole.memo) {
                        *slot = Some(made);
                    }
                }
            }
            let pairs = matches!(target, Target::Pairs { .. });
            match compile(plan, inputs.sources, inputs.grouped, groups, pairs, env.interner) {
                Some(compiled) => Threads { pool, unit, remembered }.run(&compiled, env, target).map(Some),
                None => Ok(None),
            }
        };
        match ran() {
            Ok(Some(part)) => {
                if part.early {
                    run_careful(plan, inputs.careful, env)?;
                }
                Ok(Some(part))
            }
            Ok(None) => {
                *by_machine = true;
                Ok(None)
            }
            Err(ended) => match *ended {
                Ended::Stop(stop) => Err(Halt::Stop(stop)),
                Ended::Failure => {
                    *by_machine = true;
                    Ok(None)
                }
            },
        }
    }
}

/// The reads of a body, each with the length of the key by which it is looked up.
fn looked_up(group: &Group) -> impl Iterator<Item = (usize, usize)> {
    group.alternatives.iter().flatten().filter_map(|step| match step {
        Step::Scan(scan) => Some((scan.read, scan.key.len())),
        Step::Probe { read, key, .. } => Some((*read, key.len())),
        _ => None,
    })
}

/// What a run, or one thread of it, did.
#[derive(Default)]
pub(super) struct Part {
    /// Rows looked at by each read; empty where they were counted otherwise.
    visited: Vec<u64>,
    /// How often each step was tried; likewise.
    entered: Vec<u64>,
    produced: u64,
    /// Rows of a list.
    words: Vec<Word>,
    len: usize,
    /// Whether a computation failed that was made early.
    early: bool,
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
    if early {
        run_careful(plan, careful, env)?;
    }
    let produced = sink.produced();
    let (words, len) = sink.finish()?;
    Ok(Part { produced, words, len, ..Part::default() })
}

/// Runs the careful plan for its failures.
fn run_careful(plan: &RulePlan, careful: &Batches<'_>, env: &mut Env<'_>) -> Result<(), Halt> {
    let Some(plan) = &plan.careful else { return Ok(()) };
    let mut unused = Sink::new(Target::List { width: plan.output.len() }, env.budget);
    machine::execute(plan, careful, &mut Memory::default(), env, &mut unused).map(|_| ())
}

/// Runs compiled plans, on several threads where that is worth while.
pub(super) struct Threads<'t> {
    pub pool: &'t Pool,
    /// Time spent for a unit of the outermost loop when last run.
    pub unit: &'t mut Duration,
    pub remembered: &'t Remembered,
}

impl Threads<'_> {
    pub fn run(
        self,
        compiled: &Compiled<'_>,
        env: &mut Env<'_>,
        target: Target<'_>,
    ) -> Result<Part, Box<Ended>> {
        let started = Instant::now();
        let budget = env.budget;
        let values = if compiled.makes_values() {
            let (interner, patterns) = (&mut *env.interner, &mut *env.patterns);
            Values::Growing(RwLock::new(Making { interner, patterns }))
        } else {
            Values::Known(env.interner)
        };
        let run = Run { compiled, values: &values, budget, target, remembered: self.remembered };
        let units = compiled.units().unwrap_or(0);
        let worth = *self.unit * u32::try_from(units).unwrap_or(u32::MAX) > WORTH_THREADS;
        let total = if units > 0 && self.pool.shares(worth) {
            let mut total = Part::default();
            for part in run.parallel(self.pool, units)? {
                total.add(part);
            }
            total
        } else {
            run.on_one_thread(|kernel| kernel.run())?
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
        self.early |= part.early;
        self.len += part.len;
        if self.words.is_empty() {
            self.words = part.words;
        } else {
            self.words.extend(part.words);
        }
    }
}

/// One run of a compiled plan.
struct Run<'r, 'e> {
    compiled: &'r Compiled<'r>,
    values: &'r Values<'e>,
    budget: &'r Budget,
    target: Target<'r>,
    remembered: &'r Remembered,
}

impl Run<'_, '_> {
    /// Does `work` with a kernel and a sink of one thread's own. What it has found stays found, also
    /// if a computation fails.
    fn on_one_thread(
        &self,
        work: impl FnOnce(&mut Kernel<'_, '_, '_, '_>) -> Result<(), Box<Ended>>,
    ) -> Result<Part, Box<Ended>> {
        let mut sink = Sink::new(self.target, self.budget);
        let memos = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut kernel = Kernel::new(self.compiled, self.values, &mut sink, memos.unwrap_or_default());
        let ended = work(&mut kernel);
        let Left { visited, entered, memos, early } = kernel.finish();
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).push(memos);
        let produced = sink.produced();
        let (words, len) = sink.finish()?;
        ended.map(|()| Part { visited, entered, produced, words, len, early })
    }

    /// Runs it on all threads: each takes the next few units until none is left.
    fn parallel(&self, pool: &Pool, units: usize) -> Result<Vec<Part>, Box<Ended>> {
        let next = AtomicUsize::new(0);
        let enough = AtomicBool::new(false);
        let few = (units / (32 * pool.jobs())).clamp(1, 1 << 16);
        let take = |kernel: &mut Kernel<'_, '_, '_, '_>| -> Result<(), Box<Ended>> {
            loop {
                let from = next.fetch_add(few, Ordering::Relaxed);
                if from >= units || enough.load(Ordering::Relaxed) {
                    return Ok(());
                }
                match kernel.run_part(from, units.min(from + few)) {
                    Ok(false) => {}
                    ended => {
                        enough.store(true, Ordering::Relaxed);
                        ended?;
                    }
                }
            }
        };
        let work = |_| self.on_one_thread(take);
        pool.install(|| (0..pool.jobs()).into_par_iter().map(work).collect())
    }
}
