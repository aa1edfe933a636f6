//! Markdown (GitHub's tables) and HTML. Values show as they are: what would be markup is escaped.

use std::io::{self, Write};

use crate::base::escape;
use crate::model::Value;
use crate::session::Answer;

pub(super) fn write_markdown(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "{verdict}");
    }
    let header = answer.columns.iter().map(|name| markdown(name));
    write_markdown_row(out, header)?;
    let numeric = (0..answer.columns.len()).map(|column| is_numeric(answer, column));
    write_markdown_row(out, numeric.map(|right| if right { "---:" } else { "---" }.to_owned()))?;
    for row in &answer.rows {
        write_markdown_row(out, row.iter().map(|value| markdown(&value.plain())))?;
    }
    Ok(())
}

fn write_markdown_row(out: &mut dyn Write, cells: impl Iterator<Item = String>) -> io::Result<()> {
    write!(out, "|")?;
    for cell in cells {
        write!(out, " {cell} |")?;
    }
    writeln!(out)
}

/// Whether every value of a column is a number or nil, and at least one is a number.
pub(super) fn is_numeric(answer: &Answer, column: usize) -> bool {
    let mut values =
        answer.rows.iter().filter_map(|row| row.get(column)).filter(|value| !value.is_nil()).peekable();
    values.peek().is_some() && values.all(|value| matches!(value, Value::Number(_) | Value::Float(_)))
}

/// Text that Markdown shows as it is. An underscore between letters or digits is never markup, and
/// ids are full of them.
fn markdown(text: &str) -> String {
    let text = escape::printable(text);
    let mut out = String::with_capacity(text.len() + 8);
    let mut before: Option<char> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let inside_word =
            before.is_some_and(char::is_alphanumeric) && chars.peek().is_some_and(|c| c.is_alphanumeric());
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            '_' if inside_word => out.push('_'),
            '\\' | '`' | '*' | '_' | '[' | ']' | '|' | '~' | '$' => {
                out.push('\\');
                out.push(c);
            }
            _ => out.push(c),
        }
        before = Some(c);
    }
    out
}

pub(super) fn write_html(out: &mut dyn Write, answer: &Answer) -> io::Result<()> {
    if let Some(verdict) = answer.verdict_text() {
        return writeln!(out, "<p>{verdict}</p>");
    }
    writeln!(out, "<table>")?;
    write!(out, "<thead><tr>")?;
    for name in &answer.columns {
        write!(out, "<th>{}</th>", html(name))?;
    }
    writeln!(out, "</tr></thead>")?;
    writeln!(out, "<tbody>")?;
    for row in &answer.rows {
        write!(out, "<tr>")?;
        for value in row {
            write!(out, "<td>{}</td>", html(&value.plain()))?;
        }
        writeln!(out, "</tr>")?;
    }
    writeln!(out, "</tbody>")?;
    writeln!(out, "</table>")
}

/// Text for HTML and XML, in an element or in an attribute.
pub(super) fn html(text: &str) -> String {
    let text = escape::printable(text);
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Not characters of XML 1.0.
            '\u{fffe}' => out.push_str("\\u{fffe}"),
            '\u{ffff}' => out.push_str("\\u{ffff}"),
            _ => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use crate::model::Value;
    use crate::render::AnswerFormat;
    use crate::render::answer::testing::{answer, rendered};

    #[test]
    fn markdown_is_a_table_with_numbers_to_the_right() {
        let shown = answer(
            &["summit", "n"],
            vec![
                vec![Value::symbol("xian_2023"), Value::Number(6)],
                vec![Value::symbol("a|b *c* _d_ <i>\n"), Value::Nil],
            ],
        );
        assert_eq!(
            rendered(&shown, AnswerFormat::Md),
            "| summit | n |\n| --- | ---: |\n| xian_2023 | 6 |\n| a\\|b \\*c\\* \\_d\\_ &lt;i&gt;\\\\n |  |\n"
        );
    }

    #[test]
    fn html_holds_no_markup_from_values() {
        let shown = answer(&["v"], vec![vec![Value::symbol("<script>'a' & \"b\"</script>")]]);
        assert_eq!(
            rendered(&shown, AnswerFormat::Html),
            "<table>\n<thead><tr><th>v</th></tr></thead>\n<tbody>\n\
             <tr><td>&lt;script&gt;&#39;a&#39; &amp; &quot;b&quot;&lt;/script&gt;</td></tr>\n</tbody>\n</table>\n"
        );
    }
}
