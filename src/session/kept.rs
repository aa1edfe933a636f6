//! What a session keeps of its evaluations: the rows of relations that rules define.
//!
//! A relation is kept with the tables that its rules have read. Before an evaluation each that it
//! needs is looked at, bottom-up: it counts while these are the tables that its rules would read
//! now. Steps of a session therefore need not say what they touch: tables that they leave as they
//! are stay the same, and so does what was derived from them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::engine::Model;
use crate::model::schema::{PredId, PredKind, Predicate, Schema};
use crate::model::{CheckedProgram, Rule, RuleId};
use crate::storage::{Sorted, Stored, Table};

/// Rows that rules have read.
#[derive(Clone, Debug)]
enum Input {
    /// Of a relation of which facts are stated.
    Stated(PredId, Arc<Sorted>),
    /// Of a relation that is kept itself.
    Derived(PredId, Arc<Table>),
}

#[derive(Clone, Debug)]
struct Entry {
    table: Arc<Table>,
    inputs: Vec<Input>,
}

/// The relations kept.
#[derive(Clone, Debug, Default)]
pub(super) struct Kept {
    entries: HashMap<PredId, Entry>,
}

impl Kept {
    /// Forgets everything.
    pub fn clear(&mut self) {
        self.entries.clear();
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of the rows kept, copies in other column orders included.
    pub fn bytes(&self) -> u64 {
        self.entries.values().map(|entry| entry.table.bytes()).sum()
    }

    /// The relations that are as an evaluation of `goals` and `wanted` would find them, of those
    /// that it reaches; the others that it reaches are forgotten.
    pub fn current(
        &mut self,
        program: &CheckedProgram,
        stored: Stored<'_>,
        goals: &[Rule],
        wanted: &[PredId],
    ) -> HashMap<PredId, Arc<Table>> {
        let mut current = HashMap::new();
        if self.entries.is_empty() {
            return current;
        }
        let reached = reached(program, goals, wanted);
        for stratum in &program.strata {
            for pred in stratum.predicates.iter().filter(|pred| reached.contains(pred)) {
                let Some(entry) = self.entries.get(pred) else { continue };
                let is_current = entry.inputs.iter().all(|input| match input {
                    // A relation may have got rules since.
                    Input::Stated(input, rows) => {
                        (input == pred || !program.rules_of.contains_key(input))
                            && stored.ready(*input).is_some_and(|table| Arc::ptr_eq(table.rows(), rows))
                    }
                    // Those of its own stratum are looked at one after the other.
                    Input::Derived(input, table) if stratum.predicates.contains(input) => {
                        self.entries.get(input).is_some_and(|entry| Arc::ptr_eq(&entry.table, table))
                    }
                    Input::Derived(input, table) => {
                        current.get(input).is_some_and(|known: &Arc<Table>| Arc::ptr_eq(known, table))
                    }
                });
                if is_current {
                    current.insert(*pred, Arc::clone(&entry.table));
                } else {
                    self.entries.remove(pred);
                }
            }
            let whole = stratum.predicates.iter().all(|pred| current.contains_key(pred));
            if !whole {
                for pred in &stratum.predicates {
                    if current.remove(pred).is_some() {
                        self.entries.remove(pred);
                    }
                }
            }
        }
        current
    }

    /// Keeps what a model holds of the program's relations, evaluated over these tables.
    pub fn keep(&mut self, program: &CheckedProgram, stored: Stored<'_>, model: &Model) {
        let fresh: Vec<PredId> = program
            .strata
            .iter()
            .flat_map(|stratum| &stratum.predicates)
            .copied()
            .filter(|pred| !self.entries.contains_key(pred) && model.table(*pred).is_some())
            .collect();
        for pred in fresh {
            let Some(table) = model.table(pred) else { continue };
            let inputs =
                reads(program, pred).into_iter().filter_map(|read| input(program, stored, model, read, pred));
            self.entries.insert(pred, Entry { table: Arc::clone(table), inputs: inputs.collect() });
        }
    }

    /// After a change of the rules from `before` to `now`: forgets relations that other rules define
    /// now. What was derived from them is found out later.
    pub fn rules_changed(&mut self, before: &CheckedProgram, now: &CheckedProgram) {
        let (old, new) = (&before.schema, &now.schema);
        let declared =
            |predicate: &&Predicate| matches!(predicate.kind, PredKind::Declared | PredKind::Assertions(_));
        let count = |schema: &Schema| schema.predicates.iter().filter(declared).count();
        let same = old
            .predicates
            .iter()
            .zip(&new.predicates)
            .all(|(old, new)| old.name == new.name && old.kind == new.kind && old.arity() == new.arity());
        // Ids of derived relations follow those of declared ones.
        if !same || count(old) != count(new) || old.enums.len() != new.enums.len() {
            self.clear();
        }
        self.entries.retain(|pred, _| same_rules(before, now, *pred));
    }
}

/// What an evaluation read of a relation for `of`.
fn input(
    program: &CheckedProgram,
    stored: Stored<'_>,
    model: &Model,
    read: PredId,
    of: PredId,
) -> Option<Input> {
    let kind = program.schema.predicates.get(read.0 as usize)?.kind;
    if read != of
        && program.rules_of.contains_key(&read)
        && let Some(table) = model.table(read)
    {
        return Some(Input::Derived(read, Arc::clone(table)));
    }
    match kind {
        PredKind::Declared | PredKind::Assertions(_) => {
            stored.table(read).map(|table| Input::Stated(read, Arc::clone(table.rows())))
        }
        PredKind::Derived | PredKind::Answer => None,
    }
}

/// The relations that the rules of one read; itself where facts are stated of it.
fn reads(program: &CheckedProgram, pred: PredId) -> HashSet<PredId> {
    let mut reads = HashSet::from([pred]);
    for rule in rules(program, pred) {
        rule.body.atoms(&mut |atom, _| {
            reads.insert(atom.pred);
        });
    }
    reads
}

fn rules(program: &CheckedProgram, pred: PredId) -> impl Iterator<Item = &Rule> {
    let ids: &[RuleId] = program.rules_of.get(&pred).map_or(&[], Vec::as_slice);
    ids.iter().map(|id| program.rule(*id))
}

fn same_rules(before: &CheckedProgram, now: &CheckedProgram, pred: PredId) -> bool {
    let same = |(old, new): (&Rule, &Rule)| {
        old.args == new.args
            && old.body == new.body
            && old.vars.len() == new.vars.len()
            && old.vars.iter().zip(&new.vars).all(|(a, b)| a.optional == b.optional && a.ty == b.ty)
    };
    let columns = |program: &CheckedProgram| {
        let predicate = program.schema.predicates.get(pred.0 as usize)?;
        Some(predicate.columns.iter().map(|column| (column.ty, column.optional)).collect::<Vec<_>>())
    };
    rules(before, pred).count() == rules(now, pred).count()
        && rules(before, pred).zip(rules(now, pred)).all(same)
        && columns(before) == columns(now)
}

/// The relations that goals and wanted ones depend on, themselves included.
fn reached(program: &CheckedProgram, goals: &[Rule], wanted: &[PredId]) -> HashSet<PredId> {
    let mut open: Vec<PredId> = wanted.to_vec();
    goals.iter().for_each(|goal| goal.body.atoms(&mut |atom, _| open.push(atom.pred)));
    let mut reached = HashSet::new();
    while let Some(pred) = open.pop() {
        if reached.insert(pred) {
            rules(program, pred).for_each(|rule| rule.body.atoms(&mut |atom, _| open.push(atom.pred)));
        }
    }
    reached
}
