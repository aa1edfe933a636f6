//! Records and variants in rules: built of their fields, or taken apart into them.
//!
//! `p = (x: a, y: b)` does what the rest of its body asks for. Where `p` has a value, each field is
//! `a = part(p)`; where only `a` and `b` have, `p` is what they build.

use std::sync::Arc;

use super::raw::{RawExpr, RawExprKind, RawLiteral, RawStruct};
use super::typed::{Scope, Typer};
use super::types::Base;
use super::{safety, structs};
use crate::base::codes::{analysis as codes, evaluation};
use crate::base::{Diagnostic, Span};
use crate::model::Value;
use crate::model::program::{Expr, Functor, Literal, Var, VarId};
use crate::model::schema::{StructId, TypeId};
use crate::model::structure::Constructor;
use crate::syntax::datalog::ast::{CompareOp, Const, ConstKind, Name};

/// What is known of a record or variant once its type is.
struct Parts<'p> {
    of: Arc<Constructor>,
    /// One a field: its type and what stands there; `None` for what is left out or `_`.
    fields: Vec<(TypeId, Option<&'p RawExpr>)>,
    /// Where each stands among what is written; `None` for what is left out.
    places: Vec<Option<usize>>,
}

impl Typer<'_> {
    /// The literals of a conjunction that lies `level` deep.
    pub fn conjunction(&mut self, literals: &[RawLiteral], scope: &Scope<'_>, level: usize) -> Vec<Literal> {
        let is_equation = |literal: &RawLiteral| safety::struct_equation(literal).is_some();
        if !literals.iter().any(is_equation) {
            return literals.iter().map(|literal| self.literal(literal, scope, level)).collect();
        }
        let sides = safety::known_sides(scope.rule, literals, level);
        let mut out = Vec::with_capacity(literals.len());
        for (literal, known) in literals.iter().zip(sides) {
            match literal {
                RawLiteral::Compare { left, right, span, .. } if is_equation(literal) => {
                    self.equal(left, right, known, *span, scope, &mut out);
                }
                _ => out.push(self.literal(literal, scope, level)),
            }
        }
        out
    }

    /// `left = right`, of which one is a record or variant; `known` says which has a value first.
    fn equal(
        &mut self,
        left: &RawExpr,
        right: &RawExpr,
        known: Option<bool>,
        span: Span,
        scope: &Scope<'_>,
        out: &mut Vec<Literal>,
    ) {
        let own = |typer: &mut Self, side: &RawExpr| typer.type_of(side, scope);
        let ty = own(self, left).or_else(|| own(self, right));
        let ty = ty.or_else(|| self.weak_type(left, scope)).or_else(|| self.weak_type(right, scope));
        if let (RawExprKind::Struct(a), RawExprKind::Struct(b)) = (&left.kind, &right.kind) {
            let (Some(a), Some(b)) = (self.parts(a, ty, left.span), self.parts(b, ty, right.span)) else {
                return;
            };
            if a.of != b.of {
                return out.push(Literal::Bool(false));
            }
            for ((ty, a), (_, b)) in a.fields.into_iter().zip(b.fields) {
                match (a, b) {
                    (Some(a), Some(b)) if is_struct(a) || is_struct(b) => {
                        self.equal(a, b, known, span, scope, out);
                    }
                    (Some(a), Some(b)) => {
                        let (a, b) = (self.expr(a, Some(ty), scope), self.expr(b, Some(ty), scope));
                        out.push(equation(a, b, span));
                    }
                    _ => {}
                }
            }
            return;
        }
        let (pattern, value) = match known {
            Some(true) => (right, left),
            _ => (left, right),
        };
        if let (RawExprKind::Struct(parts), true) = (&pattern.kind, known.is_some()) {
            let whole = match self.expr(value, ty, scope) {
                Expr::Var(var) => var,
                other => {
                    let Some(ty) = ty else { return };
                    let var = self.fresh(ty, value.span, scope);
                    out.push(equation(Expr::Var(var), other, span));
                    var
                }
            };
            if parts.is_constant() && self.is_complete(parts, ty) {
                let value = self.build(parts, ty, pattern.span, scope);
                return out.push(equation(Expr::Var(whole), value, span));
            }
            return self.take_apart(whole, parts, ty, pattern.span, scope, out);
        }
        let (left, right) = (self.expr(left, ty, scope), self.expr(right, ty, scope));
        out.push(equation(left, right, span));
    }

    /// Whether a record or variant leaves no field out, at any depth.
    fn is_complete(&self, value: &RawStruct, ty: Option<TypeId>) -> bool {
        let due = match ty.map(|ty| self.schema.base(ty)) {
            Some(Base::Struct(id)) => Some(id),
            _ => None,
        };
        let span = value.name.as_ref().map_or(Span::new(crate::base::FileId(0), 0, 0), |name| name.span);
        let Ok(variant) = structs::variant(self.schema, value.name.as_ref(), due, span) else { return false };
        let names: Vec<Option<&Name>> = value.fields().map(|(name, _)| name).collect();
        let Ok(places) = structs::order(self.schema, variant, &names, span) else { return false };
        let field = |(place, ty): (&Option<usize>, &TypeId)| match place.and_then(|at| value.parts.get(at)) {
            Some((_, Some(RawExpr { kind: RawExprKind::Struct(inner), .. }))) => {
                self.is_complete(inner, Some(*ty))
            }
            Some((_, field)) => field.is_some(),
            None => false,
        };
        places.iter().zip(&variant.types).all(field)
    }

    /// Says of the fields of `whole` what a pattern says of them.
    fn take_apart(
        &mut self,
        whole: VarId,
        pattern: &RawStruct,
        ty: Option<TypeId>,
        span: Span,
        scope: &Scope<'_>,
        out: &mut Vec<Literal>,
    ) {
        let Some(parts) = self.parts(pattern, ty, span) else { return };
        let (of, variant) = (parts.of.ty, parts.of.ordinal);
        if parts.fields.iter().all(|(_, field)| field.is_none()) {
            let whole = Expr::Var(whole);
            return out.push(if parts.of.name.is_some() {
                let ordinal = Expr::Const(Value::Number(i64::from(variant)));
                equation(ordinal, Expr::Call(Functor::Tag, vec![whole], span), span)
            } else {
                let right = Expr::Const(Value::Nil);
                Literal::Compare { op: CompareOp::Ne, left: whole, right, possibly: false, span }
            });
        }
        for (index, (ty, field)) in parts.fields.into_iter().enumerate() {
            let Some(field) = field else { continue };
            let functor = Functor::Part { of, variant, index: index as u32 };
            let part = Expr::Call(functor, vec![Expr::Var(whole)], field.span);
            match &field.kind {
                RawExprKind::Struct(inner) => {
                    let var = self.fresh(ty, field.span, scope);
                    out.push(equation(Expr::Var(var), part, field.span));
                    self.take_apart(var, inner, Some(ty), field.span, scope, out);
                }
                _ => {
                    let value = self.expr(field, Some(ty), scope);
                    out.push(equation(value, part, field.span));
                }
            }
        }
    }

    /// A record or variant built where a value of type `due` stands.
    pub fn build(&mut self, value: &RawStruct, due: Option<TypeId>, span: Span, scope: &Scope<'_>) -> Expr {
        let ty = due.or_else(|| structs::own_type(self.schema, value, true));
        let Some(parts) = self.parts(value, ty, span) else { return Expr::Const(Value::Nil) };
        let variant = &self.schema.struct_def(parts.of.ty).variants[parts.of.ordinal as usize];
        let defaults = variant.defaults.clone();
        if let Some(problem) = structs::missing(self.schema, variant, &parts.places, span) {
            self.diagnostics.push(problem);
            return Expr::Const(Value::Nil);
        }
        let mut fields = Vec::with_capacity(defaults.len());
        for (index, ((ty, field), default)) in parts.fields.iter().zip(defaults).enumerate() {
            let Some(field) = field else {
                if parts.places[index].is_some() {
                    let message = "`_` stands for any value and has none itself";
                    self.diagnostics.push(
                        Diagnostic::new(codes::MISPLACED_WILDCARD, message)
                            .labelled(span, "this is built, so each of its fields needs a value"),
                    );
                }
                fields.push(Expr::Const(default.unwrap_or(Value::Nil)));
                continue;
            };
            let nil = matches!(&field.kind, RawExprKind::Const(Const { kind: ConstKind::Nil, .. }));
            if nil && !parts.of.fields[index].optional {
                let message = format!("the field `{}` is not optional", parts.of.fields[index].name);
                self.diagnostics.push(Diagnostic::new(codes::TYPE_MISMATCH, message).at(field.span));
            }
            fields.push(self.expr(field, Some(*ty), scope));
        }
        self.folded(parts.of, fields, span)
    }

    /// A value that is built of constants is one.
    fn folded(&mut self, of: Arc<Constructor>, fields: Vec<Expr>, span: Span) -> Expr {
        let constant = |field: &Expr| match field {
            Expr::Const(value) => Some(value.clone()),
            _ => None,
        };
        match fields.iter().map(constant).collect::<Option<Vec<Value>>>().map(|values| of.build(values)) {
            None => Expr::Struct(of, fields, span),
            Some(Ok(value)) => Expr::Const(value.unwrap_or(Value::Nil)),
            Some(Err(error)) => {
                self.diagnostics
                    .push(Diagnostic::new(evaluation::RESULT_TOO_LONG, error.to_string()).at(span));
                Expr::Const(Value::Nil)
            }
        }
    }

    /// The fields of a record or variant of type `ty`; what does not fit is reported.
    fn parts<'p>(&mut self, value: &'p RawStruct, ty: Option<TypeId>, span: Span) -> Option<Parts<'p>> {
        let id: Option<StructId> = match ty.map(|ty| self.schema.base(ty)) {
            Some(Base::Struct(id)) => Some(id),
            Some(_) => {
                let what = if value.name.is_some() { "a variant" } else { "a record" };
                self.mismatch_due(span, what, ty);
                return None;
            }
            None => None,
        };
        let variant = match structs::variant(self.schema, value.name.as_ref(), id, span) {
            Ok(variant) => variant,
            Err(problem) => {
                self.diagnostics.push(*problem);
                return None;
            }
        };
        let names: Vec<Option<&Name>> = value.fields().map(|(name, _)| name).collect();
        match structs::order(self.schema, variant, &names, span) {
            Ok(places) => {
                let part = |place: &Option<usize>| value.parts.get((*place)?)?.1.as_ref();
                let fields = variant.types.iter().copied().zip(places.iter().map(part)).collect();
                Some(Parts { of: Arc::clone(&variant.of), fields, places })
            }
            Err(problems) => {
                self.diagnostics.extend(problems);
                None
            }
        }
    }

    /// A variable that nobody wrote; such names begin with a digit.
    fn fresh(&mut self, ty: TypeId, span: Span, scope: &Scope<'_>) -> VarId {
        let id = VarId((scope.rule.vars.len() + self.made.len()) as u32);
        self.made.push(Var { name: format!("{}#", id.0).into(), ty, optional: false, span });
        id
    }
}

fn is_struct(expr: &RawExpr) -> bool {
    matches!(expr.kind, RawExprKind::Struct(_))
}

fn equation(left: Expr, right: Expr, span: Span) -> Literal {
    Literal::Compare { op: CompareOp::Eq, left, right, possibly: false, span }
}
