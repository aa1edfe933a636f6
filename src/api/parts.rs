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
