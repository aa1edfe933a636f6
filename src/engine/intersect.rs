//! Values that stand in several sorted ranges at once.
//!
//! The part with the fewest rows is gone through, and each of its values is looked for in the
//! others by galloping from where the last one was found: the work is that of the smallest part
//! times the logarithm of the gaps in the others, as in a leapfrog join (Veldhuizen 2014).

use super::machine::Batch;
use crate::storage::Word;

/// The runs of all parts, part by part, and how far they are gone through.
#[derive(Debug, Default)]
pub(super) struct Meeting<'a> {
    parts: Vec<Place>,
    runs: Vec<Run<'a>>,
    /// The part gone through.
    driver: usize,
    /// Of its runs, the one at hand.
    run: usize,
}

#[derive(Clone, Copy, Debug)]
struct Place {
    read: usize,
    /// The column whose values meet.
    column: usize,
    /// Its runs: from here to `end`.
    first: usize,
    end: usize,
    rows: usize,
}

/// Rows with one key, sorted by the column behind it.
#[derive(Clone, Copy, Debug)]
struct Run<'a> {
    words: &'a [Word],
    stride: usize,
    low: usize,
    high: usize,
    /// The first row that can still matter.
    at: usize,
}

impl<'a> Meeting<'a> {
    /// Forgets all parts.
    pub fn clear(&mut self) {
        self.parts.clear();
        self.runs.clear();
        self.driver = 0;
    }

    /// The next part begins; values stand in `column` of its rows.
    pub fn part(&mut self, read: usize, column: usize) {
        let first = self.runs.len();
        self.parts.push(Place { read, column, first, end: first, rows: 0 });
    }

    /// Rows `low..high` of the batch belong to the part. They have all columns before that one in
    /// common, and no row of another batch of the part has the same value.
    pub fn add(&mut self, batch: Batch<'a>, low: usize, high: usize) {
        let Some(part) = self.parts.last_mut().filter(|_| low < high) else { return };
        let (words, stride) = batch.words();
        self.runs.push(Run { words, stride, low, high, at: low });
        part.end += 1;
        part.rows += high - low;
    }

    /// All parts are there.
    pub fn start(&mut self) {
        let smallest = self.parts.iter().enumerate().min_by_key(|(_, part)| part.rows);
        self.driver = smallest.map_or(0, |(driver, _)| driver);
        self.run = self.parts.get(self.driver).map_or(0, |part| part.first);
    }

    /// Whether there is nothing more: the last part has no rows, or the smallest is through.
    pub fn is_over(&self) -> bool {
        self.parts.last().is_none_or(|part| part.rows == 0)
            || self.parts.get(self.driver).is_none_or(|part| part.rows == 0)
    }

    /// Takes the next value of the smallest part; returns it if all others have it. Adds the values
    /// looked at to `visited`, by read.
    pub fn step(&mut self, visited: &mut [u64]) -> Option<Word> {
        if self.is_over() {
            return None;
        }
        let driver = self.parts.get_mut(self.driver)?;
        let run = self.runs.get_mut(self.run)?;
        let value = *run.words.get(run.at * run.stride + driver.column)?;
        run.at += 1;
        driver.rows -= 1;
        count(visited, driver.read);
        let ended = run.at == run.high;
        let mut held = true;
        for (at, part) in self.parts.iter().enumerate() {
            let Some(runs) = self.runs.get_mut(part.first..part.end).filter(|_| at != self.driver) else {
                continue;
            };
            if held && runs.iter_mut().any(|run| run.has(part.column, value)) {
                count(visited, part.read);
            } else {
                held = false;
            }
            if ended {
                // The values of the next run begin anew.
                runs.iter_mut().for_each(|run| run.at = run.low);
            }
        }
        self.run += usize::from(ended);
        held.then_some(value)
    }
}

fn count(visited: &mut [u64], read: usize) {
    if let Some(visited) = visited.get_mut(read) {
        *visited += 1;
    }
}

impl Run<'_> {
    /// Whether the column has `value`; asked for rising values.
    fn has(&mut self, column: usize, value: Word) -> bool {
        let word = |row: usize| self.words.get(row * self.stride + column).copied();
        let below = |row: usize| row < self.high && word(row).is_some_and(|word| word < value);
        if below(self.at) {
            // Rows before `low` are below the value, those from `high` are not.
            let (mut low, mut step) = (self.at + 1, 1);
            while below(low + step - 1) {
                low += step;
                step *= 2;
            }
            let mut high = (low + step - 1).min(self.high);
            while low < high {
                let middle = low + (high - low) / 2;
                if below(middle) {
                    low = middle + 1;
                } else {
                    high = middle;
                }
            }
            self.at = low;
        }
        self.at < self.high && word(self.at) == Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values that all parts have. A part is its runs, each of rising values.
    fn meet(parts: &[&[&[Word]]]) -> Vec<Word> {
        let mut meeting = Meeting::default();
        for (read, runs) in parts.iter().enumerate() {
            meeting.part(read, 0);
            for words in *runs {
                meeting.add(Batch::Plain { words, stride: 1 }, 0, words.len());
            }
        }
        meeting.start();
        let mut visited = vec![0; parts.len()];
        let mut found = Vec::new();
        while !meeting.is_over() {
            found.extend(meeting.step(&mut visited));
        }
        found.sort_unstable();
        found
    }

    #[test]
    fn values_of_all_parts_are_found_once() {
        assert_eq!(meet(&[&[&[1, 3, 5, 7]], &[&[2, 3, 4, 7, 9]]]), [3, 7]);
        assert_eq!(meet(&[&[&[1, 3, 5, 7]], &[&[2, 3, 7]], &[&[0, 7]]]), [7]);
        assert_eq!(meet(&[&[&[1, 2]], &[&[]]]), [0; 0]);
    }

    #[test]
    fn runs_of_a_part_count_together() {
        let (one, two): (&[&[Word]], &[&[Word]]) = (&[&[5, 9], &[1, 7]], &[&[7, 8], &[1, 2, 5], &[3, 9]]);
        assert_eq!(meet(&[one, two]), [1, 5, 7, 9]);
        assert_eq!(meet(&[two, one]), [1, 5, 7, 9]);
        assert_eq!(meet(&[one, two, &[&[1, 9, 10, 11, 12]]]), [1, 9]);
    }

    #[test]
    fn galloping_finds_every_value() {
        let all: Vec<Word> = (0..1000).collect();
        for step in [1, 2, 3, 17, 250, 999] {
            let some: Vec<Word> = (0..1000).step_by(step).collect();
            assert_eq!(meet(&[&[&all], &[&some]]), some);
            assert_eq!(meet(&[&[&some], &[&all], &[&all]]), some);
        }
    }

    #[test]
    fn a_meeting_can_be_used_again() {
        let mut meeting = Meeting::default();
        for (one, two) in [(&[1, 2, 3][..], &[2][..]), (&[4, 5], &[3, 4, 5])] {
            meeting.clear();
            for (read, words) in [one, two].into_iter().enumerate() {
                meeting.part(read, 0);
                meeting.add(Batch::Plain { words, stride: 1 }, 0, words.len());
                assert!(!meeting.is_over());
            }
            meeting.start();
            let mut found = Vec::new();
            while !meeting.is_over() {
                found.extend(meeting.step(&mut [0, 0]));
            }
            assert!(found == [2] || found == [4, 5], "{found:?}");
        }
    }

    #[test]
    fn other_columns_and_padding_do_not_matter() {
        let mut meeting = Meeting::default();
        // Rows of three words of which two are columns; those of key 4 are rows 1 to 3.
        let words = [3, 8, 0, 4, 2, 0, 4, 6, 0, 5, 6, 0];
        meeting.part(0, 1);
        meeting.add(Batch::Plain { words: &words, stride: 3 }, 1, 3);
        meeting.part(1, 0);
        meeting.add(Batch::Plain { words: &[5, 6, 8], stride: 1 }, 0, 3);
        meeting.start();
        let mut visited = [0, 0];
        let steps: Vec<_> = (0..2).map(|_| meeting.step(&mut visited)).collect();
        assert_eq!((steps, meeting.is_over(), visited), (vec![None, Some(6)], true, [2, 1]));
    }
}
