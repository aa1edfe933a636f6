//! The session as programs see it.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use super::atoms::Page;
use super::change::{Change, Outputs, Relation};
use super::{
    Annotations, Answer, Diagnostic, Error, ErrorKind, Explanation, Limits, Params, Scenario, SessionOptions,
    WhyNot, fact,
};
use crate::base::{CancelToken, Span};
use crate::files::TextFolder;
use crate::render::fact_text;
use crate::session;
use crate::syntax::datalog::ast;

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
    inner: session::Session,
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

    fn failed(&self, error: &session::Error) -> Error {
        Error::of(error, self.inner.sources())
    }

    fn told(&self, found: &[crate::base::Diagnostic]) -> Vec<Diagnostic> {
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
    fn ask<T>(&mut self, work: impl FnOnce(&mut session::Session) -> Result<T, Wrong>) -> Result<T, Error> {
        let text = self.inner.sources().next();
        let found = work(&mut self.inner).map_err(|wrong| self.wrong(wrong));
        self.inner.forget_text(text);
        found
    }

    fn wrong(&self, wrong: Wrong) -> Error {
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
            params.into_atom(&mut atom, session.schema())?;
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
            params.into_atom(&mut atom, session.schema())?;
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

    /// Answers a goal, written `?- … .`, `…?` or bare.
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::open(".")?;
    /// let answer = session.query(r#"
    ///     under (as_of: d"2024") Attended(leader: l, summit: s), EventDate(event: s, date: d)
    ///     order by d desc, l limit 1
    /// "#)?;
    /// let (leader, summit, date): (String, String, String) = answer.one()?;
    /// assert_eq!((summit.as_str(), date.as_str()), ("xian_2023", "2023-05-19"));
    ///
    /// // Without variables the answer is yes or no.
    /// assert!(session.query(r#"Attended(leader: "tokayev", summit: "xian_2023")?"#)?.holds());
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// All mistakes that were found; those of evaluation.
    pub fn query(&mut self, goal: &str) -> Result<Answer, Error> {
        self.query_with(goal, Params::new())
    }

    /// As [`query`](Session::query), with values for variables: see [`Params`].
    ///
    /// ```
    /// use factlog::{Session, params};
    ///
    /// let mut session = Session::open(".")?;
    /// let summit = "xian_2023";
    /// let answer = session.query_with("Attended(leader: l, summit: summit)", params! { summit: summit })?;
    /// assert_eq!(answer.columns(), ["l"]);
    /// assert!(answer.iter().any(|row| row.get::<&str>("l").unwrap() == "tokayev"));
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// All mistakes that were found; [`ErrorKind::Parameter`] for a value that no variable wants.
    pub fn query_with(&mut self, goal: &str, params: Params) -> Result<Answer, Error> {
        let text = self.inner.sources().next();
        let tree = goal_tree(&mut self.inner, goal, &params);
        // What a goal assumes may be prepared for the next one that assumes the same.
        let passes = tree.as_ref().map_or(true, |tree| tree.under.is_empty());
        let found = tree.and_then(|tree| Ok(self.inner.query_tree(&tree)?));
        let answer = match found {
            Ok((answer, warnings)) => Ok(Answer::new(answer, self.told(&warnings)).of_goal(goal, params)),
            Err(wrong) => Err(self.wrong(wrong)),
        };
        if passes {
            self.inner.forget_text(text);
        }
        answer
    }

    /// All rows of a relation, stated and derived.
    ///
    /// # Errors
    /// There is no such relation; those of evaluation.
    pub fn relation(&mut self, name: &str) -> Result<Answer, Error> {
        let answer = self.inner.relation_rows(name).map_err(|error| self.failed(&error))?;
        Ok(Answer::new(answer, Vec::new()))
    }

    /// Evaluates what the rules ask to be written: the `.output` relations, `.printsize` and `?-`
    /// lines. Nothing is written.
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::new();
    /// session.define(r#"
    ///     .decl Edge(from: number, to: number)
    ///     Edge(from: 1, to: 2). Edge(from: 2, to: 3).
    ///     Path(from: x, to: y) :- Edge(from: x, to: y).
    ///     Path(from: x, to: z) :- Path(from: x, to: y), Edge(from: y, to: z).
    ///     .output Path
    /// "#)?;
    /// let outputs = session.run()?;
    /// let paths: Vec<(u32, u32)> = outputs.get("Path").unwrap().rows()?;
    /// assert_eq!(paths, [(1, 2), (1, 3), (2, 3)]);
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of evaluation.
    pub fn run(&mut self) -> Result<Outputs, Error> {
        let batch = self.inner.run(&[], false).map_err(|error| self.failed(&error))?;
        Ok(Outputs::new(batch))
    }

    /// Everything that is to be said about facts and rules: the findings of `deny` and `warn` rules,
    /// conflicts, unresolved references, lints; at the levels that settings and options give them,
    /// sorted by place.
    ///
    /// ```
    /// use factlog::{Session, Severity};
    ///
    /// let mut session = Session::new();
    /// session.define(r#"
    ///     .decl Holds(post: symbol, who: symbol)
    ///     deny two_holders "{p} is held by {a} and {b}" :- Holds(post: p, who: a), Holds(post: p, who: b), a < b.
    /// "#)?;
    /// session.assert(r#"Holds(post: "chair", who: "ann")"#)?;
    /// session.assert(r#"Holds(post: "chair", who: "bea")"#)?;
    /// let findings = session.check()?;
    /// assert_eq!(findings[0].name(), "two_holders");
    /// assert_eq!(findings[0].severity(), Severity::Error);
    /// assert_eq!(findings[0].message(), "chair is held by ann and bea");
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// Those of evaluation; findings are none.
    pub fn check(&mut self) -> Result<Vec<Diagnostic>, Error> {
        let folder = self.texts()?;
        let read = |name: &str| folder.as_ref()?.read(name);
        let found =
            self.inner.check(folder.is_some().then_some(&read)).map_err(|error| self.failed(&error))?;
        Ok(self.told(&found))
    }

    /// Why a fact holds, stated or derived: the firmest proof, or of equally firm ones the shortest,
    /// for each of up to ten tuples that fit. What the pattern leaves out is any.
    ///
    /// # Errors
    /// All mistakes that were found; those of evaluation.
    pub fn explain(&mut self, fact: &str) -> Result<Explanation, Error> {
        self.explain_with(fact, Params::new(), 1)
    }

    /// As [`explain`](Session::explain), with values for variables, and up to `most` proofs of each
    /// tuple.
    ///
    /// # Errors
    /// All mistakes that were found; those of evaluation.
    pub fn explain_with(&mut self, fact: &str, params: Params, most: usize) -> Result<Explanation, Error> {
        let folder = self.texts()?;
        let read = |name: &str| folder.as_ref()?.read(name);
        let (found, warnings) = self.ask(|session| {
            let mut atom = session.atom_tree(fact)?;
            params.into_atom(&mut atom, session.schema())?;
            let (found, warnings) = session.why_tree(&atom, most, Some(&read))?;
            Ok((found, Diagnostic::all(&warnings, session.sources())))
        })?;
        Ok(Explanation::new(found, warnings))
    }

    /// Why a row of an answer, counted from 0, is in it. Without proofs if it is not there any more.
    ///
    /// ```
    /// use factlog::Session;
    ///
    /// let mut session = Session::open(".")?;
    /// let answer = session.query(
    ///     r#"AttendedBothNamed(leader: l, first: "xian_2023", second: "washington_2025")"#,
    /// )?;
    /// let explanation = session.explain_row(&answer, 0)?;
    /// let proof = &explanation.proofs()[0];
    /// assert!(proof.sources().contains(&"xian_summit_2023_05_19"));
    /// println!("{proof}");
    /// # Ok::<(), factlog::Error>(())
    /// ```
    ///
    /// # Errors
    /// The answer is not one of a goal, or has no such row; those of evaluation.
    pub fn explain_row(&mut self, answer: &Answer, row: usize) -> Result<Explanation, Error> {
        let Some((goal, params, values)) = answer.question(row) else {
            let message = format!("there is no row {row} of a goal's answer to explain");
            return Err(Error::new(ErrorKind::Invalid, message));
        };
        let folder = self.texts()?;
        let read = |name: &str| folder.as_ref()?.read(name);
        let text = self.inner.sources().next();
        let tree = goal_tree(&mut self.inner, goal, params);
        let passes = tree.as_ref().map_or(true, |tree| tree.under.is_empty());
        let found = tree.and_then(|tree| Ok(self.inner.why_answer_tree(&tree, values, 1, Some(&read))?));
        let found = found.map_err(|wrong| self.wrong(wrong));
        if passes {
            self.inner.forget_text(text);
        }
        Ok(Explanation::new(found?, Vec::new()))
    }

    /// Why no tuple fits: how far the rules got, what comes near, and the smallest sets of facts that
    /// are missing.
    ///
    /// # Errors
    /// All mistakes that were found; those of evaluation.
    pub fn why_not(&mut self, fact: &str) -> Result<WhyNot, Error> {
        self.why_not_with(fact, Params::new())
    }

    /// As [`why_not`](Session::why_not), with values for variables: see [`Params`].
    ///
    /// # Errors
    /// All mistakes that were found; those of evaluation.
    pub fn why_not_with(&mut self, fact: &str, params: Params) -> Result<WhyNot, Error> {
        self.ask(|session| {
            let mut atom = session.atom_tree(fact)?;
            params.into_atom(&mut atom, session.schema())?;
            let (found, warnings) = session.whynot_tree(&atom)?;
            let warnings = Diagnostic::all(&warnings, session.sources());
            Ok(WhyNot::new(found, Arc::clone(session.schema()), warnings))
        })
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

    /// The folder of the sources' texts, if the project has one.
    fn texts(&self) -> Result<Option<TextFolder>, Error> {
        let Some(project) = self.inner.project() else { return Ok(None) };
        let Some(folder) = &project.settings().folders.texts else { return Ok(None) };
        let opened = TextFolder::open(&project.root().join(folder));
        opened.map(Some).map_err(|diagnostic| self.failed(&diagnostic.into()))
    }
}

/// Why a step or question failed: the session says so, or what was given to it.
enum Wrong {
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

fn goal_tree(session: &mut session::Session, goal: &str, params: &Params) -> Result<ast::Goal, Wrong> {
    let mut tree = session.goal_tree(goal)?;
    params.into_goal(&mut tree, session.schema())?;
    Ok(tree)
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
