//! Every example of README.md and docs/*.md is run. In a `console` block a line after `$ ` is a
//! command and the lines behind it are what it prints, standard output before standard error; `...`
//! stands for lines left out. A `repl` block is a transcript, as `factlog test` replays it.
//!
//! `FACTLOG_BLESS=1 cargo test --test docs` writes what really comes out into the documents.
#![cfg(unix)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

const BINARY: &str = env!("CARGO_BIN_EXE_factlog");

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A copy of the shipped project, so that examples may write.
fn copy_of_project() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let entry = entry.unwrap();
            let target = to.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                copy(&entry.path(), &target);
            } else {
                fs::copy(entry.path(), target).unwrap();
            }
        }
    }
    let project = tempfile::tempdir().unwrap();
    for folder in ["facts", "rules", "repl_examples"] {
        copy(&root().join(folder), &project.path().join(folder));
    }
    project
}

/// What a command of a `console` block prints, and its exit status if that is not 0.
fn shell(project: &Path, command: &str) -> String {
    let folder = Path::new(BINARY).parent().unwrap();
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", command]).current_dir(project).env("PATH", path).env_remove("NO_COLOR");
    let output = shell.stdin(Stdio::null()).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    text(output.stdout) + &text(output.stderr)
}

/// Whether the output is what is expected, in which a line `...` stands for any lines.
fn fits(expected: &[&str], found: &[&str]) -> bool {
    match expected.split_first() {
        None => found.is_empty(),
        Some((&"...", rest)) => (0..=found.len()).any(|skip| fits(rest, &found[skip..])),
        Some((first, rest)) => found.first() == Some(first) && fits(rest, &found[1..]),
    }
}

/// The block as it should be: its own text where that fits what comes out.
fn console(project: &Path, block: &str) -> String {
    let mut out = String::new();
    let mut lines = block.lines().peekable();
    while let Some(line) = lines.next() {
        let mut command = line.strip_prefix("$ ").unwrap_or_else(|| panic!("no command: {line}")).to_owned();
        out += &format!("{line}\n");
        while let Some(more) = lines.next_if(|line| line.starts_with("> ")) {
            command += &format!("\n{}", &more[2..]);
            out += &format!("{more}\n");
        }
        let mut expected = Vec::new();
        while let Some(line) = lines.next_if(|line| !line.starts_with("$ ")) {
            expected.push(line);
        }
        let output = shell(project, &command);
        let found: Vec<&str> = output.lines().map(str::trim_end).collect();
        let shown = if fits(&expected, &found) { &expected } else { &found };
        shown.iter().for_each(|line| out += &format!("{line}\n"));
    }
    out
}

fn transcript(project: &Path, block: &str) -> String {
    let file = project.join("repl_examples/document.repl");
    fs::write(&file, block).unwrap();
    let mut test = Command::new(BINARY);
    test.args(["test", "--bless"]).arg(&file).current_dir(project);
    let output = test.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let shown = fs::read_to_string(&file).unwrap();
    fs::remove_file(&file).unwrap();
    shown
}

/// The document as it should be, and how many examples it has.
fn checked(text: &str) -> (String, usize) {
    let project = copy_of_project();
    let (mut out, mut count) = (String::new(), 0);
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        out += line;
        let Some(language) = line.strip_prefix("```").map(str::trim_end) else { continue };
        let mut block = String::new();
        let end = loop {
            let line = lines.next().expect("a block is closed");
            if line.starts_with("```") {
                break line;
            }
            block += line;
        };
        out += &match language {
            "console" => console(project.path(), &block),
            "repl" => transcript(project.path(), &block),
            _ => block,
        };
        count += usize::from(["console", "repl"].contains(&language));
        out += end;
    }
    (out, count)
}

fn documents() -> Vec<PathBuf> {
    let mut found = vec![root().join("README.md")];
    for entry in fs::read_dir(root().join("docs")).unwrap() {
        found.push(entry.unwrap().path());
    }
    found.retain(|path| path.extension().is_some_and(|extension| extension == "md"));
    found.sort();
    found
}

#[test]
fn the_examples_of_the_documents_are_true() {
    let mut wrong = String::new();
    let mut total = 0;
    for path in documents() {
        let text = fs::read_to_string(&path).unwrap();
        let (shown, count) = checked(&text);
        total += count;
        if shown == text {
            continue;
        }
        if std::env::var_os("FACTLOG_BLESS").is_some() {
            fs::write(&path, shown).unwrap();
            continue;
        }
        for (expected, found) in text.lines().zip(shown.lines()).filter(|(one, other)| one != other).take(1) {
            wrong += &format!("{}\n  says  {expected}\n  is    {found}\n", path.display());
        }
    }
    assert!(total >= 20, "the documents have {total} examples");
    assert!(wrong.is_empty(), "{wrong}");
}
