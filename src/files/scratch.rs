//! A temporary file that another program works on, such as an editor.

use std::env;
use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use super::{cannot_write, read};
use crate::base::Diagnostic;

/// A file of our own in the system's folder for temporary files, readable by nobody else; gone
/// when dropped.
#[derive(Debug)]
pub struct Scratch {
    path: PathBuf,
}

impl Scratch {
    /// Writes `text` to a new file whose name tells what it is and ends in `.extension`.
    pub fn new(name: &str, extension: &str, text: &str) -> Result<Scratch, Diagnostic> {
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = COUNTER.fetch_add(1, Ordering::Relaxed);
            let name = format!("factlog-{name}-{}-{number}.{extension}", std::process::id());
            let path = env::temp_dir().join(name);
            let mut options = OpenOptions::new();
            options.write(true).create_new(true);
            #[cfg(unix)]
            {
                use std::os::unix::fs::OpenOptionsExt;
                options.mode(0o600);
            }
            let mut file = match options.open(&path) {
                Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
                result => result.map_err(|error| cannot_write(&path, &error))?,
            };
            let scratch = Scratch { path };
            file.write_all(text.as_bytes()).map_err(|error| cannot_write(&scratch.path, &error))?;
            return Ok(scratch);
        }
    }

    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What it holds now.
    pub fn read(&self) -> Result<String, Diagnostic> {
        read::text(&self.path, crate::base::limits::MAX_FILE_BYTES)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Nothing can be done about a failure here; the system clears the folder.
        let _ = fs::remove_file(&self.path);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_read_as_others_left_it_and_goes_away() {
        let scratch = Scratch::new("test", "dl", "before\n").unwrap();
        let path = scratch.path().to_owned();
        assert_eq!(scratch.read().unwrap(), "before\n");
        fs::write(&path, "after\n").unwrap();
        assert_eq!(scratch.read().unwrap(), "after\n");
        drop(scratch);
        assert!(!path.exists());
    }
}
