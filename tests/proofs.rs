//! Explanations are true: every tuple of a generated program's model has proofs, an independent
//! checker accepts each of them, and rejects what has been tampered with.

mod common;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use common::case::{Case, nested_bodies};
use common::run;
use common::shrink::{Cases, runner};
use common::world::Kind;
use factlog::base::{Budget, CancelToken, Limits};
use factlog::engine::naive::{self, Relations};
use factlog::engine::{Engine, EvalError, Frog, Model, Request, RuleRef};
use factlog::model::schema::{PredId, PredKind};
use factlog::model::{Literal, Status, Value};
use factlog::provenance::candidates::{can_hinder, candidates};
use factlog::provenance::proof::{Node, Proof, Support, Why};
use factlog::provenance::remedy::{Change, Remedies, remedies};
use factlog::provenance::repair::{Missing, repairs};
use factlog::provenance::trial::Trial;
use factlog::provenance::whynot::{Reached, attempts};
use factlog::provenance::{Firmness, Graph, Instance, Rejection, Statements, Tuple, Verifier, proofs};
use factlog::storage::{Interner, Table};
use proptest::prelude::TestCaseError;
use proptest::test_runner::TestCaseResult;

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

/// An evaluated case.
struct World {
    case: Case,
    interner: Interner,
    tables: HashMap<PredId, Table>,
    model: Model,
}

impl World {
    /// `None` if the program has no model, or takes too long.
    fn new(case: Case) -> Option<World> {
        let mut interner = Interner::new();
        let mut words: HashMap<PredId, Vec<u32>> = HashMap::new();
        for (pred, tuple) in &case.facts {
            let row: Vec<u32> = tuple.iter().map(|value| interner.intern(value)).collect();
            words.entry(*pred).or_default().extend(row);
        }
        let table = |(pred, words)| match case.program.schema.predicate(pred).arity() {
            0 => (pred, Table::nullary(true)),
            width => (pred, Table::from_rows(width, words)),
        };
        let tables: HashMap<PredId, Table> = words.into_iter().map(table).collect();
        let all = run::all(&case);
        let mut request = Request::new(&case.program, &[], &all);
        request.rounds = true;
        match Frog.evaluate(&request, &tables, &mut interner, &little()) {
            Ok(model) => Some(World { case, interner, tables, model }),
            Err(EvalError::Stopped { .. } | EvalError::Runtime { .. }) => None,
        }
    }

    fn graph<'a>(&'a self, budget: &'a Budget) -> Graph<'a> {
        Graph::new(&self.case.program, &[], &self.tables, &self.model, &self.interner, budget)
    }

    fn verifier<'a>(&'a self, budget: &'a Budget) -> Verifier<'a> {
        Verifier {
            program: &self.case.program,
            goals: &[],
            tables: &self.tables,
            model: &self.model,
            interner: &self.interner,
            budget,
        }
    }

    /// Every tuple of the model.
    fn tuples(&self) -> Vec<Tuple> {
        let mut tuples = Vec::new();
        for pred in run::all(&self.case) {
            let derived = self.model.table(pred).map(AsRef::as_ref);
            let table: Option<&Table> = derived.or_else(|| self.tables.get(&pred));
            tuples.extend(table.into_iter().flat_map(Table::iter).map(|row| Tuple { pred, row: row.into() }));
        }
        tuples.sort();
        tuples
    }
}

fn check(cases: u32, test: impl Fn(World) -> TestCaseResult) {
    let run = |case: Case| World::new(case).map_or(Ok(()), &test);
    if let Err(error) = runner(cases).run(&Cases, run) {
        panic!("{error}");
    }
}

fn fail<T>(message: String) -> Result<T, TestCaseError> {
    Err(TestCaseError::fail(message))
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

/// The case with those of its rules that know neither negation nor aggregates: more facts never
/// take anything away.
fn positive(case: &Case) -> Case {
    let is_positive = |literal: &Literal| nested_bodies(&mut literal.clone()).is_empty();
    let rules = case.program.rules.iter();
    let rules = rules.filter(|rule| rule.body.alternatives.iter().flatten().all(is_positive));
    case.with_rules(rules.cloned().collect())
}

fn is_of(kind: Kind, value: &Value) -> bool {
    match kind {
        Kind::Symbol => matches!(value, Value::Symbol(_)),
        Kind::Number => matches!(value, Value::Number(_)),
        Kind::Float => matches!(value, Value::Float(_)),
        Kind::Bool => matches!(value, Value::Bool(_)),
        Kind::Date => matches!(value, Value::Date(_)),
        Kind::Level => matches!(value, Value::Enum(_)),
        Kind::Numbers => matches!(value, Value::List(_)),
    }
}

/// Tuples that are not in the model, some of each derived relation, made of the values that are.
fn absent(world: &World) -> Vec<(PredId, Vec<Value>)> {
    let present: BTreeSet<(PredId, Vec<Value>)> = world
        .tuples()
        .into_iter()
        .map(|tuple| (tuple.pred, tuple.row.iter().map(|word| world.interner.value(*word)).collect()))
        .collect();
    let mut found = Vec::new();
    let mut heads: Vec<PredId> = world.case.program.rules.iter().map(|rule| rule.head).collect();
    heads.sort();
    heads.dedup();
    for pred in heads {
        let tuples = possible(&world.case, pred, 1000).into_iter().map(|tuple| (pred, tuple));
        found.extend(tuples.filter(|tuple| !present.contains(tuple)).step_by(3).take(8));
    }
    found
}

#[test]
fn missing_facts_that_are_proposed_do_what_they_say() {
    let [found, none] = [const { Cell::new(0) }; 2];
    check(150, |world| {
        let Some(world) = World::new(positive(&world.case)) else { return Ok(()) };
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        for (pred, tuple) in absent(&world) {
            let wanted: Vec<Option<u32>> = tuple.iter().map(|value| Some(graph.word(value))).collect();
            let proposed = repairs(&graph, pred, &wanted).unwrap();
            let count = if proposed.sets.is_empty() { &none } else { &found };
            count.set(count.get() + 1);
            for set in &proposed.sets {
                let mut stated = world.case.stated();
                for missing in set {
                    stated.entry(missing.pred).or_default().insert(missing.tuple.clone());
                }
                match naive::evaluate(&world.case.program, &[], &stated, &run::patience()) {
                    Ok(model) if model[&pred].contains(&tuple) => {}
                    Ok(_) => return fail(format!("{set:?} does not give {pred:?}{tuple:?}")),
                    // More facts can overflow what fewer did not, or take long.
                    Err(_) => {}
                }
            }
        }
        Ok(())
    });
    assert!(found.get() > 50, "{} with proposals, {} without", found.get(), none.get());
}

/// The tuples that a relation can have, of values that the facts have, as many as `most`.
fn possible(case: &Case, pred: PredId, most: usize) -> Vec<Vec<Value>> {
    let all: BTreeSet<Value> = case.facts.iter().flat_map(|(_, tuple)| tuple.clone()).collect();
    let columns = &case.program.schema.predicate(pred).columns;
    let choices: Vec<Vec<&Value>> = columns
        .iter()
        .map(|column| {
            let kind = Kind::of(column.ty);
            all.iter().filter(|value| is_of(kind, value)).collect()
        })
        .collect();
    let count = choices.iter().map(Vec::len).product::<usize>().min(most);
    let tuple = |number: usize| {
        let mut left = number;
        let mut tuple = Vec::new();
        for choice in &choices {
            tuple.push(choice[left % choice.len()].clone());
            left /= choice.len();
        }
        tuple
    };
    (0..count).map(tuple).collect()
}

/// Enough for most generated programs: those that take more would be evaluated hundreds of times.
fn little() -> Budget {
    Budget::new(Limits { rows: Some(20_000), ..Limits::none() }, CancelToken::new())
}

/// A world with other facts: whether a tuple holds there.
fn holds_with(world: &World, facts: Relations, pred: PredId, tuple: &[Value]) -> Trial {
    match naive::evaluate(&world.case.program, &[], &facts, &little()) {
        Ok(model) if model[&pred].contains(tuple) => Trial::Does,
        Ok(_) => Trial::DoesNot,
        // More facts can overflow what fewer did not, or take long.
        Err(_) => Trial::Unknown,
    }
}

fn changed(world: &World, change: Change<'_>) -> Relations {
    let mut facts = world.case.stated();
    match change {
        Change::With(more) => {
            for missing in more {
                facts.entry(missing.pred).or_default().insert(missing.tuple.clone());
            }
        }
        Change::Without(less) => {
            for (pred, tuple) in less {
                facts.entry(*pred).or_default().remove(tuple);
            }
        }
    }
    facts
}

/// What would make a tuple hold, as a session finds it.
fn remedies_of(world: &World, graph: &Graph<'_>, pred: PredId, tuple: &[Value]) -> Remedies {
    let wanted: Vec<Option<u32>> = tuple.iter().map(|value| Some(graph.word(value))).collect();
    let proposed = repairs(graph, pred, &wanted).unwrap();
    let alone = proposed.sets.iter().any(|set| set.len() == 1) && !can_hinder(graph, pred);
    let all = (!alone).then(|| candidates(graph, pred, &wanted).unwrap());
    let mut trial =
        |change: Change<'_>| Ok::<Trial, ()>(holds_with(world, changed(world, change), pred, tuple));
    remedies(&proposed, all.as_ref(), 5, &mut trial).unwrap()
}

/// Relations that facts alone define.
fn stated_alone(world: &World) -> Vec<PredId> {
    let heads: BTreeSet<PredId> = world.case.program.rules.iter().map(|rule| rule.head).collect();
    let schema = &world.case.program.schema;
    let declared = schema.iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared);
    declared.map(|(pred, _)| pred).filter(|pred| !heads.contains(pred)).collect()
}

/// Facts that could be stated, as many as `most` of a relation.
fn statable(world: &World, most: usize) -> Vec<(PredId, Vec<Value>)> {
    let stated = world.case.stated();
    let is_stated =
        |pred: PredId, tuple: &Vec<Value>| stated.get(&pred).is_some_and(|known| known.contains(tuple));
    let of = |pred: PredId| possible(&world.case, pred, most).into_iter().map(move |tuple| (pred, tuple));
    stated_alone(world).into_iter().flat_map(of).filter(|(pred, tuple)| !is_stated(*pred, tuple)).collect()
}

/// Sets of `size` of these facts with which some of `absent` hold, by trying all; none if there is
/// a computation that fails.
fn by_trying(
    world: &World,
    facts: &[(PredId, Vec<Value>)],
    size: usize,
    absent: &[(PredId, Vec<Value>)],
) -> Option<BTreeMap<usize, usize>> {
    let mut found = BTreeMap::new();
    let mut at: Vec<usize> = (0..size).collect();
    while at.last().is_some_and(|last| *last < facts.len()) {
        let mut stated = world.case.stated();
        for (pred, tuple) in at.iter().map(|at| &facts[*at]) {
            stated.entry(*pred).or_default().insert(tuple.clone());
        }
        let model = naive::evaluate(&world.case.program, &[], &stated, &little()).ok()?;
        for (number, (pred, tuple)) in absent.iter().enumerate() {
            if model[pred].contains(tuple) {
                *found.entry(number).or_default() += 1;
            }
        }
        // The next combination.
        let turn = (0..size).rev().find(|place| at[*place] + size - place < facts.len());
        let Some(turn) = turn else { break };
        at[turn] += 1;
        for place in turn + 1..size {
            at[place] = at[place - 1] + 1;
        }
    }
    Some(found)
}

/// Trying all takes long on some programs: no further one is begun after half a minute, unless many
/// were asked for.
fn is_enough(started: Instant) -> bool {
    started.elapsed() > Duration::from_secs(30) && std::env::var_os("FACTLOG_CASES").is_none()
}

#[test]
fn a_single_missing_fact_is_found_wherever_trying_all_finds_one() {
    let [found, cut, without] = [const { Cell::new(0) }; 3];
    let started = Instant::now();
    check(20, |world| {
        if is_enough(started) {
            return Ok(());
        }
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let absent = absent(&world);
        let Some(single) = by_trying(&world, &statable(&world, 40), 1, &absent) else { return Ok(()) };
        // Few of those that no fact helps: that is sooner said.
        let helped = single.keys().copied().take(6);
        let others = (0..absent.len()).filter(|number| !single.contains_key(number)).take(2);
        for number in helped.chain(others) {
            let (pred, tuple) = &absent[number];
            let listed = remedies_of(&world, &graph, *pred, tuple);
            for (at, set) in listed.sets.iter().enumerate() {
                let refs: Vec<&Missing> = set.iter().collect();
                if holds_with(&world, changed(&world, Change::With(&refs)), *pred, tuple) != Trial::Does {
                    return fail(format!("{set:?} does not give {pred:?}{tuple:?}"));
                }
                let contains = |other: &Vec<Missing>| other.iter().all(|fact| set.contains(fact));
                if listed.sets.iter().enumerate().any(|(other, set)| other != at && contains(set)) {
                    return fail(format!("{set:?} contains another set for {pred:?}{tuple:?}"));
                }
            }
            for set in &listed.without {
                let refs: Vec<&(PredId, Vec<Value>)> = set.iter().collect();
                if holds_with(&world, changed(&world, Change::Without(&refs)), *pred, tuple) != Trial::Does {
                    return fail(format!("without {set:?} there is no {pred:?}{tuple:?}"));
                }
                without.set(without.get() + 1);
            }
            if !single.contains_key(&number) {
                continue;
            }
            match listed.sets.first() {
                Some(set) if set.len() == 1 => found.set(found.get() + 1),
                _ if listed.cut => cut.set(cut.get() + 1),
                _ => return fail(format!("no single fact for {pred:?}{tuple:?}, but {listed:?}")),
            }
        }
        Ok(())
    });
    let shown = format!("{} found, {} cut, {} without", found.get(), cut.get(), without.get());
    assert!(found.get() > 1 && cut.get() * 3 < found.get(), "{shown}");
}

#[test]
fn two_or_three_missing_facts_are_found_wherever_trying_all_finds_them() {
    let [found, cut] = [const { Cell::new(0) }; 2];
    let started = Instant::now();
    check(60, |world| {
        if is_enough(started) {
            return Ok(());
        }
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let absent = absent(&world);
        let facts = statable(&world, 12);
        let mut smallest: BTreeMap<usize, usize> = BTreeMap::new();
        for size in [1, 2, 3] {
            if size == 3 && facts.len() > 16 || facts.len() > 60 {
                break;
            }
            let Some(sets) = by_trying(&world, &facts, size, &absent) else { return Ok(()) };
            sets.into_keys().for_each(|number| {
                smallest.entry(number).or_insert(size);
            });
        }
        for (number, size) in smallest.into_iter().filter(|(_, size)| *size > 1) {
            let (pred, tuple) = &absent[number];
            let listed = remedies_of(&world, &graph, *pred, tuple);
            match listed.sets.first() {
                Some(set) if set.len() <= size => found.set(found.get() + 1),
                _ if listed.cut => cut.set(cut.get() + 1),
                _ => return fail(format!("no {size} facts for {pred:?}{tuple:?}, but {listed:?}")),
            }
        }
        Ok(())
    });
    let shown = format!("{} found, {} cut", found.get(), cut.get());
    assert!(cut.get() <= found.get() + 2, "{shown}");
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
