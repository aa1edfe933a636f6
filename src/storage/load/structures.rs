//! Records and variants in fact files: a record is a struct without a name or a tuple, a variant a
//! struct, tuple or bare word with its name.

use std::sync::Arc;

use super::columns::Shape;
use super::values::{Problem, Values, Wrong, wrong};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::schema::{StructDef, StructId, Variant};
use crate::storage::interner::{NIL, Word};
use crate::syntax::ron::{Kind, Node};

/// What loading has to know of a variant, worked out once.
#[derive(Debug)]
pub(super) struct Fields {
    shapes: Vec<Shape>,
    defaults: Vec<Word>,
}

impl<'d> Values<'d> {
    /// The word of a record or variant.
    pub(super) fn structure(&mut self, node: Node<'_>, id: StructId) -> Result<Word, Wrong> {
        let def = self.schema.struct_def(id);
        let (ordinal, variant) = match (def.record(), node.name()) {
            (Some(record), None) => (0, record),
            (Some(_), Some(name)) => {
                return Err(other(
                    node,
                    format!("a `{}` is a record, written without the name `{name}`", def.name),
                ));
            }
            (None, Some(name)) => match def.variant(name) {
                Some(variant) => (variant.of.ordinal, variant),
                None => return Err(other(node, unknown_variant(def, name))),
            },
            (None, None) => {
                return Err(other(node, format!("a `{}` begins with its variant: {}", def.name, names(def))));
            }
        };
        let fields = self.fields(id, ordinal, variant);
        let begin = self.items.len();
        self.items.extend_from_slice(&fields.defaults);
        let read = match node.kind() {
            Kind::Struct => self.named_fields(node, variant, &fields, begin),
            _ => self.positional_fields(node, variant, &fields, begin),
        };
        let built = read.and_then(|()| {
            let words = self.items.get(begin..).unwrap_or(&[]);
            self.interner.structure(&variant.of, words).ok_or_else(|| {
                let what = "it holds too many others within".to_owned();
                other(node, what)
            })
        });
        self.items.truncate(begin);
        built
    }

    fn fields(&mut self, id: StructId, ordinal: u32, variant: &Variant) -> Arc<Fields> {
        if let Some(known) = self.structs.get(&(id, ordinal)) {
            return Arc::clone(known);
        }
        let shapes = variant.types.iter().map(|ty| Shape::of(self.schema, *ty)).collect();
        let word = |value: &Option<_>, interner: &mut crate::storage::Interner| {
            value.as_ref().map_or(NIL, |value| interner.intern(value))
        };
        let defaults = variant.defaults.iter().map(|value| word(value, self.interner)).collect();
        let fields = Arc::new(Fields { shapes, defaults });
        self.structs.insert((id, ordinal), Arc::clone(&fields));
        fields
    }

    fn named_fields(
        &mut self,
        node: Node<'_>,
        variant: &Variant,
        fields: &Fields,
        begin: usize,
    ) -> Result<(), Wrong> {
        let mut given = vec![false; fields.shapes.len()];
        for field in node.fields() {
            let Some(at) = variant.of.field(field.name) else {
                let near = nearest(field.name, variant.of.fields.iter().map(|field| &*field.name));
                let near = did_you_mean(&near).map_or_else(String::new, |near| format!("; {near}"));
                return Err(other(field.value, format!("there is no field `{}`{near}", field.name)));
            };
            if let Some(given) = given.get_mut(at) {
                *given = true;
            }
            self.field(field.value, variant, fields, begin, at)?;
        }
        let parts = variant.of.fields.iter().zip(&variant.defaults).zip(given);
        let mut missing = parts
            .filter(|((part, default), given)| !given && !part.optional && default.is_none())
            .map(|((part, _), _)| format!("`{}`", part.name));
        match missing.next() {
            None => Ok(()),
            Some(first) => {
                let all: Vec<String> = std::iter::once(first).chain(missing).collect();
                Err(other(node, format!("the field {} is missing", all.join(", "))))
            }
        }
    }

    fn positional_fields(
        &mut self,
        node: Node<'_>,
        variant: &Variant,
        fields: &Fields,
        begin: usize,
    ) -> Result<(), Wrong> {
        let children = match node.kind() {
            Kind::Tuple => node.children().count(),
            _ => 0,
        };
        if children == 0 {
            // `Leaf`, `Leaf()` and `()` say nothing of positions.
            return self.named_fields(node, variant, fields, begin);
        }
        if children != fields.shapes.len() {
            let (due, s) = (fields.shapes.len(), if fields.shapes.len() == 1 { "" } else { "s" });
            return Err(other(node, format!("there are {due} field{s}, and {children} stand here")));
        }
        for (at, child) in node.children().enumerate() {
            self.field(child, variant, fields, begin, at)?;
        }
        Ok(())
    }

    fn field(
        &mut self,
        node: Node<'_>,
        variant: &Variant,
        fields: &Fields,
        begin: usize,
        at: usize,
    ) -> Result<(), Wrong> {
        let (Some(shape), Some(part)) = (fields.shapes.get(at), variant.of.fields.get(at)) else {
            return Ok(());
        };
        let word = self.column(node, shape, part.optional).map_err(|found| within(&part.name, found))?;
        if let Some(slot) = self.items.get_mut(begin + at) {
            *slot = word;
        }
        Ok(())
    }
}

#[cold]
fn other(node: Node<'_>, why: String) -> Wrong {
    wrong(node, Problem::Structure(why))
}

/// What is wrong with a field, said of the whole.
#[cold]
fn within(field: &str, found: Wrong) -> Wrong {
    let what = match found.what {
        Problem::Reported => Problem::Reported,
        Problem::Kind(kind, due) => {
            Problem::Structure(format!("its field `{field}` is {due}, not {}", kind.describe()))
        }
        Problem::Range => Problem::Structure(format!("the number does not fit into its field `{field}`")),
        Problem::Date(why) => {
            Problem::Structure(format!("its field `{field}` is a date, and this is none: {why}"))
        }
        Problem::Constant(_) => Problem::Structure(format!("its field `{field}` has no such constant")),
        Problem::Missing => Problem::Structure(format!("its field `{field}` is not optional")),
        Problem::Structure(why) => Problem::Structure(why),
    };
    Wrong { span: found.span, what }
}

fn names(def: &StructDef) -> String {
    def.variants.iter().filter_map(|variant| variant.of.name.as_deref()).collect::<Vec<_>>().join(", ")
}

#[cold]
fn unknown_variant(def: &StructDef, name: &str) -> String {
    let near = nearest(name, def.variants.iter().filter_map(|variant| variant.of.name.as_deref()));
    let help = did_you_mean(&near).unwrap_or_else(|| format!("there are {}", names(def)));
    format!("`{}` has no variant `{name}`; {help}", def.name)
}
