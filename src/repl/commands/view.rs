//! Commands that change how answers are shown, and limits.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use super::help::{Head, entry};
use super::{Console, Done, Shell, unquoted, usage};
use crate::base::{Diagnostic, Limits, escape};
use crate::files;
use crate::render::AnswerFormat;
use crate::repl::view::OutputTo;
use crate::session::Wanted;

/// What `:set` knows.
pub(super) const SETTINGS: [&str; 10] =
    ["annotate", "demand", "limit", "memory", "mode", "output", "rows", "seconds", "timer", "watch"];

pub(super) fn mode(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    match AnswerFormat::from_name(name) {
        Some(format) => {
            shell.view.format = format;
            Ok(Done::WELL)
        }
        None if name.is_empty() => {
            writeln!(console, "{}", shell.view.format.name())?;
            Ok(Done::WELL)
        }
        None => {
            let names = AnswerFormat::ALL.map(AnswerFormat::name);
            let shown = escape::printable(name);
            let mut diagnostic =
                Diagnostic::new(super::codes::BAD_COMMAND, format!("there is no format `{shown}`"));
            diagnostic = match super::did_you_mean(&super::nearest(name, names)) {
                Some(help) => diagnostic.help(help),
                None => diagnostic.help(format!("formats are {}", names.join(", "))),
            };
            shell.told(console, Err(diagnostic))
        }
    }
}

pub(super) fn output(shell: &mut Shell, console: &mut Console, path: &str) -> io::Result<Done> {
    if matches!(path, "" | "off") {
        let was = shell.view.output.take().is_some();
        if path.is_empty() {
            writeln!(console, "answers go to the screen{}", if was { " again" } else { "" })?;
        }
        return Ok(Done::WELL);
    }
    let path = PathBuf::from(unquoted(path));
    // A file that cannot be written is better known before the answer.
    let written = files::write_output(&path, b"");
    if written.is_ok() {
        let format = AnswerFormat::from_path(&path);
        shell.view.output = Some(OutputTo { path, format, written: Vec::new() });
    }
    shell.told(console, written)
}

pub(super) fn timer(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let on = switch("timer", text, !shell.view.timer);
    let result = on.map(|on| shell.view.timer = on);
    toggled(shell, console, "timer", text, shell.view.timer, result)
}

pub(super) fn watch(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let on = switch("watch", text, !shell.watch).and_then(|on| {
        if on && shell.session.project().is_none() {
            return Err(usage("watch", "there is no project whose files could change"));
        }
        Ok(on)
    });
    let result = on.map(|on| shell.watch = on);
    toggled(shell, console, "watch", text, shell.watch, result)
}

/// The end of a switch: what was not said, only turned over, is told.
fn toggled(
    shell: &mut Shell,
    console: &mut Console,
    name: &str,
    said: &str,
    on: bool,
    result: Result<(), Diagnostic>,
) -> io::Result<Done> {
    if said.is_empty() && result.is_ok() {
        writeln!(console, "{name} {}", on_or_off(on))?;
    }
    shell.told(console, result)
}

fn on_or_off(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

/// `on` or `off`; nothing at all is the other one.
fn switch(name: &str, text: &str, other: bool) -> Result<bool, Diagnostic> {
    match text {
        "on" | "true" | "1" => Ok(true),
        "off" | "false" | "0" => Ok(false),
        "" => Ok(other),
        _ => Err(usage(name, format!("`{}` is neither on nor off", escape::printable(text)))),
    }
}

fn demand(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let on = switch("set", text, !shell.session.goes_by_demand());
    let result = on.map(|on| shell.session.set_demand(on));
    toggled(shell, console, "demand", text, shell.session.goes_by_demand(), result)
}

pub(super) fn limit(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let result = match text {
        "off" | "all" | "none" => Ok(None),
        "" => {
            writeln!(console, "{}", or_off(shell.view.limit))?;
            return Ok(Done::WELL);
        }
        _ => match text.replace('_', "").parse() {
            Ok(limit) => Ok(Some(limit)),
            Err(_) => Err(usage("limit", format!("`{}` is no number of rows", escape::printable(text)))),
        },
    };
    let result = result.map(|limit| shell.view.limit = limit);
    shell.told(console, result)
}

pub(super) fn set(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    if text.is_empty() {
        return list(shell, console);
    }
    let (name, value) = text.split_once([' ', '\t', '=']).unwrap_or((text, ""));
    let value = value.trim_start_matches([' ', '\t', '=']).trim();
    let limits = shell.session.limits().clone();
    let bad = || {
        let value = escape::printable(value).into_owned();
        usage(
            "set",
            if value.is_empty() {
                format!("`{name}` to what?")
            } else {
                format!("`{value}` does not suit `{name}`")
            },
        )
    };
    let off = value == "off";
    let changed = match name {
        "demand" => return demand(shell, console, value),
        "mode" => return mode(shell, console, value),
        "limit" => return limit(shell, console, value),
        "timer" => return timer(shell, console, value),
        "watch" => return watch(shell, console, value),
        "output" => return output(shell, console, value),
        "annotate" => {
            let wanted = annotate(value);
            let result = wanted.map(|wanted| shell.session.set_annotations(wanted)).ok_or_else(bad);
            return shell.told(console, result);
        }
        "rows" => {
            value.replace('_', "").parse().ok().map(|rows| Limits { rows: Some(rows), ..limits.clone() })
        }
        "seconds" => {
            let time = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
            time.map(|time| Limits { time: Some(time), ..limits.clone() })
        }
        "memory" => bytes(value).map(|memory| Limits { memory: Some(memory), ..limits.clone() }),
        _ => {
            let near = super::nearest(name, SETTINGS);
            let help =
                super::did_you_mean(&near).unwrap_or_else(|| format!("settings are {}", SETTINGS.join(", ")));
            let message = format!("there is no setting `{}`", escape::printable(name));
            return shell.told(console, Err(Diagnostic::new(super::codes::BAD_COMMAND, message).help(help)));
        }
    };
    let changed = match (changed, off, name) {
        (_, true, "rows") => Some(Limits { rows: None, ..limits }),
        (_, true, "seconds") => Some(Limits { time: None, ..limits }),
        (_, true, _) => Some(Limits { memory: None, ..limits }),
        (changed, false, _) => changed,
    };
    let result = changed.map(|limits| shell.session.set_limits(limits)).ok_or_else(bad);
    shell.told(console, result)
}

fn list(shell: &Shell, console: &mut Console) -> io::Result<Done> {
    let limits = shell.session.limits();
    let switch = |on: bool| on_or_off(on).to_owned();
    let view = &shell.view;
    let output = view.output.as_ref().map(|output| output.path.display().to_string());
    let output = escape::printable(output.as_deref().unwrap_or("off")).into_owned();
    let values = [
        ("mode", view.format.name().to_owned(), "format of answers"),
        ("limit", or_off(view.limit), "rows of an answer that are shown"),
        ("output", output, "file that answers go to"),
        ("annotate", annotations(shell), "what is shown of how firmly answers are known"),
        ("timer", switch(view.timer), "show how long answers took"),
        ("watch", switch(shell.watch), "reload when files change"),
        ("demand", switch(shell.session.goes_by_demand()), "derive only what a goal's constants need"),
        ("rows", or_off(limits.rows), "rows that an evaluation may produce"),
        ("seconds", or_off(limits.time.map(|time| time.as_secs_f64())), "time that an evaluation may take"),
        ("memory", limits.memory.map_or("off".to_owned(), size), "memory that derived relations may take"),
    ];
    for (name, value, what) in values {
        let head = format!("{name:<8} {value}");
        let head = Head { text: &head, shown: &head, indent: 0, width: 22 };
        entry(console, &head, what, view.columns())?;
    }
    Ok(Done::WELL)
}

/// `status,conf`, or `off`.
fn annotate(text: &str) -> Option<Wanted> {
    let mut wanted = Wanted::default();
    let named = text != "off" && !text.split(',').all(|name| wanted.add(name.trim()));
    (!named && !text.is_empty()).then_some(wanted)
}

fn annotations(shell: &Shell) -> String {
    let on = shell.session.annotations().names().into_iter().filter(|(_, on)| *on).map(|(name, _)| name);
    let on: Vec<&str> = on.collect();
    if on.is_empty() { "off".to_owned() } else { on.join(",") }
}

fn or_off(value: Option<impl ToString>) -> String {
    value.map_or("off".to_owned(), |value| value.to_string())
}

/// A number of bytes: `500000`, `64K`, `500M`, `2G`, `2GiB`.
fn bytes(text: &str) -> Option<u64> {
    let upper = text.to_ascii_uppercase();
    let text = upper.trim_end_matches("IB").trim_end_matches('B');
    let (digits, shift) = match text.as_bytes().last()? {
        b'K' => (text.strip_suffix('K')?, 10),
        b'M' => (text.strip_suffix('M')?, 20),
        b'G' => (text.strip_suffix('G')?, 30),
        _ => (text, 0),
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// The same the other way round.
fn size(bytes: u64) -> String {
    let units = [(30, "G"), (20, "M"), (10, "K")];
    let whole = units.into_iter().find(|(shift, _)| bytes != 0 && bytes.trailing_zeros() >= *shift);
    whole.map_or(bytes.to_string(), |(shift, unit)| format!("{}{unit}", bytes >> shift))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_read_back() {
        assert_eq!(bytes("2G"), Some(2 << 30));
        assert_eq!(bytes("64 KiB"), Some(64 << 10));
        assert_eq!(bytes("1000"), Some(1000));
        assert_eq!([bytes(""), bytes("G"), bytes("99999999999G"), bytes("-1")], [None; 4]);
        for text in ["16G", "512M", "1K", "1000", "0"] {
            assert_eq!(size(bytes(text).unwrap()), text);
        }
    }
}
