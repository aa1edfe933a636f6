//! Delimited text (TSV, CSV) to rows of words and back, as fast as the machine goes.
//!
//! [`read`] cuts the stream into blocks of whole records, which threads parse side by side. Each
//! thread keeps an interner of its own; what is new in a block gets its word in the shared one when
//! all blocks before it are done. Words are therefore given out in the order of the text, and do
//! not depend on the number of threads. Beside the result there are never more than a few blocks
//! and a bounded dictionary for each thread in memory.
//!
//! - `blocks`: the stream in blocks · `number`: integers from digits · `record`: records and fields
//! - `parse`: a block to words · `threads`: several blocks at once · [`write()`]: the way back
//! - `columns`: the same for a relation's columns

mod blocks;
mod columns;
pub(super) mod number;
mod parse;
mod record;
mod threads;
mod write;

#[cfg(test)]
mod tests;

pub(super) use columns::{read_columns, write_columns};
pub(super) use parse::{encoding, float};

pub use super::mistake::{Mistake, Place, diagnostics};
pub use super::request::{ReadError, Rows, WriteError};
pub use threads::{Reading, read};
pub use write::{Cell, Writing, write};

use crate::model::Value;
use crate::storage::Word;
use crate::storage::interner::NIL;

/// How many mistakes of one file are reported unless the caller says otherwise.
pub const SHOWN: usize = 20;

/// How the text is laid out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// What stands between fields: any text that is not empty and holds no line end.
    pub delimiter: String,
    /// Whether fields can stand between quotes.
    pub quoting: Quoting,
    /// What the first record is.
    pub header: Header,
    /// What becomes of fields behind the last one that a column takes.
    pub extra: Extra,
    /// Whether a line without a character is passed over rather than read as a record. In a
    /// text of one field, which is optional, it is always a record.
    pub skip_blank: bool,
    /// Whether a delimiter between `[` and `]` belongs to its field.
    pub brackets: bool,
    /// Whether [`Rows::places`] are wanted.
    pub places: bool,
    /// Reading ends when it has met so many mistakes.
    pub max_mistakes: usize,
}

impl Default for Options {
    /// Tab-separated, without header, quotes or blank lines.
    fn default() -> Self {
        Options {
            delimiter: "\t".to_owned(),
            quoting: Quoting::None,
            header: Header::None,
            extra: Extra::Refuse,
            skip_blank: true,
            brackets: false,
            places: false,
            max_mistakes: SHOWN,
        }
    }
}

/// Whether quotes mean something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quoting {
    /// They are text like any other, and each line is a record.
    None,
    /// As RFC 4180 has it: a field between double quotes holds delimiters, line ends, and doubled
    /// quotes; elsewhere no quote may stand.
    Rfc4180,
}

/// What the first record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Header {
    /// A row like the others.
    None,
    /// Passed over.
    Skip,
    /// The names of the fields.
    Names,
    /// The names of the fields, if a column has one of them; otherwise it is passed over, and the
    /// columns take the fields in order.
    NamesOrOrder,
}

/// What becomes of fields that no column takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extra {
    /// They are a mistake. With named fields: those whose name no column has.
    Refuse,
    /// They are passed over.
    Ignore,
}

/// A column of the rows to be read.
#[derive(Clone, Copy)]
pub struct Column<'c> {
    /// Its name, for messages.
    pub name: &'c str,
    /// What it holds.
    pub kind: Kind<'c>,
    /// Whether an empty field is nil. Between quotes, a field of text is never nil.
    pub optional: bool,
    /// Where it stands.
    pub field: Field<'c>,
}

/// Which field a column takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field<'c> {
    /// The one at this position, from 0.
    At(usize),
    /// The one that the header calls so.
    Named(&'c str),
    /// None: the column has this word in all rows.
    Fixed(Word),
    /// The one that the header calls so, or in all rows this word if it calls none so.
    NamedOr(&'c str, Word),
}

/// What a column holds.
#[derive(Clone, Copy)]
pub enum Kind<'c> {
    /// Integers from `min` to `max`; with `based` also with a prefix `0x` or `0b`.
    Integer {
        /// The least.
        min: i64,
        /// The greatest.
        max: i64,
        /// Whether bases other than ten are understood.
        based: bool,
    },
    /// Floats. What is not finite has to be written `NaN`, `inf` or `-inf`, or, with `lenient`, in
    /// any case and in full.
    Float {
        /// Whether `nan`, `Infinity` and the like are understood.
        lenient: bool,
    },
    /// Text as it is.
    Symbol,
    /// What the function makes of the text, or what it says against it ("is no date"). It is asked
    /// once for each distinct text, more or less, and from several threads.
    Other(&'c (dyn Fn(&str) -> Result<Value, String> + Sync)),
}

impl Kind<'_> {
    /// 64-bit integers.
    pub const NUMBER: Self = Kind::Integer { min: i64::MIN, max: i64::MAX, based: false };
    /// 32-bit integers.
    pub const NUMBER32: Self = Kind::Integer { min: i32::MIN as i64, max: i32::MAX as i64, based: false };
    /// 32-bit integers without a sign, in base 10, 16 or 2.
    pub const UNSIGNED32: Self = Kind::Integer { min: 0, max: u32::MAX as i64, based: true };
}

/// The word of a column that a record says nothing of.
fn fallback(field: Field<'_>) -> Word {
    match field {
        Field::Fixed(word) | Field::NamedOr(_, word) => word,
        Field::At(_) | Field::Named(_) => NIL,
    }
}
