//! Proofs: one way in which a tuple follows from what is stated, as data that stands by itself.
//!
//! A proof is a graph without cycles: a tuple that several steps need is proved once.

use super::graph::Tuple;
use crate::engine::RuleRef;
use crate::model::{PredId, Status, Value};

/// How firmly something is known by one proof.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Firmness {
    /// The weakest status it rests on.
    pub status: Status,
    /// The least confidence.
    pub conf: f64,
}

impl Firmness {
    /// Of what rests on nothing that could be weaker.
    pub const FULL: Firmness = Firmness { status: Status::Held, conf: 1.0 };

    /// Of what rests on both.
    pub fn and(self, other: Firmness) -> Firmness {
        Firmness { status: weaker(self.status, other.status), conf: self.conf.min(other.conf) }
    }

    /// 0 for Held, more for what is less firm. `Denied` and `Cancelled` stand outside the order: who
    /// asks for them gets what is as firm as can be.
    pub(super) fn weakness(self) -> u8 {
        match self.status {
            Status::Held | Status::Denied | Status::Cancelled => 0,
            Status::Confirmed => 1,
            Status::Planned => 2,
            Status::Proposed => 3,
        }
    }
}

fn weaker(a: Status, b: Status) -> Status {
    match (a.is_positive(), b.is_positive()) {
        (true, true) => a.min(b),
        (true, false) => a,
        (false, _) => b,
    }
}

/// What a search for proofs has to know of stated tuples.
pub trait Statements {
    /// How firmly a stated tuple, or an assertion, is asserted at best.
    fn firmness(&self, tuple: &Tuple) -> Firmness;
}

/// One proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Proof {
    /// The tuples proved; the first is the one asked about.
    pub nodes: Vec<Node>,
    /// Whether firmer or shorter proofs may exist that were not looked at.
    pub cut: bool,
}

/// A tuple with its proof.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The relation.
    pub pred: PredId,
    /// The tuple.
    pub tuple: Vec<Value>,
    /// Why it holds.
    pub why: Why,
    /// How firmly, by this proof.
    pub firmness: Firmness,
}

/// Why a tuple holds.
#[derive(Clone, Debug, PartialEq)]
pub enum Why {
    /// It is stated.
    Stated,
    /// By a rule.
    Rule(Step),
}

/// A rule with values for its variables.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// The rule.
    pub rule: RuleRef,
    /// Which alternative of its body.
    pub alternative: usize,
    /// The value of each variable that has one.
    pub binding: Vec<Option<Value>>,
    /// One for each literal of the alternative, in its order.
    pub premises: Vec<Support>,
}

/// How a literal is satisfied.
#[derive(Clone, Debug, PartialEq)]
pub enum Support {
    /// By the tuple of this node.
    Node(usize),
    /// A negated body has no solution.
    Absent {
        /// Tuples of the relations in it.
        over: usize,
    },
    /// An aggregate has a value.
    Aggregate {
        /// Its value.
        value: Value,
        /// How many assignments count in it.
        total: usize,
        /// The first of them, by value.
        rows: Vec<Row>,
    },
    /// A comparison, test or membership holds.
    Holds,
}

/// An assignment that an aggregate ranges over.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which alternative of the aggregate's body.
    pub alternative: usize,
    /// The values of the variables, those around the aggregate included.
    pub binding: Vec<Option<Value>>,
    /// One for each literal of the alternative.
    pub premises: Vec<Support>,
}

impl Proof {
    /// The nodes that node `at` rests on directly, in the order of its premises.
    pub fn premises_of(&self, at: usize) -> Vec<usize> {
        let mut found = Vec::new();
        if let Some(Node { why: Why::Rule(step), .. }) = self.nodes.get(at) {
            collect(&step.premises, &mut found);
        }
        found
    }
}

fn collect(premises: &[Support], found: &mut Vec<usize>) {
    for premise in premises {
        match premise {
            Support::Node(at) => found.push(*at),
            Support::Aggregate { rows, .. } => rows.iter().for_each(|row| collect(&row.premises, found)),
            Support::Absent { .. } | Support::Holds => {}
        }
    }
}
