//! Writing files so that a reader sees the old content or the new, never a part: a temporary file
//! beside the old one, fsync, rename, fsync of the folder.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use sha2::{Digest, Sha256};

use super::read;
use super::{cannot_write, quoted};
use crate::base::Diagnostic;
use crate::base::codes::project::CHANGED;

/// The SHA-256 of a content.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of these bytes.
    pub fn of(content: &[u8]) -> Self {
        Fingerprint(Sha256::digest(content).into())
    }

    /// In lower-case hexadecimal digits.
    pub fn hex(&self) -> String {
        self.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

/// A file being written. Nothing is seen of it under its own name before [`OutputFile::commit`];
/// dropped without that, it leaves nothing behind.
#[derive(Debug)]
pub struct OutputFile {
    target: PathBuf,
    temporary: Option<PathBuf>,
    writer: BufWriter<File>,
}

impl OutputFile {
    /// Begins to write `path`. A symbolic link stays one: its target is what is written. A pipe or
    /// device (`/dev/stdout`) is written as it is.
    pub fn create(path: &Path) -> Result<OutputFile, Diagnostic> {
        Self::begin(path).map_err(|error| cannot_write(path, &error))
    }

    fn begin(path: &Path) -> io::Result<OutputFile> {
        let target = path.canonicalize().unwrap_or_else(|_| path.to_path_buf());
        let existing = fs::metadata(&target).ok();
        match &existing {
            Some(meta) if meta.is_dir() => return Err(io::Error::other("it is a folder")),
            Some(meta) if !meta.is_file() => {
                let file = OpenOptions::new().write(true).open(&target)?;
                return Ok(OutputFile { target, temporary: None, writer: BufWriter::new(file) });
            }
            // Renaming over a read-only file would succeed; that is not what its owner meant.
            Some(meta) if meta.permissions().readonly() => return Err(io::ErrorKind::PermissionDenied.into()),
            _ => {}
        }
        let (temporary, file) = create_beside(&target)?;
        let output = OutputFile { target, temporary: Some(temporary), writer: BufWriter::new(file) };
        if let Some(meta) = existing {
            output.writer.get_ref().set_permissions(meta.permissions())?;
        }
        Ok(output)
    }

    /// Puts what was written in the place of the old file, durably.
    pub fn commit(self) -> Result<(), Diagnostic> {
        let target = self.target.clone();
        self.finish(|| Ok(())).map_err(|error| cannot_write(&target, &error))?
    }

    /// Like `commit`, but asks `check` last, when all is on disk and only the rename is left.
    fn finish(
        mut self,
        check: impl FnOnce() -> Result<(), Diagnostic>,
    ) -> io::Result<Result<(), Diagnostic>> {
        self.writer.flush()?;
        let Some(temporary) = self.temporary.clone() else { return Ok(Ok(())) };
        self.writer.get_ref().sync_all()?;
        if let Err(refused) = check() {
            return Ok(Err(refused));
        }
        fs::rename(&temporary, &self.target)?;
        self.temporary = None;
        sync_folder(&self.target)?;
        Ok(Ok(()))
    }
}

impl Write for OutputFile {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.writer.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }
}

impl Drop for OutputFile {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            // Nothing can be done about a failure here; a stale file's name makes loaders pass it over.
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Replaces the content of `path`, which was `read` when it was last read (`None`: there was no
/// such file). If another program has changed it since, nothing is written.
pub fn replace(path: &Path, content: &str, read: Option<Fingerprint>) -> Result<(), Diagnostic> {
    let refuse = |error: io::Error| cannot_write(path, &error);
    // Looked at twice: early, to spare the work, and last before the rename, to narrow the gap.
    unchanged(path, read)?;
    let mut output = OutputFile::create(path)?;
    output.write_all(content.as_bytes()).map_err(refuse)?;
    output.finish(|| unchanged(path, read)).map_err(refuse)?
}

fn unchanged(path: &Path, read: Option<Fingerprint>) -> Result<(), Diagnostic> {
    let now = match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        _ => Some(Fingerprint::of(&read::bytes(path, path, u64::MAX - 1)?)),
    };
    if now == read {
        return Ok(());
    }
    let what = match (now, read) {
        (None, _) => "was removed by another program since it was read",
        (Some(_), None) => "already exists",
        (Some(_), Some(_)) => "was changed by another program since it was read",
    };
    Err(Diagnostic::new(CHANGED, format!("{} {what}", quoted(path)))
        .note("nothing was written; the file is as it was")
        .help("reload, and save again"))
}

/// Writes a whole file, whatever was there before, making the folders it lies in.
pub fn write_output(path: &Path, content: &[u8]) -> Result<(), Diagnostic> {
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        create_folder(folder)?;
    }
    let mut output = OutputFile::create(path)?;
    output.write_all(content).map_err(|error| cannot_write(path, &error))?;
    output.commit()
}

/// Makes a folder and those above it.
pub fn create_folder(path: &Path) -> Result<(), Diagnostic> {
    fs::create_dir_all(path).map_err(|error| cannot_write(path, &error))
}

/// Creates a new hidden file in the folder of `target`. Its name ends in `.tmp`, so that no loader
/// ever reads it.
fn create_beside(target: &Path) -> io::Result<(PathBuf, File)> {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let name = target.file_name().ok_or_else(|| io::Error::other("it has no file name"))?;
    loop {
        let mut temporary = std::ffi::OsString::from(".");
        temporary.push(name);
        temporary.push(format!(".{}.{}.tmp", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        let path = target.with_file_name(temporary);
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            // Left by a process of the same number that was killed.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            result => return result.map(|file| (path, file)),
        }
    }
}

/// Makes a rename durable. On systems where a folder cannot be opened there is nothing to do.
fn sync_folder(target: &Path) -> io::Result<()> {
    if cfg!(unix) {
        let folder =
            target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scratch(content: &str) -> (tempfile::TempDir, PathBuf) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.ron");
        fs::write(&path, content).unwrap();
        (dir, path)
    }

    fn entries(dir: &Path) -> usize {
        fs::read_dir(dir).unwrap().count()
    }

    #[test]
    fn sha256_is_the_standard_one() {
        // FIPS 180-2, appendix B.1.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(Fingerprint::of(b"abc").hex(), expected);
    }

    #[test]
    fn a_file_changed_since_it_was_read_is_left_alone() {
        let (dir, path) = scratch("old");
        let read = Fingerprint::of(b"old");
        fs::write(&path, "theirs").unwrap();
        let error = replace(&path, "mine", Some(read)).unwrap_err();
        assert_eq!(error.code, "FL059");
        assert_eq!(fs::read_to_string(&path).unwrap(), "theirs");
        fs::remove_file(&path).unwrap();
        assert_eq!(replace(&path, "mine", Some(read)).unwrap_err().code, "FL059");
        assert_eq!(entries(dir.path()), 0);
        replace(&path, "mine", None).unwrap();
        assert_eq!(replace(&path, "again", None).unwrap_err().code, "FL059");
        assert_eq!(entries(dir.path()), 1);
    }

    #[test]
    fn a_touched_file_is_not_a_changed_file() {
        let (_dir, path) = scratch("old");
        let read = Fingerprint::of(b"old");
        fs::write(&path, "old").unwrap();
        replace(&path, "new", Some(read)).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn an_output_dropped_unfinished_leaves_nothing() {
        let (dir, path) = scratch("old");
        let mut output = OutputFile::create(&path).unwrap();
        output.write_all(b"half").unwrap();
        drop(output);
        assert_eq!(fs::read_to_string(&path).unwrap(), "old");
        assert_eq!(entries(dir.path()), 1);
    }

    #[cfg(unix)]
    #[test]
    fn permissions_and_links_are_kept() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (dir, path) = scratch("old");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = dir.path().join("link.ron");
        symlink("a.ron", &link).unwrap();
        replace(&link, "new", Some(Fingerprint::of(b"old"))).unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o440)).unwrap();
        let error = replace(&path, "newer", Some(Fingerprint::of(b"new"))).unwrap_err();
        assert_eq!(error.code, "FL060");
        assert_eq!(fs::read_to_string(&path).unwrap(), "new");
    }

    #[test]
    fn output_makes_its_folders_and_devices_are_written_as_they_are() {
        let (dir, _) = scratch("");
        let deep = dir.path().join("x/y/out.csv");
        write_output(&deep, b"a,b\n").unwrap();
        write_output(&deep, b"c\n").unwrap();
        assert_eq!(fs::read(&deep).unwrap(), b"c\n");
        if cfg!(unix) {
            write_output(Path::new("/dev/null"), b"gone").unwrap();
        }
        assert_eq!(write_output(dir.path(), b"").unwrap_err().code, "FL060");
    }
}
