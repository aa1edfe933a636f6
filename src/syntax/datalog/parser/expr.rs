//! Expressions, by precedence climbing, and aggregates.

use nom::Parser;
use nom::combinator::cut;

use super::clause::body_of;
use super::common::{constant, list, no_such_float, number, one_value, reserved, take_name};
use super::literal::{argument, atom, body, bracketed, compare_op, named_argument_begins, sort_args};
use super::recover::unexpected;
use crate::base::codes::syntax as codes;
use crate::base::{Diagnostic, Span};
use crate::syntax::datalog::ast::{
    Aggregate, AggregateOp, Args, BinaryOp, Const, ConstKind, Expr, ExprKind, UnaryOp,
};
use crate::syntax::datalog::input::{Parsed, Tokens};
use crate::syntax::datalog::token::{Sym, TokenKind, Word};

impl BinaryOp {
    /// How tightly the operator binds, as in Soufflé; higher is tighter.
    pub fn precedence(self) -> u8 {
        match self {
            BinaryOp::Lor => 1,
            BinaryOp::Lxor => 2,
            BinaryOp::Land => 3,
            BinaryOp::Bor => 4,
            BinaryOp::Bxor => 5,
            BinaryOp::Band => 6,
            BinaryOp::Bshl | BinaryOp::Bshr | BinaryOp::Bshru => 7,
            BinaryOp::Add | BinaryOp::Sub => 8,
            BinaryOp::Mul | BinaryOp::Div | BinaryOp::Rem => 9,
            BinaryOp::Pow => 11,
        }
    }

    /// As written.
    pub fn text(self) -> &'static str {
        match self {
            BinaryOp::Add => "+",
            BinaryOp::Sub => "-",
            BinaryOp::Mul => "*",
            BinaryOp::Div => "/",
            BinaryOp::Rem => "%",
            BinaryOp::Pow => "^",
            BinaryOp::Band => "band",
            BinaryOp::Bor => "bor",
            BinaryOp::Bxor => "bxor",
            BinaryOp::Bshl => "bshl",
            BinaryOp::Bshr => "bshr",
            BinaryOp::Bshru => "bshru",
            BinaryOp::Land => "land",
            BinaryOp::Lor => "lor",
            BinaryOp::Lxor => "lxor",
        }
    }
}

/// Precedence of a sign, `bnot` and `lnot`: between `*` and `^`.
pub(in crate::syntax::datalog) const UNARY_PRECEDENCE: u8 = 10;

/// The binary operator here.
pub(super) fn binary_op(input: Tokens<'_>) -> Option<BinaryOp> {
    match input.kind(0) {
        TokenKind::Sym(Sym::Plus) => Some(BinaryOp::Add),
        TokenKind::Sym(Sym::Minus) => Some(BinaryOp::Sub),
        TokenKind::Sym(Sym::Star) => Some(BinaryOp::Mul),
        TokenKind::Sym(Sym::Slash) => Some(BinaryOp::Div),
        TokenKind::Sym(Sym::Percent) => Some(BinaryOp::Rem),
        TokenKind::Sym(Sym::Caret) => Some(BinaryOp::Pow),
        TokenKind::Ident => match input.text(0) {
            "band" => Some(BinaryOp::Band),
            "bor" => Some(BinaryOp::Bor),
            "bxor" => Some(BinaryOp::Bxor),
            "bshl" => Some(BinaryOp::Bshl),
            "bshr" => Some(BinaryOp::Bshr),
            "bshru" => Some(BinaryOp::Bshru),
            "land" => Some(BinaryOp::Land),
            "lor" => Some(BinaryOp::Lor),
            "lxor" => Some(BinaryOp::Lxor),
            _ => None,
        },
        _ => None,
    }
}

/// An expression.
pub(super) fn expr(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let before = input.measure();
    let (rest, expr) = climb(input, 0)?;
    rest.measured(before);
    Ok((rest, expr))
}

/// Operators that bind at least as tightly as `least`.
fn climb(input: Tokens<'_>, least: u8) -> Parsed<'_, Expr> {
    let (mut input, mut left) = unary(input)?;
    while let Some(op) = binary_op(input).filter(|op| op.precedence() >= least) {
        let operand = input.skip(1);
        let (rest, right) = if op == BinaryOp::Pow {
            operand.nested(|input| cut(|input| climb(input, op.precedence())).parse(input))?
        } else {
            cut(|input| climb(input, op.precedence() + 1)).parse(operand)?
        };
        let span = left.span.to(right.span);
        rest.grown(left.span)?;
        left = Expr { kind: ExprKind::Binary(op, Box::new(left), Box::new(right)), span };
        input = rest;
    }
    Ok((input, left))
}

/// A sign or `bnot`, `lnot`, or none. A minus before a number belongs to the number unless a
/// power follows: `-2 ^ 2` is `-(2 ^ 2)`, as in Soufflé.
fn unary(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.span();
    let op = match input.kind(0) {
        TokenKind::Sym(Sym::Minus) => {
            let signed = matches!(input.kind(1), TokenKind::Int(_) | TokenKind::Float(_));
            if signed && !input.is(2, Sym::Caret) {
                let (rest, kind) = number(input.skip(1), true)?;
                return Ok((rest, Expr { kind: ExprKind::Const(kind), span: start.to(rest.previous()) }));
            }
            None
        }
        TokenKind::Ident if operand_begins(input.skip(1)) => match input.text(0) {
            "bnot" => Some(UnaryOp::Bnot),
            "lnot" => Some(UnaryOp::Lnot),
            _ => return primary(input),
        },
        _ => return primary(input),
    };
    let (rest, operand) =
        input.skip(1).nested(|input| cut(|input| climb(input, UNARY_PRECEDENCE)).parse(input))?;
    let span = start.to(operand.span);
    rest.grown(start)?;
    let operand = Box::new(operand);
    let kind = match op {
        Some(op) => ExprKind::Unary(op, operand),
        None => ExprKind::Neg(operand),
    };
    Ok((rest, Expr { kind, span }))
}

/// Whether an operand of `bnot` begins here, so that it is not a variable's name.
fn operand_begins(input: Tokens<'_>) -> bool {
    match input.kind(0) {
        TokenKind::Sym(sym) => matches!(sym, Sym::OpenParen | Sym::Minus),
        TokenKind::Ident => binary_op(input).is_none(),
        TokenKind::Int(_) | TokenKind::Float(_) => true,
        _ => false,
    }
}

fn primary(input: Tokens<'_>) -> Parsed<'_, Expr> {
    let start = input.span();
    let (rest, kind) = primary_kind(input)?;
    Ok((rest, Expr { kind, span: start.to(rest.previous()) }))
}

fn primary_kind(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    const WHAT: &str = "a value";
    let simple = |kind| Ok((input.skip(1), ExprKind::Const(kind)));
    match input.kind(0) {
        TokenKind::Int(_) | TokenKind::Float(_) => {
            let (rest, kind) = number(input, false)?;
            Ok((rest, ExprKind::Const(kind)))
        }
        TokenKind::Text(text) => simple(ConstKind::String(text.clone())),
        TokenKind::Date(text) => simple(ConstKind::Date(text.clone())),
        TokenKind::Ident => identifier(input),
        TokenKind::Reserved(word) => match word {
            Word::True => simple(ConstKind::Bool(true)),
            Word::False => simple(ConstKind::Bool(false)),
            Word::Nil => simple(ConstKind::Nil),
            Word::Min | Word::Max if input.is(1, Sym::OpenParen) && !aggregate_ahead(input) => call(input),
            Word::Range if input.is(1, Sym::OpenParen) => call(input),
            Word::As if input.is(1, Sym::OpenParen) => cast(input),
            Word::Count => aggregate(input, AggregateOp::Count),
            Word::Sum => aggregate(input, AggregateOp::Sum),
            Word::Min => aggregate(input, AggregateOp::Min),
            Word::Max => aggregate(input, AggregateOp::Max),
            Word::Mean => aggregate(input, AggregateOp::Mean),
            Word::List => aggregate(input, AggregateOp::List),
            Word::Concat => aggregate(input, AggregateOp::Concat),
            Word::Match | Word::Contains | Word::Within | Word::Overlaps if input.is(1, Sym::OpenParen) => {
                input.fail(
                    Diagnostic::new(
                        codes::UNEXPECTED,
                        format!("`{}(…)` is a condition and has no value", word.text()),
                    )
                    .at(input.span()),
                )
            }
            _ => input.fail(reserved(input.span(), *word, WHAT)),
        },
        TokenKind::Sym(Sym::OpenParen) => parenthesis(input),
        TokenKind::Sym(Sym::OpenBracket) => {
            let before = input.measure();
            let (rest, items) = list(Sym::OpenBracket, "`[`", expr)(input)?;
            rest.grown(input.span())?;
            rest.measured(before);
            Ok((rest, ExprKind::List(items)))
        }
        TokenKind::Sym(Sym::Dollar) => constructor(input),
        TokenKind::Sym(Sym::Dot) if matches!(input.kind(1), TokenKind::Int(_)) && input.touches_next(0) => {
            input.fail(
                Diagnostic::new(codes::BAD_NUMBER, "a digit must stand on each side of a decimal point")
                    .at(input.span().to(input.token(1).span))
                    .fix(input.span(), "0.", format!("write `0.{}`", input.text(1)))
                    .safe(),
            )
        }
        TokenKind::Bad => {
            input.source().lose_item();
            Ok((input.skip(1), ExprKind::Wildcard))
        }
        _ => input.expected(WHAT),
    }
}

fn identifier(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let text = input.text(0);
    let rest = input.skip(1);
    match text {
        "_" => Ok((rest, ExprKind::Wildcard)),
        "None" => Ok((rest, ExprKind::Const(ConstKind::Nil))),
        "NaN" => input.fail(no_such_float(input.span())),
        "Some" if input.is(1, Sym::OpenParen) => {
            let (rest, mut values) = list(Sym::OpenParen, "`(`", expr)(rest)?;
            match values.pop().filter(|_| values.is_empty()) {
                Some(value) => Ok((rest, value.kind)),
                None => input.fail(one_value(input.span().to(rest.previous()))),
            }
        }
        _ if input.is(1, Sym::OpenParen) => call(input),
        _ if text.starts_with(char::is_uppercase) => {
            Ok((rest, ExprKind::Const(ConstKind::Name(text.to_owned()))))
        }
        _ => Ok((rest, ExprKind::Var(text.to_owned()))),
    }
}

/// `functor "(" … ")"`; with named arguments it is the variant of an algebraic type.
fn call(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let (rest, name) = take_name(input);
    let (rest, args) = arguments(rest, name.span)?;
    let kind = match args {
        Args::Positional(values) => ExprKind::Call(name, values),
        named => ExprKind::Variant { name, dollar: false, args: named },
    };
    Ok((rest, kind))
}

/// Named or positional arguments in brackets, of what begins at `start`.
fn arguments<'a>(input: Tokens<'a>, start: Span) -> Parsed<'a, Args> {
    let before = input.measure();
    let (rest, args) = list(Sym::OpenParen, "`(`", argument)(input)?;
    rest.grown(start)?;
    rest.measured(before);
    let args = sort_args(rest, args, start.to(rest.previous()));
    Ok((rest, args))
}

/// `(expr)`, or a record as RON writes it: `(x: 1, y: 2)`, `(1, 2)`, `(1,)`.
fn parenthesis(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let inner = input.skip(1);
    // `(count : A(x))` is the aggregate, as it stands in brackets where it is an argument.
    let counts = inner.is_word(Word::Count)
        && inner.is(1, Sym::Colon)
        && inner.is_name(2)
        && (inner.is(3, Sym::OpenParen) || inner.joins_names(3));
    if named_argument_begins(inner) && !counts {
        let (rest, args) = arguments(input, input.span())?;
        return Ok((rest, ExprKind::Record(args)));
    }
    let before = input.measure();
    let (rest, (mut values, record)) = bracketed(input, Sym::OpenParen, |input| {
        let (mut input, value) = cut(expr).parse(input)?;
        let record = input.is(0, Sym::Comma);
        let mut values = vec![value];
        while input.is(0, Sym::Comma) {
            input = input.skip(1);
            if input.is(0, Sym::CloseParen) {
                break;
            }
            let (rest, value) = cut(expr).parse(input)?;
            values.push(value);
            input = rest;
        }
        Ok((input, (values, record)))
    })?;
    if !record && let Some(value) = values.pop() {
        rest.measured(before);
        return Ok((rest, value.kind));
    }
    rest.grown(input.span())?;
    rest.measured(before);
    Ok((rest, ExprKind::Record(Args::Positional(values))))
}

/// `"$" id ["(" … ")"]`
fn constructor(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let rest = input.skip(1);
    if !rest.is_name(0) {
        return rest.expected("a constructor's name behind `$`");
    }
    let (rest, name) = take_name(rest);
    let (rest, args) = if rest.is(0, Sym::OpenParen) {
        arguments(rest, name.span)?
    } else {
        (rest, Args::Positional(Vec::new()))
    };
    Ok((rest, ExprKind::Variant { name, dollar: true, args }))
}

/// `"as" "(" expr "," type ")"`
fn cast(input: Tokens<'_>) -> Parsed<'_, ExprKind> {
    let before = input.measure();
    let (rest, kind) = bracketed(input.skip(1), Sym::OpenParen, |input| {
        let (rest, value) = cut(expr).parse(input)?;
        if !rest.is(0, Sym::Comma) {
            return rest.expected("`,` and a type");
        }
        let (rest, ty) = super::declaration::type_expr(rest.skip(1))?;
        Ok((rest, ExprKind::As(Box::new(value), ty)))
    })?;
    rest.grown(input.span())?;
    rest.measured(before);
    Ok((rest, kind))
}

/// Whether `min (…) … :` is ahead, an aggregate whose value begins with a bracket. In the value
/// of another aggregate the colon is that one's.
fn aggregate_ahead(input: Tokens<'_>) -> bool {
    if input.source().in_aggregate.get() {
        return false;
    }
    let mut ahead = 1;
    loop {
        let here = input.skip(ahead);
        match here.kind(0) {
            TokenKind::Sym(Sym::Colon) => return true,
            TokenKind::Sym(sym) if sym.closing().is_some() => match here.closed_ahead(0) {
                Some(closing) => ahead += closing + 1,
                None => return false,
            },
            TokenKind::Sym(_) if binary_op(here).is_none() || compare_op(here).is_some() => return false,
            TokenKind::End | TokenKind::Directive => return false,
            // A colon ahead belongs to the aggregate that begins here, be it another `min (…)`, or
            // to the condition.
            TokenKind::Reserved(word) => match word {
                Word::True | Word::False | Word::Nil => ahead += 1,
                Word::Range | Word::As => ahead += 1,
                _ => return false,
            },
            _ => ahead += 1,
        }
    }
}

/// `op [expr {"," const}] ":" ( "{" body "}" | atom )`
fn aggregate(input: Tokens<'_>, op: AggregateOp) -> Parsed<'_, ExprKind> {
    let start = input.span();
    let word = input.text(0);
    let before = input.measure();
    let (rest, aggregate) = input.skip(1).nested(|input| {
        let (input, arg, extra) = match input.kind(0) {
            TokenKind::Sym(Sym::Colon | Sym::OpenBrace) => (input, None, Vec::new()),
            _ => aggregate_value(input, op, word)?.1,
        };
        if arg.is_none() && op != AggregateOp::Count {
            input.source().report(
                Diagnostic::new(codes::AGGREGATE_FORM, format!("`{word}` needs a value"))
                    .labelled(start, "of what?")
                    .help(format!("write `{word} x : {{ … }}` with a variable of the body")),
            );
            input.source().lose_item();
        }
        let (input, ()) = aggregate_colon(input, word)?;
        let (input, body, braces) = if input.is(0, Sym::OpenBrace) {
            let (input, body) = bracketed(input, Sym::OpenBrace, body)?;
            (input, body, true)
        } else if input.is_name(0) {
            let (input, atom) = cut(atom).parse(input)?;
            (input, body_of(atom), false)
        } else {
            return input.fail(unexpected(input, "`{` or an atom behind the aggregate's colon"));
        };
        Ok((input, Aggregate { op, arg, extra, body, braces }))
    })?;
    rest.grown(start)?;
    rest.measured(before);
    Ok((rest, ExprKind::Aggregate(Box::new(aggregate))))
}

type Value<'a> = (Tokens<'a>, Option<Expr>, Vec<Const>);

/// The value of an aggregate, with the separator of `concat`.
fn aggregate_value<'a>(input: Tokens<'a>, op: AggregateOp, word: &str) -> Parsed<'a, Value<'a>> {
    let starts_value = match input.kind(0) {
        TokenKind::Sym(sym) => matches!(sym, Sym::OpenParen | Sym::OpenBracket | Sym::Minus | Sym::Dollar),
        TokenKind::End | TokenKind::Directive => false,
        _ => true,
    };
    if !starts_value {
        return input.fail(form(input.span(), word));
    }
    let outer = input.source().in_aggregate.replace(true);
    let result = expr(input);
    input.source().in_aggregate.set(outer);
    let (mut input, value) = result?;
    let mut extra = Vec::new();
    while op == AggregateOp::Concat && input.is(0, Sym::Comma) {
        let (rest, value) = cut(constant).parse(input.skip(1))?;
        extra.push(value);
        input = rest;
    }
    Ok((input, (input, Some(value), extra)))
}

/// The colon before an aggregate's body; where only it is missing, that is reported.
fn aggregate_colon<'a>(input: Tokens<'a>, word: &str) -> Parsed<'a, ()> {
    if input.is(0, Sym::Colon) {
        return Ok((input.skip(1), ()));
    }
    if !input.is(0, Sym::OpenBrace) {
        return input.fail(form(input.span(), word));
    }
    let gap = input.previous().after();
    input.source().report(
        Diagnostic::new(codes::AGGREGATE_FORM, format!("a colon is missing behind `{word}`"))
            .labelled(gap, "`:` was due here")
            .fix(gap, " :", "write `:` before the brace")
            .safe(),
    );
    Ok((input, ()))
}

fn form(at: Span, word: &str) -> Diagnostic {
    let example = if word == "count" { "count : { … }" } else { "" };
    let value = format!("{word} x : {{ … }}");
    Diagnostic::new(codes::AGGREGATE_FORM, format!("`{word}` is not followed by `:` and a body"))
        .labelled(at, "`:` was due here")
        .help(match example {
            "" => format!("an aggregate is written `{value}`"),
            _ => format!("an aggregate is written `{example}` or `{value}`"),
        })
}
