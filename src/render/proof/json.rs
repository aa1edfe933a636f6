//! Proofs as JSON. A proof's steps stand in one list and name each other by their place in it, so
//! that nesting is bounded; `docs/proofs.md` describes every key.

use std::io::{self, Write};
use std::sync::Arc;

use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};

use crate::model::{Date, Value};
use crate::render::json::{Json, pretty};
use crate::session::{
    Because, ByRule, Citation, Explanation, FilePlace, ShownPremise, ShownProof, ShownStep,
};

pub(super) fn write(out: &mut dyn Write, explanation: &Explanation) -> io::Result<()> {
    let proofs = explanation.proofs.iter().map(ProofJson::of).collect();
    writeln!(out, "{}", pretty(&ExplanationJson { proofs, more: explanation.more })?)
}

#[derive(Serialize)]
struct ExplanationJson<'a> {
    proofs: Vec<ProofJson<'a>>,
    more: usize,
}

#[derive(Serialize)]
struct ProofJson<'a> {
    fact: &'a str,
    status: &'a str,
    conf: f64,
    may_fall: bool,
    cut: bool,
    steps: Vec<StepJson<'a>>,
}

impl<'a> ProofJson<'a> {
    fn of(proof: &'a ShownProof) -> Self {
        let first = proof.steps.first();
        ProofJson {
            fact: first.map_or("", |step| &step.text),
            status: first.map_or("", |step| step.status.name()),
            conf: first.map_or(1.0, |step| step.conf),
            may_fall: proof.may_fall,
            cut: proof.cut,
            steps: proof.steps.iter().map(StepJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
struct StepJson<'a> {
    relation: Option<&'a str>,
    columns: Columns<'a>,
    text: &'a str,
    sentence: Option<&'a str>,
    status: &'a str,
    conf: f64,
    gave_way: Option<&'a str>,
    stated: Option<Vec<CitationJson<'a>>>,
    rule: Option<RuleJson<'a>>,
}

impl<'a> StepJson<'a> {
    fn of(step: &'a ShownStep) -> Self {
        let (stated, rule) = match &step.because {
            Because::Stated { assertions } => (Some(assertions.iter().map(CitationJson::of).collect()), None),
            Because::Rule(by) => (None, Some(RuleJson::of(by))),
        };
        StepJson {
            relation: step.relation.as_deref(),
            columns: Columns(&step.columns),
            text: &step.text,
            sentence: step.sentence.as_deref(),
            status: step.status.name(),
            conf: step.conf,
            gave_way: step.gave_way.as_deref(),
            stated,
            rule,
        }
    }
}

/// Names with values, in their order.
struct Columns<'a>(&'a [(Arc<str>, Value)]);

impl Serialize for Columns<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (name, value) in self.0 {
            map.serialize_entry(&**name, &Json(value))?;
        }
        map.end()
    }
}

#[derive(Serialize)]
pub(super) struct PlaceJson<'a> {
    file: &'a str,
    line: u32,
}

impl<'a> PlaceJson<'a> {
    pub(super) fn of(place: &'a FilePlace) -> Self {
        PlaceJson { file: &place.file, line: place.line }
    }
}

#[derive(Serialize)]
struct CitationJson<'a> {
    source: Option<&'a str>,
    publisher: Option<&'a str>,
    title: Option<&'a str>,
    published: Option<&'a str>,
    at: Option<&'a str>,
    words: Option<&'a str>,
    quote: Option<&'a str>,
    by: Vec<&'a str>,
    based_on: Vec<&'a str>,
    status: &'a str,
    conf: f64,
    on: Option<&'a str>,
    note: Option<&'a str>,
    place: PlaceJson<'a>,
}

impl<'a> CitationJson<'a> {
    fn of(citation: &'a Citation) -> Self {
        let date = |date: &'a Option<Date>| date.as_ref().map(|date| &**date.text());
        CitationJson {
            source: citation.source.as_deref(),
            publisher: citation.publisher.as_deref(),
            title: citation.title.as_deref(),
            published: date(&citation.published),
            at: citation.at.as_deref(),
            words: citation.words.as_deref(),
            quote: citation.quote.as_deref(),
            by: citation.by.iter().map(|name| &**name).collect(),
            based_on: citation.based_on.iter().map(|source| &**source).collect(),
            status: citation.status.name(),
            conf: citation.conf,
            on: date(&citation.on),
            note: citation.note.as_deref(),
            place: PlaceJson::of(&citation.place),
        }
    }
}

#[derive(Serialize)]
struct RuleJson<'a> {
    place: PlaceJson<'a>,
    alternative: Option<usize>,
    assumptions: &'a [String],
    binding: Columns<'a>,
    premises: Vec<PremiseJson<'a>>,
}

impl<'a> RuleJson<'a> {
    fn of(by: &'a ByRule) -> Self {
        RuleJson {
            place: PlaceJson::of(&by.place),
            alternative: by.alternative,
            assumptions: &by.assumptions,
            binding: Columns(&by.binding),
            premises: by.premises.iter().map(PremiseJson::of).collect(),
        }
    }
}

#[derive(Serialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
enum PremiseJson<'a> {
    Step { step: usize },
    Absent { text: &'a str, over: usize },
    Aggregate { text: &'a str, value: Json<'a>, total: usize, rows: Vec<Vec<PremiseJson<'a>>> },
    Holds { text: &'a str },
}

impl<'a> PremiseJson<'a> {
    fn of(premise: &'a ShownPremise) -> Self {
        match premise {
            ShownPremise::Step(step) => PremiseJson::Step { step: *step },
            ShownPremise::Absent { text, over } => PremiseJson::Absent { text, over: *over },
            ShownPremise::Holds { text } => PremiseJson::Holds { text },
            ShownPremise::Aggregate { text, value, total, rows } => PremiseJson::Aggregate {
                text,
                value: Json(value),
                total: *total,
                rows: rows.iter().map(|row| row.iter().map(PremiseJson::of).collect()).collect(),
            },
        }
    }
}
