//! Demand: a program rewritten so that goals with constants evaluate only what they need.
//!
//! Generalised magic sets (Bancilhon, Maier, Sagiv, Ullman, "Magic sets and other strange ways to
//! implement logic programs", 1986; Beeri, Ramakrishnan, "On the power of magic", 1991). For a
//! relation that is asked for with values in some of its columns there are two new ones: its
//! *demand*, the values asked for, and its *answer*, a copy of its rules that goes by the demand.
//! Recursions that hand their answers on unchanged (`tc(x, z) :- edge(x, y), tc(y, z)`) are factored
//! instead (Naughton, Ramakrishnan, Sagiv, Ullman, "Efficient evaluation of right-, left- and
//! multi-linear rules", 1989): see `linear`.
//!
//! What makes it safe here:
//!
//! - *It ends.* Demands hold constants of the program and values of relations, never computed ones.
//! - *nil.* No demand is made for nil: a column that is asked for by it counts as free. A variable
//!   that stands in two arguments never is nil, so that the demand in a rule's body takes nothing
//!   away that was asked for.
//! - *Errors.* What goes into the rules of a demand cannot fail, and the rules of an answer have one
//!   condition more than before: no error arises that would not have arisen, while errors in parts
//!   that are not needed stay unseen.
//! - *Negation and aggregates.* A relation read there is asked for by values, too, where that leaves
//!   no cycle through the negation; where it would, it is evaluated whole, with all it depends on.
//!
//! Relations that are wanted whole ask as goals do, with the constants in their rules, but only where
//! that cannot leave an error unseen and is likely to pay.
//!
//! - `passing`: which values a body hands to which of its premises
//! - `rewrite`: the rules of demands and answers · `linear`: of factored recursions
//! - `roots`: the rules of relations that are wanted whole

mod linear;
pub(super) mod passing;
mod rewrite;
mod roots;

use std::fmt;

use super::statistics::Statistics;
use crate::model::{CheckedProgram, PredId, Rule, RuleId};
use rewrite::Rewriter;

/// What is to be evaluated.
#[derive(Clone, Copy)]
pub struct Question<'a> {
    /// The rules.
    pub program: &'a CheckedProgram,
    /// Rules that no rule reads.
    pub goals: &'a [Rule],
    /// Relations that are wanted whole.
    pub wanted: &'a [PredId],
    /// Sizes of the relations that are there already.
    pub statistics: &'a dyn Statistics,
    /// Whether a relation that rules define is there already, with all its rows.
    pub known: &'a dyn Fn(PredId) -> bool,
}

/// Where a rewritten rule comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// A rule of the program.
    Rule(RuleId),
    /// A goal, by its index.
    Goal(usize),
}

/// A relation that the rewriting made; its id is past those of schema and goals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Made {
    /// Its id.
    pub pred: PredId,
    /// For people: `tc[x]` answers for given `x`, `demand tc[x]` holds what is given.
    pub name: String,
    /// Names of its columns.
    pub columns: Vec<String>,
}

/// The program and the goals rewritten.
#[derive(Clone, Debug)]
pub struct Demanded {
    /// Rules of relations that are evaluated whole, and those of demands and answers.
    pub program: CheckedProgram,
    /// The goals, in their order, with the heads they had.
    pub goals: Vec<Rule>,
    /// By [`RuleId`] of the rewritten program.
    pub origins: Vec<Origin>,
    /// The relations made.
    pub made: Vec<Made>,
}

/// Why a program is evaluated as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unused {
    /// Somebody switched it off, or all of it is wanted.
    Off,
    /// No relation would have to be derived.
    NothingDerived,
    /// Nothing says which tuples of a derived relation are needed.
    NothingGiven,
    /// A recursion would be asked for nearly all of it.
    Everything,
    /// Tuples give way to others, or a recursion ends at a size, which only whole relations tell.
    Guarded,
    /// The rewritten program would be too large.
    TooMany,
}

impl fmt::Display for Unused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unused::Off => "demand is off: relations are evaluated whole",
            Unused::NothingDerived => "nothing has to be derived",
            Unused::NothingGiven => {
                "relations are evaluated whole: the goal gives no value that rules could go by"
            }
            Unused::Everything => {
                "relations are evaluated whole: going by the goal's values would ask for nearly all of them"
            }
            Unused::Guarded => {
                "relations are evaluated whole: in some, tuples give way to others or their number is limited"
            }
            Unused::TooMany => {
                "relations are evaluated whole: going by the goal's values takes too many rules"
            }
        })
    }
}

/// Rewrites a program for its goals, or says why it stays as it is.
pub fn rewrite(question: &Question<'_>) -> Result<Demanded, Unused> {
    Rewriter::new(question).run()
}
