//! What went wrong, where, and how to mend it. Rendering is `render::diagnostics`.

use super::{Code, Span};

/// How much a diagnostic matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; never changes an exit status.
    Info,
    /// Should be looked at; the exit status stays 0 unless `--deny-warnings`.
    Warning,
    /// The exit status is not 0.
    Error,
}

/// A place with a few words about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// Where.
    pub span: Span,
    /// What is to be said there; may be empty for a bare caret.
    pub message: String,
}

/// Text edits that would mend the matter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the edits do, as an imperative: "write `\"tokayev\"`".
    pub message: String,
    /// Replacements; they do not overlap.
    pub edits: Vec<(Span, String)>,
    /// Whether `--fix` applies it: what is meant is beyond doubt, and nothing that is meant is lost.
    pub safe: bool,
}

/// One finding for people and programs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// `FLnnn`, or the name of a `deny`/`warn` check.
    pub code: String,
    /// Name of the lint (`conflict`), or of the check.
    pub name: String,
    /// Severity after settings and flags.
    pub severity: Severity,
    /// One sentence without a full stop.
    pub message: String,
    /// The place it is about. `None` only where no text is involved.
    pub primary: Option<Label>,
    /// Other places that matter.
    pub secondary: Vec<Label>,
    /// Further facts, one sentence each.
    pub notes: Vec<String>,
    /// How to mend it.
    pub help: Vec<String>,
    /// The same as edits, where that is possible.
    pub fix: Option<Fix>,
}

impl Diagnostic {
    /// A diagnostic of `code` with the code's own severity.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        Diagnostic {
            code: code.code.to_owned(),
            name: code.name.to_owned(),
            severity: code.severity,
            message: message.into(),
            primary: None,
            secondary: Vec::new(),
            notes: Vec::new(),
            help: Vec::new(),
            fix: None,
        }
    }

    /// Sets the place, with an empty label.
    pub fn at(self, span: Span) -> Self {
        self.labelled(span, "")
    }

    /// Sets the place and what is said there.
    pub fn labelled(mut self, span: Span, message: impl Into<String>) -> Self {
        self.primary = Some(Label { span, message: message.into() });
        self
    }

    /// Adds another place.
    pub fn also(mut self, span: Span, message: impl Into<String>) -> Self {
        self.secondary.push(Label { span, message: message.into() });
        self
    }

    /// Adds a note.
    pub fn note(mut self, note: impl Into<String>) -> Self {
        self.notes.push(note.into());
        self
    }

    /// Adds advice.
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// Adds advice if there is any.
    pub fn help_opt(mut self, help: Option<String>) -> Self {
        self.help.extend(help);
        self
    }

    /// Offers to replace the text of `span`; the message becomes advice too.
    pub fn fix(mut self, span: Span, replacement: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        self.help.push(message.clone());
        self.fix = Some(Fix { message, edits: vec![(span, replacement.into())], safe: false });
        self
    }

    /// Marks the fix as one that `--fix` applies; see [`Fix::safe`].
    pub fn safe(mut self) -> Self {
        if let Some(fix) = &mut self.fix {
            fix.safe = true;
        }
        self
    }

    /// Whether this is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }

    /// The start of its place, for sorting; diagnostics without one come first.
    pub fn span(&self) -> Option<Span> {
        self.primary.as_ref().map(|label| label.span)
    }
}

/// Sorts by place, then by code, so that output does not depend on the order of discovery.
pub fn sort(diagnostics: &mut [Diagnostic]) {
    diagnostics.sort_by(|a, b| (a.span(), &a.code, &a.message).cmp(&(b.span(), &b.code, &b.message)));
}

/// The candidates nearest to `word` by spelling, best first, at most three, none that is far off.
///
/// Damerau-Levenshtein distance on lower-cased text, allowing one error in three characters;
/// a candidate that begins with `word` (or the reverse) also counts as near.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let lower = word.to_lowercase();
    let allowed = (lower.chars().count() / 3).max(1);
    let mut scored: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .filter_map(|candidate| {
            let other = candidate.to_lowercase();
            let prefix = lower.len() >= 3
                && (other.starts_with(&lower) || lower.starts_with(&other))
                && other.len() >= 3;
            // Thousands of unknown names among thousands of known ones must not take long.
            if !prefix && least_distance(&lower, &other) > allowed {
                return None;
            }
            let distance = strsim::damerau_levenshtein(&lower, &other);
            (distance <= allowed || prefix).then_some((distance, candidate))
        })
        .collect();
    scored.sort();
    scored.dedup();
    scored.truncate(3);
    scored.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A lower bound of the edit distance that costs little: an edit brings at most one letter in and
/// takes at most one away.
fn least_distance(a: &str, b: &str) -> usize {
    let mut balance = [0_i32; 64];
    a.chars().for_each(|letter| balance[letter as usize % 64] += 1);
    b.chars().for_each(|letter| balance[letter as usize % 64] -= 1);
    let only = |sign: i32| balance.iter().map(|left| (left * sign).max(0)).sum::<i32>();
    usize::try_from(only(1).max(only(-1))).unwrap_or(0)
}

/// `did you mean `a`, `b` or `c`?`, or `None` without candidates.
pub fn did_you_mean(nearest: &[&str]) -> Option<String> {
    let quoted: Vec<String> = nearest.iter().map(|name| format!("`{name}`")).collect();
    let (last, rest) = quoted.split_last()?;
    Some(if rest.is_empty() {
        format!("did you mean {last}?")
    } else {
        format!("did you mean {} or {last}?", rest.join(", "))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_names() {
        let names = ["Attended", "Absent", "Event", "EventDate"];
        assert_eq!(nearest("Atended", names), ["Attended"]);
        assert_eq!(nearest("attended", names), ["Attended"]);
        assert_eq!(nearest("Zebra", names), Vec::<&str>::new());
        assert_eq!(nearest("EventDat", names), ["EventDate", "Event"]);
        assert_eq!(did_you_mean(&["a", "b"]).as_deref(), Some("did you mean `a` or `b`?"));
        assert_eq!(did_you_mean(&[]), None);
    }
}
