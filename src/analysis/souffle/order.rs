//! The order in which relations are evaluated.

use std::collections::HashSet;

use super::super::stratify::stratify;
use super::special::Special;
use crate::base::Diagnostic;
use crate::model::PredId;
use crate::model::program::{Rule, Stratum};
use crate::model::schema::Schema;

/// The strata of a program, or a diagnostic for each cycle through negation or aggregation.
///
/// A relation depends on what its subsumptions read as on what its rules read, so that both can be
/// recursive.
pub(super) fn strata(schema: &Schema, rules: &[Rule], special: &Special) -> (Vec<Stratum>, Vec<Diagnostic>) {
    let mut all = rules.to_vec();
    let as_rule = |found: &super::Subsumption| Rule { head: found.pred, ..found.rule.clone() };
    all.extend(special.subsumptions.iter().map(as_rule));
    let (mut strata, problems) = stratify(schema, &all, &[]);
    for stratum in &mut strata {
        stratum.rules.retain(|id| (id.0 as usize) < rules.len());
    }
    // An equivalence relation without rules is a stratum too.
    let ruled: HashSet<PredId> = all.iter().map(|rule| rule.head).collect();
    let mut alone: Vec<PredId> =
        special.equivalence.iter().copied().filter(|pred| !ruled.contains(pred)).collect();
    alone.sort_unstable();
    let alone = alone.into_iter().map(|pred| Stratum { predicates: vec![pred], ..Stratum::default() });
    strata.splice(0..0, alone);
    (strata, problems)
}
