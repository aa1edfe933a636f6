//! Formats and compressions, by name and by extension.

use std::io::{self, Read, Write};
use std::path::Path;

/// A format that rows come from or go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// Comma-separated values (RFC 4180).
    Csv,
    /// The same with tabs.
    Tsv,
    /// One array of objects.
    Json,
    /// One object a line.
    Jsonl,
    /// Apache Parquet.
    Parquet,
    /// An SQLite database; a file, never a stream.
    Sqlite,
    /// RDF as N-Triples.
    Nt,
    /// RDF as Turtle.
    Ttl,
}

impl Format {
    /// All of them, in the order in which help lists them.
    pub const ALL: [Format; 8] = [
        Format::Csv,
        Format::Tsv,
        Format::Json,
        Format::Jsonl,
        Format::Parquet,
        Format::Sqlite,
        Format::Nt,
        Format::Ttl,
    ];

    /// Its name on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Tsv => "tsv",
            Format::Json => "json",
            Format::Jsonl => "jsonl",
            Format::Parquet => "parquet",
            Format::Sqlite => "sqlite",
            Format::Nt => "nt",
            Format::Ttl => "ttl",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Format> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }

    /// The format and the compression that a file's name asks for, whatever its case.
    pub fn from_path(path: &Path) -> (Option<Format>, Compression) {
        let lower = |path: &Path| path.extension()?.to_str().map(str::to_ascii_lowercase);
        let outer = lower(path);
        let compression = match outer.as_deref() {
            Some("gz") => Compression::Gzip,
            Some("zst" | "zstd") => Compression::Zstd,
            _ => Compression::None,
        };
        let inner = match compression {
            Compression::None => outer,
            _ => lower(&path.with_extension("")),
        };
        let format = match inner.as_deref() {
            Some("ndjson") => Some(Format::Jsonl),
            Some("facts" | "tab") => Some(Format::Tsv),
            Some("pq") => Some(Format::Parquet),
            Some("db" | "sqlite3") => Some(Format::Sqlite),
            Some("turtle") => Some(Format::Ttl),
            other => other.and_then(Self::from_name),
        };
        (format, compression)
    }

    /// The feature of the build that this format needs and that this build lacks.
    pub fn missing_feature(self) -> Option<&'static str> {
        let (built, feature) = match self {
            Format::Csv | Format::Tsv | Format::Json | Format::Jsonl => return None,
            Format::Parquet => (cfg!(feature = "parquet"), "parquet"),
            Format::Sqlite => (cfg!(feature = "sqlite"), "sqlite"),
            Format::Nt | Format::Ttl => (cfg!(feature = "rdf"), "rdf"),
        };
        (!built).then_some(feature)
    }
}

/// How a file is packed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// gzip, several members too.
    Gzip,
    /// Zstandard.
    Zstd,
}

impl Compression {
    /// The feature of the build that this compression needs and that this build lacks.
    pub fn missing_feature(self) -> Option<&'static str> {
        (self == Compression::Zstd && !cfg!(feature = "zstd")).then_some("zstd")
    }

    /// What `stream` holds, unpacked.
    ///
    /// # Errors
    /// The stream does not begin as such a file does, or this build cannot unpack it.
    pub fn unpack(self, stream: Box<dyn Read + Send>) -> io::Result<Box<dyn Read + Send>> {
        match self {
            Compression::None => Ok(stream),
            Compression::Gzip => Ok(Box::new(flate2::bufread::MultiGzDecoder::new(
                io::BufReader::with_capacity(1 << 16, stream),
            ))),
            #[cfg(feature = "zstd")]
            Compression::Zstd => Ok(Box::new(zstd::Decoder::new(stream)?)),
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(without_zstd()),
        }
    }

    /// Gives what `write` writes to `out`, packed.
    ///
    /// # Errors
    /// Those of `write` and of the writer; this build cannot pack so.
    pub fn pack<E: From<io::Error>>(
        self,
        out: &mut (dyn Write + Send),
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Compression::None => write(out),
            Compression::Gzip => {
                let mut packer = flate2::write::GzEncoder::new(out, flate2::Compression::default());
                write(&mut packer)?;
                packer.finish()?;
                Ok(())
            }
            #[cfg(feature = "zstd")]
            Compression::Zstd => {
                let mut packer = zstd::Encoder::new(out, 0)?;
                write(&mut packer)?;
                packer.finish()?;
                Ok(())
            }
            #[cfg(not(feature = "zstd"))]
            Compression::Zstd => Err(without_zstd().into()),
        }
    }
}

#[cfg(not(feature = "zstd"))]
fn without_zstd() -> io::Error {
    io::Error::new(io::ErrorKind::Unsupported, "this build knows no zstd; build it with `--features zstd`")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_name_format_and_compression() {
        let found = |path: &str| Format::from_path(Path::new(path));
        assert_eq!(found("a/b.csv"), (Some(Format::Csv), Compression::None));
        assert_eq!(found("B.CSV.GZ"), (Some(Format::Csv), Compression::Gzip));
        assert_eq!(found("b.ndjson.zst"), (Some(Format::Jsonl), Compression::Zstd));
        assert_eq!(found("edge.facts"), (Some(Format::Tsv), Compression::None));
        assert_eq!(found("edge.txt"), (None, Compression::None));
        assert_eq!(found("gz"), (None, Compression::None));
        for format in Format::ALL {
            assert_eq!(found(&format!("x.{}", format.name())).0, Some(format));
        }
    }

    #[test]
    fn what_is_packed_is_unpacked() {
        let text = "line\n".repeat(100_000);
        let mut kinds = vec![Compression::None, Compression::Gzip];
        if cfg!(feature = "zstd") {
            kinds.push(Compression::Zstd);
        }
        for kind in kinds {
            let mut packed = Vec::new();
            kind.pack(&mut packed, |out| out.write_all(text.as_bytes())).unwrap();
            assert!(kind == Compression::None || packed.len() < text.len() / 10);
            // Files put one behind the other are one file.
            let twice = [&packed[..], &packed[..]].concat();
            let mut back = String::new();
            kind.unpack(Box::new(io::Cursor::new(twice))).unwrap().read_to_string(&mut back).unwrap();
            assert!(back == text.repeat(2), "{kind:?}");
        }
        let torn = Compression::Gzip.unpack(Box::new(&b"no gzip"[..]));
        assert!(torn.and_then(|mut stream| stream.read(&mut [0; 9])).is_err());
    }
}
