//! Assertions as a relation, for atoms that name metadata.

use super::extent::{self, Extent};
use super::interner::{self, Interner, NIL, Word};
use super::sources::Context;
use super::table::Table;
use crate::model::schema::META_COLUMNS;
use crate::model::{EnumValue, Review, Schema, Status, TypeDef};

/// The words of the constants of the built-in enums, by the order of their declaration.
#[derive(Clone, Debug)]
pub struct EnumWords {
    status: [Word; Status::ALL.len()],
    review: [Word; Review::ALL.len()],
}

impl EnumWords {
    /// Nil for constants that the schema does not declare.
    pub fn new(schema: &Schema, interner: &mut Interner) -> Self {
        let mut word = |ty: &str, name: &str| {
            let id = schema.type_names.get(ty).map(|id| &schema.ty(*id).def);
            let Some(TypeDef::Enum(id)) = id else { return NIL };
            let constants = &schema.enum_def(*id).constants;
            let Some(ordinal) = constants.iter().position(|constant| **constant == *name) else { return NIL };
            interner.enum_value(&EnumValue { ty: *id, ordinal: ordinal as u32, name: name.into() })
        };
        EnumWords {
            status: Status::ALL.map(|status| word("Status", status.name())),
            review: Review::ALL.map(|review| word("Review", review.name())),
        }
    }

    fn status(&self, status: Status) -> Word {
        self.status.get(status as usize).copied().unwrap_or(NIL)
    }

    fn review(&self, review: Review) -> Word {
        self.review.get(review as usize).copied().unwrap_or(NIL)
    }
}

/// The table of a [`PredKind::Assertions`](crate::model::schema::PredKind::Assertions) relation:
/// one row for each assertion of each tuple, the tuple's columns and then those of
/// [`META_COLUMNS`]. `_based_on` and `_on` are what holds for the assertion: its own `_based_on`, or
/// else its source's; the day its source was published, or else its own `_on`; `_by` is a list, or nil without attribution.
pub fn assertion_table(extent: &Extent, context: &Context<'_>, words: &EnumWords) -> Table {
    let width = extent.tuples().width() + META_COLUMNS.len();
    let mut rows = Vec::with_capacity(extent.len() * width);
    for (at, tuple) in extent.tuples().iter().enumerate() {
        let all = extent.assertions(at);
        for (number, stated) in all.iter().enumerate() {
            let meta = context.metas.get(stated.meta);
            let columns: [Word; META_COLUMNS.len()] = [
                interner::inline_number(number as i64).unwrap_or(NIL),
                interner::boolean(extent::sees(stated, all, context)),
                stated.src,
                stated.at,
                meta.quote,
                meta.by,
                context.based_on(stated),
                words.status(meta.status),
                meta.conf,
                context.recorded_word(stated),
                words.review(meta.review),
                meta.extractor,
                meta.note,
            ];
            rows.extend_from_slice(tuple);
            rows.extend_from_slice(&columns);
        }
    }
    Table::from_rows(width, rows)
}
