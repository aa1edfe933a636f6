//! Tuples of one key that cannot all be true.

use super::{first_place, relations};
use crate::base::Diagnostic;
use crate::base::codes::facts::CONFLICT;
use crate::model::{PredId, Predicate, Value};
use crate::storage::database::Database;
use crate::storage::interner::{NIL, Word};

/// Tuples of one key that disagree in a column, or in a range.
#[derive(Clone, Debug, PartialEq)]
pub struct Conflict {
    /// Of which relation.
    pub predicate: PredId,
    /// The column, or the two columns of a range.
    pub columns: Vec<usize>,
    /// The tuples, at least two, by value; each cannot be true beside some other of them.
    pub tuples: Vec<Vec<Word>>,
}

/// The conflicts among what a plain atom sees of a relation, by key.
pub fn conflicts(database: &Database, predicate: PredId) -> Vec<Conflict> {
    let mut found = Vec::new();
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
        for test in &tests {
            // Each tuple is held against the others: quadratic, but only within one key.
            let tuples: Vec<Vec<Word>> = group
                .iter()
                .filter(|a| group.iter().any(|b| test.excludes(database, a, b)))
                .map(|row| row.to_vec())
                .collect();
            if tuples.len() > 1 {
                found.push(Conflict { predicate, columns: test.columns(), tuples });
            }
        }
    }
    found.sort_by(|a, b| {
        let first = |conflict: &Conflict| conflict.tuples.first().cloned().unwrap_or_default();
        compare(database, &first(a), &first(b)).then_with(|| a.columns.cmp(&b.columns))
    });
    found
}

pub(super) fn check(database: &Database, found: &mut Vec<Diagnostic>) {
    for (id, predicate, extent) in relations(database) {
        for conflict in conflicts(database, id) {
            let told: Vec<_> = conflict
                .tuples
                .iter()
                .filter_map(|tuple| {
                    let place = first_place(extent.assertions(extent.find(tuple)?))?;
                    Some((place, values(database, tuple, &conflict.columns)))
                })
                .collect();
            let [(first, value), others @ ..] = told.as_slice() else { continue };
            let named: Vec<String> = predicate
                .key
                .iter()
                .flatten()
                .filter_map(|at| Some((predicate.columns.get(*at)?, conflict.tuples.first()?.get(*at)?)))
                .map(|(column, word)| format!("{}: {}", column.name, database.interner().value(*word)))
                .collect();
            let columns: Vec<String> = (conflict.columns.iter())
                .filter_map(|at| predicate.columns.get(*at))
                .map(|column| format!("`{}`", column.name))
                .collect();
            let mut distinct: Vec<&str> = told.iter().map(|(_, value)| value.as_str()).collect();
            distinct.dedup();
            let message = format!(
                "`{}` of ({}) is stated with {} that cannot all be true: {}",
                predicate.name,
                named.join(", "),
                columns.join(" and "),
                distinct.join(", "),
            );
            let mut diagnostic = Diagnostic::new(CONFLICT, message).labelled(*first, value.clone());
            for (place, value) in others.iter().take(4) {
                diagnostic = diagnostic.also(*place, value.clone());
            }
            found.push(diagnostic);
        }
    }
}

fn values(database: &Database, tuple: &[Word], columns: &[usize]) -> String {
    let text: Vec<String> = columns
        .iter()
        .filter_map(|at| tuple.get(*at))
        .map(|word| match database.interner().value(*word) {
            Value::Date(date) => date.to_string(),
            value => value.to_string(),
        })
        .collect();
    text.join(" to ")
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
