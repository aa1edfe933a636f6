//! Findings: of the `deny` and `warn` checks, of the facts themselves, and the lints.

use std::collections::{HashMap, HashSet};

use super::query::{reached, values};
use super::{Error, Session};
use crate::analysis::{Check, template};
use crate::base::{Diagnostic, Severity, Span, diagnostic};
use crate::files::LintLevel;
use crate::model::Value;
use crate::model::schema::{PredId, PredKind};
use crate::storage::Word;
use crate::storage::findings::{self, Evidence};

/// Gives the bytes of a source's text by the name that its `text` column has.
pub type Texts<'t> = &'t dyn Fn(&str) -> Option<Vec<u8>>;

/// Levels of lints and checks, by code or name, in order; the last that fits wins.
#[derive(Clone, Debug, Default)]
pub struct Levels(pub Vec<(String, LintLevel)>);

impl Levels {
    /// The level set for a code or name.
    fn find(&self, code: &str, name: &str) -> Option<LintLevel> {
        let fits = |key: &str| key.eq_ignore_ascii_case(code) || key == name;
        self.0.iter().rev().find(|(key, _)| fits(key)).map(|(_, level)| *level)
    }
}

impl Session {
    /// All findings over the loaded base, at the levels that settings and options give them,
    /// sorted by place. `texts` gives the bytes of a source's text by name, if they are at hand.
    pub fn check(&mut self, texts: Option<Texts<'_>>) -> Result<Vec<Diagnostic>, Error> {
        self.ready()?;
        let mut found = self.base.warnings.clone();
        // Those of the rules that have been typed in are not among the warnings of loading.
        found.extend_from_slice(&self.base.analysis.diagnostics);
        {
            let mut within = self.enter(&[])?;
            found.extend(within.check_findings()?);
            found.extend(within.fact_findings(texts)?);
        }
        let mut found = self.levelled(found);
        diagnostic::sort(&mut found);
        found.dedup();
        Ok(found)
    }

    /// Where sources disagree about one relation, or about any: conflicts, what is held and denied,
    /// and what is stated more and less exactly.
    pub fn conflicts(&mut self, relation: Option<&str>) -> Result<Vec<Diagnostic>, Error> {
        self.ready()?;
        let relation = relation.map(|name| self.relation(name)).transpose()?;
        let within = self.enter(&[])?;
        let all = within.schema().iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared);
        let relations: Vec<PredId> = relation.map_or_else(|| all.map(|(id, _)| id).collect(), |id| vec![id]);
        let database = &within.base.database;
        let mut found: Vec<Diagnostic> =
            relations.into_iter().flat_map(|id| findings::disagreements(database, id)).collect();
        diagnostic::sort(&mut found);
        Ok(found)
    }

    /// Applies the levels: `Allow` drops a finding. Mistakes that keep a base from loading have
    /// none; they are not asked here.
    pub fn levelled(&self, findings: Vec<Diagnostic>) -> Vec<Diagnostic> {
        findings
            .into_iter()
            .filter_map(|mut finding| {
                let set = self
                    .options
                    .levels
                    .find(&finding.code, &finding.name)
                    .or_else(|| self.setting(&finding.code, &finding.name));
                if let Some(level) = set {
                    finding.severity = level.severity()?;
                }
                Some(finding)
            })
            .collect()
    }

    fn setting(&self, code: &str, name: &str) -> Option<LintLevel> {
        let lints = &self.settings.lints;
        let by_code = || lints.iter().find(|(key, _)| key.eq_ignore_ascii_case(code)).map(|(_, level)| level);
        lints.get(name).or_else(by_code).copied()
    }

    /// Names of the project's checks, for flags that take a lint's or check's name.
    pub fn check_names(&self) -> Vec<&str> {
        self.base.analysis.checks.iter().filter_map(|check| check.name.as_deref()).collect()
    }

    fn check_findings(&mut self) -> Result<Vec<Diagnostic>, Error> {
        let checks = self.base.analysis.checks.clone();
        let goals: Vec<_> = checks.iter().map(|check| check.rule.clone()).collect();
        // Everything that checks reach is wanted, so that the facts behind a finding can be found.
        let wanted = reached(self.program(), &goals, &[]);
        let model = self.evaluate(&goals, &wanted)?;
        let mut found = Vec::new();
        for check in &checks {
            let Some(table) = model.table(check.rule.head) else { continue };
            let interner = self.base.database.interner();
            let mut rows: Vec<Vec<Value>> = table.iter().map(|row| values(interner, row)).collect();
            rows.sort();
            for row in rows {
                let places = self.rests_on(&check.rule, &row, &model)?;
                found.push(finding(check, &row, &places));
            }
        }
        Ok(found)
    }

    fn fact_findings(&mut self, texts: Option<Texts<'_>>) -> Result<Vec<Diagnostic>, Error> {
        // Rules may make things of a declared type: their ids are no unresolved references.
        let made: Vec<PredId> = self
            .schema()
            .iter()
            .filter(|(id, predicate)| {
                predicate.kind == PredKind::Declared && self.program().rules_of.contains_key(id)
            })
            .map(|(id, _)| id)
            .collect();
        let model = self.evaluate(&[], &made)?;
        let ids = |id: &PredId| {
            let key = *self.schema().predicate(*id).key.as_deref()?.first()?;
            let rows = model.table(*id)?.iter();
            Some((*id, rows.filter_map(|row| row.get(key).copied()).collect::<HashSet<Word>>()))
        };
        let ids: HashMap<PredId, HashSet<Word>> = made.iter().filter_map(ids).collect();
        let derived = |id: PredId, word: Word| ids.get(&id).is_some_and(|ids| ids.contains(&word));
        let sources = Some(self.sources());
        Ok(findings::findings(&self.base.database, &Evidence { derived: Some(&derived), texts, sources }))
    }
}

/// One answer of a check as a diagnostic: at the first fact it rests on, the others beside it.
fn finding(check: &Check, row: &[Value], places: &[Span]) -> Diagnostic {
    let value = |name: &str| {
        let index = check.columns.iter().position(|column| **column == *name)?;
        Some(row[index].plain())
    };
    let name = check.name.as_deref().unwrap_or("constraint");
    let message = match &check.message {
        Some(message) => template::fill(message, value),
        None => {
            let values: Vec<String> = check
                .columns
                .iter()
                .zip(row)
                .filter(|(column, _)| !column.starts_with('_'))
                .map(|(column, value)| format!("{column} = {value}"))
                .collect();
            if values.is_empty() {
                "a constraint does not hold".to_owned()
            } else {
                format!("a constraint does not hold with {}", values.join(", "))
            }
        }
    };
    let mut diagnostic = Diagnostic {
        code: name.to_owned(),
        name: name.to_owned(),
        severity: if check.deny { Severity::Error } else { Severity::Warning },
        message,
        primary: None,
        secondary: Vec::new(),
        notes: Vec::new(),
        help: Vec::new(),
        fix: None,
    };
    match places.split_first() {
        None => diagnostic.at(check.span),
        Some((first, rest)) => {
            diagnostic = diagnostic.at(*first);
            for place in rest {
                diagnostic = diagnostic.also(*place, "");
            }
            diagnostic
        }
    }
}
