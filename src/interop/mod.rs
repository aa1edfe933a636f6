//! Data in other formats, from files and streams to words and back.
//!
//! [`read`] and [`write()`] take any [`Format`]; each format has a module of its own that does both
//! directions. What they share: [`Column`]s tell what is due, values become words of one interner,
//! mistakes are collected with their places and limited in number, and the memory beside the
//! result is bounded.
//!
//! - [`mod@format`]: which formats there are, how files are compressed · [`columns`]: what is due
//! - [`request`]: what to read and what to write · [`mistake`]: what can be wrong with a file
//! - [`mapping`]: how relations are written in RDF
//! - [`delimited`]: CSV, TSV and their like, on several threads · [`json`]: JSON and JSON Lines
#![cfg_attr(feature = "parquet", doc = "- [`parquet`]: Apache Parquet")]
#![cfg_attr(feature = "sqlite", doc = "- [`sqlite`]: SQLite databases")]
#![cfg_attr(feature = "rdf", doc = "- [`rdf`]: N-Triples and Turtle, by a mapping")]

pub mod columns;
pub mod format;
pub mod mapping;
pub mod mistake;
pub mod request;

pub mod delimited;
pub mod json;
#[cfg(feature = "parquet")]
pub mod parquet;
#[cfg(feature = "rdf")]
pub mod rdf;
#[cfg(feature = "sqlite")]
pub mod sqlite;

pub use columns::{Column, Reader, Shape, Structured};
pub use format::{Compression, Format};
pub use mapping::Mapping;
pub use mistake::{Mistake, Place, diagnostics};
pub use request::{Matching, ReadError, Request, Rows, Text, WriteError, Written};

use std::io::{Read, Write};

use crate::storage::Interner;

/// Reads all rows of a stream in a format that streams can be in. When there is a mistake in it,
/// no rows; the interner may then know more values.
pub fn read(
    format: Format,
    stream: Box<dyn Read + Send>,
    request: &Request<'_>,
    interner: &mut Interner,
) -> Result<Rows, ReadError> {
    match format {
        Format::Csv | Format::Tsv => delimited::read_columns(format, stream, request, interner),
        Format::Json | Format::Jsonl => json::read(stream, request, interner),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::read(stream, request, interner),
        #[cfg(feature = "rdf")]
        Format::Nt | Format::Ttl => rdf::read(format, stream, request, interner),
        _ => Err(ReadError::Unsupported(format)),
    }
}

/// Writes all rows in a format that streams can be in.
pub fn write(format: Format, out: &mut (dyn Write + Send), written: &Written<'_>) -> Result<(), WriteError> {
    match format {
        Format::Csv | Format::Tsv => delimited::write_columns(format, out, written),
        Format::Json | Format::Jsonl => json::write(format, out, written),
        #[cfg(feature = "parquet")]
        Format::Parquet => parquet::write(out, written),
        #[cfg(feature = "rdf")]
        Format::Nt | Format::Ttl => rdf::write(format, out, written),
        _ => Err(WriteError::Unsupported(format)),
    }
}
