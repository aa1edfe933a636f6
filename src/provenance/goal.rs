//! The parts of a conjunction that a search satisfies one by one, and the values of expressions.

use std::collections::HashSet;

use super::words::Words;
use crate::model::functor;
use crate::model::program::{Aggregate, Arg, Atom, Body, Expr, Literal, VarId};
use crate::model::{Functor, Value, program::CompareOp};
use crate::storage::Word;
use crate::storage::interner::{MISSING, NIL};

/// Something to be satisfied.
#[derive(Clone, Copy, Debug)]
pub(super) enum Goal<'r> {
    /// A premise, by its place in the conjunction.
    Literal(usize, &'r Literal),
    /// A column of a matched atom holds the value of its argument.
    Column(usize, usize, &'r Expr),
    /// An argument of the head has this value.
    Head(&'r Expr, Word),
}

/// What an expression comes to under the values known so far.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Computed {
    /// A variable in it has no value yet.
    Open,
    /// It has none, or it cannot be computed.
    Nothing,
    /// Its value, which can be nil.
    Word(Word),
}

/// The value of an expression without aggregates.
pub(super) fn compute(expr: &Expr, slots: &[Word], words: &Words<'_>) -> Computed {
    match expr {
        Expr::Var(var) => match slot(slots, *var) {
            MISSING => Computed::Open,
            word => Computed::Word(word),
        },
        Expr::Const(value) => Computed::Word(words.word(value)),
        Expr::List(items) => match operands(items, slots, words) {
            Ok(values) => Computed::Word(words.word(&Value::list(values))),
            Err(other) => other,
        },
        Expr::Struct(of, fields, _) => match operands(fields, slots, words) {
            Ok(values) => match of.build(values) {
                Ok(Some(value)) => Computed::Word(words.word(&value)),
                _ => Computed::Nothing,
            },
            Err(other) => other,
        },
        Expr::Call(functor, args, _) => match operands(args, slots, words) {
            // A computation that fails satisfies nothing, else there were no model to search in.
            Ok(values) => match functor::apply(*functor, &values) {
                Ok(Some(value)) if !values.iter().any(Value::is_nil) => Computed::Word(words.word(&value)),
                _ => Computed::Nothing,
            },
            Err(other) => other,
        },
        Expr::Aggregate(_) => Computed::Open,
    }
}

/// The values of all, or what keeps one from having a value, an open variable first.
fn operands(exprs: &[Expr], slots: &[Word], words: &Words<'_>) -> Result<Vec<Value>, Computed> {
    let mut values = Vec::with_capacity(exprs.len());
    let mut missing = false;
    for expr in exprs {
        match compute(expr, slots, words) {
            Computed::Word(word) => values.push(words.value(word)),
            Computed::Nothing => missing = true,
            Computed::Open => return Err(Computed::Open),
        }
    }
    if missing { Err(Computed::Nothing) } else { Ok(values) }
}

/// The word of a variable.
pub(super) fn slot(slots: &[Word], var: VarId) -> Word {
    slots.get(var.0 as usize).copied().unwrap_or(MISSING)
}

/// Whether a comparison of two known values holds.
pub(super) fn compares(op: CompareOp, possibly: bool, sides: [(&Expr, Word); 2], words: &Words<'_>) -> bool {
    let [(left, a), (right, b)] = sides;
    let is_nil = |expr: &Expr| matches!(expr, Expr::Const(Value::Nil));
    if is_nil(left) || is_nil(right) {
        return match op {
            CompareOp::Eq => a == b,
            CompareOp::Ne => a != b,
            _ => false,
        };
    }
    match op {
        _ if a == NIL || b == NIL => false,
        CompareOp::Eq if !possibly => a == b,
        CompareOp::Ne if !possibly => a != b,
        _ => functor::compare(op, possibly, &words.value(a), &words.value(b)),
    }
}

/// The distinct items of a list that are not nil.
#[derive(Debug)]
pub(super) enum Items {
    /// Their words, the next one last.
    Words(Vec<Word>),
    /// Numbers; a range is never written out.
    Range(functor::Steps),
}

impl Items {
    /// Those of a list that can be computed; of another there are none.
    pub fn of(list: &Expr, slots: &[Word], words: &Words<'_>) -> Items {
        if let Expr::Call(Functor::Range, args, _) = list {
            let value = |arg: &Expr| match compute(arg, slots, words) {
                Computed::Word(word) => words.value(word),
                _ => Value::Nil,
            };
            let args: Vec<Value> = args.iter().map(value).collect();
            return match functor::range(&args) {
                Ok(Some(steps)) => Items::Range(steps),
                _ => Items::Words(Vec::new()),
            };
        }
        let mut items: Vec<Word> = match compute(list, slots, words) {
            Computed::Word(word) => {
                functor::elements(&words.value(word)).map(|item| words.word(item)).collect()
            }
            _ => Vec::new(),
        };
        items.sort_unstable();
        items.dedup();
        Items::Words(items)
    }

    /// Whether a value is one of them.
    pub fn contain(&self, word: Word, words: &Words<'_>) -> bool {
        match self {
            Items::Words(items) => items.contains(&word),
            Items::Range(steps) => {
                matches!(words.value(word), Value::Number(number) if steps.contains(number))
            }
        }
    }

    /// The next one.
    pub fn next(&mut self, words: &Words<'_>) -> Option<Word> {
        match self {
            Items::Words(items) => items.pop(),
            Items::Range(steps) => steps.next().map(|number| words.word(&Value::Number(number))),
        }
    }
}

/// The atom that a literal is.
pub(super) fn as_atom(literal: &Literal) -> Option<&Atom> {
    match literal {
        Literal::Atom(atom) => Some(atom),
        _ => None,
    }
}

/// The aggregate of a comparison, with the other side.
pub(super) fn as_aggregate(literal: &Literal) -> Option<(&Aggregate, &Expr)> {
    match literal {
        Literal::Compare { left: Expr::Aggregate(aggregate), right, .. } => Some((aggregate, right)),
        Literal::Compare { left, right: Expr::Aggregate(aggregate), .. } => Some((aggregate, left)),
        _ => None,
    }
}

/// Calls `visit` for the variables of a literal outside its nested bodies.
pub(super) fn own_vars(literal: &Literal, visit: &mut impl FnMut(VarId)) {
    match literal {
        Literal::Atom(atom) => {
            for arg in &atom.args {
                if let Arg::Is(expr) = arg {
                    expr.vars(visit);
                }
            }
        }
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            left.vars(visit);
            right.vars(visit);
        }
        Literal::In { item, list, .. } => {
            item.vars(visit);
            list.vars(visit);
        }
        Literal::Not(..) | Literal::Bool(_) => {}
    }
}

/// Adds every variable of a body, its nested bodies included.
pub(super) fn body_vars(body: &Body, found: &mut HashSet<VarId>) {
    for literal in body.alternatives.iter().flatten() {
        own_vars(literal, &mut |var| {
            found.insert(var);
        });
        nested_vars(literal, found);
    }
}

/// Adds the variables of a literal's nested bodies.
pub(super) fn nested_vars(literal: &Literal, found: &mut HashSet<VarId>) {
    match literal {
        Literal::Not(body, _) => body_vars(body, found),
        Literal::Compare { left, right, .. } => {
            for side in [left, right] {
                if let Expr::Aggregate(aggregate) = side {
                    body_vars(&aggregate.body, found);
                    aggregate.arg.iter().for_each(|arg| {
                        arg.vars(&mut |var| {
                            found.insert(var);
                        });
                    });
                }
            }
        }
        _ => {}
    }
}
