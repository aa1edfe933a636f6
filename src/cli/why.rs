//! `factlog why`

use std::path::PathBuf;

use clap::Args;

use super::args::{LimitArgs, ScenarioArgs, proof_format};
use super::context::{Context, Failure};
use super::open::{open, refused, texts, under, working};
use super::{Exit, output};
use crate::render::{ProofFormat, write_proofs};
use crate::session::Options;

/// Show why a fact holds: the rules and the stated facts it follows from, with their sources
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog why 'AttendedBothNamed(leader: \"tokayev\")'
  factlog why 'Attended(leader: \"tokayev\", summit: \"washington_2025\")' --texts articles
  factlog why 'PresentByOffice(leader: \"japarov\")' --all 3 -o why.html

What FACT leaves out is any; up to ten tuples that fit are explained, each by its firmest proof
or, of equally firm ones, the shortest. Exit status 1 when nothing fits: see `factlog whynot`.")]
pub struct WhyArgs {
    /// A fact, stated or derived
    #[arg(value_name = "FACT")]
    fact: String,
    /// tree, json, mermaid, dot or html [default: from the extension of FILE, else tree]
    #[arg(short, long, value_name = "FORMAT", value_parser = proof_format(), hide_possible_values = true)]
    format: Option<ProofFormat>,
    /// Write the proofs to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Show up to N proofs of each tuple
    #[arg(long, value_name = "N", default_value = "1", value_parser = at_least_one)]
    all: usize,
    /// Where the texts of the sources lie, to show their words
    #[arg(long, value_name = "DIR")]
    texts: Option<PathBuf>,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

fn at_least_one(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n) if n > 0 => Ok(n),
        _ => Err("expected a number from 1".to_owned()),
    }
}

pub(super) fn run(context: &Context, args: &WhyArgs) -> Result<Exit, Failure> {
    let mut session = open(context, Options { limits: args.limits.options(), ..Options::default() })?;
    under(context, &mut session, &args.scenario)?;
    let folder = texts(&session, args.texts.as_deref())?;
    let read = |name: &str| folder.as_ref()?.read(name);
    let (explanation, warnings) =
        match working(context, &mut session, |session| session.why(&args.fact, args.all, Some(&read))) {
            Ok(explained) => explained,
            Err(error) => return Err(refused(context, &session, &error)),
        };
    context.report(&warnings, session.sources());
    context.notes(&explanation.notes);
    if explanation.proofs.is_empty() {
        context.error("nothing that holds fits; `factlog whynot` says what is missing");
        return Ok(Exit::Findings);
    }
    let output = args.output.as_deref();
    let (format, style) = output::of_proofs(context, args.format, output);
    output::deliver(output, |out| write_proofs(out, &explanation, format, style))?;
    Ok(Exit::Success)
}
