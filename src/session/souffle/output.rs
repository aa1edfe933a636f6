//! What `.output` and `.printsize` write.

use std::io::Write;

use super::{RunOptions, stopped, value};
use crate::analysis::souffle::types::Kind;
use crate::analysis::souffle::{Analysis, Directive, Relation};
use crate::base::codes::souffle as codes;
use crate::base::{Budget, Diagnostic};
use crate::files::{OutputFile, cannot_write};
use crate::interop::delimited::{self, Cell, Quoting, WriteError, Writing};
use crate::interop::format::Compression;
use crate::session::Error;
use crate::storage::{Interner, Table, Word};

pub(super) struct Output<'a> {
    pub analysis: &'a Analysis,
    pub options: &'a RunOptions,
    pub budget: &'a Budget,
    pub interner: &'a Interner,
    /// What goes to standard output.
    pub stdout: Vec<u8>,
}

impl Output<'_> {
    fn relation(&self, directive: &Directive) -> Option<&Relation> {
        self.analysis.relations.all().get(directive.pred.0 as usize)
    }

    /// `.printsize`
    pub fn size(&mut self, directive: &Directive, table: &Table) {
        let line = match self.relation(directive) {
            Some(relation) => format!("{}\t{}\n", relation.name, table.len()),
            None => return,
        };
        self.stdout.extend_from_slice(line.as_bytes());
    }

    /// `.output`: writes a relation to the file that the directive names, or to standard output.
    pub fn write(&mut self, directive: &Directive, table: &Table) -> Result<(), Error> {
        let io = directive.param("IO");
        if io == Some("stdoutprintsize") {
            self.size(directive, table);
            return Ok(());
        }
        let Some(relation) = self.relation(directive) else { return Ok(()) };
        let json = io.is_some_and(|io| io.starts_with("json"));
        let to_file = !matches!(io, Some("stdout" | "json"));
        let (Some(dir), true) = (&self.options.output, to_file) else {
            let mut out = Vec::new();
            if json {
                self.json(relation, directive, table, &mut out)?;
            } else {
                out.extend_from_slice(format!("---------------\n{}\n", relation.name).as_bytes());
                if directive.flag("headers") {
                    out.extend_from_slice(self.header(relation, directive).as_bytes());
                }
                out.extend_from_slice(b"===============\n");
                self.rows(relation, directive, table, &mut out)?;
                out.extend_from_slice(b"===============\n");
            }
            self.stdout.append(&mut out);
            return Ok(());
        };
        let packed = !json && directive.param("compress").is_some();
        let extension = match (json, packed) {
            (true, _) => "json",
            (_, true) => "csv.gz",
            _ => "csv",
        };
        let name = directive
            .param("filename")
            .map_or_else(|| format!("{}.{extension}", relation.name), str::to_owned);
        let path = dir.join(name);
        let mut out = OutputFile::create(&path).map_err(|refused| refused.at(directive.span))?;
        let refused = |error| Error::from(cannot_write(&path, &error));
        if json {
            self.json(relation, directive, table, &mut out)?;
        } else {
            let header = match directive.flag("headers") {
                true => self.header(relation, directive),
                false => String::new(),
            };
            if packed {
                let mut text = header.into_bytes();
                self.rows(relation, directive, table, &mut text)?;
                Compression::Gzip.pack(&mut out, |packer| packer.write_all(&text)).map_err(refused)?;
            } else {
                out.write_all(header.as_bytes()).map_err(refused)?;
                self.rows(relation, directive, table, &mut out)?;
            }
        }
        out.commit()?;
        Ok(())
    }

    fn delimiter<'d>(&self, directive: &'d Directive) -> &'d str {
        directive.param("delimiter").unwrap_or(if directive.flag("rfc4180") { "," } else { "\t" })
    }

    fn header(&self, relation: &Relation, directive: &Directive) -> String {
        let names: Vec<&str> = relation.columns.iter().map(|(name, _)| name.as_str()).collect();
        let joined = names.join(directive.param("delimiter").unwrap_or("\t"));
        directive.param("attributeNames").map_or(joined, str::to_owned) + "\n"
    }

    fn rows(
        &self,
        relation: &Relation,
        directive: &Directive,
        table: &Table,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let failed = |error: WriteError| match error {
            WriteError::Io(error) => Error::from(cannot_write(std::path::Path::new(&relation.name), &error)),
            WriteError::Stopped(stop) => stopped(stop),
            WriteError::Unsupported(format) => {
                unfit(directive, &format!("this build does not write {format:?}"))
            }
            WriteError::Unfit(why) => unfit(directive, &why),
        };
        if relation.columns.is_empty() {
            let text: &[u8] = if table.is_empty() { b"" } else { b"()\n" };
            return out.write_all(text).map_err(|error| failed(WriteError::Io(error)));
        }
        let quoted = directive.flag("rfc4180");
        let Output { analysis, interner, .. } = self;
        let cells: Vec<_> = relation
            .columns
            .iter()
            .map(|(_, ty)| {
                move |word: Word, out: &mut Vec<u8>| {
                    value::field(&analysis.types, analysis.wide, *ty, word, interner, quoted, out)
                }
            })
            .collect();
        let cells: Vec<Cell<'_>> = relation
            .columns
            .iter()
            .zip(&cells)
            .map(|((_, ty), cell)| match analysis.types.kind(*ty) {
                Kind::Number => Cell::Plain,
                Kind::Symbol if !quoted => Cell::Plain,
                _ => Cell::Other(cell),
            })
            .collect();
        let width = relation.columns.len();
        let words = table.rows().words();
        let writing = Writing {
            cells: &cells,
            len: table.len(),
            rows: &|range, buffer| {
                buffer.extend_from_slice(words.get(range.start * width..range.end * width).unwrap_or(&[]));
            },
            interner,
            delimiter: self.delimiter(directive),
            quoting: Quoting::None,
            jobs: self.options.jobs,
            budget: self.budget,
        };
        delimited::write(out, &writing).map_err(failed)
    }

    /// An array with a row a line: arrays, or with `format=object` objects.
    fn json(
        &self,
        relation: &Relation,
        directive: &Directive,
        table: &Table,
        out: &mut dyn Write,
    ) -> Result<(), Error> {
        let objects = directive.param("format") == Some("object");
        let mut text = String::from("[");
        if relation.columns.is_empty() && !table.is_empty() {
            text.push_str("null\n");
        }
        let rows = if relation.columns.is_empty() { 0 } else { table.len() };
        for at in 0..rows {
            if at > 0 {
                text.push_str(",\n");
            }
            text.push_str(if objects { "{" } else { "[" });
            for (column, (word, (name, ty))) in table.row(at).iter().zip(&relation.columns).enumerate() {
                if column > 0 {
                    text.push_str(", ");
                }
                if objects {
                    value::json_text(name, &mut text);
                    text.push_str(": ");
                }
                let Output { analysis, interner, .. } = self;
                value::json(&analysis.types, analysis.wide, *ty, *word, interner, objects, &mut text);
            }
            text.push_str(if objects { "}" } else { "]" });
        }
        text.push_str("]\n");
        let failed = |error| Error::from(cannot_write(std::path::Path::new(&relation.name), &error));
        out.write_all(text.as_bytes()).map_err(failed)
    }
}

fn unfit(directive: &Directive, why: &str) -> Error {
    Error::from(Diagnostic::new(codes::BAD_FACTS, why).at(directive.span))
}
