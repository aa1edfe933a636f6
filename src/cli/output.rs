//! Where output goes and in which format: `-f`, `-o`, the project's settings, the terminal.

use std::io::{self, Write};
use std::path::Path;

use super::context::{Context, Failure};
use super::terminal::{stdout_is_terminal, stdout_width, write_stdout};
use crate::files::{self, OutputFile};
use crate::interop::{Compression, Format};
use crate::render::{AnswerFormat, AnswerStyle, ProofFormat, ProofStyle, write_answer};
use crate::session::{Answer, Session};

/// Refuses a file whose name asks for what answers are not written in, unless `-f` says what is.
///
/// # Errors
/// It does.
pub fn check_name(flag: Option<AnswerFormat>, output: Option<&Path>) -> Result<(), Failure> {
    match output.filter(|_| flag.is_none()).and_then(otherwise_named) {
        Some(why) => {
            Err(Failure::Usage(format!("{why}; say with `-f` in which format the answer goes there")))
        }
        None => Ok(()),
    }
}

/// Why a file's name is not that of an answer.
pub fn otherwise_named(path: &Path) -> Option<String> {
    let extension = path.extension()?.to_str()?.to_ascii_lowercase();
    if matches!(extension.as_str(), "dot" | "gv" | "mermaid" | "mmd") {
        return Some(format!("{extension} draws proofs and plans, not answers"));
    }
    let (format, compression) = Format::from_path(path);
    let for_export = matches!(format, Some(Format::Parquet | Format::Sqlite | Format::Nt | Format::Ttl));
    (for_export || compression != Compression::None)
        .then(|| format!("files that end in .{extension} are written by `factlog export`"))
}

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

/// The format of proofs, which `-f` or the extension of `-o FILE` says and which else is a tree, and
/// how they look there.
pub fn of_proofs(
    context: &Context,
    flag: Option<ProofFormat>,
    output: Option<&Path>,
) -> (ProofFormat, ProofStyle) {
    let format = flag.or_else(|| output.and_then(ProofFormat::from_path)).unwrap_or(ProofFormat::Tree);
    let style = match output {
        Some(_) => ProofStyle::default(),
        None => ProofStyle { width: stdout_width(), color: context.global.color.for_stdout() },
    };
    (format, style)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_know_the_formats_of_answers() {
        assert_eq!(files::settings::FORMATS, AnswerFormat::ALL.map(AnswerFormat::name));
    }
}
