//! Records and variants with fields, from values and to them.

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::ser::{self, Serialize, SerializeMap, Serializer};

use super::de::ValueDeserializer;
use super::ser::{Mismatch, value};
use super::value::{VARIANT, Value};
use crate::base::Span;
use crate::model::structure::StructValue;
use crate::syntax::datalog::ast::{Args, Name, NamedArg, NamedValue};

/// The fields of a record or a variant to come.
#[derive(Clone, Copy)]
pub(super) struct Parts<'de> {
    of: &'de StructValue,
    at: usize,
}

impl<'de> Parts<'de> {
    pub(super) fn of(value: &'de StructValue) -> Parts<'de> {
        Parts { of: value, at: 0 }
    }

    fn next<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let (Some(part), Some(field)) = (self.of.fields.get(self.at), self.of.of.fields.get(self.at)) else {
            return Ok(None);
        };
        self.at += 1;
        let given = seed.deserialize(ValueDeserializer(part)).map(Some);
        given.map_err(|wrong| Mismatch {
            message: format!("field `{}`: {}", field.name, wrong.message),
            ..wrong
        })
    }
}

impl<'de> SeqAccess<'de> for Parts<'de> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.next(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.of.fields.len() - self.at)
    }
}

impl<'de> MapAccess<'de> for Parts<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        match self.of.of.fields.get(self.at) {
            Some(field) => seed.deserialize(BorrowedStrDeserializer::new(&field.name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        self.next(seed)?.ok_or_else(|| Mismatch::custom("a value is shorter than its fields"))
    }
}

/// For whoever takes what there is: a record as a map, a variant as a map from its name to its fields.
pub(super) fn any<'de, V: Visitor<'de>>(value: &'de StructValue, visitor: V) -> Result<V::Value, Mismatch> {
    match value.of.name {
        None => visitor.visit_map(Parts::of(value)),
        Some(_) => visitor.visit_map(Tagged { of: value, told: false }),
    }
}

/// A map from the name of a variant to its fields.
pub(super) struct Tagged<'de> {
    of: &'de StructValue,
    told: bool,
}

impl<'de> MapAccess<'de> for Tagged<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        match &self.of.of.name {
            Some(name) if !self.told => seed.deserialize(BorrowedStrDeserializer::new(name)).map(Some),
            _ => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        self.told = true;
        seed.deserialize(Fields(self.of))
    }
}

/// The fields of a variant by themselves.
struct Fields<'de>(&'de StructValue);

impl<'de> Deserializer<'de> for Fields<'de> {
    type Error = Mismatch;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Parts::of(self.0))
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_newtype_struct(self)
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// A variant for an enum that has it.
pub(super) struct AsEnum<'de>(pub &'de StructValue);

impl<'de> EnumAccess<'de> for AsEnum<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Mismatch> {
        let name = self.0.of.name.as_deref().unwrap_or_default();
        Ok((seed.deserialize(BorrowedStrDeserializer::new(name))?, self))
    }
}

impl<'de> VariantAccess<'de> for AsEnum<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        match self.0.fields.len() {
            0 => Ok(()),
            _ => Err(Mismatch::invalid_type(Unexpected::StructVariant, &"a variant without fields")),
        }
    }

    /// The only field; or all of them as what is within, which then is a struct or a tuple.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mismatch> {
        match &*self.0.fields {
            [only] => seed.deserialize(ValueDeserializer(only)),
            _ => seed.deserialize(Fields(self.0)),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0.fields.len() {
            found if found == len => visitor.visit_seq(Parts::of(self.0)),
            found => Err(Mismatch::invalid_length(found, &visitor)),
        }
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Parts::of(self.0))
    }
}

/// A variant for a [`Value`], which wants to know that it is one.
pub(super) struct AsValue<'de>(pub &'de StructValue);

impl<'de> EnumAccess<'de> for AsValue<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Mismatch> {
        Ok((seed.deserialize(BorrowedStrDeserializer::new(VARIANT))?, self))
    }
}

impl<'de> VariantAccess<'de> for AsValue<'de> {
    type Error = Mismatch;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mismatch> {
        seed.deserialize(serde::de::value::MapAccessDeserializer::new(Tagged { of: self.0, told: false }))
    }

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        AsEnum(self.0).tuple_variant(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        AsEnum(self.0).struct_variant(fields, visitor)
    }
}

/// The variant that a map from a name to fields is; any other value stays what it is.
pub(super) fn as_variant(value: Value) -> Value {
    match value {
        Value::Record(mut fields) if fields.len() == 1 => match fields.pop() {
            Some((name, Value::Record(fields))) => Value::Variant(name, fields),
            other => Value::Record(other.into_iter().collect()),
        },
        other => other,
    }
}

/// Fields as other formats write them.
pub(super) fn fields<S: Serializer>(fields: &[(String, Value)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(fields.len()))?;
    for (name, value) in fields {
        map.serialize_entry(name, value)?;
    }
    map.end()
}

/// A variant: in other formats a map from its name to its fields.
pub(super) fn variant<S: Serializer>(
    name: &str,
    fields: &[(String, Value)],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let whole = [(name.to_owned(), Value::Record(fields.to_vec()))];
    serializer.serialize_newtype_struct(VARIANT, &Value::Record(whole.into()))
}

/// Fields as arguments: those of tuples, which are named by their numbers, by position.
pub(super) fn arguments(fields: &[(String, Value)], span: Span) -> Args {
    let expression = |value: &Value| super::params::expression(value, span, None);
    if fields.iter().enumerate().all(|(at, (name, _))| *name == at.to_string()) {
        return Args::Positional(fields.iter().map(|(_, value)| expression(value)).collect());
    }
    let named = |(name, value): &(String, Value)| NamedArg {
        name: Name { text: name.clone(), span },
        value: NamedValue::Is(expression(value)),
        span,
    };
    Args::Named(fields.iter().map(named).collect())
}

/// The fields of a struct, a map or a variant, one after the other.
pub(super) struct Building {
    variant: Option<String>,
    fields: Vec<(String, Value)>,
    /// A map's key whose value comes next.
    key: Option<String>,
}

impl Building {
    pub(super) fn new(variant: Option<&str>) -> Building {
        Building { variant: variant.map(str::to_owned), fields: Vec::new(), key: None }
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &str, field: &T) -> Result<(), Mismatch> {
        let named =
            |wrong: Mismatch| Mismatch { message: format!("field `{name}`: {}", wrong.message), ..wrong };
        self.fields.push((name.to_owned(), value(field).map_err(named)?));
        Ok(())
    }

    fn built(self) -> Value {
        match self.variant {
            Some(name) => Value::Variant(name, self.fields),
            None => Value::Record(self.fields),
        }
    }
}

impl ser::SerializeStruct for Building {
    type Ok = Value;
    type Error = Mismatch;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        field: &T,
    ) -> Result<(), Mismatch> {
        self.add(name, field)
    }

    fn end(self) -> Result<Value, Mismatch> {
        Ok(self.built())
    }
}

impl ser::SerializeStructVariant for Building {
    type Ok = Value;
    type Error = Mismatch;

    fn serialize_field<T: Serialize + ?Sized>(
        &mut self,
        name: &'static str,
        field: &T,
    ) -> Result<(), Mismatch> {
        self.add(name, field)
    }

    fn end(self) -> Result<Value, Mismatch> {
        Ok(self.built())
    }
}

impl ser::SerializeTupleVariant for Building {
    type Ok = Value;
    type Error = Mismatch;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), Mismatch> {
        let name = self.fields.len().to_string();
        self.add(&name, field)
    }

    fn end(self) -> Result<Value, Mismatch> {
        Ok(self.built())
    }
}

impl ser::SerializeMap for Building {
    type Ok = Value;
    type Error = Mismatch;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Mismatch> {
        match value(key)? {
            Value::Symbol(name) | Value::Enum(name) => {
                self.key = Some(name);
                Ok(())
            }
            other => Err(Mismatch::new(format!("`{other}` is no name of a field"))),
        }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), Mismatch> {
        let name = self.key.take().unwrap_or_default();
        self.add(&name, field)
    }

    fn end(self) -> Result<Value, Mismatch> {
        Ok(self.built())
    }
}

#[cfg(test)]
mod tests {
    use serde::{Deserialize, Serialize};

    use crate::{Fact, Session, Value, params};

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Point {
        x: i64,
        y: i64,
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Shape {
        Dot,
        Circle { at: Point, radius: f64 },
        Line(Point, Point),
    }

    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    struct Drawn {
        id: String,
        shape: Shape,
    }

    fn session() -> Session {
        let mut session = Session::new();
        session
            .define(
                ".type Point = [x: number, y: number]
                 .type Shape = Dot {} | Circle {at: Point, radius: float} | Line {from: Point, to: Point}
                 .decl Drawn(id: symbol, shape: Shape)
                 .decl At(id: symbol, point: Point)",
            )
            .unwrap();
        session
    }

    fn all() -> Vec<Drawn> {
        let shape = [
            Shape::Dot,
            Shape::Circle { at: Point { x: 1, y: -2 }, radius: 0.5 },
            Shape::Line(Point { x: 0, y: 0 }, Point { x: 3, y: 4 }),
        ];
        let named = shape.into_iter().zip(["a", "b", "c"]);
        named.map(|(shape, id)| Drawn { id: id.to_owned(), shape }).collect()
    }

    #[test]
    fn structs_and_enums_come_back_as_they_went() {
        let mut session = session();
        for drawn in all() {
            session.assert_fact(&drawn).unwrap();
        }
        let answer = session.query("Drawn(id:, shape:) order by id").unwrap();
        assert_eq!(answer.rows::<Drawn>().unwrap(), all());
        // What a value holds prints as rules are written, and finds itself again.
        let (_, circle) = &answer.rows::<(String, Value)>().unwrap()[1];
        assert_eq!(circle.to_string(), "Circle(at: (x: 1, y: -2), radius: 0.5)");
        for (id, shape) in answer.rows::<(String, Value)>().unwrap() {
            let found = session.query_with("Drawn(id:, shape: s)", params! { s: shape }).unwrap();
            assert_eq!(found.rows::<String>().unwrap(), [id]);
        }
    }

    #[test]
    fn records_are_structs_and_tuples() {
        let mut session = session();
        session.assert_fact(&Fact::new("At", ("a", Point { x: 1, y: 2 }))).unwrap();
        let answer = session.query("At(point: p)").unwrap();
        assert_eq!(answer.rows::<(Point,)>().unwrap(), [(Point { x: 1, y: 2 },)]);
        assert_eq!(answer.rows::<((i64, i64),)>().unwrap(), [((1, 2),)]);
        let wrong = answer.rows::<((i64, String),)>().unwrap_err().to_string();
        assert!(wrong.contains("field `y`"), "{wrong}");
        assert!(answer.rows::<((i64, i64, i64),)>().is_err());
    }
}
