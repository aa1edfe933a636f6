//! `factlog import` and `factlog export` as a user runs them.

mod project;

use project::{Project, Ran};

fn people() -> Project {
    let project = Project::empty();
    project.write(
        "rules/schema.dl",
        ".enum Role = Guest | Host\n\
         .decl Person(id: Person, name: symbol, born: date?, role: Role = Guest, height: float?) key(id)\n\
         Tall(id: p) :- Person(id: p, height: h), h > 1.8.\n",
    );
    project.write("facts/a.ron", "[\n    Person(id: \"ann\", name: \"Ann\", height: 1.9),\n]\n");
    project
}

#[test]
fn a_csv_becomes_a_fact_file_in_normal_form() {
    let project = people();
    project.write(
        "in/Person.csv",
        "name,id,born,_src,_status,height\n\"B \"\"B\"\"\",bob,1953-05,reg,Planned,1.8\n\"Céline\nC\",cel,,,,2\n",
    );
    let ran = project.run(&["import", "in/Person.csv", "--src", "census", "-o", "facts/b.ron"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, "2 facts of `Person` from in/Person.csv\n"), "{ran:?}");
    assert_eq!(
        project.read("facts/b.ron"),
        "[\n    \
         Person(id: \"bob\", name: r#\"B \"B\"\"#, born: \"1953-05\", role: Guest, height: 1.8, _src: \"reg\", _status: Planned),\n    \
         Person(id: \"cel\", name: \"Céline\\nC\", role: Guest, height: 2.0, _src: \"census\"),\n\
         ]\n"
    );
    assert_eq!(project.run(&["fmt", "--check", "-q"]).status, 0);
    let tall = project.run(&["query", "Tall(id: p)", "-f", "csv"]);
    assert_eq!(tall.out, "p\nann\ncel\n");
}

#[test]
fn fields_are_mapped_by_name_and_by_order() {
    let project = people();
    let input = "{\"key\": \"bob\", \"full\": \"Bob\", \"more\": [1]}\n";
    let args = [
        "import",
        "-",
        "--from",
        "jsonl",
        "--into",
        "Person",
        "-q",
        "--field",
        "id=key",
        "--field",
        "name=full",
    ];
    let refused = project.run_with(&args, input);
    assert!(refused.status == 2 && refused.err.contains("no column is called \"more\""), "{refused:?}");
    assert!(refused.err.contains("<stdin>:1:31"), "{refused:?}");
    let ran = project.run_with(&[&args[..], &["--ignore-extra"]].concat(), input);
    assert_eq!(ran, Ran::success("[\n    Person(id: \"bob\", name: \"Bob\", role: Guest),\n]\n"));
    project.write("p.txt", "bob|Bob|1953|Host|\n");
    let ran = project.run(&[
        "import",
        "p.txt",
        "--from",
        "csv",
        "--into",
        "Person",
        "--no-header",
        "--delimiter",
        "|",
        "--to",
        "csv",
        "-q",
    ]);
    assert_eq!(ran, Ran::success("id,name,born,role,height\nbob,Bob,1953,Host,\n"));
    let wrong =
        project.run_with(&["import", "-", "--from", "csv", "--into", "Person", "--field", "nam=x"], "");
    assert!(wrong.status == 2 && wrong.err.contains("did you mean `name`?"), "{wrong:?}");
}

#[test]
fn every_mistake_is_told_with_its_place_and_nothing_is_written() {
    let project = people();
    project.write("p.csv", "id,name,born,height,_conf\na,A,soon,tall,\nb,B\nc,C,1950,1.5,2.5\n");
    let ran = project.run(&["import", "p.csv", "--into", "Person", "-o", "facts/b.ron"]);
    assert_eq!(ran.status, 2);
    for told in [
        "p.csv:2:5",
        "column `born`: `soon` is no date",
        "p.csv:2:10",
        "column `height`: `tall` is no number",
        "p.csv:3:1",
        "this record has 2 fields, expected 5",
        "found 3 errors",
    ] {
        assert!(ran.err.contains(told), "{told}: {}", ran.err);
    }
    assert!(!std::path::Path::new(&project.path("facts/b.ron")).exists());
    project.write("p.csv", "id,name,_conf,_at\nc,C,2.5,L1\nd,D,,there\n");
    let ran = project.run(&["import", "p.csv", "--into", "Person"]);
    for told in ["p.csv, row 1: `_conf`: 2.5 is not from 0 to 1", "p.csv, row 2: `_at`: `there` is no place"]
    {
        assert!(ran.status == 2 && ran.err.contains(told), "{told}: {}", ran.err);
    }
    let many = format!("id,name\n{}", "a\n".repeat(100));
    project.write("p.csv", &many);
    let ran = project.run(&["import", "p.csv", "--into", "Person", "--max-errors", "3"]);
    assert!(ran.err.contains("found 3 errors") && ran.err.contains("there may be more"), "{}", ran.err);
    project.write("p.csv", "id,nam\na,b\n");
    let ran = project.run(&["import", "p.csv", "--into", "Person"]);
    assert!(ran.err.contains("no field is called `name` (did you mean `nam`?)"), "{}", ran.err);
    for (args, told) in [
        (vec!["import", "p.csv", "--into", "Tall"], "derived by rules"),
        (vec!["import", "p.csv", "--into", "Persn"], "did you mean `Person`"),
        (vec!["import", "p.csv"], "say `--into RELATION`"),
        (vec!["import", "p.dat", "--into", "Person"], "say `--from FORMAT`"),
        (vec!["import", "gone.csv", "--into", "Person"], "no file or folder"),
        (vec!["import", "facts", "--from", "csv", "--into", "Person"], "a folder"),
    ] {
        let ran = project.run(&args);
        assert!(ran.status == 2 && ran.err.contains(told), "{args:?}: {ran:?}");
    }
}

#[test]
fn relations_are_exported_sorted_and_derived() {
    let project = people();
    project.write("facts/c.ron", "[Person(id: \"a\\nb\", name: \"x, y\", born: \"2000~\", role: Host)]\n");
    assert_eq!(project.run(&["export", "Tall"]), Ran::success("id\nann\n"));
    assert_eq!(
        project.run(&["export", "Person", "-f", "tsv"]),
        Ran::success("id\tname\tborn\trole\theight\n\"a\nb\"\tx, y\t2000~\tHost\t\nann\tAnn\t\tGuest\t1.9\n")
    );
    assert_eq!(
        project.run(&["export", "Person", "-f", "csv", "--no-header", "--delimiter", ";"]).out,
        "\"a\nb\";x, y;2000~;Host;\nann;Ann;;Guest;1.9\n"
    );
    assert_eq!(
        project.run(&["export", "Person", "-f", "json"]).out,
        "[\n  {\"id\":\"a\\nb\",\"name\":\"x, y\",\"born\":\"2000~\",\"role\":\"Host\",\"height\":null},\n  \
         {\"id\":\"ann\",\"name\":\"Ann\",\"born\":null,\"role\":\"Guest\",\"height\":1.9}\n]\n"
    );
    let all = project.run(&["export", "-o", "out/", "-f", "jsonl", "-v"]);
    assert!(all.status == 0 && all.err.contains("out/Tall.jsonl: 1 rows"), "{all:?}");
    assert_eq!(project.read("out/Tall.jsonl"), "{\"id\":\"ann\"}\n");
    let several = project.run(&["export", "-f", "csv"]);
    assert!(several.status == 2 && several.err.contains("Person, Tall; name one"), "{several:?}");
    let unknown = project.run(&["export", "Peron"]);
    assert!(unknown.status == 2 && unknown.err.contains("`Person`"), "{unknown:?}");
}

#[test]
fn an_exported_fact_file_holds_every_assertion() {
    let project = people();
    project.write(
        "facts/a.ron",
        "[\n    Person(id: \"ann\", name: \"Ann\", _src: \"z\", _at: \"L3\", _by: [\"x\", \"y\"], _conf: 0.5),\n    \
         Person(id: \"ann\", name: \"Ann\", _src: \"a\", _status: Planned),\n]\n",
    );
    let ran = project.run(&["export", "Person", "-f", "ron"]);
    assert_eq!(
        ran,
        Ran::success(
            "[\n    Person(id: \"ann\", name: \"Ann\", role: Guest, _src: \"a\", _status: Planned),\n    \
             Person(id: \"ann\", name: \"Ann\", role: Guest, _src: \"z\", _at: \"L3\", _by: [\"x\", \"y\"], _conf: 0.5),\n]\n"
        )
    );
    let before =
        project.run(&["query", "Person(id: p, _src: s, _at: a, _by: b, _conf: c, _status: t)", "-f", "json"]);
    project.write("facts/a.ron", &ran.out);
    let after =
        project.run(&["query", "Person(id: p, _src: s, _at: a, _by: b, _conf: c, _status: t)", "-f", "json"]);
    assert_eq!(before, after);
}

#[test]
fn packed_files_are_read_by_input_and_by_import() {
    let project = people();
    let ran = project.run(&["export", "Person", "-o", "rules/p.csv.gz"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    project.write(
        "rules/more.dl",
        ".decl Copy(id: Person, name: symbol, born: date?, role: Role, height: float?)\n\
         .input Copy(filename=\"p.csv.gz\", headers=true)\n",
    );
    assert_eq!(
        project.run(&["query", "Copy(id: p, height: h)", "-f", "csv"]),
        Ran::success("p,h\nann,1.9\n")
    );
    let ran = project.run(&["import", "rules/p.csv.gz", "--into", "Person", "-q"]);
    assert_eq!(ran.out, "[\n    Person(id: \"ann\", name: \"Ann\", role: Guest, height: 1.9),\n]\n");
    project.write("bad.csv.gz", "no gzip");
    let ran = project.run(&["import", "bad.csv.gz", "--into", "Person"]);
    assert!(ran.status == 2 && ran.err.contains("bad.csv.gz"), "{ran:?}");
}

#[test]
fn formats_that_the_build_lacks_are_told() {
    let project = people();
    for (format, built) in [
        ("parquet", cfg!(feature = "parquet")),
        ("sqlite", cfg!(feature = "sqlite")),
        ("ttl", cfg!(feature = "rdf")),
    ] {
        let ran = project.run(&["export", "Person", "-o", &format!("out.{format}")]);
        if built {
            assert_eq!(ran.status, 0, "{ran:?}");
        } else {
            assert!(ran.status == 2 && ran.err.contains("--features "), "{ran:?}");
        }
    }
}

#[test]
fn threads_change_nothing() {
    let project = Project::empty();
    let rows: String = (0..200_000).map(|n| format!("{}\tname {}\n", n * 7919 % 100_000, n % 977)).collect();
    project.write("factlog.ron", "()");
    project.write("rules/big.tsv", &rows);
    project.write("rules/a.dl", ".decl Big(n: number, s: symbol)\n.input Big(filename=\"big.tsv\")\n");
    let out = |jobs: &str| {
        let ran = project.run(&["export", "Big", "--jobs", jobs]);
        assert_eq!((ran.status, ran.err.as_str()), (0, ""));
        ran.out
    };
    let one = out("1");
    assert_eq!(one.lines().count(), 200_001);
    assert!(one == out("3"));
    let wrong = project.run(&["export", "Big", "--jobs", "0"]);
    assert_eq!(wrong.status, 2);
}

#[test]
fn what_export_writes_is_read_back_as_it_was() {
    let project = Project::empty();
    project.write(
        "rules/schema.dl",
        ".enum Role = Guest | Host\n.decl Took(id: symbol, role: Role? = Host)\n.decl Rains()\n",
    );
    project.write(
        "facts/a.ron",
        "[Took(id: \"a:\"), Took(id: \"b,c\", role: None), Took(id: \"d\", role: Guest), Rains()]\n",
    );
    // Left out, the second role would be the default.
    let facts = "[\n    Took(id: \"a:\", role: Host),\n    Took(id: \"b,c\", role: None),\n    \
                 Took(id: \"d\", role: Guest),\n]\n";
    assert_eq!(project.run(&["export", "Took", "-f", "ron"]), Ran::success(facts));
    // What ends in half a delimiter stands between quotes.
    let exported = project.run(&["export", "Took", "--delimiter", "::", "-o", "took.csv"]);
    assert_eq!(exported.status, 0, "{exported:?}");
    assert_eq!(project.read("took.csv"), "id::role\n\"a:\"::Host\nb,c::\nd::Guest\n");
    let again = ["import", "took.csv", "--into", "Took", "--delimiter", "::", "-q"];
    assert_eq!(project.run(&again), Ran::success(facts));
    // A relation without columns has an empty header.
    let exported = project.run(&["export", "Rains", "-f", "csv"]);
    assert_eq!(exported, Ran::success("\n()\n"));
    let again = project.run_with(&["import", "-", "--from", "csv", "--into", "Rains", "-q"], &exported.out);
    assert_eq!(again, Ran::success("[\n    Rains(),\n]\n"));
}

#[test]
fn what_cannot_be_written_without_quotes_is_refused() {
    let project = Project::empty();
    project.write("rules/schema.dl", ".decl Note(n: number, text: symbol?)\n");
    for (text, fits) in [("a b", true), ("a\\\"b", true), ("a,b", false), ("a\\nb", false), ("", false)] {
        project.write("facts/a.ron", &format!("[Note(n: 1, text: \"{text}\"), Note(n: 2)]\n"));
        let ran = project.run(&["export", "Note", "-f", "csv", "--no-quotes"]);
        assert_eq!(ran.status, if fits { 0 } else { 2 }, "{text}: {ran:?}");
        if fits {
            assert_eq!(ran.out, format!("n,text\n1,{}\n2,\n", text.replace('\\', "")));
        } else {
            assert!(ran.out.is_empty() && ran.err.contains("`Note`, column `text`: "), "{ran:?}");
        }
    }
}

#[test]
fn json_that_says_a_thing_twice_or_in_another_encoding_is_refused() {
    let project = Project::empty();
    project.write("factlog.ron", "()\n");
    project.write("rules/schema.dl", ".type P = [x: number, y: number?]\n.decl At(p: P, name: symbol?)\n");
    let args = ["import", "-", "--from", "jsonl", "--into", "At", "-q"];
    let good = "{\"p\": {\"x\": 1}, \"name\": \"a\"}\n";
    assert_eq!(project.run_with(&args, good).out, "[\n    At(p: (x: 1, y: None), name: \"a\"),\n]\n");
    let cases = [
        ("{\"p\": {\"x\": 1, \"x\": 2}}", "<stdin>:1:7", "the key \"x\" stands twice in one object"),
        ("{\"p\": {\"x\": 1}, \"\\ud800\": 1}", "<stdin>:1:17", "half of a surrogate pair"),
    ];
    for (input, place, message) in cases {
        let ran = project.run_with(&args, input);
        assert!(ran.status == 2 && ran.out.is_empty(), "{input}: {ran:?}");
        assert!(ran.err.contains(message) && ran.err.contains(place), "{input}: {}", ran.err);
    }
    std::fs::write(project.path("latin.json"), b"{\"p\": {\"x\": 1}, \"name\": \"\xe9\"}").unwrap();
    let ran = project.run(&["import", "latin.json", "--into", "At"]);
    assert!(ran.status == 2 && ran.err.contains("a wrong byte at offset 25"), "{ran:?}");
    std::fs::write(project.path("wide.json"), b"\xff\xfe[\0]\0").unwrap();
    let ran = project.run(&["import", "wide.json", "--into", "At"]);
    assert!(ran.status == 2 && ran.err.contains("it looks like UTF-16"), "{ran:?}");
    assert_eq!(ran.err.matches("error[FL064]").count(), 1, "{ran:?}");
}

#[cfg(feature = "sqlite")]
#[test]
fn whole_numbers_that_sqlite_holds_as_floats_are_numbers() {
    let project = Project::empty();
    project.write("factlog.ron", "()\n");
    project.write("rules/schema.dl", ".decl Size(id: symbol, n: number?)\n");
    let database = rusqlite::Connection::open(project.path("a.sqlite")).unwrap();
    database
        .execute_batch("CREATE TABLE Size (id TEXT, n REAL); INSERT INTO Size VALUES ('a', 3), ('b', NULL)")
        .unwrap();
    let ran = project.run(&["import", "a.sqlite", "--into", "Size", "-q"]);
    assert_eq!(ran, Ran::success("[\n    Size(id: \"a\", n: 3),\n    Size(id: \"b\"),\n]\n"));
    database.execute_batch("INSERT INTO Size VALUES ('c', 2.5)").unwrap();
    let ran = project.run(&["import", "a.sqlite", "--into", "Size", "-q"]);
    assert!(ran.status == 2 && ran.err.contains("row 3: column `n`: `2.5` stands where"), "{ran:?}");
}

#[cfg(feature = "rdf")]
#[test]
fn nodes_of_two_relations_are_never_one() {
    let project = Project::empty();
    project.write(
        "rules/schema.dl",
        ".decl E(n: number)\n.decl E1(n: number)\n.decl Ä(n: number)\n.decl Ö(n: number)\n",
    );
    let rows: String = (1..=11).map(|n| format!("E(n: {n}), ")).collect();
    project.write("facts/a.ron", &format!("[{rows}E1(n: 1), Ä(n: 1), Ö(n: 1)]\n"));
    let ran = project.run(&["export", "-f", "nt"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    let nodes: std::collections::BTreeSet<&str> =
        ran.out.lines().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(nodes.len(), 14, "{}", ran.out);
}

#[cfg(feature = "rdf")]
#[test]
fn ids_in_iris_are_of_the_columns_types() {
    let project = Project::empty();
    project.write("rules/schema.dl", ".decl Box(n: number, within: number?, d: date?)\n");
    project.write("facts/a.ron", "[Box(n: 1), Box(n: 2, within: 1, d: \"2023-05\")]\n");
    project.write(
        "map.ron",
        "(prefixes: {\"e\": \"http://e.org/\"}, relations: {\"Box\": (subject: \"n\", base: \"e:b/\", \
         links: {\"within\": \"e:b/\", \"d\": \"e:d/\"})})",
    );
    let exported = project.run(&["export", "Box", "--map", "map.ron", "-f", "nt"]);
    assert!(
        exported.out.contains("<http://e.org/b/2> <urn:factlog:Box:within> <http://e.org/b/1>"),
        "{exported:?}"
    );
    let args = ["import", "-", "--from", "nt", "--into", "Box", "--map", "map.ron", "-q"];
    let ran = project.run_with(&args, &exported.out);
    let facts = "[\n    Box(n: 1),\n    Box(n: 2, within: 1, d: \"2023-05\"),\n]\n";
    assert_eq!(ran, Ran::success(facts));
    let ran = project.run_with(&args, &exported.out.replace("b/2", "b/two"));
    assert!(ran.status == 2 && ran.err.contains("`two` is no whole number"), "{ran:?}");
    // What cannot be told apart, or told at all, is not written.
    let unmapped = |map: &str| {
        project.write("map.ron", map);
        project.run(&["export", "Box", "--map", "map.ron", "-f", "nt"])
    };
    let ran = unmapped("(relations: {\"Box\": (subject: \"within\", base: \"http://e.org/\")})");
    assert!(ran.status == 2 && ran.err.contains("a node needs an id"), "{ran:?}");
    let ran = unmapped("(relations: {\"Box\": (subject: \"n\", base: \"http://e.org/\", class: \"\")})");
    assert!(ran.status == 2 && ran.err.contains("map it with a `class`"), "{ran:?}");
}

#[test]
fn records_and_variants_go_through_every_format() {
    let project = Project::empty();
    project.write(
        "rules/schema.dl",
        ".type P = [x: number, d: date?]\n.type V = None_ {} | Two {a: P, b: symbol?}\n\
         .decl S(p: P, v: V, vs: [V], ps: [P]?)\n",
    );
    let facts = "[\n    \
        S(p: (x: 1, d: \"2023\"), v: None_, vs: [], ps: []),\n    \
        S(p: (x: 2, d: None), v: Two(a: (x: -3, d: \"2023-05/..\"), b: \"q\\\"),(\"), vs: [None_, Two(a: (x: 1, d: None), b: \"\")], ps: [(x: 4, d: None)]),\n\
        ]\n";
    project.write("facts/a.ron", facts);
    let stated = project.run(&["export", "S", "-f", "ron"]).out;
    assert!(stated.contains("2023-05/.."), "{stated}");
    let mut formats = vec!["csv", "tsv", "json", "jsonl"];
    formats.extend(cfg!(feature = "parquet").then_some("parquet"));
    formats.extend(cfg!(feature = "sqlite").then_some("sqlite"));
    formats.extend(cfg!(feature = "rdf").then_some(["nt", "ttl"]).into_iter().flatten());
    for format in formats {
        let file = format!("S.{format}");
        let exported = project.run(&["export", "S", "-o", &file]);
        assert_eq!(exported, Ran::success(""), "{format}");
        assert_eq!(project.run(&["import", &file, "-q"]), Ran::success(&stated), "{format}");
    }
}
