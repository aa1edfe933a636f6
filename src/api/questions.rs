//! The questions that a session answers.

use std::sync::Arc;

use super::change::Outputs;
use super::session::Wrong;
use super::{Answer, Diagnostic, Error, ErrorKind, Explanation, Params, Session, WhyNot};
use crate::files::TextFolder;
use crate::session;
use crate::syntax::datalog::ast;

impl Session {
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
            params.put_into_atom(&mut atom, session.schema())?;
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
            params.put_into_atom(&mut atom, session.schema())?;
            let (found, warnings) = session.whynot_tree(&atom)?;
            let warnings = Diagnostic::all(&warnings, session.sources());
            Ok(WhyNot::new(found, Arc::clone(session.schema()), warnings))
        })
    }

    /// The folder of the sources' texts, if the project has one.
    fn texts(&self) -> Result<Option<TextFolder>, Error> {
        let Some(project) = self.inner.project() else { return Ok(None) };
        let Some(folder) = &project.settings().folders.texts else { return Ok(None) };
        let opened = TextFolder::open(&project.root().join(folder));
        opened.map(Some).map_err(|diagnostic| self.failed(&diagnostic.into()))
    }
}

fn goal_tree(session: &mut session::Session, goal: &str, params: &Params) -> Result<ast::Goal, Wrong> {
    let mut tree = session.goal_tree(goal)?;
    params.put_into_goal(&mut tree, session.schema())?;
    Ok(tree)
}
