//! Proofs as readers are shown them: every name, place and sentence found.

use std::sync::Arc;

use crate::model::{Date, Status, Value};

/// Why some tuples hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Explanation {
    /// One proof after the other, those of one tuple together, best first.
    pub proofs: Vec<ShownProof>,
    /// Tuples that fit what was asked for and are not explained.
    pub more: usize,
    /// What a reader has to know beside the proofs, one sentence each.
    pub notes: Vec<String>,
}

/// A proof.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownProof {
    /// Its steps. The first is what is explained; the others are named by their index.
    pub steps: Vec<ShownStep>,
    /// Whether it rests on a negation or an aggregate, so that it may fall when facts are added.
    pub may_fall: bool,
    /// Whether firmer or shorter proofs may exist that were not looked at.
    pub cut: bool,
}

/// A tuple, and why it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct ShownStep {
    /// Its relation; `None` for the answer of a goal.
    pub relation: Option<Arc<str>>,
    /// Its columns, nil ones included; of an answer its variables.
    pub columns: Vec<(Arc<str>, Value)>,
    /// The tuple as the language writes it.
    pub text: String,
    /// What the rule's `@label` makes of it.
    pub sentence: Option<String>,
    /// How firm it is by this proof.
    pub status: Status,
    /// How sure, from 0 to 1.
    pub conf: f64,
    /// For a tuple that was there only until it gave way to another: which, and by which subsumption.
    pub gave_way: Option<String>,
    /// Why it holds.
    pub because: Because,
}

/// Why a step holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Because {
    /// It is stated.
    Stated {
        /// By whom: the assertions through which it is seen, firmest first.
        assertions: Vec<Citation>,
    },
    /// By a rule.
    Rule(ByRule),
}

/// An assertion with its source.
#[derive(Clone, Debug, PartialEq)]
pub struct Citation {
    /// Id of its source; `None` for background.
    pub source: Option<Arc<str>>,
    /// Who published that.
    pub publisher: Option<String>,
    /// Its title.
    pub title: Option<String>,
    /// When.
    pub published: Option<Date>,
    /// Where in it: `L15-18`.
    pub at: Option<Arc<str>>,
    /// The words there, if the text is at hand.
    pub words: Option<String>,
    /// The words that the assertion quotes.
    pub quote: Option<Arc<str>>,
    /// Chain of attribution, nearest to the event first.
    pub by: Vec<Arc<str>>,
    /// Sources that it only repeats.
    pub based_on: Vec<Arc<str>>,
    /// Its status.
    pub status: Status,
    /// Its confidence.
    pub conf: f64,
    /// The day it was recorded, when it says so itself.
    pub on: Option<Date>,
    /// A remark.
    pub note: Option<Arc<str>>,
    /// The fact's place.
    pub place: FilePlace,
}

/// A line of a file of the project, or of what was typed in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilePlace {
    /// The file's name.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
}

/// A rule that derives a step.
#[derive(Clone, Debug, PartialEq)]
pub struct ByRule {
    /// Where the rule stands.
    pub place: FilePlace,
    /// Which alternative of its body, from 1, where it has several.
    pub alternative: Option<usize>,
    /// What the rule assumes here.
    pub assumptions: Vec<String>,
    /// The values of its variables, by name.
    pub binding: Vec<(Arc<str>, Value)>,
    /// What satisfies its body, literal by literal.
    pub premises: Vec<ShownPremise>,
}

/// What satisfies a literal.
#[derive(Clone, Debug, PartialEq)]
pub enum ShownPremise {
    /// A step, by its index.
    Step(usize),
    /// Nothing matches a negated body.
    Absent {
        /// The literal with its values.
        text: String,
        /// Among so many tuples.
        over: usize,
    },
    /// An aggregate.
    Aggregate {
        /// The literal with its values.
        text: String,
        /// The aggregate's value.
        value: Value,
        /// Rows that count in it.
        total: usize,
        /// The first of them: what satisfies the aggregate's body, literal by literal.
        rows: Vec<Vec<ShownPremise>>,
    },
    /// A comparison or test.
    Holds {
        /// The literal with its values.
        text: String,
    },
}

impl std::fmt::Display for FilePlace {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}
