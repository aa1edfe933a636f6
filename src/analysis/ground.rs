//! Ground atoms: facts stated in rule files or at the prompt, and patterns that pick facts.

use std::sync::Arc;

use super::atoms::{META_FIELDS, missing_columns};
use super::constant;
use super::declare::{REVIEW_ENUM, STATUS_ENUM};
use super::resolve::Resolver;
use super::shape::{self, Shape};
use super::types::builtin;
use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::schema::{PredId, PredKind, Schema, TypeId};
use crate::model::{Assertion, Fact, Review, Status, Value};
use crate::syntax::datalog::ast::{Args, Atom, Const, ConstKind, Expr, ExprKind, Name, NamedArg, NamedValue};

/// What picks stated facts: the columns and metadata that are named; the rest is open.
#[derive(Clone, Debug, PartialEq)]
pub struct Pattern {
    /// The relation.
    pub predicate: PredId,
    /// One a column; `None` is open.
    pub columns: Vec<Option<Value>>,
    /// Open columns of whose values something is said, by place.
    pub shapes: Vec<(usize, Shape)>,
    /// Metadata fields with the values asked for.
    pub meta: Vec<(&'static str, Value)>,
}

impl Pattern {
    /// Whether the values of a tuple look as they should where a column is open in part.
    pub fn fits_parts(&self, tuple: &[Value]) -> bool {
        self.shapes.iter().all(|(at, shape)| tuple.get(*at).is_some_and(|value| shape.fits(value)))
    }

    /// Whether an assertion has all the metadata asked for.
    pub fn fits(&self, assertion: &Assertion) -> bool {
        self.meta.iter().all(|(field, value)| has_meta(assertion, field, value))
    }
}

/// What an atom is read as.
#[derive(Clone, Copy, PartialEq)]
enum Reading {
    /// A fact, with a value for each column.
    Fact,
    /// What picks facts.
    Pattern,
    /// What picks tuples, stated or derived.
    Tuples,
}

/// The fact that a ground atom states, with defaults filled in.
pub fn fact(schema: &Schema, atom: &Atom) -> Result<Fact, Vec<Diagnostic>> {
    let (pred, values, _, meta) = parts(schema, atom, Reading::Fact)?;
    let predicate = schema.predicate(pred);
    let tuple = values
        .into_iter()
        .zip(&predicate.columns)
        .map(|(value, column)| value.or_else(|| column.default.clone()).unwrap_or(Value::Nil))
        .collect();
    let mut assertion = Assertion::background(atom.span);
    for (field, value) in meta {
        set_meta(&mut assertion, field, value);
    }
    Ok(Fact { predicate: pred, tuple, assertion })
}

/// The pattern that an atom with constants and `_` writes.
pub fn pattern(schema: &Schema, atom: &Atom) -> Result<Pattern, Vec<Diagnostic>> {
    let (predicate, columns, shapes, meta) = parts(schema, atom, Reading::Pattern)?;
    Ok(Pattern { predicate, columns, shapes, meta })
}

/// The same for tuples of any relation; metadata is for those of which something can be stated.
pub fn tuples(schema: &Schema, atom: &Atom) -> Result<Pattern, Vec<Diagnostic>> {
    let (predicate, columns, shapes, meta) = parts(schema, atom, Reading::Tuples)?;
    Ok(Pattern { predicate, columns, shapes, meta })
}

/// The value of a type that the only argument of an atom writes, or why it is none.
pub fn value(schema: &Schema, atom: &Atom, ty: TypeId) -> Result<Value, String> {
    let Args::Positional(args) = &atom.args else { return Err("it has a name".to_owned()) };
    let [arg] = args.as_slice() else { return Err("it is not one value".to_owned()) };
    let mut resolver = Resolver::new(schema);
    let constant = constant_of(&mut resolver, arg);
    let told = |problems: Vec<Diagnostic>| {
        problems.into_iter().next().map_or_else(|| "it is no value".to_owned(), |problem| problem.message)
    };
    let Some(constant) = constant else { return Err(told(resolver.diagnostics)) };
    constant::typed(schema, &constant, ty).map_err(|problem| problem.message)
}

type Parts = (PredId, Vec<Option<Value>>, Vec<(usize, Shape)>, Vec<(&'static str, Value)>);

fn parts(schema: &Schema, atom: &Atom, reading: Reading) -> Result<Parts, Vec<Diagnostic>> {
    let mut resolver = Resolver::new(schema);
    let parts = read(&mut resolver, atom, reading);
    match parts {
        Some(parts) if resolver.diagnostics.is_empty() => Ok(parts),
        _ if reading == Reading::Fact => Err(resolver.diagnostics),
        _ => {
            let told = |diagnostic: Diagnostic| match diagnostic.code == codes::NOT_GROUND.code {
                true => diagnostic.note("a column that can hold anything is left out"),
                false => diagnostic,
            };
            Err(resolver.diagnostics.into_iter().map(told).collect())
        }
    }
}

fn read(resolver: &mut Resolver<'_>, atom: &Atom, reading: Reading) -> Option<Parts> {
    let schema = resolver.schema;
    let complete = reading == Reading::Fact;
    let Some(pred) = schema.find(&atom.name.text) else {
        resolver.unknown_relation(&atom.name);
        return None;
    };
    let predicate = schema.predicate(pred);
    if predicate.kind != PredKind::Declared && reading != Reading::Tuples {
        resolver.report(
            Diagnostic::new(
                codes::MISPLACED_METADATA,
                format!("`{}` is derived by rules, so no fact of it can be stated", predicate.name),
            )
            .at(atom.span)
            .help("declare it with `.decl` if it shall hold facts as well"),
        );
        return None;
    }
    let mut columns: Vec<Option<Value>> = vec![None; predicate.arity()];
    let mut shapes = Vec::new();
    let mut meta = Vec::new();
    match &atom.args {
        Args::Positional(args) => {
            if !resolver.arity_fits(atom, pred, args.len()) {
                return None;
            }
            for (index, arg) in args.iter().enumerate() {
                columns[index] = argument(resolver, pred, index, arg, complete, &mut shapes);
            }
        }
        Args::Named(named) => {
            for arg in named {
                let name = arg.name.text.as_str();
                let expr = match &arg.value {
                    NamedValue::Is(expr) => expr,
                    NamedValue::Pun | NamedValue::Compare(..) => {
                        resolver.report(
                            Diagnostic::new(codes::NOT_GROUND, format!("`{name}` needs a value"))
                                .at(arg.span)
                                .help(format!("write `{name}: …` with a constant")),
                        );
                        continue;
                    }
                };
                if name.starts_with('_') {
                    let open = matches!(expr.kind, ExprKind::Wildcard) && !complete;
                    if open && META_FIELDS.contains(&name) {
                        continue;
                    }
                    if predicate.kind != PredKind::Declared {
                        resolver.report(
                            Diagnostic::new(
                                codes::MISPLACED_METADATA,
                                format!("`{}` is derived by rules, so nobody states it", predicate.name),
                            )
                            .labelled(arg.name.span, "metadata speaks of stated facts"),
                        );
                        continue;
                    }
                    let Some(field) = metadata(resolver, arg, expr) else { continue };
                    if meta.iter().any(|(known, _)| *known == field.0) {
                        resolver.report(
                            Diagnostic::new(codes::DUPLICATE_COLUMN, format!("`{name}` is named twice"))
                                .at(arg.name.span),
                        );
                    }
                    meta.push(field);
                    continue;
                }
                let Some(index) = resolver.column(pred, &arg.name, named) else { continue };
                if columns[index].is_some() {
                    resolver.report(
                        Diagnostic::new(codes::DUPLICATE_COLUMN, format!("`{name}` is named twice"))
                            .at(arg.name.span),
                    );
                }
                columns[index] = argument(resolver, pred, index, expr, complete, &mut shapes);
            }
            if complete {
                missing_columns(resolver, pred, &columns, atom);
            }
        }
    }
    Some((pred, columns, shapes, meta))
}

/// The value of an argument; `None` for `_` in a pattern, for a value with open parts, which are then
/// among the `shapes`, or when it was reported.
fn argument(
    resolver: &mut Resolver<'_>,
    pred: PredId,
    index: usize,
    expr: &Expr,
    complete: bool,
    shapes: &mut Vec<(usize, Shape)>,
) -> Option<Value> {
    if matches!(expr.kind, ExprKind::Wildcard) && !complete {
        return None;
    }
    let column = &resolver.schema.predicate(pred).columns[index];
    if !complete && shape::is_open(expr) {
        return match shape::shape(resolver, expr, column.ty)? {
            Shape::Is(value) => Some(value),
            shape => {
                shapes.push((index, shape));
                None
            }
        };
    }
    let constant = constant_of(resolver, expr)?;
    if matches!(constant.kind, ConstKind::Nil) && !column.optional {
        let message = format!("the column `{}` is not optional", column.name);
        resolver.report(Diagnostic::new(codes::TYPE_MISMATCH, message).at(expr.span));
        return None;
    }
    match constant::typed(resolver.schema, &constant, column.ty) {
        Ok(value) => Some(value),
        Err(diagnostic) => {
            resolver.report(*diagnostic);
            None
        }
    }
}

/// The constant that an expression is.
pub(super) fn constant_of(resolver: &mut Resolver<'_>, expr: &Expr) -> Option<Const> {
    let kind = match &expr.kind {
        ExprKind::Const(kind) => kind.clone(),
        ExprKind::List(items) => {
            let items: Option<Vec<Const>> = items.iter().map(|item| constant_of(resolver, item)).collect();
            ConstKind::List(items?)
        }
        ExprKind::Record(args) => ConstKind::Struct(None, parts_of(resolver, args)?),
        ExprKind::Variant { name, args, .. } => {
            ConstKind::Struct(Some(name.text.clone()), parts_of(resolver, args)?)
        }
        ExprKind::Call(name, args)
            if args.is_empty() && resolver.schema.variants(&name.text).next().is_some() =>
        {
            ConstKind::Struct(Some(name.text.clone()), Vec::new())
        }
        ExprKind::As(inner, _) => return constant_of(resolver, inner),
        ExprKind::Var(name) => {
            resolver.report(
                Diagnostic::new(codes::NOT_GROUND, format!("a fact holds no variables, but `{name}` is one"))
                    .at(expr.span)
                    .fix(expr.span, format!("\"{name}\""), format!("text needs quotes: `\"{name}\"`")),
            );
            return None;
        }
        _ => {
            resolver.report(Diagnostic::new(codes::NOT_GROUND, "a fact holds constants only").at(expr.span));
            return None;
        }
    };
    Some(Const { kind, span: expr.span })
}

/// The constants in a record or variant.
fn parts_of(resolver: &mut Resolver<'_>, args: &Args) -> Option<Vec<(Option<Name>, Const)>> {
    match args {
        Args::Positional(values) => {
            values.iter().map(|value| Some((None, constant_of(resolver, value)?))).collect()
        }
        Args::Named(named) => named
            .iter()
            .map(|arg| match &arg.value {
                NamedValue::Is(value) => Some((Some(arg.name.clone()), constant_of(resolver, value)?)),
                NamedValue::Pun | NamedValue::Compare(..) => {
                    let name = &arg.name.text;
                    resolver.report(
                        Diagnostic::new(codes::NOT_GROUND, format!("`{name}` needs a value"))
                            .at(arg.span)
                            .help(format!("write `{name}: …` with a constant")),
                    );
                    None
                }
            })
            .collect(),
    }
}

fn metadata(resolver: &mut Resolver<'_>, arg: &NamedArg, expr: &Expr) -> Option<(&'static str, Value)> {
    let schema = resolver.schema;
    let name = arg.name.text.as_str();
    let Some(field) = META_FIELDS.iter().find(|field| **field == name) else {
        // Any declared relation's assertions know the fields.
        resolver.column(super::declare::assertions_of(super::declare::SOURCE), &arg.name, &[]);
        return None;
    };
    let constant = constant_of(resolver, expr)?;
    let symbols = schema.type_names.get("[symbol]").copied().unwrap_or(builtin::SYMBOL);
    let value = match (*field, &constant.kind) {
        ("_by" | "_based_on", ConstKind::String(text)) => Ok(Value::list([Value::symbol(text.as_str())])),
        ("_by" | "_based_on", _) => constant::typed(schema, &constant, symbols),
        ("_conf", _) => constant::typed(schema, &constant, builtin::FLOAT),
        ("_on", _) => constant::typed(schema, &constant, builtin::DATE),
        ("_status", ConstKind::Name(name)) => {
            constant::enum_constant(schema, name, STATUS_ENUM, constant.span)
        }
        ("_review", ConstKind::Name(name)) => {
            constant::enum_constant(schema, name, REVIEW_ENUM, constant.span)
        }
        ("_status", _) => constant::typed(schema, &constant, type_named(schema, "Status")),
        ("_review", _) => constant::typed(schema, &constant, type_named(schema, "Review")),
        _ => constant::typed(schema, &constant, builtin::SYMBOL),
    };
    match value {
        Ok(Value::Float(conf)) if *field == "_conf" && !(0.0..=1.0).contains(&conf.get()) => {
            resolver.report(
                Diagnostic::new(codes::TYPE_MISMATCH, "a confidence lies between 0 and 1").at(expr.span),
            );
            None
        }
        Ok(value) => Some((field, value)),
        Err(diagnostic) => {
            resolver.report(*diagnostic);
            None
        }
    }
}

fn type_named(schema: &Schema, name: &str) -> crate::model::TypeId {
    schema.type_names.get(name).copied().unwrap_or(builtin::SYMBOL)
}

/// Sets a metadata field of an assertion to a value of its type.
pub fn set_meta(assertion: &mut Assertion, field: &str, value: Value) {
    let text = |value: &Value| match value {
        Value::Symbol(text) => Some(text.clone()),
        _ => None,
    };
    let texts = |value: &Value| -> Vec<Arc<str>> {
        match value {
            Value::List(items) => items.iter().filter_map(text).collect(),
            _ => Vec::new(),
        }
    };
    match field {
        "_src" => assertion.src = text(&value),
        "_at" => assertion.at = text(&value),
        "_quote" => assertion.quote = text(&value),
        "_by" => assertion.by = texts(&value),
        "_based_on" => assertion.based_on = (!value.is_nil()).then(|| texts(&value)),
        "_extractor" => assertion.extractor = text(&value),
        "_note" => assertion.note = text(&value),
        _ => match value {
            Value::Float(conf) => assertion.conf = conf.get(),
            Value::Date(date) => assertion.on = Some(date),
            Value::Enum(constant) if constant.ty == STATUS_ENUM => {
                if let Some(status) = Status::ALL.get(constant.ordinal as usize) {
                    assertion.status = *status;
                }
            }
            Value::Enum(constant) => {
                if let Some(review) = Review::ALL.get(constant.ordinal as usize) {
                    assertion.review = *review;
                }
            }
            _ => {}
        },
    }
}

/// Whether an assertion has a metadata field's value; `_by` and `_based_on` ask for members.
fn has_meta(assertion: &Assertion, field: &str, value: &Value) -> bool {
    let text = |known: &Option<Arc<str>>| match (known, value) {
        (None, Value::Nil) => true,
        (Some(known), Value::Symbol(text)) => known == text,
        _ => false,
    };
    let members = |known: &[Arc<str>]| match value {
        Value::Nil => known.is_empty(),
        Value::List(items) => items
            .iter()
            .all(|item| matches!(item, Value::Symbol(text) if known.iter().any(|member| member == text))),
        _ => false,
    };
    match field {
        "_src" => text(&assertion.src),
        "_at" => text(&assertion.at),
        "_quote" => text(&assertion.quote),
        "_by" => members(&assertion.by),
        "_based_on" => members(assertion.based_on.as_deref().unwrap_or(&[])),
        "_status" => *value == super::declare::status_value(assertion.status),
        "_conf" => *value == Value::float(assertion.conf),
        "_on" => match (&assertion.on, value) {
            (None, Value::Nil) => true,
            (Some(on), Value::Date(date)) => on == date,
            _ => false,
        },
        "_review" => *value == super::declare::review_value(assertion.review),
        "_extractor" => text(&assertion.extractor),
        "_note" => text(&assertion.note),
        _ => false,
    }
}

/// Whether an atom holds constants only, so that a clause of it alone states a fact.
pub(super) fn is_ground(atom: &Atom) -> Result<(), Span> {
    let mut found = None;
    super::scope::atom_occurrences(atom, &mut |_, span| {
        found.get_or_insert(span);
    });
    match found {
        None => Ok(()),
        Some(span) => Err(span),
    }
}
