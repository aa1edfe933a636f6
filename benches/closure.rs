//! Recursive rules beside datafrog written by hand for the same program.

use std::collections::HashMap;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use datafrog::{Iteration, Relation};
use factlog::base::{Budget, FileId, Span};
use factlog::engine::{Engine, Frog, Request};
use factlog::model::schema::{PredKind, Predicate};
use factlog::model::{
    Arg, Atom, Body, CheckedProgram, Column, Expr, Literal, PredId, Rule, RuleId, Schema, Stratum, TypeId,
    Var, VarId,
};
use factlog::storage::{Interner, Table, interner};

const EDGE: PredId = PredId(0);
const PATH: PredId = PredId(1);

/// A rule over relations of two columns; variables are numbered.
fn rule(head: [u32; 2], body: &[(PredId, [u32; 2])]) -> Rule {
    let span = Span::new(FileId(0), 0, 0);
    let var = |id: u32| Expr::Var(VarId(id));
    let atom = |(pred, args): &(PredId, [u32; 2])| {
        Literal::Atom(Atom { pred: *pred, args: args.iter().map(|id| Arg::Is(var(*id))).collect(), span })
    };
    let vars = 1 + body.iter().flat_map(|(_, args)| args).max().copied().unwrap_or(0);
    Rule {
        head: PATH,
        args: head.map(var).to_vec(),
        body: Body { alternatives: vec![body.iter().map(atom).collect()] },
        vars: (0..vars)
            .map(|id| Var { name: Arc::from(format!("v{id}")), ty: TypeId(0), optional: false, span })
            .collect(),
        label: None,
        assume: Vec::new(),
        span,
    }
}

fn program(rules: Vec<Rule>) -> CheckedProgram {
    let column = |name: &str| Column { name: Arc::from(name), ty: TypeId(0), optional: false, default: None };
    let relation = |name: &str| Predicate {
        name: Arc::from(name),
        columns: vec![column("a"), column("b")],
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Declared,
        span: None,
    };
    let schema = Schema { predicates: vec![relation("Edge"), relation("Path")], ..Schema::default() };
    let ids = (0..rules.len() as u32).map(RuleId).collect();
    let strata = vec![
        Stratum { predicates: vec![EDGE], rules: Vec::new(), recursive: false },
        Stratum { predicates: vec![PATH], rules: ids, recursive: true },
    ];
    CheckedProgram { schema: Arc::new(schema), rules, strata, rules_of: HashMap::new() }
}

fn random_edges(nodes: u64, edges: usize) -> Vec<(u32, u32)> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % nodes) as u32
    };
    (0..edges).map(|_| (next(), next())).collect()
}

fn evaluate(program: &CheckedProgram, edges: &[(u32, u32)]) -> usize {
    let word = |n: u32| interner::inline_number(i64::from(n)).unwrap_or(0);
    let words = edges.iter().flat_map(|(a, b)| [word(*a), word(*b)]).collect();
    let tables = HashMap::from([(EDGE, Table::from_rows(2, words))]);
    let request = Request::new(program, &[], &[PATH]);
    let model = Frog.evaluate(&request, &tables, &mut Interner::new(), &Budget::unlimited());
    model.ok().and_then(|model| model.table(PATH).map(|table| table.len())).unwrap_or(0)
}

fn closure_by_hand(edges: &[(u32, u32)]) -> usize {
    let by_source: Relation<(u32, u32)> = edges.iter().copied().collect();
    let mut iteration = Iteration::new();
    // Keyed by its end, where it grows.
    let path = iteration.variable::<(u32, u32)>("path");
    path.extend(edges.iter().map(|(a, b)| (*b, *a)));
    while iteration.changed() {
        path.from_join(&path, &by_source, |_, a, c| (*c, *a));
    }
    path.complete().len()
}

fn same_generation_by_hand(edges: &[(u32, u32)]) -> usize {
    let by_parent: Relation<(u32, u32)> = edges.iter().copied().collect();
    let mut iteration = Iteration::new();
    let pairs = iteration.variable::<(u32, u32)>("pairs");
    let half = iteration.variable::<(u32, u32)>("half");
    pairs.insert(Relation::from_join(&by_parent, &by_parent, |_, x, y| (*x, *y)));
    while iteration.changed() {
        half.from_join(&pairs, &by_parent, |_, b, x| (*b, *x));
        pairs.from_join(&half, &by_parent, |_, x, y| (*x, *y));
    }
    pairs.complete().len()
}

fn benches(criterion: &mut Criterion) {
    let closure =
        program(vec![rule([0, 1], &[(EDGE, [0, 1])]), rule([0, 2], &[(PATH, [0, 1]), (EDGE, [1, 2])])]);
    let shapes = [
        ("sparse", random_edges(2000, 2400)),
        ("dense", random_edges(600, 12_000)),
        ("chain", (0..1000).map(|i| (i, i + 1)).collect()),
    ];
    let mut group = criterion.benchmark_group("closure");
    group.sample_size(10);
    for (name, edges) in &shapes {
        assert_eq!(evaluate(&closure, edges), closure_by_hand(edges));
        group.bench_function(format!("{name}/engine"), |bencher| bencher.iter(|| evaluate(&closure, edges)));
        group.bench_function(format!("{name}/by hand"), |bencher| bencher.iter(|| closure_by_hand(edges)));
    }
    group.finish();

    let same = program(vec![
        rule([0, 1], &[(EDGE, [2, 0]), (EDGE, [2, 1])]),
        rule([0, 1], &[(EDGE, [2, 0]), (PATH, [2, 3]), (EDGE, [3, 1])]),
    ]);
    let edges = random_edges(1500, 2200);
    let mut group = criterion.benchmark_group("same generation");
    group.sample_size(10);
    assert_eq!(evaluate(&same, &edges), same_generation_by_hand(&edges));
    group.bench_function("engine", |bencher| bencher.iter(|| evaluate(&same, &edges)));
    group.bench_function("by hand", |bencher| bencher.iter(|| same_generation_by_hand(&edges)));
    group.finish();
}

criterion_group!(closures, benches);
criterion_main!(closures);
