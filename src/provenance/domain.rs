//! Which values a column could hold so that rules tell them apart.
//!
//! Columns that a variable, a comparison or a computation connects speak of the same things: they
//! form a class. To the rules, a value that occurs nowhere in a column's class is like any other
//! such value, as long as nothing compares or computes it. What rules compute in a class is taken one
//! step further: what an expression of theirs makes of a value there, and what makes such a value.

use std::collections::{BTreeSet, HashMap, HashSet};

use super::goal::{self, Computed, compute};
use super::graph::Graph;
use super::invert::invert;
use super::whynot::Wanted;
use crate::model::program::{Arg, Atom, Body, Expr, Literal, VarId};
use crate::model::schema::{PredKind, TypeDef};
use crate::model::{PredId, Rule, TypeId, Value};
use crate::storage::Word;
use crate::storage::interner::MISSING;

/// Values of one class with which rules' expressions are computed.
const COMPUTED: usize = 50;
/// The same where an expression has two variables.
const COMPUTED_PAIRS: usize = 12;
/// Values that are taken of what is computed.
const MADE: usize = 24;
/// Values of one class that are considered.
const VALUES: usize = 400;
/// Rows of one relation that are looked at for them.
const ROWS: usize = 200_000;

/// What is connected: a column, or a variable of a rule.
type Place = (PredId, usize);

/// The classes of columns, with the constants that rules compare them with.
#[derive(Debug, Default)]
pub(super) struct Domains {
    parents: Vec<usize>,
    columns: HashMap<Place, usize>,
    constants: HashMap<usize, BTreeSet<Value>>,
    /// Expressions that stand in a class.
    calls: Vec<(usize, Expr)>,
    asked: HashMap<usize, Vec<Word>>,
    known: HashMap<Place, (Vec<Word>, bool)>,
}

impl Domains {
    /// The classes of the rules of a graph, in which a tuple is asked about.
    pub fn of(graph: &Graph<'_>, pred: PredId, wanted: &Wanted) -> Domains {
        let mut domains = Domains::default();
        let mut constants = Vec::new();
        for rule in graph.program().rules.iter().chain(graph.goals()) {
            Rules { graph, domains: &mut domains, constants: &mut constants }.rule(rule);
        }
        for (node, value) in constants {
            let root = domains.root(node);
            domains.constants.entry(root).or_default().insert(value);
        }
        for (at, word) in wanted.iter().enumerate() {
            if let Some(word) = word {
                let node = domains.column(graph, pred, at);
                let root = domains.root(node);
                domains.asked.entry(root).or_default().push(*word);
            }
        }
        domains
    }

    /// The values that a column could hold, those asked about first, and whether there are more;
    /// `None` if rules take no notice of what it holds.
    pub fn values(&mut self, graph: &Graph<'_>, pred: PredId, column: usize) -> Option<(Vec<Word>, bool)> {
        let place = stated_place(graph, pred, column);
        if let Some(known) = self.known.get(&place) {
            return Some(known.clone());
        }
        let node = self.column(graph, pred, column);
        let root = self.root(node);
        let mut words = self.asked.get(&root).cloned().unwrap_or_default();
        let constants = self.constants.get(&root);
        words.extend(constants.into_iter().flatten().map(|value| graph.word(value)));
        let members: Vec<Place> = self.columns.keys().copied().collect();
        let members: Vec<Place> = members
            .into_iter()
            .filter(|place| self.columns.get(place).copied().map(|at| self.root(at)) == Some(root))
            .collect();
        if words.is_empty() && members.len() == 1 {
            return None;
        }
        let mut found: HashSet<Word> = HashSet::new();
        let mut cut = false;
        for (pred, column) in members {
            let Some(table) = graph.table(pred) else { continue };
            cut |= table.len() > ROWS;
            found.extend(table.iter().take(ROWS).filter_map(|row| row.get(column)).copied());
        }
        let mut found: Vec<Word> = found.into_iter().collect();
        found.sort_by(|a, b| graph.compare(*a, *b));
        words.extend(found);
        let mut seen = HashSet::new();
        words.retain(|word| seen.insert(*word));
        cut |= words.len() > VALUES;
        words.truncate(VALUES);
        let all = std::mem::take(&mut self.calls);
        let own = all.iter().filter(|(node, _)| self.root(*node) == root);
        let computed: Vec<Word> = own.flat_map(|(_, call)| computed_of(graph, call, &words)).collect();
        self.calls = all;
        words.extend(computed.into_iter().filter(|word| seen.insert(*word)).take(MADE));
        self.known.insert(place, (words.clone(), cut));
        Some((words, cut))
    }

    fn new_node(&mut self) -> usize {
        self.parents.push(self.parents.len());
        self.parents.len() - 1
    }

    /// The node of a column; the columns of a relation and of its assertions are the same.
    fn column(&mut self, graph: &Graph<'_>, pred: PredId, column: usize) -> usize {
        let place = stated_place(graph, pred, column);
        if let Some(node) = self.columns.get(&place) {
            return *node;
        }
        let node = self.new_node();
        self.columns.insert(place, node);
        node
    }

    fn root(&mut self, mut node: usize) -> usize {
        while let Some(parent) = self.parents.get(node).copied().filter(|parent| *parent != node) {
            let grandparent = self.parents.get(parent).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(node) {
                *slot = grandparent;
            }
            node = grandparent;
        }
        node
    }

    fn join(&mut self, a: usize, b: usize) {
        let (a, b) = (self.root(a), self.root(b));
        if let Some(slot) = self.parents.get_mut(a) {
            *slot = b;
        }
    }
}

/// The ids that a column of a type refers to; `None` where it refers to nothing, or nothing is there.
pub(super) fn ids(graph: &Graph<'_>, ty: TypeId) -> Option<HashSet<Word>> {
    let schema = &graph.program().schema;
    let mut found = HashSet::new();
    let mut seen = HashSet::from([ty]);
    let mut open = vec![ty];
    while let Some(ty) = open.pop() {
        match &schema.types.get(ty.0 as usize)?.def {
            TypeDef::Entity(pred) => {
                let key = schema.predicates.get(pred.0 as usize)?.key.as_deref()?;
                let [key] = key else { return None };
                let rows = graph.table(*pred).into_iter().flat_map(|table| table.iter());
                found.extend(rows.filter_map(|row| row.get(*key)).copied());
            }
            TypeDef::Union(members) => open.extend(members.iter().filter(|ty| seen.insert(**ty))),
            TypeDef::Subtype(of) => open.extend(seen.insert(*of).then_some(*of)),
            _ => return None,
        }
    }
    (!found.is_empty()).then_some(found)
}

/// What an expression of one or two variables makes of values, and the values of which it makes one.
fn computed_of(graph: &Graph<'_>, call: &Expr, words: &[Word]) -> Vec<Word> {
    let mut vars: Vec<VarId> = Vec::new();
    call.vars(&mut |var| {
        if !vars.contains(&var) {
            vars.push(var);
        }
    });
    let mut slots = vec![MISSING; vars.iter().map(|var| var.0 as usize + 1).max().unwrap_or(0)];
    let set = |slots: &mut Vec<Word>, var: &VarId, word: Word| {
        if let Some(slot) = slots.get_mut(var.0 as usize) {
            *slot = word;
        }
    };
    let mut found = Vec::new();
    let forward = |slots: &[Word], found: &mut Vec<Word>| {
        if let Computed::Word(word) = compute(call, slots, &graph.words) {
            found.push(word);
        }
    };
    let backward = |slots: &[Word], target: Word, found: &mut Vec<Word>| {
        if let Some(inverse) = invert(call, &graph.value(target), slots, &graph.words) {
            found.extend(inverse.values.iter().map(|value| graph.word(value)));
        }
    };
    match vars.as_slice() {
        [var] => {
            for word in words.iter().take(COMPUTED) {
                backward(&slots, *word, &mut found);
                set(&mut slots, var, *word);
                forward(&slots, &mut found);
                set(&mut slots, var, MISSING);
            }
        }
        [first, second] => {
            for a in words.iter().take(COMPUTED_PAIRS) {
                for b in words.iter().take(COMPUTED_PAIRS) {
                    set(&mut slots, first, *a);
                    backward(&slots, *b, &mut found);
                    set(&mut slots, second, *b);
                    forward(&slots, &mut found);
                    set(&mut slots, first, MISSING);
                    backward(&slots, *a, &mut found);
                    set(&mut slots, second, MISSING);
                }
            }
        }
        _ => {}
    }
    found
}

fn stated_place(graph: &Graph<'_>, pred: PredId, column: usize) -> Place {
    let schema = &graph.program().schema;
    match schema.predicates.get(pred.0 as usize).map(|predicate| predicate.kind) {
        Some(PredKind::Assertions(of)) if column < schema.predicate(of).arity() => (of, column),
        _ => (pred, column),
    }
}

/// Goes through rules and connects what they connect.
struct Rules<'r, 'g, 'a> {
    graph: &'g Graph<'a>,
    domains: &'r mut Domains,
    /// Constants, with what they stand beside.
    constants: &'r mut Vec<(usize, Value)>,
}

impl Rules<'_, '_, '_> {
    fn rule(&mut self, rule: &Rule) {
        let vars: Vec<usize> = rule.vars.iter().map(|_| self.domains.new_node()).collect();
        for (column, arg) in rule.args.iter().enumerate() {
            let node = self.domains.column(self.graph, rule.head, column);
            self.connect(node, arg, &vars);
        }
        self.body(&rule.body, &vars);
    }

    fn body(&mut self, body: &Body, vars: &[usize]) {
        for literal in body.alternatives.iter().flatten() {
            match literal {
                Literal::Atom(atom) => self.atom(atom, vars),
                Literal::Not(body, _) => self.body(body, vars),
                Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
                    self.sides(left, right, vars);
                }
                Literal::In { item, list, .. } => self.sides(item, list, vars),
                Literal::Bool(_) => {}
            }
            if let Some((aggregate, _)) = goal::as_aggregate(literal) {
                self.body(&aggregate.body, vars);
            }
        }
    }

    fn atom(&mut self, atom: &Atom, vars: &[usize]) {
        for (column, arg) in atom.args.iter().enumerate() {
            let node = self.domains.column(self.graph, atom.pred, column);
            if let Arg::Is(expr) = arg {
                self.connect(node, expr, vars);
            }
        }
    }

    fn sides(&mut self, left: &Expr, right: &Expr, vars: &[usize]) {
        let node = self.domains.new_node();
        self.connect(node, left, vars);
        self.connect(node, right, vars);
    }

    fn connect(&mut self, node: usize, expr: &Expr, vars: &[usize]) {
        match expr {
            Expr::Const(value) => self.constants.push((node, value.clone())),
            Expr::Var(var) => {
                if let Some(var) = vars.get(var.0 as usize) {
                    self.domains.join(*var, node);
                }
            }
            Expr::Call(_, args, _) | Expr::List(args) | Expr::Struct(_, args, _) => {
                if let Expr::Call(..) = expr {
                    self.domains.calls.push((node, expr.clone()));
                }
                args.iter().for_each(|arg| self.connect(node, arg, vars));
            }
            Expr::Aggregate(aggregate) => {
                if let Some(arg) = &aggregate.arg {
                    self.connect(node, arg, vars);
                }
            }
        }
    }
}
