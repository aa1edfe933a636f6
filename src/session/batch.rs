//! What rule files ask to be written: `.output`, `.printsize`, and `?-` lines.

use super::query::values;
use super::{Answer, Error, Session};
use crate::analysis::Goal;
use crate::engine::Profile;
use crate::model::Value;
use crate::model::schema::{PredId, PredKind};
use crate::syntax::datalog::ast::IoKind;

/// Everything that a run produces, in the order of the directives.
#[derive(Debug)]
pub struct Batch {
    /// The `.output` relations, or those named.
    pub outputs: Vec<Output>,
    /// The `.printsize` relations.
    pub sizes: Vec<PrintSize>,
    /// The answers of `?-` lines.
    pub queries: Vec<QueryResult>,
    /// What the evaluation did, if asked for.
    pub profile: Profile,
    /// What a reader has to know: files left out.
    pub notes: Vec<String>,
}

/// One relation to write.
#[derive(Clone, Debug)]
pub struct Output {
    /// Its name.
    pub relation: String,
    /// Columns and rows, sorted by value.
    pub answer: Answer,
    /// The directive's parameters.
    pub params: Vec<(String, Value)>,
}

/// A relation's size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PrintSize {
    /// Its name.
    pub relation: String,
    /// Its tuples.
    pub rows: usize,
}

/// A query of a rule file with its answer.
#[derive(Clone, Debug)]
pub struct QueryResult {
    /// As written.
    pub text: String,
    /// The answer.
    pub answer: Answer,
}

impl Session {
    /// Evaluates what the rule files ask for; `named` relations instead of the `.output` ones if
    /// there are any.
    pub fn run(&mut self, named: &[String], profile: bool) -> Result<Batch, Error> {
        self.ready()?;
        let analysis = &self.base.analysis;
        let directives = |kind: IoKind| {
            analysis
                .directives
                .iter()
                .filter(move |directive| directive.kind == kind)
                .cloned()
                .collect::<Vec<_>>()
        };
        let sizes = if named.is_empty() { directives(IoKind::PrintSize) } else { Vec::new() };
        let outputs: Vec<(PredId, Vec<(String, Value)>)> = if named.is_empty() {
            directives(IoKind::Output)
                .into_iter()
                .map(|directive| (directive.predicate, directive.params))
                .collect()
        } else {
            let found: Result<Vec<PredId>, Error> = named.iter().map(|name| self.relation(name)).collect();
            found?.into_iter().map(|predicate| (predicate, Vec::new())).collect()
        };
        let queries = if named.is_empty() { analysis.queries.clone() } else { Vec::new() };
        // Those with a scenario of their own are asked one by one.
        let plain = |goal: &&Goal| goal.under.is_empty();
        let goals: Vec<_> = queries.iter().filter(plain).map(|goal| goal.rule.clone()).collect();
        let mut wanted: Vec<PredId> = outputs.iter().map(|(predicate, _)| *predicate).collect();
        wanted.extend(sizes.iter().map(|directive| directive.predicate));
        wanted.sort();
        wanted.dedup();
        let mut within = self.enter(&[])?;
        let weakened = within.weakened(&goals, &wanted);
        let wanted = weakened.as_ref().unwrap_or(&wanted);
        let model = match profile {
            true => within.evaluate_noting(&goals, wanted)?,
            false if weakened.is_some() && within.is_guarded(wanted) => {
                within.evaluate_traced(&goals, wanted)?
            }
            false => within.evaluate_once(&goals, wanted)?,
        };
        let known = |head: PredId, answer: Answer| match &weakened {
            Some(_) => within.annotate(&goals, head, &model, answer),
            None => Ok(Answer { asked: within.annotations(), ..answer }),
        };
        let outputs = outputs
            .into_iter()
            .map(|(predicate, params)| {
                Ok(Output {
                    relation: within.schema().predicate(predicate).name.to_string(),
                    answer: known(predicate, within.relation_answer(predicate, &model))?,
                    params,
                })
            })
            .collect::<Result<_, Error>>()?;
        let sizes = sizes
            .iter()
            .map(|directive| PrintSize {
                relation: within.schema().predicate(directive.predicate).name.to_string(),
                rows: within.table_of(directive.predicate, &model).map_or(0, crate::storage::Table::len),
            })
            .collect();
        let mut answers: Vec<Option<Answer>> = queries
            .iter()
            .map(|goal| {
                plain(&goal).then(|| known(goal.rule.head, within.rows(goal, &model, None)?)).transpose()
            })
            .collect::<Result<_, Error>>()?;
        let mut notes = within.notes();
        drop(within);
        for (goal, answer) in queries.iter().zip(&mut answers).filter(|(_, answer)| answer.is_none()) {
            let found = self.enter(&goal.under)?.answer(goal, None)?;
            let text = self.sources.text(goal.span);
            notes.extend(self.scenario_notes.iter().map(|note| format!("{text}: {note}")));
            *answer = Some(found);
        }
        let answered = queries.iter().zip(answers).map(|(goal, answer)| QueryResult {
            text: self.sources.text(goal.span).to_owned(),
            answer: answer.unwrap_or_default(),
        });
        let queries = answered.collect();
        Ok(Batch { outputs, sizes, queries, profile: model.into_profile(), notes })
    }

    /// All rows of a relation, sorted by value.
    pub fn relation_rows(&mut self, name: &str) -> Result<Answer, Error> {
        self.ready()?;
        let predicate = self.relation(name)?;
        let mut within = self.enter(&[])?;
        let model = within.evaluate(&[], &[predicate])?;
        Ok(within.relation_answer(predicate, &model))
    }

    fn relation_answer(&self, predicate: PredId, model: &crate::engine::Model) -> Answer {
        let interner = self.base.database.interner();
        let columns = &self.schema().predicate(predicate).columns;
        let mut rows: Vec<Vec<Value>> = self
            .table_of(predicate, model)
            .map(|table| table.iter().map(|row| values(interner, row)).collect())
            .unwrap_or_default();
        rows.sort();
        Answer {
            columns: columns.iter().map(|column| column.name.to_string()).collect(),
            ground: columns.is_empty(),
            rows,
            ..Answer::default()
        }
    }

    /// A relation's tuples: as derived, or as stated where no rule defines it.
    pub(super) fn table_of<'a>(
        &'a self,
        predicate: PredId,
        model: &'a crate::engine::Model,
    ) -> Option<&'a crate::storage::Table> {
        match model.table(predicate) {
            Some(table) => Some(table),
            None => match self.schema().predicate(predicate).kind {
                PredKind::Declared | PredKind::Assertions(_) => self.base.database.table(predicate),
                PredKind::Derived | PredKind::Answer => None,
            },
        }
    }
}
