//! The stated facts behind a derived tuple: a search backwards over an evaluated model.
//!
//! Each step asks the model for one solution of a rule whose head is fixed, which its indexes
//! answer at once, and goes on with the tuples of that solution. Depth and number of facts are
//! bounded: this finds places for a finding, not all proofs of it.

use std::collections::HashSet;

use super::query::{evaluate, without_rules};
use super::{Error, Session};
use crate::base::Span;
use crate::engine::{Engine, Model, Request, Tables};
use crate::model::Value;
use crate::model::program::{Arg, Atom, Expr, Literal, Rule, VarId};
use crate::model::schema::{PredId, PredKind};
use crate::storage::{Interner, Table};
use crate::syntax::datalog::ast::CompareOp;

/// No finding shows more facts.
const MOST: usize = 8;
/// No derivation is followed deeper.
const DEPTH: usize = 16;

impl Session {
    /// Places of the stated facts that an answer of a goal rests on, in the order of its premises.
    /// `answer` holds one value for each argument of the goal's head; `model` holds every relation
    /// that the goal reads.
    pub(super) fn rests_on(
        &mut self,
        goal: &Rule,
        answer: &[Value],
        model: &Model,
    ) -> Result<Vec<Span>, Error> {
        let mut search = Search { places: Vec::new(), seen: HashSet::new() };
        let head = goal.args.iter().cloned().zip(answer.iter().cloned()).collect();
        self.premises(goal, head, model, DEPTH, &mut search)?;
        Ok(search.places)
    }

    /// Follows one solution of a rule whose head arguments have these values.
    fn premises(
        &mut self,
        rule: &Rule,
        head: Vec<(Expr, Value)>,
        model: &Model,
        depth: usize,
        search: &mut Search,
    ) -> Result<bool, Error> {
        let schema = self.schema().clone();
        for alternative in &rule.body.alternatives {
            let atoms: Vec<&Atom> = alternative
                .iter()
                .filter_map(|literal| match literal {
                    Literal::Atom(atom) => Some(atom),
                    _ => None,
                })
                .collect();
            let (question, columns) =
                question(rule, alternative, &head, PredId(schema.predicates.len() as u32));
            let Some(solution) = self.first_solution(question, model)? else { continue };
            let value = |expr: &Expr| match expr {
                Expr::Const(value) => Some(value.clone()),
                Expr::Var(var) => {
                    columns.iter().position(|known| known == var).map(|at| solution[at].clone())
                }
                _ => None,
            };
            let mut shift = columns.len();
            for atom in atoms {
                let tuple: Vec<Option<Value>> = atom
                    .args
                    .iter()
                    .map(|arg| match arg {
                        Arg::Is(expr @ (Expr::Const(_) | Expr::Var(_))) => value(expr),
                        Arg::Is(_) | Arg::Any => {
                            shift += 1;
                            Some(solution[shift - 1].clone())
                        }
                    })
                    .collect();
                if search.places.len() >= MOST {
                    return Ok(true);
                }
                self.follow(atom.pred, tuple, model, depth, search)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Notes the facts that state a tuple, or goes on with a rule that derives it.
    fn follow(
        &mut self,
        pred: PredId,
        tuple: Vec<Option<Value>>,
        model: &Model,
        depth: usize,
        search: &mut Search,
    ) -> Result<(), Error> {
        let Some(tuple) = tuple.into_iter().collect::<Option<Vec<Value>>>() else { return Ok(()) };
        if !search.seen.insert((pred, tuple.clone())) {
            return Ok(());
        }
        let kind = self.schema().predicate(pred).kind;
        let (stated, columns) = match kind {
            PredKind::Assertions(stated) => (stated, self.schema().predicate(stated).arity()),
            _ => (pred, tuple.len()),
        };
        if matches!(kind, PredKind::Declared | PredKind::Assertions(_)) {
            let wanted_src = match kind {
                PredKind::Assertions(_) => tuple.get(columns + 2),
                _ => None,
            };
            let words: Option<Vec<_>> =
                tuple[..columns].iter().map(|value| self.base.database.interner().get(value)).collect();
            if let Some(words) = words {
                let assertions = self.base.database.assertions_of(stated, &words);
                let before = search.places.len();
                for assertion in assertions {
                    let src = assertion.src.clone().map_or(Value::Nil, Value::Symbol);
                    if wanted_src.is_none_or(|wanted| *wanted == src)
                        && search.places.len() < MOST
                        && !search.places.contains(&assertion.span)
                    {
                        search.places.push(assertion.span);
                    }
                }
                if search.places.len() > before {
                    return Ok(());
                }
            }
        }
        let Some(depth) = depth.checked_sub(1) else { return Ok(()) };
        let rules: Vec<Rule> = self
            .program()
            .rules_of
            .get(&pred)
            .into_iter()
            .flatten()
            .map(|id| self.program().rule(*id).clone())
            .collect();
        for rule in rules {
            let head = rule.args.iter().cloned().zip(tuple.iter().cloned()).collect();
            if self.premises(&rule, head, model, depth, search)? {
                break;
            }
        }
        Ok(())
    }

    /// The first solution by value of a question over the model.
    fn first_solution(&mut self, question: Rule, model: &Model) -> Result<Option<Vec<Value>>, Error> {
        let program = without_rules(&self.base.analysis.program);
        let engine = OverModel { engine: &self.engine, model };
        let goals = [question];
        let request = Request::new(&program, &goals, &[]);
        let found = evaluate(&engine, &request, &mut self.base.database, &self.limits, &self.cancel)?;
        let interner = self.base.database.interner();
        let rows = found.table(goals[0].head).into_iter().flat_map(|table| table.iter());
        Ok(rows.map(|row| super::query::values(interner, row)).min())
    }
}

struct Search {
    places: Vec<Span>,
    seen: HashSet<(PredId, Vec<Value>)>,
}

/// `?(variables, others) :- alternative, others = computed, head = values.`, with the variables
/// that come first. The others stand for wildcards and for arguments that are computed.
fn question(
    rule: &Rule,
    alternative: &[Literal],
    head: &[(Expr, Value)],
    pred: PredId,
) -> (Rule, Vec<VarId>) {
    let mut question = rule.clone();
    let mut body = alternative.to_vec();
    let mut columns: Vec<VarId> = Vec::new();
    let mut others: Vec<VarId> = Vec::new();
    let mut computed = Vec::new();
    for literal in &mut body {
        if let Literal::Atom(atom) = literal {
            for arg in &mut atom.args {
                match arg {
                    Arg::Is(Expr::Var(var)) => {
                        if !columns.contains(var) {
                            columns.push(*var);
                        }
                    }
                    Arg::Is(Expr::Const(_)) => {}
                    Arg::Is(_) | Arg::Any => {
                        let var = VarId(question.vars.len() as u32);
                        let known = question.vars.first().cloned();
                        question.vars.push(crate::model::program::Var {
                            name: format!("{}#", question.vars.len()).into(),
                            ty: known
                                .as_ref()
                                .map_or(crate::analysis::types::builtin::SYMBOL, |known| known.ty),
                            optional: true,
                            span: atom.span,
                        });
                        others.push(var);
                        if let Arg::Is(expr) = std::mem::replace(arg, Arg::Is(Expr::Var(var))) {
                            computed.push(equal(Expr::Var(var), expr, rule.span));
                        }
                    }
                }
            }
        }
    }
    body.extend(computed);
    for (expr, value) in head {
        // A nil of the head equals nothing by `=`, except against the constant.
        body.push(equal(expr.clone(), Expr::Const(value.clone()), rule.span));
    }
    question.head = pred;
    question.args = columns.iter().chain(&others).map(|var| Expr::Var(*var)).collect();
    question.body.alternatives = vec![body];
    (question, columns)
}

fn equal(left: Expr, right: Expr, span: Span) -> Literal {
    Literal::Compare { op: CompareOp::Eq, left, right, possibly: false, span }
}

/// An engine that finds derived relations in a model instead of deriving them.
struct OverModel<'a, E> {
    engine: &'a E,
    model: &'a Model,
}

impl<E: Engine> Engine for OverModel<'_, E> {
    fn evaluate(
        &self,
        request: &Request<'_>,
        tables: &dyn Tables,
        interner: &mut Interner,
        budget: &crate::base::Budget,
    ) -> Result<Model, crate::engine::EvalError> {
        let tables = WithModel { stated: tables, model: self.model };
        self.engine.evaluate(request, &tables, interner, budget)
    }
}

struct WithModel<'a> {
    stated: &'a dyn Tables,
    model: &'a Model,
}

impl Tables for WithModel<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        self.model.table(pred).map(AsRef::as_ref).or_else(|| self.stated.table(pred))
    }
}
