//! Edits that keep a program's meaning keep its answers.

mod common;

use std::cell::Cell;

use common::case::Case;
use common::dice::Dice;
use common::edit::{EDITS, Edit};
use common::print;
use common::run::{self, Outcome};
use common::shrink::{Cases, runner};
use proptest::prelude::TestCaseError;
use proptest::test_runner::TestCaseResult;

/// What the engine says of the relations that the original has.
fn outcome(original: &Case, case: &Case) -> Outcome {
    run::engine(case, &run::all(original))
}

/// Tries the edit on generated programs, in which it finds something to do at least `share` times
/// in a hundred.
fn keeps_answers(name: &str, share: u32) {
    let edit: Edit = EDITS.iter().find(|(other, _)| *other == name).expect("a known edit").1;
    let [tried, done] = [const { Cell::new(0) }; 2];
    let test = |case: Case| -> TestCaseResult {
        tried.set(tried.get() + 1);
        let mut dice = Dice::new(case.facts.len() as u64);
        let Some(edited) = edit(&case, &mut dice) else { return Ok(()) };
        done.set(done.get() + 1);
        let (before, after) = (outcome(&case, &case), outcome(&case, &edited));
        if before == after || [&before, &after].contains(&&Outcome::Stopped) {
            return Ok(());
        }
        let text = print::text(&edited);
        Err(TestCaseError::fail(format!("{name}: before {before:?}\nafter {after:?}\nedited:\n{text}")))
    };
    if let Err(error) = runner(500).run(&Cases, test) {
        panic!("{error}");
    }
    let (tried, done) = (tried.get(), done.get());
    assert!(done * 100 >= tried * share, "{name}: something to do in {done} of {tried}");
}

macro_rules! edits {
    ($($test:ident = $name:literal, $share:literal;)*) => {
        $(
            #[test]
            fn $test() {
                keeps_answers($name, $share);
            }
        )*

        #[test]
        fn every_edit_is_tried() {
            assert_eq!(EDITS.map(|(name, _)| name), [$($name),*]);
        }
    };
}

edits! {
    renaming_variables = "rename variables", 99;
    reordering_literals = "reorder literals", 99;
    swapping_alternatives = "swap alternatives", 50;
    reordering_rules = "reorder rules", 70;
    permuting_facts = "permute facts", 90;
    splitting_a_rule = "split a rule through a helper", 50;
    adding_an_always_false_rule = "add an always-false rule", 99;
    negating_twice = "negate twice through a helper", 15;
    duplicating_a_literal = "duplicate a literal", 90;
    making_rules_of_alternatives = "make a rule of an alternative", 40;
}
