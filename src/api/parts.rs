//! Records and variants of answers on their way through serde.

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, StrDeserializer};
use serde::de::{DeserializeSeed, EnumAccess, Error as _, MapAccess, VariantAccess, Visitor};

use super::de::{Items, ValueDeserializer};
use super::ser::Mismatch;
use super::value::VARIANT;
use crate::model::structure::StructValue;

/// The fields of a record or variant by their names.
pub(super) struct Fields<'de> {
    of: &'de StructValue,
    at: usize,
    /// Whether the variant's name stands before them, under an empty name.
    named: bool,
}

impl<'de> Fields<'de> {
    pub(super) fn of(of: &'de StructValue) -> Self {
        Fields { of, at: 0, named: false }
    }

    fn name(&self) -> &'de str {
        self.of.of.name.as_deref().unwrap_or_default()
    }
}

impl<'de> MapAccess<'de> for Fields<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        if self.named {
            return seed.deserialize(BorrowedStrDeserializer::new("")).map(Some);
        }
        match self.of.of.fields.get(self.at) {
            Some(field) => seed.deserialize(BorrowedStrDeserializer::new(&field.name)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        if std::mem::take(&mut self.named) {
            return seed.deserialize(BorrowedStrDeserializer::new(self.name()));
        }
        let at = self.at;
        self.at += 1;
        let (Some(field), Some(value)) = (self.of.of.fields.get(at), self.of.fields.get(at)) else {
            return Err(Mismatch::custom("a value is asked for without its name"));
        };
        seed.deserialize(ValueDeserializer(value)).map_err(|wrong| wrong.within(&field.name))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.of.fields.len().saturating_sub(self.at) + usize::from(self.named))
    }
}

/// A variant as a map with its name for the only key.
pub(super) struct Tree<'de> {
    of: &'de StructValue,
    told: bool,
}

impl<'de> Tree<'de> {
    pub(super) fn of(of: &'de StructValue) -> Self {
        Tree { of, told: false }
    }
}

impl<'de> MapAccess<'de> for Tree<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        if std::mem::replace(&mut self.told, true) {
            return Ok(None);
        }
        seed.deserialize(BorrowedStrDeserializer::new(Fields::of(self.of).name())).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        seed.deserialize(MapAccessDeserializer::new(Fields::of(self.of)))
    }
}

/// A variant for an enum of the program's own; `tagged` for a value that wants to know all of it.
pub(super) struct Variant<'de> {
    pub(super) of: &'de StructValue,
    pub(super) tagged: bool,
}

impl<'de> EnumAccess<'de> for Variant<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Mismatch> {
        let name = if self.tagged { VARIANT } else { Fields::of(self.of).name() };
        Ok((seed.deserialize(StrDeserializer::new(name))?, self))
    }
}

impl<'de> VariantAccess<'de> for Variant<'de> {
    type Error = Mismatch;

    fn unit_variant(self) -> Result<(), Mismatch> {
        if self.of.fields.is_empty() {
            return Ok(());
        }
        Err(Mismatch::custom(format!("the variant `{}` has fields", Fields::of(self.of).name())))
    }

    /// The only field, or all of them by their names.
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mismatch> {
        match &*self.of.fields {
            [only] => seed.deserialize(ValueDeserializer(only)),
            _ => seed.deserialize(MapAccessDeserializer::new(Fields::of(self.of))),
        }
    }

    fn tuple_variant<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        if len != self.of.fields.len() {
            return Err(Mismatch::invalid_length(self.of.fields.len(), &visitor));
        }
        visitor.visit_seq(Items::of(&self.of.fields))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Fields { named: self.tagged, ..Fields::of(self.of) })
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
        assert!(wrong.contains("column `p`: item 2"), "{wrong}");
        assert!(answer.rows::<((i64, i64, i64),)>().is_err());
    }
}
