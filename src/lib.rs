//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them, every answer explained.

pub mod analysis;
pub mod base;
pub mod cli;
pub mod engine;
pub mod files;
pub mod model;
pub mod plan;
pub mod render;
pub mod repl;
pub mod session;
pub mod storage;
pub mod syntax;
