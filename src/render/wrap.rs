//! Prose in lines of a width.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Lines of at most `room` columns (at least one), broken at spaces where there are any.
pub fn wrapped(text: &str, room: usize) -> Vec<String> {
    let room = room.max(1);
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split(' ') {
        if !line.is_empty() && line.width() + 1 + word.width() > room {
            lines.push(std::mem::take(&mut line));
        } else if !line.is_empty() {
            line.push(' ');
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if line.width() + width > room && !line.is_empty() {
                lines.push(std::mem::take(&mut line));
            }
            line.push(c);
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_at_spaces_or_where_they_must() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("one", usize::MAX), ["one"]);
        assert_eq!(wrapped("abcdefghij k", 5), ["abcde", "fghij", "k"]);
        assert_eq!(wrapped("漢字漢字", 4), ["漢字", "漢字"]);
        assert_eq!(wrapped("ab", 0), ["a", "b"]);
    }
}
