//! What the tests share: random programs, edits that keep their meaning, shrinking, printing.
#![allow(dead_code)] // Each test uses a part of it.

pub mod case;
pub mod dice;
pub mod edit;
pub mod evaluated;
pub mod generate;
pub mod literals;
pub mod print;
pub mod run;
pub mod shrink;
pub mod world;
