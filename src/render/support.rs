//! What conclusions rest on, as sentences for people.

use std::io::{self, Write};

use crate::base::escape;
use crate::model::Status;
use crate::session::Supports;

/// Writes what each conclusion rests on: the sources, which of them it cannot do without, and how
/// many independent ones there are.
///
/// # Errors
/// Those of the writer.
pub fn write_supports(out: &mut dyn Write, supports: &Supports) -> io::Result<()> {
    let source = |id: &str| match supports.named.get(id) {
        Some(about) => format!("{} ({})", escape::printable(id), escape::printable(about)),
        None => escape::printable(id).into_owned(),
    };
    for (at, one) in supports.of.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        let status = match one.status {
            Some(Status::Held) => String::new(),
            Some(status) => format!("  ({})", status.name()),
            None => "  (denied or cancelled)".to_owned(),
        };
        writeln!(out, "{}{status}", escape::printable(&one.conclusion))?;
        let background = one.sources.iter().any(Vec::is_empty);
        match (background, one.sources.len(), one.independent) {
            (true, ..) => writeln!(out, "  background is enough: it rests on no source")?,
            (_, 0, _) => {
                writeln!(
                    out,
                    "  too many proofs to go through: which sets of sources are enough is left out"
                )?;
            }
            (_, 1, _) => writeln!(out, "  rests on")?,
            (_, _, 1) => writeln!(out, "  rests on one of these, which are not independent")?,
            (_, n, independent) => {
                writeln!(out, "  rests on one of these {n}, of which {independent} are independent")?;
            }
        }
        for set in one.sources.iter().filter(|set| !set.is_empty() && !background) {
            let named: Vec<String> = set.iter().map(|id| source(id)).collect();
            writeln!(out, "    {}", named.join(" + "))?;
        }
        if one.cut && !one.sources.is_empty() {
            writeln!(out, "    … and more")?;
        }
        match one.ends_without.as_slice() {
            [] if background => {}
            [] => writeln!(out, "  no single source ends it when it is withdrawn")?,
            ids => {
                let ids: Vec<_> = ids.iter().map(|id| escape::printable(id)).collect();
                let (last, first) = ids.split_last().map_or(("", &[][..]), |(last, first)| (last, first));
                let either =
                    if first.is_empty() { String::new() } else { format!("{} or ", first.join(", ")) };
                writeln!(out, "  single-sourced: it ends without {either}{last}")?;
            }
        }
        if one.unnamed_alone {
            writeln!(out, "  rests on an unnamed source alone")?;
        }
    }
    if supports.more > 0 {
        writeln!(out, "\n… and {} more that fit", supports.more)?;
    }
    Ok(())
}
