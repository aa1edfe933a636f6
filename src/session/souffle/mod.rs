//! Running a Soufflé program: from its text and fact files to what it prints and writes.

mod input;
mod output;
mod value;

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Error;
use crate::analysis::souffle::{self, Analysis, Directive};
use crate::base::limits::MAX_FILE_BYTES;
use crate::base::{Budget, CancelToken, Diagnostic, Limits, SourceMap, Span, Stop};
use crate::engine::{Engine, EvalError, Frog, Model, Request, Tables};
use crate::files;
use crate::model::PredId;
use crate::storage::{Interner, Table, Word};
use crate::syntax::souffle::ast::IoKind;
use crate::syntax::souffle::{self as syntax, Include};

/// How to run a program.
#[derive(Clone, Debug)]
pub struct RunOptions {
    /// Where fact files are.
    pub facts: PathBuf,
    /// Where output goes; `None` is standard output.
    pub output: Option<PathBuf>,
    /// Whether numbers have 64 bits.
    pub wide: bool,
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

/// Reads included files, beside the file that names them.
struct Includes;

impl Include for Includes {
    fn read(&mut self, from: &str, path: &str, _at: Span) -> Result<(String, Arc<str>), Diagnostic> {
        let place = Path::new(from).parent().unwrap_or(Path::new("")).join(path);
        let text = files::read::text(&place, MAX_FILE_BYTES)?;
        Ok((place.to_string_lossy().into_owned(), text.into()))
    }
}

/// The rows that fact files and facts state, and those of the strata evaluated so far.
#[derive(Debug, Default)]
struct Stated(HashMap<PredId, Arc<Table>>);

impl Tables for Stated {
    fn table(&self, pred: PredId) -> Option<&Table> {
        self.0.get(&pred).map(|table| &**table)
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
    let parsed = syntax::parse(&name, text.into(), sources, &mut Includes);
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
    let stated = load(&analysis, options, &mut interner).map_err(Error::Invalid)?;
    let budget = Budget::new(options.limits.clone(), options.cancel.clone());
    let wanted = wanted(&analysis);
    let mut request = Request::new(&analysis.program, &[], &wanted);
    request.tuning.jobs = options.jobs;
    let model = Frog.evaluate(&request, &stated, &mut interner, &budget).map_err(|error| {
        let diagnostic = || Box::new(error.diagnostic(&analysis.program, &[]));
        match error {
            EvalError::Stopped { stop: Stop::Cancelled, .. } => Error::Cancelled,
            EvalError::Stopped { .. } => Error::Limit(diagnostic()),
            _ => Error::Failed(diagnostic()),
        }
    })?;
    let stdout = write(&analysis, options, &stated, &model, &interner)?;
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
    interner: &mut Interner,
) -> Result<Stated, Vec<Diagnostic>> {
    let mut rows: HashMap<PredId, Vec<Word>> = HashMap::new();
    let mut diagnostics = Vec::new();
    let mut holds: Vec<PredId> = Vec::new();
    for (pred, values) in &analysis.facts {
        let words = rows.entry(*pred).or_default();
        words.extend(values.iter().map(|value| interner.intern(value)));
        if values.is_empty() {
            holds.push(*pred);
        }
    }
    for directive in analysis.directives.iter().filter(|directive| directive.kind == IoKind::Input) {
        let words = rows.entry(directive.pred).or_default();
        match input::read(analysis, directive, &options.facts, interner, words) {
            Ok(true) => holds.push(directive.pred),
            Ok(false) => {}
            Err(problems) => diagnostics.extend(problems),
        }
    }
    if !diagnostics.is_empty() {
        return Err(diagnostics);
    }
    let table = |(pred, words): (PredId, Vec<Word>)| {
        let width =
            analysis.relations.all().get(pred.0 as usize).map_or(0, |relation| relation.columns.len());
        let table = match width {
            0 => Table::nullary(holds.contains(&pred)),
            _ => Table::from_rows(width, words),
        };
        (pred, Arc::new(table))
    };
    Ok(Stated(rows.into_iter().map(table).collect()))
}

fn write(
    analysis: &Analysis,
    options: &RunOptions,
    stated: &Stated,
    model: &Model,
    interner: &Interner,
) -> Result<Vec<u8>, Diagnostic> {
    let mut stdout = Vec::new();
    let empty = Table::default();
    let table = |directive: &Directive| -> &Table {
        let derived = model.table(directive.pred).map(|table| &**table);
        derived.or_else(|| stated.table(directive.pred)).unwrap_or(&empty)
    };
    for directive in &analysis.directives {
        match directive.kind {
            IoKind::Output => {
                output::write(analysis, directive, options, table(directive), interner, &mut stdout)?
            }
            IoKind::PrintSize => {
                let name = analysis
                    .relations
                    .all()
                    .get(directive.pred.0 as usize)
                    .map_or("", |relation| &relation.name);
                stdout.extend_from_slice(format!("{name}\t{}\n", table(directive).len()).as_bytes());
            }
            IoKind::Input | IoKind::LimitSize => {}
        }
    }
    Ok(stdout)
}
