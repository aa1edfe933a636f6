//! The normal form of a rule file.
//!
//! An item stands on one line of at most [`WIDTH`] columns; a longer one, or one with comments
//! inside, has its head on one line and its body on the next, or, where that is too long, a
//! literal (column, argument, constant) a line. The order of items, comments, and single blank lines between items are kept. Comments inside a
//! literal or a head move before it; all others stay where they are. A component's items
//! stand one below the other within its braces. What the language does not have stays as it was
//! written.

use std::slice::Iter;

use super::expr::Writer;
use crate::base::{Diagnostic, FileId, Span};
use crate::syntax::datalog::ast::{Args, Body, Clause, Component, Expr, Item, ItemKind, NamedArg};
use crate::syntax::datalog::{Comment, lex, parse_program};

/// Longest line, in characters, that an item may have without being broken.
const WIDTH: usize = 110;
const INDENT: usize = 4;

/// The normal form of the rule file `text`, or what is wrong with it. Formatting the result again
/// changes nothing.
pub fn format_program(file: FileId, text: &str) -> Result<String, Vec<Diagnostic>> {
    let (program, diagnostics) = parse_program(file, text);
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let comments = lex(file, text).comments;
    let mut layout = Layout {
        text,
        comments: comments.iter(),
        out: String::with_capacity(text.len() + text.len() / 8),
        last_end: 0,
        indent: 0,
        after_line_comment: false,
    };
    for item in &program.items {
        layout.item(item);
    }
    layout.comments_before(u32::MAX, 0, true);
    if !layout.out.is_empty() {
        layout.out.push('\n');
    }
    Ok(layout.out)
}

/// An item taken apart for several lines.
struct Parts {
    /// The first line, without the parts.
    head: String,
    /// Where the head ends in the source.
    head_end: u32,
    /// Each with its place and its text, separators included.
    parts: Vec<(Span, String)>,
    /// What stands on a line of its own behind them; may be empty.
    tail: String,
}

struct Layout<'t> {
    text: &'t str,
    comments: Iter<'t, Comment>,
    /// Never ends with a line end while there is more to come.
    out: String,
    /// Where the last thing written ends in the source.
    last_end: u32,
    /// Columns before everything: more within components.
    indent: usize,
    /// Whether the last line ends with a `//` comment, behind which nothing can be added.
    after_line_comment: bool,
}

impl Layout<'_> {
    fn item(&mut self, item: &Item) {
        self.comments_before(item.span.start, 0, true);
        let blank = self.blank_line_before(item.span.start);
        let mut first = true;
        let line = one_line(item);
        let Some(line) = line else {
            // The comments inside are part of the text.
            self.drop_comments_before(item.span.end);
            let source = self.text.get(item.span.range()).unwrap_or("");
            self.line(source, 0, blank);
            self.last_end = item.span.end;
            return;
        };
        if let (ItemKind::Component(component), []) = (&item.kind, item.annotations.as_slice()) {
            return self.component(item, component, blank);
        }
        for annotation in &item.annotations {
            if !first {
                self.comments_before(annotation.span.start, 0, false);
            }
            let lifted = self.lift_comments(annotation.span.end, 0, blank && first);
            let mut writer = Writer::default();
            writer.annotation(annotation);
            self.line(&writer.finish(), 0, blank && first && !lifted);
            self.last_end = annotation.span.end;
            first = false;
        }
        let blank = blank && first;
        let parts = take_apart(item);
        let kind_start = item.annotations.last().map_or(item.span.start, |annotation| annotation.span.end);
        let head_end = parts.as_ref().map_or(item.span.end, |parts| parts.head_end);
        if !first {
            // Comments between the last annotation and the head stay between them.
            let head_start = self.start_of_code(kind_start);
            self.comments_before(head_start, 0, false);
        }
        match parts {
            Some(parts) if self.indent + line.chars().count() > WIDTH || self.comment_inside(&parts) => {
                let lifted = self.lift_comments(head_end, 0, blank);
                self.line(&parts.head, 0, blank && !lifted);
                self.parts(&parts);
            }
            _ => {
                let lifted = self.lift_comments(head_end, 0, blank);
                self.line(&line, 0, blank && !lifted);
            }
        }
        self.last_end = item.span.end;
    }

    fn component(&mut self, item: &Item, component: &Component, blank: bool) {
        let head_end = component.bases.last().unwrap_or(&component.header).name.span.end;
        let lifted = self.lift_comments(head_end, 0, blank);
        let mut head = Writer::default();
        head.component_head(component);
        self.line(&head.finish(), 0, blank && !lifted);

        self.last_end = head_end;
        self.indent += INDENT;
        for inner in &component.items {
            self.item(inner);
        }
        self.comments_before(item.span.end, 0, true);
        self.indent -= INDENT;
        self.line("}", 0, false);
        self.last_end = item.span.end;
    }

    /// The parts on one line if they fit, else one a line with the comments between them.
    fn parts(&mut self, parts: &Parts) {
        if parts.tail.is_empty() && !self.comment_inside(parts) {
            let texts: Vec<&str> = parts.parts.iter().map(|(_, text)| text.as_str()).collect();
            let joined = texts.join(" ");
            if self.indent + INDENT + joined.chars().count() <= WIDTH {
                return self.line(&joined, INDENT, false);
            }
        }
        for (span, text) in &parts.parts {
            self.comments_before(span.start, INDENT, false);
            self.lift_comments(span.end, INDENT, false);
            self.line(text, INDENT, false);
            self.last_end = span.end;
        }
        if !parts.tail.is_empty() {
            let end = self.end_of_parts(parts);
            self.comments_before(end, INDENT, false);
            self.line(&parts.tail, 0, false);
        }
    }

    /// Offset of the first thing behind `from` that is neither white space nor a comment.
    fn start_of_code(&self, from: u32) -> u32 {
        let mut at = from as usize;
        let mut comments = self.comments.clone().filter(|comment| comment.span.start >= from);
        let mut comment = comments.next();
        loop {
            let rest = self.text.get(at..).unwrap_or("");
            at += rest.len() - rest.trim_start().len();
            match comment {
                Some(next) if next.span.start as usize == at => {
                    at = next.span.end as usize;
                    comment = comments.next();
                }
                _ => return u32::try_from(at).unwrap_or(u32::MAX),
            }
        }
    }

    /// Where the parts end: behind the last one, or at the bracket before the tail.
    fn end_of_parts(&self, parts: &Parts) -> u32 {
        let Some((last, _)) = parts.parts.last() else { return parts.head_end };
        if parts.tail.is_empty() {
            return last.end;
        }
        // A column's `?` is in no span of the tree.
        let mut at = self.start_of_code(last.end);
        while let Some(b',' | b'?') = self.text.as_bytes().get(at as usize) {
            at = self.start_of_code(at + 1);
        }
        at
    }

    /// Whether a comment stands between the head and the end of the parts.
    fn comment_inside(&self, parts: &Parts) -> bool {
        let end = self.end_of_parts(parts);
        let mut ahead = self.comments.clone().skip_while(|comment| comment.span.start < parts.head_end);
        ahead.next().is_some_and(|comment| comment.span.start < end)
    }

    /// The next comment, if it begins before `end`.
    fn next_comment(&mut self, end: u32) -> Option<&Comment> {
        let next = self.comments.as_slice().first()?;
        if next.span.start >= end {
            return None;
        }
        self.comments.next()
    }

    fn drop_comments_before(&mut self, end: u32) {
        while self.next_comment(end).is_some() {}
    }

    /// Writes the comments up to `end`: those behind something on its line stay there, the others
    /// get lines of their own, with the blank lines before them if `blanks`.
    fn comments_before(&mut self, end: u32, indent: usize, blanks: bool) {
        while let Some(&comment) = self.next_comment(end) {
            let text = comment_text(self.text, comment);
            if comment.first_on_line || self.out.is_empty() || self.after_line_comment {
                let blank = blanks && self.blank_line_before(comment.span.start);
                self.line(text, indent, blank);
            } else {
                self.out.push(' ');
                self.out.push_str(text);
            }
            self.after_line_comment = comment.line;
            self.last_end = self.last_end.max(comment.span.end);
        }
    }

    /// Writes the comments up to `end` on lines of their own; whether there were any.
    fn lift_comments(&mut self, end: u32, indent: usize, blank: bool) -> bool {
        let mut blank = blank;
        let mut any = false;
        while let Some(&comment) = self.next_comment(end) {
            let text = comment_text(self.text, comment);
            self.line(text, indent, blank);
            self.after_line_comment = comment.line;
            blank = false;
            any = true;
        }
        any
    }

    /// Whether the source has a blank line between the last thing written and `start`.
    fn blank_line_before(&self, start: u32) -> bool {
        let gap = self.text.get(self.last_end as usize..start as usize).unwrap_or("");
        let bytes = gap.as_bytes();
        let line_ends = (0..bytes.len()).filter(|&i| match bytes.get(i) {
            Some(b'\n') => true,
            Some(b'\r') => bytes.get(i + 1) != Some(&b'\n'),
            _ => false,
        });
        line_ends.count() > 1
    }

    /// Begins a new line, behind a blank one if `blank`, and writes `text` on it.
    fn line(&mut self, text: &str, indent: usize, blank: bool) {
        if !self.out.is_empty() {
            self.out.push_str(if blank { "\n\n" } else { "\n" });
        }
        self.out.extend(std::iter::repeat_n(' ', self.indent + indent));
        self.out.push_str(text);
        self.after_line_comment = false;
    }
}

/// A comment as it is kept: without white space at the end of a `//` comment.
fn comment_text(text: &str, comment: Comment) -> &str {
    let text = text.get(comment.span.range()).unwrap_or("");
    if comment.line { text.trim_end() } else { text }
}

/// The item without its annotations, or `None` when its text is not in the tree.
fn one_line(item: &Item) -> Option<String> {
    let mut writer = Writer::default();
    writer.item_kind(&item.kind);
    writer.finish_whole()
}

/// The item without its annotations, in parts; `None` for what is never broken.
fn take_apart(item: &Item) -> Option<Parts> {
    let mut head = Writer::default();
    match &item.kind {
        ItemKind::Clause(Clause { heads, body: Some(body) }) => {
            head.commas(heads, Writer::atom);
            head.push(" :-");
            let head_end = heads.last()?.span.end;
            Some(Parts { head: head.finish(), head_end, parts: literals(body, "."), tail: String::new() })
        }
        ItemKind::Clause(Clause { heads, body: None }) => match heads.as_slice() {
            [fact] => {
                head.push(&fact.name.text);
                head.push("(");
                let parts = match &fact.args {
                    Args::Named(args) => arguments(args, |arg: &NamedArg| arg.span, Writer::named),
                    Args::Positional(args) => arguments(args, |arg: &Expr| arg.span, Writer::argument),
                };
                let head_end = fact.name.span.end;
                Some(Parts { head: head.finish(), head_end, parts, tail: ").".to_owned() })
            }
            _ => None,
        },
        ItemKind::Check(check) => {
            head.check_head(check);
            let head_end = match (&check.message, &check.name) {
                (Some((_, span)), _) => span.end,
                (None, Some(name)) => name.span.end,
                (None, None) => item.span.start,
            };
            Some(Parts {
                head: head.finish(),
                head_end,
                parts: literals(&check.body, "."),
                tail: String::new(),
            })
        }
        ItemKind::Subsumption(subsumption) => {
            head.subsumption_head(subsumption);
            let head_end = subsumption.greater.span.end;
            let parts = literals(&subsumption.body, ".");
            Some(Parts { head: head.finish(), head_end, parts, tail: String::new() })
        }
        ItemKind::Query(goal) => {
            head.push("?-");
            if goal.under_span.is_some() {
                head.push(" ");
                head.under(&goal.under);
            }
            let head_end = goal.under_span.map_or(item.span.start, |span| span.end);
            let mut tail = Writer::default();
            tail.goal_tail(goal, "");
            let tail = tail.finish();
            let mut parts = literals(&goal.body, if tail.is_empty() { "." } else { "" });
            if !tail.is_empty() {
                let span = Span { start: goal.body.span.end, end: goal.span.end, ..goal.span };
                parts.push((span, format!("{tail}.")));
            }
            Some(Parts { head: head.finish(), head_end, parts, tail: String::new() })
        }
        ItemKind::Decl(decl) if !decl.fields.is_empty() => {
            head.decl_head(decl);
            let head_end = decl.names.last()?.span.end;
            let spans = decl.fields.iter().map(|field| {
                let end = field.default.as_ref().map_or(field.ty.span(), |default| default.span);
                field.name.span.to(end)
            });
            let texts = decl.fields.iter().map(|field| {
                let mut writer = Writer::default();
                writer.field(field);
                writer.push(",");
                writer.finish()
            });
            let mut tail = Writer::default();
            tail.decl_tail(decl);
            Some(Parts {
                head: head.finish(),
                head_end,
                parts: spans.zip(texts).collect(),
                tail: tail.finish(),
            })
        }
        ItemKind::Enum(decl) => {
            head.push(".enum ");
            head.push(&decl.name.text);
            head.push(" =");
            let parts = decl.constants.iter().enumerate().map(|(i, name)| {
                let bar = if i > 0 { "| " } else { "" };
                (name.span, format!("{bar}{}", name.text))
            });
            let head_end = decl.name.span.end;
            Some(Parts { head: head.finish(), head_end, parts: parts.collect(), tail: String::new() })
        }
        _ => None,
    }
}

/// The literals of a body, each with what follows it; `end` follows the last.
fn literals(body: &Body, end: &str) -> Vec<(Span, String)> {
    let mut parts = Vec::new();
    let last_alternative = body.alternatives.len().saturating_sub(1);
    for (i, alternative) in body.alternatives.iter().enumerate() {
        let last_literal = alternative.len().saturating_sub(1);
        for (j, literal) in alternative.iter().enumerate() {
            let mut writer = Writer::default();
            writer.literal(literal);
            writer.push(match (j == last_literal, i == last_alternative) {
                (false, _) => ",",
                (true, false) => " ;",
                (true, true) => end,
            });
            parts.push((literal.span, writer.finish()));
        }
    }
    parts
}

/// Arguments, each with a comma behind it.
fn arguments<T>(args: &[T], span: fn(&T) -> Span, write: fn(&mut Writer, &T)) -> Vec<(Span, String)> {
    let text = |arg: &T| {
        let mut writer = Writer::default();
        write(&mut writer, arg);
        writer.push(",");
        writer.finish()
    };
    args.iter().map(|arg| (span(arg), text(arg))).collect()
}
