//! Agreement with the `ron` crate: what is RON, and what it says. The crate is the judge; the
//! deliberate divergences are listed in `docs/ron.md`, each with a test in `ron_divergences.rs`.

mod ron_support;

use std::collections::BTreeMap;

use factlog::base::FileId;
use factlog::syntax::ron::{Kind, Node, Parse, parse};
use proptest::prelude::*;
use ron_support::{Choices, document, mutate, soup};
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

/// What the crate accepts and factlog refuses on purpose, by code: nesting, numbers that are too
/// large, duplicates, and under `implicit_some` a `Some` without parentheses.
const STRICTER: [&str; 5] = ["FL004", "FL016", "FL020", "FL021", "FL026"];

fn assert_agreement(text: &str) -> Result<(), TestCaseError> {
    let ours = errors(text);
    let theirs = crate_accepts(text);
    if theirs && !ours.is_empty() && ours.iter().all(|code| STRICTER.contains(&code.as_str())) {
        return Ok(());
    }
    // Empty and comment-only documents are no error here.
    if ours.is_empty() && !theirs && read(text).tree.is_empty() {
        return Ok(());
    }
    prop_assert_eq!(
        ours.is_empty(),
        theirs,
        "{:?}\nours {:?}\ntheirs {:?}",
        text,
        ours,
        ron::from_str::<ron::Value>(text)
    );
    Ok(())
}

proptest! {
    #![proptest_config(ron_support::config(10_000))]

    #[test]
    fn valid_documents_are_accepted_by_both(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        let text = document(&mut Choices::new(&bytes));
        prop_assert!(crate_accepts(&text), "the generator made {:?}: {:?}", text, ron::from_str::<ron::Value>(&text));
        assert_agreement(&text)?;
    }

    #[test]
    fn mutated_documents_are_accepted_by_both_or_neither(
        bytes in proptest::collection::vec(any::<u8>(), 0..100),
        edits in proptest::collection::vec(any::<u8>(), 4..24),
    ) {
        let text = mutate(document(&mut Choices::new(&bytes)), &mut Choices::new(&edits));
        assert_agreement(&text)?;
    }

    #[test]
    fn token_soup_is_accepted_by_both_or_neither(bytes in proptest::collection::vec(any::<u8>(), 0..24)) {
        assert_agreement(&soup(&mut Choices::new(&bytes)))?;
    }

    #[test]
    fn typed_values_are_the_same(bytes in proptest::collection::vec(any::<u8>(), 0..160)) {
        let mut choices = Choices::new(&bytes);
        let value = V::generate(&mut choices, 4);
        let mut text = String::new();
        value.write(&mut choices, &mut text);
        let theirs: V = ron::from_str(&text).map_err(|e| TestCaseError::fail(format!("{text:?}: {e}")))?;
        let parsed = read(&text);
        prop_assert_eq!(&parsed.diagnostics, &vec![]);
        let ours = V::of(parsed.tree.root().unwrap());
        prop_assert_eq!(&ours, &value, "{}", &text);
        prop_assert_eq!(ours, theirs, "{}", text);
    }
}

/// A value of every shape that RON has, as a typed enum that serde can read.
#[derive(Clone, Debug, PartialEq, Deserialize)]
enum V {
    Nothing,
    Int(i64),
    Unsigned(u64),
    Byte(u8),
    Float(f64),
    Small(f32),
    Text(String),
    Letter(char),
    Truth(bool),
    Maybe(Option<Box<V>>),
    Many(Vec<V>),
    Pair(Box<V>, Box<V>),
    Record { a: Box<V>, b: Option<i64>, s: String },
    Table(BTreeMap<String, V>),
    Tuple((i8, u16)),
    Empty(()),
}

const TEXTS: [&str; 8] =
    ["", "a", "tokayev", "say \"hi\"", "back\\slash", "zwölf 漢", "two\nlines\tand tab", "#\"#"];

impl V {
    fn generate(choices: &mut Choices, depth: usize) -> V {
        let kinds = if depth == 0 { 9 } else { 16 };
        let text = |choices: &mut Choices| TEXTS[choices.below(TEXTS.len())].to_owned();
        match choices.below(kinds) {
            0 => V::Nothing,
            1 => V::Int([0, 1, -1, 255, -128, i64::MIN, i64::MAX, 1_000_000][choices.below(8)]),
            2 => V::Unsigned([0, 7, u64::MAX, 1 << 63][choices.below(4)]),
            3 => V::Byte([0, b'a', b'\'', 255][choices.below(4)]),
            4 => V::Float([0.0, -1.5, 1e300, 0.1, 123456.75, 5e-324, f64::INFINITY][choices.below(7)]),
            5 => V::Small([0.0, 1.5, -0.25, f32::NEG_INFINITY][choices.below(4)]),
            6 => V::Text(text(choices)),
            7 => V::Letter(['a', '\'', '"', '\\', 'ä', '\u{1f600}', '\0'][choices.below(7)]),
            8 => V::Truth(choices.below(2) == 0),
            9 => V::Maybe((choices.below(2) == 0).then(|| Box::new(V::generate(choices, depth - 1)))),
            10 => V::Many((0..choices.below(4)).map(|_| V::generate(choices, depth - 1)).collect()),
            11 => {
                V::Pair(Box::new(V::generate(choices, depth - 1)), Box::new(V::generate(choices, depth - 1)))
            }
            12 => V::Record {
                a: Box::new(V::generate(choices, depth - 1)),
                b: (choices.below(2) == 0).then_some(-5),
                s: text(choices),
            },
            13 => V::Table(
                (0..choices.below(3)).map(|_| (text(choices), V::generate(choices, depth - 1))).collect(),
            ),
            14 => V::Tuple((choices.below(100) as i8 - 50, 60_000)),
            _ => V::Empty(()),
        }
    }

    fn write(&self, choices: &mut Choices, out: &mut String) {
        out.push_str(choices.blank());
        match self {
            V::Nothing => out.push_str("Nothing"),
            V::Int(value) => *out += &format!("Int({})", int(i128::from(*value), "i64", choices)),
            V::Unsigned(value) => *out += &format!("Unsigned({})", int(i128::from(*value), "u64", choices)),
            V::Byte(value) => match choices.below(2) {
                0 if *value < 128 => *out += &format!("Byte(b'{}')", std::ascii::escape_default(*value)),
                _ => *out += &format!("Byte({})", int(i128::from(*value), "u8", choices)),
            },
            V::Float(value) => *out += &format!("Float({})", float(&format!("{value:?}"), "f64", choices)),
            V::Small(value) => *out += &format!("Small({})", float(&format!("{value:?}"), "f32", choices)),
            V::Text(text) => *out += &format!("Text({})", string(text, choices)),
            V::Letter(c) => *out += &format!("Letter('{}')", letter(*c, choices)),
            V::Truth(value) => *out += &format!("Truth({value})"),
            V::Maybe(None) => out.push_str("Maybe(None)"),
            V::Maybe(Some(value)) => {
                out.push_str("Maybe(Some(");
                value.write(choices, out);
                out.push_str("))");
            }
            V::Many(values) => {
                out.push_str("Many([");
                for value in values {
                    value.write(choices, out);
                    out.push(',');
                }
                out.push_str("])");
            }
            V::Pair(a, b) => {
                out.push_str("Pair(");
                a.write(choices, out);
                out.push(',');
                b.write(choices, out);
                out.push_str([")", ",)"][choices.below(2)]);
            }
            V::Record { a, b, s } => {
                *out += &format!("Record(s:{},", string(s, choices));
                out.push_str(["a:", "a : ", "/* x */ a:", "r#a:"][choices.below(4)]);
                a.write(choices, out);
                let b = b.map_or("None".to_owned(), |b| format!("Some({b})"));
                *out += &format!(", b: {b})");
            }
            V::Table(entries) => {
                out.push_str("Table({");
                for (key, value) in entries {
                    *out += &format!("{} :", string(key, choices));
                    value.write(choices, out);
                    out.push(',');
                }
                out.push_str("})");
            }
            V::Tuple((a, b)) => *out += &format!("Tuple(({a}, {b}))"),
            V::Empty(()) => out.push_str("Empty(())"),
        }
        out.push_str(choices.blank());
    }

    /// The same value read off our tree.
    fn of(node: Node<'_>) -> V {
        let first = || node.children().next().unwrap();
        match node.name().unwrap() {
            "Nothing" => V::Nothing,
            "Int" => V::Int(first().as_i64().unwrap()),
            "Unsigned" => V::Unsigned(first().as_int().unwrap().try_into().unwrap()),
            "Byte" => V::Byte(first().as_int().unwrap().try_into().unwrap()),
            "Float" => V::Float(number(first())),
            "Small" => V::Small(number(first()) as f32),
            "Text" => V::Text(first().as_str().unwrap().into_owned()),
            "Letter" => V::Letter(first().as_char().unwrap()),
            "Truth" => V::Truth(first().as_bool().unwrap()),
            "Maybe" => V::Maybe(first().inner().map(|inner| Box::new(V::of(inner)))),
            "Many" => V::Many(first().children().map(V::of).collect()),
            "Pair" => {
                let mut children = node.children().map(|child| Box::new(V::of(child)));
                V::Pair(children.next().unwrap(), children.next().unwrap())
            }
            "Record" => V::Record {
                a: Box::new(V::of(node.field("a").unwrap())),
                b: node.field("b").unwrap().inner().map(|inner| inner.as_i64().unwrap()),
                s: node.field("s").unwrap().as_str().unwrap().into_owned(),
            },
            "Table" => V::Table(
                first()
                    .entries()
                    .map(|(key, value)| (key.as_str().unwrap().into_owned(), V::of(value)))
                    .collect(),
            ),
            "Tuple" => {
                let values: Vec<i64> = first().children().map(|child| child.as_i64().unwrap()).collect();
                V::Tuple((values[0] as i8, values[1] as u16))
            }
            "Empty" => {
                assert_eq!(first().kind(), Kind::Unit);
                V::Empty(())
            }
            other => panic!("{other}"),
        }
    }
}

fn number(node: Node<'_>) -> f64 {
    node.as_float().or_else(|| node.as_int().map(|value| value as f64)).unwrap()
}

fn int(value: i128, suffix: &str, choices: &mut Choices) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let magnitude = value.unsigned_abs();
    match choices.below(8) {
        0 => format!("{sign}0x{magnitude:x}"),
        1 => format!("{sign}0b{magnitude:b}"),
        2 => format!("{sign}0o{magnitude:o}_"),
        3 => format!("{sign}00{magnitude}"),
        4 => format!("{value}{suffix}"),
        5 => format!("{sign}0x{magnitude:X}"),
        _ => format!("{value}"),
    }
}

fn float(written: &str, suffix: &str, choices: &mut Choices) -> String {
    match choices.below(4) {
        0 => format!("{written}{suffix}"),
        1 if written.ends_with(".0") => written.trim_end_matches('0').to_owned(),
        2 if written.starts_with("0.") => written[1..].to_owned(),
        _ => written.to_owned(),
    }
    // "0.0" without its zeros is a lone point.
    .replace("..", ".")
    .split_whitespace()
    .map(|text| if text == "." || text == ".0" { "0.0" } else { text })
    .collect()
}

fn string(text: &str, choices: &mut Choices) -> String {
    match choices.below(4) {
        0 => format!("r###\"{text}\"###"),
        1 => format!("\"{}\"", text.chars().map(|c| format!("\\u{{{:x}}}", c as u32)).collect::<String>()),
        2 => format!("\"{}\"", text.bytes().map(|b| format!("\\x{b:02x}")).collect::<String>()),
        _ => format!("\"{}\\\n   \"", text.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

fn letter(c: char, choices: &mut Choices) -> String {
    match choices.below(2) {
        0 => format!("\\u{{{:x}}}", c as u32),
        _ if c == '\\' => "\\\\".to_owned(),
        _ => c.to_string(),
    }
}

/// Spellings on which a reader of RON could easily disagree with the crate.
#[test]
fn corner_cases() {
    for text in [
        "1_000",
        "1__0",
        "1_",
        "007",
        "0xFF",
        "0b2",
        "0o8",
        "0x",
        "0x_1",
        "0xu8",
        "1u8",
        "256u8",
        "255u8",
        "-1u8",
        "-0u8",
        "-128i8",
        "-129i8",
        "1u9",
        "1u8x",
        "1.5u8",
        "1f32",
        "1f64x",
        "1.",
        "1.e5",
        ".5",
        ".",
        ".e5",
        "1e5",
        "1e",
        "1e+5",
        "1e+_5",
        "1e_5",
        "1._5",
        "1.5_",
        "1_.5",
        "1E5",
        "1e5.5",
        "1.2.3",
        "1-2",
        "1+",
        "-",
        "--1",
        "+-1",
        "+5",
        "- 5",
        "-0x10",
        "0x1e5",
        "0X10",
        "12abc",
        "12f",
        "1f",
        "0x1.5",
        "+inf",
        "-inf",
        "inf",
        "-NaN",
        "NaNf32",
        "infx",
        "-infx",
        "inff64",
        "-inff32",
        "+NaNf64",
        "1..2",
        "1..=2",
        "1..",
        "..2",
        "..=2",
        "..",
        "..=",
        "1...5",
        "1...",
        "1 .. 5",
        "0x1..0x5",
        "1..inf",
        "inf..",
        "-inf..inf",
        "b'a'..b'z'",
        "1..b\"x\"",
        "1..-5",
        "-..5",
        "..5..6",
        "[1.., 2]",
        "b'a'",
        "b''",
        "b'''",
        "b'\\x41'",
        "b'\\xff'",
        "b'\\u{41}'",
        "b'ä'",
        "-b'a'",
        "'a'",
        "''",
        "'''",
        "'\\''",
        "'\\x41'",
        "'\\x80'",
        "'ab'",
        "'\\u{41}'",
        "'\\\n'",
        "\"\\x80\"",
        "\"\\xc3\\xa4\"",
        "\"\\xc3\"",
        "b\"\\x80\"",
        "b\"\\xc3ä\\u{e4}\"",
        "br\"a\\b\"",
        "br#\"a\"b\"#",
        "br#x",
        "br",
        "b",
        "r",
        "r\"\"",
        "r#\"a\"#",
        "r##\"a\"#\"##",
        "r#a",
        "r#a.b-c",
        "r#",
        "r##",
        "r##a",
        "r#true",
        "r#\"",
        "\"\\q\"",
        "\"\\u{}\"",
        "\"\\u{110000}\"",
        "\"\\u{1234567}\"",
        "\"\\\n  x\"",
        "\"\\\r\n  x\"",
        "\"\\\r  x\"",
        "\"a\nb\"",
        "()",
        "( )",
        "(,)",
        "(1)",
        "(1,)",
        "(1,,)",
        "(a:1)",
        "(a:1,)",
        "(a:1,2)",
        "(1,a:2)",
        "A",
        "A()",
        "A ( )",
        "A(1)",
        "A(a:1)",
        "A (a : 1)",
        "a.b",
        "a-b",
        "(a-b:1)",
        "Some(1)",
        "Some (1,)",
        "Some()",
        "Some(1,2)",
        "Some",
        "Some 5",
        "Some(a:1)",
        "None",
        "None()",
        "true()",
        "inf()",
        "(true:1)",
        "(inf:1,Some:2,None:3)",
        "[true, false]",
        "[]",
        "[,]",
        "[1,]",
        "[1 2]",
        "{}",
        "{1:2}",
        "{a:1}",
        "{a:1,}",
        "{a:}",
        "{a}",
        "{(1,2):[3]}",
        "{\"a\":1 \"b\":2}",
        "/* a /* b */ c */ 1",
        "/* /*/ */ */ 1",
        "/*/ 1",
        "// a\n1",
        "1 // b",
        "1 /",
        "1 /* ",
        "/",
        "1 1",
        "1,",
        "\u{85}1\u{2028}",
        "\u{a0}1",
        "\u{b}1\u{c}",
        "ä",
        "漢(1)",
        "١",
        "a١",
        "\u{feff} 1 \u{feff}",
        "#![enable(implicit_some)]1",
        "# ! [ enable ( implicit_some , ) ] 1",
        "#![enable()]1",
        "#![enable(x)]1",
        "#![enable(implicit_some unwrap_newtypes)]1",
        "#![enable(r#implicit_some)]1",
        "#![type = \"x\"]1",
        "#![schema = r#\"x\"#] #![enable(unwrap_newtypes)] 1",
        "#![type = 1]1",
        "#[enable(x)]1",
        "#![enablex(implicit_some)]1",
        "1 #![enable(implicit_some)]",
        "#![enable(unwrap_variant_newtypes)]Some(a:1,b:2)",
        "#![enable(unwrap_variant_newtypes)]Some(1,2)",
        "#![enable(unwrap_variant_newtypes)]Some()",
        "#![enable(unwrap_variant_newtypes)]Some(Some(1,2),)",
        "#![enable(unwrap_variant_newtypes)]Some((1,2))",
        "#![enable(unwrap_variant_newtypes)]A(Some(a:1))",
        "#![enable(unwrap_variant_newtypes)]Some(A(1,2),)",
        "#![enable(unwrap_variant_newtypes)]Some(1,,)",
        "99999999999999999999e5",
        "99999999999999999999.0",
        "99999999999999999999f64",
        "0xfffffffffffffffff",
    ] {
        assert_agreement(text).unwrap_or_else(|e| panic!("{e}"));
    }
}
