//! Values put into goals, facts and patterns: as values, never as text.

use serde::Serialize;

use super::fact;
use super::ser;
use super::value::Value;
use super::{Error, ErrorKind};
use crate::analysis::types::Base;
use crate::base::Span;
use crate::base::diagnostic::{did_you_mean, nearest};
use crate::model::schema::{PredId, Schema};
use crate::syntax::datalog::ast::{
    Args, Atom, Body, ConstKind, Expr, ExprKind, Goal, Literal, LiteralKind, Name, NamedArg, NamedValue,
    UnderOption,
};

/// Values for variables of a goal, a fact or a pattern, made by [`params!`](crate::params).
///
/// A variable that has a value stands for it wherever it occurs, and is no column of the answer. The
/// value never becomes text: whatever it holds, quotes and brackets included, it is one value. `None`
/// is nil; where a column wants a constant of an enum, text names one.
///
/// ```
/// use factlog::{Params, Session, params};
///
/// let mut session = Session::new();
/// session.define(r#".decl Attended(leader: symbol, summit: symbol)"#)?;
/// let evil = r#"x"), Attended(leader: "y"#;
/// session.assert_with("Attended(leader: l, summit: s)", params! { l: evil, s: "xian_2023" })?;
///
/// let answer = session.query_with("Attended(leader: l, summit: s)", params! { s: "xian_2023" })?;
/// assert_eq!(answer.columns(), ["l"]);
/// assert_eq!(answer.rows::<String>()?, [evil]);
///
/// // The same, step by step, or from the fields of a struct or a map.
/// let same = Params::new().bind("s", "xian_2023");
/// assert_eq!(session.query_with("Attended(leader: l, summit: s)", same)?.len(), 1);
/// # Ok::<(), factlog::Error>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Params {
    values: Vec<(String, Value)>,
    /// Why the first value that is none is none.
    wrong: Option<String>,
}

/// Values for variables of a goal, a fact or a pattern: `params! { leader: "tokayev", year: 2025 }`.
///
/// The values are anything that serializes to a [`Value`](crate::Value): numbers, texts, `bool`,
/// `Option`, [`Date`](crate::Date), sequences, enum variants without data.
#[macro_export]
macro_rules! params {
    ($($name:ident: $value:expr),* $(,)?) => {
        $crate::Params::new()$(.bind(::core::stringify!($name), &$value))*
    };
}

impl Params {
    /// No values.
    pub fn new() -> Params {
        Params::default()
    }

    /// The fields of a struct, or the entries of a map.
    pub fn of<T: Serialize + ?Sized>(fields: &T) -> Params {
        match fact::written(fields) {
            Ok(written) if written.items.is_none() => Params { values: written.fields, wrong: None },
            Ok(_) => Params {
                wrong: Some("parameters have names: give a struct or a map".to_owned()),
                ..Params::new()
            },
            Err(mismatch) => Params { wrong: Some(format!("parameter {mismatch}")), ..Params::new() },
        }
    }

    /// With a value for one more variable; of two values for one the later counts. A value that is
    /// none of factlog's is an error of the call that the parameters are for.
    #[must_use]
    pub fn bind<T: Serialize + ?Sized>(mut self, name: &str, value: &T) -> Params {
        let name = name.strip_prefix("r#").unwrap_or(name);
        match ser::value(value) {
            Ok(value) => {
                self.values.retain(|(known, _)| known != name);
                self.values.push((name.to_owned(), value));
            }
            Err(mismatch) => {
                self.wrong.get_or_insert_with(|| format!("parameter {}", mismatch.within(name)));
            }
        }
        self
    }

    /// Puts the values into a goal.
    pub(super) fn put_into_goal(&self, goal: &mut Goal, schema: &Schema) -> Result<(), Error> {
        let mut put = Put::new(self, schema)?;
        for option in &mut goal.under {
            if let UnderOption::Atom(_, atom) = option {
                put.atom(atom);
            }
        }
        put.body(&mut goal.body);
        for (name, _) in &goal.order {
            if self.values.iter().any(|(known, _)| *known == name.text) {
                let message = format!("`{}` is a parameter, so there is no order by it", name.text);
                return Err(Error::new(ErrorKind::Parameter, message));
            }
        }
        put.done("goal")
    }

    /// Puts the values into a fact or a pattern.
    pub(super) fn put_into_atom(&self, atom: &mut Atom, schema: &Schema) -> Result<(), Error> {
        let mut put = Put::new(self, schema)?;
        put.atom(atom);
        put.done("text")
    }
}

/// A value as an expression at a place; `ty` is what the column there is made of, if that is known.
pub(super) fn expression(value: &Value, span: Span, ty: Option<Base>) -> Expr {
    let constant = match value {
        Value::Nil => ConstKind::Nil,
        Value::Bool(value) => ConstKind::Bool(*value),
        Value::Number(number) => ConstKind::Int(*number),
        Value::Float(number) => ConstKind::Float(*number),
        Value::Enum(name) => ConstKind::Name(name.clone()),
        Value::Date(date) => ConstKind::Date(date.text().to_string()),
        // Programs hold the constants of an enum as text, too.
        Value::Symbol(text) if matches!(ty, Some(Base::Enum(_))) => ConstKind::Name(text.clone()),
        Value::Symbol(text) => ConstKind::String(text.clone()),
        Value::List(items) => {
            let items = items.iter().map(|item| expression(item, span, None)).collect();
            return Expr { kind: ExprKind::List(items), span };
        }
        Value::Record(fields) => return Expr { kind: ExprKind::Record(arguments(fields, span)), span },
        Value::Variant(name, fields) if fields.is_empty() => ConstKind::Name(name.clone()),
        Value::Variant(name, fields) => {
            let name = Name { text: name.clone(), span };
            let kind = ExprKind::Variant { name, dollar: true, args: arguments(fields, span) };
            return Expr { kind, span };
        }
    };
    Expr { kind: ExprKind::Const(constant), span }
}

/// The fields of a record or variant, by position where they have no names.
fn arguments(fields: &[(String, Value)], span: Span) -> Args {
    if fields.iter().any(|(name, _)| name.is_empty()) {
        return Args::Positional(fields.iter().map(|(_, value)| expression(value, span, None)).collect());
    }
    let named = fields.iter().map(|(name, value)| NamedArg {
        name: Name { text: name.clone(), span },
        value: NamedValue::Is(expression(value, span, None)),
        span,
    });
    Args::Named(named.collect())
}

/// What the columns of a relation and the metadata of its facts are made of.
pub(super) fn base_of(schema: &Schema, relation: Option<PredId>, column: &str) -> Option<Base> {
    let named = match column {
        "_status" => schema.type_names.get("Status").copied(),
        "_review" => schema.type_names.get("Review").copied(),
        _ => {
            let relation = schema.predicate(relation?);
            relation.columns.get(relation.column(column)?).map(|column| column.ty)
        }
    };
    named.map(|ty| schema.base(ty))
}

/// Puts values in place of variables.
struct Put<'p> {
    params: &'p Params,
    schema: &'p Schema,
    used: Vec<bool>,
    /// Names that were met and have no value, to find what was meant.
    others: Vec<String>,
}

impl<'p> Put<'p> {
    fn new(params: &'p Params, schema: &'p Schema) -> Result<Put<'p>, Error> {
        match &params.wrong {
            Some(wrong) => Err(Error::new(ErrorKind::Encode, wrong.clone())),
            None => Ok(Put { params, schema, used: vec![false; params.values.len()], others: Vec::new() }),
        }
    }

    /// That every value was wanted.
    fn done(self, what: &str) -> Result<(), Error> {
        let unused = self.used.iter().position(|used| !used).and_then(|at| self.params.values.get(at));
        let Some((name, _)) = unused else { return Ok(()) };
        let near = did_you_mean(&nearest(name, self.others.iter().map(String::as_str)));
        let near = near.map(|near| format!("; {near}")).unwrap_or_default();
        let message = format!("the {what} has no variable `{name}` for the parameter{near}");
        Err(Error::new(ErrorKind::Parameter, message))
    }

    /// The value of a variable, if it has one.
    fn value(&mut self, name: &str, span: Span, ty: Option<Base>) -> Option<Expr> {
        let Some(at) = self.params.values.iter().position(|(known, _)| known == name) else {
            self.others.push(name.to_owned());
            return None;
        };
        self.used[at] = true;
        Some(expression(&self.params.values[at].1, span, ty))
    }

    fn body(&mut self, body: &mut Body) {
        for literal in body.alternatives.iter_mut().flatten() {
            self.literal(literal);
        }
    }

    fn literal(&mut self, literal: &mut Literal) {
        match &mut literal.kind {
            LiteralKind::Atom(atom) => self.atom(atom),
            LiteralKind::Not(inner) => self.literal(inner),
            LiteralKind::Group(body) => self.body(body),
            LiteralKind::Compare { left, right, .. }
            | LiteralKind::In(left, right)
            | LiteralKind::Test(_, left, right) => {
                self.expr(left, None);
                self.expr(right, None);
            }
            LiteralKind::Bool(_) => {}
        }
    }

    fn atom(&mut self, atom: &mut Atom) {
        let schema = self.schema;
        let relation = schema.find(&atom.name.text);
        match &mut atom.args {
            Args::Positional(items) => {
                let columns = relation.map(|id| schema.predicate(id).columns.as_slice()).unwrap_or_default();
                for (at, item) in items.iter_mut().enumerate() {
                    self.expr(item, columns.get(at).map(|column| schema.base(column.ty)));
                }
            }
            Args::Named(named) => {
                for arg in named {
                    let ty = base_of(schema, relation, &arg.name.text);
                    match &mut arg.value {
                        NamedValue::Pun => {
                            if let Some(value) = self.value(&arg.name.text, arg.name.span, ty) {
                                arg.value = NamedValue::Is(value);
                            }
                        }
                        NamedValue::Is(expr) | NamedValue::Compare(_, expr) => self.expr(expr, ty),
                    }
                }
            }
        }
    }

    fn expr(&mut self, expr: &mut Expr, ty: Option<Base>) {
        match &mut expr.kind {
            ExprKind::Var(name) => {
                if let Some(value) = self.value(name, expr.span, ty) {
                    *expr = value;
                }
            }
            ExprKind::Neg(inner) | ExprKind::Unary(_, inner) => self.expr(inner, None),
            ExprKind::Binary(_, left, right) => {
                self.expr(left, None);
                self.expr(right, None);
            }
            ExprKind::Call(_, items) | ExprKind::List(items) => {
                items.iter_mut().for_each(|item| self.expr(item, None));
            }
            ExprKind::Aggregate(aggregate) => {
                if let Some(arg) = &mut aggregate.arg {
                    self.expr(arg, None);
                }
                self.body(&mut aggregate.body);
            }
            ExprKind::Record(args) | ExprKind::Variant { args, .. } => self.args(args),
            ExprKind::As(inner, _) => self.expr(inner, None),
            ExprKind::Wildcard | ExprKind::Const(_) => {}
        }
    }

    /// The fields of a record or variant.
    fn args(&mut self, args: &mut Args) {
        match args {
            Args::Positional(items) => items.iter_mut().for_each(|item| self.expr(item, None)),
            Args::Named(named) => {
                for arg in named {
                    match &mut arg.value {
                        NamedValue::Pun => {
                            if let Some(value) = self.value(&arg.name.text, arg.name.span, None) {
                                arg.value = NamedValue::Is(value);
                            }
                        }
                        NamedValue::Is(expr) | NamedValue::Compare(_, expr) => self.expr(expr, None),
                    }
                }
            }
        }
    }
}
