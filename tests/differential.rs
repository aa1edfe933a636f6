//! The engine agrees with the reference evaluator on generated programs.

mod common;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use common::case::Case;
use common::print;
use common::run::{self, Answers, Base, Outcome};
use common::shrink::{Cases, runner};
use factlog::base::{Budget, CancelToken, Limits, Stop};
use factlog::engine::{EvalError, Share, Tuning};
use factlog::plan::{Access, Code, Read, RulePlan, Step};
use proptest::prelude::TestCaseError;
use proptest::test_runner::TestCaseResult;

/// Fails with both results where they differ; only relations that the engine was asked for count.
fn same(reference: &Outcome, engine: &Outcome) -> TestCaseResult {
    match (reference, engine) {
        (Outcome::Answers(right), Outcome::Answers(found)) => agree(right, found),
        (Outcome::Stopped, _) => Ok(()),
        (right, found) if right == found => Ok(()),
        (right, found) => {
            Err(TestCaseError::fail(format!("the reference ends with {right:?}, the engine with {found:?}")))
        }
    }
}

fn agree(right: &Answers, found: &Answers) -> TestCaseResult {
    for (name, rows) in found.iter().filter(|(name, _)| right.contains_key(*name)) {
        let missing: Vec<_> = right[name].difference(rows).collect();
        let extra: Vec<_> = rows.difference(&right[name]).collect();
        if !missing.is_empty() || !extra.is_empty() {
            let message = format!("{name}: the engine lacks {missing:?} and has in excess {extra:?}");
            return Err(TestCaseError::fail(message));
        }
    }
    Ok(())
}

fn check(cases: u32, test: impl Fn(Case) -> TestCaseResult) {
    if let Err(error) = runner(cases).run(&Cases, test) {
        panic!("{error}");
    }
}

#[test]
fn the_engine_agrees_with_the_reference() {
    let [cases, results, stopped] = [const { Cell::new(0) }; 3];
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    check(5_000, |case| {
        let reference = run::reference(&case);
        count(&cases);
        match &reference {
            Outcome::Answers(answers) if derives(&case, answers) => count(&results),
            Outcome::Stopped => count(&stopped),
            _ => {}
        }
        same(&reference, &run::engine(&case, &run::all(&case)))?;
        // Every fourth with each way to go about it; the threads take the most time here.
        let threads = Tuning { jobs: 3, eager_threads: true, ..Tuning::default() };
        match cases.get() % 4 {
            0 => same(&reference, &run::tuned(&case, &run::all(&case), threads)),
            1 => same(&reference, &run::tuned(&case, &run::all(&case), Tuning { bits: false, ..threads })),
            2 => {
                let rows = Tuning { bits: false, ..Tuning::default() };
                same(&reference, &run::tuned(&case, &run::all(&case), rows))
            }
            _ => {
                let share = Tuning { share: Share::Always, ..Tuning::default() };
                same(&reference, &run::tuned(&case, &run::all(&case), share))
            }
        }
    });
    assert!(results.get() * 2 >= cases.get(), "{} of {} programs have results", results.get(), cases.get());
    assert!(stopped.get() * 100 <= cases.get(), "{} programs take too long", stopped.get());
}

/// Whether rules derive anything that is not stated.
fn derives(case: &Case, answers: &Answers) -> bool {
    let stated = run::answers(case, &case.stated());
    answers.iter().any(|(name, rows)| rows.len() > stated.get(name).map_or(0, |rows| rows.len()))
}

#[test]
fn generated_programs_need_every_kind_of_loop() {
    let [cases, intersect, growing] = [const { Cell::new(0) }; 3];
    let count = |cell: &Cell<u32>, holds: bool| cell.set(cell.get() + u32::from(holds));
    check(500, |case| {
        let plans = run::plans(&case);
        let parts = |plan: &RulePlan, which: &dyn Fn(&Read) -> bool| {
            plan.steps.iter().any(|step| match step {
                Step::Intersect(meet) => meet.parts.iter().any(|part| which(&plan.reads[part.read])),
                _ => false,
            })
        };
        count(&cases, true);
        count(&intersect, plans.iter().any(|plan| parts(plan, &|_| true)));
        // Of a relation of the stratum, in a round.
        let of_round = |plan: &RulePlan| {
            plan.variant.is_some()
                && parts(plan, &|read| {
                    plan.reads.iter().any(|delta| delta.pred == read.pred && delta.access == Access::Delta)
                })
        };
        count(&growing, plans.iter().any(of_round));
        Ok(())
    });
    let (cases, intersect, growing) = (cases.get(), intersect.get(), growing.get());
    assert!(intersect * 20 >= cases, "{intersect} of {cases} programs intersect");
    assert!(growing * 100 >= cases, "{growing} of {cases} programs intersect what grows");
}

#[test]
fn generated_programs_compute_and_aggregate_in_every_way() {
    let counts: Cell<BTreeMap<String, u32>> = Cell::default();
    // The rarest, a mean of a key, is in about two of a thousand.
    check(6_000, |case| {
        let mut found = BTreeSet::new();
        run::plans(&case).iter().for_each(|plan| note(plan, &plan.steps, &mut found));
        let mut sums = counts.take();
        found.into_iter().for_each(|what| *sums.entry(what).or_default() += 1);
        counts.set(sums);
        Ok(())
    });
    let counts = counts.take();
    let kinds = ["Count", "Sum", "Min", "Max", "Mean", "List", "Concat"];
    let keyed = kinds.map(|kind| format!("{kind} of a key"));
    let steps = ["arithmetic", "comparison", "enumeration", "group", "several that can fail", "early"];
    for what in kinds.iter().chain(&steps).map(|what| (*what).to_owned()).chain(keyed) {
        let count = counts.get(&what).copied().unwrap_or(0);
        assert!(count >= 2, "{what} is needed {count} times; {counts:?}");
    }
}

/// What a plan needs beside loops over relations.
fn note(plan: &RulePlan, steps: &[Step], found: &mut BTreeSet<String>) {
    for step in steps {
        let what = match step {
            Step::Let { early: true, .. } => "early",
            Step::Let { value: Code::Call(..), .. } => "arithmetic",
            Step::Compare { .. } => "comparison",
            Step::Enumerate { .. } => "enumeration",
            Step::All(steps) => {
                note(plan, steps, found);
                "several that can fail"
            }
            Step::Not(group) => {
                group.alternatives.iter().for_each(|steps| note(plan, steps, found));
                "group"
            }
            Step::Aggregate(fold) => {
                fold.group.alternatives.iter().for_each(|steps| note(plan, steps, found));
                let kind = format!("{:?}", fold.op);
                // What can be made for all keys at once.
                if let [steps] = &fold.group.alternatives[..]
                    && let Some(Step::Scan(scan)) = steps.first()
                    && fold.group.shared.iter().all(|reg| scan.key.contains(reg))
                    && plan.reads[scan.read].columns != (0..scan.key.len()).collect::<Vec<_>>()
                {
                    found.insert(format!("{kind} of a key"));
                }
                found.insert(kind);
                continue;
            }
            _ => continue,
        };
        found.insert(what.to_owned());
    }
}

#[test]
fn the_text_of_a_program_means_the_same() {
    // While a wrong answer is shrunk, a smaller program that is refused is not what is looked for.
    let wrong = Cell::new(false);
    check(2_000, |case| {
        let read = match run::read(&print::text(&case)) {
            Ok(read) => read,
            Err(_) if wrong.get() => return Ok(()),
            Err(why) => return Err(TestCaseError::fail(format!("refused: {why}"))),
        };
        let outcome = same(&run::reference(&case), &run::engine(&read, &run::all(&read)));
        wrong.set(wrong.get() || outcome.is_err());
        outcome
    });
}

#[test]
fn a_relation_asked_for_alone_is_the_same() {
    check(500, |case| {
        let reference = run::reference(&case);
        if !matches!(reference, Outcome::Answers(_)) {
            return Ok(());
        }
        run::all(&case).into_iter().try_for_each(|pred| same(&reference, &run::engine(&case, &[pred])))
    });
}

#[test]
fn what_is_stopped_leaves_nothing_wrong_behind() {
    let cancelled = CancelToken::new();
    cancelled.cancel();
    let none = Limits::none;
    let tight = [
        (Limits { rows: Some(1), ..none() }, CancelToken::new()),
        (Limits { rows: Some(7), ..none() }, CancelToken::new()),
        (Limits { rounds: Some(1), ..none() }, CancelToken::new()),
        (Limits { rounds: Some(2), ..none() }, CancelToken::new()),
        (Limits { memory: Some(64), ..none() }, CancelToken::new()),
        (Limits { memory: Some(1024), ..none() }, CancelToken::new()),
        (Limits { time: Some(Duration::ZERO), ..none() }, CancelToken::new()),
        (none(), cancelled),
    ];
    check(500, |case| {
        let Outcome::Answers(right) = run::reference(&case) else { return Ok(()) };
        let mut base = Base::new(&case);
        let all = run::all(&case);
        for (limits, cancel) in &tight {
            let budget = Budget::new(limits.clone(), cancel.clone());
            match base.evaluate(&case, &all, &budget) {
                Ok(model) => agree(&right, &run::answers(&case, &model))?,
                Err(EvalError::Stopped { stop, .. }) => {
                    let fits = match stop {
                        Stop::Cancelled => cancel.is_cancelled(),
                        Stop::Rows(limit) => limits.rows == Some(limit),
                        Stop::Rounds(limit) => limits.rounds == Some(limit),
                        Stop::Time(limit) => limits.time == Some(limit),
                        Stop::Memory(limit) => limits.memory == Some(limit),
                    };
                    if !fits {
                        return Err(TestCaseError::fail(format!("{stop:?} under {limits:?}")));
                    }
                }
                Err(error) => return Err(TestCaseError::fail(format!("{error:?}"))),
            }
        }
        let model = base.evaluate(&case, &all, &Budget::unlimited());
        let model = model.map_err(|error| TestCaseError::fail(format!("{error:?}")))?;
        agree(&right, &run::answers(&case, &model))
    });
}
