//! What people write who come from elsewhere: the name of a relation alone, SQL.

use super::{Error, Session};
use crate::base::Diagnostic;
use crate::base::diagnostic::nearest;
use crate::model::PredId;
use crate::model::schema::PredKind;
use crate::syntax::datalog::Word;

/// How an SQL statement begins, in lower case.
const SQL: [&str; 9] = ["select", "insert", "update", "delete", "create", "drop", "describe", "show", "from"];
/// Columns of a relation that an example shows.
const SHOWN: usize = 4;

impl Session {
    /// The error of a goal or line that cannot be parsed, with what was probably meant.
    pub(super) fn unreadable(&self, text: &str, mut found: Vec<Diagnostic>) -> Error {
        if let (Some(first), Some(help)) = (found.first_mut(), self.meant(text)) {
            first.help.push(help);
        }
        Error::Invalid(found)
    }

    fn meant(&self, text: &str) -> Option<String> {
        let text = text.trim().trim_start_matches("?-").trim_end_matches(['?', '.', ';']).trim();
        if let Some((first, _)) = text.split_once(char::is_whitespace) {
            let sql = SQL.contains(&first.to_lowercase().as_str());
            return sql.then(|| {
                "this is no SQL: a query is a list of conditions, `Rel(column: x), Other(column: x, of: y)?`"
                    .to_owned()
            });
        }
        if !text.chars().all(|c| c.is_alphanumeric() || c == '_') {
            return None;
        }
        let askable =
            |id: PredId| matches!(self.schema().predicate(id).kind, PredKind::Declared | PredKind::Derived);
        if let Some(id) = self.schema().find(text).filter(|id| askable(*id)) {
            return Some(format!("ask of a relation with its columns: `{}`", self.example(id)));
        }
        let names = self.schema().predicate_names.iter().filter(|(_, id)| askable(**id));
        let near = *nearest(text, names.map(|(name, _)| &**name)).first()?;
        Some(format!("did you mean `{}`?", self.example(self.schema().find(near)?)))
    }

    /// A goal that asks for the first columns of a relation.
    fn example(&self, id: PredId) -> String {
        let predicate = self.schema().predicate(id);
        let name = |name: &str| Word::find(name).is_none() && name.starts_with(|c: char| c.is_lowercase());
        let columns: Vec<String> = (predicate.columns.iter().take(SHOWN))
            .map(|column| match name(&column.name) {
                true => format!("{}:", column.name),
                false => format!("{}: _", column.name),
            })
            .collect();
        format!("{}({})?", predicate.name, columns.join(", "))
    }
}
