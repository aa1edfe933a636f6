//! Atoms resolved: arguments put in the order of the columns, metadata turned into columns of the
//! relation of assertions.

use super::declare::assertions_of;
use super::raw::{RawAtom, RawExpr, RawExprKind, RawLiteral};
use super::resolve::{Hoist, Resolver, RuleScope, match_later};
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::schema::{META_COLUMNS, PredId, PredKind};
use crate::syntax::datalog::ast::{
    Args, Atom, CompareOp, Const, ConstKind, Expr, ExprKind, Name, NamedArg, NamedValue,
};

/// The metadata fields that an atom can name.
pub const META_FIELDS: &[&str] = META_COLUMNS.split_at(2).1;

/// An argument of a head.
pub(super) enum HeadArg<'a> {
    Expr(&'a Expr),
    /// `col:`, short for `col: col`.
    Var(&'a str, Span),
}

impl<'a> Resolver<'a> {
    /// Resolves a body atom, appending it and the comparisons it holds.
    pub fn atom(&mut self, atom: &'a Atom, scope: &mut RuleScope<'a>, out: &mut Vec<RawLiteral>) {
        let Some(pred) = self.schema.find(&atom.name.text) else {
            self.unknown_relation(&atom.name);
            return;
        };
        let mut after = Vec::new();
        let raw = match &atom.args {
            Args::Positional(exprs) => self.positional(atom, pred, exprs, scope, &mut after),
            Args::Named(named) => self.named(atom, pred, named, scope, &mut after),
        };
        if let Some(raw) = raw {
            out.push(RawLiteral::Atom(raw));
            out.append(&mut after);
        }
    }

    fn positional(
        &mut self,
        atom: &'a Atom,
        pred: PredId,
        exprs: &'a [Expr],
        scope: &mut RuleScope<'a>,
        after: &mut Vec<RawLiteral>,
    ) -> Option<RawAtom> {
        if !self.arity_fits(atom, pred, exprs.len()) {
            return None;
        }
        let args = exprs.iter().map(|expr| self.argument(expr, scope, after)).collect();
        Some(RawAtom { pred, args, span: atom.span })
    }

    /// Whether an atom has as many arguments as its relation has columns; reported if not.
    pub fn arity_fits(&mut self, atom: &Atom, pred: PredId, count: usize) -> bool {
        let predicate = self.schema.predicate(pred);
        let arity = predicate.arity();
        if arity == count {
            return true;
        }
        let columns: Vec<&str> = predicate.columns.iter().map(|column| &*column.name).collect();
        let mut diagnostic = Diagnostic::new(
            codes::WRONG_ARITY,
            format!(
                "`{}` has {arity} column{}, but {count} argument{} given",
                atom.name.text,
                if arity == 1 { "" } else { "s" },
                if count == 1 { " is" } else { "s are" },
            ),
        )
        .at(atom.span)
        .note(format!("its columns are {}", columns.join(", ")))
        .help("name the columns you need, as in `R(column: value)`; the others are then left open");
        if let Some(span) = predicate.span {
            diagnostic = diagnostic.also(span, "declared here");
        }
        self.report(diagnostic);
        false
    }

    /// An argument of a body atom; `None` for a wildcard.
    fn argument(
        &mut self,
        expr: &'a Expr,
        scope: &mut RuleScope<'a>,
        after: &mut Vec<RawLiteral>,
    ) -> Option<RawExpr> {
        match &expr.kind {
            ExprKind::Wildcard => None,
            _ => {
                let value = self.expr(expr, scope, &mut Hoist::Now(after));
                Some(match_later(value, scope, after))
            }
        }
    }

    fn named(
        &mut self,
        atom: &'a Atom,
        pred: PredId,
        named: &'a [NamedArg],
        scope: &mut RuleScope<'a>,
        after: &mut Vec<RawLiteral>,
    ) -> Option<RawAtom> {
        let about_assertions = named.iter().any(|arg| arg.name.text.starts_with('_'));
        if about_assertions && self.schema.predicate(pred).kind != PredKind::Declared {
            let span = named
                .iter()
                .find(|arg| arg.name.text.starts_with('_'))
                .map_or(atom.span, |arg| arg.name.span);
            self.report(
                Diagnostic::new(
                    codes::MISPLACED_METADATA,
                    format!("`{}` is derived by rules, so nobody states it", atom.name.text),
                )
                .labelled(span, "metadata speaks of stated facts")
                .help("ask for the metadata in the rule that reads the stated facts"),
            );
            return None;
        }
        let target = if about_assertions { assertions_of(pred) } else { pred };
        let mut args: Vec<Option<RawExpr>> = vec![None; self.schema.predicate(target).arity()];
        let mut seen: Vec<&str> = Vec::new();
        let mut sees_all = false;
        for arg in named {
            let name = arg.name.text.as_str();
            let Some(column) = self.column(target, &arg.name, named) else { continue };
            sees_all |= matches!(name, "_status" | "_review");
            let equals = matches!(arg.value, NamedValue::Pun | NamedValue::Is(_));
            if equals && seen.contains(&name) {
                self.report(
                    Diagnostic::new(
                        codes::DUPLICATE_COLUMN,
                        format!("`{}` is named twice in this atom", arg.name.text),
                    )
                    .at(arg.name.span),
                );
                continue;
            }
            let value = match &arg.value {
                NamedValue::Pun => match self.lookup(name, scope) {
                    Some(var) => Some(RawExpr::var(var, arg.name.span)),
                    None => Some(RawExpr::var(scope.fresh(arg.name.span), arg.name.span)),
                },
                NamedValue::Is(expr) => self.argument(expr, scope, after),
                NamedValue::Compare(op, expr) => {
                    let var = column_var(&mut args[column], arg.name.span, scope);
                    let right = self.expr(expr, scope, &mut Hoist::Now(after));
                    after.push(RawLiteral::Compare {
                        op: *op,
                        left: var,
                        right,
                        possibly: false,
                        span: arg.span,
                    });
                    continue;
                }
            };
            seen.push(name);
            let members = matches!(name, "_by" | "_based_on");
            let value = match value {
                Some(value) => value,
                // `_by: _` asks for some member, as a variable would; elsewhere `_` is any value.
                None if members => RawExpr::var(scope.fresh(arg.span), arg.span),
                None => continue,
            };
            if members && !is_list(&value) {
                // `_by: w` asks for a member of the chain.
                let list = column_var(&mut args[column], arg.name.span, scope);
                after.push(RawLiteral::In { item: value, list, span: arg.span });
                continue;
            }
            match &args[column] {
                None => args[column] = Some(value),
                // A comparison came first: `from <= d, from: f`.
                Some(known) => after.push(RawLiteral::Compare {
                    op: CompareOp::Eq,
                    left: known.clone(),
                    right: value,
                    possibly: false,
                    span: arg.span,
                }),
            }
        }
        if about_assertions && !sees_all {
            let visible = self.schema.predicate(pred).arity() + 1;
            let constant = Const { kind: ConstKind::Bool(true), span: atom.span };
            args[visible] = Some(RawExpr { kind: RawExprKind::Const(constant), span: atom.span });
        }
        Some(RawAtom { pred: target, args, span: atom.span })
    }

    /// Index of a column or metadata field, or a diagnostic, which suggests none that the atom's
    /// arguments name already.
    pub fn column(&mut self, pred: PredId, name: &Name, named: &[NamedArg]) -> Option<usize> {
        let free = |column: &&str| !named.iter().any(|arg| arg.name.text == **column);
        let predicate = self.schema.predicate(pred);
        let known = predicate.column(&name.text);
        // `assertion` and `visible` are for the engine alone.
        let own = match predicate.kind {
            PredKind::Assertions(_) => predicate.arity() - META_COLUMNS.len(),
            _ => predicate.arity(),
        };
        if let Some(index) = known
            && (index < own || index >= own + 2)
        {
            return Some(index);
        }
        if name.text.starts_with('_') {
            let near = nearest(&name.text, META_FIELDS.iter().copied().filter(free));
            let diagnostic =
                Diagnostic::new(codes::UNKNOWN_METADATA, format!("unknown metadata `{}`", name.text))
                    .at(name.span);
            self.report(match near.first() {
                Some(first) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
                None => diagnostic.note(format!("the fields are {}", META_FIELDS.join(", "))),
            });
            return None;
        }
        let columns: Vec<&str> = predicate.columns[..own].iter().map(|column| &*column.name).collect();
        let near = nearest(&name.text, columns.iter().copied().filter(free));
        let mut diagnostic = Diagnostic::new(
            codes::UNKNOWN_COLUMN,
            format!("`{}` has no column `{}`", predicate.name, name.text),
        )
        .at(name.span);
        diagnostic = match near.first() {
            Some(first) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
            None if columns.is_empty() => diagnostic.note("it has no columns at all"),
            None => diagnostic.note(format!("its columns are {}", columns.join(", "))),
        };
        if let Some(span) = predicate.span {
            diagnostic = diagnostic.also(span, "declared here");
        }
        self.report(diagnostic);
        None
    }
}

/// Whether an argument is a list by its looks.
fn is_list(expr: &RawExpr) -> bool {
    matches!(
        &expr.kind,
        RawExprKind::List(_) | RawExprKind::Const(Const { kind: ConstKind::List(_) | ConstKind::Nil, .. })
    )
}

/// The value of a column that is compared in place: a variable of its own unless the atom names it
/// already.
fn column_var(slot: &mut Option<RawExpr>, span: Span, scope: &mut RuleScope<'_>) -> RawExpr {
    match slot {
        Some(RawExpr { kind: RawExprKind::Var(var), .. }) => RawExpr::var(*var, span),
        Some(other) => other.clone(),
        None => {
            let var = RawExpr::var(scope.fresh(span), span);
            *slot = Some(var.clone());
            var
        }
    }
}

/// The arguments of a head in the order of the columns; `None` where the default applies.
pub(super) fn head_exprs<'a>(
    resolver: &mut Resolver<'a>,
    atom: &'a Atom,
    pred: PredId,
) -> Vec<Option<HeadArg<'a>>> {
    let predicate = resolver.schema.predicate(pred);
    let arity = predicate.arity();
    match &atom.args {
        Args::Positional(exprs) => {
            if !resolver.arity_fits(atom, pred, exprs.len()) {
                return Vec::new();
            }
            exprs.iter().map(|expr| Some(HeadArg::Expr(expr))).collect()
        }
        Args::Named(named) => {
            let mut args: Vec<Option<HeadArg<'a>>> = Vec::new();
            args.resize_with(arity, || None);
            for arg in named {
                if arg.name.text.starts_with('_') {
                    resolver.report(
                        Diagnostic::new(
                            codes::MISPLACED_METADATA,
                            "the head of a rule cannot carry metadata",
                        )
                        .labelled(arg.name.span, "what a rule derives is nobody's statement")
                        .help("make it an ordinary column, or state a fact"),
                    );
                    continue;
                }
                let derived = resolver.schema.predicate(pred).kind == PredKind::Derived;
                if derived && resolver.schema.predicate(pred).column(&arg.name.text).is_none() {
                    continue; // Reported as heads that disagree.
                }
                let Some(column) = resolver.column(pred, &arg.name, named) else { continue };
                if args[column].is_some() {
                    resolver.report(
                        Diagnostic::new(
                            codes::DUPLICATE_COLUMN,
                            format!("`{}` is named twice in this head", arg.name.text),
                        )
                        .at(arg.name.span),
                    );
                    continue;
                }
                args[column] = match &arg.value {
                    NamedValue::Pun => Some(HeadArg::Var(&arg.name.text, arg.name.span)),
                    NamedValue::Is(expr) => Some(HeadArg::Expr(expr)),
                    NamedValue::Compare(..) => {
                        resolver.report(
                            Diagnostic::new(
                                codes::TYPE_MISMATCH,
                                "a head gives its columns values; it cannot compare them",
                            )
                            .at(arg.span)
                            .help(format!(
                                "write `{}: …` here and the comparison in the body",
                                arg.name.text
                            )),
                        );
                        continue;
                    }
                };
            }
            missing_columns(resolver, pred, &args, atom);
            args
        }
    }
}

/// Reports the columns that are left out of a head or fact and have no default.
pub(super) fn missing_columns<T>(resolver: &mut Resolver<'_>, pred: PredId, args: &[Option<T>], atom: &Atom) {
    let predicate = resolver.schema.predicate(pred);
    if predicate.kind == PredKind::Derived {
        return; // Heads that disagree have been reported as such.
    }
    let named: Vec<&str> = match &atom.args {
        Args::Named(named) => named.iter().map(|arg| arg.name.text.as_str()).collect(),
        Args::Positional(_) => Vec::new(),
    };
    let missing: Vec<String> = predicate
        .columns
        .iter()
        .zip(args)
        .filter(|(column, arg)| {
            arg.is_none() && !column.optional && column.default.is_none() && !named.contains(&&*column.name)
        })
        .map(|(column, _)| format!("`{}`", column.name))
        .collect();
    if missing.is_empty() {
        return;
    }
    let mut diagnostic =
        Diagnostic::new(codes::MISSING_COLUMN, format!("`{}` lacks {}", predicate.name, missing.join(", ")))
            .at(atom.span)
            .help("only columns with a default or an optional type (`T?`) may be left out");
    if let Some(span) = predicate.span {
        diagnostic = diagnostic.also(span, "declared here");
    }
    resolver.report(diagnostic);
}
