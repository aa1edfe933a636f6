//! `factlog test`

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::args::LimitArgs;
use super::context::{Context, Failure};
use super::open::open_whole;
use super::terminal::{stdout_is_terminal, write_stdout};
use crate::base::escape;
use crate::files::{self, FileText, Project, Trust};
use crate::render::diff::{self, DiffStyle};
use crate::repl;
use crate::session::{Options, Session};

/// Replay the transcripts of a project and compare what comes out
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog test
  factlog test repl_examples/01_first_query.repl
  factlog test --bless")]
pub struct TestArgs {
    /// The transcripts [default: *.repl below repl_examples/ and tests/ of the project]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write what came out into the transcripts
    #[arg(long)]
    bless: bool,
    #[command(flatten)]
    limits: LimitArgs,
}

/// A transcript and what it gives now.
struct Replayed {
    path: PathBuf,
    file: FileText,
    replay: repl::Replay,
}

pub(super) fn run(context: &Context, args: &TestArgs) -> Result<Exit, Failure> {
    let options = || Options { limits: args.limits.options(), ..Options::default() };
    let session = open_whole(context, options())?;
    let Some(project) = session.project() else { return Ok(Exit::Success) };
    let mut differing = Vec::new();
    let mut agreeing = 0;
    for (path, file) in transcripts(project, &args.files)? {
        let session = match Session::open(Some(project.root()), options()) {
            Ok(session) => session,
            Err((diagnostic, _)) => return Err(diagnostic.into()),
        };
        let replay = repl::replay(session, &file.text);
        context.tell(format_args!(
            "{}: {}",
            escape::printable(&file.name),
            if replay.agrees() { "ok" } else { "differs" }
        ));
        if replay.agrees() {
            agreeing += 1;
        } else {
            differing.push(Replayed { path, file, replay });
        }
    }
    let transcripts = |n: usize| format!("{n} transcript{}", if n == 1 { "" } else { "s" });
    if differing.is_empty() && agreeing == 0 {
        context.say("there are no transcripts");
        return Ok(Exit::Success);
    }
    if differing.is_empty() {
        context.say(format_args!("{} as expected", transcripts(agreeing)));
        return Ok(Exit::Success);
    }
    if args.bless {
        for Replayed { path, file, replay } in &differing {
            files::replace(path, &replay.actual, Some(file.fingerprint()))?;
        }
        context.say(format_args!("{} rewritten, {agreeing} as expected", transcripts(differing.len())));
        return Ok(Exit::Success);
    }
    show(context, &differing)?;
    let of = transcripts(agreeing + differing.len());
    context.error(format_args!("{} of {of} differ; `factlog test --bless` rewrites them", differing.len()));
    Ok(Exit::Findings)
}

/// The transcripts named, or all of the project, with where they are written.
fn transcripts(project: &Project, named: &[PathBuf]) -> Result<Vec<(PathBuf, FileText)>, Failure> {
    let (paths, trust) = if named.is_empty() {
        (project.transcript_files().map_err(|unlisted| Failure::Refused(unlisted.into()))?, Trust::Project)
    } else {
        (named.to_vec(), Trust::CommandLine)
    };
    paths.iter().map(|path| Ok((project.resolve(path, trust)?, project.read(path, trust)?))).collect()
}

/// What was expected, on lines with `-`, beside what came out, on lines with `+`.
fn show(context: &Context, differing: &[Replayed]) -> Result<(), Failure> {
    let style = DiffStyle { terminal: stdout_is_terminal(), color: context.global.color.for_stdout() };
    Ok(write_stdout(|out| {
        for Replayed { file, replay, .. } in differing {
            let diff = diff::unified(&file.name, &replay.expected, &replay.actual, style);
            out.write_all(diff.as_bytes())?;
        }
        Ok(())
    })?)
}
