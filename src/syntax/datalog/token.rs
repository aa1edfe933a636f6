//! The tokens of the rule language.

use crate::base::Span;

/// One token.
#[derive(Clone, Debug, PartialEq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands.
    pub span: Span,
    /// Whether only white space and comments stand before it on its line.
    pub first_on_line: bool,
}

/// What a token is. The text of identifiers is found through the token's span.
#[derive(Clone, Debug, PartialEq)]
pub enum TokenKind {
    /// Punctuation or an operator.
    Sym(Sym),
    /// An identifier that is not reserved, `_` included.
    Ident,
    /// A reserved word.
    Reserved(Word),
    /// `.decl` and its like, also misspelt ones.
    Directive,
    /// `"…"` or `r#"…"#`, decoded.
    Text(String),
    /// `d"…"`, decoded.
    Date(String),
    /// An integer of at most 2⁶³; only behind a minus may it be 2⁶³ itself.
    Int(u64),
    /// A finite float.
    Float(f64),
    /// Something that the lexer has reported and that cannot be read.
    Bad,
    /// The end of the text.
    End,
}

/// Punctuation and operators.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sym {
    /// `(`
    OpenParen,
    /// `)`
    CloseParen,
    /// `[`
    OpenBracket,
    /// `]`
    CloseBracket,
    /// `{`
    OpenBrace,
    /// `}`
    CloseBrace,
    /// `,`
    Comma,
    /// `;`
    Semicolon,
    /// `:`
    Colon,
    /// `.`
    Dot,
    /// `:-`
    If,
    /// `?-`
    Query,
    /// `?`
    Question,
    /// `!`
    Bang,
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `<:`
    Subtype,
    /// `+`
    Plus,
    /// `-`
    Minus,
    /// `*`
    Star,
    /// `/`
    Slash,
    /// `%`
    Percent,
    /// `^`
    Caret,
    /// `|`
    Bar,
    /// `@`
    At,
    /// `$`
    Dollar,
}

impl Sym {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            Sym::OpenParen => "(",
            Sym::CloseParen => ")",
            Sym::OpenBracket => "[",
            Sym::CloseBracket => "]",
            Sym::OpenBrace => "{",
            Sym::CloseBrace => "}",
            Sym::Comma => ",",
            Sym::Semicolon => ";",
            Sym::Colon => ":",
            Sym::Dot => ".",
            Sym::If => ":-",
            Sym::Query => "?-",
            Sym::Question => "?",
            Sym::Bang => "!",
            Sym::Eq => "=",
            Sym::Ne => "!=",
            Sym::Lt => "<",
            Sym::Le => "<=",
            Sym::Gt => ">",
            Sym::Ge => ">=",
            Sym::Subtype => "<:",
            Sym::Plus => "+",
            Sym::Minus => "-",
            Sym::Star => "*",
            Sym::Slash => "/",
            Sym::Percent => "%",
            Sym::Caret => "^",
            Sym::Bar => "|",
            Sym::At => "@",
            Sym::Dollar => "$",
        }
    }

    /// The same in quotes, for messages.
    pub fn quoted(self) -> String {
        format!("`{}`", self.text())
    }

    /// The bracket that closes this one.
    pub fn closing(self) -> Option<Sym> {
        match self {
            Sym::OpenParen => Some(Sym::CloseParen),
            Sym::OpenBracket => Some(Sym::CloseBracket),
            Sym::OpenBrace => Some(Sym::CloseBrace),
            _ => None,
        }
    }

    /// Whether this closes a bracket.
    pub fn is_closing(self) -> bool {
        matches!(self, Sym::CloseParen | Sym::CloseBracket | Sym::CloseBrace)
    }
}

macro_rules! words {
    ($($variant:ident = $text:literal,)*) => {
        /// The reserved words.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Word {
            $(#[doc = concat!("`", $text, "`")] $variant,)*
        }

        impl Word {
            /// All reserved words, as written.
            pub const ALL: &[&str] = &[$($text),*];

            /// The reserved word that `text` is.
            pub fn find(text: &str) -> Option<Word> {
                match text {
                    $($text => Some(Word::$variant),)*
                    _ => None,
                }
            }

            /// As written.
            pub fn text(self) -> &'static str {
                match self {
                    $(Word::$variant => $text,)*
                }
            }
        }
    };
}

words! {
    Not = "not",
    Count = "count",
    Sum = "sum",
    Min = "min",
    Max = "max",
    Mean = "mean",
    List = "list",
    Concat = "concat",
    Match = "match",
    Contains = "contains",
    In = "in",
    Within = "within",
    Overlaps = "overlaps",
    Possibly = "possibly",
    True = "true",
    False = "false",
    Nil = "nil",
    Deny = "deny",
    Warn = "warn",
    Under = "under",
    Order = "order",
    By = "by",
    Limit = "limit",
    Desc = "desc",
    As = "as",
    Range = "range",
}

/// A comment, `//` or `/* */`, with its marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Where it stands, without the line end.
    pub span: Span,
    /// Whether it is a `//` comment.
    pub line: bool,
    /// Whether it is the first thing on its line.
    pub first_on_line: bool,
}

/// The directives, as written.
pub const DIRECTIVES: &[&str] = &[
    ".decl",
    ".type",
    ".enum",
    ".input",
    ".output",
    ".printsize",
    ".limitsize",
    ".include",
    ".comp",
    ".init",
    ".override",
    ".plan",
    ".pragma",
    ".functor",
];
