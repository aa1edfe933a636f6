//! Functors on numbers of a fixed width, which wrap around, and on texts counted in bytes: those of
//! Soufflé's programs.
//!
//! An unsigned number of 64 bits is held as the signed one with the same bits; any other number as
//! itself. A float of 32 bits is held as the float of 64 bits that it equals.

use std::sync::Arc;

use super::functor::{FunctorError, Outcome, Patterns};
use super::value::Value;
use crate::base::limits::MAX_STRING_BYTES;

/// A kind of number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // Named for sign and bits.
pub enum Width {
    Signed32,
    Unsigned32,
    Float32,
    Signed64,
    Unsigned64,
    Float64,
}

/// What is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)] // The names are those of the language.
pub enum FixedOp {
    Add,
    Sub,
    Mul,
    Div,
    Rem,
    Pow,
    Neg,
    Band,
    Bor,
    Bxor,
    Bshl,
    Bshr,
    Bshru,
    Bnot,
    Land,
    Lor,
    Lxor,
    Lnot,
    Min,
    Max,
    /// The number, of any kind or read from a text, as one of this width.
    Convert(Width),
    /// The same bits as a number of this width.
    Cast(Width),
    /// As text.
    ToString,
    /// Bytes of a text.
    Strlen,
    /// Bytes of a text from a place on.
    Substr,
    /// Item of a list, from 0; no value where there is none.
    Item(u16),
    /// A number for each value: of a number itself, of anything else that of its word.
    Ord,
    /// 1 if the pattern, in the syntax of ECMAScript, matches the whole text, else 0; no value
    /// if it is no pattern.
    Match,
    /// What compares as a signed number as this one does as an unsigned one, and back.
    Flip,
    /// The list of the numbers from the first on, without the second, by steps of the third.
    Range,
}

impl Width {
    fn bits(self) -> u32 {
        match self {
            Width::Signed32 | Width::Unsigned32 | Width::Float32 => 32,
            Width::Signed64 | Width::Unsigned64 | Width::Float64 => 64,
        }
    }

    /// Whether it holds fractions.
    pub fn is_float(self) -> bool {
        matches!(self, Width::Float32 | Width::Float64)
    }

    /// Whether it holds no negative numbers.
    pub fn is_unsigned(self) -> bool {
        matches!(self, Width::Unsigned32 | Width::Unsigned64)
    }

    /// The integer cut down to the width.
    pub fn wrap(self, number: i128) -> i64 {
        match self {
            Width::Signed32 => i64::from(number as i32),
            Width::Unsigned32 => i64::from(number as u32),
            _ => number as i64,
        }
    }

    /// What the integer held stands for.
    fn widen(self, held: i64) -> i128 {
        if self == Width::Unsigned64 { i128::from(held as u64) } else { i128::from(held) }
    }

    /// The float rounded to the width.
    pub fn round(self, float: f64) -> Value {
        Value::float(if self == Width::Float64 { float } else { f64::from(float as f32) })
    }

    /// The number that a text says, all of it; `None` if it does not fit.
    pub fn parse(self, text: &str) -> Option<Value> {
        if self.is_float() {
            let decimal = |c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '+' | 'e' | 'E');
            if !text.chars().all(decimal) {
                return match text {
                    "inf" => Some(Value::float(f64::INFINITY)),
                    "-inf" => Some(Value::float(f64::NEG_INFINITY)),
                    "nan" | "-nan" => Some(Value::float(f64::NAN)),
                    _ => None,
                };
            }
            return if self == Width::Float32 {
                text.parse::<f32>().ok().map(|float| Value::float(f64::from(float)))
            } else {
                text.parse().ok().map(Value::float)
            };
        }
        let (negative, digits) = match text.strip_prefix('-') {
            Some(digits) => (true, digits),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let parsed = if let Some(hex) = digits.strip_prefix("0x") {
            i128::from_str_radix(hex, 16)
        } else if let Some(binary) = digits.strip_prefix("0b") {
            i128::from_str_radix(binary, 2)
        } else {
            digits.parse::<i128>()
        };
        if !digits.starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let number = parsed.ok().map(|number| if negative { -number } else { number })?;
        let fits = match self {
            Width::Signed32 => i32::try_from(number).is_ok(),
            Width::Unsigned32 => u32::try_from(number).is_ok(),
            Width::Unsigned64 => u64::try_from(number).is_ok(),
            _ => i64::try_from(number).is_ok(),
        };
        fits.then(|| Value::Number(self.wrap(number)))
    }

    /// The number as text, floats with six digits behind the point.
    pub fn text(self, value: &Value) -> Option<Arc<str>> {
        Some(match value {
            Value::Symbol(text) => Arc::clone(text),
            Value::Number(held) if self.is_unsigned() => (*held as u64).to_string().into(),
            Value::Number(held) => held.to_string().into(),
            Value::Float(float) => format!("{:.6}", float.get()).into(),
            _ => return None,
        })
    }
}

/// Whether it can fail.
pub fn can_fail(op: FixedOp) -> bool {
    matches!(op, FixedOp::Div | FixedOp::Rem | FixedOp::Convert(_) | FixedOp::Range | FixedOp::Match)
}

/// Applies `op` to numbers of width `width`, which `Convert` and `ToString` convert from.
pub fn apply(op: FixedOp, width: Width, args: &[Value]) -> Outcome {
    use FixedOp::*;
    Ok(match (op, args) {
        (Convert(to), [value]) => Some(convert(width, to, value)?),
        (Cast(to), [value]) => Some(cast(width, to, value)),
        (ToString, [value]) => width.text(value).map(Value::Symbol),
        (Strlen, [Value::Symbol(text)]) => Some(Value::Number(text.len() as i64)),
        (Substr, [Value::Symbol(text), Value::Number(start), Value::Number(len)]) => {
            Some(substr(text, *start, *len))
        }
        (Item(at), [Value::List(items)]) => items.get(usize::from(at)).cloned(),
        (Flip, [Value::Number(held)]) => Some(Value::Number(held ^ i64::MIN)),
        (Ord, [Value::Number(held)]) => Some(Value::Number(*held)),
        (Match, [Value::Symbol(pattern), Value::Symbol(text)]) => {
            let matches = Patterns::default().matches_ecmascript(pattern, text)?;
            matches.map(|matches| Value::Number(i64::from(matches)))
        }
        (Range, args) => return range(width, args),
        (_, [Value::Number(a)]) => unary(op, width, *a).map(Value::Number),
        (Neg, [Value::Float(a)]) => Some(Value::float(-a.get())),
        (_, [Value::Number(a), Value::Number(b)]) => integers(op, width, *a, *b)?.map(Value::Number),
        (_, [Value::Float(a), Value::Float(b)]) => {
            floats(op, a.get(), b.get()).map(|result| width.round(result))
        }
        _ => None,
    })
}

/// The result for one integer.
pub fn unary(op: FixedOp, width: Width, a: i64) -> Option<i64> {
    Some(match op {
        FixedOp::Neg => width.wrap(-width.widen(a)),
        FixedOp::Bnot => width.wrap(!width.widen(a)),
        FixedOp::Lnot => i64::from(a == 0),
        _ => return None,
    })
}

/// The result for two integers.
pub fn integers(op: FixedOp, width: Width, a: i64, b: i64) -> Result<Option<i64>, FunctorError> {
    use FixedOp::*;
    let (left, right) = (width.widen(a), width.widen(b));
    let shift = right as u32 & (width.bits() - 1);
    let result = match op {
        Add => left + right,
        Sub => left - right,
        // Of two unsigned numbers of 64 bits the product can be too large for the type.
        Mul => left.wrapping_mul(right),
        Div | Rem if right == 0 => return Err(FunctorError::DivisionByZero),
        Div => left / right,
        Rem => left % right,
        Pow => power(left as f64, right as f64, width),
        Band => left & right,
        Bor => left | right,
        Bxor => left ^ right,
        Bshl => left << shift,
        Bshr => left >> shift,
        Bshru if width.bits() == 32 => i128::from((left as u32) >> shift),
        Bshru => i128::from((left as u64) >> shift),
        Land => i128::from(left != 0 && right != 0),
        Lor => i128::from(left != 0 || right != 0),
        Lxor => i128::from((left != 0) != (right != 0)),
        Min => left.min(right),
        Max => left.max(right),
        _ => return Ok(None),
    };
    Ok(Some(width.wrap(result)))
}

/// Powers go by way of floats; what does not fit then is the least number, as processors have it.
fn power(base: f64, exponent: f64, width: Width) -> i128 {
    let result = base.powf(exponent);
    let (low, high) = match width {
        Width::Signed32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
        Width::Unsigned32 => (i64::MIN as f64, i64::MAX as f64),
        Width::Unsigned64 => (0.0, u64::MAX as f64),
        _ => (i64::MIN as f64, i64::MAX as f64),
    };
    if result >= low && result <= high { result as i128 } else { low as i128 }
}

fn floats(op: FixedOp, a: f64, b: f64) -> Option<f64> {
    Some(match op {
        FixedOp::Add => a + b,
        FixedOp::Sub => a - b,
        FixedOp::Mul => a * b,
        FixedOp::Div => a / b,
        FixedOp::Rem => a % b,
        FixedOp::Pow => a.powf(b),
        FixedOp::Min => a.min(b),
        FixedOp::Max => a.max(b),
        _ => return None,
    })
}

fn convert(from: Width, to: Width, value: &Value) -> Result<Value, FunctorError> {
    Ok(match value {
        Value::Symbol(text) => to.parse(text).ok_or(FunctorError::Undefined)?,
        Value::Number(held) if to.is_float() => to.round(from.widen(*held) as f64),
        Value::Number(held) => Value::Number(to.wrap(from.widen(*held))),
        Value::Float(float) if to.is_float() => to.round(float.get()),
        // Rust cuts off at the ends of the type; NaN is 0.
        Value::Float(float) => Value::Number(to.wrap(float.get().trunc() as i128)),
        other => other.clone(),
    })
}

fn cast(from: Width, to: Width, value: &Value) -> Value {
    match value {
        Value::Number(held) if to.is_float() => match to {
            Width::Float32 => Value::float(f64::from(f32::from_bits(*held as u32))),
            _ => Value::float(f64::from_bits(*held as u64)),
        },
        Value::Number(held) => Value::Number(to.wrap(i128::from(*held))),
        Value::Float(float) if !to.is_float() => Value::Number(match from {
            Width::Float32 => to.wrap(i128::from((float.get() as f32).to_bits())),
            _ => float.get().to_bits() as i64,
        }),
        other => other.clone(),
    }
}

/// Counts in bytes; a character that is cut becomes U+FFFD.
fn substr(text: &str, start: i64, len: i64) -> Value {
    let bytes = text.as_bytes();
    match (usize::try_from(start), usize::try_from(len)) {
        (Ok(start), Ok(len)) if start <= bytes.len() => {
            let end = start.saturating_add(len).min(bytes.len());
            Value::symbol(String::from_utf8_lossy(bytes.get(start..end).unwrap_or(&[])).into_owned())
        }
        _ => Value::symbol(""),
    }
}

fn range(width: Width, args: &[Value]) -> Outcome {
    let numbers: Option<Vec<f64>> = args
        .iter()
        .map(|arg| match arg {
            Value::Float(float) => Some(float.get()),
            Value::Number(held) => Some(width.widen(*held) as f64),
            _ => None,
        })
        .collect();
    let (from, to, step) = match numbers.as_deref() {
        Some([from, to]) => (*from, *to, if from <= to { 1.0 } else { -1.0 }),
        Some([from, to, step]) => (*from, *to, *step),
        _ => return Ok(None),
    };
    let mut items = Vec::new();
    let mut next = from;
    // A step of 0 gives the first value, unless there is none.
    while if step > 0.0 {
        next < to
    } else if step < 0.0 {
        next > to
    } else {
        next != to
    } {
        if items.len() * size_of::<Value>() > MAX_STRING_BYTES {
            return Err(FunctorError::TooLong);
        }
        items.push(if width.is_float() {
            width.round(next)
        } else {
            Value::Number(width.wrap(next as i128))
        });
        if step == 0.0 || next + step == next {
            break;
        }
        next = match width {
            Width::Float32 => f64::from(next as f32 + step as f32),
            _ => next + step,
        };
    }
    Ok(Some(Value::list(items)))
}

#[cfg(test)]
mod tests {
    use super::FixedOp::*;
    use super::Width::*;
    use super::*;

    fn n(number: i64) -> Value {
        Value::Number(number)
    }

    fn on(op: FixedOp, width: Width, a: i64, b: i64) -> i64 {
        integers(op, width, a, b).unwrap().unwrap()
    }

    #[test]
    fn numbers_wrap_at_their_width() {
        assert_eq!(on(Add, Signed32, i64::from(i32::MAX), 1), i64::from(i32::MIN));
        assert_eq!(on(Mul, Signed32, 65536, 65536), 0);
        assert_eq!(on(Sub, Unsigned32, 0, 1), 4_294_967_295);
        assert_eq!(on(Add, Signed64, i64::MAX, 1), i64::MIN);
        assert_eq!(on(Div, Unsigned64, -1, 2), i64::MAX);
        assert_eq!(on(Div, Signed32, -7, 2), -3);
        assert_eq!(on(Div, Signed32, i64::from(i32::MIN), -1), i64::from(i32::MIN));
        assert_eq!(integers(Rem, Signed32, 1, 0), Err(FunctorError::DivisionByZero));
        assert_eq!(on(Pow, Signed32, 2, 10), 1024);
        assert_eq!(on(Bshl, Signed32, 1, 33), 2);
        assert_eq!(on(Bshr, Signed32, -8, 1), -4);
        assert_eq!(on(Bshru, Signed32, -1, 28), 15);
        assert_eq!(unary(Bnot, Unsigned32, 0), Some(4_294_967_295));
    }

    #[test]
    fn texts_become_numbers_only_as_a_whole() {
        assert_eq!(Signed32.parse("-12"), Some(n(-12)));
        assert_eq!(Signed32.parse("0x10"), Some(n(16)));
        assert_eq!(Unsigned32.parse("0b101"), Some(n(5)));
        assert_eq!(Signed32.parse("2147483648"), None);
        assert_eq!(Unsigned64.parse("18446744073709551615"), Some(n(-1)));
        assert_eq!(Signed32.parse("12a"), None);
        assert_eq!(Signed32.parse(""), None);
        assert_eq!(Float32.parse("0.5"), Some(Value::float(0.5)));
        assert_eq!(Float32.parse("half"), None);
    }

    #[test]
    fn texts_count_bytes() {
        assert_eq!(apply(Strlen, Signed32, &[Value::symbol("né")]), Ok(Some(n(3))));
        assert_eq!(
            apply(Substr, Signed32, &[Value::symbol("abc"), n(1), n(9)]),
            Ok(Some(Value::symbol("bc")))
        );
        assert_eq!(
            apply(Substr, Signed32, &[Value::symbol("abc"), n(-1), n(1)]),
            Ok(Some(Value::symbol("")))
        );
        assert_eq!(Float32.text(&Value::float(1.5)).as_deref(), Some("1.500000"));
        assert_eq!(Unsigned64.text(&n(-1)).as_deref(), Some("18446744073709551615"));
    }
}
