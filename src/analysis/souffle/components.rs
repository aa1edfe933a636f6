//! Components: each instance's types, relations, rules and directives under names that begin with
//! the instance's.
//!
//! A name in a component means what the component or one it inherits from declares, else what stands
//! outside. Rules of a component for a relation outside of it are rules of that relation.

use std::collections::{HashMap, HashSet};

use crate::base::codes::souffle as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{
    Atom, Clause, Component, ComponentType, Expr, ExprKind, Init, Literal, Name, TypeDecl, TypeDef, Unit,
};

use super::scope::{each_arg_mut, each_expr_mut};

/// Instances within instances.
const MAX_DEPTH: usize = 40;
/// Instances of one program.
const MAX_INSTANCES: usize = 100_000;

/// The components around a place, innermost last.
type Path<'u> = Vec<&'u Component>;
/// What formal parameters stand for.
type Binding = HashMap<String, String>;

struct Instantiation<'u> {
    program: &'u Unit,
    instances: usize,
    failed: bool,
    diagnostics: &'u mut Vec<Diagnostic>,
}

/// The program with its instances written out; no components are left.
pub(super) fn instantiate(program: &Unit, diagnostics: &mut Vec<Diagnostic>) -> Unit {
    check_names(program, diagnostics);
    let mut all = Unit {
        types: program.types.clone(),
        relations: program.relations.clone(),
        clauses: program.clauses.clone(),
        directives: program.directives.clone(),
        functors: program.functors.clone(),
        lattices: program.lattices.clone(),
        pragmas: program.pragmas.clone(),
        ..Unit::default()
    };
    let mut work = Instantiation { program, instances: 0, failed: false, diagnostics };
    let mut open: Vec<Path> = program.components.iter().map(|component| vec![component]).collect();
    while let Some(path) = open.pop() {
        work.check(&path);
        if let Some(component) = path.last() {
            open.extend(component.unit.components.iter().map(|inner| {
                let mut path = path.clone();
                path.push(inner);
                path
            }));
        }
    }
    for init in &program.inits {
        let mut orphans = Vec::new();
        let unit = work.instance(init, &Vec::new(), &Binding::new(), &mut orphans, 0);
        append(&mut all, unit);
        all.clauses.extend(orphans);
    }
    all
}

fn append(all: &mut Unit, more: Unit) {
    all.types.extend(more.types);
    all.relations.extend(more.relations);
    all.clauses.extend(more.clauses);
    all.directives.extend(more.directives);
    all.functors.extend(more.functors);
}

/// Components and instances have names of their own.
fn check_names(program: &Unit, diagnostics: &mut Vec<Diagnostic>) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    let declared = program.types.iter().map(|decl| &decl.name);
    for name in declared.chain(program.relations.iter().map(|decl| &decl.name)) {
        seen.entry(&name.text).or_insert(name.span);
    }
    let components = program.components.iter().map(|component| &component.head.name);
    for name in components.chain(program.inits.iter().map(|init| &init.name)) {
        match seen.get(name.text.as_str()) {
            Some(first) => diagnostics.push(
                Diagnostic::new(codes::COMPONENT, format!("the name `{}` is taken", name.text))
                    .at(name.span)
                    .also(*first, "by this"),
            ),
            None => {
                seen.insert(&name.text, name.span);
            }
        }
    }
}

impl<'u> Instantiation<'u> {
    fn report(&mut self, message: String, span: Span) {
        self.diagnostics.push(Diagnostic::new(codes::COMPONENT, message).at(span));
    }

    /// The component that a name means at a place, with its own place.
    fn find(&self, name: &str, path: &Path<'u>, binding: &Binding) -> Option<Path<'u>> {
        let name = binding.get(name).map_or(name, String::as_str);
        for depth in (0..path.len()).rev() {
            let mut around = path.get(depth).copied();
            let mut seen = 0;
            // Nested components are inherited too.
            while let Some(component) = around {
                if let Some(found) = component.unit.components.iter().find(|c| c.head.name.text == name) {
                    let mut place = path.get(..=depth).unwrap_or_default().to_vec();
                    place.push(found);
                    return Some(place);
                }
                seen += 1;
                let outer = path.get(..depth).unwrap_or_default().to_vec();
                let base = component.bases.first().filter(|_| seen < MAX_DEPTH);
                around = base.and_then(|base| self.find(&base.name.text, &outer, binding)?.last().copied());
            }
        }
        let found = self.program.components.iter().find(|component| component.head.name.text == name)?;
        Some(vec![found])
    }

    fn unknown(&mut self, name: &Name) {
        let known = self.program.components.iter().map(|component| component.head.name.text.as_str());
        let near = nearest(&name.text, known);
        self.diagnostics.push(
            Diagnostic::new(codes::COMPONENT, format!("there is no component `{}`", name.text))
                .at(name.span)
                .help_opt(did_you_mean(&near)),
        );
    }

    /// Mistakes in a component that show without an instance.
    fn check(&mut self, path: &Path<'u>) {
        let Some((component, outer)) = path.split_last() else { return };
        let (component, outer) = (*component, outer.to_vec());
        let formal: HashSet<&str> = path
            .iter()
            .flat_map(|component| &component.head.params)
            .map(|param| param.text.as_str())
            .collect();
        let none = Binding::new();
        for base in &component.bases {
            self.check_reference(base, &outer, &formal);
        }
        for init in &component.unit.inits {
            self.check_reference(&init.of, path, &formal);
        }
        let mut parents: Vec<&Component> = Vec::new();
        let mut open: Vec<&ComponentType> = component.bases.iter().collect();
        while let Some(base) = open.pop() {
            let Some(parent) =
                self.find(&base.name.text, &outer, &none).and_then(|path| path.last().copied())
            else {
                continue;
            };
            if !parents.iter().any(|known| std::ptr::eq(*known, parent)) {
                parents.push(parent);
                open.extend(&parent.bases);
            }
        }
        let name = &component.head.name;
        if parents.iter().any(|parent| std::ptr::eq(*parent, component)) {
            self.report(format!("the component `{}` inherits from itself", name.text), name.span);
            self.failed = true;
        }
        for overridden in &component.unit.overrides {
            let text = &overridden.text;
            if component.unit.relations.iter().any(|relation| relation.name.text == *text) {
                self.report(
                    format!("`{text}` is not inherited, so it cannot be overridden"),
                    overridden.span,
                );
            }
            let fixed = parents.iter().flat_map(|parent| &parent.unit.relations).any(|relation| {
                relation.name.text == *text
                    && !relation.qualifiers.iter().any(|qualifier| qualifier.text == "overridable")
            });
            if fixed {
                self.report(format!("`{text}` is not `overridable`"), overridden.span);
            }
        }
    }

    fn check_reference(&mut self, of: &ComponentType, path: &Path<'u>, formal: &HashSet<&str>) {
        if formal.contains(of.name.text.as_str()) {
            return;
        }
        match self.find(&of.name.text, path, &Binding::new()).and_then(|path| path.last().copied()) {
            None => self.unknown(&of.name),
            Some(found) => self.check_params(found, of),
        }
    }

    fn check_params(&mut self, found: &Component, of: &ComponentType) {
        let (wanted, given) = (found.head.params.len(), of.params.len());
        if wanted != given {
            let message = format!("the component `{}` takes {wanted} parameters, not {given}", of.name.text);
            self.report(message, of.name.span);
        }
    }

    /// What an instance consists of, all names complete but for what stands around `path`.
    fn instance(
        &mut self,
        init: &'u Init,
        path: &Path<'u>,
        binding: &Binding,
        orphans: &mut Vec<Clause>,
        depth: usize,
    ) -> Unit {
        self.instances += 1;
        if self.failed {
            return Unit::default();
        }
        if depth > MAX_DEPTH || self.instances > MAX_INSTANCES {
            self.failed = true;
            self.report(
                "components are instantiated within each other without end".to_owned(),
                init.name.span,
            );
            return Unit::default();
        }
        let Some(place) = self.find(&init.of.name.text, path, binding) else {
            if path.is_empty() {
                self.unknown(&init.of.name);
            }
            return Unit::default();
        };
        let Some(component) = place.last().copied() else { return Unit::default() };
        if path.is_empty() {
            self.check_params(component, &init.of);
        }
        let binding = extend(binding, component, &init.of);
        let mut unit = Unit::default();
        self.collect(component, &place, &binding, &HashSet::new(), orphans, &mut unit, depth);
        qualify(&mut unit, orphans, &init.name.text);
        unit
    }

    /// Adds what a component and those it inherits from hold.
    #[allow(clippy::too_many_arguments)] // They are the state of one walk.
    fn collect(
        &mut self,
        component: &'u Component,
        place: &Path<'u>,
        binding: &Binding,
        overridden: &HashSet<&'u str>,
        orphans: &mut Vec<Clause>,
        unit: &mut Unit,
        depth: usize,
    ) {
        if depth > MAX_DEPTH {
            return;
        }
        for init in &component.unit.inits {
            let nested = self.instance(init, place, binding, orphans, depth + 1);
            append(unit, nested);
        }
        let outer = place.get(..place.len().saturating_sub(1)).unwrap_or_default().to_vec();
        for base in &component.bases {
            let Some(base_place) = self.find(&base.name.text, &outer, binding) else {
                if binding.contains_key(&base.name.text) {
                    self.unknown(&base.name);
                }
                continue;
            };
            let Some(found) = base_place.last().copied() else { continue };
            let extended = extend(binding, found, base);
            let mut overridden = overridden.clone();
            overridden.extend(component.unit.overrides.iter().map(|name| name.text.as_str()));
            self.collect(found, &base_place, &extended, &overridden, orphans, unit, depth + 1);
        }
        let own = &component.unit;
        let bind = |name: &mut Name| {
            if let Some(actual) = binding.get(&name.text) {
                name.text.clone_from(actual);
            }
        };
        for decl in &own.types {
            let mut decl = decl.clone();
            // A parameter may be the name of a type that the component declares.
            bind(&mut decl.name);
            each_type_name(&mut decl, &bind);
            unit.types.push(decl);
        }
        for decl in &own.relations {
            let mut decl = decl.clone();
            decl.fields.iter_mut().for_each(|field| bind(&mut field.ty));
            unit.relations.push(decl);
        }
        unit.directives.extend(own.directives.iter().cloned());
        unit.functors.extend(own.functors.iter().cloned());
        let known: HashSet<String> = unit.relations.iter().map(|decl| decl.name.text.clone()).collect();
        for clause in &own.clauses {
            // Heads can be of relations of which some are overridden or stand outside.
            let each: Vec<Vec<Atom>> = match clause.subsumes {
                true => vec![clause.heads.clone()],
                false => clause.heads.iter().map(|head| vec![head.clone()]).collect(),
            };
            for heads in each {
                let mut clause = Clause { heads, ..clause.clone() };
                each_name(&mut clause, &mut |_, name| bind(name));
                let head = clause.heads.first().map_or("", |head| head.name.text.as_str());
                if overridden.contains(head.split('.').next().unwrap_or("")) {
                    continue;
                }
                if known.contains(head) { unit.clauses.push(clause) } else { orphans.push(clause) }
            }
        }
        let (resolved, rest): (Vec<Clause>, Vec<Clause>) = orphans
            .drain(..)
            .partition(|clause| clause.heads.first().is_some_and(|head| known.contains(&head.name.text)));
        unit.clauses.extend(resolved);
        orphans.extend(rest);
    }
}

/// The binding within a component that is used as `of` says.
fn extend(binding: &Binding, component: &Component, of: &ComponentType) -> Binding {
    let mut extended = binding.clone();
    if component.head.params.len() == of.params.len() {
        for (formal, actual) in component.head.params.iter().zip(&of.params) {
            let actual = binding.get(&actual.text).unwrap_or(&actual.text);
            extended.insert(formal.text.clone(), actual.clone());
        }
    }
    extended
}

/// What a name in a clause names.
#[derive(Clone, Copy, PartialEq)]
enum Names {
    Relation,
    Type,
    Branch,
}

/// Puts the instance's name before the names of what the instance declares.
fn qualify(unit: &mut Unit, orphans: &mut [Clause], instance: &str) {
    let longer = |name: &str| (name.to_owned(), format!("{instance}.{name}"));
    let types: HashMap<String, String> = unit.types.iter().map(|decl| longer(&decl.name.text)).collect();
    let relations: HashMap<String, String> =
        unit.relations.iter().map(|decl| longer(&decl.name.text)).collect();
    let branches: HashMap<String, String> = unit
        .types
        .iter()
        .filter_map(|decl| match &decl.def {
            TypeDef::Algebraic(branches) => Some(branches),
            _ => None,
        })
        .flatten()
        .map(|branch| longer(&branch.name.text))
        .collect();
    let put = |map: &HashMap<String, String>, name: &mut Name| {
        if let Some(long) = map.get(&name.text) {
            name.text.clone_from(long);
        }
    };
    for decl in &mut unit.types {
        put(&types, &mut decl.name);
        each_type_name(decl, &|name| put(&types, name));
        if let TypeDef::Algebraic(list) = &mut decl.def {
            list.iter_mut().for_each(|branch| put(&branches, &mut branch.name));
        }
    }
    for decl in &mut unit.relations {
        put(&relations, &mut decl.name);
        decl.fields.iter_mut().for_each(|field| put(&types, &mut field.ty));
        if let Some(of) = &mut decl.delta_of {
            put(&relations, of);
        }
    }
    for directive in &mut unit.directives {
        put(&relations, &mut directive.relation);
    }
    for clause in unit.clauses.iter_mut().chain(orphans) {
        each_name(clause, &mut |what, name| match what {
            Names::Relation => put(&relations, name),
            Names::Type => put(&types, name),
            Names::Branch => put(&branches, name),
        });
    }
}

/// Calls `visit` for the types that a declaration names.
fn each_type_name(decl: &mut TypeDecl, visit: &dyn Fn(&mut Name)) {
    match &mut decl.def {
        TypeDef::Subset(of) | TypeDef::Alias(of) => visit(of),
        TypeDef::Union(members) => members.iter_mut().for_each(visit),
        TypeDef::Record(fields) => fields.iter_mut().for_each(|field| visit(&mut field.ty)),
        TypeDef::Algebraic(branches) => {
            branches.iter_mut().flat_map(|branch| &mut branch.fields).for_each(|field| visit(&mut field.ty));
        }
    }
}

/// Calls `visit` for the relations, types and branches that a clause names.
fn each_name(clause: &mut Clause, visit: &mut dyn FnMut(Names, &mut Name)) {
    for head in &mut clause.heads {
        visit(Names::Relation, &mut head.name);
        head.args.iter_mut().for_each(|arg| names_in_expr(arg, visit));
    }
    for literal in clause.body.iter_mut().flatten().flatten() {
        names_in_literal(literal, visit);
    }
}

fn names_in_literal(literal: &mut Literal, visit: &mut dyn FnMut(Names, &mut Name)) {
    match literal {
        Literal::Atom(atom) => visit(Names::Relation, &mut atom.name),
        Literal::Not(inner, _) => return names_in_literal(inner, visit),
        Literal::Group(body) => {
            return body.iter_mut().flatten().for_each(|literal| names_in_literal(literal, visit));
        }
        _ => {}
    }
    each_expr_mut(literal, &mut |expr| names_in_expr(expr, visit));
}

fn names_in_expr(expr: &mut Expr, visit: &mut dyn FnMut(Names, &mut Name)) {
    match &mut expr.kind {
        ExprKind::Branch(name, _) => visit(Names::Branch, name),
        ExprKind::Cast(_, ty) => visit(Names::Type, ty),
        ExprKind::Aggregate(aggregate) => {
            if let Some(arg) = &mut aggregate.arg {
                names_in_expr(arg, visit);
            }
            aggregate.body.iter_mut().flatten().for_each(|literal| names_in_literal(literal, visit));
        }
        _ => {}
    }
    each_arg_mut(expr, &mut |arg| names_in_expr(arg, visit));
}
