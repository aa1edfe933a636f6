//! Points-to and alias analyses.

use datafrog::{Iteration, Relation};
use factlog_peers::{Counts, Job};

type Pair = (u32, u32);

fn turned(pairs: Vec<Pair>) -> Relation<Pair> {
    Relation::from_vec(pairs.into_iter().map(|(a, b)| (b, a)).collect())
}

pub fn andersen(job: &Job) -> Counts {
    // Each by the variable whose targets it needs first.
    let assigned_from = turned(job.read("assign"));
    let loaded_from = turned(job.read("load"));
    let stored_through: Relation<Pair> = Relation::from_vec(job.read("store"));

    let mut iteration = Iteration::new();
    let points = iteration.variable::<Pair>("points to");
    // (z, y): y gets all that z points to, because y = *x and x points to z.
    let loads = iteration.variable::<Pair>("loads");
    // (x, z): z gets all that x points to, because *y = x and y points to z.
    let stores = iteration.variable::<Pair>("stores");
    points.insert(Relation::from_vec(job.read("addressOf")));
    while iteration.changed() {
        points.from_join(&points, &assigned_from, |_, &x, &y| (y, x));
        loads.from_join(&points, &loaded_from, |_, &z, &y| (z, y));
        points.from_join(&loads, &points, |_, &y, &w| (y, w));
        stores.from_join(&points, &stored_through, |_, &z, &x| (x, z));
        points.from_join(&stores, &points, |_, &z, &w| (z, w));
    }
    vec![("pointsTo", points.complete().len())]
}

pub fn cspa(job: &Job) -> Counts {
    let assign: Vec<Pair> = job.read("Assign");
    let dereference: Relation<Pair> = Relation::from_vec(job.read("Dereference"));

    let mut iteration = Iteration::new();
    let flow = iteration.variable::<Pair>("value flow");
    let flow_to = iteration.variable::<Pair>("value flow, by its end");
    let memory = iteration.variable::<Pair>("memory alias");
    let value = iteration.variable::<Pair>("value alias");
    // (z, x): *y is x's place and y aliases z.
    let through = iteration.variable::<Pair>("through");
    // (w, x): x's source may be w's memory.
    let across = iteration.variable::<Pair>("across");

    flow.extend(assign.iter().copied());
    flow.extend(assign.iter().flat_map(|&(x, y)| [(x, x), (y, y)]));
    memory.extend(assign.iter().flat_map(|&(x, y)| [(x, x), (y, y)]));
    let assigned_from = turned(assign);
    while iteration.changed() {
        flow_to.from_map(&flow, |&(x, y)| (y, x));
        flow.from_join(&memory, &assigned_from, |_, &y, &x| (x, y));
        flow.from_join(&flow_to, &flow, |_, &x, &y| (x, y));
        through.from_join(&value, &dereference, |_, &z, &x| (z, x));
        memory.from_join(&through, &dereference, |_, &x, &w| (x, w));
        value.from_join(&flow, &flow, |_, &x, &y| (x, y));
        across.from_join(&flow, &memory, |_, &x, &w| (w, x));
        value.from_join(&across, &flow, |_, &x, &y| (x, y));
    }
    vec![
        ("ValueFlow", flow.complete().len()),
        ("MemoryAlias", memory.complete().len()),
        ("ValueAlias", value.complete().len()),
    ]
}
