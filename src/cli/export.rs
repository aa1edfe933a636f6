//! `factlog export`

use std::path::PathBuf;

use clap::Args;

use super::Exit;
use super::args::LimitArgs;
use super::context::{Context, Failure};
use super::data::{self, DataFormat, Layout, Target};
use super::open::{open_whole, refused};
use crate::base::{Budget, Limits, escape};
use crate::files;
use crate::interop::{Format, Mapping, Written};
use crate::session::{Exported, Options, Session};

/// Write relations in the format of another program
///
/// Rows are sorted by value, derived relations are evaluated. csv, tsv, json, jsonl and parquet
/// hold one relation a file; ron, sqlite, nt and ttl hold several. ron is a fact file, with every
/// assertion of what is stated.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog export Attended -o attended.csv
  factlog export -f parquet -o out/
  factlog export Met -f jsonl | jq .
  factlog export -o base.sqlite")]
pub struct ExportArgs {
    /// The relations [default: all]
    #[arg(value_name = "RELATION")]
    relations: Vec<String>,
    /// csv, tsv, json, jsonl, ron, parquet, sqlite, nt or ttl [default: from the extension of the
    /// output, else csv]
    #[arg(short, long, value_name = "FORMAT", value_parser = data::format(), hide_possible_values = true)]
    format: Option<DataFormat>,
    /// Write to a file, packed if its name ends in .gz or .zst, or a file for each relation into a
    /// folder [default: standard output]
    #[arg(short, long, value_name = "FILE|DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    layout: Layout,
    #[command(flatten)]
    limits: LimitArgs,
}

pub(super) fn run(context: &Context, args: &ExportArgs) -> Result<Exit, Failure> {
    let mapping = args.layout.mapping()?;
    let folder = args.output.as_deref().filter(|path| files::is_folder_name(path));
    let single = if folder.is_some() { None } else { args.output.as_deref() };
    let target = Target::new(single, args.format, DataFormat::Data(Format::Csv))?;
    let mut session = open_whole(context, Options { limits: args.limits.options(), ..Options::default() })?;
    let exported = match session.export(&args.relations) {
        Ok(exported) => exported,
        Err(error) => return Err(refused(context, &session, &error)),
    };
    let holds_several = matches!(
        target.format,
        DataFormat::Ron | DataFormat::Data(Format::Sqlite | Format::Nt | Format::Ttl)
    );
    if folder.is_none() && !holds_several && exported.len() != 1 {
        let names: Vec<&str> = exported.iter().map(|exported| &*exported.relation).collect();
        return Err(Failure::Usage(format!(
            "{} holds one relation a file, and there {} {}; name one, or a folder with `-o DIR/`",
            target.format.name(),
            if exported.len() == 1 { "is" } else { "are" },
            if names.is_empty() { "none".to_owned() } else { names.join(", ") }
        )));
    }
    match folder {
        None => write(&session, &exported, &target, args, mapping.as_ref())?,
        Some(folder) => {
            files::create_folder(folder)?;
            for one in &exported {
                let path = folder.join(format!("{}.{}", one.relation, target.format.name()));
                let target = Target::new(Some(&path), Some(target.format), target.format)?;
                write(&session, std::slice::from_ref(one), &target, args, mapping.as_ref())?;
                let shown = path.to_string_lossy();
                context.tell(format_args!("{}: {} rows", escape::printable(&shown), one.len));
            }
        }
    }
    Ok(Exit::Success)
}

fn write(
    session: &Session,
    exported: &[Exported],
    target: &Target,
    args: &ExportArgs,
    mapping: Option<&Mapping>,
) -> Result<(), Failure> {
    let DataFormat::Data(format) = target.format else {
        let facts: Vec<_> = exported.iter().flat_map(|one| session.exported_facts(one)).collect();
        return target.deliver(|out| {
            let fact = |at: usize| facts[at].clone();
            data::write_facts(session.schema(), facts.len(), &fact, out).map_err(Failure::Output)
        });
    };
    let budget = Budget::new(Limits::none(), session.cancel_token());
    let rows: Vec<_> = exported
        .iter()
        .map(|one| {
            |range: std::ops::Range<usize>, words: &mut Vec<crate::storage::Word>| {
                range.for_each(|at| words.extend_from_slice(one.row(at)));
            }
        })
        .collect();
    let written: Vec<Written<'_>> = exported
        .iter()
        .zip(&rows)
        .map(|(one, rows)| Written {
            relation: &one.relation,
            columns: &one.columns,
            len: one.len,
            rows,
            interner: session.interner(),
            text: args.layout.text(),
            mapping,
            header: !args.layout.no_header,
            jobs: session.options().threads(),
            budget: &budget,
        })
        .collect();
    data::write(format, target, &written)
}
