//! `factlog new`

use std::path::{Path, PathBuf};

use clap::Args;

use super::Exit;
use super::context::{Context, Failure};
use crate::base::escape;
use crate::files;

/// Make an empty project
///
/// A folder for facts, one for rules, and a file of settings, each with a comment that shows how to
/// begin. Nothing that is there already is touched.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  factlog new diplomacy
  factlog new .                                    make the current folder a project")]
pub struct NewArgs {
    /// The project's folder; it is made if it is not there
    #[arg(value_name = "FOLDER")]
    folder: PathBuf,
}

/// The files of a new project. What shows how to begin is a comment: the project is empty.
const FILES: [(&str, &str); 4] = [
    ("factlog.ron", SETTINGS),
    ("rules/schema.dl", SCHEMA),
    ("facts/sources.ron", SOURCES),
    ("repl_examples/first.repl", TRANSCRIPT),
];

const SETTINGS: &str = "\
// The settings of this project; all of them may be left out.
(
    // lints: {\"conflict\": Deny},
    // limits: (rows: 10_000_000, seconds: 30),
)
";

const SCHEMA: &str = "\
// What can be stated, and what follows from it. For example:
//
// .decl Person(id: Person, name: symbol) key(id)
// .decl Meeting(id: Meeting, on: date?) key(id)
// .decl Attended(person: Person, meeting: Meeting) key(person, meeting)
//
// Met(a:, b:, at:) :- Attended(person: a, meeting: at), Attended(person: b, meeting: at), a < b.
//
// warn alone \"{p} attended {m} alone\" :-
//     Attended(person: p, meeting: m), 1 = count q : { Attended(person: q, meeting: m) }.
";

const SOURCES: &str = "\
// Where the facts come from. A fact in any file of this folder names its source, and the place in it.
[
    // Source(id: \"post_2025_03_01\", publisher: \"The Post\", published: \"2025-03-01\"),
    // Attended(person: \"ann\", meeting: \"budget\", _src: \"post_2025_03_01\", _at: \"L7\"),
]
";

const TRANSCRIPT: &str = "\
# What a person would see at the prompt. `factlog test` compares it with what comes out now,
# `factlog test --bless` writes that down.
factlog> 2 + 2 = 4?
yes
";

pub(super) fn run(context: &Context, args: &NewArgs) -> Result<Exit, Failure> {
    let folder = match &context.global.dir {
        Some(dir) => dir.join(&args.folder),
        None => args.folder.clone(),
    };
    files::create_project(&folder, &FILES)?;
    let shown = folder.display().to_string();
    let shown = escape::printable(&shown);
    context.say(format_args!(
        "made an empty project in `{shown}`\n\n  \
         rules/schema.dl    declare relations here, and write rules\n  \
         facts/*.ron        state facts in as many files as you like\n  \
         repl_examples/     transcripts, which `factlog test` replays\n  \
         factlog.ron        settings\n"
    ));
    let here = folder.components().eq(Path::new(".").components());
    let enter = if here { String::new() } else { format!("`cd {shown}`, then ") };
    context.say(format_args!("{enter}`factlog check` says what is wrong, `factlog` alone is the prompt"));
    Ok(Exit::Success)
}
