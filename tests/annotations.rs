//! How firmly answers are known is what the definition says: one evaluation a level for the status,
//! all proofs enumerated for the rest, on generated programs with recursion, negation and
//! aggregates, worked out here without anything of the engine or of the proof graph.

mod firmness;

use std::cell::Cell;
use std::collections::{BTreeSet, HashMap};

use factlog::model::{Status, Value};
use factlog::session::{Annotation, Since, Wanted};
use firmness::{
    Assertion, CONSTANTS, DERIVED, Fact, Node, Rule, STATED, STATUSES, Tuple, World, facts, recorded,
    relation, roots, rule, session,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// What a proof is worth.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Proof {
    status: usize,
    /// In tenths.
    conf: usize,
    /// Empty for background; `undated` sorts behind all dates.
    since: String,
    sources: BTreeSet<&'static str>,
    assumptions: BTreeSet<String>,
}

/// More proofs of one tuple are not enumerated.
const MANY: usize = 3000;
/// Combinations of proofs that are gone through for one tuple: in a few programs many ways lead
/// through the same few tuples, and to enumerate them all took longer than all other programs.
const COMBINATIONS: usize = 300_000;

struct TooMany;

impl World {
    fn leaf(&self, assertion: &Assertion) -> Vec<Proof> {
        let since = match recorded(assertion) {
            Ok(date) => date.unwrap_or("").to_owned(),
            Err(()) => "undated".to_owned(),
        };
        let conf = (assertion.conf.parse::<f64>().unwrap() * 10.0) as usize;
        let with = |sources| Proof {
            status: assertion.status,
            conf,
            since: since.clone(),
            sources,
            assumptions: BTreeSet::new(),
        };
        match assertion.src {
            None => vec![with(BTreeSet::new())],
            Some(src) => roots(src).into_iter().map(|root| with([root].into())).collect(),
        }
    }

    /// All proofs of a node in which no tuple rests on itself.
    fn proofs(
        &self,
        node: &Node,
        path: &mut Vec<Tuple>,
        left: &mut usize,
    ) -> Result<BTreeSet<Proof>, TooMany> {
        let tuple = match node {
            Node::Assertion(tuple, at) => {
                return Ok(self.leaf(&self.facts[tuple][*at]).into_iter().collect());
            }
            Node::Tuple(tuple) => tuple,
        };
        if path.contains(tuple) {
            return Ok(BTreeSet::new());
        }
        let mut found: BTreeSet<Proof> =
            self.facts.get(tuple).into_iter().flatten().flat_map(|assertion| self.leaf(assertion)).collect();
        path.push(tuple.clone());
        for instance in self.instances.iter().filter(|instance| instance.head == *tuple) {
            let mut partial = BTreeSet::from([Proof {
                status: if instance.assumption.is_some() { 1 } else { 3 },
                conf: 10,
                since: String::new(),
                sources: BTreeSet::new(),
                assumptions: instance.assumption.clone().into_iter().collect(),
            }]);
            for ways in &instance.premises {
                let mut next = BTreeSet::new();
                for way in ways {
                    let mut all = partial.clone();
                    for node in way {
                        let of = self.proofs(node, path, left)?;
                        *left = left.checked_sub(1 + all.len() * of.len()).ok_or(TooMany)?;
                        all = all.iter().flat_map(|a| of.iter().map(|b| both(a, b))).collect();
                        if all.len() > MANY {
                            return Err(TooMany);
                        }
                    }
                    next.extend(all);
                }
                partial = next;
            }
            found.extend(partial);
            if found.len() > MANY {
                return Err(TooMany);
            }
        }
        path.pop();
        Ok(found)
    }
}

fn both(a: &Proof, b: &Proof) -> Proof {
    Proof {
        status: a.status.min(b.status),
        conf: a.conf.min(b.conf),
        since: a.since.clone().max(b.since.clone()),
        sources: &a.sources | &b.sources,
        assumptions: &a.assumptions | &b.assumptions,
    }
}

/// The sets that hold no other, the smallest first.
fn minimal(all: &BTreeSet<BTreeSet<&'static str>>) -> Vec<Vec<&'static str>> {
    let least = |set: &&BTreeSet<&str>| !all.iter().any(|other| other != *set && other.is_subset(set));
    let mut kept: Vec<Vec<&str>> =
        all.iter().filter(least).map(|set| set.iter().copied().collect()).collect();
    kept.sort_by_key(|set| (set.len(), set.clone()));
    kept
}

/// The annotation of a tuple as the definition has it.
fn defined(world: &World, levels: &[BTreeSet<Tuple>], tuple: &Tuple) -> Result<String, TooMany> {
    let status = (0..4).rev().find(|level| levels[*level].contains(tuple)).unwrap();
    let proofs = world.proofs(&Node::Tuple(tuple.clone()), &mut Vec::new(), &mut { COMBINATIONS })?;
    assert_eq!(
        proofs.iter().map(|proof| proof.status).max(),
        Some(status),
        "the definition agrees with itself"
    );
    let conf = proofs.iter().map(|proof| proof.conf).max().unwrap();
    let since = proofs.iter().map(|proof| &proof.since).min().unwrap();
    let sources: BTreeSet<BTreeSet<&str>> = proofs.iter().map(|proof| proof.sources.clone()).collect();
    let firmest = proofs.iter().filter(|proof| proof.status == status);
    let assumed: Vec<Vec<String>> =
        firmest.map(|proof| proof.assumptions.iter().cloned().collect()).collect();
    let assumed = assumed.into_iter().min_by_key(|set| (set.len(), set.clone())).unwrap();
    Ok(format!("{} {} {since:?} {:?} {assumed:?}", STATUSES[status], conf as f64 / 10.0, minimal(&sources)))
}

fn shown(known: &Annotation) -> String {
    let since = match &known.since {
        Since::Always => String::new(),
        Since::By(_, date) => date.text().to_string(),
        Since::Undated => "undated".to_owned(),
    };
    let status = known.status.map_or("none", Status::name);
    format!("{status} {} {since:?} {:?} {:?}", known.conf, known.sources, known.assumptions)
}

/// Tuples whose annotations were compared whole, and those of which the status alone was.
#[derive(Default)]
struct Compared {
    whole: Cell<usize>,
    status: Cell<usize>,
}

fn agrees(facts: &[Fact], rules: &[Rule], compared: &Compared) -> Result<(), TestCaseError> {
    let world = World::new(facts, rules);
    let levels: Vec<BTreeSet<Tuple>> = (0..4).map(|level| world.at_level(level)).collect();
    let mut session = session(facts, rules);
    session.set_annotations(Wanted::ALL);
    for number in 0..STATED.len() + DERIVED.len() {
        let (name, arity) = relation(number);
        let query = if arity == 2 { format!("{name}(k: x, l: y)") } else { format!("{name}(k: x)") };
        let (answer, _) = session.query(&query).unwrap();
        let known: HashMap<Vec<usize>, String> = answer
            .rows
            .iter()
            .zip(&answer.firmness)
            .map(|(row, known)| {
                let number =
                    |value: &Value| CONSTANTS.iter().position(|name| **name == value.plain()).unwrap();
                (row.iter().map(number).collect(), shown(known))
            })
            .collect();
        let model: Vec<&Tuple> = world.model.iter().filter(|tuple| tuple.0 == number).collect();
        prop_assert_eq!(known.len(), model.len(), "{}", query);
        // The same without going through proofs.
        session.set_annotations(Wanted { status: true, conf: true, since: true, ..Wanted::default() });
        let (levels_alone, _) = session.query(&query).unwrap();
        session.set_annotations(Wanted::ALL);
        let firm = |known: &Annotation| (known.status, known.conf, known.since.clone());
        prop_assert_eq!(&levels_alone.rows, &answer.rows);
        prop_assert!(
            levels_alone.firmness.iter().map(firm).eq(answer.firmness.iter().map(firm)),
            "{}: {:?}, not {:?}",
            query,
            levels_alone.firmness.iter().map(firm).collect::<Vec<_>>(),
            answer.firmness.iter().map(firm).collect::<Vec<_>>()
        );
        for tuple in model {
            match defined(&world, &levels, tuple) {
                Ok(expected) => {
                    compared.whole.set(compared.whole.get() + 1);
                    prop_assert_eq!(&known[&tuple.1], &expected, "{} {:?}", name, tuple.1);
                }
                Err(TooMany) => {
                    compared.status.set(compared.status.get() + 1);
                    let status = (0..4).rev().find(|level| levels[*level].contains(tuple)).unwrap();
                    prop_assert!(known[&tuple.1].starts_with(STATUSES[status]));
                }
            }
        }
    }
    Ok(())
}

#[test]
fn annotations_are_as_defined() {
    let cases = std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(300);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (facts(), vec(rule(), 1..6));
    let compared = Compared::default();
    runner.run(&strategy, |(facts, rules)| agrees(&facts, &rules, &compared)).unwrap();
    let (whole, status) = (compared.whole.get(), compared.status.get());
    println!("{whole} tuples compared whole, {status} by their status alone");
    assert!(whole > 20 * status, "{whole} compared whole, {status} by their status alone");
}
