//! What may stand at the end of an unfinished text.

use crate::base::FileId;
use crate::syntax::datalog::{Sym, Token, TokenKind, lex};

/// Whether a text ends inside of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    /// Inside nothing.
    Code,
    /// Inside a string that begins at `start`, behind its quote.
    Text { start: usize },
    /// Inside a comment.
    Comment,
}

/// Whether `text` ends inside a string or a comment.
pub(super) fn open(text: &str) -> Open {
    let bytes = text.as_bytes();
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        if rest.starts_with(b"//") {
            match rest.iter().position(|byte| matches!(byte, b'\n' | b'\r')) {
                Some(length) => at += length,
                None => return Open::Comment,
            }
        } else if rest.starts_with(b"/*") {
            match comment(rest) {
                Some(length) => at += length,
                None => return Open::Comment,
            }
        } else if byte == b'"' {
            let start = at + 1;
            match string(&bytes[start..]) {
                Some(length) => at = start + length,
                None => return Open::Text { start },
            }
        } else {
            at += 1;
        }
    }
    Open::Code
}

/// Length of the nested comment that `bytes` begin with.
fn comment(bytes: &[u8]) -> Option<usize> {
    let mut depth = 0usize;
    let mut at = 0;
    while at + 1 < bytes.len() {
        match &bytes[at..at + 2] {
            b"/*" => depth += 1,
            b"*/" => depth -= 1,
            _ => {
                at += 1;
                continue;
            }
        }
        at += 2;
        if depth == 0 {
            return Some(at);
        }
    }
    None
}

/// Length of the rest of a string, its closing quote included.
fn string(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            b'"' => return Some(at + 1),
            _ => at += 1,
        }
    }
    None
}

/// The name that `text` ends with; empty if it ends with none.
pub(super) fn word(text: &str) -> &str {
    let start = text
        .char_indices()
        .rev()
        .take_while(|(_, c)| *c == '_' || unicode_ident::is_xid_continue(*c))
        .last()
        .map_or(text.len(), |(start, _)| start);
    &text[start..]
}

/// A place for a value of an atom.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Slot {
    pub relation: String,
    pub column: String,
}

/// What may stand behind a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The beginning of a line, or of a literal.
    Start,
    /// A part of an expression.
    Expression,
    /// An argument of an atom, counted from 0; these columns are named already.
    Argument { relation: String, named: Vec<String>, position: usize },
    /// A value of an atom.
    Value(Slot),
    /// A directive, its dot being there.
    Directive,
    /// The name of a relation.
    RelationName,
    /// The name of a type.
    Type,
}

/// An open bracket.
struct Frame {
    /// The name before a `(`.
    relation: Option<String>,
    /// In a declaration.
    declares: bool,
    /// Index of the first token of the argument at hand.
    argument: usize,
    position: usize,
    named: Vec<String>,
    /// The column that the argument at hand names.
    column: Option<String>,
}

/// What may stand behind `head`, which ends outside strings and comments.
pub(super) fn place(head: &str) -> Place {
    let lexed = lex(FileId(0), head);
    let tokens = lexed.tokens.split_last().map_or(&[][..], |(_, tokens)| tokens);
    let text = |token: &Token| head.get(token.span.range()).unwrap_or("");
    let is_name = |token: &Token| matches!(token.kind, TokenKind::Ident | TokenKind::Reserved(_));
    let mut frames: Vec<Frame> = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let TokenKind::Sym(sym) = token.kind else { continue };
        let before = i.checked_sub(1).and_then(|i| tokens.get(i));
        if sym.closing().is_some() {
            let name = before.filter(|before| sym == Sym::OpenParen && is_name(before));
            let directive = i.checked_sub(2).and_then(|i| tokens.get(i)).map(text);
            frames.push(Frame {
                relation: name.map(|name| text(name).to_owned()),
                declares: directive == Some(".decl"),
                argument: i + 1,
                position: 0,
                named: Vec::new(),
                column: None,
            });
        } else if sym.is_closing() {
            frames.pop();
        } else if sym == Sym::Dot {
            frames.clear();
        } else if let Some(frame) = frames.last_mut() {
            let comparison = matches!(sym, Sym::Eq | Sym::Ne | Sym::Lt | Sym::Le | Sym::Gt | Sym::Ge);
            let names_column = before.is_some_and(is_name) && frame.argument + 1 == i;
            if sym == Sym::Comma {
                frame.argument = i + 1;
                frame.position += 1;
                frame.column = None;
            } else if names_column && (sym == Sym::Colon || comparison) {
                let name = before.map(text).unwrap_or_default().to_owned();
                frame.named.push(name.clone());
                frame.column = Some(name);
            }
        }
    }
    let last = tokens.last();
    match last.map(|token| &token.kind) {
        Some(TokenKind::Sym(Sym::Dot)) if head.ends_with('.') && at_line_start(head) => {
            return Place::Directive;
        }
        Some(TokenKind::Directive) if last.is_some_and(|token| is_io(text(token))) => {
            return Place::RelationName;
        }
        _ => {}
    }
    // In a list, the slot is that of the atom around it.
    let depth = frames.iter().rposition(|frame| frame.relation.is_some());
    let nested = depth.map_or(0, |depth| frames.len() - 1 - depth);
    let frame = depth.and_then(|depth| frames.get(depth));
    let Some(frame) = frame.filter(|_| nested <= 1) else { return bare(last) };
    let Some(relation) = frame.relation.clone() else { return bare(last) };
    let fresh = tokens.len() == frame.argument;
    match (&frame.column, frame.declares) {
        (Some(_), true) => Place::Type,
        (None, true) => Place::Expression,
        (Some(column), false) if tokens.len() == frame.argument + 2 || nested == 1 => {
            Place::Value(Slot { relation, column: column.clone() })
        }
        (None, false) if fresh => {
            Place::Argument { relation, named: frame.named.clone(), position: frame.position }
        }
        _ => Place::Expression,
    }
}

fn bare(last: Option<&Token>) -> Place {
    match last.map(|token| &token.kind) {
        None | Some(TokenKind::Reserved(_)) => Place::Start,
        Some(TokenKind::Sym(sym)) => match sym {
            Sym::Comma
            | Sym::Semicolon
            | Sym::If
            | Sym::Query
            | Sym::Bang
            | Sym::Dot
            | Sym::OpenBrace
            | Sym::OpenParen
            | Sym::Colon
            | Sym::Plus
            | Sym::Minus => Place::Start,
            _ => Place::Expression,
        },
        Some(_) => Place::Expression,
    }
}

fn at_line_start(head: &str) -> bool {
    let line = head.rsplit('\n').next().unwrap_or(head);
    line.trim() == "."
}

fn is_io(directive: &str) -> bool {
    matches!(directive, ".input" | ".output" | ".printsize" | ".limitsize")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_and_comments_are_known_from_code() {
        assert_eq!(open("A(\"x\", "), Open::Code);
        assert_eq!(open("A(\"x"), Open::Text { start: 3 });
        assert_eq!(open("A(\"x\\\"y"), Open::Text { start: 3 });
        assert_eq!(open("A(x) // \""), Open::Comment);
        assert_eq!(open("/* /* */ \""), Open::Comment);
        assert_eq!(open("/* \" */ \"z"), Open::Text { start: 9 });
    }

    fn value(relation: &str, column: &str) -> Place {
        Place::Value(Slot { relation: relation.into(), column: column.into() })
    }

    #[test]
    fn places_in_an_atom() {
        assert_eq!(place(""), Place::Start);
        assert_eq!(place("A(x), "), Place::Start);
        assert_eq!(place("H(x) :- A(x), !"), Place::Start);
        let argument = |named: &[&str], position| Place::Argument {
            relation: "A".into(),
            named: named.iter().map(|&name| name.to_owned()).collect(),
            position,
        };
        assert_eq!(place("A("), argument(&[], 0));
        assert_eq!(place("A(_, "), argument(&[], 1));
        assert_eq!(place("B(y: x), A(x: 1, y: f(2), "), argument(&["x", "y"], 2));
        assert_eq!(place("A(x: "), value("A", "x"));
        assert_eq!(place("A(_status >= "), value("A", "_status"));
        assert_eq!(place("A(_by: [\"a\", "), value("A", "_by"));
        assert_eq!(place("A(x: 1 + "), Place::Expression);
        assert_eq!(place("n = count : { A(x: "), value("A", "x"));
    }

    #[test]
    fn places_in_declarations() {
        assert_eq!(place(".decl A(x: "), Place::Type);
        assert_eq!(place("."), Place::Directive);
        assert_eq!(place(".output "), Place::RelationName);
        assert_eq!(place("A(x). "), Place::Start);
    }
}
