//! Diagnostics as one JSON array; `docs/formats.md` describes it.

use serde::Serialize;

use super::{Place, severity_name};
use crate::base::{Diagnostic, Label, SourceMap, Span};
use crate::render::json::pretty;

#[derive(Serialize)]
struct Item<'a> {
    code: &'a str,
    name: &'a str,
    severity: &'static str,
    message: &'a str,
    #[serde(flatten)]
    place: Where,
    label: Option<&'a str>,
    labels: Vec<LabelItem<'a>>,
    notes: &'a [String],
    help: &'a [String],
    fix: Option<FixItem<'a>>,
}

#[derive(Serialize, Default)]
struct Where {
    file: Option<String>,
    line: Option<u32>,
    column: Option<u32>,
    end_line: Option<u32>,
    end_column: Option<u32>,
}

#[derive(Serialize)]
struct LabelItem<'a> {
    #[serde(flatten)]
    place: Where,
    message: &'a str,
}

#[derive(Serialize)]
struct FixItem<'a> {
    message: &'a str,
    safe: bool,
    edits: Vec<EditItem<'a>>,
}

#[derive(Serialize)]
struct EditItem<'a> {
    #[serde(flatten)]
    place: Where,
    replacement: &'a str,
}

impl Where {
    fn of(span: Span, sources: &SourceMap) -> Where {
        let place = Place::of(span, sources);
        Where {
            // JSON escapes for itself; programs need the name as it is.
            file: Some(sources.file(span.file).name().to_owned()),
            line: Some(place.line),
            column: Some(place.column),
            end_line: Some(place.end_line),
            end_column: Some(place.end_column),
        }
    }
}

pub(super) fn render(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let items: Vec<Item<'_>> = diagnostics.iter().map(|diagnostic| item(diagnostic, sources)).collect();
    // Plain structures with string keys always serialise.
    let mut text = pretty(&items).unwrap_or_default();
    text.push('\n');
    text
}

fn item<'a>(diagnostic: &'a Diagnostic, sources: &SourceMap) -> Item<'a> {
    let label =
        |label: &'a Label| LabelItem { place: Where::of(label.span, sources), message: &label.message };
    Item {
        code: &diagnostic.code,
        name: &diagnostic.name,
        severity: severity_name(diagnostic.severity),
        message: &diagnostic.message,
        place: diagnostic.primary.as_ref().map(|label| Where::of(label.span, sources)).unwrap_or_default(),
        label: diagnostic
            .primary
            .as_ref()
            .map(|label| label.message.as_str())
            .filter(|text| !text.is_empty()),
        labels: diagnostic.secondary.iter().map(label).collect(),
        notes: &diagnostic.notes,
        help: &diagnostic.help,
        fix: diagnostic.fix.as_ref().map(|fix| FixItem {
            message: &fix.message,
            safe: fix.safe,
            edits: fix
                .edits
                .iter()
                .map(|(span, replacement)| EditItem { place: Where::of(*span, sources), replacement })
                .collect(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use crate::render::DiagnosticFormat;
    use crate::render::diagnostics::testing::*;

    #[test]
    fn every_field_is_always_there() {
        let sources = source("[\n  Atended(l: 1),\n]\n");
        let (at, list) = (span(&sources, "Atended"), span(&sources, "[\n"));
        let placed = error("no relation `Atended\u{9b}`")
            .labelled(at, "not declared")
            .also(list, "in this list")
            .note("n")
            .fix(at, "Attended", "write `Attended`");
        let text = rendered(&[placed, error("no rules")], &sources, DiagnosticFormat::Json);
        assert!(!text.contains('\u{9b}'), "{text}");
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        let expected = json!([
            {
                "code": "FL201", "name": "unknown-relation", "severity": "error",
                "message": "no relation `Atended\u{9b}`",
                "file": "facts/a.ron", "line": 2, "column": 3, "end_line": 2, "end_column": 10,
                "label": "not declared",
                "labels": [{
                    "file": "facts/a.ron", "line": 1, "column": 1, "end_line": 2, "end_column": 1,
                    "message": "in this list"
                }],
                "notes": ["n"], "help": ["write `Attended`"],
                "fix": {
                    "message": "write `Attended`", "safe": false,
                    "edits": [{
                        "file": "facts/a.ron", "line": 2, "column": 3, "end_line": 2, "end_column": 10,
                        "replacement": "Attended"
                    }]
                }
            },
            {
                "code": "FL201", "name": "unknown-relation", "severity": "error", "message": "no rules",
                "file": null, "line": null, "column": null, "end_line": null, "end_column": null,
                "label": null, "labels": [], "notes": [], "help": [], "fix": null
            }
        ]);
        assert_eq!(back, expected);
        assert_eq!(rendered(&[], &sources, DiagnosticFormat::Json), "[]\n");
    }
}
