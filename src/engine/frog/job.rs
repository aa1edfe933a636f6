//! Plans at work: what they read is got ready once, and they are run once or once a round, on one
//! thread or several.

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use rayon::prelude::*;

use super::sources::Source;
use super::whole::Whole;
use super::{Evaluation, Pool, named};
use crate::base::Budget;
use crate::engine::batch::Batch;
use crate::engine::groups::{Groups, Memo};
use crate::engine::kernel::{Compiled, Ended, Grouped, Kernel, Left, Making, Values, compile};
use crate::engine::machine::{self, Env, Halt, Memory};
use crate::engine::sink::{Sink, Target};
use crate::engine::{EvalError, RoundProfile, RuleRef};
use crate::model::{PredId, Rule};
use crate::plan::{Access, Group, Growth, Operation, Planner, Reg, RulePlan, Step};
use crate::storage::{Interner, Word};

/// Work that is worth several threads.
const WORTH_THREADS: Duration = Duration::from_micros(150);
/// What a unit of the outermost loop is taken to cost before the first was run.
pub(super) const UNIT: Duration = Duration::from_nanos(100);

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
    /// Whether it is left to one thread: it makes values.
    alone: bool,
    pub time: Duration,
    pub runs: u64,
    pub produced: u64,
    /// Rows produced by plans before this one.
    pub produced_before: u64,
    /// Rows produced when another plan was last looked for in vain: until there are several times as
    /// many, it stays.
    pub settled: u64,
    /// Whether putting together what a round has brought was not worth it.
    pub ungrouped: bool,
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

impl Evaluation<'_, '_> {
    /// Plans the rules and gets ready what the plans read of complete relations.
    pub(super) fn jobs<'r>(
        &mut self,
        rules: &[(RuleRef, &'r Rule)],
        recursive: &[PredId],
    ) -> Result<Vec<Job<'r>>, EvalError> {
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
                    alone: false,
                    time: Duration::ZERO,
                    runs: 0,
                    produced: 0,
                    produced_before: 0,
                    settled: 0,
                    ungrouped: false,
                    per_round: Vec::new(),
                    unit: UNIT,
                    plan,
                };
                jobs.push(self.ready(job, recursive)?);
            }
        }
        Ok(jobs)
    }
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

    /// Whether no row comes out twice: each loop goes through distinct rows and all that it finds is
    /// in the head.
    pub fn is_distinct(&self) -> bool {
        let Job { plan, sources, .. } = self;
        let kept = |reg: &Reg| plan.output.contains(reg);
        plan.steps.iter().take(plan.witness_from).all(|step| match step {
            Step::Scan(scan) => {
                let columns = plan.reads.get(scan.read).map_or(0, |read| read.columns.len());
                let mut found = vec![false; columns];
                found.iter_mut().take(scan.key.len()).for_each(|found| *found = true);
                for operation in &scan.operations {
                    if let Operation::Bind(place, reg) | Operation::Same(place, reg) = operation
                        && let (Some(found), true) =
                            (found.get_mut(*place), kept(reg) || matches!(operation, Operation::Same(..)))
                    {
                        *found = true;
                    }
                }
                found.iter().all(|found| *found) && matches!(sources.get(scan.read), Some(Source::Sorted(_)))
            }
            Step::Intersect(meet) => kept(&meet.target),
            Step::Enumerate { target, .. } => kept(target),
            Step::Aggregate(_) => false,
            _ => true,
        })
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
            alone: self.alone,
            time: Duration::ZERO,
            runs: 0,
            produced: self.produced,
            produced_before: self.produced,
            settled: 0,
            ungrouped: false,
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
            let often = |read: usize, key: usize| {
                let Some(Source::Sorted(pieces)) = self.sources.get(read) else { return };
                let worth = |rows: usize| self.is_recursive() || 4.0 * turns > rows as f64;
                for piece in pieces.iter().filter(|piece| worth(piece.len())) {
                    match key {
                        0 => {}
                        1 => piece.index(),
                        _ => piece.index_twos(),
                    }
                }
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
        let Job { plan, unit, whole, groups, remembered, by_machine, alone, memory, .. } = self;
        for (_, value) in &plan.constants {
            env.interner.intern(value);
        }
        let mut ran = || -> Result<Option<Part>, Box<Ended>> {
            if groups.is_empty() && !whole.is_empty() {
                groups.resize_with(plan.memos, || None);
                memory.visited.resize(plan.reads.len(), 0);
                for whole in whole.iter() {
                    let made = whole.make(inputs.sources, env, pool, &mut memory.visited)?;
                    if let Some(slot) = groups.get_mut(whole.memo) {
                        *slot = Some(made);
                    }
                }
            }
            let pairs = matches!(target, Target::Pairs { .. });
            match compile(plan, inputs.sources, inputs.grouped, groups, pairs, env.interner) {
                Some(mut compiled) => {
                    compiled.once_alike();
                    Threads { pool, unit, alone, remembered }.run(&compiled, env, target).map(Some)
                }
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
                Ended::Failure | Ended::Making => {
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
    pub visited: Vec<u64>,
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
    let mut unused = Sink::new(Target::List { width: plan.output.len(), distinct: false }, env.budget);
    machine::execute(plan, careful, &mut Memory::default(), env, &mut unused).map(|_| ())
}

/// Runs compiled plans, on several threads where that is worth while.
pub(super) struct Threads<'t> {
    pub pool: &'t Pool,
    /// Time spent for a unit of the outermost loop when last run.
    pub unit: &'t mut Duration,
    /// Whether one thread has to do it all.
    pub alone: &'t mut bool,
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
        let (budget, remembered) = (env.budget, self.remembered);
        let units = compiled.units().unwrap_or(0);
        let worth = *self.unit * u32::try_from(units).unwrap_or(u32::MAX) > WORTH_THREADS;
        let mut total = None;
        if units > 0 && !*self.alone && self.pool.shares(worth) {
            let run = Run { compiled, budget, target, remembered };
            match run.parallel(env.interner, self.pool, units) {
                Ok(parts) => {
                    let mut sum = Part::default();
                    parts.into_iter().for_each(|part| sum.add(part));
                    total = Some(sum);
                }
                Err(ended) if matches!(*ended, Ended::Making) => {
                    *self.alone = true;
                    if let Target::Groups { gathered, .. } = target {
                        gathered.lock().unwrap_or_else(PoisonError::into_inner).clear();
                    }
                }
                Err(ended) => return Err(ended),
            }
        }
        let total = match total {
            Some(total) => total,
            None => {
                let values = if compiled.makes_values() {
                    let (interner, patterns) = (&mut *env.interner, &mut *env.patterns);
                    Values::Growing(RefCell::new(Making { interner, patterns }))
                } else {
                    Values::Known(env.interner)
                };
                let run = Run { compiled, budget, target, remembered };
                run.on_one_thread(&values, |kernel| kernel.run())?
            }
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
struct Run<'r> {
    compiled: &'r Compiled<'r>,
    budget: &'r Budget,
    target: Target<'r>,
    remembered: &'r Remembered,
}

impl Run<'_> {
    /// Does `work` with a kernel and a sink of one thread's own. What it has found stays found, also
    /// if a computation fails.
    fn on_one_thread(
        &self,
        values: &Values<'_>,
        work: impl FnOnce(&mut Kernel<'_, '_, '_, '_>) -> Result<(), Box<Ended>>,
    ) -> Result<Part, Box<Ended>> {
        let mut sink = Sink::new(self.target, self.budget);
        let memos = self.remembered.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut kernel = Kernel::new(self.compiled, values, &mut sink, memos.unwrap_or_default());
        let ended = work(&mut kernel);
        let Left { visited, entered, memos, early } = kernel.finish();
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner).push(memos);
        let produced = sink.produced();
        let (words, len) = sink.finish()?;
        ended.map(|()| Part { visited, entered, produced, words, len, early })
    }

    /// Runs it on all threads: each takes the next few units until none is left.
    fn parallel(&self, interner: &Interner, pool: &Pool, units: usize) -> Result<Vec<Part>, Box<Ended>> {
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
        let work = |_| self.on_one_thread(&Values::Known(interner), take);
        pool.install(|| (0..pool.jobs()).into_par_iter().map(work).collect())
    }
}
