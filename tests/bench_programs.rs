//! The programs that `benches/run` measures, on inputs small enough to work the counts out by hand.

use std::path::{Path, PathBuf};
use std::process::Command;

/// A program below `benches/programs`, its input as `relation: row; row`, and what it prints.
const CASES: &[(&str, &str, &str)] = &[
    ("tc", "edge: 1 2; 2 3", "tc 3"),
    ("sg", "edge: 1 2; 1 3; 2 4; 3 5", "sg 4"),
    // v1 = &v10, v3 = &v11, v2 = v1, *v2 = v3, v4 = *v1: so v10 and v4 point to v11.
    ("andersen", "addressOf: 1 10; 3 11\nassign: 2 1\nstore: 2 3\nload: 4 1", "pointsTo 5"),
    ("cspa", "Assign: 1 2\nDereference: 1 5; 2 6", "ValueFlow 3, MemoryAlias 6, ValueAlias 4"),
    ("tri", "edge: 1 2; 2 3; 1 3; 3 4", "tri 1"),
    ("clq4", "edge: 1 2; 1 3; 1 4; 2 3; 2 4; 3 4; 4 5", "clq 1"),
    ("neg", "edge: 1 2\nnode: 1; 2; 3\nsource: 1\ngrp: 1 10; 2 10; 3 11", "reach 2, unreached 1, cnt 1"),
    ("more/nonlinear", "edge: 1 2; 2 3; 3 4", "path 6"),
    ("more/path_from", "edge: 1 7; 7 8; 8 9; 3 4", "goal 2"),
    ("more/reach_one", "edge: 1 7; 7 8; 8 9; 3 4", "reach 3"),
    ("more/names", "depends: app lib; lib core; ärger core", "needs 4"),
    ("more/cousins", "parent: b a; c a; d b; e c", "cousin 4"),
    // Around a cycle of three any two are connected by a path of either parity.
    ("more/parity", "edge: 1 2; 2 3; 3 1", "odd 9, even 9"),
    ("more/labels", "edge: 0 1 2; 1 2 3\nleads: 0 1", "path 4"),
    ("more/steps", "edge: 1 2; 2 3", "walk 3"),
    (
        "more/orders",
        "line: 1 100; 2 100\noffer: 100 200\nplaced: 1 50; 2 51\nsupplier: 200 3\ncustomer: 50 3; 51 4",
        "local 1",
    ),
    ("more/chain", "a: 1 2\nb: 2 3\nc: 3 4\nd: 4 5; 4 6\npick: 5", "ends 1"),
    (
        "more/totals",
        "sale: 1 1 1 10; 2 1 1 10; 3 1 1 5; 4 1 1 7; 5 2 3 25",
        "total 2, best 2, often 1, rank 2",
    ),
    // 3 and 5 are lost, 2 wins by moving to 3, so 1 is lost and 4 wins; 6 moves to itself for ever.
    (
        "more/layers",
        "step: 1 2; 2 3; 4 1; 6 6\nposition: 1; 2; 3; 4; 5; 6",
        "won1 1, won2 1, won3 0, undecided 1",
    ),
    ("more/pentagon", "edge: 1 2; 2 3; 3 4; 4 5; 1 5", "five 1"),
    (
        "more/ontology",
        "told: 1 2; 2 3; 4 4\nhas: 3 0 4; 4 7 6\nimplies: 4 0 9\nboth: 2 3 8\nwider: 0 5\nchained: 0 7 1",
        "is 8, some 10",
    ),
    // The second child of an insertion stands before the first; here it is removed.
    ("more/text", "insert: 1 0 0 0; 2 0 1 0; 3 1 1 0\nremove: 3 1", "follows 3, shown 1"),
    (
        "more/objects",
        "entry: 1\nalloc: 10 100 1; 11 101 1\nclass: 100 20; 101 21\ncall: 10 7 500 1\nlookup: 20 7 2\n\
         this: 2 30\nformal: 2 0 31\nactual: 500 0 11\ncopy: 32 31\nstores: 30 5 32\nloads: 33 30 5",
        "points 6, field 1, target 1, reachable 2",
    ),
];

fn programs() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/programs")
}

/// Runs a program on an input; gives what it printed as `relation count, relation count`.
fn run(program: &str, input: &str, folder: &Path) -> String {
    for relation in input.lines() {
        let (name, rows) = relation.split_once(": ").expect("a name and rows");
        let text: String = rows.split("; ").map(|row| row.replace(' ', "\t") + "\n").collect();
        std::fs::write(folder.join(format!("{name}.tsv")), text).expect("the input is written");
    }
    let output = Command::new(env!("CARGO_BIN_EXE_factlog"))
        .arg("souffle")
        .arg(programs().join(format!("{program}.dl")))
        .arg("-F")
        .arg(folder)
        .arg("-D")
        .arg(folder)
        .output()
        .expect("factlog runs");
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    printed.lines().map(|line| line.replace('\t', " ")).collect::<Vec<_>>().join(", ")
}

#[test]
fn every_program_counts_what_it_should() {
    for (program, input, counts) in CASES {
        let folder = tempfile::tempdir().expect("a folder");
        assert_eq!(run(program, input, folder.path()), *counts, "{program}");
    }
}

#[test]
fn the_program_that_writes_joins_and_writes() {
    let folder = tempfile::tempdir().expect("a folder");
    assert_eq!(run("load", "r: 1 5; 2 6; 3 5\ns: 5 9; 7 4", folder.path()), "");
    let written = std::fs::read_to_string(folder.path().join("out.csv")).expect("the result");
    let mut lines: Vec<&str> = written.lines().collect();
    lines.sort_unstable();
    assert_eq!(lines, ["1\t9", "3\t9"]);
}

#[test]
fn no_program_is_without_a_case() {
    let mut found = Vec::new();
    for (folder, prefix) in [(programs(), ""), (programs().join("more"), "more/")] {
        for entry in std::fs::read_dir(folder).expect("the programs").flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            found.extend(name.strip_suffix(".dl").map(|name| format!("{prefix}{name}")));
        }
    }
    let without: Vec<&String> = found
        .iter()
        .filter(|name| *name != "load" && !CASES.iter().any(|(case, _, _)| case == name))
        .collect();
    assert!(without.is_empty(), "{without:?}");
    assert!(found.len() > 20, "{found:?}");
}
