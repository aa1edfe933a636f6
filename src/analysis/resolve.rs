//! Clauses, checks and goals with their names resolved: syntax tree to [`RawRule`].

use std::collections::HashMap;

use super::atoms;
use super::functors::{self, Signature};
use super::raw::{RawExpr, RawExprKind, RawLiteral, RawRule, RawStruct, RawVar};
use super::scope::{self, Occurrence};
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::VarId;
use crate::model::schema::{PredId, PredKind, Schema};
use crate::syntax::datalog::ast::{
    Aggregate, Annotation, Atom, Body, CompareOp, Const, ConstKind, Expr, ExprKind, Literal, LiteralKind,
    Name,
};

/// Resolves names against a schema that already knows every relation's columns.
pub(super) struct Resolver<'a> {
    pub schema: &'a Schema,
    pub diagnostics: Vec<Diagnostic>,
}

/// What is known while one rule is resolved.
pub(super) struct RuleScope<'a> {
    pub vars: Vec<RawVar>,
    /// Names of the rule's own scope, over all alternatives.
    top: HashMap<&'a str, VarId>,
    /// The scopes around the place being resolved, outermost first.
    pub stack: Vec<HashMap<&'a str, VarId>>,
}

impl RuleScope<'_> {
    /// A variable that no text names.
    pub fn fresh(&mut self, span: Span) -> VarId {
        let name = format!("{}#", self.vars.len());
        self.declare(name, span, self.stack.len().saturating_sub(1))
    }

    /// A variable of the scope that lies `level` deep.
    pub fn declare(&mut self, name: String, span: Span, level: usize) -> VarId {
        let id = VarId(self.vars.len() as u32);
        self.vars.push(RawVar { name, span, level });
        id
    }
}

/// The sorts of things that have a body.
pub(super) enum Head<'a> {
    /// A clause's head.
    Atom(&'a Atom),
    /// An answer relation with the named variables of the body as columns.
    Answer(PredId, Vec<&'a str>),
}

impl<'a> Resolver<'a> {
    pub fn new(schema: &'a Schema) -> Self {
        Resolver { schema, diagnostics: Vec::new() }
    }

    pub fn report(&mut self, diagnostic: Diagnostic) {
        self.diagnostics.push(diagnostic);
    }

    /// Resolves a rule. `None` when nothing sensible is left of it; the reasons are reported.
    pub fn rule(
        &mut self,
        head: Head<'a>,
        body: Option<&'a Body>,
        annotations: &'a [Annotation],
        span: Span,
    ) -> Option<RawRule> {
        let before = self.diagnostics.len();
        let mut scope = RuleScope { vars: Vec::new(), top: HashMap::new(), stack: Vec::new() };
        let alternatives = match body {
            None => vec![Vec::new()],
            Some(body) => match scope::alternatives(body) {
                Some(alternatives) => alternatives,
                None => {
                    self.report(
                        Diagnostic::new(
                            codes::TOO_MANY_ALTERNATIVES,
                            format!("this body has more than {} alternatives", scope::MAX_ALTERNATIVES),
                        )
                        .at(body.span)
                        .help("give the inner disjunctions relations of their own"),
                    );
                    return None;
                }
            },
        };
        // The head's names belong to every alternative.
        let mut head_names: Vec<(&'a str, Span)> = Vec::new();
        match &head {
            Head::Atom(atom) => {
                let mut direct = std::collections::BTreeSet::new();
                scope::atom_names(atom, &mut |name| {
                    direct.insert(name);
                });
                scope::atom_occurrences(atom, &mut |Occurrence { name, span, .. }| {
                    if direct.contains(name) {
                        head_names.push((name, span));
                    }
                });
            }
            Head::Answer(_, names) => head_names.extend(names.iter().map(|name| (*name, span))),
        }
        let spans = first_spans(body);
        for (name, head_span) in &head_names {
            let span = spans.get(name).copied().unwrap_or(*head_span);
            declare(&mut scope, name, span);
        }
        let head_map: HashMap<&'a str, VarId> = scope.top.clone();
        let (pred, args, hoisted) = match head {
            Head::Answer(pred, names) => {
                let args = names
                    .iter()
                    .map(|name| Some(RawExpr::var(head_map[name], spans.get(name).copied().unwrap_or(span))))
                    .collect();
                (pred, args, Vec::new())
            }
            Head::Atom(atom) => {
                let pred = self.head_relation(atom)?;
                scope.stack.push(head_map.clone());
                let (args, hoisted) = self.head_args(atom, pred, &mut scope);
                scope.stack.pop();
                (pred, args, hoisted)
            }
        };
        let mut resolved = Vec::with_capacity(alternatives.len());
        for literals in &alternatives {
            let mut map = head_map.clone();
            for name in scope::own_names(literals) {
                let span = spans.get(name).copied().unwrap_or(span);
                let id = declare(&mut scope, name, span);
                map.insert(name, id);
            }
            scope.stack.push(map);
            let mut out = Vec::with_capacity(literals.len());
            for (var, aggregate, span) in &hoisted {
                let aggregate = self.aggregate(aggregate, *span, &mut scope);
                out.push(assign(*var, aggregate, *span));
            }
            for literal in literals {
                self.literal(literal, &mut scope, &mut out);
            }
            scope.stack.pop();
            resolved.push(out);
        }
        let (label, assume) = self.annotations(annotations, &scope);
        if self.diagnostics[before..].iter().any(Diagnostic::is_error) {
            return None;
        }
        Some(RawRule { head: pred, args, alternatives: resolved, vars: scope.vars, label, assume, span })
    }

    fn head_relation(&mut self, atom: &Atom) -> Option<PredId> {
        // Undeclared heads were given a relation before any rule is resolved.
        match self.schema.find(&atom.name.text) {
            Some(pred) => Some(pred),
            None => {
                self.unknown_relation(&atom.name);
                None
            }
        }
    }

    /// Aggregates of the head belong to every alternative, so they are resolved there.
    #[allow(clippy::type_complexity)] // One caller; a name would say less than the parts.
    fn head_args(
        &mut self,
        atom: &'a Atom,
        pred: PredId,
        scope: &mut RuleScope<'a>,
    ) -> (Vec<Option<RawExpr>>, Vec<(VarId, &'a Aggregate, Span)>) {
        let exprs = atoms::head_exprs(self, atom, pred);
        let mut hoisted = Vec::new();
        let args = exprs
            .into_iter()
            .map(|arg| {
                arg.map(|arg| match arg {
                    atoms::HeadArg::Expr(expr) => self.expr(expr, scope, &mut Hoist::Later(&mut hoisted)),
                    atoms::HeadArg::Var(name, span) => match self.lookup(name, scope) {
                        Some(var) => RawExpr::var(var, span),
                        None => RawExpr::var(scope.fresh(span), span),
                    },
                })
            })
            .collect();
        (args, hoisted)
    }

    /// Resolves one literal, appending what it becomes.
    pub fn literal(&mut self, literal: &'a Literal, scope: &mut RuleScope<'a>, out: &mut Vec<RawLiteral>) {
        let span = literal.span;
        match &literal.kind {
            LiteralKind::Atom(atom) => self.atom(atom, scope, out),
            LiteralKind::Not(inner) => {
                let alternatives = self.negated(inner, scope);
                out.push(RawLiteral::Not(alternatives, span));
            }
            // `scope::alternatives` has multiplied every group out.
            LiteralKind::Group(_) => {}
            LiteralKind::Compare { op, left, right, possibly } => {
                let keep = *op == CompareOp::Eq && !possibly;
                let simple = |expr: &Expr| matches!(expr.kind, ExprKind::Var(_) | ExprKind::Const(_));
                let keep_left = keep && simple(right);
                let keep_right = keep && simple(left);
                let left = self.operand(left, keep_left, scope, out);
                let right = self.operand(right, keep_right, scope, out);
                out.push(RawLiteral::Compare { op: *op, left, right, possibly: *possibly, span });
            }
            LiteralKind::In(item, list) => {
                let item = self.operand(item, false, scope, out);
                let item = match_later(item, scope, out);
                let list = self.operand(list, false, scope, out);
                out.push(RawLiteral::In { item, list, span });
            }
            LiteralKind::Test(op, left, right) => {
                let left = self.operand(left, false, scope, out);
                let right = self.operand(right, false, scope, out);
                out.push(RawLiteral::Test { op: *op, left, right, span });
            }
            LiteralKind::Bool(value) => out.push(RawLiteral::Bool(*value)),
        }
    }

    /// One side of a comparison; with `keep`, an aggregate at its top stays in place.
    fn operand(
        &mut self,
        expr: &'a Expr,
        keep: bool,
        scope: &mut RuleScope<'a>,
        out: &mut Vec<RawLiteral>,
    ) -> RawExpr {
        match &expr.kind {
            ExprKind::Aggregate(aggregate) if keep => {
                let kind = RawExprKind::Aggregate(Box::new(self.aggregate_parts(aggregate, scope)));
                RawExpr { kind, span: expr.span }
            }
            _ => self.expr(expr, scope, &mut Hoist::Now(out)),
        }
    }

    /// What stands under a negation, in a scope of its own.
    fn negated(&mut self, inner: &'a Literal, scope: &mut RuleScope<'a>) -> Vec<Vec<RawLiteral>> {
        let alternatives: Vec<Vec<&'a Literal>> = match &inner.kind {
            LiteralKind::Group(body) => match scope::alternatives(body) {
                Some(alternatives) => alternatives,
                None => {
                    self.report(
                        Diagnostic::new(codes::TOO_MANY_ALTERNATIVES, "this group has too many alternatives")
                            .at(body.span),
                    );
                    Vec::new()
                }
            },
            _ => vec![vec![inner]],
        };
        if !matches!(inner.kind, LiteralKind::Group(_)) {
            self.only_negated(inner, scope);
        }
        self.nested(alternatives, inner.span, scope)
    }

    /// A negated atom that alone mentions a variable gets the fix-it `_`.
    fn only_negated(&mut self, inner: &'a Literal, scope: &RuleScope<'a>) {
        let LiteralKind::Atom(atom) = &inner.kind else { return };
        let mut local: Vec<Occurrence<'_>> = Vec::new();
        let mut direct = std::collections::BTreeSet::new();
        scope::atom_names(atom, &mut |name| {
            direct.insert(name);
        });
        scope::atom_occurrences(atom, &mut |found| {
            if direct.contains(found.name) && self.lookup(found.name, scope).is_none() {
                local.push(found);
            }
        });
        let mut reported: Vec<&str> = Vec::new();
        for Occurrence { name, span, pun, .. } in &local {
            if reported.contains(name) {
                continue;
            }
            reported.push(name);
            let mut diagnostic = Diagnostic::new(
                codes::ONLY_NEGATED,
                format!("the variable `{name}` occurs only under a negation, so nothing gives it a value"),
            )
            .at(*span);
            let once = local.iter().filter(|other| other.name == *name).count() == 1;
            diagnostic = if !once {
                diagnostic
                    .help(format!("write `!({}, …)` in parentheses to ask for any `{name}`", atom.name.text))
            } else if *pun {
                diagnostic.fix(*span, format!("{name}: _"), "write `_` if any value will do")
            } else {
                diagnostic.fix(*span, "_", "write `_` if any value will do")
            };
            self.report(diagnostic);
        }
    }

    /// Alternatives in a scope inside the current one.
    fn nested(
        &mut self,
        alternatives: Vec<Vec<&'a Literal>>,
        span: Span,
        scope: &mut RuleScope<'a>,
    ) -> Vec<Vec<RawLiteral>> {
        let mut locals: HashMap<&'a str, VarId> = HashMap::new();
        let mut resolved = Vec::with_capacity(alternatives.len());
        for literals in &alternatives {
            let mut map = HashMap::new();
            for name in scope::own_names(literals) {
                if self.lookup(name, scope).is_none() {
                    let span = span_in(literals, name, span);
                    let level = scope.stack.len();
                    let id =
                        *locals.entry(name).or_insert_with(|| scope.declare(name.to_owned(), span, level));
                    map.insert(name, id);
                }
            }
            scope.stack.push(map);
            let mut out = Vec::with_capacity(literals.len());
            for literal in literals {
                self.literal(literal, scope, &mut out);
            }
            scope.stack.pop();
            resolved.push(out);
        }
        resolved
    }

    /// Resolves an expression; aggregates in it are hoisted.
    pub fn expr(&mut self, expr: &'a Expr, scope: &mut RuleScope<'a>, hoist: &mut Hoist<'_, 'a>) -> RawExpr {
        let span = expr.span;
        let kind = match &expr.kind {
            ExprKind::Var(name) => match self.lookup(name, scope) {
                Some(var) => RawExprKind::Var(var),
                // Every name of a scope is declared before it is resolved.
                None => RawExprKind::Var(scope.fresh(span)),
            },
            ExprKind::Const(kind) => RawExprKind::Const(Const { kind: kind.clone(), span }),
            ExprKind::Wildcard => {
                self.report(
                    Diagnostic::new(
                        codes::MISPLACED_WILDCARD,
                        "`_` stands for any value and has none itself",
                    )
                    .labelled(span, "a value is needed here"),
                );
                RawExprKind::Var(scope.fresh(span))
            }
            ExprKind::Neg(inner) => RawExprKind::Call(functors::NEGATE, vec![self.expr(inner, scope, hoist)]),
            ExprKind::Unary(op, inner) => {
                RawExprKind::Call(functors::unary(*op), vec![self.expr(inner, scope, hoist)])
            }
            ExprKind::Binary(op, left, right) => {
                let args = vec![self.expr(left, scope, hoist), self.expr(right, scope, hoist)];
                RawExprKind::Call(functors::binary(*op), args)
            }
            // `Leaf()`, as Rust writes it.
            ExprKind::Call(name, args)
                if args.is_empty() && self.schema.variants(&name.text).next().is_some() =>
            {
                RawExprKind::Struct(Box::new(RawStruct { name: Some(name.clone()), parts: Vec::new() }))
            }
            ExprKind::Call(name, args) => {
                let args: Vec<RawExpr> = args.iter().map(|arg| self.expr(arg, scope, hoist)).collect();
                match self.functor(name, args.len(), span) {
                    Some(signature) => RawExprKind::Call(signature, args),
                    None => RawExprKind::Var(scope.fresh(span)),
                }
            }
            ExprKind::List(items) => {
                RawExprKind::List(items.iter().map(|item| self.expr(item, scope, hoist)).collect())
            }
            ExprKind::Aggregate(aggregate) => {
                let var = scope.fresh(span);
                match hoist {
                    Hoist::Later(later) => later.push((var, aggregate, span)),
                    Hoist::Now(out) => {
                        let value = self.aggregate(aggregate, span, scope);
                        out.push(assign(var, value, span));
                    }
                }
                RawExprKind::Var(var)
            }
            ExprKind::Record(args) => self.structure(None, args, scope, hoist),
            ExprKind::Variant { name, args, .. } => self.structure(Some(name), args, scope, hoist),
            ExprKind::As(inner, ty) => {
                let inner = self.expr(inner, scope, hoist);
                match self.named_type(ty) {
                    Some(ty) => RawExprKind::As(Box::new(inner), ty),
                    None => inner.kind,
                }
            }
        };
        RawExpr { kind, span }
    }

    pub fn foreign(&mut self, what: &str, span: Span) {
        self.report(
            Diagnostic::new(codes::NOT_HERE, format!("{what} are of Soufflé's programs only"))
                .at(span)
                .help("`factlog souffle` runs such a program as it is"),
        );
    }

    fn functor(&mut self, name: &Name, count: usize, span: Span) -> Option<Signature> {
        let Some(signature) = functors::find(&name.text) else {
            let near = nearest(&name.text, functors::FUNCTORS.iter().map(|signature| signature.name));
            let mut diagnostic =
                Diagnostic::new(codes::UNKNOWN_FUNCTOR, format!("unknown functor `{}`", name.text))
                    .at(name.span);
            diagnostic = if self.schema.variants(&name.text).next().is_some() {
                let dollar = format!("${}", name.text);
                diagnostic.fix(name.span, dollar, "write `$` before a variant whose fields have no names")
            } else if self.schema.find(&name.text).is_some() {
                diagnostic
                    .note(format!("`{}` is a relation; it cannot stand where a value is due", name.text))
            } else {
                diagnostic.help_opt(did_you_mean(&near))
            };
            self.report(diagnostic);
            return None;
        };
        if !signature.fits(count) {
            self.report(
                Diagnostic::new(
                    codes::FUNCTOR_ARITY,
                    format!("`{}` takes {} arguments, not {count}", name.text, signature.arity()),
                )
                .at(span),
            );
            return None;
        }
        Some(*signature)
    }

    /// The variable that a name means here.
    pub fn lookup(&self, name: &str, scope: &RuleScope<'a>) -> Option<VarId> {
        scope.stack.iter().rev().find_map(|map| map.get(name)).copied()
    }

    pub fn unknown_relation(&mut self, name: &Name) {
        let names = self
            .schema
            .predicates
            .iter()
            .filter(|predicate| matches!(predicate.kind, PredKind::Declared | PredKind::Derived))
            .map(|predicate| &*predicate.name);
        let near = nearest(&name.text, names);
        let mut diagnostic =
            Diagnostic::new(codes::UNKNOWN_RELATION, format!("unknown relation `{}`", name.text))
                .at(name.span);
        diagnostic = match near.first() {
            Some(first) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
            None if functors::find(&name.text).is_some() => {
                diagnostic.note(format!("`{}` is a functor; a comparison is missing around it", name.text))
            }
            None => diagnostic.help("declare it with `.decl`, or define it by a rule"),
        };
        self.report(diagnostic);
    }

    fn annotations(
        &mut self,
        annotations: &[Annotation],
        scope: &RuleScope<'_>,
    ) -> (Option<String>, Vec<String>) {
        let mut label = None;
        let mut assume = Vec::new();
        for annotation in annotations {
            let text = match annotation.args.as_slice() {
                [Const { kind: ConstKind::String(text), span }] => Some((text, *span)),
                _ => None,
            };
            match (annotation.name.text.as_str(), text) {
                ("label" | "assume", None) => self.report(
                    Diagnostic::new(
                        codes::BAD_ANNOTATION,
                        format!("`@{}` takes one text", annotation.name.text),
                    )
                    .at(annotation.span),
                ),
                ("label", Some((text, span))) => {
                    self.placeholders(text, span, scope);
                    label = Some(text.clone());
                }
                ("assume", Some((text, span))) => {
                    self.placeholders(text, span, scope);
                    assume.push(text.clone());
                }
                (other, _) => {
                    let near = nearest(other, ["label", "assume"]);
                    self.report(
                        Diagnostic::new(codes::BAD_ANNOTATION, format!("unknown annotation `@{other}`"))
                            .at(annotation.name.span)
                            .help_opt(did_you_mean(&near)),
                    );
                }
            }
        }
        (label, assume)
    }

    /// Every `{name}` of a label or message must be a variable of the rule's own scope.
    fn placeholders(&mut self, text: &str, span: Span, scope: &RuleScope<'_>) {
        let known: Vec<&str> = scope.top.keys().copied().collect();
        for problem in super::template::problems(text, &known) {
            self.report(Diagnostic::new(codes::BAD_PLACEHOLDER, problem).at(span));
        }
    }
}

/// A record or variant that is matched where only a variable can stand: a variable stands there,
/// and is what the pattern says.
pub(super) fn match_later(value: RawExpr, scope: &mut RuleScope<'_>, out: &mut Vec<RawLiteral>) -> RawExpr {
    let open = match &value.kind {
        RawExprKind::Struct(parts) => {
            let mut open = parts.is_open() || parts.has_names();
            value.each_var(&mut |_, _| open = true);
            open
        }
        _ => false,
    };
    if !open {
        return value;
    }
    let span = value.span;
    let var = scope.fresh(span);
    out.push(assign(var, value, span));
    RawExpr::var(var, span)
}

/// What becomes of an aggregate inside an expression.
pub(super) enum Hoist<'h, 'a> {
    /// `v = aggregate` is appended to the conjunction being built.
    Now(&'h mut Vec<RawLiteral>),
    /// It is kept, to be resolved in each alternative.
    Later(&'h mut Vec<(VarId, &'a Aggregate, Span)>),
}

/// `var = value`
pub(super) fn assign(var: VarId, value: RawExpr, span: Span) -> RawLiteral {
    RawLiteral::Compare {
        op: CompareOp::Eq,
        left: RawExpr::var(var, span),
        right: value,
        possibly: false,
        span,
    }
}

fn declare<'a>(scope: &mut RuleScope<'a>, name: &'a str, span: Span) -> VarId {
    if let Some(id) = scope.top.get(name) {
        return *id;
    }
    let id = scope.declare(name.to_owned(), span, 0);
    scope.top.insert(name, id);
    id
}

fn first_spans(body: Option<&Body>) -> HashMap<&str, Span> {
    let mut spans = HashMap::new();
    if let Some(body) = body {
        scope::occurrences(body, &mut |Occurrence { name, span, .. }| {
            spans.entry(name).or_insert(span);
        });
    }
    spans
}

/// The first occurrence of a name in a conjunction.
pub(super) fn span_in(literals: &[&Literal], name: &str, otherwise: Span) -> Span {
    let mut found = None;
    for literal in literals {
        scope::literal_occurrences(literal, &mut |Occurrence { name: other, span, .. }| {
            if other == name && found.is_none() {
                found = Some(span);
            }
        });
    }
    found.unwrap_or(otherwise)
}
