//! How firmly answers are known: `_status`, `_conf`, `_since`, `_sources`, `_assumptions`.

use super::query::{failed, reached};
use super::{Answer, Error, Session};
use crate::analysis::Goal;
use crate::base::Budget;
use crate::engine::{EvalError, Model};
use crate::model::schema::PredId;
use crate::model::{Rule, Value};
use crate::provenance::annotate::{self, Annotation, MOST_ALTERNATIVES, Unfinished, Wanted};
use crate::provenance::{Graph, Tuple};

/// Steps and premises of the proof graph that are gone through unasked.
const UNASKED: usize = 200_000;
/// The same when annotations were asked for.
const ASKED: usize = 8_000_000;

impl Session {
    /// From now on answers have these annotations. Without any, they have the status of rows that
    /// are less than held, as long as that does not cost much.
    pub fn set_annotations(&mut self, wanted: Wanted) {
        self.wanted = wanted;
    }

    /// The annotations that were asked for.
    pub fn annotations(&self) -> Wanted {
        self.wanted
    }

    /// Evaluates a goal, keeping at most `most` rows, and works out how firmly they are known.
    pub(super) fn answer(&mut self, goal: &Goal, most: Option<usize>) -> Result<Answer, Error> {
        let goals = std::slice::from_ref(&goal.rule);
        let Some(reached) = self.weakened(goals, &[]) else {
            let model = self.evaluate(goals, &[])?;
            let answer = self.rows(goal, &model, most)?;
            return Ok(Answer { asked: self.wanted, ..answer });
        };
        let model = self.evaluate(goals, &reached)?;
        let answer = self.rows(goal, &model, most)?;
        self.annotate(goals, goal.rule.head, &model, answer)
    }

    /// What goals and wanted relations reach, if annotations are to be worked out: some were asked
    /// for, or something reached is less than held.
    pub(super) fn weakened(&self, goals: &[Rule], wanted: &[PredId]) -> Option<Vec<PredId>> {
        let program = self.program();
        let reached = reached(program, goals, wanted);
        let asked = self.wanted != Wanted::default() && self.wanted != Wanted::STATUS;
        (asked || !annotate::all_held(program, goals, &reached, &self.base.database)).then_some(reached)
    }

    /// The answer with how firmly its rows are known, which are tuples of `head` in a model that has
    /// everything the goals reach.
    pub(super) fn annotate(
        &self,
        goals: &[Rule],
        head: PredId,
        model: &Model,
        mut answer: Answer,
    ) -> Result<Answer, Error> {
        let asked = !self.wanted.is_none();
        answer.asked = self.wanted;
        let mut wanted = self.wanted;
        wanted.status = true;
        match self.known(goals, head, model, &answer.rows, wanted, if asked { ASKED } else { UNASKED })? {
            Some(known) => {
                if known.iter().any(|known| known.sources_cut) {
                    answer.notes.push(format!(
                        "some answers have more than {MOST_ALTERNATIVES} alternative sets of sources; the smallest are given"
                    ));
                }
                answer.firmness = known;
            }
            None if asked => {
                answer.unsettled = true;
                answer
                    .notes
                    .push("how firmly the answers are known rests on too much to be worked out".to_owned());
            }
            None => {
                answer.unsettled = true;
                answer.notes.push(
                    "how firmly the answers are known takes long to work out; `--annotate status` does it"
                        .to_owned(),
                );
            }
        }
        Ok(answer)
    }

    /// How firmly tuples of a relation are known; `None` if more than `most` lies behind them.
    fn known(
        &self,
        goals: &[Rule],
        head: PredId,
        model: &Model,
        rows: &[Vec<Value>],
        wanted: Wanted,
        most: usize,
    ) -> Result<Option<Vec<Annotation>>, Error> {
        let database = &self.base.database;
        let interner = database.interner();
        let tuples: Vec<Tuple> = rows
            .iter()
            .map(|row| Tuple {
                pred: head,
                row: row.iter().filter_map(|value| interner.get(value)).collect(),
            })
            .collect();
        let tables = self.stated_tables();
        let budget = Budget::new(self.limits.clone(), self.cancel.clone());
        let graph = Graph::new(self.program(), goals, &tables, model, interner, &budget);
        match annotate::annotate(&graph, database, &tuples, wanted, most) {
            Ok(known) => Ok(Some(known)),
            Err(Unfinished::TooLarge(_)) => Ok(None),
            Err(Unfinished::Stopped(stop)) => {
                Err(failed(self.program(), goals, &EvalError::Stopped { stop, rule: None }))
            }
        }
    }
}
