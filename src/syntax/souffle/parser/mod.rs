//! Tokens to trees, by recursive descent. A mistake ends the item it stands in; the next one is read
//! from the full stop or directive that follows.

mod expr;
mod item;
mod literal;

use std::collections::HashMap;

use super::ast::{Name, Unit};
use super::token::{KEYWORDS, Kind, Token};
use crate::base::codes::syntax as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::limits::MAX_NESTING;
use crate::base::{Diagnostic, Span};

/// Mistakes after which the rest is not read.
const MAX_MISTAKES: usize = 50;

/// Something was said of a mistake; the item is given up.
struct Mistake;

type Read<T> = Result<T, Mistake>;

struct Parser<'t> {
    tokens: &'t [Token],
    at: usize,
    /// Where the bracket that a token opens is closed.
    closes: HashMap<usize, usize>,
    depth: usize,
    diagnostics: &'t mut Vec<Diagnostic>,
}

/// Reads a whole program. The last token is of kind [`Kind::End`].
pub(super) fn parse(tokens: &[Token], diagnostics: &mut Vec<Diagnostic>) -> Unit {
    let mut parser = Parser { tokens, at: 0, closes: brackets(tokens), depth: 0, diagnostics };
    let mut unit = Unit::default();
    let before = parser.diagnostics.len();
    while parser.peek().kind != Kind::End {
        let start = parser.at;
        if parser.item(&mut unit).is_err() {
            parser.recover(start);
            if parser.diagnostics.len() > before + MAX_MISTAKES {
                break;
            }
        }
    }
    for name in &unit.overrides {
        let message = "`.override` stands in a component";
        parser.diagnostics.push(Diagnostic::new(codes::UNEXPECTED, message).at(name.span));
    }
    unit
}

fn brackets(tokens: &[Token]) -> HashMap<usize, usize> {
    let mut closes = HashMap::new();
    let mut open = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        if token.is("(") {
            open.push(at);
        } else if token.is(")")
            && let Some(start) = open.pop()
        {
            closes.insert(start, at);
        }
    }
    closes
}

impl<'t> Parser<'t> {
    fn token(&self, at: usize) -> &'t Token {
        // `run` ends every list with a token of kind `End`; an empty list cannot be.
        const NOTHING: &[Token] = &[];
        let last = self.tokens.len().saturating_sub(1);
        let tokens: &'t [Token] = if self.tokens.is_empty() { NOTHING } else { self.tokens };
        &tokens[at.min(last)]
    }

    fn peek(&self) -> &'t Token {
        self.token(self.at)
    }

    fn second(&self) -> &'t Token {
        self.token(self.at + 1)
    }

    fn advance(&mut self) -> &'t Token {
        let token = self.peek();
        self.at += 1;
        token
    }

    /// Goes past the sign if it comes next.
    fn eat(&mut self, sign: &str) -> bool {
        let found = self.peek().is(sign);
        self.at += usize::from(found);
        found
    }

    fn eat_word(&mut self, word: &str) -> bool {
        let found = self.peek().is_word(word);
        self.at += usize::from(found);
        found
    }

    fn expect(&mut self, sign: &str) -> Read<Span> {
        let span = self.peek().span;
        if self.eat(sign) { Ok(span) } else { Err(self.unexpected(&format!("`{sign}`"))) }
    }

    fn unexpected(&mut self, expected: &str) -> Mistake {
        let token = self.peek();
        let found = token.written();
        let found = if token.kind == Kind::End { found } else { format!("`{found}`") };
        let message = format!("expected {expected}, found {found}");
        let mut diagnostic = Diagnostic::new(codes::UNEXPECTED, message).at(token.span);
        if token.kind == Kind::Word && KEYWORDS.contains(&&*token.text) {
            diagnostic = diagnostic.help(format!("`{}` is a reserved word", token.text));
        }
        self.diagnostics.push(diagnostic);
        Mistake
    }

    /// A name that is no keyword.
    fn name(&mut self, what: &str) -> Read<Name> {
        let token = self.peek();
        if token.kind == Kind::Word && !KEYWORDS.contains(&&*token.text) {
            self.at += 1;
            return Ok(Name { text: token.text.to_string(), span: token.span });
        }
        Err(self.unexpected(what))
    }

    /// A name with dots.
    fn qualified(&mut self, what: &str) -> Read<Name> {
        let mut name = self.name(what)?;
        while self.peek().is(".") && self.second().kind == Kind::Word && !self.second().first {
            self.at += 1;
            let part = self.name(what)?;
            name.text.push('.');
            name.text.push_str(&part.text);
            name.span = join(name.span, part.span);
        }
        Ok(name)
    }

    /// What stands between items in `open` and `close`, which come next, separated by commas.
    fn list<T>(
        &mut self,
        open: &str,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Read<T>,
    ) -> Read<Vec<T>> {
        self.expect(open)?;
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if self.eat(close) {
                return Ok(items);
            }
            if !self.eat(",") {
                return Err(self.unexpected(&format!("`,` or `{close}`")));
            }
        }
    }

    /// Reads something nested, unless that is too deep.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Read<T>) -> Read<T> {
        if self.depth >= MAX_NESTING {
            let span = self.peek().span;
            let message = format!("brackets are nested deeper than {MAX_NESTING}");
            self.diagnostics.push(Diagnostic::new(codes::TOO_DEEP, message).at(span));
            return Err(Mistake);
        }
        self.depth += 1;
        let result = read(self);
        self.depth -= 1;
        result
    }

    /// Goes on to the item behind the mistake that was found in the one at `start`.
    fn recover(&mut self, start: usize) {
        self.depth = 0;
        self.at = self.at.max(start + 1);
        loop {
            let token = self.peek();
            match token.kind {
                Kind::End | Kind::Directive => return,
                Kind::Sign(".") => {
                    self.at += 1;
                    return;
                }
                // A word at the start of a line behind a bracket begins something new.
                Kind::Word if token.first && self.at > start && self.second().is("(") => return,
                _ => self.at += 1,
            }
        }
    }

    fn unknown_directive(&mut self, span: Span, word: &str) -> Mistake {
        let near = nearest(word, super::token::DIRECTIVES.iter().copied());
        let message = format!("`.{word}` is no directive");
        let near: Vec<String> = near.iter().map(|name| format!(".{name}")).collect();
        let near: Vec<&str> = near.iter().map(String::as_str).collect();
        self.diagnostics
            .push(Diagnostic::new(codes::UNKNOWN_DIRECTIVE, message).at(span).help_opt(did_you_mean(&near)));
        Mistake
    }
}

/// The span from one to the other, or the first alone where they lie in different files.
fn join(a: Span, b: Span) -> Span {
    if a.file == b.file { a.to(b) } else { a }
}
