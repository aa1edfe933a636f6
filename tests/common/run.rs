//! Ways to get from a case to its answers.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use factlog::analysis;
use factlog::base::{Budget, CancelToken, FileId, Limits};
use factlog::engine::naive::{self, Relations};
use factlog::engine::{Engine, EvalError, Frog, Request, Tuning};
use factlog::model::schema::PredId;
use factlog::model::{Rule, Value};
use factlog::plan::RulePlan;
use factlog::storage::{Interner, Table};
use factlog::syntax::datalog::parse_program;

use super::case::Case;

/// Rows as text by the name of their relation, so that two schemas can be compared.
pub type Answers = BTreeMap<String, BTreeSet<Vec<String>>>;

/// How an evaluation ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    Answers(Answers),
    /// A computation failed.
    Fault,
    /// It took too long.
    Stopped,
}

/// For the engine: enough for generated programs, however busy the machine is.
pub fn budget() -> Budget {
    Budget::new(Limits { rows: Some(200_000), ..Limits::none() }, CancelToken::new())
}

/// For the reference evaluator: enough for all but one in a thousand generated programs, and for none
/// with which the engine has not enough. Only what tries much and finds nothing is left to the clock.
pub fn patience() -> Budget {
    let limits = Limits { rows: Some(50_000), time: Some(Duration::from_secs(20)), ..Limits::none() };
    Budget::new(limits, CancelToken::new())
}

/// Enough for most generated programs: those that take more would be evaluated hundreds of times.
pub fn little() -> Budget {
    Budget::new(Limits { rows: Some(20_000), ..Limits::none() }, CancelToken::new())
}

/// What the reference evaluator says.
pub fn reference(case: &Case) -> Outcome {
    match naive::evaluate(&case.program, &[], &case.stated(), &patience()) {
        Ok(model) => Outcome::Answers(answers(case, &model)),
        Err(naive::Error::Stopped(_)) => Outcome::Stopped,
        Err(naive::Error::Fault { .. }) => Outcome::Fault,
        Err(error @ naive::Error::Unsafe(_)) => panic!("{error}"),
    }
}

/// What the engine says of these relations.
pub fn engine(case: &Case, wanted: &[PredId]) -> Outcome {
    tuned(case, wanted, Tuning::default())
}

/// What it says of them when it goes about it so.
pub fn tuned(case: &Case, wanted: &[PredId], tuning: Tuning) -> Outcome {
    match Base::new(case).tuned(case, wanted, &budget(), tuning) {
        Ok(model) => Outcome::Answers(answers(case, &model)),
        Err(EvalError::Stopped { .. }) => Outcome::Stopped,
        Err(EvalError::Runtime { .. }) => Outcome::Fault,
    }
}

/// The same under a budget, as values; relations that are not wanted are missing.
pub fn engine_within(case: &Case, wanted: &[PredId], budget: &Budget) -> Result<Relations, EvalError> {
    Base::new(case).evaluate(case, wanted, budget)
}

/// The stated tuples as the engine reads them.
pub struct Base {
    pub interner: Interner,
    pub tables: HashMap<PredId, Table>,
}

impl Base {
    pub fn new(case: &Case) -> Self {
        let mut interner = Interner::new();
        let mut words: HashMap<PredId, Vec<u32>> = HashMap::new();
        for (pred, tuple) in &case.facts {
            let row: Vec<u32> = tuple.iter().map(|value| interner.intern(value)).collect();
            words.entry(*pred).or_default().extend(row);
        }
        let table = |(pred, words)| match case.program.schema.predicate(pred).arity() {
            0 => (pred, Table::nullary(true)),
            width => (pred, Table::from_rows(width, words)),
        };
        let tables = words.into_iter().map(table).collect();
        Base { interner, tables }
    }

    /// Evaluates; what an evaluation that fails leaves behind is there for the next.
    pub fn evaluate(
        &mut self,
        case: &Case,
        wanted: &[PredId],
        budget: &Budget,
    ) -> Result<Relations, EvalError> {
        self.tuned(case, wanted, budget, Tuning::default())
    }

    fn tuned(
        &mut self,
        case: &Case,
        wanted: &[PredId],
        budget: &Budget,
        tuning: Tuning,
    ) -> Result<Relations, EvalError> {
        self.asked(&Request { tuning, ..Request::new(&case.program, &[], wanted) }, budget)
    }
}

impl Base {
    /// Relations that are wanted whole, by demand or with all that they read whole, too.
    pub fn want(
        &mut self,
        case: &Case,
        wanted: &[PredId],
        demand: bool,
        budget: &Budget,
    ) -> Result<Relations, EvalError> {
        self.asked(&Request { demand, ..Request::new(&case.program, &[], wanted) }, budget)
    }

    fn asked(&mut self, request: &Request<'_>, budget: &Budget) -> Result<Relations, EvalError> {
        let model = Frog.evaluate(request, &self.tables, &mut self.interner, budget)?;
        let rows = |pred: &PredId| {
            let table = model.table(*pred).map(|table| &**table).or(self.tables.get(pred));
            let row = |row: &[u32]| row.iter().map(|word| self.interner.value(*word)).collect();
            (*pred, table.into_iter().flat_map(Table::iter).map(row).collect())
        };
        Ok(request.wanted.iter().map(rows).collect())
    }

    /// The answers of a goal, by demand or with all relations whole.
    pub fn ask(
        &mut self,
        case: &Case,
        goal: &Rule,
        demand: bool,
        budget: &Budget,
    ) -> Result<BTreeSet<Vec<Value>>, EvalError> {
        let goals = std::slice::from_ref(goal);
        let request = Request { demand, ..Request::new(&case.program, goals, &[]) };
        let model = Frog.evaluate(&request, &self.tables, &mut self.interner, budget)?;
        let row = |row: &[u32]| row.iter().map(|word| self.interner.value(*word)).collect();
        Ok(model.table(goal.head).into_iter().flat_map(|table| table.iter()).map(row).collect())
    }
}

/// The plans that the engine makes for a case.
pub fn plans(case: &Case) -> Vec<RulePlan> {
    let mut base = Base::new(case);
    let wanted = all(case);
    let request = Request { profile: true, ..Request::new(&case.program, &[], &wanted) };
    match Frog.evaluate(&request, &base.tables, &mut base.interner, &budget()) {
        Ok(model) => model.into_profile().plans.into_iter().map(|done| done.plan).collect(),
        Err(_) => Vec::new(),
    }
}

/// How many joins are made once for several rules.
pub fn shares(case: &Case, tuning: Tuning) -> usize {
    let mut base = Base::new(case);
    let wanted = all(case);
    let request = Request { profile: true, tuning, ..Request::new(&case.program, &[], &wanted) };
    let model = Frog.evaluate(&request, &base.tables, &mut base.interner, &budget());
    model.map_or(0, |model| model.into_profile().shared.len())
}

/// Rows that rules produce, as limits count them.
pub fn produced(case: &Case, wanted: &[PredId], tuning: Tuning) -> u64 {
    let budget = budget();
    let mut base = Base::new(case);
    base.tuned(case, wanted, &budget, tuning).expect("it ends");
    budget.rows()
}

/// All relations of a case that have a name.
pub fn all(case: &Case) -> Vec<PredId> {
    let mut all: Vec<PredId> = case.program.schema.predicate_names.values().copied().collect();
    all.sort();
    all
}

/// The relations that are declared or derived, by name.
pub fn answers(case: &Case, model: &Relations) -> Answers {
    let schema = &case.program.schema;
    let rows = |pred: &PredId| -> BTreeSet<Vec<String>> {
        let row = |row: &Vec<_>| row.iter().map(|value: &factlog::model::Value| value.to_string()).collect();
        model.get(pred).into_iter().flatten().map(row).collect()
    };
    schema
        .predicate_names
        .iter()
        .filter(|(_, pred)| model.contains_key(pred))
        .map(|(name, pred)| (name.to_string(), rows(pred)))
        .collect()
}

/// The case that a text says, through parser and analysis; else what they object to.
pub fn read(text: &str) -> Result<Case, String> {
    let (program, mut diagnostics) = parse_program(FileId(0), text);
    let (schema, more) = analysis::declare(&[&program]);
    diagnostics.extend(more);
    let analysis = analysis::analyze(schema, &[&program]);
    diagnostics.extend(analysis.diagnostics);
    let errors: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.is_error())
        .map(|diagnostic| {
            let place = diagnostic.span().and_then(|span| text.get(span.range())).unwrap_or("");
            format!("{} {} at `{place}`", diagnostic.code, diagnostic.message)
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors.join("\n"));
    }
    let facts = analysis.facts.into_iter().map(|fact| (fact.predicate, fact.tuple)).collect();
    Ok(Case { program: analysis.program, facts })
}
