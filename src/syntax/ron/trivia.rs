//! What stands between tokens: blanks, comments, and what looks like a blank but is none.

use super::lexer::{self, Input};
use super::parser::Parser;
use super::tree::{Comment, CommentKind};
use crate::base::codes::files;
use crate::base::{Diagnostic, escape};

/// The lines that git writes around the two sides of a conflict begin with seven of these.
const MARKER_LEN: usize = 7;

impl<'t> Parser<'t> {
    /// Skips blanks and comments, and notes the comments. Line ends are LF, CRLF and a lone CR.
    #[inline(never)]
    pub(super) fn trivia(&mut self, mut input: Input<'t>) -> Input<'t> {
        loop {
            let blanks = input.iter().position(|b| !matches!(b, b' ' | b'\n' | b'\t' | b'\r'));
            input = &input[blanks.unwrap_or(input.len())..];
            input = match input {
                [b'/', b'/', after @ ..] => self.line_comment(input, after),
                [b'/', b'*', after @ ..] => self.block_comment(input, after),
                [0x0b | 0x0c, after @ ..] => after,
                [0x80..=0xff, ..] => match self.odd_blank(input) {
                    Some(after) => after,
                    None => return input,
                },
                [b'<' | b'=' | b'>' | b'|', ..] => match self.conflict_marker(input) {
                    Some(after) => after,
                    None => return input,
                },
                _ => return input,
            };
        }
    }

    fn line_comment(&mut self, input: Input<'t>, after: Input<'t>) -> Input<'t> {
        // A line comment cannot fail.
        let rest = lexer::line_comment(after).map_or(&[][..], |(rest, ())| rest);
        self.note_comment(input, rest, CommentKind::Line);
        rest
    }

    fn block_comment(&mut self, input: Input<'t>, after: Input<'t>) -> Input<'t> {
        let rest = match lexer::block_comment(after) {
            Ok((rest, ())) => rest,
            Err(_) => {
                let at = self.at(input);
                self.end_reported = true;
                self.report(
                    Diagnostic::new(files::RON_UNCLOSED_COMMENT, "this comment is never closed")
                        .at(self.span(at, at + 2))
                        .help("close it with `*/`; each `/*` inside a comment needs a `*/` of its own"),
                );
                &[]
            }
        };
        self.note_comment(input, rest, CommentKind::Block);
        rest
    }

    fn note_comment(&mut self, input: Input<'t>, rest: Input<'t>, kind: CommentKind) {
        let (start, end) = (self.at(input), self.at(rest));
        // The same blanks are skipped again where looking ahead came to nothing.
        if self.tree.comments.last().is_some_and(|last| last.end > start) {
            return;
        }
        self.tree.comments.push(Comment { start, end, kind });
        let text = self.tree.slice(start, end);
        if !text.is_ascii() && text.chars().any(escape::is_bidi) {
            for (offset, c) in text.char_indices().filter(|(_, c)| escape::is_bidi(*c)) {
                self.bidi_control(start + offset as u32, c);
            }
        }
    }

    /// A blank beyond ASCII: the few that RON has, and those it has not, which are reported and
    /// skipped.
    fn odd_blank(&mut self, input: Input<'t>) -> Option<Input<'t>> {
        let (c, len) = lexer::first_char(input)?;
        let at = self.at(input);
        let after = &input[len..];
        match c {
            '\u{85}' | '\u{2028}' | '\u{2029}' => {}
            _ if escape::is_bidi(c) => self.bidi_control(at, c),
            '\u{feff}' => self.report(
                Diagnostic::new(
                    files::RON_CHARACTER_OUTSIDE,
                    "a byte order mark stands in the middle of the file",
                )
                .at(self.span(at, at + len as u32))
                .fix(self.span(at, at + len as u32), "", "delete it")
                .safe(),
            ),
            _ if c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200d}' | '\u{2060}') => self.report(
                Diagnostic::new(
                    files::RON_CHARACTER_OUTSIDE,
                    format!("U+{:04X} looks like a space but is none in RON", c as u32),
                )
                .at(self.span(at, at + len as u32))
                .fix(self.span(at, at + len as u32), " ", "write an ordinary space")
                .safe(),
            ),
            _ => return None,
        }
        Some(after)
    }

    fn bidi_control(&mut self, at: u32, c: char) {
        let span = self.span(at, at + c.len_utf8() as u32);
        self.report(
            Diagnostic::new(
                files::BIDI_CONTROL,
                format!("U+{:04X} changes the direction of the text that follows", c as u32),
            )
            .at(span)
            .fix(span, "", "delete it; inside strings it can be written as an escape"),
        );
    }

    /// If a line of a merge conflict begins here: reports the conflict once, with both its sides,
    /// and goes on so that only our side is read.
    fn conflict_marker(&mut self, input: Input<'t>) -> Option<Input<'t>> {
        let at = self.at(input);
        if !self.is_marker(at) {
            return None;
        }
        let line_end = self.line_end(at);
        let theirs = self.next_marker(line_end, b'=');
        let end = self.next_marker(line_end, b'>');
        match input.first() {
            Some(b'<') => {
                let mut diagnostic = Diagnostic::new(files::MERGE_CONFLICT, "unresolved merge conflict")
                    .labelled(self.span(at, line_end), "one side begins here");
                if let Some(at) = theirs {
                    diagnostic =
                        diagnostic.also(self.span(at, self.line_end(at)), "the other side begins here");
                }
                if let Some(at) = end {
                    diagnostic = diagnostic.also(self.span(at, self.line_end(at)), "and ends here");
                }
                self.report(diagnostic.help("keep what holds of the two sides and delete the marker lines"));
                self.in_conflict = true;
                Some(self.from(line_end))
            }
            _ if self.in_conflict => {
                self.in_conflict = false;
                let end = if input.first() == Some(&b'>') { Some(at) } else { end };
                Some(end.map_or(&[][..], |end| self.from(self.line_end(end))))
            }
            _ => {
                self.report(
                    Diagnostic::new(files::MERGE_CONFLICT, "a left-over marker of a merge conflict")
                        .at(self.span(at, line_end))
                        .help("delete the line if the conflict is resolved"),
                );
                Some(self.from(line_end))
            }
        }
    }

    /// Whether a line begins at `at` with seven of the same marker character and then a blank.
    fn is_marker(&self, at: u32) -> bool {
        let line = self.from(at);
        let at_line_start = at == 0 || matches!(self.bytes.get(at as usize - 1), Some(b'\n' | b'\r'));
        let marker = line.first().is_some_and(|first| {
            line.len() >= MARKER_LEN && line.iter().take(MARKER_LEN).all(|b| b == first)
        });
        at_line_start && marker && matches!(line.get(MARKER_LEN), None | Some(b' ' | b'\n' | b'\r'))
    }

    fn next_marker(&self, from: u32, kind: u8) -> Option<u32> {
        let mut at = from;
        while (at as usize) < self.bytes.len() {
            if self.bytes.get(at as usize) == Some(&kind) && self.is_marker(at) {
                return Some(at);
            }
            at = self.line_end(at) + 1;
        }
        None
    }

    /// The offset of the first line end at or behind `at`, or of the end of the text.
    pub(super) fn line_end(&self, at: u32) -> u32 {
        let rest = self.from(at);
        at + rest.iter().position(|b| matches!(b, b'\n' | b'\r')).unwrap_or(rest.len()) as u32
    }
}
