//! The texts of sources, in a folder of their own (`--texts DIR`) or of the project.

use std::path::{Component, Path, PathBuf};

use super::{cannot_read, read};
use crate::base::Diagnostic;
use crate::base::limits::MAX_FILE_BYTES;

/// A folder in which the texts of sources lie.
#[derive(Clone, Debug)]
pub struct TextFolder {
    /// Canonical.
    root: PathBuf,
}

impl TextFolder {
    /// The folder `dir`, which must exist.
    pub fn open(dir: &Path) -> Result<TextFolder, Diagnostic> {
        let root = dir.canonicalize().map_err(|error| cannot_read(dir, &error))?;
        Ok(TextFolder { root })
    }

    /// The bytes of the text that a source names; `None` if no such file lies in the folder. A name
    /// never leads out of it.
    pub fn read(&self, name: &str) -> Option<Vec<u8>> {
        let inside =
            Path::new(name).components().all(|part| matches!(part, Component::Normal(_) | Component::CurDir));
        if !inside {
            return None;
        }
        let full = self.root.join(name).canonicalize().ok()?;
        if !full.starts_with(&self.root) {
            return None;
        }
        read::bytes(&full, &full, MAX_FILE_BYTES).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::files::write_output;

    #[test]
    fn texts_lie_in_their_folder_only() {
        let dir = tempfile::tempdir().unwrap();
        write_output(&dir.path().join("texts/deep/a.txt"), b"words").unwrap();
        write_output(&dir.path().join("secret.txt"), b"other words").unwrap();
        let texts = TextFolder::open(&dir.path().join("texts")).unwrap();
        assert_eq!(texts.read("deep/a.txt").as_deref(), Some(b"words".as_slice()));
        assert_eq!(texts.read("deep"), None);
        assert_eq!(texts.read("../secret.txt"), None);
        assert_eq!(texts.read(&dir.path().join("secret.txt").to_string_lossy()), None);
        assert_eq!(TextFolder::open(&dir.path().join("none")).unwrap_err().code, "FL050");
    }
}
