//! Negation, counting, and a join whose result is written.

use datafrog::{Iteration, Relation, RelationLeaper};
use factlog_peers::rows::write;
use factlog_peers::{Counts, Job};

type Pair = (u32, u32);

pub fn reached_or_not(job: &Job) -> Counts {
    let edge: Relation<Pair> = Relation::from_vec(job.read("edge"));
    let mut iteration = Iteration::new();
    let reach = iteration.variable::<(u32, ())>("reach");
    reach.extend(job.read("source").into_iter().map(|(x,): (u32,)| (x, ())));
    while iteration.changed() {
        reach.from_join(&reach, &edge, |_, (), &y| (y, ()));
    }
    let reach = reach.complete();

    // `Relation::from_antijoin` of this version finds nothing; both sides are in order, so one pass does it.
    let nodes: Relation<(u32,)> = Relation::from_vec(job.read("node"));
    let mut rest = reach.iter().map(|&(x, ())| x).peekable();
    let unreached = nodes.iter().filter(|&&(x,)| {
        while rest.next_if(|&next| next < x).is_some() {}
        rest.peek() != Some(&x)
    });
    let unreached = unreached.count();

    let group: Relation<Pair> = Relation::from_vec(job.read("grp"));
    let by_group: Relation<Pair> = Relation::from_join(&reach, &group, |&x, (), &g| (g, x));
    let counts: Relation<Pair> =
        by_group.chunk_by(|a, b| a.0 == b.0).map(|rows| (rows[0].0, rows.len() as u32)).collect();
    vec![("reach", reach.len()), ("unreached", unreached), ("cnt", counts.len())]
}

pub fn join_and_write(job: &Job) -> Counts {
    let small: Relation<Pair> = Relation::from_vec(job.read("s"));
    let large: Vec<Pair> = job.read("r");
    // Only what joins need be put in order: the small side is asked for each row of the large one.
    let large = Relation { elements: large };
    let joined: Relation<Pair> =
        Relation::from_leapjoin(&large, small.extend_with(|&(_, b)| b), |&(a, _), &c| (a, c));
    write(&job.output, "out.csv", joined.iter().copied());
    Vec::new()
}
