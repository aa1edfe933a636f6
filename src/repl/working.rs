//! A line on standard error while something takes long: what is done, how much, since when.

use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{HumanCount, ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::base::CancelToken;

/// Work that takes less than this shows nothing.
const PATIENCE: Duration = Duration::from_millis(700);
/// How often the line is drawn.
const TICK: Duration = Duration::from_millis(120);

/// Does `work`, and shows meanwhile how it goes on if it takes long and `shown` says so. The line
/// is gone before this returns.
pub fn working<T>(shown: bool, token: &CancelToken, work: impl FnOnce() -> T) -> T {
    if !shown {
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
            let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
            bar.set_style(
                ProgressStyle::with_template("{spinner} {msg}").unwrap_or(ProgressStyle::default_spinner()),
            );
            loop {
                let seconds = started.elapsed().as_secs();
                let rows = HumanCount(token.rows());
                bar.set_message(format!("evaluating: {rows} rows derived in {seconds} s, Ctrl-C stops it"));
                bar.tick();
                if ended(TICK) {
                    break;
                }
            }
            bar.finish_and_clear();
        });
        // Dropped when the work is done, also by a panic, which ends the thread.
        let _done = done;
        work()
    })
}
