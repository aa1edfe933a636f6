//! A structured fact database: facts with their sources in plain text, Datalog to reason over
//! them, every answer explained.

pub mod base;
pub mod syntax;
pub mod model;
pub mod analysis;
pub mod session;
pub mod render;
