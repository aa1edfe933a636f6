//! SARIF 2.1.0 (OASIS, "Static Analysis Results Interchange Format").

use serde_json::{Value, json};

use super::Place;
use crate::base::{Diagnostic, Severity, SourceMap, Span, codes};
use crate::render::json::pretty;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let rules = Rules::of(diagnostics);
    let results: Vec<Value> = diagnostics.iter().map(|d| result(d, &rules, sources)).collect();
    let log = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {
                "driver": {
                    "name": "factlog",
                    "version": env!("CARGO_PKG_VERSION"),
                    "rules": rules.descriptors,
                }
            },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    // A tree of JSON values always serialises.
    let mut text = pretty(&log).unwrap_or_default();
    text.push('\n');
    text
}

/// The rules of a run: every built-in code, then the project's own checks that found something.
struct Rules {
    ids: Vec<String>,
    descriptors: Vec<Value>,
}

impl Rules {
    fn of(diagnostics: &[Diagnostic]) -> Rules {
        let mut rules = Rules { ids: Vec::new(), descriptors: Vec::new() };
        for code in codes::all() {
            rules.ids.push(code.code.to_owned());
            rules.descriptors.push(json!({
                "id": code.code,
                "name": code.name,
                "shortDescription": { "text": code.summary },
                "help": { "text": code.page, "markdown": code.page },
                "defaultConfiguration": { "level": level(code.severity) },
            }));
        }
        for diagnostic in diagnostics {
            if !rules.ids.contains(&diagnostic.code) {
                rules.ids.push(diagnostic.code.clone());
                rules.descriptors.push(json!({
                    "id": diagnostic.code,
                    "name": diagnostic.name,
                    "shortDescription": { "text": "A check of this project" },
                    "defaultConfiguration": { "level": level(diagnostic.severity) },
                }));
            }
        }
        rules
    }
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(diagnostic: &Diagnostic, rules: &Rules, sources: &SourceMap) -> Value {
    let mut lines = vec![diagnostic.message.clone()];
    lines.extend(diagnostic.notes.iter().map(|note| format!("note: {note}")));
    lines.extend(diagnostic.help.iter().map(|help| format!("help: {help}")));
    let mut result = json!({
        "ruleId": diagnostic.code,
        "level": level(diagnostic.severity),
        "message": { "text": lines.join("\n") },
    });
    if let Some(index) = rules.ids.iter().position(|id| *id == diagnostic.code) {
        result["ruleIndex"] = json!(index);
    }
    if let Some(label) = &diagnostic.primary {
        result["locations"] = json!([{ "physicalLocation": physical(label.span, sources) }]);
    }
    if !diagnostic.secondary.is_empty() {
        let related = diagnostic.secondary.iter().enumerate().map(|(i, label)| {
            let mut location = json!({ "id": i + 1, "physicalLocation": physical(label.span, sources) });
            if !label.message.is_empty() {
                location["message"] = json!({ "text": label.message });
            }
            location
        });
        result["relatedLocations"] = related.collect();
    }
    if let Some(fix) = &diagnostic.fix {
        let changes = fix.edits.iter().map(|(span, replacement)| {
            json!({
                "artifactLocation": artifact(*span, sources),
                "replacements": [{
                    "deletedRegion": region(*span, sources),
                    "insertedContent": { "text": replacement },
                }],
            })
        });
        let changes: Vec<Value> = changes.collect();
        result["fixes"] = json!([{ "description": { "text": fix.message }, "artifactChanges": changes }]);
    }
    result
}

fn physical(span: Span, sources: &SourceMap) -> Value {
    json!({ "artifactLocation": artifact(span, sources), "region": region(span, sources) })
}

fn artifact(span: Span, sources: &SourceMap) -> Value {
    json!({ "uri": uri(sources.file(span.file).name()) })
}

fn region(span: Span, sources: &SourceMap) -> Value {
    let place = Place::of(span, sources);
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A path as a relative URI reference (RFC 3986): everything but unreserved characters and `/` is
/// percent-encoded.
fn uri(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::render::DiagnosticFormat;
    use crate::render::diagnostics::testing::*;

    #[test]
    fn results_point_at_rules_and_places() {
        let mut sources = SourceMap::new();
        let file = sources.add("facts/ä b.ron", "[\n  Atended(l: 1),\n]\n");
        let at = Span::new(file, 4, 11);
        let mut check = error("two holders").labelled(at, "").also(at, "the other");
        check.code = "two_holders".to_owned();
        check.name = "two_holders".to_owned();
        let fixed = check.clone().fix(at, "Attended", "write `Attended`");
        let text = rendered(&[check, fixed], &sources, DiagnosticFormat::Sarif);
        let log: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(log["version"], "2.1.0");
        let run = &log["runs"][0];
        let results = run["results"].as_array().unwrap();
        assert_eq!(results.len(), 2);
        for result in results {
            let index = result["ruleIndex"].as_u64().unwrap() as usize;
            assert_eq!(run["tool"]["driver"]["rules"][index]["id"], result["ruleId"]);
            let place = &result["locations"][0]["physicalLocation"];
            assert_eq!(place["artifactLocation"]["uri"], "facts/%C3%A4%20b.ron");
            assert_eq!(
                place["region"],
                json!({"startLine": 2, "startColumn": 3, "endLine": 2, "endColumn": 10})
            );
            assert_eq!(result["relatedLocations"][0]["message"]["text"], "the other");
        }
        assert_eq!(
            results[1]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"],
            "Attended"
        );
        assert_eq!(run["tool"]["driver"]["rules"].as_array().unwrap().len(), codes::all().count() + 1);
    }
}
