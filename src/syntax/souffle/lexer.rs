//! Text to tokens, and to the lines that the preprocessor takes.

use std::sync::Arc;

use super::token::{DIRECTIVES, Kind, Token};
use crate::base::codes::syntax as codes;
use crate::base::limits::MAX_STRING_BYTES;
use crate::base::{Diagnostic, FileId, Span};

/// Signs, longer ones before those they begin with.
const SIGNS: &[&str] = &[
    "##", "::", ":-", "<:", "<=", ">=", "!=", "->", "@!", "&&", "||", "==", "|", "[", "]", "$", "+", "-",
    "(", ")", ",", ":", ";", ".", "=", "!", "*", "/", "^", "%", "{", "}", "<", ">", "@", "_", "#", "&",
];

/// Reads one file.
pub(super) struct Lexer {
    text: Arc<str>,
    at: usize,
    pub file: FileId,
    line_start: bool,
}

impl Lexer {
    pub fn new(text: Arc<str>, file: FileId) -> Self {
        let at = if text.starts_with('\u{feff}') { 3 } else { 0 };
        Lexer { text, at, file, line_start: true }
    }

    fn rest(&self) -> &str {
        self.text.get(self.at..).unwrap_or("")
    }

    pub fn span(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    /// The next token; at the end one of kind [`Kind::End`].
    pub fn next(&mut self, diagnostics: &mut Vec<Diagnostic>) -> Token {
        let spaced = self.skip_blanks(diagnostics);
        let start = self.at;
        let first = std::mem::replace(&mut self.line_start, false);
        let (kind, text) = self.read(diagnostics);
        Token { kind, text, span: self.span(start), first, spaced, hidden: None }
    }

    /// White space and comments; whether there was any.
    fn skip_blanks(&mut self, diagnostics: &mut Vec<Diagnostic>) -> bool {
        let start = self.at;
        loop {
            let rest = self.rest();
            let Some(first) = rest.chars().next() else { break };
            if first == '\n' || first == '\r' {
                self.line_start = true;
                self.at += 1;
            } else if first.is_whitespace() {
                self.at += first.len_utf8();
            } else if rest.starts_with("\\\n") {
                self.at += 2;
            } else if rest.starts_with("\\\r\n") {
                self.at += 3;
            } else if rest.starts_with("//") {
                self.at += rest.find(['\n', '\r']).unwrap_or(rest.len());
            } else if rest.starts_with("/*") {
                let (length, closed) = match rest.get(2..).and_then(|rest| rest.find("*/")) {
                    Some(end) => (end + 4, true),
                    None => (rest.len(), false),
                };
                let span = Span::new(self.file, self.at, self.at + 2);
                if !closed {
                    let message = "this comment is never closed";
                    diagnostics
                        .push(Diagnostic::new(codes::UNTERMINATED, message).at(span).help("write `*/`"));
                }
                self.at += length;
            } else {
                break;
            }
        }
        self.at > start
    }

    fn read(&mut self, diagnostics: &mut Vec<Diagnostic>) -> (Kind, Arc<str>) {
        let empty = || Arc::from("");
        let text = Arc::clone(&self.text);
        let rest = text.get(self.at..).unwrap_or("");
        let Some(first) = rest.chars().next() else { return (Kind::End, empty()) };
        if first == '"' {
            return self.string(rest, diagnostics);
        }
        if first.is_ascii_digit() {
            return self.number(rest, diagnostics);
        }
        if rest.starts_with("choice-domain") {
            self.at += "choice-domain".len();
            return (Kind::Word, Arc::from("choice-domain"));
        }
        let word = |text: &str| {
            text.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '?')).unwrap_or(text.len())
        };
        if first.is_ascii_alphabetic() || first == '_' || first == '?' {
            let length = word(rest);
            let found = rest.get(..length).unwrap_or("");
            if found != "_" {
                self.at += length;
                return (Kind::Word, Arc::from(found));
            }
        }
        if let Some(behind) = rest.strip_prefix('.') {
            let name = behind.get(..word(behind)).unwrap_or("");
            let then = behind.get(name.len()..).and_then(|rest| rest.chars().next());
            let ends = name == "include" || name == "once" || then.is_none_or(char::is_whitespace);
            if ends && DIRECTIVES.contains(&name) {
                self.at += 1 + name.len();
                return (Kind::Directive, Arc::from(name));
            }
        }
        if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            self.at += sign.len();
            return (Kind::Sign(sign), empty());
        }
        let start = self.at;
        self.at += first.len_utf8();
        let message = format!("`{}` means nothing here", crate::base::escape::printable(&first.to_string()));
        diagnostics.push(Diagnostic::new(codes::STRAY_CHARACTER, message).at(self.span(start)));
        self.read_after_stray(diagnostics)
    }

    /// Goes on behind characters that mean nothing, without recursion however many there are.
    fn read_after_stray(&mut self, diagnostics: &mut Vec<Diagnostic>) -> (Kind, Arc<str>) {
        let known = |c: char| {
            c.is_ascii_alphanumeric() || c == '"' || c == '?' || SIGNS.iter().any(|sign| sign.starts_with(c))
        };
        while let Some(next) = self.rest().chars().next() {
            if known(next) {
                return self.read(diagnostics);
            }
            if next == '\n' || next == '\r' {
                self.line_start = true;
            }
            self.at += next.len_utf8();
        }
        (Kind::End, Arc::from(""))
    }

    fn string(&mut self, rest: &str, diagnostics: &mut Vec<Diagnostic>) -> (Kind, Arc<str>) {
        let start = self.at;
        let mut decoded = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '"' => {
                    self.at = start + at + 1;
                    if decoded.len() > MAX_STRING_BYTES {
                        let message = format!("a text is longer than {MAX_STRING_BYTES} bytes");
                        diagnostics.push(Diagnostic::new(codes::TEXT_TOO_LONG, message).at(self.span(start)));
                    }
                    return (Kind::Text, decoded.into());
                }
                '\\' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    decoded.push(match escaped {
                        '"' | '\'' | '\\' => escaped,
                        'a' => '\u{7}',
                        'b' => '\u{8}',
                        'f' => '\u{c}',
                        'n' => '\n',
                        'r' => '\r',
                        't' => '\t',
                        'v' => '\u{b}',
                        other => {
                            let at = start + at;
                            let span = Span::new(self.file, at, at + 1 + other.len_utf8());
                            let shown = crate::base::escape::printable(&other.to_string()).into_owned();
                            let message = format!("`\\{shown}` is no escape");
                            diagnostics.push(
                                Diagnostic::new(codes::BAD_ESCAPE, message)
                                    .at(span)
                                    .help("a backslash itself is written `\\\\`"),
                            );
                            other
                        }
                    });
                }
                _ => decoded.push(c),
            }
        }
        self.at = start + rest.len();
        let span = Span::new(self.file, start, start + 1);
        diagnostics.push(
            Diagnostic::new(codes::UNTERMINATED, "this text is never closed").at(span).help("write `\"`"),
        );
        (Kind::Text, decoded.into())
    }

    fn number(&mut self, rest: &str, diagnostics: &mut Vec<Diagnostic>) -> (Kind, Arc<str>) {
        let start = self.at;
        let digits = |text: &str, radix: u32| text.chars().take_while(|c| c.is_digit(radix)).count();
        let radix = match rest.get(..2) {
            Some("0x") if digits(rest.get(2..).unwrap_or(""), 16) > 0 => 16,
            Some("0b") if digits(rest.get(2..).unwrap_or(""), 2) > 0 => 2,
            _ => 10,
        };
        let mut length = match radix {
            10 => digits(rest, 10),
            _ => 2 + digits(rest.get(2..).unwrap_or(""), radix),
        };
        let mut kind = Kind::Number;
        let fraction = |at: usize| match rest.get(at..).and_then(|rest| rest.strip_prefix('.')) {
            Some(behind) => digits(behind, 10),
            None => 0,
        };
        if radix == 10 && fraction(length) > 0 {
            let second = length + 1 + fraction(length);
            let third = second + 1 + fraction(second);
            if fraction(second) > 0 && fraction(third) > 0 {
                return self.address(rest, third + 1 + fraction(third), diagnostics);
            }
            length = second;
            kind = Kind::Float;
            if let Some(behind) = rest.get(length..).and_then(|rest| rest.strip_prefix(['e', 'E'])) {
                let sign = usize::from(behind.starts_with(['+', '-']));
                let exponent = digits(behind.get(sign..).unwrap_or(""), 10);
                if exponent > 0 {
                    length += 1 + sign + exponent;
                }
            }
        }
        let text = Arc::from(rest.get(..length).unwrap_or(""));
        self.at = start + length;
        if kind == Kind::Number && rest.get(length..).is_some_and(|rest| rest.starts_with('u')) {
            self.at += 1;
            kind = Kind::Unsigned;
        }
        (kind, text)
    }

    /// An IPv4 address is a number of 32 bits.
    fn address(&mut self, rest: &str, length: usize, diagnostics: &mut Vec<Diagnostic>) -> (Kind, Arc<str>) {
        let start = self.at;
        self.at += length;
        let parts = rest.get(..length).unwrap_or("").split('.').map(|part| part.parse::<u8>().ok());
        let bytes: Option<Vec<u8>> = parts.collect();
        let number = match bytes.as_deref() {
            Some([a, b, c, d]) => i32::from_be_bytes([*a, *b, *c, *d]),
            _ => {
                let message = "a part of an IPv4 address is at most 255";
                diagnostics.push(Diagnostic::new(codes::BAD_NUMBER, message).at(self.span(start)));
                0
            }
        };
        (Kind::Number, Arc::from(number.to_string()))
    }

    /// The rest of the line, continued where it ends with a backslash, without comments.
    pub fn rest_of_line(&mut self) -> (String, Span) {
        fn newline(text: &str) -> Option<&str> {
            text.strip_prefix("\r\n").or(text.strip_prefix(['\n', '\r']))
        }
        let start = self.at;
        let mut line = String::new();
        let mut quoted = false;
        let mut chars = self.text.get(self.at..).unwrap_or("").char_indices().peekable();
        let mut end = self.text.len() - self.at;
        while let Some((at, c)) = chars.next() {
            let rest = self.text.get(self.at + at..).unwrap_or("");
            if newline(rest).is_some() {
                end = at;
                break;
            }
            if c == '\\' {
                if let Some(after) = rest.get(1..).and_then(newline) {
                    let until = self.text.len() - after.len();
                    while chars.next_if(|(next, _)| self.at + next < until).is_some() {}
                    line.push(' ');
                    continue;
                }
                line.push(c);
                if quoted && let Some((_, next)) = chars.next() {
                    line.push(next);
                }
                continue;
            }
            if !quoted && rest.starts_with("//") {
                end = at + rest.find(['\n', '\r']).unwrap_or(rest.len());
                break;
            }
            if !quoted && rest.starts_with("/*") {
                let until = self.at + at + rest.find("*/").map_or(rest.len(), |end| end + 2);
                while chars.next_if(|(next, _)| self.at + next < until).is_some() {}
                line.push(' ');
                continue;
            }
            if c == '"' {
                quoted = !quoted;
            }
            line.push(c);
        }
        self.at += end;
        self.line_start = true;
        (line, self.span(start))
    }

    /// Whether anything is left.
    pub fn is_done(&self) -> bool {
        self.at >= self.text.len()
    }

    /// Goes on to the next line.
    pub fn next_line(&mut self) {
        let rest = self.rest();
        let length = match rest.as_bytes() {
            [b'\r', b'\n', ..] => 2,
            [b'\n' | b'\r', ..] => 1,
            _ => 0,
        };
        self.at += length;
    }
}
