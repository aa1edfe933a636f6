//! Plans made again between rounds, where the data are not what averages say.

use std::collections::{BTreeSet, HashMap};

use super::testing::Text;
use super::{Engine, Frog, Request};
use crate::base::Budget;
use crate::model::{PredId, Value};
use crate::plan::{RulePlan, Step};
use crate::storage::{Interner, Table};

/// Skewed data: on average A has two rows for each y and B three, but A has two hundred for each of
/// those that the recursion comes to.
#[test]
fn plans_are_made_again_between_rounds() {
    let hot = || 0..100_i64;
    let mut a: Vec<[i64; 2]> = hot().flat_map(|y| (0..200).map(move |z| [y, z])).collect();
    a.extend((1_000..61_000).map(|y| [y, y]));
    let mut b: Vec<[i64; 2]> =
        hot().flat_map(|y| (1..4).map(move |k| [y, if y < 33 { 3 * y + k - 1 } else { 0 }])).collect();
    b.extend((1_000..61_000).flat_map(|y| (0..3).map(move |k| [y, y + k])));
    let starts: Vec<[i64; 2]> = (0..2_000).map(|x| [1_000_000 + x, x % 3]).collect();
    let program = "T(x,y) :- S(x,y). T(x,z) :- T(x,y), A(y,z), B(y,z)";
    let mut text = Text::new(program);
    let mut interner = Interner::new();
    let mut tables = HashMap::new();
    for (name, rows) in [("S", &starts), ("A", &a), ("B", &b)] {
        let words = rows.iter().flatten().map(|n| interner.intern(&Value::Number(*n))).collect();
        tables.insert(text.pred(name, 2), Table::from_rows(2, words));
    }
    let wanted = [text.id("T")];
    let request = Request { profile: true, ..Request::new(&text.program, &[], &wanted) };
    let model = Frog.evaluate(&request, &tables, &mut interner, &Budget::unlimited()).unwrap();
    let reached_from = |start: i64| {
        let mut reached = BTreeSet::from([start]);
        let mut open = vec![start];
        while let Some(y) = open.pop() {
            let next = b.iter().take(300).filter(|row| row[0] == y).map(|row| row[1]);
            open.extend(next.filter(|z| reached.insert(*z)));
        }
        reached
    };
    // What is reached leads on only from those below 100, and a start counts itself.
    let lengths: Vec<usize> = (0..3).map(|start| reached_from(start).len()).collect();
    let expected: usize = (0..2_000).map(|x| lengths[x % 3]).sum();
    assert_eq!(model.table(wanted[0]).unwrap().len(), expected);
    let recursive: Vec<_> = model.profile().plans.iter().filter(|plan| plan.plan.variant.is_some()).collect();
    let second = |plan: &RulePlan| match &plan.steps[1] {
        Step::Scan(scan) => plan.reads[scan.read].pred,
        step => panic!("{step:?}"),
    };
    let order: Vec<PredId> = recursive.iter().map(|done| second(&done.plan)).collect();
    assert_eq!(order, [text.id("A"), text.id("B")]);
    // The first did little before it was replaced; what it expected stands beside what it found.
    let (first, last) = (recursive[0], recursive[1]);
    assert!(first.runs <= 2 && last.runs > 2, "{} and {} runs", first.runs, last.runs);
    let expected = first.plan.expected[2] / first.plan.expected[1];
    let actual = first.entered[2] as f64 / first.entered[1] as f64;
    assert!((1.2..2.0).contains(&expected) && (150.0..=200.0).contains(&actual), "{expected}, {actual}");
    // The second knows better: three rows of B for each.
    let expected = last.plan.expected[2] / last.plan.expected[1];
    assert!((2.0..4.0).contains(&expected), "{expected}");
}
