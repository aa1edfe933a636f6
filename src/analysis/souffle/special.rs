//! What more than rules decides: which tuples stay beside which (subsumption, `choice-domain`), what
//! follows without a rule (`eqrel`), when a recursion ends (`.limitsize`), and what depends on the
//! order of evaluation (`autoinc`, `recursive_iteration_cnt`).
//!
//! Names with an `@` cannot be written; relations with such names stand for parts of others.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::scope::{each_arg_mut, each_expr_mut};
use crate::base::Span;
use crate::model::PredId;
use crate::model::program::{Rule, RuleId, VarId};
use crate::syntax::souffle::ast::{Atom, CompareOp, Expr, ExprKind, Literal, Name};

/// The relation that holds the number of the round.
pub(super) const ITERATION: &str = "@iteration";

/// What the evaluation has to know beside rules and strata.
#[derive(Clone, Debug, Default)]
pub struct Special {
    /// For each relation with a `choice-domain` its keys, as columns.
    pub choice: HashMap<PredId, Vec<Vec<usize>>>,
    /// Equivalence relations.
    pub equivalence: HashSet<PredId>,
    /// Sizes at which a recursion ends.
    pub limits: HashMap<PredId, u64>,
    /// Which tuples give way to which.
    pub subsumptions: Vec<Subsumption>,
    /// Variables that receive a new number for each solution of the rule's body.
    pub counters: HashMap<RuleId, Vec<VarId>>,
    /// The relation that holds the number of the round, if a rule reads it.
    pub iteration: Option<PredId>,
    /// For a relation another that holds what each round brought, with the round's number.
    pub deltas: HashMap<PredId, PredId>,
}

/// Of each solution of `rule` the first half, a tuple of `pred`, gives way to the second half.
#[derive(Clone, Debug)]
pub struct Subsumption {
    /// The relation.
    pub pred: PredId,
    /// Stands in the rule for the tuples that may give way.
    pub less: PredId,
    /// Stands in the rule for the tuples that may stay.
    pub greater: PredId,
    /// The two tuples.
    pub rule: Rule,
}

/// Names made up for one relation.
pub(super) fn less(name: &str) -> String {
    format!("{name}@less")
}
pub(super) fn greater(name: &str) -> String {
    format!("{name}@greater")
}
pub(super) fn pair(name: &str) -> String {
    format!("{name}@pair")
}

/// The clause that finds which tuples give way to which.
pub(super) fn subsumption(less_atom: &Atom, greater_atom: &Atom, body: &[Literal]) -> (Atom, Vec<Literal>) {
    let mut literals = Vec::new();
    let mut pairs = Vec::new();
    let mut more = Vec::new();
    for (side, atom, name) in [
        ("less", less_atom, less(&less_atom.name.text)),
        ("greater", greater_atom, greater(&less_atom.name.text)),
    ] {
        let mut args = Vec::new();
        for (at, arg) in atom.args.iter().enumerate() {
            let var = Expr { kind: ExprKind::Var(format!("{side}@{at}").into()), span: arg.span };
            if !matches!(arg.kind, ExprKind::Wildcard) {
                more.push(Literal::Compare(CompareOp::Eq, var.clone(), arg.clone(), arg.span));
            }
            args.push(var);
        }
        pairs.extend(args.iter().cloned());
        let name = Name { text: name, span: atom.name.span };
        literals.push(Literal::Atom(Atom { name, args, span: atom.span }));
    }
    literals.extend(more);
    literals.extend(body.iter().cloned());
    let name = Name { text: pair(&less_atom.name.text), span: less_atom.name.span };
    (Atom { name, args: pairs, span: less_atom.span }, literals)
}

/// Puts variables in the place of counters; returns those for `autoinc`. Whether the number of the
/// round is read is told by a premise for it.
pub(super) fn counters(head: &mut Atom, body: &mut Vec<Literal>) -> Vec<Arc<str>> {
    let mut found = Found::default();
    head.args.iter_mut().for_each(|arg| found.expr(arg));
    for literal in body.iter_mut() {
        each_expr_mut(literal, &mut |expr| found.expr(expr));
    }
    if let Some(span) = found.iteration {
        let name = Name { text: ITERATION.to_owned(), span };
        body.push(Literal::Atom(Atom { name, args: vec![iteration(span)], span }));
    }
    found.counters
}

fn iteration(span: Span) -> Expr {
    Expr { kind: ExprKind::Var("iteration@".into()), span }
}

#[derive(Default)]
struct Found {
    counters: Vec<Arc<str>>,
    iteration: Option<Span>,
}

impl Found {
    fn expr(&mut self, expr: &mut Expr) {
        match expr.kind {
            ExprKind::Counter => {
                let name: Arc<str> = format!("autoinc@{}", self.counters.len()).into();
                self.counters.push(Arc::clone(&name));
                expr.kind = ExprKind::Var(name);
            }
            ExprKind::Iteration => {
                self.iteration = Some(expr.span);
                *expr = iteration(expr.span);
            }
            _ => each_arg_mut(expr, &mut |arg| self.expr(arg)),
        }
    }
}
