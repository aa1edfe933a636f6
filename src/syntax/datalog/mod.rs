//! The rule language: lexer, parser and printer.

pub mod ast;
