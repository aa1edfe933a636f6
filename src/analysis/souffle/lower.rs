//! Clauses to rules of the model: names to ids, constants to values of the type that their place
//! asks for, records and branches to lists that are taken apart or put together.

use std::collections::HashMap;
use std::sync::Arc;

use super::ground::{self, Names};
use super::infer::Typing;
use super::types::{FLOAT, Kind, NUMBER, SYMBOL, Ty};
use crate::analysis::types::builtin;
use crate::base::codes::{analysis as codes, souffle, syntax};
use crate::base::{Diagnostic, Span};
use crate::model::fixed::{FixedOp, Width};
use crate::model::program::{Aggregate, Arg, Atom, Body, Expr, Functor, Literal, Rule, Var, VarId};
use crate::model::{TypeId, Value};
use crate::syntax::souffle::ast::{self, AggregateOp, BinaryOp, Builtin, CompareOp, ExprKind, TestOp};

/// The value of `nil`. It is no list and equals no other value of a record.
pub const NIL: Value = Value::Bool(false);

pub(super) struct Lower<'a> {
    pub typing: Typing<'a>,
    /// Whether numbers have 64 bits.
    pub wide: bool,
    vars: Vec<Var>,
    ids: HashMap<Arc<str>, VarId>,
    pub diagnostics: &'a mut Vec<Diagnostic>,
}

/// Literals made on the way.
type Out = Vec<Literal>;

impl<'a> Lower<'a> {
    pub fn new(typing: Typing<'a>, wide: bool, diagnostics: &'a mut Vec<Diagnostic>) -> Self {
        Lower { typing, wide, vars: Vec::new(), ids: HashMap::new(), diagnostics }
    }

    /// The rule of a clause whose variables all have a value.
    /// `counters` are variables that get one elsewhere; their ids are returned.
    pub fn rule(
        mut self,
        head: &ast::Atom,
        body: &[ast::Literal],
        counters: &[Arc<str>],
        span: Span,
    ) -> Option<(Rule, Vec<VarId>)> {
        let relation = self.typing.relations.get(&head.name.text)?;
        let mut out = self.body(body, &counters.iter().cloned().collect());
        let mut args = Vec::new();
        for (arg, (_, ty)) in head.args.iter().zip(&relation.columns) {
            args.push(self.expr(arg, Some(*ty), &mut out));
        }
        let counters = counters.iter().map(|name| self.var(name, span)).collect();
        let rule = Rule {
            head: relation.pred,
            args,
            body: Body { alternatives: vec![out] },
            vars: self.vars,
            label: None,
            assume: Vec::new(),
            span,
        };
        Some((rule, counters))
    }

    /// The literals of a body in the scope of the variables `outer`.
    fn body(&mut self, body: &[ast::Literal], outer: &Names) -> Out {
        let mut out = Out::new();
        let mut bound = outer.clone();
        let mut equalities = Vec::new();
        for literal in body {
            match literal {
                ast::Literal::Atom(atom) => {
                    atom.args.iter().for_each(|arg| ground::bind_pattern(arg, &mut bound));
                    let atom = self.atom(atom, &mut out);
                    out.extend(atom.map(Literal::Atom));
                }
                ast::Literal::Compare(CompareOp::Eq, left, right, span) => {
                    equalities.push((left, right, *span));
                }
                _ => {}
            }
        }
        // Those whose sides are known first, so that it is known which side takes the other apart.
        while !equalities.is_empty() {
            let ready = equalities.iter().position(|(left, right, _)| {
                ground::is_ground(left, &bound) || ground::is_ground(right, &bound)
            });
            let (left, right, span) = equalities.remove(ready.unwrap_or(0));
            self.equal(left, right, span, &bound, &mut out);
            ground::unify(left, right, &mut bound);
        }
        for literal in body {
            self.condition(literal, &mut out);
        }
        out
    }

    /// Literals that bind nothing.
    fn condition(&mut self, literal: &ast::Literal, out: &mut Out) {
        match literal {
            ast::Literal::Compare(op, left, right, span) if *op != CompareOp::Eq => {
                let ty = self.common(left, right);
                let (left, right) = (self.expr(left, ty, out), self.expr(right, ty, out));
                // Unsigned numbers of 64 bits are held as signed ones.
                let flips = self.width(ty.unwrap_or(NUMBER)) == Some(Width::Unsigned64)
                    && !matches!(op, CompareOp::Ne);
                let flip = |side: Expr| match flips {
                    true => Expr::Call(Functor::Fixed(FixedOp::Flip, Width::Unsigned64), vec![side], *span),
                    false => side,
                };
                out.push(compare(*op, flip(left), flip(right), *span));
            }
            ast::Literal::Test(op, left, right, span) => {
                let test = self.test(*op, left, right, *span, out);
                out.push(test);
            }
            ast::Literal::Not(inner, span) => {
                let mut body = Out::new();
                match &**inner {
                    // A pattern that is none does not fail to match either.
                    ast::Literal::Test(TestOp::Match, left, right, _) => {
                        let texts = [left, right].map(|text| self.expr(text, Some(SYMBOL), out));
                        let found = fixed(FixedOp::Match, Width::Signed32, texts.to_vec(), *span);
                        return out.push(compare(CompareOp::Eq, Expr::Const(Value::Number(0)), found, *span));
                    }
                    ast::Literal::Atom(atom) => {
                        let atom = self.atom(atom, &mut body);
                        body.extend(atom.map(Literal::Atom));
                    }
                    ast::Literal::Test(op, left, right, span) => {
                        let test = self.test(*op, left, right, *span, &mut body);
                        body.push(test);
                    }
                    _ => {}
                }
                out.push(Literal::Not(Body { alternatives: vec![body] }, *span));
            }
            ast::Literal::Bool(value) => out.push(Literal::Bool(*value)),
            _ => {}
        }
    }

    fn test(
        &mut self,
        op: TestOp,
        left: &ast::Expr,
        right: &ast::Expr,
        span: Span,
        out: &mut Out,
    ) -> Literal {
        let (left, right) = (self.expr(left, Some(SYMBOL), out), self.expr(right, Some(SYMBOL), out));
        match op {
            // A pattern that is none matches nothing.
            TestOp::Match => {
                let found = fixed(FixedOp::Match, Width::Signed32, vec![left, right], span);
                compare(CompareOp::Eq, Expr::Const(Value::Number(1)), found, span)
            }
            _ => Literal::Test { op, left, right, span },
        }
    }

    fn atom(&mut self, atom: &ast::Atom, out: &mut Out) -> Option<Atom> {
        let relation = self.typing.relations.get(&atom.name.text)?;
        let mut args = Vec::with_capacity(atom.args.len());
        for (arg, (_, ty)) in atom.args.iter().zip(&relation.columns) {
            args.push(match &arg.kind {
                ExprKind::Wildcard => Arg::Any,
                _ if is_pattern(arg) && self.constant(arg, *ty).is_none() => {
                    let whole = self.fresh("record", *ty, arg.span);
                    self.take_apart(Expr::Var(whole), arg, *ty, out);
                    Arg::Is(Expr::Var(whole))
                }
                _ => Arg::Is(self.expr(arg, Some(*ty), out)),
            });
        }
        Some(Atom { pred: relation.pred, args, span: atom.span })
    }

    fn equal(&mut self, left: &ast::Expr, right: &ast::Expr, span: Span, bound: &Names, out: &mut Out) {
        if let (ExprKind::Record(a), ExprKind::Record(b)) = (&left.kind, &right.kind)
            && a.len() == b.len()
        {
            for (a, b) in a.iter().zip(b) {
                if !matches!(a.kind, ExprKind::Wildcard) && !matches!(b.kind, ExprKind::Wildcard) {
                    self.equal(a, b, span, bound, out);
                }
            }
            return;
        }
        let ty = self.common(left, right);
        // `_ = e` asks that there is a value.
        for (any, value) in [(left, right), (right, left)] {
            if matches!(any.kind, ExprKind::Wildcard) && !matches!(value.kind, ExprKind::Wildcard) {
                let var = self.fresh("any", ty.unwrap_or(NUMBER), any.span);
                let value = self.expr(value, ty, out);
                return out.push(compare(CompareOp::Eq, Expr::Var(var), value, span));
            }
        }
        for (pattern, value) in [(left, right), (right, left)] {
            let taken_apart =
                is_pattern(pattern) && !ground::is_ground(pattern, bound) && ground::is_ground(value, bound);
            if let (true, Some(ty)) = (taken_apart, ty) {
                let whole = match self.expr(value, Some(ty), out) {
                    Expr::Var(var) => Expr::Var(var),
                    other => {
                        let var = self.fresh("record", ty, value.span);
                        out.push(compare(CompareOp::Eq, Expr::Var(var), other, span));
                        Expr::Var(var)
                    }
                };
                return self.take_apart(whole, pattern, ty, out);
            }
        }
        let (left, right) = (self.expr(left, ty, out), self.expr(right, ty, out));
        out.push(compare(CompareOp::Eq, left, right, span));
    }

    /// The type of both sides of a comparison.
    fn common(&self, left: &ast::Expr, right: &ast::Expr) -> Option<Ty> {
        self.typing.type_of(left).or_else(|| self.typing.type_of(right))
    }

    /// Says of the parts of `whole` what `pattern` says of them.
    fn take_apart(&mut self, whole: Expr, pattern: &ast::Expr, ty: Ty, out: &mut Out) {
        let span = pattern.span;
        let types = self.typing.types;
        let (args, fields, first): (&[ast::Expr], Vec<Ty>, usize) = match &pattern.kind {
            ExprKind::Record(args) => match types.fields(ty) {
                Some(fields) => (args, fields.iter().map(|(_, ty)| *ty).collect(), 0),
                None => return,
            },
            ExprKind::Branch(name, args) => match types.branch(&name.text) {
                Some((ty, tag, fields)) => {
                    let tag = Expr::Const(Value::Number(tag as i64));
                    if types.is_enum(ty) {
                        return out.push(compare(CompareOp::Eq, whole, tag, span));
                    }
                    out.push(compare(CompareOp::Eq, tag, item(&whole, 0, span), span));
                    (args, fields.to_vec(), 1)
                }
                None => return,
            },
            _ => return,
        };
        if first == 0 && args.iter().all(|arg| matches!(arg.kind, ExprKind::Wildcard)) {
            out.push(compare(CompareOp::Ne, whole.clone(), Expr::Const(NIL), span));
        }
        for ((at, arg), ty) in args.iter().enumerate().zip(fields) {
            let part = item(&whole, first + at, span);
            match &arg.kind {
                ExprKind::Wildcard => {}
                _ if is_pattern(arg) && self.constant(arg, ty).is_none() => {
                    let var = self.fresh("record", ty, arg.span);
                    out.push(compare(CompareOp::Eq, Expr::Var(var), part, span));
                    self.take_apart(Expr::Var(var), arg, ty, out);
                }
                _ => {
                    let value = self.expr(arg, Some(ty), out);
                    out.push(compare(CompareOp::Eq, value, part, span));
                }
            }
        }
    }

    /// An expression where a value of type `expected` is due. What cannot stand within an expression
    /// goes to `out`.
    fn expr(&mut self, expr: &ast::Expr, expected: Option<Ty>, out: &mut Out) -> Expr {
        let span = expr.span;
        let ty = self.typing.type_of(expr).or(expected).unwrap_or(NUMBER);
        if let Some(value) = self.constant(expr, expected.unwrap_or(ty)) {
            return Expr::Const(value);
        }
        match &expr.kind {
            ExprKind::Var(name) => Expr::Var(self.var(name, span)),
            ExprKind::Record(args) => {
                let fields = self.typing.types.fields(expected.unwrap_or(ty)).unwrap_or(&[]);
                let args = args.iter().enumerate();
                Expr::List(args.map(|(at, arg)| self.expr(arg, fields.get(at).map(|f| f.1), out)).collect())
            }
            ExprKind::Branch(name, args) => {
                let Some((ty, tag, fields)) = self.typing.types.branch(&name.text) else {
                    return Expr::Const(NIL);
                };
                let tag = Expr::Const(Value::Number(tag as i64));
                if self.typing.types.is_enum(ty) {
                    return tag;
                }
                let mut items = vec![tag];
                for (arg, ty) in args.iter().zip(fields) {
                    items.push(self.expr(arg, Some(*ty), out));
                }
                Expr::List(items)
            }
            ExprKind::Cast(arg, _) => {
                let from = self.typing.type_of(arg).unwrap_or(ty);
                let value = self.expr(arg, Some(from), out);
                match (self.width(from), self.width(ty)) {
                    (Some(a), Some(b)) if a != b => fixed(FixedOp::Cast(b), a, vec![value], span),
                    _ => value,
                }
            }
            ExprKind::Binary(op, left, right) => {
                let ty = self.typing.primitive(self.common(left, right).or(expected).unwrap_or(NUMBER));
                let args = vec![self.expr(left, Some(ty), out), self.expr(right, Some(ty), out)];
                if self.typing.types.kind(ty) == Kind::Symbol {
                    return Expr::Call(Functor::Cat, args, span);
                }
                let width = self.width(ty).unwrap_or(self.narrow(Kind::Number));
                fixed(binary(*op), width, args, span)
            }
            ExprKind::Call(functor, args) => self.call(*functor, args, ty, span, out),
            ExprKind::Aggregate(aggregate) => self.aggregate(aggregate, ty, span, out),
            ExprKind::User(name, _) => {
                let message = format!("the functor `@{}` is user-defined, which is not supported", name.text);
                self.diagnostics.push(
                    Diagnostic::new(souffle::UNSUPPORTED, message)
                        .at(span)
                        .help("user-defined functors are compiled C++ code; write it as rules"),
                );
                Expr::Const(NIL)
            }
            ExprKind::Wildcard => {
                let message = "`_` stands where a value is needed";
                self.diagnostics.push(Diagnostic::new(codes::MISPLACED_WILDCARD, message).at(span));
                Expr::Const(NIL)
            }
            // `constant` has had these; what is left is a number that does not fit.
            ExprKind::Number(text) | ExprKind::Unsigned(text) | ExprKind::Float(text) => {
                let name = self.typing.types.name(self.typing.primitive(expected.unwrap_or(ty)));
                let message = format!("`{text}` is no `{name}`, or does not fit one");
                self.diagnostics.push(Diagnostic::new(syntax::BAD_NUMBER, message).at(span));
                Expr::Const(NIL)
            }
            // Variables have taken the place of counters.
            ExprKind::Text(_) | ExprKind::Nil | ExprKind::Counter | ExprKind::Iteration => Expr::Const(NIL),
        }
    }

    fn call(&mut self, functor: Builtin, args: &[ast::Expr], ty: Ty, span: Span, out: &mut Out) -> Expr {
        let of_arg = args.iter().find_map(|arg| self.typing.type_of(arg));
        let from = of_arg.unwrap_or(NUMBER);
        let from_width = self.width(from).unwrap_or(self.narrow(Kind::Number));
        let unsigned = self.narrow(Kind::Unsigned);
        let signed = self.narrow(Kind::Number);
        let float = self.narrow(Kind::Float);
        let (types, op, width): (Vec<Ty>, FixedOp, Width) = match functor {
            Builtin::Cat => {
                let args = args.iter().map(|arg| self.expr(arg, Some(SYMBOL), out)).collect();
                return Expr::Call(Functor::Cat, args, span);
            }
            Builtin::Range => return self.range(args, ty, span, out),
            Builtin::Ord => (vec![from], FixedOp::Ord, from_width),
            Builtin::Strlen => (vec![SYMBOL], FixedOp::Strlen, signed),
            Builtin::Substr => (vec![SYMBOL, NUMBER, NUMBER], FixedOp::Substr, signed),
            Builtin::ToNumber => (vec![from], FixedOp::Convert(signed), from_width),
            Builtin::ToUnsigned => (vec![from], FixedOp::Convert(unsigned), from_width),
            Builtin::ToFloat => (vec![from], FixedOp::Convert(float), from_width),
            Builtin::ToString => (vec![from], FixedOp::ToString, from_width),
            Builtin::Neg | Builtin::Bnot | Builtin::Lnot => {
                let op = match functor {
                    Builtin::Neg => FixedOp::Neg,
                    Builtin::Bnot => FixedOp::Bnot,
                    _ => FixedOp::Lnot,
                };
                (vec![ty], op, self.width(ty).unwrap_or(signed))
            }
            Builtin::Min | Builtin::Max => {
                let mut lowered = Vec::new();
                for arg in args {
                    lowered.push(self.expr(arg, Some(ty), out));
                }
                let min = functor == Builtin::Min;
                if self.width(ty) == Some(Width::Unsigned64) {
                    let op = if min { FixedOp::Min } else { FixedOp::Max };
                    let pair = |a, b| fixed(op, Width::Unsigned64, vec![a, b], span);
                    return lowered.into_iter().reduce(pair).unwrap_or(Expr::Const(NIL));
                }
                return Expr::Call(if min { Functor::Min } else { Functor::Max }, lowered, span);
            }
        };
        if args.len() != types.len() {
            let message = format!("this functor takes {} arguments, not {}", types.len(), args.len());
            self.diagnostics.push(Diagnostic::new(codes::FUNCTOR_ARITY, message).at(span));
            return Expr::Const(NIL);
        }
        let args = args.iter().zip(types).map(|(arg, ty)| self.expr(arg, Some(ty), out)).collect();
        fixed(op, width, args, span)
    }

    /// `range(a, b)` has several values: a variable goes through them.
    fn range(&mut self, args: &[ast::Expr], ty: Ty, span: Span, out: &mut Out) -> Expr {
        let ty = self.typing.primitive(ty);
        let args: Vec<Expr> = args.iter().map(|arg| self.expr(arg, Some(ty), out)).collect();
        let width = self.width(ty).unwrap_or(self.narrow(Kind::Number));
        let list = match width {
            Width::Float32 | Width::Float64 | Width::Unsigned64 => fixed(FixedOp::Range, width, args, span),
            _ => Expr::Call(Functor::Range, args, span),
        };
        let var = self.fresh("range", ty, span);
        out.push(Literal::In { item: Expr::Var(var), list, span });
        Expr::Var(var)
    }

    /// An aggregate stands alone: a variable receives its value.
    fn aggregate(&mut self, aggregate: &ast::Aggregate, ty: Ty, span: Span, out: &mut Out) -> Expr {
        let outer: Names = self.ids.keys().cloned().collect();
        let body = aggregate.body.first().map_or(&[][..], Vec::as_slice);
        let mut inner = self.body(body, &outer);
        let of = match aggregate.op {
            AggregateOp::Mean => FLOAT,
            _ => ty,
        };
        let arg = aggregate.arg.as_ref().map(|arg| self.expr(arg, Some(of), &mut inner));
        let width = self.width(of);
        let flips =
            width == Some(Width::Unsigned64) && matches!(aggregate.op, AggregateOp::Min | AggregateOp::Max);
        let flip = |value| fixed(FixedOp::Flip, Width::Unsigned64, vec![value], span);
        let arg = arg.map(|arg| if flips { flip(arg) } else { arg });
        let found = Expr::Aggregate(Box::new(Aggregate {
            op: aggregate.op,
            arg,
            separator: Arc::from(""),
            float: width.is_some_and(Width::is_float),
            wraps: true,
            body: Body { alternatives: vec![inner] },
            span,
        }));
        let result = self.fresh("aggregate", ty, span);
        out.push(compare(CompareOp::Eq, Expr::Var(result), found, span));
        let result = Expr::Var(result);
        match (aggregate.op, width) {
            _ if flips => flip(result),
            // What the engine adds up exactly wraps around here.
            (AggregateOp::Sum | AggregateOp::Mean, Some(width))
                if !matches!(width, Width::Signed64 | Width::Unsigned64 | Width::Float64) =>
            {
                let from = if width.is_float() { Width::Float64 } else { Width::Signed64 };
                fixed(FixedOp::Convert(width), from, vec![result], span)
            }
            _ => result,
        }
    }

    /// The value of a constant where a value of type `ty` is due.
    pub fn constant(&self, expr: &ast::Expr, ty: Ty) -> Option<Value> {
        Some(match &expr.kind {
            ExprKind::Text(text) => Value::Symbol(Arc::clone(text)),
            ExprKind::Number(text) | ExprKind::Unsigned(text) | ExprKind::Float(text) => {
                let ty = match &expr.kind {
                    ExprKind::Unsigned(_) => super::types::UNSIGNED,
                    ExprKind::Float(_) => FLOAT,
                    _ => ty,
                };
                self.width(ty)?.parse(text)?
            }
            ExprKind::Nil => NIL,
            ExprKind::Record(args) => {
                let fields = self.typing.types.fields(ty)?;
                if fields.len() != args.len() {
                    return None;
                }
                let items = args.iter().zip(fields).map(|(arg, (_, ty))| self.constant(arg, *ty));
                Value::list(items.collect::<Option<Vec<_>>>()?)
            }
            ExprKind::Branch(name, args) => {
                let (ty, tag, fields) = self.typing.types.branch(&name.text)?;
                let tag = Value::Number(tag as i64);
                if fields.len() != args.len() {
                    return None;
                }
                if self.typing.types.is_enum(ty) {
                    return Some(tag);
                }
                let parts = args.iter().zip(fields).map(|(arg, ty)| self.constant(arg, *ty));
                let items: Option<Vec<Value>> = std::iter::once(Some(tag)).chain(parts).collect();
                Value::list(items?)
            }
            _ => return None,
        })
    }

    fn var(&mut self, name: &Arc<str>, span: Span) -> VarId {
        if let Some(id) = self.ids.get(name) {
            return *id;
        }
        let ty = self.typing.vars.get(name).copied().unwrap_or(NUMBER);
        let shown = name.split('@').next().unwrap_or("").into();
        let id = self.declare(shown, ty, span);
        self.ids.insert(Arc::clone(name), id);
        id
    }

    /// A variable that nobody wrote; such names begin with a digit.
    fn fresh(&mut self, like: &str, ty: Ty, span: Span) -> VarId {
        self.declare(format!("0{like}").into(), ty, span)
    }

    fn declare(&mut self, name: Arc<str>, ty: Ty, span: Span) -> VarId {
        let ty = model_type(self.typing.types.kind(ty));
        self.vars.push(Var { name, ty, optional: false, span });
        VarId(self.vars.len() as u32 - 1)
    }

    /// The kind of number that a type's values are, if they are numbers.
    pub fn width(&self, ty: Ty) -> Option<Width> {
        let kind = self.typing.types.kind(ty);
        matches!(kind, Kind::Number | Kind::Unsigned | Kind::Float).then(|| self.narrow(kind))
    }

    fn narrow(&self, kind: Kind) -> Width {
        width(kind, self.wide)
    }
}

/// How numbers of a kind are held.
pub fn width(kind: Kind, wide: bool) -> Width {
    match (kind, wide) {
        (Kind::Unsigned, false) => Width::Unsigned32,
        (Kind::Unsigned, true) => Width::Unsigned64,
        (Kind::Float, false) => Width::Float32,
        (Kind::Float, true) => Width::Float64,
        (_, false) => Width::Signed32,
        (_, true) => Width::Signed64,
    }
}

pub(super) fn model_type(kind: Kind) -> TypeId {
    match kind {
        Kind::Number | Kind::Unsigned => builtin::NUMBER,
        Kind::Float => builtin::FLOAT,
        Kind::Symbol | Kind::Record | Kind::Adt => builtin::SYMBOL,
    }
}

fn is_pattern(expr: &ast::Expr) -> bool {
    matches!(expr.kind, ExprKind::Record(_) | ExprKind::Branch(..))
}

fn compare(op: CompareOp, left: Expr, right: Expr, span: Span) -> Literal {
    Literal::Compare { op, left, right, possibly: false, span }
}

fn fixed(op: FixedOp, width: Width, args: Vec<Expr>, span: Span) -> Expr {
    Expr::Call(Functor::Fixed(op, width), args, span)
}

fn item(whole: &Expr, at: usize, span: Span) -> Expr {
    fixed(FixedOp::Item(at.min(usize::from(u16::MAX)) as u16), Width::Signed32, vec![whole.clone()], span)
}

fn binary(op: BinaryOp) -> FixedOp {
    match op {
        BinaryOp::Add => FixedOp::Add,
        BinaryOp::Sub => FixedOp::Sub,
        BinaryOp::Mul => FixedOp::Mul,
        BinaryOp::Div => FixedOp::Div,
        BinaryOp::Rem => FixedOp::Rem,
        BinaryOp::Pow => FixedOp::Pow,
        BinaryOp::Band => FixedOp::Band,
        BinaryOp::Bor => FixedOp::Bor,
        BinaryOp::Bxor => FixedOp::Bxor,
        BinaryOp::Bshl => FixedOp::Bshl,
        BinaryOp::Bshr => FixedOp::Bshr,
        BinaryOp::Bshru => FixedOp::Bshru,
        BinaryOp::Land => FixedOp::Land,
        BinaryOp::Lor => FixedOp::Lor,
        BinaryOp::Lxor => FixedOp::Lxor,
    }
}
