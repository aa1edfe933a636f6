//! Fields of a record, one after the other: the way that takes every layout.

use std::borrow::Cow;

use super::{Options, Quoting};

/// A field's text and what follows it.
pub struct Found<'t> {
    /// Without quotes.
    pub text: Cow<'t, [u8]>,
    /// Whether it stood between quotes.
    pub quoted: bool,
    /// Where it ends in the block, quotes included.
    pub end: usize,
    /// Where the next field or record begins.
    pub next: usize,
    /// Whether it is the last of its record.
    pub last: bool,
}

/// What is wrong with a field's quotes. Nothing behind it can be told for certain.
pub enum BadQuotes {
    /// A quote stands inside a field that does not begin with one; its offset.
    Inside(usize),
    /// Something stands between the closing quote and the field's end; its offset.
    Behind(usize),
    /// The closing quote is missing.
    Open,
}

/// The parts of [`Options`] that say where fields end.
pub struct Fields<'o> {
    pub delimiter: &'o [u8],
    pub first: u8,
    quoting: Quoting,
    brackets: bool,
}

impl<'o> Fields<'o> {
    pub fn new(options: &'o Options) -> Self {
        let delimiter = options.delimiter.as_bytes();
        Fields {
            delimiter,
            first: delimiter.first().copied().unwrap_or(b'\t'),
            quoting: options.quoting,
            brackets: options.brackets,
        }
    }

    /// If a field ends at `end`: where the next begins, or, of the record's `last` field, the next
    /// record.
    #[inline]
    pub fn follows(&self, block: &[u8], end: usize, last: bool) -> Option<usize> {
        match block.get(end) {
            Some(b'\n') => last.then_some(end + 1),
            Some(byte) if *byte == self.first && !last => {
                if self.delimiter.len() == 1 {
                    return Some(end + 1);
                }
                let next = end + self.delimiter.len();
                (block.get(end..next) == Some(self.delimiter)).then_some(next)
            }
            Some(b'\r') if last => match block.get(end + 1) {
                Some(b'\n') => Some(end + 2),
                _ => None,
            },
            Some(_) => None,
            None => last.then_some(end),
        }
    }

    /// The field that begins at `at`.
    pub fn field<'t>(&self, block: &'t [u8], at: usize) -> Result<Found<'t>, BadQuotes> {
        if self.quoting == Quoting::Rfc4180 && block.get(at) == Some(&b'"') {
            return self.quoted(block, at);
        }
        let (end, next, last) = self.end(block, at);
        let text = block.get(at..end).unwrap_or(&[]);
        if self.quoting == Quoting::Rfc4180
            && let Some(inside) = memchr::memchr(b'"', text)
        {
            return Err(BadQuotes::Inside(at + inside));
        }
        Ok(Found { text: Cow::Borrowed(text), quoted: false, end, next, last })
    }

    /// Where an unquoted field ends, where the next begins, and whether it was the last.
    fn end(&self, block: &[u8], at: usize) -> (usize, usize, bool) {
        let mut from = at;
        let mut depth = 0_usize;
        loop {
            let rest = block.get(from..).unwrap_or(&[]);
            let found = if self.brackets {
                rest.iter().position(|byte| *byte == self.first || matches!(byte, b'\n' | b'[' | b']'))
            } else {
                memchr::memchr2(self.first, b'\n', rest)
            };
            let Some(found) = found else { return (block.len(), block.len(), true) };
            let here = from + found;
            let byte = block.get(here).copied();
            if byte == Some(b'\n') {
                let cr = here > at && block.get(here - 1) == Some(&b'\r');
                return (here - usize::from(cr), here + 1, true);
            }
            let next = here + self.delimiter.len();
            if depth == 0 && block.get(here..next) == Some(self.delimiter) {
                return (here, next, false);
            }
            match byte {
                Some(b'[') => depth += 1,
                Some(b']') => depth = depth.saturating_sub(1),
                _ => {}
            }
            from = here + 1;
        }
    }

    fn quoted<'t>(&self, block: &'t [u8], at: usize) -> Result<Found<'t>, BadQuotes> {
        let start = at + 1;
        let mut from = start;
        let mut doubled = false;
        let close = loop {
            let rest = block.get(from..).unwrap_or(&[]);
            let Some(quote) = memchr::memchr(b'"', rest) else { return Err(BadQuotes::Open) };
            let quote = from + quote;
            if block.get(quote + 1) != Some(&b'"') {
                break quote;
            }
            doubled = true;
            from = quote + 2;
        };
        let inner = block.get(start..close).unwrap_or(&[]);
        let text = if doubled { Cow::Owned(halved(inner)) } else { Cow::Borrowed(inner) };
        let end = close + 1;
        let found = |next, last| Found { text, quoted: true, end, next, last };
        match (self.follows(block, end, false), self.follows(block, end, true)) {
            (Some(next), _) => Ok(found(next, false)),
            (None, Some(next)) => Ok(found(next, true)),
            (None, None) => Err(BadQuotes::Behind(end)),
        }
    }
}

/// Doubled quotes made single.
fn halved(inner: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(inner.len());
    let mut rest = inner;
    while let Some(quote) = memchr::memchr(b'"', rest) {
        let (head, tail) = rest.split_at(quote + 1);
        text.extend_from_slice(head);
        rest = tail.get(1..).unwrap_or(&[]);
    }
    text.extend_from_slice(rest);
    text
}
