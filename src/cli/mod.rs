//! The command line: one file a command, and what they share.

mod args;
mod check;
mod completions;
mod context;
mod data;
mod exit;
mod export;
mod fmt;
mod import;
mod interrupt;
mod levels;
mod man;
mod mend;
mod new;
mod open;
mod output;
mod plan;
mod query;
mod repl;
mod rule;
mod run;
mod schema;
mod souffle;
mod support;
mod terminal;
mod test;
mod why;
mod whynot;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches};

use crate::session::fault;
use args::{Cli, Command, with_default_command};
use context::{Context, Failure};
pub use exit::Exit;
use terminal::{ColorChoice, write_stderr};

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    let args = with_default_command(std::env::args_os().collect());
    let exit = fault::catch(|| run(args)).unwrap_or_else(|fault| {
        write_stderr(&format!("{fault}\n"));
        Exit::Internal
    });
    exit.into()
}

fn run(args: Vec<OsString>) -> Exit {
    let color = match early_color(&args) {
        ColorChoice::Auto => clap::ColorChoice::Auto,
        ColorChoice::Always => clap::ColorChoice::Always,
        ColorChoice::Never => clap::ColorChoice::Never,
    };
    let parsed = Cli::command().color(color).try_get_matches_from(args);
    let (cli, matches) = match parsed.and_then(|matches| Ok((Cli::from_arg_matches(&matches)?, matches))) {
        Ok(parsed) => parsed,
        Err(error) => {
            // Help that nobody reads to its end is no failure.
            let _ = error.print();
            return if error.use_stderr() { Exit::Refused } else { Exit::Success };
        }
    };
    let context = Context { global: cli.global };
    let matches = matches.subcommand().map(|(_, matches)| matches.clone()).unwrap_or_default();
    dispatch(&context, cli.command, &matches).unwrap_or_else(|failure| context.fail(failure))
}

/// What `--color` says, for messages about the command line itself.
fn early_color(args: &[OsString]) -> ColorChoice {
    let args: Vec<_> = args.iter().map(|arg| arg.to_string_lossy()).collect();
    let joined = args.iter().rev().find_map(|arg| arg.strip_prefix("--color="));
    let apart = args.windows(2).rev().find(|pair| pair[0] == "--color").map(|pair| &*pair[1]);
    match joined.or(apart) {
        Some("always") => ColorChoice::Always,
        Some("never") => ColorChoice::Never,
        _ => ColorChoice::Auto,
    }
}

fn dispatch(context: &Context, command: Command, matches: &ArgMatches) -> Result<Exit, Failure> {
    match command {
        Command::Repl(args) => repl::run(context, &args),
        Command::Query(args) => query::run(context, &args),
        Command::Run(args) => run::run(context, &args),
        Command::Check(args) => check::run(context, &args, matches),
        Command::Why(args) => why::run(context, &args),
        Command::Support(args) => support::run(context, &args),
        Command::Whynot(args) => whynot::run(context, &args),
        Command::Fmt(args) => fmt::run(context, &args),
        Command::Test(args) => test::run(context, &args),
        Command::Import(args) => import::run(context, &args),
        Command::Export(args) => export::run(context, &args),
        Command::Schema(args) => schema::run(context, &args),
        Command::Plan(args) => plan::run(context, &args),
        Command::Souffle(args) => souffle::run(context, &args),
        Command::New(args) => new::run(context, &args),
        Command::Rule(args) => rule::run(&args),
        Command::Completions(args) => Ok(completions::run(&args)?),
        Command::Man => Ok(man::run()?),
    }
}
