//! Files to facts and rules.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::Options;
use super::input;
use crate::analysis::{self, Analysis};
use crate::base::codes::project as codes;
use crate::base::{Diagnostic, FileId, SourceMap, diagnostic};
use crate::files::{Project, Trust};
use crate::model::schema::Schema;
use crate::storage::Database;
use crate::storage::load as facts;
use crate::syntax::datalog;
use crate::syntax::datalog::ast::{self, ItemKind};

/// How far loading is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Loading {
    /// Files read so far.
    pub files: usize,
    /// Of so many.
    pub of: usize,
    /// Facts read so far.
    pub facts: usize,
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
    /// The fact files that were loaded.
    pub fact_files: Vec<FileId>,
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
            fact_files: Vec::new(),
        }
    }

    /// Loads a project whole, or says everything that is wrong with it.
    pub fn load(
        project: Option<&Project>,
        options: &Options,
        sources: &mut SourceMap,
        progress: &mut dyn FnMut(Loading),
    ) -> Result<Base, Vec<Diagnostic>> {
        let Some(project) = project else { return Ok(Base::empty()) };
        let mut diagnostics = Vec::new();
        let mut left_out = Vec::new();
        let mut rule_files = project.rule_files().unwrap_or_else(|problems| {
            diagnostics.extend(problems);
            Vec::new()
        });
        let fact_files = project.fact_files(options.inbox).unwrap_or_else(|problems| {
            diagnostics.extend(problems);
            Vec::new()
        });
        schema_first(&mut rule_files);
        let mut reader = Reader { project, sources, seen: HashSet::new(), units: Vec::new(), problems: Vec::new() };
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
        let mut database = Database::new(Arc::new(schema));
        let loaded = facts::load_files(
            &mut database,
            project,
            &fact_files,
            sources,
            &facts::Options { keep_going: options.keep_going, infer_schema: project.settings().infer_schema },
            &mut |files, facts| progress(Loading { files, of: fact_files.len(), facts }),
        );
        diagnostics.extend(loaded.diagnostics);
        left_out.extend(loaded.left_out);
        let declared = Arc::clone(database.schema());
        let programs: Vec<&ast::Program> = units.iter().map(|unit| &*unit.program).collect();
        let mut analysis = analysis::analyze((*declared).clone(), &programs);
        diagnostics.append(&mut analysis.diagnostics);
        database.assert(&std::mem::take(&mut analysis.facts));
        diagnostics.extend(input::load(project, &analysis, &units, sources, &mut database));
        diagnostic::sort(&mut diagnostics);
        diagnostics.dedup();
        if diagnostics.iter().any(Diagnostic::is_error) {
            return Err(diagnostics);
        }
        left_out.sort();
        Ok(Base { units, declared, analysis, database, warnings: diagnostics, left_out, fact_files: loaded.files })
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
            let mut cycle: Vec<String> = open[start..].iter().map(|path| path.display().to_string()).collect();
            cycle.push(path.display().to_string());
            let mut diagnostic =
                Diagnostic::new(codes::INCLUDE_CYCLE, format!("files include each other: {}", cycle.join(" → ")));
            if let Some(span) = from {
                diagnostic = diagnostic.at(span);
            }
            self.problems.push((path.display().to_string(), vec![diagnostic]));
            return;
        }
        if !self.seen.insert(path.to_owned()) {
            return;
        }
        let file = match self.project.read(path, Trust::Project) {
            Ok(file) => file,
            Err(mut diagnostic) => {
                if let (Some(span), None) = (from, &diagnostic.primary) {
                    diagnostic = diagnostic.at(span);
                }
                self.problems.push((path.display().to_string(), vec![diagnostic]));
                return;
            }
        };
        let name = file.name.clone();
        let id = self.sources.add(file.name, file.text.clone());
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
