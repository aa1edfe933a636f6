//! What ordering works on: the loops of a body, the tests between them, and how its variables
//! connect them.

use std::collections::HashMap;

use super::bits::Bits;
use super::cyclic;
use super::ir::{Access, Code, Reg};
use super::item::{self, Column, Item, Kind, Scope};
use super::statistics::{self, Statistics};
use crate::model::program::{CompareOp, Functor, TestOp};
use crate::model::{PredId, Schema};

/// A variable of the problem: a register without a value before the body, by number.
pub(super) type Var = usize;

/// A column of an atom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// Anything.
    Any,
    /// A value known before the body.
    Known,
    /// A variable.
    Var(Var),
}

/// An atom, or a list gone through.
#[derive(Debug)]
pub(super) struct Loop {
    /// Its item in the scope.
    pub item: usize,
    /// Its variables, distinct; of a list only the item's.
    pub vars: Vec<Var>,
    pub kind: LoopKind,
}

#[derive(Debug)]
pub(super) enum LoopKind {
    Atom(AtomShape),
    /// What the list needs, and how many items it may have.
    List {
        needs: Vec<Var>,
        items: f64,
    },
}

/// What is known of an atom.
#[derive(Debug)]
pub(super) struct AtomShape {
    pub pred: PredId,
    pub access: Access,
    pub slots: Vec<Slot>,
    pub rows: f64,
    /// Distinct values of each column.
    pub distinct: Vec<f64>,
    /// Columns that determine the row.
    pub key: Option<Vec<usize>>,
    /// Whether the relation is still growing.
    pub grows: bool,
}

/// Something that holds in one way at most.
#[derive(Debug)]
pub(super) struct Test {
    /// All its variables.
    pub vars: Vec<Var>,
    /// Variables it can give a value, each with those that it needs for that.
    pub gives: Vec<(Var, Vec<Var>)>,
    /// Share of what comes that it lets through.
    pub selectivity: f64,
    /// Work, a turn of a loop being 1.
    pub cost: f64,
}

pub(super) struct Problem<'a> {
    pub loops: Vec<Loop>,
    pub tests: Vec<Test>,
    /// Variables by register.
    numbers: HashMap<Reg, Var>,
    /// Registers by variable.
    pub regs: Vec<Reg>,
    /// Loops and tests of each variable.
    pub loops_of: Vec<Vec<usize>>,
    pub tests_of: Vec<Vec<usize>>,
    /// Variables whose values matter behind the body; `None` if each solution does.
    pub wanted: Option<Bits>,
    /// Variables that close a cycle of atoms.
    pub cyclic: Bits,
    pub statistics: &'a dyn Statistics,
    /// How often the body is expected to be entered.
    pub runs: f64,
}

/// Which registers matter behind a body.
#[derive(Clone, Copy, Debug)]
pub(super) enum Wanted<'a> {
    /// Each solution counts.
    Every,
    /// Solutions that agree in these count once.
    Regs(&'a [Reg]),
}

/// Atoms beyond which no cycles are looked for.
const MOST_CYCLIC: usize = 64;
/// Items assumed of a list.
const LIST_ITEMS: f64 = 8.0;

/// What [`Problem::new`] is made of.
pub(super) struct Setting<'a> {
    pub schema: &'a Schema,
    pub statistics: &'a dyn Statistics,
    /// Relations that grow.
    pub recursive: &'a [PredId],
    /// Nothing that can fail is computed early.
    pub careful: bool,
    /// What a register is called: the same wherever its variable or value stands in the body.
    pub label: &'a dyn Fn(Reg) -> String,
}

impl<'a> Problem<'a> {
    /// The problem of a scope around which the registers of `bound` have values.
    pub fn new(setting: &Setting<'a>, scope: &Scope, bound: &Bits, wanted: Wanted<'_>) -> Self {
        let mut problem = Problem {
            loops: Vec::new(),
            tests: Vec::new(),
            numbers: HashMap::new(),
            regs: Vec::new(),
            loops_of: Vec::new(),
            tests_of: Vec::new(),
            wanted: None,
            cyclic: Bits::default(),
            statistics: setting.statistics,
            runs: 1.0,
        };
        problem.number_all(setting, scope, bound);
        let mut filters: HashMap<Vec<Var>, usize> = HashMap::new();
        let mut fails = false;
        for (at, item) in scope.items.iter().enumerate() {
            let can_fail = item::can_fail(item);
            fails |= can_fail;
            match &item.kind {
                Kind::Atom { pred, columns, access } => {
                    problem.add_atom(setting, at, (*pred, columns, *access), bound)
                }
                Kind::In { item: Code::Reg(target), list } if !bound.contains(*target) => {
                    if !can_fail {
                        problem.add_list(at, *target, list, bound);
                    }
                }
                kind => {
                    let binds = matches!(kind, Kind::Compare { op: CompareOp::Eq, possibly: false, .. });
                    if !can_fail || binds && !setting.careful {
                        problem.add_test(item, scope, bound, can_fail, &mut filters);
                    }
                }
            }
        }
        problem.wanted = match wanted {
            Wanted::Regs(regs) if !fails => Some(problem.needed_for(regs, scope)),
            _ => None,
        };
        problem.sort_loops(setting, scope);
        problem.tests.sort_by(|a, b| a.cost.total_cmp(&b.cost).then(a.selectivity.total_cmp(&b.selectivity)));
        problem.connect();
        problem
    }

    /// Gives all variables their numbers, in the order of what they are called.
    fn number_all(&mut self, setting: &Setting<'_>, scope: &Scope, bound: &Bits) {
        let mut regs = Vec::new();
        for item in &scope.items {
            item::uses(item, &mut |reg| regs.push(reg));
        }
        regs.sort_unstable();
        regs.dedup();
        regs.sort_by_cached_key(|reg| (setting.label)(*reg));
        for reg in regs {
            self.var(reg, bound);
        }
    }

    /// Puts the loops into an order that does not depend on where in the body they stand: it decides
    /// where costs do not.
    fn sort_loops(&mut self, setting: &Setting<'_>, scope: &Scope) {
        let label = |column: &Column| match column {
            Column::Any => String::new(),
            Column::Is(reg) => (setting.label)(*reg),
        };
        let last = (true, "", u32::MAX);
        let key = |each: &Loop| match scope.items.get(each.item).map(|item| &item.kind) {
            Some(Kind::Atom { pred, columns, access }) => {
                let name = setting.schema.predicates.get(pred.0 as usize).map(|predicate| &*predicate.name);
                // Those without a name come last, as they were numbered.
                let name = (name.is_none(), name.unwrap_or_default(), pred.0);
                (*access != Access::Delta, name, columns.iter().map(label).collect::<Vec<_>>())
            }
            Some(Kind::In { item: Code::Reg(reg), .. }) => (true, last, vec![(setting.label)(*reg)]),
            _ => (true, last, Vec::new()),
        };
        if self.loops.len() > 1 {
            self.loops.sort_by_cached_key(key);
        }
    }

    /// Tells of the registers that atoms give a value how many values they can have.
    pub fn values(&self, mut tell: impl FnMut(Reg, f64)) {
        for each in &self.loops {
            let LoopKind::Atom(atom) = &each.kind else { continue };
            for (slot, distinct) in atom.slots.iter().zip(&atom.distinct) {
                if let Some(reg) = slot.var().and_then(|var| self.regs.get(var)) {
                    tell(*reg, *distinct);
                }
            }
        }
    }

    /// The variable of a register; `None` if it has a value before the body.
    fn var(&mut self, reg: Reg, bound: &Bits) -> Option<Var> {
        if bound.contains(reg) {
            return None;
        }
        let next = self.regs.len();
        let var = *self.numbers.entry(reg).or_insert(next);
        if var == next {
            self.regs.push(reg);
        }
        Some(var)
    }

    /// The variable of a register that stands in the body.
    pub fn number(&self, reg: Reg) -> Option<Var> {
        self.numbers.get(&reg).copied()
    }

    fn vars(&mut self, code: &Code, bound: &Bits) -> Vec<Var> {
        let mut vars = Vec::new();
        code.regs(&mut |reg| vars.extend(self.var(reg, bound)));
        vars.sort_unstable();
        vars.dedup();
        vars
    }

    fn add_atom(
        &mut self,
        setting: &Setting<'_>,
        item: usize,
        (pred, columns, access): (PredId, &[Column], Access),
        bound: &Bits,
    ) {
        let slots: Vec<Slot> = columns
            .iter()
            .map(|column| match column {
                Column::Any => Slot::Any,
                Column::Is(reg) => self.var(*reg, bound).map_or(Slot::Known, Slot::Var),
            })
            .collect();
        let mut vars: Vec<Var> = slots.iter().filter_map(|slot| slot.var()).collect();
        vars.sort_unstable();
        vars.dedup();
        let size = statistics::size(setting.statistics, pred, access, slots.len());
        let declared = setting.schema.predicates.get(pred.0 as usize);
        let shape = AtomShape {
            pred,
            access,
            slots,
            rows: size.rows,
            distinct: size.distinct,
            key: declared.and_then(|predicate| predicate.key.clone()),
            grows: setting.recursive.contains(&pred),
        };
        self.loops.push(Loop { item, vars, kind: LoopKind::Atom(shape) });
    }

    fn add_list(&mut self, item: usize, target: Reg, list: &Code, bound: &Bits) {
        let needs = self.vars(list, bound);
        let items = match list {
            Code::List(items) => items.len() as f64,
            Code::Call(Functor::Range, ..) => 4.0 * LIST_ITEMS,
            _ => LIST_ITEMS,
        };
        let vars = self.var(target, bound).into_iter().collect();
        self.loops.push(Loop { item, vars, kind: LoopKind::List { needs, items } });
    }

    fn add_test(
        &mut self,
        item: &Item,
        scope: &Scope,
        bound: &Bits,
        can_fail: bool,
        filters: &mut HashMap<Vec<Var>, usize>,
    ) {
        let mut vars = Vec::new();
        item::uses(item, &mut |reg| vars.extend(self.var(reg, bound)));
        vars.sort_unstable();
        vars.dedup();
        let mut gives = Vec::new();
        match &item.kind {
            Kind::Compare { op: CompareOp::Eq, possibly: false, left, right } => {
                for (target, value) in [(left, right), (right, left)] {
                    if let Code::Reg(target) = target
                        && !scope.results.contains(target)
                        && let Some(var) = self.var(*target, bound)
                    {
                        let needs = self.vars(value, bound);
                        if !needs.contains(&var) {
                            gives.push((var, needs));
                        }
                    }
                }
            }
            Kind::IsNil { value: Code::Reg(target), negated: false, .. }
                if !scope.results.contains(target) =>
            {
                gives.extend(self.var(*target, bound).map(|var| (var, Vec::new())));
            }
            Kind::Aggregate(folded) => {
                let needs = folded.nested.shared.iter().filter_map(|reg| self.number(*reg)).collect();
                gives.extend(self.var(folded.target, bound).map(|var| (var, needs)));
            }
            _ => {}
        }
        let (mut selectivity, mut cost) = expectation(&item.kind);
        if can_fail {
            // As a test it waits until the end.
            (selectivity, cost) = (1.0, 0.5);
        }
        if !gives.is_empty() {
            self.tests.push(Test { vars, gives, selectivity, cost });
            return;
        }
        // Thousands of comparisons of the same variables weigh as one.
        match filters.get(&vars).and_then(|at| self.tests.get_mut(*at)) {
            Some(test) => {
                test.selectivity = (test.selectivity * selectivity).max(1e-6);
                test.cost = (test.cost + cost).min(100.0);
            }
            None => {
                filters.insert(vars.clone(), self.tests.len());
                self.tests.push(Test { vars, gives, selectivity, cost });
            }
        }
    }

    /// The variables on which these registers depend.
    fn needed_for(&self, regs: &[Reg], scope: &Scope) -> Bits {
        let mut needed: Bits = regs.iter().filter_map(|reg| self.number(*reg)).collect();
        let equalities: Vec<Vec<Var>> = scope
            .items
            .iter()
            .filter(|item| matches!(item.kind, Kind::Compare { op: CompareOp::Eq, .. }))
            .map(|item| {
                let mut vars = Vec::new();
                item::uses(item, &mut |reg| vars.extend(self.number(reg)));
                vars
            })
            .collect();
        let mut of: HashMap<Var, Vec<usize>> = HashMap::new();
        for (i, vars) in equalities.iter().enumerate() {
            vars.iter().for_each(|var| of.entry(*var).or_default().push(i));
        }
        let mut open: Vec<Var> = needed.iter().collect();
        while let Some(var) = open.pop() {
            for i in of.remove(&var).unwrap_or_default() {
                let vars = equalities.get(i).into_iter().flatten();
                open.extend(vars.copied().filter(|var| needed.insert(*var)));
            }
        }
        needed
    }

    fn connect(&mut self) {
        self.loops_of = vec![Vec::new(); self.regs.len()];
        self.tests_of = vec![Vec::new(); self.regs.len()];
        for (at, each) in self.loops.iter().enumerate() {
            for var in each.vars.iter().chain(each.needs()) {
                self.loops_of.get_mut(*var).into_iter().for_each(|of| of.push(at));
            }
        }
        for (at, test) in self.tests.iter().enumerate() {
            for var in &test.vars {
                self.tests_of.get_mut(*var).into_iter().for_each(|of| of.push(at));
            }
        }
        if self.loops.len() <= MOST_CYCLIC {
            let edges = self.loops.iter().filter(|each| matches!(each.kind, LoopKind::Atom(_)));
            self.cyclic = cyclic::core(&edges.map(|each| each.vars.as_slice()).collect::<Vec<_>>());
        }
    }
}

impl Loop {
    /// Variables that must have a value before it can be entered.
    pub fn needs(&self) -> &[Var] {
        match &self.kind {
            LoopKind::List { needs, .. } => needs,
            LoopKind::Atom(_) => &[],
        }
    }
}

impl Slot {
    /// The variable, if it is one.
    pub fn var(self) -> Option<Var> {
        match self {
            Slot::Var(var) => Some(var),
            Slot::Any | Slot::Known => None,
        }
    }
}

impl AtomShape {
    /// The one column where a variable stands.
    pub fn column_of(&self, var: Var) -> Option<usize> {
        let mut columns = (0..self.slots.len()).filter(|i| self.slots.get(*i) == Some(&Slot::Var(var)));
        columns.next().filter(|_| columns.next().is_none())
    }
}

/// Share of what comes that an item lets through as a test, and its work. Nothing is known of
/// values; the shares are the customary ones (Selinger et al. 1979).
fn expectation(kind: &Kind) -> (f64, f64) {
    match kind {
        Kind::Compare { op, possibly, .. } => {
            let share = match op {
                CompareOp::Eq => 0.1,
                CompareOp::Ne => 0.95,
                _ => 0.35,
            };
            (if *possibly { (share + 1.0) / 2.0 } else { share }, 0.3)
        }
        Kind::IsNil { negated, .. } => (if *negated { 0.9 } else { 0.1 }, 0.2),
        Kind::Test { op: TestOp::Match | TestOp::Contains, .. } => (0.2, 5.0),
        Kind::Test { .. } => (0.3, 2.0),
        Kind::In { .. } => (0.3, 2.0),
        Kind::Not(nested) => (0.5, if nested.scopes.len() == 1 { 3.0 } else { 10.0 }),
        Kind::Aggregate(_) => (1.0, 30.0),
        Kind::Never => (1e-6, 0.0),
        Kind::Atom { .. } => (1.0, 0.0),
    }
}
