//! The tokens of RON as nom parsers over bytes.
//!
//! The bytes are always valid UTF-8: they come from a `&str`, and every parser stops at a
//! character boundary. What runs for every byte of a large file is written out by hand; what is
//! rare uses nom's combinators.

use nom::branch::alt;
use nom::bytes::complete::{tag, take_while};
use nom::character::complete::one_of;
use nom::combinator::{opt, value};
use nom::error::{ErrorKind, ParseError};
use nom::{IResult, Parser};

use super::tree::{IntType, flag};
use super::unescape::{self, Mode, Piece};

/// The rest of the text that is still to be read.
pub(super) type Input<'t> = &'t [u8];

/// What a parser of this module gives back.
pub(super) type Lexed<'t, T> = IResult<Input<'t>, T, Mistake>;

/// Why a token could not be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mistake {
    /// Another token, or none, stands here.
    Other,
    /// A number that is no number, or is glued to something.
    BadNumber,
    /// An integer too large for its suffix, or for 64 bits.
    IntRange,
    /// A float too large.
    FloatRange,
    /// No closing quote before the end of the text.
    Unclosed,
    /// Not exactly one character between the quotes.
    BadChar,
    /// An escape that is none; what is wrong, and how many bytes remain behind its backslash.
    Escape(&'static str, usize),
}

impl<'t> ParseError<Input<'t>> for Mistake {
    fn from_error_kind(_: Input<'t>, _: ErrorKind) -> Self {
        Mistake::Other
    }

    fn append(_: Input<'t>, _: ErrorKind, other: Self) -> Self {
        other
    }
}

fn fail<T>(mistake: Mistake) -> Result<T, nom::Err<Mistake>> {
    Err(nom::Err::Error(mistake))
}

/// A number as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Number {
    /// Magnitude and flags (sign, suffix, byte literal).
    Int(u64, u8),
    /// Value and flags (suffix).
    Float(f64, u8),
    /// A range; its ends are valid numbers.
    Range,
}

/// Bytes that continue an ASCII identifier.
static IDENT: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 128 {
        table[b] = (b as u8).is_ascii_alphanumeric() || b as u8 == b'_';
        b += 1;
    }
    table
};

/// Bytes that may begin a blank, a comment, a conflict marker, or something that looks blank.
pub(super) static TRIVIA: [bool; 256] = {
    let mut table = [false; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = b >= 0x80
            || matches!(
                b as u8,
                b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | b'/' | b'<' | b'=' | b'>' | b'|'
            );
        b += 1;
    }
    table
};

/// The first character of the input and its length in bytes.
pub(super) fn first_char(input: Input<'_>) -> Option<(char, usize)> {
    let len = match *input.first()? {
        0..=0x7f => 1,
        0x80..=0xdf => 2,
        0xe0..=0xef => 3,
        _ => 4,
    };
    let c = std::str::from_utf8(input.get(..len)?).ok()?.chars().next()?;
    Some((c, len))
}

/// Whether an identifier could go on with the first character of the input.
pub(super) fn continues_ident(input: Input<'_>) -> bool {
    match input.first() {
        Some(&b) if b < 0x80 => IDENT[b as usize],
        Some(_) => first_char(input).is_some_and(|(c, _)| unicode_ident::is_xid_continue(c)),
        None => false,
    }
}

/// Length in bytes of the identifier that the input begins with, `r#` included; 0 for none.
///
/// As in the `ron` crate, what begins like a string or byte literal (`r"`, `br#`, `b'`, …) is
/// no identifier, and a raw one may hold `.`, `+` and `-`.
#[inline]
pub(super) fn ident_bytes(input: Input<'_>) -> usize {
    let Some(&first) = input.first() else { return 0 };
    match first {
        b'r' if matches!(input.get(1), Some(b'"' | b'#')) => return raw_ident_bytes(input),
        b'b' if matches!(input.get(1), Some(b'"' | b'\'')) => return 0,
        b'b' if input.get(1) == Some(&b'r') && matches!(input.get(2), Some(b'"' | b'#')) => return 0,
        b'0'..=b'9' => return 0,
        _ => {}
    }
    let ascii = input.iter().position(|&b| !IDENT[b as usize]).unwrap_or(input.len());
    match input.get(ascii) {
        Some(0x80..) => unicode_ident_bytes(input, ascii),
        _ => ascii,
    }
}

#[cold]
fn unicode_ident_bytes(input: Input<'_>, ascii: usize) -> usize {
    let mut len = ascii;
    while let Some((c, bytes)) = first_char(&input[len..]) {
        let fits = if len == 0 { unicode_ident::is_xid_start(c) } else { unicode_ident::is_xid_continue(c) };
        if !fits {
            break;
        }
        len += bytes;
    }
    len
}

#[cold]
fn raw_ident_bytes(input: Input<'_>) -> usize {
    if input.get(1) != Some(&b'#') {
        return 0;
    }
    let mut len = 2;
    while let Some((c, bytes)) = first_char(&input[len..]) {
        if !matches!(c, '.' | '+' | '-') && !unicode_ident::is_xid_continue(c) {
            break;
        }
        len += bytes;
    }
    if len > 2 { len } else { 0 }
}

/// [`ident_bytes`] of a text, as an offset.
pub(super) fn ident_len(text: &str) -> u32 {
    u32::try_from(ident_bytes(text.as_bytes())).unwrap_or(u32::MAX)
}

/// The commonest number, up to 18 plain digits with nothing glued to them; anything else is left
/// to [`number`].
#[inline]
pub(super) fn plain_digits(input: Input<'_>) -> Option<(Input<'_>, u64)> {
    let mut value = 0u64;
    let mut len = 0;
    while let Some(&b) = input.get(len) {
        let digit = b.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(u64::from(digit));
        len += 1;
    }
    let glued = matches!(input.get(len), Some(&b) if IDENT[b as usize] || b >= 0x80 || matches!(b, b'.' | b'+' | b'-'));
    (len > 0 && len <= 18 && !glued).then(|| (&input[len..], value))
}

/// A number or a range of numbers, as the `ron` crate reads them. It fails where the number runs
/// straight into something else, which is an error wherever numbers may stand.
pub(super) fn number(input: Input<'_>) -> Lexed<'_, Number> {
    let (rest, start) = match input {
        [b'.', b'.', ..] => (input, None),
        _ => {
            let (rest, number) = single_number(input)?;
            (rest, Some(number))
        }
    };
    let (rest, result) = match (rest, start) {
        ([b'.', b'.', b'=', after @ ..], _) => (single_number(after)?.0, Number::Range),
        ([b'.', b'.', after @ ..], _) if begins_number(after) => (single_number(after)?.0, Number::Range),
        ([b'.', b'.', after @ ..], _) => (after, Number::Range),
        (_, Some(number)) => (rest, number),
        (_, None) => return fail(Mistake::Other),
    };
    if continues_ident(rest) || matches!(rest.first(), Some(b'.' | b'+' | b'-')) {
        return fail(Mistake::BadNumber);
    }
    Ok((rest, result))
}

/// Whether a number could begin here. `inf` and `NaN` count.
pub(super) fn begins_number(input: Input<'_>) -> bool {
    match input {
        [b'0'..=b'9' | b'+' | b'-' | b'.', ..] | [b'b', b'\'', ..] => true,
        _ => is_number_word(&input[..ident_bytes(input)]),
    }
}

/// `inf`, `NaN`, and both with a suffix.
pub(super) fn is_number_word(word: &[u8]) -> bool {
    matches!(word, b"inf" | b"inff32" | b"inff64" | b"NaN" | b"NaNf32" | b"NaNf64")
}

fn single_number(input: Input<'_>) -> Lexed<'_, Number> {
    if input.starts_with(b"b'") {
        return byte_literal(input);
    }
    let (unsigned, sign) = opt(one_of("+-")).parse(input)?;
    let negative = sign == Some('-');
    let word: Lexed<'_, f64> =
        alt((value(f64::INFINITY, tag("inf")), value(f64::NAN, tag("NaN")))).parse(unsigned);
    if let Ok((rest, value)) = word {
        let (rest, suffix) = float_suffix(rest)?;
        let value = if negative { -value } else { value };
        return if continues_ident(rest) {
            fail(Mistake::BadNumber)
        } else {
            Ok((rest, Number::Float(value, suffix)))
        };
    }
    let radix: Lexed<'_, u32> =
        alt((value(2, tag("0b")), value(8, tag("0o")), value(16, tag("0x")))).parse(unsigned);
    match radix {
        Ok((digits, radix)) => {
            let (rest, run) = take_while(|b: u8| b.is_ascii_hexdigit() || b == b'_').parse(digits)?;
            integer(run, rest, radix, negative)
        }
        Err(_) => decimal(input, unsigned, negative),
    }
}

/// The `f32` or `f64` behind a float, as flags.
fn float_suffix(input: Input<'_>) -> Lexed<'_, u8> {
    let (rest, suffix) =
        opt(alt((value(flag::F32, tag("f32")), value(flag::F64, tag("f64"))))).parse(input)?;
    match suffix {
        Some(suffix) if !continues_ident(rest) => Ok((rest, suffix)),
        _ => Ok((input, 0)),
    }
}

/// Digits and underscores in `run`, a suffix in `rest`.
fn integer<'t>(run: &[u8], rest: Input<'t>, radix: u32, negative: bool) -> Lexed<'t, Number> {
    if run.first().is_none_or(|&b| b == b'_') {
        return fail(Mistake::BadNumber);
    }
    let mut magnitude = Some(0u64);
    for &byte in run.iter().filter(|&&byte| byte != b'_') {
        let Some(digit) = char::from(byte).to_digit(radix) else { return fail(Mistake::BadNumber) };
        magnitude = magnitude.and_then(|m| m.checked_mul(radix.into())?.checked_add(digit.into()));
    }
    let word = &rest[..ident_bytes(rest)];
    let suffix = IntType::ALL.iter().find(|row| row.1.as_bytes() == word);
    let (low, high) = match suffix {
        Some(&(_, _, low, high)) => (low, high),
        None if negative => (i64::MIN.into(), u64::MAX.into()),
        None => (0, u64::MAX.into()),
    };
    let value = magnitude.map(|m| if negative { -i128::from(m) } else { m.into() });
    let (Some(magnitude), true) = (magnitude, value.is_some_and(|value| (low..=high).contains(&value)))
    else {
        return fail(Mistake::IntRange);
    };
    let flags = suffix.map_or(0, |row| row.0 as u8) | if negative { flag::NEGATIVE } else { 0 };
    Ok((&rest[suffix.map_or(0, |row| row.1.len())..], Number::Int(magnitude, flags)))
}

/// A decimal integer or a float. `input` begins with the sign, `unsigned` behind it.
fn decimal<'t>(input: Input<'t>, unsigned: Input<'t>, negative: bool) -> Lexed<'t, Number> {
    let is_float_byte = |b: u8| b.is_ascii_digit() || matches!(b, b'e' | b'E' | b'.' | b'+' | b'-' | b'_');
    let (_, run): (_, &[u8]) = take_while(is_float_byte).parse(unsigned)?;
    // `1..2` is a range and not `1.` with something behind it.
    let len = run.windows(2).position(|pair| pair == b"..").unwrap_or(run.len());
    let (run, rest) = unsigned.split_at(len);
    let (after_suffix, suffix) = float_suffix(rest)?;
    if suffix == 0 && run.iter().all(|&b| b.is_ascii_digit() || b == b'_') {
        return integer(run, rest, 10, negative);
    }
    let sign = input.len() - unsigned.len();
    let mut digits = String::with_capacity(sign + len);
    let mut underscore_fits = false;
    for &byte in &input[..sign + len] {
        match byte {
            b'_' if underscore_fits => continue,
            b'_' => return fail(Mistake::BadNumber),
            b'0'..=b'9' | b'e' | b'E' => underscore_fits = true,
            b'.' => underscore_fits = false,
            _ => {}
        }
        digits.push(byte.into());
    }
    let value =
        if suffix == flag::F32 { digits.parse::<f32>().map(f64::from) } else { digits.parse::<f64>() };
    match value {
        Ok(value) if value.is_infinite() => fail(Mistake::FloatRange),
        Ok(value) => Ok((after_suffix, Number::Float(value, suffix))),
        Err(_) => fail(Mistake::BadNumber),
    }
}

/// `b'a'`: one ASCII character or an escape.
fn byte_literal(input: Input<'_>) -> Lexed<'_, Number> {
    let (rest, _) = tag("b").parse(input)?;
    let (rest, byte) = match quoted(rest, Mode::Byte)? {
        (rest, Piece::Byte(byte)) => (rest, byte),
        (rest, Piece::Char(c)) if c.is_ascii() => (rest, c as u8),
        _ => return fail(Mistake::BadChar),
    };
    Ok((rest, Number::Int(byte.into(), flag::BYTE | IntType::U8 as u8)))
}

/// A character literal. As in the `ron` crate, three quotes are a quote.
pub(super) fn character(input: Input<'_>) -> Lexed<'_, ()> {
    quoted(input, Mode::Char).map(|(rest, _)| (rest, ()))
}

fn quoted(input: Input<'_>, mode: Mode) -> Lexed<'_, Piece> {
    let (content, _) = tag("'").parse(input)?;
    let (rest, piece) = match first_char(content) {
        Some(('\\', _)) => escape(&content[1..], mode)?,
        Some((c, len)) => (&content[len..], Piece::Char(c)),
        None => return fail(Mistake::Unclosed),
    };
    match rest.first() {
        Some(b'\'') => Ok((&rest[1..], piece)),
        _ => fail(Mistake::BadChar),
    }
}

/// One escape, on bytes; `input` begins behind the backslash.
fn escape(input: Input<'_>, mode: Mode) -> Lexed<'_, Piece> {
    // No escape but a line continuation reaches further than a few bytes, and that one ends at
    // the first byte that is no blank, so that only this much has to be looked at as text.
    let blank = input.iter().position(|b| !b" \t\r\n".contains(b)).unwrap_or(input.len());
    let window = &input[..input.len().min(blank + 24)];
    let text = match std::str::from_utf8(window) {
        Ok(text) => text,
        Err(error) => std::str::from_utf8(&window[..error.valid_up_to()]).unwrap_or(""),
    };
    match unescape::escape(text, mode) {
        Ok((rest, piece)) => Ok((&input[text.len() - rest.len()..], piece)),
        Err(nom::Err::Error(bad) | nom::Err::Failure(bad)) => fail(Mistake::Escape(bad.0, input.len())),
        Err(nom::Err::Incomplete(_)) => fail(Mistake::Other),
    }
}

/// What is known of a string that was scanned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Scanned {
    /// It holds escapes.
    pub(super) escaped: bool,
    /// It holds characters beyond ASCII.
    pub(super) unicode: bool,
}

const LOW: u64 = 0x0101_0101_0101_0101;
const HIGH: u64 = 0x8080_8080_8080_8080;

/// The high bit of each byte of `word` that equals `byte`; above the first such byte there may be
/// false ones. (The classic test for a zero byte, as in `strlen`.)
#[inline]
fn bytes_equal(word: u64, byte: u8) -> u64 {
    let x = word ^ (LOW * u64::from(byte));
    x.wrapping_sub(LOW) & !x & HIGH
}

/// The offset of the first `"` or `\`, and whether there is anything but ASCII before it.
#[inline]
fn find_quote(input: Input<'_>) -> Option<(usize, bool)> {
    let mut seen = 0u64;
    let (chunks, tail) = input.as_chunks::<8>();
    for (i, chunk) in chunks.iter().enumerate() {
        let word = u64::from_le_bytes(*chunk);
        let found = bytes_equal(word, b'"') | bytes_equal(word, b'\\');
        if found != 0 {
            let at = found.trailing_zeros() / 8;
            let before = word & ((1u64 << (8 * at)) - 1);
            return Some((8 * i + at as usize, (seen | before) & HIGH != 0));
        }
        seen |= word;
    }
    let at = tail.iter().position(|b| matches!(b, b'"' | b'\\'))?;
    let unicode = seen & HIGH != 0 || !tail[..at].is_ascii();
    Some((8 * chunks.len() + at, unicode))
}

/// The content of a string and its closing quote; `input` begins behind the opening one. A wrong
/// escape is handed to `wrong` with the bytes that remain behind its backslash, and reading
/// goes on.
#[inline]
pub(super) fn string_content<'t>(
    input: Input<'t>,
    mode: Mode,
    wrong: &mut dyn FnMut(&'static str, usize),
) -> Lexed<'t, Scanned> {
    match find_quote(input) {
        Some((at, unicode)) if input[at] == b'"' => {
            Ok((&input[at + 1..], Scanned { escaped: false, unicode }))
        }
        Some((at, unicode)) => escaped_content(&input[at..], mode, unicode, wrong),
        None => fail(Mistake::Unclosed),
    }
}

#[inline(never)]
fn escaped_content<'t>(
    mut input: Input<'t>,
    mode: Mode,
    mut unicode: bool,
    wrong: &mut dyn FnMut(&'static str, usize),
) -> Lexed<'t, Scanned> {
    loop {
        let Some((at, more)) = find_quote(input) else { return fail(Mistake::Unclosed) };
        unicode |= more;
        let after = &input[at + 1..];
        if input[at] == b'"' {
            return Ok((after, Scanned { escaped: true, unicode }));
        }
        input = match escape(after, mode) {
            Ok((rest, _)) => rest,
            Err(nom::Err::Error(Mistake::Escape(why, left))) => {
                wrong(why, left);
                after
            }
            Err(_) => after,
        };
    }
}

/// The hashes, content and end of a raw string; `input` begins behind the `r`. Gives the number
/// of hashes.
pub(super) fn raw_string(input: Input<'_>) -> Lexed<'_, (usize, Scanned)> {
    let (rest, hashes) = take_while(|b| b == b'#').parse(input)?;
    let (content, _) = tag("\"").parse(rest)?;
    let mut from = 0;
    while let Some(at) = content[from..].iter().position(|&b| b == b'"').map(|at| from + at) {
        if content[at + 1..].starts_with(hashes) {
            let scanned = Scanned { escaped: false, unicode: !content[..at].is_ascii() };
            return Ok((&content[at + 1 + hashes.len()..], (hashes.len(), scanned)));
        }
        from = at + 1;
    }
    fail(Mistake::Unclosed)
}

/// The rest of a block comment; `input` begins behind its `/*`. Comments nest, and are counted.
pub(super) fn block_comment(input: Input<'_>) -> Lexed<'_, ()> {
    let mut level = 1usize;
    let mut at = 0;
    while level > 0 {
        let Some(step) = input[at..].iter().position(|b| matches!(b, b'/' | b'*')) else {
            return fail(Mistake::Unclosed);
        };
        at += step;
        let step = match &input[at..] {
            [b'/', b'*', ..] => {
                level += 1;
                2
            }
            [b'*', b'/', ..] => {
                level -= 1;
                2
            }
            _ => 1,
        };
        at += step;
    }
    Ok((&input[at..], ()))
}

/// The rest of a line comment, up to its line end: LF, CRLF or a lone CR.
pub(super) fn line_comment(input: Input<'_>) -> Lexed<'_, ()> {
    take_while(|b| b != b'\n' && b != b'\r').parse(input).map(|(rest, _)| (rest, ()))
}
