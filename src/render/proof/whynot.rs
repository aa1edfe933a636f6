//! Why a tuple does not hold, as text. The facts that are missing are written as fact files hold
//! them, to be pasted.

use std::io::{self, Write};

use serde::Serialize;

use super::json::PlaceJson;
use super::outline::{Item, more};
use super::{ProofFormat, ProofStyle, graph, html, tree};
use crate::base::escape;
use crate::model::Schema;
use crate::render::fact::fact_text;
use crate::render::json::pretty;
use crate::session::{
    Condition, ConditionOutcome, MissingFact, ShownAttempt, ShownExchange, StatedFact, WhyNot,
};

/// Writes why a tuple does not hold, not the notes. `schema` is that of the session.
///
/// # Errors
/// Those of the writer.
pub fn write_whynot(
    out: &mut dyn Write,
    whynot: &WhyNot,
    schema: &Schema,
    format: ProofFormat,
    style: ProofStyle,
) -> io::Result<()> {
    match format {
        ProofFormat::Tree => {
            tree::write_item(out, &item(whynot), style)?;
            write_remedies(out, whynot, schema)
        }
        ProofFormat::Json => writeln!(out, "{}", pretty(&WhyNotJson::of(whynot, schema))?),
        ProofFormat::Mermaid => graph::write_items(out, &with_sets(whynot, schema), graph::Language::Mermaid),
        ProofFormat::Dot => graph::write_items(out, &with_sets(whynot, schema), graph::Language::Dot),
        ProofFormat::Html => {
            let mut text = Vec::new();
            write_remedies(&mut text, whynot, schema)?;
            html::write_page(out, &whynot.text, &item(whynot), &String::from_utf8_lossy(&text))
        }
    }
}

fn item(whynot: &WhyNot) -> Item {
    let mut item = Item::text(format!("{} does not hold", whynot.text));
    item.details = whynot.near.clone();
    let told = whynot.stated || whynot.gives_way;
    if whynot.attempts.is_empty() && whynot.others.is_empty() && !told {
        item.details.push("nobody states it, and no rule derives such a tuple".to_owned());
    }
    item.below = whynot.attempts.iter().map(attempt).collect();
    if whynot.more > 0 {
        item.below.push(Item::text(format!("… and {}", more(whynot.more, "attempt"))));
    }
    match whynot.others.as_slice() {
        [] => {}
        [place] => item.below.push(Item::text(format!("the rule at {place} derives only other tuples"))),
        places => {
            let places: Vec<String> = places.iter().map(ToString::to_string).collect();
            let text = format!("the rules at {} derive only other tuples", places.join(", "));
            item.below.push(Item::text(text));
        }
    }
    item
}

fn attempt(attempt: &ShownAttempt) -> Item {
    let of = attempt.conditions.len();
    let alternative = attempt.alternative.map(|number| format!(", alternative {number}")).unwrap_or_default();
    let mut item = Item::text(format!(
        "{} of {of} conditions of the rule at {}{alternative}",
        attempt.met, attempt.place
    ));
    item.details.push(attempt.head.clone());
    item.below = attempt.conditions.iter().map(condition).collect();
    item
}

fn condition(condition: &Condition) -> Item {
    let mark = match condition.outcome {
        ConditionOutcome::Met => "✓",
        ConditionOutcome::Unmet => "✗",
        ConditionOutcome::Open => "?",
    };
    let mut item = Item::text(format!("{mark} {}", condition.text));
    item.details = condition.remarks.clone();
    item.below = condition.inner.iter().map(attempt).collect();
    item
}

/// The same with the missing facts hanging from it.
fn with_sets(whynot: &WhyNot, schema: &Schema) -> Item {
    let mut item = item(whynot);
    for set in &whynot.sets {
        let mut holds = Item::text("it would hold with");
        holds.below = set.iter().map(|missing| Item::text(fact_text(schema, &missing.fact))).collect();
        item.below.push(holds);
    }
    for set in &whynot.without {
        let mut holds = Item::text("it would hold without");
        holds.below = set.iter().map(|stated| Item::text(fact_text(schema, &stated.fact))).collect();
        item.below.push(holds);
    }
    for ShownExchange { with, without } in &whynot.both {
        let mut holds = Item::text("it would hold with and without");
        let with = with.iter().map(|missing| format!("with {}", fact_text(schema, &missing.fact)));
        let without = without.iter().map(|stated| format!("without {}", fact_text(schema, &stated.fact)));
        holds.below = with.chain(without).map(Item::text).collect();
        item.below.push(holds);
    }
    item
}

fn write_remedies(out: &mut dyn Write, whynot: &WhyNot, schema: &Schema) -> io::Result<()> {
    write_sets(out, whynot, schema)?;
    write_without(out, whynot, schema)?;
    write_both(out, whynot, schema)
}

/// `one more fact`, `two stated facts`.
fn facts(count: usize, how: &str) -> String {
    match count {
        1 => format!("one {how} fact"),
        2 => format!("two {how} facts"),
        3 => format!("three {how} facts"),
        n => format!("{n} {how} facts"),
    }
}

fn write_sets(out: &mut dyn Write, whynot: &WhyNot, schema: &Schema) -> io::Result<()> {
    let Some(first) = whynot.sets.first() else {
        return match (whynot.cut, whynot.attempts.is_empty()) {
            (false, true) => Ok(()),
            (true, _) => writeln!(out, "\nNo facts were found that would make it hold; the search was cut."),
            (false, false) if whynot.without.is_empty() && whynot.both.is_empty() => {
                writeln!(out, "\nNo three facts would make it hold.")
            }
            (false, false) => writeln!(out, "\nNo three more facts alone would make it hold."),
        };
    };
    let facts = facts(first.len(), "more");
    let any = if whynot.sets.len() > 1 { ", any of these" } else { "" };
    writeln!(out, "\nIt would hold with {facts}{any}:")?;
    for set in &whynot.sets {
        writeln!(out)?;
        set.iter().try_for_each(|missing| write_missing(out, "", missing, schema))?;
    }
    if whynot.cut {
        writeln!(out, "\nNot every set of facts was tried; there may be others.")?;
    }
    Ok(())
}

fn write_without(out: &mut dyn Write, whynot: &WhyNot, schema: &Schema) -> io::Result<()> {
    let Some(first) = whynot.without.first() else { return Ok(()) };
    let facts = facts(first.len(), "stated");
    let any = if whynot.without.len() > 1 { ", any of these" } else { "" };
    writeln!(out, "\nIt would hold without {facts}{any}:")?;
    for set in &whynot.without {
        writeln!(out)?;
        set.iter().try_for_each(|stated| write_stated(out, "", stated, schema))?;
    }
    if whynot.cut_without {
        writeln!(out, "\nNot every fact in the way was tried; there may be others.")?;
    }
    Ok(())
}

/// As one types it at the prompt: what to assert, and what to retract.
fn write_both(out: &mut dyn Write, whynot: &WhyNot, schema: &Schema) -> io::Result<()> {
    let Some(first) = whynot.both.first() else { return Ok(()) };
    let [more, stated] = [facts(first.with.len(), "more"), facts(first.without.len(), "stated")];
    let any = if whynot.both.len() > 1 { ", any of these" } else { "" };
    writeln!(out, "\nIt would hold with {more} and without {stated}{any}:")?;
    for ShownExchange { with, without } in &whynot.both {
        writeln!(out)?;
        with.iter().try_for_each(|missing| write_missing(out, "+", missing, schema))?;
        without.iter().try_for_each(|stated| write_stated(out, "-", stated, schema))?;
    }
    if whynot.cut_both {
        writeln!(out, "\nNot every exchange of facts was tried; there may be others.")?;
    }
    Ok(())
}

/// A line for a fact to state; `sign` stands before it and, where there is one, no comma behind.
fn write_missing(
    out: &mut dyn Write,
    sign: &str,
    MissingFact { fact, any }: &MissingFact,
    schema: &Schema,
) -> io::Result<()> {
    let comma = if sign.is_empty() { "," } else { "" };
    let text = escape::printable(&fact_text(schema, fact)).into_owned();
    let any: Vec<&str> = any.iter().map(|name| &**name).collect();
    match any.as_slice() {
        [] => writeln!(out, "    {sign}{text}{comma}"),
        any => writeln!(out, "    {sign}{text}{comma}  // {}: any", any.join(", ")),
    }
}

/// The same for a fact that is stated.
fn write_stated(
    out: &mut dyn Write,
    sign: &str,
    StatedFact { fact, places }: &StatedFact,
    schema: &Schema,
) -> io::Result<()> {
    let comma = if sign.is_empty() { "," } else { "" };
    let text = escape::printable(&fact_text(schema, fact)).into_owned();
    let place = places.first().map(|place| format!("  // {place}")).unwrap_or_default();
    let others = match places.len() {
        0 | 1 => String::new(),
        n => format!(" and {}", more(n - 1, "place")),
    };
    writeln!(out, "    {sign}{text}{comma}{}{others}", escape::printable(&place))
}

#[derive(Serialize)]
struct WhyNotJson<'a> {
    fact: &'a str,
    near: &'a [String],
    attempts: Vec<AttemptJson<'a>>,
    more: usize,
    others: Vec<String>,
    sets: Vec<Vec<MissingJson<'a>>>,
    cut: bool,
    without: Vec<Vec<StatedJson<'a>>>,
    without_cut: bool,
    both: Vec<BothJson<'a>>,
    both_cut: bool,
}

#[derive(Serialize)]
struct BothJson<'a> {
    with: Vec<MissingJson<'a>>,
    without: Vec<StatedJson<'a>>,
}

#[derive(Serialize)]
struct AttemptJson<'a> {
    file: &'a str,
    line: u32,
    alternative: Option<usize>,
    head: &'a str,
    met: usize,
    conditions: Vec<ConditionJson<'a>>,
}

#[derive(Serialize)]
struct ConditionJson<'a> {
    text: &'a str,
    outcome: &'a str,
    remarks: &'a [String],
    attempts: Vec<AttemptJson<'a>>,
}

#[derive(Serialize)]
struct MissingJson<'a> {
    fact: String,
    any: Vec<&'a str>,
}

#[derive(Serialize)]
struct StatedJson<'a> {
    fact: String,
    places: Vec<PlaceJson<'a>>,
}

impl<'a> WhyNotJson<'a> {
    fn of(whynot: &'a WhyNot, schema: &Schema) -> Self {
        let missing = |missing: &'a MissingFact| MissingJson {
            fact: fact_text(schema, &missing.fact),
            any: missing.any.iter().map(|name| &**name).collect(),
        };
        let stated = |stated: &'a StatedFact| StatedJson {
            fact: fact_text(schema, &stated.fact),
            places: stated.places.iter().map(PlaceJson::of).collect(),
        };
        WhyNotJson {
            fact: &whynot.text,
            near: &whynot.near,
            attempts: whynot.attempts.iter().map(AttemptJson::of).collect(),
            more: whynot.more,
            others: whynot.others.iter().map(ToString::to_string).collect(),
            sets: whynot.sets.iter().map(|set| set.iter().map(missing).collect()).collect(),
            cut: whynot.cut,
            without: whynot.without.iter().map(|set| set.iter().map(stated).collect()).collect(),
            without_cut: whynot.cut_without,
            both: whynot
                .both
                .iter()
                .map(|ShownExchange { with, without }| BothJson {
                    with: with.iter().map(missing).collect(),
                    without: without.iter().map(stated).collect(),
                })
                .collect(),
            both_cut: whynot.cut_both,
        }
    }
}

impl<'a> AttemptJson<'a> {
    fn of(attempt: &'a ShownAttempt) -> Self {
        AttemptJson {
            file: &attempt.place.file,
            line: attempt.place.line,
            alternative: attempt.alternative,
            head: &attempt.head,
            met: attempt.met,
            conditions: attempt
                .conditions
                .iter()
                .map(|condition| ConditionJson {
                    text: &condition.text,
                    outcome: match condition.outcome {
                        ConditionOutcome::Met => "met",
                        ConditionOutcome::Unmet => "unmet",
                        ConditionOutcome::Open => "open",
                    },
                    remarks: &condition.remarks,
                    attempts: condition.inner.iter().map(AttemptJson::of).collect(),
                })
                .collect(),
        }
    }
}
