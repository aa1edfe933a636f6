//! `factlog query`

use std::path::PathBuf;

use clap::Args;

use super::args::{AnnotateArgs, LimitArgs, ScenarioArgs, answer_format};
use super::context::{Context, Failure};
use super::open::{open, refused, under, working};
use super::{Exit, output};
use crate::render::AnswerFormat;
use crate::session::Options;

/// Answer one goal
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog query 'Attended(leader: l, summit: \"xian_2023\")'
  factlog query '?- Met(a: x, b: y), x != \"tokayev\" order by y limit 10.' -f json
  factlog query 'Leader(id: l), !Attended(leader: l)' --fail-nonempty -o missing.csv
  factlog query 'Attended(leader: l)' --as-of 2023-12-31 --without reuters_2025_10_28

A goal without variables is answered yes or no.")]
pub struct QueryArgs {
    /// The goal, as at the prompt: `?- … .`, `…?` or bare
    #[arg(value_name = "GOAL")]
    goal: String,
    /// table, csv, tsv, json, jsonl, md, html or ron [default: from the extension of FILE, else
    /// table on a terminal and csv in a pipe]
    #[arg(short, long, value_name = "FORMAT", value_parser = answer_format(), hide_possible_values = true)]
    format: Option<AnswerFormat>,
    /// Write the answer to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Leave files out that do not load, and say so
    #[arg(long)]
    keep_going: bool,
    /// Exit with status 1 when there is no answer
    #[arg(long, conflicts_with = "fail_nonempty")]
    fail_empty: bool,
    /// Exit with status 1 when there is an answer
    #[arg(long)]
    fail_nonempty: bool,
    #[command(flatten)]
    annotate: AnnotateArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &QueryArgs) -> Result<Exit, Failure> {
    let options = Options {
        keep_going: args.keep_going,
        limits: args.limits.options(),
        // There is no other question.
        forget: true,
        ..Options::default()
    };
    output::check_name(args.format, args.output.as_deref())?;
    let mut session = open(context, options)?;
    under(context, &mut session, &args.scenario)?;
    session.set_annotations(args.annotate.wanted());
    let (answer, warnings) = match working(context, &mut session, |session| session.query(&args.goal)) {
        Ok(answered) => answered,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    context.report(&warnings, session.sources());
    let output = args.output.as_deref();
    let format = output::answer_format(args.format, output, &session);
    let answer = answer.shown(format == AnswerFormat::Table);
    output::write_to(context, output, &answer, format)?;
    context.notes(&answer.notes);
    if format != AnswerFormat::Table {
        context.notes(answer.below_held_text().as_slice());
    }
    // The system takes a large base back faster than it is dropped piece by piece.
    std::mem::forget(session);
    if args.fail_empty && answer.rows.is_empty() {
        context.error("there is no answer, and --fail-empty was given");
        return Ok(Exit::Findings);
    }
    if args.fail_nonempty && !answer.rows.is_empty() {
        context.error("there is an answer, and --fail-nonempty was given");
        return Ok(Exit::Findings);
    }
    Ok(Exit::Success)
}
