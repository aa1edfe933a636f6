//! Components: each instance's types, relations, rules and directives written out under names that
//! begin with the instance's, so that all behind sees ordinary items.
//!
//! A name in a component means what the component or one that it inherits from declares or, where it
//! declares nothing of the sort, defines by rules; else what stands outside. Rules of a component for
//! a relation outside of it are rules of that relation.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{Clause, Component, ComponentType, Item, ItemKind, Name, Program};

use super::names::{Kind, each_name};

/// Instances within instances, and bases of bases.
const MAX_DEPTH: usize = 40;
/// Items that all instances of a program have together.
const MAX_ITEMS: usize = 1_000_000;

/// The components around a place, innermost last.
type Path<'u> = Vec<&'u Component>;
/// What parameters stand for.
type Binding = HashMap<String, String>;

/// The programs without components: the items of instances stand where `.init` stood.
pub fn expand<'p>(programs: &[&'p Program]) -> (Vec<Cow<'p, Program>>, Vec<Diagnostic>) {
    let items = || programs.iter().flat_map(|program| &program.items);
    let concerned = |item: &Item| {
        matches!(item.kind, ItemKind::Component(_) | ItemKind::Instance { .. } | ItemKind::Override(_))
    };
    if !items().any(concerned) {
        return (programs.iter().map(|program| Cow::Borrowed(*program)).collect(), Vec::new());
    }
    let mut work = Expansion {
        components: items().filter_map(as_component).collect(),
        outside: own_names(items()).collect(),
        items: 0,
        failed: false,
        diagnostics: Vec::new(),
    };
    work.check_names(items());
    for component in work.components.clone() {
        work.check(&vec![component]);
    }
    let expanded = programs.iter().map(|program| {
        if !program.items.iter().any(concerned) {
            return Cow::Borrowed(*program);
        }
        let mut all = Vec::new();
        for item in &program.items {
            match &item.kind {
                ItemKind::Component(_) => {}
                ItemKind::Instance { name, of } => {
                    let mut orphans = Vec::new();
                    all.extend(work.instance(name, of, &Vec::new(), &Binding::new(), &mut orphans, 0));
                    all.extend(orphans);
                }
                ItemKind::Override(name) => {
                    work.report("`.override` stands within a component only".to_owned(), name.span);
                }
                _ => all.push(item.clone()),
            }
        }
        Cow::Owned(Program { items: all })
    });
    let expanded = expanded.collect();
    (expanded, work.diagnostics)
}

fn as_component(item: &Item) -> Option<&Component> {
    match &item.kind {
        ItemKind::Component(component) => Some(component),
        _ => None,
    }
}

/// Relations that items declare or define by rules, and types that they declare.
fn own_names<'i>(items: impl Iterator<Item = &'i Item>) -> impl Iterator<Item = String> {
    items.flat_map(|item| match &item.kind {
        ItemKind::Decl(decl) => decl.names.iter().map(|name| name.text.clone()).collect(),
        ItemKind::Type(decl) => vec![decl.name.text.clone()],
        ItemKind::Enum(decl) => vec![decl.name.text.clone()],
        ItemKind::Clause(clause) => clause.heads.iter().map(|head| head.name.text.clone()).collect(),
        _ => Vec::new(),
    })
}

/// Those that are declared.
fn declared(items: &[Item]) -> HashSet<String> {
    let declares = |item: &&Item| !matches!(item.kind, ItemKind::Clause(_));
    own_names(items.iter().filter(declares)).collect()
}

struct Expansion<'u> {
    components: Vec<&'u Component>,
    /// Names that stand outside of all components.
    outside: HashSet<String>,
    items: usize,
    failed: bool,
    diagnostics: Vec<Diagnostic>,
}

impl<'u> Expansion<'u> {
    fn report(&mut self, message: String, span: Span) {
        self.diagnostics.push(Diagnostic::new(codes::COMPONENT, message).at(span));
    }

    /// No two components, and no two instances, have one name.
    fn check_names(&mut self, items: impl Iterator<Item = &'u Item>) {
        let mut seen: HashMap<(&str, bool), Span> = HashMap::new();
        for item in items {
            let (name, is_instance) = match &item.kind {
                ItemKind::Component(component) => (&component.header.name, false),
                ItemKind::Instance { name, .. } => (name, true),
                _ => continue,
            };
            let first = *seen.entry((&name.text, is_instance)).or_insert(name.span);
            if first != name.span {
                let what = if is_instance { "instances" } else { "components" };
                let message = format!("two {what} are named `{}`", name.text);
                self.diagnostics.push(
                    Diagnostic::new(codes::COMPONENT, message)
                        .labelled(name.span, "named again here")
                        .also(first, "first named here"),
                );
            }
        }
    }

    /// The component that a name means at a place, with its own place.
    fn find(&self, name: &str, path: &Path<'u>, binding: &Binding) -> Option<Path<'u>> {
        self.find_within(name, path, binding, 0)
    }

    fn find_within(&self, name: &str, path: &Path<'u>, binding: &Binding, steps: usize) -> Option<Path<'u>> {
        if steps > MAX_DEPTH {
            return None;
        }
        let name = binding.get(name).map_or(name, String::as_str);
        for depth in (0..path.len()).rev() {
            let outer: Path<'u> = path.get(..depth).unwrap_or_default().to_vec();
            let mut open: Vec<&'u Component> = path.get(depth).copied().into_iter().collect();
            let mut seen: Vec<*const Component> = Vec::new();
            // Components within those inherited from are inherited too.
            while let Some(around) = open.pop() {
                if seen.contains(&std::ptr::from_ref(around)) {
                    continue;
                }
                seen.push(around);
                let mut inner = around.items.iter().filter_map(as_component);
                if let Some(found) = inner.find(|inner| inner.header.name.text == name) {
                    let mut place = path.get(..=depth).unwrap_or_default().to_vec();
                    place.push(found);
                    return Some(place);
                }
                for base in around.bases.iter().filter(|base| base.name.text != name) {
                    let found = self.find_within(&base.name.text, &outer, binding, steps + 1);
                    open.extend(found.and_then(|place| place.last().copied()));
                }
            }
        }
        let found = self.components.iter().find(|component| component.header.name.text == name)?;
        Some(vec![found])
    }

    /// Mistakes in a component that show without an instance.
    fn check(&mut self, path: &Path<'u>) {
        let Some((component, outer)) = path.split_last() else { return };
        let outer = outer.to_vec();
        let none = Binding::new();
        let mut parents: Vec<&'u Component> = Vec::new();
        let mut open: Vec<&'u ComponentType> = component.bases.iter().collect();
        while let Some(base) = open.pop() {
            let place = self.find(&base.name.text, &outer, &none);
            let Some(parent) = place.and_then(|place| place.last().copied()) else { continue };
            if !parents.iter().any(|known| std::ptr::eq(*known, parent)) {
                parents.push(parent);
                open.extend(&parent.bases);
            }
        }
        let name = &component.header.name;
        if parents.iter().any(|parent| std::ptr::eq(*parent, *component)) {
            self.report(format!("the component `{}` inherits from itself", name.text), name.span);
            self.failed = true;
        }
        for item in &component.items {
            match &item.kind {
                ItemKind::Override(relation) => self.check_override(component, &parents, relation),
                ItemKind::Include { span, .. } => {
                    self.report("`.include` stands outside of components".to_owned(), *span);
                }
                ItemKind::Component(inner) => {
                    let mut path = path.clone();
                    path.push(inner);
                    self.check(&path);
                }
                _ => {}
            }
        }
    }

    fn check_override(&mut self, component: &Component, parents: &[&Component], relation: &Name) {
        let text = &relation.text;
        let decl = |item: &'_ Item| match &item.kind {
            ItemKind::Decl(decl) if decl.names.iter().any(|name| name.text == *text) => {
                Some(decl.qualifiers.iter().any(|qualifier| qualifier.text == "overridable"))
            }
            _ => None,
        };
        if component.items.iter().any(|item| decl(item).is_some()) {
            self.report(format!("`{text}` is not inherited, so it cannot be overridden"), relation.span);
            return;
        }
        match parents.iter().flat_map(|parent| &parent.items).find_map(decl) {
            Some(true) => {}
            Some(false) => self.diagnostics.push(
                Diagnostic::new(codes::COMPONENT, format!("`{text}` is not `overridable`"))
                    .at(relation.span)
                    .help("write `overridable` behind its declaration"),
            ),
            None => {
                self.report(format!("no component that is inherited from declares `{text}`"), relation.span)
            }
        }
    }

    /// The items of an instance, all names complete but for what stands around `path`. Rules for
    /// relations outside of it go to `orphans`.
    fn instance(
        &mut self,
        name: &Name,
        of: &ComponentType,
        path: &Path<'u>,
        binding: &Binding,
        orphans: &mut Vec<Item>,
        depth: usize,
    ) -> Vec<Item> {
        if self.failed {
            return Vec::new();
        }
        if depth > MAX_DEPTH || self.items > MAX_ITEMS {
            self.failed = true;
            self.report("components are instantiated within each other without end".to_owned(), name.span);
            return Vec::new();
        }
        let place = self.component(of, path, binding);
        let Some((place, binding)) = place else { return Vec::new() };
        let Some(component) = place.last().copied() else { return Vec::new() };
        let mut found = Vec::new();
        let mut own_orphans = Vec::new();
        let none = HashSet::new();
        self.collect(component, &place, &binding, &none, &mut own_orphans, &mut found, depth);
        // What nothing outside is called, and nothing within declares, is its own.
        let mut own: HashSet<String> = own_names(found.iter()).collect();
        let mut around: HashSet<String> = self.outside.clone();
        for outer in place.iter().take(place.len().saturating_sub(1)) {
            around.extend(own_names(outer.items.iter()));
        }
        own.extend(own_names(own_orphans.iter()).filter(|name| !around.contains(name)));
        let is_own = |item: &Item| match &item.kind {
            ItemKind::Clause(clause) => clause.heads.iter().all(|head| own.contains(&head.name.text)),
            _ => true,
        };
        let (resolved, rest): (Vec<Item>, Vec<Item>) = own_orphans.into_iter().partition(is_own);
        found.extend(resolved);
        orphans.extend(rest.into_iter().map(|mut item| {
            qualify(&mut item, &own, &name.text);
            item
        }));
        for item in &mut found {
            qualify(item, &own, &name.text);
        }
        found
    }

    /// The component that `of` means, with what its parameters stand for.
    fn component(
        &mut self,
        of: &ComponentType,
        path: &Path<'u>,
        binding: &Binding,
    ) -> Option<(Path<'u>, Binding)> {
        let found = self.find(&of.name.text, path, binding);
        let Some(component) = found.as_ref().and_then(|place| place.last().copied()) else {
            let known = self.components.iter().map(|component| component.header.name.text.as_str());
            let near = nearest(&of.name.text, known);
            self.diagnostics.push(
                Diagnostic::new(codes::COMPONENT, format!("there is no component `{}`", of.name.text))
                    .at(of.name.span)
                    .help_opt(did_you_mean(&near)),
            );
            return None;
        };
        let (wanted, given) = (component.header.args.len(), of.args.len());
        if wanted != given {
            let s = if wanted == 1 { "" } else { "s" };
            let message =
                format!("the component `{}` takes {wanted} parameter{s}, not {given}", of.name.text);
            self.report(message, of.name.span);
            return None;
        }
        let mut extended = binding.clone();
        for (formal, actual) in component.header.args.iter().zip(&of.args) {
            let actual = binding.get(&actual.text).unwrap_or(&actual.text);
            extended.insert(formal.text.clone(), actual.clone());
        }
        Some((found?, extended))
    }

    /// Adds what a component and those it inherits from hold; clauses whose heads nothing in it
    /// declares go to `orphans`.
    #[allow(clippy::too_many_arguments)] // They are the state of one walk.
    fn collect(
        &mut self,
        component: &'u Component,
        place: &Path<'u>,
        binding: &Binding,
        overridden: &HashSet<&'u str>,
        orphans: &mut Vec<Item>,
        found: &mut Vec<Item>,
        depth: usize,
    ) {
        if depth > MAX_DEPTH || self.failed {
            return;
        }
        let outer: Path<'u> = place.get(..place.len().saturating_sub(1)).unwrap_or_default().to_vec();
        let mut hidden = overridden.clone();
        hidden.extend(component.items.iter().filter_map(|item| match &item.kind {
            ItemKind::Override(name) => Some(name.text.as_str()),
            _ => None,
        }));
        for base in &component.bases {
            let Some((base_place, extended)) = self.component(base, &outer, binding) else { continue };
            let Some(parent) = base_place.last().copied() else { continue };
            self.collect(parent, &base_place, &extended, &hidden, orphans, found, depth + 1);
        }
        for item in &component.items {
            match &item.kind {
                ItemKind::Instance { name, of } => {
                    let nested = self.instance(name, of, place, binding, orphans, depth + 1);
                    found.extend(nested);
                    continue;
                }
                ItemKind::Component(_) | ItemKind::Override(_) | ItemKind::Include { .. } => continue,
                _ => {}
            }
            self.items += 1;
            let mut item = item.clone();
            each_name(&mut item, &mut |_, name| {
                if let Some(actual) = binding.get(&name.text) {
                    name.text.clone_from(actual);
                }
            });
            if matches!(item.kind, ItemKind::Clause(_)) {
                orphans.extend(clauses(item, overridden));
            } else {
                found.push(item);
            }
        }
        let known = declared(found);
        let is_known = |item: &Item| match &item.kind {
            ItemKind::Clause(clause) => clause.heads.iter().all(|head| known.contains(&head.name.text)),
            _ => true,
        };
        let (resolved, rest): (Vec<Item>, Vec<Item>) = orphans.drain(..).partition(is_known);
        found.extend(resolved);
        orphans.extend(rest);
    }
}

/// A clause for each head of one: heads can be of relations of which some are overridden or stand
/// outside.
fn clauses(item: Item, overridden: &HashSet<&str>) -> Vec<Item> {
    let Item { annotations, kind, span } = item;
    let ItemKind::Clause(clause) = kind else { return Vec::new() };
    let heads = clause.heads.into_iter().filter(|head| !overridden.contains(head.name.text.as_str()));
    let one = |head| Item {
        annotations: annotations.clone(),
        kind: ItemKind::Clause(Clause { heads: vec![head], body: clause.body.clone() }),
        span,
    };
    heads.map(one).collect()
}

/// Puts the instance's name before what is its own, and before the names of its instances' own.
fn qualify(item: &mut Item, own: &HashSet<String>, instance: &str) {
    each_name(item, &mut |kind, name| {
        if kind == Kind::Check || own.contains(&name.text) {
            name.text = format!("{instance}.{}", name.text);
        }
    });
}
