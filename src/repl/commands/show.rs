//! Commands that show what there is.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::{Console, Done, Shell, unquoted, usage};
use crate::base::{Diagnostic, escape};
use crate::model::Value;
use crate::render::diagnostics::Tally;
use crate::render::fact_text;
use crate::repl::shell::status;
use crate::repl::told;
use crate::session::{Answer, Error};

pub(super) fn relations(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    let number = |n: usize| Value::Number(i64::try_from(n).unwrap_or(i64::MAX));
    let rows =
        shell.session.relations().into_iter().map(|relation| {
            vec![Value::symbol(relation.name), number(relation.stated), number(relation.rules)]
        });
    let answer = Answer {
        columns: ["relation", "stated", "rules"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
        ..Answer::default()
    };
    let shown = shell.view.answer(console, answer, None)?;
    shell.told(console, shown)
}

pub(super) fn schema(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    match shell.session.schema_text((!name.is_empty()).then_some(name)) {
        Ok(text) => write(console, &shell.view.painted(&text)),
        Err(error) => shell.refused(console, &error),
    }
}

pub(super) fn rules(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    if name.is_empty() {
        for rule in shell.session.project_rules() {
            writeln!(console, "{}", shell.view.painted(&rule))?;
        }
        let typed = shell.session.typed_in();
        if !typed.is_empty() {
            writeln!(console, "{}", shell.view.painted("// in this session"))?;
        }
        for text in typed {
            writeln!(console, "{}", shell.view.painted(text))?;
        }
        return Ok(Done::WELL);
    }
    let rules = match shell.session.rules_text(Some(name)) {
        Ok(rules) => rules,
        Err(error) => return shell.refused(console, &error),
    };
    if rules.is_empty() {
        writeln!(console, "no rule defines `{name}`; `:facts {name}` shows what is stated")?;
    }
    for rule in rules {
        writeln!(console, "{}", shell.view.painted(&rule))?;
    }
    Ok(Done::WELL)
}

pub(super) fn facts(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    let name = unquoted(name);
    if name.is_empty() {
        return shell.told(console, Err(usage("facts", "`:facts` of which relation or id?")));
    }
    let facts = match shell.session.facts(name) {
        Ok(facts) => facts,
        Err(error) => return shell.refused(console, &as_error(error)),
    };
    let shown = shell.view.limit.unwrap_or(facts.len()).min(facts.len());
    for fact in facts.iter().take(shown) {
        let text = fact_text(shell.session.schema(), fact);
        let place = shell.session.sources().place(fact.assertion.span);
        let line = format!("{text}  // {}", escape::printable(&place));
        writeln!(console, "{}", shell.view.painted(&line))?;
    }
    let count = told::count(facts.len(), "fact");
    if shown < facts.len() {
        writeln!(console, "{shown} of {count}; `:limit off` shows all")?;
    } else {
        writeln!(console, "{count}")?;
    }
    Ok(Done::WELL)
}

pub(super) fn source(shell: &mut Shell, console: &mut Console, id: &str) -> io::Result<Done> {
    let id = unquoted(id);
    if id.is_empty() {
        return shell.told(console, Err(usage("source", "which source?")));
    }
    let info = match shell.session.source(id) {
        Ok(info) => info,
        Err(error) => return shell.refused(console, &as_error(error)),
    };
    for fact in &info.facts {
        let text = fact_text(shell.session.schema(), fact);
        writeln!(console, "{}", shell.view.painted(&text))?;
    }
    let mut relations: BTreeMap<&str, usize> = BTreeMap::new();
    for (name, n) in &info.stated {
        *relations.entry(name).or_default() += n;
    }
    let total: usize = relations.values().sum();
    writeln!(console, "states {}", told::count(total, "fact"))?;
    let parts: Vec<String> = relations.iter().map(|(name, n)| format!("{name} {n}")).collect();
    write(console, &told::prose(&parts.join(", "), 2, shell.view.columns()))
}

pub(super) fn conflicts(shell: &mut Shell, console: &mut Console, name: &str) -> io::Result<Done> {
    match shell.session.conflicts((!name.is_empty()).then_some(name)) {
        Ok(found) => {
            shell.scenario(console)?;
            findings(shell, console, &found, "no conflicts")
        }
        Err(error) => shell.refused(console, &error),
    }
}

pub(super) fn check(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    match shell.session.check(None) {
        Ok(found) => {
            shell.scenario(console)?;
            findings(shell, console, &found, "all checks passed")
        }
        Err(error) => shell.refused(console, &error),
    }
}

/// Shows findings as the answer that they are; an error among them is a failure.
fn findings(shell: &Shell, console: &mut Console, found: &[Diagnostic], none: &str) -> io::Result<Done> {
    if found.is_empty() {
        return write(console, &format!("{none}\n"));
    }
    write!(console, "{}", shell.rendered(found, shell.view.color))?;
    writeln!(console, "\n{}", Tally::of(found))?;
    Ok(if found.iter().any(Diagnostic::is_error) { Done::failed(1) } else { Done::WELL })
}

pub(super) fn plan(shell: &mut Shell, console: &mut Console, goal: &str) -> io::Result<Done> {
    if goal.is_empty() {
        return shell.told(console, Err(usage("plan", "the plan of which goal?")));
    }
    match shell.session.explain_plan(goal) {
        Ok(explained) => {
            shell.scenario(console)?;
            write(console, &explained.text())
        }
        Err(error) => shell.refused(console, &error),
    }
}

pub(super) fn profile(shell: &mut Shell, console: &mut Console, goal: &str) -> io::Result<Done> {
    let goal = if goal.is_empty() { shell.last_goal.clone() } else { Some(goal.to_owned()) };
    let Some(goal) = goal else {
        return shell.told(console, Err(usage("profile", "nothing was asked yet")));
    };
    match shell.session.profile(&goal) {
        Ok(text) => {
            shell.scenario(console)?;
            shell.last_goal = Some(goal);
            write(console, &text)
        }
        Err(error) => shell.refused(console, &error),
    }
}

pub(super) fn history(shell: &mut Shell, console: &mut Console, _: &str) -> io::Result<Done> {
    let width = shell.history.len().to_string().len().max(3);
    for (i, input) in shell.history.iter().enumerate() {
        let mut number = (i + 1).to_string();
        for line in input.lines() {
            writeln!(console, "{number:>width$}  {}", escape::printable(line))?;
            number.clear();
        }
    }
    Ok(Done::WELL)
}

fn write(console: &mut Console, text: &str) -> io::Result<Done> {
    write!(console, "{text}")?;
    Ok(Done::WELL)
}

/// An unknown name is a mistake here, though only a warning in a query.
fn as_error(error: Error) -> Error {
    debug_assert_eq!(status(&error), 2);
    match error {
        Error::Invalid(mut found) => {
            for diagnostic in &mut found {
                diagnostic.severity = crate::base::Severity::Error;
            }
            Error::Invalid(found)
        }
        other => other,
    }
}
