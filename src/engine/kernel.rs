//! Plans that make no new values, compiled: loops in loops over the shapes in which relations are
//! kept. Several threads can run one plan at a time, each its share of the outermost loop.

mod bits;
mod compile;
mod group;
mod meet;

pub use compile::compile;
pub use group::Grouped;

use super::batch::{Batch, Columns, Cursor, Places};
use super::compute;
use super::intersect::Met;
use super::machine::matches;
use super::sink::Sink;
use crate::base::Stop;
use crate::model::program::CompareOp;
use crate::plan::{Intersect, Operation, Reg};
use crate::storage::interner::{MISSING, NIL};
use crate::storage::pairs::Layout;
use crate::storage::{Interner, Sorted, Word};

/// Turns of loops between two looks at the budget.
const BLOCK: u64 = 1 << 13;
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
    witness_from: usize,
    registers: Vec<Word>,
    reads: usize,
    steps: usize,
    /// Batches of all loops, for the places where lookups ended.
    batches: usize,
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
        operations: &'p [Operation],
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
}

/// One thread that runs a compiled plan.
#[derive(Debug)]
pub struct Kernel<'p, 's, 'k> {
    plan: &'p Compiled<'p>,
    interner: &'p Interner,
    sink: &'s mut Sink<'k>,
    registers: Vec<Word>,
    near: Vec<usize>,
    visited: Vec<u64>,
    /// How often each step was tried.
    entered: Vec<u64>,
    /// The chunks of the outermost loop that have a row in common, where they are added whole.
    chunks: &'p [[Word; 3]],
    /// How to read what they stand behind, if that is several rows of three columns and more.
    pieces: Option<(&'p Layout, Places, &'p [Operation])>,
    /// The rows of the outermost loop that are the same to all other steps.
    group: &'p [Word],
    turns: u64,
    scratch: Vec<Vec<Word>>,
    /// By step, what parts of an intersection that stay have in common.
    met: Vec<Met>,
}

impl<'p, 's, 'k> Kernel<'p, 's, 'k> {
    /// Ready to run.
    pub fn new(plan: &'p Compiled<'p>, interner: &'p Interner, sink: &'s mut Sink<'k>) -> Self {
        Kernel {
            plan,
            interner,
            sink,
            registers: plan.registers.clone(),
            near: vec![0; plan.batches],
            visited: vec![0; plan.reads],
            entered: vec![0; plan.steps],
            chunks: &[],
            pieces: None,
            group: &[],
            turns: 0,
            scratch: vec![Vec::new(); 2 * plan.ops.len()],
            met: plan.ops.iter().map(|_| Met::default()).collect(),
        }
    }

    /// Rows looked at, by read, and how often each step was tried.
    pub fn into_counts(self) -> (Vec<u64>, Vec<u64>) {
        (self.visited, self.entered)
    }

    /// Runs all of the plan.
    pub fn run(&mut self) -> Result<(), Stop> {
        self.step(0)?;
        self.sink.account()
    }

    /// Runs the units `from..to` of the outermost loop; see [`Compiled::units`]. Whether one
    /// solution was enough.
    pub fn run_part(&mut self, from: usize, to: usize) -> Result<bool, Stop> {
        let plan = self.plan;
        let (read, batch, operations, mask) = match plan.ops.first() {
            Some(Op::Scan { read, batches: [batch], operations, mask, .. }) => {
                (read, batch, operations, mask)
            }
            Some(Op::Groups { grouped, read }) => return self.groups(grouped, *read, from, to),
            _ => return self.step(0),
        };
        let Some(cursor) = batch.part(from, to) else { return self.step(0) };
        self.rows(0, *read, cursor, operations, *mask)
    }

    /// Finds the solutions of the steps from `at` on; whether one was found and is enough for the
    /// loop around.
    fn step(&mut self, at: usize) -> Result<bool, Stop> {
        let plan = self.plan;
        let Some(op) = plan.ops.get(at) else {
            if plan.whole_chunks {
                self.add_chunks();
            } else if let Some(Op::Groups { grouped, .. }) = plan.ops.first() {
                self.add_group(grouped);
            } else {
                self.sink.push(plan.output.iter().map(|reg| self.registers[*reg]));
            }
            return Ok(true);
        };
        if let Some(entered) = self.entered.get_mut(at) {
            *entered += 1;
        }
        match op {
            Op::Groups { grouped, read } => {
                self.groups(grouped, *read, 0, grouped.words.len() / grouped.width)
            }
            Op::Scan { read, batches, near, key, operations, mask } => {
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
                    let cursor = self.open(at, *batch, near + number, key);
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
                let holds = left != NIL
                    && right != NIL
                    && left != MISSING
                    && right != MISSING
                    && compute::compare_words(self.interner, *op, *possibly, left, right);
                if holds { self.step(at + 1) } else { Ok(false) }
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
    ) -> Result<bool, Stop> {
        let witness = at >= self.plan.witness_from;
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
    ) -> Result<bool, Stop> {
        let witness = at >= self.plan.witness_from;
        match cursor {
            Cursor::Words { words, stride, columns: None } => {
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
    ) -> Result<bool, Stop> {
        let witness = at >= self.plan.witness_from;
        for column in columns {
            self.visited[read] += 1;
            self.turns(1)?;
            if matches(operations, &[word, column], &mut self.registers) && self.step(at + 1)? && witness {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The outermost loop over chunks of which every column does the same.
    fn whole_chunks(
        &mut self,
        chunks: &'p [[Word; 3]],
        read: usize,
        columns: &[usize],
        operations: &[Operation],
    ) -> Result<bool, Stop> {
        self.visited[read] += chunks.len() as u64;
        for same in chunks.chunk_by(|a, b| a[0] == b[0]) {
            let Some([word, ..]) = same.first() else { continue };
            self.chunks = same;
            self.turns(same.len() as u64)?;
            let holds = operations.iter().all(|operation| match *operation {
                Operation::Bind(place, reg) if columns.get(place) == Some(&0) => {
                    self.registers[reg] = *word;
                    true
                }
                Operation::Bind(..) => true,
                Operation::Same(_, reg) => self.registers[reg] == *word,
                Operation::NotNil(_) => *word != NIL,
            });
            if holds && self.step(1)? && self.plan.witness_from == 0 {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Adds the chunks at hand to the row that the head says.
    #[inline]
    fn add_chunks(&mut self) {
        let mut count = 0;
        let Kernel { plan, registers, sink, chunks, pieces, .. } = self;
        if let (Some(pairs), Some((_, leading))) = (sink.pairs(), plan.output.split_last()) {
            if pieces.is_none() {
                pairs.select_behind(leading.iter().map(|reg| registers[*reg]));
            }
            let mut last = None;
            for [row, chunk, bits] in *chunks {
                if let (Some((layout, places, operations)), true) = (*pieces, last != Some(*row)) {
                    matches(operations, &places.pick(&layout.words_of(*row)), registers);
                    pairs.select_behind(leading.iter().map(|reg| registers[*reg]));
                    last = Some(*row);
                }
                pairs.add_chunk(*chunk, *bits);
                count += u64::from(bits.count_ones());
            }
        }
        self.turns += self.chunks.len() as u64;
        self.sink.count(count);
    }

    /// Adds a column of the rows that begin with the key to a row of bits; returns how many.
    #[inline]
    fn columns(&mut self, batch: Batch<'p>, near: usize, key: &[Reg], place: usize, leading: &[Reg]) -> u64 {
        let Kernel { registers, near: nears, sink, .. } = self;
        let Some(pairs) = sink.pairs() else { return 0 };
        pairs.select_behind(leading.iter().map(|reg| registers[*reg]));
        match (batch, key) {
            (Batch::Sorted(sorted), [reg]) => {
                let word = registers[*reg];
                if let Some(chunks) = sorted.chunks_of(word) {
                    return pairs.add_chunks(chunks);
                }
                let near = &mut nears[near];
                let (low, high) = sorted.range_of(word, *near);
                *near = low;
                let width = sorted.width();
                let words = sorted.words()[low * width..high * width].iter().skip(place).step_by(width);
                pairs.add_sorted(words.copied());
                (high - low) as u64
            }
            (Batch::Pairs { pairs: known, columns: [_, _], .. }, [reg]) => {
                pairs.add_row(known.row(registers[*reg]))
            }
            (Batch::Pairs { pairs: known, columns: [_], .. }, []) if known.layout().width == 1 => {
                pairs.add_row(known.row(0))
            }
            (Batch::Bits { pairs: known, places }, key) if key.len() + 1 == known.layout().width => {
                let words = places.key(key.iter().map(|reg| registers[*reg]));
                let row = known.layout().row_of(words[..key.len()].iter().copied());
                pairs.add_row(known.row(row))
            }
            _ => {
                let key: Vec<Word> = key.iter().map(|reg| registers[*reg]).collect();
                let mut cursor = batch.open(&key, &mut nears[near]);
                let (mut scratch, mut count) = (Vec::new(), 0);
                while let Some(row) = cursor.next(&mut scratch) {
                    pairs.add(row[place]);
                    count += 1;
                }
                count
            }
        }
    }

    /// Counts turns of loops, and looks at the budget now and then.
    #[inline]
    fn turns(&mut self, turns: u64) -> Result<(), Stop> {
        self.turns += turns;
        if self.turns >= BLOCK {
            self.turns = 0;
            self.sink.account()?;
        }
        Ok(())
    }
}
