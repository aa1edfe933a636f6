//! From rules to plans.

use std::collections::HashMap;

use super::bits::Bits;
use super::ir::{Access, Operation, Reg, RulePlan, Step};
use super::item::{Kind, Lowering};
use super::order::Scheduler;
use super::problem::{Setting, Wanted};
use super::statistics::Statistics;
use crate::model::{Arg, Atom, Expr, Literal, PredId, Rule, Schema};

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
    /// it the older ones. Which is before which does not depend on how the body was written.
    pub fn plans(&self, rule: &Rule) -> Vec<RulePlan> {
        let mut plans = Vec::new();
        for (alternative, literals) in rule.body.alternatives.iter().enumerate() {
            let recursive = self.recursive_atoms(rule, literals);
            if recursive.is_empty() {
                plans.push(self.plan(rule, alternative, literals, &recursive, None));
            }
            for delta in 0..recursive.len() {
                plans.push(self.plan(rule, alternative, literals, &recursive, Some(delta)));
            }
        }
        plans
    }

    /// The same plan made again, by what is known now. It reads the same rows and gives the same
    /// answers; only the order, and with it the columns that reads are sorted by, may be another.
    ///
    /// Ask [`replan_needed`](super::replan_needed) first, and let the statistics tell what plans have
    /// [observed](super::Observed) and what relations have grown to.
    pub fn replan(&self, rule: &Rule, plan: &RulePlan) -> RulePlan {
        match rule.body.alternatives.get(plan.alternative) {
            Some(literals) => {
                let recursive = self.recursive_atoms(rule, literals);
                self.plan(rule, plan.alternative, literals, &recursive, plan.variant)
            }
            None => plan.clone(),
        }
    }

    /// The places, among the atoms, of those on relations of the stratum, in an order that does not
    /// depend on where they stand.
    fn recursive_atoms(&self, rule: &Rule, literals: &[Literal]) -> Vec<usize> {
        if self.recursive.is_empty() {
            return Vec::new();
        }
        let atoms = literals.iter().filter_map(|literal| match literal {
            Literal::Atom(atom) => Some(atom),
            _ => None,
        });
        let mut recursive: Vec<(usize, &Atom)> =
            atoms.enumerate().filter(|(_, atom)| self.recursive.contains(&atom.pred)).collect();
        let label = |arg: &Arg| match arg {
            Arg::Is(Expr::Var(var)) => rule.vars.get(var.0 as usize).map_or("", |var| &var.name).to_owned(),
            Arg::Is(Expr::Const(value)) => format!("={value}"),
            Arg::Is(_) => "=".to_owned(),
            Arg::Any => String::new(),
        };
        if recursive.len() > 1 {
            recursive.sort_by_cached_key(|(_, atom)| {
                (atom.pred.0, atom.args.iter().map(label).collect::<Vec<_>>())
            });
        }
        recursive.into_iter().map(|(at, _)| at).collect()
    }

    fn plan(
        &self,
        rule: &Rule,
        alternative: usize,
        literals: &[Literal],
        recursive: &[usize],
        delta: Option<usize>,
    ) -> RulePlan {
        let mut access = vec![Access::Full; literals.len()];
        for (nth, at) in recursive.iter().enumerate() {
            if let (Some(delta), Some(access)) = (delta, access.get_mut(*at)) {
                *access = match nth.cmp(&delta) {
                    std::cmp::Ordering::Less => Access::Full,
                    std::cmp::Ordering::Equal => Access::Delta,
                    std::cmp::Ordering::Greater => Access::Old,
                };
            }
        }
        let ordered = |careful| self.ordered(rule, alternative, literals, &access, careful);
        let (mut plan, early) = ordered(false);
        plan.variant = delta;
        if early {
            plan.careful = Some(Box::new(ordered(true).0));
        }
        plan
    }

    /// The plan, and whether it computes something early that can fail.
    fn ordered(
        &self,
        rule: &Rule,
        alternative: usize,
        literals: &[Literal],
        access: &[Access],
        careful: bool,
    ) -> (RulePlan, bool) {
        let mut lowering = Lowering::new(rule);
        let (scope, output) = lowering.alternative(literals, access);
        let first =
            scope.items.iter().position(|item| matches!(item.kind, Kind::Atom { access: Access::Delta, .. }));
        let constants = &lowering.constants;
        let label = |reg: Reg| match rule.vars.get(reg) {
            Some(var) => var.name.to_string(),
            None => match constants.binary_search_by_key(&reg, |(reg, _)| *reg) {
                Ok(at) => constants.get(at).map_or(String::new(), |(_, value)| format!("={value}")),
                Err(_) => "=".to_owned(),
            },
        };
        let mut scheduler = Scheduler {
            setting: Setting {
                schema: self.schema,
                statistics: self.statistics,
                recursive: self.recursive,
                careful,
                label: &label,
            },
            variables: rule.vars.len(),
            reads: Vec::new(),
            memos: 0,
            early: false,
            runs: 1.0,
            values: HashMap::new(),
        };
        let bound: Bits = constants.iter().map(|(reg, _)| *reg).collect();
        let scheduled = scheduler.scope(&scope, &bound, first, Wanted::Regs(&output));
        let (reads, memos, early) = (scheduler.reads, scheduler.memos, scheduler.early);
        let plan = RulePlan {
            head: rule.head,
            witness_from: witness_from(&scheduled.steps, &output),
            output,
            steps: scheduled.steps,
            registers: lowering.registers,
            constants: lowering.constants,
            reads,
            memos,
            alternative,
            variant: None,
            expected: scheduled.expected,
            cost: scheduled.cost,
            careful: None,
        };
        (plan, early)
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
