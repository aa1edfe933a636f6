//! Constants, expressions, literals, atoms, bodies.

use std::fmt::Write;

use crate::base::escape::quoted;
use crate::syntax::datalog::ast::{
    Aggregate, AggregateOp, Args, Atom, BinaryOp, Body, ConstKind, Expr, ExprKind, Literal, LiteralKind,
    NamedArg, NamedValue, TestOp, UnaryOp,
};
use crate::syntax::datalog::parser::UNARY_PRECEDENCE;

/// Collects text on one line.
#[derive(Default)]
pub(super) struct Writer {
    out: String,
    /// Whether something was written that has no text of its own.
    incomplete: bool,
    /// Whether the value of an aggregate is being written, where a colon is that aggregate's.
    in_aggregate: bool,
    /// Whether that is a `min (…) …`, in which another `min (…)` would take the colon.
    in_bracketed_minimum: bool,
}

impl Writer {
    pub(super) fn push(&mut self, text: &str) {
        self.out.push_str(text);
    }

    pub(super) fn finish(self) -> String {
        self.out
    }

    /// The text, or `None` when a part of it is not in the tree.
    pub(super) fn finish_whole(self) -> Option<String> {
        (!self.incomplete).then_some(self.out)
    }

    /// Writes a stand-in for what is not in the tree.
    pub(super) fn foreign(&mut self) {
        self.incomplete = true;
        self.push("…");
    }

    /// Writes `items` with commas between them.
    pub(super) fn commas<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut write: impl FnMut(&mut Self, T),
    ) {
        for (i, item) in items.into_iter().enumerate() {
            if i > 0 {
                self.push(", ");
            }
            write(self, item);
        }
    }

    /// Writes something between brackets, inside which no colon can be mistaken.
    fn bracketed(&mut self, open: &str, close: &str, write: impl FnOnce(&mut Self)) {
        let outer = (self.in_aggregate, self.in_bracketed_minimum);
        (self.in_aggregate, self.in_bracketed_minimum) = (false, false);
        self.push(open);
        write(self);
        self.push(close);
        (self.in_aggregate, self.in_bracketed_minimum) = outer;
    }

    pub(super) fn constant(&mut self, kind: &ConstKind) {
        match kind {
            ConstKind::String(text) => self.push(&quoted(text)),
            ConstKind::Int(value) => self.display(value),
            // `{:?}` always shows a point or an exponent, so that it reads back as a float.
            ConstKind::Float(value) => self.display(format_args!("{value:?}")),
            ConstKind::Date(text) => {
                self.push("d");
                self.push(&quoted(text));
            }
            ConstKind::Bool(value) => self.display(value),
            ConstKind::Nil => self.push("nil"),
            ConstKind::Name(name) => self.push(name),
            ConstKind::List(items) => self.bracketed("[", "]", |writer| {
                writer.commas(items, |writer, item| writer.constant(&item.kind));
            }),
            ConstKind::Struct(name, fields) => {
                self.push(name.as_deref().unwrap_or(""));
                // A record of one value without a name, as above.
                let lone = name.is_none() && matches!(fields.as_slice(), [(None, _)]);
                self.bracketed("(", if lone { ",)" } else { ")" }, |writer| {
                    writer.commas(fields, |writer, (field, value)| {
                        if let Some(field) = field {
                            writer.push(&field.text);
                            writer.push(": ");
                        }
                        writer.constant(&value.kind);
                    });
                });
            }
        }
    }

    pub(super) fn display(&mut self, value: impl std::fmt::Display) {
        // Writing to a String cannot fail.
        let _ = write!(self.out, "{value}");
    }

    /// An expression where only operators of at least precedence `least` may stand bare.
    pub(super) fn expr(&mut self, expr: &Expr, least: u8) {
        let mistakable = match &expr.kind {
            ExprKind::Aggregate(_) => self.in_aggregate,
            ExprKind::Call(name, _) => {
                self.in_bracketed_minimum && matches!(name.text.as_str(), "min" | "max")
            }
            _ => false,
        };
        if mistakable || precedence(&expr.kind) < least {
            return self.bracketed("(", ")", |writer| writer.expr_kind(&expr.kind));
        }
        self.expr_kind(&expr.kind);
    }

    fn expr_kind(&mut self, kind: &ExprKind) {
        match kind {
            ExprKind::Var(name) => self.push(name),
            ExprKind::Wildcard => self.push("_"),
            ExprKind::Const(kind) => self.constant(kind),
            ExprKind::Neg(operand) => {
                self.push("-");
                self.operand(operand, !starts_with_number_or_minus(operand));
            }
            ExprKind::Unary(op, operand) => {
                self.push(match op {
                    UnaryOp::Bnot => "bnot ",
                    UnaryOp::Lnot => "lnot ",
                });
                self.operand(operand, may_follow_word(operand));
            }
            ExprKind::Binary(op, left, right) => {
                let (left_least, right_least) = operand_precedences(*op);
                self.expr(left, left_least);
                self.push(" ");
                self.push(op.text());
                self.push(" ");
                self.expr(right, right_least);
            }
            ExprKind::Call(name, args) => {
                self.push(&name.text);
                self.bracketed("(", ")", |writer| writer.commas(args, Writer::argument));
            }
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate),
            ExprKind::List(items) => {
                self.bracketed("[", "]", |writer| writer.commas(items, Writer::argument));
            }
            ExprKind::Record(args) => self.record(args),
            ExprKind::Variant { name, dollar, args } => {
                if *dollar {
                    self.push("$");
                }
                self.push(&name.text);
                let bare = *dollar && matches!(args, Args::Positional(values) if values.is_empty());
                if !bare {
                    self.args(args);
                }
            }
            ExprKind::As(value, ty) => {
                self.push("as");
                self.bracketed("(", ")", |writer| {
                    writer.argument(value);
                    writer.push(", ");
                    writer.type_expr(ty);
                });
            }
        }
    }

    /// The operand of a sign, bare if it may be.
    fn operand(&mut self, operand: &Expr, bare: bool) {
        if bare {
            self.expr(operand, UNARY_PRECEDENCE);
        } else {
            self.bracketed("(", ")", |writer| writer.expr(operand, 0));
        }
    }

    /// An argument. What begins with a brace-less `count :` would read as a column.
    pub(super) fn argument(&mut self, value: &Expr) {
        if leftmost_is_bare_aggregate(value) {
            self.bracketed("(", ")", |writer| writer.expr(value, 0));
        } else {
            self.expr(value, 0);
        }
    }

    fn aggregate(&mut self, aggregate: &Aggregate) {
        self.push(match aggregate.op {
            AggregateOp::Count => "count",
            AggregateOp::Sum => "sum",
            AggregateOp::Min => "min",
            AggregateOp::Max => "max",
            AggregateOp::Mean => "mean",
            AggregateOp::List => "list",
            AggregateOp::Concat => "concat",
        });
        self.push(" ");
        if let Some(value) = &aggregate.arg {
            let outer = (self.in_aggregate, self.in_bracketed_minimum);
            let minimum = matches!(aggregate.op, AggregateOp::Min | AggregateOp::Max);
            (self.in_aggregate, self.in_bracketed_minimum) = (true, minimum && begins_with_bracket(value));
            self.expr(value, 0);
            (self.in_aggregate, self.in_bracketed_minimum) = outer;
            for extra in &aggregate.extra {
                self.push(", ");
                self.constant(&extra.kind);
            }
            self.push(" ");
        }
        self.push(": ");
        match bare_atom(&aggregate.body) {
            Some(atom) if !aggregate.braces => self.atom(atom),
            _ => self.bracketed("{ ", " }", |writer| writer.body(&aggregate.body)),
        }
    }

    pub(super) fn body(&mut self, body: &Body) {
        for (i, alternative) in body.alternatives.iter().enumerate() {
            if i > 0 {
                self.push(" ; ");
            }
            self.commas(alternative, Writer::literal);
        }
    }

    pub(super) fn literal(&mut self, literal: &Literal) {
        match &literal.kind {
            LiteralKind::Atom(atom) => self.atom(atom),
            LiteralKind::Not(inner) => {
                self.push("!");
                self.literal(inner);
            }
            LiteralKind::Group(body) => self.bracketed("(", ")", |writer| writer.body(body)),
            LiteralKind::Compare { op, left, right, possibly } => {
                let (open, close) = if *possibly { ("possibly(", ")") } else { ("", "") };
                self.bracketed(open, close, |writer| {
                    writer.expr(left, 0);
                    writer.push(" ");
                    writer.push(op.text());
                    writer.push(" ");
                    writer.expr(right, 0);
                });
            }
            LiteralKind::In(item, list) => {
                self.expr(item, 0);
                self.push(" in ");
                self.expr(list, 0);
            }
            LiteralKind::Test(op, left, right) => {
                self.push(match op {
                    TestOp::Match => "match",
                    TestOp::Contains => "contains",
                    TestOp::Within => "within",
                    TestOp::Overlaps => "overlaps",
                });
                self.bracketed("(", ")", |writer| writer.commas([left, right], Writer::argument));
            }
            LiteralKind::Bool(value) => self.display(value),
        }
    }

    pub(super) fn atom(&mut self, atom: &Atom) {
        self.push(&atom.name.text);
        self.args(&atom.args);
    }

    fn args(&mut self, args: &Args) {
        self.bracketed("(", ")", |writer| match args {
            Args::Positional(args) => writer.commas(args, Writer::argument),
            Args::Named(args) => writer.commas(args, Writer::named),
        });
    }

    /// A record of one value has a comma behind it, by which it is told from a bracket.
    fn record(&mut self, args: &Args) {
        match args {
            Args::Positional(values) if values.len() == 1 => self.bracketed("(", ",)", |writer| {
                writer.commas(values, Writer::argument);
            }),
            Args::Named(named) => self.bracketed("(", ")", |writer| {
                writer.commas(named.iter().enumerate(), |writer, (at, arg)| match &arg.value {
                    // `(count: f(x)` would read as the aggregate.
                    NamedValue::Is(value) if at == 0 && arg.name.text == "count" => {
                        writer.push("count: ");
                        let start = writer.out.len();
                        writer.argument(value);
                        if begins_with_call(writer.out.get(start..).unwrap_or("")) {
                            writer.out.insert(start, '(');
                            writer.push(")");
                        }
                    }
                    _ => writer.named(arg),
                });
            }),
            Args::Positional(_) => self.args(args),
        }
    }

    pub(super) fn named(&mut self, arg: &NamedArg) {
        self.push(&arg.name.text);
        match &arg.value {
            NamedValue::Pun => self.push(":"),
            NamedValue::Is(value) => {
                self.push(": ");
                self.argument(value);
            }
            NamedValue::Compare(op, value) => {
                self.push(" ");
                self.push(op.text());
                self.push(" ");
                self.argument(value);
            }
        }
    }
}

/// Whether a text begins with a name and a bracket behind it.
fn begins_with_call(text: &str) -> bool {
    let rest = text.trim_start_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '.'));
    rest.len() < text.len() && rest.trim_start().starts_with('(')
}

/// How tightly an expression holds together when it stands bare; 12 is a single thing.
fn precedence(kind: &ExprKind) -> u8 {
    match kind {
        ExprKind::Binary(op, _, _) => op.precedence(),
        ExprKind::Neg(_) | ExprKind::Unary(_, _) => UNARY_PRECEDENCE,
        ExprKind::Const(kind) if is_negative(kind) => UNARY_PRECEDENCE,
        // Before an operator these would read as the operator's word.
        ExprKind::Var(name) if matches!(name.as_str(), "bnot" | "lnot") => 0,
        _ => 12,
    }
}

fn is_negative(kind: &ConstKind) -> bool {
    match kind {
        ConstKind::Int(value) => *value < 0,
        ConstKind::Float(value) => value.is_sign_negative(),
        _ => false,
    }
}

/// Whether a minus before the operand would join its number, or make `--`.
fn starts_with_number_or_minus(operand: &Expr) -> bool {
    match &operand.kind {
        ExprKind::Const(kind) => matches!(kind, ConstKind::Int(_) | ConstKind::Float(_)),
        ExprKind::Neg(_) => true,
        _ => false,
    }
}

/// Whether the operand of `bnot` needs no bracket to be seen as one.
fn may_follow_word(operand: &Expr) -> bool {
    match &operand.kind {
        ExprKind::Const(kind) => matches!(kind, ConstKind::Int(_) | ConstKind::Float(_)),
        ExprKind::Call(name, _) => crate::syntax::datalog::Word::find(&name.text).is_none(),
        _ => false,
    }
}

/// What the left and the right operand must have at least to stand bare.
fn operand_precedences(op: BinaryOp) -> (u8, u8) {
    let own = op.precedence();
    if op == BinaryOp::Pow { (own + 1, own) } else { (own, own + 1) }
}

/// Whether the text of an aggregate's value begins with `(`.
fn begins_with_bracket(value: &Expr) -> bool {
    let mut value = value;
    let mut least = 0;
    while precedence(&value.kind) >= least {
        match &value.kind {
            ExprKind::Binary(op, left, _) => {
                least = operand_precedences(*op).0;
                value = left;
            }
            kind => return matches!(kind, ExprKind::Aggregate(_) | ExprKind::Record(_)),
        }
    }
    true
}

/// Whether the text of an expression begins with an aggregate that has no braces.
fn leftmost_is_bare_aggregate(expr: &Expr) -> bool {
    let mut expr = expr;
    loop {
        match &expr.kind {
            ExprKind::Binary(_, left, _) => expr = left,
            ExprKind::Aggregate(aggregate) => return !aggregate.braces,
            _ => return false,
        }
    }
}

/// The atom that a body consists of, if it is no more than that.
fn bare_atom(body: &Body) -> Option<&Atom> {
    match body.alternatives.as_slice() {
        [literals] => match literals.as_slice() {
            [Literal { kind: LiteralKind::Atom(atom), .. }] => Some(atom),
            _ => None,
        },
        _ => None,
    }
}
