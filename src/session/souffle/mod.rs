//! Running a Soufflé program: from its text and fact files to what it prints and writes.

mod choice;
mod equivalence;
mod evaluate;
mod input;
mod output;
mod text;
mod value;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use crate::analysis::souffle::{self, Analysis};
use crate::base::limits::MAX_FILE_BYTES;
use crate::base::{Budget, CancelToken, Diagnostic, Limits, SourceMap, Span, Stop};
use crate::engine::{EvalError, Tables};
use crate::files;
use crate::model::{CheckedProgram, PredId};
use crate::storage::{Interner, Table, Word};
use crate::syntax::souffle::ast::IoKind;
use crate::syntax::souffle::{self as syntax, Include};
use evaluate::Known;

/// How to run a program.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where fact files are.
    pub facts: PathBuf,
    /// Where output goes; `None` is standard output.
    pub output: Option<PathBuf>,
    /// Where included files are looked for that are not beside the file that names them.
    pub include: Vec<PathBuf>,
    /// Whether numbers have 64 bits.
    pub wide: bool,
    /// Whether a fact file may be missing, which then is as if it were empty.
    pub lenient: bool,
    /// Threads to use.
    pub jobs: usize,
    /// How much the evaluation may use.
    pub limits: Limits,
    /// Stops it.
    pub cancel: CancelToken,
}

/// A run that did not come to its end, with the texts that its diagnostics speak of.
#[derive(Debug)]
pub struct Failure {
    /// What is wrong.
    pub error: Error,
    /// The texts.
    pub sources: SourceMap,
}

/// What a run leaves beside the files it wrote.
#[derive(Debug)]
pub struct Outcome {
    /// What goes to standard output.
    pub stdout: Vec<u8>,
    /// Warnings.
    pub warnings: Vec<Diagnostic>,
    /// The texts that they speak of.
    pub sources: SourceMap,
}

/// Reads included files, beside the file that names them or else in one of the folders of `-I`.
struct Includes<'o> {
    folders: &'o [PathBuf],
    /// Whether numbers have 64 bits.
    wide: bool,
}

impl Include for Includes<'_> {
    fn read(&mut self, from: &str, path: &str, _at: Span) -> Result<(String, Arc<str>), Diagnostic> {
        let beside = Path::new(from).parent().unwrap_or(Path::new(""));
        let read = |folder: &Path| {
            let place = folder.join(path);
            let text = files::read::text(&place, MAX_FILE_BYTES)?;
            Ok((place.to_string_lossy().into_owned(), text.into()))
        };
        read(beside)
            .or_else(|missing| self.folders.iter().find_map(|folder| read(folder).ok()).ok_or(missing))
    }

    fn macros(&self) -> Vec<String> {
        vec![format!("RAM_DOMAIN_SIZE {}", if self.wide { 64 } else { 32 })]
    }
}

/// Runs the program at `path`.
///
/// # Errors
/// Mistakes in the program or its fact files, and whatever ends the evaluation early. What had been
/// written before stays.
pub fn run(path: &Path, options: &RunOptions) -> Result<Outcome, Failure> {
    let mut sources = SourceMap::new();
    match run_in(path, options, &mut sources) {
        Ok((stdout, warnings)) => Ok(Outcome { stdout, warnings, sources }),
        Err(error) => Err(Failure { error, sources }),
    }
}

/// What goes to standard output, and the warnings.
fn run_in(
    path: &Path,
    options: &RunOptions,
    sources: &mut SourceMap,
) -> Result<(Vec<u8>, Vec<Diagnostic>), Error> {
    let text = files::read::text(path, MAX_FILE_BYTES)?;
    let name = path.to_string_lossy();
    let mut includes = Includes { folders: &options.include, wide: options.wide };
    let parsed = syntax::parse(&name, text.into(), sources, &mut includes);
    if parsed.diagnostics.iter().any(Diagnostic::is_error) {
        return Err(Error::Invalid(parsed.diagnostics));
    }
    let mut warnings = parsed.diagnostics;
    let mut analysis = souffle::analyze(&parsed.unit, options.wide);
    if analysis.diagnostics.iter().any(Diagnostic::is_error) {
        warnings.append(&mut analysis.diagnostics);
        return Err(Error::Invalid(warnings));
    }
    warnings.append(&mut analysis.diagnostics);
    let mut interner = Interner::new();
    let budget = Budget::new(options.limits.clone(), options.cancel.clone());
    let mut known = load(&analysis, options, &budget, sources, &mut interner)?;
    let wanted = wanted(&analysis);
    evaluate::evaluate(&analysis, &wanted, &mut known, &mut interner, &budget, options.jobs).map_err(
        |error| {
            let diagnostic = || Box::new(error.diagnostic(&analysis.program, &[]));
            match error {
                EvalError::Stopped { stop: Stop::Cancelled, .. } => Error::Cancelled,
                EvalError::Stopped { .. } => Error::Limit(diagnostic()),
                _ => Error::Failed(diagnostic()),
            }
        },
    )?;
    let stdout = write(&analysis, options, &budget, &known, &interner)?;
    Ok((stdout, warnings))
}

fn wanted(analysis: &Analysis) -> Vec<PredId> {
    let mut wanted: Vec<PredId> = analysis
        .directives
        .iter()
        .filter(|directive| matches!(directive.kind, IoKind::Output | IoKind::PrintSize))
        .map(|directive| directive.pred)
        .collect();
    wanted.sort_unstable();
    wanted.dedup();
    wanted
}

/// The rows of `.input` files and of facts.
fn load(
    analysis: &Analysis,
    options: &RunOptions,
    budget: &Budget,
    sources: &mut SourceMap,
    interner: &mut Interner,
) -> Result<Known, Error> {
    let mut rows: HashMap<PredId, Vec<Word>> = HashMap::new();
    let mut diagnostics = Vec::new();
    let mut holds: Vec<PredId> = Vec::new();
    // Facts of a relation with a `choice-domain`, in order.
    let mut chosen: Vec<(PredId, Vec<Word>)> = Vec::new();
    for (pred, values) in &analysis.facts {
        let values: Vec<Word> = values.iter().map(|value| interner.intern(value)).collect();
        if values.is_empty() {
            holds.push(*pred);
        }
        if analysis.special.choice.contains_key(pred) {
            chosen.push((*pred, values));
        } else {
            rows.entry(*pred).or_default().extend(values);
        }
    }
    let mut input = input::Input { analysis, options, budget, sources, interner };
    for directive in analysis.directives.iter().filter(|directive| directive.kind == IoKind::Input) {
        let words = rows.entry(directive.pred).or_default();
        match input.read(directive) {
            Ok(read) => {
                if read.holds {
                    holds.push(directive.pred);
                }
                if words.is_empty() { *words = read.words } else { words.extend(read.words) }
            }
            Err(Error::Invalid(problems)) => diagnostics.extend(problems),
            Err(stopped) => return Err(stopped),
        }
    }
    if !diagnostics.is_empty() {
        return Err(Error::Invalid(diagnostics));
    }
    let width =
        |pred: PredId| analysis.relations.all().get(pred.0 as usize).map_or(0, |found| found.columns.len());
    for (pred, keys) in &analysis.special.choice {
        let words = rows.entry(*pred).or_default();
        let mut taken = choice::Taken::new(keys);
        words.chunks(width(*pred).max(1)).for_each(|row| taken.note(row));
        for (_, row) in chosen.iter().filter(|(of, _)| of == pred) {
            if taken.admit(row) {
                words.extend(row);
            }
        }
    }
    let table = |(pred, words): (PredId, Vec<Word>)| {
        let width = width(pred);
        let table = match width {
            0 => Table::nullary(holds.contains(&pred)),
            _ => Table::from_rows(width, words),
        };
        (pred, Arc::new(table))
    };
    Ok(Known(rows.into_iter().map(table).collect()))
}

fn write(
    analysis: &Analysis,
    options: &RunOptions,
    budget: &Budget,
    known: &Known,
    interner: &Interner,
) -> Result<Vec<u8>, Error> {
    let mut output = output::Output { analysis, options, budget, interner, stdout: Vec::new() };
    let empty = Table::default();
    for directive in &analysis.directives {
        let table = known.table(directive.pred).unwrap_or(&empty);
        match directive.kind {
            IoKind::Output => output.write(directive, table)?,
            IoKind::PrintSize => output.size(directive, table),
            IoKind::Input | IoKind::LimitSize => {}
        }
    }
    Ok(output.stdout)
}

/// Why work on files was stopped.
fn stopped(stop: Stop) -> Error {
    let error = EvalError::Stopped { stop, rule: None };
    match &error {
        EvalError::Stopped { stop: Stop::Cancelled, .. } => Error::Cancelled,
        _ => Error::Limit(Box::new(error.diagnostic(&CheckedProgram::default(), &[]))),
    }
}
