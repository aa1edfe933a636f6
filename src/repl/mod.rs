//! The REPL: lines in, answers out, at a terminal, in a pipe, and from a transcript.
//!
//! - `entry`: lines to whole inputs · `shell`: what an input does · `commands`: the `:commands`
//! - `console`: where text goes · `view`: how answers are shown · `told`: steps in words
//! - `terminal`: the prompt, with `editor` (`complete`, `highlight`) behind it · `watch`
//! - `pipe`: standard input that is no terminal · `transcript`: replaying `*.repl` · `working`: a line while
//!   something takes long

mod commands;
mod complete;
mod console;
mod editor;
mod entry;
mod highlight;
mod pipe;
mod shell;
mod terminal;
mod told;
mod transcript;
mod view;
mod watch;
mod working;

use std::io::{self, IsTerminal};

pub use transcript::{Replay, replay};
pub use working::working;

use crate::render::AnswerFormat;
use crate::session::Session;
use shell::Shell;
use view::View;

/// What a person sees before an input.
pub const PROMPT: &str = "factlog> ";
/// What a person sees before the further lines of an input.
pub const CONTINUATION: &str = "    ...> ";

/// How a REPL is run.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Print prompts and input, too, so that the output is a transcript.
    pub echo: bool,
    /// The format of answers; by default a table on a terminal and in a transcript, csv in a pipe.
    pub format: Option<AnswerFormat>,
    /// Whether standard output takes colours.
    pub color: bool,
    /// Whether standard error takes colours.
    pub error_color: bool,
    /// Leave out what nobody asked for: the greeting.
    pub quiet: bool,
}

/// Runs the REPL on standard input until it ends or `:quit`, and gives the exit status: 0 at a
/// terminal; otherwise that of the first line that failed.
pub fn run(session: Session, options: &Options) -> u8 {
    let terminal = io::stdin().is_terminal() && io::stdout().is_terminal() && !options.echo;
    let mut view = View::new(&session, options, terminal);
    if terminal {
        view.width = view::Width::Terminal;
        terminal::run(Shell::new(session, view), options)
    } else {
        pipe::run(Shell::new(session, view), options)
    }
}
