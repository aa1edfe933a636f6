//! Explanations are true: every tuple of a generated program's model has proofs, an independent
//! checker accepts each of them, and rejects what has been tampered with.

mod common;

use std::cell::Cell;
use std::collections::BTreeSet;
use std::ops::ControlFlow;

use common::evaluated::{World, absent, check, fail};
use common::run;
use factlog::base::Budget;
use factlog::engine::RuleRef;
use factlog::engine::naive::{self, Relations};
use factlog::model::schema::PredId;
use factlog::model::{Literal, Status, Value};
use factlog::provenance::proof::{Node, Proof, Support, Why};
use factlog::provenance::whynot::{Reached, attempts};
use factlog::provenance::{Firmness, Instance, Rejection, Statements, Tuple, proofs};
use factlog::storage::Interner;

/// Generated facts carry no status; some are made less firm, by their values alone.
struct ByValue<'a>(&'a Interner);

impl Statements for ByValue<'_> {
    fn firmness(&self, tuple: &Tuple) -> Firmness {
        let text: String = tuple.row.iter().map(|word| self.0.value(*word).to_string()).collect();
        let status = match text.bytes().map(usize::from).sum::<usize>() % 4 {
            0 => Status::Planned,
            _ => Status::Held,
        };
        Firmness { status, conf: 1.0 }
    }
}

#[test]
fn every_tuple_has_proofs_and_all_are_accepted() {
    let [derived, more] = [const { Cell::new(0_u64) }; 2];
    check(200, |world| {
        let budget = Budget::unlimited();
        let (graph, verifier) = (world.graph(&budget), world.verifier(&budget));
        for tuple in world.tuples() {
            let found = proofs(&graph, &ByValue(&world.interner), &tuple, 3).unwrap();
            let shown = || graph.values(&tuple.row);
            let Some(first) = found.first() else {
                return fail(format!("no proof of {:?}{:?}", tuple.pred, shown()));
            };
            derived.set(derived.get() + u64::from(first.nodes[0].why != Why::Stated));
            more.set(more.get() + u64::from(found.len() > 1));
            for (at, proof) in found.iter().enumerate() {
                if proof.nodes[0].pred != tuple.pred || proof.nodes[0].tuple != shown() {
                    return fail(format!("a proof of {:?} for {:?}", proof.nodes[0].tuple, shown()));
                }
                if let Err(rejection) = verifier.verify(proof) {
                    return fail(format!("{rejection} in proof {at} of {:?}: {proof:#?}", shown()));
                }
                if found[..at].contains(proof) {
                    return fail(format!("the same proof twice of {:?}", shown()));
                }
            }
        }
        Ok(())
    });
    assert!(derived.get() > 400 && more.get() > 200, "{} derived, {} with more", derived.get(), more.get());
}

#[test]
fn the_instances_of_a_tuple_are_of_the_rules_that_derive_it() {
    check(200, |world| {
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let mut relations = Relations::new();
        for tuple in world.tuples() {
            relations.entry(tuple.pred).or_default().insert(graph.values(&tuple.row));
        }
        let mut by_rule: BTreeSet<(usize, Vec<Value>)> = BTreeSet::new();
        for (at, rule) in world.case.program.rules.iter().enumerate() {
            match naive::derive(rule, &relations, &run::patience()) {
                Ok(tuples) => by_rule.extend(tuples.into_iter().map(|tuple| (at, tuple))),
                Err(naive::Error::Stopped(_)) => return Ok(()),
                Err(error) => return fail(format!("{error}")),
            }
        }
        for tuple in world.tuples() {
            let values = graph.values(&tuple.row);
            let mut found = BTreeSet::new();
            let visit = &mut |instance: Instance| {
                if let RuleRef::Rule(rule) = instance.rule {
                    found.insert(rule.0 as usize);
                }
                ControlFlow::Continue(())
            };
            graph.instances(&tuple, visit).unwrap();
            let expected = (0..world.case.program.rules.len())
                .filter(|at| world.case.program.rules[*at].head == tuple.pred)
                .filter(|at| by_rule.contains(&(*at, values.clone())));
            if !found.iter().copied().eq(expected) {
                return fail(format!("{:?}{values:?} by the rules {found:?}", tuple.pred));
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_tampered_with_is_rejected() {
    let tampered = Cell::new(0);
    check(100, |world| {
        let budget = Budget::unlimited();
        let (graph, verifier) = (world.graph(&budget), world.verifier(&budget));
        for tuple in world.tuples() {
            for proof in proofs(&graph, &ByValue(&world.interner), &tuple, 1).unwrap() {
                for (how, wrong) in mutations(&world, &proof) {
                    tampered.set(tampered.get() + 1);
                    match verifier.verify(&wrong) {
                        Err(Rejection::Wrong { .. }) => {}
                        other => return fail(format!("{how} is taken for a proof ({other:?}): {wrong:#?}")),
                    }
                }
            }
        }
        Ok(())
    });
    assert!(tampered.get() > 2000, "{} only", tampered.get());
}

#[test]
fn attempts_say_what_is_there_and_what_is_not() {
    check(150, |world| {
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let present: BTreeSet<(PredId, Vec<Value>)> =
            world.tuples().into_iter().map(|tuple| (tuple.pred, graph.values(&tuple.row))).collect();
        for (pred, tuple) in absent(&world) {
            let wanted: Vec<Option<u32>> = tuple.iter().map(|value| Some(graph.word(value))).collect();
            let (tried, _) = attempts(&graph, pred, &wanted).unwrap();
            for attempt in &tried {
                let RuleRef::Rule(rule) = attempt.rule else { return fail("a goal".to_owned()) };
                let literals = &world.case.program.rule(rule).body.alternatives[attempt.alternative];
                if attempt.unmet() == 0 {
                    return fail(format!("nothing keeps {pred:?}{tuple:?} from holding: {attempt:?}"));
                }
                for (literal, reached) in literals.iter().zip(&attempt.reached) {
                    let fits = match (literal, reached) {
                        (Literal::Atom(atom), Reached::Met(Some(row))) => {
                            present.contains(&(atom.pred, row.clone()))
                        }
                        (Literal::Atom(_), reached) => matches!(reached, Reached::NoTuple { .. }),
                        (Literal::Not(..), Reached::InTheWay(blockers)) => {
                            blockers.iter().all(|blocker| present.contains(blocker))
                        }
                        _ => true,
                    };
                    if !fits {
                        return fail(format!("{reached:?} of {literal:?}"));
                    }
                }
            }
        }
        Ok(())
    });
}

/// Proofs that are none, whatever the program.
fn mutations(world: &World, proof: &Proof) -> Vec<(&'static str, Proof)> {
    let mut found = Vec::new();
    let mut add = |how: &'static str, edit: &dyn Fn(&mut Proof) -> bool| {
        let mut wrong = proof.clone();
        if edit(&mut wrong) {
            found.push((how, wrong));
        }
    };
    let foreign = || Value::symbol("nowhere in the program");
    for at in 0..proof.nodes.len() {
        add("another tuple", &|proof| {
            proof.nodes[at].tuple.first_mut().map(|value| *value = foreign()).is_some()
        });
        add("a derived tuple called stated", &|proof| {
            let Node { pred, tuple, why, .. } = &mut proof.nodes[at];
            let words: Option<Vec<u32>> = tuple.iter().map(|value| world.interner.get(value)).collect();
            let stated =
                world.tables.get(pred).zip(words).is_some_and(|(table, words)| table.contains(&words));
            *why = Why::Stated;
            !stated
        });
        let step =
            |proof: &mut Proof, edit: &mut dyn FnMut(&mut Vec<Option<Value>>, &mut Vec<Support>) -> bool| {
                match &mut proof.nodes[at].why {
                    Why::Rule(step) => edit(&mut step.binding, &mut step.premises),
                    Why::Stated => false,
                }
            };
        add("a premise less", &|proof| step(proof, &mut |_, premises| premises.pop().is_some()));
        add("a premise more", &|proof| {
            step(proof, &mut |_, premises| {
                premises.push(Support::Holds);
                true
            })
        });
        add("a premise that is not there", &|proof| {
            let nodes = proof.nodes.len();
            step(proof, &mut |_, premises| {
                let node = premises.iter_mut().find(|premise| matches!(premise, Support::Node(_)));
                node.map(|premise| *premise = Support::Node(nodes)).is_some()
            })
        });
        add("a premise that is the conclusion", &|proof| {
            step(proof, &mut |_, premises| {
                let node = premises.iter_mut().find(|premise| matches!(premise, Support::Node(_)));
                node.map(|premise| *premise = Support::Node(at)).is_some()
            })
        });
        add("an aggregate of another value", &|proof| {
            step(proof, &mut |_, premises| {
                premises.iter_mut().any(|premise| match premise {
                    Support::Aggregate { value, .. } => {
                        *value = foreign();
                        true
                    }
                    _ => false,
                })
            })
        });
        add("an aggregate of more rows", &|proof| {
            step(proof, &mut |_, premises| {
                premises.iter_mut().any(|premise| match premise {
                    Support::Aggregate { total, .. } => {
                        *total += 1;
                        true
                    }
                    _ => false,
                })
            })
        });
        add("an atom that is only said to hold", &|proof| {
            step(proof, &mut |_, premises| {
                let node = premises.iter_mut().find(|premise| matches!(premise, Support::Node(_)));
                node.map(|premise| *premise = Support::Holds).is_some()
            })
        });
    }
    found
}
