//! The rules of demands and answers.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};

use super::super::strata;
use super::passing::{Known, atom_vars, without_calls};
use super::roots::Roots;
use super::{Demanded, Made, Origin, Question, Unused, linear};
use crate::base::Span;
use crate::model::program::{Arg, Var};
use crate::model::schema::{PredKind, TypeId};
use crate::model::{Atom, Body, CheckedProgram, Expr, Literal, PredId, Rule, RuleId, VarId};

/// Ways to ask for one relation; asked for in more, it is evaluated whole.
const MOST_WAYS: usize = 4;
/// Attempts, each with more relations evaluated whole than the one before.
const ATTEMPTS: usize = 16;
/// Rows from which on looking something up is no way to ask for something else.
const MANY_ROWS: f64 = 256.0;
/// Rows of a relation small enough that all its values are worth asking for.
const FEW_ROWS: f64 = 64.0;
/// How many times as large as such a relation the largest has to be.
const MUCH_LARGER: f64 = 100.0;
/// Rows assumed of a relation about which nothing is known.
const UNKNOWN_ROWS: f64 = 1e4;
/// Distinct values assumed of each of its columns.
const UNKNOWN_DISTINCT: f64 = 1e2;

/// The relations that stand for one that is asked for with values in some columns.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pair {
    /// Its tuples, at least those asked for.
    pub answer: PredId,
    /// The values asked for.
    pub demand: PredId,
}

/// The rule at hand.
pub(super) struct At<'r> {
    pub vars: &'r [Var],
    pub origin: Origin,
    pub span: Span,
}

pub(super) struct Rewriter<'a> {
    pub question: &'a Question<'a>,
    /// The rules of each relation that has any.
    pub(super) rules_of: HashMap<PredId, Vec<RuleId>>,
    /// Relations that are recursive by themselves.
    alone: BTreeSet<PredId>,
    /// The stratum of each relation that a rule of its own stratum reads more than once.
    branching: HashMap<PredId, usize>,
    /// Of those: the columns with which its own stratum asks for it.
    own_ways: BTreeSet<(PredId, Vec<usize>)>,
    /// Whether some relation is whole because of that.
    everything: bool,
    /// Relations that the goals reach.
    reached: BTreeSet<PredId>,
    /// Relations that are evaluated whole, with all that they depend on.
    pub(super) whole: BTreeSet<PredId>,
    /// Relations that are evaluated whole by rules that ask for others by values.
    pub(super) roots: Roots,
    largest: OnceCell<f64>,
    /// The first id that is free.
    first: u32,
    made: Vec<Made>,
    /// By relation: columns with the relations made for them.
    pub(super) ways: BTreeMap<PredId, Vec<(Vec<usize>, Pair)>>,
    /// Of which relation an answer is.
    answers: HashMap<PredId, PredId>,
    queue: VecDeque<(PredId, Vec<usize>, Pair)>,
    pub(super) rules: Vec<Rule>,
    pub(super) origins: Vec<Origin>,
    /// Relations that this attempt found to be needed whole.
    pub(super) found_whole: BTreeSet<PredId>,
}

impl<'a> Rewriter<'a> {
    pub fn new(question: &'a Question<'a>) -> Self {
        let program = question.program;
        let mut rules_of: HashMap<PredId, Vec<RuleId>> = HashMap::new();
        for id in program.strata.iter().flat_map(|stratum| &stratum.rules) {
            rules_of.entry(program.rule(*id).head).or_default().push(*id);
        }
        let alone = |stratum: &&crate::model::Stratum| stratum.recursive && stratum.predicates.len() == 1;
        let alone =
            program.strata.iter().filter(alone).flat_map(|stratum| stratum.predicates.iter().copied());
        let heads = question.goals.iter().map(|goal| goal.head.0 + 1).max().unwrap_or(0);
        let mut this = Rewriter {
            question,
            rules_of,
            alone: alone.collect(),
            branching: branching(program),
            own_ways: BTreeSet::new(),
            everything: false,
            reached: BTreeSet::new(),
            whole: BTreeSet::new(),
            roots: Roots::new(program),
            largest: OnceCell::new(),
            first: heads.max(program.schema.predicates.len() as u32),
            made: Vec::new(),
            ways: BTreeMap::new(),
            answers: HashMap::new(),
            queue: VecDeque::new(),
            rules: Vec::new(),
            origins: Vec::new(),
            found_whole: BTreeSet::new(),
        };
        let mut read: BTreeSet<PredId> = question.wanted.iter().copied().collect();
        question.goals.iter().for_each(|goal| {
            goal.body.atoms(&mut |atom, _| {
                read.insert(atom.pred);
            });
        });
        this.reached = this.closure(read);
        question.wanted.iter().for_each(|pred| this.add_root(*pred));
        this
    }

    pub fn run(mut self) -> Result<Demanded, Unused> {
        let reached = self.reached.iter().filter(|pred| self.is_derived(**pred));
        let rules: usize = reached.map(|pred| self.rules_of.get(pred).map_or(0, Vec::len)).sum();
        if rules == 0 {
            return Err(Unused::NothingDerived);
        }
        let question = self.question;
        if self.reached.iter().any(|pred| question.program.is_guarded(*pred) && !(question.known)(*pred)) {
            return Err(Unused::Guarded);
        }
        for _ in 0..ATTEMPTS {
            let goals = self.attempt(64 + 8 * rules)?;
            if !self.found_whole.is_empty() {
                let found = std::mem::take(&mut self.found_whole);
                let whole = self.closure(found);
                self.whole.extend(whole);
                continue;
            }
            if self.roots.is_late() {
                continue;
            }
            if self.made.is_empty() {
                return Err(if self.everything { Unused::Everything } else { Unused::NothingGiven });
            }
            let (rules, origins) = self.with_whole();
            match strata::stratify(&rules) {
                Ok(strata) => {
                    let mut rules_of: HashMap<PredId, Vec<RuleId>> = HashMap::new();
                    for (at, rule) in rules.iter().enumerate() {
                        rules_of.entry(rule.head).or_default().push(RuleId(at as u32));
                    }
                    let schema = self.question.program.schema.clone();
                    let program =
                        CheckedProgram { schema, rules, strata, rules_of, ..CheckedProgram::default() };
                    return Ok(Demanded { program, goals, origins, made: self.made });
                }
                Err(negated) => {
                    let relations = negated.iter().filter_map(|pred| self.answers.get(pred).copied());
                    let whole = self.closure(relations.collect());
                    if whole.is_subset(&self.whole) {
                        return Err(Unused::TooMany);
                    }
                    self.whole.extend(whole);
                }
            }
        }
        Err(Unused::TooMany)
    }

    /// The goals rewritten, with the rules that they need.
    fn attempt(&mut self, most_rules: usize) -> Result<Vec<Rule>, Unused> {
        self.made.clear();
        self.ways.clear();
        self.answers.clear();
        self.own_ways.clear();
        self.queue.clear();
        self.rules.clear();
        self.origins.clear();
        self.root_rules();
        let mut goals = self.question.goals.to_vec();
        for (number, goal) in goals.iter_mut().enumerate() {
            let at = At { vars: &goal.vars, origin: Origin::Goal(number), span: goal.span };
            for literals in &mut goal.body.alternatives {
                *literals = self.body(literals, &mut Known::default(), &at);
            }
        }
        while let Some((pred, columns, pair)) = self.queue.pop_front() {
            if self.rules.len() > most_rules {
                return Err(Unused::TooMany);
            }
            if !(self.alone.contains(&pred) && linear::factor(self, pred, &columns, pair)) {
                self.answer(pred, &columns, pair);
            }
        }
        Ok(goals)
    }

    /// Relations with all that their rules read.
    fn closure(&self, relations: BTreeSet<PredId>) -> BTreeSet<PredId> {
        let mut open: Vec<PredId> = relations.into_iter().collect();
        let mut closed = BTreeSet::new();
        while let Some(pred) = open.pop() {
            if closed.insert(pred) && !(self.question.known)(pred) {
                for id in self.rules_of.get(&pred).into_iter().flatten() {
                    self.question.program.rule(*id).body.atoms(&mut |atom, _| open.push(atom.pred));
                }
            }
        }
        closed
    }

    /// The rules made, and before them those of relations that are evaluated whole.
    fn with_whole(&mut self) -> (Vec<Rule>, Vec<Origin>) {
        let (mut rules, mut origins) = (Vec::new(), Vec::new());
        let whole = self.whole.iter().filter(|pred| !(self.question.known)(**pred));
        for id in whole.filter_map(|pred| self.rules_of.get(pred)).flatten() {
            rules.push(self.question.program.rule(*id).clone());
            origins.push(Origin::Rule(*id));
        }
        rules.append(&mut self.rules);
        origins.append(&mut self.origins);
        (rules, origins)
    }

    /// Whether a relation is to be asked for by values, if there are any.
    fn is_derived(&self, pred: PredId) -> bool {
        !self.is_settled(pred) && !self.whole.contains(&pred) && !self.roots.contains(pred)
    }

    /// The rules of a relation, each with its id.
    pub fn rules_of(&self, pred: PredId) -> Vec<(RuleId, &'a Rule)> {
        let program = self.question.program;
        self.rules_of.get(&pred).into_iter().flatten().map(|id| (*id, program.rule(*id))).collect()
    }

    /// A new relation.
    pub fn make(&mut self, name: String, columns: Vec<String>) -> PredId {
        let pred = PredId(self.first + self.made.len() as u32);
        self.made.push(Made { pred, name, columns });
        pred
    }

    /// `tc[x]`
    pub fn name(&self, pred: PredId, columns: &[usize]) -> String {
        let names: Vec<String> = columns.iter().map(|column| self.column_name(pred, *column)).collect();
        let known = self.question.program.schema.predicates.get(pred.0 as usize);
        format!("{}[{}]", known.map_or("", |predicate| &predicate.name), names.join(", "))
    }

    pub fn column_name(&self, pred: PredId, column: usize) -> String {
        let known = self.question.program.schema.predicates.get(pred.0 as usize);
        let column_of = known.and_then(|predicate| predicate.columns.get(column));
        column_of.map_or_else(|| format!("c{}", column + 1), |column| column.name.to_string())
    }

    /// The relations for one that is asked for with values in at least some of `columns`, and in
    /// which of them. `None` if it is to be evaluated whole.
    fn way(&mut self, pred: PredId, columns: &[usize]) -> Option<(Pair, Vec<usize>)> {
        let all = columns;
        let columns = &match self.alone.contains(&pred) {
            true => linear::worth_giving(self, pred, all),
            false => all.to_vec(),
        };
        let ways = self.ways.entry(pred).or_default();
        if let Some((known, pair)) =
            ways.iter().find(|(known, _)| known.iter().all(|column| all.contains(column)))
        {
            return Some((*pair, known.clone()));
        }
        if ways.len() >= MOST_WAYS {
            return None;
        }
        let width = self.question.program.schema.predicates.get(pred.0 as usize)?.arity();
        let name = self.name(pred, columns);
        let all = (0..width).map(|column| self.column_name(pred, column)).collect();
        let given = columns.iter().map(|column| self.column_name(pred, *column)).collect();
        let demand = self.make(format!("demand {name}"), given);
        let answer = self.make(name, all);
        let pair = Pair { answer, demand };
        self.answers.insert(answer, pred);
        self.ways.entry(pred).or_default().push((columns.to_vec(), pair));
        self.queue.push_back((pred, columns.to_vec(), pair));
        Some((pair, columns.to_vec()))
    }

    /// Asks for an atom with the values known; the relation that answers.
    fn ask(&mut self, atom: &Atom, known: &Known, at: &At<'_>) -> Option<PredId> {
        let given = known.given(atom);
        let way = if given.is_empty() { None } else { self.way(atom.pred, &given) };
        let Some((pair, columns)) = way else {
            self.need_whole(atom.pred);
            return None;
        };
        self.note_own(atom.pred, &columns, at);
        let arg = |column: &usize| match atom.args.get(*column) {
            Some(Arg::Is(expr)) => Some(expr.clone()),
            _ => None,
        };
        let args: Vec<Expr> = columns.iter().filter_map(arg).collect();
        let mut needed = BTreeSet::new();
        args.iter().for_each(|arg| {
            arg.vars(&mut |var| {
                needed.insert(var);
            });
        });
        let body = known.behind(needed);
        let asks_itself = |literal: &Literal| match literal {
            Literal::Atom(guard) => {
                guard.pred == pair.demand
                    && guard
                        .args
                        .iter()
                        .zip(&args)
                        .all(|(a, b)| matches!(a, Arg::Is(expr @ Expr::Var(_)) if expr == b))
            }
            _ => false,
        };
        if !body.iter().any(asks_itself) {
            self.push(pair.demand, args, body, at.vars.to_vec(), at);
        }
        Some(pair.answer)
    }

    /// A recursion that branches and asks for a relation now with these, now with those of its
    /// columns asks in the end for nearly all of it, several times over.
    fn note_own(&mut self, pred: PredId, columns: &[usize], at: &At<'_>) {
        let Origin::Rule(id) = at.origin else { return };
        let head = self.question.program.rule(id).head;
        let stratum = self.branching.get(&pred);
        if stratum.is_none() || stratum != self.branching.get(&head) {
            return;
        }
        self.own_ways.insert((pred, columns.to_vec()));
        if self.own_ways.iter().filter(|(known, _)| *known == pred).count() > 1 {
            self.found_whole.insert(pred);
            self.everything = true;
        }
    }

    pub fn push(&mut self, head: PredId, args: Vec<Expr>, body: Vec<Literal>, vars: Vec<Var>, at: &At<'_>) {
        let body = Body { alternatives: vec![body] };
        self.rules.push(Rule { head, args, body, vars, label: None, assume: Vec::new(), span: at.span });
        self.origins.push(at.origin);
    }

    /// The literals with the relations that answer in place of those asked for. `known` gains what
    /// the literals say.
    pub fn body(&mut self, literals: &[Literal], known: &mut Known, at: &At<'_>) -> Vec<Literal> {
        let mut rewritten = literals.to_vec();
        let mut left: Vec<usize> = (0..literals.len()).collect();
        loop {
            let before = left.len();
            left.retain(|at| !literals.get(*at).is_some_and(|literal| known.take(literal)));
            if left.len() < before {
                // What has a value now may give others theirs.
                continue;
            }
            let Some(next) = self.next_atom(literals, &left, known) else { break };
            left.retain(|other| *other != next);
            let Some(Literal::Atom(atom)) = literals.get(next) else { continue };
            let mut atom = atom.clone();
            let derived = self.is_derived(atom.pred);
            if derived && let Some(answer) = self.ask(&atom, known, at) {
                atom.pred = answer;
            }
            known.add(Literal::Atom(without_calls(&atom)), atom_vars(&atom), !derived);
            if let Some(slot) = rewritten.get_mut(next) {
                *slot = Literal::Atom(atom);
            }
        }
        for at in left {
            if let Some(Literal::Atom(atom)) = literals.get(at)
                && self.is_derived(atom.pred)
            {
                self.need_whole(atom.pred);
            }
        }
        for literal in &mut rewritten {
            match literal {
                Literal::Not(body, _) => self.nested(body, known, at),
                Literal::Compare { left, right, .. } => {
                    for side in [left, right] {
                        if let Expr::Aggregate(aggregate) = side {
                            self.nested(&mut aggregate.body, known, at);
                        }
                    }
                }
                _ => {}
            }
        }
        rewritten
    }

    fn nested(&mut self, body: &mut Body, known: &Known, at: &At<'_>) {
        for literals in &mut body.alternatives {
            *literals = self.body(literals, &mut known.clone(), at);
        }
    }

    /// The atom to be looked up next: a relation that is there with few rows for the values known,
    /// then a derived one that can be asked for, then one with many rows.
    fn next_atom(&self, literals: &[Literal], left: &[usize], known: &Known) -> Option<usize> {
        let mut best: Option<((u8, f64), usize)> = None;
        for at in left {
            let Some(Literal::Atom(atom)) = literals.get(*at) else { continue };
            let given = known.given(atom);
            if given.is_empty() {
                continue;
            }
            let cost = if self.is_derived(atom.pred) {
                (1, -(given.len() as f64))
            } else {
                let rows = self.expected(atom.pred, &given);
                (if rows > MANY_ROWS { 2 } else { 0 }, rows)
            };
            if !self.is_worth_asking(atom.pred) || self.roots.at_work() && cost.0 == 2 {
                continue;
            }
            if best.is_none_or(|(least, _)| cost < least) {
                best = Some((cost, *at));
            }
        }
        best.map(|(_, at)| at).or_else(|| self.small_atom(literals, left, known))
    }

    /// A small relation that would give values to ask with.
    fn small_atom(&self, literals: &[Literal], left: &[usize], known: &Known) -> Option<usize> {
        let atoms = || {
            left.iter().filter_map(|at| match literals.get(*at) {
                Some(Literal::Atom(atom)) => Some((*at, atom)),
                _ => None,
            })
        };
        let wanted: BTreeSet<VarId> = atoms()
            .filter(|(_, atom)| self.is_derived(atom.pred) && self.is_worth_trying(atom.pred))
            .flat_map(|(_, atom)| atom_vars(atom))
            .filter(|var| !known.is_bound(*var))
            .collect();
        let few = |atom: &Atom| {
            let rows = self.expected(atom.pred, &[]);
            rows <= FEW_ROWS && rows * MUCH_LARGER <= self.largest()
        };
        atoms()
            .find(|(_, atom)| {
                !self.is_derived(atom.pred)
                    && self.is_worth_asking(atom.pred)
                    && atom_vars(atom).iter().any(|var| wanted.contains(var))
                    && few(atom)
            })
            .map(|(at, _)| at)
    }

    /// Whether the rows of a relation are there.
    pub(super) fn is_settled(&self, pred: PredId) -> bool {
        !self.rules_of.contains_key(&pred) || (self.question.known)(pred)
    }

    /// Rows expected of a relation for given values.
    fn expected(&self, pred: PredId, given: &[usize]) -> f64 {
        let estimate = if self.is_settled(pred) { self.question.statistics.estimate(pred) } else { None };
        let rows = estimate.as_ref().map_or(UNKNOWN_ROWS, |estimate| estimate.rows);
        given.iter().fold(rows, |rows, column| {
            let distinct = estimate.as_ref().and_then(|estimate| estimate.distinct.get(*column)).copied();
            rows / distinct.unwrap_or(UNKNOWN_DISTINCT).max(1.0)
        })
    }

    /// Rows of the largest relation that is there and reached.
    fn largest(&self) -> f64 {
        *self.largest.get_or_init(|| {
            let settled = self.reached.iter().filter(|pred| self.is_settled(**pred));
            let rows = settled.filter_map(|pred| self.question.statistics.estimate(*pred));
            rows.map(|estimate| estimate.rows).fold(0.0, f64::max)
        })
    }

    /// The rules of a relation for the values asked for.
    fn answer(&mut self, pred: PredId, columns: &[usize], pair: Pair) {
        for (id, rule) in self.rules_of(pred) {
            let at = At { vars: &rule.vars, origin: Origin::Rule(id), span: rule.span };
            let guard = Atom { pred: pair.demand, args: head_args(rule, columns), span: rule.span };
            for literals in &rule.body.alternatives {
                let mut known = Known::guarded(guard.clone());
                let mut body = self.body(literals, &mut known, &at);
                if !goes_by_itself(rule, columns, pair, &body) {
                    body.insert(0, Literal::Atom(guard.clone()));
                }
                self.push(pair.answer, rule.args.clone(), body, rule.vars.clone(), &at);
            }
        }
        if let Some((atom, vars)) = self.stated(pred) {
            let guard = Atom {
                pred: pair.demand,
                args: columns.iter().filter_map(|column| atom.args.get(*column)).cloned().collect(),
                span: atom.span,
            };
            let args = (0..vars.len()).map(|var| Expr::Var(VarId(var as u32))).collect();
            let at = self.at_stated(pred, &[]);
            self.push(pair.answer, args, vec![Literal::Atom(guard), Literal::Atom(atom)], vars, &at);
        }
    }

    /// An atom that reads what is stated of a relation that rules define, too, with its variables.
    pub fn stated(&self, pred: PredId) -> Option<(Atom, Vec<Var>)> {
        let predicate = self.question.program.schema.predicates.get(pred.0 as usize)?;
        if predicate.kind != PredKind::Declared {
            return None;
        }
        let span = self.at_stated(pred, &[]).span;
        let vars: Vec<Var> = predicate
            .columns
            .iter()
            .map(|column| Var {
                name: format!("0{}", column.name).into(),
                ty: column.ty,
                optional: column.optional,
                span,
            })
            .collect();
        let args = (0..vars.len()).map(|var| Arg::Is(Expr::Var(VarId(var as u32)))).collect();
        Some((Atom { pred, args, span }, vars))
    }

    /// The place for rules that stand for no rule of the program: the relation's first one.
    pub fn at_stated<'r>(&self, pred: PredId, vars: &'r [Var]) -> At<'r> {
        let first = self.rules_of.get(&pred).and_then(|rules| rules.first()).copied().unwrap_or(RuleId(0));
        At { vars, origin: Origin::Rule(first), span: self.question.program.rule(first).span }
    }

    /// Types of a relation's columns.
    pub fn types(&self, pred: PredId, columns: &[usize]) -> Vec<TypeId> {
        let predicate = self.question.program.schema.predicates.get(pred.0 as usize);
        let column = |at: &usize| predicate.and_then(|predicate| predicate.columns.get(*at));
        columns.iter().filter_map(column).map(|column| column.ty).collect()
    }
}

/// The relations of strata in which a rule reads relations of its own stratum more than once.
fn branching(program: &CheckedProgram) -> HashMap<PredId, usize> {
    let mut branching = HashMap::new();
    for (number, stratum) in program.strata.iter().enumerate().filter(|(_, stratum)| stratum.recursive) {
        let is_own = |literal: &&Literal| match literal {
            Literal::Atom(atom) => stratum.predicates.binary_search(&atom.pred).is_ok(),
            _ => false,
        };
        let rules = stratum.rules.iter().map(|id| program.rule(*id));
        let mut alternatives = rules.flat_map(|rule| &rule.body.alternatives);
        if alternatives.any(|literals| literals.iter().filter(is_own).count() > 1) {
            branching.extend(stratum.predicates.iter().map(|pred| (*pred, number)));
        }
    }
    branching
}

/// What the head of a rule says of some of its columns; computed ones are left open.
pub(super) fn head_args(rule: &Rule, columns: &[usize]) -> Vec<Arg> {
    let arg = |column: &usize| match rule.args.get(*column) {
        Some(expr @ (Expr::Var(_) | Expr::Const(_))) => Arg::Is(expr.clone()),
        _ => Arg::Any,
    };
    columns.iter().map(arg).collect()
}

/// Whether a body reads the answer that it adds to for the very values that its head is asked for:
/// these have been asked for then. Not if something else in it has to be asked for before it can be
/// denied or counted.
fn goes_by_itself(rule: &Rule, columns: &[usize], pair: Pair, body: &[Literal]) -> bool {
    let reads_itself = |literal: &Literal| match literal {
        Literal::Atom(atom) => {
            atom.pred == pair.answer
                && columns.iter().all(|column| match (rule.args.get(*column), atom.args.get(*column)) {
                    (Some(Expr::Var(head)), Some(Arg::Is(Expr::Var(var)))) => head == var,
                    _ => false,
                })
        }
        _ => false,
    };
    let is_plain = |literal: &Literal| match literal {
        Literal::Not(..) => false,
        Literal::Compare { left, right, .. } => {
            ![left, right].iter().any(|side| matches!(side, Expr::Aggregate(_)))
        }
        _ => true,
    };
    body.iter().any(reads_itself) && body.iter().all(is_plain)
}
