//! How relations are used beside what their qualifiers say: `inline`, `.plan`, counters, ways in and
//! out.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use super::normal::{each_expr, each_var};
use super::special::Special;
use super::types::{Kind, Types};
use crate::base::codes::{analysis as codes, lints, souffle};
use crate::base::{Diagnostic, Span};
use crate::model::PredId;
use crate::model::program::{Rule, Stratum};
use crate::syntax::souffle::ast::{Atom, Clause, Directive, Expr, ExprKind, IoKind, Literal, Unit};

/// Mistakes in the use of `inline` and `.plan`, and in declarations of functors.
pub(super) fn check(unit: &Unit, types: &Types, diagnostics: &mut Vec<Diagnostic>) {
    for clause in &unit.clauses {
        plan(clause, diagnostics);
    }
    let mut known: HashMap<&str, Span> = HashMap::new();
    for functor in &unit.functors {
        if let Some(first) = known.insert(&functor.name.text, functor.name.span) {
            let message = format!("the functor `{}` is declared twice", functor.name.text);
            let found = Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(functor.name.span);
            diagnostics.push(found.also(first, "first here"));
        }
        for name in &functor.types {
            let Some(ty) = types.find(name, diagnostics) else { continue };
            if !functor.stateful && matches!(types.kind(ty), Kind::Record | Kind::Adt) {
                let message = "only a `stateful` functor takes and gives records and branches".to_owned();
                diagnostics.push(Diagnostic::new(codes::TYPE_MISMATCH, message).at(name.span));
            }
        }
    }
    Inline::new(unit).check(unit, diagnostics);
}

/// An order is one of all atoms.
fn plan(clause: &Clause, diagnostics: &mut Vec<Diagnostic>) {
    let Some((orders, span)) = &clause.plan else { return };
    // The rule of a subsumption reads both its tuples too.
    let mut atoms = if clause.subsumes { clause.heads.len() as u64 } else { 0 };
    let mut open: Vec<&Literal> = clause.body.iter().flatten().flatten().collect();
    while let Some(literal) = open.pop() {
        match literal {
            Literal::Atom(_) => atoms += 1,
            Literal::Group(body) => open.extend(body.iter().flatten()),
            _ => {}
        }
    }
    for (_, order) in orders {
        let mut sorted = order.clone();
        sorted.sort_unstable();
        if sorted != (1..=atoms).collect::<Vec<u64>>() {
            let message = format!("an order in `.plan` names each of the {atoms} atoms once");
            diagnostics.push(Diagnostic::new(codes::BAD_ANNOTATION, message).at(*span));
        }
    }
}

/// Variables that stand in one place only, where `_` would say the same.
pub(super) fn single_use(head: &Atom, body: &[Literal]) -> Vec<Diagnostic> {
    let mut uses: BTreeMap<Arc<str>, (usize, Span)> = BTreeMap::new();
    let mut open: Vec<&Expr> = head.args.iter().collect();
    body.iter().for_each(|literal| each_expr(literal, &mut |expr| open.push(expr)));
    while let Some(expr) = open.pop() {
        expr.walk(&mut |expr| match &expr.kind {
            ExprKind::Var(name) => uses.entry(Arc::clone(name)).or_insert((0, expr.span)).0 += 1,
            ExprKind::Aggregate(aggregate) => {
                open.extend(&aggregate.arg);
                for literal in aggregate.body.iter().flatten() {
                    each_expr(literal, &mut |expr| open.push(expr));
                }
            }
            _ => {}
        });
    }
    uses.into_iter()
        .filter(|(name, (uses, _))| *uses == 1 && !name.starts_with('_') && !name.contains('@'))
        .map(|(name, (_, span))| {
            Diagnostic::new(lints::SINGLE_USE, format!("the variable `{name}` occurs only once"))
                .at(span)
                .help("write `_` if its value does not matter")
        })
        .collect()
}

/// A way to read or write that does not exist, or is not supported.
pub(super) fn way_in_or_out(directive: &Directive) -> Option<Diagnostic> {
    let (name, value) = directive.params.iter().find(|(name, _)| name.text == "IO")?;
    let known: &[&str] = match directive.kind {
        IoKind::Input => &["file", "stdin", "json", "jsonfile"],
        _ => &["file", "stdout", "json", "jsonfile", "stdoutprintsize"],
    };
    if known.contains(&value.as_str()) {
        return None;
    }
    if value == "sqlite" {
        return Some(
            Diagnostic::new(souffle::UNSUPPORTED, "SQLite is not supported here")
                .at(name.span)
                .help("read and write text here; `factlog import` and `export` know SQLite"),
        );
    }
    let message = format!("there is no `IO={value}` for this; there is {}", known.join(", "));
    Some(Diagnostic::new(codes::BAD_DIRECTIVE, message).at(name.span))
}

/// What a `.plan` is for.
#[derive(Debug)]
pub(super) struct Plan {
    /// The relation defined.
    pub head: Option<PredId>,
    /// What the premises read.
    pub atoms: Vec<PredId>,
    /// The greatest number of a version.
    pub last: u64,
    /// The `.plan`.
    pub span: Span,
}

/// A recursive rule has a version for each premise that reads its stratum.
pub(super) fn check_plans(plans: &[Plan], strata: &[Stratum], diagnostics: &mut Vec<Diagnostic>) {
    for plan in plans {
        let own = strata.iter().find(|stratum| {
            stratum.recursive && plan.head.is_some_and(|head| stratum.predicates.contains(&head))
        });
        let Some(own) = own else { continue };
        let versions = plan.atoms.iter().filter(|atom| own.predicates.contains(atom)).count() as u64;
        if versions > 0 && plan.last >= versions {
            let message = format!("this rule has {versions} versions, numbered from 0");
            diagnostics.push(Diagnostic::new(codes::BAD_ANNOTATION, message).at(plan.span));
        }
    }
}

/// `autoinc` in a recursion would never come to an end.
pub(super) fn check_counters(
    rules: &[Rule],
    strata: &[Stratum],
    special: &Special,
    diagnostics: &mut Vec<Diagnostic>,
) {
    for stratum in strata.iter().filter(|stratum| stratum.recursive) {
        for id in &stratum.rules {
            let Some(rule) = rules.get(id.0 as usize).filter(|_| special.counters.contains_key(id)) else {
                continue;
            };
            let mut recursive = false;
            rule.body.atoms(&mut |atom, _| recursive |= stratum.predicates.contains(&atom.pred));
            if recursive {
                let message = "`autoinc` stands in a recursive rule";
                diagnostics.push(Diagnostic::new(souffle::BAD_RELATION, message).at(rule.span));
            }
        }
    }
}

/// Relations that are put in place of their names, which not every use allows.
struct Inline<'u> {
    names: HashMap<&'u str, Span>,
}

impl<'u> Inline<'u> {
    fn new(unit: &'u Unit) -> Self {
        let inline = unit
            .relations
            .iter()
            .filter(|decl| decl.qualifiers.iter().any(|qualifier| qualifier.text == "inline"));
        Inline { names: inline.map(|decl| (decl.name.text.as_str(), decl.name.span)).collect() }
    }

    fn check(&self, unit: &'u Unit, diagnostics: &mut Vec<Diagnostic>) {
        if self.names.is_empty() {
            return;
        }
        let mut report = |message: String, span: Span| {
            diagnostics.push(Diagnostic::new(souffle::BAD_RELATION, message).at(span))
        };
        for directive in &unit.directives {
            if self.names.contains_key(directive.relation.text.as_str()) {
                let message =
                    format!("`{}` is `inline` and cannot be read or written", directive.relation.text);
                report(message, directive.relation.span);
            }
        }
        for name in self.cycle(unit) {
            if let Some(span) = self.names.get(name) {
                report(format!("`{name}` is `inline` and defined through itself"), *span);
            }
        }
        // Relations whose rules have variables of their own cannot be negated.
        let mut widening: HashSet<&str> = HashSet::new();
        for clause in &unit.clauses {
            for head in &clause.heads {
                let Some((name, _)) = self.names.get_key_value(head.name.text.as_str()) else { continue };
                let own = names(&head.args);
                let mut more = false;
                for literal in clause.body.iter().flatten().flatten() {
                    each_expr(literal, &mut |expr| {
                        each_var(expr, &mut |name, _| more |= !own.contains(name));
                    });
                }
                if more {
                    widening.insert(name);
                }
                if has_counter(clause) {
                    report(format!("`{name}` is `inline` and has a rule with a counter"), clause.span);
                }
            }
        }
        for literal in unit.clauses.iter().flat_map(|clause| clause.body.iter().flatten().flatten()) {
            self.literal(literal, false, &widening, &mut report);
        }
        let heads = unit.clauses.iter().flat_map(|clause| &clause.heads);
        heads.flat_map(|head| &head.args).for_each(|arg| self.in_aggregates(arg, &mut report));
    }

    fn literal(
        &self,
        literal: &'u Literal,
        negated: bool,
        widening: &HashSet<&str>,
        report: &mut dyn FnMut(String, Span),
    ) {
        match literal {
            Literal::Not(inner, _) => return self.literal(inner, !negated, widening, report),
            Literal::Group(body) => {
                let literals = body.iter().flatten();
                return literals.for_each(|literal| self.literal(literal, negated, widening, report));
            }
            Literal::Atom(atom) if self.names.contains_key(atom.name.text.as_str()) => {
                let name = &atom.name.text;
                if negated && widening.contains(name.as_str()) {
                    report(format!("`{name}` is `inline` with variables of its own, and negated"), atom.span);
                }
                let mut wildcard = false;
                for arg in &atom.args {
                    arg.walk(&mut |expr| wildcard |= matches!(expr.kind, ExprKind::Wildcard));
                }
                if negated && wildcard {
                    report(format!("`{name}` is `inline` and negated with `_` in it"), atom.span);
                }
                if atom.args.iter().any(counts) {
                    report(format!("`{name}` is `inline` and has a counter in it"), atom.span);
                }
            }
            _ => {}
        }
        each_expr(literal, &mut |expr| self.in_aggregates(expr, report));
    }

    fn in_aggregates(&self, expr: &'u Expr, report: &mut dyn FnMut(String, Span)) {
        expr.walk(&mut |expr| {
            let ExprKind::Aggregate(aggregate) = &expr.kind else { return };
            for atom in aggregate.body.iter().flatten().flat_map(atoms) {
                if self.names.contains_key(atom.name.text.as_str()) {
                    report(format!("`{}` is `inline` and stands in an aggregate", atom.name.text), atom.span);
                }
            }
        });
    }

    /// The relations that are defined through themselves by way of `inline` ones alone.
    fn cycle(&self, unit: &'u Unit) -> Vec<&'u str> {
        let mut reads: HashMap<&str, HashSet<&'u str>> = HashMap::new();
        for clause in &unit.clauses {
            for head in &clause.heads {
                let Some((head, _)) = self.names.get_key_value(head.name.text.as_str()) else { continue };
                for atom in clause.body.iter().flatten().flatten().flat_map(atoms) {
                    if let Some((name, _)) = self.names.get_key_value(atom.name.text.as_str()) {
                        reads.entry(head).or_default().insert(name);
                    }
                }
            }
        }
        let mut found: Vec<&'u str> = Vec::new();
        for start in self.names.keys().copied() {
            let mut seen: HashSet<&str> = HashSet::new();
            let mut open: Vec<&str> = reads.get(start).into_iter().flatten().copied().collect();
            while let Some(at) = open.pop() {
                if at == start {
                    found.push(start);
                    break;
                }
                if seen.insert(at) {
                    open.extend(reads.get(at).into_iter().flatten().copied());
                }
            }
        }
        found.sort_unstable();
        found
    }
}

/// All atoms in a literal, those in aggregates apart.
fn atoms(literal: &Literal) -> Vec<&Atom> {
    match literal {
        Literal::Atom(atom) => vec![atom],
        Literal::Not(inner, _) => atoms(inner),
        Literal::Group(body) => body.iter().flatten().flat_map(atoms).collect(),
        _ => Vec::new(),
    }
}

fn names(args: &[Expr]) -> HashSet<Arc<str>> {
    let mut names = HashSet::new();
    for arg in args {
        each_var(arg, &mut |name, _| {
            names.insert(Arc::clone(name));
        });
    }
    names
}

fn counts(expr: &Expr) -> bool {
    let mut found = false;
    expr.walk(&mut |expr| found |= matches!(expr.kind, ExprKind::Counter));
    found
}

fn has_counter(clause: &Clause) -> bool {
    let mut found = clause.heads.iter().flat_map(|head| &head.args).any(counts);
    for literal in clause.body.iter().flatten().flatten() {
        each_expr(literal, &mut |expr| found |= counts(expr));
    }
    found
}
