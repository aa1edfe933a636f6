//! Rows of a file in another format as facts of a relation, with their metadata.

use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{Error, Session, shapes};
use crate::analysis::ground;
use crate::base::codes::project as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, FileId, Span, Stop, escape};
use crate::files;
use crate::interop::{self, Column, Format, Matching, Place, ReadError, Request, Rows, diagnostics};
use crate::model::place::Place as InSource;
use crate::model::schema::{PredId, PredKind, Schema};
use crate::model::{Assertion, Fact, Value};
use crate::storage::Interner;

/// Where rows come from.
pub enum Origin<'o> {
    /// A stream, unpacked.
    Stream(Box<dyn Read + Send>),
    /// A file that a library opens by itself: an SQLite database.
    File(&'o Path),
}

/// How a file is read into a relation.
pub struct Import<'o> {
    /// The relation.
    pub relation: &'o str,
    /// The file's name, for messages.
    pub name: &'o str,
    /// Its format.
    pub format: Format,
    /// Which field a column or metadata takes, where it is not the one of the same name.
    pub fields: &'o [(String, String)],
    /// The source of facts that name none.
    pub src: Option<&'o str>,
    /// How the rest is read; its columns are not looked at.
    pub request: Request<'o>,
}

/// Facts that have been read and checked, and stated nowhere yet.
#[derive(Debug)]
pub struct Imported {
    predicate: PredId,
    arity: usize,
    columns: Vec<Column>,
    rows: Rows,
    interner: Interner,
    src: Option<Box<str>>,
}

impl Imported {
    /// How many facts there are.
    pub fn len(&self) -> usize {
        self.rows.len
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.len == 0
    }

    /// The columns of the relation.
    pub fn columns(&self) -> &[Column] {
        self.columns.get(..self.arity).unwrap_or(&[])
    }

    /// What the words of [`Imported::tuple`] mean.
    pub fn interner(&self) -> &Interner {
        &self.interner
    }

    /// The words of a fact's tuple.
    pub fn tuple(&self, at: usize) -> &[crate::storage::Word] {
        let start = at * self.columns.len();
        self.rows.words.get(start..start + self.arity).unwrap_or(&[])
    }

    /// A fact with its assertion.
    pub fn fact(&self, at: usize) -> Fact {
        let width = self.columns.len();
        let words = self.rows.words.get(at * width..(at + 1) * width).unwrap_or(&[]);
        let mut assertion = Assertion::background(Span::new(FileId(0), 0, 0));
        assertion.src = self.src.as_deref().map(Into::into);
        let metadata = self.columns.iter().zip(words).skip(self.arity);
        for (column, word) in metadata {
            let value = self.interner.value(*word);
            if !value.is_nil() {
                ground::set_meta(&mut assertion, &column.name, value);
            }
        }
        let tuple = words.iter().take(self.arity).map(|word| self.interner.value(*word)).collect();
        Fact { predicate: self.predicate, tuple, assertion }
    }
}

impl Session {
    /// Reads rows as facts of a relation. Fields that are called like metadata (`_src`, `_at`) are
    /// that. The session stays as it is.
    ///
    /// # Errors
    /// There is no such relation, or nothing can be stated of it; the file is not what it should
    /// be: then all that is wrong with it.
    pub fn import(&mut self, origin: Origin<'_>, import: &Import<'_>) -> Result<Imported, Error> {
        let predicate = self.relation(import.relation)?;
        let schema = self.schema().clone();
        if schema.predicate(predicate).kind != PredKind::Declared {
            let message =
                format!("`{}` is derived by rules, and nothing can be stated of it", import.relation);
            return Err(Diagnostic::new(codes::BAD_IMPORT, message).into());
        }
        let columns = described(&schema, predicate, import).map_err(Error::Invalid)?;
        let request = Request { columns: &columns, table: table(import), ..import.request };
        let mut interner = Interner::new();
        let read = match origin {
            Origin::Stream(stream) => interop::read(import.format, stream, &request, &mut interner),
            #[cfg(feature = "sqlite")]
            Origin::File(path) => interop::sqlite::read(path, &request, &mut interner),
            #[cfg(not(feature = "sqlite"))]
            Origin::File(_) => Err(ReadError::Unsupported(import.format)),
        };
        let rows = read.map_err(|error| self.refused(error, import))?;
        let arity = schema.predicate(predicate).arity();
        let src = import.src.map(Into::into);
        let imported = Imported { predicate, arity, columns, rows, interner, src };
        imported.check_metadata(import).map_err(Error::Invalid)?;
        Ok(imported)
    }

    fn refused(&mut self, error: ReadError, import: &Import<'_>) -> Error {
        let name = escape::printable(import.name);
        match error {
            ReadError::Mistakes { found, more } => {
                Error::Invalid(diagnostics(codes::BAD_IMPORT, import.name, &found, more, &mut self.sources))
            }
            ReadError::Stopped(Stop::Cancelled) => Error::Cancelled,
            ReadError::Stopped(_) => {
                let message = format!("reading `{name}` took longer than allowed");
                Error::Limit(Box::new(Diagnostic::new(crate::base::codes::evaluation::TIME_LIMIT, message)))
            }
            ReadError::Io(error) => {
                let reason = files::reason(&error);
                Diagnostic::new(codes::BAD_IMPORT, format!("cannot read `{name}`: {reason}")).into()
            }
            ReadError::Unsupported(format) => unsupported(format).into(),
        }
    }
}

/// That this build does not know a format.
pub fn unsupported(format: Format) -> Diagnostic {
    let message = format!("this build of factlog does not know {}", format.name());
    match format.missing_feature() {
        Some(feature) => Diagnostic::new(codes::BAD_IMPORT, message)
            .help(format!("build it with `cargo build --release --features {feature}`")),
        None => Diagnostic::new(codes::BAD_IMPORT, format!("{} comes from files only", format.name())),
    }
}

fn table<'o>(import: &Import<'o>) -> &'o str {
    if import.request.table.is_empty() { import.relation } else { import.request.table }
}

/// The relation's columns, then its metadata where fields have names, under the names of the fields.
fn described(
    schema: &Arc<Schema>,
    predicate: PredId,
    import: &Import<'_>,
) -> Result<Vec<Column>, Vec<Diagnostic>> {
    let mut columns = shapes::columns(schema, predicate);
    let named = match import.format {
        Format::Csv | Format::Tsv => import.request.matching != Matching::Order,
        // A mapping speaks of columns only.
        Format::Nt | Format::Ttl => false,
        _ => true,
    };
    if named {
        columns.extend(shapes::metadata(schema, predicate));
    }
    let mut wrong = Vec::new();
    for (name, field) in import.fields {
        match columns.iter_mut().find(|column| *column.name == **name) {
            Some(column) => column.field = field.as_str().into(),
            None => {
                let near = did_you_mean(&nearest(name, columns.iter().map(|column| &*column.name)));
                let message = format!("`{}` has no column `{name}` for a field to go to", import.relation);
                wrong.push(Diagnostic::new(codes::BAD_IMPORT, message).help_opt(near));
            }
        }
    }
    if wrong.is_empty() { Ok(columns) } else { Err(wrong) }
}

impl Imported {
    /// Metadata can be of the right type and yet wrong.
    fn check_metadata(&self, import: &Import<'_>) -> Result<(), Vec<Diagnostic>> {
        let column =
            |name: &str| self.columns.iter().skip(self.arity).position(|column| &*column.name == name);
        let (conf, at) = (column("_conf"), column("_at"));
        let mut found = Vec::new();
        let most = import.request.max_mistakes.max(1);
        for row in 0..self.rows.len {
            let value = |column: Option<usize>| {
                let word = self.rows.words.get(row * self.columns.len() + self.arity + column?)?;
                Some(self.interner.value(*word))
            };
            let message = match (value(conf), value(at)) {
                (Some(Value::Float(conf)), _) if !(0.0..=1.0).contains(&conf.get()) => {
                    format!("`_conf`: {:?} is not from 0 to 1", conf.get())
                }
                (_, Some(Value::Symbol(place))) if InSource::parse(&place).is_none() => {
                    format!("`_at`: `{place}` is no place in a source")
                }
                _ => continue,
            };
            found.push(interop::Mistake { place: Place::Row(row as u64 + 1), message, help: None });
            if found.len() == most {
                break;
            }
        }
        if found.is_empty() {
            return Ok(());
        }
        let more = found.len() == most;
        let sources = &mut crate::base::SourceMap::new();
        Err(diagnostics(codes::BAD_IMPORT, import.name, &found, more, sources))
    }
}
