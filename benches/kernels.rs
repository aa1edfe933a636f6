//! What evaluation is made of, each beside what the standard library offers for it: sorting rows, merging and
//! subtracting sorted lists, telling new rows from known ones, joining.

use std::collections::HashSet;
use std::hint::black_box;

use criterion::{BatchSize, BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use factlog::storage::bits::BitRows;
use factlog::storage::sort::{merge, never, sort_distinct, subtract};
use rustc_hash::FxBuildHasher;

use common::{EDGE, evaluate, program, random_edges, rule};

mod common;

/// Pseudo-random numbers below a bound, from a fixed seed (xorshift).
fn numbers(count: usize, bound: u32) -> Vec<u32> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    (0..count)
        .map(|_| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            ((state >> 32) * u64::from(bound) >> 32) as u32
        })
        .collect()
}

fn pairs(count: usize, bound: u32) -> Vec<[u32; 2]> {
    numbers(2 * count, bound).as_chunks().0.to_vec()
}

fn sorted(count: usize, bound: u32) -> Vec<[u32; 2]> {
    let mut rows = pairs(count, bound);
    rows.sort_unstable();
    rows.dedup();
    rows
}

fn sorting(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("sort");
    group.sample_size(20);
    for (width, rows) in [(2, 10_000), (2, 1_000_000), (3, 1_000_000), (5, 1_000_000)] {
        let words = numbers(width * rows, 1 << 20);
        group.throughput(Throughput::Elements(rows as u64));
        group.bench_function(BenchmarkId::new(format!("{width} columns"), rows), |bencher| {
            bencher.iter_batched(
                || words.clone(),
                |mut words| sort_distinct(width, &mut words, &mut never),
                BatchSize::LargeInput,
            );
        });
    }
    let rows = pairs(1_000_000, 1 << 20);
    group.bench_function("2 columns by sort_unstable/1000000", |bencher| {
        bencher.iter_batched(
            || rows.clone(),
            |mut rows| {
                rows.sort_unstable();
                rows.dedup();
                rows
            },
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn merging(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("merge");
    group.sample_size(20);
    let large = sorted(1_000_000, 1 << 20);
    for count in [10_000, 1_000_000] {
        // `merge` wants lists without a row in common.
        let mut other = sorted(count, (1 << 20) - 1);
        other.retain(|row| large.binary_search(row).is_err());
        group.throughput(Throughput::Elements((large.len() + other.len()) as u64));
        group.bench_function(BenchmarkId::new("10⁶ rows with", count), |bencher| {
            bencher.iter_batched(
                || (large.clone(), other.clone()),
                |(large, other)| merge(large, other, &mut never),
                BatchSize::LargeInput,
            );
        });
        group.bench_function(BenchmarkId::new("10⁶ rows taken from", count), |bencher| {
            bencher.iter_batched(
                || other.clone(),
                |mut other| subtract(&mut other, &large, &mut never).map(|()| other),
                BatchSize::LargeInput,
            );
        });
    }
    group.finish();
}

/// Four candidates in five are known already, as in a dense closure.
fn deduplicating(criterion: &mut Criterion) {
    const NODES: u32 = 1000;
    let candidates = pairs(4_000_000, NODES);
    let mut group = criterion.benchmark_group("dedup");
    group.sample_size(10).throughput(Throughput::Elements(candidates.len() as u64));
    group.bench_function("bits", |bencher| {
        bencher.iter(|| {
            let mut known = BitRows::new(NODES as usize, (0, NODES - 1), false);
            for [row, column] in &candidates {
                black_box(known.or(*row as usize, column / 32, 1 << (column % 32)));
            }
            known.pairs()
        });
    });
    group.bench_function("hash set", |bencher| {
        bencher.iter(|| {
            let mut known: HashSet<[u32; 2], FxBuildHasher> = HashSet::default();
            for row in &candidates {
                black_box(known.insert(*row));
            }
            known.len()
        });
    });
    group.bench_function("sort", |bencher| {
        bencher.iter_batched(
            || candidates.as_flattened().to_vec(),
            |mut words| sort_distinct(2, &mut words, &mut never),
            BatchSize::LargeInput,
        );
    });
    group.finish();
}

fn joining(criterion: &mut Criterion) {
    let two_steps = program(vec![rule([0, 2], &[(EDGE, [0, 1]), (EDGE, [1, 2])])]);
    let triangle = program(vec![rule([0, 1], &[(EDGE, [0, 1]), (EDGE, [1, 2]), (EDGE, [0, 2])])]);
    let shapes = [("sparse", random_edges(200_000, 400_000)), ("dense", random_edges(1_000, 50_000))];
    let mut group = criterion.benchmark_group("join");
    group.sample_size(10);
    for (name, edges) in &shapes {
        group.bench_function(format!("two steps/{name}"), |bencher| {
            bencher.iter(|| evaluate(&two_steps, edges));
        });
        group.bench_function(format!("triangle/{name}"), |bencher| {
            bencher.iter(|| evaluate(&triangle, edges));
        });
    }
    group.finish();
}

criterion_group!(kernels, sorting, merging, deduplicating, joining);
criterion_main!(kernels);
