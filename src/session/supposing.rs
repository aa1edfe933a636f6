//! Other facts for a while: a session that has its own again afterwards, whatever comes of it.

use super::Session;
use crate::model::Fact;
use crate::model::schema::PredId;
use crate::provenance::remedy::Stated;
use crate::provenance::survive;
use crate::storage::{Pattern, Snapshot};

/// A session with other facts, which has its own again when this goes.
pub(super) struct Supposing<'s> {
    pub session: &'s mut Session,
    before: Option<Snapshot>,
}

impl<'s> Supposing<'s> {
    fn new(session: &'s mut Session) -> Self {
        let before = Some(session.base.database.snapshot());
        Supposing { session, before }
    }

    /// With some facts besides, and without anything that states some tuples.
    pub fn changed(session: &'s mut Session, with: &[Fact], without: &[&Stated]) -> Self {
        let supposing = Supposing::new(session);
        let database = &mut supposing.session.base.database;
        for (predicate, tuple) in without {
            let columns = tuple.iter().cloned().map(Some).collect();
            database.retract(&Pattern { predicate: *predicate, columns, fits: &|_, _| true });
        }
        database.assert(with);
        supposing
    }

    /// Without what somebody without a name says about these relations; `None` if that is nothing.
    pub fn named(session: &'s mut Session, relations: &[PredId]) -> Option<Self> {
        let unnamed = survive::unnamed(&session.base.database, relations);
        if unnamed.is_empty() {
            return None;
        }
        let supposing = Supposing::new(session);
        let keep = |pred: PredId, stated: &crate::storage::assertions::Stated| {
            !unnamed.get(&pred).is_some_and(|known| known.contains(stated))
        };
        supposing.session.base.database.restrict(|pred, stated, _, _| keep(pred, stated));
        Some(supposing)
    }
}

impl Drop for Supposing<'_> {
    fn drop(&mut self) {
        if let Some(before) = self.before.take() {
            self.session.base.database.restore(before);
        }
    }
}
