//! How a session is opened, and what it may use.

use std::num::NonZeroUsize;
use std::path::Path;
use std::time::Duration;

use super::{Error, Session};
use crate::base;
use crate::files::LintLevel;
use crate::session;

/// How to open a [`Session`]: with which limits, on how many threads, with what left out.
///
/// ```
/// use std::time::Duration;
/// use factlog::{Limits, SessionOptions};
///
/// let mut session = SessionOptions::new()
///     .threads(2)
///     .limits(Limits::new().time(Duration::from_secs(10)).memory(1 << 30))
///     .open(".")?;
/// assert!(session.query(r#"Person(id: "tokayev")"#)?.holds());
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "options do nothing until a session is opened with them"]
pub struct SessionOptions {
    inner: session::Options,
    limits: Option<Limits>,
}

/// Whether and how a finding is told; see [`SessionOptions::level`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Level {
    /// Not at all.
    Allow,
    /// As a warning.
    Warn,
    /// As an error.
    Deny,
}

impl SessionOptions {
    /// As [`Session::open`] opens: the limits of the project's settings, all processors.
    pub fn new() -> Self {
        Self::default()
    }

    /// Leaves files out that cannot be read, parsed, named or typed, instead of failing. What is left
    /// out is told in the notes of every answer.
    pub fn keep_going(mut self, on: bool) -> Self {
        self.inner.keep_going = on;
        self
    }

    /// Loads the candidates below `facts/inbox/`, too.
    pub fn inbox(mut self, on: bool) -> Self {
        self.inner.inbox = on;
        self
    }

    /// Works on so many threads; 0 is as many as there are processors.
    pub fn threads(mut self, threads: usize) -> Self {
        self.inner.jobs = NonZeroUsize::new(threads);
        self
    }

    /// Sets the limits of an evaluation. Without, those of the project's settings hold.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = Some(limits);
        self
    }

    /// Sets the level of a finding by its code (`FL410`), its name (`conflict`) or the name of a
    /// `deny` or `warn` rule, above what the project's settings say. Later ones win.
    pub fn level(mut self, finding: impl Into<String>, level: Level) -> Self {
        let level = match level {
            Level::Allow => LintLevel::Allow,
            Level::Warn => LintLevel::Warn,
            Level::Deny => LintLevel::Deny,
        };
        self.inner.levels.0.push((finding.into(), level));
        self
    }

    /// Opens the project in a folder and loads it.
    ///
    /// # Errors
    /// There is no project, or something in it is wrong: then all that is.
    pub fn open(self, dir: impl AsRef<Path>) -> Result<Session, Error> {
        self.load(Some(dir.as_ref()))
    }

    /// Opens the project in the current folder, or else the nearest one above it, as the command
    /// line does.
    ///
    /// # Errors
    /// As those of [`open`](SessionOptions::open).
    pub fn discover(self) -> Result<Session, Error> {
        self.load(None)
    }

    /// A session without a project: no files, no facts.
    pub fn empty(self) -> Session {
        Session::with(session::Session::empty(self.inner), self.limits)
    }

    fn load(self, dir: Option<&Path>) -> Result<Session, Error> {
        let opened = session::Session::open(dir, self.inner);
        let session = opened.map_err(|(diagnostic, sources)| Error::of(&diagnostic.into(), &sources))?;
        if !session.broken().is_empty() {
            let broken = session::Error::Invalid(session.broken().to_vec());
            return Err(Error::of(&broken, session.sources()));
        }
        Ok(Session::with(session, self.limits))
    }
}

/// How much one evaluation may use. What goes beyond is an error of kind
/// [`Limit`](crate::ErrorKind::Limit), and the session goes on.
///
/// ```
/// use factlog::{ErrorKind, Limits, Session};
///
/// let mut session = Session::new();
/// session.define("N(n: 0). N(n: n + 1) :- N(n: n).")?;
/// session.set_limits(Limits::new().rows(10_000));
/// assert_eq!(session.query("N(n: n)").unwrap_err().kind(), ErrorKind::Limit);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "limits do nothing until a session has them"]
pub struct Limits(pub(super) base::Limits);

impl Limits {
    /// The usual ones: 10 billion rows, 10 million rounds, 16 GiB, any time.
    pub fn new() -> Self {
        Limits(base::Limits::default())
    }

    /// None at all.
    pub fn none() -> Self {
        Limits(base::Limits::none())
    }

    /// At most so many rows that rules produce and aggregates range over, duplicates included.
    pub fn rows(mut self, rows: u64) -> Self {
        self.0.rows = Some(rows);
        self
    }

    /// At most so many rounds of one fixpoint.
    pub fn rounds(mut self, rounds: u64) -> Self {
        self.0.rounds = Some(rounds);
        self
    }

    /// At most so long, by the clock on the wall.
    pub fn time(mut self, time: Duration) -> Self {
        self.0.time = Some(time);
        self
    }

    /// At most so many bytes of derived relations with their indexes.
    pub fn memory(mut self, bytes: u64) -> Self {
        self.0.memory = Some(bytes);
        self
    }
}

impl Default for Limits {
    fn default() -> Self {
        Limits::new()
    }
}
