//! Tables: groups, keys, and rows to load.

use crate::Input;

/// A graph of 10⁶ nodes in 1 000 groups, 2·10⁶ edges, 20 sources.
pub fn groups_of_nodes(input: &mut Input) {
    const NODES: u32 = 1_000_000;
    let random = &mut input.random;
    let edges: Vec<(u32, u32)> = (0..2 * NODES).map(|_| (random.below(NODES), random.below(NODES))).collect();
    let groups: Vec<(u32, u32)> = (0..NODES).map(|node| (node, random.below(1000))).collect();
    let sources: Vec<(u32,)> = random.permutation(NODES).into_iter().take(20).map(|node| (node,)).collect();
    input.set("edge", edges);
    input.list("grp", groups);
    input.list("node", (0..NODES).map(|node| (node,)).collect());
    input.set("source", sources);
}

/// 5·10⁶ rows in no order, of which one in ten joins one of 10⁴.
pub fn two_tables(input: &mut Input) {
    const KEYS: u32 = 100_000;
    let random = &mut input.random;
    let mut large: Vec<(u32, u32)> =
        (0..5_000_000).map(|_| (random.below(50_000_000), random.below(KEYS))).collect();
    large.sort_unstable();
    large.dedup();
    random.shuffle(&mut large);
    let small = random.permutation(KEYS).into_iter().take(10_000).collect::<Vec<_>>();
    let small: Vec<(u32, u32)> = small.into_iter().map(|key| (key, random.below(1000))).collect();
    input.list("r", large);
    input.list("s", small);
}
