//! What an assertion is worth: how firm it is, since when it is known, which sources it rests on.

use std::collections::HashSet;

use crate::model::schema::META_COLUMNS;
use crate::model::{Date, Float, PredId, Status};
use crate::storage::extent::sees;
use crate::storage::interner::NIL;
use crate::storage::sources::{Context, Struck};
use crate::storage::{Database, Interner, Word};

/// When an assertion was recorded, the earliest first.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Since {
    /// It is background, and was always known.
    Always,
    /// By this day: a date counts by its latest.
    By(crate::model::date::Day, Date),
    /// Its source bears no date.
    Undated,
}

/// An assertion as far as annotations go.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Leaf {
    /// 1 for `Proposed` to 4 for `Held`; 0 for what denies or cancels.
    pub level: u8,
    pub conf: Float,
    pub since: Since,
    /// `_src`
    pub src: Word,
    /// The sources it repeats, its own or its source's; nil or a list.
    pub based_on: Word,
    /// `_by`, nil or a list.
    pub by: Word,
}

/// Levels of [`Leaf::level`], by number.
pub(super) const LEVELS: [Option<Status>; 5] =
    [None, Some(Status::Proposed), Some(Status::Planned), Some(Status::Confirmed), Some(Status::Held)];

/// The number of a status in [`LEVELS`].
pub(super) fn level(status: Status) -> u8 {
    LEVELS.iter().position(|known| *known == Some(status)).unwrap_or(0) as u8
}

impl Leaf {
    /// Whether it is worth as much as an assertion can be and rests on no source, so that nothing
    /// can be firmer.
    pub fn is_certain(&self) -> bool {
        self.level == 4
            && self.conf.get() >= 1.0
            && self.since == Since::Always
            && self.src == NIL
            && self.based_on == NIL
    }

    /// Whether it falls with struck sources.
    pub fn falls(&self, struck: &Struck, interner: &Interner) -> bool {
        struck.takes_from(self.src, self.based_on, interner)
    }

    /// The sources, each of which is enough for it by itself: its own, or those that it only repeats
    /// after all; none for background. A circle of sources counts as its first by name.
    pub fn roots(&self, context: &Context<'_>, interner: &Interner) -> Vec<Word> {
        let listed = |list: Word| interner.list_items(list).unwrap_or(&[]).to_vec();
        let mut open = listed(self.based_on);
        if open.is_empty() {
            return if self.src == NIL { Vec::new() } else { vec![self.src] };
        }
        let mut seen: HashSet<Word> = open.iter().copied().collect();
        let mut roots = Vec::new();
        while let Some(source) = open.pop() {
            let bases = listed(context.sources.get(source).map_or(NIL, |info| info.based_on));
            if bases.is_empty() {
                roots.push(source);
            }
            open.extend(bases.into_iter().filter(|base| seen.insert(*base)));
        }
        if roots.is_empty() {
            roots.extend(seen.into_iter().min_by(|a, b| interner.compare(*a, *b)));
        }
        roots.sort_unstable();
        roots.dedup();
        roots
    }
}

/// The assertions through which a plain atom sees a stated tuple.
pub(super) fn of_tuple(database: &Database, pred: PredId, row: &[Word]) -> Vec<Leaf> {
    let context = database.context();
    let all = database.stated_of(pred, row);
    let seen = all.iter().filter(|stated| sees(stated, all, &context));
    seen.map(|stated| {
        let meta = context.metas.get(stated.meta);
        Leaf {
            level: level(meta.status),
            conf: float(database.interner(), meta.conf),
            since: since(database.interner(), context.recorded_word(stated), stated.src),
            src: stated.src,
            based_on: context.based_on(stated),
            by: meta.by,
        }
    })
    .collect()
}

/// The assertion that a row of a relation of assertions is.
pub(super) fn of_assertion(interner: &Interner, row: &[Word]) -> Leaf {
    let own = row.len().saturating_sub(META_COLUMNS.len());
    let column = |name: &str| {
        let at = META_COLUMNS.iter().position(|column| *column == name);
        at.and_then(|at| row.get(own + at)).copied().unwrap_or(NIL)
    };
    let status =
        interner.enum_of(column("_status")).and_then(|value| Status::ALL.get(value.ordinal as usize));
    Leaf {
        level: status.map_or(0, |status| level(*status)),
        conf: float(interner, column("_conf")),
        since: since(interner, column("_on"), column("_src")),
        src: column("_src"),
        based_on: column("_based_on"),
        by: column("_by"),
    }
}

fn float(interner: &Interner, word: Word) -> Float {
    match interner.value(word) {
        crate::model::Value::Float(float) => float,
        _ => Float::new(1.0),
    }
}

fn since(interner: &Interner, recorded: Word, src: Word) -> Since {
    match interner.date_of(recorded) {
        Some(date) => Since::By(date.latest(), date.clone()),
        None if src == NIL => Since::Always,
        None => Since::Undated,
    }
}
