//! Why an evaluation ended early.

use std::fmt::{self, Write};

use crate::base::codes::{Code, evaluation as codes};
use crate::base::{Diagnostic, Span, Stop};
use crate::model::functor::FunctorError;
use crate::model::schema::PredKind;
use crate::model::{CheckedProgram, Rule, RuleId, Value};

/// A rule of the program, or one of the request's goals by its index.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RuleRef {
    /// A rule of the program.
    Rule(RuleId),
    /// A goal of the request.
    Goal(usize),
}

impl RuleRef {
    /// The rule meant; `None` if it belongs to another program or request.
    pub fn find<'a>(self, program: &'a CheckedProgram, goals: &'a [Rule]) -> Option<&'a Rule> {
        match self {
            RuleRef::Rule(id) => program.rules.get(id.0 as usize),
            RuleRef::Goal(at) => goals.get(at),
        }
    }
}

/// Why an evaluation ended without a model.
#[derive(Clone, Debug, PartialEq)]
pub enum EvalError {
    /// A limit was reached, or somebody cancelled.
    Stopped {
        /// Which.
        stop: Stop,
        /// What was being evaluated; `None` between rules.
        rule: Option<RuleRef>,
    },
    /// A computation failed.
    Runtime {
        /// How.
        error: FunctorError,
        /// In which rule.
        rule: RuleRef,
        /// The expression.
        span: Span,
        /// The rule's variables that had a value, by name.
        binding: Vec<(String, Value)>,
    },
}

impl EvalError {
    /// The error for people. `goals` are those of the request.
    pub fn diagnostic(&self, program: &CheckedProgram, goals: &[Rule]) -> Diagnostic {
        match self {
            EvalError::Stopped { stop, rule } => {
                let (code, message, help) = stopped(stop);
                let rule = rule.and_then(|rule| rule.find(program, goals));
                let message = format!("{message}{}", of_relation(program, rule));
                let mut diagnostic = Diagnostic::new(code, message).help_opt(help);
                if let Some(rule) = rule {
                    diagnostic = diagnostic.labelled(rule.span, "while this was being evaluated");
                }
                diagnostic
            }
            EvalError::Runtime { error, rule, span, binding } => {
                let code = match error {
                    FunctorError::Overflow => codes::OVERFLOW,
                    FunctorError::DivisionByZero => codes::DIVISION_BY_ZERO,
                    FunctorError::Undefined => codes::UNDEFINED_RESULT,
                    FunctorError::TooLong | FunctorError::TooDeep => codes::RESULT_TOO_LONG,
                    FunctorError::Pattern(_) => codes::BAD_PATTERN,
                };
                let values: Vec<String> =
                    binding.iter().map(|(name, value)| format!("{name} = {}", short(value))).collect();
                let rule = rule.find(program, goals);
                let message = format!("{error}{}", of_relation(program, rule));
                let mut diagnostic = Diagnostic::new(code, message).labelled(*span, "computed here");
                if !values.is_empty() {
                    diagnostic = diagnostic.note(format!("with {}", values.join(", ")));
                }
                if let Some(rule) = rule {
                    diagnostic = diagnostic.also(rule.span, "in this rule");
                }
                diagnostic
            }
        }
    }
}

/// ` in a rule of …`; nothing for goals, which derive no relation.
fn of_relation(program: &CheckedProgram, rule: Option<&Rule>) -> String {
    let predicate = rule.and_then(|rule| program.schema.predicates.get(rule.head.0 as usize));
    match predicate {
        Some(predicate) if predicate.kind != PredKind::Answer => {
            format!(" in a rule of `{}`", predicate.name)
        }
        _ => String::new(),
    }
}

fn stopped(stop: &Stop) -> (Code, String, Option<String>) {
    let raise =
        |flag: &str| Some(format!("raise the limit with `{flag}` if the work is meant to be this large"));
    match stop {
        Stop::Cancelled => (codes::CANCELLED, "the evaluation was interrupted".to_owned(), None),
        Stop::Rows(limit) => {
            (codes::ROW_LIMIT, format!("rules produced more than {limit} rows"), raise("--limit-rows"))
        }
        Stop::Rounds(limit) => (
            codes::ROUND_LIMIT,
            format!("a recursion took more than {limit} rounds"),
            Some(
                "a recursion that makes ever new values never ends: bound them with a comparison, or raise \
                 `limits: (rounds: …)` in `factlog.ron`"
                    .to_owned(),
            ),
        ),
        Stop::Time(limit) => (
            codes::TIME_LIMIT,
            format!("the evaluation took more than {} seconds", limit.as_secs_f64()),
            raise("--limit-seconds"),
        ),
        Stop::Memory(limit) => (
            codes::MEMORY_LIMIT,
            format!("derived relations need more than {limit} bytes"),
            raise("--limit-memory"),
        ),
    }
}

/// Bytes of a value that a message shows.
const SHOWN: usize = 200;

/// A value as the language writes it, cut where it is long: a record can hold very many.
fn short(value: &Value) -> String {
    struct Cut(String);
    impl Write for Cut {
        fn write_str(&mut self, text: &str) -> fmt::Result {
            let room = SHOWN.saturating_sub(self.0.len());
            let fits =
                text.char_indices().map(|(at, c)| at + c.len_utf8()).take_while(|end| *end <= room).last();
            self.0.push_str(text.get(..fits.unwrap_or(0)).unwrap_or(""));
            if text.len() > room { Err(fmt::Error) } else { Ok(()) }
        }
    }
    let mut cut = Cut(String::new());
    if write!(cut, "{value}").is_err() {
        cut.0.push('…');
    }
    cut.0
}
