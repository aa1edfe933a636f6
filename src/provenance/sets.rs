//! Alternative sets: what is enough for a tuple, each set by itself. None that holds another is kept,
//! and no more than a bound.

/// At most so many alternatives are kept.
pub const MOST: usize = 32;

/// Alternatives, none of which holds another, the smallest first and then by their members; at most
/// [`MOST`], and a mark if there were more.
///
/// As a value of a semiring: no alternative is 0, the empty one is 1, [`Sets::or`] adds and
/// [`Sets::and`] multiplies. Where nothing is cut this is exact.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Sets {
    sets: Vec<Box<[u32]>>,
    cut: bool,
}

impl Sets {
    /// What needs nothing.
    pub fn one() -> Sets {
        Sets { sets: vec![Box::default()], cut: false }
    }

    /// What needs all of these.
    pub fn all(members: impl IntoIterator<Item = u32>) -> Sets {
        let mut set: Vec<u32> = members.into_iter().collect();
        set.sort_unstable();
        set.dedup();
        Sets { sets: vec![set.into()], cut: false }
    }

    /// The alternatives, the smallest first.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.sets.iter().map(|set| &**set)
    }

    /// Whether there may be more alternatives.
    pub fn is_cut(&self) -> bool {
        self.cut
    }

    /// Whether there is no alternative.
    pub fn is_empty(&self) -> bool {
        self.sets.is_empty()
    }

    /// Either of both.
    pub fn or(&self, other: &Sets) -> Sets {
        let all = self.sets.iter().chain(&other.sets).cloned().collect();
        Sets::least(all, self.cut || other.cut)
    }

    /// Both.
    pub fn and(&self, other: &Sets) -> Sets {
        let mut all = Vec::with_capacity(self.sets.len() * other.sets.len());
        for a in &self.sets {
            all.extend(other.sets.iter().map(|b| union(a, b)));
        }
        Sets::least(all, self.cut || other.cut)
    }

    fn least(mut all: Vec<Box<[u32]>>, cut: bool) -> Sets {
        all.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
        let mut kept: Vec<Box<[u32]>> = Vec::new();
        for set in all {
            // What is in `set` is not larger, so it came before.
            if kept.iter().any(|known| holds(&set, known)) {
                continue;
            }
            if kept.len() == MOST {
                return Sets { sets: kept, cut: true };
            }
            kept.push(set);
        }
        Sets { sets: kept, cut }
    }
}

fn union(a: &[u32], b: &[u32]) -> Box<[u32]> {
    let mut both: Vec<u32> = a.iter().chain(b).copied().collect();
    both.sort_unstable();
    both.dedup();
    both.into()
}

/// Whether all of `part`, both being sorted, is in `set`.
fn holds(set: &[u32], part: &[u32]) -> bool {
    let mut rest = set.iter();
    part.iter().all(|member| rest.any(|known| known == member))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(sets: &Sets) -> Vec<Vec<u32>> {
        sets.iter().map(<[u32]>::to_vec).collect()
    }

    #[test]
    fn no_alternative_holds_another() {
        let (a, b) = (Sets::all([1]), Sets::all([2, 3, 2]));
        assert_eq!(listed(&a.or(&b)), [vec![1], vec![2, 3]]);
        assert_eq!(listed(&a.or(&b).or(&Sets::all([3, 1]))), [vec![1], vec![2, 3]]);
        assert_eq!(listed(&a.or(&b).and(&Sets::all([3]))), [vec![1, 3], vec![2, 3]]);
        assert_eq!(a.and(&Sets::one()), a);
        assert_eq!(a.or(&Sets::one()), Sets::one());
        assert_eq!(a.or(&Sets::default()), a);
        assert_eq!(a.and(&Sets::default()), Sets::default());
    }

    #[test]
    fn too_many_are_cut_and_marked() {
        let many = (0..40).fold(Sets::default(), |sets, n| sets.or(&Sets::all([n])));
        assert_eq!((many.iter().count(), many.is_cut()), (MOST, true));
        let some = (0..MOST as u32).fold(Sets::default(), |sets, n| sets.or(&Sets::all([n])));
        assert_eq!((some.iter().count(), some.is_cut()), (MOST, false));
    }
}
