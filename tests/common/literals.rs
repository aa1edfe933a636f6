//! Random expressions, aggregates, tests and negations.

use factlog::model::program::{
    Aggregate, AggregateOp, Arg, Atom, Body, CompareOp, Expr, Functor, Literal, TestOp, VarId,
};
use factlog::model::value::Value;

use super::generate::{Conjunction, Generator};
use super::world::Kind;

const COMPARES: [CompareOp; 6] =
    [CompareOp::Eq, CompareOp::Ne, CompareOp::Lt, CompareOp::Le, CompareOp::Gt, CompareOp::Ge];

impl Generator {
    /// A bound variable or, now and then and where there is none, a constant.
    fn operand(&mut self, body: &Conjunction, kind: Kind) -> Expr {
        match self.one_of(&body.bound, kind) {
            Some(var) if self.dice.chance(80) => Expr::Var(var),
            _ => Expr::Const(self.world.constant(&mut self.dice, kind)),
        }
    }

    fn call(&mut self, functor: Functor, args: Vec<Expr>) -> Expr {
        let span = self.place();
        Expr::Call(functor, args, span)
    }

    /// An expression of this type over bound variables; a recursive rule makes numbers only.
    pub(super) fn computed(&mut self, body: &Conjunction, kind: Kind) -> Option<Expr> {
        use Functor::*;
        if body.recursive && kind != Kind::Number {
            return None;
        }
        Some(match kind {
            Kind::Number => match self.dice.weighted(&[60, 12, 8, 8, 6, 6]) {
                0 => {
                    let functor = self
                        .dice
                        .pick(&[Add, Add, Sub, Mul, Min, Max, Div, Div, Rem, Rem, Band, Bxor, Lor, Pow]);
                    let left = self.operand(body, Kind::Number);
                    let mut right = self.operand(body, Kind::Number);
                    // Enough of them divide by something else to leave most programs without errors.
                    if matches!(functor, Div | Rem) && self.dice.chance(40) {
                        right = Expr::Const(Value::Number(2));
                    }
                    if matches!(functor, Pow) {
                        right = Expr::Const(Value::Number(2));
                    }
                    self.call(functor, vec![left, right])
                }
                1 => {
                    let arg = self.operand(body, Kind::Number);
                    let functor = self.dice.pick(&[Neg, Abs, Bnot, Lnot]);
                    self.call(functor, vec![arg])
                }
                2 => {
                    let arg = self.operand(body, Kind::Symbol);
                    self.call(Strlen, vec![arg])
                }
                3 => {
                    let functor = self.dice.pick(&[Year, Month, Day]);
                    let arg = self.operand(body, Kind::Date);
                    self.call(functor, vec![arg])
                }
                4 => {
                    let functor = self.dice.pick(&[Round, Floor, Ceil, ToNumber]);
                    let arg = self.operand(body, Kind::Float);
                    self.call(functor, vec![arg])
                }
                _ => {
                    let args = vec![self.operand(body, Kind::Date), self.operand(body, Kind::Date)];
                    self.call(DaysBetween, args)
                }
            },
            Kind::Symbol => match self.dice.below(5) {
                0 => {
                    let args = vec![self.operand(body, Kind::Symbol), self.operand(body, Kind::Symbol)];
                    self.call(Cat, args)
                }
                1 => {
                    let functor = self.dice.pick(&[Upper, Lower, Trim]);
                    let arg = self.operand(body, Kind::Symbol);
                    self.call(functor, vec![arg])
                }
                2 => {
                    let arg = self.operand(body, Kind::Number);
                    self.call(ToString, vec![arg])
                }
                3 => {
                    let length = Expr::Const(Value::Number(self.dice.below(3) as i64));
                    let args = vec![self.operand(body, Kind::Symbol), Expr::Const(Value::Number(0)), length];
                    self.call(Substr, args)
                }
                _ => {
                    let args = vec![
                        self.operand(body, Kind::Symbol),
                        Expr::Const(Value::symbol("a")),
                        self.operand(body, Kind::Symbol),
                    ];
                    self.call(Replace, args)
                }
            },
            Kind::Float => {
                if self.dice.chance(40) {
                    let arg = self.operand(body, Kind::Number);
                    return Some(self.call(ToFloat, vec![arg]));
                }
                let functor = self.dice.pick(&[Add, Sub, Mul]);
                let args = vec![self.operand(body, Kind::Float), self.operand(body, Kind::Float)];
                self.call(functor, args)
            }
            Kind::Date => {
                let arg = self.operand(body, Kind::Date);
                match self.dice.below(3) {
                    0 => self.call(Earliest, vec![arg]),
                    1 => self.call(Latest, vec![arg]),
                    _ => {
                        let days = Expr::Const(Value::Number(self.dice.below(40) as i64));
                        self.call(AddDays, vec![arg, days])
                    }
                }
            }
            Kind::Numbers => {
                Expr::List(vec![self.operand(body, Kind::Number), self.operand(body, Kind::Number)])
            }
            Kind::Bool | Kind::Level => return None,
        })
    }

    /// An aggregate whose value has this type.
    pub(super) fn aggregate(&mut self, body: &Conjunction, kind: Kind) -> Option<Expr> {
        use AggregateOp::*;
        let (op, of) = match kind {
            Kind::Number => match self.dice.below(6) {
                0 | 1 => (Count, None),
                2 => (Count, Some(self.world.kind(&mut self.dice))),
                3 => (Sum, Some(Kind::Number)),
                4 => (Min, Some(Kind::Number)),
                _ => (Max, Some(Kind::Number)),
            },
            Kind::Float => match self.dice.below(4) {
                0 => (Mean, Some(Kind::Number)),
                1 => (Mean, Some(Kind::Float)),
                2 => (Sum, Some(Kind::Float)),
                _ => (Max, Some(Kind::Float)),
            },
            Kind::Symbol => (self.dice.pick(&[Min, Max, Concat]), Some(Kind::Symbol)),
            Kind::Numbers => (List, Some(Kind::Number)),
            Kind::Date | Kind::Bool | Kind::Level => (self.dice.pick(&[Min, Max]), Some(kind)),
        };
        self.readable(0..body.below, None)?;
        let var = of.map(|kind| self.fresh(kind));
        let alternatives = if self.dice.chance(85) { 1 } else { 2 };
        let mut bodies: Vec<Conjunction> =
            (0..alternatives).map(|_| self.nested(body, var.into_iter().collect())).collect();
        if self.dice.chance(50)
            && let [first, others @ ..] = &mut bodies[..]
        {
            // As if what the first reads stood beside a group.
            let atoms = first.literals.iter().filter(|literal| matches!(literal, Literal::Atom(_)));
            let atoms: Vec<Literal> = atoms.cloned().collect();
            others.iter_mut().for_each(|other| other.literals.extend(atoms.clone()));
        }
        let mut arg = var.map(Expr::Var);
        if let (Sum | Max | Min, Some(Kind::Number), Some(var)) = (op, of, var)
            && self.dice.chance(15)
        {
            let two = Expr::Const(Value::Number(2));
            arg = Some(self.call(Functor::Mul, vec![Expr::Var(var), two]));
        }
        let alternatives = bodies.into_iter().map(|body| self.finish(body)).collect();
        let separator = if op == Concat { "+" } else { "" }.into();
        let float = of == Some(Kind::Float);
        let span = self.place();
        let body = Body { alternatives };
        Some(Expr::Aggregate(Box::new(Aggregate { op, arg, separator, float, wraps: false, body, span })))
    }

    /// `var in list`.
    pub(super) fn element(&mut self, body: &mut Conjunction, var: VarId) {
        let kind = self.kind(var);
        let list = match self.one_of(&body.bound, Kind::Numbers) {
            Some(list) if kind == Kind::Number => Expr::Var(list),
            _ if kind == Kind::Number && self.dice.chance(30) => {
                let args =
                    [self.dice.below(3), self.dice.below(6)].map(|n| Expr::Const(Value::Number(n as i64)));
                self.call(Functor::Range, args.to_vec())
            }
            _ => Expr::List(vec![self.operand(body, kind), self.operand(body, kind)]),
        };
        let span = self.place();
        body.literals.push(Literal::In { item: Expr::Var(var), list, span });
        if !body.bound.contains(&var) {
            body.bound.push(var);
        }
        body.nilable.remove(&var);
    }

    /// One literal more, of any sort.
    pub(super) fn extra(&mut self, body: &mut Conjunction) {
        let nested = body.depth < 2 && body.below > 0;
        match self.dice.weighted(&[24, 18, 10, 10, 8, 6, 6, 4, 4, 3, 4]) {
            1 if nested => self.negated_atom(body),
            2 if nested => self.negated_group(body),
            3 if nested => {
                let kind = self.world.kind(&mut self.dice);
                let Some(expr) = self.aggregate(body, kind) else { return };
                let known = self.one_of(&body.bound, kind);
                match known {
                    Some(var) if self.dice.chance(20) => self.equal(body, var, expr),
                    _ if self.dice.chance(15) => {
                        let value = Expr::Const(self.world.constant(&mut self.dice, kind));
                        let literal = self.compare(CompareOp::Eq, value, expr);
                        body.literals.push(literal);
                    }
                    _ => {
                        let var = self.fresh(kind);
                        self.equal(body, var, expr);
                    }
                }
            }
            4 => {
                let kind = if body.recursive { Kind::Number } else { self.world.kind(&mut self.dice) };
                if let Some(expr) = self.computed(body, kind) {
                    let var = self.fresh(kind);
                    self.equal(body, var, expr);
                }
            }
            5 => {
                let kind = self.dice.pick(&[Kind::Number, Kind::Number, Kind::Symbol, Kind::Level]);
                let var = match self.one_of(&body.bound, kind) {
                    Some(var) if self.dice.chance(60) => var,
                    _ => self.fresh(kind),
                };
                self.element(body, var);
            }
            6 => {
                let (op, kind) = self.dice.pick(&[
                    (TestOp::Within, Kind::Date),
                    (TestOp::Overlaps, Kind::Date),
                    (TestOp::Contains, Kind::Symbol),
                    (TestOp::Match, Kind::Symbol),
                ]);
                let right = self.operand(body, kind);
                let left = match op {
                    TestOp::Match => Expr::Const(Value::symbol(self.dice.pick(&["a.*", "[ab]+", "", "b|c"]))),
                    _ => self.operand(body, kind),
                };
                let span = self.place();
                body.literals.push(Literal::Test { op, left, right, span });
            }
            7 if !body.bound.is_empty() => {
                let var = self.dice.pick(&body.bound);
                let op = self.dice.pick(&[CompareOp::Eq, CompareOp::Ne, CompareOp::Ne, CompareOp::Ne]);
                let literal = self.compare(op, Expr::Var(var), Expr::Const(Value::Nil));
                body.literals.push(literal);
            }
            8 => {
                // What has variables of its own cannot stand twice.
                if let Some(mut literal) = body.literals.last().cloned()
                    && super::case::nested_bodies(&mut literal).is_empty()
                {
                    body.literals.push(literal);
                }
            }
            9 => {
                let holds = self.dice.chance(80);
                body.literals.push(Literal::Bool(holds));
            }
            10 if nested => self.ground_negation(body),
            _ => self.comparison(body),
        }
    }

    fn comparison(&mut self, body: &mut Conjunction) {
        let kinds: Vec<Kind> = body.bound.iter().map(|var| self.kind(*var)).collect();
        let kind = if kinds.is_empty() { self.world.kind(&mut self.dice) } else { self.dice.pick(&kinds) };
        let op = COMPARES[self.dice.weighted(&[6, 30, 16, 20, 14, 14])];
        let left = self.operand(body, kind);
        let right = match self.dice.chance(15).then(|| self.computed(body, kind)) {
            Some(Some(expr)) => expr,
            _ => self.operand(body, kind),
        };
        let possibly = kind == Kind::Date && self.dice.chance(35);
        let span = self.place();
        body.literals.push(Literal::Compare { op, left, right, possibly, span });
    }

    fn negated(&mut self, literals: Vec<Literal>, body: &mut Conjunction) {
        let span = self.place();
        let mut literal = Literal::Not(Body { alternatives: vec![literals] }, span);
        if self.dice.chance(5) {
            literal = Literal::Not(Body { alternatives: vec![vec![literal]] }, span);
        }
        body.literals.push(literal);
    }

    fn negated_atom(&mut self, body: &mut Conjunction) {
        let Some(pred) = self.readable(0..body.below, None) else { return };
        let columns = self.predicates[pred.0 as usize].columns.clone();
        let mut args = Vec::new();
        for column in columns {
            let kind = Kind::of(column.ty);
            args.push(match self.dice.weighted(&[60, 18, 15, 4, 3]) {
                0 => match self.one_of(&body.bound, kind) {
                    Some(var) => Arg::Is(Expr::Var(var)),
                    None => Arg::Any,
                },
                1 => Arg::Is(Expr::Const(self.world.constant(&mut self.dice, kind))),
                2 => Arg::Any,
                3 if column.optional => Arg::Is(Expr::Const(Value::Nil)),
                _ => self.computed(body, kind).map_or(Arg::Any, Arg::Is),
            });
        }
        let span = self.place();
        self.negated(vec![Literal::Atom(Atom { pred, args, span })], body);
    }

    fn ground_negation(&mut self, body: &mut Conjunction) {
        let Some(pred) = self.readable(0..body.below, None) else { return };
        let predicate = self.predicates[pred.0 as usize].clone();
        let tuple = self.world.tuple(&mut self.dice, &predicate);
        let args = tuple.into_iter().map(|value| Arg::Is(Expr::Const(value))).collect();
        let span = self.place();
        self.negated(vec![Literal::Atom(Atom { pred, args, span })], body);
    }

    fn negated_group(&mut self, body: &mut Conjunction) {
        let inner = self.nested(body, Vec::new());
        let mut alternatives = vec![self.finish(inner)];
        if self.dice.chance(15) {
            let other = self.nested(body, Vec::new());
            alternatives.push(self.finish(other));
        }
        let span = self.place();
        body.literals.push(Literal::Not(Body { alternatives }, span));
    }
}
