//! The exit statuses and what each of them promises.

use std::process::ExitCode;

/// How a run of the program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Done; an empty answer and warnings are successes.
    Success,
    /// The base loads, but a finding is an error, an expectation was not met, or files are not in
    /// their normal form.
    Findings,
    /// Bad usage, or a file cannot be read, parsed, named or typed and nothing loads.
    Refused,
    /// A limit was reached.
    Limit,
    /// A fault of the program itself.
    Internal,
    /// Interrupted by the user.
    Interrupted,
}

impl Exit {
    /// The end that a status stands for; numbers that none has are internal faults.
    pub fn of_status(status: u8) -> Exit {
        let all = [Exit::Success, Exit::Findings, Exit::Refused, Exit::Limit, Exit::Interrupted];
        all.into_iter().find(|exit| exit.status() == status).unwrap_or(Exit::Internal)
    }

    /// The number the shell sees.
    pub fn status(self) -> u8 {
        match self {
            Exit::Success => 0,
            Exit::Findings => 1,
            Exit::Refused => 2,
            Exit::Limit => 3,
            Exit::Internal => 70,
            Exit::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.status())
    }
}
