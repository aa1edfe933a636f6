//! Plans compiled: loops in loops over the shapes in which relations are kept. Several threads can
//! run one plan at a time, each its share of the outermost loop.
//!
//! What computes does so on small integers at once and leaves other values to `compute`. A
//! computation that fails ends the run: the machine, which runs the plan again, decides.

mod bits;
mod chunks;
mod compile;
mod group;
mod meet;
mod nested;
mod steps;
mod values;

pub use compile::{compile, is_compiled};
pub use group::Grouped;
pub use values::{Making, Values};

use std::borrow::Cow;

use super::aggregate::Folding;
use super::batch::{Batch, Columns, Cursor};
use super::groups::Memo;
use super::intersect::Met;
use super::machine::matches;
use super::sink::Sink;
use crate::base::Stop;
use crate::model::program::CompareOp;
use crate::plan::{Code, Intersect, Operation, Reg, Step};
use crate::storage::interner::{MISSING, NIL};
use crate::storage::pairs::Words;
use crate::storage::{Sorted, Word};
use nested::{Folded, Nested};

/// Turns of loops between two looks at the budget.
const BLOCK: u64 = 1 << 13;
/// Why a run ended early.
#[derive(Debug)]
pub enum Ended {
    /// A limit, or somebody cancelled.
    Stop(Stop),
    /// A computation failed: whether that counts, and what is to be said of it, the machine tells.
    Failure,
    /// A value is to be made while several threads are at work: their number must not tell in which
    /// order values are made, so that one thread has to do it all.
    Making,
}

/// Small where results are handed on by the million.
type Halted = Box<Ended>;

impl From<Stop> for Halted {
    fn from(stop: Stop) -> Self {
        Box::new(Ended::Stop(stop))
    }
}

/// A compiled plan over its batches.
#[derive(Debug)]
pub struct Compiled<'p> {
    ops: Vec<Op<'p>>,
    output: &'p [Reg],
    /// Whether the outermost loop goes through chunks of columns, each of which is added whole.
    whole_chunks: bool,
    /// Of what is gone through so, if it has three columns or more, how many of the first ones the
    /// steps behind tell apart.
    same_behind: usize,
    /// If sorted rows that agree in so many first columns are the same to all steps, how many.
    alike: Option<usize>,
    witness_from: usize,
    registers: Vec<Word>,
    reads: usize,
    steps: usize,
    /// Batches of all loops, for the places where lookups ended.
    batches: usize,
    /// By operation, whether one solution of what is behind it is enough.
    enough: Vec<bool>,
    /// By group, the width of its keys.
    memos: Vec<usize>,
    /// How many aggregates go through their bodies.
    folds: usize,
    /// Whether it may make values.
    makes_values: bool,
}

#[derive(Debug)]
enum Op<'p> {
    /// The outermost loop over groups of rows.
    Groups {
        grouped: &'p Grouped,
        read: usize,
    },
    Scan {
        read: usize,
        batches: &'p [Batch<'p>],
        /// Number of the first of them among all.
        near: usize,
        key: &'p [Reg],
        /// What to do with each row; with each row of the relation as it is kept where `whole`.
        operations: Cow<'p, [Operation]>,
        whole: bool,
        /// The relation that the next step looks up by the last column bound here alone: columns
        /// that are no key of it are passed over.
        mask: Option<&'p Sorted>,
    },
    /// The innermost loop of a plan for a relation kept as bits: it gives the last column of the
    /// head and nothing else happens in it.
    Columns {
        read: usize,
        batches: &'p [Batch<'p>],
        near: usize,
        key: &'p [Reg],
        place: usize,
        /// The head's columns but the last.
        leading: &'p [Reg],
    },
    /// The same where the loop gives columns before the last one too, from a relation of three and
    /// more columns kept as bits: whole rows of bits are added.
    Rows {
        read: usize,
        batches: &'p [Batch<'p>],
        key: &'p [Reg],
        operations: &'p [Operation],
        leading: &'p [Reg],
    },
    Probe {
        read: usize,
        batches: &'p [Batch<'p>],
        near: usize,
        key: &'p [Reg],
        negated: bool,
    },
    Meet {
        meet: &'p Intersect,
        sources: &'p [Vec<Batch<'p>>],
        near: usize,
        /// Of the parts, those whose keys the loop around does not change come first, and are this
        /// many if they are worth meeting by themselves.
        order: Vec<usize>,
        fixed: usize,
    },
    Compare {
        op: CompareOp,
        possibly: bool,
        left: Reg,
        right: Reg,
    },
    IsNil {
        reg: Reg,
        negated: bool,
    },
    Copy {
        target: Reg,
        from: Reg,
        nil: bool,
    },
    Let {
        target: Reg,
        value: &'p Code,
        nil: bool,
        early: bool,
    },
    /// A comparison of what is computed.
    Holds {
        op: CompareOp,
        possibly: bool,
        left: &'p Code,
        right: &'p Code,
    },
    /// Any other test of values.
    Test(&'p Step),
    Enumerate {
        target: Reg,
        list: &'p Code,
    },
    /// Whether a body has no solution.
    Not(Nested<'p>),
    Aggregate(Box<Folded<'p>>),
    /// The operations from this one on, which lead back to the next.
    Go(usize),
    /// The end of a body of which a solution was asked for.
    Found,
    /// The end of a body that is aggregated: which alternative, of which aggregate.
    Gather {
        number: usize,
        alternative: usize,
        arg: Option<&'p Code>,
    },
    /// The end: a row.
    Emit,
    Never,
}

impl Compiled<'_> {
    /// How many units of work the outermost loop has, if it can be parted.
    pub fn units(&self) -> Option<usize> {
        match self.ops.first() {
            Some(Op::Scan { batches: [batch], key: [], .. }) => batch.part(0, 0).map(|_| batch.units()),
            Some(Op::Groups { grouped, .. }) => Some(grouped.words.len() / grouped.width),
            _ => None,
        }
    }

    /// Whether running it may make values.
    pub fn makes_values(&self) -> bool {
        self.makes_values
    }
}

/// One thread that runs a compiled plan.
#[derive(Debug)]
pub struct Kernel<'p, 's, 'k, 'e> {
    plan: &'p Compiled<'p>,
    values: &'s Values<'e>,
    sink: &'s mut Sink<'k>,
    registers: Vec<Word>,
    near: Vec<usize>,
    visited: Vec<u64>,
    /// How often each step was tried.
    entered: Vec<u64>,
    /// The chunks of the outermost loop that have a row in common, where they are added whole.
    chunks: &'p [[Word; 3]],
    /// How to read what they stand behind, if that is several rows of three columns and more.
    pieces: Option<&'p [Operation]>,
    /// What those rows are, with how many of the chunks belong to them and those before.
    rows: Vec<(usize, Words)>,
    /// The rows of the outermost loop that are the same to all other steps.
    group: &'p [Word],
    turns: u64,
    scratch: Vec<Vec<Word>>,
    /// By step, what parts of an intersection that stay have in common.
    met: Vec<Met>,
    /// Results of bodies by their keys.
    memos: Vec<Memo>,
    /// The key at hand, and what rows are looked up by.
    key: Vec<Word>,
    lookup: Vec<Word>,
    /// Aggregates at work.
    foldings: Vec<Option<Folding<'p>>>,
    /// Whether the body at hand has a solution.
    found: bool,
    /// Whether a computation failed that was made early.
    early: bool,
}

/// What a kernel leaves behind.
#[derive(Debug)]
pub struct Left {
    /// Rows looked at, by read.
    pub visited: Vec<u64>,
    /// How often each step was tried.
    pub entered: Vec<u64>,
    /// What it remembers of bodies.
    pub memos: Vec<Memo>,
    /// Whether a computation failed that was made early.
    pub early: bool,
}

impl<'p, 's, 'k, 'e> Kernel<'p, 's, 'k, 'e> {
    /// Ready to run; `memos` are what a kernel for the same plan has left, or none.
    pub fn new(
        plan: &'p Compiled<'p>,
        values: &'s Values<'e>,
        sink: &'s mut Sink<'k>,
        memos: Vec<Memo>,
    ) -> Self {
        let memos = match memos.len() == plan.memos.len() {
            true => memos,
            false => plan.memos.iter().map(|width| Memo::new(*width)).collect(),
        };
        Kernel {
            plan,
            values,
            sink,
            registers: plan.registers.clone(),
            near: vec![0; plan.batches],
            visited: vec![0; plan.reads],
            entered: vec![0; plan.steps],
            chunks: &[],
            pieces: None,
            rows: Vec::new(),
            group: &[],
            turns: 0,
            scratch: vec![Vec::new(); 2 * plan.ops.len()],
            met: plan.ops.iter().map(|_| Met::default()).collect(),
            memos,
            key: Vec::new(),
            lookup: Vec::new(),
            foldings: (0..plan.folds).map(|_| None).collect(),
            found: false,
            early: false,
        }
    }

    /// What is left of it in the end.
    pub fn finish(self) -> Left {
        let Kernel { visited, entered, memos, early, .. } = self;
        Left { visited, entered, memos, early }
    }

    /// Runs all of the plan.
    pub fn run(&mut self) -> Result<(), Halted> {
        self.step(0)?;
        self.account()
    }

    /// Runs the units `from..to` of the outermost loop; see [`Compiled::units`]. Whether one
    /// solution was enough.
    pub fn run_part(&mut self, from: usize, to: usize) -> Result<bool, Halted> {
        let plan = self.plan;
        let (read, batch, operations, whole, mask) = match plan.ops.first() {
            Some(Op::Scan { read, batches: [batch], operations, whole, mask, .. }) => {
                (read, batch, operations, *whole, mask)
            }
            Some(Op::Groups { grouped, read }) => return self.groups(grouped, *read, from, to),
            _ => return self.step(0),
        };
        let Some(cursor) = batch.part(self.first_unlike(batch, from, to), to) else { return self.step(0) };
        self.rows(0, *read, if whole { cursor.whole() } else { cursor }, operations, *mask)
    }

    /// Finds the solutions of the steps from `at` on; whether one was found and is enough for the
    /// loop around.
    fn step(&mut self, at: usize) -> Result<bool, Halted> {
        let plan = self.plan;
        let Some(op) = plan.ops.get(at) else { return Ok(false) };
        if let Some(entered) = self.entered.get_mut(at) {
            *entered += 1;
        }
        match op {
            Op::Groups { grouped, read } => {
                self.groups(grouped, *read, 0, grouped.words.len() / grouped.width)
            }
            Op::Emit => {
                if plan.whole_chunks {
                    self.add_chunks();
                } else if let Some(Op::Groups { grouped, .. }) = plan.ops.first() {
                    self.add_group(grouped);
                } else {
                    self.sink.push(plan.output.iter().map(|reg| self.registers[*reg]));
                }
                Ok(true)
            }
            Op::Scan { read, batches, near, key, operations, whole, mask } => {
                for (number, batch) in batches.iter().enumerate() {
                    if let ([reg], Batch::Sorted(sorted)) = (*key, batch) {
                        // By far the most frequent.
                        let near = &mut self.near[near + number];
                        let (low, high) = sorted.range_of(self.registers[*reg], *near);
                        *near = low;
                        let width = sorted.width();
                        let words = &sorted.words()[low * width..high * width];
                        if self.words(at, *read, words, width, operations)? {
                            return Ok(true);
                        }
                        continue;
                    }
                    let mut cursor = self.open(at, *batch, near + number, key);
                    if *whole {
                        cursor = cursor.whole();
                    }
                    if self.rows(at, *read, cursor, operations, *mask)? {
                        return Ok(true);
                    }
                }
                Ok(false)
            }
            Op::Columns { read, batches, near, key, place, leading } => {
                let mut count = 0;
                for (number, batch) in batches.iter().enumerate() {
                    count += self.columns(*batch, near + number, key, *place, leading);
                }
                self.visited[*read] += count;
                self.sink.count(count);
                self.turns(count + 1)?;
                Ok(count > 0)
            }
            Op::Rows { read, batches, key, operations, leading } => {
                let count = self.whole_rows(batches, key, operations, leading);
                self.visited[*read] += count;
                self.sink.count(count);
                self.turns(count + 1)?;
                Ok(count > 0)
            }
            Op::Probe { read, batches, near, key, negated } => {
                let found = batches.iter().enumerate().any(|(number, batch)| {
                    if let ([reg], Batch::Sorted(sorted)) = (*key, batch) {
                        let near = &mut self.near[near + number];
                        let (low, high) = sorted.range_of(self.registers[*reg], *near);
                        *near = low;
                        return low < high;
                    }
                    if let ([reg], Batch::Pairs { pairs, .. }) = (*key, batch)
                        && pairs.layout().width == 1
                    {
                        return pairs.row(0).contains(self.registers[*reg]);
                    }
                    let scratch = &mut self.scratch[2 * at];
                    scratch.clear();
                    scratch.extend(key.iter().map(|reg| self.registers[*reg]));
                    batch.has(scratch, &mut self.near[near + number])
                });
                self.visited[*read] += u64::from(found);
                if found == *negated { Ok(false) } else { self.step(at + 1) }
            }
            Op::Meet { meet, sources, near, order, fixed } => {
                self.meet(at, meet, sources, *near, (order, *fixed))
            }
            Op::Compare { op, possibly, left, right } => {
                let (left, right) = (self.registers[*left], self.registers[*right]);
                if self.compare_words(*op, *possibly, left, right) { self.step(at + 1) } else { Ok(false) }
            }
            Op::IsNil { reg, negated } => {
                let word = self.registers[*reg];
                if word != MISSING && (word == NIL) != *negated { self.step(at + 1) } else { Ok(false) }
            }
            Op::Copy { target, from, nil } => {
                let word = self.registers[*from];
                if word == MISSING || (word == NIL && !nil) {
                    return Ok(false);
                }
                self.registers[*target] = word;
                self.step(at + 1)
            }
            Op::Let { target, value, nil, early } => {
                if self.compute(*target, value, *nil, *early)? {
                    self.step(at + 1)
                } else {
                    Ok(false)
                }
            }
            Op::Holds { op, possibly, left, right } => {
                if self.holds(*op, *possibly, left, right)? {
                    self.step(at + 1)
                } else {
                    Ok(false)
                }
            }
            Op::Test(step) => {
                if self.test(step)? {
                    self.step(at + 1)
                } else {
                    Ok(false)
                }
            }
            Op::Enumerate { target, list } => self.enumerate(at, *target, list),
            Op::Not(nested) => {
                if self.absent(nested)? {
                    self.step(at + 1)
                } else {
                    Ok(false)
                }
            }
            Op::Aggregate(folded) => {
                let word = self.aggregate(folded)?;
                self.registers[folded.target()] = word;
                if word == MISSING { Ok(false) } else { self.step(at + 1) }
            }
            Op::Go(to) => self.step(*to),
            Op::Found => {
                self.found = true;
                Ok(true)
            }
            Op::Gather { number, alternative, arg } => {
                self.gather(*number, *alternative, *arg)?;
                Ok(true)
            }
            Op::Never => Ok(false),
        }
    }

    #[inline]
    fn open(&mut self, at: usize, batch: Batch<'p>, near: usize, key: &[Reg]) -> Cursor<'p> {
        let scratch = &mut self.scratch[2 * at];
        scratch.clear();
        scratch.extend(key.iter().map(|reg| self.registers[*reg]));
        batch.open(scratch, &mut self.near[near])
    }

    /// The loop over rows that follow one another.
    #[inline]
    fn words(
        &mut self,
        at: usize,
        read: usize,
        words: &[Word],
        width: usize,
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        let witness = self.plan.enough[at];
        self.visited[read] += (words.len() / width) as u64;
        for row in words.chunks_exact(width) {
            self.turns(1)?;
            if matches(operations, row, &mut self.registers) && self.step(at + 1)? && witness {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The loop over the rows of a cursor.
    fn rows(
        &mut self,
        at: usize,
        read: usize,
        mut cursor: Cursor<'p>,
        operations: &'p [Operation],
        mask: Option<&'p Sorted>,
    ) -> Result<bool, Halted> {
        let witness = self.plan.enough[at];
        match cursor {
            Cursor::Words { words, stride, columns: None } => {
                if let (0, Some(alike)) = (at, self.plan.alike) {
                    return self.unlike(read, words, stride, alike, operations);
                }
                return self.words(at, read, words, stride, operations);
            }
            Cursor::Chunks { chunks, columns, .. } if at == 0 && self.plan.whole_chunks => {
                return self.whole_chunks(chunks, read, columns, operations);
            }
            Cursor::Pieces { chunks, layout, places, .. } if at == 0 && self.plan.whole_chunks => {
                return self.whole_pieces(chunks, read, layout, places, operations);
            }
            Cursor::Chunks { chunks, columns: [0, 1], .. } => {
                for [word, chunk, bits] in chunks {
                    let bits = mask.map_or(*bits, |mask| bits & mask.first_words(*chunk));
                    let row = Columns::new_chunk(*chunk, bits);
                    if self.pairs(at, read, *word, row, operations)? && witness {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            Cursor::Row { word, row, only: false } => {
                return self.pairs(at, read, word, row.masked(mask), operations);
            }
            Cursor::Row { row, only: true, .. } => {
                for column in row {
                    self.visited[read] += 1;
                    self.turns(1)?;
                    if matches(operations, &[column], &mut self.registers) && self.step(at + 1)? && witness {
                        return Ok(true);
                    }
                }
                return Ok(false);
            }
            Cursor::Bits { .. } | Cursor::Pieces { .. } => {
                return self.bits(at, read, cursor, operations);
            }
            _ => {}
        }
        let mut scratch = std::mem::take(&mut self.scratch[2 * at + 1]);
        let mut enough = false;
        while let Some(row) = cursor.next(&mut scratch) {
            self.visited[read] += 1;
            self.turns(1)?;
            if matches(operations, row, &mut self.registers) && self.step(at + 1)? && witness {
                enough = true;
                break;
            }
        }
        self.scratch[2 * at + 1] = scratch;
        Ok(enough)
    }

    /// The loop over the columns of a row of bits.
    #[inline]
    fn pairs(
        &mut self,
        at: usize,
        read: usize,
        word: Word,
        columns: Columns<'p>,
        operations: &[Operation],
    ) -> Result<bool, Halted> {
        let witness = self.plan.enough[at];
        for column in columns {
            self.visited[read] += 1;
            self.turns(1)?;
            if matches(operations, &[word, column], &mut self.registers) && self.step(at + 1)? && witness {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Counts turns of loops, and looks at the budget now and then.
    #[inline]
    fn turns(&mut self, turns: u64) -> Result<(), Halted> {
        self.turns += turns;
        if self.turns >= BLOCK {
            self.turns = 0;
            self.account()?;
        }
        Ok(())
    }
}
