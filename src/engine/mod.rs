//! Evaluation of checked programs.

pub mod naive;
