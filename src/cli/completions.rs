//! `factlog completions`

use std::io;

use clap::CommandFactory;
use clap_complete::Shell;

use super::Exit;
use super::args::Cli;
use super::terminal::write_stdout;

/// Write a shell's completions to standard output
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Example:
  factlog completions bash > ~/.local/share/bash-completion/completions/factlog")]
pub struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

pub(super) fn run(args: &CompletionsArgs) -> io::Result<Exit> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "factlog", &mut script);
    write_stdout(|out| out.write_all(&script))?;
    Ok(Exit::Success)
}
