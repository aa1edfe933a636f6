//! Rows of answers to Rust values, through serde. Texts are borrowed from the answer where the
//! target can.

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, Error as _, MapAccess, SeqAccess,
    Unexpected, VariantAccess, Visitor,
};

use super::parts::{Fields, Tree, Variant};
use super::ser::Mismatch;
use super::value::{DATE, ENUM, VALUE};
use crate::model::Value;

/// A row as a `T`: by the names of the columns for structs and maps, by position for tuples, and
/// the only column for everything else.
pub(super) fn row<'a, T: Deserialize<'a>>(columns: &'a [String], row: &'a [Value]) -> Result<T, Mismatch> {
    T::deserialize(RowDeserializer { columns, row }).map_err(|wrong| match columns {
        // What a type makes of a value it got says nothing of where it came from.
        [only] if wrong.missing.is_none() => wrong.within(only),
        _ => wrong,
    })
}

/// One value as a `T`.
pub(super) fn value<'a, T: Deserialize<'a>>(value: &'a Value) -> Result<T, Mismatch> {
    T::deserialize(ValueDeserializer(value))
}

macro_rules! methods {
    ($to:ident: $($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.$to(visitor)
        })*
    };
}

#[derive(Clone, Copy)]
pub(super) struct ValueDeserializer<'de>(pub &'de Value);

impl<'de> ValueDeserializer<'de> {
    /// For whoever has no use for nil.
    fn present<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0.is_nil() {
            return Err(Mismatch::invalid_type(Unexpected::Other("nil"), &visitor));
        }
        self.deserialize_any(visitor)
    }
}

impl<'de> Deserializer<'de> for ValueDeserializer<'de> {
    type Error = Mismatch;

    methods!(present: deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_seq deserialize_map deserialize_identifier);

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Nil => visitor.visit_unit(),
            Value::Bool(value) => visitor.visit_bool(*value),
            Value::Number(number) => visitor.visit_i64(*number),
            Value::Float(number) => visitor.visit_f64(number.get()),
            Value::Enum(constant) => visitor.visit_borrowed_str(&constant.name),
            Value::Date(date) => visitor.visit_borrowed_str(date.text()),
            Value::Symbol(text) => visitor.visit_borrowed_str(text),
            Value::List(items) => visitor.visit_seq(Items::of(items)),
            Value::Struct(value) => match &value.of.name {
                None => visitor.visit_map(Fields::of(value)),
                Some(name) if value.fields.is_empty() => visitor.visit_borrowed_str(name),
                Some(_) => visitor.visit_map(Tree::of(value)),
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        if self.0.is_nil() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        self.deserialize_any(visitor)
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.deserialize_any(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match (name, self.0) {
            (VALUE, Value::Enum(constant)) => visitor.visit_enum(Tagged { tag: ENUM, text: &constant.name }),
            (VALUE, Value::Date(date)) => visitor.visit_enum(Tagged { tag: DATE, text: date.text() }),
            (VALUE, Value::Struct(of)) if of.of.name.is_some() => {
                visitor.visit_enum(Variant { of, tagged: true })
            }
            (VALUE, _) => self.deserialize_any(visitor),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::List(items) if items.len() != len => Err(Mismatch::invalid_length(items.len(), &visitor)),
            Value::Struct(value) if value.of.name.is_none() => match value.fields.len() {
                found if found == len => visitor.visit_seq(Items::of(&value.fields)),
                found => Err(Mismatch::invalid_length(found, &visitor)),
            },
            _ => self.present(visitor),
        }
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.present(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match self.0 {
            Value::Enum(constant) => visitor.visit_enum(BorrowedStrDeserializer::new(&constant.name)),
            Value::Symbol(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Value::Struct(of) if of.of.name.is_some() => visitor.visit_enum(Variant { of, tagged: false }),
            _ => self.present(visitor),
        }
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }
}

/// The items of a list.
pub(super) struct Items<'de> {
    items: std::slice::Iter<'de, Value>,
    at: usize,
}

impl<'de> Items<'de> {
    pub(super) fn of(items: &'de [Value]) -> Self {
        Items { items: items.iter(), at: 0 }
    }
}

impl<'de> SeqAccess<'de> for Items<'de> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let Some(item) = self.items.next() else { return Ok(None) };
        self.at += 1;
        seed.deserialize(ValueDeserializer(item)).map(Some).map_err(|mismatch| Mismatch {
            message: format!("item {}: {}", self.at, mismatch.message),
            ..mismatch
        })
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.items.len())
    }
}

/// Text with what it stands for, for a value that wants to know.
struct Tagged<'de> {
    tag: &'static str,
    text: &'de str,
}

impl<'de> EnumAccess<'de> for Tagged<'de> {
    type Error = Mismatch;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Mismatch> {
        Ok((seed.deserialize(StrDeserializer::new(self.tag))?, self))
    }
}

impl<'de> VariantAccess<'de> for Tagged<'de> {
    type Error = Mismatch;

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Mismatch> {
        seed.deserialize(BorrowedStrDeserializer::new(self.text))
    }

    fn unit_variant(self) -> Result<(), Mismatch> {
        Ok(())
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Mismatch> {
        Err(Mismatch::invalid_type(Unexpected::NewtypeVariant, &visitor))
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        Err(Mismatch::invalid_type(Unexpected::NewtypeVariant, &visitor))
    }
}

#[derive(Clone, Copy)]
struct RowDeserializer<'de> {
    columns: &'de [String],
    row: &'de [Value],
}

/// `` `a`, `b` and `c` ``.
pub(super) fn listed(names: &[String]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        None => "no columns".to_owned(),
        Some((only, [])) => format!("the column {only}"),
        Some((last, rest)) => format!("the columns {} and {last}", rest.join(", ")),
    }
}

impl<'de> RowDeserializer<'de> {
    /// What the only column's deserializer makes of it.
    fn single<T>(
        self,
        make: impl FnOnce(ValueDeserializer<'de>) -> Result<T, Mismatch>,
    ) -> Result<T, Mismatch> {
        match (self.columns, self.row) {
            ([column], [value]) => make(ValueDeserializer(value)).map_err(|wrong| wrong.within(column)),
            _ => Err(Mismatch::new(format!(
                "one value is asked for, but the answer has {}",
                listed(self.columns)
            ))),
        }
    }

    fn named<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_map(Columns { row: self, at: 0 })
    }
}

macro_rules! single {
    ($($method:ident)*) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
            self.single(|value| value.$method(visitor))
        })*
    };
}

impl<'de> Deserializer<'de> for RowDeserializer<'de> {
    type Error = Mismatch;

    single!(deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_i128 deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128
        deserialize_f32 deserialize_f64 deserialize_char deserialize_str deserialize_string
        deserialize_bytes deserialize_byte_buf deserialize_identifier);

    methods!(named: deserialize_any deserialize_map);

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.columns {
            [_] => self.single(|value| value.deserialize_option(visitor)),
            _ => visitor.visit_some(self),
        }
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        match self.columns {
            [] => visitor.visit_unit(),
            _ => Err(Mismatch::new(format!(
                "nothing is asked for, but the answer has {}",
                listed(self.columns)
            ))),
        }
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        match name {
            VALUE => self.single(|value| value.deserialize_newtype_struct(name, visitor)),
            _ => visitor.visit_newtype_struct(self),
        }
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_seq(Columns { row: self, at: 0 })
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Mismatch> {
        if len != self.columns.len() {
            return Err(Mismatch::new(format!(
                "{len} values are asked for, but the answer has {}",
                listed(self.columns)
            )));
        }
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.deserialize_tuple(len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.named(visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Mismatch> {
        self.single(|value| value.deserialize_enum(name, variants, visitor))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Mismatch> {
        visitor.visit_unit()
    }
}

/// The columns of a row, one after the other.
struct Columns<'de> {
    row: RowDeserializer<'de>,
    at: usize,
}

impl<'de> Columns<'de> {
    fn value<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        let at = self.at;
        let (Some(column), Some(value)) = (self.row.columns.get(at), self.row.row.get(at)) else {
            return Ok(None);
        };
        self.at += 1;
        seed.deserialize(ValueDeserializer(value)).map(Some).map_err(|wrong| wrong.within(column))
    }
}

impl<'de> SeqAccess<'de> for Columns<'de> {
    type Error = Mismatch;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Mismatch> {
        self.value(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.columns.len().saturating_sub(self.at))
    }
}

impl<'de> MapAccess<'de> for Columns<'de> {
    type Error = Mismatch;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Mismatch> {
        match self.row.columns.get(self.at) {
            Some(column) => seed.deserialize(BorrowedStrDeserializer::new(column)).map(Some),
            None => Ok(None),
        }
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Mismatch> {
        self.value(seed)?.ok_or_else(|| de::Error::custom("a row is shorter than its columns"))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.row.columns.len().saturating_sub(self.at))
    }
}
