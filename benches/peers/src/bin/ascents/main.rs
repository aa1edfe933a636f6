//! The workloads as ascent programs: `ascent!` for one thread, `ascent_par!` for more.

// Relations are named as in the program that all engines run, and the macros leave unused parts behind.
#![allow(non_snake_case, unused)]

mod workload;

mod analyses;
mod graphs;
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
];

fn main() {
    main_with(PROGRAMS);
}
