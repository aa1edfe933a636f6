//! What to say when something is wrong, and where to go on.
//!
//! Nothing here runs for a file that is right. Every function leaves the parser where the next
//! mistake that is *not* a consequence of this one can be found.

use super::document::shortened;
use super::lexer::{self, Input};
use super::parser::{Lost, Next, Open, Parsed, Parser};
use super::tree::{Kind, flag};
use crate::base::codes::files;
use crate::base::limits::MAX_NESTING;
use crate::base::{Diagnostic, escape};

/// After so many mistakes in one file its reading ends.
const MAX_MISTAKES: usize = 200;

impl<'t> Parser<'t> {
    pub(super) fn report(&mut self, diagnostic: Diagnostic) {
        if !diagnostic.is_error() {
            self.diagnostics.push(diagnostic);
            return;
        }
        self.mistakes += 1;
        match self.mistakes.cmp(&MAX_MISTAKES) {
            std::cmp::Ordering::Less => self.diagnostics.push(diagnostic),
            std::cmp::Ordering::Equal => {
                let mut last = Diagnostic::new(
                    files::TOO_MANY_MISTAKES,
                    format!("{MAX_MISTAKES} mistakes in one file: the rest of it was not read"),
                );
                last.primary = diagnostic.primary;
                self.diagnostics.push(last);
            }
            std::cmp::Ordering::Greater => {}
        }
    }

    pub(super) fn given_up(&self) -> bool {
        self.mistakes >= MAX_MISTAKES
    }

    /// The character that the input begins with, for a message.
    pub(super) fn describe(&self, input: Input<'t>) -> String {
        let len = lexer::ident_bytes(input);
        if len > 0 {
            let at = self.at(input);
            return format!("`{}`", escape::printable(&shortened(self.tree.slice(at, at + len as u32))));
        }
        match lexer::first_char(input) {
            Some(('"', _)) => "a string".to_owned(),
            Some(('0'..='9', _)) => "a number".to_owned(),
            Some((c, _)) => format!("`{}`", escape::printable(c.encode_utf8(&mut [0; 4]))),
            None => "the end of the file".to_owned(),
        }
    }

    /// Notes that reading goes on at `input` after a mistake.
    pub(super) fn resume(&mut self, input: Input<'t>) -> Input<'t> {
        let input = self.skip(input);
        self.resumed = Some(self.at(input));
        input
    }

    /// Skips to where the enclosing bracket can go on: a comma or closing bracket of its own, or
    /// a line that begins a new fact.
    pub(super) fn resync(&mut self, error: nom::Err<Lost>) -> Input<'t> {
        let left = match error {
            nom::Err::Error(lost) | nom::Err::Failure(lost) => lost.left,
            nom::Err::Incomplete(_) => 0,
        };
        if self.given_up() {
            return &[];
        }
        let at = self.scan((self.bytes.len() - left) as u32, 0);
        self.resume(self.from(at))
    }

    /// Runs over tokens, `depth` brackets deep. Stops behind the bracket that closes the first of
    /// them, or, where `depth` is 0, before a comma, an unpaired closing bracket or a new fact.
    fn scan(&self, from: u32, depth: usize) -> u32 {
        let within = depth > 0;
        let mut depth = depth;
        let mut at = from as usize;
        while let Some(&byte) = self.bytes.get(at) {
            at += match byte {
                b'"' => self.line_string(at),
                b'/' => match &self.bytes[at..] {
                    [b'/', b'/', rest @ ..] => {
                        2 + lexer::line_comment(rest).map_or(0, |(after, ())| rest.len() - after.len())
                    }
                    [b'/', b'*', rest @ ..] => {
                        2 + lexer::block_comment(rest)
                            .map_or(rest.len(), |(after, ())| rest.len() - after.len())
                    }
                    _ => 1,
                },
                b'(' | b'[' | b'{' => {
                    depth += 1;
                    1
                }
                b')' | b']' | b'}' if depth == 0 => break,
                b')' | b']' | b'}' => {
                    depth -= 1;
                    if within && depth == 0 {
                        at += 1;
                        break;
                    }
                    1
                }
                b',' | b';' if depth == 0 => break,
                b'\n' | b'\r' if !within && self.new_fact_in_line(at + 1) => break,
                _ => 1,
            };
        }
        at as u32
    }

    /// The length of a string at `at`, which ends with its line where its quote is missing.
    fn line_string(&self, at: usize) -> usize {
        let mut len = 1;
        while let Some(&byte) = self.bytes.get(at + len) {
            match byte {
                b'"' => return len + 1,
                b'\n' | b'\r' => return len,
                b'\\' if !matches!(self.bytes.get(at + len + 1), None | Some(b'\n' | b'\r')) => len += 2,
                _ => len += 1,
            }
        }
        len
    }

    fn new_fact_in_line(&self, line: usize) -> bool {
        let indent = self.bytes.iter().skip(line).take_while(|b| matches!(b, b' ' | b'\t')).count();
        self.begins_fact(self.from((line + indent) as u32))
    }

    /// Whether a line begins here with a name and `(`, no deeper in than the line of the bracket
    /// that is open: then that bracket was left open.
    pub(super) fn begins_fact(&self, input: Input<'t>) -> bool {
        let len = lexer::ident_bytes(input);
        if len == 0 || input.get(len) != Some(&b'(') {
            return false;
        }
        let Some(open) = self.open.last() else { return true };
        let (line, indent) = self.line_of(self.at(input));
        let (open_line, open_indent) = self.line_of(open.at);
        self.at(input) == line + indent
            && line != open_line
            && (open.bracket != b'(' || indent <= open_indent)
    }

    /// Where the line of an offset begins, and how far it is indented, in bytes.
    fn line_of(&self, at: u32) -> (u32, u32) {
        let before = &self.bytes[..at as usize];
        let start = before.iter().rposition(|b| matches!(b, b'\n' | b'\r')).map_or(0, |end| end + 1);
        let indent = self.bytes[start..].iter().take_while(|b| matches!(b, b' ' | b'\t')).count();
        (start as u32, indent as u32)
    }

    pub(super) fn same_line(&self, a: u32, b: u32) -> bool {
        self.line_of(a).0 == self.line_of(b).0
    }

    /// Where the last thing before the input ends: the value `child`, or the input itself.
    pub(super) fn end_of(&self, child: Option<usize>, input: Input<'t>) -> u32 {
        child.and_then(|child| self.tree.nodes.get(child)).map_or(self.at(input), |node| node.end)
    }

    /// Neither a comma nor the closing bracket.
    #[cold]
    pub(super) fn no_separator(&mut self, input: Input<'t>, closer: u8, child: Option<usize>) -> Next<'t> {
        if self.given_up() {
            return Next::Closed(&[]);
        }
        let at = self.at(input);
        let resumed = self.resumed.take() == Some(at);
        let end = self.end_of(child, input);
        match input.first() {
            None => {
                self.unclosed_at_end(at);
                return Next::Closed(input);
            }
            Some(&found @ (b')' | b']' | b'}')) => {
                return self.wrong_closer(input, closer, found, end, resumed);
            }
            Some(b';') => {
                if !resumed {
                    self.report(
                        Diagnostic::new(files::RON_MISSING_COMMA, "expected `,`, found `;`")
                            .at(self.span(at, at + 1))
                            .fix(self.span(at, at + 1), ",", "write a comma")
                            .safe(),
                    );
                }
                return Next::Element(&input[1..]);
            }
            Some(_) => {}
        }
        if closer == b')' && self.begins_fact(input) {
            if !resumed {
                self.unclosed_before(at, end);
            }
            self.resumed = Some(at);
            return Next::Closed(input);
        }
        if resumed {
            return Next::Element(input);
        }
        if let Some(rest) = child.and_then(|child| self.string_too_far(child)) {
            return self.after_recovery(rest, closer);
        }
        if input.first() == Some(&b'"') && end == at {
            self.missing_opening_quote(child, at);
            return self.after_recovery(&input[1..], closer);
        }
        let expected = match closer {
            b')' => "`,` or `)`",
            b']' => "`,` or `]`",
            _ => "`,` or `}`",
        };
        let found = self.describe(input);
        let place = self.found_span(input);
        let diagnostic =
            Diagnostic::new(files::RON_MISSING_COMMA, format!("expected {expected}, found {found}"))
                .at(place);
        if self.begins_value(input) && end < at {
            self.report(diagnostic.fix(self.span(end, end), ",", "put a comma here").safe());
            self.resumed = Some(at);
            return Next::Element(input);
        }
        let glued =
            child.and_then(|child| self.tree.nodes.get(child)).filter(|_| end == at).map(|node| node.kind);
        let help = match glued {
            Some(Kind::Str) => Some("in this line a `\"` is missing or one is too many".to_owned()),
            Some(Kind::Word) => Some("text that is more than one plain word stands in quotes".to_owned()),
            _ => unexpected_help(input),
        };
        self.report(diagnostic.help_opt(help));
        let rest = self.resync(self.lost_behind(input));
        self.after_recovery(rest, closer)
    }

    /// Goes on behind a mistake: over a comma or the closing bracket, or into whatever is there.
    pub(super) fn after_recovery(&mut self, rest: Input<'t>, closer: u8) -> Next<'t> {
        let rest = self.resume(rest);
        match rest.first() {
            Some(b',') => Next::Element(&rest[1..]),
            Some(&b) if b == closer => Next::Closed(&rest[1..]),
            _ if closer == b')' && self.begins_fact(rest) => Next::Closed(rest),
            _ => Next::Element(rest),
        }
    }

    pub(super) fn lost_behind(&self, input: Input<'t>) -> nom::Err<Lost> {
        let step = match lexer::ident_bytes(input) {
            0 => lexer::first_char(input).map_or(0, |(_, len)| len),
            len => len,
        };
        nom::Err::Error(Lost { left: input.len() - step })
    }

    pub(super) fn found_span(&self, input: Input<'t>) -> crate::base::Span {
        let at = self.at(input);
        let len = match lexer::ident_bytes(input) {
            0 => lexer::first_char(input).map_or(0, |(_, len)| len),
            len => len,
        };
        self.span(at, at + len as u32)
    }

    pub(super) fn begins_value(&self, input: Input<'t>) -> bool {
        match input.first() {
            Some(b'"' | b'\'' | b'(' | b'[' | b'{' | b'0'..=b'9' | b'+' | b'-' | b'.') => true,
            Some(b'r' | b'b') => true,
            _ => lexer::ident_bytes(input) > 0,
        }
    }

    fn unclosed_at_end(&mut self, at: u32) {
        if std::mem::replace(&mut self.end_reported, true) {
            return;
        }
        let Some((last, others)) = self.open.split_last() else { return };
        let mut diagnostic = Diagnostic::new(
            files::RON_UNCLOSED,
            format!("the file ends before this `{}` is closed", char::from(last.bracket)),
        )
        .labelled(self.span(last.at, last.at + 1), "opened here");
        for open in others.iter().rev().take(3) {
            diagnostic = diagnostic.also(self.span(open.at, open.at + 1), "open as well");
        }
        let closers: String = self.open.iter().rev().map(|open| closer_of(open.bracket)).collect();
        let diagnostic = if self.open.len() <= 4 {
            diagnostic.fix(self.span(at, at), closers.clone(), format!("close with `{closers}`"))
        } else {
            diagnostic
        };
        self.report(diagnostic);
    }

    /// The innermost bracket was left open before what begins at `at`.
    pub(super) fn unclosed_before(&mut self, at: u32, end: u32) {
        let Some(&open) = self.open.last() else { return };
        let closer = closer_of(open.bracket);
        let comma = self.bytes[..end as usize].last() == Some(&b',');
        let insert = if comma { end - 1 } else { end };
        self.report(
            Diagnostic::new(
                files::RON_UNCLOSED,
                format!("this `{}` is never closed", char::from(open.bracket)),
            )
            .labelled(self.span(open.at, open.at + 1), "opened here")
            .also(self.span(at, at), format!("`{closer}` is missing before this"))
            .fix(
                self.span(insert, insert),
                closer.to_string(),
                format!("close it with `{closer}`"),
            ),
        );
    }

    /// A closing bracket of another kind: either the open bracket was forgotten, or it is a slip.
    fn wrong_closer(&mut self, input: Input<'t>, closer: u8, found: u8, end: u32, resumed: bool) -> Next<'t> {
        let at = self.at(input);
        let Some((&inner, outer)) = self.open.split_last() else { return Next::Closed(&input[1..]) };
        let partner =
            outer.iter().rposition(|open| closer_of(open.bracket) == char::from(found)).map(|i| outer[i]);
        // A slip, if the partner of what was found is closed later in the same line, or was opened
        // in an earlier line than the bracket that is open.
        let slip = |partner: Open| {
            let end = self.scan(at + 1, 1);
            let closed_later = self.bytes.get(end as usize - 1) == Some(&found) && end > at + 1;
            (closed_later && self.same_line(end - 1, at))
                || (self.same_line(inner.at, at) && !self.same_line(partner.at, at))
        };
        match partner {
            Some(partner) if !slip(partner) => {
                if !resumed {
                    self.unclosed_before(at, end);
                }
                self.resumed = Some(at);
                Next::Closed(input)
            }
            _ => {
                if !resumed {
                    let (expected, found) = (char::from(closer), char::from(found));
                    self.report(
                        Diagnostic::new(
                            files::RON_STRAY_BRACKET,
                            format!("expected `{expected}`, found `{found}`"),
                        )
                        .at(self.span(at, at + 1))
                        .also(self.span(inner.at, inner.at + 1), "this bracket is open")
                        .fix(
                            self.span(at, at + 1),
                            expected.to_string(),
                            format!("write `{expected}`"),
                        ),
                    );
                }
                Next::Closed(&input[1..])
            }
        }
    }

    /// If the string `child` runs over line ends and something odd follows it, its quote is
    /// missing in its first line: reports that and gives the end of that line.
    pub(super) fn string_too_far(&mut self, child: usize) -> Option<Input<'t>> {
        let node = *self.tree.nodes.get(child)?;
        let line_end = self.line_end(node.start);
        if !matches!(node.kind, Kind::Str | Kind::Bytes)
            || node.flags & flag::RAW != 0
            || line_end >= node.end
        {
            return None;
        }
        let (at, _) = self.line_of(node.end - 1);
        self.report(
            Diagnostic::new(files::RON_UNCLOSED_STRING, "this string has no closing quote in its line")
                .labelled(self.span(node.start, line_end), "it begins here")
                .also(self.span(node.end - 1, node.end), "and would end at this quote")
                .help("add the missing `\"`")
                .help_opt((at == node.end - 1).then(|| {
                    "a string may span lines, but something must separate it from what follows".to_owned()
                })),
        );
        if let Some(node) = self.tree.nodes.get_mut(child) {
            (node.kind, node.end) = (Kind::Error, line_end);
        }
        self.tree.nodes.truncate(child + 1);
        Some(self.from(line_end))
    }

    /// `word"`: the quote before the word is missing.
    fn missing_opening_quote(&mut self, child: Option<usize>, at: u32) {
        let start = child.and_then(|child| self.tree.nodes.get(child)).map_or(at, |node| node.start);
        self.report(
            Diagnostic::new(files::RON_UNCLOSED_STRING, "a string ends here that does not begin")
                .at(self.span(at, at + 1))
                .fix(self.span(start, start), "\"", "put the opening quote here"),
        );
    }

    /// Nothing that could begin a value.
    #[cold]
    pub(super) fn no_value(&mut self, input: Input<'t>) -> Parsed<'t> {
        let at = self.at(input);
        self.push_error(at, at);
        if self.given_up() {
            return Ok((&[], ()));
        }
        let quiet = self.resumed.take() == Some(at);
        match input.first() {
            None => {
                if !std::mem::replace(&mut self.end_reported, true) {
                    let before =
                        self.bytes.iter().rposition(|b| !b.is_ascii_whitespace()).map_or(0, |i| i + 1);
                    self.report(
                        Diagnostic::new(files::RON_MISSING_VALUE, "the file ends where a value is due")
                            .at(self.span(before as u32, before as u32)),
                    );
                }
                Ok((input, ()))
            }
            Some(b',' | b')' | b']' | b'}') => {
                if !quiet {
                    let found = self.describe(input);
                    self.report(
                        Diagnostic::new(files::RON_MISSING_VALUE, format!("expected a value before {found}"))
                            .at(self.span(at, at + 1)),
                    );
                }
                Ok((input, ()))
            }
            Some(_) => {
                if !quiet {
                    let diagnostic = Diagnostic::new(
                        files::RON_CHARACTER_OUTSIDE,
                        format!("expected a value, found {}", self.describe(input)),
                    )
                    .at(self.found_span(input));
                    self.report(diagnostic.help_opt(unexpected_help(input)));
                }
                Err(self.lost_behind(input))
            }
        }
    }

    /// A struct as Rust writes it, `Name { … }`; `input` begins behind the brace. Skips all of it.
    #[cold]
    pub(super) fn braced_struct(&mut self, input: Input<'t>, start: u32, end: u32) -> Parsed<'t> {
        let at = self.at(input) - 1;
        let name = shortened(self.tree.slice(start, end));
        let name = escape::printable(&name);
        self.report(
            Diagnostic::new(files::RON_STRAY_BRACKET, format!("expected `(` behind `{name}`, found `{{`"))
                .at(self.span(at, at + 1))
                .help(format!("RON writes structs in parentheses: `{name}(…)`")),
        );
        let end = if self.given_up() { self.bytes.len() as u32 } else { self.scan(self.at(input), 1) };
        self.push_error(start, end);
        Ok((self.from(end), ()))
    }

    /// One bracket too many. Skips all of it.
    #[cold]
    pub(super) fn too_deep(&mut self, input: Input<'t>, start: u32, at: u32) -> Parsed<'t> {
        self.report(
            Diagnostic::new(files::RON_NESTING, format!("brackets are nested deeper than {MAX_NESTING}"))
                .at(self.span(at, at + 1)),
        );
        let end = if self.given_up() { self.bytes.len() as u32 } else { self.scan(self.at(input), 1) };
        self.push_error(start, end);
        Ok((self.from(end), ()))
    }
}

pub(super) fn closer_of(bracket: u8) -> char {
    match bracket {
        b'(' => ')',
        b'[' => ']',
        _ => '}',
    }
}

pub(super) fn unexpected_help(input: Input<'_>) -> Option<String> {
    let (c, _) = lexer::first_char(input)?;
    let help = match c {
        '\u{201c}' | '\u{201d}' | '\u{201e}' | '\u{ab}' | '\u{bb}' | '\u{2018}' | '\u{2019}' | '`' => {
            "strings stand between straight double quotes, `\"…\"`"
        }
        '/' => "comments begin with `//` or `/*`",
        '#' => "comments begin with `//`; attributes stand before the value",
        ';' | '\u{3001}' | '\u{ff0c}' => "values are separated by `,`",
        ':' => "a colon stands between the name of a field and its value",
        '*' => "a comment that begins with `/*` ends here or earlier",
        _ => return None,
    };
    Some(help.to_owned())
}
