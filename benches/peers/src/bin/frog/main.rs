//! The workloads written by hand for datafrog, each relation keyed as its joins want it; one thread.

mod cliques;
mod closure;
mod more;
mod pointers;
mod tables;

use factlog_peers::{Program, main_with};

const PROGRAMS: &[Program] = &[
    ("tc", closure::transitive),
    ("sg", closure::same_generation),
    ("andersen", pointers::andersen),
    ("cspa", pointers::cspa),
    ("tri", cliques::triangles),
    ("clq4", cliques::four_cliques),
    ("neg", tables::reached_or_not),
    ("load", tables::join_and_write),
    ("nonlinear", more::nonlinear),
    ("reach_one", more::reach_one),
    ("path_from", more::path_from),
    ("names", more::names),
    ("cousins", more::cousins),
    ("parity", more::parity),
    ("labels", more::labels),
    ("steps", more::steps),
    ("orders", more::orders),
    ("pentagon", more::pentagon),
    ("totals", more::totals),
];

fn main() {
    main_with(PROGRAMS);
}
