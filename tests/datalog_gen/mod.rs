//! Syntax trees made up for tests.
#![allow(dead_code)]

use factlog::base::{FileId, Span};
use factlog::syntax::datalog::Word;
use factlog::syntax::datalog::ast::*;
use proptest::prelude::*;

/// The number of cases: `FACTLOG_CASES`, or what CI runs.
pub fn cases(default: u32) -> u32 {
    std::env::var("FACTLOG_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn here() -> Span {
    Span { file: FileId(0), start: 0, end: 0 }
}

/// The tree as text without its places.
pub fn strip_spans(tree: &impl std::fmt::Debug) -> String {
    let text = format!("{tree:?}");
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find("Span { file: FileId(") {
        out.push_str(&rest[..at]);
        out.push('S');
        rest = &rest[at..];
        rest = &rest[rest.find(" }").unwrap() + 2..];
    }
    out.push_str(rest);
    out
}

fn named(text: impl Into<String>) -> Name {
    Name { text: text.into(), span: here() }
}

/// Names of variables, some of which are operators or words of other languages elsewhere.
fn variable() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "x", "y", "leader", "_z", "band", "bnot", "lnot", "and", "or", "is", "d", "r", "key", "äö",
    ])
    .prop_map(str::to_owned)
}

fn relation() -> impl Strategy<Value = Name> {
    prop::sample::select(vec!["A", "Attended", "edge", "D", "r", "Ω"]).prop_map(named)
}

fn column() -> impl Strategy<Value = Name> {
    prop_oneof![
        3 => prop::sample::select(vec!["a", "leader", "_src", "_conf", "from"]).prop_map(named),
        1 => prop::sample::select(Word::ALL).prop_map(named),
    ]
}

fn plain_column() -> impl Strategy<Value = Name> {
    prop_oneof![
        3 => prop::sample::select(vec!["a", "leader", "from"]).prop_map(named),
        1 => prop::sample::select(Word::ALL).prop_map(named),
    ]
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z{} ]{0,8}",
        1 => prop::collection::vec(any::<char>(), 0..6).prop_map(|chars| chars.into_iter().collect()),
    ]
}

fn simple_const() -> impl Strategy<Value = ConstKind> {
    prop_oneof![
        text().prop_map(ConstKind::String),
        any::<i64>().prop_map(ConstKind::Int),
        (-9..10i64).prop_map(ConstKind::Int),
        any::<f64>().prop_filter("finite", |value| value.is_finite()).prop_map(ConstKind::Float),
        (-9..10i32).prop_map(|value| ConstKind::Float(f64::from(value) / 4.0)),
        "[0-9?~/.-]{1,12}".prop_map(ConstKind::Date),
        any::<bool>().prop_map(ConstKind::Bool),
        Just(ConstKind::Nil),
        prop::sample::select(vec!["Host", "Held", "X"]).prop_map(|name| ConstKind::Name(name.to_owned())),
    ]
}

fn constant() -> impl Strategy<Value = Const> {
    let simple = simple_const().prop_map(|kind| Const { kind, span: here() });
    simple.prop_recursive(2, 6, 3, |inner| {
        prop::collection::vec(inner, 0..3)
            .prop_map(|items| Const { kind: ConstKind::List(items), span: here() })
    })
}

fn compare_op() -> impl Strategy<Value = CompareOp> {
    use CompareOp::*;
    prop::sample::select(vec![Eq, Ne, Lt, Le, Gt, Ge])
}

fn binary_op() -> impl Strategy<Value = BinaryOp> {
    use BinaryOp::*;
    prop::sample::select(vec![
        Add, Sub, Mul, Div, Rem, Pow, Band, Bor, Bxor, Bshl, Bshr, Bshru, Land, Lor, Lxor,
    ])
}

fn at(kind: ExprKind) -> Expr {
    Expr { kind, span: here() }
}

/// Expressions with aggregates, and so with bodies, inside.
fn expr() -> BoxedStrategy<Expr> {
    let leaf = prop_oneof![
        3 => variable().prop_map(ExprKind::Var),
        1 => Just(ExprKind::Wildcard),
        3 => simple_const().prop_map(ExprKind::Const),
    ]
    .prop_map(at);
    leaf.prop_recursive(4, 16, 3, |inner| {
        let pair = (binary_op(), inner.clone(), inner.clone());
        let call = (
            prop::sample::select(vec!["f", "strlen", "min", "max", "range", "Attended"]),
            prop::collection::vec(inner.clone(), 0..3),
        );
        prop_oneof![
            inner.clone().prop_map(|e| at(ExprKind::Neg(Box::new(e)))),
            (prop::sample::select(vec![UnaryOp::Bnot, UnaryOp::Lnot]), inner.clone())
                .prop_map(|(op, e)| at(ExprKind::Unary(op, Box::new(e)))),
            pair.prop_map(|(op, l, r)| at(ExprKind::Binary(op, Box::new(l), Box::new(r)))),
            call.prop_map(|(name, args)| at(ExprKind::Call(named(name), args))),
            prop::collection::vec(inner.clone(), 0..3).prop_map(|items| at(ExprKind::List(items))),
            parts(inner.clone()).prop_map(|args| at(ExprKind::Record(args))),
            variant(inner.clone()).prop_map(at),
            (inner.clone(), type_expr()).prop_map(|(e, ty)| at(ExprKind::As(Box::new(e), ty))),
            aggregate(inner).prop_map(|aggregate| at(ExprKind::Aggregate(Box::new(aggregate)))),
        ]
    })
    .boxed()
}

/// What stands in a record, which holds one value at least.
fn parts(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Args> {
    prop_oneof![
        prop::collection::vec(expr.clone(), 1..3).prop_map(Args::Positional),
        named_args(expr).prop_map(Args::Named),
    ]
}

fn variant(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = ExprKind> {
    let name = || prop::sample::select(vec!["Leaf", "Node", "Ω", "r"]).prop_map(named);
    let args = prop_oneof![
        prop::collection::vec(expr.clone(), 0..3).prop_map(Args::Positional),
        named_args(expr.clone()).prop_map(Args::Named),
    ];
    prop_oneof![
        (name(), args).prop_map(|(name, args)| ExprKind::Variant { name, dollar: true, args }),
        (name(), named_args(expr)).prop_map(|(name, args)| ExprKind::Variant {
            name,
            dollar: false,
            args: Args::Named(args),
        }),
    ]
}

fn named_args(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Vec<NamedArg>> {
    let value = prop_oneof![
        3 => expr.clone().prop_map(NamedValue::Is),
        1 => (compare_op(), expr).prop_map(|(op, value)| NamedValue::Compare(op, value)),
    ];
    let named_arg = prop_oneof![
        4 => (column(), value).prop_map(|(name, value)| NamedArg { name, value, span: here() }),
        1 => variable().prop_map(|name| NamedArg { name: named(name), value: NamedValue::Pun, span: here() }),
    ];
    prop::collection::vec(named_arg, 1..3)
}

fn aggregate(inner: BoxedStrategy<Expr>) -> impl Strategy<Value = Aggregate> {
    use AggregateOp::*;
    let op = prop::sample::select(vec![Count, Sum, Min, Max, Mean, List, Concat]);
    let value = (op, inner.clone(), any::<bool>(), prop::collection::vec(constant(), 0..2));
    let bare = atom_of(inner.clone()).prop_map(|atom| {
        let literal = Literal { kind: LiteralKind::Atom(atom), span: here() };
        (Body { alternatives: vec![vec![literal]], span: here() }, false)
    });
    let body = prop_oneof![bare, body_of(literal_of(inner)).prop_map(|body| (body, true))];
    (value, body).prop_map(|((op, arg, without, extra), (body, braces))| Aggregate {
        op,
        arg: (op != Count || !without).then_some(arg),
        extra: if op == Concat { extra } else { Vec::new() },
        body,
        braces,
    })
}

fn atom_of(expr: BoxedStrategy<Expr>) -> impl Strategy<Value = Atom> {
    let args = prop_oneof![
        prop::collection::vec(expr.clone(), 0..3).prop_map(Args::Positional),
        named_args(expr).prop_map(Args::Named),
    ];
    (relation(), args).prop_map(|(name, args)| Atom { name, args, span: here() })
}

/// One literal without groups or negations, its expressions taken from `expr`.
fn literal_of(expr: BoxedStrategy<Expr>) -> BoxedStrategy<Literal> {
    use TestOp::*;
    let compare = (compare_op(), expr.clone(), expr.clone(), any::<bool>())
        .prop_map(|(op, left, right, possibly)| LiteralKind::Compare { op, left, right, possibly });
    let test = (prop::sample::select(vec![Match, Contains, Within, Overlaps]), expr.clone(), expr.clone());
    let kind = prop_oneof![
        3 => atom_of(expr.clone()).prop_map(LiteralKind::Atom),
        2 => compare,
        1 => (expr.clone(), expr).prop_map(|(item, list)| LiteralKind::In(item, list)),
        1 => test.prop_map(|(op, left, right)| LiteralKind::Test(op, left, right)),
        1 => any::<bool>().prop_map(LiteralKind::Bool),
    ];
    kind.prop_map(|kind| Literal { kind, span: here() }).boxed()
}

fn body_of(literal: BoxedStrategy<Literal>) -> impl Strategy<Value = Body> {
    prop::collection::vec(prop::collection::vec(literal, 1..3), 1..3)
        .prop_map(|alternatives| Body { alternatives, span: here() })
}

fn body() -> impl Strategy<Value = Body> {
    let literal = literal_of(expr()).prop_recursive(2, 6, 3, |inner| {
        let kind = prop_oneof![
            inner.clone().prop_map(|literal| LiteralKind::Not(Box::new(literal))),
            body_of(inner).prop_map(LiteralKind::Group),
        ];
        kind.prop_map(|kind| Literal { kind, span: here() })
    });
    body_of(literal.boxed())
}

fn goal() -> impl Strategy<Value = Goal> {
    let option = prop_oneof![
        (column(), constant()).prop_map(|(name, value)| UnderOption::Value(name, value)),
        (column(), atom_of(expr())).prop_map(|(name, atom)| UnderOption::Atom(name, atom)),
        (column(), compare_op(), constant())
            .prop_map(|(name, op, value)| UnderOption::Compare(name, op, value)),
    ];
    let under = prop::option::of(prop::collection::vec(option, 0..3));
    let order = prop::collection::vec((variable().prop_map(named), any::<bool>()), 0..3);
    let limit = prop::option::of(0..1u64 << 60);
    (under, body(), order, limit).prop_map(|(under, body, order, limit)| Goal {
        under_span: under.as_ref().map(|_| here()),
        under: under.unwrap_or_default(),
        body,
        order,
        limit,
        span: here(),
    })
}

fn type_expr() -> impl Strategy<Value = TypeExpr> {
    let name = prop::sample::select(vec!["symbol", "number", "Person", "g.Node"]);
    name.prop_map(|name| TypeExpr::Name(named(name)))
        .prop_recursive(2, 2, 1, |inner| inner.prop_map(|ty| TypeExpr::List(Box::new(ty), here())))
}

fn field() -> impl Strategy<Value = Field> {
    (plain_column(), type_expr(), any::<bool>(), prop::option::of(constant()))
        .prop_map(|(name, ty, optional, default)| Field { name, ty, optional, default })
}

fn fields() -> impl Strategy<Value = Vec<Field>> {
    prop::collection::vec(field(), 0..4)
}

fn type_def() -> impl Strategy<Value = TypeDef> {
    let variant = (relation(), fields());
    prop_oneof![
        type_expr().prop_map(TypeDef::Subtype),
        prop::collection::vec(type_expr(), 1..4).prop_map(TypeDef::Union),
        fields().prop_map(TypeDef::Record),
        prop::collection::vec(variant, 1..3).prop_map(TypeDef::Algebraic),
    ]
}

fn declaration() -> impl Strategy<Value = ItemKind> {
    let names = prop::collection::vec(relation(), 1..3);
    let key = prop::option::of(prop::collection::vec(plain_column(), 0..3));
    let ranges = prop::collection::vec((plain_column(), plain_column()), 0..2);
    let qualifiers =
        prop::collection::vec(prop::sample::select(vec!["btree", "inline"]).prop_map(named), 0..2);
    (names, fields(), key, ranges, qualifiers).prop_map(|(names, fields, key, ranges, qualifiers)| {
        ItemKind::Decl(Decl { names, fields, key, ranges, qualifiers })
    })
}

fn component_type() -> impl Strategy<Value = ComponentType> {
    let arg = prop::sample::select(vec!["symbol", "T", "g.Node"]).prop_map(named);
    (relation(), prop::collection::vec(arg, 0..3)).prop_map(|(name, args)| ComponentType { name, args })
}

fn item() -> BoxedStrategy<Item> {
    simple_item()
        .boxed()
        .prop_recursive(2, 6, 3, |inner| {
            let bases = prop::collection::vec(component_type(), 0..3);
            let items = prop::collection::vec(inner, 0..3);
            (component_type(), bases, items).prop_map(|(header, bases, items)| Item {
                annotations: Vec::new(),
                kind: ItemKind::Component(Component { header, bases, items }),
                span: here(),
            })
        })
        .boxed()
}

fn simple_item() -> impl Strategy<Value = Item> {
    use IoKind::*;
    let io = (
        prop::sample::select(vec![Input, Output, PrintSize, LimitSize]),
        prop::collection::vec(relation(), 1..3),
        prop::collection::vec((column(), constant()), 0..3),
    );
    let clause = (prop::collection::vec(atom_of(expr()), 1..3), prop::option::of(body()));
    let check_name = prop::option::of((any::<bool>(), variable(), text()));
    let kind = prop_oneof![
        2 => declaration(),
        1 => (relation(), type_def()).prop_map(|(name, def)| ItemKind::Type(TypeDecl { name, def })),
        1 => (relation(), prop::collection::vec(relation(), 1..4))
            .prop_map(|(name, constants)| ItemKind::Enum(EnumDecl { name, constants })),
        1 => io.prop_map(|(kind, relations, params)| ItemKind::Io(Io { kind, relations, params })),
        1 => text().prop_map(|path| ItemKind::Include { path, span: here() }),
        5 => clause.prop_map(|(heads, body)| ItemKind::Clause(Clause { heads, body })),
        1 => (check_name, body()).prop_map(|(name, body)| {
            let (deny, name, message) = match name {
                Some((deny, name, message)) => (deny, Some(named(name)), Some((message, here()))),
                None => (true, None, None),
            };
            ItemKind::Check(Check { deny, name, message, body })
        }),
        2 => goal().prop_map(ItemKind::Query),
        1 => (atom_of(expr()), atom_of(expr()), body()).prop_map(|(less, greater, body)| {
            ItemKind::Subsumption(Subsumption { less, greater, body })
        }),
        1 => (variable().prop_map(named), component_type())
            .prop_map(|(name, of)| ItemKind::Instance { name, of }),
        1 => relation().prop_map(ItemKind::Override),
    ];
    let annotation = (variable(), prop::collection::vec(constant(), 0..2))
        .prop_map(|(name, args)| Annotation { name: named(name), args, span: here() });
    (prop::collection::vec(annotation, 0..2), kind).prop_map(|(annotations, kind)| Item {
        annotations,
        kind,
        span: here(),
    })
}

/// Programs that the parser could have read.
pub fn program() -> impl Strategy<Value = Program> {
    prop::collection::vec(item(), 0..4).prop_map(|items| Program { items })
}
