//! Steps that compute and compare: small integers at once, other values as the machine does.

use super::values::small;
use super::{Ended, Halted, Kernel};
use crate::engine::compute::{Core, Failure, Items, compare_words};
use crate::model::program::CompareOp;
use crate::plan::{Code, Reg, Step};
use crate::storage::Word;
use crate::storage::interner::{MISSING, NIL, inline_number, inlined};

impl Kernel<'_, '_, '_, '_> {
    /// Whether a comparison of what two registers hold holds.
    #[inline]
    pub(super) fn compare_words(&self, op: CompareOp, possibly: bool, left: Word, right: Word) -> bool {
        if let (Some(left), Some(right)) = (inlined(left), inlined(right)) {
            return orders(op, left, right);
        }
        let valued = |word| word != NIL && word != MISSING;
        valued(left)
            && valued(right)
            && self.values.read(|interner| compare_words(interner, op, possibly, left, right))
    }

    /// Gives a register the value of an expression; whether there is one.
    #[inline]
    pub(super) fn compute(
        &mut self,
        target: Reg,
        code: &Code,
        nil: bool,
        early: bool,
    ) -> Result<bool, Halted> {
        let value = match self.value(code) {
            Err(ended) if early && matches!(*ended, Ended::Failure) => {
                self.early = true;
                None
            }
            other => other?,
        };
        let value = value.filter(|word| nil || *word != NIL);
        self.registers[target] = value.unwrap_or(MISSING);
        Ok(value.is_some())
    }

    /// The value of an expression, nil included; `None` when it has none.
    #[inline]
    pub(super) fn value(&mut self, code: &Code) -> Result<Option<Word>, Halted> {
        if let Code::Reg(reg) = code {
            return Ok(Some(self.registers[*reg]).filter(|word| *word != MISSING));
        }
        match small(code, &self.registers).and_then(inline_number) {
            Some(word) => Ok(Some(word)),
            None => self.core(|core| core.value(code)),
        }
    }

    /// Whether a comparison of two expressions holds.
    #[inline]
    pub(super) fn holds(
        &mut self,
        op: CompareOp,
        possibly: bool,
        left: &Code,
        right: &Code,
    ) -> Result<bool, Halted> {
        if let (Some(left), Some(right)) = (small(left, &self.registers), small(right, &self.registers)) {
            return Ok(orders(op, left, right));
        }
        self.core(|core| core.compare(op, possibly, left, right))
    }

    /// Whether a test of values holds.
    pub(super) fn test(&mut self, step: &Step) -> Result<bool, Halted> {
        match step {
            Step::IsNil { value, negated, .. } => {
                Ok(self.value(value)?.is_some_and(|word| (word == NIL) != *negated))
            }
            Step::Test { op, left, right, site } => self.core(|core| core.test(*op, left, right, site.span)),
            Step::Member { item, list, .. } => self.core(|core| core.member(item, list)),
            _ => Ok(false),
        }
    }

    /// The loop over the items of a list.
    pub(super) fn enumerate(&mut self, at: usize, target: Reg, list: &Code) -> Result<bool, Halted> {
        let mut items = self.core(|core| core.items(list))?;
        loop {
            self.turns(1)?;
            let next = match &mut items {
                Items::Words(words) => words.pop(),
                Items::Range(steps) => match steps.next() {
                    None => None,
                    Some(number) => Some(match inline_number(number) {
                        Some(word) => word,
                        None => self.core(|core| Ok(core.interner.number(number)))?,
                    }),
                },
            };
            let Some(word) = next else { return Ok(false) };
            self.registers[target] = word;
            if self.step(at + 1)? && self.plan.enough[at] {
                return Ok(true);
            }
        }
    }

    /// Does what it takes more than small integers to do. A failure ends the run.
    #[cold]
    fn core<T>(&mut self, work: impl FnOnce(&mut Core<'_>) -> Result<T, Failure>) -> Result<T, Halted> {
        let values = self.values;
        let registers = &mut self.registers;
        let done = values.make(|making| {
            let regs = std::mem::take(registers);
            let mut core = Core { regs, interner: making.interner, patterns: making.patterns };
            let done = work(&mut core);
            *registers = core.regs;
            done
        });
        match done {
            Some(Ok(done)) => Ok(done),
            Some(Err(_)) => Err(Box::new(Ended::Failure)),
            None => Err(Box::new(Ended::Making)),
        }
    }
}

/// Whether a comparison of integers holds.
#[inline]
fn orders(op: CompareOp, left: i64, right: i64) -> bool {
    match op {
        CompareOp::Eq => left == right,
        CompareOp::Ne => left != right,
        CompareOp::Lt => left < right,
        CompareOp::Le => left <= right,
        CompareOp::Gt => left > right,
        CompareOp::Ge => left >= right,
    }
}
