//! Standard input that is no terminal: inputs one after another, and an exit status.

use std::io::{self, BufRead, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::console::Console;
use super::entry::Gatherer;
use super::shell::{Done, INTERRUPTED, Shell};
use super::{CONTINUATION, Options, PROMPT};
use crate::base::Diagnostic;
use crate::base::codes::files::NOT_UTF8;

/// Runs all inputs and gives the status of the first that failed.
pub(super) fn run(shell: Shell, options: &Options) -> u8 {
    let mut console = Console::streams(options.echo);
    let mut pipe = Pipe { shell, echo: options.echo, status: 0, waiting: Arc::default() };
    // While waiting for input an interrupt ends the program, as it does without a handler; while an
    // input runs it stops that.
    let waiting = Arc::clone(&pipe.waiting);
    let stop = flag::register_conditional_shutdown(SIGINT, i32::from(INTERRUPTED), waiting)
        .and_then(|_| flag::register(SIGINT, pipe.shell.session.cancel_token().flag()));
    let result = pipe.all(&mut console);
    let flushed = console.flush();
    if let Ok(id) = stop {
        signal_hook::low_level::unregister(id);
    }
    match result.and(flushed) {
        Ok(()) => pipe.status,
        // Whoever read the output has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => pipe.status,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: cannot write standard output: {error}");
            2
        }
    }
}

struct Pipe {
    shell: Shell,
    echo: bool,
    status: u8,
    waiting: Arc<AtomicBool>,
}

impl Pipe {
    fn all(&mut self, console: &mut Console) -> io::Result<()> {
        self.shell.greet(console)?;
        let mut gatherer = Gatherer::default();
        let mut line = Vec::new();
        loop {
            console.flush()?;
            line.clear();
            self.waiting.store(true, Ordering::SeqCst);
            let read = io::stdin().lock().read_until(b'\n', &mut line);
            self.waiting.store(false, Ordering::SeqCst);
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) => {
                    console.tell(&format!("error: cannot read standard input: {error}\n"))?;
                    self.status = if self.status == 0 { 2 } else { self.status };
                    break;
                }
            }
            let text = match std::str::from_utf8(&line) {
                Ok(text) => text,
                Err(error) => {
                    self.refuse(console, error.valid_up_to())?;
                    continue;
                }
            };
            let text = text.strip_suffix('\n').unwrap_or(text);
            let text = text.strip_suffix('\r').unwrap_or(text);
            if self.echo {
                let prompt = if gatherer.pending().is_empty() { PROMPT } else { CONTINUATION };
                writeln!(console, "{prompt}{text}")?;
            }
            if let Some(input) = gatherer.push(text)
                && self.submit(console, &input)?
            {
                return Ok(());
            }
        }
        if let Some(input) = gatherer.finish() {
            self.submit(console, &input)?;
        }
        if self.status == 0 && !self.shell.session.broken().is_empty() {
            self.status = 2;
        }
        Ok(())
    }

    /// Refuses a line that is no text.
    fn refuse(&mut self, console: &mut Console, at: usize) -> io::Result<()> {
        let message = format!("this line is not UTF-8: its byte {} begins no character", at + 1);
        self.shell.report(console, &[Diagnostic::new(NOT_UTF8, message)])?;
        if self.status == 0 {
            self.status = 2;
        }
        Ok(())
    }

    /// Runs an input and says whether it was the last.
    fn submit(&mut self, console: &mut Console, input: &str) -> io::Result<bool> {
        let Done { status, quit } = self.shell.submit(console, input)?;
        if self.status == 0 {
            self.status = status;
        }
        Ok(quit || status == INTERRUPTED)
    }
}
