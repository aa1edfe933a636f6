//! Random programs: safe, typed, stratified, finite; most of them with results.

use std::collections::BTreeSet;
use std::sync::Arc;

use factlog::model::program::{Arg, Atom, Body, CompareOp, Expr, Literal, Rule, Var, VarId};
use factlog::model::schema::{PredId, PredKind, Predicate};
use factlog::model::value::Value;

use super::case::{Case, span};
use super::dice::Dice;
use super::world::{Kind, World, schema};

const MAX_RULES: usize = 12;
/// Numbers that recursive rules compute stay below this, and above its negative.
const BOUND: i64 = 6;

/// The case of a seed.
pub fn case(seed: u64) -> Case {
    let mut dice = Dice::new(seed);
    let world = World::new(&mut dice);
    let stated = dice.between(1, 3);
    let derived = dice.between(1, (8 - stated).min(5));
    let mut predicates = Vec::new();
    let mut levels = Vec::new();
    let mut level = 0;
    for i in 0..stated + derived {
        // Facts may also be stated of what rules define.
        let kind = if i < stated || dice.chance(20) { PredKind::Declared } else { PredKind::Derived };
        predicates.push(world.predicate(&mut dice, format!("R{i}"), kind));
        if i >= stated && (i == stated || dice.chance(50)) {
            level += 1;
        }
        levels.push(level);
    }
    let mut facts = Vec::new();
    for (i, predicate) in predicates.iter().enumerate() {
        let count = match predicate.kind {
            PredKind::Declared if i < stated => dice.between(0, 8).max(dice.below(3)),
            PredKind::Declared => dice.below(3),
            _ => 0,
        };
        facts.extend((0..count).map(|_| (PredId(i as u32), world.tuple(&mut dice, predicate))));
    }
    dice.shuffle(&mut facts);
    let mut generator = Generator { dice, world, predicates, levels, at: 100, vars: Vec::new() };
    let mut rules = Vec::new();
    for head in stated..stated + derived {
        let left = stated + derived - head - 1;
        let most = (MAX_RULES - rules.len() - left).min(3);
        for nth in 0..generator.dice.between(1, most) {
            rules.push(generator.rule(PredId(head as u32), nth == 0));
        }
    }
    generator.dice.shuffle(&mut rules);
    Case::new(Arc::new(schema(generator.predicates)), rules, facts)
}

pub(super) struct Generator {
    pub(super) dice: Dice,
    pub(super) world: World,
    pub(super) predicates: Vec<Predicate>,
    levels: Vec<usize>,
    at: usize,
    /// Those of the rule at hand.
    vars: Vec<Var>,
}

/// A conjunction in the making.
#[derive(Clone, Default)]
pub(super) struct Conjunction {
    pub(super) literals: Vec<Literal>,
    /// Variables with a value, those from outside included.
    pub(super) bound: Vec<VarId>,
    /// Variables that may be used in an atom, bound or not.
    pub(super) wanted: Vec<VarId>,
    /// Variables that can be nil so far.
    pub(super) nilable: BTreeSet<VarId>,
    /// Where a variable stood first in an atom.
    pub(super) first: Vec<(VarId, PredId, usize)>,
    /// Atoms read relations of levels below this one.
    pub(super) below: usize,
    /// Whether a relation of the head's level is read, so that no new values may be made freely.
    pub(super) recursive: bool,
    /// How many bodies it is nested in.
    pub(super) depth: usize,
}

impl Generator {
    pub(super) fn place(&mut self) -> factlog::base::Span {
        self.at += 2;
        span(self.at)
    }

    pub(super) fn fresh(&mut self, kind: Kind) -> VarId {
        let id = VarId(self.vars.len() as u32);
        let name = format!("v{}", id.0).into();
        let span = self.place();
        self.vars.push(Var { name, ty: kind.ty(), optional: false, span });
        id
    }

    pub(super) fn kind(&self, var: VarId) -> Kind {
        Kind::of(self.vars[var.0 as usize].ty)
    }

    /// One of the variables that has this type.
    pub(super) fn one_of(&mut self, vars: &[VarId], kind: Kind) -> Option<VarId> {
        let fit: Vec<VarId> = vars.iter().copied().filter(|var| self.kind(*var) == kind).collect();
        (!fit.is_empty()).then(|| self.dice.pick(&fit))
    }

    /// A rule for `head`; the first one of a relation does not read its own level.
    fn rule(&mut self, head: PredId, first: bool) -> Rule {
        self.vars.clear();
        let level = self.levels[head.0 as usize];
        let recursive = !first && self.dice.chance(60);
        let start = |recursive| Conjunction { below: level, recursive, ..Conjunction::default() };
        let mut body = start(recursive);
        self.fill(&mut body, level);
        let columns: Vec<(Kind, bool)> = self.predicates[head.0 as usize]
            .columns
            .iter()
            .map(|column| (Kind::of(column.ty), column.optional))
            .collect();
        let mut args = Vec::new();
        for (kind, optional) in columns {
            args.push(self.head_arg(&mut body, kind, optional));
        }
        let mut alternatives = vec![body];
        for _ in 0..self.dice.weighted(&[78, 16, 6]) {
            let mut other = start(recursive && self.dice.chance(50));
            args.iter().for_each(|arg| arg.vars(&mut |var| other.wanted.push(var)));
            other.wanted.sort();
            other.wanted.dedup();
            self.fill(&mut other, level);
            alternatives.push(other);
        }
        for (arg, column) in args.iter().zip(self.predicates[head.0 as usize].columns.clone()) {
            if let Expr::Var(var) = arg
                && !column.optional
            {
                alternatives.iter_mut().for_each(|alternative| self.deny_nil(alternative, *var));
            }
        }
        let alternatives = alternatives.into_iter().map(|conjunction| self.finish(conjunction)).collect();
        let span = self.place();
        let vars = std::mem::take(&mut self.vars);
        Rule { head, args, body: Body { alternatives }, vars, label: None, assume: Vec::new(), span }
    }

    pub(super) fn finish(&mut self, mut conjunction: Conjunction) -> Vec<Literal> {
        self.dice.shuffle(&mut conjunction.literals);
        if conjunction.literals.is_empty() {
            conjunction.literals.push(Literal::Bool(true));
        }
        conjunction.literals
    }

    fn head_arg(&mut self, body: &mut Conjunction, kind: Kind, optional: bool) -> Expr {
        let bound: Vec<VarId> =
            body.bound.iter().copied().filter(|var| optional || !body.nilable.contains(var)).collect();
        if optional && self.dice.chance(8) {
            return Expr::Const(Value::Nil);
        }
        if self.dice.chance(6) {
            return Expr::Const(self.world.constant(&mut self.dice, kind));
        }
        if !body.recursive
            && self.dice.chance(12)
            && let Some(expr) = self.computed(body, kind)
        {
            return expr;
        }
        if self.dice.chance(88)
            && let Some(var) = self.one_of(&bound, kind)
        {
            return Expr::Var(var);
        }
        let var = self.fresh(kind);
        self.bind(body, var);
        Expr::Var(var)
    }

    /// Atoms, what the wanted variables need, and other literals.
    fn fill(&mut self, body: &mut Conjunction, level: usize) {
        if self.dice.chance(25) {
            self.cycle(body, level);
        }
        let atoms = self.dice.weighted(&[4, 46, 36, 14]).max(usize::from(body.recursive));
        for nth in 0..atoms {
            let own = body.recursive && (nth == 0 || self.dice.chance(35));
            if let Some(pred) = self.readable(if own { level..level + 1 } else { 0..level }, None) {
                self.atom(body, pred, None);
            }
        }
        for var in body.wanted.clone() {
            if !body.bound.contains(&var) {
                self.bind(body, var);
            }
        }
        let most = if body.depth == 0 { 3 } else { 1 };
        for _ in 0..self.dice.below(most + 1) {
            self.extra(body);
        }
    }

    /// Atoms whose variables close a circle: a triangle, a square or a clique of four.
    fn cycle(&mut self, body: &mut Conjunction, level: usize) {
        const SHAPES: [(usize, &[(usize, usize)]); 3] = [
            (3, &[(0, 1), (1, 2), (0, 2)]),
            (4, &[(0, 1), (1, 2), (2, 3), (3, 0)]),
            (4, &[(0, 1), (1, 2), (0, 2), (2, 3), (0, 3), (1, 3)]),
        ];
        let (corners, edges) = SHAPES[self.dice.weighted(&[60, 25, 15])];
        let kind = self.world.kind(&mut self.dice);
        let columns = |predicate: &Predicate| -> Vec<usize> {
            (0..predicate.columns.len()).filter(|i| predicate.columns[*i].ty == kind.ty()).collect()
        };
        let below = if body.recursive { level + 1 } else { level };
        let wide = |i: &usize| self.levels[*i] < below && columns(&self.predicates[*i]).len() > 1;
        let preds: Vec<usize> = (0..self.predicates.len()).filter(wide).collect();
        if preds.is_empty() {
            return;
        }
        let corners: Vec<VarId> = (0..corners)
            .map(|_| match self.one_of(&body.wanted.clone(), kind) {
                Some(var) if self.dice.chance(40) => var,
                _ => self.fresh(kind),
            })
            .collect();
        for (from, to) in edges {
            let pred = self.dice.pick(&preds);
            let mut places = columns(&self.predicates[pred]);
            self.dice.shuffle(&mut places);
            let ends = [(places[0], corners[*from]), (places[1], corners[*to])];
            self.atom_with(body, PredId(pred as u32), &ends);
        }
    }

    /// A relation of these levels, with a column of `kind` if one is asked for.
    pub(super) fn readable(&mut self, levels: std::ops::Range<usize>, kind: Option<Kind>) -> Option<PredId> {
        let fits = |i: &usize| {
            levels.contains(&self.levels[*i])
                && kind.is_none_or(|kind| {
                    self.predicates[*i].columns.iter().any(|column| column.ty == kind.ty())
                })
        };
        let all: Vec<usize> = (0..self.predicates.len()).filter(fits).collect();
        (!all.is_empty()).then(|| PredId(self.dice.pick(&all) as u32))
    }

    /// A positive atom. `place` puts a variable into one of the columns.
    pub(super) fn atom(&mut self, body: &mut Conjunction, pred: PredId, place: Option<VarId>) {
        let columns = self.predicates[pred.0 as usize].columns.clone();
        let at = place.map(|var| {
            let fit: Vec<usize> =
                (0..columns.len()).filter(|i| columns[*i].ty == self.kind(var).ty()).collect();
            (self.dice.pick(&fit), var)
        });
        self.atom_with(body, pred, at.as_slice());
    }

    /// A positive atom with these variables in these columns.
    fn atom_with(&mut self, body: &mut Conjunction, pred: PredId, places: &[(usize, VarId)]) {
        let columns = self.predicates[pred.0 as usize].columns.clone();
        let mut args = Vec::new();
        for (i, column) in columns.iter().enumerate() {
            let kind = Kind::of(column.ty);
            let placed = places.iter().find(|(column, _)| *column == i).map(|(_, var)| *var);
            let var = placed.or_else(|| match self.dice.weighted(&[50, 27, 11, 10, 2]) {
                0 => {
                    let known: Vec<VarId> = body.bound.iter().chain(&body.wanted).copied().collect();
                    Some(self.one_of(&known, kind).unwrap_or_else(|| self.fresh(kind)))
                }
                1 => Some(self.fresh(kind)),
                2 => None,
                3 => {
                    let nil = column.optional && self.dice.chance(30);
                    let value = if nil { Value::Nil } else { self.world.constant(&mut self.dice, kind) };
                    args.push(Arg::Is(Expr::Const(value)));
                    None
                }
                _ => {
                    args.extend(self.computed(body, kind).map(Arg::Is));
                    None
                }
            });
            match var {
                Some(var) => {
                    if body.bound.contains(&var) {
                        body.nilable.remove(&var);
                    } else {
                        body.bound.push(var);
                        body.first.push((var, pred, i));
                        if column.optional {
                            body.nilable.insert(var);
                        }
                    }
                    args.push(Arg::Is(Expr::Var(var)));
                }
                None if args.len() == i => args.push(Arg::Any),
                None => {}
            }
        }
        let span = self.place();
        body.literals.push(Literal::Atom(Atom { pred, args, span }));
    }

    /// Makes the body give `var` a value.
    pub(super) fn bind(&mut self, body: &mut Conjunction, var: VarId) {
        let kind = self.kind(var);
        let levels = 0..body.below;
        match self.dice.weighted(&[60, 14, 14, 6, 6]) {
            1 => {
                if let Some(expr) = self.computed(body, kind) {
                    return self.equal(body, var, expr);
                }
            }
            2 if body.depth < 2 => {
                if let Some(expr) = self.aggregate(body, kind) {
                    return self.equal(body, var, expr);
                }
            }
            3 => return self.element(body, var),
            4 => {
                let value = self.world.constant(&mut self.dice, kind);
                return self.equal(body, var, Expr::Const(value));
            }
            _ => {}
        }
        match self.readable(levels, Some(kind)) {
            Some(pred) => self.atom(body, pred, Some(var)),
            None => {
                let value = self.world.constant(&mut self.dice, kind);
                self.equal(body, var, Expr::Const(value));
            }
        }
    }

    /// `var = expr`, and in a recursive rule bounds for numbers.
    pub(super) fn equal(&mut self, body: &mut Conjunction, var: VarId, expr: Expr) {
        if body.recursive && matches!(expr, Expr::Call(..)) {
            for (op, bound) in [(CompareOp::Le, BOUND), (CompareOp::Ge, -BOUND)] {
                let literal = self.compare(op, Expr::Var(var), Expr::Const(Value::Number(bound)));
                body.literals.push(literal);
            }
        }
        let turned = self.dice.chance(20);
        let (left, right) = if turned { (expr, Expr::Var(var)) } else { (Expr::Var(var), expr) };
        let literal = self.compare(CompareOp::Eq, left, right);
        body.literals.push(literal);
        if !body.bound.contains(&var) {
            body.bound.push(var);
        }
        body.nilable.remove(&var);
    }

    pub(super) fn compare(&mut self, op: CompareOp, left: Expr, right: Expr) -> Literal {
        Literal::Compare { op, left, right, possibly: false, span: self.place() }
    }

    /// Joins a variable that can be nil with itself, after which it cannot.
    fn deny_nil(&mut self, body: &mut Conjunction, var: VarId) {
        if body.nilable.remove(&var)
            && let Some((_, pred, column)) = body.first.iter().find(|(first, ..)| *first == var).copied()
        {
            let arity = self.predicates[pred.0 as usize].columns.len();
            let arg = |i| if i == column { Arg::Is(Expr::Var(var)) } else { Arg::Any };
            let span = self.place();
            body.literals.push(Literal::Atom(Atom { pred, args: (0..arity).map(arg).collect(), span }));
        }
    }

    /// A conjunction inside a negation or an aggregate; it reads lower levels only.
    pub(super) fn nested(&mut self, outer: &Conjunction, wanted: Vec<VarId>) -> Conjunction {
        let mut body = Conjunction {
            // A nested variable of the outside is tested for equality there, and nil equals nothing.
            bound: outer.bound.clone(),
            wanted,
            below: outer.below,
            depth: outer.depth + 1,
            ..Conjunction::default()
        };
        self.fill(&mut body, outer.below);
        if !body.literals.iter().any(|literal| matches!(literal, Literal::Atom(_)))
            && let Some(pred) = self.readable(0..outer.below, None)
        {
            self.atom(&mut body, pred, None);
        }
        body
    }
}
