//! The stored inputs of the fuzz targets, replayed whole: through the parsers and through a
//! session. Nothing panics and nothing hangs on any bytes.

mod project;

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use factlog::base::{FileId, Limits};
use factlog::session::{Options, Session, fault};
use factlog::syntax::{datalog, ron};
use project::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn cases(default: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn corpus(target: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    assert!(!paths.is_empty());
    paths
}

fn limits() -> Limits {
    Limits {
        rows: Some(200_000),
        rounds: Some(1_000),
        time: Some(Duration::from_secs(5)),
        memory: Some(256 << 20),
    }
}

fn session() -> (Project, Session) {
    let project = Project::small();
    let opened = Session::open(Some(Path::new(&project.path(""))), Options::default());
    let mut session = opened.map_err(|(diagnostic, _)| diagnostic).unwrap();
    session.set_limits(limits());
    (project, session)
}

/// Everything that a session can be asked to do with a text.
fn exercise(session: &mut Session, text: &str) {
    let started = Instant::now();
    let done = fault::catch(|| {
        let _ = session.line(text);
        let _ = session.query(text);
        let _ = session.assert(text);
        let _ = session.retract(text);
        let _ = session.define(text);
        let _ = session.explain_plan(text);
        let _ = session.check(None);
        let _ = session.run(&[], false);
        while session.undo().is_some() {}
    });
    assert!(done.is_ok(), "{text:?}: {}", done.unwrap_err());
    assert!(started.elapsed() < Duration::from_secs(60), "{:?} for {text:?}", started.elapsed());
    let (answer, _) = session.query("n = count : { N(n: _) }").unwrap();
    assert_eq!(answer.rows.len(), 1, "after {text:?}");
}

#[test]
fn fact_files() {
    for path in corpus("ron") {
        let bytes = std::fs::read(&path).unwrap();
        if let Ok(text) = ron::decode("input", &bytes) {
            let parsed = ron::parse(FileId(0), text);
            let _ = ron::print(&parsed.tree, &ron::NoSchema);
        }
        let (project, mut session) = session();
        std::fs::write(project.path("input.ron"), &bytes).unwrap();
        let path = project.path("input.ron");
        let done = fault::catch(|| session.load_facts(Path::new(&path)).is_ok());
        assert!(done.is_ok(), "{path}: {}", done.unwrap_err());
        std::fs::write(project.path("facts/input.ron"), &bytes).unwrap();
        assert!(fault::catch(|| session.reload().is_ok()).is_ok());
    }
}

#[test]
fn rule_files() {
    let (project, mut session) = session();
    for path in corpus("datalog") {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        let _ = datalog::parse_program(FileId(0), &text);
        exercise(&mut session, &text);
        std::fs::write(project.path("rules/input.dl"), &bytes).unwrap();
        assert!(fault::catch(|| session.reload().is_ok()).is_ok(), "{}", path.display());
        std::fs::remove_file(project.path("rules/input.dl")).unwrap();
        session.reload().unwrap();
        session.set_limits(limits());
    }
}

#[test]
fn lines_of_the_prompt() {
    let (_project, mut session) = session();
    for path in corpus("repl_line") {
        let bytes = std::fs::read(&path).unwrap();
        let text = String::from_utf8_lossy(&bytes);
        exercise(&mut session, &text);
        text.lines().for_each(|line| exercise(&mut session, line));
    }
}

fn run<T: std::fmt::Debug>(default: u32, strategy: impl Strategy<Value = T>, test: impl Fn(&mut Session, T)) {
    let config = Config {
        cases: cases(default),
        failure_persistence: None,
        max_shrink_iters: 500,
        ..Config::default()
    };
    let session = std::cell::RefCell::new(session());
    TestRunner::new(config)
        .run(&strategy, |value| {
            test(&mut session.borrow_mut().1, value);
            Ok(())
        })
        .unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn any_bytes_as_a_line() {
    run(1_000, proptest::collection::vec(any::<u8>(), 0..60), |session, bytes| {
        exercise(session, &String::from_utf8_lossy(&bytes));
    });
}

#[test]
fn any_tokens_as_a_line() {
    let tokens: Vec<&str> = "
        Attended( Person( N( P( leader: summit: id: n: name: on: role: _src: _status: _conf \"ann\" \"xian\" x y _
        1 0 -1 9223372036854775807 1.5 d\"2023-05\" d\"2023/..\" nil true Host Planned ) , . ; ! not ( [ ] { }
        = != < <= >= + - * / % ^ in :- ?- ? count sum min max mean list concat : : { } order by desc limit possibly(
        within( overlaps( match( contains( cat( range( year( to_string( .decl .enum .type .output .printsize key(
        deny warn \"{x}\" as @label( @assume( under ( band bnot lor $ number symbol date
    "
    .split_whitespace()
    .collect();
    let soup = proptest::collection::vec(proptest::sample::select(tokens), 1..25);
    run(1_500, soup, |session, tokens| exercise(session, &tokens.join(" ")));
}

#[test]
fn damaged_lines() {
    // Whole lines, most of which do something, with a piece replaced by a piece of another.
    let lines: Vec<&str> = vec![
        "Attended(leader: l, summit: s, on: d), Person(id: l, name: n), d > d\"2022\" order by n desc limit 3?",
        "P(x: x, y: y) :- N(n: x), N(n: y), x < y, !N(n: x + y).",
        "P(x: x, y: z) :- P(x: x, y: y), P(x: y, y: z).",
        "Q(n: n, l: l) :- n = count : { N(n: _) }, l = list x : { N(n: x), x > 35 }.",
        "+Attended(leader: \"cem\", summit: \"xian\", role: Host, on: \"2023-05\", _src: \"s\", _by: [\"a\", \"b\"])",
        "-Attended(leader: \"ann\", summit: _, _status: Held)",
        "deny d \"{x} {y}\" :- N(n: x), N(n: y), x = y + 1, y > 37.",
        ".decl R(a: number, b: [symbol], c: date?, d: float = 1.5) key(a)",
        "x in range(0, 20), y = x * x % 7, z = cat(to_string(x), \"é\"), contains(\"1\", z)?",
        "Attended(leader: l, summit: s, _status >= Planned, _src: q), !(Person(id: l) ; N(n: 1)), q != nil",
        "d = max t : { Attended(on: t) }, possibly(d < d\"2024\"), within(d, d\"2023\"), m = month(d)",
    ];
    let cut = (proptest::sample::select(lines.clone()), proptest::sample::select(lines), any::<[u16; 4]>());
    run(1_500, cut, |session, (line, other, at)| {
        let floor = |text: &str, at: u16| {
            let at = at as usize % (text.len() + 1);
            (0..=at).rev().find(|at| text.is_char_boundary(*at)).unwrap()
        };
        let (a, b) = (floor(line, at[0]), floor(line, at[1]));
        let (c, d) = (floor(other, at[2]), floor(other, at[3]));
        let piece = &other[c.min(d)..c.max(d)];
        exercise(session, &format!("{}{piece}{}", &line[..a.min(b)], &line[a.max(b)..]));
        exercise(session, &format!("{}{}", &line[..a.min(b)], &line[a.max(b)..]));
    });
}
