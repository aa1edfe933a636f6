//! Why a tuple is not in a model: how far each rule that could have derived it got.
//!
//! Of each alternative of each rule the attempt is shown that leaves the fewest literals
//! unsatisfied. Few are tried in all combinations, one, then two; where that is not enough, literals
//! are taken up one by one as long as all taken up so far can be satisfied together.

use std::collections::HashSet;

use super::goal::{self, as_aggregate};
use super::graph::{Graph, Premise, Tuple};
use super::solve::Solver;
use crate::base::Stop;
use crate::engine::RuleRef;
use crate::model::program::{Arg, Literal};
use crate::model::{PredId, Rule, Value};
use crate::storage::Word;
use crate::storage::interner::MISSING;

/// Literals of an alternative of which all pairs are tried.
const PAIRED: usize = 24;
/// Solutions of one attempt that are compared.
const COMPARED: usize = 200;
/// Turns that all searches take together.
const EFFORT: u64 = 5_000_000;
/// How deep attempts are followed into derived relations.
const DEPTH: usize = 3;
/// Attempts of one derived premise that are shown.
const INNER: usize = 2;
/// Tuples in the way of a negation that are shown.
const BLOCKERS: usize = 3;

/// What a tuple has to be: one word a column, or any.
pub type Wanted = [Option<Word>];

/// How far one alternative of a rule got.
#[derive(Clone, Debug, PartialEq)]
pub struct Attempt {
    /// The rule.
    pub rule: RuleRef,
    /// Which alternative of its body.
    pub alternative: usize,
    /// The value of each variable that has one.
    pub binding: Vec<Option<Value>>,
    /// What came of each literal.
    pub reached: Vec<Reached>,
}

/// What came of a literal.
#[derive(Clone, Debug, PartialEq)]
pub enum Reached {
    /// It is satisfied; an atom by this tuple.
    Met(Option<Vec<Value>>),
    /// A variable in it has no value, because what would give it one is not satisfied.
    Open,
    /// No tuple matches.
    NoTuple {
        /// The relation.
        pred: PredId,
        /// What the columns would have to be.
        columns: Vec<Option<Value>>,
        /// How far the rules of that relation got, the nearest first.
        inner: Vec<Attempt>,
    },
    /// Something matches what must not be there.
    InTheWay(Vec<(PredId, Vec<Value>)>),
    /// The aggregate has another value.
    Value(Option<Value>),
    /// It does not hold.
    False,
}

impl Attempt {
    /// Literals that are not satisfied.
    pub fn unmet(&self) -> usize {
        self.reached.iter().filter(|reached| !matches!(reached, Reached::Met(_))).count()
    }

    /// Literals that more facts cannot satisfy.
    fn hard(&self) -> usize {
        let hard =
            |reached: &&Reached| matches!(reached, Reached::InTheWay(_) | Reached::Value(_) | Reached::False);
        self.reached.iter().filter(hard).count()
    }

    /// Premises that are satisfied.
    fn met(&self) -> usize {
        self.reached.len() - self.unmet()
    }
}

/// The attempts of all rules that could have derived a tuple, the nearest first, and the rules that
/// derive only other tuples.
///
/// # Errors
/// The budget's.
pub fn attempts(
    graph: &Graph<'_>,
    pred: PredId,
    wanted: &Wanted,
) -> Result<(Vec<Attempt>, Vec<RuleRef>), Stop> {
    graph.allow(EFFORT);
    attempts_within(graph, pred, wanted, DEPTH, &mut vec![(pred, wanted.to_vec())])
}

type Path = Vec<(PredId, Vec<Option<Word>>)>;

fn attempts_within(
    graph: &Graph<'_>,
    pred: PredId,
    wanted: &Wanted,
    depth: usize,
    path: &mut Path,
) -> Result<(Vec<Attempt>, Vec<RuleRef>), Stop> {
    let mut found = Vec::new();
    let mut others = Vec::new();
    for rule_ref in graph.rules_of(pred) {
        let Some(rule) = graph.rule(*rule_ref) else { continue };
        let mut fits = false;
        for (alternative, literals) in rule.body.alternatives.iter().enumerate() {
            let search = Search { graph, rule, literals, wanted };
            if search.solver(&[], false).is_hopeless() {
                continue;
            }
            fits = true;
            let (left_out, binding, rows) = search.nearest()?;
            let reached = search.reached(&left_out, &binding, &rows, depth, path)?;
            let binding = values(graph, &binding);
            found.push(Attempt { rule: *rule_ref, alternative, binding, reached });
        }
        if !fits {
            others.push(*rule_ref);
        }
    }
    // Stable: rules in their order, where nothing tells them apart.
    found.sort_by_key(|attempt| (attempt.unmet(), attempt.hard(), std::cmp::Reverse(attempt.met())));
    Ok((found, others))
}

fn values(graph: &Graph<'_>, words: &[Word]) -> Vec<Option<Value>> {
    words.iter().map(|word| (*word != MISSING).then(|| graph.value(*word))).collect()
}

/// Rows that atoms have matched, by literal.
type Rows = Vec<Option<Box<[Word]>>>;

struct Search<'s, 'a> {
    graph: &'s Graph<'a>,
    rule: &'s Rule,
    literals: &'s [Literal],
    wanted: &'s Wanted,
}

impl<'s, 'a> Search<'s, 'a> {
    fn solver(&self, left_out: &[usize], partial: bool) -> Solver<'s, 'a> {
        let known = vec![MISSING; self.rule.vars.len()];
        Solver::sketch(self.graph, self.rule, self.literals, self.wanted, left_out, known, partial)
    }

    /// The literals to leave out so that the others can be satisfied, as few as can be found, with
    /// the values and rows of the solution.
    fn nearest(&self) -> Result<(Vec<usize>, Vec<Word>, Rows), Stop> {
        let count = self.literals.len();
        let mut best: Option<(Rank, Vec<usize>, Vec<Word>, Rows)> = None;
        let consider = |left_out: Vec<usize>, best: &mut Option<(Rank, Vec<usize>, Vec<Word>, Rows)>| {
            if let Some((rank, binding, rows)) = self.solution(&left_out)?
                && best.as_ref().is_none_or(|(known, ..)| rank < *known)
            {
                *best = Some((rank, left_out, binding, rows));
            }
            Ok::<(), Stop>(())
        };
        for at in 0..count {
            consider(vec![at], &mut best)?;
        }
        if best.as_ref().is_none_or(|(rank, ..)| rank.0 > 2) && count <= PAIRED {
            for first in 0..count {
                for second in first + 1..count {
                    consider(vec![first, second], &mut best)?;
                }
            }
        }
        if let Some((_, left_out, binding, rows)) = best {
            return Ok((left_out, binding, rows));
        }
        let mut left_out: Vec<usize> = (0..count).collect();
        for at in self.in_order() {
            let without: Vec<usize> = left_out.iter().copied().filter(|other| *other != at).collect();
            if self.solver(&without, true).next()? {
                left_out = without;
            }
        }
        let solution = self.solution(&left_out)?;
        let (_, binding, rows) = solution.unwrap_or_else(|| {
            let solver = self.solver(&left_out, true);
            ((0, 0, 0), solver.slots().to_vec(), vec![None; count])
        });
        Ok((left_out, binding, rows))
    }

    /// Literals in the order in which they are taken up: those with most given first.
    fn in_order(&self) -> Vec<usize> {
        let known: HashSet<_> = {
            let solver = self.solver(&[], true);
            let slots = solver.slots();
            (0..slots.len()).filter(|at| slots.get(*at) != Some(&MISSING)).collect()
        };
        let unknown = |literal: &Literal| {
            let mut unknown = 0;
            goal::own_vars(literal, &mut |var| unknown += usize::from(!known.contains(&(var.0 as usize))));
            unknown
        };
        let mut order: Vec<usize> = (0..self.literals.len()).collect();
        order.sort_by_key(|at| self.literals.get(*at).map_or(0, unknown));
        order
    }

    /// The best solution of the literals that are not left out: the one that leaves the fewest
    /// untried, and the first by value.
    fn solution(&self, left_out: &[usize]) -> Result<Option<(Rank, Vec<Word>, Rows)>, Stop> {
        let mut solver = self.solver(left_out, true);
        let mut best: Option<(usize, Vec<Word>, Rows)> = None;
        for _ in 0..COMPARED {
            if !solver.next()? {
                break;
            }
            let untried = solver.untried().iter().filter(|at| !left_out.contains(at)).count();
            let better = best.as_ref().is_none_or(|(known, slots, _)| {
                untried.cmp(known).then_with(|| by_value(self.graph, solver.slots(), slots)).is_lt()
            });
            if better {
                let rows = (0..self.literals.len()).map(|at| solver.row(at).map(Into::into)).collect();
                best = Some((untried, solver.slots().to_vec(), rows));
            }
        }
        let hard = left_out.iter().filter(|at| !matches!(self.literals.get(**at), Some(Literal::Atom(_))));
        let hard = hard.count();
        Ok(best.map(|(untried, slots, rows)| ((left_out.len() + untried, hard, untried), slots, rows)))
    }

    fn reached(
        &self,
        left_out: &[usize],
        slots: &[Word],
        rows: &Rows,
        depth: usize,
        path: &mut Path,
    ) -> Result<Vec<Reached>, Stop> {
        let untried = {
            let mut solver = Solver::sketch(
                self.graph,
                self.rule,
                self.literals,
                self.wanted,
                left_out,
                slots.to_vec(),
                true,
            );
            if solver.next()? { solver.untried() } else { Vec::new() }
        };
        let mut reached = Vec::with_capacity(self.literals.len());
        for (at, literal) in self.literals.iter().enumerate() {
            let row = rows.get(at).and_then(Option::as_ref);
            reached.push(if !left_out.contains(&at) {
                match row {
                    Some(row) => Reached::Met(Some(self.graph.values(row))),
                    None if untried.contains(&at) => Reached::Open,
                    None => Reached::Met(None),
                }
            } else {
                self.failed(literal, slots, depth, path)?
            });
        }
        Ok(reached)
    }

    fn failed(
        &self,
        literal: &Literal,
        slots: &[Word],
        depth: usize,
        path: &mut Path,
    ) -> Result<Reached, Stop> {
        let mut known = true;
        goal::own_vars(literal, &mut |var| known &= goal::slot(slots, var) != MISSING);
        Ok(match literal {
            Literal::Atom(atom) => {
                let words: Vec<Option<Word>> = atom
                    .args
                    .iter()
                    .map(|arg| match arg {
                        Arg::Any => None,
                        Arg::Is(expr) => match goal::compute(expr, slots, &self.graph.words) {
                            goal::Computed::Word(word) => Some(word),
                            _ => None,
                        },
                    })
                    .collect();
                let asked = (atom.pred, words.clone());
                let inner = if depth == 0 || path.contains(&asked) {
                    Vec::new()
                } else {
                    path.push(asked);
                    let inner = attempts_within(self.graph, atom.pred, &words, depth - 1, path);
                    path.pop();
                    let mut inner = inner?.0;
                    inner.truncate(INNER);
                    inner
                };
                let columns = words.iter().map(|word| word.map(|word| self.graph.value(word))).collect();
                Reached::NoTuple { pred: atom.pred, columns, inner }
            }
            Literal::Not(body, _) => match self.graph.witness(body, slots)? {
                Some(witness) => {
                    let mut blockers: Vec<(PredId, Vec<Value>)> = Vec::new();
                    for premise in &witness.premises {
                        if let Premise::Tuple(Tuple { pred, row }) = premise {
                            blockers.push((*pred, self.graph.values(row)));
                        }
                    }
                    blockers.truncate(BLOCKERS);
                    Reached::InTheWay(blockers)
                }
                None => Reached::Open,
            },
            other => match as_aggregate(other) {
                Some((aggregate, _)) => {
                    let mut inside = HashSet::new();
                    goal::nested_vars(other, &mut inside);
                    let shared =
                        inside.iter().all(|var| goal::slot(slots, *var) != MISSING || !self.is_own(*var));
                    if shared {
                        let value = self.graph.fold(aggregate, slots)?;
                        Reached::Value(value.map(|word| self.graph.value(word)))
                    } else {
                        Reached::Open
                    }
                }
                None if known => Reached::False,
                None => Reached::Open,
            },
        })
    }

    /// Whether a variable stands outside all nested bodies.
    fn is_own(&self, var: crate::model::VarId) -> bool {
        let mut own = false;
        for literal in self.literals {
            goal::own_vars(literal, &mut |other| own |= other == var);
        }
        own
    }
}

/// Unsatisfied literals, those of them that more facts cannot satisfy, those not tried.
type Rank = (usize, usize, usize);

fn by_value(graph: &Graph<'_>, a: &[Word], b: &[Word]) -> std::cmp::Ordering {
    let order = |(a, b): (&Word, &Word)| match (*a == MISSING, *b == MISSING) {
        (false, false) => graph.compare(*a, *b),
        (a, b) => a.cmp(&b),
    };
    a.iter().zip(b).map(order).find(|order| order.is_ne()).unwrap_or(std::cmp::Ordering::Equal)
}
