//! Answers: rows as Rust values, and how firmly they are known.

use std::fmt;
use std::io;

use serde::Deserialize;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::de;
use super::params::Params;
use super::ser::Mismatch;
use super::value::Value;
use super::{Diagnostic, Error, ErrorKind};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::{Date, Status};
use crate::provenance::annotate::Annotation;
use crate::render::{AnswerFormat, AnswerStyle, write_answer};
use crate::session;

/// The answer of a goal, or the rows of a relation: a set of rows, sorted by value unless the goal
/// says otherwise.
///
/// Rows become Rust values through serde: a struct or a map by the names of the columns, a tuple by
/// position, and anything else, newtypes included, where there is one column. A column that can be
/// nil wants an `Option`; dates come as [`Date`] or text; constants of an enum come as variants of a
/// Rust enum or text. Text can be borrowed from the answer.
///
/// ```
/// use std::collections::BTreeMap;
/// use factlog::{Date, Session};
/// use serde::Deserialize;
///
/// #[derive(Deserialize, Debug, PartialEq)]
/// enum Role { Host, Participant }
///
/// #[derive(Deserialize)]
/// struct Row<'a> {
///     leader: &'a str,
///     role: Role,
///     seat: Option<u8>,
///     day: Date,
/// }
///
/// let mut session = Session::new();
/// session.define(r#"
///     .enum Role = Host | Participant
///     .decl Attended(leader: symbol, role: Role = Participant, seat: number?, day: date)
///     Attended(leader: "rahmon", day: "2023-05-19").
///     Attended(leader: "xi", role: Host, seat: 1, day: "2023-05-18/2023-05-19").
/// "#)?;
/// let answer = session.query("Attended(leader:, role:, seat:, day:)")?;
///
/// let rows: Vec<Row> = answer.rows()?;
/// assert_eq!((rows[0].leader, rows[0].seat), ("rahmon", None));
/// assert_eq!((&rows[1].role, rows[1].seat), (&Role::Host, Some(1)));
/// assert_eq!(rows[0].day.to_string(), "2023-05-19");
///
/// let tuples: Vec<(String, String, Option<i64>, String)> = answer.rows()?;
/// assert_eq!(tuples[1].3, "2023-05-18/2023-05-19");
///
/// let leaders = session.query("Attended(leader: l)")?.rows::<String>()?;
/// assert_eq!(leaders, ["rahmon", "xi"]);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone)]
pub struct Answer {
    inner: session::Answer,
    warnings: Vec<Diagnostic>,
    goal: Option<(String, Params)>,
}

impl Answer {
    pub(super) fn new(inner: session::Answer, warnings: Vec<Diagnostic>) -> Answer {
        Answer { inner, warnings, goal: None }
    }

    pub(super) fn of_goal(mut self, goal: &str, params: Params) -> Answer {
        self.goal = Some((goal.to_owned(), params));
        self
    }

    /// The goal with its parameters, and the values of a row of its answer.
    pub(super) fn question(&self, row: usize) -> Option<(&str, &Params, &[crate::model::Value])> {
        let (goal, params) = self.goal.as_ref()?;
        Some((goal, params, self.inner.rows.get(row)?))
    }

    /// Names of the variables in order of first occurrence in the goal; of a relation its columns.
    pub fn columns(&self) -> &[String] {
        &self.inner.columns
    }

    /// How many rows there are. A goal without variables has one if it holds.
    pub fn len(&self) -> usize {
        self.inner.rows.len()
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.inner.rows.is_empty()
    }

    /// Whether the goal holds: whether there are rows.
    pub fn holds(&self) -> bool {
        !self.is_empty()
    }

    /// The rows, for looking at them one by one.
    pub fn iter(&self) -> Rows<'_> {
        Rows { answer: self, next: 0 }
    }

    /// A row, counted from 0.
    pub fn get(&self, at: usize) -> Option<Row<'_>> {
        (at < self.len()).then_some(Row { answer: self, at })
    }

    /// All rows, each as a `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] for the first row that is no `T`: which row, which column, and why.
    pub fn rows<'a, T: Deserialize<'a>>(&'a self) -> Result<Vec<T>, Error> {
        self.iter().map(|row| row.to()).collect()
    }

    /// The first row as a `T`, if there is one.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is no `T`.
    pub fn first<'a, T: Deserialize<'a>>(&'a self) -> Result<Option<T>, Error> {
        self.get(0).map(Row::to).transpose()
    }

    /// The only row as a `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is no `T`, or if there is not exactly one.
    pub fn one<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        match (self.get(0), self.len()) {
            (Some(row), 1) => row.to(),
            (_, n) => {
                Err(Error::new(ErrorKind::Decode, format!("one row is asked for, but the answer has {n}")))
            }
        }
    }

    /// What a reader has to know beside the rows, a sentence each: files that were left out,
    /// annotations that could not be worked out.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// What is odd about the goal, such as an id that nothing declares.
    pub fn warnings(&self) -> &[Diagnostic] {
        &self.warnings
    }

    /// Writes the rows as the command line does, with the annotations that were asked for.
    ///
    /// ```
    /// use factlog::{AnswerFormat, Session};
    ///
    /// let answer = Session::new().query("x in range(1, 3)")?;
    /// let mut csv = Vec::new();
    /// answer.write(&mut csv, AnswerFormat::Csv)?;
    /// assert_eq!(csv, b"x\n1\n2\n");
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// Those of the writer.
    pub fn write(&self, out: &mut dyn io::Write, format: AnswerFormat) -> io::Result<()> {
        let shown = self.inner.clone().shown(format == AnswerFormat::Table);
        write_answer(out, &shown, format, AnswerStyle::default())
    }

    fn mismatch(&self, at: usize, mismatch: &Mismatch) -> Error {
        let column =
            mismatch.column.as_ref().map(|column| format!(", column `{column}`")).unwrap_or_default();
        let hint = match &mismatch.missing {
            Some(field) => {
                let near = did_you_mean(&nearest(field, self.columns().iter().map(String::as_str)));
                let near = near.map(|near| format!("; {near}")).unwrap_or_default();
                format!(": the answer has {}{near}", de::listed(self.columns()))
            }
            None => String::new(),
        };
        Error::new(ErrorKind::Decode, format!("row {}{column}: {}{hint}", at + 1, mismatch.message))
    }
}

/// As a table.
impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::new();
        self.write(&mut text, AnswerFormat::Table).map_err(|_| fmt::Error)?;
        f.write_str(String::from_utf8_lossy(&text).trim_end())
    }
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("columns", &self.columns()).field("rows", &self.inner.rows).finish()
    }
}

/// An array of objects, one key a column, as `-f json` writes it.
impl Serialize for Answer {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'a> IntoIterator for &'a Answer {
    type Item = Row<'a>;
    type IntoIter = Rows<'a>;

    fn into_iter(self) -> Rows<'a> {
        self.iter()
    }
}

/// The rows of an [`Answer`].
#[derive(Clone, Debug)]
pub struct Rows<'a> {
    answer: &'a Answer,
    next: usize,
}

impl<'a> Iterator for Rows<'a> {
    type Item = Row<'a>;

    fn next(&mut self) -> Option<Row<'a>> {
        let row = self.answer.get(self.next)?;
        self.next += 1;
        Some(row)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.answer.len().saturating_sub(self.next);
        (left, Some(left))
    }
}

impl ExactSizeIterator for Rows<'_> {}

/// A row of an [`Answer`].
#[derive(Clone, Copy, Debug)]
pub struct Row<'a> {
    answer: &'a Answer,
    at: usize,
}

/// What a column of a [`Row`] goes by: its name, or its position from 0.
pub trait ColumnIndex: sealed::Sealed {
    #[doc(hidden)]
    fn find(&self, columns: &[String]) -> Result<usize, String>;
}

mod sealed {
    pub trait Sealed {}
    impl Sealed for usize {}
    impl Sealed for &str {}
}

impl ColumnIndex for usize {
    fn find(&self, columns: &[String]) -> Result<usize, String> {
        let missing = || format!("there is no column {self}: the answer has {}", de::listed(columns));
        (*self < columns.len()).then_some(*self).ok_or_else(missing)
    }
}

impl ColumnIndex for &str {
    fn find(&self, columns: &[String]) -> Result<usize, String> {
        columns.iter().position(|column| column == self).ok_or_else(|| {
            let near = did_you_mean(&nearest(self, columns.iter().map(String::as_str)));
            let near = near.map(|near| format!("; {near}")).unwrap_or_default();
            format!("there is no column `{self}`: the answer has {}{near}", de::listed(columns))
        })
    }
}

impl<'a> Row<'a> {
    /// The row as a `T`.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if it is none.
    pub fn to<T: Deserialize<'a>>(self) -> Result<T, Error> {
        de::row(&self.answer.inner.columns, self.raw()).map_err(|wrong| self.answer.mismatch(self.at, &wrong))
    }

    /// One column as a `T`, by name or position.
    ///
    /// # Errors
    /// [`ErrorKind::Decode`] if there is no such column or its value is no `T`.
    pub fn get<T: Deserialize<'a>>(self, column: impl ColumnIndex) -> Result<T, Error> {
        let columns = &self.answer.inner.columns;
        let found = column.find(columns).map_err(|missing| Error::new(ErrorKind::Decode, missing))?;
        let (Some(name), Some(value)) = (columns.get(found), self.raw().get(found)) else {
            return Err(Error::new(ErrorKind::Decode, "a row is shorter than its columns"));
        };
        de::value(value).map_err(|wrong| self.answer.mismatch(self.at, &wrong.within(name)))
    }

    /// The values with the names of their columns.
    pub fn values(self) -> impl ExactSizeIterator<Item = (&'a str, Value)> {
        self.answer.columns().iter().zip(self.raw()).map(|(name, value)| (name.as_str(), Value::from(value)))
    }

    /// How firmly the row is known. `None` if every proof of it needs an assertion that denies or
    /// cancels, or if too much lies behind it to say; the answer's notes tell.
    pub fn status(self) -> Option<Status> {
        match self.annotation() {
            Some(known) => known.status,
            None => (!self.answer.inner.unsettled).then_some(Status::Held),
        }
    }

    /// How sure the row is, from 0 to 1. `None` unless [`Annotations::confidence`] was asked for.
    ///
    /// [`Annotations::confidence`]: crate::Annotations::confidence
    pub fn confidence(self) -> Option<f64> {
        self.annotation().filter(|_| self.answer.inner.worked_out().conf).map(|known| known.conf)
    }

    /// Since when the row is known. `None` for background, for what bears no date, and unless
    /// [`Annotations::since`] was asked for.
    ///
    /// [`Annotations::since`]: crate::Annotations::since
    pub fn since(self) -> Option<&'a Date> {
        self.annotation().filter(|_| self.answer.inner.worked_out().since)?.day()
    }

    /// Alternative sets of sources, each of which is enough; the smallest first. Empty unless
    /// [`Annotations::sources`] was asked for.
    ///
    /// [`Annotations::sources`]: crate::Annotations::sources
    pub fn sources(self) -> Vec<Vec<&'a str>> {
        let Some(known) = self.annotation().filter(|_| self.answer.inner.worked_out().sources) else {
            return Vec::new();
        };
        known.sources.iter().map(|set| set.iter().map(|id| &**id).collect()).collect()
    }

    /// What the row assumes. Empty unless [`Annotations::assumptions`] was asked for.
    ///
    /// [`Annotations::assumptions`]: crate::Annotations::assumptions
    pub fn assumptions(self) -> &'a [String] {
        match self.annotation() {
            Some(known) if self.answer.inner.worked_out().assumptions => &known.assumptions,
            _ => &[],
        }
    }

    fn annotation(self) -> Option<&'a Annotation> {
        self.answer.inner.firmness.get(self.at)
    }

    fn raw(self) -> &'a [crate::model::Value] {
        self.answer.inner.rows.get(self.at).map_or(&[], Vec::as_slice)
    }
}

/// An object, one key a column.
impl Serialize for Row<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.raw().len()))?;
        for (name, value) in self.values() {
            map.serialize_entry(name, &value)?;
        }
        map.end()
    }
}
