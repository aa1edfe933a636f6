//! `under (…)`: the options of a scenario, resolved against the schema.

use std::sync::Arc;

use super::constant;
use super::declare::{REVIEW_ENUM, STATUS_ENUM};
use super::ground::{self, Pattern};
use super::types::builtin;
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::date::Day;
use crate::model::schema::Schema;
use crate::model::{Assertion, Fact, Review, Status, Value};
use crate::syntax::datalog::ast::{CompareOp, Const, ConstKind, Name, UnderOption};

/// The options, as they are written.
pub const OPTIONS: [&str; 8] =
    ["as_of", "without", "assume", "retract", "_status", "_conf", "_by", "_review"];

/// What a scenario changes. All of it holds together: an assertion is in force if it is stated (and
/// not retracted) or assumed, is recorded in time, is not struck, and fits every restriction.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scenario {
    /// The last day on which an assertion may be recorded.
    pub as_of: Option<Day>,
    /// Sources that are struck.
    pub without: Vec<(Arc<str>, Span)>,
    /// Facts that are added.
    pub assume: Vec<Fact>,
    /// Facts that are removed.
    pub retract: Vec<Pattern>,
    /// What every assertion must be.
    pub restrict: Vec<Restriction>,
}

/// One thing that every assertion must be.
#[derive(Clone, Debug, PartialEq)]
pub enum Restriction {
    /// `_status`, compared with one of some constants. `Denied` and `Cancelled` stand outside the
    /// order and are neither more nor less than anything.
    Status(CompareOp, Vec<Status>),
    /// `_conf`
    Conf(CompareOp, f64),
    /// `_by`: all of these are members of the chain of attribution; or not all, if the flag is not
    /// set.
    By(Vec<Arc<str>>, bool),
    /// `_review`, equal to one of some constants; or to none, if the flag is not set.
    Review(Vec<Review>, bool),
}

impl Restriction {
    /// Whether an assertion is as this demands. Only its `_status`, `_conf`, `_by` and `_review`
    /// are looked at.
    pub fn fits(&self, assertion: &Assertion) -> bool {
        match self {
            Restriction::Status(op, wanted) => {
                let status = assertion.status;
                match op {
                    CompareOp::Eq => wanted.contains(&status),
                    CompareOp::Ne => !wanted.contains(&status),
                    _ => wanted.iter().all(|wanted| {
                        status.is_positive() && wanted.is_positive() && compares(*op, &status, wanted)
                    }),
                }
            }
            Restriction::Conf(op, wanted) => compares(*op, &assertion.conf, wanted),
            Restriction::By(who, members) => {
                who.iter().all(|who| assertion.by.iter().any(|member| member == who)) == *members
            }
            Restriction::Review(wanted, one_of) => wanted.contains(&assertion.review) == *one_of,
        }
    }
}

fn compares<T: PartialOrd>(op: CompareOp, a: &T, b: &T) -> bool {
    match op {
        CompareOp::Eq => a == b,
        CompareOp::Ne => a != b,
        CompareOp::Lt => a < b,
        CompareOp::Le => a <= b,
        CompareOp::Gt => a > b,
        CompareOp::Ge => a >= b,
    }
}

/// The scenario that options write, or everything that is wrong with them.
pub fn scenario(schema: &Schema, options: &[UnderOption]) -> Result<Scenario, Vec<Diagnostic>> {
    let mut made = Scenario::default();
    let mut problems = Vec::new();
    for option in options {
        if let Err(found) = add(schema, option, &mut made) {
            problems.extend(found);
        }
    }
    if problems.is_empty() { Ok(made) } else { Err(problems) }
}

fn add(schema: &Schema, option: &UnderOption, made: &mut Scenario) -> Result<(), Vec<Diagnostic>> {
    match option {
        UnderOption::Atom(name, atom) => match name.text.as_str() {
            "assume" => made.assume.push(ground::fact(schema, atom)?),
            "retract" => made.retract.push(ground::pattern(schema, atom)?),
            "as_of" => return Err(wrong(name, atom.span, "takes a date, as in `as_of: d\"2025-10-28\"`")),
            "without" => return Err(wrong(name, atom.span, "takes the id of a source")),
            text if OPTIONS.contains(&text) => return Err(wrong(name, atom.span, "takes a value")),
            _ => return Err(unknown(name)),
        },
        UnderOption::Value(name, value) => match name.text.as_str() {
            "as_of" => {
                let Value::Date(date) = typed(schema, value, builtin::DATE)? else {
                    return Err(wrong(name, value.span, "takes a date, as in `as_of: d\"2025-10-28\"`"));
                };
                made.as_of = Some(made.as_of.map_or(date.latest(), |day| day.min(date.latest())));
            }
            "without" => {
                for source in each(value) {
                    match typed(schema, &source, builtin::SYMBOL)? {
                        Value::Symbol(id) => made.without.push((id, source.span)),
                        _ => return Err(wrong(name, source.span, "takes the id of a source")),
                    }
                }
            }
            "assume" | "retract" => {
                return Err(wrong(
                    name,
                    value.span,
                    "takes a fact, as in `assume: Relation(column: \"value\")`",
                ));
            }
            _ => made.restrict.push(restriction(schema, name, CompareOp::Eq, value)?),
        },
        UnderOption::Compare(name, op, value) => match name.text.as_str() {
            "as_of" | "without" | "assume" | "retract" => {
                let message = format!("`{}` stands before a colon, not before `{}`", name.text, op.text());
                return Err(vec![
                    Diagnostic::new(codes::SCENARIO_OPTION, message)
                        .at(name.span.to(value.span))
                        .help(format!("write `{}: …`", name.text)),
                ]);
            }
            _ => made.restrict.push(restriction(schema, name, *op, value)?),
        },
    }
    Ok(())
}

fn restriction(
    schema: &Schema,
    name: &Name,
    op: CompareOp,
    value: &Const,
) -> Result<Restriction, Vec<Diagnostic>> {
    let equality = match op {
        CompareOp::Eq => Some(true),
        CompareOp::Ne => Some(false),
        _ => None,
    };
    let unordered = || wrong(name, value.span, "knows `:`, `=` and `!=` only");
    match name.text.as_str() {
        "_status" => {
            let mut wanted: Vec<Status> = Vec::new();
            for item in each(value) {
                let Value::Enum(constant) = enum_value(schema, name, &item, STATUS_ENUM)? else { continue };
                wanted.extend(Status::ALL.get(constant.ordinal as usize));
            }
            let ordered = equality.is_none();
            if ordered && wanted.iter().any(|status| !status.is_positive()) {
                let message = "`Denied` and `Cancelled` stand outside the order of statuses";
                return Err(vec![Diagnostic::new(codes::SCENARIO_OPTION, message).at(value.span).help(
                    "the order is Proposed < Planned < Confirmed < Held; ask for the others by `_status: …`",
                )]);
            }
            Ok(Restriction::Status(op, wanted))
        }
        "_conf" => match typed(schema, value, builtin::FLOAT)? {
            Value::Float(conf) if (0.0..=1.0).contains(&conf.get()) => Ok(Restriction::Conf(op, conf.get())),
            _ => Err(wrong(name, value.span, "lies between 0 and 1")),
        },
        "_by" => {
            let mut who = Vec::new();
            for item in each(value) {
                match typed(schema, &item, builtin::SYMBOL)? {
                    Value::Symbol(text) => who.push(text),
                    _ => return Err(wrong(name, item.span, "takes somebody's name as text")),
                }
            }
            Ok(Restriction::By(who, equality.ok_or_else(unordered)?))
        }
        "_review" => {
            let mut wanted: Vec<Review> = Vec::new();
            for item in each(value) {
                let Value::Enum(constant) = enum_value(schema, name, &item, REVIEW_ENUM)? else { continue };
                wanted.extend(Review::ALL.get(constant.ordinal as usize));
            }
            Ok(Restriction::Review(wanted, equality.ok_or_else(unordered)?))
        }
        _ => Err(unknown(name)),
    }
}

/// The items of a list, or the one value.
fn each(value: &Const) -> Vec<Const> {
    match &value.kind {
        ConstKind::List(items) => items.clone(),
        _ => vec![value.clone()],
    }
}

fn typed(schema: &Schema, value: &Const, ty: crate::model::TypeId) -> Result<Value, Vec<Diagnostic>> {
    constant::typed(schema, value, ty).map_err(|problem| vec![*problem])
}

fn enum_value(
    schema: &Schema,
    name: &Name,
    value: &Const,
    id: crate::model::EnumId,
) -> Result<Value, Vec<Diagnostic>> {
    match &value.kind {
        ConstKind::Name(text) => {
            constant::enum_constant(schema, text, id, value.span).map_err(|problem| vec![*problem])
        }
        _ => {
            let constants = schema.enum_def(id).constants.join(", ");
            Err(wrong(name, value.span, &format!("is one of {constants}, without quotes")))
        }
    }
}

fn wrong(name: &Name, span: Span, what: &str) -> Vec<Diagnostic> {
    vec![Diagnostic::new(codes::SCENARIO_OPTION, format!("`{}` {what}", name.text)).at(span)]
}

fn unknown(name: &Name) -> Vec<Diagnostic> {
    let near = nearest(&name.text, OPTIONS);
    let diagnostic =
        Diagnostic::new(codes::SCENARIO_OPTION, format!("a scenario has no option `{}`", name.text))
            .at(name.span);
    vec![match near.first() {
        Some(first) => diagnostic.fix(name.span, *first, did_you_mean(&near).unwrap_or_default()),
        None => diagnostic.note(format!("its options are {}", OPTIONS.join(", "))),
    }]
}
