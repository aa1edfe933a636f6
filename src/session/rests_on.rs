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
use crate::model::program::{Aggregate, Arg, Body, Expr, Literal, Rule, VarId};
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
        let pred = PredId(self.schema().predicates.len() as u32);
        for alternative in &rule.body.alternatives {
            let (question, columns) = question(rule, alternative, &head, pred);
            let Some(solution) = self.solutions(question, model)?.into_iter().next() else { continue };
            self.atoms_of(alternative, &columns, &solution, model, depth, search)?;
            for aggregate in aggregates(alternative) {
                self.gathered(rule, aggregate, &columns, &solution, model, depth, search)?;
            }
            return Ok(true);
        }
        Ok(false)
    }

    /// Follows what an aggregate ranged over, under one solution of its rule.
    #[allow(clippy::too_many_arguments)] // One more than `atoms_of`, and no two belong together.
    fn gathered(
        &mut self,
        rule: &Rule,
        aggregate: &Aggregate,
        columns: &[VarId],
        solution: &[Value],
        model: &Model,
        depth: usize,
        search: &mut Search,
    ) -> Result<(), Error> {
        let pred = PredId(self.schema().predicates.len() as u32);
        let mut inside = HashSet::new();
        body_vars(&aggregate.body, &mut inside);
        let given: Vec<(Expr, Value)> = columns
            .iter()
            .zip(solution)
            .filter(|(var, _)| inside.contains(var))
            .map(|(var, value)| (Expr::Var(*var), value.clone()))
            .collect();
        for alternative in &aggregate.body.alternatives {
            if search.places.len() >= MOST {
                break;
            }
            let (question, columns) = question(rule, alternative, &given, pred);
            for solution in self.solutions(question, model)?.iter().take(MOST) {
                self.atoms_of(alternative, &columns, solution, model, depth, search)?;
            }
        }
        Ok(())
    }

    /// Follows the positive atoms of a conjunction under one solution of it, whose values are those
    /// of `columns` and then of the wildcards.
    fn atoms_of(
        &mut self,
        alternative: &[Literal],
        columns: &[VarId],
        solution: &[Value],
        model: &Model,
        depth: usize,
        search: &mut Search,
    ) -> Result<(), Error> {
        let value = |expr: &Expr| match expr {
            Expr::Const(value) => Some(value.clone()),
            Expr::Var(var) => {
                columns.iter().position(|known| known == var).and_then(|at| solution.get(at)).cloned()
            }
            _ => None,
        };
        let mut wildcards = solution.iter().skip(columns.len());
        for literal in alternative {
            let Literal::Atom(atom) = literal else { continue };
            let tuple: Vec<Option<Value>> = atom
                .args
                .iter()
                .map(|arg| match arg {
                    Arg::Is(expr) => value(expr),
                    Arg::Any => wildcards.next().cloned(),
                })
                .collect();
            if search.places.len() >= MOST {
                break;
            }
            self.follow(atom.pred, tuple, model, depth, search)?;
        }
        Ok(())
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

    /// The solutions of a question over the model, by value.
    fn solutions(&mut self, question: Rule, model: &Model) -> Result<Vec<Vec<Value>>, Error> {
        let program = without_rules(&self.base.analysis.program);
        let engine = OverModel { engine: &self.engine, model };
        let goals = [question];
        let request = Request::new(&program, &goals, &[]);
        let found = evaluate(&engine, &request, &mut self.base.database, &self.limits, &self.cancel)?;
        let interner = self.base.database.interner();
        let rows = found.table(goals[0].head).into_iter().flat_map(|table| table.iter());
        let mut rows: Vec<Vec<Value>> = rows.map(|row| super::query::values(interner, row)).collect();
        rows.sort();
        Ok(rows)
    }
}

struct Search {
    places: Vec<Span>,
    seen: HashSet<(PredId, Vec<Value>)>,
}

/// `?(variables, wildcards) :- alternative, head = values.`, with the variables that come first.
fn question(
    rule: &Rule,
    alternative: &[Literal],
    head: &[(Expr, Value)],
    pred: PredId,
) -> (Rule, Vec<VarId>) {
    let mut question = rule.clone();
    let mut body = alternative.to_vec();
    let mut columns: Vec<VarId> = Vec::new();
    let mut wildcards: Vec<VarId> = Vec::new();
    for literal in &mut body {
        if let Literal::Atom(atom) = literal {
            for arg in &mut atom.args {
                match arg {
                    Arg::Is(Expr::Var(var)) => {
                        if !columns.contains(var) {
                            columns.push(*var);
                        }
                    }
                    Arg::Is(_) => {}
                    Arg::Any => {
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
                        wildcards.push(var);
                        *arg = Arg::Is(Expr::Var(var));
                    }
                }
            }
        }
    }
    // What aggregates share with the rest of the body without an atom that binds it.
    let mut inside = HashSet::new();
    aggregates(alternative).for_each(|aggregate| body_vars(&aggregate.body, &mut inside));
    for literal in alternative {
        literal_exprs(literal, &mut |expr| {
            expr.vars(&mut |var| {
                if inside.contains(&var) && !columns.contains(&var) {
                    columns.push(var);
                }
            });
        });
    }
    for (expr, value) in head {
        // A nil of the head equals nothing by `=`, except against the constant.
        body.push(Literal::Compare {
            op: CompareOp::Eq,
            left: expr.clone(),
            right: Expr::Const(value.clone()),
            possibly: false,
            span: rule.span,
        });
    }
    question.head = pred;
    question.args = columns.iter().chain(&wildcards).map(|var| Expr::Var(*var)).collect();
    question.body.alternatives = vec![body];
    (question, columns)
}

/// The aggregates of a conjunction, those within them apart.
fn aggregates(alternative: &[Literal]) -> impl Iterator<Item = &Aggregate> {
    let sides = alternative.iter().filter_map(|literal| match literal {
        Literal::Compare { left, right, .. } => Some([left, right]),
        _ => None,
    });
    sides.flatten().filter_map(|side| match side {
        Expr::Aggregate(aggregate) => Some(&**aggregate),
        _ => None,
    })
}

/// Calls `visit` for the operands of a literal that is neither an atom nor a negation.
fn literal_exprs<'a>(literal: &'a Literal, visit: &mut impl FnMut(&'a Expr)) {
    match literal {
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            visit(left);
            visit(right);
        }
        Literal::In { item, list, .. } => {
            visit(item);
            visit(list);
        }
        Literal::Atom(_) | Literal::Not(..) | Literal::Bool(_) => {}
    }
}

/// Every variable in a body, also in its negations and aggregates.
fn body_vars(body: &Body, found: &mut HashSet<VarId>) {
    for literal in body.alternatives.iter().flatten() {
        match literal {
            Literal::Atom(atom) => {
                for arg in &atom.args {
                    if let Arg::Is(expr) = arg {
                        expr.vars(&mut |var| {
                            found.insert(var);
                        });
                    }
                }
            }
            Literal::Not(body, _) => body_vars(body, found),
            _ => literal_exprs(literal, &mut |expr| match expr {
                Expr::Aggregate(aggregate) => body_vars(&aggregate.body, found),
                _ => expr.vars(&mut |var| {
                    found.insert(var);
                }),
            }),
        }
    }
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
