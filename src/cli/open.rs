//! Opening a project for a command, with progress on a terminal, and telling what a session
//! refused.

use std::io::{self, IsTerminal};
use std::path::Path;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::Exit;
use super::args::{LimitArgs, ScenarioArgs};
use super::context::{Context, Failure};
use super::interrupt;
use super::terminal::write_stderr;
use crate::base::{Diagnostic, SourceMap};
use crate::files::TextFolder;
use crate::repl;
use crate::session::{Error, LimitOptions, Loading, Options, Session};

/// Work that takes less than this shows no progress.
const PATIENCE: Duration = Duration::from_millis(400);

impl LimitArgs {
    /// As a session takes them.
    pub fn options(&self) -> LimitOptions {
        LimitOptions { rows: self.limit_rows, time: self.limit_seconds, memory: self.limit_memory }
    }
}

/// Opens the project that `-C` names. A base that does not load gives a session that refuses
/// questions. Ctrl-C then asks it to stop.
///
/// # Errors
/// There is no project; that has been told.
pub fn open(context: &Context, options: Options) -> Result<Session, Failure> {
    let session = load(context, options).map_err(|(diagnostic, sources)| {
        context.report(&[diagnostic], &sources);
        Failure::Told(Exit::Refused)
    })?;
    if let Err(error) = interrupt::install(&session.cancel_token()) {
        context.tell(format_args!("Ctrl-C ends the program at once: {error}"));
    }
    Ok(session)
}

/// As [`open`], but leaves Ctrl-C as it is, and tells nothing of its errors.
///
/// # Errors
/// There is no project; the map is for showing it.
pub fn load(context: &Context, options: Options) -> Result<Session, (Diagnostic, SourceMap)> {
    let started = Instant::now();
    let mut progress = Progress::new(shows_work(context));
    let dir = context.global.dir.as_deref();
    let options = Options { jobs: options.jobs.or(context.global.jobs), ..options };
    let opened = Session::open_with(dir, options, &mut |loading| progress.show(loading));
    progress.finish();
    let session = opened?;
    context.tell(format_args!("{} in {:.0?}", loaded(&session), started.elapsed()));
    Ok(session)
}

/// As [`open`], for commands that can do nothing with a base that does not load.
///
/// # Errors
/// There is no project, or it does not load; that has been told.
pub fn open_whole(context: &Context, options: Options) -> Result<Session, Failure> {
    let session = open(context, options)?;
    if session.broken().is_empty() {
        return Ok(session);
    }
    context.report(session.broken(), session.sources());
    Err(Failure::Told(Exit::Refused))
}

/// Asks everything from now on in the scenario that the flags make.
///
/// # Errors
/// An option is wrong; that has been told.
pub fn under(context: &Context, session: &mut Session, args: &ScenarioArgs) -> Result<(), Failure> {
    let options = args.options();
    if options.is_empty() {
        return Ok(());
    }
    match session.set_scenario(&options) {
        Ok(warnings) => {
            context.report(&warnings, session.sources());
            Ok(())
        }
        Err(error) => Err(refused(context, session, &error)),
    }
}

/// The folder of the sources' texts: the one that `--texts` names, else the project's own if it has
/// one.
///
/// # Errors
/// There is no such folder.
pub fn texts(session: &Session, named: Option<&Path>) -> Result<Option<TextFolder>, Failure> {
    let folder = named.map(Path::to_owned).or_else(|| {
        let project = session.project()?;
        Some(project.root().join(project.settings().folders.texts.as_ref()?))
    });
    Ok(folder.as_deref().map(TextFolder::open).transpose()?)
}

/// Does `work` with the session, and shows on a terminal how it goes on if it takes long.
pub fn working<T>(context: &Context, session: &mut Session, work: impl FnOnce(&mut Session) -> T) -> T {
    let token = session.cancel_token();
    repl::working(shows_work(context), &token, || work(session))
}

/// Whether somebody waits who looks at standard error.
pub fn shows_work(context: &Context) -> bool {
    !context.global.quiet && io::stderr().is_terminal()
}

/// Tells why a session refused something.
pub fn refused(context: &Context, session: &Session, error: &Error) -> Failure {
    Failure::Told(told(context, session.sources(), error))
}

/// Tells why something was refused, in the texts of `sources`; the exit status that follows.
pub fn told(context: &Context, sources: &SourceMap, error: &Error) -> Exit {
    context.report(error.diagnostics(), sources);
    match error {
        Error::Invalid(_) | Error::Failed(_) => Exit::Refused,
        Error::Limit(_) => Exit::Limit,
        Error::Cancelled => context.fail(Failure::Interrupted),
        Error::Internal(fault) => {
            write_stderr(&format!("{fault}\n"));
            Exit::Internal
        }
    }
}

fn loaded(session: &Session) -> String {
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let (facts, rules) = (session.stated_total(), session.program().rules.len());
    let mut text = format!("loaded {} and {}", count(facts, "fact"), count(rules, "rule"));
    if !session.load_warnings().is_empty() {
        text.push_str(&format!(
            " with {} (`factlog check` shows them)",
            count(session.load_warnings().len(), "warning")
        ));
    }
    text
}

/// A bar on standard error that appears when reading a data file takes long; of streams of which
/// the size is not known, it counts.
pub struct DataProgress(Mutex<Progress>, Option<u64>);

impl DataProgress {
    /// Shows nothing before the first bytes have been read.
    pub fn new(context: &Context, size: Option<u64>) -> Self {
        DataProgress(Mutex::new(Progress::new(shows_work(context))), size)
    }

    /// So many bytes have been read.
    pub fn show(&self, bytes: u64) {
        let mut progress = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        progress.show(Loading { bytes, of: self.1.unwrap_or(bytes) });
    }

    /// Takes the bar away.
    pub fn finish(self) {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).finish();
    }
}

/// A bar on standard error that appears when loading takes long.
struct Progress {
    bar: Option<ProgressBar>,
    enabled: bool,
    started: Instant,
}

impl Progress {
    fn new(enabled: bool) -> Self {
        Progress { bar: None, enabled, started: Instant::now() }
    }

    fn show(&mut self, loading: Loading) {
        if !self.enabled || self.started.elapsed() < PATIENCE {
            return;
        }
        let bar = self.bar.get_or_insert_with(|| {
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("loading facts {bar:30} {bytes} of {total_bytes}")
                    .unwrap_or(ProgressStyle::default_bar()),
            );
            bar
        });
        bar.set_length(loading.of);
        bar.set_position(loading.bytes);
    }

    fn finish(self) {
        if let Some(bar) = self.bar {
            bar.finish_and_clear();
        }
    }
}
