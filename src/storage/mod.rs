//! Where tuples live: values as 32-bit words, relations as flat sorted tables of words.

pub mod interner;
pub mod sort;
pub mod table;

pub use interner::{Interner, Word};
pub use table::{Sorted, Table};
