//! Every name of a relation or type in an item, to be changed.

use crate::syntax::datalog::ast::{
    Aggregate, Args, Atom, Body, Expr, ExprKind, Field, Item, ItemKind, Literal, LiteralKind, Name, NamedArg,
    NamedValue, TypeDef, TypeExpr, UnderOption,
};

/// What a name is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// A relation.
    Relation,
    /// A type, or a parameter that stands for one.
    Type,
    /// A check.
    Check,
}

type Visit<'v> = dyn FnMut(Kind, &mut Name) + 'v;

/// Visits the names of relations, types and checks in an item, those that it declares included.
pub(super) fn each_name(item: &mut Item, visit: &mut Visit<'_>) {
    match &mut item.kind {
        ItemKind::Decl(decl) => {
            decl.names.iter_mut().for_each(|name| visit(Kind::Relation, name));
            fields(&mut decl.fields, visit);
        }
        ItemKind::Type(decl) => {
            visit(Kind::Type, &mut decl.name);
            match &mut decl.def {
                TypeDef::Subtype(of) => ty(of, visit),
                TypeDef::Union(members) => members.iter_mut().for_each(|member| ty(member, visit)),
                TypeDef::Record(list) => fields(list, visit),
                TypeDef::Algebraic(variants) => {
                    variants.iter_mut().for_each(|(_, list)| fields(list, visit));
                }
            }
        }
        ItemKind::Enum(decl) => visit(Kind::Type, &mut decl.name),
        ItemKind::Io(io) => io.relations.iter_mut().for_each(|name| visit(Kind::Relation, name)),
        ItemKind::Clause(clause) => {
            clause.heads.iter_mut().for_each(|head| atom(head, visit));
            clause.body.iter_mut().for_each(|found| body(found, visit));
        }
        ItemKind::Subsumption(subsumption) => {
            atom(&mut subsumption.less, visit);
            atom(&mut subsumption.greater, visit);
            body(&mut subsumption.body, visit);
        }
        ItemKind::Check(check) => {
            check.name.iter_mut().for_each(|name| visit(Kind::Check, name));
            body(&mut check.body, visit);
        }
        ItemKind::Query(goal) => {
            for option in &mut goal.under {
                if let UnderOption::Atom(_, found) = option {
                    atom(found, visit);
                }
            }
            body(&mut goal.body, visit);
        }
        ItemKind::Include { .. }
        | ItemKind::Component(_)
        | ItemKind::Instance { .. }
        | ItemKind::Override(_)
        | ItemKind::Foreign { .. } => {}
    }
}

fn fields(list: &mut [Field], visit: &mut Visit<'_>) {
    list.iter_mut().for_each(|field| ty(&mut field.ty, visit));
}

fn ty(found: &mut TypeExpr, visit: &mut Visit<'_>) {
    match found {
        TypeExpr::Name(name) => visit(Kind::Type, name),
        TypeExpr::List(inner, _) => ty(inner, visit),
    }
}

fn body(found: &mut Body, visit: &mut Visit<'_>) {
    found.alternatives.iter_mut().flatten().for_each(|found| literal(found, visit));
}

fn literal(found: &mut Literal, visit: &mut Visit<'_>) {
    match &mut found.kind {
        LiteralKind::Atom(found) => atom(found, visit),
        LiteralKind::Not(inner) => literal(inner, visit),
        LiteralKind::Group(inner) => body(inner, visit),
        LiteralKind::Compare { left, right, .. }
        | LiteralKind::In(left, right)
        | LiteralKind::Test(_, left, right) => {
            expr(left, visit);
            expr(right, visit);
        }
        LiteralKind::Bool(_) => {}
    }
}

fn atom(found: &mut Atom, visit: &mut Visit<'_>) {
    visit(Kind::Relation, &mut found.name);
    args(&mut found.args, visit);
}

fn args(found: &mut Args, visit: &mut Visit<'_>) {
    match found {
        Args::Positional(values) => values.iter_mut().for_each(|value| expr(value, visit)),
        Args::Named(named) => named.iter_mut().for_each(|NamedArg { value, .. }| match value {
            NamedValue::Pun => {}
            NamedValue::Is(value) | NamedValue::Compare(_, value) => expr(value, visit),
        }),
    }
}

fn expr(found: &mut Expr, visit: &mut Visit<'_>) {
    match &mut found.kind {
        ExprKind::Neg(inner) | ExprKind::Unary(_, inner) => expr(inner, visit),
        ExprKind::Binary(_, left, right) => {
            expr(left, visit);
            expr(right, visit);
        }
        ExprKind::Call(_, values) | ExprKind::List(values) => {
            values.iter_mut().for_each(|value| expr(value, visit));
        }
        ExprKind::Record(found) | ExprKind::Variant { args: found, .. } => args(found, visit),
        ExprKind::As(inner, found) => {
            expr(inner, visit);
            ty(found, visit);
        }
        ExprKind::Aggregate(aggregate) => {
            let Aggregate { arg, body: found, .. } = &mut **aggregate;
            arg.iter_mut().for_each(|arg| expr(arg, visit));
            body(found, visit);
        }
        ExprKind::Var(_) | ExprKind::Wildcard | ExprKind::Const(_) => {}
    }
}
