//! Programs beyond the twelve.

use datafrog::{Iteration, Relation, RelationLeaper};
use factlog_peers::names::Name;
use factlog_peers::{Counts, Job};
use rustc_hash::FxHashMap;

use crate::closure::{closure, generations};

type Pair = (u32, u32);

pub fn nonlinear(job: &Job) -> Counts {
    let edges: Vec<Pair> = job.read("edge");
    let mut iteration = Iteration::new();
    let path = iteration.variable::<Pair>("path");
    let path_to = iteration.variable::<Pair>("path, by its end");
    path.insert(Relation::from_vec(edges));
    while iteration.changed() {
        path_to.from_map(&path, |&(x, y)| (y, x));
        path.from_join(&path_to, &path, |_, &x, &z| (x, z));
    }
    vec![("path", path.complete().len())]
}

fn reached(edges: Vec<Pair>, start: u32) -> Relation<(u32, ())> {
    let edge = Relation::from_vec(edges);
    let mut iteration = Iteration::new();
    let reach = iteration.variable::<(u32, ())>("reach");
    reach.insert(vec![(start, ())].into());
    while iteration.changed() {
        reach.from_join(&reach, &edge, |_, (), &y| (y, ()));
    }
    reach.complete()
}

pub fn reach_one(job: &Job) -> Counts {
    vec![("reach", reached(job.read("edge"), 7).len())]
}

pub fn path_from(job: &Job) -> Counts {
    let edges: Vec<Pair> = job.read("edge");
    let edge = Relation::from_vec(edges);
    let mut iteration = Iteration::new();
    // Only from the node that is asked for.
    let goal = iteration.variable::<(u32, ())>("goal");
    let first = edge.partition_point(|&(x, _)| x < 7);
    goal.extend(edge[first..].iter().take_while(|&&(x, _)| x == 7).map(|&(_, y)| (y, ())));
    while iteration.changed() {
        goal.from_join(&goal, &edge, |_, (), &y| (y, ()));
    }
    vec![("goal", goal.complete().len())]
}

pub fn names(job: &Job) -> Counts {
    vec![("needs", closure::<Name>(job.read("depends")))]
}

pub fn cousins(job: &Job) -> Counts {
    let parents: Vec<(Name, Name)> = job.read("parent");
    vec![("cousin", generations(parents.into_iter().map(|(child, parent)| (parent, child)).collect()))]
}

pub fn parity(job: &Job) -> Counts {
    let edges: Vec<Pair> = job.read("edge");
    let mut iteration = Iteration::new();
    let odd = iteration.variable::<Pair>("odd");
    let even = iteration.variable::<Pair>("even");
    odd.extend(edges.iter().map(|&(x, y)| (y, x)));
    let edge = Relation::from_vec(edges);
    while iteration.changed() {
        odd.from_join(&even, &edge, |_, &x, &z| (z, x));
        even.from_join(&odd, &edge, |_, &x, &z| (z, x));
    }
    vec![("odd", odd.complete().len()), ("even", even.complete().len())]
}

pub fn labels(job: &Job) -> Counts {
    let edges: Vec<(u32, u32, u32)> = job.read("edge");
    let leads: Relation<Pair> = Relation::from_vec(job.read("leads"));
    let mut iteration = Iteration::new();
    // Keyed by kind and end.
    let path = iteration.variable::<(Pair, u32)>("path");
    path.extend(edges.iter().map(|&(kind, x, y)| ((kind, y), x)));
    let edge: Relation<(Pair, u32)> = edges.into_iter().map(|(kind, x, y)| ((kind, x), y)).collect();
    while iteration.changed() {
        path.from_join(&path, &edge, |&(kind, _), &x, &z| ((kind, z), x));
        path.from_leapjoin(&path, leads.extend_with(|&((kind, _), _)| kind), |&((_, y), x), &other| {
            ((other, y), x)
        });
    }
    vec![("path", path.complete().len())]
}

pub fn steps(job: &Job) -> Counts {
    let edges: Vec<Pair> = job.read("edge");
    let mut iteration = Iteration::new();
    let walk = iteration.variable::<(u32, Pair)>("walk");
    walk.extend(edges.iter().map(|&(x, y)| (y, (x, 1))));
    let edge = Relation::from_vec(edges);
    while iteration.changed() {
        walk.from_leapjoin(
            &walk,
            (datafrog::PrefixFilter::from(|&(_, (_, n)): &(u32, Pair)| n < 8), edge.extend_with(|&(y, _)| y)),
            |&(_, (x, n)), &z| (z, (x, n + 1)),
        );
    }
    vec![("walk", walk.complete().len())]
}

pub fn orders(job: &Job) -> Counts {
    let here = |rows: Vec<Pair>| -> Relation<(u32, ())> {
        rows.into_iter().filter(|&(_, region)| region == 3).map(|(who, _)| (who, ())).collect()
    };
    let suppliers = here(job.read("supplier"));
    let customers = here(job.read("customer"));
    let by_supplier: Relation<Pair> =
        job.read("offer").into_iter().map(|(part, supplier): Pair| (supplier, part)).collect();
    let offers: Relation<Pair> = Relation::from_join(&suppliers, &by_supplier, |&s, (), &part| (part, s));
    let by_customer: Relation<Pair> =
        job.read("placed").into_iter().map(|(order, customer): Pair| (customer, order)).collect();
    let orders: Relation<Pair> = Relation::from_join(&customers, &by_customer, |&c, (), &order| (order, c));
    // Lines of such orders, by their parts.
    let lines: Relation<Pair> = Relation::from_vec(job.read("line"));
    let parts: Relation<Pair> = Relation::from_join(&lines, &orders, |_, &part, &c| (part, c));
    let local: Relation<Pair> = Relation::from_join(&parts, &offers, |_, &c, &s| (c, s));
    vec![("local", local.len())]
}

pub fn pentagon(job: &Job) -> Counts {
    let edge: Relation<Pair> = Relation::from_vec(job.read("edge"));
    let two: Relation<(u32, u32, u32)> =
        Relation::from_leapjoin(&edge, edge.extend_with(|&(_, b)| b), |&(a, b), &c| (a, b, c));
    let three: Relation<(u32, u32, u32, u32)> =
        Relation::from_leapjoin(&two, edge.extend_with(|&(_, _, c)| c), |&(a, b, c), &d| (a, b, c, d));
    let five: Relation<(u32, u32, u32, u32, u32)> = Relation::from_leapjoin(
        &three,
        (edge.extend_with(|&(a, _, _, _)| a), edge.extend_with(|&(_, _, _, d)| d)),
        |&(a, b, c, d), &e| (a, b, c, d, e),
    );
    vec![("five", five.len())]
}

/// By hash maps, with no engine: there is nothing in it for datafrog to do.
pub fn totals(job: &Job) -> Counts {
    let mut total: FxHashMap<u32, u32> = FxHashMap::default();
    let mut item: FxHashMap<Pair, (u32, u32)> = FxHashMap::default();
    for (_, shop, sold, amount) in job.read::<(u32, u32, u32, u32)>("sale") {
        *total.entry(shop).or_default() += amount;
        let (best, often) = item.entry((shop, sold)).or_default();
        *best = amount.max(*best);
        *often += 1;
    }
    let often = item.values().filter(|(_, often)| *often > 3).count();
    let mut sums: Vec<u32> = total.values().copied().collect();
    sums.sort_unstable();
    let rank = |sum: &u32| sums.len() - sums.partition_point(|other| other <= sum);
    let ranked: Vec<(u32, usize)> = total.iter().map(|(shop, sum)| (*shop, rank(sum))).collect();
    vec![("total", total.len()), ("best", item.len()), ("often", often), ("rank", ranked.len())]
}
