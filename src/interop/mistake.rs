//! What is wrong with a file, with its place.

use crate::base::{Code, Diagnostic, SourceMap, Span, escape};

/// What is wrong with a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mistake {
    /// Where.
    pub place: Place,
    /// One sentence.
    pub message: String,
    /// How to mend it.
    pub help: Option<String>,
}

/// Where a mistake stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a text.
    Text {
        /// The line on which `excerpt` begins, from 1.
        line: u64,
        /// The column at which it begins, in characters from 1.
        column: u64,
        /// As much of the text as is needed.
        excerpt: String,
        /// Where in `excerpt` the mistake begins.
        start: usize,
        /// And where it ends.
        end: usize,
    },
    /// In a row of a table, from 1.
    Row(u64),
    /// In the file as a whole.
    File,
}

/// Mistakes as diagnostics of the file shown as `name`; the lines they stand on are added to
/// `sources`. `more`: reading ended before the file did.
pub fn diagnostics(
    code: Code,
    name: &str,
    found: &[Mistake],
    more: bool,
    sources: &mut SourceMap,
) -> Vec<Diagnostic> {
    let mut diagnostics: Vec<Diagnostic> =
        found.iter().map(|mistake| mistake.diagnostic(code, name, sources)).collect();
    if more && let Some(last) = diagnostics.last_mut() {
        last.notes.push("there may be more mistakes in this file; reading ended here".to_owned());
    }
    diagnostics
}

impl Mistake {
    fn diagnostic(&self, code: Code, name: &str, sources: &mut SourceMap) -> Diagnostic {
        let file = escape::printable(name);
        let diagnostic = match &self.place {
            Place::Text { line, column, excerpt, start, end } => {
                let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
                let file = sources.add_part(name, excerpt.as_str(), number(*line), number(*column));
                Diagnostic::new(code, self.message.clone()).at(Span::new(file, *start, *end))
            }
            Place::Row(row) => Diagnostic::new(code, format!("{file}, row {row}: {}", self.message)),
            Place::File => Diagnostic::new(code, format!("{file}: {}", self.message)),
        };
        diagnostic.help_opt(self.help.clone())
    }
}
