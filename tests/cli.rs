//! The command line as a user meets it: formats, exit statuses, what goes to which stream.

mod project;

use project::{Project, Ran};

const ATTENDED: &str = r#"Attended(leader: l, summit: "xian")"#;

#[test]
fn a_query_in_a_pipe_is_csv() {
    let ran = Project::small().run(&["query", ATTENDED]);
    assert_eq!(ran, Ran::success("l\nann\nbob\n"));
}

#[test]
fn a_goal_may_be_written_in_three_ways() {
    let project = Project::small();
    for goal in [ATTENDED.to_owned(), format!("{ATTENDED}?"), format!("?- {ATTENDED}.")] {
        assert_eq!(project.run(&["query", &goal]), Ran::success("l\nann\nbob\n"), "{goal}");
    }
}

#[test]
fn every_format_has_its_shape() {
    let project = Project::small();
    let goal = r#"Attended(leader: l, summit: "xian", role: r, on: d)"#;
    let cases = [
        ("csv", "l,r,d\nann,Host,2023-05\nbob,Guest,\n"),
        ("tsv", "l\tr\td\nann\tHost\t2023-05\nbob\tGuest\t\n"),
        (
            "json",
            "[\n  {\"l\":\"ann\",\"r\":\"Host\",\"d\":\"2023-05\"},\n  {\"l\":\"bob\",\"r\":\"Guest\",\"d\":null}\n]\n",
        ),
        (
            "jsonl",
            "{\"l\":\"ann\",\"r\":\"Host\",\"d\":\"2023-05\"}\n{\"l\":\"bob\",\"r\":\"Guest\",\"d\":null}\n",
        ),
        ("md", "| l | r | d |\n| --- | --- | --- |\n| ann | Host | 2023-05 |\n| bob | Guest |  |\n"),
        (
            "table",
            " # │ l   │ r     │ d\n───┼─────┼───────┼─────────\n 1 │ ann │ Host  │ 2023-05\n 2 │ bob │ Guest │\n",
        ),
        (
            "ron",
            "#![enable(implicit_some)]\n[\n    (l: \"ann\", r: Host, d: \"2023-05\"),\n    (l: \"bob\", r: Guest, d: None),\n]\n",
        ),
    ];
    for (format, expected) in cases {
        assert_eq!(project.run(&["query", goal, "-f", format]), Ran::success(expected), "{format}");
    }
    let html = project.run(&["query", goal, "-f", "html"]);
    assert!(html.out.contains("<tr><td>ann</td><td>Host</td><td>2023-05</td></tr>"), "{html:?}");
    for format in ["dot", "mermaid"] {
        assert_eq!(project.run(&["query", goal, "-f", format]).status, 2, "{format}");
    }
}

#[test]
fn a_ground_goal_is_yes_or_no_and_in_json_a_list() {
    let project = Project::small();
    let (yes, no) =
        (r#"Attended(leader: "ann", summit: "xian")"#, r#"Attended(leader: "cem", summit: "xian")"#);
    assert_eq!(project.run(&["query", yes]), Ran::success("yes\n"));
    assert_eq!(project.run(&["query", no]), Ran::success("no\n"));
    assert_eq!(project.run(&["query", yes, "-f", "json"]), Ran::success("[{}]\n"));
    assert_eq!(project.run(&["query", no, "-f", "json"]), Ran::success("[]\n"));
}

#[test]
fn an_empty_answer_is_a_success_and_keeps_its_shape() {
    let project = Project::small();
    let goal = r#"Attended(leader: l, summit: "moon_base"), l = "nobody""#;
    let ran = project.run(&["query", goal]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "l\n"), "{ran:?}");
    let ran = project.run(&["query", goal, "--fail-empty"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, "l\n"));
    assert!(ran.err.contains("--fail-empty"), "{ran:?}");
    assert_eq!(project.run(&["query", ATTENDED, "--fail-empty"]).status, 0);
    let ran = project.run(&["query", ATTENDED, "--fail-nonempty"]);
    assert!(ran.status == 1 && ran.err.contains("--fail-nonempty"), "{ran:?}");
}

#[test]
fn the_extension_of_the_output_file_chooses_the_format() {
    let project = Project::small();
    assert_eq!(project.run(&["query", ATTENDED, "-o", "answer.json"]), Ran::success(""));
    assert_eq!(project.read("answer.json"), "[\n  {\"l\":\"ann\"},\n  {\"l\":\"bob\"}\n]\n");
    assert_eq!(project.run(&["query", ATTENDED, "-o", "answer.json", "-f", "csv"]), Ran::success(""));
    assert_eq!(project.read("answer.json"), "l\nann\nbob\n");
    let ran = project.run(&["query", ATTENDED, "-o", "answer.dot"]);
    assert!(ran.status == 2 && ran.err.contains("proofs and plans"), "{ran:?}");
    for name in ["answer.csv.gz", "answer.parquet", "answer.db"] {
        let ran = project.run(&["query", ATTENDED, "-o", name]);
        assert!(ran.status == 2 && ran.err.contains("`factlog export`"), "{ran:?}");
        assert!(!std::path::Path::new(&project.path(name)).exists(), "{name}");
    }
    let ran = project.run(&["query", ATTENDED, "-o", "no/such/folder/a.csv"]);
    assert!(ran.status == 2 && ran.err.contains("no/such/folder/a.csv"), "{ran:?}");
}

#[test]
fn one_wrong_character_is_shown_with_its_place_and_nothing_is_answered() {
    let project = Project::small();
    project.write("facts/b.ron", "[\n    Atended(leader: \"ann\", summit: \"xian\"),\n]\n");
    for args in [&["query", ATTENDED][..], &["check"][..]] {
        let ran = project.run(args);
        assert_eq!((ran.status, ran.out.as_str()), (2, ""), "{ran:?}");
        assert!(ran.err.contains("facts/b.ron:2:5"), "{ran:?}");
        assert!(ran.err.contains("^^^^^^^") && ran.err.contains("`Attended`"), "{ran:?}");
    }
    let ran = project.run(&["query", ATTENDED, "--keep-going"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "l\nann\nbob\n"), "{ran:?}");
    assert!(ran.err.contains("facts/b.ron"), "{ran:?}");
}

#[test]
fn data_files_and_links_that_do_not_load_can_be_left_out_too() {
    let project = Project::small();
    project.write("rules/in.dl", ".decl B(x: symbol, n: number)\n.input B(filename=\"b.csv\")\n");
    project.write("rules/b.csv", "a,x\n");
    let refused = project.run(&["query", ATTENDED]);
    assert!(refused.status == 2 && refused.err.contains("rules/b.csv:1:3"), "{refused:?}");
    let ran = project.run(&["query", ATTENDED, "--keep-going"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, "l\nann\nbob\n"), "{ran:?}");
    assert_eq!(ran.err, "note: without rules/b.csv, which does not load\n");
    project.write("rules/b.csv", "a,1\n");
    #[cfg(unix)]
    {
        std::os::unix::fs::symlink("/etc/hostname", project.path("facts/out.ron")).unwrap();
        let refused = project.run(&["query", ATTENDED]);
        assert!(refused.status == 2 && refused.err.contains("leads out of the project"), "{refused:?}");
        let ran = project.run(&["query", "B(x:)", "--keep-going"]);
        assert_eq!((ran.status, ran.out.as_str()), (0, "x\na\n"), "{ran:?}");
        assert_eq!(ran.err, "note: without facts/out.ron, which does not load\n");
    }
}

#[test]
fn settings_are_read_as_written_or_refused() {
    let project = Project::small();
    project.write("factlog.ron", "(view: (format: \"jsonl\"))\n");
    assert_eq!(project.run(&["query", ATTENDED]).out, "{\"l\":\"ann\"}\n{\"l\":\"bob\"}\n");
    project.write("factlog.ron", "(view: (format: \"jsno\"))\n");
    let ran = project.run(&["query", ATTENDED]);
    assert!(ran.status == 2 && ran.err.contains("factlog.ron:1:17"), "{ran:?}");
    assert!(ran.err.contains("did you mean `json`"), "{ran:?}");
    // Codes have no case, here as little as behind `-A`.
    project.write("facts/b.ron", "[Attended(leader: \"dan\", summit: \"xian\")]\n");
    project.write("factlog.ron", "()\n");
    assert_eq!(project.run(&["check"]).status, 1);
    project.write("factlog.ron", "(lints: {\"fl420\": Allow})\n");
    assert_eq!(project.run(&["check"]).status, 0);
}

#[test]
fn a_file_that_is_no_text_is_shown_at_its_place_in_the_project() {
    let project = Project::small();
    std::fs::write(project.path("facts/b.ron"), b"// ok\n// caf\xE9\n[]\n").unwrap();
    std::fs::write(project.path("facts/c.ron"), b"\xFF\xFE[\0]\0").unwrap();
    for command in ["check", "fmt"] {
        let ran = project.run(&[command]);
        let all = format!("{}{}", ran.out, ran.err);
        assert_eq!(ran.status, 2, "{all}");
        for due in ["`facts/b.ron` is not UTF-8", "facts/b.ron:2:7", "// caf", "UTF-16", "facts/c.ron:1:1"] {
            assert!(all.contains(due), "{command}: no {due} in {all}");
        }
        assert!(!all.contains(&project.path("")), "{all}");
    }
}

#[test]
fn several_mistakes_are_told_in_one_run() {
    let project = Project::small();
    project.write(
        "facts/b.ron",
        "[\n    Atended(leader: \"ann\"),\n    Person(id: 5, name: \"x\"),\n    Person(id \"x\"),\n]\n",
    );
    project.write("rules/r.dl", "Lost(x) :- Person(id: y).\n");
    let ran = project.run(&["check", "-f", "concise"]);
    assert_eq!(ran.status, 2);
    for place in ["facts/b.ron:2:5: error[", "facts/b.ron:3:", "facts/b.ron:4:", "rules/r.dl:1:"] {
        assert!(ran.err.contains(place), "{place}: {ran:?}");
    }
}

#[test]
fn a_wrong_goal_gets_a_caret_and_status_2() {
    let project = Project::small();
    let ran = project.run(&["query", "Atended(leader: l)"]);
    assert_eq!((ran.status, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("<query>:1:1") && ran.err.contains("`Attended`"), "{ran:?}");
    let ran = project.run(&["query", "Attended(leader: l"]);
    assert!(ran.status == 2 && ran.err.contains('^'), "{ran:?}");
}

#[test]
fn usage_errors_suggest_what_was_meant() {
    let project = Project::small();
    for (args, hint) in [
        (&["qury", "x"][..], "query"),
        (&["query"][..], "<GOAL>"),
        (&["query", "x", "--fromat", "csv"][..], "--format"),
        (&["blame", "x"][..], "unrecognized"),
        (&["query", "x", "--at", "HEAD"][..], "unexpected"),
    ] {
        let ran = project.run(args);
        assert!(ran.status == 2 && ran.out.is_empty() && ran.err.contains(hint), "{ran:?}");
    }
}

#[test]
fn limits_stop_with_status_3_and_say_which() {
    let project = Project::small();
    let ran = project.run(&["query", "N(n: x), N(n: y), N(n: z), x + y + z > 30", "--limit-rows", "1000"]);
    assert_eq!((ran.status, ran.out.as_str()), (3, ""), "{ran:?}");
    assert!(ran.err.contains("1000") || ran.err.contains("1 000") || ran.err.contains("1_000"), "{ran:?}");
}

#[test]
fn the_project_is_found_from_within_and_by_flag() {
    let project = Project::small();
    assert_eq!(project.run_in("facts", &["query", ATTENDED]).out, "l\nann\nbob\n");
    let elsewhere = Project::empty();
    let dir = project.path("");
    assert_eq!(elsewhere.run(&["-C", &dir, "query", ATTENDED]).out, "l\nann\nbob\n");
    let ran = elsewhere.run(&["query", ATTENDED]);
    assert!(ran.status == 2 && !ran.err.is_empty(), "{ran:?}");
}

#[test]
fn control_characters_of_the_data_never_reach_a_reader() {
    let project = Project::small();
    project.write("facts/evil.ron", "[Person(id: \"evil\", name: \"\\u{1b}]52;c;x\\u{7}\\u{9b}\\u{8}\")]\n");
    for format in ["table", "json", "jsonl", "md", "html", "ron"] {
        let ran = project.run(&["query", r#"Person(id: "evil", name: n)"#, "-f", format]);
        assert_eq!(ran.status, 0, "{ran:?}");
        assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{9b}', '\u{8}']), "{ran:?}");
    }
}

#[test]
fn colours_come_only_when_asked_for() {
    let project = Project::small();
    let plain = project.run(&["query", "Atended(leader: l)"]);
    assert!(!plain.err.contains('\u{1b}'), "{plain:?}");
    let coloured = project.run(&["--color", "always", "query", "Atended(leader: l)"]);
    assert!(coloured.err.contains('\u{1b}'), "{coloured:?}");
    assert!(!project.run(&["--color=never", "qury"]).err.contains('\u{1b}'));
}

#[test]
fn rule_prints_a_page_or_the_list() {
    let project = Project::empty();
    let page = project.run(&["rule", "fl422"]);
    assert!(page.status == 0 && page.out.starts_with("# FL422 conflict\n"), "{page:?}");
    assert_eq!(project.run(&["rule", "conflict"]), page);
    let ran = project.run(&["rule", "conflct"]);
    assert!(ran.status == 2 && ran.err.contains("did you mean `conflict`?"), "{ran:?}");
    let list = project.run(&["rule"]);
    assert_eq!(list.out.lines().count(), factlog::base::codes::all().count());
}

#[test]
fn completions_and_the_man_page_go_to_standard_output() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = project.run(&["completions", shell]);
        assert!(ran.status == 0 && ran.out.contains("fail-nonempty") && ran.err.is_empty(), "{shell}");
    }
    let ran = project.run(&["man"]);
    assert!(ran.status == 0 && ran.out.contains(".TH factlog 1"), "{ran:?}");
}

#[cfg(unix)]
mod unix {
    use std::io::{BufRead, BufReader};
    use std::process::Stdio;
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn a_reader_that_leaves_ends_it_quietly() {
        let project = Project::small();
        // More than a pipe holds, so that writing fails once the reader has gone.
        let mut child = project
            .command(&["query", "N(n: x), N(n: y), N(n: z)"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut reader = BufReader::with_capacity(16, child.stdout.take().unwrap());
        reader.read_line(&mut line).unwrap();
        drop(reader);
        assert_eq!(line, "x,y,z\n");
        let ended = child.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), String::from_utf8_lossy(&ended.stderr).as_ref()), (Some(0), ""));
    }

    #[test]
    fn ctrl_c_stops_a_running_query_with_status_130() {
        let project = Project::small();
        let goal = "a + b + c + d + e + f = 1, N(n: a), N(n: b), N(n: c), N(n: d), N(n: e), N(n: f)";
        let mut child =
            project.command(&["query", goal]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(700));
        assert_eq!(child.try_wait().unwrap(), None, "the query was to take long");
        let interrupted = Instant::now();
        let kill =
            std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let ended = child.wait_with_output().unwrap();
        assert_eq!(ended.status.code(), Some(130));
        assert!(String::from_utf8_lossy(&ended.stderr).contains("interrupted"));
        assert!(interrupted.elapsed() < Duration::from_secs(5), "{:?}", interrupted.elapsed());
    }
}
