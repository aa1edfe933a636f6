//! What a session keeps of its evaluations: the rows of relations that rules define.
//!
//! A relation is kept with the tables that its rules have read. Before an evaluation each that it
//! needs is looked at, bottom-up: it counts while these are the tables that its rules would read
//! now. Steps of a session therefore need not say what they touch: tables that they leave as they
//! are stay the same, and so does what was derived from them. Where tables are others now, `follow`
//! brings the relation up to date if it can; if not, it is forgotten.

mod follow;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::base::{CancelToken, Limits};
use crate::engine::{Frog, Model};
use crate::model::schema::{PredId, PredKind, Predicate, Schema};
use crate::model::{CheckedProgram, Rule, RuleId};
use crate::storage::{Database, Stored, Table};

/// A table that rules have read.
#[derive(Clone, Debug)]
enum Input {
    /// What is stated of a relation.
    Stated(PredId, Arc<Table>),
    /// What rules derive, kept itself.
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

/// What an evaluation works on.
pub(super) struct Over<'a> {
    pub program: &'a CheckedProgram,
    pub database: &'a mut Database,
    pub engine: &'a Frog,
    pub limits: &'a Limits,
    pub cancel: &'a CancelToken,
}

/// Relations as they are now.
type Current = HashMap<PredId, Arc<Table>>;

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

    /// The relations that an evaluation of `goals` and `wanted` reaches, of those that are kept, as
    /// it would find them.
    pub fn current(&mut self, over: &mut Over<'_>, goals: &[Rule], wanted: &[PredId]) -> Current {
        let mut current = Current::new();
        if self.entries.is_empty() {
            return current;
        }
        let program = over.program;
        let reached = reached(program, goals, wanted);
        for stratum in &program.strata {
            if !stratum.predicates.iter().any(|pred| reached.contains(pred)) {
                continue;
            }
            let entries: Vec<&Entry> =
                stratum.predicates.iter().filter_map(|pred| self.entries.get(pred)).collect();
            let whole = entries.len() == stratum.predicates.len();
            let stored = over.database.stored();
            if whole
                && stratum.predicates.iter().all(|pred| self.is_current(program, stored, *pred, &current))
            {
                let tables = stratum.predicates.iter().zip(&entries);
                current.extend(tables.map(|(pred, entry)| (*pred, Arc::clone(&entry.table))));
                continue;
            }
            let followed = if whole { follow::follow(over, stratum, &entries, &current) } else { None };
            match followed {
                Some(tables) => {
                    current.extend(tables.iter().map(|(pred, table)| (*pred, Arc::clone(table))));
                    let stored = over.database.stored();
                    for (pred, table) in tables {
                        match inputs(program, stored, &current, pred) {
                            Some(inputs) => self.entries.insert(pred, Entry { table, inputs }),
                            None => self.entries.remove(&pred),
                        };
                    }
                }
                None => stratum.predicates.iter().for_each(|pred| {
                    self.entries.remove(pred);
                }),
            }
        }
        current
    }

    fn is_current(
        &self,
        program: &CheckedProgram,
        stored: Stored<'_>,
        pred: PredId,
        current: &Current,
    ) -> bool {
        let Some(entry) = self.entries.get(&pred) else { return false };
        entry.inputs.iter().all(|input| match input {
            // A relation may have got rules since.
            Input::Stated(read, table) => {
                (*read == pred || !program.rules_of.contains_key(read))
                    && stored.ready(*read).is_some_and(|now| now.shares(table))
            }
            // Those of its own stratum are looked at together with it.
            Input::Derived(read, table) => {
                let own = self.entries.get(read).map(|entry| &entry.table);
                current.get(read).or(own).is_some_and(|now| Arc::ptr_eq(now, table))
            }
        })
    }

    /// Keeps what a model holds of the program's relations, evaluated over these tables.
    pub fn keep(&mut self, program: &CheckedProgram, stored: Stored<'_>, model: &Model) {
        let preds = || program.strata.iter().flat_map(|stratum| &stratum.predicates).copied();
        let derived: Current =
            preds().filter_map(|pred| Some((pred, Arc::clone(model.table(pred)?)))).collect();
        for (pred, table) in &derived {
            if !self.entries.contains_key(pred)
                && let Some(inputs) = inputs(program, stored, &derived, *pred)
            {
                self.entries.insert(*pred, Entry { table: Arc::clone(table), inputs });
            }
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

/// What an evaluation read to derive a relation: `derived` has what it derived. `None` if it did not
/// derive all of that, having asked for some relation by values.
fn inputs(program: &CheckedProgram, stored: Stored<'_>, derived: &Current, of: PredId) -> Option<Vec<Input>> {
    let mut inputs = Vec::new();
    for read in reads(program, of) {
        if read != of && program.rules_of.contains_key(&read) {
            inputs.push(Input::Derived(read, Arc::clone(derived.get(&read)?)));
            continue;
        }
        let kind = program.schema.predicates.get(read.0 as usize).map(|predicate| predicate.kind);
        if let Some(PredKind::Declared | PredKind::Assertions(_)) = kind
            && let Some(table) = stored.table(read)
        {
            inputs.push(Input::Stated(read, Arc::new(table.clone())));
        }
    }
    Some(inputs)
}

/// The relations that the rules of one read; itself where facts are stated of it.
fn reads(program: &CheckedProgram, pred: PredId) -> HashSet<PredId> {
    let mut reads = HashSet::from([pred]);
    for rule in rules(program, pred) {
        rule.body.atoms(&mut |atom, _| {
            reads.insert(atom.pred);
        });
    }
    program.guard_reads(pred, &mut |read| {
        reads.insert(read);
    });
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
    // What gives way to what is not compared.
    !before.is_guarded(pred)
        && !now.is_guarded(pred)
        && rules(before, pred).count() == rules(now, pred).count()
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
            program.guard_reads(pred, &mut |read| open.push(read));
        }
    }
    reached
}
