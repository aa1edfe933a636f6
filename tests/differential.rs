//! The engine agrees with the reference evaluator on generated programs.

mod common;

use std::cell::Cell;

use common::case::Case;
use common::run::{self, Outcome};
use common::shrink::{Cases, runner};
use proptest::prelude::TestCaseError;
use proptest::test_runner::TestCaseResult;

/// Fails with both results where they differ.
fn same(reference: &Outcome, engine: &Outcome) -> TestCaseResult {
    match (reference, engine) {
        (Outcome::Answers(right), Outcome::Answers(found)) => {
            for (name, rows) in found {
                let missing: Vec<_> = right[name].difference(rows).collect();
                let extra: Vec<_> = rows.difference(&right[name]).collect();
                if !missing.is_empty() || !extra.is_empty() {
                    let message = format!("{name}: the engine lacks {missing:?} and has in excess {extra:?}");
                    return Err(TestCaseError::fail(message));
                }
            }
            Ok(())
        }
        (Outcome::Stopped, _) => Ok(()),
        (right, found) if right == found => Ok(()),
        (right, found) => {
            Err(TestCaseError::fail(format!("the reference ends with {right:?}, the engine with {found:?}")))
        }
    }
}

#[test]
fn the_engine_agrees_with_the_reference() {
    let [cases, results, stopped] = [const { Cell::new(0) }; 3];
    let count = |cell: &Cell<u32>| cell.set(cell.get() + 1);
    let outcome = runner(5_000).run(&Cases, |case: Case| {
        let reference = run::reference(&case);
        count(&cases);
        match &reference {
            Outcome::Answers(answers) if derives(&case, answers) => count(&results),
            Outcome::Stopped => count(&stopped),
            _ => {}
        }
        same(&reference, &run::engine(&case, &run::all(&case)))
    });
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(results.get() * 2 >= cases.get(), "{} of {} programs have results", results.get(), cases.get());
    assert!(stopped.get() * 100 <= cases.get(), "{} programs take too long", stopped.get());
}

/// Whether rules derive anything that is not stated.
fn derives(case: &Case, answers: &run::Answers) -> bool {
    let stated = run::answers(case, &case.stated());
    answers.iter().any(|(name, rows)| rows.len() > stated.get(name).map_or(0, |rows| rows.len()))
}
