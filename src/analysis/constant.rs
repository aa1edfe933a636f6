//! Constants as written to values of the type that their place asks for.

use super::structs;
use super::types::Base;
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::schema::{EnumId, Schema, StructId, TypeId};
use crate::model::{Date, EnumValue, Value};
use crate::syntax::datalog::ast::{Const, ConstKind, Name};

/// Words that mean a value, or are RON's, and so name no constant.
pub const RESERVED_WORDS: [&str; 6] = ["None", "Some", "true", "false", "inf", "NaN"];

/// The value of `constant` as a `ty`. `nil` is a value of every type; whether it may stand there
/// is for the caller to say.
pub fn typed(schema: &Schema, constant: &Const, ty: TypeId) -> Result<Value, Box<Diagnostic>> {
    let base = schema.base(ty);
    match (&constant.kind, base) {
        (ConstKind::Nil, _) => Ok(Value::Nil),
        (ConstKind::String(text), Base::Symbol) => Ok(Value::symbol(text.as_str())),
        (ConstKind::String(text) | ConstKind::Date(text), Base::Date) => date(text, constant.span),
        (ConstKind::Int(value), Base::Number) => Ok(Value::Number(*value)),
        (ConstKind::Int(value), Base::Float) => Ok(Value::float(*value as f64)),
        (ConstKind::Float(value), Base::Float) => Ok(Value::float(*value)),
        (ConstKind::Bool(value), Base::Bool) => Ok(Value::Bool(*value)),
        (ConstKind::Name(name), Base::Enum(id)) => enum_constant(schema, name, id, constant.span),
        (ConstKind::List(items), Base::List(element)) => {
            let items: Result<Vec<Value>, _> =
                items.iter().map(|item| typed(schema, item, element)).collect();
            Ok(Value::list(items?))
        }
        (ConstKind::Name(name), Base::Struct(id)) => {
            let name = Name { text: name.clone(), span: constant.span };
            structure(schema, Some(&name), &[], id, constant.span)
        }
        (ConstKind::Struct(name, fields), Base::Struct(id)) => {
            let name = name.as_ref().map(|name| Name { text: name.clone(), span: constant.span });
            structure(schema, name.as_ref(), fields, id, constant.span)
        }
        (ConstKind::Name(name), _) => Err(Box::new(unexpected_name(schema, name, constant.span, ty))),
        _ => Err(Box::new(mismatch(schema, constant, ty))),
    }
}

/// The record or variant of constants, of one type.
fn structure(
    schema: &Schema,
    name: Option<&Name>,
    fields: &[(Option<Name>, Const)],
    id: StructId,
    span: Span,
) -> Result<Value, Box<Diagnostic>> {
    let variant = structs::variant(schema, name, Some(id), span)?;
    let names: Vec<Option<&Name>> = fields.iter().map(|(name, _)| name.as_ref()).collect();
    let places = structs::order(schema, variant, &names, span).map_err(|mut problems| {
        // There is one at least.
        Box::new(problems.swap_remove(0))
    })?;
    if let Some(problem) = structs::missing(schema, variant, &places, span) {
        return Err(Box::new(problem));
    }
    let mut values = Vec::with_capacity(places.len());
    for (index, place) in places.into_iter().enumerate() {
        let value = match place.and_then(|place| fields.get(place)) {
            Some((_, constant)) => {
                let value = typed(schema, constant, variant.types[index])?;
                if value.is_nil() && !variant.of.fields[index].optional {
                    let message = format!("the field `{}` is not optional", variant.of.fields[index].name);
                    return Err(Box::new(Diagnostic::new(codes::TYPE_MISMATCH, message).at(constant.span)));
                }
                value
            }
            None => variant.defaults[index].clone().unwrap_or(Value::Nil),
        };
        values.push(value);
    }
    match variant.of.build(values) {
        Ok(value) => Ok(value.unwrap_or(Value::Nil)),
        Err(error) => Err(Box::new(Diagnostic::new(codes::TYPE_MISMATCH, error.to_string()).at(span))),
    }
}

/// The constant `name` of one enum.
pub fn enum_constant(schema: &Schema, name: &str, id: EnumId, span: Span) -> Result<Value, Box<Diagnostic>> {
    let def = schema.enum_def(id);
    match def.constants.iter().position(|constant| **constant == *name) {
        Some(ordinal) => Ok(Value::Enum(EnumValue {
            ty: id,
            ordinal: ordinal as u32,
            name: def.constants[ordinal].clone(),
        })),
        None => {
            let near = nearest(name, def.constants.iter().map(|constant| &**constant));
            let mut diagnostic =
                Diagnostic::new(codes::UNKNOWN_CONSTANT, format!("`{}` has no constant `{name}`", def.name))
                    .at(span);
            diagnostic = match near.first() {
                Some(first) => diagnostic.fix(span, *first, did_you_mean(&near).unwrap_or_default()),
                None => diagnostic.note(format!("its constants are {}", listed(&def.constants))),
            };
            Err(Box::new(diagnostic))
        }
    }
}

/// The date that `text` writes.
pub fn date(text: &str, span: Span) -> Result<Value, Box<Diagnostic>> {
    Date::parse(text).map(Value::Date).map_err(|reason| {
        let mut diagnostic =
            Diagnostic::new(codes::INVALID_DATE, format!("`{text}` is not a date: {reason}")).at(span);
        diagnostic = match text {
            "" => diagnostic,
            _ if text.contains('.') && !text.contains("..") => {
                diagnostic.help("dates are written year first, as in 2025-11-06")
            }
            _ => diagnostic
                .help("a date is an EDTF string: 2025, 2025-11, 2025-11-06, 2025-11-06/2025-11-08, 2025-11~"),
        };
        Box::new(diagnostic)
    })
}

fn unexpected_name(schema: &Schema, name: &str, span: Span, ty: TypeId) -> Diagnostic {
    let known = schema.enums.iter().find(|def| def.constants.iter().any(|constant| **constant == *name));
    match known {
        Some(def) => Diagnostic::new(
            codes::TYPE_MISMATCH,
            format!("`{name}` is a constant of `{}`, but `{}` is due here", def.name, schema.type_name(ty)),
        )
        .at(span),
        None => unknown_constant(schema, name, span),
    }
}

/// `name` is a constant of no enum at all.
pub fn unknown_constant(schema: &Schema, name: &str, span: Span) -> Diagnostic {
    let all = schema.enums.iter().flat_map(|def| &def.constants).map(|constant| &**constant);
    let near = nearest(name, all);
    let lower = name.to_lowercase();
    Diagnostic::new(codes::UNKNOWN_CONSTANT, format!("`{name}` is no constant of an enum"))
        .labelled(span, "a bare capitalised word is an enum constant")
        .help_opt(did_you_mean(&near))
        .help(format!("variables are lower-case: `{lower}`; text needs quotes: `\"{name}\"`"))
}

fn mismatch(schema: &Schema, constant: &Const, ty: TypeId) -> Diagnostic {
    let due = schema.type_name(ty);
    let what = match &constant.kind {
        ConstKind::String(_) => "text",
        ConstKind::Int(_) => "a whole number",
        ConstKind::Float(_) => "a number with a fraction",
        ConstKind::Date(_) => "a date",
        ConstKind::Bool(_) => "true or false",
        ConstKind::List(_) => "a list",
        ConstKind::Nil => "nil",
        ConstKind::Name(_) => "a constant",
        ConstKind::Struct(None, _) => "a record",
        ConstKind::Struct(Some(_), _) => "a variant",
    };
    let mut diagnostic =
        Diagnostic::new(codes::TYPE_MISMATCH, format!("expected {}, found {what}", described(schema, ty)))
            .labelled(constant.span, format!("`{due}` is due here"));
    if let (ConstKind::String(text), Base::Enum(id)) = (&constant.kind, schema.base(ty))
        && schema.enum_def(id).constants.iter().any(|name| **name == **text)
    {
        diagnostic = diagnostic.fix(constant.span, text.clone(), "enum constants are written without quotes");
    }
    if let (ConstKind::String(text), Base::Number | Base::Float) = (&constant.kind, schema.base(ty))
        && text.parse::<f64>().is_ok()
    {
        diagnostic = diagnostic.fix(constant.span, text.clone(), "numbers are written without quotes");
    }
    diagnostic
}

/// A type in people's words, with an article.
pub fn described(schema: &Schema, ty: TypeId) -> String {
    let name = schema.type_name(ty);
    match schema.base(ty) {
        Base::Symbol if name == "symbol" => "text".to_owned(),
        Base::Symbol => format!("a `{name}` (text in quotes)"),
        Base::Number => "a whole number".to_owned(),
        Base::Float => "a number".to_owned(),
        Base::Bool => "`true` or `false`".to_owned(),
        Base::Date => "a date".to_owned(),
        Base::Enum(id) => {
            let constants = &schema.enum_def(id).constants;
            format!("a `{name}` ({})", listed(constants))
        }
        Base::List(_) => format!("a list `{name}`"),
        Base::Struct(id) => {
            let def = schema.struct_def(id);
            match def.record() {
                Some(record) => {
                    let fields: Vec<&str> = record.of.fields.iter().map(|field| &*field.name).collect();
                    format!("a record `{name}` with the fields {}", fields.join(", "))
                }
                None => format!("a `{name}` ({})", structs::variants(def)),
            }
        }
    }
}

fn listed(constants: &[std::sync::Arc<str>]) -> String {
    const SHOWN: usize = 8;
    let mut text = constants.iter().take(SHOWN).map(|name| &**name).collect::<Vec<_>>().join(", ");
    if constants.len() > SHOWN {
        text.push_str(", …");
    }
    text
}
