//! `generate OUT [NAME…]`: writes the inputs of the workloads below the folder OUT, one folder a workload, one
//! `RELATION.tsv` a relation. Equal on every machine; a folder that is there already is left as it is.

mod graphs;
mod more;
mod statements;
mod tables;

use std::path::{Path, PathBuf};

use factlog_peers::random::Random;
use factlog_peers::rows::{Row, write};

/// The folder an input is written to, and its own random numbers.
pub struct Input {
    folder: PathBuf,
    pub random: Random,
}

impl Input {
    /// Writes one relation in ascending order, each row once.
    pub fn set<R: Row + Ord>(&self, relation: &str, mut rows: Vec<R>) {
        rows.sort_unstable();
        rows.dedup();
        self.list(relation, rows);
    }

    /// Writes one relation as it is.
    pub fn list<R: Row>(&self, relation: &str, rows: Vec<R>) {
        write(&self.folder, &format!("{relation}.tsv"), rows);
    }
}

type Generator = fn(&mut Input);

const INPUTS: &[(&str, Generator)] = &[
    ("tc_rand", |input| graphs::random(input, 2000, 5000)),
    ("tc_chain", |input| graphs::chain(input, 2000)),
    ("tc_road", graphs::roads),
    ("tc_social", graphs::circles),
    ("sg_tree", |input| graphs::tree(input, 12)),
    ("sg_rand", |input| graphs::random(input, 2000, 4000)),
    ("andersen", statements::pointers),
    ("cspa_gen", statements::aliases),
    ("tri", graphs::hubs),
    ("neg", tables::groups_of_nodes),
    ("load", tables::two_tables),
    ("tiny", |input| graphs::chain(input, 21)),
    ("nonlinear", |input| graphs::random(input, 600, 960)),
    ("blocks", more::blocks),
    ("names", more::packages),
    ("cousins", more::family),
    ("parity", |input| graphs::random(input, 2000, 3800)),
    ("labels", more::kinds),
    ("steps", |input| graphs::random(input, 8000, 18000)),
    ("orders", more::shop),
    ("chain", more::four_tables),
    ("totals", more::sales),
    ("layers", more::game),
    ("pentagon", more::cycles),
    ("ontology", more::concepts),
    ("text", more::document),
    ("objects", more::classes),
];

fn main() {
    let mut arguments = std::env::args().skip(1);
    let Some(out) = arguments.next() else {
        eprintln!("usage: generate OUT [NAME…]");
        std::process::exit(2);
    };
    let wanted: Vec<String> = arguments.collect();
    for name in &wanted {
        if !INPUTS.iter().any(|(known, _)| known == name) {
            eprintln!("there is no input {name}");
            std::process::exit(2);
        }
    }
    for (name, generator) in INPUTS {
        if wanted.is_empty() || wanted.iter().any(|wanted| wanted == name) {
            make(Path::new(&out), name, *generator);
        }
    }
}

fn make(out: &Path, name: &str, generator: Generator) {
    let folder = out.join(name);
    if folder.exists() {
        return;
    }
    // Whole or not at all: what an interrupted run left is not taken for an input.
    let partial = out.join(format!("{name}.partial"));
    let _ = std::fs::remove_dir_all(&partial);
    let mut input = Input { folder: partial.clone(), random: Random::named(name) };
    generator(&mut input);
    std::fs::rename(&partial, &folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    println!("{}", folder.display());
}
