//! The values that columns hold.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::date::Date;
use super::fact::{STATUS_ENUM, Status};
use super::schema::EnumId;
use super::structure::StructValue;
use crate::base::escape;

/// A 64-bit float with a total order: `-inf` … `inf`, then the one NaN. `-0.0` is `0.0`.
#[derive(Clone, Copy, Debug)]
pub struct Float(f64);

impl Float {
    /// The canonical float of `value`.
    pub fn new(value: f64) -> Self {
        if value.is_nan() {
            Float(f64::NAN)
        } else {
            // Adding positive zero turns -0.0 into 0.0 and leaves every other number as it is.
            Float(value + 0.0)
        }
    }

    /// The number.
    pub fn get(self) -> f64 {
        self.0
    }
}

impl PartialEq for Float {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Float {}
impl PartialOrd for Float {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Float {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.0.is_nan(), other.0.is_nan()) {
            (false, false) => self.0.total_cmp(&other.0),
            (a, b) => a.cmp(&b),
        }
    }
}
impl Hash for Float {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.0.to_bits().hash(state);
    }
}

/// A constant of an enum. Compared by enum, then by the order in which the constants were declared.
#[derive(Clone, Debug)]
pub struct EnumValue {
    /// The enum.
    pub ty: EnumId,
    /// Position among its constants, from 0.
    pub ordinal: u32,
    /// The constant's name.
    pub name: Arc<str>,
}

impl EnumValue {
    fn key(&self) -> (EnumId, u32) {
        (self.ty, self.ordinal)
    }

    /// Whether `<` and its like can hold of it. They cannot of `Denied` and `Cancelled`, which
    /// stand outside the order of the built-in enum `Status`; only sorting gives them a place.
    pub fn is_ordered(&self) -> bool {
        self.ty != STATUS_ENUM || self.ordinal <= Status::Held as u32
    }
}
impl PartialEq for EnumValue {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for EnumValue {}
impl PartialOrd for EnumValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for EnumValue {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl Hash for EnumValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

/// A value of any type. The derived order is the one in which answers are sorted: nil first, then
/// by type in the order of the variants, then by value.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// The value of an absent optional column.
    Nil,
    /// `bool`
    Bool(bool),
    /// `number`
    Number(i64),
    /// `float`
    Float(Float),
    /// A constant of an enum.
    Enum(EnumValue),
    /// `date`
    Date(Date),
    /// `symbol` and every type below it, ids of entities included.
    Symbol(Arc<str>),
    /// `[T]`
    List(Arc<[Value]>),
    /// A record, or a variant of an algebraic type.
    Struct(StructValue),
}

impl Value {
    /// A symbol.
    pub fn symbol(text: impl Into<Arc<str>>) -> Self {
        Value::Symbol(text.into())
    }

    /// A float.
    pub fn float(value: f64) -> Self {
        Value::Float(Float::new(value))
    }

    /// A list.
    pub fn list(items: impl Into<Arc<[Value]>>) -> Self {
        Value::List(items.into())
    }

    /// Whether this is nil.
    pub fn is_nil(&self) -> bool {
        matches!(self, Value::Nil)
    }

    /// The value for a reader: strings and dates bare, controls escaped, nil empty. This is what
    /// tables show.
    pub fn plain(&self) -> String {
        match self {
            Value::Nil => String::new(),
            Value::Symbol(text) => escape::printable(text).into_owned(),
            Value::Date(date) => date.to_string(),
            other => other.to_string(),
        }
    }
}

/// As written in a rule or query, so that it reads back: strings and dates quoted, `nil` bare.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Nil => f.write_str("nil"),
            Value::Bool(value) => write!(f, "{value}"),
            Value::Number(value) => write!(f, "{value}"),
            Value::Float(value) => write_float(f, value.get()),
            Value::Enum(value) => f.write_str(&value.name),
            Value::Date(date) => write!(f, "d\"{date}\""),
            Value::Symbol(text) => f.write_str(&escape::quoted(text)),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        f.write_str(", ")?;
                    }
                    write!(f, "{item}")?;
                }
                f.write_str("]")
            }
            Value::Struct(value) => write!(f, "{value}"),
        }
    }
}

/// The shortest text that reads back as the same float and never reads as an integer.
fn write_float(f: &mut fmt::Formatter<'_>, value: f64) -> fmt::Result {
    if value.is_nan() {
        return f.write_str("NaN");
    }
    if value.is_infinite() {
        return f.write_str(if value > 0.0 { "inf" } else { "-inf" });
    }
    // `{:?}` keeps the `.0` of whole numbers and turns to an exponent where digits would run long.
    write!(f, "{value:?}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_have_one_zero_one_nan_and_a_total_order() {
        assert_eq!(Float::new(-0.0), Float::new(0.0));
        assert_eq!(Float::new(-f64::NAN), Float::new(f64::NAN));
        let mut all = [f64::NAN, 1.0, f64::NEG_INFINITY, f64::INFINITY, 0.0].map(Float::new);
        all.sort();
        assert_eq!(all.map(|x| x.get().to_string()), ["-inf", "0", "1", "inf", "NaN"]);
    }

    #[test]
    fn values_print_as_the_language_reads_them() {
        let list = Value::list([Value::symbol("a\"b"), Value::float(2.0), Value::Nil]);
        assert_eq!(list.to_string(), r#"["a\"b", 2.0, nil]"#);
    }
}
