//! `:under`: the scenario in which everything is asked.

use std::io::{self, Write};

use super::{Console, Done, Shell};
use crate::base::escape;

pub(super) fn under(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    match text {
        "" => match shell.session.scenario() {
            Some(scenario) => writeln!(console, "{}", escape::printable(scenario))?,
            None => writeln!(console, "no scenario: everything that is stated counts")?,
        },
        "off" => {
            shell.session.clear_scenario();
            writeln!(console, "no scenario any more: everything that is stated counts")?;
        }
        _ => match shell.session.set_scenario_text(text) {
            Ok(warnings) => {
                shell.report(console, &warnings)?;
                let scenario = shell.session.scenario().unwrap_or_default();
                writeln!(console, "from now on {}; `:under off` ends it", escape::printable(scenario))?;
            }
            Err(error) => return shell.refused(console, &error),
        },
    }
    Ok(Done::WELL)
}
