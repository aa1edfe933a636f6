//! Ctrl-C in a command: the first asks running work to stop, the second ends the program.

use std::io;

use signal_hook::consts::SIGINT;
use signal_hook::flag;

use super::Exit;
use crate::base::CancelToken;

/// Makes interrupts cancel `token`.
///
/// # Errors
/// Those of the system; the default, ending at once, then stays.
pub fn install(token: &CancelToken) -> io::Result<()> {
    // Handlers run in the order of registration: this one acts only once the flag is set.
    flag::register_conditional_shutdown(SIGINT, i32::from(Exit::Interrupted.status()), token.flag())?;
    flag::register(SIGINT, token.flag())?;
    Ok(())
}
