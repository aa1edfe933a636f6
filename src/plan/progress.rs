//! What of a body has been placed, what is still to be, and what can be placed now.

use std::collections::{BTreeSet, HashMap, HashSet, VecDeque};

use super::bits::Bits;
use super::ir::{Code, Reg, Site, Step};
use super::item::{self, Item, Kind, Scope};
use crate::model::program::CompareOp;

/// Variables up to which a failure tells the values of all that have one; beyond it only those
/// that the failed computation reads.
const MOST_TOLD: usize = 256;

/// What is placed of a body and what is still to be.
pub(super) struct Progress<'s> {
    pub scope: &'s Scope,
    pub open: Bits,
    /// By item.
    pub can_fail: Vec<bool>,
    /// Items to be tried again as a register that they use has got a value: those that cannot fail,
    /// the cheapest first, and those that can.
    pub ready: BTreeSet<(u8, usize)>,
    pub late: BTreeSet<usize>,
    /// The items that use a register.
    pub users: HashMap<Reg, Vec<usize>>,
    /// Open equalities that can fail and may bind a variable.
    pub equalities: Vec<usize>,
    pub bound: Bits,
    pub steps: Vec<Step>,
}

impl<'s> Progress<'s> {
    pub fn new(scope: &'s Scope, bound: &Bits) -> Self {
        let mut users: HashMap<Reg, Vec<usize>> = HashMap::new();
        let mut can_fail = Vec::with_capacity(scope.items.len());
        let mut equalities = Vec::new();
        for (at, item) in scope.items.iter().enumerate() {
            item::uses(item, &mut |reg| {
                if !bound.contains(reg) {
                    users.entry(reg).or_default().push(at);
                }
            });
            can_fail.push(item::can_fail(item));
            if can_fail[at] && matches!(item.kind, Kind::Compare { op: CompareOp::Eq, possibly: false, .. }) {
                equalities.push(at);
            }
        }
        let mut progress = Progress {
            scope,
            open: (0..scope.items.len()).collect(),
            can_fail,
            ready: BTreeSet::new(),
            late: BTreeSet::new(),
            users,
            equalities,
            bound: bound.clone(),
            steps: Vec::new(),
        };
        (0..scope.items.len()).for_each(|at| progress.wake(at));
        progress
    }

    pub fn item(&self, at: usize) -> Option<&'s Item> {
        self.scope.items.get(at)
    }

    pub fn wake(&mut self, at: usize) {
        let Some(item) = self.item(at).filter(|_| self.open.contains(at)) else { return };
        if self.can_fail.get(at).copied().unwrap_or(false) {
            self.late.insert(at);
        } else {
            self.ready.insert((rank(item), at));
        }
    }

    pub fn bind(&mut self, reg: Reg) {
        if self.bound.insert(reg) {
            for at in self.users.remove(&reg).unwrap_or_default() {
                self.wake(at);
            }
        }
    }

    /// The item is done with this step.
    pub fn place(&mut self, at: usize, target: Option<Reg>) {
        self.open.remove(at);
        if let Some(target) = target {
            self.bind(target);
        }
    }

    /// What a failure of the item's computation tells.
    pub fn site(&self, item: &Item, variables: Reg) -> Site {
        let mut bound: Vec<Reg> = Vec::new();
        if variables <= MOST_TOLD {
            bound.extend(self.bound.iter().take_while(|reg| *reg < variables));
        } else {
            item::uses(item, &mut |reg| {
                if reg < variables && self.bound.contains(reg) {
                    bound.push(reg);
                }
            });
            bound.sort_unstable();
            bound.dedup();
        }
        Site { span: item.span, bound }
    }

    /// Equalities that can fail and would bind a variable, each with that one, in an order in which they
    /// can be computed.
    pub fn computable(&self) -> Vec<(usize, Reg)> {
        let mut known = self.bound.clone();
        let mut found: Vec<(usize, Reg)> = Vec::new();
        let mut queue: VecDeque<usize> = self.equalities.iter().copied().collect();
        while let Some(at) = queue.pop_front() {
            let Some(item) = self.item(at).filter(|_| self.open.contains(at)) else { continue };
            if !self.can_fail.get(at).copied().unwrap_or(false) {
                continue;
            }
            let Some((target, _)) = binding(item, &known, &self.scope.results) else { continue };
            known.insert(target);
            found.push((at, target));
            queue.extend(self.users.get(&target).into_iter().flatten());
        }
        found
    }

    /// Those of the computations that give these items a value, or one another.
    pub fn needed_by(&self, computable: &[(usize, Reg)], items: &[usize]) -> Vec<usize> {
        let mut needed: HashSet<Reg> = HashSet::new();
        let need = |at: usize, needed: &mut HashSet<Reg>| {
            if let Some(item) = self.item(at) {
                item::uses(item, &mut |reg| {
                    needed.insert(reg);
                });
            }
        };
        for at in items {
            if self.item(*at).is_some_and(|item| matches!(item.kind, Kind::Atom { .. })) {
                need(*at, &mut needed);
            }
        }
        let mut found = Vec::new();
        for (compute, target) in computable.iter().rev() {
            if needed.contains(target) {
                found.push(*compute);
                need(*compute, &mut needed);
            }
        }
        found.reverse();
        found
    }
}

/// Tests with a lower number come first when several can be done.
fn rank(item: &Item) -> u8 {
    match &item.kind {
        Kind::Never => 0,
        Kind::Compare { .. } | Kind::IsNil { .. } => 1,
        Kind::Atom { .. } => 2,
        Kind::In { .. } | Kind::Test { .. } => 3,
        Kind::Not(nested) => {
            let atom = matches!(nested.scopes.as_slice(), [scope] if scope.items.len() == 1);
            if atom { 2 } else { 4 }
        }
        Kind::Aggregate(_) => 5,
    }
}

pub(super) fn is_ready(code: &Code, bound: &Bits) -> bool {
    let mut ready = true;
    code.regs(&mut |reg| ready &= bound.contains(reg));
    ready
}

/// The variable that an equality gives a value, and the value.
pub(super) fn binding<'i>(item: &'i Item, bound: &Bits, results: &HashSet<Reg>) -> Option<(Reg, &'i Code)> {
    let Kind::Compare { op: CompareOp::Eq, possibly: false, left, right } = &item.kind else { return None };
    [(left, right), (right, left)].into_iter().find_map(|(target, value)| match target {
        Code::Reg(target)
            if !bound.contains(*target) && !results.contains(target) && is_ready(value, bound) =>
        {
            Some((*target, value))
        }
        _ => None,
    })
}

pub(super) fn enumerable(item: &Item, bound: &Bits) -> bool {
    match &item.kind {
        Kind::In { item: Code::Reg(target), list } => !bound.contains(*target) && is_ready(list, bound),
        _ => false,
    }
}
