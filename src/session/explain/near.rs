//! What comes near to a tuple that is not there: the same stated in another way, a name spelt
//! otherwise, a tuple that differs in one column; and what stands in the way of a negation.

use std::collections::{BTreeMap, BTreeSet};

use super::cite::Asserted;
use crate::base::diagnostic::nearest;
use crate::engine::Model;
use crate::model::schema::{META_COLUMNS, PredId, PredKind};
use crate::model::{Assertion, Review, Value};
use crate::provenance::text;
use crate::session::Session;
use crate::storage::{Database, Word};

/// Assertions that are shown.
const NEAR: usize = 3;
/// Values that stand in a column instead that are shown.
const VALUES: usize = 5;

/// Where to look.
pub(super) struct Nearby<'s> {
    session: &'s Session,
    model: &'s Model,
    /// The facts as they are outside of the scenario that the session is in.
    outside: Option<Database>,
}

impl<'s> Nearby<'s> {
    pub fn new(session: &'s Session, model: &'s Model) -> Self {
        let outside = session.prepared.as_ref().filter(|_| session.inside).map(|prepared| {
            let mut database = session.base.database.clone();
            database.restore(prepared.outside().clone());
            database
        });
        Nearby { session, model, outside }
    }

    /// A tuple that stands in the way of a negation, with who states it.
    pub fn blocker(&self, pred: PredId, tuple: &[Value]) -> String {
        let text = text::tuple(self.session.schema(), pred, tuple);
        let database = &self.session.base.database;
        let words: Option<Vec<Word>> = tuple.iter().map(|value| database.interner().get(value)).collect();
        let behind = words.map(|words| Asserted { database }.behind(pred, &words)).unwrap_or_default();
        match behind.first() {
            Some(stated) => format!("{text} stands in the way: {}", self.who(&database.assertion(stated))),
            None => format!("{text} stands in the way: rules derive it, and `why` says how"),
        }
    }

    /// Who asserts something, and where.
    fn who(&self, assertion: &Assertion) -> String {
        let source = assertion.src.as_deref().unwrap_or("no source");
        let at = assertion.at.as_ref().map(|at| format!(" {at}")).unwrap_or_default();
        format!("{source}{at} · {}", self.session.file_place(assertion.span))
    }

    /// Whether just this is stated, but not seen, or not in the way that is asked for.
    pub fn is_stated(&self, pred: PredId, columns: &[Option<Value>]) -> bool {
        let (of, given, meta) = self.parts(pred, columns);
        !self.stated_otherwise(of, given, meta).is_empty()
    }

    /// The relation of which something is stated, its columns, and those of an assertion.
    fn parts<'c>(
        &self,
        pred: PredId,
        columns: &'c [Option<Value>],
    ) -> (PredId, &'c [Option<Value>], &'c [Option<Value>]) {
        let (of, arity) = match self.session.schema().predicate(pred).kind {
            PredKind::Assertions(of) => (of, columns.len().saturating_sub(META_COLUMNS.len())),
            _ => (pred, columns.len()),
        };
        let (given, meta) = columns.split_at_checked(arity).unwrap_or((columns, &[]));
        (of, given, meta)
    }

    /// What comes near to a tuple that nothing matches.
    pub fn near(&self, pred: PredId, columns: &[Option<Value>]) -> Vec<String> {
        let (of, given, meta) = self.parts(pred, columns);
        let mut found = self.stated_otherwise(of, given, meta);
        if !found.is_empty() {
            return found;
        }
        found = self.misspelt(of, given);
        if found.is_empty() {
            found = self.with_one_column_different(of, given);
        }
        found
    }

    /// What is stated of just this, but not seen, or not in the way that is asked for.
    fn stated_otherwise(&self, of: PredId, given: &[Option<Value>], meta: &[Option<Value>]) -> Vec<String> {
        let mut found = Vec::new();
        for assertion in assertions_that_fit(&self.session.base.database, of, given).into_iter().take(NEAR) {
            let why = if assertion.review != Review::Accepted {
                format!("but is {}", assertion.review.name().to_lowercase())
            } else if !assertion.status.is_positive() || meta.iter().any(Option::is_some) {
                format!("as {}", assertion.status.name())
            } else {
                "but overruled".to_owned()
            };
            found.push(format!("it is stated, {why}: {}", self.who(&assertion)));
        }
        if found.is_empty()
            && let Some(outside) = &self.outside
        {
            let struck = assertions_that_fit(outside, of, given);
            let struck = struck.iter().filter(|assertion| assertion.status.is_positive()).take(NEAR);
            found.extend(struck.map(|assertion| {
                format!("it is stated, but left out by the scenario: {}", self.who(assertion))
            }));
        }
        found
    }

    /// Texts that stand nowhere in their column, with what may be meant.
    fn misspelt(&self, of: PredId, given: &[Option<Value>]) -> Vec<String> {
        let Some(table) = self.session.table_of(of, self.model) else { return Vec::new() };
        let interner = self.session.base.database.interner();
        let mut found = Vec::new();
        for (at, value) in given.iter().enumerate() {
            let Some(value @ Value::Symbol(wanted)) = value else { continue };
            if self.session.is_declared(of, at, value) {
                continue;
            }
            let word = interner.get(value);
            if word.is_some_and(|word| table.iter().any(|row| row.get(at) == Some(&word))) {
                continue;
            }
            let mut texts: Vec<&str> =
                table.iter().filter_map(|row| interner.symbol_text(*row.get(at)?)).collect();
            texts.sort_unstable();
            texts.dedup();
            let names = self.session.entity_names();
            let near = nearest(wanted, texts.iter().copied().filter(|text| *text != &**wanted));
            let by_name = || {
                let near = nearest(wanted, names.iter().map(|name| &*name.text));
                let ids = near.iter().filter_map(|text| names.iter().find(|name| &*name.text == *text));
                ids.map(|name| &*name.id).find(|id| texts.binary_search(id).is_ok())
            };
            if let Some(meant) = near.first().copied().or_else(by_name) {
                found.push(format!("{value}: did you mean {}?", Value::symbol(meant)));
            }
        }
        found
    }

    /// What stands in a column instead, where the others are as given. Of what rules derive only
    /// numbers, dates and the like are told: that it holds of other things is to be expected.
    fn with_one_column_different(&self, of: PredId, given: &[Option<Value>]) -> Vec<String> {
        let columns: Vec<usize> =
            (0..given.len()).filter(|at| given.get(*at).is_some_and(Option::is_some)).collect();
        let Some(table) = self.session.table_of(of, self.model).filter(|_| columns.len() > 1) else {
            return Vec::new();
        };
        let interner = self.session.base.database.interner();
        let words: Vec<Option<Word>> =
            given.iter().map(|value| value.as_ref().and_then(|value| interner.get(value))).collect();
        let derived = self.session.program().rules_of.contains_key(&of);
        let mut instead: BTreeMap<usize, BTreeSet<Value>> = BTreeMap::new();
        for row in table.iter() {
            let mut different =
                columns.iter().filter(|at| words.get(**at).copied().flatten() != row.get(**at).copied());
            if let (Some(at), None) = (different.next(), different.next()) {
                let name = derived && matches!(given.get(*at), Some(Some(Value::Symbol(_))));
                if let Some(word) = row.get(*at).filter(|_| !name) {
                    instead.entry(*at).or_default().insert(interner.value(*word));
                }
            }
        }
        let predicate = self.session.schema().predicate(of);
        let told = |(at, values): (&usize, &BTreeSet<Value>)| {
            let column = predicate.columns.get(*at).map_or("", |column| &*column.name);
            let mut shown: Vec<String> = values.iter().take(VALUES).map(Value::to_string).collect();
            if values.len() > VALUES {
                shown.push(format!("and {} more", values.len() - VALUES));
            }
            let how = if derived { "it holds" } else { "it is stated" };
            format!("{how} with another {column}: {}", shown.join(", "))
        };
        instead.iter().map(told).collect()
    }
}

/// The assertions of the stated tuples that have these values, seen or not.
fn assertions_that_fit(database: &Database, of: PredId, given: &[Option<Value>]) -> Vec<Assertion> {
    let Some(extent) = database.extent(of) else { return Vec::new() };
    let words: Option<Vec<Option<Word>>> = given
        .iter()
        .map(|value| match value {
            None => Some(None),
            Some(value) => database.interner().get(value).map(Some),
        })
        .collect();
    let Some(words) = words.filter(|words| words.iter().any(Option::is_some)) else { return Vec::new() };
    let tuples = extent.tuples();
    let fits = |row: &[Word]| {
        row.iter().zip(&words).all(|(word, wanted)| wanted.is_none_or(|wanted| wanted == *word))
    };
    let rows = (0..tuples.len()).filter(|at| fits(tuples.row(*at)));
    rows.flat_map(|at| extent.assertions(at)).map(|stated| database.assertion(stated)).collect()
}
