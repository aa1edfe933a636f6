//! The command line as clap reads it. What a flag means is told here, once, for help, man page and
//! completions.

use std::ffi::OsString;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use clap::builder::styling::{AnsiColor, Styles};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, CommandFactory, Parser, Subcommand};

use super::terminal::ColorChoice;
use super::{
    check, completions, export, fmt, import, new, plan, query, repl, rule, run, schema, souffle, support,
    test, why, whynot,
};
use crate::render::{AnswerFormat, DiagnosticFormat, ProofFormat};
use crate::session::{ScenarioOption, Wanted};

const STYLES: Styles = Styles::styled()
    .header(AnsiColor::Green.on_default().bold())
    .usage(AnsiColor::Green.on_default().bold())
    .literal(AnsiColor::Cyan.on_default().bold())
    .placeholder(AnsiColor::Cyan.on_default());

const EXAMPLES: &str = "\
Examples:
  factlog                                          ask questions at a prompt
  factlog query 'Attended(leader: l, summit: \"xian_2023\")'
  factlog check                                    what is wrong with the base
  factlog run -o out                               evaluate the rules, write the results

Exit status: 0 success, 1 findings, 2 bad usage or input, 3 a limit was reached,
70 internal fault, 130 interrupted.";

/// Facts with their sources, Datalog over them
///
/// A project is a folder with fact files (facts/*.ron) and rule files (rules/*.dl). factlog looks
/// for it in the current folder and then upwards. Without a command it starts the REPL.
#[derive(Debug, Parser)]
#[command(name = "factlog", version, styles = STYLES, after_help = EXAMPLES, max_term_width = 100)]
#[command(subcommand_required = true, disable_help_subcommand = true)]
pub struct Cli {
    #[command(flatten)]
    pub global: Global,
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of every command.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Options of every command")]
pub struct Global {
    /// The project's folder [default: the current one, or the nearest above that holds a project]
    #[arg(short = 'C', value_name = "DIR", global = true)]
    pub dir: Option<PathBuf>,
    /// When to use colours: auto, always or never
    #[arg(
        long,
        value_enum,
        value_name = "WHEN",
        default_value_t,
        global = true,
        hide_possible_values = true
    )]
    pub color: ColorChoice,
    /// Threads to load and evaluate with; `auto` is one for each processor [default: auto, of
    /// `souffle` 1]
    #[arg(short, long, value_name = "N", global = true, value_parser = jobs)]
    pub jobs: Option<NonZeroUsize>,
    /// Say only what went wrong
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Say what was loaded and how long it took
    #[arg(short, long, global = true)]
    pub verbose: bool,
}

/// The commands, in the order in which help lists them.
#[derive(Debug, Subcommand)]
pub enum Command {
    Repl(repl::ReplArgs),
    Query(query::QueryArgs),
    Run(run::RunArgs),
    Check(check::CheckArgs),
    Why(why::WhyArgs),
    Whynot(whynot::WhyNotArgs),
    Support(support::SupportArgs),
    Fmt(fmt::FmtArgs),
    Test(test::TestArgs),
    Import(import::ImportArgs),
    Export(export::ExportArgs),
    Schema(schema::SchemaArgs),
    Plan(plan::PlanArgs),
    Souffle(souffle::SouffleArgs),
    New(new::NewArgs),
    Rule(rule::RuleArgs),
    Completions(completions::CompletionsArgs),
    /// Write the man page to standard output
    Man,
}

/// Limits on evaluation.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Limits")]
pub struct LimitArgs {
    /// Stop when rules have produced this many rows
    #[arg(long, value_name = "N", value_parser = rows)]
    pub limit_rows: Option<u64>,
    /// Stop after this many seconds
    #[arg(long, value_name = "S", value_parser = seconds)]
    pub limit_seconds: Option<Duration>,
    /// Stop when derived relations take this much memory: bytes, or with a suffix K, M or G
    #[arg(long, value_name = "SIZE", value_parser = memory)]
    pub limit_memory: Option<u64>,
}

/// What is known of answers beside them.
#[derive(Args, Clone, Debug, Default)]
pub struct AnnotateArgs {
    /// How firmly each answer is known, as further columns: some of status, conf, since, sources and
    /// assumptions, separated by commas
    #[arg(long, value_name = "LIST", value_delimiter = ',', hide_possible_values = true,
        value_parser = PossibleValuesParser::new(Wanted::NAMES))]
    annotate: Vec<String>,
}

impl AnnotateArgs {
    /// As a session takes them.
    pub fn wanted(&self) -> Wanted {
        let mut wanted = Wanted::default();
        for name in &self.annotate {
            wanted.add(name);
        }
        wanted
    }
}

/// What to answer under: the options of `under (…)`.
#[derive(Args, Clone, Debug, Default)]
#[command(next_help_heading = "Scenario (all that are given hold together; each can be repeated)")]
pub struct ScenarioArgs {
    /// Keep what was recorded by DATE, by its source's date or its own `_on`
    #[arg(long, value_name = "DATE")]
    as_of: Vec<String>,
    /// Strike what SOURCE states, and what is based on it alone
    #[arg(long, value_name = "SOURCE")]
    without: Vec<String>,
    /// Add a fact
    #[arg(long, value_name = "FACT")]
    assume: Vec<String>,
    /// Remove the facts that fit; what FACT leaves out is any
    #[arg(long, value_name = "FACT")]
    retract: Vec<String>,
    /// Keep assertions of this status or firmer: Proposed, Planned, Confirmed or Held
    #[arg(long, value_name = "STATUS")]
    status: Vec<String>,
    /// Keep assertions of this confidence or more, from 0 to 1
    #[arg(long, value_name = "X")]
    min_conf: Vec<f64>,
    /// Keep assertions that have NAME in their chain of attribution
    #[arg(long, value_name = "NAME")]
    by: Vec<String>,
    /// Keep assertions of this review, and count them as accepted: Accepted, Pending or Rejected
    #[arg(long, value_name = "REVIEW")]
    review: Vec<String>,
}

impl ScenarioArgs {
    /// The sources that are struck, which these flags then leave standing.
    pub fn take_without(&mut self) -> Vec<String> {
        std::mem::take(&mut self.without)
    }

    /// As a session takes them.
    pub fn options(&self) -> Vec<ScenarioOption> {
        let texts = |texts: &[String], make: fn(String) -> ScenarioOption| {
            texts.iter().cloned().map(make).collect::<Vec<_>>()
        };
        let mut options = texts(&self.as_of, ScenarioOption::AsOf);
        options.extend(texts(&self.without, ScenarioOption::Without));
        options.extend(texts(&self.assume, ScenarioOption::Assume));
        options.extend(texts(&self.retract, ScenarioOption::Retract));
        options.extend(texts(&self.status, ScenarioOption::Status));
        options.extend(self.min_conf.iter().map(|conf| ScenarioOption::MinConf(*conf)));
        options.extend(texts(&self.by, ScenarioOption::By));
        options.extend(texts(&self.review, ScenarioOption::Review));
        options
    }
}

fn rows(text: &str) -> Result<u64, String> {
    text.replace('_', "").parse().map_err(|_| "expected a whole number, such as 1000000".to_owned())
}

fn seconds(text: &str) -> Result<Duration, String> {
    text.parse::<f64>()
        .ok()
        .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
        .ok_or_else(|| "expected a number of seconds, such as 2.5".to_owned())
}

fn memory(text: &str) -> Result<u64, String> {
    let upper = text.trim().to_ascii_uppercase();
    let upper = upper.strip_suffix("IB").or(upper.strip_suffix('B')).unwrap_or(&upper);
    let (digits, shift) = match upper.as_bytes().last() {
        Some(b'K') => (&upper[..upper.len() - 1], 10),
        Some(b'M') => (&upper[..upper.len() - 1], 20),
        Some(b'G') => (&upper[..upper.len() - 1], 30),
        _ => (upper, 0),
    };
    digits
        .trim()
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "expected a size, such as 500M or 2G".to_owned())
}

/// Reads the format of an answer.
pub fn answer_format() -> impl TypedValueParser<Value = AnswerFormat> {
    PossibleValuesParser::new(AnswerFormat::ALL.map(|format| PossibleValue::new(format.name())))
        .map(|name| AnswerFormat::from_name(&name).unwrap_or(AnswerFormat::Table))
}

/// Reads the format of proofs.
pub fn proof_format() -> impl TypedValueParser<Value = ProofFormat> {
    PossibleValuesParser::new(ProofFormat::ALL.map(|format| PossibleValue::new(format.name())))
        .map(|name| ProofFormat::from_name(&name).unwrap_or(ProofFormat::Tree))
}

/// Reads the format of diagnostics.
pub fn diagnostic_format() -> impl TypedValueParser<Value = DiagnosticFormat> {
    PossibleValuesParser::new(DiagnosticFormat::ALL.map(|format| PossibleValue::new(format.name())))
        .map(|name| DiagnosticFormat::from_name(&name).unwrap_or(DiagnosticFormat::Full))
}

/// The command line with `repl` put in where no command is named, so that the REPL's flags can be
/// given without it.
pub fn with_default_command(mut args: Vec<OsString>) -> Vec<OsString> {
    let command = Cli::command();
    let repl = command.find_subcommand("repl");
    let options = command.get_arguments().chain(repl.into_iter().flat_map(clap::Command::get_arguments));
    let takes_value: Vec<String> = options
        .filter(|option| option.get_action().takes_values())
        .flat_map(|option| {
            let short = option.get_short().map(|short| format!("-{short}"));
            short.into_iter().chain(option.get_long().map(|long| format!("--{long}")))
        })
        .collect();
    let mut rest = args.iter().skip(1);
    while let Some(arg) = rest.next() {
        let arg = arg.to_string_lossy();
        match arg.as_ref() {
            "-h" | "--help" | "-V" | "--version" => return args,
            option if takes_value.iter().any(|name| name == option) => {
                rest.next();
            }
            option if option.starts_with('-') && option != "-" => {}
            _ => return args,
        }
    }
    if !args.is_empty() {
        args.insert(1, "repl".into());
    }
    args
}

fn jobs(text: &str) -> Result<NonZeroUsize, String> {
    match text {
        "auto" => Ok(std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN)),
        _ => text.parse().map_err(|_| "expected a number of threads, such as 2, or `auto`".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(line: &str) -> Cli {
        let words = line.split_whitespace().map(OsString::from).collect();
        Cli::try_parse_from(with_default_command(words)).unwrap()
    }

    #[test]
    fn the_definitions_are_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn without_a_command_it_is_the_repl() {
        let repl = |line: &str| {
            let words: Vec<OsString> = line.split_whitespace().map(OsString::from).collect();
            with_default_command(words).get(1).is_some_and(|word| word == "repl")
        };
        for line in ["factlog", "factlog -C query", "factlog --echo", "factlog -q --color never"] {
            assert!(repl(line), "{line}");
        }
        for line in ["factlog -C query query A(x)", "factlog qury", "factlog -C dir --help", "factlog -V"] {
            assert!(!repl(line), "{line}");
        }
        assert!(with_default_command(Vec::new()).is_empty());
    }

    #[test]
    fn flags_of_every_command_may_stand_on_either_side() {
        assert_eq!(parse("factlog -C a query A(x)").global.dir, parse("factlog query A(x) -C a").global.dir);
    }

    #[test]
    fn sizes_take_suffixes() {
        assert_eq!(memory("1024"), Ok(1024));
        assert_eq!(memory("2k"), Ok(2048));
        assert_eq!(memory("3MiB"), Ok(3 << 20));
        assert_eq!(memory("1 GB"), Ok(1 << 30));
        assert!(memory("99999999999G").is_err() && memory("").is_err() && memory("G").is_err());
        assert_eq!(seconds("0.5"), Ok(Duration::from_millis(500)));
        assert!(seconds("-1").is_err() && seconds("inf").is_err() && seconds("NaN").is_err());
        assert_eq!(rows("1_000"), Ok(1000));
    }

    #[test]
    fn what_later_versions_bring_is_unknown() {
        for line in ["blame A(1)", "query --at HEAD A(x)", "help"] {
            let words = std::iter::once("factlog").chain(line.split(' ')).map(OsString::from).collect();
            assert_eq!(
                Cli::try_parse_from(with_default_command(words)).unwrap_err().exit_code(),
                2,
                "{line}"
            );
        }
    }
}
