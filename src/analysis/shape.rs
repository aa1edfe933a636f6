//! What part of a value can be left open in a pattern: `Deal(price: (low: 5, high: _))`.

use std::fmt;
use std::sync::Arc;

use super::constant;
use super::ground::constant_of;
use super::resolve::Resolver;
use super::structs;
use super::types::Base;
use crate::base::Diagnostic;
use crate::base::codes::analysis as codes;
use crate::model::Value;
use crate::model::schema::TypeId;
use crate::model::structure::Constructor;
use crate::syntax::datalog::ast::{Args, Expr, ExprKind, Name, NamedValue};

/// What a value is to look like.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// Anything.
    Any,
    /// This value.
    Is(Value),
    /// A list of as many items.
    List(Vec<Shape>),
    /// A record or variant, one shape a field.
    Struct(Arc<Constructor>, Vec<Shape>),
}

impl Shape {
    /// Whether a value looks like it.
    pub fn fits(&self, value: &Value) -> bool {
        let all = |shapes: &[Shape], values: &[Value]| {
            shapes.len() == values.len() && shapes.iter().zip(values).all(|(shape, value)| shape.fits(value))
        };
        match (self, value) {
            (Shape::Any, _) => true,
            (Shape::Is(known), value) => known == value,
            (Shape::List(shapes), Value::List(items)) => all(shapes, items),
            (Shape::Struct(of, shapes), Value::Struct(value)) => {
                value.of == *of && all(shapes, &value.fields)
            }
            _ => false,
        }
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Shape::Any => f.write_str("_"),
            Shape::Is(value) => write!(f, "{value}"),
            Shape::List(items) => {
                let items: Vec<String> = items.iter().map(ToString::to_string).collect();
                write!(f, "[{}]", items.join(", "))
            }
            Shape::Struct(of, shapes) => {
                let fields = of.fields.iter().zip(shapes).filter(|(_, shape)| **shape != Shape::Any);
                let fields: Vec<String> =
                    fields.map(|(field, shape)| format!("{}: {shape}", field.name)).collect();
                write!(f, "{}({})", of.name.as_deref().unwrap_or(""), fields.join(", "))
            }
        }
    }
}

/// Whether an expression can leave open a part of a value: by `_`, or a named field that is not there.
pub(super) fn is_open(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Wildcard => true,
        ExprKind::List(items) => items.iter().any(is_open),
        ExprKind::Record(args) | ExprKind::Variant { args, .. } => match args {
            Args::Positional(values) => values.iter().any(is_open),
            Args::Named(_) => true,
        },
        ExprKind::As(inner, _) => is_open(inner),
        _ => false,
    }
}

/// What an expression with open parts says of a value of a type; `None` when it was reported.
pub(super) fn shape(resolver: &mut Resolver<'_>, expr: &Expr, ty: TypeId) -> Option<Shape> {
    if !is_open(expr) {
        let constant = constant_of(resolver, expr)?;
        return match constant::typed(resolver.schema, &constant, ty) {
            Ok(value) => Some(Shape::Is(value)),
            Err(diagnostic) => {
                resolver.report(*diagnostic);
                None
            }
        };
    }
    match (&expr.kind, resolver.schema.base(ty)) {
        (ExprKind::Wildcard, _) => Some(Shape::Any),
        (ExprKind::As(inner, _), _) => shape(resolver, inner, ty),
        (ExprKind::List(items), Base::List(element)) => {
            let items: Option<Vec<Shape>> = items.iter().map(|item| shape(resolver, item, element)).collect();
            Some(Shape::List(items?))
        }
        (ExprKind::Record(args), Base::Struct(_)) => fields(resolver, None, args, expr, ty),
        (ExprKind::Variant { name, args, .. }, Base::Struct(_)) => {
            fields(resolver, Some(name), args, expr, ty)
        }
        _ => {
            let due = constant::described(resolver.schema, ty);
            let message = format!("expected {due}, found a pattern of another type");
            resolver.report(Diagnostic::new(codes::TYPE_MISMATCH, message).at(expr.span));
            None
        }
    }
}

/// The shape of a record or variant; a field that is not named is open.
fn fields(
    resolver: &mut Resolver<'_>,
    name: Option<&Name>,
    args: &Args,
    expr: &Expr,
    ty: TypeId,
) -> Option<Shape> {
    let schema = resolver.schema;
    let Base::Struct(id) = schema.base(ty) else { return None };
    let variant = match structs::variant(schema, name, Some(id), expr.span) {
        Ok(variant) => variant,
        Err(problem) => {
            resolver.report(*problem);
            return None;
        }
    };
    let written: Vec<(Option<&Name>, Option<&Expr>)> = match args {
        Args::Positional(values) => values.iter().map(|value| (None, Some(value))).collect(),
        Args::Named(named) => named
            .iter()
            .map(|arg| match &arg.value {
                NamedValue::Is(value) => (Some(&arg.name), Some(value)),
                NamedValue::Pun | NamedValue::Compare(..) => (Some(&arg.name), None),
            })
            .collect(),
    };
    let names: Vec<Option<&Name>> = written.iter().map(|(name, _)| *name).collect();
    let places = match structs::order(schema, variant, &names, expr.span) {
        Ok(places) => places,
        Err(problems) => {
            problems.into_iter().for_each(|problem| resolver.report(problem));
            return None;
        }
    };
    let mut shapes = Vec::with_capacity(places.len());
    for ((place, ty), field) in places.into_iter().zip(&variant.types).zip(&variant.of.fields) {
        shapes.push(match place.and_then(|place| written.get(place)) {
            None => Shape::Any,
            Some((_, Some(value))) => {
                let shape = shape(resolver, value, *ty)?;
                if shape == Shape::Is(Value::Nil) && !field.optional {
                    let message = format!("the field `{}` is not optional", field.name);
                    resolver.report(Diagnostic::new(codes::TYPE_MISMATCH, message).at(value.span));
                    return None;
                }
                shape
            }
            Some((name, None)) => {
                let name = name.map_or("", |name| &name.text);
                resolver.report(
                    Diagnostic::new(codes::NOT_GROUND, format!("`{name}` needs a value"))
                        .at(expr.span)
                        .help(format!("write `{name}: …` with a constant, or leave it out")),
                );
                return None;
            }
        });
    }
    let whole: Option<Vec<Value>> = shapes
        .iter()
        .map(|shape| if let Shape::Is(value) = shape { Some(value.clone()) } else { None })
        .collect();
    match whole.map(|values| variant.of.build(values)) {
        Some(Ok(Some(value))) => Some(Shape::Is(value)),
        _ => Some(Shape::Struct(Arc::clone(&variant.of), shapes)),
    }
}
