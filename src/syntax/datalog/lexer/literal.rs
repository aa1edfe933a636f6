//! Strings, dates and numbers.

use super::{Lexer, word_length};
use crate::base::codes::syntax as codes;
use crate::base::escape::is_bidi;
use crate::base::limits::MAX_STRING_BYTES;
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::token::TokenKind;

impl Lexer<'_> {
    /// `"…"` with the opening quote ahead; `start` is where the token began (before a `d`). A
    /// plain string ends on its own line.
    pub(super) fn string(&mut self, start: usize, date: bool) {
        let open = self.at;
        self.at += 1;
        let line_end = self.line_end();
        let mut text = String::new();
        let mut good = true;
        loop {
            let chunk = self.text.get(self.at..line_end).unwrap_or("");
            let plain = chunk.bytes().position(|byte| byte == b'"' || byte == b'\\').unwrap_or(chunk.len());
            if text.len() + plain > MAX_STRING_BYTES {
                good = false;
            } else {
                let piece = chunk.get(..plain).unwrap_or("");
                self.note_bidi(self.at, piece);
                text.push_str(piece);
            }
            self.at += plain;
            match self.peek().filter(|_| self.at < line_end) {
                Some('"') => break,
                Some(_) => match self.escape(line_end) {
                    Some(c) => text.push(c),
                    None => good = false,
                },
                None => return self.unterminated_string(start, open),
            }
        }
        self.at += 1;
        if self.at - start > MAX_STRING_BYTES {
            self.too_long(start);
            good = false;
        }
        let kind = match (good, date) {
            (false, _) => TokenKind::Bad,
            (true, true) => TokenKind::Date(text),
            (true, false) => TokenKind::Text(text),
        };
        self.push(kind, start);
    }

    fn unterminated_string(&mut self, start: usize, open: usize) {
        let quote = Span::new(self.file, open, open + 1);
        self.report(
            Diagnostic::new(codes::UNTERMINATED, "this string is not closed on its line")
                .labelled(quote, "opened here")
                .help("close it with `\"`; a line break inside a string is written `\\n`, or the string raw: `r\"…\"`"),
        );
        self.push(TokenKind::Bad, start);
    }

    fn too_long(&mut self, start: usize) {
        let span = Span::new(self.file, start, start + 1);
        self.report(
            Diagnostic::new(codes::TEXT_TOO_LONG, "this string is too long")
                .labelled(span, "begins here")
                .note(format!("a string may have {MAX_STRING_BYTES} bytes")),
        );
    }

    fn note_bidi(&mut self, at: usize, piece: &str) {
        if !piece.is_ascii() {
            let file = self.file;
            let found = piece.char_indices().filter(|(_, c)| is_bidi(*c));
            let spans = found.map(|(offset, c)| Span::new(file, at + offset, at + offset + c.len_utf8()));
            self.out.bidi_in_text.extend(spans);
        }
    }

    /// An escape with the backslash ahead, as RON has them; `None` has been reported.
    fn escape(&mut self, line_end: usize) -> Option<char> {
        let start = self.at;
        self.at += 1;
        let c = self.peek().filter(|_| self.at < line_end)?;
        self.at += c.len_utf8();
        let value = match c {
            '"' | '\\' | '\'' => Some(c),
            'n' => Some('\n'),
            'r' => Some('\r'),
            't' => Some('\t'),
            '0' => Some('\0'),
            'x' => self.hex_digits(2, line_end).and_then(char::from_u32),
            'u' if self.eat("{") => {
                let value = self.hex_digits(6, line_end);
                let closed = self.eat("}");
                value.filter(|_| closed).and_then(char::from_u32)
            }
            _ => None,
        };
        if value.is_none() {
            let span = self.span_from(start);
            let diagnostic = match c {
                'x' => Diagnostic::new(codes::BAD_ESCAPE, "`\\x` needs two hexadecimal digits"),
                'u' => Diagnostic::new(
                    codes::BAD_ESCAPE,
                    "`\\u` needs the number of a Unicode character in braces: `\\u{e9}`",
                ),
                _ => Diagnostic::new(codes::BAD_ESCAPE, "no such escape"),
            };
            self.report(
                diagnostic
                    .labelled(span, "cannot be read")
                    .help("known are `\\\"` `\\\\` `\\'` `\\n` `\\r` `\\t` `\\0` `\\x41` `\\u{e9}`; a backslash itself is `\\\\`"),
            );
        }
        value
    }

    /// Up to `most` hexadecimal digits; with two they must all be there.
    fn hex_digits(&mut self, most: usize, line_end: usize) -> Option<u32> {
        let rest = self.text.get(self.at..line_end).unwrap_or("");
        let count = rest.bytes().take(most).take_while(u8::is_ascii_hexdigit).count();
        self.at += count;
        if count == 0 || (most == 2 && count < 2) {
            return None;
        }
        u32::from_str_radix(rest.get(..count)?, 16).ok()
    }

    /// `r"…"` or `r#"…"#` with `hashes` signs; may go over lines.
    pub(super) fn raw_string(&mut self, hashes: usize) {
        let start = self.at;
        self.at += 2 + hashes;
        let closing = format!("\"{}", "#".repeat(hashes));
        let Some(length) = self.rest().find(&closing) else {
            let opening = self.span_from(start);
            self.out.open_ended = true;
            self.report(
                Diagnostic::new(codes::UNTERMINATED, "this raw string is never closed")
                    .labelled(opening, "opened here")
                    .help(format!("close it with `{closing}`")),
            );
            self.at = self.text.len();
            return self.push(TokenKind::Bad, start);
        };
        if length > MAX_STRING_BYTES {
            self.too_long(start);
            self.at += length + closing.len();
            return self.push(TokenKind::Bad, start);
        }
        let at = self.at;
        let text = self.rest().get(..length).unwrap_or("").to_owned();
        self.note_bidi(at, &text);
        self.at += length + closing.len();
        self.push(TokenKind::Text(text), start);
    }

    /// A number; a point belongs to it only when a digit follows.
    pub(super) fn number(&mut self) {
        let start = self.at;
        let radix = match self.rest().as_bytes() {
            [b'0', b'x' | b'X', ..] => 16,
            [b'0', b'b' | b'B', ..] => 2,
            _ => 10,
        };
        let mut float = false;
        if radix == 10 {
            self.digits();
            if let [b'.', b'0'..=b'9', ..] = self.rest().as_bytes() {
                self.at += 1;
                float = true;
                self.digits();
            }
            match self.rest().as_bytes() {
                [b'e' | b'E', b'0'..=b'9', ..] => {
                    self.at += 1;
                    float = true;
                    self.digits();
                }
                [b'e' | b'E', b'+' | b'-', b'0'..=b'9', ..] => {
                    self.at += 2;
                    float = true;
                    self.digits();
                }
                _ => {}
            }
        } else {
            self.at += 2;
            self.at += self.rest().bytes().take_while(|b| b.is_ascii_hexdigit() || *b == b'_').count();
        }
        let number_end = self.at;
        // Letters that touch a number belong to the same mistake.
        self.at += word_length(self.rest());
        let touching = self.text.get(number_end..self.at).unwrap_or("").to_owned();
        let digits: String =
            self.text.get(start..number_end).unwrap_or("").chars().filter(|c| *c != '_').collect();
        let kind = if !touching.is_empty() {
            self.bad_number(start, &digits, &touching)
        } else if float {
            self.float(start, &digits)
        } else {
            self.integer(start, &digits, radix)
        };
        self.push(kind, start);
    }

    fn digits(&mut self) {
        self.at += self.rest().bytes().take_while(|b| b.is_ascii_digit() || *b == b'_').count();
    }

    fn float(&mut self, start: usize, digits: &str) -> TokenKind {
        match digits.parse::<f64>() {
            Ok(value) if value.is_finite() => TokenKind::Float(value),
            _ => {
                let span = self.span_from(start);
                self.report(
                    Diagnostic::new(codes::BAD_NUMBER, "this float is out of range")
                        .at(span)
                        .note(format!("the largest is {:e}", f64::MAX)),
                );
                TokenKind::Bad
            }
        }
    }

    fn integer(&mut self, start: usize, digits: &str, radix: u32) -> TokenKind {
        let digits = if radix == 10 { digits } else { digits.get(2..).unwrap_or("") };
        let span = self.span_from(start);
        match u64::from_str_radix(digits, radix) {
            Ok(value) if value <= i64::MIN.unsigned_abs() => return TokenKind::Int(value),
            Err(error)
                if *error.kind() != std::num::IntErrorKind::PosOverflow
                    || digits.bytes().any(|b| !(b as char).is_digit(radix)) =>
            {
                let system = if radix == 16 { "hexadecimal" } else { "binary" };
                self.report(
                    Diagnostic::new(codes::BAD_NUMBER, format!("this is no {system} number")).at(span),
                );
            }
            _ => self.report(out_of_range(span)),
        }
        TokenKind::Bad
    }

    fn bad_number(&mut self, start: usize, digits: &str, touching: &str) -> TokenKind {
        let span = self.span_from(start);
        let suffixes = ["u8", "u16", "u32", "u64", "i8", "i16", "i32", "i64", "f32", "f64", "f", "u", "l"];
        let mut diagnostic = Diagnostic::new(codes::BAD_NUMBER, "letters directly behind a number");
        diagnostic = if suffixes.contains(&touching.to_lowercase().as_str()) {
            diagnostic.labelled(span, "numbers have no suffix").fix(span, digits, format!("write `{digits}`"))
        } else {
            diagnostic.labelled(span, "cannot be read").help(
                "numbers are written `12`, `1_000`, `0xff`, `0b10`, `1.5`, `2e9`; names do not begin with a digit, and text stands in quotes",
            )
        };
        self.report(diagnostic);
        TokenKind::Bad
    }
}

/// The error for an integer outside 64 bits.
pub(in crate::syntax::datalog) fn out_of_range(span: Span) -> Diagnostic {
    Diagnostic::new(codes::BAD_NUMBER, "this integer is out of range").at(span).note(format!(
        "integers lie between {} and {}",
        i64::MIN,
        i64::MAX
    ))
}
