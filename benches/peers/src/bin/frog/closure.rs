//! Paths and generations.

use datafrog::{Iteration, Relation};
use factlog_peers::{Counts, Job};

pub fn transitive(job: &Job) -> Counts {
    vec![("tc", closure::<u32>(job.read("edge")))]
}

pub fn same_generation(job: &Job) -> Counts {
    vec![("sg", generations::<u32>(job.read("edge")))]
}

/// How many pairs the closure of edges has.
pub fn closure<T: Copy + Ord + 'static>(edges: Vec<(T, T)>) -> usize {
    let mut iteration = Iteration::new();
    // Keyed by its end, where it grows.
    let path = iteration.variable::<(T, T)>("path");
    path.extend(edges.iter().map(|&(x, y)| (y, x)));
    let edge = Relation::from_vec(edges);
    while iteration.changed() {
        path.from_join(&path, &edge, |_, &x, &z| (z, x));
    }
    path.complete().len()
}

/// How many pairs are of the same generation, of edges from parents to children.
pub fn generations<T: Copy + Ord + 'static>(edges: Vec<(T, T)>) -> usize {
    let edge = Relation::from_vec(edges);
    let mut iteration = Iteration::new();
    let same = iteration.variable::<(T, T)>("same");
    let half = iteration.variable::<(T, T)>("half");
    let siblings: Relation<(T, T)> = Relation::from_join(&edge, &edge, |_, &x, &y| (x, y));
    same.extend(siblings.iter().copied().filter(|(x, y)| x != y));
    while iteration.changed() {
        half.from_join(&same, &edge, |_, &b, &x| (b, x));
        same.from_join(&half, &edge, |_, &x, &y| (x, y));
    }
    same.complete().len()
}
