//! `factlog fmt`

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::context::{Context, Failure};
use super::terminal::{stdout_is_terminal, write_stdout};
use crate::analysis;
use crate::base::{Diagnostic, FileId, SourceMap, escape};
use crate::files::{self, FileText, Project, Trust};
use crate::model::Schema;
use crate::model::format::format_facts;
use crate::render::diff::{self, DiffStyle};
use crate::syntax::datalog::ast::{ItemKind, Program};
use crate::syntax::datalog::{self, print::format_program};

/// Lay fact and rule files out in their one normal form
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog fmt
  factlog fmt --check
  factlog fmt --diff facts/summits.ron

Nothing but layout changes; comments stay. A file that does not parse is left as it is.")]
pub struct FmtArgs {
    /// The files, *.ron or *.dl [default: all fact and rule files of the project]
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Write nothing; exit with status 1 when a file is not in its normal form
    #[arg(long)]
    check: bool,
    /// Write nothing; show what would change, and exit as --check does
    #[arg(long)]
    diff: bool,
}

/// A file that is not in its normal form.
struct Change {
    path: PathBuf,
    file: FileText,
    formatted: String,
}

pub(super) fn run(context: &Context, args: &FmtArgs) -> Result<Exit, Failure> {
    let mut sources = SourceMap::new();
    let project = Project::find(context.global.dir.as_deref(), &mut sources).map_err(|diagnostic| {
        context.report(&[diagnostic], &sources);
        Failure::Told(Exit::Refused)
    })?;
    let (paths, trust) = if args.files.is_empty() {
        (all_files(&project).map_err(Failure::Refused)?, Trust::Project)
    } else {
        (args.files.clone(), Trust::CommandLine)
    };
    if let Some(path) =
        paths.iter().find(|path| !path.extension().is_some_and(|ext| ext == "ron" || ext == "dl"))
    {
        let shown = path.to_string_lossy();
        let shown = escape::printable(&shown);
        return Err(Failure::Usage(format!("`{shown}` is no fact file (*.ron) and no rule file (*.dl)")));
    }
    let schema = declared(&project);
    let mut problems = Vec::new();
    let mut changes = Vec::new();
    let mut unchanged = 0;
    for path in paths {
        match formatted(&project, &path, trust, &schema, &mut sources) {
            Ok(Some(change)) => changes.push(change),
            Ok(None) => unchanged += 1,
            Err(found) => problems.extend(found),
        }
    }
    if args.diff || args.check {
        show(context, args, &changes)?;
    } else {
        for change in &changes {
            let written = files::replace(&change.path, &change.formatted, Some(change.file.fingerprint()));
            problems.extend(written.err());
        }
    }
    context.report(&problems, &sources);
    if problems.iter().any(Diagnostic::is_error) {
        return Ok(Exit::Refused);
    }
    let files = |n: usize| format!("{n} file{}", if n == 1 { "" } else { "s" });
    match changes.len() {
        0 => context.say(format_args!("{} in normal form", files(unchanged))),
        n if args.diff || args.check => {
            context.error(format_args!("{} not in normal form; `factlog fmt` mends that", files(n)));
            return Ok(Exit::Findings);
        }
        n => context.say(format_args!("{} formatted, {} left as they were", files(n), files(unchanged))),
    }
    Ok(Exit::Success)
}

fn show(context: &Context, args: &FmtArgs, changes: &[Change]) -> Result<(), Failure> {
    let style = DiffStyle { terminal: stdout_is_terminal(), color: context.global.color.for_stdout() };
    write_stdout(|out| {
        for Change { file, formatted, .. } in changes {
            if args.diff {
                out.write_all(diff::unified(&file.name, &file.text, formatted, style).as_bytes())?;
            } else {
                writeln!(out, "{}", escape::printable(&file.name))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}

fn all_files(project: &Project) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
    let (facts, rules) = (project.fact_files(true), project.rule_files());
    match (facts, rules) {
        (Ok(facts), Ok(rules)) => Ok(facts.into_iter().chain(rules).collect()),
        (facts, rules) => {
            let unlisted = facts.err().into_iter().chain(rules.err());
            Err(unlisted.flat_map(Vec::<Diagnostic>::from).collect())
        }
    }
}

/// The file's change, if it needs any; or what is wrong with it.
fn formatted(
    project: &Project,
    path: &Path,
    trust: Trust,
    schema: &Schema,
    sources: &mut SourceMap,
) -> Result<Option<Change>, Vec<Diagnostic>> {
    let one = |diagnostic| vec![diagnostic];
    let (id, file) = project.read_into(path, trust, sources).map_err(one)?;
    let formatted = match path.extension().and_then(|extension| extension.to_str()) {
        Some("ron") => format_facts(id, &file.text, schema)?,
        _ => format_program(id, &file.text)?,
    };
    if *formatted == *file.text {
        return Ok(None);
    }
    let path = project.resolve(path, trust).map_err(one)?;
    Ok(Some(Change { path, file, formatted }))
}

/// What the declarations of all rule files say, and of the files they include. Mistakes in them
/// are for `check` to tell: here a relation that is not declared keeps its fields as they stand.
fn declared(project: &Project) -> Schema {
    let mut programs: Vec<Program> = Vec::new();
    let mut due = project.rule_files().unwrap_or_else(|unlisted| unlisted.files);
    let mut seen: HashSet<PathBuf> = HashSet::new();
    while let Some(path) = due.pop() {
        if !seen.insert(path.clone()) {
            continue;
        }
        let Ok(file) = project.read(&path, Trust::Project) else { continue };
        let (program, _) = datalog::parse_program(FileId(0), &file.text);
        for item in &program.items {
            if let ItemKind::Include { path: written, .. } = &item.kind {
                due.extend(project.relative_to(&path, written));
            }
        }
        programs.push(program);
    }
    analysis::declare(&programs.iter().collect::<Vec<_>>()).0
}
