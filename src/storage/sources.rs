//! What the facts of the built-in relation `Source` say about the assertions that name them.

use rustc_hash::{FxHashMap, FxHashSet};

use super::assertions::{Metas, Stated};
use super::interner::{Interner, NIL, Word};
use super::table::Table;
use crate::model::date::Day;
use crate::model::{Date, Review, Schema};

/// The first and the last day that a date can mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Days {
    /// [`Date::earliest`]
    pub earliest: Day,
    /// [`Date::latest`]
    pub latest: Day,
}

impl From<&Date> for Days {
    fn from(date: &Date) -> Self {
        Days { earliest: date.earliest(), latest: date.latest() }
    }
}

/// Name of the built-in relation.
pub const SOURCE: &str = "Source";

/// When an assertion was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recorded {
    /// No source and no `_on`: in force at all times.
    Background,
    /// Its source bears no date, and neither does it.
    Undated,
    /// On this day, as far as is known.
    On(Days),
}

/// The sources, by the word of their id.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    by_id: FxHashMap<Word, SourceInfo>,
}

/// What is known of one source; words are nil where nothing is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SourceInfo {
    /// `published`, a date; the earliest if it is stated differently.
    pub published: Word,
    /// The same as days, where it is known.
    pub published_days: Option<Days>,
    /// `based_on`, a list.
    pub based_on: Word,
    /// `text`, the name of the file that holds its words.
    pub text: Word,
    /// `sha256`, the hash that the file should have.
    pub sha256: Word,
}

impl Sources {
    /// Those of all stated tuples of `Source`, seen or not: what is seen depends on their dates, so
    /// their dates cannot depend on what is seen.
    pub fn of(schema: &Schema, table: &Table, interner: &Interner) -> Sources {
        let Some(predicate) = schema.find(SOURCE).map(|id| schema.predicate(id)) else {
            return Sources::default();
        };
        let column = |name: &str| predicate.column(name);
        let Some(id) = column("id") else { return Sources::default() };
        let columns = ["published", "based_on", "text", "sha256"].map(column);
        let mut by_id: FxHashMap<Word, SourceInfo> = FxHashMap::default();
        for row in table.iter() {
            let word = |at: Option<usize>| at.and_then(|at| row.get(at)).copied().unwrap_or(NIL);
            let info = by_id.entry(word(Some(id))).or_default();
            let slots = [&mut info.published, &mut info.based_on, &mut info.text, &mut info.sha256];
            for (slot, at) in slots.into_iter().zip(columns) {
                // By value and not by word, so that the order of loading decides nothing.
                let new = word(at);
                if *slot == NIL || (new != NIL && interner.compare(new, *slot).is_lt()) {
                    *slot = new;
                }
            }
            info.published_days = interner.date_of(info.published).map(Days::from);
        }
        Sources { by_id }
    }

    /// The source of that id, if it is declared.
    pub fn get(&self, id: Word) -> Option<&SourceInfo> {
        self.by_id.get(&id)
    }

    /// The ids of all of them.
    pub fn ids(&self) -> impl Iterator<Item = Word> {
        self.by_id.keys().copied()
    }

    /// Whether nothing differs that decides what a plain atom sees.
    pub(super) fn same_dates(&self, other: &Sources) -> bool {
        let covers = |a: &Sources, b: &Sources| {
            a.by_id.iter().all(|(id, info)| info.published == b.get(*id).map_or(NIL, |other| other.published))
        };
        covers(self, other) && covers(other, self)
    }
}

/// What tells how much assertions count: their metadata and their sources.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// Shared metadata.
    pub metas: &'a Metas,
    /// The sources.
    pub sources: &'a Sources,
    /// Which reviews make an assertion count.
    pub reviews: Reviews,
    /// The sources that the scenario strikes.
    pub struck: &'a Struck,
}

/// The reviews that make an assertion count: accepted ones, unless a scenario says otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reviews(u8);

impl Default for Reviews {
    fn default() -> Self {
        Reviews::NONE.and(Review::Accepted)
    }
}

impl Reviews {
    /// Nothing counts.
    pub const NONE: Reviews = Reviews(0);

    /// These and another.
    pub fn and(self, review: Review) -> Reviews {
        Reviews(self.0 | 1 << review as u8)
    }

    /// Whether assertions of that review count.
    pub fn take(self, review: Review) -> bool {
        self.0 & 1 << review as u8 != 0
    }
}

impl Context<'_> {
    /// Whether an assertion counts and speaks for its tuple.
    pub fn supports(&self, stated: &Stated) -> bool {
        let meta = self.metas.get(stated.meta);
        self.reviews.take(meta.review) && meta.status.is_positive()
    }

    /// Whether an assertion counts and speaks against its tuple.
    pub fn opposes(&self, stated: &Stated) -> bool {
        let meta = self.metas.get(stated.meta);
        self.reviews.take(meta.review) && !meta.status.is_positive()
    }

    /// When an assertion was recorded: the day its source was published, or else `_on`.
    pub fn recorded(&self, stated: &Stated) -> Recorded {
        let published = self.sources.get(stated.src).and_then(|source| source.published_days);
        match published.or(self.metas.get(stated.meta).on_days) {
            Some(days) => Recorded::On(days),
            None if stated.src == NIL => Recorded::Background,
            None => Recorded::Undated,
        }
    }

    /// The same as the word of a date, or nil.
    pub fn recorded_word(&self, stated: &Stated) -> Word {
        let published = self.sources.get(stated.src).map_or(NIL, |source| source.published);
        if published == NIL { self.metas.get(stated.meta).on } else { published }
    }

    /// The list of sources that an assertion only repeats, or nil: its own, or else its source's.
    pub fn based_on(&self, stated: &Stated) -> Word {
        let own = self.metas.get(stated.meta).based_on;
        if own == NIL { self.sources.get(stated.src).map_or(NIL, |source| source.based_on) } else { own }
    }
}

/// Which assertions fall when sources are struck.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Struck {
    struck: FxHashSet<Word>,
    fallen: FxHashSet<Word>,
}

impl Struck {
    /// Strikes `struck`. With them fall the sources that are based on fallen ones alone; sources
    /// based on one another in a circle fall only with something outside it.
    pub fn new(struck: impl IntoIterator<Item = Word>, sources: &Sources, interner: &Interner) -> Self {
        let struck: FxHashSet<Word> = struck.into_iter().collect();
        let mut fallen = struck.clone();
        loop {
            let falls = |id: &Word, info: &SourceInfo| {
                !fallen.contains(id) && all_in(info.based_on, &fallen, interner)
            };
            let more = sources.by_id.iter().filter(|(id, info)| falls(id, info)).map(|(id, _)| *id);
            let more: Vec<Word> = more.collect();
            if more.is_empty() {
                return Struck { struck, fallen };
            }
            fallen.extend(more);
        }
    }

    /// The sources that are struck themselves.
    pub fn sources(&self) -> impl Iterator<Item = Word> {
        self.struck.iter().copied()
    }

    /// Whether a source is struck, or based on fallen ones alone.
    pub fn has_fallen(&self, source: Word) -> bool {
        self.fallen.contains(&source)
    }

    /// Whether an assertion falls: its source is a struck one, or all that it is based on falls.
    pub fn takes(&self, stated: &Stated, context: &Context<'_>, interner: &Interner) -> bool {
        self.takes_from(stated.src, context.based_on(stated), interner)
    }

    /// The same of an assertion of `src` that only repeats the sources of the list `based_on`.
    pub fn takes_from(&self, src: Word, based_on: Word, interner: &Interner) -> bool {
        self.struck.contains(&src) || all_in(based_on, &self.fallen, interner)
    }
}

/// Whether a list of sources is not empty and all of them are in `set`.
fn all_in(list: Word, set: &FxHashSet<Word>, interner: &Interner) -> bool {
    let sources = interner.list_items(list).unwrap_or(&[]);
    !sources.is_empty() && sources.iter().all(|source| set.contains(source))
}
