//! How firmly answers are known: `_status`, `_conf`, `_since`, `_sources`, `_assumptions`.

use super::query::{failed, reached};
use super::{Answer, Error, Session};
use crate::analysis::Goal;
use crate::base::Budget;
use crate::engine::{EvalError, Model};
use crate::model::schema::PredId;
use crate::model::{Rule, Status, Value};
use crate::provenance::annotate::{self, Annotation, MOST_ALTERNATIVES, Unfinished, Wanted};
use crate::provenance::levels::Evaluated;
use crate::provenance::{Graph, Tuple};

impl Session {
    /// From now on answers have these annotations. Without any, they have the status of rows that
    /// are less than held.
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
        // The status takes no proofs, and thus no more than the goal's constants need.
        let status_alone =
            (self.wanted.is_none() || self.wanted == Wanted::STATUS) && self.by_rules_alone(&reached);
        let model = match status_alone {
            true => self.evaluate(goals, &[])?,
            false => self.evaluate_for_proofs(goals, &reached)?,
        };
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

    /// The answer with how firmly its rows are known, which are tuples of `head`. Where more than the
    /// status is asked for, the model has everything the goals reach.
    pub(super) fn annotate(
        &self,
        goals: &[Rule],
        head: PredId,
        model: &Model,
        mut answer: Answer,
    ) -> Result<Answer, Error> {
        answer.asked = self.wanted;
        let mut wanted = self.wanted;
        wanted.status = true;
        let tuples = self.tuples(head, &answer.rows);
        // Sources and assumptions take all proofs. What else there is costs a few evaluations, unless
        // there are many days.
        let by_rules = self.by_rules_alone(&reached(self.program(), goals, &[head]));
        let by_proofs = wanted.sources || wanted.assumptions || !by_rules;
        answer.unknown = Wanted { status: !by_rules, ..wanted };
        if !by_proofs {
            self.by_levels(goals, head, model, &tuples, wanted, &mut answer)?;
        }
        if !answer.unknown.is_none() {
            match self.known(goals, model, &tuples, wanted)? {
                Some(known) => {
                    if known.iter().any(|known| known.sources_cut) {
                        answer.notes.push(format!(
                            "some answers have more than {MOST_ALTERNATIVES} alternative sets of sources; the smallest are given"
                        ));
                    }
                    answer.firmness = known;
                    answer.unknown = Wanted::default();
                }
                None if by_rules && by_proofs => {
                    self.by_levels(goals, head, model, &tuples, wanted, &mut answer)?;
                }
                None => answer.unsettled = !by_rules,
            }
        }
        let unknown: Vec<&str> =
            answer.unknown.names().iter().filter(|(_, on)| *on).map(|(name, _)| *name).collect();
        if !unknown.is_empty() {
            let text = format!("{} rest on too much to be worked out and are left empty", unknown.join(", "));
            answer.notes.push(text);
        }
        Ok(answer)
    }

    /// Whether rules alone decide which tuples relations have, so that those that are firm can be
    /// derived by themselves.
    fn by_rules_alone(&self, reached: &[PredId]) -> bool {
        !self.is_guarded(reached)
    }

    fn tuples(&self, head: PredId, rows: &[Vec<Value>]) -> Vec<Tuple> {
        let interner = self.base.database.interner();
        let words = |row: &Vec<Value>| row.iter().filter_map(|value| interner.get(value)).collect();
        rows.iter().map(|row| Tuple { pred: head, row: words(row) }).collect()
    }

    /// Status, confidence and day of tuples, by an evaluation a level.
    fn by_levels(
        &self,
        goals: &[Rule],
        head: PredId,
        model: &Model,
        tuples: &[Tuple],
        wanted: Wanted,
        answer: &mut Answer,
    ) -> Result<(), Error> {
        let reached = reached(self.program(), goals, &[head]);
        let tables = self.stated_tables();
        let evaluated = Evaluated {
            program: self.program(),
            goals,
            reached: &reached,
            database: &self.base.database,
            tables: &tables,
            model,
            engine: &self.engine,
            tuning: self.tuning(),
        };
        let budget = &|| Budget::new(self.limits.clone(), self.cancel.clone());
        let mut interner = self.base.database.interner().clone();
        let mut known = vec![Annotation::certain(); tuples.len()];
        match evaluated.statuses(head, tuples, &mut interner, budget) {
            Ok(found) => known.iter_mut().zip(found).for_each(|(known, status)| known.status = status),
            Err(error) => {
                let error = failed(self.program(), goals, &error);
                if matches!(error, Error::Cancelled) || self.wanted.status {
                    return Err(error);
                }
                answer.unsettled = true;
                answer
                    .notes
                    .push("how firmly the answers are known takes more than the limits allow".to_owned());
                return Ok(());
            }
        }
        let refused = |error: &EvalError| failed(self.program(), goals, error);
        if wanted.conf
            && let Some(found) =
                evaluated.confidences(head, tuples, &mut interner, budget).map_err(|error| refused(&error))?
        {
            known.iter_mut().zip(found).for_each(|(known, conf)| known.conf = conf);
            answer.unknown.conf = false;
        }
        if wanted.since
            && let Some(found) =
                evaluated.days(head, tuples, &mut interner, budget).map_err(|error| refused(&error))?
        {
            known.iter_mut().zip(found).for_each(|(known, since)| known.since = since);
            answer.unknown.since = false;
        }
        answer.firmness = known;
        Ok(())
    }

    /// The status of tuples, by an evaluation a level; `None` where that does not decide it.
    pub(super) fn statuses(
        &self,
        goals: &[Rule],
        head: PredId,
        model: &Model,
        tuples: &[Tuple],
    ) -> Result<Option<Vec<Option<Status>>>, Error> {
        if !self.by_rules_alone(&reached(self.program(), goals, &[head])) {
            return Ok(None);
        }
        let mut answer = Answer::default();
        self.by_levels(goals, head, model, tuples, Wanted::STATUS, &mut answer)?;
        match answer.unsettled {
            true => Ok(None),
            false => Ok(Some(answer.firmness.into_iter().map(|known| known.status).collect())),
        }
    }

    /// How firmly tuples are known, by going through their proofs; `None` if these are too many.
    fn known(
        &self,
        goals: &[Rule],
        model: &Model,
        tuples: &[Tuple],
        wanted: Wanted,
    ) -> Result<Option<Vec<Annotation>>, Error> {
        let database = &self.base.database;
        let tables = self.stated_tables();
        let budget = Budget::new(self.limits.clone(), self.cancel.clone());
        let graph = Graph::new(self.program(), goals, &tables, model, database.interner(), &budget);
        match annotate::annotate(&graph, database, tuples, wanted, self.options.proof_steps()) {
            Ok(known) => Ok(Some(known)),
            Err(Unfinished::TooLarge(_)) => Ok(None),
            Err(Unfinished::Stopped(stop)) => {
                Err(failed(self.program(), goals, &EvalError::Stopped { stop, rule: None }))
            }
        }
    }
}
