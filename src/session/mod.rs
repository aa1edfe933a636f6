//! What the command line, the REPL and an embedding program all call.

pub mod answer;
pub mod fault;

pub use answer::Answer;
pub use fault::Fault;
