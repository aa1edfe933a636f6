//! Conclusions with how firmly they are known and what ends them.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::base::codes::evaluation as codes;
use crate::base::{Budget, Diagnostic, FileId, Span};
use crate::engine::{EvalError, Model};
use crate::model::schema::{PredId, PredKind};
use crate::model::{Rule, Value};
use crate::provenance::annotate::{self, Annotation, Unfinished, Wanted};
use crate::provenance::survive::{self, Removal};
use crate::provenance::{Graph, Tuple};
use crate::session::query::{failed, reached, values};
use crate::session::supposing::Supposing;
use crate::session::{Error, Session};
use crate::storage::Word;
use crate::storage::sources::Struck;
use crate::syntax::datalog::ast::{Const, ConstKind, Name, UnderOption};

/// A conclusion with all that support asks of it.
pub(super) struct Known {
    pub predicate: PredId,
    pub row: Vec<Value>,
    pub annotation: Annotation,
    /// By the number of the source.
    pub ends: Vec<usize>,
    /// Whether it would end without what comes from somebody without a name.
    pub unnamed: bool,
}

/// The conclusions asked for.
#[derive(Clone, Copy)]
pub(super) struct Conclusions<'c> {
    pub goals: &'c [Rule],
    pub heads: &'c [PredId],
    /// Which rows; all of them without.
    pub pick: Option<&'c dyn Fn(&[Value]) -> bool>,
    /// At most so many.
    pub most: usize,
}

impl Session {
    /// Conclusions with all that is asked of them, and how many more there are.
    pub(super) fn conclusions_known(
        &mut self,
        own: &[UnderOption],
        asked: &Conclusions<'_>,
        wanted: Wanted,
        sources: &[(Arc<str>, Word)],
    ) -> Result<(Vec<Known>, usize), Error> {
        let mut within = self.enter(own)?;
        let reached = reached(within.program(), asked.goals, asked.heads);
        let model = within.evaluate_for_proofs(asked.goals, &reached)?;
        let (mut known, more) = within.conclusions(asked, &model);
        let exact = within.weigh(&mut known, asked, &model, wanted, sources, &reached)?;
        if exact || known.is_empty() {
            return Ok((known, more));
        }
        let relevant: Vec<usize> = within.sources_of(&reached, sources);
        drop(within);
        let index: HashMap<(PredId, Vec<Value>), usize> =
            known.iter().zip(0..).map(|(one, at)| ((one.predicate, one.row.clone()), at)).collect();
        for at in relevant {
            let Some((id, _)) = sources.get(at) else { continue };
            let mut options = own.to_vec();
            options.extend(withdrawal(&[id.to_string()]));
            let mut within = self.enter(&options)?;
            let model = within.evaluate(asked.goals, asked.heads)?;
            let (left, _) = within.conclusions(&Conclusions { most: usize::MAX, ..*asked }, &model);
            let left: HashSet<usize> =
                left.into_iter().filter_map(|one| index.get(&(one.predicate, one.row)).copied()).collect();
            let gone = known.iter_mut().enumerate().filter(|(number, _)| !left.contains(number));
            gone.for_each(|(_, one)| one.ends.push(at));
        }
        // What a reader has to know is of the question's own scenario.
        let mut within = self.enter(own)?;
        within.end_without_names(asked, &reached, &mut known, &index)?;
        Ok((known, more))
    }

    /// Finds the conclusions that end without what somebody without a name says, by evaluating again.
    fn end_without_names(
        &mut self,
        asked: &Conclusions<'_>,
        reached: &[PredId],
        known: &mut [Known],
        index: &HashMap<(PredId, Vec<Value>), usize>,
    ) -> Result<(), Error> {
        let schema = self.schema();
        let mut stated: Vec<PredId> = reached
            .iter()
            .map(|pred| match schema.predicates.get(pred.0 as usize).map(|predicate| predicate.kind) {
                Some(PredKind::Assertions(of)) => of,
                _ => *pred,
            })
            .collect();
        stated.sort();
        stated.dedup();
        known.iter_mut().for_each(|one| one.unnamed = false);
        let Some(supposing) = Supposing::named(self, &stated) else { return Ok(()) };
        let session = &mut *supposing.session;
        let model = session.evaluate(asked.goals, asked.heads)?;
        let (left, _) = session.conclusions(&Conclusions { most: usize::MAX, ..*asked }, &model);
        let left: HashSet<usize> =
            left.into_iter().filter_map(|one| index.get(&(one.predicate, one.row)).copied()).collect();
        let gone = known.iter_mut().enumerate().filter(|(number, _)| !left.contains(number));
        gone.for_each(|(_, one)| one.unnamed = true);
        Ok(())
    }

    /// The conclusions of a model, by relation and value.
    fn conclusions(&self, asked: &Conclusions<'_>, model: &Model) -> (Vec<Known>, usize) {
        let interner = self.base.database.interner();
        let mut found: Vec<Known> = Vec::new();
        let mut more = 0;
        for head in asked.heads {
            let table = match model.table(*head) {
                Some(table) => Some(&**table),
                None => self.table_of(*head, model),
            };
            let mut rows: Vec<Vec<Value>> = table
                .into_iter()
                .flat_map(|table| table.iter())
                .map(|row| values(interner, row))
                .filter(|row| asked.pick.is_none_or(|pick| pick(row)))
                .collect();
            rows.sort();
            let room = asked.most.saturating_sub(found.len());
            more += rows.len().saturating_sub(room);
            found.extend(rows.into_iter().take(room).map(|row| Known {
                predicate: *head,
                row,
                annotation: Annotation::certain(),
                ends: Vec::new(),
                unnamed: false,
            }));
        }
        (found, more)
    }

    /// Works out how firmly conclusions are known and what ends them, over the proof graph. False if
    /// what ends them has to be found by evaluating again.
    fn weigh(
        &self,
        known: &mut [Known],
        asked: &Conclusions<'_>,
        model: &Model,
        wanted: Wanted,
        sources: &[(Arc<str>, Word)],
        reached: &[PredId],
    ) -> Result<bool, Error> {
        let database = &self.base.database;
        let interner = database.interner();
        let tuples: Vec<Tuple> = known
            .iter()
            .map(|one| Tuple {
                pred: one.predicate,
                row: one.row.iter().filter_map(|value| interner.get(value)).collect(),
            })
            .collect();
        let tables = self.stated_tables();
        let budget = Budget::new(self.limits.clone(), self.cancel.clone());
        let graph = Graph::new(self.program(), asked.goals, &tables, model, interner, &budget);
        let stopped = |stop| failed(self.program(), asked.goals, &EvalError::Stopped { stop, rule: None });
        let most = self.options.proof_steps();
        match annotate::annotate(&graph, database, &tuples, wanted, most) {
            Ok(annotations) => {
                known.iter_mut().zip(annotations).for_each(|(one, annotation)| one.annotation = annotation);
            }
            Err(Unfinished::TooLarge(_)) => {
                self.weigh_by_levels(known, asked, model, &tuples)?;
                return Ok(false);
            }
            Err(Unfinished::Stopped(stop)) => return Err(stopped(stop)),
        }
        let exact = survive::only_loses(self.program(), asked.goals, reached, database);
        // Struck beside what the scenario strikes already.
        let before: Vec<Word> = database.context().struck.sources().collect();
        let strikes: Vec<Struck> = sources
            .iter()
            .filter(|_| exact)
            .map(|(_, word)| Struck::new(before.iter().copied().chain([*word]), database.sources(), interner))
            .collect();
        let mut removals: Vec<Removal<'_>> = strikes.iter().map(Removal::Struck).collect();
        removals.push(Removal::Unnamed);
        let ends = match survive::ends(&graph, database, &tuples, &removals, most) {
            Ok(ends) => ends,
            Err(Unfinished::TooLarge(_)) => return Ok(false),
            Err(Unfinished::Stopped(stop)) => return Err(stopped(stop)),
        };
        for (one, mut ends) in known.iter_mut().zip(ends) {
            one.unnamed = ends.pop_if(|at| *at == strikes.len()).is_some();
            one.ends = ends;
        }
        Ok(exact)
    }

    /// The status of conclusions that have too many proofs to go through them, by an evaluation a
    /// level. Which sets of sources are enough for them stays unknown.
    fn weigh_by_levels(
        &self,
        known: &mut [Known],
        asked: &Conclusions<'_>,
        model: &Model,
        tuples: &[Tuple],
    ) -> Result<(), Error> {
        for head in asked.heads {
            let of: Vec<usize> = (0..known.len())
                .filter(|at| known.get(*at).is_some_and(|one| one.predicate == *head))
                .collect();
            let tuples: Vec<Tuple> = of.iter().filter_map(|at| tuples.get(*at)).cloned().collect();
            let Some(found) = self.statuses(asked.goals, *head, model, &tuples)? else {
                let message = "what these conclusions rest on is too much to be gone through".to_owned();
                let most = self.options.proof_steps();
                let diagnostic = Diagnostic::new(codes::PROOF_LIMIT, message)
                    .note(format!(
                        "more than {most} steps of proofs, through relations in which tuples give way"
                    ))
                    .help("ask for fewer conclusions");
                return Err(Error::Limit(Box::new(diagnostic)));
            };
            for (at, status) in of.into_iter().zip(found) {
                if let Some(one) = known.get_mut(at) {
                    let certain = Annotation::certain();
                    one.annotation = Annotation { status, sources: Vec::new(), sources_cut: true, ..certain };
                }
            }
        }
        Ok(())
    }

    /// All sources that are declared or named, by id.
    pub(super) fn all_sources(&self) -> Vec<(Arc<str>, Word)> {
        let database = &self.base.database;
        let mut words: HashSet<Word> = self.statements_by_source().into_keys().collect();
        words.extend(database.sources().ids());
        let mut sources: Vec<(Arc<str>, Word)> = words
            .into_iter()
            .filter_map(|word| Some((Arc::from(database.interner().symbol_text(word)?), word)))
            .collect();
        sources.sort();
        sources
    }

    /// How many assertions each source makes.
    pub(super) fn statements_by_source(&self) -> HashMap<Word, usize> {
        let mut counts = HashMap::new();
        for (id, _) in self.schema().iter() {
            let Some(extent) = self.base.database.extent(id) else { continue };
            for row in 0..extent.tuples().len() {
                for stated in extent.assertions(row) {
                    *counts.entry(stated.src).or_default() += 1;
                }
            }
        }
        counts
    }

    /// The sources whose withdrawal takes anything away of what is reached.
    fn sources_of(&self, reached: &[PredId], sources: &[(Arc<str>, Word)]) -> Vec<usize> {
        let database = &self.base.database;
        let (context, interner) = (database.context(), database.interner());
        let stated = |pred: &PredId| match self.schema().predicates.get(pred.0 as usize).map(|it| it.kind) {
            Some(PredKind::Assertions(of)) => of,
            _ => *pred,
        };
        let extents: Vec<_> = reached.iter().filter_map(|pred| database.extent(stated(pred))).collect();
        let takes = |struck: &Struck| {
            extents.iter().any(|extent| {
                (0..extent.tuples().len())
                    .any(|row| extent.assertions(row).iter().any(|it| struck.takes(it, &context, interner)))
            })
        };
        let before: Vec<Word> = context.struck.sources().collect();
        let relevant = |word: Word| {
            takes(&Struck::new(before.iter().copied().chain([word]), database.sources(), interner))
        };
        (0..sources.len()).filter(|at| sources.get(*at).is_some_and(|(_, word)| relevant(*word))).collect()
    }
}

/// `without: …` for each source.
pub(super) fn withdrawal(sources: &[String]) -> Vec<UnderOption> {
    let span = Span::new(FileId(0), 0, 0);
    let option = |id: &String| {
        let name = Name { text: "without".to_owned(), span };
        UnderOption::Value(name, Const { kind: ConstKind::String(id.clone()), span })
    };
    sources.iter().map(option).collect()
}
