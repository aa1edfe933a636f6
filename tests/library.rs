//! The library face as a program uses it: steps that fail, errors, limits, threads, and what comes back
//! beside rows. `library_values` has the values.

use std::fs;
use std::sync::{Arc, Mutex};
use std::thread;

use factlog::{
    Answer, Change, ChangeKind, Diagnostic, Error, ErrorKind, Explanation, Fact, Level, Limits, Premise,
    Scenario, Session, SessionOptions, Severity, Status, Value, WhyNot, params,
};

fn session(rules: &str) -> Session {
    let mut session = Session::new();
    session.define(rules).unwrap();
    session
}

#[test]
fn what_programs_pass_between_threads_can_be_passed() {
    fn send<T: Send + 'static>() {}
    fn share<T: Send + Sync + 'static>() {}
    send::<Session>();
    share::<Session>();
    share::<Answer>();
    share::<Explanation>();
    share::<WhyNot>();
    share::<Diagnostic>();
    share::<Value>();
    share::<Box<dyn std::error::Error + Send + Sync>>();
    let error: Box<dyn std::error::Error + Send + Sync> = Session::new().query("(").unwrap_err().into();
    assert!(error.downcast_ref::<Error>().is_some());
}

// ---------------------------------------------------------------------------------------------
// Steps, errors, threads
// ---------------------------------------------------------------------------------------------

#[test]
fn a_step_that_fails_changes_nothing() {
    let mut session = session(".decl A(n: number) .decl B(n: number) A(n: 1).");
    let state = |session: &mut Session| {
        let names: Vec<String> = session.relations().iter().map(|it| it.name().to_owned()).collect();
        (
            names,
            session.relation("A").unwrap().rows::<i64>().unwrap(),
            session.added(),
            format!("{session:?}"),
        )
    };
    let before = state(&mut session);
    let facts = (0..100).map(|n| Fact::new("A", (if n == 99 { Value::from("x") } else { Value::from(n) },)));
    assert_eq!(session.assert_facts(facts).unwrap_err().diagnostics().len(), 1);
    assert!(session.define("C(n: n) :- A(n: n). D(n: n) :- !A(n: n).").is_err());
    assert!(session.define(".decl A(n: symbol)").is_err());
    assert!(session.assert("A(n: x)").is_err());
    assert!(session.retract("A(m: 1)").is_err());
    assert!(session.set_scenario(&Scenario::new().without("s").assume("nonsense(")).is_err());
    assert!(session.load_rules("nowhere.dl").is_err());
    assert_eq!(state(&mut session), before);
    // Two mistakes, both told.
    let error = session.define("P(x) :- A(n: y). Q(z) :- B(n: w).").unwrap_err();
    assert!(error.diagnostics().iter().filter(|found| found.severity() == Severity::Error).count() >= 2);
    assert!(error.diagnostics().iter().all(|found| found.code().starts_with("FL")));
}

#[test]
fn steps_are_undone_one_by_one() {
    let mut session = session(".decl A(n: number)");
    session.assert_facts((0..3).map(|n| Fact::new("A", (n,)))).unwrap();
    session.define("B(n: n) :- A(n: n), n > 0.").unwrap();
    let change = session.retract("A(n: 1)").unwrap();
    assert_eq!((change.kind(), change.count()), (ChangeKind::Retracted, 1));
    assert_eq!(session.relation("B").unwrap().rows::<i64>().unwrap(), [2]);
    let kinds: Vec<ChangeKind> =
        std::iter::from_fn(|| session.undo()).map(|change: Change| change.kind()).collect();
    assert_eq!(
        kinds,
        [ChangeKind::Retracted, ChangeKind::Defined, ChangeKind::Asserted, ChangeKind::Defined]
    );
    assert!(session.relations().iter().all(|relation| relation.name() == "Source"));
}

#[test]
fn a_broken_project_tells_all_that_is_wrong_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("rules/schema.dl", ".decl A(n: number)\n");
    write("facts/good.ron", "[A(n: 1)]\n");
    write("facts/bad.ron", "[\n    A(n: \"x\"),\n    A(m: 1),\n]\n");
    let error = Session::open(dir.path()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Invalid);
    let places: Vec<String> =
        error.diagnostics().iter().map(|found| found.location().unwrap().to_string()).collect();
    assert!(places.contains(&"facts/bad.ron:2:10".to_owned()), "{places:?}");
    assert!(places.iter().any(|place| place.starts_with("facts/bad.ron:3:")), "{places:?}");
    assert!(error.to_string().contains("facts/bad.ron:2:10"));

    let mut session = SessionOptions::new().keep_going(true).open(dir.path()).unwrap();
    let answer = session.query("A(n: n)").unwrap();
    assert_eq!(answer.rows::<i64>().unwrap(), [1]);
    assert_eq!(answer.notes(), ["without facts/bad.ron, which does not load"]);

    fs::write(dir.path().join("facts/bad.ron"), "[A(n: 2)]\n").unwrap();
    session.reload().unwrap();
    assert_eq!(session.query("A(n: n)").unwrap().len(), 2);
    let empty = tempfile::tempdir().unwrap();
    assert_eq!(Session::open(empty.path().join("none")).unwrap_err().kind(), ErrorKind::Invalid);
}

#[test]
fn an_evaluation_that_fails_or_goes_too_far_says_so_and_the_session_goes_on() {
    let mut session = session(".decl A(n: number) A(n: 0). A(n: 1). N(n: 0). N(n: n + 1) :- N(n: n).");
    let error = session.query("A(n: n), m = 1 / n").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Evaluation);
    assert!(error.to_string().contains("division by zero"), "{error}");
    session.set_limits(Limits::none().rows(5_000));
    let error = session.query("N(n: n)").unwrap_err();
    assert_eq!((error.kind(), error.diagnostics().len()), (ErrorKind::Limit, 1));
    let token = session.cancel_token();
    token.cancel();
    assert_eq!(session.query("N(n: n)").unwrap_err().kind(), ErrorKind::Cancelled);
    token.reset();
    assert_eq!(session.query("A(n: n)").unwrap().len(), 2);
    // What a `main` that ends with the error shows.
    let shown = format!("{:?}", session.query("A(n: n), m = 1 / n").unwrap_err());
    assert!(shown.starts_with("Evaluation: error[FL"), "{shown}");
}

#[test]
fn threads_share_a_session_and_move_sessions() {
    let shared = Arc::new(Mutex::new(session(".decl A(n: number) B(n: 2 * n) :- A(n: n).")));
    let workers: Vec<_> = (0..4_i64)
        .map(|n| {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                for k in 0..25 {
                    let mut session = shared.lock().unwrap();
                    session.assert_with("A(n: x)", params! { x: n * 100 + k }).unwrap();
                    let found = session.query_with("B(n: x)", params! { x: 2 * (n * 100 + k) }).unwrap();
                    assert!(found.holds());
                }
            })
        })
        .collect();
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    let mut session = Arc::into_inner(shared).unwrap().into_inner().unwrap();
    let total = thread::spawn(move || session.query("B(n: n)").unwrap().len()).join().unwrap();
    assert_eq!(total, 100);
}

// ---------------------------------------------------------------------------------------------
// What comes back beside rows
// ---------------------------------------------------------------------------------------------

#[test]
fn answers_serialize_as_the_command_writes_json() {
    let mut session = session(
        r#".enum K = P | Q
           .decl A(t: symbol, n: number?, f: float, d: date, k: K, l: [symbol])
           A(t: "ä\"\n", n: nil, f: 1.5, d: "2025", k: Q, l: ["x", "y"])."#,
    );
    let answer = session.query("A(t:, n:, f:, d:, k:, l:)").unwrap();
    let mut written = Vec::new();
    answer.write(&mut written, factlog::AnswerFormat::Json).unwrap();
    let written: serde_json::Value = serde_json::from_slice(&written).unwrap();
    assert_eq!(serde_json::to_value(&answer).unwrap(), written);
    assert_eq!(
        written,
        serde_json::json!([{"t": "ä\"\n", "n": null, "f": 1.5, "d": "2025", "k": "Q", "l": ["x", "y"]}])
    );
    assert!(answer.to_string().contains("2025"));
}

#[test]
fn proofs_are_data() {
    let mut session = session(
        r#".decl A(who: symbol, at: symbol) .decl Gone(who: symbol)
           @label("{w} was there {n} times")
           @assume("nobody else was called {w}")
           Often(who: w, n: n) :- A(who: w), n = count : { A(who: w) }, n > 1, !Gone(who: w)."#,
    );
    session.assert(r#"Source(id: "s", publisher: "Herald", published: "2025-01-02")"#).unwrap();
    let fact = |at: &'static str| Fact::new("A", ("ann", at));
    session.assert_fact(&fact("x").source("s").at("L3").by(["a clerk"])).unwrap();
    session.assert_fact(&fact("y").status(Status::Confirmed).confidence(0.5)).unwrap();

    let explanation = session.explain("Often(who: \"ann\")").unwrap();
    assert_eq!(explanation.proofs().len(), 1);
    let proof = &explanation.proofs()[0];
    assert!(proof.may_fall());
    assert_eq!(proof.sources(), ["s"]);
    let step = proof.conclusion();
    assert_eq!((step.relation(), step.sentence()), (Some("Often"), Some("ann was there 2 times")));
    assert_eq!(step.columns(), [("who", Value::from("ann")), ("n", Value::from(2))]);
    assert_eq!(step.assumptions(), ["nobody else was called ann"]);
    assert_eq!(step.status(), Status::Planned);
    assert!(step.rule().is_some() && step.citations().is_empty());
    let premises = step.premises();
    assert_eq!(premises.len(), 4);
    let stated = premises.iter().find_map(|premise| match premise {
        Premise::Step(step) => Some(*step),
        _ => None,
    });
    let citation = stated.unwrap().citations()[0];
    assert!(stated.unwrap().rule().is_none());
    assert_eq!(
        (citation.source(), citation.publisher(), citation.at()),
        (Some("s"), Some("Herald"), Some("L3"))
    );
    assert_eq!(
        (citation.by(), citation.published().unwrap().to_string()),
        (vec!["a clerk"], "2025-01-02".into())
    );
    let counted = premises.iter().find_map(|premise| match premise {
        Premise::Aggregate { value, rows, .. } => Some((value.clone(), *rows)),
        _ => None,
    });
    assert_eq!(counted, Some((Value::from(2), 2)));
    assert!(premises.iter().any(|premise| matches!(premise, Premise::Absent { among: 0, .. })));
    assert!(
        premises.iter().any(|premise| matches!(premise, Premise::Holds { text, .. } if *text == "2 > 1"))
    );

    assert!(session.explain("Often(who: \"bea\")").unwrap().proofs().is_empty());
    let why_not = session.why_not("Often(who: \"bea\")").unwrap();
    assert_eq!(why_not.holds(), None);
    assert!(why_not.to_string().contains("does not hold"), "{why_not}");
    assert!(session.why_not("Often(who: \"ann\")").unwrap().holds().is_some());
}

#[test]
fn findings_have_places_and_levels() {
    let rules = r#".decl A(n: number)
                   warn small "{n} is small" :- A(n: n), n < 2."#;
    let mut session = SessionOptions::new().level("small", Level::Deny).empty();
    session.define(rules).unwrap();
    session.assert_facts((0..4).map(|n| Fact::new("A", (n,)))).unwrap();
    let findings = session.check().unwrap();
    let small: Vec<&Diagnostic> = findings.iter().filter(|finding| finding.name() == "small").collect();
    assert_eq!(
        small.iter().map(|finding| finding.message()).collect::<Vec<_>>(),
        ["0 is small", "1 is small"]
    );
    assert!(small.iter().all(|finding| finding.severity() == Severity::Error));
    assert_eq!(small[1].location().unwrap().to_string(), "<assert>:2:1");
    assert_eq!(format!("{:#}", small[1]), "<assert>:2:1: error[small] 1 is small");
    let mut quiet = SessionOptions::new().level("small", Level::Allow).empty();
    quiet.define(rules).unwrap();
    quiet.assert("A(n: 1)").unwrap();
    assert!(quiet.check().unwrap().iter().all(|finding| finding.name() != "small"));
}

#[test]
fn warnings_come_with_what_they_are_about() {
    let mut session = Session::open(".").unwrap();
    let answer = session.query(r#"Attended(leader: "tokaev", summit: s)"#).unwrap();
    assert!(answer.is_empty());
    assert!(answer.warnings()[0].help().iter().any(|help| help.contains("tokayev")));
    let change = session.assert(r#"Attended(leader: "nobody_known", summit: "xian_2023")"#).unwrap();
    assert!(change.warnings()[0].message().contains("nobody_known"));
    session.undo();
    // What is declared in the same step is known.
    let facts = [
        Fact::new("Attended", serde_json::json!({"leader": "nobody_known", "summit": "xian_2023"})),
        Fact::new("Person", serde_json::json!({"id": "nobody_known", "name": "Nobody"})),
    ];
    assert!(session.assert_facts(facts).unwrap().warnings().is_empty());
}
