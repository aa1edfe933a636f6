//! What would make a tuple hold, as why-not proposes it: on generated programs, against trying all.

mod common;

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};

use common::case::{Case, nested_bodies};
use common::evaluated::{World, absent, check, fail, possible};
use common::run;
use factlog::base::Budget;
use factlog::engine::naive::{self, Relations};
use factlog::model::schema::{PredId, PredKind};
use factlog::model::{Literal, Value};
use factlog::provenance::Graph;
use factlog::provenance::candidates::{Reach, can_hinder, candidates};
use factlog::provenance::remedy::{Change, Remedies, Stated, exchanges, remedies};
use factlog::provenance::repair::{Missing, repairs};
use factlog::provenance::trial::Trial;

/// The case with those of its rules that know neither negation nor aggregates: more facts never
/// take anything away.
fn positive(case: &Case) -> Case {
    let is_positive = |literal: &Literal| nested_bodies(&mut literal.clone()).is_empty();
    let rules = case.program.rules.iter();
    let rules = rules.filter(|rule| rule.body.alternatives.iter().flatten().all(is_positive));
    case.with_rules(rules.cloned().collect())
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

/// A world with other facts: whether a tuple holds there.
fn holds_with(world: &World, facts: Relations, pred: PredId, tuple: &[Value]) -> Trial {
    match naive::evaluate(&world.case.program, &[], &facts, &run::little()) {
        Ok(model) if model[&pred].contains(tuple) => Trial::Does,
        Ok(_) => Trial::DoesNot,
        // More facts can overflow what fewer did not, or take long.
        Err(_) => Trial::Unknown,
    }
}

fn changed(world: &World, change: Change<'_>) -> Relations {
    let mut facts = world.case.stated();
    for (pred, tuple) in change.without {
        facts.entry(*pred).or_default().remove(tuple);
    }
    for missing in change.with {
        facts.entry(missing.pred).or_default().insert(missing.tuple.clone());
    }
    facts
}

/// What would make a tuple hold, as a session finds it.
fn remedies_of(world: &World, graph: &Graph<'_>, pred: PredId, tuple: &[Value]) -> Remedies {
    let wanted: Vec<Option<u32>> = tuple.iter().map(|value| Some(graph.word(value))).collect();
    let proposed = repairs(graph, pred, &wanted).unwrap();
    let alone = proposed.sets.iter().any(|set| set.len() == 1) && !can_hinder(graph, pred);
    let all = (!alone).then(|| candidates(graph, pred, &wanted, Reach::Either).unwrap());
    let mut trial =
        |change: Change<'_>| Ok::<Trial, ()>(holds_with(world, changed(world, change), pred, tuple));
    let mut found = remedies(&proposed, all.as_ref(), 5, &mut trial).unwrap();
    let room = found.room_for_both();
    if room > 1 && can_hinder(graph, pred) {
        let both = candidates(graph, pred, &wanted, Reach::Both).unwrap();
        (found.both, found.cut_both) = exchanges(&both, room, 5, &mut trial).unwrap();
    }
    found
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
    effort: &Effort,
) -> Option<BTreeMap<usize, usize>> {
    let mut found = BTreeMap::new();
    let mut at: Vec<usize> = (0..size).collect();
    while at.last().is_some_and(|last| *last < facts.len()) {
        let mut stated = world.case.stated();
        for (pred, tuple) in at.iter().map(|at| &facts[*at]) {
            stated.entry(*pred).or_default().insert(tuple.clone());
        }
        effort.spend(1);
        let model = naive::evaluate(&world.case.program, &[], &stated, &run::little()).ok()?;
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

/// Evaluations by trying all that are made before no further program is begun, unless many programs
/// were asked for: counted, so that a test does the same wherever it runs.
struct Effort(Cell<usize>);

impl Effort {
    const MOST: usize = 8_000;

    fn new() -> Effort {
        Effort(Cell::new(0))
    }

    fn is_spent(&self) -> bool {
        self.0.get() > Effort::MOST && std::env::var_os("FACTLOG_CASES").is_none()
    }

    fn spend(&self, evaluations: usize) {
        self.0.set(self.0.get() + evaluations);
    }
}

#[test]
fn a_single_missing_fact_is_found_wherever_trying_all_finds_one() {
    let [found, cut, without] = [const { Cell::new(0) }; 3];
    let effort = Effort::new();
    check(20, |world| {
        if effort.is_spent() {
            return Ok(());
        }
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let absent = absent(&world);
        let Some(single) = by_trying(&world, &statable(&world, 40), 1, &absent, &effort) else {
            return Ok(());
        };
        // Few of those that no fact helps: that is sooner said.
        let helped = single.keys().copied().take(6);
        let others = (0..absent.len()).filter(|number| !single.contains_key(number)).take(2);
        for number in helped.chain(others) {
            let (pred, tuple) = &absent[number];
            let listed = remedies_of(&world, &graph, *pred, tuple);
            for (at, set) in listed.sets.iter().enumerate() {
                let refs: Vec<&Missing> = set.iter().collect();
                if holds_with(&world, changed(&world, Change::with(&refs)), *pred, tuple) != Trial::Does {
                    return fail(format!("{set:?} does not give {pred:?}{tuple:?}"));
                }
                let contains = |other: &Vec<Missing>| other.iter().all(|fact| set.contains(fact));
                if listed.sets.iter().enumerate().any(|(other, set)| other != at && contains(set)) {
                    return fail(format!("{set:?} contains another set for {pred:?}{tuple:?}"));
                }
            }
            for set in &listed.without {
                let refs: Vec<&(PredId, Vec<Value>)> = set.iter().collect();
                if holds_with(&world, changed(&world, Change::without(&refs)), *pred, tuple) != Trial::Does {
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
    let effort = Effort::new();
    check(60, |world| {
        if effort.is_spent() {
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
            let Some(sets) = by_trying(&world, &facts, size, &absent, &effort) else { return Ok(()) };
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
    assert!(found.get() > 0 && cut.get() <= found.get() + 2, "{shown}");
}

#[test]
fn facts_to_state_and_others_to_take_back_are_found_wherever_trying_all_pairs_finds_them() {
    let [found, cut] = [const { Cell::new(0) }; 2];
    let effort = Effort::new();
    check(60, |world| {
        if effort.is_spent() {
            return Ok(());
        }
        let budget = Budget::unlimited();
        let graph = world.graph(&budget);
        let absent = absent(&world);
        let add = statable(&world, 12);
        let alone = stated_alone(&world);
        let take: Vec<Stated> =
            world.case.facts.iter().filter(|(pred, _)| alone.contains(pred)).cloned().collect();
        if add.len() * take.len() > 1500 {
            return Ok(());
        }
        // Each tuple with the size of the smallest set, if that takes one of each kind.
        let Some(single) = by_trying(&world, &add, 1, &absent, &effort) else { return Ok(()) };
        let mut open: BTreeSet<usize> = (0..absent.len()).filter(|at| !single.contains_key(at)).collect();
        let mut pairs: BTreeSet<usize> = BTreeSet::new();
        for less in &take {
            let mut facts = world.case.stated();
            facts.entry(less.0).or_default().remove(&less.1);
            let more = std::iter::once(None).chain(add.iter().map(Some));
            for more in more {
                let mut facts = facts.clone();
                if let Some((pred, tuple)) = more {
                    facts.entry(*pred).or_default().insert(tuple.clone());
                }
                effort.spend(1);
                let Ok(model) = naive::evaluate(&world.case.program, &[], &facts, &run::little()) else {
                    return Ok(());
                };
                let held: Vec<usize> = open
                    .iter()
                    .copied()
                    .filter(|at| model[&absent[*at].0].contains(&absent[*at].1))
                    .collect();
                for at in held {
                    match more {
                        Some(_) => pairs.insert(at),
                        None => open.remove(&at) && pairs.remove(&at),
                    };
                }
            }
        }
        for number in pairs.into_iter().take(6) {
            let (pred, tuple) = &absent[number];
            let listed = remedies_of(&world, &graph, *pred, tuple);
            for both in &listed.both {
                let (with, without): (Vec<&Missing>, Vec<&Stated>) =
                    (both.with.iter().collect(), both.without.iter().collect());
                let change = Change { with: &with, without: &without };
                if holds_with(&world, changed(&world, change), *pred, tuple) != Trial::Does {
                    return fail(format!("{both:?} does not give {pred:?}{tuple:?}"));
                }
            }
            let listed_pair =
                listed.both.first().is_some_and(|both| both.with.len() + both.without.len() == 2);
            // Values of which trying all knows nothing can do with one fact what takes two here.
            let smaller = listed.sets.iter().any(|set| set.len() == 1);
            match listed_pair || smaller {
                true => found.set(found.get() + 1),
                false if listed.cut_both => cut.set(cut.get() + 1),
                false => return fail(format!("no exchange for {pred:?}{tuple:?}, but {listed:?}")),
            }
        }
        Ok(())
    });
    let shown = format!("{} found, {} cut", found.get(), cut.get());
    assert!(found.get() > 0 && cut.get() <= found.get(), "{shown}");
}
