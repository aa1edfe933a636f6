//! Proofs as graphs, Mermaid's and Graphviz's: from what is explained down to what is stated.

use std::io::{self, Write};

use super::outline::{Item, citations, counted, more};
use crate::base::escape;
use crate::session::{Because, Explanation, ShownPremise, ShownStep};

/// Rows of an aggregate that are drawn.
const ROWS: usize = 5;

/// A box.
struct Node {
    id: String,
    lines: Vec<String>,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Derived,
    Stated,
    Condition,
}

/// Boxes and arrows of all proofs.
struct Drawing {
    nodes: Vec<Node>,
    edges: Vec<(String, String)>,
}

fn draw(explanation: &Explanation) -> Drawing {
    let mut drawing = Drawing { nodes: Vec::new(), edges: Vec::new() };
    for (number, proof) in explanation.proofs.iter().enumerate() {
        let id = |step: usize| format!("p{number}s{step}");
        // Steps that are only rows of an aggregate beyond those drawn have no arrow to them.
        let mut reached = vec![false; proof.steps.len()];
        let mut open = vec![0];
        while let Some(at) = open.pop() {
            let Some(step) = proof.steps.get(at).filter(|_| !std::mem::replace(&mut reached[at], true))
            else {
                continue;
            };
            let kind = match &step.because {
                Because::Stated { .. } => Kind::Stated,
                Because::Rule(_) => Kind::Derived,
            };
            drawing.nodes.push(Node { id: id(at), lines: lines(step), kind });
            if let Because::Rule(by) = &step.because {
                drawing.premises(&id(at), &by.premises, &id, &mut open);
            }
        }
    }
    drawing
}

impl Drawing {
    fn premises(
        &mut self,
        above: &str,
        premises: &[ShownPremise],
        id: &impl Fn(usize) -> String,
        open: &mut Vec<usize>,
    ) {
        for (at, premise) in premises.iter().enumerate() {
            let own = format!("{above}_{at}");
            let condition = |lines: Vec<String>| Node { id: own.clone(), lines, kind: Kind::Condition };
            match premise {
                ShownPremise::Step(step) => {
                    self.edges.push((above.to_owned(), id(*step)));
                    open.push(*step);
                    continue;
                }
                ShownPremise::Holds { text } => self.nodes.push(condition(vec![text.clone()])),
                ShownPremise::Absent { text, over } => {
                    let over = format!("nothing matched, over {}", counted(*over, "fact"));
                    self.nodes.push(condition(vec![text.clone(), over]));
                }
                ShownPremise::Aggregate { text, value, total, rows } => {
                    let over = format!("{} over {}", value.plain(), counted(*total, "row"));
                    let mut lines = vec![text.clone(), over];
                    let drawn = rows.len().min(ROWS);
                    if drawn < *total {
                        lines.push(format!("{drawn} drawn, {}", more(total - drawn, "row")));
                    }
                    self.nodes.push(condition(lines));
                    for (number, row) in rows.iter().take(ROWS).enumerate() {
                        self.row(&own, number, row, id, open);
                    }
                }
            }
            self.edges.push((above.to_owned(), own));
        }
    }

    /// A row of an aggregate: its facts hang from it, its conditions are left out.
    fn row(
        &mut self,
        above: &str,
        number: usize,
        row: &[ShownPremise],
        id: &impl Fn(usize) -> String,
        open: &mut Vec<usize>,
    ) {
        let own = match row {
            [ShownPremise::Step(_)] => above.to_owned(),
            _ => {
                let own = format!("{above}r{number}");
                self.nodes.push(Node {
                    id: own.clone(),
                    lines: vec!["a row".to_owned()],
                    kind: Kind::Condition,
                });
                self.edges.push((above.to_owned(), own.clone()));
                own
            }
        };
        self.premises(&own, row, id, open);
    }
}

fn lines(step: &ShownStep) -> Vec<String> {
    let mut lines: Vec<String> = step.sentence.iter().cloned().collect();
    lines.push(step.text.clone());
    match &step.because {
        Because::Stated { assertions } => {
            lines.extend(citations(assertions, step));
        }
        Because::Rule(by) => {
            if step.relation.is_some() {
                lines.push(format!("by the rule at {}", by.place));
            }
            lines.extend(by.assumptions.iter().map(|assumption| format!("assuming that {assumption}")));
        }
    }
    lines.extend(step.gave_way.iter().map(|other| format!("gave way later to {other}")));
    if step.status != crate::model::Status::Held {
        lines.push(step.status.name().to_owned());
    }
    lines
}

/// What a drawing is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    /// A Mermaid flowchart.
    Mermaid,
    /// A Graphviz graph.
    Dot,
}

pub(super) fn write(out: &mut dyn Write, explanation: &Explanation, language: Language) -> io::Result<()> {
    draw(explanation).write(out, language)
}

/// A tree of lines as a graph.
pub(super) fn write_items(out: &mut dyn Write, item: &Item, language: Language) -> io::Result<()> {
    let mut drawing = Drawing { nodes: Vec::new(), edges: Vec::new() };
    let mut open = vec![(None, item)];
    while let Some((above, item)) = open.pop() {
        let id = format!("n{}", drawing.nodes.len());
        let lines = std::iter::once(&item.text).chain(&item.details).cloned().collect();
        let kind = if item.below.is_empty() { Kind::Condition } else { Kind::Derived };
        drawing.nodes.push(Node { id: id.clone(), lines, kind });
        if let Some(above) = above {
            drawing.edges.push((above, id.clone()));
        }
        open.extend(item.below.iter().rev().map(|below| (Some(id.clone()), below)));
    }
    drawing.write(out, language)
}

impl Drawing {
    fn write(&self, out: &mut dyn Write, language: Language) -> io::Result<()> {
        match language {
            Language::Mermaid => self.write_mermaid(out),
            Language::Dot => self.write_dot(out),
        }
    }

    fn write_mermaid(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "flowchart TD")?;
        for Node { id, lines, kind } in &self.nodes {
            let text = lines.iter().map(|line| mermaid(line)).collect::<Vec<_>>().join("<br/>");
            match kind {
                Kind::Derived => writeln!(out, "  {id}[\"{text}\"]")?,
                Kind::Stated => writeln!(out, "  {id}([\"{text}\"])")?,
                Kind::Condition => writeln!(out, "  {id}{{{{\"{text}\"}}}}")?,
            }
        }
        for (from, to) in &self.edges {
            writeln!(out, "  {from} --> {to}")?;
        }
        Ok(())
    }

    fn write_dot(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "digraph proof {{")?;
        writeln!(out, "  node [shape=box];")?;
        for Node { id, lines, kind } in &self.nodes {
            // `\l` ends a line and sets it to the left.
            let text: String = lines.iter().map(|line| format!("{}\\l", dot(line))).collect();
            let style = match kind {
                Kind::Derived => "",
                Kind::Stated => ", style=rounded",
                Kind::Condition => ", shape=hexagon",
            };
            writeln!(out, "  {id} [label=\"{text}\"{style}];")?;
        }
        for (from, to) in &self.edges {
            writeln!(out, "  {from} -> {to};")?;
        }
        writeln!(out, "}}")
    }
}

/// Text for a quoted label: Mermaid reads entities, HTML, and Markdown between backticks.
fn mermaid(text: &str) -> String {
    let mut out = String::new();
    for c in escape::printable(text).chars() {
        match c {
            '"' => out.push_str("#quot;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '#' => out.push_str("#35;"),
            '`' => out.push_str("#96;"),
            '\\' => out.push_str("#92;"),
            c => out.push(c),
        }
    }
    out
}

fn dot(text: &str) -> String {
    escape::printable(text).replace('\\', "\\\\").replace('"', "\\\"")
}
