//! From syntax trees to a checked program: names, types, safety, strata, lints.
//!
//! `declare` makes the schema from the declarations alone, so that facts can be loaded against it;
//! `analyze` then checks the rules. All mistakes are found in one run: a rule that has one is left
//! out, and nothing is evaluated while there are errors.

pub mod atoms;
pub mod components;
pub mod constant;
pub mod declare;
pub mod functors;
pub mod ground;
pub mod scenario;
pub mod souffle;
pub mod template;
pub mod types;

mod aggregates;
mod heads;
mod infer;
mod lint;
mod matching;
mod names;
mod raw;
mod resolve;
mod safety;
mod scope;
pub mod shape;
mod stratify;
mod structs;
mod subsumption;
mod typed;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

pub use declare::declare;
pub use ground::Pattern;

use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{self, did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::program::{CheckedProgram, Rule, RuleId};
use crate::model::schema::{Column, PredId, PredKind, Predicate, Schema};
use crate::model::{Fact, Value};
use crate::syntax::datalog::ast;
use raw::RawRule;
use resolve::{Head, Resolver};
use scope::Occurrence;

/// What the analysis makes of the rule files of a project.
#[derive(Debug, Default)]
pub struct Analysis {
    /// The rules; without those that have errors.
    pub program: CheckedProgram,
    /// Facts stated in rule files.
    pub facts: Vec<Fact>,
    /// `deny` and `warn`, in order.
    pub checks: Vec<Check>,
    /// `?-` lines, in order.
    pub queries: Vec<Goal>,
    /// Input and output directives, in order.
    pub directives: Vec<Directive>,
    /// Errors and lints, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// A check: each answer of its rule is a finding.
#[derive(Clone, Debug)]
pub struct Check {
    /// Its name; `None` for a bare `:- body.`
    pub name: Option<Arc<str>>,
    /// Error if `deny`, warning if `warn`.
    pub deny: bool,
    /// Message with `{var}` placeholders.
    pub message: Option<Arc<str>>,
    /// The body; its head is an [`PredKind::Answer`] relation with `columns`.
    pub rule: Rule,
    /// Names of the variables in the answers.
    pub columns: Vec<Arc<str>>,
    /// The whole check.
    pub span: Span,
}

/// A query, ready to be evaluated.
#[derive(Clone, Debug)]
pub struct Goal {
    /// The options of `under (…)`; they have been checked.
    pub under: Vec<ast::UnderOption>,
    /// The body; its head is a relation that the schema does not have, with `columns`.
    pub rule: Rule,
    /// The answer's columns.
    pub columns: Vec<Arc<str>>,
    /// `order by`: column and whether descending.
    pub order: Vec<(usize, bool)>,
    /// `limit n`
    pub limit: Option<u64>,
    /// The whole goal.
    pub span: Span,
}

/// `.input`, `.output` or `.printsize` of one relation.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Which one.
    pub kind: ast::IoKind,
    /// The relation.
    pub predicate: PredId,
    /// The parameters, checked to be known ones.
    pub params: Vec<(String, Value)>,
    /// Where it stands.
    pub span: Span,
}

/// Checks the rules of `programs` against the schema that [`declare()`] made of them.
pub fn analyze(mut schema: Schema, programs: &[&ast::Program]) -> Analysis {
    let mut analysis = Analysis::default();
    // What is wrong with components has been said when they were declared.
    let (programs, _) = components::expand(programs);
    let items: Vec<&ast::Item> = programs.iter().flat_map(|program| &program.items).collect();
    heads::declare_derived(&mut schema, &items, &mut analysis.diagnostics);
    let answers = answer_relations(&mut schema, &items, &mut analysis.diagnostics);
    // With the item's index where it is a check or a query.
    let mut raw: Vec<(RawRule, Option<usize>)> = Vec::new();
    let pairs = subsumption::relations(&mut schema, &items, &mut analysis.diagnostics);
    let mut limits = HashMap::new();
    let mut resolver = Resolver::new(&schema);
    for (index, item) in items.iter().enumerate() {
        match &item.kind {
            ast::ItemKind::Clause(clause) => {
                clause_rules(&mut resolver, item, clause, &mut raw, &mut analysis.facts)
            }
            ast::ItemKind::Check(check) => {
                only_clauses_have_annotations(&mut resolver, item);
                if let Some((pred, names)) = answers.get(&index) {
                    check_message(&mut resolver, check, names);
                    if let Some(rule) =
                        resolver.rule(Head::Answer(*pred, names.clone()), Some(&check.body), &[], item.span)
                    {
                        raw.push((rule, Some(index)));
                    }
                    let message: Vec<&str> = check.message.iter().map(|(text, _)| text.as_str()).collect();
                    resolver.diagnostics.extend(lint::single_use(&[], &check.body, &message));
                }
            }
            ast::ItemKind::Query(goal) => {
                if let Some((pred, names)) = answers.get(&index)
                    && let Some(rule) = goal_rule(&mut resolver, goal, *pred, names)
                {
                    raw.push((rule, Some(index)));
                }
            }
            ast::ItemKind::Io(io) => {
                only_clauses_have_annotations(&mut resolver, item);
                directive(&mut resolver, io, &mut analysis.directives, &mut limits);
            }
            ast::ItemKind::Subsumption(subsumption) => {
                only_clauses_have_annotations(&mut resolver, item);
                if let Some(pair) = pairs.get(&index)
                    && let Some(rule) = subsumption::rule(&mut resolver, subsumption, pair, item.span)
                {
                    raw.push((rule, Some(index)));
                }
            }
            ast::ItemKind::Foreign { what } => resolver.foreign(what, item.span),
            ast::ItemKind::Decl(_)
            | ast::ItemKind::Type(_)
            | ast::ItemKind::Enum(_)
            | ast::ItemKind::Component(_)
            | ast::ItemKind::Instance { .. }
            | ast::ItemKind::Override(_)
            | ast::ItemKind::Include { .. } => {
                only_clauses_have_annotations(&mut resolver, item);
            }
        }
    }
    analysis.diagnostics.append(&mut resolver.diagnostics);
    raw.retain(|(rule, _)| {
        let problems = safety::check(rule);
        let safe = problems.is_empty();
        analysis.diagnostics.extend(problems);
        safe
    });
    drop_readers(&schema, &mut raw);
    let constants = declare::constants(&schema);
    let (rules, origins): (Vec<RawRule>, Vec<Option<usize>>) = raw.into_iter().unzip();
    let types = infer::infer(&mut schema, &constants, &rules);
    let mut typer = typed::Typer::new(&mut schema, &constants);
    for ((raw, types), origin) in rules.iter().zip(&types).zip(origins) {
        let Some(rule) = typer.rule(raw, types) else { continue };
        match origin.map(|index| &items[index].kind) {
            Some(ast::ItemKind::Check(check)) => {
                let columns = answer_names(typer.schema, rule.head);
                analysis.checks.push(Check {
                    name: check.name.as_ref().map(|name| name.text.as_str().into()),
                    deny: check.deny,
                    message: check.message.as_ref().map(|(text, _)| text.as_str().into()),
                    span: rule.span,
                    rule,
                    columns,
                });
            }
            Some(ast::ItemKind::Query(goal)) => {
                let columns = answer_names(typer.schema, rule.head);
                match finish_goal(goal, rule, columns) {
                    Ok(goal) => analysis.queries.push(goal),
                    Err(problems) => typer.diagnostics.extend(problems),
                }
            }
            Some(ast::ItemKind::Subsumption(_)) => {
                if let Some(pair) = origin.and_then(|index| pairs.get(&index)) {
                    analysis.program.subsumptions.push(pair.finish(rule));
                }
            }
            _ => analysis.program.rules.push(rule),
        }
    }
    analysis.diagnostics.append(&mut typer.diagnostics);
    analysis.program.limits = limits;
    let (strata, problems) =
        stratify::stratify(&schema, &analysis.program.rules, &analysis.program.subsumptions);
    analysis.diagnostics.extend(problems);
    analysis.diagnostics.extend(lint::unbounded(&schema, &analysis.program.rules, &strata));
    for (index, rule) in analysis.program.rules.iter().enumerate() {
        analysis.program.rules_of.entry(rule.head).or_default().push(RuleId(index as u32));
    }
    for subsumption in &analysis.program.subsumptions {
        analysis.program.rules_of.entry(subsumption.pred).or_default();
    }
    analysis.program.strata = strata;
    analysis.program.schema = Arc::new(schema);
    // What an error says of a place, a lint need not add to.
    let errors: HashSet<Span> =
        analysis.diagnostics.iter().filter(|found| found.is_error()).filter_map(Diagnostic::span).collect();
    analysis
        .diagnostics
        .retain(|found| found.is_error() || found.span().is_none_or(|span| !errors.contains(&span)));
    diagnostic::sort(&mut analysis.diagnostics);
    analysis.diagnostics.dedup();
    analysis
}

/// Drops the rules that read, directly or not, an undeclared relation of which no rule is left: its
/// mistakes have been reported, and without its types theirs would be guesses.
fn drop_readers(schema: &Schema, raw: &mut Vec<(RawRule, Option<usize>)>) {
    let mut readers: HashMap<PredId, Vec<usize>> = HashMap::new();
    let mut left: HashMap<PredId, usize> = HashMap::new();
    for (index, (rule, _)) in raw.iter().enumerate() {
        *left.entry(rule.head).or_default() += 1;
        infer::each_atom(&rule.alternatives, &mut |pred| readers.entry(pred).or_default().push(index));
    }
    let derived = schema.iter().filter(|(_, predicate)| predicate.kind == PredKind::Derived);
    let mut empty: Vec<PredId> = derived.map(|(id, _)| id).filter(|id| !left.contains_key(id)).collect();
    let mut keep = vec![true; raw.len()];
    while let Some(pred) = empty.pop() {
        for index in readers.get(&pred).into_iter().flatten() {
            if !std::mem::replace(&mut keep[*index], false) {
                continue;
            }
            let head = raw[*index].0.head;
            if let Some(count) = left.get_mut(&head) {
                *count -= 1;
                if *count == 0 {
                    empty.push(head);
                }
            }
        }
    }
    let mut keep = keep.into_iter();
    raw.retain(|_| keep.next().unwrap_or(true));
}

/// Checks a goal against a program. Its answers go to a relation behind the program's last one.
pub fn goal(program: &CheckedProgram, goal: &ast::Goal) -> Result<(Goal, Vec<Diagnostic>), Vec<Diagnostic>> {
    let mut schema = (*program.schema).clone();
    let names = goal_names(&goal.body);
    let pred = add_answer(&mut schema, &names, goal.span);
    let mut resolver = Resolver::new(&schema);
    let raw = goal_rule(&mut resolver, goal, pred, &names);
    let mut diagnostics = resolver.diagnostics;
    let Some(raw) = raw else { return Err(diagnostics) };
    diagnostics.extend(safety::check(&raw));
    if diagnostics.iter().any(Diagnostic::is_error) {
        return Err(diagnostics);
    }
    let constants = declare::constants(&schema);
    let rules = [raw];
    let types = infer::infer(&mut schema, &constants, &rules);
    let mut typer = typed::Typer::new(&mut schema, &constants);
    typer.diagnostics = diagnostics;
    let rule = typer.rule(&rules[0], &types[0]);
    let diagnostics = typer.diagnostics;
    let Some(rule) = rule else { return Err(diagnostics) };
    let columns = names.iter().map(|name| (*name).into()).collect();
    finish_goal(goal, rule, columns).map(|goal| (goal, diagnostics))
}

fn clause_rules<'a>(
    resolver: &mut Resolver<'a>,
    item: &'a ast::Item,
    clause: &'a ast::Clause,
    raw: &mut Vec<(RawRule, Option<usize>)>,
    facts: &mut Vec<Fact>,
) {
    for head in &clause.heads {
        let declared = resolver
            .schema
            .find(&head.name.text)
            .is_some_and(|pred| resolver.schema.predicate(pred).kind == PredKind::Declared);
        if clause.body.is_none() && declared {
            only_clauses_have_annotations(resolver, item);
            match ground::fact(resolver.schema, head) {
                Ok(fact) => facts.push(fact),
                Err(problems) => resolver.diagnostics.extend(problems),
            }
            continue;
        }
        if clause.body.is_none()
            && let Err(span) = ground::is_ground(head)
        {
            let name = "a fact holds no variables".to_owned();
            resolver.report(
                Diagnostic::new(codes::NOT_GROUND, name)
                    .at(span)
                    .help("text needs quotes; a rule needs a body"),
            );
            continue;
        }
        if let Some(rule) =
            resolver.rule(Head::Atom(head), clause.body.as_ref(), &item.annotations, item.span)
        {
            raw.push((rule, None));
        }
    }
    if let Some(body) = &clause.body {
        let templates: Vec<&str> = item
            .annotations
            .iter()
            .flat_map(|annotation| &annotation.args)
            .filter_map(|arg| match &arg.kind {
                ast::ConstKind::String(text) => Some(text.as_str()),
                _ => None,
            })
            .collect();
        resolver.diagnostics.extend(lint::single_use(&clause.heads, body, &templates));
    }
}

fn only_clauses_have_annotations(resolver: &mut Resolver<'_>, item: &ast::Item) {
    for annotation in &item.annotations {
        resolver.report(
            Diagnostic::new(
                codes::BAD_ANNOTATION,
                format!("`@{}` belongs before a rule", annotation.name.text),
            )
            .at(annotation.span),
        );
    }
}

fn goal_rule<'a>(
    resolver: &mut Resolver<'a>,
    goal: &'a ast::Goal,
    pred: PredId,
    names: &[&'a str],
) -> Option<RawRule> {
    if let Err(problems) = scenario::scenario(resolver.schema, &goal.under) {
        resolver.diagnostics.extend(problems);
        return None;
    }
    resolver.rule(Head::Answer(pred, names.to_vec()), Some(&goal.body), &[], goal.span)
}

fn finish_goal(goal: &ast::Goal, rule: Rule, columns: Vec<Arc<str>>) -> Result<Goal, Vec<Diagnostic>> {
    let mut problems = Vec::new();
    let mut order = Vec::new();
    for (name, descending) in &goal.order {
        match columns.iter().position(|column| **column == *name.text) {
            Some(index) => order.push((index, *descending)),
            None => {
                let near = nearest(&name.text, columns.iter().map(|column| &**column));
                problems.push(
                    Diagnostic::new(codes::BAD_ORDER, format!("the answer has no column `{}`", name.text))
                        .at(name.span)
                        .help_opt(did_you_mean(&near)),
                );
            }
        }
    }
    if problems.is_empty() {
        Ok(Goal { under: goal.under.clone(), rule, columns, order, limit: goal.limit, span: goal.span })
    } else {
        Err(problems)
    }
}

/// The columns of a goal's answer: the named variables of its own scope, in order of first
/// occurrence.
fn goal_names(body: &ast::Body) -> Vec<&str> {
    let mut own: HashSet<&str> = HashSet::new();
    for literals in scope::alternatives(body).unwrap_or_default() {
        own.extend(scope::own_names(&literals));
    }
    let mut names: Vec<&str> = Vec::new();
    scope::occurrences(body, &mut |Occurrence { name, .. }| {
        if own.contains(name) && !name.starts_with('_') && !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

/// A check's columns: all its own variables, also those that begin with `_`.
fn check_names(body: &ast::Body) -> Vec<&str> {
    // A variable of one alternative only cannot be in every answer.
    let alternatives = scope::alternatives(body).unwrap_or_default();
    let mut own: Option<HashSet<&str>> = None;
    for literals in &alternatives {
        let names: HashSet<&str> = scope::own_names(literals).into_iter().collect();
        own = Some(match own {
            None => names,
            Some(known) => known.intersection(&names).copied().collect(),
        });
    }
    let own = own.unwrap_or_default();
    let mut names: Vec<&str> = Vec::new();
    scope::occurrences(body, &mut |Occurrence { name, .. }| {
        if own.contains(name) && !names.contains(&name) {
            names.push(name);
        }
    });
    names
}

/// Gives every check and query an answer relation, by the item's index.
fn answer_relations<'a>(
    schema: &mut Schema,
    items: &[&'a ast::Item],
    diagnostics: &mut Vec<Diagnostic>,
) -> HashMap<usize, (PredId, Vec<&'a str>)> {
    let mut answers = HashMap::new();
    let mut checks: HashMap<&str, Span> = HashMap::new();
    for (index, item) in items.iter().enumerate() {
        let names = match &item.kind {
            ast::ItemKind::Check(check) => {
                if let Some(name) = &check.name {
                    if let Some(first) = checks.get(name.text.as_str()) {
                        diagnostics.push(
                            Diagnostic::new(
                                codes::DUPLICATE_CHECK,
                                format!("two checks are named `{}`", name.text),
                            )
                            .labelled(name.span, "named again here")
                            .also(*first, "first named here"),
                        );
                    }
                    checks.entry(&name.text).or_insert(name.span);
                }
                check_names(&check.body)
            }
            ast::ItemKind::Query(goal) => goal_names(&goal.body),
            _ => continue,
        };
        answers.insert(index, (add_answer(schema, &names, item.span), names));
    }
    answers
}

fn add_answer(schema: &mut Schema, names: &[&str], span: Span) -> PredId {
    let id = PredId(schema.predicates.len() as u32);
    schema.predicates.push(Predicate {
        name: "answer".into(),
        columns: names
            .iter()
            .map(|name| Column {
                name: (*name).into(),
                ty: types::builtin::SYMBOL,
                optional: false,
                default: None,
            })
            .collect(),
        key: None,
        ranges: Vec::new(),
        kind: PredKind::Answer,
        span: Some(span),
    });
    id
}

fn answer_names(schema: &Schema, pred: PredId) -> Vec<Arc<str>> {
    schema.predicate(pred).columns.iter().map(|column| column.name.clone()).collect()
}

fn check_message(resolver: &mut Resolver<'_>, check: &ast::Check, names: &[&str]) {
    if let Some((text, span)) = &check.message {
        for problem in template::problems(text, names) {
            resolver.report(Diagnostic::new(codes::BAD_PLACEHOLDER, problem).at(*span));
        }
    }
}

/// `.limitsize R(n=500)`
fn limit_size(resolver: &mut Resolver<'_>, io: &ast::Io, limits: &mut HashMap<PredId, u64>) {
    let mut limit = None;
    for (name, value) in &io.params {
        match (name.text.as_str(), &value.kind) {
            ("n", ast::ConstKind::Int(n)) if *n >= 0 => limit = Some(*n as u64),
            ("n", _) => resolver
                .report(Diagnostic::new(codes::BAD_DIRECTIVE, "`n` is a number of tuples").at(value.span)),
            _ => resolver.report(
                Diagnostic::new(codes::BAD_DIRECTIVE, format!("unknown parameter `{}`", name.text))
                    .at(name.span)
                    .help("`.limitsize` takes `n`"),
            ),
        }
    }
    for name in &io.relations {
        match (resolver.schema.find(&name.text), limit) {
            (None, _) => resolver.unknown_relation(name),
            (Some(pred), Some(limit)) => {
                limits.insert(pred, limit);
            }
            (Some(_), None) if io.params.is_empty() => resolver.report(
                Diagnostic::new(codes::BAD_DIRECTIVE, "`.limitsize` needs a number of tuples")
                    .at(name.span)
                    .help(format!("write `.limitsize {}(n=1000)`", name.text)),
            ),
            (Some(_), None) => {}
        }
    }
}

/// Parameters that directives know: texts, and those that are true or false.
const PARAMETERS: [&str; 7] = ["IO", "format", "filename", "delimiter", "table", "headers", "rfc4180"];
const FLAGS: [&str; 2] = ["headers", "rfc4180"];

fn bad_parameter(resolver: &mut Resolver<'_>, name: &ast::Name, due: &str, span: Span) {
    let message = format!("the parameter `{}` is {due}", name.text);
    resolver.report(Diagnostic::new(codes::BAD_DIRECTIVE, message).at(span));
}

fn directive(
    resolver: &mut Resolver<'_>,
    io: &ast::Io,
    directives: &mut Vec<Directive>,
    limits: &mut HashMap<PredId, u64>,
) {
    if io.kind == ast::IoKind::LimitSize {
        return limit_size(resolver, io, limits);
    }
    let mut params = Vec::new();
    for (name, value) in &io.params {
        if !PARAMETERS.contains(&name.text.as_str()) {
            let near = nearest(&name.text, PARAMETERS);
            resolver.report(
                Diagnostic::new(codes::BAD_DIRECTIVE, format!("unknown parameter `{}`", name.text))
                    .at(name.span)
                    .help_opt(did_you_mean(&near)),
            );
            continue;
        }
        let is_flag = FLAGS.contains(&name.text.as_str());
        match &value.kind {
            ast::ConstKind::Bool(on) if is_flag => params.push((name.text.clone(), Value::Bool(*on))),
            ast::ConstKind::String(text) | ast::ConstKind::Name(text) if is_flag => match text.parse() {
                Ok(on) => params.push((name.text.clone(), Value::Bool(on))),
                Err(_) => bad_parameter(resolver, name, "true or false", value.span),
            },
            ast::ConstKind::String(text) | ast::ConstKind::Name(text) => {
                params.push((name.text.clone(), Value::symbol(text.as_str())));
            }
            _ => {
                let due = if is_flag { "true or false" } else { "a text" };
                bad_parameter(resolver, name, due, value.span);
            }
        }
    }
    for name in &io.relations {
        match resolver.schema.find(&name.text) {
            None => resolver.unknown_relation(name),
            Some(predicate) => {
                directives.push(Directive {
                    kind: io.kind,
                    predicate,
                    params: params.clone(),
                    span: name.span,
                });
            }
        }
    }
}
