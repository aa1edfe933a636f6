//! Joins that several rules have in common are made once: with the same answers, and it shows.

mod common;
mod project;

use std::cell::Cell;

use common::case::Case;
use common::dice::Dice;
use common::edit::EDITS;
use common::run::{self, Outcome};
use common::shrink::{Cases, runner};
use factlog::engine::{Share, Tuning};
use project::Project;
use proptest::prelude::TestCaseError;

/// The program with each of its rules once more, under other names for its variables and with the
/// literals in another order: everything in it stands twice.
fn doubled(case: &Case, dice: &mut Dice) -> Case {
    let mut copy = case.clone();
    for name in ["rename variables", "reorder literals"] {
        let edit = EDITS.iter().find(|(other, _)| *other == name).expect("a known edit").1;
        copy = edit(&copy, dice).unwrap_or(copy);
    }
    let rules = case.program.rules.iter().chain(&copy.program.rules).cloned().collect();
    case.with_rules(rules)
}

#[test]
fn answers_stay_the_same_where_everything_is_shared() {
    let [cases, shared] = [const { Cell::new(0) }; 2];
    let always = Tuning { share: Share::Always, ..Tuning::default() };
    let test = |case: Case| {
        cases.set(cases.get() + 1);
        let doubled = doubled(&case, &mut Dice::new(case.facts.len() as u64));
        let tuning = match cases.get() % 4 {
            0 => Tuning { jobs: 3, eager_threads: true, ..always },
            1 => Tuning { bits: false, ..always },
            _ => always,
        };
        shared.set(shared.get() + u32::from(run::shares(&doubled, tuning) > 0));
        let (right, found) = (run::reference(&case), run::tuned(&doubled, &run::all(&case), tuning));
        if right == found || [&right, &found].contains(&&Outcome::Stopped) {
            return Ok(());
        }
        Err(TestCaseError::fail(format!("the reference ends with {right:?}, the engine with {found:?}")))
    };
    if let Err(error) = runner(2_000).run(&Cases, test) {
        panic!("{error}");
    }
    assert!(shared.get() * 3 >= cases.get(), "{} of {} programs share", shared.get(), cases.get());
}

/// 20 000 items in 200 groups; some 1 in 100 of the groups is open, and few items are marked.
fn facts() -> String {
    let item = |i: usize| format!("Item({i}, {}). ", i % 200);
    let group = |i: usize| format!("Group({i}, {}). ", i % 100);
    let items: String = (0..20_000).map(item).collect();
    let groups: String = (0..200).map(group).collect();
    format!("{items}{groups}Open(7). ")
}

const RULES: &str = ".decl Item(i: number, g: number)
    .decl Group(g: number, k: number)
    .decl Open(k: number)
    .decl Mark(i: number)
    .decl Low(i: number)
    .decl High(i: number)
    .decl Pair(i: number, k: number)
    .decl Count(n: number)
    Low(i) :- Item(i, g), Group(g, k), Open(k), i < 100.
    High(j) :- Open(a), Item(j, h), Group(h, a), j > 19000.
    Pair(x, k) :- Group(y, k), Item(x, y), Open(k), !Mark(x).
    Count(n) :- n = count : { Pair(_, _) }.
    Mark(107). ";

#[test]
fn rules_share_what_costs_much_and_a_limit_strikes_no_sooner() {
    let case = run::read(&format!("{RULES}{}", facts())).unwrap();
    let tuning = |share| Tuning { share, ..Tuning::default() };
    assert_eq!(run::shares(&case, tuning(Share::Gauged)), 1);
    assert_eq!(run::shares(&case, tuning(Share::Never)), 0);
    let wanted = run::all(&case);
    let Outcome::Answers(answers) = run::tuned(&case, &wanted, tuning(Share::Gauged)) else {
        panic!("it ends");
    };
    // Groups 7 and 107 are open: items 7, 107, 207 and so on, 200 of them; 107 is marked.
    assert_eq!(answers["Low"].len(), 1);
    assert_eq!(answers["High"].len(), 10);
    assert_eq!(answers["Pair"].len(), 199);
    assert_eq!(run::tuned(&case, &wanted, tuning(Share::Never)), Outcome::Answers(answers));
    // What is shared is nobody's result: the rows counted are those that rules produce.
    let rows = |share| run::produced(&case, &wanted, tuning(share));
    assert_eq!(rows(Share::Gauged), rows(Share::Never));
}

#[test]
fn what_is_small_or_stands_once_is_not_shared() {
    let small = format!("{RULES} Item(7, 7). Group(7, 7). Open(7).");
    assert_eq!(run::shares(&run::read(&small).unwrap(), Tuning::default()), 0);
    let once = RULES.split("High(j) :-").next().unwrap().to_owned() + &facts();
    assert_eq!(run::shares(&run::read(&once).unwrap(), Tuning::default()), 0);
}

/// What is shared is seen in plans, never in answers and proofs.
#[test]
fn plans_show_what_is_shared_and_proofs_do_not() {
    let project = Project::empty();
    project.write("factlog.ron", "()");
    let items: String =
        (0..20_000).map(|i| format!("Item({i}, {}). Tag({i}, {}). ", i % 200, i % 10)).collect();
    let groups: String = (0..200).map(|g| format!("Group({g}, {}). ", g % 10)).collect();
    let rules = ".decl Item(i: number, g: number)
        .decl Tag(i: number, t: number)
        .decl Group(g: number, k: number)
        .decl A(k: number, t: number)
        .decl B(k: number)
        .decl C(t: number)
        A(k, t) :- Item(i, g), Group(g, k), Tag(i, t).
        B(x) :- Tag(a, t), t < 3, Item(a, b), Group(b, x).
        C(z) :- Group(g, y), Tag(i, z), Item(i, g), y > 5. ";
    // As many as make it worth while to keep what joining finds.
    let more: String = (3..9)
        .map(|n| format!("R{n}(k: y, t: z) :- Item(i, x), Group(x, y), Tag(i, z), z != {n}. "))
        .collect();
    project.write("rules/rules.dl", &format!("{rules}{more}{items}{groups}"));
    let others: String = (3..9).map(|n| format!(", R{n}(k: y)")).collect();
    let goal = &format!("A(k: x, t: x), B(k: x), !C(t: x), x = y{others}");
    let plan = project.run(&["plan", goal]);
    assert_eq!(plan.status, 0, "{plan:?}");
    let made = plan.out.find("shared 1(").unwrap_or_else(|| panic!("nothing is joined: {}", plan.out));
    let read = plan.out.find("each shared 1(").expect("a plan that reads it");
    assert!(made < read, "{}", plan.out);
    let line = plan.out.lines().find(|line| line.starts_with("shared 1: ")).expect("a line that says so");
    let names = line["shared 1: ".len()..].strip_suffix(" joined once for 9 rules").expect("its readers");
    let mut relations: Vec<&str> = names.split(", ").collect();
    relations.sort_unstable();
    // All that the nine have in common.
    assert_eq!(relations, ["Group", "Item", "Tag"], "{line}");
    // An item's group and tag end in the same digit, which is also what the group leads to.
    let answer = project.run(&["query", goal, "--format", "csv"]);
    assert_eq!((answer.status, answer.out.as_str()), (0, "x,y\n0,0\n1,1\n2,2\n"), "{answer:?}");
    let why = project.run(&["why", "B(k: 2)"]);
    assert!(why.status == 0 && why.out.contains("Group(") && !why.out.contains("shared"), "{why:?}");
}
