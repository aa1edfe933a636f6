//! Syntax tree → text: the parts of items on one line, and whole files in normal form.
//!
//! What is printed here reads back as the same tree.

mod expr;
mod format;
mod item;

use super::ast::{Atom, Expr, Goal, Item, UnderOption};
use expr::Writer;

pub use format::format_program;

/// An expression, with no more brackets than its operators need.
pub fn expr_text(expr: &Expr) -> String {
    written(|writer| writer.expr(expr, 0))
}

/// An atom.
pub fn atom_text(atom: &Atom) -> String {
    written(|writer| writer.atom(atom))
}

/// A goal without `?-` and without `.`.
pub fn goal_text(goal: &Goal) -> String {
    written(|writer| writer.goal(goal))
}

/// `under (…)` with these options.
pub fn under_text(options: &[UnderOption]) -> String {
    written(|writer| writer.under(options))
}

/// An item on one line, its annotations before it. What the language does not have has no
/// text of its own and is shown as `…`.
pub fn item_text(item: &Item) -> String {
    written(|writer| {
        for annotation in &item.annotations {
            writer.annotation(annotation);
            writer.push(" ");
        }
        writer.item_kind(&item.kind);
    })
}

fn written(write: impl FnOnce(&mut Writer)) -> String {
    let mut writer = Writer::default();
    write(&mut writer);
    writer.finish()
}
