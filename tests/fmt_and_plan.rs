//! `fmt` and `plan` from outside.

mod project;

use project::{Project, Ran};

const UGLY_FACTS: &str =
    "// who\n[Person(name:\"Ann\",id:\"ann\"), // first\nPerson(id:\"bob\",name:\"Bob\")]\n";
const TIDY_FACTS: &str = "// who\n[\n    Person(id: \"ann\", name: \"Ann\"), // first\n    Person(id: \"bob\", name: \"Bob\"),\n]\n";
const UGLY_RULES: &str =
    ".decl   Person( id:Person,name : symbol )key(id)\nP(x):-Person(id:x),  // all\n  x!=\"ann\".\n";

fn ugly() -> Project {
    let project = Project::empty();
    project.write("rules/schema.dl", UGLY_RULES);
    project.write("facts/a.ron", UGLY_FACTS);
    project
}

#[test]
fn fmt_lays_files_out_and_a_second_time_changes_nothing() {
    let project = ugly();
    let ran = project.run(&["fmt"]);
    assert_eq!((ran.status, ran.out.as_str()), (0, ""), "{ran:?}");
    assert_eq!(project.read("facts/a.ron"), TIDY_FACTS);
    let rules = project.read("rules/schema.dl");
    assert!(rules.starts_with(".decl Person(id: Person, name: symbol) key(id)\n"), "{rules}");
    assert!(rules.contains("// all") && rules.contains("x != \"ann\"."), "{rules}");
    let again = project.run(&["fmt"]);
    assert_eq!((again.status, again.err.as_str()), (0, "2 files in normal form\n"));
    assert_eq!(project.read("rules/schema.dl"), rules);
    assert_eq!(project.run(&["fmt", "--check"]).status, 0);
}

#[test]
fn fmt_check_names_files_and_writes_nothing() {
    let project = ugly();
    let ran = project.run(&["fmt", "--check"]);
    assert_eq!((ran.status, ran.out.as_str()), (1, "facts/a.ron\nrules/schema.dl\n"));
    assert!(ran.err.contains("2 files not in normal form"), "{ran:?}");
    assert_eq!(project.read("facts/a.ron"), UGLY_FACTS);
}

#[test]
fn fmt_diff_is_a_patch_that_does_what_fmt_does() {
    let project = ugly();
    let ran = project.run(&["fmt", "--diff", "facts/a.ron"]);
    assert_eq!(ran.status, 1);
    assert!(ran.out.starts_with("--- a/facts/a.ron\n+++ b/facts/a.ron\n@@ "), "{ran:?}");
    assert!(ran.out.contains("+    Person(id: \"ann\", name: \"Ann\"), // first\n"), "{ran:?}");
    assert_eq!(project.read("facts/a.ron"), UGLY_FACTS);
}

#[test]
fn fmt_leaves_a_file_that_does_not_parse() {
    let project = ugly();
    project.write("facts/b.ron", "[Person(id: \"x\" name: \"X\")]\n");
    let ran = project.run(&["fmt"]);
    assert!(ran.status == 2 && ran.err.contains("facts/b.ron:1:17"), "{ran:?}");
    assert_eq!(project.read("facts/b.ron"), "[Person(id: \"x\" name: \"X\")]\n");
    assert_eq!(project.read("facts/a.ron"), TIDY_FACTS, "the others are formatted");
    let ran = project.run(&["fmt", "README.md"]);
    assert!(ran.status == 2 && ran.err.contains("README.md"), "{ran:?}");
}

#[test]
fn a_plan_of_a_cycle_intersects() {
    let project = Project::small();
    let edges: Vec<String> =
        (0..400).map(|i| format!("E(a: {}, b: {}).", i % 20, (i * 7 + i / 20) % 20)).collect();
    project.write(
        "rules/r.dl",
        &format!(
            ".decl E(a: number, b: number)\nT(x, y, z) :- E(a: x, b: y), E(a: y, b: z), E(a: x, b: z).\n{}\n",
            edges.join("\n")
        ),
    );
    let ran = project.run(&["plan", "T(c1: x, c2: y, c3: z)"]);
    assert!(ran.status == 0 && ran.out.contains("each z in E(a: x, b: z) and E(a: y, b: z)"), "{ran:?}");
}

#[test]
fn a_plan_names_what_the_goal_reaches() {
    let project = Project::small();
    project.write(
        "rules/r.dl",
        "Pair(a, b) :- Attended(leader: a, summit: s), Attended(leader: b, summit: s), a != b.\n\
         Other(n) :- N(n: n).\n",
    );
    let goal = "Pair(c1: \"ann\", c2: b)";
    let text = project.run(&["plan", goal]);
    assert!(text.status == 0 && text.out.contains("Pair") && !text.out.contains("Other"), "{text:?}");
    let json = project.run(&["plan", goal, "-f", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json.out).unwrap();
    let mut steps = json.as_array().unwrap().iter().flat_map(|plan| plan["steps"].as_array().unwrap());
    let fields = ["depth", "step", "expected", "actual", "in", "out"];
    let whole = |step: &serde_json::Value| fields.iter().all(|field| step.get(field).is_some());
    assert!(steps.next().is_some_and(whole) && steps.all(whole), "{json}");
    assert!(project.run(&["plan", goal, "-f", "dot"]).out.starts_with("digraph"));
    assert_eq!(project.run(&["plan", goal, "-o", "plan.mmd"]), Ran::success(""));
    assert!(project.read("plan.mmd").contains("Pair"));
    let wrong = project.run(&["plan", "Pairs(c1: x)"]);
    assert!(wrong.status == 2 && wrong.err.contains("`Pair`"), "{wrong:?}");
}
