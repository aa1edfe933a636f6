//! Lints of rules: what is allowed and probably not meant.

use std::collections::HashMap;

use super::scope::{self, Occurrence};
use super::template;
use crate::base::codes::lints as codes;
use crate::base::{Diagnostic, Span};
use crate::model::program::{Expr, Functor, Literal, Rule, Stratum};
use crate::model::schema::Schema;
use crate::model::{Value, VarId};
use crate::syntax::datalog::ast::{Atom, Body, CompareOp};

/// A variable that occurs once in a rule.
pub(super) fn single_use<'a>(heads: &'a [Atom], body: &'a Body, templates: &[&str]) -> Vec<Diagnostic> {
    let mut seen: HashMap<&str, usize> = HashMap::new();
    let mut firsts: Vec<Occurrence<'a>> = Vec::new();
    let mut visit = |found: Occurrence<'a>| {
        let count = seen.entry(found.name).or_default();
        *count += 1;
        if *count == 1 {
            firsts.push(found);
        }
    };
    for head in heads {
        scope::atom_occurrences(head, &mut visit);
    }
    scope::occurrences(body, &mut visit);
    let named: Vec<String> = templates.iter().flat_map(|text| template::names(text)).collect();
    let once = |found: &Occurrence<'_>| {
        seen.get(found.name) == Some(&1)
            && !found.name.starts_with('_')
            && !named.iter().any(|used| used == found.name)
    };
    firsts
        .into_iter()
        .filter(once)
        .map(|Occurrence { name, span, pun, .. }| {
            let diagnostic =
                Diagnostic::new(codes::SINGLE_USE, format!("the variable `{name}` occurs only once"))
                    .at(span);
            if pun {
                return diagnostic.help("leave the column out if any value will do");
            }
            let any = format!("write `_` or `_{name}` if any value will do");
            // So short a name is no text that lost its quotes.
            if name.chars().count() < 3 {
                return diagnostic.fix(span, "_", any);
            }
            diagnostic
                .fix(
                    span,
                    format!("\"{name}\""),
                    format!("did you mean the text `\"{name}\"`? Constants need quotes"),
                )
                .help(any)
        })
        .collect()
}

/// Recursive rules that make ever new values: `n(x + 1) :- n(x).` without a bound.
pub(super) fn unbounded(schema: &Schema, rules: &[Rule], strata: &[Stratum]) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for stratum in strata.iter().filter(|stratum| stratum.recursive) {
        for id in &stratum.rules {
            let rule = &rules[id.0 as usize];
            for literals in &rule.body.alternatives {
                let recursive = literals.iter().any(
                    |literal| matches!(literal, Literal::Atom(atom) if stratum.predicates.contains(&atom.pred)),
                );
                if recursive && let Some(span) = grows(rule, literals, stratum) {
                    found.push(
                        Diagnostic::new(
                            codes::UNBOUNDED,
                            format!(
                                "this rule of `{}` makes a new value in every round, perhaps without end",
                                schema.predicate(rule.head).name
                            ),
                        )
                        .at(span)
                        .help("bound the value with a comparison in the body, such as `x < 100`")
                        .note("evaluation stops at the limits (`--limit-rows`, `--limit-seconds`)"),
                    );
                    break;
                }
            }
        }
    }
    found
}

/// The place of a head value that is computed from a recursive atom and that nothing bounds.
fn grows(rule: &Rule, literals: &[Literal], stratum: &Stratum) -> Option<Span> {
    let mut tainted: Vec<VarId> = Vec::new();
    for literal in literals {
        if let Literal::Atom(atom) = literal
            && stratum.predicates.contains(&atom.pred)
        {
            for arg in &atom.args {
                if let crate::model::program::Arg::Is(expr) = arg {
                    expr.vars(&mut |var| tainted.push(var));
                }
            }
        }
    }
    // Values that a comparison or a second atom restricts are bounded.
    let mut bounded: Vec<VarId> = Vec::new();
    for literal in literals {
        match literal {
            Literal::Compare { op, left, right, .. } if !matches!(op, CompareOp::Eq | CompareOp::Ne) => {
                left.vars(&mut |var| bounded.push(var));
                right.vars(&mut |var| bounded.push(var));
            }
            Literal::Atom(atom) if !stratum.predicates.contains(&atom.pred) => {
                for arg in &atom.args {
                    if let crate::model::program::Arg::Is(expr) = arg {
                        expr.vars(&mut |var| bounded.push(var));
                    }
                }
            }
            Literal::In { item, .. } => item.vars(&mut |var| bounded.push(var)),
            _ => {}
        }
    }
    // Follow `y = x + 1`.
    let mut grown: Vec<(VarId, Span)> = Vec::new();
    for _ in 0..literals.len() {
        for literal in literals {
            if let Literal::Compare { op: CompareOp::Eq, left, right, .. } = literal {
                for (target, value) in [(left, right), (right, left)] {
                    if let Expr::Var(var) = target
                        && !tainted.contains(var)
                        && !grown.iter().any(|(known, _)| known == var)
                        && let Some(span) = computed(value, &tainted, &bounded, &grown)
                    {
                        grown.push((*var, span));
                    }
                }
            }
        }
    }
    rule.args.iter().find_map(|arg| match arg {
        Expr::Var(var) if !bounded.contains(var) => {
            grown.iter().find(|(known, _)| known == var).map(|(_, span)| *span)
        }
        _ => computed(arg, &tainted, &bounded, &grown),
    })
}

/// Whether an expression makes a new value from unbounded recursive ones.
fn computed(expr: &Expr, tainted: &[VarId], bounded: &[VarId], grown: &[(VarId, Span)]) -> Option<Span> {
    let (functor, args, span) = match expr {
        Expr::Call(functor, args, span) => (Some(functor), args, span),
        Expr::Struct(_, fields, span) => (None, fields, span),
        _ => return None,
    };
    let makes_new = functor.is_none_or(|functor| {
        matches!(
            functor,
            Functor::Add
                | Functor::Sub
                | Functor::Mul
                | Functor::Pow
                | Functor::Cat
                | Functor::AddDays
                | Functor::Bshl
        )
    });
    let mut from_recursion = false;
    let mut is_bounded = false;
    for arg in args {
        arg.vars(&mut |var| {
            from_recursion |= tainted.contains(&var) || grown.iter().any(|(known, _)| *known == var);
            is_bounded |= bounded.contains(&var) && tainted.contains(&var);
        });
    }
    let neutral = args.iter().any(|arg| matches!(arg, Expr::Const(Value::Number(0))));
    (makes_new && from_recursion && !is_bounded && !neutral).then_some(*span)
}
