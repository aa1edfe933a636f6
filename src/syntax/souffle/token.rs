//! Words, literals and signs of a Soufflé program.

use std::rc::Rc;
use std::sync::Arc;

use crate::base::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A name or a keyword.
    Word,
    /// `.decl` and its like; the text lacks the dot.
    Directive,
    /// A string literal; the text is decoded.
    Text,
    /// An integer, as written.
    Number,
    /// An integer with a `u` behind it, which the text lacks.
    Unsigned,
    /// A number with a decimal point, as written.
    Float,
    /// A sign.
    Sign(&'static str),
    /// Behind the last token.
    End,
}

/// One token.
#[derive(Clone, Debug)]
pub(super) struct Token {
    pub kind: Kind,
    /// What it says; empty for signs.
    pub text: Arc<str>,
    /// Where it stands; of what a macro made, where the macro was used.
    pub span: Span,
    /// Whether it is the first of its line.
    pub first: bool,
    /// Whether white space stands before it.
    pub spaced: bool,
    /// Macros that this came out of, which it does not call again.
    pub hidden: Option<Rc<Hidden>>,
}

/// A list of macros' names.
#[derive(Debug)]
pub(super) struct Hidden {
    pub name: Arc<str>,
    pub rest: Option<Rc<Hidden>>,
}

impl Token {
    /// Whether it is the sign `text`.
    pub fn is(&self, text: &str) -> bool {
        matches!(self.kind, Kind::Sign(sign) if sign == text)
    }

    /// Whether it is the word `text`.
    pub fn is_word(&self, text: &str) -> bool {
        self.kind == Kind::Word && &*self.text == text
    }

    /// As a person would write it.
    pub fn written(&self) -> String {
        match self.kind {
            Kind::Sign(sign) => sign.to_owned(),
            Kind::Directive => format!(".{}", self.text),
            Kind::Text => crate::base::escape::quoted(&self.text),
            Kind::Unsigned => format!("{}u", self.text),
            Kind::End => "the end of the file".to_owned(),
            Kind::Word | Kind::Number | Kind::Float => self.text.to_string(),
        }
    }
}

/// Words that name nothing.
pub(super) const KEYWORDS: &[&str] = &[
    "debug_delta",
    "autoinc",
    "band",
    "bor",
    "bxor",
    "bnot",
    "bshl",
    "bshr",
    "bshru",
    "land",
    "lor",
    "lxor",
    "lnot",
    "match",
    "mean",
    "cat",
    "ord",
    "range",
    "strlen",
    "substr",
    "stateful",
    "contains",
    "output",
    "input",
    "overridable",
    "printsize",
    "eqrel",
    "inline",
    "no_inline",
    "magic",
    "no_magic",
    "brie",
    "btree_delete",
    "btree",
    "min",
    "max",
    "as",
    "nil",
    "count",
    "sum",
    "true",
    "false",
    "to_float",
    "to_number",
    "to_string",
    "to_unsigned",
    "choice-domain",
    "recursive_iteration_cnt",
    "itou",
    "itof",
    "utoi",
    "utof",
    "ftoi",
    "ftou",
];

/// Directives, without their dot.
pub(super) const DIRECTIVES: &[&str] = &[
    "decl",
    "functor",
    "input",
    "output",
    "printsize",
    "limitsize",
    "type",
    "comp",
    "init",
    "number_type",
    "symbol_type",
    "override",
    "pragma",
    "plan",
    "lattice",
    "include",
    "once",
];
