//! Making the files of a new project, all of them or none.

use std::fs;
use std::path::Path;

use super::project::SETTINGS_FILE;
use super::{create_folder, quoted, replace};
use crate::base::Diagnostic;
use crate::base::codes::project::EXISTS;

/// Writes `files`, paths below `dir` with their texts, and makes the folders they need.
///
/// # Errors
/// `dir` holds a project already, or a part of one, and nothing is written; or the system refuses
/// to write, and what was written so far is removed.
pub fn create_project(dir: &Path, files: &[(&str, &str)]) -> Result<(), Diagnostic> {
    let mut parts = [SETTINGS_FILE, "facts", "rules"].into_iter().chain(files.iter().map(|(path, _)| *path));
    if let Some(part) = parts.find(|part| fs::symlink_metadata(dir.join(part)).is_ok()) {
        let message = format!("there is {} already", quoted(&dir.join(part)));
        return Err(Diagnostic::new(EXISTS, message).note("nothing was written"));
    }
    let mut written = Vec::new();
    for (path, text) in files {
        let path = dir.join(path);
        let made = path.parent().map_or(Ok(()), create_folder).and_then(|()| replace(&path, text, None));
        if let Err(diagnostic) = made {
            // What cannot be removed either stays; the reason to stop is told all the same.
            for path in written.iter().rev() {
                let _ = fs::remove_file(path);
            }
            return Err(diagnostic);
        }
        written.push(path);
    }
    Ok(())
}
