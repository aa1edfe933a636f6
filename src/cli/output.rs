//! Where output goes and in which format: `-f`, `-o`, the project's settings, the terminal.

use std::io::{self, Write};
use std::path::Path;

use super::context::{Context, Failure};
use super::terminal::{stdout_is_terminal, stdout_width, write_stdout};
use crate::files::{self, OutputFile};
use crate::render::{AnswerFormat, AnswerStyle, write_answer};
use crate::session::{Answer, Session};

/// The format of answers: what `-f` says, else what the extension of `-o FILE` says, else what the
/// project's settings say, else a table on a terminal and csv elsewhere.
pub fn answer_format(flag: Option<AnswerFormat>, output: Option<&Path>, session: &Session) -> AnswerFormat {
    let setting = || AnswerFormat::from_name(session.settings().view.format.as_deref()?);
    let default = || {
        if output.is_none() && stdout_is_terminal() { AnswerFormat::Table } else { AnswerFormat::Csv }
    };
    flag.or_else(|| output.and_then(AnswerFormat::from_path)).or_else(setting).unwrap_or_else(default)
}

/// How answers look on standard output.
pub fn stdout_style(context: &Context) -> AnswerStyle {
    AnswerStyle {
        width: stdout_width(),
        terminal: stdout_is_terminal(),
        color: context.global.color.for_stdout(),
    }
}

/// Writes an answer to the file that `-o` names, or to standard output.
///
/// # Errors
/// Those of writing.
pub fn write_to(
    context: &Context,
    output: Option<&Path>,
    answer: &Answer,
    format: AnswerFormat,
) -> Result<(), Failure> {
    let style = if output.is_some() { AnswerStyle::default() } else { stdout_style(context) };
    deliver(output, |out| write_answer(out, answer, format, style))
}

/// Writes to the file that `-o` names, all or nothing, or to standard output.
///
/// # Errors
/// Those of writing.
pub fn deliver(
    output: Option<&Path>,
    write: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> Result<(), Failure> {
    let Some(path) = output else { return Ok(write_stdout(write)?) };
    let mut file = OutputFile::create(path)?;
    write(&mut file).map_err(|error| files::cannot_write(path, &error))?;
    file.commit()?;
    Ok(())
}
