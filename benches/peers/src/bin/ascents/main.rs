//! The workloads as ascent programs: `ascent!` for one thread, `ascent_par!` for more.

// Relations are named as in the program that all engines run, and the macros leave unused parts behind.
#![allow(non_snake_case, unused)]

mod workload;

mod analyses;
mod graphs;
mod more;
mod tables;

use factlog_peers::{Program, main_with};

const PROGRAMS: &[Program] = &[
    ("tc", graphs::tc::run),
    ("sg", graphs::sg::run),
    ("tri", graphs::tri::run),
    ("clq4", graphs::clq4::run),
    ("andersen", analyses::andersen::run),
    ("cspa", analyses::cspa::run),
    ("neg", tables::neg::run),
    ("load", tables::load::run),
    ("nonlinear", more::nonlinear::run),
    ("path_from", more::path_from::run),
    ("reach_one", more::reach_one::run),
    ("names", more::names::run),
    ("cousins", more::cousins::run),
    ("parity", more::parity::run),
    ("labels", more::labels::run),
    ("steps", more::steps::run),
    ("orders", more::orders::run),
    ("chain", more::chain::run),
    ("totals", more::totals::run),
    ("layers", more::layers::run),
    ("pentagon", more::pentagon::run),
    ("ontology", more::ontology::run),
    ("text", more::text::run),
    ("objects", more::objects::run),
];

fn main() {
    main_with(PROGRAMS);
}
