//! Records and variants as rules write them: names resolved, fields put in their order.

use super::raw::{RawExpr, RawExprKind, RawLiteral, RawStruct, RawType};
use super::resolve::{Hoist, Resolver, RuleScope};
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::schema::{Schema, StructDef, StructId, TypeId, Variant};
use crate::syntax::datalog::ast::{Args, Expr, ExprKind, Name, NamedValue, TypeExpr};

impl<'a> Resolver<'a> {
    /// A record (`name` is `None`) or a variant.
    pub fn structure(
        &mut self,
        name: Option<&Name>,
        args: &'a Args,
        scope: &mut RuleScope<'a>,
        hoist: &mut Hoist<'_, 'a>,
    ) -> RawExprKind {
        let mut parts = Vec::new();
        match args {
            Args::Positional(values) => {
                for value in values {
                    parts.push((None, self.part(value, scope, hoist)));
                }
            }
            Args::Named(named) => {
                for arg in named {
                    let value = match &arg.value {
                        NamedValue::Is(value) => self.part(value, scope, hoist),
                        NamedValue::Pun => {
                            let var = self.lookup(&arg.name.text, scope);
                            let var = var.unwrap_or_else(|| scope.fresh(arg.name.span));
                            Some(RawExpr::var(var, arg.name.span))
                        }
                        NamedValue::Compare(op, value) => {
                            let left = RawExpr::var(scope.fresh(arg.name.span), arg.name.span);
                            let right = self.expr(value, scope, hoist);
                            match hoist {
                                Hoist::Now(out) => out.push(RawLiteral::Compare {
                                    op: *op,
                                    left: left.clone(),
                                    right,
                                    possibly: false,
                                    span: arg.span,
                                }),
                                Hoist::Later(_) => self.report(
                                    Diagnostic::new(
                                        codes::TYPE_MISMATCH,
                                        "a value that is built gives its fields values; it cannot compare them",
                                    )
                                    .at(arg.span),
                                ),
                            }
                            Some(left)
                        }
                    };
                    parts.push((Some(arg.name.clone()), value));
                }
            }
        }
        RawExprKind::Struct(Box::new(RawStruct { name: name.cloned(), parts }))
    }

    fn part(
        &mut self,
        value: &'a Expr,
        scope: &mut RuleScope<'a>,
        hoist: &mut Hoist<'_, 'a>,
    ) -> Option<RawExpr> {
        match &value.kind {
            ExprKind::Wildcard => None,
            _ => Some(self.expr(value, scope, hoist)),
        }
    }

    /// The type that `as` names.
    pub fn named_type(&mut self, ty: &TypeExpr) -> Option<RawType> {
        let mut ty = ty;
        let mut lists = 0;
        loop {
            match ty {
                TypeExpr::List(inner, _) => {
                    ty = inner;
                    lists += 1;
                }
                TypeExpr::Name(name) => {
                    if let Some(&element) = self.schema.type_names.get(name.text.as_str()) {
                        return Some(RawType { element, lists });
                    }
                    let near = nearest(&name.text, self.schema.type_names.keys().map(|name| &**name));
                    let message = format!("unknown type `{}`", name.text);
                    let diagnostic = Diagnostic::new(codes::UNKNOWN_TYPE, message).at(name.span);
                    self.report(diagnostic.help_opt(did_you_mean(&near)));
                    return None;
                }
            }
        }
    }
}

/// The type of a record or variant that its place does not tell: the only one with such a variant,
/// or, with `guess`, the only record with such fields.
pub(super) fn own_type(schema: &Schema, value: &RawStruct, guess: bool) -> Option<TypeId> {
    let id = match &value.name {
        Some(name) => only(schema.variants(&name.text).map(|(id, _)| id))?,
        None if guess => {
            only(records(schema).filter(|(_, record)| could_be(value, record)).map(|(id, _)| id))?
        }
        None => return None,
    };
    schema.struct_type(id)
}

fn records(schema: &Schema) -> impl Iterator<Item = (StructId, &Variant)> {
    let structs = schema.structs.iter().enumerate();
    structs.filter_map(|(at, def)| def.record().map(|record| (StructId(at as u32), record)))
}

fn could_be(value: &RawStruct, record: &Variant) -> bool {
    let positional = value.fields().all(|(name, _)| name.is_none());
    let known = |(name, _): (Option<&Name>, _)| name.is_none_or(|name| record.of.field(&name.text).is_some());
    value.fields().all(known) && (!positional || value.parts.len() == record.of.fields.len())
}

fn only<T>(mut found: impl Iterator<Item = T>) -> Option<T> {
    let first = found.next()?;
    found.next().is_none().then_some(first)
}

/// What a record or variant is where a value of `due` stands, or why it is nothing.
pub(super) fn variant<'s>(
    schema: &'s Schema,
    name: Option<&'s Name>,
    due: Option<StructId>,
    span: Span,
) -> Result<&'s Variant, Box<Diagnostic>> {
    let Some(name) = name else {
        let Some(id) = due else {
            let message = "nothing says which record this is";
            let diagnostic = Diagnostic::new(codes::UNTYPED_RECORD, message).at(span);
            return Err(Box::new(
                diagnostic.help("say so with `as((…), Type)`, or declare the relation's columns"),
            ));
        };
        let def = schema.struct_def(id);
        return def.record().ok_or_else(|| {
            let message = format!("`{}` is no record; it has the variants {}", def.name, variants(def));
            Box::new(Diagnostic::new(codes::TYPE_MISMATCH, message).at(span))
        });
    };
    let found = match due {
        Some(id) => schema.struct_def(id).variant(&name.text),
        None => {
            let all: Vec<&Variant> = schema.variants(&name.text).map(|(_, variant)| variant).collect();
            match all.as_slice() {
                [one] => Some(*one),
                [] => None,
                several => {
                    let types: Vec<String> = several
                        .iter()
                        .map(|one| format!("`{}`", schema.struct_def(one.of.ty).name))
                        .collect();
                    let message = format!("`{}` is a variant of {}", name.text, types.join(" and "));
                    return Err(Box::new(
                        Diagnostic::new(codes::AMBIGUOUS_CONSTANT, message).at(name.span).help(
                            "put it where a column or variable says which is meant, or say so with `as`",
                        ),
                    ));
                }
            }
        }
    };
    found.ok_or_else(|| {
        let defs = due.map_or(&schema.structs[..], |id| std::slice::from_ref(schema.struct_def(id)));
        let names = defs.iter().flat_map(|def| &def.variants).filter_map(|one| one.of.name.as_deref());
        let near = nearest(&name.text, names);
        let message = match due {
            Some(id) => format!("`{}` has no variant `{}`", schema.struct_def(id).name, name.text),
            None => format!("there is no variant `{}`", name.text),
        };
        let diagnostic = Diagnostic::new(codes::UNKNOWN_VARIANT, message).at(name.span);
        Box::new(match (near.first(), due) {
            (Some(first), _) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
            (None, Some(id)) => {
                diagnostic.note(format!("its variants are {}", variants(schema.struct_def(id))))
            }
            (None, None) => diagnostic.help("declare it with `.type`"),
        })
    })
}

/// The names of a type's variants.
pub(super) fn variants(def: &StructDef) -> String {
    let names: Vec<&str> = def.variants.iter().filter_map(|variant| variant.of.name.as_deref()).collect();
    names.join(", ")
}

/// What a value of this variant is called in messages.
fn called(schema: &Schema, variant: &Variant) -> String {
    match &variant.of.name {
        Some(name) => name.to_string(),
        None => schema.struct_def(variant.of.ty).name.to_string(),
    }
}

/// Fields as written, in the order of the declaration: the place in `names` of each; `None` where
/// it is left out. What does not fit is returned.
pub(super) fn order(
    schema: &Schema,
    variant: &Variant,
    names: &[Option<&Name>],
    span: Span,
) -> Result<Vec<Option<usize>>, Vec<Diagnostic>> {
    let fields = &variant.of.fields;
    let what = called(schema, variant);
    if names.iter().all(Option::is_none) && (!names.is_empty() || fields.is_empty()) {
        if names.len() != fields.len() {
            let (due, s) = (fields.len(), if fields.len() == 1 { "" } else { "s" });
            let list: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
            let message = format!("`{what}` has {due} field{s}, but {} stand here", names.len());
            let diagnostic = Diagnostic::new(codes::WRONG_ARITY, message).at(span);
            return Err(vec![diagnostic.note(format!("its fields are {}", list.join(", ")))]);
        }
        return Ok((0..fields.len()).map(Some).collect());
    }
    let mut places = vec![None; fields.len()];
    let mut problems = Vec::new();
    for (at, name) in names.iter().enumerate() {
        let Some(name) = name else { continue };
        match variant.of.field(&name.text) {
            Some(field) if places[field].is_some() => problems.push(
                Diagnostic::new(codes::DUPLICATE_COLUMN, format!("`{}` is named twice", name.text))
                    .at(name.span),
            ),
            Some(field) => places[field] = Some(at),
            None => {
                let near = nearest(&name.text, fields.iter().map(|field| &*field.name));
                let message = format!("`{what}` has no field `{}`", name.text);
                let diagnostic = Diagnostic::new(codes::UNKNOWN_COLUMN, message).at(name.span);
                problems.push(match near.first() {
                    Some(first) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
                    None => diagnostic,
                });
            }
        }
    }
    if problems.is_empty() { Ok(places) } else { Err(problems) }
}

/// That fields without a default are left out of a value that is built.
pub(super) fn missing(
    schema: &Schema,
    variant: &Variant,
    places: &[Option<usize>],
    span: Span,
) -> Option<Diagnostic> {
    let fields = variant.of.fields.iter().zip(&variant.defaults).zip(places);
    let missing: Vec<String> = fields
        .filter(|((field, default), place)| place.is_none() && !field.optional && default.is_none())
        .map(|((field, _), _)| format!("`{}`", field.name))
        .collect();
    if missing.is_empty() {
        return None;
    }
    let message = format!("`{}` lacks {}", called(schema, variant), missing.join(", "));
    let diagnostic = Diagnostic::new(codes::MISSING_COLUMN, message).at(span);
    Some(diagnostic.help("only fields with a default or an optional type (`T?`) may be left out"))
}
