//! `factlog souffle`

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::args::LimitArgs;
use super::context::{Context, Failure};
use super::interrupt;
use super::open::{shows_work, told};
use super::terminal::write_stdout;
use crate::base::{CancelToken, Limits};
use crate::repl;
use crate::session::souffle::{self, RunOptions};

/// Run a Soufflé program
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog souffle reach.dl
  factlog souffle reach.dl -F facts -D out
  factlog souffle reach.dl -D -
  factlog souffle reach.dl -I common

The flags are Soufflé's own. docs/souffle.md lists what is supported.")]
pub struct SouffleArgs {
    /// The program
    #[arg(value_name = "PROG.dl")]
    program: PathBuf,
    /// Where the files that `.input` names are
    #[arg(short = 'F', long = "fact-dir", value_name = "DIR", default_value = ".")]
    facts: PathBuf,
    /// Where to write what `.output` names; `-` is standard output
    #[arg(short = 'D', long = "output-dir", value_name = "DIR", default_value = ".")]
    output: PathBuf,
    /// Where else to look for included files
    #[arg(short = 'I', long = "include-dir", value_name = "DIR")]
    include: Vec<PathBuf>,
    /// Numbers of 64 bits instead of 32
    #[arg(long = "64")]
    wide: bool,
    /// No warnings
    #[arg(short = 'w', long)]
    no_warn: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &SouffleArgs) -> Result<Exit, Failure> {
    let cancel = CancelToken::new();
    // Without a handler an interrupt ends the program at once, which is well too.
    let _ = interrupt::install(&cancel);
    let defaults = Limits::default();
    let limits = Limits {
        rows: args.limits.limit_rows.or(defaults.rows),
        time: args.limits.limit_seconds.or(defaults.time),
        memory: args.limits.limit_memory.or(defaults.memory),
        ..defaults
    };
    let options = RunOptions {
        facts: args.facts.clone(),
        output: (args.output.as_os_str() != "-").then(|| args.output.clone()),
        include: args.include.clone(),
        wide: args.wide,
        lenient: args.no_warn,
        // Soufflé's default.
        jobs: context.global.jobs.map_or(1, usize::from),
        limits,
        cancel,
    };
    let token = options.cancel.clone();
    match repl::working(shows_work(context), &token, || souffle::run(&args.program, &options)) {
        Ok(outcome) => {
            if !args.no_warn {
                context.report(&outcome.warnings, &outcome.sources);
            }
            write_stdout(|out| out.write_all(&outcome.stdout))?;
            Ok(Exit::Success)
        }
        Err(failure) => Ok(told(context, &failure.sources, &failure.error)),
    }
}
