//! What goes wrong, for programs: one error type, with diagnostics that know their texts.

use std::fmt;
use std::sync::Arc;

use crate::base::{self, SourceMap};
use crate::render::diagnostics::{self, DiagnosticFormat, DiagnosticStyle};
use crate::session;

/// Why something could not be done. Nothing has changed then: a step that fails leaves its
/// [`Session`](crate::Session) as it was.
///
/// Its `Display` is for people: a sentence, or the rendered [`diagnostics`](Error::diagnostics)
/// with excerpts and hints, several lines long; so is its `Debug`. [`kind`](Error::kind) is for programs.
///
/// ```
/// use factlog::{ErrorKind, Session};
///
/// let mut session = Session::new();
/// session.define(".decl Attended(leader: symbol, summit: symbol)")?;
/// let error = session.query(r#"Atended(leader: l)"#).unwrap_err();
/// assert_eq!(error.kind(), ErrorKind::Invalid);
/// assert_eq!(error.diagnostics()[0].message(), "unknown relation `Atended`");
/// assert_eq!(error.diagnostics()[0].help(), ["did you mean `Attended`?"]);
/// assert!(error.to_string().contains("<query>:1:1"));
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

#[derive(Clone)]
struct Inner {
    kind: ErrorKind,
    message: String,
    diagnostics: Vec<Diagnostic>,
}

/// What sort of thing went wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A text is wrong in itself or does not fit the schema, or a file of the project is.
    Invalid,
    /// A parameter is not a variable of the text that it was given for, or is missing.
    Parameter,
    /// A value cannot be one of factlog's, or a Rust value is no fact.
    Encode,
    /// The rows of an answer are not what was asked for.
    Decode,
    /// A rule could not be evaluated for some binding: division by zero, overflow.
    Evaluation,
    /// A limit was reached.
    Limit,
    /// Somebody cancelled it.
    Cancelled,
    /// factlog's own check of its work failed: a mistake to be reported.
    Internal,
}

impl Error {
    /// What sort of thing went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// What is wrong, one by one. Empty where no text is at fault.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        &self.0.diagnostics
    }

    pub(super) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner { kind, message: message.into(), diagnostics: Vec::new() }))
    }

    /// A session's error, with the texts of its diagnostics.
    pub(super) fn of(error: &session::Error, sources: &SourceMap) -> Error {
        let (kind, message) = match error {
            session::Error::Invalid(_) => (ErrorKind::Invalid, String::new()),
            session::Error::Failed(_) => (ErrorKind::Evaluation, String::new()),
            session::Error::Limit(_) => (ErrorKind::Limit, String::new()),
            session::Error::Cancelled => (ErrorKind::Cancelled, "cancelled".to_owned()),
            session::Error::Internal(fault) => (ErrorKind::Internal, fault.to_string()),
        };
        let diagnostics = Diagnostic::all(error.diagnostics(), sources);
        Error(Box::new(Inner { kind, message, diagnostics }))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.diagnostics.is_empty() {
            return f.write_str(&self.0.message);
        }
        for (at, diagnostic) in self.0.diagnostics.iter().enumerate() {
            if at > 0 {
                f.write_str("\n\n")?;
            }
            write!(f, "{diagnostic}")?;
        }
        Ok(())
    }
}

/// For people too: this is what a `main` that returns an error shows.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {self}", self.kind())
    }
}

impl std::error::Error for Error {}

/// One finding about a text: an error, a warning, or what a check has found.
///
/// Its `Display` shows the message with an excerpt of the text, notes and help, as the command line
/// does; `{:#}` is one line, `file:line:column: error[CODE] message`.
#[derive(Clone)]
pub struct Diagnostic {
    inner: base::Diagnostic,
    sources: Arc<SourceMap>,
}

/// How much a [`Diagnostic`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// Worth knowing.
    Info,
    /// Should be looked at.
    Warning,
    /// Has to be mended.
    Error,
}

/// Where something stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Location {
    /// The file, relative to the project, or `<query>`, `<input>` and the like for a text that was
    /// given to a session.
    pub file: String,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}

impl Diagnostic {
    pub(super) fn all(found: &[base::Diagnostic], sources: &SourceMap) -> Vec<Diagnostic> {
        if found.is_empty() {
            return Vec::new();
        }
        let sources = Arc::new(sources.clone());
        let with_texts =
            |inner: &base::Diagnostic| Diagnostic { inner: inner.clone(), sources: sources.clone() };
        found.iter().map(with_texts).collect()
    }

    /// Its code, `FL` and three digits, or the name of a `deny` or `warn` rule.
    pub fn code(&self) -> &str {
        &self.inner.code
    }

    /// The name of the code, such as `conflict`.
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        match self.inner.severity {
            base::Severity::Info => Severity::Info,
            base::Severity::Warning => Severity::Warning,
            base::Severity::Error => Severity::Error,
        }
    }

    /// One sentence without a full stop.
    pub fn message(&self) -> &str {
        &self.inner.message
    }

    /// The place it is about, if it is about a text.
    pub fn location(&self) -> Option<Location> {
        let span = self.inner.span()?;
        let file = self.sources.file(span.file);
        let at = file.line_col(span.start);
        Some(Location { file: file.name().to_owned(), line: at.line, column: at.column })
    }

    /// Further facts, a sentence each.
    pub fn notes(&self) -> &[String] {
        &self.inner.notes
    }

    /// How to mend it, a sentence each.
    pub fn help(&self) -> &[String] {
        &self.inner.help
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let format = if f.alternate() { DiagnosticFormat::Concise } else { DiagnosticFormat::Full };
        let one = std::slice::from_ref(&self.inner);
        let text = diagnostics::render(one, &self.sources, format, DiagnosticStyle::default());
        f.write_str(text.trim_end())
    }
}

impl fmt::Debug for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&format!("{self:#}"), f)
    }
}
