//! Whether a plan was right about what it would find.

use super::ir::{RulePlan, Step};

/// How often a step must have been tried before its counts mean something.
pub(super) const ENOUGH: u64 = 1024;
/// By what factor an estimate may be wrong.
const FACTOR: f64 = 8.0;

/// Whether another order may serve better, as the steps of a plan let through far more or less than
/// was expected. `entered` is how often each step was tried and `produced` how many rows came out,
/// over the same runs.
///
/// There is nothing to choose in a plan that looks into fewer than three relations, and the answer is
/// then `false` at once. A look costs a few divisions; even so, look in rounds 1, 2, 4, 8 and so on,
/// because [`super::Planner::replan`] costs as much as planning did.
pub fn replan_needed(plan: &RulePlan, entered: &[u64], produced: u64) -> bool {
    if plan.steps.iter().filter(|step| looks_up(step)).count() < 3 {
        return false;
    }
    let actual: Vec<u64> = entered.iter().copied().chain([produced]).collect();
    plan.steps.iter().enumerate().skip(1).any(|(i, step)| {
        let counted = actual.get(i).zip(actual.get(i + 1));
        let expected = plan.expected.get(i).zip(plan.expected.get(i + 1));
        let (Some((tried, passed)), Some((before, behind))) = (counted, expected) else { return false };
        if *tried < ENOUGH || !looks_up(step) {
            return false;
        }
        // Below one in a thousand, more or less changes nothing.
        let found = (*passed as f64 / *tried as f64).max(1e-3);
        let guessed = (behind / before.max(f64::MIN_POSITIVE)).max(1e-3);
        found > FACTOR * guessed || guessed > FACTOR * found
    })
}

fn looks_up(step: &Step) -> bool {
    matches!(step, Step::Scan(_) | Step::Intersect(_) | Step::Probe { negated: false, .. })
}
