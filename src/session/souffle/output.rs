//! What `.output` writes.

use std::io::Write;

use super::{RunOptions, value};
use crate::analysis::souffle::{Analysis, Directive};
use crate::base::Diagnostic;
use crate::files::{OutputFile, cannot_write};
use crate::storage::{Interner, Table};

/// Bytes gathered before they are written.
const CHUNK: usize = 1 << 16;

/// Writes a relation to the file that the directive names, or behind `stdout`.
pub(super) fn write(
    analysis: &Analysis,
    directive: &Directive,
    options: &RunOptions,
    table: &Table,
    interner: &Interner,
    stdout: &mut Vec<u8>,
) -> Result<(), Diagnostic> {
    let Some(relation) = analysis.relations.all().get(directive.pred.0 as usize) else { return Ok(()) };
    let param = |wanted: &str| {
        directive.params.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let file = param("filename").map_or_else(|| format!("{}.csv", relation.name), str::to_owned);
    match &options.output {
        None => {
            stdout.extend_from_slice(
                format!("---------------\n{}\n===============\n", relation.name).as_bytes(),
            );
            let written = rows(analysis, directive, table, interner, stdout);
            debug_assert!(written.is_ok());
            stdout.extend_from_slice(b"===============\n");
            Ok(())
        }
        Some(dir) => {
            let path = dir.join(file);
            let mut out = OutputFile::create(&path)?;
            rows(analysis, directive, table, interner, &mut out)
                .map_err(|error| cannot_write(&path, &error))?;
            out.commit()
        }
    }
}

fn rows(
    analysis: &Analysis,
    directive: &Directive,
    table: &Table,
    interner: &Interner,
    out: &mut dyn Write,
) -> std::io::Result<()> {
    let Some(relation) = analysis.relations.all().get(directive.pred.0 as usize) else { return Ok(()) };
    if relation.columns.is_empty() {
        return if table.is_empty() { Ok(()) } else { out.write_all(b"()\n") };
    }
    let mut text = String::with_capacity(2 * CHUNK);
    for row in table.iter() {
        for (at, (word, (_, ty))) in row.iter().zip(&relation.columns).enumerate() {
            if at > 0 {
                text.push('\t');
            }
            value::write(&analysis.types, analysis.wide, *ty, *word, interner, &mut text);
        }
        text.push('\n');
        if text.len() >= CHUNK {
            out.write_all(text.as_bytes())?;
            text.clear();
        }
    }
    out.write_all(text.as_bytes())
}
