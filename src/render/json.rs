//! JSON: an answer as one array of objects or one object a line, and the escaping that all JSON
//! output shares.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::io::{self, Write};

use serde::ser::{Serialize, SerializeMap, Serializer};

use crate::base::escape;
use crate::model::Value;
use crate::model::structure::StructValue;
use crate::session::Answer;

pub(super) fn write_array(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    if answer.rows.is_empty() {
        return writeln!(out, "[]");
    }
    if answer.ground && answer.columns.is_empty() {
        return writeln!(out, "[{{}}]");
    }
    writeln!(out, "[")?;
    let last = answer.rows.len() - 1;
    for (i, row) in answer.rows.iter().enumerate() {
        writeln!(out, "  {}{}", object(answer, row)?, if i == last { "" } else { "," })?;
    }
    writeln!(out, "]")
}

pub(super) fn write_lines(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    for row in &answer.rows {
        writeln!(out, "{}", object(answer, row)?)?;
    }
    Ok(())
}

fn object(answer: &Answer, row: &[Value]) -> io::Result<String> {
    let text = serde_json::to_string(&Row { columns: &answer.columns, row })?;
    Ok(ascii_controls(&text).into_owned())
}

/// `value` as JSON over several lines, with every control character escaped.
///
/// # Errors
/// Those of serialisation; none for the plain structures used here.
pub(super) fn pretty(value: &impl Serialize) -> io::Result<String> {
    let text = serde_json::to_string_pretty(value)?;
    Ok(ascii_controls(&text).into_owned())
}

/// JSON text with the characters that serde_json leaves as they are but that steer terminals (DEL,
/// C1, bidirectional controls, line separators) written as `\uXXXX`. They can stand only inside
/// strings, and all of them lie in the basic plane.
fn ascii_controls(json: &str) -> Cow<'_, str> {
    let steers = |c: char| c >= '\u{7f}' && escape::is_unsafe(c);
    if !json.chars().any(steers) {
        return Cow::Borrowed(json);
    }
    let mut out = String::with_capacity(json.len() + 16);
    for c in json.chars() {
        if steers(c) {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{:04x}", c as u32);
        } else {
            out.push(c);
        }
    }
    Cow::Owned(out)
}

struct Row<'a> {
    columns: &'a [String],
    row: &'a [Value],
}

impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.columns.len()))?;
        for (column, value) in self.columns.iter().zip(self.row) {
            map.serialize_entry(column, &Json(value))?;
        }
        map.end()
    }
}

/// A value as JSON: numbers as numbers, nil as null, lists as arrays, records as objects, a variant
/// as an object with its name (a string where it has no fields), the rest as strings. The
/// floats that JSON has no number for are the strings `"NaN"`, `"inf"` and `"-inf"`.
pub(super) struct Json<'a>(pub &'a Value);

impl Serialize for Json<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            Value::Nil => serializer.serialize_unit(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(value) => serializer.serialize_i64(*value),
            Value::Float(value) if value.get().is_finite() => serializer.serialize_f64(value.get()),
            Value::Float(_) => serializer.collect_str(self.0),
            Value::Enum(value) => serializer.serialize_str(&value.name),
            Value::Date(date) => serializer.serialize_str(date.text()),
            Value::Symbol(text) => serializer.serialize_str(text),
            Value::List(items) => serializer.collect_seq(items.iter().map(Json)),
            Value::Struct(value) => match &value.of.name {
                None => Fields(value).serialize(serializer),
                Some(name) if value.fields.is_empty() => serializer.serialize_str(name),
                Some(name) => {
                    let mut map = serializer.serialize_map(Some(1))?;
                    map.serialize_entry(&**name, &Fields(value))?;
                    map.end()
                }
            },
        }
    }
}

/// The fields of a record or variant as an object.
struct Fields<'a>(&'a StructValue);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.fields.len()))?;
        for (field, value) in self.0.of.fields.iter().zip(self.0.fields.iter()) {
            map.serialize_entry(&*field.name, &Json(value))?;
        }
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use crate::model::{Date, EnumId, EnumValue, Value};
    use crate::render::AnswerFormat;
    use crate::render::answer::testing::{answer, rendered};

    #[test]
    fn every_kind_of_value_has_its_json() {
        let host = Value::Enum(EnumValue { ty: EnumId(0), ordinal: 0, name: "Host".into() });
        let row = vec![
            Value::Number(i64::MIN),
            Value::float(2.0),
            Value::Date(Date::parse("2025-11~").unwrap()),
            Value::Nil,
            host,
            Value::list([Value::symbol("a"), Value::Bool(false), Value::list([])]),
            Value::float(f64::NAN),
        ];
        let shown = answer(&["z", "f", "d", "n", "e", "a", "nan"], vec![row]);
        let line = r#"{"z":-9223372036854775808,"f":2.0,"d":"2025-11~","n":null,"e":"Host","a":["a",false,[]],"nan":"NaN"}"#;
        assert_eq!(rendered(&shown, AnswerFormat::Json), format!("[\n  {line}\n]\n"));
        assert_eq!(rendered(&shown, AnswerFormat::Jsonl), format!("{line}\n"));
    }

    #[test]
    fn an_empty_answer_is_an_empty_array() {
        assert_eq!(rendered(&answer(&["l"], vec![]), AnswerFormat::Json), "[]\n");
        assert_eq!(rendered(&answer(&["l"], vec![]), AnswerFormat::Jsonl), "");
    }

    #[test]
    fn escaped_text_reads_back_as_it_was() {
        let nasty = "\u{7f}\u{9b}\u{202e}\u{2029}\u{1b}\u{0}\"\\/ä漢😀";
        let shown = answer(&["l"], vec![vec![Value::symbol(nasty)]]);
        let text = rendered(&shown, AnswerFormat::Json);
        let back: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(back[0]["l"].as_str(), Some(nasty));
        assert!(text.contains("\\u007f\\u009b\\u202e\\u2029\\u001b"), "{text}");
    }
}
