//! `factlog schema`

use clap::Args;

use super::Exit;
use super::context::{Context, Failure};
use super::open::{open_whole, refused};
use super::terminal::write_stdout;
use crate::session::Options;

/// Print the declarations of relations
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog schema
  factlog schema Attended")]
pub struct SchemaArgs {
    /// The relation [default: all, with types and enums]
    #[arg(value_name = "RELATION")]
    relation: Option<String>,
}

pub(super) fn run(context: &Context, args: &SchemaArgs) -> Result<Exit, Failure> {
    let session = open_whole(context, Options::default())?;
    let text = match session.schema_text(args.relation.as_deref()) {
        Ok(text) => text,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    write_stdout(|out| out.write_all(text.as_bytes()))?;
    Ok(Exit::Success)
}
