//! The formats of an answer, and the way from an answer to each of them.

use std::io::{self, Write};
use std::path::Path;

use super::{delimited, json, markup, ron, table};
use crate::session::Answer;

/// How an answer is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum AnswerFormat {
    /// Aligned columns with numbered rows, for people.
    Table,
    /// Comma-separated values (RFC 4180) with a header.
    Csv,
    /// The same with tabs.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Jsonl,
    /// A Markdown table.
    Md,
    /// An HTML table, as a fragment.
    Html,
    /// A RON list of structs.
    Ron,
}

impl AnswerFormat {
    /// All of them, in the order in which help lists them.
    pub const ALL: [AnswerFormat; 8] = [
        AnswerFormat::Table,
        AnswerFormat::Csv,
        AnswerFormat::Tsv,
        AnswerFormat::Json,
        AnswerFormat::Jsonl,
        AnswerFormat::Md,
        AnswerFormat::Html,
        AnswerFormat::Ron,
    ];

    /// The name under which `-f` and `:mode` know it; also its file extension.
    pub fn name(self) -> &'static str {
        match self {
            AnswerFormat::Table => "table",
            AnswerFormat::Csv => "csv",
            AnswerFormat::Tsv => "tsv",
            AnswerFormat::Json => "json",
            AnswerFormat::Jsonl => "jsonl",
            AnswerFormat::Md => "md",
            AnswerFormat::Html => "html",
            AnswerFormat::Ron => "ron",
        }
    }

    /// The extension of a file in this format.
    pub fn extension(self) -> &'static str {
        match self {
            AnswerFormat::Table => "txt",
            other => other.name(),
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<AnswerFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format that a file's extension asks for, whatever its case.
    pub fn from_path(path: &Path) -> Option<AnswerFormat> {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        match extension.as_str() {
            "txt" => Some(AnswerFormat::Table),
            "ndjson" => Some(AnswerFormat::Jsonl),
            "markdown" => Some(AnswerFormat::Md),
            "htm" => Some(AnswerFormat::Html),
            other => Self::from_name(other),
        }
    }
}

/// What a rendering depends on beside the answer.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnswerStyle {
    /// Width in columns to which a table is cut; `None` for no limit.
    pub width: Option<usize>,
    /// Whether a person reads it on a terminal: csv and tsv then escape control characters, which
    /// they otherwise pass on as they are.
    pub terminal: bool,
    /// Whether a table may use colours.
    pub color: bool,
}

/// Writes the rows of `answer`, not its notes.
///
/// # Errors
/// Those of the writer.
pub fn write_answer(
    out: &mut dyn Write,
    answer: &Answer,
    format: AnswerFormat,
    style: AnswerStyle,
) -> io::Result<()> {
    match format {
        AnswerFormat::Table => table::write(out, answer, style),
        AnswerFormat::Csv => delimited::write(out, answer, ",", true, style.terminal),
        AnswerFormat::Tsv => delimited::write(out, answer, "\t", true, style.terminal),
        AnswerFormat::Json => json::write_array(out, answer),
        AnswerFormat::Jsonl => json::write_lines(out, answer),
        AnswerFormat::Md => markup::write_markdown(out, answer),
        AnswerFormat::Html => markup::write_html(out, answer),
        AnswerFormat::Ron => ron::write(out, answer),
    }
}

/// What the tests of all formats share.
#[cfg(test)]
pub(super) mod testing {
    use super::*;
    use crate::model::Value;

    /// An answer with the given columns and rows; ground without columns.
    pub fn answer(columns: &[&str], rows: Vec<Vec<Value>>) -> Answer {
        Answer {
            columns: columns.iter().map(|&name| name.to_owned()).collect(),
            ground: columns.is_empty(),
            rows,
            ..Answer::default()
        }
    }

    /// The answer as text.
    pub fn rendered(answer: &Answer, format: AnswerFormat) -> String {
        let mut out = Vec::new();
        write_answer(&mut out, answer, format, AnswerStyle::default()).unwrap();
        String::from_utf8(out).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::testing::*;
    use super::*;
    use crate::model::Value;

    #[test]
    fn formats_are_known_by_name_and_by_extension() {
        for format in AnswerFormat::ALL {
            assert_eq!(AnswerFormat::from_name(format.name()), Some(format));
            let file = format!("out/answer.{}", format.extension());
            assert_eq!(AnswerFormat::from_path(Path::new(&file)), Some(format));
        }
        assert_eq!(AnswerFormat::from_path(Path::new("A.JSON")), Some(AnswerFormat::Json));
        assert_eq!(AnswerFormat::from_path(Path::new("answer")), None);
        assert_eq!(AnswerFormat::from_name("dot"), None);
    }

    #[test]
    fn a_ground_answer_is_yes_or_no_except_in_json() {
        let yes = answer(&[], vec![vec![]]);
        let no = answer(&[], vec![]);
        for format in AnswerFormat::ALL {
            let expected = match format {
                AnswerFormat::Json => ("[{}]\n", "[]\n"),
                AnswerFormat::Jsonl => ("{}\n", ""),
                AnswerFormat::Html => ("<p>yes</p>\n", "<p>no</p>\n"),
                _ => ("yes\n", "no\n"),
            };
            assert_eq!(
                (rendered(&yes, format).as_str(), rendered(&no, format).as_str()),
                expected,
                "{format:?}"
            );
        }
    }

    #[test]
    fn human_formats_and_json_never_pass_a_control_character_on() {
        let nasty = "a\u{1b}]52;c;x\u{7}\u{9b}1m\r\u{8}\0\u{202e}\u{2028}z";
        let shown =
            answer(&["v"], vec![vec![Value::list([Value::symbol(nasty)])], vec![Value::symbol(nasty)]]);
        for format in AnswerFormat::ALL {
            if matches!(format, AnswerFormat::Csv | AnswerFormat::Tsv) {
                continue;
            }
            let text = rendered(&shown, format);
            let leaked: Vec<char> =
                text.chars().filter(|&c| c != '\n' && crate::base::escape::is_unsafe(c)).collect();
            assert_eq!(leaked, Vec::<char>::new(), "{format:?}: {text:?}");
        }
    }
}
