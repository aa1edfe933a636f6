//! What a person should look at in facts that load: references to nothing, conflicts, places that
//! are not in their source, texts that are not what they seem.

mod assertions;
pub mod conflicts;
mod fields;
mod references;
mod sources;
mod spelling;

#[cfg(test)]
mod tests;

pub use conflicts::{Conflict, Differences, differences};

use super::assertions::Stated;
use super::database::Database;
use super::extent::Extent;
use super::interner::Word;
use crate::base::{Diagnostic, SourceMap, Span};
use crate::model::schema::PredKind;
use crate::model::{PredId, Predicate};

/// Gives the bytes of the text of that name.
pub type TextOf<'e> = dyn Fn(&str) -> Option<Vec<u8>> + 'e;

/// What findings need to know beside the facts.
#[derive(Default)]
pub struct Evidence<'e> {
    /// Whether rules make `id` a thing of the type that a relation declares.
    pub derived: Option<&'e dyn Fn(PredId, Word) -> bool>,
    /// The bytes of a source's text, by the name that its `text` gives; `None` if it is not at
    /// hand.
    pub texts: Option<&'e TextOf<'e>>,
    /// The texts of the fact files, so that findings are placed at a field and not only at a fact.
    pub sources: Option<&'e SourceMap>,
}

/// All findings, sorted by place.
pub fn findings(database: &Database, evidence: &Evidence<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    references::check(database, evidence, &mut found);
    sources::check(database, evidence, &mut found);
    assertions::check(database, evidence, &mut found);
    for (id, _, _) in relations(database) {
        conflicts::check(database, id, &mut found);
    }
    spelling::check(database, evidence, &mut found);
    crate::base::diagnostic::sort(&mut found);
    found
}

/// Where sources disagree about one relation: conflicts, refinements, and what is held and denied;
/// sorted by place.
pub fn disagreements(database: &Database, relation: PredId) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    conflicts::check(database, relation, &mut found);
    assertions::denials(database, relation, &mut found);
    crate::base::diagnostic::sort(&mut found);
    found
}

/// The declared relations with what has been stated of them.
fn relations(database: &Database) -> impl Iterator<Item = (PredId, &Predicate, &Extent)> {
    let declared = database.schema().iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared);
    declared.filter_map(|(id, predicate)| Some((id, predicate, database.extent(id)?)))
}

/// The tuples of an extent with their assertions.
fn tuples(extent: &Extent) -> impl Iterator<Item = (&[Word], &[Stated])> {
    extent.tuples().iter().enumerate().map(|(row, tuple)| (tuple, extent.assertions(row)))
}

/// The place of the assertion that comes first in the files.
fn first_place(stated: &[Stated]) -> Option<Span> {
    stated.iter().map(|stated| stated.span).min()
}

/// `a and b say`, or who is behind some assertions otherwise; sources that only repeat another say
/// of which.
fn said_by(database: &Database, stated: &[Stated]) -> String {
    const SHOWN: usize = 4;
    let interner = database.interner();
    let mut names: Vec<String> = stated
        .iter()
        .map(|stated| {
            let Some(source) = interner.symbol_text(stated.src) else { return "no source".to_owned() };
            let based_on = database.context().based_on(stated);
            let repeated = interner.list_items(based_on).unwrap_or(&[]);
            let repeated: Vec<&str> = repeated.iter().filter_map(|id| interner.symbol_text(*id)).collect();
            match repeated.as_slice() {
                [] => source.to_owned(),
                ids => format!("{source} (based on {})", ids.join(", ")),
            }
        })
        .collect();
    names.sort();
    names.dedup();
    let more = names.len().saturating_sub(SHOWN);
    names.truncate(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("by {}{more}", names.join(", "))
}

/// `Attended(leader: "tokayev", summit: "xian_2023")`, cut where it would run long.
fn show(database: &Database, predicate: &Predicate, tuple: &[Word]) -> String {
    const LONG: usize = 100;
    let mut text = format!("{}(", predicate.name);
    let mut separator = "";
    for (column, word) in predicate.columns.iter().zip(tuple) {
        let value = database.interner().value(*word);
        if value.is_nil() {
            continue;
        }
        if text.chars().count() > LONG {
            text.push_str(", …");
            break;
        }
        text.push_str(&format!("{separator}{}: {value}", column.name));
        separator = ", ";
    }
    text.push(')');
    text
}

/// At most three further facts besides the first, each at the place in it if that is known, so that
/// a diagnostic stays readable.
fn further(
    mut diagnostic: Diagnostic,
    mut facts: impl ExactSizeIterator<Item = (Span, Option<Span>)>,
    message: &str,
) -> Diagnostic {
    const MORE: usize = 3;
    let more = facts.len().saturating_sub(1 + MORE);
    facts.next();
    for (fact, within) in facts.take(MORE) {
        diagnostic = diagnostic.also(within.unwrap_or(fact), message);
    }
    match more {
        0 => diagnostic,
        more => diagnostic.note(format!("{more} more facts say the same")),
    }
}
