//! `factlog import`

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use clap::Args;
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};

use super::Exit;
use super::context::{Context, Failure};
use super::data::{self, DataFormat, Layout, Target};
use super::open::{DataProgress, open_whole, refused};
use crate::base::{Budget, Limits, escape};
use crate::files;
use crate::interop::delimited::{Extra, SHOWN};
use crate::interop::{Compression, Format, Matching, Request, Text, Written};
use crate::session::{Import, Imported, Options, Origin, Session, unsupported};

/// Read data in another format as facts of a relation
///
/// Fields are matched with columns by name and checked against their types; fields called _src,
/// _at, _status and so on are the facts' metadata. Nothing is written unless all of it is right.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog import people.csv --into Person --src register_2025 -o facts/people.ron
  factlog import events.jsonl.gz --into Event --field id=key --ignore-extra
  zcat big.tsv.gz | factlog import - --from tsv --into Edge --to parquet -o edge.parquet

What is too large to keep as facts in RON is better left in its file, and read from there by
`.input` in a rule file.")]
pub struct ImportArgs {
    /// The file; `-` is standard input. A name that ends in .gz or .zst is unpacked
    #[arg(value_name = "FILE")]
    file: PathBuf,
    /// The relation [default: the one that is called like the file]
    #[arg(long, value_name = "RELATION")]
    into: Option<String>,
    /// csv, tsv, json, jsonl, parquet, sqlite, nt or ttl [default: from the extension of FILE]
    #[arg(long, value_name = "FORMAT", value_parser = source_format(), hide_possible_values = true)]
    from: Option<Format>,
    /// ron, or a format of `export` [default: from the extension of the output, else ron]
    #[arg(long, value_name = "FORMAT", value_parser = data::format(), hide_possible_values = true)]
    to: Option<DataFormat>,
    /// Write to FILE [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// The source of the facts that name none themselves
    #[arg(long, value_name = "ID")]
    src: Option<String>,
    /// A column's field, where it is called otherwise; can be given several times
    #[arg(long, value_name = "COLUMN=FIELD", value_parser = pair)]
    field: Vec<(String, String)>,
    /// Pass over fields that no column takes
    #[arg(long)]
    ignore_extra: bool,
    /// The table of an SQLite database [default: the relation's name]
    #[arg(long, value_name = "TABLE")]
    table: Option<String>,
    /// How many mistakes are told before reading ends
    #[arg(long, value_name = "N", default_value_t = SHOWN)]
    max_errors: usize,
    #[command(flatten)]
    layout: Layout,
}

fn source_format() -> impl TypedValueParser<Value = Format> {
    PossibleValuesParser::new(Format::ALL.map(|format| PossibleValue::new(format.name())))
        .map(|name| Format::from_name(&name).unwrap_or(Format::Csv))
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((column, field)) if !column.is_empty() && !field.is_empty() => {
            Ok((column.to_owned(), field.to_owned()))
        }
        _ => Err("expected COLUMN=FIELD, such as name=full_name".to_owned()),
    }
}

pub(super) fn run(context: &Context, args: &ImportArgs) -> Result<Exit, Failure> {
    let piped = args.file.as_os_str() == "-";
    let (by_name, compression) =
        if piped { (None, Compression::None) } else { Format::from_path(&args.file) };
    let Some(format) = args.from.or(by_name) else {
        return Err(Failure::Usage("in which format is the data? say `--from FORMAT`".to_owned()));
    };
    if format.missing_feature().is_some() {
        return Err(unsupported(format).into());
    }
    let mapping = args.layout.mapping()?;
    let mut session = open_whole(context, Options::default())?;
    let relation = match args.into.clone().or_else(|| named_like(&args.file, &session)) {
        Some(relation) => relation,
        None => return Err(Failure::Usage("facts of which relation? say `--into RELATION`".to_owned())),
    };
    let target = Target::new(args.output.as_deref(), args.to, DataFormat::Ron)?;
    let name = if piped { "<stdin>".to_owned() } else { args.file.to_string_lossy().into_owned() };
    let (origin, size) = origin(&args.file, piped, format, compression)?;
    let read = AtomicU64::new(0);
    let progress = DataProgress::new(context, size);
    let budget = Budget::new(Limits::none(), session.cancel_token());
    let tell = |bytes: u64| progress.show(read.fetch_add(bytes, Ordering::Relaxed) + bytes);
    let request = Request {
        columns: &[],
        matching: if args.layout.no_header { Matching::Order } else { Matching::Names },
        text: args.layout.text(),
        extra: if args.ignore_extra { Extra::Ignore } else { Extra::Refuse },
        table: args.table.as_deref().unwrap_or(""),
        mapping: mapping.as_ref(),
        places: false,
        max_mistakes: args.max_errors.max(1),
        jobs: session.options().threads(),
        size,
        budget: &budget,
        progress: &tell,
    };
    let import = Import {
        relation: &relation,
        name: &name,
        format,
        fields: &args.field,
        src: args.src.as_deref(),
        request,
    };
    let imported = session.import(origin, &import);
    progress.finish();
    let imported = match imported {
        Ok(imported) => imported,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    write(&session, &relation, &imported, &target, args, &budget)?;
    context.say(format_args!(
        "{} fact{} of `{}` from {}",
        imported.len(),
        if imported.len() == 1 { "" } else { "s" },
        escape::printable(&relation),
        escape::printable(&name)
    ));
    Ok(Exit::Success)
}

/// The relation that is called like the file.
fn named_like(file: &Path, session: &Session) -> Option<String> {
    let name = file.file_name()?.to_str()?;
    let stem = name.split('.').next()?;
    session.schema().find(stem).map(|_| stem.to_owned())
}

fn origin(
    path: &Path,
    piped: bool,
    format: Format,
    compression: Compression,
) -> Result<(Origin<'_>, Option<u64>), Failure> {
    if format == Format::Sqlite {
        if piped || compression != Compression::None {
            return Err(Failure::Usage("an SQLite database is read from its file".to_owned()));
        }
        return Ok((Origin::File(path), None));
    }
    let (stream, size): (Box<dyn Read + Send>, Option<u64>) = if piped {
        (Box::new(io::stdin()), None)
    } else {
        let (file, size) = files::open_data(path)?;
        (Box::new(file), (compression == Compression::None).then_some(size))
    };
    let stream = compression.unpack(stream).map_err(|error| files::cannot_read(path, &error))?;
    Ok((Origin::Stream(stream), size))
}

fn write(
    session: &Session,
    relation: &str,
    imported: &Imported,
    target: &Target,
    args: &ImportArgs,
    budget: &Budget,
) -> Result<(), Failure> {
    let DataFormat::Data(format) = target.format else {
        return target.deliver(|out| facts(session, imported, out).map_err(Failure::Output));
    };
    let mapping = args.layout.mapping()?;
    let rows = |range: std::ops::Range<usize>, words: &mut Vec<crate::storage::Word>| {
        range.for_each(|at| words.extend_from_slice(imported.tuple(at)));
    };
    let written = Written {
        relation,
        columns: imported.columns(),
        len: imported.len(),
        rows: &rows,
        interner: imported.interner(),
        // The flags tell of what is read.
        text: Text::default(),
        mapping: mapping.as_ref(),
        header: true,
        jobs: session.options().threads(),
        budget,
    };
    data::write(format, target, &[written])
}

/// A fact file, in normal form.
fn facts(session: &Session, imported: &Imported, out: &mut dyn Write) -> io::Result<()> {
    data::write_facts(session.schema(), imported.len(), &|at| imported.fact(at), out)
}
