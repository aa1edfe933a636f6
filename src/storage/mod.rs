//! Where tuples live: values as 32-bit words, relations as flat sorted tables of words.

pub mod bits;
pub mod interner;
pub mod pairs;
pub mod sort;
pub mod sorted;
pub mod table;

pub mod assertions;
pub mod database;
pub mod extent;
pub mod findings;
pub mod load;
pub mod names;
pub mod scenario;
pub mod sources;
pub mod views;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;

pub use database::{Database, Pattern, Snapshot, Stored};
pub use interner::{Interner, Word};
pub use scenario::Supposed;
pub use table::{Sorted, Table};
