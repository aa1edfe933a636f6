//! The deliberate divergences from the `ron` crate, row by row of the table in `docs/ron.md`.

use factlog::base::FileId;
use factlog::syntax::ron::{Kind, Parse, parse};
use serde::Deserialize;

fn read(text: &str) -> Parse<'_> {
    parse(FileId(0), text)
}

fn errors(text: &str) -> Vec<String> {
    read(text).diagnostics.into_iter().filter(|d| d.is_error()).map(|d| d.code).collect()
}

fn crate_accepts(text: &str) -> bool {
    ron::from_str::<ron::Value>(text).is_ok()
}

fn refused_here_only(text: &str, code: &str) {
    assert!(crate_accepts(text), "{text:?}: {:?}", ron::from_str::<ron::Value>(text));
    assert_eq!(errors(text), [code], "{text:?}");
}

fn accepted_here_only(text: &str) {
    assert!(!crate_accepts(text), "{text:?}");
    assert_eq!(errors(text), Vec::<String>::new(), "{text:?}");
}

#[test]
fn nesting_deeper_than_64() {
    let nested = |depth: usize| format!("{}1{}", "Some(".repeat(depth), ")".repeat(depth));
    assert_eq!(errors(&nested(64)), Vec::<String>::new());
    refused_here_only(&nested(65), "FL004");
    let lists = |depth: usize| format!("{}1{}", "[".repeat(depth), "]".repeat(depth));
    assert!(crate_accepts(&lists(64)) && errors(&lists(64)).is_empty());
    assert_eq!(errors(&lists(100_000)), ["FL004"]);
}

#[test]
fn duplicates() {
    refused_here_only("(a: 1, b: 2, a: 3)", "FL020");
    refused_here_only("(type: 1, r#type: 2)", "FL020");
    refused_here_only("{1: 2, 0x1: 3}", "FL021");
}

#[test]
fn byte_order_mark_and_empty_files() {
    accepted_here_only("\u{feff}[1]");
    accepted_here_only("");
    accepted_here_only("  // nothing yet\n/* really */");
}

#[test]
fn a_lone_cr_ends_a_line_comment() {
    accepted_here_only("// a comment\r1");
}

#[test]
fn numbers_too_large() {
    for text in ["1e400", "-1e400", "1e39f32", "18446744073709551616", "-9223372036854775809"] {
        refused_here_only(text, "FL016");
    }
}

#[test]
fn bidirectional_controls() {
    refused_here_only("\u{200e}1", "FL005");
    refused_here_only("1 // \u{202e}", "FL005");
    let in_string = read("\"\u{202e}\"");
    assert!(in_string.diagnostics.iter().all(|d| d.code == "FL006" && !d.is_error()));
    assert_eq!(in_string.diagnostics.len(), 1);
}

#[test]
fn some_needs_its_parenthesis_even_under_implicit_some() {
    refused_here_only("#![enable(implicit_some)]Some 5", "FL026");
}

#[test]
fn struct_names_that_the_document_demands() {
    #[derive(Debug, Deserialize)]
    #[allow(dead_code)]
    struct Point {
        x: i64,
    }
    let text = "#![enable(explicit_struct_names)](x: 1)";
    refused_here_only(text, "FL024");
    assert!(ron::from_str::<Point>(text).is_err(), "into a struct the crate refuses it as well");
    assert_eq!(errors("#![enable(explicit_struct_names)]Point(x: 1)"), Vec::<String>::new());
}

#[test]
fn blanks_inside_the_unit() {
    assert!(ron::from_str::<()>("()").is_ok() && ron::from_str::<()>("( )").is_err());
    assert_eq!(read("( )").tree.root().unwrap().kind(), Kind::Unit);
}

#[test]
fn strings_longer_than_16_mib() {
    let text = format!("\"{}\"", "x".repeat((16 << 20) + 1));
    refused_here_only(&text, "FL019");
}

#[test]
fn all_mistakes_are_reported() {
    let text = "[\n    A(x: 1 y: 2),\n    B(z: ),\n    C(date: 2025-11-06),\n    D(\"q\": 1),\n]";
    assert_eq!(errors(text), ["FL011", "FL012", "FL015", "FL013"]);
}
