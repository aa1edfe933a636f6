//! Aggregates of one rule that wait for each other: each stands with a variable that only the other's
//! literal gives a value. No order of evaluation suits both, and Soufflé refuses them, whether or not
//! another premise gives those variables a value too.

use super::ground::{self, Names};
use super::normal::{each_expr, each_var};
use crate::base::codes::syntax::AGGREGATE_FORM;
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{Aggregate, CompareOp, Expr, ExprKind, Literal};

/// A literal with an aggregate in it.
#[derive(Default)]
struct Waiting {
    /// Its first aggregate.
    span: Option<Span>,
    /// All variables that stand in it.
    named: Names,
    /// Those that it gives a value by itself.
    given: Names,
}

/// Reports the pairs of literals with aggregates in `body` that wait for each other.
pub(super) fn check(body: &[Literal], diagnostics: &mut Vec<Diagnostic>) {
    let waiting: Vec<(Span, Waiting)> = body
        .iter()
        .filter_map(|literal| {
            let found = waiting(literal);
            Some((found.span?, found))
        })
        .collect();
    for (at, (span, one)) in waiting.iter().enumerate() {
        let others = waiting.iter().enumerate().filter(|(other, _)| *other != at);
        for (_, (other_span, other)) in others {
            let (Some(wanted), Some(_)) = (needed(one, other), needed(other, one)) else { continue };
            let message =
                format!("this aggregate waits for `{wanted}` of another aggregate, which waits for this one");
            diagnostics.push(
                Diagnostic::new(AGGREGATE_FORM, message)
                    .at(*span)
                    .also(*other_span, "the other one")
                    .help("define a relation for one of the two"),
            );
            break;
        }
    }
}

/// A variable of `one` that it gives no value and `other` does.
fn needed<'n>(one: &'n Waiting, other: &Waiting) -> Option<&'n str> {
    let open = one.named.iter().filter(|name| !one.given.contains(*name) && other.given.contains(*name));
    open.map(|name| &**name).min()
}

fn waiting(literal: &Literal) -> Waiting {
    let mut found = Waiting::default();
    // All literals at any depth, for what stands in an aggregate gives values there too.
    let mut all: Vec<&Literal> = vec![literal];
    let mut at = 0;
    while let Some(literal) = all.get(at).copied() {
        at += 1;
        let mut aggregates: Vec<(&Aggregate, Span)> = Vec::new();
        each_expr(literal, &mut |expr| names(expr, &mut found.named, &mut aggregates));
        while let Some((aggregate, span)) = aggregates.pop() {
            found.span =
                Some(found.span.map_or(span, |first| if first.start <= span.start { first } else { span }));
            if let Some(arg) = &aggregate.arg {
                names(arg, &mut found.named, &mut aggregates);
            }
            all.extend(aggregate.body.iter().flatten());
        }
        if let Literal::Group(body) = literal {
            all.extend(body.iter().flatten());
        }
    }
    give(&all, &mut found.given);
    found
}

/// Adds the variables of `expr` and the aggregates in it.
fn names<'e>(expr: &'e Expr, named: &mut Names, aggregates: &mut Vec<(&'e Aggregate, Span)>) {
    expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Var(name) => {
            named.insert(name.clone());
        }
        ExprKind::Aggregate(aggregate) => aggregates.push((aggregate, expr.span)),
        _ => {}
    });
}

/// The variables that positive atoms and equalities give a value. An aggregate has one always.
fn give(literals: &[&Literal], given: &mut Names) {
    for literal in literals {
        if let Literal::Atom(atom) = literal {
            atom.args.iter().for_each(|arg| ground::bind_pattern(arg, given));
        }
    }
    loop {
        let before = given.len();
        for literal in literals {
            let Literal::Compare(CompareOp::Eq, left, right, _) = literal else { continue };
            for (known, pattern) in [(left, right), (right, left)] {
                let mut ground = true;
                each_var(known, &mut |name, _| ground &= given.contains(name));
                if ground {
                    ground::bind_pattern(pattern, given);
                }
            }
        }
        if given.len() == before {
            return;
        }
    }
}
