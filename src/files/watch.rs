//! Noticing that a project's files change, for `:watch`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher as _};

use super::project::{Project, SETTINGS_FILE};
use super::quoted;
use crate::base::Diagnostic;
use crate::base::codes::project::UNREADABLE;

/// Watches a project's fact and rule files and its settings until it is dropped.
#[derive(Debug)]
pub struct Watcher {
    root: PathBuf,
    events: Receiver<notify::Result<notify::Event>>,
    /// Holds the operating system's side open.
    _inner: RecommendedWatcher,
}

impl Watcher {
    /// Begins to watch. Changes made before are not seen.
    pub fn new(project: &Project) -> Result<Watcher, Diagnostic> {
        let root = project.root().to_path_buf();
        let refuse = |error: notify::Error| {
            Diagnostic::new(UNREADABLE, format!("cannot watch {}: {error}", quoted(&root)))
                .help("`:reload` loads the files again when you ask")
        };
        let (sender, events) = channel();
        let mut inner = notify::recommended_watcher(sender).map_err(refuse)?;
        inner.watch(&root, RecursiveMode::Recursive).map_err(refuse)?;
        Ok(Watcher { root, events, _inner: inner })
    }

    /// The files that changed since the last call, relative to the project, sorted. Never waits.
    pub fn changed(&self) -> Vec<PathBuf> {
        let mut paths = BTreeSet::new();
        while let Ok(event) = self.events.try_recv() {
            self.note(event, &mut paths);
        }
        paths.into_iter().collect()
    }

    /// Waits at most `limit` for a change; then as [`Watcher::changed`].
    pub fn wait(&self, limit: Duration) -> Vec<PathBuf> {
        let until = std::time::Instant::now() + limit;
        let mut paths = BTreeSet::new();
        while paths.is_empty() {
            let left = until.saturating_duration_since(std::time::Instant::now());
            match self.events.recv_timeout(left) {
                Ok(event) => self.note(event, &mut paths),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
            }
        }
        paths.extend(self.changed());
        paths.into_iter().collect()
    }

    fn note(&self, event: notify::Result<notify::Event>, paths: &mut BTreeSet<PathBuf>) {
        let Ok(event) = event else { return };
        if matches!(event.kind, EventKind::Access(_)) {
            return;
        }
        let relative = event.paths.iter().filter_map(|path| path.strip_prefix(&self.root).ok());
        paths.extend(relative.filter(|path| concerns(path)).map(Path::to_path_buf));
    }
}

/// Whether a load reads this file: not hidden, with one of the extensions read.
fn concerns(path: &Path) -> bool {
    let hidden = path.iter().any(|part| part.to_string_lossy().starts_with('.'));
    let extension = path.extension().is_some_and(|ext| ext == "ron" || ext == "dl");
    !hidden && (extension || path == Path::new(SETTINGS_FILE))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::SourceMap;
    use crate::files::write_output;

    #[test]
    fn a_saved_fact_file_is_noticed_and_a_temporary_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        write_output(&dir.path().join("facts/a.ron"), b"[]").unwrap();
        let project = Project::open(dir.path(), &mut SourceMap::new()).unwrap();
        let watcher = Watcher::new(&project).unwrap();
        assert!(watcher.changed().is_empty());
        write_output(&dir.path().join("facts/notes.txt"), b"x").unwrap();
        write_output(&dir.path().join("facts/a.ron"), b"[A()]").unwrap();
        assert_eq!(watcher.wait(Duration::from_secs(10)), [PathBuf::from("facts/a.ron")]);
    }
}
