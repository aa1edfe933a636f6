//! `measure RESULT COMMAND…`: runs a command and writes what it took to the file RESULT, as one line
//! `wall<TAB>user<TAB>system<TAB>peak<TAB>status`: seconds, seconds, seconds, kilobytes, exit status.
//!
//! A small process on purpose: the peak that the system gives for a process counts what its parent held when it was
//! started, so a script in Python could not see a peak below its own.

use std::process::{Command, ExitCode};
use std::time::Instant;

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;

fn seconds(time: TimeVal) -> f64 {
    time.tv_sec() as f64 + time.tv_usec() as f64 / 1e6
}

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(result), Some(program)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: measure RESULT COMMAND [ARGUMENT…]");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let status = Command::new(&program).args(arguments).status();
    let wall = start.elapsed().as_secs_f64();
    let status = match status {
        Ok(status) => status,
        Err(error) => {
            eprintln!("{}: {error}", program.display());
            return ExitCode::from(2);
        }
    };
    let usage = match getrusage(UsageWho::RUSAGE_CHILDREN) {
        Ok(usage) => usage,
        Err(error) => {
            eprintln!("no resource usage: {error}");
            return ExitCode::from(2);
        }
    };
    // A process that a signal ended has no status of its own.
    let code = status.code().unwrap_or(-1);
    let line = format!(
        "{wall:.6}\t{:.6}\t{:.6}\t{}\t{code}\n",
        seconds(usage.user_time()),
        seconds(usage.system_time()),
        usage.max_rss(),
    );
    if let Err(error) = std::fs::write(&result, line) {
        eprintln!("{}: {error}", result.display());
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}
