//! `:support`: what an answer or a fact rests on.

use std::io;

use super::{Console, Done, Shell, usage};
use crate::render::write_supports;

pub(super) fn support(shell: &mut Shell, console: &mut Console, text: &str) -> io::Result<Done> {
    let number = if text.is_empty() { Some(1) } else { text.parse::<usize>().ok() };
    let supports = match number {
        None => shell
            .session
            .support(text)
            .map(|(supports, warnings)| (supports, warnings, "nothing that holds fits".to_owned())),
        Some(number) => {
            let Some((goal, rows)) = &shell.last_answer else {
                return shell.told(console, Err(usage("support", "nothing was asked yet")));
            };
            let row = number.checked_sub(1).and_then(|at| rows.get(at)).cloned();
            let goal = goal.clone();
            let Some(row) = row else {
                let message = format!("the last answer has no row {number}");
                return shell.told(console, Err(usage("support", message)));
            };
            let missing = "the last answer has no such row any more".to_owned();
            shell.session.support_answer(&goal, &row).map(|supports| (supports, Vec::new(), missing))
        }
    };
    match supports {
        Ok((supports, warnings, missing)) => {
            shell.report(console, &warnings)?;
            shell.scenario(console)?;
            if supports.of.is_empty() {
                console.tell(&format!("{missing}\n"))?;
                return Ok(Done::failed(1));
            }
            write_supports(console, &supports)?;
            Ok(Done::WELL)
        }
        Err(error) => shell.refused(console, &error),
    }
}
