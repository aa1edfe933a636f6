//! `factlog whynot`

use std::path::PathBuf;

use clap::Args;

use super::args::{LimitArgs, ScenarioArgs, proof_format};
use super::context::{Context, Failure};
use super::open::{open, refused, under, working};
use super::{Exit, output};
use crate::base::escape;
use crate::render::{ProofFormat, write_whynot};
use crate::session::Options;

/// Show why a fact does not hold: how far each rule got, what comes near, and which facts are missing
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog whynot 'AttendedBothNamed(leader: \"putin\")'
  factlog whynot 'Attended(leader: \"tokaev\", summit: \"washington_2025\")'
  factlog whynot 'PresentByOffice(leader: \"putin\", summit: \"washington_2025\")' -f json

What FACT leaves out is any. Each set of missing facts has been tried. Exit status 1 when the
fact holds: see `factlog why`.")]
pub struct WhyNotArgs {
    /// A fact
    #[arg(value_name = "FACT")]
    fact: String,
    /// tree, json, mermaid, dot or html [default: from the extension of FILE, else tree]
    #[arg(short, long, value_name = "FORMAT", value_parser = proof_format(), hide_possible_values = true)]
    format: Option<ProofFormat>,
    /// Write it to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &WhyNotArgs) -> Result<Exit, Failure> {
    let mut session = open(context, Options { limits: args.limits.options(), ..Options::default() })?;
    under(context, &mut session, &args.scenario)?;
    let (found, warnings) = match working(context, &mut session, |session| session.whynot(&args.fact)) {
        Ok(found) => found,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    context.report(&warnings, session.sources());
    context.notes(&found.notes);
    if let Some(tuple) = &found.holds {
        let tuple = escape::printable(tuple);
        context.error(format_args!("{tuple} holds; `factlog why` says why"));
        return Ok(Exit::Findings);
    }
    let output = args.output.as_deref();
    let (format, style) = output::of_proofs(context, args.format, output);
    let schema = session.schema();
    output::deliver(output, |out| write_whynot(out, &found, schema, format, style))?;
    Ok(Exit::Success)
}
