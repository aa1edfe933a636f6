//! Reading and writing JSON.

use super::*;
use crate::base::codes::project::BAD_INPUT;
use crate::base::{Budget, SourceMap};
use crate::interop::{Column, Matching, Text, diagnostics};

fn columns(shapes: &[(&str, Shape, bool)]) -> Vec<Column> {
    let column = |(name, shape, optional): &(&str, Shape, bool)| Column {
        name: (*name).into(),
        field: (*name).into(),
        shape: shape.clone(),
        optional: *optional,
        default: None,
    };
    shapes.iter().map(column).collect()
}

/// A reader that gives one byte at a time.
struct Slow<'t>(&'t [u8]);

impl Read for Slow<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        match (self.0.split_first(), buffer.first_mut()) {
            (Some((first, rest)), Some(slot)) => {
                *slot = *first;
                self.0 = rest;
                Ok(1)
            }
            _ => Ok(0),
        }
    }
}

fn read_all(text: &str, columns: &[Column]) -> Result<Vec<String>, Vec<String>> {
    let budget = Budget::unlimited();
    let request = Request {
        columns,
        matching: Matching::Names,
        text: Text::default(),
        extra: Extra::Refuse,
        table: "",
        mapping: None,
        places: false,
        max_mistakes: 20,
        jobs: 1,
        size: None,
        budget: &budget,
        progress: &|_| {},
    };
    let read_from = |stream: &mut dyn Read| {
        let mut interner = Interner::new();
        match read(stream, &request, &mut interner) {
            Ok(rows) => {
                let shown = rows.words.chunks(columns.len()).map(|row| {
                    row.iter().map(|word| interner.value(*word).to_string()).collect::<Vec<_>>().join(" ")
                });
                Ok(shown.collect())
            }
            Err(ReadError::Mistakes { found, more }) => {
                let mut sources = SourceMap::new();
                let told = diagnostics(BAD_INPUT, "f", &found, more, &mut sources);
                let told = told.iter().map(|diagnostic| {
                    let span = diagnostic.span().unwrap();
                    format!("{} [{}] {}", sources.place(span), sources.text(span), diagnostic.message)
                });
                Err(told.collect::<Vec<_>>())
            }
            Err(other) => panic!("{other:?}"),
        }
    };
    let whole: Result<Vec<String>, Vec<String>> = read_from(&mut text.as_bytes());
    assert_eq!(whole, read_from(&mut Slow(text.as_bytes())));
    whole
}

fn sample() -> Vec<Column> {
    let constants = ["Host", "Guest"].map(std::sync::Arc::from);
    let role = Shape::Enum { id: crate::model::EnumId(0), name: "Role".into(), constants: constants.into() };
    columns(&[
        ("s", Shape::Symbol, true),
        ("n", Shape::Number, false),
        ("f", Shape::Float, true),
        ("b", Shape::Bool, true),
        ("d", Shape::Date, true),
        ("e", role, true),
        ("l", Shape::List(Box::new(Shape::Symbol)), true),
    ])
}

#[test]
fn arrays_and_lines_are_read_alike() {
    let rows = [
        r#"{"n": 9007199254740993, "s": "a \"b\"\n\u00e9\ud83d\ude00, ]}", "l": ["x", "y]", null]}"#,
        r#"{"d":"2023-05~","e":"Guest","f":1,"b":true,"n":-2.0,"l":[]}"#,
        r#"{"s":null,"n":0,"f":"-inf","b":false}"#,
    ];
    let expected = [
        "\"a \\\"b\\\"\\né😀, ]}\" 9007199254740993 nil nil nil nil [\"x\", \"y]\", nil]",
        "nil -2 1.0 true d\"2023-05~\" Guest []",
        "nil 0 -inf false nil nil nil",
    ];
    let sample = sample();
    for text in [
        rows.join("\n"),
        rows.concat(),
        format!("[{}]", rows.join(",")),
        format!("\u{feff}\r\n [\n  {}\n]\n ", rows.join(" ,\n")),
    ] {
        assert_eq!(read_all(&text, &sample).unwrap(), expected, "{text}");
    }
    for nothing in ["", " \n", "[]", "[ ]"] {
        assert_eq!(read_all(nothing, &sample).unwrap(), Vec::<String>::new());
    }
}

#[test]
fn mistakes_have_their_places() {
    let columns = columns(&[("n", Shape::Number, false), ("s", Shape::Symbol, true)]);
    for (text, told) in [
        (
            "{\"n\": 1}\n{\"n\": \"x\"}",
            "f:2:7 [\"x\"] column `n`: `\"x\"` stands where a whole number is due",
        ),
        ("[{\"n\": 1}, {\"n\": 1.5}]", "f:1:18 [1.5] column `n`: `1.5` is no 64-bit whole number"),
        (
            "[\n{\"s\":\"ä\",\n \"n\":null}]",
            "f:3:6 [null] column `n`: `null` stands where a whole number is due",
        ),
        ("{\"s\": \"a\"}", "f:1:1 [{] the object has no key \"n\""),
        ("{\"n\": 1, \"ss\": 2}", "f:1:10 [\"ss\"] no column is called \"ss\" (did you mean `s`?)"),
        ("{\"n\": 1, \"n\": 2}", "f:1:10 [\"n\"] the key \"n\" stands twice in this object"),
        ("[1]", "f:1:2 [1] a row is an object"),
        ("[[1]]", "f:1:2 [[1]] a row is an object"),
        ("{\"n\": 01}", "f:1:8 [1] this is no JSON: invalid number"),
        ("[{\"n\": 1} {\"n\": 2}]", "f:1:11 [{] a comma or `]` is due here"),
        ("[{\"n\": 1}", "f:1:10 [] the array is never closed"),
        ("[{\"n\": 1}] x", "f:1:12 [x] something stands behind the array"),
        ("{\"n\": 1", "f:1:7 [1] this is no JSON: EOF while parsing an object"),
        (
            "{\"n\": 99999999999999999999}",
            "f:1:7 [99999999999999999999] column `n`: `99999999999999999999` is no 64-bit whole number",
        ),
    ] {
        assert_eq!(read_all(text, &columns).unwrap_err(), [told], "{text}");
    }
    let many = "{}\n".repeat(50);
    assert_eq!(read_all(&many, &columns).unwrap_err().len(), 20);
}

#[test]
fn hostile_text_is_refused_without_harm() {
    let columns = columns(&[("n", Shape::Number, false)]);
    for text in
        ["[".repeat(100_000), "{\"a\":".repeat(100_000), "]".to_owned(), "\"".to_owned(), ",".to_owned()]
    {
        assert!(read_all(&text, &columns).is_err(), "{}", text.len());
    }
}

#[test]
fn what_is_written_is_json_and_reads_back() {
    let sample = sample();
    let mut interner = Interner::new();
    let nasty = "\u{7f}\u{9b}\u{202e}\u{2029}\u{1b}\u{0}\"\\/ä漢😀\r\n\t";
    let date = Value::Date(Date::parse("2023-05/..").unwrap());
    let host = sample[5].shape.constant("Host").unwrap();
    let rows = [
        vec![
            Value::symbol(nasty),
            Value::Number(i64::MIN),
            Value::float(0.1),
            Value::Bool(true),
            date,
            host,
            Value::list([Value::symbol(nasty)]),
        ],
        vec![
            Value::Nil,
            Value::Number(0),
            Value::float(f64::NAN),
            Value::Bool(false),
            Value::Nil,
            Value::Nil,
            Value::list([]),
        ],
        vec![
            Value::symbol(""),
            Value::Number(7),
            Value::float(1e300),
            Value::Nil,
            Value::Nil,
            Value::Nil,
            Value::Nil,
        ],
    ];
    let words: Vec<Word> = rows.iter().flatten().map(|value| interner.intern(value)).collect();
    let budget = Budget::unlimited();
    for format in [Format::Json, Format::Jsonl] {
        let written = Written {
            relation: "R",
            columns: &sample,
            len: rows.len(),
            rows: &|range, out| out.extend_from_slice(&words[range.start * 7..range.end * 7]),
            interner: &interner,
            text: Text::default(),
            mapping: None,
            header: true,
            jobs: 1,
            budget: &budget,
        };
        let mut out = Vec::new();
        write(format, &mut out, &written).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert!(text.is_ascii() || !text.chars().any(|c| c != '\n' && escape::is_unsafe(c)), "{text}");
        let objects: Vec<serde_json::Value> = match format {
            Format::Json => serde_json::from_str(&text).unwrap(),
            _ => text.lines().map(|line| serde_json::from_str(line).unwrap()).collect(),
        };
        assert_eq!(objects[0]["s"].as_str(), Some(nasty));
        assert_eq!(objects[0]["n"].as_i64(), Some(i64::MIN));
        let back = read_all(&text, &sample).unwrap();
        let expected: Vec<String> = rows
            .iter()
            .map(|row| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
            .collect();
        assert_eq!(back, expected);
    }
}
