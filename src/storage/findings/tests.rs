//! Each finding on a small base that has it, and on one that has not.

use super::{Evidence, differences, findings};
use crate::base::Diagnostic;
use crate::storage::testing::loaded;

const THINGS: &str = r#"
    Source(id: "s1", publisher: "p", published: "2025-05-01"),
    Source(id: "s2", publisher: "q"),
    Person(id: "tokayev", name: "Kassym-Jomart Tokayev"), Person(id: "x"), Person(id: "japarov"),
    Alias(entity: "japarov", text: "Zhaparov"),
    Event(id: "e"),
"#;

fn found_with(facts: &str, evidence: &Evidence<'_>) -> Vec<Diagnostic> {
    let text = format!("[{THINGS}{facts}]");
    findings(&loaded(&[&text]).unwrap(), evidence)
}

fn found(facts: &str) -> Vec<Diagnostic> {
    found_with(facts, &Evidence::default())
}

fn codes(facts: &str) -> Vec<String> {
    found(facts).into_iter().map(|diagnostic| diagnostic.code).collect()
}

#[test]
fn a_good_base_has_none() {
    let facts = r#"
        Attended(leader: "tokayev", summit: "e", _src: "s1", _at: "L9", _conf: 0.5),
        Attended(leader: "tokayev", summit: "e", _src: "s2", _at: "L7:120-233"),
        EventDate(event: "e", date: "2025-11"), EventDate(event: "e", date: "2025-11-06"),
        Amount(deal: "d", low: 8.0, high: 9.0), Amount(deal: "d", low: 8.5, high: 8.5), Amount(deal: "d", low: 8.4),
    "#;
    // What is stated more and less exactly is told of, and nothing is wrong with it.
    assert_eq!(codes(facts), ["FL435", "FL435"]);
}

#[test]
fn ids_that_nothing_declares_are_reported_with_the_nearest() {
    let found = found(
        r#"Attended(leader: "tokaev", summit: "e"), Attended(leader: "tokaev", summit: "f"), Attended(leader: "Zhaparow", summit: "e")"#,
    );
    let told: Vec<(&str, &str, Option<&str>)> = found
        .iter()
        .map(|d| (d.code.as_str(), d.message.as_str(), d.help.first().map(String::as_str)))
        .collect();
    assert_eq!(
        told,
        [
            ("FL420", "no `Person` has the id \"tokaev\"", Some("did you mean \"tokayev\"?")),
            ("FL420", "no `Event` has the id \"f\"", Some("did you mean \"e\"?")),
            ("FL420", "no `Person` has the id \"Zhaparow\"", Some("did you mean \"japarov\" (Zhaparov)?")),
        ]
    );
    assert_eq!(found[0].secondary.len(), 1);
}

#[test]
fn ids_that_rules_derive_are_declared() {
    let derived = |_, _| true;
    let evidence = Evidence { derived: Some(&derived), ..Evidence::default() };
    assert_eq!(found_with(r#"Attended(leader: "nobody", summit: "e")"#, &evidence), []);
}

#[test]
fn sources_are_declared_and_rest_on_something() {
    assert_eq!(codes(r#"Event(id: "f", _src: "s3")"#), ["FL421"]);
    assert_eq!(codes(r#"Event(id: "f", _src: "s1", _based_on: ["s9"])"#), ["FL421"]);
    assert_eq!(codes(r#"Source(id: "s4", publisher: "p", based_on: ["s9"])"#), ["FL420"]);
    assert_eq!(codes(r#"Source(id: "a", publisher: "p", based_on: ["a"])"#), ["FL427"]);
    let ring = r#"Source(id: "a", publisher: "p", based_on: ["b"]), Source(id: "b", publisher: "p", based_on: ["a", "s1"])"#;
    let found = found(ring);
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].message, "sources \"a\", \"b\" are based on one another in a circle");
}

#[test]
fn conflicts_are_what_cannot_both_be_true() {
    assert_eq!(
        codes(r#"EventDate(event: "e", date: "2025-11"), EventDate(event: "e", date: "2025-12-01")"#),
        ["FL422"]
    );
    assert_eq!(
        codes(r#"Person(id: "y", name: "Y"), Person(id: "y", name: "Z"), Person(id: "y")"#),
        ["FL422"]
    );
    assert_eq!(codes(r#"Amount(deal: "d", low: 8.0, high: 9.0), Amount(deal: "d", low: 9.5)"#), ["FL422"]);
    // What is denied, or only waits for review, is not in conflict.
    assert!(
        codes(r#"EventDate(event: "e", date: "2024"), EventDate(event: "e", date: "2025", _status: Denied)"#)
            .is_empty()
    );
    assert!(
        codes(
            r#"EventDate(event: "e", date: "2024"), EventDate(event: "e", date: "2025", _review: Pending)"#
        )
        .is_empty()
    );
    // Relations without a key have none.
    assert!(codes(r#"All(s: "a", n: 1), All(s: "a", n: 2)"#).is_empty());
}

#[test]
fn a_conflict_names_the_values_and_only_those() {
    let text = r#"[EventDate(event: "e", date: "2025"), EventDate(event: "e", date: "2025-05"), EventDate(event: "e", date: "2025-06"), EventDate(event: "f", date: "2024")]"#;
    let database = loaded(&[text]).unwrap();
    let conflicts = differences(&database, database.schema().find("EventDate").unwrap()).conflicts;
    assert_eq!(conflicts.len(), 1);
    let dates: Vec<String> =
        conflicts[0].tuples.iter().map(|tuple| database.interner().value(tuple[1]).plain()).collect();
    assert_eq!(
        (conflicts[0].columns.as_slice(), dates),
        ([1].as_slice(), vec!["2025-05".to_owned(), "2025-06".to_owned()])
    );
}

#[test]
fn assertions_that_contradict_or_repeat_one_another() {
    let held = r#"Attended(leader: "x", summit: "e", _src: "s1")"#;
    let denied = r#"Attended(leader: "x", summit: "e", _src: "s2", _status: Denied)"#;
    let planned = r#"Attended(leader: "x", summit: "e", _src: "s2", _status: Planned)"#;
    assert_eq!(codes(&format!("{held},{denied}")), ["FL424"]);
    assert!(codes(&format!("{planned},{denied}")).iter().all(|code| code != "FL424"));
    assert_eq!(codes(&format!("{held},{held}")), ["FL423"]);
    assert!(codes(&format!("{held},{planned}")).is_empty());
    // The same fact in two files is two assertions, and no slip.
    let [one, two] = [format!("[{THINGS}{held}]"), format!("[{held}]")];
    assert_eq!(findings(&loaded(&[&one, &two]).unwrap(), &Evidence::default()), []);
}

#[test]
fn metadata_makes_sense() {
    assert_eq!(codes(r#"Event(id: "f", _conf: 1.5)"#), ["FL425"]);
    assert_eq!(codes(r#"Event(id: "f", _conf: -0.1)"#), ["FL425"]);
    assert_eq!(codes(r#"Event(id: "f", _conf: NaN)"#), ["FL425"]);
    assert!(codes(r#"Event(id: "f", _conf: 1)"#).is_empty());
    assert_eq!(codes(r#"Event(id: "f", _src: "s1", _at: "line 9")"#), ["FL426"]);
}

#[test]
fn texts_that_are_not_what_they_seem() {
    assert_eq!(codes("Person(id: \"jose\u{301}\")"), ["FL428"]);
    assert!(codes("Person(id: \"jos\u{e9}\")").is_empty());
    assert_eq!(codes("Person(id: \"tok\u{430}yev\")"), ["FL429"]);
    assert!(codes("Person(id: \"токаев\"), Person(id: \"习近平\")").is_empty());
    // Only ids are words of one script.
    assert!(codes("Person(id: \"y\", name: \"Tokayev (Токаев)\")").is_empty());
}

const ARTICLE: &str = "Title\n\nThey will meet “in two  weeks”, he said.\nNo more.\n";

fn against_text(facts: &str, sha256: &str) -> Vec<String> {
    let texts = |name: &str| (name == "a.txt").then(|| ARTICLE.as_bytes().to_vec());
    let source = format!(r#"Source(id: "a", publisher: "p", text: "a.txt"{sha256}),"#);
    let evidence = Evidence { texts: Some(&texts), ..Evidence::default() };
    found_with(&format!("{source}{facts}"), &evidence)
        .into_iter()
        .map(|d| format!("{} {}", d.code, d.help.join("")))
        .collect()
}

#[test]
fn places_and_quotes_are_held_against_the_text() {
    let good = r#"Event(id: "f", _src: "a", _at: "L3", _quote: "meet \"in two weeks\""), Event(id: "g", _src: "a", _at: "p2")"#;
    assert_eq!(against_text(good, ""), Vec::<String>::new());
    assert_eq!(against_text(r#"Event(id: "f", _src: "a", _at: "L9")"#, ""), ["FL431 "]);
    assert_eq!(against_text(r#"Event(id: "f", _src: "a", _quote: "in three weeks")"#, ""), ["FL432 "]);
    assert_eq!(
        against_text(r#"Event(id: "f", _src: "a", _at: "L1", _quote: "No more")"#, ""),
        ["FL432 these words stand in line 4: `_at: \"L4\"`"]
    );
    // As the program sha256sum has it.
    let sum = "486ba200d966523d3a0537ab78fb54d094ae248ccea619d2b17c15c5985a6be1";
    assert!(against_text("", &format!(", sha256: \"{sum}\"")).is_empty());
    assert_eq!(against_text("", &format!(", sha256: \"{}\"", sum.replace('a', "b"))), ["FL433 "]);
}

#[test]
fn without_a_text_nothing_is_verified_and_nothing_is_wrong() {
    let found = found(
        r#"Source(id: "a", publisher: "p", text: "a.txt"), Event(id: "f", _src: "a", _at: "L900", _quote: "x")"#,
    );
    assert_eq!(found.len(), 1);
    assert_eq!((found[0].code.as_str(), found[0].is_error()), ("FL434", false));
}
