//! RON: lexer, lossless tree, parser and printer.
//!
//! The tree is an arena over the source text: no strings are copied, numbers are decoded once,
//! and comments keep their places. Reading never stops at the first mistake.

mod document;
pub mod encoding;
mod lexer;
pub mod parser;
mod recover;
pub mod tree;
mod trivia;
mod unescape;

pub use encoding::{check_size, decode};
pub use parser::{Parse, parse};
pub use tree::{
    Attribute, Comment, CommentKind, Extensions, Field, IntType, Kind, Node, NodeId, Range, Tree,
};
