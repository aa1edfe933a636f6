//! Facts as trees over a text that shows them: what is wrong with a value points into that text.

use super::fact::Written;
use super::params::{base_of, expression};
use crate::base::{FileId, Span, escape};
use crate::model::schema::Schema;
use crate::syntax::datalog::ast::{Args, Atom, Expr, Name, NamedArg, NamedValue};

/// Writes facts one under the other.
pub(super) struct Page<'s> {
    schema: &'s Schema,
    file: FileId,
    pub text: String,
    pub atoms: Vec<Atom>,
}

impl<'s> Page<'s> {
    /// An empty page that will be the text `file`.
    pub fn new(schema: &'s Schema, file: FileId) -> Page<'s> {
        Page { schema, file, text: String::new(), atoms: Vec::new() }
    }

    /// Adds a fact, or says why it is none.
    pub fn add(&mut self, fact: Written) -> Result<(), String> {
        let Some(name) = fact.relation else {
            let reason =
                "a map or a tuple does not say of which relation it is a fact: give it to `Fact::new`";
            return Err(reason.to_owned());
        };
        let schema = self.schema;
        let relation = schema.find(&name);
        let columns = relation.map(|id| schema.predicate(id).columns.as_slice()).unwrap_or_default();
        let start = self.text.len();
        let name = Name { span: self.write(&escape::printable(&name)), text: name };
        self.text.push('(');
        let args = match fact.items {
            // Metadata has names, and then the rest must have some, too.
            Some(items) if fact.fields.is_empty() || items.len() != columns.len() => {
                let exprs = items.iter().enumerate().map(|(at, item)| {
                    let ty = columns.get(at).map(|column| schema.base(column.ty));
                    if at > 0 {
                        self.text.push_str(", ");
                    }
                    let span = self.write(&item.to_string());
                    expression(item, span, ty)
                });
                Args::Positional(exprs.collect())
            }
            items => {
                let named = columns.iter().map(|column| column.name.to_string());
                let fields = named.zip(items.into_iter().flatten()).chain(fact.fields);
                // `None` leaves out what can be left out.
                let absent = |name: &str| {
                    let column = columns.iter().find(|column| *column.name == *name);
                    name.starts_with('_') || column.is_some_and(|column| !column.optional)
                };
                let given = fields.filter(|(name, value)| !(value.is_nil() && absent(name)));
                let args: Vec<NamedArg> = given
                    .collect::<Vec<_>>()
                    .into_iter()
                    .enumerate()
                    .map(|(at, (name, value))| {
                        if at > 0 {
                            self.text.push_str(", ");
                        }
                        let ty = base_of(schema, relation, &name);
                        let name = Name { span: self.write(&escape::printable(&name)), text: name };
                        self.text.push_str(": ");
                        let span = self.write(&value.to_string());
                        let value: Expr = expression(&value, span, ty);
                        NamedArg { span: name.span.to(span), name, value: NamedValue::Is(value) }
                    })
                    .collect();
                if args.is_empty() { Args::Positional(Vec::new()) } else { Args::Named(args) }
            }
        };
        self.text.push(')');
        let span = Span::new(self.file, start, self.text.len());
        self.atoms.push(Atom { name, args, span });
        self.text.push('\n');
        Ok(())
    }

    fn write(&mut self, text: &str) -> Span {
        let start = self.text.len();
        self.text.push_str(text);
        Span::new(self.file, start, self.text.len())
    }
}
