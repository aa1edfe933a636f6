//! One REPL: a session, how its answers are shown, and what an input does.

use std::io::{self, IsTerminal};
use std::time::Instant;

use super::commands;
use super::console::Console;
use super::entry;
use super::told;
use super::view::View;
use super::working::working;
use crate::base::Diagnostic;
use crate::base::codes::project as codes;
use crate::model::Value;
use crate::render::diagnostics::{self, DiagnosticFormat, DiagnosticStyle, Tally};
use crate::session::{Error, Outcome, Session, fault};

/// What came of an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Done {
    /// 0, or the exit status that this failure gives.
    pub status: u8,
    /// Whether this was the last input.
    pub quit: bool,
}

impl Done {
    /// It went well.
    pub const WELL: Done = Done { status: 0, quit: false };

    /// It failed.
    pub fn failed(status: u8) -> Done {
        Done { status, quit: false }
    }
}

/// The exit status for what a session refused.
pub(super) fn status(error: &Error) -> u8 {
    match error {
        Error::Invalid(_) | Error::Failed(_) => 2,
        Error::Limit(_) => 3,
        Error::Cancelled => INTERRUPTED,
        Error::Internal(_) => INTERNAL,
    }
}

/// The exit status of a program that was interrupted.
pub(super) const INTERRUPTED: u8 = 130;
const INTERNAL: u8 = 70;

/// Rows of the last answer that can be asked about by number.
const KEPT: usize = 10_000;

/// A session with its view.
pub(super) struct Shell {
    pub session: Session,
    pub view: View,
    /// All inputs, oldest first, those of earlier sessions included.
    pub history: Vec<String>,
    /// The last goal that was asked, for `:profile`.
    pub last_goal: Option<String>,
    /// The last goal that was answered with its first rows, for `:why` and `:support`.
    pub last_answer: Option<(String, Vec<Vec<Value>>)>,
    /// An input to run as if it had been typed next: `:edit` leaves it here.
    pub next: Option<String>,
    /// Whether somebody sits at a terminal.
    pub interactive: bool,
    /// Whether files are to be loaded by themselves when they change.
    pub watch: bool,
    /// Counts changes of what can be completed.
    pub version: u64,
}

impl Shell {
    pub fn new(session: Session, view: View) -> Shell {
        Shell {
            session,
            view,
            history: Vec::new(),
            last_goal: None,
            last_answer: None,
            next: None,
            interactive: false,
            watch: false,
            version: 0,
        }
    }

    /// Says what is wrong with a base that does not load.
    pub fn greet(&mut self, console: &mut Console) -> io::Result<()> {
        if self.session.broken().is_empty() {
            return Ok(());
        }
        let broken = self.session.broken().to_vec();
        self.report(console, &broken)?;
        console.tell(&format!("\n{}: nothing is loaded\n", Tally::of(&broken)))
    }

    /// Runs one input. A fault of the program is told, and the REPL goes on.
    ///
    /// # Errors
    /// Those of the console.
    pub fn submit(&mut self, console: &mut Console, input: &str) -> io::Result<Done> {
        if input.trim().is_empty() {
            return Ok(Done::WELL);
        }
        if self.history.last().map(String::as_str) != Some(input) {
            self.history.push(input.to_owned());
        }
        self.session.cancel_token().reset();
        match fault::catch(|| self.run(console, input)) {
            Ok(done) => done,
            Err(fault) => {
                console.tell(&format!("{fault}\nThe session goes on; `:reload` reads the files again.\n"))?;
                Ok(Done::failed(INTERNAL))
            }
        }
    }

    fn run(&mut self, console: &mut Console, input: &str) -> io::Result<Done> {
        if entry::is_command(input) || commands::dotted(input) {
            return commands::run(self, console, input);
        }
        let started = Instant::now();
        let (token, most) = (self.session.cancel_token(), self.view.most());
        match working(self.shows_work(), &token, || self.session.line_within(input, most)) {
            Ok((outcome, warnings)) => {
                let taken = started.elapsed();
                self.report(console, &warnings)?;
                match outcome {
                    Outcome::Answer(mut answer) => {
                        answer.notes.splice(0..0, self.session.scenario().map(str::to_owned));
                        self.last_goal = Some(input.to_owned());
                        let rows = answer.rows.iter().take(KEPT).cloned().collect();
                        self.last_answer = Some((input.to_owned(), rows));
                        let shown = self.view.answer(console, answer, Some(taken))?;
                        self.told(console, shown)
                    }
                    Outcome::Changed(change) => {
                        self.version += 1;
                        console.tell(&format!("{}\n", told::change(&change)))?;
                        Ok(Done::WELL)
                    }
                }
            }
            Err(error) => self.refused(console, &error),
        }
    }

    /// Whether to show how work goes on: somebody waits, and looks at standard error.
    pub fn shows_work(&self) -> bool {
        self.interactive && io::stderr().is_terminal()
    }

    /// Says in which scenario something was found, for what is no answer with notes of its own.
    pub fn scenario(&self, console: &mut Console) -> io::Result<()> {
        let Some(text) = self.session.scenario() else { return Ok(()) };
        console.tell(&self.view.note(text))?;
        for note in self.session.notes() {
            console.tell(&self.view.note(&note))?;
        }
        Ok(())
    }

    /// Tells why the session refused something.
    pub fn refused(&mut self, console: &mut Console, error: &Error) -> io::Result<Done> {
        match error {
            Error::Cancelled => console.tell("interrupted\n")?,
            Error::Internal(fault) => console.tell(&format!("{fault}\n"))?,
            // What is wrong with the base has been told when it was loaded.
            Error::Invalid(found) => match found.last() {
                Some(last) if last.code == codes::BROKEN_BASE.code => {
                    let reminder = Diagnostic::new(codes::BROKEN_BASE, last.message.clone())
                        .help("mend the files and `:reload`");
                    self.report(console, &[reminder])?;
                }
                _ => self.report(console, found)?,
            },
            Error::Failed(_) | Error::Limit(_) => self.report(console, error.diagnostics())?,
        }
        Ok(Done::failed(status(error)))
    }

    /// The end of something that may have failed with a diagnostic.
    pub fn told(&mut self, console: &mut Console, result: Result<(), Diagnostic>) -> io::Result<Done> {
        match result {
            Ok(()) => Ok(Done::WELL),
            Err(diagnostic) => {
                self.report(console, &[diagnostic])?;
                Ok(Done::failed(2))
            }
        }
    }

    /// Shows diagnostics beside the answers.
    pub fn report(&self, console: &mut Console, found: &[Diagnostic]) -> io::Result<()> {
        if found.is_empty() {
            return Ok(());
        }
        let text = self.rendered(found, self.view.error_color);
        console.tell(&text)
    }

    /// Diagnostics in full.
    pub fn rendered(&self, found: &[Diagnostic], color: bool) -> String {
        let style = DiagnosticStyle { color, width: self.view.columns() };
        diagnostics::render(found, self.session.sources(), DiagnosticFormat::Full, style)
    }
}
