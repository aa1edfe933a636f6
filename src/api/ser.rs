//! Rust values to values of columns, through serde.

use std::fmt;

use serde::de;
use serde::ser::{self, Serialize, Serializer};

use super::value::{DATE, ENUM, VARIANT, Value};
use crate::model::Date;

/// Why a value does not go from or to Rust; a sentence without a full stop.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Mismatch {
    /// What is wrong.
    pub message: String,
    /// The column or parameter that it is wrong with.
    pub column: Option<String>,
    /// A field that no column fills.
    pub missing: Option<String>,
}

impl Mismatch {
    /// Something wrong that no column is known for yet.
    pub fn new(message: impl Into<String>) -> Mismatch {
        Mismatch { message: message.into(), column: None, missing: None }
    }

    /// The same with its column, unless one is known.
    pub fn within(mut self, column: &str) -> Mismatch {
        self.column.get_or_insert_with(|| column.to_owned());
        self
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(column) = &self.column {
            write!(f, "`{column}`: ")?;
        }
        f.write_str(&self.message)
    }
}

impl std::error::Error for Mismatch {}

impl ser::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Mismatch::new(message.to_string())
    }
}

impl de::Error for Mismatch {
    fn custom<T: fmt::Display>(message: T) -> Self {
        Mismatch::new(message.to_string())
    }

    fn missing_field(field: &'static str) -> Self {
        Mismatch { missing: Some(field.to_owned()), ..Mismatch::new(format!("there is no column `{field}`")) }
    }
}

/// Makes a [`Value`].
pub(super) struct ValueSerializer;

/// The value that something is.
pub(super) fn value<T: Serialize + ?Sized>(of: &T) -> Result<Value, Mismatch> {
    of.serialize(ValueSerializer)
}

fn too_large(number: impl fmt::Display) -> Mismatch {
    Mismatch::new(format!("{number} is beyond what a number can be: {} to {}", i64::MIN, i64::MAX))
}

fn unfit(what: &str) -> Mismatch {
    Mismatch::new(format!("{what} is no value of a column"))
}

/// What serde asks of something that takes values one after the other, by its `add` and `done`.
macro_rules! takes_items {
    ($taker:ty as $whole:ty: $($of:ident::$method:ident),*) => {
        $(impl ::serde::ser::$of for $taker {
            type Ok = $whole;
            type Error = Mismatch;

            fn $method<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Mismatch> {
                self.add(item)
            }

            fn end(self) -> Result<$whole, Mismatch> {
                self.done()
            }
        })*
    };
}

/// The same for values with names, those of a map too, whose keys wait in `key`.
macro_rules! takes_fields {
    ($taker:ty as $whole:ty) => {
        takes_fields!(@ $taker as $whole: SerializeStruct, SerializeStructVariant);

        impl ::serde::ser::SerializeMap for $taker {
            type Ok = $whole;
            type Error = Mismatch;

            fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Mismatch> {
                self.key = $crate::api::ser::name(key)?;
                Ok(())
            }

            fn serialize_value<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), Mismatch> {
                let key = std::mem::take(&mut self.key);
                self.add(&key, field)
            }

            fn end(self) -> Result<$whole, Mismatch> {
                self.done()
            }
        }
    };
    (@ $taker:ty as $whole:ty: $($of:ident),*) => {
        $(impl ::serde::ser::$of for $taker {
            type Ok = $whole;
            type Error = Mismatch;

            fn serialize_field<T: Serialize + ?Sized>(
                &mut self,
                name: &'static str,
                field: &T,
            ) -> Result<(), Mismatch> {
                self.add(name, field)
            }

            fn end(self) -> Result<$whole, Mismatch> {
                self.done()
            }
        })*
    };
}

pub(super) use {takes_fields, takes_items};

/// The name that the key of a map is.
pub(super) fn name<T: Serialize + ?Sized>(key: &T) -> Result<String, Mismatch> {
    match value(key)? {
        Value::Symbol(name) | Value::Enum(name) => Ok(name),
        other => Err(Mismatch::new(format!("{other} is no name of a column or field"))),
    }
}

macro_rules! whole_numbers {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, number: $type) -> Result<Value, Mismatch> {
            i64::try_from(number).map(Value::Number).map_err(|_| too_large(number))
        })*
    };
}

impl Serializer for ValueSerializer {
    type Ok = Value;
    type Error = Mismatch;
    type SerializeSeq = Items;
    type SerializeTuple = Items;
    type SerializeTupleStruct = Items;
    type SerializeTupleVariant = Fields;
    type SerializeMap = Fields;
    type SerializeStruct = Fields;
    type SerializeStructVariant = Fields;

    whole_numbers!(serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32,
        serialize_u64: u64, serialize_u128: u128);

    fn serialize_bool(self, value: bool) -> Result<Value, Mismatch> {
        Ok(Value::Bool(value))
    }

    fn serialize_f32(self, value: f32) -> Result<Value, Mismatch> {
        Ok(Value::Float(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Result<Value, Mismatch> {
        Ok(Value::Float(value))
    }

    fn serialize_char(self, value: char) -> Result<Value, Mismatch> {
        Ok(Value::Symbol(value.into()))
    }

    fn serialize_str(self, value: &str) -> Result<Value, Mismatch> {
        Ok(Value::Symbol(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<Value, Mismatch> {
        Err(unfit("a string of bytes"))
    }

    fn serialize_none(self) -> Result<Value, Mismatch> {
        Ok(Value::Nil)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Value, Mismatch> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Value, Mismatch> {
        Ok(Value::Nil)
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Value, Mismatch> {
        Err(unfit(&format!("the struct `{name}`")))
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Value, Mismatch> {
        Ok(Value::Enum(variant.to_owned()))
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        inner: &T,
    ) -> Result<Value, Mismatch> {
        match (name, inner.serialize(self)?) {
            (ENUM, Value::Symbol(constant)) => Ok(Value::Enum(constant)),
            (DATE, Value::Symbol(text)) => Date::parse(&text).map(Value::Date).map_err(Mismatch::new),
            (VARIANT, Value::Record(mut entries)) => match entries.pop() {
                Some((name, Value::Record(fields))) => Ok(Value::Variant(name, fields)),
                _ => Err(unfit("a variant without a name")),
            },
            (_, value) => Ok(value),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        inner: &T,
    ) -> Result<Value, Mismatch> {
        Ok(match value(inner)? {
            Value::Record(fields) => Value::Variant(variant.to_owned(), fields),
            only => Value::Variant(variant.to_owned(), vec![(String::new(), only)]),
        })
    }

    fn serialize_seq(self, len: Option<usize>) -> Result<Items, Mismatch> {
        // The length is only a hint, and may be anything.
        Ok(Items(Vec::with_capacity(len.unwrap_or(0).min(1024))))
    }

    fn serialize_tuple(self, len: usize) -> Result<Items, Mismatch> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_struct(self, _: &'static str, len: usize) -> Result<Items, Mismatch> {
        self.serialize_seq(Some(len))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Mismatch> {
        Ok(Fields::new(Some(variant)))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Self::SerializeMap, Mismatch> {
        Ok(Fields::new(None))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Self::SerializeStruct, Mismatch> {
        Ok(Fields::new(None))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Mismatch> {
        Ok(Fields::new(Some(variant)))
    }
}

/// The items of a list.
pub(super) struct Items(Vec<Value>);

impl Items {
    fn add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Mismatch> {
        self.0.push(value(item)?);
        Ok(())
    }

    fn done(self) -> Result<Value, Mismatch> {
        Ok(Value::List(self.0))
    }
}

takes_items!(
    Items as Value: SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field
);

/// The fields of a record or variant; those of a tuple have empty names.
pub(super) struct Fields {
    variant: Option<&'static str>,
    fields: Vec<(String, Value)>,
    key: String,
}

impl Fields {
    fn new(variant: Option<&'static str>) -> Self {
        Fields { variant, fields: Vec::new(), key: String::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, name: &str, field: &T) -> Result<(), Mismatch> {
        let value = value(field).map_err(|mismatch| mismatch.within(name))?;
        self.fields.push((name.to_owned(), value));
        Ok(())
    }

    fn done(self) -> Result<Value, Mismatch> {
        Ok(match self.variant {
            Some(variant) => Value::Variant(variant.to_owned(), self.fields),
            None => Value::Record(self.fields),
        })
    }
}

takes_fields!(Fields as Value);

impl ser::SerializeTupleVariant for Fields {
    type Ok = Value;
    type Error = Mismatch;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, field: &T) -> Result<(), Mismatch> {
        self.add("", field)
    }

    fn end(self) -> Result<Value, Mismatch> {
        self.done()
    }
}
