//! `inline` relations that are no relations by themselves: `same(a, b) :- a = b.` holds of every
//! `a`. Their bodies stand in the place of their names.
//!
//! An `inline` relation whose rules give all their variables a value is evaluated like any other:
//! the answers are the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::substitute::{self, Replacements};
use super::{ground, normal, scope, special};
use crate::syntax::souffle::ast::{Atom, Clause, CompareOp, Expr, ExprKind, Literal, Unit};

/// Atoms that may be replaced in one program.
const MAX_REPLACED: usize = 20_000;

/// Puts the bodies of such relations in the place of their names. Cycles have been refused before.
pub(super) fn expand(unit: &mut Unit) {
    let names = inlined(unit);
    if names.is_empty() {
        return;
    }
    let mut inliner = Inliner { bodies: HashMap::new(), fresh: 0 };
    let mut open: Vec<String> = names.iter().cloned().collect();
    open.sort();
    // One whose premises are all done or ordinary comes next.
    while let Some(at) = open.iter().position(|name| {
        let mut reads = of(unit, name).flat_map(|clause| clause.body.iter().flatten().flatten());
        !reads.any(|literal| mentions(literal, &|read| open.iter().any(|name| name == read)))
    }) {
        let name = open.remove(at);
        let clauses: Vec<Clause> = of(unit, &name).map(|clause| inliner.clause(clause, &name)).collect();
        if !clauses.iter().all(is_ground) {
            inliner.bodies.insert(name, clauses);
        }
    }
    if inliner.bodies.is_empty() {
        return;
    }
    let clauses = std::mem::take(&mut unit.clauses);
    unit.clauses = clauses
        .into_iter()
        .filter_map(|mut clause| {
            clause.heads.retain(|head| !inliner.bodies.contains_key(&head.name.text));
            let body = clause.body.take().map(|body| inliner.body(&body));
            (!clause.heads.is_empty()).then_some(Clause { body, ..clause })
        })
        .collect();
}

/// The relations that are `inline` and not kept from it.
fn inlined(unit: &Unit) -> HashSet<String> {
    let excluded: HashSet<&str> = unit
        .pragmas
        .iter()
        .filter(|(key, ..)| key == "inline-exclude")
        .flat_map(|(_, value, _)| value.split(',').map(str::trim))
        .collect();
    let has = |decl: &crate::syntax::souffle::ast::Relation, word: &str| {
        decl.qualifiers.iter().any(|qualifier| qualifier.text == word)
    };
    let names = unit.relations.iter().filter(|decl| has(decl, "inline") && !has(decl, "no_inline"));
    names.map(|decl| decl.name.text.clone()).filter(|name| !excluded.contains(name.as_str())).collect()
}

/// The clauses with a head of this relation.
fn of<'u>(unit: &'u Unit, name: &str) -> impl Iterator<Item = &'u Clause> {
    let name = name.to_owned();
    unit.clauses
        .iter()
        .filter(move |clause| !clause.subsumes && clause.heads.iter().any(|head| head.name.text == name))
}

fn mentions(literal: &Literal, wanted: &dyn Fn(&str) -> bool) -> bool {
    match literal {
        Literal::Atom(atom) => wanted(&atom.name.text),
        Literal::Not(inner, _) => mentions(inner, wanted),
        Literal::Group(body) => body.iter().flatten().any(|literal| mentions(literal, wanted)),
        _ => false,
    }
}

/// Whether a rule gives all its variables a value.
fn is_ground(clause: &Clause) -> bool {
    // A fact with a variable is a mistake, which is reported where facts are.
    let Some(body) = &clause.body else { return true };
    let mut ignored = Vec::new();
    let Some(alternatives) = normal::alternatives(body, clause.span, &mut ignored) else { return true };
    alternatives.into_iter().all(|mut body| {
        clause.heads.iter().all(|head| {
            let (mut head, mut missing) = (head.clone(), Vec::new());
            let counters = special::counters(&mut head, &mut body);
            scope::resolve(&mut head, &mut body, &mut Vec::new());
            ground::unbound(&head, &body, &counters, &mut missing);
            missing.is_empty()
        })
    })
}

struct Inliner {
    /// The rules that stand in the place of a name.
    bodies: HashMap<String, Vec<Clause>>,
    fresh: usize,
}

impl Inliner {
    /// The clause for the head `name` alone, with what it reads in its place.
    fn clause(&mut self, clause: &Clause, name: &str) -> Clause {
        let heads = clause.heads.iter().filter(|head| head.name.text == name).cloned().collect();
        let body = clause.body.as_ref().map(|body| self.body(body));
        Clause { heads, body, ..clause.clone() }
    }

    fn body(&mut self, body: &[Vec<Literal>]) -> Vec<Vec<Literal>> {
        let each = |literals: &Vec<Literal>| literals.iter().map(|literal| self.literal(literal)).collect();
        body.iter().map(each).collect()
    }

    fn literal(&mut self, literal: &Literal) -> Literal {
        match literal {
            Literal::Atom(atom) if self.fresh < MAX_REPLACED => {
                let Some(clauses) = self.bodies.get(&atom.name.text).cloned() else {
                    return literal.clone();
                };
                let heads = clauses.iter().flat_map(|clause| clause.heads.iter().map(move |h| (h, clause)));
                if clauses.iter().flat_map(|clause| &clause.heads).any(|h| h.args.len() != atom.args.len()) {
                    return literal.clone();
                }
                Literal::Group(heads.map(|(head, clause)| self.replace(atom, head, clause)).collect())
            }
            Literal::Not(inner, span) => Literal::Not(Box::new(self.literal(inner)), *span),
            Literal::Group(body) => Literal::Group(self.body(body)),
            _ => literal.clone(),
        }
    }

    /// What a clause says of an atom's arguments.
    fn replace(&mut self, atom: &Atom, head: &Atom, clause: &Clause) -> Vec<Literal> {
        self.fresh += 1;
        let mut by = Replacements::new();
        let mut rename = |expr: &Expr| {
            substitute::each_name(expr, &mut |name| {
                let like = name.split('@').next().unwrap_or("");
                let kind = ExprKind::Var(format!("{like}@in{}.{}", self.fresh, by.len()).into());
                by.entry(Arc::clone(name)).or_insert(Expr { kind, span: atom.span });
            });
        };
        head.args.iter().for_each(&mut rename);
        for literal in clause.body.iter().flatten().flatten() {
            normal::each_expr(literal, &mut |expr| rename(expr));
        }
        let mut literals = Vec::new();
        let mut taken: HashSet<&Arc<str>> = HashSet::new();
        // A variable of the head is its argument, where it stands first; elsewhere the two are equal.
        let mut equal: Vec<(&Expr, &Expr)> = Vec::new();
        for (arg, formal) in atom.args.iter().zip(&head.args) {
            match (&formal.kind, &arg.kind) {
                (_, ExprKind::Wildcard) => {}
                (ExprKind::Var(name), _) if taken.insert(name) => {
                    by.insert(Arc::clone(name), arg.clone());
                }
                _ => equal.push((arg, formal)),
            }
        }
        for (arg, formal) in equal {
            let mut formal = formal.clone();
            substitute::in_expr(&mut formal, &by);
            literals.push(Literal::Compare(CompareOp::Eq, arg.clone(), formal, atom.span));
        }
        let mut body = clause.body.clone().unwrap_or_default();
        for literal in body.iter_mut().flatten() {
            substitute::in_literal(literal, &by);
        }
        match <[Vec<Literal>; 1]>::try_from(body) {
            Ok([only]) => literals.extend(only),
            Err(body) if body.is_empty() => {}
            Err(body) => literals.push(Literal::Group(body)),
        }
        literals
    }
}
