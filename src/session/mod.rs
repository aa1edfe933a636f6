//! A session: a loaded project, what was said in it since, and the questions one can ask of it.
//!
//! The REPL, the command line and an embedding program all call [`Session`]. Each step that fails
//! changes nothing. A session is always what a fresh one would be that had loaded the same files
//! and taken the same steps.
//!
//! - `base`: files to facts and rules
//! - `query`: goals to answers · `firmness`: how firmly they are known · `rows`: their rows
//! - `batch`: outputs of rule files · `kept`: what is kept of an evaluation for the next
//! - `edit`: assert, retract, define, undo, reload
//! - `scenario`: questions under `under (…)`
//! - `explain`: proofs, and why not
//! - `support`: what rests on which source
//! - `trees`: questions and steps as trees
//! - `check`: findings · `rests_on`: the stated facts behind a finding
//! - `added`: what the steps have added, and what sources state · `profile`
//! - `input`: `.input` · `import`, `export`: other formats · `shapes`: columns as formats of data see them
//! - `describe`: what relations, facts and sources there are, for people

pub mod added;
pub mod answer;
pub mod fault;
pub mod souffle;

mod base;
mod batch;
mod check;
mod describe;
mod edit;
mod explain;
mod export;
mod firmness;
mod habits;
mod import;
mod input;
mod kept;
mod plan;
mod profile;
mod query;
mod rests_on;
mod rows;
mod scenario;
mod shapes;
mod structured;
mod support;
mod supposing;
mod trees;

use std::num::NonZeroUsize;
use std::path::Path;
use std::sync::Arc;

pub use added::{Added, SourceSummary};
pub use answer::Answer;
pub use base::Loading;
pub use batch::{Batch, Output, PrintSize, QueryResult};
pub use check::{Levels, Texts};
pub use describe::{EntityName, RelationInfo};
pub use edit::{Change, Outcome};
pub use explain::{
    Because, ByRule, Citation, Condition, ConditionOutcome, Explanation, FilePlace, MissingFact,
    ShownAttempt, ShownExchange, ShownPremise, ShownProof, ShownStep, StatedFact, WhyNot,
};
pub use export::Exported;
pub use import::{Import, Imported, Origin, unsupported};
pub use plan::Explained;
pub use scenario::ScenarioOption;
pub use support::{Change as SupportChange, Support, Supports};

pub use crate::provenance::annotate::{Annotation, Since, Wanted};

use crate::base::codes::project as project_codes;
use crate::base::{CancelToken, Diagnostic, Limits, SourceMap};
use crate::engine::Frog;
use crate::files::{Project, Settings};
use crate::model::CheckedProgram;
use crate::model::schema::Schema;
use crate::storage::Database;
use base::Base;
use edit::Step;
use kept::Kept;
use scenario::{Prepared, Standing};

/// How to open a project.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// Leave files out that cannot be read, parsed, named or typed, instead of refusing the base.
    pub keep_going: bool,
    /// Load the candidates in the inbox, too.
    pub inbox: bool,
    /// Limits that override the settings'.
    pub limits: LimitOptions,
    /// Levels of lints and checks that override the settings'; later ones win.
    pub levels: Levels,
    /// Evaluate relations whole, also where a goal says which of their tuples it needs. Answers are
    /// the same.
    pub whole: bool,
    /// Keep nothing of an evaluation for the next. Answers are the same.
    pub forget: bool,
    /// Threads to work with; `None` for as many as there are processors.
    pub jobs: Option<NonZeroUsize>,
    /// Steps and premises of proofs that are gone through to tell how firmly something is known; what
    /// has more is found by evaluating again, as far as it can be. `None` for eight million.
    pub proof_steps: Option<usize>,
}

impl Options {
    /// Steps and premises of proofs that are gone through.
    pub fn proof_steps(&self) -> usize {
        self.proof_steps.unwrap_or(8_000_000)
    }

    /// Threads to work with, at least one.
    pub fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
        self.jobs.unwrap_or_else(all).get()
    }
}

/// Limits given on the command line; `None` leaves the setting.
#[derive(Clone, Debug, Default)]
pub struct LimitOptions {
    /// Rows that rules may produce.
    pub rows: Option<u64>,
    /// Time of one evaluation.
    pub time: Option<std::time::Duration>,
    /// Bytes of derived relations.
    pub memory: Option<u64>,
}

impl LimitOptions {
    /// `limits` with these in their place.
    fn over(&self, mut limits: Limits) -> Limits {
        limits.rows = self.rows.or(limits.rows);
        limits.time = self.time.or(limits.time);
        limits.memory = self.memory.or(limits.memory);
        limits
    }
}

/// Why something could not be done. Nothing has changed.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// What was asked is wrong in itself, or the base is: exit status 2.
    Invalid(Vec<Diagnostic>),
    /// A rule could not be evaluated for some binding (division by zero, overflow): status 2.
    Failed(Box<Diagnostic>),
    /// A limit was reached: status 3.
    Limit(Box<Diagnostic>),
    /// Somebody interrupted it: status 130.
    Cancelled,
    /// What the program found does not stand up to its own check: status 70.
    Internal(fault::Fault),
}

impl Error {
    /// What to show.
    pub fn diagnostics(&self) -> &[Diagnostic] {
        match self {
            Error::Invalid(diagnostics) => diagnostics,
            Error::Failed(diagnostic) | Error::Limit(diagnostic) => std::slice::from_ref(diagnostic),
            Error::Cancelled | Error::Internal(_) => &[],
        }
    }
}

impl From<Diagnostic> for Error {
    fn from(diagnostic: Diagnostic) -> Self {
        Error::Invalid(vec![diagnostic])
    }
}

/// A project in memory.
pub struct Session {
    project: Option<Project>,
    options: Options,
    settings: Settings,
    sources: SourceMap,
    base: Base,
    kept: Kept,
    steps: Vec<Step>,
    engine: Frog,
    limits: Limits,
    cancel: CancelToken,
    /// What loading found wrong; the base is then empty.
    broken: Vec<Diagnostic>,
    texts: usize,
    /// Annotations that were asked for.
    wanted: Wanted,
    /// The scenario in which everything is asked.
    standing: Option<Standing>,
    prepared: Option<Prepared>,
    /// Whether the facts are those of a scenario right now.
    inside: bool,
    /// What a reader has to know of the scenario of the last question.
    scenario_notes: Vec<String>,
}

impl Session {
    /// Opens the project in `dir` (or the one around the current folder) and loads it.
    ///
    /// A base that does not load gives a session all the same, without facts and rules, that
    /// refuses questions until a [`Session::reload`] succeeds: see [`Session::broken`]. An error
    /// means that there is no project to open; the map is for showing it.
    pub fn open(dir: Option<&Path>, options: Options) -> Result<Session, (Diagnostic, SourceMap)> {
        Self::open_with(dir, options, &mut |_| {})
    }

    /// As [`Session::open`], telling `progress` how far loading is.
    pub fn open_with(
        dir: Option<&Path>,
        options: Options,
        progress: &mut dyn FnMut(Loading),
    ) -> Result<Session, (Diagnostic, SourceMap)> {
        let mut sources = SourceMap::new();
        let project = match Project::find(dir, &mut sources) {
            Ok(project) => project,
            Err(diagnostic) => return Err((diagnostic, sources)),
        };
        let settings = project.settings().clone();
        let mut session = Self::new(Some(project), settings, options, sources);
        let means = session.means();
        match Base::load(session.project.as_ref(), &session.options, &means, &mut session.sources, progress) {
            Ok(base) => session.base = base,
            Err(diagnostics) => session.broken = diagnostics,
        }
        Ok(session)
    }

    /// A session without a project: no files, no facts.
    pub fn empty(options: Options) -> Session {
        Self::new(None, Settings::default(), options, SourceMap::new())
    }

    fn new(project: Option<Project>, settings: Settings, options: Options, sources: SourceMap) -> Session {
        let limits = options.limits.over(settings.limits());
        Session {
            project,
            options,
            settings,
            sources,
            base: Base::empty(),
            kept: Kept::default(),
            steps: Vec::new(),
            engine: Frog,
            limits,
            cancel: CancelToken::new(),
            broken: Vec::new(),
            texts: 0,
            wanted: Wanted::default(),
            standing: None,
            prepared: None,
            inside: false,
            scenario_notes: Vec::new(),
        }
    }

    /// What loading found wrong, if the base did not load.
    pub fn broken(&self) -> &[Diagnostic] {
        &self.broken
    }

    /// Warnings that loading found.
    pub fn load_warnings(&self) -> &[Diagnostic] {
        &self.base.warnings
    }

    /// Files that were left out, with `keep_going`.
    pub fn left_out(&self) -> &[String] {
        &self.base.left_out
    }

    /// All texts, for showing diagnostics.
    pub fn sources(&self) -> &SourceMap {
        &self.sources
    }

    /// The project, unless the session has none.
    pub fn project(&self) -> Option<&Project> {
        self.project.as_ref()
    }

    /// The project's settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Types and relations, derived ones included.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.base.analysis.program.schema
    }

    /// The rules in force.
    pub fn program(&self) -> &CheckedProgram {
        &self.base.analysis.program
    }

    /// The stated facts.
    pub fn database(&self) -> &Database {
        &self.base.database
    }

    /// Stops what this session is evaluating, from another thread or a signal handler.
    pub fn cancel_token(&self) -> CancelToken {
        self.cancel.clone()
    }

    /// Limits in force.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Limits from now on.
    pub fn set_limits(&mut self, limits: Limits) {
        self.limits = limits;
    }

    /// Whether goals are evaluated by demand; see [`Options::whole`].
    pub fn goes_by_demand(&self) -> bool {
        !self.options.whole
    }

    /// Evaluates goals by demand from now on, or relations whole.
    pub fn set_demand(&mut self, on: bool) {
        self.options.whole = !on;
    }

    /// With what data files are read.
    fn means(&self) -> input::Means {
        input::Means { jobs: self.options.threads(), cancel: self.cancel.clone() }
    }

    /// How the session was opened.
    pub fn options(&self) -> &Options {
        &self.options
    }

    /// Fails when the base did not load.
    fn ready(&self) -> Result<(), Error> {
        if self.broken.is_empty() {
            return Ok(());
        }
        let errors = self.broken.iter().filter(|diagnostic| diagnostic.is_error()).count();
        let mut diagnostics = self.broken.clone();
        diagnostics.push(
            Diagnostic::new(
                project_codes::BROKEN_BASE,
                format!(
                    "nothing is loaded: the base has {errors} error{}",
                    if errors == 1 { "" } else { "s" }
                ),
            )
            .help("mend the files and reload, or leave the broken ones out with `--keep-going`"),
        );
        Err(Error::Invalid(diagnostics))
    }

    /// Adds a text that was typed in, under a name of its own.
    fn add_text(&mut self, name: &str, text: &str) -> crate::base::FileId {
        self.texts += 1;
        self.sources.add(name, text)
    }
}
