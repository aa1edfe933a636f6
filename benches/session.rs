//! A session over a million facts: point queries, a goal with a constant over a recursion, and what
//! a step costs together with the question behind it.

use criterion::{Criterion, criterion_group, criterion_main};
use std::collections::HashMap;

use factlog::analysis;
use factlog::base::{Budget, FileId, Span};
use factlog::engine::{Engine, Frog, Request};
use factlog::model::{Assertion, Fact, PredId, Value};
use factlog::session::{Options, Session};
use factlog::storage::{Interner, Table};
use factlog::syntax::datalog::{parse_goal, parse_program};

const RULES: &str = "\
.decl Person(id: symbol, name: symbol, city: symbol)
.decl Edge(x: number, z: number)
Reach(x: x, z: z) :- Edge(x: x, z: z).
Reach(x: x, z: z) :- Reach(x: x, z: y), Edge(x: y, z: z).
Chain(x: x, z: z) :- Edge(x: x, z: z).
Chain(x: x, z: z) :- Edge(x: x, z: y), Chain(x: y, z: z).
Neighbour(a: a, b: b) :- Person(id: a, city: c), Person(id: b, city: c), a != b.
";

/// Rows of each of the two relations.
const ROWS: i64 = 500_000;
/// Edges one behind the other.
const CHAIN: i64 = 20;

fn session() -> Session {
    let mut session = Session::empty(Options::default());
    session.define(RULES).expect("rules");
    let find = |name: &str| session.schema().find(name).expect("a relation");
    let (person, edge) = (find("Person"), find("Edge"));
    let fact = |predicate: PredId, tuple: Vec<Value>| Fact {
        predicate,
        tuple,
        assertion: Assertion::background(Span::new(FileId(0), 0, 0)),
    };
    let text = |prefix: &str, n: i64| Value::symbol(format!("{prefix}{n}"));
    let mut facts = Vec::new();
    for n in 0..ROWS {
        facts.push(fact(person, vec![text("p", n), text("n", n / 3), text("c", n / 50)]));
        let from = n / CHAIN * 100 + n % CHAIN;
        facts.push(fact(edge, vec![Value::Number(from), Value::Number(from + 1)]));
    }
    session.assert_facts(facts).expect("facts");
    session
}

fn rows(session: &mut Session, goal: &str) -> usize {
    session.query(goal).map_or(usize::MAX, |(answer, _)| answer.rows.len())
}

fn benches(criterion: &mut Criterion) {
    let mut session = session();
    let session = &mut session;
    let mut group = criterion.benchmark_group("session");
    group.sample_size(10);
    for (name, goal, answers) in [
        ("point by first column", "Person(id: \"p400000\", name: n)", 1),
        ("point by second column", "Person(id: p, name: \"n100000\")", 3),
        ("view by one value", "Neighbour(a: \"p400000\", b: b)", 49),
        ("closure from one node", "Reach(x: 100, z: z)", 20),
        ("closure to one node", "Reach(x: x, z: 120)", 20),
        ("the other way round", "Chain(x: 100, z: z)", 20),
    ] {
        assert_eq!(rows(session, goal), answers, "{goal}");
        group.bench_function(name, |bencher| bencher.iter(|| rows(session, goal)));
    }
    // From here on all of the closure is known.
    let all = (ROWS / CHAIN * CHAIN * (CHAIN + 1) / 2) as usize;
    assert_eq!(rows(session, "Reach(x: x, z: z)"), all);
    assert_eq!(rows(session, "Reach(x: 100, z: z)"), 20);
    group.bench_function("point in a known closure", |bencher| {
        bencher.iter(|| rows(session, "Reach(x: 100, z: z)"));
    });
    group.bench_function("an edge comes, and what it reaches", |bencher| {
        bencher.iter(|| {
            session.line("+Edge(x: 120, z: 200)").expect("a step");
            assert_eq!(rows(session, "Reach(x: 100, z: z)"), 41);
            session.undo();
        });
    });
    group.bench_function("an edge goes, and what it reached", |bencher| {
        bencher.iter(|| {
            session.line("-Edge(x: 110, z: 111)").expect("a step");
            assert_eq!(rows(session, "Reach(x: 100, z: z)"), 10);
            session.undo();
        });
    });
    group.finish();
}

/// Reach from one node of graphs of which it reaches the same part: time goes with what is reached.
fn reach(criterion: &mut Criterion) {
    let (program, problems) = parse_program(FileId(0), RULES);
    assert!(problems.is_empty());
    let (schema, _) = analysis::declare(&[&program]);
    let program = analysis::analyze(schema, &[&program]).program;
    let edge = program.schema.find("Edge").expect("a relation");
    let mut group = criterion.benchmark_group("reach from one node");
    group.sample_size(10);
    for edges in [1_000_000_i64, 10_000_000] {
        let mut interner = Interner::new();
        let mut words = Vec::new();
        // Binary trees of 1000 nodes.
        for at in 0..edges {
            let tree = at / 1000 * 1000;
            if at + 1 == tree + 1000 {
                continue;
            }
            let from = tree + (at - tree) / 2;
            words.extend([interner.number(from), interner.number(at + 1)]);
        }
        let tables = HashMap::from([(edge, Table::from_rows(2, words))]);
        for goal in ["Reach(x: 500000, z: z)", "Chain(x: 500000, z: z)"] {
            let (parsed, _) = parse_goal(FileId(1), goal);
            let goal_rule = analysis::goal(&program, &parsed.expect("a goal")).expect("a goal").0.rule;
            let goals = [goal_rule];
            let request = Request { demand: true, ..Request::new(&program, &goals, &[]) };
            let mut ask = || {
                let model = Frog.evaluate(&request, &tables, &mut interner, &Budget::unlimited());
                model.map_or(0, |model| model.table(goals[0].head).map_or(0, |table| table.len()))
            };
            assert_eq!(ask(), 999, "{goal}");
            let name = format!("{goal} of {edges} edges");
            group.bench_function(name, |bencher| bencher.iter(&mut ask));
        }
    }
    group.finish();
}

criterion_group!(sessions, benches, reach);
criterion_main!(sessions);
