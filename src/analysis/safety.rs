//! Safety: every variable gets a value from a positive literal of its scope, in some order.

use std::collections::{HashMap, HashSet};

use super::raw::{RawAggregate, RawExpr, RawExprKind, RawLiteral, RawRule};
use crate::base::codes::analysis as codes;
use crate::base::{Diagnostic, Span};
use crate::model::VarId;
use crate::syntax::datalog::ast::CompareOp;

/// The reasons why a rule is not safe; none if it is.
pub(super) fn check(rule: &RawRule) -> Vec<Diagnostic> {
    let mut checker = Checker { rule, reported: HashSet::new(), diagnostics: Vec::new() };
    for literals in &rule.alternatives {
        let bound = checker.conjunction(literals, &HashSet::new(), 0);
        for arg in rule.args.iter().flatten() {
            arg.each_var(&mut |var, span| checker.need(var, span, &bound));
        }
    }
    checker.diagnostics
}

/// Which side of each equation with a record or variant has a value before the equation is looked
/// at: `Some(true)` for the left one. The conjunction lies `level` deep.
///
/// What has a value without being built is taken apart. Only where nothing more gets a value so are
/// the records and variants built that can be, all at once: what is meant by fields that are left
/// out never depends on the order of the literals.
pub(super) fn known_sides(rule: &RawRule, literals: &[RawLiteral], level: usize) -> Vec<Option<bool>> {
    let checker = Checker { rule, reported: HashSet::new(), diagnostics: Vec::new() };
    let outer = rule.vars.iter().enumerate().filter(|(_, var)| var.level < level);
    let mut bound: HashSet<VarId> = outer.map(|(at, _)| VarId(at as u32)).collect();
    let mut sides = vec![None; literals.len()];
    loop {
        let mut grown = true;
        while grown {
            grown = false;
            for (literal, side) in literals.iter().zip(&sides) {
                let decided = side.is_some() || struct_equation(literal).is_none();
                grown |= decided && !checker.bind(literal, &mut bound, level).is_empty();
            }
        }
        let side_of = |literal: &RawLiteral, built: bool| {
            let (left, right) = struct_equation(literal)?;
            let is_struct = |side: &RawExpr| matches!(side.kind, RawExprKind::Struct(_));
            let both = is_struct(left) && is_struct(right);
            let known = |side: &RawExpr| {
                (built || both || !is_struct(side)) && checker.has_value(side, &bound, level)
            };
            if known(left) { Some(true) } else { known(right).then_some(false) }
        };
        let open = |built: bool| -> Vec<(usize, Option<bool>)> {
            let all = literals.iter().enumerate().filter(|(at, _)| sides[*at].is_none());
            all.map(|(at, literal)| (at, side_of(literal, built)))
                .filter(|(_, side)| side.is_some())
                .collect()
        };
        let mut found = open(false);
        if found.is_empty() {
            found = open(true);
        }
        if found.is_empty() {
            return sides;
        }
        found.into_iter().for_each(|(at, side)| sides[at] = side);
    }
}

/// The sides of an equation of which one is a record or variant.
pub(super) fn struct_equation(literal: &RawLiteral) -> Option<(&RawExpr, &RawExpr)> {
    match literal {
        RawLiteral::Compare { op: CompareOp::Eq, left, right, possibly: false, .. } => {
            let is_struct = |side: &RawExpr| matches!(side.kind, RawExprKind::Struct(_));
            (is_struct(left) || is_struct(right)).then_some((left, right))
        }
        _ => None,
    }
}

struct Checker<'a> {
    rule: &'a RawRule,
    reported: HashSet<VarId>,
    diagnostics: Vec<Diagnostic>,
}

impl Checker<'_> {
    /// Checks one conjunction whose scope lies `level` deep, `outer` being bound around it.
    /// Returns what is bound in it, the outer variables included.
    fn conjunction(
        &mut self,
        literals: &[RawLiteral],
        outer: &HashSet<VarId>,
        level: usize,
    ) -> HashSet<VarId> {
        let mut bound = outer.clone();
        // Literals that may bind more once a variable is bound.
        let mut waiting: HashMap<VarId, Vec<usize>> = HashMap::new();
        for (at, literal) in literals.iter().enumerate() {
            if matches!(literal, RawLiteral::Compare { .. } | RawLiteral::In { .. }) {
                each_var_of(literal, &mut |var, _| waiting.entry(var).or_default().push(at));
            }
        }
        let mut queue: Vec<usize> = (0..literals.len()).collect();
        while let Some(at) = queue.pop() {
            for var in literals.get(at).map_or(Vec::new(), |literal| self.bind(literal, &mut bound, level)) {
                queue.append(&mut waiting.remove(&var).unwrap_or_default());
            }
        }
        for literal in literals {
            self.literal(literal, &bound, level);
        }
        bound
    }

    /// Adds the variables that a literal binds once those of `bound` are; returns those that were not
    /// there.
    fn bind(&self, literal: &RawLiteral, bound: &mut HashSet<VarId>, level: usize) -> Vec<VarId> {
        let mut found = Vec::new();
        match literal {
            RawLiteral::Atom(atom) => found.extend(atom.args.iter().flatten().filter_map(plain_var)),
            RawLiteral::Compare { op: CompareOp::Eq, left, right, possibly: false, .. } => {
                for (target, value) in [(left, right), (right, left)] {
                    match &target.kind {
                        RawExprKind::Var(var) if self.has_value(value, bound, level) => found.push(*var),
                        RawExprKind::Struct(parts) if self.has_value(value, bound, level) => {
                            parts.pattern_vars(&mut |var| found.push(var));
                        }
                        _ => {}
                    }
                }
            }
            RawLiteral::In { item, list, .. } => {
                found.extend(plain_var(item).filter(|_| self.has_value(list, bound, level)));
            }
            _ => {}
        }
        found.retain(|var| bound.insert(*var));
        found
    }

    /// Whether everything that an expression needs is bound.
    fn has_value(&self, expr: &RawExpr, bound: &HashSet<VarId>, level: usize) -> bool {
        match &expr.kind {
            RawExprKind::Aggregate(aggregate) => {
                let mut all = true;
                self.shared(aggregate, level, &mut |var, _| all &= bound.contains(&var));
                all
            }
            RawExprKind::Struct(parts) if parts.is_open() => false,
            _ => {
                let mut all = true;
                expr.each_var(&mut |var, _| all &= bound.contains(&var));
                all
            }
        }
    }

    fn literal(&mut self, literal: &RawLiteral, bound: &HashSet<VarId>, level: usize) {
        match literal {
            RawLiteral::Atom(atom) => {
                for arg in atom.args.iter().flatten() {
                    arg.each_var(&mut |var, span| self.need(var, span, bound));
                }
            }
            RawLiteral::Compare { left, right, .. } => {
                // Aggregates first: the value of one that is not safe is not missed as well.
                let mut sides = [(left, right), (right, left)];
                sides.sort_by_key(|(side, _)| !matches!(side.kind, RawExprKind::Aggregate(_)));
                for (side, other) in sides {
                    let before = self.diagnostics.len();
                    self.operand(side, bound, level);
                    let unsafe_aggregate =
                        matches!(side.kind, RawExprKind::Aggregate(_)) && self.diagnostics.len() > before;
                    if let (true, Some(var)) = (unsafe_aggregate, plain_var(other)) {
                        self.reported.insert(var);
                    }
                }
            }
            RawLiteral::In { item, list, .. } => {
                self.operand(item, bound, level);
                self.operand(list, bound, level);
            }
            RawLiteral::Test { left, right, .. } => {
                self.operand(left, bound, level);
                self.operand(right, bound, level);
            }
            RawLiteral::Not(alternatives, _) => {
                let mut shared = Vec::new();
                self.outer_vars(alternatives, level + 1, &mut |var, span| shared.push((var, span)));
                for (var, span) in shared {
                    self.need(var, span, bound);
                }
                for literals in alternatives {
                    self.conjunction(literals, bound, level + 1);
                }
            }
            RawLiteral::Bool(_) => {}
        }
    }

    fn operand(&mut self, expr: &RawExpr, bound: &HashSet<VarId>, level: usize) {
        if let RawExprKind::Aggregate(aggregate) = &expr.kind {
            let mut shared = Vec::new();
            self.shared(aggregate, level, &mut |var, span| shared.push((var, span)));
            for (var, span) in shared {
                if !bound.contains(&var) && self.reported.insert(var) {
                    self.diagnostics.push(
                        Diagnostic::new(
                            codes::UNBOUND_IN_AGGREGATE,
                            format!(
                                "the variable `{}` is shared with this aggregate, but nothing outside gives it a value",
                                self.rule.vars[var.0 as usize].name
                            ),
                        )
                        .at(span)
                        .help("bind it outside, or give the one inside another name"),
                    );
                }
            }
            for literals in &aggregate.alternatives {
                let inner = self.conjunction(literals, bound, level + 1);
                if let Some(arg) = &aggregate.arg {
                    arg.each_var(&mut |var, span| self.need(var, span, &inner));
                }
            }
        } else {
            expr.each_var(&mut |var, span| self.need(var, span, bound));
        }
    }

    /// The variables of an aggregate that belong to scopes around it.
    fn shared(&self, aggregate: &RawAggregate, level: usize, visit: &mut impl FnMut(VarId, Span)) {
        self.outer_vars(&aggregate.alternatives, level + 1, visit);
        if let Some(arg) = &aggregate.arg {
            arg.each_var(&mut |var, span| {
                if self.rule.vars[var.0 as usize].level <= level {
                    visit(var, span);
                }
            });
        }
    }

    /// Every occurrence, at any depth, of a variable that belongs to a scope around `level`.
    fn outer_vars(
        &self,
        alternatives: &[Vec<RawLiteral>],
        level: usize,
        visit: &mut impl FnMut(VarId, Span),
    ) {
        each_var(alternatives, &mut |var, span| {
            if self.rule.vars[var.0 as usize].level < level {
                visit(var, span);
            }
        });
    }

    fn need(&mut self, var: VarId, span: Span, bound: &HashSet<VarId>) {
        if bound.contains(&var) || !self.reported.insert(var) {
            return;
        }
        let name = &self.rule.vars[var.0 as usize].name;
        let message = if name.ends_with('#') {
            "a value is missing here".to_owned()
        } else {
            format!("the variable `{name}` gets no value: no positive literal binds it")
        };
        let mut diagnostic = Diagnostic::new(codes::UNBOUND_VARIABLE, message).at(span);
        if self.rule.alternatives.len() > 1 {
            diagnostic = diagnostic.note("it must get one in every alternative of the disjunction");
        }
        self.diagnostics.push(diagnostic);
    }
}

/// Every occurrence of a variable, negations and aggregates included.
pub(super) fn each_var(alternatives: &[Vec<RawLiteral>], visit: &mut impl FnMut(VarId, Span)) {
    alternatives.iter().flatten().for_each(|literal| each_var_of(literal, visit));
}

fn each_var_of(literal: &RawLiteral, visit: &mut impl FnMut(VarId, Span)) {
    fn operand(expr: &RawExpr, visit: &mut impl FnMut(VarId, Span)) {
        match &expr.kind {
            RawExprKind::Aggregate(aggregate) => {
                if let Some(arg) = &aggregate.arg {
                    arg.each_var(visit);
                }
                each_var(&aggregate.alternatives, visit);
            }
            _ => expr.each_var(visit),
        }
    }
    match literal {
        RawLiteral::Atom(atom) => atom.args.iter().flatten().for_each(|arg| arg.each_var(visit)),
        RawLiteral::Not(inner, _) => each_var(inner, visit),
        RawLiteral::Compare { left, right, .. } | RawLiteral::Test { left, right, .. } => {
            operand(left, visit);
            operand(right, visit);
        }
        RawLiteral::In { item, list, .. } => {
            operand(item, visit);
            operand(list, visit);
        }
        RawLiteral::Bool(_) => {}
    }
}

fn plain_var(expr: &RawExpr) -> Option<VarId> {
    match expr.kind {
        RawExprKind::Var(var) => Some(var),
        _ => None,
    }
}
