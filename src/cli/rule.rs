//! `factlog rule`

use super::Exit;
use super::context::Failure;
use super::terminal::write_stdout;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Severity, codes, escape};

/// Explain a diagnostic, by code or name; without one, list them all
#[derive(clap::Args, Debug)]
#[command(after_help = "\
Examples:
  factlog rule FL201
  factlog rule conflict
  factlog rule")]
pub struct RuleArgs {
    /// A code such as FL201, or a name
    #[arg(value_name = "CODE")]
    code: Option<String>,
}

pub(super) fn run(args: &RuleArgs) -> Result<Exit, Failure> {
    let Some(text) = &args.code else {
        write_stdout(|out| {
            let width = codes::all().map(|info| info.name.len()).max().unwrap_or(0);
            for info in codes::all() {
                let level = match info.severity {
                    Severity::Error => "error",
                    Severity::Warning => "warning",
                    Severity::Info => "info",
                };
                writeln!(out, "{}  {:<width$}  {level:<7}  {}", info.code, info.name, info.summary)?;
            }
            Ok(())
        })?;
        return Ok(Exit::Success);
    };
    let Some(info) = codes::find(text) else {
        let known: Vec<&str> = codes::all().flat_map(|info| [info.code, info.name]).collect();
        let hint = did_you_mean(&nearest(text, known)).unwrap_or("`factlog rule` lists them all".to_owned());
        let text = escape::printable(text);
        return Err(Failure::Usage(format!("there is no code or name `{text}`; {hint}")));
    };
    write_stdout(|out| {
        out.write_all(info.page.as_bytes())?;
        if info.page.ends_with('\n') { Ok(()) } else { writeln!(out) }
    })?;
    Ok(Exit::Success)
}
