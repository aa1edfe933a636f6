//! `less <= greater :- body.`: a rule that finds the pairs of tuples of which one gives way.

use std::collections::HashMap;

use super::lint;
use super::raw::{RawExpr, RawExprKind, RawLiteral, RawRule, RawVar};
use super::resolve::{Head, Resolver, assign};
use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::program::Subsumption;
use crate::model::schema::{Column, PredId, PredKind, Predicate, Schema};
use crate::model::{Rule, VarId};
use crate::syntax::datalog::ast::{self, Body, Item, ItemKind, Literal, LiteralKind};

/// The relations that a subsumption is about.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    pred: PredId,
    less: PredId,
    greater: PredId,
    pair: PredId,
    /// The atoms as premises, with the body behind them.
    body: Body,
}

impl Pair {
    /// The subsumption whose rule this is.
    pub fn finish(&self, rule: Rule) -> Subsumption {
        Subsumption { pred: self.pred, less: self.less, greater: self.greater, rule }
    }
}

/// Gives each subsumption relations for the tuples that may give way, for those that may stay, and
/// for the pairs; by the item's index.
pub(super) fn relations(
    schema: &mut Schema,
    items: &[&Item],
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<usize, Pair> {
    let mut pairs = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let ItemKind::Subsumption(subsumption) = &item.kind else { continue };
        let (less, greater) = (&subsumption.less.name, &subsumption.greater.name);
        let mut refuse = |message: String, span: Span, help: &str| {
            diagnostics.push(Diagnostic::new(codes::SUBSUMPTION, message).at(span).help(help));
        };
        if less.text != greater.text {
            let message = format!("`{}` and `{}` are two relations", less.text, greater.text);
            refuse(message, greater.span, "a tuple gives way to another of its own relation");
            continue;
        }
        let declared =
            schema.find(&less.text).filter(|pred| schema.predicate(*pred).kind == PredKind::Declared);
        let Some(pred) = declared else {
            let message = format!("no `.decl` declares `{}`", less.text);
            refuse(message, less.span, "tuples can give way in declared relations only");
            continue;
        };
        let columns = schema.predicate(pred).columns.clone();
        let pair = columns.iter().chain(&columns).cloned().collect();
        let (less, greater, pair) = (
            add(schema, columns.clone(), item.span),
            add(schema, columns, item.span),
            add(schema, pair, item.span),
        );
        pairs.insert(index, Pair { pred, less, greater, pair, body: premises(subsumption) });
    }
    pairs
}

fn add(schema: &mut Schema, columns: Vec<Column>, span: Span) -> PredId {
    let id = PredId(schema.predicates.len() as u32);
    schema.predicates.push(Predicate {
        name: "answer".into(),
        columns,
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Answer,
        span: Some(span),
    });
    id
}

/// `less, greater, (body)`
fn premises(subsumption: &ast::Subsumption) -> Body {
    let atom = |atom: &ast::Atom| Literal { kind: LiteralKind::Atom(atom.clone()), span: atom.span };
    let body = subsumption.body.clone();
    let span = body.span;
    let group = Literal { kind: LiteralKind::Group(body), span };
    Body { alternatives: vec![vec![atom(&subsumption.less), atom(&subsumption.greater), group]], span }
}

/// The rule of a subsumption.
pub(super) fn rule<'a>(
    resolver: &mut Resolver<'a>,
    subsumption: &'a ast::Subsumption,
    pair: &'a Pair,
    span: Span,
) -> Option<RawRule> {
    let heads = [subsumption.less.clone(), subsumption.greater.clone()];
    resolver.diagnostics.extend(lint::single_use(&heads, &subsumption.body, &[]));
    let mut rule = resolver.rule(Head::Answer(pair.pair, Vec::new()), Some(&pair.body), &[], span)?;
    let arity = resolver.schema.predicate(pair.pred).arity();
    let named = rule.vars.len();
    // One variable for each column of both tuples, unless the atom has one that it shares with
    // other premises.
    let mut columns: Vec<Option<RawExpr>> = vec![None; 2 * arity];
    for literals in &mut rule.alternatives {
        let mut equations = Vec::new();
        let mut sides =
            [(pair.less, subsumption.less.span), (pair.greater, subsumption.greater.span)].into_iter();
        let mut at = 0;
        for literal in literals.iter_mut() {
            let RawLiteral::Atom(atom) = literal else { continue };
            let Some((side, _)) = sides.next() else { break };
            if atom.pred != pair.pred {
                resolver.report(
                    Diagnostic::new(
                        codes::MISPLACED_METADATA,
                        "a subsumption compares tuples, not assertions",
                    )
                    .at(atom.span),
                );
                return None;
            }
            atom.pred = side;
            for arg in &mut atom.args {
                let column = &mut columns[at];
                at += 1;
                let own = match arg {
                    Some(RawExpr { kind: RawExprKind::Var(var), .. }) if (var.0 as usize) < named => {
                        column.is_none() && !rule.vars[var.0 as usize].name.ends_with('#')
                    }
                    _ => false,
                };
                if own {
                    column.clone_from(arg);
                    continue;
                }
                let head = column.get_or_insert_with(|| {
                    let id = VarId(rule.vars.len() as u32);
                    rule.vars.push(RawVar { name: format!("{}#", id.0), span: atom.span, level: 0 });
                    RawExpr::var(id, atom.span)
                });
                if let (RawExprKind::Var(var), Some(value)) = (&head.kind, arg.take()) {
                    let same = matches!(value.kind, RawExprKind::Var(other) if other == *var);
                    if !same {
                        equations.push(assign(*var, value, atom.span));
                    }
                }
                *arg = Some(head.clone());
            }
        }
        literals.append(&mut equations);
    }
    rule.args = columns;
    Some(rule)
}
