//! A load, a line or an assertion with one mistake changes nothing, and says what is wrong and
//! where. Each way of being refused is a case.

mod project;

use std::path::Path;

use factlog::session::{Error, Options, Session};
use project::Project;

fn open(project: &Project, options: Options) -> Session {
    let opened = Session::open(Some(Path::new(&project.path(""))), options);
    opened.map_err(|(diagnostic, _)| diagnostic).unwrap()
}

/// Everything that a step could change.
fn everything(session: &Session) -> Vec<String> {
    let database = session.database();
    let mut seen = vec![
        session.schema_text(None).unwrap(),
        session.rules_text(None).unwrap().join("\n"),
        format!("{} steps, {} assertions", session.steps(), database.len()),
        format!("{:?}", session.broken()),
        format!("{:?}", session.typed_in()),
    ];
    let stated = session.schema().iter().flat_map(|(id, _)| database.facts(id));
    let mut facts: Vec<String> =
        stated.map(|fact| format!("{:?} {:?} {:?}", fact.predicate, fact.tuple, fact.assertion)).collect();
    facts.sort();
    seen.extend(facts);
    seen
}

/// `file:line: code message help` of everything that was refused.
fn told(session: &Session, error: &Error) -> String {
    let place = |span: factlog::base::Span| {
        let file = session.sources().file(span.file);
        format!("{}:{}", file.name(), file.line_col(span.start).line)
    };
    let lines = error.diagnostics().iter().map(|found| {
        let place = found.span().map(place).unwrap_or_default();
        format!("{place}: {} {} {}", found.code, found.message, found.help.join(" "))
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn refused<T: std::fmt::Debug>(
    session: &mut Session,
    what: &str,
    words: &[&str],
    step: impl FnOnce(&mut Session) -> Result<T, Error>,
) {
    let before = everything(session);
    let answer = session.query("Attended(leader: l, summit: s)").unwrap();
    let error = match step(session) {
        Err(error) => error,
        Ok(done) => panic!("{what} was taken: {done:?}"),
    };
    let told = told(session, &error);
    for word in words {
        assert!(told.contains(word), "{what}: expected `{word}` in\n{told}");
    }
    assert_eq!(everything(session), before, "{what}");
    assert_eq!(session.query("Attended(leader: l, summit: s)").unwrap(), answer, "{what}");
}

/// A project and a session in it that has taken a step of each kind.
fn in_the_middle() -> (Project, Session) {
    let project = Project::small();
    let mut session = open(&project, Options::default());
    session.line(r#"+Person(id: "dan", name: "Dan", _src: "s1", _status: Planned)"#).unwrap();
    session
        .line("Pair(x: a, y: b) :- Attended(leader: a, summit: s), Attended(leader: b, summit: s), a < b.")
        .unwrap();
    session.line(".decl Note(on: Person, text: symbol?)").unwrap();
    session.line(r#"-N(n: 7)"#).unwrap();
    (project, session)
}

#[test]
fn a_wrong_line_changes_nothing() {
    let (_project, mut session) = in_the_middle();
    let cases: &[(&str, &[&str])] = &[
        // Facts.
        (r#"+Attended(leader: "ann")"#, &["FL206", "summit"]),
        (r#"+Attended(leader: "ann", summit: "xian", role: Gest)"#, &["FL203", "Guest"]),
        (r#"+Attended(leader: "ann", summit: "xian", on: "2023-13-01")"#, &["FL212", "2023-13-01"]),
        (r#"+Attended(leader: "ann", summit: "xian", when: 3)"#, &["FL202", "when"]),
        (r#"+Attended(leader: ann, summit: "xian")"#, &["FL305", "ann"]),
        (r#"+Attended(leader: nil, summit: "xian")"#, &["FL208", "leader"]),
        (r#"+Attended(leader: "a", leader: "b", summit: "xian")"#, &["FL207", "leader"]),
        (r#"+Attended("ann", "xian")"#, &["FL205", "4 columns"]),
        (r#"+Atended(leader: "ann", summit: "xian")"#, &["FL201", "`Attended`"]),
        (r#"+N(n: "one")"#, &["FL208"]),
        ("+N(n: 9223372036854775808)", &["FL103"]),
        ("+N(n: 1.5)", &["FL208"]),
        (r#"+Pair(x: "a", y: "b")"#, &["FL214", "Pair"]),
        (r#"+N(n: 1, _status: Helt)"#, &["FL203", "Held"]),
        (r#"+N(n: 1, _conf: 1.5)"#, &["FL208", "between 0 and 1"]),
        (r#"+N(n: 1, _source: "s")"#, &["FL213", "_source"]),
        (r#"+N(n: 1"#, &["FL1"]),
        // Patterns.
        ("-Atended(leader: _)", &["FL201", "`Attended`"]),
        ("-Attended(leadr: _)", &["FL202", "leader"]),
        (r#"-Pair(x: "a")"#, &["FL214", "Pair"]),
        // Rules, declarations, checks.
        ("Bad(x: x) :- N(n: _).", &["FL300", "`x`"]),
        ("Bad(x: x) :- N(n: x), !N(n: y).", &["FL301", "`y`"]),
        ("Bad(x: x) :- Nn(n: x).", &["FL201", "`N`"]),
        ("Bad(x: x) :- N(m: x).", &["FL202", "`n`"]),
        ("Bad(x: x) :- N(n: x), Person(id: x).", &["FL208"]),
        ("Bad(x: x) :- N(n: x), !Bad(x: x).", &["FL303", "Bad"]),
        ("Bad(x: x) :- N(n: x), 1 = count : { Bad(x: x) }.", &["FL303", "Bad"]),
        ("Bad(x: x, _src: s) :- N(n: x, _src: s).", &["FL214"]),
        ("Pair(x: a, z: b) :- Person(id: a), Person(id: b).", &["FL216"]),
        ("Bad(x: frob(x)) :- N(n: x).", &["FL209", "frob"]),
        (".decl N(m: number)", &["FL204", "`N`"]),
        (".decl M(m: numbr)", &["FL200", "number"]),
        (".decl M(m: number?) key(m)", &["FL215", "optional"]),
        (".decl M(m: number, m: number)", &["FL207"]),
        (".enum Role = A | B", &["FL204", "Role"]),
        ("deny d \"{x}\" :- N(n: y), y < 0.", &["FL220", "x"]),
        ("Bad(x: 1) :- ", &["FL1"]),
        (".decl M(t: Tree)", &["FL200"]),
        (".type T = [x: T]", &["FL200", "no values"]),
        (".decl M(m: number) eqrel", &["FL219"]),
        // Goals.
        ("Attended(leader: l), Nope(x: l)?", &["FL201"]),
        ("N(n: n), m < n?", &["FL300", "`m`"]),
        ("N(n: n) order by m?", &["FL221", "`m`"]),
        ("N(n: n), n / (n - n) = 1?", &["FL902"]),
        ("x = 9223372036854775807 + 1?", &["FL901"]),
        (r#"N(n: n), match("(", "a")?"#, &["FL905"]),
    ];
    for (line, words) in cases {
        refused(&mut session, line, words, |session| session.line(line));
    }
    // Two good items and a bad one: none is taken.
    let text = "N(n: 100).\n.decl Fine(x: number)\nBad(x: x) :- N(n: _).\n";
    refused(&mut session, text, &["<input>:3", "FL300"], |session| session.define(text));
}

#[test]
fn a_wrong_file_changes_nothing() {
    let (project, mut session) = in_the_middle();
    let good = "N(n: 200), Person(id: \"eve\", name: \"Eve\")";
    let facts: &[(&str, &[&str])] = &[
        ("N(n: \"one\")", &["bad.ron:2", "FL403"]),
        ("N(n: 9223372036854775808)", &["bad.ron:2", "FL404"]),
        ("N(m: 1)", &["bad.ron:2", "FL401", "`n`"]),
        ("N()", &["bad.ron:2", "FL402", "`n`"]),
        ("Nn(n: 1)", &["bad.ron:2", "FL400", "`N`"]),
        ("N(1, 2)", &["bad.ron:2", "FL407"]),
        ("Pair(x: \"a\", y: \"b\")", &["bad.ron:2", "FL400", "`.decl Pair"]),
        ("Attended(leader: \"ann\", summit: \"xian\", role: Gest)", &["bad.ron:2", "FL406", "Guest"]),
        ("Attended(leader: \"ann\", summit: \"xian\", on: \"2023-13\")", &["bad.ron:2", "FL405"]),
        ("N(n: 1, _stat: Held)", &["bad.ron:2", "FL410", "_status"]),
        ("N(n: 1, _status: Helt)", &["bad.ron:2", "FL4", "Held"]),
        ("N(n: 1, _conf: \"high\")", &["bad.ron:2", "FL411"]),
        ("\"text\"", &["bad.ron:2", "FL409"]),
        ("N(n: 1, n: 2)", &["bad.ron:2", "FL020"]),
        ("N(n: 1", &["bad.ron", "FL0"]),
        ("N(n: 1e400)", &["bad.ron:2"]),
    ];
    for (bad, words) in facts {
        project.write("bad.ron", &format!("[{good},\n{bad}]\n"));
        let path = project.path("bad.ron");
        refused(&mut session, bad, words, |session| session.load_facts(Path::new(&path)));
    }
    let rules: &[(&str, &[&str])] = &[
        ("Bad(x: x) :- N(n: _).", &["bad.dl:2", "FL300"]),
        ("Bad(x: x) :- N(n: x)", &["bad.dl:2", "FL108", "`.`"]),
        (".decl N(n: number)", &["bad.dl:2", "FL204"]),
        ("N(n: x).", &["bad.dl:2", "FL305"]),
    ];
    for (bad, words) in rules {
        project.write("bad.dl", &format!("N(n: 300). Good(x: x) :- N(n: x).\n{bad}\n"));
        let path = project.path("bad.dl");
        refused(&mut session, bad, words, |session| session.load_rules(Path::new(&path)));
    }
    refused(&mut session, "no file", &["FL050", "none.ron"], |session| {
        session.load_facts(Path::new(&project.path("none.ron")))
    });
    std::fs::write(project.path("latin.ron"), b"[N(n: 1), // \xe9\n]").unwrap();
    refused(&mut session, "not UTF-8", &["FL001"], |session| {
        session.load_facts(Path::new(&project.path("latin.ron")))
    });
}

#[test]
fn a_project_with_one_mistake_is_refused_whole_and_a_reload_keeps_what_was() {
    let bad: &[(&str, &str, &[&str])] = &[
        ("facts/z.ron", "[N(n: 1), N(n: \"x\")]", &["facts/z.ron:1", "FL403"]),
        ("facts/deep/z.ron", "[N(n: 1),\nN(n: )]", &["facts/deep/z.ron:2", "FL012"]),
        ("rules/z.dl", "Bad(x: x) :- N(n: _).", &["rules/z.dl:1", "FL300"]),
        ("rules/z.dl", ".include \"gone.dl\"", &["rules/z.dl:1", "FL050"]),
        ("rules/z.dl", ".include \"z.dl\"", &["rules/z.dl:1", "FL061", "rules/z.dl → rules/z.dl"]),
        ("rules/z.dl", ".include \"../../z.dl\"", &["rules/z.dl:1", "FL053"]),
        ("rules/z.dl", ".decl T(a: number)\n.input T(filename=\"t.csv\")", &["rules/z.dl:2", "FL050"]),
        (
            "rules/z.dl",
            "<<<<<<< ours\nN(n: 1).\n=======\nN(n: 2).\n>>>>>>> theirs\n",
            &["rules/z.dl:1", "FL106"],
        ),
        ("factlog.ron", "(limit: (rows: 1))", &["factlog.ron", "FL058", "limits"]),
        ("factlog.ron", "(limits: (rows: -1))", &["factlog.ron", "FL057"]),
    ];
    for (path, text, words) in bad {
        let (project, mut session) = in_the_middle();
        project.write(path, text);
        refused(&mut session, text, words, Session::reload);
        if !path.ends_with("factlog.ron") {
            let mut fresh = open(&project, Options::default());
            assert_eq!(fresh.database().len(), 0, "{text}");
            let error = fresh.query("N(n: n)").unwrap_err();
            let told = told(&fresh, &error);
            assert!(words.iter().chain(&["FL062"]).all(|word| told.contains(word)), "{text}: {told}");
            // Mended, the same session goes on.
            project.remove(path);
            fresh.reload().unwrap();
            assert_eq!(fresh.query("N(n: n)").unwrap().0.rows.len(), 40, "{text}");
        }
    }
}

#[test]
fn rows_of_a_delimited_file_are_all_taken_or_none() {
    let project = Project::small();
    project.write(
        "rules/t.dl",
        ".decl T(a: number, b: symbol, c: date?)\n.input T(filename=\"../data/t.csv\")\n",
    );
    let rows: &[(&str, &[&str])] = &[
        ("x,b,", &["data/t.csv:2", "FL063", "`a`"]),
        ("1,b", &["data/t.csv:2", "FL063", "2 fields, expected 3"]),
        ("1,b,2023-13", &["data/t.csv:2", "FL063", "`c`"]),
        ("9223372036854775808,b,", &["data/t.csv:2", "FL063"]),
    ];
    for (row, words) in rows {
        project.write("data/t.csv", &format!("1,one,2023\n{row}\n"));
        let mut session = open(&project, Options::default());
        let error = session.query("T(a: a)").unwrap_err();
        let told = told(&session, &error);
        assert!(words.iter().all(|word| told.contains(word)), "{row}: {told}");
        assert_eq!(session.database().len(), 0, "{row}");
    }
    project.write("data/t.csv", "1,one,2023\n2,\"t,wo\",\n");
    let mut session = open(&project, Options::default());
    let (answer, _) = session.query("T(a: a, b: b, c: c)").unwrap();
    let rows: Vec<String> =
        answer.rows.iter().map(|row| format!("{} {} {}", row[0], row[1], row[2])).collect();
    assert_eq!(rows, ["1 \"one\" d\"2023\"", "2 \"t,wo\" nil"]);
}

#[test]
fn several_mistakes_are_told_at_once() {
    let project = Project::small();
    project.write("facts/p.ron", "[N(n: \"a\"),\nN(m: 1),\nNn(n: 1)]");
    project.write("facts/q.ron", "[N(n: \"b\")");
    project.write("rules/z.dl", "A(x: x) :- N(n: _).\nB(x: x) :- Nn(n: x).\n");
    let mut session = open(&project, Options::default());
    let error = session.query("N(n: n)").unwrap_err();
    let told = told(&session, &error);
    for place in [
        "facts/p.ron:1: FL403",
        "facts/p.ron:2: FL401",
        "facts/p.ron:3: FL400",
        "facts/q.ron:",
        "rules/z.dl:1: FL300",
        "rules/z.dl:2: FL201",
    ] {
        assert!(told.contains(place), "{place} is missing in\n{told}");
    }
}

#[test]
fn without_the_broken_files_the_others_load_and_the_answer_says_so() {
    let project = Project::small();
    project.write("facts/z.ron", "[N(n: 100), N(n: \"x\")]");
    let mut session = open(&project, Options { keep_going: true, ..Options::default() });
    let (answer, _) = session.query("N(n: n)").unwrap();
    assert_eq!(answer.rows.len(), 40);
    assert_eq!(answer.notes, ["without facts/z.ron, which does not load"]);
    project.write("rules/z.dl", "Bad(x: x) :- N(n: _).");
    project.write("facts/y.ron", "[N(n: 101)");
    session.reload().unwrap();
    assert_eq!(session.left_out(), ["facts/y.ron", "facts/z.ron", "rules/z.dl"]);
    assert_eq!(session.query("N(n: n)").unwrap().0.rows.len(), 40);
}
