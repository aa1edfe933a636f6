//! Types, enums and relations, resolved.

use std::collections::HashMap;
use std::sync::Arc;

use super::structure::Constructor;
use super::value::Value;
use crate::base::Span;

/// A relation, by its index in [`Schema::predicates`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PredId(pub u32);

/// A type, by its index in [`Schema::types`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TypeId(pub u32);

/// An enum, by its index in [`Schema::enums`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct EnumId(pub u32);

/// A record or algebraic type, by its index in [`Schema::structs`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct StructId(pub u32);

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum TypeDef {
    /// `symbol`
    Symbol,
    /// `number`
    Number,
    /// `float`
    Float,
    /// `bool`
    Bool,
    /// `date`
    Date,
    /// A declared enum.
    Enum(EnumId),
    /// `[T]`
    List(TypeId),
    /// A declared record or algebraic type.
    Struct(StructId),
    /// `<: T`
    Subtype(TypeId),
    /// `= A | B`; the members have one base.
    Union(Vec<TypeId>),
    /// Declared by a relation of the same name whose single key column has this type; symbols.
    Entity(PredId),
}

/// A named (or structural) type.
#[derive(Clone, Debug)]
pub struct Type {
    /// As written: `Person`, `[symbol]`.
    pub name: Arc<str>,
    /// What it is.
    pub def: TypeDef,
    /// Where it was declared; `None` for built-in and structural types.
    pub span: Option<Span>,
}

/// An enum with its constants, lowest first.
#[derive(Clone, Debug)]
pub struct EnumDef {
    /// The type's name.
    pub name: Arc<str>,
    /// The constants' names, in order.
    pub constants: Vec<Arc<str>>,
}

/// A record or algebraic type.
#[derive(Clone, Debug, Default)]
pub struct StructDef {
    /// The type's name.
    pub name: Arc<str>,
    /// The variants in the order of their declaration; of a record the only one, without a name.
    pub variants: Vec<Variant>,
}

/// A variant with the types of its fields.
#[derive(Clone, Debug)]
pub struct Variant {
    /// What builds its values.
    pub of: Arc<Constructor>,
    /// The types of its fields.
    pub types: Vec<TypeId>,
    /// What a field is when it is left out; one without a default that is optional is nil.
    pub defaults: Vec<Option<Value>>,
}

impl StructDef {
    /// The only variant of a record; `None` for an algebraic type.
    pub fn record(&self) -> Option<&Variant> {
        self.variants.first().filter(|variant| variant.of.name.is_none())
    }

    /// The variant named `name`.
    pub fn variant(&self, name: &str) -> Option<&Variant> {
        self.variants.iter().find(|variant| variant.of.name.as_deref() == Some(name))
    }
}

/// A column of a relation.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: Arc<str>,
    /// Its type.
    pub ty: TypeId,
    /// Whether it may be nil.
    pub optional: bool,
    /// The value when it is left out; a column without one that is optional defaults to nil.
    pub default: Option<Value>,
}

/// What a predicate stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PredKind {
    /// Declared; facts can be stated of it, and rules may add to it.
    Declared,
    /// Only rules define it; nothing can be stated of it.
    Derived,
    /// The assertions behind the stated tuples of a declared predicate: the columns of that
    /// predicate, then those of [`META_COLUMNS`]. Filled from the database, never by rules.
    Assertions(PredId),
    /// The answers of a query or a check.
    Answer,
}

/// A relation's declaration.
#[derive(Clone, Debug)]
pub struct Predicate {
    /// Its name. For [`PredKind::Assertions`] the name of the relation spoken of.
    pub name: Arc<str>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Indices of the `key(…)` columns; `None` without a key.
    pub key: Option<Vec<usize>>,
    /// `range(low, high)` pairs of column indices.
    pub ranges: Vec<(usize, usize)>,
    /// What it stands for.
    pub kind: PredKind,
    /// Where it was declared, or the first head that defines it; `None` when built in.
    pub span: Option<Span>,
}

impl Predicate {
    /// Number of columns.
    pub fn arity(&self) -> usize {
        self.columns.len()
    }

    /// Index of the column named `name`.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| &*column.name == name)
    }
}

/// The columns that follow the relation's own in a [`PredKind::Assertions`] predicate, in order.
///
/// `assertion` numbers the assertion, so that two of one tuple stay two; `visible` says whether
/// a plain atom sees the tuple through it.
pub const META_COLUMNS: [&str; 13] = [
    "assertion",
    "visible",
    "_src",
    "_at",
    "_quote",
    "_by",
    "_based_on",
    "_status",
    "_conf",
    "_on",
    "_review",
    "_extractor",
    "_note",
];

/// All types, enums and relations of a program.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    /// By [`TypeId`].
    pub types: Vec<Type>,
    /// By [`EnumId`].
    pub enums: Vec<EnumDef>,
    /// By [`StructId`].
    pub structs: Vec<StructDef>,
    /// By [`PredId`].
    pub predicates: Vec<Predicate>,
    /// Type names, built-in and declared.
    pub type_names: HashMap<Arc<str>, TypeId>,
    /// Relation names: `Declared` and `Derived` ones.
    pub predicate_names: HashMap<Arc<str>, PredId>,
}

impl Schema {
    /// The relation of an id.
    pub fn predicate(&self, id: PredId) -> &Predicate {
        &self.predicates[id.0 as usize]
    }

    /// The type of an id.
    pub fn ty(&self, id: TypeId) -> &Type {
        &self.types[id.0 as usize]
    }

    /// The enum of an id.
    pub fn enum_def(&self, id: EnumId) -> &EnumDef {
        &self.enums[id.0 as usize]
    }

    /// The record or algebraic type of an id.
    pub fn struct_def(&self, id: StructId) -> &StructDef {
        &self.structs[id.0 as usize]
    }

    /// The types that have a variant named `name`.
    pub fn variants<'s>(&'s self, name: &'s str) -> impl Iterator<Item = (StructId, &'s Variant)> {
        self.structs
            .iter()
            .enumerate()
            .filter_map(move |(at, def)| def.variant(name).map(|variant| (StructId(at as u32), variant)))
    }

    /// The type of a record or algebraic type.
    pub fn struct_type(&self, id: StructId) -> Option<TypeId> {
        self.type_names.get(&self.structs.get(id.0 as usize)?.name).copied()
    }

    /// The relation named `name`.
    pub fn find(&self, name: &str) -> Option<PredId> {
        self.predicate_names.get(name).copied()
    }

    /// All ids with their relations.
    pub fn iter(&self) -> impl Iterator<Item = (PredId, &Predicate)> {
        self.predicates.iter().enumerate().map(|(i, predicate)| (PredId(i as u32), predicate))
    }
}
