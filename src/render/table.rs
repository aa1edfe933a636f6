//! Tables for people: numbered rows, aligned columns, cut to the terminal's width.

use std::io::{self, Write};

use comfy_table::{
    Attribute, Cell, CellAlignment, ContentArrangement, ContentLineStyle, LineStyle, Table, TableStyle,
};
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::AnswerStyle;
use super::markup::is_numeric;
use super::wrap::wrapped;
use crate::base::escape;
use crate::session::Answer;

/// A value is cut to this many columns even where the table has no limit: every row is as wide as
/// the widest.
const MAX_CELL: usize = 1000;
/// Columns are not cut below this; then the last ones are left out instead.
const MIN_CELL: usize = 8;
/// What stands between two columns: a space, a line, a space.
const GAP: usize = 3;

const STYLE: TableStyle = TableStyle::new()
    .header_lines(ContentLineStyle::none().junction('│'))
    .header_separator(LineStyle::none().fill('─').junction('┼'))
    .content_lines(ContentLineStyle::none().junction('│'));

pub(super) fn write(out: &mut dyn Write, answer: &Answer, style: AnswerStyle) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "{verdict}");
    }
    let numbers = answer.rows.len().to_string().len();
    let layout = Layout::new(&natural_widths(answer), numbers, style.width);

    let mut table = Table::new();
    table.load_style(STYLE).set_content_arrangement(ContentArrangement::Disabled).force_no_tty();
    if style.color {
        table.enforce_styling();
    }
    let mut cut = 0;
    let mut cell = |text: &str, width: usize| {
        let (text, shortened) = shorten(text, width);
        cut += usize::from(shortened);
        Cell::new(text)
    };
    let header =
        layout.widths.iter().zip(&answer.columns).map(|(&width, name)| cell(&escape::printable(name), width));
    let header = std::iter::once(Cell::new("#")).chain(header);
    table.set_header(
        header
            .map(|cell| if style.color { cell.add_attribute(Attribute::Bold) } else { cell })
            .collect::<Vec<_>>(),
    );
    for (i, row) in answer.rows.iter().enumerate() {
        let values = layout.widths.iter().zip(row).map(|(&width, value)| cell(&value.plain(), width));
        table.add_row(std::iter::once(Cell::new(i + 1)).chain(values).collect::<Vec<_>>());
    }
    let numeric = (0..layout.widths.len()).map(|column| is_numeric(answer, column));
    for (index, right) in std::iter::once(true).chain(numeric).enumerate() {
        if let (true, Some(column)) = (right, table.column_mut(index)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    for line in table.lines() {
        writeln!(out, "{}", line.trim_end())?;
    }
    let left_out = answer.columns.len() - layout.widths.len();
    if let Some(note) = note(cut, &answer.columns[answer.columns.len() - left_out..]) {
        for line in wrapped(&note, style.width.unwrap_or(usize::MAX)) {
            writeln!(out, "{line}")?;
        }
    }
    Ok(())
}

/// Widths of the columns that are shown, from the first on.
struct Layout {
    widths: Vec<usize>,
}

impl Layout {
    /// Shares `limit` among the columns: the widest give way first. Columns that find no place
    /// even so are left out, except the first.
    fn new(natural: &[usize], numbers: usize, limit: Option<usize>) -> Layout {
        let mut widths = natural.to_vec();
        let Some(limit) = limit else { return Layout { widths } };
        // One space stands at each end of a line; the row numbers come first.
        let room = |columns: usize| limit.saturating_sub(2 + numbers + GAP * columns);
        while widths.len() > 1
            && widths.iter().map(|&width| width.min(MIN_CELL)).sum::<usize>() > room(widths.len())
        {
            widths.pop();
        }
        let room = room(widths.len()).max(MIN_CELL);
        let ceiling = ceiling(&widths, room);
        for width in &mut widths {
            *width = (*width).min(ceiling);
        }
        Layout { widths }
    }
}

/// The greatest ceiling under which the widths add up to no more than `room`.
fn ceiling(widths: &[usize], room: usize) -> usize {
    let mut sorted = widths.to_vec();
    sorted.sort_unstable();
    let mut left = room;
    for (i, &width) in sorted.iter().enumerate() {
        let share = left / (sorted.len() - i);
        if width > share {
            return share;
        }
        left -= width;
    }
    usize::MAX
}

fn natural_widths(answer: &Answer) -> Vec<usize> {
    let mut widths: Vec<usize> = answer.columns.iter().map(|name| escape::printable(name).width()).collect();
    for row in &answer.rows {
        for (width, value) in widths.iter_mut().zip(row) {
            *width = (*width).max(value.plain().width());
        }
    }
    widths.into_iter().map(|width| width.clamp(1, MAX_CELL)).collect()
}

/// `text` in at most `width` columns, with an ellipsis where something is missing.
fn shorten(text: &str, width: usize) -> (String, bool) {
    if text.width() <= width {
        return (text.to_owned(), false);
    }
    let mut out = String::new();
    let mut used = 1;
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > width {
            break;
        }
        out.push(c);
    }
    out.push('…');
    (out, true)
}

fn note(cut: usize, left_out: &[String]) -> Option<String> {
    let mut parts = Vec::new();
    match left_out {
        [] => {}
        [name] => parts.push(format!("column {} is left out", escape::printable(name))),
        names => parts.push(format!("columns {} are left out", escape::printable(&names.join(", ")))),
    }
    match cut {
        0 => {}
        1 => parts.push("one value is cut".to_owned()),
        n => parts.push(format!("{n} values are cut")),
    }
    (!parts.is_empty())
        .then(|| format!("(to fit the width, {}; other formats show everything)", parts.join(" and ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Value;
    use crate::render::answer::testing::{answer, rendered};
    use crate::render::{AnswerFormat, write_answer};

    fn cut_to(width: usize, shown: &Answer) -> String {
        let mut out = Vec::new();
        let style = AnswerStyle { width: Some(width), ..AnswerStyle::default() };
        write_answer(&mut out, shown, AnswerFormat::Table, style).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn rows_are_numbered_and_numbers_stand_right() {
        let mut rows: Vec<Vec<Value>> =
            (8..11).map(|n| vec![Value::symbol("x".repeat(n)), Value::Number(n as i64)]).collect();
        rows.push(vec![Value::Nil, Value::Nil]);
        let expected = " # │ name       │  n
───┼────────────┼────
 1 │ xxxxxxxx   │  8
 2 │ xxxxxxxxx  │  9
 3 │ xxxxxxxxxx │ 10
 4 │            │
";
        assert_eq!(rendered(&answer(&["name", "n"], rows), AnswerFormat::Table), expected);
    }

    #[test]
    fn wide_characters_keep_columns_straight() {
        let shown = answer(
            &["c", "n"],
            vec![
                vec![Value::symbol("漢字"), Value::Number(1)],
                vec![Value::symbol("abcd"), Value::Number(2)],
            ],
        );
        let expected = " # │ c    │ n
───┼──────┼───
 1 │ 漢字 │ 1
 2 │ abcd │ 2
";
        assert_eq!(rendered(&shown, AnswerFormat::Table), expected);
    }

    #[test]
    fn a_wide_table_is_cut_and_says_so() {
        let shown = answer(&["a", "b"], vec![vec![Value::symbol("short"), Value::symbol("y".repeat(100))]]);
        let expected = format!(
            " # │ a     │ b\n───┼───────┼{}\n 1 │ short │ {}…\n(to fit the width, one value is cut;\nother formats show everything)\n",
            "─".repeat(28),
            "y".repeat(25),
        );
        assert_eq!(cut_to(40, &shown), expected);
    }

    #[test]
    fn columns_without_room_are_left_out_by_name() {
        let names = ["c1", "c2", "c3", "c4", "c5"];
        let shown = answer(&names, vec![names.iter().map(|_| Value::symbol("v".repeat(20))).collect()]);
        let text = cut_to(30, &shown);
        assert!(text.lines().take(3).all(|line| line.width() <= 30), "{text}");
        let note = text.lines().skip(3).collect::<Vec<_>>();
        assert!(note.iter().all(|line| line.width() <= 30), "{text}");
        let expected = "(to fit the width, columns c3, c4, c5 are left out and 2 values are cut; other formats show everything)";
        assert_eq!(note.join(" "), expected);
    }

    #[test]
    fn no_width_is_too_small() {
        let shown = answer(&["a", "b"], vec![vec![Value::symbol("漢".repeat(40)), Value::Number(1)]]);
        for width in 0..60 {
            assert!(cut_to(width, &shown).contains('漢'), "{width}");
        }
    }

    #[test]
    fn one_huge_value_does_not_widen_every_row() {
        let shown =
            answer(&["a"], vec![vec![Value::symbol("x".repeat(1_000_000))], vec![Value::symbol("y")]]);
        assert!(rendered(&shown, AnswerFormat::Table).len() < 10_000);
    }
}
