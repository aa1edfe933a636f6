//! What besides fact files brings facts and rules in: `.input`, `.include`, inferred schemas, the
//! inbox; and what a session does with directives that are typed in.

mod project;

use std::path::Path;

use factlog::session::{Options, Session};
use project::Project;

fn open(project: &Project, options: Options) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), options);
    opened.map_err(|(diagnostic, _)| diagnostic).unwrap()
}

fn rows(session: &mut Session, goal: &str) -> Vec<String> {
    let (answer, _) = session.query(goal).unwrap_or_else(|error| panic!("{goal}: {error:?}"));
    let row =
        |row: &Vec<factlog::model::Value>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ");
    answer.rows.iter().map(row).collect()
}

#[test]
fn delimited_files_beside_the_rule_file() {
    let project = Project::empty();
    project.write(
        "rules/deep/in.dl",
        ".decl A(x: number, y: symbol)\n.input A(filename=\"a.csv\")\n\
         .decl B(x: number, y: symbol)\n.input B\n\
         .decl C(x: symbol, y: float?)\n.input C(filename=\"../c.txt\", delimiter=\";\", headers=true)\n\
         .enum Role = Guest | Host\n\
         .decl D(r: Role, on: date?, ok: bool)\n.input D(filename=\"d.tsv\")\n\
         .decl E(x: number, y: symbol)\n.input E(filename=\"a.csv\")\n\
         A(9, \"stated\").\n",
    );
    project.write("rules/deep/a.csv", "1,one\n2,\"two, \"\"too\"\"\"\r\n3,\n1,one\n");
    project.write("rules/deep/B.facts", "1\t\"one\"\n2\ttwo, too\n");
    project.write("rules/c.txt", "name;value\nx;1.5\ny;\n");
    project.write("rules/deep/d.tsv", "Host\t2023-05\ttrue\nGuest\t\tfalse\n");
    let mut session = open(&project, Options::default());
    assert_eq!(session.broken(), []);
    assert_eq!(rows(&mut session, "A(x, y)"), ["1 \"one\"", r#"2 "two, \"too\"""#, "3 \"\"", "9 \"stated\""]);
    assert_eq!(rows(&mut session, "B(x, y)"), [r#"1 "\"one\"""#, "2 \"two, too\""]);
    assert_eq!(rows(&mut session, "C(x, y)"), ["\"x\" 1.5", "\"y\" nil"]);
    assert_eq!(rows(&mut session, "D(r, d, o)"), ["Guest nil false", "Host d\"2023-05\" true"]);
    assert_eq!(rows(&mut session, "E(x, _), x > 2"), ["3"]);
    // Background: seen by metadata, without a source.
    assert_eq!(rows(&mut session, "A(x: x, _src: s), x < 2"), ["1 nil"]);
    project.write("rules/deep/a.csv", "7,seven\n");
    session.reload().unwrap();
    assert_eq!(rows(&mut session, "E(x, _)"), ["7"]);
}

#[test]
fn headers_name_columns_and_other_formats_go_by_extension() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    project.write(
        "rules/a.dl",
        ".decl A(x: number, y: symbol?)\n.input A(filename=\"a.csv\", headers=true)\n\
         .decl B(x: number, y: symbol?)\n.input B(filename=\"b.jsonl\")\n\
         .decl C(x: number, y: symbol?)\n.input C(filename=\"c.dat\", delimiter=\"::\", rfc4180=true)\n\
         .decl D(l: [number])\n.input D(filename=\"d.txt\", format=\"json\")\n",
    );
    project.write("rules/a.csv", "y,x\nq,1\n");
    project.write("rules/b.jsonl", "{\"x\": 2}\n\n{\"y\": \"z\", \"x\": 3}\n");
    project.write("rules/c.dat", "4::\"a::b\"\n5::\"\"\n6::\n");
    project.write("rules/d.txt", "[{\"l\": [1, 2]}]");
    let mut session = open(&project, Options::default());
    assert_eq!(session.broken(), []);
    assert_eq!(rows(&mut session, "A(x, y)"), ["1 \"q\""]);
    assert_eq!(rows(&mut session, "B(x, y)"), ["2 nil", "3 \"z\""]);
    assert_eq!(rows(&mut session, "C(x, y)"), ["4 \"a::b\"", "5 \"\"", "6 nil"]);
    assert_eq!(rows(&mut session, "D(l)"), ["[1, 2]"]);
    // A header that names some of the columns is no accident.
    project.write("rules/a.csv", "z,x\nq,1\n");
    project.write("rules/b.jsonl", "{\"x\": 2.5}\n{\"x\": 3, \"w\": 0}\n");
    project.write("rules/c.dat", "4::a\nx::b\n5\n");
    project.write("rules/d.txt", "[{\"l\": 1}");
    let session = open(&project, Options::default());
    let mut told: Vec<String> = session
        .broken()
        .iter()
        .map(|found| format!("{} {}", session.sources().place(found.span().unwrap()), found.message))
        .collect();
    told.sort();
    assert_eq!(
        told,
        [
            "rules/a.csv:1:1 no column is called `z`",
            "rules/b.jsonl:1:7 column `x`: `2.5` is no 64-bit whole number",
            "rules/b.jsonl:2:10 no column is called \"w\" (did you mean `x` or `y`?)",
            "rules/c.dat:2:1 column `x`: `x` is no whole number",
            "rules/c.dat:3:1 this record has 1 field, expected 2",
            "rules/d.txt:1:10 the array is never closed",
            "rules/d.txt:1:8 column `l`: `1` stands where a list is due",
        ]
    );
}

#[test]
fn parameters_say_what_they_mean_or_are_refused() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    project.write("rules/a.csv", "x\n1\n");
    let with = |parameters: &str| {
        project.write(
            "rules/a.dl",
            &format!(".decl A(x: number)\n.input A(filename=\"a.csv\", {parameters})\n"),
        );
        let session = open(&project, Options::default());
        session.broken().iter().map(|found| format!("{} {}", found.code, found.message)).collect::<Vec<_>>()
    };
    // Soufflé writes these as texts.
    for parameters in ["headers=true", "headers=\"true\", rfc4180=\"false\""] {
        assert_eq!(with(parameters), [""; 0], "{parameters}");
    }
    for (parameters, message) in [
        ("headers=\"yes\"", "FL222 the parameter `headers` is true or false"),
        ("headers=1", "FL222 the parameter `headers` is true or false"),
        ("headers=true, delimiter=true", "FL222 the parameter `delimiter` is a text"),
        ("headers=true, tabel=\"t\"", "FL222 unknown parameter `tabel`"),
    ] {
        let found = with(parameters);
        assert!(found.iter().any(|found| found == message), "{parameters}: {found:?}");
    }
}

#[cfg(feature = "sqlite")]
#[test]
fn a_table_may_be_called_otherwise_than_its_relation() {
    let project = Project::empty();
    let database = rusqlite::Connection::open(project.path("data.sqlite")).unwrap();
    database.execute_batch("CREATE TABLE t (x INTEGER); INSERT INTO t VALUES (5)").unwrap();
    project.write("factlog.ron", "()");
    project.write("rules/a.dl", ".decl A(x: number)\n.input A(filename=\"../data.sqlite\", table=\"t\")\n");
    let mut session = open(&project, Options::default());
    assert_eq!(session.broken(), []);
    assert_eq!(rows(&mut session, "A(x)"), ["5"]);
}

#[test]
fn delimited_files_stay_in_the_project() {
    let project = Project::empty();
    for (path, code) in
        [("../../x.csv", "FL053"), ("/etc/passwd", "FL053"), ("gone.csv", "FL050"), (".", "FL052")]
    {
        project.write("rules/a.dl", &format!(".decl A(x: number)\n.input A(filename=\"{path}\")\n"));
        let session = open(&project, Options::default());
        let codes: Vec<&str> = session.broken().iter().map(|found| &*found.code).collect();
        assert_eq!(codes, [code], "{path}");
    }
}

#[test]
fn included_files_are_read_once_and_from_where_they_stand() {
    let project = Project::empty();
    project.write("rules/a.dl", ".include \"../lib/base.dl\"\n.include \"b.dl\"\nP(x: 1).\n");
    project.write("rules/b.dl", ".include \"../lib/base.dl\"\nP(x: 2).\n");
    project.write("lib/base.dl", ".include \"more/decls.dl\"\nP(x: 3).\n");
    project.write("lib/more/decls.dl", ".decl P(x: number)\n");
    let mut session = open(&project, Options::default());
    assert_eq!(session.broken(), []);
    assert_eq!(rows(&mut session, "P(x: x)"), ["1", "2", "3"]);
    assert_eq!(rows(&mut session, "n = count : { P(x: _, _src: _) }"), ["3"]);
    project.write("lib/more/decls.dl", ".include \"../base.dl\"\n.decl P(x: number)\n");
    let error = session.reload().unwrap_err();
    let told: Vec<String> =
        error.diagnostics().iter().map(|found| format!("{} {}", found.code, found.message)).collect();
    assert_eq!(told, ["FL061 files include each other: lib/base.dl → lib/more/decls.dl → lib/base.dl"]);
    assert_eq!(rows(&mut session, "P(x: x)"), ["1", "2", "3"]);
}

#[test]
fn relations_nobody_declares_get_their_columns_from_the_facts() {
    let project = Project::empty();
    project.write(
        "facts/a.ron",
        "[Trade(with: \"kz\", volume: 8, year: 2022), Trade(with: \"uz\", volume: 9.5), Seen(on: \"2023\")]",
    );
    project.write("rules/a.dl", "Big(with: w) :- Trade(with: w, volume: v), v > 8.5.\n");
    assert!(!open(&project, Options::default()).broken().is_empty());
    project.write("factlog.ron", "(infer_schema: true)");
    let mut session = open(&project, Options::default());
    assert_eq!(session.broken(), []);
    assert_eq!(
        rows(&mut session, "Trade(with: w, volume: v, year: y)"),
        ["\"kz\" 8.0 2022", "\"uz\" 9.5 nil"]
    );
    assert_eq!(rows(&mut session, "Big(with: w)"), ["\"uz\""]);
    // What was inferred stays when more is declared, and more can be stated of it.
    session.line(".enum Color = Red | Green").unwrap();
    session.line(".decl Paint(c: Color)").unwrap();
    session.line("+Paint(c: Green)").unwrap();
    session.line("+Trade(with: \"tm\", volume: 10)").unwrap();
    assert_eq!(rows(&mut session, "Big(with: w)"), ["\"tm\"", "\"uz\""]);
    assert_eq!(rows(&mut session, "Paint(c: c)"), ["Green"]);
    for _ in 0..4 {
        session.undo().unwrap();
    }
    assert_eq!(rows(&mut session, "Big(with: w)"), ["\"uz\""]);
    assert!(session.query("Paint(c: c)").is_err());
}

#[test]
fn the_inbox_is_loaded_when_asked_for_and_is_pending() {
    let project = Project::small();
    project.write("facts/inbox/x.ron", "[N(n: 100), N(n: 101, _review: Accepted)]");
    let mut session = open(&project, Options::default());
    assert_eq!(rows(&mut session, "N(n: n, _review: r), n > 50"), [""; 0]);
    let mut session = open(&project, Options { inbox: true, ..Options::default() });
    assert_eq!(rows(&mut session, "N(n: n, _review: r), n > 50"), ["100 Pending", "101 Accepted"]);
    assert_eq!(rows(&mut session, "N(n: n), n > 50"), ["101"]);
}

#[test]
fn a_session_reads_delimited_files_and_follows_no_includes() {
    let project = Project::small();
    project.write("data/n.tsv", "100\n");
    project.write("data/bad.tsv", "101\nx\n");
    project.write("more/a.dl", ".include \"b.dl\"\nQ(x: 1).\n");
    let mut session = open(&project, Options::default());
    session.line(".input N(filename=\"data/n.tsv\")").unwrap();
    session.define(".decl M(m: number)\n.input M(filename=\"data/n.tsv\")").unwrap();
    assert_eq!(rows(&mut session, "N(n: n), n > 50"), ["100"]);
    assert_eq!(rows(&mut session, "M(m: m)"), ["100"]);
    session.undo().unwrap();
    session.undo().unwrap();
    assert_eq!(rows(&mut session, "N(n: n), n > 50"), [""; 0]);
    let text = "N(n: 200).\n.decl M(m: number)\n.input M(filename=\"data/bad.tsv\")";
    let error = session.define(text).unwrap_err();
    assert_eq!(error.diagnostics()[0].code, "FL063", "{error:?}");
    assert_eq!(rows(&mut session, "N(n: n), n > 50"), [""; 0]);
    assert!(session.query("M(m: m)").is_err());
    let error = session.line(".include \"more/a.dl\"").unwrap_err();
    assert_eq!(error.diagnostics()[0].code, "FL219", "{error:?}");
    assert!(session.load_rules(Path::new(&project.path("more/a.dl"))).is_err());
    assert_eq!(session.steps(), 0);
    let error = Session::empty(Options::default()).define(".decl M(m: number)\n.input M").unwrap_err();
    assert_eq!(error.diagnostics()[0].code, "FL056", "{error:?}");
    // `.output` and `?-` are for `run`, which a session has, too.
    session.line(".output N").unwrap();
    assert_eq!(session.run(&[], false).unwrap().outputs.len(), 1);
}

#[test]
fn unions_that_lead_to_one_type_in_many_ways_are_no_matter() {
    // Two unions a layer, each of both below: 2^40 ways to the one enum.
    let mut rules = String::from(".enum Level = Low | High\n.type A0 <: Level\n.type B0 <: Level\n");
    for layer in 1..=40 {
        let below = layer - 1;
        rules += &format!(".type A{layer} = A{below} | B{below}\n.type B{layer} = B{below} | A{below}\n");
    }
    let project = Project::small();
    project.write("rules/unions.dl", &format!("{rules}.decl Level_of(who: symbol, level: A40)\n"));
    project.write("facts/unions.ron", "[Level_of(who: \"ann\", level: High)]\n");
    let mut session = open(&project, Options::default());
    assert_eq!(rows(&mut session, "Level_of(who: w, level: l)"), ["\"ann\" High"]);
}
