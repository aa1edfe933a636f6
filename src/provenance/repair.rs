//! Which facts would have to be stated for a tuple to hold: small sets of them, found by going
//! backwards over the rules (abduction).
//!
//! A missing tuple can be stated, if facts of its relation can be; or a rule can derive it, of whose
//! premises some few are missing in turn. Variables that nothing satisfied gives a value try those
//! of the same type around them, then what stands in their column. What is found is a proposal:
//! only assuming it tells whether it does what it should.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::goal::{self, Computed, compute};
use super::graph::{Graph, Tuple};
use super::index::Given;
pub use super::missing::{Missing, Repairs};
use super::missing::{bound, subsets, turned, unimportant};
use super::solve::Solver;
use super::whynot::Wanted;
use crate::base::Stop;
use crate::model::program::{Arg, Atom, Expr, Literal, VarId};
use crate::model::schema::{META_COLUMNS, PredKind, TypeDef};
use crate::model::{Date, PredId, Rule, TypeId, Value};
use crate::storage::Word;
use crate::storage::interner::{MISSING, NIL};

/// No set has more facts.
pub const MOST_FACTS: usize = 3;
/// Sets that are looked for.
const SETS: usize = 24;
/// Rules that are followed one behind the other.
const DEPTH: usize = 4;
/// Turns that all searches take together.
const EFFORT: u64 = 5_000_000;
/// Searches that are made.
const SEARCHES: usize = 4_000;
/// Solutions of one search that are looked at, and kept of these.
const SOLUTIONS: (usize, usize) = (2_000, 24);
/// Values that are tried for one variable, and combinations of them.
const VALUES: (usize, usize) = (24, 400);
/// Rows that are looked at for the values in a column.
const COLUMN_ROWS: usize = 200_000;

/// Proposals for what to state so that a tuple like `wanted` holds.
///
/// # Errors
/// The budget's.
pub fn repairs(graph: &Graph<'_>, pred: PredId, wanted: &Wanted) -> Result<Repairs, Stop> {
    let mut search = Search::new(graph);
    graph.allow(EFFORT);
    let goal = (pred, wanted.to_vec());
    for most in 1..=MOST_FACTS {
        search.left = SEARCHES;
        let ways = search.goal(&goal, most, DEPTH, &mut vec![])?;
        let mut sets: BTreeMap<Set, usize> = BTreeMap::new();
        for way in ways.into_iter().filter(|way| !way.set.is_empty()) {
            let steps = sets.entry(way.set).or_insert(way.steps);
            *steps = way.steps.min(*steps);
        }
        if !sets.is_empty() {
            return search.ranked(sets);
        }
    }
    // A relation of which nothing is stated is left to its rules, as long as they can do it.
    match search.missing(pred, wanted, &HashSet::new()) {
        Some(fact) => search.ranked(BTreeMap::from([(Set::from([fact]), 0)])),
        None => Ok(Repairs { sets: Vec::new(), cut: search.cut }),
    }
}

type Set = BTreeSet<Missing>;
type Goal = (PredId, Vec<Option<Word>>);

/// Facts that would make a tuple hold.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Way {
    set: Set,
    /// Rules that it takes one behind the other.
    steps: usize,
    tuple: Vec<Word>,
}

/// The words of all variables, and the variables whose words do not matter.
type Filled = (Vec<Word>, HashSet<VarId>);

/// A rule's alternative of which some atoms are left out, to be made to hold.
struct Attempt<'r> {
    rule: &'r Rule,
    literals: &'r [Literal],
    wanted: &'r Wanted,
    left_out: &'r [usize],
}

/// A search for proposals, and what it knows of facts.
pub(super) struct Search<'s, 'a> {
    graph: &'s Graph<'a>,
    /// Searches that may still be made.
    left: usize,
    cut: bool,
    /// Values in columns, as far as they have been asked for.
    columns: HashMap<(PredId, usize), Vec<Word>>,
}

impl<'s, 'a> Search<'s, 'a> {
    pub fn new(graph: &'s Graph<'a>) -> Self {
        Search { graph, left: SEARCHES, cut: false, columns: HashMap::new() }
    }

    /// Ways to make some tuple like the goal hold with at most `most` facts; without any if there is
    /// such a tuple.
    fn goal(
        &mut self,
        goal: &Goal,
        most: usize,
        depth: usize,
        path: &mut Vec<Goal>,
    ) -> Result<Vec<Way>, Stop> {
        let (pred, wanted) = goal;
        if wanted.iter().all(Option::is_some) {
            let row: Vec<Word> = wanted.iter().flatten().copied().collect();
            if self.graph.holds(&Tuple { pred: *pred, row: row.clone().into() }) {
                return Ok(vec![Way { set: Set::new(), steps: 0, tuple: row }]);
            }
        }
        let mut ways: Vec<Way> = Vec::new();
        if most == 0 || path.contains(goal) {
            return Ok(ways);
        }
        if self.is_stated(*pred)
            && let Some(fact) = self.missing(*pred, wanted, &HashSet::new())
        {
            ways.push(self.alone(fact));
        }
        if depth == 0 {
            self.cut |= !self.graph.rules_of(*pred).is_empty();
            return Ok(ways);
        }
        path.push(goal.clone());
        let outcome = self.by_rules(*pred, wanted, most, depth, path, &mut ways);
        path.pop();
        outcome?;
        Ok(minimal(ways))
    }

    fn alone(&self, fact: Missing) -> Way {
        let tuple = fact.tuple.iter().map(|value| self.graph.words.word(value)).collect();
        Way { set: Set::from([fact]), steps: 0, tuple }
    }

    fn by_rules(
        &mut self,
        pred: PredId,
        wanted: &Wanted,
        most: usize,
        depth: usize,
        path: &mut Vec<Goal>,
        ways: &mut Vec<Way>,
    ) -> Result<(), Stop> {
        for rule_ref in self.graph.rules_of(pred).to_vec() {
            let Some(rule) = self.graph.rule(rule_ref) else { continue };
            for literals in &rule.body.alternatives {
                let atoms: Vec<usize> = (0..literals.len())
                    .filter(|at| matches!(literals.get(*at), Some(Literal::Atom(_))))
                    .collect();
                // One fact can be what several premises miss.
                for left_out in subsets(&atoms, MOST_FACTS) {
                    if self.left == 0 || ways.len() > 4 * SETS {
                        self.cut = true;
                        return Ok(());
                    }
                    self.left -= 1;
                    let attempt = Attempt { rule, literals, wanted, left_out: &left_out };
                    self.attempt(&attempt, most, depth, path, ways)?;
                }
            }
        }
        Ok(())
    }

    fn attempt(
        &mut self,
        attempt: &Attempt<'_>,
        most: usize,
        depth: usize,
        path: &mut Vec<Goal>,
        ways: &mut Vec<Way>,
    ) -> Result<(), Stop> {
        let atoms = attempt.left_out.iter().filter_map(|at| match attempt.literals.get(*at) {
            Some(Literal::Atom(atom)) => Some(atom),
            _ => None,
        });
        let (derived, stated): (Vec<&Atom>, Vec<&Atom>) =
            atoms.partition(|atom| !self.graph.rules_of(atom.pred).is_empty());
        for slots in self.solutions(attempt)? {
            // What rules derive comes first: it gives values to variables.
            let mut states = vec![(slots, Set::new(), 0)];
            for atom in &derived {
                let mut more = Vec::new();
                for (slots, set, steps) in &states {
                    let Some(columns) = self.columns_of(atom, slots) else { continue };
                    let goal = (atom.pred, columns);
                    for way in self.goal(&goal, most, depth - 1, path)? {
                        if let Some(slots) = bound(atom, slots, &way.tuple)
                            && !way.set.is_empty()
                            && more.len() < SETS
                        {
                            more.push((slots, set.union(&way.set).cloned().collect(), way.steps.max(*steps)));
                        }
                    }
                }
                states = more;
            }
            for (slots, set, steps) in states {
                let Some((slots, free)) = self.filled(attempt, slots)? else { continue };
                let Some(set) = self.with_stated(&stated, &slots, &free, set) else { continue };
                let head =
                    attempt.rule.args.iter().map(|arg| match compute(arg, &slots, &self.graph.words) {
                        Computed::Word(word) => Some(word),
                        _ => None,
                    });
                let Some(tuple) = head.collect::<Option<Vec<Word>>>() else { continue };
                if set.len() <= most {
                    ways.push(Way { set, steps: steps + 1, tuple });
                }
            }
        }
        Ok(())
    }

    /// A set with the facts that some premises ask for, those apart that others of the set are already;
    /// `None` if nobody could state one.
    fn with_stated(
        &mut self,
        premises: &[&Atom],
        slots: &[Word],
        free: &HashSet<VarId>,
        mut set: Set,
    ) -> Option<Set> {
        let mut facts = Vec::with_capacity(premises.len());
        for atom in premises {
            let columns = self.columns_of(atom, slots)?;
            let unimportant = unimportant(atom, free);
            facts.push((self.missing(atom.pred, &columns, &unimportant)?, unimportant));
        }
        // Those that say most first.
        facts.sort_by_key(|(_, unimportant)| unimportant.len());
        for (fact, unimportant) in facts {
            if !set.iter().any(|other| other.serves_as(&fact, &unimportant)) {
                set.insert(fact);
            }
        }
        Some(set)
    }

    /// Whether facts of a relation are proposed: not where rules define it and nothing is stated.
    pub fn is_stated(&self, pred: PredId) -> bool {
        let stated = || self.graph.stated().table(pred).is_some_and(|table| !table.is_empty());
        self.graph.rules_of(pred).is_empty() || stated()
    }

    /// Sets in the order in which they are proposed.
    fn ranked(mut self, sets: BTreeMap<Set, usize>) -> Result<Repairs, Stop> {
        let mut ranked = Vec::with_capacity(sets.len());
        for (set, steps) in sets {
            let mut conflicts = 0;
            for fact in &set {
                conflicts += usize::from(self.conflicts(fact)?);
            }
            // The nearest first, and of these those in which least is guessed.
            let guessed: usize = set.iter().map(|fact| fact.any.len()).sum();
            ranked.push(((conflicts, set.len(), steps, guessed), set.into_iter().collect::<Vec<Missing>>()));
        }
        ranked.sort();
        // What contradicts facts that are stated is proposed only for want of anything else.
        let least = ranked.first().map_or(0, |((conflicts, ..), _)| *conflicts);
        ranked.retain(|((conflicts, ..), _)| *conflicts == least);
        self.cut |= ranked.len() > SETS;
        ranked.truncate(SETS);
        Ok(Repairs { sets: ranked.into_iter().map(|(_, set)| set).collect(), cut: self.cut })
    }

    /// Values of the variables under which all literals but those left out are satisfied, or cannot
    /// be tried; the first by value.
    fn solutions(&mut self, attempt: &Attempt<'_>) -> Result<Vec<Vec<Word>>, Stop> {
        let known = vec![MISSING; attempt.rule.vars.len()];
        let mut solver = attempt.solver(self.graph, known, true);
        let mut found: Vec<Vec<Word>> = Vec::new();
        while found.len() < SOLUTIONS.0 && solver.next()? {
            found.push(solver.slots().to_vec());
        }
        self.cut |= solver.gave_up() || found.len() >= SOLUTIONS.0;
        found.sort_unstable();
        found.dedup();
        let graph = self.graph;
        found.sort_by(|a, b| {
            let order = |(a, b): (&Word, &Word)| match (*a == MISSING, *b == MISSING) {
                (false, false) => graph.compare(*a, *b),
                (a, b) => a.cmp(&b),
            };
            a.iter().zip(b).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
        });
        self.cut |= found.len() > SOLUTIONS.1;
        found.truncate(SOLUTIONS.1);
        Ok(found)
    }

    /// Gives a value to the variables of the missing premises that have none, so that the literals
    /// that could not be tried hold; with the variables whose values do not matter.
    fn filled(&mut self, attempt: &Attempt<'_>, slots: Vec<Word>) -> Result<Option<Filled>, Stop> {
        let mut open: Vec<VarId> = Vec::new();
        for literal in attempt.left_out.iter().filter_map(|at| attempt.literals.get(*at)) {
            goal::own_vars(literal, &mut |var| {
                if goal::slot(&slots, var) == MISSING && !open.contains(&var) {
                    open.push(var);
                }
            });
        }
        let free: HashSet<VarId> =
            open.iter().copied().filter(|var| attempt.occurrences(*var) == 1).collect();
        let choices: Vec<Vec<Word>> =
            open.iter().map(|var| self.candidates(attempt, &slots, *var, free.contains(var))).collect();
        if choices.iter().any(Vec::is_empty) {
            return Ok(None);
        }
        let mut at = vec![0; open.len()];
        for _ in 0..VALUES.1 {
            let mut tried = slots.clone();
            for ((var, choice), at) in open.iter().zip(&choices).zip(&at) {
                if let (Some(slot), Some(word)) = (tried.get_mut(var.0 as usize), choice.get(*at)) {
                    *slot = *word;
                }
            }
            let mut solver = attempt.solver(self.graph, tried, false);
            if solver.next()? {
                return Ok(Some((solver.slots().to_vec(), free)));
            }
            self.cut |= solver.gave_up();
            if !turned(&mut at, &choices) {
                return Ok(None);
            }
        }
        self.cut = true;
        Ok(None)
    }

    /// Values that a variable of a missing premise may have: those of the same type around it, those
    /// in its columns, and one of its type.
    fn candidates(&mut self, attempt: &Attempt<'_>, slots: &[Word], var: VarId, free: bool) -> Vec<Word> {
        let Some(known) = attempt.rule.vars.get(var.0 as usize) else { return Vec::new() };
        let mut found: Vec<Word> = Vec::new();
        for at in attempt.left_out {
            let Some(Literal::Atom(atom)) = attempt.literals.get(*at) else { continue };
            for (column, arg) in atom.args.iter().enumerate() {
                if *arg == Arg::Is(Expr::Var(var)) {
                    if free && let Some(word) = self.default(atom.pred, column) {
                        return vec![word];
                    }
                    found.extend(self.column(atom.pred, column));
                }
            }
        }
        let around = attempt.rule.vars.iter().zip(slots);
        // What does not matter takes nothing from what does.
        let around = around.filter(|(other, word)| !free && other.ty == known.ty && **word != MISSING);
        let mut words: Vec<Word> = around.map(|(_, word)| *word).collect();
        words.extend(found);
        words.extend(self.of_type(known.ty));
        let mut seen = HashSet::new();
        words.retain(|word| *word != NIL && seen.insert(*word));
        words.truncate(VALUES.0);
        words
    }

    /// The words of an atom's columns, none for wildcards and variables that have none; `None` if no
    /// tuple can be what the atom asks for, because an argument has no value.
    pub fn columns_of(&self, atom: &Atom, slots: &[Word]) -> Option<Vec<Option<Word>>> {
        let word = |arg: &Arg| match arg {
            Arg::Any => Some(None),
            Arg::Is(expr) => match (compute(expr, slots, &self.graph.words), expr) {
                (Computed::Word(NIL), Expr::Call(..)) | (Computed::Nothing, _) => None,
                (Computed::Word(word), _) => Some(Some(word)),
                (Computed::Open, _) => Some(None),
            },
        };
        atom.args.iter().map(word).collect()
    }

    /// Whether another tuple with the key of this one is there already.
    pub fn conflicts(&self, fact: &Missing) -> Result<bool, Stop> {
        let predicate = self.graph.program().schema.predicates.get(fact.pred.0 as usize);
        let key = predicate.and_then(|predicate| predicate.key.as_deref());
        let (Some(key), Some(table)) = (key, self.graph.table(fact.pred)) else { return Ok(false) };
        let mut columns = key.to_vec();
        columns.sort_unstable();
        let words: Option<Vec<Word>> =
            columns.iter().map(|at| Some(self.graph.words.word(fact.tuple.get(*at)?))).collect();
        let Some(words) = words else { return Ok(false) };
        let given = Given { columns, words };
        let mut run = self.graph.indexes.rows(fact.pred, table, &given, self.graph.budget)?;
        let mut row = Vec::new();
        while run.next(&mut row) {
            let same = given.columns.iter().zip(&given.words).all(|(at, word)| row.get(*at) == Some(word));
            if same {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What a column holds when it is left out.
    fn default(&self, pred: PredId, column: usize) -> Option<Word> {
        let column = self.graph.program().schema.predicates.get(pred.0 as usize)?.columns.get(column)?;
        match &column.default {
            Some(value) => Some(self.graph.words.word(value)),
            None => column.optional.then_some(NIL),
        }
    }

    /// The first values in a column.
    fn column(&mut self, pred: PredId, column: usize) -> Vec<Word> {
        if let Some(known) = self.columns.get(&(pred, column)) {
            return known.clone();
        }
        let graph = self.graph;
        let mut words: Vec<Word> = Vec::new();
        if let Some(table) = graph.table(pred) {
            let distinct: HashSet<Word> =
                table.iter().take(COLUMN_ROWS).filter_map(|row| row.get(column)).copied().collect();
            words.extend(distinct);
            words.sort_by(|a, b| graph.compare(*a, *b));
            words.truncate(VALUES.0);
        }
        self.columns.insert((pred, column), words.clone());
        words
    }

    /// Some value of a type.
    pub fn of_type(&self, ty: TypeId) -> Option<Word> {
        let schema = &self.graph.program().schema;
        let mut ty = ty;
        let value = loop {
            break match &schema.types.get(ty.0 as usize)?.def {
                TypeDef::Symbol | TypeDef::Entity(_) => Value::symbol("?"),
                TypeDef::Number => Value::Number(0),
                TypeDef::Float => Value::float(0.0),
                TypeDef::Bool => Value::Bool(true),
                TypeDef::Date => Value::Date(Date::parse("2000").ok()?),
                TypeDef::List(_) => Value::list([]),
                // Which of its values would do, nothing says.
                TypeDef::Struct(_) => return None,
                TypeDef::Enum(id) => {
                    let name = schema.enums.get(id.0 as usize)?.constants.first()?.clone();
                    Value::Enum(crate::model::EnumValue { ty: *id, ordinal: 0, name })
                }
                TypeDef::Subtype(of) => {
                    ty = *of;
                    continue;
                }
                TypeDef::Union(members) => {
                    ty = *members.first()?;
                    continue;
                }
            };
        };
        Some(self.graph.words.word(&value))
    }

    /// The fact that would have to be stated, if facts of the relation can be. Columns without a word
    /// take their default, or what stands in the column.
    pub fn missing(&mut self, pred: PredId, wanted: &Wanted, any: &HashSet<usize>) -> Option<Missing> {
        let schema = std::sync::Arc::clone(&self.graph.program().schema);
        let predicate = schema.predicates.get(pred.0 as usize)?;
        let (of, arity) = match predicate.kind {
            PredKind::Declared => (pred, predicate.arity()),
            PredKind::Assertions(of) => (of, schema.predicate(of).arity()),
            PredKind::Derived | PredKind::Answer => return None,
        };
        let columns = &schema.predicate(of).columns;
        let mut tuple = Vec::with_capacity(arity);
        let mut guessed = Vec::new();
        for (at, column) in columns.iter().enumerate() {
            let word = match wanted.get(at).copied().flatten() {
                Some(word) => {
                    if any.contains(&at) && self.default(of, at) != Some(word) {
                        guessed.push(at);
                    }
                    word
                }
                None => match self.default(of, at) {
                    Some(word) => word,
                    None => {
                        guessed.push(at);
                        let first = self.column(of, at).into_iter().find(|word| *word != NIL);
                        first.or_else(|| self.of_type(column.ty))?
                    }
                },
            };
            if word == NIL && !column.optional {
                return None;
            }
            tuple.push(self.graph.value(word));
        }
        let mut meta = Vec::new();
        for (at, field) in META_COLUMNS.iter().enumerate().skip(2) {
            if let Some(word) = wanted.get(arity + at).copied().flatten().filter(|word| *word != NIL) {
                meta.push((*field, self.graph.value(word)));
            }
        }
        Some(Missing { pred: of, tuple, any: guessed, meta })
    }
}

impl Attempt<'_> {
    fn solver<'g, 'a>(&'g self, graph: &'g Graph<'a>, known: Vec<Word>, partial: bool) -> Solver<'g, 'a> {
        Solver::sketch(graph, self.rule, self.literals, self.wanted, self.left_out, known, partial)
    }

    /// In how many places of the alternative and the head a variable occurs.
    fn occurrences(&self, var: VarId) -> usize {
        let mut count = 0;
        self.rule.args.iter().for_each(|arg| arg.vars(&mut |other| count += usize::from(other == var)));
        for literal in self.literals {
            goal::own_vars(literal, &mut |other| count += usize::from(other == var));
            let mut inside = HashSet::new();
            goal::nested_vars(literal, &mut inside);
            count += usize::from(inside.contains(&var));
        }
        count
    }
}

/// The ways of which no part does as much.
fn minimal(mut ways: Vec<Way>) -> Vec<Way> {
    ways.sort_by(|a, b| a.set.len().cmp(&b.set.len()).then_with(|| a.cmp(b)));
    ways.dedup();
    let mut kept: Vec<Way> = Vec::new();
    for way in ways {
        if !kept.iter().any(|part| part.tuple == way.tuple && part.set.is_subset(&way.set)) {
            kept.push(way);
        }
    }
    kept
}
