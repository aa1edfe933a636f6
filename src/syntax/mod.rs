//! Text to trees and back. `ron` knows RON but not facts; `datalog` knows the language but not
//! the schema.

pub mod datalog;
pub mod ron;
pub mod souffle;
