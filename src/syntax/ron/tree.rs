//! The lossless tree of one RON document.
//!
//! Nodes lie in one vector in the order of their opening characters (pre-order): the children of
//! a container follow it, and a container knows the index behind its last descendant. A field's
//! name is kept in the node of its value, so that walking the fields of a fact touches nothing
//! but the values themselves. Strings stay in the source text until somebody asks for them.

use std::borrow::Cow;

use super::unescape;
use crate::base::{FileId, Span};

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
    pub(super) fn is_container(self) -> bool {
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
pub struct NodeId(u32);

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

    /// Whether only blanks stand before the comment on its line.
    pub fn is_own_line(&self, comment: &Comment) -> bool {
        let before = self.slice(0, comment.start);
        let line = before.rfind(['\n', '\r']).map_or(before, |at| &before[at + 1..]);
        line.trim_start_matches('\u{feff}').trim().is_empty()
    }
}

/// A node of a tree. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    tree: &'t Tree<'t>,
    index: u32,
}

impl std::fmt::Debug for Node<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?}", self.kind(), self.text())
    }
}

/// A field of a struct.
#[derive(Clone, Copy, Debug)]
pub struct Field<'t> {
    /// Its name, without `r#`.
    pub name: &'t str,
    /// Its value.
    pub value: Node<'t>,
}

/// The two ends of a range, each an integer or a float.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range<'t> {
    /// What stands before the dots, as written.
    pub start: Option<&'t str>,
    /// What stands behind them, as written.
    pub end: Option<&'t str>,
    /// `..=` rather than `..`.
    pub inclusive: bool,
}

impl<'t> Node<'t> {
    #[inline]
    pub(super) fn raw(self) -> &'t Raw {
        // Ids come from this tree alone, so that this is within bounds.
        &self.tree.nodes[self.index as usize]
    }

    /// The index behind its last descendant.
    pub(super) fn next_index(self) -> usize {
        let raw = self.raw();
        if raw.kind.is_container() { raw.a as usize } else { self.index as usize + 1 }
    }

    /// Its number in the tree.
    pub fn id(self) -> NodeId {
        NodeId(self.index)
    }

    /// What it is.
    #[inline]
    pub fn kind(self) -> Kind {
        self.raw().kind
    }

    /// Its place, the name of a struct included.
    #[inline]
    pub fn span(self) -> Span {
        let raw = self.raw();
        Span { file: self.tree.file, start: raw.start, end: raw.end }
    }

    /// Its source text.
    pub fn text(self) -> &'t str {
        let raw = self.raw();
        self.tree.slice(raw.start, raw.end)
    }

    /// Whether a mistake was reported inside it: what is missing here may not really be missing.
    pub fn is_broken(self) -> bool {
        let raw = self.raw();
        raw.kind == Kind::Error || raw.flags & flag::BROKEN != 0
    }

    /// The name of a struct or tuple, or the bare word, without `r#`.
    #[inline]
    pub fn name(self) -> Option<&'t str> {
        let raw = self.raw();
        let written = match raw.kind {
            Kind::Struct | Kind::Tuple if raw.b > 0 => self.tree.slice(raw.start, raw.start + raw.b),
            Kind::Word => self.text(),
            _ => return None,
        };
        Some(written.strip_prefix("r#").unwrap_or(written))
    }

    /// The place of [`Node::name`].
    pub fn name_span(self) -> Option<Span> {
        let raw = self.raw();
        let end = match raw.kind {
            Kind::Struct | Kind::Tuple if raw.b > 0 => raw.start + raw.b,
            Kind::Word => raw.end,
            _ => return None,
        };
        Some(Span { file: self.tree.file, start: raw.start, end })
    }

    /// The name of the field whose value this is, without `r#`.
    #[inline]
    pub fn field_name(self) -> Option<&'t str> {
        let span = self.field_span()?;
        let written = self.tree.slice(span.start, span.end);
        Some(written.strip_prefix("r#").unwrap_or(written))
    }

    /// The place of [`Node::field_name`], with `r#`.
    #[inline]
    pub fn field_span(self) -> Option<Span> {
        let raw = self.raw();
        let end = match raw.field_len {
            0 => return None,
            u16::MAX => raw.field + super::lexer::ident_len(self.tree.slice(raw.field, raw.start)),
            len => raw.field + u32::from(len),
        };
        Some(Span { file: self.tree.file, start: raw.field, end })
    }

    /// The values directly inside; for a map, keys and values in turn.
    #[inline]
    pub fn children(self) -> Children<'t> {
        let raw = self.raw();
        let end = if raw.kind.is_container() { raw.a } else { 0 };
        Children { tree: self.tree, next: self.index + 1, end }
    }

    /// The fields of a struct, in order; nothing for other kinds.
    #[inline]
    pub fn fields(self) -> impl Iterator<Item = Field<'t>> + use<'t> {
        self.children().filter_map(|value| Some(Field { name: value.field_name()?, value }))
    }

    /// The field of that name, the first if there are several.
    pub fn field(self, name: &str) -> Option<Node<'t>> {
        self.fields().find(|field| field.name == name).map(|field| field.value)
    }

    /// The entries of a map, in order; nothing for other kinds.
    pub fn entries(self) -> impl Iterator<Item = (Node<'t>, Node<'t>)> + use<'t> {
        let mut children = if self.kind() == Kind::Map { Some(self.children()) } else { None };
        std::iter::from_fn(move || {
            let children = children.as_mut()?;
            Some((children.next()?, children.next()?))
        })
    }

    /// The value inside `Some(…)`.
    pub fn inner(self) -> Option<Node<'t>> {
        if self.kind() == Kind::Some { self.children().next() } else { None }
    }

    /// The text of a string, with escapes resolved.
    #[inline]
    pub fn as_str(self) -> Option<Cow<'t, str>> {
        if self.kind() != Kind::Str {
            return None;
        }
        let content = self.content();
        Some(if self.raw().flags & flag::ESCAPED == 0 {
            Cow::Borrowed(content)
        } else {
            Cow::Owned(unescape::string(content))
        })
    }

    /// What stands between the quotes of a string or byte string, and where.
    fn content(self) -> &'t str {
        let (start, end) = self.content_range();
        self.tree.slice(start, end)
    }

    /// The place of what stands between the quotes of a string or byte string.
    pub fn content_span(self) -> Option<Span> {
        matches!(self.kind(), Kind::Str | Kind::Bytes).then(|| {
            let (start, end) = self.content_range();
            Span { file: self.tree.file, start, end }
        })
    }

    fn content_range(self) -> (u32, u32) {
        let raw = self.raw();
        let prefix = u32::from(raw.kind == Kind::Bytes);
        let (before, after) =
            if raw.flags & flag::RAW != 0 { (prefix + 1 + raw.a + 1, 1 + raw.a) } else { (prefix + 1, 1) };
        (raw.start + before, raw.end.saturating_sub(after))
    }

    /// Whether a string holds escapes, so that offsets in its text are not offsets in the source.
    pub fn has_escapes(self) -> bool {
        let raw = self.raw();
        matches!(raw.kind, Kind::Str | Kind::Bytes) && raw.flags & flag::ESCAPED != 0
    }

    /// Whether a string is a raw one.
    pub(super) fn is_raw_string(self) -> bool {
        let raw = self.raw();
        matches!(raw.kind, Kind::Str | Kind::Bytes) && raw.flags & flag::RAW != 0
    }

    /// The bytes of a byte string.
    pub fn as_bytes(self) -> Option<Cow<'t, [u8]>> {
        if self.kind() != Kind::Bytes {
            return None;
        }
        let content = self.content();
        Some(if self.raw().flags & flag::ESCAPED == 0 {
            Cow::Borrowed(content.as_bytes())
        } else {
            Cow::Owned(unescape::bytes(content))
        })
    }

    /// The character of a character literal.
    pub fn as_char(self) -> Option<char> {
        if self.kind() != Kind::Char {
            return None;
        }
        let text = self.text();
        let content = text.get(1..text.len().saturating_sub(1))?;
        if content.starts_with('\\') {
            unescape::string(content).chars().next()
        } else {
            content.chars().next()
        }
    }

    /// `true` or `false`.
    pub fn as_bool(self) -> Option<bool> {
        let raw = self.raw();
        (raw.kind == Kind::Bool).then_some(raw.flags & flag::TRUE != 0)
    }

    /// The value of an integer, from `i64::MIN` to `u64::MAX`.
    pub fn as_int(self) -> Option<i128> {
        let raw = self.raw();
        if raw.kind != Kind::Int {
            return None;
        }
        let magnitude = i128::from(join(raw.a, raw.b));
        Some(if raw.flags & flag::NEGATIVE != 0 { -magnitude } else { magnitude })
    }

    /// The value of an integer that fits into an `i64`.
    #[inline]
    pub fn as_i64(self) -> Option<i64> {
        let raw = self.raw();
        if raw.kind != Kind::Int {
            return None;
        }
        let magnitude = join(raw.a, raw.b);
        if raw.flags & flag::NEGATIVE != 0 {
            0i64.checked_sub_unsigned(magnitude)
        } else {
            magnitude.try_into().ok()
        }
    }

    /// The type that the suffix of an integer names; `u8` for a byte literal.
    pub fn int_type(self) -> Option<IntType> {
        let raw = self.raw();
        if raw.kind != Kind::Int {
            return None;
        }
        IntType::ALL.iter().map(|row| row.0).find(|ty| *ty as u8 == raw.flags & flag::SUFFIX)
    }

    /// Whether this is a byte literal, `b'a'`.
    pub fn is_byte(self) -> bool {
        let raw = self.raw();
        raw.kind == Kind::Int && raw.flags & flag::BYTE != 0
    }

    /// The value of a float; integers are not floats, see [`Node::as_int`].
    #[inline]
    pub fn as_float(self) -> Option<f64> {
        let raw = self.raw();
        (raw.kind == Kind::Float).then(|| f64::from_bits(join(raw.a, raw.b)))
    }

    /// The suffix of a float, `f32` or `f64`.
    pub fn float_suffix(self) -> Option<&'static str> {
        let raw = self.raw();
        match (raw.kind, raw.flags & flag::SUFFIX) {
            (Kind::Float, flag::F32) => Some("f32"),
            (Kind::Float, flag::F64) => Some("f64"),
            _ => None,
        }
    }

    /// The two ends of a range.
    pub fn as_range(self) -> Option<Range<'t>> {
        if self.kind() != Kind::Range {
            return None;
        }
        let text = self.text();
        let at = text.find("..")?;
        let (start, rest) = (&text[..at], &text[at + 2..]);
        let (inclusive, end) = match rest.strip_prefix('=') {
            Some(end) => (true, end),
            None => (false, rest),
        };
        let some = |part: &'t str| (!part.is_empty()).then_some(part);
        Some(Range { start: some(start), end: some(end), inclusive })
    }
}

fn join(low: u32, high: u32) -> u64 {
    u64::from(low) | u64::from(high) << 32
}

/// The values directly inside a node.
#[derive(Clone)]
pub struct Children<'t> {
    tree: &'t Tree<'t>,
    next: u32,
    end: u32,
}

impl<'t> Iterator for Children<'t> {
    type Item = Node<'t>;

    #[inline]
    fn next(&mut self) -> Option<Node<'t>> {
        if self.next >= self.end {
            return None;
        }
        let node = Node { tree: self.tree, index: self.next };
        self.next = node.next_index() as u32;
        Some(node)
    }
}
