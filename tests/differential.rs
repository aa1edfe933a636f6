//! The engine agrees with the reference evaluator on generated programs.

mod common;

use common::{case, generate};
use factlog::base::{Budget, CancelToken, Limits};
use factlog::engine::naive;
use std::time::{Duration, Instant};

#[test]
fn generated_programs_are_worth_running() {
    let (mut nonempty, mut fault, mut stopped) = (0, 0, 0);
    let n = 2000;
    let start = Instant::now();
    for seed in 0..n {
        let case = generate::case(seed);
        assert!(case::safe(&case.program), "unsafe: {seed}");
        let t = Instant::now();
        let limits = Limits { time: Some(Duration::from_millis(500)), ..Limits::none() };
        match naive::evaluate(&case.program, &[], &case.stated(), &Budget::new(limits, CancelToken::new())) {
            Ok(model) => {
                let stated = case.stated();
                if model.iter().any(|(p, t)| t.len() > stated.get(p).map_or(0, |s| s.len())) {
                    nonempty += 1;
                }
            }
            Err(naive::Error::Stopped(_)) => {stopped += 1; println!("{seed} stopped")},
            Err(naive::Error::Fault { .. }) => fault += 1,
            Err(e) => panic!("{e} {seed}"),
        }
        if t.elapsed().as_millis() > 100 { println!("{seed} slow {:?}", t.elapsed()); }
    }
    println!("{nonempty} {fault} {stopped} of {n} in {:?}", start.elapsed());
}
