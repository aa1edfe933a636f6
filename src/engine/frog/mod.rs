//! The engine on datafrog: strata bottom-up, each recursive one an `Iteration`.

mod fixpoint;
mod group;
mod growing;
mod job;
mod orders;
mod pool;
mod replan;
mod rounds;
mod shape;
pub mod share;
mod sources;
mod whole;

use std::collections::{HashMap, HashSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};

use job::{Inputs, Job};
use pool::Pool;
use share::Sharing;
use sources::complete;

use super::demand;
use super::machine::Env;
use super::profile::{PlanProfile, RelationProfile};
use super::rows::Held;
use super::sink::{Sink, Target, note};
use super::{Engine, EvalError, Model, Request, RuleRef, Tables};
use crate::base::{Budget, Stop};
use crate::model::functor::Patterns;
use crate::model::{PredId, Rule, RuleId, Stratum, Value};
use crate::plan::{Estimate, RulePlan, Statistics};
use crate::storage::bits::CHUNK;
use crate::storage::interner::MISSING;
use crate::storage::pairs::{Layout, Pairs, Span};
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
        let reached = reached(request);
        let pool = Pool::new(request.tuning);
        let rows =
            || reached.iter().filter_map(|pred| tables.table(*pred)).map(Table::rough_len).sum::<usize>();
        if request.goals.is_empty() && pool.shares(rows() >= ROWS_WORTH_THREADS) {
            // On one of the threads, so that work is handed to the others and never waited for.
            return pool.install(|| evaluate(request, &reached, tables, interner, budget, &pool));
        }
        evaluate(request, &reached, tables, interner, budget, &pool)
    }
}

fn evaluate(
    request: &Request<'_>,
    reached: &HashSet<PredId>,
    tables: &dyn Tables,
    interner: &mut Interner,
    budget: &Budget,
    pool: &Pool,
) -> Result<Model, EvalError> {
    let mut patterns = Patterns::default();
    let env = Env { interner, patterns: &mut patterns, budget };
    let values_before = env.interner.bytes();
    let values = Held::new(budget);
    let known = request.known.into_iter().flatten().filter(|(pred, _)| reached.contains(pred));
    let tables_known = known.map(|(pred, table)| (*pred, Arc::clone(table))).collect();
    let model = Model { tables: tables_known, ..Model::default() };
    let sharing = Sharing::new(request, reached, tables, &model);
    let mut evaluation =
        Evaluation { request, tables, env, model, held: Vec::new(), values, values_before, pool, sharing };
    for (at, stratum) in request.program.strata.iter().enumerate() {
        let known = |pred: &PredId| evaluation.model.tables.contains_key(pred);
        if stratum.predicates.iter().any(|pred| reached.contains(pred) && !known(pred))
            && (!stratum.rules.is_empty() || rounds::is_guarded(request.program, stratum))
        {
            evaluation.share(at)?;
            evaluation.stratum(stratum)?;
            evaluation.shared_until(at);
        }
    }
    evaluation.share(request.program.strata.len())?;
    evaluation.goals()?;
    evaluation.shared_until(request.program.strata.len());
    Ok(evaluation.model)
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
            request.program.guard_reads(pred, &mut |read| open.push(read));
        }
    }
    reached
}

/// How many evaluations of a session are expected to need an index.
const GOALS_ASKED: f64 = 16.0;
/// Rows read that make it worth starting threads at once.
const ROWS_WORTH_THREADS: usize = 1 << 10;
/// Rows that make it worth finding out whether bits take less room.
const MANY_ROWS: f64 = 65_536.0;

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
    pool: &'e Pool,
    /// Joins that rules have in common.
    sharing: Option<Sharing<'e>>,
}

impl Evaluation<'_, '_> {
    fn stratum(&mut self, stratum: &Stratum) -> Result<(), EvalError> {
        let program = self.request.program;
        let refs: Vec<RuleRef> = stratum.rules.iter().map(|id| RuleRef::Rule(*id)).collect();
        let changed = self.changed(&refs);
        let rules: Vec<(RuleRef, &Rule)> = (stratum.rules.iter().zip(refs).zip(&changed))
            .map(|((id, by), changed)| (by, changed.as_ref().unwrap_or(program.rule(*id))))
            .collect();
        if rounds::is_guarded(self.request.program, stratum) {
            return rounds::evaluate(self, stratum, &rules);
        }
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
            let own = goals.iter().enumerate().filter(|(_, goal)| goal.head == head);
            let (refs, own): (Vec<RuleRef>, Vec<&Rule>) =
                own.map(|(i, goal)| (RuleRef::Goal(i), goal)).unzip();
            let changed = self.changed(&refs);
            let own: Vec<(RuleRef, &Rule)> = (own.into_iter().zip(refs).zip(&changed))
                .map(|((goal, by), changed)| (by, changed.as_ref().unwrap_or(goal)))
                .collect();
            self.relation(head, &own)?;
        }
        Ok(())
    }

    /// Of each rule what it is to be evaluated as, if that is not what it says.
    fn changed(&self, rules: &[RuleRef]) -> Vec<Option<Rule>> {
        let sharing = self.sharing.as_ref();
        rules.iter().map(|by| sharing.and_then(|sharing| sharing.reads(*by)).cloned()).collect()
    }

    /// Evaluates a relation whose rules do not read it.
    fn relation(&mut self, pred: PredId, rules: &[(RuleRef, &Rule)]) -> Result<(), EvalError> {
        let width = rules.first().map_or(0, |(_, rule)| rule.args.len());
        let by = rules.first().map(|(by, _)| *by);
        let stopped = |stop| EvalError::Stopped { stop, rule: by };
        let mut jobs = self.jobs(rules, &[])?;
        let stated = self.tables.table(pred).filter(|stated| !stated.is_empty());
        let table = match self.pairs_for(pred, width, &jobs, stated) {
            Some(layout) => self.as_pairs(layout, &mut jobs, stated)?,
            None => self.as_list(width, &mut jobs, stated, by)?,
        };
        let profile = RelationProfile {
            pred,
            rounds: 1,
            produced: jobs.iter().map(|job| job.produced).sum(),
            rows: if self.request.profile { table.len() as u64 } else { 0 },
            stated: stated.map_or(0, Table::rough_len) as u64,
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

    /// The layout as bits of a relation that does not grow, if that takes less room than a list of
    /// what its rules are expected to produce.
    fn pairs_for(
        &self,
        pred: PredId,
        width: usize,
        jobs: &[Job<'_>],
        stated: Option<&Table>,
    ) -> Option<Layout> {
        let expected: f64 = jobs.iter().map(|job| shape::expected(&job.plan)).sum();
        if !(1..=2).contains(&width) || !self.request.tuning.bits || expected < MANY_ROWS {
            return None;
        }
        let plans: Vec<&RulePlan> = jobs.iter().map(|job| &job.plan).collect();
        let stated =
            HashMap::from([(pred, stated.map_or_else(|| vec![None; width], |table| table.spans().to_vec()))]);
        let spans = shape::spans(&plans, stated, self.env.interner, |pred, column| self.span(pred, column));
        let layout = shape::layout(spans.get(&pred)?, expected / 16.0, 8 * self.pool.jobs())?;
        // Where rows have hardly a neighbour, a chunk of bits takes more than a row.
        (expected * f64::from(CHUNK) >= layout.cells()).then_some(layout)
    }

    fn as_pairs(
        &mut self,
        layout: Layout,
        jobs: &mut [Job<'_>],
        stated: Option<&Table>,
    ) -> Result<Table, EvalError> {
        let known = Pairs::new(layout, false);
        let found = Mutex::default();
        let noted = AtomicU64::new(0);
        let target = Target::Pairs { known: &known, found: &found, noted: &noted };
        let by = jobs.first().map(|job| job.by);
        if let Some(stated) = stated {
            let mut sink = Sink::new(target, self.env.budget);
            for row in stated.iter() {
                sink.push(row.iter().copied());
            }
            sink.uncount();
            sink.finish().map_err(|stop| EvalError::Stopped { stop, rule: by })?;
        }
        for job in jobs {
            self.run_once(job, target)?;
        }
        let mut sets = found.into_inner().unwrap_or_else(PoisonError::into_inner).into_iter();
        let mut pairs = sets.next().unwrap_or(known);
        for set in sets {
            pairs
                .add(&set, &mut || self.env.budget.check())
                .map_err(|stop| EvalError::Stopped { stop, rule: by })?;
        }
        pairs.shrink();
        note(&noted, 0, self.env.budget).map_err(|stop| EvalError::Stopped { stop, rule: by })?;
        Ok(Table::from_bits(pairs))
    }

    fn as_list(
        &mut self,
        width: usize,
        jobs: &mut [Job<'_>],
        stated: Option<&Table>,
        by: Option<RuleRef>,
    ) -> Result<Table, EvalError> {
        let (mut words, mut len) = (Vec::new(), 0);
        let mut held = Held::new(self.env.budget);
        let stopped = |stop| EvalError::Stopped { stop, rule: by };
        let distinct = match jobs {
            [job] => stated.is_none() && width > 0 && job.is_distinct(),
            _ => false,
        };
        for job in jobs {
            let (more, rows) = self.run_once(job, Target::List { width, distinct })?;
            len += rows;
            if words.is_empty() {
                words = more;
            } else {
                words.extend(more);
            }
            held.set((words.capacity() * size_of::<Word>()) as u64).map_err(stopped)?;
        }
        if let Some(stated) = stated {
            if len == 0 {
                return Ok(stated.clone());
            }
            words.extend_from_slice(
                stated.rows_checked(&mut || self.env.budget.check()).map_err(stopped)?.words(),
            );
            len += stated.len();
        }
        if distinct {
            // They are put in order if somebody asks for that.
            words.shrink_to_fit();
            return Ok(Table::from_distinct(width, words));
        }
        if width > 0 {
            len = self.pool.sort(width, &mut words, self.env.budget).map_err(stopped)?;
            words.shrink_to_fit();
        }
        Ok(Table::from(Sorted::from_sorted(width, words, len)))
    }

    /// Runs a job that reads only complete relations, for the only time.
    fn run_once(&mut self, job: &mut Job<'_>, target: Target<'_>) -> Result<(Vec<Word>, usize), EvalError> {
        let careful = std::mem::take(&mut job.careful);
        let reads = job.plan.reads.clone();
        let careful_reads = job.plan.careful.as_ref().map_or_else(Vec::new, |plan| plan.reads.clone());
        let careful = complete(&careful_reads, &careful);
        loop {
            let sources = std::mem::take(&mut job.sources);
            let batches = complete(&reads, &sources);
            let inputs = Inputs { sources: &batches, careful: &careful, grouped: None };
            match job.run(&inputs, &mut self.env, target, self.pool)? {
                Some(rows) => return Ok(rows),
                None => self.leave_to_machine(job, &[])?,
            }
        }
    }

    /// The rows of a complete relation.
    fn table(&self, pred: PredId) -> Option<&Table> {
        let derived = self.model.tables.get(&pred).map(|table| &**table);
        derived.or_else(|| self.tables.table(pred))
    }

    /// What a column of a complete relation holds.
    fn span(&self, pred: PredId, column: usize) -> Option<Span> {
        *self.table(pred)?.spans().get(column)?
    }

    fn sizes<'s>(&'s self, recursive: &'s [PredId]) -> Sizes<'s> {
        let uses = if self.request.repeated { GOALS_ASKED } else { 1.0 };
        Sizes { tables: self.tables, model: &self.model, recursive, uses }
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

    /// Notes what a plan did that has done its work.
    fn retired(&mut self, mut job: Job<'_>) {
        self.env.budget.release(job.bytes());
        if self.request.profile {
            self.model.profile.plans.push(PlanProfile {
                rule: job.by,
                plan: job.plan,
                time: job.time,
                runs: job.runs,
                produced: job.produced - job.produced_before,
                visited: job.memory.visited,
                entered: job.memory.entered,
                per_round: job.per_round,
            });
        }
    }

    fn finished(&mut self, jobs: Vec<Job<'_>>, relations: impl IntoIterator<Item = RelationProfile>) {
        jobs.into_iter().for_each(|job| self.retired(job));
        if self.request.profile {
            self.model.profile.relations.extend(relations);
        }
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

/// Sizes as they are now.
struct Sizes<'a> {
    tables: &'a dyn Tables,
    model: &'a Model,
    recursive: &'a [PredId],
    /// How many evaluations an index of a stated relation will serve.
    uses: f64,
}

impl Statistics for Sizes<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        if self.recursive.contains(&pred) {
            let stated = self.tables.table(pred).filter(|table| !table.is_empty())?;
            return Some(Estimate { rows: stated.rough_len() as f64, distinct: stated.distinct().to_vec() });
        }
        let derived = self.model.tables.get(&pred).map(|table| &**table);
        Some(match derived.or_else(|| self.tables.table(pred)) {
            Some(table) => Estimate { rows: table.rough_len() as f64, distinct: table.distinct().to_vec() },
            None => Estimate { rows: 0.0, distinct: Vec::new() },
        })
    }

    fn alike(&self, pred: PredId, column: usize) -> Option<f64> {
        if self.recursive.contains(&pred) {
            return None;
        }
        let derived = self.model.tables.get(&pred).map(|table| &**table);
        derived.or_else(|| self.tables.table(pred))?.alike(column)
    }

    fn uses(&self) -> f64 {
        self.uses
    }

    fn ready(&self, pred: PredId, columns: &[usize]) -> bool {
        if self.recursive.contains(&pred) {
            return columns.iter().enumerate().all(|(i, column)| i == *column);
        }
        let derived = self.model.tables.get(&pred).map(|table| &**table);
        derived.or_else(|| self.tables.table(pred)).is_none_or(|table| table.has_order(columns))
    }
}
