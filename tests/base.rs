//! The shipped base as its readers meet it: it loads, it is formatted, its checks find what the
//! reports deserve and nothing worse.

use std::collections::BTreeSet;
use std::process::{Command, Output};

fn factlog(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(["-C", env!("CARGO_MANIFEST_DIR")])
        .args(args)
        .output()
        .unwrap()
}

#[test]
fn check_passes_with_the_warnings_that_the_sources_deserve() {
    let output = factlog(&["check", "-f", "json"]);
    assert_eq!(output.status.code(), Some(0));
    let findings: Vec<serde_json::Value> = serde_json::from_slice(&output.stdout).unwrap();
    let of = |severity: &str| -> BTreeSet<&str> {
        findings
            .iter()
            .filter(|finding| finding["severity"] == severity)
            .map(|finding| finding["name"].as_str().unwrap())
            .collect()
    };
    assert_eq!(of("error"), BTreeSet::new());
    // Two reports bear no date; spellings differ; Reuters has the participants from an unnamed
    // source, of whom three are known by office alone.
    for expected in ["undated_report", "spelled_differently", "unnamed_alone"] {
        assert!(of("warning").contains(expected), "{expected}");
    }
    for finding in findings.iter().filter(|finding| finding["severity"] != "info") {
        let file = finding["file"].as_str().unwrap();
        assert!(file.starts_with("facts/"), "a finding points at a fact: {finding}");
    }
}

#[test]
fn every_file_is_in_normal_form() {
    let output = factlog(&["fmt", "--check"]);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn one_wrong_character_is_refused_with_place_caret_and_hint() {
    let dir = tempfile::tempdir().unwrap();
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["facts", "rules"] {
        std::fs::create_dir(dir.path().join(folder)).unwrap();
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let from = entry.unwrap().path();
            std::fs::copy(&from, dir.path().join(folder).join(from.file_name().unwrap())).unwrap();
        }
    }
    let file = dir.path().join("facts/xian_summit_2023_05_19.ron");
    let text = std::fs::read_to_string(&file).unwrap();
    let at = text.find("Attended(leader: \"tokayev\"").unwrap();
    let line = text[..at].lines().count();
    let broken = text.replacen("Attended(leader: \"tokayev\"", "Atended(leader: \"tokayev\"", 1);
    std::fs::write(&file, broken).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(["query", "Attended(leader: l)"])
        .current_dir(dir.path())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(output.stdout.is_empty(), "nothing is answered from half a base");
    let message = String::from_utf8(output.stderr).unwrap();
    for expected in
        [&format!("facts/xian_summit_2023_05_19.ron:{line}:9"), "^^^^^^^", "did you mean `Attended`?"]
    {
        assert!(message.contains(expected), "{expected} in\n{message}");
    }
}
