//! Fields of delimited text between quotes, as RFC 4180 has them.

/// Puts what stands in `text` from `start` on between quotes if it could be misread without: it is
/// empty (which without quotes is nil), holds a quote, or is [`ambiguous`].
pub fn quote(text: &mut Vec<u8>, start: usize, delimiter: &str) {
    let field = text.get(start..).unwrap_or(&[]);
    if !field.is_empty() && !field.contains(&b'"') && !ambiguous(field, delimiter) {
        return;
    }
    let field = text.split_off(start);
    text.push(b'"');
    for byte in field {
        if byte == b'"' {
            text.push(b'"');
        }
        text.push(byte);
    }
    text.push(b'"');
}

/// Whether a field that stands without quotes ends elsewhere than it should, or begins there.
pub fn ambiguous(field: &[u8], delimiter: &str) -> bool {
    let delimiter = delimiter.as_bytes();
    // At the front of a file it would be taken for a byte order mark.
    field.starts_with("\u{feff}".as_bytes())
        || field.iter().any(|byte| matches!(byte, b'\n' | b'\r'))
        || memchr::memmem::find(field, delimiter).is_some()
        // `a:` before `::` reads as `a`, and a colon before the next field.
        || (1..delimiter.len()).any(|length| field.ends_with(&delimiter[..length]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quoted(field: &str, delimiter: &str) -> String {
        let mut text = b"x".to_vec();
        text.extend_from_slice(field.as_bytes());
        quote(&mut text, 1, delimiter);
        String::from_utf8(text.split_off(1)).unwrap()
    }

    #[test]
    fn only_what_could_be_misread_is_quoted() {
        for plain in ["a", " a ", "a'b", "[1]", "#"] {
            assert_eq!(quoted(plain, ","), plain);
        }
        for (field, expected) in [
            ("", "\"\""),
            ("a,b", "\"a,b\""),
            ("\"", "\"\"\"\""),
            ("a\rb", "\"a\rb\""),
            ("\u{feff}", "\"\u{feff}\""),
        ] {
            assert_eq!(quoted(field, ","), expected);
        }
        assert_eq!(quoted("a,b", "\t"), "a,b");
    }

    #[test]
    fn a_field_that_ends_like_the_delimiter_is_quoted() {
        assert_eq!(quoted("a:", "::"), "\"a:\"");
        assert_eq!(quoted(":a", "::"), ":a");
        assert_eq!(quoted("a-", "-->"), "\"a-\"");
        assert_eq!(quoted("a>", "-->"), "a>");
    }
}
