//! The prompt at a terminal: line editing, history, Ctrl-C, the greeting.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use rustyline::error::ReadlineError;
use rustyline::history::{FileHistory, History, SearchDirection};
use rustyline::{Config, Editor, ExternalPrinter};
use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::console::Console;
use super::editor::Assistant;
use super::entry::Gatherer;
use super::shell::Shell;
use super::told;
use super::watch::{Watch, lock};
use super::{CONTINUATION, Options, PROMPT};
use crate::base::{Diagnostic, escape};
use crate::files;
use crate::storage::sources::SOURCE;

/// Inputs kept from session to session.
const REMEMBERED: usize = 10_000;

/// Reads inputs until Ctrl-D or `:quit`. The status is 0: somebody saw what failed.
pub(super) fn run(mut shell: Shell, options: &Options) -> u8 {
    shell.interactive = true;
    let mut console = Console::streams(false);
    let shell = Arc::new(Mutex::new(shell));
    match Prompt::new(shell, options).and_then(|mut prompt| prompt.all(&mut console, options)) {
        Ok(()) => 0,
        Err(ReadlineError::Io(error)) if error.kind() == io::ErrorKind::BrokenPipe => 0,
        Err(error) => {
            let _ = writeln!(io::stderr(), "error: the terminal: {error}");
            2
        }
    }
}

struct Prompt {
    shell: Arc<Mutex<Shell>>,
    editor: Editor<Assistant, FileHistory>,
    history: Option<PathBuf>,
    watch: Option<Watch>,
}

impl Prompt {
    fn new(shell: Arc<Mutex<Shell>>, options: &Options) -> rustyline::Result<Prompt> {
        let config = Config::builder()
            .max_history_size(REMEMBERED)?
            .history_ignore_dups(true)?
            .completion_type(rustyline::CompletionType::List)
            .completion_show_all_if_ambiguous(true)
            .color_mode(if options.color {
                rustyline::ColorMode::Enabled
            } else {
                rustyline::ColorMode::Disabled
            })
            // Asking the terminal where its cursor stands would wait for the answer.
            .check_cursor_position(false)
            .build();
        let mut editor = Editor::with_config(config)?;
        editor.set_helper(Some(Assistant::new(Arc::clone(&shell), options.color)));
        let history = history_file();
        if let Some(path) = &history {
            // A history that is not there yet, or cannot be read, is no reason not to start.
            let _ = editor.load_history(path);
        }
        let known = |index| editor.history().get(index, SearchDirection::Forward).ok().flatten();
        let entries = (0..editor.history().len()).filter_map(known);
        lock(&shell).history = entries.map(|found| found.entry.into_owned()).collect();
        Ok(Prompt { shell, editor, history, watch: None })
    }

    fn all(&mut self, console: &mut Console, options: &Options) -> rustyline::Result<()> {
        let token = lock(&self.shell).session.cancel_token();
        flag::register(SIGINT, token.flag())?;
        if !options.quiet {
            write!(console, "{}", greeting(&lock(&self.shell)))?;
        }
        lock(&self.shell).greet(console)?;
        let mut gatherer = Gatherer::default();
        loop {
            console.flush()?;
            let next = lock(&self.shell).next.take();
            if let Some(input) = next {
                writeln!(console, "{PROMPT}{}", input.replace('\n', &format!("\n{CONTINUATION}")))?;
                if self.submit(console, &input)? {
                    return Ok(());
                }
                continue;
            }
            let prompt = if gatherer.pending().is_empty() { PROMPT } else { CONTINUATION };
            if let Some(helper) = self.editor.helper_mut() {
                gatherer.pending().clone_into(&mut helper.before);
            }
            match self.editor.readline(prompt) {
                // Pasted text may hold several lines, and several inputs.
                Ok(text) => {
                    let text = text.replace("\r\n", "\n").replace('\r', "\n");
                    for line in text.split('\n') {
                        if let Some(input) = gatherer.push(line)
                            && self.submit(console, &input)?
                        {
                            return Ok(());
                        }
                    }
                }
                Err(ReadlineError::Interrupted) => gatherer.clear(),
                Err(ReadlineError::Eof) if gatherer.pending().is_empty() => return Ok(()),
                Err(ReadlineError::Eof) => {
                    if let Some(input) = gatherer.finish()
                        && self.submit(console, &input)?
                    {
                        return Ok(());
                    }
                }
                Err(ReadlineError::Signal(_)) => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Runs an input and says whether it was the last.
    fn submit(&mut self, console: &mut Console, input: &str) -> rustyline::Result<bool> {
        if input.trim().is_empty() {
            return Ok(false);
        }
        self.remember(input);
        let done = lock(&self.shell).submit(console, input)?;
        console.flush()?;
        self.follow_watch(console)?;
        Ok(done.quit)
    }

    /// Keeps an input, a multi-line one as one entry, for this session and the next.
    fn remember(&mut self, input: &str) {
        // What cannot be kept is lost, and nothing else.
        let added = self.editor.add_history_entry(input).unwrap_or(false);
        if let (true, Some(path)) = (added, &self.history)
            && path.parent().is_none_or(|folder| files::output::create_folder(folder).is_ok())
        {
            let _ = self.editor.append_history(path);
        }
    }

    /// Starts or ends the watch as `:watch` said.
    fn follow_watch(&mut self, console: &mut Console) -> io::Result<()> {
        let wanted = lock(&self.shell).watch;
        match (wanted, &self.watch) {
            (true, None) => match self.start_watch() {
                Ok(watch) => self.watch = Some(watch),
                Err(diagnostic) => {
                    let mut shell = lock(&self.shell);
                    shell.watch = false;
                    shell.report(console, &[diagnostic])?;
                }
            },
            (false, Some(_)) => self.watch = None,
            _ => {}
        }
        Ok(())
    }

    fn start_watch(&mut self) -> Result<Watch, Diagnostic> {
        let mut printer = self.editor.create_external_printer().ok();
        Watch::start(&self.shell, move |said| {
            let printed = printer.as_mut().is_some_and(|printer| printer.print(said.clone()).is_ok());
            if !printed {
                let _ = io::stderr().write_all(said.as_bytes());
            }
        })
    }
}

/// What was loaded from where, and how to begin.
fn greeting(shell: &Shell) -> String {
    let session = &shell.session;
    let columns = shell.view.columns();
    let mut base = Vec::new();
    if let Some(project) = session.project() {
        base.push(shown_folder(project.root()));
    }
    if session.broken().is_empty() {
        base.push(told::base(session));
    }
    let name = format!("factlog {}", env!("CARGO_PKG_VERSION"));
    let first = told::prose(&format!("{name} · {}", base.join(" · ")), 0, columns);
    let declared = session.relations().iter().any(|relation| relation.name != SOURCE);
    let hint = if declared || !session.broken().is_empty() {
        "`:relations` lists what can be asked, `:help` the commands; Tab completes, Ctrl-D leaves"
    } else {
        "declare with `.decl Knows(who: symbol, whom: symbol)`, state with `+Knows(who: \"ann\", whom: \"bob\")`, \
         ask with `Knows(who: x, whom: y)?`; `:help` tells more, Ctrl-D leaves"
    };
    let hint = told::prose(hint, 0, columns);
    if shell.view.color {
        // Each line by itself: a colour does not reach over a line end.
        let dim: String = hint.lines().map(|line| format!("\u{1b}[2m{line}\u{1b}[0m\n")).collect();
        return first.replacen(&name, &format!("\u{1b}[1m{name}\u{1b}[0m"), 1) + &dim;
    }
    first + &hint
}

/// A folder as its owner writes it: `~/news`.
fn shown_folder(folder: &Path) -> String {
    let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
    let below = home.as_deref().and_then(|home| folder.strip_prefix(home).ok());
    let shown = match below {
        Some(below) if below.as_os_str().is_empty() => "~".to_owned(),
        Some(below) => format!("~/{}", below.display()),
        None => folder.display().to_string(),
    };
    escape::printable(&shown).into_owned()
}

/// Where inputs are kept: `$FACTLOG_HISTORY` (empty for nowhere), else in the user's folder for
/// state (XDG Base Directory Specification, or what Windows has for it).
fn history_file() -> Option<PathBuf> {
    if let Some(path) = env::var_os("FACTLOG_HISTORY") {
        return (!path.is_empty()).then(|| PathBuf::from(path));
    }
    let set = |name: &str| env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let folder = if cfg!(windows) {
        set("LOCALAPPDATA")
    } else {
        set("XDG_STATE_HOME").or_else(|| set("HOME").map(|home| home.join(Path::new(".local/state"))))
    };
    folder.map(|folder| folder.join("factlog").join("history"))
}
