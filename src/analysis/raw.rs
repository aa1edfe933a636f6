//! Rules half-way: names resolved, bodies multiplied out, aggregates hoisted, but constants still
//! as written and variables without types.

use crate::base::Span;
use crate::model::VarId;
use crate::model::schema::PredId;
use crate::syntax::datalog::ast::{AggregateOp, CompareOp, Const, TestOp};

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
    Aggregate(Box<RawAggregate>),
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
            RawExprKind::Const(_) | RawExprKind::Aggregate(_) => {}
        }
    }
}
