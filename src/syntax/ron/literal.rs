//! The one normal form of literals.
//!
//! Integers are decimal, without `_`, `+` and leading zeros, their suffix kept. Floats are the
//! shortest text that reads back as the same float. Strings are written with the fewest escapes:
//! as a raw string where that avoids all of them, quotes and backslashes being the only reason.

use std::fmt::Write;

use super::node::Node;
use super::tree::Kind;
use crate::base::escape;

/// Appends the leaf `node`; what has no normal form of its own is written as it was.
pub(super) fn write_leaf(node: Node<'_>, out: &mut String) {
    match node.kind() {
        Kind::Int => write_int(node, out),
        Kind::Float => write_float(node, out),
        Kind::Str => write_string(&node.as_str().unwrap_or_default(), out),
        Kind::Bytes => write_bytes(&node.as_bytes().unwrap_or_default(), out),
        Kind::Char => match node.as_char() {
            Some(c) => write_char(c, out),
            None => out.push_str(node.text()),
        },
        Kind::Unit => out.push_str("()"),
        _ => out.push_str(node.text()),
    }
}

// Writing to a `String` cannot fail.
fn write_int(node: Node<'_>, out: &mut String) {
    let value = node.as_int().unwrap_or(0);
    if node.is_byte() {
        out.push_str("b'");
        match u8::try_from(value) {
            Ok(b'\'') => out.push_str("\\'"),
            Ok(byte) => write_byte(byte, out),
            Err(_) => {}
        }
        out.push('\'');
    } else {
        let _ = write!(out, "{value}{}", node.int_type().map_or("", |ty| ty.name()));
    }
}

fn write_float(node: Node<'_>, out: &mut String) {
    let value = node.as_float().unwrap_or(0.0);
    let suffix = node.float_suffix().unwrap_or("");
    let _ = if suffix == "f32" {
        write!(out, "{:?}{suffix}", value as f32)
    } else {
        write!(out, "{value:?}{suffix}")
    };
}

fn write_char(c: char, out: &mut String) {
    out.push('\'');
    match c {
        '\'' => out.push_str("\\'"),
        '"' => out.push('"'),
        _ => out.push_str(escape::quoted(c.encode_utf8(&mut [0; 4])).trim_matches('"')),
    }
    out.push('\'');
}

/// Appends `text` as a string literal.
pub fn write_string(text: &str, out: &mut String) {
    if text.contains(['"', '\\']) && !text.chars().any(escape::is_unsafe) {
        out.push('r');
        write_raw(text, out);
    } else {
        out.push_str(&escape::quoted(text));
    }
}

fn write_bytes(bytes: &[u8], out: &mut String) {
    let printable = bytes.iter().all(|b| (b' '..0x7f).contains(b));
    match std::str::from_utf8(bytes) {
        Ok(text) if printable && text.contains(['"', '\\']) => {
            out.push_str("br");
            write_raw(text, out);
        }
        _ => {
            out.push_str("b\"");
            bytes.iter().for_each(|&byte| match byte {
                b'"' => out.push_str("\\\""),
                _ => write_byte(byte, out),
            });
            out.push('"');
        }
    }
}

/// The hashes, quotes and content of a raw string, with as few hashes as will do.
fn write_raw(text: &str, out: &mut String) {
    let mut hashes = 0;
    for (at, _) in text.match_indices('"') {
        let run = text[at + 1..].bytes().take_while(|&b| b == b'#').count();
        hashes = hashes.max(run + 1);
    }
    let hashes = "#".repeat(hashes);
    let _ = write!(out, "{hashes}\"{text}\"{hashes}");
}

fn write_byte(byte: u8, out: &mut String) {
    match byte {
        b'\\' => out.push_str("\\\\"),
        b'\n' => out.push_str("\\n"),
        b'\r' => out.push_str("\\r"),
        b'\t' => out.push_str("\\t"),
        0 => out.push_str("\\0"),
        b' '..0x7f => out.push(byte.into()),
        _ => {
            let _ = write!(out, "\\x{byte:02x}");
        }
    }
}
