//! The types of a Soufflé program.

use std::collections::{HashMap, HashSet};

use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::syntax::souffle::ast::{self, Name};

/// A type, by its index in `Types::types`. An alias is the type it stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ty(pub u32);

/// `number`
pub const NUMBER: Ty = Ty(0);
/// `unsigned`
pub const UNSIGNED: Ty = Ty(1);
/// `float`
pub const FLOAT: Ty = Ty(2);
/// `symbol`
pub const SYMBOL: Ty = Ty(3);
const BUILTIN: [(&str, Kind); 4] = [
    ("number", Kind::Number),
    ("unsigned", Kind::Unsigned),
    ("float", Kind::Float),
    ("symbol", Kind::Symbol),
];

/// What values of a type are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Signed integers.
    Number,
    /// Unsigned integers.
    Unsigned,
    /// Floats.
    Float,
    /// Text.
    Symbol,
    /// Records, `nil` included.
    Record,
    /// Branches of an algebraic type.
    Adt,
}

/// What a type is.
#[derive(Clone, Debug, PartialEq)]
pub enum Def {
    /// Built in.
    Primitive,
    /// `<: T`
    Subset(Ty),
    /// `= A | B`
    Union(Vec<Ty>),
    /// `= [x: T, …]`
    Record(Vec<(String, Ty)>),
    /// `= A {…} | B {…}`, in the order of their names.
    Algebraic(Vec<(String, Vec<Ty>)>),
}

/// A type.
#[derive(Clone, Debug)]
pub struct Type {
    /// As written, dots included.
    pub name: String,
    /// What it is.
    pub def: Def,
    /// What it is made of.
    pub kind: Kind,
}

/// All types of a program.
#[derive(Clone, Debug)]
pub struct Types {
    types: Vec<Type>,
    names: HashMap<String, Ty>,
    branches: HashMap<String, (Ty, usize)>,
}

impl Types {
    /// The types that `decls` declare. A declaration with a mistake makes a type all the same, so
    /// that its uses are no mistakes too.
    pub fn declare(decls: &[ast::TypeDecl], diagnostics: &mut Vec<Diagnostic>) -> Types {
        let types = BUILTIN.map(|(name, kind)| Type { name: name.to_owned(), def: Def::Primitive, kind });
        let names = BUILTIN.iter().zip(0..).map(|((name, _), at)| ((*name).to_owned(), Ty(at))).collect();
        let mut all = Types { types: types.into(), names, branches: HashMap::new() };
        let mut fresh: Vec<&ast::TypeDecl> = Vec::new();
        let mut places: HashMap<&str, Span> = HashMap::new();
        for decl in decls {
            let name = decl.name.text.as_str();
            if let Some(first) = places.get(name) {
                let message = format!("the type `{name}` is declared twice");
                let diagnostic = Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(decl.name.span);
                diagnostics.push(diagnostic.also(*first, "first here"));
            } else if all.names.contains_key(name) {
                let message = format!("the type `{name}` is built in");
                diagnostics.push(Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(decl.name.span));
            } else {
                places.insert(name, decl.name.span);
                fresh.push(decl);
            }
        }
        let aliases: HashMap<&str, &Name> = fresh
            .iter()
            .filter_map(|decl| match &decl.def {
                ast::TypeDef::Alias(of) => Some((decl.name.text.as_str(), of)),
                _ => None,
            })
            .collect();
        for decl in &fresh {
            if !aliases.contains_key(decl.name.text.as_str()) {
                let ty = Ty(all.types.len() as u32);
                all.names.insert(decl.name.text.clone(), ty);
                let name = decl.name.text.clone();
                all.types.push(Type { name, def: Def::Primitive, kind: Kind::Symbol });
            }
        }
        for decl in &fresh {
            if aliases.contains_key(decl.name.text.as_str()) {
                all.alias(&decl.name, &aliases, diagnostics);
            }
        }
        for decl in &fresh {
            let def = all.def(decl, diagnostics);
            if let (Some(def), Some(ty)) = (def, all.names.get(&decl.name.text).copied())
                && let Some(slot) = all.types.get_mut(ty.0 as usize)
            {
                slot.def = def;
            }
        }
        all.kinds(&fresh, diagnostics);
        all
    }

    fn alias(&mut self, name: &Name, aliases: &HashMap<&str, &Name>, diagnostics: &mut Vec<Diagnostic>) {
        let mut at = name.text.as_str();
        let mut seen = HashSet::new();
        let mut last = name;
        while let Some(of) = aliases.get(at) {
            if !seen.insert(at) {
                diagnostics.push(circle(name));
                self.names.insert(name.text.clone(), SYMBOL);
                return;
            }
            at = &of.text;
            last = of;
        }
        let ty = self.find(last, diagnostics).unwrap_or(SYMBOL);
        self.names.insert(name.text.clone(), ty);
    }

    fn def(&mut self, decl: &ast::TypeDecl, diagnostics: &mut Vec<Diagnostic>) -> Option<Def> {
        let fields = |all: &Types, fields: &[ast::Field], diagnostics: &mut Vec<Diagnostic>| {
            let mut found: Vec<(String, Ty)> = Vec::new();
            for field in fields {
                if found.iter().any(|(name, _)| *name == field.name.text) {
                    let message = format!("`{}` has the field `{}` twice", decl.name.text, field.name.text);
                    diagnostics.push(Diagnostic::new(codes::DUPLICATE_COLUMN, message).at(field.name.span));
                }
                let ty = all.find(&field.ty, diagnostics).unwrap_or(SYMBOL);
                found.push((field.name.text.clone(), ty));
            }
            found
        };
        Some(match &decl.def {
            ast::TypeDef::Alias(_) => return None,
            ast::TypeDef::Subset(of) => Def::Subset(self.find(of, diagnostics).unwrap_or(SYMBOL)),
            ast::TypeDef::Union(members) => {
                Def::Union(members.iter().filter_map(|name| self.find(name, diagnostics)).collect())
            }
            ast::TypeDef::Record(list) => Def::Record(fields(self, list, diagnostics)),
            ast::TypeDef::Algebraic(branches) => {
                let mut all: Vec<(String, Vec<Ty>)> = Vec::new();
                for branch in branches {
                    let types = fields(self, &branch.fields, diagnostics);
                    all.push((branch.name.text.clone(), types.into_iter().map(|(_, ty)| ty).collect()));
                }
                all.sort_by(|a, b| a.0.cmp(&b.0));
                let ty = self.names.get(&decl.name.text).copied()?;
                for (at, (name, _)) in all.iter().enumerate() {
                    if self.branches.insert(name.clone(), (ty, at)).is_some() {
                        let message = format!("the branch `{name}` is defined twice");
                        let here = branches.iter().rfind(|branch| branch.name.text == *name);
                        let span = here.map_or(decl.span, |branch| branch.name.span);
                        diagnostics.push(Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(span));
                    }
                }
                Def::Algebraic(all)
            }
        })
    }

    /// Finds what each type is made of, and the mistakes that only this shows.
    fn kinds(&mut self, decls: &[&ast::TypeDecl], diagnostics: &mut Vec<Diagnostic>) {
        for decl in decls {
            let Some(ty) = self.names.get(&decl.name.text).copied() else { continue };
            let mut kinds = Vec::new();
            if matches!(decl.def, ast::TypeDef::Alias(_)) {
                continue;
            }
            if !self.collect_kinds(ty, &mut Vec::new(), &mut HashSet::new(), &mut kinds) {
                diagnostics.push(circle(&decl.name));
            }
            let wrong = |message: String| Diagnostic::new(codes::TYPE_MISMATCH, message).at(decl.span);
            let name = &decl.name.text;
            match self.def_of(ty) {
                Def::Union(members) => {
                    let odd = members
                        .iter()
                        .find(|member| matches!(self.def_of(**member), Def::Record(_) | Def::Algebraic(_)));
                    if let Some(odd) = odd {
                        let member = self.name(*odd);
                        diagnostics.push(wrong(format!(
                            "the union `{name}` contains `{member}`, which is no primitive type"
                        )));
                    } else if kinds.len() > 1 {
                        diagnostics.push(wrong(format!("the union `{name}` mixes several primitive types")));
                    }
                }
                Def::Subset(of) => {
                    let what = match self.def_of(*of) {
                        Def::Union(_) => Some("union"),
                        Def::Record(_) => Some("record type"),
                        _ => None,
                    };
                    if let Some(what) = what {
                        let base = self.name(*of);
                        diagnostics
                            .push(wrong(format!("`{name}` cannot be derived from the {what} `{base}`")));
                    }
                }
                _ => {}
            }
            let kind = kinds.first().copied().unwrap_or(Kind::Symbol);
            if let Some(slot) = self.types.get_mut(ty.0 as usize) {
                slot.kind = kind;
            }
        }
    }

    /// Adds the kinds below `ty`; whether no type is met within itself.
    fn collect_kinds(
        &self,
        ty: Ty,
        path: &mut Vec<Ty>,
        done: &mut HashSet<Ty>,
        kinds: &mut Vec<Kind>,
    ) -> bool {
        // One frame for each type on the path, so that long chains of subtypes cost no stack.
        let mut open: Vec<(Ty, bool)> = vec![(ty, false)];
        let mut sound = true;
        while let Some((ty, leave)) = open.pop() {
            if leave {
                path.pop();
                done.insert(ty);
                continue;
            }
            if path.contains(&ty) {
                sound = false;
                continue;
            }
            if done.contains(&ty) {
                continue;
            }
            let kind = match self.def_of(ty) {
                Def::Primitive => BUILTIN.get(ty.0 as usize).map(|(_, kind)| *kind),
                Def::Record(_) => Some(Kind::Record),
                Def::Algebraic(_) => Some(Kind::Adt),
                Def::Subset(of) => {
                    path.push(ty);
                    open.extend([(ty, true), (*of, false)]);
                    None
                }
                Def::Union(members) => {
                    path.push(ty);
                    open.push((ty, true));
                    open.extend(members.iter().map(|member| (*member, false)));
                    None
                }
            };
            if let Some(kind) = kind.filter(|kind| !kinds.contains(kind)) {
                kinds.push(kind);
            }
        }
        sound
    }

    /// The type of a name; says so if there is none.
    pub fn find(&self, name: &Name, diagnostics: &mut Vec<Diagnostic>) -> Option<Ty> {
        let found = self.names.get(&name.text).copied();
        if found.is_none() {
            let near = nearest(&name.text, self.names.keys().map(String::as_str));
            diagnostics.push(
                Diagnostic::new(codes::UNKNOWN_TYPE, format!("there is no type `{}`", name.text))
                    .at(name.span)
                    .help_opt(did_you_mean(&near)),
            );
        }
        found
    }

    /// The type of a name.
    pub fn get(&self, name: &str) -> Option<Ty> {
        self.names.get(name).copied()
    }

    /// What a type is.
    pub fn def_of(&self, ty: Ty) -> &Def {
        self.types.get(ty.0 as usize).map_or(&Def::Primitive, |ty| &ty.def)
    }

    /// What a type is made of.
    pub fn kind(&self, ty: Ty) -> Kind {
        self.types.get(ty.0 as usize).map_or(Kind::Symbol, |ty| ty.kind)
    }

    /// A type's name.
    pub fn name(&self, ty: Ty) -> &str {
        self.types.get(ty.0 as usize).map_or("", |ty| &ty.name)
    }

    /// The type below which a type lies, itself if it is no subtype.
    pub fn root(&self, mut ty: Ty) -> Ty {
        for _ in 0..self.types.len() {
            match self.def_of(ty) {
                Def::Subset(of) => ty = *of,
                _ => break,
            }
        }
        ty
    }

    /// The types of a record's fields.
    pub fn fields(&self, ty: Ty) -> Option<&[(String, Ty)]> {
        match self.def_of(self.root(ty)) {
            Def::Record(fields) => Some(fields),
            _ => None,
        }
    }

    /// The type and number of a branch, with the types of its fields.
    pub fn branch(&self, name: &str) -> Option<(Ty, usize, &[Ty])> {
        let (ty, at) = self.branches.get(name).copied()?;
        match self.def_of(ty) {
            Def::Algebraic(branches) => Some((ty, at, &branches.get(at)?.1)),
            _ => None,
        }
    }

    /// The names of all branches.
    pub fn branch_names(&self) -> impl Iterator<Item = &str> {
        self.branches.keys().map(String::as_str)
    }

    /// Whether an algebraic type has only branches without fields.
    pub fn is_enum(&self, ty: Ty) -> bool {
        match self.def_of(self.root(ty)) {
            Def::Algebraic(branches) => branches.iter().all(|(_, fields)| fields.is_empty()),
            _ => false,
        }
    }

    /// Whether every value of `a` is one of `b`.
    pub fn is_subtype(&self, a: Ty, b: Ty) -> bool {
        let mut known = HashSet::new();
        let mut open = vec![(a, b)];
        // All pairs must hold at once only below a union on the left, which is asked member by member.
        while let Some((a, b)) = open.pop() {
            if a == b {
                return true;
            }
            if !known.insert((a, b)) {
                continue;
            }
            match (self.def_of(a), self.def_of(b)) {
                (Def::Union(members), _) => {
                    return !members.is_empty() && members.iter().all(|member| self.is_member(*member, b, 0));
                }
                (Def::Subset(of), Def::Union(members)) => {
                    open.push((*of, b));
                    open.extend(members.iter().map(|member| (a, *member)));
                }
                (Def::Subset(of), _) => open.push((*of, b)),
                (_, Def::Union(members)) => open.extend(members.iter().map(|member| (a, *member))),
                _ => {}
            }
        }
        false
    }

    fn is_member(&self, a: Ty, b: Ty, depth: usize) -> bool {
        match self.def_of(a) {
            Def::Union(members) if depth < crate::base::limits::MAX_NESTING => {
                members.iter().all(|member| self.is_member(*member, b, depth + 1))
            }
            Def::Union(_) => false,
            _ => self.is_subtype(a, b),
        }
    }
}

fn circle(name: &Name) -> Diagnostic {
    let message = format!("the type `{}` is defined in terms of itself", name.text);
    Diagnostic::new(codes::TYPE_MISMATCH, message).at(name.span)
}
