//! The printer: one normal layout for a document, with every comment kept.
//!
//! A container stands on one line where it fits into [`WIDTH`] columns; otherwise each of its
//! items has a line of its own, with a comma behind the last as well. The root and the list
//! `facts` always have an item a line. At most one blank line is kept between items.

use super::gaps::{Ends, Gaps, Item, Lead};
use super::literal;
use super::node::Node;
use super::tree::{Comment, CommentKind, Kind, Tree};

/// Columns of a line.
pub const WIDTH: usize = 120;

/// The fields about an assertion, in the order in which they are written.
pub const METADATA: [&str; 11] = [
    "_src",
    "_at",
    "_quote",
    "_by",
    "_based_on",
    "_status",
    "_conf",
    "_on",
    "_review",
    "_extractor",
    "_note",
];

/// What the printer has to know of a schema.
pub trait Layout {
    /// How many columns the relation has, if it is known.
    fn arity(&self, relation: &str) -> Option<usize>;
    /// The place of a column among those of its relation, from 0.
    fn position(&self, relation: &str, column: &str) -> Option<usize>;
    /// The name of the column at a place.
    fn column(&self, relation: &str, position: usize) -> Option<&str>;
}

/// No schema: fields stay in their order, positional facts stay positional.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoSchema;

impl Layout for NoSchema {
    fn arity(&self, _: &str) -> Option<usize> {
        None
    }

    fn position(&self, _: &str, _: &str) -> Option<usize> {
        None
    }

    fn column(&self, _: &str, _: usize) -> Option<&str> {
        None
    }
}

/// The document in its normal layout. The tree must come from a text without errors; what is
/// unreadable in one that does not is written as it was.
pub fn print(tree: &Tree<'_>, layout: &dyn Layout) -> String {
    let out = String::with_capacity(tree.text().len() + 64);
    let mut printer = Printer { gaps: Gaps::new(tree), layout, out, line: 0, width: WIDTH };
    printer.document();
    printer.out
}

/// A value on one line, without comments: for messages, answers and single facts.
pub fn one_line(node: Node<'_>) -> String {
    let gaps = Gaps::without_comments(node.tree());
    let mut printer = Printer { gaps, layout: &NoSchema, out: String::new(), line: 0, width: usize::MAX };
    printer.flat(node, Place::Nested);
    printer.out
}

/// Where a node stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// It is the root.
    Root,
    /// The list of facts in a root struct.
    Facts,
    /// The defaults in a root struct.
    Defaults,
    /// An element of the list of facts.
    Fact,
    /// Anywhere else.
    Nested,
}

struct Printer<'t, 'l> {
    gaps: Gaps<'t>,
    layout: &'l dyn Layout,
    out: String,
    /// Where the current line begins in `out`.
    line: usize,
    width: usize,
}

impl<'t> Printer<'t, '_> {
    fn document(&mut self) {
        let (items, rest) = self.gaps.top_level();
        for (i, item) in items.iter().enumerate() {
            self.leading(item, 0, i == 0);
            match item.value {
                Some(root) => self.broken(root, Place::Root, 0),
                None => self.out.push_str(self.gaps.slice(item.span)),
            }
            self.trailing(&item.trailing);
            self.newline(0);
        }
        self.dangling(&rest, 0, items.is_empty());
        let len = self.out.trim_end_matches([' ', '\n']).len();
        self.out.truncate(len);
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    fn newline(&mut self, indent: usize) {
        let len = self.out.trim_end_matches(' ').len();
        self.out.truncate(len);
        self.out.push('\n');
        self.line = self.out.len();
        self.out.extend(std::iter::repeat_n(' ', indent));
    }

    fn fits(&self, tail: usize) -> bool {
        let line = &self.out[self.line..];
        line.len().saturating_add(tail) <= self.width
            || line.chars().count().saturating_add(tail) <= self.width
    }

    /// A value that starts where the line has come to; `indent` is the line's.
    fn value(&mut self, node: Node<'t>, place: Place, indent: usize) {
        if !self.has_inside(node) {
            self.open(node);
            return;
        }
        let mark = self.out.len();
        let on_one_line =
            place != Place::Facts && !self.gaps.must_break(node) && self.flat(node, place) && self.fits(1);
        if !on_one_line {
            self.out.truncate(mark);
            self.broken(node, place, indent);
        }
    }

    /// A leaf, or the name and the opening bracket of a container.
    fn open(&mut self, node: Node<'t>) {
        match node.kind() {
            Kind::Some => self.out.push_str("Some("),
            Kind::List => self.out.push('['),
            Kind::Map => self.out.push('{'),
            Kind::Tuple | Kind::Struct => {
                if let Some(span) = node.name_span() {
                    self.out.push_str(self.gaps.slice(span));
                }
                self.out.push('(');
            }
            Kind::Unit if self.has_inside(node) => self.out.push('('),
            _ => return literal::write_leaf(node, &mut self.out),
        }
        if !self.has_inside(node) {
            self.close(node);
        }
    }

    /// Whether anything, be it a comment, stands between the brackets of a node.
    fn has_inside(&self, node: Node<'t>) -> bool {
        let brackets = node.kind().is_container() || node.kind() == Kind::Unit;
        brackets && (node.children().next().is_some() || self.gaps.any_inside(node))
    }

    fn close(&mut self, node: Node<'t>) {
        self.out.push(match node.kind() {
            Kind::List => ']',
            Kind::Map => '}',
            _ => ')',
        });
    }

    /// The items of a container in the order in which they are written.
    fn items(&self, node: Node<'t>, place: Place) -> (Vec<Item<'t>>, Ends) {
        let (mut items, ends) = self.gaps.items(node);
        let relation = node.name().filter(|_| place == Place::Fact);
        if let Some(relation) = relation.filter(|relation| self.positional(node, relation, items.len())) {
            for (i, item) in items.iter_mut().enumerate() {
                item.column = self.layout.column(relation, i).map(str::to_owned);
            }
        }
        if matches!(place, Place::Fact | Place::Defaults) && node.kind() == Kind::Struct {
            items.sort_by_key(|item| {
                let name = item.value.and_then(|value| value.field_name()).unwrap_or("");
                let known = relation.and_then(|relation| self.layout.position(relation, name));
                match known {
                    Some(position) => (0, position),
                    None if !name.starts_with('_') => (1, 0),
                    None => (2, METADATA.iter().position(|known| *known == name).unwrap_or(METADATA.len())),
                }
            });
        }
        (items, ends)
    }

    /// Whether a fact is written by position and its columns are known.
    fn positional(&self, node: Node<'t>, relation: &str, count: usize) -> bool {
        node.kind() == Kind::Tuple && count > 0 && self.layout.arity(relation) == Some(count)
    }

    /// Where an item of a container stands.
    fn place_of(&self, node: Node<'t>, place: Place, item: Node<'t>) -> Place {
        match (place, node.kind(), item.field_name()) {
            (Place::Root, Kind::Struct, Some("facts")) if item.kind() == Kind::List => Place::Facts,
            (Place::Root, Kind::Struct, Some("defaults")) if node.name().is_none() => Place::Defaults,
            (Place::Root | Place::Facts, Kind::List, _) => Place::Fact,
            _ => Place::Nested,
        }
    }

    /// All on one line; gives up, leaving something unfinished, when that gets too long.
    fn flat(&mut self, node: Node<'t>, place: Place) -> bool {
        self.open(node);
        if !self.has_inside(node) {
            return true;
        }
        let (items, ends) = self.items(node, place);
        for comment in &ends.opening {
            self.inline(comment);
        }
        for (i, item) in items.iter().enumerate() {
            if i > 0 {
                self.out.push_str(", ");
            }
            item.leading.iter().for_each(|lead| self.inline(&lead.comment));
            self.label(item, 0);
            if let Some(value) = item.value
                && !self.flat(value, self.place_of(node, place, value))
            {
                return false;
            }
            for comment in &item.trailing {
                self.out.push(' ');
                self.out.push_str(self.gaps.text(comment));
            }
            if !self.fits(0) {
                return false;
            }
        }
        for lead in &ends.dangling {
            if !self.out.ends_with(['(', '[', '{', ' ']) {
                self.out.push(' ');
            }
            self.out.push_str(self.gaps.text(&lead.comment));
        }
        if ends.dangling.is_empty() && items.is_empty() {
            let len = self.out.trim_end_matches(' ').len();
            self.out.truncate(len);
        }
        self.close(node);
        true
    }

    fn inline(&mut self, comment: &Comment) {
        self.out.push_str(self.gaps.text(comment));
        self.out.push(' ');
    }

    /// What stands before the value: the field's name, or the key of a map, and comments.
    fn label(&mut self, item: &Item<'t>, indent: usize) {
        if let Some(column) = &item.column {
            self.out.push_str(column);
        } else if let Some(key) = item.key {
            self.value(key, Place::Nested, indent);
        } else if let Some(span) = item.value.and_then(|value| value.field_span()) {
            self.out.push_str(self.gaps.slice(span));
        } else {
            return;
        }
        self.out.push_str(": ");
        for comment in &item.middle {
            self.out.push_str(self.gaps.text(comment));
            match comment.kind {
                CommentKind::Line => self.newline(indent + 4),
                CommentKind::Block => self.out.push(' '),
            }
        }
    }

    /// An item a line.
    fn broken(&mut self, node: Node<'t>, place: Place, indent: usize) {
        self.open(node);
        if !self.has_inside(node) {
            return;
        }
        let (items, ends) = self.items(node, place);
        self.trailing(&ends.opening);
        let inner = indent + 4;
        for (i, item) in items.iter().enumerate() {
            self.newline(inner);
            self.leading(item, inner, i == 0);
            self.label(item, inner);
            if let Some(value) = item.value {
                self.value(value, self.place_of(node, place, value), inner);
            }
            self.out.push(',');
            self.trailing(&item.trailing);
        }
        self.newline(inner);
        let mark = self.out.len();
        self.dangling(&ends.dangling, inner, items.is_empty());
        if self.out.len() == mark {
            self.out.truncate(self.line + indent);
        } else {
            self.newline(indent);
        }
        self.close(node);
    }

    /// The comments before an item, and a blank line where there was one. The line is fresh.
    fn leading(&mut self, item: &Item<'t>, indent: usize, first: bool) {
        let mut first = first;
        for lead in &item.leading {
            if lead.blank_before && !first {
                self.newline(indent);
            }
            first = false;
            self.out.push_str(self.gaps.text(&lead.comment));
            if lead.inline {
                self.out.push(' ');
            } else {
                self.newline(indent);
            }
        }
        if item.blank_before && !first {
            self.newline(indent);
        }
    }

    /// Comments at the end of a line.
    fn trailing(&mut self, comments: &[Comment]) {
        for comment in comments {
            if !self.out.ends_with(' ') {
                self.out.push(' ');
            }
            self.out.push_str(self.gaps.text(comment));
        }
    }

    /// Comments behind the last item, each on its own line. The line is fresh.
    fn dangling(&mut self, comments: &[Lead], indent: usize, first: bool) {
        for (i, lead) in comments.iter().enumerate() {
            if i > 0 {
                self.newline(indent);
            }
            if lead.blank_before && !(first && i == 0) {
                self.newline(indent);
            }
            self.out.push_str(self.gaps.text(&lead.comment));
        }
    }
}
