//! What `check` finds in facts that load, and where it says it is.

mod project;

use std::path::Path;

use factlog::base::{Diagnostic, Severity};
use factlog::files::LintLevel;
use factlog::session::{Levels, Options, Session};
use project::Project;

fn open(project: &Project, options: Options) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), options);
    let session = opened.map_err(|(diagnostic, _)| diagnostic).unwrap();
    assert_eq!(session.broken(), []);
    session
}

/// `code file:line, file:line: message`, the first place first.
fn told(session: &Session, found: &Diagnostic) -> String {
    let place = |span: factlog::base::Span| {
        let file = session.sources().file(span.file);
        format!("{}:{}", file.name(), file.line_col(span.start).line)
    };
    let places: Vec<String> =
        found.primary.iter().chain(&found.secondary).map(|label| place(label.span)).collect();
    format!("{} {}: {}", found.code, places.join(", "), found.message)
}

fn check(rules: &str, facts: &str) -> Vec<String> {
    let project = Project::empty();
    project.write("rules/a.dl", rules);
    project.write("facts/a.ron", facts);
    let mut session = open(&project, Options::default());
    let found = session.check(None).unwrap();
    found.iter().map(|found| told(&session, found)).collect()
}

const MEETINGS: &str = "\
.decl Was(who: symbol, at: symbol)
.decl Banned(who: symbol)
";

#[test]
fn a_finding_stands_at_the_facts_it_rests_on() {
    let facts = "[\nWas(who: \"a\", at: \"x\"),\nWas(who: \"b\", at: \"x\"),\nWas(who: \"c\", at: \"y\"),\nBanned(who: \"b\"),\n]";
    let direct = "deny d \"{p} at {c}\" :- Was(who: p, at: c), Banned(who: p).";
    assert_eq!(check(&format!("{MEETINGS}{direct}"), facts), ["d facts/a.ron:3, facts/a.ron:5: b at x"]);
    // Through two derived relations, one of them recursive.
    let derived = "\
        Met(a: a, b: b) :- Was(who: a, at: c), Was(who: b, at: c), a != b.\n\
        Near(a: a, b: b) :- Met(a: a, b: b).\n\
        Near(a: a, b: c) :- Near(a: a, b: b), Met(a: b, b: c), a != c.\n\
        warn w \"{a} near {b}\" :- Near(a: a, b: b), Banned(who: b).";
    assert_eq!(
        check(&format!("{MEETINGS}{derived}"), facts),
        ["w facts/a.ron:2, facts/a.ron:3, facts/a.ron:5: a near b"]
    );
    // A fact stated in a rule file, and two sources of one tuple.
    let facts = "[\nWas(who: \"a\", at: \"x\", _by: [\"s\"]),\nWas(who: \"a\", at: \"x\", _by: [\"t\"]),\n]";
    let rules = format!("{MEETINGS}Banned(who: \"a\").\n{direct}");
    assert_eq!(check(&rules, facts), ["d facts/a.ron:2, facts/a.ron:3, rules/a.dl:3: a at x"]);
}

#[test]
fn a_finding_about_an_aggregate_stands_at_the_facts_that_were_gathered() {
    let facts = "[\nWas(who: \"a\", at: \"x\"),\nWas(who: \"b\", at: \"x\"),\nWas(who: \"c\", at: \"y\"),\n]";
    let inside = "deny crowd \"{n} at {c}\" :- Was(at: c), n = count : { Was(who: _, at: c) }, n > 1.";
    let found = check(&format!("{MEETINGS}{inside}"), facts);
    assert_eq!(found, ["crowd facts/a.ron:2, facts/a.ron:3: 2 at x"]);
    let alone = "deny many \"{n}\" :- n = count : { Was(who: _) }, n > 2.";
    let found = check(&format!("{MEETINGS}{alone}"), facts);
    assert_eq!(found, ["many facts/a.ron:2, facts/a.ron:3, facts/a.ron:4: 3"]);
    let derived = "Number(at: c, n: n) :- Was(at: c), n = count : { Was(at: c) }.\ndeny big \"{c}\" :- Number(at: c, n: n), n > 1.";
    let found = check(&format!("{MEETINGS}{derived}"), facts);
    assert_eq!(found, ["big facts/a.ron:2, facts/a.ron:3: x"]);
}

#[test]
fn without_facts_a_finding_stands_at_its_check() {
    let found = check(
        &format!("{MEETINGS}warn none \"nobody\" :- !Was(who: _).\n:- 0 = count : {{ Banned(who: _) }}."),
        "",
    );
    assert_eq!(found, ["none rules/a.dl:3: nobody", "constraint rules/a.dl:4: a constraint does not hold"]);
}

#[test]
fn names_in_messages_are_filled_and_braces_stay() {
    let rules = format!("{MEETINGS}deny m \"{{{{{{p}}}}}} was at {{c}}\" :- Was(who: p, at: c).");
    assert_eq!(check(&rules, "[Was(who: \"a b\", at: \"é\")]"), ["m facts/a.ron:1: {a b} was at é"]);
}

#[test]
fn keys_conflict_only_where_both_cannot_be_true() {
    let rules = "\
        .decl Held(event: symbol, on: date?, city: symbol?) key(event)\n\
        .decl Amount(deal: symbol, low: float, high: float, unit: symbol?) key(deal) range(low, high)\n\
        .decl Term(post: symbol, from: date, to: date?) key(post) range(from, to)\n\
        .decl Pair(a: symbol, b: symbol, n: number) key(a, b)\n\
        .decl Free(a: symbol, b: symbol)\n";
    let conflicts = |facts: &str| -> usize {
        let mut found = check(rules, &format!("[{facts}]"));
        found.retain(|found| !found.starts_with("FL435 "));
        assert!(found.iter().all(|found| found.starts_with("FL422 ")), "{found:?}");
        found.len()
    };
    let cases: &[(&str, usize)] = &[
        // Dates refine one another while they can mean the same day.
        (r#"Held(event: "e", on: "2023-05"), Held(event: "e", on: "2023-05-18")"#, 0),
        (r#"Held(event: "e", on: "2023"), Held(event: "e", on: "2023-05-18/2024-02")"#, 0),
        (r#"Held(event: "e", on: "2023-05"), Held(event: "e", on: "2023-06")"#, 1),
        (r#"Held(event: "e", on: "2023-05-18"), Held(event: "e", on: "2023-05-19")"#, 1),
        (r#"Held(event: "e", on: "2023-05~"), Held(event: "e", on: "2023-05-19")"#, 0),
        (r#"Held(event: "e", on: "2023/.."), Held(event: "e", on: "2030")"#, 0),
        // What is nil on one side says nothing.
        (r#"Held(event: "e", on: "2023"), Held(event: "e", city: "x")"#, 0),
        (r#"Held(event: "e", city: "y"), Held(event: "e", city: "x")"#, 1),
        // Two columns that disagree are two findings; another key is another thing.
        (r#"Held(event: "e", city: "y", on: "2022"), Held(event: "e", city: "x", on: "2023")"#, 2),
        (r#"Held(event: "e", city: "y"), Held(event: "f", city: "x")"#, 0),
        // Three that cannot all be true are one finding.
        (r#"Held(event: "e", city: "x"), Held(event: "e", city: "y"), Held(event: "e", city: "z")"#, 1),
        // Ranges conflict when they are disjoint.
        (r#"Amount(deal: "d", low: 8, high: 8), Amount(deal: "d", low: 7.5, high: 8.5)"#, 0),
        (r#"Amount(deal: "d", low: 8, high: 8.5), Amount(deal: "d", low: 8.5, high: 9)"#, 0),
        (r#"Amount(deal: "d", low: 60, high: 60), Amount(deal: "d", low: 70, high: 70)"#, 1),
        (
            r#"Amount(deal: "d", low: 60, high: 60, unit: "a"), Amount(deal: "d", low: 60, high: 60, unit: "b")"#,
            1,
        ),
        (r#"Term(post: "p", from: "2001", to: "2005"), Term(post: "p", from: "2004")"#, 0),
        (r#"Term(post: "p", from: "2001", to: "2003"), Term(post: "p", from: "2004")"#, 1),
        (r#"Pair(a: "x", b: "y", n: 1), Pair(a: "x", b: "z", n: 2)"#, 0),
        (r#"Pair(a: "x", b: "y", n: 1), Pair(a: "x", b: "y", n: 2)"#, 1),
        (r#"Free(a: "x", b: "y"), Free(a: "x", b: "z")"#, 0),
        // What no plain atom sees conflicts with nothing.
        (r#"Held(event: "e", city: "y", _status: Denied), Held(event: "e", city: "x")"#, 0),
        (r#"Held(event: "e", city: "y", _review: Rejected), Held(event: "e", city: "x")"#, 0),
        (r#"Held(event: "e", city: "y", _status: Planned), Held(event: "e", city: "x")"#, 1),
    ];
    for (facts, expected) in cases {
        assert_eq!(conflicts(facts), *expected, "{facts}");
    }
    let found = check(rules, "[\nHeld(event: \"e\", city: \"y\"),\nHeld(event: \"e\", city: \"x\"),\n]");
    assert_eq!(
        found,
        [
            "FL422 facts/a.ron:3, facts/a.ron:2: `Held` of (event: \"e\") is stated with `city` that cannot all be true: \"x\", \"y\""
        ]
    );
}

#[test]
fn what_is_more_and_less_exact_is_a_refinement() {
    let rules = "\
        .decl Held(event: symbol, on: date?, city: symbol?) key(event)\n\
        .decl Amount(deal: symbol, low: float, high: float) key(deal) range(low, high)\n";
    let facts = r#"[
Source(id: "wire", publisher: "w"),
Source(id: "copy", publisher: "c", based_on: ["wire"]),
Held(event: "e", on: "2022-09", _src: "wire"),
Held(event: "e", on: "2022-09-22"),
Amount(deal: "d", low: 7.5, high: 8.5, _src: "wire"),
Amount(deal: "d", low: 8.5, high: 8.5, _src: "copy"),
Amount(deal: "c", low: 1, high: 2), Amount(deal: "c", low: 2, high: 3), Amount(deal: "c", low: 4, high: 4),
]"#;
    let project = Project::empty();
    project.write("rules/a.dl", rules);
    project.write("facts/a.ron", facts);
    let mut session = open(&project, Options::default());
    let found = session.check(None).unwrap();
    let told: Vec<String> = found
        .iter()
        .map(|found| {
            let labels: Vec<&str> =
                found.primary.iter().chain(&found.secondary).map(|label| label.message.as_str()).collect();
            format!("{} {} [{}]", found.code, found.message, labels.join(" | "))
        })
        .collect();
    assert_eq!(
        told,
        [
            "FL435 `Held` of (event: \"e\") is stated with `on` more and less exactly: 2022-09, 2022-09-22 \
             [2022-09, by wire | 2022-09-22, by no source]",
            "FL435 `Amount` of (deal: \"d\") is stated with `low` and `high` more and less exactly: \
             7.5 to 8.5, 8.5 to 8.5 [7.5 to 8.5, by wire | 8.5 to 8.5, by copy (based on wire)]",
            "FL422 `Amount` of (deal: \"c\") is stated with `low` and `high` that cannot all be true: \
             1.0 to 2.0, 2.0 to 3.0, 4.0 to 4.0 [1.0 to 2.0, by no source | 2.0 to 3.0, by no source | 4.0 to 4.0, by no source]",
        ]
    );
    assert!(!found[0].is_error() && session.conflicts(Some("Held")).unwrap().len() == 1);
}

#[test]
fn conflicts_are_those_of_the_relation_named() {
    let project = Project::empty();
    project.write("rules/a.dl", ".decl Event(id: symbol, kind: symbol) key(id)\n.decl EventDate(event: symbol, on: date) key(event)\n");
    project.write(
        "facts/a.ron",
        "[Event(id: \"e\", kind: \"a\"), Event(id: \"e\", kind: \"b\"), EventDate(event: \"e\", on: \"2022\"),\n\
         EventDate(event: \"e\", on: \"2023\"), EventDate(event: \"f\", on: \"2023\"), EventDate(event: \"f\", on: \"2023\", _status: Denied)]",
    );
    let mut session = open(&project, Options::default());
    assert_eq!(session.conflicts(None).unwrap().len(), 3);
    assert_eq!(session.conflicts(Some("Event")).unwrap().len(), 1);
    assert_eq!(session.conflicts(Some("EventDate")).unwrap().len(), 2);
    assert!(session.conflicts(Some("Evnt")).is_err());
}

#[test]
fn the_same_fact_twice_and_held_beside_denied() {
    let facts = "[\n\
        Was(who: \"a\", at: \"x\"),\nWas(at: \"x\", who: \"a\"),\n\
        Was(who: \"b\", at: \"x\", _by: [\"s\"]),\nWas(who: \"b\", at: \"x\", _by: [\"t\"]),\n\
        Was(who: \"c\", at: \"x\"),\nWas(who: \"c\", at: \"x\", _status: Cancelled),\n\
        Was(who: \"d\", at: \"x\", _status: Planned),\nWas(who: \"d\", at: \"x\", _status: Denied),\n\
        Was(who: \"e\", at: \"x\"),\nWas(who: \"e\", at: \"x\", _status: Denied, _review: Pending),\n]";
    let found = check(MEETINGS, facts);
    assert_eq!(found.len(), 2, "{found:?}");
    assert!(found[0].starts_with("FL423 facts/a.ron:3, facts/a.ron:2: "), "{found:?}");
    assert_eq!(
        found[1],
        "FL424 facts/a.ron:6, facts/a.ron:7: Was(who: \"c\", at: \"x\") is held and cancelled"
    );
    // In two files it is one fact from two places.
    let project = Project::empty();
    project.write("rules/a.dl", MEETINGS);
    project.write("facts/a.ron", "[Was(who: \"a\", at: \"x\")]");
    project.write("facts/b.ron", "[Was(who: \"a\", at: \"x\")]");
    let mut session = open(&project, Options::default());
    assert_eq!(session.check(None).unwrap(), []);
    assert_eq!(session.query("Was(who: w)").unwrap().0.rows.len(), 1);
}

#[test]
fn an_id_that_nobody_declares_gets_the_nearest() {
    let rules = "\
        .decl Person(id: Person, name: symbol) key(id)\n\
        .decl Team(id: Team) key(id)\n\
        .type Party = Person | Team\n\
        .decl Alias(entity: Person, text: symbol)\n\
        .decl Signed(by: Party, all: [Person]?)\n";
    let facts = "[\n\
        Person(id: \"tokayev\", name: \"Kassym-Jomart Tokayev\"),\nTeam(id: \"c5\"),\nAlias(entity: \"tokayev\", text: \"Tokaev\"),\n\
        Signed(by: \"tokayef\"),\nSigned(by: \"c5\", all: [\"tokayev\", \"tokyaev\"]),\nSigned(by: \"zzzzzz\"),\n\
        Signed(by: \"c5\", _src: \"nowhere\"),\n]";
    let project = Project::empty();
    project.write("rules/a.dl", rules);
    project.write("facts/a.ron", facts);
    let mut session = open(&project, Options::default());
    let found = session.check(None).unwrap();
    let lines: Vec<String> = found.iter().map(|found| told(&session, found)).collect();
    assert_eq!(lines.len(), 4, "{lines:#?}");
    let expected = [
        ("FL420 facts/a.ron:5: ", "`Person` or `Team` has the id \"tokayef\"", "did you mean \"tokayev\""),
        ("FL420 facts/a.ron:6: ", "`Person` has the id \"tokyaev\"", "did you mean \"tokayev\""),
        ("FL420 facts/a.ron:7: ", "\"zzzzzz\"", ""),
        ("FL421 facts/a.ron:8: ", "`Source` has the id \"nowhere\"", ""),
    ];
    for ((line, found), (place, message, help)) in lines.iter().zip(&found).zip(expected) {
        assert!(line.starts_with(place) && line.contains(message), "{line}");
        let told = found.help.join(" ");
        assert!(told.starts_with(help) && told.is_empty() == help.is_empty(), "{line} {told}");
        assert_eq!(found.severity, Severity::Error);
    }
    // Declared later, by a fact or by a rule, it is no longer missing.
    session.line("+Source(id: \"nowhere\", publisher: \"P\")").unwrap();
    session.line("Person(id: p, name: p) :- Signed(all: ps), p in ps.").unwrap();
    session.line("-Signed(by: \"zzzzzz\")").unwrap();
    let found = session.check(None).unwrap();
    assert_eq!(found.len(), 1, "{found:?}");
}

#[test]
fn levels_of_settings_and_options() {
    let project = Project::empty();
    project.write(
        "rules/a.dl",
        &format!("{MEETINGS}warn w \"{{p}}\" :- Was(who: p).\n.decl K(k: symbol, v: number) key(k)\n"),
    );
    project.write("facts/a.ron", "[Was(who: \"a\", at: \"x\"), K(k: \"k\", v: 1), K(k: \"k\", v: 2)]");
    let levels = |settings: &str, options: &[(&str, LintLevel)]| {
        project.write("factlog.ron", settings);
        let levels = Levels(options.iter().map(|(name, level)| ((*name).to_owned(), *level)).collect());
        let mut session = open(&project, Options { levels, ..Options::default() });
        let found = session.check(None).unwrap();
        let mut levels: Vec<String> =
            found.iter().map(|found| format!("{} {:?}", found.code, found.severity)).collect();
        levels.sort();
        levels
    };
    use LintLevel::{Allow, Deny, Warn};
    assert_eq!(levels("()", &[]), ["FL422 Warning", "w Warning"]);
    assert_eq!(levels("(lints: {\"conflict\": Deny, \"w\": Allow})", &[]), ["FL422 Error"]);
    assert_eq!(levels("(lints: {\"FL422\": Deny})", &[("conflict", Warn)]), ["FL422 Warning", "w Warning"]);
    assert_eq!(levels("()", &[("w", Deny), ("w", Allow), ("fl422", Deny)]), ["FL422 Error"]);
    assert_eq!(levels("(lints: {\"w\": Allow})", &[("w", Deny)]), ["FL422 Warning", "w Error"]);
}

#[test]
fn lints_of_what_was_typed_in_show_until_it_is_taken_back() {
    let project = Project::empty();
    project.write("rules/a.dl", MEETINGS);
    let mut session = open(&project, Options::default());
    let (_, warnings) = session.define("Lone(who: p) :- Was(who: p, at: c).").unwrap();
    assert_eq!(warnings.iter().map(|found| &*found.code).collect::<Vec<_>>(), ["FL500"]);
    assert_eq!(session.check(None).unwrap(), warnings);
    session.undo().unwrap();
    assert_eq!(session.check(None).unwrap(), []);
}

/// What the primary place of each finding covers, and what its fix makes of that.
fn marked(facts: &str) -> Vec<(String, String, Option<String>)> {
    let project = Project::empty();
    let rules = "\
        .decl Person(id: Person, name: symbol) key(id)\n\
        .decl Met(a: Person, others: [Person])\n\
        Met(a: \"nobody\", others: []).\n";
    project.write("rules/a.dl", rules);
    project.write("facts/a.ron", facts);
    let mut session = open(&project, Options::default());
    let found = session.check(None).unwrap();
    found
        .iter()
        .map(|found| {
            let span = found.primary.as_ref().unwrap().span;
            let fix = found.fix.as_ref().map(|fix| {
                assert_eq!(fix.edits[0].0, span);
                fix.edits[0].1.clone()
            });
            (found.code.clone(), session.sources().text(span).to_owned(), fix)
        })
        .collect()
}

#[test]
fn a_finding_about_a_field_marks_the_field_and_not_the_fact() {
    let marked = marked(
        "(\n    defaults: (_by: [\"x\"]),\n    facts: [\n        \
         Source(id: \"post\", publisher: \"P\"),\n        \
         Person(id: \"ann\", name: \"Ann\", _conf: 1.5), Person(id: \"cem\", name: \"Cem Ilhan\"),\n        \
         Met(a: \"anne\", others: [\"ann\", \"zzz\"], _src: \"pots\", _at: \"line 5\"),\n        \
         Met(\"Cem Ilham\", [\"ann\"]),\n    ],\n)\n",
    );
    let expected = [
        ("FL425", "1.5", None),
        ("FL420", "\"anne\"", Some("\"ann\"")),
        ("FL420", "\"zzz\"", None),
        ("FL421", "\"pots\"", Some("\"post\"")),
        ("FL426", "\"line 5\"", None),
        // By position, and by the name of a thing instead of its id.
        ("FL420", "\"Cem Ilham\"", Some("\"cem\"")),
        // A fact of a rule file.
        ("FL420", "\"nobody\"", None),
    ];
    let mut marked: Vec<_> =
        marked.iter().map(|(code, text, fix)| (&**code, &**text, fix.as_deref())).collect();
    let mut expected = expected.to_vec();
    marked.sort();
    expected.sort();
    assert_eq!(marked, expected);
}

#[test]
fn a_field_that_the_defaults_give_is_marked_at_the_fact() {
    let fact = "Person(id: \"ann\", name: \"Ann\")";
    let marked = marked(&format!("(defaults: (_src: \"pots\"), facts: [{fact}])"));
    assert!(marked.contains(&("FL421".to_owned(), fact.to_owned(), None)), "{marked:?}");
}

#[test]
fn one_thing_is_proposed_once() {
    let project = Project::empty();
    project.write("rules/a.dl", ".decl Person(id: Person, name: symbol) key(id)\n.decl Met(a: Person)\n");
    let names = "Person(id: \"ada\", name: \"Ada Brinkman\"), Person(id: \"ada\", name: \"Ada Brink\")";
    project.write("facts/a.ron", &format!("[{names}, Met(a: \"Ada Brinks\")]"));
    let mut session = open(&project, Options::default());
    let found = session.check(None).unwrap();
    let found = found.iter().find(|found| found.code == "FL420").unwrap();
    let message = &found.fix.as_ref().unwrap().message;
    assert_eq!(message.matches("\"ada\"").count(), 1, "{message}");
}
