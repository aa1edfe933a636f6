//! Whether the types of a clause fit: which types a variable can have by the premises it stands in,
//! whether the head takes them, and whether functors and comparisons get what they are made for.
//!
//! A variable in several premises has the types that all their columns have in common. Constants,
//! and what arithmetic makes, fit every type made of the same.

use std::collections::HashMap;
use std::sync::Arc;

use super::infer::Typing;
use super::normal::each_expr;
use super::types::{Def, Kind, Ty, Types};
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{AggregateOp, Atom, BinaryOp, Builtin, CompareOp, Expr, ExprKind, Literal};

/// The types that an expression can have.
#[derive(Clone, Debug)]
enum Found {
    /// It fits whatever is due.
    Anything,
    /// It fits every type that is made of this.
    Of(Kind),
    /// A number of any kind.
    Numeric,
    /// One of these.
    Types(Vec<Ty>),
}

pub(super) struct Check<'a, 'd> {
    typing: &'a Typing<'a>,
    types: &'a Types,
    vars: HashMap<Arc<str>, Vec<Ty>>,
    diagnostics: &'d mut Vec<Diagnostic>,
}

/// Reports what does not fit in a clause.
pub(super) fn clause(head: &Atom, body: &[Literal], typing: &Typing<'_>, diagnostics: &mut Vec<Diagnostic>) {
    let mut check = Check { typing, types: typing.types, vars: HashMap::new(), diagnostics };
    // Equalities carry types over, so that one round is not enough.
    loop {
        let before: usize = check.vars.values().map(|types| types.len() + 1).sum();
        body.iter().for_each(|literal| check.collect(literal));
        check.put_together(head);
        if check.vars.values().map(|types| types.len() + 1).sum::<usize>() == before {
            break;
        }
    }
    let mut empty: Vec<(Arc<str>, Span)> = Vec::new();
    let vars = &check.vars;
    let mut see = |expr: &Expr| {
        expr.walk(&mut |expr| {
            if let ExprKind::Var(name) = &expr.kind
                && vars.get(name).is_some_and(Vec::is_empty)
                && !empty.iter().any(|(known, _)| known == name)
            {
                empty.push((Arc::clone(name), expr.span));
            }
        })
    };
    body.iter().for_each(|literal| each_expr(literal, &mut see));
    head.args.iter().for_each(&mut see);
    for (name, span) in empty {
        let name = name.split('@').next().unwrap_or("");
        let message =
            format!("the types that `{name}` has where it stands and is compared have no value in common");
        check.report(message, span);
        check.vars.retain(|known, _| !known.starts_with(name));
    }
    check.atom(head, false);
    body.iter().for_each(|literal| check.literal(literal));
}

impl Check<'_, '_> {
    fn report(&mut self, message: String, span: Span) {
        self.diagnostics.push(Diagnostic::new(codes::TYPE_MISMATCH, message).at(span));
    }

    /// The types that two types have in common: the greatest below both.
    fn common(&self, a: Ty, b: Ty, found: &mut Vec<Ty>, depth: usize) {
        if self.types.is_subtype(a, b) {
            found.push(a);
        } else if self.types.is_subtype(b, a) {
            found.push(b);
        } else if depth < 32 {
            for (union, other) in [(a, b), (b, a)] {
                if let Def::Union(members) = self.types.def_of(union) {
                    members.iter().for_each(|member| self.common(*member, other, found, depth + 1));
                    return;
                }
            }
        }
    }

    fn narrow(&mut self, name: &Arc<str>, types: &[Ty]) {
        let narrowed = match self.vars.get(name) {
            None => types.to_vec(),
            Some(known) => {
                let mut found = Vec::new();
                for a in known {
                    types.iter().for_each(|b| self.common(*a, *b, &mut found, 0));
                }
                found.sort_unstable();
                found.dedup();
                found
            }
        };
        self.vars.insert(Arc::clone(name), narrowed);
    }

    /// Notes what a premise says of variables.
    fn collect(&mut self, literal: &Literal) {
        match literal {
            Literal::Atom(atom) => {
                if let Some(relation) = self.typing.relations.get(&atom.name.text) {
                    for (arg, (_, ty)) in atom.args.iter().zip(&relation.columns) {
                        self.pattern(arg, *ty);
                    }
                }
            }
            // What is compared is of one type, whatever the comparison asks.
            Literal::Compare(_, left, right, _) => {
                for (a, b) in [(left, right), (right, left)] {
                    if let Found::Types(types) = self.found(b) {
                        match &a.kind {
                            ExprKind::Var(name) => self.narrow(name, &types),
                            _ => {
                                if let [only] = types.as_slice() {
                                    self.pattern(a, *only);
                                }
                            }
                        }
                    }
                }
            }
            Literal::Not(inner, _) => {
                if let Literal::Atom(atom) = &**inner {
                    self.put_together(atom);
                }
            }
            _ => {}
        }
        let mut bodies = Vec::new();
        each_expr(literal, &mut |expr| {
            expr.walk(&mut |expr| {
                if let ExprKind::Aggregate(aggregate) = &expr.kind {
                    bodies.push(&aggregate.body);
                }
            })
        });
        for literal in bodies.into_iter().flatten().flatten() {
            self.collect(literal);
        }
    }

    /// What is put into a record or branch has the type of its field there, other than what is put
    /// into a column: that has to have it already.
    fn put_together(&mut self, atom: &Atom) {
        let Some(relation) = self.typing.relations.get(&atom.name.text) else { return };
        for (arg, (_, ty)) in atom.args.iter().zip(&relation.columns) {
            if matches!(arg.kind, ExprKind::Record(_) | ExprKind::Branch(..)) {
                self.pattern(arg, *ty);
            }
        }
    }

    fn pattern(&mut self, expr: &Expr, ty: Ty) {
        match &expr.kind {
            ExprKind::Var(name) => self.narrow(name, &[ty]),
            ExprKind::Record(args) => {
                let types = self.types;
                for (arg, (_, ty)) in args.iter().zip(types.fields(ty).unwrap_or(&[])) {
                    self.pattern(arg, *ty);
                }
            }
            ExprKind::Branch(name, args) => {
                let types = self.types;
                if let Some((_, _, fields)) = types.branch(&name.text) {
                    for (arg, ty) in args.iter().zip(fields) {
                        self.pattern(arg, *ty);
                    }
                }
            }
            _ => {}
        }
    }

    /// The types that an expression can have.
    fn found(&self, expr: &Expr) -> Found {
        match &expr.kind {
            ExprKind::Var(name) => match self.vars.get(name) {
                Some(types) => Found::Types(types.clone()),
                None => match self.typing.vars.get(name) {
                    Some(ty) if matches!(self.types.kind(*ty), Kind::Record | Kind::Adt) => {
                        Found::Types(vec![*ty])
                    }
                    Some(ty) => Found::Of(self.types.kind(*ty)),
                    None => Found::Anything,
                },
            },
            ExprKind::Text(_) => Found::Of(Kind::Symbol),
            ExprKind::Number(_) => Found::Numeric,
            ExprKind::Unsigned(_) => Found::Of(Kind::Unsigned),
            ExprKind::Float(_) => Found::Of(Kind::Float),
            ExprKind::Nil | ExprKind::Record(_) => Found::Of(Kind::Record),
            ExprKind::Branch(name, _) => match self.types.branch(&name.text) {
                Some((ty, ..)) => Found::Types(vec![ty]),
                None => Found::Of(Kind::Adt),
            },
            ExprKind::Cast(_, name) => match self.types.get(&name.text) {
                Some(ty) => Found::Types(vec![ty]),
                None => Found::Anything,
            },
            ExprKind::Wildcard | ExprKind::User(..) => Found::Anything,
            ExprKind::Aggregate(aggregate) => match (&aggregate.arg, aggregate.op) {
                (Some(arg), AggregateOp::Min | AggregateOp::Max) => self.found(arg),
                _ => self.made(expr),
            },
            _ => self.made(expr),
        }
    }

    /// What is computed fits every type of its kind.
    fn made(&self, expr: &Expr) -> Found {
        match self.typing.type_of(expr) {
            Some(ty) => Found::Of(self.types.kind(ty)),
            None => Found::Numeric,
        }
    }

    fn literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Atom(atom) => self.atom(atom, false),
            Literal::Not(inner, _) => match &**inner {
                Literal::Atom(atom) => self.atom(atom, true),
                other => self.literal(other),
            },
            Literal::Compare(op, left, right, span) => {
                self.inner(left);
                self.inner(right);
                self.compare(*op, left, right, *span);
            }
            Literal::Test(_, left, right, _) => {
                for side in [left, right] {
                    self.inner(side);
                    self.of_kind(side, Kind::Symbol);
                }
            }
            Literal::Group(_) | Literal::Bool(_) => {}
        }
    }

    fn atom(&mut self, atom: &Atom, negated: bool) {
        let Some(relation) = self.typing.relations.get(&atom.name.text) else { return };
        for (arg, (_, ty)) in atom.args.iter().zip(&relation.columns) {
            self.fits(arg, *ty, negated);
        }
    }

    /// Whether `expr` can stand where a value of type `ty` is due; of a negated atom's column only
    /// what it is made of matters.
    fn fits(&mut self, expr: &Expr, ty: Ty, negated: bool) {
        self.inner(expr);
        let kind = self.types.kind(ty);
        let fits = match self.found(expr) {
            Found::Anything => true,
            Found::Of(found) => found == kind,
            Found::Numeric => matches!(kind, Kind::Number | Kind::Unsigned | Kind::Float),
            Found::Types(types) if negated && !matches!(kind, Kind::Record | Kind::Adt) => {
                types.iter().all(|found| self.types.kind(*found) == kind)
            }
            Found::Types(types) => types.iter().all(|found| self.types.is_subtype(*found, ty)),
        };
        if !fits {
            let due = self.types.name(ty).to_owned();
            let found = match self.found(expr) {
                Found::Types(types) => {
                    let names: Vec<String> =
                        types.iter().map(|ty| format!("`{}`", self.types.name(*ty))).collect();
                    names.join(" or ")
                }
                Found::Of(kind) => format!("{kind:?}").to_lowercase(),
                _ => "a number".to_owned(),
            };
            self.report(format!("the type here is {found}, and `{due}` is due"), expr.span);
            return;
        }
        if let ExprKind::Record(args) = &expr.kind
            && let Some(fields) = self.types.fields(ty)
        {
            self.fields(args, &fields.iter().map(|(_, ty)| *ty).collect::<Vec<_>>(), ty, expr.span);
        }
    }

    fn fields(&mut self, args: &[Expr], fields: &[Ty], ty: Ty, span: Span) {
        if args.len() != fields.len() {
            let name = self.types.name(ty);
            let message = format!("`{name}` has {} fields here, not {}", fields.len(), args.len());
            self.diagnostics.push(Diagnostic::new(codes::WRONG_ARITY, message).at(span));
            return;
        }
        for (arg, ty) in args.iter().zip(fields) {
            self.fits(arg, *ty, false);
        }
    }

    fn of_kind(&mut self, expr: &Expr, kind: Kind) {
        let fits = match self.found(expr) {
            Found::Anything => true,
            Found::Of(found) => found == kind,
            Found::Numeric => matches!(kind, Kind::Number | Kind::Unsigned | Kind::Float),
            Found::Types(types) => types.iter().all(|ty| self.types.kind(*ty) == kind),
        };
        if !fits {
            let kind = format!("{kind:?}").to_lowercase();
            self.report(format!("a {kind} is due here"), expr.span);
        }
    }

    /// The one kind of an expression; `None` where it is open.
    fn kind(&self, expr: &Expr) -> Option<Kind> {
        match self.found(expr) {
            Found::Anything | Found::Numeric => None,
            Found::Of(kind) => Some(kind),
            Found::Types(types) => types.first().map(|ty| self.types.kind(*ty)),
        }
    }

    fn is_number(&self, expr: &Expr) -> bool {
        match self.found(expr) {
            Found::Anything | Found::Numeric => true,
            _ => matches!(self.kind(expr), Some(Kind::Number | Kind::Unsigned | Kind::Float)),
        }
    }

    fn compare(&mut self, op: CompareOp, left: &Expr, right: &Expr, span: Span) {
        let (a, b) = (self.kind(left), self.kind(right));
        let numeric = |found: &Found| matches!(found, Found::Numeric);
        let differ = match (a, b) {
            (Some(a), Some(b)) => a != b,
            (Some(Kind::Symbol | Kind::Record | Kind::Adt), None) => numeric(&self.found(right)),
            (None, Some(Kind::Symbol | Kind::Record | Kind::Adt)) => numeric(&self.found(left)),
            _ => false,
        };
        if differ {
            return self.report("values of different types are compared".to_owned(), span);
        }
        let ordered = !matches!(op, CompareOp::Eq | CompareOp::Ne);
        if ordered && [a, b].iter().flatten().any(|kind| matches!(kind, Kind::Record | Kind::Adt)) {
            return self.report("records and branches have no order".to_owned(), span);
        }
        // Two records without a type of their own are compared field by field.
        if let (ExprKind::Record(a), ExprKind::Record(b)) = (&left.kind, &right.kind) {
            if a.len() != b.len() {
                let message = format!("a record of {} fields is compared with one of {}", a.len(), b.len());
                return self.report(message, span);
            }
            return a.iter().zip(b).for_each(|(a, b)| self.compare(op, a, b, span));
        }
        // A record is of the type of what it is compared with.
        for (record, other) in [(left, right), (right, left)] {
            let ExprKind::Record(args) = &record.kind else { continue };
            match self.found(other) {
                Found::Types(types) => {
                    if let [only] = types.as_slice()
                        && let Some(fields) = self.types.fields(*only)
                    {
                        let fields: Vec<Ty> = fields.iter().map(|(_, ty)| *ty).collect();
                        self.fields(args, &fields, *only, record.span);
                    }
                }
                _ => self.report("nothing tells the type of this record".to_owned(), record.span),
            }
        }
        let empty = |expr: &Expr| {
            matches!(&expr.kind, ExprKind::Var(name)
                if !self.vars.contains_key(name) && !self.typing.vars.contains_key(name))
        };
        if empty(left) && matches!(right.kind, ExprKind::Nil)
            || empty(right) && matches!(left.kind, ExprKind::Nil)
        {
            self.report("nothing tells the type of this `nil`".to_owned(), span);
        }
    }

    /// Whether functors, branches and casts within an expression get what they need.
    fn inner(&mut self, expr: &Expr) {
        match &expr.kind {
            ExprKind::Binary(op, left, right) => {
                self.inner(left);
                self.inner(right);
                self.arithmetic(*op, left, right, expr.span);
            }
            ExprKind::Call(functor, args) => {
                args.iter().for_each(|arg| self.inner(arg));
                self.call(*functor, args, expr.span);
            }
            ExprKind::Branch(name, args) => match self.types.branch(&name.text) {
                None => {
                    let near = nearest(&name.text, self.types.branch_names());
                    self.diagnostics.push(
                        Diagnostic::new(
                            codes::UNKNOWN_CONSTANT,
                            format!("there is no branch `{}`", name.text),
                        )
                        .at(name.span)
                        .help_opt(did_you_mean(&near)),
                    );
                }
                Some((ty, _, fields)) => self.fields(args, fields, ty, expr.span),
            },
            ExprKind::Cast(inner, name) => {
                self.inner(inner);
                let mut missing = Vec::new();
                let to = self.types.find(name, &mut missing);
                self.diagnostics.append(&mut missing);
                let record = |kind| matches!(kind, Kind::Record | Kind::Adt);
                if let (Some(to), Some(from)) = (to.map(|ty| self.types.kind(ty)), self.kind(inner))
                    && record(to) != record(from)
                    && record(from)
                {
                    self.report("a record cannot be taken for something else".to_owned(), expr.span);
                }
            }
            ExprKind::Aggregate(aggregate) => {
                aggregate.body.iter().flatten().for_each(|literal| self.literal(literal));
                if let Some(arg) = &aggregate.arg {
                    self.inner(arg);
                    let ordered = matches!(aggregate.op, AggregateOp::Min | AggregateOp::Max)
                        && self.kind(arg) == Some(Kind::Symbol);
                    if !self.is_number(arg) && !ordered {
                        self.report("this aggregate takes numbers".to_owned(), arg.span);
                    }
                }
            }
            ExprKind::Record(args) => args.iter().for_each(|arg| self.inner(arg)),
            _ => {}
        }
    }

    fn arithmetic(&mut self, op: BinaryOp, left: &Expr, right: &Expr, span: Span) {
        let (a, b) = (self.kind(left), self.kind(right));
        if op == BinaryOp::Add && a == Some(Kind::Symbol) && b == Some(Kind::Symbol) {
            return;
        }
        if !self.is_number(left) || !self.is_number(right) {
            return self.report("this operator takes numbers".to_owned(), span);
        }
        if let (Some(a), Some(b)) = (a, b)
            && a != b
        {
            return self.report("the operands are numbers of different types".to_owned(), span);
        }
        let whole =
            !matches!(op, BinaryOp::Add | BinaryOp::Sub | BinaryOp::Mul | BinaryOp::Div | BinaryOp::Pow);
        if whole && a.or(b) == Some(Kind::Float) && op != BinaryOp::Rem {
            self.report("this operator takes whole numbers".to_owned(), span);
        }
    }

    fn call(&mut self, functor: Builtin, args: &[Expr], span: Span) {
        let least_most = match functor {
            Builtin::Cat | Builtin::Min | Builtin::Max => (2, usize::MAX),
            Builtin::Range => (2, 3),
            Builtin::Substr => (3, 3),
            _ => (1, 1),
        };
        if args.len() < least_most.0 || args.len() > least_most.1 {
            let message = format!("this functor does not take {} arguments", args.len());
            self.diagnostics.push(Diagnostic::new(codes::FUNCTOR_ARITY, message).at(span));
            return;
        }
        match functor {
            Builtin::Cat | Builtin::Strlen => args.iter().for_each(|arg| self.of_kind(arg, Kind::Symbol)),
            Builtin::Substr => {
                for (arg, kind) in args.iter().zip([Kind::Symbol, Kind::Number, Kind::Number]) {
                    self.of_kind(arg, kind);
                }
            }
            Builtin::Neg | Builtin::Bnot | Builtin::Lnot | Builtin::Range => {
                if let Some(odd) = args.iter().find(|arg| !self.is_number(arg)) {
                    self.report("this functor takes numbers".to_owned(), odd.span);
                }
            }
            Builtin::Min | Builtin::Max => {
                let kinds: Vec<Kind> = args.iter().filter_map(|arg| self.kind(arg)).collect();
                let odd = |kind: &Kind| matches!(kind, Kind::Record | Kind::Adt);
                if kinds.windows(2).any(|pair| pair.first() != pair.last()) || kinds.iter().any(odd) {
                    self.report("the arguments have no order among them".to_owned(), span);
                }
            }
            Builtin::ToFloat | Builtin::ToNumber | Builtin::ToUnsigned | Builtin::ToString => {
                let record = |arg: &&Expr| matches!(self.kind(arg), Some(Kind::Record | Kind::Adt));
                if let Some(odd) = args.iter().find(record) {
                    self.report("this functor takes numbers and text".to_owned(), odd.span);
                }
            }
            Builtin::Ord => {}
        }
    }
}
