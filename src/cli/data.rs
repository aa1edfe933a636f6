//! What `import` and `export` share: formats of data, how text is laid out, where it goes.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::context::Failure;
use crate::base::{FileId, escape};
use crate::files::{self, OutputFile};
use crate::interop::delimited::Quoting;
use crate::interop::{self, Compression, Format, Mapping, Text, WriteError, Written};
use crate::model::format::format_facts;
use crate::model::{Fact, Schema};
use crate::render::fact_text;
use crate::session::unsupported;

/// Facts laid out at a time.
const BLOCK: usize = 10_000;

/// A format of data, or fact files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DataFormat {
    /// Facts with their assertions.
    Ron,
    /// Rows.
    Data(Format),
}

impl DataFormat {
    /// Its name, and the extension of its files.
    pub fn name(self) -> &'static str {
        match self {
            DataFormat::Ron => "ron",
            DataFormat::Data(format) => format.name(),
        }
    }

    fn from_name(name: &str) -> Option<DataFormat> {
        if name == "ron" { Some(DataFormat::Ron) } else { Format::from_name(name).map(DataFormat::Data) }
    }
}

/// Reads the name of a format.
pub fn format() -> impl TypedValueParser<Value = DataFormat> {
    let names = std::iter::once("ron").chain(Format::ALL.map(Format::name)).map(PossibleValue::new);
    PossibleValuesParser::new(names).map(|name| DataFormat::from_name(&name).unwrap_or(DataFormat::Ron))
}

/// How delimited text and RDF are laid out.
#[derive(Args, Clone, Debug)]
#[command(next_help_heading = "Layout")]
pub struct Layout {
    /// What separates the fields of csv and tsv; \t is a tab
    #[arg(long, value_name = "TEXT", value_parser = delimiter)]
    pub delimiter: Option<String>,
    /// The first line of csv and tsv is no header: fields stand in the order of the columns
    #[arg(long)]
    pub no_header: bool,
    /// Quotes in csv and tsv are text like any other
    #[arg(long)]
    pub no_quotes: bool,
    /// How relations are mapped to RDF, for nt and ttl
    #[arg(long, value_name = "FILE")]
    pub map: Option<PathBuf>,
}

/// Reads what stands between fields.
pub fn delimiter(text: &str) -> Result<String, String> {
    let text = text.replace("\\t", "\t");
    if text.is_empty() || text.contains(['"', '\n', '\r']) {
        return Err("expected a text that is not empty, without quotes and line ends".to_owned());
    }
    Ok(text)
}

impl Layout {
    /// As formats take it.
    pub fn text(&self) -> Text<'_> {
        Text { delimiter: self.delimiter.as_deref(), quoting: self.no_quotes.then_some(Quoting::None) }
    }

    /// The mapping that `--map` names.
    pub fn mapping(&self) -> Result<Option<Mapping>, Failure> {
        let Some(path) = &self.map else { return Ok(None) };
        let text = files::read_text(path)?;
        match Mapping::parse(&text) {
            Ok(mapping) => Ok(Some(mapping)),
            Err(why) => {
                let name = path.to_string_lossy();
                Err(Failure::Usage(format!("the mapping {}:{why}", escape::printable(&name))))
            }
        }
    }
}

/// Where data goes, and how.
pub struct Target {
    path: Option<PathBuf>,
    compression: Compression,
    /// In which format.
    pub format: DataFormat,
}

impl Target {
    /// What `-o` and the flag for the format say.
    ///
    /// # Errors
    /// This build does not know the format or the compression.
    pub fn new(
        path: Option<&Path>,
        flag: Option<DataFormat>,
        default: DataFormat,
    ) -> Result<Target, Failure> {
        let (by_name, compression) = path.map_or((None, Compression::None), Format::from_path);
        let format = flag.or(by_name.map(DataFormat::Data)).unwrap_or(match path {
            Some(path) if named_ron(path) => DataFormat::Ron,
            _ => default,
        });
        if let DataFormat::Data(format) = format
            && format.missing_feature().is_some()
        {
            return Err(unsupported(format).into());
        }
        if let Some(feature) = compression.missing_feature() {
            return Err(Failure::Usage(format!(
                "this build does not know {feature}; build it with `--features {feature}`"
            )));
        }
        Ok(Target { path: path.map(Path::to_owned), compression, format })
    }

    /// Gives what `write` writes to the file, all or nothing, or to standard output.
    ///
    /// # Errors
    /// Those of writing.
    pub fn deliver(
        &self,
        write: impl FnOnce(&mut (dyn Write + Send)) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        match &self.path {
            None => {
                let mut out = io::BufWriter::new(io::stdout());
                write(&mut out)?;
                Ok(out.flush()?)
            }
            Some(path) => {
                let mut file = OutputFile::create(path)?;
                let packed = self.compression.pack(&mut file, |out| write(out).map_err(Packed::Told));
                match packed {
                    Ok(()) => {}
                    Err(Packed::Told(Failure::Output(error))) | Err(Packed::Io(error)) => {
                        return Err(files::cannot_write(path, &error).into());
                    }
                    Err(Packed::Told(failure)) => return Err(failure),
                }
                Ok(file.commit()?)
            }
        }
    }
}

fn named_ron(path: &Path) -> bool {
    let name = path.to_string_lossy().to_ascii_lowercase();
    name.trim_end_matches(".gz").trim_end_matches(".zst").ends_with(".ron")
}

/// A failure, or one of the packer.
enum Packed {
    Told(Failure),
    Io(io::Error),
}

impl From<io::Error> for Packed {
    fn from(error: io::Error) -> Self {
        Packed::Io(error)
    }
}

/// Writes relations in a format to a target; several only where the format holds several.
///
/// # Errors
/// Those of writing; the format cannot hold a value.
pub fn write(format: Format, target: &Target, relations: &[Written<'_>]) -> Result<(), Failure> {
    target.deliver(|out| {
        if format == Format::Sqlite {
            return sqlite(relations, out);
        }
        for written in relations {
            interop::write(format, out, written).map_err(failure)?;
        }
        Ok(())
    })
}

#[cfg(feature = "sqlite")]
fn sqlite(relations: &[Written<'_>], out: &mut (dyn Write + Send)) -> Result<(), Failure> {
    let bytes = interop::sqlite::write(relations).map_err(failure)?;
    Ok(out.write_all(&bytes)?)
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(_: &[Written<'_>], _: &mut (dyn Write + Send)) -> Result<(), Failure> {
    Err(unsupported(Format::Sqlite).into())
}

fn failure(error: WriteError) -> Failure {
    match error {
        WriteError::Io(error) => Failure::Output(error),
        WriteError::Unfit(why) => Failure::Usage(why),
        WriteError::Unsupported(format) => unsupported(format).into(),
        // There is no other limit on writing.
        WriteError::Stopped(_) => Failure::Interrupted,
    }
}

/// Writes a fact file in its normal form.
///
/// # Errors
/// Those of the writer.
pub fn write_facts(
    schema: &Schema,
    len: usize,
    fact: &dyn Fn(usize) -> Fact,
    out: &mut dyn Write,
) -> io::Result<()> {
    out.write_all(b"[\n")?;
    for start in (0..len).step_by(BLOCK) {
        let mut text = String::from("[\n");
        for at in start..(start + BLOCK).min(len) {
            text.push_str(&fact_text(schema, &fact(at)));
            text.push_str(",\n");
        }
        text.push_str("]\n");
        let formatted = format_facts(FileId(0), &text, schema).unwrap_or(text);
        let lines = formatted.strip_prefix("[\n").and_then(|rest| rest.strip_suffix("]\n"));
        out.write_all(lines.unwrap_or("").as_bytes())?;
    }
    out.write_all(b"]\n")
}
