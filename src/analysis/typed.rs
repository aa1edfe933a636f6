//! Raw rules to rules of the model: constants get the type that their place asks for, and what
//! does not fit is reported.

use std::collections::HashMap;
use std::sync::Arc;

use super::constant;
use super::functors::{Kind, Signature};
use super::infer::{self, VarTypes};
use super::raw::{RawAggregate, RawAtom, RawExpr, RawExprKind, RawLiteral, RawRule};
use super::types::{Base, builtin};
use crate::base::codes::{analysis as codes, lints};
use crate::base::{Diagnostic, Span};
use crate::model::program::{Aggregate, Arg, Atom, Body, Expr, Literal, Rule, Var};
use crate::model::schema::{EnumId, PredKind, Schema, TypeId};
use crate::model::{Value, VarId};
use crate::syntax::datalog::ast::{AggregateOp, CompareOp, Const, ConstKind, TestOp};

/// Types one rule after the other.
pub(super) struct Typer<'a> {
    pub schema: &'a mut Schema,
    pub constants: &'a HashMap<Arc<str>, Vec<EnumId>>,
    pub diagnostics: Vec<Diagnostic>,
    /// Variables that the rule being typed gets beside its own.
    pub made: Vec<Var>,
}

/// The rule being typed.
pub(super) struct Scope<'r> {
    pub rule: &'r RawRule,
    pub types: &'r VarTypes,
}

impl<'a> Typer<'a> {
    pub fn new(schema: &'a mut Schema, constants: &'a HashMap<Arc<str>, Vec<EnumId>>) -> Self {
        Typer { schema, constants, diagnostics: Vec::new(), made: Vec::new() }
    }
}

impl Typer<'_> {
    /// The rule with its types, or `None` when it has a type error, which is reported.
    pub fn rule(&mut self, rule: &RawRule, types: &VarTypes) -> Option<Rule> {
        let before = self.diagnostics.len();
        let scope = Scope { rule, types };
        self.made.clear();
        let mut body = Body { alternatives: self.alternatives(&rule.alternatives, &scope, 0) };
        let args = rule
            .args
            .iter()
            .enumerate()
            .map(|(index, arg)| self.head_arg(rule, index, arg, &scope))
            .collect();
        self.exclude_nil(rule, &scope, &mut body);
        if self.diagnostics[before..].iter().any(Diagnostic::is_error) {
            return None;
        }
        let vars = rule
            .vars
            .iter()
            .enumerate()
            .map(|(index, var)| Var {
                name: var.name.as_str().into(),
                ty: types.types[index].unwrap_or(builtin::SYMBOL),
                optional: types.optional[index],
                span: var.span,
            })
            .chain(self.made.drain(..))
            .collect();
        Some(Rule {
            head: rule.head,
            args,
            body,
            vars,
            label: rule.label.as_deref().map(Into::into),
            assume: rule.assume.iter().map(|text| text.as_str().into()).collect(),
            span: rule.span,
        })
    }

    fn head_arg(&mut self, rule: &RawRule, index: usize, arg: &Option<RawExpr>, scope: &Scope<'_>) -> Expr {
        let predicate = self.schema.predicate(rule.head);
        let column = &predicate.columns[index];
        let (ty, optional, kind) = (column.ty, column.optional, predicate.kind);
        let Some(arg) = arg else {
            return Expr::Const(column.default.clone().unwrap_or(Value::Nil));
        };
        let nil = matches!(&arg.kind, RawExprKind::Const(Const { kind: ConstKind::Nil, .. }));
        if nil && kind == PredKind::Declared && !optional {
            let message = format!("the column `{}` of `{}` is not optional", column.name, predicate.name);
            self.diagnostics.push(Diagnostic::new(codes::TYPE_MISMATCH, message).at(arg.span));
        }
        // What nothing has told of a column is not what is due there.
        let untold = kind != PredKind::Declared
            && matches!(arg.kind, RawExprKind::Struct(_))
            && !matches!(self.schema.base(ty), Base::Struct(_));
        self.expr(arg, Some(ty).filter(|_| !untold), scope)
    }

    /// A declared column that is not optional takes no nil: where a variable of the head can be
    /// nil, such solutions derive nothing, which is said.
    fn exclude_nil(&mut self, rule: &RawRule, scope: &Scope<'_>, body: &mut Body) {
        let predicate = self.schema.predicate(rule.head);
        if predicate.kind != PredKind::Declared {
            return;
        }
        for (arg, column) in rule.args.iter().zip(&predicate.columns) {
            let Some(RawExpr { kind: RawExprKind::Var(var), span }) = arg else { continue };
            if column.optional || !scope.types.nil_left[var.0 as usize] {
                continue;
            }
            self.diagnostics.push(
                Diagnostic::new(
                    lints::NIL_DROPPED,
                    format!(
                        "this can be nil, which the column `{}` of `{}` does not take",
                        column.name, predicate.name
                    ),
                )
                .labelled(*span, "where it is nil, nothing is derived")
                .help(format!(
                    "say so with `{} != nil`, or declare the column with `?`",
                    scope.rule.vars[var.0 as usize].name
                )),
            );
            for literals in &mut body.alternatives {
                literals.push(Literal::Compare {
                    op: CompareOp::Ne,
                    left: Expr::Var(*var),
                    right: Expr::Const(Value::Nil),
                    possibly: false,
                    span: *span,
                });
            }
        }
    }

    /// Alternatives of a body that lies `level` deep.
    fn alternatives(
        &mut self,
        alternatives: &[Vec<RawLiteral>],
        scope: &Scope<'_>,
        level: usize,
    ) -> Vec<Vec<Literal>> {
        alternatives.iter().map(|literals| self.conjunction(literals, scope, level)).collect()
    }

    pub(super) fn literal(&mut self, literal: &RawLiteral, scope: &Scope<'_>, level: usize) -> Literal {
        match literal {
            RawLiteral::Atom(atom) => Literal::Atom(self.atom(atom, scope)),
            RawLiteral::Not(alternatives, span) => {
                Literal::Not(Body { alternatives: self.alternatives(alternatives, scope, level + 1) }, *span)
            }
            RawLiteral::Compare { op, left, right, possibly, span } => {
                self.compare(*op, left, right, (*possibly, *span), scope, level)
            }
            RawLiteral::In { item, list, span } => {
                let element = match self.type_of(list, scope) {
                    // A list of bare literals takes the type of what is looked for in it.
                    None => self.type_of(item, scope),
                    Some(ty) => match self.schema.base(ty) {
                        Base::List(element) => Some(element),
                        _ => {
                            self.mismatch(list.span, "a list", Some(ty));
                            None
                        }
                    },
                };
                let item = self.expr(item, element, scope);
                let ty = element.map(|element| self.schema.list_of(element));
                Literal::In { item, list: self.expr(list, ty, scope), span: *span }
            }
            RawLiteral::Test { op, left, right, span } => {
                let ty = match op {
                    TestOp::Match | TestOp::Contains => builtin::SYMBOL,
                    TestOp::Within | TestOp::Overlaps => builtin::DATE,
                };
                let left = self.expr(left, Some(ty), scope);
                Literal::Test { op: *op, left, right: self.expr(right, Some(ty), scope), span: *span }
            }
            RawLiteral::Bool(value) => Literal::Bool(*value),
        }
    }

    fn atom(&mut self, atom: &RawAtom, scope: &Scope<'_>) -> Atom {
        let args = atom
            .args
            .iter()
            .enumerate()
            .map(|(index, arg)| match arg {
                None => Arg::Any,
                Some(arg) => {
                    let ty = self.schema.predicate(atom.pred).columns[index].ty;
                    Arg::Is(self.expr(arg, Some(ty), scope))
                }
            })
            .collect();
        Atom { pred: atom.pred, args, span: atom.span }
    }

    fn compare(
        &mut self,
        op: CompareOp,
        left: &RawExpr,
        right: &RawExpr,
        (possibly, span): (bool, Span),
        scope: &Scope<'_>,
        level: usize,
    ) -> Literal {
        for side in [left, right] {
            let nil = matches!(&side.kind, RawExprKind::Const(Const { kind: ConstKind::Nil, .. }));
            if nil && !matches!(op, CompareOp::Eq | CompareOp::Ne) {
                self.diagnostics.push(
                    Diagnostic::new(codes::TYPE_MISMATCH, "nil stands in no order")
                        .at(span)
                        .help("ask `= nil` or `!= nil`"),
                );
            }
        }
        let mut ty = self.type_of(left, scope).or_else(|| self.type_of(right, scope));
        if possibly {
            ty = Some(builtin::DATE);
        }
        if ty.is_none() {
            ty = self.weak_type(left, scope).or_else(|| self.weak_type(right, scope));
        }
        let mut side = |side: &RawExpr| match &side.kind {
            RawExprKind::Aggregate(aggregate) => self.aggregate(aggregate, side.span, ty, scope, level),
            _ => self.expr(side, ty, scope),
        };
        let (left, right) = (side(left), side(right));
        Literal::Compare { op, left, right, possibly, span }
    }

    pub(super) fn type_of(&mut self, expr: &RawExpr, scope: &Scope<'_>) -> Option<TypeId> {
        infer::type_of(self.schema, self.constants, expr, &scope.types.types, false)
    }

    pub(super) fn weak_type(&mut self, expr: &RawExpr, scope: &Scope<'_>) -> Option<TypeId> {
        infer::type_of(self.schema, self.constants, expr, &scope.types.types, true)
    }

    /// The expression as a value of `due`, where that is known.
    pub(super) fn expr(&mut self, expr: &RawExpr, due: Option<TypeId>, scope: &Scope<'_>) -> Expr {
        match &expr.kind {
            RawExprKind::Var(var) => {
                if let (Some(due), Some(found)) = (due, scope.types.types[var.0 as usize]) {
                    self.fits(*var, found, due, expr.span, scope);
                }
                Expr::Var(*var)
            }
            RawExprKind::Const(constant) => Expr::Const(self.constant(constant, due)),
            RawExprKind::List(items) => {
                let element = match due.map(|due| self.schema.base(due)) {
                    Some(Base::List(element)) => Some(element),
                    Some(_) => {
                        self.mismatch_due(expr.span, "a list", due);
                        None
                    }
                    None => items.iter().find_map(|item| self.weak_type(item, scope)),
                };
                Expr::List(items.iter().map(|item| self.expr(item, element, scope)).collect())
            }
            RawExprKind::Call(signature, args) => self.call(signature, args, expr.span, due, scope),
            RawExprKind::Struct(parts) => self.build(parts, due, expr.span, scope),
            RawExprKind::As(inner, ty) => {
                let ty = ty.resolve(self.schema);
                self.result_fits(Some(ty), due, expr.span);
                match (&inner.kind, self.type_of(inner, scope)) {
                    (RawExprKind::Var(var), Some(found)) if self.schema.same_base(found, ty) => {
                        Expr::Var(*var)
                    }
                    _ => self.expr(inner, Some(ty), scope),
                }
            }
            // They stand beside `=`, where `compare` has them.
            RawExprKind::Aggregate(aggregate) => self.aggregate(aggregate, expr.span, due, scope, 0),
        }
    }

    fn constant(&mut self, constant: &Const, due: Option<TypeId>) -> Value {
        let ty = match due {
            Some(due) => Some(due),
            None => match &constant.kind {
                ConstKind::Name(name) => match self.constants.get(name.as_str()).map(Vec::as_slice) {
                    Some([id]) => self.schema.type_names.get(&self.schema.enum_def(*id).name).copied(),
                    Some(several) => {
                        let enums: Vec<String> = several
                            .iter()
                            .map(|id| format!("`{}`", self.schema.enum_def(*id).name))
                            .collect();
                        self.diagnostics.push(
                            Diagnostic::new(
                                codes::AMBIGUOUS_CONSTANT,
                                format!("`{name}` is a constant of {}", enums.join(" and ")),
                            )
                            .at(constant.span)
                            .help("put it where a column or variable says which is meant"),
                        );
                        return Value::Nil;
                    }
                    None => {
                        let of_variant =
                            infer::constant_type(self.schema, self.constants, &constant.kind, false);
                        if of_variant.is_none() {
                            let problem = constant::unknown_constant(self.schema, name, constant.span);
                            self.diagnostics.push(problem);
                            return Value::Nil;
                        }
                        of_variant
                    }
                },
                kind => {
                    let raw = RawExpr {
                        kind: RawExprKind::Const(Const { kind: kind.clone(), span: constant.span }),
                        span: constant.span,
                    };
                    infer::type_of(self.schema, self.constants, &raw, &[], true)
                }
            },
        };
        let Some(ty) = ty else { return Value::Nil };
        match constant::typed(self.schema, constant, ty) {
            Ok(value) => value,
            Err(diagnostic) => {
                self.diagnostics.push(*diagnostic);
                Value::Nil
            }
        }
    }

    /// Reports a variable of one type where another is due.
    fn fits(&mut self, var: VarId, found: TypeId, due: TypeId, span: Span, scope: &Scope<'_>) {
        if found == due || self.schema.overlap(found, due) {
            return;
        }
        let name = &scope.rule.vars[var.0 as usize].name;
        let what = if name.ends_with('#') { "this value".to_owned() } else { format!("`{name}`") };
        let (found_name, due_name) = (named(self.schema, found), named(self.schema, due));
        if self.schema.same_base(found, due) {
            let message = format!("{what} is {found_name}, but only {due_name} can stand here");
            self.diagnostics.push(
                Diagnostic::new(lints::DISJOINT_TYPES, message)
                    .labelled(span, "no value is both, so this never holds"),
            );
            return;
        }
        let mut diagnostic = Diagnostic::new(
            codes::TYPE_MISMATCH,
            format!("{what} is {found_name}, but {due_name} is due here"),
        )
        .at(span);
        let conversion = match (self.schema.base(found), self.schema.base(due)) {
            (Base::Number, Base::Float) => Some("to_float"),
            (Base::Float, Base::Number) => Some("round"),
            (_, Base::Symbol) => Some("to_string"),
            (Base::Symbol, Base::Number) => Some("to_number"),
            (Base::Symbol, Base::Float) => Some("to_float"),
            _ => None,
        };
        if let Some(conversion) = conversion {
            diagnostic = diagnostic.help(format!("convert it with `{conversion}(…)`"));
        }
        self.diagnostics.push(diagnostic);
    }

    fn mismatch(&mut self, span: Span, due: &str, found: Option<TypeId>) {
        let found = found.map_or("something else".to_owned(), |ty| named(self.schema, ty));
        self.diagnostics
            .push(Diagnostic::new(codes::TYPE_MISMATCH, format!("expected {due}, found {found}")).at(span));
    }

    pub(super) fn mismatch_due(&mut self, span: Span, found: &str, due: Option<TypeId>) {
        let due = due.map_or("something else".to_owned(), |ty| constant::described(self.schema, ty));
        self.diagnostics
            .push(Diagnostic::new(codes::TYPE_MISMATCH, format!("expected {due}, found {found}")).at(span));
    }

    fn call(
        &mut self,
        signature: &Signature,
        args: &[RawExpr],
        span: Span,
        due: Option<TypeId>,
        scope: &Scope<'_>,
    ) -> Expr {
        let whole = RawExpr { kind: RawExprKind::Call(*signature, args.to_vec()), span };
        // The type that `Numeric` or `Same` stands for in this call.
        let common = match signature.result {
            Kind::Numeric | Kind::Same => {
                let known = self.type_of(&whole, scope);
                let wanted = due.filter(|due| {
                    signature.result == Kind::Same
                        || matches!(self.schema.base(*due), Base::Number | Base::Float)
                });
                known.or(wanted).or_else(|| self.weak_type(&whole, scope))
            }
            _ => None,
        };
        let args = args
            .iter()
            .enumerate()
            .map(|(index, arg)| {
                let due = match signature.arg(index) {
                    Kind::Same => common,
                    Kind::Numeric => {
                        let found = self.type_of(arg, scope);
                        if let Some(found) = found
                            && !matches!(self.schema.base(found), Base::Number | Base::Float)
                        {
                            self.not_numeric(arg, found);
                            found.into()
                        } else {
                            common.map(|ty| match self.schema.base(ty) {
                                Base::Float => builtin::FLOAT,
                                _ => builtin::NUMBER,
                            })
                        }
                    }
                    kind => kind.ty(self.schema),
                };
                self.expr(arg, due, scope)
            })
            .collect();
        let result = match signature.result {
            Kind::Numeric | Kind::Same => common,
            kind => kind.ty(self.schema),
        };
        self.result_fits(result, due, span);
        Expr::Call(signature.functor, args, span)
    }

    fn not_numeric(&mut self, arg: &RawExpr, found: TypeId) {
        let mut diagnostic = Diagnostic::new(
            codes::TYPE_MISMATCH,
            format!("arithmetic needs numbers, found {}", named(self.schema, found)),
        )
        .at(arg.span);
        diagnostic = match self.schema.base(found) {
            Base::Symbol => diagnostic.help("texts are joined with `cat(a, b)`"),
            Base::Date => diagnostic.help("dates have `days_between(a, b)` and `add_days(a, n)`"),
            _ => diagnostic,
        };
        self.diagnostics.push(diagnostic);
    }

    /// Reports a computed value of the wrong type.
    fn result_fits(&mut self, result: Option<TypeId>, due: Option<TypeId>, span: Span) {
        if let (Some(result), Some(due)) = (result, due)
            && !self.schema.same_base(result, due)
        {
            let due = named(self.schema, due);
            self.mismatch(span, &due, Some(result));
        }
    }

    fn aggregate(
        &mut self,
        aggregate: &RawAggregate,
        span: Span,
        due: Option<TypeId>,
        scope: &Scope<'_>,
        level: usize,
    ) -> Expr {
        let body = Body { alternatives: self.alternatives(&aggregate.alternatives, scope, level + 1) };
        let arg_type = aggregate.arg.as_ref().and_then(|arg| self.weak_type(arg, scope));
        let base = arg_type.map(|ty| self.schema.base(ty));
        let (needed, ok) = match aggregate.op {
            AggregateOp::Sum | AggregateOp::Mean => {
                ("numbers", matches!(base, Some(Base::Number | Base::Float) | None))
            }
            AggregateOp::Concat => ("texts", matches!(base, Some(Base::Symbol) | None)),
            _ => ("", true),
        };
        if !ok && let (Some(arg), Some(ty)) = (&aggregate.arg, arg_type) {
            let mut diagnostic = Diagnostic::new(
                codes::TYPE_MISMATCH,
                format!("this aggregate needs {needed}, found {}", named(self.schema, ty)),
            )
            .at(arg.span);
            if aggregate.op == AggregateOp::Concat {
                diagnostic = diagnostic.help("convert it with `to_string(…)`");
            }
            self.diagnostics.push(diagnostic);
        }
        let whole = RawExpr { kind: RawExprKind::Aggregate(Box::new(aggregate.clone())), span };
        let result = self.weak_type(&whole, scope);
        self.result_fits(result, due, span);
        let arg = aggregate.arg.as_ref().map(|arg| self.expr(arg, arg_type, scope));
        Expr::Aggregate(Box::new(Aggregate {
            op: aggregate.op,
            arg,
            separator: aggregate.separator.as_str().into(),
            float: base == Some(Base::Float),
            wraps: false,
            body,
            span,
        }))
    }
}

/// A type with an article, for messages about variables.
pub(super) fn named(schema: &Schema, ty: TypeId) -> String {
    match schema.base(ty) {
        Base::Symbol if schema.type_name(ty) == "symbol" => "text (`symbol`)".to_owned(),
        Base::Number => "a `number`".to_owned(),
        Base::Float => "a `float`".to_owned(),
        Base::Bool => "a `bool`".to_owned(),
        Base::Date => "a `date`".to_owned(),
        _ => {
            let name = schema.type_name(ty);
            let article = if name.starts_with(['A', 'E', 'I', 'O', 'a', 'e', 'i', 'o']) { "an" } else { "a" };
            format!("{article} `{name}`")
        }
    }
}
