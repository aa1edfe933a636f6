//! `fmt` of RON: prints what it parses, keeps every comment, and is idempotent.

mod ron_support;

use std::fmt::Write;

use factlog::base::FileId;
use factlog::syntax::ron::{Layout, NoSchema, Node, Tree, one_line, parse, print};
use proptest::prelude::*;
use ron_support::{Choices, config, document};

/// What a document says, apart from its layout.
fn meaning(tree: &Tree<'_>) -> String {
    fn write(node: Node<'_>, out: &mut String) {
        let value = (
            node.as_int(),
            node.as_float().map(|f| if f.is_nan() { f64::NAN.to_bits() } else { f.to_bits() }),
        );
        write!(out, "{:?} {:?} {:?} {value:?} ", node.kind(), node.field_name(), node.name()).unwrap();
        write!(out, "{:?} {:?} {:?} ", node.as_str(), node.as_bytes(), node.as_char()).unwrap();
        write!(out, "{:?} {:?} {:?}(", node.int_type(), node.float_suffix(), node.as_range()).unwrap();
        // The order of fields says nothing.
        let mut children: Vec<_> = node.children().collect();
        children.sort_by_key(|child| child.field_name());
        children.into_iter().for_each(|child| write(child, out));
        out.push(')');
    }
    let mut out = String::new();
    tree.root().into_iter().for_each(|root| write(root, &mut out));
    out
}

fn comments(tree: &Tree<'_>) -> Vec<String> {
    let text = |start: u32, end: u32| tree.text()[start as usize..end as usize].trim_end().to_owned();
    let mut all: Vec<_> = tree.comments().iter().map(|comment| text(comment.start, comment.end)).collect();
    all.sort();
    all
}

fn formatted(text: &str, layout: &dyn Layout) -> String {
    let parsed = parse(FileId(0), text);
    assert_eq!(parsed.diagnostics, vec![], "{text}");
    print(&parsed.tree, layout)
}

/// Turns the order of fields around, whatever they are.
struct Backwards;

impl Layout for Backwards {
    fn arity(&self, _: &str) -> Option<usize> {
        None
    }

    fn position(&self, _: &str, column: &str) -> Option<usize> {
        (!column.starts_with('_')).then(|| usize::from(u8::MAX) - usize::from(column.as_bytes()[0]))
    }

    fn column(&self, _: &str, _: usize) -> Option<&str> {
        None
    }
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn printing_keeps_meaning_and_comments(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = document(&mut Choices::new(&bytes));
        let before = parse(FileId(0), &text);
        if before.diagnostics.iter().any(|d| d.is_error()) {
            return Ok(());
        }
        let printed = print(&before.tree, &NoSchema);
        let after = parse(FileId(0), &printed);
        prop_assert_eq!(&after.diagnostics, &vec![], "{:?}\n{}", text, printed);
        prop_assert_eq!(meaning(&before.tree), meaning(&after.tree), "{:?}\n{}", text, printed);
        prop_assert_eq!(comments(&before.tree), comments(&after.tree), "{:?}\n{}", text, printed);
        prop_assert_eq!(&print(&after.tree, &NoSchema), &printed, "not idempotent: {:?}", text);
        let values = (ron::from_str::<ron::Value>(&text), ron::from_str::<ron::Value>(&printed));
        prop_assert!(values.0.is_ok() && values.0 == values.1, "{:?}\n{}\n{:?}", text, printed, values);
        for line in printed.lines() {
            prop_assert_eq!(line, line.trim_end(), "a blank at the end of a line: {:?}", printed);
        }
    }

    #[test]
    fn reordering_is_idempotent_and_keeps_comments(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let text = format!("[{}]", document(&mut Choices::new(&bytes)).replace("#![", "//#!["));
        let before = parse(FileId(0), &text);
        if before.diagnostics.iter().any(|d| d.is_error()) {
            return Ok(());
        }
        let printed = print(&before.tree, &Backwards);
        let after = parse(FileId(0), &printed);
        prop_assert_eq!(&after.diagnostics, &vec![], "{:?}\n{}", text, printed);
        prop_assert_eq!(comments(&before.tree), comments(&after.tree), "{:?}\n{}", text, printed);
        prop_assert_eq!(&print(&after.tree, &Backwards), &printed, "not idempotent: {:?}", text);
    }

    #[test]
    fn one_line_reads_back(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let text = document(&mut Choices::new(&bytes));
        let before = parse(FileId(0), &text);
        if before.diagnostics.iter().any(|d| d.is_error()) || before.tree.extensions().unwrap_variant_newtypes {
            return Ok(());
        }
        let Some(root) = before.tree.root() else { return Ok(()) };
        let line = one_line(root);
        prop_assert!(!line.contains('\n'), "{:?}", line);
        let after = parse(FileId(0), &line);
        prop_assert_eq!(meaning(&before.tree), meaning(&after.tree), "{:?}\n{}", text, line);
    }
}

/// `Attended(leader, summit, role)` and `Person(id, name)`.
struct Schema;

impl Schema {
    fn columns(relation: &str) -> &'static [&'static str] {
        match relation {
            "Attended" => &["leader", "summit", "role"],
            "Person" => &["id", "name"],
            _ => &[],
        }
    }
}

impl Layout for Schema {
    fn arity(&self, relation: &str) -> Option<usize> {
        Some(Self::columns(relation).len()).filter(|&len| len > 0)
    }

    fn position(&self, relation: &str, column: &str) -> Option<usize> {
        Self::columns(relation).iter().position(|known| *known == column)
    }

    fn column(&self, relation: &str, position: usize) -> Option<&str> {
        Self::columns(relation).get(position).copied()
    }
}

#[test]
fn facts_get_the_layout_that_merges_well() {
    let text = "\u{feff}// The summit.\r\n[Attended( _at:'L5'.., )]";
    // A character is no place, but the layout does not care.
    assert!(!parse(FileId(0), text).diagnostics.is_empty());
    let text = "\u{feff}// The summit.\r\n\r\n\r\n[  // facts\n\
        Attended(_at: \"L5\", _src: \"s\", summit: \"x\", leader: \"t\"), // trailing\n\
        Person(\"t\", \"Tokayev\")\n\n,\n\n/* group */\n// more\nAttended(role: Host, summit: \"y\" /* y? */, leader: \"u\",)\n// end\n]\n";
    let expected = "// The summit.\n\n[ // facts\n\
    \x20   Attended(leader: \"t\", summit: \"x\", _src: \"s\", _at: \"L5\"), // trailing\n\
    \x20   Person(id: \"t\", name: \"Tokayev\"),\n\
    \n\
    \x20   /* group */\n\
    \x20   // more\n\
    \x20   Attended(leader: \"u\", summit: \"y\" /* y? */, role: Host),\n\
    \x20   // end\n\
    ]\n";
    assert_eq!(formatted(text, &Schema), expected);
}

#[test]
fn a_fact_of_more_than_120_columns_is_broken_by_field() {
    let long = "x".repeat(70);
    let text =
        format!("[Attended(leader: \"{long}\", role: Host, summit: \"xian_2023\", _by: [\"a\", \"b\"])]");
    let expected = format!(
        "[\n    Attended(\n        leader: \"{long}\",\n        summit: \"xian_2023\",\n        role: Host,\n        _by: [\"a\", \"b\"],\n    ),\n]\n"
    );
    assert_eq!(formatted(&text, &Schema), expected);
    // The 120th column is still within, the comma included.
    let fits = "y".repeat(120 - "    Person(id: \"\", name: \"z\"),".len());
    let line = |id: &str| format!("[\n    Person(id: \"{id}\", name: \"z\"),\n]\n");
    assert_eq!(formatted(&line(&fits), &Schema), line(&fits));
    assert_ne!(formatted(&line(&format!("{fits}y")), &Schema), line(&format!("{fits}y")));
}

#[test]
fn a_file_with_defaults() {
    let text = "(facts:[Person(id:\"t\")],defaults:(_status:Planned,_src:\"s\"))";
    let expected = "(\n    facts: [\n        Person(id: \"t\"),\n    ],\n    defaults: (_src: \"s\", _status: Planned),\n)\n";
    assert_eq!(formatted(text, &Schema), expected);
}

#[test]
fn literals_have_one_form() {
    for (written, normal) in [
        ("0xff", "255"),
        ("+1_000", "1000"),
        ("-0b10i8", "-2i8"),
        ("1.50", "1.5"),
        ("2e3", "2000.0"),
        ("0.1f32", "0.1f32"),
        ("1e300", "1e300"),
        ("-inf", "-inf"),
        ("-NaN", "NaN"),
        ("\"a\\u{62}\\x63\"", "\"abc\""),
        ("\"say \\\"hi\\\"\"", "r#\"say \"hi\"\"#"),
        ("r##\"plain\"##", "\"plain\""),
        ("\"a\\\\b\"", "r\"a\\b\""),
        ("\"a\\\\b\\n\"", "\"a\\\\b\\n\""),
        ("\"two\nlines\"", "\"two\\nlines\""),
        ("'\\u{61}'", "'a'"),
        ("'\\''", "'\\''"),
        ("b\"\\x41\\xff\"", "b\"A\\xff\""),
        ("b'\\x41'", "b'A'"),
        ("Some ( 1 )", "Some(1)"),
        ("Rel ( )", "Rel()"),
        ("( )", "()"),
    ] {
        assert_eq!(
            formatted(&format!("[{written}]"), &NoSchema),
            format!("[\n    {normal},\n]\n"),
            "{written}"
        );
    }
}

#[test]
fn comments_stay_where_they_stand() {
    for text in [
        "// only a comment\n",
        "#![enable(implicit_some)] // why\n\n// before\n[] // behind\n\n// end\n",
        "[\n    // nothing yet\n]\n",
        "[\n    A(x: 1), // one\n\n    // two\n    B(\n        x: 1, // first\n        // second\n        y: 2,\n    ),\n]\n",
        "[\n    A(x: /* y */ 1),\n    /* z */ B(x: 1),\n]\n",
        "{\n    \"a\": 1, // one\n    \"b\": Some(2),\n}\n",
        "(\n    x: // odd\n        1,\n)\n",
        "[\n    ( // nothing\n    ),\n    A(/* nothing */),\n    Some(/* one */ 1),\n]\n",
        "",
    ] {
        assert_eq!(formatted(text, &NoSchema), text);
    }
}
