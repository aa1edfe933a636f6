//! Ways to get from a case to its answers.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use factlog::analysis;
use factlog::base::{Budget, CancelToken, FileId, Limits};
use factlog::engine::naive::{self, Relations};
use factlog::model::schema::PredId;
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

/// Enough for all but one in a thousand generated programs.
fn limits() -> Limits {
    Limits { time: Some(Duration::from_secs(2)), ..Limits::none() }
}

pub fn budget() -> Budget {
    Budget::new(limits(), CancelToken::new())
}

/// What the reference evaluator says.
pub fn reference(case: &Case) -> Outcome {
    match naive::evaluate(&case.program, &[], &case.stated(), &budget()) {
        Ok(model) => Outcome::Answers(answers(case, &model)),
        Err(naive::Error::Stopped(_)) => Outcome::Stopped,
        Err(naive::Error::Fault { .. }) => Outcome::Fault,
        Err(error @ naive::Error::Unsafe(_)) => panic!("{error}"),
    }
}

/// The relations that are declared or derived, by name.
pub fn answers(case: &Case, model: &Relations) -> Answers {
    let schema = &case.program.schema;
    let rows = |pred: &PredId| -> BTreeSet<Vec<String>> {
        let row = |row: &Vec<_>| row.iter().map(|value: &factlog::model::Value| value.to_string()).collect();
        model.get(pred).into_iter().flatten().map(row).collect()
    };
    schema.predicate_names.iter().map(|(name, pred)| (name.to_string(), rows(pred))).collect()
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
