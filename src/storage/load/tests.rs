//! What loading accepts, and what it says of the rest.

use proptest::prelude::*;

use crate::base::Diagnostic;
use crate::model::{Review, Status, Value};
use crate::storage::testing::{dump, loaded};

/// Code and text of the place of each diagnostic.
fn refused(text: &str) -> Vec<(String, String)> {
    let wrong = loaded(&[text]).err().unwrap_or_default();
    let place = |diagnostic: &Diagnostic| text[diagnostic.span().unwrap().range()].to_owned();
    wrong.iter().map(|diagnostic| (diagnostic.code.clone(), place(diagnostic))).collect()
}

fn only(text: &str) -> Diagnostic {
    let mut wrong = loaded(&[text]).unwrap_err();
    assert_eq!(wrong.len(), 1, "{wrong:?}");
    wrong.remove(0)
}

#[test]
fn a_file_with_defaults_loads() {
    let database = loaded(&[r#"(
        defaults: (_src: "reuters", _status: Planned),
        facts: [
            Event(id: "washington"),
            Attended(leader: "tokayev", summit: "washington", _status: Confirmed, _at: "L15-18", _by: ["Tokayev", "his office"]),
            Attended("japarov", "washington", Host),
        ],
    )"#])
    .unwrap();
    let attended = database.schema().find("Attended").unwrap();
    let facts: Vec<_> = database.facts(attended).collect();
    assert_eq!(facts.len(), 2);
    let tokayev = facts.iter().find(|fact| fact.tuple[0] == Value::symbol("tokayev")).unwrap();
    assert_eq!(tokayev.tuple[2].to_string(), "Guest");
    assert_eq!(tokayev.assertion.src.as_deref(), Some("reuters"));
    assert_eq!(tokayev.assertion.status, Status::Confirmed);
    assert_eq!(tokayev.assertion.at.as_deref(), Some("L15-18"));
    assert_eq!(tokayev.assertion.by.len(), 2);
    let japarov = facts.iter().find(|fact| fact.tuple[0] == Value::symbol("japarov")).unwrap();
    assert_eq!(japarov.tuple[2].to_string(), "Host");
    assert_eq!(japarov.assertion.status, Status::Planned);
    assert_eq!(database.table(attended).unwrap().len(), 2);
}

#[test]
fn every_type_is_read() {
    let database = loaded(&[
        r#"[All(s: "ä\n", n: -3, f: 2, b: true, d: "2025-11", e: Host, l: ["a", "b"]), All(s: Some("x"), n: None), Flag(), All(f: 0.5)]"#,
    ])
    .unwrap();
    let all = database.schema().find("All").unwrap();
    let mut rows: Vec<String> = database
        .facts(all)
        .map(|fact| fact.tuple.iter().map(Value::to_string).collect::<Vec<_>>().join(" "))
        .collect();
    rows.sort();
    assert_eq!(
        rows,
        [
            r#""x" nil nil nil nil nil nil"#,
            r#""ä\n" -3 2.0 true d"2025-11" Host ["a", "b"]"#,
            "nil nil 0.5 nil nil nil nil",
        ]
    );
    let flag = database.schema().find("Flag").unwrap();
    assert_eq!(database.table(flag).unwrap().len(), 1);
}

#[test]
fn empty_files_hold_nothing() {
    for text in ["", "// only a remark\n", "\u{feff}", "[]", "(facts: [])", "(defaults: (_src: \"a\"))"] {
        assert_eq!(loaded(&[text]).unwrap().len(), 0, "{text:?}");
    }
}

#[test]
fn names_are_held_against_the_schema() {
    let wrong = only(r#"[Atended(leader: "a", summit: "b")]"#);
    assert_eq!((wrong.code.as_str(), wrong.help[0].as_str()), ("FL400", "did you mean `Attended`?"));
    let wrong = only(r#"[Attended(leadr: "a", leader: "a", summit: "b")]"#);
    assert_eq!((wrong.code.as_str(), wrong.help[0].as_str()), ("FL401", "did you mean `leader`?"));
    let wrong = only(r#"[Event(id: "a", _source: "b")]"#);
    assert_eq!(wrong.code, "FL410");
    let wrong = only(r#"[Event(id: "a", src: "b")]"#);
    assert_eq!(
        (wrong.code.as_str(), wrong.help[0].as_str()),
        ("FL401", "metadata begins with an underscore: `_src`")
    );
    // A misspelt column is not missing as well.
    assert_eq!(only(r#"[Attended(leadr: "a", summit: "b")]"#).code, "FL401");
    for called in ["_source", "source"] {
        let wrong = only(&format!(r#"[Event(id: "a", {called}: "b")]"#));
        assert!(wrong.help[0].contains("`_src`"), "{wrong:?}");
    }
    assert_eq!(only(r#"[Both(leader: "a")]"#).code, "FL408");
    let wrong = only("[All(e: Hots)]");
    assert_eq!((wrong.code.as_str(), wrong.help[0].as_str()), ("FL406", "did you mean `Host`?"));
    let wrong = only("[All(s: tokayev)]");
    assert_eq!((wrong.code.as_str(), wrong.fix.unwrap().edits[0].1.as_str()), ("FL403", "\"tokayev\""));
    for (written, mended) in [("e: \"Host\"", "Host"), ("d: 2025", "\"2025\"")] {
        let wrong = only(&format!("[All({written})]"));
        assert_eq!((wrong.code.as_str(), wrong.fix.unwrap().edits[0].1.as_str()), ("FL403", mended));
    }
    let deep = format!("[All(s: {}{})]", "[".repeat(70), "]".repeat(70));
    assert_eq!(only(&deep).code, "FL004");
    assert_eq!(only(r#"(defaults: (leader: "a"), facts: [])"#).code, "FL410");
    assert_eq!(only("(default: (), facts: [])").code, "FL409");
    let conflict = "Both(leader: \"a\"),\n<<<<<<< HEAD\n=======\nBoth(leader: \"b\"),\n>>>>>>> b\n";
    assert_eq!(only(conflict).code, "FL003");
}

#[test]
fn every_mistake_of_a_run_is_reported_where_it_stands() {
    let text = r#"[
        Attended(leader: "a"),
        Attended("a", "b"),
        All(n: 1.5), All(n: "1"), All(s: 1), All(b: 1), All(d: "6 Nov"), All(d: 2025), All(l: ["a", 1]), All(e: "Host"),
        All(n: 9999999999999999999), Event(id: None),
        "text", 12, (leader: "a"),
        Event(id: "e", _status: Maybe, _by: "x", _conf: high, _on: "soon", _review: 3),
    ]"#;
    let expected = [
        ("FL402", r#"Attended(leader: "a")"#),
        ("FL407", r#"Attended("a", "b")"#),
        ("FL403", "1.5"),
        ("FL403", "\"1\""),
        ("FL403", "1"),
        ("FL403", "1"),
        ("FL405", "\"6 Nov\""),
        ("FL403", "2025"),
        ("FL403", "1"),
        ("FL403", "\"Host\""),
        ("FL404", "9999999999999999999"),
        ("FL402", "None"),
        ("FL409", "\"text\""),
        ("FL409", "12"),
        ("FL409", "(leader: \"a\")"),
        ("FL411", "Maybe"),
        ("FL411", "\"x\""),
        ("FL411", "high"),
        ("FL411", "\"soon\""),
        ("FL411", "3"),
    ];
    let found = refused(text);
    let found: Vec<(&str, &str)> =
        found.iter().map(|(code, place)| (code.as_str(), place.as_str())).collect();
    assert_eq!(found, expected);
}

#[test]
fn one_mistake_made_often_does_not_bury_another() {
    let many = "Evnt(id: \"e\"),\n".repeat(5000);
    let wrong = loaded(&[&format!("[{many} All(n: true)]")]).unwrap_err();
    assert_eq!(wrong.iter().filter(|diagnostic| diagnostic.code == "FL400").count(), 100);
    assert_eq!(wrong.iter().filter(|diagnostic| diagnostic.code == "FL403").count(), 1);
    let notes: Vec<&String> = wrong.iter().flat_map(|diagnostic| &diagnostic.notes).collect();
    assert!(notes.iter().any(|note| note.contains("4900 more")), "{notes:?}");
}

#[test]
fn a_bad_fact_anywhere_means_that_nothing_is_loaded() {
    let good = r#"[Event(id: "e1"), Event(id: "e2")]"#;
    let mut database = loaded(&[good]).unwrap();
    let before = dump(&database);
    for bad in [
        r#"[Event(id: "e3"), Event(id: 4)]"#,
        r#"[Event(id: "e3"), Evnt(id: "e")]"#,
        r#"[Event(id: "e3"), Event(id: "e"#,
    ] {
        let texts = [good, bad];
        assert!(crate::storage::testing::add(&mut database, &texts).is_err(), "{bad}");
        assert_eq!(dump(&database), before);
    }
    crate::storage::testing::add(&mut database, &[r#"[Event(id: "e3")]"#]).unwrap();
    assert_eq!(database.len(), 3);
}

#[test]
fn candidates_wait_for_review() {
    use crate::base::FileId;
    use crate::storage::load::{FactText, load};
    let mut database = loaded(&[]).unwrap();
    let text = r#"[Event(id: "a"), Event(id: "b", _review: Accepted)]"#;
    load(&mut database, &[FactText { file: FileId(0), text, inbox: true }], &mut |_| {}).unwrap();
    let event = database.schema().find("Event").unwrap();
    let reviews: Vec<Review> = database.facts(event).map(|fact| fact.assertion.review).collect();
    assert_eq!(reviews.len(), 2);
    assert_eq!(database.table(event).unwrap().len(), 1);
}

/// A fact as text, and the same with its fields in another order.
pub(super) fn any_fact() -> impl Strategy<Value = String> {
    let id = prop::sample::select(vec!["a", "b", "c", "ä", "x y"]);
    let status =
        prop::sample::select(vec!["Proposed", "Planned", "Confirmed", "Held", "Denied", "Cancelled"]);
    let metadata =
        (prop::option::of(prop::sample::select(vec!["s1", "s2"])), prop::option::of(status), any::<bool>());
    let fields = prop_oneof![
        (id.clone(), id.clone())
            .prop_map(|(l, s)| ("Attended", vec![format!("leader: {l:?}"), format!("summit: {s:?}")])),
        (id.clone(), 1990..2030)
            .prop_map(|(e, y)| ("EventDate", vec![format!("event: {e:?}"), format!("date: \"{y}\"")])),
        (prop::option::of(any::<i64>()), prop::option::of(-1e9..1e9f64))
            .prop_map(|(n, f)| ("All", vec![format!("n: {}", ron(n)), format!("f: {}", ron(f))])),
        id.prop_map(|id| ("Event", vec![format!("id: {id:?}")])),
        Just(("Flag", vec![])),
        (0..2, 2000..2020).prop_map(|(s, y)| {
            (
                "Source",
                vec![format!("id: \"s{}\"", s + 1), "publisher: \"p\"".into(), format!("published: \"{y}\"")],
            )
        }),
    ];
    (fields, metadata, any::<prop::sample::Index>()).prop_map(
        |((name, mut fields), (src, status, on), turn)| {
            fields.extend(src.map(|src| format!("_src: {src:?}")));
            fields.extend(status.map(|status| format!("_status: {status}")));
            fields.extend(on.then(|| "_on: \"2010-05\"".to_owned()));
            if !fields.is_empty() {
                let by = turn.index(fields.len());
                fields.rotate_left(by);
            }
            format!("{name}({})", fields.join(", "))
        },
    )
}

fn ron<T: std::fmt::Debug>(value: Option<T>) -> String {
    value.map_or("None".to_owned(), |value| format!("{value:?}"))
}

/// A fact as the file format has it, from what the database gives back.
fn printed(predicate: &crate::model::Predicate, fact: &crate::model::Fact) -> String {
    let mut fields: Vec<String> = predicate
        .columns
        .iter()
        .zip(&fact.tuple)
        .filter(|(_, value)| !value.is_nil())
        .map(|(column, value)| match value {
            Value::Date(date) => format!("{}: \"{date}\"", column.name),
            value => format!("{}: {value}", column.name),
        })
        .collect();
    let assertion = &fact.assertion;
    fields.extend(assertion.src.as_ref().map(|src| format!("_src: {src:?}")));
    fields.extend(assertion.on.as_ref().map(|on| format!("_on: \"{on}\"")));
    fields.push(format!("_status: {}", assertion.status.name()));
    format!("{}({})", predicate.name, fields.join(", "))
}

pub(super) fn cases() -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|cases| cases.parse().ok()).unwrap_or(256)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(cases()))]

    #[test]
    fn the_order_of_facts_and_files_means_nothing(
        facts in prop::collection::vec(any_fact(), 0..40).prop_flat_map(|facts| (Just(facts.clone()), Just(facts).prop_shuffle())),
        cut in any::<prop::sample::Index>(),
    ) {
        let (facts, shuffled) = facts;
        let one = loaded(&[&format!("[{}]", facts.join(","))]).unwrap();
        let cut = cut.index(shuffled.len() + 1);
        let (first, second) = shuffled.split_at(cut);
        let two = loaded(&[&format!("[{}]", first.join(",")), &format!("[{}]", second.join(","))]).unwrap();
        prop_assert_eq!(dump(&one), dump(&two));
        // Added later, they are what they would have been at once.
        let mut later = loaded(&[&format!("[{}]", second.join(","))]).unwrap();
        crate::storage::testing::add(&mut later, &[&format!("[{}]", first.join(","))]).unwrap();
        prop_assert_eq!(dump(&one), dump(&later));
        prop_assert_eq!(one.len(), facts.len());
    }

    #[test]
    fn what_is_loaded_prints_and_loads_again(facts in prop::collection::vec(any_fact(), 0..20)) {
        let one = loaded(&[&format!("[{}]", facts.join(","))]).unwrap();
        let all: Vec<String> = one
            .schema()
            .iter()
            .flat_map(|(id, predicate)| one.facts(id).map(|fact| printed(predicate, &fact)).collect::<Vec<_>>())
            .collect();
        let two = loaded(&[&format!("[{}]", all.join(",\n"))]).unwrap();
        prop_assert_eq!(dump(&one), dump(&two));
    }

    #[test]
    fn a_bad_fact_among_good_ones_is_found(
        facts in prop::collection::vec(any_fact(), 0..20),
        at in any::<prop::sample::Index>(),
        bad in prop::sample::select(vec!["Evnt(id: \"e\")", "Event(id: 3)", "Event()", "Event(id: \"e\", x: 1)", "All(d: \"x\")", "3"]),
    ) {
        let mut texts = facts.clone();
        texts.insert(at.index(facts.len() + 1), bad.to_owned());
        let mut database = loaded(&[&format!("[{}]", facts.join(","))]).unwrap();
        let before = dump(&database);
        let refused = crate::storage::testing::add(&mut database, &[&format!("[{}]", texts.join(","))]).is_err();
        prop_assert!(refused);
        prop_assert_eq!(dump(&database), before);
    }
}

#[test]
fn undeclared_relations_get_columns_from_their_facts() {
    use crate::base::FileId;
    use crate::storage::Database;
    use crate::storage::load::{infer_schema, load_parsed};
    use crate::storage::testing::schema;
    let text = r#"[
        Reading(at: "2025", value: 1, tags: ["a"], _src: "s"), Reading(value: 2.5, kind: Low), Reading(kind: High, value: 0),
        Pair("a", true), Event(id: "e"),
    ]"#;
    let mut schema = schema();
    let parse = crate::syntax::ron::parse(FileId(0), text);
    assert_eq!(infer_schema(&mut schema, std::slice::from_ref(&parse.tree)), []);
    let signature = |name: &str| -> Vec<String> {
        let predicate = schema.predicate(schema.find(name).unwrap());
        let column = |c: &crate::model::Column| {
            format!("{}: {}{}", c.name, schema.ty(c.ty).name, if c.optional { "?" } else { "" })
        };
        predicate.columns.iter().map(column).collect()
    };
    assert_eq!(
        signature("Reading"),
        ["at: symbol?", "kind: Reading.kind?", "tags: [symbol]?", "value: float"]
    );
    assert_eq!(signature("Pair"), ["c1: symbol", "c2: bool"]);
    let mut database = Database::new(std::sync::Arc::new(schema));
    load_parsed(&mut database, [(parse, false)]).unwrap();
    assert_eq!(database.len(), 5);
}

#[test]
fn facts_that_disagree_about_a_column_are_refused() {
    use crate::base::FileId;
    use crate::storage::load::infer_schema;
    for text in [r#"[R(a: 1), R(a: "x")]"#, r#"[R(a: 1), R(2)]"#, r#"[R(a: [1]), R(a: ["x"])]"#] {
        let parse = crate::syntax::ron::parse(FileId(0), text);
        let wrong = infer_schema(&mut crate::storage::testing::schema(), &[parse.tree]);
        assert_eq!(wrong.iter().map(|wrong| wrong.code.as_str()).collect::<Vec<_>>(), ["FL412"], "{text}");
    }
}
