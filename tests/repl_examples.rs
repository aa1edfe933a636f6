//! The transcripts of `repl_examples/` say exactly what the REPL says.

use std::fs;
use std::path::{Path, PathBuf};

use factlog::repl;
use factlog::session::{Options, Session};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn transcripts() -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join("repl_examples")).unwrap();
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "repl"));
    paths.sort();
    paths
}

fn session() -> Session {
    let session = Session::open(Some(root()), Options::default()).map_err(|(diagnostic, _)| diagnostic);
    let session = session.unwrap();
    assert!(session.broken().is_empty(), "{:?}", session.broken());
    session
}

#[test]
fn every_transcript_is_what_a_person_would_see() {
    let paths = transcripts();
    assert!(paths.len() >= 12, "{paths:?}");
    let mut differing = Vec::new();
    for path in paths {
        let text = fs::read_to_string(&path).unwrap();
        let replay = repl::replay(session(), &text);
        if let Some(n) = replay.expected.lines().zip(replay.actual.lines()).position(|(a, b)| a != b) {
            let line = |text: &str| text.lines().nth(n).unwrap_or("").to_owned();
            let (expected, actual) = (line(&replay.expected), line(&replay.actual));
            differing.push(format!("{}:{}:\n  - {expected}\n  + {actual}", path.display(), n + 1));
        } else if !replay.agrees() {
            differing.push(format!("{}: one ends before the other", path.display()));
        }
    }
    assert!(differing.is_empty(), "`factlog test --bless` rewrites them:\n{}", differing.join("\n"));
}

#[test]
fn every_transcript_teaches_something() {
    for path in transcripts() {
        let text = fs::read_to_string(&path).unwrap();
        let inputs = text.lines().filter(|line| line.starts_with(repl::PROMPT)).count();
        assert!(text.starts_with("# ") && inputs >= 3, "{}", path.display());
        // A blank line would have to be output.
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{}", path.display());
    }
}
