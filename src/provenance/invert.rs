//! Which values of a variable give an expression a value: functors read backwards.
//!
//! Where there are few such values, all of them are found; where there are many (the dates of a
//! year, the texts of a length), one that stands for them, if there is a plain one. What is found is
//! a proposal: the caller computes the expression with it.

use super::goal::{Computed, Goal, as_aggregate, compute};
use super::graph::Graph;
use super::words::Words;
use crate::model::program::{CompareOp, Expr, Functor, Literal, Var, VarId};
use crate::model::schema::{Schema, TypeDef};
use crate::model::{Date, TypeId, Value, functor};
use crate::storage::Word;

/// Numerators of one quotient that are listed.
const NUMERATORS: i64 = 64;

/// Values of a variable.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Inverse {
    pub var: VarId,
    pub values: Vec<Value>,
    /// Whether no others give the same.
    pub all: bool,
}

impl Inverse {
    /// The words of those values that are of the variable's type, the first one last.
    pub fn words(&self, graph: &Graph<'_>, vars: &[Var]) -> Vec<Word> {
        let ty = vars.get(self.var.0 as usize).map(|var| var.ty);
        let fits = |value: &&Value| ty.is_none_or(|ty| is_of(&graph.program().schema, ty, value));
        self.values.iter().rev().filter(fits).map(|value| graph.word(value)).collect()
    }
}

/// Values for a variable that the first of some goals asks for that can be read backwards. `rows` are
/// those that atoms have matched.
pub(super) fn asked_for<'r>(
    goals: impl Iterator<Item = Goal<'r>>,
    rows: &[Option<Box<[Word]>>],
    slots: &[Word],
    words: &Words<'_>,
) -> Option<Inverse> {
    let inverse = |expr: &Expr, word: Word| invert(expr, &words.value(word), slots, words);
    let known = |expr: &Expr| match compute(expr, slots, words) {
        Computed::Word(word) => Some(word),
        _ => None,
    };
    let mut goals = goals;
    goals.find_map(|goal| match goal {
        Goal::Head(expr, word) => inverse(expr, word),
        Goal::Column(literal, column, expr) => inverse(expr, *rows.get(literal)?.as_deref()?.get(column)?),
        Goal::Literal(
            _,
            literal @ Literal::Compare { op: CompareOp::Eq, possibly: false, left, right, .. },
        ) if as_aggregate(literal).is_none() => {
            let to_right = known(left).and_then(|word| inverse(right, word));
            to_right.or_else(|| known(right).and_then(|word| inverse(left, word)))
        }
        Goal::Literal(..) => None,
    })
}

/// The values that the one variable of `expr` without a value would have to have for `expr` to be
/// `target`; `None` if there are several such variables, or too many values.
pub(super) fn invert(expr: &Expr, target: &Value, slots: &[Word], words: &Words<'_>) -> Option<Inverse> {
    if target.is_nil() {
        return None;
    }
    match expr {
        Expr::Var(var) => match compute(expr, slots, words) {
            Computed::Open => Some(Inverse { var: *var, values: vec![target.clone()], all: true }),
            _ => None,
        },
        // One part after the other.
        Expr::List(items) => match target {
            Value::List(values) if values.len() == items.len() => items
                .iter()
                .zip(values.iter())
                .filter(|(item, _)| compute(item, slots, words) == Computed::Open)
                .find_map(|(item, value)| invert(item, value, slots, words)),
            _ => None,
        },
        Expr::Struct(of, fields, _) => match target {
            Value::Struct(value) if value.of == *of && value.fields.len() == fields.len() => fields
                .iter()
                .zip(value.fields.iter())
                .filter(|(field, _)| compute(field, slots, words) == Computed::Open)
                .find_map(|(field, value)| invert(field, value, slots, words)),
            _ => None,
        },
        Expr::Call(functor, args, _) => {
            let mut open = None;
            let mut known = Vec::with_capacity(args.len());
            for (at, arg) in args.iter().enumerate() {
                match compute(arg, slots, words) {
                    Computed::Word(word) => known.push(words.value(word)),
                    Computed::Open if open.is_none() => {
                        open = Some((at, arg));
                        known.push(Value::Nil);
                    }
                    Computed::Open | Computed::Nothing => return None,
                }
            }
            let (at, arg) = open?;
            let (operands, mut all) = operands(*functor, &known, at, target)?;
            let mut found: Option<Inverse> = None;
            for operand in &operands {
                let inner = invert(arg, operand, slots, words)?;
                all &= inner.all;
                match &mut found {
                    None => found = Some(inner),
                    Some(found) => found.values.extend(inner.values),
                }
            }
            match found {
                Some(found) => Some(Inverse { all, ..found }),
                // Which variable it is does not matter: no value of it does.
                None => {
                    let mut var = None;
                    arg.vars(&mut |other| var = var.or(Some(other)));
                    Some(Inverse { var: var?, values: Vec::new(), all })
                }
            }
        }
        Expr::Const(_) | Expr::Aggregate(_) => None,
    }
}

/// The values of the argument at `hole` with which a functor gives `target`, and whether these are
/// all; `None` if there is no telling.
fn operands(functor: Functor, args: &[Value], hole: usize, target: &Value) -> Option<(Vec<Value>, bool)> {
    let other = |at: usize| args.get(at).filter(|_| at != hole);
    let found = match (functor, target) {
        (Functor::Cat, Value::Symbol(text)) => {
            let text_of = |values: &[Value]| match values {
                [] => Some(String::new()),
                values => match functor::apply(Functor::Cat, values) {
                    Ok(Some(Value::Symbol(text))) => Some(text.to_string()),
                    _ => None,
                },
            };
            let (before, after) = (text_of(args.get(..hole)?)?, text_of(args.get(hole + 1..)?)?);
            let middle = text.strip_prefix(&*before).and_then(|rest| rest.strip_suffix(&*after));
            return Some((middle.map(readings).unwrap_or_default(), false));
        }
        (Functor::AddDays, Value::Date(_)) => match (other(0), other(1)) {
            (None, Some(Value::Number(days))) => {
                computed(Functor::AddDays, &[target.clone(), Value::Number(days.checked_neg()?)])
            }
            (Some(from), None) => computed(Functor::DaysBetween, &[from.clone(), target.clone()]),
            _ => None,
        },
        (Functor::DaysBetween, Value::Number(days)) => match (other(0), other(1)) {
            (None, Some(to)) => computed(Functor::AddDays, &[to.clone(), Value::Number(days.checked_neg()?)]),
            (Some(from), None) => computed(Functor::AddDays, &[from.clone(), target.clone()]),
            _ => None,
        },
        (Functor::Year, Value::Number(year)) => {
            let date = Date::parse(&format!("{year:04}")).ok()?;
            return Some((vec![Value::Date(date)], false));
        }
        // What is so already stays as it is.
        (Functor::Lower | Functor::Upper | Functor::Trim, Value::Symbol(_))
        | (Functor::Earliest | Functor::Latest, Value::Date(_)) => {
            let same = computed(functor, std::slice::from_ref(target)).is_some_and(|value| value == *target);
            return Some((if same { vec![target.clone()] } else { Vec::new() }, false));
        }
        (Functor::ToNumber | Functor::Round | Functor::Floor | Functor::Ceil, Value::Number(number)) => {
            let first = match functor {
                Functor::ToNumber => Value::symbol(number.to_string()),
                _ => Value::float(*number as f64),
            };
            return Some((vec![first, target.clone()], false));
        }
        (Functor::ToFloat, Value::Float(float)) => {
            let number = float.get() as i64;
            let mut found = vec![target.clone()];
            found.extend((number as f64 == float.get()).then_some(Value::Number(number)));
            return Some((found, false));
        }
        (Functor::ToString, Value::Symbol(text)) => {
            return Some((readings(text), false));
        }
        (Functor::Neg | Functor::Bnot, _) => computed(functor, std::slice::from_ref(target)),
        (Functor::Abs, _) => {
            let negative = computed(Functor::Neg, std::slice::from_ref(target))?;
            let both = if negative == *target { vec![negative] } else { vec![target.clone(), negative] };
            return Some((both, true));
        }
        (Functor::Lnot, Value::Bool(_)) => computed(functor, std::slice::from_ref(target)),
        _ if args.len() == 2 => return arithmetic(functor, other(0), other(1), target),
        _ => return None,
    };
    Some((found.into_iter().collect(), true))
}

/// The missing one of two operands, of which one is known.
fn arithmetic(
    functor: Functor,
    left: Option<&Value>,
    right: Option<&Value>,
    target: &Value,
) -> Option<(Vec<Value>, bool)> {
    let whole = matches!(target, Value::Number(_));
    let is_zero = |value: &Value| matches!(value, Value::Number(0)) || *value == Value::float(0.0);
    let apply = |functor, left: &Value, right: &Value| computed(functor, &[left.clone(), right.clone()]);
    let found = match (functor, left, right) {
        (Functor::Add, Some(known), None) | (Functor::Add, None, Some(known)) => {
            apply(Functor::Sub, target, known)
        }
        (Functor::Sub, None, Some(known)) => apply(Functor::Add, target, known),
        (Functor::Sub, Some(known), None) => apply(Functor::Sub, known, target),
        (Functor::Mul, Some(known), None) | (Functor::Mul, None, Some(known)) => {
            if is_zero(known) {
                return None;
            }
            let divides = !whole || apply(Functor::Rem, target, known).is_some_and(|rest| is_zero(&rest));
            apply(Functor::Div, target, known).filter(|_| divides)
        }
        (Functor::Div, None, Some(Value::Number(known))) if whole => {
            let Value::Number(quotient) = target else { return None };
            let spread = known.checked_abs().filter(|known| (1..=NUMERATORS).contains(known))? - 1;
            let middle = quotient.checked_mul(*known)?;
            let near = (-spread..=spread).filter_map(|apart| middle.checked_add(apart));
            return Some((near.filter(|near| near / known == *quotient).map(Value::Number).collect(), true));
        }
        (Functor::Div, None, Some(known)) if !is_zero(known) => apply(Functor::Mul, target, known),
        (Functor::Div, Some(known), None) if !whole && !is_zero(target) => apply(Functor::Div, known, target),
        (Functor::Bxor, Some(known), None) | (Functor::Bxor, None, Some(known)) => {
            apply(Functor::Bxor, target, known)
        }
        _ => return None,
    };
    // Of floats, rounding may hide the one that does.
    Some((found.into_iter().collect(), whole))
}

/// What a text can stand for: itself, and what is written like it.
fn readings(text: &str) -> Vec<Value> {
    let number = text.parse().ok().map(Value::Number);
    let date = Date::parse(text).ok().map(Value::Date);
    [Some(Value::symbol(text)), number, date].into_iter().flatten().collect()
}

/// Whether a value is of a type.
fn is_of(schema: &Schema, ty: TypeId, value: &Value) -> bool {
    match schema.types.get(ty.0 as usize).map(|found| &found.def) {
        Some(TypeDef::Symbol | TypeDef::Entity(_)) => matches!(value, Value::Symbol(_)),
        Some(TypeDef::Number) => matches!(value, Value::Number(_)),
        Some(TypeDef::Float) => matches!(value, Value::Float(_)),
        Some(TypeDef::Bool) => matches!(value, Value::Bool(_)),
        Some(TypeDef::Date) => matches!(value, Value::Date(_)),
        Some(TypeDef::List(_)) => matches!(value, Value::List(_)),
        Some(TypeDef::Struct(_)) => matches!(value, Value::Struct(_)),
        Some(TypeDef::Enum(id)) => matches!(value, Value::Enum(one) if one.ty == *id),
        Some(TypeDef::Subtype(of)) => is_of(schema, *of, value),
        Some(TypeDef::Union(members)) => members.iter().any(|member| is_of(schema, *member, value)),
        None => false,
    }
}

fn computed(functor: Functor, args: &[Value]) -> Option<Value> {
    functor::apply(functor, args).ok().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileId, Span};
    use crate::storage::Interner;
    use crate::storage::interner::MISSING;

    fn inverse(functor: Functor, args: &[Option<Value>], target: Value) -> Option<(Vec<Value>, bool)> {
        let interner = Interner::new();
        let words = Words::new(&interner);
        let span = Span::new(FileId(0), 0, 0);
        let arg = |arg: &Option<Value>| match arg {
            Some(value) => Expr::Const(value.clone()),
            None => Expr::Var(VarId(0)),
        };
        let call = Expr::Call(functor, args.iter().map(arg).collect(), span);
        let found = invert(&call, &target, &[MISSING], &words)?;
        for value in found.values.iter().filter(|_| found.all) {
            let args: Vec<Value> =
                args.iter().map(|arg| arg.clone().unwrap_or_else(|| value.clone())).collect();
            assert_eq!(functor::apply(functor, &args), Ok(Some(target.clone())), "{value}");
        }
        Some((found.values, found.all))
    }

    fn number(n: i64) -> Option<Value> {
        Some(Value::Number(n))
    }

    fn numbers(numbers: &[i64]) -> Option<(Vec<Value>, bool)> {
        Some((numbers.iter().copied().map(Value::Number).collect(), true))
    }

    #[test]
    fn arithmetic_backwards() {
        let of = |functor, left, right, target| inverse(functor, &[left, right], Value::Number(target));
        assert_eq!(of(Functor::Add, None, number(1), 7), numbers(&[6]));
        assert_eq!(of(Functor::Sub, None, number(2), 7), numbers(&[9]));
        assert_eq!(of(Functor::Sub, number(10), None, 7), numbers(&[3]));
        assert_eq!(of(Functor::Mul, number(2), None, 8), numbers(&[4]));
        assert_eq!(of(Functor::Mul, number(2), None, 7), numbers(&[]));
        assert_eq!(of(Functor::Mul, number(0), None, 0), None);
        assert_eq!(of(Functor::Div, None, number(3), 2), numbers(&[6, 7, 8]));
        assert_eq!(of(Functor::Div, None, number(2), 0), numbers(&[-1, 0, 1]));
        assert_eq!(of(Functor::Rem, None, number(2), 0), None);
        assert_eq!(inverse(Functor::Abs, &[None], Value::Number(3)), numbers(&[3, -3]));
        assert_eq!(inverse(Functor::Add, &[None, number(1)], Value::Number(i64::MIN)), numbers(&[]));
    }

    #[test]
    fn dates_and_texts_backwards() {
        let date = |text: &str| Value::Date(Date::parse(text).unwrap());
        let day = date("2025-11-06");
        assert_eq!(
            inverse(Functor::AddDays, &[None, number(6)], day.clone()),
            Some((vec![date("2025-10-31")], true))
        );
        assert_eq!(inverse(Functor::AddDays, &[Some(date("2025-11-01")), None], day.clone()), numbers(&[5]));
        assert_eq!(
            inverse(Functor::DaysBetween, &[None, Some(day)], Value::Number(5)),
            Some((vec![date("2025-11-01")], true))
        );
        assert_eq!(inverse(Functor::Year, &[None], Value::Number(2025)), Some((vec![date("2025")], false)));
        let text = |text: &str| Some(Value::symbol(text));
        assert_eq!(
            inverse(Functor::Cat, &[text("kz_"), None, text("_a")], Value::symbol("kz_president_a")),
            Some((vec![Value::symbol("president")], false))
        );
        assert_eq!(
            inverse(Functor::Cat, &[text("uz_"), None], Value::symbol("kz_president")),
            Some((vec![], false))
        );
    }
}
