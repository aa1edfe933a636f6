//! Cases small enough to work out by hand.

use std::sync::Arc;

use super::*;
use crate::base::{CancelToken, FileId, Limits};
use crate::model::date::Date;
use crate::model::program::{
    Aggregate, AggregateOp, Arg, Atom, Body, CompareOp, Expr, Functor, Literal, RuleId, Stratum, TestOp, Var,
    VarId,
};
use crate::model::schema::{PredKind, Predicate, Schema, TypeId};

/// Relations of the tests: `E`, `F` stated, `P`, `Q` derived.
const E: PredId = PredId(0);
const F: PredId = PredId(1);
const P: PredId = PredId(2);
const Q: PredId = PredId(3);

fn span(at: usize) -> Span {
    Span::new(FileId(0), at, at + 1)
}

fn n(value: i64) -> Value {
    Value::Number(value)
}
fn s(text: &str) -> Value {
    Value::symbol(text)
}
fn d(text: &str) -> Value {
    Value::Date(Date::parse(text).unwrap())
}
fn v(var: u32) -> Expr {
    Expr::Var(VarId(var))
}
fn c(value: Value) -> Expr {
    Expr::Const(value)
}
fn call(functor: Functor, args: Vec<Expr>) -> Expr {
    Expr::Call(functor, args, span(0))
}
fn atom_at(at: usize, pred: PredId, args: Vec<Arg>) -> Literal {
    Literal::Atom(Atom { pred, args, span: span(at) })
}
/// An atom; the number 99 stands for `_`.
fn atom(pred: PredId, args: Vec<Expr>) -> Literal {
    let arg = |expr| if expr == v(99) { Arg::Any } else { Arg::Is(expr) };
    atom_at(0, pred, args.into_iter().map(arg).collect())
}
fn not(literals: Vec<Literal>) -> Literal {
    Literal::Not(Body { alternatives: vec![literals] }, span(0))
}
fn is(op: CompareOp, left: Expr, right: Expr) -> Literal {
    Literal::Compare { op, left, right, possibly: false, span: span(0) }
}
fn aggregate(op: AggregateOp, arg: Option<Expr>, alternatives: Vec<Vec<Literal>>) -> Expr {
    let body = Body { alternatives };
    Expr::Aggregate(Box::new(Aggregate {
        op,
        arg,
        separator: ", ".into(),
        float: false,
        wraps: false,
        body,
        span: span(0),
    }))
}

fn rule(head: PredId, args: Vec<Expr>, alternatives: Vec<Vec<Literal>>) -> Rule {
    let var = |i: u32| Var { name: format!("v{i}").into(), ty: TypeId(0), optional: true, span: span(0) };
    Rule {
        head,
        args,
        body: Body { alternatives },
        vars: (0..8).map(var).collect(),
        label: None,
        assume: Vec::new(),
        span: span(7),
    }
}

/// Evaluates rules of `P`, then those of `Q`, over tuples of `E` and `F`.
fn run(rules: Vec<Rule>, e: &[&[Value]], f: &[&[Value]]) -> Result<Relations, Error> {
    let predicate = |name: &str| Predicate {
        name: name.into(),
        columns: Vec::new(),
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Declared,
        span: None,
    };
    let predicates = ["E", "F", "P", "Q"].map(predicate).to_vec();
    let schema = Arc::new(Schema { predicates, ..Schema::default() });
    let stratum = |pred| Stratum {
        predicates: vec![pred],
        rules: (0..rules.len()).filter(|i| rules[*i].head == pred).map(|i| RuleId(i as u32)).collect(),
        recursive: true,
    };
    let strata = vec![stratum(P), stratum(Q)];
    let program = CheckedProgram { schema, rules, strata, ..CheckedProgram::default() };
    let tuples = |rows: &[&[Value]]| rows.iter().map(|row| row.to_vec()).collect();
    let stated = HashMap::from([(E, tuples(e)), (F, tuples(f))]);
    let limits = Limits { rounds: Some(50), ..Limits::none() };
    evaluate(&program, &[], &stated, &Budget::new(limits, CancelToken::new()))
}

/// The tuples of `P`, as text.
fn p(rules: Vec<Rule>, e: &[&[Value]], f: &[&[Value]]) -> Vec<String> {
    text(&run(rules, e, f).unwrap()[&P])
}

fn text(tuples: &BTreeSet<Vec<Value>>) -> Vec<String> {
    let row = |row: &Vec<Value>| row.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(" ");
    tuples.iter().map(row).collect()
}

/// What one body with variable 0 in its head yields.
fn solve(body: Vec<Literal>, e: &[&[Value]], f: &[&[Value]]) -> Vec<String> {
    p(vec![rule(P, vec![v(0)], vec![body])], e, f)
}

fn fails(body: Vec<Literal>, e: &[&[Value]], f: &[&[Value]]) -> bool {
    let here = run(vec![rule(P, vec![v(0)], vec![body.clone()])], e, f);
    let reversed = run(vec![rule(P, vec![v(0)], vec![body.into_iter().rev().collect()])], e, f);
    assert_eq!(here.is_err(), reversed.is_err());
    matches!(here, Err(Error::Fault { .. }))
}

#[test]
fn closure_by_a_non_linear_rule() {
    let rules = vec![
        rule(P, vec![v(0), v(1)], vec![vec![atom(E, vec![v(0), v(1)])]]),
        rule(P, vec![v(0), v(2)], vec![vec![atom(P, vec![v(0), v(1)]), atom(P, vec![v(1), v(2)])]]),
        rule(Q, vec![v(0)], vec![vec![atom(P, vec![v(0), v(0)])]]),
    ];
    let edges: [&[Value]; 4] = [&[n(1), n(2)], &[n(2), n(3)], &[n(3), n(2)], &[n(4), n(4)]];
    let model = run(rules, &edges, &[]).unwrap();
    assert_eq!(text(&model[&P]), ["1 2", "1 3", "2 2", "2 3", "3 2", "3 3", "4 4"]);
    assert_eq!(text(&model[&Q]), ["2", "3", "4"]);
}

#[test]
fn alternatives_and_negated_bodies() {
    let e: [&[Value]; 3] = [&[n(1), n(1)], &[n(2), n(3)], &[n(4), n(1)]];
    let f: [&[Value]; 1] = [&[n(2)]];
    let either = vec![vec![atom(E, vec![v(0), c(n(1))])], vec![atom(F, vec![v(0)])]];
    assert_eq!(p(vec![rule(P, vec![v(0)], either)], &e, &f), ["1", "2", "4"]);
    // A constant under negation, a ground negated literal, a negated group with a local variable.
    assert_eq!(
        solve(vec![atom(E, vec![v(0), v(99)]), not(vec![atom(E, vec![v(0), c(n(1))])])], &e, &f),
        ["2"]
    );
    assert_eq!(solve(vec![atom(E, vec![v(0), v(99)]), not(vec![atom(F, vec![c(n(2))])])], &e, &f), [""; 0]);
    assert_eq!(
        solve(vec![atom(E, vec![v(0), v(99)]), not(vec![atom(F, vec![c(n(3))])])], &e, &f),
        ["1", "2", "4"]
    );
    let group = vec![atom(E, vec![v(0), v(1)]), is(CompareOp::Gt, v(1), c(n(2)))];
    assert_eq!(solve(vec![atom(E, vec![v(0), v(99)]), not(group)], &e, &f), ["1", "4"]);
    assert_eq!(solve(vec![atom(E, vec![v(0), v(0)])], &e, &f), ["1"]);
}

#[test]
fn nil_joins_nothing_and_compares_with_nothing() {
    let e: [&[Value]; 3] = [&[n(1), Value::Nil], &[n(2), n(2)], &[Value::Nil, Value::Nil]];
    let f: [&[Value]; 2] = [&[Value::Nil], &[n(2)]];
    // One place takes nil; two do not, in one atom or in two.
    assert_eq!(solve(vec![atom(E, vec![v(99), v(0)])], &e, &f), ["nil", "2"]);
    assert_eq!(solve(vec![atom(E, vec![v(0), v(0)])], &e, &f), ["2"]);
    assert_eq!(solve(vec![atom(E, vec![v(99), v(0)]), atom(F, vec![v(0)])], &e, &f), ["2"]);
    // The constant matches it; a negated atom with a nil variable has no match.
    assert_eq!(solve(vec![atom(E, vec![v(0), c(Value::Nil)])], &e, &f), ["nil", "1"]);
    assert_eq!(solve(vec![atom(E, vec![v(99), v(0)]), not(vec![atom(F, vec![v(0)])])], &e, &f), ["nil"]);
    // Comparisons.
    let with = |literal| vec![atom(E, vec![v(0), v(1)]), literal];
    assert_eq!(solve(with(is(CompareOp::Eq, v(1), c(Value::Nil))), &e, &f), ["nil", "1"]);
    assert_eq!(solve(with(is(CompareOp::Ne, v(1), c(Value::Nil))), &e, &f), ["2"]);
    assert_eq!(solve(with(is(CompareOp::Eq, v(0), v(1))), &e, &f), ["2"]);
    assert_eq!(solve(with(is(CompareOp::Ne, v(0), v(1))), &e, &f), [""; 0]);
    assert_eq!(solve(with(is(CompareOp::Le, v(1), c(n(9)))), &e, &f), ["2"]);
    assert_eq!(solve(with(not(vec![is(CompareOp::Le, v(1), c(n(9)))])), &e, &f), ["nil", "1"]);
    // `=` that binds, and a functor without a value under a negation too.
    assert_eq!(solve(vec![is(CompareOp::Eq, v(0), c(Value::Nil))], &e, &f), ["nil"]);
    assert_eq!(solve(vec![atom(E, vec![v(99), v(1)]), is(CompareOp::Eq, v(0), v(1))], &e, &f), ["2"]);
    let sum = || is(CompareOp::Eq, v(0), call(Functor::Add, vec![v(1), c(n(1))]));
    assert_eq!(solve(vec![atom(E, vec![v(99), v(1)]), sum()], &e, &f), ["3"]);
}

#[test]
fn dates_are_compared_by_what_is_certain() {
    let e: [&[Value]; 4] = [&[d("2022-09")], &[d("2022-09-22")], &[d("2022-10-01")], &[d("2022-09-30/..")]];
    let than = |op, date: &str, possibly| {
        let right = c(d(date));
        let compare = Literal::Compare { op, left: v(0), right, possibly, span: span(0) };
        solve(vec![atom(E, vec![v(0)]), compare], &e, &[])
    };
    assert_eq!(than(CompareOp::Lt, "2022-10", false), [r#"d"2022-09""#, r#"d"2022-09-22""#]);
    assert_eq!(than(CompareOp::Lt, "2022-09-22", false), [""; 0]);
    assert_eq!(than(CompareOp::Lt, "2022-09-22", true), [r#"d"2022-09""#]);
    assert_eq!(
        than(CompareOp::Le, "2022-09-30/..", false),
        [r#"d"2022-09""#, r#"d"2022-09-22""#, r#"d"2022-09-30/..""#]
    );
    assert_eq!(than(CompareOp::Gt, "2022-09-22", false), [r#"d"2022-09-30/..""#, r#"d"2022-10-01""#]);
    assert_eq!(than(CompareOp::Eq, "2022-09-22", true), [r#"d"2022-09""#, r#"d"2022-09-22""#]);
    assert_eq!(than(CompareOp::Ne, "2022-09-22", true).len(), 3);
    let within = Literal::Test { op: TestOp::Within, left: v(0), right: c(d("2022-09")), span: span(0) };
    assert_eq!(solve(vec![atom(E, vec![v(0)]), within], &e, &[]), [r#"d"2022-09""#, r#"d"2022-09-22""#]);
    let overlaps = Literal::Test { op: TestOp::Overlaps, left: v(0), right: c(d("2022-09")), span: span(0) };
    assert_eq!(solve(vec![atom(E, vec![v(0)]), overlaps], &e, &[]).len(), 3);
}

#[test]
fn aggregates_range_over_distinct_solutions_with_wildcards() {
    let e: [&[Value]; 4] = [&[n(1), n(5)], &[n(1), n(7)], &[n(2), n(5)], &[n(3), Value::Nil]];
    let f: [&[Value]; 2] = [&[n(1)], &[n(4)]];
    let of = |op, arg, body: Vec<Literal>| {
        solve(vec![is(CompareOp::Eq, v(0), aggregate(op, arg, vec![body]))], &e, &f)
    };
    let any = || vec![atom(E, vec![v(1), v(99)])];
    assert_eq!(of(AggregateOp::Count, None, any()), ["4"]);
    assert_eq!(of(AggregateOp::Count, Some(v(1)), any()), ["3"]);
    assert_eq!(of(AggregateOp::Sum, Some(v(1)), any()), ["7"]);
    assert_eq!(of(AggregateOp::List, Some(v(1)), any()), ["[1, 1, 2, 3]"]);
    let second = || vec![atom(E, vec![v(99), v(1)])];
    assert_eq!(of(AggregateOp::Sum, Some(v(1)), second()), ["17"]);
    assert_eq!(of(AggregateOp::Min, Some(v(1)), second()), ["5"]);
    assert_eq!(of(AggregateOp::Mean, Some(v(1)), second()), [(17.0f64 / 3.0).to_string()]);
    assert_eq!(of(AggregateOp::Count, Some(v(1)), second()), ["3"]);
    // For each value from outside; over nothing.
    let each = |op, arg| {
        let body = vec![atom(E, vec![v(0), v(1)])];
        let rule = rule(
            P,
            vec![v(0), v(2)],
            vec![vec![atom(F, vec![v(0)]), is(CompareOp::Eq, v(2), aggregate(op, arg, vec![body]))]],
        );
        p(vec![rule], &e, &f)
    };
    assert_eq!(each(AggregateOp::Count, None), ["1 2", "4 0"]);
    assert_eq!(each(AggregateOp::Sum, Some(v(1))), ["1 12", "4 0"]);
    assert_eq!(each(AggregateOp::Max, Some(v(1))), ["1 7"]);
    assert_eq!(each(AggregateOp::Mean, Some(v(1))), ["1 6.0"]);
    assert_eq!(each(AggregateOp::List, Some(v(1))), ["1 [5, 7]", "4 []"]);
    assert_eq!(each(AggregateOp::Concat, Some(c(s("x")))), [r#"1 "x, x""#, r#"4 """#]);
}

/// `count : { E(x, _), (x = 1 ; x < 2) }` counts the rows of 1 once, `{ E(x, _) ; E(x, _) }` each
/// way of matching one.
#[test]
fn a_wildcard_beside_a_group_is_one() {
    let e: [&[Value]; 3] = [&[n(1), n(5)], &[n(1), n(7)], &[n(2), n(5)]];
    let count = |places: [usize; 2]| {
        let wild = |at| atom_at(at, E, vec![Arg::Is(v(1)), Arg::Any]);
        let body = vec![
            vec![wild(places[0]), is(CompareOp::Eq, v(1), c(n(1)))],
            vec![wild(places[1]), is(CompareOp::Lt, v(1), c(n(2)))],
        ];
        solve(vec![is(CompareOp::Eq, v(0), aggregate(AggregateOp::Count, None, body))], &e, &[])
    };
    assert_eq!(count([10, 10]), ["2"]);
    assert_eq!(count([10, 20]), ["4"]);
}

#[test]
fn an_aggregate_is_compared_with_what_is_bound() {
    let e: [&[Value]; 2] = [&[n(1), n(5)], &[n(2), n(2)]];
    let count = || aggregate(AggregateOp::Count, None, vec![vec![atom(E, vec![v(1), v(99)])]]);
    assert_eq!(solve(vec![atom(E, vec![v(0), v(99)]), is(CompareOp::Eq, v(0), count())], &e, &[]), ["2"]);
    assert_eq!(
        solve(vec![atom(E, vec![v(0), v(99)]), is(CompareOp::Eq, c(n(3)), count())], &e, &[]),
        [""; 0]
    );
}

#[test]
fn elements_of_lists() {
    let list = Value::list([n(2), Value::Nil, n(1), n(2)]);
    let e: [&[Value]; 2] = [&[n(1), list], &[n(2), Value::Nil]];
    let within = |item, list| Literal::In { item, list, span: span(0) };
    assert_eq!(solve(vec![atom(E, vec![v(99), v(1)]), within(v(0), v(1))], &e, &[]), ["1", "2"]);
    assert_eq!(solve(vec![atom(E, vec![v(0), v(1)]), within(v(0), v(1))], &e, &[]), ["1"]);
    let made = within(v(0), Expr::List(vec![v(1), c(n(9))]));
    assert_eq!(solve(vec![atom(E, vec![v(1), v(99)]), made], &e, &[]), ["1", "2", "9"]);
}

#[test]
fn a_fault_needs_an_assignment_that_satisfies_all_the_rest() {
    let e: [&[Value]; 2] = [&[n(0)], &[n(2)]];
    let f: [&[Value]; 1] = [&[n(5)]];
    let quotient = |by: u32| call(Functor::Div, vec![c(n(10)), v(by)]);
    let divide = || is(CompareOp::Eq, v(0), quotient(1));
    let some = || atom(E, vec![v(1)]);
    assert!(fails(vec![some(), divide()], &e, &f));
    assert!(!fails(vec![some(), divide(), is(CompareOp::Ne, v(1), c(n(0)))], &e, &f));
    assert!(!fails(vec![some(), divide(), Literal::Bool(false)], &e, &f));
    // The quotient is also a column of F: an error only if F can give it a value.
    assert_eq!(
        solve(vec![some(), is(CompareOp::Ne, v(1), c(n(0))), divide(), atom(F, vec![v(0)])], &e, &f),
        ["5"]
    );
    assert!(fails(vec![some(), divide(), atom(F, vec![v(0)])], &e, &f));
    assert!(!fails(vec![some(), divide(), atom(F, vec![v(0)])], &e, &[]));
    assert!(!fails(vec![some(), divide(), atom(F, vec![v(0)]), is(CompareOp::Gt, v(0), c(n(7)))], &e, &f));
    // What depends on the quotient cannot excuse it; another value of it can.
    assert!(fails(vec![some(), divide(), is(CompareOp::Gt, v(0), c(n(7)))], &e, &f));
    assert!(!fails(
        vec![some(), divide(), is(CompareOp::Eq, v(0), c(n(3))), is(CompareOp::Gt, v(0), c(n(7)))],
        &e,
        &f
    ));
    // Inside a negation and an aggregate.
    let inner = || vec![atom(F, vec![v(2)]), is(CompareOp::Gt, quotient(1), v(2))];
    assert!(fails(vec![atom(E, vec![v(1)]), is(CompareOp::Eq, v(0), v(1)), not(inner())], &e, &f));
    assert!(!fails(vec![atom(E, vec![v(1)]), is(CompareOp::Eq, v(0), v(1)), not(inner())], &e, &[]));
    let sum = is(CompareOp::Eq, v(0), aggregate(AggregateOp::Sum, Some(quotient(1)), vec![vec![some()]]));
    assert!(fails(vec![sum.clone()], &e, &f));
    assert!(!fails(vec![sum], &[], &f));
}

#[test]
fn a_fault_names_rule_and_binding() {
    let e: [&[Value]; 2] = [&[n(0)], &[n(2)]];
    let head = call(Functor::Div, vec![c(n(10)), v(3)]);
    let error = run(vec![rule(P, vec![head], vec![vec![atom(E, vec![v(3)])]])], &e, &[]).unwrap_err();
    let Error::Fault { rule, binding, .. } = error else { panic!("{error}") };
    assert_eq!((rule, binding), (span(7), vec![("v3".to_owned(), n(0))]));
}

#[test]
fn sums_overflow_only_in_the_end() {
    let sum = |rows: &[&[Value]]| {
        let sum = aggregate(AggregateOp::Sum, Some(v(1)), vec![vec![atom(E, vec![v(1)])]]);
        run(vec![rule(P, vec![v(0)], vec![vec![is(CompareOp::Eq, v(0), sum)]])], rows, &[])
    };
    assert!(matches!(sum(&[&[n(i64::MAX)], &[n(1)]]), Err(Error::Fault { .. })));
    assert_eq!(text(&sum(&[&[n(i64::MAX)], &[n(1)], &[n(-5)]]).unwrap()[&P]), [(i64::MAX - 4).to_string()]);
}

#[test]
fn endless_rules_are_stopped() {
    let next = call(Functor::Add, vec![v(0), c(n(1))]);
    let rules =
        vec![rule(P, vec![c(n(0))], vec![vec![]]), rule(P, vec![next], vec![vec![atom(P, vec![v(0)])]])];
    assert_eq!(run(rules, &[], &[]).unwrap_err(), Error::Stopped(Stop::Rounds(50)));
}
