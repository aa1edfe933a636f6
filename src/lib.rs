//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them, every answer explained.

pub mod base;
pub mod files;
pub mod model;
pub mod storage;
pub mod plan;
pub mod engine;
pub mod syntax;
