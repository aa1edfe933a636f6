//! Names, constants, and lists in brackets.

use nom::Parser;
use nom::combinator::cut;

use super::recover::{bracket_was_left, item_begins, unclosed, unexpected};
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{Const, ConstKind, Name};
use crate::syntax::datalog::input::{Parsed, Tokens, sym};
use crate::syntax::datalog::lexer::literal::out_of_range;
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

/// The next token as a name, whatever it is.
pub(super) fn take_name(input: Tokens<'_>) -> (Tokens<'_>, Name) {
    (input.skip(1), Name { text: input.text(0).to_owned(), span: input.span() })
}

/// The name with what follows it behind dots, as in `component.Relation`.
pub(super) fn qualified(mut input: Tokens<'_>, mut name: Name) -> (Tokens<'_>, Name) {
    while input.joins_names(0) {
        name.text = format!("{}.{}", name.text, input.text(1));
        name.span = name.span.to(input.token(1).span);
        input = input.skip(2);
    }
    (input, name)
}

/// An identifier that is not reserved; `what` it names is a noun with its article.
pub(super) fn name<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Name> {
    match input.kind(0) {
        TokenKind::Ident if input.text(0) == "_" => input.expected(what),
        TokenKind::Ident => {
            let (rest, name) = take_name(input);
            Ok((rest, name))
        }
        TokenKind::Reserved(word) => input.fail(reserved(input.span(), *word, what)),
        _ => input.expected(what),
    }
}

/// A column's name, which may be a reserved word.
pub(super) fn column<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Name> {
    if input.is_name(0) { Ok(take_name(input)) } else { input.expected(what) }
}

/// The error for a reserved word where `what` is due.
pub(super) fn reserved(span: Span, word: Word, what: &str) -> Diagnostic {
    Diagnostic::new(codes::RESERVED_WORD, format!("`{}` is a reserved word", word.text()))
        .labelled(span, format!("{what} was due here"))
        .help("choose another name; only columns may be called so")
}

/// A name that must not be one of the words that name no constant and no relation.
pub(super) fn name_for_value<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Name> {
    let (rest, name) = name(input, what)?;
    if matches!(name.text.as_str(), "None" | "Some" | "inf" | "NaN") {
        let message = format!("`{}` names no constant and no relation", name.text);
        return input.fail(
            Diagnostic::new(codes::RESERVED_WORD, message)
                .labelled(name.span, format!("{what} was due here"))
                .help("it is a word of RON; choose another name"),
        );
    }
    Ok((rest, name))
}

/// `open item {"," item} [","] close`, possibly empty, one level deeper. Reports a missing comma
/// and goes on; an unclosed bracket is reported at its opening.
pub(super) fn list<'a, T>(
    open: Sym,
    what: &'static str,
    mut item: impl FnMut(Tokens<'a>) -> Parsed<'a, T>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Vec<T>> {
    let close = open.closing().unwrap_or(open);
    move |input| {
        let (input, opening) = sym(open, what)(input)?;
        let outer = input.source().in_aggregate.replace(false);
        let result = input.nested(|mut input| {
            let mut items = Vec::new();
            loop {
                if input.is(0, close) {
                    return Ok((input.skip(1), items));
                }
                if bracket_was_left(input) {
                    return input.fail(unclosed(input, opening, open));
                }
                let (rest, element) = cut(&mut item).parse(input)?;
                items.push(element);
                input = rest;
                if input.is(0, Sym::Comma) {
                    input = input.skip(1);
                } else if !input.is(0, close) {
                    if bracket_was_left(input) || item_begins(input) {
                        return input.fail(unclosed(input, opening, open));
                    }
                    missing_comma_in_list(input, close)?;
                }
            }
        });
        input.source().in_aggregate.set(outer);
        result
    }
}

fn missing_comma_in_list(input: Tokens<'_>, close: Sym) -> Parsed<'_, ()> {
    let starts_element = match input.kind(0) {
        TokenKind::Sym(sym) => matches!(sym, Sym::OpenBracket | Sym::Dollar),
        TokenKind::Bad => return input.expected("`,`"),
        _ => true,
    };
    if !starts_element {
        let what = format!("`,` or {}", close.quoted());
        return input.fail(unexpected(input, &what));
    }
    let gap = input.previous().after();
    input.source().report(
        Diagnostic::new(codes::MISSING_COMMA, "a comma is missing")
            .labelled(gap, "`,` was due here")
            .fix(gap, ",", "write `,`")
            .safe(),
    );
    Ok((input, ()))
}

/// `["-"] number | string | date | "true" | "false" | "nil" | id | "[" … "]"`
pub(super) fn constant(input: Tokens<'_>) -> Parsed<'_, Const> {
    const WHAT: &str = "a constant";
    let start = input.span();
    let (rest, kind) = match input.kind(0) {
        TokenKind::Sym(Sym::Minus) => {
            let rest = input.skip(1);
            match rest.kind(0) {
                TokenKind::Int(_) | TokenKind::Float(_) => number(rest, true)?,
                _ => return rest.expected("a number"),
            }
        }
        TokenKind::Int(_) | TokenKind::Float(_) => number(input, false)?,
        TokenKind::Text(text) => (input.skip(1), ConstKind::String(text.clone())),
        TokenKind::Date(text) => (input.skip(1), ConstKind::Date(text.clone())),
        TokenKind::Reserved(Word::True) => (input.skip(1), ConstKind::Bool(true)),
        TokenKind::Reserved(Word::False) => (input.skip(1), ConstKind::Bool(false)),
        TokenKind::Reserved(Word::Nil) => (input.skip(1), ConstKind::Nil),
        TokenKind::Sym(Sym::OpenBracket) => {
            let (rest, items) = list(Sym::OpenBracket, "`[`", constant)(input)?;
            (rest, ConstKind::List(items))
        }
        TokenKind::Ident => match input.text(0) {
            "None" => (input.skip(1), ConstKind::Nil),
            "Some" if input.is(1, Sym::OpenParen) => {
                let (rest, mut items) = list(Sym::OpenParen, "`(`", constant)(input.skip(1))?;
                match items.pop().filter(|_| items.is_empty()) {
                    Some(inner) => (rest, inner.kind),
                    None => return input.fail(one_value(start.to(rest.previous()))),
                }
            }
            "NaN" => return input.fail(no_such_float(start)),
            "_" => return input.expected(WHAT),
            text => (input.skip(1), ConstKind::Name(text.to_owned())),
        },
        TokenKind::Bad => {
            input.source().lose_item();
            (input.skip(1), ConstKind::Nil)
        }
        TokenKind::Reserved(word) => return input.fail(reserved(start, *word, WHAT)),
        _ => return input.expected(WHAT),
    };
    Ok((rest, Const { kind, span: start.to(rest.previous()) }))
}

/// A number literal, negated or not, with its range checked.
pub(super) fn number(input: Tokens<'_>, negative: bool) -> Parsed<'_, ConstKind> {
    let kind = match *input.kind(0) {
        TokenKind::Int(value) if negative => 0i64.checked_sub_unsigned(value).map(ConstKind::Int),
        TokenKind::Int(value) => i64::try_from(value).ok().map(ConstKind::Int),
        TokenKind::Float(value) => Some(ConstKind::Float(if negative { -value } else { value })),
        _ => return input.expected("a number"),
    };
    let kind = kind.unwrap_or_else(|| {
        input.source().report(out_of_range(input.span()));
        input.source().lose_item();
        ConstKind::Nil
    });
    Ok((input.skip(1), kind))
}

/// The error for `Some` with no or several values.
pub(super) fn one_value(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED, "`Some(…)` holds one value").at(span)
}

/// The error for `NaN`.
pub(super) fn no_such_float(span: Span) -> Diagnostic {
    Diagnostic::new(codes::UNEXPECTED, "`NaN` is no value of the language")
        .at(span)
        .help("an absent value is `nil`")
}
