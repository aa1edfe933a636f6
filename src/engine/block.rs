//! Steps of which some can fail, so run that neither answers nor errors depend on their order.

use super::machine::{Halt, Machine};
use crate::model::program::CompareOp;
use crate::plan::build::binds;
use crate::plan::{Code, Reg, Step};
use crate::storage::interner::NIL;

impl<'p> Machine<'p, '_, '_> {
    /// Whether all steps hold. A failure counts only if every step that does not need its value
    /// holds, so that it does not depend on their order.
    pub(super) fn all(&mut self, steps: &'p [Step]) -> Result<bool, Halt> {
        let mut failure = None;
        // Registers whose values cannot be computed, and the steps that need them.
        let mut lost: Vec<Reg> = Vec::new();
        let mut waiting: Vec<&Step> = Vec::new();
        for step in steps {
            if needs(step, &lost) {
                lost.extend(binds(step));
                waiting.push(step);
            } else if !self.attempt(step, &mut failure, &mut lost)? {
                return Ok(false);
            }
        }
        let Some(failure) = failure else { return Ok(true) };
        // Another equality may still give a lost register a value.
        let mut again = None;
        while let Some((at, found)) =
            waiting.iter().enumerate().find_map(|(at, step)| Some((at, regained(step, &lost)?)))
        {
            let step = waiting.remove(at);
            if let Some((reg, code)) = found {
                match self.core.value(code) {
                    Ok(Some(word)) if word != NIL => self.core.regs[reg] = word,
                    Ok(_) => return Ok(false),
                    Err(_) => continue,
                }
                lost.retain(|other| *other != reg);
            } else {
                lost.retain(|reg| !binds(step).contains(reg));
                if !self.attempt(step, &mut again, &mut lost)? {
                    return Ok(false);
                }
            }
        }
        Err(failure)
    }

    /// Whether a step holds or fails; a failure is kept, and what the step would have bound is lost.
    fn attempt(
        &mut self,
        step: &'p Step,
        failure: &mut Option<Halt>,
        lost: &mut Vec<Reg>,
    ) -> Result<bool, Halt> {
        match self.test(step) {
            Err(fail @ Halt::Fail { .. }) => {
                lost.extend(binds(step));
                failure.get_or_insert(fail);
                Ok(true)
            }
            other => other,
        }
    }
}

/// Whether a step reads one of these registers.
fn needs(step: &Step, lost: &[Reg]) -> bool {
    let mut found = false;
    if !lost.is_empty() {
        step.reads(&mut |reg| found |= lost.contains(&reg));
    }
    found
}

/// Whether a step can be tried though registers are lost: it needs none of them (`None`), or it is
/// an equality that gives one of them the value of the other side.
fn regained<'p>(step: &'p Step, lost: &[Reg]) -> Option<Option<(Reg, &'p Code)>> {
    if !needs(step, lost) {
        return Some(None);
    }
    let Step::Compare { op: CompareOp::Eq, possibly: false, left, right, .. } = step else { return None };
    [(left, right), (right, left)].into_iter().find_map(|(target, value)| {
        let Code::Reg(reg) = target else { return None };
        let mut ready = lost.contains(reg);
        value.regs(&mut |reg| ready &= !lost.contains(&reg));
        ready.then_some(Some((*reg, value)))
    })
}
