//! Tokens → syntax tree, by nom over a slice of tokens.
//!
//! Every alternative is decided by looking at tokens ahead, never by trying and going back, so
//! that the work is linear in the length of the text; nesting is counted and bounded. After a
//! mistake the parser goes on behind the clause that holds it.

mod clause;
mod common;
mod component;
mod declaration;
mod expr;
mod line;
mod literal;
mod recover;

use nom::Parser;
use nom::combinator::cut;
use nom::multi::many0;

use super::ast::{Annotation, Item, ItemKind, Program};
use super::input::{Parsed, Source, Tokens, sym};
use super::token::{Sym, TokenKind, Word};
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, FileId};

pub(super) use expr::UNARY_PRECEDENCE;
pub use line::{parse_atom_pattern, parse_goal, parse_line, parse_scenario};

/// Reads a rule file. The program holds every item that could be read whole.
pub fn parse_program(file: FileId, text: &str) -> (Program, Vec<Diagnostic>) {
    let source = Source::new(file, text);
    let items = items(source.input());
    (Program { items }, source.into_diagnostics())
}

/// All items up to the end, going on after mistakes.
fn items(mut input: Tokens<'_>) -> Vec<Item> {
    let source = input.source();
    let mut items = Vec::new();
    while !input.at_end() {
        let start = input;
        let result = item(input);
        let whole = source.begin_item();
        match result {
            Ok((rest, item)) => {
                if whole {
                    items.push(item);
                }
                input = rest;
            }
            Err(error) => {
                let at = recover::report(input, error);
                input = recover::next_item(start, at);
            }
        }
    }
    items
}

/// `{annot} item`
fn item(input: Tokens<'_>) -> Parsed<'_, Item> {
    let start = input.span();
    let (input, annotations) = many0(annotation).parse(input)?;
    let (input, kind) = item_kind(input)?;
    Ok((input, Item { annotations, kind, span: start.to(input.previous()) }))
}

/// `"@" id "(" [const {"," const}] ")"`
fn annotation(input: Tokens<'_>) -> Parsed<'_, Annotation> {
    let (input, start) = sym(Sym::At, "`@`")(input)?;
    let (input, name) = cut(|input| common::name(input, "the annotation's name")).parse(input)?;
    let (input, args) =
        cut(common::list(Sym::OpenParen, "`(` behind the annotation's name", common::constant))
            .parse(input)?;
    Ok((input, Annotation { name, args, span: start.to(input.previous()) }))
}

fn item_kind(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    match input.kind(0) {
        TokenKind::Directive => declaration::directive(input),
        TokenKind::Sym(Sym::If) => clause::nameless_check(input),
        TokenKind::Sym(Sym::Query) => clause::query(input),
        TokenKind::Reserved(Word::Deny) if !input.is(1, Sym::OpenParen) => clause::check(input, true),
        TokenKind::Reserved(Word::Warn) if !input.is(1, Sym::OpenParen) => clause::check(input, false),
        TokenKind::Ident | TokenKind::Reserved(_) if input.is(1, Sym::OpenParen) || input.joins_names(1) => {
            clause::clause(input)
        }
        _ => not_an_item(input),
    }
}

fn not_an_item(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    const WHAT: &str = "a declaration, fact, rule, check or query";
    let word = input.text(0);
    match input.kind(0) {
        TokenKind::Sym(Sym::Dot) if input.touches_next(0) && input.is_name(1) => {
            declaration::unknown_directive(input, input.span().to(input.token(1).span))
        }
        TokenKind::Sym(Sym::Plus | Sym::Minus) if input.is_name(1) => input.fail(
            Diagnostic::new(
                codes::UNEXPECTED,
                format!("`{word}` does not stand before a fact in a rule file"),
            )
            .labelled(input.span(), "only at the prompt")
            .help("a fact stands by itself: `Relation(column: value).`"),
        ),
        TokenKind::Ident if input.is_name(1) || matches!(input.kind(1), TokenKind::Text(_)) => {
            let known = ["deny", "warn", "decl", "type", "enum", "input", "output", "printsize", "include"];
            let dotted = known.iter().skip(2).find(|known| **known == word.to_lowercase());
            let near = match dotted {
                Some(directive) => vec![*directive],
                None => crate::base::diagnostic::nearest(word, known),
            };
            let near: Vec<String> =
                near.iter()
                    .map(|name| {
                        if matches!(*name, "deny" | "warn") { (*name).to_owned() } else { format!(".{name}") }
                    })
                    .collect();
            let near: Vec<&str> = near.iter().map(String::as_str).collect();
            input.fail(
                Diagnostic::new(codes::UNEXPECTED, format!("expected {WHAT}, found `{word}`"))
                    .at(input.span())
                    .help_opt(crate::base::diagnostic::did_you_mean(&near)),
            )
        }
        TokenKind::Ident => input.skip(1).refuse("`(` behind the relation's name"),
        _ => input.expected(WHAT),
    }
}
