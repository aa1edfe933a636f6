//! Rules half-way: names resolved, bodies multiplied out, aggregates hoisted, but constants still
//! as written and variables without types.

use crate::base::Span;
use crate::model::VarId;
use crate::model::schema::{PredId, Schema, TypeId};
use crate::syntax::datalog::ast::{AggregateOp, CompareOp, Const, ConstKind, Name, TestOp};

use super::functors::Signature;

/// A rule, a query or a check.
#[derive(Clone, Debug)]
pub(super) struct RawRule {
    pub head: PredId,
    /// One a column of the head; `None` where the head leaves the column to its default.
    pub args: Vec<Option<RawExpr>>,
    pub alternatives: Vec<Vec<RawLiteral>>,
    pub vars: Vec<RawVar>,
    pub label: Option<String>,
    pub assume: Vec<String>,
    pub span: Span,
}

/// A variable.
#[derive(Clone, Debug)]
pub(super) struct RawVar {
    pub name: String,
    pub span: Span,
    /// How deep the scope lies that it belongs to: 0 for the rule's own, one more for each
    /// negation or aggregate around.
    pub level: usize,
}

#[derive(Clone, Debug)]
pub(super) enum RawLiteral {
    Atom(RawAtom),
    Not(Vec<Vec<RawLiteral>>, Span),
    Compare { op: CompareOp, left: RawExpr, right: RawExpr, possibly: bool, span: Span },
    In { item: RawExpr, list: RawExpr, span: Span },
    Test { op: TestOp, left: RawExpr, right: RawExpr, span: Span },
    Bool(bool),
}

/// An atom with one argument a column, `None` for a wildcard.
#[derive(Clone, Debug)]
pub(super) struct RawAtom {
    pub pred: PredId,
    pub args: Vec<Option<RawExpr>>,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(super) struct RawExpr {
    pub kind: RawExprKind,
    pub span: Span,
}

#[derive(Clone, Debug)]
pub(super) enum RawExprKind {
    Var(VarId),
    Const(Const),
    Call(Signature, Vec<RawExpr>),
    List(Vec<RawExpr>),
    Struct(Box<RawStruct>),
    /// The value, said to be of a type.
    As(Box<RawExpr>, RawType),
    Aggregate(Box<RawAggregate>),
}

/// A record or variant, to be built or to be matched.
#[derive(Clone, Debug)]
pub(super) struct RawStruct {
    /// The variant; `None` for a record.
    pub name: Option<Name>,
    /// The fields with their names where they are named; `None` for a wildcard.
    pub parts: Vec<(Option<Name>, Option<RawExpr>)>,
}

impl RawStruct {
    pub fn fields(&self) -> impl Iterator<Item = (Option<&Name>, Option<&RawExpr>)> {
        self.parts.iter().map(|(name, field)| (name.as_ref(), field.as_ref()))
    }

    /// Whether it leaves something open, so that it cannot be built. Fields that are not named are
    /// told by the type.
    pub fn is_open(&self) -> bool {
        self.fields().any(|(_, field)| match field {
            None => true,
            Some(RawExpr { kind: RawExprKind::Struct(inner), .. }) => inner.is_open(),
            Some(_) => false,
        })
    }

    /// Whether only its type tells if it leaves something open.
    pub fn has_names(&self) -> bool {
        self.fields().any(|(name, field)| {
            name.is_some()
                || matches!(field.map(|field| &field.kind), Some(RawExprKind::Struct(inner)) if inner.has_names())
        })
    }

    /// Whether each of the fields written is a constant.
    pub fn is_constant(&self) -> bool {
        self.fields().all(|(_, field)| match field.map(|field| &field.kind) {
            Some(RawExprKind::Const(constant)) => !matches!(constant.kind, ConstKind::Nil),
            Some(RawExprKind::Struct(inner)) => inner.is_constant(),
            _ => false,
        })
    }

    /// The variables that matching a value gives a value.
    pub fn pattern_vars(&self, visit: &mut impl FnMut(VarId)) {
        for (_, field) in self.fields() {
            match field.map(|field| &field.kind) {
                Some(RawExprKind::Var(var)) => visit(*var),
                Some(RawExprKind::Struct(inner)) => inner.pattern_vars(visit),
                _ => {}
            }
        }
    }
}

/// A type as a rule names it: lists of what has a name need not be known yet.
#[derive(Clone, Copy, Debug)]
pub(super) struct RawType {
    pub element: TypeId,
    /// How many lists are around it.
    pub lists: usize,
}

impl RawType {
    pub fn resolve(self, schema: &mut Schema) -> TypeId {
        (0..self.lists).fold(self.element, |ty, _| schema.list_of(ty))
    }
}

#[derive(Clone, Debug)]
pub(super) struct RawAggregate {
    pub op: AggregateOp,
    pub arg: Option<RawExpr>,
    pub separator: String,
    pub alternatives: Vec<Vec<RawLiteral>>,
}

impl RawExpr {
    pub fn var(var: VarId, span: Span) -> Self {
        RawExpr { kind: RawExprKind::Var(var), span }
    }

    /// Every variable in it, not looking into aggregates.
    pub fn each_var(&self, visit: &mut impl FnMut(VarId, Span)) {
        match &self.kind {
            RawExprKind::Var(var) => visit(*var, self.span),
            RawExprKind::Call(_, args) | RawExprKind::List(args) => {
                for arg in args {
                    arg.each_var(visit);
                }
            }
            RawExprKind::Struct(value) => {
                value.fields().for_each(|(_, field)| field.iter().for_each(|field| field.each_var(visit)));
            }
            RawExprKind::As(inner, _) => inner.each_var(visit),
            RawExprKind::Const(_) | RawExprKind::Aggregate(_) => {}
        }
    }
}
