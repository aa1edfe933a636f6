//! Bodies, literals and atoms.

use nom::Parser;
use nom::combinator::cut;

use super::common::{column, list, name_for_value, qualified, reserved};
use super::expr::{binary_op, expr};
use super::recover::{bracket_was_left, item_begins, unclosed, unexpected};
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{
    Args, Atom, Body, CompareOp, Expr, ExprKind, Literal, LiteralKind, Name, NamedArg, NamedValue, TestOp,
};
use crate::syntax::datalog::input::{Parsed, Tokens};
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

/// `conj {";" conj}`
pub(super) fn body(input: Tokens<'_>) -> Parsed<'_, Body> {
    let start = input.span();
    let mut alternatives = Vec::new();
    let mut input = input;
    loop {
        let (rest, conjunction) = conjunction(input)?;
        alternatives.push(conjunction);
        match separator(rest) {
            Some((rest, Sym::Semicolon)) => input = rest,
            _ => return Ok((rest, Body { alternatives, span: start.to(rest.previous()) })),
        }
    }
}

/// `lit {"," lit}`; a missing comma is reported and passed over.
fn conjunction(input: Tokens<'_>) -> Parsed<'_, Vec<Literal>> {
    let mut literals = Vec::new();
    let mut input = input;
    loop {
        let before = input.measure();
        let (rest, literal) = cut(literal).parse(input)?;
        rest.measured(before);
        literals.push(literal);
        input = rest;
        if let Some((rest, Sym::Comma)) = separator(input) {
            if word_operator(input).is_some() {
                report_word_operator(input);
            }
            input = rest;
        } else if literal_begins(input) && !item_begins(input) {
            let gap = input.previous().after();
            input.source().report(
                Diagnostic::new(codes::MISSING_COMMA, "a comma is missing between two conditions")
                    .labelled(gap, "`,` was due here")
                    .fix(gap, ",", "write `,`")
                    .safe(),
            );
        } else {
            if word_operator(input) == Some(Sym::Semicolon) {
                report_word_operator(input);
            }
            return Ok((input, literals));
        }
    }
}

/// The `,` or `;` here, also as a word.
fn separator(input: Tokens<'_>) -> Option<(Tokens<'_>, Sym)> {
    let sym = match input.kind(0) {
        TokenKind::Sym(sym @ (Sym::Comma | Sym::Semicolon)) => *sym,
        _ => word_operator(input)?,
    };
    Some((input.skip(1), sym))
}

/// `AND` and `OR` where only a separator can stand.
fn word_operator(input: Tokens<'_>) -> Option<Sym> {
    if *input.kind(0) != TokenKind::Ident || item_begins(input) {
        return None;
    }
    match input.text(0) {
        "AND" | "and" | "And" => Some(Sym::Comma),
        "OR" | "or" | "Or" => Some(Sym::Semicolon),
        _ => None,
    }
}

fn report_word_operator(input: Tokens<'_>) {
    let Some(meant) = word_operator(input) else { return };
    let meant = meant.text();
    input.source().report(
        Diagnostic::new(codes::FOREIGN_SYNTAX, format!("`{}` is written `{meant}` here", input.text(0)))
            .at(input.span())
            .fix(input.span(), meant, format!("write `{meant}`"))
            .safe(),
    );
}

fn literal_begins(input: Tokens<'_>) -> bool {
    match input.kind(0) {
        TokenKind::Sym(sym) => *sym == Sym::Bang,
        TokenKind::Ident => {
            input.is(1, Sym::OpenParen)
                || compare_op(input.skip(1)).is_some()
                || *input.kind(1) == TokenKind::Reserved(Word::In)
        }
        TokenKind::Reserved(word) => match word {
            Word::Not | Word::Possibly => true,
            Word::Match | Word::Contains | Word::Within | Word::Overlaps => input.is(1, Sym::OpenParen),
            _ => false,
        },
        _ => false,
    }
}

/// The comparison here.
pub(super) fn compare_op(input: Tokens<'_>) -> Option<CompareOp> {
    match input.kind(0) {
        TokenKind::Sym(Sym::Eq) => Some(CompareOp::Eq),
        TokenKind::Sym(Sym::Ne) => Some(CompareOp::Ne),
        TokenKind::Sym(Sym::Lt) => Some(CompareOp::Lt),
        TokenKind::Sym(Sym::Le) => Some(CompareOp::Le),
        TokenKind::Sym(Sym::Gt) => Some(CompareOp::Gt),
        TokenKind::Sym(Sym::Ge) => Some(CompareOp::Ge),
        _ => None,
    }
}

/// Whether what stands before belongs to an expression that goes on here.
fn continues_expression(input: Tokens<'_>) -> bool {
    compare_op(input).is_some() || binary_op(input).is_some() || input.is_word(Word::In)
}

/// Whether the bracket `ahead` is closed and an expression goes on behind it.
pub(super) fn expression_goes_on_behind(input: Tokens<'_>, ahead: usize) -> bool {
    input.closed_ahead(ahead).is_some_and(|closing| continues_expression(input.skip(closing + 1)))
}

/// One condition.
pub(super) fn literal(input: Tokens<'_>) -> Parsed<'_, Literal> {
    let start = input.span();
    let (rest, kind) = literal_kind(input)?;
    Ok((rest, Literal { kind, span: start.to(rest.previous()) }))
}

fn literal_kind(input: Tokens<'_>) -> Parsed<'_, LiteralKind> {
    match input.kind(0) {
        TokenKind::Sym(Sym::Bang) | TokenKind::Reserved(Word::Not) => negation(input),
        TokenKind::Reserved(Word::Possibly) => possibly(input),
        TokenKind::Reserved(Word::Match) => test(input, TestOp::Match),
        TokenKind::Reserved(Word::Contains) => test(input, TestOp::Contains),
        TokenKind::Reserved(Word::Within) => test(input, TestOp::Within),
        TokenKind::Reserved(Word::Overlaps) => test(input, TestOp::Overlaps),
        TokenKind::Reserved(word @ (Word::True | Word::False)) if !continues_expression(input.skip(1)) => {
            Ok((input.skip(1), LiteralKind::Bool(*word == Word::True)))
        }
        TokenKind::Sym(Sym::OpenParen) if !expression_goes_on_behind(input, 0) => group(input),
        TokenKind::Ident if input.is(1, Sym::OpenParen) && !expression_goes_on_behind(input, 1) => {
            let (rest, atom) = atom(input)?;
            Ok((rest, LiteralKind::Atom(atom)))
        }
        TokenKind::Ident if input.joins_names(1) => {
            let (rest, atom) = atom(input)?;
            Ok((rest, LiteralKind::Atom(atom)))
        }
        TokenKind::Ident if matches!(input.text(0), "NOT" | "Not") && input.is_name(1) => {
            input.source().report(
                Diagnostic::new(codes::FOREIGN_SYNTAX, format!("`{}` is written `not` here", input.text(0)))
                    .at(input.span())
                    .fix(input.span(), "not", "write `not`")
                    .safe(),
            );
            negation(input)
        }
        TokenKind::Sym(Sym::Dot) if input.previous_kind() == Some(&TokenKind::Sym(Sym::Comma)) => {
            let comma = input.previous();
            input.fail(
                unexpected(input, "another condition behind the comma")
                    .fix(comma, "", "remove the comma")
                    .safe(),
            )
        }
        TokenKind::Sym(sym)
            if !matches!(sym, Sym::OpenParen | Sym::OpenBracket | Sym::Minus | Sym::Dollar) =>
        {
            input.expected("a condition, such as an atom or a comparison")
        }
        TokenKind::End | TokenKind::Directive => {
            input.expected("a condition, such as an atom or a comparison")
        }
        _ => comparison(input, false),
    }
}

fn negation(input: Tokens<'_>) -> Parsed<'_, LiteralKind> {
    let (rest, inner) = input.skip(1).nested(literal)?;
    Ok((rest, LiteralKind::Not(Box::new(inner))))
}

/// `"(" body ")"`
fn group(input: Tokens<'_>) -> Parsed<'_, LiteralKind> {
    let (rest, body) = bracketed(input, Sym::OpenParen, body)?;
    Ok((rest, LiteralKind::Group(body)))
}

/// `inner` between brackets, one level deeper.
pub(super) fn bracketed<'a, T>(
    input: Tokens<'a>,
    bracket: Sym,
    inner: impl FnOnce(Tokens<'a>) -> Parsed<'a, T>,
) -> Parsed<'a, T> {
    let opening = input.span();
    let outer = input.source().in_aggregate.replace(false);
    let result = input.skip(1).nested(|input| {
        let (rest, inner) = inner(input)?;
        if bracket.closing().is_some_and(|closing| rest.is(0, closing)) {
            Ok((rest.skip(1), inner))
        } else if bracket_was_left(rest) || item_begins(rest) {
            rest.fail(unclosed(rest, opening, bracket))
        } else {
            let closing = bracket.closing().unwrap_or(bracket).quoted();
            let also = format!("this {} is still open", bracket.quoted());
            rest.fail(unexpected(rest, &format!("{closing} or more of the expression")).also(opening, also))
        }
    });
    input.source().in_aggregate.set(outer);
    result
}

/// `"possibly" "(" expr cmp expr ")"`
fn possibly(input: Tokens<'_>) -> Parsed<'_, LiteralKind> {
    let input = input.skip(1);
    if !input.is(0, Sym::OpenParen) {
        return input.expected("`(` behind `possibly`");
    }
    bracketed(input, Sym::OpenParen, |input| comparison(input, true))
}

/// `test "(" expr "," expr ")"`
fn test(input: Tokens<'_>, op: TestOp) -> Parsed<'_, LiteralKind> {
    let start = input.span();
    let word = input.text(0);
    let (rest, args) = list(Sym::OpenParen, "`(` behind the test's name", expr)(input.skip(1))?;
    let mut args = args.into_iter();
    match (args.next(), args.next(), args.next()) {
        (Some(left), Some(right), None) => Ok((rest, LiteralKind::Test(op, left, right))),
        _ => input.fail(
            Diagnostic::new(codes::UNEXPECTED, format!("`{word}` takes two values"))
                .at(start.to(rest.previous())),
        ),
    }
}

/// `expr cmp expr` or `expr "in" expr`
fn comparison(input: Tokens<'_>, possibly: bool) -> Parsed<'_, LiteralKind> {
    let (rest, left) = expr(input)?;
    if rest.is_word(Word::In) && !possibly {
        let (rest, right) = cut(expr).parse(rest.skip(1))?;
        return Ok((rest, LiteralKind::In(left, right)));
    }
    let Some(op) = compare_op(rest) else { return rest.fail(no_comparison(rest, &left)) };
    let (rest, right) = cut(expr).parse(rest.skip(1))?;
    if compare_op(rest).is_some() {
        return rest.fail(
            Diagnostic::new(codes::UNEXPECTED, "comparisons cannot be chained")
                .labelled(rest.span(), "a second comparison")
                .help("write them one by one: `a < b, b < c`"),
        );
    }
    Ok((rest, LiteralKind::Compare { op, left, right, possibly }))
}

fn no_comparison(input: Tokens<'_>, left: &Expr) -> Diagnostic {
    if let (TokenKind::Ident, "is") = (input.kind(0), input.text(0)) {
        return Diagnostic::new(codes::FOREIGN_SYNTAX, "`is` is written `=` here")
            .at(input.span())
            .fix(input.span(), "=", "write `=`")
            .safe();
    }
    let what = match left.kind {
        ExprKind::Var(_) | ExprKind::Const(_) | ExprKind::Wildcard => {
            "a comparison, or `(` if it is a relation"
        }
        _ => "a comparison",
    };
    let diagnostic = unexpected(input, what).also(left.span, "behind this");
    match input.kind(0) {
        TokenKind::Sym(Sym::Colon) if input.is(1, Sym::Eq) => diagnostic.help("a value is bound by `=`"),
        _ => diagnostic,
    }
}

/// `id "(" [ named | expr {"," expr} [","] ] ")"`
pub(super) fn atom(input: Tokens<'_>) -> Parsed<'_, Atom> {
    let start = input.span();
    let (input, name) =
        name_for_value(input, "a relation's name").map(|(rest, name)| qualified(rest, name))?;
    if !input.is(0, Sym::OpenParen) {
        return input.expected("`(` behind the relation's name");
    }
    let before = input.measure();
    let (rest, args) = list(Sym::OpenParen, "`(`", argument)(input)?;
    rest.measured(before);
    let args = sort_args(rest, args, start.to(rest.previous()));
    Ok((rest, Atom { name, args, span: start.to(rest.previous()) }))
}

/// An argument as read, before it is known whether the atom is named or positional.
pub(super) enum Arg {
    Named(NamedArg),
    Positional(Expr),
}

impl Arg {
    fn span(&self) -> Span {
        match self {
            Arg::Named(arg) => arg.span,
            Arg::Positional(value) => value.span,
        }
    }
}

/// All named or all positional; a mixture is reported.
pub(super) fn sort_args(input: Tokens<'_>, args: Vec<Arg>, atom: Span) -> Args {
    let named_first = matches!(args.first(), Some(Arg::Named(_)));
    if let Some(other) = args.iter().find(|arg| matches!(arg, Arg::Named(_)) != named_first) {
        let first = args.first().map_or(atom, Arg::span);
        let (one, two) = if named_first { ("named", "positional") } else { ("positional", "named") };
        input.source().report(
            Diagnostic::new(codes::MIXED_ARGUMENTS, "arguments are all named or all positional, never both")
                .labelled(other.span(), format!("this one is {two}"))
                .also(first, format!("this one is {one}"))
                .help("name them all: `Relation(column: value)`; columns that do not matter may be left out"),
        );
        input.source().lose_item();
    }
    if named_first {
        let named = args.into_iter().filter_map(|arg| match arg {
            Arg::Named(arg) => Some(arg),
            Arg::Positional(_) => None,
        });
        return Args::Named(named.collect());
    }
    let positional = args.into_iter().filter_map(|arg| match arg {
        Arg::Positional(value) => Some(value),
        Arg::Named(_) => None,
    });
    Args::Positional(positional.collect())
}

/// Whether a named argument begins here: a name before a colon or a comparison. `count : {` is
/// the aggregate.
pub(super) fn named_argument_begins(input: Tokens<'_>) -> bool {
    if !input.is_name(0) {
        return false;
    }
    let colon = input.is(1, Sym::Colon) && !(input.is_word(Word::Count) && input.is(2, Sym::OpenBrace));
    colon || touching_if(input) || compare_op(input.skip(1)).is_some()
}

/// `low:-3`, where the lexer sees `:-` but a colon and a minus are meant.
fn touching_if(input: Tokens<'_>) -> bool {
    input.is(1, Sym::If)
        && input.touches_next(0)
        && input.touches_next(1)
        && matches!(input.kind(2), TokenKind::Int(_) | TokenKind::Float(_))
}

/// `id ":" [arg] | id cmp expr`, or an expression.
pub(super) fn argument(input: Tokens<'_>) -> Parsed<'_, Arg> {
    if !named_argument_begins(input) {
        return positional_argument(input);
    }
    let (rest, name) = column(input, "a column's name")?;
    let (rest, value) = if touching_if(input) {
        let minus = input.token(1).span.after();
        let (rest, kind) = super::common::number(rest.skip(1), true)?;
        let span = Span { start: minus.start.saturating_sub(1), ..minus }.to(rest.previous());
        (rest, NamedValue::Is(Expr { kind: ExprKind::Const(kind), span }))
    } else if let Some(op) = compare_op(rest) {
        let (rest, value) = cut(expr).parse(rest.skip(1))?;
        (rest, NamedValue::Compare(op, value))
    } else {
        let rest = rest.skip(1);
        if rest.is(0, Sym::Comma) || rest.is(0, Sym::CloseParen) {
            pun(input, rest, &name)?
        } else {
            let (rest, value) = cut(expr).parse(rest)?;
            (rest, NamedValue::Is(value))
        }
    };
    Ok((rest, Arg::Named(NamedArg { span: name.span.to(rest.previous()), name, value })))
}

/// `leader:` is short for `leader: leader`, so the name must do as a variable.
fn pun<'a>(input: Tokens<'a>, rest: Tokens<'a>, name: &Name) -> Parsed<'a, NamedValue> {
    match input.kind(0) {
        TokenKind::Reserved(word) => {
            input.fail(reserved(name.span, *word, "a variable").help(format!("write `{}: x`", name.text)))
        }
        _ => Ok((rest, NamedValue::Pun)),
    }
}

fn positional_argument(input: Tokens<'_>) -> Parsed<'_, Arg> {
    if let (TokenKind::Text(text), true) = (input.kind(0), input.is(1, Sym::Colon)) {
        let span = input.span();
        return input.fail(
            Diagnostic::new(codes::FOREIGN_SYNTAX, "column names stand without quotes")
                .at(span)
                .fix(span, text.clone(), format!("write `{}`", crate::base::escape::printable(text)))
                .safe(),
        );
    }
    let (rest, value) = expr(input)?;
    if compare_op(rest).is_some() {
        return rest.fail(
            Diagnostic::new(codes::UNEXPECTED, "a comparison in an atom begins with a column's name")
                .labelled(value.span, "this is no column's name")
                .help("compare outside of the atom: `Relation(column: x), x + 1 < y`"),
        );
    }
    Ok((rest, Arg::Positional(value)))
}
