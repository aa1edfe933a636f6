//! Counts, times and steps in words.

use std::time::Duration;

use crate::render::wrapped;
use crate::session::{Change, Session};
use crate::storage::sources::SOURCE;

/// `1 row`, `2 rows`, `no rows`.
pub(super) fn rows(n: usize) -> String {
    if n == 0 { "no rows".to_owned() } else { count(n, "row") }
}

/// `1 fact`, `2 facts`, `10,000 facts`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{} {noun}{}", number(n as u64), if n == 1 { "" } else { "s" })
}

/// Digits, in threes where there are more than four.
pub(super) fn number(n: u64) -> String {
    let digits = n.to_string();
    if digits.len() < 5 {
        return digits;
    }
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Prose in lines that fit `columns`, each behind `indent` blanks and with its line end. Where the
/// width is not known, lines are as long as is well read.
pub(super) fn prose(text: &str, indent: usize, columns: Option<usize>) -> String {
    let room = columns.unwrap_or(READABLE).min(READABLE).saturating_sub(indent);
    wrapped(text, room).into_iter().map(|line| format!("{:indent$}{line}\n", "")).collect()
}

/// Columns of prose.
const READABLE: usize = 100;

/// What a session holds: `12 facts from 3 sources, 2 rules, 1 warning (`:check` shows it)`.
pub(super) fn base(session: &Session) -> String {
    let mut text = count(session.stated_total(), "fact");
    let sources = session.relations().into_iter().find(|relation| relation.name == SOURCE);
    let sources = sources.map_or(0, |relation| relation.stated);
    if sources > 0 {
        text.push_str(&format!(" from {}", count(sources, "source")));
    }
    text.push_str(&format!(", {}", count(session.program().rules.len(), "rule")));
    match session.load_warnings().len() {
        0 => {}
        1 => text.push_str(", 1 warning (`:check` shows it)"),
        n => text.push_str(&format!(", {} (`:check` shows them)", count(n, "warning"))),
    }
    text
}

/// To three digits: `0.42 ms`, `12.3 ms`, `4.56 s`.
pub(super) fn time(taken: Duration) -> String {
    let seconds = taken.as_secs_f64();
    let (value, unit) = if seconds < 1.0 { (seconds * 1e3, "ms") } else { (seconds, "s") };
    let digits = if value < 10.0 {
        2
    } else if value < 100.0 {
        1
    } else {
        0
    };
    format!("{value:.digits$} {unit}")
}

/// What a step did.
pub(super) fn change(change: &Change) -> String {
    match change {
        Change::Asserted { facts: 1, new: 0 } => {
            "asserted one fact more for a tuple that was stated before".to_owned()
        }
        Change::Asserted { facts, new } if facts == new => format!("asserted {}", count(*facts, "fact")),
        Change::Asserted { facts, new } => {
            format!("asserted {}, {} new", count(*facts, "fact"), count(*new, "tuple"))
        }
        Change::Retracted(0) => "nothing is stated that fits: nothing retracted".to_owned(),
        Change::Retracted(n) => format!("retracted {}", count(*n, "assertion")),
        Change::Defined(n) => format!("added {}", count(*n, "definition")),
    }
}

/// What was taken back.
pub(super) fn undone(change: &Change) -> String {
    match change {
        Change::Asserted { facts, .. } => format!("undone: {} asserted", count(*facts, "fact")),
        Change::Retracted(n) => format!("undone: {} retracted", count(*n, "assertion")),
        Change::Defined(n) => format!("undone: {} added", count(*n, "definition")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_and_times_in_words() {
        assert_eq!([rows(0), rows(1), rows(2)], ["no rows", "1 row", "2 rows"]);
        assert_eq!([number(9_999), number(10_000), number(1_234_567)], ["9999", "10,000", "1,234,567"]);
        assert_eq!(time(Duration::from_micros(417)), "0.42 ms");
        assert_eq!(time(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(time(Duration::from_millis(999)), "999 ms");
        assert_eq!(time(Duration::from_millis(4_560)), "4.56 s");
    }
}
