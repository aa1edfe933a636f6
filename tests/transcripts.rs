//! `test`, and the REPL where the command line starts it.

mod project;

use project::{Project, Ran};

const GOOD: &str = "# Who was there\nfactlog> Attended(leader: l, summit: \"xian\")?\n # │ l\n───┼─────\n 1 │ ann\n 2 │ bob\n2 rows\n";

#[test]
fn a_line_from_a_pipe_is_answered_without_a_command() {
    let project = Project::small();
    let ran = project.run_with(&[], "Attended(leader: l, summit: \"xian\")?\n");
    assert_eq!(ran, Ran::success("l\nann\nbob\n"));
    let ran = project.run_with(&["-f", "json"], "Attended(leader: \"ann\", summit: \"xian\")\n");
    assert_eq!(ran, Ran::success("[{}]\n"));
    let ran = project.run_with(&[], "Atended(leader: l)?\nAttended(leader: l, summit: \"xian\")?\n");
    assert_eq!((ran.status, ran.out.as_str()), (2, "l\nann\nbob\n"), "{ran:?}");
}

#[test]
fn without_a_project_the_repl_starts_empty() {
    let ran = Project::empty().run_with(&["-q"], "1 < 2\nP(x) :- x = 1.\nP(x)?\n");
    assert_eq!((ran.status, ran.out.as_str()), (0, "yes\nx\n1\n"), "{ran:?}");
}

#[test]
fn a_transcript_that_says_what_happens_passes() {
    let project = Project::small();
    project.write("repl_examples/good.repl", GOOD);
    let ran = project.run(&["test"]);
    assert_eq!((ran.status, ran.out.as_str(), ran.err.as_str()), (0, "", "1 transcript as expected\n"));
}

#[test]
fn transcripts_below_tests_test_the_rules() {
    let project = Project::small();
    project.write("repl_examples/good.repl", GOOD);
    project.write("tests/more/rules.repl", &GOOD.replace("bob", "bill"));
    let ran = project.run(&["test"]);
    assert_eq!(ran.status, 1);
    assert!(ran.out.contains("--- a/tests/more/rules.repl"), "{ran:?}");
    assert!(ran.err.contains("1 of 2 transcripts differ"), "{ran:?}");
}

#[test]
fn a_transcript_that_differs_is_shown_and_can_be_rewritten() {
    let project = Project::small();
    project.write("repl_examples/bad.repl", &GOOD.replace("bob", "bill"));
    project.write("repl_examples/good.repl", GOOD);
    let ran = project.run(&["test"]);
    assert_eq!(ran.status, 1);
    assert!(ran.out.contains("--- a/repl_examples/bad.repl"), "{ran:?}");
    assert!(ran.out.contains("- 2 │ bill\n+ 2 │ bob\n"), "{ran:?}");
    assert!(ran.err.contains("1 of 2 transcripts differ"), "{ran:?}");
    assert_eq!(project.run(&["test", "repl_examples/good.repl"]).status, 0);
    let ran = project.run(&["test", "--bless"]);
    assert_eq!((ran.status, ran.err.as_str()), (0, "1 transcript rewritten, 1 as expected\n"));
    assert_eq!(project.read("repl_examples/bad.repl"), GOOD);
    assert_eq!(project.run(&["test"]).status, 0);
}

#[test]
fn an_echoed_session_is_a_transcript() {
    let project = Project::small();
    let input = "Attended(leader: l, summit: \"xian\")?\n+Person(id: \"dan\", name: \"Dan\").\nPerson(id: p)?\nNobody(x)?\n";
    let ran = project.run_with(&["repl", "--echo"], input);
    assert!(ran.status == 2 && ran.out.starts_with("factlog> Attended"), "{ran:?}");
    project.write("repl_examples/echo.repl", &ran.out);
    let replayed = project.run(&["test"]);
    assert_eq!(replayed.status, 0, "{replayed:?}");
}
