//! SQLite: a table a relation, a column a column.
//!
//! Texts, dates, enum constants and lists are TEXT (lists as rules write them), numbers INTEGER,
//! floats REAL, truth values INTEGER 0 and 1, nil NULL. NaN, which SQLite cannot hold, is the text
//! `NaN`.

use std::io;
use std::path::Path;

use rusqlite::types::ValueRef;
use rusqlite::{Connection, OpenFlags, params_from_iter};

use super::columns::{plain, whole};
use super::delimited::float;
use super::request::{ReadError, Request, Rows, WriteError, Written};
use super::{Column, Mistake, Place, Shape};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::{Float, Value};
use crate::storage::interner::{NIL, boolean};
use crate::storage::{Interner, Word};

/// Rows between two looks at the budget.
const BLOCK: u64 = 4096;

/// A name as SQL writes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn broken(error: &rusqlite::Error) -> io::Error {
    io::Error::other(error.to_string())
}

/// Reads all rows of the table `request.table` of the database in `path`.
pub fn read(path: &Path, request: &Request<'_>, interner: &mut Interner) -> Result<Rows, ReadError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(|error| broken(&error))?;
    let tables = tables(&connection).map_err(|error| broken(&error))?;
    if !tables.iter().any(|table| table == request.table) {
        let near = did_you_mean(&nearest(request.table, tables.iter().map(String::as_str)));
        let message = format!("there is no table `{}` in it", request.table);
        let found = vec![Mistake { place: Place::File, message, help: near }];
        return Err(ReadError::Mistakes { found, more: false });
    }
    let mut statement = connection
        .prepare(&format!("SELECT * FROM {}", quoted(request.table)))
        .map_err(|error| broken(&error))?;
    let names: Vec<&str> = statement.column_names().collect();
    let (fields, found) = request.fields(&names);
    if !found.is_empty() {
        return Err(ReadError::Mistakes { found, more: false });
    }
    let blank: Vec<Word> = request
        .columns
        .iter()
        .map(|column| column.default.as_ref().map_or(NIL, |value| interner.intern(value)))
        .collect();
    let mut found = Vec::new();
    let mut result = Rows::default();
    let mut rows = statement.query([]).map_err(|error| broken(&error))?;
    let mut number = 0_u64;
    while let Some(row) = rows.next().map_err(|error| broken(&error))? {
        if number.is_multiple_of(BLOCK) {
            request.budget.check()?;
        }
        number += 1;
        let base = result.words.len();
        result.words.extend_from_slice(&blank);
        let mistakes = found.len();
        for (column, field) in &fields {
            let Some(described) = request.columns.get(*column) else { continue };
            let value = row.get_ref(*field).map_err(|error| broken(&error))?;
            match word(described, value, interner) {
                Ok(word) => {
                    if let Some(slot) = result.words.get_mut(base + column) {
                        *slot = word;
                    }
                }
                Err(why) => found.push(Mistake {
                    place: Place::Row(number),
                    message: format!("column `{}`: {why}", described.name),
                    help: None,
                }),
            }
        }
        if found.len() >= request.max_mistakes.max(1) {
            found.truncate(request.max_mistakes.max(1));
            return Err(ReadError::Mistakes { found, more: true });
        }
        if found.len() > mistakes {
            result.words.truncate(base);
        } else {
            result.len += 1;
        }
    }
    if found.is_empty() { Ok(result) } else { Err(ReadError::Mistakes { found, more: false }) }
}

/// Names of the tables and views of a database.
fn tables(connection: &Connection) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM sqlite_schema WHERE type IN ('table', 'view') ORDER BY name";
    connection.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

fn word(column: &Column, value: ValueRef<'_>, interner: &mut Interner) -> Result<Word, String> {
    let due = |what: &str| format!("{what} stands where {} is due", column.shape.describe());
    match (&column.shape, value) {
        (_, ValueRef::Null) if column.optional => Ok(NIL),
        (_, ValueRef::Null) => Err(due("NULL")),
        (_, ValueRef::Blob(_)) => Err(due("a blob")),
        (Shape::Number, ValueRef::Integer(number)) => Ok(interner.number(number)),
        (Shape::Float, ValueRef::Integer(number)) => Ok(interner.float(Float::new(number as f64))),
        (Shape::Float, ValueRef::Real(number)) => Ok(interner.float(Float::new(number))),
        // So programs write whole numbers of columns that can be NULL.
        (Shape::Number, ValueRef::Real(number)) => match whole(number) {
            Some(number) => Ok(interner.number(number)),
            None => Err(due(&format!("`{number:?}`"))),
        },
        (Shape::Bool, ValueRef::Integer(number @ (0 | 1))) => Ok(boolean(number == 1)),
        (_, ValueRef::Integer(number)) => Err(due(&format!("`{number}`"))),
        (_, ValueRef::Real(number)) => Err(due(&format!("`{number:?}`"))),
        (shape, ValueRef::Text(text)) => {
            let text = std::str::from_utf8(text).map_err(|_| "the text is not UTF-8".to_owned())?;
            match shape {
                Shape::Symbol => Ok(interner.symbol(text)),
                Shape::Number => Err(due(&format!("the text `{text}`"))),
                Shape::Float => float(text, false)
                    .map(|number| interner.float(number))
                    .map_err(|why| format!("`{text}` {why}")),
                _ => shape
                    .parse(text)
                    .map(|value| interner.intern(&value))
                    .map_err(|why| format!("`{text}` {why}")),
            }
        }
    }
}

/// A database with a table for each relation, as the bytes of its file.
pub fn write(relations: &[Written<'_>]) -> Result<Vec<u8>, WriteError> {
    let database = |error: rusqlite::Error| WriteError::Io(broken(&error));
    let mut connection = Connection::open_in_memory().map_err(database)?;
    let transaction = connection.transaction().map_err(database)?;
    for written in relations {
        if written.columns.is_empty() {
            let message = format!("a table needs a column, and `{}` has none", written.relation);
            return Err(WriteError::Unfit(message));
        }
        let columns: Vec<String> = written
            .columns
            .iter()
            .map(|column| {
                let kind = match column.shape {
                    Shape::Number | Shape::Bool => "INTEGER",
                    Shape::Float => "REAL",
                    _ => "TEXT",
                };
                let null = if column.optional { "" } else { " NOT NULL" };
                format!("{} {kind}{null}", quoted(&column.field))
            })
            .collect();
        let table = quoted(written.relation);
        let create = format!("CREATE TABLE {table} ({})", columns.join(", "));
        transaction.execute(&create, []).map_err(database)?;
        let marks = vec!["?"; columns.len()].join(", ");
        let insert = format!("INSERT INTO {table} VALUES ({marks})");
        let mut statement = transaction.prepare(&insert).map_err(database)?;
        written.blocks(|words, _| {
            for row in words.chunks_exact(columns.len()) {
                let values = row.iter().map(|word| sql(&written.interner.value(*word)));
                statement.execute(params_from_iter(values)).map_err(database)?;
            }
            Ok(())
        })?;
    }
    transaction.commit().map_err(database)?;
    let bytes = connection.serialize(rusqlite::MAIN_DB).map_err(database)?;
    Ok(bytes.to_vec())
}

fn sql(value: &Value) -> rusqlite::types::Value {
    use rusqlite::types::Value as Sql;
    match value {
        Value::Nil => Sql::Null,
        Value::Bool(value) => Sql::Integer(i64::from(*value)),
        Value::Number(number) => Sql::Integer(*number),
        Value::Float(number) if !number.get().is_nan() => Sql::Real(number.get()),
        other => Sql::Text(plain(other)),
    }
}
