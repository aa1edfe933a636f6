//! Workflow commands of GitHub Actions.

use super::Place;
use crate::base::{Diagnostic, Severity, SourceMap, escape};

/// One command, on one line.
pub(super) fn render(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let mut properties = Vec::new();
    if let Some(label) = &diagnostic.primary {
        let place = Place::of(label.span, sources);
        properties.push(format!("file={}", property(&place.file)));
        properties.push(format!("line={}", place.line));
        properties.push(format!("endLine={}", place.end_line));
        properties.push(format!("col={}", place.column));
        // GitHub takes columns only within one line.
        if place.line == place.end_line {
            properties.push(format!("endColumn={}", place.end_column));
        }
    }
    let title = if diagnostic.code == diagnostic.name {
        diagnostic.code.clone()
    } else {
        format!("{} {}", diagnostic.code, diagnostic.name)
    };
    properties.push(format!("title={}", property(&escape::printable(&title))));

    let mut lines = vec![escape::printable(&diagnostic.message).into_owned()];
    let extras = diagnostic
        .notes
        .iter()
        .map(|note| ("note", note))
        .chain(diagnostic.help.iter().map(|help| ("help", help)));
    for (kind, text) in extras {
        let text: Vec<_> = text.lines().map(escape::printable).collect();
        lines.push(format!("{kind}: {}", text.join("\n")));
    }
    format!("::{command} {}::{}\n", properties.join(","), data(&lines.join("\n")))
}

/// Escapes the text of a command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use crate::render::DiagnosticFormat;
    use crate::render::diagnostics::testing::*;

    #[test]
    fn commands_are_escaped() {
        let sources = source("[\n  Atended(l: 1),\n]\n");
        let at = span(&sources, "Atended");
        let mut diagnostic = error("100% wrong: a, b").at(at).help("did you mean `Attended`?");
        diagnostic.name = "x:y,z".to_owned();
        assert_eq!(
            rendered(&[diagnostic], &sources, DiagnosticFormat::Github),
            "::error file=facts/a.ron,line=2,endLine=2,col=3,endColumn=10,title=FL201 x%3Ay%2Cz::100%25 wrong: a, b%0Ahelp: did you mean `Attended`?\n"
        );
        assert_eq!(
            rendered(&[error("no rules")], &sources, DiagnosticFormat::Github),
            "::error title=FL201 unknown-relation::no rules\n"
        );
    }
}
