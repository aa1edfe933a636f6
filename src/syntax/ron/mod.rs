//! RON: lexer, lossless tree, parser and printer.
//!
//! The tree is an arena over the source text: no strings are copied, numbers are decoded once,
//! and comments keep their places. Reading never stops at the first mistake.

mod bad_field;
mod bad_literal;
mod document;
pub mod encoding;
mod gaps;
mod lexer;
pub mod literal;
pub mod node;
pub mod parser;
pub mod print;
mod recover;
pub mod tree;
mod trivia;
mod unescape;

pub use encoding::{check_size, decode};
pub use node::{Field, Node, Range};
pub use parser::{Parse, parse};
pub use print::{Layout, NoSchema, one_line, print};
pub use tree::{Attribute, Comment, CommentKind, Extensions, IntType, Kind, NodeId, Tree};
