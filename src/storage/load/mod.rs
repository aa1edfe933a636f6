//! Loading fact files: text → tree → checked, interned tuples with their assertions.
//!
//! All mistakes of all files are found in one run, and unless there is none, nothing is loaded.
//! Values go from the source text to words without becoming [`Value`](crate::model::Value)s.

mod columns;
mod fact;
mod infer;
mod metadata;
mod mistakes;
mod parses;
mod structures;
mod values;

#[cfg(test)]
mod format_tests;
#[cfg(test)]
mod tests;

pub use self::infer::infer_schema;

use std::thread;

use rustc_hash::FxHashMap;

use self::columns::{Plan, takes_facts};
use self::fact::Reading;
use self::metadata::{Field, Record};
use self::mistakes::Mistakes;
use self::parses::Parses;
use self::values::Values;
use super::assertions::{MetaId, Metas, Stated};
use super::database::Database;
use super::extent::Staged;
use crate::base::codes::files::MERGE_CONFLICT;
use crate::base::{Diagnostic, FileId};
use crate::model::{Review, Schema};
use crate::syntax::ron::{Kind, Node, Parse, Tree};

/// A fact file's text.
#[derive(Clone, Copy, Debug)]
pub struct FactText<'t> {
    /// Its id in the source map.
    pub file: FileId,
    /// Its text.
    pub text: &'t str,
    /// Whether it holds candidates that nobody has reviewed: `_review` is `Pending` then.
    pub inbox: bool,
}

/// What a load has brought.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Loaded {
    /// How many facts, each with one assertion.
    pub facts: usize,
    /// What the parser remarked that is no error.
    pub remarks: Vec<Diagnostic>,
}

/// Adds the facts of all `texts` to `database`, or, if there is any mistake in them, none, and
/// says all that is wrong. `progress` hears after each file how many bytes have been read.
pub fn load(
    database: &mut Database,
    texts: &[FactText<'_>],
    progress: &mut dyn FnMut(u64),
) -> Result<Loaded, Vec<Diagnostic>> {
    load_with(database, texts, 2, progress)
}

/// The same with so many threads: files are parsed side by side, and give words to their values
/// one after the other, in their order.
pub fn load_with(
    database: &mut Database,
    texts: &[FactText<'_>],
    jobs: usize,
    progress: &mut dyn FnMut(u64),
) -> Result<Loaded, Vec<Diagnostic>> {
    let parses = Parses::new(texts, jobs);
    thread::scope(|scope| {
        let helpers = jobs.saturating_sub(1).min(texts.len());
        for _ in 0..helpers {
            scope.spawn(|| parses.help());
        }
        let _end = parses.end();
        let mut read = 0;
        let in_order = texts.iter().enumerate().map(|(at, text)| {
            let parse = parses.get(at);
            read += text.text.len() as u64;
            progress(read);
            (parse, text.inbox)
        });
        load_parsed(database, in_order)
    })
}

/// The same for files that have been parsed; the flag tells of each whether it holds candidates.
pub fn load_parsed<'t>(
    database: &mut Database,
    parses: impl IntoIterator<Item = (Parse<'t>, bool)>,
) -> Result<Loaded, Vec<Diagnostic>> {
    let Database { schema, interner, metas, relations, .. } = database;
    let mut loader = Loader::new(schema, interner, metas, relations.len());
    let mut remarks = Vec::new();
    for (parse, inbox) in parses {
        // What stands at the root of a file with a merge conflict says nothing of the file.
        let conflict = parse.diagnostics.iter().any(|found| found.code == MERGE_CONFLICT.code);
        remarks.extend(parse.diagnostics);
        loader.file(&parse.tree, inbox, conflict);
    }
    let Loader { staged, mistakes, facts, .. } = loader;
    let mut wrong = mistakes.finish();
    if !wrong.is_empty() || remarks.iter().any(Diagnostic::is_error) {
        wrong.extend(remarks);
        crate::base::diagnostic::sort(&mut wrong);
        return Err(wrong);
    }
    database.add(staged);
    Ok(Loaded { facts, remarks })
}

/// Facts on their way into a database.
struct Loader<'d> {
    schema: &'d Schema,
    values: Values<'d>,
    metas: &'d mut Metas,
    /// By the relation's name; `None` for names under which nothing can be stated.
    plans: FxHashMap<Box<str>, Option<usize>>,
    all_plans: Vec<Plan>,
    /// By [`PredId`](crate::model::PredId).
    staged: Vec<Staged>,
    mistakes: Mistakes,
    facts: usize,
    background: Record,
}

/// What holds for all facts of one file.
struct Defaults {
    record: Record,
    meta: MetaId,
}

impl<'d> Loader<'d> {
    fn new(
        schema: &'d Schema,
        interner: &'d mut super::Interner,
        metas: &'d mut Metas,
        relations: usize,
    ) -> Self {
        let background = Record::new(interner);
        let mut staged = Vec::new();
        staged.resize_with(relations, Staged::default);
        Loader {
            schema,
            values: Values::new(schema, interner),
            metas,
            plans: FxHashMap::default(),
            all_plans: Vec::new(),
            staged,
            mistakes: Mistakes::default(),
            facts: 0,
            background,
        }
    }

    fn file(&mut self, tree: &Tree<'_>, inbox: bool, conflict: bool) {
        let Some(root) = tree.root() else { return };
        let mut record = self.background;
        if inbox {
            record.meta.review = Review::Pending;
        }
        match root.kind() {
            Kind::List => self.facts(root, record),
            Kind::Struct if root.name().is_none() => {
                let mut facts = None;
                for field in root.fields() {
                    match field.name {
                        "defaults" => self.defaults(field.value, &mut record),
                        "facts" => facts = Some(field.value),
                        name => {
                            let span = field.value.field_span().unwrap_or(root.span());
                            self.mistakes.push(mistakes::unknown_part(name, span));
                        }
                    }
                }
                match facts {
                    Some(facts) if facts.kind() == Kind::List => self.facts(facts, record),
                    Some(facts) if facts.is_broken() => {}
                    Some(other) => self.mistakes.push(mistakes::not_a_list(other)),
                    None => {}
                }
            }
            _ if conflict || root.kind() == Kind::Error => {}
            _ => self.mistakes.push(mistakes::not_a_list(root)),
        }
    }

    fn defaults(&mut self, node: Node<'_>, record: &mut Record) {
        match node.kind() {
            Kind::Struct if node.name().is_none() => {
                for field in node.fields() {
                    let span = field.value.field_span().unwrap_or(node.span());
                    match Field::named(field.name) {
                        Some(known) => {
                            if let Err(wrong) = record.set(known, field.value, &mut self.values) {
                                self.mistakes.push_opt(mistakes::metadata(known, field.name, wrong));
                            }
                        }
                        None if field.name.starts_with('_') => {
                            self.mistakes.push(mistakes::unknown_metadata(field.name, span));
                        }
                        None => self.mistakes.push(mistakes::column_in_defaults(field.name, span)),
                    }
                }
            }
            Kind::Unit | Kind::Error => {}
            _ => self.mistakes.push(mistakes::not_defaults(node)),
        }
    }

    fn facts(&mut self, list: Node<'_>, record: Record) {
        let defaults = Defaults { record, meta: self.metas.intern(record.meta) };
        // Facts of one relation mostly stand together.
        let mut last: Option<(&str, usize)> = None;
        for node in list.children() {
            let Some(name) = node.name() else {
                if !node.is_broken() {
                    self.mistakes.push(mistakes::not_a_fact(node));
                }
                continue;
            };
            let plan = match last {
                Some((known, plan)) if known == name => Some(plan),
                _ => self.plan(name, node),
            };
            if let Some(plan) = plan {
                last = Some((name, plan));
                self.fact(node, plan, &defaults);
            }
        }
    }

    /// The plan of the relation named, or a diagnostic that says why there is none.
    fn plan(&mut self, name: &str, node: Node<'_>) -> Option<usize> {
        if let Some(Some(plan)) = self.plans.get(name) {
            return Some(*plan);
        }
        let span = node.name_span().unwrap_or(node.span());
        let Some(id) = self.schema.find(name) else {
            self.mistakes.push(mistakes::unknown_relation(self.schema, name, span));
            return None;
        };
        let predicate = self.schema.predicate(id);
        if !takes_facts(predicate) {
            self.mistakes.push(mistakes::derived(predicate, span));
            return None;
        }
        let plan = self.all_plans.len();
        self.all_plans.push(Plan::new(self.schema, id, self.values.interner));
        self.plans.insert(name.into(), Some(plan));
        Some(plan)
    }

    fn fact(&mut self, node: Node<'_>, plan: usize, defaults: &Defaults) {
        let Loader { schema, values, metas, all_plans, staged, mistakes, .. } = self;
        let Some(plan) = all_plans.get_mut(plan) else { return };
        let predicate = schema.predicate(plan.predicate);
        let Some(Staged { words, stated }) = staged.get_mut(plan.predicate.0 as usize) else { return };
        let begin = words.len();
        words.extend_from_slice(&plan.defaults);
        let Some(tuple) = words.get_mut(begin..) else { return };
        let (record, good) = (defaults.record, !node.is_broken());
        let mut reading = Reading { predicate, plan, values, mistakes, record, changed: false, good };
        if node.kind() == Kind::Struct {
            reading.fields(node, tuple);
        } else {
            reading.positions(node, tuple);
        }
        let Reading { record, changed, good, .. } = reading;
        if !good {
            words.truncate(begin);
            return;
        }
        let meta = if changed { metas.intern(record.meta) } else { defaults.meta };
        stated.push(Stated { src: record.src, at: record.at, meta, span: node.span() });
        self.facts += 1;
    }
}
