//! A kept stratum brought up to date: what has changed in the tables that its rules read, the rules
//! of `plan::update` for that, and the rows with what goes and comes.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use super::{Current, Entry, Input, Over};
use crate::base::{Budget, Limits};
use crate::engine::{Engine, EvalError, Model, Request, Tables};
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, PredId, Stratum};
use crate::plan::update::{self, Change, Changed, Own};
use crate::storage::{Sorted, Stored, Table};

/// Rows that are brought up to date rather than derived anew, however many the relations have.
const FEW_ROWS: usize = 1000;
/// The share of the relations' rows up to which the same goes for large ones.
const SHARE: usize = 4;

/// Rows from which on relations are derived anew: these are often kept as bits, and would have to be
/// written out.
const MANY_ROWS: usize = 1 << 24;

/// The relations of a stratum as they are now; `entries` in its order, as they were. `None` if they
/// are better derived anew.
pub(super) fn follow(
    over: &mut Over<'_>,
    stratum: &Stratum,
    entries: &[&Entry],
    current: &Current,
) -> Option<Vec<(PredId, Arc<Table>)>> {
    let mut following = Following::new(over.program, over.database.stored(), stratum, entries, current)?;
    if !update::can_follow(over.program, stratum, &following.change) {
        return None;
    }
    let rows: usize = entries.iter().map(|entry| entry.table.len()).sum();
    if following.moved > (rows / SHARE).max(FEW_ROWS) || rows > MANY_ROWS {
        return None;
    }
    // What takes more steps than that is no small change.
    let most = 4 * (rows + FEW_ROWS) as u64;
    let limits =
        Limits { rows: Some(over.limits.rows.map_or(most, |rows| rows.min(most))), ..over.limits.clone() };
    let mut gone: HashSet<PredId> = HashSet::new();
    if following.removes {
        let program = update::removals(over.program, stratum, &following.change)?;
        let wanted = following.own(|own| own.gone);
        let model = evaluate(over, &program, &wanted, &following.parts, current, &limits).ok()?;
        for (pred, entry) in stratum.predicates.iter().zip(entries) {
            if following.remove(&model, over.database.stored(), over.program, *pred, entry)? {
                gone.insert(*pred);
            }
        }
    }
    let program = update::additions(over.program, stratum, &following.change, &gone)?;
    let wanted = following.own(|own| own.come);
    let model = evaluate(over, &program, &wanted, &following.parts, current, &limits).ok()?;
    let mut tables = Vec::new();
    for (pred, entry) in stratum.predicates.iter().zip(entries) {
        let own = following.change.own.get(pred)?;
        let base = following.parts.get(&own.base)?;
        let come = model.table(own.come).or_else(|| following.parts.get(&own.come));
        let table = match come {
            Some(come) if come.iter().any(|row| !base.contains(row)) => {
                let nothing = Sorted::from_sorted(base.width(), Vec::new(), 0);
                Arc::new(base.stepped(&nothing, come.rows()))
            }
            _ => Arc::clone(base),
        };
        // What went may have come back.
        let same = Arc::ptr_eq(&table, &entry.table) || {
            let gone = following.parts.get(&own.gone).filter(|_| gone.contains(pred));
            table.len() == entry.table.len()
                && gone.is_some_and(|gone| gone.iter().all(|row| table.contains(row)))
        };
        tables.push((*pred, if same { Arc::clone(&entry.table) } else { table }));
    }
    Some(tables)
}

struct Following {
    change: Change,
    /// The tables of the ids in it.
    parts: HashMap<PredId, Arc<Table>>,
    next: u32,
    /// Rows that have come and gone.
    moved: usize,
    /// Whether any have gone.
    removes: bool,
}

impl Following {
    fn new(
        program: &CheckedProgram,
        stored: Stored<'_>,
        stratum: &Stratum,
        entries: &[&Entry],
        current: &Current,
    ) -> Option<Self> {
        let mut this = Following {
            change: Change::default(),
            parts: HashMap::new(),
            next: program.schema.predicates.len() as u32,
            moved: 0,
            removes: false,
        };
        for (pred, entry) in stratum.predicates.iter().zip(entries) {
            let base = this.part(&entry.table);
            let own = Own { base, gone: this.id(), come: this.id() };
            this.change.own.insert(*pred, own);
            for input in &entry.inputs {
                match input {
                    Input::Stated(read, old) if read == pred => {
                        let (gone, come) = old.difference(stored.table(*read)?);
                        this.note(&gone, &come);
                        this.parts.insert(own.gone, Arc::new(Table::from(gone)));
                        this.parts.insert(own.come, Arc::new(Table::from(come)));
                    }
                    Input::Stated(read, _) if program.rules_of.contains_key(read) => return None,
                    Input::Stated(read, old) => this.read(*read, old, stored.table(*read)?)?,
                    Input::Derived(read, _) if stratum.predicates.contains(read) => {}
                    Input::Derived(read, old) => this.read(*read, old, current.get(read)?)?,
                }
            }
        }
        Some(this)
    }

    fn id(&mut self) -> PredId {
        let id = PredId(self.next);
        self.next += 1;
        id
    }

    fn part(&mut self, table: &Arc<Table>) -> PredId {
        let id = self.id();
        self.parts.insert(id, Arc::clone(table));
        id
    }

    fn note(&mut self, gone: &Sorted, come: &Sorted) {
        self.moved += gone.len() + come.len();
        self.removes |= !gone.is_empty();
    }

    /// Notes how a table that rules read has changed. All must have read the same.
    fn read(&mut self, pred: PredId, old: &Arc<Table>, now: &Table) -> Option<()> {
        if old.shares(now) {
            return Some(());
        }
        if let Some(known) = self.change.changed.get(&pred) {
            let known = self.parts.get(&known.old)?;
            return known.shares(old).then_some(());
        }
        let (gone, come) = old.difference(now);
        if gone.is_empty() && come.is_empty() {
            return Some(());
        }
        self.note(&gone, &come);
        let old = self.part(old);
        let mut some = |rows: Sorted| (!rows.is_empty()).then(|| self.part(&Arc::new(Table::from(rows))));
        let (gone, come) = (some(gone), some(come));
        self.change.changed.insert(pred, Changed { old, gone, come });
        Some(())
    }

    fn own(&self, part: impl Fn(&Own) -> PredId) -> Vec<PredId> {
        self.change.own.values().map(part).collect()
    }

    /// Takes what a model says goes out of a relation's rows; whether anything does. What is stated
    /// stays, whatever rules once derived it.
    fn remove(
        &mut self,
        model: &Model,
        stored: Stored<'_>,
        program: &CheckedProgram,
        pred: PredId,
        entry: &Entry,
    ) -> Option<bool> {
        let own = *self.change.own.get(&pred)?;
        let Some(gone) = model.table(own.gone).or_else(|| self.parts.get(&own.gone)) else {
            return Some(false);
        };
        let is_declared = program.schema.predicate(pred).kind == PredKind::Declared;
        let stated = if is_declared { stored.table(pred) } else { None };
        let leaves =
            |row: &[u32]| entry.table.contains(row) && !stated.is_some_and(|stated| stated.contains(row));
        let (mut words, mut len) = (Vec::new(), 0);
        for row in gone.iter().filter(|row| leaves(row)) {
            words.extend_from_slice(row);
            len = 1;
        }
        let gone = Sorted::from_sorted(entry.table.width(), words, len);
        let any = !gone.is_empty();
        if any {
            let nothing = Sorted::from_sorted(entry.table.width(), Vec::new(), 0);
            self.parts.insert(own.base, Arc::new(entry.table.stepped(&gone, &nothing)));
        }
        self.parts.insert(own.gone, Arc::new(Table::from(gone)));
        Some(any)
    }
}

fn evaluate(
    over: &mut Over<'_>,
    program: &CheckedProgram,
    wanted: &[PredId],
    parts: &HashMap<PredId, Arc<Table>>,
    current: &Current,
    limits: &Limits,
) -> Result<Model, EvalError> {
    let (stored, interner) = over.database.split();
    let tables = WithParts { parts, current, stored };
    let budget = Budget::new(limits.clone(), over.cancel.clone());
    // After one step there will be others.
    let request = Request { repeated: true, ..Request::new(program, &[], wanted) };
    over.engine.evaluate(&request, &tables, interner, &budget)
}

/// The parts of what changes, what is kept, and what is stated.
struct WithParts<'a> {
    parts: &'a HashMap<PredId, Arc<Table>>,
    current: &'a Current,
    stored: Stored<'a>,
}

impl Tables for WithParts<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        let known = self.parts.get(&pred).or_else(|| self.current.get(&pred)).map(|table| &**table);
        known.or_else(|| self.stored.table(pred))
    }
}
