//! Factored recursions.
//!
//! A relation `p` is asked for values of its columns X and is to say those of its columns Z. Where a
//! rule hands on the answers of its recursive premise (`p(X, Z) :- first(X, Y), p(Y, Z)`), what is
//! true of Y is true of X. It is enough to know from which values X one comes to which Y,
//!
//! ```text
//! reached(S, S) :- demand(S).
//! reached(S, Y) :- reached(S, X), first(X, Y).
//! ```
//!
//! and to take the rules without recursion at all values reached: `p(S, Z) :- reached(S, X),
//! exit(X, Z)`. For one S this takes time linear in what is reached, where a demand for each Y would
//! answer for all of them. Rules that hand on the demand (`p(X, Z) :- p(X, Y), last(Y, Z)`) go on
//! from the answers, and those that do both (`p(X, Z) :- p(X, V), c(V, W), p(W, Z)`) reach W from
//! the answers V.
//!
//! It is sound as `reached(S, X)` says that all of `p(X, _)` holds of S: X occurs in nothing else
//! of a rule that hands on the demand, and Z in nothing else of one that hands on the answers.

use std::collections::BTreeSet;

use super::Origin;
use super::passing::{Known, atom_vars, can_fail, collect, without_calls};
use super::rewrite::{At, Pair, Rewriter, head_args};
use crate::base::Span;
use crate::model::program::{Arg, CompareOp, Var};
use crate::model::{Atom, Expr, Literal, PredId, Rule, RuleId, TypeId, Value, VarId};

/// What an alternative of a rule does with demand and answers; premises by their places.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// It does not read the relation.
    Exit,
    /// Hands on the demand to this premise.
    Left(usize),
    /// Hands on the answers of this premise.
    Right(usize),
    /// Hands on the demand to the first, the answers of the second.
    Both(usize, usize),
}

/// Columns: those for which values are given, and the others.
struct Columns<'a> {
    given: &'a [usize],
    free: Vec<usize>,
}

impl<'a> Columns<'a> {
    fn new(rewriter: &Rewriter<'_>, pred: PredId, given: &'a [usize]) -> Self {
        let width = rewriter.rules_of(pred).first().map_or(0, |(_, rule)| rule.args.len());
        Columns { given, free: (0..width).filter(|column| !given.contains(column)).collect() }
    }
}

/// Of the columns in which a relation is given values, those to ask for it with. Where a rule reads
/// it more than once, values in some columns may be better than in all: these rules hand each premise
/// other ones.
pub(super) fn worth_giving(rewriter: &Rewriter<'_>, pred: PredId, given: &[usize]) -> Vec<usize> {
    let reads = |literals: &Vec<Literal>| {
        literals.iter().filter(|literal| matches!(literal, Literal::Atom(atom) if atom.pred == pred)).count()
    };
    let rules = rewriter.rules_of(pred);
    let mut alternatives = rules.iter().flat_map(|(_, rule)| &rule.body.alternatives);
    if given.len() > 1 && alternatives.any(|literals| reads(literals) > 1) {
        for column in given {
            let one = vec![*column];
            if shapes(rewriter, pred, &Columns::new(rewriter, pred, &one)).is_some() {
                return one;
            }
        }
    }
    given.to_vec()
}

/// Writes the factored rules of a relation asked for with values in `given`; `false`, having done
/// nothing, if its rules are of other shapes or hand on no answers.
pub(super) fn factor(rewriter: &mut Rewriter<'_>, pred: PredId, given: &[usize], pair: Pair) -> bool {
    let columns = Columns::new(rewriter, pred, given);
    let Some(shapes) = shapes(rewriter, pred, &columns) else { return false };
    let name = rewriter.name(pred, given);
    let names: Vec<String> = given.iter().map(|column| rewriter.column_name(pred, *column)).collect();
    let start = names.iter().map(|name| format!("start_{name}"));
    let reached = rewriter.make(format!("reached {name}"), start.chain(names.clone()).collect());
    let factored = Factored { pred, columns, pair, reached };
    factored.start(rewriter);
    for (id, rule, literals, shape) in shapes {
        factored.rule(rewriter, id, rule, literals, shape);
    }
    factored.stated(rewriter);
    true
}

/// The alternatives of a relation's rules with what they do; `None` if there are others than those
/// shapes, or none that hands on answers.
#[allow(clippy::type_complexity)] // It is taken apart at once.
fn shapes<'a>(
    rewriter: &Rewriter<'a>,
    pred: PredId,
    columns: &Columns<'_>,
) -> Option<Vec<(RuleId, &'a Rule, &'a Vec<Literal>, Shape)>> {
    if columns.free.is_empty() {
        // Demand and answer are one and the same; nothing is answered twice.
        return None;
    }
    let mut shapes = Vec::new();
    for (id, rule) in rewriter.rules_of(pred) {
        for literals in &rule.body.alternatives {
            shapes.push((id, rule, literals, shape(pred, rule, literals, columns)?));
        }
    }
    let hands_on = |shape: &Shape| matches!(shape, Shape::Right(_) | Shape::Both(..));
    shapes.iter().any(|(.., shape)| hands_on(shape)).then_some(shapes)
}

fn shape(pred: PredId, rule: &Rule, literals: &[Literal], columns: &Columns<'_>) -> Option<Shape> {
    let own: Vec<(usize, &Atom)> = literals
        .iter()
        .enumerate()
        .filter_map(|(at, literal)| match literal {
            Literal::Atom(atom) if atom.pred == pred => Some((at, atom)),
            _ => None,
        })
        .collect();
    let plain_head = columns
        .given
        .iter()
        .all(|column| matches!(rule.args.get(*column), Some(Expr::Var(_) | Expr::Const(_))));
    let hands_on = |atom: &Atom, columns: &[usize]| hands_on(rule, literals, atom, columns);
    // The recursive premise goes, and what could fail behind it would fail before it.
    let safe = || !literals.iter().any(can_fail);
    match own.as_slice() {
        [] => plain_head.then_some(Shape::Exit),
        [(at, atom)] if hands_on(atom, columns.given) => Some(Shape::Left(*at)),
        [(at, atom)] => {
            let fits = plain_head
                && safe()
                && hands_on(atom, &columns.free)
                && asks_simply(rule, literals, *at, atom, columns);
            fits.then_some(Shape::Right(*at))
        }
        [(first, a), (second, b)] => [(*first, *a, *second, *b), (*second, *b, *first, *a)]
            .into_iter()
            .find(|(_, left, at, right)| {
                safe()
                    && hands_on(left, columns.given)
                    && hands_on(right, &columns.free)
                    && asks_simply(rule, literals, *at, right, columns)
            })
            .map(|(left, _, right, _)| Shape::Both(left, right)),
        _ => None,
    }
}

/// Whether an atom has the head's variables in these columns, each of which stands nowhere else.
fn hands_on(rule: &Rule, literals: &[Literal], atom: &Atom, columns: &[usize]) -> bool {
    columns.iter().all(|column| {
        let (Some(Expr::Var(head)), Some(Arg::Is(Expr::Var(var)))) =
            (rule.args.get(*column), atom.args.get(*column))
        else {
            return false;
        };
        let mut in_head = 0;
        rule.args.iter().for_each(|arg| arg.vars(&mut |other| in_head += usize::from(other == *var)));
        let mut in_body = 0;
        literals
            .iter()
            .for_each(|literal| collect(literal, &mut |other| in_body += usize::from(other == *var)));
        head == var && in_head == 1 && in_body == 1
    })
}

/// Whether the premise at `at` is asked for with constants and variables to which the others and the
/// head give values.
fn asks_simply(rule: &Rule, literals: &[Literal], at: usize, atom: &Atom, columns: &Columns<'_>) -> bool {
    let guard = Atom { pred: atom.pred, args: head_args(rule, columns.given), span: atom.span };
    let mut known = Known::guarded(guard);
    let others = || literals.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, literal)| literal);
    for literal in others() {
        if let Literal::Atom(atom) = literal {
            known.add(literal.clone(), atom_vars(atom), false);
        }
    }
    // Each turn can give a variable its value.
    for _ in 0..literals.len() {
        others().for_each(|literal| {
            known.take(literal);
        });
    }
    columns.given.iter().all(|column| match atom.args.get(*column) {
        Some(Arg::Is(Expr::Const(value))) => *value != Value::Nil,
        Some(Arg::Is(Expr::Var(var))) => known.is_bound(*var),
        _ => false,
    })
}

struct Factored<'a> {
    pred: PredId,
    columns: Columns<'a>,
    pair: Pair,
    reached: PredId,
}

impl Factored<'_> {
    /// Variables for the values asked for, behind those of a rule.
    fn seeds(&self, rewriter: &Rewriter<'_>, vars: &mut Vec<Var>, span: Span) -> Vec<Expr> {
        let types = rewriter.types(self.pred, self.columns.given);
        let seed = |(column, ty): (&usize, TypeId)| {
            let var = VarId(vars.len() as u32);
            let name = format!("0start_{}", rewriter.column_name(self.pred, *column)).into();
            vars.push(Var { name, ty, optional: false, span });
            Expr::Var(var)
        };
        self.columns.given.iter().zip(types).map(seed).collect()
    }

    fn reached(&self, seeds: &[Expr], values: Vec<Arg>, span: Span) -> Atom {
        let args = seeds.iter().cloned().map(Arg::Is).chain(values).collect();
        Atom { pred: self.reached, args, span }
    }

    /// `reached(S, S) :- demand(S).`
    fn start(&self, rewriter: &mut Rewriter<'_>) {
        let at = rewriter.at_stated(self.pred, &[]);
        let mut vars = Vec::new();
        let seeds = self.seeds(rewriter, &mut vars, at.span);
        let args = seeds.iter().cloned().map(Arg::Is).collect();
        let demand = Literal::Atom(Atom { pred: self.pair.demand, args, span: at.span });
        let head = seeds.iter().chain(&seeds).cloned().collect();
        rewriter.push(self.reached, head, vec![demand], vars, &at);
    }

    /// The head's columns with the values asked for in place of those given.
    fn answer(&self, args: &[Expr], seeds: &[Expr]) -> Vec<Expr> {
        let mut args = args.to_vec();
        for (column, seed) in self.columns.given.iter().zip(seeds) {
            if let Some(slot) = args.get_mut(*column) {
                *slot = seed.clone();
            }
        }
        args
    }

    fn rule(&self, rewriter: &mut Rewriter<'_>, id: RuleId, rule: &Rule, literals: &[Literal], shape: Shape) {
        let mut vars = rule.vars.clone();
        let seeds = self.seeds(rewriter, &mut vars, rule.span);
        let at = At { vars: &vars, origin: Origin::Rule(id), span: rule.span };
        // What the rule goes by, the premises that this replaces, and its head if it reaches more.
        let (guard, gone, asked) = match shape {
            Shape::Exit => (None, vec![], None),
            Shape::Right(right) => (None, vec![right], Some(right)),
            Shape::Left(left) => (Some(left), vec![left], None),
            Shape::Both(left, right) => (Some(left), vec![left, right], Some(right)),
        };
        let atom_at = |at: usize| match literals.get(at) {
            Some(Literal::Atom(atom)) => Some(atom),
            _ => None,
        };
        let guard = match guard.and_then(atom_at) {
            Some(atom) => Atom { pred: self.pair.answer, ..atom.clone() },
            None => self.reached(&seeds, head_args(rule, self.columns.given), rule.span),
        };
        let rest: Vec<Literal> = literals
            .iter()
            .enumerate()
            .filter(|(at, _)| !gone.contains(at))
            .map(|(_, literal)| literal.clone())
            .collect();
        let mut known = Known::guarded(without_calls(&guard));
        let mut body = vec![Literal::Atom(guard.clone())];
        body.extend(rewriter.body(&rest, &mut known, &at));
        let Some(asked) = asked.and_then(atom_at) else {
            let args = match shape {
                Shape::Left(_) => rule.args.clone(),
                _ => self.answer(&rule.args, &seeds),
            };
            rewriter.push(self.pair.answer, args, body, vars.clone(), &at);
            return;
        };
        let mut args: Vec<Expr> = match shape {
            Shape::Both(..) => head_values(&guard, self.columns.given),
            _ => seeds.clone(),
        };
        let values = head_values(asked, self.columns.given);
        body.extend(not_nil(&values, &vars, rule.span));
        args.extend(values);
        rewriter.push(self.reached, args, body, vars.clone(), &at);
    }

    /// What is stated of the relation holds of all values from which it is reached.
    fn stated(&self, rewriter: &mut Rewriter<'_>) {
        let Some((atom, mut vars)) = rewriter.stated(self.pred) else { return };
        let args: Vec<Expr> = (0..vars.len()).map(|var| Expr::Var(VarId(var as u32))).collect();
        let seeds = self.seeds(rewriter, &mut vars, atom.span);
        let given = self.columns.given.iter().filter_map(|column| atom.args.get(*column)).cloned().collect();
        let reached = self.reached(&seeds, given, atom.span);
        let at = rewriter.at_stated(self.pred, &[]);
        let body = vec![Literal::Atom(reached), Literal::Atom(atom)];
        rewriter.push(self.pair.answer, self.answer(&args, &seeds), body, vars, &at);
    }
}

/// The arguments of an atom in some columns.
fn head_values(atom: &Atom, columns: &[usize]) -> Vec<Expr> {
    let arg = |column: &usize| match atom.args.get(*column) {
        Some(Arg::Is(expr)) => Some(expr.clone()),
        _ => None,
    };
    columns.iter().filter_map(arg).collect()
}

/// `x != nil` for the variables that could be: they stood in the premise that is gone, too.
fn not_nil(values: &[Expr], vars: &[Var], span: Span) -> Vec<Literal> {
    let mut found = BTreeSet::new();
    values.iter().for_each(|value| {
        value.vars(&mut |var| {
            found.insert(var);
        });
    });
    found
        .into_iter()
        .filter(|var| vars.get(var.0 as usize).is_none_or(|known| known.optional))
        .map(|var| Literal::Compare {
            op: CompareOp::Ne,
            left: Expr::Var(var),
            right: Expr::Const(Value::Nil),
            possibly: false,
            span,
        })
        .collect()
}
