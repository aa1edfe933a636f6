//! What the command line, the REPL and an embedding program all call.

pub mod answer;

pub use answer::Answer;
