//! Items, each on one line.

use super::expr::Writer;
use crate::base::escape::quoted;
use crate::syntax::datalog::ast::{
    Annotation, Check, Clause, Component, ComponentType, Decl, Field, Goal, IoKind, ItemKind, Name,
    Subsumption, TypeDef, TypeExpr, UnderOption,
};

impl Writer {
    pub(super) fn annotation(&mut self, annotation: &Annotation) {
        self.push("@");
        self.push(&annotation.name.text);
        self.push("(");
        self.commas(&annotation.args, |writer, arg| writer.constant(&arg.kind));
        self.push(")");
    }

    pub(super) fn item_kind(&mut self, kind: &ItemKind) {
        match kind {
            ItemKind::Decl(decl) => {
                self.decl_head(decl);
                self.commas(&decl.fields, Writer::field);
                self.decl_tail(decl);
            }
            ItemKind::Type(decl) => {
                self.push(".type ");
                self.push(&decl.name.text);
                self.type_def(&decl.def);
            }
            ItemKind::Enum(decl) => {
                self.push(".enum ");
                self.push(&decl.name.text);
                self.push(" = ");
                self.bars(&decl.constants, |writer, name| writer.push(&name.text));
            }
            ItemKind::Io(io) => {
                self.push(match io.kind {
                    IoKind::Input => ".input ",
                    IoKind::Output => ".output ",
                    IoKind::PrintSize => ".printsize ",
                    IoKind::LimitSize => ".limitsize ",
                });
                self.names(&io.relations);
                if !io.params.is_empty() {
                    self.push("(");
                    self.commas(&io.params, |writer, (name, value)| {
                        writer.push(&name.text);
                        writer.push("=");
                        writer.constant(&value.kind);
                    });
                    self.push(")");
                }
            }
            ItemKind::Include { path, .. } => {
                self.push(".include ");
                self.push(&quoted(path));
            }
            ItemKind::Clause(clause) => self.clause(clause),
            ItemKind::Check(check) => {
                self.check_head(check);
                self.push(" ");
                self.body(&check.body);
                self.push(".");
            }
            ItemKind::Query(goal) => {
                self.push("?- ");
                self.goal(goal);
                self.push(".");
            }
            ItemKind::Component(component) => {
                self.component_head(component);
                for item in &component.items {
                    self.push(" ");
                    for annotation in &item.annotations {
                        self.annotation(annotation);
                        self.push(" ");
                    }
                    self.item_kind(&item.kind);
                }
                self.push(" }");
            }
            ItemKind::Instance { name, of } => {
                self.push(".init ");
                self.push(&name.text);
                self.push(" = ");
                self.component_type(of);
            }
            ItemKind::Override(name) => {
                self.push(".override ");
                self.push(&name.text);
            }
            ItemKind::Subsumption(subsumption) => {
                self.subsumption_head(subsumption);
                self.push(" ");
                self.body(&subsumption.body);
                self.push(".");
            }
            ItemKind::Foreign { .. } => self.foreign(),
        }
    }

    /// `.comp Name<T> : Base<T> {`
    pub(super) fn component_head(&mut self, component: &Component) {
        self.push(".comp ");
        self.component_type(&component.header);
        if !component.bases.is_empty() {
            self.push(" : ");
            self.commas(&component.bases, Writer::component_type);
        }
        self.push(" {");
    }

    fn component_type(&mut self, ty: &ComponentType) {
        self.push(&ty.name.text);
        if !ty.args.is_empty() {
            self.push("<");
            self.names(&ty.args);
            self.push(">");
        }
    }

    /// `less <= greater :-`
    pub(super) fn subsumption_head(&mut self, subsumption: &Subsumption) {
        self.atom(&subsumption.less);
        self.push(" <= ");
        self.atom(&subsumption.greater);
        self.push(" :-");
    }

    /// `.decl A, B(`
    pub(super) fn decl_head(&mut self, decl: &Decl) {
        self.push(".decl ");
        self.names(&decl.names);
        self.push("(");
    }

    /// `) key(…) range(…) …`
    pub(super) fn decl_tail(&mut self, decl: &Decl) {
        self.push(")");
        if let Some(key) = &decl.key {
            self.push(" key(");
            self.names(key);
            self.push(")");
        }
        for (low, high) in &decl.ranges {
            self.push(" range(");
            self.names([low, high]);
            self.push(")");
        }
        for qualifier in &decl.qualifiers {
            self.push(" ");
            self.push(&qualifier.text);
        }
    }

    /// `deny name "message" :-`
    pub(super) fn check_head(&mut self, check: &Check) {
        if let Some(name) = &check.name {
            self.push(if check.deny { "deny " } else { "warn " });
            self.push(&name.text);
            self.push(" ");
            if let Some((message, _)) = &check.message {
                self.push(&quoted(message));
                self.push(" ");
            }
        }
        self.push(":-");
    }

    pub(super) fn clause(&mut self, clause: &Clause) {
        self.commas(&clause.heads, Writer::atom);
        if let Some(body) = &clause.body {
            self.push(" :- ");
            self.body(body);
        }
        self.push(".");
    }

    pub(super) fn goal(&mut self, goal: &Goal) {
        if goal.under_span.is_some() {
            self.under(&goal.under);
            self.push(" ");
        }
        self.body(&goal.body);
        self.goal_tail(goal, " ");
    }

    /// `under (…)`
    pub(in crate::syntax::datalog::print) fn under(&mut self, options: &[UnderOption]) {
        self.push("under (");
        self.commas(options, |writer, option| match option {
            UnderOption::Value(name, value) => {
                writer.push(&name.text);
                writer.push(": ");
                writer.constant(&value.kind);
            }
            UnderOption::Atom(name, atom) => {
                writer.push(&name.text);
                writer.push(": ");
                writer.atom(atom);
            }
            UnderOption::Compare(name, op, value) => {
                writer.push(&name.text);
                writer.push(" ");
                writer.push(op.text());
                writer.push(" ");
                writer.constant(&value.kind);
            }
        });
        self.push(")");
    }

    /// `order by … limit n`, each behind `before`.
    pub(super) fn goal_tail(&mut self, goal: &Goal, before: &str) {
        let mut before = before;
        if !goal.order.is_empty() {
            self.push(before);
            self.push("order by ");
            self.commas(&goal.order, |writer, (name, descending)| {
                writer.push(&name.text);
                if *descending {
                    writer.push(" desc");
                }
            });
            before = " ";
        }
        if let Some(limit) = goal.limit {
            self.push(before);
            self.push("limit ");
            self.display(limit);
        }
    }

    fn names<'a>(&mut self, names: impl IntoIterator<Item = &'a Name>) {
        self.commas(names, |writer, name| writer.push(&name.text));
    }

    fn bars<T>(&mut self, items: impl IntoIterator<Item = T>, mut write: impl FnMut(&mut Self, T)) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.push(" | ");
            }
            write(self, item);
        }
    }

    pub(super) fn field(&mut self, field: &Field) {
        self.push(&field.name.text);
        self.push(": ");
        self.type_expr(&field.ty);
        if field.optional {
            self.push("?");
        }
        if let Some(default) = &field.default {
            self.push(" = ");
            self.constant(&default.kind);
        }
    }

    pub(super) fn type_expr(&mut self, ty: &TypeExpr) {
        match ty {
            TypeExpr::Name(name) => self.push(&name.text),
            TypeExpr::List(inner, _) => {
                self.push("[");
                self.type_expr(inner);
                self.push("]");
            }
        }
    }

    fn type_def(&mut self, def: &TypeDef) {
        match def {
            TypeDef::Subtype(base) => {
                self.push(" <: ");
                self.type_expr(base);
            }
            TypeDef::Union(types) => {
                self.push(" = ");
                self.bars(types, Writer::type_expr);
            }
            TypeDef::Record(fields) => {
                self.push(" = [");
                self.commas(fields, Writer::field);
                self.push("]");
            }
            TypeDef::Algebraic(variants) => {
                self.push(" = ");
                self.bars(variants, |writer, (name, fields)| {
                    writer.push(&name.text);
                    writer.push(" {");
                    writer.commas(fields, Writer::field);
                    writer.push("}");
                });
            }
        }
    }
}
