//! Rules that bring derived relations up to date after a change of what they read.
//!
//! The relations of one stratum are known as they were, and so is what has gone from and come to
//! those that their rules read. Delete and rederive (Gupta, Mumick, Subrahmanian, "Maintaining views
//! incrementally", 1993): first every tuple goes that some rule derived from one that is gone, then
//! those come back that the rest still derives, and with them what the new tuples derive. Both
//! steps are programs of their own, whose cost goes with the change and not with the relations.
//!
//! It is for changes of what rules read positively. What a rule denies or aggregates works the other
//! way round: then the stratum is derived anew.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::demand::passing::{can_fail, expr_can_fail};
use super::strata;
use crate::model::program::Arg;
use crate::model::{Atom, Body, CheckedProgram, Expr, Literal, PredId, Rule, Schema, Stratum};

/// Premises on the stratum's own relations up to which a rule is brought up to date: it takes a rule
/// for each choice among them.
const MOST_OWN: usize = 3;

/// A relation that has changed, by the ids under which its parts are found. Under its own id it is
/// as it is now.
#[derive(Clone, Copy, Debug)]
pub struct Changed {
    /// As it was.
    pub old: PredId,
    /// What has gone from it, if anything has.
    pub gone: Option<PredId>,
    /// What has come to it, if anything has.
    pub come: Option<PredId>,
}

/// A relation of the stratum, by the ids of its parts.
#[derive(Clone, Copy, Debug)]
pub struct Own {
    /// In [`removals`] as it was, in [`additions`] without what went.
    pub base: PredId,
    /// What goes. Facts that were stated and are not any more are given under this id.
    pub gone: PredId,
    /// What comes. Facts that are stated now and were not are given under this id.
    pub come: PredId,
}

/// What has changed, and what is to be brought up to date.
#[derive(Clone, Debug, Default)]
pub struct Change {
    /// Relations that the stratum reads.
    pub changed: HashMap<PredId, Changed>,
    /// Its own.
    pub own: HashMap<PredId, Own>,
}

/// Whether the relations of a stratum can be brought up to date.
pub fn can_follow(program: &CheckedProgram, stratum: &Stratum, change: &Change) -> bool {
    // Tuples that gave way may come back, which no rule says.
    !stratum.predicates.iter().any(|pred| program.is_guarded(*pred))
        && stratum.rules.iter().map(|id| program.rule(*id)).all(|rule| {
            let mut positive = true;
            rule.body.atoms(&mut |atom, is_positive| {
                positive &= is_positive || !change.changed.contains_key(&atom.pred);
            });
            positive
                && rule.body.alternatives.iter().all(|literals| own_atoms(literals, change).len() <= MOST_OWN)
        })
}

/// The rules of what goes.
pub fn removals(program: &CheckedProgram, stratum: &Stratum, change: &Change) -> Option<CheckedProgram> {
    let mut rules = Vec::new();
    for (rule, literals, own) in alternatives(program, stratum, change) {
        for at in atoms(literals) {
            let gone = |pred: PredId| match change.own.get(&pred) {
                Some(own) => Some(own.gone),
                None => change.changed.get(&pred)?.gone,
            };
            let before = |pred: PredId| match change.own.get(&pred) {
                Some(own) => own.base,
                None => change.changed.get(&pred).map_or(pred, |changed| changed.old),
            };
            let Some(Literal::Atom(atom)) = literals.get(at) else { continue };
            let Some(gone) = gone(atom.pred) else { continue };
            let body = replaced(literals, |other, pred| if other == at { gone } else { before(pred) });
            rules.push(derived(rule, own.gone, body));
        }
    }
    checked(&program.schema, rules)
}

/// The rules of what comes. `gone` are the relations from which something went.
pub fn additions(
    program: &CheckedProgram,
    stratum: &Stratum,
    change: &Change,
    gone: &HashSet<PredId>,
) -> Option<CheckedProgram> {
    let mut rules = Vec::new();
    let base = |pred: PredId| change.own.get(&pred).map_or(pred, |own| own.base);
    for (rule, literals, own) in alternatives(program, stratum, change) {
        let mut push = |mut body: Vec<Literal>, known_too: bool| {
            // What is known need not come again; but a computation that fails must do so whether
            // its tuple is known or not.
            if known_too && !literals.iter().any(can_fail) && !rule.args.iter().any(expr_can_fail) {
                let args = rule.args.iter().cloned().map(Arg::Is).collect();
                let known = Literal::Atom(Atom { pred: own.base, args, span: rule.span });
                body.push(Literal::Not(Body { alternatives: vec![vec![known]] }, rule.span));
            }
            rules.push(derived(rule, own.come, body));
        };
        if gone.contains(&rule.head) {
            let mut body = replaced(literals, |_, pred| base(pred));
            body.insert(0, Literal::Atom(Atom { pred: own.gone, args: of_head(rule), span: rule.span }));
            push(body, false);
        }
        for at in atoms(literals) {
            let Some(Literal::Atom(atom)) = literals.get(at) else { continue };
            let Some(come) = change.changed.get(&atom.pred).and_then(|changed| changed.come) else {
                continue;
            };
            if !change.own.contains_key(&atom.pred) {
                push(replaced(literals, |other, pred| if other == at { come } else { base(pred) }), true);
            }
        }
        let own_atoms = own_atoms(literals, change);
        for choice in 1..1_u32 << own_atoms.len() {
            let comes = |at: usize| {
                own_atoms.iter().position(|other| *other == at).is_some_and(|nth| choice & 1 << nth != 0)
            };
            let pick = |at: usize, pred: PredId| match change.own.get(&pred) {
                Some(own) if comes(at) => own.come,
                _ => base(pred),
            };
            push(replaced(literals, pick), true);
        }
    }
    checked(&program.schema, rules)
}

/// Each alternative of a stratum's rules with the relation that it derives.
fn alternatives<'a>(
    program: &'a CheckedProgram,
    stratum: &'a Stratum,
    change: &'a Change,
) -> impl Iterator<Item = (&'a Rule, &'a Vec<Literal>, Own)> {
    let rules = stratum.rules.iter().map(|id| program.rule(*id));
    rules.flat_map(|rule| {
        let own = change.own.get(&rule.head).copied();
        rule.body.alternatives.iter().filter_map(move |literals| Some((rule, literals, own?)))
    })
}

fn atoms(literals: &[Literal]) -> Vec<usize> {
    (0..literals.len()).filter(|at| matches!(literals.get(*at), Some(Literal::Atom(_)))).collect()
}

fn own_atoms(literals: &[Literal], change: &Change) -> Vec<usize> {
    let is_own = |at: &usize| match literals.get(*at) {
        Some(Literal::Atom(atom)) => change.own.contains_key(&atom.pred),
        _ => false,
    };
    atoms(literals).into_iter().filter(is_own).collect()
}

/// The literals, each atom reading what `pick` says for its place and relation.
fn replaced(literals: &[Literal], pick: impl Fn(usize, PredId) -> PredId) -> Vec<Literal> {
    let mut literals = literals.to_vec();
    for (at, literal) in literals.iter_mut().enumerate() {
        if let Literal::Atom(atom) = literal {
            atom.pred = pick(at, atom.pred);
        }
    }
    literals
}

/// The head of a rule as an atom. What is computed is left open, and so are variables that can be
/// nil: in a second argument they could not.
fn of_head(rule: &Rule) -> Vec<Arg> {
    let arg = |arg: &Expr| match arg {
        Expr::Var(var) if rule.vars.get(var.0 as usize).is_some_and(|var| !var.optional) => {
            Arg::Is(arg.clone())
        }
        Expr::Const(_) => Arg::Is(arg.clone()),
        _ => Arg::Any,
    };
    rule.args.iter().map(arg).collect()
}

fn derived(rule: &Rule, head: PredId, body: Vec<Literal>) -> Rule {
    Rule {
        head,
        args: rule.args.clone(),
        body: Body { alternatives: vec![body] },
        vars: rule.vars.clone(),
        label: None,
        assume: Vec::new(),
        span: rule.span,
    }
}

fn checked(schema: &Arc<Schema>, rules: Vec<Rule>) -> Option<CheckedProgram> {
    let strata = strata::stratify(&rules).ok()?;
    Some(CheckedProgram { schema: Arc::clone(schema), rules, strata, ..CheckedProgram::default() })
}
