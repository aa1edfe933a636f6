//! Which tuple of its relation another one gives way to.

use std::collections::BTreeSet;

use crate::base::Budget;
use crate::engine::naive::{self, Relations};
use crate::engine::{Model, Tables};
use crate::model::{PredId, Value};
use crate::provenance::text;
use crate::session::Session;

/// Tuples up to which the question is asked: each is looked at.
const MOST_TUPLES: usize = 100_000;

impl Session {
    /// The first tuple that a subsumption puts before `tuple`, if one does, and by which it does.
    pub(super) fn gives_way(&self, pred: PredId, tuple: &[Value], model: &Model) -> Option<String> {
        let stated = self.stated_tables();
        let interner = self.base.database.interner();
        let values = |read: PredId| -> Option<BTreeSet<Vec<Value>>> {
            let table = match model.table(read) {
                Some(table) => table,
                None => stated.table(read)?,
            };
            let row = |row: &[u32]| row.iter().map(|word| interner.value(*word)).collect();
            (table.len() <= MOST_TUPLES).then(|| table.iter().map(row).collect())
        };
        for subsumption in self.program().subsumptions.iter().filter(|found| found.pred == pred) {
            let mut relations = Relations::new();
            relations.insert(subsumption.less, BTreeSet::from([tuple.to_vec()]));
            relations.insert(subsumption.greater, values(pred)?);
            subsumption.rule.body.atoms(&mut |atom, _| {
                if let Some(tuples) = values(atom.pred).filter(|_| !relations.contains_key(&atom.pred)) {
                    relations.insert(atom.pred, tuples);
                }
            });
            let budget = Budget::new(self.limits.clone(), self.cancel.clone());
            let pairs = naive::derive(&subsumption.rule, &relations, &budget).ok()?;
            let greater = pairs.iter().map(|pair| pair.split_at(pair.len() / 2).1);
            if let Some(first) = greater.filter(|greater| *greater != tuple).min() {
                let first = text::tuple(self.schema(), pred, first);
                let place = self.file_place(subsumption.rule.span);
                return Some(format!("{first}, by {}:{}", place.file, place.line));
            }
        }
        None
    }
}
