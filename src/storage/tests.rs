//! What the database shows, and how it changes.

use crate::base::{FileId, Span};
use crate::model::schema::PredKind;
use crate::model::{Assertion, Fact, PredId, Value};
use crate::storage::database::{Database, Pattern};
use crate::storage::sources::Struck;
use crate::storage::testing::{add, dump, loaded};

/// The leaders whom a plain atom `Attended(leader: l)` sees, sorted.
fn leaders(database: &Database) -> Vec<String> {
    let attended = database.schema().find("Attended").unwrap();
    let table = database.table(attended).unwrap();
    let mut names: Vec<String> = table.iter().map(|row| database.interner().value(row[0]).plain()).collect();
    names.sort();
    names
}

fn attended(leader: &str, metadata: &str) -> String {
    format!("Attended(leader: \"{leader}\", summit: \"e\", {metadata})")
}

const SOURCES: &str = r#"[
    Source(id: "may", publisher: "p", published: "2025-05-10"),
    Source(id: "june", publisher: "p", published: "2025-06-10"),
    Source(id: "year", publisher: "p", published: "2025"),
    Source(id: "undated", publisher: "p"),
]"#;

/// Whether the tuple with these assertions is seen.
fn seen(metadata: &[&str]) -> bool {
    let facts: Vec<String> = metadata.iter().map(|metadata| attended("x", metadata)).collect();
    let database = loaded(&[SOURCES, &format!("[{}]", facts.join(","))]).unwrap();
    !leaders(&database).is_empty()
}

#[test]
fn a_plain_atom_sees_what_is_accepted_and_not_overruled() {
    assert!(seen(&[""]));
    assert!(seen(&["_status: Proposed"]));
    assert!(!seen(&["_status: Denied"]));
    assert!(!seen(&["_review: Pending"]));
    assert!(!seen(&["_review: Rejected"]));
    assert!(seen(&["_review: Rejected", "_status: Planned"]));
    // A denial that nobody has accepted overrules nothing.
    assert!(seen(&["_status: Planned", "_status: Denied, _review: Pending"]));
    assert!(seen(&["_status: Held", "_status: Denied"]));
    assert!(!seen(&["_status: Planned", "_status: Cancelled"]));
}

#[test]
fn a_plan_recorded_certainly_later_stands() {
    let planned = |src: &str| format!("_status: Planned, _src: \"{src}\"");
    let denied = |src: &str| format!("_status: Denied, _src: \"{src}\"");
    assert!(seen(&[&planned("june"), &denied("may")]));
    assert!(!seen(&[&planned("may"), &denied("june")]));
    assert!(!seen(&[&planned("may"), &denied("may")]));
    // Some day of 2025 is not certainly after the tenth of May, and no day is known at all.
    assert!(!seen(&[&planned("year"), &denied("may")]));
    assert!(!seen(&[&planned("undated"), &denied("may")]));
    assert!(!seen(&[&planned("june"), &denied("undated")]));
    assert!(seen(&["_status: Planned, _on: \"2025-07-01\"", &denied("june")]));
    assert!(!seen(&["_status: Planned", &denied("june")]));
    // It has to be later than every denial, and one such plan is enough.
    assert!(!seen(&[&planned("june"), &denied("may"), &denied("june")]));
    assert!(seen(&[&planned("may"), &planned("june"), &denied("may")]));
}

#[test]
fn the_date_of_a_source_that_comes_later_counts() {
    let facts =
        [attended("x", "_status: Planned, _src: \"june\""), attended("x", "_status: Denied, _src: \"may\"")];
    let mut database = loaded(&[&format!("[{}]", facts.join(","))]).unwrap();
    assert!(leaders(&database).is_empty());
    let before = database.snapshot();
    add(&mut database, &[SOURCES]).unwrap();
    assert_eq!(leaders(&database), ["x"]);
    database.restore(before);
    assert!(leaders(&database).is_empty());
}

#[test]
fn one_tuple_keeps_all_its_assertions() {
    let facts = [attended("x", "_src: \"may\""), attended("x", "_src: \"june\""), attended("y", "")];
    let database = loaded(&[SOURCES, &format!("[{}]", facts.join(","))]).unwrap();
    let attended = database.schema().find("Attended").unwrap();
    assert_eq!(database.table(attended).unwrap().len(), 2);
    let row = database
        .table(attended)
        .unwrap()
        .iter()
        .find(|row| database.interner().value(row[0]).plain() == "x")
        .unwrap();
    let sources: Vec<_> =
        database.assertions_of(attended, row).into_iter().map(|a| a.src.unwrap().to_string()).collect();
    assert_eq!(sources, ["may", "june"]);
    assert_eq!(database.mentions("june").len(), 2);
}

#[test]
fn assertions_are_a_relation() {
    let facts = [
        attended("x", "_status: Planned, _src: \"may\", _by: [\"office\", \"p\"], _conf: 0.5"),
        attended("x", "_status: Denied, _src: \"june\", _based_on: [\"may\"]"),
        attended("y", "_note: \"n\""),
    ];
    let database = loaded(&[SOURCES, &format!("[{}]", facts.join(","))]).unwrap();
    let (view, _) =
        database.schema().iter().find(|(_, p)| matches!(p.kind, PredKind::Assertions(_))).unwrap();
    let table = database.table(view).unwrap();
    let mut rows: Vec<String> = table
        .iter()
        .map(|row| {
            row.iter().map(|word| database.interner().value(*word).to_string()).collect::<Vec<_>>().join(" ")
        })
        .collect();
    rows.sort();
    let nils = |n: usize| "nil ".repeat(n).trim_end().to_owned();
    assert_eq!(
        rows,
        [
            r#""x" "e" Guest 0 false "may" nil nil ["office", "p"] nil Planned 0.5 d"2025-05-10" Accepted nil nil"#.to_owned(),
            r#""x" "e" Guest 1 false "june" nil nil nil ["may"] Denied 1.0 d"2025-06-10" Accepted nil nil"#.to_owned(),
            format!(r#""y" "e" Guest 0 true {} Held 1.0 nil Accepted nil "n""#, nils(5)),
        ]
    );
}

fn fact(database: &Database, leader: &str, src: Option<&str>) -> Fact {
    let predicate = database.schema().find("Attended").unwrap();
    let guest = database.schema().predicate(predicate).columns[2].default.clone().unwrap();
    let assertion =
        Assertion { src: src.map(Into::into), ..Assertion::background(Span::new(FileId(0), 0, 0)) };
    Fact { predicate, tuple: vec![Value::symbol(leader), Value::symbol("e"), guest], assertion }
}

fn pattern<'p>(
    predicate: PredId,
    leader: Option<&str>,
    fits: &'p dyn Fn(&[Value], &Assertion) -> bool,
) -> Pattern<'p> {
    Pattern { predicate, columns: vec![leader.map(Value::symbol), None, None], fits }
}

#[test]
fn facts_are_asserted_retracted_and_brought_back() {
    let mut database = loaded(&[&format!("[{}]", attended("x", "_src: \"a\""))]).unwrap();
    let predicate = database.schema().find("Attended").unwrap();
    let first = database.snapshot();
    let loaded_only = dump(&database);
    database.assert(&[fact(&database, "y", None), fact(&database, "x", Some("b"))]);
    assert_eq!(leaders(&database), ["x", "y"]);
    let second = database.snapshot();
    let gone = database
        .retract(&pattern(predicate, Some("x"), &|_, assertion| assertion.src.as_deref() == Some("b")));
    assert_eq!(gone, [fact(&database, "x", Some("b"))]);
    assert_eq!(leaders(&database), ["x", "y"]);
    assert_eq!(database.retract(&pattern(predicate, Some("nobody"), &|_, _| true)), []);
    assert_eq!(database.retract(&pattern(predicate, None, &|_, _| true)).len(), 2);
    assert!(leaders(&database).is_empty() && database.is_empty());
    database.restore(second);
    assert_eq!(database.len(), 3);
    database.restore(first);
    assert_eq!(dump(&database), loaded_only);
}

#[test]
fn names_and_aliases_find_things() {
    let database = loaded(&[r#"[
        Person(id: "tokayev", name: "Kassym-Jomart Tokayev"),
        Alias(entity: "tokayev", text: "Tokaev"),
        Alias(entity: "nobody", text: "Nobody"),
    ]"#])
    .unwrap();
    let names = database.names();
    let named: Vec<(&str, &str)> = names.iter().map(|(name, id)| (name.as_str(), id.as_str())).collect();
    assert_eq!(named, [("Kassym-Jomart Tokayev", "tokayev"), ("Tokaev", "tokayev"), ("tokayev", "tokayev")]);
}

#[test]
fn a_struck_source_takes_with_it_what_only_repeats_it() {
    let database = loaded(&[r#"[
        Source(id: "wire", publisher: "p"),
        Source(id: "copy", publisher: "q", based_on: ["wire"]),
        Source(id: "copy2", publisher: "q", based_on: ["copy"]),
        Source(id: "mixed", publisher: "r", based_on: ["wire", "own"]),
        Source(id: "own", publisher: "r"),
        Source(id: "ring1", publisher: "r", based_on: ["ring2"]),
        Source(id: "ring2", publisher: "r", based_on: ["ring1"]),
        Event(id: "1", _src: "wire"), Event(id: "2", _src: "copy"), Event(id: "3", _src: "copy2"),
        Event(id: "4", _src: "mixed"), Event(id: "5", _src: "copy", _based_on: []), Event(id: "6"),
        Event(id: "7", _src: "own", _based_on: ["wire"]), Event(id: "8", _src: "ring1"),
    ]"#])
    .unwrap();
    let wire = database.interner().get(&Value::symbol("wire")).unwrap();
    let struck = Struck::new([wire], database.sources(), database.interner());
    let event = database.schema().find("Event").unwrap();
    let extent = database.extent(event).unwrap();
    let mut gone: Vec<String> = (0..extent.tuples().len())
        .filter(|row| struck.takes(&extent.assertions(*row)[0], &database.context(), database.interner()))
        .map(|row| database.interner().value(extent.tuples().row(row)[0]).plain())
        .collect();
    gone.sort();
    assert_eq!(gone, ["1", "2", "3", "7"]);
}

#[test]
fn a_restriction_is_taken_back() {
    let facts = [
        attended("x", "_status: Planned"),
        attended("x", "_status: Held"),
        attended("y", "_status: Planned"),
    ];
    let mut database = loaded(&[&format!("[{}]", facts.join(","))]).unwrap();
    let before = database.snapshot();
    let gone = database.restrict(|_, stated, context, _| {
        context.metas.get(stated.meta).status == crate::model::Status::Held
    });
    assert_eq!((gone, leaders(&database)), (2, vec!["x".to_owned()]));
    database.restore(before);
    assert_eq!(leaders(&database), ["x", "y"]);
}

#[test]
fn bulk_rows_are_facts_like_others() {
    let mut bulk = loaded(&[]).unwrap();
    let predicate = bulk.schema().find("Attended").unwrap();
    let facts: Vec<Fact> = ["y", "x", "z"].iter().map(|leader| fact(&bulk, leader, None)).collect();
    let mut one_by_one = bulk.clone();
    one_by_one.assert(&facts);
    let rows = |database: &mut Database| {
        let values = facts.iter().flat_map(|fact| &fact.tuple);
        values.map(|value| database.interner_mut().intern(value)).collect::<Vec<_>>()
    };
    let words = rows(&mut bulk);
    let span = Span::new(FileId(7), 0, 0);
    // The same row twice is one fact.
    bulk.assert_bulk(predicate, [&words[..], &words[..3]].concat(), 4, span);
    assert_eq!((bulk.len(), dump(&bulk)), (3, dump(&one_by_one)));
    assert_eq!(bulk.assertions_of(predicate, &words[..3])[0].span, span);
    // On top of facts there are, and with more on top of it.
    let mut both = loaded(&[&format!("[{}]", attended("y", "_src: \"a\""))]).unwrap();
    let words = rows(&mut both);
    both.assert_bulk(predicate, words, 3, span);
    for database in [&mut bulk, &mut one_by_one] {
        database.assert(&[fact(&both, "y", Some("a"))]);
    }
    assert_eq!(dump(&bulk), dump(&one_by_one));
    assert_eq!(dump(&both), dump(&one_by_one));
    for database in [&mut bulk, &mut both] {
        assert_eq!(database.retract(&pattern(predicate, Some("x"), &|_, _| true)).len(), 1);
        assert_eq!(leaders(database), ["y", "z"]);
    }
    let mut flags = loaded(&[]).unwrap();
    let flag = flags.schema().find("Flag").unwrap();
    flags.assert_bulk(flag, Vec::new(), 2, span);
    assert_eq!(flags.len(), 1);
    flags.retract(&Pattern { predicate: flag, columns: Vec::new(), fits: &|_, _| true });
    assert!(flags.is_empty());
}
