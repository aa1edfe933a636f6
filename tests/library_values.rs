//! Values between Rust and factlog: every type there and back, facts of every shape, parameters, and
//! texts that try to be more than text.

use std::collections::{BTreeMap, HashMap};

use factlog::{ChangeKind, Date, Error, ErrorKind, Fact, Params, Review, Scenario, Session, Value, params};
use serde::{Deserialize, Serialize};

fn session(rules: &str) -> Session {
    let mut session = Session::new();
    session.define(rules).unwrap();
    session
}

// ---------------------------------------------------------------------------------------------
// Types there and back
// ---------------------------------------------------------------------------------------------

#[derive(Serialize, Deserialize, Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Host,
    Guest,
    #[serde(rename = "Chair")]
    Chairman,
}

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Name(String);

#[derive(Serialize, Deserialize, Clone, Debug, PartialEq)]
struct Everything {
    text: String,
    name: Name,
    whole: i64,
    real: f64,
    yes: bool,
    day: Date,
    role: Role,
    words: Vec<String>,
    nested: Vec<Vec<i32>>,
    letter: char,
    maybe_text: Option<String>,
    maybe_whole: Option<u64>,
    maybe_day: Option<Date>,
    maybe_role: Option<Role>,
    maybe_words: Option<Vec<f32>>,
}

const EVERYTHING: &str = r#"
    .enum Role = Host | Guest | Chair
    .decl Everything(text: symbol, name: symbol, whole: number, real: float, yes: bool, day: date, role: Role,
        words: [symbol], nested: [[number]], letter: symbol, maybe_text: symbol?, maybe_whole: number?,
        maybe_day: date?, maybe_role: Role?, maybe_words: [float]?)
"#;
const ALL_COLUMNS: &str = "Everything(text:, name:, whole:, real:, yes:, day:, role:, words:, nested:, letter:, \
                           maybe_text:, maybe_whole:, maybe_day:, maybe_role:, maybe_words:)";

mod there_and_back {
    use super::*;
    use proptest::prelude::*;

    fn cases() -> u32 {
        std::env::var("FACTLOG_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
    }

    fn date() -> impl Strategy<Value = Date> {
        let texts =
            ["2025", "2025-11", "2025-11-06", "2025-11~", "1999-12-31?", "2023-05-18/2023-05-19", "2024/.."];
        proptest::sample::select(texts.to_vec()).prop_map(|text| Date::parse(text).unwrap())
    }

    fn role() -> impl Strategy<Value = Role> {
        proptest::sample::select(vec![Role::Host, Role::Guest, Role::Chairman])
    }

    fn text() -> impl Strategy<Value = String> {
        // Mostly the letters that mean something somewhere.
        prop_oneof![
            "[\"'\\\\(){}\\[\\],.:;?!/#$_ \n\r\t\u{0}a-zA-Z0-9äß\u{202e}]{0,24}",
            any::<String>(),
            Just("nil".to_owned()),
        ]
    }

    prop_compose! {
        fn required()(
            text in text(), name in text(), whole in any::<i64>(), real in any::<f64>(), yes in any::<bool>(),
            day in date(), role in role(), words in proptest::collection::vec(text(), 0..4),
            nested in proptest::collection::vec(proptest::collection::vec(any::<i32>(), 0..3), 0..3),
            letter in any::<char>(),
        ) -> Everything {
            Everything {
                text, name: Name(name), whole, real, yes, day, role, words, nested, letter,
                maybe_text: None, maybe_whole: None, maybe_day: None, maybe_role: None, maybe_words: None,
            }
        }
    }

    prop_compose! {
        fn everything()(
            required in required(), maybe_text in proptest::option::of(text()),
            maybe_whole in proptest::option::of(0..=i64::MAX as u64), maybe_day in proptest::option::of(date()),
            maybe_role in proptest::option::of(role()),
            maybe_words in proptest::option::of(proptest::collection::vec(-1e6_f32..1e6, 0..3)),
        ) -> Everything {
            Everything { maybe_text, maybe_whole, maybe_day, maybe_role, maybe_words, ..required }
        }
    }

    /// Equal, a float that is no number to another such.
    fn same(a: &Everything, b: &Everything) -> bool {
        let rest = |it: &Everything| Everything { real: 0.0, ..it.clone() };
        rest(a) == rest(b) && (a.real == b.real || (a.real.is_nan() && b.real.is_nan()))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_fact_comes_back_as_it_went(fact in everything()) {
            let mut session = session(EVERYTHING);
            let change = session.assert_fact(&fact).unwrap();
            prop_assert_eq!((change.kind(), change.count(), change.new_tuples()), (ChangeKind::Asserted, 1, 1));
            let answer = session.query(ALL_COLUMNS).unwrap();
            let back: Everything = answer.one().unwrap();
            prop_assert!(same(&back, &fact), "{:?}", back);

            // As values, the same: what goes in is what comes out.
            let values: BTreeMap<String, Value> = answer.one().unwrap();
            prop_assert_eq!(&values["text"], &Value::Symbol(fact.text.clone()));
            prop_assert_eq!(&values["day"], &Value::Date(fact.day.clone()));
            prop_assert_eq!(&values["whole"], &Value::Number(fact.whole));
            session.undo();
            session.assert_fact(&Fact::new("Everything", &values)).unwrap();
            let again: Everything = session.query(ALL_COLUMNS).unwrap().one().unwrap();
            prop_assert!(same(&again, &fact), "{:?}", again);
        }

        #[test]
        fn a_parameter_is_one_value_whatever_it_holds(fact in everything(), other in text()) {
            let mut session = session(EVERYTHING);
            session.assert_fact(&fact).unwrap();
            let goal = "Everything(text: t, words: w, whole: n, day: d, role: r, name: m, maybe_day: e)";
            let params = params! { t: fact.text, w: fact.words, n: fact.whole, d: fact.day, r: fact.role,
                                   m: fact.name, e: fact.maybe_day };
            let answer = session.query_with(goal, params).unwrap();
            prop_assert!(answer.holds() && answer.columns().is_empty());
            let found = session.query_with("Everything(text: t, name: n)", params! { t: other }).unwrap();
            prop_assert_eq!(found.holds(), other == fact.text);
            // In a fact, a pattern, and a question why.
            session.define(".decl Said(words: symbol)").unwrap();
            session.assert_with("Said(words: w)", params! { w: other }).unwrap();
            prop_assert_eq!(session.query("Said(words: w)").unwrap().one::<String>().unwrap(), other.clone());
            let explained = session.explain_with("Said(words: w)", params! { w: other }, 1).unwrap();
            prop_assert_eq!(explained.proofs().len(), 1);
            prop_assert_eq!(session.retract_with("Said(words: w)", params! { w: other }).unwrap().count(), 1);
        }

        #[test]
        fn a_value_survives_json(fact in everything()) {
            let value = Value::new(&fact.words).unwrap();
            let text = serde_json::to_string(&value).unwrap();
            prop_assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), value);
            let json: serde_json::Value = serde_json::to_value(Value::new(&fact.role).unwrap()).unwrap();
            prop_assert_eq!(json, serde_json::to_value(fact.role).unwrap());
        }
    }
}

#[test]
fn whole_numbers_keep_to_the_range_of_their_type() {
    let mut session = session(".decl N(n: number) N(n: -1). N(n: 300).");
    let answer = session.query("N(n: n)").unwrap();
    assert_eq!(answer.rows::<i16>().unwrap(), [-1, 300]);
    assert_eq!(answer.rows::<f64>().unwrap(), [-1.0, 300.0]);
    let wrong = |error: Error| error.to_string();
    assert_eq!(
        wrong(answer.rows::<u64>().unwrap_err()),
        "row 1, column `n`: invalid value: integer `-1`, expected u64"
    );
    assert_eq!(
        wrong(answer.rows::<i8>().unwrap_err()),
        "row 2, column `n`: invalid value: integer `300`, expected i8"
    );
    assert!(answer.rows::<String>().unwrap_err().to_string().contains("integer `-1`, expected a string"));
    assert_eq!(session.query_with("n = x", params! { x: i64::MIN }).unwrap().one::<i64>().unwrap(), i64::MIN);
    let error = session.query_with("n = x", params! { x: u64::MAX }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert_eq!(
        error.to_string(),
        "parameter `x`: 18446744073709551615 is beyond what a number can be: \
         -9223372036854775808 to 9223372036854775807"
    );
}

#[test]
fn nil_wants_an_option_and_says_so() {
    let mut session =
        session(r#".decl P(name: symbol, age: number?) P(name: "ann", age: 3). P(name: "bea")."#);
    let answer = session.query("P(name: n, age: a)").unwrap();
    assert_eq!(
        answer.rows::<(String, Option<u8>)>().unwrap(),
        [("ann".into(), Some(3)), ("bea".into(), None)]
    );
    let error = answer.rows::<(String, u8)>().unwrap_err();
    assert_eq!(error.to_string(), "row 2, column `a`: invalid type: nil, expected u8");
    let ages = session.query("P(age: a)").unwrap();
    assert_eq!(ages.rows::<Option<i32>>().unwrap(), [None, Some(3)]);
    assert_eq!(ages.rows::<Value>().unwrap(), [Value::Nil, Value::Number(3)]);
}

#[test]
fn rows_become_what_they_are_asked_to_be() {
    let mut session = session(r#".decl E(a: symbol, b: number) E(a: "x", b: 1). E(a: "y", b: 2)."#);
    let answer = session.query("E(a: a, b: b)").unwrap();
    let maps: Vec<HashMap<&str, Value>> = answer.rows().unwrap();
    assert_eq!(maps[1]["b"], Value::from(2_i64));
    let lists: Vec<Vec<Value>> = answer.rows().unwrap();
    assert_eq!(lists[0], [Value::from("x"), Value::from(1)]);
    assert_eq!(answer.rows::<serde_json::Value>().unwrap()[0], serde_json::json!({"a": "x", "b": 1}));
    #[derive(Deserialize, Debug, PartialEq)]
    struct Pair<'a>(&'a str, u8);
    assert_eq!(answer.first::<Pair<'_>>().unwrap(), Some(Pair("x", 1)));
    #[derive(Deserialize, Debug, PartialEq)]
    #[serde(transparent)]
    struct Whole {
        row: (String, i64),
    }
    assert_eq!(answer.first::<Whole>().unwrap(), Some(Whole { row: ("x".into(), 1) }));
    #[derive(Deserialize, Debug, PartialEq)]
    struct Flat {
        #[serde(flatten)]
        rest: BTreeMap<String, serde_json::Value>,
        a: String,
    }
    assert_eq!(answer.first::<Flat>().unwrap().unwrap().rest["b"], 1);

    let message = |error: Error| error.to_string();
    assert_eq!(
        message(answer.rows::<(String,)>().unwrap_err()),
        "row 1: 1 values are asked for, but the answer has the columns `a` and `b`"
    );
    assert_eq!(
        message(answer.rows::<String>().unwrap_err()),
        "row 1: one value is asked for, but the answer has the columns `a` and `b`"
    );
    assert_eq!(message(answer.one::<Pair<'_>>().unwrap_err()), "one row is asked for, but the answer has 2");
    #[derive(Deserialize, Debug)]
    struct Misspelt {
        #[serde(rename = "aa")]
        _aa: String,
    }
    assert_eq!(
        message(answer.rows::<Misspelt>().unwrap_err()),
        "row 1: there is no column `aa`: the answer has the columns `a` and `b`; did you mean `a`?"
    );
    let row = answer.get(0).unwrap();
    assert_eq!((row.get::<String>("a").unwrap(), row.get::<i64>(1).unwrap()), ("x".into(), 1));
    assert!(message(row.get::<i64>("c").unwrap_err()).starts_with("there is no column `c`"));
    assert!(message(row.get::<i64>(2).unwrap_err()).starts_with("there is no column 2"));
    assert!(answer.get(2).is_none());
    assert_eq!(answer.iter().len(), 2);
}

#[test]
fn constants_of_enums_are_variants_or_text() {
    let mut session = session(
        r#".enum Role = Host | Guest | Chair
           .decl A(who: symbol, role: Role) A(who: "xi", role: Host). A(who: "li", role: Chair)."#,
    );
    let answer = session.query("A(who: w, role: r) order by r").unwrap();
    assert_eq!(answer.rows::<(String, Role)>().unwrap()[1], ("li".into(), Role::Chairman));
    assert_eq!(answer.rows::<(String, String)>().unwrap()[0], ("xi".into(), "Host".into()));
    #[derive(Deserialize, Debug)]
    enum Few {
        Host,
    }
    let error = answer.rows::<(String, Few)>().unwrap_err().to_string();
    assert!(error.starts_with("row 2, column `r`: unknown variant `Chair`, expected `Host`"), "{error}");
    assert!(matches!(answer.first::<(String, Few)>().unwrap().unwrap().1, Few::Host));
    // Text stands for a constant where a column wants one.
    for role in [Value::Enum("Host".into()), Value::from("Host")] {
        let found = session.query_with("A(who: w, role: r)", params! { r: role }).unwrap();
        assert_eq!(found.one::<String>().unwrap(), "xi");
    }
    session.assert_fact(&Fact::new("A", ("wu", "Guest"))).unwrap();
    let error = session.assert_fact(&Fact::new("A", ("wu", "Gest"))).unwrap_err();
    assert_eq!(error.diagnostics()[0].message(), "`Role` has no constant `Gest`");
}

#[test]
fn dates_serve_other_date_types_by_their_text() {
    let mut session = session(r#".decl D(d: date) D(d: "2025-11-06"). D(d: "2025-12")."#);
    #[derive(Deserialize)]
    #[serde(try_from = "String")]
    struct Day(#[expect(dead_code)] u32);
    impl TryFrom<String> for Day {
        type Error = String;
        fn try_from(text: String) -> Result<Day, String> {
            let day = text.split('-').nth(2).ok_or_else(|| format!("{text} is no day"))?;
            day.parse().map(Day).map_err(|_| format!("{text} is no day"))
        }
    }
    let answer = session.query("D(d: d)").unwrap();
    let error = answer.rows::<Day>().err().unwrap().to_string();
    assert_eq!(error, "row 2, column `d`: 2025-12 is no day");
    assert!(session.query_with("D(d: d)", params! { d: "2025-12" }).unwrap().holds());
    assert!(
        session.query_with("D(d: d), d < x", params! { x: Date::parse("2025-12").unwrap() }).unwrap().holds()
    );
}

// ---------------------------------------------------------------------------------------------
// Facts
// ---------------------------------------------------------------------------------------------

#[test]
fn facts_have_many_shapes() {
    #[derive(Serialize)]
    struct Knows<'a> {
        who: &'a str,
        whom: &'a str,
    }
    #[derive(Serialize)]
    struct Tall(&'static str);
    #[derive(Serialize)]
    struct Between(i32, i32);
    #[derive(Serialize)]
    struct Raining;
    #[derive(Serialize)]
    #[serde(rename = "Knows")]
    struct Acquaintance {
        who: String,
        whom: String,
        #[serde(rename = "_src")]
        source: Option<String>,
    }
    #[derive(Serialize)]
    enum Any<'a> {
        Knows { who: &'a str, whom: &'a str },
        Tall(&'a str),
        Between(i32, i32),
        Raining,
        Other(Knows<'a>),
    }
    let mut session = session(
        ".decl Knows(who: symbol, whom: symbol) .decl Tall(who: symbol) .decl Between(a: number, b: number)
         .decl Raining()",
    );
    session.assert_fact(&Knows { who: "a", whom: "b" }).unwrap();
    session.assert_fact(&Tall("a")).unwrap();
    session.assert_fact(&Between(1, 2)).unwrap();
    session.assert_fact(&Raining).unwrap();
    let source = Some("letter".to_owned());
    session.assert_fact(&Acquaintance { who: "b".into(), whom: "c".into(), source }).unwrap();
    let source = None;
    session.assert_fact(&Acquaintance { who: "b".into(), whom: "d".into(), source }).unwrap();
    let any = [
        Any::Knows { who: "c", whom: "d" },
        Any::Tall("b"),
        Any::Between(3, 4),
        Any::Raining,
        Any::Other(Knows { who: "d", whom: "e" }),
    ];
    assert_eq!(session.assert_facts(any).unwrap().count(), 5);
    let map = HashMap::from([("who", "e"), ("whom", "f")]);
    session.assert_fact(&Fact::new("Knows", &map).quote("so it is").by(["ann", "bea"])).unwrap();
    session.assert_fact(&Fact::of(Between(5, 6)).source("letter").confidence(0.5)).unwrap();

    let known: Vec<(String, String)> = session.query("Knows(who: a, whom: b)").unwrap().rows().unwrap();
    let pairs = [("a", "b"), ("b", "c"), ("b", "d"), ("c", "d"), ("d", "e"), ("e", "f")];
    assert_eq!(known, pairs.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let sourced = session.query("Knows(whom: w, _src: s), s != nil").unwrap();
    assert_eq!(sourced.rows::<(String, String)>().unwrap(), [("c".into(), "letter".into())]);
    assert_eq!(session.relation("Between").unwrap().rows::<(u8, u8)>().unwrap(), [(1, 2), (3, 4), (5, 6)]);
    let unsure = session.query("Between(a: a, _conf < 0.7, _src: s)").unwrap();
    assert_eq!(unsure.rows::<(i64, String)>().unwrap(), [(5, "letter".into())]);
    assert!(session.query("Raining()").unwrap().holds());
    let by: Vec<String> = session.query(r#"Knows(who: "e", _by: w)"#).unwrap().rows().unwrap();
    assert_eq!(by, ["ann", "bea"]);
}

#[test]
fn a_fact_can_say_all_that_a_fact_file_says() {
    let mut session = session(".decl A(who: symbol)");
    let fact = Fact::new("A", ("ann",)).source("copy").based_on(["wire"]).extractor("p@1");
    session.assert_fact(&fact.review(Review::Pending)).unwrap();
    assert_eq!(
        session.added(),
        [r#"A(who: "ann", _src: "copy", _based_on: ["wire"], _review: Pending, _extractor: "p@1")"#]
    );
    // Nobody has accepted it yet.
    assert!(!session.query("A(who: w)").unwrap().holds());
    session.set_scenario(&Scenario::new().review(Review::Pending)).unwrap();
    assert!(session.query("A(who: w)").unwrap().holds());
    session.set_scenario(&Scenario::new().review(Review::Rejected)).unwrap();
    assert!(!session.query("A(who: w)").unwrap().holds());
}

#[test]
fn none_is_nil_or_left_out() {
    #[derive(Serialize)]
    struct A {
        who: Option<&'static str>,
        role: Option<&'static str>,
        seat: Option<u8>,
    }
    let mut session = session(".decl A(who: symbol, role: symbol = \"guest\", seat: number?)");
    session.assert_fact(&A { who: Some("ann"), role: None, seat: None }).unwrap();
    let row: (String, String, Option<u8>) = session.relation("A").unwrap().one().unwrap();
    assert_eq!(row, ("ann".into(), "guest".into(), None));
    let error = session.assert_fact(&A { who: None, role: None, seat: Some(1) }).unwrap_err();
    assert!(error.to_string().contains("who"), "{error}");
    assert_eq!(error.kind(), ErrorKind::Invalid);
}

#[test]
fn what_is_no_fact_is_refused() {
    #[derive(Serialize)]
    struct A {
        who: &'static str,
        how: HashMap<i32, i32>,
    }
    let mut session = session(".decl A(who: symbol, how: number)");
    let mut refused = |error: Error| {
        assert_eq!(session.relation("A").unwrap().len(), 0);
        (error.kind(), error.to_string())
    };
    let mut other = self::session(".decl A(who: symbol, how: number)");
    assert_eq!(
        refused(other.assert_fact("text").unwrap_err()),
        (
            ErrorKind::Encode,
            "fact 1: text is no fact: a fact is a struct with a field for each column".into()
        )
    );
    assert_eq!(
        refused(other.assert_fact(&("a", 1)).unwrap_err()),
        (
            ErrorKind::Encode,
            "fact 1: a map or a tuple does not say of which relation it is a fact: give it to `Fact::new`"
                .into()
        )
    );
    assert_eq!(
        refused(other.assert_fact(&A { who: "a", how: HashMap::from([(1, 2)]) }).unwrap_err()),
        (ErrorKind::Encode, "fact 1: `how`: 1 is no name of a column or field".into())
    );
    // The place is that of the value.
    let facts = [Fact::new("A", ("ann", 1.into())), Fact::new("A", ("bea", Value::from("two")))];
    let error = other.assert_facts(facts).unwrap_err();
    let diagnostic = &error.diagnostics()[0];
    assert_eq!(diagnostic.message(), "expected a whole number, found text");
    assert_eq!(diagnostic.location().unwrap().to_string(), "<assert>:2:10");
    assert!(error.to_string().contains(r#"A("bea", "two")"#), "{error}");
    let error = other.assert_fact(&Fact::new("B", ("ann", 1))).unwrap_err();
    assert_eq!(error.diagnostics()[0].message(), "unknown relation `B`");
    let error = other.assert_fact(&Fact::new("A", HashMap::from([("whom", "ann")]))).unwrap_err();
    assert!(error.to_string().contains("whom"), "{error}");
    // A name cannot be more than a name.
    let evil = HashMap::from([("who: \"x\") A(who", "ann")]);
    assert!(other.assert_fact(&Fact::new("A", &evil)).is_err());
    assert!(other.assert_fact(&Fact::new("A(who: \"x\", how: 1). A", ("y", 2))).is_err());
    assert_eq!(other.relation("A").unwrap().len(), 0);
}

// ---------------------------------------------------------------------------------------------
// Parameters
// ---------------------------------------------------------------------------------------------

#[test]
fn parameters_stand_wherever_variables_do() {
    let mut session = session(
        r#".enum Role = Host | Guest
           .decl A(who: symbol, at: symbol, role: Role, seat: number?)
           A(who: "ann", at: "x", role: Host, seat: 1). A(who: "bea", at: "x", role: Guest, seat: 2).
           A(who: "ann", at: "y", role: Guest)."#,
    );
    let mut names = |goal: &str, params: Params| -> Vec<String> {
        session.query_with(goal, params).unwrap().rows().unwrap()
    };
    assert_eq!(names("A(who: w, at: at)", params! { at: "y" }), ["ann"]);
    assert_eq!(names("A(who: w, at:)", params! { at: "y" }), ["ann"]);
    assert_eq!(names("A(w, a, _, _)", params! { a: "x" }), ["ann", "bea"]);
    assert_eq!(names("A(who: w, at: a), !A(who: w, at: b)", params! { a: "x", b: "y" }), ["bea"]);
    assert_eq!(names("A(who: w, seat < s)", params! { s: 2 }), ["ann"]);
    assert_eq!(names("A(who: w, seat: s)", params! { s: None::<i64> }), ["ann"]);
    assert_eq!(names("A(who: w), w in names", params! { names: ["bea", "cat"] }), ["bea"]);
    assert_eq!(
        names("A(who: w), m = count : { A(who: w, at: a) }, w = v", params! { a: "y", m: 0, v: "bea" }),
        ["bea"]
    );
    assert_eq!(names("A(who: w, role: r)", params! { r: Role::Host }), ["ann"]);
    assert_eq!(
        names("A(who: w), contains(part, w) ; A(who: w), w = cat(part, \"n\")", params! { part: "an" }),
        ["ann"]
    );
    let under = r#"under (assume: A(who: v, at: a, role: Host), retract: A(who: "bea")) A(who: w, at: a)"#;
    assert_eq!(names(under, params! { v: "cat", a: "x" }), ["ann", "cat"]);
    #[derive(Serialize)]
    struct Seat {
        at: &'static str,
        seat: i32,
    }
    assert_eq!(names("A(who: w, at:, seat:)", Params::of(&Seat { at: "x", seat: 2 })), ["bea"]);
    // The last one counts.
    assert_eq!(names("A(who: w, at: a)", Params::new().bind("a", "x").bind("a", "y")), ["ann"]);
}

#[test]
fn parameters_that_fit_nothing_are_mistakes() {
    let mut session = session(r#".decl A(who: symbol, n: number) A("ann", 1)."#);
    let mut message = |goal: &str, params: Params| {
        let error = session.query_with(goal, params).unwrap_err();
        (error.kind(), error.to_string().lines().next().unwrap().to_owned())
    };
    assert_eq!(
        message("A(who: person)", params! { persn: "ann" }),
        (
            ErrorKind::Parameter,
            "the goal has no variable `persn` for the parameter; did you mean `person`?".into()
        )
    );
    assert_eq!(
        message("A(who: w, n: n) order by n", params! { n: 1 }),
        (ErrorKind::Parameter, "`n` is a parameter, so there is no order by it".into())
    );
    assert_eq!(
        message("A(who: w)", params! { w: HashMap::from([(1, 2)]) }),
        (ErrorKind::Encode, "parameter `w`: 1 is no name of a column or field".into())
    );
    // A value of the wrong type is shown where its variable stands.
    let (kind, text) = message("A(n: w)", params! { w: "ann" });
    assert_eq!(kind, ErrorKind::Invalid);
    assert!(text.contains("expected"), "{text}");
    let error = session.query_with("A(n: w)", params! { w: "ann" }).unwrap_err();
    assert_eq!(error.diagnostics()[0].location().unwrap().to_string(), "<query>:1:6");
}

#[test]
fn nothing_can_be_injected() {
    let attempts = [
        r#"x"); A(who: w"#,
        r#"" , true ; true , w = ""#,
        "x\") limit 0. //",
        "x\\",
        "\\\"",
        "\u{0}\u{1b}[2J\n+A(who: \"y\").",
        "nil",
        "_",
        "Host",
        "*/ ?-",
        "r#\"x\"#",
    ];
    let mut session = session(r#".decl A(who: symbol) A(who: "somebody")."#);
    for attempt in attempts {
        assert!(session.query_with("A(who: x)", params! { x: attempt }).unwrap().is_empty(), "{attempt}");
        session.assert_with("A(who: x)", params! { x: attempt }).unwrap();
        assert_eq!(session.relation("A").unwrap().len(), 2, "{attempt}");
        let found = session.query_with("A(who: w), w = x", params! { x: attempt }).unwrap();
        assert_eq!(found.one::<String>().unwrap(), attempt);
        let explained = session.explain_row(&found, 0).unwrap();
        assert_eq!(explained.proofs().len(), 1, "{attempt}");
        assert!(session.why_not_with("A(who: x)", params! { x: attempt }).unwrap().holds().is_some());
        assert_eq!(session.retract_with("A(who: x)", params! { x: attempt }).unwrap().count(), 1);
        assert_eq!(session.relation("A").unwrap().rows::<String>().unwrap(), ["somebody"]);
    }
}
