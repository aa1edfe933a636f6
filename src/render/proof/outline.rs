//! A proof as trees of bounded depth.
//!
//! A derived step that several others need, and one that stands too deep, has a number; it is shown
//! once, and elsewhere its number stands for it. What stands too deep becomes a tree of its own.

use std::collections::{HashMap, VecDeque};

use crate::model::Status;
use crate::session::{Because, Citation, ShownPremise, ShownProof, ShownStep};

/// No tree is deeper.
const DEPTH: usize = 12;
/// Rows of an aggregate that are shown.
const ROWS: usize = 5;

/// Assertions of one fact that are shown.
const ASSERTIONS: usize = 4;

/// A line of an outline with what stands below it.
#[derive(Debug, Default)]
pub(super) struct Item {
    /// The number by which others refer to it.
    pub number: Option<usize>,
    /// What it says.
    pub text: String,
    /// How firm it is, where that is less than held for sure: `Planned`, `confidence 0.8`.
    pub firmness: Option<String>,
    /// Where it is shown instead.
    pub see: Option<usize>,
    /// More about it, a line each.
    pub details: Vec<String>,
    /// What it rests on.
    pub below: Vec<Item>,
}

impl Item {
    /// A line alone.
    pub fn text(text: impl Into<String>) -> Item {
        Item { text: text.into(), ..Item::default() }
    }
}

/// The trees of a proof, the one that is explained first.
pub(super) fn outline(proof: &ShownProof) -> Vec<Item> {
    let mut builder = Builder {
        proof,
        uses: uses(proof),
        numbers: HashMap::new(),
        shown: vec![false; proof.steps.len()],
        later: VecDeque::from([0]),
    };
    let mut trees = Vec::new();
    while let Some(step) = builder.later.pop_front() {
        trees.push(builder.step(step, 0));
    }
    trees
}

/// How often each step is a premise of another.
fn uses(proof: &ShownProof) -> Vec<usize> {
    let mut uses = vec![0; proof.steps.len()];
    for step in &proof.steps {
        if let Because::Rule(by) = &step.because {
            count(&by.premises, &mut uses);
        }
    }
    uses
}

fn count(premises: &[ShownPremise], uses: &mut [usize]) {
    for premise in premises {
        match premise {
            ShownPremise::Step(at) => {
                if let Some(uses) = uses.get_mut(*at) {
                    *uses += 1;
                }
            }
            ShownPremise::Aggregate { rows, .. } => rows.iter().take(ROWS).for_each(|row| count(row, uses)),
            ShownPremise::Absent { .. } | ShownPremise::Holds { .. } => {}
        }
    }
}

struct Builder<'p> {
    proof: &'p ShownProof,
    uses: Vec<usize>,
    numbers: HashMap<usize, usize>,
    /// Steps that are shown already, or will be.
    shown: Vec<bool>,
    /// Steps that become trees of their own.
    later: VecDeque<usize>,
}

impl Builder<'_> {
    fn number(&mut self, at: usize) -> usize {
        let next = self.numbers.len() + 1;
        *self.numbers.entry(at).or_insert(next)
    }

    fn step(&mut self, at: usize, depth: usize) -> Item {
        let Some(step) = self.proof.steps.get(at) else { return Item::default() };
        let mut item = Item { firmness: firmness(step), ..Item::default() };
        let by = match &step.because {
            Because::Stated { assertions } => {
                item.text.clone_from(&step.text);
                item.details = citations(assertions, step);
                item.details.extend(gave_way(step));
                return item;
            }
            Because::Rule(by) => by,
        };
        // As a tree of its own it is shown now, whoever has referred to it.
        let first = depth == 0 || !std::mem::replace(&mut self.shown[at], true);
        let too_deep = depth >= DEPTH && !by.premises.is_empty();
        if self.uses.get(at).is_some_and(|uses| *uses > 1) || too_deep || self.numbers.contains_key(&at) {
            let number = self.number(at);
            if !first || too_deep {
                item.see = Some(number);
                item.text.clone_from(step.sentence.as_ref().unwrap_or(&step.text));
                if first {
                    self.later.push_back(at);
                }
                return item;
            }
            item.number = Some(number);
        }
        self.shown[at] = true;
        match &step.sentence {
            Some(sentence) => {
                item.text.clone_from(sentence);
                item.details.push(step.text.clone());
            }
            None => item.text.clone_from(&step.text),
        }
        if step.relation.is_some() {
            let alternative =
                by.alternative.map(|number| format!(", alternative {number}")).unwrap_or_default();
            item.details.push(format!("by the rule at {}{alternative}", by.place));
        }
        item.details.extend(gave_way(step));
        item.details.extend(by.assumptions.iter().map(|assumption| format!("assuming that {assumption}")));
        item.below = self.premises(&by.premises, depth + 1);
        item
    }

    fn premises(&mut self, premises: &[ShownPremise], depth: usize) -> Vec<Item> {
        premises.iter().map(|premise| self.premise(premise, depth)).collect()
    }

    fn premise(&mut self, premise: &ShownPremise, depth: usize) -> Item {
        match premise {
            ShownPremise::Step(at) => self.step(*at, depth),
            ShownPremise::Absent { text, over } => {
                Item::text(format!("{text}: nothing matched, over {}", counted(*over, "fact")))
            }
            ShownPremise::Holds { text } => Item::text(text.clone()),
            ShownPremise::Aggregate { text, value, total, rows } => {
                let mut item = Item::text(text.clone());
                let over = if *total == 0 { "no rows".to_owned() } else { counted(*total, "row") };
                item.details.push(format!("{} over {over}", value.plain()));
                for row in rows.iter().take(ROWS) {
                    // A fact whose conditions hold speaks for itself.
                    let mut facts =
                        row.iter().filter(|premise| !matches!(premise, ShownPremise::Holds { .. }));
                    match (facts.next(), facts.next()) {
                        (Some(one), None) => item.below.push(self.premise(one, depth + 1)),
                        _ => {
                            let mut item_of_row = Item::text("a row");
                            item_of_row.below = self.premises(row, depth + 2);
                            item.below.push(item_of_row);
                        }
                    }
                }
                let shown = rows.len().min(ROWS);
                if shown < *total {
                    item.below.push(Item::text(format!("… and {}", more(total - shown, "row"))));
                }
                item
            }
        }
    }
}

/// `1 fact`, `2 facts`.
pub(super) fn counted(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
}

/// `1 more row`, `2 more rows`.
pub(super) fn more(n: usize, noun: &str) -> String {
    format!("{n} more {noun}{}", if n == 1 { "" } else { "s" })
}

fn gave_way(step: &ShownStep) -> Option<String> {
    step.gave_way.as_ref().map(|other| format!("it gave way later to {other}"))
}

fn firmness(step: &ShownStep) -> Option<String> {
    let status = (step.status != Status::Held).then(|| step.status.name().to_owned());
    let conf = (step.conf < 1.0).then(|| format!("confidence {}", step.conf));
    let parts: Vec<String> = status.into_iter().chain(conf).collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// Lines about the assertions of a step.
pub(super) fn citations(assertions: &[Citation], step: &ShownStep) -> Vec<String> {
    let shown = assertions.iter().take(ASSERTIONS);
    let mut lines: Vec<String> = shown.flat_map(|assertion| cited(assertion, step)).collect();
    let left = assertions.len().saturating_sub(ASSERTIONS);
    if left > 0 {
        lines.push(format!("and {}", more(left, "assertion")));
    }
    lines
}

/// Lines about one.
fn cited(assertion: &Citation, step: &ShownStep) -> Vec<String> {
    let mut line = match &assertion.source {
        None => "stated without a source".to_owned(),
        Some(source) => {
            let published = assertion.published.as_ref().map(ToString::to_string);
            let about: Vec<String> = assertion.publisher.clone().into_iter().chain(published).collect();
            let about = if about.is_empty() { String::new() } else { format!(" ({})", about.join(", ")) };
            format!("{source}{about}")
        }
    };
    if let Some(at) = &assertion.at {
        line.push_str(&format!(" {at}"));
    }
    if !assertion.by.is_empty() {
        line.push_str(&format!(", by {}", assertion.by.join(", ")));
    }
    if !assertion.based_on.is_empty() {
        line.push_str(&format!(", repeating {}", assertion.based_on.join(", ")));
    }
    if let Some(on) = &assertion.on {
        line.push_str(&format!(", recorded {on}"));
    }
    if assertion.status != step.status {
        line.push_str(&format!(", {}", assertion.status.name()));
    }
    if assertion.conf != step.conf {
        line.push_str(&format!(", confidence {}", assertion.conf));
    }
    line.push_str(&format!(" · {}", assertion.place));
    let words = assertion.words.as_deref().or(assertion.quote.as_deref());
    let quoted =
        |words: &str| if words.starts_with('“') { words.to_owned() } else { format!("“{words}”") };
    std::iter::once(line).chain(words.map(quoted)).collect()
}
