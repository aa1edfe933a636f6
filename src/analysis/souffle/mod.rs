//! From the tree of a Soufflé program to a checked program.
//!
//! `components` writes instances out; `types` knows the declared types; `inline` puts the bodies of relations in the place
//! of their names; `normal` multiplies disjunctions out; `alias` does without variables that only name records; `scope` tells an
//! aggregate's own variables from those of the outside; `ground` says which variables have a value;
//! `mutual` finds aggregates that wait for each other; `infer` finds the types of variables, on which the meaning of constants and operators depends, and
//! `check` whether they fit; `usage` checks qualifiers, plans and directives;
//! `order` says which relations are evaluated before which;
//! `lower` makes rules of the model.

mod alias;
mod check;
mod components;
mod declare;
mod ground;
mod infer;
mod inline;
pub mod lower;
mod mutual;
mod normal;
mod order;
mod project;
mod scope;
pub mod special;
mod substitute;
pub mod types;
mod usage;

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{self, did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::program::{CheckedProgram, Rule, RuleId};
use crate::model::{PredId, Value};
use crate::syntax::souffle::ast::{self, CompareOp, ExprKind, IoKind, Literal};
use special::{Special, Subsumption};
use types::{Ty, Types};

/// A relation.
#[derive(Clone, Debug)]
pub struct Relation {
    /// Its name, dots included.
    pub name: String,
    /// Its columns.
    pub columns: Vec<(String, Ty)>,
    /// Its id.
    pub pred: PredId,
    /// Its declaration.
    pub span: Span,
}

/// The relations of a program, by name.
#[derive(Clone, Debug, Default)]
pub struct Relations {
    all: Vec<Relation>,
    by_name: HashMap<String, usize>,
}

impl Relations {
    /// The relation of a name.
    pub fn get(&self, name: &str) -> Option<&Relation> {
        self.all.get(*self.by_name.get(name)?)
    }

    /// All of them, by id.
    pub fn all(&self) -> &[Relation] {
        &self.all
    }

    /// Adds one that the program does not declare, under a name that it cannot use.
    fn make_up(&mut self, name: String, columns: Vec<(String, Ty)>, span: Span) {
        let pred = PredId(self.all.len() as u32);
        self.by_name.insert(name.clone(), self.all.len());
        self.all.push(Relation { name, columns, pred, span });
    }
}

/// `.input` and its like, of one relation.
#[derive(Clone, Debug)]
pub struct Directive {
    /// Which one.
    pub kind: IoKind,
    /// The relation.
    pub pred: PredId,
    /// The parameters.
    pub params: Vec<(String, String)>,
    /// Where the relation is named.
    pub span: Span,
}

impl Directive {
    /// A parameter's value.
    pub fn param(&self, wanted: &str) -> Option<&str> {
        self.params.iter().find(|(name, _)| name == wanted).map(|(_, value)| value.as_str())
    }

    /// Whether a parameter is `true`.
    pub fn flag(&self, wanted: &str) -> bool {
        self.param(wanted) == Some("true")
    }
}

/// A program that can be evaluated, if there are no errors.
#[derive(Debug)]
pub struct Analysis {
    /// The rules.
    pub program: CheckedProgram,
    /// The types.
    pub types: Types,
    /// The relations.
    pub relations: Relations,
    /// Facts stated in the program.
    pub facts: Vec<(PredId, Vec<Value>)>,
    /// In order.
    pub directives: Vec<Directive>,
    /// What more than rules decides.
    pub special: Special,
    /// Whether the declarations are free of mistakes, so that types can be checked against them.
    sound: bool,
    /// The `.plan`s, for checking.
    plans: Vec<usage::Plan>,
    /// Whether numbers have 64 bits.
    pub wide: bool,
    /// Errors and warnings, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a program. `wide` makes numbers of 64 bits.
pub fn analyze(unit: &ast::Unit, wide: bool) -> Analysis {
    let mut diagnostics = Vec::new();
    let mut unit = components::instantiate(unit, &mut diagnostics);
    let types = Types::declare(&unit.types, &mut diagnostics);
    declare::check_names(&unit, &mut diagnostics);
    let mut relations = declare::declare(&unit.relations, &types, &mut diagnostics);
    let special = declare::specials(&unit, &mut relations, &mut diagnostics);
    usage::check(&unit, &types, &mut diagnostics);
    let sound = !diagnostics.iter().any(Diagnostic::is_error);
    if sound {
        inline::expand(&mut unit);
    }
    let mut analysis = Analysis {
        program: CheckedProgram::default(),
        types,
        relations,
        facts: Vec::new(),
        directives: Vec::new(),
        special,
        sound,
        plans: Vec::new(),
        wide,
        diagnostics,
    };
    for directive in &unit.directives {
        analysis.directive(directive);
    }
    // A qualifier `input` means what an `.input` beside it says.
    let told: HashSet<PredId> = analysis
        .directives
        .iter()
        .filter(|directive| directive.kind == IoKind::Input && !directive.params.is_empty())
        .map(|directive| directive.pred)
        .collect();
    analysis.directives.retain(|directive| {
        directive.kind != IoKind::Input || !directive.params.is_empty() || !told.contains(&directive.pred)
    });
    for clause in &unit.clauses {
        analysis.clause(clause);
    }
    let schema = declare::schema(&analysis);
    let (strata, problems) = order::strata(&schema, &analysis.program.rules, &analysis.special);
    analysis.diagnostics.extend(problems);
    usage::check_counters(&analysis.program.rules, &strata, &analysis.special, &mut analysis.diagnostics);
    let plans = std::mem::take(&mut analysis.plans);
    usage::check_plans(&plans, &strata, &mut analysis.diagnostics);
    for (index, rule) in analysis.program.rules.iter().enumerate() {
        analysis.program.rules_of.entry(rule.head).or_default().push(RuleId(index as u32));
    }
    analysis.program.strata = strata;
    analysis.program.schema = Arc::new(schema);
    diagnostic::sort(&mut analysis.diagnostics);
    analysis.diagnostics.dedup();
    analysis
}

impl Analysis {
    fn report(&mut self, code: crate::base::Code, message: String, span: Span) {
        self.diagnostics.push(Diagnostic::new(code, message).at(span));
    }

    fn unknown_relation(&mut self, name: &ast::Name) {
        let near = nearest(&name.text, self.relations.by_name.keys().map(String::as_str));
        self.diagnostics.push(
            Diagnostic::new(codes::UNKNOWN_RELATION, format!("there is no relation `{}`", name.text))
                .at(name.span)
                .help_opt(did_you_mean(&near)),
        );
    }

    fn directive(&mut self, directive: &ast::Directive) {
        let Some(relation) = self.relations.get(&directive.relation.text) else {
            return self.unknown_relation(&directive.relation);
        };
        let (pred, span) = (relation.pred, directive.relation.span);
        let same = |known: &&Directive| known.pred == pred && known.kind == directive.kind;
        if matches!(directive.kind, IoKind::PrintSize | IoKind::LimitSize)
            && let Some(first) = self.directives.iter().find(same)
        {
            let message = format!("the size of `{}` is asked for twice", directive.relation.text);
            let found = Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(span);
            let found = found.also(first.span, "first here");
            self.diagnostics.push(found);
            return;
        }
        if directive.kind == IoKind::LimitSize {
            let size = directive.params.iter().find(|(name, _)| name.text == "n");
            match size.and_then(|(_, value)| value.parse().ok()) {
                Some(size) => {
                    self.special.limits.insert(pred, size);
                }
                None => {
                    let message = "`.limitsize` needs `n`, a whole number".to_owned();
                    self.report(codes::BAD_DIRECTIVE, message, span);
                }
            }
        }
        self.diagnostics.extend(usage::way_in_or_out(directive));
        let params = directive.params.iter().map(|(name, value)| (name.text.clone(), value.clone()));
        self.directives.push(Directive { kind: directive.kind, pred, params: params.collect(), span });
    }

    fn clause(&mut self, clause: &ast::Clause) {
        if let Some((orders, span)) = &clause.plan {
            let name = |atom: &ast::Atom| self.relations.get(&atom.name.text).map(|relation| relation.pred);
            let head = clause.heads.first().and_then(name);
            let atoms = clause.body.iter().flatten().flatten().filter_map(|literal| match literal {
                Literal::Atom(atom) => name(atom),
                _ => None,
            });
            let last = orders.iter().map(|(version, _)| *version).max().unwrap_or(0);
            self.plans.push(usage::Plan { head, atoms: atoms.collect(), last, span: *span });
        }
        let bodies = match &clause.body {
            None => vec![Vec::new()],
            Some(body) => normal::alternatives(body, clause.span, &mut self.diagnostics).unwrap_or_default(),
        };
        if let (true, [less, greater]) = (clause.subsumes, clause.heads.as_slice()) {
            return self.subsumption(less, greater, &bodies, clause.span);
        }
        for head in &clause.heads {
            for body in &bodies {
                if let Some(rule) = self.single(head.clone(), body.clone(), clause.span) {
                    self.program.rules.push(rule);
                }
            }
        }
    }

    fn subsumption(&mut self, less: &ast::Atom, greater: &ast::Atom, bodies: &[Vec<Literal>], span: Span) {
        if less.name.text != greater.name.text {
            let message =
                format!("`{}` cannot give way to `{}`, another relation", less.name.text, greater.name.text);
            return self.report(codes::TYPE_MISMATCH, message, span);
        }
        if less.args.is_empty() && greater.args.is_empty() {
            let message = format!("`{}` has no columns, so that nothing can give way in it", less.name.text);
            return self.report(crate::base::codes::souffle::BAD_RELATION, message, span);
        }
        let before = self.diagnostics.len();
        self.check_atom(less);
        self.check_atom(greater);
        if self.diagnostics.len() > before {
            return;
        }
        let name = &less.name.text;
        let pred =
            |analysis: &Analysis, name: &str| analysis.relations.get(name).map(|relation| relation.pred);
        let (Some(of), Some(low), Some(high)) =
            (pred(self, name), pred(self, &special::less(name)), pred(self, &special::greater(name)))
        else {
            return;
        };
        for body in bodies {
            let (head, body) = special::subsumption(less, greater, body);
            if let Some(rule) = self.single(head, body, span) {
                self.special.subsumptions.push(Subsumption { pred: of, less: low, greater: high, rule });
            }
        }
    }

    /// A clause with one head and one alternative.
    fn single(&mut self, mut head: ast::Atom, mut body: Vec<Literal>, span: Span) -> Option<Rule> {
        let before = self.diagnostics.len();
        self.check_atom(&head);
        for literal in &body {
            self.check_literal(literal);
        }
        if self.diagnostics.len() > before {
            return None;
        }
        self.diagnostics.extend(usage::single_use(&head, &body));
        let before = self.diagnostics.len();
        let stated = body.is_empty();
        let counters = special::counters(&mut head, &mut body);
        if stated && (!counters.is_empty() || !body.is_empty()) {
            self.report(codes::NOT_GROUND, "a fact holds only constants".to_owned(), span);
        }
        mutual::check(&body, &mut self.diagnostics);
        scope::resolve(&mut head, &mut body, &mut self.diagnostics);
        if self.diagnostics.len() > before {
            return None;
        }
        for projection in project::aggregates(&mut head, &mut body) {
            self.projection(&projection);
        }
        let mut missing = Vec::new();
        ground::unbound(&head, &body, &counters, &mut missing);
        missing.sort();
        missing.dedup_by(|a, b| a.0 == b.0);
        for (name, place) in missing {
            let name = name.split('@').next().unwrap_or("");
            let message = format!("nothing gives the variable `{name}` a value");
            self.report(codes::UNBOUND_VARIABLE, message, place);
        }
        if self.diagnostics.len() > before || !self.sound {
            return None;
        }
        let mut typing = infer::Typing::new(&self.types, &self.relations);
        typing.run(&head, &body);
        if alias::resolve(&mut head, &mut body, &typing.vars) {
            typing = infer::Typing::new(&self.types, &self.relations);
            typing.run(&head, &body);
        }
        check::clause(&head, &body, &typing, &mut self.diagnostics);
        if self.diagnostics.len() > before {
            return None;
        }
        let lower = lower::Lower::new(typing, self.wide, &mut self.diagnostics);
        if stated && let Some(relation) = self.relations.get(&head.name.text) {
            let values =
                head.args.iter().zip(&relation.columns).map(|(arg, (_, ty))| lower.constant(arg, *ty));
            if let Some(values) = values.collect::<Option<Vec<Value>>>() {
                self.facts.push((relation.pred, values));
                return None;
            }
        }
        let (rule, counters) = lower.rule(&head, &body, &counters, span)?;
        if !counters.is_empty() {
            self.special.counters.insert(RuleId(self.program.rules.len() as u32), counters);
        }
        let iteration = self.relations.get(special::ITERATION).map(|relation| relation.pred);
        rule.body.atoms(&mut |atom, _| {
            if Some(atom.pred) == iteration {
                self.special.iteration = iteration;
            }
        });
        Some(rule)
    }

    /// Makes up a relation that has some columns of another, unless there is one.
    fn projection(&mut self, projection: &project::Projection) {
        let known = self.relations.get(&projection.name).is_some();
        let Some(of) = self.relations.get(&projection.of).filter(|_| !known) else { return };
        let columns = projection.columns.iter().filter_map(|at| of.columns.get(*at).cloned()).collect();
        let (head, body) = projection.rule(of.columns.len());
        self.relations.make_up(projection.name.clone(), columns, projection.span);
        if let Some(rule) = self.single(head, body, projection.span) {
            self.program.rules.push(rule);
        }
    }

    fn check_literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Atom(atom) => self.check_atom(atom),
            Literal::Not(inner, _) => self.check_literal(inner),
            // That there is some value can be asked of an aggregate; a record has one.
            Literal::Compare(CompareOp::Eq, left, right, _) => {
                let any = [left, right].into_iter().find(|side| matches!(side.kind, ExprKind::Wildcard));
                let asked = [left, right]
                    .iter()
                    .any(|side| matches!(side.kind, ExprKind::Aggregate(_) | ExprKind::Record(_)));
                if let Some(any) = any.filter(|_| !asked) {
                    self.report(
                        codes::MISPLACED_WILDCARD,
                        "`_` stands where a value is needed".to_owned(),
                        any.span,
                    );
                }
            }
            _ => {}
        }
        let mut bodies = Vec::new();
        normal::each_expr(literal, &mut |expr| {
            expr.walk(&mut |expr| {
                if let ExprKind::Aggregate(aggregate) = &expr.kind {
                    bodies.push(&aggregate.body);
                }
            })
        });
        for literal in bodies.into_iter().flatten().flatten() {
            self.check_grouped(literal);
        }
    }

    fn check_grouped(&mut self, literal: &Literal) {
        match literal {
            Literal::Group(body) => body.iter().flatten().for_each(|literal| self.check_grouped(literal)),
            Literal::Not(inner, _) => self.check_grouped(inner),
            _ => self.check_literal(literal),
        }
    }

    fn check_atom(&mut self, atom: &ast::Atom) {
        let Some(relation) = self.relations.get(&atom.name.text) else {
            return self.unknown_relation(&atom.name);
        };
        let (wanted, given) = (relation.columns.len(), atom.args.len());
        if wanted != given {
            let message = format!("`{}` has {wanted} columns, not {given}", atom.name.text);
            let declared = relation.span;
            self.diagnostics.push(
                Diagnostic::new(codes::WRONG_ARITY, message).at(atom.span).also(declared, "declared here"),
            );
        }
    }
}
