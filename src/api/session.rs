//! The session as programs see it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::atoms::Page;
use super::change::{Change, Relation};
use super::{Annotations, Diagnostic, Error, ErrorKind, Limits, Params, Scenario, SessionOptions, fact};
use crate::base::{CancelToken, Span};
use crate::render::fact_text;
use crate::session;

/// Facts of one call are kept as text up to this size, so that each has a place of its own.
const KEPT: usize = 16 << 20;

/// A project in memory: facts, rules, what was added since, and the questions one can ask.
///
/// Each step (`define`, `assert…`, `retract…`, `load…`) either succeeds whole or changes nothing, and
/// [`undo`](Session::undo) takes the last one back. Nothing is ever written to the project's files.
///
/// A session is `Send`: it can move between threads, and behind a `Mutex` be shared by them. What it
/// is evaluating can be stopped from elsewhere with its [`cancel_token`](Session::cancel_token).
///
/// ```
/// use factlog::Session;
///
/// let mut session = Session::open(".")?;
/// let leaders: Vec<String> = session.query(r#"Attended(leader: l, summit: "xian_2023")"#)?.rows()?;
/// assert!(leaders.contains(&"tokayev".to_owned()));
/// # Ok::<(), factlog::Error>(())
/// ```
pub struct Session {
    pub(super) inner: session::Session,
}

impl Session {
    /// A session without a project: no files, no facts.
    pub fn new() -> Session {
        SessionOptions::new().empty()
    }

    /// Opens the project in a folder and loads it: fact files below `facts/`, rules below `rules/`.
    /// See [`SessionOptions`] for other ways.
    ///
    /// # Errors
    /// There is no project, or something in it is wrong: then all that is.
    pub fn open(dir: impl AsRef<Path>) -> Result<Session, Error> {
        SessionOptions::new().open(dir)
    }

    pub(super) fn with(inner: session::Session, limits: Option<Limits>) -> Session {
        let mut session = Session { inner };
        if let Some(limits) = limits {
            session.set_limits(limits);
        }
        session
    }

    pub(super) fn failed(&self, error: &session::Error) -> Error {
        Error::of(error, self.inner.sources())
    }

    pub(super) fn told(&self, found: &[crate::base::Diagnostic]) -> Vec<Diagnostic> {
        Diagnostic::all(found, self.inner.sources())
    }

    /// Takes a step of which a text is part. The text goes again if the step fails.
    fn step(
        &mut self,
        work: impl FnOnce(&mut session::Session) -> Result<(session::Change, Vec<crate::base::Diagnostic>), Wrong>,
    ) -> Result<Change, Error> {
        let text = self.inner.sources().next();
        match work(&mut self.inner) {
            Ok((change, warnings)) => Ok(Change::new(&change, self.told(&warnings))),
            Err(wrong) => {
                let error = self.wrong(wrong);
                self.inner.forget_text(text);
                Err(error)
            }
        }
    }

    /// Asks something of which nothing stays, its text neither.
    pub(super) fn ask<T>(
        &mut self,
        work: impl FnOnce(&mut session::Session) -> Result<T, Wrong>,
    ) -> Result<T, Error> {
        let text = self.inner.sources().next();
        let found = work(&mut self.inner).map_err(|wrong| self.wrong(wrong));
        self.inner.forget_text(text);
        found
    }

    pub(super) fn wrong(&self, wrong: Wrong) -> Error {
        match wrong {
            Wrong::Session(error) => self.failed(&error),
            Wrong::Here(error) => error,
        }
    }

    /// Adds declarations, rules, checks and facts, written as in a rule file.
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::new();
    /// session.define(r#"
    ///     .decl Parent(of: symbol, is: symbol)
    ///     Parent(of: "ann", is: "bea").
    ///     Parent(of: "bea", is: "cat").
    ///     Ancestor(of: x, is: y) :- Parent(of: x, is: y).
    ///     Ancestor(of: x, is: z) :- Ancestor(of: x, is: y), Parent(of: y, is: z).
    /// "#)?;
    /// let ancestors: Vec<String> = session.query(r#"Ancestor(of: "ann", is: y)"#)?.rows()?;
    /// assert_eq!(ancestors, ["bea", "cat"]);
    ///
    /// // What does not fit the rest changes nothing.
    /// assert!(session.define("Odd(x) :- !Odd(x), Parent(of: x).").is_err());
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn define(&mut self, text: &str) -> Result<Change, Error> {
        self.step(|session| Ok(session.define(text)?))
    }

    /// Adds the rules of a file of the project, or any other.
    ///
    /// # Errors
    /// The file cannot be read or has mistakes, or there is no project.
    pub fn load_rules(&mut self, path: impl AsRef<Path>) -> Result<Change, Error> {
        self.step(|session| Ok(session.load_rules(path.as_ref())?))
    }

    /// Adds the facts of a fact file, as one step.
    ///
    /// # Errors
    /// The file cannot be read or has mistakes, or there is no project.
    pub fn load_facts(&mut self, path: impl AsRef<Path>) -> Result<Change, Error> {
        self.step(|session| Ok(session.load_facts(path.as_ref())?))
    }

    /// Asserts the fact that a text writes, metadata included.
    ///
    /// Values that come from elsewhere are better given as parameters:
    /// [`assert_with`](Session::assert_with), or as a struct: [`assert_fact`](Session::assert_fact).
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::new();
    /// session.define(".decl Attended(leader: symbol, summit: symbol)")?;
    /// let change = session.assert(r#"Attended(leader: "xi", summit: "xian_2023", _src: "reuters")"#)?;
    /// assert_eq!((change.count(), change.new_tuples()), (1, 1));
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn assert(&mut self, fact: &str) -> Result<Change, Error> {
        self.assert_with(fact, Params::new())
    }

    /// As [`assert`](Session::assert), with values for variables: see [`Params`].
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn assert_with(&mut self, fact: &str, params: Params) -> Result<Change, Error> {
        self.step(|session| {
            let mut atom = session.atom_tree(fact)?;
            params.put_into_atom(&mut atom, session.schema())?;
            Ok(session.assert_trees(&[atom], None)?)
        })
    }

    /// Asserts a fact that a Rust value is: a struct whose name is the relation and whose fields are
    /// its columns, or a [`Fact`](crate::Fact) around any struct, map or tuple.
    ///
    /// An enum whose variants are facts of several relations works, too, and so does
    /// `#[serde(rename)]`. A `None` is nil, or leaves out a column that has a default. Constants of an
    /// enum come from variants of a Rust enum or from text. Fields that are called like metadata
    /// (`_src`, `_status`) are that.
    ///
    /// ```
    /// use factlog::Session;
    /// use serde::Serialize;
    ///
    /// #[derive(Serialize)]
    /// struct Attended {
    ///     leader: String,
    ///     summit: String,
    /// }
    ///
    /// let mut session = Session::new();
    /// session.define(".decl Attended(leader: symbol, summit: symbol)")?;
    /// session.assert_fact(&Attended { leader: "xi".into(), summit: "xian_2023".into() })?;
    /// assert!(session.query(r#"Attended(leader: "xi", summit: "xian_2023")"#)?.holds());
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Encode`] if it is no fact or a value is none of factlog's; [`ErrorKind::Invalid`]
    /// if it does not fit its relation.
    pub fn assert_fact<T: Serialize + ?Sized>(&mut self, fact: &T) -> Result<Change, Error> {
        self.assert_facts([fact])
    }

    /// Asserts many facts, all or none, as one step; much faster than one by one.
    ///
    /// ```
    /// use factlog::{Fact, Session};
    ///
    /// let mut session = Session::new();
    /// session.define(".decl Edge(from: number, to: number)")?;
    /// let edges = (0..1000).map(|n| Fact::new("Edge", (n, n + 1)));
    /// assert_eq!(session.assert_facts(edges)?.count(), 1000);
    ///
    /// // One that does not fit, and none is asserted.
    /// let wrong = [Fact::new("Edge", ("1", "2")), Fact::new("Edge", ("3", "x"))];
    /// let error = session.assert_facts(wrong).unwrap_err();
    /// assert_eq!(error.diagnostics().len(), 4);
    /// assert_eq!(session.relation("Edge")?.len(), 1000);
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// As those of [`assert_fact`](Session::assert_fact), for the first twenty facts that are wrong.
    pub fn assert_facts<T: Serialize>(
        &mut self,
        facts: impl IntoIterator<Item = T>,
    ) -> Result<Change, Error> {
        self.step(|session| {
            let file = session.sources().next();
            let schema = Arc::clone(session.schema());
            let mut page = Page::new(&schema, file);
            for (at, fact) in facts.into_iter().enumerate() {
                let wrong =
                    |reason: String| Error::new(ErrorKind::Encode, format!("fact {}: {reason}", at + 1));
                let written = fact::written(&fact).map_err(|mismatch| wrong(mismatch.to_string()))?;
                page.add(written).map_err(wrong)?;
            }
            let Page { text, atoms, .. } = page;
            session.keep_text("<assert>", &text);
            let large = text.len() > KEPT;
            let place = large.then(|| Span::new(file, 0, 0));
            let asserted = session.assert_trees(&atoms, place)?;
            if large {
                session.forget_text(file);
                session.keep_text("<assert>", "");
            }
            Ok(asserted)
        })
    }

    /// Retracts the assertions that a pattern picks; what it leaves out is any. That nothing fits is no
    /// error.
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::open(".")?;
    /// let change = session.retract(r#"Attended(leader: "tokayev", _src: "reuters_2025_10_28")"#)?;
    /// assert_eq!(change.count(), 1);
    /// session.undo();
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn retract(&mut self, pattern: &str) -> Result<Change, Error> {
        self.retract_with(pattern, Params::new())
    }

    /// As [`retract`](Session::retract), with values for variables: see [`Params`].
    ///
    /// # Errors
    /// All mistakes that were found.
    pub fn retract_with(&mut self, pattern: &str, params: Params) -> Result<Change, Error> {
        let change = self.ask(|session| {
            let mut atom = session.atom_tree(pattern)?;
            params.put_into_atom(&mut atom, session.schema())?;
            Ok(session.retract_tree(&atom)?)
        })?;
        Ok(Change::new(&change, Vec::new()))
    }

    /// Takes the last step back and says what it was; `None` when there is none.
    pub fn undo(&mut self) -> Option<Change> {
        self.inner.undo().map(|change| Change::new(&change, Vec::new()))
    }

    /// Reads the project's files again and forgets all steps. When the files have errors everything
    /// stays as it is. Returns the warnings of loading.
    ///
    /// # Errors
    /// All that is wrong with the files.
    pub fn reload(&mut self) -> Result<Vec<Diagnostic>, Error> {
        let warnings = self.inner.reload().map_err(|error| self.failed(&error))?;
        Ok(self.told(&warnings))
    }

    /// Asks everything from now on in a scenario. Returns warnings about what nothing declares.
    ///
    /// # Errors
    /// All mistakes that were found; the session then stays in the scenario it was in.
    pub fn set_scenario(&mut self, scenario: &Scenario) -> Result<Vec<Diagnostic>, Error> {
        let warnings = self.inner.set_scenario(&scenario.0).map_err(|error| self.failed(&error))?;
        Ok(self.told(&warnings))
    }

    /// Asks everything from now on of the facts as they are.
    pub fn clear_scenario(&mut self) {
        self.inner.clear_scenario();
    }

    /// Says which annotations the rows of answers shall have from now on.
    pub fn annotate(&mut self, annotations: Annotations) {
        self.inner.set_annotations(annotations.0);
    }

    /// Sets the limits of every evaluation from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.inner.set_limits(limits.0);
    }

    /// Stops what this session is evaluating, from another thread or a signal handler: the call then
    /// fails with [`ErrorKind::Cancelled`]. Before the next question the token wants a
    /// [`reset`](CancelToken::reset).
    ///
    /// ```
    /// use std::{thread, time::Duration};
    /// use factlog::{ErrorKind, Session};
    ///
    /// let mut session = Session::new();
    /// session.define("N(n: 0). N(n: n + 1) :- N(n: n).")?;
    /// let token = session.cancel_token();
    /// let watch = thread::spawn({
    ///     let token = token.clone();
    ///     move || {
    ///         thread::sleep(Duration::from_millis(50));
    ///         token.cancel();
    ///     }
    /// });
    /// assert_eq!(session.query("N(n: n)").unwrap_err().kind(), ErrorKind::Cancelled);
    /// watch.join().unwrap();
    /// token.reset();
    /// assert!(session.query("1 < 2")?.holds());
    /// # Ok::<(), factlog::Error>(())
    /// ```
    pub fn cancel_token(&self) -> CancelToken {
        self.inner.cancel_token()
    }

    /// All relations, by name.
    pub fn relations(&self) -> Vec<Relation> {
        self.inner.relations().into_iter().map(|info| Relation::new(info, self.inner.schema())).collect()
    }

    /// Warnings that loading the project found.
    pub fn warnings(&self) -> Vec<Diagnostic> {
        self.told(self.inner.load_warnings())
    }

    /// The facts that steps have added since the project was loaded, as fact files write them.
    ///
    /// ```
    /// use factlog::{Fact, Session};
    ///
    /// let mut session = Session::new();
    /// session.define(".decl Attended(leader: symbol, summit: symbol)")?;
    /// session.assert_fact(&Fact::new("Attended", ("xi", "xian_2023")).source("reuters"))?;
    /// assert_eq!(session.added(), [r#"Attended(leader: "xi", summit: "xian_2023", _src: "reuters")"#]);
    /// # Ok::<(), factlog::Error>(())
    /// ```
    pub fn added(&self) -> Vec<String> {
        let schema = self.inner.schema();
        self.inner.added().facts.iter().map(|fact| fact_text(schema, fact)).collect()
    }
}

/// Why a step or question failed: the session says so, or what was given to it.
pub(super) enum Wrong {
    Session(session::Error),
    Here(Error),
}

impl From<session::Error> for Wrong {
    fn from(error: session::Error) -> Self {
        Wrong::Session(error)
    }
}

impl From<Error> for Wrong {
    fn from(error: Error) -> Self {
        Wrong::Here(error)
    }
}

impl Default for Session {
    fn default() -> Self {
        Session::new()
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let project = self.inner.project().map(|project| project.root().to_owned());
        f.debug_struct("Session")
            .field("project", &project)
            .field("facts", &self.inner.stated_total())
            .field("rules", &self.inner.program().rules.len())
            .field("steps", &self.inner.steps())
            .finish()
    }
}
