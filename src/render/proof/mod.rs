//! Proofs, and why a tuple does not hold, as text: a tree for people, JSON for programs, graphs, a page.
//!
//! `outline` makes of a proof, which is a graph and can be very deep, a list of trees of bounded
//! depth that refer to each other; `tree` and `html` write it. `json` and `graph` write the graph.

mod graph;
mod html;
mod json;
mod outline;
mod tree;
mod whynot;

pub use whynot::write_whynot;

use std::io::{self, Write};
use std::path::Path;

use crate::session::Explanation;

/// How proofs are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProofFormat {
    /// Indented lines, for people.
    Tree,
    /// One object; `docs/proofs.md` describes it.
    Json,
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz graph.
    Dot,
    /// A page that needs nothing else.
    Html,
}

impl ProofFormat {
    /// All of them, in the order in which help lists them.
    pub const ALL: [ProofFormat; 5] =
        [ProofFormat::Tree, ProofFormat::Json, ProofFormat::Mermaid, ProofFormat::Dot, ProofFormat::Html];

    /// The name under which `-f` knows it.
    pub fn name(self) -> &'static str {
        match self {
            ProofFormat::Tree => "tree",
            ProofFormat::Json => "json",
            ProofFormat::Mermaid => "mermaid",
            ProofFormat::Dot => "dot",
            ProofFormat::Html => "html",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<ProofFormat> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format that a file's extension asks for, whatever its case.
    pub fn from_path(path: &Path) -> Option<ProofFormat> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "txt" => Some(ProofFormat::Tree),
            "mmd" => Some(ProofFormat::Mermaid),
            "gv" => Some(ProofFormat::Dot),
            "htm" => Some(ProofFormat::Html),
            other => Self::from_name(other),
        }
    }
}

/// What a rendering depends on beside the proofs.
#[derive(Clone, Copy, Debug, Default)]
pub struct ProofStyle {
    /// Width in columns to which a tree is wrapped; `None` for no limit.
    pub width: Option<usize>,
    /// Whether a tree may use colours.
    pub color: bool,
}

/// Writes the proofs, not the notes.
///
/// # Errors
/// Those of the writer.
pub fn write_proofs(
    out: &mut dyn Write,
    explanation: &Explanation,
    format: ProofFormat,
    style: ProofStyle,
) -> io::Result<()> {
    match format {
        ProofFormat::Tree => tree::write(out, explanation, style),
        ProofFormat::Json => json::write(out, explanation),
        ProofFormat::Mermaid => graph::write(out, explanation, graph::Language::Mermaid),
        ProofFormat::Dot => graph::write(out, explanation, graph::Language::Dot),
        ProofFormat::Html => html::write(out, explanation),
    }
}
