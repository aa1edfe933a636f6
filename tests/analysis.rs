//! The cases of `tests/corpus/analysis`: `NAME.dl` beside `NAME.expected`, which holds for each
//! diagnostic, in order, a line that `line:column code message` begins with.

use std::path::Path;

use factlog::analysis;
use factlog::base::{SourceMap, diagnostic};
use factlog::syntax::datalog::parse_program;

/// `line:column code message` for each diagnostic of a program.
fn diagnostics(text: &str) -> Vec<String> {
    let mut map = SourceMap::new();
    let file = map.add("case", text);
    let (program, mut found) = parse_program(file, text);
    let (schema, declared) = analysis::declare(&[&program]);
    found.extend(declared);
    found.extend(analysis::analyze(schema, &[&program]).diagnostics);
    diagnostic::sort(&mut found);
    found
        .iter()
        .map(|diagnostic| {
            let place = map.file(file).line_col(diagnostic.span().unwrap().start);
            format!("{}:{} {} {}", place.line, place.column, diagnostic.code, diagnostic.message)
        })
        .collect()
}

#[test]
fn each_case_gets_its_diagnostics() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/analysis");
    let mut cases = 0;
    let mut wrong = String::new();
    for entry in std::fs::read_dir(&folder).unwrap() {
        let case = entry.unwrap().path();
        if case.extension().is_none_or(|extension| extension != "dl") {
            continue;
        }
        cases += 1;
        let found = diagnostics(&std::fs::read_to_string(&case).unwrap());
        let expected = std::fs::read_to_string(case.with_extension("expected")).unwrap();
        let expected: Vec<&str> = expected.lines().collect();
        let same = found.len() == expected.len()
            && found.iter().zip(&expected).all(|(found, expected)| found.starts_with(expected));
        if !same {
            wrong += &format!(
                "{}\n--- expected\n{}\n--- found\n{}\n",
                case.display(),
                expected.join("\n"),
                found.join("\n")
            );
        }
    }
    assert!(cases >= 7, "the corpus is there");
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn a_column_that_is_named_already_is_not_suggested() {
    let mut map = SourceMap::new();
    let text = ".decl P(leader: symbol, ledger: symbol)\nA(x) :- P(leader: x, leder: x).";
    let file = map.add("case", text);
    let (program, _) = parse_program(file, text);
    let (schema, _) = analysis::declare(&[&program]);
    let found = analysis::analyze(schema, &[&program]).diagnostics;
    assert_eq!(found[0].code, "FL202");
    assert_eq!(found[0].help, ["did you mean `ledger`?"]);
}

#[test]
fn a_column_that_names_its_variable_is_left_out_and_not_quoted() {
    // `leader:` is both, and `"leader":` would be no column.
    for body in ["n = count : { A(x: 1, leader:) }", "A(x: n, leader:)", "A(x: n, p: (leader:))"] {
        let text = format!(
            ".type P = [leader: symbol]\n.decl A(x: number, leader: symbol?, p: P?)\nR(n) :- {body}.\n"
        );
        let (program, _) = parse_program(SourceMap::new().add("case", text.as_str()), &text);
        let (schema, _) = analysis::declare(&[&program]);
        let found = analysis::analyze(schema, &[&program]).diagnostics;
        assert_eq!(found.iter().map(|found| &*found.code).collect::<Vec<_>>(), ["FL500"], "{body}");
        assert_eq!(found[0].fix, None, "{body}");
        assert_eq!(found[0].help, ["leave the column out if any value will do"], "{body}");
    }
}
