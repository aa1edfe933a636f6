//! Declarations to a schema: types, enums, relations. Facts can be loaded against it before any
//! rule is looked at.

mod variants;

use std::collections::HashMap;
use std::sync::Arc;

use super::components;
use super::constant;
use super::types::{Base, builtin};
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::schema::{
    Column, EnumDef, EnumId, META_COLUMNS, PredId, PredKind, Predicate, Schema, StructId, TypeDef, TypeId,
};
use crate::model::{EnumValue, Review, Status, Value};
use crate::syntax::datalog::ast;

pub use crate::model::fact::STATUS_ENUM;
/// Id of the built-in enum `Review`.
pub const REVIEW_ENUM: EnumId = EnumId(1);
/// Id of the built-in relation `Source`.
pub const SOURCE: PredId = PredId(0);

/// The schema that programs declare, after what is built in. Each declared relation is followed by
/// the relation of its assertions, so that ids do not change when declarations are appended.
pub fn declare(programs: &[&ast::Program]) -> (Schema, Vec<Diagnostic>) {
    let mut builder = Builder::new(Schema::default());
    builder.built_in();
    let (programs, mut problems) = components::expand(programs);
    let programs: Vec<&ast::Program> = programs.iter().map(|program| &**program).collect();
    let (schema, more) = extend(builder.schema, &programs);
    problems.extend(more);
    (schema, problems)
}

/// `schema` with what `programs` declare behind what it has: ids that are known stay what they are.
/// Components have been written out.
pub fn extend(schema: Schema, programs: &[&ast::Program]) -> (Schema, Vec<Diagnostic>) {
    let mut builder = Builder::new(schema);
    let items = || programs.iter().flat_map(|program| &program.items).map(|item| &item.kind);
    // Names first, so that order of declaration does not matter.
    for kind in items() {
        match kind {
            ast::ItemKind::Enum(decl) => builder.enumeration(decl),
            ast::ItemKind::Type(decl) => builder.type_name(decl),
            _ => {}
        }
    }
    for kind in items() {
        if let ast::ItemKind::Decl(decl) = kind {
            builder.entity_type(decl);
        }
    }
    for kind in items() {
        if let ast::ItemKind::Type(decl) = kind {
            builder.type_definition(decl);
        }
    }
    builder.acyclic_types();
    builder.inhabited_types();
    for kind in items() {
        if let ast::ItemKind::Decl(decl) = kind {
            for name in &decl.names {
                builder.relation(name, decl);
            }
        }
    }
    builder.defaults();
    (builder.schema, builder.diagnostics)
}

/// Definitions of types may not nest deeper, so that walking them needs no stack of its own.
const MAX_TYPE_DEPTH: usize = 64;

/// What is known of how deep a type's definition goes.
#[derive(Clone, Copy)]
enum Depth {
    /// It is being looked at.
    Open,
    Known(usize),
}

struct Builder<'a> {
    schema: Schema,
    diagnostics: Vec<Diagnostic>,
    /// Defaults still to be typed: relation, column, constant.
    pending: Vec<(PredId, usize, &'a ast::Const)>,
    /// The same of fields: type, variant, field, constant.
    pending_fields: Vec<(StructId, usize, usize, &'a ast::Const)>,
    /// Records and algebraic types that were there before.
    known_structs: usize,
}

impl<'a> Builder<'a> {
    fn new(schema: Schema) -> Self {
        Builder {
            known_structs: schema.structs.len(),
            schema,
            diagnostics: Vec::new(),
            pending: Vec::new(),
            pending_fields: Vec::new(),
        }
    }

    fn built_in(&mut self) {
        for (name, def) in [
            ("symbol", TypeDef::Symbol),
            ("number", TypeDef::Number),
            ("float", TypeDef::Float),
            ("bool", TypeDef::Bool),
            ("date", TypeDef::Date),
        ] {
            self.schema.add_type(name.into(), def, None);
        }
        self.add_enum("Status".into(), Status::ALL.iter().map(|status| status.name().into()).collect(), None);
        self.add_enum("Review".into(), Review::ALL.iter().map(|review| review.name().into()).collect(), None);
        let source = self.schema.add_type("Source".into(), TypeDef::Entity(SOURCE), None);
        let sources = self.schema.list_of(source);
        let column = |name: &str, ty, optional| Column { name: name.into(), ty, optional, default: None };
        let columns = vec![
            column("id", source, false),
            column("publisher", builtin::SYMBOL, false),
            column("title", builtin::SYMBOL, true),
            column("url", builtin::SYMBOL, true),
            column("published", builtin::DATE, true),
            column("language", builtin::SYMBOL, true),
            column("based_on", sources, true),
            column("text", builtin::SYMBOL, true),
            column("sha256", builtin::SYMBOL, true),
        ];
        self.add_relation(Predicate {
            name: "Source".into(),
            columns,
            key: Some(vec![0]),
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: None,
        });
    }

    fn add_enum(&mut self, name: Arc<str>, constants: Vec<Arc<str>>, span: Option<Span>) {
        let id = EnumId(self.schema.enums.len() as u32);
        self.schema.enums.push(EnumDef { name: name.clone(), constants });
        self.schema.add_type(name, TypeDef::Enum(id), span);
    }

    /// Adds a declared relation and the relation of its assertions.
    fn add_relation(&mut self, predicate: Predicate) -> PredId {
        let symbols = self.schema.list_of(builtin::SYMBOL);
        add_declared(&mut self.schema, predicate, symbols)
    }

    fn duplicate_type(&mut self, name: &ast::Name) -> bool {
        let Some(known) = self.schema.type_names.get(name.text.as_str()) else { return false };
        let mut diagnostic = Diagnostic::new(
            codes::DUPLICATE_DECLARATION,
            format!("the type `{}` is declared twice", name.text),
        )
        .labelled(name.span, "declared again here");
        match self.schema.ty(*known).span {
            Some(span) => diagnostic = diagnostic.also(span, "first declared here"),
            None => diagnostic = diagnostic.note(format!("`{}` is built in", name.text)),
        }
        self.diagnostics.push(diagnostic);
        true
    }

    fn enumeration(&mut self, decl: &ast::EnumDecl) {
        if self.duplicate_type(&decl.name) {
            return;
        }
        let mut constants: Vec<Arc<str>> = Vec::new();
        for constant in &decl.constants {
            if constants.iter().any(|known| **known == *constant.text) {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::DUPLICATE_DECLARATION,
                        format!("`{}` has the constant `{}` twice", decl.name.text, constant.text),
                    )
                    .at(constant.span),
                );
            } else if constant::RESERVED_WORDS.contains(&constant.text.as_str()) {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::DUPLICATE_DECLARATION,
                        format!("`{}` cannot name a constant: it already means a value", constant.text),
                    )
                    .at(constant.span),
                );
            } else {
                constants.push(constant.text.as_str().into());
            }
        }
        self.add_enum(decl.name.text.as_str().into(), constants, Some(decl.name.span));
    }

    /// `.decl T(id: T) key(id)` declares the type T.
    fn entity_type(&mut self, decl: &ast::Decl) {
        for name in &decl.names {
            let Some([key]) = decl.key.as_deref() else { continue };
            let is_own = |field: &&ast::Field| {
                field.name.text == key.text
                    && matches!(&field.ty, ast::TypeExpr::Name(ty) if ty.text == name.text)
            };
            if decl.fields.iter().any(|field| is_own(&field))
                && !self.schema.type_names.contains_key(name.text.as_str())
            {
                // The id is set when the relation is added.
                self.schema.add_type(
                    name.text.as_str().into(),
                    TypeDef::Entity(PredId(u32::MAX)),
                    Some(name.span),
                );
            }
        }
    }

    fn type_definition(&mut self, decl: &'a ast::TypeDecl) {
        let Some(&id) = self.schema.type_names.get(decl.name.text.as_str()) else { return };
        if self.schema.ty(id).span != Some(decl.name.span) {
            return; // A duplicate, reported.
        }
        let def = match &decl.def {
            ast::TypeDef::Subtype(of) => TypeDef::Subtype(self.resolve(of)),
            ast::TypeDef::Union(members) => {
                let resolved: Vec<TypeId> = members.iter().map(|member| self.resolve(member)).collect();
                TypeDef::Union(resolved)
            }
            ast::TypeDef::Record(fields) => return self.variants(id, &[(None, fields)]),
            ast::TypeDef::Algebraic(variants) => {
                let variants: Vec<_> = variants.iter().map(|(name, fields)| (Some(name), fields)).collect();
                return self.variants(id, &variants);
            }
        };
        self.schema.types[id.0 as usize].def = def;
    }

    fn foreign(&mut self, what: &str, span: Span) {
        self.diagnostics.push(
            Diagnostic::new(codes::NOT_HERE, format!("{what} are of Soufflé's programs only"))
                .at(span)
                .help("`factlog souffle` runs such a program as it is"),
        );
    }

    /// A type that leads back to itself, or a union of unlike things, is an error.
    fn acyclic_types(&mut self) {
        let mut depths: Vec<Option<Depth>> = vec![None; self.schema.types.len()];
        for index in 0..self.schema.types.len() {
            self.type_depth(TypeId(index as u32), &mut depths);
        }
        for index in 0..self.schema.types.len() {
            let TypeDef::Union(members) = self.schema.types[index].def.clone() else { continue };
            let span = self.schema.types[index].span;
            for member in members.iter().skip(1) {
                if !self.schema.same_base(members[0], *member) {
                    let mut diagnostic = Diagnostic::new(
                        codes::TYPE_MISMATCH,
                        format!(
                            "the union `{}` mixes `{}` and `{}`, which are made of different things",
                            self.schema.types[index].name,
                            self.schema.type_name(members[0]),
                            self.schema.type_name(*member),
                        ),
                    );
                    if let Some(span) = span {
                        diagnostic = diagnostic.at(span);
                    }
                    self.diagnostics.push(diagnostic);
                }
            }
        }
    }

    /// Finds how deep the definitions behind a type go. One that leads back to itself, or through
    /// too many others, is reported and counts as text. The walk keeps its own stack: a program may
    /// declare any number of types.
    fn type_depth(&mut self, start: TypeId, depths: &mut [Option<Depth>]) {
        let mut open = vec![start];
        while let Some(&at) = open.last() {
            let next: Vec<TypeId> = match &self.schema.ty(at).def {
                TypeDef::Subtype(of) | TypeDef::List(of) => vec![*of],
                TypeDef::Union(members) => members.clone(),
                _ => Vec::new(),
            };
            match depths[at.0 as usize] {
                Some(Depth::Known(_)) => {
                    open.pop();
                }
                None => {
                    depths[at.0 as usize] = Some(Depth::Open);
                    for ty in next {
                        match depths[ty.0 as usize] {
                            None => open.push(ty),
                            Some(Depth::Open) => {
                                self.undefine(ty, "is defined by itself");
                                break;
                            }
                            Some(Depth::Known(_)) => {}
                        }
                    }
                }
                Some(Depth::Open) => {
                    let below = next.iter().filter_map(|ty| match depths[ty.0 as usize] {
                        Some(Depth::Known(depth)) => Some(depth),
                        _ => None,
                    });
                    let mut depth = below.max().map_or(0, |below| below + 1);
                    if depth > MAX_TYPE_DEPTH {
                        self.undefine(at, "is defined through too many others");
                        depth = 0;
                    }
                    depths[at.0 as usize] = Some(Depth::Known(depth));
                    open.pop();
                }
            }
        }
    }

    /// Reports a type's definition and takes it for text.
    fn undefine(&mut self, ty: TypeId, problem: &str) {
        let Some(span) = self.schema.ty(ty).span else { return };
        let message = format!("the type `{}` {problem}", self.schema.type_name(ty));
        self.diagnostics.push(Diagnostic::new(codes::UNKNOWN_TYPE, message).at(span));
        self.schema.types[ty.0 as usize].def = TypeDef::Symbol;
    }

    fn resolve(&mut self, ty: &ast::TypeExpr) -> TypeId {
        match ty {
            ast::TypeExpr::List(element, _) => {
                let element = self.resolve(element);
                self.schema.list_of(element)
            }
            ast::TypeExpr::Name(name) => match self.schema.type_names.get(name.text.as_str()) {
                Some(id) => *id,
                None => {
                    self.unknown_type(name);
                    builtin::SYMBOL
                }
            },
        }
    }

    fn unknown_type(&mut self, name: &ast::Name) {
        let near = nearest(&name.text, self.schema.type_names.keys().map(|name| &**name));
        let mut diagnostic =
            Diagnostic::new(codes::UNKNOWN_TYPE, format!("unknown type `{}`", name.text)).at(name.span);
        diagnostic = match name.text.as_str() {
            "unsigned" => diagnostic.help("`unsigned` exists in Soufflé programs only; write `number`"),
            "string" | "str" | "text" => diagnostic.fix(name.span, "symbol", "text is `symbol`"),
            "int" | "integer" | "i64" => diagnostic.fix(name.span, "number", "whole numbers are `number`"),
            _ => diagnostic
                .help_opt(did_you_mean(&near))
                .note(format!("a relation `{0}(id: {0}, …) key(id)` would declare it", name.text)),
        };
        self.diagnostics.push(diagnostic);
    }

    fn relation(&mut self, name: &ast::Name, decl: &'a ast::Decl) {
        if let Some(known) = self.schema.find(&name.text) {
            let mut diagnostic = Diagnostic::new(
                codes::DUPLICATE_DECLARATION,
                format!("the relation `{}` is declared twice", name.text),
            )
            .labelled(name.span, "declared again here");
            match self.schema.predicate(known).span {
                Some(span) => diagnostic = diagnostic.also(span, "first declared here"),
                None => diagnostic = diagnostic.note(format!("`{}` is built in", name.text)),
            }
            self.diagnostics.push(diagnostic);
            return;
        }
        let mut columns: Vec<Column> = Vec::new();
        let mut pending = Vec::new();
        for field in &decl.fields {
            let column_name = &field.name;
            if column_name.text.starts_with('_') {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::UNKNOWN_COLUMN,
                        format!("a column cannot be named `{}`", column_name.text),
                    )
                    .labelled(column_name.span, "names that begin with `_` are metadata"),
                );
                continue;
            }
            if columns.iter().any(|column| *column.name == *column_name.text) {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::DUPLICATE_COLUMN,
                        format!("`{}` has the column `{}` twice", name.text, column_name.text),
                    )
                    .at(column_name.span),
                );
                continue;
            }
            if let Some(default) = &field.default {
                pending.push((columns.len(), default));
            }
            let ty = self.resolve(&field.ty);
            columns.push(Column {
                name: column_name.text.as_str().into(),
                ty,
                optional: field.optional,
                default: None,
            });
        }
        for qualifier in &decl.qualifiers {
            if qualifier.text == "choice-domain" {
                self.foreign("choice domains", qualifier.span);
            } else if qualifier.text == "eqrel" {
                self.foreign("equivalence relations", qualifier.span);
            }
        }
        let key = decl.key.as_ref().map(|key| self.key(name, key, &columns));
        let ranges = decl.ranges.iter().filter_map(|range| self.range(name, range, &columns)).collect();
        let id = self.add_relation(Predicate {
            name: name.text.as_str().into(),
            columns,
            key,
            ranges,
            kind: PredKind::Declared,
            span: Some(name.span),
        });
        if let Some(&ty) = self.schema.type_names.get(name.text.as_str())
            && let TypeDef::Entity(entity) = &mut self.schema.types[ty.0 as usize].def
            && *entity == PredId(u32::MAX)
        {
            *entity = id;
        }
        self.pending.extend(pending.into_iter().map(|(column, default)| (id, column, default)));
    }

    fn column_of(&mut self, relation: &ast::Name, name: &ast::Name, columns: &[Column]) -> Option<usize> {
        let found = columns.iter().position(|column| *column.name == *name.text);
        if found.is_none() {
            let near = nearest(&name.text, columns.iter().map(|column| &*column.name));
            self.diagnostics.push(
                Diagnostic::new(codes::BAD_KEY, format!("`{}` has no column `{}`", relation.text, name.text))
                    .at(name.span)
                    .help_opt(did_you_mean(&near)),
            );
        }
        found
    }

    fn key(&mut self, relation: &ast::Name, key: &[ast::Name], columns: &[Column]) -> Vec<usize> {
        let mut indices = Vec::new();
        for name in key {
            let Some(index) = self.column_of(relation, name, columns) else { continue };
            if columns[index].optional {
                self.diagnostics.push(
                    Diagnostic::new(
                        codes::BAD_KEY,
                        format!("the key column `{}` of `{}` cannot be optional", name.text, relation.text),
                    )
                    .labelled(name.span, "a key says which thing a fact is about, so it must be there"),
                );
            }
            if !indices.contains(&index) {
                indices.push(index);
            }
        }
        indices
    }

    fn range(
        &mut self,
        relation: &ast::Name,
        (low, high): &(ast::Name, ast::Name),
        columns: &[Column],
    ) -> Option<(usize, usize)> {
        let low_index = self.column_of(relation, low, columns)?;
        let high_index = self.column_of(relation, high, columns)?;
        let ordered = |index: usize| {
            matches!(self.schema.base(columns[index].ty), Base::Number | Base::Float | Base::Date)
        };
        if !ordered(low_index) || !self.schema.same_base(columns[low_index].ty, columns[high_index].ty) {
            self.diagnostics.push(
                Diagnostic::new(
                    codes::BAD_KEY,
                    format!("range({}, {}) needs two numbers or two dates", low.text, high.text),
                )
                .at(low.span.to(high.span)),
            );
            return None;
        }
        Some((low_index, high_index))
    }

    fn defaults(&mut self) {
        for (pred, index, default) in std::mem::take(&mut self.pending) {
            let column = &self.schema.predicate(pred).columns[index];
            let (ty, optional) = (column.ty, column.optional);
            match constant::typed(&self.schema, default, ty) {
                Ok(Value::Nil) if !optional => self.diagnostics.push(
                    Diagnostic::new(
                        codes::TYPE_MISMATCH,
                        "a column that is not optional cannot default to nil",
                    )
                    .at(default.span),
                ),
                Ok(value) => {
                    self.schema.predicates[pred.0 as usize].columns[index].default = Some(value);
                }
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            }
        }
        self.field_defaults();
    }
}

/// Adds a declared relation with the relation of its assertions behind it; `symbols` is `[symbol]`.
pub fn add_declared(schema: &mut Schema, predicate: Predicate, symbols: TypeId) -> PredId {
    let id = PredId(schema.predicates.len() as u32);
    let name = predicate.name.clone();
    let mut columns = predicate.columns.clone();
    columns.extend(META_COLUMNS.iter().map(|meta| Column {
        name: (*meta).into(),
        ty: meta_type(schema, meta, symbols),
        optional: !matches!(
            *meta,
            "assertion" | "visible" | "_status" | "_conf" | "_review" | "_by" | "_based_on"
        ),
        default: None,
    }));
    let span = predicate.span;
    schema.predicate_names.insert(name.clone(), id);
    schema.predicates.push(predicate);
    schema.predicates.push(Predicate {
        name,
        columns,
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Assertions(id),
        span,
    });
    id
}

/// The relation of the assertions behind a declared relation.
pub fn assertions_of(pred: PredId) -> PredId {
    PredId(pred.0 + 1)
}

fn meta_type(schema: &Schema, meta: &str, symbols: TypeId) -> TypeId {
    let named = |name: &str| schema.type_names.get(name).copied().unwrap_or(builtin::SYMBOL);
    match meta {
        "assertion" => builtin::NUMBER,
        "visible" => builtin::BOOL,
        "_src" => named("Source"),
        "_by" | "_based_on" => symbols,
        "_status" => named("Status"),
        "_conf" => builtin::FLOAT,
        "_on" => builtin::DATE,
        "_review" => named("Review"),
        _ => builtin::SYMBOL,
    }
}

/// The value of a constant of the built-in enum `Status`.
pub fn status_value(status: Status) -> Value {
    Value::Enum(EnumValue { ty: STATUS_ENUM, ordinal: status as u32, name: status.name().into() })
}

/// The value of a constant of the built-in enum `Review`.
pub fn review_value(review: Review) -> Value {
    Value::Enum(EnumValue { ty: REVIEW_ENUM, ordinal: review as u32, name: review.name().into() })
}

/// Where each enum constant occurs: by its name, the enums that have it.
pub(super) fn constants(schema: &Schema) -> HashMap<Arc<str>, Vec<EnumId>> {
    let mut map: HashMap<Arc<str>, Vec<EnumId>> = HashMap::new();
    for (index, def) in schema.enums.iter().enumerate() {
        for constant in &def.constants {
            map.entry(constant.clone()).or_default().push(EnumId(index as u32));
        }
    }
    map
}
