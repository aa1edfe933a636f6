//! Excerpts of source text: the lines that some labels stand on, made safe to print, with the
//! labels' places in what is left.

use crate::base::escape;
use crate::base::{Label, SourceFile, SourceMap, Span};

/// Labels closer than this many lines share an excerpt; the renderer folds the lines between.
const MAX_GAP: u32 = 12;
/// A label over more lines than this is shown on its first line only.
const MAX_LABEL_LINES: u32 = 8;
/// Longer lines are cut around the label.
const MAX_LINE_CHARS: usize = 240;
/// How much of a long line stays before the first label on it.
const CONTEXT_CHARS: usize = 60;

/// A label's place in [`Excerpt::text`], in bytes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Mark {
    pub start: usize,
    pub end: usize,
    pub message: String,
    pub primary: bool,
}

/// Neighbouring lines of one file.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Excerpt {
    /// The lines, escaped, tabs as spaces, without the last line's end.
    pub text: String,
    /// Number of the first line.
    pub first_line: u32,
    pub marks: Vec<Mark>,
    /// The place to name above it: the primary label's, else the first one's.
    pub origin: Span,
    /// Whether it holds the primary label.
    pub primary: bool,
}

/// The excerpts that show all labels: the one with the primary label first, then by place.
pub(super) fn excerpts(primary: Option<&Label>, secondary: &[Label], sources: &SourceMap) -> Vec<Excerpt> {
    let mut shown: Vec<Shown<'_>> =
        primary.map(|label| Shown::new(label, true, sources)).into_iter().collect();
    shown.extend(secondary.iter().map(|label| Shown::new(label, false, sources)));
    shown.sort_by_key(|label| (label.span.file, label.first, label.span.start, !label.primary));

    let mut groups: Vec<Vec<Shown<'_>>> = Vec::new();
    for label in shown {
        match groups.last_mut() {
            Some(group) if near(group, &label) => group.push(label),
            _ => groups.push(vec![label]),
        }
    }
    groups.sort_by_key(|group| !group.iter().any(|label| label.primary));
    groups.iter().filter_map(|group| build(group, sources)).collect()
}

struct Shown<'a> {
    span: Span,
    message: &'a str,
    primary: bool,
    first: u32,
    last: u32,
}

impl<'a> Shown<'a> {
    fn new(label: &'a Label, primary: bool, sources: &SourceMap) -> Self {
        let file = sources.file(label.span.file);
        let first = file.line_col(label.span.start).line;
        // The line of the last byte covered: a span that ends behind a line's end stays on it.
        let last = file.line_col(label.span.end.saturating_sub(1).max(label.span.start)).line;
        let last = if last - first >= MAX_LABEL_LINES { first } else { last };
        Shown { span: label.span, message: &label.message, primary, first, last }
    }
}

fn near(group: &[Shown<'_>], label: &Shown<'_>) -> bool {
    let last = group.iter().map(|other| other.last).max().unwrap_or(0);
    group.iter().any(|other| other.span.file == label.span.file)
        && label.first <= last.saturating_add(MAX_GAP)
}

fn build(group: &[Shown<'_>], sources: &SourceMap) -> Option<Excerpt> {
    let head = group.iter().find(|label| label.primary).or(group.first())?;
    let file = sources.file(head.span.file);
    let first_line = group.iter().map(|label| label.first).min()?;
    let last_line = group.iter().map(|label| label.last).max()?;

    let mut text = String::new();
    let mut lines = Vec::new();
    for number in first_line..=last_line {
        if number > first_line {
            text.push('\n');
        }
        let focus = group
            .iter()
            .filter(|label| label.first == number)
            .map(|label| column(file, label.span.start))
            .min();
        lines.push((text.len(), Line::new(file.line_text(number), focus.unwrap_or(0))));
        if let Some((_, line)) = lines.last() {
            text.push_str(&line.text);
        }
    }
    let position = |line: u32, column: usize| {
        let (start, line) = lines.get((line - first_line) as usize)?;
        Some(start + line.position(column))
    };
    let marks = group.iter().filter_map(|label| {
        let start = position(label.first, column(file, label.span.start))?;
        let end_at = file.line_col(label.span.end);
        let end = if end_at.line == label.last { column(file, label.span.end) } else { usize::MAX };
        let end = position(label.last, end)?;
        Some(Mark { start, end: end.max(start), message: label.message.to_owned(), primary: label.primary })
    });
    let marks = marks.collect();
    Some(Excerpt { text, first_line, marks, origin: head.span, primary: head.primary })
}

/// Characters before a byte offset on its line, as far as the line is kept.
fn column(file: &SourceFile, at: u32) -> usize {
    let at = file.line_col(at);
    (at.column - 1 - file.skipped(at.line)) as usize
}

/// A line as it is shown, with the way from its columns to bytes of what is shown.
struct Line {
    text: String,
    /// Characters cut off at the front.
    skipped: usize,
    /// Where each remaining character starts in `text`, then where the last one ends.
    starts: Vec<usize>,
}

impl Line {
    /// Cuts a long line so that the character `focus` stays in sight.
    fn new(source: &str, focus: usize) -> Line {
        let long = source.chars().nth(MAX_LINE_CHARS).is_some();
        let skipped = if long { focus.saturating_sub(CONTEXT_CHARS) } else { 0 };
        let mut rest = source.chars().skip(skipped);
        let mut text = String::new();
        if skipped > 0 {
            text.push('…');
        }
        let mut starts = Vec::new();
        for c in rest.by_ref().take(MAX_LINE_CHARS) {
            starts.push(text.len());
            match c {
                '\t' => text.push_str("    "),
                '\u{feff}' => text.push_str("\\u{feff}"),
                c => text.push_str(&escape::printable(c.encode_utf8(&mut [0; 4]))),
            }
        }
        starts.push(text.len());
        if rest.next().is_some() {
            text.push('…');
        }
        Line { text, skipped, starts }
    }

    /// The byte of `text` at which a column (from 0) starts; columns out of sight are drawn in.
    fn position(&self, column: usize) -> usize {
        let index = column.saturating_sub(self.skipped).min(self.starts.len() - 1);
        self.starts[index]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::diagnostics::testing::*;

    fn one(text: &str, part: &str) -> Excerpt {
        let sources = source(text);
        let label = Label { span: span(&sources, part), message: String::new() };
        excerpts(Some(&label), &[], &sources).remove(0)
    }

    fn marked(excerpt: &Excerpt) -> Vec<&str> {
        excerpt.marks.iter().map(|mark| &excerpt.text[mark.start..mark.end]).collect()
    }

    #[test]
    fn tabs_and_controls_are_shown_and_marks_follow() {
        let excerpt = one("\ta \u{1b}[31m\u{202e} 漢 here\r\nnext", "here");
        assert_eq!(excerpt.text, "    a \\u{1b}[31m\\u{202e} 漢 here");
        assert_eq!(marked(&excerpt), ["here"]);
        let excerpt = one("x \u{1b} y", "\u{1b}");
        assert_eq!(marked(&excerpt), ["\\u{1b}"]);
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let text = format!("{}here{}", "a".repeat(1_000_000), "b".repeat(1_000_000));
        let excerpt = one(&text, "here");
        assert!(excerpt.text.len() < 1_000 && excerpt.text.starts_with('…') && excerpt.text.ends_with('…'));
        assert_eq!(marked(&excerpt), ["here"]);
    }

    #[test]
    fn long_spans_show_their_first_line() {
        let text = format!("head(\n{})", "x\n".repeat(100));
        let sources = source(&text);
        let label = Label { span: Span::new(crate::base::FileId(0), 0, text.len()), message: String::new() };
        let shown = excerpts(Some(&label), &[], &sources);
        assert_eq!((shown[0].text.as_str(), marked(&shown[0])), ("head(", vec!["head("]));
    }

    #[test]
    fn a_span_that_ends_with_its_line_stays_on_it() {
        let excerpt = one("ab\ncd\nef", "cd\n");
        assert_eq!((excerpt.text.as_str(), excerpt.first_line, marked(&excerpt)), ("cd", 2, vec!["cd"]));
    }

    #[test]
    fn far_places_are_excerpts_of_their_own_with_the_primary_first() {
        let text = format!("one\n{}two\nthree\n", "\n".repeat(100));
        let sources = source(&text);
        let label = |part| Label { span: span(&sources, part), message: String::new() };
        let shown = excerpts(Some(&label("two")), &[label("one"), label("three")], &sources);
        let lines: Vec<_> = shown.iter().map(|excerpt| (excerpt.first_line, excerpt.text.as_str())).collect();
        assert_eq!(lines, [(102, "two\nthree"), (1, "one")]);
    }
}
