//! Small generated programs over stated facts with metadata, and what follows from them, worked out
//! without anything of the engine or of the proof graph.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::collections::{BTreeMap, BTreeSet};

use factlog::session::{Options, Session};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub const CONSTANTS: [&str; 3] = ["a", "b", "c"];
pub const STATUSES: [&str; 6] = ["Proposed", "Planned", "Confirmed", "Held", "Denied", "Cancelled"];
/// Stated relations with their arities, then derived ones.
pub const STATED: [(&str, usize); 2] = [("P", 1), ("Q", 2)];
pub const DERIVED: [(&str, usize); 3] = [("D", 1), ("F", 2), ("G", 1)];
/// Sources: id, published, based on; the last two only pass others on.
pub const SOURCES: [(&str, Option<&str>, &[&str]); 6] = [
    ("s1", Some("2023-01-01"), &[]),
    ("s2", Some("2024-02-02"), &[]),
    ("s3", None, &[]),
    ("s4", Some("2022-05-05"), &[]),
    ("t1", Some("2023-03-03"), &["s1"]),
    ("t2", Some("2021-01-01"), &["s2", "t1"]),
];

pub type Tuple = (usize, Vec<usize>);

/// Relations by number: the stated ones first.
pub fn relation(number: usize) -> (&'static str, usize) {
    STATED.get(number).or_else(|| DERIVED.get(number - STATED.len())).copied().unwrap()
}

#[derive(Clone, Debug)]
pub struct Assertion {
    pub status: usize,
    pub conf: &'static str,
    pub src: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Fact {
    pub tuple: Tuple,
    pub assertion: Assertion,
}

/// A variable (0 to 2 stand for x, y, z) or a constant.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Term {
    Var(usize),
    Const(usize),
    Any,
}

#[derive(Clone, Debug)]
pub struct Atom {
    pub relation: usize,
    pub terms: Vec<Term>,
    /// `_src: …`, on a stated relation.
    pub src: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub head: Atom,
    pub body: Vec<Atom>,
    pub not: Option<Atom>,
    /// At least so many of what one of these atoms says.
    pub count: Option<(Vec<Atom>, usize)>,
    pub assumes: bool,
}

pub fn text(term: Term) -> String {
    match term {
        Term::Var(at) => ["x", "y", "z"][at].to_owned(),
        Term::Const(at) => format!("{:?}", CONSTANTS[at]),
        Term::Any => "_".to_owned(),
    }
}

impl Atom {
    pub fn text(&self) -> String {
        let columns = ["k", "l"];
        let mut fields: Vec<String> = columns
            .iter()
            .zip(&self.terms)
            .filter(|(_, term)| **term != Term::Any)
            .map(|(name, term)| format!("{name}: {}", text(*term)))
            .collect();
        fields.extend(self.src.map(|src| format!("_src: {:?}", SOURCES[src].0)));
        if fields.is_empty() {
            fields.push("k: _".to_owned());
        }
        format!("{}({})", relation(self.relation).0, fields.join(", "))
    }

    /// The bindings that extend `binding` so that the atom says `tuple`.
    pub fn matches(&self, tuple: &Tuple, binding: &[Option<usize>; 3]) -> Option<[Option<usize>; 3]> {
        if tuple.0 != self.relation {
            return None;
        }
        let mut found = *binding;
        for (term, value) in self.terms.iter().zip(&tuple.1) {
            match term {
                Term::Any => {}
                Term::Const(at) if at == value => {}
                Term::Var(at) if found[*at].is_none_or(|known| known == *value) => found[*at] = Some(*value),
                _ => return None,
            }
        }
        Some(found)
    }
}

impl Rule {
    pub fn text(&self, number: usize) -> String {
        let mut body: Vec<String> = self.body.iter().map(Atom::text).collect();
        body.extend(self.not.iter().map(|atom| format!("!{}", atom.text())));
        if let Some((atoms, least)) = &self.count {
            let atoms: Vec<String> = atoms.iter().map(Atom::text).collect();
            body.push(format!("{least} <= count : {{ {} }}", atoms.join(" ; ")));
        }
        let assume = if self.assumes { format!("@assume(\"r{number} of {{x}}\") ") } else { String::new() };
        format!("{assume}{} :- {}.\n", self.head.text(), body.join(", "))
    }
}

/// A node of a proof: a tuple, or one of its assertions that has a source asked for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Node {
    Tuple(Tuple),
    Assertion(Tuple, usize),
}

/// A rule with values: its premises, each a set of alternative conjunctions.
#[derive(Clone, Debug)]
pub struct Instance {
    pub head: Tuple,
    pub premises: Vec<Vec<Vec<Node>>>,
    pub assumption: Option<String>,
}

pub struct World {
    pub facts: BTreeMap<Tuple, Vec<Assertion>>,
    pub model: BTreeSet<Tuple>,
    pub instances: Vec<Instance>,
}

/// The day on which an assertion was recorded: `Err` without a date, `Ok(None)` for background.
pub fn recorded(assertion: &Assertion) -> Result<Option<&'static str>, ()> {
    match assertion.src {
        None => Ok(None),
        Some(src) => SOURCES[src].1.map(Some).ok_or(()),
    }
}

/// The assertions through which a plain atom sees a tuple.
pub fn seen(all: &[Assertion]) -> Vec<Assertion> {
    let against: Vec<&Assertion> = all.iter().filter(|one| one.status > 3).collect();
    let later = |one: &Assertion, other: &Assertion| match (recorded(other), recorded(one)) {
        (Ok(Some(denied)), Ok(Some(said))) => denied < said,
        _ => false,
    };
    all.iter()
        .filter(|one| one.status < 4 && (one.status == 3 || against.iter().all(|other| later(one, other))))
        .cloned()
        .collect()
}

pub fn roots(src: usize) -> BTreeSet<&'static str> {
    let based_on = SOURCES[src].2;
    if based_on.is_empty() {
        return [SOURCES[src].0].into();
    }
    let number = |id: &str| SOURCES.iter().position(|source| source.0 == id).unwrap();
    based_on.iter().flat_map(|id| roots(number(id))).collect()
}

impl World {
    pub fn new(facts: &[Fact], rules: &[Rule]) -> World {
        let mut stated: BTreeMap<Tuple, Vec<Assertion>> = BTreeMap::new();
        for fact in facts {
            stated.entry(fact.tuple.clone()).or_default().push(fact.assertion.clone());
        }
        let visible: BTreeMap<Tuple, Vec<Assertion>> = stated
            .into_iter()
            .map(|(tuple, all)| (tuple, seen(&all)))
            .filter(|(_, seen)| !seen.is_empty())
            .collect();
        let mut world =
            World { model: visible.keys().cloned().collect(), facts: visible, instances: Vec::new() };
        // A relation reads lower ones negated, and itself and lower ones positive.
        for number in 0..STATED.len() + DERIVED.len() {
            let own: Vec<(usize, &Rule)> =
                rules.iter().enumerate().filter(|(_, rule)| rule.head.relation == number).collect();
            loop {
                let found: Vec<Instance> =
                    own.iter().flat_map(|(at, rule)| world.instances_of(rule, *at)).collect();
                let before = world.model.len();
                world.model.extend(found.iter().map(|instance| instance.head.clone()));
                if world.model.len() == before {
                    world.instances.extend(found);
                    break;
                }
            }
        }
        world
    }

    /// Bindings under which an atom holds, each with the node that makes it hold.
    pub fn solutions(&self, atom: &Atom, binding: &[Option<usize>; 3]) -> Vec<([Option<usize>; 3], Node)> {
        let mut found = Vec::new();
        for tuple in &self.model {
            let Some(next) = atom.matches(tuple, binding) else { continue };
            match atom.src {
                None => found.push((next, Node::Tuple(tuple.clone()))),
                Some(src) => {
                    let all = self.facts.get(tuple).map_or(&[][..], Vec::as_slice);
                    let said = all.iter().enumerate().filter(|(_, one)| one.src == Some(src));
                    found.extend(said.map(|(at, _)| (next, Node::Assertion(tuple.clone(), at))));
                }
            }
        }
        found
    }

    pub fn instances_of(&self, rule: &Rule, number: usize) -> Vec<Instance> {
        let mut open: Vec<([Option<usize>; 3], Vec<Node>)> = vec![([None; 3], Vec::new())];
        for atom in &rule.body {
            open = open
                .into_iter()
                .flat_map(|(binding, nodes)| {
                    let further = |(next, node): ([Option<usize>; 3], Node)| {
                        let mut nodes = nodes.clone();
                        nodes.push(node);
                        (next, nodes)
                    };
                    self.solutions(atom, &binding).into_iter().map(further).collect::<Vec<_>>()
                })
                .collect();
        }
        let mut found = Vec::new();
        for (binding, nodes) in open {
            if rule.not.as_ref().is_some_and(|atom| !self.solutions(atom, &binding).is_empty()) {
                continue;
            }
            let mut premises: Vec<Vec<Vec<Node>>> = nodes.into_iter().map(|node| vec![vec![node]]).collect();
            if let Some((atoms, least)) = &rule.count {
                // What one assignment says: the variable inside, and the wildcards of its atom.
                let mut assignments: BTreeMap<(Option<usize>, Option<(usize, Vec<usize>)>), Vec<Vec<Node>>> =
                    BTreeMap::new();
                for (at, atom) in atoms.iter().enumerate() {
                    for (next, node) in self.solutions(atom, &binding) {
                        let (Node::Tuple(tuple) | Node::Assertion(tuple, _)) = &node;
                        let own = next[2].filter(|_| binding[2].is_none());
                        let any: Vec<usize> = (atom.terms.iter().zip(&tuple.1))
                            .filter(|(term, _)| **term == Term::Any)
                            .map(|(_, value)| *value)
                            .collect();
                        let wild = (!any.is_empty() || atom.src.is_some()).then(|| {
                            let mut wild = any;
                            // Assertions differ in what the atom does not name of them.
                            if let Node::Assertion(_, number) = node {
                                wild.push(CONSTANTS.len() + number);
                            }
                            (at, wild)
                        });
                        assignments.entry((own, wild)).or_default().push(vec![node]);
                    }
                }
                if assignments.len() < *least {
                    continue;
                }
                premises.extend(assignments.into_values());
            }
            let value = |term: &Term| match term {
                Term::Var(at) => binding[*at].unwrap(),
                Term::Const(at) => *at,
                Term::Any => unreachable!(),
            };
            let head = (rule.head.relation, rule.head.terms.iter().map(value).collect());
            let x = binding[0].map_or("{x}".to_owned(), |at| CONSTANTS[at].to_owned());
            let assumption = rule.assumes.then(|| format!("r{number} of {x}"));
            found.push(Instance { head, premises, assumption });
        }
        found
    }

    /// The tuples that are derivable when stated atoms keep assertions of `level` and firmer only.
    pub fn at_level(&self, level: usize) -> BTreeSet<Tuple> {
        let firm = |one: &Assertion| one.status >= level;
        let mut found: BTreeSet<Tuple> = self
            .facts
            .iter()
            .filter(|(_, all)| all.iter().any(firm))
            .map(|(tuple, _)| tuple.clone())
            .collect();
        loop {
            let before = found.len();
            for instance in &self.instances {
                let capped = instance.assumption.is_some() && level > 1;
                let holds = |node: &Node| match node {
                    Node::Tuple(tuple) => found.contains(tuple),
                    Node::Assertion(tuple, at) => firm(&self.facts[tuple][*at]),
                };
                if !capped
                    && instance.premises.iter().all(|ways| ways.iter().any(|way| way.iter().all(holds)))
                {
                    found.insert(instance.head.clone());
                }
            }
            if found.len() == before {
                return found;
            }
        }
    }
}

pub fn session(facts: &[Fact], rules: &[Rule]) -> Session {
    session_with(Options::default(), facts, rules)
}

pub fn session_with(options: Options, facts: &[Fact], rules: &[Rule]) -> Session {
    let mut session = Session::empty(options);
    let mut text = String::new();
    for number in 0..STATED.len() + DERIVED.len() {
        let (name, arity) = relation(number);
        text += &format!(".decl {name}(k: symbol{})\n", if arity == 2 { ", l: symbol" } else { "" });
    }
    for (number, rule) in rules.iter().enumerate() {
        text += &rule.text(number);
    }
    for (name, _) in DERIVED {
        text += &format!(".output {name}\n");
    }
    for (id, published, based_on) in SOURCES {
        let published = published.map(|date| format!(", published: d{date:?}")).unwrap_or_default();
        let based_on = if based_on.is_empty() { String::new() } else { format!(", based_on: {based_on:?}") };
        text += &format!("Source(id: {id:?}, publisher: \"p\"{published}{based_on}).\n");
    }
    for Fact { tuple, assertion } in facts {
        let columns: Vec<String> = ["k", "l"]
            .iter()
            .zip(&tuple.1)
            .map(|(name, value)| format!("{name}: {:?}", CONSTANTS[*value]))
            .collect();
        let src = assertion.src.map(|src| format!(", _src: {:?}", SOURCES[src].0)).unwrap_or_default();
        text += &format!(
            "{}({}, _status: {}, _conf: {}{src}).\n",
            relation(tuple.0).0,
            columns.join(", "),
            STATUSES[assertion.status],
            assertion.conf
        );
    }
    session.define(&text).unwrap_or_else(|error| panic!("{error:?}\n{text}"));
    session
}

pub fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let constant = || 0..CONSTANTS.len();
    let tuple = prop_oneof![
        1 => constant().prop_map(|a| (0, vec![a])),
        2 => (constant(), constant()).prop_map(|(a, b)| (1, vec![a, b])),
    ];
    let status = prop_oneof![3 => 0..4_usize, 2 => Just(3), 1 => 4..6_usize];
    let src = prop_oneof![1 => Just(None), 4 => (0..SOURCES.len()).prop_map(Some)];
    let fact = (tuple, status, select(&["0.3", "0.5", "0.8", "1.0"][..]), src)
        .prop_map(|(tuple, status, conf, src)| Fact { tuple, assertion: Assertion { status, conf, src } });
    vec(fact, 1..11)
}

/// An atom over relations below `limit`, with variables below `vars` and perhaps wildcards.
pub fn atom(limit: usize, vars: usize) -> impl Strategy<Value = Atom> {
    let term = move || {
        prop_oneof![
            6 => (0..vars).prop_map(Term::Var),
            1 => (0..CONSTANTS.len()).prop_map(Term::Const),
            2 => Just(Term::Any),
        ]
    };
    (0..limit, term(), term(), proptest::option::weighted(0.15, 0..SOURCES.len())).prop_map(
        |(relation_number, a, b, src)| {
            let (_, arity) = relation(relation_number);
            let src = src.filter(|_| relation_number < STATED.len());
            Atom { relation: relation_number, terms: [a, b][..arity].to_vec(), src }
        },
    )
}

pub fn rule() -> impl Strategy<Value = Rule> {
    (0..DERIVED.len()).prop_flat_map(|derived| {
        let head = STATED.len() + derived;
        let body = vec(atom(head + 1, 2), 1..3);
        let not = proptest::option::weighted(0.3, atom(head, 2));
        let count = proptest::option::weighted(0.35, (vec(atom(head, 3), 1..3), 0..3_usize));
        (body, not, count, proptest::bool::weighted(0.25), any::<[bool; 2]>()).prop_map(
            move |(body, not, count, assumes, swap)| {
                let bound = |atoms: &[Atom]| -> Vec<usize> {
                    let terms = atoms.iter().flat_map(|atom| &atom.terms);
                    terms.filter_map(|term| if let Term::Var(at) = term { Some(*at) } else { None }).collect()
                };
                let known = bound(&body);
                // What the body does not bind is no variable elsewhere.
                let safe = |term: &mut Term, or: Term| {
                    if matches!(term, Term::Var(at) if *at < 2 && !known.contains(at)) {
                        *term = or;
                    }
                };
                let mut terms: Vec<Term> =
                    (0..relation(head).1).map(|at| Term::Var(usize::from(swap[at]))).collect();
                terms.iter_mut().for_each(|term| safe(term, Term::Const(1)));
                let mut not = not;
                not.iter_mut().flat_map(|atom| &mut atom.terms).for_each(|term| safe(term, Term::Any));
                let mut count = count;
                for atom in count.iter_mut().flat_map(|(atoms, _)| atoms) {
                    atom.terms.iter_mut().for_each(|term| safe(term, Term::Any));
                }
                // Its text names `x`.
                let assumes = assumes && known.contains(&0);
                Rule { head: Atom { relation: head, terms, src: None }, body, not, count, assumes }
            },
        )
    })
}
