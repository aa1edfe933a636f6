//! Delimited text of a relation's columns.

use std::io::{Read, Write};

use super::{Cell, Writing};
use super::{Column, Field, Header, Kind, Options, Quoting, Reading, read, write};
use crate::base::{escape, rfc4180};
use crate::interop::request::{Matching, ReadError, Request, Rows, Text, WriteError, Written};
use crate::interop::{Format, Shape, columns};
use crate::model::Value;
use crate::storage::interner::NIL;
use crate::storage::{Interner, Word};

/// A function from a field's text to its value.
type Convert<'c> = Box<dyn Fn(&str) -> Result<Value, String> + Sync + 'c>;

fn delimiter<'t>(format: Format, text: &Text<'t>) -> &'t str {
    text.delimiter.unwrap_or(if format == Format::Csv { "," } else { "\t" })
}

fn quoting(text: &Text<'_>) -> Quoting {
    text.quoting.unwrap_or(Quoting::Rfc4180)
}

/// Reads rows of `request.columns`.
pub fn read_columns(
    format: Format,
    stream: impl Read + Send,
    request: &Request<'_>,
    interner: &mut Interner,
) -> Result<Rows, ReadError> {
    let converts: Vec<Convert<'_>> = request
        .columns
        .iter()
        .map(|column| Box::new(|text: &str| column.shape.parse(text)) as Convert<'_>)
        .collect();
    let mut described = Vec::with_capacity(converts.len());
    for (at, (column, convert)) in request.columns.iter().zip(&converts).enumerate() {
        let kind = match column.shape {
            Shape::Symbol => Kind::Symbol,
            Shape::Number => Kind::NUMBER,
            Shape::Float => Kind::Float { lenient: false },
            _ => Kind::Other(convert),
        };
        let default = column.default.as_ref().map(|value| interner.intern(value));
        let field = match (request.matching, default) {
            (Matching::Order, _) => Field::At(at),
            (_, Some(default)) => Field::NamedOr(&column.field, default),
            (_, None) if column.optional => Field::NamedOr(&column.field, NIL),
            (_, None) => Field::Named(&column.field),
        };
        described.push(Column { name: &column.name, kind, optional: column.optional, field });
    }
    let options = Options {
        delimiter: delimiter(format, &request.text).to_owned(),
        quoting: quoting(&request.text),
        header: match request.matching {
            Matching::Order => Header::None,
            Matching::Names => Header::Names,
            Matching::NamesOrOrder => Header::NamesOrOrder,
        },
        extra: request.extra,
        skip_blank: true,
        brackets: false,
        places: request.places,
        max_mistakes: request.max_mistakes,
    };
    let reading = Reading {
        columns: &described,
        options: &options,
        jobs: request.jobs,
        size: request.size,
        budget: request.budget,
        progress: request.progress,
    };
    read(stream, &reading, interner)
}

/// Writes rows, with the names of the columns first if asked for.
pub fn write_columns(
    format: Format,
    out: &mut (dyn Write + Send),
    written: &Written<'_>,
) -> Result<(), WriteError> {
    let delimiter = delimiter(format, &written.text);
    let quoting = quoting(&written.text);
    if quoting == Quoting::None {
        readable_without_quotes(written, delimiter)?;
    }
    if written.header {
        let mut line = Vec::new();
        for (at, column) in written.columns.iter().enumerate() {
            if at > 0 {
                line.extend_from_slice(delimiter.as_bytes());
            }
            let start = line.len();
            line.extend_from_slice(column.field.as_bytes());
            if quoting == Quoting::Rfc4180 {
                rfc4180::quote(&mut line, start, delimiter);
            }
        }
        line.push(b'\n');
        out.write_all(&line)?;
    }
    let value = |word: Word, text: &mut Vec<u8>| {
        if word != NIL {
            text.extend_from_slice(columns::plain(&written.interner.value(word)).as_bytes());
        }
    };
    let cells: Vec<Cell<'_>> = written
        .columns
        .iter()
        .map(|column| match column.shape {
            Shape::Symbol | Shape::Number => Cell::Plain,
            _ => Cell::Other(&value),
        })
        .collect();
    let writing = Writing {
        cells: &cells,
        len: written.len,
        rows: written.rows,
        interner: written.interner,
        delimiter,
        quoting,
        jobs: written.jobs,
        budget: written.budget,
    };
    write(out, &writing)
}

/// Refuses what would not be read back as it is when no quotes stand around it.
fn readable_without_quotes(written: &Written<'_>, delimiter: &str) -> Result<(), WriteError> {
    let unfit = |column: &crate::interop::Column, text: &str| {
        WriteError::Unfit(format!(
            "`{}`, column `{}`: {} cannot be told from what stands around it without quotes",
            written.relation,
            column.name,
            escape::quoted(text)
        ))
    };
    for column in written.columns.iter().filter(|_| written.header) {
        if rfc4180::ambiguous(column.field.as_bytes(), delimiter) {
            return Err(unfit(column, &column.field));
        }
    }
    let alone = written.columns.len() == 1;
    written.blocks(|words, _| {
        for (word, column) in words.iter().zip(written.columns.iter().cycle()) {
            let text = columns::plain(&written.interner.value(*word));
            let lost = text.is_empty() && *word != NIL && (column.optional || alone);
            if lost || rfc4180::ambiguous(text.as_bytes(), delimiter) {
                return Err(unfit(column, &text));
            }
        }
        Ok(())
    })
}
