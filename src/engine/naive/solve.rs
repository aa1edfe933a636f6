//! Bodies: every assignment that satisfies them, found by trying everything.

use std::collections::BTreeSet;

use super::eval::{self, Computed};
use super::{Facts, Fault};
use crate::base::{Budget, Span, Stop};
use crate::model::program::{Aggregate, Arg, Atom, Body, CompareOp, Expr, Literal, VarId};
use crate::model::value::Value;

/// Why a search ends before its end.
pub(super) enum Halt {
    /// A limit, or a cancellation.
    Stop(Stop),
    /// A literal can never be tried.
    Unsafe,
    /// A value cannot be computed under this assignment, which satisfies all the rest.
    Fault(Fault, Box<Env>),
}

impl From<Stop> for Halt {
    fn from(stop: Stop) -> Self {
        Halt::Stop(stop)
    }
}

/// What is known of a variable so far.
#[derive(Clone, Debug, PartialEq)]
enum Slot {
    /// Nothing.
    Free,
    /// Its value.
    Known(Value),
    /// That its value cannot be computed.
    Failed(Fault),
}

/// A column matched by a wildcard: place of the atom in the text, which of the atoms at that place
/// it is, and the column. Alternatives that came of one group share the places of the atoms beside
/// the group, whose wildcards are thus the same in all of them.
type Wildcard = (Span, usize, usize);

/// An assignment in the making.
#[derive(Clone, Debug)]
pub(super) struct Env {
    slots: Vec<Slot>,
    wildcards: Vec<(Wildcard, Value)>,
}

impl Env {
    /// No variable has a value.
    pub fn free(vars: usize) -> Self {
        Env { slots: vec![Slot::Free; vars], wildcards: Vec::new() }
    }

    /// The variables have these values.
    pub fn bound(values: &[Option<Value>]) -> Self {
        let slots = values.iter().map(|value| value.clone().map_or(Slot::Free, Slot::Known)).collect();
        Env { slots, wildcards: Vec::new() }
    }

    /// What `var` stands for.
    pub fn get(&self, var: VarId) -> Computed {
        match self.slots.get(var.0 as usize) {
            Some(Slot::Known(value)) => Computed::Value(value.clone()),
            Some(Slot::Failed(fault)) => Computed::Failed(fault.clone()),
            Some(Slot::Free) | None => Computed::NotYet,
        }
    }

    /// The variables that have a value, by index.
    pub fn known(&self) -> impl Iterator<Item = (usize, &Value)> {
        self.slots.iter().enumerate().filter_map(|(i, slot)| match slot {
            Slot::Known(value) => Some((i, value)),
            Slot::Free | Slot::Failed(_) => None,
        })
    }

    fn is_free(&self, var: VarId) -> bool {
        matches!(self.get(var), Computed::NotYet)
    }

    fn with(&self, var: VarId, slot: Slot) -> Env {
        let mut env = self.clone();
        if let Some(place) = env.slots.get_mut(var.0 as usize) {
            *place = slot;
        }
        env
    }

    /// What distinguishes this solution of a nested body from another: the values of the variables
    /// that `outer` left open, and of the wildcards.
    fn local_key(&self, outer: &Env) -> (Vec<Option<Value>>, BTreeSet<(Wildcard, Value)>) {
        let vars = self.slots.iter().zip(&outer.slots).map(|(slot, before)| match (slot, before) {
            (Slot::Known(value), Slot::Free) => Some(value.clone()),
            _ => None,
        });
        (vars.collect(), self.wildcards.iter().cloned().collect())
    }
}

/// Receives the assignments that satisfy a body.
pub(super) type Visit<'v> = &'v mut dyn FnMut(&Env) -> Result<(), Halt>;

/// What bodies are solved against.
pub(super) struct Scope<'a> {
    /// The relations as they are.
    pub model: &'a dyn Facts,
    /// What the search may use.
    pub budget: &'a Budget,
}

impl Scope<'_> {
    /// Visits every assignment that extends `outer`, satisfies an alternative of `body`, and under
    /// which each of `columns` has a value.
    pub fn solutions(
        &self,
        body: &Body,
        columns: &[Expr],
        outer: &Env,
        visit: Visit<'_>,
    ) -> Result<(), Halt> {
        for alternative in &body.alternatives {
            let conjunction = Conjunction::new(self, alternative);
            let goals = alternative.iter().filter(|literal| as_atom(literal).is_none()).map(Goal::Literal);
            let env = Env { slots: outer.slots.clone(), wildcards: Vec::new() };
            conjunction.atoms(0, env, goals.chain(columns.iter().map(Goal::Value)).collect(), visit)?;
        }
        Ok(())
    }

    fn satisfiable(&self, body: &Body, outer: &Env) -> Result<bool, Halt> {
        let mut found = false;
        self.solutions(body, &[], outer, &mut |_| {
            found = true;
            Ok(())
        })?;
        Ok(found)
    }

    fn aggregate(&self, aggregate: &Aggregate, outer: &Env) -> Result<Computed, Halt> {
        Ok(eval::aggregate(aggregate, self.aggregated(aggregate, outer)?))
    }

    /// The values that an aggregate is made of.
    pub fn aggregated(&self, aggregate: &Aggregate, outer: &Env) -> Result<Vec<Value>, Halt> {
        let mut seen = BTreeSet::new();
        let mut values = Vec::new();
        self.solutions(&aggregate.body, &[], outer, &mut |env| {
            if seen.insert(env.local_key(outer)) {
                match &aggregate.arg {
                    None => values.push(Value::Nil),
                    Some(arg) => values.extend(eval::decided(eval::expr(arg, env), env)?),
                }
            }
            Ok(())
        })?;
        Ok(values)
    }
}

/// A premise that is still to be satisfied once the atoms are.
#[derive(Clone)]
enum Goal<'p> {
    /// A literal that is no atom.
    Literal(&'p Literal),
    /// A column holds the value of an atom's computed argument.
    Column(Value, &'p Expr),
    /// A column of the head has a value.
    Value(&'p Expr),
}

/// What trying a goal came to.
enum Outcome {
    /// Some variable in it has no value yet.
    NotYet,
    /// It is satisfied.
    True,
    /// It is not.
    False,
    /// It is satisfied by exactly these values of the variable, which had none.
    Binds(VarId, Vec<Value>),
    /// It cannot be told. If it would have bound a variable, that one's value cannot either.
    Failed(Fault, Option<VarId>),
}

impl Outcome {
    fn of(holds: bool) -> Self {
        if holds { Outcome::True } else { Outcome::False }
    }
}

fn as_atom(literal: &Literal) -> Option<&Atom> {
    match literal {
        Literal::Atom(atom) => Some(atom),
        _ => None,
    }
}

/// One alternative of a body.
struct Conjunction<'p> {
    scope: &'p Scope<'p>,
    atoms: Vec<&'p Atom>,
    /// Variables that stand in two or more atom arguments: never nil.
    joined: BTreeSet<VarId>,
    /// Variables that occur in the literals themselves, outside all nested bodies. Where a nested
    /// body mentions one of these, it waits for its value.
    own: BTreeSet<VarId>,
}

impl<'p> Conjunction<'p> {
    fn new(scope: &'p Scope<'p>, alternative: &'p [Literal]) -> Self {
        let atoms: Vec<&Atom> = alternative.iter().filter_map(as_atom).collect();
        let mut once = BTreeSet::new();
        let mut joined = BTreeSet::new();
        for arg in atoms.iter().flat_map(|atom| &atom.args) {
            if let Arg::Is(Expr::Var(var)) = arg
                && !once.insert(*var)
            {
                joined.insert(*var);
            }
        }
        let mut own = BTreeSet::new();
        for literal in alternative {
            eval::literal_vars(literal, false, &mut own);
        }
        Conjunction { scope, atoms, joined, own }
    }

    /// Tries every tuple for each atom from `index` on, then the goals.
    fn atoms(&self, index: usize, env: Env, goals: Vec<Goal<'p>>, visit: Visit<'_>) -> Result<(), Halt> {
        self.scope.budget.check()?;
        let Some(atom) = self.atoms.get(index) else {
            return self.goals(env, goals, None, visit);
        };
        let known = || {
            let value = |arg: &Arg| match arg {
                Arg::Is(Expr::Const(value)) => Some(value.clone()),
                Arg::Is(Expr::Var(var)) => match env.get(*var) {
                    Computed::Value(value) => Some(value),
                    _ => None,
                },
                Arg::Is(_) | Arg::Any => None,
            };
            atom.args.iter().map(value).collect()
        };
        for tuple in self.scope.model.tuples(atom.pred, &known) {
            if let Some((env, more)) = self.matches(index, atom, &tuple, &env) {
                self.atoms(index + 1, env, goals.iter().cloned().chain(more).collect(), visit)?;
            }
        }
        Ok(())
    }

    /// If `tuple` can be what `atom` speaks of: the assignment it leads to, and what remains to be
    /// seen of its computed arguments.
    fn matches(
        &self,
        index: usize,
        atom: &'p Atom,
        tuple: &[Value],
        before: &Env,
    ) -> Option<(Env, Vec<Goal<'p>>)> {
        let mut env = before.clone();
        let mut goals = Vec::new();
        let nth = self.atoms.iter().take(index).filter(|other| other.span == atom.span).count();
        for (column, (arg, value)) in atom.args.iter().zip(tuple).enumerate() {
            match arg {
                Arg::Any => env.wildcards.push(((atom.span, nth, column), value.clone())),
                Arg::Is(Expr::Const(constant)) if constant == value => {}
                Arg::Is(Expr::Const(_)) => return None,
                Arg::Is(Expr::Var(var)) => match env.get(*var) {
                    Computed::NotYet if value.is_nil() && self.joined.contains(var) => return None,
                    Computed::NotYet => env = env.with(*var, Slot::Known(value.clone())),
                    Computed::Value(known) if known == *value && !value.is_nil() => {}
                    _ => return None,
                },
                Arg::Is(expr) => goals.push(Goal::Column(value.clone(), expr)),
            }
        }
        Some((env, goals))
    }

    /// Satisfies the goals in any order in which that can be done. `fault` is what made goals that
    /// are already left out impossible to tell.
    fn goals(
        &self,
        env: Env,
        goals: Vec<Goal<'p>>,
        fault: Option<Fault>,
        visit: Visit<'_>,
    ) -> Result<(), Halt> {
        let mut last_resort = None;
        for (i, goal) in goals.iter().enumerate() {
            let others = || goals.iter().take(i).chain(goals.iter().skip(i + 1)).cloned().collect();
            match self.attempt(goal, &env)? {
                Outcome::NotYet => {}
                Outcome::False => return Ok(()),
                Outcome::True => return self.goals(env, others(), fault, visit),
                Outcome::Binds(var, values) => {
                    for value in values {
                        self.goals(env.with(var, Slot::Known(value)), others(), fault.clone(), visit)?;
                    }
                    return Ok(());
                }
                Outcome::Failed(new, None) => return self.goals(env, others(), fault.or(Some(new)), visit),
                // Another goal may still bind the variable to a value that can be computed.
                Outcome::Failed(new, Some(var)) => {
                    last_resort.get_or_insert_with(|| (new, var, others()));
                }
            }
        }
        match (last_resort, fault) {
            (Some((new, var, others)), fault) => {
                let env = env.with(var, Slot::Failed(new.clone()));
                self.goals(env, others, fault.or(Some(new)), visit)
            }
            (None, _) if !goals.is_empty() => Err(Halt::Unsafe),
            (None, Some(fault)) => Err(Halt::Fault(fault, Box::new(env))),
            (None, None) => {
                self.scope.budget.produced(1)?;
                visit(&env)
            }
        }
    }

    fn attempt(&self, goal: &Goal<'p>, env: &Env) -> Result<Outcome, Halt> {
        Ok(match goal {
            Goal::Column(value, expr) => match eval::expr(expr, env) {
                Computed::NotYet => Outcome::NotYet,
                Computed::NoValue => Outcome::False,
                Computed::Value(computed) => Outcome::of(computed == *value && !value.is_nil()),
                Computed::Failed(fault) => Outcome::Failed(fault, None),
            },
            Goal::Value(expr) => match eval::expr(expr, env) {
                Computed::NotYet => Outcome::NotYet,
                Computed::NoValue => Outcome::False,
                Computed::Value(_) => Outcome::True,
                Computed::Failed(fault) => Outcome::Failed(fault, None),
            },
            Goal::Literal(literal) => match literal {
                Literal::Atom(_) => Outcome::True,
                Literal::Bool(holds) => Outcome::of(*holds),
                Literal::Not(body, _) => {
                    let mut vars = BTreeSet::new();
                    eval::body_vars(body, true, &mut vars);
                    match self.waits_for(&vars, env) {
                        Some(reason) => reason,
                        None => match self.scope.satisfiable(body, env) {
                            Ok(found) => Outcome::of(!found),
                            Err(Halt::Fault(fault, _)) => Outcome::Failed(fault, None),
                            Err(halt) => return Err(halt),
                        },
                    }
                }
                Literal::Compare { op: CompareOp::Eq, left, right, possibly: false, .. } => {
                    match (free_var(left, env), free_var(right, env)) {
                        (Some(_), Some(_)) => Outcome::NotYet,
                        (Some(var), None) => binding(var, right, self.side(right, env)?),
                        (None, Some(var)) => binding(var, left, self.side(left, env)?),
                        (None, None) => self.compare(CompareOp::Eq, left, right, false, env)?,
                    }
                }
                Literal::Compare { op, left, right, possibly, .. } => {
                    self.compare(*op, left, right, *possibly, env)?
                }
                Literal::In { item, list, .. } => {
                    element(free_var(item, env), eval::expr(item, env), eval::expr(list, env))
                }
                Literal::Test { op, left, right, span } => {
                    match eval::both(eval::expr(left, env), eval::expr(right, env)) {
                        Ok((a, b)) => match eval::test(*op, &a, &b, *span) {
                            Ok(holds) => Outcome::of(holds),
                            Err(fault) => Outcome::Failed(fault, None),
                        },
                        Err(other) => undecided(other, None),
                    }
                }
            },
        })
    }

    fn compare(
        &self,
        op: CompareOp,
        left: &Expr,
        right: &Expr,
        possibly: bool,
        env: &Env,
    ) -> Result<Outcome, Halt> {
        Ok(match eval::both(self.side(left, env)?, self.side(right, env)?) {
            Ok((a, b)) => {
                let with_nil = [left, right].iter().any(|side| matches!(side, Expr::Const(Value::Nil)));
                Outcome::of(eval::compare(op, &a, &b, possibly, with_nil))
            }
            Err(other) => undecided(other, None),
        })
    }

    /// One side of a comparison: the only place where an aggregate stands.
    fn side(&self, expr: &Expr, env: &Env) -> Result<Computed, Halt> {
        let Expr::Aggregate(aggregate) = expr else { return Ok(eval::expr(expr, env)) };
        let mut vars = BTreeSet::new();
        eval::aggregate_vars(aggregate, &mut vars);
        match self.waits_for(&vars, env) {
            Some(Outcome::Failed(fault, _)) => Ok(Computed::Failed(fault)),
            Some(_) => Ok(Computed::NotYet),
            None => match self.scope.aggregate(aggregate, env) {
                Err(Halt::Fault(fault, _)) => Ok(Computed::Failed(fault)),
                other => other,
            },
        }
    }

    /// Why a nested body that mentions `vars` cannot be solved now; `None` if it can.
    fn waits_for(&self, vars: &BTreeSet<VarId>, env: &Env) -> Option<Outcome> {
        let shared: Vec<Computed> = vars.intersection(&self.own).map(|var| env.get(*var)).collect();
        if shared.iter().any(|state| matches!(state, Computed::NotYet)) {
            return Some(Outcome::NotYet);
        }
        shared.into_iter().find_map(|state| match state {
            Computed::Failed(fault) => Some(Outcome::Failed(fault, None)),
            _ => None,
        })
    }
}

fn free_var(expr: &Expr, env: &Env) -> Option<VarId> {
    match expr {
        Expr::Var(var) if env.is_free(*var) => Some(*var),
        _ => None,
    }
}

/// What a goal comes to whose operands have no values to decide it by.
fn undecided(operand: Computed, var: Option<VarId>) -> Outcome {
    match operand {
        Computed::NotYet => Outcome::NotYet,
        Computed::NoValue | Computed::Value(_) => Outcome::False,
        Computed::Failed(fault) => Outcome::Failed(fault, var),
    }
}

/// `var = expr`, the variable being free: nil is equal to nothing but the constant.
fn binding(var: VarId, expr: &Expr, value: Computed) -> Outcome {
    match value {
        Computed::Value(value) if value.is_nil() && !matches!(expr, Expr::Const(_)) => Outcome::False,
        Computed::Value(value) => Outcome::Binds(var, vec![value]),
        other => undecided(other, Some(var)),
    }
}

/// `item in list`, `var` being the item if it is a free variable.
fn element(var: Option<VarId>, item: Computed, list: Computed) -> Outcome {
    let elements = |list: Value| -> BTreeSet<Value> {
        let Value::List(items) = list else { return BTreeSet::new() };
        items.iter().filter(|item| !item.is_nil()).cloned().collect()
    };
    match (var, list) {
        (Some(var), Computed::Value(list)) => Outcome::Binds(var, elements(list).into_iter().collect()),
        (Some(var), list) => undecided(list, Some(var)),
        (None, list) => match eval::both(item, list) {
            Ok((item, list)) => Outcome::of(elements(list).contains(&item)),
            Err(other) => undecided(other, None),
        },
    }
}
