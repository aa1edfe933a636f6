//! csv and tsv: a header of variable names, then a record a row, quoted as RFC 4180 says.
//!
//! Strings, dates and enum constants stand bare, nil is the empty field, a list is written as in
//! the language. Text reaches files and pipes unchanged, so that it can be read back.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::base::escape;
use crate::model::Value;
use crate::session::Answer;

/// Writes `answer` with any one-byte delimiter, with or without the header.
///
/// # Errors
/// Those of the writer.
pub fn write_delimited(out: &mut dyn Write, answer: &Answer, delimiter: u8, header: bool) -> io::Result<()> {
    write(out, answer, delimiter, header, false)
}

pub(super) fn write(
    out: &mut dyn Write,
    answer: &Answer,
    delimiter: u8,
    header: bool,
    terminal: bool,
) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "{verdict}");
    }
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    if header {
        writer.write_record(&answer.columns).map_err(io_error)?;
    }
    for row in &answer.rows {
        for value in row {
            writer.write_field(field(value, terminal).as_bytes()).map_err(io_error)?;
        }
        writer.write_record(None::<&[u8]>).map_err(io_error)?;
    }
    writer.flush()
}

fn field(value: &Value, terminal: bool) -> Cow<'_, str> {
    match value {
        Value::Symbol(text) if !terminal => Cow::Borrowed(text),
        Value::Symbol(text) => escape::printable(text),
        Value::Nil => Cow::Borrowed(""),
        Value::Enum(constant) => Cow::Borrowed(&constant.name),
        other => Cow::Owned(other.plain()),
    }
}

/// Only the writer can fail here: rows all have one length.
fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
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
