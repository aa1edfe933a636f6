//! The lossless tree of one RON document.
//!
//! Nodes lie in one vector in the order of their opening characters (pre-order): the children of
//! a container follow it, and a container knows the index behind its last descendant. A field's
//! name is kept in the node of its value, so that walking the fields of a fact touches nothing
//! but the values themselves. Strings stay in the source text until somebody asks for them.

use super::node::Node;
use crate::base::FileId;

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A place where a value was due and something else stood; a diagnostic tells what.
    Error,
    /// `()`.
    Unit,
    /// `true` or `false`.
    Bool,
    /// An integer: `12`, `-0x1f`, `1u8`, `b'a'`.
    Int,
    /// A floating point number: `1.5`, `2e9`, `inf`, `1f32`.
    Float,
    /// `1..2`, `1..=2`, `1..`, `..2`, `..=2`, `..`.
    Range,
    /// `'c'`.
    Char,
    /// `"text"` or `r#"text"#`.
    Str,
    /// `b"bytes"` or `br#"bytes"#`.
    Bytes,
    /// A bare word: an enum constant or a unit struct.
    Word,
    /// `None`.
    None,
    /// `Some(value)`; one child.
    Some,
    /// `[…]`.
    List,
    /// `{key: value, …}`; children alternate.
    Map,
    /// `(a, b)`, `Name(a, b)`, and `Name()`.
    Tuple,
    /// `(x: a)` or `Name(x: a)`; every child has a field name.
    Struct,
}

impl Kind {
    /// What a person would call it, with its article.
    pub fn describe(self) -> &'static str {
        match self {
            Kind::Error => "something unreadable",
            Kind::Unit => "the unit `()`",
            Kind::Bool => "a boolean",
            Kind::Int => "an integer",
            Kind::Float => "a floating point number",
            Kind::Range => "a range",
            Kind::Char => "a character",
            Kind::Str => "a string",
            Kind::Bytes => "a byte string",
            Kind::Word => "a bare word",
            Kind::None => "`None`",
            Kind::Some => "`Some(…)`",
            Kind::List => "a list",
            Kind::Map => "a map",
            Kind::Tuple => "a tuple",
            Kind::Struct => "a struct",
        }
    }

    /// Whether nodes of this kind can have children.
    pub fn is_container(self) -> bool {
        matches!(self, Kind::Some | Kind::List | Kind::Map | Kind::Tuple | Kind::Struct)
    }
}

/// The type that an integer's suffix names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum IntType {
    /// `i8`.
    I8 = 1,
    /// `i16`.
    I16,
    /// `i32`.
    I32,
    /// `i64`.
    I64,
    /// `u8`, also of a byte literal `b'a'`.
    U8,
    /// `u16`.
    U16,
    /// `u32`.
    U32,
    /// `u64`.
    U64,
}

impl IntType {
    /// All of them with their spelling, lowest and highest value.
    pub(super) const ALL: [(IntType, &'static str, i128, i128); 8] = [
        (IntType::I8, "i8", i8::MIN as i128, i8::MAX as i128),
        (IntType::I16, "i16", i16::MIN as i128, i16::MAX as i128),
        (IntType::I32, "i32", i32::MIN as i128, i32::MAX as i128),
        (IntType::I64, "i64", i64::MIN as i128, i64::MAX as i128),
        (IntType::U8, "u8", 0, u8::MAX as i128),
        (IntType::U16, "u16", 0, u16::MAX as i128),
        (IntType::U32, "u32", 0, u32::MAX as i128),
        (IntType::U64, "u64", 0, u64::MAX as i128),
    ];

    /// Its spelling.
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|row| row.0 == self).map_or("", |row| row.1)
    }
}

/// Extensions that a document enables with `#![enable(…)]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Extensions {
    /// `unwrap_newtypes`: newtype structs may be written as their content alone.
    pub unwrap_newtypes: bool,
    /// `implicit_some`: an optional value may be written bare.
    pub implicit_some: bool,
    /// `unwrap_variant_newtypes`: `Some(a: 1)` for `Some((a: 1))`.
    pub unwrap_variant_newtypes: bool,
    /// `explicit_struct_names`: structs with fields must be named.
    pub explicit_struct_names: bool,
}

/// How a comment is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommentKind {
    /// `// …` to the end of the line; the span leaves the line end out.
    Line,
    /// `/* … */`.
    Block,
}

/// A comment and its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// Offset of its first byte.
    pub start: u32,
    /// Offset one past its last byte.
    pub end: u32,
    /// How it is written.
    pub kind: CommentKind,
}

/// A document attribute, `#![…]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attribute {
    /// Offset of the `#`.
    pub start: u32,
    /// Offset one past the `]`.
    pub end: u32,
}

/// The number of a node in its tree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(pub(super) u32);

/// One node as it is stored: 24 bytes.
///
/// `a` and `b` depend on the kind. Containers: `a` is the index behind the last descendant, `b`
/// the length of the name. Integers: the magnitude, low half first. Floats: the bits, likewise.
/// Raw strings: `a` is the number of hashes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Raw {
    pub(super) start: u32,
    pub(super) end: u32,
    pub(super) a: u32,
    pub(super) b: u32,
    /// Start of the field's name, where the node is the value of a field.
    pub(super) field: u32,
    /// Length of the field's name; 0 for none, `u16::MAX` for "look again".
    pub(super) field_len: u16,
    pub(super) kind: Kind,
    pub(super) flags: u8,
}

/// Flags of [`Raw`]. The low four bits are the suffix of a number.
pub(super) mod flag {
    pub(crate) const SUFFIX: u8 = 0x0f;
    /// Suffix of a float: `f32` or `f64`.
    pub(crate) const F32: u8 = 1;
    pub(crate) const F64: u8 = 2;
    /// A negative integer.
    pub(crate) const NEGATIVE: u8 = 0x10;
    /// `b'a'`.
    pub(crate) const BYTE: u8 = 0x20;
    /// A string with escapes.
    pub(crate) const ESCAPED: u8 = 0x10;
    /// A raw string.
    pub(crate) const RAW: u8 = 0x20;
    /// `true`.
    pub(crate) const TRUE: u8 = 0x10;
    /// A struct, tuple or unit without parentheses of its own inside `Some(…)`.
    pub(crate) const UNWRAPPED: u8 = 0x40;
    /// A mistake was reported somewhere inside.
    pub(crate) const BROKEN: u8 = 0x80;
}

/// One RON document: its text, its nodes, its comments and attributes.
#[derive(Debug, Clone)]
pub struct Tree<'t> {
    pub(super) file: FileId,
    pub(super) text: &'t str,
    pub(super) nodes: Vec<Raw>,
    pub(super) comments: Vec<Comment>,
    pub(super) attributes: Vec<Attribute>,
    pub(super) extensions: Extensions,
}

impl<'t> Tree<'t> {
    pub(super) fn new(file: FileId, text: &'t str) -> Self {
        Tree {
            file,
            text,
            nodes: Vec::new(),
            comments: Vec::new(),
            attributes: Vec::new(),
            extensions: Extensions::default(),
        }
    }

    /// The document's value; `None` for an empty or comment-only file.
    pub fn root(&self) -> Option<Node<'_>> {
        (!self.nodes.is_empty()).then_some(Node { tree: self, index: 0 })
    }

    /// The node of an id that this tree gave out.
    pub fn node(&self, id: NodeId) -> Node<'_> {
        Node { tree: self, index: id.0 }
    }

    /// The node of an index into the vector.
    pub(super) fn node_at(&self, index: usize) -> Node<'_> {
        Node { tree: self, index: index as u32 }
    }

    /// The file that the spans point into.
    pub fn file(&self) -> FileId {
        self.file
    }

    /// The whole source text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// All comments, by position.
    pub fn comments(&self) -> &[Comment] {
        &self.comments
    }

    /// The attributes before the value, by position.
    pub fn attributes(&self) -> &[Attribute] {
        &self.attributes
    }

    /// The extensions that the attributes enable.
    pub fn extensions(&self) -> Extensions {
        self.extensions
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// Whether there is no value at all.
    pub fn is_empty(&self) -> bool {
        self.nodes.is_empty()
    }

    /// The text between two offsets; `""` where they make no sense.
    pub(super) fn slice(&self, start: u32, end: u32) -> &'t str {
        self.text.get(start as usize..end as usize).unwrap_or("")
    }
}
