//! Text to tree, with everything that is wrong reported in one run.
//!
//! The parsers are nom parsers over bytes that push nodes as they go. What is wrong is reported
//! where it is found; `Lost` then says from where to look for firm ground, and the loop of the
//! enclosing bracket goes on from there (see `recover`). The depth of the recursion is bounded by
//! a count of the open brackets.

use nom::IResult;

use super::lexer::{self, Input, Mistake, Number, Scanned, TRIVIA};
use super::tree::{Kind, Raw, Tree, flag};
use super::unescape::Mode;
use crate::base::codes::files;
use crate::base::limits::{MAX_NESTING, MAX_STRING_BYTES};
use crate::base::{Diagnostic, FileId, Span, escape};

/// What came of a document.
#[derive(Debug)]
pub struct Parse<'t> {
    /// The tree. Where something was wrong it has [`Kind::Error`] nodes or misses parts, and
    /// [`super::Node::is_broken`] says so.
    pub tree: Tree<'t>,
    /// What is wrong, by place. Without errors among them the `ron` crate reads the text too,
    /// but for the divergences listed in `docs/ron.md`.
    pub diagnostics: Vec<Diagnostic>,
}

/// Parses a RON document. Never fails: mistakes are in the diagnostics.
///
/// Takes time linear in the length of the text, which must be below 4 GiB.
pub fn parse(file: FileId, text: &str) -> Parse<'_> {
    let mut parser = Parser::new(file, text);
    if u32::try_from(text.len()).is_err() {
        parser.report(
            Diagnostic::new(files::FILE_TOO_LARGE, "the text is larger than 4 GiB").at(Span::new(file, 0, 0)),
        );
    } else {
        parser.document();
    }
    parser.finish()
}

/// A parser lost its way; how many bytes remain from where firm ground is to be looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lost {
    pub(super) left: usize,
}

pub(super) type Parsed<'t> = IResult<Input<'t>, (), Lost>;

/// An open bracket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub(super) bracket: u8,
    pub(super) at: u32,
    /// The number of mistakes reported before it.
    mistakes: usize,
}

/// Up to so many fields duplicates are looked for one by one.
const FEW_FIELDS: usize = 64;

/// What follows a value, or the lack of one.
pub(super) enum Next<'t> {
    /// Another element begins, or blanks before one.
    Element(Input<'t>),
    /// The bracket is closed, or taken as closed.
    Closed(Input<'t>),
}

pub(super) struct Parser<'t> {
    pub(super) tree: Tree<'t>,
    pub(super) bytes: Input<'t>,
    pub(super) open: Vec<Open>,
    pub(super) diagnostics: Vec<Diagnostic>,
    pub(super) mistakes: usize,
    /// Where reading went on after a mistake: what is odd right there is its consequence.
    pub(super) resumed: Option<u32>,
    /// The end of the text was reported as surprising.
    pub(super) end_reported: bool,
    /// Inside our half of a merge conflict.
    pub(super) in_conflict: bool,
    /// Keys of the field names of all open structs, for duplicates.
    names: Vec<u64>,
}

impl<'t> Parser<'t> {
    fn new(file: FileId, text: &'t str) -> Self {
        Parser {
            tree: Tree::new(file, text),
            bytes: text.as_bytes(),
            open: Vec::with_capacity(MAX_NESTING),
            diagnostics: Vec::new(),
            mistakes: 0,
            resumed: None,
            end_reported: false,
            in_conflict: false,
            names: Vec::new(),
        }
    }

    fn finish(mut self) -> Parse<'t> {
        // Each side of a conflict may open and close what the other does not.
        if self.diagnostics.iter().any(|found| found.code == files::MERGE_CONFLICT.code) {
            let of_brackets = [files::RON_UNCLOSED, files::RON_STRAY_BRACKET, files::RON_TRAILING];
            self.diagnostics.retain(|found| of_brackets.iter().all(|code| found.code != code.code));
        }
        crate::base::diagnostic::sort(&mut self.diagnostics);
        self.diagnostics.dedup();
        Parse { tree: self.tree, diagnostics: self.diagnostics }
    }

    /// The offset at which the input begins.
    #[inline]
    pub(super) fn at(&self, input: Input<'t>) -> u32 {
        (self.bytes.len() - input.len()) as u32
    }

    /// The input that begins at an offset.
    pub(super) fn from(&self, at: u32) -> Input<'t> {
        self.bytes.get(at as usize..).unwrap_or(&[])
    }

    pub(super) fn span(&self, start: u32, end: u32) -> Span {
        Span { file: self.tree.file, start, end }
    }

    #[inline]
    fn push(&mut self, kind: Kind, start: u32, end: u32, payload: u64, flags: u8) {
        let (a, b) = (payload as u32, (payload >> 32) as u32);
        self.tree.nodes.push(Raw { start, end, a, b, field: 0, field_len: 0, kind, flags });
    }

    pub(super) fn push_error(&mut self, start: u32, end: u32) {
        self.push(Kind::Error, start, end, 0, flag::BROKEN);
    }

    /// Blanks and comments; almost always there are none or a single space.
    #[inline]
    pub(super) fn skip(&mut self, input: Input<'t>) -> Input<'t> {
        match input {
            [first, ..] if !TRIVIA[*first as usize] => input,
            [b' ', second, ..] if !TRIVIA[*second as usize] => &input[1..],
            _ => self.trivia(input),
        }
    }

    /// A value. Pushes exactly one node with its descendants, also where it fails.
    pub(super) fn value(&mut self, input: Input<'t>) -> Parsed<'t> {
        match input.first() {
            Some(b'"') => self.string(input, Kind::Str),
            Some(b'0'..=b'9') => match lexer::plain_digits(input) {
                Some((rest, value)) => {
                    self.push(Kind::Int, self.at(input), self.at(rest), value, 0);
                    Ok((rest, ()))
                }
                None => self.number(input),
            },
            Some(b'+' | b'-' | b'.') => self.number(input),
            Some(b'(') => self.parenthesis(&input[1..], self.at(input), 0),
            Some(b'[') => self.list(&input[1..]),
            Some(b'{') => self.map(&input[1..]),
            Some(b'\'') => self.character(input),
            _ => self.word(input),
        }
    }

    /// What begins with a word: a constant, a struct with a name, a keyword, a number such as
    /// `inf`, or a literal with a prefix.
    fn word(&mut self, input: Input<'t>) -> Parsed<'t> {
        let len = lexer::ident_bytes(input);
        let (start, rest) = (self.at(input), &input[len..]);
        let end = self.at(rest);
        match &input[..len] {
            b"" => return self.prefixed(input),
            b"true" => self.push(Kind::Bool, start, end, 0, flag::TRUE),
            b"false" => self.push(Kind::Bool, start, end, 0, 0),
            b"None" => self.push(Kind::None, start, end, 0, 0),
            b"Some" => return self.some(rest, start),
            word if word.len() <= 6 && lexer::is_number_word(word) => return self.number(input),
            _ => {
                let after = if rest.first() == Some(&b'(') { rest } else { self.skip(rest) };
                if after.first() == Some(&b'(') {
                    return self.parenthesis(&after[1..], start, len as u32);
                }
                if after.first() == Some(&b'{') {
                    return self.braced_struct(&after[1..], start, end);
                }
                self.push(Kind::Word, start, end, 0, 0);
            }
        }
        Ok((rest, ()))
    }

    /// `r"…"`, `b"…"`, `br"…"`, `b'…'`, or nothing that could begin a value.
    fn prefixed(&mut self, input: Input<'t>) -> Parsed<'t> {
        match input {
            [b'r', b'"' | b'#', ..] => self.raw_string(input, 1, Kind::Str),
            [b'b', b'r', ..] => self.raw_string(input, 2, Kind::Bytes),
            [b'b', b'"', ..] => self.string(input, Kind::Bytes),
            [b'b', b'\'', ..] => self.number(input),
            _ => self.no_value(input),
        }
    }

    fn string(&mut self, input: Input<'t>, kind: Kind) -> Parsed<'t> {
        let start = self.at(input);
        let (behind_quote, mode) = match kind {
            Kind::Bytes => (&input[2..], Mode::Bytes),
            _ => (&input[1..], Mode::Str),
        };
        let mut wrong = Vec::new();
        match lexer::string_content(behind_quote, mode, &mut |why, left| wrong.push((why, left))) {
            Ok((rest, scanned)) => {
                let flags = if scanned.escaped { flag::ESCAPED } else { 0 };
                self.push(kind, start, self.at(rest), 0, flags);
                if !wrong.is_empty() {
                    self.wrong_escapes(&wrong);
                }
                self.check_string(start, rest, scanned);
                Ok((rest, ()))
            }
            Err(_) => self.unclosed_string(input, &wrong),
        }
    }

    fn raw_string(&mut self, input: Input<'t>, prefix: usize, kind: Kind) -> Parsed<'t> {
        let start = self.at(input);
        match lexer::raw_string(&input[prefix..]) {
            Ok((rest, (hashes, scanned))) => {
                self.push(kind, start, self.at(rest), hashes as u64, flag::RAW);
                self.check_string(start, rest, scanned);
                Ok((rest, ()))
            }
            Err(nom::Err::Error(Mistake::Unclosed)) => self.unclosed_string(input, &[]),
            Err(_) => self.no_value(input),
        }
    }

    /// The limit on length, and the lint on bidirectional controls.
    #[inline]
    fn check_string(&mut self, start: u32, rest: Input<'t>, scanned: Scanned) {
        let end = self.at(rest);
        if end - start > MAX_STRING_BYTES as u32 {
            self.string_too_long(start, end);
        }
        if scanned.unicode && self.tree.slice(start, end).chars().any(escape::is_bidi) {
            self.bidi_in_string(start, end);
        }
    }

    fn character(&mut self, input: Input<'t>) -> Parsed<'t> {
        match lexer::character(input) {
            Ok((rest, ())) => {
                self.push(Kind::Char, self.at(input), self.at(rest), 0, 0);
                Ok((rest, ()))
            }
            Err(nom::Err::Error(mistake)) => self.bad_character(input, mistake),
            Err(_) => self.no_value(input),
        }
    }

    fn number(&mut self, input: Input<'t>) -> Parsed<'t> {
        let start = self.at(input);
        match lexer::number(input) {
            Ok((rest, number)) => {
                let end = self.at(rest);
                match number {
                    Number::Int(magnitude, flags) => self.push(Kind::Int, start, end, magnitude, flags),
                    Number::Float(value, flags) => self.push(Kind::Float, start, end, value.to_bits(), flags),
                    Number::Range => self.push(Kind::Range, start, end, 0, 0),
                }
                Ok((rest, ()))
            }
            Err(nom::Err::Error(mistake)) => self.bad_number(input, mistake),
            Err(_) => self.no_value(input),
        }
    }

    /// Opens a bracket at `at` and pushes its node, unless it is one too many.
    fn begin(&mut self, kind: Kind, start: u32, name_len: u32, bracket: u8, at: u32) -> Option<usize> {
        if self.open.len() >= MAX_NESTING {
            return None;
        }
        self.open.push(Open { bracket, at, mistakes: self.mistakes });
        self.push(kind, start, at, u64::from(name_len) << 32, 0);
        Some(self.tree.nodes.len() - 1)
    }

    /// Closes the innermost bracket, whose node is `index`; `rest` is what follows it.
    fn finish_node(&mut self, index: usize, rest: Input<'t>) -> Parsed<'t> {
        let end = self.at(rest);
        let next = self.tree.nodes.len() as u32;
        let broken = self.open.pop().is_some_and(|open| open.mistakes != self.mistakes);
        if let Some(node) = self.tree.nodes.get_mut(index) {
            node.end = end;
            node.a = next;
            if broken {
                node.flags |= flag::BROKEN;
            }
        }
        Ok((rest, ()))
    }

    fn list(&mut self, input: Input<'t>) -> Parsed<'t> {
        let start = self.at(input) - 1;
        let Some(index) = self.begin(Kind::List, start, 0, b'[', start) else {
            return self.too_deep(input, start, start);
        };
        let rest = self.elements(input, b']');
        self.finish_node(index, rest)
    }

    /// Values separated by commas up to `closer`; gives what follows that.
    fn elements(&mut self, mut input: Input<'t>, closer: u8) -> Input<'t> {
        loop {
            input = self.skip(input);
            match input.first() {
                Some(&b) if b == closer => return &input[1..],
                Some(b')' | b']' | b'}') | None => match self.no_separator(input, closer, None) {
                    Next::Element(rest) => {
                        input = rest;
                        continue;
                    }
                    Next::Closed(rest) => return rest,
                },
                Some(_) => {}
            }
            let child = self.tree.nodes.len();
            input = match self.value(input) {
                Ok((rest, ())) => rest,
                Err(error) => self.resync(error),
            };
            match self.after_value(input, closer, child) {
                Next::Element(rest) => input = rest,
                Next::Closed(rest) => return rest,
            }
        }
    }

    /// The comma or the closing bracket behind the value `child`.
    #[inline]
    pub(super) fn after_value(&mut self, input: Input<'t>, closer: u8, child: usize) -> Next<'t> {
        let input = self.skip(input);
        match input.first() {
            Some(b',') => Next::Element(&input[1..]),
            Some(&b) if b == closer => Next::Closed(&input[1..]),
            _ => self.no_separator(input, closer, Some(child)),
        }
    }

    /// A tuple or struct; `input` begins behind the `(`, `start` is the place of its name.
    fn parenthesis(&mut self, input: Input<'t>, start: u32, name_len: u32) -> Parsed<'t> {
        let at = self.at(input) - 1;
        let Some(index) = self.begin(Kind::Tuple, start, name_len, b'(', at) else {
            return self.too_deep(input, start, at);
        };
        let input = self.skip(input);
        let rest = if input.first() == Some(&b')') {
            if name_len == 0 {
                self.set_kind(index, Kind::Unit);
            }
            &input[1..]
        } else if self.begins_field(input) {
            self.set_kind(index, Kind::Struct);
            self.check_struct_name(start, name_len);
            self.fields(input)
        } else {
            self.elements(input, b')')
        };
        self.finish_node(index, rest)
    }

    fn set_kind(&mut self, index: usize, kind: Kind) {
        if let Some(node) = self.tree.nodes.get_mut(index) {
            node.kind = kind;
        }
    }

    /// Whether a name and a colon come next.
    #[inline]
    fn begins_field(&mut self, input: Input<'t>) -> bool {
        let len = lexer::ident_bytes(input);
        if len == 0 {
            return self.begins_quoted_field(input);
        }
        let after = self.skip(&input[len..]);
        after.first() == Some(&b':') || lacks_colon(&input[..len], after)
    }

    /// The fields of a struct up to its `)`; gives what follows that.
    fn fields(&mut self, mut input: Input<'t>) -> Input<'t> {
        let base = self.names.len();
        let first = self.tree.nodes.len();
        let rest = loop {
            input = self.skip(input);
            let len = lexer::ident_bytes(input);
            let after = if len > 0 { self.skip(&input[len..]) } else { input };
            let (name, len, value) = if len > 0 && after.first() == Some(&b':') {
                (self.at(input), len, &after[1..])
            } else {
                match input.first() {
                    Some(b')') => break &input[1..],
                    Some(b']' | b'}') | None => match self.no_separator(input, b')', None) {
                        Next::Element(rest) => {
                            input = rest;
                            continue;
                        }
                        Next::Closed(rest) => break rest,
                    },
                    Some(_) => match self.odd_field(input, len, after) {
                        Ok(named) => named,
                        Err(Next::Element(rest)) => {
                            input = rest;
                            continue;
                        }
                        Err(Next::Closed(rest)) => break rest,
                    },
                }
            };
            let child = self.tree.nodes.len();
            let value = self.skip(value);
            input = match self.value(value) {
                Ok((rest, ())) => rest,
                Err(error) => self.resync(error),
            };
            if let Some(node) = self.tree.nodes.get_mut(child) {
                node.field = name;
                node.field_len = u16::try_from(len).unwrap_or(u16::MAX);
            }
            let key = self.name_key(name, len);
            let known = &self.names[base..];
            if known.len() < FEW_FIELDS && known.contains(&key) {
                self.duplicate_field(first, child);
            }
            self.names.push(key);
            match self.after_value(input, b')', child) {
                Next::Element(rest) => input = rest,
                Next::Closed(rest) => break rest,
            }
        };
        if self.names.len() - base > FEW_FIELDS {
            self.duplicate_fields(first, FEW_FIELDS);
        }
        self.names.truncate(base);
        rest
    }

    /// `Some(value)`; `input` begins behind the word.
    fn some(&mut self, input: Input<'t>, start: u32) -> Parsed<'t> {
        let after = self.skip(input);
        if after.first() != Some(&b'(') {
            return self.some_without_parenthesis(input, start);
        }
        let at = self.at(after);
        let Some(index) = self.begin(Kind::Some, start, 0, b'(', at) else {
            return self.too_deep(&after[1..], start, at);
        };
        let rest = self.some_content(&after[1..], index);
        self.finish_node(index, rest)
    }

    fn some_content(&mut self, input: Input<'t>, index: usize) -> Input<'t> {
        let unwraps = self.tree.extensions.unwrap_variant_newtypes;
        let input = self.skip(input);
        let content = self.at(input);
        let first = self.tree.nodes.len();
        if unwraps && input.first() != Some(&b')') && self.begins_field(input) {
            self.push(Kind::Struct, content, content, 0, flag::UNWRAPPED);
            let rest = self.fields(input);
            self.finish_unwrapped(first, rest);
            return rest;
        }
        if unwraps && input.first() == Some(&b')') {
            self.push(Kind::Unit, content, content, 0, flag::UNWRAPPED);
            return &input[1..];
        }
        let rest = self.elements(input, b')');
        let count = self.count_children(first);
        if unwraps && count > 1 {
            self.insert_unwrapped_tuple(first, content);
            self.finish_unwrapped(first, rest);
        } else if count != 1 {
            self.some_with_many(index, rest, count);
        }
        rest
    }

    /// Values that lie directly one after the other from node `first` to the last one.
    fn count_children(&self, first: usize) -> usize {
        let mut count = 0;
        let mut at = first;
        while let Some(node) = self.tree.nodes.get(at) {
            at = if node.kind.is_container() { node.a as usize } else { at + 1 };
            count += 1;
        }
        count
    }

    /// Puts a tuple node before the nodes from `first` on, as their parent.
    fn insert_unwrapped_tuple(&mut self, first: usize, start: u32) {
        for node in self.tree.nodes.iter_mut().skip(first).filter(|node| node.kind.is_container()) {
            node.a += 1;
        }
        self.push(Kind::Tuple, start, start, 0, flag::UNWRAPPED);
        if let Some(nodes) = self.tree.nodes.get_mut(first..) {
            nodes.rotate_right(1);
        }
    }

    /// Closes a struct or tuple that has no parentheses of its own inside `Some(…)`.
    fn finish_unwrapped(&mut self, index: usize, rest: Input<'t>) {
        let next = self.tree.nodes.len() as u32;
        let end = (self.at(rest)).saturating_sub(1);
        if let Some(node) = self.tree.nodes.get_mut(index) {
            node.end = end.max(node.start);
            node.a = next;
        }
    }

    fn map(&mut self, mut input: Input<'t>) -> Parsed<'t> {
        let start = self.at(input) - 1;
        let Some(index) = self.begin(Kind::Map, start, 0, b'{', start) else {
            return self.too_deep(input, start, start);
        };
        let rest = loop {
            input = self.skip(input);
            match input.first() {
                Some(b'}') => break &input[1..],
                Some(b')' | b']') | None => match self.no_separator(input, b'}', None) {
                    Next::Element(rest) => {
                        input = rest;
                        continue;
                    }
                    Next::Closed(rest) => break rest,
                },
                Some(_) => {}
            }
            let key = self.tree.nodes.len();
            input = match self.value(input) {
                Ok((rest, ())) => rest,
                Err(error) => self.resync(error),
            };
            let after = self.skip(input);
            let child = self.tree.nodes.len();
            input = match after.first() {
                Some(b':') => {
                    let value = self.skip(&after[1..]);
                    match self.value(value) {
                        Ok((rest, ())) => rest,
                        Err(error) => self.resync(error),
                    }
                }
                _ => self.no_map_value(after, key),
            };
            match self.after_value(input, b'}', child) {
                Next::Element(rest) => input = rest,
                Next::Closed(rest) => break rest,
            }
        };
        let result = self.finish_node(index, rest);
        self.check_keys(index);
        result
    }

    /// A number that differs for different short names, and for most different long ones: length
    /// and first seven bytes.
    #[inline]
    fn name_key(&self, start: u32, len: usize) -> u64 {
        let name = &self.bytes[start as usize..start as usize + len];
        match name {
            [b'r', b'#', raw @ ..] => short_key(raw),
            _ => short_key(name),
        }
    }
}

/// Whether a word can only be the name of a field whose colon is missing.
fn lacks_colon(word: &[u8], after: Input<'_>) -> bool {
    match after.first() {
        Some(b'=') => true,
        Some(b'"' | b'0'..=b'9') => {
            let lower = word.first().is_some_and(|first| first.is_ascii_lowercase() || *first == b'_');
            let adjacent = after.as_ptr() == word.as_ptr_range().end;
            lower && !adjacent && !matches!(word, b"true" | b"false") && !lexer::is_number_word(word)
        }
        _ => false,
    }
}

#[inline]
fn short_key(name: &[u8]) -> u64 {
    let mut key = name.len() as u64 & 0xff;
    for &byte in name.iter().take(7) {
        key = key << 8 | u64::from(byte);
    }
    key
}
