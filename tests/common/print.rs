//! A case as program text.

use std::cell::RefCell;
use std::fmt::Write;

use factlog::model::program::{
    Aggregate, AggregateOp, Arg, Atom, Body, Expr, Functor, Literal, Rule, TestOp,
};
use factlog::model::schema::{PredKind, Predicate, Schema};
use factlog::model::value::Value;

use super::case::Case;

/// Declarations, facts and rules.
pub fn text(case: &Case) -> String {
    let schema = &*case.program.schema;
    let mut out = String::new();
    for item in &schema.enums {
        let _ = writeln!(out, ".enum {} = {}", item.name, item.constants.join(" | "));
    }
    for predicate in schema.predicates.iter().filter(|predicate| predicate.kind != PredKind::Answer) {
        let _ = writeln!(out, "{}", declaration(schema, predicate));
    }
    for (pred, tuple) in &case.facts {
        let values: Vec<String> = tuple.iter().map(|value| value.to_string()).collect();
        let _ = writeln!(out, "{}({}).", schema.predicate(*pred).name, values.join(", "));
    }
    for rule in &case.program.rules {
        let _ = writeln!(out, "{}", self::rule(schema, rule));
    }
    out
}

fn declaration(schema: &Schema, predicate: &Predicate) -> String {
    let column = |column: &factlog::model::schema::Column| {
        let mark = if column.optional { "?" } else { "" };
        format!("{}: {}{mark}", column.name, schema.ty(column.ty).name)
    };
    let columns: Vec<String> = predicate.columns.iter().map(column).collect();
    format!(".decl {}({})", predicate.name, columns.join(", "))
}

pub fn rule(schema: &Schema, rule: &Rule) -> String {
    let counts = RefCell::new(vec![0; rule.vars.len()]);
    super::edit::map_body(&mut rule.body.clone(), &|var| counts.borrow_mut()[var.0 as usize] += 1);
    let printer = Printer { schema, rule, counts: counts.into_inner() };
    let args: Vec<String> = rule.args.iter().map(|arg| printer.expr(arg)).collect();
    format!("{}({}) :- {}.", schema.predicate(rule.head).name, args.join(", "), printer.body(&rule.body))
}

struct Printer<'a> {
    schema: &'a Schema,
    rule: &'a Rule,
    /// How often each variable occurs in the body.
    counts: Vec<usize>,
}

impl Printer<'_> {
    /// What is in all alternatives, wildcards at the same place included, stands beside a group.
    fn body(&self, body: &Body) -> String {
        let mut rests = body.alternatives.clone();
        let mut common = Vec::new();
        if let [first, _, ..] = &body.alternatives[..] {
            for literal in first {
                let found: Vec<Option<usize>> =
                    rests.iter().map(|rest| rest.iter().position(|other| other == literal)).collect();
                if found.iter().all(Option::is_some) {
                    found.iter().zip(&mut rests).for_each(|(at, rest)| drop(at.map(|at| rest.remove(at))));
                    common.push(self.literal(literal));
                }
            }
        }
        let alternative = |literals: &Vec<Literal>| {
            let literals: Vec<String> = literals.iter().map(|literal| self.literal(literal)).collect();
            if literals.is_empty() { "true".to_owned() } else { literals.join(", ") }
        };
        let group = rests.iter().map(alternative).collect::<Vec<_>>().join(" ; ");
        match &common[..] {
            [] => group,
            _ => format!("{}, ({group})", common.join(", ")),
        }
    }

    fn literal(&self, literal: &Literal) -> String {
        match literal {
            Literal::Atom(atom) => self.atom(atom),
            Literal::Not(body, _) => match &body.alternatives[..] {
                [one] => match &one[..] {
                    [Literal::Atom(atom)] if !self.alone(atom) => format!("!{}", self.atom(atom)),
                    _ => format!("!({})", self.body(body)),
                },
                _ => format!("!({})", self.body(body)),
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
            Literal::Bool(holds) => holds.to_string(),
        }
    }

    /// Whether a variable occurs nowhere else.
    fn alone(&self, atom: &Atom) -> bool {
        let here = RefCell::new(vec![0; self.counts.len()]);
        let mut body = Body { alternatives: vec![vec![Literal::Atom(atom.clone())]] };
        super::edit::map_body(&mut body, &|var| here.borrow_mut()[var.0 as usize] += 1);
        here.into_inner().iter().zip(&self.counts).any(|(here, all)| *here > 0 && here == all)
    }

    /// By name where something is left out and the place is an even one, so that both ways occur.
    fn atom(&self, atom: &Atom) -> String {
        let predicate = self.schema.predicate(atom.pred);
        let left_out = atom.args.contains(&Arg::Any);
        let named =
            left_out && atom.args.iter().any(|arg| *arg != Arg::Any) && atom.span.start.is_multiple_of(4);
        let mut args = Vec::new();
        for (column, arg) in predicate.columns.iter().zip(&atom.args) {
            match arg {
                Arg::Any if named => {}
                Arg::Any => args.push("_".to_owned()),
                Arg::Is(expr) if named => args.push(format!("{}: {}", column.name, self.expr(expr))),
                Arg::Is(expr) => args.push(self.expr(expr)),
            }
        }
        format!("{}({})", predicate.name, args.join(", "))
    }

    fn exprs(&self, exprs: &[Expr]) -> String {
        exprs.iter().map(|expr| self.expr(expr)).collect::<Vec<_>>().join(", ")
    }

    /// An expression beside an operator, where a minus would be read as another one.
    fn operand(&self, expr: &Expr) -> String {
        let text = self.expr(expr);
        if text.starts_with('-') { format!("({text})") } else { text }
    }

    fn expr(&self, expr: &Expr) -> String {
        match expr {
            Expr::Var(var) => self.rule.var(*var).name.to_string(),
            Expr::Const(value) => value.to_string(),
            Expr::List(items) => format!("[{}]", self.exprs(items)),
            Expr::Struct(of, items, _) => {
                let name = of.name.as_ref().map_or(String::new(), |name| format!("${name}"));
                format!("{name}({})", self.exprs(items))
            }
            Expr::Call(functor, args, _) => match (operator(*functor), &args[..]) {
                (Some(operator), [left, right]) => {
                    format!("({} {operator} {})", self.operand(left), self.operand(right))
                }
                (Some(operator), [arg]) => format!("({operator} ({}))", self.expr(arg)),
                _ => format!("{}({})", name(*functor), self.exprs(args)),
            },
            Expr::Aggregate(aggregate) => self.aggregate(aggregate),
        }
    }

    fn aggregate(&self, aggregate: &Aggregate) -> String {
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
        let separator = match aggregate.op {
            AggregateOp::Concat => format!(", {}", Value::symbol(&*aggregate.separator)),
            _ => String::new(),
        };
        format!("{name}{arg}{separator} : {{ {} }}", self.body(&aggregate.body))
    }
}

fn operator(functor: Functor) -> Option<&'static str> {
    use Functor::*;
    Some(match functor {
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
        _ => return None,
    })
}

fn name(functor: Functor) -> String {
    use Functor::*;
    let name = match functor {
        ToFloat => "to_float",
        ToNumber => "to_number",
        ToString => "to_string",
        DaysBetween => "days_between",
        AddDays => "add_days",
        other => return format!("{other:?}").to_lowercase(),
    };
    name.to_owned()
}
