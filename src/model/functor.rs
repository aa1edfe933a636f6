//! Functors, comparisons and tests on values: what expressions compute. The engine and the
//! reference evaluator share it, so that they cannot disagree about a single value.
//!
//! "No value" (`Ok(None)`) means that a literal is not satisfied; an error ends the evaluation.
//! nil, or a value of a kind that the functor does not take, gives no value.

use std::fmt;
use std::sync::Arc;

use super::date::{self, Date, Qualifier};
use super::program::{CompareOp, Functor};
use super::value::{Float, Value};

pub use super::pattern::{Patterns, compile};
use crate::base::limits::MAX_STRING_BYTES;

/// Items of the longest list that a functor makes.
pub const MAX_LIST_ITEMS: usize = 1 << 24;

/// Why a computation failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FunctorError {
    /// The result does not fit its type.
    Overflow,
    /// `/` or `%` by zero, or zero to a negative power.
    DivisionByZero,
    /// No number is the result: the square root of -1, or infinity less infinity.
    Undefined,
    /// A text or list longer than allowed.
    TooLong,
    /// A record or variant with more within than allowed.
    TooDeep,
    /// A `match` pattern that is no regular expression; why.
    Pattern(String),
}

impl fmt::Display for FunctorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FunctorError::Overflow => f.write_str("the result is out of range"),
            FunctorError::DivisionByZero => f.write_str("division by zero"),
            FunctorError::Undefined => f.write_str("the result is not a number"),
            FunctorError::TooLong => f.write_str("the result is too long"),
            FunctorError::TooDeep => f.write_str("the value holds too many others within"),
            FunctorError::Pattern(why) => write!(f, "the pattern is no regular expression: {why}"),
        }
    }
}

/// A value, none, or a failure.
pub type Outcome = Result<Option<Value>, FunctorError>;

/// Whether `functor` can fail on arguments of the right types. Planners compute what can fail as
/// late as possible.
pub fn can_fail(functor: Functor) -> bool {
    use Functor::*;
    match functor {
        Add | Sub | Mul | Div | Rem | Pow | Neg | Abs | Round | Floor | Ceil | ToNumber | Cat | Lower
        | Upper | Replace | Range | AddDays => true,
        Band
        | Bor
        | Bxor
        | Bshl
        | Bshr
        | Bshru
        | Bnot
        | Land
        | Lor
        | Lxor
        | Lnot
        | Min
        | Max
        | ToFloat
        | ToString
        | Strlen
        | Substr
        | Trim
        | Split
        | Year
        | Month
        | Day
        | Earliest
        | Latest
        | DaysBetween
        | Tag
        | Part { .. } => false,
        Fixed(op, _) => super::fixed::can_fail(op),
    }
}

/// Applies `functor`.
///
/// Numbers: overflow and division by zero are errors, also of floats; `/` truncates and `%` has the
/// sign of its left operand; bit operators work on the 64 bits and shift by the low six bits of
/// the right operand; the logical ones take 0 for false and give 0 or 1, or take and give `bool`.
/// `round` (halves away from zero), `floor`, `ceil` and `to_number` (towards zero) make a number of
/// a float; `to_number` and `to_float` of a text that is none have no value.
///
/// Text: positions and lengths count characters, from 0; `substr` outside the text is empty;
/// `split` and `replace` with an empty separator leave the text whole. `cat` takes any values and
/// writes them as `to_string` does.
///
/// `range(a, b)` and `range(a, b, step)`: see [`range`]. Dates: `year`, `month` and `day` have a
/// value when all days the date can mean agree on it, `days_between(a, b)` (b less a) and
/// `add_days` when the dates mean one day, `earliest` and `latest` when that end is not open.
pub fn apply(functor: Functor, args: &[Value]) -> Outcome {
    use Functor::*;
    match functor {
        Min => Ok(extreme(args, |new, old| new < old)),
        Max => Ok(extreme(args, |new, old| new > old)),
        Cat => cat(args),
        Fixed(op, width) => super::fixed::apply(op, width, args),
        Part { of, variant, index } => Ok(match args {
            [Value::Struct(value)] if (value.of.ty, value.of.ordinal) == (of, variant) => {
                value.fields.get(index as usize).cloned()
            }
            _ => None,
        }),
        Range => match range(args)? {
            Some(steps) if steps.len() > MAX_LIST_ITEMS as u64 => Err(FunctorError::TooLong),
            Some(steps) => Ok(Some(Value::list(steps.map(Value::Number).collect::<Vec<_>>()))),
            None => Ok(None),
        },
        _ => match args {
            [a] => unary(functor, a),
            [a, b] => binary(functor, a, b),
            [Value::Symbol(text), Value::Number(start), Value::Number(len)] if functor == Substr => {
                Ok(Some(substr(text, *start, *len)))
            }
            [Value::Symbol(text), Value::Symbol(from), Value::Symbol(to)] if functor == Replace => {
                replace(text, from, to)
            }
            _ => Ok(None),
        },
    }
}

fn unary(functor: Functor, value: &Value) -> Outcome {
    use Functor::*;
    Ok(match (functor, value) {
        (Neg, Value::Number(n)) => Some(number(n.checked_neg())?),
        (Neg, Value::Float(x)) => Some(Value::float(-x.get())),
        (Abs, Value::Number(n)) => Some(number(n.checked_abs())?),
        (Abs, Value::Float(x)) => Some(Value::float(x.get().abs())),
        (Bnot, Value::Number(n)) => Some(Value::Number(!n)),
        (Lnot, Value::Number(n)) => Some(Value::Number(i64::from(*n == 0))),
        (Lnot, Value::Bool(b)) => Some(Value::Bool(!b)),
        (Round | Floor | Ceil | ToNumber, Value::Number(n)) => Some(Value::Number(*n)),
        (Round, Value::Float(x)) => Some(whole(x.get().round())?),
        (Floor, Value::Float(x)) => Some(whole(x.get().floor())?),
        (Ceil, Value::Float(x)) => Some(whole(x.get().ceil())?),
        (ToNumber, Value::Float(x)) => Some(whole(x.get().trunc())?),
        (ToNumber, Value::Symbol(text)) => text.parse().ok().map(Value::Number),
        (ToFloat, Value::Number(n)) => Some(Value::float(*n as f64)),
        (ToFloat, Value::Float(_)) => Some(value.clone()),
        (ToFloat, Value::Symbol(text)) => text.parse().ok().filter(|x: &f64| x.is_finite()).map(Value::float),
        (Tag, Value::Struct(value)) => Some(Value::Number(i64::from(value.of.ordinal))),
        (ToString, _) => text_of(value).map(Value::Symbol),
        (Strlen, Value::Symbol(text)) => Some(Value::Number(text.chars().count() as i64)),
        (Lower, Value::Symbol(text)) => Some(text_value(text.to_lowercase())?),
        (Upper, Value::Symbol(text)) => Some(text_value(text.to_uppercase())?),
        (Trim, Value::Symbol(text)) => Some(Value::symbol(text.trim())),
        (Year | Month | Day, Value::Date(date)) => date_part(functor, date),
        (Earliest, Value::Date(date)) => Date::from_day(date.earliest()).map(Value::Date),
        (Latest, Value::Date(date)) => Date::from_day(date.latest()).map(Value::Date),
        _ => None,
    })
}

fn binary(functor: Functor, left: &Value, right: &Value) -> Outcome {
    use Functor::*;
    match (left, right) {
        (Value::Number(a), Value::Number(b)) => integers(functor, *a, *b),
        (Value::Float(a), Value::Float(b)) => floats(functor, a.get(), b.get()),
        (Value::Number(a), Value::Float(b)) => floats(functor, *a as f64, b.get()),
        (Value::Float(a), Value::Number(b)) => floats(functor, a.get(), *b as f64),
        (Value::Bool(a), Value::Bool(b)) => Ok(match functor {
            Land => Some(Value::Bool(*a && *b)),
            Lor => Some(Value::Bool(*a || *b)),
            Lxor => Some(Value::Bool(a != b)),
            _ => None,
        }),
        (Value::Symbol(text), Value::Symbol(separator)) if functor == Split => {
            let parts: Vec<Value> = if separator.is_empty() {
                vec![left.clone()]
            } else {
                text.split(&**separator).map(Value::symbol).collect()
            };
            if parts.len() > MAX_LIST_ITEMS {
                Err(FunctorError::TooLong)
            } else {
                Ok(Some(Value::list(parts)))
            }
        }
        (Value::Date(a), Value::Date(b)) if functor == DaysBetween => {
            let days = a.day().zip(b.day()).map(|(a, b)| i64::from(b) - i64::from(a));
            Ok(days.map(Value::Number))
        }
        (Value::Date(date), Value::Number(days)) if functor == AddDays => add_days(date, *days),
        _ => Ok(None),
    }
}

fn integers(functor: Functor, a: i64, b: i64) -> Outcome {
    use Functor::*;
    let result = match functor {
        Add => a.checked_add(b),
        Sub => a.checked_sub(b),
        Mul => a.checked_mul(b),
        Div | Rem if b == 0 => return Err(FunctorError::DivisionByZero),
        Div => a.checked_div(b),
        // The remainder of a division by -1 is 0 even where the quotient overflows.
        Rem => Some(a.wrapping_rem(b)),
        Pow => integer_power(a, b)?,
        Band => Some(a & b),
        Bor => Some(a | b),
        Bxor => Some(a ^ b),
        Bshl => Some(a.wrapping_shl(b as u32 & 63)),
        Bshr => Some(a.wrapping_shr(b as u32 & 63)),
        Bshru => Some((a as u64).wrapping_shr(b as u32 & 63) as i64),
        Land => Some(i64::from(a != 0 && b != 0)),
        Lor => Some(i64::from(a != 0 || b != 0)),
        Lxor => Some(i64::from((a != 0) != (b != 0))),
        _ => return Ok(None),
    };
    number(result).map(Some)
}

/// A negative power of anything but 1 and -1 truncates to 0.
fn integer_power(base: i64, exponent: i64) -> Result<Option<i64>, FunctorError> {
    Ok(match (base, exponent) {
        (0, ..0) => return Err(FunctorError::DivisionByZero),
        (0 | 1, _) => Some(if exponent == 0 { 1 } else { base }),
        (-1, _) => Some(if exponent % 2 == 0 { 1 } else { -1 }),
        (_, ..0) => Some(0),
        _ => u32::try_from(exponent).ok().and_then(|exponent| base.checked_pow(exponent)),
    })
}

fn floats(functor: Functor, a: f64, b: f64) -> Outcome {
    use Functor::*;
    let result = match functor {
        Add => a + b,
        Sub => a - b,
        Mul => a * b,
        Div | Rem if b == 0.0 => return Err(FunctorError::DivisionByZero),
        Div => a / b,
        Rem => a % b,
        Pow if a == 0.0 && b < 0.0 => return Err(FunctorError::DivisionByZero),
        Pow => a.powf(b),
        _ => return Ok(None),
    };
    if result.is_infinite() && a.is_finite() && b.is_finite() {
        Err(FunctorError::Overflow)
    } else if result.is_nan() && !a.is_nan() && !b.is_nan() {
        Err(FunctorError::Undefined)
    } else {
        Ok(Some(Value::float(result)))
    }
}

fn number(result: Option<i64>) -> Result<Value, FunctorError> {
    result.map(Value::Number).ok_or(FunctorError::Overflow)
}

/// The number of a float without fraction.
fn whole(x: f64) -> Result<Value, FunctorError> {
    // 2^63 is the first float above every i64, -2^63 the last not below.
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if x.is_nan() {
        Err(FunctorError::Undefined)
    } else if (-LIMIT..LIMIT).contains(&x) {
        Ok(Value::Number(x as i64))
    } else {
        Err(FunctorError::Overflow)
    }
}

/// The numbers from the first argument up to the second, that one excluded, by steps of the third
/// (else of 1, or of -1 downwards). A step of 0 gives the first alone.
pub fn range(args: &[Value]) -> Result<Option<Steps>, FunctorError> {
    let (from, to, step) = match args {
        [Value::Number(from), Value::Number(to)] => (*from, *to, if from <= to { 1 } else { -1 }),
        [Value::Number(from), Value::Number(to), Value::Number(step)] => (*from, *to, *step),
        _ => return Ok(None),
    };
    let distance = i128::from(to) - i128::from(from);
    let left = match step {
        0 => i128::from(distance != 0),
        _ if (distance > 0) != (step > 0) => 0,
        // Rounded up: the last step may overshoot.
        _ => (distance.abs() + i128::from(step).abs() - 1) / i128::from(step).abs(),
    };
    // The distance of two i64 fits a u64.
    Ok(Some(Steps { next: from, step, left: left as u64 }))
}

/// The numbers of a [`range`].
#[derive(Clone, Debug)]
pub struct Steps {
    next: i64,
    step: i64,
    left: u64,
}

impl Steps {
    /// How many are left.
    pub fn len(&self) -> u64 {
        self.left
    }

    /// Whether none is left.
    pub fn is_empty(&self) -> bool {
        self.left == 0
    }

    /// Whether `number` is one of those left.
    pub fn contains(&self, number: i64) -> bool {
        let distance = i128::from(number) - i128::from(self.next);
        match (self.left, i128::from(self.step)) {
            (0, _) => false,
            (_, 0) => distance == 0,
            (left, step) => distance % step == 0 && (0..i128::from(left)).contains(&(distance / step)),
        }
    }
}

impl Iterator for Steps {
    type Item = i64;

    fn next(&mut self) -> Option<i64> {
        self.left = self.left.checked_sub(1)?;
        let number = self.next;
        // Past the last number it may wrap, and is not looked at again.
        self.next = number.wrapping_add(self.step);
        Some(number)
    }
}

/// The least or greatest of some values of one type, in the order of [`Value`].
fn extreme(args: &[Value], better: fn(&Value, &Value) -> bool) -> Option<Value> {
    if args.iter().any(Value::is_nil) {
        return None;
    }
    args.iter().reduce(|best, value| if better(value, best) { value } else { best }).cloned()
}

/// The value as `to_string` writes it; `None` for nil.
pub fn text_of(value: &Value) -> Option<Arc<str>> {
    match value {
        Value::Nil => None,
        Value::Symbol(text) => Some(Arc::clone(text)),
        Value::Date(date) => Some(Arc::clone(date.text())),
        Value::Enum(constant) => Some(Arc::clone(&constant.name)),
        other => Some(Arc::from(other.to_string())),
    }
}

fn text_value(text: String) -> Result<Value, FunctorError> {
    if text.len() > MAX_STRING_BYTES { Err(FunctorError::TooLong) } else { Ok(Value::symbol(text)) }
}

fn cat(args: &[Value]) -> Outcome {
    let mut text = String::new();
    for arg in args {
        let Some(part) = text_of(arg) else { return Ok(None) };
        if text.len() + part.len() > MAX_STRING_BYTES {
            return Err(FunctorError::TooLong);
        }
        text.push_str(&part);
    }
    text_value(text).map(Some)
}

fn substr(text: &str, start: i64, len: i64) -> Value {
    match (usize::try_from(start), usize::try_from(len)) {
        (Ok(start), Ok(len)) => Value::symbol(text.chars().skip(start).take(len).collect::<String>()),
        _ => Value::symbol(""),
    }
}

fn replace(text: &str, from: &str, to: &str) -> Outcome {
    if from.is_empty() {
        return Ok(Some(Value::symbol(text)));
    }
    let found = text.matches(from).count();
    if text.len().saturating_add(found.saturating_mul(to.len())) > MAX_STRING_BYTES.saturating_mul(2) {
        return Err(FunctorError::TooLong);
    }
    text_value(text.replace(from, to)).map(Some)
}

fn date_part(functor: Functor, date: &Date) -> Option<Value> {
    let (first, last) = (date::civil(date.earliest())?, date::civil(date.latest())?);
    let part = match functor {
        Functor::Year => (first.0 == last.0).then_some(i64::from(first.0)),
        Functor::Month => ((first.0, first.1) == (last.0, last.1)).then_some(i64::from(first.1)),
        _ => (first == last).then_some(i64::from(first.2)),
    };
    part.map(Value::Number)
}

/// The result is as sure as `date` is.
fn add_days(date: &Date, days: i64) -> Outcome {
    let Some(day) = date.day() else { return Ok(None) };
    let day = i64::from(day).checked_add(days).and_then(|day| i32::try_from(day).ok());
    let sum = day.and_then(Date::from_day).ok_or(FunctorError::Overflow)?;
    let mark = match date.qualifier() {
        Qualifier::Exact => return Ok(Some(Value::Date(sum))),
        Qualifier::Approximate => '~',
        Qualifier::Uncertain => '?',
        Qualifier::Both => '%',
    };
    Date::parse(&format!("{sum}{mark}"))
        .map(|date| Some(Value::Date(date)))
        .map_err(|_| FunctorError::Overflow)
}

/// Whether the comparison holds. Of nil, and of two kinds of values, only `!=` between two kinds
/// does: tests against the constant nil are the caller's. Dates compare as certainty has it, or,
/// with `possibly`, as it can be; see [`Date`].
pub fn compare(op: CompareOp, possibly: bool, left: &Value, right: &Value) -> bool {
    if left.is_nil() || right.is_nil() {
        return false;
    }
    if let (Value::Date(a), Value::Date(b)) = (left, right) {
        return compare_dates(op, possibly, a, b);
    }
    if let (Value::Enum(a), Value::Enum(b)) = (left, right)
        && !(a.is_ordered() && b.is_ordered())
    {
        return compare_unordered(op, a == b);
    }
    match op {
        CompareOp::Eq => left == right,
        CompareOp::Ne => left != right,
        _ if std::mem::discriminant(left) != std::mem::discriminant(right) => false,
        CompareOp::Lt => left < right,
        CompareOp::Le => left <= right,
        CompareOp::Gt => left > right,
        CompareOp::Ge => left >= right,
    }
}

/// [`compare`] for two values of which one is not ordered.
pub fn compare_unordered(op: CompareOp, equal: bool) -> bool {
    match op {
        CompareOp::Eq | CompareOp::Le | CompareOp::Ge => equal,
        CompareOp::Ne => !equal,
        CompareOp::Lt | CompareOp::Gt => false,
    }
}

/// [`compare`] for dates.
pub fn compare_dates(op: CompareOp, possibly: bool, a: &Date, b: &Date) -> bool {
    match (op, possibly) {
        (CompareOp::Eq, false) => a == b,
        (CompareOp::Ne, false) => a != b,
        (CompareOp::Lt, false) => a.certainly_before(b),
        (CompareOp::Le, false) => a.certainly_at_most(b),
        (CompareOp::Gt, false) => b.certainly_before(a),
        (CompareOp::Ge, false) => b.certainly_at_most(a),
        (CompareOp::Eq, true) => a.overlaps(b),
        // They cannot differ only when each means one day, and the same.
        (CompareOp::Ne, true) => a.day().is_none() || a.day() != b.day(),
        (CompareOp::Lt, true) => a.possibly_before(b),
        (CompareOp::Le, true) => a.possibly_at_most(b),
        (CompareOp::Gt, true) => b.possibly_before(a),
        (CompareOp::Ge, true) => b.possibly_at_most(a),
    }
}

/// The items over which `item in list` ranges: all but nil, which is in no list.
pub fn elements(list: &Value) -> impl Iterator<Item = &Value> {
    let items: &[Value] = match list {
        Value::List(items) => items,
        _ => &[],
    };
    items.iter().filter(|item| !item.is_nil())
}

/// The sum of floats in the order of their values, so that it does not depend on the rows' order.
pub fn float_sum(mut floats: Vec<Float>) -> f64 {
    floats.sort_unstable();
    floats.into_iter().map(Float::get).sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use Functor::*;

    fn n(number: i64) -> Value {
        Value::Number(number)
    }

    fn d(text: &str) -> Value {
        Value::Date(Date::parse(text).unwrap())
    }

    fn s(text: &str) -> Value {
        Value::symbol(text)
    }

    #[test]
    fn integers_never_wrap() {
        assert_eq!(apply(Add, &[n(i64::MAX), n(1)]), Err(FunctorError::Overflow));
        assert_eq!(apply(Neg, &[n(i64::MIN)]), Err(FunctorError::Overflow));
        assert_eq!(apply(Div, &[n(i64::MIN), n(-1)]), Err(FunctorError::Overflow));
        assert_eq!(apply(Rem, &[n(i64::MIN), n(-1)]), Ok(Some(n(0))));
        assert_eq!(apply(Div, &[n(-7), n(2)]), Ok(Some(n(-3))));
        assert_eq!(apply(Rem, &[n(-7), n(2)]), Ok(Some(n(-1))));
        assert_eq!(apply(Rem, &[n(1), n(0)]), Err(FunctorError::DivisionByZero));
        assert_eq!(apply(Pow, &[n(2), n(62)]), Ok(Some(n(1 << 62))));
        assert_eq!(apply(Pow, &[n(2), n(63)]), Err(FunctorError::Overflow));
        assert_eq!(apply(Pow, &[n(0), n(-1)]), Err(FunctorError::DivisionByZero));
        assert_eq!(apply(Pow, &[n(0), n(0)]), Ok(Some(n(1))));
        assert_eq!(apply(Pow, &[n(-1), n(-3)]), Ok(Some(n(-1))));
        assert_eq!(apply(Bshru, &[n(-1), n(60)]), Ok(Some(n(15))));
    }

    #[test]
    fn floats_never_slip_into_infinity() {
        let f = Value::float;
        assert_eq!(apply(Div, &[f(1.0), f(0.0)]), Err(FunctorError::DivisionByZero));
        assert_eq!(apply(Mul, &[f(1e300), f(1e300)]), Err(FunctorError::Overflow));
        assert_eq!(apply(Pow, &[f(-1.0), f(0.5)]), Err(FunctorError::Undefined));
        assert_eq!(apply(Round, &[f(-2.5)]), Ok(Some(n(-3))));
        assert_eq!(apply(Floor, &[f(-2.5)]), Ok(Some(n(-3))));
        assert_eq!(apply(ToNumber, &[f(-2.5)]), Ok(Some(n(-2))));
        assert_eq!(apply(Ceil, &[f(1e19)]), Err(FunctorError::Overflow));
        assert_eq!(apply(ToNumber, &[s("12")]), Ok(Some(n(12))));
        assert_eq!(apply(ToNumber, &[s("twelve")]), Ok(None));
        assert_eq!(apply(ToFloat, &[s("inf")]), Ok(None));
    }

    #[test]
    fn nil_gives_no_value() {
        for functor in [Add, Min, Cat, Year, Strlen, ToString, DaysBetween] {
            assert_eq!(apply(functor, &[Value::Nil, Value::Nil]), Ok(None));
            assert_eq!(apply(functor, &[Value::Nil]), Ok(None));
        }
        assert!(!compare(CompareOp::Ne, false, &Value::Nil, &n(1)));
        assert!(!compare(CompareOp::Eq, false, &Value::Nil, &Value::Nil));
    }

    #[test]
    fn text_counts_characters() {
        assert_eq!(apply(Strlen, &[s("Žižek")]), Ok(Some(n(5))));
        assert_eq!(apply(Substr, &[s("Žižek"), n(1), n(2)]), Ok(Some(s("iž"))));
        assert_eq!(apply(Substr, &[s("abc"), n(-1), n(2)]), Ok(Some(s(""))));
        assert_eq!(apply(Split, &[s("a,b,"), s(",")]), Ok(Some(Value::list([s("a"), s("b"), s("")]))));
        assert_eq!(apply(Replace, &[s("aXbX"), s("X"), s("--")]), Ok(Some(s("a--b--"))));
        assert_eq!(apply(Cat, &[s("a"), n(1), d("2025-09")]), Ok(Some(s("a12025-09"))));
        let long = s(&"x".repeat(MAX_STRING_BYTES));
        assert_eq!(apply(Cat, &[long.clone(), long]), Err(FunctorError::TooLong));
    }

    #[test]
    fn dates_too_imprecise_have_no_value() {
        assert_eq!(apply(Year, &[d("2025-09")]), Ok(Some(n(2025))));
        assert_eq!(apply(Month, &[d("2025-09")]), Ok(Some(n(9))));
        assert_eq!(apply(Day, &[d("2025-09")]), Ok(None));
        assert_eq!(apply(Year, &[d("2024-12/2025-01")]), Ok(None));
        assert_eq!(apply(Earliest, &[d("2025-09")]), Ok(Some(d("2025-09-01"))));
        assert_eq!(apply(Latest, &[d("2025-09-01/..")]), Ok(None));
        assert_eq!(apply(DaysBetween, &[d("2025-09-23"), d("2025-11-06")]), Ok(Some(n(44))));
        assert_eq!(apply(AddDays, &[d("2025-12-31~"), n(1)]), Ok(Some(d("2026-01-01~"))));
        assert_eq!(apply(AddDays, &[d("2025-12-31"), n(i64::MAX)]), Err(FunctorError::Overflow));
    }

    #[test]
    fn ranges_exclude_their_end() {
        let list = |from: i64, to: i64, step: Option<i64>| -> Vec<i64> {
            let args: Vec<Value> = [Some(from), Some(to), step].into_iter().flatten().map(n).collect();
            range(&args).unwrap().unwrap().collect()
        };
        assert_eq!(list(1, 4, None), [1, 2, 3]);
        assert_eq!(list(3, 1, None), [3, 2]);
        assert_eq!(list(0, 5, Some(2)), [0, 2, 4]);
        assert_eq!(list(5, 0, Some(-2)), [5, 3, 1]);
        assert!(list(0, 5, Some(-1)).is_empty());
        assert_eq!(list(7, 9, Some(0)), [7]);
        assert_eq!(list(i64::MAX - 1, i64::MAX, None), [i64::MAX - 1]);
        let odd = range(&[n(1), n(8), n(2)]).unwrap().unwrap();
        assert!(odd.contains(7) && !odd.contains(2) && !odd.contains(9) && !odd.contains(-1));
        assert_eq!(range(&[n(i64::MIN), n(i64::MAX)]).unwrap().unwrap().len(), u64::MAX);
        assert_eq!(apply(Range, &[n(0), n(1 << 40)]), Err(FunctorError::TooLong));
    }

    #[test]
    fn dates_compare_by_certainty() {
        let (month, day) = (d("2022-09"), d("2022-09-22"));
        assert!(!compare(CompareOp::Lt, false, &month, &day) && compare(CompareOp::Lt, true, &month, &day));
        assert!(!compare(CompareOp::Ge, false, &month, &day));
        assert!(compare(CompareOp::Ne, false, &month, &day) && compare(CompareOp::Eq, true, &month, &day));
        assert!(!compare(CompareOp::Ne, true, &day, &day) && compare(CompareOp::Ne, true, &month, &month));
    }
}
