//! What a planner knows of relations: rows, distinct values, and what plans have found out.

use std::collections::HashMap;

use super::ir::{Access, RulePlan, Step};
use crate::model::{Arg, Atom, Expr, Literal, PredId, Rule};

/// What is known of a relation's size.
#[derive(Clone, Debug, PartialEq)]
pub struct Estimate {
    /// Rows.
    pub rows: f64,
    /// Distinct values of each column.
    pub distinct: Vec<f64>,
}

/// Sizes of relations.
pub trait Statistics {
    /// What is known of the relation; `None` if nothing is, as of one that has yet to grow. For a
    /// relation of the stratum at hand the rows so far may be given once rounds have run.
    fn estimate(&self, pred: PredId) -> Option<Estimate>;

    /// Rows that the last round found, of a relation that grows; `None` if unknown.
    fn recent(&self, _pred: PredId) -> Option<f64> {
        None
    }

    /// Whether the relation's rows are at hand sorted by these columns, the others dropped, so that
    /// nothing has to be made to look them up. By default they stand in the order of the columns.
    fn ready(&self, _pred: PredId, columns: &[usize]) -> bool {
        columns.iter().enumerate().all(|(i, column)| i == *column)
    }

    /// Rows of the relation that have the same word in the column as one of its rows taken at random,
    /// if that is known of a complete relation: what a lookup finds whose words come from there.
    fn alike(&self, _pred: PredId, _column: usize) -> Option<f64> {
        None
    }

    /// How many evaluations an index of a complete relation will serve, if one has to be made.
    fn uses(&self) -> f64 {
        1.0
    }

    /// Rows found for each lookup by these columns, which rise, if a plan has seen it; takes the
    /// place of an estimate. See [`Observed`].
    fn observed(&self, _pred: PredId, _key: &[usize]) -> Option<f64> {
        None
    }
}

/// Rows assumed of a relation of which nothing is known.
const UNKNOWN_ROWS: f64 = 1e6;
/// Distinct values assumed of each of its columns.
const UNKNOWN_DISTINCT: f64 = 1e3;
/// Share of a growing relation's rows assumed to be new in a round.
const RECENT: f64 = 0.05;
/// The most rows that are believed of a guess.
const MOST_ROWS: f64 = 1e12;

/// The size of what an atom reads, with something assumed where nothing is known.
pub(super) fn size(statistics: &dyn Statistics, pred: PredId, access: Access, width: usize) -> Estimate {
    let mut estimate = statistics
        .estimate(pred)
        .unwrap_or(Estimate { rows: UNKNOWN_ROWS, distinct: vec![UNKNOWN_DISTINCT; width] });
    if access == Access::Delta {
        estimate.rows = statistics.recent(pred).unwrap_or((estimate.rows * RECENT).max(1.0));
    }
    let rows = estimate.rows.max(1.0);
    estimate.distinct.resize(width, UNKNOWN_DISTINCT);
    estimate.distinct.iter_mut().for_each(|distinct| *distinct = distinct.clamp(1.0, rows));
    estimate
}

/// Sizes that the relations of a recursive stratum may come to have, for plans made before its first
/// round. Everything else is as in the statistics behind it.
///
/// A column's values come from the columns that feed it: the recursion runs through them until
/// nothing changes. The rows lie halfway, as exponents go, between what is there without recursion
/// and all combinations of those values.
#[derive(Clone)]
pub struct Growth<'a> {
    known: &'a dyn Statistics,
    guessed: HashMap<PredId, Estimate>,
}

impl<'a> Growth<'a> {
    /// Guesses for the `growing` relations, which these rules define. Where `known` has an estimate
    /// of one, its stated rows or what rounds have found so far, the guess is not below it.
    pub fn new(rules: &[&Rule], growing: &[PredId], known: &'a dyn Statistics) -> Self {
        let mut guessed: HashMap<PredId, Estimate> = HashMap::new();
        for rule in rules.iter().filter(|rule| growing.contains(&rule.head)) {
            let width = rule.args.len();
            let start = known.estimate(rule.head);
            guessed.entry(rule.head).or_insert_with(|| {
                let mut start = start.unwrap_or(Estimate { rows: 1.0, distinct: Vec::new() });
                start.distinct.resize(width, 1.0);
                start
            });
        }
        let mut growth = Growth { known, guessed };
        // Values wander through a column each pass; few programs pass them on farther.
        for _ in 0..8 {
            let mut changed = false;
            for rule in rules {
                changed |= growth.flow(rule);
            }
            if !changed {
                break;
            }
        }
        for guess in growth.guessed.values_mut() {
            let all: f64 = guess.distinct.iter().product();
            guess.rows = (guess.rows * all.max(1.0)).sqrt().max(guess.rows).min(MOST_ROWS);
        }
        growth
    }

    /// Takes the values and rows of one rule's alternatives into account.
    fn flow(&mut self, rule: &Rule) -> bool {
        let mut changed = false;
        for literals in &rule.body.alternatives {
            let atoms: Vec<(&Atom, Option<Estimate>)> = literals
                .iter()
                .filter_map(|literal| match literal {
                    Literal::Atom(atom) => Some((atom, self.estimate(atom.pred))),
                    _ => None,
                })
                .collect();
            let values = |arg: &Expr| {
                let Expr::Var(var) = arg else {
                    return if matches!(arg, Expr::Const(_)) { 1.0 } else { UNKNOWN_DISTINCT };
                };
                let mut least: Option<f64> = None;
                for (atom, estimate) in &atoms {
                    for (i, arg) in atom.args.iter().enumerate() {
                        if matches!(arg, Arg::Is(Expr::Var(other)) if other == var) {
                            let of = estimate.as_ref().and_then(|estimate| estimate.distinct.get(i)).copied();
                            let of = of.unwrap_or(UNKNOWN_DISTINCT);
                            least = Some(least.map_or(of, |least: f64| least.min(of)));
                        }
                    }
                }
                least.unwrap_or(UNKNOWN_DISTINCT)
            };
            let columns: Vec<f64> = rule.args.iter().map(values).collect();
            let grows = atoms.iter().any(|(atom, _)| self.guessed.contains_key(&atom.pred));
            let sizes = atoms.iter().filter_map(|(_, estimate)| estimate.as_ref()).map(|known| known.rows);
            let rows = if grows { 1.0 } else { sizes.fold(1.0, f64::max) };
            let Some(guess) = self.guessed.get_mut(&rule.head) else { continue };
            changed |= guess.rows < rows;
            guess.rows = guess.rows.max(rows);
            for (known, found) in guess.distinct.iter_mut().zip(columns) {
                changed |= *known < found;
                *known = known.max(found);
            }
        }
        changed
    }
}

impl Statistics for Growth<'_> {
    fn estimate(&self, pred: PredId) -> Option<Estimate> {
        self.guessed.get(&pred).cloned().or_else(|| self.known.estimate(pred))
    }

    fn recent(&self, pred: PredId) -> Option<f64> {
        self.known.recent(pred)
    }

    fn ready(&self, pred: PredId, columns: &[usize]) -> bool {
        self.known.ready(pred, columns)
    }

    fn alike(&self, pred: PredId, column: usize) -> Option<f64> {
        self.known.alike(pred, column)
    }

    fn uses(&self) -> f64 {
        self.known.uses()
    }

    fn observed(&self, pred: PredId, key: &[usize]) -> Option<f64> {
        self.known.observed(pred, key)
    }
}

/// What plans that have run saw: rows for each lookup. Skewed data show here and nowhere else.
///
/// Keep one for a stratum, [`note`](Observed::note) a plan's counts before it is made again, and
/// answer [`Statistics::observed`] from it.
#[derive(Clone, Debug, Default)]
pub struct Observed(HashMap<(PredId, Box<[usize]>), f64>);

impl Observed {
    /// Takes in what a plan did: how often each step was tried and the rows each read looked at,
    /// counted over the same runs.
    pub fn note(&mut self, plan: &RulePlan, entered: &[u64], visited: &[u64]) {
        for (step, entered) in plan.steps.iter().zip(entered) {
            let Step::Scan(scan) = step else { continue };
            let (Some(read), Some(visited)) = (plan.reads.get(scan.read), visited.get(scan.read)) else {
                continue;
            };
            if scan.key.is_empty() || *entered < super::replan::ENOUGH {
                continue;
            }
            let mut key: Box<[usize]> = read.columns.iter().take(scan.key.len()).copied().collect();
            key.sort_unstable();
            self.0.insert((read.pred, key), *visited as f64 / *entered as f64);
        }
    }

    /// Rows for each lookup by these columns.
    pub fn rows(&self, pred: PredId, key: &[usize]) -> Option<f64> {
        // Few keys are ever noted.
        self.0.iter().find(|((of, columns), _)| *of == pred && **columns == *key).map(|(_, rows)| *rows)
    }
}
