//! From the tree of a Soufflé program to a checked program.
//!
//! `types` knows the declared types; `normal` multiplies disjunctions out; `scope` tells an
//! aggregate's own variables from those of the outside; `ground` says which variables have a value;
//! `infer` finds the types of variables, on which the meaning of constants and operators depends;
//! `lower` makes rules of the model.

mod ground;
mod infer;
pub mod lower;
mod normal;
mod scope;
pub mod types;

use std::collections::HashMap;
use std::sync::Arc;

use super::types::builtin;
use crate::base::codes::analysis as codes;
use crate::base::diagnostic::{self, did_you_mean, nearest};
use crate::base::{Diagnostic, Span};
use crate::model::program::{CheckedProgram, RuleId};
use crate::model::schema::{Column, PredKind, Predicate, Schema, Type, TypeDef};
use crate::model::{PredId, Value};
use crate::syntax::souffle::ast::{self, IoKind, Literal};
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
    /// Whether numbers have 64 bits.
    pub wide: bool,
    /// Errors and warnings, sorted by place.
    pub diagnostics: Vec<Diagnostic>,
}

/// Checks a program. `wide` makes numbers of 64 bits.
pub fn analyze(unit: &ast::Unit, wide: bool) -> Analysis {
    let mut diagnostics = Vec::new();
    let types = Types::declare(&unit.types, &mut diagnostics);
    let relations = declare(&unit.relations, &types, &mut diagnostics);
    let mut analysis = Analysis {
        program: CheckedProgram::default(),
        types,
        relations,
        facts: Vec::new(),
        directives: Vec::new(),
        wide,
        diagnostics,
    };
    for directive in &unit.directives {
        analysis.directive(directive);
    }
    for clause in &unit.clauses {
        analysis.clause(clause);
    }
    let schema = schema(&analysis);
    let (strata, problems) = super::stratify::stratify(&schema, &analysis.program.rules);
    analysis.diagnostics.extend(problems);
    for (index, rule) in analysis.program.rules.iter().enumerate() {
        analysis.program.rules_of.entry(rule.head).or_default().push(RuleId(index as u32));
    }
    analysis.program.strata = strata;
    analysis.program.schema = Arc::new(schema);
    diagnostic::sort(&mut analysis.diagnostics);
    analysis.diagnostics.dedup();
    analysis
}

fn declare(decls: &[ast::Relation], types: &Types, diagnostics: &mut Vec<Diagnostic>) -> Relations {
    let mut relations = Relations::default();
    for decl in decls {
        let name = &decl.name.text;
        if let Some(first) = relations.get(name) {
            let message = format!("the relation `{name}` is declared twice");
            let diagnostic = Diagnostic::new(codes::DUPLICATE_DECLARATION, message).at(decl.name.span);
            diagnostics.push(diagnostic.also(first.span, "first here"));
            continue;
        }
        let mut columns: Vec<(String, Ty)> = Vec::new();
        for field in &decl.fields {
            if columns.iter().any(|(known, _)| *known == field.name.text) {
                let message = format!("`{name}` has the column `{}` twice", field.name.text);
                diagnostics.push(Diagnostic::new(codes::DUPLICATE_COLUMN, message).at(field.name.span));
            }
            let ty = types.find(&field.ty, diagnostics).unwrap_or(types::SYMBOL);
            columns.push((field.name.text.clone(), ty));
        }
        let pred = PredId(relations.all.len() as u32);
        relations.by_name.insert(name.clone(), relations.all.len());
        relations.all.push(Relation { name: name.clone(), columns, pred, span: decl.name.span });
    }
    relations
}

/// What the planner and the engine need to know of the relations.
fn schema(analysis: &Analysis) -> Schema {
    let mut schema = Schema::default();
    let builtin = [
        (builtin::SYMBOL, "symbol", TypeDef::Symbol),
        (builtin::NUMBER, "number", TypeDef::Number),
        (builtin::FLOAT, "float", TypeDef::Float),
        (builtin::BOOL, "bool", TypeDef::Bool),
        (builtin::DATE, "date", TypeDef::Date),
    ];
    for (id, name, def) in builtin {
        debug_assert_eq!(id.0 as usize, schema.types.len());
        schema.types.push(Type { name: name.into(), def, span: None });
        schema.type_names.insert(name.into(), id);
    }
    for relation in analysis.relations.all() {
        let columns = relation.columns.iter().map(|(name, ty)| Column {
            name: name.as_str().into(),
            ty: lower::model_type(analysis.types.kind(*ty)),
            optional: false,
            default: None,
        });
        let name: Arc<str> = relation.name.as_str().into();
        schema.predicate_names.insert(Arc::clone(&name), relation.pred);
        schema.predicates.push(Predicate {
            name,
            columns: columns.collect(),
            key: None,
            ranges: Vec::new(),
            kind: PredKind::Declared,
            span: Some(relation.span),
        });
    }
    schema
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
        let params =
            directive.params.iter().map(|(name, value)| (name.text.clone(), value.clone())).collect();
        let (pred, span) = (relation.pred, directive.relation.span);
        self.directives.push(Directive { kind: directive.kind, pred, params, span });
    }

    fn clause(&mut self, clause: &ast::Clause) {
        let bodies = match &clause.body {
            None => vec![Vec::new()],
            Some(body) => normal::alternatives(body, clause.span, &mut self.diagnostics).unwrap_or_default(),
        };
        for head in &clause.heads {
            for body in &bodies {
                self.single(head.clone(), body.clone(), clause.span);
            }
        }
    }

    /// A clause with one head and one alternative.
    fn single(&mut self, mut head: ast::Atom, mut body: Vec<Literal>, span: Span) {
        let before = self.diagnostics.len();
        self.check_atom(&head);
        for literal in &body {
            self.check_literal(literal);
        }
        if self.diagnostics.len() > before {
            return;
        }
        scope::resolve(&mut head, &mut body, &mut self.diagnostics);
        let mut missing = Vec::new();
        lower::unbound(&head, &body, &mut missing);
        missing.sort();
        missing.dedup_by(|a, b| a.0 == b.0);
        for (name, place) in missing {
            let name = name.split('@').next().unwrap_or("");
            let message = format!("nothing gives the variable `{name}` a value");
            self.report(codes::UNBOUND_VARIABLE, message, place);
        }
        if self.diagnostics.len() > before {
            return;
        }
        let mut typing = infer::Typing::new(&self.types, &self.relations);
        typing.run(&head, &body);
        let lower = lower::Lower::new(typing, self.wide, &mut self.diagnostics);
        if body.is_empty()
            && let Some(relation) = self.relations.get(&head.name.text)
        {
            let values =
                head.args.iter().zip(&relation.columns).map(|(arg, (_, ty))| lower.constant(arg, *ty));
            if let Some(values) = values.collect::<Option<Vec<Value>>>() {
                self.facts.push((relation.pred, values));
                return;
            }
        }
        if let Some(rule) = lower.rule(&head, &body, span) {
            self.program.rules.push(rule);
        }
    }

    fn check_literal(&mut self, literal: &Literal) {
        match literal {
            Literal::Atom(atom) => self.check_atom(atom),
            Literal::Not(inner, _) => self.check_literal(inner),
            _ => {}
        }
        let mut bodies = Vec::new();
        normal::each_expr(literal, &mut |expr| {
            expr.walk(&mut |expr| {
                if let ast::ExprKind::Aggregate(aggregate) = &expr.kind {
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
