//! The machine that runs plans: loops nested as the plan says, over registers, without a copy of
//! any intermediate result.

use rustc_hash::FxHashMap;

use super::aggregate::Folding;
use super::batch::{Batch, Cursor};
use super::compute::{Core, Failure, Items};
use super::intersect::{self, Part};
use super::rows::Held;
use super::sink::Sink as Out;
use crate::base::{Budget, Span, Stop};
use crate::model::functor::{FunctorError, Patterns};
use crate::plan::{Fold, Group, Intersect, Operation, Reg, RulePlan, Scan, Site, Step};
use crate::storage::interner::{FALSE, MISSING, NIL, TRUE};
use crate::storage::{Interner, Word};

/// Turns of loops between two looks at the budget.
const BLOCK: usize = 4096;

/// Why a plan ended early.
#[derive(Clone, Debug, PartialEq)]
pub enum Halt {
    /// A limit, or somebody cancelled.
    Stop(Stop),
    /// A computation failed.
    Fail {
        /// How.
        error: FunctorError,
        /// The expression.
        span: Span,
        /// Variables that had a value.
        binding: Vec<(Reg, Word)>,
    },
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Halt::Stop(stop)
    }
}

/// What lasts longer than one run of one plan.
#[derive(Debug)]
pub struct Env<'e> {
    /// All values.
    pub interner: &'e mut Interner,
    /// Compiled patterns.
    pub patterns: &'e mut Patterns,
    /// Limits.
    pub budget: &'e Budget,
}

/// What a plan remembers from run to run.
#[derive(Debug, Default)]
pub struct Memory {
    /// Results of groups by the shared registers: they read only complete relations.
    groups: Vec<FxHashMap<Box<[Word]>, Word>>,
    /// Where the last lookup of each read ended, batch by batch.
    near: Vec<Vec<usize>>,
    /// Rows that each read looked at.
    pub visited: Vec<u64>,
    /// How often each step of the plan was tried, which is how often the one before it held; steps
    /// of groups are not counted.
    pub entered: Vec<u64>,
    /// Bytes noted in the budget for all this.
    pub bytes: u64,
}

/// Runs `plan` over `sources`, the batches of each of its reads, and adds its rows to `out`.
///
/// Returns whether a computation failed that the plan made early: the careful plan then decides.
pub fn execute(
    plan: &RulePlan,
    sources: &[Vec<Batch<'_>>],
    memory: &mut Memory,
    env: &mut Env<'_>,
    out: &mut Out<'_>,
) -> Result<bool, Halt> {
    memory.groups.resize_with(plan.memos, FxHashMap::default);
    memory.visited.resize(plan.reads.len(), 0);
    memory.entered.resize(plan.steps.len(), 0);
    memory.near.clear();
    memory.near.extend(sources.iter().map(|batches| vec![0; batches.len()]));
    let mut regs = vec![MISSING; plan.registers];
    for (reg, value) in &plan.constants {
        if let Some(slot) = regs.get_mut(*reg) {
            *slot = env.interner.intern(value);
        }
    }
    let core = Core { regs, interner: &mut *env.interner, patterns: &mut *env.patterns };
    let mut machine = Machine {
        core,
        sources,
        memory,
        budget: env.budget,
        loops: Vec::new(),
        key: Vec::new(),
        scratch: Vec::new(),
        turns: 0,
        folded: 0,
        early: false,
    };
    machine.run(&plan.steps, plan.witness_from, &mut Sink::Rows { out, output: &plan.output })?;
    let early = machine.early;
    out.account()?;
    Ok(early)
}

/// What becomes of a solution.
enum Sink<'s, 'b, 'p> {
    Rows {
        out: &'s mut Out<'b>,
        output: &'p [Reg],
    },
    /// Whether one was found, and whether to look for more.
    Exists {
        found: bool,
        exhaustive: bool,
    },
    Fold {
        folding: &'s mut Folding<'p>,
        alternative: usize,
        held: &'s mut Held<'b>,
    },
}

/// A loop's state.
#[derive(Debug)]
enum Loop<'a> {
    Idle,
    /// The rows of a batch, and the number of the next.
    Rows(Cursor<'a>, usize),
    /// The values that relations have in common, the next one last.
    Values(Vec<Word>),
    Items(Items),
}

pub(super) struct Machine<'p, 'm, 'e> {
    pub(super) core: Core<'e>,
    sources: &'p [Vec<Batch<'p>>],
    memory: &'m mut Memory,
    budget: &'e Budget,
    loops: Vec<Loop<'p>>,
    key: Vec<Word>,
    scratch: Vec<Word>,
    turns: usize,
    /// Assignments handed to aggregates since the budget was last told.
    folded: u64,
    early: bool,
}

impl<'p> Machine<'p, '_, '_> {
    /// Feeds `sink` every solution of `steps`; behind step `witness_from` one is enough.
    fn run(
        &mut self,
        steps: &'p [Step],
        witness_from: usize,
        sink: &mut Sink<'_, '_, 'p>,
    ) -> Result<(), Halt> {
        let base = self.loops.len();
        self.loops.extend(steps.iter().map(|_| Loop::Idle));
        let result = self.search(base, steps, witness_from, sink);
        self.loops.truncate(base);
        result
    }

    fn search(
        &mut self,
        base: usize,
        steps: &'p [Step],
        witness_from: usize,
        sink: &mut Sink<'_, '_, 'p>,
    ) -> Result<(), Halt> {
        let mut pc = 0;
        loop {
            if base == 0
                && let Some(entered) = self.memory.entered.get_mut(pc)
            {
                *entered += 1;
            }
            let holds = match steps.get(pc) {
                None => {
                    self.turn(sink)?;
                    if !self.solution(sink)? {
                        return Ok(());
                    }
                    pc = pc.min(witness_from);
                    false
                }
                Some(Step::Scan(scan)) => {
                    self.loops[base + pc] = Loop::Rows(Cursor::Empty { rows: 0 }, 0);
                    self.next_row(base + pc, scan, sink)?
                }
                Some(Step::Intersect(meet)) => {
                    self.meet(base + pc, meet);
                    self.next_value(base + pc, meet, sink)?
                }
                Some(Step::Enumerate { target, list, site }) => {
                    let items = self.core.items(list);
                    self.loops[base + pc] = Loop::Items(self.checked(items, site)?);
                    self.next_item(base + pc, *target, sink)?
                }
                Some(step) => self.test(step)?,
            };
            if holds {
                pc += 1;
                continue;
            }
            // Back to the innermost loop that goes on.
            loop {
                if pc == 0 {
                    return Ok(());
                }
                pc -= 1;
                let next = match &steps[pc] {
                    Step::Scan(scan) => self.next_row(base + pc, scan, sink)?,
                    Step::Intersect(meet) => self.next_value(base + pc, meet, sink)?,
                    Step::Enumerate { target, .. } => self.next_item(base + pc, *target, sink)?,
                    _ => false,
                };
                if next {
                    pc += 1;
                    break;
                }
            }
        }
    }

    /// Hands a solution on; whether more are wanted.
    fn solution(&mut self, sink: &mut Sink<'_, '_, 'p>) -> Result<bool, Halt> {
        match sink {
            Sink::Rows { out, output } => {
                out.push(output.iter().map(|reg| self.core.regs[*reg]));
                Ok(true)
            }
            Sink::Exists { found, exhaustive } => {
                *found = true;
                Ok(*exhaustive)
            }
            Sink::Fold { folding, alternative, .. } => {
                let added = folding.add(&mut self.core, *alternative);
                self.checked(added, folding.site())?;
                self.folded += 1;
                Ok(true)
            }
        }
    }

    /// Counts a turn of a loop and looks at the budget now and then.
    fn turn(&mut self, sink: &mut Sink<'_, '_, 'p>) -> Result<(), Halt> {
        self.turns += 1;
        if self.turns < BLOCK {
            return Ok(());
        }
        self.turns = 0;
        match sink {
            Sink::Rows { out, .. } => out.account()?,
            Sink::Exists { .. } => self.budget.check()?,
            Sink::Fold { folding, held, .. } => {
                // What an aggregate ranges over counts as rows, else a product inside one had no end.
                self.budget.produced(std::mem::take(&mut self.folded))?;
                held.set(folding.bytes())?;
            }
        }
        Ok(())
    }

    fn next_row(&mut self, at: usize, scan: &Scan, sink: &mut Sink<'_, '_, 'p>) -> Result<bool, Halt> {
        let Loop::Rows(mut cursor, mut opened) = self.loops[at] else { return Ok(false) };
        let mut scratch = std::mem::take(&mut self.scratch);
        let found = loop {
            let Some(row) = cursor.next(&mut scratch) else {
                let sources = self.sources;
                let Some(batch) = sources[scan.read].get(opened) else { break false };
                self.look_up(&scan.key);
                cursor = batch.open(&self.key, &mut self.memory.near[scan.read][opened]);
                opened += 1;
                continue;
            };
            self.memory.visited[scan.read] += 1;
            let found = matches(&scan.operations, row, &mut self.core.regs);
            self.turn(sink)?;
            if found {
                break true;
            }
        };
        self.scratch = scratch;
        self.loops[at] = if found { Loop::Rows(cursor, opened) } else { Loop::Idle };
        Ok(found)
    }

    /// Sets the key to what the registers hold.
    fn look_up(&mut self, key: &[Reg]) {
        self.key.clear();
        self.key.extend(key.iter().map(|reg| self.core.regs[*reg]));
    }

    /// Finds the values that the parts of an intersection have in common.
    fn meet(&mut self, at: usize, meet: &'p Intersect) {
        let sources = self.sources;
        let keys: Vec<Vec<Word>> =
            meet.parts.iter().map(|part| part.key.iter().map(|reg| self.core.regs[*reg]).collect()).collect();
        let parts: Vec<Part<'_, '_>> = meet
            .parts
            .iter()
            .zip(&keys)
            .map(|(part, key)| Part { read: part.read, batches: &sources[part.read], key })
            .collect();
        let mut found = Vec::new();
        intersect::meet(&parts, &mut vec![0; parts.len()], &mut self.memory.visited, &mut found);
        found.reverse();
        self.loops[at] = Loop::Values(found);
    }

    fn next_value(&mut self, at: usize, meet: &Intersect, sink: &mut Sink<'_, '_, 'p>) -> Result<bool, Halt> {
        self.turn(sink)?;
        let Loop::Values(values) = &mut self.loops[at] else { return Ok(false) };
        let Some(value) = values.pop() else { return Ok(false) };
        self.core.regs[meet.target] = value;
        Ok(true)
    }

    fn next_item(&mut self, at: usize, target: Reg, sink: &mut Sink<'_, '_, 'p>) -> Result<bool, Halt> {
        self.turn(sink)?;
        let Loop::Items(items) = &mut self.loops[at] else { return Ok(false) };
        match items.next(self.core.interner) {
            Some(word) => {
                self.core.regs[target] = word;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    /// Whether a step that is no loop holds.
    pub(super) fn test(&mut self, step: &'p Step) -> Result<bool, Halt> {
        match step {
            Step::Probe { read, key, negated } => {
                let sources = self.sources;
                self.look_up(key);
                let nears = self.memory.near[*read].iter_mut();
                let found = sources[*read].iter().zip(nears).any(|(batch, near)| batch.has(&self.key, near));
                self.memory.visited[*read] += u64::from(found);
                Ok(found != *negated)
            }
            Step::Let { target, value, nil, early, site } => {
                let value = match self.core.value(value) {
                    Err(_) if *early => {
                        self.early = true;
                        None
                    }
                    other => self.checked(other, site)?,
                };
                let value = value.filter(|word| *nil || *word != NIL);
                self.core.regs[*target] = value.unwrap_or(MISSING);
                Ok(value.is_some())
            }
            Step::Compare { op, possibly, left, right, site } => {
                let holds = self.core.compare(*op, *possibly, left, right);
                self.checked(holds, site)
            }
            Step::IsNil { value, negated, site } => {
                let value = self.core.value(value);
                Ok(self.checked(value, site)?.is_some_and(|word| (word == NIL) != *negated))
            }
            Step::Test { op, left, right, site } => {
                let holds = self.core.test(*op, left, right, site.span);
                self.checked(holds, site)
            }
            Step::Member { item, list, site } => {
                let holds = self.core.member(item, list);
                self.checked(holds, site)
            }
            Step::Not(group) => self.absent(group),
            Step::Aggregate(fold) => {
                let value = self.fold(fold)?;
                self.core.regs[fold.target] = value;
                Ok(value != MISSING)
            }
            Step::All(steps) => self.all(steps),
            Step::Never | Step::Scan(_) | Step::Intersect(_) | Step::Enumerate { .. } => Ok(false),
        }
    }

    /// The values of a group's shared registers; `None` when one is missing.
    fn shared(&self, group: &Group) -> Option<Box<[Word]>> {
        let words: Box<[Word]> = group.shared.iter().map(|reg| self.core.regs[*reg]).collect();
        (!words.contains(&MISSING)).then_some(words)
    }

    fn remember(&mut self, group: &Group, shared: Box<[Word]>, result: Word) -> Result<(), Halt> {
        let bytes = size_of_val(&*shared) + size_of::<(Box<[Word]>, Word)>() + 16;
        self.memory.groups[group.memo].insert(shared, result);
        self.memory.bytes += bytes as u64;
        self.budget.allocate(bytes as u64)?;
        Ok(())
    }

    fn absent(&mut self, group: &'p Group) -> Result<bool, Halt> {
        let Some(shared) = self.shared(group) else { return Ok(false) };
        if let Some(known) = self.memory.groups[group.memo].get(&shared) {
            return Ok(*known == TRUE);
        }
        let mut sink = Sink::Exists { found: false, exhaustive: group.exhaustive };
        for steps in &group.alternatives {
            self.run(steps, steps.len(), &mut sink)?;
            if matches!(sink, Sink::Exists { found: true, exhaustive: false }) {
                break;
            }
        }
        let absent = matches!(sink, Sink::Exists { found: false, .. });
        self.remember(group, shared, if absent { TRUE } else { FALSE })?;
        Ok(absent)
    }

    /// The aggregate's word, or [`MISSING`].
    fn fold(&mut self, fold: &'p Fold) -> Result<Word, Halt> {
        let Some(shared) = self.shared(&fold.group) else { return Ok(MISSING) };
        if let Some(known) = self.memory.groups[fold.group.memo].get(&shared) {
            return Ok(*known);
        }
        let mut folding = Folding::new(fold);
        let mut held = Held::new(self.budget);
        for (alternative, steps) in fold.group.alternatives.iter().enumerate() {
            self.run(
                steps,
                steps.len(),
                &mut Sink::Fold { folding: &mut folding, alternative, held: &mut held },
            )?;
        }
        let finished = folding.finish(self.core.interner);
        let value = self.checked(finished, &fold.site)?.unwrap_or(MISSING);
        self.remember(&fold.group, shared, value)?;
        Ok(value)
    }

    /// Adds the binding to a failure.
    fn checked<T>(&self, result: Result<T, Failure>, site: &Site) -> Result<T, Halt> {
        result.map_err(|Failure { error, span }| {
            let binding = site.bound.iter().map(|reg| (*reg, self.core.reg(*reg))).collect();
            Halt::Fail { error, span, binding }
        })
    }
}

/// Whether a row passes the scan's operations; what it binds is then bound.
#[inline]
pub(super) fn matches(operations: &[Operation], row: &[Word], regs: &mut [Word]) -> bool {
    for operation in operations {
        match *operation {
            Operation::Bind(column, reg) => regs[reg] = row[column],
            Operation::Same(column, reg) if row[column] == regs[reg] => {}
            Operation::NotNil(column) if row[column] != NIL => {}
            Operation::Same(..) | Operation::NotNil(_) => return false,
        }
    }
    true
}
