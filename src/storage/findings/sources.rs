//! Sources: whether they are declared, what they rest on, and whether their texts say what is
//! stated from them.

use std::collections::BTreeMap;
use std::sync::Arc;

use rustc_hash::{FxHashMap, FxHashSet};
use sha2::{Digest, Sha256};

use super::fields::{self, Part};
use super::references::each_id;
use super::{Evidence, first_place, further, relations, tuples};
use crate::base::codes::facts::{
    NOT_VERIFIED, PLACE_OUTSIDE, QUOTE_NOT_FOUND, SOURCE_CHANGED, SOURCE_CYCLE, UNRESOLVED_SOURCE,
};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span, escape};
use crate::model::{Place, PredId};
use crate::storage::assertions::Stated;
use crate::storage::database::Database;
use crate::storage::interner::{NIL, Word};
use crate::storage::sources::SOURCE;

pub(super) fn check(database: &Database, evidence: &Evidence<'_>, found: &mut Vec<Diagnostic>) {
    let Some(source) = database.schema().find(SOURCE) else { return };
    let declared = declared(database, source);
    unresolved(database, evidence, &declared, found);
    cycles(database, &declared, found);
    texts(database, evidence, &declared, found);
}

/// The ids of all sources that facts declare, with the first place of each.
fn declared(database: &Database, source: PredId) -> FxHashMap<Word, Span> {
    let mut ids = FxHashMap::default();
    let id = database.schema().predicate(source).column("id");
    let (Some(id), Some(extent)) = (id, database.extent(source)) else { return ids };
    for (tuple, stated) in tuples(extent) {
        if let (Some(word), Some(place)) = (tuple.get(id), first_place(stated)) {
            let first = ids.entry(*word).or_insert(place);
            *first = place.min(*first);
        }
    }
    ids
}

fn unresolved(
    database: &Database,
    evidence: &Evidence<'_>,
    declared: &FxHashMap<Word, Span>,
    found: &mut Vec<Diagnostic>,
) {
    let mut missing: BTreeMap<Arc<str>, Vec<(Span, &str)>> = BTreeMap::new();
    let mut look = |word: Word, stated: &Stated, field: &'static str| {
        each_id(database, word, &mut |id| {
            if !declared.contains_key(&id)
                && let Some(text) = database.interner().symbol_text(id)
            {
                missing.entry(text.into()).or_default().push((stated.span, field));
            }
        });
    };
    for (_, _, extent) in relations(database) {
        for stated in tuples(extent).flat_map(|(_, stated)| stated) {
            look(stated.src, stated, "_src");
            look(database.context().metas.get(stated.meta).based_on, stated, "_based_on");
        }
    }
    let known: Vec<&str> = declared.keys().filter_map(|id| database.interner().symbol_text(*id)).collect();
    for (id, mut places) in missing {
        places.sort();
        places.dedup_by_key(|(fact, _)| *fact);
        let Some((first, field)) = places.first() else { continue };
        let within = |fact: Span, field| fields::place(evidence, fact, Part::Metadata(field), Some(&id));
        let near = nearest(&id, known.iter().copied());
        let diagnostic =
            Diagnostic::new(UNRESOLVED_SOURCE, format!("no `Source` has the id {}", escape::quoted(&id)));
        let diagnostic = match (within(*first, field), near.first(), did_you_mean(&near)) {
            (Some(place), Some(best), Some(help)) => {
                diagnostic.at(place).fix(place, escape::quoted(best), help)
            }
            (place, _, help) => diagnostic.at(place.unwrap_or(*first)).help_opt(help),
        };
        let places = places.iter().map(|(fact, field)| (*fact, within(*fact, field)));
        found.push(further(diagnostic, places, "and here"));
    }
}

/// Each circle of `based_on` once, from its least id.
fn cycles(database: &Database, declared: &FxHashMap<Word, Span>, found: &mut Vec<Diagnostic>) {
    let interner = database.interner();
    let next = |id: Word| -> &[Word] {
        database.sources().get(id).and_then(|info| interner.list_items(info.based_on)).unwrap_or(&[])
    };
    let mut graph = petgraph::graphmap::DiGraphMap::<Word, ()>::new();
    for id in declared.keys() {
        for other in next(*id) {
            graph.add_edge(*id, *other, ());
        }
    }
    // Kosaraju's algorithm, because petgraph's Tarjan recurses as deep as the longest chain.
    for mut circle in petgraph::algo::kosaraju_scc(&graph) {
        let alone = circle.len() == 1;
        if alone && circle.first().is_none_or(|id| !next(*id).contains(id)) {
            continue;
        }
        circle.sort_by(|a, b| interner.compare(*a, *b));
        let names: Vec<String> =
            circle.iter().filter_map(|id| interner.symbol_text(*id)).map(escape::quoted).collect();
        let message = if alone {
            format!("source {} is based on itself", names.join(""))
        } else {
            format!("sources {} are based on one another in a circle", names.join(", "))
        };
        let mut places = circle.iter().filter_map(|id| declared.get(id));
        let Some(first) = places.next() else { continue };
        let diagnostic = Diagnostic::new(SOURCE_CYCLE, message).at(*first);
        found.push(
            places.take(4).fold(diagnostic, |diagnostic, place| diagnostic.also(*place, "and this one")),
        );
    }
}

/// Holds places, quotes and hashes against the texts that are at hand.
fn texts(
    database: &Database,
    evidence: &Evidence<'_>,
    declared: &FxHashMap<Word, Span>,
    found: &mut Vec<Diagnostic>,
) {
    let interner = database.interner();
    let mut by_source: FxHashMap<Word, Vec<&Stated>> = FxHashMap::default();
    for (_, _, extent) in relations(database) {
        for stated in tuples(extent).flat_map(|(_, stated)| stated).filter(|stated| stated.src != NIL) {
            by_source.entry(stated.src).or_default().push(stated);
        }
    }
    let mut absent = Vec::new();
    for (id, place) in declared {
        let Some(info) = database.sources().get(*id) else { continue };
        let (Some(name), Some(source)) = (interner.symbol_text(info.text), interner.symbol_text(*id)) else {
            continue;
        };
        let Some(bytes) = evidence.texts.and_then(|texts| texts(name)) else {
            absent.push((*place, source));
            continue;
        };
        if let Some(due) = interner.symbol_text(info.sha256) {
            let is: String = Sha256::digest(&bytes).iter().map(|byte| format!("{byte:02x}")).collect();
            if !due.eq_ignore_ascii_case(&is) {
                let message = format!("the text of source {} has changed", escape::quoted(source));
                found.push(
                    Diagnostic::new(SOURCE_CHANGED, message)
                        .at(*place)
                        .note(format!("its SHA-256 is {is}"))
                        .note(format!("it should be {due}")),
                );
            }
        }
        let text = String::from_utf8_lossy(&bytes);
        let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
        for stated in by_source.get(id).into_iter().flatten() {
            found.extend(held_against(database, evidence, stated, source, text));
        }
    }
    absent.sort();
    if let Some((first, _)) = absent.first() {
        let names: FxHashSet<&str> = absent.iter().map(|(_, name)| *name).collect();
        let message = match names.len() {
            1 => "not verified: the text of one source is not at hand".to_owned(),
            count => format!("not verified: the texts of {count} sources are not at hand"),
        };
        let places: Vec<Span> = absent.iter().map(|(place, _)| *place).collect();
        let diagnostic = Diagnostic::new(NOT_VERIFIED, message)
            .at(*first)
            .help("say where the texts lie with `--texts DIR`");
        found.push(
            places.iter().skip(1).take(3).fold(diagnostic, |found, place| found.also(*place, "this one too")),
        );
    }
}

/// What is wrong with the place and the quote of one assertion.
fn held_against(
    database: &Database,
    evidence: &Evidence<'_>,
    stated: &Stated,
    source: &str,
    text: &str,
) -> Option<Diagnostic> {
    let field =
        |name| fields::place(evidence, stated.span, Part::Metadata(name), None).unwrap_or(stated.span);
    let interner = database.interner();
    let at = interner.symbol_text(stated.at);
    let mut part = text;
    // A place that cannot be read is reported as such, whether there is a text or not.
    if let Some((at, place)) = at.and_then(|at| Some((at, Place::parse(at)?))) {
        match place.find(text) {
            Some(range) => part = text.get(range).unwrap_or(""),
            None => {
                let message = format!("the text of source {} has no place `{at}`", escape::quoted(source));
                return Some(Diagnostic::new(PLACE_OUTSIDE, message).at(field("_at")));
            }
        }
    }
    let quote = interner.symbol_text(database.context().metas.get(stated.meta).quote)?;
    let wanted = plain(quote);
    if plain(part).contains(&wanted) {
        return None;
    }
    let place = at.map_or_else(String::new, |at| format!(" at `{at}`"));
    let message = format!("source {} does not say {}{place}", escape::quoted(source), escape::quoted(quote));
    let mut diagnostic = Diagnostic::new(QUOTE_NOT_FOUND, message).at(field("_quote"));
    if at.is_some() && plain(text).contains(&wanted) {
        let line = text.lines().position(|line| plain(line).contains(&wanted));
        diagnostic = diagnostic.help(match line {
            Some(line) => format!("these words stand in line {}: `_at: \"L{}\"`", line + 1, line + 1),
            None => "these words stand elsewhere in the text".to_owned(),
        });
    }
    Some(diagnostic)
}

/// Text as quotes are compared: runs of blanks as one, quotation marks straight.
fn plain(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    let straight = |c: char| match c {
        '“' | '”' | '„' | '«' | '»' => '"',
        '‘' | '’' | '‚' => '\'',
        other => other,
    };
    words.join(" ").chars().map(straight).collect()
}
