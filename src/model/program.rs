//! Rules with every name resolved and every constant typed: what the analysis hands to the planner
//! and to the reference evaluator.
//!
//! Meaning. A rule derives its head for every assignment of values to its variables that satisfies
//! one alternative of its body. The order of literals, alternatives and rules means nothing.
//!
//! nil. A variable that stands in two or more atom arguments of an alternative never takes nil;
//! nil equals nothing in an argument except where the argument is the constant nil itself; a
//! comparison or test with a nil operand is false, except `= nil` and `!= nil` against the
//! constant; a functor with a nil operand has no value.
//!
//! `item in list` ranges over the items that are not nil. A variable that is shared with the outside
//! of a negation or an aggregate and is nil there equals nothing in an argument inside.
//!
//! Aggregates range over the distinct assignments to the variables and wildcards that stand in
//! their body outside further negations and aggregates, those shared with the outside being fixed;
//! what an alternative does not mention has no value in its assignments, which is itself like a
//! value. An assignment for which the aggregated expression has no value does not count. `count`
//! with an expression counts its distinct values, nil being one; `list` has an item for each
//! assignment, nil included; `sum`, `mean`, `min`, `max` and `concat` leave out nil. `sum` of
//! numbers and the two parts of `mean` are exact before the result is made; an overflow is an error.
//!
//! No value. A literal whose expression has no value is not satisfied, and so its negation is;
//! an assignment whose head has no value derives nothing.

use std::collections::HashMap;
use std::sync::Arc;

use super::schema::{PredId, Schema, StructId, TypeId};
use super::structure::Constructor;
use super::value::Value;
use crate::base::Span;
pub use crate::syntax::datalog::ast::{AggregateOp, CompareOp, TestOp};

/// A variable of one rule, by its index in [`Rule::vars`]. Nested bodies share the rule's table;
/// a variable local to an aggregate or a negation has an id of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct VarId(pub u32);

/// What is known of a variable.
#[derive(Clone, Debug)]
pub struct Var {
    /// As written; made-up ones begin with a digit, so that they clash with nothing.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Whether a column of an atom in which it stands can be nil. The variable itself never is if
    /// it stands in two, or a comparison excludes nil.
    pub optional: bool,
    /// Its first occurrence.
    pub span: Span,
}

/// A rule, by its index in [`CheckedProgram::rules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RuleId(pub u32);

/// `head :- body.` A clause with several heads has become several rules.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The relation defined.
    pub head: PredId,
    /// One expression a column of it: variables, constants, computed values. No aggregates: those
    /// have moved to the body as `v = aggregate`.
    pub args: Vec<Expr>,
    /// The body; a rule without premises has one empty alternative.
    pub body: Body,
    /// Its variables.
    pub vars: Vec<Var>,
    /// `@label`, decoded, with `{var}` placeholders.
    pub label: Option<Arc<str>>,
    /// `@assume`, likewise. Several are several assumptions.
    pub assume: Vec<Arc<str>>,
    /// The clause in its file.
    pub span: Span,
}

/// A disjunction of conjunctions; at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The alternatives. Groups have been multiplied out.
    pub alternatives: Vec<Vec<Literal>>,
}

/// One premise.
#[derive(Clone, Debug, PartialEq)]
pub enum Literal {
    /// A tuple is in the relation.
    Atom(Atom),
    /// The body has no solution for the values of the variables shared with the outside; variables
    /// that occur only inside are existential.
    Not(Body, Span),
    /// A comparison of two values. `=` with one side an unbound variable binds it.
    Compare {
        /// Which.
        op: CompareOp,
        /// Left operand.
        left: Expr,
        /// Right operand.
        right: Expr,
        /// `possibly(…)`: it can hold of some days of the two dates.
        possibly: bool,
        /// Where it stands.
        span: Span,
    },
    /// `item` is an element of `list`; binds a variable `item` that is unbound.
    In {
        /// The element.
        item: Expr,
        /// The list.
        list: Expr,
        /// Where it stands.
        span: Span,
    },
    /// A test of two values, both bound.
    Test {
        /// Which.
        op: TestOp,
        /// First operand.
        left: Expr,
        /// Second operand.
        right: Expr,
        /// Where it stands.
        span: Span,
    },
    /// `true` or `false`.
    Bool(bool),
}

/// A positive atom, one argument a column.
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// The relation (perhaps a [`super::schema::PredKind::Assertions`] one).
    pub pred: PredId,
    /// One a column.
    pub args: Vec<Arg>,
    /// Where it stands.
    pub span: Span,
}

/// An argument of an atom.
#[derive(Clone, Debug, PartialEq)]
pub enum Arg {
    /// `_`, or left out: anything, nil included. Each is a variable of its own, but that of an atom
    /// that several alternatives share (its span says so) is one in all of them.
    Any,
    /// The column equals this expression's value; a variable that is unbound is bound.
    Is(Expr),
}

/// A value computed from variables.
#[derive(Clone, Debug, PartialEq)]
pub enum Expr {
    /// A variable.
    Var(VarId),
    /// A constant, already of the type that its place asks for.
    Const(Value),
    /// A functor applied.
    Call(Functor, Vec<Expr>, Span),
    /// `[e, …]`
    List(Vec<Expr>),
    /// A record or variant built of its fields; no value where one that is not optional is nil.
    Struct(Arc<Constructor>, Vec<Expr>, Span),
    /// An aggregate. Occurs only as one side of a `Compare` literal with op `=` whose other side
    /// is a variable (bound or not) or a constant.
    Aggregate(Box<Aggregate>),
}

/// `op arg : { body }`
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// The value aggregated; `None` only for `count`.
    pub arg: Option<Expr>,
    /// Separator of `concat`; empty otherwise.
    pub separator: Arc<str>,
    /// Whether the values aggregated are floats; decides what `sum` over nothing is.
    pub float: bool,
    /// Whether a sum of integers that 64 bits cannot hold wraps around, and is no failure.
    pub wraps: bool,
    /// What it ranges over: the distinct assignments to the body's variables and wildcards.
    pub body: Body,
    /// Where it stands.
    pub span: Span,
}

/// Functions from values to a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are those of the language; see `docs/language.md`.
pub enum Functor {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Neg,
    Band,
    Bor,
    Bxor,
    Bshl,
    Bshr,
    Bshru,
    Bnot,
    Land,
    Lor,
    Lxor,
    Lnot,
    Min,
    Max,
    Abs,
    Round,
    Floor,
    Ceil,
    ToFloat,
    ToNumber,
    ToString,
    Cat,
    Strlen,
    Substr,
    Lower,
    Upper,
    Trim,
    Split,
    Replace,
    Range,
    Year,
    Month,
    Day,
    Earliest,
    Latest,
    DaysBetween,
    AddDays,
    /// Position of the variant that has built a record or variant.
    Tag,
    /// The field at `index` of a value that this variant of a type has built; of others no value.
    Part {
        of: StructId,
        variant: u32,
        index: u32,
    },
    /// One of Soufflé's, on numbers of a fixed width.
    Fixed(super::fixed::FixedOp, super::fixed::Width),
}

/// A set of mutually recursive relations with the rules that define them.
#[derive(Clone, Debug, Default)]
pub struct Stratum {
    /// The relations, in id order.
    pub predicates: Vec<PredId>,
    /// Their rules, in id order.
    pub rules: Vec<RuleId>,
    /// Whether a rule of it reads a relation of it.
    pub recursive: bool,
}

/// `less <= greater :- body.` Of each solution of `rule` the first half of the columns is a tuple of
/// `pred` that gives way to the second half, if that is another tuple.
#[derive(Clone, Debug)]
pub struct Subsumption {
    /// The relation.
    pub pred: PredId,
    /// Stands in the rule for the tuples that may give way.
    pub less: PredId,
    /// Stands in the rule for the tuples that may stay.
    pub greater: PredId,
    /// The pairs of tuples. Its body may read relations of earlier strata.
    pub rule: Rule,
}

/// A program that has passed the analysis: safe, typed, stratified.
#[derive(Clone, Debug, Default)]
pub struct CheckedProgram {
    /// Types and relations.
    pub schema: Arc<Schema>,
    /// By [`RuleId`]. Facts stated in rule files are not here but in the database.
    pub rules: Vec<Rule>,
    /// Bottom-up order: a stratum reads only itself and earlier ones.
    pub strata: Vec<Stratum>,
    /// Which tuples give way to which.
    pub subsumptions: Vec<Subsumption>,
    /// Sizes at which the recursion of a relation ends.
    pub limits: HashMap<PredId, u64>,
    /// Which rules define a relation.
    pub rules_of: HashMap<PredId, Vec<RuleId>>,
}

impl CheckedProgram {
    /// Whether more than rules decides which tuples a relation has.
    pub fn is_guarded(&self, pred: PredId) -> bool {
        self.limits.contains_key(&pred) || self.subsumptions.iter().any(|found| found.pred == pred)
    }

    /// The relations that what more than rules decides of one reads.
    pub fn guard_reads(&self, pred: PredId, visit: &mut impl FnMut(PredId)) {
        for found in self.subsumptions.iter().filter(|found| found.pred == pred) {
            found.rule.body.atoms(&mut |atom, _| {
                if atom.pred != found.less && atom.pred != found.greater {
                    visit(atom.pred);
                }
            });
        }
    }

    /// The rule of an id.
    pub fn rule(&self, id: RuleId) -> &Rule {
        &self.rules[id.0 as usize]
    }
}

impl Rule {
    /// The variable of an id.
    pub fn var(&self, id: VarId) -> &Var {
        &self.vars[id.0 as usize]
    }
}

impl Body {
    /// Calls `visit` for every atom, negated and aggregated ones included; the flag says whether
    /// the atom stands positive, outside every negation and aggregate.
    pub fn atoms<'a>(&'a self, visit: &mut impl FnMut(&'a Atom, bool)) {
        self.walk(true, visit);
    }

    fn walk<'a>(&'a self, positive: bool, visit: &mut impl FnMut(&'a Atom, bool)) {
        for literal in self.alternatives.iter().flatten() {
            match literal {
                Literal::Atom(atom) => visit(atom, positive),
                Literal::Not(body, _) => body.walk(false, visit),
                Literal::Compare { left, right, .. } => {
                    for side in [left, right] {
                        if let Expr::Aggregate(aggregate) = side {
                            aggregate.body.walk(false, visit);
                        }
                    }
                }
                Literal::In { .. } | Literal::Test { .. } | Literal::Bool(_) => {}
            }
        }
    }
}

impl Literal {
    /// Whether it only takes a record or variant apart, as a pattern in an atom asks.
    pub fn takes_apart(&self) -> bool {
        let is_part = |expr: &Expr| matches!(expr, Expr::Call(Functor::Part { .. } | Functor::Tag, ..));
        matches!(self, Literal::Compare { op: CompareOp::Eq, left, right, .. } if is_part(left) || is_part(right))
    }
}

impl Expr {
    /// Calls `visit` for every variable in it, not looking into aggregates.
    pub fn vars(&self, visit: &mut impl FnMut(VarId)) {
        match self {
            Expr::Var(var) => visit(*var),
            Expr::Call(_, args, _) | Expr::List(args) | Expr::Struct(_, args, _) => {
                args.iter().for_each(|arg| arg.vars(visit));
            }
            Expr::Const(_) | Expr::Aggregate(_) => {}
        }
    }
}
