//! Rules' literals and tuples in the language's own spelling, with values in the place of variables
//! that have one.

use crate::model::fixed::FixedOp;
use crate::model::program::{Aggregate, AggregateOp, Arg, Atom, Body, Expr, Literal, TestOp, VarId};
use crate::model::schema::{META_COLUMNS, PredKind, Predicate};
use crate::model::structure::Part;
use crate::model::{Functor, PredId, Rule, Schema, Value};

/// Writes parts of one rule.
pub struct Writer<'a> {
    /// What relations and columns are called.
    pub schema: &'a Schema,
    /// The rule.
    pub rule: &'a Rule,
    /// The values of its variables, by id.
    pub binding: &'a [Option<Value>],
}

/// A tuple as an atom: columns by name, absent ones left out. Of an assertion the columns of the
/// relation that it is about.
pub fn tuple(schema: &Schema, pred: PredId, values: &[Value]) -> String {
    let Some(predicate) = schema.predicates.get(pred.0 as usize) else { return String::new() };
    let shown = match predicate.kind {
        PredKind::Assertions(_) => predicate.arity() - META_COLUMNS.len(),
        _ => predicate.arity(),
    };
    let columns = predicate.columns.iter().zip(values).take(shown);
    let texts: Vec<String> = if is_positional(predicate) {
        columns.map(|(_, value)| value.to_string()).collect()
    } else {
        columns
            .filter(|(_, value)| !value.is_nil())
            .map(|(column, value)| format!("{}: {value}", column.name))
            .collect()
    };
    format!("{}({})", predicate.name, texts.join(", "))
}

/// Whether the columns have the names that positional heads give.
fn is_positional(predicate: &Predicate) -> bool {
    let plain = |(at, name): (usize, &str)| name.strip_prefix('c').is_some_and(|n| n == (at + 1).to_string());
    predicate.columns.iter().enumerate().all(|(at, column)| plain((at, &column.name)))
}

impl Writer<'_> {
    /// A literal.
    pub fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Atom(atom) => self.atom(atom),
            Literal::Not(body, _) => match body.alternatives.as_slice() {
                [literals] => match literals.as_slice() {
                    [one @ Literal::Atom(_)] => format!("not {}", self.literal(one)),
                    _ => format!("not ({})", self.body(body)),
                },
                _ => format!("not ({})", self.body(body)),
            },
            Literal::Compare { op, left, right, possibly, .. } => {
                let text = format!("{} {} {}", self.expr(left), op.text(), self.expr(right));
                if *possibly { format!("possibly({text})") } else { text }
            }
            Literal::In { item, list, .. } => format!("{} in {}", self.expr(item), self.expr(list)),
            Literal::Test { op, left, right, .. } => {
                let name = match op {
                    TestOp::Match => "match",
                    TestOp::Contains => "contains",
                    TestOp::Within => "within",
                    TestOp::Overlaps => "overlaps",
                };
                format!("{name}({}, {})", self.expr(left), self.expr(right))
            }
            Literal::Bool(value) => value.to_string(),
        }
    }

    /// A body, its alternatives apart by `;`.
    pub fn body(&self, body: &Body) -> String {
        let conjunction = |literals: &Vec<Literal>| {
            literals.iter().map(|literal| self.literal(literal)).collect::<Vec<_>>().join(", ")
        };
        body.alternatives.iter().map(conjunction).collect::<Vec<_>>().join(" ; ")
    }

    /// An atom without its wildcards.
    pub fn atom(&self, atom: &Atom) -> String {
        let Some(predicate) = self.schema.predicates.get(atom.pred.0 as usize) else { return String::new() };
        let value = |arg: &Arg| match arg {
            Arg::Any => "_".to_owned(),
            Arg::Is(expr) => self.expr(expr),
        };
        let args: Vec<String> = if is_positional(predicate) {
            atom.args.iter().map(value).collect()
        } else {
            predicate
                .columns
                .iter()
                .zip(&atom.args)
                .filter(|(column, _)| {
                    !matches!(&*column.name, "assertion" | "visible") || !is_meta(predicate)
                })
                .map(|(column, arg)| (column, value(arg)))
                .filter(|(_, text)| text != "_")
                .map(|(column, text)| format!("{}: {text}", column.name))
                .collect()
        };
        format!("{}({})", predicate.name, args.join(", "))
    }

    /// An aggregate.
    pub fn aggregate(&self, aggregate: &Aggregate) -> String {
        let name = match aggregate.op {
            AggregateOp::Count => "count",
            AggregateOp::Sum => "sum",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Mean => "mean",
            AggregateOp::List => "list",
            AggregateOp::Concat => "concat",
        };
        let arg = aggregate.arg.as_ref().map(|arg| format!(" {}", self.expr(arg))).unwrap_or_default();
        format!("{name}{arg} : {{ {} }}", self.body(&aggregate.body))
    }

    /// An expression.
    pub fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Var(var) => self.var(*var),
            Expr::Const(value) => value.to_string(),
            Expr::List(items) => format!("[{}]", self.exprs(items)),
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
            Expr::Struct(of, fields, _) => {
                let part = |(field, expr): (&Part, &Expr)| format!("{}: {}", field.name, self.expr(expr));
                let parts: Vec<String> = of.fields.iter().zip(fields).map(part).collect();
                match &of.name {
                    Some(name) if parts.is_empty() => name.to_string(),
                    Some(name) => format!("{name}({})", parts.join(", ")),
                    None => format!("({})", parts.join(", ")),
                }
            }
            Expr::Call(functor, args, _) => match (functor, args.as_slice()) {
                (Functor::Part { of, variant, index }, [whole]) => {
                    let def = self.schema.structs.get(of.0 as usize);
                    let variant = def.and_then(|def| def.variants.get(*variant as usize));
                    let field = variant.and_then(|variant| variant.of.fields.get(*index as usize));
                    let field = field.map_or_else(|| index.to_string(), |field| field.name.to_string());
                    format!("{}.{field}", self.operand(whole))
                }
                (Functor::Neg, [operand]) => format!("-{}", self.operand(operand)),
                (Functor::Bnot | Functor::Lnot, [operand]) => {
                    format!("{} {}", name(*functor), self.operand(operand))
                }
                (functor, [left, right]) if infix(*functor) => {
                    format!("{} {} {}", self.operand(left), name(*functor), self.operand(right))
                }
                _ => format!("{}({})", name(*functor), self.exprs(args)),
            },
        }
    }

    fn exprs(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    fn operand(&self, expr: &Expr) -> String {
        match expr {
            Expr::Call(functor, args, _) if args.len() == 1 || infix(*functor) => {
                format!("({})", self.expr(expr))
            }
            other => self.expr(other),
        }
    }

    /// The value of a variable, or else its name; `_` for those that nobody has written.
    fn var(&self, var: VarId) -> String {
        if let Some(value) = self.binding.get(var.0 as usize).and_then(Option::as_ref) {
            return value.to_string();
        }
        match self.rule.vars.get(var.0 as usize) {
            Some(known) if !known.name.starts_with(|first: char| first.is_ascii_digit()) => {
                known.name.to_string()
            }
            _ => "_".to_owned(),
        }
    }
}

fn is_meta(predicate: &Predicate) -> bool {
    matches!(predicate.kind, PredKind::Assertions(_))
}

fn infix(functor: Functor) -> bool {
    use Functor::*;
    matches!(
        functor,
        Add | Sub | Mul | Div | Rem | Pow | Band | Bor | Bxor | Bshl | Bshr | Bshru | Land | Lor | Lxor
    )
}

fn name(functor: Functor) -> &'static str {
    use Functor::*;
    match functor {
        Add => "+",
        Sub | Neg => "-",
        Mul => "*",
        Div => "/",
        Rem => "%",
        Pow => "^",
        Band => "band",
        Bor => "bor",
        Bxor => "bxor",
        Bshl => "bshl",
        Bshr => "bshr",
        Bshru => "bshru",
        Bnot => "bnot",
        Land => "land",
        Lor => "lor",
        Lxor => "lxor",
        Lnot => "lnot",
        Min => "min",
        Max => "max",
        Abs => "abs",
        Round => "round",
        Floor => "floor",
        Ceil => "ceil",
        ToFloat => "to_float",
        ToNumber => "to_number",
        ToString => "to_string",
        Cat => "cat",
        Strlen => "strlen",
        Substr => "substr",
        Lower => "lower",
        Upper => "upper",
        Trim => "trim",
        Split => "split",
        Replace => "replace",
        Range => "range",
        Year => "year",
        Month => "month",
        Day => "day",
        Earliest => "earliest",
        Latest => "latest",
        DaysBetween => "days_between",
        AddDays => "add_days",
        Tag => "variant",
        Part { .. } => "part",
        Fixed(op, _) => fixed_name(op),
    }
}

/// The same of Soufflé's.
fn fixed_name(op: FixedOp) -> &'static str {
    use FixedOp as Op;
    match op {
        Op::Add => "+",
        Op::Sub | Op::Neg => "-",
        Op::Mul => "*",
        Op::Div => "/",
        Op::Rem => "%",
        Op::Pow => "^",
        Op::Band => "band",
        Op::Bor => "bor",
        Op::Bxor => "bxor",
        Op::Bshl => "bshl",
        Op::Bshr => "bshr",
        Op::Bshru => "bshru",
        Op::Bnot => "bnot",
        Op::Land => "land",
        Op::Lor => "lor",
        Op::Lxor => "lxor",
        Op::Lnot => "lnot",
        Op::Min => "min",
        Op::Max => "max",
        Op::Convert(_) => "to_number",
        Op::Cast(_) => "as",
        Op::ToString => "to_string",
        Op::Strlen => "strlen",
        Op::Substr => "substr",
        Op::Item(_) => "item",
        Op::Ord => "ord",
        Op::Flip => "flip",
        Op::Range => "range",
        Op::Match => "match",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::testing::Text;

    #[test]
    fn literals_read_as_they_were_written() {
        let mut text = Text::new("");
        let rule =
            text.rule("H(x) :- P(x, y, _), !Q(y), n = count : {P(x, z, _)}, n > y * 2 - 1, x in [1, 'a']");
        let literals = &rule.body.alternatives[0];
        let shown = |binding: &[Option<Value>]| {
            let writer = Writer { schema: &text.program.schema, rule: &rule, binding };
            literals.iter().map(|literal| writer.literal(literal)).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(
            shown(&[]),
            "P(x, y, _), not Q(y), n = count : { P(x, z, _) }, n > (y * 2) - 1, x in [1, \"a\"]"
        );
        let bound = [Some(Value::symbol("a")), Some(Value::Number(5))];
        assert!(shown(&bound).starts_with("P(\"a\", 5, _), not Q(5), n = count : { P(\"a\", z, _) }"));
    }
}
