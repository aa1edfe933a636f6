//! Text from data made safe to print on a terminal.

use std::borrow::Cow;
use std::fmt::Write;

/// Whether a character could steer a terminal or reorder what a reader sees.
pub fn is_unsafe(c: char) -> bool {
    c.is_control() || is_bidi(c) || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The bidirectional control characters (Unicode UAX #9, section 2).
pub fn is_bidi(c: char) -> bool {
    matches!(c, '\u{061C}' | '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// `text` with control and bidirectional characters written as RON escapes (`\n`, `\u{1b}`).
/// Quotes and backslashes stay as they are: this is for reading, not for parsing back.
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        push_escaped(&mut out, c, is_unsafe(c));
    }
    Cow::Owned(out)
}

/// `text` as a quoted RON and factlog string that reads back as the same text.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        push_escaped(&mut out, c, matches!(c, '"' | '\\') || is_unsafe(c));
    }
    out.push('"');
    out
}

fn push_escaped(out: &mut String, c: char, escape: bool) {
    match c {
        _ if !escape => out.push(c),
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        '\0' => out.push_str("\\0"),
        _ => {
            // Writing to a String cannot fail.
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminal_controls_are_escaped() {
        assert_eq!(printable("plain ä 漢"), "plain ä 漢");
        assert_eq!(printable("a\u{1b}]52;c;x\u{7}\r\u{9b}"), "a\\u{1b}]52;c;x\\u{7}\\r\\u{9b}");
        assert_eq!(printable("\u{202e}abc"), "\\u{202e}abc");
        assert_eq!(quoted("say \"hi\"\\\n"), "\"say \\\"hi\\\"\\\\\\n\"");
    }
}
