//! The parser's input: a slice of tokens as nom wants it, with what all parsers share.

use std::cell::{Cell, RefCell};
use std::iter::Enumerate;
use std::slice::Iter;

use nom::error::{ErrorKind, ParseError};
use nom::{Err, IResult, Input, Needed};

use super::lexer::{Lexed, MAX_DIAGNOSTICS, lex};
use super::lookalike;
use super::token::{Sym, Token, TokenKind, Word};
use crate::base::codes::syntax as codes;
use crate::base::limits::MAX_NESTING;
use crate::base::{Diagnostic, FileId, Span};

/// Deepest tree of an expression, chains of operators included: later passes recurse over it.
const MAX_HEIGHT: u32 = 256;

/// A text with its tokens and the state of the parse.
pub(super) struct Source<'t> {
    pub text: &'t str,
    pub tokens: Vec<Token>,
    /// For each bracket the index of the one that closes or opens it.
    partners: Vec<Option<u32>>,
    diagnostics: RefCell<Vec<Diagnostic>>,
    depth: Cell<usize>,
    height: Cell<u32>,
    incomplete: Cell<bool>,
    /// Whether the expression being read is the value of an aggregate, so that a colon ends it.
    pub in_aggregate: Cell<bool>,
}

impl<'t> Source<'t> {
    /// Lexes `text`.
    pub fn new(file: FileId, text: &'t str) -> Self {
        let lexed = lex(file, text);
        let lints = lookalike::lints(text, &lexed);
        let Lexed { tokens, mut diagnostics, .. } = lexed;
        diagnostics.extend(lints);
        let partners = partners(&tokens, text);
        Source {
            text,
            tokens,
            partners,
            diagnostics: RefCell::new(diagnostics),
            depth: Cell::new(0),
            height: Cell::new(0),
            incomplete: Cell::new(false),
            in_aggregate: Cell::new(false),
        }
    }

    /// All tokens, as parser input.
    pub fn input(&self) -> Tokens<'_> {
        Tokens { source: self, start: 0, end: self.tokens.len().saturating_sub(1) }
    }

    /// Notes a mistake that does not stop the parse.
    pub fn report(&self, diagnostic: Diagnostic) {
        let mut diagnostics = self.diagnostics.borrow_mut();
        if diagnostics.len() < MAX_DIAGNOSTICS {
            diagnostics.push(diagnostic);
        }
    }

    /// Says that the item being read has lost a part and must not be kept.
    pub fn lose_item(&self) {
        self.incomplete.set(true);
    }

    /// Prepares for the next item and says whether the last one was whole.
    pub fn begin_item(&self) -> bool {
        self.depth.set(0);
        self.height.set(0);
        self.in_aggregate.set(false);
        !self.incomplete.replace(false)
    }

    /// The same for an item within an item, which stands as deep as before.
    pub fn begin_inner_item(&self) -> bool {
        let depth = self.depth.get();
        let whole = self.begin_item();
        self.depth.set(depth);
        whole
    }

    /// All that was reported, in order of place.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        let mut diagnostics = self.diagnostics.into_inner();
        crate::base::diagnostic::sort(&mut diagnostics);
        diagnostics
    }
}

/// Pairs brackets. A full stop ends every open bracket except the brace of a component, so that
/// an unclosed one does not reach into the next clause.
fn partners(tokens: &[Token], text: &str) -> Vec<Option<u32>> {
    let mut partners = vec![None; tokens.len()];
    // Index, closing bracket, whether it is a component's brace.
    let mut open: Vec<(usize, Sym, bool)> = Vec::new();
    let mut component_due = false;
    for (index, token) in tokens.iter().enumerate() {
        match token.kind {
            TokenKind::Directive => component_due = text.get(token.span.range()) == Some(".comp"),
            TokenKind::Sym(Sym::Dot) if !joins_names(tokens, index) => {
                let keep = open.iter().rposition(|(_, _, component)| *component).map_or(0, |at| at + 1);
                open.truncate(keep);
            }
            TokenKind::Sym(sym) => {
                if let Some(closing) = sym.closing() {
                    let component = component_due && sym == Sym::OpenBrace;
                    component_due &= !component;
                    open.push((index, closing, component));
                } else if sym.is_closing() {
                    // What is still open within a component's braces ends with them.
                    if sym == Sym::CloseBrace {
                        let mut above = open.iter().rev().take(MAX_NESTING);
                        if let Some(above) = above.position(|(_, closing, _)| *closing == sym)
                            && let Some(keep) = open.len().checked_sub(above)
                            && open.get(keep - 1).is_some_and(|(_, _, component)| *component)
                        {
                            open.truncate(keep);
                        }
                    }
                    if let Some((start, _, _)) = open.pop_if(|(_, closing, _)| *closing == sym) {
                        if let Some(partner) = partners.get_mut(start) {
                            *partner = u32::try_from(index).ok();
                        }
                        if let Some(partner) = partners.get_mut(index) {
                            *partner = u32::try_from(start).ok();
                        }
                    }
                }
            }
            _ => {}
        }
    }
    partners
}

/// Whether the dot at `index` joins two names without white space, as in `component.Relation`.
fn joins_names(tokens: &[Token], index: usize) -> bool {
    let (Some(before), Some(dot), Some(after)) = (
        index.checked_sub(1).and_then(|before| tokens.get(before)),
        tokens.get(index),
        tokens.get(index + 1),
    ) else {
        return false;
    };
    before.kind == TokenKind::Ident
        && after.kind == TokenKind::Ident
        && before.span.end == dot.span.start
        && dot.span.end == after.span.start
}

/// The tokens still to be read.
#[derive(Clone, Copy)]
pub(super) struct Tokens<'a> {
    source: &'a Source<'a>,
    start: usize,
    end: usize,
}

impl<'a> Tokens<'a> {
    /// What all parsers share.
    pub fn source(self) -> &'a Source<'a> {
        self.source
    }

    /// The token `ahead` places on, or the end.
    pub fn token(self, ahead: usize) -> &'a Token {
        let index = self.start.saturating_add(ahead).min(self.end);
        // The index is at most that of the end token, which the lexer always adds.
        &self.source.tokens[index]
    }

    /// The kind of the token `ahead` places on.
    pub fn kind(self, ahead: usize) -> &'a TokenKind {
        &self.token(ahead).kind
    }

    /// The place of the next token.
    pub fn span(self) -> Span {
        self.token(0).span
    }

    /// The place of the token before, or of the next at the beginning.
    pub fn previous(self) -> Span {
        match self.start.checked_sub(1).and_then(|index| self.source.tokens.get(index)) {
            Some(token) => token.span,
            None => self.span(),
        }
    }

    /// The kind of the token before.
    pub fn previous_kind(self) -> Option<&'a TokenKind> {
        self.start.checked_sub(1).and_then(|index| self.source.tokens.get(index)).map(|token| &token.kind)
    }

    /// The text of the token `ahead` places on.
    pub fn text(self, ahead: usize) -> &'a str {
        self.source.text.get(self.token(ahead).span.range()).unwrap_or("")
    }

    /// Whether nothing is left.
    pub fn at_end(self) -> bool {
        self.start >= self.end
    }

    /// Without the next `count` tokens.
    pub fn skip(self, count: usize) -> Self {
        Tokens { start: self.start.saturating_add(count).min(self.end), ..self }
    }

    /// Index of the next token.
    pub fn position(self) -> usize {
        self.start
    }

    /// The same input from token `index` on.
    pub fn at(self, index: usize) -> Self {
        Tokens { start: index.min(self.end), ..self }
    }

    /// Whether the token `ahead` places on is `sym`.
    pub fn is(self, ahead: usize, sym: Sym) -> bool {
        *self.kind(ahead) == TokenKind::Sym(sym)
    }

    /// Whether the next token is the reserved word `word`.
    pub fn is_word(self, word: Word) -> bool {
        *self.kind(0) == TokenKind::Reserved(word)
    }

    /// Whether the token `ahead` places on is a name, reserved or not.
    pub fn is_name(self, ahead: usize) -> bool {
        matches!(self.kind(ahead), TokenKind::Ident | TokenKind::Reserved(_))
    }

    /// How many tokens ahead the bracket `ahead` places on is closed.
    pub fn closed_ahead(self, ahead: usize) -> Option<usize> {
        let index = self.start.saturating_add(ahead);
        let partner = (*self.source.partners.get(index)?)? as usize;
        partner.checked_sub(self.start)
    }

    /// Whether token `ahead + 1` follows token `ahead` without a gap.
    pub fn touches_next(self, ahead: usize) -> bool {
        self.token(ahead).span.end == self.token(ahead + 1).span.start
    }

    /// Whether the dot `ahead` places on joins two names.
    pub fn joins_names(self, ahead: usize) -> bool {
        self.is(ahead, Sym::Dot) && joins_names(&self.source.tokens, self.start.saturating_add(ahead))
    }

    /// Whether the next token stands in the first column of its line.
    pub fn in_first_column(self) -> bool {
        let start = self.span().start as usize;
        let before = start.checked_sub(1).and_then(|at| self.source.text.as_bytes().get(at));
        before.is_none_or(|byte| matches!(byte, b'\n' | b'\r'))
    }

    /// An error here that lets another alternative be tried.
    pub fn expected<T>(self, what: &'static str) -> Parsed<'a, T> {
        Result::Err(Err::Error(Fail { at: self.start, kind: FailKind::Expected(what) }))
    }

    /// The same as an error that ends the item.
    pub fn refuse<T>(self, what: &'static str) -> Parsed<'a, T> {
        Result::Err(Err::Failure(Fail { at: self.start, kind: FailKind::Expected(what) }))
    }

    /// An error here that ends the item, with a prepared report.
    pub fn fail<T>(self, diagnostic: Diagnostic) -> Parsed<'a, T> {
        Result::Err(Err::Failure(Fail { at: self.start, kind: FailKind::Report(Box::new(diagnostic)) }))
    }

    /// Runs `parser` one level deeper, or fails at the limit.
    pub fn nested<T>(self, parser: impl FnOnce(Self) -> Parsed<'a, T>) -> Parsed<'a, T> {
        let depth = self.source.depth.get();
        if depth >= MAX_NESTING {
            return self.fail(
                Diagnostic::new(codes::TOO_DEEP, format!("nested deeper than {MAX_NESTING} levels"))
                    .labelled(self.previous(), "one level too many")
                    .help("derive a part of it by a rule of its own"),
            );
        }
        self.source.depth.set(depth + 1);
        let result = parser(self);
        self.source.depth.set(depth);
        result
    }

    /// Begins measuring the height of the tree that is read next; give the result to
    /// [`Tokens::measured`].
    pub fn measure(self) -> u32 {
        self.source.height.replace(0)
    }

    /// Adds `levels` on top of what was read since [`Tokens::measure`] and fails at the limit.
    pub fn grown(self, span: Span) -> Parsed<'a, ()> {
        let height = self.source.height.get() + 1;
        if height > MAX_HEIGHT {
            return self.fail(
                Diagnostic::new(
                    codes::TOO_DEEP,
                    format!("an expression of more than {MAX_HEIGHT} operators"),
                )
                .labelled(span, "begins here")
                .help("compute a part of it first: `x = …`"),
            );
        }
        self.source.height.set(height);
        Ok((self, ()))
    }

    /// Ends measuring: the higher of this tree and those before counts.
    pub fn measured(self, before: u32) {
        let height = self.source.height.get();
        self.source.height.set(height.max(before));
    }
}

/// What a parser of this module returns.
pub(super) type Parsed<'a, T> = IResult<Tokens<'a>, T, Fail>;

/// Why a parser failed.
#[derive(Debug)]
pub(super) struct Fail {
    /// Index of the token where it failed.
    pub at: usize,
    /// What to say about it.
    pub kind: FailKind,
}

/// What there is to say about a failure.
#[derive(Debug)]
pub(super) enum FailKind {
    /// Something else was wanted; a noun.
    Expected(&'static str),
    /// A prepared report.
    Report(Box<Diagnostic>),
}

impl<'a> ParseError<Tokens<'a>> for Fail {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Self {
        Fail { at: input.start, kind: FailKind::Expected("something else") }
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = &'a Token;
    type Iter = Iter<'a, Token>;
    type IterIndices = Enumerate<Iter<'a, Token>>;

    fn input_len(&self) -> usize {
        self.end.saturating_sub(self.start)
    }

    fn take(&self, count: usize) -> Self {
        Tokens { end: self.start.saturating_add(count).min(self.end), ..*self }
    }

    fn take_from(&self, count: usize) -> Self {
        self.skip(count)
    }

    fn take_split(&self, count: usize) -> (Self, Self) {
        (self.skip(count), self.take(count))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.iter_elements().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.source.tokens.get(self.start..self.end).unwrap_or(&[]).iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.iter_elements().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if count <= self.input_len() { Ok(count) } else { Result::Err(Needed::new(count - self.input_len())) }
    }
}

/// The token `sym`, as a parser of its place.
pub(super) fn sym<'a>(sym: Sym, what: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| if input.is(0, sym) { Ok((input.skip(1), input.span())) } else { input.expected(what) }
}

/// The reserved word `word`.
pub(super) fn word<'a>(word: Word, what: &'static str) -> impl Fn(Tokens<'a>) -> Parsed<'a, Span> {
    move |input| if input.is_word(word) { Ok((input.skip(1), input.span())) } else { input.expected(what) }
}
