//! Which comment belongs to which item, for the printer.
//!
//! Between two items stands a gap: blanks, at most one comma, comments. A comment before the
//! comma, or behind it at the end of the line, belongs to the item before; every other one to the
//! item that follows, or to nothing ("dangling") before the closing bracket.

use super::node::Node;
use super::tree::{Comment, CommentKind, Kind, Tree, flag};
use crate::base::Span;

/// A comment before an item.
#[derive(Clone, Debug)]
pub(super) struct Lead {
    pub(super) comment: Comment,
    /// A blank line stands before it.
    pub(super) blank_before: bool,
    /// What follows stands on the same line.
    pub(super) inline: bool,
}

/// One item of a container with its comments.
#[derive(Clone, Debug)]
pub(super) struct Item<'t> {
    /// The key of a map's entry.
    pub(super) key: Option<Node<'t>>,
    /// The value; nothing for an attribute of the document.
    pub(super) value: Option<Node<'t>>,
    /// The name that a positional value gets.
    pub(super) column: Option<String>,
    /// Its place, from its name or key to the end of its value.
    pub(super) span: Span,
    pub(super) leading: Vec<Lead>,
    /// A blank line stands between it and what is before it.
    pub(super) blank_before: bool,
    /// Comments between name and value.
    pub(super) middle: Vec<Comment>,
    pub(super) trailing: Vec<Comment>,
}

/// The comments at the brackets of a container.
#[derive(Clone, Debug, Default)]
pub(super) struct Ends {
    /// On the line of the opening bracket, with nothing behind them.
    pub(super) opening: Vec<Comment>,
    /// Before the closing bracket.
    pub(super) dangling: Vec<Lead>,
}

/// What stands around a gap.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Side {
    /// An item.
    Item,
    /// A bracket of the container.
    Bracket,
    /// The beginning or the end of the text.
    Text,
}

/// The comments of a tree, by place.
pub(super) struct Gaps<'t> {
    tree: &'t Tree<'t>,
    comments: &'t [Comment],
}

impl<'t> Gaps<'t> {
    pub(super) fn new(tree: &'t Tree<'t>) -> Self {
        Gaps { tree, comments: tree.comments() }
    }

    /// As if there were no comments.
    pub(super) fn without_comments(tree: &'t Tree<'t>) -> Self {
        Gaps { tree, comments: &[] }
    }

    pub(super) fn slice(&self, span: Span) -> &'t str {
        self.tree.slice(span.start, span.end)
    }

    /// The text of a comment, without blanks at the end of its lines' ends.
    pub(super) fn text(&self, comment: &Comment) -> &'t str {
        self.tree.slice(comment.start, comment.end).trim_end()
    }

    fn within(&self, start: u32, end: u32) -> &'t [Comment] {
        let from = self.comments.partition_point(|comment| comment.start < start);
        let count = self.comments[from..].partition_point(|comment| comment.start < end);
        &self.comments[from..from + count]
    }

    /// Whether comments stand inside a node.
    pub(super) fn any_inside(&self, node: Node<'_>) -> bool {
        !self.comments.is_empty() && !self.within(node.span().start, node.span().end).is_empty()
    }

    /// Whether a comment inside a node needs more than one line.
    pub(super) fn must_break(&self, node: Node<'_>) -> bool {
        self.within(node.span().start, node.span().end)
            .iter()
            .any(|comment| comment.kind == CommentKind::Line || self.text(comment).contains(['\n', '\r']))
    }

    /// The attributes and the root as items, and the comments behind them.
    pub(super) fn top_level(&self) -> (Vec<Item<'t>>, Vec<Lead>) {
        let attributes = self.tree.attributes().iter().map(|attribute| {
            let span = Span { file: self.tree.file(), start: attribute.start, end: attribute.end };
            item(None, None, span)
        });
        let root = self.tree.root().map(|root| item(None, Some(root), root.span()));
        let mut items: Vec<_> = attributes.chain(root).collect();
        let ends = self.fill(&mut items, (0, Side::Text), (self.tree.text().len() as u32, Side::Text));
        (items, ends.dangling)
    }

    /// The items of a container, and the comments at its brackets.
    pub(super) fn items(&self, node: Node<'t>) -> (Vec<Item<'t>>, Ends) {
        let span = node.span();
        let name_end = node.name_span().map_or(span.start, |name| name.end);
        let inner = match node.inner() {
            Some(inner) if inner.raw().flags & flag::UNWRAPPED != 0 => inner,
            _ => node,
        };
        let mut items: Vec<_> = if inner.kind() == Kind::Map {
            inner
                .entries()
                .map(|(key, value)| item(Some(key), Some(value), key.span().to(value.span())))
                .collect()
        } else {
            inner
                .children()
                .map(|value| {
                    let start = value.field_span().unwrap_or(value.span());
                    item(None, Some(value), start.to(value.span()))
                })
                .collect()
        };
        for item in &mut items {
            let before_value = match (item.key, item.value) {
                (Some(key), Some(value)) => Some((key.span().end, value.span().start)),
                (None, Some(value)) => value.field_span().map(|name| (name.end, value.span().start)),
                _ => None,
            };
            if let Some((start, end)) = before_value {
                item.middle = self.within(start, end).to_vec();
            }
        }
        let close = span.end.saturating_sub(1);
        let ends = self.fill(&mut items, (name_end, Side::Bracket), (close, Side::Bracket));
        (items, ends)
    }

    /// Distributes the comments of all gaps.
    fn fill(&self, items: &mut [Item<'t>], from: (u32, Side), to: (u32, Side)) -> Ends {
        let mut ends = Ends::default();
        let (mut start, mut side) = from;
        for i in 0..=items.len() {
            let next = items.get(i).map_or(to, |item| (item.span.start, Side::Item));
            let (before, leading, blank_before) = self.gap((start, side), next);
            match i.checked_sub(1).and_then(|last| items.get_mut(last)) {
                Some(last) => last.trailing = before,
                None => ends.opening = before,
            }
            match items.get_mut(i) {
                Some(item) => {
                    (item.leading, item.blank_before) = (leading, blank_before);
                    (start, side) = (item.span.end, Side::Item);
                }
                None => ends.dangling = leading,
            }
        }
        ends
    }

    /// The comments of one gap: those that belong to what is before it, those that belong to what
    /// follows, and whether a blank line stands directly before that.
    fn gap(&self, from: (u32, Side), to: (u32, Side)) -> (Vec<Comment>, Vec<Lead>, bool) {
        let ((start, before), (end, after)) = (from, to);
        let comments = self.within(start, end);
        let (mut trailing, mut leading) = (Vec::new(), Vec::new());
        let mut at = start;
        let mut line_ended = false;
        for (i, comment) in comments.iter().enumerate() {
            let blanks = line_ends(self.tree.slice(at, comment.start));
            line_ended |= blanks > 0;
            let ends_line = self.ends_line(comment, &comments[i + 1..], end, after);
            let belongs_before = match before {
                Side::Item => {
                    self.comma_behind(comment, &comments[i + 1..], end) || (!line_ended && ends_line)
                }
                Side::Bracket => !line_ended && ends_line && self.line_goes_on_below(comment.end, end),
                Side::Text => false,
            };
            if belongs_before && leading.is_empty() {
                trailing.push(*comment);
            } else {
                let next = comments.get(i + 1).map_or(end, |next| next.start);
                let inline =
                    comment.kind == CommentKind::Block && line_ends(self.tree.slice(comment.end, next)) == 0;
                leading.push(Lead { comment: *comment, blank_before: blanks > 1, inline });
            }
            at = comment.end;
        }
        (trailing, leading, line_ends(self.tree.slice(at, end)) > 1)
    }

    /// Whether nothing but comments follows on the line of a comment.
    fn ends_line(&self, comment: &Comment, rest: &[Comment], end: u32, after: Side) -> bool {
        let mut at = comment.end;
        for next in rest {
            if line_ends(self.tree.slice(at, next.start)) > 0 {
                return true;
            }
            at = next.end;
        }
        after != Side::Item || line_ends(self.tree.slice(at, end)) > 0
    }

    fn line_goes_on_below(&self, from: u32, to: u32) -> bool {
        line_ends(self.tree.slice(from, to)) > 0
    }

    /// Whether the comma of the gap comes behind a comment.
    fn comma_behind(&self, comment: &Comment, rest: &[Comment], end: u32) -> bool {
        let mut at = comment.end;
        rest.iter().map(|next| (next.start, next.end)).chain([(end, end)]).any(|(start, next)| {
            let found = self.tree.slice(at, start).contains(',');
            at = next;
            found
        })
    }
}

fn item<'t>(key: Option<Node<'t>>, value: Option<Node<'t>>, span: Span) -> Item<'t> {
    Item {
        key,
        value,
        column: None,
        span,
        leading: Vec::new(),
        blank_before: false,
        middle: Vec::new(),
        trailing: Vec::new(),
    }
}

/// How many lines end in a text: at LF, CRLF and a lone CR.
fn line_ends(text: &str) -> usize {
    let bytes = text.as_bytes();
    bytes
        .iter()
        .enumerate()
        .filter(|&(i, &b)| b == b'\n' || (b == b'\r' && bytes.get(i + 1) != Some(&b'\n')))
        .count()
}
