//! Graphs: random, chains, trees, and stand-ins for the shapes of real ones.

use factlog_peers::random::{Random, Skewed};

use crate::Input;

/// Edges between equally likely nodes, without loops.
pub fn random(input: &mut Input, nodes: u32, edges: u32) {
    let rows = uniform(&mut input.random, nodes, edges);
    input.set("edge", rows);
}

/// Edges between equally likely nodes, without loops.
pub fn uniform(random: &mut Random, nodes: u32, edges: u32) -> Vec<(u32, u32)> {
    (0..edges).map(|_| (random.below(nodes), random.below(nodes))).filter(|(x, y)| x != y).collect()
}

/// `0 → 1 → … → nodes - 1`.
pub fn chain(input: &mut Input, nodes: u32) {
    input.list("edge", (1..nodes).map(|node| (node - 1, node)).collect());
}

/// The complete binary tree of a depth, from parents to children.
pub fn tree(input: &mut Input, depth: u32) {
    input.list("edge", (1..(1 << depth) - 1).map(|child| ((child - 1) / 2, child)).collect());
}

/// A road graph: 114 600 places in districts, most of them on ways without branches and numbered along the way; a way
/// ends at a place of its district that is numbered before it, or nowhere. No cycles; the longest of the paths have
/// hundreds of edges.
pub fn roads(input: &mut Input) {
    const PLACES: u32 = 114_600;
    const DISTRICT: u32 = 500;
    let random = &mut input.random;
    let mut rows = Vec::new();
    for place in 1..PLACES {
        let first = place / DISTRICT * DISTRICT;
        let crossing = |rows: &mut Vec<(u32, u32)>, random: &mut Random| {
            // Few roads lead far.
            let from = if random.chance(0.005) { 0 } else { first };
            if place > from {
                rows.push((place, from + random.below(place - from)));
            }
        };
        if place > first && random.chance(0.9) {
            rows.push((place, place - 1));
        } else if random.chance(0.5) {
            crossing(&mut rows, random);
        }
        if random.chance(0.105) {
            crossing(&mut rows, random);
        }
    }
    input.set("edge", rows);
}

/// A social graph: 4 000 people in ten circles of very different size, each around one who knows all of it; within a
/// circle few know many. Edges lead from the lower number to the higher.
pub fn circles(input: &mut Input) {
    const CIRCLES: [(u32, u32); 10] = [
        (350, 2_900),
        (1_050, 27_000),
        (230, 3_300),
        (170, 1_700),
        (70, 200),
        (790, 14_000),
        (755, 30_000),
        (545, 5_000),
        (60, 150),
        (20, 60),
    ];
    let random = &mut input.random;
    let mut rows = Vec::new();
    let mut first = 0;
    for (people, ties) in CIRCLES {
        let known = Skewed::new(people, 60.0, 0.9);
        // Who knows many is not who comes first.
        let order = random.permutation(people);
        let mut person = || order[known.draw(random) as usize];
        let drawn: Vec<(u32, u32)> = (0..ties).map(|_| (person(), person())).collect();
        rows.extend(
            drawn.into_iter().filter(|(x, y)| x != y).map(|(x, y)| (first + x.min(y), first + x.max(y))),
        );
        rows.extend((1..people).map(|other| (first, first + other)));
        first += people;
    }
    // Few know people of other circles.
    rows.extend(uniform(random, first, 22).into_iter().map(|(x, y)| (x.min(y), x.max(y))));
    input.set("edge", rows);
}

/// 10⁶ edges over 10⁵ nodes of which few have very many, from the lower number to the higher.
pub fn hubs(input: &mut Input) {
    const NODES: u32 = 100_000;
    const EDGES: usize = 1_000_000;
    let random = &mut input.random;
    let popular = Skewed::new(NODES, 20.0, 0.75);
    let order = random.permutation(NODES);
    let node = |random: &mut Random| order[popular.draw(random) as usize];
    let mut rows: Vec<(u32, u32)> = (0..1_300_000)
        .map(|_| (node(random), node(random)))
        .filter(|(x, y)| x != y)
        .map(|(x, y)| (x.min(y), x.max(y)))
        .collect();
    rows.sort_unstable();
    rows.dedup();
    random.shuffle(&mut rows);
    rows.truncate(EDGES);
    input.set("edge", rows);
}
