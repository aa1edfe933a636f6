//! Data in other formats, from files and streams to words and back.
//!
//! - [`delimited`]: tab- and comma-separated values, on several threads

pub mod delimited;
