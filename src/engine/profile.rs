//! What an evaluation did, plan by plan.

use std::time::Duration;

use super::error::RuleRef;
use crate::model::PredId;
use crate::plan::RulePlan;
use crate::plan::demand::{Demanded, Made, Unused};

/// The plans of an evaluation with what they did, in the order they were made.
#[derive(Debug, Default)]
pub struct Profile {
    /// One for each alternative of a rule, and each recursive premise in it.
    pub plans: Vec<PlanProfile>,
    /// One for each relation that rules define.
    pub relations: Vec<RelationProfile>,
    /// What was evaluated in place of the request's rules and goals, to which the plans' rules then
    /// refer; or why these were evaluated themselves. `None` if that was no question.
    pub demand: Option<Result<Box<Demanded>, Unused>>,
    /// Joins that several rules have in common and that were made once. Plans with their heads are
    /// those that make them; the variables are those of the rule that such a plan names.
    pub shared: Vec<SharedProfile>,
}

/// A join that several rules have in common.
#[derive(Debug)]
pub struct SharedProfile {
    /// The relation that holds what was found; its id is past those of schema, demand and goals.
    pub made: Made,
    /// The relations joined.
    pub relations: Vec<PredId>,
    /// The rules that read it.
    pub readers: Vec<RuleRef>,
}

/// One plan and what it did.
#[derive(Debug)]
pub struct PlanProfile {
    /// Whose plan it is.
    pub rule: RuleRef,
    /// The plan.
    pub plan: RulePlan,
    /// Time spent in it.
    pub time: Duration,
    /// How often it ran: once, or once a round.
    pub runs: u64,
    /// Rows produced, repeated ones included.
    pub produced: u64,
    /// Rows that each of the plan's reads looked at, by read.
    pub visited: Vec<u64>,
    /// How often each of the plan's outermost steps was tried; what one lets through is tried by the
    /// next. Empty if nobody counted.
    pub entered: Vec<u64>,
    /// What it did in each round, if it ran in rounds and they were told apart.
    pub per_round: Vec<RoundProfile>,
}

/// What a plan did in one round.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundProfile {
    /// Time spent in it.
    pub time: Duration,
    /// Rows produced, repeated ones included.
    pub produced: u64,
    /// Of these, rows that were new.
    pub fresh: u64,
}

/// What became of the rows produced for one relation.
#[derive(Debug)]
pub struct RelationProfile {
    /// The relation.
    pub pred: PredId,
    /// Rounds until nothing new came; 1 without recursion.
    pub rounds: u64,
    /// Rows produced by rules, repeated ones included.
    pub produced: u64,
    /// Rows in the end, stated ones included.
    pub rows: u64,
    /// Of these, stated.
    pub stated: u64,
}
