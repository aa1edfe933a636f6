//! The lattice of types: bases, subtypes, and what two types have in common.

use std::collections::{HashMap, HashSet};

use crate::model::schema::{EnumId, Schema, StructId, TypeDef, TypeId};

/// What values of a type are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Text, ids of entities included.
    Symbol,
    /// 64-bit integers.
    Number,
    /// 64-bit floats.
    Float,
    /// `true`, `false`
    Bool,
    /// EDTF dates.
    Date,
    /// Constants of one enum.
    Enum(EnumId),
    /// Lists with elements of a type.
    List(TypeId),
    /// A record or algebraic type.
    Struct(StructId),
}

/// Ids of the built-in types, which every schema declares first and in this order.
pub mod builtin {
    use crate::model::schema::TypeId;

    /// `symbol`
    pub const SYMBOL: TypeId = TypeId(0);
    /// `number`
    pub const NUMBER: TypeId = TypeId(1);
    /// `float`
    pub const FLOAT: TypeId = TypeId(2);
    /// `bool`
    pub const BOOL: TypeId = TypeId(3);
    /// `date`
    pub const DATE: TypeId = TypeId(4);
}

impl Schema {
    /// The base of a type. A type that is defined in terms of itself counts as text; declaring it
    /// was an error.
    pub fn base(&self, ty: TypeId) -> Base {
        let mut ty = ty;
        for _ in 0..=self.types.len() {
            match &self.ty(ty).def {
                TypeDef::Symbol | TypeDef::Entity(_) => return Base::Symbol,
                TypeDef::Number => return Base::Number,
                TypeDef::Float => return Base::Float,
                TypeDef::Bool => return Base::Bool,
                TypeDef::Date => return Base::Date,
                TypeDef::Enum(id) => return Base::Enum(*id),
                TypeDef::List(element) => return Base::List(*element),
                TypeDef::Struct(id) => return Base::Struct(*id),
                TypeDef::Subtype(of) => ty = *of,
                TypeDef::Union(members) => match members.first() {
                    Some(first) => ty = *first,
                    None => return Base::Symbol,
                },
            }
        }
        Base::Symbol
    }

    /// Whether two types are made of the same stuff, so that their values can be equal.
    pub fn same_base(&self, a: TypeId, b: TypeId) -> bool {
        match (self.base(a), self.base(b)) {
            (Base::List(a), Base::List(b)) => a == b || self.same_base(a, b),
            (a, b) => a == b,
        }
    }

    /// Whether every value of `a` is one of `b`.
    pub fn is_subtype(&self, a: TypeId, b: TypeId) -> bool {
        self.subtype(a, b, &mut HashMap::new())
    }

    /// `known` holds the pairs that are decided, so that unions of unions cost no more than their
    /// definitions' sizes; a pair met again while it is being decided is none.
    fn subtype(&self, a: TypeId, b: TypeId, known: &mut HashMap<(TypeId, TypeId), bool>) -> bool {
        if a == b {
            return true;
        }
        if let Some(known) = known.get(&(a, b)) {
            return *known;
        }
        known.insert((a, b), false);
        let found = match (&self.ty(a).def, &self.ty(b).def) {
            (TypeDef::List(a), TypeDef::List(b)) => self.subtype(*a, *b, known),
            (TypeDef::Union(members), _) => members.iter().all(|member| self.subtype(*member, b, known)),
            (TypeDef::Subtype(of), _) if self.subtype(*of, b, known) => true,
            (_, TypeDef::Union(members)) => members.iter().any(|member| self.subtype(a, *member, known)),
            (TypeDef::Entity(_), TypeDef::Symbol) => true,
            _ => false,
        };
        known.insert((a, b), found);
        found
    }

    /// Whether some value can belong to both types.
    pub fn overlap(&self, a: TypeId, b: TypeId) -> bool {
        self.same_base(a, b) && self.overlapping(a, b, &mut HashMap::new(), &mut HashSet::new())
    }

    /// `apart` are the pairs that have been looked at and found nothing in common.
    fn overlapping(
        &self,
        a: TypeId,
        b: TypeId,
        subtypes: &mut HashMap<(TypeId, TypeId), bool>,
        apart: &mut HashSet<(TypeId, TypeId)>,
    ) -> bool {
        if self.subtype(a, b, subtypes) || self.subtype(b, a, subtypes) {
            return true;
        }
        if !apart.insert((a, b)) {
            return false;
        }
        match (&self.ty(a).def, &self.ty(b).def) {
            (TypeDef::Union(members), _) => {
                members.iter().any(|member| self.overlapping(*member, b, subtypes, apart))
            }
            (_, TypeDef::Union(members)) => {
                members.iter().any(|member| self.overlapping(a, *member, subtypes, apart))
            }
            (TypeDef::List(a), TypeDef::List(b)) => self.overlapping(*a, *b, subtypes, apart),
            _ => false,
        }
    }

    /// The smallest type here that holds both; `None` when their bases differ.
    pub fn common_supertype(&self, a: TypeId, b: TypeId) -> Option<TypeId> {
        if self.is_subtype(a, b) {
            Some(b)
        } else if self.is_subtype(b, a) {
            Some(a)
        } else if self.same_base(a, b) {
            Some(self.root(a))
        } else {
            None
        }
    }

    /// The type without subtype, union or entity around it.
    fn root(&self, ty: TypeId) -> TypeId {
        match self.base(ty) {
            Base::Symbol => builtin::SYMBOL,
            Base::Number => builtin::NUMBER,
            Base::Float => builtin::FLOAT,
            Base::Bool => builtin::BOOL,
            Base::Date => builtin::DATE,
            Base::Enum(_) | Base::List(_) | Base::Struct(_) => {
                let mut ty = ty;
                for _ in 0..=self.types.len() {
                    match &self.ty(ty).def {
                        TypeDef::Subtype(of) => ty = *of,
                        TypeDef::Union(members) if !members.is_empty() => ty = members[0],
                        _ => break,
                    }
                }
                ty
            }
        }
    }

    /// The type `[element]`, made if it is new.
    pub fn list_of(&mut self, element: TypeId) -> TypeId {
        let name: std::sync::Arc<str> = format!("[{}]", self.ty(element).name).into();
        if let Some(id) = self.type_names.get(&name) {
            return *id;
        }
        self.add_type(name, TypeDef::List(element), None)
    }

    /// Adds a type under its name.
    pub fn add_type(
        &mut self,
        name: std::sync::Arc<str>,
        def: TypeDef,
        span: Option<crate::base::Span>,
    ) -> TypeId {
        let id = TypeId(self.types.len() as u32);
        self.type_names.insert(name.clone(), id);
        self.types.push(crate::model::schema::Type { name, def, span });
        id
    }

    /// The type's name for messages.
    pub fn type_name(&self, ty: TypeId) -> &str {
        &self.ty(ty).name
    }
}
