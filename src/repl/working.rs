//! A line on standard error while something takes long: what is done, how much, since when.

use std::io::{self, Write};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use super::told;
use crate::base::CancelToken;

/// Work that takes less than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);
const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
/// Columns that stay free, so that the `^C` that a terminal shows does not begin another line.
const FREE: usize = 4;

/// Does `work`, and shows meanwhile how it goes on if it takes long and `shown` says so. The line
/// is gone before this returns.
pub fn working<T>(shown: bool, token: &CancelToken, work: impl FnOnce() -> T) -> T {
    // A terminal that cannot take a line back would be filled with them.
    if !shown || std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        return work();
    }
    let (done, waiting) = mpsc::channel::<()>();
    thread::scope(|scope| {
        scope.spawn(move || {
            let started = Instant::now();
            let ended = |patience| waiting.recv_timeout(patience) != Err(RecvTimeoutError::Timeout);
            if ended(PATIENCE) {
                return;
            }
            for frame in SPINNER.into_iter().cycle() {
                draw(&format!("{frame} {}", progress(token.rows(), started.elapsed())));
                if ended(TICK) {
                    break;
                }
            }
            draw("");
        });
        // Dropped when the work is done, also by a panic, which ends the thread.
        let _done = done;
        work()
    })
}

fn progress(rows: u64, taken: Duration) -> String {
    format!("{} rows derived in {} s, Ctrl-C stops it", told::number(rows), taken.as_secs())
}

/// Puts a text in the place of the line that the cursor is on. Nobody can be told when that fails.
fn draw(text: &str) {
    let width = terminal_size::terminal_size_of(io::stderr()).map_or(80, |(width, _)| usize::from(width.0));
    let cut: String = text.chars().take(width.saturating_sub(FREE)).collect();
    let mut err = io::stderr().lock();
    let _ = write!(err, "\r{cut}\x1b[K").and_then(|()| err.flush());
}
