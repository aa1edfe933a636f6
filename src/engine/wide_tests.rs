//! Relations of three and four columns with rows enough for every way to keep and to go through them.

use std::collections::{BTreeSet, HashMap};

use super::testing::Text;
use super::{Engine, Frog, Request, Share, Tuning};
use crate::base::Budget;
use crate::model::{PredId, Value};
use crate::storage::{Interner, Table, Word};

type Rows = BTreeSet<Vec<u32>>;

/// Rows whose columns are below these numbers.
fn random(seed: u64, count: usize, below: &[u32]) -> Rows {
    let mut state = seed;
    let mut next = |below: u32| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u32 % below
    };
    (0..count).map(|_| below.iter().map(|below| next(*below)).collect()).collect()
}

const TUNINGS: [Tuning; 4] = [
    Tuning { jobs: 1, eager_threads: false, bits: true, share: Share::Gauged },
    Tuning { jobs: 1, eager_threads: false, bits: false, share: Share::Gauged },
    Tuning { jobs: 3, eager_threads: true, bits: true, share: Share::Gauged },
    Tuning { jobs: 3, eager_threads: true, bits: false, share: Share::Gauged },
];

/// What the program derives of `wanted`, which is the same however it is gone about; also for numbers
/// so far apart that rows of bits do not suit.
fn derived(program: &str, facts: &[(&str, &Rows)], wanted: &str) -> Rows {
    let mut all: Option<Rows> = None;
    for (spread, tuning) in TUNINGS.into_iter().map(|tuning| (1, tuning)).chain([(7_919, TUNINGS[0])]) {
        let mut text = Text::new(program);
        let mut interner = Interner::new();
        let mut tables: HashMap<PredId, Table> = HashMap::new();
        for (name, rows) in facts {
            let mut word = |number: &u32| interner.intern(&Value::Number(i64::from(number * spread)));
            let words: Vec<Word> = rows.iter().flatten().map(&mut word).collect();
            let width = rows.first().map_or(1, Vec::len);
            tables.insert(text.pred(name, width), Table::from_rows(width, words));
        }
        let wanted = [text.id(wanted)];
        let request = Request { tuning, ..Request::new(&text.program, &[], &wanted) };
        let model = Frog.evaluate(&request, &tables, &mut interner, &Budget::unlimited()).unwrap();
        let number = |word: &Word| match interner.value(*word) {
            Value::Number(number) => u32::try_from(number).unwrap() / spread,
            other => panic!("{other}"),
        };
        let table = model.table(wanted[0]).unwrap();
        let rows: Rows = table.iter().map(|row| row.iter().map(number).collect()).collect();
        assert_eq!(rows.len(), table.len());
        assert!(table.iter().all(|row| table.contains(row)));
        match &all {
            Some(all) => assert_eq!(&rows, all, "{tuning:?}, {spread}"),
            None => all = Some(rows),
        }
    }
    all.unwrap()
}

/// Adds to `rows` what `step` gives of them until nothing new comes.
fn closed(mut rows: Rows, step: impl Fn(&Rows) -> Rows) -> Rows {
    loop {
        let before = rows.len();
        rows.extend(step(&rows));
        if rows.len() == before {
            return rows;
        }
    }
}

#[test]
fn paths_along_kinds_of_edges() {
    let edges = random(1, 260, &[4, 70, 70]);
    let leads: Rows = [[0, 1], [1, 2], [0, 3]].map(Vec::from).into();
    let program = "P(k,x,y) :- E(k,x,y). P(k,x,z) :- P(k,x,y), E(k,y,z). P(l,x,y) :- P(k,x,y), L(k,l)";
    let found = derived(program, &[("E", &edges), ("L", &leads)], "P");
    let expected = closed(edges.clone(), |paths| {
        let mut next = Rows::new();
        for path in paths {
            let behind = edges.range(vec![path[0], path[2], 0]..=vec![path[0], path[2], u32::MAX]);
            next.extend(behind.map(|edge| vec![path[0], path[1], edge[2]]));
            let others = leads.iter().filter(|lead| lead[0] == path[0]);
            next.extend(others.map(|lead| vec![lead[1], path[1], path[2]]));
        }
        next
    });
    assert!(expected.len() > 2_000, "{}", expected.len());
    assert_eq!(found, expected);
}

#[test]
fn lookups_by_every_column() {
    // What a row leads to, found by its first, second and third columns and by two of them.
    let rows = random(2, 500, &[30, 8, 40]);
    let one = random(3, 30, &[40, 8]);
    let two = random(4, 40, &[8, 40, 30]);
    let program = "S(x,r,z) :- H(x,r,z). S(x,q,z) :- S(x,r,z), S(y,q,x), A(z,q). \
                   S(y,r,z) :- T(r,z,y), S(x,r,z). S(x,r,w) :- S(x,r,z), S(w,r,z), B(w)";
    let small: Rows = (0..30).step_by(7).map(|number| vec![number]).collect();
    let facts = [("H", &rows), ("A", &one), ("T", &two), ("B", &small)];
    let expected = closed(rows.clone(), |rows| {
        let mut next = Rows::new();
        for a in rows {
            next.extend(
                rows.iter()
                    .filter(|b| b[2] == a[0] && one.contains(&vec![a[2], b[1]]))
                    .map(|b| vec![a[0], b[1], a[2]]),
            );
            next.extend(two.iter().filter(|t| t[..2] == a[1..]).map(|t| vec![t[2], a[1], a[2]]));
            next.extend(
                rows.iter()
                    .filter(|b| b[1..] == a[1..] && small.contains(&b[..1]))
                    .map(|b| vec![a[0], a[1], b[0]]),
            );
        }
        next
    });
    assert!(expected.len() > rows.len() + 100, "{}", expected.len());
    assert_eq!(derived(program, &facts, "S"), expected);
}

#[test]
fn many_rows_lead_to_the_same() {
    // What a round brings is put together by the last two columns, and a circle of three is met.
    let rows = random(5, 900, &[60, 5, 50]);
    let wide = random(6, 300, &[50, 40]);
    let implied = random(7, 60, &[40, 5, 50]);
    let program = "S(x,r,y) :- H(x,r,y). S(x,r,z) :- S(x,r,y), W(y,w), I(w,r,z)";
    let expected = closed(rows.clone(), |rows| {
        let mut next = Rows::new();
        for row in rows {
            for pair in wide.range(vec![row[2], 0]..=vec![row[2], u32::MAX]) {
                let implied = implied.range(vec![pair[1], row[1], 0]..=vec![pair[1], row[1], u32::MAX]);
                next.extend(implied.map(|implied| vec![row[0], row[1], implied[2]]));
            }
        }
        next
    });
    assert!(expected.len() > rows.len() + 500, "{}", expected.len());
    assert_eq!(derived(program, &[("H", &rows), ("W", &wide), ("I", &implied)], "S"), expected);
}

#[test]
fn four_columns() {
    let rows = random(8, 150, &[4, 6, 5, 40]);
    let next = random(9, 10, &[6, 6]);
    let after = random(10, 50, &[40, 40]);
    let program = "Q(a,b,c,d) :- H(a,b,c,d). Q(a,e,c,d) :- Q(a,b,c,d), N(b,e). \
                   Q(a,b,c,e) :- Q(a,b,c,d), M(d,e). Q(a,b,c,d) :- Q(a,b,e,d), Q(f,b,c,e), N(a,f)";
    let expected = closed(rows.clone(), |rows| {
        let mut found = Rows::new();
        for row in rows {
            let [a, b, c, d] = row[..] else { panic!("{row:?}") };
            found.extend(next.iter().filter(|n| n[0] == b).map(|n| vec![a, n[1], c, d]));
            found.extend(after.iter().filter(|m| m[0] == d).map(|m| vec![a, b, c, m[1]]));
            for f in next.iter().filter(|n| n[0] == a).map(|n| n[1]) {
                let others = rows.range(vec![f, b, 0, 0]..=vec![f, b, u32::MAX, u32::MAX]);
                found.extend(others.filter(|other| other[3] == c).map(|other| vec![a, b, other[2], d]));
            }
        }
        found
    });
    assert!(expected.len() > rows.len() + 500, "{}", expected.len());
    assert_eq!(derived(program, &[("H", &rows), ("N", &next), ("M", &after)], "Q"), expected);
}

#[test]
fn circles_of_five_are_distinct_without_being_sorted() {
    let edges = random(11, 1_300, &[60, 60]);
    let program = "F(a,b,c,d,e) :- E(a,b), E(b,c), E(c,d), E(d,e), E(a,e), a < b, b < c, c < d, d < e";
    let behind = |x: u32| edges.range(vec![x, x + 1]..=vec![x, u32::MAX]).map(|edge| edge[1]);
    let mut expected = Rows::new();
    for a in 0..60 {
        for (b, c) in behind(a).flat_map(|b| behind(b).map(move |c| (b, c))).collect::<Vec<_>>() {
            for (d, e) in behind(c).flat_map(|d| behind(d).map(move |e| (d, e))).collect::<Vec<_>>() {
                if edges.contains(&vec![a, e]) {
                    expected.insert(vec![a, b, c, d, e]);
                }
            }
        }
    }
    assert!(expected.len() > 10_000, "{}", expected.len());
    assert_eq!(derived(program, &[("E", &edges)], "F"), expected);
}
