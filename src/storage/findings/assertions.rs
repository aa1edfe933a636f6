//! Assertions that contradict or repeat one another, or whose metadata makes no sense.

use super::fields::{self, Part};
use super::{Evidence, first_place, relations, said_by, show, tuples};
use crate::base::Diagnostic;
use crate::base::codes::facts::{CONFIDENCE_RANGE, DUPLICATE_FACT, HELD_AND_DENIED, INVALID_PLACE};
use crate::base::escape;
use crate::model::{Place, PredId, Predicate, Status, Value};
use crate::storage::assertions::Stated;
use crate::storage::database::Database;
use crate::storage::interner::Word;

pub(super) fn check(database: &Database, evidence: &Evidence<'_>, found: &mut Vec<Diagnostic>) {
    for (_, predicate, extent) in relations(database) {
        for (tuple, stated) in tuples(extent) {
            for one in stated {
                confidence(database, evidence, one, found);
                place(database, evidence, one, found);
            }
            if stated.len() > 1 {
                denied(database, predicate, tuple, stated, found);
                repeated(database, predicate, tuple, stated, found);
            }
        }
    }
}

/// Reports what is held and denied of one relation.
pub(super) fn denials(database: &Database, relation: PredId, found: &mut Vec<Diagnostic>) {
    let Some(extent) = database.extent(relation) else { return };
    let predicate = database.schema().predicate(relation);
    for (tuple, stated) in tuples(extent).filter(|(_, stated)| stated.len() > 1) {
        denied(database, predicate, tuple, stated, found);
    }
}

fn confidence(database: &Database, evidence: &Evidence<'_>, stated: &Stated, found: &mut Vec<Diagnostic>) {
    let conf = match database.interner().value(database.context().metas.get(stated.meta).conf) {
        Value::Float(conf) => conf.get(),
        _ => return,
    };
    if !(0.0..=1.0).contains(&conf) {
        let help = if conf > 1.0 && conf <= 100.0 {
            format!("{conf} percent is `_conf: {}`", conf / 100.0)
        } else {
            "0 is no trust, 1 is full trust".to_owned()
        };
        let message = format!("a confidence lies between 0 and 1, and this is {conf}");
        let place = fields::place(evidence, stated.span, Part::Metadata("_conf"), None);
        let place = place.unwrap_or(stated.span);
        found.push(Diagnostic::new(CONFIDENCE_RANGE, message).at(place).help(help));
    }
}

fn place(database: &Database, evidence: &Evidence<'_>, stated: &Stated, found: &mut Vec<Diagnostic>) {
    let Some(at) = database.interner().symbol_text(stated.at) else { return };
    if Place::parse(at).is_none() {
        let message = format!("`_at: {}` is no place in a source", escape::quoted(at));
        let place = fields::place(evidence, stated.span, Part::Metadata("_at"), None);
        found.push(Diagnostic::new(INVALID_PLACE, message).at(place.unwrap_or(stated.span)).help(
            "write `L9`, `L13-14`, `L7:120-233` (columns), `L7.s16` (a sentence) or `p3` (a paragraph)",
        ));
    }
}

fn denied(
    database: &Database,
    predicate: &Predicate,
    tuple: &[Word],
    all: &[Stated],
    found: &mut Vec<Diagnostic>,
) {
    let context = database.context();
    let metas = context.metas;
    let held =
        all.iter().filter(|stated| context.supports(stated) && metas.get(stated.meta).status == Status::Held);
    let against = all.iter().filter(|stated| context.opposes(stated));
    let (held, against): (Vec<Stated>, Vec<Stated>) = (held.copied().collect(), against.copied().collect());
    let word = against
        .iter()
        .map(|stated| metas.get(stated.meta).status)
        .min()
        .unwrap_or(Status::Denied)
        .name()
        .to_lowercase();
    if let (Some(first), Some(denial)) = (first_place(&held), first_place(&against)) {
        let message = format!("{} is held and {word}", show(database, predicate, tuple));
        found.push(
            Diagnostic::new(HELD_AND_DENIED, message)
                .labelled(first, format!("held, {}", said_by(database, &held)))
                .also(denial, format!("{word}, {}", said_by(database, &against)))
                .note("rules see it as a fact"),
        );
    }
}

/// The same said by the same source at the same place in it, twice in one file.
fn repeated(
    database: &Database,
    predicate: &Predicate,
    tuple: &[Word],
    all: &[Stated],
    found: &mut Vec<Diagnostic>,
) {
    let mut sorted: Vec<&Stated> = all.iter().collect();
    let said = |stated: &Stated| {
        let meta = database.context().metas.get(stated.meta);
        (stated.span.file, stated.src, stated.at, meta.status, meta.by)
    };
    sorted.sort_by_key(|stated| (said(stated), stated.span));
    for pair in sorted.windows(2) {
        if let [first, second] = pair
            && said(first) == said(second)
        {
            let message = format!("{} stands twice in this file", show(database, predicate, tuple));
            found.push(
                Diagnostic::new(DUPLICATE_FACT, message)
                    .labelled(second.span, "the same source and place again")
                    .also(first.span, "first here"),
            );
        }
    }
}
