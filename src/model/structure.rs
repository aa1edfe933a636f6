//! Values with parts: records and the variants of algebraic types.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use super::functor::FunctorError;
use super::schema::StructId;
use super::value::Value;

/// Values within values of one that is built, itself included: a bound for recursion over it.
pub const MAX_DEPTH: u32 = 1000;

/// Parts of parts of one value that is built, itself included, each as often as it occurs. A value
/// is one word however often its parts repeat, but not when it is written.
pub const MAX_PARTS: u32 = 1 << 20;

/// What builds the values of a record, or one variant of an algebraic type.
#[derive(Clone, Debug)]
pub struct Constructor {
    /// The type.
    pub ty: StructId,
    /// Position among the type's variants, from 0.
    pub ordinal: u32,
    /// The variant's name; `None` for a record.
    pub name: Option<Arc<str>>,
    /// The fields, in order.
    pub fields: Vec<Part>,
}

/// A field as values know it.
#[derive(Clone, Debug)]
pub struct Part {
    /// Its name.
    pub name: Arc<str>,
    /// Whether it may be nil.
    pub optional: bool,
}

impl PartialEq for Constructor {
    fn eq(&self, other: &Self) -> bool {
        (self.ty, self.ordinal) == (other.ty, other.ordinal)
    }
}
impl Eq for Constructor {}

impl Constructor {
    /// Index of the field named `name`.
    pub fn field(&self, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| &*field.name == name)
    }

    /// Whether values of both are written alike.
    pub fn looks_as(&self, other: &Constructor) -> bool {
        let names = |of: &Constructor| of.fields.iter().map(|field| field.name.clone()).collect::<Vec<_>>();
        self.name == other.name && names(self) == names(other)
    }

    /// The value with these parts, one a field; none where a field that is not optional has nil.
    ///
    /// # Errors
    /// [`FunctorError::TooDeep`] beyond [`MAX_DEPTH`] or [`MAX_PARTS`].
    pub fn build(self: &Arc<Self>, fields: Vec<Value>) -> Result<Option<Value>, FunctorError> {
        if self.lacks(fields.iter().map(Value::is_nil)) {
            return Ok(None);
        }
        let value = Value::Struct(StructValue { of: Arc::clone(self), fields: fields.into() });
        let extent = Extent::of(&value);
        if extent.is_excessive() { Err(FunctorError::TooDeep) } else { Ok(Some(value)) }
    }

    /// Whether a field that is not optional is nil.
    pub fn lacks(&self, nil: impl Iterator<Item = bool>) -> bool {
        self.fields.iter().zip(nil).any(|(field, nil)| nil && !field.optional)
    }
}

/// How much a value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// Values within values, 1 for one without parts.
    pub depth: u32,
    /// All of them, itself included.
    pub parts: u32,
}

impl Extent {
    /// Of a value without parts.
    pub const ONE: Extent = Extent { depth: 1, parts: 1 };

    /// Of a value with parts of these extents.
    pub fn around(parts: impl Iterator<Item = Extent>) -> Extent {
        parts.fold(Extent::ONE, |whole, part| Extent {
            depth: whole.depth.max(part.depth.saturating_add(1)),
            parts: whole.parts.saturating_add(part.parts),
        })
    }

    /// Of a value.
    pub fn of(value: &Value) -> Extent {
        match value {
            Value::List(items) => Extent::around(items.iter().map(Extent::of)),
            Value::Struct(value) => Extent::around(value.fields.iter().map(Extent::of)),
            _ => Extent::ONE,
        }
    }

    /// Whether no value may be built that is so large.
    pub fn is_excessive(self) -> bool {
        self.depth > MAX_DEPTH || self.parts > MAX_PARTS
    }
}

/// A record, or a variant with its fields. Compared by type, then by the order in which the
/// variants were declared, then field by field.
#[derive(Clone, Debug)]
pub struct StructValue {
    /// What built it.
    pub of: Arc<Constructor>,
    /// One value a field.
    pub fields: Arc<[Value]>,
}

impl StructValue {
    fn key(&self) -> (StructId, u32, &[Value]) {
        (self.of.ty, self.of.ordinal, &self.fields)
    }

    /// Writes it as rules and fact files do, each part by `part`: `(x: 1, y: 2)`, `Node(l: Leaf)`.
    pub fn write(
        &self,
        out: &mut dyn fmt::Write,
        part: &dyn Fn(&Value, &mut dyn fmt::Write) -> fmt::Result,
    ) -> fmt::Result {
        if let Some(name) = &self.of.name {
            out.write_str(name)?;
            if self.fields.is_empty() {
                return Ok(());
            }
        }
        out.write_str("(")?;
        for (at, (field, value)) in self.of.fields.iter().zip(self.fields.iter()).enumerate() {
            write!(out, "{}{}: ", if at > 0 { ", " } else { "" }, field.name)?;
            part(value, out)?;
        }
        out.write_str(")")
    }
}

impl PartialEq for StructValue {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}
impl Eq for StructValue {}
impl PartialOrd for StructValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for StructValue {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}
impl Hash for StructValue {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.key().hash(state);
    }
}

impl fmt::Display for StructValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, &|value, out| write!(out, "{value}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn constructor(ordinal: u32, name: Option<&str>, fields: &[(&str, bool)]) -> Arc<Constructor> {
        Arc::new(Constructor {
            ty: StructId(0),
            ordinal,
            name: name.map(Arc::from),
            fields: fields
                .iter()
                .map(|(name, optional)| Part { name: (*name).into(), optional: *optional })
                .collect(),
        })
    }

    #[test]
    fn they_print_as_they_are_declared_and_sort_by_variant_and_field() {
        let leaf = constructor(0, Some("Leaf"), &[]).build(vec![]).unwrap().unwrap();
        let node = constructor(1, Some("Node"), &[("l", false), ("n", true)]);
        let one = node.build(vec![leaf.clone(), Value::Number(1)]).unwrap().unwrap();
        let none = node.build(vec![leaf.clone(), Value::Nil]).unwrap().unwrap();
        assert_eq!(one.to_string(), "Node(l: Leaf, n: 1)");
        assert_eq!(none.to_string(), "Node(l: Leaf, n: nil)");
        assert!(leaf < none && none < one);
        assert_eq!(node.build(vec![Value::Nil, Value::Nil]), Ok(None));
        let pair = constructor(0, None, &[("x", false)]).build(vec![Value::symbol("a")]).unwrap().unwrap();
        assert_eq!(pair.to_string(), "(x: \"a\")");
    }

    #[test]
    fn what_doubles_again_and_again_is_refused_before_it_fills_memory() {
        let pair = constructor(0, None, &[("a", false), ("b", false)]);
        let mut value = Value::Number(0);
        let mut count = 0;
        while let Ok(Some(next)) = pair.build(vec![value.clone(), value.clone()]) {
            value = next;
            count += 1;
        }
        // 2^20 - 1 parts are those of 19 doublings.
        assert_eq!(count, 19);
    }
}
