//! What people type: lines of the REPL, goals and patterns.

use super::clause::{goal, options};
use super::literal::{atom, expression_goes_on_behind};
use super::recover::{report, unexpected};
use super::{Parsed, items};
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, FileId};
use crate::syntax::datalog::ast::{Atom, Goal, Line, UnderOption};
use crate::syntax::datalog::input::{Source, Tokens};
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

/// Reads a line of the REPL (one that is not a `:command`): a goal with or without `?-`, `?` or
/// `.`, items, `+fact` or `-pattern`. An empty line gives neither a line nor a diagnostic. With
/// errors there is no line, except that of items those that are whole are there.
pub fn parse_line(file: FileId, text: &str) -> (Option<Line>, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let input = source.input();
    let line = if input.at_end() {
        None
    } else if holds_items(input) {
        Some(Line::Items(items(input)))
    } else if change_begins(input, Sym::Plus) {
        finish(input, |input| pattern(input.skip(1))).map(Line::Assert)
    } else if change_begins(input, Sym::Minus) {
        finish(input, |input| pattern(input.skip(1))).map(Line::Retract)
    } else {
        finish(input, whole_goal).map(Line::Query)
    };
    (line, source.into_diagnostics())
}

/// Reads a goal: `?- … .`, `…?` or bare.
pub fn parse_goal(file: FileId, text: &str) -> (Option<Goal>, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let goal = finish(source.input(), whole_goal);
    (goal, source.into_diagnostics())
}

/// Reads one atom, as `why` and `+` take it, with or without a final `.`.
pub fn parse_atom_pattern(file: FileId, text: &str) -> (Option<Atom>, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let atom = finish(source.input(), pattern);
    (atom, source.into_diagnostics())
}

/// Reads the options of a scenario, as `:under` takes them: with or without `under`, with or
/// without brackets.
pub fn parse_scenario(file: FileId, text: &str) -> (Option<Vec<UnderOption>>, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let input = source.input();
    let options = finish(input, |input| {
        let input = if input.is_word(Word::Under) { input.skip(1) } else { input };
        let (rest, options) = options(input)?;
        if rest.at_end() {
            Ok((rest, options))
        } else {
            rest.fail(unexpected(rest, "`,` or the end of the scenario"))
        }
    });
    (options, source.into_diagnostics())
}

/// Runs a parser of one whole thing and reports its failure.
fn finish<'a, T>(input: Tokens<'a>, parser: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>) -> Option<T> {
    let result = parser(input);
    let whole = input.source().begin_item();
    match result {
        Ok((_, value)) => whole.then_some(value),
        Err(error) => {
            report(input, error);
            None
        }
    }
}

/// Whether the line holds declarations, rules or checks rather than a goal or a change.
fn holds_items(input: Tokens<'_>) -> bool {
    match input.kind(0) {
        TokenKind::Directive | TokenKind::Sym(Sym::If | Sym::At) => return true,
        TokenKind::Reserved(Word::Deny | Word::Warn) => return !input.is(1, Sym::OpenParen),
        TokenKind::Sym(Sym::Query | Sym::Plus | Sym::Minus) => return false,
        _ => {}
    }
    // A rule is known by its `:-`, or by the `<-` that some write for it behind a head.
    let mut here = input;
    while !here.at_end() {
        if here.is(0, Sym::If) {
            return true;
        }
        let habit = here.is(0, Sym::CloseParen) && here.is(1, Sym::Lt) && here.is(2, Sym::Minus);
        if habit && here.touches_next(1) && here.is_name(3) && here.is(4, Sym::OpenParen) {
            return true;
        }
        here = here.skip(1);
    }
    false
}

/// Whether `+atom` or `-atom` begins here; `-f(x) < y` is a goal.
fn change_begins(input: Tokens<'_>, sign: Sym) -> bool {
    input.is(0, sign)
        && (sign == Sym::Plus || (input.is_name(1) && input.is(2, Sym::OpenParen)))
        && !expression_goes_on_behind(input, 2)
}

fn whole_goal(input: Tokens<'_>) -> Parsed<'_, Goal> {
    let input = if input.is(0, Sym::Query) { input.skip(1) } else { input };
    let (rest, goal) = goal(input)?;
    let rest = if rest.is(0, Sym::Question) || rest.is(0, Sym::Dot) { rest.skip(1) } else { rest };
    if rest.at_end() {
        return Ok((rest, goal));
    }
    if matches!(rest.previous_kind(), Some(TokenKind::Sym(Sym::Dot | Sym::Question))) {
        return rest.fail(
            Diagnostic::new(codes::UNEXPECTED, "one goal at a time")
                .labelled(rest.span(), "nothing may stand behind the goal")
                .help("join conditions with `,`; a fact is asserted by `+Relation(column: value)`"),
        );
    }
    rest.fail(unexpected(rest, "`,`, `;`, `?` or the end of the goal"))
}

fn pattern(input: Tokens<'_>) -> Parsed<'_, Atom> {
    let (rest, atom) = atom(input)?;
    let rest = if rest.is(0, Sym::Dot) { rest.skip(1) } else { rest };
    if rest.at_end() { Ok((rest, atom)) } else { rest.fail(unexpected(rest, "the end of the fact")) }
}
