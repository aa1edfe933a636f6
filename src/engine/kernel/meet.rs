//! The loop over values that stand in several relations at once.

use super::{Halted, Kernel};
use crate::engine::batch::Batch;
use crate::engine::intersect::{self, Met, Part};
use crate::plan::Intersect;
use crate::storage::Word;

impl<'p> Kernel<'p, '_, '_, '_> {
    /// The loop over the values that the parts of an intersection have in common.
    pub(super) fn meet(
        &mut self,
        at: usize,
        meet: &'p Intersect,
        sources: &'p [Vec<Batch<'p>>],
        near: usize,
        (order, fixed): (&[usize], usize),
    ) -> Result<bool, Halted> {
        let mut keys = std::mem::take(&mut self.scratch[2 * at]);
        let mut found = std::mem::take(&mut self.scratch[2 * at + 1]);
        let mut known = std::mem::take(&mut self.met[at]);
        keys.clear();
        let mut fixed_words = 0;
        for (number, part) in order.iter().enumerate() {
            keys.extend(meet.parts[*part].key.iter().map(|reg| self.registers[*reg]));
            if number + 1 == fixed {
                fixed_words = keys.len();
            }
        }
        let stays = fixed > 0 && known.is_of(&keys[..fixed_words]);
        // A single word that changes may come again while the others stay.
        let changing = match keys[fixed_words..] {
            [word] if fixed > 0 => Some(word),
            _ => None,
        };
        if let (true, Some(values)) = (stays, changing.and_then(|word| known.memo.get(word))) {
            found.clear();
            found.extend_from_slice(values);
        } else {
            let parts = (order, fixed, fixed_words);
            self.intersect(meet, sources, near, parts, stays, &keys, &mut known, &mut found);
            if let Some(word) = changing {
                known.memo.set(word, &found);
            }
        }
        self.turns(found.len() as u64 + 1)?;
        let witness = self.plan.enough[at];
        let mut enough = false;
        for value in &found {
            self.registers[meet.target] = *value;
            if self.step(at + 1)? && witness {
                enough = true;
                break;
            }
        }
        (self.scratch[2 * at], self.scratch[2 * at + 1], self.met[at]) = (keys, found, known);
        Ok(enough)
    }

    /// The values that the parts of an intersection have in common: `order` lists them, the first
    /// `fixed` with `fixed_words` words of keys being those that `known` is about.
    #[allow(clippy::too_many_arguments)]
    fn intersect(
        &mut self,
        meet: &'p Intersect,
        sources: &'p [Vec<Batch<'p>>],
        near: usize,
        (order, fixed, fixed_words): (&[usize], usize, usize),
        stays: bool,
        keys: &[Word],
        known: &mut Met,
        found: &mut Vec<Word>,
    ) {
        let nears = &mut self.near[near..near + meet.parts.len()];
        let mut rest = keys;
        let mut part_of = |number: &usize| {
            let part = &meet.parts[*number];
            let (key, others) = rest.split_at(part.key.len());
            rest = others;
            Part { read: part.read, batches: &sources[part.read], key }
        };
        let mut few = [Part { read: 0, batches: &[], key: &[] }; 4];
        let many: Vec<Part<'_, '_>>;
        let parts = match few.get_mut(..order.len()) {
            Some(few) => {
                few.iter_mut().zip(order).for_each(|(slot, number)| *slot = part_of(number));
                &*few
            }
            None => {
                many = order.iter().map(part_of).collect();
                &many
            }
        };
        if fixed == 0 {
            return intersect::meet(parts, nears, &mut self.visited, found);
        }
        // The values of the parts that stay are found once for all turns of the loop around.
        if !stays {
            let parts = &parts[..fixed];
            known.renew(&keys[..fixed_words], |values| {
                intersect::meet(parts, &mut nears[..fixed], &mut self.visited, values);
            });
        }
        intersect::narrow(known, &parts[fixed..], &mut nears[fixed..], &mut self.visited, found);
    }
}
