//! Lines to whole inputs: an input goes on while it is visibly unfinished.

use crate::syntax::datalog::{Completeness, completeness};

/// Gathers lines until they make a whole input.
#[derive(Debug, Default)]
pub(super) struct Gatherer {
    pending: String,
}

impl Gatherer {
    /// Takes a line (without its line end) and gives the input that it finishes. A blank line
    /// finishes what is there as it is; without anything pending it gives an empty input.
    pub fn push(&mut self, line: &str) -> Option<String> {
        let blank = line.trim().is_empty();
        if self.pending.is_empty() {
            if blank || is_command(line) || completeness(line) == Completeness::Complete {
                return Some(line.to_owned());
            }
            line.clone_into(&mut self.pending);
            return None;
        }
        if blank {
            return self.finish();
        }
        self.pending.push('\n');
        self.pending.push_str(line);
        match completeness(&self.pending) {
            Completeness::Complete => self.finish(),
            Completeness::Incomplete => None,
        }
    }

    /// What is pending, at the end of the lines.
    pub fn finish(&mut self) -> Option<String> {
        let pending = std::mem::take(&mut self.pending);
        (!pending.is_empty()).then_some(pending)
    }

    /// Forgets what is pending.
    pub fn clear(&mut self) {
        self.pending.clear();
    }

    /// The lines so far of an unfinished input.
    pub fn pending(&self) -> &str {
        &self.pending
    }
}

/// Whether an input is a `:command`. `:-` begins a rule without a head.
pub(super) fn is_command(text: &str) -> bool {
    let text = text.trim_start();
    text.starts_with(':') && !text.starts_with(":-") || text.starts_with('\\') || habit(text).is_some()
}

/// What people type elsewhere for a command, with the command that they mean.
pub(super) fn habit(text: &str) -> Option<&'static [&'static str]> {
    let word = text.trim().trim_end_matches(';').trim_end_matches("()");
    match word {
        "help" | "?" | "h" | "\\?" | "\\h" => Some(&["help"]),
        "quit" | "exit" | "q" | "\\q" | ".q" | "bye" => Some(&["quit"]),
        "\\d" | "\\dt" | ".tables" | ".schema" => Some(&["rules", "relations", "schema"]),
        "\\e" => Some(&["edit"]),
        "\\i" => Some(&["load"]),
        "\\o" => Some(&["output"]),
        "\\s" => Some(&["history"]),
        "\\timing" => Some(&["timer"]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inputs(lines: &str) -> Vec<String> {
        let mut gatherer = Gatherer::default();
        let mut inputs: Vec<String> = lines.lines().filter_map(|line| gatherer.push(line)).collect();
        inputs.extend(gatherer.finish());
        inputs
    }

    #[test]
    fn goals_and_commands_end_with_their_line() {
        assert_eq!(inputs("A(x)\n:rules A\nB(x)?\n"), ["A(x)", ":rules A", "B(x)?"]);
    }

    #[test]
    fn rules_end_with_a_full_stop() {
        assert_eq!(inputs("A(x) :-\n  B(x)\n  .\nC(x)?"), ["A(x) :-\n  B(x)\n  .", "C(x)?"]);
    }

    #[test]
    fn an_open_bracket_or_a_trailing_comma_goes_on() {
        assert_eq!(inputs("A(x,\n y),\nB(y)"), ["A(x,\n y),\nB(y)"]);
    }

    #[test]
    fn a_blank_line_submits_what_is_there() {
        assert_eq!(inputs("A(x),\n\nB(y)"), ["A(x),", "B(y)"]);
        assert_eq!(inputs("\nA(x)"), ["", "A(x)"]);
    }

    #[test]
    fn the_end_submits_what_is_there() {
        assert_eq!(inputs("A(x"), ["A(x"]);
    }

    #[test]
    fn a_constraint_is_no_command() {
        assert!(!is_command(":- A(x)."));
        assert!(is_command(" :help") && is_command("\\d") && is_command("exit"));
        assert!(!is_command("helped(x)") && !is_command(".decl A(x: number)"));
    }
}
