//! Unified diffs, as `git apply` reads them.

use similar::{ChangeTag, TextDiff};

use crate::base::escape;

/// What a diff depends on beside the texts.
#[derive(Clone, Copy, Debug, Default)]
pub struct DiffStyle {
    /// Whether a person reads it on a terminal: control characters are then escaped, which a patch
    /// has to keep.
    pub terminal: bool,
    /// Whether to colour it.
    pub color: bool,
}

/// The changes from `old` to `new` as a patch of the file `name`; empty when they are equal.
pub fn unified(name: &str, old: &str, new: &str, style: DiffStyle) -> String {
    // Only LF ends a line of a patch; the crate's own lines also end at a lone CR.
    let old: Vec<&str> = old.split_inclusive('\n').collect();
    let new: Vec<&str> = new.split_inclusive('\n').collect();
    let diff = TextDiff::from_slices(&old, &new);
    let mut out = String::new();
    let name = escape::printable(name);
    let mut push = |text: &str, color: &str| {
        let (start, end) = if style.color { (color, "\u{1b}[0m") } else { ("", "") };
        let (line, newline) = text.strip_suffix('\n').map_or((text, ""), |line| (line, "\n"));
        let line = if style.terminal { escape::printable(line) } else { line.into() };
        out.push_str(&format!("{start}{line}{end}{newline}"));
    };
    for (i, hunk) in diff.unified_diff().context_radius(3).iter_hunks().enumerate() {
        if i == 0 {
            push(&format!("--- a/{name}\n"), "\u{1b}[1m");
            push(&format!("+++ b/{name}\n"), "\u{1b}[1m");
        }
        push(&format!("{}\n", hunk.header()), "\u{1b}[36m");
        for change in hunk.iter_changes() {
            let (sign, color) = match change.tag() {
                ChangeTag::Delete => ('-', "\u{1b}[31m"),
                ChangeTag::Insert => ('+', "\u{1b}[32m"),
                ChangeTag::Equal => (' ', ""),
            };
            push(&format!("{sign}{}", change.value()), color);
            if !change.value().ends_with('\n') {
                push("\n", "");
                push("\\ No newline at end of file\n", "");
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_a_patch() {
        let expected = "--- a/f.ron\n+++ b/f.ron\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n";
        assert_eq!(unified("f.ron", "a\nb\nc\n", "a\nB\nc\n", DiffStyle::default()), expected);
        assert_eq!(unified("f.ron", "a\n", "a\n", DiffStyle::default()), "");
    }

    #[test]
    fn a_missing_newline_is_told() {
        let expected = "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n";
        assert_eq!(unified("f", "a", "a\n", DiffStyle::default()), expected);
    }

    #[test]
    fn only_lf_ends_a_line() {
        let expected = "--- a/f\n+++ b/f\n@@ -1,2 +1,2 @@\n-a\rb\r\n+a\n c\n";
        assert_eq!(unified("f", "a\rb\r\nc\n", "a\nc\n", DiffStyle::default()), expected);
    }

    #[test]
    fn a_terminal_gets_no_controls_from_the_text() {
        let style = DiffStyle { terminal: true, color: false };
        let shown = unified("f", "\u{1b}[31m\r\n", "b\n", style);
        assert!(shown.contains("-\\u{1b}[31m\\r\n"), "{shown}");
        assert!(unified("f", "\u{1b}\n", "b\n", DiffStyle::default()).contains("-\u{1b}\n"));
    }
}
