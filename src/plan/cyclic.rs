//! Which variables make a body cyclic.

use super::bits::Bits;
use super::problem::Var;

/// The variables of the atoms' hypergraph that ear removal leaves (Graham 1979; Yu and Özsoyoğlu
/// 1979): none if the body is acyclic. `edges` are the variables of each atom, distinct.
///
/// Two steps are repeated until neither does anything: a variable that stands in one edge only goes,
/// and so does an edge whose variables all stand in another.
pub(super) fn core(edges: &[&[Var]]) -> Bits {
    let mut edges: Vec<Vec<Var>> = edges.iter().map(|edge| edge.to_vec()).collect();
    loop {
        let mut changed = false;
        let count = |edges: &[Vec<Var>], var: Var| edges.iter().filter(|edge| edge.contains(&var)).count();
        for at in 0..edges.len() {
            let lonely: Vec<Var> = edges[at].iter().copied().filter(|var| count(&edges, *var) == 1).collect();
            changed |= !lonely.is_empty();
            edges[at].retain(|var| !lonely.contains(var));
        }
        let covered = (0..edges.len()).find(|at| {
            let others = edges.iter().enumerate().filter(|(other, _)| other != at);
            edges[*at].is_empty()
                || others.into_iter().any(|(_, other)| edges[*at].iter().all(|var| other.contains(var)))
        });
        if let Some(at) = covered {
            edges.swap_remove(at);
            changed = true;
        }
        if !changed {
            return edges.into_iter().flatten().collect();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn core_of(edges: &[&[Var]]) -> Vec<Var> {
        core(edges).iter().collect()
    }

    #[test]
    fn paths_stars_and_covered_cycles_are_acyclic() {
        assert_eq!(core_of(&[&[0, 1], &[1, 2], &[2, 3]]), [0; 0]);
        assert_eq!(core_of(&[&[0, 1], &[0, 2], &[0, 3]]), [0; 0]);
        assert_eq!(core_of(&[&[0, 1], &[0, 1]]), [0; 0]);
        // A triangle whose corners stand in one atom.
        assert_eq!(core_of(&[&[0, 1], &[1, 2], &[0, 2], &[0, 1, 2]]), [0; 0]);
        assert_eq!(core_of(&[]), [0; 0]);
    }

    #[test]
    fn cycles_are_what_is_left() {
        assert_eq!(core_of(&[&[0, 1], &[1, 2], &[0, 2]]), [0, 1, 2]);
        // A square with a tail.
        assert_eq!(core_of(&[&[0, 1], &[1, 2], &[2, 3], &[3, 0], &[3, 4], &[4, 5]]), [0, 1, 2, 3]);
    }
}
