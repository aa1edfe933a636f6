//! A program with its facts, as generated, edited and shrunk.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::sync::Arc;

use factlog::base::{FileId, Span};
use factlog::engine::naive::Relations;
use factlog::model::program::{
    Aggregate, Arg, Body, CheckedProgram, CompareOp, Expr, Literal, Rule, RuleId, Stratum, VarId,
};
use factlog::model::schema::{PredId, Schema};
use factlog::model::value::Value;

/// One program with stated tuples.
#[derive(Clone)]
pub struct Case {
    pub program: CheckedProgram,
    /// In the order in which they are stated; one may be stated twice.
    pub facts: Vec<(PredId, Vec<Value>)>,
}

/// As program text, which is what one wants to see of a failing case.
impl fmt::Debug for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "\n{}", super::print::text(self))
    }
}

/// A place of its own for each thing generated.
pub fn span(at: usize) -> Span {
    Span::new(FileId(0), at, at + 1)
}

impl Case {
    pub fn new(schema: Arc<Schema>, rules: Vec<Rule>, facts: Vec<(PredId, Vec<Value>)>) -> Self {
        Case { program: check(schema, rules), facts }
    }

    /// The same schema and facts under other rules.
    pub fn with_rules(&self, rules: Vec<Rule>) -> Self {
        Case::new(Arc::clone(&self.program.schema), rules, self.facts.clone())
    }

    pub fn stated(&self) -> Relations {
        let mut stated = Relations::new();
        for (pred, tuple) in &self.facts {
            stated.entry(*pred).or_default().insert(tuple.clone());
        }
        stated
    }
}

/// Puts rules into strata: the strongly connected components of "reads", bottom-up.
pub fn check(schema: Arc<Schema>, mut rules: Vec<Rule>) -> CheckedProgram {
    rules.iter_mut().for_each(|rule| mark_optional(&schema, rule));
    let n = schema.predicates.len();
    let mut reads = vec![vec![false; n]; n];
    for rule in &rules {
        rule.body.atoms(&mut |atom, _| reads[rule.head.0 as usize][atom.pred.0 as usize] = true);
    }
    let direct = reads.clone();
    for via in 0..n {
        for from in 0..n {
            for to in 0..n {
                reads[from][to] |= reads[from][via] && reads[via][to];
            }
        }
    }
    let mut rules_of: HashMap<PredId, Vec<RuleId>> = HashMap::new();
    for (i, rule) in rules.iter().enumerate() {
        rules_of.entry(rule.head).or_default().push(RuleId(i as u32));
    }
    let mut strata: Vec<Vec<usize>> = Vec::new();
    let mut placed = vec![false; n];
    while let Some(start) =
        (0..n).find(|&p| !placed[p] && (0..n).all(|q| placed[q] || !reads[p][q] || reads[q][p]))
    {
        let members: Vec<usize> =
            (0..n).filter(|&q| q == start || (reads[start][q] && reads[q][start])).collect();
        members.iter().for_each(|&q| placed[q] = true);
        strata.push(members);
    }
    let stratum = |members: &Vec<usize>| {
        let predicates: Vec<PredId> = members.iter().map(|&p| PredId(p as u32)).collect();
        let mut rules: Vec<RuleId> =
            predicates.iter().filter_map(|p| rules_of.get(p)).flatten().copied().collect();
        rules.sort();
        let recursive = members.iter().any(|&p| members.iter().any(|&q| direct[p][q]));
        Stratum { predicates, rules, recursive }
    };
    let strata = strata.iter().map(stratum).filter(|stratum| !stratum.rules.is_empty()).collect();
    CheckedProgram { schema, rules, strata, rules_of, ..CheckedProgram::default() }
}

/// Whether every variable of every rule gets a value whatever the facts are.
pub fn safe(program: &CheckedProgram) -> bool {
    program.rules.iter().all(|rule| {
        rule.body.alternatives.iter().all(|alternative| {
            conjunction(alternative, &BTreeSet::new())
                .is_some_and(|bound| rule.args.iter().all(|arg| within(arg, &bound)))
        })
    })
}

fn mark_optional(schema: &Schema, rule: &mut Rule) {
    let mut optional = BTreeSet::new();
    rule.body.atoms(&mut |atom, _| {
        for (arg, column) in atom.args.iter().zip(&schema.predicate(atom.pred).columns) {
            if let (Arg::Is(Expr::Var(var)), true) = (arg, column.optional) {
                optional.insert(*var);
            }
        }
    });
    for literal in rule.body.alternatives.iter().flatten() {
        if let Literal::Compare { op: CompareOp::Eq, left, right, .. } = literal
            && [left, right].iter().any(|side| matches!(side, Expr::Const(Value::Nil)))
        {
            direct(literal, &mut optional);
        }
    }
    for (i, var) in rule.vars.iter_mut().enumerate() {
        var.optional = optional.contains(&VarId(i as u32));
    }
}

fn within(expr: &Expr, bound: &BTreeSet<VarId>) -> bool {
    let mut all = true;
    expr.vars(&mut |var| all &= bound.contains(&var));
    all
}

/// The variables bound once the conjunction is solved; `None` if it is unsafe.
pub fn conjunction(literals: &[Literal], outer: &BTreeSet<VarId>) -> Option<BTreeSet<VarId>> {
    let mut bound = outer.clone();
    let mut own = outer.clone();
    for literal in literals {
        direct(literal, &mut own);
        if let Literal::Atom(atom) = literal {
            bound.extend(atom.args.iter().filter_map(|arg| match arg {
                Arg::Is(Expr::Var(var)) => Some(*var),
                _ => None,
            }));
        }
    }
    let mut open: Vec<&Literal> = literals.iter().collect();
    while !open.is_empty() {
        let i = open.iter().position(|literal| done(literal, &mut bound, &own))?;
        open.remove(i);
    }
    Some(bound)
}

/// Whether the literal can be decided now; adds what it binds.
fn done(literal: &Literal, bound: &mut BTreeSet<VarId>, own: &BTreeSet<VarId>) -> bool {
    let side = |expr: &Expr, bound: &BTreeSet<VarId>| match expr {
        Expr::Aggregate(aggregate) => nested(&aggregate.body, aggregate.arg.as_ref(), bound, own),
        other => within(other, bound),
    };
    match literal {
        Literal::Bool(_) => true,
        Literal::Atom(atom) => atom.args.iter().all(|arg| match arg {
            Arg::Any => true,
            Arg::Is(expr) => within(expr, bound),
        }),
        Literal::Not(body, _) => nested(body, None, bound, own),
        Literal::Compare { op: CompareOp::Eq, left, right, possibly: false, .. } => {
            for (from, to) in [(left, right), (right, left)] {
                if let Expr::Var(var) = to
                    && side(from, bound)
                {
                    bound.insert(*var);
                    return true;
                }
            }
            side(left, bound) && side(right, bound)
        }
        Literal::Compare { left, right, .. } => side(left, bound) && side(right, bound),
        Literal::Test { left, right, .. } => within(left, bound) && within(right, bound),
        Literal::In { item, list, .. } => {
            if !within(list, bound) {
                return false;
            }
            if let Expr::Var(var) = item {
                bound.insert(*var);
            }
            within(item, bound)
        }
    }
}

fn nested(body: &Body, arg: Option<&Expr>, bound: &BTreeSet<VarId>, own: &BTreeSet<VarId>) -> bool {
    let mut mentioned = BTreeSet::new();
    deep(body, &mut mentioned);
    if let Some(arg) = arg {
        arg.vars(&mut |var| {
            mentioned.insert(var);
        });
    }
    mentioned.intersection(own).all(|var| bound.contains(var))
        && body.alternatives.iter().all(|alternative| {
            conjunction(alternative, bound).is_some_and(|inner| arg.is_none_or(|arg| within(arg, &inner)))
        })
}

/// Variables of a literal outside nested bodies.
pub fn direct(literal: &Literal, vars: &mut BTreeSet<VarId>) {
    let mut add = |expr: &Expr| {
        expr.vars(&mut |var| {
            vars.insert(var);
        });
    };
    match literal {
        Literal::Atom(atom) => atom.args.iter().for_each(|arg| {
            if let Arg::Is(expr) = arg {
                add(expr);
            }
        }),
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

pub fn deep(body: &Body, vars: &mut BTreeSet<VarId>) {
    for literal in body.alternatives.iter().flatten() {
        direct(literal, vars);
        match literal {
            Literal::Not(body, _) => deep(body, vars),
            Literal::Compare { left, right, .. } => {
                for side in [left, right] {
                    if let Expr::Aggregate(aggregate) = side {
                        let Aggregate { body, arg, .. } = &**aggregate;
                        deep(body, vars);
                        if let Some(arg) = arg {
                            arg.vars(&mut |var| {
                                vars.insert(var);
                            });
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Bodies nested in a literal, at any depth of its own level only: `Not` and aggregates.
pub fn nested_bodies(literal: &mut Literal) -> Vec<&mut Body> {
    match literal {
        Literal::Not(body, _) => vec![body],
        Literal::Compare { left, right, .. } => [left, right]
            .into_iter()
            .filter_map(|side| match side {
                Expr::Aggregate(aggregate) => Some(&mut aggregate.body),
                _ => None,
            })
            .collect(),
        _ => Vec::new(),
    }
}
