//! Cases as data: `tests/corpus/eval/*.case`, each a program with facts and what must come out.
//!
//! A case is prose, then sections that begin with `== name ==` on a line of its own:
//!
//! - `program`: rules; `facts`: a fact file in RON, if there is one.
//! - `limits`: lines `rows N` or `rounds N`, if there are any.
//! - `query` followed by `expected`: the answer's columns on the first line, then a row a line,
//!   values as the language writes them, both separated by `, `; `yes` or `no` if the query is
//!   ground. Or by `error`. Any number of these.
//! - `error` without a query before it: the base does not load. Each line is a code and words that
//!   the message has to contain.
//! - `warnings`: codes that loading reports; without it there may be none but `FL500`.
//!
//! Each case is run as written, by demand and with relations whole, with program and queries printed and read again, with the
//! literals of the program in reverse order, and by the reference evaluator.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use factlog::analysis;
use factlog::base::{Budget, Diagnostic, FileId, Limits};
use factlog::engine::naive::{self, Relations};
use factlog::model::program::{CheckedProgram, Rule};
use factlog::model::schema::{PredId, PredKind};
use factlog::session::{Error, Options, Session};
use factlog::syntax::datalog::{ast, parse_goal, parse_program, print};

#[derive(Debug, Default)]
struct Case {
    program: String,
    facts: String,
    limits: String,
    warnings: String,
    /// What loading reports, line by line; empty if it succeeds.
    error: String,
    queries: Vec<Query>,
}

#[derive(Debug, Default)]
struct Query {
    text: String,
    expected: Vec<String>,
    error: String,
}

fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).unwrap();
    let mut case = Case::default();
    let mut section = String::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("== ").and_then(|line| line.strip_suffix(" ==")) {
            section = name.to_owned();
            assert!(
                ["program", "facts", "limits", "warnings", "error", "query", "expected"].contains(&name),
                "{}: no section is called `{name}`",
                path.display()
            );
            if name == "query" {
                case.queries.push(Query::default());
            }
            continue;
        }
        let with_query = case.queries.last_mut();
        let add = |text: &mut String| *text += &format!("{line}\n");
        match (section.as_str(), with_query) {
            ("program", _) => add(&mut case.program),
            ("facts", _) => add(&mut case.facts),
            ("limits", _) => add(&mut case.limits),
            ("warnings", _) => add(&mut case.warnings),
            ("error", None) => add(&mut case.error),
            ("error", Some(query)) => add(&mut query.error),
            ("query", Some(query)) => add(&mut query.text),
            ("expected", Some(query)) if !line.is_empty() => query.expected.push(line.to_owned()),
            _ => {}
        }
    }
    assert!(!case.error.is_empty() || !case.queries.is_empty(), "{} expects nothing", path.display());
    case
}

fn limits(case: &Case) -> Limits {
    let mut limits = Limits::none();
    for line in case.limits.lines().filter(|line| !line.is_empty()) {
        match line.split_once(' ').map(|(name, n)| (name, n.parse().ok())) {
            Some(("rows", rows @ Some(_))) => limits.rows = rows,
            Some(("rounds", rounds @ Some(_))) => limits.rounds = rounds,
            _ => panic!("no limit: `{line}`"),
        }
    }
    limits
}

/// Whether every line of `expected` (a code and words) describes one of `found`, and no error is
/// left that none describes.
fn described(expected: &str, found: &[Diagnostic]) -> Result<(), String> {
    let fits = |line: &str, diagnostic: &Diagnostic| {
        let (code, words) = line.split_once(' ').unwrap_or((line, ""));
        diagnostic.code == code && diagnostic.message.contains(words)
    };
    let lines: Vec<&str> = expected.lines().filter(|line| !line.is_empty()).collect();
    let all = lines.iter().all(|line| found.iter().any(|diagnostic| fits(line, diagnostic)));
    let unexpected =
        |diagnostic: &&Diagnostic| diagnostic.is_error() && !lines.iter().any(|line| fits(line, diagnostic));
    if all && !lines.is_empty() && !found.iter().any(|diagnostic| unexpected(&diagnostic)) {
        return Ok(());
    }
    let found: Vec<String> = found.iter().map(|found| format!("{} {}", found.code, found.message)).collect();
    Err(format!("expected\n{}\nfound\n{}", expected.trim(), found.join("\n")))
}

fn open(dir: &Path, program: &str, facts: &str, whole: bool) -> Session {
    std::fs::create_dir_all(dir.join("rules")).unwrap();
    std::fs::create_dir_all(dir.join("facts")).unwrap();
    std::fs::write(dir.join("rules/case.dl"), program).unwrap();
    std::fs::write(dir.join("facts/case.ron"), facts).unwrap();
    let opened = Session::open(Some(dir), Options { whole, ..Options::default() });
    opened.map_err(|(diagnostic, _)| diagnostic).unwrap()
}

/// Loads and asks as a user would.
fn run(case: &Case, program: &str, whole: bool, goal: impl Fn(&str) -> String) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let mut session = open(dir.path(), program, &case.facts, whole);
    if !case.error.is_empty() {
        return described(&case.error, session.broken());
    }
    if !session.broken().is_empty() {
        return Err(format!("does not load: {:#?}", session.broken()));
    }
    let warned: BTreeSet<&str> = session
        .load_warnings()
        .iter()
        .map(|warning| &*warning.code)
        .filter(|code| *code != "FL500")
        .collect();
    let expected: BTreeSet<&str> = case.warnings.lines().filter(|line| !line.is_empty()).collect();
    if warned != expected {
        return Err(format!("warnings: expected {expected:?}, found {:#?}", session.load_warnings()));
    }
    session.set_limits(limits(case));
    for query in &case.queries {
        let text = goal(&query.text);
        let outcome = match session.query(&text) {
            Ok(_) if !query.error.is_empty() => Err("an answer, where an error is expected".to_owned()),
            Ok((answer, _)) => compare(query, &answer.columns, &answer.rows, answer.verdict()),
            Err(Error::Cancelled) => Err("interrupted".to_owned()),
            Err(error) => described(&query.error, error.diagnostics()),
        };
        outcome.map_err(|why| format!("{text}{why}"))?;
        // What failed leaves the session usable.
        if !query.error.is_empty() && session.query("1 = 1").is_err() {
            return Err(format!("{text}leaves the session broken"));
        }
    }
    Ok(())
}

fn compare(
    query: &Query,
    columns: &[String],
    rows: &[Vec<factlog::model::Value>],
    verdict: Option<&str>,
) -> Result<(), String> {
    let line = |row: &Vec<factlog::model::Value>| {
        row.iter().map(|value| value.to_string()).collect::<Vec<_>>().join(", ")
    };
    let found: Vec<String> = match verdict {
        Some(verdict) => vec![verdict.to_owned()],
        None => std::iter::once(columns.join(", ")).chain(rows.iter().map(line)).collect(),
    };
    if found == query.expected {
        return Ok(());
    }
    Err(format!("expected\n{}\nfound\n{}", query.expected.join("\n"), found.join("\n")))
}

/// Parser and printer, then as [`run`].
fn printed(case: &Case) -> Result<(), String> {
    let goal = |text: &str| match parse_goal(FileId(0), text) {
        (Some(goal), problems) if problems.is_empty() => print::goal_text(&goal),
        _ => text.to_owned(),
    };
    match parse_program(FileId(0), &case.program) {
        (program, problems) if problems.is_empty() => {
            let items: Vec<String> = program.items.iter().map(print::item_text).collect();
            run(case, &items.join("\n"), false, goal)
        }
        // There is nothing to print of what does not parse.
        _ => Ok(()),
    }
}

/// Literals and rules in reverse order.
fn reversed(case: &Case) -> Result<(), String> {
    let (mut program, problems) = parse_program(FileId(0), &case.program);
    if !problems.is_empty() || !case.error.is_empty() {
        return Ok(());
    }
    for item in &mut program.items {
        if let ast::ItemKind::Clause(ast::Clause { body: Some(body), .. }) = &mut item.kind {
            reverse(body);
        }
    }
    let items: Vec<String> = program.items.iter().rev().map(print::item_text).collect();
    run(case, &items.join("\n"), false, str::to_owned)
}

fn reverse(body: &mut ast::Body) {
    body.alternatives.reverse();
    for literals in &mut body.alternatives {
        literals.reverse();
        literals.iter_mut().for_each(reverse_within);
    }
}

fn reverse_within(literal: &mut ast::Literal) {
    match &mut literal.kind {
        ast::LiteralKind::Not(inner) => reverse_within(inner),
        ast::LiteralKind::Group(body) => reverse(body),
        ast::LiteralKind::Compare { left, right, .. } => {
            for side in [left, right] {
                if let ast::ExprKind::Aggregate(aggregate) = &mut side.kind {
                    reverse(&mut aggregate.body);
                }
            }
        }
        _ => {}
    }
}

/// The reference evaluator on what the session loaded.
fn reference(case: &Case) -> Result<(), String> {
    let dir = tempfile::tempdir().unwrap();
    let session = open(dir.path(), &case.program, &case.facts, false);
    if !case.error.is_empty() {
        return Ok(());
    }
    let program = session.program();
    let database = session.database();
    let mut stated = Relations::new();
    for (id, predicate) in program.schema.iter() {
        if !matches!(predicate.kind, PredKind::Declared | PredKind::Assertions(_)) {
            continue;
        }
        let row = |row: &[u32]| row.iter().map(|word| database.interner().value(*word)).collect();
        stated.insert(id, database.table(id).into_iter().flat_map(|table| table.iter()).map(row).collect());
    }
    for query in &case.queries {
        let (goal, _) = parse_goal(FileId(0), &query.text);
        let Some(goal) = goal else { continue };
        let Ok((goal, _)) = analysis::goal(program, &goal) else { continue };
        let budget = Budget::new(limits(case), Default::default());
        let program = &needed(program, &goal.rule);
        let outcome = match naive::evaluate(program, std::slice::from_ref(&goal.rule), &stated, &budget) {
            Err(_) if !query.error.is_empty() => Ok(()),
            Err(error) => Err(error.to_string()),
            Ok(_) if !query.error.is_empty() => Err("an answer, where an error is expected".to_owned()),
            Ok(model) => {
                let mut rows: Vec<_> = model[&goal.rule.head].iter().cloned().collect();
                for (column, descending) in goal.order.iter().rev() {
                    rows.sort_by(|a, b| {
                        let order = a[*column].cmp(&b[*column]);
                        if *descending { order.reverse() } else { order }
                    });
                }
                rows.truncate(goal.limit.map_or(usize::MAX, |limit| limit as usize));
                let columns: Vec<String> = goal.columns.iter().map(|column| column.to_string()).collect();
                let verdict = columns.is_empty().then_some(if rows.is_empty() { "no" } else { "yes" });
                compare(query, &columns, &rows, verdict)
            }
        };
        outcome.map_err(|why| format!("{}{why}", query.text))?;
    }
    Ok(())
}

/// The program with only the strata that the goal depends on: what else it holds is not evaluated,
/// and its errors are nobody's.
fn needed(program: &CheckedProgram, goal: &Rule) -> CheckedProgram {
    let mut reached: BTreeSet<PredId> = BTreeSet::new();
    goal.body.atoms(&mut |atom, _| {
        reached.insert(atom.pred);
    });
    for stratum in program.strata.iter().rev() {
        if stratum.predicates.iter().any(|pred| reached.contains(pred)) {
            for rule in &stratum.rules {
                program.rule(*rule).body.atoms(&mut |atom, _| {
                    reached.insert(atom.pred);
                });
            }
        }
    }
    let mut needed = program.clone();
    needed.strata.retain(|stratum| stratum.predicates.iter().any(|pred| reached.contains(pred)));
    needed
}

fn cases() -> Vec<PathBuf> {
    let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus/eval");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "case"));
    paths.sort();
    paths
}

#[test]
fn every_case_comes_out_as_expected() {
    let paths = cases();
    let mut wrong = Vec::new();
    for path in &paths {
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let case = read(path);
        let treatments = [
            ("as written", run(&case, &case.program, false, str::to_owned)),
            ("with relations whole", run(&case, &case.program, true, str::to_owned)),
            ("printed and read again", printed(&case)),
            ("in reverse order", reversed(&case)),
            ("by the reference", reference(&case)),
        ];
        for (treatment, outcome) in treatments {
            if let Err(why) = outcome {
                wrong.push(format!("{name}, {treatment}: {why}"));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
    assert!(paths.len() >= 40, "only {} cases", paths.len());
}
