//! Where in a stated fact a field stands. Assertions keep only the place of the whole fact, so its
//! text is read once more, and only for what is reported.

use super::Evidence;
use crate::base::Span;
use crate::model::Predicate;
use crate::syntax::ron::{self, Node};

/// A part of a fact.
#[derive(Clone, Copy, Debug)]
pub(super) enum Part<'p> {
    /// A column of its relation.
    Column(&'p Predicate, usize),
    /// A field of metadata, by name.
    Metadata(&'p str),
    /// Whatever holds the text that is looked for.
    Any,
}

/// The place of the text `wanted` within a part of the fact at `fact`, or of the part itself where
/// no text is wanted. `None` if it does not stand there, as a default does not, or if the fact was
/// not read from RON.
pub(super) fn place(
    evidence: &Evidence<'_>,
    fact: Span,
    part: Part<'_>,
    wanted: Option<&str>,
) -> Option<Span> {
    let text = evidence.sources?.text(fact).trim_end().trim_end_matches('.');
    let parse = ron::parse(fact.file, text);
    if !parse.diagnostics.is_empty() {
        return None;
    }
    let root = parse.tree.root()?;
    let value = match part {
        Part::Column(predicate, at) => match root.field(&predicate.columns.get(at)?.name) {
            Some(value) => value,
            // Without names, by position.
            None if root.fields().next().is_none() => root.children().nth(at)?,
            None => return None,
        },
        Part::Metadata(name) => root.field(name)?,
        Part::Any => root,
    };
    let found = match wanted {
        Some(wanted) => string(value, wanted)?,
        None => value,
    };
    let span = found.span();
    Some(Span { file: fact.file, start: fact.start + span.start, end: fact.start + span.end })
}

/// The first string of that text in a value.
fn string<'t>(value: Node<'t>, wanted: &str) -> Option<Node<'t>> {
    let mut open = vec![value];
    while let Some(node) = open.pop() {
        if node.as_str().is_some_and(|text| text == wanted) {
            return Some(node);
        }
        let from = open.len();
        open.extend(node.children());
        open[from..].reverse();
    }
    None
}
