//! Arguments, by precedence climbing.

use std::sync::Arc;

use super::{Kind, Mistake, Parser, Read, join};
use crate::base::Diagnostic;
use crate::base::codes::syntax as codes;
use crate::syntax::souffle::ast::*;

/// Operators between two arguments with how strongly they bind. All of them group to the left but
/// `^`.
const OPERATORS: &[(&str, BinaryOp, u8)] = &[
    ("lor", BinaryOp::Lor, 1),
    ("lxor", BinaryOp::Lxor, 2),
    ("land", BinaryOp::Land, 3),
    ("bor", BinaryOp::Bor, 4),
    ("bxor", BinaryOp::Bxor, 5),
    ("band", BinaryOp::Band, 6),
    ("bshl", BinaryOp::Bshl, 7),
    ("bshr", BinaryOp::Bshr, 7),
    ("bshru", BinaryOp::Bshru, 7),
    ("+", BinaryOp::Add, 8),
    ("-", BinaryOp::Sub, 8),
    ("*", BinaryOp::Mul, 9),
    ("/", BinaryOp::Div, 9),
    ("%", BinaryOp::Rem, 9),
    ("^", BinaryOp::Pow, 11),
];
/// How strongly an operator with one operand binds.
const PREFIX: u8 = 10;
/// Operators in a row; what they make is as deep as that.
const MAX_CHAIN: usize = 256;

impl Parser<'_> {
    pub(super) fn expr(&mut self) -> Read<Expr> {
        self.binary(0)
    }

    fn binary(&mut self, least: u8) -> Read<Expr> {
        let left = self.unary()?;
        self.binary_behind(left, least)
    }

    /// What operators make of `left`, which has been read.
    fn binary_behind(&mut self, mut left: Expr, least: u8) -> Read<Expr> {
        let mut chain = 0;
        loop {
            let token = self.peek();
            let sign = match token.kind {
                Kind::Sign(sign) => sign,
                Kind::Word => &*token.text,
                _ => return Ok(left),
            };
            let found = OPERATORS.iter().find(|(text, ..)| *text == sign);
            let Some((_, op, binds)) = found.copied().filter(|(.., binds)| *binds >= least) else {
                return Ok(left);
            };
            chain += 1;
            if chain > MAX_CHAIN {
                let message = format!("more than {MAX_CHAIN} operators in a row");
                self.diagnostics.push(Diagnostic::new(codes::TOO_DEEP, message).at(token.span));
                return Err(Mistake);
            }
            self.at += 1;
            let right = if op == BinaryOp::Pow {
                self.nested(|parser| parser.binary(binds))?
            } else {
                self.binary(binds + 1)?
            };
            let span = join(left.span, right.span);
            left = Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span };
        }
    }

    fn unary(&mut self) -> Read<Expr> {
        let token = self.peek();
        let functor = match token.kind {
            Kind::Sign("-") => Builtin::Neg,
            Kind::Word if &*token.text == "bnot" => Builtin::Bnot,
            Kind::Word if &*token.text == "lnot" => Builtin::Lnot,
            _ => return self.primary(),
        };
        self.at += 1;
        let arg = self.nested(|parser| parser.binary(PREFIX))?;
        let span = join(token.span, arg.span);
        let negated = |text: &Arc<str>| -> Arc<str> { format!("-{text}").into() };
        let kind = match arg.kind {
            ExprKind::Number(text) if functor == Builtin::Neg && !text.starts_with('-') => {
                ExprKind::Number(negated(&text))
            }
            ExprKind::Float(text) if functor == Builtin::Neg && !text.starts_with('-') => {
                ExprKind::Float(negated(&text))
            }
            ExprKind::Unsigned(text) if functor == Builtin::Neg && !text.starts_with('-') => {
                ExprKind::Unsigned(negated(&text))
            }
            kind => ExprKind::Call(functor, vec![Expr { kind, span: arg.span }]),
        };
        Ok(Expr { kind, span })
    }

    fn primary(&mut self) -> Read<Expr> {
        let token = self.peek();
        let start = token.span;
        let text = || Arc::clone(&token.text);
        let simple = match token.kind {
            Kind::Text => Some(ExprKind::Text(text())),
            Kind::Number => Some(ExprKind::Number(text())),
            Kind::Unsigned => Some(ExprKind::Unsigned(text())),
            Kind::Float => Some(ExprKind::Float(text())),
            Kind::Sign("_") => Some(ExprKind::Wildcard),
            Kind::Word if &*token.text == "nil" => Some(ExprKind::Nil),
            _ => None,
        };
        if let Some(kind) = simple {
            self.at += 1;
            return Ok(Expr { kind, span: start });
        }
        let kind = match token.kind {
            Kind::Sign("(") => {
                self.at += 1;
                let inner = self.nested(Self::expr)?;
                self.expect(")")?;
                inner.kind
            }
            Kind::Sign("[") => ExprKind::Record(self.args("[", "]")?),
            Kind::Sign("$") => {
                self.at += 1;
                if self.peek().kind == Kind::Word && !super::KEYWORDS.contains(&&*self.peek().text) {
                    let name = self.qualified("the name of a branch")?;
                    let args = if self.peek().is("(") { self.args("(", ")")? } else { Vec::new() };
                    ExprKind::Branch(name, args)
                } else {
                    ExprKind::Counter
                }
            }
            Kind::Sign("@") => {
                self.at += 1;
                // Aggregates of one's own have two.
                self.eat("@");
                let name = self.name("the name of a functor")?;
                ExprKind::User(name, self.args("(", ")")?)
            }
            Kind::Word => return self.word(),
            _ => return Err(self.unexpected("an argument")),
        };
        Ok(Expr { kind, span: join(start, self.token(self.at - 1).span) })
    }

    fn args(&mut self, open: &str, close: &str) -> Read<Vec<Expr>> {
        self.nested(|parser| parser.list(open, close, Self::expr))
    }

    fn word(&mut self) -> Read<Expr> {
        let token = self.peek();
        let start = token.span;
        let functor = match &*token.text {
            "cat" => Builtin::Cat,
            "ord" => Builtin::Ord,
            "range" => Builtin::Range,
            "strlen" => Builtin::Strlen,
            "substr" => Builtin::Substr,
            "to_float" | "itof" | "utof" => Builtin::ToFloat,
            "to_number" | "utoi" | "ftoi" => Builtin::ToNumber,
            "to_string" => Builtin::ToString,
            "to_unsigned" | "itou" | "ftou" => Builtin::ToUnsigned,
            "autoinc" | "recursive_iteration_cnt" => {
                self.at += 1;
                let counter = &*token.text == "autoinc";
                self.expect("(")?;
                let span = join(start, self.expect(")")?);
                let kind = if counter { ExprKind::Counter } else { ExprKind::Iteration };
                return Ok(Expr { kind, span });
            }
            "as" => {
                self.at += 1;
                self.expect("(")?;
                let value = self.nested(Self::expr)?;
                self.expect(",")?;
                let ty = self.qualified("a type")?;
                let span = join(start, self.expect(")")?);
                return Ok(Expr { kind: ExprKind::Cast(Box::new(value), ty), span });
            }
            "count" => return self.aggregate(AggregateOp::Count),
            "sum" => return self.aggregate(AggregateOp::Sum),
            "mean" => return self.aggregate(AggregateOp::Mean),
            "min" => return self.aggregate(AggregateOp::Min),
            "max" => return self.aggregate(AggregateOp::Max),
            _ => {
                let name = self.name("an argument")?;
                return Ok(Expr { kind: ExprKind::Var(name.text.into()), span: start });
            }
        };
        self.at += 1;
        let args = self.args("(", ")")?;
        let span = join(start, self.token(self.at - 1).span);
        Ok(Expr { kind: ExprKind::Call(functor, args), span })
    }

    fn aggregate(&mut self, op: AggregateOp) -> Read<Expr> {
        let start = self.advance().span;
        let mut arg = None;
        if !self.peek().is(":") {
            let mut first = None;
            // `min(a, b)` is the functor; `min (a) + b : …` begins like it.
            if self.peek().is("(") && matches!(op, AggregateOp::Min | AggregateOp::Max) {
                let open = self.advance().span;
                let mut args = vec![self.nested(Self::expr)?];
                while self.eat(",") {
                    args.push(self.nested(Self::expr)?);
                }
                let close = self.expect(")")?;
                if args.len() > 1 {
                    let functor = if op == AggregateOp::Min { Builtin::Min } else { Builtin::Max };
                    return Ok(Expr { kind: ExprKind::Call(functor, args), span: join(start, close) });
                }
                first = args.pop().map(|only| Expr { span: join(open, close), ..only });
            }
            arg = Some(match first {
                Some(first) => self.binary_behind(first, 0)?,
                None => self.nested(Self::expr)?,
            });
        }
        if op == AggregateOp::Count && arg.is_some() || op != AggregateOp::Count && arg.is_none() {
            let message = match arg.is_some() {
                true => "`count` takes no argument before its colon",
                false => "this aggregate needs what it aggregates before its colon",
            };
            self.diagnostics.push(Diagnostic::new(codes::AGGREGATE_FORM, message).at(start));
            return Err(Mistake);
        }
        if !self.eat(":") {
            return Err(self.unexpected("`:`"));
        }
        let body = if self.eat("{") {
            let body = self.nested(Self::disjunction)?;
            self.expect("}")?;
            body
        } else {
            vec![vec![Literal::Atom(self.atom()?)]]
        };
        let span = join(start, self.token(self.at - 1).span);
        if body.len() > 1 {
            let message = "an aggregate's body has no alternatives";
            self.diagnostics.push(
                Diagnostic::new(codes::AGGREGATE_FORM, message)
                    .at(span)
                    .help("define a relation with the alternatives and aggregate over that"),
            );
            return Err(Mistake);
        }
        Ok(Expr { kind: ExprKind::Aggregate(Box::new(Aggregate { op, arg, body, shared: None })), span })
    }
}
