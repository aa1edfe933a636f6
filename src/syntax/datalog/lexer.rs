//! Text → tokens and comments. Never fails: what cannot be read becomes a diagnostic and a
//! [`TokenKind::Bad`] token, or nothing.

mod foreign;
pub(super) mod literal;

use super::token::{Comment, DIRECTIVES, Sym, Token, TokenKind, Word};
use crate::base::codes::syntax as codes;
use crate::base::escape::is_bidi;
use crate::base::{Diagnostic, FileId, Span};

/// What the lexer made of a text.
#[derive(Clone, Debug)]
pub struct Lexed {
    /// The tokens in order; the last one is [`TokenKind::End`].
    pub tokens: Vec<Token>,
    /// The comments in order.
    pub comments: Vec<Comment>,
    /// What is wrong with the text so far.
    pub diagnostics: Vec<Diagnostic>,
    /// Bidirectional control characters inside strings, for a lint.
    pub bidi_in_text: Vec<Span>,
    /// Whether the text ends inside a block comment or a raw string.
    pub open_ended: bool,
}

/// More mistakes than this in one file are not reported one by one.
pub(super) const MAX_DIAGNOSTICS: usize = 1000;

/// Splits `text` into tokens; linear in its length.
pub fn lex(file: FileId, text: &str) -> Lexed {
    let mut lexer = Lexer {
        file,
        text,
        at: 0,
        first_on_line: true,
        comment_on_line: false,
        line_end: 0,
        conflict: None,
        conflict_may_end: true,
        out: Lexed {
            tokens: Vec::with_capacity(text.len() / 5),
            comments: Vec::new(),
            diagnostics: Vec::new(),
            bidi_in_text: Vec::new(),
            open_ended: false,
        },
    };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    file: FileId,
    text: &'a str,
    at: usize,
    first_on_line: bool,
    /// Whether a comment stands before on the line.
    comment_on_line: bool,
    /// End of the line last asked about; holds as long as `at` is not past it.
    line_end: usize,
    /// The report of the merge conflict that is being read.
    conflict: Option<usize>,
    /// Whether a further end marker of a merge conflict may be ahead.
    conflict_may_end: bool,
    out: Lexed,
}

impl<'a> Lexer<'a> {
    fn run(&mut self) {
        self.eat("\u{feff}");
        while let Some(c) = self.peek() {
            let start = self.at;
            match c {
                '\n' | '\r' => {
                    self.at += 1;
                    self.first_on_line = true;
                    self.comment_on_line = false;
                }
                ' ' | '\t' => self.at += 1,
                '/' if self.rest().starts_with("//") => self.line_comment(start),
                '/' if self.rest().starts_with("/*") => self.block_comment(),
                '"' => self.string(start, false),
                '0'..='9' => self.number(),
                '.' => self.dot(),
                _ if c == '_' || unicode_ident::is_xid_start(c) => self.word(),
                _ if self.conflict_marker() => {}
                _ if self.foreign() => {}
                _ if self.symbol() => {}
                _ => self.stray(c),
            }
        }
        let end = self.text.len();
        self.push(TokenKind::End, end);
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or("")
    }

    fn peek(&self) -> Option<char> {
        let byte = *self.text.as_bytes().get(self.at)?;
        if byte.is_ascii() { Some(byte as char) } else { self.rest().chars().next() }
    }

    fn eat(&mut self, expected: &str) -> bool {
        let found = self.rest().starts_with(expected);
        if found {
            self.at += expected.len();
        }
        found
    }

    fn span_from(&self, start: usize) -> Span {
        Span::new(self.file, start, self.at)
    }

    /// Adds a token from `start` to here.
    fn push(&mut self, kind: TokenKind, start: usize) {
        let span = self.span_from(start);
        self.out.tokens.push(Token { kind, span, first_on_line: self.first_on_line });
        self.first_on_line = false;
    }

    fn report(&mut self, diagnostic: Diagnostic) {
        if self.out.diagnostics.len() < MAX_DIAGNOSTICS {
            self.out.diagnostics.push(diagnostic);
        }
    }

    /// Whether a new item is due here: nothing or a full stop stands before.
    fn at_item_start(&self) -> bool {
        self.out.tokens.last().is_none_or(|token| token.kind == TokenKind::Sym(Sym::Dot))
    }

    /// Offset of the end of the current line, without its line end.
    fn line_end(&mut self) -> usize {
        if self.at > self.line_end || self.line_end == 0 {
            let length = self.rest().bytes().position(|byte| byte == b'\n' || byte == b'\r');
            self.line_end = length.map_or(self.text.len(), |length| self.at + length);
        }
        self.line_end
    }

    /// Takes the rest of the line as a comment that begins at `start`.
    fn line_comment(&mut self, start: usize) {
        self.at = self.line_end();
        self.comment(start, true);
    }

    /// Scans nested `/* */` with a counter.
    fn block_comment(&mut self) {
        let start = self.at;
        self.at += 2;
        let mut depth = 1;
        let bytes = self.text.as_bytes();
        while depth > 0 {
            match (bytes.get(self.at), bytes.get(self.at + 1)) {
                (Some(b'*'), Some(b'/')) => {
                    depth -= 1;
                    self.at += 2;
                }
                (Some(b'/'), Some(b'*')) => {
                    depth += 1;
                    self.at += 2;
                }
                (Some(_), _) => self.at += 1,
                (None, _) => {
                    self.out.open_ended = true;
                    let opening = Span::new(self.file, start, start + 2);
                    self.report(
                        Diagnostic::new(codes::UNTERMINATED, "this comment is never closed")
                            .labelled(opening, "opened here")
                            .help("close it with `*/`; comments nest, so each `/*` needs its own"),
                    );
                    break;
                }
            }
        }
        self.comment(start, false);
    }

    fn comment(&mut self, start: usize, line: bool) {
        let span = self.span_from(start);
        let text = self.text.get(span.range()).unwrap_or("");
        if !text.is_ascii() {
            for (offset, c) in text.char_indices().filter(|(_, c)| is_bidi(*c)) {
                self.bidi(start + offset, c);
            }
        }
        let follows = self.comment_on_line;
        self.comment_on_line = true;
        self.out.comments.push(Comment { span, line, first_on_line: self.first_on_line && !follows });
    }

    fn bidi(&mut self, start: usize, c: char) {
        let span = Span::new(self.file, start, start + c.len_utf8());
        let code = c as u32;
        self.report(
            Diagnostic::new(
                codes::BIDI_CONTROL,
                format!("bidirectional control character U+{code:04X} outside a string"),
            )
            .labelled(span, "it reorders what a reader sees")
            .fix(span, "", "remove it"),
        );
    }

    /// A directive or a full stop. `.word` is a directive when it is a known one or stands first
    /// on its line; elsewhere the dot ends a clause or joins a qualified name.
    fn dot(&mut self) {
        let start = self.at;
        self.at += 1;
        let word = word_length(self.rest());
        let known = self.text.get(start..self.at + word).is_some_and(|text| DIRECTIVES.contains(&text));
        if word > 0 && (known || self.first_on_line) {
            self.at += word;
            self.push(TokenKind::Directive, start);
        } else {
            self.push(TokenKind::Sym(Sym::Dot), start);
        }
    }

    fn word(&mut self) {
        let start = self.at;
        let rest = self.rest();
        if rest.starts_with("r\"") || rest.starts_with("r#") {
            let hashes = rest.bytes().skip(1).take_while(|byte| *byte == b'#').count();
            if rest.as_bytes().get(1 + hashes) == Some(&b'"') {
                return self.raw_string(hashes);
            }
        }
        if rest.starts_with("d\"") {
            self.at += 1;
            return self.string(start, true);
        }
        let length = word_length(rest);
        self.at += length;
        let word = rest.get(..length).and_then(Word::find);
        self.push(word.map_or(TokenKind::Ident, TokenKind::Reserved), start);
    }

    /// Punctuation of one or two characters; `false` when there is none here.
    fn symbol(&mut self) -> bool {
        let bytes = self.text.as_bytes();
        let (first, second) = (bytes.get(self.at).copied(), bytes.get(self.at + 1).copied());
        let (sym, length) = match (first, second) {
            (Some(b':'), Some(b'-')) => (Sym::If, 2),
            (Some(b'?'), Some(b'-')) => (Sym::Query, 2),
            (Some(b'!'), Some(b'=')) => (Sym::Ne, 2),
            (Some(b'<'), Some(b'=')) => (Sym::Le, 2),
            (Some(b'<'), Some(b':')) => (Sym::Subtype, 2),
            (Some(b'>'), Some(b'=')) => (Sym::Ge, 2),
            (Some(b'('), _) => (Sym::OpenParen, 1),
            (Some(b')'), _) => (Sym::CloseParen, 1),
            (Some(b'['), _) => (Sym::OpenBracket, 1),
            (Some(b']'), _) => (Sym::CloseBracket, 1),
            (Some(b'{'), _) => (Sym::OpenBrace, 1),
            (Some(b'}'), _) => (Sym::CloseBrace, 1),
            (Some(b','), _) => (Sym::Comma, 1),
            (Some(b';'), _) => (Sym::Semicolon, 1),
            (Some(b':'), _) => (Sym::Colon, 1),
            (Some(b'?'), _) => (Sym::Question, 1),
            (Some(b'!'), _) => (Sym::Bang, 1),
            (Some(b'='), _) => (Sym::Eq, 1),
            (Some(b'<'), _) => (Sym::Lt, 1),
            (Some(b'>'), _) => (Sym::Gt, 1),
            (Some(b'+'), _) => (Sym::Plus, 1),
            (Some(b'-'), _) => (Sym::Minus, 1),
            (Some(b'*'), _) => (Sym::Star, 1),
            (Some(b'/'), _) => (Sym::Slash, 1),
            (Some(b'%'), _) => (Sym::Percent, 1),
            (Some(b'^'), _) => (Sym::Caret, 1),
            (Some(b'|'), _) => (Sym::Bar, 1),
            (Some(b'@'), _) => (Sym::At, 1),
            (Some(b'$'), _) => (Sym::Dollar, 1),
            _ => return false,
        };
        let start = self.at;
        self.at += length;
        self.push(TokenKind::Sym(sym), start);
        true
    }

    /// A character without meaning, together with those like it that follow.
    fn stray(&mut self, c: char) {
        let start = self.at;
        if is_bidi(c) {
            self.bidi(start, c);
            self.at += c.len_utf8();
            return;
        }
        if c.is_whitespace() {
            self.at += c.len_utf8();
            let span = self.span_from(start);
            self.report(
                Diagnostic::new(
                    codes::STRAY_CHARACTER,
                    format!("white space of an unusual kind, U+{:04X}", c as u32),
                )
                .at(span)
                .fix(span, " ", "write an ordinary space")
                .safe(),
            );
            return;
        }
        while let Some(c) = self.peek().filter(|c| is_stray(*c)) {
            self.at += c.len_utf8();
        }
        if self.at == start {
            self.at += c.len_utf8();
        }
        let span = self.span_from(start);
        let message = match c {
            '\u{feff}' => "a byte order mark may stand only at the beginning of a file".to_owned(),
            _ if c.is_control() || c == '\u{200b}' => {
                format!("the invisible character U+{:04X} has no meaning here", c as u32)
            }
            _ => format!("`{c}` has no meaning here"),
        };
        self.report(Diagnostic::new(codes::STRAY_CHARACTER, message).labelled(span, "cannot be read"));
        self.push(TokenKind::Bad, start);
    }
}

/// Length in bytes of the identifier at the beginning of `text`, 0 if there is none.
fn word_length(text: &str) -> usize {
    let mut chars = text.char_indices();
    match chars.next() {
        Some((_, c)) if c == '_' || unicode_ident::is_xid_start(c) => {}
        _ => return 0,
    }
    chars.find(|(_, c)| !unicode_ident::is_xid_continue(*c)).map_or(text.len(), |(at, _)| at)
}

/// Whether `c` begins nothing that the lexer knows, so that a run of such is one mistake.
fn is_stray(c: char) -> bool {
    !(c.is_whitespace()
        || is_bidi(c)
        || unicode_ident::is_xid_start(c)
        || c.is_ascii_punctuation()
        || c.is_ascii_digit()
        || foreign::is_known(c))
}
