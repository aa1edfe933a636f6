//! A project in a temporary folder, and the program run on it.

#![allow(dead_code, reason = "each test file uses a part of it")]

use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

/// A folder that goes away with it.
pub struct Project(tempfile::TempDir);

/// What a run of the program left.
#[derive(Debug, PartialEq)]
pub struct Ran {
    /// The exit status.
    pub status: i32,
    /// Standard output.
    pub out: String,
    /// Standard error.
    pub err: String,
}

impl Ran {
    /// Status 0, this output, and nothing on standard error.
    pub fn success(out: &str) -> Ran {
        Ran { status: 0, out: out.to_owned(), err: String::new() }
    }
}

impl Project {
    /// An empty folder.
    pub fn empty() -> Project {
        Project(tempfile::tempdir().unwrap())
    }

    /// Two summits, three people, who attended, and the numbers 0 to 39.
    pub fn small() -> Project {
        let project = Project::empty();
        project.write(
            "rules/schema.dl",
            ".decl Person(id: Person, name: symbol) key(id)\n\
             .decl Summit(id: Summit) key(id)\n\
             .enum Role = Guest | Host\n\
             .decl Attended(leader: Person, summit: Summit, role: Role = Guest, on: date?) key(leader, summit)\n\
             .decl N(n: number)\n",
        );
        project.write(
            "facts/a.ron",
            "[\n    Person(id: \"ann\", name: \"Ann\"),\n    Person(id: \"bob\", name: \"Bob\"),\n    \
             Person(id: \"cem\", name: \"Cem\"),\n    Summit(id: \"xian\"),\n    Summit(id: \"moon_base\"),\n    \
             Attended(leader: \"ann\", summit: \"xian\", role: Host, on: \"2023-05\"),\n    \
             Attended(leader: \"bob\", summit: \"xian\"),\n]\n",
        );
        let numbers: Vec<String> = (0..40).map(|n| format!("    N(n: {n}),\n")).collect();
        project.write("facts/n.ron", &format!("[\n{}]\n", numbers.concat()));
        project
    }

    /// A path in it.
    pub fn path(&self, path: &str) -> String {
        self.0.path().join(path).to_str().unwrap().to_owned()
    }

    /// Writes a file and the folders above it.
    pub fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    /// Removes a file.
    pub fn remove(&self, path: &str) {
        std::fs::remove_file(self.0.path().join(path)).unwrap();
    }

    /// The text of a file.
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.0.path().join(path)).unwrap()
    }

    /// The files in it, at any depth, by name.
    pub fn files(&self) -> Vec<String> {
        let mut folders = vec![self.0.path().to_owned()];
        let mut files = Vec::new();
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.push(path.strip_prefix(self.0.path()).unwrap().to_str().unwrap().to_owned());
                }
            }
        }
        files.sort();
        files
    }

    /// The program, to be started in it.
    pub fn command(&self, args: &[&str]) -> Command {
        self.command_in(self.0.path(), args)
    }

    fn command_in(&self, dir: &Path, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_factlog"));
        command.args(args).current_dir(dir).env_remove("NO_COLOR").env("TERM", "xterm").stdin(Stdio::null());
        command
    }

    /// Runs the program in it.
    pub fn run(&self, args: &[&str]) -> Ran {
        finish(self.command(args))
    }

    /// Runs the program in it with this text on standard input.
    pub fn run_with(&self, args: &[&str], input: &str) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that ends early closes its input.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        ran(child.wait_with_output().unwrap())
    }

    /// Runs the program in one of its folders.
    pub fn run_in(&self, folder: &str, args: &[&str]) -> Ran {
        finish(self.command_in(&self.0.path().join(folder), args))
    }
}

fn finish(mut command: Command) -> Ran {
    ran(command.output().unwrap())
}

fn ran(output: Output) -> Ran {
    Ran {
        status: output.status.code().unwrap(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}
