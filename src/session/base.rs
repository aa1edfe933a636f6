//! Files to facts and rules.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::input;
use crate::analysis::{self, Analysis};
use crate::base::codes::project as codes;
use crate::base::{Diagnostic, FileId, SourceMap, diagnostic};
use crate::files::project::Unlisted;
use crate::files::{Project, Trust};
use crate::model::schema::Schema;
use crate::storage::Database;
use crate::storage::load::{self, FactText};
use crate::syntax::datalog::ast::{self, ItemKind};
use crate::syntax::{datalog, ron};

/// Bytes of all fact files from which on their texts are not kept.
const LARGE_TEXTS: usize = 1 << 20;

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// Bytes of fact files read so far.
    pub bytes: u64,
    /// Of so many.
    pub of: u64,
}

/// A rule file, or rules typed in.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    pub file: FileId,
    /// Relative to the project; `None` for what was typed in.
    pub path: Option<PathBuf>,
    pub program: Arc<ast::Program>,
}

/// What a session reasons over.
pub(super) struct Base {
    pub units: Vec<Unit>,
    /// The schema of the declarations alone, which the database was made with.
    pub declared: Arc<Schema>,
    pub analysis: Analysis,
    pub database: Database,
    pub warnings: Vec<Diagnostic>,
    pub left_out: Vec<String>,
    /// Texts from this one on came later than the base's files.
    pub end: FileId,
}

impl Base {
    /// Without files: the built-in schema.
    pub fn empty() -> Base {
        let (schema, _) = analysis::declare(&[]);
        let declared = Arc::new(schema.clone());
        Base {
            units: Vec::new(),
            database: Database::new(Arc::clone(&declared)),
            declared,
            analysis: analysis::analyze(schema, &[]),
            warnings: Vec::new(),
            left_out: Vec::new(),
            end: FileId(0),
        }
    }

    /// Loads a project whole, or says everything that is wrong with it.
    pub fn load(
        project: Option<&Project>,
        options: &Options,
        means: &input::Means,
        sources: &mut SourceMap,
        progress: &mut dyn FnMut(Loading),
    ) -> Result<Base, Vec<Diagnostic>> {
        let Some(project) = project else { return Ok(Base::empty()) };
        let mut diagnostics = Vec::new();
        let mut left_out = Vec::new();
        let mut listed = |files: Result<Vec<PathBuf>, Unlisted>| match files {
            Ok(files) => files,
            Err(Unlisted { files, problems }) => {
                for (path, problem) in problems {
                    match options.keep_going {
                        true => left_out.push(path.display().to_string()),
                        false => diagnostics.push(problem),
                    }
                }
                files
            }
        };
        let mut rule_files = listed(project.rule_files());
        let fact_files = listed(project.fact_files(options.inbox));
        schema_first(&mut rule_files);
        let mut reader =
            Reader { project, sources, seen: HashSet::new(), units: Vec::new(), problems: Vec::new() };
        for path in &rule_files {
            reader.read(path, None, &mut Vec::new());
        }
        let Reader { mut units, problems, .. } = reader;
        for (name, found) in problems {
            let broken = found.iter().any(Diagnostic::is_error);
            if broken && options.keep_going {
                units.retain(|unit| sources.file(unit.file).name() != name);
                left_out.push(name);
            } else {
                diagnostics.extend(found);
            }
        }
        let (schema, rule_problems) = settle_rules(&mut units, options, sources, &mut left_out);
        diagnostics.extend(rule_problems);

        // Facts are read against the declarations even when rules have errors, so that all
        // mistakes of the project show in one run.
        let texts = fact_texts(project, &fact_files, options, sources, &mut diagnostics, &mut left_out);
        let fact_ids: Vec<FileId> = texts.iter().map(|(id, _, _)| *id).collect();
        let infer = project.settings().infer_schema;
        let (mut database, loaded) =
            load_facts(schema, texts, infer, options, sources, &mut left_out, progress);
        diagnostics.extend(loaded);
        let declared = Arc::clone(database.schema());
        let programs: Vec<&ast::Program> = units.iter().map(|unit| &*unit.program).collect();
        let mut analysis = analysis::analyze((*declared).clone(), &programs);
        diagnostics.extend_from_slice(&analysis.diagnostics);
        database.assert(&std::mem::take(&mut analysis.facts));
        let passed = options.keep_going.then_some(&mut left_out);
        diagnostics.extend(input::load(
            Some(project),
            &analysis,
            &units,
            means,
            sources,
            &mut database,
            passed,
        ));
        diagnostic::sort(&mut diagnostics);
        diagnostics.dedup();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        left_out.sort();
        give_up_texts(project, &fact_ids, sources);
        let end = sources.next();
        Ok(Base { units, declared, analysis, database, warnings: diagnostics, left_out, end })
    }
}

/// Keeps of fact files only where their lines are, unless all are small.
fn give_up_texts(project: &Project, files: &[FileId], sources: &mut SourceMap) {
    let bytes: usize = files.iter().map(|id| sources.file(*id).text().map_or(0, |text| text.len())).sum();
    if bytes < LARGE_TEXTS {
        return;
    }
    for id in files {
        if let Some(again) = project.again(Path::new(sources.file(*id).name())) {
            sources.give_up(*id, again);
        }
    }
}

/// Reads the fact files.
fn fact_texts(
    project: &Project,
    files: &[PathBuf],
    options: &Options,
    sources: &mut SourceMap,
    diagnostics: &mut Vec<Diagnostic>,
    left_out: &mut Vec<String>,
) -> Vec<(FileId, Arc<str>, bool)> {
    let mut texts = Vec::with_capacity(files.len());
    for path in files {
        match project.read_into(path, Trust::Project, sources) {
            Ok((id, file)) => texts.push((id, file.text, project.in_inbox(path))),
            Err(_) if options.keep_going => left_out.push(path.display().to_string()),
            Err(diagnostic) => diagnostics.push(diagnostic),
        }
    }
    texts
}

/// Loads facts into a new database. With `keep_going`, files with mistakes are left out until the
/// others load.
fn load_facts(
    mut schema: Schema,
    mut texts: Vec<(FileId, Arc<str>, bool)>,
    infer: bool,
    options: &Options,
    sources: &SourceMap,
    left_out: &mut Vec<String>,
    progress: &mut dyn FnMut(Loading),
) -> (Database, Vec<Diagnostic>) {
    let mut diagnostics = Vec::new();
    let declared = schema.clone();
    loop {
        let facts: Vec<FactText<'_>> =
            texts.iter().map(|(file, text, inbox)| FactText { file: *file, text, inbox: *inbox }).collect();
        if infer {
            schema = declared.clone();
            // The loader reports what does not parse.
            let parsed: Vec<_> = facts.iter().map(|fact| ron::parse(fact.file, fact.text).tree).collect();
            diagnostics.extend(load::infer_schema(&mut schema, &parsed));
        }
        let of = facts.iter().map(|fact| fact.text.len() as u64).sum();
        let mut database = Database::new(Arc::new(schema.clone()));
        let problems = match load::load_with(&mut database, &facts, options.threads(), &mut |bytes| {
            progress(Loading { bytes, of })
        }) {
            Ok(loaded) => {
                diagnostics.extend(loaded.remarks);
                return (database, diagnostics);
            }
            Err(problems) => problems,
        };
        if !options.keep_going {
            diagnostics.extend(problems);
            return (database, diagnostics);
        }
        let broken: HashSet<FileId> = problems
            .iter()
            .filter(|problem| problem.is_error())
            .filter_map(|problem| problem.span().map(|span| span.file))
            .collect();
        let before = texts.len();
        texts.retain(|(file, _, _)| {
            let keep = !broken.contains(file);
            if !keep {
                left_out.push(sources.file(*file).name().to_owned());
            }
            keep
        });
        if texts.len() == before {
            diagnostics.extend(problems);
            return (database, diagnostics);
        }
    }
}

/// `rules/schema.dl` is by convention read first; the others follow in sorted order. The order
/// only shows in which of two equal declarations is called the second.
fn schema_first(files: &mut [PathBuf]) {
    files.sort_by_key(|path| (path.file_name().is_none_or(|name| name != "schema.dl"), path.clone()));
}

/// Declares the units' relations. With `keep_going`, units with errors are left out until none is.
fn settle_rules(
    units: &mut Vec<Unit>,
    options: &Options,
    sources: &SourceMap,
    left_out: &mut Vec<String>,
) -> (Schema, Vec<Diagnostic>) {
    loop {
        let programs: Vec<&ast::Program> = units.iter().map(|unit| &*unit.program).collect();
        let (schema, problems) = analysis::declare(&programs);
        if !options.keep_going {
            return (schema, problems);
        }
        let analysis = analysis::analyze(schema.clone(), &programs);
        let broken: HashSet<FileId> = problems
            .iter()
            .chain(&analysis.diagnostics)
            .filter(|diagnostic| diagnostic.is_error())
            .filter_map(|diagnostic| diagnostic.span().map(|span| span.file))
            .collect();
        let before = units.len();
        units.retain(|unit| {
            let keep = !broken.contains(&unit.file);
            if !keep {
                left_out.push(sources.file(unit.file).name().to_owned());
            }
            keep
        });
        if units.len() == before {
            return (schema, problems);
        }
    }
}

/// Reads rule files with what they include, each once.
struct Reader<'a> {
    project: &'a Project,
    sources: &'a mut SourceMap,
    seen: HashSet<PathBuf>,
    units: Vec<Unit>,
    /// By the name of the file in which they are.
    problems: Vec<(String, Vec<Diagnostic>)>,
}

impl Reader<'_> {
    fn read(&mut self, path: &Path, from: Option<crate::base::Span>, open: &mut Vec<PathBuf>) {
        if let Some(start) = open.iter().position(|known| known == path) {
            let mut cycle: Vec<String> =
                open[start..].iter().map(|path| path.display().to_string()).collect();
            cycle.push(path.display().to_string());
            let mut diagnostic = Diagnostic::new(
                codes::INCLUDE_CYCLE,
                format!("files include each other: {}", cycle.join(" → ")),
            );
            if let Some(span) = from {
                diagnostic = diagnostic.at(span);
            }
            self.problems.push((path.display().to_string(), vec![diagnostic]));
            return;
        }
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let (id, file) = match self.project.read_into(path, Trust::Project, self.sources) {
            Ok(read) => read,
            Err(mut diagnostic) => {
                if let (Some(span), None) = (from, &diagnostic.primary) {
                    diagnostic = diagnostic.at(span);
                }
                self.problems.push((path.display().to_string(), vec![diagnostic]));
                return;
            }
        };
        let name = file.name;
        let (program, diagnostics) = datalog::parse_program(id, &file.text);
        self.problems.push((name.clone(), diagnostics));
        open.push(path.to_owned());
        for item in &program.items {
            if let ItemKind::Include { path: written, span } = &item.kind {
                match self.project.relative_to(path, written) {
                    Ok(path) => self.read(&path, Some(*span), open),
                    Err(diagnostic) => self.problems.push((name.clone(), vec![diagnostic.at(*span)])),
                }
            }
        }
        open.pop();
        self.units.push(Unit { file: id, path: Some(path.to_owned()), program: Arc::new(program) });
    }
}
