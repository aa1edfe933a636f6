//! The rule language: lexer, parser and printer.
//!
//! Text → `lexer` (tokens, comments) → [`parser`] (nom over the tokens) → [`ast`] → [`mod@print`].
//! Neither direction knows the schema: which names are relations, columns or constants is for the
//! analysis to say.

pub mod ast;
mod complete;
mod input;
mod lexer;
mod lookalike;
pub mod parser;
pub mod print;
mod token;

pub use complete::{Completeness, PieceKind, completeness, tokens};
pub use lexer::{Lexed, lex};
pub use parser::{parse_atom_pattern, parse_goal, parse_line, parse_program, parse_scenario};
pub use token::{Comment, DIRECTIVES, Sym, Token, TokenKind, Word};
