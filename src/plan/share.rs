//! Common sub-joins: premises that several bodies join in the same way, found so that they can be
//! joined once.
//!
//! A *sub-join* is two atoms or more that variables connect, with the comparisons of their variables.
//! Two are the same if renaming variables makes one of the other. They are found level by level: an
//! atom is added only to what stands in two places already, as what stands in one place only has no
//! larger part in common with anything (Agrawal, Srikant, "Fast algorithms for mining association
//! rules", 1994).
//!
//! Which are worth joining once is not decided here: [`Bodies::shared`] writes the rule that joins one
//! and the rules that read the result, for somebody to compare what they cost.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::demand::passing::{can_fail, expr_can_fail};
use crate::model::program::CompareOp;
use crate::model::{Arg, Atom, Body, Expr, Literal, PredId, Rule, Value, VarId};

/// Atoms of a sub-join at most.
const MOST_ATOMS: usize = 6;
/// Places of sub-joins of one size that are looked at, about.
const MOST_PLACES: usize = 8_192;
/// Literals of a body that is looked at.
const MOST_LITERALS: usize = 64;
/// Ways to number the variables of a sub-join that are compared.
const MOST_WAYS: usize = 32;

/// An argument of an atom, variables by number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Operand {
    Any,
    Const(usize),
    Var(usize),
}

/// An atom with its variables by number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Shape {
    pred: PredId,
    args: Vec<Operand>,
}

/// A comparison of variables by number, the smaller side on the left.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Filter {
    op: u8,
    possibly: bool,
    left: Operand,
    right: Operand,
}

/// A place where a sub-join stands.
#[derive(Clone, Debug)]
struct Place {
    /// The rule, of those given.
    rule: usize,
    alternative: usize,
    /// Its atoms, by their places among the literals.
    atoms: Vec<usize>,
    /// The comparisons of its variables, likewise.
    filters: BTreeMap<Filter, usize>,
    /// Its variables by number.
    vars: Vec<VarId>,
}

/// A sub-join that stands in several places.
#[derive(Clone, Debug)]
pub struct Common {
    /// The relations joined.
    pub relations: Vec<PredId>,
    places: Vec<Place>,
    /// The comparisons that all places have.
    filters: BTreeSet<Filter>,
}

impl Common {
    /// The rules in which it stands, rising.
    pub fn rules(&self) -> Vec<usize> {
        let rules: BTreeSet<usize> = self.places.iter().map(|place| place.rule).collect();
        rules.into_iter().collect()
    }

    /// How often it stands there.
    pub fn places(&self) -> usize {
        self.places.len()
    }
}

/// A sub-join with the columns in which others read it.
#[derive(Clone, Debug)]
pub struct Shared {
    /// What joins it. Its variables are those of the first rule that reads it.
    pub rule: Rule,
    /// The rules that read it, by number, as they read it.
    pub readers: Vec<(usize, Rule)>,
    /// By column: the relations and columns in which its values stand.
    pub origins: Vec<Vec<(PredId, usize)>>,
    /// Literals that it takes the place of.
    taken: Vec<(usize, usize, usize)>,
}

/// Rules, and what of them has been shared.
#[derive(Debug, Default)]
pub struct Bodies {
    rules: Vec<Rule>,
    /// Literals that a shared sub-join has taken the place of: rule, alternative, place.
    taken: HashSet<(usize, usize, usize)>,
}

impl Bodies {
    /// These rules, by number.
    pub fn new(rules: Vec<Rule>) -> Self {
        Bodies { rules, taken: HashSet::new() }
    }

    /// A rule as it is now.
    pub fn rule(&self, number: usize) -> Option<&Rule> {
        self.rules.get(number)
    }

    /// The sub-joins that stand in two places and more, the larger ones first. `complete` tells of a
    /// rule whether it finds a relation complete.
    pub fn common(&self, complete: impl Fn(usize, PredId) -> bool) -> Vec<Common> {
        let mut finder = Finder { bodies: self, open: HashMap::new(), constants: HashMap::new() };
        let mut open: Vec<(usize, usize, Vec<usize>)> = Vec::new();
        for (number, rule) in self.rules.iter().enumerate() {
            for (alternative, literals) in rule.body.alternatives.iter().enumerate() {
                if literals.len() > MOST_LITERALS || open.len() > MOST_PLACES {
                    continue;
                }
                let atoms: Vec<(usize, BTreeSet<VarId>)> = literals
                    .iter()
                    .enumerate()
                    .filter_map(|(at, literal)| match literal {
                        Literal::Atom(atom) if complete(number, atom.pred) => Some((at, plain_vars(atom)?)),
                        _ => None,
                    })
                    .collect();
                if atoms.len() < 2 {
                    continue;
                }
                for (i, (first, vars)) in atoms.iter().enumerate() {
                    let others = atoms.iter().skip(i + 1).filter(|(_, others)| !vars.is_disjoint(others));
                    open.extend(others.map(|(second, _)| (number, alternative, vec![*first, *second])));
                }
                let mut stands: HashMap<VarId, usize> = HashMap::new();
                let mut count = |var| *stands.entry(var).or_default() += 1;
                rule.args.iter().for_each(|arg| all_vars(arg, &mut count));
                literals.iter().for_each(|literal| literal_vars(literal, &mut count));
                finder.open.insert((number, alternative), Open { atoms, stands });
            }
        }
        let mut found = Vec::new();
        for _ in 2..=MOST_ATOMS {
            if open.len() > 2 * MOST_PLACES {
                break;
            }
            let mut groups: BTreeMap<Vec<Shape>, Vec<Place>> = BTreeMap::new();
            for (rule, alternative, atoms) in open.drain(..) {
                if let Some((shapes, place)) = finder.place(rule, alternative, &atoms) {
                    groups.entry(shapes).or_default().push(place);
                }
            }
            let mut seen: HashSet<(usize, usize, Vec<usize>)> = HashSet::new();
            for (shapes, places) in groups {
                if !stands_twice(&places) {
                    continue;
                }
                for place in &places {
                    let key = (place.rule, place.alternative);
                    for (more, vars) in finder.open.get(&key).into_iter().flat_map(|open| &open.atoms) {
                        if place.atoms.contains(more) || !place.vars.iter().any(|var| vars.contains(var)) {
                            continue;
                        }
                        let mut atoms = place.atoms.clone();
                        atoms.push(*more);
                        atoms.sort_unstable();
                        if seen.insert((key.0, key.1, atoms.clone())) {
                            open.push((key.0, key.1, atoms));
                        }
                    }
                }
                found.extend(by_filters(&shapes, places));
            }
        }
        found.reverse();
        found
    }

    /// The sub-join as a relation `pred` of its own, with the rules that read it, where it still
    /// stands in two places and more. Nothing is changed before [`Bodies::take`].
    pub fn shared(&self, common: &Common, pred: PredId) -> Option<Shared> {
        let mut taken: Vec<(usize, usize, usize)> = Vec::new();
        let mut places: Vec<&Place> = Vec::new();
        for place in &common.places {
            let own = || place.atoms.iter().map(|at| (place.rule, place.alternative, *at));
            if own().all(|at| !self.taken.contains(&at) && !taken.contains(&at)) {
                taken.extend(own());
                places.push(place);
            }
        }
        if places.len() < 2 {
            return None;
        }
        let needed: Vec<HashSet<VarId>> =
            places.iter().map(|place| self.needed(place, &common.filters)).collect();
        let of = |number: usize| {
            let needs = |(place, needed): &(&&Place, &HashSet<VarId>)| {
                place.vars.get(number).is_some_and(|var| needed.contains(var))
            };
            places.iter().zip(&needed).filter(needs).count()
        };
        let first = *places.first()?;
        let columns: Vec<usize> = (0..first.vars.len()).filter(|number| of(*number) > 0).collect();
        let mut readers: BTreeMap<usize, Rule> = BTreeMap::new();
        for (place, needed) in places.iter().zip(&needed) {
            let rule = self.rules.get(place.rule)?;
            let reader = readers.entry(place.rule).or_insert_with(|| rule.clone());
            let literals = reader.body.alternatives.get_mut(place.alternative)?;
            let arg = |number: &usize| match place.vars.get(*number) {
                Some(var) if needed.contains(var) => Arg::Is(Expr::Var(*var)),
                _ => Arg::Any,
            };
            let Literal::Atom(Atom { span, .. }) = *literals.get(*place.atoms.first()?)? else { return None };
            let atom = Atom { pred, args: columns.iter().map(arg).collect(), span };
            let filters = common.filters.iter().filter_map(|filter| place.filters.get(filter));
            for at in place.atoms.iter().chain(filters) {
                *literals.get_mut(*at)? = Literal::Bool(true);
            }
            *literals.get_mut(*place.atoms.first()?)? = Literal::Atom(atom);
        }
        let rule = self.rules.get(first.rule)?;
        let literals = rule.body.alternatives.get(first.alternative)?;
        let filters = common.filters.iter().filter_map(|filter| first.filters.get(filter));
        let body: Vec<Literal> =
            first.atoms.iter().chain(filters).filter_map(|at| literals.get(*at).cloned()).collect();
        let vars: Vec<VarId> = columns.iter().filter_map(|number| first.vars.get(*number).copied()).collect();
        let origins = vars.iter().map(|var| origins(&body, *var)).collect();
        let rule = Rule {
            head: pred,
            args: vars.into_iter().map(Expr::Var).collect(),
            body: Body { alternatives: vec![body] },
            vars: rule.vars.clone(),
            label: None,
            assume: Vec::new(),
            span: rule.span,
        };
        Some(Shared { rule, readers: readers.into_iter().collect(), origins, taken })
    }

    /// Lets the rules read the shared relation from now on.
    pub fn take(&mut self, shared: Shared) {
        for (number, reader) in shared.readers {
            if let Some(rule) = self.rules.get_mut(number) {
                *rule = reader;
            }
        }
        self.taken.extend(shared.taken);
    }

    /// Variables of a place that matter outside of it.
    fn needed(&self, place: &Place, filters: &BTreeSet<Filter>) -> HashSet<VarId> {
        let Some(rule) = self.rules.get(place.rule) else { return HashSet::new() };
        let Some(literals) = rule.body.alternatives.get(place.alternative) else { return HashSet::new() };
        if rule.args.iter().any(expr_can_fail) || literals.iter().any(can_fail) {
            // A failure is told with the values of all variables.
            return place.vars.iter().copied().collect();
        }
        let own = |at: &usize| {
            place.atoms.contains(at) || filters.iter().any(|filter| place.filters.get(filter) == Some(at))
        };
        let mut needed = HashSet::new();
        rule.args.iter().for_each(|arg| all_vars(arg, &mut |var| _ = needed.insert(var)));
        for (_, literal) in literals.iter().enumerate().filter(|(at, _)| !own(at)) {
            literal_vars(literal, &mut |var| _ = needed.insert(var));
        }
        needed
    }
}

/// Numbers the variables of sub-joins.
struct Finder<'b> {
    bodies: &'b Bodies,
    /// By rule and alternative.
    open: HashMap<(usize, usize), Open>,
    constants: HashMap<Value, usize>,
}

/// What can be shared of a body.
struct Open {
    /// Atoms, by their places among the literals, with their variables.
    atoms: Vec<(usize, BTreeSet<VarId>)>,
    /// How often each variable stands in the body and the head.
    stands: HashMap<VarId, usize>,
}

/// Atoms numbered so far.
#[derive(Clone, Default)]
struct Numbering {
    shapes: Vec<Shape>,
    atoms: Vec<usize>,
    vars: Vec<VarId>,
}

impl Finder<'_> {
    /// What the atoms look like, whatever their variables are called and in which order they stand.
    fn place(&mut self, rule: usize, alternative: usize, atoms: &[usize]) -> Option<(Vec<Shape>, Place)> {
        let of = self.bodies.rules.get(rule)?;
        let literals = of.body.alternatives.get(alternative)?;
        let lonely = |finder: &Self, var: &VarId| {
            let body = finder.open.get(&(rule, alternative));
            body.and_then(|body| body.stands.get(var)).copied() == Some(1)
        };
        let mut open: Vec<(usize, PredId, Vec<Term>)> = Vec::new();
        for at in atoms {
            let Literal::Atom(atom) = literals.get(*at)? else { return None };
            let mut terms = Vec::with_capacity(atom.args.len());
            for arg in &atom.args {
                terms.push(match arg {
                    Arg::Any => Term::Known(Operand::Any),
                    Arg::Is(Expr::Var(var)) if lonely(self, var) => Term::Known(Operand::Any),
                    Arg::Is(Expr::Var(var)) => Term::Var(*var),
                    Arg::Is(Expr::Const(value)) => Term::Known(self.constant(value)),
                    Arg::Is(_) => return None,
                });
            }
            open.push((*at, atom.pred, terms));
        }
        let mut best: Option<(Numbering, BTreeMap<Filter, usize>)> = None;
        let mut ways = vec![(Numbering::default(), (0..open.len()).collect::<Vec<usize>>())];
        let mut looked_at = 0;
        while let Some((numbering, left)) = ways.pop() {
            let next: Vec<(Shape, Vec<VarId>, usize)> = left
                .iter()
                .filter_map(|i| open.get(*i).map(|(_, pred, terms)| (i, *pred, terms)))
                .map(|(i, pred, terms)| {
                    let mut vars = numbering.vars.clone();
                    let args = terms.iter().map(|term| term.numbered(&mut vars)).collect();
                    (Shape { pred, args }, vars, *i)
                })
                .collect();
            let Some(least) = next.iter().map(|(shape, ..)| shape).min().cloned() else {
                looked_at += 1;
                let filters = self.filters(literals, &numbering.vars);
                let order = |(numbering, filters): &(Numbering, BTreeMap<Filter, usize>)| {
                    (numbering.shapes.clone(), filters.keys().cloned().collect::<Vec<_>>())
                };
                let found = (numbering, filters);
                if best.as_ref().is_none_or(|best| order(&found) < order(best)) {
                    best = Some(found);
                }
                continue;
            };
            for (shape, vars, i) in next.into_iter().filter(|(shape, ..)| *shape == least) {
                let mut numbering = numbering.clone();
                numbering.shapes.push(shape);
                numbering.vars = vars;
                numbering.atoms.extend(open.get(i).map(|(at, ..)| *at));
                ways.push((numbering, left.iter().copied().filter(|other| *other != i).collect()));
                if looked_at + ways.len() > MOST_WAYS {
                    break;
                }
            }
        }
        let (numbering, filters) = best?;
        let Numbering { shapes, atoms, vars } = numbering;
        Some((shapes, Place { rule, alternative, atoms, filters, vars }))
    }

    fn constant(&mut self, value: &Value) -> Operand {
        let next = self.constants.len();
        Operand::Const(*self.constants.entry(value.clone()).or_insert(next))
    }

    /// The comparisons of these variables with one another and with constants.
    fn filters(&mut self, literals: &[Literal], vars: &[VarId]) -> BTreeMap<Filter, usize> {
        let mut filters = BTreeMap::new();
        for (at, literal) in literals.iter().enumerate() {
            let Literal::Compare { op, left, right, possibly, .. } = literal else { continue };
            let mut operand = |expr: &Expr| match expr {
                Expr::Var(var) => vars.iter().position(|other| other == var).map(Operand::Var),
                Expr::Const(value) => Some(self.constant(value)),
                _ => None,
            };
            let (Some(left), Some(right)) = (operand(left), operand(right)) else { continue };
            if !matches!((left, right), (Operand::Var(_), _) | (_, Operand::Var(_))) {
                continue;
            }
            let (op, left, right) = match op {
                CompareOp::Gt => (CompareOp::Lt, right, left),
                CompareOp::Ge => (CompareOp::Le, right, left),
                CompareOp::Eq | CompareOp::Ne => (*op, left.min(right), left.max(right)),
                CompareOp::Lt | CompareOp::Le => (*op, left, right),
            };
            filters.insert(Filter { op: op as u8, possibly: *possibly, left, right }, at);
        }
        filters
    }
}

/// An argument before its variable has a number.
enum Term {
    Known(Operand),
    Var(VarId),
}

impl Term {
    /// With the variable's number, its next one if it has none.
    fn numbered(&self, vars: &mut Vec<VarId>) -> Operand {
        match self {
            Term::Known(operand) => *operand,
            Term::Var(var) => Operand::Var(vars.iter().position(|other| other == var).unwrap_or_else(|| {
                vars.push(*var);
                vars.len() - 1
            })),
        }
    }
}

/// The places together, and those with the same comparisons where others have fewer.
fn by_filters(shapes: &[Shape], places: Vec<Place>) -> Vec<Common> {
    let relations: Vec<PredId> = shapes.iter().map(|shape| shape.pred).collect();
    let mut by: BTreeMap<Vec<&Filter>, Vec<&Place>> = BTreeMap::new();
    places.iter().for_each(|place| by.entry(place.filters.keys().collect()).or_default().push(place));
    let all = places.iter().map(|place| place.filters.keys().cloned().collect::<BTreeSet<Filter>>());
    let filters = all.reduce(|all, next| all.intersection(&next).cloned().collect()).unwrap_or_default();
    let mut found = Vec::new();
    if by.len() > 1 {
        for (filters, places) in by {
            let places: Vec<Place> = places.into_iter().cloned().collect();
            if !filters.is_empty() && stands_twice(&places) {
                let filters = filters.into_iter().cloned().collect();
                found.push(Common { relations: relations.clone(), places, filters });
            }
        }
    }
    found.push(Common { relations, places, filters });
    found
}

/// Whether two of the places have no atom in common.
fn stands_twice(places: &[Place]) -> bool {
    let Some((first, others)) = places.split_first() else { return false };
    let apart = |one: &Place, other: &Place| {
        (one.rule, one.alternative) != (other.rule, other.alternative)
            || one.atoms.iter().all(|at| !other.atoms.contains(at))
    };
    // Of places in one body that overlap one by one, two may be apart all the same.
    others.iter().any(|other| apart(first, other))
        || others.len() <= 64
            && others.iter().enumerate().any(|(i, one)| others.iter().skip(i + 1).any(|two| apart(one, two)))
}

/// The variables of an atom that holds nothing but these, constants and wildcards.
fn plain_vars(atom: &Atom) -> Option<BTreeSet<VarId>> {
    let mut vars = BTreeSet::new();
    for arg in &atom.args {
        match arg {
            Arg::Is(Expr::Var(var)) => _ = vars.insert(*var),
            Arg::Any | Arg::Is(Expr::Const(_)) => {}
            Arg::Is(_) => return None,
        }
    }
    Some(vars)
}

/// Where a variable stands in the atoms of a body.
fn origins(body: &[Literal], var: VarId) -> Vec<(PredId, usize)> {
    let mut found = Vec::new();
    for literal in body {
        let Literal::Atom(atom) = literal else { continue };
        for (column, arg) in atom.args.iter().enumerate() {
            if matches!(arg, Arg::Is(Expr::Var(other)) if *other == var) {
                found.push((atom.pred, column));
            }
        }
    }
    found
}

/// Every occurrence of a variable in a literal, in bodies within it too.
fn literal_vars(literal: &Literal, visit: &mut dyn FnMut(VarId)) {
    match literal {
        Literal::Atom(atom) => {
            for arg in &atom.args {
                if let Arg::Is(expr) = arg {
                    all_vars(expr, visit);
                }
            }
        }
        Literal::Not(body, _) => body_vars(body, visit),
        Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
            all_vars(left, visit);
            all_vars(right, visit);
        }
        Literal::In { item, list, .. } => {
            all_vars(item, visit);
            all_vars(list, visit);
        }
        Literal::Bool(_) => {}
    }
}

fn body_vars(body: &Body, visit: &mut dyn FnMut(VarId)) {
    // As deep as bodies are written within one another, which the parser bounds.
    body.alternatives.iter().flatten().for_each(|literal| literal_vars(literal, visit));
}

fn all_vars(expr: &Expr, visit: &mut dyn FnMut(VarId)) {
    match expr {
        Expr::Aggregate(aggregate) => {
            aggregate.arg.iter().for_each(|arg| all_vars(arg, visit));
            body_vars(&aggregate.body, visit);
        }
        other => other.vars(&mut |var| visit(var)),
    }
}
