//! What an assertion is worth: how firm it is, since when it is known, which sources it rests on.

use std::collections::HashSet;

use crate::model::schema::META_COLUMNS;
use crate::model::{Date, Float, PredId, Status, Value};
use crate::storage::assertions::Stated;
use crate::storage::extent::sees;
use crate::storage::interner::{self, NIL};
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
    /// Whether it rests on somebody without a name.
    pub unnamed: bool,
}

/// How a member of a chain of attribution begins that is nobody by name.
const UNNAMED: [&str; 2] = ["unnamed", "anonymous"];

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
        if interner.list_items(self.based_on).is_none_or(<[Word]>::is_empty) {
            return if self.src == NIL { Vec::new() } else { vec![self.src] };
        }
        let repeated = repeated(self.based_on, context, interner);
        let first_hand = |source: &Word| {
            let based_on = context.sources.get(*source).map_or(NIL, |info| info.based_on);
            interner.list_items(based_on).is_none_or(<[Word]>::is_empty)
        };
        let mut roots: Vec<Word> = repeated.iter().copied().filter(first_hand).collect();
        if roots.is_empty() {
            roots.extend(repeated.into_iter().min_by(|a, b| interner.compare(*a, *b)));
        }
        roots.sort_unstable();
        roots
    }
}

/// The sources of a list, and those that these are based on, as far as a scenario does not strike
/// them.
fn repeated(list: Word, context: &Context<'_>, interner: &Interner) -> HashSet<Word> {
    let standing = |list: Word| -> Vec<Word> {
        let items = interner.list_items(list).unwrap_or(&[]).iter().copied();
        items.filter(|source| !context.struck.has_fallen(*source)).collect()
    };
    let mut open = standing(list);
    let mut seen: HashSet<Word> = open.iter().copied().collect();
    while let Some(source) = open.pop() {
        let bases = standing(context.sources.get(source).map_or(NIL, |info| info.based_on));
        open.extend(bases.into_iter().filter(|base| seen.insert(*base)));
    }
    seen
}

/// The assertions through which a plain atom sees a stated tuple.
pub(super) fn of_tuple(database: &Database, pred: PredId, row: &[Word]) -> Vec<Leaf> {
    let context = database.context();
    let all = database.stated_of(pred, row);
    let seen: Vec<&Stated> = all.iter().filter(|stated| sees(stated, all, &context)).collect();
    seen.iter().map(|stated| leaf(database, stated, &seen)).collect()
}

/// The assertion that a row of a relation of the assertions of `of` is.
pub(super) fn of_assertion(database: &Database, of: PredId, row: &[Word]) -> Option<Leaf> {
    let own = row.len().checked_sub(META_COLUMNS.len())?;
    let all = database.stated_of(of, row.get(..own)?);
    let number = usize::try_from(interner::inlined(*row.get(own)?)?).ok()?;
    Some(leaf(database, all.get(number)?, &all.iter().collect::<Vec<_>>()))
}

/// The assertions of a tuple that rest on somebody without a name.
pub(super) fn unnamed_of<'s>(database: &Database, all: &'s [Stated]) -> Vec<&'s Stated> {
    let context = database.context();
    let seen: Vec<&Stated> = all.iter().filter(|stated| sees(stated, all, &context)).collect();
    all.iter().filter(|stated| is_unnamed(database, stated, &seen)).collect()
}

/// An assertion among those of its tuple that count.
fn leaf(database: &Database, stated: &Stated, all: &[&Stated]) -> Leaf {
    let (context, interner) = (database.context(), database.interner());
    let meta = context.metas.get(stated.meta);
    let recorded = context.recorded_word(stated);
    Leaf {
        level: level(meta.status),
        conf: match interner.value(meta.conf) {
            Value::Float(conf) => conf,
            _ => Float::new(1.0),
        },
        since: match interner.date_of(recorded) {
            Some(date) => Since::By(date.latest(), date.clone()),
            None if stated.src == NIL => Since::Always,
            None => Since::Undated,
        },
        src: stated.src,
        based_on: context.based_on(stated),
        unnamed: is_unnamed(database, stated, all),
    }
}

/// Whether an assertion rests on somebody without a name: its chain of attribution says so, or it
/// only repeats sources that have the same from somebody without a name.
fn is_unnamed(database: &Database, stated: &Stated, all: &[&Stated]) -> bool {
    let (context, interner) = (database.context(), database.interner());
    let says_so = |stated: &Stated| {
        let chain = interner.list_items(context.metas.get(stated.meta).by).unwrap_or(&[]);
        chain.iter().filter_map(|member| interner.symbol_text(*member)).any(|member| {
            let member = member.trim().to_lowercase();
            UNNAMED.iter().any(|word| member.starts_with(word))
        })
    };
    if says_so(stated) {
        return true;
    }
    let repeated = repeated(context.based_on(stated), &context, interner);
    let mut originals = all.iter().filter(|other| {
        repeated.contains(&other.src)
            && interner.list_items(context.based_on(other)).is_none_or(<[Word]>::is_empty)
    });
    originals.clone().next().is_some() && originals.all(|other| says_so(other))
}
