//! Lints of what a text is written with: identifiers that look like others, and characters inside
//! strings that change what a reader sees.

use std::collections::HashSet;

use unicode_security::MixedScript;

use super::lexer::Lexed;
use super::token::TokenKind;
use crate::base::Diagnostic;
use crate::base::codes::lints as codes;

/// A warning for each identifier, once, that is not in normal form C or mixes scripts, and for each
/// bidirectional control character in a string.
pub(super) fn lints(text: &str, lexed: &Lexed) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut seen: HashSet<&str> = HashSet::new();
    for token in lexed.tokens.iter().filter(|token| token.kind == TokenKind::Ident) {
        let name = text.get(token.span.range()).unwrap_or("");
        if name.is_ascii() || !seen.insert(name) {
            continue;
        }
        if !unicode_normalization::is_nfc(name) {
            found.push(
                Diagnostic::new(
                    codes::NAME_NOT_NFC,
                    format!("the name `{name}` is not in Unicode's normal form C"),
                )
                .labelled(
                    token.span,
                    "names are compared exactly, so it differs from one that looks the same",
                ),
            );
        }
        if !name.is_single_script() {
            found.push(
                Diagnostic::new(codes::NAME_MIXED_SCRIPT, format!("the name `{name}` mixes scripts"))
                    .labelled(token.span, "some of its letters may look like others"),
            );
        }
    }
    found.extend(lexed.bidi_in_text.iter().map(|span| {
        Diagnostic::new(codes::BIDI_IN_TEXT, "this text holds a character that reorders what a reader sees")
            .at(*span)
            .help("write it as an escape, such as `\\u{202e}`, or leave it out")
    }));
    found
}

#[cfg(test)]
mod tests {
    use crate::base::FileId;
    use crate::syntax::datalog::parse_program;

    #[test]
    fn names_that_look_like_others_are_told_of() {
        let codes = |text: &str| -> Vec<String> {
            parse_program(FileId(0), text).1.into_iter().map(|diagnostic| diagnostic.code).collect()
        };
        // The `а` of the second name is Cyrillic; the `é` of the third is two characters.
        assert_eq!(codes("P(x) :- Q(x)."), Vec::<String>::new());
        assert_eq!(codes("Pаge(x) :- Q(x)."), ["FL505"]);
        assert_eq!(codes("Cafe\u{301}(x) :- Q(x)."), ["FL504"]);
        assert_eq!(codes("Café(x) :- Q(x)."), Vec::<String>::new());
        assert_eq!(codes("P(\"a\u{202e}b\")."), ["FL506"]);
    }
}
