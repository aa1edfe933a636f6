//! The REPL as a program in a pipe: what goes where, how it ends, and that it goes on.

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

use factlog::base::Limits;
use factlog::session::{Error, Options, Session};
use tempfile::TempDir;

const RULES: &str = r#"
.decl Person(id: Person, name: symbol) key(id)
.decl Near(a: Person, b: Person)
"#;
const FACTS: &str = r#"[
    Person(id: "ann", name: "Ann"),
    Person(id: "bob", name: "Bob"),
    Near(a: "ann", b: "bob"),
]
"#;

fn project(rules: &str, facts: &str) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir_all(dir.path().join("rules")).unwrap();
    fs::create_dir_all(dir.path().join("facts")).unwrap();
    fs::write(dir.path().join("rules/schema.dl"), rules).unwrap();
    fs::write(dir.path().join("facts/a.ron"), facts).unwrap();
    dir
}

fn command(dir: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_factlog"));
    command.arg("-C").arg(dir).args(args).current_dir(dir);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

struct Done {
    out: String,
    err: String,
    status: i32,
}

fn done(output: Output) -> Done {
    Done {
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
        status: output.status.code().unwrap(),
    }
}

fn run(dir: &Path, args: &[&str], input: impl AsRef<[u8]>) -> Done {
    let mut child = command(dir, args).spawn().unwrap();
    // The program may end before it has read everything.
    let _ = child.stdin.take().unwrap().write_all(input.as_ref());
    done(child.wait_with_output().unwrap())
}

fn piped(input: impl AsRef<[u8]>) -> Done {
    run(project(RULES, FACTS).path(), &[], input)
}

#[test]
fn a_pipe_gives_answers_and_nothing_else() {
    let done = piped("Near(a: x, b: y)?\nPerson(id: \"ann\")?\n");
    assert_eq!((done.out.as_str(), done.err.as_str()), ("x,y\nann,bob\nyes\n", ""));
    assert_eq!(done.status, 0);
}

#[test]
fn the_first_failed_line_gives_the_status_and_the_others_run() {
    let done =
        piped("Nera(a: x)?\nPerson(id: \"ann\")?\n:set rows 10\nx in range(0, 100)?\nPerson(id: \"bob\")?\n");
    assert_eq!(done.out, "yes\nyes\n");
    assert!(done.err.contains("did you mean `Near`?"), "{}", done.err);
    assert_eq!(done.status, 2);
}

#[test]
fn a_limit_gives_status_3_and_the_session_goes_on() {
    let product = "Big(a: x, b: y) :- x in range(0, 5000), y in range(0, 5000).\n";
    for limit in [":set rows 1000", ":set seconds 0.05", ":set memory 64K"] {
        let done = piped(format!("{product}{limit}\nBig(a: x, b: y)?\nPerson(id: p)?\n"));
        assert_eq!((done.out.as_str(), done.status), ("p\nann\nbob\n", 3), "{limit}: {}", done.err);
        assert!(done.err.contains("error[FL9"), "{limit}: {}", done.err);
    }
}

#[test]
fn an_unfinished_input_is_submitted_by_the_end_or_by_a_blank_line() {
    let done = piped("Person(id: p),\n  Near(a: p)?\nPerson(id: p),\n\nPerson(id: \"bob\")?");
    assert_eq!(done.out, "p\nann\nyes\n");
    assert_eq!(done.status, 2);
    assert!(done.err.contains("error[FL1"), "{}", done.err);
}

#[test]
fn quit_ends_with_the_status_so_far() {
    let done = piped(":quit\nPerson(id: p)?\n");
    assert_eq!((done.out.as_str(), done.status), ("", 0));
    assert_eq!(piped(":nonsense\n:quit\n").status, 2);
}

#[test]
fn an_echo_is_a_transcript_that_replays() {
    let dir = project(RULES, FACTS);
    let input = "Person(id: p,\n  name: n)?\nNera(a: x)?\n+Near(a: \"bob\", b: \"ann\")\nNear(a: \"bob\")?\n:timer on\nNear(a: x, b: y)?\n";
    let done = run(dir.path(), &["repl", "--echo"], input);
    assert_eq!((done.err.as_str(), done.status), ("", 2));
    assert!(
        done.out.starts_with("factlog> Person(id: p,\n    ...>   name: n)?\n # │ p   │ n\n"),
        "{}",
        done.out
    );
    assert!(done.out.contains("2 rows\n") && !done.out.contains(" ms"), "{}", done.out);
    let session = Session::open(Some(dir.path()), Options::default()).map_err(|(d, _)| d).unwrap();
    let replay = factlog::repl::replay(session, &done.out);
    assert_eq!(replay.actual, done.out);
}

#[test]
fn a_broken_base_starts_refuses_and_is_mended_by_reload() {
    let dir = project(RULES, "[ Person(id: \"ann\" name: \"Ann\") ]");
    let mut child = command(dir.path(), &["repl", "--echo"]).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    writeln!(input, "Person(id: p)?").unwrap();
    writeln!(input, ":output {}", dir.path().join("mended.csv").display()).unwrap();
    writeln!(input, ":output off").unwrap();
    // What was written shows that the first lines have run.
    let until = Instant::now() + Duration::from_secs(30);
    while !dir.path().join("mended.csv").exists() {
        assert!(Instant::now() < until);
        std::thread::sleep(Duration::from_millis(20));
    }
    fs::write(dir.path().join("facts/a.ron"), FACTS).unwrap();
    writeln!(input, ":reload\nPerson(id: p)?").unwrap();
    drop(input);
    let done = done(child.wait_with_output().unwrap());
    let (before, after) = done.out.split_once("factlog> :reload\n").unwrap();
    assert!(before.contains("facts/a.ron:1:"), "{before}");
    assert!(before.contains("error[FL062]") && before.contains("`:reload`"), "{before}");
    assert!(after.starts_with("reloaded: 3 facts") && after.ends_with("2 rows\n"), "{after}");
    assert_eq!(done.status, 2);
}

#[test]
fn what_a_session_added_is_saved_and_loads_again() {
    let dir = project(RULES, FACTS);
    let saved = dir.path().join("mine.ron");
    let rules = dir.path().join("mine.dl");
    let input = format!(
        "+Person(id: \"eve\", name: \"E \\\"v\\\" e\", _conf: 0.5)\n-Near(a: \"ann\")\nP(x: x) :- Person(id: x).\n:save {}\n:save {}\n:save {}\n",
        saved.display(),
        rules.display(),
        saved.display(),
    );
    let done = run(dir.path(), &[], input);
    assert!(
        done.err.contains("saved 1 fact to") && done.err.contains("saved 1 definition to"),
        "{}",
        done.err
    );
    assert!(done.err.contains("1 retracted assertion cannot be saved"), "{}", done.err);
    // The third time there is a file already.
    assert!(done.err.contains("error[FL059]"), "{}", done.err);
    assert_eq!(done.status, 2);
    let text = fs::read_to_string(&saved).unwrap();
    assert_eq!(text, "[\n    Person(id: \"eve\", name: \"E \\\"v\\\" e\", _conf: 0.5),\n]\n");
    let input = format!(":load {}\n:load {}\nP(x: x)?\n", saved.display(), rules.display());
    let done = run(dir.path(), &[], input);
    assert_eq!((done.out.as_str(), done.status), ("x\nann\nbob\neve\n", 0), "{}", done.err);
}

#[test]
fn answers_go_to_a_file_in_its_format() {
    let dir = project(RULES, FACTS);
    let input = ":output out.json\nPerson(id: p)?\n:output off\nPerson(id: \"ann\")?\n";
    let done = run(dir.path(), &[], input);
    assert_eq!((done.out.as_str(), done.status), ("yes\n", 0), "{}", done.err);
    let text = fs::read_to_string(dir.path().join("out.json")).unwrap();
    assert_eq!(text.split_whitespace().collect::<String>(), r#"[{"p":"ann"},{"p":"bob"}]"#);
}

#[test]
fn a_failed_step_changes_nothing() {
    let done =
        piped("P(x: x) :- Person(id: y).\n+Near(a: \"ann\", b: 3)\n:undo\nP(x: x)?\nNear(a: x, b: y)?\n");
    assert!(done.err.contains("nothing to undo"), "{}", done.err);
    assert_eq!(done.out, "x,y\nann,bob\n");
}

#[test]
fn commands_of_other_tools_are_answered_with_ours() {
    let done = piped(".rules\n\\d\nexit\n:schem\n:mode jsno\n:limit x\n:rules Nera\n");
    for help in [
        "`:rules`?",
        "did you mean `:quit`?",
        "did you mean `:schema`?",
        "`json`",
        "usage: `:limit N|off`",
        "`Near`?",
    ] {
        assert!(done.err.contains(help), "{help}: {}", done.err);
    }
    assert_eq!(done.status, 2);
}

#[test]
fn bytes_that_are_no_text_are_refused_and_lines_may_end_in_crlf() {
    let done = piped(b"Person(id: \"\xff\")?\nPerson(id: \"ann\")?\r\n");
    assert_eq!((done.out.as_str(), done.status), ("yes\n", 2));
    assert!(done.err.contains("error[FL001]"), "{}", done.err);
}

#[test]
fn a_reader_that_has_enough_ends_it_quietly() {
    let dir = project(RULES, FACTS);
    let mut child = command(dir.path(), &[]).spawn().unwrap();
    drop(child.stdout.take());
    let _ = child.stdin.take().unwrap().write_all("x in range(0, 100000)?\n".repeat(5).as_bytes());
    let done = done(child.wait_with_output().unwrap());
    assert_eq!((done.err.as_str(), done.status), ("", 0));
}

#[test]
fn a_session_that_was_stopped_can_be_asked_again() {
    let mut session = Session::empty(Options::default());
    session.define(".decl N(n: number) N(n: x) :- x in range(0, 2000).").unwrap();
    let product = "N(n: a), N(n: b), N(n: c), N(n: d), a + b + c + d = 0 - 1";
    let token = session.cancel_token();
    let trials: u32 = std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(20);
    let mut waits = Vec::new();
    for _ in 0..trials {
        token.reset();
        let stopper = token.clone();
        let stopped = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(60));
            stopper.cancel();
            Instant::now()
        });
        assert_eq!(session.query(product).map(|_| ()), Err(Error::Cancelled));
        waits.push(stopped.join().unwrap().elapsed());
        token.reset();
        let (answer, _) = session.query("N(n: x), x < 3").unwrap();
        assert_eq!(answer.rows.len(), 3);
    }
    waits.sort();
    let late = waits[waits.len() * 99 / 100];
    assert!(late <= Duration::from_millis(100), "{late:?}");
    // Of all numbers, which are known by now, a limit counts only what the question makes of them.
    session.set_limits(Limits { rows: Some(100), ..Limits::none() });
    assert!(matches!(session.query("N(n: a), N(n: b)"), Err(Error::Limit(_))));
}

#[cfg(unix)]
#[test]
fn an_interrupt_stops_a_running_query_or_an_idle_pipe() {
    let dir = project(RULES, FACTS);
    let interrupt = |child: &std::process::Child| {
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
    };
    for input in
        ["a in range(0, 90000), b in range(0, 90000), c in range(0, 90000), a + b + c = 0 - 1?\n", ""]
    {
        let mut child = command(dir.path(), &[]).spawn().unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(input.as_bytes()).unwrap();
        std::thread::sleep(Duration::from_millis(600));
        interrupt(&child);
        let sent = Instant::now();
        let output = child.wait_with_output().unwrap();
        assert_eq!(output.status.code(), Some(130), "{input}");
        assert!(sent.elapsed() < Duration::from_secs(2), "{input}: {:?}", sent.elapsed());
        drop(stdin);
    }
}

#[test]
fn habits_of_elsewhere_are_told_what_to_write_instead() {
    let cases = [
        ("Near", "`Near(a:, b:)?`"),
        ("Nera?", "did you mean `Near(a:, b:)?`"),
        ("SELECT * FROM Near;", "no SQL"),
        (":exit", "did you mean `:quit`?"),
        (":describe Near", "did you mean `:schema`?"),
        ("Near(a: x", "is never closed"),
    ];
    for (line, told) in cases {
        let done = piped(line);
        assert!(done.err.contains(told) && done.status == 2, "{line}: {}", done.err);
    }
    // What the hint says can be asked.
    assert_eq!(piped("Near(a:, b:)?").out, "a,b\nann,bob\n");
    let query = run(project(RULES, FACTS).path(), &["query", "Near"], "");
    assert!(query.err.contains("`Near(a:, b:)?`"), "{}", query.err);
}

#[test]
fn a_switch_that_is_turned_over_says_how_it_stands() {
    let done = piped(":timer\n:timer\n:timer off\n:output\n:set demand\n");
    assert_eq!(
        (done.out.as_str(), done.status),
        ("timer on\ntimer off\nanswers go to the screen\ndemand off\n", 0)
    );
}

#[test]
fn help_of_a_command_ends_with_examples() {
    let done = piped(":help limit");
    assert!(done.out.starts_with(":limit N|off\n  show at most N rows of an answer\n"), "{}", done.out);
    assert!(done.out.ends_with("\n    :limit 50\n    :limit off\n"), "{}", done.out);
}

#[cfg(unix)]
#[test]
fn input_that_cannot_be_read_is_told_of() {
    let dir = project(RULES, FACTS);
    let folder = fs::File::open(dir.path()).unwrap();
    let done = done(command(dir.path(), &[]).stdin(folder).output().unwrap());
    assert_eq!((done.out.as_str(), done.status), ("", 2));
    assert!(done.err.contains("cannot read standard input"), "{}", done.err);
}

#[test]
fn facts_that_are_stated_already_are_told_from_new_ones() {
    let dir = project(RULES, FACTS);
    let saved = dir.path().join("none.ron");
    let input =
        format!(":save {}\n+Near(a: \"ann\", b: \"bob\")\n:load facts/a.ron\n:relations\n", saved.display());
    let done = run(dir.path(), &[], input);
    assert!(done.err.contains("nothing to save: no facts were added in this session"), "{}", done.err);
    assert!(!saved.exists());
    assert!(done.err.contains("asserted one fact more for a tuple that was stated before"), "{}", done.err);
    assert!(done.err.contains("asserted 3 facts, 0 tuples new"), "{}", done.err);
    assert!(done.out.contains("Near,1,0\nPerson,2,0\n"), "{}", done.out);
}

#[test]
fn files_are_loaded_without_a_project_too() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join("r.dl"), RULES).unwrap();
    fs::write(dir.path().join("f.ron"), FACTS).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_factlog"));
    child.current_dir(dir.path()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = child.spawn().unwrap();
    writeln!(child.stdin.take().unwrap(), ":load r.dl\n:load f.ron\nPerson(id: p)?\n:load g.ron").unwrap();
    let done = done(child.wait_with_output().unwrap());
    assert_eq!((done.out.as_str(), done.status), ("p\nann\nbob\n", 2), "{}", done.err);
    assert!(done.err.contains("there is no file or folder `g.ron`"), "{}", done.err);
}

#[test]
fn facts_of_a_misspelt_relation_are_told_its_name() {
    let done = piped(":facts Naer");
    assert!(done.err.contains("did you mean `Near`?") && done.status == 2, "{}", done.err);
}
