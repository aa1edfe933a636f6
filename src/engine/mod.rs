//! Evaluation: the least model of a program's rules over stated tables, as far as it is asked for.

pub mod aggregate;
mod batch;
mod block;
pub mod compute;
mod demand;
pub mod error;
pub mod frog;
#[cfg(test)]
mod group_tests;
mod groups;
mod intersect;
mod kernel;
pub mod machine;
pub mod naive;
#[cfg(test)]
mod order_tests;
pub mod profile;
#[cfg(test)]
mod replan_tests;
pub mod rows;
mod sink;
mod store;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod wide_tests;

use std::collections::HashMap;
use std::sync::Arc;

pub use error::{EvalError, RuleRef};
pub use frog::Frog;
pub use frog::share::Share;
pub use profile::{PlanProfile, Profile, RoundProfile, SharedProfile};

use crate::base::Budget;
use crate::model::{CheckedProgram, PredId, Rule};
use crate::storage::{Interner, Stored, Table, Word};

/// The stated rows of a base.
pub trait Tables: Sync {
    /// The rows of a declared relation as plain atoms see them, or of an assertions relation with
    /// all its columns. `None` is a relation without rows.
    fn table(&self, pred: PredId) -> Option<&Table>;
}

impl Tables for HashMap<PredId, Table> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        self.get(&pred)
    }
}

impl Tables for Stored<'_> {
    fn table(&self, pred: PredId) -> Option<&Table> {
        Stored::table(*self, pred)
    }
}

/// What to evaluate.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// The rules.
    pub program: &'a CheckedProgram,
    /// Rules evaluated last, which no rule reads: queries and checks. Their heads are relations of
    /// kind `Answer` or ids past the schema's; several may share one.
    pub goals: &'a [Rule],
    /// Relations whose rows are wanted besides.
    pub wanted: &'a [PredId],
    /// Whether to note in which round each derived row appeared first.
    pub rounds: bool,
    /// Whether to keep the plans with what they did.
    pub profile: bool,
    /// Whether to derive only what the goals need where they give values. Relations that are not
    /// wanted may then be missing from the model, and errors in parts that are not needed stay
    /// unseen; the answers are the same. Has no effect together with `rounds`.
    pub demand: bool,
    /// Rows of relations that rules define, where they are known from before, over the same rules
    /// and stated rows.
    pub known: Option<&'a HashMap<PredId, Arc<Table>>>,
    /// Whether the like will be asked again, so that indexes pay later.
    pub repeated: bool,
    /// How to go about it.
    pub tuning: Tuning,
}

/// Ways to evaluate that change how long it takes and nothing else.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tuning {
    /// Threads to use at most.
    pub jobs: usize,
    /// Whether to use them even for work that is done sooner without: for tests.
    pub eager_threads: bool,
    /// Whether relations of one and two columns may be kept as bits.
    pub bits: bool,
    /// Whether what several rules join is joined once.
    pub share: Share,
}

impl Default for Tuning {
    fn default() -> Self {
        Tuning { jobs: 1, eager_threads: false, bits: true, share: Share::Gauged }
    }
}

impl<'a> Request<'a> {
    /// Everything that `wanted` and `goals` read of `program`, whole, without rounds or profile.
    /// Somebody who asks goals is expected to ask more of them.
    pub fn new(program: &'a CheckedProgram, goals: &'a [Rule], wanted: &'a [PredId]) -> Self {
        Request {
            program,
            goals,
            wanted,
            rounds: false,
            profile: false,
            demand: false,
            known: None,
            repeated: !goals.is_empty(),
            tuning: Tuning::default(),
        }
    }
}

/// The rows of every relation that rules define and the request reached: stated and derived.
#[derive(Debug, Default)]
pub struct Model {
    pub(crate) tables: HashMap<PredId, Arc<Table>>,
    pub(crate) rounds: HashMap<PredId, Table>,
    pub(crate) past: HashMap<PredId, Past>,
    pub(crate) profile: Profile,
}

/// What a relation has held in one round or another, where some of it gave way.
#[derive(Debug)]
pub(crate) struct Past {
    /// All rows, those that are still there included.
    pub rows: Arc<Table>,
    /// Rows that gave way, each with the round in which it did so first.
    pub gone: Table,
}

impl Model {
    /// The rows of a relation that a reached rule defines; `None` for others, whose stated rows are
    /// all they have.
    pub fn table(&self, pred: PredId) -> Option<&Arc<Table>> {
        self.tables.get(&pred)
    }

    /// In which round of its stratum a row appeared first: 0 if stated or derived without the
    /// stratum's own relations. `None` if the row was never there or rounds were not asked for.
    pub fn round(&self, pred: PredId, row: &[Word]) -> Option<u32> {
        last_of(self.rounds.get(&pred)?, row)
    }

    /// All rows that a relation has held in one round or another, if rounds were asked for and some of
    /// them gave way.
    pub fn past(&self, pred: PredId) -> Option<&Table> {
        self.past.get(&pred).map(|past| &*past.rows)
    }

    /// Whether anything gave way; known if rounds were asked for.
    pub fn gave_way(&self) -> bool {
        !self.past.is_empty()
    }

    /// In which round a row gave way first.
    pub fn gone(&self, pred: PredId, row: &[Word]) -> Option<u32> {
        last_of(&self.past.get(&pred)?.gone, row)
    }

    /// What the plans did, if asked for.
    pub fn profile(&self) -> &Profile {
        &self.profile
    }

    /// The same, leaving the rows behind.
    pub fn into_profile(self) -> Profile {
        self.profile
    }
}

/// The word behind the rows that begin so.
fn last_of(table: &Table, row: &[Word]) -> Option<Word> {
    let (low, high) = table.rows().range(row);
    if low < high { table.row(low).last().copied() } else { None }
}

/// A way to evaluate.
pub trait Engine {
    /// Evaluates what `request` asks for. An error leaves nothing behind but words in the interner.
    fn evaluate(
        &self,
        request: &Request<'_>,
        tables: &dyn Tables,
        interner: &mut Interner,
        budget: &Budget,
    ) -> Result<Model, EvalError>;
}
