//! `:watch on`: a thread that loads the base again when its files change.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::commands::reloaded;
use super::shell::Shell;
use crate::base::{Diagnostic, escape};
use crate::files::Watcher;
use crate::render::Tally;
use crate::session::fault;

/// How often the thread looks whether it is still wanted.
const TURN: Duration = Duration::from_millis(250);
/// An editor saves several files at once: changes this close together are one.
const TOGETHER: Duration = Duration::from_millis(50);

/// A running watch; it ends when dropped.
pub(super) struct Watch {
    stop: Arc<AtomicBool>,
}

impl Watch {
    /// Begins to watch the files of a shell's project. `say` is given what happened.
    ///
    /// # Errors
    /// The system does not tell of changes.
    pub fn start(
        shell: &Arc<Mutex<Shell>>,
        mut say: impl FnMut(String) + Send + 'static,
    ) -> Result<Watch, Diagnostic> {
        let Some(watcher) = lock(shell).session.project().map(Watcher::new).transpose()? else {
            return Ok(Watch { stop: Arc::default() });
        };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let shell = Arc::clone(shell);
        thread::spawn(move || {
            while !stopped.load(Ordering::Relaxed) {
                let mut changed = watcher.wait(TURN);
                if changed.is_empty() {
                    continue;
                }
                thread::sleep(TOGETHER);
                changed.extend(watcher.changed());
                changed.sort();
                changed.dedup();
                let mut shell = lock(&shell);
                if stopped.load(Ordering::Relaxed) {
                    return;
                }
                let names: Vec<String> = changed.iter().map(|path| path.display().to_string()).collect();
                let said = load(&mut shell, &escape::printable(&names.join(", ")));
                drop(shell);
                say(said);
            }
        });
        Ok(Watch { stop })
    }
}

impl Drop for Watch {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
    }
}

/// The shell; a fault in another thread has been told already.
pub(super) fn lock(shell: &Mutex<Shell>) -> MutexGuard<'_, Shell> {
    shell.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Loads the base again and says what came of it.
fn load(shell: &mut Shell, changed: &str) -> String {
    shell.version += 1;
    let steps = shell.session.steps();
    if steps > 0 {
        // What somebody said in this session is not thrown away unasked.
        let s = if steps == 1 { "" } else { "s" };
        return format!(
            "{changed} changed; `:reload` loads it and forgets the {steps} step{s} of this session\n"
        );
    }
    shell.session.cancel_token().reset();
    match fault::catch(|| shell.session.reload()) {
        Ok(Ok(_)) => format!("{changed} changed; {}", reloaded(shell, 0)),
        Ok(Err(error)) => {
            let text = shell.rendered(error.diagnostics(), shell.view.error_color);
            let what = if shell.session.broken().is_empty() {
                "everything stays as it was"
            } else {
                "nothing is loaded"
            };
            format!("{changed} changed\n{text}\n{}: {what}\n", Tally::of(error.diagnostics()))
        }
        Err(fault) => format!("{fault}\n"),
    }
}
