//! The command `factlog`.

use std::process::ExitCode;

fn main() -> ExitCode {
    factlog::cli::main()
}
