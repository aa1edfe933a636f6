//! What every command shares: the global flags, and how things are told on standard error.

use std::fmt::Display;
use std::io;

use super::Exit;
use super::args::Global;
use super::terminal::{stderr_width, write_stderr};
use crate::base::{Diagnostic, Severity, SourceMap, escape};
use crate::files;
use crate::render::diagnostics::{self, DiagnosticFormat, DiagnosticStyle, Tally};

/// Why a command could not do its work.
#[derive(Debug)]
pub enum Failure {
    /// Something the user asked for cannot be; a sentence without a full stop.
    Usage(String),
    /// Diagnostics without a place in any text.
    Refused(Vec<Diagnostic>),
    /// Writing to standard output failed.
    Output(io::Error),
    /// The user interrupted it.
    Interrupted,
    /// All has been told; the exit status.
    Told(Exit),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        Failure::Output(error)
    }
}

impl From<Diagnostic> for Failure {
    fn from(diagnostic: Diagnostic) -> Self {
        Failure::Refused(vec![diagnostic])
    }
}

/// What every command is given.
#[derive(Debug)]
pub struct Context {
    /// The flags of every command.
    pub global: Global,
}

impl Context {
    /// Tells something worth knowing on standard error, unless `-q` was given.
    pub fn say(&self, text: impl Display) {
        if !self.global.quiet {
            write_stderr(&format!("{text}\n"));
        }
    }

    /// Tells what a reader of an answer has to know, even under `-q`.
    pub fn notes(&self, notes: &[String]) {
        for note in notes {
            write_stderr(&format!("note: {}\n", escape::printable(note)));
        }
    }

    /// Tells what only `-v` asks for.
    pub fn tell(&self, text: impl Display) {
        if self.global.verbose {
            write_stderr(&format!("{text}\n"));
        }
    }

    /// Tells on standard error why the exit status is not 0.
    pub fn error(&self, text: impl Display) {
        let (start, end) =
            if self.global.color.for_stderr() { ("\u{1b}[1;31m", "\u{1b}[0m") } else { ("", "") };
        write_stderr(&format!("{start}error{end}: {text}\n"));
    }

    /// Shows diagnostics in full on standard error, and how many there are.
    pub fn report(&self, shown: &[Diagnostic], sources: &SourceMap) {
        let style = DiagnosticStyle { color: self.global.color.for_stderr(), width: stderr_width() };
        let quiet = |d: &&Diagnostic| !self.global.quiet || d.severity == Severity::Error;
        let shown: Vec<Diagnostic> = shown.iter().filter(quiet).cloned().collect();
        if shown.is_empty() {
            return;
        }
        write_stderr(&diagnostics::render(&shown, sources, DiagnosticFormat::Full, style));
        self.say(format_args!("\nfound {}", Tally::of(&shown)));
    }

    /// Tells what went wrong and gives the exit status for it.
    pub fn fail(&self, failure: Failure) -> Exit {
        match failure {
            // Whoever read the output has seen enough.
            Failure::Output(error) if error.kind() == io::ErrorKind::BrokenPipe => return Exit::Success,
            Failure::Output(error) => {
                let reason = files::reason(&error);
                self.error(format_args!("cannot write standard output: {}", escape::printable(&reason)));
            }
            Failure::Interrupted => {
                self.error("interrupted");
                return Exit::Interrupted;
            }
            Failure::Told(exit) => return exit,
            Failure::Usage(text) => self.error(text),
            Failure::Refused(diagnostics) => self.report(&diagnostics, &SourceMap::new()),
        }
        Exit::Refused
    }
}
