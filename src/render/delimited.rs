//! csv and tsv: a header of variable names, then a record a row, quoted as RFC 4180 says.
//!
//! Strings, dates and enum constants stand bare, nil is the empty field and the empty text `""`, a
//! list is written as in the language. Text reaches files and pipes unchanged, so that it can be
//! read back.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::base::{escape, rfc4180};
use crate::model::Value;
use crate::session::Answer;

/// Writes `answer` with any delimiter, with or without the header.
///
/// # Errors
/// Those of the writer.
pub fn write_delimited(
    out: &mut dyn Write,
    answer: &Answer,
    delimiter: &str,
    header: bool,
) -> io::Result<()> {
    write(out, answer, delimiter, header, false)
}

pub(super) fn write(
    out: &mut dyn Write,
    answer: &Answer,
    delimiter: &str,
    header: bool,
    terminal: bool,
) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "{verdict}");
    }
    let mut line = Vec::new();
    if header {
        let names = answer.columns.iter().map(|name| Some(Cow::Borrowed(name.as_str())));
        record(&mut line, names, delimiter);
        out.write_all(&line)?;
    }
    for row in &answer.rows {
        line.clear();
        record(&mut line, row.iter().map(|value| field(value, terminal)), delimiter);
        out.write_all(&line)?;
    }
    Ok(())
}

fn record<'v>(line: &mut Vec<u8>, fields: impl Iterator<Item = Option<Cow<'v, str>>>, delimiter: &str) {
    for (at, field) in fields.enumerate() {
        if at > 0 {
            line.extend_from_slice(delimiter.as_bytes());
        }
        if let Some(text) = field {
            let start = line.len();
            line.extend_from_slice(text.as_bytes());
            rfc4180::quote(line, start, delimiter);
        }
    }
    line.push(b'\n');
}

/// The text of a value; `None` for nil.
fn field(value: &Value, terminal: bool) -> Option<Cow<'_, str>> {
    Some(match value {
        Value::Nil => return None,
        Value::Symbol(text) if !terminal => Cow::Borrowed(text),
        Value::Symbol(text) => escape::printable(text),
        Value::Enum(constant) => Cow::Borrowed(&constant.name),
        other => Cow::Owned(other.plain()),
    })
}

#[cfg(test)]
mod tests {
    use crate::model::Value;
    use crate::render::answer::testing::{answer, rendered};
    use crate::render::{AnswerFormat, AnswerStyle, write_answer};

    #[test]
    fn fields_are_quoted_where_the_format_needs_it() {
        let shown = answer(
            &["name", "n", "f", "d"],
            vec![
                vec![Value::symbol("a,b"), Value::Number(-3), Value::float(2.0), Value::Nil],
                vec![Value::symbol("say \"hi\"\nthere"), Value::Nil, Value::float(0.5), Value::Bool(true)],
            ],
        );
        assert_eq!(
            rendered(&shown, AnswerFormat::Csv),
            "name,n,f,d\n\"a,b\",-3,2.0,\n\"say \"\"hi\"\"\nthere\",,0.5,true\n"
        );
        assert_eq!(
            rendered(&shown, AnswerFormat::Tsv),
            "name\tn\tf\td\na,b\t-3\t2.0\t\n\"say \"\"hi\"\"\nthere\"\t\t0.5\ttrue\n"
        );
    }

    #[test]
    fn nil_and_the_empty_text_are_told_apart() {
        let shown = answer(&["s"], vec![vec![Value::Nil], vec![Value::symbol("")]]);
        assert_eq!(rendered(&shown, AnswerFormat::Csv), "s\n\n\"\"\n");
        assert_eq!(rendered(&shown, AnswerFormat::Tsv), "s\n\n\"\"\n");
    }

    #[test]
    fn an_empty_answer_keeps_its_header() {
        assert_eq!(rendered(&answer(&["l", "s"], vec![]), AnswerFormat::Csv), "l,s\n");
    }

    #[test]
    fn lists_are_one_field() {
        let list = Value::list([Value::symbol("a"), Value::Number(2)]);
        assert_eq!(rendered(&answer(&["l"], vec![vec![list]]), AnswerFormat::Csv), "l\n\"[\"\"a\"\", 2]\"\n");
    }

    #[test]
    fn text_is_exact_in_a_pipe_and_escaped_on_a_terminal() {
        let shown = answer(&["l"], vec![vec![Value::symbol("\u{1b}[31m")]]);
        assert_eq!(rendered(&shown, AnswerFormat::Csv), "l\n\u{1b}[31m\n");
        let mut out = Vec::new();
        let style = AnswerStyle { terminal: true, ..AnswerStyle::default() };
        write_answer(&mut out, &shown, AnswerFormat::Csv, style).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "l\n\\u{1b}[31m\n");
    }
}
