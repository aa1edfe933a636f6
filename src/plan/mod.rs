//! From a rule to what a machine does: which premise is looked up in which order, by which columns.

pub mod build;
pub mod demand;
pub mod ir;
mod item;
pub mod order;
pub mod show;
mod strata;
pub mod update;

pub use build::Planner;
pub use ir::{
    Access, Block, Code, Fold, Group, Intersect, Operation, Part, Read, Reg, RulePlan, Scan, Site, Step,
};
pub use order::{Estimate, Statistics};
