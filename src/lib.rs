//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them. This is the library; the command `factlog` stands on it.
//!
//! A [`Session`] holds a project (fact files in RON, rule files), or nothing but what a program
//! puts in. One defines rules, asserts facts, asks goals, and asks why.
//!
//! ```
//! use factlog::{Session, params};
//! use serde::{Deserialize, Serialize};
//!
//! // A fact is a struct: its name is the relation, its fields are the columns.
//! #[derive(Serialize)]
//! struct Attended<'a> {
//!     leader: &'a str,
//!     summit: &'a str,
//! }
//!
//! #[derive(Deserialize, Debug, PartialEq)]
//! struct Met {
//!     a: String,
//!     b: String,
//! }
//!
//! fn main() -> Result<(), factlog::Error> {
//!     let mut session = Session::new();
//!
//!     // Declarations and rules, as in a rule file.
//!     session.define(r#"
//!         .decl Attended(leader: symbol, summit: symbol) key(leader, summit)
//!         Met(a: x, b: y, at: s) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y.
//!     "#)?;
//!
//!     // Facts, as the language writes them or from Rust values.
//!     session.assert(r#"Attended(leader: "tokayev", summit: "xian_2023", _src: "reuters")"#)?;
//!     session.assert_fact(&Attended { leader: "rahmon", summit: "xian_2023" })?;
//!
//!     // A goal, with values put in safely, and its rows as Rust values.
//!     let goal = "Met(a: a, b: b, at: summit)";
//!     let answer = session.query_with(goal, params! { summit: "xian_2023" })?;
//!     let rows: Vec<Met> = answer.rows()?;
//!     assert_eq!(rows, [Met { a: "rahmon".into(), b: "tokayev".into() }]);
//!
//!     // Why: from the answer down to the sources.
//!     let explanation = session.explain_row(&answer, 0)?;
//!     assert_eq!(explanation.proofs()[0].sources(), ["reuters"]);
//!     println!("{explanation}");
//!
//!     // A step back.
//!     session.undo();
//!     assert!(session.query("Met(a: a, b: b)")?.is_empty());
//!     Ok(())
//! }
//! ```
//!
//! A project on disk is opened with [`Session::open`], or with limits and other wishes through
//! [`SessionOptions`]:
//!
//! ```
//! use factlog::Session;
//!
//! let mut session = Session::open(".")?;
//! let answer = session.query(r#"Attended(leader: l, summit: "xian_2023")"#)?;
//! println!("{answer}");
//! # Ok::<(), factlog::Error>(())
//! ```
//!
//! # What is where
//!
//! - [`Session`]: everything that can be done · [`SessionOptions`], [`Limits`]: how, and how much
//! - [`Answer`], [`Row`]: rows through serde, and how firmly they are known ([`Annotations`])
//! - [`params!`], [`Params`], [`Fact`], [`Value`], [`Date`]: values on their way in
//! - [`Explanation`], [`Proof`], [`WhyNot`]: why, and why not
//! - [`Scenario`]: what if, and as of when
//! - [`Error`], [`Diagnostic`]: what is wrong, where, and how to mend it
//!
//! The guide to the library is [docs/library.md], the language is told in [docs/language.md].
//!
//! # Versions
//!
//! What this page lists follows semantic versioning. The modules below it are the program's own: they
//! are reachable for its command, tests and benchmarks, hidden here, and change without notice.
//!
//! [docs/library.md]: https://docs.rs/crate/factlog/latest/source/docs/library.md
//! [docs/language.md]: https://docs.rs/crate/factlog/latest/source/docs/language.md

// The modules in reading order; each uses only those before it. ARCHITECTURE.md tells of them.

#[doc(hidden)]
pub mod base;
#[doc(hidden)]
pub mod syntax;

#[doc(hidden)]
pub mod model;

#[doc(hidden)]
pub mod analysis;

#[doc(hidden)]
pub mod storage;

#[doc(hidden)]
pub mod plan;

#[doc(hidden)]
pub mod engine;

#[doc(hidden)]
pub mod provenance;

#[doc(hidden)]
pub mod files;

#[doc(hidden)]
pub mod interop;

#[doc(hidden)]
pub mod session;

#[doc(hidden)]
pub mod render;

mod api;

#[doc(hidden)]
pub mod cli;
#[doc(hidden)]
pub mod repl;

pub use api::{
    Annotations, Answer, Change, ChangeKind, Citation, ColumnIndex, Diagnostic, Error, ErrorKind,
    Explanation, Fact, Level, Limits, Location, Outputs, Params, Premise, Proof, Relation, Row, Rows,
    Scenario, Session, SessionOptions, Severity, Step, Value, WhyNot,
};

#[doc(inline)]
pub use base::CancelToken;
#[doc(inline)]
pub use model::date::{Date, Day, Qualifier};
#[doc(inline)]
pub use model::fact::{Review, Status};
#[doc(inline)]
pub use render::{AnswerFormat, ProofFormat};

/// The examples of the documents, which are compiled and run as those of this crate are.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../docs/library.md")]
    pub struct Library;
    #[doc = include_str!("../README.md")]
    pub struct Readme;
}
