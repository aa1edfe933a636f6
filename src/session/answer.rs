//! What a query gives back.

use crate::model::Value;

/// The answer of one query: a set of rows, in the order in which they are to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names of the variables, in order of first occurrence in the goal; no name occurs twice.
    pub columns: Vec<String>,
    /// One value a column, each row once.
    pub rows: Vec<Vec<Value>>,
    /// Rows of the answer that are not here, because only so many were asked for.
    pub more: usize,
    /// Whether the goal names no variable: the answer is then yes or no, and yes means that `rows`
    /// is not empty.
    pub ground: bool,
    /// What a reader has to know beside the rows, one sentence each: files that were left out.
    pub notes: Vec<String>,
}

impl Answer {
    /// `yes` or `no` if the goal was ground.
    pub fn verdict(&self) -> Option<&'static str> {
        self.ground.then_some(if self.rows.is_empty() { "no" } else { "yes" })
    }
}
