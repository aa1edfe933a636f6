//! `.input`: rows of delimited files as background facts of declared relations.

use std::path::Path;

use super::base::Unit;
use crate::analysis::types::Base;
use crate::analysis::{Analysis, Directive};
use crate::base::codes::project as codes;
use crate::base::{Diagnostic, SourceMap, Span};
use crate::files::{Project, Trust};
use crate::model::schema::{Column, PredKind, Schema};
use crate::model::{Assertion, Date, EnumValue, Fact, Value};
use crate::storage::Database;
use crate::syntax::datalog::ast::IoKind;

/// At most so many mistakes of one file are reported.
const SHOWN: usize = 20;

/// Loads what the `.input` directives of `units` name. Nothing of a file with mistakes is loaded.
pub(super) fn load(
    project: Option<&Project>,
    analysis: &Analysis,
    units: &[Unit],
    sources: &mut SourceMap,
    database: &mut Database,
) -> Vec<Diagnostic> {
    let mut diagnostics = Vec::new();
    let schema = &analysis.program.schema;
    for directive in analysis.directives.iter().filter(|directive| directive.kind == IoKind::Input) {
        let Some(unit) = units.iter().find(|unit| unit.file == directive.span.file) else { continue };
        let Some(project) = project else {
            let message = "there is no project to read files for";
            diagnostics.push(Diagnostic::new(codes::NO_PROJECT, message).at(directive.span));
            continue;
        };
        let predicate = schema.predicate(directive.predicate);
        if predicate.kind != PredKind::Declared {
            diagnostics.push(
                Diagnostic::new(codes::BAD_INPUT, format!("`{}` is derived by rules", predicate.name))
                    .labelled(directive.span, "only a declared relation can be filled from a file"),
            );
            continue;
        }
        let written = match text_param(directive, "filename") {
            Some(name) => name.to_owned(),
            None => format!("{}.facts", predicate.name),
        };
        // What was typed in stands at the top of the project.
        let place = unit.path.clone().unwrap_or_default();
        let read = project
            .relative_to(&place, &written)
            .and_then(|path| project.read(&path, Trust::Project).map(|file| (path, file)));
        let (path, file) = match read {
            Ok(found) => found,
            Err(diagnostic) => {
                let diagnostic =
                    if diagnostic.primary.is_none() { diagnostic.at(directive.span) } else { diagnostic };
                diagnostics.push(diagnostic);
                continue;
            }
        };
        let id = sources.add(file.name, file.text.clone());
        match rows(schema, directive, &path, id, &file.text) {
            Ok(facts) => database.assert(&facts),
            Err(problems) => diagnostics.extend(problems),
        }
    }
    diagnostics
}

fn text_param<'d>(directive: &'d Directive, name: &str) -> Option<&'d str> {
    directive.params.iter().find(|(known, _)| known == name).and_then(|(_, value)| match value {
        Value::Symbol(text) => Some(&**text),
        _ => None,
    })
}

fn flag(directive: &Directive, name: &str) -> bool {
    directive.params.iter().any(|(known, value)| known == name && *value == Value::Bool(true))
        || text_param(directive, name) == Some("true")
}

/// The delimiter: as given, else a comma for `.csv` and a tab for the rest.
fn delimiter(directive: &Directive, path: &Path) -> Result<u8, Diagnostic> {
    match text_param(directive, "delimiter").map(str::as_bytes) {
        Some([byte]) => Ok(*byte),
        Some(_) => {
            Err(Diagnostic::new(codes::BAD_INPUT, "a delimiter is one ASCII character").at(directive.span))
        }
        None if path.extension().is_some_and(|extension| extension == "csv") => Ok(b','),
        None => Ok(b'\t'),
    }
}

fn rows(
    schema: &Schema,
    directive: &Directive,
    path: &Path,
    file: crate::base::FileId,
    text: &str,
) -> Result<Vec<Fact>, Vec<Diagnostic>> {
    let delimiter = delimiter(directive, path).map_err(|diagnostic| vec![diagnostic])?;
    let predicate = schema.predicate(directive.predicate);
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .has_headers(flag(directive, "headers"))
        .quoting(delimiter == b',' || flag(directive, "rfc4180"))
        .flexible(true)
        .from_reader(text.as_bytes());
    let mut facts = Vec::new();
    let mut problems = Vec::new();
    let mut record = csv::StringRecord::new();
    loop {
        let start = position(&reader);
        let more = match reader.read_record(&mut record) {
            Ok(more) => more,
            Err(error) => {
                problems.push(
                    Diagnostic::new(codes::BAD_INPUT, error.to_string()).at(Span::new(file, start, start)),
                );
                break;
            }
        };
        if !more {
            break;
        }
        let start = record.position().map_or(start, |position| offset(position.byte()));
        let span = Span::new(file, start, position(&reader).max(start));
        let span = Span { end: span.start + trimmed(text, span), ..span };
        if record.len() != predicate.arity() {
            problems.push(
                Diagnostic::new(
                    codes::BAD_INPUT,
                    format!(
                        "`{}` has {} columns, this line {}",
                        predicate.name,
                        predicate.arity(),
                        record.len()
                    ),
                )
                .at(span),
            );
        } else {
            let mut tuple = Vec::with_capacity(record.len());
            for (field, column) in record.iter().zip(&predicate.columns) {
                match value(schema, column, field) {
                    Ok(value) => tuple.push(value),
                    Err(message) => problems.push(
                        Diagnostic::new(codes::BAD_INPUT, format!("column `{}`: {message}", column.name))
                            .at(span),
                    ),
                }
            }
            if tuple.len() == predicate.arity() {
                facts.push(Fact {
                    predicate: directive.predicate,
                    tuple,
                    assertion: Assertion::background(span),
                });
            }
        }
        if problems.len() >= SHOWN {
            problems
                .push(Diagnostic::new(codes::BAD_INPUT, "there may be more mistakes in this file").at(span));
            break;
        }
    }
    if problems.is_empty() { Ok(facts) } else { Err(problems) }
}

fn position<R: std::io::Read>(reader: &csv::Reader<R>) -> usize {
    offset(reader.position().byte())
}

fn offset(byte: u64) -> usize {
    usize::try_from(byte).unwrap_or(usize::MAX)
}

/// Length of a record without its line end.
fn trimmed(text: &str, span: Span) -> u32 {
    let record = text.get(span.range()).unwrap_or("").trim_end_matches(['\n', '\r']);
    u32::try_from(record.len()).unwrap_or(0)
}

/// A field as a value of its column; an empty one is nil where the column is optional.
fn value(schema: &Schema, column: &Column, field: &str) -> Result<Value, String> {
    if field.is_empty() && column.optional {
        return Ok(Value::Nil);
    }
    match schema.base(column.ty) {
        Base::Symbol => Ok(Value::symbol(field)),
        Base::Number => {
            field.trim().parse().map(Value::Number).map_err(|_| format!("`{field}` is no whole number"))
        }
        Base::Float => match field.trim().parse::<f64>() {
            Ok(number) if number.is_finite() => Ok(Value::float(number)),
            _ => Err(format!("`{field}` is no number")),
        },
        Base::Bool => match field {
            "true" => Ok(Value::Bool(true)),
            "false" => Ok(Value::Bool(false)),
            _ => Err(format!("`{field}` is neither true nor false")),
        },
        Base::Date => {
            Date::parse(field).map(Value::Date).map_err(|reason| format!("`{field}` is no date: {reason}"))
        }
        Base::Enum(id) => {
            let def = schema.enum_def(id);
            match def.constants.iter().position(|constant| **constant == *field) {
                Some(ordinal) => Ok(Value::Enum(EnumValue {
                    ty: id,
                    ordinal: ordinal as u32,
                    name: def.constants[ordinal].clone(),
                })),
                None => Err(format!("`{field}` is no constant of `{}`", def.name)),
            }
        }
        Base::List(_) => Err("a column of lists cannot be read from a delimited file".to_owned()),
    }
}
