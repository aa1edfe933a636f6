//! The assignments that satisfy a conjunction, found one after the other.
//!
//! What can be decided is decided first; then the atom that fewest rows can match is matched. The
//! search keeps its own stack, so that neither long bodies nor many solutions make it recurse;
//! only bodies within bodies do, which the parser bounds.

use std::collections::HashSet;

use super::goal::{self, Computed, Goal, Items, as_aggregate, as_atom, compute, slot};
use super::graph::Graph;
use super::index::{Given, Run};
use super::invert::asked_for;
use crate::base::Stop;
use crate::model::Rule;
use crate::model::program::{Arg, Atom, CompareOp, Expr, Literal, TestOp, Var, VarId};
use crate::storage::Word;
use crate::storage::interner::{MISSING, NIL};

/// A negation is tried before an atom that more rows match.
const NEGATION: f64 = 32.0;
/// The same of an aggregate.
const AGGREGATE: f64 = 1024.0;

/// Turns that a sketch takes before it gives up: what is missing is a guess, and there may be many.
const PATIENCE: u64 = 1_000_000;

/// A search for the solutions of one conjunction.
#[derive(Debug)]
pub(super) struct Solver<'g, 'a> {
    graph: &'g Graph<'a>,
    goals: Vec<Goal<'g>>,
    /// For goals with a nested body the variables that it waits for.
    waits: Vec<Vec<VarId>>,
    open: Vec<bool>,
    /// Words of the variables.
    slots: Vec<Word>,
    /// The row that each atom has matched.
    rows: Vec<Option<Box<[Word]>>>,
    /// Variables that never hold nil: those in two arguments of atoms.
    strict: Vec<bool>,
    /// Variables of the bodies around.
    outer: Vec<bool>,
    trail: Vec<Undo>,
    choices: Vec<Choice<'g>>,
    row: Vec<Word>,
    started: bool,
    /// Whether the head cannot be what was asked for.
    hopeless: bool,
    /// Whether what cannot be tried is left open.
    partial: bool,
    /// Whether this is a [`Solver::sketch`].
    sketch: bool,
    /// Turns that are left to a sketch.
    patience: u64,
    /// The stratum of what is derived, from which premises see what gave way; 0 sees what is left.
    stratum: u32,
    /// The variables of the rule that is sketched.
    vars: &'g [Var],
    /// Whether one value of a variable stood for many.
    guessed: bool,
}

#[derive(Clone, Copy, Debug)]
enum Undo {
    Slot(usize),
    Goal(usize),
    Row(usize),
}

/// A goal that can be satisfied in several ways.
#[derive(Debug)]
struct Choice<'g> {
    /// Length of the trail before it.
    mark: usize,
    kind: Kind<'g>,
}

#[derive(Debug)]
enum Kind<'g> {
    Rows { literal: usize, atom: &'g Atom, run: Run },
    Items { var: VarId, items: Items },
}

impl<'g, 'a> Solver<'g, 'a> {
    /// A search for the ways in which an alternative of `rule` derives `head`.
    pub fn for_head(graph: &'g Graph<'a>, rule: &'g Rule, literals: &'g [Literal], head: &[Word]) -> Self {
        let mut solver = Self::new(graph, literals, vec![MISSING; rule.vars.len()], Vec::new());
        solver.stratum = graph.stratum(rule.head);
        for (arg, word) in rule.args.iter().zip(head) {
            solver.head(arg, *word);
        }
        solver
    }

    /// Asks for a value of an argument of the head.
    fn head(&mut self, arg: &'g Expr, word: Word) {
        match arg {
            Expr::Var(var) => {
                let fits = match slot(&self.slots, *var) {
                    MISSING => !(word == NIL && self.is_strict(*var)),
                    known => known == word,
                };
                self.hopeless |= !fits;
                if let Some(slot) = self.slots.get_mut(var.0 as usize) {
                    *slot = word;
                }
            }
            Expr::Const(value) => self.hopeless |= self.graph.words.word(value) != word,
            computed => self.add(Goal::Head(computed, word)),
        }
    }

    /// A search that leaves out some literals of an alternative of `rule`, looking for tuples of
    /// which some columns are given. Variables can have values already, [`MISSING`] being none. Where
    /// it is `partial`, what cannot be tried because a variable has no value is left open.
    pub fn sketch(
        graph: &'g Graph<'a>,
        rule: &'g Rule,
        literals: &'g [Literal],
        head: &[Option<Word>],
        leave_out: &[usize],
        known: Vec<Word>,
        partial: bool,
    ) -> Self {
        let mut solver = Self::new(graph, literals, known, Vec::new());
        solver.partial = partial;
        solver.sketch = true;
        solver.patience = PATIENCE;
        solver.vars = &rule.vars;
        for (arg, word) in rule.args.iter().zip(head) {
            if let Some(word) = word {
                solver.head(arg, *word);
            }
        }
        for (goal, open) in solver.goals.iter().zip(&mut solver.open) {
            *open &= match goal {
                Goal::Literal(at, _) | Goal::Column(at, ..) => !leave_out.contains(at),
                Goal::Head(..) => true,
            };
        }
        solver
    }

    /// A search for the solutions of an alternative of a nested body under the values of the
    /// variables around it.
    pub fn nested(graph: &'g Graph<'a>, literals: &'g [Literal], outer: &[Word]) -> Self {
        let known = outer.iter().map(|word| *word != MISSING).collect();
        Self::new(graph, literals, outer.to_vec(), known)
    }

    fn new(graph: &'g Graph<'a>, literals: &'g [Literal], slots: Vec<Word>, outer: Vec<bool>) -> Self {
        let mut counts = vec![0_u32; slots.len()];
        let mut own = HashSet::new();
        for literal in literals {
            goal::own_vars(literal, &mut |var| {
                own.insert(var);
            });
            for arg in as_atom(literal).into_iter().flat_map(|atom| &atom.args) {
                if let Arg::Is(Expr::Var(var)) = arg
                    && let Some(count) = counts.get_mut(var.0 as usize)
                {
                    *count += 1;
                }
            }
        }
        let mut solver = Solver {
            graph,
            goals: Vec::with_capacity(literals.len()),
            waits: Vec::with_capacity(literals.len()),
            open: Vec::with_capacity(literals.len()),
            strict: counts.iter().map(|count| *count > 1).collect(),
            outer,
            slots,
            rows: vec![None; literals.len()],
            trail: Vec::new(),
            choices: Vec::new(),
            row: Vec::new(),
            started: false,
            hopeless: false,
            partial: false,
            sketch: false,
            patience: u64::MAX,
            stratum: 0,
            vars: &[],
            guessed: false,
        };
        for (at, literal) in literals.iter().enumerate() {
            let mut inside = HashSet::new();
            goal::nested_vars(literal, &mut inside);
            solver.add(Goal::Literal(at, literal));
            if let Some(waits) = solver.waits.last_mut() {
                *waits = inside.intersection(&own).copied().collect();
            }
            for (column, arg) in as_atom(literal).into_iter().flat_map(|atom| atom.args.iter().enumerate()) {
                if let Arg::Is(expr @ (Expr::Call(..) | Expr::List(_) | Expr::Struct(..))) = arg {
                    solver.add(Goal::Column(at, column, expr));
                }
            }
        }
        solver
    }

    fn add(&mut self, goal: Goal<'g>) {
        self.goals.push(goal);
        self.waits.push(Vec::new());
        self.open.push(true);
    }

    /// Goes on to the next solution; false when there is none.
    pub fn next(&mut self) -> Result<bool, Stop> {
        if self.hopeless {
            return Ok(false);
        }
        let mut holds = true;
        if std::mem::replace(&mut self.started, true) {
            holds = self.back()?;
        }
        while holds {
            self.turn()?;
            let Some(at) = self.pick()? else {
                if let Some((var, items)) = self.backwards() {
                    self.choices.push(Choice { mark: self.trail.len(), kind: Kind::Items { var, items } });
                    holds = self.advance()? || self.back()?;
                    continue;
                }
                // A goal that can never be tried is not satisfied; safe rules have none.
                if !self.partial && self.open.contains(&true) {
                    holds = self.back()?;
                    continue;
                }
                return Ok(true);
            };
            holds = self.attempt(at)? || self.back()?;
        }
        self.hopeless = true;
        Ok(false)
    }

    /// Values of a variable that nothing gives one but an equation that asks for them, in a sketch. The
    /// equation is tried when the variable has its value.
    fn backwards(&mut self) -> Option<(VarId, Items)> {
        if !self.sketch {
            return None;
        }
        let open = self.goals.iter().zip(&self.open).filter(|(_, open)| **open).map(|(goal, _)| *goal);
        let found = asked_for(open, &self.rows, &self.slots, &self.graph.words)?;
        self.guessed |= !found.all;
        Some((found.var, Items::Words(found.words(self.graph, self.vars))))
    }

    fn turn(&mut self) -> Result<(), Stop> {
        if self.sketch {
            self.patience = self.patience.saturating_sub(1).min(self.graph.effort());
        }
        self.graph.turn()
    }

    /// Whether there may be solutions that were not looked for.
    pub fn gave_up(&self) -> bool {
        self.guessed || (self.sketch && self.patience == 0)
    }

    /// Whether the head cannot be what was asked for, whatever the body says.
    pub fn is_hopeless(&self) -> bool {
        self.hopeless
    }

    /// The literals that could not be tried.
    pub fn untried(&self) -> Vec<usize> {
        let open = self.goals.iter().zip(&self.open).filter(|(_, open)| **open);
        open.filter_map(|(goal, _)| if let Goal::Literal(at, _) = goal { Some(*at) } else { None }).collect()
    }

    /// The words of the variables.
    pub fn slots(&self) -> &[Word] {
        &self.slots
    }

    /// The row that the atom at `literal` has matched.
    pub fn row(&self, literal: usize) -> Option<&[Word]> {
        self.rows.get(literal)?.as_deref()
    }

    fn is_strict(&self, var: VarId) -> bool {
        self.strict.get(var.0 as usize).copied().unwrap_or(false)
    }

    fn is_outer(&self, var: VarId) -> bool {
        self.outer.get(var.0 as usize).copied().unwrap_or(false)
    }

    /// The goal to try next; `None` if none can be tried.
    fn pick(&mut self) -> Result<Option<usize>, Stop> {
        let graph = self.graph;
        let mut best: Option<(f64, usize)> = None;
        let mut lacking = Vec::new();
        // What is left alone needs no estimate.
        let single = self.open.iter().filter(|open| **open).take(2).count() == 1;
        for (at, goal) in self.goals.iter().enumerate() {
            if !self.open.get(at).copied().unwrap_or(false) {
                continue;
            }
            let cost = match goal {
                Goal::Literal(_, Literal::Atom(_)) if single => 0.0,
                Goal::Literal(_, Literal::Atom(atom)) => match graph.seen_from(self.stratum, atom.pred) {
                    (None, _) => 0.0,
                    (Some(table), indexes) => {
                        let given = self.given(atom);
                        let estimate = indexes.estimate(atom.pred, table, &given);
                        if let Some(rows) = estimate.with_order {
                            lacking.push((rows, atom.pred, given));
                        }
                        estimate.rows
                    }
                },
                other => match self.cost(at, other) {
                    Some(cost) => cost,
                    None => continue,
                },
            };
            if cost == 0.0 {
                return Ok(Some(at));
            }
            if best.is_none_or(|(known, _)| cost < known) {
                best = Some((cost, at));
            }
        }
        let Some((cost, at)) = best else { return Ok(None) };
        for (rows, pred, given) in lacking {
            if rows < cost {
                graph.seen_from(self.stratum, pred).1.lacking(pred, &given, cost);
            }
        }
        Ok(Some(at))
    }

    /// What it costs to try a goal that is no atom; `None` if it cannot be tried yet.
    fn cost(&self, at: usize, goal: &Goal<'_>) -> Option<f64> {
        let known = |expr: &Expr| {
            let mut known = true;
            expr.vars(&mut |var| known &= slot(&self.slots, var) != MISSING);
            known
        };
        let waiting = || {
            self.waits.get(at).is_some_and(|vars| vars.iter().any(|var| slot(&self.slots, *var) == MISSING))
        };
        let ready = match goal {
            Goal::Column(literal, _, expr) => self.row(*literal).is_some() && known(expr),
            Goal::Head(expr, _) => known(expr),
            Goal::Literal(_, literal) => match literal {
                Literal::Bool(_) => true,
                Literal::Not(..) => return (!waiting()).then_some(NEGATION),
                Literal::Compare { op, possibly, left, right, .. } => {
                    if let Some((_, other)) = as_aggregate(literal) {
                        let can = known(other) || (is_equality(*op, *possibly) && is_var(other));
                        return (can && !waiting()).then_some(AGGREGATE);
                    }
                    match (known(left), known(right)) {
                        (true, true) => true,
                        (false, false) => false,
                        (true, false) => is_equality(*op, *possibly) && is_var(right),
                        (false, true) => is_equality(*op, *possibly) && is_var(left),
                    }
                }
                Literal::Test { left, right, .. } => known(left) && known(right),
                Literal::In { item, list, .. } if known(list) => {
                    return if known(item) { Some(0.0) } else { is_var(item).then_some(NEGATION) };
                }
                Literal::In { .. } | Literal::Atom(_) => false,
            },
        };
        ready.then_some(0.0)
    }

    fn compute(&self, expr: &Expr) -> Computed {
        compute(expr, &self.slots, &self.graph.words)
    }

    /// What is given of an atom's columns.
    fn given(&self, atom: &Atom) -> Given {
        let mut given = Given::default();
        for (column, arg) in atom.args.iter().enumerate() {
            if let Arg::Is(expr) = arg
                && let Computed::Word(word) = self.compute(expr)
            {
                given.columns.push(column);
                given.words.push(word);
            }
        }
        given
    }

    /// Tries a goal; whether it holds, in one way at least.
    fn attempt(&mut self, at: usize) -> Result<bool, Stop> {
        let mark = self.trail.len();
        let Some(goal) = self.goals.get(at).copied() else { return Ok(false) };
        if let Some(open) = self.open.get_mut(at) {
            *open = false;
        }
        self.trail.push(Undo::Goal(at));
        let holds = match goal {
            Goal::Column(literal, column, expr) => {
                let word = self.row(literal).and_then(|row| row.get(column)).copied();
                matches!(self.compute(expr), Computed::Word(value) if Some(value) == word && value != NIL)
            }
            Goal::Head(expr, word) => self.compute(expr) == Computed::Word(word),
            Goal::Literal(literal, Literal::Atom(atom)) => {
                let graph = self.graph;
                let (Some(table), indexes) = graph.seen_from(self.stratum, atom.pred) else {
                    return Ok(false);
                };
                let run = indexes.rows(atom.pred, table, &self.given(atom), graph.budget)?;
                // Undone from here on, the goal itself stays taken.
                self.choices.push(Choice { mark: self.trail.len(), kind: Kind::Rows { literal, atom, run } });
                return self.advance();
            }
            Goal::Literal(_, literal) => match literal {
                Literal::Bool(holds) => *holds,
                Literal::Not(body, _) => !self.graph.satisfiable(body, &self.slots)?,
                Literal::Test { op, left, right, .. } => match (self.compute(left), self.compute(right)) {
                    (Computed::Word(a), Computed::Word(b)) => self.test(*op, a, b),
                    _ => false,
                },
                Literal::In { item, list, .. } => return self.member(item, list),
                Literal::Compare { op, left, right, possibly, .. } => {
                    let [a, b] = [self.side(left)?, self.side(right)?];
                    match (a, b) {
                        (Computed::Word(a), Computed::Word(b)) => {
                            goal::compares(*op, *possibly, [(left, a), (right, b)], &self.graph.words)
                        }
                        (Computed::Word(word), Computed::Open) => self.assign(right, word, left),
                        (Computed::Open, Computed::Word(word)) => self.assign(left, word, right),
                        _ => false,
                    }
                }
                Literal::Atom(_) => false,
            },
        };
        if !holds {
            self.undo(mark);
        }
        Ok(holds)
    }

    /// One side of a comparison, the only place where an aggregate stands.
    fn side(&self, expr: &Expr) -> Result<Computed, Stop> {
        match expr {
            Expr::Aggregate(aggregate) => {
                Ok(self.graph.fold(aggregate, &self.slots)?.map_or(Computed::Nothing, Computed::Word))
            }
            other => Ok(self.compute(other)),
        }
    }

    /// `target = value`: nil is equal to nothing but the constant.
    fn assign(&mut self, target: &Expr, word: Word, value: &Expr) -> bool {
        let Expr::Var(var) = target else { return false };
        if word == NIL && (!matches!(value, Expr::Const(_)) || self.is_strict(*var)) {
            return false;
        }
        self.bind(*var, word);
        true
    }

    fn bind(&mut self, var: VarId, word: Word) {
        if let Some(slot) = self.slots.get_mut(var.0 as usize) {
            *slot = word;
            self.trail.push(Undo::Slot(var.0 as usize));
        }
    }

    fn test(&self, op: TestOp, a: Word, b: Word) -> bool {
        let words = &self.graph.words;
        let tested = self.graph.patterns.borrow_mut().test(op, &words.value(a), &words.value(b));
        tested.unwrap_or(false)
    }

    fn member(&mut self, item: &Expr, list: &Expr) -> Result<bool, Stop> {
        let words = &self.graph.words;
        let items = Items::of(list, &self.slots, words);
        match (self.compute(item), item) {
            (Computed::Word(word), _) => Ok(items.contain(word, words)),
            (Computed::Open, Expr::Var(var)) => {
                self.choices.push(Choice { mark: self.trail.len(), kind: Kind::Items { var: *var, items } });
                self.advance()
            }
            _ => Ok(false),
        }
    }

    /// The next way to satisfy the innermost choice; one that has none left is given up.
    fn advance(&mut self) -> Result<bool, Stop> {
        let Some(mut choice) = self.choices.pop() else { return Ok(false) };
        loop {
            self.turn()?;
            if self.patience == 0 {
                return Ok(false);
            }
            self.undo(choice.mark);
            let next = match &mut choice.kind {
                Kind::Rows { literal, atom, run } => {
                    let mut row = std::mem::take(&mut self.row);
                    let found = run.next(&mut row);
                    let fits = found && self.matches(*literal, atom, &row);
                    self.row = row;
                    if found { Some(fits) } else { None }
                }
                Kind::Items { var, items } => {
                    let word = items.next(&self.graph.words);
                    word.map(|word| {
                        self.bind(*var, word);
                        true
                    })
                }
            };
            match next {
                Some(true) => {
                    self.choices.push(choice);
                    return Ok(true);
                }
                Some(false) => {}
                None => return Ok(false),
            }
        }
    }

    /// Back to the innermost choice that has another way.
    fn back(&mut self) -> Result<bool, Stop> {
        while !self.choices.is_empty() {
            if self.advance()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Whether a row is what an atom speaks of; if so, variables take their values from it.
    fn matches(&mut self, literal: usize, atom: &Atom, row: &[Word]) -> bool {
        for (arg, word) in atom.args.iter().zip(row) {
            let fits = match arg {
                Arg::Any => true,
                Arg::Is(Expr::Const(value)) => self.graph.words.word(value) == *word,
                Arg::Is(Expr::Var(var)) => {
                    let nil = *word == NIL && (self.is_strict(*var) || self.is_outer(*var));
                    match slot(&self.slots, *var) {
                        MISSING if !nil => {
                            self.bind(*var, *word);
                            true
                        }
                        known => known == *word && !nil,
                    }
                }
                // A goal of its own.
                Arg::Is(_) => true,
            };
            if !fits {
                return false;
            }
        }
        if let Some(slot) = self.rows.get_mut(literal) {
            *slot = Some(row.into());
            self.trail.push(Undo::Row(literal));
        }
        true
    }

    fn undo(&mut self, mark: usize) {
        while self.trail.len() > mark {
            match self.trail.pop() {
                Some(Undo::Slot(at)) => {
                    if let Some(slot) = self.slots.get_mut(at) {
                        *slot = MISSING;
                    }
                }
                Some(Undo::Goal(at)) => {
                    if let Some(open) = self.open.get_mut(at) {
                        *open = true;
                    }
                }
                Some(Undo::Row(at)) => {
                    if let Some(row) = self.rows.get_mut(at) {
                        *row = None;
                    }
                }
                None => {}
            }
        }
    }
}

fn is_equality(op: CompareOp, possibly: bool) -> bool {
    op == CompareOp::Eq && !possibly
}

fn is_var(expr: &Expr) -> bool {
    matches!(expr, Expr::Var(_))
}
