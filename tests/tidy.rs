//! The rules of the house that a compiler does not check: which layer may use which, how long a
//! file may be, where the disk is touched, where text is printed, what may not panic.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use factlog::base::codes;

/// What each layer may use beside itself. Everything else is an edge that runs back.
const LAYERS: [(&str, &[&str]); 15] = [
    ("base", &[]),
    ("syntax", &["base"]),
    ("model", &["base", "syntax"]),
    ("analysis", &["base", "syntax", "model"]),
    ("storage", &["base", "syntax", "model", "analysis"]),
    ("plan", &["base", "syntax", "model", "analysis", "storage"]),
    ("engine", &["base", "syntax", "model", "analysis", "storage", "plan"]),
    ("provenance", &["base", "syntax", "model", "analysis", "storage", "plan", "engine"]),
    ("files", &["base", "syntax", "model"]),
    ("interop", &["base", "syntax", "model", "storage", "files"]),
    (
        "session",
        &[
            "base",
            "syntax",
            "model",
            "analysis",
            "storage",
            "plan",
            "engine",
            "provenance",
            "files",
            "interop",
        ],
    ),
    ("render", &["base", "model", "session"]),
    ("api", &["base", "syntax", "model", "analysis", "provenance", "files", "session", "render"]),
    (
        "repl",
        &["base", "syntax", "model", "analysis", "storage", "plan", "engine", "files", "session", "render"],
    ),
    (
        "cli",
        &[
            "base", "syntax", "model", "analysis", "storage", "plan", "engine", "files", "interop",
            "session", "render", "repl",
        ],
    ),
];

const MAX_LINES: usize = 600;

/// Calls that end the program, as they are written.
const ABRUPT: [&str; 7] =
    [".unwrap()", ".expect(", "panic!(", "todo!(", "unimplemented!(", "process::exit", "process::abort"];

const PRINTING: [&str; 7] =
    ["println!(", "print!(", "eprintln!(", "eprint!(", "dbg!(", "io::stdout", "io::stderr"];

struct Source {
    path: PathBuf,
    text: String,
}

impl Source {
    /// The layer: the first folder (or module) below `src`.
    fn layer(&self) -> String {
        let inner = self.path.strip_prefix(root().join("src")).unwrap_or(&self.path);
        let first = inner.components().next().unwrap().as_os_str().to_string_lossy().into_owned();
        first.trim_end_matches(".rs").to_owned()
    }

    /// The numbered lines of code outside test modules, without comments.
    fn code(&self) -> Vec<(usize, &str)> {
        let mut kept = Vec::new();
        // Test modules that fill files of their own.
        if self.path.file_name().is_some_and(|name| name == "tests.rs" || name == "testing.rs") {
            return kept;
        }
        let mut lines = self.text.lines().enumerate().peekable();
        while let Some((i, line)) = lines.next() {
            if line.trim() == "#[cfg(test)]" {
                skip_item(&mut lines, indent(line));
                continue;
            }
            let code = line.split("//").next().unwrap_or("");
            if !code.trim().is_empty() {
                kept.push((i + 1, code));
            }
        }
        kept
    }
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Skips one item as rustfmt lays it out: up to a `;` on its first line, or to the closing brace
/// at its own indentation.
fn skip_item<'a>(lines: &mut impl Iterator<Item = (usize, &'a str)>, depth: usize) {
    for (_, line) in lines {
        let attribute = line.trim_start().starts_with("#[");
        let ends = indent(line) == depth && (line.trim() == "}" || line.trim_end().ends_with(';'));
        if ends && !attribute {
            return;
        }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn rust_files(folder: &str) -> Vec<Source> {
    let mut found = Vec::new();
    let mut folders = vec![root().join(folder)];
    while let Some(folder) = folders.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for entry in entries {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = fs::read_to_string(&path).unwrap();
                found.push(Source { path, text });
            }
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

/// Files and folders of modules that are declared under `#[cfg(test)]`.
fn test_modules(sources: &[Source]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for source in sources {
        let stem = source.path.file_stem().unwrap().to_string_lossy().into_owned();
        let parent = source.path.parent().unwrap();
        let folder = if matches!(stem.as_str(), "mod" | "lib" | "main") {
            parent.to_owned()
        } else {
            parent.join(stem)
        };
        let lines: Vec<&str> = source.text.lines().map(str::trim).collect();
        for pair in lines.windows(2).filter(|pair| pair[0] == "#[cfg(test)]") {
            let declared = pair[1].split_once("mod ").and_then(|(_, name)| name.strip_suffix(';'));
            if let Some(name) = declared {
                found.push(folder.join(format!("{name}.rs")));
                found.push(folder.join(name));
            }
        }
    }
    found
}

/// The sources of the program itself.
fn program() -> Vec<Source> {
    let mut sources = rust_files("src");
    let tests = test_modules(&sources);
    sources.retain(|source| !tests.iter().any(|test| source.path.starts_with(test)));
    sources
}

/// Fails with all complaints at once.
fn report(rule: &str, complaints: Vec<String>) {
    assert!(complaints.is_empty(), "{rule}:\n  {}", complaints.join("\n  "));
}

/// `path:line: text` for each line of code that `wrong` picks, in files that `applies` picks.
fn offending(applies: impl Fn(&str) -> bool, wrong: impl Fn(&str) -> bool) -> Vec<String> {
    let mut complaints = Vec::new();
    for source in program() {
        if !applies(&source.layer()) {
            continue;
        }
        for (number, line) in source.code() {
            if wrong(line) {
                complaints.push(format!("{}:{number}: {}", source.path.display(), line.trim()));
            }
        }
    }
    complaints
}

#[test]
fn layers_point_one_way() {
    let allowed: BTreeMap<&str, &[&str]> = LAYERS.into_iter().collect();
    let mut complaints = Vec::new();
    for source in program() {
        let layer = source.layer();
        if matches!(layer.as_str(), "lib" | "main") {
            continue;
        }
        let Some(allowed) = allowed.get(layer.as_str()) else {
            complaints.push(format!("{}: `{layer}` is no known layer", source.path.display()));
            continue;
        };
        for (number, line) in source.code() {
            if line.contains("use crate::{") {
                complaints
                    .push(format!("{}:{number}: one `use` for each layer, please", source.path.display()));
            }
            for rest in line.split("crate::").skip(1) {
                let used: String = rest.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
                let known = LAYERS.iter().any(|(name, _)| *name == used);
                if known && used != layer && !allowed.contains(&used.as_str()) {
                    complaints.push(format!("{}:{number}: {layer} uses {used}", source.path.display()));
                }
            }
        }
    }
    report("an edge runs against the layers of ARCHITECTURE.md", complaints);
}

#[test]
fn files_are_short_and_say_what_they_are() {
    let mut complaints = Vec::new();
    for source in ["src", "tests", "benches"].into_iter().flat_map(rust_files) {
        let lines = source.text.lines().count();
        if lines > MAX_LINES {
            complaints.push(format!("{}: {lines} lines", source.path.display()));
        }
        if !source.text.starts_with("//!") {
            complaints.push(format!("{}: does not begin with `//!`", source.path.display()));
        }
    }
    report("a file is longer than 600 lines or has no head", complaints);
}

#[test]
fn only_files_touches_the_disk() {
    let wrong =
        |line: &str| line.contains("std::fs") || line.contains("fs::File") || line.contains("fs::read");
    report("std::fs outside src/files", offending(|layer| layer != "files", wrong));
}

#[test]
fn only_the_outermost_layers_print() {
    let inner = |layer: &str| !matches!(layer, "cli" | "repl" | "main");
    report(
        "printing outside cli, repl and main",
        offending(inner, |line| PRINTING.iter().any(|p| line.contains(p))),
    );
}

#[test]
fn nothing_ends_the_program_abruptly() {
    let wrong = |line: &str| {
        // A parser's own method of that name takes no message.
        let line = line.replace("self.expect(", "");
        ABRUPT.iter().any(|call| line.contains(call))
    };
    report("unwrap, expect, panic or exit outside tests and main", offending(|layer| layer != "main", wrong));
}

#[test]
fn every_code_has_its_page_and_every_page_its_code() {
    let mut complaints = Vec::new();
    for info in codes::all() {
        let first = info.page.lines().next().unwrap_or("");
        if first != format!("# {} {}", info.code, info.name) {
            complaints.push(format!("{}: the page begins `{first}`", info.code));
        }
        let lines = info.page.lines().count();
        if !(8..=40).contains(&lines) {
            complaints.push(format!("{}: the page has {lines} lines", info.code));
        }
    }
    let pages = fs::read_dir(root().join("docs/rules"))
        .map(|pages| pages.flatten().collect::<Vec<_>>())
        .unwrap_or_default();
    for page in pages {
        let name = page.file_name().to_string_lossy().into_owned();
        let code = name.trim_end_matches(".md");
        if !codes::all().any(|info| info.code == code) {
            complaints.push(format!("docs/rules/{name}: no such code"));
        }
    }
    report("codes and pages differ", complaints);
}
