//! How answers are shown, and where.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::Options;
use super::console::Console;
use super::highlight;
use super::told;
use crate::base::{Diagnostic, escape};
use crate::files;
use crate::render::{AnswerFormat, AnswerStyle, write_answer};
use crate::session::{Answer, Session};

/// Rows of one answer that a person is shown unless `:limit` says otherwise.
const SHOWN: usize = 1000;

/// How wide a table may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Width {
    /// As wide as it is.
    Unlimited,
    /// As wide as the terminal is at that moment.
    Terminal,
}

/// How answers are shown.
#[derive(Debug)]
pub(super) struct View {
    pub format: AnswerFormat,
    /// At most so many rows of an answer; `None` for all.
    pub limit: Option<usize>,
    pub timer: bool,
    /// Whether times may be shown at all: in a transcript they never are.
    pub may_time: bool,
    /// Whether counts and notes stand among the answers: nobody parses them.
    pub for_people: bool,
    pub width: Width,
    pub color: bool,
    pub error_color: bool,
    pub output: Option<OutputTo>,
}

/// The file that answers go to.
#[derive(Debug)]
pub(super) struct OutputTo {
    pub path: PathBuf,
    pub format: Option<AnswerFormat>,
    /// All answers so far: the file is replaced whole after each.
    pub written: Vec<u8>,
}

impl View {
    pub fn new(session: &Session, options: &Options, terminal: bool) -> View {
        let for_people = terminal || options.echo;
        let setting = || AnswerFormat::from_name(session.settings().view.format.as_deref()?);
        let default = if for_people { AnswerFormat::Table } else { AnswerFormat::Csv };
        View {
            format: options.format.or_else(setting).unwrap_or(default),
            limit: for_people.then_some(SHOWN),
            timer: terminal,
            may_time: !options.echo,
            for_people,
            width: Width::Unlimited,
            color: options.color && terminal,
            error_color: options.error_color && !options.echo,
            output: None,
        }
    }

    /// How many rows of an answer are wanted.
    pub fn most(&self) -> Option<usize> {
        self.limit.filter(|_| self.output.is_none())
    }

    /// Columns that text may take now.
    pub fn columns(&self) -> Option<usize> {
        match self.width {
            Width::Unlimited => None,
            Width::Terminal => terminal_size::terminal_size().map(|(width, _)| usize::from(width.0)),
        }
    }

    /// A note for whoever reads an answer, in lines that fit a terminal.
    pub fn note(&self, text: &str) -> String {
        let text = format!("note: {}", escape::printable(text));
        match self.columns() {
            Some(columns) => told::prose(&text, 0, Some(columns)),
            None => text + "\n",
        }
    }

    /// A piece of the language, in colours where the terminal takes them.
    pub fn painted(&self, text: &str) -> String {
        if self.color { highlight::line("", text, usize::MAX) } else { text.to_owned() }
    }

    fn style(&self) -> AnswerStyle {
        let terminal = self.width == Width::Terminal;
        AnswerStyle { width: self.columns(), terminal, color: self.color }
    }

    /// Shows an answer with its count, and with the time it took if that is wanted.
    ///
    /// # Errors
    /// Outside: those of the console. Inside: the file that `:output` names could not be written.
    pub fn answer(
        &mut self,
        console: &mut Console,
        mut answer: Answer,
        taken: Option<Duration>,
    ) -> io::Result<Result<(), Diagnostic>> {
        let total = answer.rows.len() + answer.more;
        let time = taken.filter(|_| self.timer && self.may_time).map(told::time);
        let mut notes = std::mem::take(&mut answer.notes);
        let output = self.output.as_ref().and_then(|output| output.format);
        let table = output.unwrap_or(self.format) == AnswerFormat::Table;
        if !table {
            notes.extend(answer.below_held_text());
        }
        let mut answer = answer.shown(table);
        if self.output.is_some() {
            if let Err(diagnostic) = self.append(&answer)? {
                return Ok(Err(diagnostic));
            }
            let path = self.output.as_ref().map(|output| output.path.display().to_string());
            let shown = escape::printable(path.as_deref().unwrap_or_default()).into_owned();
            console.tell(&format!("{} to `{shown}`{}\n", told::rows(total), in_brackets(time)))?;
        } else {
            let limit = self.limit.filter(|limit| *limit < total && !answer.ground);
            answer.rows.truncate(limit.unwrap_or(total));
            let silent = answer.rows.is_empty() && self.format == AnswerFormat::Table && !answer.ground;
            if !silent {
                write_answer(console, &answer, self.format, self.style())?;
            }
            let counted = self.for_people || self.format == AnswerFormat::Table;
            let count = (counted && !answer.ground).then(|| match limit {
                Some(limit) => {
                    let limit = told::number(limit as u64);
                    format!("{limit} of {}; `:limit off` shows all", told::rows(total))
                }
                None => told::rows(total),
            });
            match (count, time) {
                (Some(count), time) => writeln!(console, "{count}{}", in_brackets(time))?,
                (None, Some(time)) if self.for_people => writeln!(console, "({time})")?,
                (None, Some(time)) => console.tell(&format!("({time})\n"))?,
                (None, None) => {}
            }
            if let (Some(limit), false) = (limit, counted) {
                console.tell(&format!("note: {limit} of {} are shown\n", told::rows(total)))?;
            }
        }
        for note in notes {
            console.tell(&self.note(&note))?;
        }
        Ok(Ok(()))
    }

    fn append(&mut self, answer: &Answer) -> io::Result<Result<(), Diagnostic>> {
        let Some(output) = &mut self.output else { return Ok(Ok(())) };
        let before = output.written.len();
        let format = output.format.unwrap_or(self.format);
        write_answer(&mut output.written, answer, format, AnswerStyle::default())?;
        let result = files::write_output(&output.path, &output.written);
        if result.is_err() {
            output.written.truncate(before);
        }
        Ok(result)
    }
}

fn in_brackets(time: Option<String>) -> String {
    time.map(|time| format!(" ({time})")).unwrap_or_default()
}
