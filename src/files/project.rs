//! A project's folder: finding it, its settings, the files in it.

use std::collections::HashSet;
use std::env;
use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::read::{self, FileText, NotText, Trust};
use super::settings::Settings;
use super::{cannot_read, quoted, shown};
use crate::base::codes::project::{NO_PROJECT, NOT_FOUND, OUTSIDE};
use crate::base::{Diagnostic, FileId, SourceMap, Span};

/// Name of the file of settings.
pub const SETTINGS_FILE: &str = "factlog.ron";

/// A project on disk.
#[derive(Clone, Debug)]
pub struct Project {
    /// Canonical, so that what lies below it can be told by prefix.
    root: PathBuf,
    settings: Settings,
}

impl Project {
    /// The project in `dir` (`-C`), or without it the one in the current folder or nearest above.
    /// The settings' text is added to `sources`.
    pub fn find(dir: Option<&Path>, sources: &mut SourceMap) -> Result<Project, Diagnostic> {
        match dir {
            Some(dir) => Self::open(dir, sources),
            None => {
                let here = env::current_dir().map_err(|error| cannot_read(Path::new("."), &error))?;
                Self::find_above(&here, sources)
            }
        }
    }

    /// The project in `start` or nearest above it.
    pub fn find_above(start: &Path, sources: &mut SourceMap) -> Result<Project, Diagnostic> {
        match start.ancestors().find(|dir| is_project(dir)) {
            Some(root) => Self::open(root, sources),
            None => Err(Diagnostic::new(NO_PROJECT, format!("{} is in no project", quoted(start)))
                .note(format!("a project's folder holds `{SETTINGS_FILE}`, or `facts/` and `rules/`"))
                .help("name one with `-C DIR`, or make one: `factlog new .`")),
        }
    }

    /// The project in `dir`, whatever it holds.
    pub fn open(dir: &Path, sources: &mut SourceMap) -> Result<Project, Diagnostic> {
        let root = dir.canonicalize().map_err(|error| cannot_read(dir, &error))?;
        if !root.is_dir() {
            return Err(Diagnostic::new(NOT_FOUND, format!("{} is not a folder", quoted(dir))));
        }
        let mut project = Project { root, settings: Settings::default() };
        if project.root.join(SETTINGS_FILE).exists() {
            let file = project.read(Path::new(SETTINGS_FILE), Trust::Project)?;
            let id = sources.add(file.name, file.text.clone());
            project.settings = Settings::parse(&file.text, id)?;
        }
        Ok(project)
    }

    /// The project's folder, canonical.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Its settings.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// Its fact files, `*.ron`, relative to the root, sorted; the inbox only if `inbox`.
    /// A configured folder that is absent holds nothing, unless the settings name it themselves.
    pub fn fact_files(&self, inbox: bool) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
        let mut files = self.list(&self.settings.folders.facts, "ron", "facts")?;
        let candidates = Path::new(&self.settings.folders.inbox);
        if inbox {
            let known: HashSet<PathBuf> = files.iter().cloned().collect();
            let folder = [self.settings.folders.inbox.clone()];
            files.extend(
                self.list(&folder, "ron", "facts/inbox")?.into_iter().filter(|file| !known.contains(file)),
            );
            files.sort();
        } else {
            files.retain(|file| !file.starts_with(candidates));
        }
        Ok(files)
    }

    /// Whether a file lies in the folder of candidates that nobody has reviewed.
    pub fn in_inbox(&self, file: &Path) -> bool {
        let file = file.strip_prefix(&self.root).unwrap_or(file);
        file.starts_with(&self.settings.folders.inbox)
    }

    /// Its rule files, `*.dl`, likewise.
    pub fn rule_files(&self) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
        self.list(&self.settings.folders.rules, "dl", "rules")
    }

    /// Its transcripts, `*.repl`, likewise: the examples first, then the tests of its rules.
    pub fn transcript_files(&self) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
        let folders = &self.settings.folders;
        let mut files = self.list(std::slice::from_ref(&folders.examples), "repl", "repl_examples")?;
        files.extend(self.list(std::slice::from_ref(&folders.tests), "repl", "tests")?);
        files.dedup();
        Ok(files)
    }

    /// Reads a file; a relative path is taken from the project's folder, or, named on the command
    /// line, from the current one.
    pub fn read(&self, path: &Path, trust: Trust) -> Result<FileText, Diagnostic> {
        let full = self.resolve(path, trust)?;
        let name = self.name(&full, path);
        let content = read::bytes(&full, Path::new(&name), self.settings.max_file_bytes())?;
        let text = read::utf8(Path::new(&name), content).map_err(|refused| refused.why)?;
        Ok(FileText { name, text: text.into() })
    }

    /// Reads a file into `sources`, so that its mistakes can be shown at their places, even that
    /// it is no text.
    pub fn read_into(
        &self,
        path: &Path,
        trust: Trust,
        sources: &mut SourceMap,
    ) -> Result<(FileId, FileText), Diagnostic> {
        let full = self.resolve(path, trust)?;
        let name = self.name(&full, path);
        let content = read::bytes(&full, Path::new(&name), self.settings.max_file_bytes())?;
        match read::utf8(Path::new(&name), content) {
            Ok(text) => {
                let text: Arc<str> = text.into();
                Ok((sources.add(name.clone(), text.clone()), FileText { name, text }))
            }
            Err(NotText { why, legible, at }) => {
                let end =
                    at + legible.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
                let file = sources.add(name, legible);
                Err(why.at(Span::new(file, at, end)))
            }
        }
    }

    /// Opens a regular file, of any size, for a reader of bulk data.
    pub fn open_data(&self, path: &Path, trust: Trust) -> Result<File, Diagnostic> {
        let full = self.resolve(path, trust)?;
        let name = self.name(&full, path);
        read::open_regular(&full, Path::new(&name)).map(|(file, _)| file)
    }

    /// The path, relative to the project, of what `written` means in the file `from` (itself
    /// relative to the project), as `.include` and `.input` write it.
    pub fn relative_to(&self, from: &Path, written: &str) -> Result<PathBuf, Diagnostic> {
        let written = Path::new(written);
        let mut parts: Vec<&std::ffi::OsStr> =
            from.parent().map(|dir| dir.iter().collect()).unwrap_or_default();
        for component in written.components() {
            match component {
                Component::Normal(part) => parts.push(part),
                Component::CurDir => {}
                Component::ParentDir if !parts.is_empty() => {
                    parts.pop();
                }
                Component::ParentDir | Component::RootDir | Component::Prefix(_) => {
                    return Err(outside(written));
                }
            }
        }
        Ok(parts.iter().collect())
    }

    /// The real path of a file that may be read, or why it may not.
    pub fn resolve(&self, path: &Path, trust: Trust) -> Result<PathBuf, Diagnostic> {
        if trust == Trust::CommandLine {
            return path.canonicalize().map_err(|error| cannot_read(path, &error));
        }
        let leaves = path.components().any(|part| !matches!(part, Component::Normal(_) | Component::CurDir));
        if leaves && !path.starts_with(&self.root) {
            return Err(outside(path));
        }
        let full = self.root.join(path).canonicalize().map_err(|error| cannot_read(path, &error))?;
        if !full.starts_with(&self.root) {
            return Err(outside(path).note(format!("it is a symbolic link to {}", quoted(&full))));
        }
        Ok(full)
    }

    /// The name a file is shown under: relative to the project if it lies there, else as written.
    fn name(&self, full: &Path, written: &Path) -> String {
        match full.strip_prefix(&self.root) {
            // Of a link, the name in the project is known; its target's would puzzle.
            Ok(_) if written.is_relative() && self.root.join(written).exists() => shown(written),
            Ok(inside) => shown(inside),
            Err(_) => shown(written),
        }
    }

    /// Files with extension `ext` below `folders`, relative to the root, sorted, each once; hidden
    /// ones are passed over. What cannot be listed is reported, all of it.
    fn list(&self, folders: &[String], ext: &str, usual: &str) -> Result<Vec<PathBuf>, Vec<Diagnostic>> {
        let mut files = Vec::new();
        let mut errors = Vec::new();
        let mut seen = HashSet::new();
        for folder in folders {
            let folder = Path::new(folder);
            if folder == Path::new(usual) && !self.root.join(folder).exists() {
                continue;
            }
            self.walk(folder, ext, &mut seen, &mut files, &mut errors);
        }
        files.sort();
        if errors.is_empty() { Ok(files) } else { Err(errors) }
    }

    fn walk(
        &self,
        top: &Path,
        ext: &str,
        seen: &mut HashSet<PathBuf>,
        files: &mut Vec<PathBuf>,
        errors: &mut Vec<Diagnostic>,
    ) {
        let mut pending = vec![top.to_path_buf()];
        while let Some(dir) = pending.pop() {
            let full = match self.resolve(&dir, Trust::Project) {
                // A link may lead back to a folder above: each folder is walked once.
                Ok(full) if seen.insert(full.clone()) => full,
                Ok(_) => continue,
                Err(error) => {
                    errors.push(error);
                    continue;
                }
            };
            let mut names = match entry_names(&full) {
                Ok(names) => names,
                Err(error) => {
                    errors.push(cannot_read(&dir, &error));
                    continue;
                }
            };
            // Sorted, so that of two names for one file it is always the same one that is kept.
            names.sort();
            let mut folders = Vec::new();
            for name in names {
                if name.to_string_lossy().starts_with('.') {
                    continue;
                }
                let path = dir.join(&name);
                let is_dir = self.root.join(&path).is_dir();
                if is_dir {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == ext) {
                    match self.resolve(&path, Trust::Project) {
                        Ok(full) if seen.insert(full.clone()) => files.push(path),
                        Ok(_) => {}
                        Err(error) => errors.push(error),
                    }
                }
            }
            pending.extend(folders.into_iter().rev());
        }
    }
}

fn entry_names(dir: &Path) -> std::io::Result<Vec<std::ffi::OsString>> {
    fs::read_dir(dir)?.map(|entry| entry.map(|entry| entry.file_name())).collect()
}

fn is_project(dir: &Path) -> bool {
    dir.join(SETTINGS_FILE).is_file() || (dir.join("facts").is_dir() && dir.join("rules").is_dir())
}

fn outside(path: &Path) -> Diagnostic {
    Diagnostic::new(OUTSIDE, format!("{} leads out of the project", quoted(path)))
        .help("copy the file into the project, or name it on the command line")
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Scratch(tempfile::TempDir);

    impl Scratch {
        fn new(files: &[(&str, &str)]) -> Self {
            let dir = tempfile::tempdir().unwrap();
            for (path, text) in files {
                let path = dir.path().join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Scratch(dir)
        }

        fn open(&self) -> Project {
            Project::open(self.0.path(), &mut SourceMap::new()).unwrap()
        }
    }

    fn names(files: Vec<PathBuf>) -> Vec<String> {
        files.iter().map(|file| shown(file)).collect()
    }

    #[test]
    fn files_are_listed_in_order_without_hidden_ones_and_the_inbox() {
        let scratch = Scratch::new(&[
            ("facts/b.ron", ""),
            ("facts/a/z.ron", ""),
            ("facts/a.ron", ""),
            ("facts/.a.ron.12.tmp", ""),
            ("facts/.hidden/x.ron", ""),
            ("facts/notes.txt", ""),
            ("facts/inbox/new.ron", ""),
            ("rules/schema.dl", ""),
        ]);
        let project = scratch.open();
        assert_eq!(
            names(project.fact_files(false).unwrap()),
            ["facts/a/z.ron", "facts/a.ron", "facts/b.ron"]
        );
        assert_eq!(project.fact_files(true).unwrap().len(), 4);
        assert_eq!(names(project.rule_files().unwrap()), ["rules/schema.dl"]);
        assert!(project.transcript_files().unwrap().is_empty());
        assert!(project.in_inbox(Path::new("facts/inbox/new.ron")));
    }

    #[test]
    fn a_project_is_found_upwards() {
        let scratch = Scratch::new(&[("facts/deep/a.ron", ""), ("rules/r.dl", "")]);
        let found = Project::find_above(&scratch.0.path().join("facts/deep"), &mut SourceMap::new()).unwrap();
        assert_eq!(found.root(), scratch.0.path().canonicalize().unwrap());
        let bare = Scratch::new(&[("x/y", "")]);
        let error = Project::find_above(&bare.0.path().join("x"), &mut SourceMap::new()).unwrap_err();
        assert_eq!(error.code, "FL056");
    }

    #[test]
    fn a_folder_that_the_settings_name_must_exist() {
        let scratch = Scratch::new(&[("factlog.ron", r#"(folders: (facts: ["fatcs"]))"#)]);
        let errors = scratch.open().fact_files(false).unwrap_err();
        assert_eq!(errors[0].code, "FL050");
    }

    #[test]
    fn nothing_leads_out_of_the_project() {
        let scratch = Scratch::new(&[("facts/a.ron", "[]"), ("rules/sub/r.dl", "")]);
        let project = scratch.open();
        assert_eq!(&*project.read(Path::new("facts/a.ron"), Trust::Project).unwrap().text, "[]");
        for path in ["../x.ron", "/etc/hostname", "facts/../../x"] {
            assert_eq!(project.read(Path::new(path), Trust::Project).unwrap_err().code, "FL053", "{path}");
        }
        let from = Path::new("rules/sub/r.dl");
        assert_eq!(project.relative_to(from, "../schema.dl").unwrap(), Path::new("rules/schema.dl"));
        assert_eq!(project.relative_to(from, "../../facts/a.ron").unwrap(), Path::new("facts/a.ron"));
        for path in ["../../../x.dl", "/etc/passwd"] {
            assert_eq!(project.relative_to(from, path).unwrap_err().code, "FL053", "{path}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn links_may_point_inside_only_and_loops_end() {
        use std::os::unix::fs::symlink;
        let other = Scratch::new(&[("secret.ron", "[]")]);
        let scratch = Scratch::new(&[("facts/a/a.ron", "[]"), ("rules/r.dl", "")]);
        let facts = scratch.0.path().join("facts");
        symlink("..", facts.join("a/loop")).unwrap();
        symlink("a/a.ron", facts.join("b.ron")).unwrap();
        let project = scratch.open();
        assert_eq!(names(project.fact_files(false).unwrap()), ["facts/b.ron"]);
        symlink(other.0.path().join("secret.ron"), facts.join("c.ron")).unwrap();
        symlink(other.0.path(), facts.join("d")).unwrap();
        let errors = project.fact_files(false).unwrap_err();
        assert_eq!(errors.iter().map(|e| e.code.as_str()).collect::<Vec<_>>(), ["FL053", "FL053"]);
    }

    #[test]
    fn a_path_on_the_command_line_may_lie_anywhere() {
        let scratch = Scratch::new(&[("facts/a.ron", ""), ("rules/r.dl", "")]);
        let other = Scratch::new(&[("x.ron", "[]")]);
        let path = other.0.path().join("x.ron");
        let file = scratch.open().read(&path, Trust::CommandLine).unwrap();
        assert_eq!(file.name, shown(&path));
    }
}
