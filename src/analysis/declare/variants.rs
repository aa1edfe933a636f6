//! Declared types: their names, and the variants and fields of records and algebraic types.

use std::sync::Arc;

use super::{Builder, codes, constant};
use crate::base::Diagnostic;
use crate::model::schema::{StructDef, StructId, TypeDef, TypeId, Variant};
use crate::model::structure::{Constructor, Part};
use crate::syntax::datalog::ast;

impl<'a> Builder<'a> {
    /// Adds a declared type under its name.
    pub(super) fn type_name(&mut self, decl: &ast::TypeDecl) {
        if self.duplicate_type(&decl.name) {
            return;
        }
        let name: Arc<str> = decl.name.text.as_str().into();
        let def = match decl.def {
            // Its variants follow, once every name is known.
            ast::TypeDef::Record(_) | ast::TypeDef::Algebraic(_) => {
                let id = StructId(self.schema.structs.len() as u32);
                self.schema.structs.push(StructDef { name: name.clone(), variants: Vec::new() });
                TypeDef::Struct(id)
            }
            // Replaced by `type_definition`, once every name is known.
            ast::TypeDef::Subtype(_) | ast::TypeDef::Union(_) => TypeDef::Symbol,
        };
        self.schema.add_type(name, def, Some(decl.name.span));
    }

    /// Gives a declared type its variants; of a record the only one has no name.
    pub(super) fn variants(&mut self, id: TypeId, variants: &[(Option<&'a ast::Name>, &'a Vec<ast::Field>)]) {
        let TypeDef::Struct(id) = self.schema.ty(id).def else { return };
        for (name, fields) in variants {
            let known = &self.schema.struct_def(id).variants;
            if let Some(name) = name {
                let text = name.text.as_str();
                let problem = if known.iter().any(|variant| variant.of.name.as_deref() == Some(text)) {
                    Some(format!("`{}` has the variant `{text}` twice", self.schema.struct_def(id).name))
                } else if constant::RESERVED_WORDS.contains(&text) {
                    Some(format!("`{text}` cannot name a variant: it already means a value"))
                } else {
                    None
                };
                if let Some(problem) = problem {
                    let diagnostic = Diagnostic::new(codes::DUPLICATE_DECLARATION, problem).at(name.span);
                    self.diagnostics.push(diagnostic);
                    continue;
                }
            }
            let ordinal = known.len() as u32;
            let mut parts: Vec<Part> = Vec::new();
            let mut types = Vec::new();
            for field in *fields {
                if parts.iter().any(|part| *part.name == *field.name.text) {
                    let message = format!("the field `{}` is declared twice", field.name.text);
                    let diagnostic = Diagnostic::new(codes::DUPLICATE_COLUMN, message).at(field.name.span);
                    self.diagnostics.push(diagnostic);
                    continue;
                }
                if let Some(default) = &field.default {
                    self.pending_fields.push((id, ordinal as usize, parts.len(), default));
                }
                types.push(self.resolve(&field.ty));
                parts.push(Part { name: field.name.text.as_str().into(), optional: field.optional });
            }
            let name = name.map(|name| name.text.as_str().into());
            let of = Arc::new(Constructor { ty: id, ordinal, name, fields: parts });
            let defaults = vec![None; types.len()];
            if let Some(def) = self.schema.structs.get_mut(id.0 as usize) {
                def.variants.push(Variant { of, types, defaults });
            }
        }
    }

    /// Types the defaults of fields.
    pub(super) fn field_defaults(&mut self) {
        for (id, variant, field, default) in std::mem::take(&mut self.pending_fields) {
            let Some(found) =
                self.schema.structs.get(id.0 as usize).and_then(|def| def.variants.get(variant))
            else {
                continue;
            };
            let (ty, optional) = (found.types[field], found.of.fields[field].optional);
            match constant::typed(&self.schema, default, ty) {
                Ok(value) if value.is_nil() && !optional => self.diagnostics.push(
                    Diagnostic::new(
                        codes::TYPE_MISMATCH,
                        "a field that is not optional cannot default to nil",
                    )
                    .at(default.span),
                ),
                Ok(value) => {
                    let slot = self.schema.structs.get_mut(id.0 as usize);
                    let slot = slot.and_then(|def| def.variants.get_mut(variant));
                    if let Some(slot) = slot.and_then(|variant| variant.defaults.get_mut(field)) {
                        *slot = Some(value);
                    }
                }
                Err(diagnostic) => self.diagnostics.push(*diagnostic),
            }
        }
    }

    /// A record that cannot be without another of its kind has no value at all.
    pub(super) fn inhabited_types(&mut self) {
        let mut made = vec![false; self.schema.structs.len()];
        let mut grown = true;
        while grown {
            grown = false;
            for (at, def) in self.schema.structs.iter().enumerate() {
                let can_be = |variant: &Variant| {
                    let fields = variant.of.fields.iter().zip(&variant.types);
                    fields.into_iter().all(|(part, ty)| part.optional || self.is_inhabited(*ty, &made))
                };
                if !made[at] && def.variants.iter().any(can_be) {
                    made[at] = true;
                    grown = true;
                }
            }
        }
        for (at, def) in self.schema.structs.iter().enumerate().skip(self.known_structs) {
            let ty = self.schema.struct_type(StructId(at as u32)).map(|ty| self.schema.ty(ty));
            if made[at] || def.variants.is_empty() {
                continue;
            }
            let message =
                format!("the type `{}` has no values: each would hold another without end", def.name);
            let diagnostic = Diagnostic::new(codes::UNKNOWN_TYPE, message)
                .help("make the field optional (`T?`), or add a variant that ends it");
            self.diagnostics.push(match ty.and_then(|ty| ty.span) {
                Some(span) => diagnostic.at(span),
                None => diagnostic,
            });
        }
    }

    fn is_inhabited(&self, ty: TypeId, made: &[bool]) -> bool {
        let mut ty = ty;
        // A union's members have one base.
        for _ in 0..=self.schema.types.len() {
            match &self.schema.ty(ty).def {
                TypeDef::Struct(id) => return made.get(id.0 as usize).copied().unwrap_or(true),
                TypeDef::Subtype(of) => ty = *of,
                TypeDef::Union(members) if !members.is_empty() => ty = members[0],
                _ => return true,
            }
        }
        true
    }
}
