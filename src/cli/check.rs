//! `factlog check`

use std::path::{Path, PathBuf};

use clap::{ArgMatches, Args};

use super::args::{LimitArgs, ScenarioArgs, diagnostic_format};
use super::context::{Context, Failure};
use super::levels::{self, LevelArgs};
use super::mend;
use super::open::{open, refused, texts, under, working};
use super::{Exit, output, terminal};
use crate::base::{Diagnostic, Severity, SourceMap};
use crate::render::diagnostics::{self, DiagnosticFormat, DiagnosticStyle, Tally};
use crate::session::Options;

/// Find mistakes, conflicts, and whatever `deny` and `warn` rules forbid
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog check
  factlog check -f github --deny-warnings
  factlog check -A conflict -D one_outlet -o report.sarif
  factlog check --diff
  factlog check --fix

CODE is a code (FL301), a lint's name (conflict), or the name of a check. The last flag
about a code counts. `factlog rule CODE` explains it.")]
pub struct CheckArgs {
    /// full, concise, json, github, sarif or junit [default: from the extension of FILE, else full]
    #[arg(short, long, value_name = "FORMAT", value_parser = diagnostic_format(), hide_possible_values = true)]
    format: Option<DiagnosticFormat>,
    /// Write the findings to FILE
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Where the texts of the sources lie, to verify places, quotes and hashes
    #[arg(long, value_name = "DIR")]
    texts: Option<PathBuf>,
    /// First mend what is beyond doubt in the project's files: a comma left out, a foreign sign
    #[arg(long)]
    fix: bool,
    /// Write nothing; show as a patch what --fix would change, with status 1 if that is anything
    #[arg(long, conflicts_with_all = ["fix", "output"])]
    diff: bool,
    #[command(flatten)]
    levels: LevelArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &CheckArgs, matches: &ArgMatches) -> Result<Exit, Failure> {
    if args.diff {
        return mend::show(context);
    }
    if args.fix {
        mend::fix(context)?;
    }
    let levels = args.levels.ordered(matches);
    let named: Vec<_> = levels.0.clone();
    let mut session = open(context, Options { limits: args.limits.options(), levels, ..Options::default() })?;
    if !session.broken().is_empty() {
        let human = matches!(args.format(), DiagnosticFormat::Full | DiagnosticFormat::Concise);
        let place = if human && args.output.is_none() { Place::StandardError } else { Place::Output };
        args.write(context, session.broken(), session.sources(), place)?;
        if matches!(args.format(), DiagnosticFormat::Full) && args.output.is_none() {
            context.say("");
        }
        return Ok(tell(context, session.broken(), Exit::Refused));
    }
    let set = named.iter().map(|(name, level)| (name.as_str(), *level));
    let settings = session.settings().lints.iter().map(|(name, level)| (name.as_str(), *level));
    levels::validate(set.chain(settings), &session.check_names())
        .map_err(|refused| Failure::Usage(refused.join("\nerror: ")))?;

    under(context, &mut session, &args.scenario)?;
    let folder = texts(&session, args.texts.as_deref())?;
    let checked = working(context, &mut session, |session| match &folder {
        Some(folder) => session.check(Some(&|name: &str| folder.read(name))),
        None => session.check(None),
    });
    let mut findings = match checked {
        Ok(findings) => findings,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    if args.levels.deny_warnings {
        levels::deny_warnings(&mut findings);
    }
    if context.global.quiet {
        findings.retain(|finding| finding.severity == Severity::Error);
    }
    args.write(context, &findings, session.sources(), Place::Output)?;
    if !findings.is_empty() && args.output.is_none() && args.format() == DiagnosticFormat::Full {
        context.say("");
    }
    context.notes(&session.notes());
    if findings.is_empty() && session.stated_total() == 0 && session.program().rules.is_empty() {
        context.say("nothing to check: the project has no facts and no rules");
        return Ok(Exit::Success);
    }
    let exit = if findings.iter().any(Diagnostic::is_error) { Exit::Findings } else { Exit::Success };
    Ok(tell(context, &findings, exit))
}

/// Where findings go: those of a base that loads are the answer of this command, those of one that
/// does not are told like any refusal, unless a program reads them.
enum Place {
    Output,
    StandardError,
}

impl CheckArgs {
    fn format(&self) -> DiagnosticFormat {
        self.format.or_else(|| from_path(self.output.as_deref()?)).unwrap_or(DiagnosticFormat::Full)
    }

    fn write(
        &self,
        context: &Context,
        findings: &[Diagnostic],
        sources: &SourceMap,
        place: Place,
    ) -> Result<(), Failure> {
        let color = context.global.color;
        let style = match place {
            Place::Output if self.output.is_some() => DiagnosticStyle::default(),
            Place::Output => DiagnosticStyle { color: color.for_stdout(), width: terminal::stdout_width() },
            Place::StandardError => {
                DiagnosticStyle { color: color.for_stderr(), width: terminal::stderr_width() }
            }
        };
        let text = diagnostics::render(findings, sources, self.format(), style);
        match place {
            Place::Output => output::deliver(self.output.as_deref(), |out| out.write_all(text.as_bytes())),
            Place::StandardError => {
                terminal::write_stderr(&text);
                Ok(())
            }
        }
    }
}

fn from_path(path: &Path) -> Option<DiagnosticFormat> {
    match path.extension()?.to_str()? {
        "json" => Some(DiagnosticFormat::Json),
        "sarif" => Some(DiagnosticFormat::Sarif),
        "xml" => Some(DiagnosticFormat::Junit),
        _ => None,
    }
}

/// Says how it ended, which is also why the exit status is what it is.
fn tell(context: &Context, findings: &[Diagnostic], exit: Exit) -> Exit {
    let tally = Tally::of(findings);
    match exit {
        Exit::Success if tally.is_empty() => context.say("all checks passed"),
        Exit::Success => context.say(format_args!("found {tally}")),
        _ => context.error(format_args!("found {tally}")),
    }
    exit
}
