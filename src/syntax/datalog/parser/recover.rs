//! What is said about a failure, and where the parser goes on.

use nom::Err;

use crate::base::codes::syntax as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::input::{Fail, FailKind, Tokens};
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

/// Reports a failure unless the lexer has already said what is wrong there; gives the index of
/// the token where it happened.
pub(super) fn report(input: Tokens<'_>, error: Err<Fail>) -> usize {
    let (Err::Error(fail) | Err::Failure(fail)) = error else { return input.position() };
    let here = input.at(fail.at);
    let told = *here.kind(0) == TokenKind::Bad || here.previous_kind() == Some(&TokenKind::Bad);
    match fail.kind {
        _ if told => {}
        FailKind::Report(diagnostic) => input.source().report(*diagnostic),
        FailKind::Expected(what) => input.source().report(unexpected(here, what)),
    }
    fail.at
}

/// `expected what, found …` at the next token.
pub(super) fn unexpected(input: Tokens<'_>, what: &str) -> Diagnostic {
    let diagnostic = Diagnostic::new(codes::UNEXPECTED, format!("expected {what}, found {}", found(input)));
    let place = if input.at_end() { input.previous().after() } else { input.span() };
    let diagnostic = diagnostic.labelled(place, format!("expected {what}"));
    let word = input.text(0);
    let misspelt = *input.kind(0) == TokenKind::Ident && word.len() > 1 && !input.is(1, Sym::OpenParen);
    let near = if misspelt { nearest(word, ["order by", "limit", "under", "not", "in"]) } else { Vec::new() };
    let near: Vec<&str> = near.into_iter().take(1).collect();
    diagnostic.help_opt(did_you_mean(&near))
}

/// The next token in words.
pub(super) fn found(input: Tokens<'_>) -> String {
    match input.kind(0) {
        TokenKind::Sym(sym) => sym.quoted(),
        TokenKind::Ident | TokenKind::Directive | TokenKind::Int(_) | TokenKind::Float(_) => {
            format!("`{}`", shortened(input.text(0)))
        }
        TokenKind::Reserved(word) => format!("the reserved word `{}`", word.text()),
        TokenKind::Text(_) => "a string".to_owned(),
        TokenKind::Date(_) => "a date".to_owned(),
        TokenKind::Bad => "something unreadable".to_owned(),
        TokenKind::End => "the end".to_owned(),
    }
}

fn shortened(text: &str) -> String {
    let mut short: String = text.chars().take(40).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Whether a new item visibly begins here: on a line of its own, with a directive, `?-`, `:-`,
/// `@`, `deny` or `warn`, or in the first column with a relation's name.
pub(super) fn item_begins(input: Tokens<'_>) -> bool {
    if !input.token(0).first_on_line {
        return false;
    }
    match input.kind(0) {
        TokenKind::Directive | TokenKind::Sym(Sym::Query | Sym::At) => true,
        TokenKind::Sym(Sym::If) => input.in_first_column(),
        TokenKind::Reserved(Word::Deny | Word::Warn) => !input.is(1, Sym::OpenParen),
        TokenKind::Ident => input.in_first_column() && input.is(1, Sym::OpenParen),
        _ => false,
    }
}

/// Whether an item begins here without doubt, so that a broken one before it ends.
fn item_surely_begins(input: Tokens<'_>) -> bool {
    if !item_begins(input) || (!input.in_first_column() && *input.kind(0) != TokenKind::Directive) {
        return false;
    }
    match input.kind(0) {
        // A literal of a body that is not indented looks the same but for the `:-` behind it.
        TokenKind::Ident => input.closed_ahead(1).is_some_and(|closing| input.is(closing + 1, Sym::If)),
        _ => true,
    }
}

/// Where to go on after a mistake at token `at` of the item that begins at `start`: behind the
/// next full stop, or where the next item begins.
pub(super) fn next_item(start: Tokens<'_>, at: usize) -> Tokens<'_> {
    let directive = *start.kind(0) == TokenKind::Directive;
    let first = start.position();
    // A full stop at which the mistake was found ends the item, unless it is what began it.
    let mut index = at.max(first);
    loop {
        let here = start.at(index);
        if here.at_end() {
            return here;
        }
        if index > first {
            let next_line = directive && here.token(0).first_on_line && here.in_first_column();
            let begins =
                if next_line { here.is_name(0) || item_begins(here) } else { item_surely_begins(here) };
            if begins {
                return here;
            }
        }
        if is_stop(here) && (index > first || !here.is_name(1)) {
            return here.skip(1);
        }
        index += 1;
    }
}

/// Whether a full stop is here, and no dot within a qualified name or before a digit.
fn is_stop(input: Tokens<'_>) -> bool {
    let before_digit =
        matches!(input.kind(1), TokenKind::Int(_) | TokenKind::Float(_)) && input.touches_next(0);
    input.is(0, Sym::Dot) && !input.joins_names(0) && !before_digit
}

/// Whether the next token can only stand outside the bracket that is being read.
pub(super) fn bracket_was_left(input: Tokens<'_>) -> bool {
    match input.kind(0) {
        TokenKind::End | TokenKind::Directive => true,
        TokenKind::Sym(Sym::Dot) => is_stop(input),
        TokenKind::Sym(sym) => matches!(sym, Sym::If | Sym::Query) || sym.is_closing(),
        _ => item_begins(input),
    }
}

/// The error for a bracket at `opening` that is not closed where it should be.
pub(super) fn unclosed(input: Tokens<'_>, opening: Span, bracket: Sym) -> Diagnostic {
    let closing = bracket.closing().unwrap_or(bracket).quoted();
    Diagnostic::new(codes::UNCLOSED, format!("this {} is never closed", bracket.quoted()))
        .labelled(opening, "opened here")
        .also(input.previous().after(), format!("{closing} was due here, found {}", found(input)))
}
