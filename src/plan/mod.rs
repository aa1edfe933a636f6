//! From a rule to what a machine does: which premise is looked up in which order, by which columns.

pub mod build;
pub mod ir;
mod item;
pub mod order;
pub mod show;

pub use build::Planner;
pub use ir::{
    Access, Block, Code, Fold, Group, Intersect, Operation, Part, Read, Reg, RulePlan, Scan, Site, Step,
};
pub use order::{Estimate, Statistics};
