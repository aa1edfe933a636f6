//! `factlog plan`

use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::args::LimitArgs;
use super::context::{Context, Failure};
use super::open::{open, refused, working};
use super::{Exit, output};
use crate::plan::show;
use crate::session::Options;

/// Show how a goal is evaluated: the rules it reaches, the order of their literals, and how many
/// tuples each step saw
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog plan 'AttendedBoth(leader: l)'
  factlog plan 'AttendedBoth(leader: l)' -o plan.mmd")]
pub struct PlanArgs {
    /// The goal, as for `query`
    #[arg(value_name = "GOAL")]
    goal: String,
    /// text, json, dot or mermaid [default: from the extension of FILE, else text]
    #[arg(short, long, value_enum, value_name = "FORMAT", hide_possible_values = true)]
    format: Option<PlanFormat>,
    /// Write the plan to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    #[command(flatten)]
    limits: LimitArgs,
}

/// How a plan is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum PlanFormat {
    Text,
    Json,
    Dot,
    Mermaid,
}

impl PlanFormat {
    fn from_path(path: &Path) -> Option<PlanFormat> {
        match path.extension()?.to_str()? {
            "json" => Some(PlanFormat::Json),
            "dot" | "gv" => Some(PlanFormat::Dot),
            "mmd" | "mermaid" => Some(PlanFormat::Mermaid),
            _ => None,
        }
    }
}

pub(super) fn run(context: &Context, args: &PlanArgs) -> Result<Exit, Failure> {
    let mut session = open(context, Options { limits: args.limits.options(), ..Options::default() })?;
    let explained = match working(context, &mut session, |session| session.explain_plan(&args.goal)) {
        Ok(explained) => explained,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    let output = args.output.as_deref();
    let text =
        match args.format.or_else(|| output.and_then(PlanFormat::from_path)).unwrap_or(PlanFormat::Text) {
            PlanFormat::Text => explained.text(),
            PlanFormat::Json => format!("{:#}", show::json(&explained.plans)),
            PlanFormat::Dot => show::dot(&explained.plans),
            PlanFormat::Mermaid => show::mermaid(&explained.plans),
        };
    output::deliver(output, |out| {
        out.write_all(text.as_bytes())?;
        if text.ends_with('\n') { Ok(()) } else { writeln!(out) }
    })?;
    context.notes(&explained.answer.notes);
    Ok(Exit::Success)
}
