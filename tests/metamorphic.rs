//! Edits that keep a program's meaning keep its answers.

mod common;

use common::dice::Dice;
use common::edit::EDITS;
use common::{case, generate, print};
use factlog::base::{Budget, CancelToken, Limits};
use factlog::engine::naive;
use std::time::Duration;

#[test]
fn naive_edits() {
    for (name, edit) in EDITS {
        let mut done = 0;
        for seed in 0..1500 {
            let case = generate::case(seed);
            let Some(edited) = edit(&case, &mut Dice::new(seed)) else { continue };
            done += 1;
            assert!(case::safe(&edited.program), "{name} {seed}\n{}", print::text(&edited));
            let run = |case: &case::Case| {
                let limits = Limits { time: Some(Duration::from_millis(500)), ..Limits::none() };
                naive::evaluate(&case.program, &[], &case.stated(), &Budget::new(limits, CancelToken::new()))
            };
            match (run(&case), run(&edited)) {
                (Ok(a), Ok(b)) => {
                    for (p, _) in case.program.schema.iter() {
                        assert_eq!(
                            a[&p],
                            b[&p],
                            "{name} {seed}\n{}\n{}",
                            print::text(&case),
                            print::text(&edited)
                        );
                    }
                }
                (Err(_), Err(_)) => {}
                (Err(naive::Error::Stopped(_)), _) | (_, Err(naive::Error::Stopped(_))) => {}
                (a, b) => panic!(
                    "{name} {seed}\n{:?}\n{:?}\n{}\n{}",
                    a.err(),
                    b.err(),
                    print::text(&case),
                    print::text(&edited)
                ),
            }
        }
        println!("{name}: {done}");
    }
}
