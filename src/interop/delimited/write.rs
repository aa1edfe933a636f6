//! Rows of words to delimited text, several blocks of rows at once, written in order.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::{Quoting, WriteError};
use crate::base::{Budget, rfc4180};
use crate::model::Value;
use crate::storage::interner::{NIL, inlined};
use crate::storage::{Interner, Word};

/// Rows that a thread formats before it waits for its turn to write.
const ROWS: usize = 16 << 10;

/// How a column is written.
#[derive(Clone, Copy)]
pub enum Cell<'c> {
    /// Numbers in digits, text as it is, nil as nothing (the empty text stands between quotes where
    /// there are any), everything else as [`Value::plain`] has it.
    Plain,
    /// As the function appends it.
    Other(&'c (dyn Fn(Word, &mut Vec<u8>) + Sync)),
}

/// Rows to write, and how.
#[derive(Clone, Copy)]
pub struct Writing<'w> {
    /// By column.
    pub cells: &'w [Cell<'w>],
    /// Number of rows.
    pub len: usize,
    /// Appends the words of some rows, one row after the other.
    pub rows: &'w (dyn Fn(std::ops::Range<usize>, &mut Vec<Word>) + Sync),
    /// What words mean.
    pub interner: &'w Interner,
    /// What stands between fields.
    pub delimiter: &'w str,
    /// Whether fields are put between quotes where they need it.
    pub quoting: Quoting,
    /// Threads, at least one.
    pub jobs: usize,
    /// Asked now and then whether to go on.
    pub budget: &'w Budget,
}

/// What the threads share: blocks of rows by number.
#[derive(Default)]
struct State {
    /// The next block to format.
    taken: usize,
    /// The next block to write.
    written: usize,
    /// Formatted blocks that wait to be written.
    ready: BTreeMap<usize, Vec<u8>>,
    /// Buffers to use again.
    spare: Vec<Vec<u8>>,
    stopped: bool,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    blocks: usize,
    /// So many blocks are formatted ahead of the one being written.
    ahead: usize,
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn stop(&self) {
        self.lock().stopped = true;
        self.changed.notify_all();
    }
}

impl State {
    fn take(&mut self, shared: &Shared) -> Option<(usize, Vec<u8>)> {
        if self.taken >= shared.blocks || self.taken > self.written + shared.ahead {
            return None;
        }
        self.taken += 1;
        Some((self.taken - 1, self.spare.pop().unwrap_or_default()))
    }
}

/// Writes all rows to `out`, each ended by a line feed. Only the calling thread writes.
pub fn write(out: &mut dyn Write, writing: &Writing<'_>) -> Result<(), WriteError> {
    let blocks = writing.len.div_ceil(ROWS);
    let jobs = writing.jobs.clamp(1, blocks.max(1));
    let shared = Shared { state: Mutex::default(), changed: Condvar::new(), blocks, ahead: 2 * jobs };
    thread::scope(|scope| {
        for _ in 1..jobs {
            scope.spawn(|| format_blocks(&shared, writing));
        }
        let _alarm = Alarm(&shared);
        write_blocks(&shared, writing, out)
    })
}

fn format_blocks(shared: &Shared, writing: &Writing<'_>) {
    let _alarm = Alarm(shared);
    let mut words = Vec::new();
    let mut state = shared.lock();
    while !state.stopped && state.taken < shared.blocks {
        let Some((block, mut text)) = state.take(shared) else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            continue;
        };
        drop(state);
        writing.block(block, &mut words, &mut text);
        state = shared.lock();
        state.ready.insert(block, text);
        shared.changed.notify_all();
    }
}

fn write_blocks(shared: &Shared, writing: &Writing<'_>, out: &mut dyn Write) -> Result<(), WriteError> {
    let mut words = Vec::new();
    let mut state = shared.lock();
    while !state.stopped && state.written < shared.blocks {
        let next = state.written;
        if let Some(mut text) = state.ready.remove(&next) {
            drop(state);
            writing.budget.check().map_err(WriteError::Stopped)?;
            out.write_all(&text)?;
            text.clear();
            state = shared.lock();
            state.written += 1;
            state.spare.push(text);
            shared.changed.notify_all();
        } else if let Some((block, mut text)) = state.take(shared) {
            drop(state);
            writing.block(block, &mut words, &mut text);
            state = shared.lock();
            state.ready.insert(block, text);
        } else {
            state = shared.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }
    Ok(())
}

/// Stops the other threads when this one ends early or panics, so that none waits for ever.
struct Alarm<'s>(&'s Shared);

impl Drop for Alarm<'_> {
    fn drop(&mut self) {
        let state = self.0.lock();
        if thread::panicking() || state.written < self.0.blocks && state.taken < self.0.blocks {
            drop(state);
            self.0.stop();
        }
    }
}

impl Writing<'_> {
    fn block(&self, block: usize, words: &mut Vec<Word>, text: &mut Vec<u8>) {
        let rows = block * ROWS..((block + 1) * ROWS).min(self.len);
        words.clear();
        let width = self.cells.len();
        if width == 0 {
            rows.for_each(|_| text.extend_from_slice(b"()\n"));
            return;
        }
        (self.rows)(rows, words);
        let mut digits = itoa::Buffer::new();
        for row in words.chunks_exact(width) {
            for (at, (word, cell)) in row.iter().zip(self.cells).enumerate() {
                if at > 0 {
                    text.extend_from_slice(self.delimiter.as_bytes());
                }
                match (cell, inlined(*word)) {
                    (Cell::Plain, Some(number)) => {
                        text.extend_from_slice(digits.format(number).as_bytes());
                    }
                    _ => self.cell(*word, cell, text),
                }
            }
            text.push(b'\n');
        }
    }

    fn cell(&self, word: Word, cell: &Cell<'_>, text: &mut Vec<u8>) {
        let start = text.len();
        match cell {
            Cell::Other(write) => {
                write(word, text);
                if word == NIL && text.len() == start {
                    return;
                }
            }
            Cell::Plain => {
                if word == NIL {
                    return;
                }
                match self.interner.symbol_text(word) {
                    Some(symbol) => text.extend_from_slice(symbol.as_bytes()),
                    None => match self.interner.value(word) {
                        Value::Enum(constant) => text.extend_from_slice(constant.name.as_bytes()),
                        value => text.extend_from_slice(value.plain().as_bytes()),
                    },
                }
            }
        }
        if self.quoting == Quoting::Rfc4180 {
            rfc4180::quote(text, start, self.delimiter);
        }
    }
}
