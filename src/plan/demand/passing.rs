//! Which values a body hands to its premises: the order in which they are looked up ("sideways
//! information passing"), and for each variable the condition that gives it a value.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::functor;
use crate::model::program::{AggregateOp, CompareOp, Functor, TestOp};
use crate::model::{Arg, Atom, Body, Expr, Literal, Value, VarId};

/// A literal that cannot fail, as it stands in the rules of demands.
#[derive(Clone, Debug)]
pub(super) struct Condition {
    pub literal: Literal,
    /// Its variables that had a value before.
    inputs: BTreeSet<VarId>,
    /// Whether it is worth having where it only restricts: no relation grows by it.
    filter: bool,
}

/// What holds where a premise is looked up.
#[derive(Clone, Debug, Default)]
pub(super) struct Known {
    conditions: Vec<Condition>,
    /// The condition that gives a variable its value.
    bound: BTreeMap<VarId, usize>,
    /// Whether the first condition is the demand that the rule goes by.
    guarded: bool,
}

impl Known {
    /// Nothing but an atom that every demand of the rule goes by.
    pub fn guarded(guard: Atom) -> Self {
        let mut known = Known::default();
        let vars = atom_vars(&guard);
        known.add(Literal::Atom(guard), vars, false);
        known.guarded = true;
        known
    }

    pub fn is_bound(&self, var: VarId) -> bool {
        self.bound.contains_key(&var)
    }

    /// Whether values of an expression's variables are known.
    pub fn has_all(&self, vars: &BTreeSet<VarId>) -> bool {
        vars.iter().all(|var| self.is_bound(*var))
    }

    /// Adds a condition with all its variables.
    pub fn add(&mut self, literal: Literal, vars: BTreeSet<VarId>, filter: bool) {
        let at = self.conditions.len();
        let inputs = vars.iter().copied().filter(|var| self.is_bound(*var)).collect();
        for var in vars {
            self.bound.entry(var).or_insert(at);
        }
        self.conditions.push(Condition { literal, inputs, filter });
    }

    /// The columns of an atom that have a value: constants and variables that are known.
    pub fn given(&self, atom: &Atom) -> Vec<usize> {
        let is_given = |arg: &Arg| match arg {
            Arg::Is(Expr::Const(value)) => *value != Value::Nil,
            Arg::Is(Expr::Var(var)) => self.is_bound(*var),
            _ => false,
        };
        atom.args.iter().enumerate().filter(|(_, arg)| is_given(arg)).map(|(column, _)| column).collect()
    }

    /// The conditions that give `needed` their values, with those that restrict these values
    /// further.
    pub fn behind(&self, needed: BTreeSet<VarId>) -> Vec<Literal> {
        let mut open: Vec<VarId> = needed.iter().copied().collect();
        let mut vars = needed;
        let mut chosen: BTreeSet<usize> = BTreeSet::new();
        if self.guarded {
            chosen.insert(0);
        }
        while let Some(var) = open.pop() {
            let Some(at) = self.bound.get(&var) else { continue };
            if chosen.insert(*at)
                && let Some(condition) = self.conditions.get(*at)
            {
                open.extend(condition.inputs.iter().copied());
                vars.extend(literal_vars(&condition.literal));
            }
        }
        for (at, condition) in self.conditions.iter().enumerate() {
            let own = literal_vars(&condition.literal);
            if condition.filter && !own.is_empty() && own.is_subset(&vars) {
                chosen.insert(at);
            }
        }
        chosen.iter().filter_map(|at| self.conditions.get(*at)).map(|found| found.literal.clone()).collect()
    }

    /// Takes in what a literal that is no atom says, if it says something now: whether it did.
    pub fn take(&mut self, literal: &Literal) -> bool {
        if can_fail(literal) {
            return false;
        }
        match literal {
            Literal::Compare { op: CompareOp::Eq, left, right, possibly: false, .. } => {
                let vars = literal_vars(literal);
                if holds_aggregate(left) || holds_aggregate(right) || is_nil(left) || is_nil(right) {
                    return false;
                }
                if self.has_all(&vars) {
                    self.add(literal.clone(), vars, true);
                    return true;
                }
                // Values of calls are not handed on: there might be no end to them.
                let simple = |expr: &Expr| match expr {
                    Expr::Const(_) => true,
                    Expr::Var(var) => self.is_bound(*var),
                    _ => false,
                };
                let binds = match (left, right) {
                    (Expr::Var(_), value) if simple(value) => true,
                    (value, Expr::Var(_)) => simple(value),
                    _ => false,
                };
                if binds {
                    self.add(literal.clone(), vars, true);
                }
                binds
            }
            Literal::Compare { left, right, .. } => {
                let vars = literal_vars(literal);
                let plain = !holds_aggregate(left) && !holds_aggregate(right);
                let ready = plain && self.has_all(&vars);
                if ready {
                    self.add(literal.clone(), vars, true);
                }
                ready
            }
            Literal::Test { .. } => {
                let vars = literal_vars(literal);
                let ready = self.has_all(&vars);
                if ready {
                    self.add(literal.clone(), vars, true);
                }
                ready
            }
            Literal::In { item, list, .. } => {
                let mut of_list = BTreeSet::new();
                list.vars(&mut |var| {
                    of_list.insert(var);
                });
                let plain = |expr: &Expr| matches!(expr, Expr::Const(_) | Expr::Var(_));
                let simple = plain(list) || matches!(list, Expr::List(items) if items.iter().all(plain));
                let ready = self.has_all(&of_list)
                    && match item {
                        Expr::Var(var) => simple || self.is_bound(*var),
                        Expr::Const(_) => true,
                        _ => false,
                    };
                if ready {
                    self.add(literal.clone(), literal_vars(literal), true);
                }
                ready
            }
            Literal::Atom(_) | Literal::Not(..) | Literal::Bool(_) => false,
        }
    }
}

/// The atom with its computed arguments left open: what it says without computing.
pub(super) fn without_calls(atom: &Atom) -> Atom {
    let arg = |arg: &Arg| match arg {
        Arg::Is(Expr::Var(_) | Expr::Const(_)) => arg.clone(),
        _ => Arg::Any,
    };
    Atom { args: atom.args.iter().map(arg).collect(), ..atom.clone() }
}

/// The variables that are whole arguments of an atom.
pub(super) fn atom_vars(atom: &Atom) -> BTreeSet<VarId> {
    let var = |arg: &Arg| match arg {
        Arg::Is(Expr::Var(var)) => Some(*var),
        _ => None,
    };
    atom.args.iter().filter_map(var).collect()
}

/// Every variable of a literal, nested bodies included.
pub(super) fn literal_vars(literal: &Literal) -> BTreeSet<VarId> {
    let mut vars = BTreeSet::new();
    collect(literal, &mut |var| {
        vars.insert(var);
    });
    vars
}

/// Calls `visit` for every occurrence of a variable in a literal, nested bodies included.
pub(super) fn collect(literal: &Literal, visit: &mut dyn FnMut(VarId)) {
    match literal {
        Literal::Atom(atom) => {
            for arg in &atom.args {
                if let Arg::Is(expr) = arg {
                    expr.vars(&mut |var| visit(var));
                }
            }
        }
        Literal::Not(body, _) => collect_body(body, visit),
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            for side in [left, right] {
                side.vars(&mut |var| visit(var));
                if let Expr::Aggregate(aggregate) = side {
                    if let Some(arg) = &aggregate.arg {
                        arg.vars(&mut |var| visit(var));
                    }
                    collect_body(&aggregate.body, visit);
                }
            }
        }
        Literal::In { item, list, .. } => {
            item.vars(&mut |var| visit(var));
            list.vars(&mut |var| visit(var));
        }
        Literal::Bool(_) => {}
    }
}

fn collect_body(body: &Body, visit: &mut dyn FnMut(VarId)) {
    body.alternatives.iter().flatten().for_each(|literal| collect(literal, visit));
}

fn is_nil(expr: &Expr) -> bool {
    matches!(expr, Expr::Const(Value::Nil))
}

fn holds_aggregate(expr: &Expr) -> bool {
    matches!(expr, Expr::Aggregate(_))
}

/// Whether evaluating a literal can fail.
pub(in crate::plan) fn can_fail(literal: &Literal) -> bool {
    match literal {
        Literal::Atom(atom) => {
            atom.args.iter().any(|arg| matches!(arg, Arg::Is(expr) if expr_can_fail(expr)))
        }
        Literal::Not(body, _) => body_can_fail(body),
        Literal::Compare { left, right, .. } => expr_can_fail(left) || expr_can_fail(right),
        Literal::Test { op, left, right, .. } => {
            *op == TestOp::Match || expr_can_fail(left) || expr_can_fail(right)
        }
        Literal::In { item, list, .. } => expr_can_fail(item) || list_can_fail(list),
        Literal::Bool(_) => false,
    }
}

fn list_can_fail(list: &Expr) -> bool {
    match list {
        Expr::Call(Functor::Range, args, _) => args.iter().any(expr_can_fail),
        other => expr_can_fail(other),
    }
}

fn body_can_fail(body: &Body) -> bool {
    body.alternatives.iter().flatten().any(can_fail)
}

/// The same of an expression.
pub(in crate::plan) fn expr_can_fail(expr: &Expr) -> bool {
    match expr {
        Expr::Var(_) | Expr::Const(_) => false,
        Expr::Call(functor, args, _) => functor::can_fail(*functor) || args.iter().any(expr_can_fail),
        Expr::List(items) => items.iter().any(expr_can_fail),
        Expr::Struct(..) => true,
        Expr::Aggregate(aggregate) => {
            matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Mean | AggregateOp::Concat)
                || aggregate.arg.as_ref().is_some_and(expr_can_fail)
                || body_can_fail(&aggregate.body)
        }
    }
}
