//! Programs that do the workloads of `benches/run` with other engines: what they share.
//!
//! Each binary takes the name of a program, the folder of its input and a folder for its output, and prints one
//! `relation<TAB>count` line a result, as Soufflé's `.printsize` does. They are measurements, not libraries: wrong
//! input ends them with a panic.

pub mod names;
pub mod random;
pub mod rows;

use std::path::PathBuf;

/// How many rows each counted relation has.
pub type Counts = Vec<(&'static str, usize)>;

/// What a program is run on.
pub struct Job {
    /// The folder that holds one `RELATION.tsv` for each input relation.
    pub input: PathBuf,
    /// The folder for relations that are written.
    pub output: PathBuf,
    /// How many threads it may use.
    pub threads: usize,
}

impl Job {
    /// The rows of an input relation.
    pub fn read<R: rows::Row>(&self, relation: &str) -> Vec<R> {
        rows::read(&self.input, relation)
    }
}

/// A program and its name.
pub type Program = (&'static str, fn(&Job) -> Counts);

/// Runs the program that the arguments `NAME INPUT OUTPUT THREADS` ask for and prints what it counted; without
/// arguments, prints the names there are.
///
/// Ends the process with status 2 when there is no program of that name.
pub fn main_with(programs: &[Program]) {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if arguments.is_empty() {
        for (name, _) in programs {
            println!("{name}");
        }
        return;
    }
    let [name, input, output, threads] = arguments.as_slice() else {
        eprintln!("usage: PROGRAM INPUT_FOLDER OUTPUT_FOLDER THREADS");
        std::process::exit(2);
    };
    let Some((_, program)) = programs.iter().find(|(known, _)| known == name) else {
        eprintln!("there is no program {name} here");
        std::process::exit(2);
    };
    let threads = threads.parse().expect("a number of threads");
    let job = Job { input: PathBuf::from(input), output: PathBuf::from(output), threads };
    for (relation, count) in program(&job) {
        println!("{relation}\t{count}");
    }
    // Nobody waits for the memory to be given back piece by piece.
    std::process::exit(0);
}
