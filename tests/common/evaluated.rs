//! Generated cases with their models, as a proof graph reads them.

use std::collections::{BTreeSet, HashMap};

use factlog::base::Budget;
use factlog::engine::{Engine, EvalError, Frog, Model, Request};
use factlog::model::Value;
use factlog::model::schema::PredId;
use factlog::provenance::{Graph, Tuple, Verifier};
use factlog::storage::{Interner, Table};
use proptest::prelude::TestCaseError;
use proptest::test_runner::TestCaseResult;

use super::case::Case;
use super::run::{self, Base};
use super::shrink::{Cases, runner};
use super::world::Kind;

/// An evaluated case.
pub struct World {
    pub case: Case,
    pub interner: Interner,
    pub tables: HashMap<PredId, Table>,
    pub model: Model,
}

impl World {
    /// `None` if the program has no model, or takes too long.
    pub fn new(case: Case) -> Option<World> {
        let Base { mut interner, tables } = Base::new(&case);
        let all = run::all(&case);
        let mut request = Request::new(&case.program, &[], &all);
        request.rounds = true;
        match Frog.evaluate(&request, &tables, &mut interner, &run::little()) {
            Ok(model) => Some(World { case, interner, tables, model }),
            Err(EvalError::Stopped { .. } | EvalError::Runtime { .. }) => None,
        }
    }

    pub fn graph<'a>(&'a self, budget: &'a Budget) -> Graph<'a> {
        Graph::new(&self.case.program, &[], &self.tables, &self.model, &self.interner, budget)
    }

    pub fn verifier<'a>(&'a self, budget: &'a Budget) -> Verifier<'a> {
        Verifier {
            program: &self.case.program,
            goals: &[],
            tables: &self.tables,
            model: &self.model,
            interner: &self.interner,
            budget,
        }
    }

    /// Every tuple of the model.
    pub fn tuples(&self) -> Vec<Tuple> {
        let mut tuples = Vec::new();
        for pred in run::all(&self.case) {
            let derived = self.model.table(pred).map(AsRef::as_ref);
            let table: Option<&Table> = derived.or_else(|| self.tables.get(&pred));
            tuples.extend(table.into_iter().flat_map(Table::iter).map(|row| Tuple { pred, row: row.into() }));
        }
        tuples.sort();
        tuples
    }
}

/// Runs a test on so many cases that have a model.
pub fn check(cases: u32, test: impl Fn(World) -> TestCaseResult) {
    let run = |case: Case| World::new(case).map_or(Ok(()), &test);
    if let Err(error) = runner(cases).run(&Cases, run) {
        panic!("{error}");
    }
}

/// A failed test.
pub fn fail<T>(message: String) -> Result<T, TestCaseError> {
    Err(TestCaseError::fail(message))
}

fn is_of(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Symbol => matches!(value, Value::Symbol(_)),
        Kind::Number => matches!(value, Value::Number(_)),
        Kind::Float => matches!(value, Value::Float(_)),
        Kind::Bool => matches!(value, Value::Bool(_)),
        Kind::Date => matches!(value, Value::Date(_)),
        Kind::Level => matches!(value, Value::Enum(_)),
        Kind::Numbers => matches!(value, Value::List(_)),
    }
}

/// Tuples that are not in the model, some of each derived relation, made of the values that are.
pub fn absent(world: &World) -> Vec<(PredId, Vec<Value>)> {
    let present: BTreeSet<(PredId, Vec<Value>)> = world
        .tuples()
        .into_iter()
        .map(|tuple| (tuple.pred, tuple.row.iter().map(|word| world.interner.value(*word)).collect()))
        .collect();
    let mut found = Vec::new();
    let mut heads: Vec<PredId> = world.case.program.rules.iter().map(|rule| rule.head).collect();
    heads.sort();
    heads.dedup();
    for pred in heads {
        let tuples = possible(&world.case, pred, 1000).into_iter().map(|tuple| (pred, tuple));
        found.extend(tuples.filter(|tuple| !present.contains(tuple)).step_by(3).take(8));
    }
    found
}

/// The tuples that a relation can have, of values that the facts have, as many as `most`.
pub fn possible(case: &Case, pred: PredId, most: usize) -> Vec<Vec<Value>> {
    let all: BTreeSet<Value> = case.facts.iter().flat_map(|(_, tuple)| tuple.clone()).collect();
    let columns = &case.program.schema.predicate(pred).columns;
    let choices: Vec<Vec<&Value>> = columns
        .iter()
        .map(|column| {
            let kind = Kind::of(column.ty);
            all.iter().filter(|value| is_of(kind, value)).collect()
        })
        .collect();
    let count = choices.iter().map(Vec::len).product::<usize>().min(most);
    let tuple = |number: usize| {
        let mut left = number;
        let mut tuple = Vec::new();
        for choice in &choices {
            tuple.push(choice[left % choice.len()].clone());
            left /= choice.len();
        }
        tuple
    };
    (0..count).map(tuple).collect()
}
