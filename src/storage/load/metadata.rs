//! The fields that begin with `_`.

use super::columns::Shape;
use super::values::{Problem, Values, Wrong, wrong};
use crate::model::{Float, Review, Status};
use crate::storage::assertions::Meta;
use crate::storage::interner::{Interner, NIL, Word};
use crate::storage::sources::Days;
use crate::syntax::ron::{Kind, Node};

/// A metadata field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Field {
    Src,
    At,
    Quote,
    By,
    BasedOn,
    Status,
    Conf,
    On,
    Review,
    Extractor,
    Note,
}

impl Field {
    const ALL: [(&'static str, Field); 11] = [
        ("_src", Field::Src),
        ("_at", Field::At),
        ("_quote", Field::Quote),
        ("_by", Field::By),
        ("_based_on", Field::BasedOn),
        ("_status", Field::Status),
        ("_conf", Field::Conf),
        ("_on", Field::On),
        ("_review", Field::Review),
        ("_extractor", Field::Extractor),
        ("_note", Field::Note),
    ];

    pub(super) fn named(name: &str) -> Option<Field> {
        Self::ALL.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
    }

    /// All names, in the order in which files have them.
    pub(super) fn names() -> impl Iterator<Item = &'static str> {
        Self::ALL.iter().map(|(name, _)| *name)
    }

    /// What its values are, with the article.
    pub(super) fn describe(self) -> &'static str {
        match self {
            Field::By | Field::BasedOn => "a list of strings",
            Field::Status => "one of `Proposed Planned Confirmed Held Denied Cancelled`",
            Field::Review => "one of `Accepted Pending Rejected`",
            Field::Conf => "a number from 0 to 1",
            Field::On => "a date in a string",
            Field::Src | Field::At | Field::Quote | Field::Extractor | Field::Note => "a string",
        }
    }
}

/// The metadata of a fact while it is read: begins as its file's defaults.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Record {
    pub(super) src: Word,
    pub(super) at: Word,
    pub(super) meta: Meta,
}

impl Record {
    pub(super) fn new(interner: &mut Interner) -> Self {
        Record { src: NIL, at: NIL, meta: Meta::background(interner) }
    }

    /// Takes in one field. True if anything but `_src` and `_at` may have changed.
    pub(super) fn set(
        &mut self,
        field: Field,
        node: Node<'_>,
        values: &mut Values<'_>,
    ) -> Result<bool, Wrong> {
        match field {
            Field::Src => self.src = values.column(node, &Shape::Symbol, true)?,
            Field::At => self.at = values.column(node, &Shape::Symbol, true)?,
            Field::Quote => self.meta.quote = values.column(node, &Shape::Symbol, true)?,
            Field::Extractor => self.meta.extractor = values.column(node, &Shape::Symbol, true)?,
            Field::Note => self.meta.note = values.column(node, &Shape::Symbol, true)?,
            Field::On => {
                self.meta.on = values.column(node, &Shape::Date, true)?;
                self.meta.on_days = values.interner.date_of(self.meta.on).map(Days::from);
            }
            Field::BasedOn => self.meta.based_on = self.list(node, values)?,
            Field::By => {
                let list = self.list(node, values)?;
                let empty = values.interner.list_items(list).is_none_or(<[Word]>::is_empty);
                self.meta.by = if empty { NIL } else { list };
            }
            Field::Conf => {
                let conf = values.column(node, &Shape::Float, true)?;
                self.meta.conf = if conf == NIL { values.interner.float(Float::new(1.0)) } else { conf };
            }
            Field::Status => {
                self.meta.status = constant(node, &Status::ALL, Status::name)?.unwrap_or(Status::Held)
            }
            Field::Review => {
                self.meta.review = constant(node, &Review::ALL, Review::name)?.unwrap_or(Review::Accepted);
            }
        }
        Ok(!matches!(field, Field::Src | Field::At))
    }

    fn list(&self, node: Node<'_>, values: &mut Values<'_>) -> Result<Word, Wrong> {
        values.column(node, &Shape::List(Box::new(Shape::Symbol)), true)
    }
}

/// The constant that a bare word names; `None` for an absent one.
fn constant<T: Copy>(node: Node<'_>, all: &[T], name: fn(T) -> &'static str) -> Result<Option<T>, Wrong> {
    match node.kind() {
        Kind::None => Ok(None),
        Kind::Some => node.inner().map_or(Ok(None), |inner| constant(inner, all, name)),
        Kind::Word => {
            let found = all.iter().copied().find(|constant| Some(name(*constant)) == node.name());
            found.map(Some).ok_or_else(|| wrong(node, Problem::Constant(Vec::new())))
        }
        kind => Err(wrong(node, Problem::Kind(kind, "a bare word"))),
    }
}
