//! Paths and generations.

use datafrog::{Iteration, Relation};
use factlog_peers::{Counts, Job};

type Pair = (u32, u32);

pub fn transitive(job: &Job) -> Counts {
    let edges: Vec<Pair> = job.read("edge");
    let mut iteration = Iteration::new();
    // Keyed by its end, where it grows.
    let path = iteration.variable::<Pair>("path");
    path.extend(edges.iter().map(|&(x, y)| (y, x)));
    let edge = Relation::from_vec(edges);
    while iteration.changed() {
        path.from_join(&path, &edge, |_, &x, &z| (z, x));
    }
    vec![("tc", path.complete().len())]
}

pub fn same_generation(job: &Job) -> Counts {
    let edge: Relation<Pair> = Relation::from_vec(job.read("edge"));
    let mut iteration = Iteration::new();
    let same = iteration.variable::<Pair>("same");
    let half = iteration.variable::<Pair>("half");
    let siblings: Relation<Pair> = Relation::from_join(&edge, &edge, |_, &x, &y| (x, y));
    same.extend(siblings.iter().copied().filter(|(x, y)| x != y));
    while iteration.changed() {
        half.from_join(&same, &edge, |_, &b, &x| (b, x));
        same.from_join(&half, &edge, |_, &x, &y| (x, y));
    }
    vec![("sg", same.complete().len())]
}
