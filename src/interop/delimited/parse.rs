//! A block of records to words.

use std::borrow::Cow;

use hashbrown::HashMap;

use super::record::{BadQuotes, Fields, Found};
use super::{Column, Extra, Field, Header, Kind, Mistake, Options, Place, fallback, number};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::Float;
use crate::storage::interner::{NIL, inline_number};
use crate::storage::{Interner, Word};

/// Distinct texts of one column whose values a thread remembers.
const REMEMBERED: usize = 1 << 16;
/// As much of a record is shown behind a mistake, in bytes.
const CONTEXT: usize = 4 << 10;
/// Of a longer record only the part around a mistake is shown.
const LONG_RECORD: usize = 1 << 20;

/// Which fields go where.
pub struct Layout<'c> {
    columns: Vec<Column<'c>>,
    /// By field: its column.
    fields: Vec<Option<usize>>,
    /// What a row is before its record has been read, in words of the shared interner.
    pub blank: Vec<Word>,
    /// Whether the text has to be UTF-8: some column shows it.
    text: bool,
    /// Whether a line with nothing on it is the row of one nil.
    blank_is_nil: bool,
}

impl<'c> Layout<'c> {
    /// The layout of records with these names of fields; without a header there are none. Fails
    /// with what is wrong with the header.
    pub fn new(
        columns: &'c [Column<'c>],
        options: &Options,
        names: &[Cow<'_, str>],
    ) -> Result<Self, Vec<String>> {
        let mut columns = columns.to_vec();
        let mut header = options.header;
        if header == Header::NamesOrOrder {
            let named = names.iter().any(|name| is_taken(&columns, name));
            header = if named { Header::Names } else { Header::Skip };
            if !named {
                columns.iter_mut().enumerate().for_each(|(at, column)| column.field = Field::At(at));
            }
        }
        let names = if header == Header::Names { names } else { &[] };
        let mut fields = vec![None; names.len()];
        let mut wrong = Vec::new();
        for (at, name) in names.iter().enumerate() {
            if names.iter().take(at).any(|other| other == name) {
                wrong.push(format!("two fields are called `{name}`"));
            }
        }
        for (at, column) in columns.iter().enumerate() {
            let field = match column.field {
                Field::At(field) => Some(field),
                Field::Named(name) | Field::NamedOr(name, _) => {
                    let found = names.iter().position(|known| known == name);
                    if found.is_none() && matches!(column.field, Field::Named(_)) {
                        let free = names.iter().filter(|name| !is_taken(&columns, name));
                        let near = did_you_mean(&nearest(name, free.map(|name| &**name)));
                        let near = near.map_or_else(String::new, |near| format!(" ({near})"));
                        wrong.push(format!("no field is called `{name}`{near}"));
                    }
                    found
                }
                Field::Fixed(_) => None,
            };
            if let Some(field) = field {
                if fields.len() <= field {
                    fields.resize(field + 1, None);
                }
                if let Some(slot) = fields.get_mut(field) {
                    *slot = Some(at);
                }
            }
        }
        if header == Header::Names && options.extra == Extra::Refuse {
            for (name, _) in names.iter().zip(&fields).filter(|(_, column)| column.is_none()) {
                wrong.push(format!("no column is called `{name}`"));
            }
        }
        if !wrong.is_empty() {
            return Err(wrong);
        }
        let blank = columns.iter().map(|column| fallback(column.field)).collect();
        let text = columns.iter().any(|column| matches!(column.kind, Kind::Symbol | Kind::Other(_)));
        let blank_is_nil = match &fields[..] {
            [Some(only)] => columns.get(*only).is_some_and(|column| column.optional),
            _ => false,
        };
        Ok(Layout { columns, fields, blank, text, blank_is_nil })
    }
}

fn is_taken(columns: &[Column<'_>], name: &str) -> bool {
    columns.iter().any(|column| match column.field {
        Field::Named(taken) | Field::NamedOr(taken, _) => taken == name,
        Field::At(_) | Field::Fixed(_) => false,
    })
}

/// What a block has brought beside its words.
#[derive(Debug, Default)]
pub struct Parsed {
    /// Rows.
    pub rows: usize,
    /// Line ends.
    pub lines: u64,
    /// Bytes of each row's record, if wanted.
    pub places: Vec<(u64, u64)>,
    /// Lines count from the block's begin.
    pub mistakes: Vec<Mistake>,
    /// Whether the last mistake leaves open where records begin from there on.
    pub lost: bool,
}

impl Parsed {
    /// As new, keeping its memory.
    pub fn clear(&mut self) {
        self.places.clear();
        self.mistakes.clear();
        (self.rows, self.lines, self.lost) = (0, 0, false);
    }
}

/// Parses blocks, one after the other, with words of one interner.
pub struct Parser<'p> {
    layout: &'p Layout<'p>,
    /// The same as [`Layout::blank`], in words of the interner that blocks are parsed with.
    blank: &'p [Word],
    options: &'p Options,
    fields: Fields<'p>,
    /// For columns of [`Kind::Other`], the words of texts seen.
    known: Vec<HashMap<Box<[u8]>, Word>>,
}

/// A mistake before its line is known: bytes of the block, and words about them.
struct Wrong {
    start: usize,
    end: usize,
    message: String,
    help: Option<String>,
}

/// How a record ended.
struct Done {
    next: usize,
    good: bool,
    /// Whether a line end may stand inside it.
    quoted: bool,
}

impl<'p> Parser<'p> {
    pub fn new(layout: &'p Layout<'p>, options: &'p Options, blank: &'p [Word]) -> Self {
        let known = layout.columns.iter().map(|_| HashMap::new()).collect();
        Parser { layout, blank, options, fields: Fields::new(options), known }
    }

    /// Forgets words, before another interner is used.
    pub fn forget(&mut self) {
        self.known.iter_mut().for_each(HashMap::clear);
    }

    /// Appends the rows of `block`, which begins `offset` bytes into the stream, to `words`.
    pub fn block(
        &mut self,
        block: &[u8],
        offset: u64,
        interner: &mut Interner,
        words: &mut Vec<Word>,
        parsed: &mut Parsed,
    ) {
        if self.layout.text
            && let Err(error) = std::str::from_utf8(block)
        {
            parsed.lines = line_ends(block);
            parsed.mistakes.push(not_utf8(block, error.valid_up_to(), offset));
            return;
        }
        let skip_blank = self.options.skip_blank && !self.layout.blank_is_nil;
        let mut wrong = Vec::new();
        let mut at = 0;
        while at < block.len() {
            if skip_blank && let Some(next) = self.fields.follows(block, at, true) {
                parsed.lines += 1;
                at = next;
                continue;
            }
            let base = words.len();
            words.extend_from_slice(self.blank);
            let row = words.get_mut(base..).unwrap_or_default();
            let done = self.record(block, at, row, interner, &mut wrong);
            let bad = !wrong.is_empty();
            for wrong in wrong.drain(..) {
                parsed.mistakes.push(wrong.mistake(block, at, parsed.lines + 1));
            }
            let Some(Done { next, good, quoted }) = done else {
                parsed.lost = true;
                return;
            };
            let record = block.get(at..next).unwrap_or(&[]);
            if good && !bad {
                parsed.rows += 1;
                if self.options.places {
                    let length = trimmed(record).len() as u64;
                    let start = offset + at as u64;
                    parsed.places.push((start, start + length));
                }
            } else {
                words.truncate(base);
                if parsed.mistakes.len() > self.options.max_mistakes {
                    return;
                }
            }
            parsed.lines += if quoted { line_ends(record) } else { 1 };
            at = next;
        }
    }

    /// Reads the record that begins at `start` into `row`. `None` when its quotes do not tell
    /// where it ends.
    #[inline]
    fn record(
        &mut self,
        block: &[u8],
        start: usize,
        row: &mut [Word],
        interner: &mut Interner,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Done> {
        let Layout { columns, fields, .. } = self.layout;
        let mut at = start;
        let mut quoted = false;
        for (number, target) in fields.iter().enumerate() {
            let last = number + 1 == fields.len();
            let column = target.and_then(|target| Some((target, columns.get(target)?)));
            if let Some((target, column)) = column
                && let Kind::Integer { min, max, .. } = column.kind
                && let Some((integer, end)) = number::leading(block, at)
                && (min..=max).contains(&integer)
                && let Some(next) = self.fields.follows(block, end, last)
                && let Some(slot) = row.get_mut(target)
            {
                *slot = match inline_number(integer) {
                    Some(word) => word,
                    None => interner.number(integer),
                };
                at = next;
                continue;
            }
            let found = self.field(block, at, wrong)?;
            quoted |= found.quoted;
            if let Some((target, column)) = column {
                match self.value(target, column, &found, interner) {
                    Ok(word) => {
                        if let Some(slot) = row.get_mut(target) {
                            *slot = word;
                        }
                    }
                    Err(message) => wrong.push(Wrong { start: at, end: found.end, message, help: None }),
                }
            }
            at = found.next;
            if found.last && !last {
                wrong.push(self.miscounted(start, found.end, number + 1));
                return Some(Done { next: at, good: false, quoted });
            }
            if last && !found.last {
                return self.rest(block, start, at, quoted, wrong);
            }
        }
        if fields.is_empty() {
            return self.nothing(block, start, wrong);
        }
        Some(Done { next: at, good: true, quoted })
    }

    fn field<'t>(&self, block: &'t [u8], at: usize, wrong: &mut Vec<Wrong>) -> Option<Found<'t>> {
        let bad = match self.fields.field(block, at) {
            Ok(found) => return Some(found),
            Err(bad) => bad,
        };
        let (start, end, message) = match bad {
            BadQuotes::Inside(quote) => {
                (quote, quote + 1, "a quote stands inside a field that does not begin with one")
            }
            BadQuotes::Behind(end) => (end, end + 1, "something stands behind the closing quote of a field"),
            BadQuotes::Open => (at, at + 1, "this quote is never closed"),
        };
        let help = "put the whole field between quotes and double each quote in it; or, where quotes \
                    are text like any other, have it read without quoting";
        wrong.push(Wrong { start, end, message: message.to_owned(), help: Some(help.to_owned()) });
        None
    }

    /// Goes over fields that no column takes.
    fn rest(
        &self,
        block: &[u8],
        start: usize,
        mut at: usize,
        mut quoted: bool,
        wrong: &mut Vec<Wrong>,
    ) -> Option<Done> {
        let mut count = self.layout.fields.len();
        loop {
            let found = self.field(block, at, wrong)?;
            quoted |= found.quoted;
            count += 1;
            at = found.next;
            if !found.last {
                continue;
            }
            let good = self.options.extra == Extra::Ignore;
            if !good {
                wrong.push(self.miscounted(start, found.end, count));
            }
            return Some(Done { next: at, good, quoted });
        }
    }

    /// A record of rows without columns: a line with nothing on it but perhaps `()`.
    fn nothing(&self, block: &[u8], start: usize, wrong: &mut Vec<Wrong>) -> Option<Done> {
        let rest = block.get(start..).unwrap_or(&[]);
        let length = memchr::memchr(b'\n', rest).map_or(rest.len(), |end| end + 1);
        let text = trimmed(rest.get(..length).unwrap_or(&[]));
        let good = matches!(text, b"" | b"()");
        if !good {
            let message = "rows without columns are written `()`".to_owned();
            wrong.push(Wrong { start, end: start + text.len(), message, help: None });
        }
        Some(Done { next: start + length, good, quoted: false })
    }

    fn miscounted(&self, start: usize, end: usize, found: usize) -> Wrong {
        let expected = self.layout.fields.len();
        let s = if found == 1 { "" } else { "s" };
        let message = format!("this record has {found} field{s}, expected {expected}");
        let help = (found == 1 && expected > 1)
            .then(|| format!("fields are separated by {}", shown(&self.options.delimiter)));
        Wrong { start, end, message, help }
    }

    fn value(
        &mut self,
        target: usize,
        column: &Column<'_>,
        found: &Found<'_>,
        interner: &mut Interner,
    ) -> Result<Word, String> {
        let bytes: &[u8] = &found.text;
        if bytes.is_empty() && column.optional && !(found.quoted && matches!(column.kind, Kind::Symbol)) {
            return Ok(NIL);
        }
        let problem = |what: &str| {
            let text = String::from_utf8_lossy(bytes);
            let text: Cow<'_, str> = if text.chars().nth(40).is_some() {
                text.chars().take(40).chain(['…']).collect()
            } else {
                text
            };
            format!("column `{}`: `{}` {what}", column.name, text)
        };
        // The block is UTF-8 where a column is text, and a field is cut out between ASCII bytes.
        let Ok(text) = std::str::from_utf8(bytes) else { return Err(problem("is no UTF-8")) };
        match column.kind {
            Kind::Symbol => Ok(interner.symbol(text)),
            Kind::Integer { min, max, based } => {
                let number = if based { number::parse_based(text) } else { number::parse(text) };
                let digits = text.trim().trim_start_matches(['-', '+']);
                match number {
                    Some(number) if (i128::from(min)..=i128::from(max)).contains(&number) => {
                        Ok(interner.number(number as i64))
                    }
                    None if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                        Err(problem("is no whole number"))
                    }
                    _ => Err(problem(&format!("is not from {min} to {max}"))),
                }
            }
            Kind::Float { lenient } => float(text, lenient).map(|it| interner.float(it)).map_err(problem),
            Kind::Other(convert) => {
                let Some(known) = self.known.get_mut(target) else { return Ok(NIL) };
                if let Some(word) = known.get(bytes) {
                    return Ok(*word);
                }
                let word = interner.intern(&convert(text).map_err(|what| problem(&what))?);
                if known.len() >= REMEMBERED {
                    known.clear();
                }
                known.insert(bytes.into(), word);
                Ok(word)
            }
        }
    }
}

/// A float's text, or what is wrong with it.
pub fn float(text: &str, lenient: bool) -> Result<Float, &'static str> {
    let text = text.trim();
    let Ok(number) = text.parse::<f64>() else { return Err("is no number") };
    if number.is_finite() {
        return Ok(Float::new(number));
    }
    if text.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err("is too large for a float");
    }
    if lenient || matches!(text, "NaN" | "inf" | "-inf") {
        return Ok(Float::new(number));
    }
    Err("is no number; what is not finite is written `NaN`, `inf` or `-inf`")
}

/// A delimiter for people.
pub(super) fn shown(delimiter: &str) -> String {
    match delimiter {
        "\t" => "a tab".to_owned(),
        "," => "a comma".to_owned(),
        ";" => "a semicolon".to_owned(),
        other => format!("`{}`", crate::base::escape::printable(other)),
    }
}

impl Wrong {
    /// With the text around it; `record` is where its record begins.
    fn mistake(self, block: &[u8], record: usize, line: u64) -> Mistake {
        let Wrong { start, end, message, help } = self;
        let from = if start - record > LONG_RECORD { start - CONTEXT } else { record };
        let rest = block.get(start..).unwrap_or(&[]);
        let stop = memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(CONTEXT);
        let piece = |from: usize, to: usize| String::from_utf8_lossy(block.get(from..to).unwrap_or(&[]));
        let mut excerpt = piece(from, start).into_owned();
        let begin = excerpt.len();
        let end = end.clamp(start, start + stop);
        excerpt.push_str(&piece(start, end));
        let finish = excerpt.len();
        excerpt.push_str(&piece(end, start + stop));
        let skipped = String::from_utf8_lossy(block.get(record..from).unwrap_or(&[])).chars().count();
        let column = skipped as u64 + 1;
        Mistake { place: Place::Text { line, column, excerpt, start: begin, end: finish }, message, help }
    }
}

/// That the byte at `offset` of a file that begins with `start` is not UTF-8, and what to do.
pub fn encoding(offset: u64, start: &[u8]) -> (String, String) {
    let utf16 = start.starts_with(b"\xff\xfe") || start.starts_with(b"\xfe\xff");
    let why = if utf16 { "it looks like UTF-16" } else { "it may be in another encoding" };
    let message = format!("the text is not UTF-8: a wrong byte at offset {offset}");
    (message, format!("{why}; convert it to UTF-8"))
}

pub(super) fn not_utf8(block: &[u8], at: usize, offset: u64) -> Mistake {
    let head = block.get(..at).unwrap_or(&[]);
    let record = memchr::memrchr(b'\n', head).map_or(0, |end| end + 1);
    let (message, help) = encoding(offset + at as u64, if offset == 0 { block } else { &[] });
    Wrong { start: at, end: at + 1, message, help: Some(help) }.mistake(block, record, line_ends(head) + 1)
}

fn line_ends(bytes: &[u8]) -> u64 {
    memchr::memchr_iter(b'\n', bytes).count() as u64
}

/// A record without its line end.
fn trimmed(record: &[u8]) -> &[u8] {
    let record = record.strip_suffix(b"\n").unwrap_or(record);
    record.strip_suffix(b"\r").unwrap_or(record)
}
