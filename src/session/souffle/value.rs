//! Values as Soufflé writes and reads them.

use std::fmt::Write;

use crate::analysis::souffle::lower::width;
use crate::analysis::souffle::types::{Def, Kind, Ty, Types};
use crate::model::Value;
use crate::storage::interner::inlined;
use crate::storage::{Interner, Word};

/// Writes the value of `word`, of type `ty`, behind `out`.
pub(super) fn write(types: &Types, wide: bool, ty: Ty, word: Word, interner: &Interner, out: &mut String) {
    let kind = types.kind(ty);
    if let (Some(number), Kind::Number) = (inlined(word), kind) {
        let _ = write!(out, "{number}");
        return;
    }
    match kind {
        Kind::Symbol => out.push_str(interner.symbol_text(word).unwrap_or("")),
        Kind::Record | Kind::Adt => compound(types, wide, ty, word, interner, false, out),
        Kind::Number | Kind::Unsigned => {
            let number = interner.number_of(word).unwrap_or(0);
            let _ = match width(kind, wide).is_unsigned() {
                true => write!(out, "{}", number as u64),
                false => write!(out, "{number}"),
            };
        }
        Kind::Float => match interner.value(word) {
            Value::Float(float) => float_text(float.get(), wide, out),
            _ => out.push('0'),
        },
    }
}

/// Writes a field of a delimited file. With `quoted`, text and compound values stand between quotes.
pub(super) fn field(
    types: &Types,
    wide: bool,
    ty: Ty,
    word: Word,
    interner: &Interner,
    quoted: bool,
    out: &mut Vec<u8>,
) {
    let mut text = String::new();
    match types.kind(ty) {
        Kind::Symbol if quoted => {
            text.push('"');
            escape_quotes(interner.symbol_text(word).unwrap_or(""), &mut text);
            text.push('"');
        }
        Kind::Record | Kind::Adt if quoted => {
            text.push('"');
            compound(types, wide, ty, word, interner, true, &mut text);
            text.push('"');
        }
        _ => write(types, wide, ty, word, interner, &mut text),
    }
    out.extend_from_slice(text.as_bytes());
}

/// A quote within quotes: doubled for the file, and with a backslash for the value in it.
fn escape_quotes(text: &str, out: &mut String) {
    out.push_str(&text.replace('"', "\\\"\""));
}

/// Writes a value as JSON; records as arrays or, with `objects`, as objects.
pub(super) fn json(
    types: &Types,
    wide: bool,
    ty: Ty,
    word: Word,
    interner: &Interner,
    objects: bool,
    out: &mut String,
) {
    let mut open = vec![JsonPiece::Value(ty, word)];
    while let Some(piece) = open.pop() {
        let (ty, word) = match piece {
            JsonPiece::Text(text) => {
                out.push_str(text);
                continue;
            }
            JsonPiece::Name(name) => {
                json_text(name, out);
                out.push_str(": ");
                continue;
            }
            JsonPiece::Value(ty, word) => (ty, word),
        };
        match (types.fields(ty), interner.list_items(word)) {
            (Some(fields), Some(items)) => {
                out.push_str(if objects { "{" } else { "[" });
                open.push(JsonPiece::Text(if objects { "}" } else { "]" }));
                for (at, ((name, ty), word)) in fields.iter().zip(items).enumerate().rev() {
                    open.push(JsonPiece::Value(*ty, *word));
                    if objects {
                        open.push(JsonPiece::Name(name));
                    }
                    if at > 0 {
                        open.push(JsonPiece::Text(", "));
                    }
                }
            }
            (Some(_), None) => out.push_str("null"),
            (None, _) if matches!(types.kind(ty), Kind::Symbol | Kind::Adt) => {
                let mut text = String::new();
                write(types, wide, ty, word, interner, &mut text);
                json_text(&text, out);
            }
            (None, _) => write(types, wide, ty, word, interner, out),
        }
    }
}

enum JsonPiece<'t> {
    Value(Ty, Word),
    Name(&'t str),
    Text(&'t str),
}

/// A text as JSON.
pub(super) fn json_text(text: &str, out: &mut String) {
    out.push_str(&serde_json::Value::from(text).to_string());
}

/// What is still to be written of records within records.
enum Piece<'t> {
    Value(Ty, Word),
    Text(&'t str),
}

/// Records are written without recursion: a list of a million cells is one. With `quoted`, the text in
/// them stands between quotes, which are doubled because the whole does too.
fn compound(
    types: &Types,
    wide: bool,
    ty: Ty,
    word: Word,
    interner: &Interner,
    quoted: bool,
    out: &mut String,
) {
    let mut open = vec![Piece::Value(ty, word)];
    while let Some(piece) = open.pop() {
        let (ty, word) = match piece {
            Piece::Text(text) => {
                out.push_str(text);
                continue;
            }
            Piece::Value(ty, word) => (ty, word),
        };
        let items = interner.list_items(word);
        match (types.def_of(types.root(ty)), items) {
            (Def::Record(fields), Some(items)) => {
                out.push('[');
                open.push(Piece::Text("]"));
                for (at, ((_, ty), word)) in fields.iter().zip(items).enumerate().rev() {
                    open.push(Piece::Value(*ty, *word));
                    if at > 0 {
                        open.push(Piece::Text(", "));
                    }
                }
            }
            (Def::Record(_), None) => out.push_str("nil"),
            (Def::Algebraic(branches), items) => {
                let (tag, items) = match items {
                    Some([tag, rest @ ..]) => (*tag, rest),
                    _ => (word, &[][..]),
                };
                let tag = interner.number_of(tag).and_then(|tag| usize::try_from(tag).ok());
                let Some((name, fields)) = tag.and_then(|tag| branches.get(tag)) else { continue };
                out.push('$');
                out.push_str(name);
                if fields.is_empty() {
                    continue;
                }
                out.push('(');
                open.push(Piece::Text(")"));
                for (at, (ty, word)) in fields.iter().zip(items).enumerate().rev() {
                    open.push(Piece::Value(*ty, *word));
                    if at > 0 {
                        open.push(Piece::Text(", "));
                    }
                }
            }
            _ if quoted && types.kind(ty) == Kind::Symbol => {
                out.push_str("\"\"");
                escape_quotes(interner.symbol_text(word).unwrap_or(""), out);
                out.push_str("\"\"");
            }
            _ => write(types, wide, ty, word, interner, out),
        }
    }
}

/// As `%.9g` (of 32 bits) or `%.17g` (of 64) has it.
fn float_text(float: f64, wide: bool, out: &mut String) {
    let digits: i32 = if wide { 17 } else { 9 };
    if float.is_nan() {
        return out.push_str("nan");
    }
    if float.is_infinite() {
        return out.push_str(if float > 0.0 { "inf" } else { "-inf" });
    }
    let scientific = format!("{:.*e}", digits as usize - 1, float);
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let trim = |text: &str| -> String {
        match text.contains('.') {
            true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
            false => text.to_owned(),
        }
    };
    if (-4..digits).contains(&exponent) {
        let places = usize::try_from(digits - 1 - exponent).unwrap_or(0);
        out.push_str(&trim(&format!("{float:.places$}")));
    } else {
        let sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "{}e{sign}{:02}", trim(mantissa), exponent.abs());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_c_writes_them() {
        let text = |float: f64| {
            let mut out = String::new();
            float_text(float, false, &mut out);
            out
        };
        assert_eq!(text(0.0), "0");
        assert_eq!(text(1.5), "1.5");
        assert_eq!(text(f64::from(0.1_f32)), "0.100000001");
        assert_eq!(text(123456789.0), "123456789");
        assert_eq!(text(1e10), "1e+10");
        assert_eq!(text(f64::from(1e-5_f32)), "9.99999975e-06");
        assert_eq!(text(-2.0), "-2");
    }
}
