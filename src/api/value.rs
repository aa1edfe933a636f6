//! Values as programs hold them, and their way through serde.

use std::fmt;

use serde::de::{self, Deserialize, Deserializer, EnumAccess, MapAccess, SeqAccess, VariantAccess, Visitor};
use serde::ser::{Serialize, Serializer};

use super::ser;
use super::{Error, ErrorKind};
use crate::model::{self, Date};

/// Under this name an enum constant is serialized as a newtype struct around its name, so that
/// factlog's own serializer can tell it from text. Other formats see the name.
pub(super) const ENUM: &str = "$factlog::Enum";
/// The same for a date.
pub(super) const DATE: &str = "$factlog::Date";
/// The same for a variant with fields, around a map with its name for the only key.
pub(super) const VARIANT: &str = "$factlog::Variant";
/// Under this name a [`Value`] asks to be deserialized.
pub(super) const VALUE: &str = "$factlog::Value";

/// A value of any type: what a column of an answer holds.
///
/// Programs that know the types of their columns need it rarely: `rows` and `get` give `String`,
/// `i64`, `Option<f64>`, `Vec<String>`, enums of their own and so on. It is for those that do not.
///
/// ```
/// use factlog::{Session, Value};
///
/// let mut session = Session::new();
/// let answer = session.query(r#"x in ["a", "b"], n = strlen(x) + 1"#)?;
/// let (x, n): (Value, Value) = answer.first()?.unwrap();
/// assert_eq!(x, Value::from("a"));
/// assert_eq!(n, Value::Number(2));
/// assert_eq!(x.to_string(), r#""a""#);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// The value of an optional column that is absent.
    Nil,
    /// `bool`
    Bool(bool),
    /// `number`
    Number(i64),
    /// `float`
    Float(f64),
    /// A constant of an enum, by its name.
    Enum(String),
    /// `date`
    Date(Date),
    /// `symbol` and every type below it, ids of entities included.
    Symbol(String),
    /// `[T]`
    List(Vec<Value>),
    /// A record: its fields with their names, which are empty where they stand by position.
    Record(Vec<(String, Value)>),
    /// A variant of an algebraic type, by its name, with its fields.
    Variant(String, Vec<(String, Value)>),
}

impl Value {
    /// The value that a Rust value stands for: numbers, texts, `bool`, `Option`, sequences, structs
    /// and maps (records), enum variants (constants of an enum, or variants of an algebraic type).
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] for what no column can hold.
    ///
    /// ```
    /// use factlog::Value;
    ///
    /// assert_eq!(Value::new(&Some(3_u8))?, Value::Number(3));
    /// assert_eq!(Value::new(&None::<String>)?, Value::Nil);
    /// assert!(Value::new(&u64::MAX).is_err());
    /// # Ok::<(), factlog::Error>(())
    /// ```
    pub fn new<T: Serialize + ?Sized>(value: &T) -> Result<Value, Error> {
        value
            .serialize(ser::ValueSerializer)
            .map_err(|error| Error::new(ErrorKind::Encode, error.to_string()))
    }

    /// Whether this is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The text of a symbol, the name of an enum constant.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Value::Symbol(text) | Value::Enum(text) => Some(text),
            _ => None,
        }
    }

    /// A number.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Value::Number(number) => Some(*number),
            _ => None,
        }
    }

    /// A float, or a number as one.
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Value::Float(number) => Some(*number),
            Value::Number(number) => Some(*number as f64),
            _ => None,
        }
    }

    /// As factlog holds it; an enum constant, which only its column knows, as text.
    fn plain(&self) -> model::Value {
        match self {
            Value::Nil => model::Value::Nil,
            Value::Bool(value) => model::Value::Bool(*value),
            Value::Number(value) => model::Value::Number(*value),
            Value::Float(value) => model::Value::float(*value),
            Value::Enum(text) | Value::Symbol(text) => model::Value::symbol(text.as_str()),
            Value::Date(date) => model::Value::Date(date.clone()),
            // The type that builds records and variants only their column knows.
            Value::Record(_) | Value::Variant(..) => model::Value::symbol(self.to_string()),
            Value::List(items) => model::Value::list(items.iter().map(Value::plain).collect::<Vec<_>>()),
        }
    }
}

impl From<&model::Value> for Value {
    fn from(value: &model::Value) -> Self {
        match value {
            model::Value::Nil => Value::Nil,
            model::Value::Bool(value) => Value::Bool(*value),
            model::Value::Number(value) => Value::Number(*value),
            model::Value::Float(value) => Value::Float(value.get()),
            model::Value::Enum(constant) => Value::Enum(constant.name.to_string()),
            model::Value::Date(date) => Value::Date(date.clone()),
            model::Value::Symbol(text) => Value::Symbol(text.to_string()),
            model::Value::List(items) => Value::List(items.iter().map(Value::from).collect()),
            model::Value::Struct(value) => {
                let fields = value.of.fields.iter().zip(value.fields.iter());
                let fields = fields.map(|(field, value)| (field.name.to_string(), value.into())).collect();
                match &value.of.name {
                    Some(name) => Value::Variant(name.to_string(), fields),
                    None => Value::Record(fields),
                }
            }
        }
    }
}

fn write_fields(f: &mut fmt::Formatter<'_>, fields: &[(String, Value)]) -> fmt::Result {
    f.write_str("(")?;
    for (at, (name, value)) in fields.iter().enumerate() {
        f.write_str(if at > 0 { ", " } else { "" })?;
        if !name.is_empty() {
            write!(f, "{name}: ")?;
        }
        write!(f, "{value}")?;
    }
    f.write_str(")")
}

/// As the language writes it.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Enum(name) => f.write_str(name),
            Value::List(items) => {
                f.write_str("[")?;
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Record(fields) => write_fields(f, fields),
            Value::Variant(name, fields) if fields.is_empty() => f.write_str(name),
            Value::Variant(name, fields) => {
                // A dollar stands before a variant whose fields have no names.
                if fields.iter().any(|(field, _)| field.is_empty()) {
                    f.write_str("$")?;
                }
                f.write_str(name)?;
                write_fields(f, fields)
            }
            other => other.plain().fmt(f),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Value::Bool(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Value::Number(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Value::Number(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Value::Number(value.into())
    }
}

impl From<f64> for Value {
    fn from(value: f64) -> Self {
        Value::Float(value)
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Value::Symbol(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Value::Symbol(value)
    }
}

impl From<Date> for Value {
    fn from(value: Date) -> Self {
        Value::Date(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Value::List(items.into_iter().map(Into::into).collect())
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value::Nil, Into::into)
    }
}

impl Serialize for Value {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Value::Nil => serializer.serialize_none(),
            Value::Bool(value) => serializer.serialize_bool(*value),
            Value::Number(value) => serializer.serialize_i64(*value),
            Value::Float(value) => serializer.serialize_f64(*value),
            Value::Enum(name) => serializer.serialize_newtype_struct(ENUM, name),
            Value::Date(date) => date.serialize(serializer),
            Value::Symbol(text) => serializer.serialize_str(text),
            Value::List(items) => items.serialize(serializer),
            Value::Record(fields) => Map(fields).serialize(serializer),
            Value::Variant(name, fields) if fields.is_empty() => {
                serializer.serialize_newtype_struct(ENUM, name)
            }
            Value::Variant(name, fields) => {
                serializer.serialize_newtype_struct(VARIANT, &Named(name, fields))
            }
        }
    }
}

/// Fields as a map.
struct Map<'f>(&'f [(String, Value)]);

impl Serialize for Map<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A name with fields as a map of one entry.
struct Named<'f>(&'f str, &'f [(String, Value)]);

impl Serialize for Named<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(self.0, Map(self.1))])
    }
}

/// From an answer exactly what the column holds; from other formats text for enum constants and
/// dates.
impl<'de> Deserialize<'de> for Value {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(VALUE, AnyValue)
    }
}

struct AnyValue;

impl<'de> Visitor<'de> for AnyValue {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Nil)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value))
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        i64::try_from(value).map(Value::Number).map_err(|_| {
            E::invalid_value(de::Unexpected::Unsigned(value), &"a number of 64 bits with a sign")
        })
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        Ok(Value::Float(value))
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Symbol(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Value::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Value, A::Error> {
        let mut fields = Vec::new();
        while let Some((name, value)) = entries.next_entry()? {
            fields.push((name, value));
        }
        Ok(Value::Record(fields))
    }

    fn visit_enum<A: EnumAccess<'de>>(self, access: A) -> Result<Value, A::Error> {
        let (name, variant): (String, _) = access.variant()?;
        match name.as_str() {
            ENUM => Ok(Value::Enum(variant.newtype_variant()?)),
            DATE => Ok(Value::Date(variant.newtype_variant()?)),
            VARIANT => match variant.struct_variant(&[], self)? {
                // The first is its name.
                Value::Record(mut fields) if !fields.is_empty() => match fields.remove(0).1 {
                    Value::Symbol(name) => Ok(Value::Variant(name, fields)),
                    other => Ok(other),
                },
                other => Ok(other),
            },
            _ => variant.unit_variant().map(|()| Value::Enum(name)),
        }
    }
}

/// As its EDTF text.
impl Serialize for Date {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_newtype_struct(DATE, &**self.text())
    }
}

/// From its EDTF text.
impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct DateText;
        impl Visitor<'_> for DateText {
            type Value = Date;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a date")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<Date, E> {
                Date::parse(text)
                    .map_err(|reason| E::custom(format_args!("`{text}` is not a date: {reason}")))
            }
        }
        deserializer.deserialize_str(DateText)
    }
}
