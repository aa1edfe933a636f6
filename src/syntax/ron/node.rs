//! Views of the nodes of a tree: what they are, where they stand, what they hold.

use std::borrow::Cow;

use super::tree::{IntType, Kind, NodeId, Raw, Tree, flag};
use super::{lexer, unescape};
use crate::base::Span;

/// A node of a tree. Cheap to copy.
#[derive(Clone, Copy)]
pub struct Node<'t> {
    pub(super) tree: &'t Tree<'t>,
    pub(super) index: u32,
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

    /// The tree that it is a node of.
    pub fn tree(self) -> &'t Tree<'t> {
        self.tree
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
            u16::MAX => raw.field + lexer::ident_len(self.tree.slice(raw.field, raw.start)),
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
