//! Names and signatures of functors.

use super::types::builtin;
use crate::model::{Functor, Schema, TypeId};
use crate::syntax::datalog::ast::{BinaryOp, UnaryOp};

/// What a functor takes or gives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `symbol`
    Symbol,
    /// `number`
    Number,
    /// `float`
    Float,
    /// `date`
    Date,
    /// `[symbol]`
    Symbols,
    /// `[number]`
    Numbers,
    /// `number` or `float`, the same at every place of the signature.
    Numeric,
    /// Any type, the same at every place of the signature.
    Same,
    /// Any type.
    Any,
}

impl Kind {
    /// The type that it is; `None` for those that stand for several.
    pub fn ty(self, schema: &mut Schema) -> Option<TypeId> {
        Some(match self {
            Kind::Symbol => builtin::SYMBOL,
            Kind::Number => builtin::NUMBER,
            Kind::Float => builtin::FLOAT,
            Kind::Date => builtin::DATE,
            Kind::Symbols => schema.list_of(builtin::SYMBOL),
            Kind::Numbers => schema.list_of(builtin::NUMBER),
            Kind::Numeric | Kind::Same | Kind::Any => return None,
        })
    }
}

/// A functor as the language writes it.
#[derive(Clone, Copy, Debug)]
pub struct Signature {
    /// Its name; empty for operators.
    pub name: &'static str,
    /// The functor.
    pub functor: Functor,
    /// Types of the arguments; the last one repeats when `variadic`.
    pub args: &'static [Kind],
    /// Whether the last argument may repeat.
    pub variadic: bool,
    /// How many of the arguments must be there.
    pub required: usize,
    /// Type of the result.
    pub result: Kind,
}

macro_rules! signatures {
    ($($name:literal $functor:ident ($($arg:ident),* $(; $flag:ident)?) $result:ident),* $(,)?) => {
        &[$(Signature {
            name: $name,
            functor: Functor::$functor,
            args: &[$(Kind::$arg),*],
            variadic: signatures!(@variadic $($flag)?),
            required: signatures!(@required $($flag)? $($arg)*),
            result: Kind::$result,
        }),*]
    };
    (@variadic many) => { true };
    (@variadic $($other:ident)?) => { false };
    (@required optional $($arg:ident)*) => { [$(stringify!($arg)),*].len() - 1 };
    (@required many $($arg:ident)*) => { [$(stringify!($arg)),*].len() };
    (@required $($arg:ident)*) => { [$(stringify!($arg)),*].len() };
}

/// Every functor that is written as a call.
pub const FUNCTORS: &[Signature] = signatures![
    "abs" Abs(Numeric) Numeric,
    "add_days" AddDays(Date, Number) Date,
    "cat" Cat(Symbol, Symbol; many) Symbol,
    "ceil" Ceil(Float) Number,
    "day" Day(Date) Number,
    "days_between" DaysBetween(Date, Date) Number,
    "earliest" Earliest(Date) Date,
    "floor" Floor(Float) Number,
    "latest" Latest(Date) Date,
    "lower" Lower(Symbol) Symbol,
    "max" Max(Same, Same; many) Same,
    "min" Min(Same, Same; many) Same,
    "month" Month(Date) Number,
    "range" Range(Number, Number, Number; optional) Numbers,
    "replace" Replace(Symbol, Symbol, Symbol) Symbol,
    "round" Round(Float) Number,
    "split" Split(Symbol, Symbol) Symbols,
    "strlen" Strlen(Symbol) Number,
    "substr" Substr(Symbol, Number, Number) Symbol,
    "to_float" ToFloat(Any) Float,
    "to_number" ToNumber(Any) Number,
    "to_string" ToString(Any) Symbol,
    "trim" Trim(Symbol) Symbol,
    "upper" Upper(Symbol) Symbol,
    "year" Year(Date) Number,
];

/// The functor named `name`.
pub fn find(name: &str) -> Option<&'static Signature> {
    FUNCTORS.iter().find(|signature| signature.name == name)
}

/// Signature of an operator between two values.
pub fn binary(op: BinaryOp) -> Signature {
    use BinaryOp as B;
    let (functor, kind) = match op {
        B::Add => (Functor::Add, Kind::Numeric),
        B::Sub => (Functor::Sub, Kind::Numeric),
        B::Mul => (Functor::Mul, Kind::Numeric),
        B::Div => (Functor::Div, Kind::Numeric),
        B::Rem => (Functor::Rem, Kind::Numeric),
        B::Pow => (Functor::Pow, Kind::Numeric),
        B::Band => (Functor::Band, Kind::Number),
        B::Bor => (Functor::Bor, Kind::Number),
        B::Bxor => (Functor::Bxor, Kind::Number),
        B::Bshl => (Functor::Bshl, Kind::Number),
        B::Bshr => (Functor::Bshr, Kind::Number),
        B::Bshru => (Functor::Bshru, Kind::Number),
        B::Land => (Functor::Land, Kind::Number),
        B::Lor => (Functor::Lor, Kind::Number),
        B::Lxor => (Functor::Lxor, Kind::Number),
    };
    let args: &'static [Kind] = match kind {
        Kind::Numeric => &[Kind::Numeric, Kind::Numeric],
        _ => &[Kind::Number, Kind::Number],
    };
    Signature { name: "", functor, args, variadic: false, required: 2, result: kind }
}

/// Signature of unary minus.
pub const NEGATE: Signature = Signature {
    name: "",
    functor: Functor::Neg,
    args: &[Kind::Numeric],
    variadic: false,
    required: 1,
    result: Kind::Numeric,
};

/// Signature of an operator on one value.
pub fn unary(op: UnaryOp) -> Signature {
    let functor = match op {
        UnaryOp::Bnot => Functor::Bnot,
        UnaryOp::Lnot => Functor::Lnot,
    };
    Signature { name: "", functor, args: &[Kind::Number], variadic: false, required: 1, result: Kind::Number }
}

impl Signature {
    /// The kind of argument `index`.
    pub fn arg(&self, index: usize) -> Kind {
        self.args.get(index).or(self.args.last()).copied().unwrap_or(Kind::Any)
    }

    /// Whether `count` arguments fit.
    pub fn fits(&self, count: usize) -> bool {
        count >= self.required && (self.variadic || count <= self.args.len())
    }

    /// How many arguments it takes, for messages.
    pub fn arity(&self) -> String {
        match (self.variadic, self.required == self.args.len()) {
            (true, _) => format!("at least {}", self.required),
            (false, true) => self.required.to_string(),
            (false, false) => format!("{} or {}", self.required, self.args.len()),
        }
    }
}
