//! Inputs of the programs beyond the twelve.

use std::ops::Range;

use factlog_peers::names::Name;
use factlog_peers::random::{Random, Skewed};

use crate::Input;
use crate::graphs::uniform;

/// 10⁷ edges over 5·10⁶ nodes that are reached in blocks of 2 000 only.
pub fn blocks(input: &mut Input) {
    const NODES: u32 = 5_000_000;
    const BLOCK: u32 = 2_000;
    let random = &mut input.random;
    let edges: Vec<(u32, u32)> = (0..2 * NODES)
        .map(|_| {
            let x = random.below(NODES);
            (x, x / BLOCK * BLOCK + random.below(BLOCK))
        })
        .collect();
    input.set("edge", edges);
}

/// Packages that depend on earlier ones, on few of them very often.
pub fn packages(input: &mut Input) {
    const PACKAGES: u32 = 12_000;
    let random = &mut input.random;
    let groups = ["net", "text", "geo", "math", "audio", "render", "storage", "parse"];
    let order = random.permutation(PACKAGES);
    let name = |package: u32| {
        let number = order[package as usize];
        Name::of(
            format!("lib-{}/{}-{number:05}", groups[number as usize % groups.len()], number % 97).as_bytes(),
        )
    };
    let popular = Skewed::new(PACKAGES, 300.0, 0.5);
    let mut rows = Vec::new();
    for package in 1..PACKAGES {
        for _ in 0..1 + random.below(4) {
            rows.push((name(package), name(popular.draw(random) % package)));
        }
    }
    input.set("depends", rows);
}

/// A family of eight generations, in which each has two or three children; a child in five has a second parent.
pub fn family(input: &mut Input) {
    let random = &mut input.random;
    let mut rows = Vec::new();
    let mut people = vec!["Ada 1".to_owned()];
    let first = ["Ada", "Ben", "Cleo", "Dov", "Elif", "Farid", "Gül", "Hana", "Ivo", "Jun"];
    for _ in 0..8 {
        let mut children = Vec::new();
        for parent in &people {
            for _ in 0..2 + random.below(2) {
                let child = format!("{} {}", first[random.below(10) as usize], rows.len() + 2);
                rows.push((child.clone(), parent.clone()));
                if random.chance(0.2) {
                    rows.push((child.clone(), people[random.below(people.len() as u32) as usize].clone()));
                }
                children.push(child);
            }
        }
        people = children;
    }
    input.set(
        "parent",
        rows.iter()
            .map(|(child, parent)| (Name::of(child.as_bytes()), Name::of(parent.as_bytes())))
            .collect(),
    );
}

/// Edges of six kinds; each kind's paths count as paths of the next two.
pub fn kinds(input: &mut Input) {
    const KINDS: u32 = 6;
    let random = &mut input.random;
    let edges: Vec<(u32, u32, u32)> = (0..KINDS)
        .flat_map(|kind| {
            uniform(random, 1500, 1100).into_iter().map(move |(x, y)| (kind, x, y)).collect::<Vec<_>>()
        })
        .collect();
    input.set("edge", edges);
    input.set(
        "leads",
        (0..KINDS).flat_map(|kind| (kind + 1..KINDS.min(kind + 3)).map(move |to| (kind, to))).collect(),
    );
}

/// Orders of a shop: few customers order often, few parts are in most of the orders.
pub fn shop(input: &mut Input) {
    const CUSTOMERS: u32 = 50_000;
    const ORDERS: u32 = 500_000;
    const PARTS: u32 = 20_000;
    const SUPPLIERS: u32 = 1_000;
    let random = &mut input.random;
    let buyer = Skewed::new(CUSTOMERS, 50.0, 0.7);
    let wanted = Skewed::new(PARTS, 10.0, 1.0);
    let placed: Vec<(u32, u32)> = (0..ORDERS).map(|order| (order, buyer.draw(random))).collect();
    let line: Vec<(u32, u32)> = (0..4 * ORDERS).map(|line| (line / 4, wanted.draw(random))).collect();
    let offer: Vec<(u32, u32)> = (0..4 * PARTS).map(|offer| (offer / 4, random.below(SUPPLIERS))).collect();
    let mut region =
        |count: u32| -> Vec<(u32, u32)> { (0..count).map(|id| (id, random.below(25))).collect() };
    let supplier = region(SUPPLIERS);
    let customer = region(CUSTOMERS);
    input.set("placed", placed);
    input.set("line", line);
    input.set("offer", offer);
    input.set("supplier", supplier);
    input.set("customer", customer);
}

/// Four tables of 3·10⁵ rows whose join is huge, and ten values that make it small.
pub fn four_tables(input: &mut Input) {
    const VALUES: u32 = 100_000;
    let often = Skewed::new(VALUES, 100.0, 0.6);
    for relation in ["a", "b", "c", "d"] {
        let rows: Vec<(u32, u32)> =
            (0..3 * VALUES).map(|_| (often.draw(&mut input.random), input.random.below(VALUES))).collect();
        input.set(relation, rows);
    }
    let picked: Vec<(u32,)> = (0..10).map(|_| (input.random.below(VALUES),)).collect();
    input.set("pick", picked);
}

/// 10⁶ sales of 5 000 items in 200 shops.
pub fn sales(input: &mut Input) {
    let random = &mut input.random;
    let shop = Skewed::new(200, 5.0, 0.8);
    let item = Skewed::new(5_000, 20.0, 0.9);
    let rows: Vec<(u32, u32, u32, u32)> =
        (0..1_000_000).map(|id| (id, shop.draw(random), item.draw(random), 1 + random.below(1000))).collect();
    input.list("sale", rows);
}

/// 500 000 positions of a game with up to four moves each; one in eight has none.
pub fn game(input: &mut Input) {
    const POSITIONS: u32 = 500_000;
    let random = &mut input.random;
    let mut rows = Vec::new();
    for position in 0..POSITIONS {
        if !random.chance(0.125) {
            for _ in 0..1 + random.below(4) {
                rows.push((position, random.below(POSITIONS)));
            }
        }
    }
    input.set("step", rows);
    input.list("position", (0..POSITIONS).map(|position| (position,)).collect());
}

/// Edges from the lower number to the higher, some nodes with many.
pub fn cycles(input: &mut Input) {
    const NODES: u32 = 4_000;
    let random = &mut input.random;
    let popular = Skewed::new(NODES, 40.0, 0.7);
    let order = random.permutation(NODES);
    let rows: Vec<(u32, u32)> = (0..60_000)
        .map(|_| (order[popular.draw(random) as usize], order[popular.draw(random) as usize]))
        .filter(|(x, y)| x != y)
        .map(|(x, y)| (x.min(y), x.max(y)))
        .collect();
    input.set("edge", rows);
}

/// An ontology of 8 000 concepts, told as a forest with cross links, and 20 roles.
pub fn concepts(input: &mut Input) {
    const CONCEPTS: u32 = 8_000;
    const ROLES: u32 = 20;
    let random = &mut input.random;
    let mut told: Vec<(u32, u32)> = (0..CONCEPTS).map(|concept| (concept, concept)).collect();
    for concept in 1..CONCEPTS {
        for _ in 0..1 + u32::from(random.chance(0.15)) {
            // A parent among the general concepts, which come first.
            told.push((concept, random.below(concept.div_ceil(3))));
        }
    }
    let mut triples = |count: u32, second: Range<u32>| -> Vec<(u32, u32, u32)> {
        (0..count)
            .map(|_| {
                (
                    random.below(CONCEPTS),
                    second.start + random.below(second.len() as u32),
                    random.below(CONCEPTS),
                )
            })
            .collect()
    };
    let has = triples(6_000, 0..ROLES);
    let implies = triples(1_000, 0..ROLES);
    let both = triples(4_000, 0..CONCEPTS);
    let wider = (1..ROLES).map(|role| (role, role / 2)).collect();
    let chained = vec![(3, 7, 1), (8, 8, 8), (12, 5, 2)];
    input.set("told", told);
    input.set("has", has);
    input.set("implies", implies);
    input.set("both", both);
    input.set("wider", wider);
    input.set("chained", chained);
}

/// 300 000 insertions by four writers, most behind the one before, and a tenth of them removed.
pub fn document(input: &mut Input) {
    const WRITERS: u32 = 4;
    let random = &mut input.random;
    let mut inserted: Vec<(u32, u32)> = vec![(0, 0)];
    let mut last = [(0, 0); WRITERS as usize];
    let mut insert = Vec::new();
    for counter in 1..=300_000 {
        let writer = random.below(WRITERS);
        let place = if random.chance(0.97) {
            last[writer as usize]
        } else {
            inserted[random.below(inserted.len() as u32) as usize]
        };
        let id = (counter, writer);
        insert.push((id.0, id.1, place.0, place.1));
        inserted.push(id);
        last[writer as usize] = id;
    }
    let remove: Vec<(u32, u32)> = inserted[1..].iter().copied().filter(|_| random.chance(0.1)).collect();
    input.set("insert", insert);
    input.set("remove", remove);
}

/// A program with classes: 400 classes of ten methods of eight variables, calls by name through objects.
pub fn classes(input: &mut Input) {
    const METHODS: u32 = 4_000;
    const VARIABLES: u32 = 8;
    const TYPES: u32 = 400;
    const PACKAGE: u32 = 8;
    const NAMES: u32 = 300;
    const FIELDS: u32 = 50;
    let random = &mut input.random;
    let variable = |random: &mut Random, method: u32| method * VARIABLES + random.below(VARIABLES);
    let (mut alloc, mut class, mut copy) = (Vec::new(), Vec::new(), Vec::new());
    let (mut loads, mut stores, mut call, mut actual) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut formal, mut this) = (Vec::new(), Vec::new());
    for method in 0..METHODS {
        // The first variable is `this`, the next two are parameters.
        this.push((method, method * VARIABLES));
        formal.extend([(method, 0, method * VARIABLES + 1), (method, 1, method * VARIABLES + 2)]);
        for _ in 0..3 {
            let heap = class.len() as u32;
            // Methods make objects of the classes of their own package, seldom of another.
            let package =
                if random.chance(0.002) { random.below(TYPES) } else { method / 10 } / PACKAGE * PACKAGE;
            class.push((heap, package + random.below(PACKAGE)));
            alloc.push((variable(random, method), heap, method));
        }
        for _ in 0..4 {
            copy.push((variable(random, method), variable(random, method)));
        }
        for _ in 0..2 {
            let field = random.below(FIELDS);
            loads.push((variable(random, method), variable(random, method), field));
            stores.push((variable(random, method), field, variable(random, method)));
        }
        for _ in 0..3 {
            let site = call.len() as u32;
            call.push((variable(random, method), random.below(NAMES), site, method));
            actual.extend([(site, 0, variable(random, method)), (site, 1, variable(random, method))]);
        }
    }
    // Each type answers to one name in three.
    let mut lookup = Vec::new();
    for ty in 0..TYPES {
        for name in 0..NAMES {
            if random.chance(0.3) {
                lookup.push((ty, name, ty * 10 + name % 10));
            }
        }
    }
    input.set("alloc", alloc);
    input.set("class", class);
    input.set("copy", copy);
    input.set("loads", loads);
    input.set("stores", stores);
    input.set("call", call);
    input.set("actual", actual);
    input.set("formal", formal);
    input.set("this", this);
    input.set("lookup", lookup);
    input.list("entry", (0..400).map(|entry: u32| (entry * 10,)).collect());
}
