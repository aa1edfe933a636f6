//! Why a tuple is in a model, and why another is not.
//!
//! Nothing is recorded while rules are evaluated but the round in which a tuple appeared first. What
//! is asked later is found by searching backwards over the evaluated relations.
//!
//! - `words`: values that a search meets and the interner does not know
//! - `index`: the rows of a relation that have some columns given
//! - `solve`: the assignments that satisfy a conjunction, one after the other · `goal`: its parts
//! - `invert`: functors read backwards · `fold`: aggregates
//! - `leaf`: what an assertion is worth · `derivations`: a part of the graph written out ·
//!   `sets`: alternative sets · `annotate`: how firmly a tuple is known ·
//!   `levels`, `lower`: the same by an evaluation a level ·
//!   `survive`: what holds without some assertions
//! - `graph`: tuples, and the rule instances that derive them: the AND-OR graph, made on demand
//! - `proof`: one way through the graph, as data · `search`: choices, the best first · `build`: proofs of them
//! - `verify`: checks a proof, independently of all the above
//! - `whynot`: how far the rules got that could have derived a tuple · `repair`, `missing`: which
//!   facts would help · `candidates`: all that could, with the values of `domain` · `trial`: which
//!   of them do · `remedy`: the smallest sets
//! - `text`: literals and tuples with their values, for people

mod build;
mod derivations;
mod domain;
mod fold;
mod goal;
mod index;
mod invert;
mod leaf;
mod lower;
mod missing;
mod search;
mod sets;
mod solve;
mod words;

pub mod annotate;
pub mod candidates;
pub mod graph;
pub mod levels;
pub mod proof;
pub mod remedy;
pub mod repair;
pub mod survive;
pub mod text;
pub mod trial;
pub mod verify;
pub mod whynot;

#[cfg(test)]
mod testing;

pub use graph::{Contribution, Graph, Instance, Premise, Rank, Tuple};
pub use proof::{Firmness, Proof, Statements};
pub use search::proofs;
pub use verify::{Rejection, Verifier};
