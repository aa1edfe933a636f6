//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them.
//!
//! A [`session::Session`] holds a project (fact files in RON, rule files) and answers goals:
//!
//! ```
//! use factlog::session::{Options, Session};
//!
//! let mut session = Session::empty(Options::default());
//! session
//!     .define(
//!         r#"
//!         .decl Attended(leader: symbol, summit: symbol) key(leader, summit)
//!         Met(a: x, b: y, at: s) :- Attended(leader: x, summit: s), Attended(leader: y, summit: s), x < y.
//!         "#,
//!     )
//!     .unwrap();
//! session.assert(r#"Attended(leader: "tokayev", summit: "xian_2023")"#).unwrap();
//! session.assert(r#"Attended(leader: "rahmon", summit: "xian_2023")"#).unwrap();
//!
//! let (answer, _warnings) = session.query("Met(a: x, b: y)").unwrap();
//! assert_eq!(answer.columns, ["x", "y"]);
//! assert_eq!(answer.rows[0][0].plain(), "rahmon");
//! ```
//!
//! The modules in reading order; each uses only those before it:
//!
//! - [`base`]: places in text, diagnostics and their codes, limits
//! - [`syntax`]: RON and the rule language, text to trees and back
//! - [`model`]: values, the schema, resolved rules, facts with their assertions
//! - [`analysis`]: trees to checked programs, or diagnostics
//! - [`storage`]: values as words, relations as tables, the stated facts
//! - [`plan`]: rules to plans
//! - [`engine`]: plans to the least model, on datafrog; the reference evaluator
//! - [`provenance`]: why a tuple is in a model, and why another is not
//! - [`files`]: the only user of the file system
//! - [`interop`]: data in other formats, to words and back
//! - [`session`]: a project in memory, and the questions one can ask of it
//! - [`render`]: answers and diagnostics as text
//! - [`cli`], [`repl`]: the command line and the prompt

pub mod base;
pub mod syntax;

pub mod model;

pub mod analysis;

pub mod storage;

pub mod plan;

pub mod engine;

pub mod provenance;

pub mod files;

pub mod interop;

pub mod session;

pub mod render;

pub mod cli;
pub mod repl;
