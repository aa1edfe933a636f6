//! What a query gives back.

use crate::analysis::declare::status_value;
use crate::model::{Status, Value};
use crate::provenance::annotate::{Annotation, Wanted};

/// The answer of one query: a set of rows, in the order in which they are to be shown.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Answer {
    /// Names of the variables, in order of first occurrence in the goal; no name occurs twice.
    pub columns: Vec<String>,
    /// One value a column, each row once.
    pub rows: Vec<Vec<Value>>,
    /// Rows of the answer that are not here, because only so many were asked for.
    pub more: usize,
    /// Whether the goal names no variable: the answer is then yes or no, and yes means that `rows`
    /// is not empty.
    pub ground: bool,
    /// What a reader has to know beside the rows, one sentence each: files that were left out.
    pub notes: Vec<String>,
    /// How firmly each row is known; empty if every row is held and no more was asked for.
    pub firmness: Vec<Annotation>,
    /// Whether how firmly the rows are known rests on too much to have been worked out.
    pub unsettled: bool,
    /// Annotations that were asked for, to be shown as columns behind the variables.
    pub asked: Wanted,
    /// Those of them that could not be worked out: their columns are empty.
    pub unknown: Wanted,
}

impl Answer {
    /// The annotations that were asked for and could be worked out.
    pub fn worked_out(&self) -> Wanted {
        let mut known = Wanted::default();
        for ((name, asked), (_, unknown)) in self.asked.names().into_iter().zip(self.unknown.names()) {
            if asked && !unknown {
                known.add(name);
            }
        }
        known
    }

    /// `yes` or `no` if the goal was ground.
    pub fn verdict(&self) -> Option<&'static str> {
        self.ground.then_some(if self.rows.is_empty() { "no" } else { "yes" })
    }

    /// The same with what is annotated: `yes (Planned)`.
    pub fn verdict_text(&self) -> Option<String> {
        if !self.ground {
            return None;
        }
        let Some(row) = self.rows.first() else { return Some("no".to_owned()) };
        let mut beside = Vec::new();
        for (name, value) in self.columns.iter().zip(row) {
            match (name.as_str(), value) {
                (_, Value::Nil) => {}
                ("_status", Value::Enum(status)) if *status.name == *Status::Held.name() => {}
                ("_status", value) => beside.push(value.plain()),
                (name, value) => {
                    beside.push(format!("{} {}", name.trim_start_matches('_'), value.plain()));
                }
            }
        }
        Some(if beside.is_empty() { "yes".to_owned() } else { format!("yes ({})", beside.join("; ")) })
    }

    /// Rows that are known less firmly than as held.
    pub fn below_held(&self) -> usize {
        self.firmness.iter().filter(|known| known.status != Some(Status::Held)).count()
    }

    /// A sentence that counts the rows below held, if there are any.
    pub fn below_held_text(&self) -> Option<String> {
        let below = self.below_held();
        if below == 0 {
            return None;
        }
        let count = |status: Option<Status>| {
            let n = self.firmness.iter().filter(|known| known.status == status).count();
            (n > 0).then(|| format!("{n} {}", status.map_or("denied or cancelled", Status::name)))
        };
        let each: Vec<String> =
            [Some(Status::Confirmed), Some(Status::Planned), Some(Status::Proposed), None]
                .into_iter()
                .filter_map(count)
                .collect();
        Some(match self.rows.len() {
            1 => format!("the answer is less than held: {}", each.join(", ").trim_start_matches("1 ")),
            n => format!("{below} of {n} answers are less than held: {}", each.join(", ")),
        })
    }

    /// This with annotations as further columns. Those that stand there already stay.
    pub fn with_annotations(mut self, wanted: Wanted) -> Answer {
        let certain = Annotation::certain();
        for ((name, on), (_, unknown)) in wanted.names().into_iter().zip(self.unknown.names()) {
            let column = format!("_{name}");
            if !on || self.columns.contains(&column) {
                continue;
            }
            self.columns.push(column);
            for (at, row) in self.rows.iter_mut().enumerate() {
                row.push(if unknown {
                    Value::Nil
                } else {
                    value(self.firmness.get(at).unwrap_or(&certain), name)
                });
            }
        }
        self
    }

    /// As it is shown: with the annotations that were asked for, and in a table with the status
    /// wherever a row is less than held.
    pub fn shown(self, in_table: bool) -> Answer {
        let mut wanted = self.asked;
        wanted.status |= in_table && self.below_held() > 0;
        self.with_annotations(wanted)
    }
}

fn value(known: &Annotation, name: &str) -> Value {
    match name {
        "status" => known.status.map_or(Value::Nil, status_value),
        "conf" => Value::float(known.conf),
        "since" => known.day().map_or(Value::Nil, |date| Value::Date(date.clone())),
        "sources" => {
            let set = |set: &Vec<std::sync::Arc<str>>| {
                Value::List(set.iter().map(|source| Value::Symbol(source.clone())).collect())
            };
            Value::List(known.sources.iter().map(set).collect())
        }
        _ => Value::List(known.assumptions.iter().map(|text| Value::symbol(text.as_str())).collect()),
    }
}
