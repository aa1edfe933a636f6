//! What the line editor asks while somebody types: candidates, hints, colours.

use std::borrow::Cow;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

use rustyline::completion::{Completer, FilenameCompleter};
use rustyline::highlight::{CmdKind, Highlighter};
use rustyline::hint::{Hint, Hinter};
use rustyline::history::SearchDirection;
use rustyline::validate::Validator;
use rustyline::{CompletionType, Context, Helper};

use super::complete::{Candidate, Catalog};
use super::highlight;
use super::shell::Shell;

/// The editor's helper. The shell is shared with the thread that watches files.
pub(super) struct Assistant {
    pub shell: Arc<Mutex<Shell>>,
    /// The earlier lines of the input that is being typed.
    pub before: String,
    pub color: bool,
    /// The names of the base, with the version of the shell that they are of.
    catalog: Mutex<(Option<u64>, Arc<Catalog>)>,
    files: FilenameCompleter,
}

impl Assistant {
    pub fn new(shell: Arc<Mutex<Shell>>, color: bool) -> Assistant {
        let catalog = Mutex::new((None, Arc::default()));
        Assistant { shell, before: String::new(), color, catalog, files: FilenameCompleter::new() }
    }

    /// The names of the base as it is; as it was, while files are being loaded.
    fn catalog(&self) -> Arc<Catalog> {
        let mut catalog = self.catalog.lock().unwrap_or_else(PoisonError::into_inner);
        let shell = match self.shell.try_lock() {
            Ok(shell) => shell,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => return Arc::clone(&catalog.1),
        };
        if catalog.0 != Some(shell.version) {
            *catalog = (Some(shell.version), Arc::new(Catalog::of(&shell.session)));
        }
        Arc::clone(&catalog.1)
    }
}

impl Completer for Assistant {
    type Candidate = Candidate;

    fn complete(
        &self,
        line: &str,
        pos: usize,
        _: &Context<'_>,
    ) -> rustyline::Result<(usize, Vec<Candidate>)> {
        match self.catalog().complete(&self.before, line, pos) {
            Some(found) => Ok(found),
            None => {
                let (start, pairs) = self.files.complete_path(line, pos)?;
                let found = pairs
                    .into_iter()
                    .map(|pair| Candidate { replacement: pair.replacement, display: pair.display });
                Ok((start, found.collect()))
            }
        }
    }
}

/// The rest of an earlier input that begins like this one.
pub(super) struct Rest(String);

impl Hint for Rest {
    fn display(&self) -> &str {
        &self.0
    }

    fn completion(&self) -> Option<&str> {
        Some(&self.0)
    }
}

impl Hinter for Assistant {
    type Hint = Rest;

    fn hint(&self, line: &str, pos: usize, context: &Context<'_>) -> Option<Rest> {
        if line.trim().is_empty() || pos < line.len() || !self.before.is_empty() {
            return None;
        }
        let last = context.history().len().checked_sub(1)?;
        let found = context.history().starts_with(line, last, SearchDirection::Reverse).ok()??;
        let rest = found.entry.get(line.len()..)?;
        (!rest.is_empty() && !rest.contains('\n')).then(|| Rest(rest.to_owned()))
    }
}

impl Highlighter for Assistant {
    fn highlight<'l>(&self, line: &'l str, pos: usize) -> Cow<'l, str> {
        if self.color { Cow::Owned(highlight::line(&self.before, line, pos)) } else { Cow::Borrowed(line) }
    }

    fn highlight_prompt<'b, 's: 'b, 'p: 'b>(&'s self, prompt: &'p str, _: bool) -> Cow<'b, str> {
        if self.color { Cow::Owned(format!("\u{1b}[1m{prompt}\u{1b}[0m")) } else { Cow::Borrowed(prompt) }
    }

    fn highlight_hint<'h>(&self, hint: &'h str) -> Cow<'h, str> {
        if self.color { Cow::Owned(format!("\u{1b}[2m{hint}\u{1b}[0m")) } else { Cow::Borrowed(hint) }
    }

    fn highlight_candidate<'c>(&self, candidate: &'c str, _: CompletionType) -> Cow<'c, str> {
        Cow::Borrowed(candidate)
    }

    fn highlight_char(&self, _: &str, _: usize, _: CmdKind) -> bool {
        self.color
    }
}

impl Validator for Assistant {}

impl Helper for Assistant {}
