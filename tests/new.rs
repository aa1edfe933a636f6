//! `factlog new`: what it makes is a project in which everything works, and it overwrites nothing.

mod project;

use project::Project;

#[test]
fn a_new_project_is_empty_and_everything_works_in_it() {
    let folder = Project::empty();
    let ran = folder.run(&["new", "news"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{ran:?}");
    assert!(ran.err.contains("rules/schema.dl") && ran.err.contains("`cd news`"), "{ran:?}");

    let inside = folder.path("news");
    let run = |args: &[&str]| folder.run(&[&["-C", inside.as_str()][..], args].concat());
    for args in [&["check"][..], &["fmt", "--check"], &["test"], &["run"], &["schema", "Source"]] {
        assert_eq!(run(args).status, 0, "{args:?}: {:?}", run(args));
    }
    assert_eq!(run(&["query", "Source(id: s)"]).out, "s\n");
    assert!(run(&["check"]).err.contains("nothing to check"));
}

#[test]
fn what_its_comments_show_is_right() {
    let folder = Project::empty();
    assert_eq!(folder.run(&["new", ".", "-q"]), project::Ran::success(""));
    // Whoever takes the comment signs away has a base that loads.
    let rules = folder.read("rules/schema.dl");
    let (_, examples) = rules.split_once("For example:\n").unwrap();
    folder.write("rules/schema.dl", &examples.replace("// ", "").replace("//\n", "\n"));
    let facts = folder.read("facts/sources.ron");
    folder.write("facts/sources.ron", &facts.replace("    // ", "    "));
    folder.write("facts/people.ron", "[Person(id: \"ann\", name: \"Ann\"), Meeting(id: \"budget\")]");
    let ran = folder.run(&["check"]);
    assert_eq!(ran.status, 0, "{ran:?}");
    assert!(ran.out.contains("ann attended budget alone"), "{ran:?}");
    assert_eq!(folder.run(&["query", "Attended(person: p, _at: a)"]).out, "p,a\nann,L7\n");
}

#[test]
fn nothing_is_overwritten() {
    for there in ["facts/mine.ron", "rules/mine.dl", "factlog.ron"] {
        let folder = Project::empty();
        folder.write(there, "[]");
        let ran = folder.run(&["new", "."]);
        assert_eq!(ran.status, 2, "{ran:?}");
        assert!(ran.err.contains("error[FL066]"), "{ran:?}");
        assert_eq!(folder.files(), [there]);
    }
    // A transcript of another purpose: what was written before it goes again.
    let folder = Project::empty();
    folder.write("repl_examples/first.repl", "mine");
    assert_eq!(folder.run(&["new", "."]).status, 2);
    assert_eq!(folder.files(), ["repl_examples/first.repl"]);
    assert_eq!(folder.read("repl_examples/first.repl"), "mine");
}
