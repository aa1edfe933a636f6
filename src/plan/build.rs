//! From rules to plans.

use std::collections::HashSet;

use super::ir::{Access, Operation, Reg, RulePlan, Step};
use super::item::{Kind, Lowering};
use super::order::{Scheduler, Statistics};
use crate::model::{Literal, PredId, Rule, Schema};

/// Makes plans. `recursive` are the relations that are being computed; all others are complete.
#[derive(Clone, Copy)]
pub struct Planner<'a> {
    /// Types and relations.
    pub schema: &'a Schema,
    /// Their sizes.
    pub statistics: &'a dyn Statistics,
    /// The relations of the stratum at hand, if it is recursive.
    pub recursive: &'a [PredId],
}

impl Planner<'_> {
    /// The plans of a rule: for each alternative one, or one for each premise on a relation of the
    /// stratum, which reads the rows of the last round, those before it all rows and those behind
    /// it the older ones.
    pub fn plans(&self, rule: &Rule) -> Vec<RulePlan> {
        let mut plans = Vec::new();
        for (alternative, literals) in rule.body.alternatives.iter().enumerate() {
            let recursive = literals.iter().filter(|literal| self.is_recursive(literal)).count();
            if recursive == 0 {
                plans.push(self.plan(rule, alternative, literals, None));
            }
            plans.extend((0..recursive).map(|delta| self.plan(rule, alternative, literals, Some(delta))));
        }
        plans
    }

    fn is_recursive(&self, literal: &Literal) -> bool {
        matches!(literal, Literal::Atom(atom) if self.recursive.contains(&atom.pred))
    }

    fn plan(&self, rule: &Rule, alternative: usize, literals: &[Literal], delta: Option<usize>) -> RulePlan {
        let mut plan = self.ordered(rule, alternative, literals, delta, false);
        if let (plan, true) = &mut plan {
            plan.careful = Some(Box::new(self.ordered(rule, alternative, literals, delta, true).0));
        }
        plan.0
    }

    /// The plan, and whether it computes something early that can fail.
    fn ordered(
        &self,
        rule: &Rule,
        alternative: usize,
        literals: &[Literal],
        delta: Option<usize>,
        careful: bool,
    ) -> (RulePlan, bool) {
        let mut seen = 0;
        let access: Vec<Access> = literals
            .iter()
            .filter(|literal| matches!(literal, Literal::Atom(_)))
            .map(|literal| match delta {
                Some(delta) if self.is_recursive(literal) => {
                    seen += 1;
                    match (seen - 1).cmp(&delta) {
                        std::cmp::Ordering::Less => Access::Full,
                        std::cmp::Ordering::Equal => Access::Delta,
                        std::cmp::Ordering::Greater => Access::Old,
                    }
                }
                _ => Access::Full,
            })
            .collect();
        let mut lowering = Lowering::new(rule);
        let (scope, output) = lowering.alternative(literals, &access);
        let first =
            scope.items.iter().position(|item| matches!(item.kind, Kind::Atom { access: Access::Delta, .. }));
        let mut scheduler = Scheduler {
            schema: self.schema,
            statistics: self.statistics,
            variables: rule.vars.len(),
            reads: Vec::new(),
            memos: 0,
            careful,
            early: false,
        };
        let bound: HashSet<Reg> = lowering.constants.iter().map(|(reg, _)| *reg).collect();
        let steps = scheduler.scope(&scope, &bound, first);
        let plan = RulePlan {
            head: rule.head,
            witness_from: witness_from(&steps, &output),
            output,
            steps,
            registers: lowering.registers,
            constants: lowering.constants,
            reads: scheduler.reads,
            memos: scheduler.memos,
            alternative,
            careful: None,
        };
        (plan, scheduler.early)
    }
}

/// The first step from which on none binds an output or can fail.
fn witness_from(steps: &[Step], output: &[Reg]) -> usize {
    let matters = |step: &Step| step.can_fail() || binds(step).iter().any(|reg| output.contains(reg));
    steps.iter().rposition(matters).map_or(0, |last| last + 1)
}

/// The registers to which a step gives a value.
pub(crate) fn binds(step: &Step) -> Vec<Reg> {
    match step {
        Step::Scan(scan) => scan
            .operations
            .iter()
            .filter_map(|operation| match operation {
                Operation::Bind(_, reg) => Some(*reg),
                _ => None,
            })
            .collect(),
        Step::Let { target, .. } | Step::Enumerate { target, .. } => vec![*target],
        Step::Intersect(meet) => vec![meet.target],
        Step::Aggregate(fold) => vec![fold.target],
        Step::All(steps) => steps.iter().flat_map(binds).collect(),
        _ => Vec::new(),
    }
}
