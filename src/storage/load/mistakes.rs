//! Diagnostics of facts that do not fit the schema.

use std::collections::BTreeMap;

use super::columns::takes_facts;
use super::metadata::Field;
use super::values::{Problem, Wrong};
use crate::base::codes::facts::{
    INVALID_DATE, INVALID_METADATA, MISSING_COLUMN, NOT_A_FACT, NOT_STATED, NUMBER_RANGE, UNKNOWN_COLUMN,
    UNKNOWN_CONSTANT, UNKNOWN_METADATA, UNKNOWN_RELATION, WRONG_ARITY, WRONG_TYPE,
};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span, escape};
use crate::model::{Predicate, Schema};
use crate::syntax::ron::{Kind, Node};

/// How many diagnostics of one code a load reports in full; a million facts with one mistake
/// would bury every other.
const SHOWN: usize = 100;

/// The diagnostics of one load.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    found: Vec<Diagnostic>,
    by_code: BTreeMap<String, usize>,
}

impl Mistakes {
    pub(super) fn push(&mut self, diagnostic: Diagnostic) {
        let count = self.by_code.entry(diagnostic.code.clone()).or_default();
        *count += 1;
        if *count <= SHOWN {
            self.found.push(diagnostic);
        }
    }

    pub(super) fn push_opt(&mut self, diagnostic: Option<Diagnostic>) {
        if let Some(diagnostic) = diagnostic {
            self.push(diagnostic);
        }
    }

    /// Everything found, with a note where more was found than is shown.
    pub(super) fn finish(mut self) -> Vec<Diagnostic> {
        crate::base::diagnostic::sort(&mut self.found);
        for (code, count) in &self.by_code {
            let hidden = count.saturating_sub(SHOWN);
            let last = self.found.iter_mut().rev().find(|diagnostic| diagnostic.code == *code);
            if let (Some(last), true) = (last, hidden > 0) {
                last.notes.push(format!("{hidden} more of this code are not shown"));
            }
        }
        self.found
    }
}

/// `relation Attended(leader, summit)` for a note.
fn signature(predicate: &Predicate) -> String {
    let columns: Vec<String> = predicate
        .columns
        .iter()
        .map(|column| if column.optional { format!("{}?", column.name) } else { column.name.to_string() })
        .collect();
    format!("{}({})", predicate.name, columns.join(", "))
}

/// Points to the declaration, if it has a place.
fn declared(diagnostic: Diagnostic, predicate: &Predicate) -> Diagnostic {
    match predicate.span {
        Some(span) => diagnostic.also(span, format!("`{}` is declared here", predicate.name)),
        None => diagnostic.note(format!("the relation is {}", signature(predicate))),
    }
}

pub(super) fn unknown_relation(schema: &Schema, name: &str, span: Span) -> Diagnostic {
    let known = schema.predicates.iter().filter(|predicate| takes_facts(predicate));
    let near = nearest(name, known.map(|predicate| &*predicate.name));
    let mut diagnostic =
        Diagnostic::new(UNKNOWN_RELATION, format!("nothing declares a relation `{name}`")).at(span);
    match near.first() {
        Some(best) => {
            let help = did_you_mean(&near);
            diagnostic = diagnostic.fix(span, *best, help.unwrap_or_default());
            if let Some(predicate) = schema.find(best).map(|id| schema.predicate(id)) {
                diagnostic = declared(diagnostic, predicate);
            }
        }
        None => {
            diagnostic = diagnostic.help(format!(
                "declare it in a rule file with `.decl {name}(…)`, or set `infer_schema: true` in factlog.ron"
            ));
        }
    }
    diagnostic
}

pub(super) fn derived(predicate: &Predicate, span: Span) -> Diagnostic {
    let name = &predicate.name;
    let diagnostic =
        Diagnostic::new(NOT_STATED, format!("nothing can be stated of `{name}`: only rules define it"))
            .at(span);
    let diagnostic = match predicate.span {
        Some(span) => diagnostic.also(span, "a rule defines it here"),
        None => diagnostic,
    };
    diagnostic.help(format!("with a declaration, `.decl {}`, it can have facts too", signature(predicate)))
}

pub(super) fn unknown_field(predicate: &Predicate, name: &str, span: Span) -> Diagnostic {
    if name.starts_with('_') {
        return unknown_metadata(name, span);
    }
    let near = nearest(name, predicate.columns.iter().map(|column| &*column.name));
    let message = format!("`{}` has no column `{name}`", predicate.name);
    let mut diagnostic = Diagnostic::new(UNKNOWN_COLUMN, message).at(span);
    if let (Some(best), Some(help)) = (near.first(), did_you_mean(&near)) {
        diagnostic = diagnostic.fix(span, *best, help);
    } else if let Some(known) = metadata_called(name) {
        diagnostic = diagnostic.help(format!("metadata begins with an underscore: `{known}`"));
    } else {
        diagnostic = diagnostic.note(format!("its columns are {}", signature(predicate)));
    }
    declared(diagnostic, predicate)
}

pub(super) fn unknown_metadata(name: &str, span: Span) -> Diagnostic {
    let near = match other_name(name) {
        Some(known) => vec![known],
        None => nearest(name, Field::names()),
    };
    let diagnostic =
        Diagnostic::new(UNKNOWN_METADATA, format!("`{name}` is no metadata of an assertion")).at(span);
    match (near.first(), did_you_mean(&near)) {
        (Some(best), Some(help)) => diagnostic.fix(span, *best, help),
        _ => diagnostic.note(format!("there are {}", Field::names().collect::<Vec<_>>().join(", "))),
    }
}

/// The metadata that a name without its underscore means.
fn metadata_called(name: &str) -> Option<&'static str> {
    let name = format!("_{name}");
    other_name(&name).or_else(|| Field::names().find(|known| *known == name))
}

/// What people call metadata otherwise, too far from its name to be a slip.
fn other_name(name: &str) -> Option<&'static str> {
    Some(match name {
        "_source" | "_sources" | "_ref" => "_src",
        "_line" | "_lines" | "_page" | "_loc" | "_place" | "_where" => "_at",
        "_confidence" | "_certainty" | "_probability" | "_p" => "_conf",
        "_date" | "_recorded" | "_when" => "_on",
        "_attribution" | "_author" | "_according_to" => "_by",
        "_comment" | "_remark" => "_note",
        "_words" | "_text" => "_quote",
        _ => return None,
    })
}

pub(super) fn column_in_defaults(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(UNKNOWN_METADATA, format!("`{name}` is no metadata, and defaults are for metadata only"))
        .at(span)
        .help_opt(did_you_mean(&nearest(&format!("_{name}"), Field::names())))
        .note("a default of a column belongs into the relation's declaration")
}

pub(super) fn missing(predicate: &Predicate, columns: &[&str], span: Span) -> Diagnostic {
    let names: Vec<String> = columns.iter().map(|name| format!("`{name}`")).collect();
    let what = if columns.len() == 1 { "column" } else { "columns" };
    let message = format!("`{}` is missing its {what} {}", predicate.name, names.join(", "));
    declared(Diagnostic::new(MISSING_COLUMN, message).at(span), predicate)
}

pub(super) fn arity(predicate: &Predicate, found: usize, span: Span) -> Diagnostic {
    let (due, s) = (predicate.arity(), if predicate.arity() == 1 { "" } else { "s" });
    let stand = if found == 1 { "stands" } else { "stand" };
    let message = format!("`{}` has {due} column{s}, and {found} {stand} here", predicate.name);
    declared(Diagnostic::new(WRONG_ARITY, message).at(span), predicate).help(format!(
        "written with names, columns that are optional can be left out: {}",
        signature(predicate)
    ))
}

pub(super) fn not_a_fact(node: Node<'_>) -> Diagnostic {
    let what = match node.kind() {
        Kind::Struct | Kind::Tuple => "a struct without the name of a relation",
        kind => kind.describe(),
    };
    Diagnostic::new(NOT_A_FACT, format!("a fact is due here, not {what}")).at(node.span()).help(
        "a fact is the name of a relation with its values in parentheses: `Attended(leader: \"tokayev\")`",
    )
}

pub(super) fn not_a_list(node: Node<'_>) -> Diagnostic {
    Diagnostic::new(NOT_A_FACT, format!("a fact file holds a list of facts, not {}", node.kind().describe()))
        .at(node.span())
        .help("put the facts into `[ … ]`, or into `(defaults: (…), facts: [ … ])`")
}

pub(super) fn not_defaults(node: Node<'_>) -> Diagnostic {
    Diagnostic::new(
        NOT_A_FACT,
        format!("defaults are metadata in parentheses, not {}", node.kind().describe()),
    )
    .at(node.span())
    .help("for example `defaults: (_src: \"reuters\", _status: Planned)`")
}

pub(super) fn unknown_part(name: &str, span: Span) -> Diagnostic {
    Diagnostic::new(NOT_A_FACT, format!("a fact file has no part `{name}`"))
        .at(span)
        .note("its parts are `defaults` and `facts`")
        .help_opt(did_you_mean(&nearest(name, ["defaults", "facts"])))
}

/// Why a column's value is refused; `None` if that has been said already.
pub(super) fn value(
    schema: &Schema,
    predicate: &Predicate,
    column: usize,
    node: Node<'_>,
    wrong: Wrong,
) -> Option<Diagnostic> {
    let column = predicate.columns.get(column)?;
    let place = format!("`{}.{}`", predicate.name, column.name);
    let ty = &schema.ty(column.ty).name;
    let diagnostic = match wrong.what {
        Problem::Reported => return None,
        Problem::Missing => Diagnostic::new(MISSING_COLUMN, format!("{place} is not optional"))
            .at(wrong.span)
            .help(format!("if it is often unknown, declare it `{}: {ty}?`", column.name)),
        Problem::Range => {
            Diagnostic::new(NUMBER_RANGE, format!("the number does not fit into {place}, a `{ty}`"))
                .at(wrong.span)
        }
        Problem::Structure(why) => {
            Diagnostic::new(WRONG_TYPE, format!("this does not fit into {place}, a `{ty}`: {why}"))
                .at(wrong.span)
        }
        Problem::Date(why) => {
            Diagnostic::new(INVALID_DATE, format!("{place} is a date, and this is none: {why}"))
                .at(wrong.span)
                .help(
                    "write `2025-11-06`, `2025-11`, `2025`, an interval `2025-10-27/2025-10-31`, or `2025~`",
                )
        }
        Problem::Constant(enums) => {
            let word = word_at(node, wrong.span);
            let constants =
                || enums.iter().flat_map(|id| schema.enum_def(*id).constants.iter()).map(|name| &**name);
            let near = nearest(word, constants());
            let diagnostic = Diagnostic::new(UNKNOWN_CONSTANT, format!("`{word}` is no constant of `{ty}`"))
                .at(wrong.span);
            match (near.first(), did_you_mean(&near)) {
                (Some(best), Some(help)) => diagnostic.fix(wrong.span, *best, help),
                _ => diagnostic.note(format!("there are {}", constants().collect::<Vec<_>>().join(", "))),
            }
        }
        // A list in which something is wrong may not be one when that is mended.
        Problem::Kind(kind, _) if kind.is_container() && node.is_broken() => return None,
        Problem::Kind(kind, due) => {
            let message = format!("{place} is {} of type `{ty}`, not {}", due, kind.describe());
            let diagnostic = Diagnostic::new(WRONG_TYPE, message).at(wrong.span);
            let word = word_at(node, wrong.span);
            match (kind, due) {
                (Kind::Word, "a string") => {
                    let quoted = escape::quoted(word);
                    let help = format!("text stands in quotes: {quoted}");
                    diagnostic.fix(wrong.span, quoted, help)
                }
                (Kind::Float, "an integer") => diagnostic
                    .help(format!("numbers with a point need a column declared `{}: float`", column.name)),
                (Kind::Str, due) if due.starts_with("a bare word") => {
                    let help = "write the constant without quotes";
                    match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
                        Some(word) if is_word(word) => diagnostic.fix(wrong.span, word, help),
                        _ => diagnostic.help(help),
                    }
                }
                (Kind::Int, due) if due.starts_with("a date") && word.len() == 4 => {
                    let quoted = escape::quoted(word);
                    diagnostic.fix(wrong.span, quoted, "dates stand in quotes")
                }
                (Kind::Str, "an integer" | "a number") => diagnostic.help("write the number without quotes"),
                _ => diagnostic,
            }
        }
    };
    Some(declared(diagnostic, predicate))
}

/// Why a metadata field's value is refused; `None` if that has been said already.
pub(super) fn metadata(field: Field, name: &str, wrong: Wrong) -> Option<Diagnostic> {
    let message = match &wrong.what {
        Problem::Reported => return None,
        Problem::Date(why) => format!("`{name}` is a date, and this is none: {why}"),
        _ => format!("`{name}` is {}", field.describe()),
    };
    let diagnostic = Diagnostic::new(INVALID_METADATA, message).at(wrong.span);
    Some(match (field, &wrong.what) {
        (Field::By | Field::BasedOn, Problem::Kind(Kind::Str, _)) => diagnostic.help("put it into `[ … ]`"),
        (Field::Status | Field::Review, Problem::Kind(Kind::Str, _)) => {
            diagnostic.help("write it without quotes")
        }
        _ => diagnostic,
    })
}

/// Whether a text can stand as a bare word.
fn is_word(text: &str) -> bool {
    text.starts_with(|first: char| first.is_alphabetic())
        && text.chars().all(|c| c.is_alphanumeric() || c == '_')
}

/// The text of a place inside a node.
fn word_at(node: Node<'_>, span: Span) -> &str {
    let base = node.span().start;
    let (start, end) = (span.start.saturating_sub(base) as usize, span.end.saturating_sub(base) as usize);
    node.text().get(start..end).unwrap_or("")
}
