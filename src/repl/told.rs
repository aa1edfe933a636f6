//! Counts, times and steps in words.

use std::time::Duration;

use crate::session::Change;

/// `1 row`, `2 rows`, `no rows`.
pub(super) fn rows(n: usize) -> String {
    if n == 0 { "no rows".to_owned() } else { count(n, "row") }
}

/// `1 fact`, `2 facts`.
pub(super) fn count(n: usize, noun: &str) -> String {
    format!("{n} {noun}{}", if n == 1 { "" } else { "s" })
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
        assert_eq!(time(Duration::from_micros(417)), "0.42 ms");
        assert_eq!(time(Duration::from_micros(12_345)), "12.3 ms");
        assert_eq!(time(Duration::from_millis(999)), "999 ms");
        assert_eq!(time(Duration::from_millis(4_560)), "4.56 s");
    }
}
