//! Reading one file: regular, not too large, UTF-8.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::path::Path;
use std::sync::Arc;

use super::{cannot_read, quoted};
use crate::base::Diagnostic;
use crate::base::codes::files::FILE_TOO_LARGE;
use crate::base::codes::project::NOT_REGULAR;
use crate::files::output::Fingerprint;
use crate::syntax::ron;

/// Who named a path, and so how far it may lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trust {
    /// The project's own files: only what lies below its folder.
    Project,
    /// A person on the command line: anywhere.
    CommandLine,
}

/// The text of a file, with the name it is shown under.
#[derive(Clone, Debug)]
pub struct FileText {
    /// The name shown: relative to the project where it lies in it, with `/`.
    pub name: String,
    /// The whole text; a byte order mark at its start is kept.
    pub text: Arc<str>,
}

impl FileText {
    /// What identifies the content, for [`replace`](super::replace).
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.text.as_bytes())
    }
}

/// Opens a regular file for reading, never waiting for a pipe's writer, and gives its size. A
/// refusal calls it `name`.
pub(crate) fn open_regular(path: &Path, name: &Path) -> Result<(File, u64), Diagnostic> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_NONBLOCK | libc::O_CLOEXEC);
    }
    // Opening a device can already do something, so look before, and again at what was opened.
    let before = fs::metadata(path).map_err(|error| cannot_read(name, &error))?;
    if !before.is_file() {
        return Err(not_regular(name, &before));
    }
    let file = options.open(path).map_err(|error| cannot_read(name, &error))?;
    let meta = file.metadata().map_err(|error| cannot_read(name, &error))?;
    if !meta.is_file() {
        return Err(not_regular(name, &meta));
    }
    Ok((file, meta.len()))
}

fn not_regular(path: &Path, meta: &fs::Metadata) -> Diagnostic {
    let what = if meta.is_dir() { "a folder" } else { "a pipe, socket or device" };
    Diagnostic::new(NOT_REGULAR, format!("{} is {what}, not a regular file", quoted(path)))
}

/// Reads a whole file of at most `limit` bytes; a refusal calls it `name`.
pub(crate) fn bytes(path: &Path, name: &Path, limit: u64) -> Result<Vec<u8>, Diagnostic> {
    let (file, size) = open_regular(path, name)?;
    if size > limit {
        return Err(too_large(name, limit));
    }
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or(0) + 1);
    // A file can grow while it is read, so the limit holds for the reading too.
    file.take(limit + 1).read_to_end(&mut content).map_err(|error| cannot_read(name, &error))?;
    if content.len() as u64 > limit {
        return Err(too_large(name, limit));
    }
    Ok(content)
}

/// Reads a whole UTF-8 file of at most `limit` bytes.
pub(crate) fn text(path: &Path, limit: u64) -> Result<String, Diagnostic> {
    utf8(path, bytes(path, path, limit)?).map_err(|refused| refused.why)
}

/// A file that is not UTF-8.
pub(crate) struct NotText {
    pub why: Diagnostic,
    /// What can be shown in place of its text, and where in that the mistake stands. Of UTF-16
    /// nothing, for read as UTF-8 it is not legible.
    pub legible: String,
    pub at: usize,
}

/// The content as text, if it is UTF-8; a refusal calls the file `name`.
pub(crate) fn utf8(name: &Path, content: Vec<u8>) -> Result<String, NotText> {
    let refused = ron::decode(&quoted(name), &content).map(|_| ()).err();
    match (String::from_utf8(content), refused) {
        (Ok(text), None) => Ok(text),
        (Ok(_), Some(why)) => Err(NotText { why: *why, legible: String::new(), at: 0 }),
        (Err(error), why) => {
            let at = error.utf8_error().valid_up_to();
            let why =
                why.map_or_else(|| cannot_read(name, &std::io::Error::other(error.utf8_error())), |why| *why);
            let utf16 = why.message.contains("UTF-16");
            let legible =
                if utf16 { String::new() } else { String::from_utf8_lossy(error.as_bytes()).into() };
            Err(NotText { why, at: at.min(legible.len()), legible })
        }
    }
}

fn too_large(path: &Path, limit: u64) -> Diagnostic {
    Diagnostic::new(FILE_TOO_LARGE, format!("{} is larger than the limit of {limit} bytes", quoted(path)))
        .help("split it, or keep bulk data in CSV and read it with `.input`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(content: &[u8]) -> (tempfile::TempDir, std::path::PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ron");
        fs::write(&path, content).unwrap();
        (dir, path)
    }

    #[test]
    fn only_utf8_is_read() {
        let (_dir, path) = file(b"[\n// caf\xE9\n]");
        let error = text(&path, 100).unwrap_err();
        assert_eq!(error.name, "not-utf8");
        assert!(error.message.contains("offset 8"), "{}", error.message);
        let utf16: Vec<u8> = "[A(x: 1)]".encode_utf16().flat_map(u16::to_le_bytes).collect();
        let (_dir, path) = file(&utf16);
        let error = text(&path, 100).unwrap_err();
        assert!(error.message.contains("UTF-16"), "{}", error.message);
    }

    #[test]
    fn the_limit_is_exact() {
        let (_dir, path) = file(b"12345");
        assert_eq!(text(&path, 5).unwrap(), "12345");
        assert_eq!(text(&path, 4).unwrap_err().name, "file-too-large");
    }

    #[test]
    fn folders_and_missing_files_are_told_apart() {
        let (dir, path) = file(b"");
        assert_eq!(text(dir.path(), 9).unwrap_err().code, "FL052");
        assert_eq!(text(&path.with_extension("none"), 9).unwrap_err().code, "FL050");
    }

    #[cfg(unix)]
    #[test]
    fn devices_and_pipes_are_refused_at_once() {
        assert_eq!(text(Path::new("/dev/zero"), 9).unwrap_err().code, "FL052");
        let (dir, _) = file(b"");
        let pipe = dir.path().join("p.ron");
        let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
        assert!(made.success());
        assert_eq!(text(&pipe, 9).unwrap_err().code, "FL052");
    }
}
