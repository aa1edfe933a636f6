//! What to say about strings, numbers and characters that cannot be read.

use super::document::shortened;
use super::lexer::{self, Input, Mistake};
use super::parser::{Parsed, Parser};
use crate::base::codes::files;
use crate::base::{Diagnostic, escape};

const ESCAPES: &str =
    "the escapes are `\\\"`, `\\'`, `\\\\`, `\\n`, `\\r`, `\\t`, `\\0`, `\\x7f` and `\\u{1f600}`";

impl<'t> Parser<'t> {
    /// A string that does not end before the end of the file. Goes on behind its first line.
    #[cold]
    pub(super) fn unclosed_string(
        &mut self,
        input: Input<'t>,
        wrong: &[(&'static str, usize)],
    ) -> Parsed<'t> {
        let (start, line_end) = (self.at(input), self.line_end(self.at(input)));
        let in_line: Vec<_> =
            wrong.iter().copied().filter(|(_, left)| self.bytes.len() - left <= line_end as usize).collect();
        self.wrong_escapes(&in_line);
        self.report(
            Diagnostic::new(files::RON_UNCLOSED_STRING, "this string is never closed")
                .labelled(self.span(start, line_end), "it begins here and runs to the end of the file")
                .help("add the missing `\"`; inside a string a quote is written `\\\"`"),
        );
        self.push_error(start, line_end);
        // The closing brackets are most likely in the line that the string swallowed.
        self.end_reported |= line_end as usize == self.bytes.len();
        let rest = if self.given_up() { &[][..] } else { self.resume(self.from(line_end)) };
        Ok((rest, ()))
    }

    #[cold]
    pub(super) fn wrong_escapes(&mut self, wrong: &[(&'static str, usize)]) {
        for &(why, left) in wrong {
            let after = self.from((self.bytes.len() - left) as u32);
            let at = self.at(after);
            let len = lexer::first_char(after).map_or(0, |(_, len)| len as u32);
            self.report(
                Diagnostic::new(files::RON_ESCAPE, why)
                    .at(self.span(at - 1, at + len))
                    .help(ESCAPES)
                    .help("a backslash that stands for itself is written `\\\\`"),
            );
        }
    }

    #[cold]
    pub(super) fn string_too_long(&mut self, start: u32, end: u32) {
        self.report(
            Diagnostic::new(files::RON_STRING_TOO_LONG, "a string may have up to 16 MiB")
                .labelled(self.span(start, start + 1), format!("this one has {} bytes", end - start))
                .help("keep long texts in files of their own"),
        );
    }

    #[cold]
    pub(super) fn bidi_in_string(&mut self, start: u32, end: u32) {
        let text = self.tree.slice(start, end);
        let found = text.char_indices().find(|(_, c)| escape::is_bidi(*c));
        if let Some((offset, c)) = found {
            let at = start + offset as u32;
            let span = self.span(at, at + c.len_utf8() as u32);
            let written = format!("\\u{{{:x}}}", c as u32);
            self.report(
                Diagnostic::new(
                    files::BIDI_IN_STRING,
                    format!(
                        "this string holds U+{:04X}, which changes the direction of what is shown",
                        c as u32
                    ),
                )
                .at(span)
                .fix(span, written.clone(), format!("write it as `{written}`"))
                .safe(),
            );
        }
    }

    #[cold]
    pub(super) fn bad_number(&mut self, input: Input<'t>, mistake: Mistake) -> Parsed<'t> {
        match mistake {
            Mistake::BadChar | Mistake::Escape(..) | Mistake::Unclosed => {
                return self.bad_character(input, mistake);
            }
            _ => {}
        }
        let start = self.at(input);
        let text = self.tree.slice(start, self.bytes.len() as u32);
        let len = glued_len(text);
        let span = self.span(start, start + len as u32);
        let written = escape::printable(&shortened(&text[..len])).into_owned();
        let diagnostic = match mistake {
            Mistake::IntRange => Diagnostic::new(
                files::RON_NUMBER_RANGE,
                format!("`{written}` is too large for its type"),
            )
            .at(span)
            .note("integers go from -9223372036854775808 to 18446744073709551615, with a suffix less far")
            .help("write a decimal point if a floating point number is meant"),
            Mistake::FloatRange => {
                Diagnostic::new(files::RON_NUMBER_RANGE, format!("`{written}` is too large for a float"))
                    .at(span)
                    .help("write `inf` if infinity is meant")
            }
            _ => {
                let quoted = format!("\"{written}\"");
                let message = format!("`{written}` is no number");
                let diagnostic = Diagnostic::new(files::RON_NUMBER, message).at(span);
                if looks_like_date(&written) {
                    diagnostic
                        .fix(span, quoted.clone(), format!("dates are strings: write `{quoted}`"))
                        .safe()
                } else {
                    diagnostic.help_opt(number_help(&written)).fix(
                        span,
                        quoted,
                        "put it in quotes if it is text",
                    )
                }
            }
        };
        self.report(diagnostic);
        self.push_error(start, span.end);
        Ok((self.from(span.end), ()))
    }

    /// Not one character between single quotes.
    #[cold]
    pub(super) fn bad_character(&mut self, input: Input<'t>, mistake: Mistake) -> Parsed<'t> {
        let start = self.at(input);
        let text = self.tree.slice(start, self.line_end(start));
        let open = text.find('\'').map_or(0, |at| at + 1);
        let close = text[open..].find('\'').map(|at| open + at);
        let len = close.map_or(1 + open.saturating_sub(1), |at| at + 1);
        let span = self.span(start, start + len as u32);
        let diagnostic = match (mistake, close) {
            (Mistake::Escape(why, left), _) => {
                let at = (self.bytes.len() - left) as u32;
                Diagnostic::new(files::RON_ESCAPE, why).at(self.span(at.saturating_sub(1), at))
            }
            (_, Some(close)) => {
                let content = &text[open..close];
                let quoted = escape::quoted(content);
                let what = match content {
                    "" => "between these quotes stands nothing",
                    _ => "single quotes hold exactly one character",
                };
                Diagnostic::new(files::RON_CHARACTER, what).at(span).fix(
                    span,
                    quoted,
                    "write double quotes around text",
                )
            }
            (_, None) => {
                Diagnostic::new(files::RON_CHARACTER, "this single quote has no partner in its line")
                    .at(span)
                    .help("write double quotes around text")
            }
        };
        self.report(diagnostic);
        self.push_error(start, span.end);
        Ok((self.from(span.end), ()))
    }
}

fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 7
        && bytes[..4].iter().all(u8::is_ascii_digit)
        && bytes[4] == b'-'
        && bytes[5].is_ascii_digit()
}

fn number_help(text: &str) -> Option<String> {
    let lower = text.to_ascii_lowercase();
    if text.starts_with("0X") || text.starts_with("0B") || text.starts_with("0O") {
        return Some(format!("write `{}`", lower));
    }
    lower.starts_with("0b").then(|| "binary numbers have the digits 0 and 1".to_owned())
}

/// The length of what a person would take for one badly written number: letters, digits and the
/// signs between them. A comment behind it, or the colon of a map's entry, does not belong to it.
fn glued_len(text: &str) -> usize {
    let mut chars = text.char_indices().peekable();
    let mut before = ' ';
    while let Some((at, c)) = chars.next() {
        let inside = chars.peek().is_some_and(|(_, next)| next.is_alphanumeric());
        let belongs = match c {
            _ if c.is_alphanumeric() || "_.+-~?%€$".contains(c) => true,
            ':' | '/' => inside,
            '=' => before == '.',
            _ => false,
        };
        if !belongs {
            return at;
        }
        before = c;
    }
    text.len()
}
