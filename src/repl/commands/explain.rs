//! `:why` and `:whynot`.

use std::io;

use super::{Console, Done, Shell, usage};
use crate::base::{Diagnostic, Severity, escape};
use crate::files::TextFolder;
use crate::render::{ProofFormat, ProofStyle, write_proofs, write_whynot};
use crate::session::{Error, Explanation};

/// Proofs of one tuple that are shown.
const PROOFS: usize = 1;

pub(super) fn why(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let folder = texts(shell);
    let read = |name: &str| folder.as_ref()?.read(name);
    let explained = match text.parse::<usize>() {
        Ok(number) => row(shell, number, &read),
        Err(_) if text.is_empty() => row(shell, 1, &read),
        Err(_) => {
            shell.session.why(text, PROOFS, Some(&read)).map_err(Problem::Session).map(|(found, warnings)| {
                let nothing = || Diagnostic::new(super::codes::BAD_COMMAND, "nothing that holds fits");
                let told = match warnings.first() {
                    Some(warning) => Diagnostic { severity: Severity::Error, ..warning.clone() },
                    None => nothing().help("`:whynot` says what is missing"),
                };
                (found, told)
            })
        }
    };
    match explained {
        Ok((found, nothing)) if found.proofs.is_empty() => shell.told(console, Err(nothing)),
        Ok((found, _)) => {
            let style = ProofStyle { width: shell.view.columns(), color: shell.view.color };
            write_proofs(console, &found, ProofFormat::Tree, style)?;
            notes(shell, console, &found.notes)?;
            shell.scenario(console)?;
            Ok(Done::WELL)
        }
        Err(Problem::Usage(diagnostic)) => shell.told(console, Err(diagnostic)),
        Err(Problem::Session(error)) => shell.refused(console, &error),
    }
}

enum Problem {
    Usage(Diagnostic),
    Session(Error),
}

/// Proofs of a row of the last answer, with what to say if there are none.
fn row(
    shell: &mut Shell,
    number: usize,
    read: &dyn Fn(&str) -> Option<Vec<u8>>,
) -> Result<(Explanation, Diagnostic), Problem> {
    let Some((goal, rows)) = shell.last_answer.clone() else {
        return Err(Problem::Usage(usage("why", "nothing was asked yet")));
    };
    let wanted = number.checked_sub(1).and_then(|at| rows.get(at));
    let Some(wanted) = wanted else {
        let shown = match rows.len() {
            0 => "no rows".to_owned(),
            1 => "one row".to_owned(),
            n => format!("{n} rows"),
        };
        return Err(Problem::Usage(usage("why", format!("the last answer has {shown}"))));
    };
    let found = shell.session.why_answer(&goal, wanted, PROOFS, Some(read)).map_err(Problem::Session)?;
    let gone = Diagnostic::new(super::codes::BAD_COMMAND, "that row is no answer any more").help("ask again");
    Ok((found, gone))
}

pub(super) fn whynot(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    if text.is_empty() {
        return shell.told(console, Err(usage("whynot", "why does which fact not hold?")));
    }
    let (found, warnings) = match shell.session.whynot(text) {
        Ok(found) => found,
        Err(error) => return shell.refused(console, &error),
    };
    shell.report(console, &warnings)?;
    if let Some(tuple) = &found.holds {
        let message = format!("{} holds", escape::printable(tuple));
        let diagnostic = Diagnostic::new(super::codes::BAD_COMMAND, message).help("`:why` says why");
        return shell.told(console, Err(diagnostic));
    }
    let style = ProofStyle { width: shell.view.columns(), color: shell.view.color };
    write_whynot(console, &found, shell.session.schema(), ProofFormat::Tree, style)?;
    notes(shell, console, &found.notes)?;
    shell.scenario(console)?;
    Ok(Done::WELL)
}

fn notes(shell: &Shell, console: &mut Console, notes: &[String]) -> io::Result<()> {
    for note in notes {
        console.tell(&shell.view.note(note))?;
    }
    Ok(())
}

/// The project's own folder of texts, if it has one that can be read.
fn texts(shell: &Shell) -> Option<TextFolder> {
    let project = shell.session.project()?;
    TextFolder::open(&project.root().join(project.settings().folders.texts.as_ref()?)).ok()
}
