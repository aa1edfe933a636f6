//! Directives: `.decl`, `.type`, `.enum`, input and output, and those of components.

use nom::Parser;
use nom::combinator::{cut, map, opt};
use nom::multi::separated_list1;
use nom::sequence::{pair, preceded};

use super::clause::text;
use super::common::{column, constant, list, name, name_for_value, qualified};
use super::component::{component, instance};
use super::recover::{item_begins, unexpected};
use crate::base::codes::syntax as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{
    Const, Decl, EnumDecl, Field, Io, IoKind, ItemKind, Name, TypeDecl, TypeDef, TypeExpr,
};
use crate::syntax::datalog::input::{Parsed, Tokens, sym};
use crate::syntax::datalog::token::{DIRECTIVES, Sym, TokenKind, Word};

/// Soufflé's words behind a declaration.
const QUALIFIERS: &[&str] = &[
    "btree",
    "btree_delete",
    "brie",
    "eqrel",
    "provenance",
    "inline",
    "no_inline",
    "magic",
    "no_magic",
    "overridable",
    "override",
    "input",
    "output",
    "printsize",
];

/// An item that begins with a directive.
pub(super) fn directive(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let rest = input.skip(1);
    match input.text(0) {
        ".decl" => cut(declaration).parse(rest),
        ".type" => cut(map(type_declaration, ItemKind::Type)).parse(rest),
        ".enum" => cut(map(enum_declaration, ItemKind::Enum)).parse(rest),
        ".input" => cut(|input| io(input, IoKind::Input)).parse(rest),
        ".output" => cut(|input| io(input, IoKind::Output)).parse(rest),
        ".printsize" => cut(|input| io(input, IoKind::PrintSize)).parse(rest),
        ".limitsize" => cut(|input| io(input, IoKind::LimitSize)).parse(rest),
        ".include" => map(cut(|input| text(input, "the path of a file, a string")), |(path, span)| {
            ItemKind::Include { path, span }
        })
        .parse(rest),
        ".comp" => cut(component).parse(rest),
        ".init" => cut(instance).parse(rest),
        ".override" => map(cut(|input| name(input, "a relation's name")), ItemKind::Override).parse(rest),
        ".pragma" => {
            let (rest, _) = cut(|input| text(input, "an option, a string")).parse(rest)?;
            let (rest, _) = opt(|input| text(input, "a value")).parse(rest)?;
            Ok((rest, ItemKind::Foreign { what: "`.pragma`" }))
        }
        ".plan" => Ok((rest_of_lines(rest), ItemKind::Foreign { what: "`.plan`" })),
        ".functor" => Ok((rest_of_lines(rest), ItemKind::Foreign { what: "user-defined functors" })),
        _ => unknown_directive(input, input.span()),
    }
}

/// The error for a directive that does not exist.
pub(super) fn unknown_directive(input: Tokens<'_>, span: Span) -> Parsed<'_, ItemKind> {
    let written = input.source().text.get(span.range()).unwrap_or("");
    let near = nearest(written, DIRECTIVES.iter().copied());
    let diagnostic = Diagnostic::new(codes::UNKNOWN_DIRECTIVE, format!("there is no directive `{written}`"))
        .at(span)
        .help_opt(did_you_mean(&near));
    let diagnostic = match near.first() {
        Some(best) => {
            let message = format!("write `{best}`");
            let mut fixed = diagnostic.fix(span, *best, message);
            // The question says it already.
            fixed.help.pop();
            fixed
        }
        None => diagnostic.note(format!("the directives are {}", DIRECTIVES.join(" "))),
    };
    input.fail(diagnostic)
}

/// Passes over tokens up to the next item; for directives whose parts do not matter here.
fn rest_of_lines(mut input: Tokens<'_>) -> Tokens<'_> {
    while !input.at_end()
        && !(input.token(0).first_on_line && (input.in_first_column() || item_begins(input)))
    {
        if *input.kind(0) == TokenKind::Directive {
            break;
        }
        input = input.skip(1);
    }
    input
}

/// Names with commas between them.
fn names<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Vec<Name>> {
    separated_list1(sym(Sym::Comma, "`,`"), cut(|input| name_for_value(input, what))).parse(input)
}

/// The same, of relations of components too: `c.R`.
fn qualified_names<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Vec<Name>> {
    let one = |input| name_for_value(input, what).map(|(rest, name)| qualified(rest, name));
    separated_list1(sym(Sym::Comma, "`,`"), cut(one)).parse(input)
}

/// `id {"," id} "(" [field …] ")" { "key" … | "range" … | qualifier }`
fn declaration(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (input, names) = names(input, "a relation's name")?;
    let (input, fields) = list(Sym::OpenParen, "`(` and the columns", field)(input)?;
    let mut decl = Decl { names, fields, key: None, ranges: Vec::new(), qualifiers: Vec::new() };
    let mut choice = false;
    let mut input = input;
    loop {
        let here = input.text(0);
        if *input.kind(0) == TokenKind::Ident && here == "key" && input.is(1, Sym::OpenParen) {
            let key = input.span();
            let (rest, columns) = columns(input.skip(1))?;
            if decl.key.is_some() {
                input.source().report(Diagnostic::new(codes::UNEXPECTED, "a relation has one key").at(key));
            }
            decl.key = Some(columns);
            input = rest;
        } else if input.is_word(Word::Range) {
            let (rest, columns) = columns(input.skip(1))?;
            let mut columns = columns.into_iter();
            match (columns.next(), columns.next(), columns.next()) {
                (Some(low), Some(high), None) => decl.ranges.push((low, high)),
                _ => {
                    let span = input.span().to(rest.previous());
                    return input.fail(
                        Diagnostic::new(codes::UNEXPECTED, "`range` takes two columns")
                            .at(span)
                            .help("write `range(low, high)`"),
                    );
                }
            }
            input = rest;
        } else if here == "choice" && input.is(1, Sym::Minus) && input.text(2) == "domain" {
            input = choice_domain(input.skip(3))?.0;
            choice = true;
        } else if QUALIFIERS.contains(&here) && !input.is(1, Sym::OpenParen) {
            let (rest, name) = name(input, "a qualifier")?;
            decl.qualifiers.push(name);
            input = rest;
        } else {
            break;
        }
    }
    if *input.kind(0) == TokenKind::Ident && !input.token(0).first_on_line && !clause_begins(input) {
        let near = nearest(input.text(0), ["key", "range"].into_iter().chain(QUALIFIERS.iter().copied()));
        let help =
            if input.text(0) == "key" { Some("write `key(column)`".to_owned()) } else { did_you_mean(&near) };
        return input
            .fail(unexpected(input, "`key(…)`, `range(…)` or the end of the declaration").help_opt(help));
    }
    if input.is(0, Sym::Dot) {
        let span = input.span();
        input.source().report(
            Diagnostic::new(codes::UNEXPECTED, "a declaration ends without `.`")
                .at(span)
                .fix(span, "", "remove it")
                .safe(),
        );
        input = input.skip(1);
    }
    let item = if choice { ItemKind::Foreign { what: "choice domains" } } else { ItemKind::Decl(decl) };
    Ok((input, item))
}

/// Whether a clause stands on the same line behind a declaration, rather than a misspelt qualifier.
fn clause_begins(input: Tokens<'_>) -> bool {
    input.closed_ahead(1).is_some_and(|closing| {
        matches!(input.kind(closing + 1), TokenKind::Sym(Sym::Dot | Sym::Comma | Sym::If | Sym::Le))
    })
}

/// `"(" ids ")"`
fn columns(input: Tokens<'_>) -> Parsed<'_, Vec<Name>> {
    list(Sym::OpenParen, "`(` and the columns", |input| column(input, "a column's name"))(input)
}

/// `x, (y, z), …`
fn choice_domain(input: Tokens<'_>) -> Parsed<'_, ()> {
    let mut input = input;
    loop {
        let (rest, _) = match input.kind(0) {
            TokenKind::Sym(Sym::OpenParen) => columns(input)?,
            _ => column(input, "a column's name").map(|(rest, name)| (rest, vec![name]))?,
        };
        if !rest.is(0, Sym::Comma) {
            return Ok((rest, ()));
        }
        input = rest.skip(1);
    }
}

/// `id ":" type ["?"] ["=" const]`
fn field(input: Tokens<'_>) -> Parsed<'_, Field> {
    let (rest, name) = column(input, "a column: `name: type`")?;
    if name.text.starts_with('_') {
        return input.fail(
            Diagnostic::new(codes::UNEXPECTED, "no column's name begins with `_`")
                .labelled(name.span, "such names are metadata"),
        );
    }
    if !rest.is(0, Sym::Colon) {
        return rest.fail(
            unexpected(rest, "`:` and the column's type").help(format!("write `{}: symbol`", name.text)),
        );
    }
    let (rest, ty) = cut(type_expr).parse(rest.skip(1))?;
    let (rest, optional) = map(opt(sym(Sym::Question, "`?`")), |found| found.is_some()).parse(rest)?;
    let (rest, default) = opt(preceded(sym(Sym::Eq, "`=`"), cut(constant))).parse(rest)?;
    Ok((rest, Field { name, ty, optional, default }))
}

/// `id {"." id} | "[" type "]"`
pub(super) fn type_expr(input: Tokens<'_>) -> Parsed<'_, TypeExpr> {
    let start = input.span();
    if input.is(0, Sym::OpenBracket) {
        let (rest, inner) = super::literal::bracketed(input, Sym::OpenBracket, cut_type)?;
        return Ok((rest, TypeExpr::List(Box::new(inner), start.to(rest.previous()))));
    }
    let (input, name) = name(input, "a type").map(|(rest, name)| qualified(rest, name))?;
    Ok((input, TypeExpr::Name(name)))
}

fn cut_type(input: Tokens<'_>) -> Parsed<'_, TypeExpr> {
    cut(type_expr).parse(input)
}

/// `id ( "<:" type | "=" … )`
fn type_declaration(input: Tokens<'_>) -> Parsed<'_, TypeDecl> {
    let (input, name) = name_for_value(input, "the type's name")?;
    if input.is(0, Sym::Subtype) {
        let (input, base) = type_expr(input.skip(1))?;
        return Ok((input, TypeDecl { name, def: TypeDef::Subtype(base) }));
    }
    if !input.is(0, Sym::Eq) {
        let help = format!("write `.type {} <: symbol` or `.type {} = A | B`", name.text, name.text);
        return input.fail(unexpected(input, "`<:` or `=` behind the type's name").help(help));
    }
    let input = input.skip(1);
    let record = input.is(0, Sym::OpenBracket)
        && (input.is(1, Sym::CloseBracket) || (input.is_name(1) && input.is(2, Sym::Colon)));
    let bar = || sym(Sym::Bar, "`|`");
    let (input, def) = if record {
        map(list(Sym::OpenBracket, "`[`", field), TypeDef::Record).parse(input)?
    } else if input.is_name(0) && input.is(1, Sym::OpenBrace) {
        let variant = pair(
            |input| name_for_value(input, "a variant's name"),
            list(Sym::OpenBrace, "`{` and the variant's fields", field),
        );
        map(separated_list1(bar(), cut(variant)), TypeDef::Algebraic).parse(input)?
    } else {
        map(separated_list1(bar(), cut(type_expr)), TypeDef::Union).parse(input)?
    };
    Ok((input, TypeDecl { name, def }))
}

/// `id "=" id {"|" id}`
fn enum_declaration(input: Tokens<'_>) -> Parsed<'_, EnumDecl> {
    let (input, name) = name_for_value(input, "the enum's name")?;
    let (input, _) = sym(Sym::Eq, "`=` and the constants")(input)?;
    let constant = |input| name_for_value(input, "a constant's name");
    let (input, constants) = separated_list1(sym(Sym::Bar, "`|`"), cut(constant)).parse(input)?;
    if input.is(0, Sym::Comma) {
        let span = input.span();
        return input.fail(
            Diagnostic::new(codes::UNEXPECTED, "the constants of an enum are parted by `|`")
                .at(span)
                .fix(span, " |", "write `|`")
                .safe(),
        );
    }
    Ok((input, EnumDecl { name, constants }))
}

/// `id {"," id} ["(" id "=" const {"," id "=" const} ")"]`
fn io(input: Tokens<'_>, kind: IoKind) -> Parsed<'_, ItemKind> {
    let (input, relations) = qualified_names(input, "a relation's name")?;
    let (input, params) = if input.is(0, Sym::OpenParen) {
        list(Sym::OpenParen, "`(`", parameter)(input)?
    } else {
        (input, Vec::new())
    };
    Ok((input, ItemKind::Io(Io { kind, relations, params })))
}

/// `id "=" const`
fn parameter(input: Tokens<'_>) -> Parsed<'_, (Name, Const)> {
    let (input, name) = column(input, "a parameter: `name=value`")?;
    let (input, _) = cut(sym(Sym::Eq, "`=` behind the parameter's name")).parse(input)?;
    let (input, value) = cut(constant).parse(input)?;
    Ok((input, (name, value)))
}
