//! `factlog repl`

use clap::Args;

use super::Exit;
use super::args::{AnnotateArgs, LimitArgs, answer_format};
use super::context::{Context, Failure};
use super::open::load;
use crate::base::codes::project::NO_PROJECT;
use crate::render::AnswerFormat;
use crate::repl;
use crate::session::{Options, Session};

/// Ask questions at a prompt; the default command
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog
  echo 'Summit(id: s)?' | factlog
  factlog repl --echo < questions.txt > transcript.repl

:help at the prompt tells of its commands. Input from a pipe is read line by line, without
prompt; the exit status is that of its first line that failed.")]
pub struct ReplArgs {
    /// Print prompts and input too, so that the output is a transcript
    #[arg(long)]
    echo: bool,
    /// The format of answers: table, csv, tsv, json, jsonl, md, html or ron [default: table on a
    /// terminal, csv in a pipe]
    #[arg(short, long, value_name = "FORMAT", value_parser = answer_format(), hide_possible_values = true)]
    format: Option<AnswerFormat>,
    #[command(flatten)]
    annotate: AnnotateArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &ReplArgs) -> Result<Exit, Failure> {
    let options = || Options { limits: args.limits.options(), ..Options::default() };
    let mut session = match load(context, options()) {
        Ok(session) => session,
        Err((diagnostic, _)) if diagnostic.code == NO_PROJECT.code => {
            context
                .say("no project here or above (`factlog new` makes one): starting without facts and rules");
            Session::empty(options())
        }
        Err((diagnostic, sources)) => {
            context.report(&[diagnostic], &sources);
            return Err(Failure::Told(Exit::Refused));
        }
    };
    session.set_annotations(args.annotate.wanted());
    let color = context.global.color;
    let status = repl::run(
        session,
        &repl::Options {
            echo: args.echo,
            format: args.format,
            color: color.for_stdout(),
            error_color: color.for_stderr(),
            quiet: context.global.quiet,
        },
    );
    Ok(Exit::of_status(status))
}
