//! Assertions as the database keeps them: fixed-size records of words, everything that repeats
//! shared.

use std::sync::Arc;

use hashbrown::HashTable;
use rustc_hash::FxHasher;
use std::hash::{Hash, Hasher};

use super::interner::{Interner, NIL, Word};
use super::sources::Days;
use crate::base::{FileId, Span};
use crate::model::{Assertion, Float, Review, Status, Value};

/// One assertion of a tuple. 24 bytes; with [`Meta`] it holds what an [`Assertion`] does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Stated {
    /// `_src`, a symbol or nil.
    pub src: Word,
    /// `_at`, a symbol or nil.
    pub at: Word,
    /// The rest of its metadata.
    pub meta: MetaId,
    /// Where it stands.
    pub span: Span,
}

/// A [`Meta`], by its index in [`Metas`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct MetaId(u32);

impl MetaId {
    /// Its place among all ids.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The metadata that many assertions have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Meta {
    /// `_quote`, a symbol or nil.
    pub quote: Word,
    /// `_by`, a list of symbols or nil.
    pub by: Word,
    /// `_based_on`, a list of symbols, or nil where the source's own holds.
    pub based_on: Word,
    /// `_status`
    pub status: Status,
    /// `_review`
    pub review: Review,
    /// `_conf`, a float.
    pub conf: Word,
    /// `_on`, a date or nil.
    pub on: Word,
    /// The same as days.
    pub on_days: Option<Days>,
    /// `_extractor`, a symbol or nil.
    pub extractor: Word,
    /// `_note`, a symbol or nil.
    pub note: Word,
}

impl Meta {
    /// That of a fact that carries no metadata.
    pub fn background(interner: &mut Interner) -> Self {
        Meta {
            quote: NIL,
            by: NIL,
            based_on: NIL,
            status: Status::Held,
            review: Review::Accepted,
            conf: interner.float(Float::new(1.0)),
            on: NIL,
            on_days: None,
            extractor: NIL,
            note: NIL,
        }
    }
}

/// All distinct [`Meta`]s. Like the interner it only grows, so that snapshots can share it.
#[derive(Clone, Debug, Default)]
pub struct Metas {
    all: Vec<Meta>,
    index: HashTable<u32>,
}

impl Metas {
    /// The id of `meta`, given one if it has none yet.
    pub fn intern(&mut self, meta: Meta) -> MetaId {
        let Metas { all, index } = self;
        let known = index.find(hash(&meta), |at| all.get(*at as usize) == Some(&meta));
        if let Some(at) = known {
            return MetaId(*at);
        }
        let at = all.len() as u32;
        all.push(meta);
        index.insert_unique(hash(&meta), at, |at| all.get(*at as usize).map_or(0, hash));
        MetaId(at)
    }

    /// The metadata of an id that this table gave out.
    pub fn get(&self, id: MetaId) -> &Meta {
        &self.all[id.0 as usize]
    }

    /// All ids, in order.
    pub fn ids(&self) -> impl Iterator<Item = MetaId> {
        (0..self.all.len() as u32).map(MetaId)
    }

    /// Bytes in use.
    pub fn bytes(&self) -> u64 {
        (self.all.capacity() * size_of::<Meta>() + self.index.allocation_size()) as u64
    }
}

fn hash(meta: &Meta) -> u64 {
    let mut hasher = FxHasher::default();
    meta.hash(&mut hasher);
    hasher.finish()
}

/// Packs an assertion into words.
pub fn pack(assertion: &Assertion, interner: &mut Interner, metas: &mut Metas) -> Stated {
    let symbol = |interner: &mut Interner, text: &Option<Arc<str>>| match text {
        Some(text) => interner.symbol(text),
        None => NIL,
    };
    let list = |interner: &mut Interner, items: &[Arc<str>]| {
        let words: Vec<Word> = items.iter().map(|item| interner.symbol(item)).collect();
        interner.list(&words)
    };
    let meta = Meta {
        quote: symbol(interner, &assertion.quote),
        by: if assertion.by.is_empty() { NIL } else { list(interner, &assertion.by) },
        based_on: assertion.based_on.as_ref().map_or(NIL, |sources| list(interner, sources)),
        status: assertion.status,
        review: assertion.review,
        conf: interner.float(Float::new(assertion.conf)),
        on: assertion.on.as_ref().map_or(NIL, |date| interner.date(date)),
        on_days: assertion.on.as_ref().map(Days::from),
        extractor: symbol(interner, &assertion.extractor),
        note: symbol(interner, &assertion.note),
    };
    Stated {
        src: symbol(interner, &assertion.src),
        at: symbol(interner, &assertion.at),
        meta: metas.intern(meta),
        span: assertion.span,
    }
}

/// The assertion that words stand for.
pub fn unpack(stated: &Stated, interner: &Interner, metas: &Metas) -> Assertion {
    let symbol = |word: Word| interner.symbol_text(word).map(Arc::from);
    Assertion {
        src: symbol(stated.src),
        at: symbol(stated.at),
        span: stated.span,
        ..unpack_meta(stated.meta, interner, metas)
    }
}

/// The assertion that words stand for, without source and place.
pub fn unpack_meta(id: MetaId, interner: &Interner, metas: &Metas) -> Assertion {
    let symbol = |word: Word| interner.symbol_text(word).map(Arc::from);
    let list = |word: Word| -> Option<Vec<Arc<str>>> {
        Some(interner.list_items(word)?.iter().filter_map(|item| symbol(*item)).collect())
    };
    let meta = metas.get(id);
    Assertion {
        src: None,
        at: None,
        quote: symbol(meta.quote),
        by: list(meta.by).unwrap_or_default(),
        based_on: list(meta.based_on),
        status: meta.status,
        conf: match interner.value(meta.conf) {
            Value::Float(conf) => conf.get(),
            _ => 1.0,
        },
        on: interner.date_of(meta.on).cloned(),
        review: meta.review,
        extractor: symbol(meta.extractor),
        note: symbol(meta.note),
        span: Span::new(FileId(0), 0, 0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Date;

    #[test]
    fn assertions_come_back_as_they_were() {
        let span = Span::new(FileId(3), 10, 20);
        let plain = Assertion::background(span);
        let full = Assertion {
            src: Some("reuters".into()),
            at: Some("L5-6".into()),
            quote: Some("in two weeks".into()),
            by: vec!["unnamed source".into(), "Reuters".into()],
            based_on: Some(Vec::new()),
            status: Status::Denied,
            conf: 0.25,
            on: Some(Date::parse("2025-10").unwrap()),
            review: Review::Pending,
            extractor: Some("dates/3".into()),
            note: Some("sic".into()),
            span,
        };
        let (mut interner, mut metas) = (Interner::new(), Metas::default());
        for assertion in [&plain, &full, &plain] {
            let stated = pack(assertion, &mut interner, &mut metas);
            assert_eq!(&unpack(&stated, &interner, &metas), assertion);
        }
        assert_eq!(metas.all.len(), 2);
        assert_eq!(size_of::<Stated>(), 24);
    }
}
