//! Transcripts: what a person would see, replayed and compared.
//!
//! Lines that begin with the prompt are input, with the continuation prompt more of it; lines that
//! begin with `#` are prose; everything else is output, to the letter.

use super::console::Console;
use super::entry::Gatherer;
use super::shell::{Done, Shell};
use super::view::View;
use super::{CONTINUATION, Options, PROMPT};
use crate::session::Session;

/// A transcript beside what the inputs give now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replay {
    /// The transcript as it is.
    pub expected: String,
    /// The transcript as it would have to be; this is what `--bless` writes.
    pub actual: String,
}

impl Replay {
    /// Whether every output is as the transcript says.
    pub fn agrees(&self) -> bool {
        self.expected == self.actual
    }
}

/// A part of a transcript.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Part<'t> {
    /// A `#` line.
    Prose(&'t str),
    /// A line after a prompt, without it.
    Input(&'t str),
    /// A line of output.
    Output(&'t str),
}

/// Runs the inputs of a transcript in a fresh session over its project.
pub fn replay(session: Session, transcript: &str) -> Replay {
    let transcript = transcript.replace("\r\n", "\n");
    let options = Options { echo: true, ..Options::default() };
    let view = View::new(&session, &options, false);
    let mut run = Run {
        shell: Shell::new(session, view),
        gatherer: Gatherer::default(),
        text: String::new(),
        over: false,
    };
    run.greet();
    for part in parts(&transcript) {
        match part {
            Part::Prose(line) => {
                // Prose between the lines of one input stays where it is.
                run.line(line);
            }
            Part::Input(line) => run.input(line),
            Part::Output(_) => {}
        }
    }
    run.finish();
    Replay { expected: transcript, actual: run.text }
}

struct Run {
    shell: Shell,
    gatherer: Gatherer,
    text: String,
    /// After `:quit`.
    over: bool,
}

impl Run {
    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn greet(&mut self) {
        let mut console = Console::Memory(Vec::new());
        // Writing to memory does not fail.
        let _ = self.shell.greet(&mut console);
        self.text.push_str(&console.take_text());
    }

    fn input(&mut self, line: &str) {
        let prompt = if self.gatherer.pending().is_empty() { PROMPT } else { CONTINUATION };
        self.text.push_str(prompt);
        self.line(line);
        if let Some(input) = self.gatherer.push(line) {
            self.submit(&input);
        }
    }

    fn finish(&mut self) {
        if let Some(input) = self.gatherer.finish() {
            self.submit(&input);
        }
    }

    fn submit(&mut self, input: &str) {
        if self.over {
            return;
        }
        let mut console = Console::Memory(Vec::new());
        let done = self.shell.submit(&mut console, input).unwrap_or(Done::WELL);
        self.over = done.quit;
        self.text.push_str(&console.take_text());
    }
}

fn parts(transcript: &str) -> impl Iterator<Item = Part<'_>> {
    transcript.lines().map(|line| {
        // An editor may have taken the blank at the end of an empty prompt away.
        let after = |prompt: &str| line.strip_prefix(prompt).or((line == prompt.trim_end()).then_some(""));
        match after(PROMPT).or_else(|| after(CONTINUATION)) {
            Some(input) => Part::Input(input),
            None if line.starts_with('#') => Part::Prose(line),
            None => Part::Output(line),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::session;

    #[test]
    fn a_transcript_is_prose_input_and_output() {
        let text = "# Prose\nfactlog> A(x),\n    ...> B(x)?\n # │ x\n\nno rows\nfactlog>\n";
        let expected = [
            Part::Prose("# Prose"),
            Part::Input("A(x),"),
            Part::Input("B(x)?"),
            Part::Output(" # │ x"),
            Part::Output(""),
            Part::Output("no rows"),
            Part::Input(""),
        ];
        assert_eq!(parts(text).collect::<Vec<_>>(), expected);
    }

    fn replayed(text: &str) -> Replay {
        replay(Session::empty(session::Options::default()), text)
    }

    const LESSON: &str = "\
# Three numbers.
factlog> .decl N(n: number)
added 1 definition
factlog> +N(1)
asserted 1 fact
factlog> +N(2)
asserted 1 fact
#
# Asked over two lines.
factlog> N(n: x),
    ...> x > 1?
 # │ x
───┼───
 1 │ 2
1 row
factlog> N(n: 3)?
no
";

    #[test]
    fn a_right_transcript_agrees() {
        let replay = replayed(LESSON);
        assert_eq!(replay.actual, LESSON);
        assert!(replay.agrees());
    }

    #[test]
    fn a_wrong_one_is_put_right_and_keeps_its_prose() {
        let replay = replayed(&LESSON.replace("1 │ 2", "1 │ 3").replace("\nno\n", "\nyes\nreally\n"));
        assert!(!replay.agrees());
        assert_eq!(replay.actual, LESSON);
    }

    #[test]
    fn nothing_is_answered_after_quit() {
        let text = "factlog> :quit\nfactlog> :help\n";
        assert_eq!(replayed(text).actual, text);
    }
}
