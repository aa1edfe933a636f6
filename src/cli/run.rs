//! `factlog run`

use std::collections::HashMap;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

use clap::Args;

use super::args::{AnnotateArgs, LimitArgs, ScenarioArgs, answer_format};
use super::context::{Context, Failure};
use super::open::{open, refused, under, working};
use super::terminal::{write_stderr, write_stdout};
use super::{Exit, data, output};
use crate::base::escape;
use crate::files;
use crate::model::Value;
use crate::render::{AnswerFormat, AnswerStyle, write_answer, write_delimited};
use crate::session::{Answer, Options, Output};

/// Evaluate the rules and write the results
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog run -o out
  factlog run -o out -f json AttendedBoth Met
  factlog run --profile

Writes each relation that an `.output` names, or those given. Without -o they go to
standard output, as do the lines of `.printsize` and the answers of `?-` lines.")]
pub struct RunArgs {
    /// The relations to write [default: those of `.output`]
    #[arg(value_name = "RELATION")]
    relations: Vec<String>,
    /// Write a file for each relation into DIR
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    /// table, csv, tsv, json, jsonl, md, html or ron [default: csv; table on a terminal]
    #[arg(short, long, value_name = "FORMAT", value_parser = answer_format(), hide_possible_values = true)]
    format: Option<AnswerFormat>,
    /// Say on standard error where time and tuples went, rule by rule
    #[arg(long)]
    profile: bool,
    /// Leave files out that do not load, and say so
    #[arg(long)]
    keep_going: bool,
    #[command(flatten)]
    annotate: AnnotateArgs,
    #[command(flatten)]
    scenario: ScenarioArgs,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &RunArgs) -> Result<Exit, Failure> {
    let options =
        Options { keep_going: args.keep_going, limits: args.limits.options(), ..Options::default() };
    let mut session = open(context, options)?;
    under(context, &mut session, &args.scenario)?;
    session.set_annotations(args.annotate.wanted());
    let batch = match working(context, &mut session, |session| session.run(&args.relations, args.profile)) {
        Ok(batch) => batch,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    let targets = match &args.output {
        Some(dir) => targets(dir, &batch.outputs, args.format)?,
        None => batch.outputs.iter().map(|_| None).collect(),
    };
    for (output, target) in batch.outputs.iter().zip(&targets) {
        if let Some(target) = target {
            write_file(output, target)?;
            context.tell(format_args!(
                "{}: {} rows",
                escape::printable(&target.path.to_string_lossy()),
                output.answer.rows.len()
            ));
        }
    }
    let format = output::answer_format(args.format.filter(|_| args.output.is_none()), None, &session);
    let style = output::stdout_style(context);
    write_stdout(|out| {
        let mut sections = 0;
        let mut section = |out: &mut dyn Write, title: &str, answer: &Answer| {
            if sections > 0 {
                writeln!(out)?;
            }
            sections += 1;
            for line in title.lines() {
                writeln!(out, "{}", escape::printable(line))?;
            }
            write_answer(out, answer, format, style)
        };
        let in_table = format == AnswerFormat::Table;
        for (output, _) in batch.outputs.iter().zip(&targets).filter(|(_, target)| target.is_none()) {
            section(out, &output.relation, &output.answer.clone().shown(in_table))?;
        }
        for query in &batch.queries {
            section(out, &format!("?- {}.", bare(&query.text)), &query.answer.clone().shown(in_table))?;
        }
        for size in &batch.sizes {
            writeln!(out, "{}\t{}", size.relation, size.rows)?;
        }
        Ok(())
    })?;
    if args.profile {
        write_stderr(&session.profile_text(&batch.profile));
    }
    context.notes(&batch.notes);
    let below = |name: &str, answer: &Answer, in_table: bool| {
        let text = answer.below_held_text().filter(|_| !in_table).map(|text| format!("{name}: {text}"));
        context.notes(text.as_slice());
    };
    for (output, target) in batch.outputs.iter().zip(&targets) {
        let format = target.as_ref().map_or(format, |target| target.format);
        below(&output.relation, &output.answer, format == AnswerFormat::Table);
    }
    for query in &batch.queries {
        let text: Vec<&str> = bare(&query.text).split_whitespace().collect();
        below(&text.join(" "), &query.answer, format == AnswerFormat::Table);
    }
    if batch.outputs.is_empty() && batch.queries.is_empty() && batch.sizes.is_empty() {
        context.say("nothing to write: no rule file has an `.output`, a `.printsize` or a `?-` line; name the relations");
    }
    Ok(Exit::Success)
}

/// A goal without the `?-` and the full stop around it.
fn bare(text: &str) -> &str {
    let text = text.trim();
    let text = text.strip_prefix("?-").unwrap_or(text);
    text.strip_suffix('.').unwrap_or(text).trim()
}

/// Where a relation is written, and how.
struct Target {
    path: PathBuf,
    format: AnswerFormat,
    /// What `.output` says of csv and tsv.
    delimiter: Option<String>,
    header: bool,
}

/// The files below `dir`; `None` for a relation whose directive asks for standard output.
fn targets(
    dir: &Path,
    outputs: &[Output],
    flag: Option<AnswerFormat>,
) -> Result<Vec<Option<Target>>, Failure> {
    let targets: Vec<Option<Target>> =
        outputs.iter().map(|output| target(dir, output, flag)).collect::<Result<_, _>>()?;
    let mut taken: HashMap<&Path, &str> = HashMap::new();
    for (output, target) in outputs.iter().zip(&targets) {
        let Some(target) = target else { continue };
        if let Some(other) =
            taken.insert(&target.path, &output.relation).filter(|other| *other != output.relation)
        {
            let path = target.path.to_string_lossy();
            return Err(Failure::Usage(format!(
                "`{other}` and `{}` would both be written to `{}`",
                output.relation,
                escape::printable(&path)
            )));
        }
    }
    Ok(targets)
}

fn target(dir: &Path, output: &Output, flag: Option<AnswerFormat>) -> Result<Option<Target>, Failure> {
    let param = |name: &str| output.params.iter().find(|(known, _)| known == name).map(|(_, value)| value);
    let text = |name: &str| match param(name) {
        Some(Value::Symbol(text)) => Some(text.as_ref()),
        _ => None,
    };
    let refuse = |what: String| Failure::Usage(format!("`.output {}`: {what}", output.relation));
    if text("IO") == Some("stdout") {
        return Ok(None);
    }
    let named = match text("format") {
        Some(name) => Some(
            AnswerFormat::from_name(name).ok_or_else(|| refuse(format!("there is no format `{name}`")))?,
        ),
        None => None,
    };
    let file = text("filename").map(Path::new);
    if let Some(file) =
        file.filter(|file| !file.components().all(|part| matches!(part, Component::Normal(_))))
    {
        let shown = file.to_string_lossy();
        return Err(refuse(format!("`{}` leads out of the folder", escape::printable(&shown))));
    }
    if let Some(why) = file.filter(|_| flag.or(named).is_none()).and_then(output::otherwise_named) {
        return Err(refuse(format!("{why}; say with `format=` in which format it is written")));
    }
    let format =
        flag.or(named).or_else(|| file.and_then(AnswerFormat::from_path)).unwrap_or(AnswerFormat::Csv);
    let delimiter = text("delimiter").map(data::delimiter).transpose();
    let delimiter = delimiter.map_err(|due| refuse(format!("as delimiter, {due}")))?;
    let path = match file {
        Some(file) => dir.join(file),
        None => dir.join(format!("{}.{}", output.relation, format.extension())),
    };
    Ok(Some(Target { path, format, delimiter, header: param("headers") != Some(&Value::Bool(false)) }))
}

fn write_file(output: &Output, target: &Target) -> Result<(), Failure> {
    let mut content = Vec::new();
    let answer = output.answer.clone().shown(target.format == AnswerFormat::Table);
    let mut delimited = |usual: &str| {
        let delimiter = target.delimiter.as_deref().unwrap_or(usual);
        write_delimited(&mut content, &answer, delimiter, target.header)
    };
    let written = match target.format {
        AnswerFormat::Csv => delimited(","),
        AnswerFormat::Tsv => delimited("\t"),
        format => write_answer(&mut content, &answer, format, AnswerStyle::default()),
    };
    written.map_err(|error| files::cannot_write(&target.path, &error))?;
    Ok(files::write_output(&target.path, &content)?)
}
