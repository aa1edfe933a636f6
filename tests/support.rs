//! What falls without a source is what does not hold in a base without its facts, on generated
//! programs with recursion, negation and aggregates; and how it is told.

mod firmness;
mod project;

use std::collections::{BTreeMap, BTreeSet};

use factlog::model::Value;
use factlog::session::{Options, Session};
use firmness::{
    CONSTANTS, DERIVED, Fact, Rule, SOURCES, STATED, STATUSES, Tuple, World, facts, relation, rule, session,
    session_with,
};
use project::Project;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

/// The facts that are left without some sources, by the definition.
fn without(facts: &[Fact], struck: &[usize]) -> Vec<Fact> {
    let number = |id: &str| SOURCES.iter().position(|source| source.0 == id).unwrap();
    let based_on = |src: usize| -> Vec<usize> { SOURCES[src].2.iter().map(|id| number(id)).collect() };
    let mut fallen: BTreeSet<usize> = struck.iter().copied().collect();
    loop {
        let more = (0..SOURCES.len()).find(|src| {
            let bases = based_on(*src);
            !fallen.contains(src) && !bases.is_empty() && bases.iter().all(|base| fallen.contains(base))
        });
        match more {
            Some(src) => fallen.insert(src),
            None => break,
        };
    }
    let stands = |fact: &&Fact| fact.assertion.src.is_none_or(|src| !fallen.contains(&src));
    facts.iter().filter(stands).cloned().collect()
}

/// The conclusions of a base with their status.
fn conclusions(facts: &[Fact], rules: &[Rule]) -> BTreeMap<Tuple, usize> {
    let world = World::new(facts, rules);
    let levels: Vec<BTreeSet<Tuple>> = (0..4).map(|level| world.at_level(level)).collect();
    let status = |tuple: &Tuple| (0..4).rev().find(|level| levels[*level].contains(tuple)).unwrap();
    let derived = world.model.iter().filter(|tuple| tuple.0 >= STATED.len());
    derived.map(|tuple| (tuple.clone(), status(tuple))).collect()
}

/// The conclusions with the sources that end each.
fn hanging(facts: &[Fact], rules: &[Rule], struck: &[usize]) -> BTreeMap<Tuple, (usize, Vec<usize>)> {
    let there = conclusions(&without(facts, struck), rules);
    let mut found: BTreeMap<Tuple, (usize, Vec<usize>)> =
        there.into_iter().map(|(tuple, status)| (tuple, (status, Vec::new()))).collect();
    for src in 0..SOURCES.len() {
        let left = conclusions(&without(facts, &[struck, &[src]].concat()), rules);
        for (_, (_, ends)) in found.iter_mut().filter(|(tuple, _)| !left.contains_key(*tuple)) {
            ends.push(src);
        }
    }
    found
}

fn text(tuple: &Tuple) -> String {
    let columns: Vec<String> = ["k", "l"]
        .iter()
        .zip(&tuple.1)
        .map(|(name, value)| format!("{name}: {:?}", CONSTANTS[*value]))
        .collect();
    format!("{}({})", relation(tuple.0).0, columns.join(", "))
}

fn ids(sources: &[usize]) -> Value {
    Value::List(sources.iter().map(|src| Value::symbol(SOURCES[*src].0)).collect())
}

fn agrees(facts: &[Fact], rules: &[Rule], struck: usize) -> Result<(), TestCaseError> {
    let mut session = session(facts, rules);
    agrees_in(&mut session, facts, rules, struck)?;
    // The same where the proofs are too many to go through.
    let options = Options { proof_steps: Some(0), ..Options::default() };
    agrees_in(&mut session_with(options, facts, rules), facts, rules, struck)
}

fn agrees_in(
    session: &mut Session,
    facts: &[Fact],
    rules: &[Rule],
    struck: usize,
) -> Result<(), TestCaseError> {
    let before = hanging(facts, rules, &[]);
    let after = hanging(facts, rules, &[struck]);
    let order = |tuple: &Tuple| (tuple.0, tuple.1.clone());
    let mut expected: Vec<(usize, (usize, Vec<usize>), Vec<Value>)> = Vec::new();
    let status = |level: usize| Value::symbol(STATUSES[level]);
    let mut expect = |kind: usize, tuple: &Tuple, was: Value, is: Value, ends: &[usize]| {
        let change = ["falls", "weakens", "single-sourced", "appears"][kind];
        let row = vec![Value::symbol(change), Value::symbol(text(tuple)), was, is, ids(ends)];
        expected.push((kind, order(tuple), row));
    };
    for (tuple, (was, ends)) in &before {
        match after.get(tuple) {
            None => expect(0, tuple, status(*was), Value::Nil, &[]),
            Some((is, now)) => {
                if is < was {
                    expect(1, tuple, status(*was), status(*is), &[]);
                }
                if ends.is_empty() && !now.is_empty() {
                    expect(2, tuple, status(*was), status(*is), now);
                }
            }
        }
    }
    for (tuple, (is, _)) in after.iter().filter(|(tuple, _)| !before.contains_key(*tuple)) {
        expect(3, tuple, Value::Nil, status(*is), &[]);
    }
    expected.sort_by(|a, b| (a.0, &a.1).cmp(&(b.0, &b.1)));
    let expected: Vec<Vec<Value>> = expected.into_iter().map(|(_, _, row)| row).collect();
    let found = session.support_without(&[SOURCES[struck].0.to_owned()]).unwrap().rows;
    prop_assert_eq!(found, expected, "without {}", SOURCES[struck].0);

    let counts: BTreeMap<String, i64> = session
        .support_all()
        .unwrap()
        .rows
        .iter()
        .map(|row| match &row[4] {
            Value::Number(count) => (row[0].plain(), *count),
            other => panic!("{other}"),
        })
        .collect();
    for (src, (id, _, _)) in SOURCES.iter().enumerate() {
        let hang = before.values().filter(|(_, ends)| ends.contains(&src)).count();
        prop_assert_eq!(counts[*id], hang as i64, "{}", id);
    }
    for (name, _) in DERIVED {
        let (supports, _) = session.support(&format!("{name}(k: _)")).unwrap();
        for support in supports.of {
            let (_, (_, ends)) = before.iter().find(|(tuple, _)| text(tuple) == support.conclusion).unwrap();
            let named: Vec<&str> = ends.iter().map(|src| SOURCES[*src].0).collect();
            let found: Vec<&str> = support.ends_without.iter().map(|id| &**id).collect();
            prop_assert_eq!(found, named, "{}", support.conclusion);
        }
    }
    Ok(())
}

#[test]
fn what_falls_is_what_a_base_without_the_source_has_not() {
    let cases = std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(150);
    let mut runner = TestRunner::new(Config { cases, failure_persistence: None, ..Config::default() });
    let strategy = (facts(), vec(rule(), 1..6), 0..SOURCES.len(), any::<bool>());
    runner
        .run(&strategy, |(mut facts, mut rules, struck, positive)| {
            if positive {
                // Then it is told from the proofs alone.
                facts.iter_mut().for_each(|fact| fact.assertion.status = fact.assertion.status.min(3));
                for rule in &mut rules {
                    (rule.not, rule.count) = (None, None);
                }
            }
            agrees(&facts, &rules, struck)
        })
        .unwrap();
}

/// Three reports, one of which only repeats another.
fn reports() -> Project {
    let project = Project::empty();
    project.write(
        "rules/a.dl",
        ".decl Was(who: symbol, at: symbol)\n\
         .output Met\n\
         Met(a: x, b: y) :- Was(who: x, at: p), Was(who: y, at: p), x < y.\n",
    );
    project.write(
        "facts/a.ron",
        r#"[
    Source(id: "wire", publisher: "Wire", published: "2025-01-02"),
    Source(id: "copy", publisher: "Copy", based_on: ["wire"]),
    Source(id: "own", publisher: "Own"),
    Was(who: "ann", at: "xian", _src: "wire", _by: ["unnamed source", "Wire"]),
    Was(who: "ann", at: "xian", _src: "copy"),
    Was(who: "bob", at: "xian", _src: "wire"),
    Was(who: "bob", at: "xian", _src: "own", _status: Planned),
    Was(who: "cem", at: "xian"),
]
"#,
    );
    project
}

#[test]
fn a_fact_says_what_it_rests_on() {
    let project = reports();
    assert_eq!(
        project.run(&["support", "Was(at: \"xian\")"]).out,
        "Was(who: \"ann\", at: \"xian\")\n  rests on\n    wire (Wire, 2025-01-02)\n  \
         single-sourced: it ends without wire\n  rests on an unnamed source alone\n\n\
         Was(who: \"bob\", at: \"xian\")\n  rests on one of these 2, of which 2 are independent\n    \
         own (Own, without a date)\n    wire (Wire, 2025-01-02)\n  \
         no single source ends it when it is withdrawn\n\n\
         Was(who: \"cem\", at: \"xian\")\n  background is enough: it rests on no source\n"
    );
    assert_eq!(
        project.run(&["support", "Met(a: \"ann\", b: \"bob\")", "-f", "jsonl"]).out,
        "{\"conclusion\":\"Met(a: \\\"ann\\\", b: \\\"bob\\\")\",\"status\":\"Held\",\
         \"sources\":[[\"wire\"]],\"ends_without\":[\"wire\"],\"unnamed_alone\":true,\"independent\":1}\n"
    );
    let ran = project.run(&["support", "Was(who: \"dan\")"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert_eq!(project.run(&["support"]).status, 2);
}

#[test]
fn what_somebody_without_a_name_says_can_stand_in_the_way_of_another_proof() {
    let project = Project::empty();
    project.write(
        "rules/a.dl",
        ".decl Rumour(of: symbol)\n.decl Record(of: symbol)\n.output So\n\
         So(of: x) :- Rumour(of: x).\nSo(of: x) :- Record(of: x), !Rumour(of: x).\n",
    );
    project.write(
        "facts/a.ron",
        r#"[
    Source(id: "wire", publisher: "Wire", published: "2025-01-02"),
    Source(id: "own", publisher: "Own", published: "2025-01-02"),
    Rumour(of: "ann", _src: "wire", _by: ["unnamed source"]),
    Record(of: "ann", _src: "own"),
    Rumour(of: "bob", _src: "wire", _by: ["unnamed source"]),
    Rumour(of: "cem", _src: "wire", _by: ["Wire"]),
]
"#,
    );
    let alone = |who: &str| {
        let out = project.run(&["support", &format!("So(of: \"{who}\")"), "-f", "jsonl"]).out;
        out.contains("\"unnamed_alone\":true")
    };
    // Without the rumour the record would do.
    assert_eq!(["ann", "bob", "cem"].map(alone), [false, true, false]);
}

#[test]
fn a_withdrawal_says_what_falls_weakens_and_hangs() {
    let project = reports();
    let ran = project.run(&["support", "--without", "wire", "-f", "csv"]);
    assert_eq!(
        (ran.status, ran.out.as_str()),
        (
            0,
            "change,conclusion,was,is,rests_on\n\
             falls,\"Met(a: \"\"ann\"\", b: \"\"bob\"\")\",Held,,[]\n\
             falls,\"Met(a: \"\"ann\"\", b: \"\"cem\"\")\",Held,,[]\n\
             weakens,\"Met(a: \"\"bob\"\", b: \"\"cem\"\")\",Held,Planned,[]\n\
             single-sourced,\"Met(a: \"\"bob\"\", b: \"\"cem\"\")\",Held,Planned,\"[\"\"own\"\"]\"\n"
        )
    );
    assert_eq!(
        project.run(&["support", "--all", "-f", "csv"]).out,
        "source,publisher,published,states,conclusions\nwire,Wire,2025-01-02,2,2\ncopy,Copy,,1,0\nown,Own,,1,0\n"
    );
    let ran = project.run(&["support", "--without", "wrie"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("did you mean `wire`?"), "{}", ran.err);
    // A fact in a scenario without a source.
    let ran = project.run(&["support", "Was(who: \"bob\")", "--without", "wire"]);
    assert!(ran.out.contains("single-sourced: it ends without own"), "{}", ran.out);
}
