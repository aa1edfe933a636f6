//! What loading has to know of a relation, worked out once for all its facts.

use std::collections::HashSet;
use std::sync::Arc;

use super::metadata::Field;
use crate::base::limits::MAX_NESTING;
use crate::model::schema::PredKind;
use crate::model::{EnumId, PredId, Predicate, Schema, StructId, TypeDef, TypeId};
use crate::storage::interner::{Interner, NIL, Word};

/// How values of a type are written: the type with its names resolved down to what RON knows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Shape {
    Symbol,
    Number,
    Float,
    Bool,
    Date,
    /// A constant of one of these enums.
    Enum(Vec<EnumId>),
    List(Box<Shape>),
    /// A record, or a variant of an algebraic type.
    Struct(StructId),
}

impl Shape {
    pub(super) fn of(schema: &Schema, ty: TypeId) -> Shape {
        Self::resolve(schema, ty, 0)
    }

    fn resolve(schema: &Schema, ty: TypeId, depth: usize) -> Shape {
        let next = |ty: TypeId| Self::resolve(schema, ty, depth + 1);
        // The analysis refuses types that contain themselves; this only makes sure of an end.
        if depth > MAX_NESTING {
            return Shape::Symbol;
        }
        match &schema.ty(ty).def {
            TypeDef::Symbol | TypeDef::Entity(_) => Shape::Symbol,
            TypeDef::Number => Shape::Number,
            TypeDef::Float => Shape::Float,
            TypeDef::Bool => Shape::Bool,
            TypeDef::Date => Shape::Date,
            TypeDef::Enum(id) => Shape::Enum(vec![*id]),
            TypeDef::List(item) => Shape::List(Box::new(next(*item))),
            TypeDef::Struct(id) => Shape::Struct(*id),
            TypeDef::Subtype(base) => next(*base),
            TypeDef::Union(_) => Self::of_union(schema, ty, depth),
        }
    }

    /// All enums below a union, or what its first member is. Unions of unions can lead to one type in
    /// very many ways: each is looked at once.
    fn of_union(schema: &Schema, ty: TypeId, depth: usize) -> Shape {
        let (mut seen, mut enums, mut open) = (HashSet::new(), Vec::new(), vec![ty]);
        while let Some(ty) = open.pop() {
            if !seen.insert(ty) {
                continue;
            }
            match &schema.ty(ty).def {
                TypeDef::Union(members) => open.extend(members.iter().rev()),
                TypeDef::Subtype(base) => open.push(*base),
                TypeDef::Enum(id) => enums.push(*id),
                _ if enums.is_empty() => return Self::resolve(schema, ty, depth + 1),
                _ => {}
            }
        }
        if enums.is_empty() { Shape::Symbol } else { Shape::Enum(enums) }
    }

    /// What a person would call a value of it, with its article.
    pub(super) fn describe(&self) -> &'static str {
        match self {
            Shape::Symbol => "a string",
            Shape::Number => "an integer",
            Shape::Float => "a number",
            Shape::Bool => "`true` or `false`",
            Shape::Date => "a date in a string",
            Shape::Enum(_) => "a bare word, one of the enum's constants",
            Shape::List(_) => "a list",
            Shape::Struct(_) => "a record or variant in parentheses",
        }
    }
}

/// Where the value of a field goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Target {
    Column(usize),
    Metadata(Field),
    Unknown,
}

/// A relation as loading sees it.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) predicate: PredId,
    pub(super) shapes: Vec<Shape>,
    /// The tuple before its fields are read: defaults, nil elsewhere.
    pub(super) defaults: Vec<Word>,
    /// Which columns may be left out.
    pub(super) optional: Vec<bool>,
    /// Which columns the fact being read has given.
    pub(super) given: Vec<bool>,
    /// The fields of the fact read last, in order, and where each went: the next fact of the
    /// relation most often has the same.
    layout: Vec<(Arc<str>, Target)>,
}

impl Plan {
    pub(super) fn new(schema: &Schema, predicate: PredId, interner: &mut Interner) -> Plan {
        let columns = &schema.predicate(predicate).columns;
        Plan {
            predicate,
            shapes: columns.iter().map(|column| Shape::of(schema, column.ty)).collect(),
            defaults: columns
                .iter()
                .map(|column| column.default.as_ref().map_or(NIL, |value| interner.intern(value)))
                .collect(),
            optional: columns.iter().map(|column| column.optional || column.default.is_some()).collect(),
            given: vec![false; columns.len()],
            layout: Vec::new(),
        }
    }

    /// Where the field `name`, the `at`th of its fact, goes.
    #[inline]
    pub(super) fn target(&mut self, declared: &Predicate, at: usize, name: &str) -> Target {
        match self.layout.get(at) {
            Some((known, target)) if **known == *name => *target,
            _ => self.find(declared, at, name),
        }
    }

    #[cold]
    fn find(&mut self, declared: &Predicate, at: usize, name: &str) -> Target {
        let target = if name.starts_with('_') {
            Field::named(name).map_or(Target::Unknown, Target::Metadata)
        } else {
            declared.column(name).map_or(Target::Unknown, Target::Column)
        };
        self.layout.truncate(at);
        if self.layout.len() == at {
            self.layout.push((Arc::from(name), target));
        }
        target
    }
}

/// Whether facts can be stated of a relation.
pub(super) fn takes_facts(predicate: &Predicate) -> bool {
    predicate.kind == PredKind::Declared
}
