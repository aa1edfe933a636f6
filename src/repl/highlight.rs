//! Colours for a line that is being typed.

use std::ops::Range;

use super::commands;
use super::entry;
use crate::syntax::datalog::{PieceKind, tokens};

/// What a stretch of a line is coloured as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Paint {
    Piece(PieceKind),
    Command,
    Unknown,
}

impl Paint {
    /// The escape sequence; `None` for plain text.
    fn code(self) -> Option<&'static str> {
        Some(match self {
            Paint::Command => "\u{1b}[1;36m",
            Paint::Unknown | Paint::Piece(PieceKind::Unreadable) => "\u{1b}[31m",
            Paint::Piece(kind) => match kind {
                PieceKind::Keyword | PieceKind::Directive | PieceKind::Annotation => "\u{1b}[35m",
                PieceKind::Call => "\u{1b}[1;34m",
                PieceKind::Column => "\u{1b}[36m",
                PieceKind::Metadata => "\u{1b}[3;36m",
                PieceKind::Constant => "\u{1b}[33m",
                PieceKind::Text | PieceKind::Date => "\u{1b}[32m",
                PieceKind::Number => "\u{1b}[33m",
                PieceKind::Comment => "\u{1b}[2m",
                PieceKind::Variable
                | PieceKind::Operator
                | PieceKind::Punctuation
                | PieceKind::Unreadable => return None,
            },
        })
    }
}

const MATCH: &str = "\u{1b}[1;4;33m";
const END: &str = "\u{1b}[0m";

/// `line` with colours, its brackets at the cursor marked. `before` holds the earlier lines of the
/// same input. The visible text stays the same.
pub(super) fn line(before: &str, line: &str, cursor: usize) -> String {
    let stretches = stretches(before, line);
    let marked = matching(&stretches, line, cursor);
    let mut out = String::with_capacity(line.len() * 2);
    let mut at = 0;
    for (paint, range) in stretches {
        out.push_str(&line[at..range.start]);
        at = range.end;
        let text = &line[range.clone()];
        let code = if marked.contains(&range.start) { Some(MATCH) } else { paint.code() };
        match code {
            // A colour does not reach over a line end: the terminal would draw it to its edge.
            Some(code) => {
                for (i, part) in text.split('\n').enumerate() {
                    if i > 0 {
                        out.push('\n');
                    }
                    out.push_str(code);
                    out.push_str(part);
                    out.push_str(END);
                }
            }
            None => out.push_str(text),
        }
    }
    out.push_str(&line[at..]);
    out
}

/// The coloured stretches of `line`, in order.
fn stretches(before: &str, line: &str) -> Vec<(Paint, Range<usize>)> {
    if before.is_empty() && entry::is_command(line) {
        let (name, rest) = commands::split(line);
        let start = line.len() - line.trim_start().len();
        let known = commands::find(name);
        let end = line[start..].find(char::is_whitespace).map_or(line.len(), |end| start + end);
        let mut found = vec![(if known.is_some() { Paint::Command } else { Paint::Unknown }, start..end)];
        if known.is_some_and(|command| command.argument == commands::Argument::Goal)
            && let Some(offset) = line[end..].find(rest).filter(|_| !rest.is_empty())
        {
            let from = end + offset;
            let of_goal = tokens(rest).into_iter();
            found.extend(
                of_goal.map(|(kind, range)| (Paint::Piece(kind), from + range.start..from + range.end)),
            );
        }
        return found;
    }
    let mut text = before.to_owned();
    if !before.is_empty() {
        text.push('\n');
    }
    let skipped = text.len();
    text.push_str(line);
    tokens(&text)
        .into_iter()
        .filter(|(_, range)| range.end > skipped)
        .map(|(kind, range)| (Paint::Piece(kind), range.start.saturating_sub(skipped)..range.end - skipped))
        .collect()
}

/// Starts of the bracket at the cursor, or just before it, and of its partner.
fn matching(stretches: &[(Paint, Range<usize>)], line: &str, cursor: usize) -> Vec<usize> {
    let brackets: Vec<(usize, char)> = stretches
        .iter()
        .filter(|(paint, _)| *paint == Paint::Piece(PieceKind::Punctuation))
        .filter_map(|(_, range)| Some((range.start, line[range.clone()].chars().next()?)))
        .filter(|(_, c)| "()[]{}".contains(*c))
        .collect();
    let find = |at: usize| brackets.iter().position(|(start, _)| *start == at);
    let Some(index) = find(cursor).or_else(|| cursor.checked_sub(1).and_then(find)) else {
        return Vec::new();
    };
    let mut open: Vec<usize> = Vec::new();
    for (i, (_, c)) in brackets.iter().enumerate() {
        if "([{".contains(*c) {
            open.push(i);
            continue;
        }
        let Some(partner) = open.pop() else { continue };
        if (partner == index || i == index) && pairs(brackets[partner].1, *c) {
            return vec![brackets[partner].0, brackets[i].0];
        }
    }
    Vec::new()
}

fn pairs(open: char, close: char) -> bool {
    matches!((open, close), ('(', ')') | ('[', ']') | ('{', '}'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(colored: &str) -> String {
        let mut out = String::new();
        let mut rest = colored;
        while let Some(start) = rest.find('\u{1b}') {
            out.push_str(&rest[..start]);
            rest = &rest[start..];
            rest = &rest[rest.find('m').unwrap() + 1..];
        }
        out + rest
    }

    #[test]
    fn the_visible_text_stays_the_same() {
        for text in [
            "Attended(leader: l, summit: \"xian_2023\", _conf < 0.5)? // why",
            ":plan A(x), B(\"y\")",
            ":nonsense at all",
            "A(\"open",
            "/* a\n b */ A(x)\n",
            "\u{1} ä \"漢\" \\",
            ":",
        ] {
            for cursor in 0..=text.len() {
                assert_eq!(plain(&line("", text, cursor)), text);
                assert_eq!(plain(&line("/* before", text, cursor)), text);
            }
        }
    }

    #[test]
    fn brackets_are_matched_but_not_those_in_texts() {
        let text = "A(f(x), \")\")";
        let marks = |cursor| {
            let stretches = stretches("", text);
            matching(&stretches, text, cursor)
        };
        assert_eq!(marks(1), [1, 11]);
        assert_eq!(marks(12), [1, 11]);
        assert_eq!(marks(3), [3, 5]);
        assert_eq!(marks(9), Vec::<usize>::new());
    }

    #[test]
    fn a_comment_begun_on_an_earlier_line_goes_on() {
        assert_eq!(stretches("A(x), /* so", "far */ B(x)")[0].0, Paint::Piece(PieceKind::Comment));
    }
}
