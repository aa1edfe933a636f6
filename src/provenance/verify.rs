//! Checks a proof, sharing nothing with the search that found it but the data it is made of.
//!
//! A node that is stated must be in the stated tables. A node that is derived must follow by its
//! rule from its premises: each atom is one of the proof's nodes, column by column, and the rest
//! of the rule is put to the reference evaluator ([`naive`]) under the values of the proof, with
//! negations and aggregates over the relations of the model. No node may rest on itself.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use super::proof::{Proof, Row, Step, Support, Why};
use crate::base::{Budget, Stop};
use crate::engine::naive::{self, Facts};
use crate::engine::{Model, Tables};
use crate::model::program::{Aggregate, Arg, Body, Expr, Literal, VarId};
use crate::model::{CheckedProgram, PredId, Rule, Value};
use crate::storage::{Interner, Table, Word, sort};

/// Bodies with more literals are solved on a stack of their own.
const LONG_BODY: usize = 48;
/// Bytes of stack for each literal of a long body.
const STACK_A_LITERAL: usize = 32 << 10;
/// Rows of a relation from which on it is looked up in another order of its columns.
const MANY: usize = 256;

/// Why a proof is not accepted.
#[derive(Clone, Debug, PartialEq)]
pub enum Rejection {
    /// A node does not follow; which one, and what is wrong with it.
    Wrong {
        /// Index of the node.
        node: usize,
        /// What is wrong.
        what: String,
    },
    /// The check could not be finished.
    Stopped(Stop),
}

impl fmt::Display for Rejection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rejection::Wrong { node, what } => write!(f, "step {node} of a proof does not hold: {what}"),
            Rejection::Stopped(stop) => write!(f, "the check of a proof was stopped: {stop:?}"),
        }
    }
}

/// What a proof is checked against.
#[derive(Clone, Copy)]
pub struct Verifier<'a> {
    /// The rules.
    pub program: &'a CheckedProgram,
    /// The goals of the evaluation.
    pub goals: &'a [Rule],
    /// The stated tables.
    pub tables: &'a dyn Tables,
    /// The derived relations.
    pub model: &'a Model,
    /// What words mean.
    pub interner: &'a Interner,
    /// Limits.
    pub budget: &'a Budget,
}

type Checked = Result<(), Problem>;

enum Problem {
    Wrong(String),
    Stopped(Stop),
}

impl From<naive::Error> for Problem {
    fn from(error: naive::Error) -> Self {
        match error {
            naive::Error::Stopped(stop) => Problem::Stopped(stop),
            other => Problem::Wrong(other.to_string()),
        }
    }
}

fn wrong<T>(what: impl Into<String>) -> Result<T, Problem> {
    Err(Problem::Wrong(what.into()))
}

/// The conjunction that premises belong to.
struct Place<'p> {
    rule: &'p Rule,
    literals: &'p [Literal],
    /// The values of all variables here.
    binding: &'p [Option<Value>],
    /// The values of the variables around a nested body; none outside of one.
    outer: Option<&'p [Option<Value>]>,
}

impl Verifier<'_> {
    /// Checks every node.
    ///
    /// # Errors
    /// The first mistake found.
    pub fn verify(&self, proof: &Proof) -> Result<(), Rejection> {
        if proof.nodes.is_empty() {
            return Err(Rejection::Wrong { node: 0, what: "nothing is proved".to_owned() });
        }
        if let Some(node) = circular(proof) {
            return Err(Rejection::Wrong { node, what: "it rests on itself".to_owned() });
        }
        for (at, node) in proof.nodes.iter().enumerate() {
            let checked = self.budget.check().map_err(Problem::Stopped).and_then(|()| match &node.why {
                Why::Stated => self.stated(node.pred, &node.tuple),
                Why::Rule(step) => self.step(proof, node.pred, &node.tuple, step),
            });
            checked.map_err(|problem| match problem {
                Problem::Wrong(what) => Rejection::Wrong { node: at, what },
                Problem::Stopped(stop) => Rejection::Stopped(stop),
            })?;
        }
        Ok(())
    }

    fn stated(&self, pred: PredId, tuple: &[Value]) -> Checked {
        let words: Option<Vec<Word>> = tuple.iter().map(|value| self.interner.get(value)).collect();
        let table = self.tables.table(pred);
        match words.zip(table) {
            Some((words, table)) if table.contains(&words) => Ok(()),
            _ => wrong("nobody states it"),
        }
    }

    fn step(&self, proof: &Proof, pred: PredId, tuple: &[Value], step: &Step) -> Checked {
        let Some(rule) = step.rule.find(self.program, self.goals) else {
            return wrong("there is no such rule");
        };
        if rule.head != pred {
            return wrong("the rule derives another relation");
        }
        let Some(literals) = rule.body.alternatives.get(step.alternative) else {
            return wrong("the rule has no such alternative");
        };
        if step.binding.len() != rule.vars.len() {
            return wrong("the variables are not those of the rule");
        }
        // A value for a variable of a nested body would change what that body means.
        let mut own = HashSet::new();
        literals.iter().for_each(|literal| direct_vars(literal, &mut own));
        rule.args.iter().for_each(|arg| {
            arg.vars(&mut |var| {
                own.insert(var);
            })
        });
        let foreign =
            |(at, value): (usize, &Option<Value>)| value.is_some() && !own.contains(&VarId(at as u32));
        if step.binding.iter().enumerate().any(foreign) {
            return wrong("a variable has a value where it does not occur");
        }
        let place = Place { rule, literals, binding: &step.binding, outer: None };
        let rest = self.premises(proof, &place, &step.premises)?;
        match self.conclude(&place, rest, &rule.args)? {
            Some(derived) if derived == tuple => Ok(()),
            Some(_) => wrong("the rule derives another tuple"),
            None => wrong("a condition of the rule does not hold"),
        }
    }

    /// Checks the atoms and aggregates of a conjunction; returns the literals that are left.
    fn premises(
        &self,
        proof: &Proof,
        place: &Place<'_>,
        premises: &[Support],
    ) -> Result<Vec<Literal>, Problem> {
        if premises.len() != place.literals.len() {
            return wrong("it has not one premise for each literal");
        }
        let mut rest = Vec::new();
        for (literal, premise) in place.literals.iter().zip(premises) {
            match (literal, premise) {
                (Literal::Atom(atom), Support::Node(at)) => {
                    let Some(node) = proof.nodes.get(*at) else { return wrong("a premise is missing") };
                    if node.pred != atom.pred || node.tuple.len() != atom.args.len() {
                        return wrong("a premise is of another relation");
                    }
                    for (arg, value) in atom.args.iter().zip(&node.tuple) {
                        if !self.fits(place, arg, value)? {
                            return wrong("a premise does not fit its atom");
                        }
                    }
                }
                (
                    Literal::Compare { left, right, op, possibly, span },
                    Support::Aggregate { value, total, rows },
                ) => {
                    let (aggregate, other) = match (left, right) {
                        (Expr::Aggregate(aggregate), other) | (other, Expr::Aggregate(aggregate)) => {
                            (aggregate, other)
                        }
                        _ => return wrong("a premise is no aggregate"),
                    };
                    self.aggregate(proof, place, aggregate, value, *total, rows)?;
                    let (left, right) = match left {
                        Expr::Aggregate(_) => (Expr::Const(value.clone()), other.clone()),
                        _ => (other.clone(), Expr::Const(value.clone())),
                    };
                    rest.push(Literal::Compare { op: *op, left, right, possibly: *possibly, span: *span });
                }
                (Literal::Not(body, span), Support::Absent { .. }) => {
                    rest.push(Literal::Not(selective(body, place.binding), *span));
                }
                (
                    Literal::Compare { left: Expr::Aggregate(_), .. }
                    | Literal::Compare { right: Expr::Aggregate(_), .. },
                    _,
                )
                | (Literal::Atom(_) | Literal::Not(..), _) => {
                    return wrong("a premise is not of its literal's kind");
                }
                (other, Support::Holds) => rest.push(other.clone()),
                _ => return wrong("a premise is not of its literal's kind"),
            }
        }
        Ok(rest)
    }

    /// Whether an argument speaks of a value. nil joins with nothing.
    fn fits(&self, place: &Place<'_>, arg: &Arg, value: &Value) -> Result<bool, Problem> {
        Ok(match arg {
            Arg::Any => true,
            Arg::Is(Expr::Const(constant)) => constant == value,
            Arg::Is(Expr::Var(var)) => {
                let known = place.binding.get(var.0 as usize).and_then(Option::as_ref);
                let outside =
                    place.outer.is_some_and(|outer| outer.get(var.0 as usize).is_some_and(Option::is_some));
                known == Some(value)
                    && !(value.is_nil() && (outside || occurrences(place.literals, *var) > 1))
            }
            Arg::Is(expr) => {
                !value.is_nil() && naive::value(place.rule, expr, place.binding)?.as_ref() == Some(value)
            }
        })
    }

    fn aggregate(
        &self,
        proof: &Proof,
        place: &Place<'_>,
        aggregate: &Aggregate,
        claimed: &Value,
        total: usize,
        rows: &[Row],
    ) -> Checked {
        let ordered = Aggregate { body: selective(&aggregate.body, place.binding), ..aggregate.clone() };
        let (value, values) = self
            .on_stack(ordered.body.alternatives.iter().map(Vec::len).sum(), || {
                naive::aggregate(place.rule, &ordered, place.binding, self, self.budget)
            })??;
        if value.as_ref() != Some(claimed) {
            return wrong("an aggregate has another value");
        }
        let counts = |value: &&Value| !value.is_nil() || !leaves_out_nil(aggregate);
        if values.iter().filter(counts).count() != total {
            return wrong("an aggregate ranges over another number of rows");
        }
        let mut seen = HashSet::new();
        for row in rows {
            let Some(literals) = aggregate.body.alternatives.get(row.alternative) else {
                return wrong("an aggregate's body has no such alternative");
            };
            if !seen.insert((row.alternative, &row.binding, nodes_of(&row.premises))) {
                return wrong("a row of an aggregate is counted twice");
            }
            let extends = place
                .binding
                .iter()
                .zip(&row.binding)
                .all(|(outer, inner)| outer.is_none() || outer == inner);
            if row.binding.len() != place.binding.len() || !extends {
                return wrong("a row of an aggregate has other values");
            }
            let mut own = HashSet::new();
            literals.iter().for_each(|literal| direct_vars(literal, &mut own));
            let foreign = |(at, (outer, inner)): (usize, (&Option<Value>, &Option<Value>))| {
                outer.is_none() && inner.is_some() && !own.contains(&VarId(at as u32))
            };
            if place.binding.iter().zip(&row.binding).enumerate().any(foreign) {
                return wrong("a variable has a value where it does not occur");
            }
            let inside =
                Place { rule: place.rule, literals, binding: &row.binding, outer: Some(place.binding) };
            let rest = self.premises(proof, &inside, &row.premises)?;
            let arg: Vec<Expr> = aggregate.arg.iter().cloned().collect();
            if self.conclude(&inside, rest, &arg)?.is_none() {
                return wrong("a row of an aggregate does not hold");
            }
        }
        Ok(())
    }

    fn conclude(
        &self,
        place: &Place<'_>,
        rest: Vec<Literal>,
        columns: &[Expr],
    ) -> Result<Option<Vec<Value>>, Problem> {
        let long = rest.len() + rest.iter().map(inner_literals).sum::<usize>();
        let concluded = self.on_stack(long, || {
            naive::conclude(place.rule, rest, columns, place.binding, self, self.budget)
        })??;
        Ok(concluded)
    }

    /// Runs `work`, which recurses as deep as there are `literals`, where there is room for that.
    fn on_stack<T: Send>(&self, literals: usize, work: impl FnOnce() -> T + Send) -> Result<T, Problem> {
        if literals <= LONG_BODY {
            return Ok(work());
        }
        let size = literals.saturating_mul(STACK_A_LITERAL).min(1 << 30);
        std::thread::scope(|scope| {
            let spawned = std::thread::Builder::new().stack_size(size).spawn_scoped(scope, work);
            let thread =
                spawned.map_err(|_| Problem::Wrong("the rule is too long to be checked".to_owned()))?;
            thread.join().map_err(|_| Problem::Wrong("the check of a rule failed".to_owned()))
        })
    }

    fn table(&self, pred: PredId) -> Option<&Table> {
        self.model.table(pred).map(AsRef::as_ref).or_else(|| self.tables.table(pred))
    }
}

impl Facts for Verifier<'_> {
    fn tuples<'s>(
        &'s self,
        pred: PredId,
        known: &dyn Fn() -> Vec<Option<Value>>,
    ) -> Box<dyn Iterator<Item = Cow<'s, [Value]>> + 's> {
        let Some(table) = self.table(pred) else { return Box::new(std::iter::empty()) };
        let mut columns = Vec::new();
        let mut key = Vec::new();
        for (column, value) in known().iter().enumerate().take(table.width()) {
            let Some(value) = value else { continue };
            // A value that the interner does not know is in no table.
            let Some(word) = self.interner.get(value) else { return Box::new(std::iter::empty()) };
            columns.push(column);
            key.push(word);
        }
        let leading = columns.iter().enumerate().take_while(|(at, column)| at == *column).count();
        let (low, high) = table.rows().range(key.get(..leading).unwrap_or(&[]));
        if leading == columns.len() || high - low <= MANY {
            let decode = |at: usize| table.row(at).iter().map(|word| self.interner.value(*word)).collect();
            return Box::new((low..high).map(move |at| Cow::Owned(decode(at))));
        }
        let mut order = columns;
        order.extend((0..table.width()).filter(|column| !order.contains(column)).collect::<Vec<_>>());
        let Ok(sorted) = table.order(&order, &mut sort::never);
        let (low, high) = sorted.range(&key);
        Box::new((low..high).map(move |at| {
            let mut tuple = vec![Value::Nil; order.len()];
            for (column, word) in order.iter().zip(sorted.row(at)) {
                if let Some(slot) = tuple.get_mut(*column) {
                    *slot = self.interner.value(*word);
                }
            }
            Cow::Owned(tuple)
        }))
    }
}

/// A node that rests on itself.
fn circular(proof: &Proof) -> Option<usize> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; proof.nodes.len()];
    for start in 0..proof.nodes.len() {
        if marks[start] != Mark::New {
            continue;
        }
        marks[start] = Mark::Open;
        let mut path = vec![(start, proof.premises_of(start), 0)];
        while let Some((node, premises, next)) = path.last_mut() {
            let Some(premise) = premises.get(*next).copied() else {
                marks[*node] = Mark::Done;
                path.pop();
                continue;
            };
            *next += 1;
            match marks.get(premise) {
                Some(Mark::Open) => return Some(premise),
                Some(Mark::New) => {
                    marks[premise] = Mark::Open;
                    path.push((premise, proof.premises_of(premise), 0));
                }
                Some(Mark::Done) | None => {}
            }
        }
    }
    None
}

fn nodes_of(premises: &[Support]) -> Vec<usize> {
    let node = |premise: &Support| if let Support::Node(at) = premise { Some(*at) } else { None };
    premises.iter().filter_map(node).collect()
}

fn leaves_out_nil(aggregate: &Aggregate) -> bool {
    use crate::model::program::AggregateOp::{Count, List};
    !matches!(aggregate.op, Count | List)
}

/// In how many arguments of atoms a variable stands.
fn occurrences(literals: &[Literal], var: VarId) -> usize {
    let args = literals.iter().filter_map(|literal| match literal {
        Literal::Atom(atom) => Some(&atom.args),
        _ => None,
    });
    args.flatten().filter(|arg| **arg == Arg::Is(Expr::Var(var))).count()
}

/// Adds the variables of a literal outside its nested bodies.
fn direct_vars(literal: &Literal, vars: &mut HashSet<VarId>) {
    let mut add = |expr: &Expr| {
        expr.vars(&mut |var| {
            vars.insert(var);
        });
    };
    match literal {
        Literal::Atom(atom) => {
            for arg in &atom.args {
                if let Arg::Is(expr) = arg {
                    add(expr);
                }
            }
        }
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            add(left);
            add(right);
        }
        Literal::In { item, list, .. } => {
            add(item);
            add(list);
        }
        Literal::Not(..) | Literal::Bool(_) => {}
    }
}

/// The most literals that a literal's nested bodies hold in a row, one body within another.
fn inner_literals(literal: &Literal) -> usize {
    let deepest = |body: &Body| {
        let of =
            |literals: &Vec<Literal>| literals.len() + literals.iter().map(inner_literals).sum::<usize>();
        body.alternatives.iter().map(of).max().unwrap_or(0)
    };
    match literal {
        Literal::Not(body, _) => deepest(body),
        Literal::Compare { left, right, .. } => [left, right]
            .into_iter()
            .map(|side| if let Expr::Aggregate(aggregate) = side { deepest(&aggregate.body) } else { 0 })
            .sum(),
        _ => 0,
    }
}

/// The body with its atoms in an order in which each has as many known arguments as can be. The
/// order of literals means nothing, but the reference evaluator takes them as they come.
fn selective(body: &Body, binding: &[Option<Value>]) -> Body {
    let bound: HashSet<VarId> = binding
        .iter()
        .enumerate()
        .filter(|(_, value)| value.is_some())
        .map(|(at, _)| VarId(at as u32))
        .collect();
    reordered(body, &bound)
}

fn reordered(body: &Body, bound: &HashSet<VarId>) -> Body {
    let alternatives = body.alternatives.iter().map(|literals| {
        let mut bound = bound.clone();
        let (mut atoms, rest): (Vec<&Literal>, Vec<&Literal>) =
            literals.iter().partition(|literal| matches!(literal, Literal::Atom(_)));
        let mut ordered = Vec::with_capacity(literals.len());
        while !atoms.is_empty() {
            let unknown = |literal: &Literal| {
                let mut vars = HashSet::new();
                direct_vars(literal, &mut vars);
                vars.difference(&bound).count()
            };
            // The first of the best: atoms written at one place keep their order.
            let best =
                (0..atoms.len()).min_by_key(|at| atoms.get(*at).map_or(0, |atom| unknown(atom))).unwrap_or(0);
            let atom = atoms.remove(best);
            direct_vars(atom, &mut bound);
            ordered.push(atom.clone());
        }
        rest.iter().for_each(|literal| direct_vars(literal, &mut bound));
        ordered.extend(rest.into_iter().map(|literal| match literal {
            Literal::Not(body, span) => Literal::Not(reordered(body, &bound), *span),
            Literal::Compare { op, left, right, possibly, span } => {
                let side = |side: &Expr| match side {
                    Expr::Aggregate(aggregate) => {
                        let body = reordered(&aggregate.body, &bound);
                        Expr::Aggregate(Box::new(Aggregate { body, ..(**aggregate).clone() }))
                    }
                    other => other.clone(),
                };
                Literal::Compare {
                    op: *op,
                    left: side(left),
                    right: side(right),
                    possibly: *possibly,
                    span: *span,
                }
            }
            other => other.clone(),
        }));
        ordered
    });
    Body { alternatives: alternatives.collect() }
}
