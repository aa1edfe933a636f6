//! The facts as they are in a scenario (`under (…)`).

use super::assertions::{self, MetaId};
use super::database::{Database, Pattern};
use super::interner::Word;
use super::sources::{Recorded, Reviews, Struck};
use crate::analysis::scenario::{Restriction, Scenario};
use crate::model::{Review, Value};

/// What entering a scenario did, beside what was asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Supposed {
    /// Assertions that `as_of` left out only because their source bears no date.
    pub undated: usize,
    /// Assumed facts that the scenario's own restrictions leave out.
    pub unmet: usize,
}

impl Database {
    /// Makes the facts what they are in `scenario`: first what is retracted and assumed, then of
    /// all that is there only the assertions that fit. What sources say of themselves stays, even
    /// where a restriction leaves their facts out. A restriction of `_review` makes the reviews
    /// that fit count as accepted.
    ///
    /// [`Database::restore`] of a snapshot taken before brings everything back.
    pub fn suppose(&mut self, scenario: &Scenario) -> Supposed {
        for pattern in &scenario.retract {
            self.retract(&Pattern {
                predicate: pattern.predicate,
                columns: pattern.columns.clone(),
                fits: &|tuple, assertion| pattern.fits_parts(tuple) && pattern.fits(assertion),
            });
        }
        self.assert(&scenario.assume);
        let assumed: Vec<_> = scenario.assume.iter().map(|fact| fact.assertion.span).collect();

        let struck =
            scenario.without.iter().filter_map(|(id, _)| self.interner.get(&Value::Symbol(id.clone())));
        let struck: Vec<Word> = struck.collect();
        let struck = Struck::new(struck, self.sources(), &self.interner);
        let fits = self.metas_that_fit(&scenario.restrict);
        let reviewed = scenario.restrict.iter().any(|one| matches!(one, Restriction::Review(..)));
        if reviewed {
            let wanted = |review: &Review| {
                scenario.restrict.iter().all(|one| match one {
                    Restriction::Review(wanted, one_of) => wanted.contains(review) == *one_of,
                    _ => true,
                })
            };
            self.take_reviews(Review::ALL.into_iter().filter(wanted).collect());
        }
        let mut supposed = Supposed::default();
        if scenario.as_of.is_none() && scenario.without.is_empty() && scenario.restrict.is_empty() {
            return supposed;
        }
        self.strike(struck.clone());
        self.restrict(|_, stated, context, interner| {
            let fits = fits.get(stated.meta.index()).copied().unwrap_or(true)
                && !struck.takes(stated, context, interner);
            let (in_time, undated) = match (scenario.as_of, context.recorded(stated)) {
                (None, _) | (_, Recorded::Background) => (true, false),
                (Some(_), Recorded::Undated) => (false, true),
                (Some(day), Recorded::On(days)) => (days.latest <= day, false),
            };
            supposed.undated += usize::from(fits && undated);
            let keep = fits && in_time;
            supposed.unmet += usize::from(!keep && assumed.contains(&stated.span));
            keep
        });
        supposed
    }

    /// By the index of their id, which of all metadata fit the restrictions.
    fn metas_that_fit(&self, restrictions: &[Restriction]) -> Vec<bool> {
        if restrictions.is_empty() {
            return Vec::new();
        }
        let fits = |id: MetaId| {
            let assertion = assertions::unpack_meta(id, &self.interner, &self.metas);
            restrictions.iter().all(|one| one.fits(&assertion))
        };
        self.metas.ids().map(fits).collect()
    }
}

impl FromIterator<Review> for Reviews {
    fn from_iter<T: IntoIterator<Item = Review>>(reviews: T) -> Self {
        reviews.into_iter().fold(Reviews::NONE, Reviews::and)
    }
}
