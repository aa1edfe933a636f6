//! Relations that are wanted whole: their rules, too, ask for others by the constants in them.
//!
//! Of a goal it is likely that it asks for little; here it has to be seen. So constants are handed on
//! through stated relations that have few rows for them and through what was asked for by them, but
//! not through relations that are whole; and as those who want a relation whole want all mistakes
//! too, nothing is asked for by values in whose evaluation something could fail. The relations of a
//! stratum are whole together: nothing recursive gets more rules in its recursion.

use std::collections::{BTreeSet, HashMap, VecDeque};

use super::Origin;
use super::passing::{Known, can_fail, expr_can_fail};
use super::rewrite::{At, Rewriter};
use crate::model::{CheckedProgram, PredId};

/// What is known of the relations that are wanted whole, and of what they could ask for.
pub(super) struct Roots {
    relations: BTreeSet<PredId>,
    /// Those whose rules are to be rewritten in this attempt still.
    queue: VecDeque<PredId>,
    /// The stratum of each relation that rules define.
    stratum_of: HashMap<PredId, usize>,
    /// By stratum: whether something in its evaluation, or before it, can fail.
    fallible: Vec<bool>,
    /// By stratum: whether it, or one before it that it reads, is recursive.
    recursive: Vec<bool>,
    /// Whether one was found that had been asked for by values in the same attempt.
    late: bool,
    at_work: bool,
}

impl Roots {
    pub fn new(program: &CheckedProgram) -> Self {
        let mut this = Roots {
            relations: BTreeSet::new(),
            queue: VecDeque::new(),
            stratum_of: HashMap::new(),
            fallible: Vec::new(),
            recursive: Vec::new(),
            late: false,
            at_work: false,
        };
        for (number, stratum) in program.strata.iter().enumerate() {
            this.stratum_of.extend(stratum.predicates.iter().map(|pred| (*pred, number)));
            let (mut fallible, mut recursive) = (false, stratum.recursive);
            for rule in stratum.rules.iter().map(|id| program.rule(*id)) {
                let literals = rule.body.alternatives.iter().flatten();
                fallible |= rule.args.iter().any(expr_can_fail) || literals.clone().any(can_fail);
                rule.body.atoms(&mut |atom, _| {
                    // Those of its own stratum are not known yet, nor need they be.
                    let read = this.stratum_of.get(&atom.pred).copied();
                    let of = |known: &[bool]| read.and_then(|read| known.get(read)).copied() == Some(true);
                    fallible |= of(&this.fallible);
                    recursive |= of(&this.recursive);
                });
            }
            this.fallible.push(fallible);
            this.recursive.push(recursive);
        }
        this
    }

    pub fn contains(&self, pred: PredId) -> bool {
        self.relations.contains(&pred)
    }

    /// Whether a rule of theirs is being rewritten.
    pub fn at_work(&self) -> bool {
        self.at_work
    }

    /// Whether the attempt was made without knowing all of them.
    pub fn is_late(&self) -> bool {
        self.late
    }

    fn says(&self, known: &[bool], pred: PredId) -> bool {
        self.stratum_of.get(&pred).and_then(|stratum| known.get(*stratum)).copied() == Some(true)
    }
}

impl Rewriter<'_> {
    /// Evaluates a relation whole, with those of its stratum, by rules that ask for others by values.
    pub fn add_root(&mut self, pred: PredId) {
        let Some(stratum) = self.roots.stratum_of.get(&pred) else { return };
        let Some(stratum) = self.question.program.strata.get(*stratum) else { return };
        for pred in &stratum.predicates {
            if !self.is_settled(*pred) && self.roots.relations.insert(*pred) {
                self.roots.queue.push_back(*pred);
                self.roots.late |= self.ways.contains_key(pred);
            }
        }
    }

    /// Notes that a relation is read with nothing to ask for it by.
    pub fn need_whole(&mut self, pred: PredId) {
        if self.roots.at_work {
            self.add_root(pred);
        } else {
            self.found_whole.insert(pred);
        }
    }

    /// Writes the rules of relations wanted whole, and of those that these need whole.
    pub fn root_rules(&mut self) {
        self.roots.late = false;
        self.roots.queue = self.roots.relations.iter().copied().collect();
        while let Some(pred) = self.roots.queue.pop_front() {
            if self.whole.contains(&pred) {
                continue;
            }
            for (id, rule) in self.rules_of(pred) {
                let at = At { vars: &rule.vars, origin: Origin::Rule(id), span: rule.span };
                let mut rewritten = rule.clone();
                self.roots.at_work = true;
                for literals in &mut rewritten.body.alternatives {
                    *literals = self.body(literals, &mut Known::default(), &at);
                }
                self.roots.at_work = false;
                self.rules.push(rewritten);
                self.origins.push(Origin::Rule(id));
            }
        }
    }

    /// Whether the rule at hand may look a relation up, or ask for it, to hand values on.
    pub fn is_worth_asking(&self, pred: PredId) -> bool {
        if !self.roots.at_work || self.is_settled(pred) {
            return true;
        }
        !self.roots.contains(pred)
            && !self.whole.contains(&pred)
            && !self.roots.says(&self.roots.fallible, pred)
    }

    /// Whether it may ask with all values of a small relation: one round through a large relation
    /// costs no more than that.
    pub fn is_worth_trying(&self, pred: PredId) -> bool {
        !self.roots.at_work || self.is_worth_asking(pred) && self.roots.says(&self.roots.recursive, pred)
    }
}
