//! The columns of a relation as formats of data see them.

use std::sync::Arc;

use super::{Error, Session};
use crate::analysis::types::Base;
use crate::interop::{Column, Shape};
use crate::model::schema::{META_COLUMNS, PredId, PredKind, Schema, TypeId};

/// The columns of a relation under their own names.
pub(super) fn columns(schema: &Arc<Schema>, predicate: PredId) -> Vec<Column> {
    schema
        .predicate(predicate)
        .columns
        .iter()
        .map(|column| Column {
            name: column.name.clone(),
            field: column.name.clone(),
            shape: shape(schema, column.ty),
            optional: column.optional,
            default: column.default.clone(),
        })
        .collect()
}

/// The columns that tell of an assertion, all optional: those behind the relation's own in its
/// [`PredKind::Assertions`] relation, without those that are found and not stated.
pub(super) fn metadata(schema: &Arc<Schema>, predicate: PredId) -> Vec<Column> {
    let of = |(id, found): (PredId, &crate::model::Predicate)| {
        (found.kind == PredKind::Assertions(predicate)).then_some(id)
    };
    let Some(assertions) = schema.iter().find_map(of) else { return Vec::new() };
    let mut columns = columns(schema, assertions);
    columns.retain(|column| column.name.starts_with('_') && META_COLUMNS.contains(&&*column.name));
    for column in &mut columns {
        column.optional = true;
        column.default = None;
    }
    columns
}

fn shape(schema: &Arc<Schema>, ty: TypeId) -> Shape {
    if super::structured::has_parts(schema, ty) {
        return Shape::Structured(super::structured::reader(schema, ty));
    }
    match schema.base(ty) {
        Base::Symbol => Shape::Symbol,
        Base::Number => Shape::Number,
        Base::Float => Shape::Float,
        Base::Bool => Shape::Bool,
        Base::Date => Shape::Date,
        Base::Enum(id) => {
            let def = schema.enum_def(id);
            Shape::Enum { id, name: def.name.clone(), constants: Arc::from(def.constants.clone()) }
        }
        // Those with parts are above.
        Base::List(item) => Shape::List(Box::new(shape(schema, item))),
        Base::Struct(_) => Shape::Symbol,
    }
}

impl Session {
    /// The columns of a relation, for reading its rows from a file or writing them to one.
    ///
    /// # Errors
    /// There is no such relation.
    pub fn columns(&self, relation: &str) -> Result<Vec<Column>, Error> {
        Ok(columns(self.schema(), self.relation(relation)?))
    }
}
