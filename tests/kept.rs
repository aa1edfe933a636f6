//! What a session keeps is what it would derive anew: over generated programs facts come and go, and
//! after each step a session that keeps what it has derived answers as one that keeps nothing.

mod common;

use std::cell::Cell;

use common::case::Case;
use common::dice::Dice;
use common::print;
use common::shrink::{Cases, runner};
use factlog::base::Limits;
use factlog::model::Value;
use factlog::model::schema::PredKind;
use factlog::session::{Error, Options, Session};
use proptest::prelude::{TestCaseError, any};
use proptest::test_runner::TestCaseResult;

/// Whether the answers were others than before.
struct Steps {
    steps: Cell<u32>,
    changes: Cell<u32>,
}

fn session(text: &str, options: Options) -> Option<Session> {
    let mut session = Session::empty(options);
    session.define(text).ok()?;
    Some(session)
}

/// All relations, one after the other.
fn observe(session: &mut Session, case: &Case) -> Vec<Result<Vec<Vec<Value>>, String>> {
    let schema = &case.program.schema;
    let ask = |(_, predicate): (_, &factlog::model::Predicate)| {
        let columns: Vec<String> = (0..predicate.arity()).map(|i| format!("c{i}: v{i}")).collect();
        match session.query(&format!("{}({})", predicate.name, columns.join(", "))) {
            Ok((answer, _)) => Ok(answer.rows),
            Err(Error::Cancelled) => Err("cancelled".to_owned()),
            Err(error) => Err(error.diagnostics()[0].code.clone()),
        }
    };
    schema.iter().map(ask).collect()
}

fn fact(case: &Case, dice: &mut Dice) -> Option<String> {
    let schema = &case.program.schema;
    let declared: Vec<_> =
        schema.iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared).collect();
    let (id, predicate) = dice.pick(&declared);
    let known: Vec<&Vec<Value>> =
        case.facts.iter().filter(|(pred, _)| *pred == id).map(|(_, tuple)| tuple).collect();
    if known.is_empty() {
        return None;
    }
    // Of two facts, mixed: often a new one.
    let (one, other) = (dice.pick(&known), dice.pick(&known));
    let mut fields = Vec::new();
    for (i, column) in predicate.columns.iter().enumerate() {
        let value = if dice.chance(50) { &one[i] } else { &other[i] };
        fields.push(format!("{}: {value}", column.name));
    }
    Some(format!("{}({})", predicate.name, fields.join(", ")))
}

fn follow(case: &Case, seed: u64, seen: &Steps) -> TestCaseResult {
    let text = print::text(case);
    let keeping = session(&text, Options::default());
    let forgetting = session(&text, Options { whole: true, forget: true, ..Options::default() });
    let (Some(mut keeping), Some(mut forgetting)) = (keeping, forgetting) else { return Ok(()) };
    let mut dice = Dice::new(seed);
    let mut before = observe(&mut keeping, case);
    for _ in 0..8 {
        let mut step = String::new();
        // Several at a time now and then.
        for _ in 0..dice.between(1, 2) {
            let line = match (dice.weighted(&[50, 40, 10]), fact(case, &mut dice)) {
                (0, Some(fact)) => format!("+{fact}"),
                (1, Some(fact)) => format!("-{fact}"),
                _ => String::new(),
            };
            if line.is_empty() {
                assert_eq!(keeping.undo(), forgetting.undo());
            } else {
                let [a, b] = [&mut keeping, &mut forgetting].map(|session| session.line(&line).is_ok());
                assert!(a == b, "{line}");
            }
            step += &format!("{line} ");
        }
        let (found, right) = (observe(&mut keeping, case), observe(&mut forgetting, case));
        if found != right {
            let message = format!("after {step}: kept {found:?}\nanew {right:?}\nbefore {before:?}\n{text}");
            return Err(TestCaseError::fail(message));
        }
        seen.steps.set(seen.steps.get() + 1);
        seen.changes.set(seen.changes.get() + u32::from(found != before));
        before = found;
    }
    Ok(())
}

#[test]
fn what_is_kept_is_what_would_be_derived() {
    let seen = Steps { steps: Cell::new(0), changes: Cell::new(0) };
    let test = |(case, seed): (Case, u64)| follow(&case, seed, &seen);
    if let Err(error) = runner(300).run(&(Cases, any::<u64>()), test) {
        panic!("{error}");
    }
    let (steps, changes) = (seen.steps.get(), seen.changes.get());
    assert!(changes * 3 >= steps, "{changes} of {steps} steps change an answer");
}

fn rows(session: &mut Session, goal: &str) -> usize {
    session.query(goal).unwrap().0.rows.len()
}

#[test]
fn a_step_costs_what_it_changes() {
    // Three hundred chains of twenty edges: the closure has 300 · 20 · 21 / 2 rows.
    let mut text = String::from(
        ".decl Edge(x: number, z: number)\n\
         .decl Named(x: number, name: symbol)\n\
         Tc(x: x, z: z) :- Edge(x: x, z: z).\n\
         Tc(x: x, z: z) :- Tc(x: x, z: y), Edge(x: y, z: z).\n\
         Found(x: x, name: n) :- Tc(x: x, z: z), Named(x: z, name: n).\n\
         Lost(name: n) :- Named(x: x, name: n), !Tc(x: _, z: x).\n\
         Named(x: 120, name: \"end\").\n\
         Named(x: 999999, name: \"nowhere\").\n",
    );
    for chain in 1..=300 {
        for at in 0..20 {
            text += &format!("Edge(x: {}, z: {}).\n", chain * 100 + at, chain * 100 + at + 1);
        }
    }
    let mut session = session(&text, Options::default()).unwrap();
    let session = &mut session;
    assert_eq!(rows(session, "Tc(x: x, z: z)"), 63_000);
    assert_eq!(rows(session, "Found(x: x, name: n)"), 20);
    // From here on no evaluation may derive a tenth of that.
    session.set_limits(Limits { rows: Some(6_000), ..Limits::none() });
    session.line("+Edge(x: 120, z: 200)").unwrap();
    assert_eq!(rows(session, "Tc(x: 100, z: z)"), 41);
    assert_eq!(rows(session, "Tc(x: x, z: 220)"), 41);
    session.line("-Edge(x: 110, z: 111)").unwrap();
    assert_eq!(rows(session, "Tc(x: 100, z: z)"), 10);
    assert_eq!(rows(session, "Tc(x: 111, z: z)"), 9 + 21);
    assert_eq!(rows(session, "Tc(x: x, z: 220)"), 10 + 20);
    assert_eq!(rows(session, "Found(x: x, name: n)"), 9);
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(rows(session, "Tc(x: 100, z: z)"), 20);
    assert_eq!(rows(session, "Tc(x: x, z: 220)"), 20);
    assert_eq!(rows(session, "Found(x: x, name: n)"), 20);
    // What denies is derived anew, but only that.
    assert_eq!(rows(session, "Lost(name: n)"), 1);
    session.line("+Edge(x: 120, z: 999999)").unwrap();
    assert_eq!(rows(session, "Lost(name: n)"), 0);
    // Other rules leave it alone, too; its own do not.
    session.define("Far(x: x) :- Tc(x: x, z: 999999).").unwrap();
    assert_eq!(rows(session, "Far(x: x)"), 21);
    session.define("Tc(x: 1, z: 2) :- true.").unwrap();
    assert!(matches!(session.query("Lost(name: n)"), Err(Error::Limit(_))));
    session.set_limits(Limits::none());
    assert_eq!(rows(session, "Tc(x: x, z: z)"), 63_022);
}

#[test]
fn nothing_is_kept_beyond_the_memory_limit() {
    let mut text = String::from(".decl N(n: number)\nPair(a: a, b: b) :- N(n: a), N(n: b).\n");
    (0..400).for_each(|n| text += &format!("N(n: {n}).\n"));
    text += "Other(a: b, b: a) :- N(n: a), N(n: b).\n";
    let mut session = session(&text, Options::default()).unwrap();
    // Each takes more than 1 MB by itself, both more than the limit.
    session.set_limits(Limits { memory: Some(5 << 20), ..Limits::none() });
    for _ in 0..2 {
        assert_eq!(rows(&mut session, "Pair(a: a, b: b)"), 160_000);
        assert_eq!(rows(&mut session, "Other(a: a, b: b)"), 160_000);
    }
}

/// A fact about one of many, with metadata that can hide it.
fn statement(dice: &mut Dice) -> String {
    let status = dice.pick(&["Held", "Held", "Proposed", "Planned", "Denied", "Cancelled"]);
    let source = dice.pick(&["", ", _src: \"s1\"", ", _src: \"s2\"", ", _on: \"2024-01-01\""]);
    format!("Was(who: {}, at: {}, _status: {status}{source})", dice.below(90), dice.below(4))
}

#[test]
fn few_facts_among_many_are_as_all_at_once() {
    let declarations = ".decl Was(who: number, at: number)\nOnce(who: w) :- Was(who: w).\n";
    let goals = [
        "Was(who: w, at: a)",
        "Was(who: w, at: 2)",
        "Was(who: w, at: a, _status: s, _src: q, _on: o)",
        "n = count : { Was(who: _, at: _, _status: _) }",
        "Once(who: w)",
    ];
    let all = |session: &mut Session| goals.map(|goal| session.query(goal).unwrap().0.rows);
    let mut dice = Dice::new(5);
    let mut stated: Vec<String> = (0..400).map(|_| statement(&mut dice)).collect();
    let sources =
        "Source(id: \"s1\", publisher: \"P\", published: \"2020\").\nSource(id: \"s2\", publisher: \"P\").\n";
    let texts = |stated: &[String]| {
        let facts: Vec<String> = stated.iter().map(|fact| format!("{fact}.\n")).collect();
        format!("{declarations}{sources}{}", facts.concat())
    };
    let mut session = session(&texts(&stated), Options::default()).unwrap();
    all(&mut session);
    for step in 0..20 {
        let known = stated[dice.below(stated.len())].clone();
        match dice.below(3) {
            0 => {
                session.line(&format!("-{known}")).unwrap();
                let pattern = known.trim_end_matches(')');
                stated.retain(|fact| !fact.starts_with(pattern));
            }
            1 => {
                session.line(&format!("+{known}")).unwrap();
                stated.push(known);
            }
            _ => {
                let fact = statement(&mut dice);
                session.line(&format!("+{fact}")).unwrap();
                stated.push(fact);
            }
        }
        let mut fresh = self::session(&texts(&stated), Options::default()).unwrap();
        assert_eq!(all(&mut session), all(&mut fresh), "step {step}");
    }
}

/// Rows that go are left where they are and hidden: nobody may see them, however a relation is read.
#[test]
fn rows_that_go_from_many_are_seen_by_nobody() {
    let rules = ".decl Edge(x: number, z: number)\n.decl Wanted(x: number)\n\
                 Tc(x: x, z: z) :- Edge(x: x, z: z).\n\
                 Tc(x: x, z: z) :- Tc(x: x, z: y), Edge(x: y, z: z).\n\
                 Begins(x: x) :- Tc(x: x, z: _).\n\
                 Lost(x: x) :- Wanted(x: x), !Tc(x: _, z: x).\n\
                 Total(n: n) :- n = count : { Tc(x: _, z: _) }.\n\
                 Each(x: x, n: n, s: s) :- Wanted(x: x), n = count : { Tc(x: x, z: _) }, s = sum z : { Tc(x: z, z: x) }.\n\
                 Wanted(x: 3).\nWanted(x: 105).\nWanted(x: 612).\nWanted(x: 999).\n";
    let goals = [
        "Tc(x: x, z: z)",
        "Tc(x: 105, z: z)",
        "Tc(x: x, z: 612)",
        "Tc(x: x, z: z), Wanted(x: x)",
        "Tc(x: x, z: y), Tc(x: y, z: z), Tc(x: x, z: z)",
        "Tc(x: 600, z: 612)",
        "Begins(x: x)",
        "Lost(x: x)",
        "Total(n: n)",
        "Each(x: x, n: n, s: s)",
        "n = count : { Tc(x: _, z: _) }",
        "Wanted(x: x), !Tc(x: x, z: _)",
    ];
    let all = |session: &mut Session| goals.map(|goal| session.query(goal).unwrap().0.rows);
    // Forty chains of twelve edges: 3120 rows, of which 48 may be hidden.
    let mut edges: Vec<[usize; 2]> =
        (0..40).flat_map(|chain| (0..12).map(move |at| [chain * 100 + at, chain * 100 + at + 1])).collect();
    let text = |edges: &[[usize; 2]]| {
        let facts: String = edges.iter().map(|[x, z]| format!("Edge(x: {x}, z: {z}).\n")).collect();
        format!("{rules}{facts}")
    };
    let mut session = session(&text(&edges), Options::default()).unwrap();
    all(&mut session);
    let steps =
        [("-", 600, 601), ("-", 3, 4), ("+", 600, 601), ("-", 611, 612), ("+", 12, 1000), ("+", 3, 4)];
    let more = [("-", 104, 105), ("+", 104, 105), ("-", 1206, 1207), ("-", 12, 1000), ("+", 612, 600)];
    for (sign, x, z) in steps.into_iter().chain(more) {
        session.line(&format!("{sign}Edge(x: {x}, z: {z})")).unwrap();
        match sign {
            "+" => edges.push([x, z]),
            _ => edges.retain(|edge| *edge != [x, z]),
        }
        let mut fresh = self::session(&text(&edges), Options::default()).unwrap();
        for (goal, (kept, anew)) in goals.iter().zip(all(&mut session).into_iter().zip(all(&mut fresh))) {
            assert_eq!(kept, anew, "{sign}Edge({x}, {z}), {goal}");
        }
    }
}

#[test]
fn a_relation_that_asked_for_a_part_of_another_is_found_anew() {
    let text = ".decl E(x: number, z: number)\nE(x: 1, z: 2).\nE(x: 2, z: 3).\n\
                T(x: x, z: z) :- E(x: x, z: z).\n\
                T(x: x, z: z) :- T(x: x, z: y), E(x: y, z: z).\n\
                From(z: z) :- T(x: 1, z: z).\n";
    let mut session = session(text, Options::default()).unwrap();
    let from = |session: &mut Session| session.relation_rows("From").unwrap().rows.len();
    assert_eq!(from(&mut session), 2);
    session.line("+E(x: 3, z: 4)").unwrap();
    assert_eq!(from(&mut session), 3);
    session.line("-E(x: 2, z: 3)").unwrap();
    assert_eq!(from(&mut session), 1);
    session.undo();
    assert_eq!(from(&mut session), 3);
    // Once all of the other is known, both are brought up to date.
    assert_eq!(rows(&mut session, "T(x: x, z: z)"), 6);
    assert_eq!(from(&mut session), 3);
    session.line("-E(x: 1, z: 2)").unwrap();
    assert_eq!((from(&mut session), rows(&mut session, "T(x: x, z: z)")), (0, 3));
}
