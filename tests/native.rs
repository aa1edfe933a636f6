//! Records, variants, components and subsumption as a user of sessions and of the command meets them.
//! Expected values are worked out by hand.

mod project;

use std::path::Path;
use std::process::Command;

use factlog::model::Value;
use factlog::session::{Options, Session};
use project::Project;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde::Deserialize;

const SHAPES: &str = "\
.type Point = [x: number, y: number]
.type Shape = Empty {} | Circle {at: Point, r: number} | Both {a: Shape, b: Shape}
.decl Drawn(id: symbol, shape: Shape)
";

fn session(text: &str) -> Session {
    let mut session = Session::empty(Options::default());
    session.define(text).unwrap_or_else(|error| panic!("{error:?}"));
    session
}

fn rows(session: &mut Session, goal: &str) -> Vec<String> {
    let (answer, _) = session.query(goal).unwrap_or_else(|error| panic!("{goal}: {error:?}"));
    let row = |row: &Vec<Value>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(row).collect()
}

fn codes(session: &mut Session, text: &str) -> Vec<String> {
    match session.define(text) {
        Ok(_) => Vec::new(),
        Err(error) => error.diagnostics().iter().map(|found| found.code.clone()).collect(),
    }
}

fn factlog(project: &Project, args: &[&str]) -> (String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_factlog"))
        .args(args)
        .current_dir(Path::new(&project.path("")))
        .output()
        .unwrap();
    (String::from_utf8(output.stdout).unwrap(), String::from_utf8(output.stderr).unwrap())
}

#[test]
fn fact_files_hold_records_and_variants() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    project.write("rules/schema.dl", SHAPES);
    project.write(
        "facts/a.ron",
        r#"[
    Drawn(id: "a", shape: Empty),
    Drawn(id: "b", shape: Circle(at: (x: 1, y: 2), r: 5)),
    Drawn(id: "c", shape: Both(Empty(), Circle((3, 4), 1))),
]
"#,
    );
    let (out, _) = factlog(&project, &["query", "Drawn(id: i, shape: s)", "-f", "json"]);
    let both = r#"{"Both":{"a":"Empty","b":{"Circle":{"at":{"x":3,"y":4},"r":1}}}}"#;
    assert!(out.contains(&format!(r#"{{"i":"c","s":{both}}}"#)), "{out}");

    #[derive(Debug, Deserialize, PartialEq)]
    struct Point {
        x: i64,
        y: i64,
    }
    #[derive(Debug, Deserialize, PartialEq)]
    enum Shape {
        Empty,
        Circle { at: Point, r: i64 },
        Both { a: Box<Shape>, b: Box<Shape> },
    }
    #[derive(Debug, Deserialize)]
    struct Row {
        s: Shape,
    }
    let (out, _) = factlog(&project, &["query", "Drawn(shape: s)", "-f", "ron"]);
    let read: Vec<Row> = ron::from_str(&out).unwrap();
    let circle = |x, y, r| Shape::Circle { at: Point { x, y }, r };
    let shapes: Vec<Shape> = read.into_iter().map(|row| row.s).collect();
    let both = Shape::Both { a: Box::new(Shape::Empty), b: Box::new(circle(3, 4, 1)) };
    assert_eq!(shapes, [Shape::Empty, circle(1, 2, 5), both]);
}

#[test]
fn mistakes_in_facts_are_told_one_by_one() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    project.write("rules/schema.dl", SHAPES);
    project.write(
        "facts/a.ron",
        r#"[
    Drawn(id: "a", shape: Circel(at: (1, 2), r: 5)),
    Drawn(id: "b", shape: Circle(at: (x: 1), r: 5)),
    Drawn(id: "c", shape: Circle(at: (x: 1, y: "2"), r: 5)),
    Drawn(id: "d", shape: (1, 2)),
    Drawn(id: "e", shape: Both(Empty)),
    Drawn(id: "f", shape: Circle(at: (x: 1, y: 2), radius: 5)),
    Drawn(id: "g", shape: 7),
]
"#,
    );
    let (out, err) = factlog(&project, &["check"]);
    let told = out + &err;
    for words in [
        "did you mean `Circle`",
        "the field `y` is missing",
        "its field `y` is an integer, not",
        "begins with its variant: Empty, Circle, Both",
        "there are 2 fields, and 1 stand here",
        "there is no field `radius`",
        "not an integer",
    ] {
        assert!(told.contains(words), "{words}\n{told}");
    }
}

#[test]
fn ids_within_records_are_references_too() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    let rules = ".decl Person(id: Person) key(id)\n.type Seat = [who: Person, at: symbol]\n.decl Seated(seats: [Seat])\n";
    project.write("rules/schema.dl", rules);
    project.write(
        "facts/a.ron",
        "[Person(id: \"ann\"), Seated(seats: [(who: \"ann\", at: \"1\"), (who: \"anm\", at: \"2\")])]\n",
    );
    let (out, err) = factlog(&project, &["check"]);
    let told = out + &err;
    assert!(told.contains("no `Person` has the id \"anm\""), "{told}");
    assert!(!told.contains("has the id \"ann\""), "{told}");
}

#[test]
fn what_is_exported_comes_in_again() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    let more = ".type Note = [on: date?, text: symbol, tags: [symbol]]\n.decl Noted(n: Note, of: [Shape])\n";
    project.write("rules/schema.dl", &format!("{SHAPES}{more}"));
    let facts = r#"[
    Drawn(id: "b", shape: Circle(at: (x: -1, y: 2), r: 5)),
    Drawn(id: "c", shape: Both(a: Empty, b: Empty)),
    Noted(n: (on: "2025-11/..", text: "a \"b\", c\n(d)", tags: ["x", ""]), of: [Empty, Circle(at: (0, 0), r: 1)]),
    Noted(n: (text: "", tags: []), of: []),
]
"#;
    project.write("facts/a.ron", facts);
    let ask = |project: &Project| {
        let one = factlog(project, &["query", "Drawn(id: i, shape: s)", "-f", "json"]).0;
        one + &factlog(project, &["query", "Noted(n: n, of: o)", "-f", "json"]).0
    };
    let before = ask(&project);
    assert!(before.contains("2025-11/.."), "{before}");
    for format in ["csv", "tsv", "json", "jsonl"] {
        for relation in ["Drawn", "Noted"] {
            let file = format!("{relation}.{format}");
            let (out, err) = factlog(&project, &["export", relation, "-o", &file]);
            assert!(Path::new(&project.path(&file)).exists(), "{out}{err}");
        }
        project.write("facts/a.ron", "[]\n");
        for relation in ["Drawn", "Noted"] {
            let file = format!("{relation}.{format}");
            let to = format!("facts/{relation}.ron");
            let (out, err) = factlog(&project, &["import", &file, "--into", relation, "-o", &to]);
            assert!(Path::new(&project.path(&to)).exists(), "{format}: {out}{err}");
        }
        assert_eq!(ask(&project), before, "{format}");
    }
}

#[test]
fn sessions_take_them_back() {
    let mut session = session(SHAPES);
    session.assert("Drawn(id: \"a\", shape: $Circle((x: 1, y: 2), 3))").unwrap();
    session.assert("Drawn(id: \"b\", shape: Empty)").unwrap();
    assert_eq!(rows(&mut session, "Drawn(id: i, shape: Circle(r: r))"), ["\"a\" 3"]);
    session.retract("Drawn(id: _, shape: Circle(at: (1, 2), r: 3))").unwrap();
    assert_eq!(rows(&mut session, "Drawn(id: i)"), ["\"b\""]);
    session.undo();
    assert_eq!(rows(&mut session, "Drawn(id: i)"), ["\"a\"", "\"b\""]);
    // A type that was taken back is another one when it comes again.
    session.define(".type Pair = [x: number, y: number]\n.decl P(p: Pair)\nP(p: (1, 2)).").unwrap();
    assert_eq!(rows(&mut session, "P(p: p)"), ["(x: 1, y: 2)"]);
    session.undo();
    session.define(".type Pair = [a: number, b: number]\n.decl P(p: Pair)\nP(p: (1, 2)).").unwrap();
    assert_eq!(rows(&mut session, "P(p: p)"), ["(a: 1, b: 2)"]);
}

#[test]
fn mistakes_in_rules_have_their_codes() {
    let mut session = session(&format!("{SHAPES}.type Other = Circle {{n: number}} | Square {{}}\n"));
    for (text, expected) in [
        ("A(s: $Circel((1, 2), 3)) :- Drawn(id: _).", vec!["FL241"]),
        ("A(i: i) :- Drawn(id: i, shape: $Circle(_, _, _)).", vec!["FL205"]),
        ("A(i: i) :- Drawn(id: i, shape: Circle(radius: _)).", vec!["FL202"]),
        ("A(i: i) :- Drawn(id: i, shape: Circle(r: \"x\")).", vec!["FL208"]),
        ("A(s: Circle(at: (1, 2), r: 3)) :- Drawn(id: _).", vec!["FL211"]),
        ("A(s: as(Circle(at: (1, 2)), Shape)) :- Drawn(id: _).", vec!["FL206"]),
        ("A(s: as(Circle(at: (1, _), r: 3), Shape)) :- Drawn(id: _).", vec!["FL217"]),
        ("A(s: (z: 1)) :- Drawn(id: _).", vec!["FL242"]),
        ("A(i: i) :- Drawn(id: i, shape: (1, 2)).", vec!["FL208"]),
        ("A(s: s) :- s = $Both(x, Empty).", vec!["FL300", "FL300"]),
        ("A(i: as(i, number)) :- Drawn(id: i).", vec!["FL208"]),
        ("A(i: Square(i)) :- Drawn(id: i).", vec!["FL209"]),
        (".type R = [r: R]", vec!["FL200"]),
        (".type R = A {} | A {x: number}", vec!["FL204"]),
        (".type R = [r: number, r: number]", vec!["FL207"]),
        (".decl B(p: Point = 3)", vec!["FL208"]),
        ("Drawn(id: x, shape: s) <= Drawn(id: x, shape: t) :- s < t, Nope(x).", vec!["FL201"]),
        ("Drawn(id: x) <= Other(id: x) :- true.", vec!["FL243"]),
        ("Rule(x: x) <= Rule(x: y) :- x < y.", vec!["FL243"]),
        (".limitsize Drawn", vec!["FL222"]),
        (".init c = Nope", vec!["FL240"]),
        (".comp A : A { }", vec!["FL240"]),
        (".comp A { .decl r(x: number) } .comp B : A { .override r } .init b = B", vec!["FL240"]),
        (".comp A<T> { .decl r(x: T) } .init a = A", vec!["FL240"]),
        (".comp A { .init a = A } .init b = A", vec!["FL240"]),
        (".comp A { } .init a = A .init a = A", vec!["FL240"]),
        (".override r", vec!["FL240"]),
    ] {
        assert_eq!(codes(&mut session, text), expected, "{text}");
    }
}

#[test]
fn proofs_show_values_and_not_how_they_were_taken_apart() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    let rules = "R(id: i, r: r) :- Drawn(id: i, shape: Circle(at: (x: 1), r: r)).\n";
    project.write("rules/schema.dl", &format!("{SHAPES}{rules}"));
    project.write("facts/a.ron", "[Drawn(id: \"a\", shape: Circle(at: (x: 1, y: 2), r: 5))]\n");
    let (out, err) = factlog(&project, &["why", "R(id: \"a\", r: 5)"]);
    assert!(out.contains("Drawn(id: \"a\", shape: Circle(at: (x: 1, y: 2), r: 5))"), "{out}{err}");
    assert_eq!(out.lines().count(), 4, "{out}");
    let (out, _) = factlog(&project, &["schema"]);
    assert!(out.contains(".type Point = [x: number, y: number]\n"), "{out}");
    assert!(
        out.contains(".type Shape = Empty {} | Circle {at: Point, r: number} | Both {a: Shape, b: Shape}\n")
    );
}

#[test]
fn building_without_end_is_stopped() {
    // Each round wraps the value once more; at a depth of 1000 no further one is built.
    let nat = ".type Nat = Zero {} | Succ {of: Nat}\nN(x: $Zero).\nN(x: $Succ(n)) :- N(x: n).";
    // Each round doubles the value, which stays one word but would fill the memory when written.
    let tree = ".type T = E {} | P {a: T, b: T}\nN(x: $E).\nN(x: $P(n, n)) :- N(x: n).";
    for text in [nat, tree] {
        let mut session = session(text);
        let error = session.query("n = count : { N(x: _) }").unwrap_err();
        assert_eq!(error.diagnostics()[0].code, "FL904", "{error:?}");
        assert!(error.diagnostics()[0].message.contains("holds too many others within"), "{error:?}");
    }
}

const WAYS: &str = "\
.decl Road(a: symbol, b: symbol, km: number)
.decl Way(a: symbol, b: symbol, km: number)
Way(a: x, b: y, km: n) :- Road(a: x, b: y, km: n).
Way(a: x, b: z, km: n + m) :- Way(a: x, b: y, km: n), Road(a: y, b: z, km: m).
Way(a: x, b: y, km: n) <= Way(a: x, b: y, km: m) :- m <= n.
Long(b: y) :- Way(a: \"a\", b: y, km: n), n > 6.
";

#[test]
fn what_gives_way_follows_the_facts() {
    let mut session = session(WAYS);
    for road in ["Road(\"a\", \"b\", 1)", "Road(\"b\", \"c\", 7)", "Road(\"c\", \"a\", 1)"] {
        session.assert(road).unwrap();
    }
    let ways = "Way(a: \"a\", b: y, km: n)";
    assert_eq!(rows(&mut session, ways), ["\"a\" 9", "\"b\" 1", "\"c\" 8"]);
    assert_eq!(rows(&mut session, "Long(b: y)"), ["\"a\"", "\"c\""]);
    session.assert("Road(\"a\", \"c\", 2)").unwrap();
    assert_eq!(rows(&mut session, ways), ["\"a\" 3", "\"b\" 1", "\"c\" 2"]);
    assert_eq!(rows(&mut session, "Long(b: y)"), [""; 0]);
    // What gave way comes back when what it gave way to goes.
    session.retract("Road(\"a\", \"c\", 2)").unwrap();
    assert_eq!(rows(&mut session, ways), ["\"a\" 9", "\"b\" 1", "\"c\" 8"]);
    // A stated tuple that gives way is not in the relation.
    session.assert("Way(a: \"a\", b: \"c\", km: 20)").unwrap();
    assert_eq!(rows(&mut session, "Way(a: \"a\", b: \"c\", km: n)"), ["8"]);
    let (found, _) = session.whynot("Way(a: \"a\", b: \"c\", km: 20)").unwrap();
    let near = found.near.join("; ");
    assert!(near.contains("would give way to Way(a: \"a\", b: \"c\", km: 8), by <input>:5"), "{near}");
    let proofs = session.why("Way(a: \"a\", b: \"c\", km: 8)", 1, None);
    assert!(proofs.is_ok(), "{proofs:?}");
}

#[test]
fn instances_can_be_added_later() {
    let mut session =
        session(".comp C<T> { .decl r(x: T) .type Own <: T .decl s(y: Own) q(x: x) :- r(x: x), !s(y: x). }");
    session.define(".init one = C<number>\none.r(x: 1).\none.r(x: 2).\none.s(y: 2).").unwrap();
    assert_eq!(rows(&mut session, "one.q(x: x)"), ["1"]);
    session.define(".init two = C<symbol>").unwrap();
    session.assert("two.r(x: \"a\")").unwrap();
    assert_eq!(rows(&mut session, "two.q(x: x), one.q(x: y)"), ["\"a\" 1"]);
    assert!(session.schema_text(None).unwrap().contains(".decl two.r(x: symbol)"));
    session.undo();
    session.undo();
    assert!(session.query("two.q(x: x)").is_err());
    assert_eq!(rows(&mut session, "one.q(x: x)"), ["1"]);
}

/// The number of cases: `FACTLOG_CASES`, or what CI runs.
fn cases(default: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Shapes as a rule writes them, in all spellings, with how they are printed.
fn shape() -> impl Strategy<Value = (String, String)> {
    let point = (-9..10_i64, -9..10_i64, any::<bool>()).prop_map(|(x, y, named)| {
        let printed = format!("(x: {x}, y: {y})");
        (if named { printed.clone() } else { format!("({x}, {y})") }, printed)
    });
    let empty = prop::sample::select(vec!["Empty", "$Empty", "Empty()"]);
    let leaf = prop_oneof![
        empty.prop_map(|text| (text.to_owned(), "Empty".to_owned())),
        (point, -9..10_i64, 0..3).prop_map(|((at, printed), r, spelling)| {
            let text = match spelling {
                0 => format!("Circle(at: {at}, r: {r})"),
                1 => format!("Circle(r: {r}, at: {at})"),
                _ => format!("$Circle({at}, {r})"),
            };
            (text, format!("Circle(at: {printed}, r: {r})"))
        }),
    ];
    leaf.prop_recursive(4, 12, 2, |inner| {
        (inner.clone(), inner, any::<bool>()).prop_map(|((a, pa), (b, pb), named)| {
            let text = if named { format!("Both(a: {a}, b: {b})") } else { format!("$Both({a}, {b})") };
            (text, format!("Both(a: {pa}, b: {pb})"))
        })
    })
}

#[test]
fn values_read_print_and_read_again() {
    let config = Config { cases: cases(200), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(&shape(), |(text, printed)| {
        let mut session = session(SHAPES);
        session.assert(&format!("Drawn(id: \"a\", shape: {text})")).unwrap();
        prop_assert_eq!(rows(&mut session, "Drawn(shape: s)"), [printed.clone()]);
        session.assert(&format!("Drawn(id: \"a\", shape: {printed})")).unwrap();
        prop_assert_eq!(rows(&mut session, "Drawn(shape: s)").len(), 1);
        // A rule that builds it and one that takes it apart agree with the fact.
        session.define(&format!("Made(s: as({text}, Shape)) :- Drawn(id: _).\n")).unwrap();
        let asked = format!("Made(s: s), Drawn(shape: s), s = as({printed}, Shape)");
        prop_assert_eq!(rows(&mut session, &asked).len(), 1);
        Ok(())
    });
    result.unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn programs_hold_them_in_types_of_their_own() {
    use serde::Serialize;

    #[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
    struct Point {
        x: i64,
        y: i64,
    }
    #[derive(Clone, Debug, Serialize, Deserialize, PartialEq)]
    enum Shape {
        Empty,
        Circle { at: Point, r: i64 },
        Both(Box<Shape>, Box<Shape>),
    }
    #[derive(Serialize)]
    struct Drawn<'a> {
        id: &'a str,
        shape: Shape,
    }

    let mut session = factlog::Session::new();
    session.define(SHAPES).unwrap();
    let circle = Shape::Circle { at: Point { x: 1, y: 2 }, r: 3 };
    let both = Shape::Both(Box::new(Shape::Empty), Box::new(circle.clone()));
    session.assert_fact(&Drawn { id: "a", shape: both.clone() }).unwrap();
    session.assert_fact(&Drawn { id: "b", shape: circle.clone() }).unwrap();
    let answer = session.query("Drawn(shape: s)").unwrap();
    let rows: Vec<Shape> = answer.rows().unwrap();
    assert_eq!(rows, [circle, both]);
    let values: Vec<factlog::Value> = answer.rows().unwrap();
    assert_eq!(values[1].to_string(), "Both(a: Empty, b: Circle(at: (x: 1, y: 2), r: 3))");
    let pairs: Vec<((i64, i64),)> = session.query("Drawn(shape: Circle(at: p))").unwrap().rows().unwrap();
    assert_eq!(pairs, [((1, 2),)]);
}
