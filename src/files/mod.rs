//! The only user of the file system: finding a project, listing its files, reading them safely,
//! replacing them atomically, watching them.
//!
//! Every refusal is a [`Diagnostic`] that names the path; a path below
//! the project is shown relative to it, with `/` between its parts on every system.

pub mod create;
pub mod output;
pub mod project;
pub mod read;
pub mod scratch;
pub mod settings;
pub mod texts;
pub mod watch;

pub use create::create_project;
pub use output::{Fingerprint, OutputFile, create_folder, replace, write_output};
pub use project::Project;
pub use read::{FileText, Trust};
pub use scratch::Scratch;
pub use settings::{LintLevel, Settings};
pub use texts::TextFolder;
pub use watch::Watcher;

use std::fs::File;
use std::io;
use std::path::Path;

use crate::base::codes::project::{NOT_FOUND, UNREADABLE, UNWRITABLE};
use crate::base::{Diagnostic, escape, limits};

/// Opens a regular file of data, of any size, that was named on the command line, and gives its
/// size.
pub fn open_data(path: &Path) -> Result<(File, u64), Diagnostic> {
    read::open_regular(path, path)
}

/// The text of a file that was named on the command line.
pub fn read_text(path: &Path) -> Result<String, Diagnostic> {
    read::text(path, limits::MAX_FILE_BYTES)
}

/// Whether a path is to be taken as a folder: it is one, or ends as one.
pub fn is_folder_name(path: &Path) -> bool {
    path.is_dir() || path.to_string_lossy().ends_with(['/', std::path::MAIN_SEPARATOR])
}

/// A path for people, between backquotes; bytes that are not UTF-8 become U+FFFD.
pub(crate) fn quoted(path: &Path) -> String {
    format!("`{}`", escape::printable(&shown(path)))
}

/// A path as diagnostics and answers show it.
pub(crate) fn shown(path: &Path) -> String {
    let text = path.to_string_lossy();
    if std::path::MAIN_SEPARATOR == '/' { text.into_owned() } else { text.replace('\\', "/") }
}

pub(crate) fn cannot_read(path: &Path, error: &io::Error) -> Diagnostic {
    if error.kind() == io::ErrorKind::NotFound {
        return Diagnostic::new(NOT_FOUND, format!("there is no file or folder {}", quoted(path)));
    }
    Diagnostic::new(UNREADABLE, format!("cannot read {}: {}", quoted(path), reason(error)))
}

pub(crate) fn cannot_write(path: &Path, error: &io::Error) -> Diagnostic {
    Diagnostic::new(UNWRITABLE, format!("cannot write {}: {}", quoted(path), reason(error)))
}

/// The system's reason in lower case, without the number that Rust appends.
pub(crate) fn reason(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}
