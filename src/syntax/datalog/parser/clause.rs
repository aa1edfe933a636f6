//! Facts, rules, checks, queries and their scenarios.

use nom::Parser;
use nom::combinator::{cut, map, opt};
use nom::multi::separated_list1;
use nom::sequence::{pair, preceded};

use super::common::{column, constant, list, name};
use super::literal::{atom, body, compare_op};
use super::recover::{item_begins, unexpected};
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{
    Atom, Body, Check, Clause, Goal, ItemKind, Name, Subsumption, UnderOption,
};
use crate::syntax::datalog::input::{Parsed, Tokens, sym, word};
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

/// `atom {"," atom} [":-" body] "."`, or `atom "<=" atom ":-" body "."`
pub(super) fn clause(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (input, mut heads) = separated_list1(sym(Sym::Comma, "`,`"), cut(atom)).parse(input)?;
    let subsumes =
        input.is(0, Sym::Le) && input.is_name(1) && (input.is(2, Sym::OpenParen) || input.joins_names(2));
    if heads.len() == 1
        && subsumes
        && let Some(less) = heads.pop()
    {
        return subsumption(input, less);
    }
    let (input, arrow) = arrow(input)?;
    if arrow {
        let (input, body) = cut(body).parse(input)?;
        let (input, ()) = end_of_clause(input)?;
        return Ok((input, ItemKind::Clause(Clause { heads, body: Some(body) })));
    }
    let (input, ()) = match input.kind(0) {
        _ if input.at_end() || input.is(0, Sym::Dot) || item_begins(input) => end_of_clause(input)?,
        _ => return input.fail(after_head(input, &heads)),
    };
    Ok((input, ItemKind::Clause(Clause { heads, body: None })))
}

/// `:-`, also in the spelling `<-`; whether it is there.
fn arrow(input: Tokens<'_>) -> Parsed<'_, bool> {
    if input.is(0, Sym::Lt) && input.is(1, Sym::Minus) && input.touches_next(0) {
        let span = input.span().to(input.token(1).span);
        input.source().report(
            Diagnostic::new(codes::FOREIGN_SYNTAX, "`<-` is written `:-` here")
                .labelled(span, "a rule's head and body are parted by `:-`")
                .fix(span, ":-", "write `:-`")
                .safe(),
        );
        return Ok((input.skip(2), true));
    }
    map(opt(sym(Sym::If, "`:-`")), |found| found.is_some()).parse(input)
}

fn after_head(input: Tokens<'_>, heads: &[Atom]) -> Diagnostic {
    let diagnostic = unexpected(input, "`:-`, `,` or `.` behind the head");
    match input.kind(0) {
        TokenKind::Ident if matches!(input.text(0), "if" | "IF" | "if_") => {
            diagnostic.fix(input.span(), ":-", "write `:-`").safe()
        }
        TokenKind::Sym(Sym::Colon | Sym::Eq) => diagnostic.help("a rule's head and body are parted by `:-`"),
        TokenKind::Sym(Sym::Question) => match heads {
            [head] => {
                diagnostic.help(format!("a query in a rule file is written `?- {}(…).`", head.name.text))
            }
            _ => diagnostic,
        },
        _ => diagnostic,
    }
}

fn subsumption(input: Tokens<'_>, less: Atom) -> Parsed<'_, ItemKind> {
    let (input, greater) = cut(preceded(sym(Sym::Le, "`<=`"), atom)).parse(input)?;
    let (input, body) = cut(preceded(sym(Sym::If, "`:-` behind the heads"), body)).parse(input)?;
    let (input, ()) = end_of_clause(input)?;
    Ok((input, ItemKind::Subsumption(Subsumption { less, greater, body })))
}

/// The `.` of a clause. Where the next item or the end of the text shows that only the stop is
/// missing, that is reported and the clause kept.
pub(super) fn end_of_clause(input: Tokens<'_>) -> Parsed<'_, ()> {
    if input.is(0, Sym::Dot) {
        return Ok((input.skip(1), ()));
    }
    if input.at_end() || item_begins(input) {
        let gap = input.previous().after();
        input.source().report(
            Diagnostic::new(codes::MISSING_DOT, "a clause ends with `.`")
                .labelled(gap, "`.` was due here")
                .fix(gap, ".", "write `.`")
                .safe(),
        );
        return Ok((input, ()));
    }
    input.fail(unexpected(input, "`,`, `;` or `.`"))
}

/// `:- body.`
pub(super) fn nameless_check(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (input, body) = preceded(sym(Sym::If, "`:-`"), cut(body)).parse(input)?;
    let (input, ()) = end_of_clause(input)?;
    Ok((input, ItemKind::Check(Check { deny: true, name: None, message: None, body })))
}

/// `("deny"|"warn") id string ":-" body "."`
pub(super) fn check(input: Tokens<'_>, deny: bool) -> Parsed<'_, ItemKind> {
    let (input, name) = cut(|input| name(input, "the check's name")).parse(input.skip(1))?;
    let (input, message) = cut(|input| text(input, "the check's message, a string")).parse(input)?;
    let (input, found) = arrow(input)?;
    if !found {
        return input.fail(unexpected(input, "`:-` behind the message"));
    }
    let (input, body) = cut(body).parse(input)?;
    let (input, ()) = end_of_clause(input)?;
    Ok((input, ItemKind::Check(Check { deny, name: Some(name), message: Some(message), body })))
}

/// A string literal, decoded, with its place.
pub(super) fn text<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, (String, Span)> {
    match input.kind(0) {
        TokenKind::Text(text) => Ok((input.skip(1), (text.clone(), input.span()))),
        TokenKind::Bad => {
            input.source().lose_item();
            Ok((input.skip(1), (String::new(), input.span())))
        }
        _ => input.expected(what),
    }
}

/// `"?-" goal "."`
pub(super) fn query(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (input, goal) = preceded(sym(Sym::Query, "`?-`"), cut(goal)).parse(input)?;
    let (input, ()) = end_of_clause(input)?;
    Ok((input, ItemKind::Query(goal)))
}

/// `["under" "(" … ")"] body ["order" "by" …] ["limit" int]`
pub(super) fn goal(input: Tokens<'_>) -> Parsed<'_, Goal> {
    let start = input.span();
    let (input, under) = opt(under).parse(input)?;
    let (under, under_span) = match under {
        Some((options, span)) => (options, Some(span)),
        None => (Vec::new(), None),
    };
    // A comma behind the scenario is an easy slip, but the grammar has none.
    let input = if under_span.is_some() && input.is(0, Sym::Comma) {
        input.source().report(
            Diagnostic::new(codes::UNEXPECTED, "no comma stands behind `under (…)`")
                .at(input.span())
                .fix(input.span(), "", "remove it")
                .safe(),
        );
        input.skip(1)
    } else {
        input
    };
    let (input, body) = body(input)?;
    let (input, order) = opt(order).parse(input)?;
    let (input, limit) = opt(limit).parse(input)?;
    if limit.is_some() && input.is_word(Word::Order) {
        return input
            .fail(Diagnostic::new(codes::UNEXPECTED, "`order by` stands before `limit`").at(input.span()));
    }
    let goal = Goal {
        under,
        under_span,
        body,
        order: order.unwrap_or_default(),
        limit,
        span: start.to(input.previous()),
    };
    Ok((input, goal))
}

fn under(input: Tokens<'_>) -> Parsed<'_, (Vec<UnderOption>, Span)> {
    let (input, start) = word(Word::Under, "`under`")(input)?;
    let (input, options) = cut(list(Sym::OpenParen, "`(` behind `under`", option)).parse(input)?;
    Ok((input, (options, start.to(input.previous()))))
}

/// Options of a scenario, one at least, with or without brackets around them.
pub(super) fn options(input: Tokens<'_>) -> Parsed<'_, Vec<UnderOption>> {
    if input.is(0, Sym::OpenParen) {
        return list(Sym::OpenParen, "`(`", option)(input);
    }
    separated_list1(sym(Sym::Comma, "`,`"), cut(option)).parse(input)
}

/// `id ":" ( const | atom ) | id cmp const`
fn option(input: Tokens<'_>) -> Parsed<'_, UnderOption> {
    let (input, name) = column(input, "an option such as `as_of:` or `_status >=`")?;
    if let Some(op) = compare_op(input) {
        return map(cut(constant), |value| UnderOption::Compare(name.clone(), op, value))
            .parse(input.skip(1));
    }
    let (input, _) = cut(sym(Sym::Colon, "`:` or a comparison behind the option's name")).parse(input)?;
    let is_atom = input.is_name(0) && input.is(1, Sym::OpenParen) && input.text(0) != "Some";
    if is_atom {
        map(atom, |atom| UnderOption::Atom(name.clone(), atom)).parse(input)
    } else {
        map(cut(constant), |value| UnderOption::Value(name.clone(), value)).parse(input)
    }
}

/// `"order" "by" id ["desc"] {"," …}`
fn order(input: Tokens<'_>) -> Parsed<'_, Vec<(Name, bool)>> {
    let sort = pair(
        |input| name(input, "a variable to sort by"),
        map(opt(word(Word::Desc, "`desc`")), |desc| desc.is_some()),
    );
    let by = word(Word::By, "`by` behind `order`");
    preceded(
        word(Word::Order, "`order by`"),
        cut(preceded(by, separated_list1(sym(Sym::Comma, "`,`"), cut(sort)))),
    )
    .parse(input)
}

/// `"limit" int`
fn limit(input: Tokens<'_>) -> Parsed<'_, u64> {
    let (input, _) = word(Word::Limit, "`limit`")(input)?;
    match *input.kind(0) {
        TokenKind::Int(count) => Ok((input.skip(1), count)),
        _ => input.refuse("a whole number behind `limit`"),
    }
}

/// A body that holds one atom.
pub(super) fn body_of(atom: Atom) -> Body {
    use crate::syntax::datalog::ast::{Literal, LiteralKind};
    let span = atom.span;
    Body { alternatives: vec![vec![Literal { kind: LiteralKind::Atom(atom), span }]], span }
}
