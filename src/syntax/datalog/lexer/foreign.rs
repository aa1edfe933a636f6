//! Spellings that people bring from other languages, word processors and merge tools. Each is an
//! error that says what to write instead, and is then read as what was meant.

use super::Lexer;
use crate::base::codes::syntax as codes;
use crate::base::escape::quoted;
use crate::base::{Diagnostic, Label, Span};
use crate::syntax::datalog::token::{Sym, TokenKind};

/// Spelling, what it stands for, and a word of explanation. A longer spelling comes before its
/// own beginning.
const REPLACEMENTS: &[(&str, Sym, &str)] = &[
    (":\u{2212}", Sym::If, "that minus is typographic"),
    (":\u{2013}", Sym::If, "that is a dash"),
    (":\u{2014}", Sym::If, "that is a dash"),
    ("?\u{2212}", Sym::Query, "that minus is typographic"),
    ("?\u{2013}", Sym::Query, "that is a dash"),
    ("\u{2190}", Sym::If, "a rule's head and body are parted by `:-`"),
    ("\u{2212}", Sym::Minus, "that minus is typographic"),
    ("\u{2013}", Sym::Minus, "that is a dash"),
    ("\u{2014}", Sym::Minus, "that is a dash"),
    ("&&", Sym::Comma, "conditions are joined by a comma"),
    ("&", Sym::Comma, "conditions are joined by a comma"),
    ("\u{2227}", Sym::Comma, "conditions are joined by a comma"),
    ("||", Sym::Semicolon, "alternatives are joined by a semicolon"),
    ("\u{2228}", Sym::Semicolon, "alternatives are joined by a semicolon"),
    ("==", Sym::Eq, "equality is one sign"),
    ("=<", Sym::Le, "less or equal is written the other way round"),
    ("=>", Sym::Ge, "greater or equal is written the other way round"),
    ("<>", Sym::Ne, "inequality is `!=`"),
    ("\\==", Sym::Ne, "inequality is `!=`"),
    ("\\=", Sym::Ne, "inequality is `!=`"),
    ("\u{2260}", Sym::Ne, "inequality is `!=`"),
    ("\u{2264}", Sym::Le, "less or equal is `<=`"),
    ("\u{2265}", Sym::Ge, "greater or equal is `>=`"),
    ("\\+", Sym::Bang, "negation is `!` or `not`"),
    ("~", Sym::Bang, "negation is `!` or `not`"),
    ("\u{ac}", Sym::Bang, "negation is `!` or `not`"),
    ("\u{d7}", Sym::Star, "multiplication is `*`"),
];

/// Whether `c` begins one of these spellings.
pub(super) fn is_known(c: char) -> bool {
    is_quote(c) || REPLACEMENTS.iter().any(|(text, _, _)| text.starts_with(c))
}

fn is_quote(c: char) -> bool {
    matches!(c, '\'' | '`' | '\u{201c}'..='\u{201f}' | '\u{2018}'..='\u{201b}' | '\u{ab}' | '\u{bb}')
}

impl Lexer<'_> {
    /// Reads a foreign spelling; `false` when there is none here.
    pub(super) fn foreign(&mut self) -> bool {
        let Some(c) = self.peek() else { return false };
        if is_quote(c) {
            self.foreign_quotes(c);
            return true;
        }
        if self.foreign_comment() {
            return true;
        }
        let rest = self.rest();
        // Asked of every sign, of which few begin one of these.
        let first = rest.as_bytes().first();
        let begins = |text: &str| text.as_bytes().first() == first && rest.starts_with(text);
        let Some((text, sym, why)) = REPLACEMENTS.iter().find(|(text, _, _)| begins(text)) else {
            return false;
        };
        let start = self.at;
        self.at += text.len();
        let span = self.span_from(start);
        let written = sym.text();
        self.report(
            Diagnostic::new(codes::FOREIGN_SYNTAX, format!("`{text}` is written `{written}` here"))
                .labelled(span, *why)
                .fix(span, written, format!("write `{written}`"))
                .safe(),
        );
        self.push(TokenKind::Sym(*sym), start);
        true
    }

    /// `# …` anywhere, `% …` and `-- …` where an item may begin.
    fn foreign_comment(&mut self) -> bool {
        let rest = self.rest();
        let mark = if rest.starts_with('#') {
            "#"
        } else if rest.starts_with('%') && self.at_item_start() {
            "%"
        } else if rest.starts_with("--") && self.at_item_start() {
            "--"
        } else {
            return false;
        };
        let start = self.at;
        let span = Span::new(self.file, start, start + mark.len());
        let diagnostic = if rest.starts_with("#include") {
            Diagnostic::new(codes::FOREIGN_SYNTAX, "there is no preprocessor")
                .at(Span::new(self.file, start, start + "#include".len()))
                .help("write `.include \"path\"`")
        } else if ["#define", "#if", "#undef", "#pragma"].iter().any(|word| rest.starts_with(word)) {
            Diagnostic::new(codes::FOREIGN_SYNTAX, "there is no preprocessor").at(span)
        } else {
            Diagnostic::new(codes::FOREIGN_SYNTAX, format!("`{mark}` does not begin a comment"))
                .labelled(span, "comments begin with `//`")
                .fix(span, "//", "write `//`")
                .safe()
        };
        self.report(diagnostic);
        self.line_comment(start);
        true
    }

    /// Text in quotes that are not `"`; it ends at the next such quote on the line.
    fn foreign_quotes(&mut self, open: char) {
        let start = self.at;
        let line_end = self.line_end();
        let line = self.text.get(start..line_end).unwrap_or("");
        let inner = line.get(open.len_utf8()..).unwrap_or("");
        let ends = |c: char| match open {
            '\'' | '`' => c == open,
            _ => c == '"' || (is_quote(c) && c != '\'' && c != '`'),
        };
        let Some((length, close)) = inner.char_indices().find(|(_, c)| ends(*c)) else {
            self.at += open.len_utf8();
            let span = self.span_from(start);
            self.report(
                Diagnostic::new(codes::FOREIGN_SYNTAX, format!("`{open}` does not begin a string"))
                    .labelled(span, "strings stand between straight double quotes: `\"…\"`"),
            );
            return self.push(TokenKind::Bad, start);
        };
        let text = inner.get(..length).unwrap_or("").to_owned();
        self.at = start + open.len_utf8() + length + close.len_utf8();
        let span = self.span_from(start);
        let written = quoted(&text);
        self.report(
            Diagnostic::new(codes::FOREIGN_SYNTAX, "strings stand between straight double quotes")
                .labelled(span, format!("`{open}` is no string quote"))
                .fix(span, written.clone(), format!("write `{written}`"))
                .safe(),
        );
        self.push(TokenKind::Text(text), start);
    }

    /// The markers of a merge conflict at a line start: one error for all of it. The first side
    /// is read, the other skipped. `false` when there are none here.
    pub(super) fn conflict_marker(&mut self) -> bool {
        let at_line_start = self.at == 0
            || self.text.as_bytes().get(self.at - 1).is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
        if !at_line_start {
            return false;
        }
        let rest = self.rest();
        if !["<<<<<<<", ">>>>>>>", "=======", "|||||||"].iter().any(|mark| rest.starts_with(mark)) {
            return false;
        }
        let start = self.at;
        let opens = rest.starts_with('<');
        let middle = !opens && !rest.starts_with('>');
        self.at = self.line_end();
        let marker = self.span_from(start);
        let begun = self.conflict.filter(|_| !opens).and_then(|index| self.out.diagnostics.get_mut(index));
        match begun {
            Some(diagnostic) => {
                let side = if middle { "the other side begins here" } else { "and ends here" };
                diagnostic.secondary.push(Label { span: marker, message: side.to_owned() });
            }
            None => {
                self.conflict = Some(self.out.diagnostics.len());
                self.report(
                    Diagnostic::new(codes::MERGE_CONFLICT, "unresolved merge conflict")
                        .labelled(marker, if opens { "one side begins here" } else { "" })
                        .help("keep what is right of the two sides and remove the marker lines"),
                );
            }
        }
        if !opens && !middle {
            self.conflict = None;
        }
        if middle {
            self.skip_other_side();
        }
        true
    }

    /// Goes on to the line that begins with `>>>>>>>`, if there is one.
    fn skip_other_side(&mut self) {
        if !self.conflict_may_end {
            return;
        }
        let from = self.at;
        let bytes = self.text.as_bytes();
        let starts_line =
            |at: usize| at > 0 && bytes.get(at - 1).is_some_and(|byte| matches!(byte, b'\n' | b'\r'));
        let mut marks = self.rest().match_indices(">>>>>>>");
        match marks.find(|(offset, _)| starts_line(from + offset)) {
            Some((offset, _)) => self.at = from + offset,
            None => self.conflict_may_end = false,
        }
    }
}
