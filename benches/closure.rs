//! Recursive rules beside datafrog written by hand for the same program.

use criterion::{Criterion, criterion_group, criterion_main};
use datafrog::{Iteration, Relation};

use common::{EDGE, PATH, evaluate, program, random_edges, rule};

mod common;

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
