//! Facts as they were stated: a tuple, and who asserted it, where, how firmly.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::date::Date;
use super::schema::{EnumId, PredId};
use super::value::Value;
use crate::base::Span;

/// Id of the built-in enum `Status`.
pub const STATUS_ENUM: EnumId = EnumId(0);

/// How firmly something is asserted. The first four are ordered; the last two stand outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Status {
    /// Somebody proposed it.
    Proposed,
    /// It is planned.
    Planned,
    /// Somebody concerned confirmed the plan.
    Confirmed,
    /// It took place, or is so.
    Held,
    /// Somebody says it is not so.
    Denied,
    /// It was called off.
    Cancelled,
}

impl Status {
    /// All, in declaration order: the constants of the built-in enum `Status`.
    pub const ALL: [Status; 6] = [
        Status::Proposed,
        Status::Planned,
        Status::Confirmed,
        Status::Held,
        Status::Denied,
        Status::Cancelled,
    ];

    /// The constant's name.
    pub fn name(self) -> &'static str {
        match self {
            Status::Proposed => "Proposed",
            Status::Planned => "Planned",
            Status::Confirmed => "Confirmed",
            Status::Held => "Held",
            Status::Denied => "Denied",
            Status::Cancelled => "Cancelled",
        }
    }

    /// Whether it speaks for the fact: everything but `Denied` and `Cancelled`.
    pub fn is_positive(self) -> bool {
        self <= Status::Held
    }
}

/// Whether a person has looked at an assertion.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Review {
    /// Taken in.
    Accepted,
    /// Nobody has looked yet.
    Pending,
    /// Turned down.
    Rejected,
}

impl Review {
    /// All, in declaration order: the constants of the built-in enum `Review`.
    pub const ALL: [Review; 3] = [Review::Accepted, Review::Pending, Review::Rejected];

    /// The constant's name.
    pub fn name(self) -> &'static str {
        match self {
            Review::Accepted => "Accepted",
            Review::Pending => "Pending",
            Review::Rejected => "Rejected",
        }
    }
}

/// One act of stating a tuple. Fields as in the fact files.
#[derive(Clone, Debug, PartialEq)]
pub struct Assertion {
    /// `_src`: id of a `Source`; absent for background.
    pub src: Option<Arc<str>>,
    /// `_at`: where in the source.
    pub at: Option<Arc<str>>,
    /// `_quote`
    pub quote: Option<Arc<str>>,
    /// `_by`: chain of attribution, nearest to the event first.
    pub by: Vec<Arc<str>>,
    /// `_based_on`; `None` means the source's own.
    pub based_on: Option<Vec<Arc<str>>>,
    /// `_status`
    pub status: Status,
    /// `_conf`, 0 to 1.
    pub conf: f64,
    /// `_on`
    pub on: Option<Date>,
    /// `_review`
    pub review: Review,
    /// `_extractor`
    pub extractor: Option<Arc<str>>,
    /// `_note`
    pub note: Option<Arc<str>>,
    /// The fact in its file, or in the session's input.
    pub span: Span,
}

impl Assertion {
    /// An accepted, held, fully trusted assertion without source.
    pub fn background(span: Span) -> Self {
        Assertion {
            src: None,
            at: None,
            quote: None,
            by: Vec::new(),
            based_on: None,
            status: Status::Held,
            conf: 1.0,
            on: None,
            review: Review::Accepted,
            extractor: None,
            note: None,
            span,
        }
    }
}

/// A stated tuple with one assertion of it.
#[derive(Clone, Debug, PartialEq)]
pub struct Fact {
    /// The relation.
    pub predicate: PredId,
    /// One value a column.
    pub tuple: Vec<Value>,
    /// Who says so.
    pub assertion: Assertion,
}
