//! Proofs in large models: found and checked in well under a second, without running deep.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use factlog::analysis;
use factlog::base::{Budget, FileId};
use factlog::engine::{Engine, Frog, Model, Request};
use factlog::model::{CheckedProgram, PredId};
use factlog::provenance::proof::Why;
use factlog::provenance::{Firmness, Graph, Proof, Statements, Tuple, Verifier, proofs};
use factlog::storage::{Interner, Table};
use factlog::syntax::datalog::parse_program;

struct Held;

impl Statements for Held {
    fn firmness(&self, _: &Tuple) -> Firmness {
        Firmness::FULL
    }
}

struct World {
    program: CheckedProgram,
    interner: Interner,
    tables: HashMap<PredId, Table>,
    model: Model,
}

impl World {
    /// The rules over `Edge(x, y)`.
    fn new(rules: &str, edges: impl Iterator<Item = (u32, u32)>) -> World {
        let text = format!(".decl Edge(x: number, y: number)\n{rules}");
        let (tree, diagnostics) = parse_program(FileId(0), &text);
        let (schema, more) = analysis::declare(&[&tree]);
        let analysis = analysis::analyze(schema, &[&tree]);
        assert!(diagnostics.iter().chain(&more).chain(&analysis.diagnostics).all(|found| !found.is_error()));
        let program = analysis.program;
        let mut interner = Interner::new();
        let mut words = Vec::new();
        for (x, y) in edges {
            words.extend([x, y].map(|node| interner.number(i64::from(node))));
        }
        let tables = HashMap::from([(program.schema.find("Edge").unwrap(), Table::from_rows(2, words))]);
        let mut world = World { program, interner, tables, model: Model::default() };
        world.evaluate(true);
        world
    }

    /// Evaluates everything anew; how much processor time it took, and the bytes of its rows.
    fn evaluate(&mut self, rounds: bool) -> (Duration, u64) {
        self.model = Model::default();
        let wanted: Vec<PredId> = self.program.schema.predicate_names.values().copied().collect();
        let mut request = Request::new(&self.program, &[], &wanted);
        request.rounds = rounds;
        let before = (processor_time(), resident());
        self.model = Frog.evaluate(&request, &self.tables, &mut self.interner, &Budget::unlimited()).unwrap();
        (processor_time().saturating_sub(before.0), resident().saturating_sub(before.1))
    }

    fn pred(&self, name: &str) -> PredId {
        self.program.schema.find(name).unwrap()
    }

    /// The best proof of a row, checked.
    fn proof(&self, pred: PredId, row: &[u32]) -> Proof {
        let budget = Budget::unlimited();
        let (program, tables, interner) = (&self.program, &self.tables, &self.interner);
        let graph = Graph::new(program, &[], tables, &self.model, interner, &budget);
        let tuple = Tuple { pred, row: row.into() };
        let proof = proofs(&graph, &Held, &tuple, 1).unwrap().pop().unwrap();
        let verifier =
            Verifier { program, goals: &[], tables, model: &self.model, interner, budget: &budget };
        verifier.verify(&proof).unwrap();
        proof
    }
}

/// Bytes of memory in use by this process.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4096
}

/// Processor time of this process, in ticks of a hundredth of a second.
fn processor_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<u64>().ok()).unwrap_or(0);
    Duration::from_millis((ticks(11) + ticks(12)) * 10)
}

#[test]
fn a_chain_of_a_hundred_thousand_steps() {
    const LENGTH: u32 = 100_000;
    let edges = || (0..LENGTH).map(|node| (node, node + 1));
    let world =
        World::new(".decl Reached(x: number)\nReached(0).\nReached(y) :- Reached(x), Edge(x, y).", edges());
    // Facts in rule text are not among the tables here: the chain begins with a rule.
    assert!(world.model.table(world.pred("Reached")).is_some_and(|table| table.is_empty()));
    let world = World::new("Reached(y) :- Edge(0, y).\nReached(y) :- Reached(x), Edge(x, y).", edges());
    let last = world.interner.get(&factlog::model::Value::Number(i64::from(LENGTH))).unwrap();
    let proof = world.proof(world.pred("Reached"), &[last]);
    let steps = proof.nodes.iter().filter(|node| node.why != Why::Stated).count();
    assert_eq!(steps, LENGTH as usize);
}

/// A million edges in trees of 64 nodes, each edge from an earlier node to a later one.
fn forest() -> impl Iterator<Item = (u32, u32)> {
    let mut seed = 0x2545_F491_4F6C_DD1D_u64;
    (0..1_016_000_u32).filter(|node| node % 64 != 0).map(move |node| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        let place = node % 64;
        (node - place + (seed % u64::from(place)) as u32, node)
    })
}

#[test]
#[ignore = "a model of millions: run with --release"]
fn a_proof_in_a_closure_of_a_million_edges() {
    for step in [
        "Path(x, z) :- Path(x, y), Edge(y, z).",
        "Path(x, z) :- Edge(x, y), Path(y, z).",
        "Path(x, z) :- Path(x, y), Path(y, z).",
    ] {
        let world = World::new(&format!("Path(x, y) :- Edge(x, y).\n{step}"), forest());
        let path = world.pred("Path");
        let table = world.model.table(path).unwrap();
        assert!(table.len() > 3_000_000, "{} tuples", table.len());
        let rows: Vec<Vec<u32>> = (0..20).map(|i| table.row(table.len() / 20 * i + 7).to_vec()).collect();
        let before = resident();
        let mut slowest = Duration::ZERO;
        let mut longest = 0;
        for row in &rows {
            let started = Instant::now();
            longest = longest.max(world.proof(path, row).nodes.len());
            slowest = slowest.max(started.elapsed());
        }
        let taken = resident().saturating_sub(before) >> 20;
        println!(
            "{step} {} tuples, slowest proof {slowest:?}, longest {longest} nodes, {taken} MB beyond the model",
            table.len()
        );
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
        assert!(taken < 200, "{taken} MB");
    }
}

/// Prints what noting rounds costs; other work on the machine decides how sure the figure is.
#[test]
#[ignore = "a measurement: run with --release"]
fn what_rounds_cost() {
    for step in ["Path(x, z) :- Path(x, y), Edge(y, z).", "Path(x, z) :- Path(x, y), Path(y, z)."] {
        let mut world = World::new(&format!("Path(x, y) :- Edge(x, y).\n{step}"), forest());
        let [mut with, mut without]: [Vec<(Duration, u64)>; 2] = Default::default();
        // By turns, so that what else the machine does meets both.
        for _ in 0..7 {
            with.push(world.evaluate(true));
            without.push(world.evaluate(false));
        }
        with.sort();
        without.sort();
        let rows = world.model.table(world.pred("Path")).unwrap().len();
        println!(
            "{step} {rows} tuples, medians with rounds {:?}, without {:?}; fastest {:?}, {:?}",
            with[3], without[3], with[0], without[0]
        );
    }
}
