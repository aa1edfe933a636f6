//! `check` in all its formats and levels, and `run` with what it writes.

mod project;

use project::{Project, Ran};

/// The small project with a rule that denies, one that warns, and facts that break both.
fn with_checks() -> Project {
    let project = Project::small();
    project.write(
        "rules/checks.dl",
        "deny no_guest \"{l} is a guest at {s}\" :- Attended(leader: l, summit: s, role: Guest).\n\
         warn undated \"{l} at {s} has no date\" :- Attended(leader: l, summit: s, on: nil).\n",
    );
    project
}

#[test]
fn findings_go_to_standard_output_and_the_count_to_standard_error() {
    let ran = with_checks().run(&["check", "-f", "concise"]);
    assert_eq!(ran.status, 1);
    assert_eq!(
        ran.out,
        "facts/a.ron:8:5: error[no_guest] bob is a guest at xian\n\
         facts/a.ron:8:5: warning[undated] bob at xian has no date\n"
    );
    assert_eq!(ran.err, "error: found 1 error, 1 warning\n");
}

#[test]
fn a_sound_base_passes_in_words_and_in_quiet() {
    let project = Project::small();
    let ran = project.run(&["check"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", "all checks passed\n"));
    assert_eq!(project.run(&["check", "-q"]), Ran::success(""));
}

#[test]
fn levels_raise_lower_and_silence() {
    let project = with_checks();
    let status = |args: &[&str]| project.run(&[&["check"], args].concat()).status;
    assert_eq!(status(&["-W", "no_guest"]), 0);
    assert_eq!(status(&["-A", "no_guest"]), 0);
    assert_eq!(status(&["-A", "no_guest", "-D", "undated"]), 1);
    assert_eq!(status(&["-A", "no_guest", "--deny-warnings"]), 1);
    assert_eq!(status(&["-A", "no_guest", "-A", "undated", "--deny-warnings"]), 0);
    assert_eq!(status(&["-A", "no_guest", "-D", "no_guest"]), 1);
    let silent = project.run(&["check", "-A", "no_guest", "-A", "undated"]);
    assert_eq!((silent.status, silent.out.as_str()), (0, ""));
    let wrong = project.run(&["check", "-A", "no_gest"]);
    assert!(wrong.status == 2 && wrong.err.contains("did you mean `no_guest`?"), "{wrong:?}");
    let hard = project.run(&["check", "-A", "FL400"]);
    assert!(hard.status == 2 && hard.err.contains("FL400"), "{hard:?}");
}

#[test]
fn a_finding_names_its_facts_when_an_argument_is_computed_or_a_list() {
    let project = Project::small();
    project.write(
        "rules/lists.dl",
        ".decl Tagged(n: number, tags: [symbol])\n\
         warn untagged \"{n} has no tags\" :- Tagged(n: n, tags: []).\n\
         warn next \"{n} has a successor\" :- Tagged(n: n), Tagged(n: n + 1).\n",
    );
    project.write("facts/l.ron", "[\n    Tagged(n: 1, tags: []),\n    Tagged(n: 2, tags: [\"a\"]),\n]\n");
    let ran = project.run(&["check", "-f", "full"]);
    assert_eq!(ran.status, 0, "{}", ran.err);
    let places: Vec<&str> = ran.out.lines().filter(|line| line.contains("--> ")).map(str::trim).collect();
    assert_eq!(places, ["--> facts/l.ron:2:5", "--> facts/l.ron:2:5"], "{}", ran.out);
    assert!(ran.out.contains("3 |     Tagged(n: 2, tags: [\"a\"]),"), "{}", ran.out);
}

#[test]
fn two_facts_that_cannot_both_be_true_are_a_conflict() {
    let project = Project::small();
    project.write("facts/b.ron", "[Attended(leader: \"ann\", summit: \"xian\", role: Guest)]\n");
    let ran = project.run(&["check", "-f", "concise"]);
    assert!(ran.status == 0 && ran.out.contains("warning[FL422]"), "{ran:?}");
    assert_eq!(project.run(&["check", "-D", "conflict"]).status, 1);
    assert_eq!(project.run(&["query", r#"Attended(leader: "ann", role: r)"#]).out, "r\nGuest\nHost\n");
}

#[test]
fn a_reference_to_nothing_is_an_error_finding() {
    let project = Project::small();
    project.write("facts/b.ron", "[Attended(leader: \"anm\", summit: \"xian\")]\n");
    let ran = project.run(&["check"]);
    assert!(
        ran.status == 1 && ran.out.contains("facts/b.ron:1:") && ran.out.contains("did you mean \"ann\""),
        "{ran:?}"
    );
}

#[test]
fn every_format_says_the_same() {
    let project = with_checks();
    let of = |format: &str| {
        let ran = project.run(&["check", "-f", format]);
        // A blank line sets the tally off from excerpts.
        let tally = ran.err.strip_prefix(if format == "full" { "\n" } else { "" });
        assert_eq!((ran.status, tally), (1, Some("error: found 1 error, 1 warning\n")), "{format}");
        ran.out
    };
    let full = of("full");
    assert!(full.starts_with("error[no_guest]: bob is a guest at xian\n --> facts/a.ron:8:5\n"), "{full}");
    let json: serde_json::Value = serde_json::from_str(&of("json")).unwrap();
    assert_eq!((json[0]["code"].as_str(), json[0]["line"].as_u64()), (Some("no_guest"), Some(8)));
    assert_eq!(json[1]["severity"], "warning");
    assert!(of("github").starts_with("::error file=facts/a.ron,line=8,"));
    let sarif: serde_json::Value = serde_json::from_str(&of("sarif")).unwrap();
    assert_eq!(sarif["runs"][0]["results"][0]["ruleId"], "no_guest");
    assert!(of("junit").contains("tests=\"2\" failures=\"1\""));
}

#[test]
fn a_report_goes_to_the_file_in_the_format_of_its_name() {
    let project = with_checks();
    let ran = project.run(&["check", "-o", "report.sarif"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, ""));
    assert!(project.read("report.sarif").contains("\"version\": \"2.1.0\""));
}

#[test]
fn machine_formats_hold_the_errors_of_a_base_that_does_not_load() {
    let project = Project::small();
    project.write("facts/b.ron", "[Atended(leader: \"ann\")]\n");
    let ran = project.run(&["check", "-f", "json"]);
    assert_eq!(ran.status, 2);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!((json[0]["file"].as_str(), json[0]["column"].as_u64()), (Some("facts/b.ron"), Some(2)));
    assert_eq!(ran.err, "error: found 1 error\n");
}

#[test]
fn quotes_are_verified_where_the_texts_are() {
    let project = Project::small();
    project.write(
        "facts/b.ron",
        "(\n    defaults: (_src: \"s1\"),\n    facts: [\n        \
         Source(id: \"s1\", publisher: \"P\", text: \"s1.txt\"),\n        \
         Person(id: \"dan\", name: \"Dan\", _at: \"L1\", _quote: \"Dan came\"),\n        \
         Person(id: \"eve\", name: \"Eve\", _at: \"L1\", _quote: \"Eve came\"),\n    ],\n)\n",
    );
    project.write("texts/s1.txt", "Yesterday Dan came.\n");
    let ran = project.run(&["check", "-f", "concise", "--texts", "texts"]);
    assert!(ran.status == 1 && ran.out.contains("facts/b.ron:6:") && ran.out.contains("FL432"), "{ran:?}");
    assert!(!ran.out.contains("facts/b.ron:5:"), "{ran:?}");
    let ran = project.run(&["check", "-f", "concise"]);
    assert!(ran.status == 0 && ran.out.contains("FL434"), "{ran:?}");
}

/// The small project with rules whose results are written.
fn with_outputs() -> Project {
    let project = Project::small();
    project.write(
        "rules/out.dl",
        "Pair(a, b) :- Attended(leader: a, summit: s), Attended(leader: b, summit: s), a != b.\n\
         Small(n) :- N(n: n), n < 3.\n\
         .output Pair, Small\n\
         .printsize N\n\
         ?- Pair(c1: \"ann\", c2: b).\n",
    );
    project
}

#[test]
fn run_writes_a_file_for_each_output() {
    let project = with_outputs();
    let ran = project.run(&["run", "-o", "out"]);
    assert_eq!(ran, Ran::success("?- Pair(c1: \"ann\", c2: b).\nb\nbob\nN\t40\n"));
    assert_eq!(project.read("out/Pair.csv"), "c1,c2\nann,bob\nbob,ann\n");
    assert_eq!(project.read("out/Small.csv"), "c1\n0\n1\n2\n");
    assert_eq!(project.run(&["run", "-o", "out", "-f", "json", "Small"]), Ran::success(""));
    assert_eq!(project.read("out/Small.json"), "[\n  {\"c1\":0},\n  {\"c1\":1},\n  {\"c1\":2}\n]\n");
}

#[test]
fn run_without_a_folder_prints_everything_under_its_name() {
    let ran = with_outputs().run(&["run"]);
    assert_eq!(
        ran,
        Ran::success(
            "Pair\nc1,c2\nann,bob\nbob,ann\n\nSmall\nc1\n0\n1\n2\n\n?- Pair(c1: \"ann\", c2: b).\nb\nbob\nN\t40\n"
        )
    );
}

#[test]
fn run_is_the_same_each_time() {
    let project = with_outputs();
    let first = project.run(&["run"]);
    for _ in 0..10 {
        assert_eq!(project.run(&["run"]), first);
    }
}

#[test]
fn an_output_directive_chooses_name_and_delimiter() {
    let project = Project::small();
    project.write(
        "rules/out.dl",
        "Pair(a, b) :- Attended(leader: a, summit: s), Attended(leader: b, summit: s), a < b.\n\
         .output Pair(filename=\"deep/p.txt\", format=\"csv\", delimiter=\";\", headers=false)\n",
    );
    assert_eq!(project.run(&["run", "-o", "out"]), Ran::success(""));
    assert_eq!(project.read("out/deep/p.txt"), "ann;bob\n");
    project.write("rules/out.dl", ".output N(filename=\"../n.csv\")\n");
    let ran = project.run(&["run", "-o", "out"]);
    assert!(ran.status == 2 && ran.err.contains("../n.csv"), "{ran:?}");
}

#[test]
fn run_takes_only_relations_that_exist() {
    let ran = with_outputs().run(&["run", "Pairs"]);
    assert!(ran.status == 2 && ran.err.contains("`Pair`"), "{ran:?}");
}

#[test]
fn a_profile_names_the_rules() {
    let ran = with_outputs().run(&["run", "--profile", "-o", "out"]);
    assert!(ran.status == 0 && ran.err.contains("Pair (rules/out.dl:1:1)"), "{ran:?}");
    assert!(ran.err.contains("rows  stated  produced  repeated  rounds  relation"), "{ran:?}");
}

#[test]
fn schema_prints_declarations() {
    let project = Project::small();
    let expected =
        ".decl Attended(leader: Person, summit: Summit, role: Role = Guest, on: date?) key(leader, summit)\n";
    assert_eq!(project.run(&["schema", "Attended"]), Ran::success(expected));
    let all = project.run(&["schema"]);
    assert!(all.out.contains(expected) && all.out.contains(".enum Role = Guest | Host\n"), "{all:?}");
    let ran = project.run(&["schema", "Atended"]);
    assert!(ran.status == 2 && ran.err.contains("`Attended`"), "{ran:?}");
}

#[test]
fn what_is_beyond_doubt_is_mended_and_all_else_left() {
    let project = Project::small();
    // A comma, a colon and a zero-width space in facts; `==` and a dash in a rule; and a name
    // that could mean something else, which stays.
    let broken = "[\n    Attended(leader: \"eve\" summit = \"xian\"),\u{200b}\n]\n";
    project.write("facts/b.ron", broken);
    project.write("rules/more.dl", "There(l) :\u{2013} Attended(leader: l, summit: s), s == \"xian\"\n");
    let shown = project.run(&["check", "--diff"]);
    assert_eq!(shown.status, 1, "{shown:?}");
    assert!(shown.out.contains("+    Attended(leader: \"eve\", summit : \"xian\"), \n"), "{shown:?}");
    assert_eq!(project.read("facts/b.ron"), broken);

    let fixed = project.run(&["check", "--fix"]);
    assert_eq!(project.read("facts/b.ron"), "[\n    Attended(leader: \"eve\", summit : \"xian\"), \n]\n");
    assert_eq!(project.read("rules/more.dl"), "There(l) :- Attended(leader: l, summit: s), s = \"xian\".\n");
    assert!(fixed.err.contains("mended 6 mistakes in 2 files"), "{fixed:?}");

    let misspelt = "[Atended(leader: \"eve\", summit: \"xian\")]\n";
    project.write("facts/b.ron", misspelt);
    let left = project.run(&["check", "--fix"]);
    assert!(left.status == 2 && left.err.contains("did you mean `Attended`?"), "{left:?}");
    assert_eq!(project.read("facts/b.ron"), misspelt);
    let nothing = project.run(&["check", "--diff"]);
    assert_eq!((nothing.status, nothing.out.as_str()), (0, ""), "{nothing:?}");
}

#[cfg(unix)]
#[test]
fn what_is_no_file_is_named_as_the_project_names_it() {
    let project = Project::small();
    let made = std::process::Command::new("mkfifo").arg(project.path("facts/pipe.ron")).status().unwrap();
    assert!(made.success());
    let ran = project.run(&["check"]);
    assert_eq!(ran.status, 2);
    assert!(ran.err.contains("`facts/pipe.ron` is a pipe, socket or device"), "{ran:?}");
}
