//! Cases as a proptest strategy: drawn from a seed, shrunk by leaving out parts.

use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::{Config, TestRunner};

use factlog::model::program::{Body, Literal, Rule};

use super::case::{self, Case, nested_bodies};
use super::generate;

/// A runner for `default` cases, or as many as `FACTLOG_CASES` says.
pub fn runner(default: u32) -> TestRunner {
    let cases = std::env::var("FACTLOG_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    TestRunner::new(Config {
        cases,
        failure_persistence: None,
        max_shrink_iters: 100_000,
        ..Config::default()
    })
}

/// Every case that the generator can make.
#[derive(Debug)]
pub struct Cases;

impl Strategy for Cases {
    type Tree = CaseTree;
    type Value = Case;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        use proptest::prelude::Rng;
        let whole = generate::case(runner.rng().next_u64());
        Ok(CaseTree { failing: whole.clone(), current: whole, next: 0, gained: false })
    }
}

/// A case, and how far its shrinking has come.
pub struct CaseTree {
    /// The smallest case known to fail.
    failing: Case,
    /// What is tried now.
    current: Case,
    /// Which part is left out next.
    next: usize,
    /// Whether anything was left out since the parts were last gone through from the start.
    gained: bool,
}

impl CaseTree {
    /// Moves on to the next case with a part less; false if there is none.
    fn try_next(&mut self) -> bool {
        loop {
            match without(&self.failing, self.next) {
                Some(Some(case)) => {
                    self.current = case;
                    return true;
                }
                // Not a program any more.
                Some(None) => self.next += 1,
                None if self.gained => {
                    self.next = 0;
                    self.gained = false;
                }
                None => {
                    self.current = self.failing.clone();
                    return false;
                }
            }
        }
    }
}

impl ValueTree for CaseTree {
    type Value = Case;

    fn current(&self) -> Case {
        self.current.clone()
    }

    /// The current case fails: it becomes the one to shrink.
    fn simplify(&mut self) -> bool {
        self.gained |= size(&self.current) < size(&self.failing);
        self.failing = self.current.clone();
        self.try_next()
    }

    /// The current case does not fail: what it lacks is needed.
    fn complicate(&mut self) -> bool {
        self.next += 1;
        self.try_next()
    }
}

fn size(case: &Case) -> usize {
    let mut rules = case.program.rules.clone();
    let mut places = 0;
    edit(&mut rules, usize::MAX, &mut places);
    places + case.facts.len()
}

/// The case without its part number `at`: rules come first, then alternatives and literals at any
/// depth, then facts. `None` past the last part; `Some(None)` if that is no safe program.
fn without(case: &Case, at: usize) -> Option<Option<Case>> {
    let rules = case.program.rules.len();
    if at < rules {
        let mut left = case.program.rules.clone();
        left.remove(at);
        return Some(Some(case.with_rules(left)));
    }
    let mut edited = case.program.rules.clone();
    let mut places = rules;
    if edit(&mut edited, at, &mut places) {
        let smaller = case.with_rules(edited);
        return Some(case::safe(&smaller.program).then_some(smaller));
    }
    let fact = at.checked_sub(places)?;
    (fact < case.facts.len()).then(|| {
        let mut smaller = case.clone();
        smaller.facts.remove(fact);
        Some(smaller)
    })
}

/// Removes the part that `places`, counted on, numbers `at`; whether it was found.
fn edit(rules: &mut [Rule], at: usize, places: &mut usize) -> bool {
    rules.iter_mut().any(|rule| edit_body(&mut rule.body, at, places))
}

fn edit_body(body: &mut Body, at: usize, places: &mut usize) -> bool {
    if body.alternatives.len() > 1 {
        for i in 0..body.alternatives.len() {
            if *places == at {
                body.alternatives.remove(i);
                return true;
            }
            *places += 1;
        }
    }
    for alternative in &mut body.alternatives {
        for i in 0..alternative.len() {
            if *places == at {
                alternative.remove(i);
                if alternative.is_empty() {
                    alternative.push(Literal::Bool(true));
                }
                return true;
            }
            *places += usize::from(alternative[i] != Literal::Bool(true));
        }
        for literal in alternative.iter_mut() {
            if nested_bodies(literal).into_iter().any(|body| edit_body(body, at, places)) {
                return true;
            }
        }
    }
    false
}
