//! The syntax tree of the rule language, as written: names unresolved, nothing desugared.
//!
//! Every node carries the span it was read from. A tree that came with errors may lack the items
//! that could not be read, but every item in it is whole.

use crate::base::Span;

/// A name with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Name {
    /// The text, without any `_`-stripping or case change.
    pub text: String,
    /// Where it stands.
    pub span: Span,
}

/// The items of one rule file, in order.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Program {
    /// Each with its annotations.
    pub items: Vec<Item>,
}

/// One top-level item.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// `@label("…")`, `@assume("…")`.
    pub annotations: Vec<Annotation>,
    /// The item proper.
    pub kind: ItemKind,
    /// From the first annotation to the final `.` or bracket.
    pub span: Span,
}

/// `@name(const, …)`.
#[derive(Clone, Debug, PartialEq)]
pub struct Annotation {
    /// The name behind the `@`.
    pub name: Name,
    /// Its arguments.
    pub args: Vec<Const>,
    /// All of it.
    pub span: Span,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq)]
pub enum ItemKind {
    /// `.decl`
    Decl(Decl),
    /// `.type`
    Type(TypeDecl),
    /// `.enum`
    Enum(EnumDecl),
    /// `.input`, `.output`, `.printsize`, `.limitsize`
    Io(Io),
    /// `.include "path"`
    Include {
        /// The decoded path.
        path: String,
        /// The string literal.
        span: Span,
    },
    /// A rule, or a fact when the body is absent.
    Clause(Clause),
    /// `deny`, `warn` or a headless `:- body.`
    Check(Check),
    /// `?- goal.`
    Query(Goal),
    /// `.comp`
    Component(Component),
    /// `.init name = Component<…>`
    Instance {
        /// What the instance's relations and types are called by: `name.R`.
        name: Name,
        /// The component, with types in the place of its parameters.
        of: ComponentType,
    },
    /// `.override R`, within a component: the rules for `R` that it inherits do not hold.
    Override(Name),
    /// `atom <= atom :- body.`
    Subsumption(Subsumption),
    /// Something that Soufflé's programs have and this language does not; analysis reports it.
    Foreign {
        /// What it is, as a noun: "choice domains".
        what: &'static str,
    },
}

/// `Name<T, U>`
#[derive(Clone, Debug, PartialEq)]
pub struct ComponentType {
    /// The component's name.
    pub name: Name,
    /// Its parameters, or the types that stand for them.
    pub args: Vec<Name>,
}

/// `.comp Name<T> : Base<T>, … { items }`
#[derive(Clone, Debug, PartialEq)]
pub struct Component {
    /// Its name and parameters.
    pub header: ComponentType,
    /// What it inherits from.
    pub bases: Vec<ComponentType>,
    /// Its own items.
    pub items: Vec<Item>,
}

/// `less <= greater :- body.`: a tuple gives way to another of its relation.
#[derive(Clone, Debug, PartialEq)]
pub struct Subsumption {
    /// The tuple that gives way.
    pub less: Atom,
    /// The one that stays.
    pub greater: Atom,
    /// When.
    pub body: Body,
}

/// `.decl A, B(columns) key(…) range(…)`
#[derive(Clone, Debug, PartialEq)]
pub struct Decl {
    /// The relations declared.
    pub names: Vec<Name>,
    /// Their columns.
    pub fields: Vec<Field>,
    /// `key(…)`, absent or with its columns.
    pub key: Option<Vec<Name>>,
    /// `range(low, high)`, any number of them.
    pub ranges: Vec<(Name, Name)>,
    /// Soufflé's qualifiers (`btree`, `inline`, `overridable` …).
    pub qualifiers: Vec<Name>,
}

/// A column: `name: type? = default`.
#[derive(Clone, Debug, PartialEq)]
pub struct Field {
    /// The column's name.
    pub name: Name,
    /// Its type.
    pub ty: TypeExpr,
    /// Whether `?` follows the type.
    pub optional: bool,
    /// The default.
    pub default: Option<Const>,
}

/// A type as written.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeExpr {
    /// A (qualified) name.
    Name(Name),
    /// `[T]`
    List(Box<TypeExpr>, Span),
}

impl TypeExpr {
    /// Where it stands.
    pub fn span(&self) -> Span {
        match self {
            TypeExpr::Name(name) => name.span,
            TypeExpr::List(_, span) => *span,
        }
    }
}

/// `.type Name …`
#[derive(Clone, Debug, PartialEq)]
pub struct TypeDecl {
    /// The new type.
    pub name: Name,
    /// What it is.
    pub def: TypeDef,
}

/// The right side of a `.type`.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeDef {
    /// `<: T`
    Subtype(TypeExpr),
    /// `= A | B` (or `= A`)
    Union(Vec<TypeExpr>),
    /// `= [x: T, …]`
    Record(Vec<Field>),
    /// `= A {…} | B {…}`
    Algebraic(Vec<(Name, Vec<Field>)>),
}

/// `.enum Name = A | B`
#[derive(Clone, Debug, PartialEq)]
pub struct EnumDecl {
    /// The new type.
    pub name: Name,
    /// Its constants, lowest first.
    pub constants: Vec<Name>,
}

/// Which directive an [`Io`] is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IoKind {
    /// `.input`
    Input,
    /// `.output`
    Output,
    /// `.printsize`
    PrintSize,
    /// `.limitsize`
    LimitSize,
}

/// `.output A, B(key=value, …)`
#[derive(Clone, Debug, PartialEq)]
pub struct Io {
    /// Which one.
    pub kind: IoKind,
    /// The relations.
    pub relations: Vec<Name>,
    /// The parameters.
    pub params: Vec<(Name, Const)>,
}

/// `head, … :- body.`
#[derive(Clone, Debug, PartialEq)]
pub struct Clause {
    /// At least one.
    pub heads: Vec<Atom>,
    /// `None` for a fact.
    pub body: Option<Body>,
}

/// `deny name "message" :- body.`
#[derive(Clone, Debug, PartialEq)]
pub struct Check {
    /// `true` for `deny` (also without a name), `false` for `warn`.
    pub deny: bool,
    /// Absent for a bare `:- body.`
    pub name: Option<Name>,
    /// The decoded message and the span of its literal.
    pub message: Option<(String, Span)>,
    /// What is denied.
    pub body: Body,
}

/// A query: `under (…) body order by … limit n`.
#[derive(Clone, Debug, PartialEq)]
pub struct Goal {
    /// The options of `under (…)`, empty without it.
    pub under: Vec<UnderOption>,
    /// Span of `under (…)`.
    pub under_span: Option<Span>,
    /// The body.
    pub body: Body,
    /// `order by`, each with whether `desc` follows.
    pub order: Vec<(Name, bool)>,
    /// `limit n`
    pub limit: Option<u64>,
    /// All of it.
    pub span: Span,
}

/// One option of `under (…)`.
#[derive(Clone, Debug, PartialEq)]
pub enum UnderOption {
    /// `name: const`
    Value(Name, Const),
    /// `name: atom`
    Atom(Name, Atom),
    /// `name cmp const`
    Compare(Name, CompareOp, Const),
}

/// `conj ; conj ; …`, at least one.
#[derive(Clone, Debug, PartialEq)]
pub struct Body {
    /// The alternatives.
    pub alternatives: Vec<Vec<Literal>>,
    /// All of it.
    pub span: Span,
}

/// One literal with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Literal {
    /// What it is.
    pub kind: LiteralKind,
    /// All of it, `!` included.
    pub span: Span,
}

/// What a literal is.
#[derive(Clone, Debug, PartialEq)]
pub enum LiteralKind {
    /// `R(…)`
    Atom(Atom),
    /// `!lit` or `not lit`; one level each.
    Not(Box<Literal>),
    /// `( body )`
    Group(Body),
    /// `a < b`, or `possibly(a < b)`
    Compare {
        /// The comparison.
        op: CompareOp,
        /// Left side.
        left: Expr,
        /// Right side.
        right: Expr,
        /// Inside `possibly(…)`.
        possibly: bool,
    },
    /// `x in xs`
    In(Expr, Expr),
    /// `match(a, b)` and its like.
    Test(TestOp, Expr, Expr),
    /// `true`, `false`
    Bool(bool),
}

/// Predicates over two values written like a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TestOp {
    /// `match(pattern, text)`: the regular expression matches the whole text.
    Match,
    /// `contains(part, text)`
    Contains,
    /// `within(a, b)`: date a lies certainly within date b.
    Within,
    /// `overlaps(a, b)`: dates a and b share a day, certainly.
    Overlaps,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
}

impl CompareOp {
    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            CompareOp::Eq => "=",
            CompareOp::Ne => "!=",
            CompareOp::Lt => "<",
            CompareOp::Le => "<=",
            CompareOp::Gt => ">",
            CompareOp::Ge => ">=",
        }
    }
}

/// `name(args)`
#[derive(Clone, Debug, PartialEq)]
pub struct Atom {
    /// The relation.
    pub name: Name,
    /// Its arguments.
    pub args: Args,
    /// All of it.
    pub span: Span,
}

/// The arguments of an atom.
#[derive(Clone, Debug, PartialEq)]
pub enum Args {
    /// `R()` or `R(e, e)`
    Positional(Vec<Expr>),
    /// `R(col: e, col <= e)`; at least one.
    Named(Vec<NamedArg>),
}

/// One named argument.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedArg {
    /// Column, or metadata field when it begins with `_`.
    pub name: Name,
    /// What is said of it.
    pub value: NamedValue,
    /// All of it.
    pub span: Span,
}

/// What a named argument says of its column.
#[derive(Clone, Debug, PartialEq)]
pub enum NamedValue {
    /// `col:`, short for `col: col`
    Pun,
    /// `col: e`
    Is(Expr),
    /// `col cmp e`
    Compare(CompareOp, Expr),
}

/// An expression with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// All of it.
    pub span: Span,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub enum ExprKind {
    /// A variable: a lower-case (or `_x`) identifier.
    Var(String),
    /// `_`
    Wildcard,
    /// A constant. A bare Capitalised word is [`ConstKind::Name`].
    Const(ConstKind),
    /// `-e`; a minus directly before a number literal is part of the constant instead.
    Neg(Box<Expr>),
    /// `a op b`
    Binary(BinaryOp, Box<Expr>, Box<Expr>),
    /// `bnot e`, `lnot e`
    Unary(UnaryOp, Box<Expr>),
    /// `f(e, …)`
    Call(Name, Vec<Expr>),
    /// `count : {…}`
    Aggregate(Box<Aggregate>),
    /// `[e, …]`
    List(Vec<Expr>),
    /// `(x: e, y: e)` or `(e, e)`
    Record(Args),
    /// `$Node(e, e)`, `$Leaf`, `Node(l: e, r: e)`
    Variant {
        /// The variant.
        name: Name,
        /// Whether it is written with `$`.
        dollar: bool,
        /// Its fields.
        args: Args,
    },
    /// `as(e, type)`
    As(Box<Expr>, TypeExpr),
}

/// Operators between two values, Soufflé's bit and logical words included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Rem,
    /// `^`
    Pow,
    /// `band`
    Band,
    /// `bor`
    Bor,
    /// `bxor`
    Bxor,
    /// `bshl`
    Bshl,
    /// `bshr`
    Bshr,
    /// `bshru`
    Bshru,
    /// `land`
    Land,
    /// `lor`
    Lor,
    /// `lxor`
    Lxor,
}

/// Operators on one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UnaryOp {
    /// `bnot`
    Bnot,
    /// `lnot`
    Lnot,
}

/// Which aggregate.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AggregateOp {
    /// `count`
    Count,
    /// `sum`
    Sum,
    /// `min`
    Min,
    /// `max`
    Max,
    /// `mean`
    Mean,
    /// `list`
    List,
    /// `concat`
    Concat,
}

/// `op e, const : {body}` or `op e : atom`
#[derive(Clone, Debug, PartialEq)]
pub struct Aggregate {
    /// Which one.
    pub op: AggregateOp,
    /// The value aggregated; absent only for `count`.
    pub arg: Option<Expr>,
    /// Further constants: the separator of `concat`.
    pub extra: Vec<Const>,
    /// What it ranges over.
    pub body: Body,
    /// Whether the body stands in braces.
    pub braces: bool,
}

/// A constant with its place.
#[derive(Clone, Debug, PartialEq)]
pub struct Const {
    /// What it is.
    pub kind: ConstKind,
    /// All of it.
    pub span: Span,
}

/// What a constant is.
#[derive(Clone, Debug, PartialEq)]
pub enum ConstKind {
    /// Decoded text.
    String(String),
    /// An integer that fits; the lexer reports those that do not.
    Int(i64),
    /// A float; finite. `inf` and `NaN` are not constants of the language.
    Float(f64),
    /// `d"…"`, the text as written; analysis checks it.
    Date(String),
    /// `true`, `false`
    Bool(bool),
    /// `nil`, also written `None`
    Nil,
    /// A bare word: an enum constant.
    Name(String),
    /// `[c, …]`
    List(Vec<Const>),
    /// A record or variant; its fields with their names, or by position. No text is read as one:
    /// what a fact holds is an expression.
    Struct(Option<String>, Vec<(Option<Name>, Const)>),
}

/// A line of the REPL that is not a `:command`.
#[derive(Clone, Debug, PartialEq)]
pub enum Line {
    /// A goal, with or without `?-`, `?` or `.`.
    Query(Goal),
    /// Declarations, rules, checks.
    Items(Vec<Item>),
    /// `+fact`
    Assert(Atom),
    /// `-pattern`
    Retract(Atom),
}
