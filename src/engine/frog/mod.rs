//! The engine on datafrog: strata bottom-up, each recursive one an `Iteration`.

mod fixpoint;
mod relation;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Instant;

use super::demand;
use super::machine::{self, Batch, Env, Halt, Memory};
use super::profile::{PlanProfile, RelationProfile};
use super::rows::{Held, Rows};
use super::{Engine, EvalError, Model, Request, RuleRef, Tables};
use crate::base::{Budget, Stop};
use crate::model::functor::Patterns;
use crate::model::{PredId, Rule, RuleId, Stratum, Value};
use crate::plan::{Estimate, Planner, Read, RulePlan, Statistics};
use crate::storage::interner::MISSING;
use crate::storage::{Interner, Sorted, Table, Word};

/// The engine on datafrog.
#[derive(Clone, Copy, Debug, Default)]
pub struct Frog;

impl Engine for Frog {
    fn evaluate(
        &self,
        request: &Request<'_>,
        tables: &dyn Tables,
        interner: &mut Interner,
        budget: &Budget,
    ) -> Result<Model, EvalError> {
        if request.demand {
            return demand::evaluate(self, request, tables, interner, budget);
        }
        let mut patterns = Patterns::default();
        let env = Env { interner, patterns: &mut patterns, budget };
        let values_before = env.interner.bytes();
        let values = Held::new(budget);
        let reached = reached(request);
        let known = request.known.into_iter().flatten().filter(|(pred, _)| reached.contains(pred));
        let model =
            Model { tables: known.map(|(p, table)| (*p, table.clone())).collect(), ..Model::default() };
        let mut evaluation =
            Evaluation { request, tables, env, model, held: Vec::new(), values, values_before };
        for stratum in &request.program.strata {
            let known = |pred: &PredId| evaluation.model.tables.contains_key(pred);
            if stratum.predicates.iter().any(|pred| reached.contains(pred) && !known(pred))
                && !stratum.rules.is_empty()
            {
                evaluation.stratum(stratum)?;
            }
        }
        evaluation.goals()?;
        Ok(evaluation.model)
    }
}

/// The relations that the goals and the wanted ones depend on, themselves included.
fn reached(request: &Request<'_>) -> HashSet<PredId> {
    let mut rules_of: HashMap<PredId, Vec<RuleId>> = HashMap::new();
    for id in request.program.strata.iter().flat_map(|stratum| &stratum.rules) {
        rules_of.entry(request.program.rule(*id).head).or_default().push(*id);
    }
    let mut open: Vec<PredId> = request.wanted.to_vec();
    request.goals.iter().for_each(|goal| goal.body.atoms(&mut |atom, _| open.push(atom.pred)));
    let mut reached = HashSet::new();
    while let Some(pred) = open.pop() {
        if reached.insert(pred) {
            for id in rules_of.get(&pred).into_iter().flatten() {
                request.program.rule(*id).body.atoms(&mut |atom, _| open.push(atom.pred));
            }
        }
    }
    reached
}

struct Evaluation<'a, 'e> {
    request: &'a Request<'a>,
    tables: &'a dyn Tables,
    env: Env<'e>,
    model: Model,
    /// Memory of derived tables.
    held: Vec<Held<'e>>,
    /// Memory of values that rules have made.
    values: Held<'e>,
    /// What the interner took before.
    values_before: u64,
}

/// A plan with the complete relations it reads.
struct Job<'r> {
    by: RuleRef,
    rule: &'r Rule,
    plan: RulePlan,
    /// By read; `None` for relations of the stratum.
    complete: Vec<Option<Arc<Sorted>>>,
    /// The same for the careful plan.
    careful: Vec<Option<Arc<Sorted>>>,
    memory: Memory,
    time: std::time::Duration,
    runs: u64,
    produced: u64,
}

impl<'a, 'e> Evaluation<'a, 'e> {
    fn stratum(&mut self, stratum: &Stratum) -> Result<(), EvalError> {
        let rules: Vec<(RuleRef, &'a Rule)> =
            stratum.rules.iter().map(|id| (RuleRef::Rule(*id), self.request.program.rule(*id))).collect();
        if stratum.recursive {
            return fixpoint::evaluate(self, stratum, &rules);
        }
        for pred in &stratum.predicates {
            let own: Vec<(RuleRef, &Rule)> =
                rules.iter().copied().filter(|(_, rule)| rule.head == *pred).collect();
            if !own.is_empty() {
                self.relation(*pred, &own)?;
            }
        }
        Ok(())
    }

    fn goals(&mut self) -> Result<(), EvalError> {
        let goals = self.request.goals;
        let mut heads: Vec<PredId> = goals.iter().map(|goal| goal.head).collect();
        heads.sort_unstable();
        heads.dedup();
        for head in heads {
            let own: Vec<(RuleRef, &Rule)> = goals
                .iter()
                .enumerate()
                .filter(|(_, goal)| goal.head == head)
                .map(|(i, goal)| (RuleRef::Goal(i), goal))
                .collect();
            self.relation(head, &own)?;
        }
        Ok(())
    }

    /// Evaluates a relation whose rules do not read it.
    fn relation(&mut self, pred: PredId, rules: &[(RuleRef, &'a Rule)]) -> Result<(), EvalError> {
        let budget = self.env.budget;
        let width = rules.first().map_or(0, |(_, rule)| rule.args.len());
        let mut rows = Rows::new(width, budget);
        let mut jobs = self.jobs(rules, &[])?;
        for job in &mut jobs {
            job.run_once(&mut self.env, &mut rows)?;
        }
        let by = rules.first().map(|(by, _)| *by);
        let stopped = |stop| EvalError::Stopped { stop, rule: by };
        let (mut words, mut len) = rows.take_sorted().map_err(|halt| self.error(halt, by))?;
        let produced = rows.produced();
        let stated = self.tables.table(pred).filter(|stated| !stated.is_empty());
        let table = match stated {
            Some(stated) if len == 0 => stated.clone(),
            Some(stated) => {
                words.extend_from_slice(stated.rows().words());
                len = len.max(stated.len());
                Table::from(self.sorted(width, words, len).map_err(stopped)?)
            }
            None => Table::from(Sorted::from_sorted(width, words, len)),
        };
        let profile = RelationProfile {
            pred,
            rounds: 1,
            produced,
            rows: table.len() as u64,
            stated: stated.map_or(0, Table::len) as u64,
        };
        if self.request.rounds {
            let words = table.iter().flat_map(|row| row.iter().copied().chain([0])).collect();
            self.model.rounds.insert(pred, Table::from(Sorted::from_sorted(width + 1, words, table.len())));
        }
        self.note_values().map_err(stopped)?;
        self.derived(pred, table).map_err(stopped)?;
        self.finished(jobs, [profile]);
        Ok(())
    }

    /// The rows sorted; `len` counts without columns.
    fn sorted(&self, width: usize, words: Vec<Word>, len: usize) -> Result<Sorted, Stop> {
        match width {
            0 => Ok(Sorted::from_sorted(0, words, len)),
            _ => Sorted::new(width, words, &mut || self.env.budget.check()),
        }
    }

    /// Notes the memory of values that rules have made.
    fn note_values(&mut self) -> Result<(), Stop> {
        self.values.set(self.env.interner.bytes().saturating_sub(self.values_before))
    }

    fn derived(&mut self, pred: PredId, table: Table) -> Result<(), Stop> {
        let mut held = Held::new(self.env.budget);
        let noted = held.set(table.bytes());
        self.held.push(held);
        self.model.tables.insert(pred, Arc::new(table));
        noted
    }

    fn finished(&mut self, jobs: Vec<Job<'a>>, relations: impl IntoIterator<Item = RelationProfile>) {
        for job in jobs {
            self.env.budget.release(job.memory.bytes);
            if self.request.profile {
                self.model.profile.plans.push(PlanProfile {
                    rule: job.by,
                    plan: job.plan,
                    time: job.time,
                    runs: job.runs,
                    produced: job.produced,
                    visited: job.memory.visited,
                });
            }
        }
        if self.request.profile {
            self.model.profile.relations.extend(relations);
        }
    }

    /// Plans the rules and gets ready what the plans read of complete relations.
    fn jobs(
        &mut self,
        rules: &[(RuleRef, &'a Rule)],
        recursive: &[PredId],
    ) -> Result<Vec<Job<'a>>, EvalError> {
        let mut jobs = Vec::new();
        for (by, rule) in rules {
            let statistics = Sizes { tables: self.tables, model: &self.model, recursive };
            let planner =
                Planner { schema: &self.request.program.schema, statistics: &statistics, recursive };
            for plan in planner.plans(rule) {
                self.env.budget.check().map_err(|stop| EvalError::Stopped { stop, rule: Some(*by) })?;
                let complete = self.complete(&plan.reads, recursive, *by)?;
                let careful = match &plan.careful {
                    Some(careful) => self.complete(&careful.reads, recursive, *by)?,
                    None => Vec::new(),
                };
                jobs.push(Job {
                    by: *by,
                    rule,
                    plan,
                    complete,
                    careful,
                    memory: Memory::default(),
                    time: std::time::Duration::ZERO,
                    runs: 0,
                    produced: 0,
                });
            }
        }
        Ok(jobs)
    }

    fn complete(
        &self,
        reads: &[Read],
        recursive: &[PredId],
        by: RuleRef,
    ) -> Result<Vec<Option<Arc<Sorted>>>, EvalError> {
        let budget = self.env.budget;
        let order = |read: &Read| -> Result<Option<Arc<Sorted>>, Stop> {
            if recursive.contains(&read.pred) {
                return Ok(None);
            }
            let derived = self.model.tables.get(&read.pred).map(|table| &**table);
            match derived.or_else(|| self.tables.table(read.pred)) {
                Some(table) => table.order(&read.columns, &mut || budget.check()).map(Some),
                None => Ok(Some(Arc::new(Sorted::from_sorted(read.columns.len(), Vec::new(), 0)))),
            }
        };
        reads
            .iter()
            .map(order)
            .collect::<Result<_, _>>()
            .map_err(|stop| EvalError::Stopped { stop, rule: Some(by) })
    }

    fn error(&self, halt: Halt, by: Option<RuleRef>) -> EvalError {
        match (halt, by) {
            (Halt::Fail { error, span, binding }, Some(by)) => {
                let rule = by.find(self.request.program, self.request.goals);
                EvalError::Runtime {
                    error,
                    rule: by,
                    span,
                    binding: named(rule, &binding, self.env.interner),
                }
            }
            (Halt::Stop(stop), rule) => EvalError::Stopped { stop, rule },
            // Only rules compute.
            (Halt::Fail { .. }, None) => EvalError::Stopped { stop: Stop::Cancelled, rule: None },
        }
    }
}

impl Job<'_> {
    /// Runs a job that reads only complete relations, for the only time.
    fn run_once(&mut self, env: &mut Env<'_>, out: &mut Rows<'_>) -> Result<(), EvalError> {
        let (complete, careful) = (std::mem::take(&mut self.complete), std::mem::take(&mut self.careful));
        run(self, &complete_sources(&complete), &complete_sources(&careful), env, out)
    }
}

/// The values of variables that a person wrote.
fn named(rule: Option<&Rule>, binding: &[(usize, Word)], interner: &Interner) -> Vec<(String, Value)> {
    let vars = rule.map_or(&[][..], |rule| &rule.vars);
    binding
        .iter()
        .filter(|(_, word)| *word != MISSING)
        .filter_map(|(reg, word)| {
            let name = &vars.get(*reg)?.name;
            let made_up = name.starts_with(|first: char| first.is_ascii_digit());
            (!made_up).then(|| (name.to_string(), interner.value(*word)))
        })
        .collect()
}

fn complete_sources(complete: &[Option<Arc<Sorted>>]) -> Vec<Vec<Batch<'_>>> {
    complete.iter().map(|sorted| sorted.iter().map(|sorted| Batch::Sorted(sorted)).collect()).collect()
}

/// Runs a job once. Where an early computation failed, the careful plan says whether that counts.
fn run(
    job: &mut Job<'_>,
    sources: &[Vec<Batch<'_>>],
    careful: &[Vec<Batch<'_>>],
    env: &mut Env<'_>,
    out: &mut Rows<'_>,
) -> Result<(), EvalError> {
    let started = Instant::now();
    let before = out.produced();
    let outcome = machine::execute(&job.plan, sources, &mut job.memory, env, out).and_then(|early| {
        if let (true, Some(plan)) = (early, &job.plan.careful) {
            let mut unused = Rows::new(plan.output.len(), env.budget);
            machine::execute(plan, careful, &mut Memory::default(), env, &mut unused)?;
        }
        out.account()
    });
    job.time += started.elapsed();
    job.runs += 1;
    job.produced += out.produced() - before;
    outcome.map_err(|halt| match halt {
        Halt::Stop(stop) => EvalError::Stopped { stop, rule: Some(job.by) },
        Halt::Fail { error, span, binding } => {
            let binding = named(Some(job.rule), &binding, env.interner);
            EvalError::Runtime { error, rule: job.by, span, binding }
        }
    })
}

/// Sizes as they are now.
struct Sizes<'a> {
    tables: &'a dyn Tables,
    model: &'a Model,
    recursive: &'a [PredId],
}

impl Statistics for Sizes<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        if self.recursive.contains(&pred) {
            return None;
        }
        let derived = self.model.tables.get(&pred).map(|table| &**table);
        Some(match derived.or_else(|| self.tables.table(pred)) {
            Some(table) => Estimate { rows: table.len() as f64, distinct: table.distinct().to_vec() },
            None => Estimate { rows: 0.0, distinct: Vec::new() },
        })
    }
}
