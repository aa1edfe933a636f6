//! Plans: steps over registers, each of which holds the word of one value.
//!
//! A plan is a nest of loops. A [`Step`] that can hold in several ways (a scan, an enumeration) is
//! a loop around the steps behind it; any other step lets through what the loops around it found,
//! or not. Behind the last step the output registers are one row of the head.

use std::sync::Arc;

use crate::base::Span;
use crate::model::program::{AggregateOp, CompareOp, Functor, TestOp};
use crate::model::structure::Constructor;
use crate::model::{PredId, Value};

/// A register, by its index. The rule's variables come first, by their ids.
pub type Reg = usize;

/// Which rows of a relation a step reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// All known when the round began.
    Full,
    /// Those that the last round found.
    Delta,
    /// All known before those.
    Old,
}

/// One alternative of a rule, with at most one premise that reads the last round's rows.
#[derive(Clone, Debug)]
pub struct RulePlan {
    /// The relation defined.
    pub head: PredId,
    /// The head's columns.
    pub output: Vec<Reg>,
    /// What to do, outermost loop first.
    pub steps: Vec<Step>,
    /// From this step on nothing but the existence of a solution matters: one is enough.
    pub witness_from: usize,
    /// How many registers there are.
    pub registers: usize,
    /// Values that registers hold from the start.
    pub constants: Vec<(Reg, Value)>,
    /// What the steps read; they name it by index.
    pub reads: Vec<Read>,
    /// How many groups remember results.
    pub memos: usize,
    /// Which of the rule's alternatives this is.
    pub alternative: usize,
    /// Which of its premises on the stratum reads the last round's rows, if one does.
    pub variant: Option<usize>,
    /// How often each step is expected to be tried in one run, and behind that how many rows are
    /// expected to come out.
    pub expected: Vec<f64>,
    /// Work expected, a row gone through being 1.
    pub cost: f64,
    /// A plan of the same meaning that computes nothing early that can fail. It decides whether a
    /// failure of an early computation counts. `None` when nothing fallible is computed early.
    pub careful: Option<Box<RulePlan>>,
}

/// Rows that steps read, in an order of columns that makes their keys a prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Read {
    /// The relation.
    pub pred: PredId,
    /// Which rows.
    pub access: Access,
    /// The columns kept, in order; distinct.
    pub columns: Vec<usize>,
}

/// One step of a plan.
#[derive(Clone, Debug)]
pub enum Step {
    /// For each row that matches.
    Scan(Scan),
    /// For each value that every part has.
    Intersect(Intersect),
    /// Whether a row begins with the key.
    Probe {
        /// Index of the read.
        read: usize,
        /// Values of its first columns.
        key: Vec<Reg>,
        /// Whether there must be none instead.
        negated: bool,
    },
    /// Computes a value; does not hold without one.
    Let {
        /// Receives it.
        target: Reg,
        /// What to compute.
        value: Code,
        /// Whether nil counts as a value; only in `x = nil`.
        nil: bool,
        /// A failure is noted and takes the place of "no value"; the careful plan decides.
        early: bool,
        /// For messages.
        site: Site,
    },
    /// A comparison.
    Compare {
        /// Which.
        op: CompareOp,
        /// `possibly(…)`
        possibly: bool,
        /// Left operand.
        left: Code,
        /// Right operand.
        right: Code,
        /// For messages.
        site: Site,
    },
    /// Whether a value is nil.
    IsNil {
        /// The value.
        value: Code,
        /// Whether it must not be.
        negated: bool,
        /// For messages.
        site: Site,
    },
    /// A test of two values.
    Test {
        /// Which.
        op: TestOp,
        /// First operand.
        left: Code,
        /// Second operand.
        right: Code,
        /// For messages.
        site: Site,
    },
    /// Whether a value is an item of a list.
    Member {
        /// The value.
        item: Code,
        /// The list.
        list: Code,
        /// For messages.
        site: Site,
    },
    /// For each distinct item of a list.
    Enumerate {
        /// Receives it.
        target: Reg,
        /// The list.
        list: Code,
        /// For messages.
        site: Site,
    },
    /// Whether the group has no solution.
    Not(Group),
    /// Computes an aggregate over the group's solutions.
    Aggregate(Box<Fold>),
    /// Steps of which some can fail; holds if all do. A failure counts only if all the others that
    /// do not need its value hold, so that it does not depend on the order.
    All(Block),
    /// Never holds.
    Never,
}

/// Steps of an [`Step::All`], none of them a loop.
pub type Block = Vec<Step>;

/// The loop over a relation's rows.
#[derive(Clone, Debug)]
pub struct Scan {
    /// Index of the read.
    pub read: usize,
    /// Values of its first columns.
    pub key: Vec<Reg>,
    /// What to do with the other columns, in this order.
    pub operations: Vec<Operation>,
    /// Rows expected for each turn of the loops around.
    pub estimate: f64,
}

/// The loop over the values of one variable that stand in several relations at once, each cut down
/// to the rows that begin with its key: one step of a generic join (Ngo, Porat, Ré, Rudra 2012;
/// Veldhuizen's leapfrog triejoin 2014).
///
/// Nil is never among them: an intersected variable stands in two atoms, which nil does not join.
#[derive(Clone, Debug)]
pub struct Intersect {
    /// Receives the value.
    pub target: Reg,
    /// Where it must stand; two at least.
    pub parts: Vec<Part>,
    /// Values expected for each turn of the loops around.
    pub estimate: f64,
}

/// One of the relations that a loop intersects.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Part {
    /// Index of the read. It keeps the key's columns and behind them the one that is intersected, no
    /// others, so that each value stands there once.
    pub read: usize,
    /// Values of its first columns.
    pub key: Vec<Reg>,
}

/// What a scan does with a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Puts the column's word into the register.
    Bind(usize, Reg),
    /// Goes on only if the column equals the register.
    Same(usize, Reg),
    /// Goes on only if the column is not nil.
    NotNil(usize),
}

impl Operation {
    /// The same for rows in which the column that is `n`th here is column `columns[n]`.
    pub fn at(self, columns: &[usize]) -> Operation {
        let place = |place: usize| columns.get(place).copied().unwrap_or(place);
        match self {
            Operation::Bind(column, reg) => Operation::Bind(place(column), reg),
            Operation::Same(column, reg) => Operation::Same(place(column), reg),
            Operation::NotNil(column) => Operation::NotNil(place(column)),
        }
    }
}

/// A value computed from registers.
#[derive(Clone, Debug, PartialEq)]
pub enum Code {
    /// What a register holds.
    Reg(Reg),
    /// A functor's value.
    Call(Functor, Vec<Code>, Span),
    /// A list.
    List(Vec<Code>),
    /// A record or variant.
    Struct(Arc<Constructor>, Vec<Code>, Span),
}

/// A place in a rule, and the variables that have a value there.
#[derive(Clone, Debug)]
pub struct Site {
    /// The place.
    pub span: Span,
    /// Registers of variables bound before the step.
    pub bound: Vec<Reg>,
}

/// A body within a body.
#[derive(Clone, Debug)]
pub struct Group {
    /// The steps of each alternative.
    pub alternatives: Vec<Vec<Step>>,
    /// Registers shared with the outside; results depend on nothing else.
    pub shared: Vec<Reg>,
    /// Whether the search goes on behind the first solution because a later one may fail.
    pub exhaustive: bool,
    /// Where results are remembered.
    pub memo: usize,
}

/// An aggregate.
#[derive(Clone, Debug)]
pub struct Fold {
    /// What it ranges over.
    pub group: Group,
    /// Which one.
    pub op: AggregateOp,
    /// The value aggregated.
    pub arg: Option<Code>,
    /// Separator of `concat`.
    pub separator: Arc<str>,
    /// Whether the values are floats.
    pub float: bool,
    /// Whether a sum that 64 bits cannot hold wraps around.
    pub wraps: bool,
    /// For each alternative, the registers of an assignment; `None` where it has no value. Empty
    /// when there is one alternative, whose assignments are distinct as they come.
    pub assignments: Vec<Vec<Option<Reg>>>,
    /// Receives the result.
    pub target: Reg,
    /// For messages.
    pub site: Site,
}

impl Code {
    /// Calls `visit` for every register it reads.
    pub fn regs(&self, visit: &mut impl FnMut(Reg)) {
        match self {
            Code::Reg(reg) => visit(*reg),
            Code::Call(_, args, _) | Code::List(args) | Code::Struct(_, args, _) => {
                args.iter().for_each(|arg| arg.regs(visit))
            }
        }
    }

    /// Whether computing it can fail.
    pub fn can_fail(&self) -> bool {
        match self {
            Code::Reg(_) => false,
            Code::Call(functor, args, _) => {
                crate::model::functor::can_fail(*functor) || args.iter().any(Code::can_fail)
            }
            Code::List(items) => items.iter().any(Code::can_fail),
            // It can hold too much within.
            Code::Struct(..) => true,
        }
    }
}

impl Step {
    /// Whether it can hold in several ways.
    pub fn is_loop(&self) -> bool {
        matches!(self, Step::Scan(_) | Step::Intersect(_) | Step::Enumerate { .. })
    }

    /// Calls `visit` for every register it reads, of those that had a value before it.
    pub fn reads(&self, visit: &mut impl FnMut(Reg)) {
        match self {
            Step::Scan(scan) => scan.key.iter().for_each(|reg| visit(*reg)),
            Step::Intersect(meet) => {
                meet.parts.iter().flat_map(|part| &part.key).for_each(|reg| visit(*reg));
            }
            Step::Probe { key, .. } => key.iter().for_each(|reg| visit(*reg)),
            Step::Let { value, .. } | Step::IsNil { value, .. } => value.regs(visit),
            Step::Compare { left, right, .. } | Step::Test { left, right, .. } => {
                left.regs(visit);
                right.regs(visit);
            }
            Step::Member { item, list, .. } => {
                item.regs(visit);
                list.regs(visit);
            }
            Step::Enumerate { list, .. } => list.regs(visit),
            Step::Not(group) => group.shared.iter().for_each(|reg| visit(*reg)),
            Step::Aggregate(fold) => fold.group.shared.iter().for_each(|reg| visit(*reg)),
            Step::All(steps) => steps.iter().for_each(|step| step.reads(visit)),
            Step::Never => {}
        }
    }

    /// Whether it can fail.
    pub fn can_fail(&self) -> bool {
        match self {
            Step::Scan(_) | Step::Intersect(_) | Step::Probe { .. } | Step::Never => false,
            Step::Let { value, early, .. } => !early && value.can_fail(),
            Step::IsNil { value, .. } => value.can_fail(),
            Step::Compare { left, right, .. } => left.can_fail() || right.can_fail(),
            Step::Test { op, left, right, .. } => *op == TestOp::Match || left.can_fail() || right.can_fail(),
            Step::Member { item, list, .. } => item.can_fail() || super::item::list_can_fail(list),
            Step::Enumerate { list, .. } => super::item::list_can_fail(list),
            Step::Not(group) => group.exhaustive,
            Step::Aggregate(fold) => {
                fold.group.exhaustive
                    || fold.arg.as_ref().is_some_and(Code::can_fail)
                    || matches!(fold.op, AggregateOp::Sum | AggregateOp::Mean | AggregateOp::Concat)
            }
            Step::All(steps) => steps.iter().any(Step::can_fail),
        }
    }
}
