//! Every fact that could make a tuple hold by being stated, or by not being stated: a superset of
//! those that do, found by following goals backwards over the rules.
//!
//! A goal is a pattern of tuples of which one is to appear, or to vanish. Of an alternative that
//! could derive a tuple that is missing, some literals do not hold: whatever they are, the others
//! do, and give values to what is looked for. Goals are remembered, so that recursion ends, and one
//! that another covers is not followed again. Goals with fewer failing literals behind them come
//! first. Within its bounds nothing is missed: a column takes all values that stand in its class
//! (see `domain`), in facts, rules or the tuple asked about; one that refers to things, the ids of
//! such things.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap, HashSet};

use super::domain::{self, Domains};
use super::goal::{Computed, as_aggregate, compute};
use super::graph::{Graph, Tuple};
use super::index::Given;
use super::missing::{subsets, turned};
use super::repair::{Missing, Search as Facts};
use super::solve::Solver;
use super::whynot::Wanted;
use crate::base::Stop;
use crate::model::program::{Arg, Atom, Body, Literal};
use crate::model::schema::{PredKind, Schema};
use crate::model::{Date, EnumValue, PredId, Rule, Value};
use crate::storage::Word;
use crate::storage::interner::{MISSING, NIL};

/// Facts that are looked for.
const FACTS: usize = 3_000;
/// Stated facts that are looked for.
const STATED: usize = 300;
/// Goals that are followed.
const GOALS: usize = 4_000;
/// Solutions of one search that are looked at.
const SOLUTIONS: usize = 1_000;
/// Rows of a relation that are looked at for those that fit a goal.
const ROWS: usize = 500_000;
/// Literals of which the pairs are looked at by themselves, before all together.
const PAIRED: usize = 6;
/// Turns that all searches take together.
const EFFORT: u64 = 5_000_000;
/// Columns given of a goal, of which all choices are looked up.
const GIVEN: usize = 8;

/// What could make a tuple hold.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Candidates {
    /// Facts that are not stated, the nearest first, those last that contradict one that is.
    pub missing: Vec<Missing>,
    /// From where on they contradict one.
    pub contradicting: usize,
    /// Whether more of them never undo what fewer do.
    pub monotone: bool,
    /// Stated tuples that could be in the way.
    pub stated: Vec<(PredId, Vec<Value>)>,
    /// Whether taking away more of these never undoes what fewer do.
    pub monotone_without: bool,
    /// Whether there may be other facts to state.
    pub cut: bool,
    /// Whether there may be others in the way.
    pub cut_without: bool,
}

/// What candidates are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Facts to state, or facts not to state.
    Either,
    /// Sets that take some of both: what does not hold now can come to hold with one, and is then to
    /// fail without another.
    Both,
}

/// The facts that could make a tuple like `wanted` hold.
///
/// # Errors
/// The budget's.
pub fn candidates(
    graph: &Graph<'_>,
    pred: PredId,
    wanted: &Wanted,
    reach: Reach,
) -> Result<Candidates, Stop> {
    graph.allow(EFFORT);
    let mut search = Search {
        graph,
        reach,
        facts: Facts::new(graph),
        domains: Domains::of(graph, pred, wanted),
        open: BinaryHeap::new(),
        seen: HashSet::new(),
        missing: Vec::new(),
        known: HashSet::new(),
        stated: Vec::new(),
        cut: false,
        cut_without: false,
    };
    search.push(0, Goal { pred, columns: wanted.to_vec(), appears: true });
    let mut followed = 0;
    while let Some(Reverse((cost, _, goal))) = search.open.pop() {
        if followed == GOALS || (search.missing.len() >= FACTS && search.stated.len() >= STATED) {
            search.cut = true;
            search.cut_without = true;
            break;
        }
        followed += 1;
        search.follow(cost, &goal)?;
    }
    search.found(pred)
}

/// Whether more facts can keep tuples of a relation from holding, or fewer make them hold: something
/// behind them is negated or aggregated.
pub fn can_hinder(graph: &Graph<'_>, pred: PredId) -> bool {
    !influences(graph, pred).1.is_empty()
}

/// A tuple like this is to appear, or those like this are to vanish.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Goal {
    pred: PredId,
    columns: Vec<Option<Word>>,
    appears: bool,
}

struct Search<'s, 'a> {
    graph: &'s Graph<'a>,
    reach: Reach,
    facts: Facts<'s, 'a>,
    domains: Domains,
    /// With what stands behind them, and in which order they came.
    open: BinaryHeap<Reverse<(usize, usize, Goal)>>,
    seen: HashSet<Goal>,
    missing: Vec<Missing>,
    known: HashSet<Missing>,
    stated: Vec<(PredId, Vec<Value>)>,
    cut: bool,
    cut_without: bool,
}

impl<'s> Search<'s, '_> {
    fn push(&mut self, cost: usize, goal: Goal) {
        if goal.appears && goal.columns.iter().all(Option::is_some) {
            let row = goal.columns.iter().flatten().copied().collect();
            if self.graph.holds(&Tuple { pred: goal.pred, row }) {
                return;
            }
        }
        if !self.is_covered(&goal) {
            self.seen.insert(goal.clone());
            self.open.push(Reverse((cost, self.seen.len(), goal)));
        }
    }

    /// Whether a goal that asks for less has been met.
    fn is_covered(&self, goal: &Goal) -> bool {
        let given: Vec<usize> =
            (0..goal.columns.len()).filter(|at| goal.columns.get(*at) != Some(&None)).collect();
        if self.seen.contains(goal) {
            return true;
        }
        let mut wider = goal.clone();
        if given.len() > GIVEN {
            wider.columns.iter_mut().for_each(|column| *column = None);
            return self.seen.contains(&wider);
        }
        (1_usize..1 << given.len()).any(|choice| {
            wider.columns.clone_from(&goal.columns);
            for (bit, at) in given.iter().enumerate() {
                if choice & 1 << bit != 0
                    && let Some(column) = wider.columns.get_mut(*at)
                {
                    *column = None;
                }
            }
            self.seen.contains(&wider)
        })
    }

    fn follow(&mut self, cost: usize, goal: &Goal) -> Result<(), Stop> {
        match goal.appears {
            true => self.propose(goal),
            false => self.in_the_way(goal),
        }
        let graph = self.graph;
        for rule_ref in graph.rules_of(goal.pred) {
            let Some(rule) = graph.rule(*rule_ref) else { continue };
            for literals in &rule.body.alternatives {
                match goal.appears {
                    true => self.appear(cost, goal, rule, literals)?,
                    false => self.vanish(cost, goal, rule, literals)?,
                }
            }
        }
        Ok(())
    }

    /// An alternative is to have a solution: some of its literals have none so far.
    fn appear(
        &mut self,
        cost: usize,
        goal: &Goal,
        rule: &'s Rule,
        literals: &'s [Literal],
    ) -> Result<(), Stop> {
        let can: Vec<usize> =
            (0..literals.len()).filter(|at| literals.get(*at).is_some_and(depends)).collect();
        let mut choices = subsets(&can, if can.len() <= PAIRED { 2 } else { 1 });
        if can.len() > 2 {
            choices.push(can.clone());
        }
        for left_out in &choices {
            // What fewer literals leave open all together leave open, too.
            let all = left_out.len() == can.len();
            let known = vec![MISSING; rule.vars.len()];
            let mut solver = Solver::sketch(self.graph, rule, literals, &goal.columns, left_out, known, true);
            let mut seen: HashSet<Vec<Word>> = HashSet::new();
            let mut looked = 0;
            while solver.next()? {
                looked += 1;
                if looked > SOLUTIONS {
                    break;
                }
                if !seen.insert(solver.slots().to_vec()) {
                    continue;
                }
                for literal in left_out.iter().filter_map(|at| literals.get(*at)) {
                    if let Literal::Atom(atom) = literal
                        && self.matches(atom, solver.slots())?
                    {
                        continue;
                    }
                    self.literal(cost + left_out.len() * left_out.len(), literal, solver.slots(), true);
                }
            }
            if all && (solver.gave_up() || looked > SOLUTIONS) {
                self.cut = true;
                self.cut_without = true;
            }
        }
        Ok(())
    }

    /// Whether a row is there that does all that a new one could do for an atom: only wildcards are
    /// open.
    fn matches(&self, atom: &Atom, slots: &[Word]) -> Result<bool, Stop> {
        let wild = |arg: &Arg| match arg {
            Arg::Any => true,
            Arg::Is(expr) => matches!(compute(expr, slots, &self.graph.words), Computed::Word(_)),
        };
        let Some(table) = self.graph.table(atom.pred).filter(|_| atom.args.iter().all(wild)) else {
            return Ok(false);
        };
        let Some(columns) = self.facts.columns_of(atom, slots) else { return Ok(false) };
        let given: Vec<(usize, Word)> =
            columns.iter().enumerate().filter_map(|(at, word)| Some((at, (*word)?))).collect();
        let (columns, words) = given.iter().copied().unzip();
        let mut run =
            self.graph.indexes.rows(atom.pred, table, &Given { columns, words }, self.graph.budget)?;
        let mut row = Vec::new();
        while run.next(&mut row) {
            if given.iter().all(|(at, word)| row.get(*at) == Some(word)) {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What derives a tuple is to fail: one of its literals no longer holds. Of what could derive one
    /// if more were stated, those literals that hold now.
    fn vanish(
        &mut self,
        cost: usize,
        goal: &Goal,
        rule: &'s Rule,
        literals: &'s [Literal],
    ) -> Result<(), Stop> {
        let mut choices = vec![Vec::new()];
        if self.reach == Reach::Both {
            let can: Vec<usize> =
                (0..literals.len()).filter(|at| literals.get(*at).is_some_and(depends)).collect();
            choices.extend(subsets(&can, 1));
            if can.len() > 1 {
                choices.push(can);
            }
        }
        for left_out in &choices {
            let partial = !left_out.is_empty();
            let known = vec![MISSING; rule.vars.len()];
            let mut solver =
                Solver::sketch(self.graph, rule, literals, &goal.columns, left_out, known, partial);
            let mut looked = 0;
            while solver.next()? {
                looked += 1;
                if looked > SOLUTIONS {
                    break;
                }
                for (at, literal) in literals.iter().enumerate() {
                    let cost = cost + 1 + left_out.len();
                    match (literal, solver.row(at)) {
                        (Literal::Atom(atom), Some(row)) => {
                            let columns = row.iter().copied().map(Some).collect();
                            self.push(cost, Goal { pred: atom.pred, columns, appears: false });
                        }
                        (literal, _) => self.literal(cost, literal, solver.slots(), false),
                    }
                }
            }
            if solver.gave_up() || looked > SOLUTIONS {
                self.cut = true;
                self.cut_without = true;
            }
        }
        Ok(())
    }

    /// A literal is to hold, or to fail.
    fn literal(&mut self, cost: usize, literal: &Literal, slots: &[Word], appears: bool) {
        match literal {
            Literal::Atom(atom) => {
                if let Some(columns) = self.facts.columns_of(atom, slots) {
                    self.push(cost, Goal { pred: atom.pred, columns, appears });
                }
            }
            Literal::Not(body, _) => self.body(cost, body, slots, !appears),
            other => {
                if let Some((aggregate, _)) = as_aggregate(other) {
                    // Its value is to be another: more or less of what it ranges over.
                    self.body(cost, &aggregate.body, slots, true);
                    self.body(cost, &aggregate.body, slots, false);
                }
            }
        }
    }

    fn body(&mut self, cost: usize, body: &Body, slots: &[Word], appears: bool) {
        for literal in body.alternatives.iter().flatten() {
            self.literal(cost, literal, slots, appears);
        }
    }

    /// The facts that are like a goal.
    fn propose(&mut self, goal: &Goal) {
        if !self.graph.is_assertions(goal.pred) && !self.facts.is_stated(goal.pred) {
            return;
        }
        let schema = &self.graph.program().schema;
        let Some(predicate) = schema.predicates.get(goal.pred.0 as usize) else { return };
        let (of, arity) = match predicate.kind {
            PredKind::Assertions(of) => (of, schema.predicate(of).arity()),
            PredKind::Declared => (goal.pred, predicate.arity()),
            PredKind::Derived | PredKind::Answer => return,
        };
        let columns = &schema.predicate(of).columns;
        let mut open = Vec::new();
        let mut choices = Vec::new();
        let mut any = HashSet::new();
        for (at, column) in columns.iter().enumerate().take(arity) {
            if goal.columns.get(at) != Some(&None) {
                continue;
            }
            let sample = self.facts.of_type(column.ty);
            let known = self.domains.values(self.graph, of, at);
            if known.is_none() {
                // Rules take no notice of the value, but they may join nothing with nil.
                if let Some(sample) = sample.filter(|_| column.optional) {
                    open.push(at);
                    choices.push(vec![NIL, sample]);
                    any.insert(at);
                }
                continue;
            }
            let (mut words, cut) = known.unwrap_or_default();
            self.cut |= cut;
            words.retain(|word| *word != NIL);
            // A class can hold ids of all kinds of things: one that a column cannot refer to is no proposal.
            if let Some(ids) = domain::ids(self.graph, column.ty) {
                words.retain(|word| ids.contains(word));
            }
            match sample.map(|word| self.graph.value(word)) {
                Some(sample) => {
                    words.retain(|word| alike(&sample, &self.graph.value(*word)));
                    let values: Vec<Value> = words.iter().map(|word| self.graph.value(*word)).collect();
                    let others = other_values(&self.graph.program().schema, sample, &values);
                    words.extend(others.iter().map(|value| self.graph.word(value)));
                }
                // Records and variants: those that are there, of as many types as are connected.
                None => self.cut = true,
            }
            if column.optional {
                words.push(NIL);
            }
            open.push(at);
            choices.push(words);
        }
        let mut at = vec![0; open.len()];
        loop {
            if self.missing.len() >= FACTS {
                self.cut = true;
                return;
            }
            let mut wanted = goal.columns.clone();
            for ((column, choice), at) in open.iter().zip(&choices).zip(&at) {
                if let (Some(slot), Some(word)) = (wanted.get_mut(*column), choice.get(*at)) {
                    *slot = Some(*word);
                }
            }
            if let Some(fact) = self.facts.missing(goal.pred, &wanted, &any) {
                let row = fact.tuple.iter().map(|value| self.graph.word(value)).collect();
                let there = fact.meta.is_empty() && self.graph.is_stated(&Tuple { pred: of, row });
                if !there && self.known.insert(fact.clone()) {
                    self.missing.push(fact);
                }
            }
            if !turned(&mut at, &choices) {
                return;
            }
        }
    }

    /// The stated tuples that are like a goal.
    fn in_the_way(&mut self, goal: &Goal) {
        let schema = &self.graph.program().schema;
        let (of, arity) = match schema.predicates.get(goal.pred.0 as usize).map(|predicate| predicate.kind) {
            Some(PredKind::Assertions(of)) => (of, schema.predicate(of).arity()),
            _ => (goal.pred, goal.columns.len()),
        };
        let Some(table) = self.graph.stated().table(goal.pred) else { return };
        self.cut_without |= table.len() > ROWS;
        for row in table.iter().take(ROWS) {
            let fits = row
                .iter()
                .zip(&goal.columns)
                .all(|(word, wanted)| wanted.is_none_or(|wanted| wanted == *word));
            if !fits {
                continue;
            }
            let tuple = (of, self.graph.values(row.get(..arity).unwrap_or(row)));
            if self.stated.contains(&tuple) {
                continue;
            }
            if self.stated.len() >= STATED {
                self.cut_without = true;
                return;
            }
            self.stated.push(tuple);
        }
    }

    fn found(self, pred: PredId) -> Result<Candidates, Stop> {
        let (helping, hindering) = influences(self.graph, pred);
        let monotone = self.missing.iter().all(|fact| !hindering.contains(&fact.pred));
        let monotone_without = self.stated.iter().all(|(pred, _)| !helping.contains(pred));
        let mut missing = Vec::with_capacity(self.missing.len());
        let mut last = Vec::new();
        for fact in self.missing {
            match self.facts.conflicts(&fact)? {
                true => last.push(fact),
                false => missing.push(fact),
            }
        }
        let contradicting = missing.len();
        missing.extend(last);
        Ok(Candidates {
            missing,
            contradicting,
            monotone,
            stated: self.stated,
            monotone_without,
            cut: self.cut,
            cut_without: self.cut_without,
        })
    }
}

/// Whether facts decide about a literal.
fn depends(literal: &Literal) -> bool {
    matches!(literal, Literal::Atom(_) | Literal::Not(..)) || as_aggregate(literal).is_some()
}

/// Whether a value can stand where a sample does.
fn alike(sample: &Value, value: &Value) -> bool {
    match (sample, value) {
        (Value::Enum(a), Value::Enum(b)) => a.ty == b.ty,
        _ => std::mem::discriminant(sample) == std::mem::discriminant(value),
    }
}

/// Values like a sample that are none of those known: all there are of a closed type, of others one,
/// and numbers on either side.
fn other_values(schema: &Schema, sample: Value, known: &[Value]) -> Vec<Value> {
    let mut others = match sample {
        Value::Bool(_) => vec![Value::Bool(false), Value::Bool(true)],
        Value::Enum(one) => {
            let constants = schema.enums.get(one.ty.0 as usize).map_or(&[][..], |found| &found.constants);
            let constant = |(ordinal, name): (usize, &std::sync::Arc<str>)| {
                Value::Enum(EnumValue { ty: one.ty, ordinal: ordinal as u32, name: name.clone() })
            };
            constants.iter().enumerate().map(constant).collect()
        }
        Value::Number(_) => {
            let numbers = || {
                known.iter().filter_map(|value| if let Value::Number(n) = value { Some(*n) } else { None })
            };
            let above = numbers().max().and_then(|most| most.checked_add(1));
            let below = numbers().min().and_then(|least| least.checked_sub(1));
            above.into_iter().chain(below).map(Value::Number).chain([Value::Number(0)]).collect()
        }
        Value::Date(_) => {
            let years = (2000..).take(known.len() + 1);
            let dates = years.filter_map(|year: u32| Date::parse(&year.to_string()).ok());
            dates.map(Value::Date).filter(|date| !known.contains(date)).take(1).collect()
        }
        other => vec![other],
    };
    others.retain(|value| !known.contains(value));
    others
}

/// The stated relations of which more facts can make tuples of a relation appear, and those of which
/// more can make them vanish.
fn influences(graph: &Graph<'_>, pred: PredId) -> (BTreeSet<PredId>, BTreeSet<PredId>) {
    let schema = &graph.program().schema;
    let mut seen: BTreeSet<(PredId, bool)> = BTreeSet::new();
    let mut open = vec![(pred, true)];
    while let Some((pred, helps)) = open.pop() {
        if !seen.insert((pred, helps)) {
            continue;
        }
        if graph.program().is_guarded(pred) {
            // More of its tuples can make others give way.
            open.push((pred, !helps));
            graph.program().guard_reads(pred, &mut |read| open.extend([(read, true), (read, false)]));
        }
        for rule in graph.rules_of(pred).iter().filter_map(|rule| graph.rule(*rule)) {
            let mut visit = |pred: PredId, with: bool| open.push((pred, with == helps));
            body_influences(&rule.body, true, &mut visit);
        }
    }
    let stated = |pred: &PredId| match schema.predicates.get(pred.0 as usize).map(|predicate| predicate.kind)
    {
        Some(PredKind::Assertions(of)) => of,
        _ => *pred,
    };
    let of = |wanted: bool| {
        seen.iter().filter(|(_, helps)| *helps == wanted).map(|(pred, _)| stated(pred)).collect()
    };
    (of(true), of(false))
}

fn body_influences(body: &Body, with: bool, visit: &mut impl FnMut(PredId, bool)) {
    for literal in body.alternatives.iter().flatten() {
        match literal {
            Literal::Atom(atom) => visit(atom.pred, with),
            Literal::Not(body, _) => body_influences(body, !with, visit),
            other => {
                if let Some((aggregate, _)) = as_aggregate(other) {
                    body_influences(&aggregate.body, true, visit);
                    body_influences(&aggregate.body, false, visit);
                }
            }
        }
    }
}
