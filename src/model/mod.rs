//! What facts and rules mean: values, the schema, resolved programs, facts with their assertions.

pub mod date;
mod ecmascript;
pub mod fact;
pub mod fixed;
pub mod format;
pub mod functor;
pub mod pattern;
pub mod place;
pub mod program;
pub mod schema;
pub mod structure;
pub mod value;

pub use date::Date;
pub use fact::{Assertion, Fact, Review, Status};
pub use place::Place;
pub use program::{
    Aggregate, Arg, Atom, Body, CheckedProgram, Expr, Functor, Literal, Rule, RuleId, Stratum, Var, VarId,
};
pub use schema::{Column, EnumId, PredId, Predicate, Schema, StructId, TypeDef, TypeId};
pub use value::{EnumValue, Float, Value};
