//! Bad RON: every mistake of a file in one run, at the right place, with the right code, and none
//! that is only a consequence of another.

use std::time::{Duration, Instant};

use factlog::base::codes;
use factlog::base::{Diagnostic, SourceMap};
use factlog::syntax::ron::parse;

fn diagnostics(text: &str) -> (SourceMap, Vec<Diagnostic>) {
    let mut map = SourceMap::new();
    let file = map.add("f", text);
    let found = parse(file, text).diagnostics;
    (map, found)
}

/// The findings as `name line:column`, without the prefix `ron-`.
fn check(text: &str, expected: &[&str]) {
    let (map, found) = diagnostics(text);
    let found: Vec<String> = found
        .iter()
        .map(|d| {
            let place = map.place(d.span().expect("a finding in a text has a place"));
            format!("{} {}", d.name.trim_start_matches("ron-"), place.trim_start_matches("f:"))
        })
        .collect();
    assert_eq!(found, expected, "{text}");
}

/// Applies the fix of the only finding.
fn mended(text: &str) -> String {
    let (_, found) = diagnostics(text);
    assert_eq!(found.len(), 1, "{text}: {found:?}");
    let mut edits = found[0].fix.clone().unwrap_or_else(|| panic!("no fix: {text}")).edits;
    edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
    let mut out = text.to_owned();
    for (span, replacement) in edits {
        out.replace_range(span.range(), &replacement);
    }
    out
}

#[test]
fn several_mistakes_in_one_run() {
    check(
        "[\n    P(id: \"a\", date: 2025-11-06, n: 'abc'),\n    Q(\"z\": 1, w = 2; v: \u{201c}x\u{201d}),\n    R(a: 1, a: 2),\n    S(x: , y: \"\\q\"),\n]",
        &[
            "number 2:22",
            "character 2:37",
            "field 3:7",
            "field 3:17",
            "missing-comma 3:20",
            "unexpected-character 3:25",
            "duplicate-field 4:13",
            "missing-value 5:10",
            "escape 5:16",
        ],
    );
}

#[test]
fn brackets_that_stay_open() {
    check("[\n    A(x: 1,\n    A(x: 2),\n    B(y: ),\n]", &["unclosed 2:6", "missing-value 4:10"]);
    check("[\n    A(x: 1\n    A(x: 2),\n    B(y: ),\n]", &["unclosed 2:6", "missing-value 4:10"]);
    check("[\n    A(1, 2\n    A(3, 4),\n]", &["unclosed 2:6"]);
    check("[\n    D(p: [1, 2], y: (1, 2),\n]\n", &["unclosed 2:6"]);
    check("[A(1, 2", &["unclosed 1:3"]);
    check("[A(1, 2]", &["unclosed 1:3"]);
    check(
        "[\n    D(p: [\"kz\", \"us\"), y: 1),\n    E(x: ),\n]",
        &["stray-bracket 2:21", "missing-value 3:10"],
    );
    check("[A(x: 1)]]", &["stray-bracket 1:10"]);
    check("[1, 2))", &["stray-bracket 1:6"]);
    check("{1: [2, 3}", &["unclosed 1:5"]);
}

#[test]
fn quotes_that_are_missing() {
    check(
        "[\n    P(id: \"t, y: 3),\n    P(id: \"m\", name: \"M\"),\n    Q(z: ),\n]",
        &["unclosed-string 2:11", "missing-value 4:10"],
    );
    check("[\n    P(id: t\", y: 3),\n    Q(z: ),\n]", &["unclosed-string 2:12", "missing-value 3:10"]);
    check("[\n    P(id: \"t, name: \"Tok\"),\n    Q(z: ),\n]", &["missing-comma 2:22", "missing-value 3:10"]);
    check("[\n    P(id: \"t),\n    Q(z: ),\n]", &["unclosed-string 2:11", "missing-value 3:10"]);
    check("[r#\"never\"]", &["unclosed-string 1:2"]);
}

#[test]
fn commas_colons_and_values() {
    check("[\n    A(x: 1)\n    B(y: 2)\n]", &["missing-comma 3:5"]);
    check("[A(x: 1 y: 2), B(z: 1 2)]", &["missing-comma 1:9", "missing-comma 1:23"]);
    check("[1,,2]", &["missing-value 1:4"]);
    check("(a: 1, 2, b)", &["field 1:8", "field 1:11"]);
    check("(a: 1,, b: 2)", &["missing-value 1:7"]);
    check("{\"a\" 1, \"b\" = 2, \"c\"}", &["field 1:6", "field 1:13", "field 1:21"]);
    check("[A(x 1), A(x: )]", &["field 1:6", "missing-value 1:15"]);
    check("[Some 5, Some(1, 2), Some()]", &["some 1:2", "some 1:10", "some 1:22"]);
}

#[test]
fn around_the_value() {
    check("P(id: 1),\nP(id: 2),\nQ(z: ),", &["trailing 1:9", "missing-value 3:6"]);
    check("[1],", &["trailing 1:4"]);
    check("]", &["missing-value 1:1"]);
    check(
        "#![enable(implicit_none)]\n#[x]\n[1 2]",
        &["extension 1:11", "attribute 2:2", "missing-comma 3:4"],
    );
    check("/* a /* b */ 1", &["unclosed-comment 1:1"]);
    let (_, found) = diagnostics("#![enable(implicit_som)]1");
    assert_eq!(found[0].help[0], "did you mean `implicit_some`?");
}

#[test]
fn characters_that_do_not_belong() {
    check(
        "[\u{a0}1, \u{feff}2, \u{200b}3]",
        &["unexpected-character 1:2", "unexpected-character 1:6", "unexpected-character 1:10"],
    );
    check("[1, /* \u{202e} */ 2, \u{2066}3]", &["bidi-control 1:8", "bidi-control 1:16"]);
    check("[@, $x, 1 ~ 2]", &["unexpected-character 1:2", "unexpected-character 1:5", "missing-comma 1:11"]);
    check("\u{feff}[\"\u{202e}\"]", &["bidi-in-string 1:4"]);
}

#[test]
fn a_merge_conflict_is_one_finding_with_both_sides() {
    let text = "[\n<<<<<<< HEAD\n    A(x: 1),\n=======\n    A(x: 2),\n>>>>>>> other\n    B(y: ),\n]";
    check(text, &["merge-conflict 2:1", "missing-value 7:10"]);
    let (map, found) = diagnostics(text);
    let others: Vec<_> = found[0].secondary.iter().map(|label| map.place(label.span)).collect();
    assert_eq!(others, ["f:4:1", "f:6:1"]);
    check(
        &text.replace("=======", "||||||| base\n    A(x: 0),\n======="),
        &["merge-conflict 2:1", "missing-value 9:10"],
    );
    check(&text.replace('\n', "\r\n"), &["merge-conflict 2:1", "missing-value 7:10"]);
    check("[\n=======\n1]", &["merge-conflict 2:1"]);
    check("[\"\n<<<<<<< HEAD\n\"]", &[]);
}

#[test]
fn brackets_that_a_merge_conflict_breaks_are_not_reported_beside_it() {
    let sides = |ours, theirs, rest| {
        let text = format!("<<<<<<< HEAD\n{ours}\n=======\n{theirs}\n>>>>>>> other\n{rest}\n");
        check(&text, &["merge-conflict 1:1"]);
    };
    sides("(\n    facts: [", "[", "A(x: 1),\n]");
    sides("[", "(\n    facts: [", "A(x: 1),\n],\n)");
    sides("A(x: 1),\nA(x: 2),", "A(x: 3),", "A(x: 4),\n]");
    check(
        "A(x: 1),\n<<<<<<< HEAD\nA(x: 2),\n=======\nA(x: 3),\n>>>>>>> b\nA(x: 4),\n",
        &["merge-conflict 2:1"],
    );
    check("[\n<<<<<<< HEAD\nA(x: 1),\n=======\nA(x: 2),\n]", &["merge-conflict 2:1"]);
}

#[test]
fn numbers() {
    check(
        "[1e400, 99999999999999999999, 256u8, 0b2, 0X1, 1__0]",
        &["number-range 1:2", "number-range 1:9", "number-range 1:31", "number 1:38", "number 1:43"],
    );
    check("{99999999999999999999: 1, 3: 2025-01-01}", &["number-range 1:2", "number 1:30"]);
}

#[test]
fn duplicates_mark_both_places() {
    let (map, found) = diagnostics("[A(x: 1, y: 2, r#x: 3), {1: 2, 0x1: 3}]");
    let places: Vec<_> =
        found.iter().map(|d| (map.place(d.span().unwrap()), map.place(d.secondary[0].span))).collect();
    assert_eq!(places, [("f:1:16".into(), "f:1:4".into()), ("f:1:32".to_owned(), "f:1:26".to_owned())]);
    let wide: String = (0..1000).map(|i| format!("field_{i}: 1, ")).collect();
    check(&format!("({wide}\nfield_7: 2)"), &["duplicate-field 2:1"]);
}

#[test]
fn fixes_mend_the_text() {
    for (text, better) in [
        ("[A(x: 1) B(y: 2)]", "[A(x: 1), B(y: 2)]"),
        ("[A(x = 1)]", "[A(x : 1)]"),
        ("[A(x 1)]", "[A(x: 1)]"),
        ("[A(\"x\": 1)]", "[A(x: 1)]"),
        ("[A(x: 1; y: 2)]", "[A(x: 1, y: 2)]"),
        ("[A(x: 2025-11-06)]", "[A(x: \"2025-11-06\")]"),
        ("[A(x: 'abc')]", "[A(x: \"abc\")]"),
        ("[A(x: abc\")]", "[A(x: \"abc\")]"),
        ("[A(x: Some 5)]", "[A(x: Some(5))]"),
        ("[\n    A(x: 1,\n    B(y: 2),\n]", "[\n    A(x: 1),\n    B(y: 2),\n]"),
        ("[A(x: [1, 2), y: 3)]", "[A(x: [1, 2], y: 3)]"),
        ("[A(x: (1, 2", "[A(x: (1, 2))]"),
        ("[1, 2],", "[1, 2]"),
        ("A(x: 1),\nA(x: 2),\n", "[\nA(x: 1),\nA(x: 2),\n]\n"),
        ("[\"\u{202e}\"]", "[\"\\u{202e}\"]"),
        ("[\u{a0}1]", "[ 1]"),
    ] {
        assert_eq!(mended(text), better);
        let (_, left) = diagnostics(better);
        assert_eq!(left, vec![], "{better}");
    }
}

#[test]
fn reading_ends_after_two_hundred_mistakes() {
    let (_, found) = diagnostics(&format!("[{}]", "A(x: ),\n".repeat(10_000)));
    assert_eq!(found.len(), 200);
    assert_eq!(found[199].code, codes::files::TOO_MANY_MISTAKES.code);
}

#[test]
fn what_is_broken_is_marked() {
    let parsed = parse(factlog::base::FileId(0), "[A(x: ), B(y: 1), C(z: [1 2])]");
    let broken: Vec<_> = parsed.tree.root().unwrap().children().map(|node| node.is_broken()).collect();
    assert_eq!(broken, [true, false, true]);
}

fn best_of_five(text: &str) -> Duration {
    (0..5)
        .map(|_| {
            let start = Instant::now();
            drop(parse(factlog::base::FileId(0), text));
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}

/// Doubling a file at most triples the time it takes, whatever is in it.
#[test]
fn cost_is_linear() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 11] = [
        ("facts", |n| format!("[{}]", "A(x: 1, y: \"abc\"),\n".repeat(n))),
        ("one wide struct", |n| {
            format!("({})", (0..n).map(|i| format!("field_{i}: 1,")).collect::<String>())
        }),
        ("one map", |n| format!("{{{}}}", (0..n).map(|i| format!("\"{i}\": 1,")).collect::<String>())),
        ("one string", |n| format!("\"{}\"", "a\\n".repeat(n))),
        ("one raw string", |n| format!("r##\"{}\"##", "\"#".repeat(n))),
        ("nested comments", |n| format!("{}{}1", "/*".repeat(n), "*/".repeat(n))),
        ("comments", |n| format!("[{}]", "1, // c\n".repeat(n))),
        ("open brackets", |n| "[".repeat(n)),
        ("open quotes", |n| "\"\\\"\n".repeat(n)),
        ("mistakes", |n| "A(x: \"b, @ [\n".repeat(n)),
        ("deep and broken", |n| format!("{}{}", "Some(".repeat(70), "(1, ".repeat(n))),
    ];
    for (name, shape) in shapes {
        let (small, large) = (shape(20_000), shape(40_000));
        // A busy machine may spoil one measurement, but not all of three.
        let linear = (0..3).any(|_| {
            let (a, b) = (best_of_five(&small), best_of_five(&large));
            b < a * 3 + Duration::from_millis(2)
        });
        assert!(linear, "{name}");
    }
}

#[test]
fn a_struct_in_braces_is_one_mistake() {
    check("[\n    P{id: \"x\", n: [1, {2: 3}]},\n    Q(a 1),\n]", &["stray-bracket 2:6", "field 3:9"]);
    check("[P { id: (1 ]", &["unclosed 1:1", "stray-bracket 1:4"]);
}
