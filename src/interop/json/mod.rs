//! JSON: one array of objects, or one object a line, one key a column.
//!
//! Numbers are numbers, dates and enum constants strings, nil is null, lists are arrays. The floats
//! that JSON has no number for are the strings `"NaN"`, `"inf"` and `"-inf"`. Reading takes either
//! form, and any blanks; a whole number may be written `2.0`.
//!
//! - `elements`: a stream cut into its rows · `members`: the members of an object

mod elements;
mod members;
#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::io::{Read, Write};

use self::elements::{Element, Elements};
use self::members::{Member, items, members, repeated, unquoted};
use super::columns::whole;
use super::delimited::{Extra, encoding, float, number};
use super::request::{ReadError, Request, Rows, WriteError, Written};
use super::{Format, Mistake, Shape};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::escape;
use crate::model::{Date, Float, Value};
use crate::storage::interner::{NIL, boolean, inlined};
use crate::storage::{Interner, Word};

/// Bytes shown behind a mistake.
const CONTEXT: usize = 1 << 10;
/// Rows between two looks at the budget.
const BLOCK: usize = 4096;

/// Reads rows from an array of objects, or from objects one behind the other.
pub fn read(stream: impl Read, request: &Request<'_>, interner: &mut Interner) -> Result<Rows, ReadError> {
    let mut reader = Reader::new(request, interner);
    let mut elements = Elements::new(stream);
    let mut told = 0;
    loop {
        if reader.count.is_multiple_of(BLOCK) {
            request.budget.check()?;
            (request.progress)(elements.offset() - told);
            told = elements.offset();
        }
        match elements.next()? {
            Ok(None) => break,
            Ok(Some(element)) => {
                reader.row(&element);
                if reader.more {
                    break;
                }
            }
            Err(mistake) => {
                reader.mistakes.push(mistake);
                reader.more = true;
                break;
            }
        }
        if reader.mistakes.len() >= request.max_mistakes.max(1) {
            reader.more = true;
            break;
        }
    }
    let Reader { mut mistakes, more, words, places, rows, .. } = reader;
    if mistakes.is_empty() {
        return Ok(Rows { words, len: rows, places });
    }
    mistakes.truncate(request.max_mistakes.max(1));
    Err(ReadError::Mistakes { found: mistakes, more })
}

struct Reader<'r, 'i> {
    request: &'r Request<'r>,
    interner: &'i mut Interner,
    /// Column by key.
    by_key: HashMap<&'r str, usize>,
    /// What a row is before its object has been read; `None` where the key has to be there.
    blank: Vec<Option<Word>>,
    dates: HashMap<Box<str>, Word>,
    words: Vec<Word>,
    places: Vec<(u64, u64)>,
    rows: usize,
    /// Elements seen.
    count: usize,
    mistakes: Vec<Mistake>,
    more: bool,
}

/// What is wrong in an element: bytes of it, and words about them.
struct Wrong {
    start: usize,
    end: usize,
    message: String,
    help: Option<String>,
}

impl<'r, 'i> Reader<'r, 'i> {
    fn new(request: &'r Request<'r>, interner: &'i mut Interner) -> Self {
        let by_key = request.columns.iter().enumerate().map(|(at, column)| (&*column.field, at)).collect();
        let blank = request
            .columns
            .iter()
            .map(|column| match &column.default {
                Some(value) => Some(interner.intern(value)),
                None => column.optional.then_some(NIL),
            })
            .collect();
        Reader {
            request,
            interner,
            by_key,
            blank,
            dates: HashMap::new(),
            words: Vec::new(),
            places: Vec::new(),
            rows: 0,
            count: 0,
            mistakes: Vec::new(),
            more: false,
        }
    }

    fn row(&mut self, element: &Element<'_>) {
        self.count += 1;
        let base = self.words.len();
        let mut wrong = Vec::new();
        match std::str::from_utf8(element.bytes) {
            Ok(_) => self.object(element.bytes, base, &mut wrong),
            Err(error) => wrong.push(self.not_utf8(element, error.valid_up_to())),
        }
        if wrong.is_empty() {
            self.rows += 1;
            if self.request.places {
                self.places.push((element.offset, element.offset + element.bytes.len() as u64));
            }
            return;
        }
        self.words.truncate(base);
        self.mistakes.extend(wrong.into_iter().map(|wrong| wrong.mistake(element)));
    }

    fn not_utf8(&mut self, element: &Element<'_>, at: usize) -> Wrong {
        let start = if element.offset == 0 { element.bytes } else { &[] };
        let (message, help) = encoding(element.offset + at as u64, start);
        // Of another encoding no row is legible.
        self.more |= element.offset == 0 && at == 0;
        Wrong { help: Some(help), ..Wrong::new(at, at + 1, message) }
    }

    fn object(&mut self, bytes: &[u8], base: usize, wrong: &mut Vec<Wrong>) {
        if let Err(error) = serde_json::from_slice::<serde::de::IgnoredAny>(bytes) {
            wrong.push(syntax(bytes, &error));
            return;
        }
        if bytes.first() != Some(&b'{') {
            wrong.push(Wrong::new(0, bytes.len(), "a row is an object"));
            return;
        }
        self.words.extend(self.blank.iter().map(|word| word.unwrap_or(NIL)));
        let mut seen = vec![false; self.blank.len()];
        for member in members(bytes) {
            let Member { key, key_at, value, value_at } = member;
            let end = key_at + key.len();
            let Some(key) = unquoted(key) else {
                wrong.push(Wrong::new(key_at, end, "this key is no text: it holds half of a surrogate pair"));
                continue;
            };
            let Some(column) = self.by_key.get(&*key).copied() else {
                if self.request.extra == Extra::Refuse {
                    let near = did_you_mean(&nearest(&key, self.by_key.keys().copied()));
                    let near = near.map_or_else(String::new, |near| format!(" ({near})"));
                    let message = format!("no column is called {}{near}", escape::quoted(&key));
                    wrong.push(Wrong::new(key_at, end, message));
                }
                continue;
            };
            let Some(described) = self.request.columns.get(column) else { continue };
            if seen.get_mut(column).is_some_and(|seen| std::mem::replace(seen, true)) {
                let message = format!("the key {} stands twice in this object", escape::quoted(&key));
                wrong.push(Wrong::new(key_at, end, message));
                continue;
            }
            let word = if value == b"null" && described.optional {
                Ok(NIL)
            } else {
                self.word(&described.shape, value)
            };
            match word {
                Ok(word) => {
                    if let Some(slot) = self.words.get_mut(base + column) {
                        *slot = word;
                    }
                }
                Err(why) => {
                    let message = format!("column `{}`: {why}", described.name);
                    wrong.push(Wrong::new(value_at, value_at + value.len(), message));
                }
            }
        }
        for ((seen, blank), column) in seen.iter().zip(&self.blank).zip(self.request.columns) {
            if !seen && blank.is_none() {
                let message = format!("the object has no key {}", escape::quoted(&column.field));
                wrong.push(Wrong::new(0, 1, message));
            }
        }
    }

    /// The word of a value that is well-formed JSON.
    fn word(&mut self, shape: &Shape, json: &[u8]) -> Result<Word, String> {
        let due = || format!("`{}` stands where {} is due", shown(json), shape.describe());
        match (shape, json.first()) {
            (_, None) => Err(due()),
            (Shape::Symbol, Some(b'"')) => match unquoted(json) {
                Some(text) => Ok(self.interner.symbol(&text)),
                None => Err(due()),
            },
            (Shape::Date, Some(b'"')) => {
                let text = unquoted(json).ok_or_else(due)?;
                if let Some(word) = self.dates.get(&*text) {
                    return Ok(*word);
                }
                let date = Date::parse(&text).map_err(|why| format!("`{text}` is no date: {why}"))?;
                let word = self.interner.date(&date);
                self.dates.insert(text.into(), word);
                Ok(word)
            }
            (Shape::Enum { .. }, Some(b'"')) => {
                let text = unquoted(json).ok_or_else(due)?;
                let value = shape.constant(&text).map_err(|why| format!("`{text}` {why}"))?;
                Ok(self.interner.intern(&value))
            }
            (Shape::Bool, _) => match json {
                b"true" => Ok(boolean(true)),
                b"false" => Ok(boolean(false)),
                _ => Err(due()),
            },
            (Shape::Number, Some(b'-' | b'0'..=b'9')) => integer(json).map_or_else(
                || Err(format!("`{}` is no 64-bit whole number", shown(json))),
                |number| Ok(self.interner.number(number)),
            ),
            (Shape::Float, Some(b'-' | b'0'..=b'9')) => {
                let text = std::str::from_utf8(json).map_err(|_| due())?;
                float(text, false)
                    .map(|float| self.interner.float(float))
                    .map_err(|why| format!("`{}` {why}", shown(json)))
            }
            (Shape::Float, Some(b'"')) => {
                let special = match json {
                    b"\"NaN\"" => f64::NAN,
                    b"\"inf\"" => f64::INFINITY,
                    b"\"-inf\"" => f64::NEG_INFINITY,
                    _ => return Err(due()),
                };
                Ok(self.interner.float(Float::new(special)))
            }
            (Shape::List(item), Some(b'[')) => {
                let mut words = Vec::new();
                for element in items(json) {
                    words.push(if element == b"null" { NIL } else { self.word(item, element)? });
                }
                Ok(self.interner.list(&words))
            }
            (Shape::Structured(reader), _) => {
                let value = serde_json::from_slice(json).map_err(|_| due())?;
                if let Some(key) = repeated(json) {
                    return Err(format!("the key {} stands twice in one object", escape::quoted(&key)));
                }
                reader.0.json(&value).map(|value| self.interner.intern(&value))
            }
            _ => Err(due()),
        }
    }
}

/// A JSON number that is a whole one.
fn integer(json: &[u8]) -> Option<i64> {
    let text = std::str::from_utf8(json).ok()?;
    if let Some(number) = number::parse(text) {
        return i64::try_from(number).ok();
    }
    whole(text.parse().ok()?)
}

/// JSON for people, shortened.
fn shown(json: &[u8]) -> String {
    let text = String::from_utf8_lossy(json);
    let short: String = text.chars().take(40).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}

/// What serde_json says is wrong with an element.
fn syntax(bytes: &[u8], error: &serde_json::Error) -> Wrong {
    // It counts lines from 1, and columns in bytes.
    let line = error.line().saturating_sub(1);
    let start = bytes.split_inclusive(|byte| *byte == b'\n').take(line).map(<[u8]>::len).sum::<usize>();
    let at = (start + error.column().saturating_sub(1)).min(bytes.len());
    let text = error.to_string();
    let message = text.split(" at line ").next().unwrap_or(&text);
    Wrong::new(at, (at + 1).min(bytes.len()), format!("this is no JSON: {message}"))
}

impl Wrong {
    fn new(start: usize, end: usize, message: impl Into<String>) -> Wrong {
        Wrong { start, end, message: message.into(), help: None }
    }

    fn mistake(self, element: &Element<'_>) -> Mistake {
        let Wrong { start, end, message, help } = self;
        Mistake { place: element.place(start, end, CONTEXT), message, help }
    }
}

/// Writes rows as an array of objects, or as an object a line.
pub fn write(format: Format, out: &mut (dyn Write + Send), written: &Written<'_>) -> Result<(), WriteError> {
    let keys: Vec<Vec<u8>> = written
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            let mut key = if at > 0 { b",".to_vec() } else { Vec::new() };
            string(&column.field, &mut key);
            key.push(b':');
            key
        })
        .collect();
    let array = format == Format::Json;
    let mut rows = 0;
    let mut text: Vec<u8> = Vec::new();
    if array {
        text.extend_from_slice(if written.len == 0 { b"[]\n" } else { b"[\n" });
    }
    let width = written.columns.len();
    written.blocks(|words, count| {
        for row in 0..count {
            if array {
                text.extend_from_slice(if rows == 0 { b"  " } else { b",\n  " });
            }
            rows += 1;
            text.push(b'{');
            let row = words.get(row * width..(row + 1) * width).unwrap_or(&[]);
            for (key, word) in keys.iter().zip(row) {
                text.extend_from_slice(key);
                value(*word, written.interner, &mut text);
            }
            text.push(b'}');
            if !array {
                text.push(b'\n');
            }
        }
        out.write_all(&text)?;
        text.clear();
        Ok(())
    })?;
    if array && written.len > 0 {
        text.extend_from_slice(b"\n]\n");
    }
    out.write_all(&text)?;
    Ok(())
}

/// Appends the JSON of a word.
pub fn value(word: Word, interner: &Interner, text: &mut Vec<u8>) {
    if let Some(number) = inlined(word) {
        text.extend_from_slice(itoa::Buffer::new().format(number).as_bytes());
    } else if let Some(symbol) = interner.symbol_text(word) {
        string(symbol, text);
    } else if let Some(items) = interner.list_items(word) {
        text.push(b'[');
        for (at, item) in items.iter().enumerate() {
            if at > 0 {
                text.push(b',');
            }
            value(*item, interner, text);
        }
        text.push(b']');
    } else if let Some((of, fields)) = interner.structure_parts(word) {
        if let Some(name) = &of.name {
            if fields.is_empty() {
                return string(name, text);
            }
            text.push(b'{');
            string(name, text);
            text.push(b':');
        }
        text.push(b'{');
        for (at, (field, part)) in of.fields.iter().zip(fields).enumerate() {
            if at > 0 {
                text.push(b',');
            }
            string(&field.name, text);
            text.push(b':');
            value(*part, interner, text);
        }
        text.extend_from_slice(if of.name.is_some() { b"}}" } else { b"}" });
    } else {
        match interner.value(word) {
            Value::Nil => text.extend_from_slice(b"null"),
            Value::Enum(constant) => string(&constant.name, text),
            Value::Date(date) => string(date.text(), text),
            Value::Float(float) if !float.get().is_finite() => {
                string(&Value::Float(float).to_string(), text);
            }
            // Numbers and truth values are written alike in both languages.
            other => text.extend_from_slice(other.to_string().as_bytes()),
        }
    }
}

/// A JSON string, with what steers terminals escaped.
fn string(content: &str, text: &mut Vec<u8>) {
    text.push(b'"');
    let mut buffer = [0; 4];
    for c in content.chars() {
        match c {
            '"' => text.extend_from_slice(b"\\\""),
            '\\' => text.extend_from_slice(b"\\\\"),
            '\n' => text.extend_from_slice(b"\\n"),
            '\r' => text.extend_from_slice(b"\\r"),
            '\t' => text.extend_from_slice(b"\\t"),
            // All of them lie in the basic plane.
            c if escape::is_unsafe(c) => {
                text.extend_from_slice(format!("\\u{:04x}", u32::from(c)).as_bytes());
            }
            c => text.extend_from_slice(c.encode_utf8(&mut buffer).as_bytes()),
        }
    }
    text.push(b'"');
}
