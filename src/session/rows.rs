//! Rows of words to an answer: decoded, in order, no more than wanted.

use std::cmp::Ordering;

use super::{Answer, Error, Session};
use crate::analysis::Goal;
use crate::engine::Model;
use crate::model::Value;

/// Rows between two looks at whether somebody interrupts.
const BLOCK: usize = 4096;

impl Session {
    /// The answer of an evaluated goal. With `most`, only the first so many rows in the answer's
    /// order are kept, and never many more decoded at a time.
    pub(super) fn rows(&self, goal: &Goal, model: &Model, most: Option<usize>) -> Result<Answer, Error> {
        let interner = self.base.database.interner();
        let limit = goal.limit.map(|limit| usize::try_from(limit).unwrap_or(usize::MAX));
        // A ground answer has one row or none.
        let most = most.filter(|_| !goal.columns.is_empty());
        let kept = match (limit, most) {
            (Some(limit), Some(most)) => Some(limit.min(most)),
            (limit, most) => limit.or(most),
        };
        let by_order = |a: &Vec<Value>, b: &Vec<Value>| order(goal, a, b);
        let full = kept.map(|kept| kept.saturating_mul(2).max(BLOCK));
        let mut rows: Vec<Vec<Value>> = Vec::new();
        let mut total = 0;
        for row in model.table(goal.rule.head).into_iter().flat_map(|table| table.iter()) {
            if total % BLOCK == 0 && self.cancel.is_cancelled() {
                return Err(Error::Cancelled);
            }
            total += 1;
            rows.push(row.iter().map(|word| interner.value(*word)).collect());
            if let Some(kept) = kept
                && full == Some(rows.len())
            {
                if kept > 0 {
                    rows.select_nth_unstable_by(kept - 1, by_order);
                }
                rows.truncate(kept);
            }
        }
        rows.sort_by(by_order);
        rows.truncate(kept.unwrap_or(usize::MAX));
        let total = limit.map_or(total, |limit| total.min(limit));
        Ok(Answer {
            columns: goal.columns.iter().map(|column| column.to_string()).collect(),
            more: total - rows.len(),
            rows,
            ground: goal.columns.is_empty(),
            notes: self.notes(),
            ..Answer::default()
        })
    }
}

/// `order by` first, then by value.
fn order(goal: &Goal, a: &[Value], b: &[Value]) -> Ordering {
    for (column, descending) in &goal.order {
        let ordering = a[*column].cmp(&b[*column]);
        let ordering = if *descending { ordering.reverse() } else { ordering };
        if ordering != Ordering::Equal {
            return ordering;
        }
    }
    a.cmp(b)
}

#[cfg(test)]
mod tests {
    use crate::model::Value;
    use crate::session::{Options, Outcome, Session};

    /// First rows and how many there are beside them.
    fn within(session: &mut Session, goal: &str, most: Option<usize>) -> (Vec<i64>, usize) {
        let Ok((Outcome::Answer(answer), _)) = session.line_within(goal, most) else { panic!("{goal}") };
        let number = |row: &Vec<Value>| match row[0] {
            Value::Number(number) => number,
            _ => panic!("no number"),
        };
        (answer.rows.iter().map(number).collect(), answer.more)
    }

    #[test]
    fn the_first_rows_are_kept_and_the_others_counted() {
        let mut session = Session::empty(Options::default());
        let session = &mut session;
        let goal = "x in range(0, 20000)";
        assert_eq!(within(session, goal, Some(3)), (vec![0, 1, 2], 19_997));
        assert_eq!(
            within(session, &format!("{goal} order by x desc"), Some(2)),
            (vec![19_999, 19_998], 19_998)
        );
        assert_eq!(
            within(session, &format!("{goal} order by x desc limit 4"), Some(2)),
            (vec![19_999, 19_998], 2)
        );
        assert_eq!(within(session, &format!("{goal} limit 2"), Some(5)), (vec![0, 1], 0));
        assert_eq!(within(session, goal, Some(0)), (vec![], 20_000));
        assert_eq!(within(session, goal, None).0.len(), 20_000);
    }
}
