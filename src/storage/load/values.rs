//! From RON nodes to words, straight from the source text.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::columns::Shape;
use super::structures::Fields;
use crate::base::Span;
use crate::model::{Date, EnumId, EnumValue, Float, Schema, StructId};
use crate::storage::interner::{Interner, NIL, Word, boolean};
use crate::syntax::ron::{Kind, Node};

/// Why a node is no value of a shape.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Wrong {
    pub(super) span: Span,
    pub(super) what: Problem,
}

#[derive(Clone, Debug, PartialEq)]
pub(super) enum Problem {
    /// Of another kind than this shape asks for.
    Kind(Kind, &'static str),
    /// An integer or float that the column's type cannot hold.
    Range,
    /// Not an EDTF date; why.
    Date(String),
    /// No constant of these enums.
    Constant(Vec<EnumId>),
    /// `None`, where a value is due.
    Missing,
    /// A record or variant that does not fit its type; why.
    Structure(String),
    /// The parser has already said what is wrong.
    Reported,
}

/// Gives words to values.
pub(super) struct Values<'d> {
    pub(super) schema: &'d Schema,
    pub(super) interner: &'d mut Interner,
    /// Dates repeat, and reading one costs more than looking it up.
    dates: FxHashMap<Box<str>, Word>,
    enums: FxHashMap<EnumId, Vec<Word>>,
    pub(super) structs: FxHashMap<(StructId, u32), Arc<Fields>>,
    /// Items of the lists, and fields of the records and variants, being read.
    pub(super) items: Vec<Word>,
}

impl<'d> Values<'d> {
    pub(super) fn new(schema: &'d Schema, interner: &'d mut Interner) -> Self {
        Values {
            schema,
            interner,
            dates: FxHashMap::default(),
            enums: FxHashMap::default(),
            structs: FxHashMap::default(),
            items: Vec::new(),
        }
    }

    /// The word of a column's value; `None` and `Some(x)` are read where `optional`.
    #[inline]
    pub(super) fn column(&mut self, node: Node<'_>, shape: &Shape, optional: bool) -> Result<Word, Wrong> {
        match node.kind() {
            Kind::None if optional => Ok(NIL),
            Kind::None => Err(wrong(node, Problem::Missing)),
            Kind::Some => match node.inner() {
                // An absent value inside a present one would be neither.
                Some(inner) => self.value(inner, shape),
                None => Err(wrong(node, Problem::Reported)),
            },
            _ => self.value(node, shape),
        }
    }

    #[inline]
    fn value(&mut self, node: Node<'_>, shape: &Shape) -> Result<Word, Wrong> {
        match (shape, node.kind()) {
            (Shape::Symbol, Kind::Str) => match node.as_str() {
                Some(text) => Ok(self.interner.symbol(&text)),
                None => Err(wrong(node, Problem::Reported)),
            },
            (Shape::Number, Kind::Int) => match node.as_i64() {
                Some(number) => Ok(self.interner.number(number)),
                None => Err(wrong(node, Problem::Range)),
            },
            (Shape::Float, Kind::Float | Kind::Int) => self.float(node),
            (Shape::Bool, Kind::Bool) => Ok(boolean(node.as_bool() == Some(true))),
            (Shape::Date, Kind::Str) => self.date(node),
            (Shape::Enum(enums), Kind::Word) => self.constant(node, enums),
            (Shape::List(item), Kind::List) => self.list(node, item),
            (Shape::Struct(id), Kind::Struct | Kind::Tuple | Kind::Word | Kind::Unit) => {
                self.structure(node, *id)
            }
            (_, Kind::Error) => Err(wrong(node, Problem::Reported)),
            (shape, kind) => Err(wrong(node, Problem::Kind(kind, shape.describe()))),
        }
    }

    fn float(&mut self, node: Node<'_>) -> Result<Word, Wrong> {
        let number = match (node.as_float(), node.as_int()) {
            (Some(float), _) => float,
            (None, Some(int)) => int as f64,
            (None, None) => return Err(wrong(node, Problem::Reported)),
        };
        if number.is_infinite() && node.text().contains(|c: char| c.is_ascii_digit()) {
            return Err(wrong(node, Problem::Range));
        }
        Ok(self.interner.float(Float::new(number)))
    }

    /// The word of a date in a string.
    pub(super) fn date(&mut self, node: Node<'_>) -> Result<Word, Wrong> {
        let Some(text) = node.as_str() else { return Err(wrong(node, Problem::Reported)) };
        if let Some(word) = self.dates.get(&*text) {
            return Ok(*word);
        }
        let date = Date::parse(&text).map_err(|why| wrong(node, Problem::Date(why)))?;
        let word = self.interner.date(&date);
        self.dates.insert(text.into(), word);
        Ok(word)
    }

    fn constant(&mut self, node: Node<'_>, enums: &[EnumId]) -> Result<Word, Wrong> {
        let name = node.name().unwrap_or("");
        for id in enums {
            let constants = &self.schema.enum_def(*id).constants;
            let Some(ordinal) = constants.iter().position(|constant| **constant == *name) else { continue };
            let words = self.enums.entry(*id).or_insert_with(|| {
                let value = |(ordinal, name): (usize, &std::sync::Arc<str>)| EnumValue {
                    ty: *id,
                    ordinal: ordinal as u32,
                    name: name.clone(),
                };
                constants.iter().enumerate().map(|at| self.interner.enum_value(&value(at))).collect()
            });
            if let Some(word) = words.get(ordinal) {
                return Ok(*word);
            }
        }
        Err(wrong(node, Problem::Constant(enums.to_vec())))
    }

    /// The word of a list.
    pub(super) fn list(&mut self, node: Node<'_>, item: &Shape) -> Result<Word, Wrong> {
        let begin = self.items.len();
        let mut result = Ok(());
        for child in node.children() {
            match self.value(child, item) {
                Ok(word) => self.items.push(word),
                Err(wrong) => {
                    result = Err(wrong);
                    break;
                }
            }
        }
        let word = self.interner.list(self.items.get(begin..).unwrap_or(&[]));
        self.items.truncate(begin);
        result.map(|()| word)
    }
}

#[cold]
pub(super) fn wrong(node: Node<'_>, what: Problem) -> Wrong {
    Wrong { span: node.span(), what }
}
