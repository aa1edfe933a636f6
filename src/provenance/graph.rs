//! The AND-OR graph behind a model: a tuple holds because it is stated or by any of its rule
//! instances, an instance by all of its premises.
//!
//! Nothing of it is stored. [`Graph::instances`] searches for the instances of a tuple when asked,
//! over relations that are already evaluated, with indexed lookups. The graph can have cycles;
//! [`Graph::rank`] gives an order in which every derived tuple has an instance whose premises
//! come before it.

use std::cell::{Cell, RefCell};
use std::collections::{HashMap, HashSet};
use std::ops::ControlFlow;

use super::fold;
use super::goal::{self, Computed, as_aggregate, compute};
use super::index::Indexes;
use super::solve::Solver;
use super::words::Words;
use crate::base::{Budget, Span, Stop};
use crate::engine::{Model, RuleRef, Tables};
use crate::model::functor::Patterns;
use crate::model::program::{Aggregate, AggregateOp, Arg, Atom, Body, CompareOp, Literal};
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, PredId, Rule, RuleId, Value};
use crate::storage::interner::{MISSING, NIL};
use crate::storage::{Interner, Table, Word};

/// Turns of a search between two looks at the budget.
const BLOCK: u32 = 1024;

/// A tuple of a relation: an OR node.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tuple {
    /// The relation: declared, derived, an assertions relation, or the head of a goal.
    pub pred: PredId,
    /// One word a column.
    pub row: Box<[Word]>,
}

/// A rule with values for its variables that derives a tuple: an AND node.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Instance {
    /// The rule.
    pub rule: RuleRef,
    /// Which alternative of its body.
    pub alternative: usize,
    /// The word of each variable, [`MISSING`] for those of nested bodies and other alternatives.
    pub binding: Box<[Word]>,
    /// One for each literal of the alternative, in its order.
    pub premises: Vec<Premise>,
}

/// How a literal is satisfied.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Premise {
    /// By this tuple.
    Tuple(Tuple),
    /// A negated body has no solution; [`Graph::over`] says among how many tuples.
    Absent,
    /// An aggregate has this value; [`Graph::contributions`] gives what it ranges over.
    Aggregate(Word),
    /// A comparison, test or membership holds.
    Holds,
}

/// One of the assignments that an aggregate ranges over.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Contribution {
    /// Which alternative of the aggregate's body.
    pub alternative: usize,
    /// The word of each variable of the rule that has one inside, those around included.
    pub binding: Box<[Word]>,
    /// One for each literal of the alternative.
    pub premises: Vec<Premise>,
}

/// Where a tuple comes in the order of evaluation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rank {
    /// The stratum of its relation, counted from 1; 0 if no rule defines it.
    pub stratum: u32,
    /// The round of its stratum in which it appeared first.
    pub round: u32,
}

/// The graph of one evaluation.
///
/// The model must have every relation that the rules reached, with rounds. Words given out by the
/// graph are those of the interner, or stand for values that only the graph knows: ask
/// [`Graph::value`].
pub struct Graph<'a> {
    pub(super) program: &'a CheckedProgram,
    goals: &'a [Rule],
    tables: &'a dyn Tables,
    model: &'a Model,
    pub(super) words: Words<'a>,
    pub(super) budget: &'a Budget,
    pub(super) indexes: Indexes,
    pub(super) patterns: RefCell<Patterns>,
    /// The same of relations with what gave way.
    past_indexes: Indexes,
    rules_of: HashMap<PredId, Vec<RuleRef>>,
    strata: HashMap<PredId, u32>,
    turns: Cell<u32>,
    /// Turns that sketches may still take together.
    effort: Cell<u64>,
}

impl std::fmt::Debug for Graph<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Graph").finish_non_exhaustive()
    }
}

impl<'a> Graph<'a> {
    /// The graph of `model`, which is what evaluating `goals` over `tables` under `program` gave.
    pub fn new(
        program: &'a CheckedProgram,
        goals: &'a [Rule],
        tables: &'a dyn Tables,
        model: &'a Model,
        interner: &'a Interner,
        budget: &'a Budget,
    ) -> Self {
        let mut rules_of: HashMap<PredId, Vec<RuleRef>> = HashMap::new();
        for (at, rule) in program.rules.iter().enumerate() {
            rules_of.entry(rule.head).or_default().push(RuleRef::Rule(RuleId(at as u32)));
        }
        for (at, goal) in goals.iter().enumerate() {
            rules_of.entry(goal.head).or_default().push(RuleRef::Goal(at));
        }
        let mut strata = HashMap::new();
        for (at, stratum) in program.strata.iter().enumerate() {
            strata.extend(stratum.predicates.iter().map(|pred| (*pred, at as u32 + 1)));
        }
        strata.extend(goals.iter().map(|goal| (goal.head, program.strata.len() as u32 + 1)));
        Graph {
            program,
            goals,
            tables,
            model,
            words: Words::new(interner),
            budget,
            indexes: Indexes::default(),
            past_indexes: Indexes::default(),
            patterns: RefCell::default(),
            rules_of,
            strata,
            turns: Cell::new(0),
            effort: Cell::new(0),
        }
    }

    /// The rules and the schema.
    pub fn program(&self) -> &'a CheckedProgram {
        self.program
    }

    /// The goals of the evaluation.
    pub fn goals(&self) -> &'a [Rule] {
        self.goals
    }

    /// The stated tables.
    pub fn stated(&self) -> &'a dyn Tables {
        self.tables
    }

    /// The rule of a reference that this graph gave out.
    pub fn rule(&self, rule: RuleRef) -> Option<&'a Rule> {
        rule.find(self.program, self.goals)
    }

    /// The rules and goals that define a relation.
    pub fn rules_of(&self, pred: PredId) -> &[RuleRef] {
        self.rules_of.get(&pred).map_or(&[], Vec::as_slice)
    }

    /// All tuples of a relation, stated and derived.
    pub fn table(&self, pred: PredId) -> Option<&'a Table> {
        match self.model.table(pred) {
            Some(table) => Some(table),
            None => self.tables.table(pred),
        }
    }

    /// What premises in one stratum read of a relation, with its indexes: in the stratum's own relations
    /// also what gave way later.
    pub(super) fn seen_from(&self, stratum: u32, pred: PredId) -> (Option<&'a Table>, &Indexes) {
        match self.model.past(pred).filter(|_| self.strata.get(&pred) == Some(&stratum)) {
            Some(past) => (Some(past), &self.past_indexes),
            None => (self.table(pred), &self.indexes),
        }
    }

    /// The stratum of a relation; 0 if no rule defines it.
    pub(super) fn stratum(&self, pred: PredId) -> u32 {
        self.strata.get(&pred).copied().unwrap_or(0)
    }

    /// Whether premises can have derived a tuple: those that gave way were there together, before it.
    fn in_time(&self, tuple: &Tuple, premises: &[Premise]) -> bool {
        let stratum = self.stratum(tuple.pred);
        let own = || {
            premises.iter().filter_map(|premise| match premise {
                Premise::Tuple(other) if self.stratum(other.pred) == stratum => Some(other),
                _ => None,
            })
        };
        let gone = own().filter_map(|other| self.model.gone(other.pred, &other.row)).min();
        let Some(gone) = gone.filter(|_| !own().all(|other| self.holds(other))) else { return true };
        let last = own().map(|other| self.rank(other).round).max().unwrap_or(0);
        let end = self.model.round(tuple.pred, &tuple.row).map_or(gone, |round| gone.min(round));
        last < end
    }

    /// Whether a tuple is in the model.
    pub fn holds(&self, tuple: &Tuple) -> bool {
        self.table(tuple.pred).is_some_and(|table| table.contains(&tuple.row))
    }

    /// Whether a tuple is stated and seen, or is an assertion.
    pub fn is_stated(&self, tuple: &Tuple) -> bool {
        self.tables.table(tuple.pred).is_some_and(|table| table.contains(&tuple.row))
    }

    /// Whether a relation is one of assertions, whose tuples are all stated.
    pub fn is_assertions(&self, pred: PredId) -> bool {
        let predicate = self.program.schema.predicates.get(pred.0 as usize);
        matches!(predicate.map(|predicate| predicate.kind), Some(PredKind::Assertions(_)))
    }

    /// Where a tuple of the model comes in the order of evaluation. A derived tuple that is not
    /// stated has an instance all of whose tuples come before it.
    pub fn rank(&self, tuple: &Tuple) -> Rank {
        let stratum = self.strata.get(&tuple.pred).copied().unwrap_or(0);
        Rank { stratum, round: self.model.round(tuple.pred, &tuple.row).unwrap_or(0) }
    }

    /// The value of a word that the graph gave out.
    pub fn value(&self, word: Word) -> Value {
        self.words.value(word)
    }

    /// The word of a value, which may stand for nothing in the model.
    pub fn word(&self, value: &Value) -> Word {
        self.words.word(value)
    }

    /// The values of a row.
    pub fn values(&self, row: &[Word]) -> Vec<Value> {
        row.iter().map(|word| self.value(*word)).collect()
    }

    /// The order of two words' values.
    pub fn compare(&self, a: Word, b: Word) -> std::cmp::Ordering {
        self.words.compare(a, b)
    }

    /// Calls `visit` for each rule instance that derives `tuple`, until it breaks. The order means
    /// nothing. There can be very many; each is found by itself, so that breaking early saves the
    /// search for the rest.
    ///
    /// # Errors
    /// The budget's.
    pub fn instances(
        &self,
        tuple: &Tuple,
        visit: &mut dyn FnMut(Instance) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        for rule_ref in self.rules_of(tuple.pred) {
            let Some(rule) = self.rule(*rule_ref) else { continue };
            for (alternative, literals) in rule.body.alternatives.iter().enumerate() {
                let mut solver = Solver::for_head(self, rule, literals, &tuple.row);
                // The same assignment comes once for each row that a wildcard can match.
                while solver.next()? {
                    let premises = self.premises(literals, &solver)?;
                    if !self.in_time(tuple, &premises) {
                        continue;
                    }
                    let binding = solver.slots().into();
                    let instance = Instance { rule: *rule_ref, alternative, binding, premises };
                    if visit(instance).is_break() {
                        return Ok(());
                    }
                }
            }
        }
        Ok(())
    }

    /// Calls `visit` for each distinct assignment that counts in an aggregate. `binding` is that of
    /// the instance in which it stands, or of the contribution to an outer aggregate.
    ///
    /// # Errors
    /// The budget's.
    pub fn contributions(
        &self,
        aggregate: &Aggregate,
        binding: &[Word],
        visit: &mut dyn FnMut(Contribution) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        let mut stopped = None;
        self.assignments(aggregate, binding, &mut |alternative, literals, solver| {
            if !self.counts(aggregate, solver.slots()) {
                return ControlFlow::Continue(());
            }
            let premises = match self.premises(literals, solver) {
                Ok(premises) => premises,
                Err(stop) => {
                    stopped = Some(stop);
                    return ControlFlow::Break(());
                }
            };
            visit(Contribution { alternative, binding: solver.slots().into(), premises })
        })?;
        stopped.map_or(Ok(()), Err)
    }

    /// As [`Graph::contributions`], but an assignment that several alternatives have comes once for
    /// each of them, every time under the same number.
    ///
    /// # Errors
    /// The budget's.
    pub fn ways_to_contribute(
        &self,
        aggregate: &Aggregate,
        binding: &[Word],
        visit: &mut dyn FnMut(usize, Contribution) -> ControlFlow<()>,
    ) -> Result<(), Stop> {
        let several = aggregate.body.alternatives.len() > 1;
        let mut known = HashMap::new();
        let mut count = 0;
        for (alternative, literals) in aggregate.body.alternatives.iter().enumerate() {
            let mut solver = Solver::nested(self, literals, binding);
            while solver.next()? {
                if !self.counts(aggregate, solver.slots()) {
                    continue;
                }
                let number = match several {
                    true => *known.entry(assignment(literals, &solver)).or_insert(count),
                    false => count,
                };
                count = count.max(number + 1);
                let premises = self.premises(literals, &solver)?;
                if visit(number, Contribution { alternative, binding: solver.slots().into(), premises })
                    .is_break()
                {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Whether an assignment has a value that the aggregate takes in.
    fn counts(&self, aggregate: &Aggregate, slots: &[Word]) -> bool {
        let Some(arg) = &aggregate.arg else { return true };
        match compute(arg, slots, &self.words) {
            Computed::Word(NIL) => matches!(aggregate.op, AggregateOp::Count | AggregateOp::List),
            Computed::Word(_) => true,
            Computed::Open | Computed::Nothing => false,
        }
    }

    /// The aggregate of a literal, if it compares one.
    pub fn aggregate_of(literal: &Literal) -> Option<&Aggregate> {
        as_aggregate(literal).map(|(aggregate, _)| aggregate)
    }

    /// How many tuples a body speaks of: those of its relations, each counted once.
    pub fn over(&self, body: &Body) -> usize {
        let mut preds = HashSet::new();
        body.atoms(&mut |atom, _| {
            preds.insert(atom.pred);
        });
        preds.into_iter().filter_map(|pred| self.table(pred)).map(Table::len).sum()
    }

    /// The first solution found of a body under a binding: the premises that satisfy it. For what
    /// stands in the way of a negation.
    pub fn witness(&self, body: &Body, binding: &[Word]) -> Result<Option<Contribution>, Stop> {
        for (alternative, literals) in body.alternatives.iter().enumerate() {
            let mut solver = Solver::nested(self, literals, binding);
            if solver.next()? {
                let premises = self.premises(literals, &solver)?;
                return Ok(Some(Contribution { alternative, binding: solver.slots().into(), premises }));
            }
        }
        Ok(None)
    }

    fn premises(&self, literals: &[Literal], solver: &Solver<'_, '_>) -> Result<Vec<Premise>, Stop> {
        let premise = |(at, literal): (usize, &Literal)| -> Result<Premise, Stop> {
            Ok(match literal {
                Literal::Atom(atom) => {
                    Premise::Tuple(Tuple { pred: atom.pred, row: solver.row(at).unwrap_or(&[]).into() })
                }
                Literal::Not(..) => Premise::Absent,
                _ => match as_aggregate(literal) {
                    Some((aggregate, other)) => {
                        let known = match (literal, compute(other, solver.slots(), &self.words)) {
                            (Literal::Compare { op, possibly: false, .. }, Computed::Word(word))
                                if *op == CompareOp::Eq =>
                            {
                                Some(word)
                            }
                            _ => self.fold(aggregate, solver.slots())?,
                        };
                        Premise::Aggregate(known.unwrap_or(MISSING))
                    }
                    None => Premise::Holds,
                },
            })
        };
        literals.iter().enumerate().map(premise).collect()
    }

    /// Whether a body has a solution under the values of the variables around it.
    pub(super) fn satisfiable(&self, body: &Body, slots: &[Word]) -> Result<bool, Stop> {
        for literals in &body.alternatives {
            if Solver::nested(self, literals, slots).next()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The value of an aggregate under the values of the variables around it.
    pub(super) fn fold(&self, aggregate: &Aggregate, slots: &[Word]) -> Result<Option<Word>, Stop> {
        let mut values = Vec::new();
        self.assignments(aggregate, slots, &mut |_, _, solver| {
            match &aggregate.arg {
                None => values.push(Value::Nil),
                Some(arg) => {
                    if let Computed::Word(word) = compute(arg, solver.slots(), &self.words) {
                        values.push(self.value(word));
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(fold::fold(aggregate, values).map(|value| self.words.word(&value)))
    }

    /// Visits the distinct assignments of an aggregate's body.
    fn assignments(
        &self,
        aggregate: &Aggregate,
        slots: &[Word],
        visit: VisitAssignment<'_, 'a>,
    ) -> Result<(), Stop> {
        // Those of one alternative are distinct as they come.
        let mut seen = (aggregate.body.alternatives.len() > 1).then(HashSet::new);
        for (alternative, literals) in aggregate.body.alternatives.iter().enumerate() {
            let mut solver = Solver::nested(self, literals, slots);
            while solver.next()? {
                if seen.as_mut().is_some_and(|seen| !seen.insert(assignment(literals, &solver))) {
                    continue;
                }
                if visit(alternative, literals, &solver).is_break() {
                    return Ok(());
                }
            }
        }
        Ok(())
    }

    /// Looks at the budget.
    pub(super) fn check(&self) -> Result<(), Stop> {
        self.budget.check()
    }

    /// Lets sketches take so many turns together from now on.
    pub(super) fn allow(&self, turns: u64) {
        self.effort.set(turns);
    }

    /// Counts a turn of a sketch; how many are left.
    pub(super) fn effort(&self) -> u64 {
        self.effort.set(self.effort.get().saturating_sub(1));
        self.effort.get()
    }

    /// Counts a turn of a search and looks at the budget now and then.
    pub(super) fn turn(&self) -> Result<(), Stop> {
        let turns = self.turns.get() + 1;
        if turns < BLOCK {
            self.turns.set(turns);
            return Ok(());
        }
        self.turns.set(0);
        self.budget.check()
    }
}

/// Receives the alternative, its literals, and the search at a solution.
type VisitAssignment<'v, 'a> = &'v mut dyn FnMut(usize, &[Literal], &Solver<'_, 'a>) -> ControlFlow<()>;

/// A column that a wildcard matched: place of the atom, which of the atoms at that place, column.
type Wildcard = (Span, usize, usize);

/// What tells two assignments of an aggregate apart: the values of variables and of wildcards.
/// Alternatives that came of one group share the places of the atoms beside it, and thus their
/// wildcards.
fn assignment(literals: &[Literal], solver: &Solver<'_, '_>) -> (Vec<Word>, Vec<(Wildcard, Word)>) {
    let mut wildcards = Vec::new();
    let atoms: Vec<(usize, &Atom)> =
        literals.iter().enumerate().filter_map(|(at, literal)| Some((at, goal::as_atom(literal)?))).collect();
    for (number, (at, atom)) in atoms.iter().enumerate() {
        let nth = atoms.iter().take(number).filter(|(_, other)| other.span == atom.span).count();
        for (column, (arg, word)) in atom.args.iter().zip(solver.row(*at).unwrap_or(&[])).enumerate() {
            if *arg == Arg::Any {
                wildcards.push(((atom.span, nth, column), *word));
            }
        }
    }
    wildcards.sort_unstable();
    (solver.slots().to_vec(), wildcards)
}

#[cfg(test)]
mod tests {
    use super::super::testing::World;

    /// A path 1 → 2 → 3 → 4 with a shortcut 1 → 3.
    const PATHS: &[(&str, &str)] = &[("Edge", "1,2 2,3 3,4 1,3")];

    #[test]
    fn every_instance_of_a_recursive_tuple_is_found() {
        for (step, expected) in [
            ("Tc(x,z) :- Tc(x,y), Edge(y,z)", "Tc(1,2) Edge(2,3)"),
            ("Tc(x,z) :- Edge(x,y), Tc(y,z)", "Edge(1,2) Tc(2,3)"),
            ("Tc(x,z) :- Tc(x,y), Tc(y,z)", "Tc(1,2) Tc(2,3)"),
        ] {
            let world = World::new(&format!("{step}. Tc(x,y) :- Edge(x,y)"), PATHS);
            assert_eq!(world.instances("Tc", "1,3"), [expected, "Edge(1,3)"], "{step}");
        }
    }

    #[test]
    fn ranks_make_proofs_finite() {
        let world = World::new("Tc(x,y) :- Edge(x,y). Tc(x,z) :- Tc(x,y), Tc(y,z)", &[("Edge", "1,2 2,1")]);
        // 1 → 1 only by way of 2; 1 → 2 also by way of itself.
        assert_eq!(world.instances("Tc", "1,1"), ["Tc(1,1) Tc(1,1)", "Tc(1,2) Tc(2,1)"]);
        assert_eq!((world.round("Tc", "1,2"), world.round("Tc", "1,1")), (0, 1));
    }

    #[test]
    fn negations_aggregates_tests_and_computed_values() {
        let facts = [("P", "1,5 1,7 2,9"), ("Q", "2")];
        let world = World::new("H(x,n+1) :- P(x,y), !Q(x), n = sum z : {P(x,z)}, y < 6", &facts);
        assert_eq!(world.instances("H", "1,13"), ["P(1,5) not sum=12 holds"]);
        assert_eq!(world.instances("H", "1,12"), Vec::<String>::new());
        assert_eq!(world.contributions("H", "1,13"), ["P(1,5)", "P(1,7)"]);
    }

    #[test]
    fn a_value_that_no_table_holds() {
        let world = World::new("H(x) :- P(x), y = x * 1000000000000, z = y + 1, z > 1", &[("P", "3 0")]);
        assert_eq!(world.instances("H", "3"), ["P(3) holds holds holds"]);
        assert_eq!(world.instances("H", "0"), Vec::<String>::new());
    }

    #[test]
    fn nil_joins_with_nothing() {
        let world = World::new(
            "H(x) :- P(x). J(x) :- P(x), Q(x). E(x) :- P(x), !Q(x)",
            &[("P", "nil 1"), ("Q", "nil 1")],
        );
        assert_eq!(world.instances("H", "nil"), ["P(nil)"]);
        assert_eq!(world.instances("J", "nil"), Vec::<String>::new());
        assert_eq!(world.instances("J", "1"), ["P(1) Q(1)"]);
        assert_eq!(world.instances("E", "nil"), ["P(nil) not"]);
    }

    #[test]
    fn the_rest_of_many_instances_is_not_searched_for() {
        let many: String = (0..3000).map(|n| format!("{n},1 ")).collect();
        let world = World::new("H(x) :- P(y,x), P(z,x)", &[("P", many.trim())]);
        // Nine million in all.
        assert_eq!(world.first("H", "1", 3), 3);
    }
}
