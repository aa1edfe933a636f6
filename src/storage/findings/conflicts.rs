//! Tuples of one key that are stated differently: conflicts if they cannot all be true, refinements
//! if they can.

use super::{first_place, said_by};
use crate::base::codes::facts::{CONFLICT, REFINEMENT};
use crate::base::{Code, Diagnostic, Span};
use crate::model::{PredId, Predicate, Value};
use crate::storage::assertions::Stated;
use crate::storage::database::Database;
use crate::storage::interner::{NIL, Word};

/// Tuples of one key that are stated differently.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Of which relation.
    pub predicate: PredId,
    /// The column, or the two columns of a range; of a refinement all that differ.
    pub columns: Vec<usize>,
    /// The tuples, at least two, by value. In a conflict each cannot be true beside some other of
    /// them; in a refinement all can be true together, two by two.
    pub tuples: Vec<Vec<Word>>,
}

/// What is stated differently of the things of one relation, by key.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Differences {
    /// What cannot all be true.
    pub conflicts: Vec<Conflict>,
    /// What can, being more or less exact.
    pub refinements: Vec<Conflict>,
}

/// The differences among what a plain atom sees of a relation.
pub fn differences(database: &Database, predicate: PredId) -> Differences {
    let mut found = Differences::default();
    let declared = database.schema().predicate(predicate);
    let (Some(key), Some(extent)) = (&declared.key, database.extent(predicate)) else { return found };
    let mut rows: Vec<&[Word]> = extent.visible().iter().collect();
    let key_of = |row: &[Word]| -> Vec<Word> { key.iter().filter_map(|at| row.get(*at)).copied().collect() };
    rows.sort_by_cached_key(|row| key_of(row));
    let tests = tests(declared, key);
    for group in rows.chunk_by(|a, b| key.iter().all(|at| a.get(*at) == b.get(*at))) {
        if group.len() < 2 {
            continue;
        }
        let mut group = group.to_vec();
        group.sort_by(|a, b| compare(database, a, b));
        let before = found.conflicts.len();
        for test in &tests {
            // Each tuple is held against the others: quadratic, but only within one key.
            let tuples: Vec<Vec<Word>> = group
                .iter()
                .filter(|a| group.iter().any(|b| test.excludes(database, a, b)))
                .map(|row| row.to_vec())
                .collect();
            if tuples.len() > 1 {
                found.conflicts.push(Conflict { predicate, columns: test.columns(), tuples });
            }
        }
        if found.conflicts.len() == before {
            let differs = |at: &usize| group.windows(2).any(|pair| pair[0].get(*at) != pair[1].get(*at));
            let columns = tests.iter().map(Test::columns).filter(|columns| columns.iter().any(differs));
            let columns = columns.flatten().collect();
            let tuples = group.iter().map(|row| row.to_vec()).collect();
            found.refinements.push(Conflict { predicate, columns, tuples });
        }
    }
    for list in [&mut found.conflicts, &mut found.refinements] {
        list.sort_by(|a, b| {
            let first = |conflict: &Conflict| conflict.tuples.first().cloned().unwrap_or_default();
            compare(database, &first(a), &first(b)).then_with(|| a.columns.cmp(&b.columns))
        });
    }
    found
}

/// Reports the differences of one relation, each side with its sources.
pub(super) fn check(database: &Database, id: PredId, found: &mut Vec<Diagnostic>) {
    let Differences { conflicts, refinements } = differences(database, id);
    let told = |difference, code, verdict| tell(database, difference, code, verdict);
    found.extend(conflicts.iter().filter_map(|one| told(one, CONFLICT, "that cannot all be true")));
    found.extend(refinements.iter().filter_map(|one| told(one, REFINEMENT, "more and less exactly")));
}

fn tell(database: &Database, difference: &Conflict, code: Code, verdict: &str) -> Option<Diagnostic> {
    let predicate = database.schema().predicate(difference.predicate);
    let extent = database.extent(difference.predicate)?;
    let sides: Vec<(Span, String, String)> = difference
        .tuples
        .iter()
        .filter_map(|tuple| {
            let stated = extent.assertions(extent.find(tuple)?);
            let supporting: Vec<Stated> =
                stated.iter().filter(|stated| database.context().supports(stated)).copied().collect();
            let value = values(database, predicate, tuple, &difference.columns);
            Some((first_place(&supporting)?, value, said_by(database, &supporting)))
        })
        .collect();
    let [(first, value, by), others @ ..] = sides.as_slice() else { return None };
    let named: Vec<String> = predicate
        .key
        .iter()
        .flatten()
        .filter_map(|at| Some((predicate.columns.get(*at)?, difference.tuples.first()?.get(*at)?)))
        .map(|(column, word)| format!("{}: {}", column.name, database.interner().value(*word)))
        .collect();
    let columns: Vec<String> = (difference.columns.iter())
        .filter_map(|at| predicate.columns.get(*at))
        .map(|column| format!("`{}`", column.name))
        .collect();
    let mut distinct: Vec<&str> = sides.iter().map(|(_, value, _)| value.as_str()).collect();
    distinct.dedup();
    let message = format!(
        "`{}` of ({}) is stated with {} {verdict}: {}",
        predicate.name,
        named.join(", "),
        columns.join(" and "),
        distinct.join(", "),
    );
    let mut diagnostic = Diagnostic::new(code, message).labelled(*first, format!("{value}, {by}"));
    for (place, value, by) in others.iter().take(4) {
        diagnostic = diagnostic.also(*place, format!("{value}, {by}"));
    }
    Some(diagnostic)
}

/// What a tuple says in some columns: the two of a range as `low to high`.
fn values(database: &Database, predicate: &Predicate, tuple: &[Word], columns: &[usize]) -> String {
    let text = |at: usize| match database.interner().value(tuple.get(at).copied().unwrap_or(NIL)) {
        Value::Date(date) => date.to_string(),
        value => value.to_string(),
    };
    let mut said: Vec<String> = Vec::new();
    let mut rest = columns;
    while let Some((first, behind)) = rest.split_first() {
        rest = behind;
        match behind.split_first() {
            Some((second, behind)) if predicate.ranges.contains(&(*first, *second)) => {
                said.push(format!("{} to {}", text(*first), text(*second)));
                rest = behind;
            }
            _ => said.push(text(*first)),
        }
    }
    said.join(", ")
}

fn compare(database: &Database, a: &[Word], b: &[Word]) -> std::cmp::Ordering {
    let orders = a.iter().zip(b).map(|(a, b)| database.interner().compare(*a, *b));
    orders.fold(std::cmp::Ordering::Equal, std::cmp::Ordering::then)
}

/// What has to agree between two tuples of one key.
enum Test {
    Column(usize),
    Range(usize, usize),
}

fn tests(predicate: &Predicate, key: &[usize]) -> Vec<Test> {
    let in_range = |at: &usize| predicate.ranges.iter().any(|(low, high)| at == low || at == high);
    let columns = (0..predicate.arity()).filter(|at| !key.contains(at) && !in_range(at)).map(Test::Column);
    columns.chain(predicate.ranges.iter().map(|(low, high)| Test::Range(*low, *high))).collect()
}

impl Test {
    fn columns(&self) -> Vec<usize> {
        match self {
            Test::Column(at) => vec![*at],
            Test::Range(low, high) => vec![*low, *high],
        }
    }

    fn excludes(&self, database: &Database, a: &[Word], b: &[Word]) -> bool {
        let interner = database.interner();
        let at = |row: &[Word], column: usize| row.get(column).copied().unwrap_or(NIL);
        match self {
            Test::Column(column) => {
                let (a, b) = (at(a, *column), at(b, *column));
                if a == b || a == NIL || b == NIL {
                    return false;
                }
                match (interner.date_of(a), interner.date_of(b)) {
                    (Some(a), Some(b)) => !a.overlaps(b),
                    _ => true,
                }
            }
            Test::Range(low, high) => {
                // An open end reaches as far as it must.
                let above = |low: Word, high: Word| {
                    let dates = interner.date_of(low).zip(interner.date_of(high));
                    low != NIL
                        && high != NIL
                        && match dates {
                            Some((low, high)) => high.certainly_before(low),
                            None => interner.compare(low, high).is_gt(),
                        }
                };
                above(at(a, *low), at(b, *high)) || above(at(b, *low), at(a, *high))
            }
        }
    }
}
