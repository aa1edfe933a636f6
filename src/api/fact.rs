//! Rust values to facts: structs whose name is the relation and whose fields are its columns.

use serde::ser::{Serialize, SerializeStruct, Serializer};

use super::ser::{Mismatch, takes_fields, takes_items, value};
use super::value::Value;
use crate::model::{Date, Review, Status};

/// Under this name a [`Fact`] is serialized, so that factlog's own serializer knows it.
const FACT: &str = "$factlog::Fact";

/// A fact with who states it.
///
/// [`Session::assert_fact`](crate::Session::assert_fact) takes plain structs as background
/// knowledge; this wraps one with its relation or its metadata.
///
/// ```
/// use factlog::{Fact, Session, Status};
/// use serde::Serialize;
///
/// #[derive(Serialize)]
/// struct Attended<'a> {
///     leader: &'a str,
///     summit: &'a str,
/// }
///
/// let mut session = Session::new();
/// session.define(".decl Attended(leader: symbol, summit: symbol)")?;
/// let fact = Attended { leader: "tokayev", summit: "washington_2025" };
/// session.assert_fact(&Fact::of(&fact).source("reuters").at("L15-18").status(Status::Planned))?;
/// // The same relation, from a tuple.
/// session.assert_fact(&Fact::new("Attended", ("rahmon", "xian_2023")))?;
///
/// let answer = session.query("Attended(leader: l, _src: s, _status: h)")?;
/// let rows: Vec<(String, Option<String>, Status)> = answer.rows()?;
/// assert_eq!(rows[1], ("tokayev".to_owned(), Some("reuters".to_owned()), Status::Planned));
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug)]
#[must_use = "a fact does nothing until it is asserted"]
pub struct Fact<T> {
    relation: Option<String>,
    metadata: Vec<(&'static str, Value)>,
    fact: T,
}

impl<T: Serialize> Fact<T> {
    /// A fact whose relation is the struct's name.
    pub fn of(fact: T) -> Fact<T> {
        Fact { relation: None, metadata: Vec::new(), fact }
    }

    /// A fact of a relation that is named here: of a struct, a map from columns to values, or a tuple
    /// with a value for each column.
    pub fn new(relation: impl Into<String>, fact: T) -> Fact<T> {
        Fact { relation: Some(relation.into()), ..Fact::of(fact) }
    }

    fn with(mut self, field: &'static str, value: Value) -> Self {
        self.metadata.retain(|(known, _)| *known != field);
        self.metadata.push((field, value));
        self
    }

    /// `_src`: the id of the source that states it.
    pub fn source(self, id: impl Into<String>) -> Self {
        self.with("_src", Value::Symbol(id.into()))
    }

    /// `_at`: where in the source, `L15-18`.
    pub fn at(self, place: impl Into<String>) -> Self {
        self.with("_at", Value::Symbol(place.into()))
    }

    /// `_quote`: words of the source.
    pub fn quote(self, words: impl Into<String>) -> Self {
        self.with("_quote", Value::Symbol(words.into()))
    }

    /// `_by`: the chain of attribution, nearest to the event first.
    pub fn by<S: Into<String>>(self, chain: impl IntoIterator<Item = S>) -> Self {
        let names = chain.into_iter().map(|name| Value::Symbol(name.into()));
        self.with("_by", Value::List(names.collect()))
    }

    /// `_based_on`: the sources that this assertion only repeats, in place of its source's own.
    pub fn based_on<S: Into<String>>(self, sources: impl IntoIterator<Item = S>) -> Self {
        let ids = sources.into_iter().map(|id| Value::Symbol(id.into()));
        self.with("_based_on", Value::List(ids.collect()))
    }

    /// `_status`: how firmly it is stated; [`Status::Held`] unless it is said.
    pub fn status(self, status: Status) -> Self {
        self.with("_status", Value::Enum(status.name().to_owned()))
    }

    /// `_conf`: how sure it is, from 0 to 1; 1 unless it is said.
    pub fn confidence(self, conf: f64) -> Self {
        self.with("_conf", Value::Float(conf))
    }

    /// `_on`: the day it was recorded.
    pub fn on(self, day: Date) -> Self {
        self.with("_on", Value::Date(day))
    }

    /// `_review`: whether a person has looked at it; [`Review::Accepted`] unless it is said.
    pub fn review(self, review: Review) -> Self {
        self.with("_review", Value::Enum(review.name().to_owned()))
    }

    /// `_extractor`: what made it, with its version.
    pub fn extractor(self, id: impl Into<String>) -> Self {
        self.with("_extractor", Value::Symbol(id.into()))
    }

    /// `_note`: a remark for people.
    pub fn note(self, note: impl Into<String>) -> Self {
        self.with("_note", Value::Symbol(note.into()))
    }
}

impl<T: Serialize> Serialize for Fact<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut whole = serializer.serialize_struct(FACT, 3)?;
        whole.serialize_field("relation", &self.relation)?;
        whole.serialize_field("metadata", &Fields(&self.metadata))?;
        whole.serialize_field("fact", &self.fact)?;
        whole.end()
    }
}

struct Fields<'f>(&'f [(&'static str, Value)]);

impl Serialize for Fields<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

/// A fact on its way: its relation, if it is known, and what stands in its brackets.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Written {
    pub relation: Option<String>,
    /// Values in the order of the columns; `None` where they have names.
    pub items: Option<Vec<Value>>,
    /// Values by the names of columns and of metadata.
    pub fields: Vec<(String, Value)>,
}

/// The fact that something is.
pub(super) fn written<T: Serialize + ?Sized>(fact: &T) -> Result<Written, Mismatch> {
    fact.serialize(FactSerializer)
}

fn no_fact(what: &str) -> Mismatch {
    Mismatch::new(format!("{what} is no fact: a fact is a struct with a field for each column"))
}

#[derive(Clone, Copy)]
struct FactSerializer;

macro_rules! no_facts {
    ($($method:ident: $type:ty = $what:expr),*) => {
        $(fn $method(self, _: $type) -> Result<Written, Mismatch> {
            Err(no_fact($what))
        })*
    };
}

impl Serializer for FactSerializer {
    type Ok = Written;
    type Error = Mismatch;
    type SerializeSeq = Positional;
    type SerializeTuple = Positional;
    type SerializeTupleStruct = Positional;
    type SerializeTupleVariant = Positional;
    type SerializeMap = Named;
    type SerializeStruct = Named;
    type SerializeStructVariant = Named;

    no_facts!(serialize_bool: bool = "a bool", serialize_i8: i8 = "a number", serialize_i16: i16 = "a number",
        serialize_i32: i32 = "a number", serialize_i64: i64 = "a number", serialize_i128: i128 = "a number",
        serialize_u8: u8 = "a number", serialize_u16: u16 = "a number", serialize_u32: u32 = "a number",
        serialize_u64: u64 = "a number", serialize_u128: u128 = "a number", serialize_f32: f32 = "a number",
        serialize_f64: f64 = "a number", serialize_char: char = "a letter", serialize_str: &str = "text",
        serialize_bytes: &[u8] = "a string of bytes");

    fn serialize_none(self) -> Result<Written, Mismatch> {
        Err(no_fact("`None`"))
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Written, Mismatch> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<Written, Mismatch> {
        // A tuple without values.
        Positional::default().done()
    }

    fn serialize_unit_struct(self, name: &'static str) -> Result<Written, Mismatch> {
        Positional::of(name).done()
    }

    fn serialize_unit_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
    ) -> Result<Written, Mismatch> {
        Positional::of(variant).done()
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        inner: &T,
    ) -> Result<Written, Mismatch> {
        // Around one value it is a fact of one column; around what could be a fact itself, that fact.
        match value(inner) {
            Ok(Value::Record(_) | Value::Variant(..)) | Err(_) => inner.serialize(self),
            Ok(value) => Positional { items: vec![value], ..Positional::of(name) }.done(),
        }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        inner: &T,
    ) -> Result<Written, Mismatch> {
        self.serialize_newtype_struct(variant, inner)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Positional, Mismatch> {
        Ok(Positional::default())
    }

    fn serialize_tuple(self, _: usize) -> Result<Positional, Mismatch> {
        Ok(Positional::default())
    }

    fn serialize_tuple_struct(self, name: &'static str, _: usize) -> Result<Positional, Mismatch> {
        Ok(Positional::of(name))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Positional, Mismatch> {
        Ok(Positional::of(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Named, Mismatch> {
        Ok(Named::default())
    }

    fn serialize_struct(self, name: &'static str, _: usize) -> Result<Named, Mismatch> {
        if name == FACT {
            return Ok(Named { wrapped: Some(Wrapped::default()), ..Named::default() });
        }
        Ok(Named { relation: Some(name.to_owned()), ..Named::default() })
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Named, Mismatch> {
        Ok(Named { relation: Some(variant.to_owned()), ..Named::default() })
    }
}

#[derive(Default)]
struct Positional {
    relation: Option<String>,
    items: Vec<Value>,
}

impl Positional {
    fn of(relation: &str) -> Positional {
        Positional { relation: Some(relation.to_owned()), items: Vec::new() }
    }

    fn add<T: Serialize + ?Sized>(&mut self, item: &T) -> Result<(), Mismatch> {
        let at = self.items.len() + 1;
        self.items.push(value(item).map_err(|wrong| wrong.within(&at.to_string()))?);
        Ok(())
    }

    fn done(self) -> Result<Written, Mismatch> {
        Ok(Written { relation: self.relation, items: Some(self.items), fields: Vec::new() })
    }
}

takes_items!(
    Positional as Written: SerializeSeq::serialize_element,
    SerializeTuple::serialize_element,
    SerializeTupleStruct::serialize_field,
    SerializeTupleVariant::serialize_field
);

#[derive(Default)]
struct Named {
    relation: Option<String>,
    fields: Vec<(String, Value)>,
    key: String,
    wrapped: Option<Wrapped>,
}

/// The parts of a [`Fact`].
#[derive(Default)]
struct Wrapped {
    relation: Option<String>,
    metadata: Vec<(String, Value)>,
    fact: Option<Written>,
}

impl Named {
    fn add<T: Serialize + ?Sized>(&mut self, name: &str, field: &T) -> Result<(), Mismatch> {
        let Some(wrapped) = &mut self.wrapped else {
            let value = value(field).map_err(|wrong| wrong.within(name))?;
            self.fields.push((name.to_owned(), value));
            return Ok(());
        };
        match name {
            "relation" => {
                if let Value::Symbol(relation) = value(field)? {
                    wrapped.relation = Some(relation);
                }
            }
            "metadata" => wrapped.metadata = written(field)?.fields,
            _ => wrapped.fact = Some(written(field)?),
        }
        Ok(())
    }

    fn done(self) -> Result<Written, Mismatch> {
        let Some(wrapped) = self.wrapped else {
            return Ok(Written { relation: self.relation, items: None, fields: self.fields });
        };
        let mut whole = wrapped.fact.ok_or_else(|| no_fact("nothing"))?;
        if wrapped.relation.is_some() {
            whole.relation = wrapped.relation;
        }
        whole.fields.retain(|(name, _)| wrapped.metadata.iter().all(|(known, _)| known != name));
        whole.fields.extend(wrapped.metadata);
        Ok(whole)
    }
}

takes_fields!(Named as Written);
