//! Fact files.

use std::io::{Cursor, Read};
use std::path::Path;

use super::{RunOptions, stopped, text};
use crate::analysis::souffle::lower::width;
use crate::analysis::souffle::types::{Kind, Ty};
use crate::analysis::souffle::{Analysis, Directive, Relation};
use crate::base::codes::{project, souffle as codes};
use crate::base::limits::MAX_FILE_BYTES;
use crate::base::{Budget, Diagnostic, SourceMap};
use crate::files;
use crate::interop::delimited::{self, Column, Extra, Field, Header, Quoting, ReadError, Reading};
use crate::interop::format::Compression;
use crate::model::Value;
use crate::model::fixed::Width;
use crate::session::Error;
use crate::storage::{Interner, Word};

/// What a file packed by gzip begins with.
const GZIP: [u8; 2] = [0x1f, 0x8b];

pub(super) struct Input<'a> {
    pub analysis: &'a Analysis,
    pub options: &'a RunOptions,
    pub budget: &'a Budget,
    pub sources: &'a mut SourceMap,
    pub interner: &'a mut Interner,
}

/// What was read.
#[derive(Default)]
pub(super) struct Rows {
    pub words: Vec<Word>,
    /// Whether a relation without columns holds.
    pub holds: bool,
}

impl Input<'_> {
    /// Reads what an `.input` names.
    pub fn read(&mut self, directive: &Directive) -> Result<Rows, Error> {
        let Some(relation) = self.analysis.relations.all().get(directive.pred.0 as usize) else {
            return Ok(Rows::default());
        };
        let json = directive.param("IO") == Some("jsonfile");
        if directive.param("IO") == Some("json") {
            let mut text = String::new();
            let read = std::io::stdin().take(MAX_FILE_BYTES).read_to_string(&mut text);
            read.map_err(|error| files::cannot_read(Path::new("<stdin>"), &error))?;
            return self.json(relation, directive, Path::new("<stdin>"), &text);
        }
        if directive.param("IO") == Some("stdin") {
            return self.rows(relation, directive, "<stdin>", std::io::stdin(), None);
        }
        let extension = if json { "json" } else { "facts" };
        let name = directive
            .param("filename")
            .map_or_else(|| format!("{}.{extension}", relation.name), str::to_owned);
        let path = self.options.facts.join(&name);
        if json {
            let text = files::read::text(&path, MAX_FILE_BYTES).map_err(|found| found.at(directive.span))?;
            return self.json(relation, directive, &path, &text);
        }
        match files::read::open_regular(&path, &path) {
            Ok((mut file, size)) => {
                let refused = |error| Error::from(files::cannot_read(&path, &error));
                let mut start = Vec::new();
                file.by_ref().take(2).read_to_end(&mut start).map_err(refused)?;
                let packed = start == GZIP;
                let whole: Box<dyn Read + Send> = Box::new(Cursor::new(start).chain(file));
                let name = path.to_string_lossy();
                if packed {
                    let unpacked = Compression::Gzip.unpack(whole).map_err(refused)?;
                    return self.rows(relation, directive, &name, unpacked, None);
                }
                self.rows(relation, directive, &name, whole, Some(size))
            }
            Err(found) if self.options.lenient && found.code == project::NOT_FOUND.code => {
                Ok(Rows::default())
            }
            Err(found) => Err(found.at(directive.span).into()),
        }
    }

    /// Rows of fields with a delimiter between them.
    fn rows(
        &mut self,
        relation: &Relation,
        directive: &Directive,
        name: &str,
        mut reader: impl Read + Send,
        size: Option<u64>,
    ) -> Result<Rows, Error> {
        if relation.columns.is_empty() {
            let mut byte = [0];
            let read = reader.read(&mut byte).map_err(|error| files::cannot_read(Path::new(name), &error))?;
            return Ok(Rows { words: Vec::new(), holds: read > 0 });
        }
        let (analysis, budget) = (self.analysis, self.budget);
        let quoted = directive.flag("rfc4180");
        let delimiter = directive.param("delimiter").unwrap_or(if quoted { "," } else { "\t" });
        let bad = |message: String| Diagnostic::new(codes::BAD_FACTS, message).at(directive.span);
        if delimiter.is_empty() || delimiter.contains(['\n', '\r']) || quoted && delimiter.contains('"') {
            return Err(bad("a delimiter is text without line ends and quotes".to_owned()).into());
        }
        let fields = places(directive, relation).map_err(|message| Error::from(bad(message)))?;
        let parse: Vec<_> = relation
            .columns
            .iter()
            .map(|(_, ty)| move |field: &str| text::parse(&analysis.types, analysis.wide, *ty, field, quoted))
            .collect();
        let columns: Vec<Column<'_>> = relation
            .columns
            .iter()
            .zip(&parse)
            .zip(&fields)
            .map(|(((name, ty), parse), field)| Column {
                name,
                kind: kind(analysis, *ty, parse),
                optional: false,
                field: Field::At(*field),
            })
            .collect();
        let text_only = matches!(columns.as_slice(), [Column { kind: delimited::Kind::Symbol, .. }]);
        let compound = |(_, ty): &(String, Ty)| matches!(analysis.types.kind(*ty), Kind::Record | Kind::Adt);
        let options = delimited::Options {
            delimiter: delimiter.to_owned(),
            quoting: if quoted { Quoting::Rfc4180 } else { Quoting::None },
            header: if directive.flag("headers") { Header::Skip } else { Header::None },
            extra: Extra::Ignore,
            // Of a relation with one column of text an empty line is the empty text.
            skip_blank: !text_only,
            brackets: !quoted && delimiter.contains(',') && relation.columns.iter().any(compound),
            ..delimited::Options::default()
        };
        let progress = |_| {};
        let reading = Reading {
            columns: &columns,
            options: &options,
            jobs: self.options.jobs,
            size,
            budget,
            progress: &progress,
        };
        match delimited::read(reader, &reading, self.interner) {
            Ok(rows) => Ok(Rows { words: rows.words, holds: false }),
            Err(ReadError::Mistakes { found, more }) => {
                let sources = &mut *self.sources;
                Err(Error::Invalid(delimited::diagnostics(codes::BAD_FACTS, name, &found, more, sources)))
            }
            Err(ReadError::Io(error)) => Err(files::cannot_read(Path::new(name), &error).into()),
            Err(ReadError::Stopped(stop)) => Err(stopped(stop)),
            Err(ReadError::Unsupported(format)) => {
                let message = format!("{name}: this build does not read {format:?}");
                Err(Error::from(Diagnostic::new(codes::BAD_FACTS, message).at(directive.span)))
            }
        }
    }

    /// An array of rows, which are arrays, or objects with a member a column.
    fn json(
        &mut self,
        relation: &Relation,
        directive: &Directive,
        path: &Path,
        source: &str,
    ) -> Result<Rows, Error> {
        let shown = files::shown(path);
        let bad = |message: String| {
            Error::from(Diagnostic::new(codes::BAD_FACTS, format!("{shown}: {message}")).at(directive.span))
        };
        let parsed: serde_json::Value =
            serde_json::from_reader(Cursor::new(source)).map_err(|error| bad(error.to_string()))?;
        let serde_json::Value::Array(rows) = parsed else {
            return Err(bad("expected an array of rows".to_owned()));
        };
        let mut words = Vec::new();
        let mut holds = false;
        for (number, row) in rows.iter().enumerate() {
            holds = true;
            for (at, (column, ty)) in relation.columns.iter().enumerate() {
                let found = match row {
                    serde_json::Value::Array(items) => items.get(at),
                    serde_json::Value::Object(members) => members.get(column),
                    _ => None,
                };
                let value = found.ok_or_else(|| format!("row {} has no `{column}`", number + 1));
                let value = value.and_then(|value| {
                    text::from_json(&self.analysis.types, self.analysis.wide, *ty, value)
                        .ok_or_else(|| format!("row {}: `{value}` does not fit `{column}`", number + 1))
                });
                words.push(self.interner.intern(&value.map_err(bad)?));
            }
        }
        Ok(Rows { words, holds })
    }
}

fn kind<'c>(
    analysis: &Analysis,
    ty: Ty,
    parse: &'c (dyn Fn(&str) -> Result<Value, String> + Sync),
) -> delimited::Kind<'c> {
    let kind = analysis.types.kind(ty);
    match (kind, width(kind, analysis.wide)) {
        (Kind::Symbol, _) => delimited::Kind::Symbol,
        (Kind::Number, Width::Signed32) => delimited::Kind::NUMBER32,
        (Kind::Number, _) => delimited::Kind::NUMBER,
        (Kind::Unsigned, Width::Unsigned32) => delimited::Kind::UNSIGNED32,
        _ => delimited::Kind::Other(parse),
    }
}

/// The field that each column takes: in order, or as `columns="2:0:1"` says, whose n-th number is the
/// field of the n-th column.
fn places(directive: &Directive, relation: &Relation) -> Result<Vec<usize>, String> {
    let width = relation.columns.len();
    let Some(columns) = directive.param("columns") else { return Ok((0..width).collect()) };
    let places: Result<Vec<usize>, _> = columns.split(':').map(|part| part.trim().parse()).collect();
    match places {
        Ok(places) if places.len() >= width => Ok(places.into_iter().take(width).collect()),
        _ => Err(format!("`columns` needs {width} numbers with `:` between them")),
    }
}
