//! Soufflé's Datalog: text to trees. A mode of its own beside [`super::datalog`]: every bare word in
//! argument place is a variable, relations are positional, and a subset of the C preprocessor runs
//! before the parser.
//!
//! The grammar is that of Soufflé's manual. What belongs to one file and what was included is one
//! tree; spans tell the files apart.

pub mod ast;
mod lexer;
mod parser;
mod preprocess;
mod token;

use std::sync::Arc;

use crate::base::{Diagnostic, SourceMap, Span};

/// Reads the files that a program includes.
pub trait Include {
    /// The file that `path` names in an `#include` or `.include` of the file called `from`: its
    /// name, unique to it, and its text.
    ///
    /// # Errors
    /// Why it cannot be read.
    fn read(&mut self, from: &str, path: &str, at: Span) -> Result<(String, Arc<str>), Diagnostic>;

    /// Macros that are defined before the program begins, each as behind `#define`.
    fn macros(&self) -> Vec<String> {
        Vec::new()
    }
}

/// A program with all it includes.
#[derive(Debug)]
pub struct Parsed {
    /// Its items.
    pub unit: ast::Unit,
    /// Mistakes, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Reads the program called `name`; adds it and what it includes to `sources`.
pub fn parse(name: &str, text: Arc<str>, sources: &mut SourceMap, include: &mut dyn Include) -> Parsed {
    let mut diagnostics = Vec::new();
    let tokens = preprocess::run(name, text, sources, include, &mut diagnostics);
    let unit = parser::parse(&tokens, &mut diagnostics);
    crate::base::diagnostic::sort(&mut diagnostics);
    diagnostics.dedup();
    Parsed { unit, diagnostics }
}
