//! Several blocks at once, with the words of one after the other.

use std::borrow::Cow;
use std::collections::VecDeque;
use std::io::Read;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::blocks::{Blocks, Place};
use super::parse::{Layout, Parsed, Parser, not_utf8, shown as delimiter_name};
use super::record::Fields;
use super::{Column, Header, Mistake, Options, Place as At, ReadError, Rows};
use crate::base::Budget;
use crate::storage::interner::inlined;
use crate::storage::{Interner, Word};

/// Bytes of a block.
const BLOCK: usize = 1 << 20;
/// Blocks that a thread parses ahead of their turn.
const AHEAD: usize = 4;
/// A thread's own dictionary is begun anew when it has grown to so many bytes.
const DICTIONARY: u64 = 64 << 20;

/// What to read, and with what.
#[derive(Clone, Copy)]
pub struct Reading<'r> {
    /// The columns of a row.
    pub columns: &'r [Column<'r>],
    /// How the text is laid out.
    pub options: &'r Options,
    /// Threads, at least one.
    pub jobs: usize,
    /// Bytes of the text, where that is known.
    pub size: Option<u64>,
    /// Asked once a block whether to go on.
    pub budget: &'r Budget,
    /// Told how many bytes more have been parsed.
    pub progress: &'r (dyn Fn(u64) + Sync),
}

/// Reads all rows of `reader`, giving words to the values in the order of the text. When there is
/// a mistake in it, no rows; the interner may then know more values.
pub fn read<R: Read + Send>(
    reader: R,
    reading: &Reading<'_>,
    interner: &mut Interner,
) -> Result<Rows, ReadError> {
    read_in_blocks(reader, reading, interner, BLOCK)
}

pub(super) fn read_in_blocks<R: Read + Send>(
    reader: R,
    reading: &Reading<'_>,
    interner: &mut Interner,
    size: usize,
) -> Result<Rows, ReadError> {
    let options = reading.options;
    let mut blocks = Blocks::new(reader, options.quoting, size)?;
    let (layout, lines) = layout(&mut blocks, reading)?;
    let output = Output {
        interner,
        rows: Rows::default(),
        turn: blocks.given(),
        lines,
        mistakes: Vec::new(),
        stopped: None,
        expected: reading.size.map(|size| size.saturating_sub(blocks.offset())),
    };
    let shared = Shared { input: Mutex::new(blocks), output: Mutex::new(output), turn: Condvar::new() };
    if reading.jobs <= 1 {
        alone(&shared, &layout, reading);
    } else {
        let seed = Seed::new(&layout, lock(&shared.output).interner);
        thread::scope(|scope| {
            for _ in 1..reading.jobs {
                scope.spawn(|| worker(&shared, &layout, reading, &seed));
            }
            worker(&shared, &layout, reading, &seed);
        });
    }
    let Output { rows, mistakes, stopped, .. } =
        shared.output.into_inner().unwrap_or_else(PoisonError::into_inner);
    match stopped {
        Some(Stopped::Failed(error)) => Err(error),
        stopped if !mistakes.is_empty() => {
            Err(ReadError::Mistakes { found: mistakes, more: stopped.is_some() })
        }
        _ => Ok(rows),
    }
}

/// The layout of the records, and how many lines the header took.
fn layout<'r, R: Read>(
    blocks: &mut Blocks<R>,
    reading: &Reading<'r>,
) -> Result<(Layout<'r>, u64), ReadError> {
    let Reading { columns, options, .. } = *reading;
    let plain = |names: &[Cow<'_, str>]| Layout::new(columns, options, names);
    let fault = |messages: Vec<String>, excerpt: &str| ReadError::Mistakes {
        found: messages
            .into_iter()
            .map(|message| {
                let end = excerpt.len();
                let place = At::Text { line: 1, column: 1, excerpt: excerpt.to_owned(), start: 0, end };
                Mistake { place, message, help: None }
            })
            .collect(),
        more: false,
    };
    if options.header == Header::None {
        return plain(&[]).map(|layout| (layout, 0)).map_err(|messages| fault(messages, ""));
    }
    let mut block = Vec::new();
    let Some(place) = blocks.next(&mut block)? else {
        let named = matches!(options.header, Header::Names | Header::NamesOrOrder);
        return match plain(&[]) {
            Err(_) if named => Err(fault(vec!["a header is due, but there is no text".to_owned()], "")),
            Err(messages) => Err(fault(messages, "")),
            Ok(layout) => Ok((layout, 0)),
        };
    };
    let fields = Fields::new(options);
    let (mut names, mut at) = (Vec::new(), 0);
    loop {
        let Ok(found) = fields.field(&block, at) else {
            let line = String::from_utf8_lossy(&block);
            let line = line.lines().next().unwrap_or("");
            return Err(fault(vec!["the quotes of the header do not fit together".to_owned()], line));
        };
        names.push(match found.text {
            Cow::Borrowed(text) => String::from_utf8_lossy(text),
            Cow::Owned(text) => Cow::Owned(String::from_utf8_lossy(&text).into_owned()),
        });
        at = found.next;
        if found.last {
            break;
        }
    }
    // The header of a relation without columns.
    if names == [""] {
        names.clear();
    }
    let header = block.get(..at).unwrap_or(&[]);
    if let Err(error) = std::str::from_utf8(header) {
        let found = vec![not_utf8(&block, error.valid_up_to(), 0)];
        return Err(ReadError::Mistakes { found, more: false });
    }
    let shown = String::from_utf8_lossy(header);
    let layout = plain(&names).map_err(|messages| {
        let mut error = fault(messages, shown.trim_end());
        if let (ReadError::Mistakes { found, .. }, [only]) = (&mut error, names.as_slice())
            && let Some(mistake) = found.last_mut()
            && let Some(other) = [";", ",", "\t", "|"].into_iter().find(|other| only.contains(*other))
        {
            mistake.help = Some(format!(
                "is {} what separates the fields? `--delimiter` says so, and `delimiter=` of `.input`",
                delimiter_name(other)
            ));
        }
        error
    })?;
    blocks.unread(&block, place, at);
    Ok((layout, memchr::memchr_iter(b'\n', header).count() as u64))
}

/// What all threads work on.
struct Shared<'i, R> {
    input: Mutex<Blocks<R>>,
    output: Mutex<Output<'i>>,
    turn: Condvar,
}

struct Output<'i> {
    interner: &'i mut Interner,
    rows: Rows,
    /// The number of the block that comes next.
    turn: u64,
    /// Lines before that block.
    lines: u64,
    mistakes: Vec<Mistake>,
    stopped: Option<Stopped>,
    /// Bytes of all records, where that is known.
    expected: Option<u64>,
}

enum Stopped {
    Failed(ReadError),
    /// For the many mistakes, or because one of them leaves open where records begin.
    Enough,
}

impl Output<'_> {
    /// Takes in what a block has brought beside its words.
    fn take(&mut self, parsed: &mut Parsed, bytes: usize, options: &Options) {
        self.turn += 1;
        self.rows.len += parsed.rows;
        self.rows.places.append(&mut parsed.places);
        for mut mistake in parsed.mistakes.drain(..) {
            if let At::Text { line, .. } = &mut mistake.place {
                *line += self.lines;
            }
            if self.mistakes.len() == options.max_mistakes.max(1) {
                self.stopped.get_or_insert(Stopped::Enough);
                break;
            }
            self.mistakes.push(mistake);
        }
        self.lines += parsed.lines;
        if parsed.lost {
            self.stopped.get_or_insert(Stopped::Enough);
        }
        if let Some(size) = self.expected.take().filter(|_| parsed.rows > 0) {
            // What the first block took, scaled up, spares moving the rows as they grow.
            let width = self.rows.words.len() / self.rows.len.max(1);
            let rows = (size as usize / bytes.max(1)).saturating_mul(parsed.rows);
            let rows = rows + rows / 16;
            if rows.saturating_mul(width) < isize::MAX as usize / 64 {
                self.rows.words.reserve(rows * width);
            }
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    // What a thread that panicked left behind is thrown away with the panic.
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Reads and parses on this thread, straight into the result.
fn alone<R: Read>(shared: &Shared<'_, R>, layout: &Layout<'_>, reading: &Reading<'_>) {
    let (mut input, mut output) = (lock(&shared.input), lock(&shared.output));
    let output = &mut *output;
    let mut parser = Parser::new(layout, reading.options, &layout.blank);
    let (mut block, mut parsed) = (Vec::new(), Parsed::default());
    while output.stopped.is_none() {
        let place = match next(&mut input, &mut block, reading) {
            Ok(Some(place)) => place,
            Ok(None) => return,
            Err(error) => {
                output.stopped = Some(Stopped::Failed(error));
                return;
            }
        };
        parser.block(&block, place.offset, output.interner, &mut output.rows.words, &mut parsed);
        (reading.progress)(block.len() as u64);
        output.take(&mut parsed, block.len(), reading.options);
        parsed.clear();
    }
}

fn next<R: Read>(
    input: &mut Blocks<R>,
    block: &mut Vec<u8>,
    reading: &Reading<'_>,
) -> Result<Option<Place>, ReadError> {
    reading.budget.check().map_err(ReadError::Stopped)?;
    Ok(input.next(block)?)
}

/// A block that is being parsed or waits for its turn.
#[derive(Default)]
struct Chunk {
    number: u64,
    block: Vec<u8>,
    words: Vec<Word>,
    parsed: Parsed,
    /// Entries of the thread's interner when it was parsed.
    entries: usize,
}

/// What the threads' own interners know from the start: the values of [`Layout::blank`].
struct Seed {
    interner: Interner,
    blank: Vec<Word>,
}

impl Seed {
    fn new(layout: &Layout<'_>, shared: &Interner) -> Seed {
        let mut interner = Interner::new();
        let blank = layout.blank.iter().map(|word| interner.adopt(shared, *word)).collect();
        Seed { interner, blank }
    }
}

/// One of several threads: takes blocks as they come, hands them in when their turn has come.
fn worker<R: Read>(shared: &Shared<'_, R>, layout: &Layout<'_>, reading: &Reading<'_>, seed: &Seed) {
    let _alarm = Alarm { output: &shared.output, turn: &shared.turn };
    let mut parser = Parser::new(layout, reading.options, &seed.blank);
    let mut own = seed.interner.clone();
    // By word of `own`: the word in the shared interner.
    let mut words: Vec<Word> = Vec::new();
    let mut waiting: VecDeque<Chunk> = VecDeque::new();
    let mut spare: Vec<Chunk> = Vec::new();
    loop {
        let mut chunk = spare.pop().unwrap_or_default();
        let place = next(&mut lock(&shared.input), &mut chunk.block, reading);
        let patience = match place {
            Ok(Some(place)) => {
                chunk.number = place.number;
                parser.block(&chunk.block, place.offset, &mut own, &mut chunk.words, &mut chunk.parsed);
                (reading.progress)(chunk.block.len() as u64);
                chunk.entries = own.len();
                waiting.push_back(chunk);
                // Words of a dictionary can only be handed in while it is there.
                if own.bytes() > DICTIONARY { 0 } else { AHEAD }
            }
            Ok(None) => 0,
            Err(error) => {
                lock(&shared.output).stopped.get_or_insert(Stopped::Failed(error));
                shared.turn.notify_all();
                return;
            }
        };
        let ended = patience == 0 && own.bytes() <= DICTIONARY;
        if !hand_in(shared, reading, &own, &mut words, &mut waiting, &mut spare, patience) || ended {
            return;
        }
        if patience == 0 {
            own = seed.interner.clone();
            words.clear();
            parser.forget();
        }
    }
}

/// Hands in the blocks whose turn has come, waiting for it while more than `patience` are left.
/// False when all threads shall stop.
fn hand_in<R>(
    shared: &Shared<'_, R>,
    reading: &Reading<'_>,
    own: &Interner,
    words: &mut Vec<Word>,
    waiting: &mut VecDeque<Chunk>,
    spare: &mut Vec<Chunk>,
    patience: usize,
) -> bool {
    let mut output = lock(&shared.output);
    loop {
        if output.stopped.is_some() {
            return false;
        }
        let Some(first) = waiting.front() else { return true };
        if first.number != output.turn {
            if waiting.len() <= patience {
                return true;
            }
            output = shared.turn.wait(output).unwrap_or_else(PoisonError::into_inner);
            continue;
        }
        let Some(mut chunk) = waiting.pop_front() else { return true };
        let plain = chunk.entries <= Interner::new().len();
        while words.len() < chunk.entries {
            words.push(output.interner.adopt(own, words.len() as Word));
        }
        if plain {
            output.rows.words.extend_from_slice(&chunk.words);
        } else {
            let translated = chunk.words.iter().map(|word| match inlined(*word) {
                Some(_) => *word,
                None => words.get(*word as usize).copied().unwrap_or(*word),
            });
            output.rows.words.extend(translated);
        }
        output.take(&mut chunk.parsed, chunk.block.len(), reading.options);
        shared.turn.notify_all();
        chunk.words.clear();
        chunk.parsed.clear();
        spare.push(chunk);
    }
}

/// Wakes the other threads when this one panics, so that none waits for it for ever.
struct Alarm<'s, 'i> {
    output: &'s Mutex<Output<'i>>,
    turn: &'s Condvar,
}

impl Drop for Alarm<'_, '_> {
    fn drop(&mut self) {
        if thread::panicking() {
            lock(self.output).stopped.get_or_insert(Stopped::Enough);
            self.turn.notify_all();
        }
    }
}
