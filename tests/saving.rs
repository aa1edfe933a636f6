//! Saving is old-or-new: a process killed at any instant leaves one of the two contents, whole.

#![cfg(unix)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use factlog::files::{Fingerprint, Project, replace};

const CHILD: &str = "FACTLOG_SAVING_CHILD";

/// Two contents of different lengths, long enough that writing one takes a while.
fn content(turn: usize) -> String {
    let fact =
        if turn.is_multiple_of(2) { "    Even(n: 2),\n" } else { "    Odd(number: 1, note: \"odd\"),\n" };
    format!("[\n{}]\n", fact.repeat(20_000 + 15_000 * (turn % 2)))
}

/// Not a test of its own: the process that `killed_writers…` starts and kills.
#[test]
fn child_writes_until_it_is_killed() {
    let Some(path) = env::var_os(CHILD).map(PathBuf::from) else { return };
    let contents = [content(0), content(1)];
    let until = Instant::now() + Duration::from_secs(20);
    let mut turn = usize::from(fs::read_to_string(&path).unwrap() == contents[0]);
    while Instant::now() < until {
        let old = Fingerprint::of(contents[1 - turn].as_bytes());
        replace(&path, &contents[turn], Some(old)).unwrap();
        turn = 1 - turn;
    }
}

#[test]
fn killed_writers_leave_the_old_file_or_the_new() {
    let trials: u64 = env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(100);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("facts/a.ron");
    fs::create_dir(dir.path().join("facts")).unwrap();
    let contents = [content(0), content(1)];
    fs::write(&path, &contents[0]).unwrap();
    let mut seen = [0u64; 2];
    for trial in 0..trials {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["child_writes_until_it_is_killed", "--exact", "--test-threads=1"])
            .env(CHILD, &path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        // A spread of instants (a Weyl sequence), reproducible and without a pattern.
        std::thread::sleep(Duration::from_micros(3_000 + (trial * 7_919) % 25_000));
        child.kill().unwrap();
        child.wait().unwrap();
        let now = fs::read_to_string(&path).unwrap();
        let which = contents.iter().position(|content| *content == now);
        seen[which.unwrap_or_else(|| panic!("trial {trial} left a torn file of {} bytes", now.len()))] += 1;
    }
    assert!(seen.iter().all(|&count| count > 0), "the writers never got to write: {seen:?}");
    only_one_fact_file(dir.path());
}

/// Whatever the killed writers left behind, a loader does not read it.
fn only_one_fact_file(root: &Path) {
    let project = Project::open(root, &mut factlog::base::SourceMap::new()).unwrap();
    assert_eq!(project.fact_files(true).unwrap(), [PathBuf::from("facts/a.ron")]);
}
