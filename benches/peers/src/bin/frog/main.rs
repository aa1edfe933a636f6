//! The workloads written by hand for datafrog, each relation keyed as its joins want it; one thread.

mod cliques;
mod closure;
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
];

fn main() {
    main_with(PROGRAMS);
}
