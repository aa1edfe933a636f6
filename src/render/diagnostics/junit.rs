//! JUnit's XML: errors are failed test cases, warnings and remarks passed ones with output, and
//! without any diagnostic one case has passed, so that no reader finds an empty suite.

use super::{Place, Tally, severity_name};
use crate::base::{Diagnostic, Severity, SourceMap, escape};
use crate::render::markup::html;

pub(super) fn render(diagnostics: &[Diagnostic], sources: &SourceMap) -> String {
    let tests = diagnostics.len().max(1);
    let failures = Tally::of(diagnostics).errors;
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <testsuites name=\"factlog\" tests=\"{tests}\" failures=\"{failures}\">\n  \
         <testsuite name=\"check\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\">\n"
    );
    if diagnostics.is_empty() {
        out.push_str("    <testcase classname=\"factlog\" name=\"check\"/>\n");
    }
    for diagnostic in diagnostics {
        out.push_str(&case(diagnostic, sources));
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn case(diagnostic: &Diagnostic, sources: &SourceMap) -> String {
    let code = html(&diagnostic.code);
    let place = diagnostic.primary.as_ref().map(|label| Place::of(label.span, sources));
    let (class, name) = match &place {
        Some(place) => (html(&place.file), format!("{code} {}", html(&place.to_string()))),
        None => ("factlog".to_owned(), code.clone()),
    };
    let mut lines = vec![html(&escape::printable(&diagnostic.message))];
    let extras = diagnostic
        .notes
        .iter()
        .map(|note| ("note", note))
        .chain(diagnostic.help.iter().map(|help| ("help", help)));
    for (kind, text) in extras {
        let text: Vec<String> = text.lines().map(html).collect();
        lines.push(format!("{kind}: {}", text.join("\n")));
    }
    let message = &lines[0];
    let body = lines.join("\n");
    let outcome = if diagnostic.severity == Severity::Error {
        format!("<failure type=\"{code}\" message=\"{message}\">{body}</failure>")
    } else {
        format!("<system-out>{}: {body}</system-out>", severity_name(diagnostic.severity))
    };
    let line = place.map(|place| format!(" file=\"{class}\" line=\"{}\"", place.line)).unwrap_or_default();
    format!("    <testcase classname=\"{class}\" name=\"{name}\"{line}>\n      {outcome}\n    </testcase>\n")
}

#[cfg(test)]
mod tests {
    use crate::base::{Diagnostic, Severity};
    use crate::render::DiagnosticFormat;
    use crate::render::diagnostics::testing::*;

    #[test]
    fn errors_fail_and_warnings_pass() {
        let sources = source("[\n  Atended(l: 1),\n]\n");
        let at = span(&sources, "Atended");
        let warning = Diagnostic { severity: Severity::Warning, ..error("a < b & \u{1b}") };
        let expected = r#"<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="factlog" tests="2" failures="1">
  <testsuite name="check" tests="2" failures="1" errors="0">
    <testcase classname="facts/a.ron" name="FL201 facts/a.ron:2:3" file="facts/a.ron" line="2">
      <failure type="FL201" message="say &quot;hi&quot;">say &quot;hi&quot;
help: do</failure>
    </testcase>
    <testcase classname="factlog" name="FL201">
      <system-out>warning: a &lt; b &amp; \u{1b}</system-out>
    </testcase>
  </testsuite>
</testsuites>
"#;
        let shown = [error("say \"hi\"").at(at).help("do"), warning];
        assert_eq!(rendered(&shown, &sources, DiagnosticFormat::Junit), expected);
    }

    #[test]
    fn no_diagnostics_are_one_passed_case() {
        let text = rendered(&[], &source(""), DiagnosticFormat::Junit);
        assert!(text.contains("tests=\"1\" failures=\"0\"") && text.contains("<testcase "), "{text}");
    }
}
