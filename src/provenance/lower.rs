//! Programs whose answers need only what is firm enough: rules of which the positive atoms read
//! relations cut down to some of their assertions, while negations and aggregates read everything.
//!
//! A relation that can be less than firm has a second one beside it, its lowered form, under the id
//! past the schema's. An aggregate keeps its value and counts twice more: all assignments that it
//! ranges over, and those of them that are firm. It is as firm as all of them if both are the same.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::goal::{self, as_aggregate};
use crate::base::Span;
use crate::model::program::{
    Aggregate, AggregateOp, Arg, Atom, Body, CheckedProgram, CompareOp, Expr, Literal, RuleId, Stratum, Var,
    VarId,
};
use crate::model::{PredId, Rule, TypeId};

/// A program with the lowered forms of some of its relations.
#[derive(Debug)]
pub(super) struct Lowered {
    pub program: CheckedProgram,
    pub goals: Vec<Rule>,
    /// The relations that have a lowered form.
    weak: HashSet<PredId>,
    /// What is added to the id of a relation for that of its lowered form.
    offset: u32,
}

impl Lowered {
    /// `program` and `goals` with lowered forms of `weak` relations. Rules that assume something are
    /// left out of them unless `assuming`.
    pub fn new(program: &CheckedProgram, goals: &[Rule], weak: HashSet<PredId>, assuming: bool) -> Lowered {
        let offset = program.schema.predicates.len() as u32;
        let mut lowered = Lowered { program: program.clone(), goals: Vec::new(), weak, offset };
        let mut schema = (*program.schema).clone();
        schema.predicates.extend(program.schema.predicates.iter().cloned());
        let number = schema.type_names.get("number").copied().unwrap_or(TypeId(1));
        lowered.program.schema = Arc::new(schema);
        for stratum in &program.strata {
            let predicates: Vec<PredId> =
                stratum.predicates.iter().filter(|pred| lowered.weak.contains(pred)).copied().collect();
            if predicates.is_empty() {
                continue;
            }
            let mut rules = Vec::new();
            for pred in &predicates {
                for id in program.rules_of.get(pred).into_iter().flatten() {
                    let rule = program.rule(*id);
                    if !assuming && !rule.assume.is_empty() {
                        continue;
                    }
                    let id = RuleId(lowered.program.rules.len() as u32);
                    let made = lowered.rule(rule, lowered.of(*pred), number);
                    lowered.program.rules.push(made);
                    lowered.program.rules_of.entry(lowered.of(*pred)).or_default().push(id);
                    rules.push(id);
                }
            }
            let predicates = predicates.iter().map(|pred| lowered.of(*pred)).collect();
            lowered.program.strata.push(Stratum { predicates, rules, recursive: stratum.recursive });
        }
        let stays = |goal: &&Rule| assuming || goal.assume.is_empty();
        lowered.goals = goals
            .iter()
            .filter(stays)
            .map(|goal| lowered.rule(goal, lowered.head(goal.head), number))
            .collect();
        lowered
    }

    /// The lowered form of a relation, or itself if it has none.
    pub fn of(&self, pred: PredId) -> PredId {
        if self.weak.contains(&pred) { PredId(pred.0 + self.offset) } else { pred }
    }

    /// The head of what a goal has become.
    pub fn head(&self, goal: PredId) -> PredId {
        if goal.0 < self.offset { goal } else { PredId(goal.0 + self.offset) }
    }

    /// The relation of which this is the lowered form.
    pub fn original(&self, pred: PredId) -> Option<PredId> {
        let pred = PredId(pred.0.checked_sub(self.offset)?);
        self.weak.contains(&pred).then_some(pred)
    }

    fn rule(&self, rule: &Rule, head: PredId, number: TypeId) -> Rule {
        let mut writer = Writer { lowered: self, vars: rule.vars.clone(), number, span: rule.span };
        let alternatives = rule.body.alternatives.iter();
        let alternatives = alternatives.map(|literals| writer.literals(literals, None)).collect();
        let body = Body { alternatives };
        Rule { head, body, vars: writer.vars, ..rule.clone() }
    }

    /// Whether how firm a body is depends on more than that it holds.
    fn reads_weak(&self, body: &Body) -> bool {
        body.alternatives.iter().flatten().any(|literal| match literal {
            Literal::Atom(atom) => self.weak.contains(&atom.pred),
            other => as_aggregate(other).is_some_and(|(aggregate, _)| self.reads_weak(&aggregate.body)),
        })
    }
}

/// Which of the relations that goals and `wanted` reach can be less than firm: those of which that is
/// so of what is stated, those with a rule that assumes something, and what rests on them.
pub(super) fn weak(
    program: &CheckedProgram,
    goals: &[Rule],
    reached: &[PredId],
    is_stated_weak: impl Fn(PredId) -> bool,
) -> HashSet<PredId> {
    let mut weak: HashSet<PredId> = reached.iter().copied().filter(|pred| is_stated_weak(*pred)).collect();
    let rules = || {
        let of = |pred: &PredId| program.rules_of.get(pred).into_iter().flatten();
        reached.iter().flat_map(of).map(|id| program.rule(*id)).chain(goals)
    };
    loop {
        let before = weak.len();
        for rule in rules() {
            if !rule.assume.is_empty() || rests_on(&rule.body, &weak) {
                weak.insert(rule.head);
            }
        }
        if weak.len() == before {
            return weak;
        }
    }
}

fn rests_on(body: &Body, weak: &HashSet<PredId>) -> bool {
    body.alternatives.iter().flatten().any(|literal| match literal {
        Literal::Atom(atom) => weak.contains(&atom.pred),
        other => as_aggregate(other).is_some_and(|(aggregate, _)| rests_on(&aggregate.body, weak)),
    })
}

struct Writer<'l> {
    lowered: &'l Lowered,
    vars: Vec<Var>,
    number: TypeId,
    span: Span,
}

impl Writer<'_> {
    /// A conjunction that holds where this does and is firm. `around` are the variables of the bodies
    /// around it, if it stands in one.
    fn literals(&mut self, literals: &[Literal], around: Option<&HashSet<VarId>>) -> Vec<Literal> {
        let mut own = around.cloned().unwrap_or_default();
        literals.iter().for_each(|literal| {
            goal::own_vars(literal, &mut |var| {
                own.insert(var);
            });
        });
        let mut written = Vec::with_capacity(literals.len());
        for literal in literals {
            match literal {
                Literal::Atom(atom) => {
                    written.push(Literal::Atom(Atom { pred: self.lowered.of(atom.pred), ..atom.clone() }));
                }
                other => {
                    written.push(other.clone());
                    if let Some((aggregate, _)) = as_aggregate(other)
                        && self.lowered.reads_weak(&aggregate.body)
                    {
                        let all_firm = self.all_firm(aggregate, &own);
                        match around {
                            None => written.extend(all_firm),
                            // No variable more may tell the assignments apart that are counted.
                            Some(_) => written.push(not(vec![not(all_firm.into(), self.span)], self.span)),
                        }
                    }
                }
            }
        }
        written
    }

    /// `n = count : {body}, n = count : {lowered body}`
    fn all_firm(&mut self, aggregate: &Aggregate, around: &HashSet<VarId>) -> [Literal; 2] {
        let all = counted(aggregate);
        let alternatives =
            all.alternatives.iter().map(|literals| self.literals(literals, Some(around))).collect();
        let firm = Body { alternatives };
        let n = self.new_var("0n", self.number);
        [all, firm].map(|body| {
            let body = self.renamed(&body, around);
            let count = Aggregate {
                op: AggregateOp::Count,
                arg: None,
                separator: Arc::from(""),
                float: false,
                wraps: false,
                body,
                span: aggregate.span,
            };
            Literal::Compare {
                op: CompareOp::Eq,
                left: Expr::Var(n),
                right: Expr::Aggregate(Box::new(count)),
                possibly: false,
                span: aggregate.span,
            }
        })
    }

    fn new_var(&mut self, name: &str, ty: TypeId) -> VarId {
        self.vars.push(Var { name: Arc::from(name), ty, optional: false, span: self.span });
        VarId(self.vars.len() as u32 - 1)
    }

    /// A body with new names for the variables that are its own.
    fn renamed(&mut self, body: &Body, around: &HashSet<VarId>) -> Body {
        let mut inside = HashSet::new();
        goal::body_vars(body, &mut inside);
        let mut own: Vec<VarId> = inside.difference(around).copied().collect();
        own.sort();
        let mut names = HashMap::new();
        for var in own {
            let Some(known) = self.vars.get(var.0 as usize).cloned() else { continue };
            self.vars.push(known);
            names.insert(var, VarId(self.vars.len() as u32 - 1));
        }
        map_body(body, &names)
    }
}

fn not(literals: Vec<Literal>, span: Span) -> Literal {
    Literal::Not(Body { alternatives: vec![literals] }, span)
}

/// What an aggregate ranges over, as far as it counts.
fn counted(aggregate: &Aggregate) -> Body {
    let mut body = aggregate.body.clone();
    let Some(arg) = &aggregate.arg else { return body };
    let nil_counts = matches!(aggregate.op, AggregateOp::Count | AggregateOp::List);
    if nil_counts && !matches!(arg, Expr::Call(..) | Expr::Struct(..)) {
        return body;
    }
    // Holds just if there is a value, which is not nil.
    for literals in &mut body.alternatives {
        literals.push(Literal::Compare {
            op: CompareOp::Eq,
            left: arg.clone(),
            right: arg.clone(),
            possibly: false,
            span: aggregate.span,
        });
    }
    body
}

type Names = HashMap<VarId, VarId>;

fn map_body(body: &Body, names: &Names) -> Body {
    let literals = |literals: &Vec<Literal>| literals.iter().map(|literal| map(literal, names)).collect();
    Body { alternatives: body.alternatives.iter().map(literals).collect() }
}

fn map(literal: &Literal, names: &Names) -> Literal {
    let mut literal = literal.clone();
    match &mut literal {
        Literal::Atom(atom) => {
            for arg in &mut atom.args {
                if let Arg::Is(expr) = arg {
                    *expr = map_expr(expr, names);
                }
            }
        }
        Literal::Not(body, _) => *body = map_body(body, names),
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            *left = map_expr(left, names);
            *right = map_expr(right, names);
        }
        Literal::In { item, list, .. } => {
            *item = map_expr(item, names);
            *list = map_expr(list, names);
        }
        Literal::Bool(_) => {}
    }
    literal
}

fn map_expr(expr: &Expr, names: &Names) -> Expr {
    let all = |exprs: &Vec<Expr>| exprs.iter().map(|expr| map_expr(expr, names)).collect();
    match expr {
        Expr::Var(var) => Expr::Var(names.get(var).copied().unwrap_or(*var)),
        Expr::Const(_) => expr.clone(),
        Expr::Call(functor, args, span) => Expr::Call(*functor, all(args), *span),
        Expr::List(items) => Expr::List(all(items)),
        Expr::Struct(of, fields, span) => Expr::Struct(Arc::clone(of), all(fields), *span),
        Expr::Aggregate(aggregate) => Expr::Aggregate(Box::new(Aggregate {
            arg: aggregate.arg.as_ref().map(|arg| map_expr(arg, names)),
            body: map_body(&aggregate.body, names),
            ..(**aggregate).clone()
        })),
    }
}
