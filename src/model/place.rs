//! Places in a source's text, as `_at` writes them.

use std::ops::Range;

/// `L9`, `L13-14`, `L7:120-233`, `L7.s16` or `p3`; everything is counted from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// Whole lines, first and last.
    Lines(u32, u32),
    /// Columns of a line in characters, first and last.
    Columns(u32, u32, u32),
    /// A sentence of a line.
    Sentence(u32, u32),
    /// A paragraph: a run of lines that are not blank.
    Paragraph(u32),
}

impl Place {
    /// Reads an `_at`; `None` if it is no place.
    pub fn parse(text: &str) -> Option<Place> {
        if let Some(paragraph) = text.strip_prefix('p') {
            return Some(Place::Paragraph(count(paragraph)?));
        }
        let rest = text.strip_prefix('L')?;
        if let Some((line, columns)) = rest.split_once(':') {
            let (first, last) = range(columns)?;
            return Some(Place::Columns(count(line)?, first, last));
        }
        if let Some((line, sentence)) = rest.split_once(".s") {
            return Some(Place::Sentence(count(line)?, count(sentence)?));
        }
        let (first, last) = range(rest)?;
        Some(Place::Lines(first, last))
    }

    /// The bytes of `text` that it means; `None` if the text has no such place.
    pub fn find(self, text: &str) -> Option<Range<usize>> {
        match self {
            Place::Lines(first, last) => Some(line(text, first)?.start..line(text, last)?.end),
            Place::Columns(number, first, last) => {
                let line = line(text, number)?;
                let content = text.get(line.clone())?;
                let start = content.char_indices().nth(first as usize - 1)?.0;
                let (end, c) = content.char_indices().nth(last as usize - 1)?;
                Some(line.start + start..line.start + end + c.len_utf8())
            }
            Place::Sentence(number, sentence) => {
                let line = line(text, number)?;
                let found = sentences(text.get(line.clone())?).nth(sentence as usize - 1)?;
                Some(line.start + found.start..line.start + found.end)
            }
            Place::Paragraph(number) => paragraphs(text).nth(number as usize - 1),
        }
    }
}

/// A count from 1, in plain digits.
fn count(text: &str) -> Option<u32> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().filter(|number| *number > 0)
}

/// `7` or `7-9`.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    let (first, last) = (count(first)?, count(last)?);
    (first <= last).then_some((first, last))
}

/// Lines with their ends cut off. LF, CRLF and a lone CR end a line.
fn lines(text: &str) -> impl Iterator<Item = Range<usize>> {
    let bytes = text.as_bytes();
    let mut at = 0;
    let mut done = text.is_empty();
    std::iter::from_fn(move || {
        if done {
            return None;
        }
        let rest = bytes.get(at..)?;
        let start = at;
        let Some(length) = rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) else {
            done = true;
            return Some(start..bytes.len());
        };
        let end = start + length;
        at = end + if bytes.get(end..end + 2) == Some(b"\r\n") { 2 } else { 1 };
        // A line end at the very end begins no further line.
        done = at >= bytes.len();
        Some(start..end)
    })
}

fn line(text: &str, number: u32) -> Option<Range<usize>> {
    lines(text).nth(number as usize - 1)
}

fn paragraphs(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut lines = lines(text).peekable();
    std::iter::from_fn(move || {
        let blank = |line: &Range<usize>| text.get(line.clone()).is_none_or(|line| line.trim().is_empty());
        while lines.next_if(blank).is_some() {}
        let first = lines.next()?;
        let mut end = first.end;
        while let Some(line) = lines.next_if(|line| !blank(line)) {
            end = line.end;
        }
        Some(first.start..end)
    })
}

/// Words that a full stop shortens and that a name follows.
const TITLES: [&str; 8] = ["Mr", "Mrs", "Ms", "Dr", "Prof", "Gen", "St", "Sen"];

/// Sentences of a line: each ends behind `.`, `!` or `?`, with the closing quotation marks and
/// brackets that follow, where a blank or the end of the line comes next. What goes on with a small
/// letter or a comma has not ended, nor has `Mr.`
fn sentences(line: &str) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    std::iter::from_fn(move || {
        let rest = line.get(start..)?;
        let begin = start + (rest.len() - rest.trim_start().len());
        let body = line.get(begin..).filter(|body| !body.is_empty())?;
        let mut stopped = false;
        let mut end = line.len();
        for (at, c) in body.char_indices() {
            if stopped && c.is_whitespace() {
                let (before, after) = body.split_at(at);
                if !goes_on(before, after) {
                    end = begin + at;
                    break;
                }
            }
            let closes = matches!(c, '"' | '\'' | ')' | ']' | '”' | '’' | '»');
            stopped = matches!(c, '.' | '!' | '?' | '…') || (stopped && closes);
        }
        start = end;
        Some(begin..end)
    })
}

/// Whether what stands behind the end of a sentence belongs to it all the same.
fn goes_on(before: &str, after: &str) -> bool {
    let next = after.trim_start().chars().next();
    let title = || {
        let word = before.strip_suffix('.').map(|before| before.rsplit(|c: char| !c.is_alphabetic()).next());
        word.flatten().is_some_and(|word| TITLES.contains(&word))
    };
    next.is_some_and(|c| c.is_lowercase() || matches!(c, ',' | ';' | ':')) || title()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "Title\r\n\r\nFirst one. “Second?” Third\nnext line\r\rLast é words\n";

    fn at(place: &str) -> Option<&'static str> {
        TEXT.get(Place::parse(place).unwrap().find(TEXT)?)
    }

    #[test]
    fn places_find_their_text() {
        assert_eq!(at("L1"), Some("Title"));
        assert_eq!(at("L2"), Some(""));
        assert_eq!(at("L3-4"), Some("First one. “Second?” Third\nnext line"));
        assert_eq!(at("L6:6-8"), Some("é w"));
        assert_eq!(at("L3.s1"), Some("First one."));
        assert_eq!(at("L3.s2"), Some("“Second?”"));
        assert_eq!(at("L3.s3"), Some("Third"));
        assert_eq!(at("p2"), Some("First one. “Second?” Third\nnext line"));
        assert_eq!(at("p3"), Some("Last é words"));
    }

    #[test]
    fn a_sentence_goes_on_behind_a_stop_that_ends_none() {
        let line = "Terror. , he said. “So it is!” he added. Mr. Xi left (at 5 p.m. sharp). Then St. Paul.";
        let sentence = |number: u32| Place::Sentence(1, number).find(line).and_then(|range| line.get(range));
        assert_eq!(sentence(1), Some("Terror. , he said."));
        assert_eq!(sentence(2), Some("“So it is!” he added."));
        assert_eq!(sentence(3), Some("Mr. Xi left (at 5 p.m. sharp)."));
        assert_eq!(sentence(4), Some("Then St. Paul."));
        assert_eq!(sentence(5), None);
    }

    #[test]
    fn places_outside_are_none() {
        for place in ["L7", "L6-7", "L1:1-6", "L1.s2", "L2.s1", "p4"] {
            assert_eq!(at(place), None, "{place}");
        }
    }

    #[test]
    fn what_is_no_place() {
        for text in [
            "",
            "L",
            "L0",
            "9",
            "line 9",
            "L9-",
            "L9-8",
            "L7:",
            "L7:0-3",
            "L7.s",
            "p",
            "p0",
            "L+9",
            "L99999999999",
            "l9",
        ] {
            assert_eq!(Place::parse(text), None, "{text}");
        }
    }
}
