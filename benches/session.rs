//! A session over a million facts: point queries, a goal with a constant over a recursion, and what
//! a step costs together with the question behind it.

use criterion::{Criterion, criterion_group, criterion_main};
use factlog::base::{FileId, Span};
use factlog::model::{Assertion, Fact, PredId, Value};
use factlog::session::{Options, Session};

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

criterion_group!(sessions, benches);
criterion_main!(sessions);
