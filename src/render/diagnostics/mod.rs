//! Diagnostics for people (`full`, `concise`) and for programs (`json`, `github`, `sarif`,
//! `junit`).

mod excerpt;
mod full;
mod github;
mod json;
mod junit;
mod place;
mod sarif;

use std::fmt;

use crate::base::{Diagnostic, Severity, SourceMap, escape};
use place::Place;

/// How diagnostics are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiagnosticFormat {
    /// Message, excerpts with carets, notes and help.
    Full,
    /// One line each: `file:line:column: error[CODE] message`.
    Concise,
    /// One array of objects.
    Json,
    /// Workflow commands of GitHub Actions, which annotate a pull request.
    Github,
    /// SARIF 2.1.0, the interchange format of code scanners.
    Sarif,
    /// JUnit's XML, which every CI shows as test results.
    Junit,
}

impl DiagnosticFormat {
    /// All of them, in the order in which help lists them.
    pub const ALL: [DiagnosticFormat; 6] = [
        DiagnosticFormat::Full,
        DiagnosticFormat::Concise,
        DiagnosticFormat::Json,
        DiagnosticFormat::Github,
        DiagnosticFormat::Sarif,
        DiagnosticFormat::Junit,
    ];

    /// The name under which `-f` knows it.
    pub fn name(self) -> &'static str {
        match self {
            DiagnosticFormat::Full => "full",
            DiagnosticFormat::Concise => "concise",
            DiagnosticFormat::Json => "json",
            DiagnosticFormat::Github => "github",
            DiagnosticFormat::Sarif => "sarif",
            DiagnosticFormat::Junit => "junit",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<DiagnosticFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// What a rendering depends on beside the diagnostics.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiagnosticStyle {
    /// Whether to colour `full` and `concise`.
    pub color: bool,
    /// Width in columns to which excerpts are trimmed; `None` for a default.
    pub width: Option<usize>,
}

/// All of `diagnostics`, in the order given, in one of the formats.
///
/// Every span must belong to `sources`.
pub fn render(
    diagnostics: &[Diagnostic],
    sources: &SourceMap,
    format: DiagnosticFormat,
    style: DiagnosticStyle,
) -> String {
    match format {
        DiagnosticFormat::Full => full::render(diagnostics, sources, style),
        DiagnosticFormat::Concise => diagnostics.iter().map(|d| concise(d, sources, style)).collect(),
        DiagnosticFormat::Json => json::render(diagnostics, sources),
        DiagnosticFormat::Github => diagnostics.iter().map(|d| github::render(d, sources)).collect(),
        DiagnosticFormat::Sarif => sarif::render(diagnostics, sources),
        DiagnosticFormat::Junit => junit::render(diagnostics, sources),
    }
}

fn concise(diagnostic: &Diagnostic, sources: &SourceMap, style: DiagnosticStyle) -> String {
    let place = match &diagnostic.primary {
        Some(label) => format!("{}: ", Place::of(label.span, sources)),
        None => String::new(),
    };
    let code = escape::printable(&diagnostic.code);
    let severity = severity_name(diagnostic.severity);
    let message = escape::printable(&diagnostic.message);
    if style.color {
        let paint = full::severity_style(diagnostic.severity);
        format!("{place}{paint}{severity}[{code}]{paint:#} {message}\n")
    } else {
        format!("{place}{severity}[{code}] {message}\n")
    }
}

fn severity_name(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "info",
    }
}

/// How many diagnostics there are of each severity. Displays as `2 errors, 1 warning`, or as
/// nothing when there are none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Errors.
    pub errors: usize,
    /// Warnings.
    pub warnings: usize,
    /// Remarks.
    pub infos: usize,
}

impl Tally {
    /// Counts them.
    pub fn of(diagnostics: &[Diagnostic]) -> Tally {
        let mut tally = Tally::default();
        for diagnostic in diagnostics {
            match diagnostic.severity {
                Severity::Error => tally.errors += 1,
                Severity::Warning => tally.warnings += 1,
                Severity::Info => tally.infos += 1,
            }
        }
        tally
    }

    /// Whether there is nothing to tell.
    pub fn is_empty(&self) -> bool {
        *self == Tally::default()
    }
}

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "remark")];
        let parts: Vec<String> = counts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, noun)| format!("{count} {noun}{}", if *count == 1 { "" } else { "s" }))
            .collect();
        f.write_str(&parts.join(", "))
    }
}

/// What the tests of all formats share.
#[cfg(test)]
mod testing {
    use super::*;
    use crate::base::Span;

    /// A map with one file `facts/a.ron` of that text.
    pub fn source(text: &str) -> SourceMap {
        let mut sources = SourceMap::new();
        sources.add("facts/a.ron", text);
        sources
    }

    /// The first occurrence of `part` in the first file.
    pub fn span(sources: &SourceMap, part: &str) -> Span {
        let file = crate::base::FileId(0);
        let start = sources.file(file).text().unwrap().find(part).unwrap();
        Span::new(file, start, start + part.len())
    }

    /// An error without a place.
    pub fn error(message: &str) -> Diagnostic {
        Diagnostic {
            code: "FL201".to_owned(),
            name: "unknown-relation".to_owned(),
            severity: Severity::Error,
            message: message.to_owned(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// All of them in one format, without colour.
    pub fn rendered(diagnostics: &[Diagnostic], sources: &SourceMap, format: DiagnosticFormat) -> String {
        render(diagnostics, sources, format, DiagnosticStyle::default())
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;

    #[test]
    fn concise_is_one_line_each() {
        let sources = source("[\n  Atended(l: 1),\n]\n");
        let at = span(&sources, "Atended");
        let placed = error("no relation is called `Atended\u{1b}\n`").at(at);
        assert_eq!(
            rendered(&[placed, error("no rules")], &sources, DiagnosticFormat::Concise),
            "facts/a.ron:2:3: error[FL201] no relation is called `Atended\\u{1b}\\n`\nerror[FL201] no rules\n"
        );
    }

    #[test]
    fn a_tally_counts_in_words() {
        let warning = Diagnostic { severity: Severity::Warning, ..error("w") };
        let tally = Tally::of(&[error("a"), warning.clone(), error("b")]);
        assert_eq!(tally.to_string(), "2 errors, 1 warning");
        assert_eq!(Tally::of(&[warning]).to_string(), "1 warning");
        assert!(Tally::of(&[]).is_empty());
    }

    #[test]
    fn formats_are_known_by_name() {
        for format in DiagnosticFormat::ALL {
            assert_eq!(DiagnosticFormat::from_name(format.name()), Some(format));
        }
        assert_eq!(DiagnosticFormat::from_name("gitlab"), None);
    }
}
