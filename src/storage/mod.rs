//! Where tuples live: values as 32-bit words, relations as flat sorted tables of words.

pub mod interner;
pub mod sort;
pub mod table;

pub mod assertions;
pub mod sources;
pub mod extent;
pub mod views;
pub mod database;
pub mod load;
pub mod names;
pub mod findings;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use database::{Database, Pattern, Snapshot, Stored};
pub use interner::{Interner, Word};
pub use table::{Sorted, Table};
