//! Sub-joins that several rules have in common, joined once where that is expected to cost less.
//!
//! A sub-join is looked at when the first stratum that has one is about to be evaluated: what it reads
//! is complete by then. What the rules cost as they stand is compared with what they cost when they
//! read the result, both by the planner's own estimates; of recursive rules what all rounds together
//! cost. The result is a relation that nobody sees but the plans, and it goes when the last rule that
//! reads it has been evaluated. As estimates err, a join that finds far more than expected is given
//! up, and the rules stay as they are: no limit strikes because of it.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::{Evaluation, Held, Patterns, RuleRef, Sizes, rounds};
use crate::base::{Budget, Stop};
use crate::engine::machine::Env;
use crate::engine::profile::SharedProfile;
use crate::engine::{EvalError, Model, Profile, Request, Tables, Tuning};
use crate::model::{CheckedProgram, Expr, PredId, Rule, Stratum};
use crate::plan::demand::Made;
use crate::plan::share::{Bodies, Common, Shared};
use crate::plan::{Estimate, Growth, Planner, Read, RulePlan, Statistics, indexes};
use crate::storage::Table;

/// Rows in the largest relation of a sub-join from which on it is looked at.
const ENOUGH_ROWS: usize = 4_096;
/// Work of the rules that have one from which on it is looked at, and what is to be saved.
const ENOUGH_WORK: f64 = 100_000.0;
/// Share of that work that has to be saved.
const LEAST_GAIN: f64 = 0.1;
/// Work of putting a row found into the result.
const STORE: f64 = 6.0;
/// Sub-joins looked at before a stratum, and those joined.
const MOST_LOOKED_AT: usize = 64;
const MOST_SHARED: usize = 8;
/// Rules planned to tell what those that read a sub-join cost; more cost in proportion.
const SAMPLE: usize = 16;
/// Rules of which it is guessed what they come to derive.
const MOST_GUESSED: usize = 4_096;
/// How many times more than expected a join may find, and what it may find in any case.
const SURPRISE: f64 = 4.0;
const NO_SURPRISE: f64 = 65_536.0;

/// Whether rules share what they have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// Where that is expected to cost less.
    #[default]
    Gauged,
    /// Wherever two rules have something in common: for tests.
    Always,
    /// Never.
    Never,
}

/// What rules have in common and what of it has been joined.
pub(super) struct Sharing<'e> {
    always: bool,
    bodies: Bodies,
    /// Whose bodies these are, with the stratum in which they are evaluated.
    owners: Vec<(RuleRef, usize)>,
    /// Numbers of bodies that read something shared.
    changed: HashMap<RuleRef, usize>,
    /// The stratum of each relation that has yet to be evaluated.
    stratum_of: HashMap<PredId, usize>,
    /// By stratum: what is looked at before it.
    open: BTreeMap<usize, Vec<Common>>,
    made: Vec<Joined<'e>>,
    next: u32,
}

/// A shared relation that is there.
struct Joined<'e> {
    pred: PredId,
    /// The last stratum that reads it.
    last: usize,
    _held: Held<'e>,
}

/// What is expected of relations, of all rounds together.
struct Outlook<'a> {
    growth: Growth<'a>,
    made: Option<(PredId, Estimate)>,
    /// Whether nothing at all is known of a relation.
    unknown: &'a dyn Fn(PredId) -> bool,
}

impl Statistics for Outlook<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        match &self.made {
            Some((made, estimate)) if *made == pred => Some(estimate.clone()),
            _ if (self.unknown)(pred) => None,
            _ => self.growth.estimate(pred),
        }
    }

    fn recent(&self, pred: PredId) -> Option<f64> {
        Some(self.estimate(pred)?.rows)
    }

    fn ready(&self, pred: PredId, columns: &[usize]) -> bool {
        match &self.made {
            Some((made, _)) if *made == pred => columns.iter().enumerate().all(|(i, column)| i == *column),
            _ => self.growth.ready(pred, columns),
        }
    }

    fn uses(&self) -> f64 {
        self.growth.uses()
    }

    fn alike(&self, pred: PredId, column: usize) -> Option<f64> {
        self.growth.alike(pred, column)
    }
}

/// A sub-join worth joining.
struct Found {
    /// Which of those open.
    at: usize,
    shared: Shared,
    gain: f64,
    /// What the rules that read it cost as they stand.
    before: f64,
    /// Rows that the join is expected to find, repeated ones included.
    produced: f64,
}

impl<'e> Sharing<'e> {
    /// What the rules of a request have in common; `None` if that is nothing or not worth a look.
    pub fn new(
        request: &Request<'_>,
        reached: &HashSet<PredId>,
        tables: &dyn Tables,
        model: &Model,
    ) -> Option<Self> {
        let always = request.tuning.share == Share::Always;
        let rows = |pred: &PredId| {
            let known = model.tables.get(pred).map(|table| &**table);
            known.or_else(|| tables.table(*pred)).map_or(0, Table::rough_len)
        };
        if request.tuning.share == Share::Never
            || !always && !reached.iter().any(|pred| rows(pred) >= ENOUGH_ROWS)
        {
            return None;
        }
        let program = request.program;
        let (mut rules, mut owners) = (Vec::new(), Vec::new());
        let mut stratum_of = HashMap::new();
        let joins = |rule: &Rule| rule.body.alternatives.iter().any(|literals| literals.len() > 1);
        let mut next = program.schema.predicates.len() as u32;
        for (number, stratum) in program.strata.iter().enumerate() {
            next = stratum.predicates.iter().fold(next, |next, pred| next.max(pred.0 + 1));
            let open = |pred: &PredId| reached.contains(pred) && !model.tables.contains_key(pred);
            if stratum.rules.is_empty() || !stratum.predicates.iter().any(open) {
                continue;
            }
            stratum_of.extend(stratum.predicates.iter().map(|pred| (*pred, number)));
            if rounds::is_guarded(program, stratum) {
                continue;
            }
            for id in stratum.rules.iter().filter(|id| joins(program.rule(**id))) {
                rules.push(program.rule(*id).clone());
                owners.push((RuleRef::Rule(*id), number));
            }
        }
        for (at, goal) in request.goals.iter().enumerate() {
            next = next.max(goal.head.0 + 1);
            if joins(goal) {
                rules.push(goal.clone());
                owners.push((RuleRef::Goal(at), program.strata.len()));
            }
        }
        let bodies = Bodies::new(rules);
        let complete = |rule: usize, pred: PredId| {
            let evaluated = owners.get(rule).map(|(_, stratum)| *stratum);
            stratum_of.get(&pred).is_none_or(|of| evaluated.is_some_and(|evaluated| *of < evaluated))
        };
        let mut open: BTreeMap<usize, Vec<Common>> = BTreeMap::new();
        for common in bodies.common(complete) {
            let strata = common.rules().into_iter().filter_map(|rule| owners.get(rule));
            if let Some(first) = strata.map(|(_, stratum)| *stratum).min() {
                open.entry(first).or_default().push(common);
            }
        }
        let (changed, made) = (HashMap::new(), Vec::new());
        let found = !open.is_empty();
        found.then_some(Sharing { always, bodies, owners, changed, stratum_of, open, made, next })
    }

    /// A rule as it is to be evaluated, if it reads something shared.
    pub fn reads(&self, by: RuleRef) -> Option<&Rule> {
        self.bodies.rule(*self.changed.get(&by)?)
    }

    /// Joins what is worth it before a stratum is evaluated.
    fn before(&mut self, evaluation: &mut Evaluation<'_, 'e>, at: usize) -> Result<(), EvalError> {
        let Some(mut open) = self.open.remove(&at) else { return Ok(()) };
        let rows = |pred: &PredId| evaluation.table(*pred).map_or(0, Table::rough_len);
        open.retain(|common| self.always || common.relations.iter().any(|pred| rows(pred) >= ENOUGH_ROWS));
        // Where more rules read more rows there is more to gain.
        open.sort_by_cached_key(|common| {
            let most = common.relations.iter().map(rows).max().unwrap_or(0);
            std::cmp::Reverse(common.places().saturating_mul(most))
        });
        open.truncate(MOST_LOOKED_AT);
        for _ in 0..MOST_SHARED {
            let Some(found) = self.best(evaluation, at, &open) else { break };
            open.remove(found.at);
            self.join(evaluation, at, found)?;
        }
        Ok(())
    }

    /// The sub-join by which most is gained.
    fn best(&self, evaluation: &Evaluation<'_, 'e>, at: usize, open: &[Common]) -> Option<Found> {
        let pred = PredId(self.next);
        if self.always {
            let mut shared = open.iter().enumerate();
            return shared.find_map(|(at, common)| {
                let shared = self.bodies.shared(common, pred)?;
                Some(Found { at, shared, gain: 0.0, before: f64::INFINITY, produced: f64::INFINITY })
            });
        }
        let mut known: HashMap<usize, Work> = HashMap::new();
        let mut best: Option<Found> = None;
        self.with_outlook(evaluation, at, |outlook| {
            for (number, common) in open.iter().enumerate() {
                let Some(shared) = self.bodies.shared(common, pred) else { continue };
                let sample = sample(&shared);
                for (rule, _) in &sample {
                    let work = || self.work(evaluation, outlook, *rule, self.bodies.rule(*rule));
                    known.entry(*rule).or_insert_with(work);
                }
                let works = sample.iter().filter_map(|(rule, _)| known.get(rule));
                let before = sum(works, shared.readers.len(), HashSet::new());
                if before < ENOUGH_WORK || best.as_ref().is_some_and(|best| best.gain >= before) {
                    continue;
                }
                let (join, produced, estimate) = expected(evaluation, outlook, &shared);
                outlook.made = Some((pred, estimate));
                let after = self.work_of(evaluation, outlook, &shared, &join);
                outlook.made = None;
                let gain = before - after - join.all() - STORE * produced;
                if gain > LEAST_GAIN * before && best.as_ref().is_none_or(|best| gain > best.gain) {
                    best = Some(Found { at: number, shared, gain, before, produced });
                }
            }
        });
        best
    }

    /// Calls `with` with what is to be expected of relations before a stratum is evaluated.
    fn with_outlook(&self, evaluation: &Evaluation<'_, 'e>, at: usize, with: impl FnOnce(&mut Outlook<'_>)) {
        let program = evaluation.request.program;
        let strata = program.strata.iter().enumerate().skip(at);
        let own = |(number, stratum): &(usize, &Stratum)| {
            stratum.predicates.iter().any(|pred| self.stratum_of.get(pred) == Some(number))
        };
        let rules: Vec<&Rule> = strata
            .filter(own)
            .flat_map(|(_, stratum)| &stratum.rules)
            .take(MOST_GUESSED)
            .map(|id| program.rule(*id))
            .collect();
        let mut growing: Vec<PredId> = rules.iter().map(|rule| rule.head).collect();
        growing.sort_unstable();
        growing.dedup();
        let sizes: Sizes<'_> = evaluation.sizes(&growing);
        let unknown = |pred: PredId| {
            self.stratum_of.get(&pred).is_some_and(|of| *of >= at) && growing.binary_search(&pred).is_err()
        };
        let growth = Growth::new(&rules, &growing, &sizes);
        with(&mut Outlook { growth, made: None, unknown: &unknown });
    }

    /// Work expected of a rule, all its rounds together.
    fn work(
        &self,
        evaluation: &Evaluation<'_, 'e>,
        outlook: &Outlook<'_>,
        number: usize,
        rule: Option<&Rule>,
    ) -> Work {
        let program = evaluation.request.program;
        let stratum = self.owners.get(number).and_then(|(_, at)| program.strata.get(*at));
        let recursive = stratum.filter(|stratum| stratum.recursive).map(|stratum| &*stratum.predicates);
        let recursive = recursive.unwrap_or_default();
        let planner = Planner { schema: &program.schema, statistics: outlook, recursive };
        Work::new(&rule.map_or_else(Vec::new, |rule| planner.plans(rule)), outlook, recursive)
    }

    /// Work expected of the rules that read a shared relation, when `join` has been done.
    fn work_of(
        &self,
        evaluation: &Evaluation<'_, 'e>,
        outlook: &Outlook<'_>,
        shared: &Shared,
        join: &Work,
    ) -> f64 {
        let works: Vec<Work> = sample(shared)
            .into_iter()
            .map(|(number, rule)| self.work(evaluation, outlook, *number, Some(rule)))
            .collect();
        sum(works.iter(), shared.readers.len(), join.indexes.iter().map(|(read, _)| read).collect())
    }

    fn join(
        &mut self,
        evaluation: &mut Evaluation<'_, 'e>,
        at: usize,
        found: Found,
    ) -> Result<(), EvalError> {
        let Found { shared, before, produced, .. } = found;
        let owner = |number: &usize| self.owners.get(*number).copied();
        let Some((by, _)) = shared.readers.first().and_then(|(number, _)| owner(number)) else {
            return Ok(());
        };
        let last = shared.readers.iter().filter_map(|(number, _)| owner(number)).map(|(_, at)| at).max();
        let pred = shared.rule.head;
        let Some((table, profile)) = joined(evaluation, &shared, by, produced)? else { return Ok(()) };
        let mut held = Held::new(evaluation.env.budget);
        if held.set(table.bytes()).is_err() {
            return Ok(());
        }
        evaluation.model.tables.insert(pred, table.into());
        if !self.always {
            let mut after = f64::INFINITY;
            self.with_outlook(evaluation, at, |outlook| {
                after = self.work_of(evaluation, outlook, &shared, &Work::default());
            });
            if after >= before {
                evaluation.model.tables.remove(&pred);
                return Ok(());
            }
        }
        self.next += 1;
        self.made.push(Joined { pred, last: last.unwrap_or(at), _held: held });
        if evaluation.request.profile {
            let name = format!("shared {}", self.made.len());
            let name_of = |arg: &Expr| match arg {
                Expr::Var(var) => {
                    shared.rule.vars.get(var.0 as usize).map_or(String::new(), |var| var.name.to_string())
                }
                _ => String::new(),
            };
            let columns = shared.rule.args.iter().map(name_of).collect();
            let mut relations: Vec<PredId> = Vec::new();
            shared.rule.body.atoms(&mut |atom, _| relations.push(atom.pred));
            let rules = shared.readers.iter().filter_map(|(number, _)| owner(number)).map(|(by, _)| by);
            let made = Made { pred, name, columns };
            let own = &mut evaluation.model.profile;
            own.shared.push(SharedProfile { made, relations, readers: rules.collect() });
            own.plans.extend(profile.plans);
            own.relations.extend(profile.relations);
        }
        for (number, _) in &shared.readers {
            if let Some((by, _)) = self.owners.get(*number) {
                self.changed.insert(*by, *number);
            }
        }
        self.bodies.take(shared);
        Ok(())
    }
}

impl Evaluation<'_, '_> {
    /// Joins what rules of this stratum have in common with others, where that is worth it.
    pub(super) fn share(&mut self, at: usize) -> Result<(), EvalError> {
        let Some(mut sharing) = self.sharing.take() else { return Ok(()) };
        let done = sharing.before(self, at);
        self.sharing = Some(sharing);
        done
    }

    /// Forgets what no later stratum reads.
    pub(super) fn shared_until(&mut self, at: usize) {
        let Some(sharing) = &mut self.sharing else { return };
        let (model, made) = (&mut self.model, &mut sharing.made);
        made.retain(|joined| {
            let stays = joined.last > at;
            if !stays {
                model.tables.remove(&joined.pred);
            }
            stays
        });
    }
}

/// Those of the rules that read a shared relation whose work is looked at.
fn sample(shared: &Shared) -> Vec<&(usize, Rule)> {
    shared.readers.iter().take(SAMPLE).collect()
}

/// Work expected of plans.
#[derive(Default)]
struct Work {
    /// Without that for orders of columns.
    own: f64,
    /// Orders of columns made, with the work of each.
    indexes: Vec<(Read, f64)>,
}

impl Work {
    fn new(plans: &[RulePlan], statistics: &dyn Statistics, growing: &[PredId]) -> Self {
        let mut work = Work::default();
        for plan in plans {
            let made = indexes(plan, statistics, growing);
            work.own += (plan.cost - made.iter().map(|(_, cost)| cost).sum::<f64>()).max(0.0);
            work.indexes.extend(made);
        }
        work
    }

    fn all(&self) -> f64 {
        sum([self].into_iter(), 1, HashSet::new())
    }
}

/// Work of `rules` rules of which some are looked at: an order that one makes serves the others. The
/// orders of `there` are there already.
fn sum<'w>(works: impl Iterator<Item = &'w Work>, rules: usize, mut there: HashSet<&'w Read>) -> f64 {
    let (mut own, mut made, mut count) = (0.0, 0.0, 0);
    for work in works {
        own += work.own;
        made += work.indexes.iter().filter(|(read, _)| there.insert(read)).map(|(_, cost)| cost).sum::<f64>();
        count += 1;
    }
    own * rules as f64 / f64::from(count.max(1)) + made
}

/// Work expected of a join, the rows that it finds, and the size of what is left of them.
fn expected(
    evaluation: &Evaluation<'_, '_>,
    outlook: &Outlook<'_>,
    shared: &Shared,
) -> (Work, f64, Estimate) {
    let schema = &evaluation.request.program.schema;
    let plans = Planner { schema, statistics: outlook, recursive: &[] }.plans(&shared.rule);
    let work = Work::new(&plans, outlook, &[]);
    let produced = plans.iter().filter_map(|plan| plan.expected.last()).sum::<f64>().max(1.0);
    let distinct = |origins: &Vec<(PredId, usize)>| {
        let of = origins.iter().filter_map(|(pred, column)| {
            outlook.estimate(*pred).and_then(|estimate| estimate.distinct.get(*column).copied())
        });
        of.fold(produced, f64::min).max(1.0)
    };
    let distinct: Vec<f64> = shared.origins.iter().map(distinct).collect();
    let all: f64 = distinct.iter().product();
    // As many as are hit of all combinations when each row found hits one at random.
    let rows = if produced < 1e-3 * all { produced } else { -all * (-produced / all).exp_m1() };
    (work, produced, Estimate { rows: rows.max(1.0), distinct })
}

/// The rows of a shared relation; `None` if they are far more than expected.
fn joined(
    evaluation: &mut Evaluation<'_, '_>,
    shared: &Shared,
    by: RuleRef,
    produced: f64,
) -> Result<Option<(Table, Profile)>, EvalError> {
    let budget: Budget = evaluation.env.budget.part((SURPRISE * produced + NO_SURPRISE) as u64);
    let program = CheckedProgram { schema: evaluation.request.program.schema.clone(), ..Default::default() };
    let tuning = Tuning { share: Share::Never, ..evaluation.request.tuning };
    let profile = evaluation.request.profile;
    let request = Request { profile, tuning, repeated: false, ..Request::new(&program, &[], &[]) };
    let mut relations = Vec::new();
    shared.rule.body.atoms(&mut |atom, _| relations.push(atom.pred));
    let known = relations.iter().filter_map(|pred| Some((*pred, evaluation.model.tables.get(pred)?.clone())));
    let mut patterns = Patterns::default();
    let mut part = Evaluation {
        request: &request,
        tables: evaluation.tables,
        model: Model { tables: known.collect(), ..Model::default() },
        held: Vec::new(),
        values: Held::new(&budget),
        values_before: evaluation.env.interner.bytes(),
        env: Env { interner: &mut *evaluation.env.interner, patterns: &mut patterns, budget: &budget },
        pool: evaluation.pool,
        sharing: None,
    };
    let pred = shared.rule.head;
    match part.relation(pred, &[(by, &shared.rule)]) {
        Ok(()) => {}
        Err(EvalError::Stopped { stop: Stop::Rows(_) | Stop::Memory(_), .. }) => return Ok(None),
        Err(error) => return Err(error),
    }
    let Model { mut tables, profile, .. } = part.model;
    let table =
        tables.remove(&pred).map(|table| Arc::try_unwrap(table).unwrap_or_else(|table| (*table).clone()));
    Ok(table.map(|table| (table, profile)))
}
