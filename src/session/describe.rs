//! What there is: relations, facts of a relation or about a thing, sources, names to complete.

use std::collections::{BTreeSet, HashSet};
use std::sync::Arc;

use super::{Error, Session};
use crate::analysis::Pattern;
use crate::base::codes::{analysis as codes, facts as fact_codes};
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::base::{Diagnostic, Span, escape};
use crate::model::program::{Arg, Expr, Literal, Rule};
use crate::model::schema::{PredId, PredKind, Predicate, Schema, StructDef, TypeDef, TypeId, Variant};
use crate::model::structure::Part;
use crate::model::{Assertion, Fact, Value};

/// A relation in a listing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RelationInfo {
    /// Its name.
    pub name: String,
    /// Its declaration, as the language writes it.
    pub declaration: String,
    /// Whether it is declared; otherwise only rules define it.
    pub declared: bool,
    /// Distinct tuples stated.
    pub stated: usize,
    /// Rules that define it.
    pub rules: usize,
}

/// A thing with an id, and a name or alias of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EntityName {
    /// A name, an alias, or the id itself.
    pub text: Arc<str>,
    /// The id.
    pub id: Arc<str>,
    /// The entity's relation.
    pub relation: Arc<str>,
}

impl Session {
    /// The relation named `name`, or a diagnostic with the nearest names.
    pub fn relation(&self, name: &str) -> Result<PredId, Error> {
        let schema = self.schema();
        schema.find(name).ok_or_else(|| {
            let names = schema.predicate_names.keys().map(|name| &**name);
            let near = nearest(name, names);
            Diagnostic::new(codes::UNKNOWN_RELATION, format!("unknown relation `{name}`"))
                .help_opt(did_you_mean(&near))
                .into()
        })
    }

    /// All relations that a user can name, by name.
    pub fn relations(&self) -> Vec<RelationInfo> {
        let mut list: Vec<RelationInfo> = self
            .schema()
            .iter()
            .filter(|(_, predicate)| matches!(predicate.kind, PredKind::Declared | PredKind::Derived))
            .map(|(id, predicate)| RelationInfo {
                name: predicate.name.to_string(),
                declaration: declaration(self.schema(), predicate),
                declared: predicate.kind == PredKind::Declared,
                stated: self.stated_of(id),
                rules: self.program().rules_of.get(&id).map_or(0, Vec::len),
            })
            .collect();
        list.sort_by(|a, b| a.name.cmp(&b.name));
        list
    }

    fn stated_of(&self, id: PredId) -> usize {
        match self.schema().predicate(id).kind {
            PredKind::Declared => self.base.database.extent(id).map_or(0, |extent| extent.tuples().len()),
            _ => 0,
        }
    }

    /// Declarations as the language writes them: of one relation, or all with their enums and types.
    pub fn schema_text(&self, relation: Option<&str>) -> Result<String, Error> {
        let schema = self.schema();
        if let Some(name) = relation {
            let id = self.relation(name)?;
            return Ok(declaration(schema, schema.predicate(id)) + "\n");
        }
        let mut text = String::new();
        for def in schema.enums.iter().skip(2) {
            text.push_str(&format!(".enum {} = {}\n", def.name, def.constants.join(" | ")));
        }
        for ty in &schema.types {
            let name = |id: &TypeId| schema.type_name(*id).to_owned();
            match &ty.def {
                TypeDef::Subtype(of) => text.push_str(&format!(".type {} <: {}\n", ty.name, name(of))),
                TypeDef::Union(members) => {
                    let members: Vec<String> = members.iter().map(name).collect();
                    text.push_str(&format!(".type {} = {}\n", ty.name, members.join(" | ")));
                }
                TypeDef::Struct(id) => {
                    text.push_str(&format!(
                        ".type {} = {}\n",
                        ty.name,
                        structure(schema, schema.struct_def(*id))
                    ));
                }
                _ => {}
            }
        }
        for (_, predicate) in schema.iter() {
            match predicate.kind {
                PredKind::Declared if predicate.span.is_none() => {
                    text.push_str(&format!("// built in\n{}\n", declaration(schema, predicate)));
                }
                PredKind::Declared => text.push_str(&format!("{}\n", declaration(schema, predicate))),
                PredKind::Derived => {
                    text.push_str(&format!("// by rules: {}\n", declaration(schema, predicate)))
                }
                PredKind::Assertions(_) | PredKind::Answer => {}
            }
        }
        Ok(text)
    }

    /// The rules of a relation, or all, as written in their files.
    pub fn rules_text(&self, relation: Option<&str>) -> Result<Vec<String>, Error> {
        let wanted = relation.map(|name| self.relation(name)).transpose()?;
        Ok(self.rules_where(|rule| wanted.is_none_or(|wanted| rule.head == wanted)))
    }

    /// Rules as written, each with its place and once, however many heads and alternatives it has.
    pub(super) fn rules_where(&self, wanted: impl Fn(&Rule) -> bool) -> Vec<String> {
        let rules = self.program().rules.iter().filter(|rule| wanted(rule));
        let spans: BTreeSet<Span> = rules.map(|rule| rule.span).collect();
        let shown = |span: &Span| format!("{}  // {}", self.sources.text(*span), self.sources.place(*span));
        spans.iter().map(shown).collect()
    }

    /// Facts of a relation, or facts that mention an id, with their assertions.
    pub fn facts(&self, relation_or_id: &str) -> Result<Vec<Fact>, Error> {
        let database = &self.base.database;
        if let Some(id) = self.schema().find(relation_or_id) {
            if self.schema().predicate(id).kind != PredKind::Declared {
                return Err(Diagnostic::new(
                    codes::UNKNOWN_RELATION,
                    format!(
                        "`{relation_or_id}` is derived by rules; ask `{relation_or_id}(…)?` for its rows"
                    ),
                )
                .into());
            }
            return Ok(self.sorted(database.facts(id).collect()));
        }
        let wanted = Value::symbol(relation_or_id);
        let Some(word) = database.interner().get(&wanted) else {
            return Err(self.neither(relation_or_id).into());
        };
        let mut found = Vec::new();
        for (id, predicate) in self.schema().iter() {
            if predicate.kind != PredKind::Declared {
                continue;
            }
            let mentioned = database
                .extent(id)
                .is_some_and(|extent| extent.tuples().iter().any(|row| row.contains(&word)));
            if mentioned {
                found.extend(database.facts(id).filter(|fact| fact.tuple.contains(&wanted)));
            }
        }
        if found.is_empty() {
            return Err(self.neither(relation_or_id).into());
        }
        Ok(self.sorted(found))
    }

    /// For what is no relation and no id.
    fn neither(&self, name: &str) -> Diagnostic {
        let mut diagnostic = self.unknown_id(name, None, None);
        diagnostic.message = format!("no relation is called `{name}`, and nothing has that id");
        let relations = self.schema().iter().filter(|(_, predicate)| predicate.kind == PredKind::Declared);
        let near = nearest(name, relations.map(|(_, predicate)| &*predicate.name));
        match did_you_mean(&near) {
            Some(help) if diagnostic.help.is_empty() => diagnostic.help(help),
            _ => diagnostic,
        }
    }

    fn sorted(&self, mut facts: Vec<Fact>) -> Vec<Fact> {
        facts.sort_by(|a, b| {
            let name = |fact: &Fact| self.schema().predicate(fact.predicate).name.clone();
            (name(a), &a.tuple, &a.assertion.src, a.assertion.span).cmp(&(
                name(b),
                &b.tuple,
                &b.assertion.src,
                b.assertion.span,
            ))
        });
        facts
    }

    /// Ids, names and aliases of all things, for completion and for finding what was meant.
    pub fn entity_names(&self) -> Vec<EntityName> {
        let database = &self.base.database;
        let mut names: Vec<EntityName> = Vec::new();
        for entity in database.entity_relations() {
            let relation = &self.schema().predicate(entity).name;
            names.extend(database.names_of(entity).into_iter().map(|(text, id)| EntityName {
                text: text.into(),
                id: id.into(),
                relation: relation.clone(),
            }));
        }
        names.sort();
        names
    }

    /// Warnings for ids in a goal that nothing declares: a misspelt one silently answers nothing.
    pub(super) fn unknown_ids(&self, rule: &Rule) -> Vec<Diagnostic> {
        let mut found = Vec::new();
        let mut texts = |ty: TypeId, value: &Value, span: Span| {
            if let Value::Symbol(text) = value
                && let Some(relations) = self.entity_relations(ty)
                && !self.is_known(&relations, value)
            {
                found.push(self.unknown_id(text, Some(&relations), Some(span)));
            }
        };
        for literal in rule.body.alternatives.iter().flatten() {
            if let Literal::Atom(atom) = literal {
                let columns = &self.schema().predicate(atom.pred).columns;
                for (arg, column) in atom.args.iter().zip(columns) {
                    if let Arg::Is(Expr::Const(value)) = arg {
                        texts(column.ty, value, atom.span);
                    }
                }
            }
        }
        found
    }

    /// The same for the columns that a pattern gives.
    pub(super) fn unknown_in_pattern(&self, pattern: &Pattern, span: Span) -> Vec<Diagnostic> {
        let tuple = pattern.columns.iter().map(|value| value.clone().unwrap_or(Value::Nil)).collect();
        let assertion = Assertion::background(span);
        self.unknown_in_fact(&Fact { predicate: pattern.predicate, tuple, assertion })
    }

    /// The same for the columns of a fact.
    pub(super) fn unknown_in_fact(&self, fact: &Fact) -> Vec<Diagnostic> {
        let predicate = self.schema().predicate(fact.predicate);
        let own = entity_key(self.schema(), fact.predicate, predicate);
        let mut found = Vec::new();
        for (index, (value, column)) in fact.tuple.iter().zip(&predicate.columns).enumerate() {
            if let Value::Symbol(text) = value
                && Some(index) != own
                && let Some(relations) = self.entity_relations(column.ty)
                && !self.is_known(&relations, value)
            {
                found.push(self.unknown_id(text, Some(&relations), Some(fact.assertion.span)));
            }
        }
        found
    }

    /// Whether a column holds ids and this is one that is declared.
    pub(super) fn is_declared(&self, pred: PredId, column: usize, value: &Value) -> bool {
        let column = self.schema().predicate(pred).columns.get(column);
        let relations = column.and_then(|column| self.entity_relations(column.ty));
        relations.is_some_and(|relations| self.is_known(&relations, value))
    }

    /// The relations that declare the things of a type; `None` when its values are no ids, or when
    /// rules or nobody at all declare any.
    fn entity_relations(&self, ty: TypeId) -> Option<Vec<PredId>> {
        // Each type once: unions may share their members.
        let mut found = Vec::new();
        let mut seen = HashSet::from([ty]);
        let mut open = vec![ty];
        while let Some(ty) = open.pop() {
            match &self.schema().ty(ty).def {
                TypeDef::Entity(id) => found.push(*id),
                TypeDef::Union(members) => open.extend(members.iter().filter(|ty| seen.insert(**ty))),
                TypeDef::Subtype(of) => open.extend(seen.insert(*of).then_some(*of)),
                _ => return None,
            }
        }
        let derived = found.iter().any(|id| self.program().rules_of.contains_key(id));
        let empty = found.iter().all(|id| self.stated_of(*id) == 0);
        (!derived && !empty).then_some(found)
    }

    fn is_known(&self, relations: &[PredId], value: &Value) -> bool {
        let Some(word) = self.base.database.interner().get(value) else { return false };
        relations.iter().any(|id| {
            let predicate = self.schema().predicate(*id);
            let Some(key) = entity_key(self.schema(), *id, predicate) else { return false };
            match self.base.database.extent(*id) {
                Some(extent) => {
                    let order = extent.tuples().order(&[key], &mut crate::storage::sort::never);
                    order.is_ok_and(|order| order.has_prefix(&[word]))
                }
                None => false,
            }
        })
    }

    /// A diagnostic for an id that nothing declares, with what may have been meant.
    fn unknown_id(&self, text: &str, relations: Option<&[PredId]>, span: Option<Span>) -> Diagnostic {
        let allowed: Option<Vec<Arc<str>>> =
            relations.map(|ids| ids.iter().map(|id| self.schema().predicate(*id).name.clone()).collect());
        let names: Vec<EntityName> = self
            .entity_names()
            .into_iter()
            .filter(|name| allowed.as_ref().is_none_or(|allowed| allowed.contains(&name.relation)))
            .collect();
        let what = match allowed.as_deref() {
            Some([one]) => format!("no `{one}` has the id `{text}`"),
            _ => format!("nothing has the id `{text}`"),
        };
        let mut diagnostic = Diagnostic::new(fact_codes::UNRESOLVED_REFERENCE, what);
        diagnostic.severity = crate::base::Severity::Warning;
        // The literal itself, where the atom writes it as it would be printed.
        let literal = span.and_then(|span| {
            let quoted = escape::quoted(text);
            let start = span.start as usize + self.sources.text(span).find(&quoted)?;
            Some(Span::new(span.file, start, start + quoted.len()))
        });
        if let Some(span) = literal.or(span) {
            diagnostic = diagnostic.at(span);
        }
        let lower = text.to_lowercase();
        let mut meant: Vec<&str> =
            names.iter().filter(|name| name.text.to_lowercase() == lower).map(|name| &*name.id).collect();
        if meant.is_empty() {
            let near = nearest(text, names.iter().map(|name| &*name.text));
            meant = near
                .iter()
                .filter_map(|text| names.iter().find(|name| *name.text == **text))
                .map(|name| &*name.id)
                .collect();
        }
        meant.dedup();
        match (literal, meant.first()) {
            (Some(span), Some(first)) => {
                diagnostic.fix(span, escape::quoted(first), did_you_mean(&meant).unwrap_or_default())
            }
            _ => diagnostic.help_opt(did_you_mean(&meant)),
        }
    }
}

/// The key column of a relation that declares a type of things.
fn entity_key(schema: &Schema, id: PredId, predicate: &Predicate) -> Option<usize> {
    let ty = schema.type_names.get(&predicate.name)?;
    match (schema.ty(*ty).def.clone(), predicate.key.as_deref()) {
        (TypeDef::Entity(entity), Some([key])) if entity == id => Some(*key),
        _ => None,
    }
}

/// What a record or algebraic type is, as the language writes it.
fn structure(schema: &Schema, def: &StructDef) -> String {
    let fields = |variant: &Variant| {
        let known = variant.of.fields.iter().zip(&variant.types).zip(&variant.defaults);
        let field = |((field, ty), default): ((&Part, &TypeId), &Option<Value>)| {
            let optional = if field.optional { "?" } else { "" };
            let default = default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{}: {}{optional}{default}", field.name, schema.type_name(*ty))
        };
        known.map(field).collect::<Vec<_>>().join(", ")
    };
    if let Some(record) = def.record() {
        return format!("[{}]", fields(record));
    }
    let variant = |variant: &Variant| {
        format!("{} {{{}}}", variant.of.name.as_deref().unwrap_or_default(), fields(variant))
    };
    def.variants.iter().map(variant).collect::<Vec<_>>().join(" | ")
}

/// A relation's declaration as the language writes it.
fn declaration(schema: &Schema, predicate: &Predicate) -> String {
    let columns: Vec<String> = predicate
        .columns
        .iter()
        .map(|column| {
            let optional = if column.optional { "?" } else { "" };
            let default = column.default.as_ref().map(|value| format!(" = {value}")).unwrap_or_default();
            format!("{}: {}{optional}{default}", column.name, schema.type_name(column.ty))
        })
        .collect();
    let mut text = format!(".decl {}({})", predicate.name, columns.join(", "));
    let name = |index: &usize| predicate.columns[*index].name.to_string();
    if let Some(key) = &predicate.key {
        let names: Vec<String> = key.iter().map(name).collect();
        text.push_str(&format!(" key({})", names.join(", ")));
    }
    for (low, high) in &predicate.ranges {
        text.push_str(&format!(" range({}, {})", name(low), name(high)));
    }
    text
}
