//! `:help`

use std::io::{self, Write};

use super::{COMMANDS, Console, Done, Shell, find, unknown};

const LINES: &str = "\
A line is one of

  Attended(leader: l, summit: \"xian_2023\")?     a query
  A(x: x) :- B(x: x), !C(x: x).                 a rule or declaration, kept for the session
  +Rel(column: \"value\")   -Rel(column: _)       assert or retract facts in the session
  :command                                      one of these:

";

pub(super) fn help(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    if name.is_empty() {
        write!(console, "{LINES}")?;
        for command in COMMANDS {
            let usage = format!(":{} {}", command.name, command.usage);
            writeln!(console, "  {usage:<20}{}", command.summary)?;
        }
        writeln!(
            console,
            "\nWhat is unfinished goes on on the next line; a blank line submits it. Tab completes, Ctrl-R \
             searches\nthe history, Ctrl-C stops a query, Ctrl-D leaves."
        )?;
        return Ok(Done::WELL);
    }
    match find(name.trim_start_matches(':')) {
        Some(command) => {
            let usage = format!(":{} {}", command.name, command.usage);
            writeln!(console, "{}\n  {}", usage.trim_end(), command.summary)?;
            for line in command.more.lines() {
                writeln!(console, "  {line}")?;
            }
            Ok(Done::WELL)
        }
        None => shell.told(console, Err(unknown(name))),
    }
}
