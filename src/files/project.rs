//! A project's folder: finding it, its settings, the files in it.

use std::collections::HashSet;
use std::env;
use std::fs::{self, File};
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use super::read::{self, FileText, NotText, Trust};
use super::settings::{Folders, Settings};
use super::{cannot_read, quoted, shown};
use crate::base::codes::project::{NO_PROJECT, NOT_FOUND, OUTSIDE};
use crate::base::recall::Again;
use crate::base::{Diagnostic, FileId, SourceMap, Span};

/// Name of the file of settings.
pub const SETTINGS_FILE: &str = "factlog.ron";

/// That some of a project's files cannot be listed.
#[derive(Clone, Debug)]
pub struct Unlisted {
    /// Those that can.
    pub files: Vec<PathBuf>,
    /// Paths of the others, or of their folders, with what is wrong.
    pub problems: Vec<(PathBuf, Diagnostic)>,
}

impl From<Unlisted> for Vec<Diagnostic> {
    fn from(unlisted: Unlisted) -> Self {
        unlisted.problems.into_iter().map(|(_, problem)| problem).collect()
    }
}

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
    pub fn fact_files(&self, inbox: bool) -> Result<Vec<PathBuf>, Unlisted> {
        let Folders { facts, inbox: candidates, .. } = &self.settings.folders;
        let mut listing = Listing::default();
        self.list(&mut listing, facts, "ron", "facts");
        if inbox {
            self.list(&mut listing, std::slice::from_ref(candidates), "ron", "facts/inbox");
        } else {
            listing.files.retain(|file| !file.starts_with(candidates));
        }
        listing.done()
    }

    /// Whether a file lies in the folder of candidates that nobody has reviewed.
    pub fn in_inbox(&self, file: &Path) -> bool {
        let file = file.strip_prefix(&self.root).unwrap_or(file);
        file.starts_with(&self.settings.folders.inbox)
    }

    /// Its rule files, `*.dl`, likewise.
    pub fn rule_files(&self) -> Result<Vec<PathBuf>, Unlisted> {
        let mut listing = Listing::default();
        self.list(&mut listing, &self.settings.folders.rules, "dl", "rules");
        listing.done()
    }

    /// Its transcripts, `*.repl`, likewise: the examples and the tests of its rules.
    pub fn transcript_files(&self) -> Result<Vec<PathBuf>, Unlisted> {
        let Folders { examples, tests, .. } = &self.settings.folders;
        let mut listing = Listing::default();
        self.list(&mut listing, std::slice::from_ref(examples), "repl", "repl_examples");
        self.list(&mut listing, std::slice::from_ref(tests), "repl", "tests");
        listing.done()
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

    /// A way to read a file of the project again that has been read, for as long as it is no larger.
    pub fn again(&self, path: &Path) -> Option<Again> {
        let full = self.resolve(path, Trust::Project).ok()?;
        let limit = self.settings.max_file_bytes();
        Some(Arc::new(move || read::text(&full, limit).ok()))
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

    /// Adds the files with extension `ext` below `folders`, each once; hidden ones are passed over,
    /// and so is the `usual` folder where it is absent.
    fn list(&self, listing: &mut Listing, folders: &[String], ext: &str, usual: &str) {
        for folder in folders {
            let folder = Path::new(folder);
            if folder != Path::new(usual) || self.root.join(folder).exists() {
                self.walk(listing, folder, ext);
            }
        }
    }

    fn walk(&self, listing: &mut Listing, top: &Path, ext: &str) {
        let mut pending = vec![top.to_path_buf()];
        while let Some(dir) = pending.pop() {
            // A link may lead back to a folder above: each folder is walked once.
            let Some(full) = listing.new_one(&dir, self.resolve(&dir, Trust::Project)) else { continue };
            let mut names = match entry_names(&full) {
                Ok(names) => names,
                Err(error) => {
                    let problem = cannot_read(&dir, &error);
                    listing.problems.push((dir, problem));
                    continue;
                }
            };
            // Sorted, so that of two names for one file it is always the same one that is kept.
            names.sort();
            let mut folders = Vec::new();
            for name in names.iter().filter(|name| !name.to_string_lossy().starts_with('.')) {
                let path = dir.join(name);
                if self.root.join(&path).is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|e| e == ext)
                    && listing.new_one(&path, self.resolve(&path, Trust::Project)).is_some()
                {
                    listing.files.push(path);
                }
            }
            pending.extend(folders.into_iter().rev());
        }
    }
}

/// Files that are being listed.
#[derive(Default)]
struct Listing {
    /// Real paths of folders and files that have been met.
    seen: HashSet<PathBuf>,
    files: Vec<PathBuf>,
    problems: Vec<(PathBuf, Diagnostic)>,
}

impl Listing {
    /// The real path, unless it has been met before or may not be read.
    fn new_one(&mut self, path: &Path, resolved: Result<PathBuf, Diagnostic>) -> Option<PathBuf> {
        match resolved {
            Ok(full) => self.seen.insert(full.clone()).then_some(full),
            Err(problem) => {
                self.problems.push((path.to_owned(), problem));
                None
            }
        }
    }

    fn done(mut self) -> Result<Vec<PathBuf>, Unlisted> {
        self.files.sort();
        match self.problems.is_empty() {
            true => Ok(self.files),
            false => Err(Unlisted { files: self.files, problems: self.problems }),
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
        let unlisted = scratch.open().fact_files(false).unwrap_err();
        assert_eq!(unlisted.problems[0].1.code, "FL050");
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
        let unlisted = project.fact_files(false).unwrap_err();
        let problems: Vec<_> =
            unlisted.problems.iter().map(|(path, error)| (path.to_str(), error.code.as_str())).collect();
        assert_eq!(problems, [(Some("facts/c.ron"), "FL053"), (Some("facts/d"), "FL053")]);
        assert_eq!(names(unlisted.files), ["facts/b.ron"]);
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
