//! Answers and diagnostics as text: for people with every control character escaped, for programs
//! in the formats they read. Nothing here prints; callers hand in a writer or take a string.

pub mod answer;
pub mod diagnostics;
pub mod diff;
pub mod proof;

mod delimited;
mod fact;
mod json;
mod markup;
mod ron;
mod support;
mod table;
mod wrap;

pub use answer::{AnswerFormat, AnswerStyle, write_answer};
pub use delimited::write_delimited;
pub use diagnostics::{DiagnosticFormat, Tally};
pub use fact::fact_text;
pub use proof::{ProofFormat, ProofStyle, write_proofs, write_whynot};
pub use support::write_supports;
pub use wrap::wrapped;
