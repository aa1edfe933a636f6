//! A body in the form that ordering works on: one item a premise, expressions over registers.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::bits::Bits;
use super::ir::{Access, Code, Reg};
use crate::base::Span;
use crate::model::functor;
use crate::model::program::{AggregateOp, CompareOp, Functor, TestOp};
use crate::model::{Aggregate, Arg, Body, Expr, Literal, PredId, Rule, Value, VarId};

/// An argument of an atom.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Column {
    /// Anything.
    Any,
    /// What this register holds or receives.
    Is(Reg),
}

#[derive(Clone, Debug)]
pub(super) enum Kind {
    Atom { pred: PredId, columns: Vec<Column>, access: Access },
    Compare { op: CompareOp, possibly: bool, left: Code, right: Code },
    IsNil { value: Code, negated: bool, nil: Reg },
    Test { op: TestOp, left: Code, right: Code },
    In { item: Code, list: Code },
    Not(Nested),
    Aggregate(Box<Folded>),
    Never,
}

#[derive(Clone, Debug)]
pub(super) struct Item {
    pub kind: Kind,
    pub span: Span,
}

/// One alternative.
#[derive(Clone, Debug, Default)]
pub(super) struct Scope {
    pub items: Vec<Item>,
    /// Registers that never hold nil, though their columns may.
    pub strict: HashSet<Reg>,
    /// Registers that only aggregates give a value.
    pub results: HashSet<Reg>,
}

/// A negated or aggregated body.
#[derive(Clone, Debug)]
pub(super) struct Nested {
    pub scopes: Vec<Scope>,
    pub shared: Vec<Reg>,
}

#[derive(Clone, Debug)]
pub(super) struct Folded {
    pub nested: Nested,
    pub op: AggregateOp,
    pub arg: Option<Code>,
    pub separator: Arc<str>,
    pub float: bool,
    pub wraps: bool,
    pub assignments: Vec<Vec<Option<Reg>>>,
    pub target: Reg,
}

/// What a body's variables are to those around it.
struct Outside<'a> {
    /// Variables of the bodies around.
    owned: &'a Bits,
    /// Whether each assignment counts, wildcards included.
    keep: bool,
    /// Registers needed behind the body.
    needed: &'a [Reg],
}

/// Gives out registers.
pub(super) struct Lowering<'r> {
    rule: &'r Rule,
    pub registers: usize,
    pub constants: Vec<(Reg, Value)>,
    known: HashMap<Value, Reg>,
    /// By place of the atom, which of the atoms at that place, and column: alternatives that came of
    /// one group share the atoms beside it, and thus their wildcards.
    wildcards: HashMap<(Span, usize, usize), Reg>,
}

impl<'r> Lowering<'r> {
    pub fn new(rule: &'r Rule) -> Self {
        Lowering {
            rule,
            registers: rule.vars.len(),
            constants: Vec::new(),
            known: HashMap::new(),
            wildcards: HashMap::new(),
        }
    }

    /// An alternative of the rule's body with the head's columns.
    pub fn alternative(&mut self, literals: &[Literal], access: &[Access]) -> (Scope, Vec<Reg>) {
        let mut extra = Vec::new();
        let output: Vec<Reg> =
            self.rule.args.iter().map(|arg| self.place(arg, self.rule.span, &mut extra)).collect();
        let mut owned = Bits::default();
        self.rule.args.iter().for_each(|arg| {
            arg.vars(&mut |var| {
                owned.insert(var.0 as usize);
            })
        });
        direct_vars(literals, &mut |var, _| {
            owned.insert(var.0 as usize);
        });
        let mut needed = output.clone();
        extra.iter().for_each(|item| uses(item, &mut |reg| needed.push(reg)));
        let none = Bits::default();
        let mut scope =
            self.scope(literals, &owned, &Outside { owned: &none, keep: false, needed: &needed }, access);
        scope.items.extend(extra);
        (scope, output)
    }

    fn scope(
        &mut self,
        literals: &[Literal],
        owned: &Bits,
        outside: &Outside<'_>,
        access: &[Access],
    ) -> Scope {
        let mut places: BTreeMap<VarId, usize> = BTreeMap::new();
        direct_vars(literals, &mut |var, in_atom| {
            if in_atom {
                *places.entry(var).or_default() += 1;
            }
        });
        let mut scope = Scope::default();
        let mut accesses = access.iter().copied();
        for literal in literals {
            self.literal(literal, owned, &mut accesses, &mut scope.items, outside.keep);
        }
        for (var, count) in places {
            let reg = var.0 as Reg;
            if !self.rule.vars.get(reg).is_none_or(|var| var.optional) {
                continue;
            }
            if outside.owned.contains(var.0 as usize) {
                let (value, nil) = (Code::Reg(reg), self.constant(&Value::Nil));
                let span = self.rule.span;
                scope.items.push(Item { kind: Kind::IsNil { value, negated: true, nil }, span });
            } else if count > 1 {
                scope.strict.insert(reg);
            }
        }
        for item in &mut scope.items {
            if let Kind::Aggregate(folded) = &item.kind {
                scope.results.insert(folded.target);
            }
            if matches!(&item.kind, Kind::IsNil { value: Code::Reg(reg), negated: false, .. } if scope.strict.contains(reg))
            {
                item.kind = Kind::Never;
            }
        }
        if !outside.keep {
            drop_unused(&mut scope, outside, &self.constants);
        }
        scope
    }

    fn literal(
        &mut self,
        literal: &Literal,
        owned: &Bits,
        accesses: &mut impl Iterator<Item = Access>,
        items: &mut Vec<Item>,
        keep: bool,
    ) {
        match literal {
            Literal::Atom(atom) => {
                let mut columns = Vec::with_capacity(atom.args.len());
                let at_place =
                    |item: &&Item| matches!(item.kind, Kind::Atom { .. }) && item.span == atom.span;
                // Only where each assignment counts do wildcards need to be told apart.
                let nth = if keep { items.iter().filter(at_place).count() } else { 0 };
                for (column, arg) in atom.args.iter().enumerate() {
                    columns.push(match arg {
                        Arg::Any if keep => Column::Is(self.wildcard((atom.span, nth, column))),
                        Arg::Any => Column::Any,
                        Arg::Is(expr) => Column::Is(self.place(expr, atom.span, items)),
                    });
                }
                let access = accesses.next().unwrap_or(Access::Full);
                items.push(Item { kind: Kind::Atom { pred: atom.pred, columns, access }, span: atom.span });
            }
            Literal::Not(body, span) => {
                let outside = Outside { owned, keep: false, needed: &[] };
                let nested = self.nested(body, &outside);
                items.push(Item { kind: Kind::Not(nested), span: *span });
            }
            Literal::Compare { op, left, right, possibly, span } => {
                let (left, right) = match (left, right) {
                    (Expr::Const(Value::Nil), value) | (value, Expr::Const(Value::Nil))
                        if matches!(op, CompareOp::Eq | CompareOp::Ne) =>
                    {
                        let value = self.side(value, *span, owned, items);
                        let nil = self.constant(&Value::Nil);
                        let negated = *op == CompareOp::Ne;
                        items.push(Item { kind: Kind::IsNil { value, negated, nil }, span: *span });
                        return;
                    }
                    _ => (self.side(left, *span, owned, items), self.side(right, *span, owned, items)),
                };
                items.push(Item {
                    kind: Kind::Compare { op: *op, possibly: *possibly, left, right },
                    span: *span,
                });
            }
            Literal::In { item, list, span } => {
                let (item, list) = (self.code(item), self.code(list));
                items.push(Item { kind: Kind::In { item, list }, span: *span });
            }
            Literal::Test { op, left, right, span } => {
                let (left, right) = (self.code(left), self.code(right));
                items.push(Item { kind: Kind::Test { op: *op, left, right }, span: *span });
            }
            Literal::Bool(true) => {}
            Literal::Bool(false) => items.push(Item { kind: Kind::Never, span: self.rule.span }),
        }
    }

    fn side(&mut self, expr: &Expr, span: Span, owned: &Bits, items: &mut Vec<Item>) -> Code {
        let Expr::Aggregate(aggregate) = expr else { return self.code(expr) };
        let target = self.register();
        let folded = self.folded(aggregate, owned, target);
        items.push(Item { kind: Kind::Aggregate(Box::new(folded)), span });
        Code::Reg(target)
    }

    fn folded(&mut self, aggregate: &Aggregate, owned: &Bits, target: Reg) -> Folded {
        let keep = match aggregate.op {
            AggregateOp::Count => aggregate.arg.is_none(),
            AggregateOp::Sum | AggregateOp::Mean | AggregateOp::List | AggregateOp::Concat => true,
            AggregateOp::Min | AggregateOp::Max => false,
        };
        let arg = aggregate.arg.as_ref().map(|arg| self.code(arg));
        let mut needed = Vec::new();
        if let Some(arg) = &arg {
            arg.regs(&mut |reg| needed.push(reg));
        }
        let nested = self.nested(&aggregate.body, &Outside { owned, keep, needed: &needed });
        let variables = self.rule.vars.len();
        let counts = |reg: Reg| reg < variables || self.wildcards.values().any(|wildcard| *wildcard == reg);
        let assignments = if keep { assignments(&nested, counts) } else { Vec::new() };
        let separator = Arc::clone(&aggregate.separator);
        let Aggregate { op, float, wraps, .. } = *aggregate;
        Folded { nested, op, arg, separator, float, wraps, assignments, target }
    }

    fn nested(&mut self, body: &Body, outside: &Outside<'_>) -> Nested {
        let mut shared: Vec<Reg> = Vec::new();
        all_vars(body, &mut |var| {
            if outside.owned.contains(var.0 as usize) {
                shared.push(var.0 as Reg);
            }
        });
        // The aggregated expression may use a variable of the outside too.
        let outer_needs = outside.needed.iter().filter(|reg| outside.owned.contains(**reg));
        shared.extend(outer_needs);
        shared.sort_unstable();
        shared.dedup();
        let scopes = body
            .alternatives
            .iter()
            .map(|literals| {
                let mut inner = outside.owned.clone();
                direct_vars(literals, &mut |var, _| {
                    inner.insert(var.0 as usize);
                });
                self.scope(literals, &inner, outside, &[])
            })
            .collect();
        Nested { scopes, shared }
    }

    /// The register in which a value stands or will stand; what computes it becomes an item.
    fn place(&mut self, expr: &Expr, span: Span, items: &mut Vec<Item>) -> Reg {
        match self.code(expr) {
            Code::Reg(reg) => reg,
            value => {
                let target = self.register();
                let kind = Kind::Compare {
                    op: CompareOp::Eq,
                    possibly: false,
                    left: Code::Reg(target),
                    right: value,
                };
                items.push(Item { kind, span });
                target
            }
        }
    }

    fn code(&mut self, expr: &Expr) -> Code {
        match expr {
            Expr::Var(var) => Code::Reg(var.0 as Reg),
            Expr::Const(value) => Code::Reg(self.constant(value)),
            Expr::Call(functor, args, span) => {
                Code::Call(*functor, args.iter().map(|arg| self.code(arg)).collect(), *span)
            }
            Expr::List(items) => Code::List(items.iter().map(|item| self.code(item)).collect()),
            Expr::Struct(of, fields, span) => {
                let fields = fields.iter().map(|field| self.code(field)).collect();
                Code::Struct(Arc::clone(of), fields, *span)
            }
            // Aggregates stand alone beside `=`, and `side` has taken them.
            Expr::Aggregate(_) => Code::Reg(self.constant(&Value::Nil)),
        }
    }

    fn constant(&mut self, value: &Value) -> Reg {
        if let Some(reg) = self.known.get(value) {
            return *reg;
        }
        let reg = self.register();
        self.known.insert(value.clone(), reg);
        self.constants.push((reg, value.clone()));
        reg
    }

    fn wildcard(&mut self, place: (Span, usize, usize)) -> Reg {
        if let Some(reg) = self.wildcards.get(&place) {
            return *reg;
        }
        let reg = self.register();
        self.wildcards.insert(place, reg);
        reg
    }

    fn register(&mut self) -> Reg {
        self.registers += 1;
        self.registers - 1
    }
}

/// For each alternative the registers of an assignment, a column for each register that any of
/// them assigns; `counts` tells those that stand for a variable or wildcard. Nothing for a single
/// alternative, whose assignments are distinct as they come.
fn assignments(nested: &Nested, counts: impl Fn(Reg) -> bool) -> Vec<Vec<Option<Reg>>> {
    if nested.scopes.len() < 2 {
        return Vec::new();
    }
    let of_scope = |scope: &Scope| {
        let mut regs = HashSet::new();
        for item in &scope.items {
            if !matches!(item.kind, Kind::Not(_) | Kind::Aggregate(_)) {
                uses(item, &mut |reg| {
                    regs.insert(reg);
                });
            }
        }
        regs.retain(|reg| counts(*reg) && !nested.shared.contains(reg));
        regs
    };
    let of_scopes: Vec<HashSet<Reg>> = nested.scopes.iter().map(of_scope).collect();
    let mut columns: Vec<Reg> = of_scopes.iter().flatten().copied().collect();
    columns.sort_unstable();
    columns.dedup();
    let row = |regs: &HashSet<Reg>| columns.iter().map(|reg| regs.contains(reg).then_some(*reg)).collect();
    of_scopes.iter().map(row).collect()
}

/// Makes a wildcard of each variable that nothing else uses. `constants` are no variables.
fn drop_unused(scope: &mut Scope, outside: &Outside<'_>, constants: &[(Reg, Value)]) {
    let mut counts: HashMap<Reg, usize> = HashMap::new();
    for item in &scope.items {
        uses(item, &mut |reg| *counts.entry(reg).or_default() += 1);
    }
    outside.needed.iter().for_each(|reg| *counts.entry(*reg).or_default() += 1);
    let fixed = |reg: Reg| constants.binary_search_by_key(&reg, |(reg, _)| *reg).is_ok();
    for item in &mut scope.items {
        let Kind::Atom { columns, .. } = &mut item.kind else { continue };
        for column in columns {
            let Column::Is(reg) = *column else { continue };
            if counts.get(&reg) == Some(&1) && !outside.owned.contains(reg) && !fixed(reg) {
                *column = Column::Any;
            }
        }
    }
}

/// Registers that an item reads or receives; of a nested body those shared with the outside.
pub(super) fn uses(item: &Item, visit: &mut impl FnMut(Reg)) {
    match &item.kind {
        Kind::Atom { columns, .. } => {
            for column in columns {
                if let Column::Is(reg) = column {
                    visit(*reg);
                }
            }
        }
        Kind::Compare { left, right, .. } | Kind::Test { left, right, .. } => {
            left.regs(visit);
            right.regs(visit);
        }
        Kind::IsNil { value, .. } => value.regs(visit),
        Kind::In { item, list } => {
            item.regs(visit);
            list.regs(visit);
        }
        Kind::Not(nested) => nested.shared.iter().for_each(|reg| visit(*reg)),
        Kind::Aggregate(folded) => {
            folded.nested.shared.iter().for_each(|reg| visit(*reg));
            visit(folded.target);
        }
        Kind::Never => {}
    }
}

/// Whether evaluating the item can fail.
pub(super) fn can_fail(item: &Item) -> bool {
    match &item.kind {
        Kind::Atom { .. } | Kind::Never => false,
        Kind::Compare { left, right, .. } => left.can_fail() || right.can_fail(),
        Kind::IsNil { value, .. } => value.can_fail(),
        Kind::Test { op, left, right } => *op == TestOp::Match || left.can_fail() || right.can_fail(),
        Kind::In { item, list } => item.can_fail() || list_can_fail(list),
        Kind::Not(nested) => nested_can_fail(nested),
        Kind::Aggregate(folded) => {
            nested_can_fail(&folded.nested)
                || folded.arg.as_ref().is_some_and(Code::can_fail)
                || matches!(folded.op, AggregateOp::Sum | AggregateOp::Mean | AggregateOp::Concat)
        }
    }
}

pub(super) fn nested_can_fail(nested: &Nested) -> bool {
    nested.scopes.iter().flat_map(|scope| &scope.items).any(can_fail)
}

/// Whether going through a list can fail. A range is never written out, however long.
pub(super) fn list_can_fail(list: &Code) -> bool {
    match list {
        Code::Call(Functor::Range, args, _) => args.iter().any(Code::can_fail),
        Code::Call(functor, args, _) => functor::can_fail(*functor) || args.iter().any(Code::can_fail),
        other => other.can_fail(),
    }
}

/// Variables that stand in the literals themselves, not in nested bodies; the flag says whether as
/// a whole argument of an atom.
fn direct_vars(literals: &[Literal], visit: &mut impl FnMut(VarId, bool)) {
    for literal in literals {
        match literal {
            Literal::Atom(atom) => {
                for arg in &atom.args {
                    match arg {
                        Arg::Is(Expr::Var(var)) => visit(*var, true),
                        Arg::Is(expr) => expr.vars(&mut |var| visit(var, false)),
                        Arg::Any => {}
                    }
                }
            }
            Literal::Compare { left, right, .. } | Literal::Test { left, right, .. } => {
                left.vars(&mut |var| visit(var, false));
                right.vars(&mut |var| visit(var, false));
            }
            Literal::In { item, list, .. } => {
                item.vars(&mut |var| visit(var, false));
                list.vars(&mut |var| visit(var, false));
            }
            Literal::Not(..) | Literal::Bool(_) => {}
        }
    }
}

/// Every variable in a body, nested bodies and aggregated expressions included.
fn all_vars(body: &Body, visit: &mut dyn FnMut(VarId)) {
    for literals in &body.alternatives {
        direct_vars(literals, &mut |var, _| visit(var));
        for literal in literals {
            match literal {
                Literal::Not(body, _) => all_vars(body, visit),
                Literal::Compare { left, right, .. } => {
                    for side in [left, right] {
                        if let Expr::Aggregate(aggregate) = side {
                            if let Some(arg) = &aggregate.arg {
                                arg.vars(&mut |var| visit(var));
                            }
                            all_vars(&aggregate.body, visit);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}
