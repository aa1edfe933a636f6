//! A span as file, lines and columns.

use std::fmt;

use crate::base::{SourceMap, Span, escape};

/// Lines and columns from 1, columns in characters, the end exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// The file's name, safe to print.
    pub file: String,
    pub line: u32,
    pub column: u32,
    pub end_line: u32,
    pub end_column: u32,
}

impl Place {
    pub fn of(span: Span, sources: &SourceMap) -> Place {
        let file = sources.file(span.file);
        let (start, end) = (file.line_col(span.start), file.line_col(span.end.max(span.start)));
        Place {
            file: escape::printable(file.name()).into_owned(),
            line: start.line,
            column: start.column,
            end_line: end.line,
            end_column: end.column,
        }
    }
}

/// `file:line:column` of the start.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
