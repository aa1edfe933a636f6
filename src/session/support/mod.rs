//! Support: which sources a conclusion rests on, and what falls when one is withdrawn.
//!
//! - `known`: conclusions with what ends them: over the proof graph where that is exact, otherwise by
//!   evaluating again without each source

mod known;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Answer, Error, Session};
use crate::analysis::Goal;
use crate::analysis::declare::status_value;
use crate::base::Diagnostic;
use crate::base::codes::{facts as fact_codes, project as project_codes};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::schema::PredId;
use crate::model::{Status, Value};
use crate::provenance::annotate::Wanted;
use crate::storage::interner::NIL;
use crate::storage::sources::SOURCE;
use crate::syntax::datalog::ast::{IoKind, UnderOption};
use known::{Conclusions, Known, withdrawal};

/// Tuples that fit one pattern and are told of.
const TUPLES: usize = 20;
/// Turns of the search for alternatives that have no source in common.
const TURNS: usize = 100_000;

/// What a conclusion rests on.
#[derive(Clone, Debug, PartialEq)]
pub struct Support {
    /// The conclusion, as the language writes it.
    pub conclusion: String,
    /// How firmly it is known.
    pub status: Option<Status>,
    /// Alternative sets of sources, each of which is enough; the smallest first. One empty set for
    /// what rests on background alone; none where there are too many proofs to tell.
    pub sources: Vec<Vec<Arc<str>>>,
    /// Whether there are more alternatives than are kept.
    pub cut: bool,
    /// Sources each of which ends it when it alone is withdrawn, with what is based on it alone.
    pub ends_without: Vec<Arc<str>>,
    /// Whether it would end without what comes from somebody without a name.
    pub unnamed_alone: bool,
    /// How many alternatives there are at most that have no source in common.
    pub independent: usize,
}

/// What some conclusions rest on.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Supports {
    /// One for each conclusion.
    pub of: Vec<Support>,
    /// Conclusions that fit and are not told of.
    pub more: usize,
    /// What a reader has to know.
    pub notes: Vec<String>,
    /// Publisher and date of the sources that are named, by id.
    pub named: BTreeMap<Arc<str>, String>,
}

impl Supports {
    /// The same as a table, a row for each conclusion.
    pub fn answer(&self) -> Answer {
        let texts = |texts: &[Arc<str>]| Value::List(texts.iter().cloned().map(Value::Symbol).collect());
        let row = |one: &Support| {
            vec![
                Value::symbol(one.conclusion.as_str()),
                one.status.map_or(Value::Nil, status_value),
                Value::List(one.sources.iter().map(|set| texts(set)).collect()),
                texts(&one.ends_without),
                Value::Bool(one.unnamed_alone),
                match one.sources.is_empty() {
                    true => Value::Nil,
                    false => Value::Number(i64::try_from(one.independent).unwrap_or(i64::MAX)),
                },
            ]
        };
        let columns = ["conclusion", "status", "sources", "ends_without", "unnamed_alone", "independent"]
            .map(str::to_owned);
        Answer { columns: columns.to_vec(), rows: self.of.iter().map(row).collect(), ..Answer::default() }
    }
}

/// What becomes of a conclusion when sources are withdrawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It does not hold any more.
    Falls,
    /// It is known less firmly.
    Weakens,
    /// One source more and it falls, which was not so before.
    SingleSourced,
    /// It holds only then.
    Appears,
}

impl Change {
    /// As it is told.
    pub fn name(self) -> &'static str {
        match self {
            Change::Falls => "falls",
            Change::Weakens => "weakens",
            Change::SingleSourced => "single-sourced",
            Change::Appears => "appears",
        }
    }
}

impl Session {
    /// What the tuples rest on, stated or derived, that an atom picks; what it leaves out is any.
    pub fn support(&mut self, pattern: &str) -> Result<(Supports, Vec<Diagnostic>), Error> {
        let (pattern, warnings) = self.tuple_pattern(pattern)?;
        // Of metadata only those that have an assertion like that.
        let like_that: Option<HashSet<Vec<Value>>> = (!pattern.meta.is_empty()).then(|| {
            let facts = self.base.database.facts(pattern.predicate);
            facts.filter(|fact| pattern.fits(&fact.assertion)).map(|fact| fact.tuple).collect()
        });
        let fits = |row: &[Value]| {
            row.iter()
                .zip(&pattern.columns)
                .all(|(value, wanted)| wanted.as_ref().is_none_or(|it| it == value))
                && pattern.fits_parts(row)
                && like_that.as_ref().is_none_or(|known| known.contains(row))
        };
        let asked = Conclusions { goals: &[], heads: &[pattern.predicate], pick: Some(&fits), most: TUPLES };
        let supports = self.supports(&[], &asked, None)?;
        let warnings = if supports.of.is_empty() { warnings } else { Vec::new() };
        Ok((supports, warnings))
    }

    /// What a row of a goal's answer rests on; none if the answer has no such row.
    pub fn support_answer(&mut self, goal: &str, row: &[Value]) -> Result<Supports, Error> {
        let (goal, _) = self.goal(goal)?;
        let own = goal.under.clone();
        let pick = |found: &[Value]| found == row;
        let goals = std::slice::from_ref(&goal.rule);
        let asked = Conclusions { goals, heads: &[goal.rule.head], pick: Some(&pick), most: 1 };
        self.supports(&own, &asked, Some(&goal))
    }

    fn supports(
        &mut self,
        own: &[UnderOption],
        asked: &Conclusions<'_>,
        goal: Option<&Goal>,
    ) -> Result<Supports, Error> {
        let sources = self.all_sources();
        let wanted = Wanted { sources: true, ..Wanted::STATUS };
        let (known, more) = self.conclusions_known(own, asked, wanted, &sources)?;
        let name = |at: &usize| sources.get(*at).map(|(id, _)| id.clone());
        let of: Vec<Support> = known
            .iter()
            .map(|known| Support {
                conclusion: self.conclusion(known, goal),
                status: known.annotation.status,
                sources: known.annotation.sources.clone(),
                cut: known.annotation.sources_cut,
                ends_without: known.ends.iter().filter_map(name).collect(),
                unnamed_alone: known.unnamed,
                independent: disjoint(&known.annotation.sources),
            })
            .collect();
        let mentioned: HashSet<Arc<str>> = of
            .iter()
            .flat_map(|one| one.sources.iter().flatten().chain(&one.ends_without))
            .cloned()
            .collect();
        let named = mentioned.into_iter().map(|id| (id.clone(), self.source_text(&id))).collect();
        Ok(Supports { of, more, notes: self.notes(), named })
    }

    /// What becomes of the conclusions of the base, the tuples of all `.output` relations, when
    /// sources are withdrawn: a table of changes.
    pub fn support_without(&mut self, withdrawn: &[String]) -> Result<Answer, Error> {
        self.ready()?;
        let outputs = self.outputs()?;
        for id in withdrawn {
            if !self.is_source(id) {
                let names = self.entity_names();
                let known = names.iter().filter(|name| &*name.relation == "Source").map(|name| &*name.id);
                let message = format!("no `Source` has the id `{id}`");
                return Err(Diagnostic::new(fact_codes::UNRESOLVED_SOURCE, message)
                    .help_opt(did_you_mean(&nearest(id, known)))
                    .into());
            }
        }
        let sources = self.all_sources();
        let asked = Conclusions { goals: &[], heads: &outputs, pick: None, most: usize::MAX };
        let (before, _) = self.conclusions_known(&[], &asked, Wanted::STATUS, &sources)?;
        let own = withdrawal(withdrawn);
        let (after, _) = self.conclusions_known(&own, &asked, Wanted::STATUS, &sources)?;
        let index: HashMap<(PredId, &[Value]), &Known> =
            after.iter().map(|known| ((known.predicate, known.row.as_slice()), known)).collect();
        let mut changes: Vec<(Change, &Known, Option<&Known>)> = Vec::new();
        let mut there = HashSet::new();
        for old in &before {
            let key = (old.predicate, old.row.as_slice());
            there.insert(key);
            match index.get(&key) {
                None => changes.push((Change::Falls, old, None)),
                Some(new) => {
                    if level(new) < level(old) {
                        changes.push((Change::Weakens, old, Some(*new)));
                    }
                    if old.ends.is_empty() && !new.ends.is_empty() {
                        changes.push((Change::SingleSourced, old, Some(*new)));
                    }
                }
            }
        }
        for new in after.iter().filter(|new| !there.contains(&(new.predicate, new.row.as_slice()))) {
            changes.push((Change::Appears, new, Some(new)));
        }
        let order = |known: &Known| outputs.iter().position(|id| *id == known.predicate);
        changes.sort_by(|(a, x, _), (b, y, _)| (a, order(x), &x.row).cmp(&(b, order(y), &y.row)));
        let text = |known: Option<&Known>| match known.map(|known| known.annotation.status) {
            None => Value::Nil,
            Some(status) => Value::symbol(status.map_or("none", Status::name)),
        };
        let rows = changes
            .into_iter()
            .map(|(change, known, new)| {
                let old = (change != Change::Appears).then_some(known);
                let ends = new.filter(|_| change == Change::SingleSourced).map(|new| &new.ends);
                let ends = ends.into_iter().flatten().filter_map(|at| sources.get(*at));
                vec![
                    Value::symbol(change.name()),
                    Value::symbol(self.conclusion(known, None)),
                    text(old),
                    text(new),
                    Value::List(ends.map(|(id, _)| Value::Symbol(id.clone())).collect()),
                ]
            })
            .collect();
        Ok(Answer {
            columns: ["change", "conclusion", "was", "is", "rests_on"].map(str::to_owned).to_vec(),
            rows,
            notes: self.notes(),
            ..Answer::default()
        })
    }

    /// All sources by how many conclusions of the base hang on each alone: a table.
    pub fn support_all(&mut self) -> Result<Answer, Error> {
        self.ready()?;
        let outputs = self.outputs()?;
        let sources = self.all_sources();
        let asked = Conclusions { goals: &[], heads: &outputs, pick: None, most: usize::MAX };
        let (known, _) = self.conclusions_known(&[], &asked, Wanted::STATUS, &sources)?;
        let mut hang = vec![0_usize; sources.len()];
        for at in known.iter().flat_map(|known| &known.ends) {
            if let Some(count) = hang.get_mut(*at) {
                *count += 1;
            }
        }
        let states = self.statements_by_source();
        let number = |n: usize| Value::Number(i64::try_from(n).unwrap_or(i64::MAX));
        let mut rows: Vec<Vec<Value>> = sources
            .iter()
            .zip(&hang)
            .map(|((id, word), count)| {
                let column = |name: &str| self.column_of_source(id, name);
                vec![
                    Value::Symbol(id.clone()),
                    column("publisher"),
                    column("published"),
                    number(states.get(word).copied().unwrap_or(0)),
                    number(*count),
                ]
            })
            .collect();
        rows.sort_by(|a, b| b.get(4).cmp(&a.get(4)).then_with(|| a.cmp(b)));
        Ok(Answer {
            columns: ["source", "publisher", "published", "states", "conclusions"]
                .map(str::to_owned)
                .to_vec(),
            rows,
            notes: self.notes(),
            ..Answer::default()
        })
    }

    /// The `.output` relations, each once.
    fn outputs(&self) -> Result<Vec<PredId>, Error> {
        let mut outputs: Vec<PredId> = Vec::new();
        for directive in self.base.analysis.directives.iter().filter(|it| it.kind == IoKind::Output) {
            if !outputs.contains(&directive.predicate) {
                outputs.push(directive.predicate);
            }
        }
        if outputs.is_empty() {
            let message = "the base has no conclusions: no rule file has an `.output`";
            return Err(Diagnostic::new(project_codes::NOTHING_TO_SUPPORT, message)
                .help("name the relations that conclusions are in by `.output Relation`")
                .into());
        }
        Ok(outputs)
    }

    /// A conclusion as the language writes it; of a goal its columns.
    fn conclusion(&self, known: &Known, goal: Option<&Goal>) -> String {
        if let Some(goal) = goal {
            if goal.columns.is_empty() {
                return self.sources.text(goal.rule.span).trim().to_owned();
            }
            let columns = goal.columns.iter().zip(&known.row);
            return columns.map(|(name, value)| format!("{name}: {value}")).collect::<Vec<_>>().join(", ");
        }
        let predicate = self.schema().predicate(known.predicate);
        let columns = predicate.columns.iter().zip(&known.row).filter(|(_, value)| !value.is_nil());
        let columns: Vec<String> =
            columns.map(|(column, value)| format!("{}: {value}", column.name)).collect();
        format!("{}({})", predicate.name, columns.join(", "))
    }

    /// `Reuters, 2025-10-28`
    fn source_text(&self, id: &str) -> String {
        let publisher = self.column_of_source(id, "publisher");
        let published = self.column_of_source(id, "published");
        match (publisher, published) {
            (Value::Nil, _) => "not declared".to_owned(),
            (publisher, Value::Nil) => format!("{}, without a date", publisher.plain()),
            (publisher, published) => format!("{}, {}", publisher.plain(), published.plain()),
        }
    }

    /// What the facts of `Source` say of a source in one column, or nil.
    fn column_of_source(&self, id: &str, column: &str) -> Value {
        let database = &self.base.database;
        let find = || {
            let relation = self.schema().find(SOURCE)?;
            let at = self.schema().predicate(relation).column(column)?;
            let key = database.interner().get(&Value::symbol(id))?;
            let rows = database.extent(relation)?.tuples();
            let row = rows
                .iter()
                .find(|row| row.first() == Some(&key) && row.get(at).is_some_and(|word| *word != NIL))?;
            Some(database.interner().value(*row.get(at)?))
        };
        find().unwrap_or(Value::Nil)
    }
}

fn level(known: &Known) -> usize {
    known.annotation.status.map_or(0, |status| status as usize + 1)
}

/// The greatest number of sets that have no member in common, two by two; the search is cut where it
/// takes long.
fn disjoint(sets: &[Vec<Arc<str>>]) -> usize {
    fn search(sets: &[&Vec<Arc<str>>], taken: &mut Vec<Arc<str>>, turns: &mut usize) -> usize {
        let Some((first, rest)) = sets.split_first() else { return 0 };
        *turns += 1;
        let free = !first.iter().any(|source| taken.contains(source));
        let with = if free {
            let before = taken.len();
            taken.extend(first.iter().cloned());
            let found = 1 + search(rest, taken, turns);
            taken.truncate(before);
            found
        } else {
            0
        };
        if free && (with == sets.len() || *turns > TURNS) {
            return with;
        }
        with.max(search(rest, taken, turns))
    }
    let sets: Vec<&Vec<Arc<str>>> = sets.iter().filter(|set| !set.is_empty()).collect();
    search(&sets, &mut Vec::new(), &mut 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn independent_alternatives_have_nothing_in_common() {
        let sets = |texts: &[&str]| -> Vec<Vec<Arc<str>>> {
            texts.iter().map(|text| text.split_whitespace().map(Arc::from).collect()).collect()
        };
        assert_eq!(disjoint(&sets(&[""])), 0);
        assert_eq!(disjoint(&sets(&["a", "b", "c d"])), 3);
        assert_eq!(disjoint(&sets(&["a b", "a c", "b c"])), 1);
        // The first is in the way of two.
        assert_eq!(disjoint(&sets(&["a b", "a c", "b d"])), 2);
    }
}
