//! Evaluation of a program: runs of ordinary strata by the engine at one go, and between them, one
//! by one, the strata in which more than rules decides.
//!
//! Those go round by round: each round evaluates the rules over what the rounds before it left, once
//! for each premise that can read what the last round brought. What depends on the order of
//! solutions (`choice-domain`, `autoinc`) takes them as nested loops over sorted relations in the
//! order of the premises would find them: sorted by the columns of the first premise, then of the
//! second, and so on.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::choice::Taken;
use super::equivalence::Classes;
use crate::analysis::souffle::Analysis;
use crate::analysis::types::builtin;
use crate::base::{Budget, Stop};
use crate::engine::rows::Held;
use crate::engine::{Engine, EvalError, Frog, Request, RuleRef, Tables, Tuning};
use crate::model::program::{Arg, Atom, Body, Expr, Literal, Rule, Stratum, Var, VarId};
use crate::model::{CheckedProgram, PredId, RuleId};
use crate::storage::{Interner, Table, Word};

/// The rows of relations, stated or evaluated already.
#[derive(Debug, Default)]
pub(super) struct Known(pub HashMap<PredId, Arc<Table>>);

impl Tables for Known {
    fn table(&self, pred: PredId) -> Option<&Table> {
        self.0.get(&pred).map(|table| &**table)
    }
}

impl Known {
    fn get(&self, pred: PredId, width: usize) -> Arc<Table> {
        self.0.get(&pred).cloned().unwrap_or_else(|| Arc::new(Table::from_rows(width, Vec::new())))
    }
}

/// Evaluates all that `wanted` needs; `known` holds what is stated and receives what is derived.
pub(super) fn evaluate(
    analysis: &Analysis,
    wanted: &[PredId],
    known: &mut Known,
    interner: &mut Interner,
    budget: &Budget,
    jobs: usize,
) -> Result<(), EvalError> {
    let program = &analysis.program;
    let special: Vec<bool> = program.strata.iter().map(|stratum| is_special(analysis, stratum)).collect();
    if !special.contains(&true) {
        return ordinary(program, wanted, true, known, interner, budget, jobs);
    }
    let reached = reached(analysis, wanted);
    let is_reached = |pred: &PredId| reached.contains(pred);
    let mut next_counter = 0;
    let mut at = 0;
    while at < program.strata.len() {
        let stratum = program.strata.get(at).cloned().unwrap_or_default();
        if special.get(at) == Some(&true) {
            let mut run = Run {
                analysis,
                known,
                interner,
                budget,
                next_counter: &mut next_counter,
                next_pred: program.schema.predicates.len() as u32,
            };
            if stratum.predicates.iter().any(is_reached) {
                run.stratum(&stratum)?;
            }
            at += 1;
            continue;
        }
        let end = (at..special.len()).find(|at| special.get(*at) == Some(&true)).unwrap_or(special.len());
        let strata = program.strata.get(at..end).unwrap_or_default().to_vec();
        // What later strata read has to stay.
        let all = strata.iter().flat_map(|stratum| stratum.predicates.iter().copied());
        let needed: Vec<PredId> = all.filter(is_reached).collect();
        let part = CheckedProgram { strata, ..program.clone() };
        ordinary(&part, &needed, false, known, interner, budget, jobs)?;
        at = end;
    }
    Ok(())
}

/// The relations that the wanted ones depend on, themselves included.
fn reached(analysis: &Analysis, wanted: &[PredId]) -> HashSet<PredId> {
    let program = &analysis.program;
    let special = &analysis.special;
    let mut open: Vec<PredId> = wanted.to_vec();
    let mut reached = HashSet::new();
    while let Some(pred) = open.pop() {
        if !reached.insert(pred) {
            continue;
        }
        for rule in program.rules_of.get(&pred).into_iter().flatten() {
            program.rule(*rule).body.atoms(&mut |atom, _| open.push(atom.pred));
        }
        for subsumption in special.subsumptions.iter().filter(|subsumption| subsumption.pred == pred) {
            subsumption.rule.body.atoms(&mut |atom, _| open.push(atom.pred));
        }
        let noted = special.deltas.iter().filter(|(_, delta)| **delta == pred);
        open.extend(noted.map(|(of, _)| *of));
    }
    reached
}

/// Evaluates ordinary strata; with `demand`, of relations that are not wanted only what is needed.
fn ordinary(
    program: &CheckedProgram,
    wanted: &[PredId],
    demand: bool,
    known: &mut Known,
    interner: &mut Interner,
    budget: &Budget,
    jobs: usize,
) -> Result<(), EvalError> {
    let tuning = Tuning { jobs, ..Tuning::default() };
    let request = Request { tuning, demand, ..Request::new(program, &[], wanted) };
    let model = Frog.evaluate(&request, known, interner, budget)?;
    // Not those that stand for others.
    let of_program = |pred: &PredId| (pred.0 as usize) < program.schema.predicates.len();
    known.0.extend(model.tables.into_iter().filter(|(pred, _)| of_program(pred)));
    Ok(())
}

fn is_special(analysis: &Analysis, stratum: &Stratum) -> bool {
    let special = &analysis.special;
    stratum.predicates.iter().any(|pred| {
        special.choice.contains_key(pred)
            || special.equivalence.contains(pred)
            || special.limits.contains_key(pred)
            || special.deltas.contains_key(pred)
            || special.subsumptions.iter().any(|subsumption| subsumption.pred == *pred)
    }) || stratum.rules.iter().any(|rule| {
        special.counters.contains_key(rule)
            || special.iteration.is_some_and(|iteration| {
                let mut reads = false;
                analysis.program.rule(*rule).body.atoms(&mut |atom, _| reads |= atom.pred == iteration);
                reads
            })
    })
}

struct Run<'a> {
    analysis: &'a Analysis,
    known: &'a mut Known,
    interner: &'a mut Interner,
    budget: &'a Budget,
    /// What `autoinc` gives next.
    next_counter: &'a mut i64,
    /// An id that no relation has.
    next_pred: u32,
}

impl Run<'_> {
    fn fresh(&mut self) -> PredId {
        self.next_pred += 1;
        PredId(self.next_pred - 1)
    }

    fn width(&self, pred: PredId) -> usize {
        self.analysis.relations.all().get(pred.0 as usize).map_or(0, |relation| relation.columns.len())
    }

    fn stratum(&mut self, stratum: &Stratum) -> Result<(), EvalError> {
        let program = &self.analysis.program;
        let rules: Vec<(RuleId, &Rule)> = stratum.rules.iter().map(|id| (*id, program.rule(*id))).collect();
        let recursive: Vec<PredId> = if stratum.recursive { stratum.predicates.clone() } else { Vec::new() };
        let deltas: HashMap<PredId, PredId> = recursive.iter().map(|pred| (*pred, self.fresh())).collect();
        self.iteration(0);
        let mut state: HashMap<PredId, State<'_>> = HashMap::new();
        for pred in &stratum.predicates {
            let width = self.width(*pred);
            let keys = self.analysis.special.choice.get(pred);
            state.insert(*pred, State::new(width, &self.known.get(*pred, width), keys, self.budget));
        }
        // What does not read the stratum.
        for (id, rule) in rules.iter().filter(|(_, rule)| recursive_premises(rule, &recursive).is_empty()) {
            self.solve(*id, rule, rule, &mut state)?;
        }
        let first = rules.first().map(|(id, _)| RuleRef::Rule(*id));
        for pred in &stratum.predicates {
            if let Some(state) = state.get_mut(pred) {
                self.settle(*pred, state)?;
            }
        }
        self.publish(&stratum.predicates, &state, &deltas);
        self.reduce(&stratum.predicates, &mut state, &deltas)?;
        let mut round = 0;
        let mut noted: HashMap<PredId, Vec<Word>> = HashMap::new();
        let stopped = |stop: Stop| EvalError::Stopped { stop, rule: first };
        while !recursive.is_empty() && state.values().any(|state| !state.recent.is_empty()) {
            if stratum.predicates.iter().any(|pred| self.is_full(*pred, &state)) {
                break;
            }
            self.budget.round(round + 1).map_err(stopped)?;
            self.iteration(round as i64);
            for (id, rule) in &rules {
                for premise in recursive_premises(rule, &recursive) {
                    let variant = with_delta(rule, premise, &deltas);
                    self.solve(*id, rule, &variant, &mut state)?;
                }
            }
            for pred in &stratum.predicates {
                if let Some(state) = state.get_mut(pred) {
                    self.settle(*pred, state)?;
                    if self.analysis.special.deltas.contains_key(pred) {
                        let number = self.interner.number(round as i64);
                        let noted = noted.entry(*pred).or_default();
                        noted.extend(state.recent.iter().flat_map(|row| row.iter().copied().chain([number])));
                    }
                }
            }
            self.publish(&stratum.predicates, &state, &deltas);
            self.reduce(&stratum.predicates, &mut state, &deltas)?;
            round += 1;
        }
        for delta in deltas.values() {
            self.known.0.remove(delta);
        }
        for (pred, words) in noted {
            if let Some(delta) = self.analysis.special.deltas.get(&pred) {
                let table = Table::from_rows(self.width(pred) + 1, words);
                self.known.0.insert(*delta, Arc::new(table));
            }
        }
        Ok(())
    }

    fn is_full(&self, pred: PredId, state: &HashMap<PredId, State<'_>>) -> bool {
        let limit = self.analysis.special.limits.get(&pred);
        limit.is_some_and(|limit| state.get(&pred).is_some_and(|state| state.rows.len() as u64 >= *limit))
    }

    /// Says which round it is.
    fn iteration(&mut self, round: i64) {
        if let Some(pred) = self.analysis.special.iteration {
            let word = self.interner.number(round);
            self.known.0.insert(pred, Arc::new(Table::from_rows(1, vec![word])));
        }
    }

    /// Makes the relations' rows known to the rules.
    fn publish(
        &mut self,
        preds: &[PredId],
        state: &HashMap<PredId, State<'_>>,
        deltas: &HashMap<PredId, PredId>,
    ) {
        for pred in preds {
            let Some(state) = state.get(pred) else { continue };
            self.known.0.insert(*pred, Arc::clone(&state.rows));
            if let Some(delta) = deltas.get(pred) {
                self.known.0.insert(*delta, Arc::clone(&state.recent));
            }
        }
    }

    /// Adds the solutions of a rule, read as `variant`, to the new rows of its head.
    fn solve(
        &mut self,
        id: RuleId,
        rule: &Rule,
        variant: &Rule,
        state: &mut HashMap<PredId, State<'_>>,
    ) -> Result<(), EvalError> {
        let counters = self.analysis.special.counters.get(&id).cloned().unwrap_or_default();
        let ordered = self.analysis.special.choice.contains_key(&rule.head);
        let rows: Vec<Row> = if counters.is_empty() && !ordered {
            self.rows(id, variant)?.1
        } else {
            self.in_order(id, variant, &counters)?
        };
        if let Some(state) = state.get_mut(&rule.head) {
            rows.into_iter().for_each(|row| state.offer(row));
        }
        Ok(())
    }

    /// The rows of a rule's head in the order in which loops would find them, counters counted.
    fn in_order(&mut self, id: RuleId, rule: &Rule, counters: &[VarId]) -> Result<Vec<Row>, EvalError> {
        let mut rule = rule.clone();
        let alternative = match rule.body.alternatives.first_mut() {
            Some(alternative) => std::mem::take(alternative),
            None => Vec::new(),
        };
        let (mut early, late): (Vec<Literal>, Vec<Literal>) =
            alternative.into_iter().partition(|literal| !mentions(literal, counters));
        let mut order: Vec<VarId> = Vec::new();
        for literal in &mut early {
            let Literal::Atom(atom) = literal else { continue };
            for arg in &mut atom.args {
                if *arg == Arg::Any {
                    rule.vars.push(Var {
                        name: "0any".into(),
                        ty: builtin::NUMBER,
                        optional: false,
                        span: atom.span,
                    });
                    *arg = Arg::Is(Expr::Var(VarId(rule.vars.len() as u32 - 1)));
                }
                if let Arg::Is(expr) = arg {
                    expr.vars(&mut |var| order.push(var));
                }
            }
        }
        for literal in &early {
            match literal {
                Literal::Compare { op: crate::model::program::CompareOp::Eq, left, right, .. } => {
                    left.vars(&mut |var| order.push(var));
                    right.vars(&mut |var| order.push(var));
                }
                Literal::In { item, .. } => item.vars(&mut |var| order.push(var)),
                _ => {}
            }
        }
        let mut seen = HashSet::new();
        order.retain(|var| !counters.contains(var) && seen.insert(*var));
        let found = self.fresh();
        let vars = order.iter().map(|var| Expr::Var(*var));
        if counters.is_empty() {
            // Sorted by the variables, on which the head depends.
            let goal = Rule {
                head: found,
                args: vars.chain(rule.args.iter().cloned()).collect(),
                body: Body { alternatives: vec![early] },
                ..rule.clone()
            };
            let (_, rows) = self.rows(id, &goal)?;
            return Ok(rows
                .into_iter()
                .map(|row| row.get(order.len()..).unwrap_or_default().into())
                .collect());
        }
        let goal = Rule {
            head: found,
            args: vars.clone().collect(),
            body: Body { alternatives: vec![early] },
            ..rule.clone()
        };
        let (_, rows) = self.rows(id, &goal)?;
        let width = order.len() + counters.len();
        let mut words = Vec::with_capacity(rows.len() * width);
        for row in rows {
            words.extend_from_slice(&row);
            for _ in counters {
                words.push(self.interner.number(*self.next_counter));
                *self.next_counter += 1;
            }
        }
        self.known.0.insert(found, Arc::new(Table::from_rows(width, words)));
        let args = vars.chain(counters.iter().map(|var| Expr::Var(*var))).map(Arg::Is).collect();
        let mut literals = vec![Literal::Atom(Atom { pred: found, args, span: rule.span })];
        literals.extend(late);
        let numbered = Rule { body: Body { alternatives: vec![literals] }, ..rule };
        let rows = self.rows(id, &numbered)?.1;
        self.known.0.remove(&found);
        Ok(rows)
    }

    /// The rows of a rule's head, sorted.
    fn rows(&mut self, id: RuleId, rule: &Rule) -> Result<(usize, Vec<Row>), EvalError> {
        let head = self.fresh();
        let goal = Rule { head, ..rule.clone() };
        let goals = [goal];
        let program =
            CheckedProgram { schema: Arc::clone(&self.analysis.program.schema), ..CheckedProgram::default() };
        let request = Request::new(&program, &goals, &[]);
        let model = Frog.evaluate(&request, self.known, self.interner, self.budget).map_err(|error| {
            // It knows only its own goal.
            match error {
                EvalError::Stopped { stop, .. } => EvalError::Stopped { stop, rule: Some(RuleRef::Rule(id)) },
                EvalError::Runtime { error, span, binding, .. } => {
                    EvalError::Runtime { error, rule: RuleRef::Rule(id), span, binding }
                }
            }
        })?;
        let rows = model.table(head).map(|table| table.iter().map(Row::from).collect()).unwrap_or_default();
        Ok((rule.args.len(), rows))
    }

    /// Makes the new rows of a relation recent ones, with all that follows from them and without
    /// what gives way.
    fn settle(&mut self, pred: PredId, state: &mut State<'_>) -> Result<(), EvalError> {
        let stopped = |stop| EvalError::Stopped { stop, rule: None };
        self.budget.check().map_err(stopped)?;
        let subsumptions: Vec<usize> = (0..self.analysis.special.subsumptions.len())
            .filter(|at| self.analysis.special.subsumptions.get(*at).is_some_and(|found| found.pred == pred))
            .collect();
        let fresh = std::mem::take(&mut state.fresh);
        state.offered.clear();
        if self.analysis.special.equivalence.contains(&pred) {
            let pair = |row: &[Word]| match *row {
                [a, b] => Some((a, b)),
                _ => None,
            };
            let fresh = fresh.iter().filter_map(|row| pair(row));
            let mut classes = Classes::of(state.rows.iter().filter_map(pair).chain(fresh));
            self.budget.produced(classes.size()).map_err(stopped)?;
            state.held.set(8 * classes.size()).map_err(stopped)?;
            let rows = Table::from_rows(2, classes.pairs());
            let new = rows.iter().filter(|row| !state.rows.contains(row)).flatten().copied().collect();
            state.recent = Arc::new(Table::from_rows(2, new));
            state.rows = Arc::new(rows);
            return Ok(());
        }
        let mut recent = state.table(&fresh);
        let mut old = Arc::clone(&state.rows);
        if !subsumptions.is_empty() {
            let found = Arc::new(recent);
            let mut rejected = self.dominated(&subsumptions, &found, &found)?;
            rejected.extend(self.dominated(&subsumptions, &found, &old)?);
            recent = state.table(fresh.iter().filter(|row| !rejected.contains(*row)));
            let found = Arc::new(recent);
            let gone = self.dominated(&subsumptions, &old, &found)?;
            recent = Table::clone(&found);
            if !gone.is_empty() {
                old = Arc::new(without(&old, &gone));
            }
        }
        if state.width == 0 {
            state.rows = Arc::new(Table::nullary(!old.is_empty() || !recent.is_empty()));
        } else {
            let words = old.rows().words().iter().chain(recent.rows().words()).copied().collect();
            state.rows = Arc::new(Table::from_rows(state.width, words));
        }
        state.recent = Arc::new(recent);
        state.held.set(state.rows.bytes() + state.recent.bytes()).map_err(stopped)
    }

    /// Removes what gives way by what a round has told of relations of the stratum, known to the rules
    /// by now, so that old rows can give way to old ones.
    fn reduce(
        &mut self,
        preds: &[PredId],
        state: &mut HashMap<PredId, State<'_>>,
        deltas: &HashMap<PredId, PredId>,
    ) -> Result<(), EvalError> {
        let all = &self.analysis.special.subsumptions;
        for pred in preds {
            let reads = |rule: &Rule| !recursive_premises(rule, preds).is_empty();
            let own: Vec<usize> = (0..all.len())
                .filter(|at| all.get(*at).is_some_and(|found| found.pred == *pred && reads(&found.rule)))
                .collect();
            let Some(state) = state.get_mut(pred).filter(|_| !own.is_empty()) else { continue };
            let rows = Arc::clone(&state.rows);
            let gone = self.dominated(&own, &rows, &rows)?;
            if !gone.is_empty() {
                state.rows = Arc::new(without(&state.rows, &gone));
                state.recent = Arc::new(without(&state.recent, &gone));
                self.known.0.insert(*pred, Arc::clone(&state.rows));
                if let Some(delta) = deltas.get(pred) {
                    self.known.0.insert(*delta, Arc::clone(&state.recent));
                }
            }
        }
        Ok(())
    }

    /// The rows of `less` that give way to one of `greater`.
    fn dominated(
        &mut self,
        subsumptions: &[usize],
        less: &Arc<Table>,
        greater: &Arc<Table>,
    ) -> Result<HashSet<Row>, EvalError> {
        let mut gone = HashSet::new();
        for at in subsumptions {
            let Some(subsumption) = self.analysis.special.subsumptions.get(*at) else { continue };
            self.known.0.insert(subsumption.less, Arc::clone(less));
            self.known.0.insert(subsumption.greater, Arc::clone(greater));
            let (width, rows) = self.rows(RuleId(u32::MAX), &subsumption.rule)?;
            for row in rows {
                let (low, high) = row.split_at(width / 2);
                if low != high {
                    gone.insert(Row::from(low));
                }
            }
        }
        Ok(gone)
    }
}

type Row = Box<[Word]>;

/// A relation of the stratum.
struct State<'b> {
    width: usize,
    /// All rows but the new ones.
    rows: Arc<Table>,
    /// Those that the last round brought.
    recent: Arc<Table>,
    /// Those that this round has found, in order.
    fresh: Vec<Row>,
    offered: HashSet<Row>,
    /// What its `choice-domain` lets in.
    taken: Option<Taken>,
    held: Held<'b>,
}

impl<'b> State<'b> {
    fn new(width: usize, stated: &Table, keys: Option<&Vec<Vec<usize>>>, budget: &'b Budget) -> State<'b> {
        let empty = Arc::new(Table::from_rows(width.max(1), Vec::new()));
        let mut taken = keys.map(|keys| Taken::new(keys));
        if let Some(taken) = &mut taken {
            stated.iter().for_each(|row| taken.note(row));
        }
        State {
            width,
            rows: if width == 0 { Arc::new(Table::nullary(false)) } else { empty.clone() },
            recent: empty,
            fresh: stated.iter().map(Row::from).collect(),
            offered: HashSet::new(),
            taken,
            held: Held::new(budget),
        }
    }

    /// Takes in a row, unless it is known or its place is taken.
    fn offer(&mut self, row: Row) {
        if self.rows.contains(&row) || self.offered.contains(&row) {
            return;
        }
        if self.taken.as_mut().is_none_or(|taken| taken.admit(&row)) {
            self.offered.insert(row.clone());
            self.fresh.push(row);
        }
    }

    fn table<'r>(&self, rows: impl IntoIterator<Item = &'r Row>) -> Table {
        let rows = rows.into_iter();
        if self.width == 0 {
            return Table::nullary(rows.count() > 0);
        }
        Table::from_rows(self.width, rows.flat_map(|row| row.iter().copied()).collect())
    }
}

/// A relation's rows but for some.
fn without(rows: &Table, gone: &HashSet<Row>) -> Table {
    let kept = rows.iter().filter(|row| !gone.contains(*row)).flatten().copied().collect();
    Table::from_rows(rows.width(), kept)
}

/// Places of the premises that read a relation of the stratum.
fn recursive_premises(rule: &Rule, recursive: &[PredId]) -> Vec<usize> {
    let literals = rule.body.alternatives.first().map_or(&[][..], Vec::as_slice);
    literals
        .iter()
        .enumerate()
        .filter(|(_, literal)| matches!(literal, Literal::Atom(atom) if recursive.contains(&atom.pred)))
        .map(|(at, _)| at)
        .collect()
}

/// The rule with one premise that reads what the last round brought.
fn with_delta(rule: &Rule, premise: usize, deltas: &HashMap<PredId, PredId>) -> Rule {
    let mut rule = rule.clone();
    if let Some(Literal::Atom(atom)) =
        rule.body.alternatives.first_mut().and_then(|literals| literals.get_mut(premise))
        && let Some(delta) = deltas.get(&atom.pred)
    {
        atom.pred = *delta;
    }
    rule
}

fn mentions(literal: &Literal, vars: &[VarId]) -> bool {
    let mut found = false;
    let mut see = |expr: &Expr| expr.vars(&mut |var| found |= vars.contains(&var));
    match literal {
        Literal::Atom(atom) => atom.args.iter().for_each(|arg| {
            if let Arg::Is(expr) = arg {
                see(expr);
            }
        }),
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            see(left);
            see(right);
        }
        Literal::In { item, list, .. } => {
            see(item);
            see(list);
        }
        Literal::Not(body, _) => {
            let inner = body.alternatives.iter().flatten();
            found = inner.fold(false, |found, literal| found | mentions(literal, vars));
        }
        Literal::Bool(_) => {}
    }
    found
}
