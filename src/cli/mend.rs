//! What `check --fix` writes and `check --diff` shows: the fixes that are beyond doubt.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::Exit;
use super::context::{Context, Failure};
use super::open::load;
use super::terminal::{stdout_is_terminal, write_stdout};
use crate::base::{Diagnostic, FileId, Fix};
use crate::files::{self, FileText, Trust};
use crate::render::diff::{self, DiffStyle};
use crate::session::{Options, Session};

/// Mending one mistake can uncover another; a file that goes on changing is left after so many rounds.
const ROUNDS: usize = 16;

/// A file whose mistakes can be mended.
struct Mended {
    path: PathBuf,
    file: FileText,
    text: String,
    fixes: usize,
}

/// Shows as a patch what [`fix`] would write first, and writes nothing.
///
/// # Errors
/// There is no project, or standard output cannot be written.
pub(super) fn show(context: &Context) -> Result<Exit, Failure> {
    let changes = changes(&reopened(context)?);
    let style = DiffStyle { terminal: stdout_is_terminal(), color: context.global.color.for_stdout() };
    write_stdout(|out| {
        for Mended { file, text, .. } in &changes {
            out.write_all(diff::unified(&file.name, &file.text, text, style).as_bytes())?;
        }
        Ok(())
    })?;
    if changes.is_empty() {
        context.say("nothing that `--fix` would mend");
        return Ok(Exit::Success);
    }
    context.error(format_args!("`factlog check --fix` mends {}", tally(&changes)));
    Ok(Exit::Findings)
}

/// Mends the project's files as far as that is beyond doubt, and says how much that was.
///
/// # Errors
/// There is no project, or a file cannot be written: it is left as it is then.
pub(super) fn fix(context: &Context) -> Result<(), Failure> {
    for _ in 0..ROUNDS {
        let changes = changes(&reopened(context)?);
        if changes.is_empty() {
            break;
        }
        for Mended { path, file, text, .. } in &changes {
            files::replace(path, text, Some(file.fingerprint()))?;
        }
        context.say(format_args!("mended {}", tally(&changes)));
    }
    Ok(())
}

fn reopened(context: &Context) -> Result<Session, Failure> {
    load(context, Options::default()).map_err(|(diagnostic, sources)| {
        context.report(&[diagnostic], &sources);
        Failure::Told(Exit::Refused)
    })
}

fn tally(changes: &[Mended]) -> String {
    let count = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let fixes = changes.iter().map(|change| change.fixes).sum();
    format!("{} in {}", count(fixes, "mistake"), count(changes.len(), "file"))
}

fn changes(session: &Session) -> Vec<Mended> {
    let Some(project) = session.project() else { return Vec::new() };
    let mut due: BTreeMap<FileId, Vec<&Fix>> = BTreeMap::new();
    let found: &[&[Diagnostic]] = &[session.broken(), session.load_warnings()];
    for fix in found.iter().flat_map(|list| list.iter()).filter_map(|found| found.fix.as_ref()) {
        let file = fix.edits.first().map(|(span, _)| span.file);
        let one_file = fix.edits.iter().all(|(span, _)| Some(span.file) == file);
        if let (true, true, Some(file)) = (fix.safe, one_file, file) {
            due.entry(file).or_default().push(fix);
        }
    }
    let mut changes = Vec::new();
    for (id, fixes) in due {
        let source = session.sources().file(id);
        // A text that is no file of the project, or has changed since it was read, is not touched.
        let Ok(file) = project.read(Path::new(source.name()), Trust::Project) else { continue };
        let Ok(path) = project.resolve(Path::new(source.name()), Trust::Project) else { continue };
        if source.text() == Some(&file.text) {
            let (text, fixes) = applied(&file.text, &fixes);
            changes.push(Mended { path, file, text, fixes });
        }
    }
    changes
}

/// The text with those fixes made that do not touch one another's places, and how many they are.
fn applied(text: &str, fixes: &[&Fix]) -> (String, usize) {
    let mut edits: Vec<(std::ops::Range<usize>, &str)> = Vec::new();
    let mut made = 0;
    for fix in fixes {
        let mut own = fix.edits.iter().map(|(span, written)| (span.range(), written.as_str()));
        let apart = |a: &std::ops::Range<usize>, b: &std::ops::Range<usize>| {
            (a.end <= b.start || b.end <= a.start) && a.start != b.start
        };
        let fits = |range: &std::ops::Range<usize>| {
            text.get(range.clone()).is_some() && edits.iter().all(|(taken, _)| apart(taken, range))
        };
        if own.clone().all(|(range, _)| fits(&range)) {
            edits.extend(&mut own);
            made += 1;
        }
    }
    edits.sort_by_key(|(range, _)| range.start);
    let mut result = String::with_capacity(text.len() + edits.len());
    let mut done = 0;
    for (range, written) in edits {
        result.push_str(&text[done..range.start]);
        result.push_str(written);
        done = range.end;
    }
    result.push_str(&text[done..]);
    (result, made)
}
