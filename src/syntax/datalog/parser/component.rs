//! Components and their instances.

use nom::Parser;
use nom::combinator::cut;
use nom::multi::separated_list1;

use super::common::{name, name_for_value, qualified};
use super::recover::{self, item_begins, unclosed, unexpected};
use crate::syntax::datalog::ast::{Component, ComponentType, Item, ItemKind, Name};
use crate::syntax::datalog::input::{Parsed, Tokens, sym};
use crate::syntax::datalog::token::Sym;

/// `.comp Name<…> : Base<…> { … }`
pub(super) fn component(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (mut input, header) = component_type(input, "the component's name")?;
    let mut bases = Vec::new();
    if input.is(0, Sym::Colon) {
        let base = |input| component_type(input, "a component's name");
        let (rest, found) = separated_list1(sym(Sym::Comma, "`,`"), cut(base)).parse(input.skip(1))?;
        bases = found;
        input = rest;
    }
    if !input.is(0, Sym::OpenBrace) {
        return input.fail(unexpected(input, "`{` and the component's items"));
    }
    let Some(closing) = input.closed_ahead(0) else {
        return input.skip(1).fail(unclosed(input.skip(1), input.span(), Sym::OpenBrace));
    };
    let end = input.skip(closing);
    let (_, items) = input.skip(1).nested(|inner| Ok((inner, items(inner, end))))?;
    Ok((end.skip(1), ItemKind::Component(Component { header, bases, items })))
}

/// The items up to the brace at `end`, going on after mistakes.
fn items<'a>(mut input: Tokens<'a>, end: Tokens<'a>) -> Vec<Item> {
    let source = input.source();
    let mut items = Vec::new();
    while input.position() < end.position() {
        let start = input;
        let result = super::item(input);
        let whole = source.begin_inner_item();
        match result {
            Ok((rest, item)) => {
                if whole && rest.position() <= end.position() {
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

/// `.init name = Component<…>`
pub(super) fn instance(input: Tokens<'_>) -> Parsed<'_, ItemKind> {
    let (input, name) = name_for_value(input, "the instance's name")?;
    let (input, _) = cut(sym(Sym::Eq, "`=` and a component")).parse(input)?;
    let (input, of) = component_type(input, "a component's name")?;
    Ok((input, ItemKind::Instance { name, of }))
}

/// `id ["<" type {"," type} ">"]`
fn component_type<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, ComponentType> {
    let (input, name) = name(input, what).map(|(rest, name)| qualified(rest, name))?;
    if !input.is(0, Sym::Lt) {
        return Ok((input, ComponentType { name, args: Vec::new() }));
    }
    let (input, args) = separated_list1(sym(Sym::Comma, "`,`"), cut(parameter)).parse(input.skip(1))?;
    if !input.is(0, Sym::Gt) || item_begins(input) {
        return input.fail(unexpected(input, "`,` or `>`"));
    }
    Ok((input.skip(1), ComponentType { name, args }))
}

fn parameter(input: Tokens<'_>) -> Parsed<'_, Name> {
    name(input, "a type").map(|(rest, name)| qualified(rest, name))
}
