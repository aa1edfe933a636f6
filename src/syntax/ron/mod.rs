//! RON: lexer, lossless tree, parser and printer.
//!
//! The tree is an arena over the source text: no strings are copied, numbers are decoded once,
//! and comments keep their places. Reading never stops at the first mistake.

mod lexer;
pub mod tree;
mod unescape;

pub use tree::{
    Attribute, Comment, CommentKind, Extensions, Field, IntType, Kind, Node, NodeId, Range, Tree,
};
