//! No text makes the rule parser panic, hang or take more than linear time; nesting is bounded.

use std::time::{Duration, Instant};

use factlog::base::{Diagnostic, FileId};
use factlog::syntax::datalog::print::format_program;
use factlog::syntax::datalog::{
    TokenKind, completeness, lex, parse_atom_pattern, parse_goal, parse_line, parse_program, tokens,
};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

mod datalog_gen;
use datalog_gen::cases;

const FILE: FileId = FileId(0);

fn errors(text: &str) -> Vec<Diagnostic> {
    parse_program(FILE, text).1
}

/// Runs every entry point and checks what must hold of any text.
fn exercise(text: &str) {
    let (program, diagnostics) = parse_program(FILE, text);
    for item in &program.items {
        assert!(text.get(item.span.range()).is_some(), "spans lie on characters");
    }
    for diagnostic in &diagnostics {
        let label = diagnostic.primary.as_ref().expect("a mistake in a text has a place");
        assert!(text.get(label.span.range()).is_some());
        for label in &diagnostic.secondary {
            assert!(text.get(label.span.range()).is_some());
        }
        for (span, _) in diagnostic.fix.iter().flat_map(|fix| &fix.edits) {
            assert!(text.get(span.range()).is_some());
        }
    }
    let (line, line_diagnostics) = parse_line(FILE, text);
    if line.is_none() && !line_diagnostics.iter().any(Diagnostic::is_error) {
        let empty = lex(FILE, text).tokens.iter().all(|token| token.kind == TokenKind::End);
        assert!(empty, "only an empty line gives nothing");
    }
    let (goal, goal_diagnostics) = parse_goal(FILE, text);
    assert!(goal.is_some() || !goal_diagnostics.is_empty());
    let (atom, atom_diagnostics) = parse_atom_pattern(FILE, text);
    assert!(atom.is_some() || !atom_diagnostics.is_empty());
    completeness(text);
    let mut end = 0;
    for (_, range) in tokens(text) {
        assert!(end <= range.start && text.get(range.clone()).is_some());
        end = range.end;
    }
    if let Ok(formatted) = format_program(FILE, text) {
        assert_eq!(format_program(FILE, &formatted).as_deref(), Ok(formatted.as_str()), "{text}");
    }
}

#[test]
fn any_text_is_survived() {
    let mut runner =
        TestRunner::new(Config { cases: cases(4_000), failure_persistence: None, ..Config::default() });
    let text =
        prop::collection::vec(any::<char>(), 0..80).prop_map(|chars| chars.into_iter().collect::<String>());
    let exercised = |text: String| {
        exercise(&text);
        Ok(())
    };
    runner.run(&text, exercised).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_sequence_of_tokens_is_survived() {
    let soup = vec![
        "A",
        "x",
        "_",
        "_src",
        "Some",
        "None",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        ",",
        ";",
        ":",
        ".",
        ":-",
        "?-",
        "?",
        "!",
        "=",
        "!=",
        "<",
        "<=",
        ">",
        ">=",
        "<:",
        "+",
        "-",
        "*",
        "/",
        "%",
        "^",
        "|",
        "@",
        "$",
        "<-",
        "&&",
        "==",
        "\n",
        "\n",
        "\r",
        " ",
        "\t",
        "\"",
        "\"text\"",
        "d\"2025\"",
        "r#\"",
        "\"#",
        "'",
        "“",
        "”",
        "\\",
        "1",
        "1.5",
        "0x",
        "9999999999999999999",
        "1e999",
        "//",
        "/*",
        "*/",
        "#",
        "\u{feff}",
        "\u{202e}",
        ".decl",
        ".comp",
        ".type",
        ".enum",
        ".input",
        ".init",
        ".plan",
        ".dcl",
        "key",
        "range",
        "count",
        "min",
        "max",
        "sum",
        "concat",
        "not",
        "in",
        "match",
        "possibly",
        "true",
        "nil",
        "deny",
        "warn",
        "under",
        "order",
        "by",
        "limit",
        "desc",
        "as",
        "bnot",
        "band",
        "AND",
        "is",
        "<<<<<<<",
        "=======",
        ">>>>>>>",
        "A(x)",
        "A(a: x)",
        "B(1).",
        "c.R(x)",
    ];
    let text = prop::collection::vec((prop::sample::select(soup), any::<bool>()), 0..40).prop_map(|words| {
        words
            .into_iter()
            .map(|(word, gap)| format!("{word}{}", if gap { " " } else { "" }))
            .collect::<String>()
    });
    let mut runner =
        TestRunner::new(Config { cases: cases(6_000), failure_persistence: None, ..Config::default() });
    let exercised = |text: String| {
        exercise(&text);
        Ok(())
    };
    runner.run(&text, exercised).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn nesting_is_allowed_to_64_levels_and_no_further() {
    let shapes: [(&str, &str, &str, &str); 7] = [
        ("A(x) :- ", "(", "true", ")"),
        ("A(x) :- x = ", "(", "1", ")"),
        ("A(x) :- x = ", "[", "", "]"),
        ("A(x) :- ", "!", "true", ""),
        ("A(x) :- x = ", "- ", "y", ""),
        ("A(x) :- n = ", "2 ^ ", "2", ""),
        ("A(x) :- x = ", "f(", "1", ")"),
    ];
    for (head, open, middle, close) in shapes {
        let nested = |depth| format!("{head}{}{middle}{}.", open.repeat(depth), close.repeat(depth));
        assert_eq!(errors(&nested(64)), [], "{open} 64");
        let found = errors(&nested(65));
        assert_eq!(found.len(), 1, "{open} 65: {found:?}");
        assert_eq!(found[0].code, "FL107");
        // A hundred thousand levels overflow no stack, in whichever thread.
        assert!(errors(&nested(100_000)).iter().any(|diagnostic| diagnostic.code == "FL107"), "{open}");
    }
    let aggregates =
        |depth| format!("A(x) :- n = {}B(x){}.", "count : { 1 = ".repeat(depth), " }".repeat(depth));
    assert!(errors(&aggregates(100_000)).iter().any(|diagnostic| diagnostic.code == "FL107"));
    let types = format!(".decl A(x: {}symbol{})", "[".repeat(100_000), "]".repeat(100_000));
    assert!(errors(&types).iter().any(|diagnostic| diagnostic.code == "FL107"));
    let comments = format!("{}{}A(1).", "/*".repeat(100_000), "*/".repeat(100_000));
    assert_eq!(errors(&comments), []);
}

#[test]
fn long_chains_of_operators_are_refused_not_overflowed() {
    let chain = |length| format!("A(x) :- x = 1{}.", " + 1".repeat(length));
    assert_eq!(errors(&chain(200)), []);
    assert_eq!(errors(&chain(100_000))[0].code, "FL107");
    // Chains inside brackets inside chains count together.
    let mut nested = "1".to_owned();
    for _ in 0..40 {
        nested = format!("({nested}{})", " + 1".repeat(200));
    }
    assert_eq!(errors(&format!("A(x) :- x = {nested}."))[0].code, "FL107");
    // Side by side they do not.
    let many = "x = 1 + 2 * 3 - 4, ".repeat(1000);
    assert_eq!(errors(&format!("A(x) :- {many}true.")), []);
}

fn fastest(text: &str) -> Duration {
    let run = || {
        let start = Instant::now();
        let _ = parse_program(FILE, text);
        let _ = parse_line(FILE, text);
        let _ = completeness(text);
        let _ = format_program(FILE, text);
        start.elapsed()
    };
    (0..5).map(|_| run()).min().unwrap()
}

#[test]
fn twice_the_text_takes_at_most_three_times_as_long() {
    type Shape = (&'static str, fn(usize) -> String);
    let shapes: [Shape; 20] = [
        ("clauses", |n| "A(x, \"y\") :- B(a: x), !C(x), x < 3 + 4. // c\n".repeat(n)),
        ("literals", |n| format!("A(x) :- {}true.", "B(x, y), ".repeat(n))),
        ("arguments", |n| format!("A({}1).", "x, ".repeat(n))),
        ("named arguments", |n| format!("A({}z: 1).", "a: x, // c\n".repeat(n))),
        ("alternatives", |n| format!("A(x) :- {}true.", "B(x) ; ".repeat(n))),
        ("heads", |n| format!("{}A(x) :- B(x).", "A(x), ".repeat(n))),
        ("strings on one line", |n| format!("A({}).", "\"a\", ".repeat(n))),
        ("single quotes", |n| "'".repeat(2 * n + 1)),
        ("open strings", |n| "A(\"a\n".repeat(n)),
        ("open raw strings", |n| "A(r#\"a\n".repeat(n)),
        ("open comments", |n| "/* a\n".repeat(n)),
        ("open brackets", |n| "A(x :- B(x).\n".repeat(n)),
        ("only open brackets", |n| "(".repeat(n)),
        ("stray characters", |n| "\u{1}a\u{1}.".repeat(n)),
        ("conflicts", |n| "=======\n".repeat(n)),
        ("missing stops", |n| "A(x) :- B(x)\n".repeat(n)),
        ("missing commas", |n| format!("A(x) :- {}C(x).", "B(x) ".repeat(n))),
        ("minima", |n| format!("A(x) :- x = [{}1].", "min(1, 2) + max(1) * 2, ".repeat(n))),
        ("comments", |n| format!("A(x) :- {}C(x).", "/* a */ /* b */ B(x), ".repeat(n))),
        ("dots", |n| ".a".repeat(n)),
    ];
    for (name, shape) in shapes {
        // Start where the clock can tell the difference.
        let mut n = 200;
        while fastest(&shape(n)) < Duration::from_millis(8) && n < 200_000 {
            n *= 2;
        }
        let ratio = || fastest(&shape(2 * n)).as_secs_f64() / fastest(&shape(n)).as_secs_f64();
        // The machine may be busy; one honest measurement is enough.
        let best = (0..4).map(|_| ratio()).fold(f64::INFINITY, f64::min);
        assert!(best < 3.0, "{name}: doubling {n} takes {best:.1} times as long");
    }
}
