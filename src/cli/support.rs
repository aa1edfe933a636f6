//! `factlog support`

use std::path::PathBuf;

use clap::Args;

use super::args::{LimitArgs, ScenarioArgs, answer_format};
use super::context::{Context, Failure};
use super::open::{open, refused, under, working};
use super::{Exit, output};
use crate::render::{AnswerFormat, write_supports};
use crate::session::{Options, Session};

/// Show which sources a fact rests on, or what falls when one is withdrawn
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog support 'Attended(leader: \"trump\", summit: \"washington_2025\")'
  factlog support --without reuters_2025_10_28
  factlog support --all

The conclusions of a base are the tuples of the relations that an `.output` names. With FACT,
--without SOURCE asks what the fact rests on without that source. What FACT leaves out is any;
exit status 1 when nothing that holds fits.")]
pub struct SupportArgs {
    /// A fact, stated or derived
    #[arg(value_name = "FACT", required_unless_present_any = ["without", "all"])]
    fact: Option<String>,
    /// List all sources by how many conclusions of the base hang on each alone
    #[arg(long, conflicts_with = "fact")]
    all: bool,
    /// table, csv, tsv, json, jsonl, md, html or ron [default: from the extension of FILE, else
    /// sentences for a fact, and otherwise table on a terminal and csv in a pipe]
    #[arg(short, long, value_name = "FORMAT", value_parser = answer_format(), hide_possible_values = true)]
    format: Option<AnswerFormat>,
    /// Write to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &SupportArgs) -> Result<Exit, Failure> {
    output::check_name(args.format, args.output.as_deref())?;
    let mut session = open(context, Options { limits: args.limits.options(), ..Options::default() })?;
    let mut scenario = args.scenario.clone();
    let withdrawn = match (&args.fact, args.all) {
        (None, false) => scenario.take_without(),
        _ => Vec::new(),
    };
    under(context, &mut session, &scenario)?;
    if let Some(fact) = &args.fact {
        return of_fact(context, args, &mut session, fact);
    }
    let answer = working(context, &mut session, |session| {
        if args.all { session.support_all() } else { session.support_without(&withdrawn) }
    });
    let answer = answer.map_err(|error| refused(context, &session, &error))?;
    let output = args.output.as_deref();
    let format = output::answer_format(args.format, output, &session);
    output::write_to(context, output, &answer, format)?;
    context.notes(&answer.notes);
    if !args.all && answer.rows.is_empty() {
        context.say("no conclusion of the base changes");
    }
    Ok(Exit::Success)
}

fn of_fact(
    context: &Context,
    args: &SupportArgs,
    session: &mut Session,
    fact: &str,
) -> Result<Exit, Failure> {
    let (supports, warnings) = working(context, session, |session| session.support(fact))
        .map_err(|error| refused(context, session, &error))?;
    context.report(&warnings, session.sources());
    context.notes(&supports.notes);
    if supports.of.is_empty() {
        context.error("nothing that holds fits");
        return Ok(Exit::Findings);
    }
    let output = args.output.as_deref();
    match args.format.or_else(|| output.and_then(AnswerFormat::from_path)) {
        Some(format) if format != AnswerFormat::Table => {
            output::write_to(context, output, &supports.answer(), format)?;
        }
        _ => output::deliver(output, |out| write_supports(out, &supports))?,
    }
    Ok(Exit::Success)
}
