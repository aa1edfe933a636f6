//! The cases of `tests/corpus/syntax`: `NAME.dl` beside `NAME.expected`, which holds one line
//! `line:column code message` for each diagnostic, or nothing for a program without mistakes.

use std::fmt::Write;
use std::path::Path;

use factlog::base::{Diagnostic, SourceMap};
use factlog::syntax::datalog::parse_program;

/// `line:column code message` for each diagnostic, in order.
fn concise(map: &SourceMap, diagnostics: &[Diagnostic]) -> String {
    let mut out = String::new();
    for diagnostic in diagnostics {
        let place = diagnostic.span().map(|span| map.file(span.file).line_col(span.start));
        let (line, column) = place.map_or((0, 0), |place| (place.line, place.column));
        writeln!(out, "{line}:{column} {} {}", diagnostic.code, diagnostic.message).unwrap();
    }
    out
}

#[test]
fn each_case_gets_its_diagnostics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/syntax");
    let mut cases: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "dl"))
        .collect();
    cases.sort();
    assert!(cases.len() > 10, "the corpus is there");
    let mut wrong = String::new();
    for case in &cases {
        let text = std::fs::read_to_string(case).unwrap();
        let expected = std::fs::read_to_string(case.with_extension("expected")).unwrap_or_default();
        let mut map = SourceMap::new();
        let file = map.add("case", text.as_str());
        let (_, diagnostics) = parse_program(file, &text);
        let found = concise(&map, &diagnostics);
        if found.trim_end() != expected.trim_end() {
            writeln!(wrong, "{}\n--- expected\n{expected}--- found\n{found}", case.display()).unwrap();
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
