//! Proofs as indented lines.

use std::io::{self, Write};

use termtree::{GlyphPalette, Tree};

use super::ProofStyle;
use super::outline::{Item, more, outline};
use crate::base::escape;
use crate::render::wrap;
use crate::session::Explanation;

/// Columns by which a level is indented.
const INDENT: usize = 3;
/// Text is never squeezed into less.
const NARROWEST: usize = 24;

const GLYPHS: GlyphPalette = GlyphPalette {
    middle_item: "├",
    last_item: "└",
    item_indent: "─ ",
    middle_skip: "│",
    last_skip: " ",
    skip_indent: "  ",
};

pub(super) fn write(out: &mut dyn Write, explanation: &Explanation, style: ProofStyle) -> io::Result<()> {
    let mut before: Option<&str> = None;
    for proof in &explanation.proofs {
        let subject = proof.steps.first().map_or("", |step| step.text.as_str());
        match before {
            None => {}
            Some(known) if known == subject => writeln!(out, "\nor:")?,
            Some(_) => writeln!(out)?,
        }
        before = Some(subject);
        for (at, item) in outline(proof).iter().enumerate() {
            if at > 0 {
                writeln!(out)?;
            }
            write_item(out, item, style)?;
        }
        if proof.may_fall {
            writeln!(out, "It rests on a negation or an aggregate: it may fall when facts are added.")?;
        }
        if proof.cut {
            writeln!(out, "Not every proof was looked at; there may be a firmer or a shorter one.")?;
        }
    }
    if explanation.more > 0 {
        let tuples = more(explanation.more, "tuple");
        let verb = if explanation.more == 1 { "fits" } else { "fit" };
        writeln!(out, "\n{tuples} {verb}; name more columns to choose")?;
    }
    Ok(())
}

/// One tree.
pub(super) fn write_item(out: &mut dyn Write, item: &Item, style: ProofStyle) -> io::Result<()> {
    for line in tree(item, 0, style).to_string().lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn tree(item: &Item, depth: usize, style: ProofStyle) -> Tree<String> {
    let room = style.width.map(|width| width.saturating_sub(INDENT * depth).max(NARROWEST));
    let mut first = String::new();
    if let Some(number) = item.number {
        first.push_str(&format!("[{number}] "));
    }
    first.push_str(&escape::printable(&item.text));
    if let Some(firmness) = &item.firmness {
        first.push_str(&format!(" · {firmness}"));
    }
    if let Some(number) = item.see {
        first.push_str(&format!(" · see [{number}]"));
    }
    let mut lines = Vec::new();
    let bar = if item.below.is_empty() { "   " } else { "│  " };
    for (at, line) in wrapped(&first, room).into_iter().enumerate() {
        let line = if style.color && depth == 0 { format!("\u{1b}[1m{line}\u{1b}[0m") } else { line };
        lines.push(if at == 0 { line } else { format!("{bar}{line}") });
    }
    for detail in &item.details {
        for line in wrapped(&escape::printable(detail), room) {
            let line = if style.color { format!("\u{1b}[2m{line}\u{1b}[0m") } else { line };
            lines.push(format!("{bar}{line}"));
        }
    }
    Tree::new(lines.join("\n"))
        .with_leaves(item.below.iter().map(|below| tree(below, depth + 1, style)))
        .with_multiline(true)
        .with_glyphs(GLYPHS)
}

/// Lines of at most so many columns, counted as after the first line's indent.
fn wrapped(text: &str, room: Option<usize>) -> Vec<String> {
    match room {
        Some(room) => wrap::wrapped(text, room.saturating_sub(INDENT)),
        None => vec![text.to_owned()],
    }
}
