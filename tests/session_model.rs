//! A session equals its model: after every step of a random sequence (assert, retract, rules,
//! declarations, files, undo, reload, steps that fail, queries) it answers and finds what a fresh
//! session does over files that hold the same facts and rules. The session goes by demand and keeps what
//! it has derived, the fresh one does neither.

mod project;
mod steps;

use std::cell::RefCell;
use std::collections::HashMap;
use std::path::Path;

use factlog::base::Diagnostic;
use factlog::session::{Change, Error, Options, Session};
use project::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use steps::{Fact, Op, Pattern, QUERIES, State, base_state};

fn cases(default: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(default)
}

fn open(project: &Project, options: Options) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), options);
    opened.map_err(|(diagnostic, _)| diagnostic).unwrap()
}

fn codes(error: &Error) -> String {
    let mut codes: Vec<&str> = error.diagnostics().iter().map(|found| found.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    format!("refused: {}", codes.join(" "))
}

/// Everything that can be asked of a session, as text.
fn observe(session: &mut Session) -> Vec<String> {
    let mut seen = Vec::new();
    for query in QUERIES {
        let said = match session.query(query) {
            Ok((answer, _)) => {
                let rows: Vec<String> = answer.rows.iter().map(|row| format!("{row:?}")).collect();
                format!("{:?}\n    {}", answer.columns, rows.join("\n    "))
            }
            Err(error) => codes(&error),
        };
        seen.push(format!("{query}: {said}"));
    }
    seen.push(match session.check(None) {
        Ok(found) => {
            let line = |found: &Diagnostic| format!("{:?}[{}] {}", found.severity, found.code, found.message);
            let mut lines: Vec<String> = found.iter().map(line).collect();
            lines.sort();
            format!("findings:\n    {}", lines.join("\n    "))
        }
        Err(error) => codes(&error),
    });
    let mut relations: Vec<String> = session.relations().iter().map(|found| format!("{found:?}")).collect();
    relations.sort();
    seen.extend(relations);
    seen
}

/// What a fresh session sees over the files and what was said since, written into files; what is
/// wrong with them if they do not load.
fn batch(state: &State) -> Result<Vec<String>, Vec<Diagnostic>> {
    let project = Project::empty();
    state.write(&project);
    // Each question by itself, with all that it reads derived anew.
    let mut session = open(&project, Options { whole: true, forget: true, ..Options::default() });
    match session.broken() {
        [] => Ok(observe(&mut session)),
        broken => Err(broken.to_vec()),
    }
}

/// A session with the states it went through.
struct Run {
    project: Project,
    session: Session,
    /// What each undo goes back to; the last is now.
    states: Vec<State>,
    known: HashMap<String, Result<Vec<String>, Vec<Diagnostic>>>,
}

impl Run {
    fn new() -> Self {
        let project = Project::empty();
        let state = base_state();
        state.write(&project);
        let session = open(&project, Options::default());
        assert_eq!(session.broken(), []);
        Run { project, session, states: vec![state], known: HashMap::new() }
    }

    fn now(&self) -> &State {
        self.states.last().unwrap()
    }

    /// Takes a step both ways; says what came of it.
    fn step(&mut self, op: &Op) -> String {
        match op {
            Op::Assert(fact) => {
                let done = self.session.line(&format!("+{}", fact.atom()));
                self.took(done.map(|_| ()), |state| state.assert(std::slice::from_ref(fact)))
            }
            Op::Retract(pattern) => {
                let before = self.now().facts.len();
                let mut after = self.now().clone();
                let known = after.retract(pattern);
                let done = self.session.retract(&pattern.atom());
                let Ok(change) = done else {
                    assert!(!known, "{}: {done:?}", pattern.atom());
                    return "refused".to_owned();
                };
                assert_eq!(change, Change::Retracted(before - after.facts.len()), "{}", pattern.atom());
                if after.facts.len() < before {
                    self.states.push(after);
                }
                "taken".to_owned()
            }
            Op::Define(text) => {
                let done = self.session.define(text);
                self.took(done.map(|_| ()), |state| state.define(text))
            }
            Op::LoadFacts(facts) => {
                let lines: Vec<String> = facts.iter().map(|fact| format!("{},\n", fact.atom())).collect();
                self.project.write("more/facts.ron", &format!("[{}]", lines.concat()));
                let done = self.session.load_facts(Path::new(&self.project.path("more/facts.ron")));
                self.took(done.map(|_| ()), |state| state.assert(facts))
            }
            Op::LoadRules(text) => {
                self.project.write("more/rules.dl", text);
                let done = self.session.load_rules(Path::new(&self.project.path("more/rules.dl")));
                self.took(done.map(|_| ()), |state| state.define(text))
            }
            Op::Undo => {
                let undone = self.session.undo().is_some();
                assert_eq!(undone, self.states.len() > 1);
                if undone {
                    self.states.pop();
                }
                "undone".to_owned()
            }
            Op::Reload => {
                self.session.reload().unwrap();
                self.states.truncate(1);
                "reloaded".to_owned()
            }
            Op::ReloadBroken(path, text) => {
                self.project.write(path, text);
                assert!(self.session.reload().is_err(), "{text}");
                self.project.remove(path);
                "refused".to_owned()
            }
            Op::Fail(line) => {
                let done = self.session.line(line);
                assert!(done.is_err(), "{line}: {done:?}");
                "refused".to_owned()
            }
            Op::FailLoad(name, text) => {
                self.project.write(&format!("more/{name}"), text);
                let path = self.project.path(&format!("more/{name}"));
                let done = match name.ends_with(".dl") {
                    true => self.session.load_rules(Path::new(&path)),
                    false => self.session.load_facts(Path::new(&path)),
                };
                assert!(done.is_err(), "{text}: {done:?}");
                "refused".to_owned()
            }
        }
    }

    /// Whether a step is taken is for a fresh load to say.
    fn took(&mut self, done: Result<(), Error>, change: impl Fn(&mut State)) -> String {
        let mut after = self.now().clone();
        change(&mut after);
        let loads = self.expected(&after).clone();
        match done {
            Ok(()) => {
                assert!(loads.is_ok(), "the session took what does not load: {loads:?}");
                self.states.push(after);
                "taken".to_owned()
            }
            Err(error) => {
                assert!(loads.is_err(), "the session refused what loads: {error:?}");
                codes(&error)
            }
        }
    }

    fn expected(&mut self, state: &State) -> &Result<Vec<String>, Vec<Diagnostic>> {
        self.known.entry(format!("{state:?}")).or_insert_with(|| batch(state))
    }

    fn compare(&mut self) -> Result<(), TestCaseError> {
        let seen = observe(&mut self.session);
        let state = self.now().clone();
        let expected = self.expected(&state).as_ref().expect("a state that loads");
        for (seen, expected) in seen.iter().zip(expected.iter()) {
            prop_assert_eq!(seen, expected);
        }
        prop_assert_eq!(seen.len(), expected.len());
        prop_assert_eq!(self.session.steps(), self.states.len() - 1);
        Ok(())
    }
}

/// Runs random sequences; says how often each kind of step had which outcome.
fn sequences(cases: u32) -> HashMap<String, usize> {
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 400, ..Config::default() };
    let taken = RefCell::new(HashMap::<String, usize>::new());
    let ops = proptest::collection::vec(steps::op(), 40);
    TestRunner::new(config)
        .run(&ops, |ops| {
            let mut run = Run::new();
            for op in &ops {
                let outcome = run.step(op);
                *taken.borrow_mut().entry(format!("{} {outcome}", op.name())).or_default() += 1;
                run.compare().map_err(|error| TestCaseError::fail(format!("after {op:?}: {error}")))?;
            }
            Ok(())
        })
        .unwrap_or_else(|error| panic!("{error}"));
    taken.into_inner()
}

#[test]
fn a_session_equals_a_fresh_one_with_the_same_steps() {
    const THREADS: u32 = 4;
    let each = cases(200).div_ceil(THREADS);
    let done = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS).map(|_| scope.spawn(|| sequences(each))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect::<Vec<_>>()
    });
    for due in ["assert taken", "retract taken", "define taken", "load facts taken", "undo undone"] {
        assert!(done.iter().any(|taken| taken.contains_key(due)), "{due} never happened: {done:#?}");
    }
}

fn fact(relation: &'static str, fields: &[(&'static str, &str)]) -> Fact {
    let fields = fields.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    Fact { relation, fields }
}

/// Steps one after the other, compared after each.
fn follow(ops: &[Op]) {
    let mut run = Run::new();
    for op in ops {
        let outcome = run.step(op);
        assert!(!outcome.starts_with("refused:"), "{op:?} {outcome}");
        run.compare().unwrap_or_else(|error| panic!("after {op:?}: {error}"));
    }
}

#[test]
fn a_source_that_changes_its_date_and_back() {
    let source = fact("Source", &[("id", "\"s3\""), ("publisher", "\"P\""), ("published", "\"2020-01-01\"")]);
    follow(&[Op::Assert(source), Op::Undo]);
}

#[test]
fn declarations_of_every_kind_can_be_added_and_taken_back() {
    let declare = |text: &str| Op::Define(text.to_owned());
    follow(&[
        declare(".enum Color = Red | Green\n.decl Paint(what: City, c: Color = Red)"),
        Op::Assert(fact("Paint", &[("what", "\"x\""), ("c", "Green")])),
        declare(".decl Country(id: Country) key(id)"),
        Op::Assert(fact("Country", &[("id", "\"kz\"")])),
        declare(".type Email <: symbol\n.decl Mail(who: Person, m: Email)"),
        declare(".decl Many(xs: [number])"),
        Op::Undo,
        Op::Undo,
        Op::Undo,
        Op::Undo,
        Op::Undo,
        Op::Undo,
    ]);
}

#[test]
fn a_retraction_picks_by_metadata() {
    let planned = |source: &str| {
        fact(
            "Was",
            &[
                ("who", "\"c\""),
                ("at", "\"x\""),
                ("_src", source),
                ("_status", "Planned"),
                ("_by", "[\"u\"]"),
            ],
        )
    };
    let pattern =
        Pattern { relation: "Was", fields: vec![("who", "\"c\"".to_owned()), ("_src", "\"s1\"".to_owned())] };
    follow(&[
        Op::Assert(planned("\"s1\"")),
        Op::Assert(planned("\"s2\"")),
        Op::Retract(pattern),
        Op::Retract(Pattern {
            relation: "Was",
            fields: vec![
                ("who", "\"c\"".to_owned()),
                ("_src", "_".to_owned()),
                ("_status", "Planned".to_owned()),
            ],
        }),
        Op::Undo,
        Op::Undo,
        Op::Undo,
    ]);
}
