//! What is to be read or written, in any format.

use std::io;
use std::ops::Range;

use super::delimited::{Extra, Quoting};
use super::mapping::Mapping;
use super::{Column, Format, Mistake, Place};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Budget, Stop};
use crate::storage::{Interner, Word};

/// What to read, and with what.
#[derive(Clone, Copy)]
pub struct Request<'r> {
    /// The columns of a row.
    pub columns: &'r [Column],
    /// How columns find their fields in text that is delimited.
    pub matching: Matching,
    /// How delimited text is laid out, where that is not as its format has it.
    pub text: Text<'r>,
    /// What becomes of fields that no column takes.
    pub extra: Extra,
    /// Which table of a database, or which relation of a mapping.
    pub table: &'r str,
    /// How RDF is mapped.
    pub mapping: Option<&'r Mapping>,
    /// Whether [`Rows::places`] are wanted, from formats that have them.
    pub places: bool,
    /// Reading ends when it has met so many mistakes.
    pub max_mistakes: usize,
    /// Threads, at least one.
    pub jobs: usize,
    /// Bytes of the stream, where that is known.
    pub size: Option<u64>,
    /// Asked now and then whether to go on.
    pub budget: &'r Budget,
    /// Told how many bytes more have been read.
    pub progress: &'r (dyn Fn(u64) + Sync),
}

impl Request<'_> {
    /// In a file whose fields have these names: each column that has a field, with where that
    /// stands; and what is wrong with the names.
    pub fn fields(&self, names: &[&str]) -> (Vec<(usize, usize)>, Vec<Mistake>) {
        let mut fields = Vec::new();
        let mut found = Vec::new();
        let mut wrong = |message: String, help: Option<String>| {
            found.push(Mistake { place: Place::File, message, help });
        };
        for (at, column) in self.columns.iter().enumerate() {
            match names.iter().position(|name| *name == &*column.field) {
                Some(field) => fields.push((at, field)),
                None if column.optional || column.default.is_some() => {}
                None => {
                    let near = did_you_mean(&nearest(&column.field, names.iter().copied()));
                    wrong(format!("no field is called `{}`", column.field), near);
                }
            }
        }
        if self.extra == Extra::Refuse {
            for name in
                names.iter().copied().filter(|name| self.columns.iter().all(|column| &*column.field != *name))
            {
                wrong(format!("no column is called `{name}`"), None);
            }
        }
        (fields, found)
    }
}

/// How columns find their fields in delimited text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Matching {
    /// There is no header; fields stand in the order of the columns.
    Order,
    /// The header names them.
    Names,
    /// The header names them, or, where it names none of the columns, it is passed over and fields
    /// stand in their order.
    NamesOrOrder,
}

/// What can be told of delimited text beside its format.
#[derive(Clone, Copy, Debug, Default)]
pub struct Text<'r> {
    /// What stands between fields, if not the format's comma or tab.
    pub delimiter: Option<&'r str>,
    /// Whether quotes mean something, if not as usual (they do).
    pub quoting: Option<Quoting>,
}

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// The rows in the order of the file, one after the other, a word a column.
    pub words: Vec<Word>,
    /// How many there are.
    pub len: usize,
    /// For each row the bytes of its record, if asked for and if the format is a text.
    pub places: Vec<(u64, u64)>,
}

/// Why nothing was read.
#[derive(Debug)]
pub enum ReadError {
    /// The text is not what it should be: what is wrong, by place, and whether there may be more.
    Mistakes {
        /// At most as many as were allowed, in the order of the file.
        found: Vec<Mistake>,
        /// Whether reading ended before the file did.
        more: bool,
    },
    /// The system refused to read on, or the file is damaged.
    Io(io::Error),
    /// A limit was reached, or somebody cancelled.
    Stopped(Stop),
    /// This build does not know the format, or it is not one of streams.
    Unsupported(Format),
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        ReadError::Io(error)
    }
}

impl From<Stop> for ReadError {
    fn from(stop: Stop) -> Self {
        ReadError::Stopped(stop)
    }
}

/// Rows to write, and how.
#[derive(Clone, Copy)]
pub struct Written<'w> {
    /// The relation they are of.
    pub relation: &'w str,
    /// Its columns.
    pub columns: &'w [Column],
    /// Number of rows.
    pub len: usize,
    /// Appends the words of some rows, one row after the other.
    pub rows: &'w (dyn Fn(Range<usize>, &mut Vec<Word>) + Sync),
    /// What words mean.
    pub interner: &'w Interner,
    /// How delimited text is laid out.
    pub text: Text<'w>,
    /// How RDF is mapped.
    pub mapping: Option<&'w Mapping>,
    /// Whether delimited text begins with the names of the columns.
    pub header: bool,
    /// Threads, at least one.
    pub jobs: usize,
    /// Asked now and then whether to go on.
    pub budget: &'w Budget,
}

impl Written<'_> {
    /// Calls `each` with the words of some thousand rows at a time, and with how many rows they
    /// are.
    pub fn blocks(
        &self,
        mut each: impl FnMut(&[Word], usize) -> Result<(), WriteError>,
    ) -> Result<(), WriteError> {
        const BLOCK: usize = 8192;
        let mut words = Vec::new();
        let mut start = 0;
        while start < self.len {
            self.budget.check().map_err(WriteError::Stopped)?;
            let end = (start + BLOCK).min(self.len);
            words.clear();
            (self.rows)(start..end, &mut words);
            each(&words, end - start)?;
            start = end;
        }
        Ok(())
    }
}

/// Why writing ended early.
#[derive(Debug)]
pub enum WriteError {
    /// The writer failed.
    Io(io::Error),
    /// A limit was reached, or somebody cancelled.
    Stopped(Stop),
    /// This build does not know the format, or it is not one of streams.
    Unsupported(Format),
    /// The format cannot hold a value; a sentence.
    Unfit(String),
}

impl From<io::Error> for WriteError {
    fn from(error: io::Error) -> Self {
        WriteError::Io(error)
    }
}
