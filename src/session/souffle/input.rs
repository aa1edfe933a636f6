//! Fact files.

use std::path::Path;

use crate::analysis::souffle::lower::width;
use crate::analysis::souffle::types::Kind;
use crate::analysis::souffle::{Analysis, Directive, Relation};
use crate::base::Diagnostic;
use crate::base::codes::souffle as codes;
use crate::base::limits::MAX_FILE_BYTES;
use crate::files;
use crate::model::fixed::Width;
use crate::storage::interner::inline_number;
use crate::storage::{Interner, Word};

/// Mistakes of one file that are told.
const SHOWN: usize = 20;

/// Reads what an `.input` names behind `words`. For a relation without columns, whether it holds.
pub(super) fn read(
    analysis: &Analysis,
    directive: &Directive,
    facts: &Path,
    interner: &mut Interner,
    words: &mut Vec<Word>,
) -> Result<bool, Vec<Diagnostic>> {
    let Some(relation) = analysis.relations.all().get(directive.pred.0 as usize) else { return Ok(false) };
    let param = |wanted: &str| {
        directive.params.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    };
    let name = param("filename").map_or_else(|| format!("{}.facts", relation.name), str::to_owned);
    let path = facts.join(&name);
    let bytes = files::read::bytes(&path, MAX_FILE_BYTES).map_err(|found| vec![found.at(directive.span)])?;
    delimited(analysis, relation, directive, &name, &bytes, interner, words)
}

/// Rows of columns with a delimiter between them.
fn delimited(
    analysis: &Analysis,
    relation: &Relation,
    directive: &Directive,
    name: &str,
    bytes: &[u8],
    interner: &mut Interner,
    words: &mut Vec<Word>,
) -> Result<bool, Vec<Diagnostic>> {
    let widths: Vec<Option<Width>> = relation
        .columns
        .iter()
        .map(|(_, ty)| {
            let kind = analysis.types.kind(*ty);
            let number = matches!(kind, Kind::Number | Kind::Unsigned | Kind::Float);
            number.then(|| width(kind, analysis.wide))
        })
        .collect();
    let mut problems = Vec::new();
    words.reserve(bytes.iter().filter(|byte| **byte == b'\n').count() * widths.len());
    let mut line_number = 0;
    for line in bytes.split(|byte| *byte == b'\n') {
        line_number += 1;
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            continue;
        }
        if widths.is_empty() {
            return Ok(true);
        }
        let before = words.len();
        let mut fields = line.split(|byte| *byte == b'\t');
        for (at, width) in widths.iter().enumerate() {
            let word = match fields.next() {
                Some(field) => word(field, *width, interner).ok_or_else(|| {
                    let field = String::from_utf8_lossy(field).into_owned();
                    let column = relation.columns.get(at).map_or("", |(name, _)| name);
                    format!("`{}` does not fit the column `{column}`", crate::base::escape::printable(&field))
                }),
                None => Err(format!("this line has {at} columns, `{}` has {}", relation.name, widths.len())),
            };
            match word {
                Ok(word) => words.push(word),
                Err(message) => {
                    words.truncate(before);
                    let message = format!("{name}:{line_number}: {message}");
                    problems.push(Diagnostic::new(codes::BAD_FACTS, message).at(directive.span));
                    break;
                }
            }
        }
        if problems.len() >= SHOWN {
            break;
        }
    }
    if problems.is_empty() { Ok(false) } else { Err(problems) }
}

fn word(field: &[u8], width: Option<Width>, interner: &mut Interner) -> Option<Word> {
    if let Some(width) = width {
        if !width.is_float()
            && let Some(number) = small(field)
        {
            return inline_number(number);
        }
        let value = width.parse(std::str::from_utf8(field).ok()?)?;
        return Some(interner.intern(&value));
    }
    Some(interner.symbol(std::str::from_utf8(field).ok()?))
}

/// A number of at most nine digits.
fn small(field: &[u8]) -> Option<i64> {
    if field.is_empty() || field.len() > 9 {
        return None;
    }
    let mut number = 0;
    for byte in field {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        number = number * 10 + i64::from(digit);
    }
    Some(number)
}
