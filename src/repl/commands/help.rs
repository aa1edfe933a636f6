//! `:help`

use std::io::{self, Write};

use unicode_width::UnicodeWidthStr;

use super::{COMMANDS, Command, Console, Done, Shell, find, unknown};
use crate::render::wrapped;
use crate::repl::told;

/// What a line can be.
const FORMS: [(&str, &str); 4] = [
    ("Attended(leader: l, summit: \"xian_2023\")?", "a query"),
    ("A(x: x) :- B(x: x), !C(x: x).", "a rule or declaration, kept for the session"),
    ("+Rel(column: \"value\")   -Rel(column: _)", "assert or retract facts in the session"),
    (":command", "one of these:"),
];

const END: &str = "What is unfinished goes on on the next line; a blank line submits it. Tab completes, \
    Ctrl-R searches the history, Ctrl-C stops a query, Ctrl-D leaves.";

/// Text beside a head is never squeezed into less.
const NARROWEST: usize = 24;

pub(super) fn help(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    let columns = shell.view.columns();
    if name.is_empty() {
        writeln!(console, "A line is one of\n")?;
        for (form, what) in FORMS {
            let head = Head { text: form, shown: &shell.view.painted(form), indent: 2, width: 46 };
            entry(console, &head, what, columns)?;
        }
        writeln!(console)?;
        for command in COMMANDS {
            let usage = usage(command);
            let head = Head { text: &usage, shown: &shell.view.painted(&usage), indent: 2, width: 20 };
            entry(console, &head, command.summary, columns)?;
        }
        write!(console, "\n{}", told::prose(END, 0, columns))?;
        return Ok(Done::WELL);
    }
    match find(name.trim_start_matches(':')) {
        Some(command) => {
            writeln!(console, "{}", shell.view.painted(&usage(command)))?;
            write!(console, "{}", told::prose(command.summary, 2, columns))?;
            if !command.more.is_empty() {
                write!(console, "{}", told::prose(command.more, 2, columns))?;
            }
            for example in command.examples {
                writeln!(console, "    {}", shell.view.painted(example))?;
            }
            Ok(Done::WELL)
        }
        None => shell.told(console, Err(unknown(name))),
    }
}

fn usage(command: &Command) -> String {
    format!(":{} {}", command.name, command.usage).trim_end().to_owned()
}

/// What stands on the left of an explanation.
pub(super) struct Head<'t> {
    pub text: &'t str,
    /// The same, perhaps in colours.
    pub shown: &'t str,
    /// Columns before it.
    pub indent: usize,
    /// Columns that it takes, with the gap behind it.
    pub width: usize,
}

/// A head with its explanation beside it, or below it where there is no room.
pub(super) fn entry(
    console: &mut Console,
    head: &Head<'_>,
    text: &str,
    columns: Option<usize>,
) -> io::Result<()> {
    let Head { shown, indent, width, .. } = *head;
    let beside = indent + width;
    let room = columns.map_or(usize::MAX, |columns| columns.saturating_sub(beside));
    if room < NARROWEST {
        writeln!(console, "{:indent$}{shown}", "")?;
        return write!(console, "{}", told::prose(text, indent + 4, columns));
    }
    let gap = width.saturating_sub(head.text.width()).max(1);
    let mut lines = wrapped(text, room).into_iter();
    writeln!(console, "{:indent$}{shown}{:gap$}{}", "", "", lines.next().unwrap_or_default())?;
    lines.try_for_each(|line| writeln!(console, "{:beside$}{line}", ""))
}
