//! From a rule to what a machine does: which premise is looked up in which order, by which columns.
//!
//! `item` brings a body into a form to order; `problem` says what its loops and tests are and how
//! variables connect them, `cost` what an order costs by the `statistics`, `search` finds the one
//! that costs least, `order` makes steps of it, `build` plans. `replan` tells when a plan was wrong.
//! `demand` and `update` rewrite rules before they are planned; `share` finds what several rules join.

mod bits;
pub mod build;
mod cost;
mod cyclic;
pub mod demand;
pub mod ir;
mod item;
mod order;
mod problem;
mod progress;
pub mod replan;
mod search;
pub mod share;
pub mod show;
pub mod statistics;
mod strata;
pub mod update;

pub use build::Planner;
pub use cost::indexes;
pub use ir::{
    Access, Block, Code, Fold, Group, Intersect, Operation, Part, Read, Reg, RulePlan, Scan, Site, Step,
};
pub use replan::replan_needed;
pub use statistics::{Estimate, Growth, Observed, Statistics};
