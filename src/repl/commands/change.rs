//! Commands that change the session, or keep what was changed.

use std::env;
use std::io;
use std::path::Path;
use std::process::Command;

use super::{Console, Done, Shell, unquoted, usage};
use crate::base::codes::project as codes;
use crate::base::{Diagnostic, escape};
use crate::files::{self, Scratch};
use crate::render::fact_text;
use crate::repl::told;
use crate::session::Error;

pub(super) fn load(shell: &mut Shell, console: &mut Console, path: &str) -> io::Result<Done> {
    let path = Path::new(unquoted(path));
    let result = match path.extension().and_then(|extension| extension.to_str()) {
        Some("ron") => shell.session.load_facts(path),
        Some("dl") => shell.session.load_rules(path),
        _ => {
            let message = "a file of facts ends in `.ron`, a file of rules in `.dl`";
            return shell.told(console, Err(usage("load", message)));
        }
    };
    match result {
        Ok((change, remarks)) => {
            shell.version += 1;
            shell.report(console, &remarks)?;
            console.tell(&format!("{}\n", told::change(&change)))?;
            Ok(Done::WELL)
        }
        Err(error) => shell.refused(console, &error),
    }
}

pub(super) fn reload(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    let steps = shell.session.steps();
    shell.version += 1;
    match shell.session.reload() {
        Ok(_) => {
            console.tell(&reloaded(shell, steps))?;
            Ok(Done::WELL)
        }
        Err(Error::Cancelled) => shell.refused(console, &Error::Cancelled),
        Err(error) => {
            // Here the mistakes themselves are what was asked for.
            shell.report(console, error.diagnostics())?;
            let tally = crate::render::Tally::of(error.diagnostics());
            let what = if shell.session.broken().is_empty() {
                "everything stays as it was"
            } else {
                "nothing is loaded"
            };
            console.tell(&format!("\n{tally}: {what}\n"))?;
            Ok(Done::failed(2))
        }
    }
}

/// What a successful reload says.
pub(in crate::repl) fn reloaded(shell: &Shell, steps: usize) -> String {
    let mut text = format!("reloaded: {}", told::base(&shell.session));
    if steps > 0 {
        text.push_str(&format!("; {} of this session forgotten", told::count(steps, "step")));
    }
    text + "\n"
}

pub(super) fn undo(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    shell.version += 1;
    let text = match shell.session.undo() {
        Some(change) => told::undone(&change),
        None => "nothing to undo".to_owned(),
    };
    console.tell(&format!("{text}\n"))?;
    Ok(Done::WELL)
}

pub(super) fn save(shell: &mut Shell, console: &mut Console, path: &str) -> io::Result<Done> {
    let path = Path::new(unquoted(path));
    let added = shell.session.added();
    let nothing = match path.extension().and_then(|extension| extension.to_str()) {
        Some("ron") if added.facts.is_empty() => Some("facts were"),
        Some("dl") if added.rules.is_empty() => Some("definitions were"),
        _ => None,
    };
    if let Some(what) = nothing {
        console.tell(&format!("nothing to save: no {what} added in this session\n"))?;
        return Ok(Done::WELL);
    }
    let (text, what) = match path.extension().and_then(|extension| extension.to_str()) {
        Some("ron") => {
            let schema = shell.session.schema();
            let facts: String =
                added.facts.iter().map(|fact| format!("    {},\n", fact_text(schema, fact))).collect();
            (format!("[\n{facts}]\n"), told::count(added.facts.len(), "fact"))
        }
        Some("dl") => {
            let texts: Vec<&str> = added.rules.iter().map(|text| text.trim()).collect();
            (texts.join("\n") + "\n", told::count(added.definitions, "definition"))
        }
        _ => {
            let message = "facts are saved to a file that ends in `.ron`, rules to one in `.dl`";
            return shell.told(console, Err(usage("save", message)));
        }
    };
    // Ours or not, a file that is there is somebody's.
    if let Err(diagnostic) = files::replace(path, &text, None) {
        return shell.told(console, Err(diagnostic));
    }
    let shown = path.display().to_string();
    console.tell(&format!("saved {what} to `{}`\n", escape::printable(&shown)))?;
    if added.retracted > 0 {
        let retracted = told::count(added.retracted, "retracted assertion");
        console.tell(&format!(
            "note: {retracted} cannot be saved: a file cannot take back what another states\n"
        ))?;
    }
    Ok(Done::WELL)
}

pub(super) fn edit(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    if !shell.interactive {
        return shell.told(console, Err(refused("`:edit` needs a terminal")));
    }
    let last = shell.history.iter().rev().find(|input| input.trim() != ":edit").cloned().unwrap_or_default();
    let result = edited(&last).map(|text| {
        let text = text.trim().to_owned();
        if text.is_empty() || text == last.trim() {
            return "nothing has changed\n";
        }
        shell.next = Some(text);
        ""
    });
    match result {
        Ok(said) => {
            console.tell(said)?;
            Ok(Done::WELL)
        }
        Err(diagnostic) => shell.told(console, Err(diagnostic)),
    }
}

/// The text that an editor makes of a text.
fn edited(text: &str) -> Result<String, Diagnostic> {
    let scratch = Scratch::new("input", "dl", &format!("{text}\n"))?;
    let editor = ["VISUAL", "EDITOR"].into_iter().find_map(env::var_os).filter(|editor| !editor.is_empty());
    let editor = editor.unwrap_or_else(|| if cfg!(windows) { "notepad" } else { "vi" }.into());
    // As git does, so that the variable may hold arguments.
    let status = if cfg!(windows) {
        Command::new(&editor).arg(scratch.path()).status()
    } else {
        let mut line = editor.clone();
        line.push(" \"$@\"");
        Command::new("sh").arg("-c").arg(line).arg(&editor).arg(scratch.path()).status()
    };
    let name = editor.to_string_lossy();
    let name = escape::printable(&name);
    match status {
        Ok(status) if status.success() => scratch.read(),
        Ok(status) => Err(refused(format!("the editor `{name}` failed: {status}"))),
        Err(error) => Err(refused(format!("cannot start the editor `{name}`: {error}"))),
    }
}

fn refused(message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(codes::BAD_COMMAND, message)
}
