//! Texts that are not what they seem: not normalised, of mixed scripts.

use rustc_hash::FxHashSet;
use unicode_normalization::UnicodeNormalization;
use unicode_security::MixedScript;

use super::fields::{self, Part};
use super::references::{each_id, id_column};
use super::{Evidence, first_place, relations, tuples};
use crate::base::codes::facts::{MIXED_SCRIPT, NOT_NFC};
use crate::base::{Diagnostic, Span, escape};
use crate::storage::database::Database;
use crate::storage::interner::Word;

pub(super) fn check(database: &Database, evidence: &Evidence<'_>, found: &mut Vec<Diagnostic>) {
    let within =
        |fact: Span, text: &str| fields::place(evidence, fact, Part::Any, Some(text)).unwrap_or(fact);
    // Each text is looked at once, however often it is used.
    let mut seen: FxHashSet<Word> = FxHashSet::default();
    let mut seen_ids: FxHashSet<Word> = FxHashSet::default();
    let entities = database.entity_relations();
    for (id, predicate, extent) in relations(database) {
        let id_column = entities.contains(&id).then(|| id_column(database.schema(), id)).flatten();
        for (tuple, stated) in tuples(extent) {
            let Some(place) = first_place(stated) else { continue };
            for (at, word) in tuple.iter().enumerate().take(predicate.arity()) {
                each_id(database, *word, &mut |word| {
                    let Some(text) = database.interner().symbol_text(word).filter(|text| !text.is_ascii())
                    else {
                        return;
                    };
                    if seen.insert(word) {
                        text_lints(text, || within(place, text), found);
                    }
                    if Some(at) == id_column && seen_ids.insert(word) && !text.is_single_script() {
                        found.push(mixed(text, within(place, text)));
                    }
                });
            }
            for stated in stated {
                let meta = database.context().metas.get(stated.meta);
                for word in [stated.src, meta.quote, meta.note, meta.extractor] {
                    let text = database.interner().symbol_text(word).filter(|text| !text.is_ascii());
                    if let Some(text) = text
                        && seen.insert(word)
                    {
                        text_lints(text, || within(stated.span, text), found);
                    }
                }
            }
        }
    }
}

fn text_lints(text: &str, place: impl Fn() -> Span, found: &mut Vec<Diagnostic>) {
    if !unicode_normalization::is_nfc(text) {
        let normal: String = text.nfc().collect();
        let message = format!("{} is not in normal form C", excerpt(text));
        let marks = text.chars().zip(normal.chars()).find(|(a, b)| a != b);
        let mut diagnostic = Diagnostic::new(NOT_NFC, message).at(place());
        if let Some((_, normal)) = marks {
            diagnostic =
                diagnostic.help(format!("write the one character `{normal}` (U+{:04X})", normal as u32));
        }
        found.push(diagnostic);
    }
}

fn mixed(text: &str, place: Span) -> Diagnostic {
    let odd: Vec<String> = text
        .chars()
        .filter(|c| c.is_alphabetic() && !c.is_ascii())
        .take(3)
        .map(|c| format!("`{c}` (U+{:04X})", c as u32))
        .collect();
    Diagnostic::new(MIXED_SCRIPT, format!("the id {} mixes scripts", excerpt(text)))
        .at(place)
        .note(format!("among its letters are {}", odd.join(", ")))
}

/// The text, quoted, cut where it would run long.
fn excerpt(text: &str) -> String {
    const LONG: usize = 60;
    if text.chars().count() <= LONG {
        return escape::quoted(text);
    }
    let short: String = text.chars().take(LONG).collect();
    format!("{}…", escape::quoted(&short))
}
