//! What the prompt needs to know of a text that is still being typed: whether it is finished, and
//! what its pieces are.

use std::ops::Range;

use super::lexer::{Lexed, lex};
use super::token::{Sym, Token, TokenKind, Word};
use crate::base::FileId;

/// Whether an input can be read as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Completeness {
    /// It can, or its mistakes would not go away by typing on.
    Complete,
    /// It visibly goes on: an open bracket, a trailing comma, a rule without its `.`.
    Incomplete,
}

/// Whether `text`, all lines of one input so far, is finished. A goal ends with its line; a rule
/// and a check end with `.`.
pub fn completeness(text: &str) -> Completeness {
    let Lexed { tokens, open_ended, diagnostics, .. } = lex(FileId(0), text);
    if !open_ended && !diagnostics.is_empty() {
        // No further line mends these; they are better said at once.
        return Completeness::Complete;
    }
    // The last token is the end of the text.
    let tokens = tokens.split_last().map_or(tokens.as_slice(), |(_, before)| before);
    let Some(last) = tokens.last() else {
        return if open_ended { Completeness::Incomplete } else { Completeness::Complete };
    };
    let goes_on = open_ended
        || has_open_bracket(tokens)
        || (wants_more(last) && !closes_an_instance(text, tokens))
        || lacks_its_stop(tokens, last)
        || is_scenario_alone(tokens);
    if goes_on { Completeness::Incomplete } else { Completeness::Complete }
}

fn has_open_bracket(tokens: &[Token]) -> bool {
    let mut open = Vec::new();
    for token in tokens {
        if let TokenKind::Sym(sym) = token.kind {
            match sym.closing() {
                Some(closing) => open.push(closing),
                None if sym.is_closing() && open.pop() != Some(sym) => return false,
                None => {}
            }
        }
    }
    !open.is_empty()
}

/// Whether something must follow `last`.
fn wants_more(last: &Token) -> bool {
    match last.kind {
        TokenKind::Sym(sym) => {
            !matches!(sym, Sym::CloseParen | Sym::CloseBracket | Sym::CloseBrace | Sym::Dot | Sym::Question)
        }
        TokenKind::Reserved(word) => {
            matches!(word, Word::Not | Word::In | Word::Order | Word::By | Word::Limit)
        }
        _ => false,
    }
}

/// Whether the last token is the `>` of `.init c = Component<…>`, behind which nothing follows.
fn closes_an_instance(text: &str, tokens: &[Token]) -> bool {
    let directive = tokens.iter().rev().find(|token| token.kind == TokenKind::Directive);
    let is_init = directive.is_some_and(|token| text.get(token.span.range()) == Some(".init"));
    is_init && tokens.last().is_some_and(|last| last.kind == TokenKind::Sym(Sym::Gt))
}

/// Whether a rule, a check or an annotated item has not come to its `.`.
fn lacks_its_stop(tokens: &[Token], last: &Token) -> bool {
    if last.kind == TokenKind::Sym(Sym::Dot) {
        return false;
    }
    let mut of_item =
        tokens.rsplit(|token| token.kind == TokenKind::Sym(Sym::Dot)).next().unwrap_or(tokens).iter();
    let first = of_item.clone().next().map(|token| &token.kind);
    let annotated_only = first == Some(&TokenKind::Sym(Sym::At))
        && !of_item.clone().any(|token| token.kind == TokenKind::Directive);
    let is_check = matches!(first, Some(TokenKind::Reserved(Word::Deny | Word::Warn)));
    annotated_only || is_check || of_item.any(|token| token.kind == TokenKind::Sym(Sym::If))
}

/// Whether there is nothing but `under (…)`: the goal is still to come.
fn is_scenario_alone(tokens: &[Token]) -> bool {
    let goal = match tokens.split_first() {
        Some((first, rest)) if first.kind == TokenKind::Sym(Sym::Query) => rest,
        _ => tokens,
    };
    let [under, inner @ .., last] = goal else { return false };
    // The bracket that opens first is the one that closes last.
    let mut depth = 0_i32;
    let stays_open = inner.iter().all(|token| {
        match token.kind {
            TokenKind::Sym(Sym::OpenParen) => depth += 1,
            TokenKind::Sym(Sym::CloseParen) => depth -= 1,
            _ => {}
        }
        depth > 0
    });
    under.kind == TokenKind::Reserved(Word::Under)
        && last.kind == TokenKind::Sym(Sym::CloseParen)
        && !inner.is_empty()
        && stays_open
}

/// What a piece of text is, for highlighting and completion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceKind {
    /// A reserved word.
    Keyword,
    /// `.decl` and its like.
    Directive,
    /// `@label`
    Annotation,
    /// A name before `(`.
    Call,
    /// A name before `:`.
    Column,
    /// A name that begins with `_` before `:` or a comparison.
    Metadata,
    /// A variable, `_` included.
    Variable,
    /// A Capitalised word.
    Constant,
    /// A string.
    Text,
    /// A date.
    Date,
    /// A number.
    Number,
    /// An operator, a comparison, `:-`, `?-`, `!`.
    Operator,
    /// Brackets, commas, full stops.
    Punctuation,
    /// A comment.
    Comment,
    /// What cannot be read.
    Unreadable,
}

/// The pieces of `text` in order, with their bytes; white space is left out. Never fails.
pub fn tokens(text: &str) -> Vec<(PieceKind, Range<usize>)> {
    let Lexed { tokens, comments, .. } = lex(FileId(0), text);
    let mut pieces: Vec<(PieceKind, Range<usize>)> =
        comments.iter().map(|comment| (PieceKind::Comment, comment.span.range())).collect();
    let mut previous = None;
    for (i, token) in tokens.iter().enumerate() {
        let next = tokens.get(i + 1).map(|token| &token.kind);
        let word = text.get(token.span.range()).unwrap_or("");
        if let Some(kind) = piece_kind(&token.kind, word, previous, next) {
            pieces.push((kind, token.span.range()));
        }
        previous = Some(&token.kind);
    }
    pieces.sort_by_key(|(_, range)| range.start);
    pieces
}

fn piece_kind(
    kind: &TokenKind,
    word: &str,
    previous: Option<&TokenKind>,
    next: Option<&TokenKind>,
) -> Option<PieceKind> {
    Some(match kind {
        TokenKind::Sym(sym) => match sym {
            Sym::OpenParen
            | Sym::CloseParen
            | Sym::OpenBracket
            | Sym::CloseBracket
            | Sym::OpenBrace
            | Sym::CloseBrace
            | Sym::Comma
            | Sym::Semicolon
            | Sym::Colon
            | Sym::Dot
            | Sym::Question => PieceKind::Punctuation,
            Sym::At => PieceKind::Annotation,
            _ => PieceKind::Operator,
        },
        TokenKind::Ident | TokenKind::Reserved(_) => name_kind(kind, word, previous, next),
        TokenKind::Directive => PieceKind::Directive,
        TokenKind::Text(_) => PieceKind::Text,
        TokenKind::Date(_) => PieceKind::Date,
        TokenKind::Int(_) | TokenKind::Float(_) => PieceKind::Number,
        TokenKind::Bad => PieceKind::Unreadable,
        TokenKind::End => return None,
    })
}

fn name_kind(
    kind: &TokenKind,
    word: &str,
    previous: Option<&TokenKind>,
    next: Option<&TokenKind>,
) -> PieceKind {
    if previous == Some(&TokenKind::Sym(Sym::At)) {
        return PieceKind::Annotation;
    }
    let next = match next {
        Some(TokenKind::Sym(sym)) => Some(*sym),
        _ => None,
    };
    let in_arguments = matches!(previous, Some(TokenKind::Sym(Sym::OpenParen | Sym::Comma)));
    let compared = matches!(next, Some(Sym::Eq | Sym::Ne | Sym::Lt | Sym::Le | Sym::Gt | Sym::Ge));
    let metadata = word.len() > 1 && word.starts_with('_');
    match (kind, next) {
        (_, Some(Sym::Colon)) if metadata => PieceKind::Metadata,
        _ if metadata && compared && in_arguments => PieceKind::Metadata,
        (_, Some(Sym::Colon)) if in_arguments => PieceKind::Column,
        (TokenKind::Reserved(_), _) => PieceKind::Keyword,
        (_, Some(Sym::OpenParen)) => PieceKind::Call,
        _ if word.starts_with(char::is_uppercase) => PieceKind::Constant,
        _ => PieceKind::Variable,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finished_and_unfinished_inputs() {
        let complete = [
            "",
            "// only a comment",
            "A(x)",
            "A(x)?",
            "A(x).",
            "?- A(x)",
            "A(x), B(x) order by x limit 3",
            "A(x) :- B(x).",
            ".decl A(x: number)",
            ".init g = Graph<symbol>",
            ".comp A<T> : B<T> { .decl r(x: T) r(x: x) :- s(x: x). }",
            "A(x) <= A(y) :- x < y.",
            "A(p: (x: 1, y: $Leaf))",
            "+A(1)",
            "n = count : { A(_) }",
            "A(x))",
            "A(\"open)",
            "@label(\"x\") A(x) :- B(x).",
            "under (as_of: d\"2025\") A(x)",
            "under (a) (A(x) ; B(x))",
        ];
        for text in complete {
            assert_eq!(completeness(text), Completeness::Complete, "{text}");
        }
        let incomplete = [
            "A(",
            "A(leader:",
            "A(p: (x: 1, y: 2",
            ".comp A<T> : B<T>",
            ".comp A { .decl r(x: number) r(x: x) :- s(x: x).",
            "A(x) <= A(y) :- x < y",
            ".init g = Graph<",
            "A(x),",
            "A(x) ;",
            "A(x) :-",
            "A(x) :- B(x)",
            "A(x) :- B(x).\nC(x) :- D(x)",
            "x <",
            "x = 1 +",
            "!",
            "not",
            "A(x) order by",
            "n = count : { A(_)",
            "/* open",
            "A(r#\"open",
            ".enum A = B |",
            "@label(\"x\")",
            "deny d \"message\"",
            "under (as_of: d\"2025\")",
            "?- under (assume: A(x: 1))",
            ".decl A(x: number,",
        ];
        for text in incomplete {
            assert_eq!(completeness(text), Completeness::Incomplete, "{text}");
        }
    }

    #[test]
    fn pieces_say_what_a_name_is() {
        let text = "?- Met(a: x, _src: s, _conf < 0.5), Host = y order by x. // end";
        let pieces: Vec<(PieceKind, &str)> =
            tokens(text).into_iter().map(|(kind, range)| (kind, &text[range])).collect();
        for expected in [
            (PieceKind::Operator, "?-"),
            (PieceKind::Call, "Met"),
            (PieceKind::Column, "a"),
            (PieceKind::Variable, "x"),
            (PieceKind::Metadata, "_src"),
            (PieceKind::Metadata, "_conf"),
            (PieceKind::Number, "0.5"),
            (PieceKind::Constant, "Host"),
            (PieceKind::Keyword, "order"),
            (PieceKind::Comment, "// end"),
        ] {
            assert!(pieces.contains(&expected), "{expected:?} in {pieces:?}");
        }
    }
}
