//! Escapes in strings, byte strings and characters: checked once while lexing, resolved when
//! somebody asks for the text.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while, take_while_m_n};
use nom::combinator::{map_opt, value};
use nom::error::{ErrorKind, ParseError};
use nom::sequence::{delimited, preceded};
use nom::{IResult, Parser};

/// Which escapes are allowed, and what `\x` means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mode {
    /// A string: `\x80` and above must combine to UTF-8; `\` before a line end joins the lines.
    Str,
    /// A byte string: `\x` is any byte; `\` before a line end joins the lines.
    Bytes,
    /// A character: `\x` up to `7f`.
    Char,
    /// A byte literal: like a character, but `\x` is any byte and `\u` is not allowed.
    Byte,
}

/// What an escape stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Piece {
    /// A character.
    Char(char),
    /// A byte that is no character of its own.
    Byte(u8),
    /// Nothing: a line continuation.
    Nothing,
}

/// What is wrong with an escape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct BadEscape(pub(super) &'static str);

impl<I> ParseError<I> for BadEscape {
    fn from_error_kind(_: I, _: ErrorKind) -> Self {
        BadEscape("no escape is written like this")
    }

    fn append(_: I, _: ErrorKind, other: Self) -> Self {
        other
    }
}

fn bad<T>(why: &'static str) -> Result<T, nom::Err<BadEscape>> {
    Err(nom::Err::Error(BadEscape(why)))
}

/// Parses one escape; `input` begins behind the backslash.
pub(super) fn escape(input: &str, mode: Mode) -> IResult<&str, Piece, BadEscape> {
    match input.as_bytes().first() {
        Some(b'x') => byte_escape(input, mode),
        Some(b'u') if mode == Mode::Byte => bad("a byte has no `\\u` escapes; write `\\x` and two digits"),
        Some(b'u') => unicode_escape(input),
        Some(b'\n' | b'\r') if matches!(mode, Mode::Str | Mode::Bytes) => continuation(input),
        Some(_) => simple_escape(input),
        None => bad("the text ends in the middle of an escape"),
    }
}

fn simple_escape(input: &str) -> IResult<&str, Piece, BadEscape> {
    let parsed: IResult<&str, char> = alt((
        value('\'', tag("'")),
        value('"', tag("\"")),
        value('\\', tag("\\")),
        value('\n', tag("n")),
        value('\r', tag("r")),
        value('\t', tag("t")),
        value('\0', tag("0")),
    ))
    .parse(input);
    match parsed {
        Ok((rest, c)) => Ok((rest, Piece::Char(c))),
        Err(_) => bad("RON has no such escape"),
    }
}

/// `\` before a line end: the line end and the blanks behind it vanish. As in the `ron` crate, a
/// lone CR does not count.
fn continuation(input: &str) -> IResult<&str, Piece, BadEscape> {
    let line_end = alt((tag("\r\n"), tag("\n")));
    let parsed: IResult<&str, &str> = preceded(line_end, take_while(|c| " \t\r\n".contains(c))).parse(input);
    match parsed {
        Ok((rest, _)) => Ok((rest, Piece::Nothing)),
        Err(_) => bad("a backslash joins lines only before LF or CRLF"),
    }
}

fn is_hex(c: char) -> bool {
    c.is_ascii_hexdigit()
}

/// `xNN`.
fn hex_byte(input: &str) -> IResult<&str, u8> {
    map_opt(preceded(tag("x"), take_while_m_n(2, 2, is_hex)), |digits| u8::from_str_radix(digits, 16).ok())
        .parse(input)
}

fn byte_escape(input: &str, mode: Mode) -> IResult<&str, Piece, BadEscape> {
    let Ok((mut rest, first)) = hex_byte(input) else { return bad("`\\x` needs two hexadecimal digits") };
    if mode == Mode::Bytes || mode == Mode::Byte {
        return Ok((rest, Piece::Byte(first)));
    }
    if first.is_ascii() {
        return Ok((rest, Piece::Char(first.into())));
    }
    if mode == Mode::Char {
        return bad("`\\x` in a character goes up to `\\x7f`; write `\\u{…}`");
    }
    // Several `\x` escapes in a row may spell the UTF-8 bytes of one character.
    let mut bytes = [first, 0, 0, 0];
    for used in 1..4 {
        let next: IResult<&str, u8> = preceded(tag("\\"), hex_byte).parse(rest);
        let Ok((after, byte)) = next else { break };
        rest = after;
        bytes[used] = byte;
        if let Some(c) = std::str::from_utf8(&bytes[..=used]).ok().and_then(|text| text.chars().next()) {
            return Ok((rest, Piece::Char(c)));
        }
    }
    bad("these `\\x` escapes are no UTF-8 character; write `\\u{…}`")
}

fn unicode_escape(input: &str) -> IResult<&str, Piece, BadEscape> {
    let digits = delimited(tag("u{"), take_while_m_n(1, 6, is_hex), tag("}"));
    let parsed: IResult<&str, u32> =
        map_opt(digits, |digits: &str| u32::from_str_radix(digits, 16).ok()).parse(input);
    let Ok((rest, code)) = parsed else {
        return bad("`\\u` needs one to six hexadecimal digits in braces, as in `\\u{1f600}`");
    };
    match char::from_u32(code) {
        Some(c) => Ok((rest, Piece::Char(c))),
        None => bad("this number is no Unicode character"),
    }
}

/// Resolves the escapes of a string's content. What is no escape stays as written.
pub(super) fn string(content: &str) -> String {
    let mut out = String::with_capacity(content.len());
    resolve(content, Mode::Str, &mut |piece| match piece {
        Part::Text(text) => out.push_str(text),
        Part::Piece(Piece::Char(c)) => out.push(c),
        Part::Piece(Piece::Byte(_) | Piece::Nothing) => {}
    });
    out
}

/// Resolves the escapes of a byte string's content. What is no escape stays as written.
pub(super) fn bytes(content: &str) -> Vec<u8> {
    let mut out = Vec::with_capacity(content.len());
    resolve(content, Mode::Bytes, &mut |piece| match piece {
        Part::Text(text) => out.extend_from_slice(text.as_bytes()),
        Part::Piece(Piece::Char(c)) => out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes()),
        Part::Piece(Piece::Byte(byte)) => out.push(byte),
        Part::Piece(Piece::Nothing) => {}
    });
    out
}

enum Part<'t> {
    Text(&'t str),
    Piece(Piece),
}

fn resolve(content: &str, mode: Mode, push: &mut dyn FnMut(Part)) {
    let mut rest = content;
    while let Some(at) = rest.find('\\') {
        push(Part::Text(&rest[..at]));
        match escape(&rest[at + 1..], mode) {
            Ok((after, piece)) => {
                push(Part::Piece(piece));
                rest = after;
            }
            Err(_) => {
                push(Part::Text("\\"));
                rest = &rest[at + 1..];
            }
        }
    }
    push(Part::Text(rest));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings() {
        assert_eq!(string(r#"a\"b\\\n\t\0\'"#), "a\"b\\\n\t\0'");
        assert_eq!(string(r"\x41\xc3\xa4\u{e4}\u{1F600}"), "Aää😀");
        assert_eq!(string("one \\\n   two\\\r\n\r\n\tthree"), "one twothree");
        assert_eq!(bytes(r"\xff\x00ä\u{e4}"), b"\xff\0\xc3\xa4\xc3\xa4");
    }

    #[test]
    fn what_is_no_escape() {
        for (text, mode) in [
            ("q", Mode::Str),
            ("x4", Mode::Str),
            ("x80", Mode::Str),
            ("xc3\\x41", Mode::Str),
            ("x80", Mode::Char),
            ("\n", Mode::Char),
            ("u{}", Mode::Str),
            ("u{1234567}", Mode::Str),
            ("u{d800}", Mode::Str),
            ("u41", Mode::Str),
            ("u{41}", Mode::Byte),
            ("\r x", Mode::Str),
            ("", Mode::Str),
        ] {
            assert!(escape(text, mode).is_err(), "{text:?} {mode:?}");
        }
    }
}
