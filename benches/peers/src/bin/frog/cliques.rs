//! Cyclic bodies, by leapjoin.

use datafrog::{Relation, RelationLeaper};
use factlog_peers::{Counts, Job};

type Pair = (u32, u32);
type Triple = (u32, u32, u32);

fn corners(edge: &Relation<Pair>) -> Relation<Triple> {
    Relation::from_leapjoin(
        edge,
        (edge.extend_with(|&(x, _)| x), edge.extend_with(|&(_, y)| y)),
        |&(x, y), &z| (x, y, z),
    )
}

pub fn triangles(job: &Job) -> Counts {
    let edge = Relation::from_vec(job.read("edge"));
    vec![("tri", corners(&edge).len())]
}

pub fn four_cliques(job: &Job) -> Counts {
    let edge = Relation::from_vec(job.read("edge"));
    let triangles = corners(&edge);
    let cliques: Relation<(u32, u32, u32, u32)> = Relation::from_leapjoin(
        &triangles,
        (
            edge.extend_with(|&(x, _, _)| x),
            edge.extend_with(|&(_, y, _)| y),
            edge.extend_with(|&(_, _, z)| z),
        ),
        |&(x, y, z), &u| (x, y, z, u),
    );
    vec![("clq", cliques.len())]
}
