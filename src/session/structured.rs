//! Records and variants in formats that know only text, or JSON.

use std::sync::Arc;

use crate::analysis::ground;
use crate::analysis::types::Base;
use crate::base::FileId;
use crate::interop::{Reader, Structured};
use crate::model::schema::{Schema, StructId, TypeId, Variant};
use crate::model::{Date, EnumValue, Value};
use crate::syntax::datalog;

/// Whether values of a type are records or variants, or lists of them.
pub(super) fn has_parts(schema: &Schema, ty: TypeId) -> bool {
    let mut ty = ty;
    loop {
        match schema.base(ty) {
            Base::Struct(_) => return true,
            Base::List(item) => ty = item,
            _ => return false,
        }
    }
}

/// What reads values of a type.
pub(super) fn reader(schema: &Arc<Schema>, ty: TypeId) -> Structured {
    Structured(Arc::new(OfType { schema: Arc::clone(schema), ty }))
}

#[derive(Debug)]
struct OfType {
    schema: Arc<Schema>,
    ty: TypeId,
}

impl Reader for OfType {
    fn name(&self) -> &str {
        self.schema.type_name(self.ty)
    }

    fn text(&self, text: &str) -> Result<Value, String> {
        // As the only argument of an atom, so that nothing can stand behind it.
        let (atom, problems) = datalog::parse_atom_pattern(FileId(0), &format!("V({text}\n)"));
        let problem = problems.into_iter().find(|found| found.is_error());
        let value = match (atom, problem) {
            (Some(atom), None) => ground::value(&self.schema, &atom, self.ty),
            (_, Some(problem)) => Err(problem.message),
            (None, None) => Err("it cannot be read".to_owned()),
        };
        value.map_err(|why| format!("is no `{}`: {why}", self.name()))
    }

    fn json(&self, json: &serde_json::Value) -> Result<Value, String> {
        read(&self.schema, self.ty, json)
    }
}

/// serde_json bounds how deep the value nests.
fn read(schema: &Schema, ty: TypeId, json: &serde_json::Value) -> Result<Value, String> {
    use serde_json::Value as J;
    let due = || format!("`{json}` stands where a `{}` is due", schema.type_name(ty));
    let found = match (schema.base(ty), json) {
        (_, J::Null) => Value::Nil,
        (Base::Symbol, J::String(text)) => Value::symbol(text.as_str()),
        (Base::Number, J::Number(number)) => Value::Number(number.as_i64().ok_or_else(due)?),
        (Base::Float, J::Number(number)) => Value::float(number.as_f64().ok_or_else(due)?),
        (Base::Float, J::String(text)) => match text.as_str() {
            "NaN" => Value::float(f64::NAN),
            "inf" => Value::float(f64::INFINITY),
            "-inf" => Value::float(f64::NEG_INFINITY),
            _ => return Err(due()),
        },
        (Base::Bool, J::Bool(value)) => Value::Bool(*value),
        (Base::Date, J::String(text)) => {
            Value::Date(Date::parse(text).map_err(|why| format!("`{text}` is no date: {why}"))?)
        }
        (Base::Enum(id), J::String(text)) => {
            let constants = &schema.enum_def(id).constants;
            let at = constants.iter().position(|name| **name == **text).ok_or_else(due)?;
            let name = constants.get(at).cloned().ok_or_else(due)?;
            Value::Enum(EnumValue { ty: id, ordinal: at as u32, name })
        }
        (Base::List(item), J::Array(items)) => {
            let items: Result<Vec<Value>, String> =
                items.iter().map(|json| read(schema, item, json)).collect();
            Value::list(items?)
        }
        (Base::Struct(id), _) => structure(schema, id, json)?.ok_or_else(due)?,
        _ => return Err(due()),
    };
    Ok(found)
}

/// A record or variant; `None` where the JSON is of another kind.
fn structure(schema: &Schema, id: StructId, json: &serde_json::Value) -> Result<Option<Value>, String> {
    use serde_json::Value as J;
    let def = schema.struct_def(id);
    let (variant, fields): (Option<&Variant>, Option<&J>) = match (def.record(), json) {
        (Some(record), fields) => (Some(record), Some(fields)),
        (None, J::String(name)) => (def.variant(name), None),
        (None, J::Object(object)) => match object.iter().next().filter(|_| object.len() == 1) {
            Some((name, fields)) => (def.variant(name), Some(fields)),
            None => (None, None),
        },
        _ => (None, None),
    };
    let Some(variant) = variant else { return Ok(None) };
    let mut values = Vec::with_capacity(variant.types.len());
    let known = variant.of.fields.iter().zip(&variant.types).zip(&variant.defaults);
    for (at, ((field, ty), default)) in known.enumerate() {
        let given = match fields {
            Some(J::Object(object)) => object.get(&*field.name),
            Some(J::Array(items)) if items.len() == variant.types.len() => items.get(at),
            None => None,
            Some(_) => return Ok(None),
        };
        let value = match given {
            Some(json) => read(schema, *ty, json)?,
            None => default.clone().unwrap_or(Value::Nil),
        };
        if value.is_nil() && !field.optional {
            return Err(format!("the field `{}` of `{json}` is missing", field.name));
        }
        values.push(value);
    }
    if let Some(J::Object(object)) = fields
        && let Some(other) = object.keys().find(|key| variant.of.field(key).is_none())
    {
        return Err(format!("`{}` has no field `{other}`", def.name));
    }
    variant.of.build(values).map_err(|error| error.to_string())
}
