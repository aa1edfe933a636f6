//! Bodies within bodies: whether one has a solution, and what all of its solutions give together.

use super::{Ended, Halted, Kernel};
use crate::engine::aggregate::Folding;
use crate::engine::batch::Batch;
use crate::engine::groups::Groups;
use crate::plan::{Code, Fold, Group, Reg};
use crate::storage::Word;
use crate::storage::interner::{FALSE, MISSING, NIL, TRUE};

/// A body within a body.
#[derive(Debug)]
pub(super) struct Nested<'p> {
    pub group: &'p Group,
    /// Where the operations of each alternative begin.
    pub starts: Vec<usize>,
}

/// An aggregate.
#[derive(Debug)]
pub(super) struct Folded<'p> {
    pub fold: &'p Fold,
    pub nested: Nested<'p>,
    /// Its number among those that go through their bodies.
    pub number: usize,
    /// The aggregate of every group, where all were made at once.
    pub groups: Option<&'p Groups>,
    /// What it goes through, if that is nothing but the rows that begin with a key.
    pub rows: Option<Rows<'p>>,
}

/// Rows that begin with a key, one of whose columns may be aggregated.
#[derive(Debug)]
pub(super) struct Rows<'p> {
    pub read: usize,
    pub batches: &'p [Batch<'p>],
    pub near: usize,
    pub key: &'p [Reg],
    pub place: Option<usize>,
}

impl Folded<'_> {
    /// The register that receives its value.
    pub fn target(&self) -> Reg {
        self.fold.target
    }
}

impl<'p> Kernel<'p, '_, '_, '_> {
    /// The words that a body's solutions depend on; whether all have a value.
    fn shared(&self, group: &Group, key: &mut Vec<Word>) -> bool {
        key.clear();
        key.extend(group.shared.iter().map(|reg| self.registers[*reg]));
        !key.contains(&MISSING)
    }

    /// Whether a body has no solution.
    pub(super) fn absent(&mut self, nested: &'p Nested<'p>) -> Result<bool, Halted> {
        let mut key = std::mem::take(&mut self.key);
        let absent = match self.shared(nested.group, &mut key) {
            true => match self.memos[nested.group.memo].get(&key) {
                Some(known) => Ok(known == TRUE),
                None => self.search(nested, &key),
            },
            false => Ok(false),
        };
        self.key = key;
        absent
    }

    fn search(&mut self, nested: &'p Nested<'p>, key: &[Word]) -> Result<bool, Halted> {
        let around = std::mem::replace(&mut self.found, false);
        for start in &nested.starts {
            self.step(*start)?;
            if self.found && !nested.group.exhaustive {
                break;
            }
        }
        let absent = !std::mem::replace(&mut self.found, around);
        self.memos[nested.group.memo].put(key, if absent { TRUE } else { FALSE });
        Ok(absent)
    }

    /// An aggregate's word, [`MISSING`] if it has none.
    pub(super) fn aggregate(&mut self, folded: &'p Folded<'p>) -> Result<Word, Halted> {
        let mut key = std::mem::take(&mut self.key);
        let word = match self.shared(folded.nested.group, &mut key) {
            true => self.aggregate_of(folded, &key),
            false => Ok(MISSING),
        };
        self.key = key;
        word
    }

    fn aggregate_of(&mut self, folded: &'p Folded<'p>, key: &[Word]) -> Result<Word, Halted> {
        if let Some(groups) = folded.groups {
            return Ok(groups.get(key));
        }
        let memo = folded.nested.group.memo;
        // Counting rows is no more than to find them.
        let counts = matches!(&folded.rows, Some(rows) if rows.place.is_none());
        if !counts && let Some(known) = self.memos[memo].get(key) {
            return Ok(known);
        }
        let folding = match &folded.rows {
            Some(rows) => self.fold_rows(Folding::new(folded.fold), rows)?,
            None => {
                self.foldings[folded.number] = Some(Folding::new(folded.fold));
                for start in &folded.nested.starts {
                    self.step(*start)?;
                }
                self.foldings[folded.number].take().unwrap_or_else(|| Folding::new(folded.fold))
            }
        };
        let word = match folding.finish_small() {
            Some(word) => word,
            None => match self.values.make(|making| folding.finish(making.interner)) {
                Some(Ok(word)) => word,
                Some(Err(_)) => return Err(Box::new(Ended::Failure)),
                None => return Err(Box::new(Ended::Making)),
            },
        };
        let word = word.unwrap_or(MISSING);
        if !counts {
            self.memos[memo].put(key, word);
        }
        Ok(word)
    }

    fn fold_rows(&mut self, mut folding: Folding<'p>, rows: &Rows<'p>) -> Result<Folding<'p>, Halted> {
        let mut key = std::mem::take(&mut self.lookup);
        key.clear();
        key.extend(rows.key.iter().map(|reg| self.registers[*reg]));
        let mut total = 0;
        for (number, batch) in rows.batches.iter().enumerate() {
            let near = &mut self.near[rows.near + number];
            let values = self.values;
            let take = |folding: &mut Folding<'p>, word: Word| {
                if !folding.take_small(word) {
                    values.read(|interner| folding.take(interner, word));
                }
            };
            match (batch, rows.place) {
                (Batch::Sorted(sorted), None) => {
                    let (low, high) = sorted.range_near(&key, *near);
                    *near = low;
                    folding.count_more(high - low);
                    total += high - low;
                }
                (Batch::Sorted(sorted), Some(place)) => {
                    let (low, high) = sorted.range_near(&key, *near);
                    *near = low;
                    let width = sorted.width();
                    let words = sorted.words()[low * width..high * width].iter().skip(place).step_by(width);
                    words.for_each(|word| take(&mut folding, *word));
                    total += high - low;
                }
                (Batch::Unsorted { words, stride, .. }, None) => {
                    let count = words.len() / (*stride).max(1);
                    folding.count_more(count);
                    total += count;
                }
                (Batch::Pairs { pairs, columns: [_, _], .. }, None) if key.len() == 1 => {
                    let count = key.first().map_or(0, |word| pairs.row(*word).len());
                    folding.count_more(count);
                    total += count;
                }
                (batch, place) => {
                    let mut cursor = batch.open(&key, near);
                    let mut scratch = Vec::new();
                    while let Some(row) = cursor.next(&mut scratch) {
                        match place {
                            Some(place) => take(&mut folding, row[place]),
                            None => folding.count_more(1),
                        }
                        total += 1;
                    }
                }
            }
        }
        self.lookup = key;
        self.visited[rows.read] += total as u64;
        self.sink.ranged(total as u64);
        self.turns(total as u64 + 1)?;
        Ok(folding)
    }

    /// Takes a solution of an aggregate's body in.
    pub(super) fn gather(
        &mut self,
        number: usize,
        alternative: usize,
        arg: Option<&'p Code>,
    ) -> Result<(), Halted> {
        let value = match arg {
            None => NIL,
            Some(code) => match self.value(code)? {
                Some(value) => value,
                None => return Ok(()),
            },
        };
        self.sink.ranged(1);
        let (values, registers) = (self.values, &self.registers);
        let Some(folding) = &mut self.foldings[number] else { return Ok(()) };
        if !folding.take_small(value) {
            values.read(|interner| folding.add_value(interner, registers, alternative, value));
            self.gathered(number)?;
        }
        Ok(())
    }

    /// Tells the budget what was done.
    #[cold]
    pub(super) fn account(&mut self) -> Result<(), Halted> {
        let budget = self.sink.budget();
        for memo in &mut self.memos {
            let bytes = memo.bytes();
            budget.allocate(bytes.saturating_sub(memo.noted))?;
            memo.noted = memo.noted.max(bytes);
        }
        Ok(self.sink.account()?)
    }

    /// Tells the budget what an aggregate has gathered, now and then.
    fn gathered(&mut self, number: usize) -> Result<(), Halted> {
        self.turns(1)?;
        if self.turns == 0 {
            let bytes = self.foldings[number].as_ref().map_or(0, Folding::bytes);
            self.sink.hold(bytes)?;
        }
        Ok(())
    }
}
