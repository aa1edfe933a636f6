//! Texts that are not kept: where their lines begin, and how to read them again.
//!
//! Of a large file a session needs the lines of places, seldom the text itself. So the text can be
//! given up for the lengths of its lines, some two bytes each. Who wants to see a line has the file
//! read again, and sees it only if that is the text that was given up.

use std::fmt;
use std::hash::Hasher;
use std::sync::{Arc, OnceLock};

use rustc_hash::FxHasher;

/// Reads a text again; `None` if it cannot be read any more.
pub type Again = Arc<dyn Fn() -> Option<String> + Send + Sync>;

/// A text that was given up.
pub(super) struct Recalled {
    lines: Lines,
    print: Print,
    again: Again,
    /// The text, once somebody wanted it; `None` if it is another one now.
    text: OnceLock<Option<Arc<str>>>,
}

impl Recalled {
    pub fn new(text: &str, again: Again) -> Self {
        Recalled { lines: Lines::of(text), print: Print::of(text), again, text: OnceLock::new() }
    }

    /// The text, read again if it has to be; `None` if it cannot be read or is not what it was.
    pub fn text(&self) -> Option<&Arc<str>> {
        let read = || (self.again)().filter(|text| Print::of(text) == self.print).map(Arc::from);
        self.text.get_or_init(read).as_ref()
    }

    pub fn len(&self) -> usize {
        self.print.len
    }

    /// The number, from 0, of the line on which a byte stands, and what is known of the line.
    pub fn line_at(&self, at: usize) -> (usize, Line) {
        self.lines.at(at)
    }

    /// A line by its number, from 0.
    pub fn line(&self, number: usize) -> Option<Line> {
        self.lines.get(number)
    }
}

impl fmt::Debug for Recalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recalled").field("print", &self.print).finish_non_exhaustive()
    }
}

/// What tells a text from another: enough to notice a change, nothing against malice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Print {
    len: usize,
    hash: u64,
}

impl Print {
    fn of(text: &str) -> Print {
        let mut hasher = FxHasher::default();
        hasher.write(text.as_bytes());
        Print { len: text.len(), hash: hasher.finish() }
    }
}

/// A line: its bytes, its end included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Line {
    pub start: usize,
    pub end: usize,
    /// Whether each of its bytes is a character.
    pub ascii: bool,
}

/// Lines between which it is noted where one begins.
const STEP: usize = 64;

/// Where lines begin: twice the length of each, plus one if it is not all ASCII, as LEB128.
#[derive(Debug, Default)]
struct Lines {
    lengths: Vec<u8>,
    /// Of each `STEP`th line: where it begins in the text, and where its length in `lengths`.
    marks: Vec<(u32, u32)>,
    count: usize,
}

impl Lines {
    fn of(text: &str) -> Lines {
        let mut lines = Lines::default();
        let mut start = 0;
        for end in line_ends(text.as_bytes()).chain([text.len()]) {
            if lines.count.is_multiple_of(STEP) {
                lines.marks.push((start as u32, lines.lengths.len() as u32));
            }
            let ascii = text.get(start..end).is_some_and(str::is_ascii);
            let mut number = 2 * (end - start) + usize::from(!ascii);
            while number >= 0x80 {
                lines.lengths.push(number as u8 | 0x80);
                number >>= 7;
            }
            lines.lengths.push(number as u8);
            lines.count += 1;
            start = end;
        }
        lines.lengths.shrink_to_fit();
        lines.marks.shrink_to_fit();
        lines
    }

    /// The lines from the `mark`th mark on.
    fn lines_from(&self, mark: usize) -> impl Iterator<Item = Line> {
        let (start, at) = self.marks.get(mark).copied().unwrap_or_default();
        let mut lengths = self.lengths.get(at as usize..).unwrap_or(&[]).iter();
        let mut start = start as usize;
        std::iter::from_fn(move || {
            let (mut number, mut shift) = (0_usize, 0);
            loop {
                let byte = lengths.next()?;
                number |= usize::from(byte & 0x7f) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let line = Line { start, end: start + number / 2, ascii: number.is_multiple_of(2) };
            start = line.end;
            Some(line)
        })
    }

    fn get(&self, number: usize) -> Option<Line> {
        self.lines_from(number / STEP).nth(number % STEP).filter(|_| number < self.count)
    }

    fn at(&self, at: usize) -> (usize, Line) {
        let mark = self.marks.partition_point(|(start, _)| *start as usize <= at).saturating_sub(1);
        let mut found = (0, Line { start: 0, end: 0, ascii: true });
        for (number, line) in (mark * STEP..self.count).zip(self.lines_from(mark)) {
            if line.start > at {
                break;
            }
            found = (number, line);
        }
        found
    }
}

/// The bytes behind the end of each line. LF, CRLF and a lone CR each end a line.
pub(super) fn line_ends(bytes: &[u8]) -> impl Iterator<Item = usize> {
    memchr::memchr2_iter(b'\n', b'\r', bytes)
        .filter(|at| bytes.get(*at) == Some(&b'\n') || bytes.get(at + 1) != Some(&b'\n'))
        .map(|at| at + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn recalled(text: &str) -> Recalled {
        let again = text.to_owned();
        Recalled::new(text, Arc::new(move || Some(again.clone())))
    }

    #[test]
    fn lines_are_where_they_were() {
        // Lengths of one byte and of two, all line ends, and several marks.
        let text: String = (0..400)
            .map(|i| {
                format!("{}{}{}", "x".repeat(1 + i * 7 % 150), ["", "é"][i % 2], ["\n", "\r\n", "\r"][i % 3])
            })
            .collect();
        let text = text + "last";
        let recalled = recalled(&text);
        let mut start = 0;
        let mut number = 0;
        for end in line_ends(text.as_bytes()).chain([text.len()]) {
            let line = Line { start, end, ascii: text[start..end].is_ascii() };
            assert_eq!(recalled.line(number), Some(line));
            for at in [start, end - 1] {
                assert_eq!(recalled.line_at(at), (number, line), "byte {at}");
            }
            (start, number) = (end, number + 1);
        }
        assert_eq!(number, 401);
        assert_eq!(recalled.line(number), None);
        assert_eq!(recalled.line_at(text.len()).0, 400);
        assert_eq!(recalled.text().map(|text| &**text), Some(&*text));
    }

    #[test]
    fn what_is_another_text_now_is_not_shown() {
        let recalled = Recalled::new("a\nb", Arc::new(|| Some("a\nc".to_owned())));
        assert_eq!((recalled.text(), recalled.line_at(2).0), (None, 1));
        let recalled = Recalled::new("", Arc::new(|| None));
        assert_eq!(
            (recalled.text(), recalled.line_at(7)),
            (None, (0, Line { start: 0, end: 0, ascii: true }))
        );
    }

    #[test]
    fn lines_take_little() {
        let text = "    Link(a: \"n1\", b: \"n2\", weight: 3),\n".repeat(10_000);
        let Lines { lengths, marks, .. } = Lines::of(&text);
        assert!(lengths.len() + 8 * marks.len() < 3 * 10_000);
    }
}
