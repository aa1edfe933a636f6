//! Why a tuple holds and why another does not, on bases small enough to say by hand.

mod project;

use std::path::Path;

use factlog::model::Status;
use factlog::render::{ProofFormat, ProofStyle, fact_text, write_proofs, write_whynot};
use factlog::session::{
    Because, ConditionOutcome, Error, Explanation, Options, ScenarioOption, Session, ShownExchange,
    ShownPremise, StatedFact, WhyNot,
};
use project::Project;

const RULES: &str = r#"
.decl Person(id: Person, name: symbol) key(id)
.decl Alias(entity: Person, text: symbol)
.decl Event(id: Event) key(id)
.decl Attended(leader: Person, summit: Event) key(leader, summit)
.decl HeldOn(event: Event, day: date) key(event)
@label("{l} was at {a} and at {b}")
Both(leader: l, first: a, second: b) :-
    Attended(leader: l, summit: a), Attended(leader: l, summit: b), a < b.
Away(leader: l, summit: s) :- Person(id: l), Event(id: s), !Attended(leader: l, summit: s).
Turnout(summit: s, n: n) :- Event(id: s), n = count l : { Attended(leader: l, summit: s) }.
Firmly(leader: l, summit: s) :- Attended(leader: l, summit: s, _status: Held).
@assume("{l} came because {s} was planned")
Supposed(leader: l, summit: s) :- Attended(leader: l, summit: s, _status: Planned).
"#;

const FACTS: &str = r#"[
    Source(id: "wire", publisher: "Wire", published: "2025-10-28", text: "wire.txt"),
    Source(id: "copy", publisher: "Paper", based_on: ["wire"]),
    Person(id: "tokayev", name: "Tokayev"),
    Alias(entity: "tokayev", text: "Kassym-Jomart"),
    Person(id: "japarov", name: "Japarov"),
    Person(id: "putin", name: "Putin"),
    Event(id: "xian"),
    Event(id: "washington"),
    Attended(leader: "tokayev", summit: "xian", _src: "wire", _at: "L1", _by: ["his office", "Wire"]),
    Attended(leader: "tokayev", summit: "washington", _src: "wire", _at: "L2", _status: Planned),
    Attended(leader: "tokayev", summit: "washington", _src: "copy", _status: Proposed),
    Attended(leader: "japarov", summit: "xian", _src: "wire", _conf: 0.5),
    Attended(leader: "japarov", summit: "washington", _src: "wire", _status: Denied),
    HeldOn(event: "xian", day: "2023-05-19"),
]"#;

fn open() -> (Project, Session) {
    let project = Project::empty();
    project.write("rules/a.dl", RULES);
    project.write("facts/a.ron", FACTS);
    let session = session(&project);
    (project, session)
}

fn session(project: &Project) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), Options::default());
    let session = opened.map_err(|(diagnostic, _)| diagnostic).unwrap();
    assert_eq!(session.broken(), []);
    session
}

fn why(session: &mut Session, fact: &str) -> Explanation {
    session.why(fact, 1, None).unwrap().0
}

fn tree(explanation: &Explanation) -> String {
    written(explanation, ProofFormat::Tree)
}

fn written(explanation: &Explanation, format: ProofFormat) -> String {
    let mut out = Vec::new();
    write_proofs(&mut out, explanation, format, ProofStyle::default()).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_proof_goes_down_to_the_facts_and_their_sources() {
    let (_project, mut session) = open();
    let texts = |name: &str| (name == "wire.txt").then(|| b"He came.\nHe will come.".to_vec());
    let (found, _) = session.why(r#"Both(leader: "tokayev")"#, 1, Some(&texts)).unwrap();
    let place = |text: &str| {
        let line = FACTS.lines().position(|line| line.contains(text)).unwrap() + 1;
        format!("facts/a.ron:{line}")
    };
    let expected = format!(
        "tokayev was at washington and at xian · Planned\n\
         │  Both(leader: \"tokayev\", first: \"washington\", second: \"xian\")\n\
         │  by the rule at rules/a.dl:7\n\
         ├─ Attended(leader: \"tokayev\", summit: \"washington\") · Planned\n\
         │     wire (Wire, 2025-10-28) L2 · {}\n\
         │     “He will come.”\n\
         │     copy (Paper), repeating wire, Proposed · {}\n\
         ├─ Attended(leader: \"tokayev\", summit: \"xian\")\n\
         │     wire (Wire, 2025-10-28) L1, by his office, Wire · {}\n\
         │     “He came.”\n\
         └─ \"washington\" < \"xian\"\n",
        place("_status: Planned"),
        place("_status: Proposed"),
        place("_at: \"L1\""),
    );
    assert_eq!(tree(&found), expected);
}

#[test]
fn negations_and_aggregates_say_what_they_looked_at() {
    let (_project, mut session) = open();
    let away = tree(&why(&mut session, r#"Away(leader: "putin", summit: "xian")"#));
    // Three of the four tuples stated are seen: one is denied.
    assert!(
        away.contains("not Attended(leader: \"putin\", summit: \"xian\"): nothing matched, over 3 facts"),
        "{away}"
    );
    assert!(away.ends_with("may fall when facts are added.\n"), "{away}");
    let turnout = why(&mut session, r#"Turnout(summit: "xian")"#);
    let shown = tree(&turnout);
    assert!(
        shown.contains("2 = count l : { Attended(leader: l, summit: \"xian\") }\n   │  2 over 2 rows"),
        "{shown}"
    );
    // As sure as the least sure row, though only one premise is an aggregate.
    assert_eq!(turnout.proofs[0].steps[0].conf, 0.5);
}

#[test]
fn assumptions_are_named_and_cap_the_status() {
    let (_project, mut session) = open();
    let found = why(&mut session, r#"Supposed(leader: "tokayev")"#);
    assert_eq!(found.proofs[0].steps[0].status, Status::Planned);
    assert!(tree(&found).contains("assuming that tokayev came because washington was planned"));
    // The assertion that the atom speaks of, and not the other one of the same tuple.
    let Because::Stated { assertions } = &found.proofs[0].steps[1].because else { panic!() };
    assert_eq!(assertions.iter().map(|a| a.source.as_deref().unwrap()).collect::<Vec<_>>(), ["wire"]);
}

#[test]
fn the_firmest_proof_comes_first_and_others_on_demand() {
    let (_project, mut session) = open();
    session.define(r#"Came(leader: l) :- Attended(leader: l, summit: s), s != "nowhere"."#).unwrap();
    let (found, _) = session.why(r#"Came(leader: "tokayev")"#, 5, None).unwrap();
    let facts: Vec<(&str, Status)> =
        found.proofs.iter().map(|proof| (proof.steps[1].text.as_str(), proof.steps[0].status)).collect();
    assert_eq!(
        facts,
        [
            (r#"Attended(leader: "tokayev", summit: "xian")"#, Status::Held),
            (r#"Attended(leader: "tokayev", summit: "washington")"#, Status::Planned),
        ]
    );
}

#[test]
fn rows_of_an_answer_are_explained() {
    let (_project, mut session) = open();
    let goal = r#"Attended(leader: l, summit: "xian"), Person(id: l, name: n) order by n"#;
    let (answer, _) = session.query(goal).unwrap();
    let found = session.why_answer(goal, &answer.rows[1], 1, None).unwrap();
    let first = &found.proofs[0].steps[0];
    assert_eq!((first.relation.as_deref(), first.text.as_str()), (None, r#"l = "tokayev", n = "Tokayev""#));
    let Because::Rule(by) = &first.because else { panic!() };
    assert_eq!(by.premises, [ShownPremise::Step(1), ShownPremise::Step(2)]);
    // A row that is none.
    assert!(session.why_answer(goal, &answer.rows[0][..1], 1, None).unwrap().proofs.is_empty());
}

#[test]
fn a_pattern_picks_by_metadata_too() {
    let (_project, mut session) = open();
    let fact = r#"Attended(leader: "tokayev", _src: "copy")"#;
    assert_eq!(why(&mut session, fact).proofs.len(), 1);
    assert_eq!(why(&mut session, r#"Attended(_src: "wire")"#).proofs.len(), 3);
    assert!(matches!(session.why(r#"Both(_src: "wire")"#, 1, None), Err(Error::Invalid(_))));
    let (nothing, warnings) = session.why(r#"Both(leader: "tokaev")"#, 1, None).unwrap();
    assert!(nothing.proofs.is_empty() && warnings[0].help[0].contains("`tokayev`"), "{warnings:?}");
}

#[test]
fn what_is_shared_is_shown_once_and_deep_proofs_are_cut_into_pieces() {
    let mut session = Session::empty(Options::default());
    let chain: String = (0..40).map(|n| format!("Edge({n}, {}). ", n + 1)).collect();
    let rules = "Reach(x, y) :- Edge(x, y). Reach(x, z) :- Reach(x, y), Edge(y, z). \
                 Twice(x) :- Reach(0, x), Reach(0, x), x > 2.";
    session.define(&format!(".decl Edge(a: number, b: number)\n{chain}\n{rules}")).unwrap();
    let deep = tree(&why(&mut session, "Reach(0, 40)"));
    let widest = deep.lines().map(|line| line.chars().count()).max().unwrap();
    assert!(widest < 100, "{widest}");
    assert!(deep.contains("see [1]") && deep.contains("\n[1] "), "{deep}");
    assert_eq!(deep.matches("Edge(a: 17, b: 18)").count(), 1);
    let shared = tree(&why(&mut session, "Twice(3)"));
    assert_eq!(shared.matches("by the rule").count(), 4, "{shared}");
    assert_eq!(shared.matches("see [1]").count(), 1, "{shared}");
}

#[test]
fn every_format_keeps_what_data_says_from_being_markup() {
    let mut session = Session::empty(Options::default());
    session.define(".decl P(x: symbol)\nQ(x) :- P(x).").unwrap();
    session.assert(r#"P(x: "</script>\"\\`#\u{1b}[31m|\n", _src: "<b>")"#).unwrap();
    let found = why(&mut session, "Q(_)");
    let html = written(&found, ProofFormat::Html);
    assert!(
        !html.contains("</script>") && !html.contains("<b>") && html.contains("&lt;/script&gt;"),
        "{html}"
    );
    for format in ProofFormat::ALL {
        let text = written(&found, format);
        assert!(!text.contains('\u{1b}'), "{format:?}: {text}");
        assert!(text.lines().all(|line| line.trim() != "|"), "{format:?}: {text}");
    }
    let dot = written(&found, ProofFormat::Dot);
    for line in dot.lines().filter(|line| line.contains("label=")) {
        let label = line.split_once("label=\"").unwrap().1;
        let end = label.find("\"]").or(label.find("\", ")).unwrap();
        let inner = label[..end].replace("\\\\", "").replace("\\\"", "");
        assert!(!inner.contains('"'), "{line}");
    }
    let json: serde_json::Value = serde_json::from_str(&written(&found, ProofFormat::Json)).unwrap();
    assert_eq!(json["proofs"][0]["steps"][1]["columns"]["x"], "</script>\"\\`#\u{1b}[31m|\n");
    assert_eq!(json["proofs"][0]["steps"][1]["stated"][0]["source"], "<b>");
}

#[test]
fn explanations_leave_the_session_as_it_was_and_obey_its_limits() {
    let (_project, mut session) = open();
    let before = session.database().len();
    whynot(&mut session, r#"Both(leader: "putin")"#);
    assert_eq!(session.database().len(), before);
    session.cancel_token().cancel();
    assert!(matches!(session.why("Both(leader: _)", 1, None), Err(Error::Cancelled)));
    assert!(matches!(session.whynot(r#"Both(leader: "putin")"#), Err(Error::Cancelled)));
    session.cancel_token().reset();
    assert_eq!(why(&mut session, "Both(leader: _)").proofs.len(), 1);
}

fn whynot(session: &mut Session, fact: &str) -> WhyNot {
    session.whynot(fact).unwrap().0
}

/// The sets of missing facts, as fact files write them.
fn sets(session: &mut Session, fact: &str) -> Vec<Vec<String>> {
    let found = whynot(session, fact);
    let schema = session.schema();
    found
        .sets
        .iter()
        .map(|set| set.iter().map(|missing| fact_text(schema, &missing.fact)).collect())
        .collect()
}

/// The conditions of the nearest attempt: mark, text, remarks.
fn conditions(found: &WhyNot) -> Vec<(ConditionOutcome, &str, &[String])> {
    let first = &found.attempts[0];
    first.conditions.iter().map(|c| (c.outcome, c.text.as_str(), c.remarks.as_slice())).collect()
}

#[test]
fn the_nearest_rule_shows_what_it_lacks() {
    let (_project, mut session) = open();
    let found = whynot(&mut session, r#"Both(leader: "japarov", first: "washington", second: "xian")"#);
    let shown = conditions(&found);
    assert_eq!(shown[0].0, ConditionOutcome::Unmet);
    assert_eq!(shown[0].1, r#"Attended(leader: "japarov", summit: "washington")"#);
    // It is stated, but as denied.
    assert!(shown[0].2[0].starts_with("it is stated, as Denied: wire · facts/a.ron:"), "{shown:?}");
    assert_eq!(shown[1].0, ConditionOutcome::Met);
    assert_eq!(shown[2], (ConditionOutcome::Met, r#""washington" < "xian""#, &[][..]));
}

#[test]
fn what_stands_in_the_way_of_a_negation_is_named() {
    let (_project, mut session) = open();
    let found = whynot(&mut session, r#"Away(leader: "tokayev", summit: "xian")"#);
    let negation = conditions(&found)[2];
    assert_eq!(negation.0, ConditionOutcome::Unmet);
    let expected = r#"Attended(leader: "tokayev", summit: "xian") stands in the way: wire L1 · facts/a.ron:"#;
    assert!(negation.2[0].starts_with(expected), "{negation:?}");
    assert!(found.sets.is_empty(), "{:?}", found.sets);
}

#[test]
fn a_status_a_spelling_a_date_and_a_value_come_near() {
    let (_project, mut session) = open();
    let firmly = whynot(&mut session, r#"Firmly(leader: "tokayev", summit: "washington")"#);
    assert!(conditions(&firmly)[0].2[0].starts_with("it is stated, as Planned: wire L2"), "{firmly:?}");
    let misspelt = whynot(&mut session, r#"Attended(leader: "tokaev", summit: "xian")"#);
    assert_eq!(misspelt.near, [r#""tokaev": did you mean "tokayev"?"#]);
    let alias = whynot(&mut session, r#"Attended(leader: "kasym-jomart", summit: "xian")"#);
    assert_eq!(alias.near, [r#""kasym-jomart": did you mean "tokayev"?"#]);
    let date = whynot(&mut session, r#"HeldOn(event: "xian", day: "2023-05-18")"#);
    assert_eq!(date.near, [r#"it is stated with another day: d"2023-05-19""#]);
    let count = whynot(&mut session, r#"Turnout(summit: "xian", n: 7)"#);
    assert_eq!(count.near, ["it holds with another n: 2"]);
    assert_eq!(conditions(&count)[1].2, ["it is 2"]);
}

#[test]
fn what_a_scenario_strikes_is_named() {
    let (_project, mut session) = open();
    session.set_scenario(&[ScenarioOption::Without("wire".to_owned())]).unwrap();
    let found = whynot(&mut session, r#"Attended(leader: "tokayev", summit: "xian")"#);
    assert!(
        found.near[0].starts_with("it is stated, but left out by the scenario: wire L1"),
        "{:?}",
        found.near
    );
}

#[test]
fn the_smallest_sets_of_missing_facts_are_found_and_make_it_hold() {
    let (_project, mut session) = open();
    let both = r#"Both(leader: "japarov", first: "washington", second: "xian")"#;
    // Denied as it is, a statement that it was held is seen beside the denial.
    assert_eq!(sets(&mut session, both), [[r#"Attended(leader: "japarov", summit: "washington")"#]]);
    let two = r#"Both(leader: "putin", first: "washington", second: "xian")"#;
    assert_eq!(
        sets(&mut session, two),
        [[
            r#"Attended(leader: "putin", summit: "washington")"#,
            r#"Attended(leader: "putin", summit: "xian")"#
        ]]
    );
    let firmly = r#"Firmly(leader: "putin", summit: "xian")"#;
    assert_eq!(sets(&mut session, firmly), [[r#"Attended(leader: "putin", summit: "xian")"#]]);
    let supposed = r#"Supposed(leader: "putin", summit: "xian")"#;
    let missing = r#"Attended(leader: "putin", summit: "xian", _status: Planned)"#;
    assert_eq!(sets(&mut session, supposed), [[missing]]);
    session.assert(missing).unwrap();
    assert_eq!(session.query(supposed).unwrap().0.verdict(), Some("yes"));
}

#[test]
fn missing_facts_are_found_behind_several_rules() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".decl A(x: number)\n.decl B(x: number, y: number)\n.decl C(y: number, day: date)\n\
             D(x: x, y: y) :- A(x: x), B(x: x, y: y).\n\
             E(x: x) :- D(x: x, y: y), C(y: y, day: d), d < d\"2020\".\n\
             A(1). B(1, 7). C(8, \"2019-05-01\").",
        )
        .unwrap();
    // With y = 7 there is no C; a day before 2020 is taken from another. B is a rule further behind.
    assert_eq!(sets(&mut session, "E(x: 1)"), [[r#"C(y: 7, day: "2019-05-01")"#], ["B(x: 1, y: 8)"]]);
    // Two facts, since neither A nor B knows 2.
    assert_eq!(sets(&mut session, "E(x: 2)"), [["A(x: 2)", "B(x: 2, y: 8)"]]);
    let found = whynot(&mut session, "E(x: 2)");
    assert!(found.sets.iter().flatten().all(|missing| missing.any.is_empty()));
    // Four would be needed: A, B, and something else for each of two C.
    session.define("F(x: x) :- D(x: x, y: y), C(y: y), C(y: z), z = y + 100, A(x: z).").unwrap();
    assert!(sets(&mut session, "F(x: 2)").is_empty() || !found.cut);
}

#[test]
fn values_that_do_not_matter_are_marked() {
    let mut session = Session::empty(Options::default());
    session.define(".decl P(x: symbol, note: symbol)\nQ(x: x) :- P(x: x, note: n).").unwrap();
    let found = whynot(&mut session, r#"Q(x: "a")"#);
    assert_eq!(found.sets[0][0].any.iter().map(|name| &**name).collect::<Vec<_>>(), ["note"]);
    let mut out = Vec::new();
    write_whynot(&mut out, &found, session.schema(), ProofFormat::Tree, ProofStyle::default()).unwrap();
    let text = String::from_utf8(out).unwrap();
    assert!(text.contains("    P(x: \"a\", note: \"?\"),  // note: any\n"), "{text}");
}

#[test]
fn what_holds_is_not_missing() {
    let (_project, mut session) = open();
    let found = whynot(&mut session, r#"Attended(leader: "tokayev")"#);
    assert!(found.holds.is_some() && found.attempts.is_empty() && found.sets.is_empty());
}

#[test]
fn rules_for_other_tuples_are_told_apart() {
    let mut session = Session::empty(Options::default());
    session
        .define(".decl P(x: number)\nQ(x: x, how: \"plain\") :- P(x: x).\nQ(x: x, how: \"odd\") :- P(x: x), x % 2 = 1.\nP(2).")
        .unwrap();
    let found = whynot(&mut session, r#"Q(x: 2, how: "odd")"#);
    assert_eq!((found.attempts.len(), found.others.len()), (1, 1));
    assert_eq!(conditions(&found)[1].0, ConditionOutcome::Unmet);
}

#[test]
fn facts_in_the_way_of_a_negation_are_offered_for_retraction() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".decl A(x: number)\n.decl B(x: number)\n.decl C(x: number)\n\
             Bad(x: x) :- B(x: x).\nBad(x: x) :- C(x: x).\n\
             H(x: x) :- A(x: x), !Bad(x: x).\n\
             A(1). B(1). A(2). B(2). C(2). B(3).",
        )
        .unwrap();
    let without = |session: &mut Session, fact: &str| -> Vec<Vec<String>> {
        let found = whynot(session, fact);
        assert!(found.sets.is_empty() && !found.cut && !found.cut_without, "{found:?}");
        let schema = session.schema();
        let text = |fact: &StatedFact| fact_text(schema, &fact.fact);
        found.without.iter().map(|set| set.iter().map(text).collect()).collect()
    };
    assert_eq!(without(&mut session, "H(x: 1)"), [["B(x: 1)"]]);
    assert_eq!(without(&mut session, "H(x: 2)"), [["B(x: 2)", "C(x: 2)"]]);
    // Taking away B is not enough, and stating A neither: it takes both.
    assert_eq!(without(&mut session, "H(x: 3)"), Vec::<Vec<String>>::new());
    assert_eq!(whynot(&mut session, "H(x: 3)").both.len(), 1);
}

#[test]
fn a_fact_that_serves_several_premises_is_found_behind_recursion() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".decl E(x: number, y: number)\n\
             P(x, y) :- E(x, y).\nP(x, z) :- P(x, y), P(y, z).\n\
             Both(x, z) :- P(x, y), P(y, x), P(x, z), P(z, z).\n\
             E(1, 2). E(2, 3). E(4, 5).",
        )
        .unwrap();
    // Nothing leads to 1, and nothing away from 3.
    assert_eq!(sets(&mut session, "Both(1, 3)"), [["E(x: 3, y: 1)"]]);
}

#[test]
fn facts_to_state_and_facts_to_take_back_are_offered_together() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".decl A(x: number)\n.decl B(x: number)\n.decl C(x: number)\n\
             Bad(x: x) :- A(x: x), B(x: x).\n\
             H(x: x) :- A(x: x), !Bad(x: x).\n\
             Two(x: x) :- A(x: x), C(x: x), !B(x: x).\n\
             B(1). C(2). B(3).",
        )
        .unwrap();
    let both = |session: &mut Session, fact: &str| -> Vec<(Vec<String>, Vec<String>)> {
        let found = whynot(session, fact);
        assert!(found.sets.is_empty() && found.without.is_empty() && !found.cut_both, "{found:?}");
        let schema = session.schema();
        let texts = |both: &ShownExchange| {
            let with = both.with.iter().map(|missing| fact_text(schema, &missing.fact)).collect();
            (with, both.without.iter().map(|stated| fact_text(schema, &stated.fact)).collect())
        };
        found.both.iter().map(texts).collect()
    };
    let set = |with: &[&str], without: &[&str]| {
        let texts = |facts: &[&str]| facts.iter().map(|fact| (*fact).to_owned()).collect::<Vec<_>>();
        vec![(texts(with), texts(without))]
    };
    // What is in the way is so only once there is an A.
    assert_eq!(both(&mut session, "H(x: 1)"), set(&["A(x: 1)"], &["B(x: 1)"]));
    assert_eq!(both(&mut session, "Two(x: 3)"), set(&["A(x: 3)", "C(x: 3)"], &["B(x: 3)"]));
    // One fact does: nothing has to go.
    let found = whynot(&mut session, "Two(x: 2)");
    assert!(found.sets.len() == 1 && found.both.is_empty(), "{found:?}");
    // As one types it.
    let mut text = Vec::new();
    let found = whynot(&mut session, "H(x: 1)");
    write_whynot(&mut text, &found, session.schema(), ProofFormat::Tree, ProofStyle::default()).unwrap();
    let text = String::from_utf8(text).unwrap();
    let due = "It would hold with one more fact and without one stated fact:\n\n    +A(x: 1)\n    -B(x: 1)";
    assert!(text.contains(due), "{text}");
}

#[test]
fn values_that_rules_compute_are_computed_backwards() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".decl P(m: number)\n.decl Q(m: number, k: number)\n.decl Day(d: date)\n.decl Open(id: symbol)\n\
             Next(n: n) :- P(m: m), n = m + 1.\n\
             Twice(n: n) :- Next(n: m), n = 2 * m.\n\
             Least(n: n - 3) :- P(m: n), n > 10.\n\
             Linked(x: x) :- Q(m: x, k: y), P(m: y * y).\n\
             Week(d: e) :- Day(d: d), e = add_days(d, 7).\n\
             Span(n: n) :- Day(d: d), n = days_between(d\"2025-10-28\", d).\n\
             Post(id: p) :- Open(id: x), p = cat(\"kz_\", x).\n\
             Q(1, 8).",
        )
        .unwrap();
    for (fact, missing) in [
        ("Next(7)", "P(m: 6)"),
        ("Twice(14)", "P(m: 6)"),
        ("Least(9)", "P(m: 12)"),
        ("Linked(1)", "P(m: 64)"),
        ("Week(d\"2025-11-06\")", "Day(d: \"2025-10-30\")"),
        ("Span(9)", "Day(d: \"2025-11-06\")"),
        ("Post(\"kz_president\")", "Open(id: \"president\")"),
    ] {
        assert_eq!(sets(&mut session, fact), [[missing]], "{fact}");
    }
    // No number is half of it, and none is above 10 and 3 above it.
    for fact in ["Twice(15)", "Least(2)"] {
        let found = whynot(&mut session, fact);
        assert!(found.sets.is_empty() && !found.cut, "{fact}: {found:?}");
    }
}

/// Ways of which the shortest stays, and what was made of others.
const WAYS: &str = "
.decl Way(a: number, b: number, km: number)
Way(a: a, b: c, km: k + l) :- Way(a: a, b: b, km: k), Way(a: b, b: c, km: l), k + l < 40.
Way(a, b, k) <= Way(a, b, l) :- l < k.
.decl Seen(a: number, km: number)
Seen(a: a, km: k) :- Way(a: a, b: 3, km: k).
Way(a: a, b: 9, km: k) :- Seen(a: a, km: k), k > 30.
After(km: k) :- Seen(km: k), !Way(km: k).
";

#[test]
fn what_gave_way_is_shown_in_proofs() {
    let mut session = Session::empty(Options::default());
    session.define(&format!("{WAYS}Way(1, 2, 1). Way(2, 3, 1). Way(1, 3, 7).")).unwrap();
    let (found, _) = session.why("Seen(1, 7)", 1, None).unwrap();
    let steps: Vec<(&str, Option<&str>)> =
        found.proofs[0].steps.iter().map(|step| (&*step.text, step.gave_way.as_deref())).collect();
    assert_eq!(
        steps,
        [
            ("Seen(a: 1, km: 7)", None),
            ("Way(a: 1, b: 3, km: 7)", Some("Way(a: 1, b: 3, km: 2), by <input>:4")),
        ]
    );
    // Behind the stratum only what stayed is seen.
    let (found, _) = session.why("After(7)", 1, None).unwrap();
    assert_eq!(found.proofs.len(), 1, "{found:?}");
    // How firmly it is known comes of the same proofs.
    session.set_annotations(factlog::session::Wanted::ALL);
    let (answer, _) = session.query("Seen(a: 1, km: k)").unwrap();
    let sources: Vec<usize> = answer.firmness.iter().map(|known| known.sources.len()).collect();
    assert_eq!(sources, [1, 1], "{answer:?}");
}

#[test]
fn every_tuple_has_a_proof_where_tuples_give_way() {
    let mut seed = 1_u64;
    let mut drawn = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let mut gave_way = 0;
    for _ in 0..60 {
        let facts: String = (0..4 + drawn(6))
            .map(|_| format!("Way({}, {}, {}).\n", drawn(4), drawn(4), 1 + drawn(20)))
            .collect();
        let mut session = Session::empty(Options::default());
        session.define(&format!("{WAYS}{facts}")).unwrap();
        for goal in ["Way(a: x, b: y, km: k)", "Seen(a: x, km: k)", "After(km: k)"] {
            let (answer, _) = session.query(goal).unwrap();
            for row in &answer.rows {
                // Each proof is checked before it comes out.
                let found = session.why_answer(goal, row, 2, None).unwrap();
                assert!(!found.proofs.is_empty() && found.notes.is_empty(), "{row:?} of {goal}: {facts}");
                let steps = found.proofs.iter().flat_map(|proof| &proof.steps);
                gave_way += steps.filter(|step| step.gave_way.is_some()).count();
            }
        }
    }
    assert!(gave_way > 5, "{gave_way}");
}

#[test]
fn parts_of_values_can_be_left_open() {
    let mut session = Session::empty(Options::default());
    session
        .define(
            ".type Price = [low: number, high: number]\n.type Shape = Dot {} | Line {from: Price, to: Price}\n\
             .decl Deal(id: symbol, price: Price)\n.decl Drawn(shape: Shape)\n\
             Deal(\"x\", (1, 2)). Deal(\"y\", (1, 3)). Deal(\"z\", (2, 3)).\n\
             Drawn($Line((1, 2), (5, 6))). Drawn($Line((3, 4), (5, 6))). Drawn($Dot).",
        )
        .unwrap();
    let texts = |session: &mut Session, pattern: &str| -> Vec<String> {
        let (found, _) = session.why(pattern, 1, None).unwrap();
        found.proofs.iter().map(|proof| proof.steps[0].text.clone()).collect()
    };
    let [x, y] = ["Deal(id: \"x\", price: (low: 1, high: 2))", "Deal(id: \"y\", price: (low: 1, high: 3))"];
    for pattern in ["Deal(price: (low: 1, high: _))", "Deal(price: (low: 1))", "Deal(_, (1, _))"] {
        assert_eq!(texts(&mut session, pattern), [x, y], "{pattern}");
    }
    assert_eq!(texts(&mut session, "Deal(price: (low: 1, high: 3))"), [y]);
    assert_eq!(texts(&mut session, "Drawn(shape: Line(from: (low: 3)))").len(), 1);
    assert_eq!(texts(&mut session, "Drawn($Line((_, _), (5, _)))").len(), 2);
    let (supports, _) = session.support("Deal(price: (high: 3))").unwrap();
    assert_eq!(supports.of.len(), 2);
    let found = whynot(&mut session, "Deal(id: \"x\", price: (low: 5))");
    assert_eq!(found.text, "Deal(id: \"x\", price: (low: 5))");
    let change = session.retract("Deal(price: (low: 1, high: _))").unwrap();
    assert_eq!(change, factlog::session::Change::Retracted(2));
    assert_eq!(session.query("Deal(id: i)").unwrap().0.rows.len(), 1);
    // What fits no such value is an error, not a pattern of nothing.
    for wrong in ["Deal(price: (low: _, wide: 1))", "Deal(price: [_])", "Deal(price: (_, _, _))"] {
        assert!(session.why(wrong, 1, None).is_err(), "{wrong}");
    }
}
