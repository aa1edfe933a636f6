//! A stated fact as a fact file writes it.

use super::ron;
use crate::base::escape;
use crate::model::schema::Schema;
use crate::model::{Assertion, Fact, Review, Status};

/// The fact on one line, columns first, then the metadata that is not as by default. Columns that
/// are nil are left out unless they would then have a default.
pub fn fact_text(schema: &Schema, fact: &Fact) -> String {
    let predicate = schema.predicate(fact.predicate);
    let columns = predicate.columns.iter().zip(&fact.tuple);
    let mut fields: Vec<String> = columns
        .filter(|(column, value)| !value.is_nil() || column.default.is_some())
        .map(|(column, value)| format!("{}: {}", column.name, ron::text(value)))
        .collect();
    fields.extend(metadata(&fact.assertion));
    // As RON writes names with dots, those of an instance's relations.
    let raw = if predicate.name.contains('.') { "r#" } else { "" };
    format!("{raw}{}({})", predicate.name, fields.join(", "))
}

fn metadata(assertion: &Assertion) -> Vec<String> {
    let Assertion { src, at, quote, by, based_on, status, conf, on, review, extractor, note, span: _ } =
        assertion;
    let mut fields = Vec::new();
    let mut add = |name: &str, value: Option<String>| {
        fields.extend(value.map(|value| format!("{name}: {value}")));
    };
    let list = |items: &[std::sync::Arc<str>]| {
        let items: Vec<String> = items.iter().map(|item| escape::quoted(item)).collect();
        format!("[{}]", items.join(", "))
    };
    add("_src", src.as_deref().map(escape::quoted));
    add("_at", at.as_deref().map(escape::quoted));
    add("_quote", quote.as_deref().map(escape::quoted));
    add("_by", (!by.is_empty()).then(|| list(by)));
    add("_based_on", based_on.as_deref().map(list));
    add("_status", (*status != Status::Held).then(|| status.name().to_owned()));
    add("_conf", (*conf != 1.0).then(|| format!("{conf:?}")));
    add("_on", on.as_ref().map(|on| escape::quoted(on.text())));
    add("_review", (*review != Review::Accepted).then(|| review.name().to_owned()));
    add("_extractor", extractor.as_deref().map(escape::quoted));
    add("_note", note.as_deref().map(escape::quoted));
    fields
}
