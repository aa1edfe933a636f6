//! A stream of JSON cut into the elements of its array, or into the values that stand one behind
//! the other, each with its place.

use std::io::{self, Read};

use crate::interop::{Mistake, Place};

/// Bytes read at a time.
const CHUNK: usize = 1 << 18;
/// An element may be this long.
const MAX_ELEMENT: usize = 64 << 20;

/// One value. It ends where its brackets close; whether it is JSON is not looked at.
pub struct Element<'b> {
    /// Its text.
    pub bytes: &'b [u8],
    /// Bytes of the stream before it.
    pub offset: u64,
    line: u64,
    column: u64,
}

impl Element<'_> {
    /// The place of the bytes from `start` to `end`, with so many bytes behind it at most.
    pub fn place(&self, start: usize, end: usize, context: usize) -> Place {
        let head = self.bytes.get(..start).unwrap_or(self.bytes);
        let break_at = memchr::memrchr(b'\n', head);
        let from = break_at.map_or(0, |at| at + 1).max(start.saturating_sub(context));
        let before = self.bytes.get(break_at.map_or(0, |at| at + 1)..from).unwrap_or(&[]);
        let line = self.line + memchr::memchr_iter(b'\n', head).count() as u64;
        let column = characters(before) + if break_at.is_some() { 1 } else { self.column };
        let rest = self.bytes.get(start..).unwrap_or(&[]);
        let stop = start + memchr::memchr(b'\n', rest).unwrap_or(rest.len()).min(context);
        let end = end.clamp(start, stop.max(start));
        let piece = |from: usize, to: usize| String::from_utf8_lossy(self.bytes.get(from..to).unwrap_or(&[]));
        let mut excerpt = piece(from, start).into_owned();
        let begin = excerpt.len();
        excerpt.push_str(&piece(start, end));
        let finish = excerpt.len();
        excerpt.push_str(&piece(end, stop));
        Place::Text { line, column, excerpt, start: begin, end: finish }
    }
}

/// Characters in UTF-8 text; a stray byte counts as one at most.
fn characters(bytes: &[u8]) -> u64 {
    bytes.iter().filter(|byte| (**byte & 0xc0) != 0x80).count() as u64
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    /// Nothing but blanks so far.
    Start,
    /// In the array, before an element or its end.
    Array,
    /// Behind an element of the array.
    Behind,
    /// Values one behind the other.
    Lines,
    /// Behind the array.
    End,
}

/// A reader of elements.
pub struct Elements<R> {
    stream: R,
    buffer: Vec<u8>,
    /// Where in `buffer` the next byte to look at stands.
    at: usize,
    /// Bytes of the stream before `buffer`.
    before: u64,
    line: u64,
    column: u64,
    state: State,
    ended: bool,
}

impl<R: Read> Elements<R> {
    pub fn new(stream: R) -> Self {
        Elements {
            stream,
            buffer: Vec::new(),
            at: 0,
            before: 0,
            line: 1,
            column: 1,
            state: State::Start,
            ended: false,
        }
    }

    /// Bytes looked at so far.
    pub fn offset(&self) -> u64 {
        self.before + self.at as u64
    }

    /// The next element, `None` at the end, or what stands where one is due.
    pub fn next(&mut self) -> io::Result<Result<Option<Element<'_>>, Mistake>> {
        loop {
            let Some(byte) = self.peek()? else {
                return Ok(match self.state {
                    State::Array | State::Behind => Err(self.mistake("the array is never closed")),
                    State::Start | State::Lines | State::End => Ok(None),
                });
            };
            match (self.state, byte) {
                (_, b' ' | b'\t' | b'\r' | b'\n') => self.step(),
                (State::Start, 0xef) if self.offset() == 0 && self.mark()? => {
                    (0..3).for_each(|_| self.step());
                    self.column = 1;
                }
                (State::Start, b'[') => {
                    self.step();
                    self.state = State::Array;
                }
                (State::Start, _) => self.state = State::Lines,
                (State::Array | State::Behind, b']') => {
                    self.step();
                    self.state = State::End;
                }
                (State::Behind, b',') => {
                    self.step();
                    self.state = State::Array;
                }
                (State::Behind, _) => return Ok(Err(self.mistake("a comma or `]` is due here"))),
                (State::End, _) => {
                    return Ok(Err(self.mistake("something stands behind the array")));
                }
                (State::Array, b',') => return Ok(Err(self.mistake("a row is due before this comma"))),
                (State::Array | State::Lines, _) => break,
            }
        }
        let length = self.length()?;
        if self.state == State::Array {
            self.state = State::Behind;
        }
        let (offset, line, column, start) = (self.offset(), self.line, self.column, self.at);
        (0..length).for_each(|_| self.step());
        let bytes = self.buffer.get(start..start + length).unwrap_or(&[]);
        Ok(Ok(Some(Element { bytes, offset, line, column })))
    }

    fn mistake(&self, message: &str) -> Mistake {
        let end = self.buffer.len().min(self.at + CHUNK.min(200));
        let bytes = self.buffer.get(self.at..end).unwrap_or(&[]);
        let element = Element { bytes, offset: self.offset(), line: self.line, column: self.column };
        Mistake { place: element.place(0, 1, 200), message: message.to_owned(), help: None }
    }

    fn peek(&mut self) -> io::Result<Option<u8>> {
        if self.at >= self.buffer.len() {
            self.fill()?;
        }
        Ok(self.buffer.get(self.at).copied())
    }

    /// Whether the stream begins with a byte order mark.
    fn mark(&mut self) -> io::Result<bool> {
        while self.buffer.len() < 3 && !self.ended {
            self.fill()?;
        }
        Ok(self.buffer.starts_with(b"\xef\xbb\xbf"))
    }

    fn step(&mut self) {
        match self.buffer.get(self.at) {
            Some(b'\n') => {
                self.line += 1;
                self.column = 1;
            }
            Some(byte) if byte & 0xc0 != 0x80 => self.column += 1,
            _ => {}
        }
        self.at += 1;
    }

    /// Reads more behind what has not been looked at yet.
    fn fill(&mut self) -> io::Result<()> {
        self.before += self.at as u64;
        self.buffer.drain(..self.at);
        self.at = 0;
        if self.buffer.len() >= MAX_ELEMENT {
            let message = format!("a row is longer than {} MiB", MAX_ELEMENT >> 20);
            return Err(io::Error::new(io::ErrorKind::InvalidData, message));
        }
        // As much again as there is, so that a long element is looked through a few times only.
        let wanted = CHUNK.max(self.buffer.len()) as u64;
        let read = self.stream.by_ref().take(wanted).read_to_end(&mut self.buffer)?;
        self.ended = read == 0;
        Ok(())
    }

    /// Length of the value that begins here.
    fn length(&mut self) -> io::Result<usize> {
        loop {
            let text = self.buffer.get(self.at..).unwrap_or(&[]);
            if let Some(length) = complete(text) {
                return Ok(length);
            }
            if self.ended {
                return Ok(text.len());
            }
            self.fill()?;
        }
    }
}

/// Length of the value at the front, if its end is there.
fn complete(text: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    let mut at = 0;
    while let Some(byte) = text.get(at) {
        match byte {
            b'"' => at += string(text.get(at..)?)? - 1,
            b'{' | b'[' => depth += 1,
            b'}' | b']' if depth > 1 => depth -= 1,
            b'}' | b']' if depth == 1 => return Some(at + 1),
            b'}' | b']' | b',' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => return Some(at.max(1)),
            _ => {}
        }
        at += 1;
    }
    None
}

/// Length of the string at the front, quotes included, if its end is there.
pub fn string(text: &[u8]) -> Option<usize> {
    let mut at = 1;
    loop {
        let found = memchr::memchr2(b'"', b'\\', text.get(at..)?)?;
        at += found;
        if text.get(at) == Some(&b'"') {
            return Some(at + 1);
        }
        at += 2;
    }
}
