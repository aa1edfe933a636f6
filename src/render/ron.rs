//! RON: a list of `(variable: value)`.
//!
//! Records are structs without a name, variants structs with theirs. Enum constants are bare words
//! and dates strings, as in fact files. Optional values stand bare; where one is absent (`None`) the
//! file says `implicit_some`, so that typed readers take both.

use std::io::{self, Write};

use crate::base::escape;
use crate::model::Value;
use crate::session::Answer;

pub(super) fn write(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "{verdict}");
    }
    if answer.rows.iter().flatten().any(holds_nil) {
        writeln!(out, "#![enable(implicit_some)]")?;
    }
    if answer.rows.is_empty() {
        return writeln!(out, "[]");
    }
    writeln!(out, "[")?;
    for row in &answer.rows {
        let fields: Vec<String> =
            answer.columns.iter().zip(row).map(|(name, value)| format!("{name}: {}", text(value))).collect();
        writeln!(out, "    ({}),", fields.join(", "))?;
    }
    writeln!(out, "]")
}

/// Whether a value is nil or holds it within.
fn holds_nil(value: &Value) -> bool {
    match value {
        Value::Nil => true,
        Value::List(items) => items.iter().any(holds_nil),
        Value::Struct(value) => value.fields.iter().any(holds_nil),
        _ => false,
    }
}

/// A value as RON.
pub(super) fn text(value: &Value) -> String {
    match value {
        Value::Nil => "None".to_owned(),
        Value::Date(date) => escape::quoted(date.text()),
        Value::List(items) => {
            let items: Vec<String> = items.iter().map(text).collect();
            format!("[{}]", items.join(", "))
        }
        Value::Struct(value) => {
            let mut out = String::new();
            // Writing to a String cannot fail.
            let _ = value.write(&mut out, &|part, out| out.write_str(&text(part)));
            out
        }
        // The language writes these as RON does.
        Value::Bool(_) | Value::Number(_) | Value::Float(_) | Value::Enum(_) | Value::Symbol(_) => {
            value.to_string()
        }
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use crate::model::{Date, EnumId, EnumValue, Value};
    use crate::render::AnswerFormat;
    use crate::render::answer::testing::{answer, rendered};

    #[derive(Debug, Deserialize, PartialEq)]
    enum Role {
        Host,
        Guest,
    }

    #[derive(Debug, Deserialize, PartialEq)]
    struct Row {
        l: String,
        n: i64,
        f: f64,
        d: Option<String>,
        r: Role,
        xs: Vec<String>,
    }

    #[test]
    fn the_ron_crate_reads_it_into_types() {
        let role = |ordinal, name: &str| Value::Enum(EnumValue { ty: EnumId(0), ordinal, name: name.into() });
        let nasty = "\u{0}\u{1b}\u{202e}\"\\\r\n\t漢";
        let shown = answer(
            &["l", "n", "f", "d", "r", "xs"],
            vec![
                vec![
                    Value::symbol(nasty),
                    Value::Number(i64::MIN),
                    Value::float(1e300),
                    Value::Date(Date::parse("2025-11").unwrap()),
                    role(0, "Host"),
                    Value::list([Value::symbol("a"), Value::symbol("b")]),
                ],
                vec![
                    Value::symbol(""),
                    Value::Number(0),
                    Value::float(2.0),
                    Value::Nil,
                    role(1, "Guest"),
                    Value::list([]),
                ],
            ],
        );
        let rows: Vec<Row> = ron::from_str(&rendered(&shown, AnswerFormat::Ron)).unwrap();
        let first = Row {
            l: nasty.to_owned(),
            n: i64::MIN,
            f: 1e300,
            d: Some("2025-11".to_owned()),
            r: Role::Host,
            xs: vec!["a".to_owned(), "b".to_owned()],
        };
        let second = Row { l: String::new(), n: 0, f: 2.0, d: None, r: Role::Guest, xs: vec![] };
        assert_eq!(rows, [first, second]);
    }

    #[test]
    fn it_is_a_list_of_structs() {
        let shown = answer(&["l"], vec![vec![Value::symbol("tokayev")]]);
        assert_eq!(rendered(&shown, AnswerFormat::Ron), "[\n    (l: \"tokayev\"),\n]\n");
        assert_eq!(rendered(&answer(&["l"], vec![]), AnswerFormat::Ron), "[]\n");
    }
}
