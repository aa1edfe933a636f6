//! Demand changes no answer: goals with constants over generated programs, evaluated by demand and
//! with all relations whole, give the same; an error is left out at most, never added.

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;

use common::case::{Case, span};
use common::dice::Dice;
use common::run::{self, Base};
use common::shrink::{Cases, runner};
use factlog::analysis;
use factlog::base::{Budget, FileId};
use factlog::engine::EvalError;
use factlog::model::program::{Aggregate, AggregateOp, Arg, Atom, Body, CompareOp, Expr, Literal, Rule, Var};
use factlog::model::{PredId, TypeId, Value, VarId};
use factlog::plan::demand::{self, Demanded, Question, Unused};
use factlog::plan::{Estimate, Statistics};
use factlog::syntax::datalog::parse_goal;
use proptest::prelude::{Strategy, TestCaseError, any};
use proptest::test_runner::TestCaseResult;

/// A goal in the making.
struct Goals<'a> {
    dice: Dice,
    case: &'a Case,
    /// Tuples to take constants from.
    model: &'a factlog::engine::naive::Relations,
    vars: Vec<Var>,
    at: usize,
}

impl Goals<'_> {
    fn var(&mut self, ty: TypeId, optional: bool) -> VarId {
        let known: Vec<usize> = (0..self.vars.len()).filter(|i| self.vars[*i].ty == ty).collect();
        if !known.is_empty() && self.dice.chance(45) {
            let at = self.dice.pick(&known);
            self.vars[at].optional |= optional;
            return VarId(at as u32);
        }
        let name = format!("g{}", self.vars.len()).into();
        self.vars.push(Var { name, ty, optional, span: span(1) });
        VarId(self.vars.len() as u32 - 1)
    }

    /// An atom with constants of one of its tuples in some columns.
    fn atom(&mut self, pred: PredId, open: bool) -> Atom {
        let tuples: Vec<&Vec<Value>> = self.model.get(&pred).into_iter().flatten().collect();
        let tuple = (!tuples.is_empty()).then(|| self.dice.pick(&tuples).clone());
        let columns = self.case.program.schema.predicate(pred).columns.clone();
        let mut args = Vec::new();
        for (i, column) in columns.iter().enumerate() {
            let constant = tuple.as_ref().map(|tuple| tuple[i].clone());
            args.push(match (self.dice.weighted(&[45, 40, 15]), constant) {
                (0, Some(value)) if value != Value::Nil || column.optional => Arg::Is(Expr::Const(value)),
                (2, _) => Arg::Any,
                _ if open => Arg::Is(Expr::Var(self.var(column.ty, column.optional))),
                _ => {
                    let known: Vec<usize> =
                        (0..self.vars.len()).filter(|i| self.vars[*i].ty == column.ty).collect();
                    match known.is_empty() {
                        true => Arg::Any,
                        false => Arg::Is(Expr::Var(VarId(self.dice.pick(&known) as u32))),
                    }
                }
            });
        }
        self.at += 2;
        Atom { pred, args, span: span(self.at) }
    }

    fn pred(&mut self) -> PredId {
        let derived: Vec<PredId> =
            self.case.program.strata.iter().flat_map(|s| s.predicates.clone()).collect();
        let all: Vec<PredId> = self.case.program.schema.iter().map(|(id, _)| id).collect();
        if !derived.is_empty() && self.dice.chance(80) {
            self.dice.pick(&derived)
        } else {
            self.dice.pick(&all)
        }
    }

    /// Values, but nil, in columns of a type.
    fn values(&self, ty: TypeId) -> Vec<Value> {
        let mut values = BTreeSet::new();
        for (pred, tuples) in self.model {
            for (i, column) in self.case.program.schema.predicate(*pred).columns.iter().enumerate() {
                if column.ty == ty {
                    values.extend(tuples.iter().map(|tuple| tuple[i].clone()));
                }
            }
        }
        values.remove(&Value::Nil);
        values.into_iter().collect()
    }

    fn goal(mut self) -> Rule {
        let mut literals = Vec::new();
        for _ in 0..self.dice.between(1, 2) {
            let pred = self.pred();
            literals.push(Literal::Atom(self.atom(pred, true)));
        }
        let bound = self.vars.len();
        match self.dice.below(6) {
            0 => {
                let pred = self.pred();
                let body = Body { alternatives: vec![vec![Literal::Atom(self.atom(pred, false))]] };
                literals.push(Literal::Not(body, span(3)));
            }
            1 => {
                let pred = self.pred();
                let body = Body { alternatives: vec![vec![Literal::Atom(self.atom(pred, false))]] };
                let op = AggregateOp::Count;
                let aggregate = Aggregate {
                    op,
                    arg: None,
                    separator: "".into(),
                    float: false,
                    wraps: false,
                    body,
                    span: span(5),
                };
                let name = format!("g{}", self.vars.len()).into();
                self.vars.push(Var { name, ty: TypeId(u32::MAX), optional: false, span: span(1) });
                literals.push(Literal::Compare {
                    op: CompareOp::Eq,
                    left: Expr::Var(VarId(self.vars.len() as u32 - 1)),
                    right: Expr::Aggregate(Box::new(aggregate)),
                    possibly: false,
                    span: span(7),
                });
            }
            2 if bound > 0 => {
                let at = self.dice.below(bound);
                let fit = self.values(self.vars[at].ty);
                if !fit.is_empty() {
                    let right = Expr::Const(self.dice.pick(&fit));
                    let left = Expr::Var(VarId(at as u32));
                    literals.push(Literal::Compare {
                        op: CompareOp::Eq,
                        left,
                        right,
                        possibly: false,
                        span: span(9),
                    });
                }
            }
            _ => {}
        }
        self.dice.shuffle(&mut literals);
        Rule {
            head: PredId(self.case.program.schema.predicates.len() as u32),
            args: (0..self.vars.len()).map(|var| Expr::Var(VarId(var as u32))).collect(),
            body: Body { alternatives: vec![literals] },
            vars: self.vars,
            label: None,
            assume: Vec::new(),
            span: span(0),
        }
    }
}

struct NoSizes;

impl Statistics for NoSizes {
    fn estimate(&self, _: PredId) -> Option<Estimate> {
        None
    }
}

fn rewritten(case: &Case, goal: &Rule) -> Result<Demanded, Unused> {
    rewritten_for(case, std::slice::from_ref(goal), &[])
}

fn rewritten_for(case: &Case, goals: &[Rule], wanted: &[PredId]) -> Result<Demanded, Unused> {
    demand::rewrite(&Question {
        program: &case.program,
        goals,
        wanted,
        statistics: &NoSizes,
        known: &|_| false,
    })
}

fn text(demanded: &Demanded) -> String {
    let name = |pred: PredId| {
        let made = demanded.made.iter().find(|made| made.pred == pred).map(|made| made.name.clone());
        made.or(demanded.program.schema.predicates.get(pred.0 as usize).map(|known| known.name.to_string()))
            .unwrap_or("answer".into())
    };
    let rule = |rule: &Rule| format!("{}{:?}\n    :- {:?}\n", name(rule.head), rule.args, rule.body);
    let names: Vec<String> =
        demanded.made.iter().map(|made| format!("{:?} is {}\n", made.pred, made.name)).collect();
    let rules: Vec<String> = demanded.program.rules.iter().chain(&demanded.goals).map(rule).collect();
    names.concat() + &rules.concat()
}

/// What one case showed.
#[derive(Default)]
struct Seen {
    goals: Cell<u32>,
    used: Cell<u32>,
    factored: Cell<u32>,
    through_negation: Cell<u32>,
    answered: Cell<u32>,
}

fn count(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

fn count_if(cell: &Cell<u32>, holds: bool) {
    cell.set(cell.get() + u32::from(holds));
}

/// Asks some goals both ways.
fn same(case: &Case, seed: u64, goals: usize, seen: &Seen) -> TestCaseResult {
    let Ok(model) = run::engine_within(case, &run::all(case), &run::budget()) else { return Ok(()) };
    for number in 0..goals {
        let dice = Dice::new(seed.wrapping_add(number as u64));
        let goal = Goals { dice, case, model: &model, vars: Vec::new(), at: 1000 }.goal();
        count(&seen.goals);
        let demanded = rewritten(case, &goal);
        if let Ok(demanded) = &demanded {
            count(&seen.used);
            if demanded.made.iter().any(|made| made.name.starts_with("reached ")) {
                count(&seen.factored);
            }
            let negated = |rule: &Rule| {
                let mut found = false;
                rule.body.atoms(&mut |atom, positive| {
                    found |= !positive && demanded.made.iter().any(|made| made.pred == atom.pred);
                });
                found
            };
            if demanded.program.rules.iter().chain(&demanded.goals).any(negated) {
                count(&seen.through_negation);
            }
        }
        let whole = Base::new(case).ask(case, &goal, false, &run::budget());
        let found = Base::new(case).ask(case, &goal, true, &run::budget());
        match (whole, found) {
            (Ok(whole), Ok(found)) if whole == found => {
                if !found.is_empty() && demanded.is_ok() {
                    count(&seen.answered);
                }
            }
            // What is pruned cannot fail.
            (Err(EvalError::Runtime { .. }), _) | (Err(EvalError::Stopped { .. }), _) => {}
            (Ok(_), Err(EvalError::Stopped { .. })) => {}
            (whole, found) => {
                let program = demanded.as_ref().map(text).unwrap_or_default();
                return Err(TestCaseError::fail(format!(
                    "goal {:?}\n{:?}\nwhole {whole:?}\nby demand {found:?}\n{program}",
                    goal.args, goal.body
                )));
            }
        }
    }
    Ok(())
}

#[test]
fn demand_changes_no_answer() {
    let seen = Seen::default();
    let test = |(case, seed): (Case, u64)| same(&case, seed, 4, &seen);
    if let Err(error) = runner(500).run(&(Cases, any::<u64>()), test) {
        panic!("{error}");
    }
    let share = |cell: &Cell<u32>| cell.get() * 100 / seen.goals.get().max(1);
    let shares = [&seen.used, &seen.answered, &seen.through_negation].map(share);
    // A few cases say nothing of shares.
    let few = seen.goals.get() < 1_000;
    assert!(few || shares[0] >= 25 && shares[1] >= 15 && shares[2] >= 3, "{shares:?}");
}

/// Recursions as people write them, in all their shapes, over small relations with nil in them.
fn linear(seed: u64) -> String {
    let mut dice = Dice::new(seed);
    let optional = |dice: &mut Dice| if dice.chance(25) { "?" } else { "" };
    let mut text = String::new();
    let stated = if dice.chance(20) { "T" } else { "E" };
    for name in ["E", "F", "T"] {
        if name != "T" || stated == "T" {
            let [a, b] = [optional(&mut dice), optional(&mut dice)];
            text += &format!(".decl {name}(x: number{a}, z: number{b})\n");
            for _ in 0..dice.between(1, 7) {
                let mut value = |mark: &str| match mark {
                    "?" if dice.chance(25) => "nil".to_owned(),
                    _ => dice.below(5).to_string(),
                };
                text += &format!("{name}(x: {}, z: {}).\n", value(a), value(b));
            }
        }
    }
    text += "N(x: x) :- E(x: x, z: x).\nN(x: 3).\n";
    let shapes = [
        "T(x: x, z: z) :- E(x: x, z: z).",
        "T(x: x, z: z) :- F(x: x, z: z), !N(x: x).",
        "T(x: x, z: z) :- F(x: z, z: y), x = 1.",
        "T(x: 2, z: z) :- E(x: z).",
        "T(x: x, z: y + 1) :- F(x: x, z: y).",
        "T(x: x + 1, z: y) :- F(x: x, z: y).",
        "T(x: x, z: nil) :- N(x: x).",
        "T(x: x, z: n) :- N(x: x), n = count : { E(x: x) }.",
        "T(x: x, z: z) :- E(x: x, z: y), T(x: y, z: z).",
        "T(x: x, z: z) :- F(x: x, z: y), !N(x: y), T(x: y, z: z).",
        "T(x: x, z: z) :- N(x: x), y = 3, T(x: y, z: z).",
        "T(x: x, z: z) :- E(x: x, z: y), y < 3, T(x: y, z: z).",
        "T(x: x, z: z) :- F(x: x, z: y), y + 1 > 2, T(x: y, z: z).",
        "T(x: 1, z: z) :- F(x: y), T(x: y, z: z).",
        "T(x: x, z: z) :- T(x: x, z: y), E(x: y, z: z).",
        "T(x: x, z: z) :- T(x: x), F(z: z).",
        "T(x: x, z: z) :- T(x: x, z: y), F(x: y, z: z), !N(x: z).",
        "T(x: x, z: z) :- T(x: x, z: y), F(x: x, z: z), y != z.",
        "T(x: x, z: z) :- T(x: x, z: y), T(x: y, z: z).",
        "T(x: x, z: z) :- T(x: x, z: v), F(x: v, z: w), T(x: w, z: z).",
        "T(x: x, z: z) :- E(x: x, z: u), T(x: u, z: v), F(x: v, z: z).",
        "T(x: z, z: x) :- T(x: x, z: z).",
    ];
    let starts = dice.between(1, 2);
    let steps = dice.between(1, 3);
    for _ in 0..starts {
        text += &format!("{}\n", dice.pick(&shapes[..8]));
    }
    for _ in 0..steps {
        text += &format!("{}\n", dice.pick(&shapes[8..]));
    }
    if dice.chance(60) {
        let over = [
            "Q(x: x, z: z) :- F(x: x, z: y), T(x: y, z: z).",
            "Q(x: x, z: z) :- T(x: x, z: y), T(x: y, z: z).",
            "Q(x: x, z: z) :- F(x: x, z: z), !T(x: x, z: z).",
            "Q(x: x, z: n) :- N(x: x), n = count : { T(x: x) }.",
            "Q(x: x, z: z) :- T(x: z, z: x).",
        ];
        text += &format!("{}\n", dice.pick(&over));
    }
    text
}

#[test]
fn demand_changes_no_answer_of_recursions() {
    let seen = Seen::default();
    let refused = Cell::new(0);
    let tried = Cell::new(0);
    let test = |(seed, goals): (u64, u64)| {
        let text = linear(seed);
        count(&tried);
        let case = match run::read(&text) {
            Ok(case) => case,
            // A column that does not take nil, and the like.
            Err(_) => {
                count(&refused);
                return Ok(());
            }
        };
        same(&case, goals, 6, &seen).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))
    };
    let seeds = (any::<u64>(), any::<u64>()).no_shrink();
    if let Err(error) = runner(500).run(&seeds, test) {
        panic!("{error}");
    }
    let share = |cell: &Cell<u32>| cell.get() * 100 / seen.goals.get().max(1);
    let shares = [&seen.used, &seen.factored, &seen.answered].map(share);
    assert!(refused.get() * 2 < tried.get(), "{} of {} refused", refused.get(), tried.get());
    let few = seen.goals.get() < 1_000;
    assert!(few || shares[0] >= 40 && shares[1] >= 4 && shares[2] >= 20, "{shares:?}");
}

/// Wants some of the derived relations both ways. What is wanted whole has the same errors, too.
fn same_wanted(case: &Case, seed: u64, seen: &Seen) -> TestCaseResult {
    let mut dice = Dice::new(seed);
    let derived: Vec<PredId> = case.program.strata.iter().flat_map(|s| s.predicates.clone()).collect();
    if derived.is_empty() {
        return Ok(());
    }
    for _ in 0..2 {
        // Of those that nothing stands above, one or two.
        let late = derived.len() - derived.len().min(2);
        let mut wanted = vec![dice.pick(&derived[late..])];
        if dice.chance(30) {
            wanted.push(dice.pick(&derived));
        }
        wanted.sort();
        wanted.dedup();
        count(&seen.goals);
        let demanded = rewritten_for(case, &[], &wanted);
        count_if(&seen.used, demanded.is_ok());
        let whole = Base::new(case).want(case, &wanted, false, &run::budget());
        let found = Base::new(case).want(case, &wanted, true, &run::budget());
        match (whole, found) {
            (Ok(whole), Ok(found)) if whole == found => {
                count_if(&seen.answered, demanded.is_ok() && found.values().any(|rows| !rows.is_empty()));
            }
            (Err(EvalError::Runtime { .. }), Err(EvalError::Runtime { .. })) => {}
            (Err(EvalError::Stopped { .. }), _) | (_, Err(EvalError::Stopped { .. })) => {}
            (whole, found) => {
                let program = demanded.as_ref().map(text).unwrap_or_default();
                return Err(TestCaseError::fail(format!(
                    "wanted {wanted:?}\nwhole {whole:?}\nby demand {found:?}\n{program}"
                )));
            }
        }
    }
    Ok(())
}

#[test]
fn demand_of_rules_changes_nothing_that_is_wanted() {
    let seen = Seen::default();
    let test = |(case, seed): (Case, u64)| same_wanted(&case, seed, &seen);
    if let Err(error) = runner(500).run(&(Cases, any::<u64>()), test) {
        panic!("{error}");
    }
}

#[test]
fn demand_of_rules_changes_nothing_of_recursions() {
    let seen = Seen::default();
    let test = |(seed, wanted): (u64, u64)| {
        let mut dice = Dice::new(wanted);
        let rules = [
            "W(a: z) :- T(x: 3, z: z).",
            "W(a: x) :- T(x: x, z: 2), E(x: x).",
            "W(a: z) :- T(x: 1, z: y), T(x: y, z: z).",
            "W(a: z) :- E(x: 1, z: y), T(x: y, z: z).",
            "W(a: x) :- N(x: x), !T(x: 4, z: x).",
            "W(a: n) :- n = count : { T(x: 0) }.",
            "W(a: z) :- W(a: y), T(x: 2, z: y), F(x: y, z: z).\nW(a: 1).",
            "W(a: z) :- T(x: x, z: z), x = 2.",
            "W(a: x) :- T(x: x, z: 0) ; T(x: 0, z: x).",
            "W(a: 10 / z) :- T(x: 1, z: z), z >= 0.",
            "V(x: x, z: z) :- T(x: x, z: z), x != z.\nW(a: z) :- V(x: 2, z: z).",
        ];
        let mut text = linear(seed);
        for _ in 0..dice.between(1, 2) {
            text += &format!("{}\n", dice.pick(&rules));
        }
        // What does not fit together is refused.
        let Ok(case) = run::read(&text) else { return Ok(()) };
        same_wanted(&case, wanted, &seen).map_err(|error| TestCaseError::fail(format!("{text}\n{error}")))
    };
    let seeds = (any::<u64>(), any::<u64>()).no_shrink();
    if let Err(error) = runner(1000).run(&seeds, test) {
        panic!("{error}");
    }
    let share = |cell: &Cell<u32>| cell.get() * 100 / seen.goals.get().max(1);
    let shares = [&seen.used, &seen.answered].map(share);
    assert!(seen.goals.get() < 1_000 || shares[0] >= 12 && shares[1] >= 8, "{shares:?}");
}

#[test]
fn a_rule_that_asks_from_one_place_costs_what_that_reaches() {
    let mut text = String::from(
        ".decl edge(x: number, z: number)\n\
         path(x: x, z: z) :- edge(x: x, z: z).\n\
         path(x: x, z: z) :- path(x: x, z: y), edge(x: y, z: z).\n\
         from(z: z) :- path(x: 2050, z: z).\n\
         above(z: z) :- from(z: y), path(x: 2095, z: y), edge(x: y, z: z).\n\
         many(z: z) :- edge(x: x), path(x: x, z: z).\n\
         inverse(x: x, n: n) :- edge(x: x, z: z), n = 10 / (z - 1).\n\
         some(n: n) :- inverse(x: 2000, n: n).\n",
    );
    for chain in 0..5 {
        for at in 0..100 {
            let from = chain * 1000 + at;
            text += &format!("edge(x: {from}, z: {}).\n", from + 1);
        }
    }
    let case = run::read(&text).unwrap();
    let want = |names: &[&str]| {
        let wanted: Vec<PredId> = names.iter().map(|name| case.program.schema.find(name).unwrap()).collect();
        let budget = Budget::unlimited();
        let found = Base::new(&case).want(&case, &wanted, true, &budget);
        (found.map(|found| wanted.iter().map(|pred| found[pred].len()).collect::<Vec<_>>()), budget.rows())
    };
    // All of `path` is 5 × 5050 rows.
    let (found, rows) = want(&["from"]);
    assert!(found == Ok(vec![50]) && rows < 250, "{found:?} {rows}");
    let (found, rows) = want(&["above"]);
    assert!(found == Ok(vec![4]) && rows < 400, "{found:?} {rows}");
    // Whole, where somebody wants it whole.
    let (found, rows) = want(&["from", "path"]);
    assert!(found == Ok(vec![50, 25_250]) && rows >= 25_250, "{found:?} {rows}");
    let (found, _) = want(&["many"]);
    assert_eq!(found, Ok(vec![500]));
    // And a mistake is one, whoever needs it.
    let (found, _) = want(&["some"]);
    assert!(matches!(found, Err(EvalError::Runtime { .. })), "{found:?}");
}

/// The goal that a text says.
fn goal(case: &Case, text: &str) -> Rule {
    let (goal, problems) = parse_goal(FileId(0), text);
    assert!(problems.is_empty(), "{text}: {problems:?}");
    analysis::goal(&case.program, &goal.unwrap()).unwrap().0.rule
}

/// Answers and rows produced for them.
fn work(case: &Case, text: &str) -> (usize, u64) {
    let budget = Budget::unlimited();
    let answers = Base::new(case).ask(case, &goal(case, text), true, &budget).unwrap();
    (answers.len(), budget.rows())
}

#[test]
fn what_is_reached_costs_what_it_is() {
    let recursions = [
        "tc(x: x, z: z) :- tc(x: x, z: y), edge(x: y, z: z).",
        "tc(x: x, z: z) :- edge(x: x, z: y), tc(x: y, z: z).",
        "tc(x: x, z: z) :- tc(x: x, z: y), tc(x: y, z: z).",
    ];
    for recursion in recursions {
        let mut text = format!(
            ".decl edge(x: number, z: number)\n\
             tc(x: x, z: z) :- edge(x: x, z: z).\n{recursion}\n"
        );
        // Five chains of 100 edges; the goal is about one of them.
        for chain in 0..5 {
            for at in 0..100 {
                let from = chain * 1000 + at;
                text += &format!("edge(x: {from}, z: {}).\n", from + 1);
            }
        }
        let case = run::read(&text).unwrap();
        for (goal, answers) in [
            ("tc(x: 2000, z: z)", 100),
            ("tc(x: 2050, z: z)", 50),
            ("tc(x: x, z: 2100)", 100),
            ("tc(x: 2010, z: 2090)", 1),
            ("tc(x: 2010, z: 1090)", 0),
            ("tc(x: s, z: z), s = 2000", 100),
            ("s in [2000, 3000], tc(x: s, z: z)", 200),
        ] {
            let (found, rows) = work(&case, goal);
            assert_eq!(found, answers, "{recursion} {goal}");
            assert!(rows <= 810, "{recursion} {goal}: {rows} rows for {answers} answers");
        }
    }
}

#[test]
fn what_is_denied_or_counted_is_asked_for_too() {
    let mut text = String::from(
        ".decl edge(x: number, z: number)\n.decl node(x: number)\n\
         tc(x: x, z: z) :- edge(x: x, z: z).\n\
         tc(x: x, z: z) :- tc(x: x, z: y), edge(x: y, z: z).\n\
         apart(x: x, z: z) :- node(x: x), node(x: z), !tc(x: x, z: z).\n\
         size(x: x, n: n) :- node(x: x), n = count : { tc(x: x) }.\n",
    );
    for at in 0..60 {
        text += &format!("node(x: {at}).\nedge(x: {at}, z: {}).\n", at + 1);
    }
    let case = run::read(&text).unwrap();
    // From 50 one reaches 51 to 60; the nodes are 0 to 59. All of `tc` has 1830 rows.
    let (answers, rows) = work(&case, "apart(x: 50, z: z)");
    assert!(answers == 51 && rows < 600, "{answers} {rows}");
    let (answers, rows) = work(&case, "size(x: 50, n: n)");
    assert!(answers == 1 && rows < 60, "{answers} {rows}");
    let (answers, rows) = work(&case, "size(x: 50, n: 10), !tc(x: 50, z: 3)");
    assert!(answers == 1 && rows < 120, "{answers} {rows}");
}

#[test]
fn an_error_in_what_is_not_needed_stays_unseen() {
    let text = ".decl e(x: number, z: number)\ne(x: 1, z: 2).\ne(x: 3, z: 0).\n\
                inverse(x: x, n: n) :- e(x: x, z: z), n = 10 / z.\n";
    let case = run::read(text).unwrap();
    let needed = goal(&case, "inverse(x: 1, n: n)");
    let failing = goal(&case, "inverse(x: 3, n: n)");
    let mut base = Base::new(&case);
    let mut ask = |goal, demand| base.ask(&case, goal, demand, &run::budget());
    assert_eq!(ask(&needed, true), Ok(BTreeSet::from([vec![Value::Number(5)]])));
    assert!(matches!(ask(&needed, false), Err(EvalError::Runtime { .. })));
    // What is needed names the rule that failed, as written.
    let Err(EvalError::Runtime { rule, binding, .. }) = ask(&failing, true) else { panic!("an error") };
    assert_eq!(rule, factlog::engine::RuleRef::Rule(factlog::model::RuleId(0)));
    assert!(binding.contains(&("x".to_owned(), Value::Number(3))), "{binding:?}");
}

#[test]
fn a_recursion_that_would_ask_for_everything_is_left_whole() {
    // Points-to analysis: who points to what a variable points to is asked for as well.
    let text = ".decl new(x: number, o: number)\n.decl assign(x: number, y: number)\n\
                .decl load(x: number, y: number)\n.decl store(x: number, y: number)\n\
                to(x: x, o: o) :- new(x: x, o: o).\n\
                to(x: x, o: o) :- assign(x: x, y: y), to(x: y, o: o).\n\
                to(x: x, o: o) :- load(x: x, y: y), to(x: y, o: p), to(x: p, o: o).\n\
                to(x: p, o: o) :- store(x: x, y: y), to(x: x, o: p), to(x: y, o: o).\n\
                new(x: 1, o: 2).\n";
    let case = run::read(text).unwrap();
    assert_eq!(rewritten(&case, &goal(&case, "to(x: 1, o: o)")).err(), Some(Unused::Everything));
    // Two ways to ask are well where the goal has them.
    let text = ".decl edge(x: number, z: number)\ntc(x: x, z: z) :- edge(x: x, z: z).\n\
                tc(x: x, z: z) :- tc(x: x, z: y), tc(x: y, z: z).\nedge(x: 1, z: 2).\n";
    let case = run::read(text).unwrap();
    assert!(rewritten(&case, &goal(&case, "tc(x: 1, z: y), tc(x: z, z: 2)")).is_ok());
}
