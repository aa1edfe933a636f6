//! `.input`: rows of data files as background facts of declared relations.

use std::io::{Cursor, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::base::Unit;
use super::shapes;
use crate::analysis::{Analysis, Directive};
use crate::base::codes::project as codes;
use crate::base::{Budget, CancelToken, Diagnostic, FileId, Limits, SourceMap, Span};
use crate::files::{self, Project, Trust};
use crate::interop::delimited::{Extra, Quoting, SHOWN};
use crate::interop::{
    self, Column, Compression, Format, Matching, ReadError, Request, Rows, Text, diagnostics,
};
use crate::model::Value;
use crate::model::schema::PredKind;
use crate::storage::Database;
use crate::syntax::datalog::ast::IoKind;

/// Of a text up to this size each fact keeps its place; a larger one is not kept in memory, and its
/// facts are placed at the file as a whole.
const KEPT: u64 = 16 << 20;

/// What reading data files needs beside the files.
#[derive(Clone)]
pub(super) struct Means {
    /// Threads, at least one.
    pub jobs: usize,
    /// Stops the reading.
    pub cancel: CancelToken,
}

/// Loads what the `.input` directives of `units` name. Nothing of a file with mistakes is loaded; with
/// `left_out`, its name is noted there, and it is passed over.
pub(super) fn load(
    project: Option<&Project>,
    analysis: &Analysis,
    units: &[Unit],
    means: &Means,
    sources: &mut SourceMap,
    database: &mut Database,
    mut left_out: Option<&mut Vec<String>>,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    for directive in analysis.directives.iter().filter(|directive| directive.kind == IoKind::Input) {
        let Some(unit) = units.iter().find(|unit| unit.file == directive.span.file) else { continue };
        let Some(project) = project else {
            let message = "there is no project to read files for";
            diagnostics.push(Diagnostic::new(codes::NO_PROJECT, message).at(directive.span));
            continue;
        };
        // What was typed in stands at the top of the project.
        let place = unit.path.clone().unwrap_or_default();
        let mut input = Input { project, analysis, directive, means, sources, database };
        if let Err(problems) = input.load(&place) {
            match &mut left_out {
                Some(left_out) => left_out.push(input.name(&place)),
                None => diagnostics.extend(problems),
            }
        }
    }
    diagnostics
}

/// One directive.
struct Input<'a> {
    project: &'a Project,
    analysis: &'a Analysis,
    directive: &'a Directive,
    means: &'a Means,
    sources: &'a mut SourceMap,
    database: &'a mut Database,
}

impl Input<'_> {
    fn load(&mut self, from: &Path) -> Result<(), Vec<Diagnostic>> {
        let directive = self.directive;
        let schema = &self.analysis.program.schema;
        let predicate = schema.predicate(directive.predicate);
        if predicate.kind != PredKind::Declared {
            return Err(vec![
                Diagnostic::new(codes::BAD_INPUT, format!("`{}` is derived by rules", predicate.name))
                    .labelled(directive.span, "only a declared relation can be filled from a file"),
            ]);
        }
        let columns = shapes::columns(schema, directive.predicate);
        let path = self.path(from).map_err(|refused| self.placed(refused))?;
        let (format, compression) = self.format(&path)?;
        let layout = self.layout(format)?;
        if format == Format::Sqlite {
            return self.database_file(&path, &columns, predicate.name.clone());
        }
        let file = self.project.open_data(&path, Trust::Project).map_err(|refused| self.placed(refused))?;
        let size = file.metadata().map_or(u64::MAX, |meta| meta.len());
        let textual = !matches!(format, Format::Parquet) && compression == Compression::None;
        if textual && size <= KEPT {
            drop(file);
            let (id, kept) = self
                .project
                .read_into(&path, Trust::Project, self.sources)
                .map_err(|refused| self.placed(refused))?;
            let text: Arc<str> = kept.text;
            let size = text.len() as u64;
            let stream = Box::new(Cursor::new(Bytes(text)));
            let rows = self.rows((format, stream), &columns, &layout, Some(size), true, &kept.name)?;
            return self.keep(rows, id);
        }
        let name = path.display().to_string();
        let packed = compression != Compression::None;
        let stream = compression.unpack(Box::new(file)).map_err(|error| self.unreadable(&name, &error))?;
        let size = (!packed).then_some(size);
        let rows = self.rows((format, stream), &columns, &layout, size, false, &name)?;
        let id = self.sources.add(name, "");
        let Rows { words, len, .. } = rows;
        self.database.assert_bulk(directive.predicate, words, len, Span::new(id, 0, 0));
        Ok(())
    }

    fn written(&self) -> String {
        let relation = &self.analysis.program.schema.predicate(self.directive.predicate).name;
        self.text("filename").map_or_else(|| format!("{relation}.facts"), str::to_owned)
    }

    /// The file, relative to the project.
    fn path(&self, from: &Path) -> Result<PathBuf, Diagnostic> {
        self.project.relative_to(from, &self.written())
    }

    /// The file for people, also where it leads out of the project.
    fn name(&self, from: &Path) -> String {
        self.path(from).map_or_else(|_| self.written(), |path| path.display().to_string())
    }

    fn keep(&mut self, rows: Rows, file: FileId) -> Result<(), Vec<Diagnostic>> {
        let offset = |at: u64| usize::try_from(at).unwrap_or(usize::MAX);
        if rows.places.len() == rows.len {
            let places: Vec<Span> = rows
                .places
                .iter()
                .map(|(start, end)| Span::new(file, offset(*start), offset(*end)))
                .collect();
            self.database.assert_rows(self.directive.predicate, rows.words, &places);
        } else {
            self.database.assert_bulk(self.directive.predicate, rows.words, rows.len, Span::new(file, 0, 0));
        }
        Ok(())
    }

    #[cfg(feature = "sqlite")]
    fn database_file(
        &mut self,
        path: &Path,
        columns: &[Column],
        relation: Arc<str>,
    ) -> Result<(), Vec<Diagnostic>> {
        let full = self.project.resolve(path, Trust::Project).map_err(|refused| self.placed(refused))?;
        let table = self.text("table").map_or_else(|| relation.to_string(), str::to_owned);
        let name = path.display().to_string();
        let budget = Budget::new(Limits::none(), self.means.cancel.clone());
        let layout = Layout { table, ..Layout::default() };
        let request = self.request(columns, &layout, None, false, &budget);
        let read = interop::sqlite::read(&full, &request, self.database.interner_mut());
        let rows = read.map_err(|error| self.refused(error, Format::Sqlite, &name))?;
        let id = self.sources.add(name, "");
        self.keep(rows, id)
    }

    #[cfg(not(feature = "sqlite"))]
    fn database_file(&mut self, path: &Path, _: &[Column], _: Arc<str>) -> Result<(), Vec<Diagnostic>> {
        Err(self.refused(ReadError::Unsupported(Format::Sqlite), Format::Sqlite, &path.display().to_string()))
    }

    fn request<'r>(
        &self,
        columns: &'r [Column],
        layout: &'r Layout,
        size: Option<u64>,
        places: bool,
        budget: &'r Budget,
    ) -> Request<'r> {
        Request {
            columns,
            matching: layout.matching,
            text: Text { delimiter: layout.delimiter.as_deref(), quoting: layout.quoting },
            extra: Extra::Refuse,
            table: &layout.table,
            mapping: None,
            places,
            max_mistakes: SHOWN,
            jobs: self.means.jobs,
            size,
            budget,
            progress: &|_| {},
        }
    }

    fn rows(
        &mut self,
        (format, stream): (Format, Box<dyn Read + Send>),
        columns: &[Column],
        layout: &Layout,
        size: Option<u64>,
        places: bool,
        name: &str,
    ) -> Result<Rows, Vec<Diagnostic>> {
        let budget = Budget::new(Limits::none(), self.means.cancel.clone());
        let request = self.request(columns, layout, size, places, &budget);
        interop::read(format, stream, &request, self.database.interner_mut())
            .map_err(|error| self.refused(error, format, name))
    }

    fn refused(&mut self, error: ReadError, format: Format, name: &str) -> Vec<Diagnostic> {
        match error {
            ReadError::Mistakes { found, more } => {
                diagnostics(codes::BAD_INPUT, name, &found, more, self.sources)
            }
            ReadError::Io(error) => self.unreadable(name, &error),
            ReadError::Stopped(_) => {
                let message = format!("reading `{name}` was interrupted");
                vec![Diagnostic::new(codes::BAD_INPUT, message).at(self.directive.span)]
            }
            ReadError::Unsupported(_) => {
                let message = format!("this build reads no {}", format.name());
                let feature = format.missing_feature().unwrap_or("default");
                vec![
                    Diagnostic::new(codes::BAD_INPUT, message)
                        .at(self.directive.span)
                        .help(format!("build factlog with `--features {feature}`")),
                ]
            }
        }
    }

    fn placed(&self, refused: Diagnostic) -> Vec<Diagnostic> {
        vec![if refused.primary.is_none() { refused.at(self.directive.span) } else { refused }]
    }

    fn unreadable(&self, name: &str, error: &std::io::Error) -> Vec<Diagnostic> {
        let message = format!("cannot read `{name}`: {}", files::reason(error));
        vec![Diagnostic::new(codes::BAD_INPUT, message).at(self.directive.span)]
    }

    fn bad(&self, message: impl Into<String>) -> Vec<Diagnostic> {
        vec![Diagnostic::new(codes::BAD_INPUT, message).at(self.directive.span)]
    }

    /// What a parameter says.
    fn text(&self, name: &str) -> Option<&str> {
        self.directive.params.iter().find(|(known, _)| known == name).and_then(|(_, value)| match value {
            Value::Symbol(text) => Some(&**text),
            _ => None,
        })
    }

    fn flag(&self, name: &str) -> bool {
        self.directive.params.iter().any(|(known, value)| known == name && *value == Value::Bool(true))
    }

    /// The format that the directive names, else that of the extension, else tab-separated.
    fn format(&self, path: &Path) -> Result<(Format, Compression), Vec<Diagnostic>> {
        let (by_path, compression) = Format::from_path(path);
        let format = match self.text("format") {
            Some(name) => {
                Format::from_name(name).ok_or_else(|| self.bad(format!("there is no format `{name}`")))?
            }
            None => by_path.unwrap_or(Format::Tsv),
        };
        if matches!(format, Format::Nt | Format::Ttl) {
            return Err(self.bad("RDF needs a mapping: turn it into facts with `factlog import --map FILE`"));
        }
        Ok((format, compression))
    }

    /// How delimited text is laid out. Quotes mean something in what is separated by commas, and
    /// elsewhere with `rfc4180=true`.
    fn layout(&self, format: Format) -> Result<Layout, Vec<Diagnostic>> {
        let delimiter = match self.text("delimiter") {
            Some("\\t") => Some("\t"),
            Some(text) if text.is_empty() || text.contains(['"', '\n', '\r']) => {
                return Err(self.bad("a delimiter is a text that is not empty, without quotes and line ends"));
            }
            other => other,
        };
        let commas = delimiter.map_or(format == Format::Csv, |delimiter| delimiter == ",");
        let quoted = commas || self.flag("rfc4180");
        Ok(Layout {
            delimiter: delimiter.map(str::to_owned),
            quoting: Some(if quoted { Quoting::Rfc4180 } else { Quoting::None }),
            matching: if self.flag("headers") { Matching::NamesOrOrder } else { Matching::Order },
            table: String::new(),
        })
    }
}

/// What a directive says of the layout of its file.
struct Layout {
    delimiter: Option<String>,
    quoting: Option<Quoting>,
    matching: Matching,
    table: String,
}

impl Default for Layout {
    fn default() -> Self {
        Layout { delimiter: None, quoting: None, matching: Matching::Order, table: String::new() }
    }
}

/// A shared text as bytes that a cursor can read.
struct Bytes(Arc<str>);

impl AsRef<[u8]> for Bytes {
    fn as_ref(&self) -> &[u8] {
        self.0.as_bytes()
    }
}
