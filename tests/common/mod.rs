//! What the tests share: random programs, edits that keep their meaning, shrinking, printing.
#![allow(dead_code)] // Each test uses a part of it.

pub mod case;
pub mod dice;
pub mod generate;
pub mod literals;
pub mod world;
pub mod print;
pub mod shrink;
pub mod edit;
pub mod run;
