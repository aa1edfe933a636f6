//! The syntax tree of a Soufflé program, as written: components not instantiated, disjunctions not
//! multiplied out, constants without a type.

use std::sync::Arc;

use crate::base::Span;
pub use crate::syntax::datalog::ast::{AggregateOp, BinaryOp, CompareOp, IoKind, Name, TestOp};

/// The items of a program or a component, kind by kind, each in order.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// `.type`
    pub types: Vec<TypeDecl>,
    /// `.decl`
    pub relations: Vec<Relation>,
    /// Facts, rules, subsumptions.
    pub clauses: Vec<Clause>,
    /// `.input` and its like.
    pub directives: Vec<Directive>,
    /// `.comp`
    pub components: Vec<Component>,
    /// `.init`
    pub inits: Vec<Init>,
    /// `.override`
    pub overrides: Vec<Name>,
    /// `.functor`
    pub functors: Vec<FunctorDecl>,
    /// `.pragma`: key, value, place.
    pub pragmas: Vec<(String, String, Span)>,
    /// `.lattice`
    pub lattices: Vec<Name>,
}

/// `.type Name …`
#[derive(Clone, Debug)]
pub struct TypeDecl {
    /// The new type.
    pub name: Name,
    /// What it is.
    pub def: TypeDef,
    /// All of it.
    pub span: Span,
}

/// The right side of a `.type`.
#[derive(Clone, Debug)]
pub enum TypeDef {
    /// `<: T`
    Subset(Name),
    /// `= T`
    Alias(Name),
    /// `= A | B`
    Union(Vec<Name>),
    /// `= [x: T, …]`
    Record(Vec<Field>),
    /// `= A {…} | B {…}`
    Algebraic(Vec<Branch>),
}

/// One of the forms of an algebraic type.
#[derive(Clone, Debug)]
pub struct Branch {
    /// Its name.
    pub name: Name,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// `name: type`
#[derive(Clone, Debug)]
pub struct Field {
    /// The name.
    pub name: Name,
    /// The type's name, dots included.
    pub ty: Name,
}

/// `.decl name(fields) qualifiers choice-domain …`
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its name.
    pub name: Name,
    /// Its columns.
    pub fields: Vec<Field>,
    /// `btree`, `inline` and their like, as written.
    pub qualifiers: Vec<Name>,
    /// The keys of `choice-domain`.
    pub choice: Vec<Vec<Name>>,
    /// The relation whose `debug_delta` it is.
    pub delta_of: Option<Name>,
    /// All of it.
    pub span: Span,
}

/// A directive for one relation.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Which one.
    pub kind: IoKind,
    /// The relation, dots included.
    pub relation: Name,
    /// `key=value`, values decoded.
    pub params: Vec<(Name, String)>,
}

/// `.comp Name<Params> : Bases { … }`
#[derive(Clone, Debug)]
pub struct Component {
    /// Its name and formal parameters.
    pub head: ComponentType,
    /// What it inherits from.
    pub bases: Vec<ComponentType>,
    /// What it holds.
    pub unit: Unit,
}

/// `Name<A, B>`
#[derive(Clone, Debug)]
pub struct ComponentType {
    /// The component.
    pub name: Name,
    /// The parameters, formal or actual.
    pub params: Vec<Name>,
}

/// `.init name = Component<A>`
#[derive(Clone, Debug)]
pub struct Init {
    /// The instance.
    pub name: Name,
    /// Of what.
    pub of: ComponentType,
}

/// `.functor name(types): type`
#[derive(Clone, Debug)]
pub struct FunctorDecl {
    /// Its name.
    pub name: Name,
    /// The types of its arguments, then that of its result.
    pub types: Vec<Name>,
    /// Whether it can see more than its arguments' words.
    pub stateful: bool,
    /// All of it.
    pub span: Span,
}

/// A fact, a rule, or a subsumption.
#[derive(Clone, Debug)]
pub struct Clause {
    /// At least one; two in a subsumption.
    pub heads: Vec<Atom>,
    /// Whether it is `less <= greater :- body`.
    pub subsumes: bool,
    /// `None` for a fact.
    pub body: Option<Disjunction>,
    /// The orders of a `.plan` with the versions they are for, and its place.
    pub plan: Option<(Vec<(u64, Vec<u64>)>, Span)>,
    /// All of it.
    pub span: Span,
}

/// Alternatives, each a conjunction.
pub type Disjunction = Vec<Vec<Literal>>;

/// A premise.
#[derive(Clone, Debug)]
pub enum Literal {
    /// `R(…)`
    Atom(Atom),
    /// `a < b`
    Compare(CompareOp, Expr, Expr, Span),
    /// `match(a, b)`, `contains(a, b)`
    Test(TestOp, Expr, Expr, Span),
    /// `true`, `false`
    Bool(bool),
    /// `!…`
    Not(Box<Literal>, Span),
    /// `(…; …)`
    Group(Disjunction),
}

/// `R(args)`
#[derive(Clone, Debug)]
pub struct Atom {
    /// The relation, dots included.
    pub name: Name,
    /// Its arguments.
    pub args: Vec<Expr>,
    /// All of it.
    pub span: Span,
}

/// An argument.
#[derive(Clone, Debug)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// What an argument is.
#[derive(Clone, Debug)]
pub enum ExprKind {
    /// A variable.
    Var(Arc<str>),
    /// `_`
    Wildcard,
    /// A string, decoded.
    Text(Arc<str>),
    /// An integer as written, perhaps with a minus; its type depends on its place.
    Number(Arc<str>),
    /// `12u`, without the `u`.
    Unsigned(Arc<str>),
    /// `1.5`
    Float(Arc<str>),
    /// `nil`
    Nil,
    /// `autoinc()`, `$`
    Counter,
    /// `recursive_iteration_cnt()`
    Iteration,
    /// `[e, …]`
    Record(Vec<Expr>),
    /// `$Name(e, …)`
    Branch(Name, Vec<Expr>),
    /// `as(e, type)`
    Cast(Box<Expr>, Name),
    /// `@name(e, …)`
    User(Name, Vec<Expr>),
    /// `f(e, …)` and operators with one operand: `-`, `bnot`, `lnot`.
    Call(Builtin, Vec<Expr>),
    /// `a op b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `count : {…}`
    Aggregate(Box<Aggregate>),
}

/// The functors that are written like calls, and operators with one operand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are those of the language.
pub enum Builtin {
    Cat,
    Ord,
    Range,
    Strlen,
    Substr,
    ToFloat,
    ToNumber,
    ToString,
    ToUnsigned,
    Min,
    Max,
    Neg,
    Bnot,
    Lnot,
}

/// `op e : { body }`
#[derive(Clone, Debug)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// What is aggregated.
    pub arg: Option<Expr>,
    /// What it ranges over.
    pub body: Disjunction,
    /// The variables that it shares with the outside, once that is known.
    pub shared: Option<Vec<Arc<str>>>,
}

impl Expr {
    /// Calls `visit` for the arguments of this expression, not looking into aggregates.
    pub fn each_arg<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        match &self.kind {
            ExprKind::Record(args)
            | ExprKind::Branch(_, args)
            | ExprKind::User(_, args)
            | ExprKind::Call(_, args) => args.iter().for_each(visit),
            ExprKind::Cast(arg, _) => visit(arg),
            ExprKind::Binary(_, left, right) => {
                visit(left);
                visit(right);
            }
            _ => {}
        }
    }

    /// Calls `visit` for this expression and all below it; what aggregates hold apart.
    pub fn walk<'e>(&'e self, visit: &mut dyn FnMut(&'e Expr)) {
        visit(self);
        self.each_arg(&mut |arg| arg.walk(visit));
    }
}
