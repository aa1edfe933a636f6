//! Programs over one relation of edges, for the benches.

use std::collections::HashMap;
use std::sync::Arc;

use factlog::base::{Budget, FileId, Span};
use factlog::engine::{Engine, Frog, Request};
use factlog::model::schema::{PredKind, Predicate};
use factlog::model::{
    Arg, Atom, Body, CheckedProgram, Column, Expr, Literal, PredId, Rule, RuleId, Schema, Stratum, TypeId,
    Var, VarId,
};
use factlog::storage::{Interner, Table, interner};

/// The relation that rules read.
pub const EDGE: PredId = PredId(0);
/// The relation that rules derive.
pub const PATH: PredId = PredId(1);

/// A rule over relations of two columns; variables are numbered.
pub fn rule(head: [u32; 2], body: &[(PredId, [u32; 2])]) -> Rule {
    let span = Span::new(FileId(0), 0, 0);
    let var = |id: u32| Expr::Var(VarId(id));
    let atom = |(pred, args): &(PredId, [u32; 2])| {
        Literal::Atom(Atom { pred: *pred, args: args.iter().map(|id| Arg::Is(var(*id))).collect(), span })
    };
    let vars = 1 + body.iter().flat_map(|(_, args)| args).max().copied().unwrap_or(0);
    Rule {
        head: PATH,
        args: head.map(var).to_vec(),
        body: Body { alternatives: vec![body.iter().map(atom).collect()] },
        vars: (0..vars)
            .map(|id| Var { name: Arc::from(format!("v{id}")), ty: TypeId(0), optional: false, span })
            .collect(),
        label: None,
        assume: Vec::new(),
        span,
    }
}

/// Rules over the two relations, in one recursive stratum.
pub fn program(rules: Vec<Rule>) -> CheckedProgram {
    let column = |name: &str| Column { name: Arc::from(name), ty: TypeId(0), optional: false, default: None };
    let relation = |name: &str| Predicate {
        name: Arc::from(name),
        columns: vec![column("a"), column("b")],
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Declared,
        span: None,
    };
    let schema = Schema { predicates: vec![relation("Edge"), relation("Path")], ..Schema::default() };
    let ids = (0..rules.len() as u32).map(RuleId).collect();
    let strata = vec![
        Stratum { predicates: vec![EDGE], rules: Vec::new(), recursive: false },
        Stratum { predicates: vec![PATH], rules: ids, recursive: true },
    ];
    CheckedProgram { schema: Arc::new(schema), rules, strata, ..CheckedProgram::default() }
}

/// Edges between equally likely nodes, from a fixed seed.
pub fn random_edges(nodes: u64, edges: usize) -> Vec<(u32, u32)> {
    let mut state = 1_u64;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % nodes) as u32
    };
    (0..edges).map(|_| (next(), next())).collect()
}

/// How many rows the engine derives.
pub fn evaluate(program: &CheckedProgram, edges: &[(u32, u32)]) -> usize {
    let word = |n: u32| interner::inline_number(i64::from(n)).unwrap_or(0);
    let words = edges.iter().flat_map(|(a, b)| [word(*a), word(*b)]).collect();
    let tables = HashMap::from([(EDGE, Table::from_rows(2, words))]);
    let request = Request::new(program, &[], &[PATH]);
    let model = Frog.evaluate(&request, &tables, &mut Interner::new(), &Budget::unlimited());
    model.ok().and_then(|model| model.table(PATH).map(|table| table.len())).unwrap_or(0)
}
