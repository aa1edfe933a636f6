//! Proofs as a page that needs nothing else: no script, no style sheet, no font from elsewhere.

use std::io::{self, Write};

use super::outline::{Item, more, outline};
use crate::render::markup::html;
use crate::session::Explanation;

const STYLE: &str = "\
body{font:16px/1.45 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#222;background:#fff}
ul{list-style:none;margin:0;padding-left:1.2rem;border-left:1px solid #ccc}
li{margin:.4rem 0}
summary{cursor:pointer}
.detail{color:#666;font-size:.9em;margin-left:1.1rem;overflow-wrap:anywhere}
.less{background:#fd8;border-radius:.3em;padding:0 .3em;font-size:.85em}
.number{color:#888}
pre{overflow:auto}
";

pub(super) fn write(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let first = explanation.proofs.first().and_then(|proof| proof.steps.first());
    begin(out, first.map_or("Proofs", |step| step.text.as_str()))?;
    for (number, proof) in explanation.proofs.iter().enumerate() {
        writeln!(out, "<section>")?;
        for item in outline(proof) {
            writeln!(out, "<ul>")?;
            write_item(out, &item, number)?;
            writeln!(out, "</ul>")?;
        }
        if proof.may_fall {
            writeln!(
                out,
                "<p>It rests on a negation or an aggregate: it may fall when facts are added.</p>"
            )?;
        }
        if proof.cut {
            writeln!(out, "<p>Not every proof was looked at; there may be a firmer or a shorter one.</p>")?;
        }
        writeln!(out, "</section>")?;
    }
    if explanation.more > 0 {
        writeln!(out, "<p>{} not explained here.</p>", more(explanation.more, "tuple"))?;
    }
    end(out)
}

/// A page of one tree with text below it.
pub(super) fn write_page(out: &mut dyn Write, title: &str, item: &Item, text: &str) -> io::Result<()> {
    begin(out, title)?;
    writeln!(out, "<ul>")?;
    write_item(out, item, 0)?;
    writeln!(out, "</ul>")?;
    if !text.trim().is_empty() {
        // Line by line: the ends of lines are not to be escaped.
        let lines: Vec<String> = text.trim().lines().map(html).collect();
        writeln!(out, "<pre>{}</pre>", lines.join("\n"))?;
    }
    end(out)
}

fn begin(out: &mut dyn Write, title: &str) -> io::Result<()> {
    writeln!(out, "<!DOCTYPE html>")?;
    writeln!(out, "<html lang=\"en\">")?;
    writeln!(out, "<head>")?;
    writeln!(out, "<meta charset=\"utf-8\">")?;
    writeln!(out, "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">")?;
    writeln!(out, "<title>{}</title>", html(title))?;
    writeln!(out, "<style>\n{STYLE}</style>")?;
    writeln!(out, "</head>")?;
    writeln!(out, "<body>")
}

fn end(out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "</body>")?;
    writeln!(out, "</html>")
}

fn write_item(out: &mut dyn Write, item: &Item, proof: usize) -> io::Result<()> {
    match item.number {
        Some(number) => write!(out, "<li id=\"p{proof}-{number}\">")?,
        None => write!(out, "<li>")?,
    }
    let open = !item.below.is_empty();
    if open {
        write!(out, "<details open><summary>")?;
    }
    if let Some(number) = item.number {
        write!(out, "<span class=\"number\">[{number}]</span> ")?;
    }
    write!(out, "{}", html(&item.text))?;
    if let Some(firmness) = &item.firmness {
        write!(out, " <span class=\"less\">{}</span>", html(firmness))?;
    }
    if let Some(number) = item.see {
        write!(out, " <a href=\"#p{proof}-{number}\">see [{number}]</a>")?;
    }
    if open {
        write!(out, "</summary>")?;
    }
    for detail in &item.details {
        write!(out, "\n<div class=\"detail\">{}</div>", html(detail))?;
    }
    if open {
        writeln!(out, "\n<ul>")?;
        for below in &item.below {
            write_item(out, below, proof)?;
        }
        write!(out, "</ul>\n</details>")?;
    }
    writeln!(out, "</li>")
}
