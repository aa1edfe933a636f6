//! The library face: what a Rust program uses, under the crate's own name.
//!
//! Everything here stands on `session`, adds what a program needs (values through serde, errors that
//! carry their texts) and hides what may change: no ids, no words, no trees.
//!
//! - `session`, `options`: opening a project, and steps · `questions` · `scenario`: in which light
//! - `value`, `ser`, `de`: values, and Rust values from and to them
//! - `fact`, `atoms`: Rust values to facts · `params`: values put into goals
//! - `answer`, `explain`, `change`: what comes back · `error`: what goes wrong

mod answer;
mod atoms;
mod change;
mod de;
mod error;
mod explain;
mod fact;
mod options;
mod params;
mod parts;
mod questions;
mod scenario;
mod ser;
mod session;
mod value;

pub use answer::{Answer, ColumnIndex, Row, Rows};
pub use change::{Change, ChangeKind, Outputs, Relation};
pub use error::{Diagnostic, Error, ErrorKind, Location, Severity};
pub use explain::{Citation, Explanation, Premise, Proof, Step, WhyNot};
pub use fact::Fact;
pub use options::{Level, Limits, SessionOptions};
pub use params::Params;
pub use scenario::{Annotations, Scenario};
pub use session::Session;
pub use value::Value;
