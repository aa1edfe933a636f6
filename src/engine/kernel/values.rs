//! What words stand for; and expressions over small integers, which need nothing of that.

use std::cell::RefCell;

use crate::model::Value;
use crate::model::fixed::{self, FixedOp, Width};
use crate::model::functor::{self, Patterns};
use crate::model::program::Functor;
use crate::plan::Code;
use crate::storage::interner::inlined;
use crate::storage::{Interner, Word};

/// What it takes to make values.
#[derive(Debug)]
pub struct Making<'e> {
    /// All values.
    pub interner: &'e mut Interner,
    /// Compiled patterns.
    pub patterns: &'e mut Patterns,
}

/// The values of a run.
#[derive(Debug)]
pub enum Values<'e> {
    /// None is made, perhaps because several threads are at work.
    Known(&'e Interner),
    /// Some may be made.
    Growing(RefCell<Making<'e>>),
}

impl<'e> Values<'e> {
    /// Looks at values.
    #[inline]
    pub fn read<T>(&self, look: impl FnOnce(&Interner) -> T) -> T {
        match self {
            Values::Known(interner) => look(interner),
            Values::Growing(making) => look(making.borrow().interner),
        }
    }

    /// Makes values; `None` where none may be made.
    pub fn make<T>(&self, make: impl FnOnce(&mut Making<'e>) -> T) -> Option<T> {
        match self {
            Values::Known(_) => None,
            Values::Growing(making) => Some(make(&mut making.borrow_mut())),
        }
    }
}

/// The integer that an expression over small integers has; `None` where that takes more than
/// arithmetic to tell, also of one that fails.
#[inline]
pub fn small(code: &Code, registers: &[Word]) -> Option<i64> {
    match code {
        Code::Reg(reg) => inlined(registers[*reg]),
        Code::Call(functor, args, _) => match args.as_slice() {
            [left, right] => binary(*functor, nested(left, registers)?, nested(right, registers)?),
            [only] => unary(*functor, nested(only, registers)?),
            _ => None,
        },
        Code::List(_) | Code::Struct(..) => None,
    }
}

fn nested(code: &Code, registers: &[Word]) -> Option<i64> {
    small(code, registers)
}

#[inline]
fn binary(functor: Functor, a: i64, b: i64) -> Option<i64> {
    use Functor::*;
    match functor {
        Add => a.checked_add(b),
        Sub => a.checked_sub(b),
        Mul => a.checked_mul(b),
        // What is cut off does not depend on what the sum of 64 bits lost.
        Fixed(FixedOp::Add, Width::Signed32) => Some(i64::from(a.wrapping_add(b) as i32)),
        Fixed(FixedOp::Sub, Width::Signed32) => Some(i64::from(a.wrapping_sub(b) as i32)),
        Fixed(FixedOp::Mul, Width::Signed32) => Some(i64::from(a.wrapping_mul(b) as i32)),
        Fixed(FixedOp::Range | FixedOp::Match, _) => None,
        Fixed(op, width) => fixed::integers(op, width, a, b).ok().flatten(),
        Div | Rem | Pow | Band | Bor | Bxor | Bshl | Bshr | Bshru | Land | Lor | Lxor | Min | Max => {
            match functor::apply(functor, &[Value::Number(a), Value::Number(b)]) {
                Ok(Some(Value::Number(number))) => Some(number),
                _ => None,
            }
        }
        _ => None,
    }
}

#[inline]
fn unary(functor: Functor, a: i64) -> Option<i64> {
    match functor {
        Functor::Neg => a.checked_neg(),
        Functor::Abs => a.checked_abs(),
        Functor::Bnot => Some(!a),
        Functor::Fixed(FixedOp::Ord, _) => Some(a),
        Functor::Fixed(op, width) => fixed::unary(op, width, a),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::{FileId, Span};
    use crate::storage::interner::inline_number;

    #[test]
    fn small_integers_compute_as_values_do() {
        use Functor::*;
        let numbers = [-1_000_000_007, -65_536, -3, -1, 0, 1, 2, 5, 31, 33, 65_535, 1_000_000_007];
        let wide = [Width::Signed32, Width::Unsigned32, Width::Signed64, Width::Unsigned64];
        let fixed_ops = {
            use FixedOp::*;
            [Add, Sub, Mul, Div, Rem, Pow, Band, Bor, Bxor, Bshl, Bshr, Bshru, Land, Lor, Lxor, Min, Max]
        };
        let mut functors =
            vec![Add, Sub, Mul, Div, Rem, Pow, Band, Bor, Bxor, Bshl, Bshr, Bshru, Land, Lor, Lxor, Min, Max];
        functors.extend(fixed_ops.iter().flat_map(|op| wide.map(|width| Fixed(*op, width))));
        let one = {
            use FixedOp::{Bnot as FBnot, Lnot as FLnot, Neg as FNeg, Ord};
            [FBnot, FLnot, FNeg, Ord].map(|op| Fixed(op, Width::Signed32))
        };
        let place = Span::new(FileId(0), 0, 0);
        let mut told = 0;
        for a in numbers {
            for b in numbers {
                let registers = [a, b].map(|number| inline_number(number).unwrap());
                for functor in &functors {
                    let code = Code::Call(*functor, vec![Code::Reg(0), Code::Reg(1)], place);
                    let expected = functor::apply(*functor, &[Value::Number(a), Value::Number(b)]);
                    if let Some(found) = small(&code, &registers) {
                        assert_eq!(expected, Ok(Some(Value::Number(found))), "{functor:?} {a} {b}");
                        told += 1;
                    }
                }
            }
            for functor in one.iter().chain(&[Neg, Abs, Bnot]) {
                let registers = [inline_number(a).unwrap()];
                let code = Code::Call(*functor, vec![Code::Reg(0)], place);
                let expected = functor::apply(*functor, &[Value::Number(a)]);
                if let Some(found) = small(&code, &registers) {
                    assert_eq!(expected, Ok(Some(Value::Number(found))), "{functor:?} {a}");
                }
            }
        }
        assert!(told > 10_000, "{told} told at once");
    }
}
