//! `fmt` for fact files: one layout that diffs and merges well.

use super::schema::Schema;
use crate::base::{Diagnostic, FileId};
use crate::syntax::ron::parse;
use crate::syntax::ron::print::{Layout, print};

/// `text` in the normal layout: a fact a line where it fits, columns in the order of their
/// declaration, metadata last, positional facts with names; every comment and the order and
/// number of facts are kept. A text that is no RON is refused with what is wrong in it; facts
/// that do not fit the schema are laid out as they are.
///
/// Formatting what has been formatted changes nothing.
pub fn format_facts(file: FileId, text: &str, schema: &Schema) -> Result<String, Vec<Diagnostic>> {
    let parsed = parse(file, text);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(parsed.diagnostics);
    }
    Ok(print(&parsed.tree, &Declared(schema)))
}

/// The order of columns, for the printer.
struct Declared<'s>(&'s Schema);

impl Layout for Declared<'_> {
    fn arity(&self, relation: &str) -> Option<usize> {
        Some(self.0.predicate(self.0.find(relation)?).arity())
    }

    fn position(&self, relation: &str, column: &str) -> Option<usize> {
        self.0.predicate(self.0.find(relation)?).column(column)
    }

    fn column(&self, relation: &str, position: usize) -> Option<&str> {
        let columns = &self.0.predicate(self.0.find(relation)?).columns;
        columns.get(position).map(|column| &*column.name)
    }
}
