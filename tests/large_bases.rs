//! Large bases: what facts take in memory, and, where the texts of files are not kept, that their lines
//! are told from the files, or not at all where these have changed.

mod project;

use std::path::Path;

use factlog::base::Diagnostic;
use factlog::render::diagnostics::{DiagnosticFormat, DiagnosticStyle, render};
use factlog::session::{Options, Session};
use project::Project;

/// Facts of which one is far behind the first million bytes, and two contradict each other there.
fn project() -> (Project, usize) {
    let mut text = String::from("[\n");
    while text.len() < 1_200_000 {
        text.push_str(&format!("    Capital(country: \"c{0}\", city: \"ä{0}\"),\n", text.len()));
    }
    let line = text.lines().count() + 1;
    text.push_str("    Capital(country: \"Utopia\", city: \"Aircastle\"),\n");
    text.push_str("    Capital(country: \"Utopia\", city: \"Amaurot\"),\n]\n");
    let schema = ".decl Capital(country: symbol, city: symbol) key(country)\n";
    let project = Project::empty();
    project.write("rules/schema.dl", schema);
    project.write("facts/capitals.ron", &text);
    (project, line)
}

fn findings(session: &mut Session) -> Vec<Diagnostic> {
    let found = session.check(None).unwrap();
    found.into_iter().filter(|found| found.code == "FL422").collect()
}

#[test]
fn lines_are_read_again_unless_they_have_changed() {
    let (project, line) = project();
    for changed in [false, true] {
        let mut session = Session::open(Some(Path::new(&project.path(""))), Options::default())
            .map_err(|(diagnostic, _)| diagnostic)
            .unwrap();
        if changed {
            project.write("facts/capitals.ron", "[\n    Other(x: 1),\n]\n");
        }
        let found = findings(&mut session);
        let shown = render(&found, session.sources(), DiagnosticFormat::Full, DiagnosticStyle::default());
        assert!(shown.contains(&format!("facts/capitals.ron:{line}:5")), "{shown}");
        assert_eq!(shown.contains("city: \"Aircastle\""), !changed, "{shown}");
        assert_eq!(shown.contains("the file has changed since it was read"), changed, "{shown}");
    }
}

#[test]
fn facts_of_three_columns_take_less_than_a_hundred_bytes() {
    // Chains of ten links, as in `benches/growth`: eleven texts for ten facts.
    let bytes = |facts: usize| {
        let links = (0..facts).map(|fact| {
            let start = fact / 10 * 11 + fact % 10;
            format!(
                "    Link(a: \"n{start}\", b: \"n{}\", weight: {}, _at: \"L1\"),\n",
                start + 1,
                fact % 1000
            )
        });
        let project = Project::empty();
        project.write("rules/schema.dl", ".decl Link(a: symbol, b: symbol, weight: number)\n");
        project.write("facts/links.ron", &format!("[\n{}]\n", links.collect::<String>()));
        let session = Session::open(Some(Path::new(&project.path(""))), Options::default());
        let database_bytes = |session: Session| (session.database().len(), session.database().bytes());
        let (len, bytes) = database_bytes(session.map_err(|(diagnostic, _)| diagnostic).unwrap());
        assert_eq!(len, facts);
        bytes
    };
    let (few, many) = (bytes(30_000), bytes(60_000));
    assert!(few <= 100 * 30_000 && many <= 100 * 60_000, "{few} and {many} bytes");
    assert!(10 * many <= 21 * few, "{few} and {many} bytes");
}
