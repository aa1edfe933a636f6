//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them, every answer explained.

pub mod base;
pub mod model;
pub mod storage;
pub mod syntax;
pub mod engine;
