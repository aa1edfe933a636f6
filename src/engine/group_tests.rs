//! Aggregates, bodies within bodies and computations over many rows, in every way to go about them,
//! against sums done here.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::testing::Text;
use super::{Engine, EvalError, Frog, Request, Tuning};
use crate::base::Budget;
use crate::model::functor::FunctorError;
use crate::model::{Float, Value};
use crate::storage::{Interner, Table};

/// One thread and several, with relations as bits and as rows.
fn ways() -> [Tuning; 4] {
    let threads = Tuning { jobs: 3, eager_threads: true, ..Tuning::default() };
    [
        Tuning::default(),
        Tuning { bits: false, ..Tuning::default() },
        threads,
        Tuning { bits: false, ..threads },
    ]
}

type Rows = BTreeSet<Vec<Value>>;

fn evaluate(program: &str, facts: &[(&str, Rows)], wanted: &str, tuning: Tuning) -> Result<Rows, EvalError> {
    let mut text = Text::new(program);
    let mut interner = Interner::new();
    let mut tables = HashMap::new();
    for (name, rows) in facts {
        let width = rows.first().map_or(1, Vec::len);
        // Last first and all of them twice.
        let words = rows.iter().rev().chain(rows).flatten().map(|value| interner.intern(value)).collect();
        tables.insert(text.pred(name, width), Table::from_rows(width, words));
    }
    let wanted = [text.id(wanted)];
    let request = Request { tuning, ..Request::new(&text.program, &[], &wanted) };
    let model = Frog.evaluate(&request, &tables, &mut interner, &Budget::unlimited())?;
    let row = |row: &[u32]| row.iter().map(|word| interner.value(*word)).collect();
    Ok(model.table(wanted[0]).unwrap().iter().map(row).collect())
}

fn check(program: &str, facts: &[(&str, Rows)], wanted: &str, expected: &Rows) {
    for tuning in ways() {
        let found = evaluate(program, facts, wanted, tuning).unwrap();
        assert_eq!(found.len(), expected.len(), "{program} {tuning:?}");
        assert!(found == *expected, "{program} {tuning:?}");
    }
}

fn numbers(rows: impl IntoIterator<Item = Vec<i64>>) -> Rows {
    rows.into_iter().map(|row| row.into_iter().map(Value::Number).collect()).collect()
}

/// Sales: a number, a shop, an item, an amount that may be below 0.
fn sales() -> Vec<[i64; 4]> {
    let mut state = 3_u64;
    let mut below = |bound: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % bound) as i64
    };
    (0..6000).map(|id| [id, below(40) * 1_000_003, below(25), below(1000) - 400]).collect()
}

fn by<K: Ord>(key: impl Fn(&[i64; 4]) -> K) -> BTreeMap<K, Vec<i64>> {
    let mut groups: BTreeMap<K, Vec<i64>> = BTreeMap::new();
    for sale in sales() {
        groups.entry(key(&sale)).or_default().push(sale[3]);
    }
    groups
}

#[test]
fn aggregates_of_every_kind_over_many_groups() {
    let sale = [("Sale", numbers(sales().into_iter().map(Vec::from)))];
    let shops = "Shop(s) :- Sale(_, s, _, _).";
    let of = |aggregate: &str| format!("{shops} Out(s, n) :- Shop(s), n = {aggregate}.");
    let groups = by(|sale| sale[1]);
    let each = |value: &dyn Fn(&[i64]) -> Value| -> Rows {
        groups.iter().map(|(shop, amounts)| vec![Value::Number(*shop), value(amounts)]).collect()
    };
    let sum = |amounts: &[i64]| amounts.iter().sum::<i64>();
    let number = |value: &dyn Fn(&[i64]) -> i64| each(&|amounts| Value::Number(value(amounts)));
    check(&of("count : { Sale(_, s, _, _) }"), &sale, "Out", &number(&|a| a.len() as i64));
    check(&of("sum a : { Sale(_, s, _, a) }"), &sale, "Out", &number(&sum));
    check(&of("min a : { Sale(_, s, _, a) }"), &sale, "Out", &number(&|a| *a.iter().min().unwrap()));
    check(&of("max a : { Sale(_, s, _, a) }"), &sale, "Out", &number(&|a| *a.iter().max().unwrap()));
    let distinct = |amounts: &[i64]| amounts.iter().collect::<BTreeSet<_>>().len() as i64;
    check(&of("count a : { Sale(_, s, _, a) }"), &sale, "Out", &number(&distinct));
    let mean = |amounts: &[i64]| Value::Float(Float::new(sum(amounts) as f64 / amounts.len() as f64));
    check(&of("mean a : { Sale(_, s, _, a) }"), &sale, "Out", &each(&mean));
    let twice = |amounts: &[i64]| 2 * sum(amounts);
    check(&of("sum a * 2 : { Sale(_, s, _, a) }"), &sale, "Out", &number(&twice));
    let positive = |amounts: &[i64]| amounts.iter().filter(|amount| **amount > 0).sum();
    check(&of("sum a : { Sale(_, s, _, a), a > 0 }"), &sale, "Out", &number(&positive));
    // Larger than what fits into a word, each of them and together.
    let large = |amounts: &[i64]| amounts.iter().map(|amount| amount * 4_000_000_000).sum();
    check(&of("sum a * 4000000000 : { Sale(_, s, _, a) }"), &sale, "Out", &number(&large));
    let least = |amounts: &[i64]| amounts.iter().min().unwrap() * 4_000_000_000;
    check(&of("min a * 4000000000 : { Sale(_, s, _, a) }"), &sale, "Out", &number(&least));
    let list = |amounts: &[i64]| {
        let mut amounts = amounts.to_vec();
        amounts.sort();
        Value::list(amounts.into_iter().map(Value::Number).collect::<Vec<_>>())
    };
    check(&of("list a : { Sale(_, s, _, a) }"), &sale, "Out", &each(&list));
    // Of groups of two columns in another order than theirs, and of none.
    let pairs = by(|sale| [sale[2], sale[1]]);
    let best = numbers(pairs.iter().map(|([item, shop], a)| vec![*item, *shop, *a.iter().max().unwrap()]));
    let program = "Sold(i, s) :- Sale(_, s, i, _).
        Out(i, s, m) :- Sold(i, s), m = max a : { Sale(_, s, i, a) }.";
    check(program, &sale, "Out", &best);
    let all: Vec<i64> = groups.values().flatten().copied().collect();
    check("Out(n) :- n = sum a : { Sale(_, _, _, a) }.", &sale, "Out", &numbers([vec![sum(&all)]]));
    check("Out(n) :- n = max a : { Sale(_, _, _, a) }.", &sale, "Out", &numbers([vec![599]]));
    check("Out(n) :- n = count : { Sale(_, _, _, _) }.", &sale, "Out", &numbers([vec![6000]]));
}

#[test]
fn rows_that_agree_in_what_is_asked_are_taken_once() {
    let sold: Vec<[i64; 2]> = sales().into_iter().map(|sale| [sale[1], sale[0]]).collect();
    let groups = by(|sale| sale[1]);
    let count = numbers(groups.iter().map(|(shop, sales)| vec![*shop, sales.len() as i64]));
    let facts = [("Sold", numbers(sold.into_iter().map(Vec::from)))];
    check("Out(s, n) :- Sold(s, _), n = count : { Sold(s, _) }.", &facts, "Out", &count);
    // How much rules produce, which limits count, does not depend on who shares the work.
    for jobs in [1, 2, 3, 7] {
        let mut text = Text::new("Out(s, n) :- Sold(s, _), n = count : { Sold(s, _) }.");
        let mut interner = Interner::new();
        let words = facts[0].1.iter().flatten().map(|value| interner.intern(value)).collect();
        let tables = HashMap::from([(text.pred("Sold", 2), Table::from_rows(2, words))]);
        let wanted = [text.id("Out")];
        let tuning = Tuning { jobs, eager_threads: true, ..Tuning::default() };
        let request = Request { tuning, profile: true, ..Request::new(&text.program, &[], &wanted) };
        let model = Frog.evaluate(&request, &tables, &mut interner, &Budget::unlimited()).unwrap();
        assert_eq!(model.table(wanted[0]).unwrap().len(), groups.len());
        let produced: u64 = model.profile.plans.iter().map(|plan| plan.produced).sum();
        assert_eq!(produced, groups.len() as u64, "{jobs}");
    }
}

#[test]
fn groups_that_nothing_is_in_count_nothing() {
    let sale = numbers(sales().into_iter().map(Vec::from));
    let ask = numbers([vec![7], vec![1_000_003], vec![8]]);
    let groups = by(|sale| sale[1]);
    let amounts = &groups[&1_000_003];
    let facts = [("Sale", sale), ("Ask", ask)];
    let count = numbers([vec![7, 0], vec![8, 0], vec![1_000_003, amounts.len() as i64]]);
    check("Out(s, n) :- Ask(s), n = count : { Sale(_, s, _, _) }.", &facts, "Out", &count);
    let sum = numbers([vec![7, 0], vec![8, 0], vec![1_000_003, amounts.iter().sum()]]);
    check("Out(s, n) :- Ask(s), n = sum a : { Sale(_, s, _, a) }.", &facts, "Out", &sum);
    let least = numbers([vec![1_000_003, *amounts.iter().min().unwrap()]]);
    check("Out(s, n) :- Ask(s), n = min a : { Sale(_, s, _, a) }.", &facts, "Out", &least);
}

#[test]
fn only_groups_that_are_asked_for_fail() {
    let most = i64::MAX;
    let sale = numbers([vec![1, 5, most], vec![2, 5, most], vec![3, 6, 10], vec![4, 6, 11], vec![5, 7, 0]]);
    let program = "Out(s, n) :- Ask(s), n = sum a : { Sale(_, s, a) }.";
    let ask = |shops: &[i64]| numbers(shops.iter().map(|shop| vec![*shop]));
    let facts = [("Sale", sale.clone()), ("Ask", ask(&[6, 7]))];
    check(program, &facts, "Out", &numbers([vec![6, 21], vec![7, 0]]));
    // What is computed for each row fails only where the row is one of a group asked for.
    let divided = "Out(s, n) :- Ask(s), n = sum 110 / a : { Sale(_, s, a) }.";
    check(divided, &[("Sale", sale.clone()), ("Ask", ask(&[6]))], "Out", &numbers([vec![6, 21]]));
    for tuning in ways() {
        for (program, shop, error) in
            [(program, 5, FunctorError::Overflow), (divided, 7, FunctorError::DivisionByZero)]
        {
            let facts = [("Sale", sale.clone()), ("Ask", ask(&[6, shop]))];
            match evaluate(program, &facts, "Out", tuning) {
                Err(EvalError::Runtime { error: found, binding, .. }) => {
                    assert_eq!(found, error);
                    assert!(binding.contains(&("s".to_owned(), Value::Number(shop))), "{binding:?}");
                }
                other => panic!("{other:?}"),
            }
        }
    }
}

#[test]
fn a_failure_counts_only_where_all_else_holds() {
    let pairs = |to: i64| numbers((0..500).map(move |i| vec![i, i % to]));
    // 0 divides only where the comparison beside it, which can fail too, does not hold.
    let program = "Out(x, z) :- E(x, y), z = x / y, y * 3 > 2.";
    let expected = (0..500).filter(|x| x % 7 != 0).map(|x| vec![x, x / (x % 7)]);
    check(program, &[("E", pairs(7))], "Out", &numbers(expected));
    for tuning in ways() {
        let failing = "Out(x, z) :- E(x, y), z = x / y, y * 3 < 100.";
        match evaluate(failing, &[("E", pairs(7))], "Out", tuning) {
            Err(EvalError::Runtime { error: FunctorError::DivisionByZero, binding, .. }) => {
                assert!(binding.contains(&("y".to_owned(), Value::Number(0))), "{binding:?}");
            }
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn walks_count_their_steps() {
    // From each node to the next and to the one that is three on, of 50 in a circle.
    let edge = numbers((0..50).flat_map(|x| [vec![x, (x + 1) % 50], vec![x, (x + 3) % 50]]));
    let program = "Walk(x, y, 1) :- E(x, y). Walk(x, z, n + 1) :- Walk(x, y, n), E(y, z), n < 9.";
    let mut expected = Rows::new();
    for x in 0..50 {
        let mut here = BTreeSet::from([x]);
        for n in 1..=9 {
            here = here.iter().flat_map(|y| [(y + 1) % 50, (y + 3) % 50]).collect();
            expected.extend(numbers(here.iter().map(|y| vec![x, *y, n])));
        }
    }
    check(program, &[("E", edge)], "Walk", &expected);
}

#[test]
fn bodies_within_bodies() {
    let edge: Vec<Vec<i64>> = (0..400).map(|x| vec![x, (x * 7 + 1) % 400]).collect();
    let mark = numbers((0..400).filter(|x| x % 3 == 0).map(|x| vec![x]));
    let facts = [("E", numbers(edge.clone())), ("M", mark)];
    let next = |x: i64| (x * 7 + 1) % 400;
    let marked = |x: i64| x % 3 == 0;
    let expected = (0..400).filter(|x| !(marked(next(*x)) && marked(next(next(*x)))));
    let program = "Out(x) :- E(x, _), !{ E(x, y), M(y), E(y, z), M(z) }.";
    check(program, &facts, "Out", &numbers(expected.map(|x| vec![x])));
    // An aggregate within a body within a body.
    let program = "Out(x) :- E(x, _), !{ E(x, y), n = count : { E(z, y), M(z) }, n > 0 }.";
    let marks = |y: i64| (0..400).filter(|z| next(*z) == y && marked(*z)).count();
    let expected = (0..400).filter(|x| marks(next(*x)) == 0);
    check(program, &facts, "Out", &numbers(expected.map(|x| vec![x])));
    // Of several alternatives each assignment counts once.
    let program = "Out(x, n) :- M(x), n = count : { E(x, y) ; E(y, x), M(y) }.";
    let count = |x: i64| {
        let mut found: BTreeSet<i64> = (0..400).filter(|y| next(*y) == x && marked(*y)).collect();
        found.insert(next(x));
        found.len() as i64
    };
    let expected = (0..400).filter(|x| marked(*x)).map(|x| vec![x, count(x)]);
    check(program, &facts, "Out", &numbers(expected));
}
