//! Chains as long as a project can make them: rules that build on one another, sources that pass one
//! another on. Nothing recurses as deep as they are long, and time grows with their length.

mod project;

use std::fmt::Write;
use std::path::Path;
use std::time::Instant;

use factlog::session::{Options, Session};
use project::Project;

fn open(project: &Project) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), Options::default());
    let session = opened.map_err(|(diagnostic, _)| diagnostic).unwrap();
    assert_eq!(session.broken(), []);
    session
}

/// Seconds to load `length` rules in a row and to ask for the last relation.
fn rules(length: usize) -> f64 {
    let project = Project::empty();
    let mut text = String::from(".decl P0(x: number)\nP0(7).\n");
    (1..length).for_each(|n| writeln!(text, "P{n}(x) :- P{}(x).", n - 1).unwrap());
    project.write("rules/a.dl", &text);
    let started = Instant::now();
    let mut session = open(&project);
    let (answer, _) = session.query(&format!("P{}(x)", length - 1)).unwrap();
    assert_eq!(answer.rows.len(), 1);
    started.elapsed().as_secs_f64()
}

#[test]
fn rules_that_build_on_one_another() {
    let (short, long) = (rules(2_000).min(rules(2_000)), rules(8_000));
    // Four times the rules; quadratic growth would be sixteenfold.
    assert!(long < 10.0 * short + 0.5, "{short} s for 2000, {long} s for 8000");
}

#[test]
fn sources_that_pass_one_another_on() {
    let project = Project::empty();
    let mut text = String::from("[Source(id: \"s0\", publisher: \"p\"),\n");
    (1..60_000).for_each(|n| {
        writeln!(text, "Source(id: \"s{n}\", publisher: \"p\", based_on: [\"s{}\"]),", n - 1).unwrap();
    });
    project.write("facts/a.ron", &(text + "]"));
    assert_eq!(open(&project).check(None).unwrap(), []);
}
