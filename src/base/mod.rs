//! What every layer stands on: places in source text, diagnostics, limits, safe printing.

pub mod codes;
pub mod diagnostic;
pub mod escape;
pub mod limits;
pub mod recall;
pub mod rfc4180;
pub mod span;

pub use codes::{Code, CodeInfo};
pub use diagnostic::{Diagnostic, Fix, Label, Severity};
pub use limits::{Budget, CancelToken, Limits, Stop};
pub use span::{FileId, LineCol, SourceFile, SourceMap, Span};
